"""What the verbs for many items answer."""

from __future__ import annotations

from typing import Generic, TypeVar

from dynamongo.exceptions import DynamongoError
from dynamongo.frozen import dataclass
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
        error: What went wrong; it was done if nothing did.
    """

    index: int
    item: T
    error: DynamongoError | None = None


@dataclass(frozen=True, slots=True)
class BatchResult(Generic[T]):
    """The outcome of a verb for many items: every input is in exactly one of the two lists, in the input's order.

    Attributes:
        success: The items that were written or deleted.
        failures: The others, each with the error that says why.
    """

    success: list[T]
    failures: list[Failure[T]]

    @property
    def fail(self) -> list[T]:
        """The items that were not written or deleted."""
        return [failure.item for failure in self.failures]

    @property
    def success_count(self) -> int:
        """How many items were written or deleted."""
        return len(self.success)

    @property
    def fail_count(self) -> int:
        """How many were not."""
        return len(self.failures)


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
