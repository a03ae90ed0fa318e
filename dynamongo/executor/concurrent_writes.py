"""Concurrent writes: many writes as a stream of outcomes, several requests at a time, in bounded memory."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Generator, Iterable, Iterator, Sequence
from typing import Any

from dynamongo._support.threads import merge
from dynamongo.executor import Group, GroupResult, Outcomes, Sender, Steps, Write
from dynamongo.executor.pacing import Pace
from dynamongo.executor.write_run import WriteRun


class BulkWriter:
    """Performs one run of writes on one table, blocking, each group that is under way in a thread.

    Args:
        run: Performs steps of the executor.
        key_names: The key attributes of the table.
        batch_size: How many writes a batch takes.
        workers: How many requests are under way at once, at most.
    """

    def __init__(
        self,
        run: Callable[[Callable[[Sender], Steps[Any]]], Any],
        key_names: tuple[str, ...],
        batch_size: int,
        workers: int,
    ) -> None:
        self._perform = run
        self._run = WriteRun(key_names, batch_size, workers)
        self._workers = workers
        self._pace: Pace | None = None

    def write(self, writes: Iterable[Write]) -> Generator[Outcomes]:
        """Carry out the writes, and yield the outcomes of each request as soon as they are known.

        Takes the writes from the iterable as they are sent. Those without a condition are sent in batches, the others
        alone; writes of one key keep their order. After an error that does not concern one item alone, nothing more is
        sent, and the writes that are left have outcomes that say so. Closing the generator sends nothing more.
        """
        for groups in self._run.rounds(writes):
            yield from self._write_round(groups)

    def wait_for_requests(self) -> None:
        """Wait until the requests of an interrupted run have ended, so that their outcomes are known."""
        if self._pace is not None:
            pace = self._pace
            self._perform(lambda _: pace.wait_for_requests())

    @property
    def is_busy(self) -> bool:
        """Whether requests are under way."""
        return self._pace is not None and self._pace.is_busy

    def settle(self) -> Outcomes:
        """Return the outcomes of what an interrupted run began and did not report; nothing else was sent."""
        return self._run.settle()

    def _write_round(self, groups: Sequence[Group]) -> Generator[Outcomes]:
        run, waiting = self._run, iter(groups)
        workers = min(self._workers, len(groups))
        # One worker sends one request at a time and waits out its own retries, so there is nothing to pace.
        pace = self._find_pace() if workers > 1 else None
        sources = (self._write_group(group, pace) for group in run.groups_to_send(waiting))
        with contextlib.closing(merge(sources, workers, None if pace is None else pace.stop)) as results:
            for result in results:
                yield from run.finish(result)
        yield from run.refuse(waiting)  # what the loop above left, since the run was stopped

    def _write_group(self, group: Group, pace: Pace | None) -> Iterator[GroupResult]:
        steps = self._run.begin(group)
        if pace is None:
            yield self._perform(steps)
        else:
            yield self._perform(lambda sender: pace.keep(steps(sender)))

    def _find_pace(self) -> Pace:
        if self._pace is None:
            self._pace = Pace(self._workers)
        return self._pace
