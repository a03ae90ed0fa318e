"""`Connection.find_across`: items of several models of one table in one read."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from kinds_in_one_table import CLASSES, Customer, Entry, Express, Order, get, shape, table_on

from dynamongo import (
    AttributeNotLoaded,
    Connection,
    ExpressionError,
    IntField,
    Model,
    ResultSet,
    ScanForbidden,
    StringField,
    ValidationError,
)
from dynamongo.backends import Backend

pytestmark = pytest.mark.usefixtures("colour")


@pytest.fixture(params=["memory", "dynamodb"], autouse=True)
def backend(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[Backend]:
    with table_on(request, monkeypatch, "forbid") as made:
        yield made


def expected(sks: str) -> dict[str, type]:
    return {sk: CLASSES[sk] for sk in sks}


@pytest.mark.parametrize(
    ("models", "options", "sks"),
    [
        ([Customer, Express], {"hash_key": "c"}, "abcf"),
        ((Order, Customer), {"hash_key": "c"}, "abcdef"),
        ((Order, Express), {"hash_key": "c"}, "def"),  # of which the first reads the second as well
        ((Customer, Entry), {"hash_key": "c"}, "abcdefghi"),
        ((Customer, Order), {"condition": Customer.pk == "c"}, "abcdef"),
        ((Customer, Order), {"hash_key": "c", "condition": Order.sk >= "c"}, "cdef"),
        ((Customer, Order), {"hash_key": "c", "condition": (Order.total > 1) | (Customer.name == "Joe")}, "bef"),
        ((Customer, Order), {"hash_key": "c", "condition": Entry.sk.between("b", "d"), "descending": True}, "dcb"),
        ((Customer, Order), {"hash_key": "jane", "index": "by_owner"}, "abcdef"),
        ((Customer, Order), {"hash_key": "jane", "index": Order.by_owner, "limit": 2}, "ab"),
        ((Customer, Order), {"hash_key": "c", "projection": ["name", Order.total]}, "abcdef"),
        ((Customer, Order), {"hash_key": "c", "consistent": True, "page_size": 2}, "abcdef"),
        ((Customer, Order), {"hash_key": "c", "page_size": 2, "max_units_per_second": 1000}, "abcdef"),
        ((Customer, Order), {"hash_key": "missing"}, ""),
    ],
)
def test_each_item_is_an_instance_of_its_class(models: Any, options: Any, sks: str) -> None:
    found: ResultSet[Any] = Connection.find_across(models, **options)
    assert list(shape(found.all()).items()) == list(expected(sks).items())
    assert shape(found.page().items) == shape(list(found)) == expected(sks)
    assert found.count() == len(sks)


def test_pages_continue_at_a_cursor() -> None:
    first = Connection.find_across((Customer, Order), hash_key="c", limit=4).page()
    rest = Connection.find_across((Customer, Order), hash_key="c", cursor=first.cursor).page()
    assert (shape(first.items), shape(rest.items), rest.cursor) == (expected("abcd"), expected("ef"), None)


def test_items_are_grouped_by_their_class() -> None:
    groups = Connection.find_across((Customer, Order), hash_key="c").by_kind()
    assert {model: [each.sk for each in found] for model, found in groups.items()} == {
        Customer: ["a", "b", "c"],
        Order: ["d", "e", "f"],
        Express: ["f"],
    }
    assert (len(groups), Express in groups, Entry in groups) == (3, True, False)
    assert [each.sk for each in groups[Entry]] == list("abcdef")
    nothing = Connection.find_across((Customer, Order), hash_key="x").by_kind()
    assert (nothing[Order], repr(nothing)) == ([], "{}")


def test_a_name_in_a_projection_stands_for_the_field_of_each_model() -> None:
    class Note(Entry):
        __kind__ = "note"
        text = StringField(stored_as="body")

    class Task(Entry):
        __kind__ = "task"
        text = StringField()

    Note.save_one({"pk": "n", "sk": "a", "text": "one"})
    Task.save_one({"pk": "n", "sk": "b", "text": "two"})
    found = Connection.find_across((Note, Task), hash_key="n", projection=["text", "sk"])
    assert [(each.sk, each.text) for each in found] == [("a", "one"), ("b", "two")]


def test_a_projection_loads_what_it_names() -> None:
    found = Connection.find_across((Customer, Order), hash_key="c", projection=["name"]).by_kind()
    assert [customer.name for customer in found[Customer]] == ["Jane", "Joe", "Jim"]
    with pytest.raises(AttributeNotLoaded):
        _ = found[Order][0].total


def test_one_query_without_the_items_of_other_kinds() -> None:
    plan = Connection.find_across((Customer, Express), hash_key="c").explain()
    assert str(plan).splitlines()[:3] == [
        f"Query {Entry.table_name()}",
        "  key condition  pk = 'c'",
        "  filter         attribute_not_exists(_type) OR _type IN ('customer', None, 'express')",
    ]
    with pytest.raises(ScanForbidden):
        Connection.find_across((Customer, Order)).all()


def test_what_was_found_can_be_written() -> None:
    found = Connection.find_across((Customer, Order), hash_key="c")
    result = found.update(Entry.day.set(0))
    assert shape(result.success) == expected("abcdef")
    assert [(get(sk) or {}).get("version") for sk in "adf"] == [None, 2, 2]
    with pytest.raises(ExpressionError, match="Order has no field 'name': it belongs to Customer"):
        found.update(Customer.name.set("Z"))
    assert shape(Connection.find_across((Customer, Express), hash_key="c").delete().success) == expected("abcf")
    assert shape(Entry.find(Entry.pk == "c").all()) == expected("deghi")


def test_models_on_another_table_are_read_there() -> None:
    models = Customer.on_table("archive"), Order.on_table("archive")
    models[0].create_table()
    models[0].save_many([models[0](pk="c", sk="a"), models[0](pk="c", sk="b")])
    models[1](pk="c", sk="d", total=1).save()
    found = Connection.find_across(models, hash_key="c")
    assert shape(found.all()) == {"a": models[0], "b": models[0], "d": models[1]}
    models[0].delete_table()


def test_an_instance_of_a_base_names_the_item_of_a_model() -> None:
    entries = Entry.get_many(Entry.owner == "jane", index="by_key")
    found: dict[str, Any] = {each.sk: each for each in entries}  # type checkers expect an `Order`
    assert type(Order.get_one(found["d"])) is Order
    assert Customer.get_one(found["d"], None) is None


class Other(Model):
    __table__ = "shop"
    __hash_key__ = "pk"
    pk = StringField()
    __kind__ = "other"
    __kind_field__ = "_type"


class Plain(Model):
    __table__ = "shop"
    __hash_key__ = "pk"
    __range_key__ = "sk"
    pk = StringField()
    sk = StringField()


class Clash(Plain):
    __kind_field__ = "_type"
    __kind__ = "order"


class Numbered(Plain):
    __kind__ = 1
    total = IntField()


@pytest.mark.parametrize(
    ("models", "options", "message"),
    [
        ([], {}, r"find_across takes a tuple or list of models; got \[\]"),
        (5, {}, r"find_across takes a tuple or list of models; got 5"),
        ([Customer, 5], {}, r"find_across takes models; got 5"),
        ([Customer, Customer(pk="c", sk="a")], {}, r"find_across takes models; got Customer"),
        ([Customer, Plain], {}, r"Plain cannot be read together with others: nothing tells its items from theirs"),
        ([Customer, Numbered], {}, r"Numbered has its kind in kind, not in _type"),
        (
            [Customer, Other],
            {},
            r"one declares the key hash key pk \(S\); range key sk \(S\), the other",
        ),
        (
            [Customer, Order.on_table("x")],
            {},
            r"Customer and Order cannot be read together: they have different tables",
        ),
        ([Order, Clash], {}, r"Order and Clash cannot be read together: Clash has the same kind, 'order'"),
        ([Customer, Order], {"condition": "x"}, r"Customer \| Order: condition must be a condition, such as"),
        ([Customer, Order], {"condition": Plain.sk == "x"}, r"Customer \| Order: sk belongs to Plain; use a field"),
        (
            [Customer, Order],
            {"hash_key": "jane", "index": "by_name"},
            r"unknown index 'by_name'; Customer \| Order",
        ),
        ([Customer, Order], {"hash_key": "jane", "index": "by_key"}, r"it does not hold `_type`, which tells the kind"),
        ([Customer, Order], {"hash_key": "c", "projection": ["nme"]}, r"unknown field 'nme'; did you mean"),
    ],
)
def test_what_cannot_be_read_together_is_refused(models: Any, options: Any, message: str) -> None:
    with pytest.raises(ExpressionError, match=message):
        Connection.find_across(models, **options).all()


def test_mistakes_in_arguments_are_told() -> None:
    with pytest.raises(TypeError, match=r"find_across\(\) got an unexpected keyword argument 'hashkey'; did you mean"):
        Connection.find_across((Customer, Order), hashkey="c")  # type: ignore[call-overload]  # the mistake
    with pytest.raises(ValidationError, match=r"Customer.pk must be a str; got 5"):
        Connection.find_across((Customer, Order), hash_key=5)
