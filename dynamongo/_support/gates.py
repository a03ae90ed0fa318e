"""Gates: where threads, or tasks of an event loop, wait until what they share has changed."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import asyncio


class Gate:
    """Locks what threads or tasks share, and lets them wait for changes of it.

    Everybody who waits at one gate is a thread, or everybody is a task of one event loop.
    """

    def __init__(self) -> None:
        self._changed = threading.Condition()  # re-entrant: the garbage collector may close a stream anywhere
        self._tasks: list[asyncio.Future[None]] = []
        """One for each task that waits."""

    def __enter__(self) -> None:
        self._changed.acquire()

    def __exit__(self, *_: object) -> None:
        self._changed.release()

    def notify_all(self) -> None:
        """Have everybody who waits look again. The caller holds the lock."""
        self._changed.notify_all()
        for task in self._tasks:
            if not task.done():
                task.set_result(None)

    def wait_for(self, is_ready: Callable[[], bool]) -> None:
        """Block until the function returns true; it is called under the lock, and may take what it finds free."""
        with self._changed:
            self._changed.wait_for(is_ready)

    async def wait_for_async(self, is_ready: Callable[[], bool]) -> None:
        """Wait as `wait_for` does, without blocking the event loop."""
        from asyncio import get_running_loop  # noqa: PLC0415 - whoever awaits has imported it; nobody else needs it

        while not is_ready():  # nothing is awaited between the last call and the return
            task = get_running_loop().create_future()
            self._tasks.append(task)
            try:
                await task
            finally:
                self._tasks.remove(task)
