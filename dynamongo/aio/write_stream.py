"""Write streams: bulk writes are executed, awaited, while their outcomes are iterated over."""

from __future__ import annotations

from collections.abc import AsyncGenerator, AsyncIterable, Callable, Iterable
from contextlib import aclosing
from typing import Any, Generic, TypeVar

from dynamongo.aio.tasks import merge_tasks
from dynamongo.executor import GroupResult
from dynamongo.executor.grouping import Round
from dynamongo.executor.write_run import MakeSteps
from dynamongo.mapping.records import Recorded
from dynamongo.verbs.bulk_entries import Entry
from dynamongo.verbs.bulk_writes import BulkCall, BulkWrite, conclude, settling
from dynamongo.verbs.destinations import Destination, WriteOptions
from dynamongo.verbs.progress import find_total
from dynamongo.verbs.results import BatchResult, WriteOutcome

M = TypeVar("M", bound=Recorded)


async def perform_bulk_async(call: BulkCall[M], *found: Iterable[Any]) -> BatchResult[M]:
    """Execute the writes of a call as `perform_bulk` does, without blocking the event loop."""
    # All entries are made before the first is sent, so that an invalid one means that nothing is written.
    entries = call.make_entries(*found)
    return await perform_entries_async(call.destination, entries, call.options)


async def perform_entries_async(
    destination: Destination[M], entries: list[Entry[M]], options: WriteOptions
) -> BatchResult[M]:
    """Write the entries as `perform_entries` does, without blocking the event loop."""
    outcomes: dict[int, WriteOutcome[M]] = {}
    await gather_async(destination, entries, options, outcomes)
    return conclude(outcomes)


def stream_bulk_async(call: BulkCall[M]) -> AsyncGenerator[WriteOutcome[M]]:
    """Execute the writes of a call, awaited, while their outcomes are iterated over."""
    items, make_entry = call.items, call.make_entry
    entries = _make_entries(make_entry, items) if isinstance(items, AsyncIterable) else map(make_entry, items)
    bulk = BulkWrite(call.destination, call.options)
    return aiter(AsyncWriteStream(bulk, entries, find_total(call.items)))


async def gather_async(
    destination: Destination[M],
    entries: list[Entry[M]],
    options: WriteOptions,
    outcomes: dict[int, WriteOutcome[M]],
) -> None:
    """Execute a bulk write, awaited, and collect its outcomes by their index."""
    bulk = BulkWrite(destination, options)
    with settling(bulk, entries, outcomes):
        async with aclosing(aiter(AsyncWriteStream(bulk, entries, len(entries)))) as found:
            async for outcome in found:
                outcomes[outcome.index] = outcome


class AsyncWriteStream(Generic[M]):
    """Executes a bulk write, awaited, while its outcomes are iterated over, as `WriteStream` does blocking."""

    def __init__(
        self, bulk: BulkWrite[M], entries: Iterable[Entry[M]] | AsyncGenerator[Entry[M]], total: int | None
    ) -> None:
        self._bulk = bulk
        self._entries = entries
        self._total = total

    async def __aiter__(self) -> AsyncGenerator[WriteOutcome[M]]:
        """Yield the outcomes as they become known.

        An error that is not an outcome, such as the cancellation of the task or an error of the progress callback,
        cancels the requests under way, and has the outcomes that were not yielded in its `partial_result`.
        """
        bulk = self._bulk
        try:
            with bulk.reporting(self._total) as advance:
                async with aclosing(self._rounds()) as rounds:
                    async for groups in rounds:
                        workers, steps = bulk.run.begin(groups)
                        merged = merge_tasks(map(self._perform, steps), workers, bulk.run.interrupt)
                        async with aclosing(merged) as results:
                            async for result in results:
                                for outcome in bulk.finish(result, advance):
                                    yield outcome
                        for outcome in bulk.finish_round(advance):
                            yield outcome
        except GeneratorExit:  # closing has cancelled the requests under way
            bulk.warn_if_abandoned()
            raise
        except BaseException as error:
            bulk.account_for(error)
            raise

    async def _rounds(self) -> AsyncGenerator[Round]:
        if isinstance(self._entries, AsyncGenerator):
            async with aclosing(self._entries) as entries:
                async for entry in entries:
                    for groups in self._bulk.take(entry):
                        yield groups
        else:
            for entry in self._entries:
                for groups in self._bulk.take(entry):
                    yield groups
        yield self._bulk.run.take_rest()

    async def _perform(self, make_steps: MakeSteps) -> AsyncGenerator[GroupResult]:
        place = self._bulk.destination
        yield await place.connection.run_async(make_steps, place.backend)


async def _make_entries(make_entry: Callable[[Any], Entry[M]], items: AsyncIterable[Any]) -> AsyncGenerator[Entry[M]]:
    async for item in items:
        yield make_entry(item)
