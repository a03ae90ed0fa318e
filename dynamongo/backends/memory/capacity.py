"""Consumed capacity: what DynamoDB would charge.

One read unit pays for a strongly consistent read of 4 KB or two eventually consistent ones; one write unit pays for a
write of 1 KB.

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
"""DynamoDB's message for a request beyond the provisioned capacity."""

_READ_BYTES = 4096
_WRITE_BYTES = 1024


def count_read_units(size: int) -> int:
    """Return the read units of a strongly consistent read of `size` bytes; reading nothing costs as much as 4 KB."""
    return -(-size // _READ_BYTES) or 1  # `-(-a // b)` divides and rounds up


def count_each(found: Iterable[Stored | None]) -> int:
    """Return the read units of reading items one by one, each rounded up by itself."""
    return sum([count_read_units(stored.size) if stored is not None else 1 for stored in found])


def count_write_units(size: int) -> int:
    """Return the write units of writing `size` bytes; deleting an item that is missing costs one."""
    return -(-size // _WRITE_BYTES) or 1


# Capacities are cached because making one takes longer than looking it up, and nearly all requests cost a few units.


@lru_cache(maxsize=1024)
def read_capacity(units: float) -> Capacity:
    """Return the capacity of so many read units."""
    return Capacity(read_units=float(units))


@lru_cache(maxsize=1024)
def write_capacity(units: float) -> Capacity:
    """Return the capacity of so many write units."""
    return Capacity(write_units=float(units))
