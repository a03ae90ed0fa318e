"""Both colours of a backend, for tests of what they have in common: `execute` of a fixture blocks or is awaited."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Iterator
from typing import Any, Protocol, TypeVar

import pytest
from cancelled import find_raised

from dynamongo.backends.dynamodb import DynamoDBBackend
from dynamongo.operations import Operation

R = TypeVar("R")


class Execute(Protocol):
    """Executes one operation on a backend."""

    def __call__(self, backend: DynamoDBBackend, operation: Operation[R], seconds: float | None = None) -> R: ...


def execute_blocking(backend: DynamoDBBackend, operation: Operation[R], seconds: float | None = None) -> R:
    """Execute an operation in this thread."""
    return backend.execute(operation, seconds)


async def cancel(task: asyncio.Future[Any]) -> bool:
    """Cancel a task, and return what its error says of the request: `was_sent`."""
    task.cancel()
    with pytest.raises(asyncio.CancelledError) as caught:
        await task
    error: Any = find_raised(caught.value)
    return bool(error.was_sent)


@contextlib.contextmanager
def open_loop() -> Iterator[Execute]:
    """Open an event loop, and give what awaits operations on it: all on the same loop, so connections are kept."""
    loop = asyncio.new_event_loop()

    def execute(backend: DynamoDBBackend, operation: Operation[R], seconds: float | None = None) -> R:
        return loop.run_until_complete(backend.execute_async(operation, seconds))

    try:
        yield execute
    finally:
        loop.run_until_complete(loop.shutdown_default_executor())
        loop.close()
