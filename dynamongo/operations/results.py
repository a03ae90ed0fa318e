"""The results of operations, and the capacity that they consumed."""

from __future__ import annotations

from dynamongo._support.dataclasses import dataclass
from dynamongo.expressions.values import Item
from dynamongo.operations.base import BatchDelete, BatchPut


@dataclass(frozen=True, slots=True)
class Capacity:
    """Consumed capacity, in read units and write units of the table and its indexes together.

    A read unit pays for a consistent read of up to 4 KB or two eventually consistent ones, so halves are possible; a
    write unit pays for a write of up to 1 KB. Source: "DynamoDB provisioned capacity mode" in the developer guide.
    """

    read_units: float = 0.0
    write_units: float = 0.0

    def __add__(self, other: Capacity) -> Capacity:
        return Capacity(self.read_units + other.read_units, self.write_units + other.write_units)


@dataclass(frozen=True, slots=True)
class GetResult:
    """The item, or `None` if it does not exist."""

    item: Item | None
    consumed: Capacity = Capacity()


@dataclass(frozen=True, slots=True)
class BatchGetResult:
    """The items found, in no defined order, and the keys that the store did not process.

    DynamoDB leaves keys unprocessed beyond 16 MB, or when it throttles. Source: BatchGetItem, API reference.
    """

    items: tuple[Item, ...]
    unprocessed: tuple[Item, ...] = ()
    consumed: Capacity = Capacity()


@dataclass(frozen=True, slots=True)
class PageResult:
    """One page of a query or scan.

    Attributes:
        items: The items that passed the filter; empty for a count.
        count: The number of items that passed the filter.
        scanned_count: The number of items read.
        cursor: The key after which the next page begins (that of the table and, for an index, of the index), or `None`
            at the end. A page that its limit ends at the last item still has a cursor; the next page is empty.
        consumed: The capacity consumed.
    """

    items: tuple[Item, ...]
    count: int
    scanned_count: int
    cursor: Item | None = None
    consumed: Capacity = Capacity()


@dataclass(frozen=True, slots=True)
class WriteResult:
    """The attributes that the write should return, or `None`."""

    attributes: Item | None = None
    consumed: Capacity = Capacity()


@dataclass(frozen=True, slots=True)
class BatchWriteResult:
    """The writes that the store did not process."""

    unprocessed: tuple[BatchPut | BatchDelete, ...] = ()
    consumed: Capacity = Capacity()


@dataclass(frozen=True, slots=True)
class TransactWriteResult:
    """The capacity of a transaction: twice that of its actions alone."""

    consumed: Capacity = Capacity()


@dataclass(frozen=True, slots=True)
class TransactGetResult:
    """The items in the order of the gets, `None` for each that does not exist."""

    items: tuple[Item | None, ...]
    consumed: Capacity = Capacity()
