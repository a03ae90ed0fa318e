"""The store: all that a memory backend keeps, and that its operations work on."""

from __future__ import annotations

from collections.abc import Callable

from dynamongo.backends.memory.table import Table
from dynamongo.backends.memory.tokens import Tokens
from dynamongo.exceptions import TableNotFound


class Store:
    """The tables by name, the tokens of late transactions, and the clock: seconds since the epoch."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self.tables: dict[str, Table] = {}
        self.tokens = Tokens()
        self.clock = clock

    def find_table(self, name: str) -> Table:
        """The table of that name; raises `TableNotFound`."""
        table = self.tables.get(name)
        if table is None:
            raise TableNotFound("Requested resource not found")
        return table
