"""dynamongo: our models."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from benchmarks.rivals.base import Sizes, Works, check_size
from benchmarks.rows import DeclaredRow, Row
from benchmarks.values import TEN, draw_rows, key, values
from dynamongo import Connection
from dynamongo.backends.dynamodb import DynamoDBBackend
from dynamongo.backends.dynamodb_json import decode_item, render_item
from dynamongo.backends.memory import MemoryBackend
from dynamongo.expressions.conditions import AnyCondition
from dynamongo.mapping.mapper import Mapper

ONE = key(1)


def connect(url: str, transport: str = "auto") -> DynamoDBBackend:
    """Return a backend that all models use from now on."""
    backend = DynamoDBBackend(
        access_key_id="made-up",
        secret_access_key="made-up",
        region="us-east-2",
        endpoint_url=url,
        transport=transport,
    )
    Connection.set_config(backend=backend)
    return backend


def fill(url: str, count: int) -> None:
    """Create the table that everybody reads, and save its rows."""
    connect(url)
    Row.create_table()
    Row.save_many([Row(**values(number)) for number in range(count)])


def make_works(url: str, sizes: Sizes, *, declared: bool) -> Works:
    """Return what to call in each task, over HTTP."""
    connect(url)
    return make_calls(sizes, declared=declared)


def make_calls(sizes: Sizes, *, declared: bool) -> Works:
    """Return what to call in each task, on the connection as it is."""
    model, keys = DeclaredRow if declared else Row, [key(number) for number in range(100)]
    return (
        _make_writes(model)
        | _make_reads(model, sizes)
        | {"get": lambda: model.get_one(keys[1]), "batch get of 100": lambda: check_size(model.get_many(keys), 100)}
    )


def _make_writes(model: type[Row]) -> dict[str, Callable[[], Any]]:
    rows = [model(**values(number)) for number in range(1_000)]

    def transact() -> None:
        with Connection.transaction() as tx:
            for each in rows[:10]:
                tx.save(each)

    return {
        "put": rows[1].save,
        "conditional update": lambda: _update(model),
        "transaction of 10 puts": transact,
        "batch write of 25": lambda: model.save_many(rows[:25]),
        "bulk load of 1,000": lambda: check_size(list(model.save_iter(rows)), len(rows)),
    }


def _make_reads(model: type[Row], sizes: Sizes) -> dict[str, Callable[[], Any]]:
    """Return the reads of many items, over HTTP as in memory; conditions are built each time, as in a program."""
    partition = key(0)[0]

    def select() -> AnyCondition:
        return (model.year < 1990) & ~model.cities.contains("Nairobi") & model.name.begins_with("J")

    def query() -> AnyCondition:
        return model.pk == partition

    return {
        "query of 10": lambda: check_size(model.find(query(), limit=10).all(), 10),
        "query of 100": lambda: check_size(model.find(query(), limit=100).all(), 100),
        "query of 1,000": lambda: check_size(model.find(query()).all(), sizes.query),
        "filtered query": lambda: check_size(model.find(query() & select()).all(), sizes.filtered_query),
        "scan": lambda: check_size(model.find().all(), sizes.rows),
        "filtered scan": lambda: check_size(model.find(select()).all(), sizes.filtered_scan),
    }


def _update(model: type[Row]) -> Row:
    one = (model.pk == ONE[0]) & (model.sk == ONE[1]) & (model.year < 3000)
    return model.update_one(one, model.active.set(True))


def open_memory(count: int) -> MemoryBackend:
    """Return a backend in memory with a table of rows, and use it from now on."""
    backend = MemoryBackend()
    Connection.set_config(backend=backend)
    Row.create_table()
    for _ in Row.save_iter(Row(**values(number)) for number in range(count)):
        pass
    return backend


def make_memory_works(_: MemoryBackend, sizes: Sizes, *, declared: bool) -> Works:
    """Return what to call in each task in memory."""
    model = DeclaredRow if declared else Row
    given, keys = draw_rows(sizes.rows)
    return _make_reads(model, sizes) | {
        "save_one": lambda: model.save_one(model(**next(given))),
        "get_one": lambda: model.get_one(next(keys)),
        "conditional update": lambda: _update(model),
        "conditional update, condition=": lambda: model.update_one(
            ONE, model.active.set(True), condition=model.year < 3000
        ),
        "a test's cycle": lambda: _run_cycle(model),
    }


def _run_cycle(model: type[Row]) -> None:
    with Connection.using(MemoryBackend()):
        model.create_table()
        for given in TEN:
            model.save_one(model(**given))
        for given in TEN:
            model.get_one((given["pk"], given["sk"]))
        check_size(model.find(model.pk == key(0)[0]).all(), 10)


def make_loader() -> Callable[[list[dict[str, Any]]], object]:
    """Return a function that adds rows to one table in memory."""
    open_memory(0)
    return lambda given: check_size(list(Row.save_iter(Row(**each) for each in given)), len(given))


def make_codec_works(*, declared: bool) -> Works:
    """Return what to call to construct, encode and decode; what is encoded is JSON text.

    The items of a page become instances in one pass. An item alone becomes attribute values first.
    """
    model, given = DeclaredRow if declared else Row, values(17)
    row, mapper = model(**given), model.__mapper__
    text = render_item(mapper.encode(row))
    wire = json.loads(text)
    read = _warm_reader(mapper, wire, text)
    assert read(wire, text) == mapper.decode(decode_item(wire)) == row
    return {
        "construct": lambda: model(**given),
        "encode": lambda: render_item(mapper.encode(row)),
        "decode": lambda: read(wire, text),
        "decode, an item alone": lambda: mapper.decode(decode_item(wire)),
    }


def _warm_reader(mapper: Mapper[Row], wire: Any, text: str) -> Callable[[Any, str], Any]:
    """Return what reads the items of pages, once it is compiled: it leaves the first ones to the mapper."""
    for _ in range(100):
        _read(mapper)(wire, text)
    return _read(mapper)


def _read(mapper: Mapper[Row]) -> Callable[[Any, str], Any]:
    reader = mapper.make_reader()
    assert reader is not None
    return reader.read
