"""Reads: Get, BatchGet, Query and Scan on tables in memory.

Source: "BatchGetItem", "Query" and "Scan" in the DynamoDB API reference.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence
from typing import TypeVar

from dynamongo.backends.memory.capacity import THROTTLED, count_each, count_read_units, read_capacity
from dynamongo.backends.memory.checks import check_list_length, check_number, check_projection
from dynamongo.backends.memory.ingest import normalize_attributes
from dynamongo.backends.memory.key_ranges import (
    check_cursor_in_range,
    resolve_cursor,
    resolve_range,
    sort_key_condition,
)
from dynamongo.backends.memory.pages import check_page, find_view, read_page
from dynamongo.backends.memory.partitions import Position, Stored
from dynamongo.backends.memory.store import Store
from dynamongo.backends.memory.table import MemoryTable
from dynamongo.backends.memory.views import EVERYTHING, Segment
from dynamongo.exceptions import InvalidRequestError, ThrottledError
from dynamongo.expressions.conditions import Path
from dynamongo.expressions.evaluation import compile_projection, project
from dynamongo.expressions.operands import paths_of
from dynamongo.expressions.values import Item
from dynamongo.operations import (
    MAX_BATCH_GET,
    BatchGet,
    BatchGetResult,
    Capacity,
    Get,
    GetResult,
    PageResult,
    Query,
    Scan,
)

_T = TypeVar("_T")

MAX_BATCH_BYTES = 16 * 1024 * 1024  # "BatchGetItem" and "BatchWriteItem" in the API reference
_MAX_SEGMENTS = 1_000_000  # "Scan", TotalSegments
_MISSING = "The {} parameter is required but was not present in the request when {} is present"


def get(store: Store, operation: Get) -> GetResult:
    """Read one item."""
    if operation.projection:
        check_projection(operation.projection)
    # `Store.take_key` and `find_table` in one step: Get is the most frequent operation.
    table = store.tables.get(operation.table)
    position = None if table is None else table.locate_usual_key(operation.key)
    if table is None or position is None:
        table, position = _locate_any(store, operation)
    stored = table.primary.find(position)
    if stored is None:
        return GetResult(None, _cost_of(0, consistent=operation.consistent))
    item = project(stored.item, operation.projection) if operation.projection else stored.item
    return GetResult(item, _cost_of(stored.size, consistent=operation.consistent))


def batch_get(store: Store, operation: BatchGet, skipped: Collection[int] = ()) -> BatchGetResult:
    """Read items by their keys, except those at the positions `skipped`, until the response is full at 16 MB."""
    check_list_length("RequestItems.{}.member.Keys", len(operation.keys), MAX_BATCH_GET, operation.table)
    check_projection(operation.projection)
    # All keys are checked before any item is read: one bad key refuses the whole batch.
    keys = [store.take_key(operation.table, key) for key in operation.keys]
    table = store.find_table(operation.table)
    positions = [position or table.locate_key(key) for key, position in keys]
    check_distinct(positions)
    wanted = drop_unprocessed(range(len(keys)), skipped)
    found = list(_take_up_to_limit([table.primary.find(positions[place]) for place in wanted]))
    items: Iterable[Item] = [stored.item for stored in found if stored is not None]
    if operation.projection:
        items = map(compile_projection(operation.projection), items)
    units = count_each(found)  # BatchGetItem rounds each item up to 4 KB, where Query and Scan round their sum
    # First the keys whose items did not fit into the response, then those that a fault leaves unprocessed.
    unprocessed = tuple([keys[place][0] for place in (*wanted[len(found) :], *skipped)])
    return BatchGetResult(tuple(items), unprocessed, read_capacity(units if operation.consistent else units / 2))


def _locate_any(store: Store, operation: Get) -> tuple[MemoryTable, Position]:
    """Return the table and the position of an item, or raise what is wrong with either."""
    key = normalize_attributes(operation.key)
    table = store.find_table(operation.table)
    return table, table.locate_key(key)


def _cost_of(size: int, *, consistent: bool) -> Capacity:
    units = count_read_units(size)
    return read_capacity(units if consistent else units / 2)


def check_distinct(positions: Sequence[Position]) -> None:
    """Refuse a batch that names an item twice; `1` and `1.0` are the same key."""
    if len(set(positions)) < len(positions):
        raise InvalidRequestError("Provided list of item keys contains duplicates")


def drop_unprocessed(parts: Sequence[_T], skipped: Collection[int]) -> Sequence[_T]:
    """Return the parts of a batch whose positions are not `skipped`.

    Raise `ThrottledError` if none remains: DynamoDB returns unprocessed parts only if it processed at least one
    ("BatchGetItem" in the API reference).
    """
    if not skipped:
        return parts
    if len(skipped) == len(parts):
        raise ThrottledError(THROTTLED)
    return [part for place, part in enumerate(parts) if place not in skipped]


def query(store: Store, operation: Query) -> PageResult:
    """Read one page of a partition."""
    parts = sort_key_condition(operation.key_condition)
    check_page(operation)
    table = store.find_table(operation.table)
    filtered = () if operation.filter is None else paths_of(operation.filter)
    view = find_view(table, operation, filtered)
    wanted = resolve_range(view, parts)
    for path in filtered:
        if path.elements[0] in view.keys.names:
            raise _filtered_key(path)
    hash_value, interval = wanted
    # DynamoDB refuses a cursor that no page of this query could have returned, though not one whose item is gone.
    if operation.cursor is not None:
        position = resolve_cursor(table, view, operation.cursor)
        check_cursor_in_range(position, wanted)
        interval = interval.after(position[1], descending=operation.descending)
    entries = view.read_partition(hash_value, interval, descending=operation.descending)
    return read_page(table, view, operation, filtered, entries)


def scan(store: Store, operation: Scan) -> PageResult:
    """Read one page of a whole table or index."""
    check_page(operation)
    segment = _segment_of(operation)
    table = store.find_table(operation.table)
    filtered = () if operation.filter is None else paths_of(operation.filter)
    view = find_view(table, operation, filtered)
    after = None
    if operation.cursor is not None:
        after = resolve_cursor(table, view, operation.cursor, ": The provided key element does not match the schema")
    # Total and number must stay the same for all pages of a segment ("Parallel scan" in the developer guide).
    if after is not None and after[0] not in segment:
        raise InvalidRequestError(
            "The provided starting key is invalid: Invalid ExclusiveStartKey. Please use ExclusiveStartKey with "
            f"correct Segment. TotalSegments: {segment.total} Segment: {segment.number}"
        )
    return read_page(table, view, operation, filtered, view.read_all(after, segment))


def _segment_of(operation: Scan) -> Segment:
    """Return the segment that a scan reads; without one in the request it reads everything."""
    number, total = operation.segment, operation.total_segments
    if number is None and total is None:
        return EVERYTHING
    check_number("segment", number, least=0, most=_MAX_SEGMENTS - 1)
    check_number("totalSegments", total, least=1, most=_MAX_SEGMENTS)
    if total is None:
        raise InvalidRequestError(_MISSING.format("TotalSegments", "Segment parameter"))
    if number is None:
        raise InvalidRequestError(_MISSING.format("Segment", "parameter TotalSegments"))
    if number >= total:
        raise InvalidRequestError(
            "The Segment parameter is zero-based and must be less than parameter TotalSegments: "
            f"Segment: {number} is not less than TotalSegments: {total}"
        )
    return Segment(number, total)


def _filtered_key(path: Path) -> InvalidRequestError:
    """Return the error for a filter on a key attribute of what is queried: those belong in the key condition."""
    only = "Filter Expression can only contain non-primary key attributes"
    return InvalidRequestError(f"{only}: Primary key attribute: {path.attribute}")


def _take_up_to_limit(found: Iterable[Stored | None]) -> Iterator[Stored | None]:
    """Yield what fits into one response, missing items included; the first always does, at 400 KB at most."""
    total = 0
    for stored in found:
        total += stored.size if stored is not None else 0
        if total > MAX_BATCH_BYTES:
            return
        yield stored
