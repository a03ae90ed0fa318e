"""Every verb takes the members of keys: in strategies, in conditions, and across models."""

from __future__ import annotations

import datetime as dt
import itertools
import os
import re
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from dynamongo import (
    ConditionalCheckFailedException,
    Connection,
    DateTimeField,
    ExpressionError,
    GlobalIndex,
    IntField,
    ItemNotFound,
    Model,
    StringField,
    TransactionCanceled,
    ValidationError,
    VersionConflict,
    VersionField,
)
from dynamongo.backends import Backend
from dynamongo.backends.memory import MemoryBackend

pytestmark = pytest.mark.usefixtures("colour")


_prefixes = map("members-of-keys-{}".format, itertools.count())


class Shop(Model):
    __abstract__ = True
    __table__ = "members"
    __hash_key__ = "pk"
    __range_key__ = "sk"
    pk = StringField(template="CUSTOMER#{customer}")
    customer = IntField(required=True)


class Customer(Shop):
    sk = StringField(template="PROFILE")
    name = StringField()


class Order(Shop):
    sk = StringField(template="ORDER#{number:04}")
    number = IntField(required=True, stored=False)
    status = StringField(default="open")
    index_pk = StringField(template="STATUS#{status}")
    index_sk = StringField(template="ORDER#{number:04}")
    by_status = GlobalIndex(hash_key=index_pk, range_key=index_sk)


class Address(Shop):
    sk = StringField(template="ADDRESS#{label}")
    label = StringField(required=True)
    status = StringField(default="open", required=True)
    index_pk = StringField(template="STATUS#{status}")
    index_sk = StringField(template="ADDRESS#{label}")
    by_status = GlobalIndex(hash_key=index_pk, range_key=index_sk)


class Line(Shop):
    sk = StringField(template="ORDER#{number:04}#{line}")
    number = IntField(required=True)
    line = IntField(required=True)


class Counter(Shop):
    """There is one in the table."""

    pk = StringField(template="COUNTER")
    sk = StringField(template="COUNTER")
    customer = IntField(required=True)


@pytest.fixture(params=["memory", "dynamodb"], autouse=True)
def backend(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[Backend]:
    made: Backend = MemoryBackend()
    if request.param == "dynamodb":
        made = request.getfixturevalue("dynamodb_backend")
    Connection.set_config(backend=made, table_prefix=f"{next(_prefixes)}-{os.getpid()}-", scans="forbid")
    Order.create_table()
    Customer(customer=7, name="Jane").save()
    for customer in (7, 8):
        Order.save_many([Order(customer=customer, number=number) for number in range(4)]).raise_if_failed()
    Address(customer=7, label="home").save()
    yield made
    Order.delete_table()
    Connection.set_config()


def numbers(found: Any) -> list[int]:
    return [order.number for order in found]


ONE: list[Any] = [
    (7, 2),
    {"customer": 7, "number": 2},
    {"pk": "CUSTOMER#7", "sk": "ORDER#0002"},
    {"pk": "CUSTOMER#7", "number": 2, "customer": 7},
    (Order.customer == 7) & (Order.number == 2),
    (Order.pk == "CUSTOMER#7") & (Order.number == 2),
    Order(customer=7, number=2),
]


@pytest.mark.parametrize("strategy", ONE, ids=str)
def test_every_verb_takes_what_names_one_item(strategy: Any) -> None:
    assert Order.get_one(strategy).number == 2
    assert Order.exists(strategy)
    assert numbers(Order.get_many([strategy])) == numbers(Order.get_many(Order.keys_in([strategy]))) == [2]
    assert Order.update_one(strategy, Order.status.set("open")).number == 2
    assert Connection.transact_get([(Order, strategy)])[0] == Order.get_one(strategy)
    Order.update_many([strategy], Order.status.set("open")).raise_if_failed()
    deleted = Order.delete_one(strategy)
    assert deleted is not None
    assert deleted.number == 2
    assert not Order.exists((7, 2))


def test_conditions_beside_the_key_are_checked() -> None:
    key = (Order.customer == 7) & (Order.number == 2)
    assert Order.get_one(key & (Order.number > 1) & (Order.status == "open")).number == 2
    assert Order.get_one(key & (Order.number > 2), None) is None
    assert Order.get_one((Order.pk == "CUSTOMER#7") & (Order.number == 2) & (Order.customer == 8), None) is None


def test_a_key_of_one_member_or_of_none_is_named_so() -> None:
    assert Customer.get_one(7) == Customer.get_one({"customer": 7}) == Customer.get_one(Customer.customer == 7)
    Counter(customer=1).save()
    assert Counter.get_one(()) == Counter.get_one({}) == Counter.find().one()
    assert Counter.explain().keys == ({"pk": "COUNTER", "sk": "COUNTER"},)


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda: Order.get_one((7, 99)), ItemNotFound, "there is no item with customer = 7 AND number = 99"),
        (lambda: Order.get_one(7), ExpressionError, r"pass \(customer, number\) as a tuple; got 7"),
        (lambda: Order.get_one(("CUSTOMER#7", "ORDER#0002")), ValidationError, "Order.customer must be an int"),
        (
            lambda: Order.get_one(("CUSTOMER#7", "ORDER#0002")),
            ValidationError,
            r"to give keys in place of their members, name them: {'pk': ..., 'sk': ...}",
        ),
        (lambda: Order.get_one({"customer": 7}), ExpressionError, "number is missing in"),
        (lambda: Customer.get_one((7, "PROFILE")), ExpressionError, "pass customer alone"),
        (
            lambda: Order.get_one(Order.customer == 7),
            ExpressionError,
            "expected one item, as `customer == …` and `number == …`, but number is missing",
        ),
        (
            lambda: Order.get_one({"pk": "CUSTOMER#7", "customer": 8, "number": 2}),
            ValidationError,
            "its pk is 'CUSTOMER#7', and the rest of it makes 'CUSTOMER#8'",
        ),
        (
            lambda: Order.update_one((7, 99), Order.status.set("late")),
            ItemNotFound,
            "there is no item with customer = 7 AND number = 99",
        ),
    ],
)
def test_messages_name_the_members(call: Callable[[], object], error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=message):
        call()


def test_writes_check_members_that_only_the_key_tells() -> None:
    assert Order.update_one((7, 2), Order.status.set("late"), condition=Order.number > 1).status == "late"
    with pytest.raises(ConditionalCheckFailedException):
        Order.update_one((7, 2), Order.status.set("open"), condition=Order.number > 2)
    assert Order.delete_one((7, 2), condition=(Order.number != 2) | (Order.status == "open")) is None
    with pytest.raises(TransactionCanceled) as caught, Connection.transaction() as tx:  # noqa: PT012 - its end raises
        tx.delete(Order, (7, 3))
        tx.check(Order, (Order.customer == 7) & (Order.number == 1) & (Order.number > 1))
    assert [reason.key for reason in caught.value.reasons] == [
        {"customer": 7, "number": 3},
        {"customer": 7, "number": 1},
    ]
    Order(customer=7, number=2, status="saved").save(overwrite=Order.number.exists())
    done = Order.find((Order.customer == 7) & (Order.number != 3)).update(Order.status.set("found"))
    assert sorted(numbers(done.success)) == [0, 1, 2]
    Order.find((Order.customer == 7) & (Order.number != 3)).delete().raise_if_failed()
    assert numbers(Order.get_many(Order.customer == 7)) == [3]


def test_residuals_and_projections_read_members_from_the_key() -> None:
    order = Order.get_one((7, 3), projection=[Order.number])
    assert (order.number, order.customer) == (3, 7)
    found = Order.find((Order.status == "open") & (Order.number > 1) & (Order.number != 3), projection=["number"])
    assert numbers(found) == [2, 2]
    assert numbers(Order.find((Order.customer == 7) & ~(Order.number == 2), descending=True)) == [3, 1, 0]
    assert (Order.number > 2).matches(order.reload())


def test_pages_by_members_continue_at_a_cursor() -> None:
    first = Order.find((Order.customer == 7) & (Order.number > 0), limit=2).page()
    rest = Order.find((Order.customer == 7) & (Order.number > 0), cursor=first.cursor).page()
    assert (numbers(first.items), numbers(rest.items), rest.cursor) == ([1, 2], [3], None)


@pytest.mark.parametrize(
    ("models", "options", "shown"),
    [
        ((Customer, Order), {"hash_key": 7}, "0 1 2 3 Jane"),
        ((Customer, Order), {"condition": Customer.customer == 7}, "0 1 2 3 Jane"),
        ((Customer, Order, Address), {"hash_key": {"customer": 7}, "limit": 2}, "home 0"),
        ((Customer, Order, Address), {"condition": (Order.customer == 7) & (Order.number >= 2)}, "2 3"),
        ((Customer, Address), {"hash_key": {"pk": "CUSTOMER#7"}, "descending": True}, "Jane home"),
        ((Order, Address), {"hash_key": "open", "index": "by_status"}, "home 0 0 1 1 2 2 3 3"),
        ((Order, Address), {"condition": Order.status == "open", "index": "by_status", "limit": 3}, "home 0 0"),
        ((Customer, Order), {"hash_key": 8, "projection": ["number", "name"]}, "0 1 2 3"),
        ((Customer, Order), {"hash_key": "CUSTOMER#7", "condition": Order.number > 1}, "2 3"),
    ],
)
def test_models_are_read_together_by_members(models: Any, options: dict[str, Any], shown: str) -> None:
    found = Connection.find_across(models, **options)
    assert found.explain().scan is None
    names = [each.number if type(each) is Order else getattr(each, "label", None) or each.name for each in found]
    assert " ".join(map(str, names)) == shown
    assert found.count() == len(names)


class Page(Shop):
    __kind_field__ = "type"
    __kind__ = "page"
    sk = StringField(template="PAGE#{number}")
    number = IntField(required=True)


class Note(Shop):
    __kind_field__ = "type"
    __kind__ = "note"
    sk = StringField(template="PAGE#{number}#{note}")
    number = IntField(required=True)
    note = IntField(required=True)


def test_a_number_is_not_the_beginning_of_another() -> None:
    for number in (1, 12):
        Page(customer=7, number=number).save()
        Note(customer=7, number=number, note=5).save()
    found = Connection.find_across((Page, Note), (Page.customer == 7) & (Page.number == 1))
    assert [each.sk for each in found] == ["PAGE#1", "PAGE#1#5"]


def test_models_whose_keys_begin_alike_need_a_kind() -> None:
    with pytest.raises(ExpressionError, match="Order and Line cannot be read together: Line has no kind"):
        Connection.find_across((Order, Line), hash_key=7)
    with pytest.raises(ExpressionError, match="hash_key must name fields of the hash key; got number"):
        Connection.find_across((Order, Customer), hash_key={"number": 7})


class Parcel(Shop):
    __kind_field__ = "type"
    __kind__ = "parcel"
    sk = StringField(template="PARCEL#{number:04}")
    number = IntField(required=True, stored=False)


class Stop(Shop):
    __kind_field__ = "type"
    __kind__ = "stop"
    sk = StringField(template="PARCEL#{number:04}#{place}")
    number = IntField(required=True, stored=False)
    place = StringField(required=True, stored=False)


class Guest(Shop):
    __kind_field__ = "type"
    __kind__ = "guest"
    sk = StringField(template="GUEST")


def test_what_range_keys_of_several_models_have_in_common_is_a_key_condition() -> None:
    Parcel.save_many([Parcel(customer=7, number=number) for number in range(3)]).raise_if_failed()
    Stop.save_many([Stop(customer=7, number=number, place="Oslo") for number in range(3)]).raise_if_failed()
    found = Connection.find_across((Parcel, Stop), (Parcel.customer == 7) & (Parcel.number == 1))
    assert [type(each) for each in found] == [Parcel, Stop]
    assert found.count() == 2
    assert str(found.explain()).splitlines()[1:4] == [
        "  key condition  pk = 'CUSTOMER#7' AND begins_with(sk, 'PARCEL#0001')",
        "  stands for     customer = 7 AND number = 1",
        "  filter         type IN ('parcel', 'stop')",
    ]
    several = Connection.find_across((Parcel, Stop), Stop.number > 1, hash_key=7)
    assert [type(each) for each in several] == [Parcel, Stop]
    assert several.count() == 2
    assert "begins_with(sk, 'PARCEL#')" in str(several.explain())


def test_writes_to_several_models_know_the_members_that_each_key_tells() -> None:
    Parcel.save_many([Parcel(customer=7, number=number) for number in range(4)]).raise_if_failed()
    found = Connection.find_across((Parcel, Guest), Parcel.number > 1, hash_key=7)
    assert numbers(found.delete().success) == [2, 3]
    assert numbers(Parcel.find(Parcel.customer == 7)) == [0, 1]


class Box(Shop):
    __kind_field__ = "type"
    __kind__ = "box"
    sk = StringField(template="BOX#{label}")
    label = StringField(required=True)


class Crate(Box):
    __kind__ = "crate"
    sk = StringField(template="CRATE#{label}")


def test_a_base_finds_items_of_derived_classes_with_templates_of_their_own() -> None:
    Box(customer=7, label="a").save()
    Crate(customer=7, label="b").save()
    assert [type(each) for each in Box.get_many(Box.customer == 7)] == [Box, Crate]
    assert [type(each) for each in Box.get_many((Box.customer == 7) & (Box.label > "a"))] == [Crate]
    assert [type(each) for each in Crate.get_many(Crate.customer == 7)] == [Crate]
    assert "begins_with(sk, 'CRATE#')" in str(Crate.explain(Crate.customer == 7))


class Ticket(Shop):
    __table__ = "tickets"
    sk = StringField(template="TICKET#{number}#{seat}")
    number = IntField(required=True, stored=False)
    seat = StringField(required=True, stored=False)
    row = StringField(required=True)
    index_pk = StringField(template="SEAT#{seat}")
    index_sk = StringField(template="ROW#{row}")
    by_status = GlobalIndex(hash_key=index_pk, range_key=index_sk, projection="keys_only")


def test_an_index_of_keys_serves_what_these_tell() -> None:
    Ticket.create_table()
    for number in (1, 2, 3):
        Ticket(customer=7, number=number, seat="a", row="front").save()

    found = Ticket.find((Ticket.seat == "a") & (Ticket.number != 2), projection=[Ticket.number])
    assert found.explain().index == "by_status"
    assert ([each.number for each in found], found.count()) == ([1, 3], 2)

    named = Ticket.find((Ticket.seat == "a") & (Ticket.row == "front") & (Ticket.number > 1), index="by_status")
    assert ([each.number for each in named], named.count()) == ([2, 3], 2)
    with pytest.raises(ExpressionError, match="by_status cannot serve this read: it does not hold `customer`, which"):
        Ticket.find((Ticket.seat == "a") & (Ticket.customer == 7), index="by_status").all()
    with pytest.raises(ExpressionError, match="by_status cannot serve this read: it does not hold `row`, which"):
        Ticket.find(Ticket.row == "front", index="by_status", scans="allow").all()


class Stocked(Shop):
    """The first of several models: it is what they are read by, and stores what another tells by its key alone."""

    __kind__ = "stocked"
    __table__ = "stock"
    sk = StringField(template="STOCKED#{number}")
    number = IntField(required=True)
    amount = IntField(default=1)
    version = VersionField()


class Missing(Shop):
    __kind__ = "missing"
    __table__ = "stock"
    sk = StringField(template="MISSING#{number}")
    number = IntField(required=True, stored=False)
    amount = IntField(default=1)


@pytest.mark.parametrize("models", [(Stocked, Missing), (Missing, Stocked)])
def test_each_of_several_models_is_written_by_its_own_rules(models: Any) -> None:
    Stocked.create_table()
    for model in models:
        model.save_many([model(customer=7, number=number) for number in (1, 2)]).raise_if_failed()

    found = Connection.find_across(models, Missing.number == 1, hash_key=7)
    found.update(Shop.customer.set(7)).raise_if_failed()
    assert Stocked.get_one((7, 1)).version == 2
    projected = Connection.find_across(models, Missing.number == 1, hash_key=7, projection=[Missing.number])
    assert ([each.sk for each in projected], projected.count()) == ([each.sk for each in found], 2)
    found.delete().raise_if_failed()
    assert [each.number for each in Connection.find_across(models, hash_key=7)] == [2, 2]
    alone = Connection.find_across((Missing,), Missing.number.exists(), hash_key=7, projection=["amount"])
    assert ([each.amount for each in alone], alone.count()) == ([1], 1)


class Alarm(Shop):
    __table__ = "alarms"
    sk = StringField(template="ALARM#{at}#{number}")
    at = DateTimeField(required=True, stored=False)
    number = IntField(required=True)


def test_an_instant_that_only_the_key_tells_is_compared_in_utc() -> None:
    Alarm.create_table()
    there = dt.datetime(2026, 1, 1, 12, tzinfo=dt.timezone(dt.timedelta(hours=5, minutes=30)))
    Alarm(customer=7, at=there, number=1).save()

    for holds in (
        Alarm.at == there,
        Alarm.at.in_([there]),
        ~(Alarm.at != there),
        (Alarm.at == there) | (Alarm.at > there),
    ):
        assert [each.at for each in Alarm.find((Alarm.customer == 7) & holds)] == [there], holds
        assert Alarm.update_one((7, there, 1), Alarm.customer.set(7), condition=holds).at == there


class Parent(Shop):
    __table__ = "family"
    __kind__ = "parent"
    sk = StringField(template="PARENT#{number}")
    number = IntField(required=True)
    name = StringField()


class Child(Parent):
    __kind__ = "child"
    sk = StringField(template="CHILD#{number}#{toy}")
    toy = StringField(required=True)
    version = VersionField()
    index_pk = StringField(template="NAME#{name}", required=False)
    by_status = GlobalIndex(hash_key=index_pk)


def test_a_base_writes_instances_of_derived_classes_by_their_own_rules() -> None:
    Child.create_table()
    child = Child(customer=7, number=1, toy="ball", name="Jane").save()
    updated: Any = Parent.update_one(child, Parent.name.set("Joe"))
    assert (type(updated), updated.version, updated.index_pk) == (Child, 2, "NAME#Joe")
    with pytest.raises(VersionConflict, match="is at version 2"):
        Parent.update_one(child, Parent.name.set("Ann"))
    with pytest.raises(VersionConflict, match="is at version 2"):
        Parent.delete_one(child)
    with pytest.raises(TransactionCanceled) as canceled, Connection.transaction() as tx:
        tx.update(Parent, child, Parent.name.set("Ann"))
    assert isinstance(canceled.value.reasons[0].error, VersionConflict)
    with pytest.raises(TransactionCanceled) as canceled, Connection.transaction() as tx:
        tx.delete(Parent, child)
    assert isinstance(canceled.value.reasons[0].error, VersionConflict)

    key = {"pk": "CUSTOMER#7", "sk": "CHILD#1#ball"}
    message = "Parent: Child.index_pk follows from name .template='NAME#{name}'., and a key does not tell the class"
    with pytest.raises(ExpressionError, match=message):
        Parent.update_one(key, Parent.name.set("Ann"))
    with pytest.raises(ExpressionError, match=message):
        Parent.update_many([key], Parent.name.set("Ann"))
    with pytest.raises(ExpressionError, match=message), Connection.transaction() as tx:
        tx.update(Parent, key, Parent.name.set("Ann"))
    updated = Parent.update_many([child], Parent.name.set("Sue")).success[0]
    assert (type(updated), updated.version, updated.index_pk) == (Child, 3, "NAME#Sue")
    Parent.find((Parent.customer == 7) & (Parent.name == "Sue")).update(Parent.name.set("Ann")).raise_if_failed()
    assert Child.get_one((7, 1, "ball")).index_pk == "NAME#Ann"
    assert [type(each) for each in Parent.delete_many([key]).success] == [Child]
    assert Parent.get_one(key, default=None) is None


def test_an_upsert_creates_no_item_that_nothing_could_read() -> None:
    message = (
        "Order: an upsert cannot create an item with the key {'pk': 'CUSTOMER#7', 'sk': 'X'}, which nothing could read:"
        " Order.sk does not match its template='ORDER#{number:04}'"
    )
    key = {"pk": "CUSTOMER#7", "sk": "X"}
    with pytest.raises(ValidationError, match=re.escape(message)):
        Order.upsert_one(key, Order.status.set("sent"))
    with pytest.raises(ValidationError, match=re.escape(message)), Connection.transaction() as tx:
        tx.upsert(Order, key, Order.status.set("sent"))


class Shelf(Shop):
    __table__ = "shelves"
    sk = StringField(template="{level:02}{label}")
    level = IntField(required=True)
    label = StringField(required=True)


def test_a_range_of_a_number_includes_keys_that_go_on_without_a_separator() -> None:
    Shelf.create_table()
    for level, label in [(1, "a"), (2, "-0"), (2, "9"), (3, "a")]:
        Shelf(customer=7, level=level, label=label).save()
    for holds in (Shelf.level <= 2, Shelf.level.between(1, 2), Shelf.level.in_([1, 2]), Shelf.level < 3):
        assert [each.label for each in Shelf.find((Shelf.customer == 7) & holds)] == ["a", "-0", "9"], holds
    assert [each.label for each in Shelf.find((Shelf.customer == 7) & Shelf.level.between(2, 2))] == ["-0", "9"]


def test_a_later_read_of_the_same_shape_leaves_its_own_bound_to_the_filter() -> None:
    for label in "abc":
        Address(customer=7, label=label).save()
    for first, second, labels in [("b", "c", ["a"]), ("c", "b", ["a"]), ("z", "c", ["a", "b"])]:
        both = (Address.customer == 7) & (Address.label < first) & (Address.label < second)
        assert [each.label for each in Address.find(both)] == labels, both


def test_a_plan_says_which_conditions_the_key_stands_for() -> None:
    plan = str(Connection.find_across((Customer, Order), Order.number > 1, hash_key=7).explain())
    assert plan.splitlines()[1:4] == [
        "  key condition  pk = 'CUSTOMER#7'",
        "  stands for     customer = 7",
        "  residual       number > 1 AND (sk = 'PROFILE' OR begins_with(sk, 'ORDER#'))",
    ]
