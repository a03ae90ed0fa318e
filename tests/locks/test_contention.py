"""Mutual exclusion: a counter that is read and written apart loses no update; threads, tasks, processes and forks."""

from __future__ import annotations

import asyncio
import contextlib
import os
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest

from dynamongo import BlockingCallForbidden, Connection, IntField, Lock, LockItem, LockLost, Model, StringField
from dynamongo.backends import Backend
from dynamongo.backends.dynamodb import DynamoDBBackend
from dynamongo.backends.memory import FaultPlan, MemoryBackend, VirtualClock

WORKERS, ROUNDS = 4, 5


class Counter(Model):
    __table__ = "counters"
    __hash_key__ = "name"
    name = StringField(required=True)
    value = IntField(required=True, default=0)


@pytest.fixture(params=["memory", "virtual", "dynamodb"])
def backend(request: pytest.FixtureRequest) -> Iterator[Backend]:
    if request.param == "dynamodb":
        found: Backend = request.getfixturevalue("dynamodb_backend")
    else:
        found = MemoryBackend(clock=VirtualClock()) if request.param == "virtual" else MemoryBackend()
    with Connection.using(found, table_prefix="contention-", everywhere=True):
        for model in (LockItem, Counter):
            model.create_table()
        Counter(name="a").save()
        yield found
        for model in (LockItem, Counter):
            model.delete_table()


def test_threads_take_turns(backend: Backend) -> None:
    def count(_: int) -> list[int]:
        tokens = list[int]()
        for _ in range(ROUNDS):
            with Lock("a", poll=0.02) as lock:
                counter = Counter.get_one("a", consistent=True)
                time.sleep(0)
                counter.value += 1
                counter.save()
                tokens.append(lock.token)
        return tokens

    with ThreadPoolExecutor(WORKERS) as threads:
        tokens = [token for each in threads.map(count, range(WORKERS)) for token in each]
    assert Counter.get_one("a", consistent=True).value == WORKERS * ROUNDS
    assert len(set(tokens)) == WORKERS * ROUNDS


def test_tasks_take_turns(backend: Backend) -> None:
    async def count() -> None:
        for _ in range(ROUNDS):
            async with Lock("a", poll=0.02):
                counter = await Counter.aio.get_one("a", consistent=True)
                await asyncio.sleep(0)
                counter.value += 1
                await counter.aio.save()

    async def work() -> None:
        try:
            await asyncio.gather(*(count() for _ in range(WORKERS)))
        finally:
            if isinstance(backend, DynamoDBBackend):
                await backend.close_async()  # whose connections are on this loop

    asyncio.run(work())
    assert Counter.get_one("a", consistent=True).value == WORKERS * ROUNDS


def test_without_a_lock_updates_are_lost() -> None:
    """The counter of the tests above shows what it is meant to show."""

    async def count() -> None:
        counter = await Counter.aio.get_one("a")
        counter.value += 1
        await counter.aio.save()

    async def work() -> None:
        await asyncio.gather(*(count() for _ in range(WORKERS)))

    with Connection.using(MemoryBackend()):
        Counter.create_table()
        Counter(name="a").save()
        asyncio.run(work())
        assert Counter.get_one("a").value < WORKERS


@pytest.mark.parametrize("seed", [1, 2, *(pytest.param(seed, marks=pytest.mark.slow) for seed in range(3, 30))])
def test_tasks_take_turns_under_random_faults(seed: int) -> None:
    inside = 0

    async def count() -> None:
        nonlocal inside
        for _ in range(ROUNDS):
            with contextlib.suppress(LockLost):
                async with Lock("a", lease=600) as lock:
                    assert not (inside and lock.is_held)
                    inside += 1
                    for _ in range(3):
                        await asyncio.sleep(0)
                    inside -= 1

    with Connection.using(backend := MemoryBackend(clock=VirtualClock())):
        LockItem.create_table()
        backend.faults = FaultPlan.random(seed, rate=0.2)

        async def work() -> None:
            for each in await asyncio.gather(*(count() for _ in range(WORKERS)), return_exceptions=True):
                assert each is None or type(each).__module__.startswith("dynamongo"), each

        asyncio.run(work())
    assert inside == 0


def test_blocking_call_on_an_event_loop_is_reported(dynamodb_backend: DynamoDBBackend) -> None:
    async def work() -> None:
        with pytest.raises(BlockingCallForbidden, match=r"use `await lock.aio.acquire\(...\)`"):
            Lock("a", model=LockItem.on(strict)).acquire()
        with (
            pytest.raises(BlockingCallForbidden, match=r"use `async with Lock\(...\)`"),
            Lock("a", model=LockItem.on(strict)),
        ):
            pass

    strict = Connection(backend=dynamodb_backend, blocking_calls="forbid")
    asyncio.run(work())


def wait_until(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 20
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.002)


@pytest.fixture
def real() -> Iterator[MemoryBackend]:
    with Connection.using(found := MemoryBackend()):
        LockItem.create_table()
        yield found


def renewals() -> int:
    return int(str(LockItem.get_one("a").rvn).split("-")[1])


def test_thread_renews_a_lease_until_the_lock_is_released(real: MemoryBackend) -> None:
    with Lock("a", heartbeat=0.005) as lock:
        wait_until(lambda: renewals() >= 2)
        assert [each.daemon for each in threading.enumerate() if each.name == "dynamongo_lock"] == [True]
        assert lock.is_held
    wait_until(lambda: "dynamongo_lock" not in {each.name for each in threading.enumerate()})


def test_thread_ends_when_the_lock_is_forgotten_or_lost(real: MemoryBackend) -> None:
    lock = Lock("a", heartbeat=0.005).acquire()
    LockItem.delete_one("a")
    wait_until(lambda: not lock.is_held)
    forgotten = Lock("b", heartbeat=0.005)
    forgotten.acquire()
    del forgotten
    wait_until(lambda: "dynamongo_lock" not in {each.name for each in threading.enumerate()})
    assert LockItem.get_one("b").owner is not None  # until its lease has run out


def test_lock_without_a_thread_for_its_heartbeat_is_not_held(
    real: MemoryBackend, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(thread: threading.Thread) -> None:
        raise RuntimeError("can't start new thread")

    lock = Lock("a")
    with monkeypatch.context() as patch:
        patch.setattr(threading.Thread, "start", refuse)
        with pytest.raises(RuntimeError, match="can't start new thread"):
            lock.acquire()
    assert not lock.is_held
    assert not lock.try_acquire()  # until the lease has run out


def test_task_renews_a_lease_until_the_lock_is_released(real: MemoryBackend) -> None:
    async def work() -> None:
        before = asyncio.all_tasks()
        async with Lock("a", heartbeat=0.005) as lock:
            while renewals() < 2:  # noqa: ASYNC110 - it waits for the store
                await asyncio.sleep(0.001)
            assert lock.is_held
            assert len(asyncio.all_tasks() - before) == 1
        assert asyncio.all_tasks() == before

    asyncio.run(asyncio.wait_for(work(), 20))


@pytest.mark.skipif(not hasattr(os, "fork"), reason="the system has no fork")
@pytest.mark.filterwarnings("ignore:.*fork:DeprecationWarning")
def test_child_of_a_fork_does_not_hold_the_lock(real: MemoryBackend) -> None:
    with Lock("a", heartbeat=0.005) as lock:
        if not (child := os.fork()):
            code = 1
            with contextlib.suppress(BaseException):
                code = 2 if lock.is_held else 0
                with contextlib.suppress(LockLost):
                    lock.release()
                    code = 3
                code = code or (0 if renewals() >= 0 and not Lock("a").try_acquire() else 4)
            os._exit(code)
        assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
        assert lock.is_held


def test_program_ends_without_waiting_for_a_heartbeat() -> None:
    program = """
from dynamongo import BlockingCallForbidden, Connection, Lock, LockItem
from dynamongo.backends.memory import MemoryBackend
Connection.set_config(backend=MemoryBackend())
LockItem.create_table()
lock = Lock("a", lease=100000).acquire()
print(lock.is_held)
"""
    command = [sys.executable, "-W", "error", "-c", program]
    done = subprocess.run(command, check=True, capture_output=True, text=True, timeout=60)
    assert (done.stdout, done.stderr) == ("True\n", "")
