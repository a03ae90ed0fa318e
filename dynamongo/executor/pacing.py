"""Pacing: how many requests of a bulk write are under way at once, and an end to it when it is interrupted.

Additive increase, multiplicative decrease, as TCP does it: the number of groups at work is halved when the store
throttles or leaves items unprocessed, and grows by a tenth with each group that it takes at once. Without it, workers
that wait for the same partition do its share of work in as many requests as there are workers.

Source: "Error retries and exponential backoff" in the DynamoDB developer guide; RFC 5681 for the shape of it.
"""

from __future__ import annotations

import functools
import threading
from collections.abc import Callable
from typing import TypeVar

from dynamongo.exceptions import DynamongoError, ServiceError, ThrottledError, WriteNotSent, WriteOutcomeUnknown
from dynamongo.executor import Effect, Steps, Wait

R = TypeVar("R")

_INCREASE = 0.1
_SLICE = 0.25
"""How many seconds of a wait pass at once, so that an interruption need not wait for the whole of it."""


class Pace:
    """The pace of one run of writes, which its workers share.

    Args:
        most: How many groups are at work at once at most, and at first.
    """

    def __init__(self, most: int) -> None:
        self._most = most
        self._limit = float(most)
        self._working = 0
        self._returning = 0
        self._decreases = 0
        self._is_stopped = False
        self._changed = threading.Condition()  # re-entrant: the garbage collector may close a stream anywhere

    def stop(self) -> None:
        """Let nothing more be sent: neither what has not been sent yet, nor what would be sent again."""
        with self._changed:
            self._is_stopped = True
            self._changed.notify_all()

    def wait_for_requests(self) -> None:
        """Wait until no group is at work any more."""
        with self._changed:
            self._changed.wait_for(lambda: not self.is_busy)

    @property
    def is_busy(self) -> bool:
        """Whether a group is at work, or waits to go on."""
        return self._working + self._returning > 0

    def keep(self, steps: Steps[R]) -> Steps[R]:
        """Perform the steps of one group when there is a place for it, and give its place up where it must retry later.

        Blocks the calling thread while there is none.
        """
        with self._changed:
            self._changed.wait_for(lambda: self._is_stopped or (self._has_place() and not self._returning))
            self._working += 1
        try:
            return (yield from _Watch(self).follow(steps))
        finally:
            with self._changed:
                self._working -= 1
                self._changed.notify_all()

    def give_way(self) -> None:
        """Wait until this group is one of those that may work, ahead of those that have not begun."""
        with self._changed:
            if self._working <= self.places:
                return
            self._working -= 1
            self._returning += 1
            self._changed.notify_all()
            try:
                self._changed.wait_for(lambda: self._is_stopped or self._has_place())
            finally:
                self._working += 1
                self._returning -= 1
                self._changed.notify_all()

    @property
    def places(self) -> int:
        """How many groups may be at work at once just now."""
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
        """The store took a whole group at once."""
        with self._changed:
            self._limit = min(self._most, self._limit + _INCREASE)
            self._changed.notify_all()

    def slow_down(self, since: int) -> None:
        """The store throttled a request, which was sent after so many decreases: those of one time count once."""
        with self._changed:
            if since == self._decreases:
                self._limit = max(1.0, self._limit / 2)
                self._decreases += 1

    def _has_place(self) -> bool:
        return self._working < self.places


class _Watch:
    """Follows the steps of one group, and tells the pace how they fare."""

    def __init__(self, pace: Pace) -> None:
        self._pace = pace
        self._was_throttled = False
        self._is_unsure = False

    def follow(self, steps: Steps[R]) -> Steps[R]:
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
                yield from self._wait(effect.seconds)
                if self._was_throttled:  # before the steps look at the time that is left
                    self._pace.give_way()
                resume = functools.partial(steps.send, None)
            else:
                resume = yield from self._perform(steps, effect)

    def _perform(self, steps: Steps[R], effect: Effect) -> Steps[Callable[[], Effect]]:
        """Have an operation executed; what it came to resumes the steps."""
        since = self._pace.decreases
        try:
            result = yield effect
        except Exception as error:  # noqa: BLE001 - the steps decide what it means
            self._is_unsure |= isinstance(error, ServiceError) and error.was_sent
            self._note(since, is_throttled=isinstance(error, ThrottledError))
            return functools.partial(steps.throw, error)
        self._note(since, is_throttled=bool(getattr(result, "unprocessed", ())))
        return functools.partial(steps.send, result)

    def _note(self, since: int, *, is_throttled: bool) -> None:
        if is_throttled:
            self._was_throttled = True
            self._pace.slow_down(since)

    def _wait(self, seconds: float) -> Steps[None]:
        while seconds > 0 and not self._pace.is_stopped:
            yield Wait(min(seconds, _SLICE))
            seconds -= _SLICE

    def _interruption(self) -> DynamongoError:
        if self._is_unsure:
            return WriteOutcomeUnknown("the run was interrupted after an attempt that gave no answer")
        return WriteNotSent("not done: the run was interrupted before the store got to it")
