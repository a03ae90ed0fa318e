"""Bulk writes: from the entries of a verb for many items to an outcome for each of them.

A verb prepares a `BulkCall`: the read that finds the items, if there is one, and the entries to write. `BulkWrite`
hands out their writes and turns the outcome of each into that of its item. Neither makes a request: the streams of
`model.write_stream` and `aio.write_stream` execute them, and have no logic beyond that.
"""

from __future__ import annotations

import contextlib
import itertools
import warnings
from collections import deque
from collections.abc import Callable, Generator, Iterable, Iterator
from typing import TYPE_CHECKING, Generic, TypeVar, cast

from dynamongo._support.dataclasses import dataclass
from dynamongo._support.stacklevel import caller_level
from dynamongo.backends import Backend
from dynamongo.connection.connection import Connection
from dynamongo.exceptions import DynamongoError, ExpressionError, ItemNotFound, ValidationError, WriteNotSent
from dynamongo.executor import ITEM_ERRORS, Outcome, Outcomes, Write
from dynamongo.expressions.values import shorten
from dynamongo.mapping.failures import explain_failure
from dynamongo.mapping.mapper import Mapper
from dynamongo.mapping.records import Recorded
from dynamongo.operations import Put
from dynamongo.planning.read import Read
from dynamongo.verbs.bulk_entries import Entry
from dynamongo.verbs.progress import ProgressOption
from dynamongo.verbs.results import BatchResult, WriteOutcome, sum_up

if TYPE_CHECKING:
    from dynamongo.verbs.progress import Advance

M = TypeVar("M", bound=Recorded)

_OWN_ERRORS = (*ITEM_ERRORS, ItemNotFound, ValidationError)
"""The errors of one item, which say nothing of the others: what the store refused, and what an instance refused."""


@dataclass(frozen=True, slots=True)
class Destination(Generic[M]):
    """Where items are written, fixed when a verb is called: a `using` block that is opened later changes nothing.

    Attributes:
        mapper: The mapper of the model.
        table: The full name of the table.
        connection: The connection that executes the writes.
        backend: The backend.
    """

    mapper: Mapper[M]
    table: str
    connection: Connection
    backend: Backend


@dataclass(frozen=True, slots=True)
class WriteOptions:
    """How items are written.

    Attributes:
        max_workers: How many requests run at the same time at most; by default, as many as suit the backend.
        progress: Where progress is reported.
    """

    max_workers: int | None = None
    progress: ProgressOption = None

    def __post_init__(self) -> None:
        if self.max_workers is not None and (type(self.max_workers) is not int or self.max_workers < 1):
            raise ExpressionError(f"max_workers must be an int >= 1; got {shorten(self.max_workers)}")


@dataclass(frozen=True, slots=True)
class BulkCall(Generic[M]):
    """What a verb for many items has prepared.

    Attributes:
        destination: Where the items are written.
        options: How.
        make_entries: Returns the entries. It takes the targets and instances that the read found, if there is a read.
        read: The read that finds the items, to be executed first; `None` if they are known.
        total: How many items there are, if that is known before the entries are made.
    """

    destination: Destination[M]
    options: WriteOptions
    make_entries: Callable[..., Iterable[Entry[M]]]
    read: Read | None = None
    total: int | None = None


class BulkWrite(Generic[M]):
    """The writes of some entries, and the outcomes of those that are known.

    Args:
        destination: Where the items are written.
        entries: What to write. They are taken from the iterable as they are sent.
    """

    def __init__(self, destination: Destination[M], entries: Iterable[Entry[M]]) -> None:
        self.destination = destination
        self.entries = entries
        self._pending: dict[int, tuple[int, Entry[M]]] = {}
        """The entries that were taken and have no outcome yet, each with its index, by the number of its write."""
        self._refused: deque[WriteOutcome[M]] = deque()
        """The outcomes of invalid entries that were not yielded yet."""

    def writes(self) -> Iterator[Write]:
        """Yield the writes; the position of each among them is the key of its outcome in `Outcomes`."""
        # An invalid entry has an index and no write, so the writes are numbered by themselves.
        numbers = itertools.count()
        for index, entry in enumerate(self.entries):
            if entry.write is None:
                self._refused.append(WriteOutcome(index, entry.item, entry.error))
            else:
                self._pending[next(numbers)] = index, entry
                yield entry.write

    def finish(self, outcomes: Outcomes, advance: Advance) -> Iterator[WriteOutcome[M]]:
        """Yield what became known with the outcomes of some writes; `settle` has what the caller did not take."""
        for number, outcome in outcomes.items():
            if self._refused:
                yield from self.finish_refused(advance)
            index, entry = self._pending[number]
            finished = self._finish(index, entry, outcome)
            advance(1, 0 if finished.error is None else int(not finished.is_done))
            yield finished
            # Only now: an interruption while it is yielded must not lose it.
            del self._pending[number]

    def finish_refused(self, advance: Advance) -> Iterator[WriteOutcome[M]]:
        """Yield the outcomes of invalid entries since the last write."""
        while self._refused:
            advance(1, 1)
            yield self._refused[0]  # which is removed afterwards, as above
            self._refused.popleft()

    def settle(self, begun: Outcomes) -> list[WriteOutcome[M]]:
        """Return the outcomes that an interrupted run has not yielded.

        Args:
            begun: The outcomes of the writes that were sent; the others were not.
        """
        settled = [
            self._finish(index, entry, begun.get(number) or Outcome(_not_begun()))
            for number, (index, entry) in self._pending.items()
        ]
        return [*settled, *self._refused]

    def _finish(self, index: int, entry: Entry[M], outcome: Outcome) -> WriteOutcome[M]:
        """Return the outcome of a write as that of its item."""
        mapper, write = self.destination.mapper, cast("Write", entry.write)
        if outcome.error is not None:
            return WriteOutcome(index, entry.item, self._explain(write, outcome.error))
        if isinstance(write, Put):
            # As a single save does: from now on, `only_changed` compares with what was stored here.
            mapper.note_saved(entry.item, write)
        if outcome.attributes is None:
            return WriteOutcome(index, entry.item)
        try:
            return WriteOutcome(index, mapper.decode_written(outcome.attributes, "updated"))
        except ValidationError as error:
            return WriteOutcome(index, entry.item, error)

    def _explain(self, write: Write, error: DynamongoError) -> DynamongoError:
        """Return the error in the model's words; it names the item only if it is the item's own."""
        if isinstance(error, ITEM_ERRORS):
            return explain_failure(self.destination.mapper, write, error)
        return self.destination.mapper.locate_error(error, self.destination.table)


@contextlib.contextmanager
def settling(
    writes: BulkWrite[M], settle: Callable[[], list[WriteOutcome[M]]], outcomes: dict[int, WriteOutcome[M]]
) -> Generator[None]:
    """Add the outcomes of an interrupted run when the block raises.

    The error gets the `BatchResult` of all entries as its `partial_result`.

    Args:
        writes: What is written.
        settle: Returns the outcomes that the run has not yielded.
        outcomes: Those that it has yielded, by their index.
    """
    try:
        yield
    except BaseException as error:
        outcomes.update({outcome.index: outcome for outcome in settle()})
        # The run knows the entries that it has taken; what it did not get to was not sent.
        for index, entry in enumerate(writes.entries):
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
        error.partial_result = result  # type: ignore[attr-defined]  # an exception takes any attribute


def _not_begun() -> WriteNotSent:
    return WriteNotSent("not sent: the run was interrupted before")


def warn_abandoned(model: str) -> None:
    """Warn that requests were under way when a stream was closed."""
    warnings.warn(
        f"{model}: an iterator over the outcomes of writes was closed while requests were under way that took too long"
        " to wait for; their outcome is unknown",
        RuntimeWarning,
        stacklevel=caller_level(),
    )
