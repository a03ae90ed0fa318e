"""Everything that is wrong with a document is told, each with its place."""

from __future__ import annotations

from typing import Any

import pytest

from dynamongo import DictField, Document, Field, IntField, ListField, Model, SetField, StringField, ValidationError
from dynamongo.mapping.problems.given import read_document


class Order(Model):
    __table__ = "orders"
    __hash_key__ = "id"
    id = IntField()
    status = StringField(required=True, default="open")
    note = StringField(max_length=3)
    tags = SetField(StringField(max_length=1), required=True)
    lines = ListField(DictField(sku=StringField(required=True), count=IntField(default=1)), required=True)
    anything = Field()


class Note(Document):
    text = StringField()


FIELDS = Order.__mapper__.fields


def problems_of(document: dict[str, Any]) -> list[tuple[str, tuple[str | int, ...], str]]:
    _, problems = read_document(FIELDS, document)
    return [(problem.kind, problem.place, problem.message) for problem in problems]


def test_values_of_a_document() -> None:
    values, problems = read_document(FIELDS, {"id": 1.0, "note": None, "tags": ["a"], "lines": [{"sku": "x"}]})
    assert (values, problems) == ({"id": 1, "note": None, "tags": {"a"}, "lines": [{"sku": "x", "count": 1}]}, [])


def test_problems_of_a_document() -> None:
    document = {
        "status": None,
        "note": "long",
        "tags": ["a", "bc"],
        "lines": [{"sku": "x"}, {"count": "y", "price": 1}, None],
        "other": 1,
    }
    assert problems_of(document) == [
        ("unknown", ("other",), "unknown field 'other'"),
        ("missing", ("id",), "Order.id is required"),
        ("invalid", ("status",), "Order.status is required; got None"),
        ("invalid", ("note",), "Order.note must be a str of at most 3 characters; got 'long'"),
        ("invalid", ("tags", 1), "Order.tags[1] must be a str of at most 1 characters; got 'bc'"),
        ("unknown", ("lines", 1, "price"), "Order.lines[1] has no field 'price'; it has: sku, count"),
        ("missing", ("lines", 1, "sku"), "Order.lines[1].sku is required"),
        ("invalid", ("lines", 1, "count"), "Order.lines[1].count must be an int; got 'y'"),
        ("invalid", ("lines", 2), "Order.lines[2] must be a dict; got None"),
    ]


def test_set_that_needs_a_member_is_missing() -> None:
    assert problems_of({"id": 1, "tags": None}) == [("invalid", ("tags",), "Order.tags is required; got None")]
    assert problems_of({"id": 1}) == [("missing", ("tags",), "Order.tags is required")]


@pytest.mark.parametrize("mode", ["python", "json"])
@pytest.mark.parametrize("given", [None, [], [("id", 1)], "id"])
def test_what_is_no_dict(mode: Any, given: Any) -> None:
    for declared in (Order, Note):
        with pytest.raises(ValidationError, match=f"^{declared.__name__}: expected a dict of its values; got "):
            declared.from_dict(given, mode=mode)


def test_name_that_is_no_str_is_told_with_the_rest() -> None:
    values: Any = {5: 1, "id": "x"}
    with pytest.raises(ValidationError) as caught:
        Order.from_dict(values)
    assert [each.path for each in caught.value.problems] == ["5", "id"]
