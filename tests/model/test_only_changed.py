"""`save(only_changed=True)` sends no unchanged value, in any stored form and at any depth."""

from __future__ import annotations

import copy
import functools
from collections.abc import Callable
from typing import Any

import pytest
from stored_forms import FORMS, Money, page_of, store, stored

from dynamongo import (
    ConditionalCheckFailedException,
    Connection,
    DictField,
    DynamongoError,
    IntField,
    ListField,
    StringField,
)
from dynamongo.expressions.updates import RemoveUpdate, SetUpdate
from dynamongo.operations import UpdateItem

pytestmark = pytest.mark.usefixtures("colour", "on_each_backend")


def sent(save: Callable[[], object]) -> list[tuple[tuple[Any, ...], Any]]:
    """The paths and values of what is sent, in the order of the paths; the value of a removal is `...`."""
    with Connection.record() as calls:
        save()
    found: list[tuple[tuple[Any, ...], Any]] = []
    for call in calls:
        assert isinstance(call.operation, UpdateItem)
        for update in call.operation.updates:
            assert isinstance(update, (SetUpdate, RemoveUpdate))
            found.append((update.path.elements, update.value if isinstance(update, SetUpdate) else ...))
    return sorted(found, key=lambda each: each[0])


@pytest.mark.parametrize(("make", "given", "theirs"), FORMS.values(), ids=FORMS)
def test_unchanged_value_is_not_sent_in_any_stored_form(make: Callable[[], Any], given: Any, theirs: Any) -> None:
    page = page_of(field=make())
    store(page, field=given)
    mine = page.get_one("1")
    copies = [page.get_one("1"), page.get_one("1").reload(), page.get_one("1").update(page.name.remove())]
    copies += [page.get_one("1").upsert(page.name.remove()), copy.deepcopy(mine)]
    for unchanged in copies:
        assert sent(functools.partial(unchanged.save, only_changed=True)) == []
    store(page, field=theirs)
    mine.name = "new"
    assert sent(lambda: mine.save(only_changed=True)) == [(("name",), "new")]
    assert stored(page) == {"id": "1", "name": "new", "field": theirs}


def test_two_writers_of_two_members_of_one_map_both_succeed() -> None:
    page = page_of(
        data=DictField(level=IntField(), sub=DictField(a=IntField(), b=IntField()), words=ListField(StringField))
    )
    page(id="1", data={"level": 1, "sub": {"a": 1, "b": 2}, "words": ["x"]}).save()
    mine, theirs = page.get_one("1"), page.get_one("1")
    mine.data["level"] = 2
    mine.data["words"].append("y")
    del mine.data["sub"]["a"]
    theirs.data["sub"]["b"] = 3
    expected = [(("data", "level"), 2), (("data", "sub", "a"), ...), (("data", "words"), ["x", "y"])]
    assert sent(lambda: mine.save(only_changed=True)) == expected
    assert sent(lambda: theirs.save(only_changed=True)) == [(("data", "sub", "b"), 3)]
    assert stored(page)["data"] == {"level": 2, "sub": {"b": 3}, "words": ["x", "y"]}
    assert sent(lambda: mine.save(only_changed=True)) == []
    assert sent(lambda: theirs.save(only_changed=True)) == []


def test_members_of_a_free_map_are_sent_by_path() -> None:
    page = page_of(data=DictField())
    page(id="1", data={"a.b": {"c d": 1, "e": 2}, "f": None, "g": [{"h": 1}]}).save()
    mine = page.get_one("1")
    mine.data["a.b"]["c d"] = 7
    mine.data["f"] = 1
    mine.data["g"][0]["h"] = 2
    mine.data["new"] = {"x": 1}
    expected = [
        (("data", "a.b", "c d"), 7),
        (("data", "f"), 1),
        (("data", "g"), [{"h": 2}]),
        (("data", "new"), {"x": 1}),
    ]
    assert sent(lambda: mine.save(only_changed=True)) == expected
    assert stored(page)["data"] == {"a.b": {"c d": 7, "e": 2}, "f": 1, "g": [{"h": 2}], "new": {"x": 1}}
    assert sent(lambda: mine.save(only_changed=True)) == []


@pytest.mark.parametrize("given", [..., None])
def test_new_map_is_sent_whole(given: Any) -> None:
    page = page_of(data=DictField(level=IntField(), sub=DictField(a=IntField())))
    store(page, data=given)
    mine = page.get_one("1")
    mine.data = {"level": 1}
    assert sent(lambda: mine.save(only_changed=True)) == [(("data",), {"level": 1})]
    mine.data["sub"] = {"a": 1}
    assert sent(lambda: mine.save(only_changed=True)) == [(("data", "sub"), {"a": 1})]
    mine.data["sub"]["a"] = 2
    assert sent(lambda: mine.save(only_changed=True)) == [(("data", "sub", "a"), 2)]
    mine.data = None
    assert sent(lambda: mine.save(only_changed=True)) == [(("data",), ...)]


def test_assigned_map_replaces_the_stored_map_and_its_undeclared_members() -> None:
    page = page_of(data=DictField(a=IntField(), b=IntField()))
    store(page, data={"a": 1, "b": 2, "hidden": 3})
    mine = page.get_one("1")
    mine.data["a"] = 5
    assert sent(lambda: mine.save(only_changed=True)) == [(("data", "a"), 5)]
    mine.data = {"b": 2}
    assert sent(lambda: mine.save(only_changed=True)) == [(("data", "a"), ...), (("data", "hidden"), ...)]
    assert stored(page)["data"] == {"b": 2}


def test_a_map_of_a_custom_field_is_sent_whole() -> None:
    page = page_of(price=Money(), prices=DictField(net=Money()))
    page(id="1", price=(1, "EUR"), prices={"net": (1, "EUR")}).save()
    mine = page.get_one("1")
    mine.price, mine.prices["net"] = (2, "EUR"), (3, "EUR")
    whole = [(("price",), {"amount": 2, "currency": "EUR"}), (("prices", "net"), {"amount": 3, "currency": "EUR"})]
    assert sent(lambda: mine.save(only_changed=True)) == whole


def test_too_many_members_replace_the_map_if_it_is_unchanged() -> None:
    page = page_of(data=DictField(), other=DictField())
    page(id="1", data={f"m{number}": 0 for number in range(500)}, other={"a": 1, "b": 2}).save()
    mine, theirs = page.get_one("1"), page.get_one("1")
    for name in mine.data:
        mine.data[name] = 1
    mine.name = "new"
    assert [path for path, _ in sent(lambda: mine.save(only_changed=True))] == [("data",), ("name",)]
    assert set(stored(page)["data"].values()) == {1}
    assert sent(lambda: mine.save(only_changed=True)) == []
    for name in theirs.data:
        theirs.data[name] = 2
    with pytest.raises(ConditionalCheckFailedException):
        theirs.save(only_changed=True)
    assert set(stored(page)["data"].values()) == {1}


def test_member_of_a_removed_map_is_an_error_and_not_lost() -> None:
    page = page_of(data=DictField(a=IntField()))
    page(id="1", data={"a": 1}).save()
    mine = page.get_one("1")
    mine.data["a"] = 2
    page.update_one("1", page.data.remove())
    with pytest.raises(DynamongoError, match="document path"):
        mine.save(only_changed=True)
    assert stored(page) == {"id": "1"}


def test_transaction_records_what_was_sent_not_what_is_held_later() -> None:
    page = page_of(data=DictField(a=IntField(), b=IntField()))
    page(id="1", data={"a": 1}).save()
    mine = page.get_one("1")
    mine.data["a"] = 2
    with Connection.transaction() as tx:
        tx.save(mine, only_changed=True)
        mine.data["b"] = 3
    assert stored(page)["data"] == {"a": 2}
    assert sent(lambda: mine.save(only_changed=True)) == [(("data", "b"), 3)]


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        (lambda page: setattr(page, "age", None), (("age",), ...)),
        (lambda page: delattr(page, "age"), (("age",), ...)),
        (lambda page: setattr(page, "words", []), (("words",), [])),
        (lambda page: setattr(page, "home", {}), (("home",), {})),
        (lambda page: setattr(page, "age", 6), (("age",), 6)),
    ],
)
def test_value_assigned_without_being_read_is_sent_once(change: Any, expected: Any) -> None:
    model = page_of(age=IntField(), words=ListField(StringField), home=DictField(city=StringField()))
    store(model, name="n", age=5, words=["a"], home={"city": "x"})
    page = model.get_one("1", projection=[model.name])
    change(page)
    assert sent(lambda: page.save(only_changed=True)) == [expected]
    assert sent(lambda: page.save(only_changed=True)) == []
    (name,), value = expected
    assert stored(model).get(name, ...) == value
