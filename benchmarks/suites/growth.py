"""Growth: the cost of an operation in memory as the table grows."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from benchmarks.rows import Row
from benchmarks.timing import Curve, Effort, Measurement, Side, compare, repeat
from benchmarks.values import draw_rows, values
from dynamongo import Connection
from dynamongo.backends.memory import MemoryBackend


def run(effort: Effort) -> Iterator[Measurement | Curve]:
    """Get, save and query 10 items, on tables of 100 rows, 1,000 rows and so on."""
    points: dict[str, list[tuple[float, float]]] = {}
    with Connection.using(MemoryBackend()):
        Row.create_table()
        done = 0
        for size in (10**exponent for exponent in range(2, 7) if 10**exponent <= effort.largest):
            for _ in Row.save_iter(Row(**values(number)) for number in range(done, size)):
                pass
            done = size
            for task, work in _works(size).items():
                found = compare(f"{task} of {size:,}", [Side(task, repeat(work))], effort)
                points.setdefault(task, []).append((size, found.values[task]))
    for task, each in points.items():
        yield Curve("growth", task, each)


def _works(size: int) -> dict[str, Callable[[], object]]:
    given, keys = draw_rows(size)
    return {
        "get_one": lambda: Row.get_one(next(keys)),
        "save_one": lambda: Row.save_one(Row(**next(given))),
        "query of 10": lambda: Row.find(Row.pk == next(keys)[0], limit=10).all(),
    }
