"""Bulk writes: from what is to be written to an outcome for each item.

The verbs for many items and those of a result set end here. An entry is one item on its way: the write that is to be
sent, or the error that keeps it from being sent.
"""

# These functions are the inside of a model, and use what it keeps to itself.
# ruff: noqa: SLF001
# pyright: reportPrivateUsage=false

from __future__ import annotations

import itertools
from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from typing import Generic, TypeVar, cast

from dynamongo.changes import explain_error, make_delete, make_update
from dynamongo.codecs import decode_item
from dynamongo.exceptions import (
    ConditionalCheckFailedException,
    DynamongoError,
    ExpressionError,
    InvalidRequestError,
    ItemNotFound,
    LimitExceededError,
    ThrottledError,
    TransactionConflict,
    ValidationError,
    WriteNotSent,
    WriteOutcomeUnknown,
)
from dynamongo.executor import Outcome, Write
from dynamongo.frozen import dataclass
from dynamongo.operations import Put
from dynamongo.planner import recheck
from dynamongo.progress import ProgressOption, report_progress
from dynamongo.results import BatchResult, Failure, WriteOutcome
from dynamongo.strategies import Source, Target
from dynamongo.tables import Table
from dynamongo.updates import AnyUpdate
from dynamongo.values import Item, shorten
from dynamongo.writing import Writer

M = TypeVar("M", bound=Table)

_OWN_ERRORS = (
    ConditionalCheckFailedException,
    InvalidRequestError,
    ItemNotFound,
    LimitExceededError,
    ThrottledError,
    TransactionConflict,
    ValidationError,
    WriteOutcomeUnknown,
)
"""The errors of one item, which say nothing of the others."""


@dataclass(frozen=True, slots=True)
class Entry(Generic[M]):
    """One item on its way to the store.

    Attributes:
        item: What the caller is to be told of: the instance, or what was given instead of one.
        write: What is to be sent, or `None` where an error stands in the way.
        error: That error.
    """

    item: M
    write: Write | None
    error: DynamongoError | None = None


@dataclass(frozen=True, slots=True)
class WriteOptions:
    """How many items are written.

    Attributes:
        max_workers: How many requests are under way at once; as many as the backend bears where it is `None`.
        progress: Where progress goes.
        total: How many items there are, if that is known.
    """

    max_workers: int | None = None
    progress: ProgressOption = None
    total: int | None = None

    def __post_init__(self) -> None:
        if self.max_workers is not None and (type(self.max_workers) is not int or self.max_workers < 1):
            raise ExpressionError(f"max_workers must be an int of 1 or more; got {shorten(self.max_workers)}")


def write_entries(model: type[M], entries: Iterable[Entry[M]], options: WriteOptions) -> Iterator[WriteOutcome[M]]:
    """Carry out the writes of the entries, and give an outcome for each as it becomes known.

    Entries are taken from the iterable as they are sent. Outcomes come in another order than the entries where a
    write has to wait or several are under way: `index` says which entry is meant.
    """
    limits = model._connection().backend.limits
    workers = limits.concurrency if options.max_workers is None else options.max_workers
    writer = Writer(model._connection().run, model.__declaration__.keys.names, limits.batch_write, workers)
    waiting: dict[int, tuple[int, Entry[M]]] = {}
    refused: deque[WriteOutcome[M]] = deque()

    def writes() -> Iterator[Write]:
        numbers = itertools.count()
        for index, entry in enumerate(entries):
            if entry.write is None:
                refused.append(WriteOutcome(index, entry.item, entry.error))
            else:
                waiting[next(numbers)] = index, entry
                yield entry.write

    with report_progress(options.progress, model.table_name(), options.total) as advance:
        for outcome in writer.write(writes()):
            index, entry = waiting.pop(outcome.index)
            found = _finish(model, index, entry, outcome)
            for each in (*_drain(refused), found):
                advance(1, int(each.error is not None))
                yield each
        for each in _drain(refused):
            advance(1, 1)
            yield each


def collect(model: type[M], outcomes: Iterable[WriteOutcome[M]]) -> BatchResult[M]:
    """All outcomes, in the order of the entries.

    Raises:
        DynamongoError: Nothing was done, since the first request met an error that is not that of one item.
    """
    known = sorted(outcomes, key=lambda outcome: outcome.index)
    stops = [each.error for each in known if each.error is not None and not isinstance(each.error, _OWN_ERRORS)]
    if known and len(stops) == len(known):
        raise model._locate(next(error for error in stops if not isinstance(error, WriteNotSent)))
    return BatchResult(
        [each.item for each in known if each.error is None],
        [Failure(each.item, each.error) for each in known if each.error is not None],
    )


def _drain(refused: deque[WriteOutcome[M]]) -> Iterator[WriteOutcome[M]]:
    while refused:
        yield refused.popleft()


def _finish(model: type[M], index: int, entry: Entry[M], outcome: Outcome) -> WriteOutcome[M]:
    """The outcome of a write as that of its item."""
    if outcome.error is not None:
        return WriteOutcome(index, entry.item, explain_error(model, cast("Write", entry.write), outcome.error))
    if isinstance(entry.write, Put):
        entry.item._note_saved(entry.write)
    if outcome.attributes is None:
        return WriteOutcome(index, entry.item)
    try:
        return WriteOutcome(index, decode_written(model, outcome.attributes, "updated"))
    except ValidationError as error:
        return WriteOutcome(index, entry.item, error)


# Which writes.


def delete_entries(model: type[M], targets: Iterable[Target], found: Iterable[M] | None = None) -> Iterator[Entry[M]]:
    """Deletes of the targets, which are reported by their keys, or as they were found."""
    for target, instance in _with_instances(model, targets, found):
        yield Entry(instance, make_delete(model, target))


def update_entries(
    model: type[M], targets: Iterable[Target], updates: tuple[AnyUpdate, ...], found: Iterable[M] | None = None
) -> Iterator[Entry[M]]:
    """Updates of the targets, which must exist."""
    for target, instance in _with_instances(model, targets, found):
        yield Entry(instance, make_update(model, target, updates))


def _with_instances(model: type[M], targets: Iterable[Target], found: Iterable[M] | None) -> Iterator[tuple[Target, M]]:
    if found is None:
        return ((target, model._name_item(target.key)) for target in targets)
    return zip(targets, found, strict=True)


def targets_of(model: type[Table], source: Source, items: Sequence[Item]) -> list[Target]:
    """The items that were found, each with what its write has to check again.

    Raises:
        ExpressionError: The condition is too large for that of a write.
    """
    names = model.__declaration__.keys.names
    keys: list[Item] = [{name: item[name] for name in names} for item in items]
    if isinstance(source, tuple):
        checks = {tuple(target.key.values()): target.check for target in source}
        return [Target(key, checks[tuple(key.values())]) for key in keys]
    return [Target(key, recheck(source, key)) for key in keys]


# What came of it.


def decode_written(model: type[M], item: Item, done: str) -> M:
    """The instance that a write returned. An item that cannot be read is no reason to forget that it was done."""
    try:
        return model._decode_item(item)
    except ValidationError as error:
        unread = ValidationError(f"the item was {done}, but what is stored cannot be read: {error}")
        unread.item = decode_item(item)
        raise unread from error
