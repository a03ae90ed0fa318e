"""Formats: values stored as other programs store them; the oracles are those programs' own rules, and Python's."""

from __future__ import annotations

import datetime as dt
import enum
import uuid
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from strategies import aware_datetimes, utc_datetimes

from dynamongo import Model
from dynamongo.exceptions import ExpressionError, SchemaError, ValidationError
from dynamongo.expressions.conditions import BeginsWith, Comparison, Path
from dynamongo.expressions.evaluation import holds
from dynamongo.expressions.updates import AddUpdate, IncrementUpdate, SetUpdate
from dynamongo.fields import (
    BinaryField,
    BooleanField,
    DateField,
    DateTimeField,
    DecimalField,
    EnumField,
    Field,
    FloatField,
    IntField,
    JSONField,
    SetField,
    StringField,
    UUIDField,
)

UTC = dt.timezone.utc
AT = dt.datetime(2025, 1, 1, 10, tzinfo=UTC)
LATER = AT.replace(microsecond=120_000)
PARIS = dt.timezone(dt.timedelta(hours=1))
ID = uuid.UUID("0A0B0C0D-0e0f-4a0b-8c0d-0123456789ab")


class Color(enum.Enum):
    RED = "red"
    GREEN = "green"


def bound(field: Field[Any], *, is_key: bool = False) -> Any:
    placed = field.bind("User", Path("at"))
    placed.is_key = is_key
    return placed


def stored(field: Field[Any], value: Any) -> Any:
    return field.encode(field.validate(value))


@pytest.mark.parametrize(
    ("field", "value", "expected"),
    [
        (DateTimeField(format="pynamodb"), AT, "2025-01-01T10:00:00.000000+0000"),
        (DateTimeField(format="iso-z"), AT, "2025-01-01T10:00:00.000Z"),
        (DateTimeField(format="iso-z", timespec="seconds"), AT, "2025-01-01T10:00:00Z"),
        (DateTimeField(format="iso-z", timespec="microseconds"), LATER, "2025-01-01T10:00:00.120000Z"),
        (DateTimeField(format="iso-z", timespec="auto"), LATER, "2025-01-01T10:00:00.120000Z"),
        (DateTimeField(format="iso-z", timespec="auto"), AT, "2025-01-01T10:00:00Z"),
        (DateTimeField(format="iso-z", drop_tzinfo=True), AT.replace(tzinfo=None), "2025-01-01T10:00:00.000Z"),
        (DateTimeField(format="isoformat"), AT.astimezone(PARIS), "2025-01-01T11:00:00+01:00"),
        (DateTimeField(format="isoformat"), AT.replace(tzinfo=None), "2025-01-01T10:00:00"),
        (DateTimeField(format="str"), LATER.astimezone(PARIS), "2025-01-01 11:00:00.120000+01:00"),
        (DateTimeField(format="str"), AT, "2025-01-01 10:00:00+00:00"),
        (DateTimeField(format="isoformat", timespec="milliseconds"), LATER, "2025-01-01T10:00:00.120+00:00"),
        (DateTimeField(format="epoch"), AT, 1735725600),
        (DateTimeField(format="epoch", timespec="milliseconds"), LATER, Decimal("1735725600.12")),
        (DateTimeField(format="epoch", drop_tzinfo=True), AT.replace(tzinfo=None), 1735725600),
        (DateTimeField(format="epoch-ms"), LATER, 1735725600120),
        (
            DateTimeField(format="epoch-ms", timespec="microseconds"),
            AT.replace(microsecond=1),
            Decimal("1735725600000.001"),
        ),
        (DateTimeField(format="%d.%m.%Y %H:%M", tzd="utc"), AT, "01.01.2025 10:00"),
        (DateField(format="%Y%m%d"), dt.date(2025, 1, 31), "20250131"),
        (DateField(format="epoch-days"), dt.date(1970, 1, 31), 30),
        (UUIDField(format="hex"), ID, "0a0b0c0d0e0f4a0b8c0d0123456789ab"),
        (UUIDField(format="upper"), ID, "0A0B0C0D-0E0F-4A0B-8C0D-0123456789AB"),
        (UUIDField(format="hex-upper"), ID, "0A0B0C0D0E0F4A0B8C0D0123456789AB"),
        (UUIDField(format="urn"), ID, "urn:uuid:0a0b0c0d-0e0f-4a0b-8c0d-0123456789ab"),
        (UUIDField(format="binary"), ID, bytes.fromhex("0a0b0c0d0e0f4a0b8c0d0123456789ab")),
        (EnumField(Color, format="value"), Color.RED, "red"),
        (EnumField(Color, format="name"), Color.RED, "RED"),
        (EnumField(Color, format={Color.RED: "R", Color.GREEN: "G"}), Color.RED, "R"),
        (EnumField(Color, format={Color.RED: 1, Color.GREEN: 2}), Color.GREEN, 2),
        (BooleanField(format="number"), True, 1),
        (BooleanField(format="text"), False, "false"),
        (BooleanField(format={True: "Y", False: "N"}), True, "Y"),
        (IntField(format="text"), -7, "-7"),
        (IntField(format="text", width=5), 7, "00007"),
        (FloatField(format="text"), 1.0, "1.0"),
        (DecimalField(format="text"), Decimal("12.50"), "12.50"),
        (DecimalField(format="text"), Decimal("1E+3"), "1000"),
        (StringField(format="number"), "-1.5", Decimal("-1.5")),
        (BinaryField(format="base64"), b"\x00\xff=", "AP89"),
        (BinaryField(format="base64-binary"), b"\x00\xff=", b"AP89"),
        (SetField(BinaryField(format="base64-binary")), {b"\x00\xff="}, frozenset({b"AP89"})),
        (SetField(UUIDField(format="hex")), {ID}, frozenset({ID.hex})),
        (JSONField(), {"b": [1, "é"], "a": 0.5}, '{"b":[1,"é"],"a":0.5}'),
        (JSONField(format="json.dumps"), {"b": [1, "é"], "a": 0.5}, '{"b": [1, "\\u00e9"], "a": 0.5}'),
    ],
)
def test_value_is_stored_in_the_format_and_read_again(field: Field[Any], value: Any, expected: Any) -> None:
    found = stored(field, value)
    assert (found, type(found)) == (expected, type(expected))
    read = field.decode(found)
    assert (read, type(read)) == (value, type(value))
    assert bound(field).__eq__(value) == Comparison(Path("at"), "=", expected)


@given(aware_datetimes)
def test_datetimes_are_those_of_python(value: dt.datetime) -> None:
    in_utc = value.astimezone(UTC)
    in_utc = in_utc.replace(microsecond=in_utc.microsecond // 1000 * 1000)
    whole = in_utc.astimezone(value.tzinfo)
    assert stored(DateTimeField(format="isoformat"), value) == value.isoformat()
    assert stored(DateTimeField(format="str"), value) == str(value)
    assert DateTimeField(format="str").decode(str(value)) == value
    assert stored(DateTimeField(format="iso-z"), whole) == in_utc.isoformat(timespec="milliseconds")[:-6] + "Z"
    assert stored(DateTimeField(format="epoch", timespec="milliseconds"), whole) == Decimal(f"{whole.timestamp():.3f}")
    assert stored(DateTimeField(format="epoch-ms"), whole) == round(whole.timestamp() * 1000)
    read: Any = DateTimeField(format="isoformat").decode(value.isoformat())
    assert (read, read.utcoffset()) == (value, value.utcoffset())


FORMATS = [
    DateTimeField(format="pynamodb"),
    DateTimeField(format="iso-z", truncate=True),
    DateTimeField(format="iso-z", timespec="seconds", truncate=True),
    DateTimeField(format="iso-z", timespec="microseconds"),
    DateTimeField(format="isoformat", convert_tz=True),
    DateTimeField(format="str", convert_tz=True),
    DateTimeField(format="isoformat", timespec="milliseconds", convert_tz=True, truncate=True),
    DateTimeField(format="epoch", truncate=True),
    DateTimeField(format="epoch", timespec="microseconds"),
    DateTimeField(format="epoch-ms", truncate=True),
]
near = st.builds(lambda micros: AT + dt.timedelta(microseconds=micros), st.integers(-3_000_000, 3_000_000))


@pytest.mark.parametrize("field", FORMATS, ids=lambda each: f"{each.format} {each.timespec}")
@given(value=near | utc_datetimes, limit=near | utc_datetimes, other=near)
def test_bounds_are_exact_where_values_are_cut(
    field: Any, value: dt.datetime, limit: dt.datetime, other: dt.datetime
) -> None:
    at, held = bound(field), field.validate(value)
    item = {"at": field.encode(held)}
    assert field.decode(item["at"]) == held
    assert holds(at < limit, item) == (held < limit)
    assert holds(at <= limit, item) == (held <= limit)
    assert holds(at > limit, item) == (held > limit)
    assert holds(at >= limit, item) == (held >= limit)
    low, high = sorted([limit, other])
    assert holds(at.between(low, high), item) == (low <= held <= high)
    at.check_key(is_range=True)
    later = field.validate(limit)
    assert (field.encode(held) < field.encode(later)) == (held < later)


@given(near, near)
def test_texts_that_do_not_sort_are_compared_with_whole_seconds_alone(value: dt.datetime, limit: dt.datetime) -> None:
    field, whole = bound(DateTimeField(format="iso-z", timespec="auto")), limit.replace(microsecond=0)
    item = {"at": field.encode(value)}
    assert holds(field < whole, item) == (value < whole)
    assert holds(field >= whole, item) == (value >= whole)
    for compare in (field.__le__, field.__gt__):
        with pytest.raises(ExpressionError, match=r"does not sort as its values do; declare timespec="):
            compare(whole)


UNSORTED = [
    DateTimeField(format="iso-z", timespec="auto"),
    DateField(format="%d.%m.%Y"),
    IntField(format="text"),
    FloatField(format="text"),
    DecimalField(format="text"),
    BinaryField(format="base64"),
    BinaryField(format="base64-binary"),
]


@pytest.mark.parametrize("field", UNSORTED, ids=lambda each: f"{type(each).__name__} {each.format}")
def test_format_that_does_not_sort_is_no_range_key_and_has_no_order(field: Any) -> None:
    with pytest.raises(SchemaError, match=r"^User\.at is a range key, and what it stores does not sort"):
        type(
            "User",
            (Model,),
            {"__table__": "t", "__hash_key__": "id", "__range_key__": "at", "id": StringField(), "at": field},
        )
    type("User", (Model,), {"__table__": "t", "__hash_key__": "at", "at": field})
    values: dict[Any, Any] = {DateTimeField: LATER, DateField: AT.date(), FloatField: 1.0, BinaryField: b"1"}
    value = values.get(type(field), 1)
    for other in (value, bound(field)):
        with pytest.raises(ExpressionError, match=r"^User\.at cannot be compared with <, "):
            bound(field) < other  # noqa: B015 - it raises
    assert (bound(field) == value).operator == "="


@pytest.mark.parametrize("name", ["isoformat", "str"])
def test_texts_with_several_offsets_have_no_order(name: Any) -> None:
    field: Any = bound(DateTimeField(format=name))
    for compare in (field.__lt__, field.__ge__):
        with pytest.raises(ExpressionError, match=r"does not sort as its values do; declare convert_tz=True"):
            compare(AT)
    assert (bound(DateTimeField(format=name, convert_tz=True)) < AT).operator == "<"
    assert (bound(DateTimeField(format=name, drop_tzinfo=True)) < AT).operator == "<"


@given(st.integers(0, 99_999), st.integers(0, 99_999))
def test_padded_numbers_sort(one: int, other: int) -> None:
    field = bound(IntField(format="text", width=5))
    assert (field.encode(one) < field.encode(other)) == (one < other)
    assert holds(field < other, {"at": field.encode(one)}) == (one < other)


@pytest.mark.parametrize(
    ("field", "value", "message"),
    [
        (
            DateTimeField(format="iso-z"),
            AT.replace(microsecond=1),
            "a datetime of whole milliseconds, .* truncate=True",
        ),
        (DateTimeField(format="epoch"), LATER, "a datetime of whole seconds, .* truncate=True"),
        (DateTimeField(format="pynamodb"), AT.replace(tzinfo=None), "a datetime with a time zone, since .* tzd='utc'"),
        (DateTimeField(format="epoch-ms"), "2025-01-01T10:00:00", "a datetime with a time zone, since .* tzd='utc'"),
        (IntField(format="text", width=3), 1000, "IntField must be an int from 0 to 999; got"),
        (IntField(format="text", width=3), -1, "IntField must be an int from 0 to 999; got"),
        (StringField(format="number"), "042", "the text of a number as it would be read again"),
        (StringField(format="number"), "one", "the text of a number as it would be read again"),
        (StringField(format="number"), "1" * 39, "the text of a number as it would be read again"),
        (FloatField(format="text"), float("nan"), "NaN"),
        (BooleanField(format="number"), 1, "True or False"),
    ],
)
def test_what_the_format_cannot_hold_is_refused_with_the_fix(field: Any, value: Any, message: str) -> None:
    with pytest.raises(ValidationError, match=message):
        field.validate(value)


@pytest.mark.parametrize(
    ("field", "other", "value"),
    [
        (DateTimeField(format="iso-z"), "2025-01-01T11:00:00+01:00", AT),
        (DateTimeField(format="iso-z", timespec="auto"), "2025-01-01T10:00:00.120Z", LATER),
        (DateTimeField(format="pynamodb"), "2025-01-01T10:00:00Z", AT),
        (DateTimeField(format="epoch"), "2025-01-01T10:00:00.000000+00:00", AT),
        (DateTimeField(format="iso-z", truncate=True), "2025-01-01T10:00:00.120999Z", LATER),
        (DateTimeField(format="isoformat", drop_tzinfo=True), "2025-01-01T10:00:00+00:00", AT.replace(tzinfo=None)),
        (DateField(format="epoch-days"), "2025-01-01", AT.date()),
        (UUIDField(format="hex"), str(ID), ID),
        (UUIDField(format="binary"), str(ID).upper(), ID),
        (BooleanField(format="number"), True, True),
        (BooleanField(format={True: "Y", False: "N"}), False, False),
        (IntField(format="text"), 7, 7),
        (IntField(format="text"), "007", 7),
        (IntField(format="text", width=9), "7.0", 7),
        (DecimalField(format="text"), Decimal("1.5"), Decimal("1.5")),
        (StringField(format="number"), "7", "7"),
        (BinaryField(format="base64"), b"a", b"a"),
        (JSONField(format="json.dumps"), '{"a":1}', {"a": 1}),
    ],
)
def test_other_forms_of_the_value_are_read_but_not_as_keys(field: Any, other: Any, value: Any) -> None:
    read = field.decode(other)
    assert (read, type(read)) == (value, type(value))
    with pytest.raises(ValidationError, match=r"^User\.at is a key stored as "):
        bound(field, is_key=True).decode(other)


@pytest.mark.parametrize(
    ("field", "other"),
    [
        (DateTimeField(format="iso-z"), "2025-01-01T10:00:00.000001Z"),
        (DateTimeField(format="iso-z"), "2025-01-01T10:00:00"),
        (DateTimeField(format="iso-z"), 1),
        (DateTimeField(format="epoch"), Decimal("0.5")),
        (DateTimeField(format="epoch"), 10**13),
        (DateTimeField(format="epoch"), True),
        (DateField(format="%Y%m%d"), "2025-01-01"),
        (DateField(format="%Y%m%d"), 20250101),
        (DateField(format="epoch-days"), 10**9),
        (UUIDField(format="hex"), "x"),
        (UUIDField(format="hex"), 1),
        (UUIDField(format="binary"), b"x"),
        (EnumField(Color, format={Color.RED: 1, Color.GREEN: 0}), True),
        (EnumField(Color, format={Color.RED: "R", Color.GREEN: "G"}), "red"),
        (BooleanField(format="number"), 2),
        (BooleanField(format="text"), "True"),
        (IntField(format="text"), "1.5"),
        (IntField(format="text"), "1_0"),
        (IntField(format="text"), "\u0663"),
        (IntField(format="text", width=2), "100"),
        (IntField(format="text", width=2), 100),
        (FloatField(format="text"), "nan"),
        (DecimalField(format="text"), "1" * 39),
        (StringField(format="number"), "one"),
        (StringField(format="number"), True),
        (BinaryField(format="base64"), "a b="),
        (BinaryField(format="base64-binary"), b"\xff"),
        (JSONField(format="json.dumps"), "NaN"),
    ],
)
def test_what_is_not_in_the_format_is_refused(field: Any, other: Any) -> None:
    with pytest.raises(ValidationError):
        field.decode(other)


MIXED: Any = {Color.RED: "R", Color.GREEN: 1}
STRANGE: Any = {Color.RED: "R", Color.GREEN: "G", "BLUE": "B"}


@pytest.mark.parametrize(
    ("declare", "message"),
    [
        (
            lambda: DateTimeField(format="iso"),
            "format must be one of iso-z, isoformat, str, pynamodb, epoch, epoch-ms, or a",
        ),
        (lambda: DateTimeField(format="epoch", timespec="auto"), "timespec of format='epoch' must be one of seconds, "),
        (lambda: DateTimeField(format="iso-z", tzd="reject"), "drop_tzinfo=True to hold datetimes without a time zone"),
        (lambda: DateTimeField(format="iso-z", serialized_format="%Y"), "alone, without serialized_format"),
        (lambda: DateTimeField(timespec="seconds"), "timespec and truncate need a format"),
        (lambda: DateTimeField(format="%Y", truncate=True), "timespec and truncate need a format"),
        (lambda: DateTimeField(format="%Q"), "format='%Q' writes what strptime cannot read: 'Q' is a bad directive"),
        (lambda: DateField(format="%Y%m"), "does not tell the year, the month and the day"),
        (lambda: DateField(format="%y%m%d"), "does not tell the year, the month and the day"),
        (lambda: DateField(format="days"), "format must be one of epoch-days; got 'days'"),
        (lambda: UUIDField(format="guid"), "format must be one of hex, upper, hex-upper, urn, binary; got 'guid'"),  # type: ignore[call-overload]  # which is refused
        (lambda: EnumField(Color, format="names"), "format must be 'value', 'name' or a map of all members"),  # type: ignore[call-overload]  # which is refused
        (lambda: EnumField(Color, format={Color.RED: "R"}), "it lacks GREEN"),
        (lambda: EnumField(Color, format={Color.RED: "R", Color.GREEN: "R"}), "stores two members alike"),
        (lambda: EnumField(Color, format=MIXED), "strings alone, or to ints alone"),
        (lambda: EnumField(Color, format=STRANGE), "it has 'BLUE'"),
        (lambda: JSONField(format="json.dumps", sort_keys=True), "it excludes sort_keys"),
        (lambda: BooleanField(format={True: "Y"}), "it lacks False"),
        (lambda: IntField(width=5), "beside format='text'; got 5"),
        (lambda: IntField(format="text", width=0), "a number of digits from 1 to 38, beside format='text'; got 0"),
    ],
)
def test_declaration_without_meaning_is_refused(declare: Any, message: str) -> None:
    with pytest.raises(SchemaError, match=message):
        declare()


def test_custom_field_with_an_encoding_of_its_own_takes_no_format() -> None:
    class Own(StringField[Any]):
        def encode(self, value: Any) -> Any:
            return value

    with pytest.raises(SchemaError, match=r"has an encode\(\) of its own, so format='number' means nothing here"):
        Own(format="number")


def test_parts_are_those_of_the_stored_text() -> None:
    assert bound(DateTimeField(format="iso-z")).begins_with("2025-01") == BeginsWith(Path("at"), "2025-01")
    assert bound(IntField(format="text")).begins_with("4") == BeginsWith(Path("at"), "4")
    assert bound(UUIDField(format="binary")).begins_with(b"\x00") == BeginsWith(Path("at"), b"\x00")
    with pytest.raises(ExpressionError, match="stored as N; begins_with works only on S, B"):
        bound(DateTimeField(format="epoch")).begins_with("2025")
    with pytest.raises(ExpressionError, match="stores base64, whose parts are not those of its values"):
        bound(BinaryField(format="base64")).begins_with(b"a")
    with pytest.raises(ValidationError, match="compared with a str; got 4"):
        bound(IntField(format="text")).begins_with(4)


def test_sums_are_those_of_the_stored_number() -> None:
    seconds, millis = bound(DateTimeField(format="epoch")), bound(DateTimeField(format="epoch-ms"))
    hour = dt.timedelta(hours=1)
    assert seconds.increment(hour).amount == 3600
    assert millis.add(hour) == AddUpdate(Path("at"), 3_600_000)
    assert millis.decrement(1) == IncrementUpdate(Path("at"), -1)
    with pytest.raises(ValidationError, match="not whole steps of what is stored, within the years 1 to 9999"):
        seconds.increment(dt.timedelta(milliseconds=1))
    with pytest.raises(ExpressionError, match="stored as S; add works only on N"):
        bound(IntField(format="text")).add(1)
    with pytest.raises(ExpressionError, match="stored as S; increment works only on N"):
        bound(DateTimeField(format="iso-z")).increment(hour)


def test_fields_with_different_formats_are_not_copied() -> None:
    class User(Model):
        __table__ = "users"
        __hash_key__ = "id"
        id = StringField(required=True)
        a = UUIDField(format="hex")
        b = UUIDField(format="upper")
        c = UUIDField(format="hex")
        number = IntField()
        boolean = BooleanField(format="number")
        text = IntField(format="text")
        word = StringField()

    assert User.a.set(User.c) == SetUpdate(Path("a"), Path("c"))
    assert User.word.set(User.text) == SetUpdate(Path("word"), Path("text"))
    for one, other in ((User.a, User.b), (User.number, User.text), (User.text, User.word), (User.boolean, User.number)):
        with pytest.raises(ExpressionError, match="cannot be set to"):
            one.set(other)


def test_items_expire_by_seconds_alone() -> None:
    def declare(field: Any) -> Any:
        return type(
            "S", (Model,), {"__table__": "t", "__hash_key__": "id", "__ttl__": "at", "id": StringField(), "at": field}
        )

    session: Any = declare(DateTimeField(format="epoch"))
    assert session(id="1", at=LATER).at == AT
    assert (session.at > LATER) == Comparison(Path("at"), ">", Decimal("1735725600.12"))
    assert session(id="1", at=AT).to_dict()["at"] == AT
    for field in (
        DateTimeField(format="epoch-ms"),
        DateTimeField(format="iso-z"),
        DateField(format="epoch-days"),
        BooleanField(format="number"),
        StringField(format="number"),
        IntField(format="text"),
    ):
        with pytest.raises(SchemaError, match="must name a field that is stored as a number of seconds since 1970"):
            declare(field)
