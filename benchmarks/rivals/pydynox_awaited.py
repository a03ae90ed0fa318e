"""pydynox, awaited: the models and rows of `pydynox_models`."""

from __future__ import annotations

from collections.abc import AsyncIterable, Awaitable, Callable, Sized
from typing import Any

import pydynox

from benchmarks.rivals.base import Sizes, Works, check_size
from benchmarks.rivals.pydynox_models import KEYS, PydynoxRow, connect
from benchmarks.values import float_values, key


def make_works(url: str, sizes: Sizes, *, declared: bool) -> Works:  # noqa: ARG001 - it does not type maps
    """Return what to await in each task."""
    client, model, partition = connect(url), PydynoxRow, key(0)[0]

    async def close() -> None:
        """Do nothing: its connections are Rust's."""

    return _make_writes(client) | {
        "get": lambda: model.get(**KEYS[1]),
        "query of 100": lambda: _iterate(model.query(partition, limit=100), 100),
        "query of 1,000": lambda: _iterate(model.query(partition), sizes.query),
        "batch get of 100": lambda: _read(model.batch_get(KEYS), 100),
        "close": close,
    }


def _make_writes(client: Any) -> dict[str, Callable[[], Any]]:
    """Return the writes; the update returns nothing."""
    model, rows = PydynoxRow, [PydynoxRow(**float_values(number)) for number in range(25)]

    async def write() -> None:
        async with pydynox.BatchWriter(client, "rows") as batch:
            for row in rows:
                batch.put(row.to_dict())

    async def transact() -> None:
        async with pydynox.Transaction(client) as transaction:
            for row in rows[:10]:
                transaction.save_model(row)

    return {
        "put": lambda: rows[1].save(full_replace=True),
        "conditional update": lambda: model.update_by_key(**KEYS[1], active=True, condition=model.year < 3000),
        "transaction of 10 puts": transact,
        "batch write of 25": write,
    }


async def _iterate(items: AsyncIterable[Any], expected: int) -> None:
    check_size([item async for item in items], expected)


async def _read(found: Awaitable[Sized], expected: int) -> None:
    check_size(await found, expected)
