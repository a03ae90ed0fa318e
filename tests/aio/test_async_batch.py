"""Batches, awaited: the same results and errors as `Batch`, and what only tasks can do."""

from __future__ import annotations

import asyncio
import gc
import threading
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest
from cancelled import reach

from dynamongo import (
    BulkWriteError,
    ConditionalCheckFailedException,
    Connection,
    DynamongoError,
    ExpressionError,
    IntField,
    Model,
    StringField,
    TableNotFound,
    ValidationError,
    WriteNotSent,
)
from dynamongo.aio.batch import AsyncBatch
from dynamongo.backends.memory import MemoryBackend
from dynamongo.exceptions import WriteOutcomeUnknown
from dynamongo.operations import BatchWrite


class User(Model):
    __table__ = "users"
    __hash_key__ = "email"
    __scans__ = "allow"
    email = StringField(required=True)
    year = IntField()


class Missing(Model):
    __table__ = "missing"
    __hash_key__ = "id"
    id = StringField()


class Slow(MemoryBackend):
    """A memory backend whose batches take a while, if there is an answer at all."""

    answers = 10**9

    def __init__(self) -> None:
        super().__init__()
        self.sent: list[int] = []
        self.now = self.most = 0

    async def execute_async(self, operation: Any, seconds: float | None = None) -> Any:
        if not isinstance(operation, BatchWrite):
            return await super().execute_async(operation, seconds)
        self.sent.append(len(operation.writes))
        self.now += 1
        self.most = max(self.most, self.now)
        try:
            await asyncio.sleep(0.001 if len(self.sent) <= self.answers else 100)
            return await super().execute_async(operation, seconds)
        finally:
            self.now -= 1


@pytest.fixture(autouse=True)
def backend() -> Iterator[Slow]:
    with Connection.using(Slow()) as made:
        assert isinstance(made, Slow)
        User.create_table()
        yield made


def users(count: int) -> list[dict[str, Any]]:
    return [{"email": f"{number:04}", "year": number} for number in range(count)]


def years() -> dict[str | None, int | None]:
    return {user.email: user.year for user in User.get_many()}


async def save_all(batch: AsyncBatch[Any], items: list[dict[str, Any]]) -> None:
    for item in items:
        await batch.save(item)


async def delete_all(batch: AsyncBatch[Any], strategies: list[Any]) -> None:
    """Delete what the strategies mean, in a block."""
    async with batch:
        for strategy in strategies:
            await batch.delete(strategy)


def forget(batch: AsyncBatch[Any]) -> None:
    """Save an item, and forget to await that."""
    batch.save({"email": "forgotten"})  # type: ignore[unused-coroutine]  # on purpose
    gc.collect()


def test_writes_are_sent_as_they_fill_requests_and_at_the_end(backend: Slow) -> None:
    User(email="old").save()

    async def work() -> None:
        async with User.aio.batch() as batch:
            await save_all(batch, users(30))
            await batch.delete("old")
            assert (backend.sent, len(batch.pending)) == ([25], 6)
        assert (batch.result.success_count, batch.pending) == (31, [])

    asyncio.run(work())
    assert (backend.sent, len(years())) == ([25, 6], 30)


def test_block_that_raises_sends_nothing_more_and_says_what_was_sent() -> None:
    async def work() -> None:
        batch = User.aio.batch()
        with pytest.raises(ValidationError, match="year"):
            async with batch:
                await save_all(batch, [*users(30), {"email": "x", "year": "never"}])
        assert len(years()) == batch.result.success_count == 25
        assert [user.email for user in batch.pending] == ["0025", "0026", "0027", "0028", "0029"]

    asyncio.run(work())


def test_put_and_delete_of_one_item_keep_their_order() -> None:
    async def work() -> None:
        async with User.aio.batch() as batch:
            await batch.save({"email": "a", "year": 1})
            await batch.delete("a")
            await batch.save({"email": "a", "year": 2})

    asyncio.run(work())
    assert years() == {"a": 2}


def test_failure_is_raised_at_the_end_of_the_block() -> None:
    User.save_many(users(2))

    async def work() -> None:
        batch = User.aio.batch()
        with pytest.raises(BulkWriteError) as caught:
            await delete_all(batch, [(User.email == "0000") & (User.year > 5), "0001"])
        assert [user.email for user in batch.result.success] == ["0001"]
        assert caught.value.result == batch.result
        assert isinstance(caught.value.__cause__, ConditionalCheckFailedException)

    asyncio.run(work())


def test_error_that_is_not_of_one_item_stops_it_at_once(backend: Slow) -> None:
    async def work() -> None:
        batch = Missing.aio.batch()
        with pytest.raises(TableNotFound, match=r"Missing: .* \(the table "):
            async with batch:
                await save_all(batch, [{"id": str(number)} for number in range(60)])
        assert (backend.sent, batch.result.fail_count, batch.pending) == ([25], 25, [])

    asyncio.run(work())


def test_it_takes_no_more_writes_after_such_an_error() -> None:
    async def write(batch: AsyncBatch[Missing]) -> None:
        async with batch:
            with pytest.raises(TableNotFound):
                await save_all(batch, [{"id": str(number)} for number in range(25)])
            with pytest.raises(WriteNotSent, match=r"Missing.batch\(\) takes no more writes after"):
                await batch.save({"id": "more"})

    async def work() -> None:
        with pytest.raises(BulkWriteError, match="25 of 25 items were not written"):
            await write(Missing.aio.batch())

    asyncio.run(work())


def test_it_takes_writes_only_inside_its_block() -> None:
    async def work() -> None:
        batch = User.aio.batch()
        with pytest.raises(DynamongoError, match=r"User.batch\(\) takes writes only inside its `async with` block"):
            await batch.save({"email": "a"})
        async with batch:
            await batch.save({"email": "a"})
        with pytest.raises(DynamongoError, match="only inside"):
            await batch.delete("a")

    asyncio.run(work())
    assert list(years()) == ["a"]


def test_strategy_is_checked_when_it_is_given() -> None:
    async def work() -> None:
        async with User.aio.batch() as batch:
            with pytest.raises(ExpressionError):
                batch.delete(User.year > 3)  # type: ignore[unused-coroutine]  # there is none

    asyncio.run(work())


def test_write_whose_await_was_forgotten_is_not_lost(backend: Slow) -> None:
    async def work() -> None:
        async with User.aio.batch() as batch:
            with pytest.warns(RuntimeWarning, match=r"'AsyncBatch\._send_full' was never awaited"):
                forget(batch)
            await save_all(batch, users(24))
            assert backend.sent == [25]
            assert batch.result.success[0].email == "forgotten"

    asyncio.run(work())
    assert len(years()) == 25


def test_several_tasks_may_write_into_one_batch(backend: Slow) -> None:
    async def work() -> None:
        async with User.aio.batch() as batch:
            await asyncio.gather(*[batch.save(user) for user in users(110)])
        assert batch.result.success_count == 110

    asyncio.run(work())
    assert (len(years()), sum(backend.sent), backend.most) == (110, 110, 1)
    assert backend.sent == [25, 25, 25, 25, 10]


def test_task_that_waits_for_a_batch_that_fails_is_told() -> None:
    async def work() -> None:
        batch = Missing.aio.batch()
        with pytest.raises(BulkWriteError):
            async with batch:
                told = await asyncio.gather(
                    *[batch.save({"id": str(number)}) for number in range(60)], return_exceptions=True
                )
        assert [type(error) for error in told[:2]] == [TableNotFound, WriteNotSent]
        assert (batch.result.fail_count, len(batch.pending)) == (25, 35)

    asyncio.run(work())


def test_write_that_is_awaited_after_the_block_was_sent_with_it(backend: Slow) -> None:
    async def work() -> None:
        async with User.aio.batch() as batch:
            saving = [batch.save(user) for user in users(30)]
        assert len(years()) == 30
        await asyncio.gather(*saving)

    asyncio.run(work())
    assert sum(backend.sent) == 30


def test_cancelled_block_accounts_for_every_write(backend: Slow) -> None:
    backend.answers = 1

    async def write(batch: AsyncBatch[User]) -> None:
        async with batch:
            await save_all(batch, users(60))

    async def work() -> None:
        batch = User.aio.batch()
        writing = asyncio.create_task(write(batch))
        await reach(lambda: len(backend.sent) == 2)
        writing.cancel()
        with pytest.raises(asyncio.CancelledError):
            await writing
        assert (batch.result.success_count, batch.result.fail_count, batch.pending) == (25, 25, [])
        assert {type(failure.error) for failure in batch.result.failures} == {WriteOutcomeUnknown}

    asyncio.run(work())
    assert len(years()) == 25


def test_batch_writes_to_the_backend_it_was_made_on() -> None:
    async def work() -> None:
        other = MemoryBackend()
        batch = User.aio.batch()
        with Connection.using(other):
            await User.aio.create_table()
            async with batch:
                await batch.save({"email": "a"})
            assert await User.aio.get_many() == []

    asyncio.run(work())
    assert list(years()) == ["a"]


def test_request_size_is_that_of_the_backend() -> None:
    class Small(Slow):
        limits = replace(MemoryBackend.limits, batch_write=5)

    async def work() -> None:
        small = Small()
        with Connection.using(small):
            await User.aio.create_table()
            async with User.aio.batch() as batch:
                await save_all(batch, users(12))
            assert small.sent == [5, 5, 2]

    asyncio.run(work())


def test_no_thread_is_started() -> None:
    before = threading.active_count()

    async def work() -> None:
        async with User.aio.batch() as batch:
            await save_all(batch, users(60))
        assert threading.active_count() == before

    asyncio.run(work())
