"""Whenever a bulk write is cancelled, every item is accounted for exactly once, and what is told of it is true."""

from __future__ import annotations

import asyncio
import contextlib
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any

import anyio
import pytest
from hypothesis import event, given, settings
from hypothesis import strategies as st

from dynamongo import BatchResult, Connection, DynamongoError, IntField, Model, RetryPolicy, WriteOutcome
from dynamongo.backends.dynamodb import DynamoDBBackend
from dynamongo.backends.memory import Fault, FaultPlan, MemoryBackend, VirtualClock
from dynamongo.exceptions import WriteNotSent, WriteOutcomeUnknown


class Item(Model):
    __table__ = "items"
    __hash_key__ = "id"
    __scans__ = "allow"
    id = IntField(required=True)
    value = IntField()


class Small(MemoryBackend):
    """Takes few writes in a batch, so that a run has many requests."""

    limits = replace(MemoryBackend.limits, batch_write=5)


_OLD, _NEW = 1, 2

_KINDS: list[Callable[..., Fault]] = [
    Fault.throttle,
    Fault.fail,
    Fault.unreachable,
    partial(Fault.fail, "after"),
    partial(Fault.lose_response, "before"),
    partial(Fault.lose_response, "after"),
    partial(Fault.slow, 0.5),
]


@st.composite
def plans(draw: st.DrawFn) -> FaultPlan:
    found: list[Fault] = []
    for make in draw(st.lists(st.sampled_from(_KINDS), max_size=4)):
        operation = draw(st.sampled_from(["BatchWrite", "Put", "UpdateItem", "Delete"]))
        found.append(make(operation=operation, times=draw(st.integers(1, 6)), after=draw(st.integers(0, 6))))
    if draw(st.booleans()):
        found.append(Fault.unprocessed(draw(st.integers(1, 4)), operation="BatchWrite", times=5))
    return FaultPlan(*found)


@dataclass
class Run:
    """One run of writes, and what it has told."""

    count: int
    workers: int
    seen: list[WriteOutcome[Any]] = field(default_factory=list)
    results: list[BatchResult[Any]] = field(default_factory=list)
    has_ended: bool = False
    error: BaseException | None = None

    def items(self) -> list[Item]:
        return [Item(id=number, value=_NEW) for number in range(self.count)]

    async def save_many(self) -> None:
        self.results.append(await Item.aio.save_many(self.items(), max_workers=self.workers))

    async def save_alone(self) -> None:
        condition = Item.value == _OLD
        self.results.append(await Item.aio.save_many(self.items(), condition, max_workers=self.workers))

    async def update_many(self) -> None:
        keys = list(range(self.count))
        self.results.append(await Item.aio.update_many(keys, Item.value.set(_NEW), max_workers=self.workers))

    async def delete_many(self) -> None:
        self.results.append(await Item.aio.delete_many(Item.value == _OLD, max_workers=self.workers))

    async def save_iter(self) -> None:
        async for outcome in Item.aio.save_iter(one_by_one(self.items()), max_workers=self.workers):
            self.seen.append(outcome)

    async def delete_iter(self) -> None:
        async for outcome in Item.aio.delete_iter(range(self.count), max_workers=self.workers):
            self.seen.append(outcome)

    async def batch(self) -> None:
        batch = Item.aio.batch()
        try:
            async with batch:
                for item in self.items():
                    await batch.save(item)
        finally:
            self.results.append(batch.result)
            self.seen += [WriteOutcome(0, item, WriteNotSent("pending")) for item in batch.pending]

    def told(self) -> dict[int, Exception | None]:
        """What is known of each item, which must be told once."""
        told: list[tuple[int, Exception | None]] = [(outcome.item.id, outcome.error) for outcome in self.seen]
        for result in self.results:
            assert not result.unreadable
            told += [(item.id, None) for item in result.success]
            told += [(failure.item.id, failure.error) for failure in result.failures]
        assert max(Counter(number for number, _ in told).values(), default=1) == 1
        return dict(told)


async def one_by_one(items: Iterable[Any]) -> AsyncIterator[Any]:
    for item in items:
        await asyncio.sleep(0)
        yield item


VERBS: dict[str, Callable[[Run], Awaitable[None]]] = {
    "save_many": Run.save_many,
    "save_alone": Run.save_alone,
    "update_many": Run.update_many,
    "delete_many": Run.delete_many,
    "save_iter": Run.save_iter,
    "delete_iter": Run.delete_iter,
    "batch": Run.batch,
}


_STARTS_EMPTY = {"save_many", "save_iter", "batch"}
_DELETES = {"delete_many", "delete_iter"}


async def cancel_task(run: Run, verb: str, steps: int, times: int) -> None:
    task = asyncio.create_task(perform(run, verb))
    await wait(steps)
    for _ in range(times):
        task.cancel()
        await asyncio.sleep(0)
    with contextlib.suppress(asyncio.CancelledError, DynamongoError):
        await task


async def cancel_scope(run: Run, verb: str, steps: int, times: int) -> None:
    """Cancel as anyio does: at every await, until the scope is left."""

    async def main() -> None:
        with contextlib.suppress(DynamongoError), scope:
            await perform(run, verb)

    scope = anyio.CancelScope()
    task = asyncio.create_task(main())
    await wait(steps)
    for _ in range(times):
        scope.cancel()
    await task


async def perform(run: Run, verb: str) -> None:
    """Perform a verb, and keep what its error tells."""
    try:
        await VERBS[verb](run)
        run.has_ended = True
    except (asyncio.CancelledError, DynamongoError) as error:
        run.error = error
        if verb != "batch" and hasattr(error, "partial_result"):
            run.results.append(error.partial_result)
        raise


async def wait(steps: int) -> None:
    for _ in range(steps):
        await asyncio.sleep(0)


@pytest.mark.parametrize("cancel", [cancel_task, cancel_scope])
@pytest.mark.parametrize("verb", VERBS)
@settings(max_examples=25)
@given(
    plan=plans(),
    count=st.integers(0, 80),
    workers=st.integers(1, 6),
    attempts=st.integers(1, 4),
    steps=st.integers(0, 60),
    times=st.integers(1, 3),
)
def test_every_item_is_accounted_for(  # noqa: PLR0917 - what a run depends on
    verb: str, cancel: Any, plan: FaultPlan, count: int, workers: int, attempts: int, steps: int, times: int
) -> None:
    backend = Small(clock=VirtualClock())
    Connection.set_config(backend=backend, retries=RetryPolicy(attempts=attempts))
    Item.create_table()
    if verb not in _STARTS_EMPTY:
        Item.save_many([Item(id=number, value=_OLD) for number in range(count)])
    backend.faults = plan
    run = Run(count, workers)

    async def main() -> None:
        await cancel(run, verb, steps, times)
        await wait(2)  # the event loop closes the generator that gives the items
        assert asyncio.all_tasks() == {asyncio.current_task()}

    asyncio.run(main())
    backend.faults = FaultPlan()
    event(type(run.error).__name__)
    check(run, verb, {item.id: item.value for item in Item.get_many()})
    Connection.set_config()


def check(run: Run, verb: str, stored: dict[int, int | None]) -> None:
    """Check that every item was told of, and that what was told is true."""
    told = run.told()
    if run.has_ended or (verb.endswith("_many") and hasattr(run.error, "partial_result")):
        assert len(told) == run.count
    undone = None if verb in _STARTS_EMPTY else _OLD
    done = None if verb in _DELETES else _NEW
    for number in range(run.count):
        error = told.get(number, WriteNotSent("never taken"))
        if not isinstance(error, WriteOutcomeUnknown):
            assert stored.get(number) == (done if error is None else undone), (number, error)


@pytest.mark.parametrize("verb", ["save_many", "save_alone", "update_many", "delete_iter", "batch"])
@pytest.mark.parametrize(
    "milliseconds", [1, 10, pytest.param(3, marks=pytest.mark.slow), pytest.param(30, marks=pytest.mark.slow)]
)
def test_what_is_told_of_real_requests_is_true(verb: str, milliseconds: int, server_url: str) -> None:
    backend = DynamoDBBackend(
        access_key_id="made-up", secret_access_key="made-up", region="us-east-2", endpoint_url=server_url
    )
    Connection.set_config(backend=backend, table_prefix=f"cancelled-{verb}-{milliseconds}-")
    Item.create_table()
    run = Run(120, 8)
    if verb not in _STARTS_EMPTY:
        Item.save_many([Item(id=number, value=_OLD) for number in range(run.count)])

    async def main() -> None:
        await Item.aio.get_one(0, default=None)  # so that there is a connection
        task = asyncio.create_task(perform(run, verb))
        await asyncio.sleep(milliseconds / 1000)
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task
        await asyncio.sleep(0.05)  # for the emulator to carry out what it has got
        await backend.close_async()

    asyncio.run(main())
    check(run, verb, {item.id: item.value for item in Item.get_many(consistent=True)})
    Item.delete_table()
    Connection.set_config()
    backend.close()
