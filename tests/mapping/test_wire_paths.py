"""What is read from DynamoDB JSON in one pass is what decoding it, and then decoding the item, would give."""

from __future__ import annotations

import copy
import datetime as dt
import enum
import json
import pickle
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from mapping.codec_oracle import check_read
from typing_extensions import Self

from dynamongo import (
    BinaryField,
    BooleanField,
    DateField,
    DateTimeField,
    DecimalField,
    DictField,
    Document,
    DocumentField,
    EnumField,
    Field,
    FloatField,
    IntField,
    ListField,
    Model,
    SetField,
    StringField,
    UUIDField,
)
from dynamongo._support import codegen
from dynamongo.backends.dynamodb_json import render_item
from dynamongo.mapping.records import record_of, stored_item_of


@pytest.fixture(autouse=True, scope="module")
def _codecs_are_compiled_at_once() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(codegen, "PLAIN_CALLS", 0)
        yield


class Colour(enum.Enum):
    RED = "red"

    @classmethod
    def _missing_(cls, value: object) -> None:
        raise RuntimeError(f"code of users was called with {value!r}")


class Place(Document):
    x = IntField(min_value=0, required=True)
    name = StringField(max_length=3, stored_as="l")
    id = UUIDField()
    words = ListField(StringField)
    level = StringField(required=True, default_on_read="low")
    colour = EnumField(Colour)
    inner: ListField[Place] = ListField(DocumentField("Place"))


class Everything(Model):
    __table__ = "everything"
    __hash_key__ = "pk"
    __range_key__ = "sk"
    pk = StringField(required=True)
    sk = IntField(required=True)
    text = StringField(max_length=5)
    number = DecimalField(min_value=-5)
    ratio = FloatField()
    truth = BooleanField()
    data = BinaryField()
    moment = DateTimeField()
    day = DateField()
    id = UUIDField()
    colour = EnumField(Colour)
    words = ListField(StringField)
    rows = ListField(ListField(IntField))
    places = ListField(DictField(x=IntField(), y=FloatField()))
    tags = SetField(StringField)
    sizes = SetField(DecimalField)
    free = DictField()
    known = DictField(a=StringField(required=True), b=DictField(c=IntField(), d=ListField(StringField)))
    filled = DictField(a=StringField(default="x"), e=EnumField(Colour))
    some = Field()
    place = DocumentField(Place)
    sites = ListField(DocumentField(Place, required=True))
    nested = DictField(place=DocumentField(Place))


OF_ENUMERATIONS = {"colour", "filled", "place", "sites", "nested"}
PLACE: dict[str, Any] = {
    "x": {"N": "1"},
    "l": {"S": "abc"},
    "id": {"S": "00000000-0000-0000-0000-000000000005"},
    "words": {"L": [{"S": "a"}]},
    "level": {"S": "high"},
    "colour": {"S": "red"},
    "inner": {"L": [{"M": {"l": {"S": "x"}}}]},
}
WIRE: dict[str, Any] = {
    "pk": {"S": "a"},
    "sk": {"N": "-1"},
    "text": {"S": "é"},
    "number": {"N": "1.5"},
    "ratio": {"N": "0.25"},
    "truth": {"BOOL": True},
    "data": {"B": "AP8="},
    "moment": {"S": "2024-05-01T10:00:00.000007+00:00"},
    "day": {"S": "2024-05-01"},
    "id": {"S": "00000000-0000-0000-0000-000000000005"},
    "colour": {"S": "red"},
    "words": {"L": [{"S": "a"}, {"S": ""}]},
    "rows": {"L": [{"L": [{"N": "1"}, {"N": "-2"}]}, {"L": []}]},
    "places": {"L": [{"M": {"x": {"N": "1"}}}, {"M": {"x": {"N": "1"}, "y": {"N": "2.5"}}}]},
    "tags": {"SS": ["a", "b"]},
    "sizes": {"NS": ["1", "1.5"]},
    "free": {"M": {"m": {"M": {"l": {"L": [{"NULL": True}, {"N": "2"}]}}}, "s": {"SS": ["a"]}, "b": {"BOOL": False}}},
    "known": {"M": {"a": {"S": "x"}, "b": {"M": {"c": {"N": "1"}, "d": {"L": [{"S": "y"}]}}}}},
    "filled": {"M": {"a": {"S": "x"}, "e": {"S": "red"}}},
    "some": {"M": {"n": {"N": "1"}}},
    "place": {"M": PLACE},
    "sites": {"L": [{"M": {"x": {"N": "1"}, "inner": {"L": [{"M": PLACE}, {"M": {}}]}}}, {"M": PLACE}]},
    "nested": {"M": {"place": {"M": PLACE}}},
}


def test_item_with_all_kinds_of_fields_is_read_in_one_pass() -> None:
    assert check_read(Everything, json.dumps(WIRE))
    for name in WIRE.keys() - {"pk", "sk"}:
        assert check_read(Everything, json.dumps({**WIRE, name: {"NULL": True}})) is (name not in OF_ENUMERATIONS)
        assert check_read(Everything, json.dumps({each: wire for each, wire in WIRE.items() if each != name}))


def test_undeclared_attributes_are_kept() -> None:
    assert check_read(Everything, json.dumps({**WIRE, "other": {"L": [{"S": "x"}]}, "": {"NULL": True}}))


def test_stored_item_is_what_came_even_when_the_instance_was_changed_copied_or_pickled() -> None:
    text = render_item({"pk": "a", "sk": 1, "free": {"l": [1]}, "other": 2})
    read = Everything.__mapper__.codec.read
    assert read is not None
    instance = read(Everything, json.loads(text), text)
    instance.free["l"].append(2)
    for each in (instance, copy.copy(instance), copy.deepcopy(instance), pickle.loads(pickle.dumps(instance))):
        assert each == instance
        assert stored_item_of(each) == {"pk": "a", "sk": 1, "free": {"l": [1]}, "other": 2}
        assert (each.free, each.undeclared()) == ({"l": [1, 2]}, {"other": 2})


@pytest.mark.parametrize("missing", ["pk", "sk"])
def test_item_without_a_key_is_left_to_the_plain_way(missing: str) -> None:
    assert not check_read(Everything, json.dumps({name: wire for name, wire in WIRE.items() if name != missing}))
    assert not check_read(Everything, json.dumps({**WIRE, missing: {"NULL": True}}))


class Own(StringField[Any]):
    pass


@pytest.mark.parametrize(
    "field",
    [
        Own(),
        StringField(validator=lambda _: True),
        ListField(Own()),
        DictField(a=DictField(b=StringField(validator=lambda _: True))),
        SetField(Own()),
        EnumField(Colour, choices=[Colour.RED]),
    ],
    ids=lambda each: type(each).__name__,
)
def test_model_that_decodes_with_code_of_users_is_never_read_in_one_pass(field: Any) -> None:
    body = {"__table__": "t", "__hash_key__": "pk", "pk": StringField(), "field": field}
    made: Any = type("Made", (Model,), body)
    assert made.__mapper__.codec.read is None


def test_model_with_an_own_way_to_make_instances_is_never_read_in_one_pass() -> None:
    class Made(Model):
        __table__ = "t"
        __hash_key__ = "pk"
        pk = StringField()

        def __new__(cls, *_: Any, **__: Any) -> Self:
            return super().__new__(cls)

    assert Made.__mapper__.codec.read is None


# Nonsense.

kinds = st.sampled_from(["S", "N", "B", "BOOL", "NULL", "L", "M", "SS", "NS", "BS", "X", ""])
scalars = st.none() | st.booleans() | st.integers(-2, 2) | st.floats(allow_nan=False) | st.text(max_size=2)
texts = st.sampled_from(["1", "-1", "1.50", "1E2", "x", "NaN", "1_0", "٣", "12.", "", "red", "9" * 40, "=", "AA=="])
nonsense = st.recursive(
    scalars | texts,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(kinds | st.just("a"), inner, max_size=2),
    max_leaves=4,
)


def places_in(value: Any) -> Iterator[tuple[Any, Any]]:
    """The containers inside a value, with the key or position of each part."""
    parts = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for place, part in parts:
        yield value, place
        yield from places_in(part)


@settings(max_examples=10 * settings().max_examples)
@given(st.data())
def test_nonsense_is_read_as_the_plain_way_reads_it_or_left_to_it(data: st.DataObject) -> None:
    wire = copy.deepcopy(WIRE)
    for _ in range(data.draw(st.integers(1, 2))):
        container, place = data.draw(st.sampled_from(list(places_in(wire))))
        if data.draw(st.booleans()):
            container[place] = data.draw(nonsense)
        elif isinstance(container, dict):
            container[data.draw(kinds)] = container.pop(place)
            container[data.draw(kinds | st.just(place))] = data.draw(nonsense)
    check_read(Everything, json.dumps(wire))


def test_item_that_is_nested_too_deep_is_left_to_the_plain_way() -> None:
    value: Any = {"S": "x"}
    for _ in range(5_000):
        value = {"M": {"a": value}}
    read = Everything.__mapper__.codec.read
    assert read is not None
    assert read(Everything, {**WIRE, "free": value}, "") is None


def test_dates_and_values_are_those_of_the_fields() -> None:
    read: Any = Everything.__mapper__.codec.read
    found = read(Everything, WIRE, json.dumps(WIRE))
    assert (found.day, found.moment) == (dt.date(2024, 5, 1), dt.datetime(2024, 5, 1, 10, 0, 0, 7, dt.timezone.utc))
    assert (found.words, found.tags, found.rows) == (["a", ""], {"a", "b"}, [[1, -2], []])
    assert record_of(found).stored == json.dumps(WIRE)


def test_first_items_of_a_program_are_left_to_the_plain_way(monkeypatch: pytest.MonkeyPatch) -> None:
    class Fresh(Everything):
        pass

    monkeypatch.setattr(codegen, "PLAIN_CALLS", 2)
    assert [check_read(Fresh, json.dumps(WIRE)) for _ in range(4)] == [False, False, True, True]
