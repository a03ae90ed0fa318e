"""Write runs: which groups of writes are sent, which have begun, and when nothing more is sent.

A run makes no request: a driver performs the steps of its groups, one after the other or several at a time.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import TypeAlias

from dynamongo.exceptions import DynamongoError, WriteOutcomeUnknown
from dynamongo.executor.effects import Steps
from dynamongo.executor.sender import Sender
from dynamongo.executor.writes import (
    GroupResult,
    KeyedWrite,
    Outcome,
    Write,
    group_writes,
    key_writes,
    not_sent,
    write_group,
)
from dynamongo.expressions.values import AttributeValue

Group: TypeAlias = Sequence[KeyedWrite]

_ROUND = 1_000
"""How many writes make a round. No key occurs twice in a round, so its requests may overtake each other."""


class WriteRun:
    """One run of writes on one table.

    The driver takes the writes round by round. It performs the steps of the `groups_to_send` of a round, in any order
    and several at a time, passes each result to `finish`, and in the end passes on what `refuse` returns.

    Args:
        key_names: The key attributes of the table.
        batch_size: How many writes a batch takes.

    Attributes:
        stop: The error that does not concern one item alone, after which nothing more is sent.
    """

    def __init__(self, key_names: tuple[str, ...], batch_size: int) -> None:
        self._key_names = key_names
        self._batch_size = batch_size
        self._begun: dict[int, tuple[Group, dict[int, Outcome]]] = {}
        """The groups that were sent and not reported yet, each with the outcomes known so far, by its first index."""
        self.stop: DynamongoError | None = None

    def rounds(self, writes: Iterable[Write]) -> Iterator[list[Group]]:
        """Yield the writes in rounds, each of them in groups. Takes the writes of a round from the iterable at once."""
        for each_round in _rounds(key_writes(writes, self._key_names)):
            yield list(group_writes(each_round, self._batch_size))

    def groups_to_send(self, groups: Iterator[Group]) -> Iterator[Group]:
        """Yield the groups one by one, until the run is stopped."""
        while self.stop is None and (group := next(groups, None)) is not None:
            yield group

    def begin(self, group: Group) -> Callable[[Sender], Steps[GroupResult]]:
        """Return the steps that write a group."""
        known: dict[int, Outcome] = {}
        self._begun[group[0].index] = group, known
        return lambda sender: write_group(sender, group, known)

    def finish(self, result: GroupResult) -> Iterator[Outcome]:
        """Yield the outcomes of a group; those that are not taken are settled later."""
        yield from result.outcomes
        # Only now: a reader who stops in between finds the group in `settle`, with its outcomes.
        del self._begun[result.outcomes[0].index]
        self.stop = self.stop or result.stop  # the first one: what is under way may meet others

    def refuse(self, groups: Iterator[Group]) -> Iterator[Outcome]:
        """Yield the outcomes of the groups that are not sent, if the run is stopped."""
        if self.stop is not None:
            yield from not_sent(itertools.chain.from_iterable(groups), self.stop)

    def settle(self) -> dict[int, Outcome]:
        """Return the outcomes of what an interrupted run began and did not report; nothing else was sent."""
        settled: dict[int, Outcome] = {}
        for group, known in list(self._begun.values()):  # a copy: an abandoned worker may still change it
            for write in group:
                unknown = WriteOutcomeUnknown("the run was interrupted while the write was under way")
                settled[write.index] = known.get(write.index) or Outcome(write.index, unknown)
        return settled


def _rounds(writes: Iterable[KeyedWrite]) -> Iterator[list[KeyedWrite]]:
    """Yield the writes in rounds; in each, every key occurs once. Writes of the keys a, b, a, c make [a, b], [a, c]."""
    found: dict[tuple[AttributeValue, ...], KeyedWrite] = {}
    for write in writes:
        if write.key in found or len(found) == _ROUND:
            yield list(found.values())
            found = {}
        found[write.key] = write
    if found:
        yield list(found.values())
