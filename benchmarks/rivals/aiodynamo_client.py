"""aiodynamo: an asynchronous client that ends in dicts of Python values.

It runs on aiohttp: on httpx, its other choice, each call takes more processor time.
"""

from __future__ import annotations

from collections.abc import AsyncIterable
from typing import Any

import aiohttp
from aiodynamo.client import Client
from aiodynamo.credentials import Key, StaticCredentials
from aiodynamo.expressions import F, HashKey
from aiodynamo.http.aiohttp import AIOHTTP
from aiodynamo.models import BatchGetRequest, BatchWriteRequest, ReturnValues
from aiodynamo.operations import Put
from aiodynamo.utils import dy2py, py2dy
from yarl import URL

from benchmarks.rivals.base import Sizes, Works, check_size
from benchmarks.rows import Row
from benchmarks.values import key, values


async def make_works(url: str, sizes: Sizes, *, declared: bool) -> Works:  # noqa: ARG001 - dicts have no declared members
    """Return what to await in each task."""
    credentials = StaticCredentials(Key("made-up", "made-up"))
    session = aiohttp.ClientSession()
    client = Client(AIOHTTP(session), credentials, "us-east-2", URL(url))
    table = client.table("rows")
    rows = [Row.__mapper__.encode(Row(**values(number))) for number in range(1_000)]
    keys = [dict(zip(("pk", "sk"), key(number), strict=True)) for number in range(100)]
    condition = F("year").lt(1990) & ~F("cities").contains("Nairobi") & F("name").begins_with("J")
    partition = HashKey("pk", key(0)[0])

    async def read(items: AsyncIterable[Any], expected: int) -> None:
        check_size([item async for item in items], expected)

    async def get_batch() -> None:
        found = await client.batch_get({"rows": BatchGetRequest(keys)})
        check_size(found.items["rows"], 100)

    async def write(start: int, stop: int) -> None:
        assert not await client.batch_write({"rows": BatchWriteRequest(items_to_put=rows[start:stop])})

    async def load() -> None:
        for start in range(0, len(rows), 25):
            await write(start, start + 25)

    return {
        "put": lambda: table.put_item(rows[1]),
        "get": lambda: table.get_item(keys[1]),
        "conditional update": lambda: table.update_item(
            keys[1], F("active").set(True), condition=F("year").lt(3000), return_values=ReturnValues.all_new
        ),
        "transaction of 10 puts": lambda: client.transact_write_items([Put("rows", row) for row in rows[:10]]),
        "query of 1,000": lambda: read(table.query(partition), sizes.query),
        "filtered query": lambda: read(table.query(partition, filter_expression=condition), sizes.filtered_query),
        "scan": lambda: read(table.scan(), sizes.rows),
        "filtered scan": lambda: read(table.scan(filter_expression=condition), sizes.filtered_scan),
        "batch get of 100": get_batch,
        "batch write of 25": lambda: write(0, 25),
        "bulk load of 1,000": load,
        "close": session.close,
    }


def make_codec_works(*, declared: bool) -> Works:  # noqa: ARG001 - dicts have no declared members
    """Return what to call to encode and decode: dicts, not models."""
    item = Row.__mapper__.encode(Row(**values(17)))
    stored = py2dy(item)
    return {"encode": lambda: py2dy(item), "decode": lambda: dy2py(stored, float)}
