"""What the tests of locks have in common: a table of locks, and a colour in which their verbs are called."""

from __future__ import annotations

import asyncio
import inspect
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from colours import COLOURS

from dynamongo import Connection, Lock, LockItem
from dynamongo.backends.memory import MemoryBackend, VirtualClock


class Verbs:
    """Calls the verbs of locks in one colour, always on one event loop."""

    def __init__(self, colour: str) -> None:
        self.colour = colour
        self.loop = asyncio.new_event_loop()

    def __call__(self, lock: Lock, verb: str, *arguments: Any, **named: Any) -> Any:
        result = getattr(lock if self.colour == "blocking" else lock.aio, verb)(*arguments, **named)
        return self.loop.run_until_complete(result) if inspect.iscoroutine(result) else result

    def within(self, lock: Lock, block: Callable[[], None]) -> None:
        """Call a function in the block of the lock."""
        if self.colour == "blocking":
            with lock:
                block()
            return

        async def run() -> None:
            async with lock:
                block()

        self.loop.run_until_complete(run())


@pytest.fixture(params=COLOURS)
def verbs(request: pytest.FixtureRequest) -> Iterator[Verbs]:
    found = Verbs(request.param)
    yield found
    found.loop.close()


@pytest.fixture
def clock() -> VirtualClock:
    return VirtualClock()


@pytest.fixture
def memory(clock: VirtualClock) -> Iterator[MemoryBackend]:
    """A memory backend with a virtual clock, which serves all models, and has a table of locks."""
    with Connection.using(MemoryBackend(clock=clock)) as backend:
        LockItem.create_table()
        assert isinstance(backend, MemoryBackend)
        yield backend
        backend.close()
