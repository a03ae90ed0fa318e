"""The memory backend in tasks: requests are interleaved as in production, without a thread, and may be cancelled."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Awaitable, Callable, Iterator
from typing import Any

import pytest
from cancelled import find_raised

from dynamongo import (
    Connection,
    IntField,
    Model,
    RetryPolicy,
    ServiceError,
    StringField,
    ThrottledError,
    UnsupportedOperation,
    VersionConflict,
    VersionField,
)
from dynamongo.backends.memory import Fault, MemoryBackend, VirtualClock
from dynamongo.operations import Operation, Put, TransactWrite


class Counter(Model):
    __table__ = "counters"
    __hash_key__ = "name"
    __scans__ = "allow"
    name = StringField()
    count = IntField()


class Versioned(Counter):
    __table__ = "versioned"
    version = VersionField()


@pytest.fixture
def clock() -> VirtualClock:
    return VirtualClock(1000)


@pytest.fixture(autouse=True)
def backend(clock: VirtualClock) -> Iterator[MemoryBackend]:
    with Connection.using(backend := MemoryBackend(clock=clock)):
        Counter.create_table()
        Versioned.create_table()
        yield backend


def counts() -> dict[str | None, int | None]:
    return {counter.name: counter.count for counter in Counter.get_many()}


async def cancel_soon(work: Awaitable[Any], *, rounds: int) -> BaseException:
    """Cancel a task that does the work after so many rounds of the event loop, and return what it raised."""
    task = asyncio.ensure_future(work)
    for _ in range(rounds):
        await asyncio.sleep(0)
    task.cancel()
    with pytest.raises(asyncio.CancelledError) as caught:
        await task
    return find_raised(caught.value)


class TestInterleaving:
    def test_two_tasks_that_read_change_and_save_lose_an_update(self) -> None:
        async def increment() -> None:
            counter = await Counter.aio.get_one("a")
            counter.count = (counter.count or 0) + 1
            await counter.aio.save()

        async def work() -> None:
            await asyncio.gather(increment(), increment())

        Counter(name="a", count=0).save()
        asyncio.run(work())
        assert counts() == {"a": 1}  # as in production, and unlike blocking code on one thread

    def test_version_finds_the_lost_update(self) -> None:
        async def increment() -> None:
            counter = await Versioned.aio.get_one("a")
            counter.count = (counter.count or 0) + 1
            await counter.aio.save()

        async def work() -> list[object]:
            return list(await asyncio.gather(increment(), increment(), return_exceptions=True))

        Versioned(name="a", count=0).save()
        assert [type(result) for result in asyncio.run(work())] == [type(None), VersionConflict]

    def test_updates_that_the_store_computes_are_all_counted(self) -> None:
        async def work() -> None:
            await asyncio.gather(*(Counter.aio.upsert_one("a", Counter.count.add(1)) for _ in range(50)))

        asyncio.run(work())
        assert counts() == {"a": 50}

    def test_tasks_take_turns_before_each_request(self) -> None:
        async def write(name: str) -> None:
            for number in range(3):
                await Counter.aio.save_one({"name": f"{name}{number}"})

        async def work() -> None:
            await asyncio.gather(write("a"), write("b"))

        with Connection.record() as calls:
            asyncio.run(work())
        assert [call.operation.item["name"] for call in calls if isinstance(call.operation, Put)] == [
            f"{name}{number}" for number in range(3) for name in "ab"
        ]

    def test_pages_of_a_read_may_see_what_is_written_between_them(self) -> None:
        async def write() -> None:
            await asyncio.sleep(0)
            Counter.save_many([{"name": f"new{number}"} for number in range(100)])

        async def work() -> int:
            writing = asyncio.create_task(write())
            found = len(await Counter.aio.get_many(page_size=10))
            await writing
            return found

        Counter.save_many([{"name": str(number)} for number in range(50)])
        assert 50 < asyncio.run(work()) <= 150


class TestThreads:
    def test_awaited_verbs_start_none(self) -> None:
        threads: list[str] = []
        threading.setprofile(lambda *_: threads.append(threading.current_thread().name))

        async def work() -> None:
            items = [{"name": str(number), "count": number} for number in range(120)]
            await Counter.aio.save_many(items)
            assert len(await Counter.aio.get_many(segments=4)) == 120
            assert len(await Counter.aio.get_many([str(number) for number in range(120)])) == 120
            await Counter.aio.update_many(Counter.count > 100, Counter.count.set(0))
            async with Connection.aio.transaction() as tx:
                tx.save(Counter(name="a"))
            async for _ in Counter.aio.delete_iter(map(str, range(120))):
                pass
            await Connection.aio.close()

        before = threading.active_count()
        try:
            asyncio.run(work())
        finally:
            threading.setprofile(None)
        assert set(threads) == set()  # it is called in threads that start from then on
        assert threading.active_count() == before


class TestTime:
    def test_wait_before_a_retry_advances_the_virtual_clock_and_blocks_nobody(
        self, backend: MemoryBackend, clock: VirtualClock
    ) -> None:
        async def work() -> None:
            started = time.monotonic()
            await asyncio.gather(Counter.aio.save_one({"name": "a"}), Counter.aio.save_one({"name": "b"}))
            assert time.monotonic() - started < 5

        backend.faults.schedule(Fault.throttle(key={"name": "a"}, times=5))
        with Connection.record() as calls:
            asyncio.run(work())
        order = [
            (str(call.operation.item["name"]), call.error is None) for call in calls if isinstance(call.operation, Put)
        ]
        assert order == [("a", False), ("b", True), *[("a", False)] * 4, ("a", True)]
        assert clock.now() > 1000

    def test_deadline_of_a_call_is_that_of_the_virtual_clock(self, backend: MemoryBackend, clock: VirtualClock) -> None:
        backend.faults.schedule(Fault.throttle(times=None))
        connection = Connection(backend=backend, retries=RetryPolicy(attempts=100, max_seconds=60))
        with pytest.raises(ThrottledError):
            asyncio.run(connection.execute_async(Put("counters", {"name": "a"})))
        assert 1000 < clock.now() <= 1060

    def test_slow_response_advances_the_virtual_clock(self, backend: MemoryBackend, clock: VirtualClock) -> None:
        backend.faults.schedule(Fault.slow(5))
        asyncio.run(Counter.aio.save_one({"name": "a", "count": 1}))
        assert (clock.now(), counts()) == (1005, {"a": 1})

    def test_slow_response_lets_other_tasks_go_on(self) -> None:
        async def work() -> list[str]:
            order: list[str] = []

            async def read(name: str) -> None:
                await Counter.aio.get_one(name, None)
                order.append(name)

            await asyncio.gather(read("slow"), read("fast"))
            return order

        backend = MemoryBackend()
        backend.restore(Connection().backend.snapshot())  # type: ignore[attr-defined]  # it is a memory backend
        with Connection.using(backend):
            backend.faults.schedule(Fault.slow(0.05, key={"name": "slow"}))
            assert asyncio.run(work()) == ["fast", "slow"]

    def test_response_that_takes_too_long_is_lost(self, backend: MemoryBackend) -> None:
        backend.faults.schedule(Fault.slow(100, times=None))
        connection = Connection(backend=backend, retries=RetryPolicy(max_seconds=2))
        with pytest.raises(ServiceError, match="no response in 2 s"):
            asyncio.run(connection.execute_async(Put("counters", {"name": "a"}, return_old=True)))
        backend.faults.clear()
        assert counts() == {"a": None}

    def test_eventually_consistent_reads_lag(self, clock: VirtualClock) -> None:
        async def work() -> list[Counter | None]:
            await Counter.aio.save_one({"name": "a"})
            stale = await Counter.aio.get_one("a", None)
            fresh = await Counter.aio.get_one("a", None, consistent=True)
            clock.advance(seconds=1)
            return [stale, fresh, await Counter.aio.get_one("a", None)]

        with Connection.using(MemoryBackend(clock=clock, lag=1)):
            Counter.create_table()
            assert asyncio.run(work()) == [None, Counter(name="a"), Counter(name="a")]

    def test_snapshot_may_be_restored_while_tasks_run(self, backend: MemoryBackend) -> None:
        async def work() -> None:
            writing = asyncio.create_task(write())
            for _ in range(4):
                await asyncio.sleep(0)
            backend.restore(empty)
            await writing

        async def write() -> None:
            for number in range(10):
                await Counter.aio.save_one({"name": str(number)})

        empty = backend.snapshot()
        asyncio.run(work())
        assert 0 < len(counts()) < 10
        assert "9" in counts()


class TestCancellation:
    def test_request_that_is_cancelled_before_it_is_executed_says_so(self) -> None:
        error = asyncio.run(cancel_soon(Counter.aio.save_one({"name": "a"}), rounds=1))
        assert (getattr(error, "was_sent", None), counts()) == (False, {})

    @pytest.mark.parametrize(
        ("fault", "found"),
        [
            (None, {"a": None}),
            (Fault.lose_response("after"), {"a": None}),
            (Fault.lose_response("before"), {}),
            (Fault.throttle(), {}),
        ],
        ids=repr,
    )
    def test_request_that_is_cancelled_while_its_response_is_slow_was_executed_as_its_faults_let_it(
        self, backend: MemoryBackend, fault: Fault | None, found: dict[str, Any]
    ) -> None:
        backend.faults.schedule(Fault.slow(5))
        if fault is not None:
            backend.faults.schedule(fault)
        error = asyncio.run(cancel_soon(Counter.aio.save_one({"name": "a"}), rounds=2))
        assert (getattr(error, "was_sent", None), counts()) == (True, found)

    def test_slow_response_is_cancelled_at_once_on_a_real_clock(self) -> None:
        async def work() -> None:
            started = time.monotonic()
            with pytest.raises(asyncio.TimeoutError):
                await asyncio.wait_for(Counter.aio.save_one({"name": "a"}), 0.02)
            assert time.monotonic() - started < 5

        with Connection.using(backend := MemoryBackend()):
            Counter.create_table()
            backend.faults.schedule(Fault.slow(60))
            asyncio.run(work())
            assert counts() == {"a": None}

    def test_interruption_of_a_blocking_call_executes_it_too(self, monkeypatch: pytest.MonkeyPatch) -> None:
        def interrupt(seconds: float) -> None:
            raise KeyboardInterrupt

        with Connection.using(backend := MemoryBackend()):
            Counter.create_table()
            backend.faults.schedule(Fault.slow(60))
            monkeypatch.setattr(time, "sleep", interrupt)
            with pytest.raises(KeyboardInterrupt):
                Counter(name="a").save()
            assert counts() == {"a": None}

    def test_attempt_before_may_have_been_executed(self, backend: MemoryBackend) -> None:
        # The second attempt is cancelled before it is executed: its own request was not sent, but the first one was.
        backend.faults.schedule(Fault.lose_response("after"))
        error = asyncio.run(cancel_soon(Counter.aio.save_one({"name": "a"}), rounds=3))
        assert (getattr(error, "was_sent", None), counts()) == (True, {"a": None})

    def test_attempt_before_was_not_executed(self, backend: MemoryBackend) -> None:
        backend.faults.schedule(Fault.throttle())
        for rounds in (2, 3):  # in the wait, and in the second attempt
            error = asyncio.run(cancel_soon(Counter.aio.save_one({"name": "a"}), rounds=rounds))
            assert (getattr(error, "was_sent", None), counts()) == (False, {})
            backend.faults.schedule(Fault.throttle())

    def test_cancelled_wait_leaves_no_request(self, backend: MemoryBackend) -> None:
        backend.faults.schedule(Fault.throttle(times=None))
        with Connection.record() as calls:
            asyncio.run(cancel_soon(Counter.aio.save_one({"name": "a"}), rounds=2))
        assert calls.requests == 1


class TestTokens:
    def test_transactions_of_two_tasks_with_one_token_are_executed_once(self) -> None:
        async def work() -> None:
            async def commit() -> None:
                async with Connection.aio.transaction("token") as tx:
                    tx.upsert(Counter, "a", Counter.count.add(1))

            await asyncio.gather(commit(), commit())

        asyncio.run(work())
        assert counts() == {"a": 1}

    def test_token_makes_a_lost_response_known(self, backend: MemoryBackend) -> None:
        async def work() -> None:
            async with Connection.aio.transaction() as tx:
                tx.upsert(Counter, "a", Counter.count.add(1))

        backend.faults.schedule(Fault.lose_response("after", operation=TransactWrite))
        asyncio.run(work())
        assert counts() == {"a": 1}


class Threaded:
    """A backend of somebody else, which has only what blocks; it keeps the names of its threads."""

    name = "threaded"
    limits = MemoryBackend.limits

    def __init__(self) -> None:
        self.inner = MemoryBackend()
        self.threads: list[str] = []
        self.contexts: list[str] = []

    def execute(self, operation: Operation[Any]) -> Any:
        self.note()
        return self.inner.execute(operation)

    def wait(self, seconds: float) -> None:
        self.note()

    def note(self) -> None:
        self.threads.append(threading.current_thread().name)
        self.contexts.append(type(Connection().backend).__name__)

    def close(self) -> None:
        pass


class Overridden(MemoryBackend):
    """A backend whose subclass overrides `execute` alone."""

    def __init__(self) -> None:
        super().__init__()
        self.threads: list[str] = []

    def execute(self, operation: Operation[Any], seconds: float | None = None) -> Any:
        self.threads.append(threading.current_thread().name)
        return super().execute(operation, seconds)


class TestBackendsOfOthers:
    @pytest.mark.parametrize("make", [Threaded, Overridden])
    def test_blocking_execute_runs_in_a_bounded_number_of_threads(self, make: Callable[[], Any]) -> None:
        async def work() -> None:
            await Counter.aio.create_table()
            made.threads.clear()
            await asyncio.gather(*(Counter.aio.save_one({"name": str(number)}) for number in range(200)))
            assert await Counter.aio.get_one("7") == Counter(name="7")

        with Connection.using(made := make()):
            asyncio.run(work())
        assert len(made.threads) == 201
        assert threading.current_thread().name not in made.threads
        assert len(set(made.threads)) <= 32

    def test_context_of_the_task_holds_in_the_thread(self) -> None:
        with Connection.using(made := Threaded()):
            asyncio.run(Counter.aio.create_table())
        assert set(made.contexts) == {"Threaded"}

    def test_wait_runs_in_a_thread(self) -> None:
        async def work() -> None:
            await Counter.aio.create_table()
            made.inner.faults.schedule(Fault.throttle())
            made.threads.clear()
            await Counter.aio.save_one({"name": "a"})

        with Connection.using(made := Threaded()):
            asyncio.run(work())
        assert len(made.threads) == 3  # request, wait, request
        assert threading.current_thread().name not in made.threads

    def test_execute_that_a_test_replaces_is_not_bypassed(
        self, backend: MemoryBackend, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        def refuse(operation: object) -> None:
            raise ThrottledError("replaced")

        async def put() -> None:
            await connection.execute_async(Put("counters", {"name": "a"}))

        connection = Connection(backend=backend, retries=RetryPolicy(attempts=1))
        asyncio.run(put())
        with monkeypatch.context() as patch:
            patch.setattr(backend, "execute", refuse)
            with pytest.raises(ThrottledError, match="replaced"):
                asyncio.run(put())
        asyncio.run(put())


class TestOtherFrameworks:
    def test_backend_that_does_io_says_that_it_needs_asyncio(self) -> None:
        class Remote(MemoryBackend):
            is_local = False

        with Connection.using(Remote()), pytest.raises(UnsupportedOperation, match=r"^dynamongo awaits on asyncio"):
            Counter.aio.get_one("a").send(None)
