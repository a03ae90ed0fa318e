"""The two places where the tests put items as they are kept, and read them again without the library."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, Protocol

from dynamongo import Model
from dynamongo.backends.base import Backend
from dynamongo.backends.dynamodb import DynamoDBBackend
from dynamongo.backends.memory import MemoryBackend
from existing.stored import Item, call, in_order, read_items


class Store(Protocol):
    """A backend, and the way round it."""

    @property
    def backend(self) -> Backend:
        """The backend."""
        ...

    def put(self, model: type[Model], items: list[Item]) -> None:
        """Put items into the table of a model, which exists."""

    def items(self, model: type[Model]) -> list[Item]:
        """Return all items in DynamoDB JSON, with sets in order."""


class Memory:
    """The memory backend, whose files are DynamoDB JSON."""

    def __init__(self, directory: Path) -> None:
        self.backend = MemoryBackend()
        self._file = directory / "items.json"

    def put(self, model: type[Model], items: list[Item]) -> None:
        self._file.write_text("".join(json.dumps({"Item": item}) + "\n" for item in items))
        self.backend.load(self._file, model.table_name())

    def items(self, model: type[Model]) -> list[Item]:
        self.backend.dump(self._file, model.table_name())
        items = (json.loads(line)["Item"] for line in self._file.read_text().splitlines())
        return in_order(items, model.__mapper__.keys.names)


class Server:
    """The emulator, asked over HTTP."""

    def __init__(self, backend: DynamoDBBackend, url: str) -> None:
        self.backend, self._url = backend, url

    def put(self, model: type[Model], items: list[Item]) -> None:
        for item in items:
            call(self._url, "PutItem", TableName=model.table_name(), Item=item)

    def items(self, model: type[Model]) -> list[Item]:
        return read_items(self._url, model.table_name())


def differences(before: list[Item], after: list[Item]) -> dict[str, tuple[Any, Any]]:
    """Return what was changed in a table of which no item was added or removed, by the names of the attributes.

    If an attribute was changed in several items, the last of them counts.
    """
    assert len(before) == len(after)
    pairs = [(old, new) for old, new in zip(before, after, strict=True) if old != new]
    return {
        name: (old.get(name), new.get(name))
        for old, new in pairs
        for name in old.keys() | new.keys()
        if old.get(name) != new.get(name)
    }


def changes_by_key(before: list[Item], after: list[Item], keys: tuple[str, ...]) -> dict[str, dict[str, Any] | None]:
    """Return what was changed in a table: by the items' keys, new values; `None` for a removed item."""
    old, new = ({" ".join(item[name]["S"] for name in keys): item for item in items} for items in (before, after))
    changes: dict[str, dict[str, Any] | None] = dict.fromkeys(old.keys() - new.keys())
    for key, item in new.items():
        was = old.get(key, {})
        if item != was:
            changes[key] = {name: item.get(name) for name in was | item if was.get(name) != item.get(name)}
    return changes
