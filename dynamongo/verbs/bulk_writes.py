"""Bulk writes: from the entries of a verb for many items to an outcome for each of them.

A verb prepares a `BulkCall`: the read that finds the items, if there is one, and what makes the entries to write.
`BulkWrite` says what to send, and turns the outcome of each write into that of its item. Neither makes a request: the
streams of `model.write_stream` and `aio.write_stream` execute them, and have no logic beyond that.
"""

from __future__ import annotations

import contextlib
import functools
import itertools
import sys
import warnings
from collections import deque
from collections.abc import AsyncIterable, Callable, Generator, Iterable, Iterator, Sequence
from contextlib import AbstractContextManager
from typing import TYPE_CHECKING, Any, Final, Generic, TypeAlias, TypeVar, cast

from dynamongo._support.dataclasses import dataclass
from dynamongo._support.lazy_imports import LazyModule
from dynamongo._support.stacklevel import caller_level
from dynamongo.exceptions import DynamongoError, ItemNotFound, ValidationError, WriteNotSent
from dynamongo.executor import ITEM_ERRORS, GroupResult, Outcome, Outcomes
from dynamongo.executor.guarded_writes import GuardedWrite, SingleWrite
from dynamongo.expressions.values import shorten
from dynamongo.mapping.problems.failures import explain_failure
from dynamongo.mapping.records import Recorded
from dynamongo.operations import Put
from dynamongo.planning.read import Read
from dynamongo.verbs.bulk_entries import REFUSALS, Entry, refuse_invalid
from dynamongo.verbs.destinations import Destination, WriteOptions
from dynamongo.verbs.progress import report_progress
from dynamongo.verbs.results import BatchResult, WriteOutcome, sum_up

if TYPE_CHECKING:
    from dynamongo.connection import size_checks
    from dynamongo.executor import write_run
    from dynamongo.executor.grouping import Round
    from dynamongo.verbs.progress import Advance
else:  # most programs start without bulk writes
    size_checks = LazyModule("dynamongo.connection.size_checks")
    write_run = LazyModule("dynamongo.executor.write_run")

M = TypeVar("M", bound=Recorded)
T = TypeVar("T")

AnyIterable: TypeAlias = Iterable[T] | AsyncIterable[T]
"""What an awaited stream takes its items from; a blocking one takes them from an `Iterable`."""

_MANY_REFUSED: Final = 1_000
"""How many outcomes of invalid entries may wait to be reported with those of writes."""

_OWN_ERRORS = (*ITEM_ERRORS, ItemNotFound, *REFUSALS)
"""The errors of one item, which say nothing of the others: what the store refused, or its fields, or a hook."""


@dataclass(frozen=True, slots=True)
class BulkCall(Generic[M]):
    """What a verb for many items has prepared.

    Attributes:
        destination: Where the items are written.
        options: How.
        make_entry: Returns the entry of an item, or, if there is a read, of a target and the instance that were found.
        items: The items: instances, targets or strategies.
        read: The read that finds them, to be executed first; `None` if they are known.
        checks_first: Whether nothing is sent if one of them is invalid; otherwise that is its own outcome.
    """

    destination: Destination[M]
    options: WriteOptions
    make_entry: Callable[..., Entry[M]]
    items: AnyIterable[Any] = ()
    read: Read | None = None
    checks_first: bool = False

    def __post_init__(self) -> None:
        if self.destination.mapper.rules is not None:
            # A frozen dataclass refuses plain assignment.
            object.__setattr__(self, "make_entry", functools.partial(self.destination.build, self.make_entry))

    def plain_items(self) -> Iterable[Any]:
        """Return the items if they need not be awaited.

        Raises:
            TypeError: They are an asynchronous iterable.
        """
        if isinstance(self.items, AsyncIterable) and not isinstance(self.items, Iterable):
            name = self.destination.mapper.name
            raise TypeError(
                f"{name}: expected an iterable that is not asynchronous; got {shorten(self.items)}. Asynchronous ones"
                f" are for `{name}.aio.save_iter`, `delete_iter` and `update_iter`"
            )
        return cast("Iterable[Any]", self.items)

    def make_entries(self, *found: Iterable[Any]) -> list[Entry[M]]:
        """Return all entries, for a verb that sends nothing before all are made.

        Args:
            found: The targets and instances that the read has found, if there is a read.

        Raises:
            ValidationError: An item is invalid. The message names its position.
            AttributeNotLoaded: An item, or a map or list in it, was read in part; otherwise the same.
        """
        known = zip(self.plain_items()) if not found else zip(*found, strict=True)
        entries = list(itertools.starmap(self.make_entry, known))
        if self.checks_first:
            refuse_invalid(entries)
        return entries


class BulkWrite(Generic[M]):
    """The writes of some entries, and the outcomes of those that are known.

    A facade passes every entry to `take`, and executes the rounds that are full then, and the rest in the end. To
    execute a round, it performs the steps that `run.begin` returns, and passes on what `finish` and `finish_round`
    yield.

    Args:
        destination: Where the entries are written.
        options: How.

    Attributes:
        destination: The same.
        run: Says what is sent, and when.
    """

    def __init__(self, destination: Destination[M], options: WriteOptions) -> None:
        limits = destination.backend.limits
        workers = limits.concurrency if options.max_workers is None else options.max_workers
        self.run = write_run.WriteRun(destination.mapper.keys.names, limits.batch_write, workers, options.limit)
        self.destination = destination
        self._progress = options.progress
        self._notable_units = destination.connection.notable_units
        self._count = 0
        self._pending: dict[int, Entry[M]] = {}
        """The entries that were taken and have no outcome yet, by their index."""
        self._refused: deque[WriteOutcome[M]] = deque()
        """The outcomes of invalid entries that were not yielded yet."""

    def reporting(self, total: int | None) -> AbstractContextManager[Advance]:
        """Report progress while the block runs; `total` is how many entries there are, if that is known."""
        return report_progress(self._progress, self.destination.table, total)

    def take(self, entry: Entry[M]) -> Sequence[Round]:
        """Add an entry, and return the rounds to execute now."""
        index = self._count
        if entry.write is not None:
            self._pending[index] = entry
            self._count += 1  # afterwards: Ctrl-C in between must not lose an entry
            return self.run.add(index, entry.write)
        self._count += 1
        self._refused.append(WriteOutcome(index, entry.item, entry.error))
        # Also if nothing else comes, they must be reported one day.
        return () if len(self._refused) < _MANY_REFUSED else (self.run.take_rest(),)

    def finish(self, result: GroupResult, advance: Advance) -> Iterator[WriteOutcome[M]]:
        """Yield what became known with the result of a group; `settle` has what the caller did not take."""
        for known in self.run.finish(result):
            yield from self._finish_writes(known, advance)

    def finish_round(self, advance: Advance) -> Iterator[WriteOutcome[M]]:
        """Yield the outcomes of what is not sent: invalid entries, and the rest of a round if the run was stopped."""
        for known in self.run.refuse():
            yield from self._finish_writes(known, advance)
        yield from self._finish_refused(advance)

    def _finish_writes(self, outcomes: Outcomes, advance: Advance) -> Iterator[WriteOutcome[M]]:
        for index, outcome in outcomes.items():
            if self._refused:
                yield from self._finish_refused(advance)
            finished = self._finish(index, entry := self._pending[index], outcome)
            advance(1, 0 if finished.error is None else int(not finished.is_done))
            yield finished
            # Only now: an interruption while it is yielded must not lose it.
            del self._pending[index]
            if outcome.units > self._notable_units:  # last, since a filter may turn the warning into an error
                size_checks.warn_of_write(self.destination.mapper, entry.write, outcome.attributes)

    def _finish_refused(self, advance: Advance) -> Iterator[WriteOutcome[M]]:
        while self._refused:
            advance(1, 1)
            yield self._refused[0]  # which is removed afterwards, as above
            self._refused.popleft()

    def settle(self) -> list[WriteOutcome[M]]:
        """Return the outcomes that an interrupted run has not yielded."""
        begun = self.run.settle()  # of the writes that were sent; the others were not
        settled = [
            self._finish(index, entry, begun.get(index) or Outcome(_not_begun()))
            for index, entry in self._pending.items()
        ]
        return [*settled, *self._refused]

    def account_for(self, interruption: BaseException) -> None:
        """Set the result of what was not yielded on the error that interrupts the run."""
        attach_result(interruption, sum_up(self.settle()))

    def warn_if_abandoned(self) -> None:
        """Warn if the run is left, and does not know what became of a request."""
        if self.run.is_cut_off and not sys.is_finalizing():
            warnings.warn(
                f"{self.destination.mapper.name}: an iterator over the outcomes of writes was closed while requests"
                " were under way; their outcome is unknown",
                RuntimeWarning,
                stacklevel=caller_level(),
            )

    def _finish(self, index: int, entry: Entry[M], outcome: Outcome) -> WriteOutcome[M]:
        """Return the outcome of a write as that of its item."""
        mapper, write = self.destination.mapper, entry.write
        if isinstance(write, GuardedWrite):
            write = write.write
        if outcome.error is not None:
            return WriteOutcome(index, entry.item, self._explain(cast("SingleWrite", write), outcome.error))
        if isinstance(write, Put):
            # As a single save does: from now on, `only_changed` compares with what was stored here.
            own = mapper if type(entry.item) is mapper.model else mapper.mapper_of(entry.item)
            own.note_saved(entry.item, write)
        if outcome.attributes is None:
            return WriteOutcome(index, entry.item)
        try:
            return WriteOutcome(index, mapper.decode_written(outcome.attributes, "updated"))
        except ValidationError as error:
            return WriteOutcome(index, entry.item, error)

    def _explain(self, write: SingleWrite, error: DynamongoError) -> DynamongoError:
        """Return the error in the model's words; it names the item only if it is the item's own."""
        if isinstance(error, ITEM_ERRORS):
            return explain_failure(self.destination.mapper, write, error)
        return self.destination.mapper.locate_error(error, self.destination.table)


@contextlib.contextmanager
def settling(bulk: BulkWrite[M], entries: Sequence[Entry[M]], outcomes: dict[int, WriteOutcome[M]]) -> Generator[None]:
    """Add the outcomes of an interrupted run when the block raises.

    The error gets the `BatchResult` of all entries as its `partial_result`.

    Args:
        bulk: The run.
        entries: What it writes.
        outcomes: Those that it has yielded, by their index.
    """
    try:
        yield
    except BaseException as error:
        outcomes.update({outcome.index: outcome for outcome in bulk.settle()})
        # The run knows the entries that it has taken; what it did not get to was not sent.
        for index, entry in enumerate(entries):
            if index not in outcomes:
                outcomes[index] = WriteOutcome(index, entry.item, entry.error or _not_begun())
        attach_result(error, sum_up(outcomes.values()))
        raise


def conclude(outcomes: dict[int, WriteOutcome[M]]) -> BatchResult[M]:
    """Return the result of all outcomes.

    Raises:
        DynamongoError: Nothing was written, because the first request met an error that is not that of one item.
    """
    stop = find_stop(outcomes.values())
    # Once something was done, or refused for its own sake, the result has more to say than the error.
    if stop is not None and not any(
        each.error is None or isinstance(each.error, _OWN_ERRORS) for each in outcomes.values()
    ):
        raise stop
    return sum_up(outcomes.values())


def find_stop(outcomes: Iterable[WriteOutcome[M]]) -> DynamongoError | None:
    """Return the error that stopped a run, because it is not that of one item."""
    for outcome in outcomes:
        error = outcome.error
        if error is not None and not isinstance(error, (*_OWN_ERRORS, WriteNotSent)):
            return error
    return None


def attach_result(error: BaseException, result: BatchResult[M]) -> None:
    """Set the result of an interrupted bulk write on the error that interrupted it."""
    with contextlib.suppress(AttributeError):  # of an exception that cannot be changed
        cast("Any", error).partial_result = result  # an exception takes any attribute


def _not_begun() -> WriteNotSent:
    return WriteNotSent("not sent: the run was interrupted before")
