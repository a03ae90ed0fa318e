"""Recording: which requests a block of code made and what they cost; and budgets that limit them.

`record` and `budget` hold for the current thread or asyncio task; for the tasks that are started inside the block, even
if they go on after it; and for the threads that dynamongo itself starts inside the block for a read or write.
"""

from __future__ import annotations

import contextlib
import itertools
import warnings
from collections import Counter
from collections.abc import Generator, Iterator
from typing import Any

from dynamongo._support.dataclasses import dataclass
from dynamongo._support.forks import INNERMOST, make_lock
from dynamongo._support.stacklevel import caller_level
from dynamongo.connection.observers import observe
from dynamongo.exceptions import BudgetExceeded, NPlusOneWarning
from dynamongo.operations import BatchGet, Capacity, Get, Operation, Query, Scan, TransactGet
from dynamongo.operations.steps import describe_step

_REPEATED = 3
"""This many single gets of one table in a block look like a loop that should be a batch."""

_READS = (Get, BatchGet, Query, Scan, TransactGet)


@dataclass(frozen=True, slots=True)
class RecordedCall:
    """One request.

    Attributes:
        operation: The operation.
        consumed: What it cost.
        error: The error it failed with, or `None`. Of a request that was interrupted after it was sent, it is what
            interrupted it, such as `asyncio.CancelledError`: it may have been executed and have consumed capacity.
    """

    operation: Operation[Any]
    consumed: Capacity
    error: BaseException | None = None

    def __str__(self) -> str:
        units = f"{self.consumed.read_units:g} read units, {self.consumed.write_units:g} write units"
        return f"{describe_step(self.operation)}: {units if self.error is None else type(self.error).__name__}"


class Calls:
    """The requests of a block in order. Print it to read them."""

    def __init__(self) -> None:
        self._calls: list[RecordedCall] = []
        self._gets = Counter[object]()

    def before(self, operation: Operation[Any]) -> None:
        """Do nothing: a request is recorded when it is over."""

    def after(self, operation: Operation[Any], consumed: Capacity, error: BaseException | None) -> None:
        """Record a request."""
        self._calls.append(RecordedCall(operation, consumed, error))
        # Gets with the same projection could be one BatchGet. The third one warns, so each block does so once. The
        # warning may be an error, which must not take the place of a cancellation.
        if isinstance(operation, Get) and isinstance(error, Exception | None):
            self._gets[operation.table, operation.projection] += 1
            if self._gets[operation.table, operation.projection] == _REPEATED:
                warnings.warn(
                    f"{_REPEATED} single gets from {operation.table} in one block: use get_many with a list of keys,"
                    " which reads 100 items per request",
                    NPlusOneWarning,
                    stacklevel=caller_level(),
                )

    def __iter__(self) -> Iterator[RecordedCall]:
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
        """The kind and target of each request, such as `Query users.by_name`; consecutive equal ones count once."""
        return [step for step, _ in itertools.groupby(describe_step(call.operation) for call in self._calls)]

    def assert_plan(self, *steps: str) -> None:
        """Raise `AssertionError` unless the block made exactly these requests, regardless of the number of pages.

        Args:
            steps: The kind and target of each request in order, such as `"Query users.by_name"`.
        """
        if self.plan != list(steps):
            expected, found = "\n  ".join(steps) or "nothing", "\n  ".join(self.plan) or "nothing"
            raise AssertionError(f"expected these requests:\n  {expected}\ngot:\n  {found}")


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
    with observe(calls):
        yield calls


class _Budget:
    """Counts what a block costs, and stops it at a limit."""

    def __init__(self, read_units: float | None, write_units: float | None, requests: int | None) -> None:
        self.read_units = read_units
        self.write_units = write_units
        self.requests = requests
        self.spent = Capacity()
        self.made = 0
        self.exceeded: str | None = None
        self.lock = make_lock(INNERMOST)  # segments and bulk writes of the block count from several threads

    def before(self, operation: Operation[Any]) -> None:
        with self.lock:
            # `exceeded` stays, so that code which catches the error cannot spend any more.
            if self.requests is not None and self.made >= self.requests:
                self.exceeded = (
                    f"{describe_step(operation)} would be request {self.made + 1}; the limit is {self.requests}"
                )
            self.check()
            self.made += 1  # before it is sent, so that threads cannot all pass at the last one

    def after(self, operation: Operation[Any], consumed: Capacity, error: BaseException | None) -> None:
        with self.lock:
            self.spent += consumed
            if self.exceeded is None:
                self.exceeded = self._find_excess(operation)
            # The outcome of a write must not be lost, nor an error be replaced: the next request raises instead.
            if error is None and isinstance(operation, _READS):
                self.check()

    def check(self) -> None:
        if self.exceeded is not None:
            raise BudgetExceeded(f"budget exceeded: {self.exceeded}")

    def _find_excess(self, operation: Operation[Any]) -> str | None:
        for what, most, spent in (
            ("read units", self.read_units, self.spent.read_units),
            ("write units", self.write_units, self.spent.write_units),
        ):
            if most is not None and spent > most:
                return f"{describe_step(operation)} brought the total to {spent:g} {what}; the limit is {most:g}"
        return None


@contextlib.contextmanager
def budget(
    *, read_units: float | None = None, write_units: float | None = None, requests: int | None = None
) -> Generator[None]:
    """Limit what the block costs, in capacity units and requests.

    A request beyond the limit is not sent. Units are only known once they are spent: a read that exceeds the budget
    raises at once; after a write that does, the next request or the end of the block raises, so that the result of the
    write is not lost.

    Raises:
        BudgetExceeded: The block costs more; the message names the request.
    """
    spending = _Budget(read_units, write_units, requests)
    with observe(spending):
        yield
    spending.check()  # for a write that was the last request of the block
