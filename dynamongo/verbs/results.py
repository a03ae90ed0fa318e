"""The results of reads and of the verbs for many items."""

from __future__ import annotations

import operator
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Generic, Literal, TypeVar

from dynamongo._support.dataclasses import dataclass, field
from dynamongo.exceptions import BulkWriteError, DynamongoError, WrittenButUnreadable
from dynamongo.operations import Capacity

T = TypeVar("T")
M = TypeVar("M")


@dataclass(frozen=True, slots=True)
class Failure(Generic[T]):
    """An item that a verb for many items did not write, and why.

    Attributes:
        item: The item; for a delete by key, an instance that holds only the key.
        error: What went wrong. A failed condition is a `ConditionalCheckFailedException`.
    """

    item: T
    error: DynamongoError

    @property
    def reason(self) -> str:
        """The error's class and message, for people."""
        return f"{type(self.error).__name__}: {self.error}"


@dataclass(frozen=True, slots=True)
class WriteOutcome(Generic[T]):
    """The outcome of the write of one item among several.

    Attributes:
        index: The position of the item in the input, from 0.
        item: The item: as it was given, found, or updated.
        error: What went wrong. After `WrittenButUnreadable` the item was written; after any other error it was not, or
            that is unknown.
    """

    index: int
    item: T
    error: DynamongoError | None = None

    @property
    def is_done(self) -> bool:
        """Whether the item was written or deleted, even if it could not be read afterwards."""
        return self.error is None or isinstance(self.error, WrittenButUnreadable)


@dataclass(frozen=True, slots=True)
class BatchResult(Generic[T]):
    """The outcome of a verb for many items: every input is in exactly one of the lists, in the order of the input.

    It is true if every write succeeded, so that `if not User.save_many(users): ...` finds failures;
    `raise_if_failed()` raises them.

    Attributes:
        success: The items that were written or deleted.
        failures: The items that were not, or whose outcome is unknown, each with the error that says why.
        unreadable: The items that were updated, but now hold values that do not fit the model: each with a
            `WrittenButUnreadable` that has the stored item. Do not repeat these writes.
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
        """How many items were not written or deleted."""
        return len(self.failures)

    def __bool__(self) -> bool:
        return not self.failures and not self.unreadable

    def raise_if_failed(self) -> None:
        """Raise unless every write succeeded.

        Raises:
            BulkWriteError: Some items were not written, or cannot be read now; `.result` is this result, and
                `__cause__` the first error.
        """
        if self:
            return
        problems = [*self.failures, *self.unreadable]
        raise BulkWriteError(f"{self.describe()}; first error: {problems[0].reason}", self) from problems[0].error

    def describe(self) -> str:
        """Return how many items were not written, and out of how many, for people."""
        count = len(self.success) + len(self.failures) + len(self.unreadable)
        summary = f"{len(self.failures)} of {count} items were not written"
        return f"{summary}, {len(self.unreadable)} written but unreadable" if self.unreadable else summary


def sum_up(outcomes: Iterable[WriteOutcome[T]]) -> BatchResult[T]:
    """Return the result that the outcomes add up to, in the order of the items."""
    result: BatchResult[T] = BatchResult([], [])
    # Outcomes come as they become known: retries and concurrent requests change their order.
    for outcome in sorted(outcomes, key=operator.attrgetter("index")):
        if outcome.error is None:
            result.success.append(outcome.item)
        else:
            problems = result.unreadable if outcome.is_done else result.failures
            problems.append(Failure(outcome.item, outcome.error))
    return result


@dataclass(frozen=True, slots=True)
class Page(Generic[T]):
    """Some of the items of a read, in its order.

    Attributes:
        items: The items; a page may be empty without being the last.
        cursor: Where the next page begins, as URL-safe text; `None` at the end of the read.
        count: How many items the page has.
        scanned_count: How many items the store read, and billed, for the page.
        consumed_capacity: What the page cost, in read units.
    """

    items: list[T]
    cursor: str | None
    count: int
    scanned_count: int
    consumed_capacity: Capacity


@dataclass(frozen=True, slots=True)
class MigratedPage(Generic[T]):
    """What a migration did about one page of its read.

    Attributes:
        result: The items that were written, and those that could not be; none that is stored as it should be.
        cursor: Where the migration continues, as the argument `cursor` of the same read; `None` at its end.
        scanned_count: How many items the store read for the page.
    """

    result: BatchResult[T]
    cursor: str | None
    scanned_count: int


@dataclass(frozen=True, slots=True)
class UniqueProblem:
    """Something that is wrong with the unique values of a table.

    Attributes:
        kind: `"missing"` if no guard stands for the values of an item; `"duplicate"` if another item has them, too,
            which only you can repair; `"orphaned"` if a guard was left behind by an item that does not have them.
        constraint: The names of the fields that are unique.
        value: Their value; a tuple for several fields.
        key: The key of the item, or of the item that the guard names, by the names of fields.
        other: The key of the other item; `None` unless it is a duplicate.
        is_repaired: Whether the guard was added or deleted.
    """

    kind: Literal["missing", "duplicate", "orphaned"]
    constraint: tuple[str, ...]
    value: Any
    key: dict[str, Any]
    other: dict[str, Any] | None = None
    is_repaired: bool = False


@dataclass(frozen=True, slots=True)
class CheckedPage:
    """What the check of unique values found on one page of a table.

    Attributes:
        problems: What is wrong, or was until it was repaired.
        cursor: Where the check continues, as its argument `cursor`; `None` at the end of the table.
        scanned_count: How many items and guards the store read for the page.
    """

    problems: list[UniqueProblem]
    cursor: str | None
    scanned_count: int


class ItemsByKind(Mapping[type, list[Any]], Generic[T]):
    """Items by their class, each list in the order in which they were read.

    The list of a class has the instances of derived classes as well, and is empty if there are none. Iterating yields
    the classes of which there are items.

    Args:
        items: The items.
    """

    def __init__(self, items: list[T]) -> None:
        self._items = items
        self._classes = dict.fromkeys(map(type, items))

    def __getitem__(self, model: type[M]) -> list[M]:
        return [item for item in self._items if isinstance(item, model)]

    def __contains__(self, model: Any) -> bool:
        return model in self._classes

    def __iter__(self) -> Iterator[type[T]]:
        return iter(self._classes)

    def __len__(self) -> int:
        return len(self._classes)

    def __repr__(self) -> str:
        return repr({model.__name__: self[model] for model in self})
