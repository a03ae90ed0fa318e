"""Reads: Get, BatchGet, Query and Scan on tables in memory."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from typing import TypeVar

from dynamongo.backends.memory.capacity import THROTTLED, item_read_units
from dynamongo.backends.memory.checks import check_count, check_number, check_projection, normalize_attributes
from dynamongo.backends.memory.keys import check_key
from dynamongo.backends.memory.pages import check_page, find_view, read_page
from dynamongo.backends.memory.ranges import check_cursor_in_range, check_key_condition, position_of_cursor, range_of
from dynamongo.backends.memory.store import Store
from dynamongo.backends.memory.table import Segment, Stored, Table, View
from dynamongo.conditions import paths_of
from dynamongo.evaluation import compile_projection
from dynamongo.exceptions import InvalidRequestError, ThrottledError
from dynamongo.operations import BatchGet, BatchGetResult, Get, GetResult, PageResult, Query, Scan
from dynamongo.values import Item

_T = TypeVar("_T")

MAX_BATCH_GET = 100
MAX_SEGMENTS = 1_000_000
_BATCH_BYTES = 16 * 1024 * 1024
_MISSING = "The {} parameter is required but was not present in the request when {} is present"


def get(store: Store, operation: Get) -> GetResult:
    """Read one item."""
    key = prepare_key(operation)
    stored = find_item(store.find_table(operation.table), key)
    consumed = item_read_units([stored], consistent=operation.consistent)
    item = None if stored is None else compile_projection(operation.projection)(stored.item)
    return GetResult(item, consumed)


def batch_get(store: Store, operation: BatchGet, left: Collection[int] = ()) -> BatchGetResult:
    """Read items by their keys, as many as fit into 16 MB, without the keys at the places that are to be left."""
    check_count("keys", len(operation.keys), MAX_BATCH_GET)
    check_projection(operation.projection)
    keys = tuple(map(normalize_attributes, operation.keys))
    table = store.find_table(operation.table)
    for key in keys:
        check_key(table.schema.keys, key)
    check_distinct(table, keys)
    wanted = take_processed(keys, left)
    found = list(_take_up_to_limit(map(table.find, wanted)))
    take = compile_projection(operation.projection)
    items = tuple(take(stored.item) for stored in found if stored is not None)
    unprocessed = (*wanted[len(found) :], *(keys[place] for place in left))
    return BatchGetResult(items, unprocessed, item_read_units(found, consistent=operation.consistent))


def prepare_key(operation: Get) -> Item:
    """The key in canonical form, of a get that is checked as far as that needs no table."""
    check_projection(operation.projection)
    return normalize_attributes(operation.key)


def find_item(table: Table, key: Item) -> Stored | None:
    """The item with a key, which must be one of the table."""
    check_key(table.schema.keys, key)
    return table.find(key)


def check_distinct(table: Table, keys: tuple[Item, ...]) -> None:
    """Refuse a batch that names an item twice; numbers are compared by value."""
    if len({table.primary.locate(key) for key in keys}) < len(keys):
        raise InvalidRequestError("Provided list of item keys contains duplicates")


def take_processed(parts: Sequence[_T], left: Collection[int]) -> Sequence[_T]:
    """The parts of a batch that are not left; raises `ThrottledError` if all are, as DynamoDB does."""
    if not left:
        return parts
    if len(left) == len(parts):
        raise ThrottledError(THROTTLED)
    return [part for place, part in enumerate(parts) if place not in left]


def query(store: Store, operation: Query) -> PageResult:
    """Read one page of a partition."""
    check_key_condition(operation.key_condition)
    check_page(operation)
    table = store.find_table(operation.table)
    view = find_view(table, operation)
    wanted = range_of(view, operation.key_condition)
    _check_filter(view, operation)
    interval = wanted.interval
    if operation.cursor is not None:
        position = position_of_cursor(table, view, operation.cursor)
        check_cursor_in_range(position, wanted)
        interval = interval.after(position.sort, descending=operation.descending)
    entries = view.read_partition(wanted.hash_value, interval, descending=operation.descending)
    return read_page(table, view, operation, entries)


def scan(store: Store, operation: Scan) -> PageResult:
    """Read one page of a whole table or index."""
    check_page(operation)
    segment = _segment_of(operation)
    table = store.find_table(operation.table)
    view = find_view(table, operation)
    after = None if operation.cursor is None else position_of_cursor(table, view, operation.cursor)
    if after is not None and after.hash_value not in segment:
        raise InvalidRequestError(
            "The provided starting key is invalid: Invalid ExclusiveStartKey. Please use ExclusiveStartKey with "
            f"correct Segment. TotalSegments: {segment.total} Segment: {segment.number}"
        )
    return read_page(table, view, operation, view.read_all(after, segment))


def _segment_of(operation: Scan) -> Segment:
    """What a scan reads, which is all where it names no segment."""
    number, total = operation.segment, operation.total_segments
    if number is None and total is None:
        return Segment()
    check_number("segment", number, least=0, most=MAX_SEGMENTS - 1)
    check_number("totalSegments", total, least=1, most=MAX_SEGMENTS)
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


def _check_filter(view: View, operation: Query) -> None:
    """Refuse a filter on a key attribute of what is queried: the key condition is the place for those."""
    for path in () if operation.filter is None else paths_of(operation.filter):
        if path.attribute in view.keys.names:
            raise InvalidRequestError(
                "Filter Expression can only contain non-primary key attributes: "
                f"Primary key attribute: {path.attribute}"
            )


def _take_up_to_limit(found: Iterator[Stored | None]) -> Iterator[Stored | None]:
    """What fits into one response, missing items included; the first always does."""
    total = 0
    for stored in found:
        total += stored.size if stored else 0
        if total > _BATCH_BYTES:
            return
        yield stored
