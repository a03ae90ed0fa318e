"""Keys that are made of other fields, in every verb that writes: what is stored, on both backends, in both colours."""

from __future__ import annotations

import datetime as dt
import itertools
import os
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from dynamongo import (
    AttributeNotLoaded,
    ConditionalCheckFailedException,
    Connection,
    DateField,
    DateTimeField,
    ExpressionError,
    GlobalIndex,
    IntField,
    LocalIndex,
    Model,
    StringField,
    UnreadableItem,
    ValidationError,
    VersionField,
    streams,
)
from dynamongo._support import codegen
from dynamongo.backends import Backend
from dynamongo.backends.memory import MemoryBackend
from dynamongo.operations import Put, Scan

pytestmark = pytest.mark.usefixtures("colour")

_prefixes = (f"keys-{os.getpid()}-{number}-" for number in itertools.count())
DAY = dt.date(2026, 1, 2)


class Entry(Model):
    """The base of everything in the table."""

    __abstract__ = True
    __table__ = "shop"
    __hash_key__ = "PK"
    __range_key__ = "SK"
    __billing__ = "on_demand"
    PK = StringField(template="CUSTOMER#{customer_id}")
    customer_id = IntField(required=True)
    GSI1PK: Any
    GSI1SK: Any


class Order(Entry):
    SK = StringField(template="ORDER#{number:08}")
    number = IntField(required=True)
    status = StringField()
    day = DateField(stored_as="d")
    note = StringField()
    GSI1PK = StringField(template="STATUS#{status}", required=False)
    GSI1SK = StringField(template="{day}#{number:08}", required=False)
    LSI1SK = StringField(template="NOTE#{note}", required=False, stored_as="lsi1")
    by_status = GlobalIndex(hash_key="GSI1PK", range_key="GSI1SK", name="GSI1")
    by_note = LocalIndex(range_key="LSI1SK", projection="keys_only")


class Customer(Entry):
    SK = StringField(template="PROFILE")
    name = StringField()
    GSI1PK = StringField(template="STATUS#customer")
    GSI1SK = StringField(template="{name}", required=False)
    version = VersionField()


class Line(Entry):
    customer_id = IntField(required=True, stored=False)
    SK = StringField(template="LINE#{number:04}")
    number = IntField(required=True, stored=False)
    amount = IntField()


@pytest.fixture(params=["memory", "dynamodb"], autouse=True)
def backend(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[Backend]:
    made = MemoryBackend() if request.param == "memory" else request.getfixturevalue("dynamodb_backend")
    monkeypatch.setattr(codegen, "PLAIN_CALLS", 0 if request.param == "dynamodb" else 10)
    with Connection.using(made, table_prefix=next(_prefixes)):
        Order.create_table()
        yield made


def stored(backend: Backend) -> list[dict[str, Any]]:
    items: list[Any] = list(backend.execute(Scan(Order.table_name())).items)
    return sorted(items, key=lambda item: (item["PK"], item["SK"]))


def put(backend: Backend, **item: Any) -> None:
    backend.execute(Put(Order.table_name(), item))


def order(**values: Any) -> Order:
    return Order(**{"customer_id": 7, "number": 3, "status": "open", "day": DAY} | values)


def item(**values: Any) -> dict[str, Any]:
    """Return what is stored for `order()`, with these changes; `None` for an absent attribute."""
    whole = {
        "PK": "CUSTOMER#7",
        "SK": "ORDER#00000003",
        "customer_id": 7,
        "number": 3,
        "status": "open",
        "d": "2026-01-02",
        "GSI1PK": "STATUS#open",
        "GSI1SK": "2026-01-02#00000003",
    }
    return {name: value for name, value in (whole | values).items() if value is not None}


def migrate(model: Any) -> int:
    return sum(len(page.result.success) for page in model.find(scans="allow").migrate())


# Whole items.


def in_batch(each: Order) -> None:
    with Order.batch() as batch:
        batch.save(each)


def in_transaction(each: Order) -> None:
    with Connection.transaction() as tx:
        tx.save(each)


SAVES: dict[str, Callable[[Any], Any]] = {
    "save": lambda each: each.save(),
    "create": lambda each: each.create(),
    "save_one of a dict": lambda each: Order.save_one(
        {name: value for name, value in each.to_dict().items() if name not in ("PK", "SK", "GSI1PK", "GSI1SK")}
    ),
    "save_many": lambda each: Order.save_many([each]),
    "save_iter": lambda each: list(Order.save_iter([each])),
    "batch": in_batch,
    "transaction": in_transaction,
}


@pytest.mark.parametrize("save", SAVES.values(), ids=SAVES)
def test_every_verb_stores_the_keys_and_the_members(save: Callable[[Any], Any], backend: Backend) -> None:
    save(order())
    assert stored(backend) == [item()]
    read = Order.get_one((7, 3))
    assert read == order()
    read.day = None
    (save if save is not SAVES["create"] else SAVES["save"])(read)
    assert stored(backend) == [item(d=None, GSI1SK=None)]  # which leaves the index, and its key is absent


def test_a_missing_member_of_the_key_is_named(backend: Backend) -> None:
    for attempt in (lambda each: each.save(), lambda each: Order.save_many([each]), in_transaction, in_batch):
        with pytest.raises(ValidationError, match=r"Order\.SK is part of the key, and follows from number"):
            attempt(order(number=None))
    assert stored(backend) == []


def test_members_that_are_stored_in_the_key_alone_never_are_attributes(backend: Backend) -> None:
    Line(customer_id=1, number=2, amount=3).save()
    expected = {"PK": "CUSTOMER#1", "SK": "LINE#0002", "amount": 3}
    assert stored(backend) == [expected]
    line = Line.get_one((1, 2))
    assert (line.customer_id, line.number) == (1, 2)
    line.amount = 4
    line.save(only_changed=True)
    line.save()
    assert line.save(only_changed=True) is line
    Line.update_one((1, 2), Line.amount.set(5))
    Line.update_one((1, 9), Line.amount.set(5), upsert=True)
    assert stored(backend) == [expected | {"amount": 5}, {"PK": "CUSTOMER#1", "SK": "LINE#0009", "amount": 5}]
    with pytest.raises(
        ExpressionError, match=r"an update cannot change Line\.number, which is stored in the key alone"
    ):
        Line.update_one((1, 2), Line.number.set(5))


def test_what_was_not_stored_stays_away_until_it_changes(backend: Backend) -> None:
    bare = item(customer_id=None, number=None, status=None, d=None)
    put(backend, **bare)
    read = Order.get_one((7, 3))
    assert read == order()
    read.save()
    assert stored(backend) == [bare]
    read.note = "x"
    read.save(only_changed=True)
    noted = bare | {"note": "x", "lsi1": "NOTE#x"}
    assert stored(backend) == [noted]
    read.save()
    read.status = "late"
    read.save()
    assert stored(backend) == [noted | {"status": "late", "GSI1PK": "STATUS#late"}]
    assert migrate(Order) == 0


def test_a_migration_adds_the_keys_of_a_new_index(backend: Backend) -> None:
    old = item(GSI1PK=None, GSI1SK=None)
    put(backend, **old)
    put(backend, **(old | {"SK": "ORDER#00000004", "number": 4, "status": "x"}))
    assert migrate(Order) == 2
    assert stored(backend) == [
        item(),
        item(SK="ORDER#00000004", number=4, status="x", GSI1PK="STATUS#x", GSI1SK="2026-01-02#00000004"),
    ]


def test_unreadable_keys_are_problems(backend: Backend) -> None:
    order().save()
    put(backend, **item(SK="ORDER#00000004"))
    with pytest.raises(UnreadableItem, match=r"Order\.number differs from its value in Order\.SK"):
        Order.get_many(Order.PK == "CUSTOMER#7")
    found: list[UnreadableItem] = []
    assert Order.get_many(Order.PK == "CUSTOMER#7", on_invalid=found.append) == [order()]
    assert [problem.field for problem in found[0].problems] == ["number"]


def test_parts_of_items_have_the_members_that_their_keys_tell(backend: Backend) -> None:
    order(note="x").save()
    part = Order.get_one((7, 3), projection=[Order.note])
    assert (part.customer_id, part.number, part.note) == (7, 3, "x")
    with pytest.raises(AttributeNotLoaded):
        _ = part.status
    part.save(only_changed=True)
    assert stored(backend) == [item(note="x", lsi1="NOTE#x")]
    part.note = "y"
    part.save(only_changed=True)
    assert stored(backend) == [item(note="y", lsi1="NOTE#y")]
    part.day = DAY
    part.save(only_changed=True)
    assert stored(backend) == [item(note="y", lsi1="NOTE#y")]
    half = Order.get_one((7, 3), projection=[Order.status, Order.GSI1PK])
    half.status = "late"
    half.save(only_changed=True)
    assert stored(backend) == [item(note="y", lsi1="NOTE#y", status="late", GSI1PK="STATUS#late")]


# Updates.


def update_in_transaction(*updates: Any, **options: Any) -> None:
    with Connection.transaction() as tx:
        tx.update(Order, (7, 3), *updates, **options)


def update_many(*updates: Any) -> None:
    Order.update_many([(7, 3)], updates).raise_if_failed()


UPDATES: dict[str, Callable[..., Any]] = {
    "update_one": lambda *updates: Order.update_one((7, 3), updates),
    "update_many": update_many,
    "transaction": update_in_transaction,
    "upsert": lambda *updates: Order.upsert_one((7, 3), updates),
}


@pytest.mark.parametrize("update", UPDATES.values(), ids=UPDATES)
def test_keys_of_indexes_follow_their_members(update: Callable[..., Any], backend: Backend) -> None:
    order().save()
    update(Order.status.set("late"))
    assert stored(backend) == [item(status="late", GSI1PK="STATUS#late")]
    update(Order.day.set(dt.date(2027, 1, 1)), Order.note.set("n"))
    later = {"d": "2027-01-01", "GSI1SK": "2027-01-01#00000003", "note": "n", "lsi1": "NOTE#n"}
    assert stored(backend) == [item(status="late", GSI1PK="STATUS#late", **later)]
    update(Order.day.remove(), Order.note.remove(), Order.status.remove())
    assert stored(backend) == [item(status=None, GSI1PK=None, d=None, GSI1SK=None)]


@pytest.mark.parametrize(
    ("make", "expected"),
    [
        (lambda: Order.number.set(4), "an update cannot change number, because the key SK follows from it"),
        (lambda: Order.customer_id.set(8), "an update cannot change customer_id, because the key PK"),
        (lambda: Order.GSI1PK.set("STATUS#x"), "follows from status .* cannot be set by itself"),
        (Order.GSI1PK.remove, "follows from status .* cannot be set by itself"),
        (lambda: Order.status.set_if_not_exists("x"), "can only be updated by Order.status.set"),
        (lambda: Order.status.set(Order.note), "can only be updated by Order.status.set"),
    ],
)
def test_updates_that_no_key_can_follow_are_refused(make: Callable[[], Any], expected: str, backend: Backend) -> None:
    order().save()
    for update in UPDATES.values():
        with pytest.raises(ExpressionError, match=expected):
            update(make())
    with pytest.raises(ExpressionError, match=expected):
        Order.get_one((7, 3)).update(make())
    assert stored(backend) == [item()]


def test_an_upsert_writes_the_members_and_all_keys_that_follow(backend: Backend) -> None:
    Order.upsert_one((7, 3), Order.day.set(DAY))
    assert stored(backend) == [item(status=None, GSI1PK=None)]
    Customer.update_from_dict({"customer_id": 7, "name": "Ann"}, upsert=True)
    profile = {"PK": "CUSTOMER#7", "SK": "PROFILE", "customer_id": 7, "name": "Ann", "version": 1}
    assert stored(backend)[1] == profile | {"GSI1PK": "STATUS#customer", "GSI1SK": "Ann"}
    Order.update_from_dict((7, 3), {"status": "x", "day": None})
    Order.update_from_dict({"customer_id": 7, "number": 3, "note": "n"})
    assert stored(backend)[0] == item(status="x", GSI1PK="STATUS#x", d=None, GSI1SK=None, note="n", lsi1="NOTE#n")


class Visit(Entry):
    SK = StringField(template="VISIT#{number}")
    number = IntField()
    place = StringField()
    day = DateField()
    GSI1PK = StringField(template="{place}#{day}", required=False)
    GSI1SK = StringField(template="{number}")


def test_an_instance_lends_an_update_what_it_has_read(backend: Backend) -> None:
    Visit(customer_id=1, number=1, place="Oslo", day=DAY).save()
    attempts: list[Callable[[], Any]] = [
        lambda: Visit.update_one((1, 1), Visit.place.set("Rome")),
        lambda: Visit.upsert_one((1, 1), Visit.place.set("Rome")),
    ]
    for attempt in attempts:
        with pytest.raises(ExpressionError, match=r"GSI1PK follows from place and day .*: set day in the same call"):
            attempt()
    visit, other = Visit.get_one((1, 1)), Visit.get_one((1, 1))
    visit.update(Visit.place.set("Rome"))
    assert stored(backend)[0]["GSI1PK"] == visit.GSI1PK == "Rome#2026-01-02"
    other.update(Visit.day.set(dt.date(2027, 1, 1)), Visit.place.set("Bonn"))  # which needs nothing that was read
    with pytest.raises(ConditionalCheckFailedException, match=r"Visit: GSI1PK follows from .*which has changed since"):
        visit.update(Visit.place.set("Paris"))
    assert stored(backend)[0]["GSI1PK"] == "Bonn#2027-01-01"
    assert len(Visit.update_many(Visit.place == "Bonn", Visit.place.set("Nice"), scans="allow").success) == 1
    assert stored(backend)[0]["GSI1PK"] == "Nice#2027-01-01"
    fresh = Visit.get_one((1, 1))
    with Connection.transaction() as tx:
        tx.update(fresh, Visit.place.set("Pisa"))
    assert stored(backend)[0]["GSI1PK"] == "Pisa#2027-01-01"
    part = Visit.get_one((1, 1), projection=["place"])
    part.place = "Graz"
    with pytest.raises(AttributeNotLoaded, match=r"Visit\.GSI1PK follows from place, which has changed, and from day"):
        part.save(only_changed=True)


# With other features.


class Shop(Model):
    __abstract__ = True
    __table__ = "shop"
    __hash_key__ = "PK"
    __range_key__ = "SK"
    __kind_field__ = "type"
    PK = StringField(template="SHOP#{shop}")
    shop = IntField(required=True)


class Thing(Shop):
    """Reads everything that a shop has."""

    SK = StringField()


class Shelf(Thing):
    __kind__ = "shelf"
    SK = StringField(template="SHELF#{code}")
    code = StringField(required=True, stored=False)


class Sale(Thing):
    __kind__ = "sale"
    SK = StringField(template="SALE#{number:04}")
    number = IntField(required=True)
    city = StringField()
    sold_at = DateTimeField(auto="write")
    part1 = StringField(template="CITY#{city}", required=False)
    part2 = StringField(template="SOLD#{sold_at}")
    by_parts = GlobalIndex(hash_key=("part1", "shop"), range_key="part2")


def test_kinds_parts_of_keys_and_other_tables(backend: Backend) -> None:
    if backend.name == "dynamodb":
        pytest.skip("the emulator knows no keys of several attributes")
    Sale.on_table("sales").create_table()
    for table in (Sale.on_table("sales"), Sale):
        sale = table(shop=1, number=2, city="Oslo").save()
        assert sale.sold_at is not None
        assert sale.part2 == f"SOLD#{sale.sold_at.isoformat(timespec='microseconds')}"
        again = table.update_one((1, 2), table.city.set("Rome"))
        assert (again.part1, again.part2 > sale.part2) == ("CITY#Rome", True)
        if table is not Sale:  # the table of which has other indexes
            found = table.find((table.city == "Rome") & (table.shop == 1), index="by_parts")
            assert found.all() == [again]
    Shelf(shop=1, code="a").save()
    assert {"PK": "SHOP#1", "SK": "SHELF#a", "shop": 1, "type": "shelf"} in stored(backend)
    for _ in range(50):  # until the codecs of all kinds are compiled
        things = Thing.get_many(Thing.shop == 1)
    assert {type(each): each.SK for each in things} == {Sale: "SALE#0002", Shelf: "SHELF#a"}
    assert next(each.code for each in things if isinstance(each, Shelf)) == "a"


def test_images_of_a_stream_are_completed_by_their_keys() -> None:
    image = {"PK": {"S": "CUSTOMER#7"}, "SK": {"S": "LINE#0003"}, "amount": {"N": "5"}}
    line = Line.from_dynamodb_json(image)
    assert line == Line(customer_id=7, number=3, amount=5)
    assert line.to_dynamodb_json() == image
    keys = {"PK": {"S": "CUSTOMER#7"}, "SK": {"S": "LINE#0003"}}
    source = f"arn:aws:dynamodb:eu-west-1:123456789012:table/{Line.table_name()}/stream/1"
    record = {"eventName": "MODIFY", "eventSourceARN": source, "dynamodb": {"Keys": keys, "NewImage": image}}
    (change,) = streams.parse([record], [Customer, Line, Order])
    assert isinstance(change, streams.Change)
    assert (change.new, change.keys) == (line, {"PK": "CUSTOMER#7", "SK": "LINE#0003"})
    line.save()
    assert Line.get_one(change.keys) == line
