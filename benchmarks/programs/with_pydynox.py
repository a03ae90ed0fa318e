"""pydynox: its blocking calls."""

import sys
import time
from typing import Any

import pydynox
from pydynox.attributes import (
    BooleanAttribute,
    DatetimeAttribute,
    ListAttribute,
    MapAttribute,
    NumberAttribute,
    StringAttribute,
)


def make_row() -> Any:
    """Declare the row, with a free map."""

    class Row(pydynox.Model):
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

    return Row


def get(url: str) -> None:
    """Get a row."""
    pydynox.set_default_client(pydynox.DynamoDBClient(endpoint_url=url))
    assert make_row().sync_get(pk="p00000", sk="s0000001").name == "John 1"
    print("pydynox", flush=True)
    sys.stdin.read()


def test() -> None:
    """Run the first test."""
    from pydynox.testing import MemoryBackend  # noqa: PLC0415 - only tests import it

    from benchmarks.values import TEN  # noqa: PLC0415 - only tests have the path

    rows = [{**given, "price": float(given["price"])} for given in TEN]
    started = time.process_time()
    row = make_row()
    with MemoryBackend():
        row.sync_create_table()
        for given in rows:
            row(**given).sync_save()
        for given in rows:
            row.sync_get(pk=given["pk"], sk=given["sk"])
    print((time.process_time() - started) * 1e3)


if sys.argv[1] == "get":
    get(sys.argv[2])
else:
    test()
