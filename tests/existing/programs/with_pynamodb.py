"""PynamoDB 6: every class of attribute, also inside maps and lists, and a derived model with a discriminator."""

from __future__ import annotations

import datetime as dt
import functools
from typing import Any

from pynamodb.attributes import (
    BinaryAttribute,
    BinarySetAttribute,
    BooleanAttribute,
    DiscriminatorAttribute,
    DynamicMapAttribute,
    JSONAttribute,
    ListAttribute,
    MapAttribute,
    NullAttribute,
    NumberAttribute,
    NumberSetAttribute,
    TTLAttribute,
    UnicodeAttribute,
    UnicodeSetAttribute,
    UTCDateTimeAttribute,
    VersionAttribute,
)
from pynamodb.indexes import GlobalSecondaryIndex, KeysOnlyProjection
from pynamodb.models import Model

UTC = dt.timezone.utc
WHOLE_SECOND = dt.datetime(2025, 1, 1, 10, tzinfo=UTC)
MICROSECONDS = dt.datetime(2025, 1, 1, 10, 0, 0, 123456, UTC)


class Line(MapAttribute):
    sku = UnicodeAttribute()
    price = NumberAttribute(null=True)
    shipped = UTCDateTimeAttribute(null=True, attr_name="shipped-at")


class ByName(GlobalSecondaryIndex):
    class Meta:
        index_name = "by-name"
        projection = KeysOnlyProjection()

    name = UnicodeAttribute(hash_key=True)
    at = UTCDateTimeAttribute(range_key=True)


class Thing(Model, discriminator="thing"):
    class Meta:
        table_name = "things"
        host: str | None = None
        region = "us-east-2"
        aws_access_key_id = "made-up"
        aws_secret_access_key = "made-up"
        billing_mode = "PAY_PER_REQUEST"

    owner = UnicodeAttribute(hash_key=True, attr_name="owner-id")
    at = UTCDateTimeAttribute(range_key=True)
    kind = DiscriminatorAttribute(attr_name="_cls")
    name = UnicodeAttribute(null=True)
    empty = UnicodeAttribute(null=True)
    count = NumberAttribute(null=True)
    ratio = NumberAttribute(null=True)
    huge = NumberAttribute(null=True)
    flag = BooleanAttribute(null=True)
    document = JSONAttribute(null=True)
    nothing = NullAttribute(null=True)
    data = BinaryAttribute(legacy_encoding=False, null=True)
    old_data = BinaryAttribute(legacy_encoding=True, null=True)
    parts = BinarySetAttribute(legacy_encoding=False, null=True)
    old_parts = BinarySetAttribute(legacy_encoding=True, null=True)
    words = UnicodeSetAttribute(null=True)
    numbers = NumberSetAttribute(null=True)
    expires = TTLAttribute(null=True)
    line = Line(null=True)
    lines = ListAttribute(of=Line, null=True)
    dates = ListAttribute(of=UTCDateTimeAttribute, null=True)
    mixed = ListAttribute(null=True)
    free = MapAttribute(null=True)
    dynamic = DynamicMapAttribute(null=True)
    version = VersionAttribute()
    by_name = ByName()


class Special(Thing, discriminator="special"):
    extra = UnicodeAttribute(null=True)


@functools.cache
def models(url: str, table: str) -> tuple[type[Thing], type[Special]]:
    """Point the models at a table: what PynamoDB has no call for."""
    for model in (Thing, Special):
        model.Meta.host, model.Meta.table_name = url, table
        model._connection = None
        for index in model._indexes.values():
            index.Meta.table_name = table
    return Thing, Special


def write(url: str, table: str) -> None:
    thing, special = models(url, table)
    thing.create_table()
    thing(
        "jane",
        WHOLE_SECOND,
        name="Zoë",
        empty="",
        count=3,
        ratio=0.1,
        huge=1e25,
        flag=True,
        document={"z": [1, 2.50, None, "é"], "a": {"b": True}},
        nothing=None,
        data=b"\x00\xff",
        old_data=b"\x00\xff",
        parts={b"a", b"\x00"},
        old_parts={b"a", b"\x00"},
        words={"b", "a", "ü"},
        numbers={1, 2.5, -3},
        expires=dt.datetime(2035, 1, 1, tzinfo=UTC),
        line=Line(sku="lamp", price=19.9, shipped=MICROSECONDS),
        lines=[Line(sku="lamp"), Line(sku="sofa", price=1, shipped=WHOLE_SECOND)],
        dates=[WHOLE_SECOND, MICROSECONDS],
        mixed=["text", 1, None, {"deep": [True]}, [0.5]],
        free={"text": "x", "number": 1.5, "list": [1, "two"], "map": {"x": None}},
        dynamic=DynamicMapAttribute(text="x", number=1, list=[1, None]),
    ).save()
    thing("jane", MICROSECONDS, flag=False, count=-1, line=Line(sku="lamp"), lines=[], free={}, mixed=[]).save()
    special("joe", WHOLE_SECOND, name="Special", extra="more", count=0).save()
    special("joe", MICROSECONDS).save()


def read(url: str, table: str) -> list[dict[str, Any]]:
    thing, _ = models(url, table)
    items = sorted(thing.scan(consistent_read=True), key=lambda item: (item.owner, item.at))
    return [{"class": type(item).__name__, **_plain(item)} for item in items]


def _plain(value: Any) -> Any:
    if isinstance(value, list):
        return [_plain(each) for each in value]
    members = getattr(value, "attribute_values", value)
    return {name: _plain(each) for name, each in members.items()} if isinstance(members, dict) else value
