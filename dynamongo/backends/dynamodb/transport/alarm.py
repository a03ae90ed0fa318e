"""`Alarm`: a timer that is set for each request, and rarely needs one of the event loop.

Almost every request ends long before its time is up. So the alarm rings at the earliest time it was set for, ends what
is due, and is set for the next time. A timer of the loop for each request would take as long as half a send.
"""

from __future__ import annotations

import asyncio
import contextvars
import time
import weakref
from collections.abc import Callable
from typing import Final

NEVER: Final = float("inf")


class Alarm:
    """Calls a function at the earliest of the times it is set for. It does not keep the event loop alive.

    Args:
        ring: Ends whatever is due at a time, by `time.monotonic`, and returns the next time at which something may be.
    """

    __slots__ = ("_refer_to_timer", "_ring", "at")

    def __init__(self, ring: Callable[[float], float]) -> None:
        self._ring = ring
        self._refer_to_timer: Callable[[], asyncio.TimerHandle | None] = _no_timer
        self.at = NEVER

    def set(self, loop: asyncio.AbstractEventLoop, at: float) -> None:
        """Set the alarm for a time, unless it rings earlier; comparing with `at` first saves this call."""
        if at < self.at:
            self.cancel()
            self.at = at
            # Without the context variables of the task that happens to be the first: the loop would keep them.
            timer = contextvars.Context().run(loop.call_later, at - time.monotonic(), self._go_off, loop, at)
            self._refer_to_timer = weakref.ref(timer)  # since a timer refers to its loop

    def cancel(self) -> None:
        """Have it ring no more. Until then, the loop keeps what the alarm belongs to."""
        self.at = NEVER
        timer = self._refer_to_timer()
        if timer is not None:
            timer.cancel()

    def _go_off(self, loop: asyncio.AbstractEventLoop, at: float) -> None:
        if at != self.at:  # its timer was cancelled when it was due already
            return
        self.at = NEVER
        self.set(loop, self._ring(time.monotonic()))


def _no_timer() -> None:
    """Return what a reference to a timer that is gone returns."""
