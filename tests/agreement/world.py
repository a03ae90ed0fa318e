"""What the operations are drawn from: the tables as they stand."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Any, cast

from dynamongo.expressions.conditions import Path
from dynamongo.expressions.values import AttributeValue, Item
from dynamongo.schema import IndexSchema, KeySchema, TableSchema


@dataclass(frozen=True)
class TableState:
    """A table and what it holds."""

    schema: TableSchema
    items: tuple[Item, ...]

    @cached_property
    def places(self) -> list[tuple[Path, AttributeValue]]:
        """Every path that leads somewhere in one of the items, with what it leads to; at most 200 of them."""
        found = {path: value for item in self.items for path, value in places_of(item)}
        return list(found.items())[:200]

    @property
    def keys(self) -> list[Item]:
        """The keys of the items."""
        return [self.key_of(item) for item in self.items]

    def key_of(self, item: Item) -> Item:
        """The table's key of an item."""
        return {name: item[name] for name in self.schema.keys.names}

    def names_of(self, item: Item) -> Item:
        """What the item, or what is meant for its key, has for the table's key; `None` for what it lacks."""
        return {name: item.get(name) for name in self.schema.keys.names}

    def find(self, key: Item) -> Item | None:
        """The item that has the key; numbers are compared by value."""
        return next((item for item in self.items if same_key(self.key_of(item), self.names_of(key))), None)

    def find_index(self, name: str | None) -> IndexSchema | None:
        """The index of that name."""
        return next((index for index in self.schema.indexes if index.name == name), None)

    def keys_of_view(self, index: str | None) -> KeySchema:
        """The key that a query of the table, or of an index, goes by."""
        found = self.find_index(index)
        return found.keys if found else self.schema.keys

    def projects(self, index: str | None) -> set[str] | None:
        """The attributes that an index holds, or `None` if it holds all."""
        found = self.find_index(index)
        if found is None or found.projection.kind == "all":
            return None
        return {*found.keys.names, *self.schema.keys.names, *found.projection.attributes}


World = dict[str, TableState]


def same_key(left: Item, right: Item) -> bool:
    """Whether two keys are one; values of keys are never `True` and 1 at once, since their types are checked first."""
    return all(type(left[name]) is not bool and left[name] == right.get(name) for name in left)


def places_of(item: Item) -> Iterator[tuple[Path, AttributeValue]]:
    """Every path into the item, with the value it leads to."""
    for name, value in item.items():
        yield from _places_of(Path(name), value)


def _places_of(path: Path, value: AttributeValue) -> Iterator[tuple[Path, AttributeValue]]:
    yield path, value
    steps: Any = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for step, member in cast("Any", steps):
        yield from _places_of(path / step, member)
