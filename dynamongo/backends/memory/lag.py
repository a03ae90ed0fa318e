"""Lag: what an eventually consistent read sees.

DynamoDB may answer such a read from a replica that is behind, and keeps global indexes in the same way. Here the
replica is a second store, to which every change is applied some seconds later.

Source: "Read consistency" in the DynamoDB developer guide.
"""

from __future__ import annotations

from collections import deque
from functools import partial
from typing import Any

from dynamongo.arguments import check_seconds
from dynamongo.backends.memory.executors import ITEM_OPERATIONS
from dynamongo.backends.memory.partitions import Position, Stored
from dynamongo.backends.memory.store import Store
from dynamongo.operations import BatchGet, Get, Operation, Query, Scan


class Lag:
    """A replica of a store that is behind it. It shares the items of the store, and has views of its own.

    Args:
        seconds: How far the replica is behind.
        store: The store to follow.
    """

    def __init__(self, seconds: Any, store: Store) -> None:
        check_seconds("lag", seconds, may_be_zero=True)
        self.seconds: float = seconds
        # When the replica sees a change, its table, and the arguments of `replace`, in the order of their times.
        self._pending: deque[tuple[float, str, Position, Stored | None, Stored | None]] = deque()
        self.follow(store)

    def follow(self, store: Store) -> None:
        """Follow a store, starting from its present contents."""
        self._store, self._replica = store, Store()
        for name in store.tables:
            self.synchronize(name)

    def store_for(self, operation: Operation[Any]) -> Store:
        """Return the store that answers an operation: the replica, if an eventually consistent read will do."""
        # Conditions and updates see the item that is there, and transactions are always consistent.
        if not isinstance(operation, (Get, BatchGet, Query, Scan)) or operation.consistent:
            return self._store
        # Pending changes are applied when a read needs them: with a virtual clock nothing else would be the right time.
        while self._pending and self._pending[0][0] <= self._store.now:
            _, name, position, old, new = self._pending.popleft()
            self._replica.tables[name].replace(position, old, new)
        return self._replica

    def after(self, operation: Operation[Any]) -> None:
        """Synchronize tables whose schema an operation changed: changes of tables do not lag, only those of items."""
        if isinstance(operation, ITEM_OPERATIONS):
            return
        # Time to live is no part of a schema. The replica needs none: it follows deletions like any other change.
        schemas = {name: table.schema for name, table in self._store.tables.items()}
        known = {name: table.schema for name, table in self._replica.tables.items()}
        for name in schemas.keys() | known.keys():
            if schemas.get(name) != known.get(name):
                self.synchronize(name)

    def synchronize(self, name: str) -> None:
        """Copy the present contents of a table, or its absence, to the replica."""
        self._pending = deque(change for change in self._pending if change[1] != name)
        self._replica.tables.pop(name, None)
        if name in self._store.tables:
            table = self._store.tables[name]
            self._replica.tables[name] = table.fork()
            table.on_change = partial(self._record, name)

    def _record(self, name: str, position: Position, old: Stored | None, new: Stored | None) -> None:
        self._pending.append((self._store.now + self.seconds, name, position, old, new))
