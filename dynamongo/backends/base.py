"""The interface of a backend.

A backend executes one operation at a time and knows no models, plans, retries or pages. Its rules, which
`dynamongo.testing.contract` checks:

- `execute` makes at most one request (one atomic step, in memory);
- it raises nothing but `dynamongo.exceptions`;
- what crosses the interface belongs to both sides and is changed by neither;
- the order of items is defined for `Query` alone.
"""

from __future__ import annotations

from typing import Protocol, TypeVar

from dynamongo.frozen import dataclass
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
