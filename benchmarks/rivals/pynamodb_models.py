"""PynamoDB: models whose numbers are floats."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from pynamodb.attributes import (
    BooleanAttribute,
    ListAttribute,
    MapAttribute,
    NumberAttribute,
    UnicodeAttribute,
    UTCDateTimeAttribute,
)
from pynamodb.models import Model

from benchmarks.rivals.base import Sizes, Works, check_size
from benchmarks.values import float_values, key


class PynamoRow(Model):
    """The row, with a free map; in a table of its own, since PynamoDB reads only datetimes that it wrote."""

    class Meta:
        """Where the table is."""

        table_name = "pynamodb-rows"
        host = ""
        max_pool_connections = 16
        region = "us-east-2"
        aws_access_key_id = "made-up"
        aws_secret_access_key = "made-up"

    pk = UnicodeAttribute(hash_key=True)
    sk = UnicodeAttribute(range_key=True)
    name = UnicodeAttribute()
    year = NumberAttribute()
    price = NumberAttribute()
    active = BooleanAttribute()
    created = UTCDateTimeAttribute()
    cities = ListAttribute(of=UnicodeAttribute)
    meta = MapAttribute()


class _Inner(MapAttribute):
    b = NumberAttribute()
    c = UnicodeAttribute()


class _Meta(MapAttribute):
    a = _Inner()
    score = NumberAttribute()
    tag = UnicodeAttribute()


class PynamoDeclaredRow(PynamoRow):
    """The row, with declared members."""

    meta = _Meta()


def make_works(url: str, sizes: Sizes, *, declared: bool) -> Works:
    """Return what to call in each task."""
    model = PynamoDeclaredRow if declared else PynamoRow
    _fill(url, sizes.rows)
    return _make_writes(model) | _make_reads(model, sizes)


def _make_writes(model: Any) -> dict[str, Callable[[], Any]]:
    rows = [model(**float_values(number)) for number in range(1_000)]

    def write(count: int) -> None:
        with model.batch_write() as batch:
            for row in rows[:count]:
                batch.save(row)

    return {
        "put": rows[1].save,
        "conditional update": lambda: rows[1].update([model.active.set(True)], condition=model.year < 3000),
        "batch write of 25": lambda: write(25),
        "bulk load of 1,000": lambda: write(1_000),
    }


def _make_reads(model: Any, sizes: Sizes) -> dict[str, Callable[[], Any]]:
    partition, keys = key(0)[0], [key(number) for number in range(100)]

    def select() -> Any:
        return (model.year < 1990) & ~model.cities.contains("Nairobi") & model.name.startswith("J")

    return {
        "get": lambda: model.get(*keys[1]),
        "query of 1,000": lambda: check_size(list(model.query(partition)), sizes.query),
        "filtered query": lambda: check_size(
            list(model.query(partition, filter_condition=select())), sizes.filtered_query
        ),
        "scan": lambda: check_size(list(model.scan()), sizes.rows),
        "filtered scan": lambda: check_size(list(model.scan(select())), sizes.filtered_scan),
        "batch get of 100": lambda: check_size(list(model.batch_get(keys)), 100),
    }


def _fill(url: str, count: int) -> None:
    for model in (PynamoRow, PynamoDeclaredRow):
        model.Meta.host = url
    if PynamoRow.exists():
        return
    PynamoRow.create_table(wait=True, billing_mode="PAY_PER_REQUEST")
    with PynamoRow.batch_write() as batch:
        for number in range(count):
            batch.save(PynamoRow(**float_values(number)))


def make_codec_works(*, declared: bool) -> Works:
    """Return what to call to construct, encode and decode."""
    model: Any = PynamoDeclaredRow if declared else PynamoRow
    given = float_values(17)
    row = model(**given)
    stored = row.serialize()
    assert model.from_raw_data(stored).name == row.name
    return {
        "construct": lambda: model(**given),
        "encode": row.serialize,
        "decode": lambda: model.from_raw_data(stored),
    }
