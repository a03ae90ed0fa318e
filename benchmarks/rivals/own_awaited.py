"""dynamongo, awaited: the models and rows of `own_models`."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

from benchmarks.rivals.base import Sizes, Works
from benchmarks.rivals.own_models import ONE, connect, open_memory
from benchmarks.rows import DeclaredRow, Row
from benchmarks.values import draw_rows, values
from dynamongo.backends.memory import MemoryBackend

__all__ = ["make_memory_works", "make_works", "open_memory"]


def make_works(url: str, sizes: Sizes, *, declared: bool) -> Works:  # noqa: ARG001 - so far
    """Return what to await in each task, over HTTP."""
    backend, model = connect(url), DeclaredRow if declared else Row

    async def close() -> None:
        backend.close()

    return _make_writes(model) | {"get": lambda: model.aio.get_one(ONE), "close": close}


def _make_writes(model: type[Row]) -> dict[str, Callable[[], Any]]:
    row = model(**values(1))

    return {
        "put": lambda: row.aio.save(),  # noqa: PLW0108 - `aio` is looked up for each call, as in a program
        "conditional update": lambda: model.aio.update_one(
            (model.pk == ONE[0]) & (model.sk == ONE[1]) & (model.year < 3000), model.active.set(True)
        ),
    }


def make_memory_works(_: MemoryBackend, sizes: Sizes, *, declared: bool) -> Works:
    """Return what to await in each task in memory; one is the turn alone that other tasks get before an operation."""
    model = DeclaredRow if declared else Row
    given, keys = draw_rows(sizes.rows)
    return {
        "save_one": lambda: model.aio.save_one(model(**next(given))),
        "get_one": lambda: model.aio.get_one(next(keys)),
        "turn of the loop": lambda: asyncio.sleep(0),
    }
