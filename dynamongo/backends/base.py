"""The interface of a backend.

A backend executes one operation at a time. It knows nothing of models, plans, retries or pages. These are its rules,
which `dynamongo.testing.contract` checks:

- `execute` makes at most one request (in memory: one atomic step);
- it raises nothing but `dynamongo.exceptions`;
- neither side changes an object that has crossed the interface;
- the order of items is defined for `Query` only.

A backend may also offer:

- a second parameter of `execute`, `seconds: float | None = None`: the operation gives up after that time, with a
  `ServiceError` that says whether the request was sent, and every `BackendError` has the time it took in `.seconds`.
  Without this parameter, deadlines are checked only between attempts;
- `monotonic()`: the time in seconds by the clock of `wait`; the default is `time.monotonic`;
- `call_later(seconds, function)`: calls the function when so many seconds have passed by that clock, and returns what
  takes the call back. Without it, or if it is `None`, what has to be done in time waits in a thread or task;
- `clock()`: the time in seconds since the epoch; the default is `time.time`;
- `execute` marked by `uses_reader`: what arrives is JSON, of which the `reader` of an operation reads the items;
- `max_attempts`: the maximum number of requests for one call if the connection has no `retries=`, or `None`;
- `execute_async` and `wait_async`, as `AsyncBackend` declares them, for the verbs that are awaited. Without them, or
  where a subclass overrides `execute` alone, `execute` and `wait` run in a thread;
- `open_async()`, awaited before the first awaited operation: it does what would otherwise block the event loop, in
  properties such as `max_attempts` too;
- `close_async()`, awaited in place of `close` on a running event loop: it waits for what is closed;
- `was_sent = False` on the `CancelledError` of an awaited operation: it was not sent, and so not executed;
- `is_local = True`: it does no I/O, so that a blocking call delays an event loop no more than any other code.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any, Protocol, TypeVar

from dynamongo._support.dataclasses import dataclass
from dynamongo.exceptions import UnsupportedOperation
from dynamongo.operations import MAX_BATCH_GET, MAX_BATCH_WRITE, Operation

R = TypeVar("R")
E = TypeVar("E", bound=Callable[..., Any])


@dataclass(frozen=True, slots=True)
class Limits:
    """How much a backend accepts in one request; the executor splits work accordingly.

    Attributes:
        batch_get: The maximum number of keys in a `BatchGet`.
        batch_write: The maximum number of writes in a `BatchWrite`.
        concurrency: How many operations may usefully run at the same time, each in a thread of its own.
    """

    batch_get: int = MAX_BATCH_GET
    batch_write: int = MAX_BATCH_WRITE
    concurrency: int = 10


class Backend(Protocol):
    """Executes operations."""

    @property
    def name(self) -> str:
        """The name under which the backend is registered, such as `"memory"`."""
        ...

    @property
    def limits(self) -> Limits:
        """How much the backend accepts in one request."""
        ...

    def execute(self, operation: Operation[R]) -> R:
        """Execute one operation and return its result.

        Raises:
            ConditionalCheckFailedException: The operation's condition did not hold.
            BackendError: The store refused the operation, or failed.
            UnsupportedOperation: The backend does not know the operation.
        """
        ...

    def wait(self, seconds: float) -> None:
        """Wait before a retry."""
        ...

    def close(self) -> None:
        """Release the backend's resources. It may be called more than once."""
        ...


class AsyncBackend(Backend, Protocol):
    """Executes operations on an event loop of asyncio, too."""

    async def execute_async(self, operation: Operation[R], seconds: float | None = None) -> R:
        """Execute one operation as `execute` does, without blocking the event loop.

        If the task is cancelled, the operation has been executed or not; nothing of it happens afterwards.

        Args:
            operation: The operation.
            seconds: How long it may take; see above.
        """
        ...

    async def wait_async(self, seconds: float) -> None:
        """Wait before a retry, without blocking the event loop."""
        ...


def takes_seconds(backend: Backend) -> bool:
    """Return whether `execute` has the parameter `seconds`, which an override in a subclass may lack."""
    # Read from the code object, since `inspect` takes long to import. Keyword-only parameters, which are not in
    # `co_argcount`, do not count: `make_bounded` passes the argument by position.
    code = getattr(backend.execute, "__code__", None)
    return code is not None and "seconds" in code.co_varnames[: code.co_argcount]


def uses_reader(execute: E) -> E:
    """Mark the `execute` of a backend that reads items with the `reader` of an operation, and returns `ReadItems`.

    An `execute` without the mark, of a subclass, a wrapper or a test, never gets a reader: it may look at the items.
    """
    marked: Any = execute
    marked.uses_reader = execute  # and not `True`: `functools.wraps` copies the mark to wrappers
    return execute


def takes_reader(backend: Backend) -> bool:
    """Return whether the `execute` of the backend is marked by `uses_reader`."""
    execute: Any = backend.execute
    return getattr(execute, "uses_reader", None) is getattr(execute, "__func__", execute)


def make_bounded(backend: Backend) -> Callable[[Operation[R], float | None], R]:
    """Return the backend's `execute` with a second argument, a time limit in seconds.

    The limit has no effect if the backend's `execute` does not take one.
    """
    if takes_seconds(backend):
        execute: Any = backend.execute
        return execute  # type: ignore[no-any-return]  # the protocol declares only what every backend has
    return lambda operation, _: backend.execute(operation)


def is_awaitable(backend: Backend) -> bool:
    """Return whether the backend's own `execute_async` does what its `execute` does.

    An `execute` that is overridden by itself, in a subclass or on the backend, would be bypassed.
    """
    own = getattr(backend, "__dict__", {})
    for names in (own, *map(vars, type(backend).__mro__)):
        if "execute_async" in names:
            return True
        if "execute" in names:
            return False
    return hasattr(backend, "execute_async")  # found by `__getattr__`, as a wrapper may do


def make_awaitable(backend: Backend) -> Callable[[Operation[R], float | None], Awaitable[R]]:
    """Return what executes an operation within a time limit without blocking the event loop."""
    found: Any = backend
    if is_awaitable(backend):
        return found.execute_async  # type: ignore[no-any-return]  # the protocol declares only what every backend has
    execute: Callable[[Operation[R], float | None], R] = make_bounded(backend)
    return lambda operation, seconds: _run_in_thread(execute, operation, seconds)


async def open_async(backend: Backend) -> None:
    """Have the backend do what its first operation would otherwise block the event loop with.

    Raises:
        UnsupportedOperation: No event loop of asyncio is running, and the backend does I/O.
    """
    if not getattr(backend, "is_local", False):
        check_framework()
    opening: Callable[[], Awaitable[object]] | None = getattr(backend, "open_async", None)
    if opening is not None:
        await opening()


def check_framework() -> None:
    """Raise `UnsupportedOperation` for a coroutine that does not run on asyncio."""
    import asyncio  # noqa: PLC0415 - as below

    try:
        asyncio.get_running_loop()
    except RuntimeError as error:
        raise refuse_framework() from error


def refuse_framework() -> UnsupportedOperation:
    """Return the error of a coroutine that does not run on asyncio."""
    return UnsupportedOperation(
        "dynamongo awaits on asyncio, and this coroutine runs on something else: run it by `asyncio.run`, or by anyio"
        " in its asyncio mode; elsewhere call the blocking verbs in a thread"
    )


def note_sent(interruption: BaseException, *, was_sent: bool) -> None:
    """Set `was_sent` of a `CancelledError`: whether the store may have got the operation."""
    cancelled: Any = interruption
    cancelled.was_sent = was_sent


def note_unsent(interruption: BaseException) -> None:
    """Set `was_sent` of a `CancelledError` to `False`, unless it is set: the operation has not been executed."""
    if not isinstance(interruption, Exception) and not hasattr(interruption, "was_sent"):
        note_sent(interruption, was_sent=False)


async def wait_async(backend: Backend, seconds: float) -> None:
    """Wait before a retry, without blocking the event loop."""
    found: Any = backend
    if is_awaitable(backend):
        await found.wait_async(seconds)
    else:
        await _run_in_thread(backend.wait, seconds)


async def _run_in_thread(function: Callable[..., R], *arguments: Any) -> R:
    """Call the function in a thread of the event loop's executor; if the task is cancelled, the call goes on there."""
    import asyncio  # noqa: PLC0415 - whoever awaits has imported it; nobody else needs it

    return await asyncio.to_thread(function, *arguments)
