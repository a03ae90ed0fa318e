"""Time several ways of doing the same work, in turns, in one process.

Only ratios count, and the best turn of each side: what else runs on the machine can only make a turn slower, never
faster. Garbage collection is part of the work: each turn starts with nothing to collect, and is long enough to have its
share.
"""

from __future__ import annotations

import gc
import statistics
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol, TypeVar

T = TypeVar("T")
Clock = Callable[[], float]


@dataclass(frozen=True)
class Side:
    """One way to do the work.

    Attributes:
        name: The library.
        run: Does the work a given number of times.
    """

    name: str
    run: Callable[[int], object]

    def time(self, count: int, clock: Clock = time.process_time, *, settle: bool = True) -> float:
        """Return the time of the work; processor time has that of all threads, and does not pass while they wait.

        Args:
            count: How often to do it.
            clock: The clock.
            settle: Whether to collect garbage first.
        """
        if settle:
            gc.collect()
        start = clock()
        self.run(count)
        return clock() - start


class Timed(Protocol):
    """A side, wherever it does its work."""

    @property
    def name(self) -> str:
        """The library."""

    def time(self, count: int, clock: Clock = ..., *, settle: bool = ...) -> float:
        """Return the time of so many repetitions of the work."""


@dataclass(frozen=True)
class Measurement:
    """How long one task takes on each side.

    Attributes:
        task: What was done.
        unit: What the values are, such as `"µs"`.
        values: By the names of the sides; ours is `OURS`.
        targets: The highest ratio of ours to a side that counts as met; the lowest one if `more_is_better`.
        limit: The highest value of ours that counts as met.
        more_is_better: Whether the values are rates.
        swing: By how much the turns of a side differ: how far the median one is from the best, as a share of it, on
            the side where it is furthest.
    """

    task: str
    unit: str
    values: Mapping[str, float]
    targets: Mapping[str, float] = field(default_factory=dict[str, float])
    limit: float | None = None
    more_is_better: bool = False
    swing: float | None = None

    def show(self) -> str:
        """Return the values as one line."""
        return f"  {self.task}: {', '.join(f'{name} {show(value)}' for name, value in self.values.items())} {self.unit}"


def show(value: float) -> str:
    """Return a value with four digits, or as a whole number."""
    return f"{value:,.0f}" if value >= 1_000 else f"{value:.4g}"


@dataclass(frozen=True)
class Curve:
    """A line in a chart: `points` are pairs of x and y."""

    chart: str
    label: str
    points: Sequence[tuple[float, float]]


@dataclass(frozen=True)
class Effort:
    """How much to measure.

    Attributes:
        rounds: How many turns each side has.
        seconds: Roughly how long a turn takes.
        items: The number of items in a large table in memory.
        largest: The number of items in the largest one.
        stored: The number of items in a table that is read over HTTP.
        both_rows: Whether the row with declared members is measured besides the one with a free map.
    """

    rounds: int
    seconds: float
    items: int
    largest: int
    stored: int
    both_rows: bool = True


FULL = Effort(rounds=3, seconds=0.15, items=100_000, largest=1_000_000, stored=10_000)
QUICK = Effort(rounds=3, seconds=0.03, items=10_000, largest=10_000, stored=1_000, both_rows=False)
TINY = Effort(rounds=1, seconds=0.001, items=300, largest=1_000, stored=200)

OURS = "dynamongo"
LONG = 1.0


def compare(
    task: str,
    sides: Sequence[Timed],
    effort: Effort,
    targets: Mapping[str, float] | None = None,
    *,
    per: int = 1,
) -> Measurement:
    """Run the sides in turns, and return the least processor time of each, in microseconds per repetition of the work.

    Args:
        task: What is done.
        sides: Who does it.
        effort: How often, and for how long.
        targets: As in `Measurement`.
        per: The number of items that the work covers, to get the time per item.
    """
    times = _time_turns(sides, effort, time.process_time)
    least = {name: min(each) / per * 1e6 for name, each in times.items()}
    found = Measurement(task, "µs", least, targets or {}, swing=_find_swing(times))
    print(found.show(), flush=True)
    return found


def compare_rates(
    task: str, sides: Sequence[Timed], effort: Effort, targets: Mapping[str, float] | None = None, *, per: int = 1
) -> Measurement:
    """Run the sides in turns, and return the highest rate of each, in repetitions of the work per second that passes.

    The arguments are those of `compare`.
    """
    times = _time_turns(sides, effort, time.perf_counter)
    rates = {name: per / min(each) for name, each in times.items()}
    found = Measurement(task, "per second", rates, targets or {}, more_is_better=True, swing=_find_swing(times))
    print(found.show(), flush=True)
    return found


def _time_turns(sides: Sequence[Timed], effort: Effort, clock: Clock) -> dict[str, list[float]]:
    """Return the times of each side for one repetition, in seconds: one of each turn."""
    counts = {side.name: _calibrate(side, effort.seconds, clock) for side in sides}
    times: dict[str, list[float]] = {side.name: [] for side in sides}
    for side in take_turns(sides, effort.rounds):
        times[side.name].append(side.time(counts[side.name], clock) / counts[side.name])
    return times


def _find_swing(times: Mapping[str, Sequence[float]]) -> float:
    return max(statistics.median(each) / min(each) - 1 for each in times.values())


def take_turns(sides: Sequence[T], rounds: int) -> Iterator[T]:
    """Yield each side once a round; every other round goes backwards, so that nobody always follows the same one."""
    for number in range(rounds):
        yield from sides if number % 2 == 0 else reversed(sides)


def repeat(work: Callable[[], object]) -> Callable[[int], object]:
    """Return a function that does the work a number of times."""

    def run(count: int) -> None:
        for _ in range(count):
            work()

    return run


def _calibrate(side: Timed, seconds: float, clock: Clock) -> int:
    """Return how often the work fits into a turn; the first time warms up, and tells about work that takes long."""
    count, spent = 1, side.time(1, clock, settle=False)
    if spent < LONG:
        spent = side.time(count, clock, settle=False)
    while spent < seconds / 10:
        count = max(2 * count, int(count * seconds / 5 / max(spent, 1e-6)))
        spent = side.time(count, clock, settle=False)
    return max(1, int(count * seconds / spent))
