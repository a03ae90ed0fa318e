"""Lag: what a read sees that need not be consistent.

DynamoDB answers such a read from a copy that may be behind, and keeps global indexes in the same way. Here the copy is
a second store, in which every change is made so many seconds later.

Source: "Read consistency" in the DynamoDB developer guide.
"""

from __future__ import annotations

from collections import deque
from functools import partial
from typing import Any

from dynamongo.arguments import check_seconds
from dynamongo.backends.memory.partitions import Position, Stored
from dynamongo.backends.memory.store import Store
from dynamongo.operations import (
    BatchGet,
    BatchWrite,
    Delete,
    Get,
    Operation,
    Put,
    Query,
    Scan,
    TransactGet,
    TransactWrite,
    UpdateItem,
)

_DATA_OPERATIONS = (Get, BatchGet, Query, Scan, Put, Delete, UpdateItem, BatchWrite, TransactGet, TransactWrite)


class Lag:
    """The copy of a store that is behind it.

    Args:
        seconds: How far it is behind.
        store: The store, whose changes it learns of.
    """

    def __init__(self, seconds: Any, store: Store) -> None:
        check_seconds("lag", seconds, may_be_zero=True)
        self.seconds: float = seconds
        self._pending: deque[tuple[float, str, Position, Stored | None, Stored | None]] = deque()
        self.follow(store)

    def follow(self, store: Store) -> None:
        """Begin anew, with all that a store holds."""
        self._store, self._behind = store, Store()
        for name in store.tables:
            self.take_over(name)

    def store_for(self, operation: Operation[Any]) -> Store:
        """The store that answers an operation: the copy where it need not be consistent."""
        if not isinstance(operation, (Get, BatchGet, Query, Scan)) or operation.consistent:
            return self._store
        while self._pending and self._pending[0][0] <= self._store.now:
            _, name, position, old, new = self._pending.popleft()
            self._behind.tables[name].replace(position, old, new)
        return self._behind

    def after(self, operation: Operation[Any]) -> None:
        """Take note of an operation that was done. One that is about a table as such is no matter of consistency."""
        if isinstance(operation, _DATA_OPERATIONS):
            return
        schemas = {name: table.schema for name, table in self._store.tables.items()}
        known = {name: table.schema for name, table in self._behind.tables.items()}
        for name in schemas.keys() | known.keys():
            if schemas.get(name) != known.get(name):
                self.take_over(name)

    def take_over(self, name: str) -> None:
        """Take over what is in a table now, if there is one."""
        self._pending = deque(change for change in self._pending if change[1] != name)
        self._behind.tables.pop(name, None)
        if name in self._store.tables:
            table = self._store.tables[name]
            self._behind.tables[name] = table.fork()
            table.changes = partial(self._note, name)

    def _note(self, name: str, position: Position, old: Stored | None, new: Stored | None) -> None:
        self._pending.append((self._store.now + self.seconds, name, position, old, new))
