"""Writing: many writes as a stream of outcomes, several requests at a time, in bounded memory."""

from __future__ import annotations

import contextlib
import itertools
from collections.abc import Callable, Generator, Iterable, Iterator, Sequence

from dynamongo.concurrency import merge
from dynamongo.exceptions import DynamongoError
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
from dynamongo.frozen import dataclass
from dynamongo.values import AttributeValue

_ROUND = 1_000
"""How many writes are looked at together. No key comes twice in a round, so its requests may overtake each other."""


@dataclass(frozen=True, slots=True)
class Writer:
    """Carries out writes on one table.

    Attributes:
        run: Carries out what the executor is asked to do.
        key_names: The key attributes of the table.
        batch_size: How many writes a batch takes.
        workers: How many requests are under way at once.
    """

    run: Callable[[Callable[[Executor], Steps[GroupResult]]], GroupResult]
    key_names: tuple[str, ...]
    batch_size: int
    workers: int

    def write(self, writes: Iterable[Write]) -> Iterator[Outcome]:
        """Do the writes, and say of each what became of it, as that becomes known.

        The writes are taken from the iterable as they are sent. Those without a condition travel in batches, the
        others alone; writes of one key keep their order. After an error that does not concern one item alone, nothing
        is sent any more, and every write that was not gives an outcome that says so.
        """
        stop: DynamongoError | None = None
        for each_round in _rounds(key_writes(writes, self.key_names)):
            if stop is not None:
                yield from not_sent(each_round, stop)
                continue
            stop = yield from self._write_round(each_round)

    def _write_round(self, writes: Sequence[KeyedWrite]) -> Generator[Outcome, None, DynamongoError | None]:
        groups = list(group_writes(writes, self.batch_size))
        waiting = iter(groups)
        stop: DynamongoError | None = None

        def sources() -> Iterator[Iterator[GroupResult]]:
            for group in waiting:
                yield self._run_group(group)
                if stop is not None:
                    return

        with contextlib.closing(merge(sources(), min(self.workers, len(groups)))) as results:
            for result in results:
                yield from result.outcomes
                stop = stop or result.stop
        if stop is not None:
            yield from not_sent(itertools.chain.from_iterable(waiting), stop)
        return stop

    def _run_group(self, group: Sequence[KeyedWrite]) -> Iterator[GroupResult]:
        yield self.run(lambda executor: executor.write_group(group))


def _rounds(writes: Iterable[KeyedWrite]) -> Iterator[list[KeyedWrite]]:
    """The writes in rounds, in each of which every key comes once."""
    found: dict[tuple[AttributeValue, ...], KeyedWrite] = {}
    for write in writes:
        if write.key in found or len(found) == _ROUND:
            yield list(found.values())
            found = {}
        found[write.key] = write
    if found:
        yield list(found.values())
