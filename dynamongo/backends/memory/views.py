"""Views: the items of a table in the order of one key, the table's own or an index's.

A view has a partition for each hash key value, which is a tuple if the hash key has several attributes. In a table
without a range key every partition would hold a single item, so there the view holds the items themselves.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import chain
from operator import itemgetter
from typing import Any, Final, cast
from zlib import crc32

from dynamongo._support.dataclasses import dataclass
from dynamongo.backends.memory.capacity import count_write_units
from dynamongo.backends.memory.key_rules import can_be_in, make_locator, make_readers
from dynamongo.backends.memory.ordered import TOP, WHOLE, Boundary, Interval, Order
from dynamongo.backends.memory.partitions import NO_SORT, Partition, Position, Stored
from dynamongo.expressions.numbers import format_number
from dynamongo.expressions.sizes import item_size
from dynamongo.expressions.values import AttributeValue, Item, equals
from dynamongo.schema import KeySchema

_HASHES = 2**32


@dataclass(frozen=True, slots=True)
class Segment:
    """One of `total` parts of a parallel scan: the partitions whose hashes lie in one of `total` equal intervals."""

    number: int = 0
    total: int = 1

    @property
    def bounds(self) -> tuple[int, int]:
        """The first hash of the segment, and the first hash of the next."""
        return self.number * _HASHES // self.total, (self.number + 1) * _HASHES // self.total

    @property
    def tokens(self) -> Interval:
        """The interval of the tokens of its partitions."""
        low, high = self.bounds  # `(low,)` sorts just before every token `(low, value)`
        return Interval(Boundary((low,)), Boundary((high,))) if self.total > 1 else WHOLE

    def __contains__(self, hash_value: object) -> bool:
        return _token_of(hash_value) in self.tokens


EVERYTHING: Final = Segment()


class View:
    """The items of a table in the order of one key.

    Attributes:
        keys: The key that gives the order.
        key_names: The names of the attributes in a cursor: those of the key, then those of the table's key, each once.
            An index by `name` and `year` of a table with the key `email` has `("name", "year", "email")`.
        attributes: The names of the projected attributes, or `None` if all are projected.
        is_global: Whether this is the view of a global index.
        locate_usual: Returns the position of an item or key, or `None` if a key attribute does not have a usual value
            (see `key_rules`).
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
        self.locate_usual = make_locator(keys, self.key_names)
        self._read_hash, self._read_sort = make_readers(keys, self.key_names)
        # One attribute is the sort by itself, in an index too, if the hash key of that has the key of the table.
        self._is_bare = len(self.key_names) == len(keys.hash_attributes) + 1
        self._parts: dict[Any, Any] = {}  # partitions by hash key value; in a `SingleView`, the items themselves
        self._order: Order | None = None

    def locate(self, key: Item) -> Position:
        """Return the position of an item that belongs in the view, or of its key attributes alone."""
        return self._read_hash(key), self._read_sort(key)

    def position_of(self, item: Item) -> Position | None:
        """Return the position of any item of the table, or `None` if it does not belong in the view.

        It may lack a key attribute or, if it is older than the index, have a value that cannot be a key.
        """
        position = self.locate_usual(item)
        # A missing attribute is not usual either, so that indexes are sparse ("Take advantage of sparse indexes").
        if position is None and all(name in item for name in self.keys.names) and can_be_in(self.keys, item):
            return self.locate(item)
        return position

    def entry_of(self, stored: Stored) -> Stored:
        """Return the projection of a stored item that belongs in the view."""
        names = self.attributes
        if names is None:  # the very object, so that an index with all attributes takes hardly any memory
            return stored
        entry = {name: value for name, value in stored.item.items() if name in names}
        return Stored(entry, item_size(entry))

    def boundary_at(self, range_values: Sequence[AttributeValue], *, is_after: bool = False) -> Boundary:
        """Return the boundary just before all items with these values of the first range attributes, or just after."""
        if self._is_bare:
            return Boundary(range_values[0], is_after)
        # In an index, the sort is a tuple that starts with the range key; a tuple sorts before those that continue it.
        return Boundary((*range_values, TOP) if is_after else tuple(range_values))

    def find(self, position: Position) -> Stored | None:
        """Return the item at the position, if there is one."""
        hash_value, sort = position
        part: Partition | None = self._parts.get(hash_value)
        return None if part is None else part.entries.get(sort)

    def put(self, position: Position, old: Stored | None, new: Stored | None) -> None:
        """Replace `old`, the item at the position, by `new`; `None` stands for no item."""
        if old is None:
            if new is not None:
                self._insert(position, new)
        elif new is None:
            self._discard(position)
        else:
            self._overwrite(position, new)

    def replace(self, old: Stored | None, new: Stored | None) -> int:
        """Replace the projection of `old` by that of `new`, wherever they belong; `None` stands for no item.

        Return the write units that this consumes. An update of attributes that the index does not hold costs nothing,
        and one that moves an item in the index costs two writes ("Using global secondary indexes", provisioned
        throughput considerations, in the developer guide).
        """
        before = None if old is None else self.position_of(old.item)
        after = None if new is None else self.position_of(new.item)
        if new is not None and before is not None and before == after:
            return self._change(before, self.entry_of(new))
        units = 0
        if before is not None:  # moving an item in an index takes two writes, since the key is the entry's identity
            units += count_write_units(self._discard(before).size)
        if new is not None and after is not None:
            entry = self.entry_of(new)
            self._insert(after, entry)
            units += count_write_units(entry.size)
        return units

    def read_partition(
        self, hash_value: AttributeValue, within: Interval = WHOLE, *, descending: bool = False
    ) -> Iterable[Stored]:
        """Return the items with a hash key value in the order of their sorts, or in reverse."""
        part: Partition | None = self._parts.get(hash_value)
        return () if part is None else part.read(within, descending=descending)

    def read_all(self, after: Position | None = None, segment: Segment = EVERYTHING) -> Iterator[Stored]:
        """Return the items of a segment, or those after a position in it.

        Partitions are ordered by a hash of their values, since DynamoDB's scans have no useful order either, and tests
        must not rely on one. The items of a partition follow each other in the order of their sorts.
        """
        tokens = segment.tokens
        begun: Iterable[Stored] = ()
        if after is not None:
            hash_value, sort = after
            begun = self.read_partition(hash_value, WHOLE.after(sort))
            tokens = tokens.after(_token_of(hash_value))
        left = self._sorted().select(tokens)
        return chain(begun, self._read_parts(map(itemgetter(1), left)))

    def copy(self) -> View:
        """Return an independent copy, in time that grows with the number of items, which are not copied.

        It shares the work of sorting, so that copies need not sort again.
        """
        copied = object.__new__(type(self))
        vars(copied).update(vars(self), _order=self._sorted().copy(), _parts=self._copy_parts())
        return copied

    def __len__(self) -> int:
        return sum(map(len, self._parts.values()))

    def _insert(self, position: Position, entry: Stored) -> None:
        hash_value, sort = position
        part: Partition | None = self._parts.get(hash_value)
        if part is None:
            part = self._parts[hash_value] = Partition()
            self._note(hash_value)
        part.insert(sort, entry)

    def _overwrite(self, position: Position, entry: Stored) -> None:
        hash_value, sort = position
        self._parts[hash_value].entries[sort] = entry

    def _change(self, position: Position, entry: Stored) -> int:
        """Overwrite an entry of an index, and return the write units that this consumes."""
        gone = self.find(position)
        self._overwrite(position, entry)
        if gone is None or (gone.size == entry.size and equals(gone.item, entry.item)):
            return 0  # DynamoDB does not write to an index whose projected attributes stay the same
        return count_write_units(max(gone.size, entry.size))

    def _discard(self, position: Position) -> Stored:
        hash_value, sort = position
        part: Partition = self._parts[hash_value]
        gone = part.discard(sort)
        if not part:
            self._forget(hash_value)
        return gone

    def _read_parts(self, hash_values: Iterator[Any]) -> Iterator[Stored]:
        return chain.from_iterable(map(self.read_partition, hash_values))

    def _copy_parts(self) -> dict[Any, Any]:
        return {hash_value: part.copy() for hash_value, part in self._parts.items()}

    # Partitions are sorted by the first scan, then kept in order; most tables are never scanned.

    def _sorted(self) -> Order:
        if self._order is None:
            self._order = Order(map(_token_of, self._parts))
        return self._order

    def _note(self, hash_value: Any) -> None:
        if self._order is not None:
            self._order.add(_token_of(hash_value))

    def _forget(self, hash_value: Any) -> None:
        del self._parts[hash_value]
        if self._order is not None:
            self._order.remove(_token_of(hash_value))


class SingleView(View):
    """A view with at most one item for each hash key value, kept without a partition around it."""

    def find(self, position: Position) -> Stored | None:
        """Return the item at the position, if there is one."""
        return self._parts.get(position[0])

    def read_partition(
        self, hash_value: AttributeValue, within: Interval = WHOLE, *, descending: bool = False
    ) -> Iterable[Stored]:
        """Return the item with a hash key value, if there is one and it lies in the interval."""
        del descending
        part: Stored | None = self._parts.get(hash_value)
        return () if part is None or NO_SORT not in within else (part,)

    def __len__(self) -> int:
        return len(self._parts)

    def _insert(self, position: Position, entry: Stored) -> None:
        self._parts[position[0]] = entry
        self._note(position[0])

    def _overwrite(self, position: Position, entry: Stored) -> None:
        self._parts[position[0]] = entry

    def _discard(self, position: Position) -> Stored:
        gone: Stored = self._parts[position[0]]
        self._forget(position[0])
        return gone

    def _read_parts(self, hash_values: Iterator[Any]) -> Iterator[Stored]:
        return map(self._parts.__getitem__, hash_values)

    def _copy_parts(self) -> dict[Any, Any]:
        return self._parts.copy()


def make_view(
    keys: KeySchema, table_keys: KeySchema, attributes: frozenset[str] | None = None, *, is_global: bool = False
) -> View:
    """Return an empty view for a key; without a range key, the table's own key identifies a single item."""
    kind = SingleView if keys == table_keys and not keys.range_attributes else View
    return kind(keys, table_keys, attributes, is_global=is_global)


def _token_of(hash_value: Any) -> tuple[int, Any]:
    """Return the place of a partition in a scan: a hash of its value, and the value itself to break ties.

    Knuth's multiplicative hashing spreads the checksums of short and similar values over the whole range; the factor
    is the number of hashes divided by the golden ratio.
    """
    return crc32(_bytes_of(hash_value)) * 2_654_435_761 % _HASHES, hash_value


def _bytes_of(hash_value: Any) -> bytes:
    if isinstance(hash_value, tuple):  # of an index with several hash attributes, which DynamoDB hashes together
        return b"\0".join(map(_bytes_of, cast("tuple[Any, ...]", hash_value)))
    if isinstance(hash_value, bytes):
        return hash_value
    return (hash_value if isinstance(hash_value, str) else format_number(hash_value)).encode()
