"""Several asynchronous generators at work at once: `merge_tasks` gives what `merge` does, and leaves no task behind."""

from __future__ import annotations

import asyncio
import contextvars
import gc
import sys
from collections.abc import AsyncGenerator, Callable, Coroutine, Iterator
from contextlib import aclosing
from typing import Any, TypeVar

import anyio
import pytest

from dynamongo.aio.tasks import merge_tasks

R = TypeVar("R")

WORKERS = pytest.mark.parametrize("workers", [1, 2, 8])


@pytest.fixture(params=["asyncio", "uvloop"])
def run(request: pytest.FixtureRequest) -> Callable[[Coroutine[Any, Any, R]], R]:
    """Run a coroutine on an event loop of its own, and check that nothing is left there."""
    loops: Any = pytest.importorskip("uvloop") if request.param == "uvloop" else asyncio

    def run(work: Coroutine[Any, Any, R]) -> R:
        loop = loops.new_event_loop()
        complaints: list[dict[str, Any]] = []
        loop.set_exception_handler(lambda _, context: complaints.append(context))
        try:
            result: R = loop.run_until_complete(work)
            assert (asyncio.all_tasks(loop), complaints) == (set(), [])
            return result
        finally:
            loop.run_until_complete(loop.shutdown_asyncgens())
            loop.close()

    return run


async def numbers(first: int, count: int) -> AsyncGenerator[int]:
    for number in range(first, first + count):
        await asyncio.sleep(0)
        yield number


async def forever(ended: list[str] | None = None) -> AsyncGenerator[int]:
    try:
        while True:
            await asyncio.sleep(0)
            yield 0
    finally:
        if ended is not None:
            await asyncio.sleep(0)  # what ends may have to wait, as the shutdown of a connection does
            ended.append("ended")


async def hang(ended: list[str]) -> AsyncGenerator[int]:
    try:
        yield 0
        await asyncio.Event().wait()
    finally:
        for _ in range(3):
            await asyncio.sleep(0)
        ended.append("ended")


async def failing() -> AsyncGenerator[int]:
    yield 1
    raise ValueError("broken")


async def collect(stream: AsyncGenerator[R]) -> list[R]:
    return [result async for result in stream]


def start_reading(stream: AsyncGenerator[R]) -> asyncio.Task[list[R]]:
    return asyncio.create_task(collect(stream))


def others() -> int:
    return len(asyncio.all_tasks()) - 1


async def pass_time() -> None:
    for _ in range(20):
        await asyncio.sleep(0)


@WORKERS
def test_every_result_of_every_source_comes_once(workers: int, run: Any) -> None:
    found = run(collect(merge_tasks((numbers(first, 10) for first in range(0, 200, 10)), workers)))
    assert sorted(found) == list(range(200))


@WORKERS
def test_results_of_one_source_keep_their_order(workers: int, run: Any) -> None:
    found = run(collect(merge_tasks([numbers(0, 50), numbers(100, 50), numbers(200, 50)], workers)))
    for start in (0, 100, 200):
        assert [number for number in found if start <= number < start + 50] == list(range(start, start + 50))


@WORKERS
def test_no_sources_give_nothing(workers: int, run: Any) -> None:
    assert run(collect(merge_tasks([], workers))) == []


def test_one_worker_runs_in_the_task_of_the_reader(run: Any) -> None:
    async def source() -> AsyncGenerator[object]:
        yield asyncio.current_task()

    async def work() -> None:
        assert await collect(merge_tasks([source()], 1)) == [asyncio.current_task()]

    run(work())


def test_sources_are_at_work_at_the_same_time(run: Any) -> None:
    async def work() -> None:
        here, everybody = 0, asyncio.Event()

        async def source() -> AsyncGenerator[int]:
            nonlocal here
            here += 1
            if here == 4:
                everybody.set()
            await asyncio.wait_for(everybody.wait(), 10)
            yield here

        assert await collect(merge_tasks([source() for _ in range(4)], 4)) == [4, 4, 4, 4]

    run(work())


def test_no_more_sources_are_taken_than_there_are_workers(run: Any) -> None:
    taken: list[int] = []

    def sources() -> Iterator[AsyncGenerator[int]]:
        for number in range(10):
            taken.append(number)
            yield numbers(number, 1)

    async def work() -> None:
        async with aclosing(merge_tasks(sources(), 3)) as stream:
            await anext(stream)
            await pass_time()
            assert len(taken) <= 4

    run(work())


def test_source_that_is_ahead_waits_for_the_reader(run: Any) -> None:
    made: list[int] = []

    async def source() -> AsyncGenerator[int]:
        for number in range(1_000):
            made.append(number)
            yield number

    async def work() -> None:
        async with aclosing(merge_tasks([source()], 2)) as stream:
            await anext(stream)
            await pass_time()
            assert len(made) <= 5

    run(work())


@WORKERS
def test_first_error_is_raised_once_and_ends_all_sources(workers: int, run: Any) -> None:
    ended: list[str] = []

    async def work() -> None:
        with pytest.raises(ValueError, match="broken"):
            await collect(merge_tasks([failing(), failing(), forever(ended)], workers))
        assert others() == 0

    run(work())
    assert ended in ([], ["ended"])  # or it had not begun


def test_error_of_what_gives_the_sources_ends_the_tasks(run: Any) -> None:
    def sources() -> Iterator[AsyncGenerator[int]]:
        yield numbers(0, 3)
        raise ValueError("no more")

    async def work() -> None:
        with pytest.raises(ValueError, match="no more"):
            await collect(merge_tasks(sources(), 4))
        assert others() == 0

    run(work())


@WORKERS
def test_closing_the_stream_ends_the_sources(workers: int, run: Any) -> None:
    ended: list[str] = []

    async def work() -> None:
        async with aclosing(merge_tasks([forever(ended) for _ in range(8)], workers)) as stream:
            await anext(stream)
        assert others() == 0

    run(work())
    assert len(ended) == workers


@WORKERS
def test_stream_that_is_dropped_is_closed_by_the_event_loop(workers: int, run: Any) -> None:
    ended: list[str] = []

    async def work() -> None:
        async for _ in merge_tasks([forever(ended) for _ in range(8)], workers):
            break
        gc.collect()
        await pass_time()
        assert others() == 0

    run(work())
    assert len(ended) == workers


def test_stream_that_is_open_is_closed_with_the_event_loop() -> None:
    ended: list[str] = []

    async def work() -> AsyncGenerator[int]:
        stream = merge_tasks([forever(ended), forever(ended)], 2)
        await anext(stream)
        return stream

    stream = asyncio.run(work())
    assert ended == ["ended", "ended"]
    del stream


def test_sources_see_the_context_of_the_reader_and_keep_their_own(run: Any) -> None:
    variable: contextvars.ContextVar[str] = contextvars.ContextVar("variable", default="unset")

    async def source(name: str) -> AsyncGenerator[tuple[str, str]]:
        before = variable.get()
        variable.set(name)
        await asyncio.sleep(0)
        yield before, variable.get()

    async def work() -> None:
        variable.set("set")
        assert sorted(await collect(merge_tasks([source("a"), source("b")], 2))) == [("set", "a"), ("set", "b")]
        assert variable.get() == "set"

    run(work())


def test_sources_are_asked_to_stop_when_the_stream_is_left_and_not_at_its_end(run: Any) -> None:
    told: list[str] = []

    async def work() -> None:
        assert len(await collect(merge_tasks([numbers(0, 3), numbers(3, 3)], 2, lambda: told.append("end")))) == 6
        assert told == []
        async with aclosing(merge_tasks([forever(), forever()], 2, lambda: told.append("left"))) as stream:
            await anext(stream)

    run(work())
    assert told == ["left"]


class TestCancellation:
    @WORKERS
    @pytest.mark.parametrize("times", [1, 5])
    def test_reader_that_is_cancelled_leaves_no_task_behind(self, workers: int, times: int, run: Any) -> None:
        ended: list[str] = []

        async def work() -> None:
            reader = start_reading(merge_tasks([hang(ended) for _ in range(8)], workers))
            await pass_time()
            for _ in range(times):  # again and again, while the first one is taking effect
                reader.cancel()
                await asyncio.sleep(0)
            with pytest.raises(asyncio.CancelledError):
                await reader
            assert others() == 0

        run(work())
        assert len(ended) == workers or (workers == 1 and times > 1)  # the second one interrupts the generator itself

    def test_anyio_cancels_at_every_await(self) -> None:
        ended: list[str] = []

        async def work() -> None:
            with anyio.move_on_after(0.05) as scope:
                await collect(merge_tasks([hang(ended) for _ in range(8)], 4))
            assert scope.cancelled_caught
            assert others() == 0

        anyio.run(work)
        assert len(ended) == 4

    def test_cancellation_while_an_error_ends_the_others_waits_for_them_too(self, run: Any) -> None:
        async def work() -> None:
            ending, going_on = asyncio.Event(), asyncio.Event()

            async def ending_slowly() -> AsyncGenerator[int]:
                try:
                    yield 0
                    await asyncio.Event().wait()
                finally:
                    ending.set()
                    await going_on.wait()

            reader = start_reading(merge_tasks([ending_slowly(), failing()], 2))
            await ending.wait()
            reader.cancel()
            await pass_time()
            assert not reader.done()
            going_on.set()
            with pytest.raises(asyncio.CancelledError) as caught:
                await reader
            error: BaseException | None = caught.value
            while isinstance(error, asyncio.CancelledError):  # on Python 3.10, another one for each task
                error = error.__context__
            assert isinstance(error, ValueError)
            assert others() == 0

        run(work())

    def test_source_that_is_cancelled_by_others_ends_the_stream(self, run: Any) -> None:
        async def work() -> None:
            reader = start_reading(merge_tasks([hang([]), hang([])], 2))
            await pass_time()
            victim = next(task for task in asyncio.all_tasks() if task not in {reader, asyncio.current_task()})
            victim.cancel()
            with pytest.raises(asyncio.CancelledError):
                await reader
            assert others() == 0

        run(work())

    @pytest.mark.parametrize("steps", range(25))
    def test_cancellation_at_any_time_ends_every_source_that_began(self, steps: int, run: Any) -> None:
        begun: list[int] = []
        ended: list[int] = []

        async def source(number: int) -> AsyncGenerator[int]:
            begun.append(number)
            try:
                async for result in numbers(number, 3):
                    yield result
            finally:
                ended.append(number)

        async def work() -> None:
            reader = start_reading(merge_tasks((source(number) for number in range(6)), 3))
            for _ in range(steps):
                await asyncio.sleep(0)
            reader.cancel()
            await asyncio.gather(reader, return_exceptions=True)
            assert others() == 0

        run(work())
        assert sorted(begun) == sorted(ended)


@pytest.mark.skipif(sys.version_info < (3, 12), reason="tasks are never eager before Python 3.12")
@pytest.mark.parametrize("workers", [2, 8])
def test_tasks_may_begin_at_once(workers: int) -> None:
    eager: Any = vars(asyncio)["eager_task_factory"]

    async def at_once(number: int) -> AsyncGenerator[int]:
        yield number

    async def work() -> None:
        asyncio.get_running_loop().set_task_factory(eager)
        found = await collect(merge_tasks((at_once(number) for number in range(50)), workers))
        assert sorted(found) == list(range(50))
        with pytest.raises(ValueError, match="broken"):
            await collect(merge_tasks([failing(), forever(), failing()], workers))
        assert others() == 0

    asyncio.run(work())
