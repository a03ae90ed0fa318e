"""Run asynchronous rivals: await their calls one after the other, on one event loop."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import TypeVar

T = TypeVar("T")


class Loop:
    """An event loop that runs on demand, so that starting one is not measured."""

    def __init__(self) -> None:
        self._loop = asyncio.new_event_loop()

    def do(self, awaitable: Awaitable[T]) -> T:
        """Await it, and return its result."""
        return self._loop.run_until_complete(awaitable)

    def repeat(self, work: Callable[[], Awaitable[object]]) -> Callable[[int], object]:
        """Return a function that awaits the work a number of times, in one run of the loop."""

        async def run(count: int) -> None:
            for _ in range(count):
                await work()

        return lambda count: self.do(run(count))

    def close(self) -> None:
        """Close the loop."""
        self._loop.close()
