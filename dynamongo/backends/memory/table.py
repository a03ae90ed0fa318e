"""Tables in memory: a schema, and the items in a view for the table's own key and in one for every index."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeAlias

from dynamongo.backends.memory.capacity import count_write_units
from dynamongo.backends.memory.key_rules import check_index_keys, check_item_key, check_key, make_index_test
from dynamongo.backends.memory.partitions import Position, Stored
from dynamongo.backends.memory.views import View, make_view
from dynamongo.expressions.values import Item
from dynamongo.schema import IndexSchema, TableSchema

Note: TypeAlias = Callable[[Position, Stored | None, Stored | None], None]


class Table:
    """A table: its schema, its items in the order of its own key, and one more view of them for every index.

    Attributes:
        expires_by: The name of the attribute that holds the time at which an item expires, if there is one.
        changes: Where each change is noted, as `replace` is told of it, if anybody wants to know.
    """

    def __init__(self, schema: TableSchema) -> None:
        self.schema = schema
        self.expires_by: str | None = None
        self.changes: Note | None = None
        self.primary = make_view(schema.keys, schema.keys)
        self.indexes = {index.name: _make_index(index, schema) for index in schema.indexes}
        self._has_usual_index_keys = make_index_test(schema)
        self._shares_views = False

    def fork(self) -> Table:
        """A table of its own with the same items; the views are copied when one of the two is changed."""
        self._shares_views = True
        forked = object.__new__(Table)
        vars(forked).update(vars(self), changes=None)
        return forked

    def locate_usual_key(self, key: Item) -> Position | None:
        """Where the item with a key belongs if its values are what most are; of any other it has to be found out."""
        return self.primary.locate_usual(key) if len(key) == len(self.primary.key_names) else None

    def locate_key(self, key: Item) -> Position:
        """Where the item with a key belongs, which is canonical. Refuses what is no key of the table."""
        position = self.locate_usual_key(key)
        if position is None:
            check_key(self.schema.keys, key)
            return self.primary.locate(key)
        return position

    def locate_item(self, item: Item) -> Position:
        """Where a whole item belongs, which is canonical. Refuses one that the table or an index cannot hold."""
        position = self.primary.locate_usual(item)
        if position is None:
            check_item_key(self.schema.keys, item)
            position = self.primary.locate(item)
        self.check_index_keys(item)
        return position

    def check_index_keys(self, item: Item, old: Item | None = None) -> None:
        """Refuse an item that an index cannot hold; of one that was updated, only what differs from `old` counts."""
        if self.indexes and not self._has_usual_index_keys(item):
            check_index_keys(self.schema, item, old)

    def replace(self, position: Position, old: Stored | None, new: Stored | None) -> int:
        """Put `new` in the place of `old`, which is what stands at the position; `None` stands for no item.

        Returns the write units that it costs, in the table and in its indexes.
        """
        if self._shares_views:
            self._own_views()
        self.primary.put(position, old, new)
        units = count_write_units(max(old.size if old else 0, new.size if new else 0))
        for view in self.indexes.values():
            units += view.replace(old, new)
        if self.changes is not None:
            self.changes(position, old, new)
        return units

    def add_index(self, schema: TableSchema, index: IndexSchema) -> None:
        """Have one index more, with the items whose attributes can be its keys."""
        view = _make_index(index, schema)
        for stored in self.primary.read_all():
            view.replace(None, stored)
        self._set_indexes(schema, {**self.indexes, index.name: view})

    def drop_index(self, schema: TableSchema, name: str) -> None:
        """Have one index less."""
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
        names = frozenset((*index.keys.names, *schema.keys.names, *index.projection.attributes))
    return make_view(index.keys, schema.keys, names, is_global=index.is_global)
