"""Responses: the result of an operation, read from what boto3's client returned."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, TypeAlias

from dynamongo.backends.dynamodb.tables import parse_description
from dynamongo.backends.dynamodb.wire import WireItem, decode_item
from dynamongo.exceptions import assert_never
from dynamongo.operations import (
    AnyOperation,
    BatchDelete,
    BatchGet,
    BatchGetResult,
    BatchPut,
    BatchWrite,
    BatchWriteResult,
    Capacity,
    CreateTable,
    Delete,
    DeleteTable,
    DescribeTable,
    Get,
    GetResult,
    PageResult,
    Put,
    Query,
    Scan,
    TableDescription,
    UpdateItem,
    WriteResult,
)
from dynamongo.values import Item

_Response: TypeAlias = dict[str, Any]
AnyResult: TypeAlias = GetResult | BatchGetResult | PageResult | WriteResult | BatchWriteResult | TableDescription


def read_response(operation: AnyOperation, response: dict[str, Any]) -> AnyResult:
    """The result of the operation.

    Raises `ServiceError` for a response that holds what is no attribute value.
    """
    match operation:
        case Get():
            return GetResult(_decode_optional(response.get("Item")), _read_units(response))
        case BatchGet():
            return _read_batch_get(response)
        case Query() | Scan():
            return _read_page(response)
        case Put() | Delete() | UpdateItem():
            return WriteResult(_decode_optional(response.get("Attributes")), _write_units(response))
        case BatchWrite():
            return _read_batch_write(response)
        case CreateTable() | DeleteTable():
            return parse_description(response["TableDescription"])
        case DescribeTable():
            return parse_description(response["Table"])
        case _:
            assert_never(operation)


def _decode_optional(wire: WireItem | None) -> Item | None:
    """An item of no attributes is an answer (a projection that found nothing); no item is another."""
    return None if wire is None else decode_item(wire)


def _read_batch_get(response: _Response) -> BatchGetResult:
    found = [item for items in response.get("Responses", {}).values() for item in items]
    left = [key for of_table in response.get("UnprocessedKeys", {}).values() for key in of_table["Keys"]]
    return BatchGetResult(_decode_all(found), _decode_all(left), _read_units(response))


def _read_page(response: _Response) -> PageResult:
    return PageResult(
        items=_decode_all(response.get("Items", ())),
        count=response["Count"],
        scanned_count=response["ScannedCount"],
        cursor=_decode_optional(response.get("LastEvaluatedKey") or None),
        consumed=_read_units(response),
    )


def _decode_all(items: Iterable[WireItem]) -> tuple[Item, ...]:
    return tuple(map(decode_item, items))


def _read_batch_write(response: _Response) -> BatchWriteResult:
    left = [write for writes in response.get("UnprocessedItems", {}).values() for write in writes]
    return BatchWriteResult(tuple(map(_parse_write, left)), _write_units(response))


def _parse_write(write: dict[str, Any]) -> BatchPut | BatchDelete:
    if "PutRequest" in write:
        return BatchPut(decode_item(write["PutRequest"]["Item"]))
    return BatchDelete(decode_item(write["DeleteRequest"]["Key"]))


def _read_units(response: _Response) -> Capacity:
    return Capacity(read_units=_sum_units(response))


def _write_units(response: _Response) -> Capacity:
    return Capacity(write_units=_sum_units(response))


def _sum_units(response: _Response) -> float:
    """Capacity units, which the store does not split: they are what the action consumes. A batch has a list of them."""
    consumed: Any = response.get("ConsumedCapacity", {})
    entries: list[dict[str, Any]] = [consumed] if isinstance(consumed, dict) else consumed
    return sum((entry.get("CapacityUnits", 0.0) for entry in entries), 0.0)
