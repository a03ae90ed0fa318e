"""pydynox: a library whose core is written in Rust; its maps are untyped, and its numbers floats."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pydynox
from pydynox import pydynox_core as core
from pydynox.attributes import (
    BooleanAttribute,
    DatetimeAttribute,
    ListAttribute,
    MapAttribute,
    NumberAttribute,
    StringAttribute,
)
from pydynox.testing import MemoryBackend

from benchmarks.rivals.base import Sizes, Works, check_size
from benchmarks.values import float_values, key

KEYS = [dict(zip(("pk", "sk"), key(number), strict=True)) for number in range(100)]
FLOATS = [float_values(number) for number in range(10)]


class PydynoxRow(pydynox.Model):
    """The row, with a free map."""

    model_config = pydynox.ModelConfig(table="rows")
    pk = StringAttribute(partition_key=True)
    sk = StringAttribute(sort_key=True)
    name = StringAttribute()
    year = NumberAttribute()
    price = NumberAttribute()
    active = BooleanAttribute()
    created = DatetimeAttribute()
    cities = ListAttribute()
    meta = MapAttribute()


def make_works(url: str, sizes: Sizes, *, declared: bool) -> Works:  # noqa: ARG001 - it does not type maps
    """Return what to call in each task."""
    return _make_writes(connect(url)) | _make_reads(sizes)


def connect(url: str) -> pydynox.DynamoDBClient:
    """Return a client that the model uses from now on."""
    client = pydynox.DynamoDBClient(region="us-east-2", access_key="made-up", secret_key="made-up", endpoint_url=url)
    pydynox.set_default_client(client)
    return client


def _make_writes(client: Any) -> dict[str, Callable[[], Any]]:
    """Return the writes; the update returns nothing."""
    model, rows = PydynoxRow, [PydynoxRow(**float_values(number)) for number in range(1_000)]

    def transact() -> None:
        with pydynox.SyncTransaction(client) as transaction:
            for row in rows[:10]:
                transaction.save_model(row)

    def write(count: int) -> None:
        with pydynox.SyncBatchWriter(client, "rows") as batch:
            for row in rows[:count]:
                batch.put(row.to_dict())

    return {
        "put": lambda: rows[1].sync_save(full_replace=True),
        "conditional update": lambda: model.sync_update_by_key(**KEYS[1], active=True, condition=model.year < 3000),
        "transaction of 10 puts": transact,
        "batch write of 25": lambda: write(25),
        "bulk load of 1,000": lambda: write(1_000),
    }


def _make_reads(sizes: Sizes) -> dict[str, Callable[[], Any]]:
    model, partition = PydynoxRow, key(0)[0]

    def select() -> Any:
        return (model.year < 1990) & ~model.cities.contains("Nairobi") & model.name.begins_with("J")

    return {
        "get": lambda: model.sync_get(**KEYS[1]),
        "query of 1,000": lambda: check_size(list(model.sync_query(partition)), sizes.query),
        "filtered query": lambda: check_size(
            list(model.sync_query(partition, filter_condition=select())), sizes.filtered_query
        ),
        "scan": lambda: check_size(list(model.sync_scan()), sizes.rows),
        "filtered scan": lambda: check_size(list(model.sync_scan(select())), sizes.filtered_scan),
        "batch get of 100": lambda: check_size(model.sync_batch_get(KEYS), 100),
    }


def make_codec_works(*, declared: bool) -> Works:  # noqa: ARG001 - it does not type maps
    """Return what to call to construct, encode and decode."""
    model, given = PydynoxRow, float_values(17)
    row = model(**given)
    stored = core.item_to_dynamo(row.to_dict())
    assert model.from_dict(core.item_from_dynamo(stored)).name == row.name
    return {
        "construct": lambda: model(**given),
        "encode": lambda: core.item_to_dynamo(row.to_dict()),
        "decode": lambda: model.from_dict(core.item_from_dynamo(stored)),
    }


def open_memory(count: int) -> None:
    """Do nothing: only its cycle is measured, which opens a backend of its own."""


def make_memory_works(_: None, sizes: Sizes, *, declared: bool) -> Works:  # noqa: ARG001 - it does not type maps
    """Return what to call in memory."""
    return {"a test's cycle": _run_cycle}


def _run_cycle() -> None:
    with MemoryBackend():
        PydynoxRow.sync_create_table()
        for given in FLOATS:
            PydynoxRow(**given).sync_save()
        for given in FLOATS:
            PydynoxRow.sync_get(pk=given["pk"], sk=given["sk"])
        check_size(list(PydynoxRow.sync_query(key(0)[0])), 10)
