"""Requests that no model makes: each backend refuses them with an error of dynamongo."""

from __future__ import annotations

from typing import Any

import pytest

from dynamongo.backends import Backend
from dynamongo.backends.dynamodb import DynamoDBBackend
from dynamongo.backends.memory import MemoryBackend
from dynamongo.exceptions import CredentialsError, InvalidRequestError
from dynamongo.expressions.conditions import AnyCondition, Exists, Not, Path
from dynamongo.operations import AnyOperation, CreateTable, Put, Scan, TransactWrite, UpdateItem
from dynamongo.schema import IndexSchema, KeyAttribute, KeySchema, Projection, TableSchema, Throughput

KEYS = KeySchema(KeyAttribute("pk", "S"), KeyAttribute("sk", "S"))
OTHER = KeySchema(KeyAttribute("pk", "S"), KeyAttribute("other", "S"))


def nested(depth: int) -> Any:
    value: Any = "leaf"
    for _ in range(depth):
        value = [value]
    return value


def negated(times: int) -> AnyCondition:
    condition: AnyCondition = Exists(Path("a"))
    for _ in range(times):
        condition = Not(condition)
    return condition


def table(index: IndexSchema) -> CreateTable:
    return CreateTable(TableSchema("odd-table", KEYS, None, (index,)))


REQUESTS: dict[str, AnyOperation] = {
    "item nested 5,000 levels": Put("table", {"pk": "a", "x": nested(5000)}),
    "condition nested 5,000 levels": Put("table", {"pk": "a"}, negated(5000)),
    "limit that is no int": Scan("table", limit=1.5),  # type: ignore[arg-type]  # the point
    "limit that is a boolean": Scan("table", limit=True),
    "token that is bytes": TransactWrite((Put("table", {"pk": "a"}),), b"x"),  # type: ignore[arg-type]  # the point
    "token that is a number": TransactWrite((Put("table", {"pk": "a"}),), 17),  # type: ignore[arg-type]  # the point
    "token with a lone surrogate": TransactWrite((Put("table", {"pk": "a"}),), "\ud800"),
    "token of more bytes than characters": TransactWrite((Put("table", {"pk": "a"}),), "\u00e9" * 19),
    "unknown return values": UpdateItem("table", {"pk": "a"}, returns="FOO"),  # type: ignore[arg-type]  # the point
    "global index with throughput on demand": table(IndexSchema("index", OTHER, throughput=Throughput(1, 1))),
    "empty name in a projection": table(IndexSchema("index", OTHER, Projection("include", ("",)))),
}


@pytest.fixture(params=["memory", "dynamodb"])
def backend(request: pytest.FixtureRequest) -> Backend:
    if request.param == "memory":
        return MemoryBackend()
    backend: DynamoDBBackend = request.getfixturevalue("boto3_backend")
    return backend


@pytest.mark.parametrize("operation", REQUESTS.values(), ids=REQUESTS)
def test_odd_request_is_refused(backend: Backend, operation: AnyOperation) -> None:
    with pytest.raises(InvalidRequestError):
        backend.execute(operation)


def test_local_index_with_throughput_is_refused_by_memory() -> None:
    with pytest.raises(InvalidRequestError, match="should not be specified for index: index, which is a local one"):
        MemoryBackend().execute(table(IndexSchema("index", OTHER, is_global=False, throughput=Throughput(1, 1))))


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"access_key_id": "", "secret_access_key": ""}, "access_key_id is empty"),
        ({"access_key_id": "AKIA", "secret_access_key": ""}, "secret_access_key is empty"),
        ({"access_key_id": "ASIA123", "secret_access_key": "made-up"}, "temporary and needs the session token"),
    ],
)
def test_credentials_that_boto3_would_pass_over_are_refused(settings: dict[str, str], message: str) -> None:
    with pytest.raises(CredentialsError, match=message):
        DynamoDBBackend(**settings)  # type: ignore[arg-type]  # they are all str
