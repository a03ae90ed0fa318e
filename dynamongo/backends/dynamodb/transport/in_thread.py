"""What runs in a thread, since it would block an event loop: boto3's requests and start, and asking for credentials."""

from __future__ import annotations

import asyncio
import weakref
from collections.abc import Callable
from typing import Any, Generic, TypeVar

from dynamongo.backends.base import note_sent

R = TypeVar("R")


async def send_in_thread(send: Callable[..., R], *arguments: Any) -> R:
    """Send a request in a thread, which goes on if the task is cancelled."""
    try:
        return await asyncio.to_thread(send, *arguments)
    except asyncio.CancelledError as error:
        note_sent(error, was_sent=True)
        raise


class OnceInThread(Generic[R]):
    """Calls a function in a thread. Tasks of a loop that need its result at the same time share one call.

    Args:
        function: What to call; it may raise anything, which each of the tasks gets.
    """

    def __init__(self, function: Callable[[], R]) -> None:
        self._function = function
        self._running: weakref.WeakKeyDictionary[asyncio.AbstractEventLoop, asyncio.Task[R]]
        self._running = weakref.WeakKeyDictionary()

    async def call(self) -> R:
        """Return the result. A task that is cancelled does not cancel the call."""
        loop = asyncio.get_running_loop()
        running = self._running.get(loop)
        if running is None:
            running = self._running[loop] = loop.create_task(asyncio.to_thread(self._function))
            running.add_done_callback(lambda _: self._running.pop(loop, None))  # it would keep the loop alive
        return await asyncio.shield(running)
