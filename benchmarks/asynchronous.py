"""Run asynchronous rivals: await their calls, on one event loop."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import TypeVar

T = TypeVar("T")
MakeLoop = Callable[[], asyncio.AbstractEventLoop]


class Loop:
    """An event loop that runs on demand, so that starting one is not measured."""

    def __init__(self, make_loop: MakeLoop = asyncio.new_event_loop) -> None:
        self._loop = make_loop()

    def do(self, awaitable: Awaitable[T]) -> T:
        """Await it, and return its result."""
        return self._loop.run_until_complete(awaitable)

    def repeat(self, work: Callable[[], Awaitable[object]], tasks: int = 1) -> Callable[[int], object]:
        """Return a function that awaits the work a number of times, in one run of the loop.

        Of several tasks, each does its share, one call after the other.
        """

        async def run(count: int) -> None:
            for _ in range(count):
                await work()

        async def run_all(count: int) -> None:
            await asyncio.gather(*map(run, share(count, tasks)))

        return lambda count: self.do(run(count) if tasks == 1 else run_all(count))

    def close(self) -> None:
        """Close the loop."""
        self._loop.close()


def share(count: int, size: int) -> list[int]:
    """Return how many repetitions each of several threads or tasks has."""
    return [count // size + (number < count % size) for number in range(size)]
