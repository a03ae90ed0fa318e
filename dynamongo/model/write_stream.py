"""Write streams: bulk writes are executed, blocking, while their outcomes are iterated over."""

from __future__ import annotations

import contextlib
import functools
import sys
from collections.abc import Generator, Iterable, Iterator
from typing import Any, Generic, TypeVar

from dynamongo.mapping.records import Recorded
from dynamongo.verbs.bulk_writes import (
    BulkCall,
    BulkWrite,
    Destination,
    WriteOptions,
    attach_result,
    conclude,
    settling,
    warn_abandoned,
)
from dynamongo.verbs.progress import report_progress
from dynamongo.verbs.results import BatchResult, WriteOutcome, sum_up

M = TypeVar("M", bound=Recorded)


def perform_bulk(call: BulkCall[M], *found: Iterable[Any]) -> BatchResult[M]:
    """Execute the writes of a call, blocking, and return the outcomes in the order of the entries.

    Args:
        call: What a verb for many items has prepared.
        found: The targets and instances that its read has found, if there is a read.

    Raises:
        DynamongoError: Nothing was written, because the first request met an error that is not that of one item.
    """
    # All entries are made before the first is sent, so that an invalid one means that nothing is written.
    entries = list(call.make_entries(*found))
    if entries and not found:  # a read has checked it before
        check_blocking(call.destination)
    outcomes: dict[int, WriteOutcome[M]] = {}
    gather(WriteStream(BulkWrite(call.destination, entries), call.options, len(entries)), outcomes)
    return conclude(outcomes)


def stream_bulk(call: BulkCall[M], verb: str) -> Iterator[WriteOutcome[M]]:
    """Execute the writes of a call, blocking, while their outcomes are iterated over.

    Args:
        call: What the verb has prepared.
        verb: The name of the verb.
    """
    stream = WriteStream(BulkWrite(call.destination, call.make_entries()), call.options, call.total)
    return _begin(stream, verb)


def _begin(stream: WriteStream[M], verb: str) -> Iterator[WriteOutcome[M]]:
    check_blocking(stream.writes.destination, verb)
    yield from stream


def check_blocking(place: Destination[Any], verb: str = "") -> None:
    """Report writes that are about to block an event loop: they may be sent by threads, which do not see it."""
    place.connection.check_blocking(place.backend, place.mapper.name, verb)


def gather(stream: WriteStream[M], outcomes: dict[int, WriteOutcome[M]]) -> None:
    """Execute a bulk write, blocking, and collect its outcomes by their index."""
    with settling(stream.writes, stream.settle, outcomes):
        for outcome in stream:
            outcomes[outcome.index] = outcome


class WriteStream(Generic[M]):
    """Executes a bulk write, blocking, while its outcomes are iterated over.

    Outcomes come in another order than the entries where a write is retried or several run at the same time: their
    `index` says which entry is meant.

    Args:
        writes: The writes.
        options: How to execute them.
        total: How many there are, if that is known.
    """

    def __init__(self, writes: BulkWrite[M], options: WriteOptions, total: int | None = None) -> None:
        from dynamongo.executor.concurrent_writes import BulkWriter  # noqa: PLC0415 - most programs start without bulk writes

        place = writes.destination
        limits = place.backend.limits
        workers = limits.concurrency if options.max_workers is None else options.max_workers
        run = functools.partial(place.connection.run, backend=place.backend)
        self._writer = BulkWriter(run, place.mapper.keys.names, limits.batch_write, workers)
        self.writes = writes
        self._options = options
        self._total = total

    def __iter__(self) -> Generator[WriteOutcome[M]]:
        """Yield the outcomes as they become known.

        An error that is not an outcome, such as Ctrl-C or one of the progress callback, is raised when the requests
        under way are over, and has the outcomes that were not yielded in its `partial_result`.
        """
        try:
            yield from self._execute()
        except GeneratorExit:  # closing has waited for half a second: see `_support.threads.merge`
            if self._writer.is_busy and not sys.is_finalizing():
                warn_abandoned(self.writes.destination.mapper.name)
            raise
        except BaseException as error:
            # Otherwise the outcomes of requests under way would be unknown, although they are about to arrive.
            if not isinstance(error, KeyboardInterrupt):  # which has waited, and may be the second one
                self._writer.wait_for_requests()
            attach_result(error, sum_up(self.settle()))
            raise

    def settle(self) -> list[WriteOutcome[M]]:
        """Return the outcomes that an interrupted iteration has not yielded."""
        return self.writes.settle(self._writer.settle())

    def _execute(self) -> Generator[WriteOutcome[M]]:
        writes = self.writes
        outcomes = self._writer.write(writes.writes())
        report = report_progress(self._options.progress, writes.destination.table, self._total)
        with report as advance, contextlib.closing(outcomes):
            for known in outcomes:
                yield from writes.finish(known, advance)
            yield from writes.finish_refused(advance)
