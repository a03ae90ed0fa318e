from __future__ import annotations

import json
from typing import Any, NamedTuple, get_args

import pytest
from botocore_model import check_request, serialize_request
from hypothesis import given, settings
from hypothesis import strategies as st
from strategies import values

from dynamongo.backends.dynamodb.requests import build_request
from dynamongo.exceptions import ExpressionError, InvalidRequestError, ValidationError
from dynamongo.expressions.conditions import Comparison, Exists, In, NotExists, Path
from dynamongo.expressions.updates import AddUpdate, RemoveUpdate, SetUpdate
from dynamongo.expressions.values import Item
from dynamongo.operations import (
    AnyOperation,
    BatchDelete,
    BatchGet,
    BatchPut,
    BatchWrite,
    CreateIndex,
    CreateTable,
    Delete,
    DeleteIndex,
    DeleteTable,
    DescribeContinuousBackups,
    DescribeTable,
    DescribeTimeToLive,
    Get,
    KeyCondition,
    Put,
    Query,
    Scan,
    TransactGet,
    TransactWrite,
    UpdateContinuousBackups,
    UpdateIndexThroughput,
    UpdateItem,
    UpdateTableSettings,
    UpdateThroughput,
    UpdateTimeToLive,
)
from dynamongo.schema import IndexSchema, KeyAttribute, KeySchema, Projection, TableSchema, TableSettings, Throughput

KEY: Item = {"id": 1}
WIRE_KEY = {"id": {"N": "1"}}
OF_KEY = KeyCondition(Comparison(Path("id"), "=", 1))
BIG = Comparison(Path("size"), ">", 1)
TOTAL = {"ReturnConsumedCapacity": "TOTAL"}


class Built(NamedTuple):
    """A request as boto3's client gets it."""

    action: str
    method: str
    arguments: dict[str, Any]


REQUESTS: list[tuple[AnyOperation, Built]] = [
    (Get("t", KEY), Built("GetItem", "get_item", {"TableName": "t", "Key": WIRE_KEY, **TOTAL})),
    (
        Get("t", KEY, (Path("a"), Path("b", 0)), consistent=True),
        Built(
            "GetItem",
            "get_item",
            {
                "TableName": "t",
                "Key": WIRE_KEY,
                "ProjectionExpression": "#n0, #n1[0]",
                "ExpressionAttributeNames": {"#n0": "a", "#n1": "b"},
                "ConsistentRead": True,
                **TOTAL,
            },
        ),
    ),
    (
        BatchGet("t", (KEY, {"id": 2}), (Path("a"),), consistent=True),
        Built(
            "BatchGetItem",
            "batch_get_item",
            {
                "RequestItems": {
                    "t": {
                        "Keys": [WIRE_KEY, {"id": {"N": "2"}}],
                        "ProjectionExpression": "#n0",
                        "ExpressionAttributeNames": {"#n0": "a"},
                        "ConsistentRead": True,
                    }
                },
                **TOTAL,
            },
        ),
    ),
    (
        Query("t", OF_KEY),
        Built(
            "Query",
            "query",
            {
                "TableName": "t",
                "KeyConditionExpression": "#n0 = :v0",
                "ExpressionAttributeNames": {"#n0": "id"},
                "ExpressionAttributeValues": {":v0": {"N": "1"}},
                **TOTAL,
            },
        ),
    ),
    (
        Query(
            "t",
            OF_KEY,
            filter=BIG,
            index="by_size",
            projection=(Path("id"), Path("size")),
            descending=True,
            limit=5,
            cursor={"id": 1, "size": 2},
            consistent=True,
        ),
        Built(
            "Query",
            "query",
            {
                "TableName": "t",
                "IndexName": "by_size",
                "KeyConditionExpression": "#n0 = :v0",
                "ProjectionExpression": "#n0, #n1",
                "FilterExpression": "#n1 > :v0",
                "ExpressionAttributeNames": {"#n0": "id", "#n1": "size"},
                "ExpressionAttributeValues": {":v0": {"N": "1"}},
                "ScanIndexForward": False,
                "Limit": 5,
                "ExclusiveStartKey": {"id": {"N": "1"}, "size": {"N": "2"}},
                "ConsistentRead": True,
                **TOTAL,
            },
        ),
    ),
    (Scan("t"), Built("Scan", "scan", {"TableName": "t", **TOTAL})),
    (
        Scan("t", BIG, count_only=True),
        Built(
            "Scan",
            "scan",
            {
                "TableName": "t",
                "FilterExpression": "#n0 > :v0",
                "ExpressionAttributeNames": {"#n0": "size"},
                "ExpressionAttributeValues": {":v0": {"N": "1"}},
                "Select": "COUNT",
                **TOTAL,
            },
        ),
    ),
    (
        Scan("t", cursor=KEY, segment=0, total_segments=4),
        Built(
            "Scan",
            "scan",
            {"TableName": "t", "ExclusiveStartKey": WIRE_KEY, "Segment": 0, "TotalSegments": 4, **TOTAL},
        ),
    ),
    (Put("t", KEY), Built("PutItem", "put_item", {"TableName": "t", "Item": WIRE_KEY, **TOTAL})),
    (
        Put("t", KEY, NotExists(Path("id")), return_old=True, return_item_on_failure=True),
        Built(
            "PutItem",
            "put_item",
            {
                "TableName": "t",
                "Item": WIRE_KEY,
                "ConditionExpression": "attribute_not_exists(#n0)",
                "ExpressionAttributeNames": {"#n0": "id"},
                "ReturnValues": "ALL_OLD",
                "ReturnValuesOnConditionCheckFailure": "ALL_OLD",
                **TOTAL,
            },
        ),
    ),
    (
        Delete("t", KEY, BIG, return_old=True, return_item_on_failure=True),
        Built(
            "DeleteItem",
            "delete_item",
            {
                "TableName": "t",
                "Key": WIRE_KEY,
                "ConditionExpression": "#n0 > :v0",
                "ExpressionAttributeNames": {"#n0": "size"},
                "ExpressionAttributeValues": {":v0": {"N": "1"}},
                "ReturnValues": "ALL_OLD",
                "ReturnValuesOnConditionCheckFailure": "ALL_OLD",
                **TOTAL,
            },
        ),
    ),
    (UpdateItem("t", KEY), Built("UpdateItem", "update_item", {"TableName": "t", "Key": WIRE_KEY, **TOTAL})),
    (
        UpdateItem("t", KEY, (SetUpdate(Path("size"), 1), RemoveUpdate(Path("a"))), BIG, "UPDATED_NEW"),
        Built(
            "UpdateItem",
            "update_item",
            {
                "TableName": "t",
                "Key": WIRE_KEY,
                "UpdateExpression": "SET #n0 = :v0 REMOVE #n1",
                "ConditionExpression": "#n0 > :v0",
                "ExpressionAttributeNames": {"#n0": "size", "#n1": "a"},
                "ExpressionAttributeValues": {":v0": {"N": "1"}},
                "ReturnValues": "UPDATED_NEW",
                **TOTAL,
            },
        ),
    ),
    (
        BatchWrite("t", (BatchPut({"id": 2, "a": None}), BatchDelete(KEY))),
        Built(
            "BatchWriteItem",
            "batch_write_item",
            {
                "RequestItems": {
                    "t": [
                        {"PutRequest": {"Item": {"id": {"N": "2"}, "a": {"NULL": True}}}},
                        {"DeleteRequest": {"Key": WIRE_KEY}},
                    ]
                },
                **TOTAL,
            },
        ),
    ),
    (
        TransactWrite((Put("t", KEY),), "once"),
        Built(
            "TransactWriteItems",
            "transact_write_items",
            {
                "TransactItems": [{"Put": {"TableName": "t", "Item": WIRE_KEY}}],
                "ClientRequestToken": "once",
                **TOTAL,
            },
        ),
    ),
    (
        TransactGet((Get("t", KEY),)),
        Built(
            "TransactGetItems",
            "transact_get_items",
            {"TransactItems": [{"Get": {"TableName": "t", "Key": WIRE_KEY}}], **TOTAL},
        ),
    ),
    (
        CreateTable(TableSchema("t", KeySchema(KeyAttribute("id", "N")))),
        Built(
            "CreateTable",
            "create_table",
            {
                "TableName": "t",
                "AttributeDefinitions": [{"AttributeName": "id", "AttributeType": "N"}],
                "KeySchema": [{"AttributeName": "id", "KeyType": "HASH"}],
                "BillingMode": "PAY_PER_REQUEST",
            },
        ),
    ),
    (
        CreateIndex("t", IndexSchema("by_id", KeySchema(KeyAttribute("id", "N")), throughput=Throughput(1, 2))),
        Built(
            "UpdateTable",
            "update_table",
            {
                "TableName": "t",
                "AttributeDefinitions": [{"AttributeName": "id", "AttributeType": "N"}],
                "GlobalSecondaryIndexUpdates": [
                    {
                        "Create": {
                            "IndexName": "by_id",
                            "KeySchema": [{"AttributeName": "id", "KeyType": "HASH"}],
                            "Projection": {"ProjectionType": "ALL"},
                            "ProvisionedThroughput": {"ReadCapacityUnits": 1, "WriteCapacityUnits": 2},
                        }
                    }
                ],
            },
        ),
    ),
    (
        DeleteIndex("t", "by_id"),
        Built(
            "UpdateTable",
            "update_table",
            {"TableName": "t", "GlobalSecondaryIndexUpdates": [{"Delete": {"IndexName": "by_id"}}]},
        ),
    ),
    (
        UpdateThroughput("t", None),
        Built("UpdateTable", "update_table", {"TableName": "t", "BillingMode": "PAY_PER_REQUEST"}),
    ),
    (
        UpdateIndexThroughput("t", (("by_id", Throughput(3, 4)),)),
        Built(
            "UpdateTable",
            "update_table",
            {
                "TableName": "t",
                "GlobalSecondaryIndexUpdates": [
                    {
                        "Update": {
                            "IndexName": "by_id",
                            "ProvisionedThroughput": {"ReadCapacityUnits": 3, "WriteCapacityUnits": 4},
                        }
                    }
                ],
            },
        ),
    ),
    (DeleteTable("t"), Built("DeleteTable", "delete_table", {"TableName": "t"})),
    (DescribeTable("t"), Built("DescribeTable", "describe_table", {"TableName": "t"})),
    (DescribeTimeToLive("t"), Built("DescribeTimeToLive", "describe_time_to_live", {"TableName": "t"})),
    (
        UpdateTimeToLive("t", "expires", enabled=False),
        Built(
            "UpdateTimeToLive",
            "update_time_to_live",
            {"TableName": "t", "TimeToLiveSpecification": {"AttributeName": "expires", "Enabled": False}},
        ),
    ),
    (
        UpdateTimeToLive("t", "expires"),
        Built(
            "UpdateTimeToLive",
            "update_time_to_live",
            {"TableName": "t", "TimeToLiveSpecification": {"AttributeName": "expires", "Enabled": True}},
        ),
    ),
    *[
        (UpdateTableSettings("t", settings), Built("UpdateTable", "update_table", {"TableName": "t", **arguments}))
        for settings, arguments in (
            (TableSettings("standard"), {"TableClass": "STANDARD"}),
            (TableSettings("infrequent_access"), {"TableClass": "STANDARD_INFREQUENT_ACCESS"}),
            (TableSettings(encryption="aws_owned"), {"SSESpecification": {"Enabled": False}}),
            (TableSettings(encryption="aws_managed"), {"SSESpecification": {"Enabled": True, "SSEType": "KMS"}}),
            (
                TableSettings(encryption="k"),
                {"SSESpecification": {"Enabled": True, "SSEType": "KMS", "KMSMasterKeyId": "k"}},
            ),
            (TableSettings(deletion_protection=False), {"DeletionProtectionEnabled": False}),
        )
    ],
    *[
        (
            operation,
            Built(
                "UpdateContinuousBackups",
                "update_continuous_backups",
                {"TableName": "t", "PointInTimeRecoverySpecification": specification},
            ),
        )
        for operation, specification in (
            (UpdateContinuousBackups("t"), {"PointInTimeRecoveryEnabled": True}),
            (
                UpdateContinuousBackups("t", recovery_days=7),
                {"PointInTimeRecoveryEnabled": True, "RecoveryPeriodInDays": 7},
            ),
            (UpdateContinuousBackups("t", enabled=False), {"PointInTimeRecoveryEnabled": False}),
        )
    ],
    (
        DescribeContinuousBackups("t"),
        Built("DescribeContinuousBackups", "describe_continuous_backups", {"TableName": "t"}),
    ),
]


@pytest.mark.parametrize(("operation", "request_"), REQUESTS, ids=lambda value: type(value).__name__)
def test_every_operation_has_its_request(operation: AnyOperation, request_: Built) -> None:
    request = build_request(operation)
    assert Built(request.action, request.method, request.arguments) == request_
    check_request(request.action, request.arguments)


def test_no_operation_is_without_a_request_here() -> None:
    assert {type(operation) for operation, _ in REQUESTS} == set(get_args(AnyOperation))


def test_local_index_cannot_be_added_to_a_table() -> None:
    keys = KeySchema(KeyAttribute("id", "N"), KeyAttribute("l", "S"))
    with pytest.raises(InvalidRequestError, match="a local index can only be created with its table: by_l"):
        build_request(CreateIndex("t", IndexSchema("by_l", keys, is_global=False)))


def test_index_with_a_long_key_is_created_and_queried() -> None:
    a, b, c = KeyAttribute("a", "S"), KeyAttribute("b", "N"), KeyAttribute("c", "B")
    request = build_request(CreateIndex("t", IndexSchema("long", KeySchema((b, a), (c, KeyAttribute("id", "N"))))))
    check_request(request.action, request.arguments)
    assert request.arguments["AttributeDefinitions"] == [
        {"AttributeName": name, "AttributeType": kind}
        for name, kind in (("b", "N"), ("a", "S"), ("c", "B"), ("id", "N"))
    ]
    assert request.arguments["GlobalSecondaryIndexUpdates"][0]["Create"]["KeySchema"] == [
        {"AttributeName": name, "KeyType": kind}
        for name, kind in (("b", "HASH"), ("a", "HASH"), ("c", "RANGE"), ("id", "RANGE"))
    ]
    parts = (Comparison(Path("b"), "=", 1), Comparison(Path("a"), "=", "x"), Comparison(Path("c"), ">", b"x"))
    request = build_request(Query("t", KeyCondition(*parts), index="long"))
    check_request(request.action, request.arguments)
    assert request.arguments["KeyConditionExpression"] == "#n0 = :v0 AND #n1 = :v1 AND #n2 > :v2"
    assert request.arguments["ExpressionAttributeNames"] == {"#n0": "b", "#n1": "a", "#n2": "c"}


def test_table_with_indexes_is_created_with_throughput_for_each_global_one() -> None:
    group, rank, kind = KeyAttribute("group", "S"), KeyAttribute("rank", "N"), KeyAttribute("kind", "B")
    schema = TableSchema(
        "t",
        KeySchema(group, kind),
        Throughput(3, 4),
        (
            IndexSchema("local", KeySchema(group, rank), Projection("include", ("a", "b")), is_global=False),
            IndexSchema("same", KeySchema(rank, group), Projection("keys_only")),
            IndexSchema("own", KeySchema(kind), throughput=Throughput(1, 2)),
        ),
    )
    request = build_request(CreateTable(schema))
    check_request(request.action, request.arguments)
    assert request.arguments == {
        "TableName": "t",
        "AttributeDefinitions": [
            {"AttributeName": "group", "AttributeType": "S"},
            {"AttributeName": "kind", "AttributeType": "B"},
            {"AttributeName": "rank", "AttributeType": "N"},
        ],
        "KeySchema": _keys("group", "kind"),
        "BillingMode": "PROVISIONED",
        "ProvisionedThroughput": _units(3, 4),
        "LocalSecondaryIndexes": [
            {
                "IndexName": "local",
                "KeySchema": _keys("group", "rank"),
                "Projection": {"ProjectionType": "INCLUDE", "NonKeyAttributes": ["a", "b"]},
            }
        ],
        "GlobalSecondaryIndexes": [
            {
                "IndexName": "same",
                "KeySchema": _keys("rank", "group"),
                "Projection": {"ProjectionType": "KEYS_ONLY"},
                "ProvisionedThroughput": _units(3, 4),
            },
            {
                "IndexName": "own",
                "KeySchema": _keys("kind"),
                "Projection": {"ProjectionType": "ALL"},
                "ProvisionedThroughput": _units(1, 2),
            },
        ],
    }


def _keys(*names: str) -> list[dict[str, Any]]:
    return [{"AttributeName": name, "KeyType": kind} for name, kind in zip(names, ("HASH", "RANGE"), strict=False)]


def _units(read: int, write: int) -> dict[str, int]:
    return {"ReadCapacityUnits": read, "WriteCapacityUnits": write}


@pytest.mark.parametrize(
    "operation",
    [
        Put("t", KEY, In(Path("a"), tuple(range(101)))),
        Delete("t", KEY, In(Path("a"), tuple(range(101)))),
        UpdateItem("t", KEY, condition=In(Path("a"), tuple(range(101)))),
        Query("t", OF_KEY, In(Path("a"), tuple(range(101)))),
        Scan("t", In(Path("a"), tuple(range(101)))),
        UpdateItem("t", KEY, (AddUpdate(Path("id"), 1),)),
        UpdateItem("t", KEY, (SetUpdate(Path("a"), 1), RemoveUpdate(Path("a", "b")))),
    ],
)
def test_what_can_never_be_right_is_refused_before_it_is_sent(operation: AnyOperation) -> None:
    with pytest.raises(ExpressionError):
        build_request(operation)


def test_what_is_no_attribute_value_is_refused_before_it_is_sent() -> None:
    with pytest.raises(ValidationError):
        build_request(Put("t", {"id": 1, "a": 1.5}, Exists(Path("id"))))  # type: ignore[dict-item]  # the mistake


@pytest.mark.parametrize("operation", [operation for operation, _ in REQUESTS], ids=lambda value: type(value).__name__)
def test_boto3_sends_the_same(operation: AnyOperation) -> None:
    request = build_request(operation)
    assert serialize_request(request.action, request.arguments) == json.loads(request.body)


@settings(max_examples=50)
@given(item=st.dictionaries(st.text(min_size=1), values(), max_size=4))
def test_boto3_sends_the_same_whatever_the_item(item: Item) -> None:
    for operation in (
        Put("table", item),
        BatchWrite("table", (BatchPut(item), BatchDelete(item))),
        TransactWrite((Put("table", item), Put("table", {"B": b"b", "BS": frozenset({b"b"})}))),
        Scan("table", In(Path("B"), tuple(item.values())), cursor=item),
    ):
        request = build_request(operation)
        check_request(request.action, request.arguments)
        assert serialize_request(request.action, request.arguments) == json.loads(request.body)


def test_names_that_look_like_binary_values_are_left_alone() -> None:
    item: Item = {"B": "text", "M": {"B": "dGV4dA=="}, "L": [{"BS": ["dGV4dA=="]}]}
    request = build_request(BatchWrite("BS", (BatchPut(item),)))
    assert request.arguments["RequestItems"] == {
        "BS": [
            {
                "PutRequest": {
                    "Item": {
                        "B": {"S": "text"},
                        "M": {"M": {"B": {"S": "dGV4dA=="}}},
                        "L": {"L": [{"M": {"BS": {"L": [{"S": "dGV4dA=="}]}}}]},
                    }
                }
            }
        ]
    }
