"""dyntastic 0.18: pydantic models, whose values are stored as pydantic's JSON has them."""

from __future__ import annotations

import datetime as dt
import enum
import functools
import ipaddress
import os
import uuid
from decimal import Decimal
from typing import Any

from dyntastic import Dyntastic
from pydantic import BaseModel, Field

UTC = dt.timezone.utc
WHOLE_SECOND = dt.datetime(2025, 1, 1, 10, tzinfo=UTC)
MICROSECONDS = dt.datetime(2025, 1, 1, 10, 0, 0, 123456, UTC)


class Colour(enum.Enum):
    RED = "red"


class Level(enum.IntEnum):
    HIGH = 3


class Address(BaseModel):
    city: str
    zip: str | None = None
    since: dt.datetime | None = None


class Thing(Dyntastic):
    __table_name__ = lambda: os.environ["DYNTASTIC_TABLE"]  # noqa: E731 - dyntastic calls it in each request
    __table_region__ = "us-east-2"
    __hash_key__ = "owner"
    __range_key__ = "number"

    owner: str
    number: int
    alias: str | None = Field(None, alias="user-name")
    empty: str | None = None
    price: Decimal | None = None
    flag: bool | None = None
    data: bytes | None = None
    at: dt.datetime | None = None
    at_second: dt.datetime | None = None
    at_millisecond: dt.datetime | None = None
    local: dt.datetime | None = None
    oslo: dt.datetime | None = None
    day: dt.date | None = None
    time: dt.time | None = None
    span: dt.timedelta | None = None
    unique: uuid.UUID | None = None
    colour: Colour | None = None
    level: Level | None = None
    ip: ipaddress.IPv4Address | None = None
    words: set[str] | None = None
    numbers: set[int] | None = None
    days: list[dt.date] | None = None
    address: Address | None = None
    addresses: list[Address] | None = None
    free: dict[str, Any] | None = None


@functools.cache
def model(url: str, table: str) -> type[Thing]:
    os.environ.update(AWS_ACCESS_KEY_ID="made-up", AWS_SECRET_ACCESS_KEY="made-up", DYNTASTIC_TABLE=table)
    Thing.__table_host__ = url
    return Thing


def write(url: str, table: str) -> None:
    thing = model(url, table)
    thing.create_table()
    thing(
        owner="jane",
        number=1,
        **{"user-name": "Zoë"},
        empty="",
        price=Decimal("10.50"),
        flag=True,
        data=b"\x00\xff",
        at=MICROSECONDS,
        at_second=WHOLE_SECOND,
        at_millisecond=WHOLE_SECOND.replace(microsecond=5000),
        local=WHOLE_SECOND.replace(tzinfo=None),
        oslo=WHOLE_SECOND.astimezone(dt.timezone(dt.timedelta(hours=1))),
        day=dt.date(2025, 1, 1),
        time=dt.time(10, 30),
        span=dt.timedelta(days=1, minutes=3, milliseconds=5),
        unique=uuid.UUID("12345678-1234-5678-1234-56789abcdef0"),
        colour=Colour.RED,
        level=Level.HIGH,
        ip=ipaddress.IPv4Address("192.0.2.1"),
        words={"a", "b"},
        numbers={1, 2},
        days=[dt.date(2025, 1, 1)],
        address=Address(city="Oslo", since=MICROSECONDS),
        addresses=[Address(city="Rome", zip="00100"), Address(city="Bonn", since=WHOLE_SECOND)],
        free={"text": "x", "list": [1, None, {"x": None, "y": Decimal("0.5")}]},
    ).save()
    thing(owner="jane", number=2, words=None, free={}, addresses=[]).save()


def read(url: str, table: str) -> list[dict[str, Any]]:
    items = model(url, table).scan(consistent_read=True)
    return sorted((item.model_dump() for item in items), key=lambda item: item["number"])
