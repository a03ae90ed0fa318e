"""What the verbs for many items answer."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Generic, TypeVar

from dynamongo._support.dataclasses import dataclass, field
from dynamongo.exceptions import BulkWriteError, DynamongoError, WrittenButUnreadable
from dynamongo.operations import Capacity

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Failure(Generic[T]):
    """An item that a verb for many did not write, and why.

    Attributes:
        item: The item; for a delete by key, an instance that holds the key alone.
        error: What went wrong. A failed condition is a `ConditionalCheckFailedException`.
    """

    item: T
    error: DynamongoError

    @property
    def reason(self) -> str:
        """The error's class and text, for people."""
        return f"{type(self.error).__name__}: {self.error}"


@dataclass(frozen=True, slots=True)
class WriteOutcome(Generic[T]):
    """What became of one item of several.

    Attributes:
        index: Its place among the items that were given, from 0.
        item: The item: as it was given, found, or updated.
        error: What went wrong. `WrittenButUnreadable` comes after a write that was done; after any other error it was
            not, or nobody knows.
    """

    index: int
    item: T
    error: DynamongoError | None = None

    @property
    def is_done(self) -> bool:
        """Whether the item was written or deleted, whether or not it could be read afterwards."""
        return self.error is None or isinstance(self.error, WrittenButUnreadable)


@dataclass(frozen=True, slots=True)
class BatchResult(Generic[T]):
    """The outcome of a verb for many items: every input is in exactly one of the lists, in the input's order.

    It is true if all went well, so that `if not User.save_many(users): ...` finds failures; `raise_if_failed()` raises
    them.

    Attributes:
        success: The items that were written or deleted.
        failures: Those that were not, or of which nobody knows, each with the error that says why.
        unreadable: Those that were updated, each with a `WrittenButUnreadable` that has what is stored, which does not
            suit the model. Do not repeat these writes.
    """

    success: list[T]
    failures: list[Failure[T]]
    unreadable: list[Failure[T]] = field(default_factory=list[Failure[T]])

    @property
    def fail(self) -> list[T]:
        """The items that were not written or deleted."""
        return [failure.item for failure in self.failures]

    @property
    def success_count(self) -> int:
        """How many items were written or deleted, and could be read."""
        return len(self.success)

    @property
    def fail_count(self) -> int:
        """How many were not."""
        return len(self.failures)

    def __bool__(self) -> bool:
        return not self.failures and not self.unreadable

    def raise_if_failed(self) -> None:
        """Raise unless all went well.

        Raises:
            BulkWriteError: Some writes were not done, or returned what cannot be read; `.result` is this result, and
                `__cause__` the first error.
        """
        if self:
            return
        troubles = [*self.failures, *self.unreadable]
        raise BulkWriteError(f"{self.describe()}; the first: {troubles[0].reason}", self) from troubles[0].error

    def describe(self) -> str:
        """How many items were not written, and of how many, for people."""
        count = len(self.success) + len(self.failures) + len(self.unreadable)
        told = f"{len(self.failures)} of {count} items were not written"
        return told if not self.unreadable else f"{told}, and {len(self.unreadable)} were and cannot be read"


def sum_up(outcomes: Iterable[WriteOutcome[T]]) -> BatchResult[T]:
    """The result that the outcomes come to, in the order of the items."""
    found: BatchResult[T] = BatchResult([], [])
    for outcome in sorted(outcomes, key=lambda each: each.index):
        if outcome.error is None:
            found.success.append(outcome.item)
        else:
            troubles = found.unreadable if outcome.is_done else found.failures
            troubles.append(Failure(outcome.item, outcome.error))
    return found


@dataclass(frozen=True, slots=True)
class Page(Generic[T]):
    """Some of the items of a read, in its order.

    Attributes:
        items: The items; there may be none on a page that is not the last.
        cursor: Where the next page begins, as text that is safe in a URL, or `None` at the end of the read.
        count: How many items there are.
        scanned_count: How many items the store read, and billed, for them.
        consumed_capacity: What they cost, in read units.
    """

    items: list[T]
    cursor: str | None
    count: int
    scanned_count: int
    consumed_capacity: Capacity
