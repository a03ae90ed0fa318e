"""What is read of items that lack an attribute: `default_on_read` and `required_on_read`."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from typing import Any, cast

import pytest
from stored_forms import page_of, store, stored

from dynamongo import (
    DateField,
    DictField,
    Field,
    IntField,
    ListField,
    Model,
    SchemaError,
    SetField,
    StringField,
    UnreadableItem,
    ValidationError,
    WrittenButUnreadable,
)

pytestmark = pytest.mark.usefixtures("on_each_backend")


def read_in_all_ways(page: Any) -> Iterator[Any]:
    """The item as an instance: read by key, by scans (often enough for the codec to be compiled), and by an update."""
    for _ in range(20):
        yield page.get_one("1")
        yield page.get_many(scans="allow")[0]
    yield page.update_one("1", page.name.remove())


class Loud(Field[Any]):
    """A custom field."""

    stored_type = "S"

    def decode(self, stored: Any) -> Any:
        return stored.upper()


DEFAULTS: dict[str, Any] = {
    "status": StringField(required=True, default_on_read="active"),
    "count": IntField(required=True, default_on_read=lambda: 3),
    "day": DateField(required=True, default_on_read="2024-05-01"),
    "words": ListField(StringField, required=True, default_on_read=["a"]),
    "tags": SetField(StringField, required=True, default_on_read={"b"}),
    "loud": Loud(required=True, default_on_read=cast("Any", "x")),
    "data": DictField(level=IntField(default=1), required=True, default_on_read={"level": 2}),
}
READ = {"status": "active", "count": 3, "words": ["a"], "tags": {"b"}, "loud": "X", "data": {"level": 2}}
STORED: dict[str, Any] = {**READ, "day": "2024-05-01", "tags": frozenset({"b"})}


@pytest.mark.parametrize("absent", [..., None], ids=["missing", "NULL"])
@pytest.mark.parametrize("names", [list(DEFAULTS), ["status", "words", "day"]], ids=["all", "read from JSON"])
def test_default_is_read_and_stored_by_the_next_whole_save(absent: Any, names: list[str]) -> None:
    page = page_of(**{name: DEFAULTS[name] for name in names})
    given = {} if absent is ... else dict.fromkeys(names)
    store(page, **given)
    for item in read_in_all_ways(page):
        held = {name: value for name, value in item.to_dict().items() if name in READ}
        assert held == {name: value for name, value in READ.items() if name in names}
        assert item.save(only_changed=True) is item
    item.words.append("c")  # no default that others see
    assert page.get_one("1").words == ["a"]
    assert stored(page) == {"id": "1", **given}
    page.get_one("1").save()
    assert stored(page) == {"id": "1", **{name: STORED[name] for name in names}}


def test_only_changed_sends_what_differs_from_the_default() -> None:
    page = page_of(**DEFAULTS)
    store(page, status="old")
    item = page.get_one("1")
    item.words, item.count = [], 4
    item.data["level"] = 3
    item.save(only_changed=True)
    assert stored(page) == {"id": "1", "status": "old", "words": [], "count": 4, "data": {"level": 3}}
    assert page.get_one("1").words == []


def test_conditions_do_not_see_the_default() -> None:
    page = page_of(**DEFAULTS)
    store(page)
    assert page.find(page.status == "active", scans="allow").count() == 0
    assert page.find(page.status.not_exists(), scans="allow").first().status == "active"


def test_new_instances_need_a_value() -> None:
    page = page_of(status=DEFAULTS["status"])
    with pytest.raises(ValidationError, match="status is required but has no value"):
        page(id="1").save()
    store(page)
    item = page.get_one("1")
    item.status = None
    with pytest.raises(ValidationError, match="status is required but has no value"):
        item.save()


def test_members_of_maps_have_defaults_too() -> None:
    inner = DictField(level=IntField(required=True, default_on_read=5), words=ListField(StringField))
    page = page_of(
        data=DictField(kind=StringField(required=True, default_on_read="k"), inner=inner), rows=ListField(inner)
    )
    store(page, data={"inner": {"other": 1}}, rows=[{}, {"level": 1}])
    for item in read_in_all_ways(page):
        assert item.data == {"kind": "k", "inner": {"level": 5, "words": []}}
        assert [row["level"] for row in item.rows] == [5, 1]
        item.save(only_changed=True)
    part = page.get_one("1", projection=[page.data.kind, page.data.inner])
    assert (part.data["kind"], part.data["inner"]["level"]) == ("k", 5)
    item.data["inner"]["words"] = ["x"]
    item.save(only_changed=True)
    assert stored(page)["data"] == {"inner": {"other": 1, "words": ["x"]}}
    page.get_one("1").save()
    assert stored(page) == {
        "id": "1",
        "data": {"kind": "k", "inner": {"other": 1, "words": ["x"], "level": 5}},
        "rows": [{"level": 5}, {"level": 1}],
    }


@pytest.mark.parametrize("absent", [..., None], ids=["missing", "NULL"])
def test_required_on_read_refuses_items_without_a_value(absent: Any) -> None:
    page = page_of(
        status=StringField(required=True, required_on_read=True),
        data=DictField(level=IntField(required=True, required_on_read=True), zip=IntField()),
        n=IntField(),
    )
    given = {} if absent is ... else {"status": None}
    for _ in range(20):
        store(page, **given, data={"zip": 5}, n=1)
        for find in (page.get_one, page.find):
            with pytest.raises(UnreadableItem) as caught:
                list(find(page.id == "1"))
            assert [(problem.path, problem.stored) for problem in caught.value.problems] == [
                ("status", None),
                ("data.level", None),
            ]
            assert str(caught.value).startswith(
                "Page.status is required, and nothing is stored; Page.data.level is req"
            )
        with pytest.raises(WrittenButUnreadable):
            page.update_one("1", page.n.set(2))
        assert page.get_many(scans="allow", on_invalid="skip") == []
        # What a partial read leaves out may well be there.
        assert page.get_one("1", projection=[page.n]).n == 2
        assert dict(page.get_one("1", projection=[page.data.zip]).data) == {"zip": 5}
        with pytest.raises(UnreadableItem, match=r"^Page\.status is required, and nothing is stored; stored in"):
            page.get_one("1", projection=[page.status])
        assert page.delete_many(["1"]).success[0].id == "1"
    store(page, status="x", data={"level": 1})
    page.get_one("1").save()
    assert stored(page) == {"id": "1", "status": "x", "data": {"level": 1}}


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: StringField(default_on_read=cast("Any", "x")), "default_on_read needs required=True"),
        (lambda: StringField(required_on_read=True), "required_on_read needs required=True"),
        (lambda: StringField(required=True, default_on_read="x", required_on_read=True), "exclude each other"),
        (
            lambda: IntField(required=True, default_on_read=cast("Any", "x")),
            "has an invalid default or choice: .* must be an int",
        ),
        (
            lambda: ListField(StringField(required=True, default_on_read=cast("Any", "x"))),
            "its elements are never missing",
        ),
    ],
)
def test_rules_that_do_not_fit_are_refused(make: Any, message: str) -> None:
    with pytest.raises(SchemaError, match=message):
        page_of(field=make())


def test_types() -> None:
    class User(Model):
        __table__ = f"users-{uuid.uuid4().hex}"
        __hash_key__ = "id"
        id = StringField(required=True)
        status = StringField(required=True, default_on_read="active")

    User.create_table()
    store(User)
    assert User.get_one("1").status.upper() == "ACTIVE"  # a `str`, never `None`
