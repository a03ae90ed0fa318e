"""Tables in memory: a schema, a view of the items by the table's key, and one by the key of every index."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeAlias

from dynamongo.backends.memory.capacity import count_write_units
from dynamongo.backends.memory.key_rules import check_index_keys, check_item_key, check_key, make_index_test
from dynamongo.backends.memory.partitions import Position, Stored
from dynamongo.backends.memory.setting_rules import DEFAULT_SETTINGS
from dynamongo.backends.memory.views import View, make_view
from dynamongo.expressions.values import Item
from dynamongo.schema import IndexSchema, KeySchema, TableSchema, TableSettings

Listener: TypeAlias = Callable[[Position, Stored | None, Stored | None], None]
KeyCheck: TypeAlias = Callable[[KeySchema, Item], None]


class MemoryTable:
    """A table with its items and indexes.

    Attributes:
        settings: Its table class, encryption and deletion protection.
        recovery_days: For how many days back it could be restored; `None` if point-in-time recovery is off.
        expires_by: The name of the time to live attribute, if expiry is enabled.
        on_change: Called with the arguments of every `replace`, if set.
    """

    def __init__(self, schema: TableSchema, settings: TableSettings = DEFAULT_SETTINGS) -> None:
        self.schema = schema
        self.settings = settings
        self.recovery_days: int | None = None
        self.expires_by: str | None = None
        self.on_change: Listener | None = None
        self.primary = make_view(schema.keys, schema.keys)
        self.indexes = {index.name: _make_index(index, schema) for index in schema.indexes}
        self._has_usual_index_keys = make_index_test(schema)
        self._key_length = len(self.primary.key_names)  # a key with more attributes is refused, whatever they are
        self._shares_views = False

    def fork(self) -> MemoryTable:
        """Return an independent table with the same items; the first change to either copies its views."""
        # Nobody counts the owners: whichever table changes last copies views that it could have kept.
        self._shares_views = True
        forked = object.__new__(MemoryTable)
        vars(forked).update(vars(self), on_change=None)
        return forked

    def locate_usual_key(self, key: Item) -> Position | None:
        """Return the position of the item with a key, or `None` unless the key attributes have usual values."""
        return self.primary.locate_usual(key) if len(key) == self._key_length else None

    def locate_key(self, key: Item) -> Position:
        """Return the position of the item with a canonical key; refuse a key that does not fit the table."""
        position = self.locate_usual_key(key)
        if position is None:
            check_key(self.schema.keys, key)
            return self.primary.locate(key)
        return position

    def locate_item(self, item: Item, check: KeyCheck = check_item_key) -> Position:
        """Return the position of a whole canonical item; refuse one that the table or an index cannot hold.

        `check` looks at key attributes that are not usual, and words the error.
        """
        position = self.primary.locate_usual(item)
        if position is None:
            check(self.schema.keys, item)
            position = self.primary.locate(item)
        if self.indexes:
            self.check_index_keys(item)
        return position

    def check_index_keys(self, item: Item, old: Item | None = None) -> None:
        """Refuse an item that an index cannot hold; after an update, check only what differs from `old`."""
        if not self._has_usual_index_keys(item):
            check_index_keys(self.schema, item, old)

    def replace(self, position: Position, old: Stored | None, new: Stored | None) -> int:
        """Replace `old`, the item at the position, by `new`; `None` stands for no item.

        Return the write units that this consumes in the table and its indexes: DynamoDB charges a write by the larger
        of the two items ("Capacity unit consumption for write operations" in the developer guide).
        """
        if self._shares_views:  # copy on write: forks and snapshots share views until now
            self._own_views()
        self.primary.put(position, old, new)
        # Deleting nothing is a write of 0 bytes, which costs one unit.
        larger = new if old is None or (new is not None and new.size > old.size) else old
        units = count_write_units(larger.size if larger else 0)
        if self.indexes:
            units += sum([view.replace(old, new) for view in self.indexes.values()])
        if self.on_change is not None:
            self.on_change(position, old, new)
        return units

    def add_index(self, schema: TableSchema, index: IndexSchema) -> None:
        """Add an index, and fill it with the items whose attributes can be its keys."""
        view = _make_index(index, schema)
        for stored in self.primary.read_all():
            view.replace(None, stored)
        self._set_indexes(schema, {**self.indexes, index.name: view})  # a new dict: forks have the old one

    def drop_index(self, schema: TableSchema, name: str) -> None:
        """Drop an index."""
        self._set_indexes(schema, {other: view for other, view in self.indexes.items() if other != name})

    def _set_indexes(self, schema: TableSchema, indexes: dict[str, View]) -> None:
        self.schema, self.indexes = schema, indexes
        self._has_usual_index_keys = make_index_test(schema)

    def _own_views(self) -> None:
        self.primary = self.primary.copy()
        self.indexes = {name: view.copy() for name, view in self.indexes.items()}
        self._shares_views = False


def _make_index(index: IndexSchema, schema: TableSchema) -> View:
    names = None
    if index.projection.kind != "all":
        # Keys are always projected, whatever the projection ("Attribute projections" in the developer guide).
        names = frozenset((*index.keys.names, *schema.keys.names, *index.projection.attributes))
    return make_view(index.keys, schema.keys, names, is_global=index.is_global)
