"""A table with items of several kinds, and the models that read it; for tests of kinds and of `find_across`."""

from __future__ import annotations

import contextlib
import itertools
import threading
from collections.abc import Iterator
from typing import Any

import pytest

from dynamongo import Connection, GlobalIndex, IntField, LocalIndex, Model, StringField, VersionField
from dynamongo._support import codegen
from dynamongo.backends import Backend
from dynamongo.backends.memory import MemoryBackend
from dynamongo.connection.connection import default_connection
from dynamongo.expressions.values import Item
from dynamongo.operations import Get, Put
from dynamongo.planning.scan_policy import ScanPolicy

_prefixes = (f"kinds-{number}-" for number in itertools.count())


class Entry(Model):
    """What all items of the table have in common; it reads every item, whatever its kind."""

    __table__ = "shop"
    __hash_key__ = "pk"
    __range_key__ = "sk"
    __billing__ = "on_demand"
    __kind_field__ = "_type"
    pk = StringField(required=True)
    sk = StringField(required=True)
    owner = StringField()
    day = IntField()
    by_owner = GlobalIndex(hash_key=owner, range_key=sk)
    by_key = GlobalIndex(hash_key=owner, projection="keys_only")
    by_day = LocalIndex(range_key=day, projection="keys_only")


class Customer(Entry):
    __kind__ = ("customer", None)  # some items are older than the attribute
    name = StringField()


class Order(Entry):
    __kind__ = ("order", "Order")
    total = IntField(required=True)
    version = VersionField()


class Express(Order):
    __kind__ = "express"  # type: ignore[assignment]  # to mypy, the base's has the type of its value
    courier = StringField(required=True)


class Latest(Order):
    """Another view of orders, of the same kind."""

    seen_by = StringField()


def stored(sk: str, kind: Any = ..., **attributes: Any) -> Item:
    told = {} if kind is ... else {"_type": kind}
    return {"pk": "c", "sk": sk, "owner": "jane", "day": ord(sk[0]), **told, **attributes}


STORED: dict[str, Item] = {
    item["sk"]: item  # type: ignore[misc]  # a str
    for item in (
        stored("a", "customer", name="Jane"),
        stored("b", name="Joe"),
        stored("c", None, name="Jim"),
        stored("d", "order", total=1, version=1),
        stored("e", "Order", total=2, version=1),
        stored("f", "express", total=3, version=1, courier="Jo"),
        stored("g", "invoice", total=4),
        stored("h", 5),
        stored("i", ["order"]),
    )
}
CLASSES = {**dict.fromkeys("abc", Customer), **dict.fromkeys("de", Order), "f": Express, **dict.fromkeys("ghi", Entry)}
READ_BY = {Entry: "abcdefghi", Customer: "abc", Order: "def", Express: "f"}


def key(sk: str) -> tuple[str, str]:
    return "c", sk


def get(sk: str) -> Item | None:
    return default_connection.backend.execute(Get(Entry.table_name(), {"pk": "c", "sk": sk})).item


def shape(found: list[Any]) -> dict[str, type]:
    return {each.sk: type(each) for each in found}


def make(name: str, base: Any, /, **body: Any) -> Any:
    """Declare a model."""
    return type(name, (base,), {"__module__": "zoo", **body})


@contextlib.contextmanager
def table_on(request: pytest.FixtureRequest, patch: pytest.MonkeyPatch, scans: ScanPolicy) -> Iterator[Backend]:
    """Store the items on the backend that the parameter of the fixture names."""
    made: Backend = MemoryBackend()
    if request.param == "dynamodb":
        made = request.getfixturevalue("dynamodb_backend")
        patch.setattr(codegen, "PLAIN_CALLS", 0)  # here everything is compiled, and not on memory
    for model in (Entry, Customer, Order, Express, Latest):
        model.__mapper__.codec.reset()
    Connection.set_config(backend=made, table_prefix=next(_prefixes) + str(threading.get_ident()), scans=scans)
    Entry.create_table()
    for item in STORED.values():
        made.execute(Put(Entry.table_name(), item))
    yield made
    Entry.delete_table()
    Connection.set_config()
