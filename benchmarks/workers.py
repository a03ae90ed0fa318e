"""Processes that have their turns one after the other, each with its own memory.

What one library keeps there is nothing that the garbage collector has to look at when another one has its turn.
"""

from __future__ import annotations

import multiprocessing
import time
from collections.abc import Callable, Mapping
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from types import TracebackType
from typing import Any, TypeVar

from benchmarks.timing import Clock, Side

T = TypeVar("T")

offered: dict[str, Side] = {}
"""In the process of a worker: what it can be asked to time, by task."""


def offer(sides: Mapping[str, Side]) -> list[str]:
    """Offer nothing but these from now on, and return their tasks; to be called in the process of a worker."""
    offered.clear()
    offered.update(sides)
    return list(sides)


class Worker:
    """A process of its own."""

    def __init__(self) -> None:
        self._pool = ProcessPoolExecutor(1, multiprocessing.get_context("spawn"))

    def do(self, function: Callable[..., T], *arguments: Any) -> T:
        """Call a function of a module there, and return its result."""
        return self._pool.submit(function, *arguments).result()

    def make_side(self, name: str, task: str) -> RemoteSide:
        """Return a side that does what the process offers as that task."""
        return RemoteSide(name, task, self)

    def __enter__(self) -> Worker:  # noqa: PYI034 - typing.Self is not in Python 3.10
        """Return the worker."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """End the process."""
        self._pool.shutdown()


@dataclass(frozen=True)
class RemoteSide:
    """A side whose work is done and timed in the process of a worker."""

    name: str
    task: str
    worker: Worker

    def time(self, count: int, clock: Clock = time.process_time, *, settle: bool = True) -> float:
        """Return the time that the work takes there."""
        return self.worker.do(_time, self.task, count, clock, settle)


def _time(task: str, count: int, clock: Clock, settle: bool) -> float:  # noqa: FBT001 - it crosses processes
    return offered[task].time(count, clock, settle=settle)
