"""Pages that are read to instances at once: every read gives the same as by way of attribute values."""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterator
from typing import Any, cast

import pytest

from dynamongo import (
    Connection,
    DateTimeField,
    DictField,
    GlobalIndex,
    IntField,
    ListField,
    Model,
    StringField,
    VersionField,
)
from dynamongo._support import codegen
from dynamongo._support.dataclasses import replace
from dynamongo.backends import takes_reader
from dynamongo.backends.dynamodb import DynamoDBBackend
from dynamongo.backends.memory import MemoryBackend
from dynamongo.expressions.conditions import Comparison, Path
from dynamongo.expressions.values import Item
from dynamongo.mapping.records import record_of, stored_item_of
from dynamongo.operations import BatchGet, BatchPut, BatchWrite, KeyCondition, Put, Query, ReadItems, Scan


class Visit(Model):
    __table__ = "visits-read-at-once"
    __hash_key__ = "city"
    __range_key__ = "day"
    __scans__ = "allow"
    __billing__ = "on_demand"
    city = StringField(required=True)
    day = IntField(required=True)
    guest = StringField()
    at = DateTimeField()
    tags = ListField(StringField)
    free = DictField()
    version = VersionField()
    by_guest = GlobalIndex(hash_key="guest", range_key="day")


ROMAN: Item = {"city": "Rome", "tags": ["a", "b"], "version": 1}
ITEMS: list[Item] = [
    *[cast("Item", {**ROMAN, "day": day, "guest": f"g{day % 3}", "free": {"n": [day, None]}}) for day in range(1, 13)],
    {"city": "Oslo", "day": 1, "guest": "g0", "at": "2024-05-01T10:00:00Z", "other": frozenset({1})},
    {"city": "Oslo", "day": 2, "at": "2024-05-01T10:00:00.000000+00:00", "tags": None},
    {"city": "Oslo", "day": 3, "guest": "g0", "undeclared": {"a": [b"x"]}},
]
UNREADABLE: Item = {"city": "Lima", "day": 1, "guest": "g1", "tags": "no list"}


class Wrapper:
    """A backend of somebody who looks at items."""

    def __init__(self, inner: DynamoDBBackend) -> None:
        self._inner = inner
        self.limits, self.name = inner.limits, inner.name

    def execute(self, operation: Any, seconds: float | None = None) -> Any:
        assert getattr(operation, "reader", None) is None
        result = self._inner.execute(operation, seconds)
        assert isinstance(getattr(result, "items", ()), tuple)
        return result

    def wait(self, seconds: float) -> None:
        self._inner.wait(seconds)

    def close(self) -> None:
        pass


@pytest.fixture(scope="module")
def _table(dynamodb_backend: DynamoDBBackend) -> Iterator[None]:
    with Connection.using(dynamodb_backend), pytest.MonkeyPatch.context() as patch:
        patch.setattr(codegen, "PLAIN_CALLS", 0)
        Visit.create_table()
        dynamodb_backend.execute(BatchWrite(Visit.table_name(), tuple(map(BatchPut, ITEMS))))
        dynamodb_backend.execute(Put(Visit.table_name(), UNREADABLE))
        yield
        Visit.delete_table()


@pytest.fixture(params=["dynamodb_backend", "boto3_backend"])
def backend(_table: None, request: pytest.FixtureRequest) -> DynamoDBBackend:
    found: DynamoDBBackend = request.getfixturevalue(request.param)
    return found


def is_direct(backend: DynamoDBBackend) -> bool:
    """Whether all responses are read with a reader; boto3 itself parses those that somebody may watch."""
    return backend.describe_transport().startswith("direct")


def seen(value: Any) -> Any:
    """Everything that can be seen of a result."""
    if isinstance(value, Visit):
        return vars(value), value.undeclared(), record_of(value).loaded, stored_item_of(value)
    if isinstance(value, (list, tuple)):
        return list(map(seen, value))
    return value


def outcome(read: Callable[[], Any]) -> Any:
    try:
        return seen(read())
    except Exception as error:  # noqa: BLE001 - whatever it is, both ways must raise it
        return type(error), str(error), seen(getattr(error, "items", None)), days_after(getattr(error, "cursor", None))


def step_by_step(make: Callable[[], Any]) -> list[Any]:
    """Each instance of an iteration with the cursor behind it; the instances are changed meanwhile."""
    steps, found = [], make()
    for each in found:
        steps.append((seen(each), found.cursor))
        if isinstance(each, Visit):
            each.day = 99
            each.free = None
    return [*steps, found.cursor]


def days_after(cursor: str | None) -> list[int]:
    """What follows a cursor. Its text is not compared: the emulator returns the attributes of a key in any order."""
    return [] if cursor is None else [visit.day for visit in Visit.find(ROME, page_size=5, cursor=cursor)]


def page_by_page(**options: Any) -> list[Any]:
    pages, cursor = [], None
    while True:
        page = Visit.find(ROME, cursor=cursor, **options).page()
        pages.append((seen(page.items), page.count, page.scanned_count))
        cursor = page.cursor
        if cursor is None:
            return pages


ROME, OSLO, LIMA = Visit.city == "Rome", Visit.city == "Oslo", Visit.city == "Lima"
KEYS = [("Rome", 5), ("Oslo", 3), ("Rome", 99), ("Rome", 1), ("Oslo", 1), ("Nowhere", 1)]
READS: dict[str, Callable[[], Any]] = {
    "query": lambda: Visit.find(ROME).all(),
    "query of unusual items": lambda: Visit.find(OSLO).all(),
    "query backwards": lambda: Visit.find(ROME, descending=True).all(),
    "query with a filter": lambda: Visit.find(ROME & (Visit.guest == "g1")).all(),
    "limit": lambda: [Visit.find(ROME, limit=n).all() for n in (1, 5, 50)],
    "limit with a filter": lambda: step_by_step(lambda: Visit.find(ROME & (Visit.guest == "g1"), limit=2)),
    "projection": lambda: Visit.find(ROME, projection=[Visit.free["n"], Visit.guest]).all(),
    "index": lambda: sorted(seen(Visit.find(Visit.guest == "g0").all()), key=repr),
    "index step by step": lambda: step_by_step(lambda: Visit.find((Visit.guest == "g2") & (Visit.day > 1))),
    "keys": lambda: Visit.get_many(KEYS),
    "sorted": lambda: [Visit.get_many(KEYS, descending=True, limit=3), Visit.get_many(ROME, descending=True)],
    "sorted scan": lambda: Visit.get_many(Visit.city != "Lima"),
    "sorted scan of an index": lambda: Visit.get_many(Visit.guest != "g1", index="by_guest"),
    "keys step by step": lambda: step_by_step(lambda: Visit.find(KEYS)),
    "keys with a condition": lambda: Visit.get_many(
        Visit.city.in_(["Rome", "Oslo"]) & (Visit.day == 1) & (Visit.guest == "g0")
    ),
    "several queries": lambda: Visit.find(Visit.city.in_(["Rome", "Oslo"])).all(),
    "several queries step by step": lambda: step_by_step(lambda: Visit.find(Visit.city.in_(["Rome", "Oslo"]))),
    "pages": lambda: [(seen(page.items), days_after(page.cursor)) for page in Visit.find(ROME, page_size=5).pages()],
    "one page after the other": lambda: page_by_page(limit=5),
    "scan": lambda: sorted(seen(Visit.find(Visit.city != "Lima").all()), key=repr),
    "scan in segments": lambda: sorted(seen(Visit.find(Visit.city != "Lima", segments=3).all()), key=repr),
    "count": lambda: Visit.find(ROME).count(),
    "first": lambda: Visit.find(ROME).first(),
    "budget": lambda: Visit.find(ROME, page_size=5, max_pages=1).all(),
    "unreadable": lambda: Visit.find(LIMA).all(),
    "unreadable behind the limit": lambda: Visit.find(Visit.city.in_(["Rome", "Lima"]), limit=12).all(),
    "unreadable after readable": lambda: step_by_step(lambda: Visit.find(Visit.city.in_(["Oslo", "Lima"]))),
}


@pytest.mark.parametrize("name", READS)
def test_every_read_gives_the_same_as_by_way_of_attribute_values(backend: DynamoDBBackend, name: str) -> None:
    read = READS[name]
    with Connection.using(Wrapper(backend)):
        expected = outcome(read)
    with Connection.using(backend):
        assert outcome(read) == expected


def test_instances_know_what_is_stored_as_if_they_had_been_read_one_by_one(backend: DynamoDBBackend) -> None:
    with Connection.using(backend):
        first, second = Visit.find(OSLO).all()[1:], [Visit.get_one(("Oslo", day)) for day in (2, 3)]
        assert first == second
        assert seen(first) == seen(second)
        assert isinstance(record_of(first[0]).stored, str) or not is_direct(backend)
        with Connection.record() as calls:
            first[0].save(only_changed=True)
            assert calls.requests == 0
            first[0].tags.append("x")
            first[0].save(only_changed=True)
            first[1].save()
        assert calls.requests == 2
        assert seen([Visit.get_one(("Oslo", day)) for day in (2, 3)]) == seen(first)


def test_backend_reads_with_the_reader_of_an_operation(backend: DynamoDBBackend) -> None:
    reader, table = Visit.__mapper__.make_reader(), Visit.table_name()
    keys: Any = [{"city": "Rome", "day": 1}, {"city": "Oslo", "day": 3}]
    in_oslo = KeyCondition(Comparison(Path("city"), "=", "Oslo"))
    operations: list[Any] = [Query(table, in_oslo), Scan(table), BatchGet(table, tuple(keys))]
    for operation in operations:
        with_reader, without = backend.execute(replace(operation, reader=reader)), backend.execute(operation)
        assert isinstance(with_reader.items, ReadItems) or not is_direct(backend)
        assert tuple(with_reader.items) == without.items


def test_only_the_backend_itself_takes_a_reader(backend: DynamoDBBackend, monkeypatch: pytest.MonkeyPatch) -> None:
    class Spy(DynamoDBBackend):
        def execute(self, operation: Any, seconds: float | None = None) -> Any:
            return super().execute(operation, seconds)

    class Renamed(DynamoDBBackend):
        name = "renamed"

    wrapper: Any = Wrapper(backend)
    takes = [takes_reader(each) for each in (backend, Renamed(), Spy(), wrapper, MemoryBackend())]
    assert takes == [True, True, False, False, False]
    execute = backend.execute
    monkeypatch.setattr(backend, "execute", lambda operation, seconds=None: execute(operation, seconds))
    assert not takes_reader(backend)
    traced = functools.partial(execute)
    functools.update_wrapper(traced, execute)  # which copies what is noted on a function
    monkeypatch.setattr(backend, "execute", traced)
    assert not takes_reader(backend)
    monkeypatch.setattr(DynamoDBBackend, "execute", functools.wraps(DynamoDBBackend.execute)(Spy.execute))
    assert not takes_reader(Renamed())


def test_an_operation_is_the_same_with_a_reader_and_without() -> None:
    with_reader, without = Scan("t", reader=Visit.__mapper__.make_reader()), Scan("t")
    assert (with_reader == without, hash(with_reader) == hash(without)) == (True, True)
    assert repr(with_reader) == repr(without)
