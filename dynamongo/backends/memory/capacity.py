"""Consumed capacity: what DynamoDB would have charged.

A read unit is a strongly consistent read of 4 KB, or two eventually consistent ones; a write unit is a write of 1 KB.

Source: "DynamoDB provisioned capacity mode", item sizes and capacity unit consumption, in the developer guide.
"""

from __future__ import annotations

from collections.abc import Iterable

from dynamongo.backends.memory.table import Stored, Table
from dynamongo.operations import Capacity
from dynamongo.values import equals

THROTTLED = (
    "The level of configured provisioned throughput for the table was exceeded. "
    "Consider increasing your provisioning level with the UpdateTable API."
)
"""What DynamoDB says to who asks for more than that."""

_READ_BYTES = 4096
_WRITE_BYTES = 1024


def read_units(size: int, *, consistent: bool) -> Capacity:
    """The cost of reading `size` bytes at once; finding nothing costs as much as 4 KB."""
    units = _count_blocks(size, _READ_BYTES)
    return Capacity(read_units=float(units) if consistent else units / 2)


def item_read_units(found: Iterable[Stored | None], *, consistent: bool) -> Capacity:
    """The cost of reading items one by one, each rounded up by itself."""
    costs = (read_units(stored.size if stored else 0, consistent=consistent) for stored in found)
    return sum(costs, Capacity())


def write_units(table: Table, old: Stored | None, new: Stored | None) -> Capacity:
    """The cost of putting `new` in the place of `old`, in the table and in its indexes."""
    units = _count_blocks(max(_size_of(old), _size_of(new)), _WRITE_BYTES)
    for view in table.indexes.values():
        before, after = view.entry_of(old), view.entry_of(new)
        if before and after and view.position_of(before.item) == view.position_of(after.item):
            changed = not equals(before.item, after.item)
            units += changed * _count_blocks(max(before.size, after.size), _WRITE_BYTES)
        else:
            units += sum(_count_blocks(entry.size, _WRITE_BYTES) for entry in (before, after) if entry)
    return Capacity(write_units=float(units))


def _size_of(stored: Stored | None) -> int:
    return stored.size if stored else 0


def _count_blocks(size: int, block: int) -> int:
    return max(1, -(-size // block))
