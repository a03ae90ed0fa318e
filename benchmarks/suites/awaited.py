"""Async: awaited calls, by the client's processor time and by how many are done in a second; then those in memory."""

from __future__ import annotations

import asyncio
import contextlib
import importlib
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

from benchmarks.asynchronous import MakeLoop
from benchmarks.rivals.base import (
    AIOBOTO3,
    AIODYNAMO,
    AWAITED,
    AWAITED_PYDYNOX,
    BLOCKING,
    DYNAMOXY,
    Calls,
    Sizes,
    list_rows,
    open_all,
    open_memory,
)
from benchmarks.server import run_server
from benchmarks.timing import Curve, Effort, Measurement, Side, compare, compare_rates, repeat
from benchmarks.values import is_installed
from benchmarks.workers import Worker

LIBRARIES = (AWAITED, AIOBOTO3, AWAITED_PYDYNOX, DYNAMOXY, AIODYNAMO, BLOCKING)
_ONE = {"aiodynamo": 0.5, "dynamoxy": 0.9, "aioboto3": 0.25}
TARGETS: dict[str, dict[str, float]] = {
    "put": _ONE,
    "get": _ONE,
    "conditional update": {},
    "transaction of 10 puts": {},
    "query of 100": {},
    "query of 1,000": {},
    "batch get of 100": {},
    "batch write of 25": {},
}
AT_ONCE, CROWD = 64, 1_000
RATES = {"dynamoxy": 1.0, "aiodynamo": 2.0}
MEMORY = ("save_one", "get_one", "query of 10", "turn of the loop")


def run(effort: Effort) -> Iterator[Measurement | Curve]:
    """Run each call against the emulator, with either row, and many at once; get and put on uvloop; some in memory.

    What has a target has twice as many turns: an awaited call takes many system calls, the time of which varies.
    """
    more = replace(effort, rounds=effort.rounds * 2)
    with run_server() as url:
        BLOCKING.load().fill(url, effort.stored)
        for declared, suffix in list_rows(effort):
            with _open(url, effort, declared=declared) as opened:
                for task, targets in TARGETS.items():
                    yield compare(task + suffix, _make_sides(opened, task), more if targets else effort, targets)
        with _open(url, effort) as opened:
            yield from _crowd("", opened, more, RATES)
        if is_installed("uvloop"):
            with _open(url, effort, importlib.import_module("uvloop").new_event_loop) as opened:
                for task in ("put", "get"):
                    yield compare(f"{task}, uvloop", _make_sides(opened, task), effort)
                yield from _crowd(", uvloop", opened, effort)
    yield from _compare_in_memory(effort)


@contextlib.contextmanager
def _open(
    url: str, effort: Effort, make_loop: MakeLoop = asyncio.new_event_loop, *, declared: bool = False
) -> Iterator[list[Calls]]:
    opened = open_all(LIBRARIES, url, Sizes(effort.stored), declared=declared, make_loop=make_loop)
    yield opened
    for each in opened:
        each.close()


def _make_sides(opened: Sequence[Calls], task: str) -> list[Side]:
    return [each.make_side(task) for each in opened if task in each.works]


def _crowd(
    suffix: str, opened: Sequence[Calls], effort: Effort, targets: Mapping[str, float] | None = None
) -> Iterator[Measurement]:
    """Get 1,000 times with 64 tasks, or 64 threads, each of which has one request at a time."""
    task = f"{CROWD:,} gets, {AT_ONCE} at once"
    with ThreadPoolExecutor(AT_ONCE) as pool:
        sides = [_make_crowd(each, pool) for each in opened]
        # A turn is 1,000 gets or a few more: on a shared machine, a short one is more often left alone.
        shorter = replace(effort, rounds=effort.rounds * 4)
        yield compare_rates(task + suffix, sides, shorter, targets, per=CROWD)
        yield compare(f"{task}, processor time of one{suffix}", sides, effort, per=CROWD)


def _make_crowd(calls: Calls, pool: ThreadPoolExecutor) -> Side:
    side = calls.make_crowd("get", pool, AT_ONCE)
    return replace(side, run=repeat(lambda: side.run(CROWD)))


def _compare_in_memory(effort: Effort) -> Iterator[Measurement]:
    """Compare both colours in memory, each in a process of its own, with what the turn alone takes of an awaited call.

    Other tasks get that turn before each operation.
    """
    libraries = [each for each in (AWAITED, BLOCKING, DYNAMOXY) if each.is_available]
    with contextlib.ExitStack() as stack:
        workers = {each: stack.enter_context(Worker()) for each in libraries}
        tasks = {each: worker.do(open_memory, each, effort) for each, worker in workers.items()}
        for task in MEMORY:
            sides = [worker.make_side(each.name, task) for each, worker in workers.items() if task in tasks[each]]
            yield compare(f"{task}, in memory", sides, effort)
