"""Requests that fail, and callers that are interrupted: a lock is held by whoever is told so, and by nobody else."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from dynamongo import (
    Connection,
    Lock,
    LockItem,
    LockLost,
    LockNotAcquired,
    ServiceError,
    ThrottledError,
    WriteOutcomeUnknown,
)
from dynamongo.backends.memory import Fault, FaultPlan, MemoryBackend, VirtualClock
from dynamongo.operations import Query, UpdateItem
from locks.conftest import Verbs

MOMENTS = ("before", "after")


def owner_of(name: str = "a") -> str | None:
    item = LockItem.get_one(name, None, consistent=True)
    return None if item is None else item.owner


@pytest.mark.parametrize("moment", MOMENTS)
class TestLostResponses:
    def lose(self, memory: MemoryBackend, moment: Any, times: int = 1) -> None:
        memory.faults.schedule(Fault.lose_response(moment, operation="UpdateItem", times=times))

    def test_lock_is_acquired_once(self, memory: MemoryBackend, verbs: Verbs, moment: str) -> None:
        self.lose(memory, moment)
        verbs(lock := Lock("a", owner="jane"), "acquire")
        token = lock.token
        assert (lock.is_held, owner_of()) == (True, "jane")
        verbs(lock, "release")
        verbs(lock, "acquire")
        assert lock.token == token + 1
        verbs(lock, "release")

    def test_lock_is_released(self, memory: MemoryBackend, verbs: Verbs, moment: str) -> None:
        verbs(lock := Lock("a"), "acquire")
        self.lose(memory, moment, times=2)
        verbs(lock, "release")
        assert owner_of() is None

    def test_release_says_that_its_outcome_is_unknown(self, memory: MemoryBackend, verbs: Verbs, moment: str) -> None:
        verbs(lock := Lock("a"), "acquire")
        self.lose(memory, moment, times=3)
        with pytest.raises(WriteOutcomeUnknown):
            verbs(lock, "release")
        assert not lock.is_held

    def test_lease_is_renewed(self, memory: MemoryBackend, verbs: Verbs, clock: VirtualClock, moment: str) -> None:
        verbs(lock := Lock("a", heartbeat=False), "acquire")
        clock.advance(seconds=20)
        self.lose(memory, moment, times=2)
        verbs(lock, "renew")
        clock.advance(seconds=20)
        assert lock.is_held
        verbs(lock, "release")

    def test_attempt_whose_outcome_stays_unknown_holds_nothing(
        self, memory: MemoryBackend, verbs: Verbs, moment: Any
    ) -> None:
        self.lose(memory, moment)
        memory.faults.schedule(Fault.unreachable(operation="Query", times=10))
        with pytest.raises(ServiceError):
            verbs(lock := Lock("a"), "acquire")
        assert owner_of() is None
        verbs(lock, "acquire")  # it may be used again
        verbs(lock, "release")


def test_lock_that_took_half_its_lease_to_acquire_is_renewed(
    memory: MemoryBackend, verbs: Verbs, clock: VirtualClock
) -> None:
    memory.faults.schedule(Fault.slow(20, operation="UpdateItem"))
    started = clock.now()
    verbs(lock := Lock("a"), "acquire")
    assert LockItem.get_raw("a")["rvn"].endswith("-1")
    clock.advance(seconds=29)
    assert lock.is_held
    assert clock.now() - started == 49
    verbs(lock, "release")


def test_lock_that_took_its_lease_to_acquire_is_not_held(memory: MemoryBackend, verbs: Verbs) -> None:
    memory.faults.schedule(Fault.slow(31, operation="UpdateItem", times=2))
    with pytest.raises(LockLost, match="its lease ran out"):
        verbs(Lock("a"), "acquire")
    assert owner_of() is None


def test_store_that_is_busy_is_asked_again(memory: MemoryBackend, verbs: Verbs) -> None:
    memory.faults.schedule(Fault.throttle(operation="UpdateItem", times=3))
    verbs(lock := Lock("a"), "acquire")
    verbs(lock, "release")
    memory.faults.schedule(Fault.throttle(operation="UpdateItem", times=10))
    with pytest.raises(ThrottledError):
        verbs(lock, "acquire")


class TestHeartbeat:
    def test_errors_that_pass_do_no_harm(self, memory: MemoryBackend, verbs: Verbs, clock: VirtualClock) -> None:
        verbs(lock := Lock("a"), "acquire")
        clock.advance(seconds=100)
        memory.faults.schedule(
            Fault.throttle(operation="UpdateItem", times=2),
            Fault.lose_response("after", operation="UpdateItem", times=2),
            Fault.unreachable(operation="UpdateItem", times=2),
        )
        for _ in range(20):
            clock.advance(seconds=5)
            assert lock.is_held
        verbs(lock, "release")

    def test_lease_counts_from_the_request(self, memory: MemoryBackend, verbs: Verbs, clock: VirtualClock) -> None:
        verbs(lock := Lock("a"), "acquire")
        memory.faults.schedule(Fault.slow(5, operation="UpdateItem"))
        clock.advance(seconds=10)
        hold, _ = lock.current()
        assert hold.seconds_left == 25
        verbs(lock, "release")

    def test_error_that_stays_loses_the_lock_with_its_lease(
        self, memory: MemoryBackend, verbs: Verbs, clock: VirtualClock
    ) -> None:
        verbs(lock := Lock("a"), "acquire")
        memory.faults = FaultPlan(Fault.throttle(operation="UpdateItem", times=None))
        clock.advance(seconds=29)
        assert lock.is_held
        clock.advance(seconds=1)
        assert not lock.is_held
        memory.faults = FaultPlan()
        clock.advance(seconds=100)
        assert not lock.is_held  # once lost, it is lost
        with pytest.raises(LockLost, match="its lease ran out before it was renewed") as caught:
            verbs(lock, "release")
        assert isinstance(caught.value.__cause__, ThrottledError)

    def test_it_notices_who_has_taken_the_lock(self, memory: MemoryBackend, verbs: Verbs, clock: VirtualClock) -> None:
        def work() -> None:
            LockItem.update_one("a", [LockItem.owner.set("jane"), LockItem.rvn.set("hers")])
            assert lock.is_held
            clock.advance(seconds=10)
            with pytest.raises(LockLost, match="'jane' has taken it"):
                lock.check()

        with pytest.raises(LockLost, match="'jane' has taken it"):
            verbs.within(lock := Lock("a"), work)
        assert owner_of() == "jane"


class Late(MemoryBackend):
    """Executes the first update only after the read that looks for it."""

    late: Any = None

    def execute(self, operation: Any, seconds: float | None = None) -> Any:
        if isinstance(operation, UpdateItem) and self.late is None:
            self.late = operation
            raise ServiceError("no response")
        result = super().execute(operation, seconds)
        if isinstance(operation, Query) and self.late:
            super().execute(self.late)
            self.late = ()
            assert isinstance(self.clock, VirtualClock)
            self.clock.advance(seconds=7)
        return result


def test_write_that_arrives_late_counts_from_when_it_was_sent() -> None:
    with Connection.using(Late(clock=VirtualClock())):
        LockItem.create_table()
        lock = Lock("a", heartbeat=False).acquire()
        hold, _ = lock.current()
        assert hold.seconds_left == 30 - 7
        assert LockItem.get_raw("a")["rvn"].endswith("-0")
        lock.release()


class Interrupting(MemoryBackend):
    """Is interrupted after, or before, so many operations."""

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        self.left = -1
        self.is_done = True

    def execute(self, operation: Any, seconds: float | None = None) -> Any:
        self.left -= 1
        if self.left == 0 and not self.is_done:
            raise KeyboardInterrupt
        result = super().execute(operation, seconds)
        if self.left == 0:
            raise KeyboardInterrupt
        return result


@pytest.mark.parametrize("is_done", [False, True])
def test_interrupted_call_leaves_nothing_held(*, is_done: bool) -> None:
    with Connection.using(Interrupting(clock=VirtualClock())) as backend:
        LockItem.create_table()
        assert isinstance(backend, Interrupting)
        backend.left, backend.is_done = 1, is_done
        with pytest.raises(KeyboardInterrupt):
            Lock("a").acquire()
        assert owner_of() is None
        assert Lock("a", heartbeat=False).try_acquire()


@pytest.mark.parametrize(
    "faults", [(), (Fault.slow(1),), (Fault.lose_response("after", operation="UpdateItem"),)], ids=str
)
@pytest.mark.parametrize("turns", range(9))
def test_cancelled_task_leaves_nothing_held(clock: VirtualClock, turns: int, faults: tuple[Fault, ...]) -> None:
    async def work() -> bool:
        task = asyncio.create_task(Lock("a").aio.acquire())
        for _ in range(turns):
            await asyncio.sleep(0)
        task.cancel()
        try:
            (await task).is_held  # noqa: B018 - it was over before
        except asyncio.CancelledError:
            return True
        await task.result().aio.release()
        return False

    with Connection.using(MemoryBackend(clock=clock)) as backend:
        LockItem.create_table()
        assert isinstance(backend, MemoryBackend)
        backend.faults = FaultPlan(*faults)
        was_cancelled = asyncio.run(work())
        assert was_cancelled or turns
        assert owner_of() is None


def test_task_that_is_cancelled_twice_still_releases(memory: MemoryBackend) -> None:
    async def hold(entered: asyncio.Event) -> None:
        async with Lock("a"):
            entered.set()
            await asyncio.sleep(3600)

    async def work() -> None:
        task = asyncio.create_task(hold(entered := asyncio.Event()))
        await entered.wait()
        task.cancel()
        await asyncio.sleep(0)
        task.cancel()  # while it releases
        with pytest.raises(asyncio.CancelledError):
            await task
        while owner_of() is not None:  # noqa: ASYNC110 - it waits for the store
            await asyncio.sleep(0)

    asyncio.run(asyncio.wait_for(work(), 20))


def test_wait_that_is_cancelled_sends_nothing_more(memory: MemoryBackend) -> None:
    async def work() -> None:
        async with Lock("a", owner="jane"):
            waiter = asyncio.create_task(Lock("a").aio.acquire())
            for _ in range(7):
                await asyncio.sleep(0)
            waiter.cancel()
            with Connection.record() as calls, pytest.raises(asyncio.CancelledError):
                await waiter
            assert UpdateItem not in {type(call.operation) for call in calls}
            assert owner_of() == "jane"

    asyncio.run(work())


def test_timeout_is_kept_while_the_store_fails(memory: MemoryBackend, verbs: Verbs) -> None:
    verbs(held := Lock("a"), "acquire")
    memory.faults.schedule(Fault.throttle(operation="Query", times=2))
    with Connection.using(memory), pytest.raises(LockNotAcquired):
        verbs(Lock("a"), "acquire", timeout=3)
    verbs(held, "release")
