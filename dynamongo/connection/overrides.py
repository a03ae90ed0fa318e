"""Overrides: the backends of the `Connection.using` blocks that are open.

A block holds for a context (a thread or an asyncio task, and the tasks started in it) or, with `everywhere=True`, for
the whole process. The block that was opened last wins, whichever kind it is.
"""

from __future__ import annotations

import itertools
from contextvars import ContextVar
from typing import TypeAlias

from dynamongo.backends import Backend

Override: TypeAlias = tuple[int, Backend]
"""An open block: its unique number, so that comparing two blocks never compares their backends; and its backend."""

in_context: ContextVar[tuple[Override, ...]] = ContextVar("dynamongo_backends", default=())
"""The open blocks of the current context, in the order in which they were opened."""

open_in_context = in_context.get
"""Bound once, because every request calls it."""

process_blocks: list[Override] = []
"""The open blocks of the whole process. Needs no lock, since `append` and `remove` are atomic."""

_numbers = itertools.count()


def open_override(backend: Backend, *, in_process: bool) -> Override:
    """Open a block, for the process or for the current context."""
    block = next(_numbers), backend
    if in_process:
        process_blocks.append(block)
    else:
        in_context.set((*in_context.get(), block))
    return block


def close_override(block: Override) -> None:
    """Close a block, in whichever context it was opened: blocks of generators and fixtures may end in any order."""
    if block in process_blocks:
        process_blocks.remove(block)
    in_context.set(tuple(each for each in in_context.get() if each is not block))


def latest_override() -> Backend | None:
    """Return the backend of the block that was opened last, among those that hold here."""
    blocks = (*in_context.get(), *process_blocks)
    return max(blocks)[1] if blocks else None
