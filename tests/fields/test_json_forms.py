"""Every kind of field in JSON: its values come back as they were, and its JSON Schema says what it takes."""

from __future__ import annotations

import datetime as dt
import enum
import json
import re
import uuid
from decimal import Decimal
from typing import Any, NamedTuple

import pytest
from fields.test_round_trips import CASES
from hypothesis import given
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from dynamongo.exceptions import ValidationError
from dynamongo.fields import (
    BinaryField,
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
    SetField,
    StringField,
    TimedeltaField,
    TimestampField,
    UUIDField,
)
from dynamongo.fields.iso_durations import format_duration, parse_duration
from dynamongo.fields.json_forms import write_decimals
from dynamongo.fields.json_patterns import write_pattern
from dynamongo.fields.json_schemas import describe


def through_json(field: Field[Any], value: Any) -> Any:
    text = json.dumps(write_decimals(field.to_json(value), "text", "x"), allow_nan=False)
    document = json.loads(text)
    Draft202012Validator(describe(field, "validation")).validate(document)
    Draft202012Validator(describe(field, "serialization")).validate(document)
    return field.validate(field.from_json(document))


@pytest.mark.parametrize(("field", "strategy"), CASES, ids=[type(field).__name__ for field, _ in CASES])
@given(data=st.data())
def test_every_value_comes_back_from_json_as_it_was(
    field: Field[Any], strategy: st.SearchStrategy[Any], data: st.DataObject
) -> None:
    value = field.validate(data.draw(strategy))
    read = through_json(field, value)
    assert read == value
    assert type(read) is type(value)


class Level(enum.Enum):
    LOW = 1
    HIGH = "2"


class Point(enum.Enum):
    ORIGIN = (0, 0)


FORMS: dict[str, tuple[Field[Any], Any, Any]] = {
    "date": (DateField("%d.%m.%Y"), dt.date(2024, 5, 1), "2024-05-01"),
    "ambiguous date": (DateField("%Y-%d-%m"), dt.date(2024, 5, 1), "2024-05-01"),
    "datetime": (
        DateTimeField("%Y-%d-%mT%H:%M:%S%z"),
        dt.datetime(2024, 5, 1, 10, tzinfo=dt.timezone(dt.timedelta(hours=2))),
        "2024-05-01T10:00:00+02:00",
    ),
    "timestamp": (TimestampField(), dt.datetime(2024, 5, 1, tzinfo=dt.timezone.utc), "2024-05-01T00:00:00+00:00"),
    "duration": (TimedeltaField(), dt.timedelta(days=-1, hours=2), "-PT22H"),
    "UUID": (UUIDField(), uuid.UUID(int=10), "00000000-0000-0000-0000-00000000000a"),
    "bytes": (BinaryField(), b"\x00\xff", "AP8="),
    "enumeration by name": (EnumField(Level, by_name=True), Level.LOW, 1),
    "enumeration of tuples": (EnumField(Point, by_name=True), Point.ORIGIN, "ORIGIN"),
    "Decimal": (DecimalField(), Decimal("1.50"), "1.50"),
    "set": (SetField(DecimalField), {Decimal(1000), Decimal(9), Decimal(17)}, ["9", "17", "1000"]),
    "document": (JSONField(), {"z": 1, "a": 0.5}, {"z": 1, "a": 0.5}),
    "anything": (Field(), {"a": {2, 1}, "b": b"x", "c": Decimal("1.5")}, {"a": [1, 2], "b": "eA==", "c": 1.5}),
    "map": (DictField(day=DateField(), tags=ListField(StringField)), {"day": dt.date(2024, 5, 1), "tags": []}, ...),
}


@pytest.mark.parametrize("name", FORMS)
def test_form_in_json(name: str) -> None:
    field, value, form = FORMS[name]
    if form is not ...:
        assert write_decimals(field.to_json(value), "text", "x") == form
    if name != "anything":  # which has no types to come back to
        assert through_json(field, value) == value


TAKEN: list[tuple[Field[Any], Any, Any]] = [
    (IntField(), 3.0, 3),
    (IntField(), Decimal("3.0"), 3),
    (FloatField(), Decimal("0.1"), 0.1),
    (FloatField(), 3, 3.0),
    (DecimalField(), 0.1, Decimal("0.1")),
    (DecimalField(), "1e3", Decimal(1000)),
    (EnumField(Level, by_name=True), 1.0, Level.LOW),
    (JSONField(), [Decimal("0.5")], [0.5]),
    (TimedeltaField(), "P1W", dt.timedelta(weeks=1)),
    # Python values pass unchanged.
    (DateField(), dt.date(2024, 5, 1), dt.date(2024, 5, 1)),
    (BinaryField(), b"x", b"x"),
    (SetField(UUIDField), {uuid.UUID(int=1)}, {uuid.UUID(int=1)}),
]


@pytest.mark.parametrize(("field", "given_value", "value"), TAKEN)
def test_other_forms_are_taken(field: Field[Any], given_value: Any, value: Any) -> None:
    taken = field.validate(field.from_json(given_value))
    assert (taken, type(taken)) == (value, type(value))


REFUSED: list[tuple[Field[Any], Any, str]] = [
    (DateField("%d.%m.%Y"), "01.05.2024", "a date as ISO 8601 text, such as 2024-05-01; got '01.05.2024'"),
    (DateTimeField(), "May 1, 2024", "a datetime as ISO 8601 text, such as 2024-05-01T10:00:00Z; got 'May 1, 2024'"),
    (TimestampField(), 1_714_521_600, "a datetime as ISO 8601 text with a time zone, such as 2024-05-01T10:00:00Z"),
    (TimedeltaField(), "1:30", "a duration as ISO 8601 text, such as P1DT2H3M4.5S; got '1:30'"),
    (TimedeltaField(), f"P{10**20}D", "a duration as ISO 8601 text"),
    (BinaryField(), "x", "Base64 text, or bytes; got 'x'"),
    (BinaryField(), "é===", "Base64 text, or bytes; got 'é==='"),
    (EnumField(Level, by_name=True), "LOW", "a member of Level; got 'LOW'"),
    (DecimalField(), "1_000", "a Decimal, or an int; got '1_000'"),
    (DecimalField(), "NaN", "a Decimal, or an int; got 'NaN'"),
    (IntField(), 3.5, "an int; got 3.5"),
    (ListField(DateField), ["2024-05-01", "?"], "[1] must be a date as ISO 8601 text, such as 2024-05-01; got '?'"),
    (DictField(at=DateField()), {"at": "?"}, ".at must be a date as ISO 8601 text, such as 2024-05-01; got '?'"),
    (DictField(at=DateField()), {"on": "?"}, "has no field 'on'; it has: at"),
]


@pytest.mark.parametrize(("field", "given_value", "words"), REFUSED)
def test_what_is_no_json_of_a_field_is_refused(field: Field[Any], given_value: Any, words: str) -> None:
    with pytest.raises(ValidationError, match=re.escape(words)):
        field.validate(field.from_json(given_value))


# Custom fields.


class Version(NamedTuple):
    major: int
    minor: int


class VersionedField(StringField[Any]):
    """Converted to JSON through what it stores, although `StringField` holds what it stores."""

    def encode(self, value: Any) -> Any:
        return f"{value.major:04}.{value.minor:04}"

    def decode(self, stored: Any) -> Any:
        major, minor = stored.split(".")
        return Version(int(major), int(minor))

    def convert(self, value: Any) -> Any:
        return value if isinstance(value, Version) else self.reject(value, "a version")


class Point2D(Field[Any]):
    stored_type = "L"

    def encode(self, value: Any) -> Any:
        return [value.real, value.imag]

    def decode(self, stored: Any) -> Any:
        return complex(*map(float, stored))


class Colours(Field[Any]):
    stored_type = "BS"

    def encode(self, value: Any) -> Any:
        return {bytes([each]) for each in value}

    def decode(self, stored: Any) -> Any:
        return frozenset(each[0] for each in stored)


class Money(VersionedField):
    """Overrides what JSON is."""

    def to_json(self, value: Any) -> Any:
        return {"major": value.major, "minor": value.minor}

    def from_json(self, value: Any) -> Any:
        return Version(**value)

    def json_schema(self, mode: Any) -> Any:
        return {"type": "object", "title": mode}


CUSTOM: list[tuple[Field[Any], Any, Any, Any]] = [
    (VersionedField(), Version(3, 11), "0003.0011", {"type": "string"}),
    (Point2D(), 1.5 + 2j, [1.5, 2], {"type": "array"}),
    (Colours(), frozenset({1, 2}), ["AQ==", "Ag=="], {"type": "array", "items": {"type": "string"}, "minItems": 1}),
    (Money(), Version(1, 2), {"major": 1, "minor": 2}, {"type": "object", "title": "serialization"}),
]


@pytest.mark.parametrize(("field", "value", "form", "schema"), CUSTOM)
def test_custom_field_in_json(field: Field[Any], value: Any, form: Any, schema: Any) -> None:
    assert (field.to_json(value), field.json_schema("serialization")) == (form, schema)
    assert through_json(field, value) == value
    assert through_json(ListField(field), [value]) == [value]


@pytest.mark.parametrize("given_value", [5, "x.y", "1.2.3", None, ["1"]])
def test_json_that_a_custom_field_cannot_read_is_refused(given_value: Any) -> None:
    with pytest.raises(ValidationError, match=r"^VersionedField (must be text; got|does not accept)"):
        VersionedField().from_json(given_value)


# Patterns and durations.


@pytest.mark.parametrize(
    ("pattern", "written"),
    [
        (r"[a-z]+$", r"^(?:[a-z]+$)"),
        (r"a\Z|\\Z", r"^(?:a(?![\s\S])|\\Z)"),
        (r"(?P<x>a)(b)\2", r"^(?:(a)(b)\2)"),
        (r"\Aa", "^(?:^a)"),
        *((each, None) for each in (r"(?i)a", r"(?i:a)", r"(?P<x>a)(?P=x)", r"(a)?(?(1)b|c)", r"(?#x)a", r"\N{SPACE}")),
    ],
)
def test_pattern_for_javascript(pattern: str, written: str | None) -> None:
    assert write_pattern(re.compile(pattern)) == written


@given(st.timedeltas())
def test_duration_comes_back(duration: dt.timedelta) -> None:
    assert parse_duration(format_duration(duration)) == duration


@pytest.mark.parametrize("text", ["", "P", "PT", "P1Y", "P1M", "PT1.1234567S", "1D", "PT1,5H", "p1d"])
def test_text_that_is_no_duration_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="it is not a duration"):
        parse_duration(text)


# Schema and field agree about what is taken.


class Colour(enum.Enum):
    RED = "red"
    BLUE = "blue"


SCHEMA_CASES: list[Field[Any]] = [
    StringField(regex=r"[a-c]*\Z", min_length=1, max_length=3),
    IntField(min_value=-1, max_value=2),
    FloatField(min_value=-0.5),
    DecimalField(max_value=Decimal("1.5")),
    EnumField(Colour),
    EnumField(Level, by_name=True),
    BinaryField(),
    StringField(choices=["a", "b"]),
    StringField(format="number"),
    DecimalField(choices=[Decimal("1.5"), 2]),
    ListField(IntField(max_value=1)),
    SetField(StringField(max_length=1), required=True),
    ListField(SetField(IntField)),
    DictField(a=StringField(required=True), b=IntField(min_value=0), c=ListField(IntField), d=IntField(default=1)),
    DictField(a=StringField(required=True, default="x"), b=DictField(c=IntField(required=True))),
    DictField(),
    JSONField(),
]

small: st.SearchStrategy[Any] = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-2, 4)
    | st.sampled_from([0.5, 1.0, 1.5, -0.25, "1.5", "1.50", "2", "-0", "0.0", "YQ==", "YQ", "red", "blue", "RED"])
    | st.text("abcd", max_size=4),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["a", "b", "c", "d", "e"]), inner, max_size=4)
    ),
    max_leaves=6,
)


def takes(field: Field[Any], document: Any) -> bool:
    try:
        field.encode(field.validate(field.from_json(document)))
    except ValidationError:
        return False
    return True


@pytest.mark.parametrize("field", SCHEMA_CASES, ids=repr)
@given(small)
def test_schema_allows_what_the_field_takes(field: Field[Any], document: Any) -> None:
    schema = describe(field, "validation")
    allowed = Draft202012Validator(schema).is_valid(document)
    # A pattern cannot compare the numbers that texts stand for.
    if isinstance(field, DecimalField) and isinstance(document, str):
        return
    assert document is None or allowed == takes(field, document), (document, schema)


@pytest.mark.parametrize("field", [*(field for field, _ in CASES), *SCHEMA_CASES], ids=repr)
def test_schema_is_one(field: Field[Any]) -> None:
    for mode in ("validation", "serialization"):
        Draft202012Validator.check_schema(describe(field, mode))


def test_default_is_part_of_the_schema() -> None:
    assert describe(DecimalField(default=Decimal("1.5")), "validation")["default"] == "1.5"
    assert describe(DateField(default=dt.date(2024, 5, 1)), "validation") == {
        "type": "string",
        "format": "date",
        "default": "2024-05-01",
    }


def test_number_that_json_would_round_is_refused_as_a_number() -> None:
    exact = Decimal("0.12345678901234567890")
    assert write_decimals({"a": [exact]}, "text", "x") == {"a": ["0.12345678901234567890"]}
    assert write_decimals(Decimal("1.50"), "number", "x") == 1.5
    with pytest.raises(ValidationError, match=r'^x has a number that a JSON number would round; got .*decimals="text"'):
        write_decimals([exact], "number", "x")
