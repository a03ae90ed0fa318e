"""A backend whose operations are awaited, for attacks that were written for one that blocks."""

from __future__ import annotations

import asyncio
import importlib
import importlib.util
import time
from collections.abc import Callable
from typing import Any

from dynamongo.backends.dynamodb import DynamoDBBackend
from dynamongo.testing.contract import Awaited

LOOPS = ("asyncio", "uvloop") if importlib.util.find_spec("uvloop") else ("asyncio",)
COLOURS = ("blocking", *LOOPS)
"""Requests that block, and those that are awaited on the loops that are installed."""


def find_loop(name: str) -> Callable[[], asyncio.AbstractEventLoop]:
    """Return what makes a new event loop of one of `LOOPS`."""
    found: Callable[[], asyncio.AbstractEventLoop] = importlib.import_module(name).new_event_loop
    return found


class AwaitedBackend(Awaited):
    """Awaits the operations of all threads as tasks of one event loop, which a test may stall."""

    def __init__(self, backend: DynamoDBBackend, new_loop: Callable[[], asyncio.AbstractEventLoop]) -> None:
        super().__init__(backend, self._open_loop)
        self.describe_transport = backend.describe_transport
        self._make_loop = new_loop
        self._opened: asyncio.AbstractEventLoop | None = None

    def _open_loop(self) -> asyncio.AbstractEventLoop:
        self._opened = self._make_loop()
        return self._opened

    def stall(self, seconds: float) -> None:
        """Have the loop, which an operation has started, do nothing for a while."""
        assert self._opened is not None
        self._opened.call_soon_threadsafe(time.sleep, seconds)


def give_colour(backend: DynamoDBBackend, name: str) -> Any:
    """Return the backend in one of `COLOURS`; close what is returned."""
    return backend if name == "blocking" else AwaitedBackend(backend, find_loop(name))
