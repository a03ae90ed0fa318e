"""The store: everything that a memory backend holds, and that its operations work on."""

from __future__ import annotations

import math

from dynamongo.backends.memory.idempotency import Tokens
from dynamongo.backends.memory.ingest import normalize_attributes
from dynamongo.backends.memory.partitions import Position
from dynamongo.backends.memory.table import MemoryTable
from dynamongo.exceptions import TableNotFound
from dynamongo.expressions.values import Item


class Store:
    """The tables by name, the tokens of recent transactions, and the time.

    `now` is in seconds since the epoch and never goes back.
    """

    def __init__(self) -> None:
        self.tables: dict[str, MemoryTable] = {}
        self.tokens = Tokens()
        self.now = -math.inf

    def advance_to(self, now: float) -> None:
        """Set the time, unless it is later already."""
        self.now = max(self.now, now)

    def find_table(self, name: str) -> MemoryTable:
        """Return the table of that name, or raise `TableNotFound`."""
        table = self.tables.get(name)
        if table is None:
            raise TableNotFound("Requested resource not found")
        return table

    def take_key(self, name: str, key: Item) -> tuple[Item, Position | None]:
        """Return a key in canonical form, and the position of its item where its key attributes have usual values.

        The table may be missing and the key invalid, because DynamoDB checks other parts of the request before these.
        The key returned may be the very dict that was passed.
        """
        table = self.tables.get(name)
        # Usual values are canonical and valid, so that a key with a position needs no further check.
        position = None if table is None else table.locate_usual_key(key)
        return (normalize_attributes(key) if position is None else key), position

    def fork(self) -> Store:
        """Return an independent store with the same contents.

        This is cheap until a table is changed in either store, which then copies its views; items are never copied.
        """
        forked = Store()
        forked.tables = {name: table.fork() for name, table in self.tables.items()}
        forked.tokens = self.tokens.copy()
        forked.now = self.now
        return forked
