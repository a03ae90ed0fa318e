"""Run several asynchronous generators concurrently, each in its own task, and merge their results into one stream.

The counterpart of `_support.threads`. It does without `asyncio.TaskGroup`, which Python 3.10 has not.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncGenerator, Callable, Iterable, Iterator
from typing import Generic, TypeAlias, TypeVar

from dynamongo._support.dataclasses import dataclass
from dynamongo.backends.base import check_framework

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class _Result(Generic[T]):
    value: T


_Message: TypeAlias = "_Result[T] | asyncio.Task[None]"
"""A result of a source, or the task of a source that has ended."""


async def merge_tasks(
    sources: Iterable[AsyncGenerator[T]], workers: int, on_stop: Callable[[], None] | None = None
) -> AsyncGenerator[T]:
    """Yield the results of all sources as they arrive, running at most `workers` sources at once.

    Sources are taken from the iterable as workers become free; with one worker everything runs in the reader's task,
    one source after the other. A source that is ahead of the reader waits for it.

    The first error cancels all other sources, and is raised when they have ended; their remaining results are dropped.
    Cancelling the reader and closing the generator cancel the sources as well. Use it in `contextlib.aclosing`: an
    event loop closes a generator that is left by `break` only when the garbage collector has found it.

    Args:
        sources: The generators to merge.
        workers: How many sources run at once.
        on_stop: Called when the sources have to stop early, before they are cancelled.
    """
    if workers == 1:
        for source in sources:
            async with contextlib.aclosing(source):
                async for result in source:
                    yield result
        return
    async with contextlib.aclosing(_merge(iter(sources), workers, on_stop)) as merged:
        async for result in merged:
            yield result


async def _merge(
    sources: Iterator[AsyncGenerator[T]], workers: int, on_stop: Callable[[], None] | None
) -> AsyncGenerator[T]:
    check_framework()  # a task that could not be started would be a coroutine that is never awaited
    crew = _TaskCrew[T](workers)
    try:
        while True:
            while crew.active < workers and (source := next(sources, None)) is not None:
                crew.take(source)
            if not crew.active:
                on_stop = None  # all sources ended by themselves: there is nothing to stop
                return
            message = await crew.messages.get()
            if isinstance(message, _Result):
                crew.room.release()
                yield message.value
                continue
            crew.active -= 1
            message.result()  # raises the error that the source has ended with
    finally:
        await crew.stop(on_stop)


class _TaskCrew(Generic[T]):
    """The tasks that draw from sources for one reader.

    Attributes:
        active: How many sources are running.
        messages: The results and ends of the sources.
        room: Has room for each result that may be produced ahead of the reader.
    """

    def __init__(self, workers: int) -> None:
        self.active = 0
        self.messages: asyncio.Queue[_Message[T]] = asyncio.Queue()
        self.room = asyncio.Semaphore(2 * workers)
        self._tasks: set[asyncio.Task[None]] = set()

    def take(self, source: AsyncGenerator[T]) -> None:
        """Draw from the source in a task, which has a copy of the reader's context."""
        self.active += 1
        task = asyncio.create_task(self._draw(source))
        self._tasks.add(task)
        task.add_done_callback(self._end)

    async def stop(self, on_stop: Callable[[], None] | None) -> None:
        """Cancel every source, and wait until all have ended, even if the waiting task is cancelled itself."""
        if on_stop is not None:
            on_stop()
        for task in self._tasks:
            task.cancel()
        interruption: asyncio.CancelledError | None = None
        while self._tasks:
            try:
                await asyncio.wait(self._tasks)
            except asyncio.CancelledError as error:
                interruption = error  # raised when no task is left, which cannot take long: all are cancelled
        if interruption is not None:
            raise interruption

    async def _draw(self, source: AsyncGenerator[T]) -> None:
        async with contextlib.aclosing(source):
            await self.room.acquire()
            async for result in source:
                self.messages.put_nowait(_Result(result))
                await self.room.acquire()
        self.room.release()  # what was acquired for one more result

    def _end(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        if not task.cancelled():
            task.exception()  # or asyncio would log that nobody has looked at it, if it is not the first
        self.messages.put_nowait(task)
