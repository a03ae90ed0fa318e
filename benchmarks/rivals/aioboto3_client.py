"""aioboto3: boto3's client, awaited, with boto3's serializer; it ends in dicts of Python values."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import aioboto3
from aiobotocore.config import AioConfig

from benchmarks.rivals.base import Sizes, Works, check_size
from benchmarks.rivals.boto3_client import UPDATE, decode, encode, encode_key
from benchmarks.rows import Row
from benchmarks.values import key, values

CONNECTIONS = 64


async def make_works(url: str, sizes: Sizes, *, declared: bool) -> Works:  # noqa: ARG001 - dicts have no declared members
    """Return what to await in each task, on a client with as many connections as there are requests at once."""
    opened: Any = aioboto3.Session().client(
        "dynamodb",
        "us-east-2",
        endpoint_url=url,
        aws_access_key_id="made-up",
        aws_secret_access_key="made-up",
        config=AioConfig(max_pool_connections=CONNECTIONS),
    )
    client = await opened.__aenter__()
    return _make_writes(client) | _make_reads(client, sizes) | {"close": lambda: opened.__aexit__(None, None, None)}


def _make_writes(client: Any) -> dict[str, Callable[[], Any]]:
    rows = [Row.__mapper__.encode(Row(**values(number))) for number in range(25)]

    async def update() -> dict[str, Any]:
        operands = encode({":a": True, ":y": 3000})
        answer = await client.update_item(Key=encode_key(1), ExpressionAttributeValues=operands, **UPDATE)
        return decode(answer["Attributes"])

    async def write() -> None:
        requests = [{"PutRequest": {"Item": encode(each)}} for each in rows]
        assert not (await client.batch_write_item(RequestItems={"rows": requests}))["UnprocessedItems"]

    return {
        "put": lambda: client.put_item(TableName="rows", Item=encode(rows[1])),
        "conditional update": update,
        "transaction of 10 puts": lambda: client.transact_write_items(
            TransactItems=[{"Put": {"TableName": "rows", "Item": encode(each)}} for each in rows[:10]]
        ),
        "batch write of 25": write,
    }


def _make_reads(client: Any, sizes: Sizes) -> dict[str, Callable[[], Any]]:
    async def get() -> dict[str, Any]:
        return decode((await client.get_item(TableName="rows", Key=encode_key(1)))["Item"])

    async def get_batch() -> None:
        keys = [encode_key(number) for number in range(100)]
        answer = await client.batch_get_item(RequestItems={"rows": {"Keys": keys}})
        check_size(list(map(decode, answer["Responses"]["rows"])), 100)

    return {
        "get": get,
        "query of 100": lambda: _query(client, 100, Limit=100),
        "query of 1,000": lambda: _query(client, sizes.query),
        "batch get of 100": get_batch,
    }


async def _query(client: Any, expected: int, **arguments: Any) -> None:
    """Read the first partition; each of its queries has one page."""
    answer = await client.query(
        TableName="rows",
        KeyConditionExpression="pk = :p",
        ExpressionAttributeValues=encode({":p": key(0)[0]}),
        **arguments,
    )
    check_size(list(map(decode, answer["Items"])), expected)
