"""aiodynamo: an asynchronous client that ends in dicts of Python values.

It runs on aiohttp: on httpx, its other choice, each call takes more processor time.
"""

from __future__ import annotations

from collections.abc import AsyncIterable, Callable
from typing import Any

import aiohttp
from aiodynamo.client import Client
from aiodynamo.credentials import Key, StaticCredentials
from aiodynamo.expressions import AnyCondition, F, HashKey
from aiodynamo.http.aiohttp import AIOHTTP
from aiodynamo.models import BatchGetRequest, BatchWriteRequest, ReturnValues
from aiodynamo.operations import Put
from aiodynamo.utils import dy2py, py2dy
from yarl import URL

from benchmarks.rivals.base import Sizes, Works, check_size
from benchmarks.rows import Row
from benchmarks.values import key, values

KEYS = [dict(zip(("pk", "sk"), key(number), strict=True)) for number in range(100)]


async def make_works(url: str, sizes: Sizes, *, declared: bool) -> Works:  # noqa: ARG001 - dicts have no declared members
    """Return what to await in each task."""
    session = aiohttp.ClientSession()
    client = Client(AIOHTTP(session), StaticCredentials(Key("made-up", "made-up")), "us-east-2", URL(url))
    return _make_writes(client) | _make_reads(client, sizes) | {"close": session.close}


def _make_writes(client: Client) -> dict[str, Callable[[], Any]]:
    table = client.table("rows")
    rows = [Row.__mapper__.encode(Row(**values(number))) for number in range(1_000)]

    async def write(start: int, stop: int) -> None:
        assert not await client.batch_write({"rows": BatchWriteRequest(items_to_put=rows[start:stop])})

    async def load() -> None:
        for start in range(0, len(rows), 25):
            await write(start, start + 25)

    return {
        "put": lambda: table.put_item(rows[1]),
        "conditional update": lambda: table.update_item(
            KEYS[1], F("active").set(True), condition=F("year").lt(3000), return_values=ReturnValues.all_new
        ),
        "transaction of 10 puts": lambda: client.transact_write_items([Put("rows", row) for row in rows[:10]]),
        "batch write of 25": lambda: write(0, 25),
        "bulk load of 1,000": load,
    }


def _make_reads(client: Client, sizes: Sizes) -> dict[str, Callable[[], Any]]:
    table, partition = client.table("rows"), HashKey("pk", key(0)[0])

    def select() -> AnyCondition:
        return F("year").lt(1990) & ~F("cities").contains("Nairobi") & F("name").begins_with("J")

    async def read(items: AsyncIterable[Any], expected: int) -> None:
        check_size([item async for item in items], expected)

    async def get_batch() -> None:
        found = await client.batch_get({"rows": BatchGetRequest(KEYS)})
        check_size(found.items["rows"], 100)

    return {
        "get": lambda: table.get_item(KEYS[1]),
        "query of 100": lambda: read(table.query(partition, limit=100), 100),
        "query of 1,000": lambda: read(table.query(partition), sizes.query),
        "filtered query": lambda: read(table.query(partition, filter_expression=select()), sizes.filtered_query),
        "scan": lambda: read(table.scan(), sizes.rows),
        "filtered scan": lambda: read(table.scan(filter_expression=select()), sizes.filtered_scan),
        "batch get of 100": get_batch,
    }


def make_codec_works(*, declared: bool) -> Works:  # noqa: ARG001 - dicts have no declared members
    """Return what to call to encode and decode: dicts, not models."""
    item = Row.__mapper__.encode(Row(**values(17)))
    stored = py2dy(item)
    return {"encode": lambda: py2dy(item), "decode": lambda: dy2py(stored, float)}
