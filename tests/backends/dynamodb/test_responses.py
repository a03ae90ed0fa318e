from __future__ import annotations

from typing import Any

import pytest

from dynamongo.backends.dynamodb.responses import AnyResult, read_response
from dynamongo.exceptions import UnsupportedOperation
from dynamongo.expressions.conditions import Comparison, Path
from dynamongo.expressions.values import Item
from dynamongo.operations import (
    AnyOperation,
    BatchDelete,
    BatchGet,
    BatchGetResult,
    BatchPut,
    BatchWrite,
    BatchWriteResult,
    Capacity,
    ContinuousBackups,
    DeleteTable,
    DescribeContinuousBackups,
    DescribeTable,
    DescribeTimeToLive,
    Get,
    GetResult,
    KeyCondition,
    PageResult,
    Put,
    Query,
    Scan,
    TableDescription,
    TableStatus,
    TimeToLive,
    UpdateContinuousBackups,
    UpdateItem,
    UpdateTimeToLive,
    WriteResult,
)
from dynamongo.schema import IndexSchema, KeyAttribute, KeySchema, Projection, TableSchema, TableSettings, Throughput

KEY: Item = {"id": 1}
WIRE_KEY = {"id": {"N": "1"}}
WIRE_ITEM = {"id": {"N": "2"}, "a": {"S": "x"}}
ITEM: Item = {"id": 2, "a": "x"}
GET, PUT, SCAN = Get("t", KEY), Put("t", KEY), Scan("t")
QUERY = Query("t", KeyCondition(Comparison(Path("id"), "=", 1)))
BATCH_GET, BATCH_WRITE = BatchGet("t", (KEY,)), BatchWrite("t", (BatchDelete(KEY), BatchPut(ITEM)))
EXPIRE, EXPIRY = UpdateTimeToLive("t", "expires"), DescribeTimeToLive("t")
CONSUMED = {"ConsumedCapacity": {"TableName": "t", "CapacityUnits": 1.5}}
CONSUMED_BY_BATCH = {"ConsumedCapacity": [{"TableName": "t", "CapacityUnits": 1.5}]}
KEY_SCHEMA = [{"AttributeName": "id", "KeyType": "HASH"}]
NO_UNITS = {"ReadCapacityUnits": 0, "WriteCapacityUnits": 0}


def _recovery(**wire: Any) -> dict[str, Any]:
    return {"ContinuousBackupsStatus": "ENABLED", "PointInTimeRecoveryDescription": wire}


RESULTS: list[tuple[AnyOperation, dict[str, Any], AnyResult]] = [
    (GET, {"Item": WIRE_ITEM, **CONSUMED}, GetResult(ITEM, Capacity(read_units=1.5))),
    (GET, {"Item": {}}, GetResult({})),
    (GET, {}, GetResult(None)),
    (
        BATCH_GET,
        {"Responses": {"t": [WIRE_ITEM]}, "UnprocessedKeys": {"t": {"Keys": [WIRE_KEY]}}, **CONSUMED_BY_BATCH},
        BatchGetResult((ITEM,), (KEY,), Capacity(read_units=1.5)),
    ),
    (BATCH_GET, {"Responses": {"t": []}, "UnprocessedKeys": {}}, BatchGetResult(())),
    (
        QUERY,
        {"Items": [WIRE_ITEM], "Count": 1, "ScannedCount": 3, "LastEvaluatedKey": WIRE_KEY, **CONSUMED},
        PageResult((ITEM,), 1, 3, KEY, Capacity(read_units=1.5)),
    ),
    (SCAN, {"Count": 5, "ScannedCount": 6}, PageResult((), 5, 6)),
    (PUT, {"Attributes": WIRE_ITEM, **CONSUMED}, WriteResult(ITEM, Capacity(write_units=1.5))),
    (UpdateItem("t", KEY), {}, WriteResult(None)),
    (
        BATCH_WRITE,
        {
            "UnprocessedItems": {"t": [{"PutRequest": {"Item": WIRE_ITEM}}, {"DeleteRequest": {"Key": WIRE_KEY}}]},
            **CONSUMED_BY_BATCH,
        },
        BatchWriteResult((BatchPut(ITEM), BatchDelete(KEY)), Capacity(write_units=1.5)),
    ),
    (BATCH_WRITE, {"UnprocessedItems": {}}, BatchWriteResult()),
    (EXPIRE, {"TimeToLiveSpecification": {"AttributeName": "expires", "Enabled": True}}, TimeToLive("expires")),
    (EXPIRE, {"TimeToLiveSpecification": {"AttributeName": "expires", "Enabled": False}}, TimeToLive(None)),
    (EXPIRY, {"TimeToLiveDescription": {"TimeToLiveStatus": "ENABLED", "AttributeName": "at"}}, TimeToLive("at")),
    (EXPIRY, {"TimeToLiveDescription": {"TimeToLiveStatus": "ENABLING", "AttributeName": "at"}}, TimeToLive("at")),
    (EXPIRY, {"TimeToLiveDescription": {"TimeToLiveStatus": "DISABLING", "AttributeName": "at"}}, TimeToLive(None)),
    (EXPIRY, {"TimeToLiveDescription": {"TimeToLiveStatus": "DISABLED"}}, TimeToLive(None)),
    (EXPIRY, {"TimeToLiveDescription": {}}, TimeToLive(None)),
    *[
        (operation, {"ContinuousBackupsDescription": wire}, ContinuousBackups(days))
        for operation in (UpdateContinuousBackups("t"), DescribeContinuousBackups("t"))
        for wire, days in (
            ({"ContinuousBackupsStatus": "ENABLED"}, None),
            (_recovery(PointInTimeRecoveryStatus="DISABLED"), None),
            (_recovery(PointInTimeRecoveryStatus="ENABLED", RecoveryPeriodInDays=7), 7),
            (_recovery(PointInTimeRecoveryStatus="ENABLED"), 35),  # of a server that knows no periods
        )
    ],
]


@pytest.mark.parametrize(("operation", "response", "result"), RESULTS)
def test_every_response_has_its_result(operation: AnyOperation, response: dict[str, Any], result: AnyResult) -> None:
    assert read_response(operation, response) == result


def describe(**wire: Any) -> TableDescription:
    attributes = [{"AttributeName": name, "AttributeType": "S"} for name in ("id", "a", "b")]
    table = {"TableName": "t", "KeySchema": KEY_SCHEMA, "AttributeDefinitions": attributes, **wire}
    description = read_response(DescribeTable("t"), {"Table": table})
    assert isinstance(description, TableDescription)
    return description


@pytest.mark.parametrize(
    ("wire", "status"),
    [
        ("CREATING", "CREATING"),
        ("ACTIVE", "ACTIVE"),
        ("UPDATING", "UPDATING"),
        ("DELETING", "DELETING"),
        ("ARCHIVED", "OTHER"),
        ("INACCESSIBLE_ENCRYPTION_CREDENTIALS", "OTHER"),
    ],
)
def test_status_that_is_none_of_ours_is_other(wire: str, status: TableStatus) -> None:
    assert describe(TableStatus=wire).status == status


def test_deleted_table_is_described() -> None:
    wire = {
        "TableName": "t",
        "KeySchema": KEY_SCHEMA,
        "AttributeDefinitions": [{"AttributeName": "id", "AttributeType": "N"}],
        "TableStatus": "DELETING",
        "ItemCount": 7,
    }
    settings = TableSettings("standard", "aws_owned", deletion_protection=False)
    schema = TableSchema("t", KeySchema(KeyAttribute("id", "N")))
    description = TableDescription(schema, "DELETING", 7, settings=settings)
    assert read_response(DeleteTable("t"), {"TableDescription": wire}) == description


@pytest.mark.parametrize(
    ("wire", "encryption"),
    [
        ({"Status": "ENABLED", "SSEType": "KMS", "KMSMasterKeyArn": "arn:x:key/1"}, "arn:x:key/1"),
        ({"Status": "UPDATING", "SSEType": "KMS", "KMSMasterKeyArn": "arn:x:key/1"}, "arn:x:key/1"),
        ({"Status": "ENABLED", "SSEType": "KMS"}, "aws_managed"),
        ({"Status": "DISABLING", "SSEType": "KMS", "KMSMasterKeyArn": "arn:x:key/1"}, "aws_owned"),
        ({"Status": "DISABLED"}, "aws_owned"),
    ],
)
def test_encryption_is_read_by_its_status(wire: dict[str, Any], encryption: str) -> None:
    assert describe(SSEDescription=wire).settings.encryption == encryption


def test_settings_are_read() -> None:
    described = describe(TableClassSummary={"TableClass": "STANDARD_INFREQUENT_ACCESS"}, DeletionProtectionEnabled=True)
    assert described.settings == TableSettings("infrequent_access", "aws_owned", deletion_protection=True)


def test_table_billed_on_demand_has_no_throughput() -> None:
    assert describe(ProvisionedThroughput=NO_UNITS).schema.throughput is None
    units = {"ReadCapacityUnits": 5, "WriteCapacityUnits": 6}
    billing = {"BillingMode": "PAY_PER_REQUEST"}
    assert describe(ProvisionedThroughput=units, BillingModeSummary=billing).schema.throughput is None
    assert describe(ProvisionedThroughput=units).schema.throughput == Throughput(5, 6)


def test_indexes_are_described_in_the_order_of_their_names() -> None:
    index_keys = [{"AttributeName": "a", "KeyType": "HASH"}, {"AttributeName": "b", "KeyType": "RANGE"}]
    of_index = {"KeySchema": index_keys, "ProvisionedThroughput": NO_UNITS}
    include = {"ProjectionType": "INCLUDE", "NonKeyAttributes": ["x"]}
    schema = describe(
        GlobalSecondaryIndexes=[
            {"IndexName": "z", "Projection": {"ProjectionType": "ALL"}, **of_index},
            {"IndexName": "x", "Projection": include, **of_index},
        ],
        LocalSecondaryIndexes=[
            {"IndexName": "y", "KeySchema": index_keys, "Projection": {"ProjectionType": "KEYS_ONLY"}}
        ],
    ).schema
    keys = KeySchema(KeyAttribute("a", "S"), KeyAttribute("b", "S"))
    assert schema.indexes == (
        IndexSchema("x", keys, Projection("include", ("x",))),
        IndexSchema("y", keys, Projection("keys_only"), is_global=False),
        IndexSchema("z", keys),
    )


def describe_index_keys(*kinds: str) -> KeySchema:
    keys = [{"AttributeName": name, "KeyType": kind} for name, kind in zip("abab", kinds, strict=False)]
    index = {"IndexName": "long", "KeySchema": keys, "Projection": {"ProjectionType": "ALL"}}
    return describe(GlobalSecondaryIndexes=[index]).schema.indexes[0].keys


def test_keys_of_several_attributes_are_described() -> None:
    a, b = KeyAttribute("a", "S"), KeyAttribute("b", "S")
    assert describe_index_keys("HASH", "HASH") == KeySchema((a, b))
    assert describe_index_keys("HASH", "HASH", "RANGE", "RANGE") == KeySchema((a, b), (a, b))


@pytest.mark.parametrize("kinds", [("HASH", "RANGE", "HASH"), ("RANGE", "HASH"), ("HASH", "SORT"), ()])
def test_keys_in_another_order_are_refused_and_not_misread(kinds: tuple[str, ...]) -> None:
    with pytest.raises(UnsupportedOperation, match="long: a key has HASH attributes, then RANGE attributes; got"):
        describe_index_keys(*kinds)
