"""The store: all that a memory backend keeps, and that its operations work on."""

from __future__ import annotations

import math

from dynamongo.backends.memory.table import Table
from dynamongo.backends.memory.tokens import Tokens
from dynamongo.exceptions import TableNotFound


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
