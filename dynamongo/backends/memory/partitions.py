"""Partitions: the items with one hash key value, ordered by their sorts.

The *sort* of an item is its place inside a partition: the range key value or, in an index, a tuple of the values of all
range attributes and of the table's key, since items may share an index key. Sorts are canonical values, never joined
text, so that `1` and `1.0` are the same key, and `("a|b", "c")` differs from `("a", "b|c")`.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final, TypeAlias

from dynamongo.backends.memory.ordered import MOST_IN_LIST, WHOLE, Interval, Order
from dynamongo.expressions.values import Item

Sort: TypeAlias = Any
Position: TypeAlias = tuple[Any, Sort]
"""The place of an item in a view, whether or not one is there: a hash key value and a sort.

In a table with the key `email` it is `("a@b.c", ())`, and in an index of it by `name` and `year`,
`("Ann", (1980, "a@b.c"))`. An index with several hash attributes has a tuple in place of `"Ann"`.
"""

NO_SORT: Final[Sort] = ()
"""The sort of an item without a range key."""


class Stored:
    """An item in the store and its size in bytes. It is replaced, never changed.

    A plain class with slots takes a third less memory than a named tuple, and half the time to create.
    """

    __slots__ = ("item", "size")

    def __init__(self, item: Item, size: int) -> None:
        self.item = item
        self.size = size

    def __repr__(self) -> str:
        return f"Stored({self.item!r}, {self.size})"


class Partition:
    """The items with one hash key value.

    They are sorted when they are first read in order, or when there are many: most partitions are never read in order,
    and sorting once is faster than inserting one by one.

    Attributes:
        entries: The items by their sorts, unordered.
    """

    __slots__ = ("_order", "entries")

    def __init__(self) -> None:
        self.entries: dict[Sort, Stored] = {}
        self._order: Order | None = None

    def insert(self, sort: Sort, entry: Stored) -> None:
        """Add an item at a free sort; to overwrite one, set it in `entries`, whose order stays the same."""
        self.entries[sort] = entry
        if self._order is not None:
            self._order.add(sort)
        elif len(self.entries) > MOST_IN_LIST:  # so that no read has to sort more
            self._order = Order(self.entries)

    def discard(self, sort: Sort) -> Stored:
        """Remove and return the item at a sort."""
        if self._order is not None:
            self._order.remove(sort)
        return self.entries.pop(sort)

    def read(self, within: Interval = WHOLE, *, descending: bool = False) -> Iterator[Stored]:
        """Return the items in the order of their sorts, or in reverse."""
        return map(self.entries.__getitem__, self._sorted().select(within, descending=descending))

    def copy(self) -> Partition:
        """Return an independent copy; it shares the work of sorting, so that copies need not sort again."""
        copied = Partition()
        copied._order = self._sorted().copy()
        copied.entries = self.entries.copy()
        return copied

    def _sorted(self) -> Order:
        if self._order is None:
            self._order = Order(self.entries)
        return self._order

    def __len__(self) -> int:
        return len(self.entries)
