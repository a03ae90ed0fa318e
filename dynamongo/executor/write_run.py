"""Write runs: which groups of writes are sent, which have begun, and when nothing more is sent.

A run makes no request: a driver performs the steps of its groups, one after the other or several at a time.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Final

from dynamongo.exceptions import DynamongoError, WriteOutcomeUnknown
from dynamongo.executor.effects import Steps
from dynamongo.executor.sender import Sender
from dynamongo.executor.writes import (
    Group,
    GroupResult,
    Outcome,
    Outcomes,
    Write,
    group_writes,
    not_sent,
    write_group,
)

_ROUND: Final = 1_000
"""How many writes make a round. No key occurs twice in a round, so its requests may overtake each other."""


class WriteRun:
    """One run of writes on one table.

    The driver takes the writes round by round. It performs the steps of the `groups_to_send` of a round, in any order
    and several at a time, passes each result to `finish`, and in the end passes on what `refuse` returns.

    Args:
        key_names: The key attributes of the table.
        batch_size: How many writes a batch takes.
        workers: How many groups the driver performs at a time, at most.

    Attributes:
        stop: The error that does not concern one item alone, after which nothing more is sent.
    """

    def __init__(self, key_names: tuple[str, ...], batch_size: int, workers: int = 1) -> None:
        self._key_names = key_names
        self._batch_size = batch_size
        self._is_alone = workers == 1
        self._begun: dict[int, tuple[Group, Outcomes]] = {}
        """Groups that were sent and not reported yet, each with the outcomes known so far, by its first position."""
        self.stop: DynamongoError | None = None

    def rounds(self, writes: Iterable[Write]) -> Iterator[list[Group]]:
        """Yield the writes in rounds, each of them in groups. Takes the writes of a round from the iterable at once."""
        # One worker gains nothing from more than a batch. Fewer items that live at once are less work for the garbage
        # collector, which takes a third of a large load on the memory backend otherwise.
        return group_writes(writes, self._key_names, self._batch_size, _ROUND, one_batch=self._is_alone)

    def groups_to_send(self, groups: Iterator[Group]) -> Iterator[Group]:
        """Yield the groups one by one, until the run is stopped."""
        while self.stop is None and (group := next(groups, None)) is not None:
            yield group

    def begin(self, group: Group) -> Callable[[Sender], Steps[GroupResult]]:
        """Return the steps that write a group."""
        return lambda sender: self._write(sender, group)

    def finish(self, result: GroupResult) -> Iterator[Outcomes]:
        """Yield the outcomes of a group; while the reader is at them, they are also in `settle`."""
        yield result.outcomes
        del self._begun[next(iter(result.outcomes))]
        self.stop = self.stop or result.stop  # the first one: what is under way may meet others

    def refuse(self, groups: Iterator[Group]) -> Iterator[Outcomes]:
        """Yield the outcomes of the groups that are not sent, if the run is stopped."""
        if self.stop is not None:
            outcome = not_sent(self.stop)
            for group in groups:
                yield dict.fromkeys(group.positions, outcome)

    def settle(self) -> Outcomes:
        """Return the outcomes of what an interrupted run began and did not report; nothing else was sent."""
        settled: Outcomes = {}
        for group, known in list(self._begun.values()):  # a copy: an abandoned worker may still change it
            for position in group.positions:
                unknown = WriteOutcomeUnknown("the run was interrupted while the write was under way")
                settled[position] = known.get(position) or Outcome(unknown)
        return settled

    def _write(self, sender: Sender, group: Group) -> Steps[GroupResult]:
        known: Outcomes = {}
        self._begun[group.positions[0]] = group, known
        return (yield from write_group(sender, group, known))
