"""Memory: the backend for tests, from a verb to models, validation and capacity included."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack

from benchmarks.load import PLAIN
from benchmarks.rivals.base import DYNAMONGO, DYNAMOXY, MOTO, PYDYNOX, list_rows, open_memory
from benchmarks.timing import Curve, Effort, Measurement, compare, take_turns
from benchmarks.workers import Worker

TARGETS = {
    "save_one": {"dynamoxy": 0.35},
    "get_one": {"dynamoxy": 0.33},
    "conditional update": {"dynamoxy": 0.30},
    "conditional update, condition=": {"dynamoxy": 0.30},
    "query of 10": {"dynamoxy": 0.35},
    "query of 1,000": {"dynamoxy": 0.30},
    "filtered query": {"dynamoxy": 0.45},
    "scan": {"dynamoxy": 0.50},
    "filtered scan": {"dynamoxy": 0.45},
    "a test's cycle": {"dynamoxy": 0.20, "moto": 0.005},
}


def run(effort: Effort) -> Iterator[Measurement | Curve]:
    """Run each verb on a table of many rows, then a test's cycle; then load the rows. Each library has its process."""
    libraries = [each for each in (DYNAMONGO, DYNAMOXY, PYDYNOX, MOTO) if each.is_available]
    with ExitStack() as stack:
        workers = {each: stack.enter_context(Worker()) for each in libraries}
        tasks = {each: worker.do(open_memory, each, effort) for each, worker in workers.items()}
        for _, suffix in list_rows(effort):
            for name, targets in TARGETS.items():
                task = name + suffix
                sides = [worker.make_side(each.name, task) for each, worker in workers.items() if task in tasks[each]]
                yield compare(task, sides, effort, targets)
    if sys.platform == "linux":
        yield from _load(effort)


def _load(effort: Effort) -> Iterator[Measurement]:
    names = [PLAIN, *(each.name for each in (DYNAMONGO, DYNAMOXY) if each.is_available)]
    found: dict[str, list[dict[str, float]]] = {name: [] for name in names}
    for name in take_turns(names, (effort.rounds + 1) // 2):
        command = [sys.executable, "-m", "benchmarks.load", name, str(effort.items)]
        done = subprocess.run(command, check=True, capture_output=True, text=True)
        found[name].append(json.loads(done.stdout))
    for unit, task, targets, limit in (
        ("µs", "bulk load", {"dynamoxy": 0.60}, None),
        ("bytes", "memory", {"dynamoxy": 0.40, PLAIN: 3.0}, 1_300),
    ):
        names = [name for name in found if name != PLAIN or unit == "bytes"]
        best = {name: min(run[unit] for run in found[name]) for name in names}
        each = Measurement(f"{task} of {effort.items:,} rows, a row", unit, best, targets, limit)
        print(each.show(), flush=True)
        yield each
