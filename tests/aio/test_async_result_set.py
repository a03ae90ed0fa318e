"""What an `AsyncResultSet` does besides what `tests/model/test_result_set.py` shows of both colours."""

from __future__ import annotations

import asyncio
import copy
import gc
import pickle
from collections.abc import Iterator
from contextlib import aclosing
from dataclasses import replace
from typing import Any

import pytest

from dynamongo import AsyncResultSet, Connection, IntField, Model, Progress, StringField, TableNotFound
from dynamongo.backends.memory import MemoryBackend
from dynamongo.operations import Scan


class Visit(Model):
    __table__ = "visits"
    __hash_key__ = "city"
    __range_key__ = "day"
    city = StringField(required=True)
    day = IntField(required=True)


class Busy(MemoryBackend):
    """A memory backend that is worth several requests at once, and knows how many scans are under way."""

    limits = replace(MemoryBackend.limits, concurrency=4)

    def __init__(self, fail_at: int | None = None) -> None:
        super().__init__()
        self.fail_at = fail_at
        self.scans = 0
        self.under_way = 0
        self.most = 0

    async def execute_async(self, operation: Any, seconds: float | None = None) -> Any:
        if not isinstance(operation, Scan):
            return await super().execute_async(operation, seconds)
        self.scans += 1
        if self.scans == self.fail_at:
            raise TableNotFound("gone")
        self.under_way += 1
        self.most = max(self.most, self.under_way)
        try:
            await asyncio.sleep(0.001)
            return await super().execute_async(operation, seconds)
        finally:
            self.under_way -= 1


@pytest.fixture
def backend() -> Iterator[Busy]:
    with Connection.using(Busy()) as backend:
        assert isinstance(backend, Busy)
        Visit.create_table()
        Visit.save_many([Visit(city=f"city {number}", day=1) for number in range(60)])
        Visit.save_many([Visit(city="Oslo", day=day) for day in range(10)])
        yield backend


def other_tasks() -> set[asyncio.Task[Any]]:
    return asyncio.all_tasks() - {asyncio.current_task()}


async def settle() -> None:
    """Let the event loop close what was dropped."""
    gc.collect()
    for _ in range(10):
        await asyncio.sleep(0)


def segments(**options: Any) -> AsyncResultSet[Visit]:
    return Visit.aio.find(segments=16, page_size=2, scans="allow", **options)


class TestSegments:
    def test_they_are_read_in_no_more_tasks_than_the_backend_bears(self, backend: Busy) -> None:
        async def work() -> None:
            assert len([each async for each in segments()]) == 70
            assert len(await segments().all()) == 70
            assert await segments().count() == 70
            assert await segments().first() is not None
            assert not other_tasks()

        asyncio.run(work())
        assert 1 < backend.most <= 4

    def test_one_error_stops_all_and_is_raised_once(self, backend: Busy) -> None:
        backend.fail_at = 9

        async def work() -> None:
            with pytest.raises(TableNotFound, match="gone"):
                await segments().all()
            assert not other_tasks()

        asyncio.run(work())
        assert backend.scans <= 13

    def test_iteration_that_is_closed_leaves_no_task_behind(self, backend: Busy) -> None:
        async def work() -> None:
            async with aclosing(aiter(segments())) as items:
                await anext(items)
                assert other_tasks()
            assert not other_tasks()
            assert backend.under_way == 0

        asyncio.run(work())

    def test_iteration_that_is_left_by_break_leaves_no_task_behind(self, backend: Busy) -> None:
        async def work() -> None:
            async for _ in segments():
                break
            await settle()
            assert not other_tasks()
            assert backend.under_way == 0

        asyncio.run(work())

    def test_pages_that_are_left_by_break_leave_no_task_behind(self, backend: Busy) -> None:
        async def work() -> None:
            async for _ in segments(progress=lambda _: None).pages():
                break
            await settle()
            assert not other_tasks()

        asyncio.run(work())

    @pytest.mark.parametrize("times", [1, 2])
    def test_cancelled_iteration_leaves_no_task_behind(self, backend: Busy, times: int) -> None:
        async def read() -> None:
            async for _ in segments():
                await asyncio.sleep(0.0001)

        async def work() -> None:
            task = asyncio.create_task(read())
            await asyncio.sleep(0.003)
            assert len(other_tasks()) > 1
            for _ in range(times):
                task.cancel()
                await asyncio.sleep(0)
            with pytest.raises(asyncio.CancelledError):
                await task
            await settle()
            assert not other_tasks()
            assert backend.under_way == 0

        asyncio.run(work())

    def test_iterator_outlives_its_event_loop(self, backend: Busy) -> None:
        kept: list[Any] = []

        async def work() -> None:
            kept.append(aiter(segments()))
            await anext(kept[0])

        asyncio.run(work())
        assert backend.under_way == 0
        with pytest.raises(StopAsyncIteration):  # the loop has closed it
            asyncio.run(kept[0].__anext__())


@pytest.mark.usefixtures("backend")
class TestIterations:
    def test_cursor_is_that_of_the_last_item(self) -> None:
        async def work() -> None:
            found = Visit.aio.find(Visit.city == "Oslo", page_size=3)
            async for each in found:
                if each.day == 4:
                    break
            rest = Visit.aio.find(Visit.city == "Oslo", cursor=found.cursor)
            assert [each.day async for each in rest] == [5, 6, 7, 8, 9]
            assert rest.cursor is None

        asyncio.run(work())

    def test_cursor_of_a_cancelled_iteration_loses_and_repeats_nothing(self) -> None:
        seen: list[int] = []
        found = Visit.aio.find(Visit.city == "Oslo", page_size=2)

        async def read() -> None:
            async for each in found:
                seen.append(each.day)
                await asyncio.sleep(0)

        async def work(steps: int) -> None:
            seen.clear()
            task = asyncio.create_task(read())
            for _ in range(steps):
                await asyncio.sleep(0)
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)
            rest = Visit.aio.find(Visit.city == "Oslo", cursor=found.cursor, page_size=3)
            seen.extend([each.day async for each in rest])

        for steps in range(30):
            asyncio.run(work(steps))
            assert seen == list(range(10)) or (not found.cursor and seen[:10] == list(range(10)))

    def test_two_tasks_read_at_the_same_time(self) -> None:
        async def work() -> None:
            found = [Visit.aio.find(Visit.city == "Oslo", page_size=1) for _ in range(3)]
            assert await asyncio.gather(*(each.count() for each in found)) == [10] * 3

        asyncio.run(work())

    def test_progress_is_reported_page_by_page(self) -> None:
        seen: list[Progress] = []

        async def work() -> None:
            items = Visit.aio.find(Visit.city == "Oslo", page_size=4, progress=seen.append)
            await anext(aiter(items))
            assert [each.done for each in seen] == [4]
            await items.all()

        asyncio.run(work())
        assert [each.done for each in seen] == [4, 4, 8, 10]

    def test_result_set_has_an_awaited_form_which_is_not_begun(self) -> None:
        async def work() -> None:
            found = Visit.find(Visit.city == "Oslo", limit=3)
            next(iter(found))
            awaited = found.aio
            assert awaited.cursor is None
            assert awaited.explain() == found.explain()
            assert await awaited.all() == found.all()

        asyncio.run(work())

    def test_copy_is_not_begun_and_pickling_is_refused(self) -> None:
        async def work() -> None:
            found = Visit.aio.find(Visit.city == "Oslo")
            await anext(aiter(found))
            for copied in (copy.copy(found), copy.deepcopy(found)):
                assert type(copied) is AsyncResultSet
                assert (found.cursor is not None, copied.cursor) == (True, None)
            with pytest.raises(TypeError, match="this AsyncResultSet cannot be pickled"):
                pickle.dumps(found)
            assert repr(found) == "<AsyncResultSet of Visit, which is read when it is iterated over>"

        asyncio.run(work())
