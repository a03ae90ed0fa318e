"""bloop 3: every type."""

from __future__ import annotations

import datetime as dt
import functools
import uuid
from decimal import Decimal
from typing import Any

import bloop
import boto3

UTC = dt.timezone.utc
WHOLE_SECOND = dt.datetime(2025, 1, 1, 10, tzinfo=UTC)
MICROSECONDS = dt.datetime(2025, 1, 1, 10, 0, 0, 123456, UTC)
SETTINGS: dict[str, Any] = {
    "region_name": "us-east-2",
    "aws_access_key_id": "made-up",
    "aws_secret_access_key": "made-up",
}


def create(url: str, table: str) -> None:
    """Create the table as bloop would, whose own call asks for backups, which the emulator does not know."""
    client: Any = boto3.client("dynamodb", endpoint_url=url, **SETTINGS)
    names = ("id", "at", "user-name")
    keys = [{"AttributeName": name, "KeyType": kind} for name, kind in (("id", "HASH"), ("at", "RANGE"))]
    index_keys = [{"AttributeName": name, "KeyType": kind} for name, kind in (("user-name", "HASH"), ("at", "RANGE"))]
    index = {"IndexName": "by_name", "KeySchema": index_keys, "Projection": {"ProjectionType": "KEYS_ONLY"}}
    client.create_table(
        TableName=table,
        KeySchema=keys,
        AttributeDefinitions=[{"AttributeName": name, "AttributeType": "S"} for name in names],
        GlobalSecondaryIndexes=[index],
        BillingMode="PAY_PER_REQUEST",
    )


@functools.cache
def model(url: str, table: str) -> tuple[Any, Any]:
    class Thing(bloop.BaseModel):
        class Meta:
            table_name = table
            billing = {"mode": "on_demand"}  # noqa: RUF012 - as bloop reads it

        unique = bloop.Column(bloop.UUID, hash_key=True, dynamo_name="id")
        at = bloop.Column(bloop.DateTime, range_key=True)
        name = bloop.Column(bloop.String, dynamo_name="user-name")
        count = bloop.Column(bloop.Integer)
        price = bloop.Column(bloop.Number)
        expires = bloop.Column(bloop.Timestamp)
        flag = bloop.Column(bloop.Boolean)
        data = bloop.Column(bloop.Binary)
        words = bloop.Column(bloop.Set(bloop.String))
        numbers = bloop.Column(bloop.Set(bloop.Integer))
        parts = bloop.Column(bloop.Set(bloop.Binary))
        dates = bloop.Column(bloop.List(bloop.DateTime))
        line = bloop.Column(bloop.Map(sku=bloop.String, price=bloop.Number, shipped=bloop.Timestamp))
        rows = bloop.Column(bloop.DynamicList)
        free = bloop.Column(bloop.DynamicMap)
        by_name = bloop.GlobalSecondaryIndex(projection="keys", hash_key="name", range_key="at")

    session = boto3.Session(**SETTINGS)
    streams = session.client("dynamodbstreams", endpoint_url=url)
    engine = bloop.Engine(dynamodb=session.client("dynamodb", endpoint_url=url), dynamodbstreams=streams)
    engine.bind(Thing, skip_table_setup=True)
    return engine, Thing


def write(url: str, table: str) -> None:
    engine, thing = model(url, table)
    create(url, table)
    unique = uuid.UUID("12345678-1234-5678-1234-56789abcdef0")
    full = thing(
        unique=unique,
        at=WHOLE_SECOND,
        name="Zoë",
        count=3,
        price=Decimal("10.50"),
        expires=dt.datetime(2035, 1, 1, tzinfo=UTC),
        flag=True,
        data=b"\x00\xff",
        words={"a", "b"},
        numbers={1, 2},
        parts={b"a", b"b"},
        dates=[WHOLE_SECOND, MICROSECONDS],
        line={"sku": "lamp", "price": Decimal("19.9"), "shipped": WHOLE_SECOND},
        rows=["text", 1, {"deep": [True]}],
        free={"text": "x", "number": Decimal("1.5"), "map": {"x": "y"}},
    )
    engine.save(full, thing(unique=unique, at=MICROSECONDS, flag=False))


def read(url: str, table: str) -> list[dict[str, Any]]:
    engine, thing = model(url, table)
    names = [column.name for column in thing.Meta.columns]
    items = [{name: getattr(item, name, None) for name in names} for item in engine.scan(thing, consistent=True)]
    return sorted(items, key=lambda item: item["at"])
