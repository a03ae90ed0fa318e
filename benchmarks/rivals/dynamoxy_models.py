"""dynamoxy: a library whose core is written in Rust; its calls are awaited.

Without `telemetry=None` it would use OpenTelemetry, which is here for the sake of another suite.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import dynamoxy
import dynamoxy.testing
from dynamoxy import Attr

from benchmarks.asynchronous import Loop
from benchmarks.rivals.base import Sizes, Works, check_size
from benchmarks.values import TEN, draw_rows, key, values


class DynamoxyRow(dynamoxy.Model, table="rows"):  # type: ignore[call-arg]  # mypy sees no base class
    """The row, with a free map."""

    pk: Attr[str] = dynamoxy.partition_key()
    sk: Attr[str] = dynamoxy.sort_key()
    name: Attr[str]
    year: Attr[int]
    price: Attr[Decimal]
    active: Attr[bool]
    created: Attr[dt.datetime]
    cities: Attr[list[str]]
    meta: Attr[dict[str, Any]]

    @classmethod
    def make(cls, given: dict[str, Any]) -> Any:
        """Return an instance."""
        return cls(**given)


class _Inner(dynamoxy.Document):
    b: Attr[int]
    c: Attr[str]


class _Meta(dynamoxy.Document):
    a: Attr[_Inner]
    score: Attr[int]
    tag: Attr[str]


class DynamoxyDeclaredRow(dynamoxy.Model, table="rows"):  # type: ignore[call-arg]  # mypy sees no base class
    """The row, with declared members."""

    pk: Attr[str] = dynamoxy.partition_key()
    sk: Attr[str] = dynamoxy.sort_key()
    name: Attr[str]
    year: Attr[int]
    price: Attr[Decimal]
    active: Attr[bool]
    created: Attr[dt.datetime]
    cities: Attr[list[str]]
    meta: Attr[_Meta]

    @classmethod
    def make(cls, given: dict[str, Any]) -> Any:
        """Return an instance."""
        part = given["meta"]
        return cls(**given | {"meta": _Meta(a=_Inner(**part["a"]), score=part["score"], tag=part["tag"])})


def make_works(url: str, sizes: Sizes, *, declared: bool) -> Works:
    """Return what to await in each task."""
    credentials = dynamoxy.Credentials("made-up", "made-up")
    client = dynamoxy.Client(region="us-east-2", endpoint_url=url, credentials=credentials, telemetry=None)
    model = DynamoxyDeclaredRow if declared else DynamoxyRow
    rows, keys = client.repository(model), [key(number) for number in range(100)]
    return (
        _make_writes(client, model)
        | _make_reads(rows, model, sizes)
        | {"get": lambda: rows.get(*keys[1]), "batch get of 100": lambda: rows.batch_get(keys), "close": client.close}
    )


def _make_writes(client: Any, model: Any) -> dict[str, Callable[[], Any]]:
    rows, one = client.repository(model), model.key(*key(1))
    made = [model.make(values(number)) for number in range(1_000)]

    async def transact() -> None:
        async with client.transaction() as tx:
            for each in made[:10]:
                tx.put(each)

    return {
        "put": lambda: rows.put(made[1]),
        "conditional update": lambda: rows.update(one, model.active.set(True), condition=model.year < 3000),
        "transaction of 10 puts": transact,
        "batch write of 25": lambda: rows.batch_put(made[:25]),
        "bulk load of 1,000": lambda: rows.batch_put(made),
    }


def _make_reads(rows: Any, model: Any, sizes: Sizes) -> dict[str, Callable[[], Any]]:
    """Return the reads of many items, over HTTP as in memory; conditions are built each time, as in a program."""
    partition = key(0)[0]

    async def read(reader: Any, expected: int) -> None:
        check_size(await reader.all(), expected)

    def query() -> Any:
        return rows.query(pk=partition)

    def select() -> Any:
        return (model.year < 1990) & ~model.cities.contains("Nairobi") & model.name.begins_with("J")

    return {
        "query of 10": lambda: read(query().limit(10), 10),
        "query of 100": lambda: read(query().limit(100), 100),
        "query of 1,000": lambda: read(query(), sizes.query),
        "filtered query": lambda: read(query().filter(select()), sizes.filtered_query),
        "scan": lambda: read(rows.scan(), sizes.rows),
        "filtered scan": lambda: read(rows.scan().filter(select()), sizes.filtered_scan),
    }


async def open_memory(count: int) -> Any:
    """Return a client in memory with a table of rows."""
    client = dynamoxy.testing.memory_client(telemetry=None)
    await client.ensure_tables(DynamoxyRow)
    await client.repository(DynamoxyRow).batch_put([DynamoxyRow.make(values(number)) for number in range(count)])
    return client


def make_memory_works(client: Any, sizes: Sizes, *, declared: bool) -> Works:
    """Return what to await in each task in memory."""
    model: Any = DynamoxyDeclaredRow if declared else DynamoxyRow
    rows, one = client.repository(model), model.key(*key(1))
    given, keys = draw_rows(sizes.rows)

    def update() -> Any:
        return rows.update(one, model.active.set(True), condition=model.year < 3000)

    return _make_reads(rows, model, sizes) | {
        "save_one": lambda: rows.put(model.make(next(given))),
        "get_one": lambda: rows.get(*next(keys)),
        "conditional update": update,
        "conditional update, condition=": update,
        "a test's cycle": lambda: _run_cycle(model),
    }


async def _run_cycle(model: Any) -> None:
    client = dynamoxy.testing.memory_client(telemetry=None)
    await client.ensure_tables(model)
    rows = client.repository(model)
    for given in TEN:
        await rows.put(model.make(given))
    for given in TEN:
        await rows.get(given["pk"], given["sk"])
    check_size(await rows.query(pk=key(0)[0]).all(), 10)
    await client.close()


def make_loader() -> Callable[[list[dict[str, Any]]], object]:
    """Return a function that adds rows to one table in memory."""
    loop = Loop()
    rows = loop.do(open_memory(0)).repository(DynamoxyRow)
    return lambda given: loop.do(rows.batch_put([DynamoxyRow.make(each) for each in given]))
