"""An instance as JSON, as an item of boto3, and as DynamoDB JSON: all of them can be read back."""

from __future__ import annotations

import datetime as dt
import enum
import json
import re
import uuid
from decimal import Decimal
from typing import Any, cast

import pytest
import strategies as values
from boto3.dynamodb.types import Binary, TypeDeserializer, TypeSerializer
from hypothesis import given
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from dynamongo import (
    AttributeNotLoaded,
    BinaryField,
    BooleanField,
    Connection,
    DateField,
    DateTimeField,
    DecimalField,
    DictField,
    EnumField,
    Field,
    FloatField,
    IntField,
    JSONField,
    ListField,
    Model,
    SetField,
    StringField,
    TimedeltaField,
    TimestampField,
    UUIDField,
    ValidationError,
    VersionField,
)
from dynamongo.backends.dynamodb_json import render_item
from dynamongo.backends.memory import MemoryBackend


class Colour(enum.Enum):
    RED = "red"


class Thing(Model):
    """Everything at once."""

    __table__ = "things"
    __hash_key__ = "id"
    id = UUIDField(required=True, default=uuid.uuid4)
    at = DateTimeField(stored_as="created-at")
    day = DateField()
    stamp = TimestampField()
    span = TimedeltaField("microseconds")
    price = DecimalField(min_value=Decimal("0.01"))
    count = IntField(required=True, default=1)
    ratio = FloatField()
    done = BooleanField()
    data = BinaryField()
    tags = SetField(StringField)
    nums = SetField(DecimalField)
    colour = EnumField(Colour)
    address = DictField(city=StringField(required=True, stored_as="town"), since=DateField(), price=DecimalField())
    rows = ListField(DictField(n=IntField(), at=DateTimeField()))
    free = DictField()
    blob = JSONField()
    version = VersionField()


ROW = st.fixed_dictionaries({}, optional={"n": values.ints, "at": values.naive_datetimes})
PLAIN = st.recursive(
    st.none() | st.booleans() | values.ints | values.texts,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(values.names, inner, max_size=3),
    max_leaves=5,
)
prices = st.decimals("0.01", "1e9", places=4)
THINGS = st.fixed_dictionaries(
    {},
    optional={
        "id": st.uuids(),
        "at": values.aware_datetimes | values.naive_datetimes,
        "day": st.dates(),
        "stamp": values.utc_datetimes,
        "span": st.timedeltas(),
        "price": prices,
        "count": values.ints,
        "ratio": values.floats,
        "done": st.booleans(),
        "data": st.binary(),
        "tags": st.sets(values.texts),
        "nums": st.sets(prices),
        "colour": st.sampled_from(Colour),
        "address": st.fixed_dictionaries({"city": values.texts}, optional={"since": st.dates(), "price": prices}),
        "rows": st.lists(ROW, max_size=3),
        "free": st.dictionaries(values.names, PLAIN, max_size=3),
        "blob": values.json_values.filter(lambda value: value is not None),
        "version": st.integers(1, 10),
    },
).map(lambda given_values: Thing(**given_values))


@given(THINGS)
def test_every_form_can_be_read_back(thing: Thing) -> None:
    document = json.loads(json.dumps(thing.to_dict(mode="json"), allow_nan=False))
    assert Thing.from_dict(document, mode="json") == thing
    assert Thing.from_json(thing.to_json(decimals="number")) == Thing.from_json(thing.to_json(indent=2)) == thing
    for mode in ("validation", "serialization"):
        Draft202012Validator(Thing.json_schema(mode)).validate(document)

    item = thing.to_item()
    assert Thing.from_item(item) == thing
    image = thing.to_dynamodb_json()
    assert Thing.from_dynamodb_json(json.dumps(image)) == Thing.from_dynamodb_json(image) == thing


@given(THINGS)
def test_boto3_makes_and_reads_the_same_forms(thing: Thing) -> None:
    thing.ratio = 0.1  # boto3 refuses what DynamoDB writes for numbers of more than 38 digits, such as 1e38
    image: Any = thing.to_dynamodb_json(binary="bytes")
    assert Thing.from_dynamodb_json(image) == thing
    assert json.loads(render_item(Thing.__mapper__.encode(thing))) == thing.to_dynamodb_json()
    serialize, deserialize = TypeSerializer().serialize, TypeDeserializer().deserialize
    read = {name: deserialize(value) for name, value in image.items()}
    assert Thing.from_item(read) == thing
    written = {name: serialize(value) for name, value in thing.to_item().items()}
    assert {name: deserialize(value) for name, value in written.items()} == read


def test_forms_of_one_item() -> None:
    thing = Thing(
        id=uuid.UUID(int=1),
        at=dt.datetime(2024, 5, 1, tzinfo=dt.timezone.utc),
        price=Decimal("1.50"),
        data=b"\x00",
        tags={"b", "a"},
        address={"city": "Oslo"},
    )
    assert thing.to_dict(["id", "at", "price", "data", "tags", "nums", "address", "day"], mode="json") == {
        "id": "00000000-0000-0000-0000-000000000001",
        "at": "2024-05-01T00:00:00+00:00",
        "price": "1.50",
        "data": "AA==",
        "tags": ["a", "b"],
        "nums": [],
        "address": {"city": "Oslo"},
        "day": None,
    }
    assert thing.to_json(["price"], decimals="number") == '{"price": 1.5}'
    assert thing.to_dynamodb_json() == {
        "id": {"S": "00000000-0000-0000-0000-000000000001"},
        "created-at": {"S": "2024-05-01T00:00:00.000000+00:00"},
        "price": {"N": "1.5"},
        "count": {"N": "1"},
        "data": {"B": "AA=="},
        "tags": {"SS": ["a", "b"]},
        "address": {"M": {"town": {"S": "Oslo"}}},
        "rows": {"L": []},
    }
    assert thing.to_item()["data"] == b"\x00"
    assert thing.to_item()["tags"] == {"a", "b"}


KEY = {"id": {"S": str(uuid.UUID(int=1))}}
IMAGES: dict[str, Any] = {
    "a dict": KEY,
    "a text": json.dumps(KEY),
    "bytes": json.dumps(KEY).encode(),
    "a line of an export": json.dumps({"Item": KEY}),
    "an answer": {"Item": KEY, "ConsumedCapacity": {"CapacityUnits": 1}},
}


@pytest.mark.parametrize("name", IMAGES)
def test_dynamodb_json_is_read_from(name: str) -> None:
    assert Thing.from_dynamodb_json(IMAGES[name]).id == uuid.UUID(int=1)


def test_attribute_may_be_called_item() -> None:
    class Boxed(Model):
        __table__ = "boxed"
        __hash_key__ = "Item"
        Item = StringField(required=True)
        S = StringField()

    assert Boxed.from_dynamodb_json({"Item": {"S": "x"}}).Item == "x"
    assert Boxed.from_dynamodb_json({"Item": {"Item": {"S": "x"}, "S": {"S": "y"}}}).S == "y"


def test_item_that_its_model_cannot_read_is_refused() -> None:
    for image, words in (({"id": {"S": "no UUID"}}, "Thing.id cannot be read"), ({}, "Thing.id is part of the key")):
        with pytest.raises(ValidationError, match=words):
            Thing.from_dynamodb_json(image)


NO_DOCUMENTS: list[tuple[Any, str]] = [
    ('{"count": NaN}', "Thing: not a JSON text: NaN is not valid JSON"),
    ("[1]", "Thing: expected the JSON text of an object; got '[1]'"),
    ('{"counts": 1}', "unknown field 'counts'; did you mean Thing.count?"),
    ('{"day": "tomorrow"}', "Thing.day must be a date as ISO 8601 text, such as 2024-05-01; got 'tomorrow'"),
    ('{"price": 0}', "Thing.price must be a Decimal >= 0.01; got"),
]


@pytest.mark.parametrize(("text", "words"), NO_DOCUMENTS)
def test_what_is_no_document_is_refused(text: str, words: str) -> None:
    with pytest.raises(ValidationError, match=re.escape(words)):
        Thing.from_json(text)


def test_unknown_mode_is_refused() -> None:
    wrong: Any = "text"
    with pytest.raises(ValidationError, match=r'^Thing: mode must be "python" or "json"; got \'text\'$'):
        Thing().to_dict(mode=wrong)
    with pytest.raises(ValidationError, match=r'^Thing: decimals must be "text" or "number"; got \'text \'$'):
        Thing().to_json(decimals=cast("Any", "text "))
    with pytest.raises(ValidationError, match=r'^Thing: mode must be "validation" or "serialization"; got \'text\'$'):
        Thing.json_schema(wrong)


def test_value_that_was_changed_in_place_is_refused() -> None:
    thing = Thing(rows=[{"n": 1}])
    thing.rows[0]["at"] = "yesterday"
    with pytest.raises(ValidationError, match=r"^Thing.rows\[0\].at must be a datetime or the text of one"):
        thing.to_dict(mode="json")


def test_numbers_of_a_text_are_exact() -> None:
    text = '{"price": 12345678901234567890.123456789, "ratio": 0.1, "free": {"a": 1.25}}'
    thing = Thing.from_json(text)
    assert thing.price == Decimal("12345678901234567890.123456789")
    assert (thing.ratio, thing.free) == (0.1, {"a": Decimal("1.25")})
    with pytest.raises(ValidationError, match=r"^Thing.price has a number that a JSON number would round"):
        thing.to_json(decimals="number")


def test_boto3_values_are_taken_by_the_constructor() -> None:
    thing = Thing(data=Binary(b"x"), free={"a": Binary(b"y")}, ratio=Decimal("0.1"), count=Decimal(3))
    assert (thing.data, thing.free, thing.ratio, thing.count) == (b"x", {"a": b"y"}, 0.1, 3)


def test_what_was_read_in_part_is_written_in_part() -> None:
    with Connection.using(MemoryBackend()):
        Thing.create_table()
        Thing(id=uuid.UUID(int=1), day=dt.date(2024, 5, 1), address={"city": "Oslo", "price": Decimal(1)}).save()
        (part,) = Thing.get_many([uuid.UUID(int=1)], projection=[Thing.day, Thing.address.city])
    assert part.to_dict(mode="json") == {
        "id": str(uuid.UUID(int=1)),
        "day": "2024-05-01",
        "address": {"city": "Oslo"},
    }
    with pytest.raises(AttributeNotLoaded):
        part.to_item()


def test_image_is_what_is_stored() -> None:
    """A save that sends only changes compares with the image, and keeps what the model does not declare."""
    with Connection.using(MemoryBackend()), Connection.record() as calls:
        Thing.create_table()
        image = {**KEY, "count": {"N": "5"}, "other": {"S": "kept"}, "version": {"N": "1"}}
        thing = Thing.from_dynamodb_json(image)
        assert thing.undeclared() == {"other": "kept"}
        thing.save(only_changed=True)
        assert thing.to_dynamodb_json() == image
    assert not any("Update" in str(call) for call in calls)


class Priced(Model):
    __table__ = "priced"
    __hash_key__ = "sku"
    sku = StringField(required=True, min_length=1)
    price = DecimalField(required=True, min_value=0)
    stock = IntField(required=True, default=0)
    sizes = SetField(IntField, required=True)
    notes = ListField(StringField(max_length=2), required=True)
    size = DictField(width=IntField(required=True), unit=StringField(default="cm"))
    anything = Field()


def test_schema_of_a_model() -> None:
    schema = Priced.json_schema()
    Draft202012Validator.check_schema(schema)
    assert schema["required"] == ["sku", "price", "sizes"]
    assert (schema["title"], schema["additionalProperties"]) == ("Priced", False)
    assert schema["properties"]["stock"] == {"type": "integer", "default": 0}
    assert schema["properties"]["size"] == {
        "anyOf": [
            {
                "type": "object",
                "properties": {
                    "width": {"type": "integer"},
                    "unit": {"anyOf": [{"type": "string"}, {"type": "null"}], "default": "cm"},
                },
                "required": ["width"],
                "additionalProperties": False,
            },
            {"type": "null"},
        ]
    }
    assert Priced.json_schema("serialization")["required"] == list(Priced.__mapper__.fields)
    assert Thing.json_schema()["description"] == "Everything at once."


small = st.sampled_from([None, True, 0, 1, -1, 2.0, 0.5, "1.5", "", "a", "abc", [], [1], ["ab"], ["abc"], [1, 1.0]])
DOCUMENTS = st.fixed_dictionaries(
    {"sku": small, "price": small, "sizes": small},
    optional={
        "stock": small,
        "notes": small,
        "anything": small,
        "other": small,
        "size": small | st.dictionaries(st.sampled_from(["width", "unit", "x"]), small, max_size=3),
    },
)


@given(DOCUMENTS | st.dictionaries(st.sampled_from(["sku", "price", "sizes"]), small))
def test_schema_allows_what_can_be_saved(document: Any) -> None:
    try:
        Priced.from_dict(document, mode="json").to_item()
        is_taken = True
    except ValidationError:
        is_taken = False
    assert Draft202012Validator(Priced.json_schema()).is_valid(document) == is_taken
