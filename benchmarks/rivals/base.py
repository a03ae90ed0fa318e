"""What suites know of a library: its name, and what it does in each task."""

from __future__ import annotations

import asyncio
import importlib
import sys
from collections.abc import Callable, Iterable, Mapping, Sized
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from inspect import isawaitable
from typing import Any, NamedTuple

from benchmarks.asynchronous import Loop, MakeLoop, share
from benchmarks.timing import OURS, Effort, Side, repeat
from benchmarks.values import PER_PARTITION, count_selected, is_installed
from benchmarks.workers import offer

DECLARED = ", declared members"
Works = Mapping[str, Callable[[], Any]]


class Library(NamedTuple):
    """A library, and the module beside this one that calls it.

    Attributes:
        name: What the report calls it.
        package: What is imported when it is installed.
        module: The module whose `make_works` and, for some, `make_memory_works` return what it does in each task.
        is_async: Whether its calls are awaited.
        python: The version of Python that it requires.
    """

    name: str
    package: str
    module: str
    is_async: bool = False
    python: tuple[int, int] = (3, 10)

    @property
    def is_available(self) -> bool:
        """Whether it is installed, and this Python can run it."""
        return is_installed(self.package) and sys.version_info >= self.python

    def load(self) -> Any:
        """Return the module that calls it."""
        return importlib.import_module(f"benchmarks.rivals.{self.module}")


DYNAMONGO = Library(OURS, "dynamongo", "own_models")
AWAITED = Library(OURS, "dynamongo", "own_awaited", is_async=True)
BLOCKING = DYNAMONGO._replace(name=f"{OURS}, blocking")
BOTO3 = Library("boto3", "boto3", "boto3_client")
PYNAMODB = Library("PynamoDB", "pynamodb", "pynamodb_models")
PYDYNOX = Library("pydynox", "pydynox", "pydynox_models")
AWAITED_PYDYNOX = Library("pydynox", "pydynox", "pydynox_awaited", is_async=True)
DYNAMOXY = Library("dynamoxy", "dynamoxy", "dynamoxy_models", is_async=True, python=(3, 12))
MOTO = Library("moto", "moto", "moto_mock")
AIOBOTO3 = Library("aioboto3", "aioboto3", "aioboto3_client", is_async=True)
AIODYNAMO = Library("aiodynamo", "aiodynamo", "aiodynamo_client", is_async=True)


@dataclass(frozen=True)
class Calls:
    """The calls of one library, ready to be made; those of an asynchronous one on a loop."""

    name: str
    works: Works
    loop: Loop | None = None

    def make_side(self, task: str) -> Side:
        """Return the side of this library in a comparison."""
        work = self.works[task]
        return Side(self.name, repeat(work) if self.loop is None else self.loop.repeat(work))

    def make_crowd(self, task: str, pool: ThreadPoolExecutor, size: int) -> Side:
        """Return the side in which that many threads, or tasks of the loop, share the repetitions."""
        work, loop = self.works[task], self.loop
        if loop is not None:
            return Side(self.name, loop.repeat(work, size))
        each = repeat(work)
        return Side(self.name, lambda count: list(pool.map(each, share(count, size))))

    def close(self) -> None:
        """Close its connections, where that has to be awaited, and its loop."""
        if self.loop is not None:
            self.loop.do(self.works["close"]())
            self.loop.close()


def open_all(
    libraries: Iterable[Library],
    url: str,
    sizes: Sizes,
    *,
    declared: bool,
    make_loop: MakeLoop = asyncio.new_event_loop,
) -> list[Calls]:
    """Return the calls of the installed ones to the server of that URL, with the members of maps declared or not.

    Each asynchronous one has a loop of its own.
    """
    opened: list[Calls] = []
    for library in libraries:
        if library.is_available:
            loop = Loop(make_loop) if library.is_async else None
            made = library.load().make_works(url, sizes, declared=declared)
            works = made if loop is None or not isawaitable(made) else loop.do(made)
            opened.append(Calls(library.name, works, loop))
    return opened


def list_rows(effort: Effort) -> list[tuple[bool, str]]:
    """Return whether members are declared, with what the names of tasks then end with, for each row to be measured."""
    return [(False, ""), (True, DECLARED)] if effort.both_rows else [(False, "")]


def open_memory(library: Library, effort: Effort) -> list[str]:
    """Fill a table in memory, and offer what the library does with it; to be called in the process of a worker."""
    module, sizes, loop = library.load(), Sizes(effort.items), Loop()
    opened = module.open_memory(effort.items)
    store = loop.do(opened) if isawaitable(opened) else opened
    sides: dict[str, Side] = {}
    for declared, suffix in list_rows(effort):
        works = module.make_memory_works(store, sizes, declared=declared)
        calls = Calls(library.name, works, loop if library.is_async else None)
        sides |= {task + suffix: calls.make_side(task) for task in works}
    return offer(sides)


class Sizes:
    """How many rows the table has, and how many of them each read returns.

    Attributes:
        rows: All rows.
        query: Those with the first hash key.
        filtered_query: Those among the latter that the filter selects.
        filtered_scan: Those among all rows that it selects.
    """

    def __init__(self, rows: int) -> None:
        self.rows = rows
        self.query = min(rows, PER_PARTITION)
        self.filtered_query = count_selected(self.query)
        self.filtered_scan = count_selected(rows)


def check_size(found: Sized, expected: int) -> None:
    """Fail unless a call returned as many items as it has to."""
    assert len(found) == expected, (len(found), expected)
