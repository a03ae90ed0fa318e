"""Recording: what a block of code asked of the store, and what it cost; and budgets that it must keep.

`record` and `budget` hold for the current thread or asyncio task, and for the threads that a read or write of
dynamongo starts inside the block.
"""

from __future__ import annotations

import contextlib
import itertools
import warnings
from collections import Counter
from collections.abc import Callable, Generator, Iterator
from contextvars import ContextVar
from typing import Any, Protocol, TypeVar

from dynamongo._support.dataclasses import dataclass
from dynamongo._support.forks import INNERMOST, make_lock
from dynamongo._support.stacklevel import caller_level
from dynamongo.exceptions import BudgetExceeded, NPlusOneWarning
from dynamongo.operations import BatchGet, Capacity, Get, Operation, Query, Scan, TransactGet
from dynamongo.planning.plan import describe_step

R = TypeVar("R")

_REPEATED = 3
"""How many single gets of one shape in a block are taken for a loop that should have been a batch."""

_READS = (Get, BatchGet, Query, Scan, TransactGet)


class Observer(Protocol):
    """What is told of every request."""

    def before(self, operation: Operation[Any]) -> None:
        """The operation is about to be executed; an error stops it."""
        ...

    def after(self, operation: Operation[Any], consumed: Capacity, error: Exception | None) -> None:
        """The operation was executed, or failed."""
        ...


observers: ContextVar[tuple[Observer, ...]] = ContextVar("dynamongo_observers", default=())
"""Those that watch the current thread or task."""


def execute_observed(
    execute: Callable[[Operation[R], float | None], R], operation: Operation[R], seconds: float | None
) -> R:
    """Execute the operation within so many seconds, and tell those who watch."""
    watching = observers.get()
    if not watching:
        return execute(operation, seconds)
    for observer in watching:
        observer.before(operation)
    try:
        result = execute(operation, seconds)
    except Exception as error:
        for observer in watching:
            observer.after(operation, Capacity(), error)
        raise
    for observer in watching:
        observer.after(operation, getattr(result, "consumed", Capacity()), None)
    return result


@contextlib.contextmanager
def _observe(observer: Observer) -> Generator[None]:
    observers.set((*observers.get(), observer))
    try:
        yield
    finally:
        observers.set(tuple(each for each in observers.get() if each is not observer))


@dataclass(frozen=True, slots=True)
class Call:
    """One request.

    Attributes:
        operation: What was asked.
        consumed: What it cost.
        error: What it failed with, or `None`.
    """

    operation: Operation[Any]
    consumed: Capacity
    error: Exception | None = None

    def __str__(self) -> str:
        units = f"{self.consumed.read_units:g} read units, {self.consumed.write_units:g} write units"
        return f"{describe_step(self.operation)}: {units if self.error is None else type(self.error).__name__}"


class Calls:
    """The requests of a block, in their order. Print it to read them."""

    def __init__(self) -> None:
        self._calls: list[Call] = []
        self._gets = Counter[object]()

    def before(self, operation: Operation[Any]) -> None:
        """Nothing has to be known before."""

    def after(self, operation: Operation[Any], consumed: Capacity, error: Exception | None) -> None:
        """Take note of a request."""
        self._calls.append(Call(operation, consumed, error))
        if isinstance(operation, Get):
            self._gets[operation.table, operation.projection] += 1
            if self._gets[operation.table, operation.projection] == _REPEATED:
                warnings.warn(
                    f"{_REPEATED} single gets of items of {operation.table} in one block: use get_many with a list of"
                    " keys, which gets 100 in one request",
                    NPlusOneWarning,
                    stacklevel=caller_level(),
                )

    def __iter__(self) -> Iterator[Call]:
        return iter(self._calls)

    def __len__(self) -> int:
        return len(self._calls)

    def __str__(self) -> str:
        return "\n".join(map(str, self._calls))

    @property
    def requests(self) -> int:
        """How many requests were made."""
        return len(self._calls)

    @property
    def consumed_capacity(self) -> Capacity:
        """What they cost."""
        return sum((call.consumed for call in self._calls), Capacity())

    @property
    def read_units(self) -> float:
        """What they cost in read units."""
        return self.consumed_capacity.read_units

    @property
    def write_units(self) -> float:
        """What they cost in write units."""
        return self.consumed_capacity.write_units

    @property
    def plan(self) -> list[str]:
        """The kind and target of each request, such as `Query users.by_name`; those that repeat the last one once."""
        return [step for step, _ in itertools.groupby(describe_step(call.operation) for call in self._calls)]

    def assert_plan(self, *steps: str) -> None:
        """Raise `AssertionError` unless the block did just this, whatever the number of pages.

        Args:
            steps: The kind and target of each request in order, such as `"Query users.by_name"`.
        """
        if self.plan != list(steps):
            expected, found = "\n  ".join(steps) or "nothing", "\n  ".join(self.plan) or "nothing"
            raise AssertionError(f"the requests were\n  {found}\nand not\n  {expected}")


@contextlib.contextmanager
def record() -> Generator[Calls]:
    """Collect the requests that the block makes, on any connection, with their cost.

    Warns once about single gets that should be one `get_many`.

    >>> from dynamongo import Connection, Model, StringField
    >>> from dynamongo.backends.memory import MemoryBackend
    >>> class Note(Model):
    ...     __table__ = "notes"
    ...     __hash_key__ = "title"
    ...     title = StringField()
    >>> with Connection.using(MemoryBackend()):
    ...     Note.create_table()
    ...     with Connection.record() as calls:
    ...         found = Note.get_one("a", default=None)
    >>> calls.assert_plan("Get notes")
    >>> calls.requests, calls.read_units
    (1, 0.5)
    """
    calls = Calls()
    with _observe(calls):
        yield calls


class _Budget:
    """Counts what a block costs, and stops it."""

    def __init__(self, read_units: float | None, write_units: float | None, requests: int | None) -> None:
        self.read_units = read_units
        self.write_units = write_units
        self.requests = requests
        self.spent = Capacity()
        self.made = 0
        self.exceeded: str | None = None
        self.lock = make_lock(INNERMOST)

    def before(self, operation: Operation[Any]) -> None:
        with self.lock:
            if self.requests is not None and self.made >= self.requests:
                self.exceeded = f"{describe_step(operation)} would be request {self.made + 1} of {self.requests}"
            self.check()
            self.made += 1

    def after(self, operation: Operation[Any], consumed: Capacity, error: Exception | None) -> None:
        with self.lock:
            self.spent += consumed
            if self.exceeded is None:
                self.exceeded = self._find_excess(operation)
            if error is None and isinstance(operation, _READS):  # what became of a write must not be lost
                self.check()

    def check(self) -> None:
        if self.exceeded is not None:
            raise BudgetExceeded(f"the budget of this block is exceeded: {self.exceeded}")

    def _find_excess(self, operation: Operation[Any]) -> str | None:
        for what, most, spent in (
            ("read units", self.read_units, self.spent.read_units),
            ("write units", self.write_units, self.spent.write_units),
        ):
            if most is not None and spent > most:
                return f"{describe_step(operation)} made it {spent:g} {what} of {most:g}"
        return None


@contextlib.contextmanager
def budget(
    *, read_units: float | None = None, write_units: float | None = None, requests: int | None = None
) -> Generator[None]:
    """Let the block cost no more than this, in capacity units and requests.

    A request beyond the number is not sent. Units are known when they are spent: the read that exceeds them raises, and
    after a write that does, the next request or the end of the block, so that no write's answer is lost.

    Raises:
        BudgetExceeded: The block costs more; the message says which request it was.
    """
    spending = _Budget(read_units, write_units, requests)
    with _observe(spending):
        yield
    spending.check()
