"""dynamongo, awaited: the models and rows of `own_models`."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sized
from typing import Any

from benchmarks.rivals.base import Sizes, Works, check_size
from benchmarks.rivals.own_models import ONE, connect, open_memory
from benchmarks.rows import DeclaredRow, Row
from benchmarks.values import draw_rows, key, values
from dynamongo import Connection
from dynamongo.backends.memory import MemoryBackend
from dynamongo.connection.connection import default_connection

__all__ = ["make_memory_works", "make_works", "open_memory"]


def make_works(url: str, sizes: Sizes, *, declared: bool) -> Works:
    """Return what to await in each task, over HTTP."""
    connect(url)
    model, keys = DeclaredRow if declared else Row, [key(number) for number in range(100)]
    return (
        _make_writes(model)
        | _make_reads(model, sizes)
        | {
            "get": lambda: model.aio.get_one(keys[1]),
            "batch get of 100": lambda: _read(model.aio.get_many(keys), 100),
            "close": close,
        }
    )


async def close() -> None:
    """Close the connections of the loop; verbs that block may have the same backend."""
    backend: Any = default_connection.backend
    await backend.close_async()


def _make_writes(model: type[Row]) -> dict[str, Callable[[], Any]]:
    rows = [model(**values(number)) for number in range(25)]

    async def transact() -> None:
        async with Connection.aio.transaction() as tx:
            for each in rows[:10]:
                tx.save(each)

    return {
        "put": lambda: rows[1].aio.save(),  # noqa: PLW0108 - `aio` is looked up for each call, as in a program
        "conditional update": lambda: model.aio.update_one(
            (model.pk == ONE[0]) & (model.sk == ONE[1]) & (model.year < 3000), model.active.set(True)
        ),
        "transaction of 10 puts": transact,
        "batch write of 25": lambda: model.aio.save_many(rows),
    }


def _make_reads(model: type[Row], sizes: Sizes) -> dict[str, Callable[[], Any]]:
    """Return the queries, over HTTP as in memory; conditions are built each time, as in a program."""
    partition = key(0)[0]
    return {
        "query of 10": lambda: _read(model.aio.find(model.pk == partition, limit=10).all(), 10),
        "query of 100": lambda: _read(model.aio.find(model.pk == partition, limit=100).all(), 100),
        "query of 1,000": lambda: _read(model.aio.find(model.pk == partition).all(), sizes.query),
    }


async def _read(found: Awaitable[Sized], expected: int) -> None:
    check_size(await found, expected)


def make_memory_works(_: MemoryBackend, sizes: Sizes, *, declared: bool) -> Works:
    """Return what to await in each task in memory; one is the turn alone that other tasks get before an operation."""
    model = DeclaredRow if declared else Row
    given, keys = draw_rows(sizes.rows)
    return _make_reads(model, sizes) | {
        "save_one": lambda: model.aio.save_one(model(**next(given))),
        "get_one": lambda: model.aio.get_one(next(keys)),
        "turn of the loop": lambda: asyncio.sleep(0),
    }
