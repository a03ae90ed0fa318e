"""Items in the formats of other programs, through both backends: keys, indexes, conditions, updates and raw items."""

from __future__ import annotations

import datetime as dt
import enum
import json
import uuid
from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import pytest

from dynamongo import (
    BinaryField,
    BooleanField,
    Connection,
    DateField,
    DateTimeField,
    DictField,
    EnumField,
    FloatField,
    GlobalIndex,
    IntField,
    JSONField,
    ListField,
    Model,
    StringField,
    UUIDField,
)
from dynamongo.backends import Backend
from dynamongo.backends.memory import MemoryBackend
from dynamongo.operations import Get, Put

pytestmark = pytest.mark.usefixtures("colour")

AT = dt.datetime(2025, 1, 1, 10, tzinfo=dt.timezone.utc)
OWNERS = [uuid.UUID(int=number) for number in (1, 2)]


class State(enum.Enum):
    OPEN = "open"
    SHUT = "shut"


class Event(Model):
    __table__ = "formats"
    __hash_key__ = "owner"
    __range_key__ = "at"
    owner = UUIDField(required=True, format="hex")
    at = DateTimeField(required=True, format="iso-z", stored_as="createdAt")
    number = IntField(required=True, format="text", width=6)
    state = EnumField(State, format={State.OPEN: "O", State.SHUT: "S"})
    is_active = BooleanField(format="text")
    changed = DateTimeField(format="epoch-ms")
    day = DateField(format="%Y%m%d")
    code = StringField(format="number")
    seen = DictField(at=DateTimeField(format="pynamodb"), times=IntField(format="text"))
    by_state = GlobalIndex(hash_key="state", range_key="number")
    by_active = GlobalIndex(hash_key="is_active", range_key="changed")
    by_day = GlobalIndex(hash_key="code", range_key="day")


def moment(number: int) -> dt.datetime:
    return AT + dt.timedelta(milliseconds=250 * number)


EVENTS = [
    Event(
        owner=OWNERS[number % 2],
        at=moment(number),
        number=number * 50,
        state=State.OPEN if number % 3 else State.SHUT,
        is_active=number % 4 == 0,
        changed=moment(-number),
        day=AT.date() + dt.timedelta(days=number * 20),
        code=str(number % 2),
        seen={"at": moment(number), "times": number},
    )
    for number in range(12)
]


@pytest.fixture(params=["memory", "dynamodb"])
def backend(request: pytest.FixtureRequest) -> Iterator[Backend]:
    backend: Backend = MemoryBackend() if request.param == "memory" else request.getfixturevalue("dynamodb_backend")
    with Connection.using(backend, table_prefix=f"{uuid.uuid4().hex[:8]}-"):
        Event.create_table()
        Event.save_many(EVENTS)
        yield backend


def test_items_are_stored_in_their_formats(backend: Backend) -> None:
    stored = backend.execute(Get(Event.table_name(), {"owner": OWNERS[1].hex, "createdAt": "2025-01-01T10:00:00.750Z"}))
    assert stored.item == {
        "owner": "00000000000000000000000000000002",
        "createdAt": "2025-01-01T10:00:00.750Z",
        "number": "000150",
        "state": "S",
        "is_active": "false",
        "changed": 1735725599250,
        "day": "20250302",
        "code": 1,
        "seen": {"at": "2025-01-01T10:00:00.750000+0000", "times": "3"},
    }
    assert Event.get_one((OWNERS[1], moment(3))) == EVENTS[3]


CONDITIONS: list[tuple[Any, Any]] = [
    ((Event.owner == OWNERS[0]) & (Event.at > moment(3)), lambda e: e.owner == OWNERS[0] and e.at > moment(3)),
    (
        (Event.owner == OWNERS[1]) & Event.at.between(moment(2), moment(7) + dt.timedelta(microseconds=1)),
        lambda e: e.owner == OWNERS[1] and moment(2) <= e.at <= moment(7),
    ),
    (
        (Event.owner == OWNERS[0]) & Event.at.begins_with("2025-01-01T10:00:01"),
        lambda e: e.owner == OWNERS[0] and 4 <= EVENTS.index(e) < 8,
    ),
    ((Event.state == State.OPEN) & (Event.number >= 200), lambda e: e.state is State.OPEN and e.number >= 200),
    ((Event.is_active == True) & (Event.changed < moment(-3)), lambda e: e.is_active and e.changed < moment(-3)),  # noqa: E712 - a condition
    (
        (Event.code == "1") & (Event.day <= dt.date(2025, 5, 1)),
        lambda e: e.code == "1" and e.day <= dt.date(2025, 5, 1),
    ),
    (Event.seen.at < moment(5), lambda e: e.seen["at"] < moment(5)),
    (Event.seen.times.in_([3, 7, 50]), lambda e: e.seen["times"] in (3, 7)),
    (Event.owner.in_(OWNERS) & (Event.state != State.OPEN), lambda e: e.state is not State.OPEN),
]


@pytest.mark.parametrize(("condition", "expected"), CONDITIONS)
def test_conditions_find_what_python_finds(backend: Backend, condition: Any, expected: Any) -> None:
    plan = Event.explain(condition, scans="allow")
    assert ("Scan" in str(plan)) == str(condition).startswith("seen")  # the others use a key
    found = Event.get_many(condition, scans="allow")
    assert sorted(found, key=lambda event: event.at) == [event for event in EVENTS if expected(event)]


def test_pages_go_on_where_they_stopped(backend: Backend) -> None:
    page = next(Event.find(Event.state == State.OPEN, page_size=3).pages())
    found = list(page.items)
    while page.cursor is not None:
        page = next(
            Event.find(Event.state == State.OPEN, page_size=3, cursor=json.loads(json.dumps(page.cursor))).pages()
        )
        found += page.items
    assert [event.number for event in found] == sorted(event.number for event in EVENTS if event.state is State.OPEN)


def test_updates_write_the_formats(backend: Backend) -> None:
    changed = Event.update_one(
        (OWNERS[0], moment(0)),
        [
            Event.attribute("changed").increment(dt.timedelta(seconds=1)),  # stored as a number, which no type tells
            Event.number.set(7),
            Event.is_active.set(False),
            Event.seen.at.set(moment(1)),
            Event.seen.times.remove(),
        ],
    )
    stored = backend.execute(Get(Event.table_name(), {"owner": OWNERS[0].hex, "createdAt": "2025-01-01T10:00:00.000Z"}))
    assert stored.item is not None
    assert {name: stored.item[name] for name in ("changed", "number", "is_active", "seen")} == {
        "changed": 1735725601000,
        "number": "000007",
        "is_active": "false",
        "seen": {"at": "2025-01-01T10:00:00.250000+0000"},
    }
    assert (changed.changed, changed.number, changed.is_active) == (moment(4), 7, False)
    changed.state = State.SHUT
    assert changed.save(only_changed=True).state is State.SHUT
    assert Event.get_one(changed) == changed
    assert Event.delete_one((OWNERS[0], moment(0)), condition=Event.state == State.SHUT) == changed


OTHERS: list[tuple[Any, Any]] = [
    (DateTimeField(format="iso-z"), "2025-01-01T11:00:00+01:00"),
    (DateTimeField(format="iso-z", truncate=True), "2025-01-01T10:00:00.120999Z"),
    (DateTimeField(format="epoch", truncate=True), Decimal("1735725600.5")),
    (DateTimeField(format="epoch"), "2025-01-01T10:00:00Z"),
    (DateTimeField(format="str", convert_tz=True), "2025-01-01 11:00:00+01:00"),
    (DateField(format="epoch-days"), "2025-01-01"),
    (UUIDField(format="hex"), "0A0B0C0D-0E0F-4A0B-8C0D-0123456789AB"),
    (UUIDField(format="binary"), "0a0b0c0d0e0f4a0b8c0d0123456789ab"),
    (BooleanField(format="number"), False),
    (IntField(format="text"), "007"),
    (IntField(format="text", width=5), 7),
    (FloatField(format="text"), "1.50"),
    (StringField(format="number"), "7"),
    (BinaryField(format="base64"), b"a"),
    (JSONField(format="json.dumps"), '{"a":1}'),
]


def test_save_keeps_what_is_stored_in_another_form() -> None:
    for field, other in OTHERS:
        body = {"__table__": "others", "__hash_key__": "id", "id": StringField(), "one": field, "changed": IntField()}
        model: Any = type("Other", (Model,), {**body, "many": ListField(field), "map": DictField(part=field)})
        item = {"id": "1", "one": other, "many": [other], "map": {"part": other}}
        with Connection.using(MemoryBackend()) as connection:
            model.create_table()
            connection.execute(Put("others", item))
            read = model.get_one("1")
            assert read.save(only_changed=True) == read
            read.changed = 5
            read.save()
            assert connection.execute(Get("others", {"id": "1"})).item == {**item, "changed": 5}
            assert model.get_one("1") == read
            assert read.one == read.many[0] == read.map["part"]
