"""Pages: what Query and Scan share, from the checks of the request to the page that is returned.

Source: "Paginating table query results" and "Using global secondary indexes" in the DynamoDB developer guide.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable, Sequence
from itertools import islice

from dynamongo.backends.memory.capacity import count_each, count_read_units, read_capacity
from dynamongo.backends.memory.checks import INVALID, check_condition, check_number, check_projection
from dynamongo.backends.memory.partitions import Stored
from dynamongo.backends.memory.table import MemoryTable
from dynamongo.backends.memory.views import View
from dynamongo.exceptions import InvalidRequestError
from dynamongo.expressions.conditions import Path
from dynamongo.expressions.evaluation import compile_projection
from dynamongo.expressions.filters import compile_filter
from dynamongo.expressions.values import Item
from dynamongo.operations import PageResult, Query, Scan

_PAGE_BYTES = 1024 * 1024  # "Paginating table query results" in the developer guide


def check_page(operation: Query | Scan) -> None:
    """Refuse a request that no table could answer."""
    check_condition(operation.filter, "FilterExpression")
    if operation.projection:
        check_projection(operation.projection)
    if operation.limit is not None:
        check_number("limit", operation.limit, least=1)
    # `count_only` is Select=COUNT and `fetch` is Select=ALL_ATTRIBUTES ("Query" in the API reference).
    if operation.count_only and operation.projection:
        raise InvalidRequestError("Cannot specify the ProjectionExpression when choosing to get only the Count")
    if operation.fetch and (operation.count_only or operation.projection):
        raise InvalidRequestError("fetch returns whole items; it cannot be combined with count_only or projection")


def find_view(table: MemoryTable, operation: Query | Scan, filtered: Sequence[Path]) -> View:
    """Return the view to read; refuse a request for attributes that it does not hold.

    Here and below, `filtered` are the paths that the filter reads.
    """
    view = table.primary if operation.index is None else _find_index(table, operation.index)
    if view.is_global:
        _check_global(view, operation)
    if filtered and (outside := _attributes_outside(view, filtered)):
        raise InvalidRequestError(
            f"{INVALID} Secondary index {operation.index} does not project one or more filter attributes: "
            f"[{', '.join(outside)}]"
        )
    return view


def read_page(
    table: MemoryTable, view: View, operation: Query | Scan, filtered: Sequence[Path], entries: Iterable[Stored]
) -> PageResult:
    """Read up to the limit or 1 MB, then filter: limit and cost count what is read, not what is returned."""
    for path in filtered:
        if len(path.elements) > 1:
            _check_outside_keys(view, path)
    read, size, is_cut = _take_page(entries, operation.limit)
    kept = read if operation.filter is None else compile_filter(operation.filter)(read)
    kept, fetched = _fetch(table, view, operation, kept)
    units = count_read_units(size) + fetched  # the page is rounded up as a whole, every fetched item by itself
    # The last item read, not the last one returned ("Query" in the API reference, LastEvaluatedKey).
    cursor = {name: read[-1][name] for name in view.key_names} if is_cut else None
    consumed = read_capacity(units if operation.consistent else units / 2)
    return PageResult(_returned_items(operation, kept), len(kept), len(read), cursor, consumed)


def _find_index(table: MemoryTable, name: str) -> View:
    view = table.indexes.get(name)
    if view is None:
        raise InvalidRequestError(f"The table does not have the specified index: {name}")
    return view


def _check_global(view: View, operation: Query | Scan) -> None:
    if operation.consistent:  # global indexes are updated asynchronously
        raise InvalidRequestError("Consistent reads are not supported on global secondary indexes")
    if operation.fetch and view.attributes is not None:
        raise InvalidRequestError(
            f"{INVALID} Select type ALL_ATTRIBUTES is not supported for global secondary index {operation.index} "
            "because its projection type is not ALL"
        )
    if outside := _attributes_outside(view, operation.projection):
        raise InvalidRequestError(
            f"{INVALID} Global secondary index {operation.index} does not project [{', '.join(outside)}]"
        )


def _check_outside_keys(view: View, path: Path) -> None:
    """Refuse a filter on something inside a key attribute of the table or the index: keys are scalars."""
    if path.attribute in view.key_names:
        raise InvalidRequestError(
            "Key attributes must be scalars; list random access '[]' and map lookup '.' are not allowed: "
            f"Key: {path.attribute}"
        )


def _attributes_outside(view: View, paths: Iterable[Path]) -> list[str]:
    """Return the top-level attributes of the paths that the view does not hold."""
    names = view.attributes
    return [] if names is None else sorted({path.attribute for path in paths} - names)


def _take_page(entries: Iterable[Stored], limit: int | None) -> tuple[list[Item], int, bool]:
    """Return the items of one page, their size, and whether the page ends with a cursor.

    As in DynamoDB, a page that reaches the limit has a cursor even if no entry follows. The entry that crosses 1 MB
    belongs to the page.
    """
    read: list[Item] = []
    size = 0
    for entry in islice(entries, limit if limit is None else min(limit, sys.maxsize)):  # islice takes no more
        read.append(entry.item)
        size += entry.size
        if size > _PAGE_BYTES:
            return read, size, True
    return read, size, len(read) == limit


def _fetch(table: MemoryTable, view: View, operation: Query | Scan, entries: list[Item]) -> tuple[list[Item], int]:
    """Fetch whole items from the table where a local index does not hold everything that is wanted.

    Return the items and the read units that fetching consumed ("Local secondary indexes" in the developer guide).
    """
    if view.attributes is None or not (operation.fetch or _attributes_outside(view, operation.projection)):
        return entries, 0
    # The index is a local one: `_check_global` has refused such requests to a global index.
    fetched = [stored for entry in entries if (stored := table.primary.find(table.primary.locate(entry)))]
    return [stored.item for stored in fetched], count_each(fetched)


def _returned_items(operation: Query | Scan, items: list[Item]) -> tuple[Item, ...]:
    if operation.count_only:
        return ()
    return tuple(map(compile_projection(operation.projection), items) if operation.projection else items)
