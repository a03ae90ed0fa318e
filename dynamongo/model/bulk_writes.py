"""Bulk writes: from what is to be written to an outcome for each item.

The verbs for many items and those of a result set end here. An entry is one item on its way: the write that is to be
sent, or the error that keeps it from being sent.
"""

from __future__ import annotations

import contextlib
import functools
import itertools
import sys
import warnings
from collections import deque
from collections.abc import Generator, Iterable, Iterator, Sequence
from typing import Generic, TypeVar, cast

from dynamongo._support.dataclasses import dataclass, replace
from dynamongo._support.stacklevel import caller_level
from dynamongo.backends import Backend
from dynamongo.connection.connection import connection_of
from dynamongo.exceptions import (
    DynamongoError,
    ExpressionError,
    ItemNotFound,
    ValidationError,
    WriteNotSent,
)
from dynamongo.executor import ITEM_ERRORS, Outcome, Write
from dynamongo.expressions.updates import AnyUpdate
from dynamongo.expressions.values import Item, shorten
from dynamongo.mapping.failures import explain_failure
from dynamongo.mapping.mapper import Mapper
from dynamongo.model.instance import Instance
from dynamongo.model.progress import Advance, ProgressOption, report_progress
from dynamongo.model.results import BatchResult, WriteOutcome, sum_up
from dynamongo.operations import Put
from dynamongo.planning.planner import divide, narrow, recheck
from dynamongo.planning.strategies import ResolvedStrategy, Target
from dynamongo.planning.write_builders import make_delete, make_update

M = TypeVar("M", bound=Instance)

_OWN_ERRORS = (*ITEM_ERRORS, ItemNotFound, ValidationError)
"""The errors of one item, which say nothing of the others: what the store refused, and what an instance refused."""


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
            raise ExpressionError(f"max_workers must be an int >= 1; got {shorten(self.max_workers)}")


class BulkWrite(Generic[M]):
    """The writes of some entries, which are carried out as their outcomes are iterated over.

    They go to the backend and the table that are given, whatever is in use when they are sent.
    """

    def __init__(
        self, model: type[M], entries: Iterable[Entry[M]], options: WriteOptions, backend: Backend, table: str
    ) -> None:
        from dynamongo.executor.concurrent_writes import Writer  # noqa: PLC0415 - most programs start without bulk writes

        connection = connection_of(model)
        limits = backend.limits
        workers = limits.concurrency if options.max_workers is None else options.max_workers
        names = model.__mapper__.keys.names
        self._writer = Writer(functools.partial(connection.run, backend=backend), names, limits.batch_write, workers)
        self._model = model
        self.table = table
        self.entries = entries
        self._options = options
        self._waiting: dict[int, tuple[int, Entry[M]]] = {}
        self._refused: deque[WriteOutcome[M]] = deque()

    def __iter__(self) -> Generator[WriteOutcome[M]]:
        """Yield the outcomes as they become known.

        An error in here that is not an outcome, such as Ctrl-C or one of the progress callback, is raised when the
        requests under way are over, and has the outcomes that were not told yet in its `partial_result`.
        """
        try:
            yield from self._carry_out()
        except GeneratorExit:
            if self._writer.is_busy and not sys.is_finalizing():
                _warn_abandoned(self._model)
            raise
        except BaseException as error:
            if not isinstance(error, KeyboardInterrupt):  # which has waited, and may be the second one
                self._writer.wait_for_requests()
            attach_result(error, sum_up(self.settle()))
            raise

    def settle(self) -> list[WriteOutcome[M]]:
        """Return the outcomes of what was taken from the entries, and not told when the iteration was interrupted."""
        from dynamongo.executor.concurrent_writes import not_begun  # noqa: PLC0415 - loaded by now

        begun = self._writer.settle()
        settled = [
            _finish(self._model.__mapper__, index, entry, begun.get(number) or Outcome(number, not_begun()))
            for number, (index, entry) in self._waiting.items()
        ]
        return [*settled, *self._refused]

    def _carry_out(self) -> Generator[WriteOutcome[M]]:
        options, waiting = self._options, self._waiting
        outcomes = self._writer.write(self._writes())
        with report_progress(options.progress, self.table, options.total) as advance:
            try:
                for outcome in outcomes:
                    if self._refused:
                        yield from self._tell_refused(advance)
                    found = _finish(self._model.__mapper__, *waiting[outcome.index], outcome)
                    advance(1, int(found.error is not None and not found.is_done))
                    yield found
                    del waiting[outcome.index]
                if self._refused:
                    yield from self._tell_refused(advance)
            finally:
                outcomes.close()

    def _writes(self) -> Iterator[Write]:
        numbers = itertools.count()
        for index, entry in enumerate(self.entries):
            if entry.write is None:
                self._refused.append(WriteOutcome(index, entry.item, entry.error))
            else:
                self._waiting[next(numbers)] = index, entry
                yield entry.write if entry.write.table == self.table else replace(entry.write, table=self.table)

    def _tell_refused(self, advance: Advance) -> Iterator[WriteOutcome[M]]:
        while self._refused:
            advance(1, 1)
            yield self._refused[0]
            self._refused.popleft()


def write_entries(
    model: type[M],
    entries: Iterable[Entry[M]],
    options: WriteOptions,
    backend: Backend | None = None,
    table: str | None = None,
) -> BulkWrite[M]:
    """Carry out the writes of the entries, and give an outcome for each as it becomes known.

    Entries are taken from the iterable as they are sent. Outcomes come in another order than the entries where a
    write has to wait or several are under way: `index` says which entry is meant.

    Args:
        model: The model of the items.
        entries: What is to be written.
        options: How.
        backend: Where; the backend in use now by default.
        table: The full name of the table; that of the model now by default.
    """
    backend = connection_of(model).backend if backend is None else backend
    return BulkWrite(model, entries, options, backend, model.table_name() if table is None else table)


def gather(writes: BulkWrite[M], known: dict[int, WriteOutcome[M]]) -> None:
    """Collect the outcomes of a list of entries by their index, those of an interrupted run included.

    The error that interrupts it has the `BatchResult` of all entries in its `partial_result`.
    """
    try:
        for outcome in writes:
            known[outcome.index] = outcome
    except BaseException as error:
        from dynamongo.executor.concurrent_writes import not_begun  # noqa: PLC0415 - loaded by now

        known.update({outcome.index: outcome for outcome in writes.settle()})
        for index, entry in enumerate(writes.entries):
            if index not in known:
                known[index] = WriteOutcome(index, entry.item, entry.error or not_begun())
        attach_result(error, sum_up(known.values()))
        raise


def collect(model: type[M], writes: BulkWrite[M]) -> BatchResult[M]:
    """All outcomes, in the order of the entries.

    Raises:
        DynamongoError: Nothing was done, since the first request met an error that is not that of one item.
    """
    known: dict[int, WriteOutcome[M]] = {}
    gather(writes, known)
    stop = find_stop(known.values())
    if stop is not None and not any(
        each.error is None or isinstance(each.error, _OWN_ERRORS) for each in known.values()
    ):
        raise model.__mapper__.locate_error(stop, writes.table)
    return sum_up(known.values())


def find_stop(outcomes: Iterable[WriteOutcome[M]]) -> DynamongoError | None:
    """The error that is not that of one item, after which nothing was sent."""
    for outcome in outcomes:
        error = outcome.error
        if error is not None and not isinstance(error, (*_OWN_ERRORS, WriteNotSent)):
            return error
    return None


def attach_result(error: BaseException, result: BatchResult[M]) -> None:
    """Let an error that interrupts a bulk write tell what became of the items."""
    with contextlib.suppress(AttributeError):  # of an exception that cannot be changed
        error.partial_result = result  # type: ignore[attr-defined]  # any exception takes what is set on it


def _warn_abandoned(model: type[Instance]) -> None:
    warnings.warn(
        f"{model.__name__}: an iterator over the outcomes of writes was left while requests were under way, which took"
        " too long to wait for: whether they were done is unknown",
        RuntimeWarning,
        stacklevel=caller_level(),
    )


def _finish(mapper: Mapper[M], index: int, entry: Entry[M], outcome: Outcome) -> WriteOutcome[M]:
    """The outcome of a write as that of its item."""
    if outcome.error is not None:
        return WriteOutcome(index, entry.item, explain_failure(mapper, cast("Write", entry.write), outcome.error))
    if isinstance(entry.write, Put):
        mapper.note_saved(entry.item, entry.write)
    if outcome.attributes is None:
        return WriteOutcome(index, entry.item)
    try:
        return WriteOutcome(index, mapper.decode_written(outcome.attributes, "updated"))
    except ValidationError as error:
        return WriteOutcome(index, entry.item, error)


# Which writes.


def delete_entries(model: type[M], targets: Iterable[Target], found: Iterable[M] | None = None) -> Iterator[Entry[M]]:
    """Deletes of the targets, which are reported by their keys, or as they were found."""
    for target, instance in _with_instances(model, targets, found):
        yield Entry(instance, make_delete(model.table_name(), target))


def update_entries(
    model: type[M], targets: Iterable[Target], updates: tuple[AnyUpdate, ...], found: Iterable[M] | None = None
) -> Iterator[Entry[M]]:
    """Updates of the targets, which must exist."""
    for target, instance in _with_instances(model, targets, found):
        yield Entry(instance, make_update(model.__mapper__, model.table_name(), target, updates))


def _with_instances(model: type[M], targets: Iterable[Target], found: Iterable[M] | None) -> Iterator[tuple[Target, M]]:
    if found is None:
        return ((_divide_check(target), model.__mapper__.decode_key(target.key)) for target in targets)
    return zip(targets, found, strict=True)


def _divide_check(target: Target) -> Target:
    """The target with a check of its own that a write takes, as far as that is a matter of long INs."""
    return target if target.check is None else Target(target.key, divide(target.check))


def targets_of(model: type[Instance], source: ResolvedStrategy, items: Sequence[Item]) -> list[Target]:
    """The items that were found, each with what its write has to check again.

    Raises:
        ExpressionError: The condition is too large for that of a write, and about too many attributes to be narrowed.
    """
    names = model.__mapper__.keys.names
    checks = {tuple(target.key.values()): target.check for target in source} if isinstance(source, tuple) else {}
    targets: list[Target] = []
    for item in items:
        key: Item = {name: item[name] for name in names}
        check = checks[tuple(key.values())] if isinstance(source, tuple) else recheck(source, key)
        targets.append(Target(key, None if check is None else narrow(check, item)))
    return targets
