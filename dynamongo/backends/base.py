"""The interface of a backend.

A backend executes one operation at a time and knows no models, plans, retries or pages. Its rules, which
`dynamongo.testing.contract` checks:

- `execute` makes at most one request (one atomic step, in memory);
- it raises nothing but `dynamongo.exceptions`;
- what crosses the interface belongs to both sides and is changed by neither;
- the order of items is defined for `Query` alone.

A backend may offer more, which is looked for and may be missing:

- a second parameter of `execute`, `seconds: float | None = None`: the operation gives up after so many seconds, with a
  `ServiceError` that says whether the request was sent, and any `BackendError` has in `.seconds` how long it took.
  Without the parameter, time is looked at between attempts alone;
- `monotonic()`: the time in seconds by the clock that `wait` goes by; `time.monotonic` without it;
- `max_attempts`: how many requests a call makes at most where the connection has no `retries=`, or `None`.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Protocol, TypeVar

from dynamongo._support.dataclasses import dataclass
from dynamongo.operations import Operation

R = TypeVar("R")


@dataclass(frozen=True, slots=True)
class Limits:
    """How much a backend takes in one request; the executor cuts the work to measure."""

    batch_get: int = 100
    batch_write: int = 25
    concurrency: int = 10
    """How many operations it is worth having under way at once, each in a thread of its own."""


class Backend(Protocol):
    """What executes operations."""

    @property
    def name(self) -> str:
        """The name it is registered under, such as `"memory"`."""
        ...

    @property
    def limits(self) -> Limits:
        """How much it takes in one request."""
        ...

    def execute(self, operation: Operation[R]) -> R:
        """Do one operation and return its result.

        Raises:
            ConditionalCheckFailedException: The operation's condition did not hold.
            BackendError: The store refused the operation, or failed.
            UnsupportedOperation: The backend does not know the operation.
        """
        ...

    def wait(self, seconds: float) -> None:
        """Let time pass: the pause before something is tried again."""
        ...

    def close(self) -> None:
        """Give back what the backend holds. It may be called twice."""
        ...


def takes_seconds(backend: Backend) -> bool:
    """Whether `execute` has the parameter `seconds`; an override that has not is called as it wants to be."""
    code = getattr(backend.execute, "__code__", None)
    return code is not None and "seconds" in code.co_varnames[: code.co_argcount]


def bound(backend: Backend) -> Callable[[Operation[R], float | None], R]:
    """The backend's `execute` with a bound in seconds, which has no effect if the backend takes none."""
    if takes_seconds(backend):
        execute: Any = backend.execute
        return execute  # type: ignore[no-any-return]  # the protocol has what every backend offers
    return lambda operation, _: backend.execute(operation)
