"""Concurrency: many requests at once, by how many of them are done in a second; and a bulk load."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

from benchmarks.rivals.base import AIODYNAMO, BOTO3, DYNAMONGO, DYNAMOXY, PYDYNOX, PYNAMODB, Sizes, open_all
from benchmarks.server import run_server
from benchmarks.timing import Curve, Effort, Measurement, compare, compare_rates

AT_ONCE = 16
LOAD = "bulk load of 1,000"


def run(effort: Effort) -> Iterator[Measurement | Curve]:
    """Get and put in 16 threads or tasks; then load rows, as each library does that by itself.

    What passes of time says less than what is used of the processor, since the server shares the machine: hence longer
    turns, and more of them.
    """
    longer = replace(effort, seconds=effort.seconds * 3, rounds=effort.rounds * 2)
    libraries = (DYNAMONGO, BOTO3, PYNAMODB, PYDYNOX, DYNAMOXY, AIODYNAMO)
    with run_server() as url, ThreadPoolExecutor(AT_ONCE) as pool:
        DYNAMONGO.load().fill(url, 100)
        opened = open_all(libraries, url, Sizes(100), declared=False)
        for task in ("get", "put"):
            sides = [each.make_crowd(task, pool, AT_ONCE) for each in opened]
            yield compare_rates(f"{task}, {AT_ONCE} at once", sides, longer, {"dynamoxy": 1.0})
        sides = [each.make_side(LOAD) for each in opened]
        yield compare_rates(f"{LOAD}, rows", sides, effort, per=1_000)
        yield compare(f"{LOAD}, processor time a row", sides, effort, per=1_000)
        for each in opened:
            each.close()
