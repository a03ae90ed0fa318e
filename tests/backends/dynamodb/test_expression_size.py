"""DynamoDB takes no expression of more than 4,096 bytes, as it is sent: with placeholders for names and values."""

from __future__ import annotations

import re

import pytest
from botocore_model import check_request

from dynamongo.backends.dynamodb import DynamoDBBackend
from dynamongo.backends.dynamodb.requests import build_request
from dynamongo.exceptions import InvalidRequestError, TableNotFound
from dynamongo.expressions.conditions import In, Or, Path
from dynamongo.expressions.updates import SetUpdate
from dynamongo.expressions.values import Item
from dynamongo.operations import (
    AnyOperation,
    BatchGet,
    ConditionCheck,
    Get,
    Put,
    Scan,
    TransactGet,
    TransactWrite,
    UpdateItem,
)
from dynamongo.testing.contract.base import proves

KEY: Item = {"id": 1}
NAMES = tuple(Path(f"a{number}") for number in range(700))
LONG = Or(*(In(Path("a"), tuple(range(start, start + 100))) for start in range(0, 700, 100)))
LENGTHY: list[tuple[AnyOperation, str]] = [
    (Get("table", KEY, NAMES), "ProjectionExpression"),
    (BatchGet("table", (KEY,), NAMES), "ProjectionExpression"),
    (TransactGet((Get("table", KEY, NAMES),)), "ProjectionExpression"),
    (Scan("table", LONG), "FilterExpression"),
    (Put("table", KEY, LONG), "ConditionExpression"),
    (TransactWrite((ConditionCheck("table", KEY, LONG),)), "ConditionExpression"),
    (UpdateItem("table", KEY, tuple(SetUpdate(name, 1) for name in NAMES)), "UpdateExpression"),
]


def project(last: int) -> Get:
    """A get whose projection expression has 4,095 bytes and the digits of `last`."""
    return Get("table", KEY, (*(Path("a", position) for position in range(100, 509)), Path("a", last)))


@pytest.mark.parametrize(("operation", "parameter"), LENGTHY)
def test_expression_that_is_too_long_is_refused_before_it_is_sent(operation: AnyOperation, parameter: str) -> None:
    with pytest.raises(InvalidRequestError) as caught:
        build_request(operation)
    problem = f"Invalid {parameter}: Expression size has exceeded the maximum allowed size; expression size: "
    assert re.fullmatch(re.escape(problem) + r"\d{4}", str(caught.value))


def test_the_longest_expression_has_4096_bytes() -> None:
    request = build_request(project(last=1))
    check_request(request.action, request.arguments)
    assert len(request.arguments["ProjectionExpression"]) == 4096
    with pytest.raises(InvalidRequestError, match=r"expression size: 4097$"):
        build_request(project(last=10))


@proves("4.16")
def test_longest_expression_is_sent_and_a_longer_one_is_not(dynamodb_backend: DynamoDBBackend) -> None:
    with pytest.raises(TableNotFound):
        dynamodb_backend.execute(project(last=1))
    with pytest.raises(InvalidRequestError):
        dynamodb_backend.execute(project(last=10))


@proves("4.17")
def test_names_and_values_do_not_count(dynamodb_backend: DynamoDBBackend) -> None:
    long = In(Path("a" * 200), tuple(f"{number:0100}" for number in range(100)))
    with pytest.raises(TableNotFound):
        dynamodb_backend.execute(Scan("nowhere", long))
