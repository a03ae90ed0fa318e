"""Responses: the result of an operation, read from a response in the form in which boto3's client returns it."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any, Final, TypeAlias, cast

from dynamongo.backends.dynamodb.errors import build_unexpected_error
from dynamongo.backends.dynamodb.table_settings import parse_backups
from dynamongo.backends.dynamodb.tables import parse_description
from dynamongo.backends.dynamodb.transport.page_decoder import MALFORMED, build_malformed_error
from dynamongo.exceptions import DynamongoError
from dynamongo.expressions.values import Item
from dynamongo.expressions.wire_values import WireItem, decode_item
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
    CreateIndex,
    CreateTable,
    Delete,
    DeleteIndex,
    DeleteTable,
    DescribeContinuousBackups,
    DescribeTable,
    DescribeTimeToLive,
    Get,
    GetResult,
    PageResult,
    Put,
    Query,
    ReadItems,
    Scan,
    TableDescription,
    TimeToLive,
    TransactGet,
    TransactGetResult,
    TransactWrite,
    TransactWriteResult,
    UpdateContinuousBackups,
    UpdateIndexThroughput,
    UpdateItem,
    UpdateTableSettings,
    UpdateThroughput,
    UpdateTimeToLive,
    WriteResult,
)

_Response: TypeAlias = dict[str, Any]
AnyResult: TypeAlias = (
    GetResult
    | BatchGetResult
    | PageResult
    | WriteResult
    | BatchWriteResult
    | TransactWriteResult
    | TransactGetResult
    | TableDescription
    | TimeToLive
    | ContinuousBackups
)


def read_response(operation: AnyOperation, response: dict[str, Any]) -> AnyResult:
    """Return the result of the operation.

    Raises `ServiceError` for a response that DynamoDB would not send: the operation may have been executed.
    """
    try:
        return _read(operation, response)
    except DynamongoError:
        raise
    except MALFORMED as error:
        raise build_malformed_error(error) from error


def _read(operation: AnyOperation, response: _Response) -> AnyResult:
    kind = type(operation)
    read = _READERS[kind if kind in _READERS else next(base for base in kind.__mro__ if base in _READERS)]
    return read(operation, response)


def _read_get(_: Get, response: _Response) -> GetResult:
    return GetResult(_decode_optional(response.get("Item")), _read_units(response))


def _read_write(_: Put | Delete, response: _Response) -> WriteResult:
    return WriteResult(_decode_optional(response.get("Attributes")), _write_units(response))


def _read_update(operation: UpdateItem, response: _Response) -> WriteResult:
    if operation.returns == "ALL_NEW":
        return WriteResult(decode_item(response["Attributes"]), _write_units(response))
    return WriteResult(_decode_optional(response.get("Attributes")), _write_units(response))


def _read_transact_write(_: TransactWrite, response: _Response) -> TransactWriteResult:
    return TransactWriteResult(_split_units(response))


def _read_changed_table(_: AnyOperation, response: _Response) -> TableDescription:
    return parse_description(response["TableDescription"])


def _read_described_table(_: DescribeTable, response: _Response) -> TableDescription:
    return parse_description(response["Table"])


def _decode_optional(wire: WireItem | None) -> Item | None:
    """Return an item, or `None`. An empty item is not the same as none: a projection may find nothing in it."""
    return None if wire is None else decode_item(wire)


def _read_batch_get(operation: BatchGet, response: _Response) -> BatchGetResult:
    found: Any = ReadItems.join([_decode_all(items) for items in response.get("Responses", {}).values()])
    items: Any = found if type(found) is ReadItems else tuple(found)
    left = [key for of_table in response.get("UnprocessedKeys", {}).values() for key in of_table["Keys"]]
    unprocessed = _decode_all(left)
    _check_asked("UnprocessedKeys", unprocessed, operation.keys)
    return BatchGetResult(items, unprocessed, _read_units(response))


def _check_asked(member: str, left: tuple[Any, ...], asked: tuple[Any, ...]) -> None:
    """Raise `ServiceError` for entries that were not requested: retrying them would do something else."""
    if any(each not in asked for each in left):
        raise build_unexpected_error(f"{member} has entries that were not requested")


def _read_page(_: Query | Scan, response: _Response) -> PageResult:
    return PageResult(
        items=_decode_all(response.get("Items", ())),
        count=_read_count(response["Count"]),
        scanned_count=_read_count(response["ScannedCount"]),
        cursor=_decode_optional(response.get("LastEvaluatedKey") or None),
        consumed=_read_units(response),
    )


def _read_count(count: object) -> int:
    if type(count) is not int:
        raise TypeError
    return count


def _decode_all(items: Any) -> Any:
    """Return the items of a list, decoded; all others are decoded already."""
    return tuple(map(decode_item, cast("list[WireItem]", items))) if isinstance(items, list) else items


def _read_batch_write(operation: BatchWrite, response: _Response) -> BatchWriteResult:
    left = [write for writes in response.get("UnprocessedItems", {}).values() for write in writes]
    unprocessed = tuple(map(_parse_write, left))
    _check_asked("UnprocessedItems", unprocessed, operation.writes)
    return BatchWriteResult(unprocessed, _write_units(response))


def _parse_write(write: dict[str, Any]) -> BatchPut | BatchDelete:
    if "PutRequest" in write:
        return BatchPut(decode_item(write["PutRequest"]["Item"]))
    return BatchDelete(decode_item(write["DeleteRequest"]["Key"]))


def _read_transact_get(operation: TransactGet, response: _Response) -> TransactGetResult:
    answers = zip(operation.gets, response["Responses"], strict=True)
    return TransactGetResult(tuple(_read_answer(get, answer) for get, answer in answers), _read_units(response))


def _read_answer(get: Get, answer: _Response) -> Item | None:
    """Return the item of one get, without the key attributes that its request had added."""
    item = decode_item(answer.get("Item", {}))
    if not item:
        return None
    unasked = get.key.keys() - {path.elements[0] for path in get.projection} if get.projection else ()
    return {name: value for name, value in item.items() if name not in unasked}


def _read_changed_time_to_live(_: UpdateTimeToLive, response: _Response) -> TimeToLive:
    wire = response["TimeToLiveSpecification"]
    return TimeToLive(wire["AttributeName"] if wire["Enabled"] else None)


def _read_described_time_to_live(_: DescribeTimeToLive, response: _Response) -> TimeToLive:
    """Return what was requested last, since it may take DynamoDB an hour to become ENABLED or DISABLED."""
    wire = response["TimeToLiveDescription"]
    is_enabled = wire.get("TimeToLiveStatus") in {"ENABLING", "ENABLED"}
    return TimeToLive(wire["AttributeName"] if is_enabled else None)


def _read_backups(_: UpdateContinuousBackups | DescribeContinuousBackups, response: _Response) -> ContinuousBackups:
    return parse_backups(response["ContinuousBackupsDescription"])


def _read_units(response: _Response) -> Capacity:
    return Capacity(read_units=_sum_units(response))


def _write_units(response: _Response) -> Capacity:
    return Capacity(write_units=_sum_units(response))


def _sum_units(response: _Response) -> float:
    """Return the capacity units, which the store does not split into read and write. A batch has a list of them."""
    consumed: Any = response.get("ConsumedCapacity", ())
    if type(consumed) is dict:
        known: Any = consumed  # pyright: ignore[reportUnknownVariableType]  # a `cast` would be a call
        return float(known.get("CapacityUnits", 0.0))
    return _sum_entries(consumed, "CapacityUnits")


def _split_units(response: _Response) -> Capacity:
    """Return the capacity of a transaction that writes; when its token repeats an earlier one, it reads."""
    entries = response.get("ConsumedCapacity", [])
    read_units = _sum_entries(entries, "ReadCapacityUnits")
    return Capacity(read_units, _sum_entries(entries, "CapacityUnits") - read_units)


def _sum_entries(entries: Iterable[_Response], unit: str) -> float:
    return sum([entry.get(unit, 0.0) for entry in entries], 0.0)


_READERS: Final[dict[type, Callable[[Any, _Response], AnyResult]]] = {
    Get: _read_get,
    BatchGet: _read_batch_get,
    Query: _read_page,
    Scan: _read_page,
    Put: _read_write,
    Delete: _read_write,
    UpdateItem: _read_update,
    BatchWrite: _read_batch_write,
    TransactWrite: _read_transact_write,
    TransactGet: _read_transact_get,
    **dict.fromkeys((CreateTable, DeleteTable, CreateIndex, DeleteIndex), _read_changed_table),
    **dict.fromkeys((UpdateThroughput, UpdateIndexThroughput, UpdateTableSettings), _read_changed_table),
    **dict.fromkeys((UpdateContinuousBackups, DescribeContinuousBackups), _read_backups),
    DescribeTable: _read_described_table,
    UpdateTimeToLive: _read_changed_time_to_live,
    DescribeTimeToLive: _read_described_time_to_live,
}
"""What reads the response of each operation: one lookup, where a `match` would try several."""
