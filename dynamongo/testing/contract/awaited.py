"""`Awaited`, a backend that blocks while it awaits another one."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Coroutine
from typing import TYPE_CHECKING, Any, TypeVar

from dynamongo.backends.base import Backend, make_awaitable, wait_async
from dynamongo.operations import Operation

if TYPE_CHECKING:
    from typing_extensions import Self

R = TypeVar("R")


class Awaited:
    """Executes operations with the `execute_async` of a backend, on an event loop in a thread of its own.

    What tests a backend through this wrapper, such as `BackendContract`, tests what it does when it is awaited. Each
    call is a task with the context of its caller, so that calls of several threads are tasks at once.

    Args:
        backend: The backend. `close` closes it, too.
        new_loop: Creates the event loop, as `uvloop.new_event_loop` does.
    """

    def __init__(
        self, backend: Backend, new_loop: Callable[[], asyncio.AbstractEventLoop] = asyncio.new_event_loop
    ) -> None:
        self.name = backend.name
        self.limits = backend.limits
        self._backend = backend
        self._new_loop = new_loop
        self._running: tuple[asyncio.AbstractEventLoop, threading.Thread] | None = None
        self._lock = threading.Lock()

    def execute(self, operation: Operation[R], seconds: float | None = None) -> R:
        """Execute an operation with the backend's `execute_async`."""
        return self._await(_execute(self._backend, operation, seconds))

    def wait(self, seconds: float) -> None:
        """Wait with the backend's `wait_async`."""
        self._await(wait_async(self._backend, seconds))

    def close(self) -> None:
        """Close the backend and the event loop. The next operation would start another loop."""
        with self._lock:
            running, self._running = self._running, None
        if running is not None:
            loop, thread = running
            loop.call_soon_threadsafe(loop.stop)
            thread.join()
            close_loop(loop, self._backend)
        self._backend.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _await(self, call: Coroutine[Any, Any, R]) -> R:
        future = asyncio.run_coroutine_threadsafe(call, self._find_loop())
        try:
            return future.result()
        finally:
            future.cancel()  # after Ctrl-C; otherwise it is done

    def _find_loop(self) -> asyncio.AbstractEventLoop:
        with self._lock:
            if self._running is None:
                loop = self._new_loop()
                self._running = (
                    loop,
                    threading.Thread(target=loop.run_forever, name=f"awaited {self.name}", daemon=True),
                )
                self._running[1].start()
            return self._running[0]


async def _execute(backend: Backend, operation: Operation[R], seconds: float | None) -> R:
    return await make_awaitable(backend)(operation, seconds)


def close_loop(loop: asyncio.AbstractEventLoop, backend: Backend) -> None:
    """Close the connections that a backend has on an event loop, and then the loop."""
    close: Any = getattr(backend, "close_async", None)
    try:
        if close is not None:
            loop.run_until_complete(close())
        loop.run_until_complete(loop.shutdown_default_executor())
    finally:
        loop.close()
