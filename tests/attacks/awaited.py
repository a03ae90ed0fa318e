"""A backend whose operations are awaited, for attacks that were written for one that blocks."""

from __future__ import annotations

import asyncio
import importlib
import importlib.util
import threading
import time
from collections.abc import Callable
from typing import Any

from dynamongo.backends.dynamodb import DynamoDBBackend
from dynamongo.operations import AnyOperation

LOOPS = ("asyncio", "uvloop") if importlib.util.find_spec("uvloop") else ("asyncio",)
COLOURS = ("blocking", *LOOPS)
"""Requests that block, and those that are awaited on the loops that are installed."""


def find_loop(name: str) -> Callable[[], asyncio.AbstractEventLoop]:
    """Return what makes a new event loop of one of `LOOPS`."""
    found: Callable[[], asyncio.AbstractEventLoop] = importlib.import_module(name).new_event_loop
    return found


class AwaitedBackend:
    """Awaits the operations of all threads as tasks of one event loop, which runs in a thread of its own."""

    def __init__(self, backend: DynamoDBBackend, new_loop: Callable[[], asyncio.AbstractEventLoop]) -> None:
        self._backend = backend
        self._loop = new_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="loop")
        self._thread.start()

    def execute(self, operation: AnyOperation, seconds: float | None = None) -> Any:
        """Return the result of `execute_async`."""
        return asyncio.run_coroutine_threadsafe(self._execute(operation, seconds), self._loop).result()

    async def _execute(self, operation: AnyOperation, seconds: float | None) -> Any:
        return await self._backend.execute_async(operation, seconds)

    def stall(self, seconds: float) -> None:
        """Have the loop do nothing for a while."""
        self._loop.call_soon_threadsafe(time.sleep, seconds)

    def describe_transport(self) -> str:
        """Return what the backend says."""
        return self._backend.describe_transport()

    def close(self) -> None:
        """Close the backend, in a task, and end the loop."""
        try:
            asyncio.run_coroutine_threadsafe(self._backend.close_async(), self._loop).result(30)
        finally:
            self._loop.call_soon_threadsafe(self._loop.stop)
            self._thread.join()
            self._loop.run_until_complete(self._loop.shutdown_default_executor())
            self._loop.close()


def give_colour(backend: DynamoDBBackend, name: str) -> Any:
    """Return the backend in one of `COLOURS`; close what is returned."""
    return backend if name == "blocking" else AwaitedBackend(backend, find_loop(name))
