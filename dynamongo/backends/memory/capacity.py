"""Consumed capacity: what DynamoDB would have charged.

A read unit is a strongly consistent read of 4 KB, or two eventually consistent ones; a write unit is a write of 1 KB.

Source: "DynamoDB provisioned capacity mode", item sizes and capacity unit consumption, in the developer guide.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache

from dynamongo.backends.memory.partitions import Stored
from dynamongo.operations import Capacity

THROTTLED = (
    "The level of configured provisioned throughput for the table was exceeded. "
    "Consider increasing your provisioning level with the UpdateTable API."
)
"""What DynamoDB says to who asks for more than that."""

_READ_BYTES = 4096
_WRITE_BYTES = 1024


def read_cost(size: int, *, consistent: bool) -> Capacity:
    """The cost of reading `size` bytes at once; finding nothing costs as much as 4 KB."""
    units = count_read_units(size)
    return reads(units if consistent else units / 2)


def count_read_units(size: int) -> int:
    """The read units of a strongly consistent read of so many bytes."""
    return -(-size // _READ_BYTES) or 1


def count_each(found: Iterable[Stored | None]) -> int:
    """The read units of reading items one by one, each rounded up by itself."""
    return sum([count_read_units(stored.size) if stored is not None else 1 for stored in found])


def count_write_units(size: int) -> int:
    """The write units of writing so many bytes."""
    return -(-size // _WRITE_BYTES) or 1


@lru_cache(maxsize=1024)
def reads(units: float) -> Capacity:
    """The cost of so many read units; equal costs are one object, which takes less time than to make one."""
    return Capacity(read_units=float(units))


@lru_cache(maxsize=1024)
def writes(units: float) -> Capacity:
    """The cost of so many write units."""
    return Capacity(write_units=float(units))
