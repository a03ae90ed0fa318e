"""What is left as it is stored, part by part, and what a record and an error of an item know."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import Any

import pytest

from dynamongo import (
    DateTimeField,
    DictField,
    FloatField,
    IntField,
    ListField,
    Model,
    SetField,
    StringField,
    UUIDField,
)
from dynamongo.expressions.evaluation import MISSING
from dynamongo.expressions.values import Item
from dynamongo.mapping.changes.stored_forms import keep_form
from dynamongo.mapping.problems.stored import find_problems
from dynamongo.mapping.records import Record, make_record, make_wire_record, record_of
from dynamongo.operations import Put

Z, OWN, LATER = "2024-05-01T10:00Z", "2024-05-01T10:00:00.000000+00:00", "2025-01-01T00:00:00.000000+00:00"
UPPER, LOWER = "A" * 32, "aaaaaaaa-aaaa-aaaa-aaaa-aaaaaaaaaaaa"
FINE = Decimal("0.1000000000000000000000001")


class Thing(Model):
    __table__ = "things"
    __hash_key__ = "id"
    id = StringField(required=True)
    at = DateTimeField()
    n = IntField()
    share = FloatField()
    words = ListField(StringField)
    times = ListField(DateTimeField)
    ids = SetField(UUIDField)
    data = DictField(at=DateTimeField(stored_as="a t"), words=ListField(StringField), free=DictField())
    status = StringField(required=True, default_on_read="new")


CASES: list[tuple[str, Any, Any, Any]] = [  # the field, what is stored, what it would store now, what is kept
    ("at", Z, OWN, Z),
    ("at", Z, LATER, LATER),
    ("at", Z, MISSING, MISSING),
    ("at", None, MISSING, None),
    ("at", MISSING, MISSING, MISSING),
    ("at", MISSING, OWN, OWN),
    ("share", FINE, Decimal("0.1"), FINE),
    ("words", MISSING, [], MISSING),
    ("words", None, [], None),
    ("words", [], [], []),
    ("words", ["a"], [], []),
    ("times", [Z, Z], [OWN, LATER, OWN], [Z, LATER, OWN]),
    ("times", [Z, Z], [OWN], [Z]),
    ("ids", frozenset({UPPER, UPPER.lower()}), frozenset({LOWER}), frozenset({UPPER, UPPER.lower()})),
    ("ids", frozenset({UPPER}), frozenset({LOWER, "b"}), frozenset({UPPER, "b"})),
    ("data", {"a t": Z, "x": 1}, {"a t": OWN, "x": 1, "words": []}, {"a t": Z, "x": 1}),
    ("data", {"a t": Z, "x": 1}, {"a t": LATER}, {"a t": LATER}),
    ("data", {"a t": None, "words": None, "free": {"y": None}}, {"words": ["a"]}, {"a t": None, "words": ["a"]}),
    ("data", None, {}, {}),
]


@pytest.mark.parametrize(("name", "stored", "own", "kept"), CASES)
@pytest.mark.parametrize("fills", [True, False])
def test_form_that_is_kept(name: str, stored: Any, own: Any, kept: Any, *, fills: bool) -> None:
    assert keep_form(Thing.__mapper__.fields[name], stored, own, fills=fills) == kept


def test_default_that_was_read_is_stored_by_whole_saves_alone() -> None:
    field = Thing.__mapper__.fields["status"]
    for stored in (MISSING, None):
        assert keep_form(field, stored, "new", fills=True) == "new"
        assert keep_form(field, stored, "new", fills=False) is stored
        assert keep_form(field, stored, "old", fills=False) == "old"


def test_record_knows_of_nulls() -> None:
    declared = Thing.__mapper__.attributes
    item: dict[str, Any] = {"id": "1", "at": None, "n": 1}
    assert make_record(item, declared) == Record(item, {}, nulls=("at",))
    assert make_record({"id": "1"}, declared) == {"id": "1"}
    wire: dict[str, Any] = {"id": {"S": "1"}, "at": {"NULL": True}}
    text = json.dumps(wire)
    assert make_wire_record(wire, declared, text) == Record(text, {}, nulls=("at",))
    instance = Thing.__mapper__.decode(item)
    assert record_of(instance).nulls == ("at",)
    assert Thing.__mapper__.encode(instance) == {**item, "status": "new"}


def test_problems_of_all_parts() -> None:
    item: dict[str, Any] = {"id": "1", "n": "x", "times": ["soon", Z, 5], "data": {"a t": 1, "words": "no", "free": 2}}
    assert [problem.path for problem in find_problems(Thing.__mapper__.fields, item)] == [
        "n",
        "times[0]",
        "times[2]",
        "data.at",
        "data.words",
        "data.free",
    ]


def test_forms_stay_however_often_an_instance_is_saved() -> None:
    mapper = Thing.__mapper__
    item: Item = {"id": "1", "at": Z, "share": FINE, "status": "old"}
    instance = mapper.decode(item)
    for _ in range(2):
        assert mapper.encode(instance) == item
        mapper.note_saved(instance, Put("things", mapper.encode(instance)))
        assert record_of(instance).stored == item


def test_an_instance_knows_the_item_that_its_fields_wrote() -> None:
    mapper, instance = Thing.__mapper__, Thing(id="1", at=OWN, status="new")
    item = mapper.encode(instance)
    for _ in range(2):
        mapper.note_saved(instance, Put("things", item))
        assert record_of(instance) == Record(item, {})
        assert mapper.encode(instance) == item
