"""Fault plans: the faults to inject into a memory backend, and whether requests hit them."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Collection, Iterator
from types import TracebackType
from typing import TYPE_CHECKING, Any, get_args

from dynamongo._support.forks import INNERMOST, make_lock
from dynamongo.backends.memory.executors import ITEM_OPERATIONS
from dynamongo.backends.memory.faults.fault import Fault
from dynamongo.backends.memory.faults.kinds import (
    KIND_NAMES,
    Cancel,
    CancelCode,
    Fail,
    FaultKind,
    ItemConflict,
    LoseResponse,
    Slow,
    Throttle,
    Unprocessed,
    Unreachable,
    applies_to,
)
from dynamongo.exceptions import ConfigurationError, FaultNotHit
from dynamongo.expressions.values import shorten
from dynamongo.operations import BatchGet, BatchWrite, Operation

if TYPE_CHECKING:
    from typing_extensions import Self


class _Scheduled:
    """A fault, how many requests it matched, and into how many of those it was injected."""

    def __init__(self, fault: Fault) -> None:
        self.fault = fault
        self.seen = 0
        self.hits = 0

    @property
    def is_used_up(self) -> bool:
        return self.hits == self.fault.times

    @property
    def is_hit(self) -> bool:
        return self.hits >= (self.fault.times or 1)  # one hit is enough for a fault without a number of times

    def is_due(self, operation: Operation[Any]) -> bool:
        """Count the operation if it matches, and return whether the fault is to be injected into it."""
        if not self.fault.matches(operation):
            return False
        self.seen += 1
        return self.seen > self.fault.after and not self.is_used_up

    def __str__(self) -> str:
        hits = "never hit" if self.fault.times is None else f"hit {self.hits} of {self.fault.times} times"
        return f"{self.fault!r}: {hits}; matching requests: {self.seen}"


class FaultPlan:
    """Faults to inject into the requests to a `MemoryBackend`, in the order in which they are given.

    A request hits the first matching fault that is not used up, and every matching `Fault.slow` too. Used as a
    context manager, the plan asserts at the end that each fault was hit, and is cleared; a block that raises asserts
    nothing.

    Attributes:
        hits: How many faults were hit, by the name of their kind, such as `"throttle"`.
        is_active: Whether there is a fault that may still be hit.

    >>> from dynamongo.backends.memory import MemoryBackend
    >>> from dynamongo.operations import DescribeTable
    >>> with FaultPlan(Fault.throttle(operation="DescribeTable")) as plan:
    ...     backend = MemoryBackend(faults=plan)
    ...     try:
    ...         backend.execute(DescribeTable("users"))
    ...     except Exception as error:
    ...         print(type(error).__name__, plan.hits["throttle"])
    ThrottledError 1
    """

    def __init__(self, *faults: Fault) -> None:
        self._scheduled: list[_Scheduled] = []
        self._lock = make_lock(INNERMOST)
        self.hits: Counter[str] = Counter()
        self.is_active = False
        if faults:
            self.schedule(*faults)

    @staticmethod
    def random(
        seed: int, *, rate: float = 0.1, kinds: Collection[str] = tuple(KIND_NAMES.values()), max_seconds: float = 0.01
    ) -> FaultPlan:
        """Make a plan that injects faults at random, the same ones for the same seed and requests.

        Only operations on items are hit, not those on tables. No fault is required to be hit.

        Args:
            seed: The seed of the random numbers.
            rate: The probability that a request is hit, from 0 to 1.
            kinds: The names of the kinds of faults, such as `"throttle"`; all kinds by default.
            max_seconds: How long a slow response takes at most.

        >>> FaultPlan.random(7, rate=0.2, kinds=["throttle", "unprocessed"])
        FaultPlan.random(7, rate=0.2, kinds=['throttle', 'unprocessed'])
        """
        return _RandomPlan(seed, rate, kinds, max_seconds)

    def schedule(self, *faults: Fault) -> FaultPlan:
        """Schedule more faults, after those already there, and return the plan.

        Since a plan is a context manager, `with backend.faults.schedule(Fault.throttle()):` does so for a few lines.
        """
        for fault in faults:
            _check_fault(fault)
        with self._lock:
            self._scheduled += map(_Scheduled, faults)
            self._update()
        return self

    def clear(self) -> None:
        """Drop all scheduled faults, whether or not they were hit."""
        with self._lock:
            self._scheduled.clear()
            self._update()

    def take(self, operation: Operation[Any]) -> list[Fault]:
        """Count a request, and return the faults that it hits: slow ones first, then at most one other."""
        with self._lock:
            # All matching faults count the request, even if an earlier one is injected into it.
            due = [each for each in self._scheduled if each.is_due(operation)]
            slow = [each for each in due if isinstance(each.fault.kind, Slow)]
            others = [each for each in due if not isinstance(each.fault.kind, Slow)]
            taken = [*slow, *others[:1]]
            for each in taken:
                each.hits += 1
                self.hits[each.fault.name] += 1
            self._update()
        return [each.fault for each in taken]

    def assert_hit(self) -> None:
        """Raise `FaultNotHit` if a fault was hit less often than scheduled."""
        missed = [str(each) for each in self._scheduled if not each.is_hit]
        if missed:
            lines = "\n  ".join(missed)
            raise FaultNotHit(
                f"{len(missed)} of {len(self._scheduled)} scheduled faults were hit less often than scheduled:\n"
                f"  {lines}\nEither the code under test makes no such requests, or the fault describes other ones."
            )

    def _update(self) -> None:
        self.is_active = any(not each.is_used_up for each in self._scheduled)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        try:
            if error is None:
                self.assert_hit()
        finally:
            self.clear()

    def __repr__(self) -> str:
        return f"FaultPlan({', '.join(repr(each.fault) for each in self._scheduled)})"


def _check_fault(fault: object) -> None:
    if not isinstance(fault, Fault):
        raise ConfigurationError(f"a FaultPlan takes faults such as Fault.throttle(); got {shorten(fault)}")


class _RandomPlan(FaultPlan):
    """`FaultPlan.random`: a fault is drawn for each request. Scheduled faults take precedence."""

    def __init__(self, seed: int, rate: float, kinds: Collection[str], max_seconds: float) -> None:
        super().__init__()
        if unknown := set(kinds) - set(KIND_NAMES.values()):
            names = ", ".join(map(repr, sorted(unknown)))
            raise ConfigurationError(f"unknown kind of fault: {names}; known are: {', '.join(KIND_NAMES.values())}")
        if not 0 <= rate <= 1:
            raise ConfigurationError(f"FaultPlan.random: rate must be from 0 to 1; got {rate}")
        self._random = random.Random(seed)  # noqa: S311 - this is not cryptography
        self._seed, self._rate, self._kinds, self._max_seconds = seed, rate, list(kinds), max_seconds
        self.is_active = True

    def take(self, operation: Operation[Any]) -> list[Fault]:
        """Return the scheduled faults that a request hits, or else the one that is drawn for it."""
        if not isinstance(operation, ITEM_OPERATIONS):  # tests need their tables before they need faults
            return super().take(operation)
        with self._lock:
            # The same numbers are drawn whether or not a scheduled fault comes first.
            drawn = self._draw(operation) if self._random.random() < self._rate else None
        taken = super().take(operation)
        if taken or drawn is None:
            return taken
        with self._lock:
            self.hits[drawn.name] += 1
        return [drawn]

    def _draw(self, operation: Operation[Any]) -> Fault | None:
        """Draw a fault that applies to the operation; all kinds are equally likely."""
        possible = [kind for kind in self._possible(operation) if applies_to(kind, type(operation))]
        return Fault(self._random.choice(possible)) if possible else None

    def _possible(self, operation: Operation[Any]) -> Iterator[FaultKind]:
        """Return one fault of each chosen kind; the choice does not change how many random numbers are consumed."""
        part = self._random.random()
        size = len(operation.keys) if isinstance(operation, BatchGet) else 0
        size = len(operation.writes) if isinstance(operation, BatchWrite) else size
        kinds: list[FaultKind] = [
            Throttle(),
            Unprocessed(1 + int(part * size)),
            Fail(done=part < 0.5),
            LoseResponse(done=part < 0.5),
            Unreachable(),
            ItemConflict(),
            Cancel(get_args(CancelCode)[int(part * len(get_args(CancelCode)))]),
            Slow(self._max_seconds * part),
        ]
        return (kind for kind in kinds if KIND_NAMES[type(kind)] in self._kinds)

    def _update(self) -> None:
        """Stay active: a random plan is never used up."""

    def __repr__(self) -> str:
        return f"FaultPlan.random({self._seed}, rate={self._rate}, kinds={self._kinds})"
