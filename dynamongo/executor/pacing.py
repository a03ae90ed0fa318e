"""Pacing: how many requests of a bulk write are under way at once, and how an interruption ends them.

Additive increase, multiplicative decrease, as in TCP: the number of groups at work is halved when the store throttles
or leaves items unprocessed, and grows by a tenth with each group that succeeds at once. Without it, all workers keep
sending to a throttled partition, which accepts a fraction of each request.

Source: "Error retries and exponential backoff" in the DynamoDB developer guide; RFC 5681 for the algorithm.
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import TypeVar

from dynamongo._support.gates import Gate
from dynamongo.exceptions import DynamongoError, ServiceError, ThrottledError, WriteNotSent, WriteOutcomeUnknown
from dynamongo.executor.effects import Effect, Steps, Until, Wait

R = TypeVar("R")

_INCREASE = 0.1
"""Slots that a successful group adds: ten of them add a worker."""

_SLICE = 0.25
"""Seconds. Longer waits are made in slices, so that an interruption does not have to sit them out."""


class Pace:
    """The pace of one run of writes, which its workers share.

    Args:
        limit: How many groups are at work at once at most, and at first.
    """

    def __init__(self, limit: int) -> None:
        self._most = limit
        self._limit = float(limit)
        self._working: set[_Watch] = set()
        self._returning: set[_Watch] = set()  # groups that had to give way, and wait for a slot
        self._decreases = 0
        self._is_stopped = False
        self._gate = Gate()

    def stop(self) -> None:
        """Let nothing more be sent, neither first attempts nor retries."""
        with self._gate:
            self._is_stopped = True
            self._gate.notify_all()

    def wait_for_requests(self) -> Steps[None]:
        """Wait until no group is at work."""
        yield Until(self._gate, lambda: not self.is_busy)

    @property
    def is_busy(self) -> bool:
        """Whether a group is at work, or waits to continue."""
        return bool(self._working or self._returning)

    def keep(self, steps: Steps[R]) -> Steps[R]:
        """Perform the steps of one group when a slot is free; a group that must retry later gives its slot up."""
        group = _Watch(self)
        try:
            yield from self._wait_until(lambda: self._begin(group))
            return (yield from group.follow(steps))
        finally:
            self._leave(group)

    def give_way(self, group: _Watch) -> Steps[None]:
        """Wait for a slot to continue in, ahead of groups that have not begun."""
        with self._gate:
            # The limit has not fallen below the groups at work, so this one keeps its slot.
            if len(self._working) <= self.slots:
                return
            self._working.remove(group)
            self._returning.add(group)
            self._gate.notify_all()
        yield from self._wait_until(lambda: self._continue(group))

    @property
    def slots(self) -> int:
        """How many groups may be at work at once now."""
        return int(self._limit)

    @property
    def is_stopped(self) -> bool:
        """Whether nothing more is to be sent."""
        return self._is_stopped

    @property
    def decreases(self) -> int:
        """How often the number of groups was lowered."""
        return self._decreases

    def speed_up(self) -> None:
        """Raise the limit: the store accepted a whole group at once."""
        with self._gate:
            self._limit = min(self._most, self._limit + _INCREASE)
            self._gate.notify_all()

    def slow_down(self, since: int) -> None:
        """Halve the limit: the store throttled a request. Requests sent before the last decrease do not count again."""
        with self._gate:
            # Of ten requests that are throttled together, the first halves the limit; the others were sent before that.
            if since == self._decreases:
                self._limit = max(1.0, self._limit / 2)
                self._decreases += 1

    def _wait_until(self, take_slot: Callable[[], bool]) -> Steps[None]:
        if not take_slot():  # nearly always there is one, and nothing to ask of the driver
            yield Until(self._gate, take_slot)

    def _begin(self, group: _Watch) -> bool:
        """Let the group begin if there is a slot, and return whether there was."""
        with self._gate:
            # Groups that wait to continue come first: they have begun, and their time for retries is running.
            if not self._is_stopped and (self._returning or not self._has_slot()):
                return False
            self._working.add(group)
            return True

    def _continue(self, group: _Watch) -> bool:
        """Let the group continue if there is a slot, and return whether there was."""
        with self._gate:
            if not (self._is_stopped or self._has_slot()):
                return False
            self._returning.discard(group)
            self._working.add(group)
            self._gate.notify_all()  # groups that have not begun may do so when none is returning
            return True

    def _leave(self, group: _Watch) -> None:
        with self._gate:
            self._working.discard(group)
            self._returning.discard(group)  # it is there if it was interrupted while it waited
            self._gate.notify_all()

    def _has_slot(self) -> bool:
        return len(self._working) < self.slots


class _Watch:
    """Follows the steps of one group, and adjusts the pace."""

    def __init__(self, pace: Pace) -> None:
        self._pace = pace
        self._was_throttled = False
        self._is_outcome_unknown = False

    def follow(self, steps: Steps[R]) -> Steps[R]:
        # What continues the steps: `next`, `send` or `throw`, with its argument. It is called in one place, which
        # handles their next effect and their end.
        resume: Callable[[], Effect] = functools.partial(next, steps)
        while True:
            try:
                effect = resume()
            except StopIteration as end:
                if not self._was_throttled and not self._pace.is_stopped:
                    self._pace.speed_up()
                return end.value  # type: ignore[no-any-return]  # a generator's result arrives untyped
            if self._pace.is_stopped:
                resume = functools.partial(steps.throw, self._interruption())
            elif isinstance(effect, Wait):
                resume = yield from self._wait(steps, effect.seconds)
            else:
                resume = yield from self._perform(steps, effect)

    def _perform(self, steps: Steps[R], effect: Effect) -> Steps[Callable[[], Effect]]:
        """Have an operation executed, and return what resumes the steps with its result or error."""
        since = self._pace.decreases
        try:
            result = yield effect
        except BaseException as error:  # noqa: BLE001 - the steps decide what it means
            self._is_outcome_unknown |= isinstance(error, ServiceError) and error.was_sent
            self._note(since, is_throttled=isinstance(error, ThrottledError))
            return functools.partial(steps.throw, error)
        self._note(since, is_throttled=bool(getattr(result, "unprocessed", ())))
        return functools.partial(steps.send, result)

    def _wait(self, steps: Steps[R], seconds: float) -> Steps[Callable[[], Effect]]:
        """Let time pass, and wait for a slot; return what resumes the steps."""
        try:
            while seconds > 0 and not self._pace.is_stopped:
                yield Wait(min(seconds, _SLICE))
                seconds -= _SLICE
            if self._was_throttled:  # before the steps check how much time is left
                yield from self._pace.give_way(self)
        except BaseException as interruption:  # noqa: BLE001 - the steps note what it leaves undone
            return functools.partial(steps.throw, interruption)
        return functools.partial(steps.send, None)

    def _note(self, since: int, *, is_throttled: bool) -> None:
        if is_throttled:
            self._was_throttled = True
            self._pace.slow_down(since)

    def _interruption(self) -> DynamongoError:
        if self._is_outcome_unknown:
            return WriteOutcomeUnknown("the run was interrupted after an attempt that had no response")
        return WriteNotSent("not written: the run was interrupted before")
