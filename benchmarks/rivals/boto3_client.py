"""boto3: its client with its serializer, which ends in dicts of Python values."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import boto3
from boto3.dynamodb.types import TypeDeserializer, TypeSerializer
from botocore.config import Config

from benchmarks.rivals.base import Sizes, Works, check_size
from benchmarks.rows import Row
from benchmarks.values import key, values

CONDITION = "#y < :y AND NOT contains(cities, :c) AND begins_with(#n, :n)"
UPDATE = {
    "TableName": "rows",
    "UpdateExpression": "SET #a = :a",
    "ConditionExpression": "#y < :y",
    "ExpressionAttributeNames": {"#a": "active", "#y": "year"},
    "ReturnValues": "ALL_NEW",
}
_dump, _load = TypeSerializer().serialize, TypeDeserializer().deserialize


def encode(item: Any) -> dict[str, Any]:
    """Return attribute values as requests have them."""
    return {name: _dump(value) for name, value in item.items()}


def decode(item: Any) -> dict[str, Any]:
    """Return Python values."""
    return {name: _load(value) for name, value in item.items()}


def encode_key(number: int) -> dict[str, Any]:
    """Return the key of one row as requests have it."""
    return encode(dict(zip(("pk", "sk"), key(number), strict=True)))


def make_client(url: str | None) -> Any:
    """Return a client, of AWS or of the server of that URL, with as many connections as there are threads."""
    return boto3.client(
        "dynamodb",
        "us-east-2",
        endpoint_url=url,
        aws_access_key_id="made-up",
        aws_secret_access_key="made-up",
        config=Config(max_pool_connections=16),
    )


def make_works(url: str, sizes: Sizes, *, declared: bool) -> Works:  # noqa: ARG001 - dicts have no declared members
    """Return what to call in each task."""
    client = make_client(url)
    return _make_writes(client) | _make_reads(client, sizes)


def _make_writes(client: Any) -> dict[str, Callable[[], Any]]:
    rows = [Row.__mapper__.encode(Row(**values(number))) for number in range(1_000)]

    def write(start: int, stop: int) -> None:
        requests = [{"PutRequest": {"Item": encode(each)}} for each in rows[start:stop]]
        assert not client.batch_write_item(RequestItems={"rows": requests})["UnprocessedItems"]

    def load() -> None:
        for start in range(0, len(rows), 25):
            write(start, start + 25)

    return {
        "put": lambda: client.put_item(TableName="rows", Item=encode(rows[1])),
        "conditional update": lambda: _update(client),
        "transaction of 10 puts": lambda: client.transact_write_items(
            TransactItems=[{"Put": {"TableName": "rows", "Item": encode(each)}} for each in rows[:10]]
        ),
        "batch write of 25": lambda: write(0, 25),
        "bulk load of 1,000": load,
    }


def _update(client: Any) -> dict[str, Any]:
    operands = encode({":a": True, ":y": 3000})
    return decode(client.update_item(Key=encode_key(1), ExpressionAttributeValues=operands, **UPDATE)["Attributes"])


def _make_reads(client: Any, sizes: Sizes) -> dict[str, Callable[[], Any]]:
    partition = {"KeyConditionExpression": "pk = :p"}
    names = {"#y": "year", "#n": "name"}

    def query(expected: int, **arguments: Any) -> None:
        found = {":p": key(0)[0]} | arguments.pop("values", {})
        check_size(_read_all(client.query, ExpressionAttributeValues=encode(found), **partition, **arguments), expected)

    filtered = {"FilterExpression": CONDITION, "ExpressionAttributeNames": names}
    operands = {":y": 1990, ":c": "Nairobi", ":n": "J"}

    def get_batch() -> None:
        keys = [encode_key(number) for number in range(100)]
        answer = client.batch_get_item(RequestItems={"rows": {"Keys": keys}})
        check_size(list(map(decode, answer["Responses"]["rows"])), 100)

    return {
        "get": lambda: decode(client.get_item(TableName="rows", Key=encode_key(1))["Item"]),
        "query of 1,000": lambda: query(sizes.query),
        "filtered query": lambda: query(sizes.filtered_query, values=operands, **filtered),
        "scan": lambda: check_size(_read_all(client.scan), sizes.rows),
        "filtered scan": lambda: check_size(
            _read_all(client.scan, ExpressionAttributeValues=encode(operands), **filtered), sizes.filtered_scan
        ),
        "batch get of 100": get_batch,
    }


def _read_all(method: Callable[..., Any], **arguments: Any) -> list[Any]:
    found: list[Any] = []
    while True:
        page = method(TableName="rows", **arguments)
        found += map(decode, page["Items"])
        if "LastEvaluatedKey" not in page:
            return found
        arguments["ExclusiveStartKey"] = page["LastEvaluatedKey"]


def make_codec_works(*, declared: bool) -> Works:  # noqa: ARG001 - dicts have no declared members
    """Return what to call to encode and decode: dicts, not models."""
    item = Row.__mapper__.encode(Row(**values(17)))
    stored = encode(item)
    return {"encode": lambda: encode(item), "decode": lambda: decode(stored)}
