"""`TaskContract`: what a backend does in the tasks of event loops, beyond the results of its operations."""

from __future__ import annotations

import asyncio
import contextvars
import gc
import weakref
from collections.abc import Awaitable, Callable, Coroutine
from concurrent.futures import ThreadPoolExecutor
from typing import Any, ClassVar, TypeAlias, TypeVar

import pytest

from dynamongo.backends.base import make_awaitable
from dynamongo.exceptions import BackendError, DynamongoError
from dynamongo.expressions.conditions import Exists, Path
from dynamongo.expressions.updates import AddUpdate, SetUpdate
from dynamongo.expressions.values import Item
from dynamongo.operations import ConditionCheck, Get, Operation, Put, TransactWrite, UpdateItem
from dynamongo.testing.contract.awaited import close_loop
from dynamongo.testing.contract.base import ContractBase
from dynamongo.testing.contract.table import Table, cases, in_order

R = TypeVar("R")
Execute: TypeAlias = Callable[[Operation[Any]], Awaitable[Any]]

KEY: Item = {"pk": "a"}
N, GONE = Path("n"), Path("gone")
TASKS = 16
# How often a task goes on before it is cancelled: not at all, for each of its first steps, and for later ones.
_TURNS = (*range(12), 15, 20, 30, 50, 80, 120, 200)

_REFUSED: dict[str, Callable[[str], Operation[Any]]] = {
    "missing table": lambda name: Get(f"{name}-missing", KEY),
    "key of another type": lambda name: Get(name, {"pk": 1}),
    "invalid path": lambda name: UpdateItem(name, KEY, (SetUpdate(Path("n", "x"), 1),)),
    "failed condition": lambda name: Put(name, KEY, Exists(GONE), return_item_on_failure=True),
    "cancelled transaction": lambda name: TransactWrite(
        (Put(name, {"pk": "b"}), ConditionCheck(name, KEY, Exists(GONE)))
    ),
}


class TaskContract(ContractBase):
    """What concerns tasks. `BackendContract`, by way of `Awaited`, says which results operations have.

    Attributes:
        aftermath: For how many seconds a cancelled operation may still take effect, since the store has received it.
    """

    aftermath: ClassVar[float] = 0.0

    @staticmethod
    def new_loop() -> asyncio.AbstractEventLoop:
        """Create an event loop, as `uvloop.new_event_loop` does, which may take its place in a subclass."""
        return asyncio.new_event_loop()

    def run(self, table: Table, main: Callable[[Execute], Coroutine[Any, Any, R]]) -> R:
        """Run `main`, given what executes operations, on an event loop of its own."""
        execute = make_awaitable(table.backend)
        loop = type(self).new_loop()  # not of the instance, which would bind a function
        try:
            return loop.run_until_complete(main(lambda operation: execute(operation, None)))
        finally:
            close_loop(loop, table.backend)

    @pytest.fixture
    def counter(self, table: Table) -> Table:
        """Return a table with an item whose `n` is 0."""
        table.put({**KEY, "n": 0})
        return table

    def test_writes_of_tasks_at_once_are_all_counted(self, counter: Table) -> None:
        async def main(execute: Execute) -> None:
            async def count() -> None:
                for _turn in range(5):
                    await execute(increment(counter))

            await asyncio.gather(*(count() for _ in range(TASKS)))

        self.run(counter, main)
        assert counter.items() == [{**KEY, "n": TASKS * 5}]

    def test_every_task_gets_its_own_result(self, table: Table) -> None:
        items: list[Item] = [{"pk": f"k{number}", "n": number} for number in range(TASKS * 3)]
        table.put_all(items)
        assert self.run(table, lambda execute: read(execute, table, items)) == items

    def test_other_tasks_go_on_during_an_operation(self, counter: Table) -> None:
        turns = 0

        async def tick() -> None:
            nonlocal turns
            while True:
                turns += 1
                await asyncio.sleep(0)

        async def main(execute: Execute) -> None:
            ticking = asyncio.create_task(tick())
            for _ in range(20):
                await execute(increment(counter))
            assert turns >= 20  # in all: from Python 3.14 on, a thread may be done before it is waited for
            ticking.cancel()

        self.run(counter, main)

    def test_task_that_is_cancelled_at_any_time_ends_as_cancelled(self, counter: Table) -> None:
        async def main(execute: Execute) -> None:
            for turns in _TURNS:
                task = await start(execute, increment(counter), turns)
                was_cancelled = task.cancel()
                await asyncio.wait([task])
                assert task.cancelled() == was_cancelled

        self.run(counter, main)

    def test_cancelled_operation_is_executed_once_or_not_at_all(self, table: Table) -> None:
        async def main(execute: Execute) -> None:
            tasks: dict[int, asyncio.Task[Any]] = {}
            for turns in reversed(_TURNS):  # so that what is read next was cancelled just before
                tasks[turns] = await start(execute, increment(table, {"pk": f"k{turns}"}), turns)
                tasks[turns].cancel()
                await asyncio.wait([tasks[turns]])
            await asyncio.sleep(self.aftermath)
            found = table.items()
            assert all(item["n"] == 1 for item in found)
            executed = {f"k{turns}" for turns, task in tasks.items() if not task.cancelled()}
            assert executed <= {str(item["pk"]) for item in found}
            await asyncio.sleep(0.05)
            assert in_order(table.items()) == in_order(found), "nothing happens later"

        self.run(table, main)

    def test_operations_after_a_cancelled_one_get_their_own_results(self, table: Table) -> None:
        items: list[Item] = [{"pk": f"k{number}", "n": number} for number in range(TASKS)]
        table.put_all(items)

        async def main(execute: Execute) -> None:
            for turns in _TURNS:
                tasks = [await start(execute, Get(table.name, {"pk": f"k{number}"}), turns) for number in range(4)]
                for task in tasks:
                    task.cancel()
                assert await read(execute, table, items) == items
                await asyncio.wait(tasks)

        self.run(table, main)

    @cases("make", _REFUSED)
    def test_errors_are_those_of_the_blocking_call(self, counter: Table, make: Callable[[str], Operation[Any]]) -> None:
        with pytest.raises(DynamongoError) as blocking:
            counter.backend.execute(make(counter.name))
        with pytest.raises(DynamongoError) as awaited:
            self.run(counter, lambda execute: call(execute, make(counter.name)))
        assert comparable(awaited.value) == comparable(blocking.value)

    def test_operation_ends_about_when_its_time_is_over(self, counter: Table) -> None:
        execute = make_awaitable(counter.backend)

        async def main(_: Execute) -> list[Any]:
            tasks = (execute(increment(counter), seconds) for seconds in (1e-9, 1e-4, 60.0))
            return await asyncio.gather(*tasks, return_exceptions=True)

        *_, last = outcomes = self.run(counter, main)
        assert not isinstance(last, Exception)
        errors = [each for each in outcomes if isinstance(each, Exception)]
        assert all(isinstance(error, BackendError) and error.seconds < 30 for error in errors)
        assert 3 - len(errors) <= counter.items()[0]["n"] <= 3  # type: ignore[operator]  # a number

    def test_several_event_loops_use_the_backend_one_after_the_other(self, counter: Table) -> None:
        for _turn in range(3):
            self.run(counter, lambda execute: call(execute, increment(counter)))
        assert counter.items() == [{**KEY, "n": 3}]

    def test_event_loops_of_several_threads_use_the_backend_at_once(self, counter: Table) -> None:
        async def main(execute: Execute) -> None:
            for _turn in range(10):
                await execute(increment(counter))

        with ThreadPoolExecutor(4) as pool:
            for running in [pool.submit(self.run, counter, main) for _ in range(4)]:
                running.result()
        assert counter.items() == [{**KEY, "n": 40}]

    def test_context_variables_are_left_as_they_are(self, counter: Table) -> None:
        async def main(execute: Execute) -> None:
            before = dict(contextvars.copy_context())
            await execute(increment(counter))
            assert dict(contextvars.copy_context()) == before

        self.run(counter, main)

    @cases("turns", {"done": None, "cancelled before it begins": 0, "cancelled": 2})
    def test_task_that_is_over_is_released(self, counter: Table, turns: int | None) -> None:
        async def main(execute: Execute) -> None:
            task = await start(execute, increment(counter), turns or 0)
            if turns is not None:
                task.cancel()
            await asyncio.wait([task])
            task_is_there, _ = weakref.ref(task), task.cancelled() or task.exception()
            del task
            await asyncio.sleep(self.aftermath)
            gc.collect()
            assert task_is_there() is None

        self.run(counter, main)


def increment(table: Table, key: Item = KEY) -> UpdateItem:
    """Return an update that adds 1 to `n`."""
    return UpdateItem(table.name, key, (AddUpdate(N, 1),))


async def read(execute: Execute, table: Table, items: list[Item]) -> list[Item | None]:
    """Read the items in tasks at once."""
    gets = (execute(Get(table.name, {"pk": item["pk"]}, consistent=True)) for item in items)
    return [found.item for found in await asyncio.gather(*gets)]


async def start(execute: Execute, operation: Operation[Any], turns: int) -> asyncio.Task[Any]:
    """Start a task that executes the operation, and let it take so many steps."""
    task = asyncio.create_task(call(execute, operation))
    await pause(turns)
    return task


async def pause(turns: int) -> None:
    """Let other tasks go on a number of times."""
    for _turn in range(turns):
        await asyncio.sleep(0)


async def call(execute: Execute, operation: Operation[Any]) -> Any:
    """Execute the operation, as a coroutine, which tasks and event loops want."""
    return await execute(operation)


def comparable(error: DynamongoError) -> tuple[Any, ...]:
    """Return what two equal errors have in common."""
    reasons = getattr(error, "reasons", None)
    text = str(error).replace(str(getattr(error, "request_id", None)), "")
    return type(error), text, getattr(error, "item", None), getattr(error, "code", None), reasons
