"""The proxy that fails on purpose: each fault is what it says, and the plans repeat themselves."""

from __future__ import annotations

import contextlib
import http.client
import json
import time
import uuid
import zlib
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlsplit

import pytest
from faulty_server import (
    CloseAfter,
    CutAfter,
    CutBefore,
    Damage,
    FailAfter,
    Fault,
    FaultyServer,
    Partial,
    RandomFaults,
    Refuse,
    Script,
    Slow,
    run_faulty_server,
)

from dynamongo.backends.dynamodb import DynamoDBBackend
from dynamongo.operations import BatchPut, BatchWrite, CreateTable, DeleteTable, Get
from dynamongo.schema import KeyAttribute, KeySchema, TableSchema

ALL_FAULTS: list[Fault] = [
    Refuse(),
    FailAfter(),
    CutBefore(),
    CutAfter(),
    CloseAfter(),
    Slow(0.001),
    Damage(),
    Partial(0),
]


@pytest.fixture
def server(server_url: str) -> Iterator[FaultyServer]:
    with run_faulty_server(server_url) as server:
        yield server


@pytest.fixture
def table(dynamodb_backend: DynamoDBBackend) -> Iterator[str]:
    name = f"faults-{uuid.uuid4().hex}"
    dynamodb_backend.execute(CreateTable(TableSchema(name, KeySchema(KeyAttribute("id", "N")))))
    yield name
    dynamodb_backend.execute(DeleteTable(name))


class Client:
    """A client of one connection that hides nothing."""

    def __init__(self, url: str) -> None:
        self._connection = http.client.HTTPConnection(urlsplit(url).netloc, timeout=5)

    def post(self, action: str, content: dict[str, Any]) -> tuple[int, dict[str, Any]]:
        self._connection.request("POST", "/", json.dumps(content).encode(), _headers(action))
        answer = self._connection.getresponse()
        body = answer.read()
        assert answer.headers["x-amz-crc32"] == str(zlib.crc32(body))
        return answer.status, json.loads(body)

    def put(self, table: str, number: int) -> tuple[int, dict[str, Any]]:
        return self.post("PutItem", {"TableName": table, "Item": {"id": {"N": str(number)}}})

    def close(self) -> None:
        self._connection.close()


def _headers(action: str) -> dict[str, str]:
    """What the emulator wants of a request; it does not check signatures."""
    return {
        "Content-Type": "application/x-amz-json-1.0",
        "X-Amz-Target": f"DynamoDB_20120810.{action}",
        "X-Amz-Date": "20261124T000000Z",
        "Authorization": "AWS4-HMAC-SHA256 Credential=made-up/20261124/us-east-2/dynamodb/aws4_request,"
        " SignedHeaders=host;x-amz-date, Signature=00",
    }


@pytest.fixture
def client(server: FaultyServer) -> Iterator[Client]:
    client = Client(server.url)
    yield client
    client.close()


def is_stored(backend: DynamoDBBackend, table: str, number: int) -> bool:
    return backend.execute(Get(table, {"id": number}, consistent=True)).item is not None


def test_request_without_a_fault_goes_through(
    server: FaultyServer, client: Client, table: str, dynamodb_backend: DynamoDBBackend
) -> None:
    assert [client.put(table, number)[0] for number in (1, 2)] == [200, 200]
    assert is_stored(dynamodb_backend, table, 1)
    assert (server.actions, server.connection_count) == (["PutItem", "PutItem"], 1)
    assert json.loads(server.log[0].body)["Item"] == {"id": {"N": "1"}}


@pytest.mark.parametrize("fault", ALL_FAULTS, ids=lambda fault: type(fault).__name__)
def test_fault_says_whether_the_request_is_carried_out(
    server: FaultyServer, client: Client, table: str, dynamodb_backend: DynamoDBBackend, fault: Fault
) -> None:
    server.plan = Script({("PutItem", 1): fault})
    with contextlib.suppress(http.client.HTTPException, OSError, AssertionError, ValueError):
        client.put(table, 1)
    assert is_stored(dynamodb_backend, table, 1) is fault.is_carried_out
    assert server.log[0].fault == fault


@pytest.mark.parametrize("fault", [Refuse("Odd", 503, "no"), FailAfter("Odd", 503, "no")])
def test_error_is_answered_as_dynamodb_does(server: FaultyServer, client: Client, table: str, fault: Fault) -> None:
    server.plan = Script({("PutItem", 1): fault})
    status, content = client.put(table, 1)
    assert (status, content["__type"].rpartition("#")[2], content["message"]) == (503, "Odd", "no")
    assert client.put(table, 2)[0] == 200


@pytest.mark.parametrize("fault", [CutBefore(), CutAfter()])
def test_cut_connection_gives_no_answer(server: FaultyServer, client: Client, table: str, fault: Fault) -> None:
    server.plan = Script({("PutItem", 1): fault})
    with pytest.raises(http.client.RemoteDisconnected):
        client.put(table, 1)


def test_answer_can_be_cut_in_its_middle(server: FaultyServer, client: Client, table: str) -> None:
    server.plan = Script({("PutItem", 1): CutAfter(-1)})
    with pytest.raises(http.client.IncompleteRead):
        client.put(table, 1)


def test_connection_can_be_closed_after_a_whole_answer(server: FaultyServer, client: Client, table: str) -> None:
    server.plan = Script({("PutItem", 1): CloseAfter()})
    assert client.put(table, 1)[0] == 200
    with pytest.raises((http.client.RemoteDisconnected, ConnectionError)):
        client.put(table, 2)


def test_server_can_hang_up(server: FaultyServer, client: Client, table: str) -> None:
    assert client.put(table, 1)[0] == 200
    server.hang_up()
    with pytest.raises((http.client.RemoteDisconnected, ConnectionError)):
        client.put(table, 2)


def test_answer_can_be_slow(server: FaultyServer, client: Client, table: str) -> None:
    server.plan = Script({("PutItem", 1): Slow(0.01, 20)})
    started = time.monotonic()
    assert client.put(table, 1)[0] == 200
    assert time.monotonic() - started > 0.05


def test_damaged_answer_does_not_have_its_checksum(server: FaultyServer, client: Client, table: str) -> None:
    server.plan = Script({("PutItem", 1): Damage()})
    with pytest.raises(AssertionError):
        client.put(table, 1)


@pytest.mark.parametrize("done", [0, 1, 3])
def test_batch_can_be_done_in_part(
    server: FaultyServer, client: Client, table: str, dynamodb_backend: DynamoDBBackend, done: int
) -> None:
    server.plan = Script({("BatchWriteItem", 1): Partial(done), ("BatchGetItem", None): Partial(done)})
    puts = [{"PutRequest": {"Item": {"id": {"N": str(number)}}}} for number in range(3)]
    status, content = client.post("BatchWriteItem", {"RequestItems": {table: puts}})
    assert (status, content["UnprocessedItems"]) == (200, {table: puts[done:]} if done < 3 else {})
    assert [is_stored(dynamodb_backend, table, number) for number in range(3)] == [number < done for number in range(3)]

    dynamodb_backend.execute(BatchWrite(table, tuple(BatchPut({"id": number}) for number in range(3))))
    keys = [{"id": {"N": str(number)}} for number in range(3)]
    status, content = client.post("BatchGetItem", {"RequestItems": {table: {"Keys": keys}}})
    assert len(content["Responses"].get(table, ())) == done
    assert content["UnprocessedKeys"] == ({table: {"Keys": keys[done:]}} if done < 3 else {})


def test_script_counts_each_action_and_all_of_them() -> None:
    first, second, third = Refuse("A"), Refuse("B"), Refuse("C")
    script = Script({("Query", 2): first, ("*", 3): second, ("Scan", None): third})
    asked = [("Query", 1), ("Query", 2), ("PutItem", 1), ("Scan", 1), ("Scan", 2), ("Query", 3)]
    assert [script.choose(*each) for each in asked] == [None, first, second, third, third, None]


def test_script_lists_what_was_never_reached() -> None:
    script = Script({("Query", 1): Refuse(), ("Query", 7): Refuse()})
    script.choose("Query", 1)
    assert script.unused() == [("Query", 7)]


def test_random_faults_depend_on_the_seed_alone() -> None:
    asked = [(action, number) for action in ("Query", "PutItem", "BatchWriteItem") for number in range(1, 200)]
    drawn = {each: RandomFaults(1, 0.3, ALL_FAULTS).choose(*each) for each in asked}
    assert drawn == {each: RandomFaults(1, 0.3, ALL_FAULTS).choose(*each) for each in reversed(asked)}
    assert drawn != {each: RandomFaults(2, 0.3, ALL_FAULTS).choose(*each) for each in asked}
    hit = [fault for fault in drawn.values() if fault is not None]
    assert 0.2 < len(hit) / len(asked) < 0.4
    assert {type(fault) for fault in hit} == {type(fault) for fault in ALL_FAULTS}
    assert not any(isinstance(drawn[each], Partial) for each in asked if each[0] != "BatchWriteItem")


def test_random_faults_hit_only_the_actions_they_are_for() -> None:
    faults = RandomFaults(1, 1.0, [Refuse()], frozenset({"Query"}))
    assert (faults.choose("Query", 1), faults.choose("Scan", 1)) == (Refuse(), None)
