"""Plans: the faults that a memory backend is to meet, and whether it met them."""

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
    NAMES,
    Cancel,
    CancelCode,
    Conflict,
    Fail,
    FaultKind,
    LoseResponse,
    Slow,
    Throttle,
    Unprocessed,
    Unreachable,
    can_befall,
)
from dynamongo.exceptions import ConfigurationError, FaultNotHit
from dynamongo.expressions.values import shorten
from dynamongo.operations import BatchGet, BatchWrite, Operation

if TYPE_CHECKING:
    from typing_extensions import Self


class _Scheduled:
    """A fault, how many requests it was about, and how many it has befallen."""

    def __init__(self, fault: Fault) -> None:
        self.fault = fault
        self.seen = 0
        self.hits = 0

    @property
    def is_spent(self) -> bool:
        return self.hits == self.fault.times

    @property
    def is_hit(self) -> bool:
        return self.hits >= (self.fault.times or 1)

    def is_due(self, operation: Operation[Any]) -> bool:
        """Whether it is to befall the operation, which counts as one that it has seen."""
        if not self.fault.matches(operation):
            return False
        self.seen += 1
        return self.seen > self.fault.after and not self.is_spent

    def __str__(self) -> str:
        met = "never met" if self.fault.times is None else f"met {self.hits} of {self.fault.times} times"
        return f"{self.fault!r}: {met}; requests that it is about: {self.seen}"


class FaultPlan:
    """Faults that requests to a `MemoryBackend` are to meet, in the order in which they are given.

    A request meets the first fault that is about it and not spent, and every `Fault.slow` besides. As a block, the
    plan asserts at its end that each fault was met, and schedules nothing any more; a block that raises asserts
    nothing.

    Attributes:
        hits: How many faults were met, by the name of their kind, such as `"throttle"`.
        is_active: Whether there is a fault that may still befall a request.

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
        seed: int, *, rate: float = 0.1, kinds: Collection[str] = tuple(NAMES.values()), max_seconds: float = 0.01
    ) -> FaultPlan:
        """A plan in which faults befall requests for data at random, the same ones for the same seed and requests.

        None of them is required to be met. Requests for tables as such go well.

        Args:
            seed: Where the random numbers begin.
            rate: How likely a request is befallen, from 0 to 1.
            kinds: The names of the kinds of faults, such as `"throttle"`; all of them where it is left out.
            max_seconds: How much a slow answer takes at most.

        >>> FaultPlan.random(7, rate=0.2, kinds=["throttle", "unprocessed"])
        FaultPlan.random(7, rate=0.2, kinds=['throttle', 'unprocessed'])
        """
        return _RandomPlan(seed, rate, kinds, max_seconds)

    def schedule(self, *faults: Fault) -> FaultPlan:
        """Schedule more faults, after those that there are, and return the plan.

        A plan is a block: `with backend.faults.schedule(Fault.throttle()):` schedules for a few lines.
        """
        for fault in faults:
            _check_fault(fault)
        with self._lock:
            self._scheduled += map(_Scheduled, faults)
            self._update()
        return self

    def clear(self) -> None:
        """Schedule nothing any more, and require nothing."""
        with self._lock:
            self._scheduled.clear()
            self._update()

    def take(self, operation: Operation[Any]) -> list[Fault]:
        """The faults that befall a request, which is thereby counted: slow ones, and one other at most, at the end."""
        with self._lock:
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
        """Raise `FaultNotHit` if a fault was met less often than it is scheduled."""
        missed = [str(each) for each in self._scheduled if not each.is_hit]
        if missed:
            lines = "\n  ".join(missed)
            raise FaultNotHit(
                f"{len(missed)} of {len(self._scheduled)} scheduled faults were not met as often as they should:\n"
                f"  {lines}\nEither the code under test makes no such requests, or the fault says others."
            )

    def _update(self) -> None:
        self.is_active = any(not each.is_spent for each in self._scheduled)

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
        raise ConfigurationError(f"a plan consists of faults, such as Fault.throttle(); got {shorten(fault)}")


class _RandomPlan(FaultPlan):
    """`FaultPlan.random`: what befalls a request is drawn when it comes. Scheduled faults come first."""

    def __init__(self, seed: int, rate: float, kinds: Collection[str], max_seconds: float) -> None:
        super().__init__()
        if unknown := set(kinds) - set(NAMES.values()):
            raise ConfigurationError(
                f"kinds of faults are {', '.join(NAMES.values())}; got {', '.join(map(repr, sorted(unknown)))}"
            )
        if not 0 <= rate <= 1:
            raise ConfigurationError(f"the rate of faults must be from 0 to 1; got {rate}")
        self._random = random.Random(seed)  # noqa: S311 - faults are no secret
        self._seed, self._rate, self._kinds, self._max_seconds = seed, rate, list(kinds), max_seconds
        self.is_active = True

    def take(self, operation: Operation[Any]) -> list[Fault]:
        """What is scheduled, or else what is drawn."""
        if not isinstance(operation, ITEM_OPERATIONS):
            return super().take(operation)
        with self._lock:
            drawn = self._draw(operation) if self._random.random() < self._rate else None
        taken = super().take(operation)
        if taken or drawn is None:
            return taken
        with self._lock:
            self.hits[drawn.name] += 1
        return [drawn]

    def _draw(self, operation: Operation[Any]) -> Fault | None:
        """A fault that can befall the operation; every kind is as likely as the others."""
        possible = [kind for kind in self._possible(operation) if can_befall(kind, type(operation))]
        return Fault(self._random.choice(possible)) if possible else None

    def _possible(self, operation: Operation[Any]) -> Iterator[FaultKind]:
        """One fault of each kind; numbers are drawn for all, so that a draw needs as many for any kind."""
        part = self._random.random()
        size = len(operation.keys) if isinstance(operation, BatchGet) else 0
        size = len(operation.writes) if isinstance(operation, BatchWrite) else size
        kinds: list[FaultKind] = [
            Throttle(),
            Unprocessed(1 + int(part * size)),
            Fail(done=part < 0.5),
            LoseResponse(done=part < 0.5),
            Unreachable(),
            Conflict(),
            Cancel(get_args(CancelCode)[int(part * len(get_args(CancelCode)))]),
            Slow(self._max_seconds * part),
        ]
        return (kind for kind in kinds if NAMES[type(kind)] in self._kinds)

    def _update(self) -> None:
        """It stays active: it is never spent."""

    def __repr__(self) -> str:
        return f"FaultPlan.random({self._seed}, rate={self._rate}, kinds={self._kinds})"
