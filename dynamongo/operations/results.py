"""Results: what a backend answers to each operation, and what the operation consumed."""

from __future__ import annotations

from dynamongo._support.dataclasses import dataclass
from dynamongo.expressions.values import Item
from dynamongo.operations.base import BatchDelete, BatchPut


@dataclass(frozen=True, slots=True)
class Capacity:
    """Consumed capacity, in read units and write units of the table and its indexes together."""

    read_units: float = 0.0
    write_units: float = 0.0

    def __add__(self, other: Capacity) -> Capacity:
        return Capacity(self.read_units + other.read_units, self.write_units + other.write_units)


@dataclass(frozen=True, slots=True)
class GetResult:
    """The item, or `None` where there is none."""

    item: Item | None
    consumed: Capacity = Capacity()


@dataclass(frozen=True, slots=True)
class BatchGetResult:
    """The items found, in no order, and the keys that the store did not get to."""

    items: tuple[Item, ...]
    unprocessed: tuple[Item, ...] = ()
    consumed: Capacity = Capacity()


@dataclass(frozen=True, slots=True)
class PageResult:
    """One page of a query or scan.

    Attributes:
        items: The items that passed the filter; empty for a count.
        count: How many passed the filter.
        scanned_count: How many were read.
        cursor: The key to go on after (the table's and, for an index, the index's), or `None` at the end. A page
            that stopped exactly at the end still has one; the page after it is empty.
        consumed: What it cost.
    """

    items: tuple[Item, ...]
    count: int
    scanned_count: int
    cursor: Item | None = None
    consumed: Capacity = Capacity()


@dataclass(frozen=True, slots=True)
class WriteResult:
    """The attributes that the write was asked to return, or `None`."""

    attributes: Item | None = None
    consumed: Capacity = Capacity()


@dataclass(frozen=True, slots=True)
class BatchWriteResult:
    """The writes that the store did not get to."""

    unprocessed: tuple[BatchPut | BatchDelete, ...] = ()
    consumed: Capacity = Capacity()


@dataclass(frozen=True, slots=True)
class TransactWriteResult:
    """What a transaction cost: twice what its actions would cost alone."""

    consumed: Capacity = Capacity()


@dataclass(frozen=True, slots=True)
class TransactGetResult:
    """The items in the order of the gets, `None` for each that there is not."""

    items: tuple[Item | None, ...]
    consumed: Capacity = Capacity()
