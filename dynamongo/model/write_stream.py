"""Write streams: bulk writes are executed, blocking, while their outcomes are iterated over."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Generator, Iterable, Iterator
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from dynamongo._support.lazy_imports import LazyModule
from dynamongo.executor import GroupResult, Sender, Steps
from dynamongo.mapping.records import Recorded
from dynamongo.verbs.bulk_entries import Entry
from dynamongo.verbs.bulk_writes import BulkCall, BulkWrite, conclude, settling
from dynamongo.verbs.destinations import Destination, WriteOptions
from dynamongo.verbs.progress import find_total
from dynamongo.verbs.results import BatchResult, WriteOutcome

if TYPE_CHECKING:
    from dynamongo._support import threads
    from dynamongo.executor.grouping import Round
    from dynamongo.executor.write_run import MakeSteps
else:  # most programs start without bulk writes
    threads = LazyModule("dynamongo._support.threads")

M = TypeVar("M", bound=Recorded)
R = TypeVar("R")


def perform_bulk(call: BulkCall[M], *found: Iterable[Any]) -> BatchResult[M]:
    """Execute the writes of a call, blocking, and return the outcomes in the order of the entries.

    Args:
        call: What a verb for many items has prepared.
        found: The targets and instances that its read has found, if there is a read.

    Raises:
        DynamongoError: Nothing was written, because the first request met an error that is not that of one item.
    """
    # All entries are made before the first is sent, so that an invalid one means that nothing is written.
    entries = call.make_entries(*found)
    if entries and not found:  # a read has checked it before
        check_blocking(call.destination)
    return perform_entries(call.destination, entries, call.options)


def perform_entries(destination: Destination[M], entries: list[Entry[M]], options: WriteOptions) -> BatchResult[M]:
    """Write the entries, blocking, and return the outcomes in their order; raises as `perform_bulk`."""
    outcomes: dict[int, WriteOutcome[M]] = {}
    gather(destination, entries, options, outcomes)
    return conclude(outcomes)


def stream_bulk(call: BulkCall[M], verb: str) -> Iterator[WriteOutcome[M]]:
    """Execute the writes of a call, blocking, while their outcomes are iterated over.

    Args:
        call: What the verb has prepared.
        verb: The name of the verb.
    """
    items = call.plain_items()
    bulk = BulkWrite(call.destination, call.options)
    stream = WriteStream(bulk, map(call.make_entry, items), find_total(items))
    return _begin(call.destination, stream, verb)


def _begin(place: Destination[M], stream: WriteStream[M], verb: str) -> Iterator[WriteOutcome[M]]:
    check_blocking(place, verb)
    yield from stream


def check_blocking(place: Destination[Any], verb: str = "") -> None:
    """Report writes that are about to block an event loop: they may be sent by threads, which do not see it."""
    place.connection.check_blocking(place.backend, place.mapper.name, verb)


def gather(
    destination: Destination[M],
    entries: list[Entry[M]],
    options: WriteOptions,
    outcomes: dict[int, WriteOutcome[M]],
) -> None:
    """Execute a bulk write, blocking, and collect its outcomes by their index."""
    bulk = BulkWrite(destination, options)
    with settling(bulk, entries, outcomes):
        for outcome in WriteStream(bulk, entries, len(entries)):
            outcomes[outcome.index] = outcome


class WriteStream(Generic[M]):
    """Executes a bulk write, blocking, while its outcomes are iterated over.

    Outcomes come in another order than the entries where a write is retried or several run at the same time: their
    `index` says which entry is meant.

    Args:
        bulk: The bulk write.
        entries: What to write. They are taken from the iterable as they are sent.
        total: How many there are, if that is known.
    """

    def __init__(self, bulk: BulkWrite[M], entries: Iterable[Entry[M]], total: int | None) -> None:
        self._bulk = bulk
        self._entries = entries
        self._total = total

    def __iter__(self) -> Generator[WriteOutcome[M]]:
        """Yield the outcomes as they become known.

        An error that is not an outcome, such as Ctrl-C or one of the progress callback, is raised when the requests
        under way are over, and has the outcomes that were not yielded in its `partial_result`.
        """
        bulk = self._bulk
        try:
            with bulk.reporting(self._total) as advance:
                for groups in self._rounds():
                    workers, steps = bulk.run.begin(groups)
                    merged = threads.merge(map(self._perform, steps), workers, bulk.run.interrupt)
                    with contextlib.closing(merged) as results:
                        for result in results:
                            yield from bulk.finish(result, advance)
                    yield from bulk.finish_round(advance)
        except GeneratorExit:  # closing has waited for half a second: see `_support.threads.merge`
            bulk.warn_if_abandoned()
            raise
        except BaseException as error:
            # Otherwise the outcomes of requests under way would be unknown, although they are about to arrive.
            if not isinstance(error, KeyboardInterrupt):  # which has waited, and may be the second one
                self._run(lambda _: bulk.run.wait_for_requests())
            bulk.account_for(error)
            raise

    def _rounds(self) -> Iterator[Round]:
        take = self._bulk.take
        for entry in self._entries:
            if full := take(entry):  # often there is none
                yield from full
        yield self._bulk.run.take_rest()

    def _perform(self, make_steps: MakeSteps) -> Iterator[GroupResult]:
        yield self._run(make_steps)

    def _run(self, make_steps: Callable[[Sender], Steps[R]]) -> R:
        place = self._bulk.destination
        return place.connection.run(make_steps, place.backend)
