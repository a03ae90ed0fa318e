"""`Alarm`: a timer that is set for each request, and seldom asks the event loop for anything.

Almost every request ends long before its time is up. So the alarm rings at the earliest time it was set for, looks what
is due then, and is set for the next time. A timer of the loop for each request would take as long as half a send.
"""

from __future__ import annotations

import asyncio
import contextvars
import time
from collections.abc import Callable
from typing import Final

NEVER: Final = float("inf")


class Alarm:
    """Calls a function at the earliest of the times it is set for. It holds no reference to the event loop.

    Args:
        ring: Ends whatever is due at a time, by `time.monotonic`, and returns the next time at which something may be.
    """

    __slots__ = ("_ring", "at")

    def __init__(self, ring: Callable[[float], float]) -> None:
        self._ring = ring
        self.at = NEVER

    def set(self, loop: asyncio.AbstractEventLoop, at: float) -> None:
        """Have it ring at a time, unless it will ring before; callers may compare with `at` themselves."""
        if at < self.at:
            self.at = at
            # Without the context variables of the task that happens to be the first: the loop would keep them.
            contextvars.Context().run(loop.call_later, at - time.monotonic(), self._go_off, loop, at)

    def _go_off(self, loop: asyncio.AbstractEventLoop, at: float) -> None:
        if at != self.at:  # it was set for an earlier time since, and has rung then
            return
        self.at = NEVER
        self.set(loop, self._ring(time.monotonic()))
