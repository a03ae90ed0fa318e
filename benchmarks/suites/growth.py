"""Growth: the cost of a call in memory as the table grows, each table in a process of its own."""

from __future__ import annotations

import multiprocessing
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import ExitStack
from typing import Any, TypeVar

from benchmarks.rows import Row
from benchmarks.timing import OURS, Curve, Effort, Measurement, Side, calibrate, repeat, take_turns, time_turn
from benchmarks.values import draw_rows, values
from dynamongo import Connection
from dynamongo.backends.memory import MemoryBackend

T = TypeVar("T")

SMALL = 1_000
CHUNK = 1_000
TASKS = ("get_one", "save_one", "conditional update", "page of 100")
LOAD = "bulk load, a row"


def run(effort: Effort) -> Iterator[Measurement | Curve]:
    """Run each call on tables of 100 rows, 1,000 rows and so on; then compare the largest with one of 1,000."""
    with ExitStack() as stack:
        spawn = multiprocessing.get_context("spawn")
        large, small = (stack.enter_context(ProcessPoolExecutor(1, spawn)) for _ in range(2))
        points: dict[str, list[tuple[float, float]]] = {task: [] for task in TASKS}
        for size in (10**exponent for exponent in range(2, 7) if 10**exponent <= effort.largest):
            loaded = _do(large, _grow, size)
            for task in TASKS:
                points[task].append((size, _turn(large, task, _do(large, _calibrate, task, effort.seconds))))
            print(f"  {size:,} rows: {', '.join(f'{task} {each[-1][1]:.4g}' for task, each in points.items())} µs")
        again = [_do(small, _load_anew, SMALL) for _ in range(effort.rounds * 3)]
        _do(small, _grow, SMALL)
        yield _report(LOAD, loaded, min(again), effort)
        for task in TASKS:
            yield _report(task, *_compare(task, large, small, effort), effort)
    for task, each in points.items():
        yield Curve("growth", task, each)


def _compare(task: str, large: ProcessPoolExecutor, small: ProcessPoolExecutor, effort: Effort) -> tuple[float, float]:
    """Return the least time of a call on either table, which have their turns one after the other."""
    counts = {each: _do(each, _calibrate, task, effort.seconds) for each in (large, small)}
    times: dict[ProcessPoolExecutor, list[float]] = {large: [], small: []}
    for each in take_turns((large, small), effort.rounds):
        times[each].append(_turn(each, task, counts[each]))
    return min(times[large]), min(times[small])


def _report(task: str, large: float, small: float, effort: Effort) -> Measurement:
    against = f"{SMALL:,} rows"
    found = Measurement(f"{task}, {effort.largest:,} rows", "µs", {OURS: large, against: small}, {against: 1.3})
    print(found.show(), flush=True)
    return found


def _do(process: ProcessPoolExecutor, function: Callable[..., T], *arguments: Any) -> T:
    """Call a function of this module in the process, and return its result."""
    return process.submit(function, *arguments).result()


def _turn(process: ProcessPoolExecutor, task: str, count: int) -> float:
    """Return the time of a call in microseconds."""
    return _do(process, _time, task, count) / count * 1e6


# What follows runs in those processes.

_rows = 0
_works: dict[str, Callable[[], object]] = {}


def _grow(size: int) -> float:
    """Add rows until the table has that many; return the time that one of those added took, in microseconds."""
    global _rows, _works
    if _rows == 0:
        Connection.set_config(backend=MemoryBackend())
        Row.create_table()
    spent = _load(range(_rows, size))
    added, _rows, _works = size - _rows, size, _make_works(size)
    return spent / added * 1e6


def _load_anew(size: int) -> float:
    """Load rows into a backend of their own; return the time of one in microseconds."""
    with Connection.using(MemoryBackend()):
        Row.create_table()
        return _load(range(size)) / size * 1e6


def _load(numbers: Sequence[int]) -> float:
    """Add rows, 1,000 at a time; return the seconds that it took without making their values."""
    spent = 0.0
    for start in range(0, len(numbers), CHUNK):
        given = [values(number) for number in numbers[start : start + CHUNK]]
        started = time.process_time()
        for _ in Row.save_iter(Row(**each) for each in given):
            pass
        spent += time.process_time() - started
    return spent


def _make_works(size: int) -> dict[str, Callable[[], object]]:
    given, keys = draw_rows(size)
    return {
        "get_one": lambda: Row.get_one(next(keys)),
        "save_one": lambda: Row.save_one(Row(**next(given))),
        "conditional update": lambda: Row.update_one(next(keys), Row.active.set(True), condition=Row.year < 3000),
        "page of 100": lambda: Row.find(Row.pk == next(keys)[0], limit=100).all(),
    }


def _calibrate(task: str, seconds: float) -> int:
    return calibrate(Side(task, repeat(_works[task])), seconds, time.process_time)


def _time(task: str, count: int) -> float:
    return time_turn(Side(task, repeat(_works[task])), count)
