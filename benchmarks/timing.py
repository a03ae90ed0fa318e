"""Time several ways of doing the same work, in turns, in one process.

Only ratios count: a machine that is busy or warming up slows down all sides of a round alike. The report has the median
of the rounds.
"""

from __future__ import annotations

import gc
import statistics
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

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


@dataclass(frozen=True)
class Measurement:
    """How long one task takes on each side.

    Attributes:
        task: What was done.
        unit: What the values are, such as `"µs"`.
        values: By the names of the sides; ours is `OURS`.
        targets: The highest ratio of ours to a side that counts as met.
    """

    task: str
    unit: str
    values: Mapping[str, float]
    targets: Mapping[str, float] = field(default_factory=dict[str, float])


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
        items: The number of items in a large table.
        largest: The number of items in the largest one.
    """

    rounds: int
    seconds: float
    items: int
    largest: int


FULL = Effort(rounds=7, seconds=0.3, items=100_000, largest=1_000_000)
QUICK = Effort(rounds=3, seconds=0.08, items=20_000, largest=10_000)
TINY = Effort(rounds=1, seconds=0.001, items=300, largest=200)

OURS = "dynamongo"


def compare(
    task: str,
    sides: Sequence[Side],
    effort: Effort,
    targets: Mapping[str, float] | None = None,
    *,
    clock: Clock = time.perf_counter,
    per: int = 1,
) -> Measurement:
    """Run the sides in turns, and return the median time of each, in microseconds per repetition of the work.

    Args:
        task: What is done.
        sides: Who does it.
        effort: How often, and for how long.
        targets: As in `Measurement`.
        clock: `time.process_time` leaves out the time spent waiting for a server.
        per: The number of items that the work covers, to get the time per item.
    """
    counts = {side.name: _calibrate(side, effort.seconds, clock) for side in sides}
    times: dict[str, list[float]] = {side.name: [] for side in sides}
    for _ in range(effort.rounds):
        for side in sides:
            gc.collect()
            start = clock()
            side.run(counts[side.name])
            times[side.name].append((clock() - start) / counts[side.name] / per * 1e6)
    medians = {name: statistics.median(each) for name, each in times.items()}
    shown = ", ".join(f"{name} {value:,.2f}" for name, value in medians.items())
    print(f"  {task}: {shown} µs", flush=True)
    return Measurement(task, "µs", medians, targets or {})


def repeat(work: Callable[[], object]) -> Callable[[int], object]:
    """Return a function that does the work a number of times."""

    def run(count: int) -> None:
        for _ in range(count):
            work()

    return run


def _calibrate(side: Side, seconds: float, clock: Clock) -> int:
    """Return how often the work fits into a turn."""
    side.run(1)
    start = clock()
    side.run(1)
    return max(1, int(seconds / max(clock() - start, 1e-7)))
