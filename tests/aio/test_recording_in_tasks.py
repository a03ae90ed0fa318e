"""Recording and budgets count the requests of the tasks that are started in their block, and of no others."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Awaitable, Callable, Iterator
from typing import Any

import pytest

from dynamongo import BudgetExceeded, Connection, Model, NPlusOneWarning, StringField, budget
from dynamongo.backends.memory import Fault, MemoryBackend, VirtualClock


class Note(Model):
    __table__ = "notes"
    __hash_key__ = "title"
    title = StringField()


@pytest.fixture(autouse=True)
def backend() -> Iterator[MemoryBackend]:
    with Connection.using(made := MemoryBackend(clock=VirtualClock())):
        Note.create_table()
        yield made


async def save(title: str) -> None:
    await Note.aio.save_one({"title": title})


async def with_gather() -> None:
    await asyncio.gather(save("a"), save("b"))


async def with_tasks() -> None:
    for task in [asyncio.create_task(save("a")), asyncio.create_task(save("b"))]:
        await task


async def with_wait_for() -> None:
    await asyncio.wait_for(save("a"), 5)
    await asyncio.shield(save("b"))


async def with_group() -> None:
    async with asyncio.TaskGroup() as group:  # type: ignore[attr-defined,unused-ignore]  # since Python 3.11
        group.create_task(save("a"))
        group.create_task(save("b"))


async def with_tasks_of_tasks() -> None:
    await asyncio.create_task(with_tasks())


async def with_bulk_verb() -> None:
    await Note.aio.save_many([{"title": "a"}], max_workers=4)
    async for _ in Note.aio.save_iter([{"title": "b"}]):
        pass


STARTS = [with_gather, with_tasks, with_wait_for, with_tasks_of_tasks, with_bulk_verb]
if sys.version_info >= (3, 11):
    STARTS.append(with_group)


class TestRecording:
    @pytest.mark.parametrize("start", STARTS)
    def test_tasks_that_are_started_in_the_block_are_recorded(self, start: Callable[[], Awaitable[None]]) -> None:
        async def work() -> float:
            with Connection.record() as calls:
                await start()
            await save("c")
            return calls.write_units

        assert asyncio.run(work()) == 2

    def test_task_that_was_started_before_is_not_recorded(self) -> None:
        async def later(started: asyncio.Event) -> None:
            await started.wait()
            await save("a")

        async def work() -> int:
            started = asyncio.Event()
            task = asyncio.create_task(later(started))
            with Connection.record() as calls:
                started.set()
                await task
            return calls.requests

        assert asyncio.run(work()) == 0

    def test_each_of_several_tasks_records_its_own(self) -> None:
        async def read(count: int) -> int:
            with Connection.record() as calls:
                for number in range(count):
                    await save(str(number))
            return calls.requests

        async def work() -> list[int]:
            with Connection.record() as calls:
                return [*await asyncio.gather(read(1), read(2), read(3)), calls.requests]

        assert asyncio.run(work()) == [1, 2, 3, 6]

    def test_task_that_goes_on_after_the_block_is_recorded(self) -> None:
        async def work() -> list[int]:
            with Connection.record() as calls:
                task = asyncio.create_task(save("a"))
            before = calls.requests
            await task
            return [before, calls.requests]

        assert asyncio.run(work()) == [0, 1]

    def test_single_gets_at_the_same_time_should_be_one_batch(self) -> None:
        async def work() -> None:
            await asyncio.gather(*(Note.aio.get_one(str(number), None) for number in range(5)))

        with (
            pytest.warns(NPlusOneWarning, match=r"^3 single gets from notes in one block") as caught,
            Connection.record(),
        ):
            asyncio.run(work())
        assert len(caught) == 1

    def test_warning_names_the_line_that_awaits(self) -> None:
        async def work() -> None:
            for number in range(3):
                await Note.aio.get_one(str(number), None)

        with pytest.warns(NPlusOneWarning) as caught, Connection.record():
            asyncio.run(work())
        assert [warning.filename for warning in caught] == [__file__]


async def cancel(work: Awaitable[Any], rounds: int) -> None:
    task = asyncio.ensure_future(work)
    for _ in range(rounds):
        await asyncio.sleep(0)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task


class TestCancelledRequest:
    def test_one_that_was_sent_is_recorded_without_its_cost(self, backend: MemoryBackend) -> None:
        backend.faults.schedule(Fault.slow(1))
        with Connection.record() as calls:
            asyncio.run(cancel(save("a"), 2))
        (call,) = calls
        assert (type(call.error), call.consumed.write_units) == (asyncio.CancelledError, 0)
        assert str(calls) == "Put notes: CancelledError"
        calls.assert_plan("Put notes")

    def test_one_that_was_not_sent_is_not_recorded(self) -> None:
        with Connection.record() as calls:
            asyncio.run(cancel(save("a"), 1))
        assert calls.requests == 0

    def test_no_warning_takes_the_place_of_the_cancellation(self, backend: MemoryBackend) -> None:
        backend.faults.schedule(Fault.slow(1, times=None))
        with Connection.record() as calls:  # all warnings are errors in these tests
            for title in ("a", "b", "c", "d"):
                asyncio.run(cancel(Note.aio.get_one(title, None), 2))
        assert calls.requests == 4

    def test_it_counts_for_a_budget(self, backend: MemoryBackend) -> None:
        async def work() -> None:
            await cancel(save("a"), 2)
            await save("b")

        backend.faults.schedule(Fault.slow(1))
        with pytest.raises(BudgetExceeded, match=r"would be request 2; the limit is 1$"), budget(requests=1):
            asyncio.run(work())

    def test_interrupted_blocking_request_is_recorded_as_well(self) -> None:
        class Interrupted(MemoryBackend):
            def execute(self, operation: Any, seconds: float | None = None) -> Any:
                raise KeyboardInterrupt

        with Connection.using(Interrupted()), Connection.record() as calls, pytest.raises(KeyboardInterrupt):
            Note(title="a").save()
        assert str(calls) == "Put notes: KeyboardInterrupt"


class TestBudget:
    @pytest.mark.parametrize("start", [start for start in STARTS if start is not with_group])  # which groups errors
    def test_tasks_that_are_started_in_the_block_spend_it(self, start: Callable[[], Awaitable[None]]) -> None:
        async def work() -> None:
            with pytest.raises(BudgetExceeded), budget(requests=1):
                await start()

        asyncio.run(work())

    def test_tasks_at_the_same_time_send_no_more_than_it_allows(self) -> None:
        async def work() -> list[object]:
            with budget(requests=3):
                saves = (save(str(number)) for number in range(10))
                results = await asyncio.gather(*saves, return_exceptions=True)
            return list(results)

        with Connection.record() as calls, pytest.raises(BudgetExceeded, match=r"Put notes would be request 4"):
            asyncio.run(work())
        assert calls.requests == 3

    def test_tasks_outside_do_not_spend_it(self) -> None:
        async def spend() -> None:
            with budget(write_units=1):
                await save("a")

        async def work() -> None:
            await asyncio.gather(spend(), save("b"), save("c"), spend())

        asyncio.run(work())

    def test_read_that_exceeds_it_raises_in_its_task(self) -> None:
        async def work() -> list[object]:
            with budget(read_units=1):
                gets = (Note.aio.get_one("a", None) for _ in range(4))
                return list(await asyncio.gather(*gets, return_exceptions=True))

        async def outer() -> None:
            with pytest.raises(BudgetExceeded):
                await work()

        asyncio.run(outer())


class TestUsing:
    def test_block_holds_for_a_task_and_those_started_in_it(self) -> None:
        async def find() -> object:
            await asyncio.sleep(0)
            return Connection().backend

        async def in_block(backend: MemoryBackend) -> list[bool]:
            with Connection.using(backend):
                group = await asyncio.gather(find(), asyncio.create_task(find()))
                await Note.aio.create_table()
            return [found is backend for found in group]

        async def work() -> list[bool]:
            blocks = [in_block(MemoryBackend()) for _ in range(3)]
            return [ok for found in await asyncio.gather(*blocks) for ok in found]

        assert asyncio.run(work()) == [True] * 6

    def test_block_of_the_process_holds_for_tasks_that_were_started_before(self) -> None:
        async def later(opened: asyncio.Event) -> object:
            await opened.wait()
            return Connection().backend

        async def work(*, everywhere: bool) -> bool:
            opened = asyncio.Event()
            task = asyncio.create_task(later(opened))
            await asyncio.sleep(0)
            with Connection.using(backend := MemoryBackend(), everywhere=everywhere):
                opened.set()
                return await task is backend

        assert asyncio.run(work(everywhere=True))
        assert not asyncio.run(work(everywhere=False))

    def test_verb_keeps_the_backend_that_was_in_use_when_it_was_awaited(self) -> None:
        async def work(backend: MemoryBackend) -> None:
            with Connection.using(backend):
                await Note.aio.create_table()
                task = asyncio.create_task(save("a"))
            await task
            with Connection.using(backend):
                assert await Note.aio.get_one("a") == Note(title="a")

        asyncio.run(work(MemoryBackend()))
