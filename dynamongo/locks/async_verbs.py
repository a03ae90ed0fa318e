"""The facet `aio` of locks: what makes requests, awaited."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from typing import TYPE_CHECKING, Any, Final

from dynamongo.exceptions import LockNotAcquired

if TYPE_CHECKING:
    from dynamongo.locks.lock import Lock

_finishing: Final[set[asyncio.Task[None]]] = set()
"""Requests that go on although their task was cancelled; an event loop does not keep its tasks alive."""


class AsyncLockVerbs:
    """The verbs of a `Lock`, awaited: `lock.aio`.

    Args:
        lock: The lock.
    """

    __slots__ = ("_lock",)

    def __init__(self, lock: Lock) -> None:
        self._lock = lock

    async def acquire(self, timeout: float | None = None) -> Lock:
        """Acquire the lock as `Lock.acquire` does. If the task is cancelled meanwhile, it is not held."""
        lock = self._lock
        attempt, backend = lock.begin(timeout)
        connection = attempt.requests.connection
        try:
            hold = await connection.run_async(attempt.steps, backend)
        except (Exception, asyncio.CancelledError):
            try:
                if attempt.is_pending:
                    await _finish(connection.run_async(attempt.abandon, backend))
            finally:
                lock.fail(attempt)
            raise
        lock.keep(hold, backend, in_task=True)
        return lock

    async def try_acquire(self) -> bool:
        """Acquire the lock without waiting; return whether it is held now."""
        try:
            await self.acquire(timeout=0)
        except LockNotAcquired:
            return False
        return True

    async def renew(self) -> None:
        """Begin a new lease now, as `Lock.renew` does."""
        hold, backend = self._lock.current()
        hold.check()
        await hold.requests.connection.run_async(hold.renew, backend)

    async def release(self) -> None:
        """Release the lock as `Lock.release` does. If the task is cancelled meanwhile, the request goes on."""
        hold, backend = self._lock.end()
        await _finish(hold.requests.connection.run_async(hold.release, backend))


async def _finish(request: Coroutine[Any, Any, None]) -> None:
    """Await a request in a task of its own, which goes on if the current one is cancelled."""
    task = asyncio.create_task(request)
    _finishing.add(task)
    task.add_done_callback(_end)
    await asyncio.shield(task)


def _end(task: asyncio.Task[None]) -> None:
    _finishing.discard(task)
    if not task.cancelled():
        task.exception()  # or asyncio would log that nobody has looked at it
