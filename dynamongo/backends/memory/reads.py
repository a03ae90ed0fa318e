"""Reads: Get, BatchGet, Query and Scan on tables in memory."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from dynamongo.backends.memory.capacity import item_read_units
from dynamongo.backends.memory.checks import check_count, check_projection, normalize_attributes
from dynamongo.backends.memory.keys import check_key
from dynamongo.backends.memory.pages import check_page, find_view, read_page
from dynamongo.backends.memory.ranges import check_cursor_in_range, check_key_condition, position_of_cursor, range_of
from dynamongo.backends.memory.table import Stored, Table, View, find_table
from dynamongo.conditions import paths_of
from dynamongo.evaluation import compile_projection
from dynamongo.exceptions import InvalidRequestError
from dynamongo.operations import BatchGet, BatchGetResult, Get, GetResult, PageResult, Query, Scan
from dynamongo.values import Item

MAX_BATCH_GET = 100
_BATCH_BYTES = 16 * 1024 * 1024


def get(tables: Mapping[str, Table], operation: Get) -> GetResult:
    """Read one item."""
    check_projection(operation.projection)
    key = normalize_attributes(operation.key)
    table = find_table(tables, operation.table)
    check_key(table.schema.keys, key)
    stored = table.find(key)
    consumed = item_read_units([stored], consistent=operation.consistent)
    item = None if stored is None else compile_projection(operation.projection)(stored.item)
    return GetResult(item, consumed)


def batch_get(tables: Mapping[str, Table], operation: BatchGet) -> BatchGetResult:
    """Read items by their keys, as many as fit into 16 MB."""
    check_count("keys", len(operation.keys), MAX_BATCH_GET)
    check_projection(operation.projection)
    keys = tuple(map(normalize_attributes, operation.keys))
    table = find_table(tables, operation.table)
    for key in keys:
        check_key(table.schema.keys, key)
    check_distinct(table, keys)
    found = list(_take_up_to_limit(map(table.find, keys)))
    take = compile_projection(operation.projection)
    items = tuple(take(stored.item) for stored in found if stored is not None)
    return BatchGetResult(items, keys[len(found) :], item_read_units(found, consistent=operation.consistent))


def check_distinct(table: Table, keys: tuple[Item, ...]) -> None:
    """Refuse a batch that names an item twice; numbers are compared by value."""
    if len({table.primary.locate(key) for key in keys}) < len(keys):
        raise InvalidRequestError("Provided list of item keys contains duplicates")


def query(tables: Mapping[str, Table], operation: Query) -> PageResult:
    """Read one page of a partition."""
    check_key_condition(operation.key_condition)
    check_page(operation)
    table = find_table(tables, operation.table)
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


def scan(tables: Mapping[str, Table], operation: Scan) -> PageResult:
    """Read one page of a whole table or index."""
    check_page(operation)
    table = find_table(tables, operation.table)
    view = find_view(table, operation)
    after = None if operation.cursor is None else position_of_cursor(table, view, operation.cursor)
    return read_page(table, view, operation, view.read_all(after))


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
