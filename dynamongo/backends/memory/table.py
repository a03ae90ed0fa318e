"""Tables in memory, and the views in which their items are kept in order.

A *view* is the items of a table in the order of one key: the table's own, or that of an index. It has one partition
for every hash key value. Inside a partition an item stands at its *sort*, a tuple: the range key value and, in an
index, the table's key values after it, which keep apart items that are equal in the index. Positions are tuples of
canonical values, never joined text, so that `1` and `1.0` are one key and `("a|b", "c")` is not `("a", "b|c")`.
"""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterator
from typing import Any, Final, NamedTuple, TypeAlias
from zlib import crc32

from sortedcontainers import SortedDict, SortedList

from dynamongo.backends.memory.keys import can_be_in
from dynamongo.schema import IndexSchema, KeySchema, TableSchema
from dynamongo.sizes import item_size
from dynamongo.values import AttributeValue, Item, format_number

Sort: TypeAlias = tuple[Any, ...]


class _Top:
    """Greater than every value. `(x, TOP)` stands just after everything whose sort starts with `x`."""

    def __lt__(self, other: object) -> bool:
        return False

    def __gt__(self, other: object) -> bool:
        return True

    def __repr__(self) -> str:
        return "TOP"


TOP: Final = _Top()


class Stored(NamedTuple):
    """An item in the store, and its size in bytes. It is replaced, never changed."""

    item: Item
    size: int


class Position(NamedTuple):
    """Where an item stands in a view; there need not be an item."""

    hash_value: Any
    sort: Sort


class Interval(NamedTuple):
    """The sorts from `low` up to, but not including, `high`."""

    low: Sort = ()
    high: Sort = (TOP,)

    def __contains__(self, sort: object) -> bool:
        return isinstance(sort, tuple) and self.low <= sort < self.high

    def after(self, sort: Sort, *, descending: bool = False) -> Interval:
        """What is left of the interval to a reader that has come to `sort`."""
        return Interval(self.low, sort) if descending else Interval((*sort, TOP), self.high)


class Segment(NamedTuple):
    """One of `total` parts of a scan: the partitions whose hashes are in one of as many intervals of equal length."""

    number: int = 0
    total: int = 1

    @property
    def bounds(self) -> tuple[int, int]:
        """The first hash of the segment, and the first one after it."""
        return self.number * _HASHES // self.total, (self.number + 1) * _HASHES // self.total

    def __contains__(self, hash_value: object) -> bool:
        low, high = self.bounds
        return low <= _token_of(hash_value)[0] < high


_HASHES = 2**32
_WHOLE: Final = Segment()
_Partition: TypeAlias = SortedDict[Sort, Stored] | dict[Sort, Stored]


class View:
    """The items of a table in the order of one key.

    Attributes:
        keys: The key that gives the order.
        key_names: The names of the attributes that a cursor holds: those of the key, and of the table's key.
        attributes: The names of the attributes that the view holds, or `None` if it holds all.
        is_global: Whether it is that of a global index.
    """

    def __init__(
        self,
        keys: KeySchema,
        table_keys: KeySchema,
        attributes: frozenset[str] | None = None,
        *,
        is_global: bool = False,
    ) -> None:
        self.keys = keys
        self.key_names = tuple(dict.fromkeys((*keys.names, *table_keys.names)))
        self.attributes = attributes
        self.is_global = is_global
        self._sort_names = keys.names[1:] if keys is table_keys else (*keys.names[1:], *table_keys.names)
        self._partitions: dict[Any, _Partition] = {}
        self._order: SortedList[tuple[Any, ...]] = SortedList()

    def position_of(self, item: Item) -> Position | None:
        """Where the item belongs, or `None` if it is not in the view.

        It may lack a part of the key, or hold, since before there was the index, what cannot be one.
        """
        if all(name in item for name in self.keys.names) and can_be_in(self.keys, item):
            return self.locate(item)
        return None

    def locate(self, key: Item) -> Position:
        """The position that a key names: an item in the view, or its key attributes alone."""
        return Position(key[self.keys.hash_key.name], tuple(key[name] for name in self._sort_names))

    def entry_of(self, stored: Stored | None) -> Stored | None:
        """What the view holds of a stored item, or `None` if the item is not in the view."""
        if stored is None or self.position_of(stored.item) is None:
            return None
        names = self.attributes
        if names is None:
            return stored
        entry = {name: value for name, value in stored.item.items() if name in names}
        return Stored(entry, item_size(entry))

    def find(self, position: Position) -> Stored | None:
        """What stands at the position."""
        partition = self._partitions.get(position.hash_value)
        return None if partition is None else partition.get(position.sort)

    def replace(self, old: Stored | None, new: Stored | None) -> None:
        """Put what the view holds of `new` in the place of what it holds of `old`; either may be `None`."""
        before = None if old is None else self.position_of(old.item)
        after = None if new is None else self.position_of(new.item)
        if before is not None and before != after:
            self._discard(before)
        entry = self.entry_of(new)
        if after is not None and entry is not None:
            self._insert(after, entry)

    def read_partition(
        self, hash_value: AttributeValue, within: Interval | None = None, *, descending: bool = False
    ) -> Iterator[Stored]:
        """The items with one hash key value in the order of their sorts, or in its exact reverse."""
        low, high = within or Interval()
        partition = self._partitions.get(hash_value, {})
        return (partition[sort] for sort in _read_sorts(partition, low, high, descending=descending))

    def read_all(self, after: Position | None = None, segment: Segment = _WHOLE) -> Iterator[Stored]:
        """All items of a segment, or those that follow a position in it.

        Partitions come in the order of a hash of their values, so that no test comes to rely on an order; the items
        of one partition stand together, in the order of their sorts.
        """
        low, high = segment.bounds
        start: tuple[Any, ...] = (low,)
        if after is not None:
            start = _token_of(after.hash_value)
            yield from self.read_partition(after.hash_value, Interval().after(after.sort))
        for _, hash_value in self._order.irange(start, (high,), inclusive=(False, False)):
            yield from self.read_partition(hash_value)

    def copy(self) -> View:
        """A view of its own with the same items."""
        copied = copy.copy(self)
        copied._partitions = {value: partition.copy() for value, partition in self._partitions.items()}  # noqa: SLF001
        copied._order = self._order.copy()  # noqa: SLF001 - a copy of this very object
        return copied

    def __len__(self) -> int:
        return sum(map(len, self._partitions.values()))

    def _insert(self, position: Position, entry: Stored) -> None:
        partition = self._partitions.get(position.hash_value)
        if partition is None:
            partition = _make_partition(is_sorted=bool(self._sort_names))
            self._partitions[position.hash_value] = partition
            self._order.add(_token_of(position.hash_value))
        partition[position.sort] = entry

    def _discard(self, position: Position) -> None:
        partition = self._partitions[position.hash_value]
        del partition[position.sort]
        if not partition:
            del self._partitions[position.hash_value]
            self._order.remove(_token_of(position.hash_value))


class Table:
    """A table: its schema, its items in the order of its own key, and one more view of them for every index.

    Attributes:
        expires_by: The name of the attribute that holds the time at which an item expires, if there is one.
        changes: Where each change is noted as `(old, new)`, if anybody wants to know.
    """

    def __init__(self, schema: TableSchema) -> None:
        self.schema = schema
        self.expires_by: str | None = None
        self.changes: Callable[[Stored | None, Stored | None], None] | None = None
        self.primary = View(schema.keys, schema.keys)
        self.indexes = {index.name: _make_view(index, schema) for index in schema.indexes}
        self._shares_views = False

    def fork(self) -> Table:
        """A table of its own with the same items; the views are copied when one of the two is changed."""
        forked = copy.copy(self)
        forked.changes = None
        self._shares_views = forked._shares_views = True  # noqa: SLF001 - a copy of this very object
        return forked

    def find(self, key: Item) -> Stored | None:
        """The item that has the key. Further attributes in `key` are ignored, so it may be a whole item."""
        return self.primary.find(self.primary.locate(key))

    def replace(self, old: Stored | None, new: Stored | None) -> None:
        """Put `new` in the place of `old`, which has the same key; `None` stands for no item."""
        if self._shares_views:
            self._own_views()
        self.primary.replace(old, new)
        for view in self.indexes.values():
            view.replace(old, new)
        if self.changes is not None:
            self.changes(old, new)

    def add_index(self, schema: TableSchema, index: IndexSchema) -> None:
        """Have one index more, with the items whose attributes can be its keys."""
        view = _make_view(index, schema)
        for stored in self.primary.read_all():
            view.replace(None, stored)
        self.schema = schema
        self.indexes = {**self.indexes, index.name: view}

    def drop_index(self, schema: TableSchema, name: str) -> None:
        """Have one index less."""
        self.schema = schema
        self.indexes = {other: view for other, view in self.indexes.items() if other != name}

    def _own_views(self) -> None:
        self.primary = self.primary.copy()
        self.indexes = {name: view.copy() for name, view in self.indexes.items()}
        self._shares_views = False


def _make_view(index: IndexSchema, schema: TableSchema) -> View:
    names = None
    if index.projection.kind != "all":
        names = frozenset((*index.keys.names, *schema.keys.names, *index.projection.attributes))
    return View(index.keys, schema.keys, names, is_global=index.is_global)


def _make_partition(*, is_sorted: bool) -> _Partition:
    """An empty partition. One without a range key holds a single item at most, and needs no order."""
    ordered: SortedDict[Sort, Stored] = SortedDict()
    return ordered if is_sorted else {}


def _read_sorts(partition: _Partition, low: Sort, high: Sort, *, descending: bool) -> Iterator[Sort]:
    if isinstance(partition, SortedDict):
        return partition.irange(low, high, inclusive=(True, False), reverse=descending)
    return (sort for sort in partition if low <= sort < high)


def _token_of(hash_value: Any) -> tuple[int, Any]:
    """The place of a partition in a scan: by a hash of its value, and by the value where two hashes are equal.

    The factor (Knuth's: the golden ratio of the number of hashes) spreads the hashes of short and similar values.
    """
    data = hash_value if isinstance(hash_value, bytes) else _text_of(hash_value).encode()
    return crc32(data) * 2_654_435_761 % _HASHES, hash_value


def _text_of(hash_value: Any) -> str:
    return hash_value if isinstance(hash_value, str) else format_number(hash_value)
