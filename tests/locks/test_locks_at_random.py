"""Several holders of one lock, by random steps under random faults: what each believes is never wrong.

Each has a wall clock of its own, up to five minutes off. What all share is the rate of their monotonic clocks.
"""

from __future__ import annotations

import contextlib
import gc
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from dynamongo import Connection, DynamongoError, Lock, LockItem, LockNotAcquired
from dynamongo.backends.memory import Fault, FaultPlan, MemoryBackend, VirtualClock

LEASES = (30.0, 400.0)
OFF = (-300, -7, 0, 300)
FAULTS: list[Callable[..., Fault]] = [
    lambda **where: Fault.lose_response("before", **where),
    lambda **where: Fault.lose_response("after", **where),
    lambda **where: Fault.fail("after", **where),
    Fault.throttle,
    Fault.unreachable,
    lambda **where: Fault.slow(20, **where),
]
holders = st.integers(0, 3)


class WrongClock(VirtualClock):
    """Tells another time than it waits by."""

    off = 0

    def __call__(self) -> float:
        return self.now() + self.off


class Machine(RuleBasedStateMachine):
    """Four holders. The first two have a heartbeat."""

    @initialize(lease=st.sampled_from(LEASES))
    def begin(self, lease: float) -> None:
        self.clock = WrongClock()
        self.backend = MemoryBackend(clock=self.clock)
        with Connection.using(self.backend):
            LockItem.create_table()
        self.lease = lease
        self.locks = [self.make(number) for number in range(4)]
        self.tokens = [0]

    def make(self, number: int) -> Lock:
        return Lock("a", lease=self.lease, heartbeat=number < 2, owner=f"holder {number}")

    @contextlib.contextmanager
    def as_holder(self, number: int) -> Any:
        self.clock.off = OFF[number]
        with Connection.using(self.backend):
            yield self.locks[number]

    @rule(number=holders, timeout=st.sampled_from([0, 1, 50, 1000]))
    def acquire(self, number: int, timeout: float) -> None:
        with self.as_holder(number) as lock:
            if "token" in repr(lock):
                return
            began = self.clock.now()
            try:
                lock.acquire(timeout)
            except LockNotAcquired:
                assert timeout <= self.clock.now() - began
            except DynamongoError:
                return  # the store has failed
            else:
                assert lock.token > max(self.tokens)
                self.tokens.append(lock.token)

    @rule(number=holders)
    def release(self, number: int) -> None:
        with self.as_holder(number) as lock:
            with contextlib.suppress(DynamongoError):
                lock.release()
            assert not lock.is_held

    @rule(number=holders)
    def renew(self, number: int) -> None:
        with self.as_holder(number) as lock, contextlib.suppress(DynamongoError):
            lock.renew()
            assert lock.is_held

    @rule(number=holders)
    def crash(self, number: int) -> None:
        self.locks[number] = self.make(number)
        gc.collect()  # errors may still refer to the old one

    @rule(seconds=st.sampled_from([1, 4, 29, 31, 1100]))
    def advance(self, seconds: float) -> None:
        with Connection.using(self.backend):
            self.clock.advance(seconds=seconds)

    @rule(make=st.sampled_from(FAULTS), operation=st.sampled_from(["UpdateItem", "Query"]), times=st.integers(1, 12))
    def schedule(self, make: Callable[..., Fault], operation: str, times: int) -> None:
        self.backend.faults.schedule(make(operation=operation, times=times))

    @invariant()
    def one_holds_it_at_most(self) -> None:
        held = [lock for lock in getattr(self, "locks", ()) if lock.is_held]
        assert len(held) <= 1
        if held:
            assert self.read_calmly().owner == f"holder {self.locks.index(held[0])}"
            assert held[0].token == max(self.tokens)

    def read_calmly(self) -> LockItem:
        plan, self.backend.faults = self.backend.faults, FaultPlan()
        with Connection.using(self.backend):
            found = LockItem.get_one("a", consistent=True)
        self.backend.faults = plan
        return found

    def teardown(self) -> None:
        """Whatever has happened, the lock can be acquired when all leases have run out."""
        if hasattr(self, "locks"):
            self.backend.faults.clear()
            self.locks = []
            gc.collect()
            with Connection.using(self.backend):
                lock = Lock("a", heartbeat=False)
                lock.acquire(timeout=self.lease + 1)
                assert lock.token > max(self.tokens)


TestLocksAtRandom = pytest.mark.slow(Machine.TestCase)
TestLocksAtRandom.settings = settings(max_examples=150, stateful_step_count=30, deadline=None)
