"""Concurrent writes: many writes as a stream of outcomes, several requests at a time, in bounded memory."""

from __future__ import annotations

import contextlib
import itertools
from collections.abc import Callable, Generator, Iterable, Iterator, Sequence

from dynamongo._support.threads import merge
from dynamongo.exceptions import DynamongoError, WriteOutcomeUnknown
from dynamongo.executor import (
    Executor,
    GroupResult,
    KeyedWrite,
    Outcome,
    Steps,
    Write,
    group_writes,
    key_writes,
    not_sent,
)
from dynamongo.executor.pacing import Pace
from dynamongo.expressions.values import AttributeValue

_ROUND = 1_000
"""How many writes make a round. No key occurs twice in a round, so its requests may overtake each other."""


class BulkWriter:
    """Carries out one run of writes on one table.

    Args:
        run: Performs steps of the executor.
        key_names: The key attributes of the table.
        batch_size: How many writes a batch takes.
        workers: How many requests are under way at once, at most.
    """

    def __init__(
        self,
        run: Callable[[Callable[[Executor], Steps[GroupResult]]], GroupResult],
        key_names: tuple[str, ...],
        batch_size: int,
        workers: int,
    ) -> None:
        self._run = run
        self._key_names = key_names
        self._batch_size = batch_size
        self._workers = workers
        self._pace: Pace | None = None
        self._begun: dict[int, tuple[Sequence[KeyedWrite], dict[int, Outcome]]] = {}
        """The groups that were sent and not reported yet, each with the outcomes known so far, by its first index."""

    def write(self, writes: Iterable[Write]) -> Generator[Outcome]:
        """Carry out the writes, and yield the outcome of each as soon as it is known.

        Takes the writes from the iterable as they are sent. Those without a condition are sent in batches, the others
        alone; writes of one key keep their order. After an error that does not concern one item alone, nothing more is
        sent, and the writes that are left have outcomes that say so. Closing the generator sends nothing more.
        """
        stop: DynamongoError | None = None
        for each_round in _rounds(key_writes(writes, self._key_names)):
            if stop is not None:
                yield from not_sent(each_round, stop)
                continue
            stop = yield from self._write_round(each_round)

    def wait_for_requests(self) -> None:
        """Wait until the requests of an interrupted run have ended, so that their outcomes are known."""
        if self._pace is not None:
            self._pace.wait_for_requests()

    @property
    def is_busy(self) -> bool:
        """Whether requests are under way."""
        return self._pace is not None and self._pace.is_busy

    def settle(self) -> dict[int, Outcome]:
        """Return the outcomes of what an interrupted run began and did not report; nothing else was sent."""
        settled: dict[int, Outcome] = {}
        for group, known in list(self._begun.values()):  # a copy: an abandoned worker may still change it
            for write in group:
                unknown = WriteOutcomeUnknown("the run was interrupted while the write was under way")
                settled[write.index] = known.get(write.index) or Outcome(write.index, unknown)
        return settled

    def _write_round(self, writes: Sequence[KeyedWrite]) -> Generator[Outcome, None, DynamongoError | None]:
        groups = list(group_writes(writes, self._batch_size))
        workers = min(self._workers, len(groups))
        pace = self._find_pace() if workers > 1 else None
        waiting = iter(groups)
        stop: DynamongoError | None = None

        def sources() -> Iterator[Iterator[GroupResult]]:
            for group in waiting:
                yield self._write_group(group, pace)
                if stop is not None:
                    return

        with contextlib.closing(merge(sources(), workers, None if pace is None else pace.stop)) as results:
            for result in results:
                yield from result.outcomes
                del self._begun[result.outcomes[0].index]
                stop = stop or result.stop
        if stop is not None:
            yield from not_sent(itertools.chain.from_iterable(waiting), stop)
        return stop

    def _write_group(self, group: Sequence[KeyedWrite], pace: Pace | None) -> Iterator[GroupResult]:
        known: dict[int, Outcome] = {}
        self._begun[group[0].index] = group, known
        if pace is None:
            yield self._run(lambda executor: executor.write_group(group, known))
        else:
            yield self._run(lambda executor: pace.keep(executor.write_group(group, known)))

    def _find_pace(self) -> Pace:
        if self._pace is None:
            self._pace = Pace(self._workers)
        return self._pace


def _rounds(writes: Iterable[KeyedWrite]) -> Iterator[list[KeyedWrite]]:
    """Yield the writes in rounds; in each, every key occurs once."""
    found: dict[tuple[AttributeValue, ...], KeyedWrite] = {}
    for write in writes:
        if write.key in found or len(found) == _ROUND:
            yield list(found.values())
            found = {}
        found[write.key] = write
    if found:
        yield list(found.values())
