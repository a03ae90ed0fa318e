"""Clocks: the time by which a memory backend goes, real or virtual."""

from __future__ import annotations

import itertools
import math
import time
import types
from collections.abc import Callable, Generator
from datetime import datetime, timedelta, timezone
from typing import TypeAlias

from dynamongo._support.forks import INNERMOST, make_lock
from dynamongo.backends.base import refuse_framework
from dynamongo.exceptions import ConfigurationError
from dynamongo.expressions.values import shorten

Clock: TypeAlias = Callable[[], float]
"""Returns the time in seconds since the epoch, as `time.time` does."""

_Timer: TypeAlias = tuple[float, int, Callable[[], object]]
"""When, a unique number, so that functions are never compared, and what to call."""

_START = datetime(2026, 1, 1, tzinfo=timezone.utc)  # any fixed time, so that tests repeat


class VirtualClock:
    """A clock that stands still until it is advanced, and never goes back.

    Threads may share it. Calling it returns the time, so that it can stand in for `time.time`.

    Args:
        start: The initial time: a `datetime` with a time zone, or seconds since the epoch.

    Raises:
        ConfigurationError: `start` is neither, or a `datetime` without a time zone.

    >>> clock = VirtualClock(start=1_800_000_000)
    >>> clock.advance(days=1, seconds=0.5)
    >>> clock.now(), clock() == clock.now()
    (1800086400.5, True)
    >>> clock.utcnow()
    datetime.datetime(2027, 1, 16, 8, 0, 0, 500000, tzinfo=datetime.timezone.utc)
    """

    def __init__(self, start: datetime | float = _START) -> None:
        self._now = _seconds_at(start)
        self._lock = make_lock(INNERMOST)
        self._timers: list[_Timer] = []
        self._numbers = itertools.count()

    def now(self) -> float:
        """Return the time in seconds since the epoch."""
        return self._now

    __call__ = now

    def utcnow(self) -> datetime:
        """Return the time in UTC, for example as a field's `default=clock.utcnow`."""
        return datetime.fromtimestamp(self._now, timezone.utc)

    def advance(
        self, by: timedelta | None = None, *, days: float = 0, hours: float = 0, minutes: float = 0, seconds: float = 0
    ) -> None:
        """Advance the clock by `by` plus the days, hours, minutes and seconds.

        Raises:
            ConfigurationError: The sum is negative or not finite.
        """
        given = timedelta() if by is None else _check_timedelta(by)
        passed = given.total_seconds() + ((days * 24 + hours) * 60 + minutes) * 60 + seconds
        if not 0 <= passed < math.inf:  # NaN is refused too: every comparison with it is false
            raise ConfigurationError(f"VirtualClock never goes back; cannot advance it by {passed} seconds")
        if self._timers:
            self._advance_by_timers(passed)
            return
        with self._lock:  # `+=` reads, then writes: two threads could advance the clock by one step instead of two
            self._now += passed

    def call_later(self, seconds: float, function: Callable[[], object]) -> Callable[[], None]:
        """Have the clock call a function when so many seconds have passed, on the thread that advances it then.

        The clock stands at that time meanwhile, and goes on afterwards. This is how a held `Lock` is renewed.

        Returns:
            A function that takes the call back.

        >>> clock = VirtualClock(start=0)
        >>> call = clock.call_later(10, lambda: print("at", clock.now()))
        >>> clock.advance(seconds=60)
        at 10.0
        """
        timer = self._now + seconds, next(self._numbers), function
        with self._lock:
            self._timers.append(timer)
        return lambda: self._drop(timer)

    def _drop(self, timer: _Timer) -> None:
        with self._lock:
            if timer in self._timers:
                self._timers.remove(timer)

    def _advance_by_timers(self, passed: float) -> None:
        """Advance the clock from one timer to the next; each is called without the lock, and may advance it as well."""
        while passed > 0:
            with self._lock:
                due = min([timer for timer in self._timers if timer[0] <= self._now + passed], default=None)
                if due is not None:
                    self._timers.remove(due)
                step = passed if due is None else max(0.0, due[0] - self._now)
                self._now, passed = self._now + step, passed - step
            if due is None:
                return
            due[2]()

    def __repr__(self) -> str:
        return f"VirtualClock({self.utcnow().isoformat()})"


def _check_timedelta(by: object) -> timedelta:
    if not isinstance(by, timedelta):
        raise ConfigurationError(
            f"VirtualClock.advance takes a timedelta or keywords such as seconds=30; got {shorten(by)}"
        )
    return by


def pass_time(clock: Clock, seconds: float) -> None:
    """Advance a virtual clock; sleep with any other."""
    if isinstance(clock, VirtualClock):
        clock.advance(seconds=seconds)
    else:
        time.sleep(seconds)


async def pass_time_async(clock: Clock, seconds: float) -> None:
    """Let the time pass as `pass_time` does, while other tasks of the event loop go on."""
    if isinstance(clock, VirtualClock):
        clock.advance(seconds=seconds)
        await switch_tasks()
    else:
        from asyncio import sleep  # noqa: PLC0415 - whoever awaits has imported it; nobody else needs it

        await sleep(seconds)


@types.coroutine
def switch_tasks() -> Generator[None]:
    """Let other tasks of the event loop go on once, as `asyncio.sleep(0)` does.

    Raises:
        UnsupportedOperation: The coroutine does not run on asyncio.
    """
    try:
        yield
    except TypeError as error:  # of Trio, which knows only what its own coroutines yield
        raise refuse_framework() from error


def _seconds_at(start: datetime | float) -> float:
    if isinstance(start, datetime):
        if start.tzinfo is None:
            raise ConfigurationError(
                f"VirtualClock: start must have a time zone, such as tzinfo=timezone.utc; got {start}"
            )
        return start.timestamp()
    if type(start) not in (int, float) or not math.isfinite(start):
        raise ConfigurationError(
            f"VirtualClock: start must be a datetime or seconds since the epoch; got {shorten(start)}"
        )
    return float(start)
