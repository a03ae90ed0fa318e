"""Requests: what each operation is called on boto3's client, and with which arguments.

Source: "Actions" in the DynamoDB API reference.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, TypeAlias

from dynamongo.backends.dynamodb.expressions import (
    Placeholders,
    render_condition,
    render_key_condition,
    render_projection,
    render_updates,
)
from dynamongo.backends.dynamodb.tables import render_schema
from dynamongo.backends.dynamodb.wire import encode_item
from dynamongo.conditions import Condition, Path, check_limits
from dynamongo.exceptions import assert_never
from dynamongo.operations import (
    AnyOperation,
    BatchDelete,
    BatchGet,
    BatchPut,
    BatchWrite,
    CreateTable,
    Delete,
    DeleteTable,
    DescribeTable,
    Get,
    Put,
    Query,
    Scan,
    UpdateItem,
)
from dynamongo.updates import check_updates

_Arguments: TypeAlias = dict[str, Any]

_CAPACITY = {"ReturnConsumedCapacity": "TOTAL"}


@dataclass(frozen=True, slots=True)
class Request:
    """One call of boto3's client.

    Attributes:
        action: DynamoDB's name of the action, such as `"GetItem"`.
        method: The client's name of it, such as `"get_item"`.
        arguments: The keyword arguments.
    """

    action: str
    method: str
    arguments: dict[str, Any]


def build_request(operation: AnyOperation) -> Request:
    """The request that does the operation.

    Raises:
        ExpressionError: A condition or update that DynamoDB would refuse without reading an item.
        ValidationError: A Python object that is no attribute value.
    """
    match operation:
        case Get():
            return Request("GetItem", "get_item", _build_get(operation))
        case BatchGet():
            return Request("BatchGetItem", "batch_get_item", _build_batch_get(operation))
        case Query():
            return Request("Query", "query", _build_query(operation))
        case Scan():
            return Request("Scan", "scan", _build_scan(operation))
        case Put():
            return Request("PutItem", "put_item", _build_put(operation))
        case Delete():
            return Request("DeleteItem", "delete_item", _build_delete(operation))
        case UpdateItem():
            return Request("UpdateItem", "update_item", _build_update(operation))
        case BatchWrite():
            return Request("BatchWriteItem", "batch_write_item", _build_batch_write(operation))
        case CreateTable(schema):
            return Request("CreateTable", "create_table", render_schema(schema))
        case DeleteTable(table):
            return Request("DeleteTable", "delete_table", {"TableName": table})
        case DescribeTable(table):
            return Request("DescribeTable", "describe_table", {"TableName": table})
        case _:
            assert_never(operation)


def _build_get(operation: Get) -> _Arguments:
    key = {"TableName": operation.table, "Key": encode_item(operation.key)}
    return key | _read_arguments(operation.projection, consistent=operation.consistent) | _CAPACITY


def _build_batch_get(operation: BatchGet) -> _Arguments:
    keys = {"Keys": [encode_item(key) for key in operation.keys]}
    of_table = keys | _read_arguments(operation.projection, consistent=operation.consistent)
    return {"RequestItems": {operation.table: of_table}} | _CAPACITY


def _read_arguments(projection: tuple[Path, ...], *, consistent: bool) -> _Arguments:
    placeholders = Placeholders()
    arguments = _project(projection, placeholders) | placeholders.to_arguments()
    return arguments | {"ConsistentRead": True} if consistent else arguments


def _project(projection: tuple[Path, ...], placeholders: Placeholders) -> _Arguments:
    return {"ProjectionExpression": render_projection(projection, placeholders)} if projection else {}


def _build_query(operation: Query) -> _Arguments:
    placeholders = Placeholders()
    arguments: _Arguments = {"KeyConditionExpression": render_key_condition(operation.key_condition, placeholders)}
    if operation.descending:
        arguments["ScanIndexForward"] = False
    return arguments | _page_arguments(operation, placeholders)


def _build_scan(operation: Scan) -> _Arguments:
    return _page_arguments(operation, Placeholders())


def _page_arguments(operation: Query | Scan, placeholders: Placeholders) -> _Arguments:
    arguments: _Arguments = {"TableName": operation.table} | _project(operation.projection, placeholders) | _CAPACITY
    if operation.filter is not None:
        arguments["FilterExpression"] = _checked_condition(operation.filter, placeholders)
    if operation.index is not None:
        arguments["IndexName"] = operation.index
    if operation.limit is not None:
        arguments["Limit"] = operation.limit
    if operation.cursor is not None:
        arguments["ExclusiveStartKey"] = encode_item(operation.cursor)
    if operation.consistent:
        arguments["ConsistentRead"] = True
    if operation.count_only:
        arguments["Select"] = "COUNT"
    return arguments | placeholders.to_arguments()


def _build_put(operation: Put) -> _Arguments:
    return {"Item": encode_item(operation.item)} | _write_arguments(
        operation, Placeholders(), returns="ALL_OLD" if operation.return_old else "NONE"
    )


def _build_delete(operation: Delete) -> _Arguments:
    return {"Key": encode_item(operation.key)} | _write_arguments(
        operation, Placeholders(), returns="ALL_OLD" if operation.return_old else "NONE"
    )


def _build_update(operation: UpdateItem) -> _Arguments:
    placeholders = Placeholders()
    arguments: _Arguments = {"Key": encode_item(operation.key)}
    if operation.updates:
        check_updates(operation.updates, operation.key)
        arguments["UpdateExpression"] = render_updates(operation.updates, placeholders)
    return arguments | _write_arguments(operation, placeholders, returns=operation.returns)


def _write_arguments(operation: Put | Delete | UpdateItem, placeholders: Placeholders, *, returns: str) -> _Arguments:
    arguments: _Arguments = {"TableName": operation.table} | _CAPACITY
    if operation.condition is not None:
        arguments["ConditionExpression"] = _checked_condition(operation.condition, placeholders)
    if returns != "NONE":
        arguments["ReturnValues"] = returns
    if operation.return_item_on_failure:
        arguments["ReturnValuesOnConditionCheckFailure"] = "ALL_OLD"
    return arguments | placeholders.to_arguments()


def _checked_condition(condition: Condition, placeholders: Placeholders) -> str:
    check_limits(condition)
    return render_condition(condition, placeholders)


def _build_batch_write(operation: BatchWrite) -> _Arguments:
    return {"RequestItems": {operation.table: [_build_write(write) for write in operation.writes]}} | _CAPACITY


def _build_write(write: BatchPut | BatchDelete) -> _Arguments:
    match write:
        case BatchPut(item):
            return {"PutRequest": {"Item": encode_item(item)}}
        case BatchDelete(key):
            return {"DeleteRequest": {"Key": encode_item(key)}}
        case _:
            assert_never(write)
