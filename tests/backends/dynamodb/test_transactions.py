"""Transactions on the wire: their requests, what comes of their responses, and each once against the emulator."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from typing import Any

import pytest
from botocore_model import check_request, service_model

from dynamongo.backends.dynamodb import DynamoDBBackend
from dynamongo.backends.dynamodb.requests import build_request
from dynamongo.backends.dynamodb.responses import read_response
from dynamongo.exceptions import (
    CancellationReason,
    ExpressionError,
    IdempotencyMismatch,
    InvalidRequestError,
    TableNotFound,
    TransactionCanceled,
)
from dynamongo.expressions.conditions import Comparison, Exists, In, NotExists, Path
from dynamongo.expressions.updates import AddUpdate, RemoveUpdate, SetUpdate
from dynamongo.expressions.values import Item
from dynamongo.operations import (
    Action,
    BatchPut,
    BatchWrite,
    Capacity,
    ConditionCheck,
    CreateTable,
    Delete,
    DeleteTable,
    Get,
    Put,
    Scan,
    TransactGet,
    TransactGetResult,
    TransactWrite,
    TransactWriteResult,
    UpdateItem,
)
from dynamongo.schema import KeyAttribute, KeySchema, TableSchema
from dynamongo.testing.contract.base import proves

KEY: Item = {"id": 1}
WIRE_KEY = {"id": {"N": "1"}}
BIG = Comparison(Path("size"), ">", 1)
FAILED = "The conditional request failed"


def build_actions(*actions: Action) -> list[dict[str, Any]]:
    """What the transaction sends, after botocore's check of it."""
    request = build_request(TransactWrite(actions))
    assert (request.action, request.method) == ("TransactWriteItems", "transact_write_items")
    check_request(request.action, request.arguments)
    assert request.arguments.keys() == {"TransactItems", "ReturnConsumedCapacity"}
    built: list[dict[str, Any]] = request.arguments["TransactItems"]
    return built


def build_gets(*gets: Get) -> list[dict[str, Any]]:
    request = build_request(TransactGet(gets))
    assert (request.action, request.method) == ("TransactGetItems", "transact_get_items")
    check_request(request.action, request.arguments)
    return [each["Get"] for each in request.arguments["TransactItems"]]


def test_every_action_has_its_own_placeholders() -> None:
    update = UpdateItem("t", KEY, (SetUpdate(Path("size"), 2), RemoveUpdate(Path("a"))), BIG)
    big = {"ExpressionAttributeNames": {"#n0": "size"}, "ExpressionAttributeValues": {":v0": {"N": "1"}}}
    assert build_actions(Put("t", KEY), Delete("u", KEY, BIG), update, ConditionCheck("u", {"id": 2}, BIG)) == [
        {"Put": {"TableName": "t", "Item": WIRE_KEY}},
        {"Delete": {"TableName": "u", "Key": WIRE_KEY, "ConditionExpression": "#n0 > :v0", **big}},
        {
            "Update": {
                "TableName": "t",
                "Key": WIRE_KEY,
                "UpdateExpression": "SET #n0 = :v0 REMOVE #n1",
                "ConditionExpression": "#n0 > :v1",
                "ExpressionAttributeNames": {"#n0": "size", "#n1": "a"},
                "ExpressionAttributeValues": {":v0": {"N": "2"}, ":v1": {"N": "1"}},
            }
        },
        {"ConditionCheck": {"TableName": "u", "Key": {"id": {"N": "2"}}, "ConditionExpression": "#n0 > :v0", **big}},
    ]


@pytest.mark.parametrize(
    "action",
    [
        Put("t", KEY, BIG, return_old=True, return_item_on_failure=True),
        Delete("t", KEY, BIG, return_old=True, return_item_on_failure=True),
        UpdateItem("t", KEY, (RemoveUpdate(Path("a")),), BIG, "ALL_NEW", return_item_on_failure=True),
        ConditionCheck("t", KEY, BIG, return_item_on_failure=True),
    ],
    ids=lambda action: type(action).__name__,
)
def test_action_asks_for_the_stored_item_on_failure_and_for_nothing_else(action: Action) -> None:
    ((built,),) = (each.values() for each in build_actions(action))
    assert built["ReturnValuesOnConditionCheckFailure"] == "ALL_OLD"
    assert "ReturnValues" not in built


def test_token_is_sent_as_it_was_given() -> None:
    request = build_request(TransactWrite((Put("t", KEY),), token="once"))
    check_request(request.action, request.arguments)
    assert request.arguments["ClientRequestToken"] == "once"


def test_boto3_makes_a_token_where_there_is_none() -> None:
    """So that its retry of a request whose answer was lost does not write twice."""
    assert service_model().operation_model("TransactWriteItems").idempotent_members == ["ClientRequestToken"]


@proves("21.19", "21.22")
@pytest.mark.parametrize(
    "action",
    [
        ConditionCheck("t", KEY, In(Path("a"), tuple(range(101)))),
        UpdateItem("t", KEY, (AddUpdate(Path("id"), 1),)),
        UpdateItem("t", KEY, (SetUpdate(Path("a"), 1), RemoveUpdate(Path("a", "b")))),
    ],
)
def test_action_that_can_never_be_right_is_refused_before_it_is_sent(action: Action) -> None:
    with pytest.raises(ExpressionError):
        build_request(TransactWrite((action,)))


def test_get_is_always_consistent_and_does_not_say_so() -> None:
    assert build_gets(Get("t", KEY), Get("u", KEY, consistent=True)) == [
        {"TableName": "t", "Key": WIRE_KEY},
        {"TableName": "u", "Key": WIRE_KEY},
    ]


@pytest.mark.parametrize(
    ("projection", "sent"),
    [
        ((Path("a"),), ["a", "hash"]),
        ((Path("a"), Path("hash")), ["a", "hash"]),
        ((Path("range"),), ["range"]),
        ((Path("hash", "x"),), ["hash.x", "range"]),
    ],
)
def test_projection_asks_for_a_key_attribute_too(projection: tuple[Path, ...], sent: list[str]) -> None:
    """Else an item that has nothing of the projection would look like none."""
    (get,) = build_gets(Get("t", {"hash": 1, "range": 2}, projection))
    text = get["ProjectionExpression"]
    for placeholder, name in get["ExpressionAttributeNames"].items():
        text = text.replace(placeholder, name)
    assert text.split(", ") == sent


def test_what_came_back_is_read_get_by_get() -> None:
    key: Item = {"hash": 1, "range": 2}
    wire = {"hash": {"N": "1"}, "range": {"N": "2"}, "a": {"S": "x"}}
    of_a, of_key = (Path("a"),), (Path("range"), Path("a"))
    answers: list[tuple[Get, dict[str, Any], Item | None]] = [
        (Get("t", key), {"Item": wire}, {**key, "a": "x"}),
        (Get("t", key), {}, None),
        (Get("t", key, of_a), {"Item": wire}, {"a": "x"}),
        (Get("t", key, of_a), {"Item": {"hash": {"N": "1"}}}, {}),
        (Get("t", key, of_a), {}, None),
        (Get("t", key, of_key), {"Item": {"range": {"N": "2"}}}, {"range": 2}),
        (Get("t", key, of_key), {"Item": {}}, None),
    ]
    operation = TransactGet(tuple(get for get, _, _ in answers))
    response = {
        "Responses": [answer for _, answer, _ in answers],
        "ConsumedCapacity": [
            {"TableName": "t", "CapacityUnits": 2.0, "ReadCapacityUnits": 2.0},
            {"TableName": "u", "CapacityUnits": 4.0, "ReadCapacityUnits": 4.0},
        ],
    }
    items = tuple(item for _, _, item in answers)
    assert read_response(operation, response) == TransactGetResult(items, Capacity(read_units=6.0))


def test_transaction_whose_token_was_used_before_reads_and_does_not_write() -> None:
    operation = TransactWrite((Put("t", KEY),), token="once")
    wrote = {"ConsumedCapacity": [{"CapacityUnits": 4.0, "WriteCapacityUnits": 4.0}]}
    read = {"ConsumedCapacity": [{"CapacityUnits": 4.0, "ReadCapacityUnits": 4.0}]}
    assert read_response(operation, wrote) == TransactWriteResult(Capacity(write_units=4.0))
    assert read_response(operation, read) == TransactWriteResult(Capacity(read_units=4.0))
    assert read_response(operation, {}) == TransactWriteResult()


@pytest.fixture
def table(dynamodb_backend: DynamoDBBackend) -> Iterator[str]:
    """A table with the items 1 and 2, whose `size` is 10 and 20."""
    name = f"transactions-{uuid.uuid4().hex}"
    dynamodb_backend.execute(CreateTable(TableSchema(name, KeySchema(KeyAttribute("id", "N")))))
    dynamodb_backend.execute(BatchWrite(name, (BatchPut({"id": 1, "size": 10}), BatchPut({"id": 2, "size": 20}))))
    yield name
    dynamodb_backend.execute(DeleteTable(name))


def read_all(backend: DynamoDBBackend, table: str) -> list[Item]:
    return sorted(backend.execute(Scan(table)).items, key=lambda item: str(item["id"]))


def test_transaction_carries_out_every_kind_of_action(dynamodb_backend: DynamoDBBackend, table: str) -> None:
    operation = TransactWrite(
        (
            UpdateItem(table, {"id": 1}, (AddUpdate(Path("size"), 1),), BIG),
            Delete(table, {"id": 2}, BIG),
            Put(table, {"id": 3}, NotExists(Path("id"))),
            ConditionCheck(table, {"id": 4}, NotExists(Path("id"))),
        )
    )
    assert dynamodb_backend.execute(operation).consumed.write_units > 0
    assert read_all(dynamodb_backend, table) == [{"id": 1, "size": 11}, {"id": 3}]


def test_cancelled_transaction_says_why_action_by_action_and_writes_nothing(
    dynamodb_backend: DynamoDBBackend, table: str
) -> None:
    before = read_all(dynamodb_backend, table)
    actions = (
        Put(table, {"id": 3}),
        ConditionCheck(table, {"id": 1}, NotExists(Path("id")), return_item_on_failure=True),
        Delete(table, {"id": 2}, NotExists(Path("id"))),
        UpdateItem(table, {"id": 4}, (AddUpdate(Path("size"), 1),), Exists(Path("id")), return_item_on_failure=True),
    )
    with pytest.raises(TransactionCanceled) as caught:
        dynamodb_backend.execute(TransactWrite(actions))
    assert caught.value.reasons == (
        CancellationReason(),
        CancellationReason("ConditionalCheckFailed", FAILED, {"id": 1, "size": 10}),
        CancellationReason("ConditionalCheckFailed", FAILED),
        CancellationReason("ConditionalCheckFailed", FAILED),
    )
    assert read_all(dynamodb_backend, table) == before


def test_token_makes_a_transaction_happen_once(dynamodb_backend: DynamoDBBackend, table: str) -> None:
    add = UpdateItem(table, {"id": 1}, (AddUpdate(Path("size"), 1),))
    token = uuid.uuid4().hex
    for _ in range(2):
        dynamodb_backend.execute(TransactWrite((add,), token))
    assert dynamodb_backend.execute(Get(table, {"id": 1})).item == {"id": 1, "size": 11}
    with pytest.raises(IdempotencyMismatch) as caught:
        dynamodb_backend.execute(TransactWrite((add, Put(table, {"id": 3})), token))
    assert caught.value.code == "IdempotentParameterMismatchException"


def test_items_are_read_in_the_order_of_the_gets(dynamodb_backend: DynamoDBBackend, table: str) -> None:
    size, nothing = (Path("size"),), (Path("nothing"),)
    operation = TransactGet(
        (
            Get(table, {"id": 2}),
            Get(table, {"id": 9}),
            Get(table, {"id": 1}, size),
            Get(table, {"id": 8}, size),
        )
    )
    result = dynamodb_backend.execute(operation)
    assert result.items == ({"id": 2, "size": 20}, None, {"size": 10}, None)
    assert result.consumed.read_units > 0
    of_nothing = TransactGet((Get(table, {"id": 1}, nothing), Get(table, {"id": 9}, nothing)))
    assert dynamodb_backend.execute(of_nothing).items == ({}, None)


def test_get_with_a_wrong_key_cancels_the_transaction(dynamodb_backend: DynamoDBBackend, table: str) -> None:
    with pytest.raises(TransactionCanceled) as caught:
        dynamodb_backend.execute(TransactGet((Get(table, {"id": 1}), Get(table, {"id": "x"}))))
    assert [reason.code for reason in caught.value.reasons] == ["None", "ValidationError"]


def test_transaction_on_a_missing_table_finds_no_table(dynamodb_backend: DynamoDBBackend) -> None:
    for operation in (TransactWrite((Put("nowhere", KEY),)), TransactGet((Get("nowhere", KEY),))):
        with pytest.raises(TableNotFound):
            dynamodb_backend.execute(operation)


def test_two_actions_on_one_item_are_refused(dynamodb_backend: DynamoDBBackend, table: str) -> None:
    with pytest.raises(InvalidRequestError, match="cannot include multiple operations on one item"):
        dynamodb_backend.execute(TransactWrite((Put(table, KEY), ConditionCheck(table, KEY, BIG))))


@proves("21.3", "21.14", "21.29")
@pytest.mark.parametrize(
    "operation",
    [TransactWrite(()), TransactGet(()), TransactWrite((UpdateItem("t", KEY),)), TransactWrite((Put("t", KEY),), "")],
)
def test_malformed_transaction_is_not_sent(
    boto3_backend: DynamoDBBackend, operation: TransactWrite | TransactGet
) -> None:
    """An update that changes nothing is malformed here, though UpdateItem takes it: the model of botocore says so."""
    with pytest.raises(InvalidRequestError, match="Parameter validation failed") as caught:
        boto3_backend.execute(operation)
    assert caught.value.code == "ValidationException"
