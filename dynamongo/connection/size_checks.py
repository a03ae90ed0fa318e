"""Checks of items that come near 400 KB, which no item can exceed.

Nothing is measured unless the capacity that a write has consumed, which the store reports, or a bound of the size says
that the item may be large: a write unit pays for 1 KB.
"""

from __future__ import annotations

import warnings
from typing import TYPE_CHECKING, Any, Final, cast

from dynamongo._support.stacklevel import caller_level, find_entry
from dynamongo.connection.connection import default_connection
from dynamongo.exceptions import InvalidRequestError, ItemSizeWarning
from dynamongo.executor.guarded_writes import GuardedWrite
from dynamongo.expressions.sizes import item_size
from dynamongo.expressions.values import MAX_ITEM_BYTES, Item
from dynamongo.mapping.item_sizes import measure
from dynamongo.operations import Put, UpdateItem

if TYPE_CHECKING:
    from dynamongo.mapping.mapper import Mapper

_MOST_PLACES: Final = 10_000


class _Told:
    """The tables and lines of programs that were warned, until the filters of warnings are replaced.

    Python itself tells warnings apart by their text, which has the key and the size here. As with its own record, a
    block of `warnings.catch_warnings` or `pytest.warns` begins anew.
    """

    def __init__(self) -> None:
        self._filters: object = None
        self._places: set[tuple[str, str, int]] = set()

    def add(self, place: tuple[str, str, int]) -> bool:
        """Return whether the place is new."""
        if self._filters is not warnings.filters or len(self._places) >= _MOST_PLACES:
            self._filters, self._places = warnings.filters, set()
        is_new = place not in self._places
        self._places.add(place)
        return is_new


_told = _Told()


def warn_if_large(mapper: Mapper[Any], table: str, item: Item) -> None:
    """Warn if the item is larger than the connection's `item_size_warning`: once for each table and calling line."""
    limit = (mapper.model.__connection__ or default_connection).item_size_warning
    if limit is None or item_size(item) <= limit or not _is_new(table):
        return
    size = measure(item, mapper.attributes)
    message = (
        f"{mapper.name}: the item with {mapper.describe_key(item)} in the table {table} has {size.describe_bytes()};"
        f" {size.describe_largest()}"
    )
    key = {mapper.attributes[name].path.name: value for name, value in mapper.pick_key(item).items()}
    warnings.warn(ItemSizeWarning(message, mapper.name, key, size.bytes), stacklevel=caller_level())


def warn_of_write(mapper: Mapper[Any], write: object, attributes: Item | None) -> None:
    """Warn about what a write of many has stored, if it is large, and known: `attributes` are what it has returned."""
    single = write.write if isinstance(write, GuardedWrite) else write
    item = single.item if isinstance(single, Put) else attributes if isinstance(single, UpdateItem) else None
    if item is not None:
        warn_if_large(mapper, cast("Put", single).table, item)


def check_put(mapper: Mapper[Any], put: Put, most: int) -> None:
    """Refuse an item that is too large, and warn about one that nearly is; `most` is a bound of its size.

    Raises:
        InvalidRequestError: It has more than 400 KB.
    """
    limit = (mapper.model.__connection__ or default_connection).item_size_warning
    if most <= (limit or MAX_ITEM_BYTES):
        return
    if most > MAX_ITEM_BYTES and item_size(put.item) > MAX_ITEM_BYTES:
        refusal = InvalidRequestError("Item size has exceeded the maximum allowed size")
        raise mapper.locate_error(refusal, put.table, put.item, put)
    warn_if_large(mapper, put.table, put.item)


def _is_new(table: str) -> bool:
    """Return whether there was no warning yet for the table and the line outside this package that is executed."""
    caller = find_entry().f_back
    return _told.add((table, "", 0) if caller is None else (table, caller.f_code.co_filename, caller.f_lineno))
