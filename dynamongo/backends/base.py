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
- `execute` marked by `uses_reader`: what arrives is JSON, of which the `reader` of an operation reads the items;
- `max_attempts`: the maximum number of requests for one call if the connection has no `retries=`, or `None`.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Protocol, TypeVar

from dynamongo._support.dataclasses import dataclass
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
