"""Observers: what is notified of the requests of a block of code; see `recording`.

They hold for the current thread or asyncio task, for the tasks that are started in it, and for the threads that
dynamongo itself starts.
"""

from __future__ import annotations

import contextlib
from collections.abc import Awaitable, Callable, Generator
from contextvars import ContextVar
from typing import TYPE_CHECKING, Any, Protocol, TypeVar

from dynamongo.operations import Capacity, Operation

R = TypeVar("R")


if TYPE_CHECKING:
    from typing_extensions import Self

    class Observer(Protocol):
        """Something that is notified before and after every request."""

        def before(self, operation: Operation[Any]) -> None:
            """Handle an operation that is about to be executed; raise to prevent that."""
            ...

        def after(self, operation: Operation[Any], consumed: Capacity, error: BaseException | None) -> None:
            """Handle an operation that was executed, has failed, or was interrupted: it must not raise then."""
            ...


observers: ContextVar[tuple[Observer, ...]] = ContextVar("dynamongo_observers", default=())
"""The observers of the current thread or task."""


def execute_observed(
    execute: Callable[[Operation[R], float | None], R], operation: Operation[R], seconds: float | None
) -> R:
    """Execute the operation within a time limit, and notify the observers."""
    watching = observers.get()
    if not watching:
        return execute(operation, seconds)
    with _Watched(watching, operation) as watched:
        result = watched.result = execute(operation, seconds)
    return result


async def execute_observed_async(
    execute: Callable[[Operation[R], float | None], Awaitable[R]], operation: Operation[R], seconds: float | None
) -> R:
    """Execute the operation as `execute_observed` does, without blocking the event loop."""
    watching = observers.get()
    if not watching:
        return await execute(operation, seconds)
    with _Watched(watching, operation) as watched:
        result = watched.result = await execute(operation, seconds)
    return result


class _Watched:
    """An operation whose observers are notified before the block that executes it, and after.

    Not a `contextmanager`: a warning of an observer names the nearest caller outside dynamongo, which that would be.

    Attributes:
        result: What the block has found.
    """

    result: Any = None

    def __init__(self, watching: tuple[Observer, ...], operation: Operation[Any]) -> None:
        self._watching = watching
        self._operation = operation

    def __enter__(self) -> Self:
        for observer in self._watching:
            observer.before(self._operation)
        return self

    def __exit__(self, kind: object, error: BaseException | None, traceback: object) -> None:
        if error is None:  # operations on tables consume no capacity
            self._notify(getattr(self.result, "consumed", Capacity()), None)
        elif isinstance(error, Exception) or getattr(error, "was_sent", True):
            # Ctrl-C, or a task that is cancelled: the request may have been executed, unless it was not sent at all.
            self._notify(Capacity(), error)

    def _notify(self, consumed: Capacity, error: BaseException | None) -> None:
        for observer in self._watching:
            observer.after(self._operation, consumed, error)


@contextlib.contextmanager
def observe(observer: Observer) -> Generator[None]:
    """Notify the observer of the requests that the block makes."""
    # A new tuple, not a list: other contexts share the old value.
    observers.set((*observers.get(), observer))
    try:
        yield
    finally:
        # Not a token's reset: blocks of generators and fixtures may end in another order than they began.
        observers.set(tuple(each for each in observers.get() if each is not observer))
