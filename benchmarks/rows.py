"""The row that all suites work on, as a model of each installed library."""

from __future__ import annotations

import datetime as dt
import importlib
import importlib.util
import itertools
import random
from collections.abc import Iterator
from decimal import Decimal
from typing import Any

from dynamongo import BooleanField, DateTimeField, DecimalField, DictField, IntField, ListField, Model, StringField

CITIES = ("Nairobi", "Oslo", "Lima", "Kyoto", "Paris", "Quito")
START = dt.datetime(2024, 5, 1, 10, 0, 0, tzinfo=dt.timezone.utc)
PER_PARTITION = 1_000


class Row(Model):
    """Nine attributes: two keys, a name, numbers, a boolean, a datetime, a list and nested maps."""

    __table__ = "rows"
    __hash_key__ = "pk"
    __range_key__ = "sk"
    __billing__ = "on_demand"
    __scans__ = "allow"
    pk = StringField(required=True)
    sk = StringField(required=True)
    name = StringField()
    year = IntField()
    price = DecimalField()
    active = BooleanField()
    created = DateTimeField()
    cities = ListField(StringField)
    meta = DictField(a=DictField(b=IntField(), c=StringField()), score=IntField(), tag=StringField())


def values(number: int) -> dict[str, Any]:
    """Return the values of one row; 1,000 rows share a hash key."""
    return {
        "pk": f"p{number // PER_PARTITION:05}",
        "sk": f"s{number:07}",
        "name": f"John {number % 100}",
        "year": 1950 + number % 70,
        "price": Decimal(number % 100_000) / 100 + Decimal("0.01"),
        "active": number % 2 == 0,
        "created": START + dt.timedelta(seconds=number, microseconds=number % 1_000),
        "cities": [CITIES[(number + k) % len(CITIES)] for k in range(3)],
        "meta": {"a": {"b": number, "c": "xyz"}, "score": number % 100, "tag": "alpha"},
    }


def key(number: int) -> tuple[str, str]:
    """Return the key of one row."""
    return f"p{number // PER_PARTITION:05}", f"s{number:07}"


def draw_rows(count: int) -> tuple[Iterator[dict[str, Any]], Iterator[tuple[str, str]]]:
    """Return endless values and keys of rows picked at random from the first `count`, the same ones in each run.

    They are created beforehand, since creating them is no library's work.
    """
    numbers = random.Random(7).choices(range(count), k=5_000)
    return itertools.cycle([values(number) for number in numbers]), itertools.cycle([key(number) for number in numbers])


def is_installed(module: str) -> bool:
    """Return whether a rival is installed."""
    return importlib.util.find_spec(module) is not None


def pynamodb_row(host: str | None = None) -> Any:
    """Return the model in PynamoDB; its numbers are floats."""
    attributes = importlib.import_module("pynamodb.attributes")
    models = importlib.import_module("pynamodb.models")

    class Inner(attributes.MapAttribute):  # type: ignore[misc, name-defined]  # imported at run time
        b = attributes.NumberAttribute()
        c = attributes.UnicodeAttribute()

    class MetaMap(attributes.MapAttribute):  # type: ignore[misc, name-defined]  # imported at run time
        a = Inner()
        score = attributes.NumberAttribute()
        tag = attributes.UnicodeAttribute()

    settings = {"table_name": "pynamodb-rows", "region": "us-east-2", "host": host}
    settings |= {"aws_access_key_id": "made-up", "aws_secret_access_key": "made-up"}

    class PynamoRow(models.Model):  # type: ignore[misc, name-defined]  # imported at run time
        Meta = type("Meta", (), settings)
        pk = attributes.UnicodeAttribute(hash_key=True)
        sk = attributes.UnicodeAttribute(range_key=True)
        name = attributes.UnicodeAttribute()
        year = attributes.NumberAttribute()
        price = attributes.NumberAttribute()
        active = attributes.BooleanAttribute()
        created = attributes.UTCDateTimeAttribute()
        cities = attributes.ListAttribute(of=attributes.UnicodeAttribute)
        meta = MetaMap()

    return PynamoRow


def pynamodb_values(number: int) -> dict[str, Any]:
    """Return the values of one row as PynamoDB accepts them."""
    return values(number) | {"price": float(values(number)["price"])}


def pydynox_row() -> Any:
    """Return the model in pydynox, whose maps are untyped."""
    pydynox = importlib.import_module("pydynox")
    attributes = importlib.import_module("pydynox.attributes")

    class PydynoxRow(pydynox.Model):  # type: ignore[misc, name-defined]  # imported at run time
        model_config = pydynox.ModelConfig(table="rows")
        pk = attributes.StringAttribute(partition_key=True)
        sk = attributes.StringAttribute(sort_key=True)
        name = attributes.StringAttribute()
        year = attributes.NumberAttribute()
        price = attributes.NumberAttribute()
        active = attributes.BooleanAttribute()
        created = attributes.DatetimeAttribute()
        cities = attributes.ListAttribute()
        meta = attributes.MapAttribute()

    return PydynoxRow


def dynamoxy_row() -> Any:
    """Return the model in dynamoxy; it reads annotations, which a class created by `type` can have too."""
    dynamoxy = importlib.import_module("dynamoxy")
    attr = dynamoxy.Attr
    inner = type(dynamoxy.Document)(
        "Inner", (dynamoxy.Document,), {"__annotations__": {"b": attr[int], "c": attr[str]}}
    )
    meta = type(dynamoxy.Document)(
        "Meta", (dynamoxy.Document,), {"__annotations__": {"a": attr[inner], "score": attr[int], "tag": attr[str]}}
    )
    annotations = {
        "pk": attr[str],
        "sk": attr[str],
        "name": attr[str],
        "year": attr[int],
        "price": attr[Decimal],
        "active": attr[bool],
        "created": attr[dt.datetime],
        "cities": attr[list[str]],
        "meta": attr[meta],
    }
    body = {"pk": dynamoxy.partition_key(), "sk": dynamoxy.sort_key(), "__annotations__": annotations}
    row = type(dynamoxy.Model)("DynamoxyRow", (dynamoxy.Model,), {**body, "__module__": __name__}, table="rows")

    def make(given: dict[str, Any]) -> Any:
        part = given["meta"]
        return row(**given | {"meta": meta(a=inner(**part["a"]), score=part["score"], tag=part["tag"])})

    row.make = make
    return row
