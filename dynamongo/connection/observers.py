"""Observers: what is notified of the requests of a block of code; see `recording`.

They hold for the current thread or asyncio task, and for the threads that dynamongo itself starts in it.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Generator
from contextvars import ContextVar
from typing import TYPE_CHECKING, Any, Protocol, TypeVar

from dynamongo.operations import Capacity, Operation

R = TypeVar("R")


if TYPE_CHECKING:

    class Observer(Protocol):
        """Something that is notified before and after every request."""

        def before(self, operation: Operation[Any]) -> None:
            """Handle an operation that is about to be executed; raise to prevent that."""
            ...

        def after(self, operation: Operation[Any], consumed: Capacity, error: Exception | None) -> None:
            """Handle an operation that was executed or has failed."""
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
    for observer in watching:
        observer.before(operation)
    try:
        result = execute(operation, seconds)
    except Exception as error:
        for observer in watching:
            observer.after(operation, Capacity(), error)
        raise
    for observer in watching:  # operations on tables consume no capacity
        observer.after(operation, getattr(result, "consumed", Capacity()), None)
    return result


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
