"""Write runs: which groups of writes are sent, which have begun, and when nothing more is sent.

A run makes no request: a driver performs the steps of its groups, one after the other or several at a time.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Final, TypeAlias

from dynamongo.exceptions import DynamongoError, WriteOutcomeUnknown
from dynamongo.executor.effects import Steps
from dynamongo.executor.grouping import Group, Grouper, Round
from dynamongo.executor.pacing import Pace
from dynamongo.executor.sender import Sender
from dynamongo.executor.writes import GroupResult, Outcome, Outcomes, not_sent, write_group

if TYPE_CHECKING:
    from dynamongo.executor.rate_limits import RateLimit

_ROUND: Final = 1_000
"""How many writes make a round. No key occurs twice in a round, so its requests may overtake each other."""

MakeSteps: TypeAlias = Callable[[Sender], Steps[GroupResult]]
"""Returns the steps that write a group."""


class WriteRun:
    """One run of writes on one table.

    Its user adds the writes one by one, and executes the rounds that `add` returns, and in the end the rest. To execute
    a round, it has a driver perform the steps that `begin` returns, several at a time, passes each result to `finish`,
    and passes on what `refuse` returns.

    Writes without a condition are sent in batches, the others alone; those of one key keep their order. After an error
    that does not concern one item alone, nothing more is sent.

    Args:
        key_names: The key attributes of the table.
        batch_size: How many writes a batch takes.
        workers: How many groups are sent at a time, at most.
        limit: What spreads the requests over time, if anything does.

    Attributes:
        add: Adds a write, and returns the rounds to execute now; see `Grouper.add`. The position of a write is the key
            of its outcome in `Outcomes`.
        take_rest: Returns the round of the last writes.
        stop: The error that does not concern one item alone, after which nothing more is sent.
    """

    def __init__(
        self, key_names: tuple[str, ...], batch_size: int, workers: int = 1, limit: RateLimit | None = None
    ) -> None:
        # One worker gains nothing from more than a batch. Fewer items that live at once are less work for the garbage
        # collector, which takes a third of a large load on the memory backend otherwise.
        grouper = Grouper(key_names, batch_size, _ROUND, one_batch=workers == 1)
        self.add, self.take_rest = grouper.add, grouper.take_rest  # not methods around them: `add` is called per item
        self._workers = workers
        self._limit = limit
        self._pace: Pace | None = None
        self._waiting: Iterator[Group] = iter(())
        """The groups of the round that were not sent yet."""
        self._begun: dict[int, tuple[Group, Outcomes]] = {}
        """Groups that were sent and not reported yet, each with the outcomes known so far, by its first position."""
        self._is_cut_off = False
        self.stop: DynamongoError | None = None

    def begin(self, groups: Round) -> tuple[int, Iterator[MakeSteps]]:
        """Return how many groups of a round are to be sent at once, and what makes the steps of each in turn."""
        self._waiting = iter(groups)
        workers = max(1, min(self._workers, len(groups)))
        # One worker sends one request at a time and waits out its own retries, so there is nothing to pace.
        if workers > 1 and self._pace is None:
            self._pace = Pace(self._workers)
        return workers, self._groups_to_send(self._pace if workers > 1 else None)

    def finish(self, result: GroupResult) -> Iterator[Outcomes]:
        """Yield the outcomes of a group; while the reader is at them, they are also in `settle`."""
        yield result.outcomes
        del self._begun[next(iter(result.outcomes))]
        self.stop = self.stop or result.stop  # the first one: what is under way may meet others

    def refuse(self) -> Iterator[Outcomes]:
        """Yield the outcomes of the groups of a round that are not sent, because the run is stopped."""
        if self.stop is not None:
            outcome = not_sent(self.stop)
            for group in self._waiting:
                yield dict.fromkeys(group.positions, outcome)

    def interrupt(self) -> None:
        """Let nothing more be sent, retries included."""
        if self._pace is not None:
            self._pace.stop()

    def wait_for_requests(self) -> Steps[None]:
        """Wait until the requests of an interrupted run have ended, so that their outcomes are known."""
        if self._pace is not None:
            yield from self._pace.wait_for_requests()

    @property
    def is_cut_off(self) -> bool:
        """Whether an interrupted run does not know what became of a request."""
        return self._is_cut_off or (self._pace is not None and self._pace.is_busy)

    def settle(self) -> Outcomes:
        """Return the outcomes of what an interrupted run began and did not report; nothing else was sent."""
        settled: Outcomes = {}
        for group, known in list(self._begun.values()):  # a copy: an abandoned worker may still change it
            for position in group.positions:
                unknown = WriteOutcomeUnknown("the run was interrupted while the write was under way")
                settled[position] = known.get(position) or Outcome(unknown)
        return settled

    def _groups_to_send(self, pace: Pace | None) -> Iterator[MakeSteps]:
        while self.stop is None and (group := next(self._waiting, None)) is not None:
            yield self._make_steps(group, pace)

    def _make_steps(self, group: Group, pace: Pace | None) -> MakeSteps:
        if pace is None:
            return lambda sender: self._write(sender, group)
        return lambda sender: pace.keep(self._write(sender, group))

    def _write(self, sender: Sender, group: Group) -> Steps[GroupResult]:
        known: Outcomes = {}
        self._begun[group.positions[0]] = group, known
        if self._limit is not None:
            sender = self._limit.apply_to(sender)
        try:
            return (yield from write_group(sender, group, known))
        except BaseException:
            self._is_cut_off |= any(isinstance(outcome.error, WriteOutcomeUnknown) for outcome in known.values())
            raise
