"""Warnings point at the line that awaits, and come once for each such line."""

from __future__ import annotations

import asyncio
import inspect
import warnings
from collections.abc import Awaitable, Callable, Iterator

import pytest

from dynamongo import Connection, IntField, Model, NPlusOneWarning, ScanForbidden, ScanWarning, StringField
from dynamongo.backends.memory import MemoryBackend


class Note(Model):
    __table__ = "notes"
    __hash_key__ = "title"
    title = StringField(required=True)
    stars = IntField()


@pytest.fixture(autouse=True)
def backend() -> Iterator[None]:
    with Connection.using(MemoryBackend()):
        Note.create_table()
        Note.save_many([{"title": "a"}, {"title": "b"}])
        yield


async def get_many() -> None:
    await Note.aio.get_many()


async def get_all() -> None:
    await Note.aio.find().all()


async def get_first() -> None:
    await Note.aio.find(Note.stars > 1).first()


async def iterate() -> None:
    async for _ in Note.aio.find():
        pass


async def iterate_in_segments() -> None:
    async for _ in Note.aio.find(segments=3).pages():
        pass


async def comprehend() -> None:
    _ = [each async for each in Note.aio.find()]


async def through_the_blocking_one() -> None:
    await Note.find().aio.count()


def line_of(work: Callable[[], Awaitable[None]]) -> int:
    """Return the line of the function that uses the model."""
    lines, start = inspect.getsourcelines(work)
    return next(start + number for number, line in enumerate(lines) if "Note." in line)


READS = [get_many, get_all, get_first, iterate, iterate_in_segments, comprehend, through_the_blocking_one]


@pytest.mark.parametrize("read", READS)
def test_scan_warns_once_for_each_line_that_awaits(read: Callable[[], Awaitable[None]]) -> None:
    async def work() -> None:
        for _ in range(3):
            await read()

    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("default")
        asyncio.run(work())
    assert [(each.category, each.filename, each.lineno) for each in caught] == [(ScanWarning, __file__, line_of(read))]


def test_repeated_gets_warn_once_at_the_line_that_awaits() -> None:
    async def work() -> None:
        for title in "abababab":
            await Note.aio.get_one(title)

    with Connection.record(), pytest.warns(NPlusOneWarning) as caught:
        asyncio.run(work())
    assert [(each.filename, each.lineno) for each in caught] == [(__file__, line_of(work))]


def test_scan_may_be_forbidden_or_allowed() -> None:
    async def work() -> None:
        with pytest.raises(ScanForbidden):
            await Note.aio.get_many(scans="forbid")
        assert len(await Note.aio.get_many(scans="allow")) == 2

    asyncio.run(work())


def test_unused_read_does_not_warn() -> None:
    async def work() -> None:
        found = Note.aio.find()
        aiter(found)
        assert found.explain().scan is not None

    asyncio.run(work())
