"""pydynox 1.8: every class of attribute that needs no other service."""

from __future__ import annotations

import dataclasses
import datetime as dt
import enum
import functools
from decimal import Decimal
from typing import Any

from pydynox import DynamoDBClient, Model, ModelConfig
from pydynox.attributes import (
    BinaryAttribute,
    BooleanAttribute,
    CompressedAttribute,
    DatetimeAttribute,
    DecimalAttribute,
    EnumAttribute,
    JSONAttribute,
    ListAttribute,
    MapAttribute,
    NumberAttribute,
    NumberSetAttribute,
    StringAttribute,
    StringSetAttribute,
    TTLAttribute,
    VersionAttribute,
)

UTC = dt.timezone.utc
WHOLE_SECOND = dt.datetime(2025, 1, 1, 10, tzinfo=UTC)
MICROSECONDS = dt.datetime(2025, 1, 1, 10, 0, 0, 123456, UTC)


class Colour(enum.Enum):
    RED = "red"


@dataclasses.dataclass
class Address:
    city: str
    zip: str | None = None


@functools.cache
def model(url: str, table: str) -> Any:
    client = DynamoDBClient(region="us-east-2", access_key="made-up", secret_key="made-up", endpoint_url=url)

    class Thing(Model):
        model_config = ModelConfig(table=table, client=client)
        pk = StringAttribute(partition_key=True, template="USER#{name}")
        sk = DatetimeAttribute(sort_key=True)
        name = StringAttribute(alias="user-name")
        empty = StringAttribute()
        count = NumberAttribute()
        ratio = NumberAttribute()
        price = DecimalAttribute()
        flag = BooleanAttribute()
        data = BinaryAttribute()
        at = DatetimeAttribute()
        oslo = DatetimeAttribute()
        expires = TTLAttribute()
        colour = EnumAttribute(Colour)
        document = JSONAttribute()
        packed = CompressedAttribute()
        words = StringSetAttribute()
        numbers = NumberSetAttribute()
        rows = ListAttribute()
        address = MapAttribute(Address)
        free = MapAttribute()
        version = VersionAttribute()

    return Thing


def write(url: str, table: str) -> None:
    thing = model(url, table)
    thing.sync_create_table(wait=True)
    thing(
        name="jane",
        sk=WHOLE_SECOND,
        empty="",
        count=3,
        ratio=0.1,
        price=Decimal("10.50"),
        flag=True,
        data=b"\x00\xff",
        at=MICROSECONDS,
        oslo=WHOLE_SECOND.astimezone(dt.timezone(dt.timedelta(hours=1))),
        expires=dt.datetime(2035, 1, 1, tzinfo=UTC),
        colour=Colour.RED,
        document={"z": [1, 2.5, None, "é"], "a": {"b": True}},
        packed="text " * 100,
        words={"a"},
        numbers={2.5},
        rows=["text", 1, {"deep": [True]}],
        address=Address(city="Oslo"),
        free={"text": "x", "number": 1.5, "map": {"x": None}},
    ).sync_save()
    thing(name="jane", sk=MICROSECONDS, free={}, rows=[]).sync_save()


def read(url: str, table: str) -> list[dict[str, Any]]:
    items = model(url, table).sync_scan(consistent_read=True)
    return sorted((item.to_dict() for item in items), key=lambda item: item["sk"])
