"""The store: all that a memory backend keeps, and that its operations work on."""

from __future__ import annotations

import math

from dynamongo.backends.memory.idempotency import Tokens
from dynamongo.backends.memory.ingest import normalize_attributes
from dynamongo.backends.memory.partitions import Position
from dynamongo.backends.memory.table import Table
from dynamongo.exceptions import TableNotFound
from dynamongo.expressions.values import Item


class Store:
    """The tables by name, the tokens of late transactions, and the time as it was told last.

    `now` is in seconds since the epoch, and never goes back.
    """

    def __init__(self) -> None:
        self.tables: dict[str, Table] = {}
        self.tokens = Tokens()
        self.now = -math.inf

    def tell_time(self, now: float) -> None:
        """Take note of the time; one earlier than what was told before changes nothing."""
        self.now = max(self.now, now)

    def find_table(self, name: str) -> Table:
        """The table of that name; raises `TableNotFound`."""
        table = self.tables.get(name)
        if table is None:
            raise TableNotFound("Requested resource not found")
        return table

    def take_key(self, name: str, key: Item) -> tuple[Item, Position | None]:
        """A key in canonical form, and where its item belongs in a table if that can be told at once.

        There need not be such a table, nor need it be a key. What is returned may be the very key that was given.
        """
        table = self.tables.get(name)
        position = None if table is None else table.locate_usual_key(key)
        return (normalize_attributes(key) if position is None else key), position

    def fork(self) -> Store:
        """A store of its own that holds the same.

        It costs next to nothing until a table is changed in one of the two, which then copies its views of the items;
        the items themselves are never copied.
        """
        forked = Store()
        forked.tables = {name: table.fork() for name, table in self.tables.items()}
        forked.tokens = self.tokens.copy()
        forked.now = self.now
        return forked
