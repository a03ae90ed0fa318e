"""Awaited verbs under anyio's asyncio mode, on asyncio's event loop and on uvloop's; and what Trio says to them."""

from __future__ import annotations

import asyncio
import gc
import itertools
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from typing import Any

import anyio
import anyio.lowlevel
import pytest

from dynamongo import Connection, IntField, Model, StringField, UnsupportedOperation, WriteNotSent
from dynamongo.backends import Backend
from dynamongo.backends.dynamodb import DynamoDBBackend
from dynamongo.backends.memory import Fault, MemoryBackend

Main = Callable[[], Awaitable[object]]
Run = Callable[[Main], None]

prefixes = (f"frameworks-{number}-" for number in itertools.count())


class Note(Model):
    __table__ = "notes"
    __hash_key__ = "topic"
    __range_key__ = "number"
    topic = StringField(required=True)
    number = IntField(required=True)
    text = StringField()


@pytest.fixture(params=["asyncio", pytest.param("uvloop", marks=pytest.mark.slow)])
def run(request: pytest.FixtureRequest) -> Run:
    if request.param == "uvloop":
        pytest.importorskip("uvloop")

    def run(main: Main) -> None:
        anyio.run(main, backend="asyncio", backend_options={"use_uvloop": request.param == "uvloop"})
        gc.collect()  # what is left open warns, and fails the test

    return run


@pytest.fixture(params=["memory", "dynamodb"])
def backend(request: pytest.FixtureRequest) -> Iterator[Backend]:
    backend: Backend
    if request.param == "memory":
        backend = MemoryBackend()
    else:
        backend = DynamoDBBackend(
            access_key_id="made-up",
            secret_access_key="made-up",
            region="us-east-2",
            endpoint_url=request.getfixturevalue("server_url"),
        )
    Connection.set_config(backend=backend, table_prefix=next(prefixes))
    Note.create_table()
    Note.save_many([Note(topic="old", number=number) for number in range(30)])
    yield backend
    Note.delete_table()
    Connection.set_config()
    backend.close()


async def close(backend: Backend) -> None:
    if isinstance(backend, DynamoDBBackend):  # it is ours to close, since it was made here
        await backend.close_async()


def new_notes(topic: str, count: int) -> list[dict[str, Any]]:
    return [{"topic": topic, "number": number} for number in range(count)]


async def numbers_of(topic: str) -> list[int]:
    return [note.number async for note in Note.aio.find(Note.topic == topic, consistent=True)]


# Every verb.


async def use_every_verb() -> None:
    async with anyio.create_task_group() as group:
        for note in new_notes("one", 20):
            group.start_soon(Note.aio.save_one, note)
    assert await numbers_of("one") == list(range(20))
    assert await Note.aio.save_many(new_notes("many", 60))
    outcomes = [outcome async for outcome in Note.aio.save_iter(new_notes("stream", 60))]
    assert sorted(outcome.index for outcome in outcomes if outcome.error is None) == list(range(60))
    async with Note.aio.batch() as batch:
        await batch.delete(("one", 7))
    async with Connection.aio.transaction() as transaction:
        transaction.create(Note(topic="one", number=7, text="again"))
        transaction.delete(Note, ("one", 8))
    found = await Connection.aio.transact_get([(Note, ("one", 7)), (Note, ("one", 8))])
    assert [note and note.text for note in found] == ["again", None]
    assert await Note.aio.find(segments=3, scans="allow").count() == 30 + 19 + 60 + 60
    assert await Note.aio.delete_many(Note.topic == "many")
    assert await numbers_of("many") == []


@pytest.mark.parametrize("run", ["asyncio", "uvloop"], indirect=True)  # by default, both of them here alone
def test_every_verb_works(run: Run, backend: Backend) -> None:
    async def main() -> None:
        await use_every_verb()
        await close(backend)

    run(main)


def test_every_event_loop_has_connections_of_its_own(run: Run, backend: Backend) -> None:
    async def main() -> None:
        assert await numbers_of("old") == list(range(30))
        await close(backend)

    for _ in range(3):
        run(main)


# Cancelled at any point.


class Interrupted:
    """Verbs, each of which may be cancelled at any of its awaits, and what has to hold afterwards."""

    def __init__(self, attempt: int) -> None:
        self.topic = f"new {attempt}"
        self.seen: list[int] = []
        self.partial: Any = None

    async def get(self) -> None:
        assert (await Note.aio.get_one(("old", 3))).number == 3

    async def find(self) -> None:
        self.seen = [note.number async for note in Note.aio.find(Note.topic == "old", page_size=7)]
        assert self.seen == list(range(30))

    async def scan(self) -> None:
        assert await Note.aio.find(segments=4, scans="allow").count() >= 30

    async def save(self) -> None:
        await Note.aio.save_one(Note(topic=self.topic, number=0))
        self.seen.append(0)

    async def save_many(self) -> None:
        try:
            await Note.aio.save_many(new_notes(self.topic, 60), max_workers=2)
        except asyncio.CancelledError as error:
            self.partial = getattr(error, "partial_result", None)
            raise

    async def save_iter(self) -> None:
        async for outcome in Note.aio.save_iter(self._receive(), max_workers=2):
            assert outcome.error is None
            self.seen.append(outcome.item.number)

    async def _receive(self) -> AsyncIterator[dict[str, Any]]:
        for note in new_notes(self.topic, 60):
            yield note
            await anyio.lowlevel.checkpoint()

    async def batch(self) -> None:
        async with Note.aio.batch() as batch:
            for note in new_notes(self.topic, 60):
                await batch.save(note)
        self.seen = list(range(60))

    async def transaction(self) -> None:
        async with Connection.aio.transaction() as transaction:
            for note in new_notes(self.topic, 3):
                transaction.create(Note, note)
        self.seen = list(range(3))

    async def check(self, verb: str) -> None:
        """Compare what is stored with what the verb said, if it came to that."""
        assert await numbers_of("old") == list(range(30))
        if verb in {"get", "find", "scan"}:
            return
        stored = set(await numbers_of(self.topic))
        assert stored >= set(self.seen)
        if verb == "transaction":
            assert len(stored) in {0, 3}
        if self.partial is not None:
            partial = self.partial
            assert partial.success_count + partial.fail_count == 60
            assert stored >= {note.number for note in partial.success}
            not_sent = {each.item.number for each in partial.failures if isinstance(each.error, WriteNotSent)}
            assert stored.isdisjoint(not_sent)


VERBS = ("get", "find", "scan", "save", "save_many", "save_iter", "batch", "transaction")


@pytest.mark.parametrize("verb", VERBS)
def test_verb_may_be_cancelled_at_any_point(verb: str, run: Run, backend: Backend) -> None:
    pause = 0 if isinstance(backend, MemoryBackend) else 0.0003

    async def cut(attempt: int) -> bool:
        """Cancel the verb after some steps of the event loop; return whether it had ended before."""
        interrupted, has_ended = Interrupted(attempt), False

        async def work() -> None:
            nonlocal has_ended
            await getattr(interrupted, verb)()
            has_ended = True

        async with anyio.create_task_group() as group:
            group.start_soon(work)
            for _ in range(attempt):
                await anyio.sleep(pause)
            group.cancel_scope.cancel()
        assert asyncio.all_tasks() == {asyncio.current_task()}
        await interrupted.check(verb)
        return has_ended

    async def main() -> None:
        attempt = 0
        while not await cut(attempt):
            attempt += 1
            assert attempt < 1_000
        assert attempt > 0
        await close(backend)

    run(main)


def test_time_limit_ends_a_slow_verb(run: Run) -> None:
    async def main() -> None:
        await Note.aio.create_table()
        with pytest.raises(TimeoutError), anyio.fail_after(0.05):
            await Note.aio.get_one(("old", 1))
        with anyio.move_on_after(0.05) as scope:
            await Note.aio.save_one(Note(topic="old", number=1))
        assert scope.cancelled_caught
        assert (await Note.aio.get_one(("old", 2), None)) is None

    backend = MemoryBackend()
    backend.faults.schedule(Fault.slow(30, operation="GetItem"), Fault.slow(30, operation="PutItem"))
    with Connection.using(backend):
        run(main)


# Left early.


async def leave_scan() -> None:
    async for _ in Note.aio.find(segments=4, scans="allow", page_size=2):
        break


async def leave_pages() -> None:
    async for _ in Note.aio.find(Note.topic == "old", page_size=2).pages():
        break


async def leave_stream() -> None:
    async for _ in Note.aio.save_iter(new_notes("left", 100), overwrite=False, max_workers=3):
        break


@pytest.mark.parametrize("leave", [leave_scan, leave_pages, leave_stream])
def test_iteration_that_is_left_early_leaves_nothing_behind(leave: Main, run: Run, backend: Backend) -> None:
    async def main() -> None:
        await leave()
        gc.collect()
        for _ in range(50):
            await anyio.sleep(0.001)
        assert asyncio.all_tasks() == {asyncio.current_task()}
        assert await numbers_of("old") == list(range(30))
        await close(backend)

    run(main)


# Trio.


async def scan_in_segments() -> None:
    await Note.aio.find(segments=3, scans="allow").all()


async def save_two_batches() -> None:
    await Note.aio.save_many([{"topic": "old", "number": number} for number in range(30)], max_workers=2)


@pytest.mark.parametrize("main", [Note.aio.table_exists, scan_in_segments, save_two_batches])
@pytest.mark.parametrize("name", ["memory", "dynamodb"])
def test_trio_is_refused(name: str, main: Main) -> None:
    trio = pytest.importorskip("trio")
    made_up = DynamoDBBackend(access_key_id="made-up", secret_access_key="made-up", region="us-east-2")
    backend = MemoryBackend() if name == "memory" else made_up
    with Connection.using(backend), pytest.raises(UnsupportedOperation, match=r"^dynamongo awaits on asyncio"):
        trio.run(main)
