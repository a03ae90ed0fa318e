"""Overrides: what the `Connection.using` blocks that are open put in the place of a connection's own.

A block holds for a context (a thread or an asyncio task, and the tasks started in it) or, with `everywhere=True`, for
the whole process. The block that was opened last wins, whichever kind it is.
"""

from __future__ import annotations

import itertools
from contextvars import ContextVar
from typing import Final, TypeVar

from dynamongo._support.generics import Generic
from dynamongo.backends import Backend
from dynamongo.connection.table_names import TableNames

T = TypeVar("T")

_numbers = itertools.count()


class Overrides(Generic[T]):
    """The open blocks that set one thing.

    Each is a pair of its unique number, so that comparing two blocks never compares what they set, and that.

    Attributes:
        in_context: The blocks of the current context, in the order in which they were opened.
        in_process: Those of the whole process. Needs no lock, since `append` and `remove` are atomic.
        anywhere: Those of the process and of all contexts.
    """

    def __init__(self, name: str) -> None:
        self.in_context: ContextVar[tuple[tuple[int, T], ...]] = ContextVar(name, default=())
        self.in_process: list[tuple[int, T]] = []
        self.anywhere: list[tuple[int, T]] = []

    def open(self, value: T | None, *, in_process: bool) -> tuple[int, T] | None:
        """Open a block, for the process or for the current context; `None` sets nothing, and opens none."""
        if value is None:
            return None
        block = next(_numbers), value
        self.anywhere.append(block)
        if in_process:
            self.in_process.append(block)
        else:
            self.in_context.set((*self.in_context.get(), block))
        return block

    def close(self, block: tuple[int, T] | None) -> None:
        """Close a block, in whichever context it was opened: those of generators and fixtures end in any order."""
        if block is None:
            return
        for blocks in (self.anywhere, self.in_process):
            if block in blocks:
                blocks.remove(block)
        self.in_context.set(tuple(each for each in self.in_context.get() if each is not block))

    def latest(self) -> T | None:
        """Return what the block sets that was opened last, among those that hold here."""
        blocks = (*self.in_context.get(), *self.in_process)
        return max(blocks)[1] if blocks else None


backends: Final[Overrides[Backend]] = Overrides("dynamongo_backends")
prefixes: Final[Overrides[TableNames]] = Overrides("dynamongo_table_prefixes")
open_prefixes: Final = prefixes.anywhere
"""Bound once: every request looks whether there is one, and few programs have any."""
