"""Growth: the cost of a call in memory as the table grows, each table in a process of its own."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence

from benchmarks.rows import Row
from benchmarks.timing import OURS, Curve, Effort, Measurement, Side, compare, repeat
from benchmarks.values import draw_rows, values
from benchmarks.workers import Worker, offer, offered
from dynamongo import Connection
from dynamongo.backends.memory import MemoryBackend

SMALL = 1_000
CHUNK = 1_000
TARGET = 1.3


def run(effort: Effort) -> Iterator[Measurement | Curve]:
    """Run each call on tables of 100 rows, 1,000 rows and so on; then compare the largest with one of 1,000."""
    with Worker() as large, Worker() as small:
        loaded, points = 0.0, dict[str, list[tuple[float, float]]]()
        for size in (10**exponent for exponent in range(2, 7) if 10**exponent <= effort.largest):
            loaded = large.do(_grow, size)
            for task in large.do(_list_tasks):
                found = compare(f"{task} of {size:,}", [large.make_side(task, task)], effort)
                points.setdefault(task, []).append((size, found.values[task]))
        against, suffix = f"{SMALL:,} rows", f", {effort.largest:,} rows"
        again = min(small.do(_load_anew, SMALL) for _ in range(effort.rounds * 3))
        load = Measurement(f"bulk load, a row{suffix}", "µs", {OURS: loaded, against: again}, {against: TARGET})
        print(load.show(), flush=True)
        yield load
        small.do(_grow, SMALL)
        for task in points:
            sides = [large.make_side(OURS, task), small.make_side(against, task)]
            yield compare(task + suffix, sides, effort, {against: TARGET})
    for task, each in points.items():
        yield Curve("growth", task, each)


# What follows runs in the processes of the workers.


def _list_tasks() -> list[str]:
    return list(offered)


def _grow(size: int) -> float:
    """Add rows until the table has that many; return the time that one of those added took, in microseconds."""
    if not offered:
        Connection.set_config(backend=MemoryBackend())
        Row.create_table()
    present = Row.find().count()
    spent = _load(range(present, size))
    given, keys = draw_rows(size)
    works = {
        "get_one": lambda: Row.get_one(next(keys)),
        "save_one": lambda: Row.save_one(Row(**next(given))),
        "conditional update": lambda: Row.update_one(next(keys), Row.active.set(True), condition=Row.year < 3000),
        "page of 100": lambda: Row.find(Row.pk == next(keys)[0], limit=100).all(),
    }
    offer({task: Side(OURS, repeat(work)) for task, work in works.items()})
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
