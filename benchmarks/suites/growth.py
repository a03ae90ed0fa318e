"""Growth: the cost of a call in memory as the table grows, each table in a process of its own."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace

from benchmarks.rows import Row
from benchmarks.timing import OURS, Curve, Effort, Measurement, Side, compare, repeat
from benchmarks.values import draw_rows, values
from benchmarks.workers import Worker, offer, offered
from dynamongo import Connection
from dynamongo.backends.memory import MemoryBackend

SMALL = 1_000
CHUNK = 1_000
TASKS = ("get_one", "save_one", "conditional update", "page of 100")
TARGET = 1.3


def run(effort: Effort) -> Iterator[Measurement | Curve]:
    """Run each call on tables of 100 rows, 1,000 rows and so on; then compare the largest with one of 1,000."""
    points: dict[str, list[tuple[float, float]]] = {task: [] for task in TASKS}
    with Worker() as large, Worker() as small:
        for size in (10**exponent for exponent in range(2, 6) if 10**exponent < effort.largest):
            large.do(_grow, size)
            for task, each in points.items():
                found = compare(f"{task}, {size:,} rows", [large.make_side(OURS, task)], effort)
                each.append((size, found.values[OURS]))
        loaded = large.do(_grow, effort.largest)
        against, suffix = f"{SMALL:,} rows", f", {effort.largest:,} rows"
        again = min(small.do(_load_anew, SMALL) for _ in range(effort.rounds * 3))
        load = Measurement(f"bulk load, a row{suffix}", "µs", {OURS: loaded, against: again}, {against: TARGET})
        print(load.show(), flush=True)
        yield load
        small.do(_grow, SMALL)
        # A turn begins with a collection, which takes longer than the turn where there are a million items.
        effort = replace(effort, rounds=min(effort.rounds, 5))
        for task, each in points.items():
            sides = [large.make_side(OURS, task), small.make_side(against, task)]
            found = compare(task + suffix, sides, effort, {against: TARGET})
            each.append((effort.largest, found.values[OURS]))
            yield found
    for task, each in points.items():
        yield Curve("growth", task, each)


# What follows runs in the processes of the workers.


def _grow(size: int) -> float:
    """Add rows until the table has that many; return the time that one of those added took, in microseconds."""
    if not offered:
        Connection.set_config(backend=MemoryBackend())
        Row.create_table()
    present = Row.find().count()
    spent = _load(range(present, size))
    given, keys = draw_rows(size)
    works: dict[str, Callable[[], object]] = {
        "get_one": lambda: Row.get_one(next(keys)),
        "save_one": lambda: Row.save_one(Row(**next(given))),
        "conditional update": lambda: Row.update_one(next(keys), Row.active.set(True), condition=Row.year < 3000),
        "page of 100": lambda: Row.find(Row.pk == next(keys)[0], limit=100).all(),
    }
    offer({task: Side(OURS, repeat(works[task])) for task in TASKS})
    return spent / (size - present) * 1e6


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
