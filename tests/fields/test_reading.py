"""What a field reads, it also takes: the value can be assigned, compared and saved again, whatever the options."""

from __future__ import annotations

import contextlib
import datetime as dt
import enum
import functools
import json
from decimal import Decimal
from typing import Any

import pytest
import strategies as values
from hypothesis import given
from hypothesis import strategies as st

from dynamongo import (
    BinaryField,
    BooleanField,
    Connection,
    DateField,
    DateTimeField,
    DecimalField,
    DictField,
    EmailField,
    EnumField,
    Field,
    FloatField,
    IntField,
    IPAddressField,
    JSONField,
    ListField,
    Model,
    SetField,
    StringField,
    TimedeltaField,
    TimestampField,
    URLField,
    UUIDField,
    VersionField,
)
from dynamongo.backends.memory import MemoryBackend
from dynamongo.connection.connection import connection_of
from dynamongo.exceptions import ValidationError
from dynamongo.expressions.conditions import Comparison
from dynamongo.expressions.values import equals, hidden_values, normalize
from dynamongo.fields.ip_addresses import PLAIN_IPV4
from dynamongo.fields.text import PLAIN_EMAIL
from dynamongo.fields.url import PLAIN_URL
from dynamongo.operations import Put


class Colour(enum.Enum):
    RED = "red"
    BLUE = "blue"


class Level(enum.IntEnum):
    LOW = 1
    HIGH = 2


def is_even(number: Any) -> bool:
    return bool(number % 2 == 0)


def refuse_short(text: Any) -> None:
    if len(text) < 3:
        raise ValueError("it is short")


def custom_field() -> Field[Any]:
    class Cents(DecimalField[Any]):
        def encode(self, value: Any) -> Any:
            return int(value * 100)

        def decode(self, stored: Any) -> Any:
            return Decimal(stored) / 100

    return Cents(min_value=-10, max_value=10)


def as_ttl(field: Field[Any]) -> Field[Any]:
    field.expire_items()
    return field


TIME_ZONES: tuple[Any, ...] = ("allow", "require", "utc", "reject")
FORMATS = (None, "%Y-%m-%d", "%d/%m/%Y %H:%M", "%Y-%m-%dT%H:%M:%S%z", "%Y-%m-%dT%H:%M:%S.%f")
FIELDS: list[Field[Any]] = [
    *(Field(), Field(choices=["a", 1, [1]]), Field(validator=lambda value: value != 1)),
    *(IntField(), IntField(min_value=-1, max_value=2), IntField(choices=[1, 3]), IntField(validator=is_even)),
    *(VersionField(), as_ttl(IntField()), as_ttl(TimestampField()), as_ttl(DecimalField()), as_ttl(FloatField())),
    *(FloatField(), FloatField(min_value=0.5), FloatField(max_value=1.5), FloatField(choices=[1.5])),
    *(DecimalField(), DecimalField(min_value=1, max_value=2), DecimalField(choices=[Decimal("1.5")])),
    *(BooleanField(), BooleanField(choices=[True])),
    *(StringField(), StringField("[a-c]+$"), StringField(min_length=1, max_length=3), StringField(choices=["a"])),
    StringField(validator=refuse_short),
    *(EmailField(), EmailField(max_length=12), EmailField("a"), EmailField(choices=["a@b.org"])),
    *(URLField(), URLField(fqdn=False), URLField(max_length=14), URLField(regex="http:")),
    *(IPAddressField(), IPAddressField(version=4), IPAddressField(version=6), IPAddressField(max_length=7)),
    *(UUIDField(), UUIDField(choices=["00000000-0000-0000-0000-000000000007"])),
    *(EnumField(Colour), EnumField(Colour, choices=["red"]), EnumField(Level), EnumField(Level, by_name=True)),
    *(BinaryField(), BinaryField(min_length=1, max_length=2), BinaryField(choices=[b"a"])),
    *(
        DateTimeField(serialized_format=format_, tzd=tzd, convert_tz=convert, drop_tzinfo=drop)
        for format_ in FORMATS
        for tzd in TIME_ZONES
        for convert in (False, True)
        for drop in (False, True)
    ),
    DateTimeField("%d.%m.%Y", tzd="require"),
    DateTimeField(choices=["2024-05-01T10:00:00"]),
    *(DateField(), DateField(choices=["2024-05-01"])),
    *(TimedeltaField(), TimedeltaField("days"), TimedeltaField("microseconds")),
    *(TimestampField(), TimestampField(choices=[0])),
    *(JSONField(), JSONField(choices=[{"a": 1}])),
    *(ListField(StringField(max_length=2)), ListField(Field), ListField(EmailField, validator=bool)),
    *(ListField(SetField(IntField)), ListField(IntField, choices=[[1], []])),
    *(
        SetField(IntField(max_value=2)),
        SetField(FloatField),
        SetField(IPAddressField),
        SetField(IntField, choices=[{1}]),
    ),
    *(DictField(), DictField(choices=[{"a": 1}])),
    *(DictField(a=IntField(required=True), b=EmailField()), DictField(a=IntField(max_value=1, default=1))),
    *(DictField(a=SetField(IntField, required=True)), ListField(DictField(a=DateTimeField(tzd="require")))),
    *(custom_field(), ListField(custom_field())),
]
BOOLS = [True, False]
GREATEST = Decimal("9.9999999999999999999999999999999999999E+125")
KNOWN: list[Any] = [
    *(
        "",
        "a",
        "abcd",
        "red",
        "RED",
        "LOW",
        "a@b.org",
        "A@B.org",
        "nobody",
        "a.b@example.test",
        "http://a.org",
        "http://a",
    ),
    *("http://a.org/x y", "localhost", "::1", "1.2.3.4", "0:0::1", "::ffff:102:304", "01.2.3.4", "é@b.org"),
    *("00000000-0000-0000-0000-000000000007", "2024-05-01", "01/05/2024 10:00", "2024-05-01T10:00:00"),
    *("2024-05-01T10:00:00+0200", "2024-05-01T10:00:00.000000", "2024-05-01T10:00:00.000000+00:00"),
    *("2024-05-01T08:00:00.000000Z[+02:00]", "0001-01-01T00:00:00+02:00", "9999-12-31T23:59:59-02:00"),
    *("null", "1e999", "-1e999", '"\\ud800"', "1" * 400, "1" * 400 + ".0", '{"a":1}', "[" * 500 + "]" * 500, "NaN"),
    *("[" * 200_000, '{"a":' * 3000 + "1" + "}" * 3000),
    *(0, 1, 2, 3, -5, 1_700_000_000, 1_700_000_000_000, 253402300799, 253402300800, 10**15, 10**38, int(GREATEST)),
    *(-int(GREATEST), Decimal("0.5"), Decimal("1.5"), Decimal("1E-130"), Decimal("1.0000005"), Decimal("1.00000005")),
    *(b"", b"a", b"abc", *BOOLS, None, [], ["a"], ["abc"], [1], [None], [{}], [frozenset({1})], ["a@b.org"]),
    *([{"a": "2024-05-01T10:00:00.000000"}], [{"a": "2024-05-01T10:00:00.000000+00:00"}], [250], [9999]),
    *({}, {"a": 1}, {"a": 2}, {"a": None}, {"b": "nobody"}, {"a": 1, "b": "nobody"}, {"a": frozenset({1})}),
    *(frozenset({1}), frozenset({1, 3}), frozenset({"::1", "0:0::1"}), frozenset({"a"}), frozenset({Decimal("1.5")})),
]
numbers = st.one_of(values.ints, values.decimals.map(normalize), st.integers(-5, 5))
texts = st.one_of(
    values.texts,
    st.datetimes().map(lambda value: value.isoformat()),
    st.datetimes(timezones=st.timezones()).map(lambda value: value.isoformat()),
    st.dates().map(str),
    st.ip_addresses().map(str),
    st.emails(),
    values.json_values.map(json.dumps),
    st.from_regex(r"https?://[a-z.-]{1,9}(:[0-9]{0,6})?/?", fullmatch=True),
)
attribute_values: st.SearchStrategy[Any] = st.one_of(
    st.sampled_from(KNOWN),
    numbers,
    texts,
    st.binary(max_size=3),
    st.lists(numbers | texts, max_size=3),
    st.frozensets(numbers, min_size=1, max_size=3),
    st.frozensets(texts, min_size=1, max_size=3),
    st.dictionaries(st.sampled_from("ab"), numbers | texts | st.none(), max_size=2),
)


def keeps_text(field: Field[Any]) -> bool:
    """Whether the field reads a text as it is stored, in normal form or not."""
    part = getattr(field, "member", getattr(field, "element", field))
    return isinstance(part, (EmailField, IPAddressField)) or (isinstance(field, DictField) and "b" in field.fields)


def check(field: Field[Any], stored: Any) -> Any:
    """What the field makes of a stored value that it accepts, once everything was done with it."""
    decoded = field.decode(stored)
    again = field.validate(decoded)
    assert again == decoded or keeps_text(field)
    assert field.coerce(decoded) == again
    if not field.is_absent(again):
        own = field.encode(again)
        assert equals(field.encode(field.validate(field.decode(own))), own)
    return decoded


@pytest.mark.parametrize("field", FIELDS, ids=lambda field: type(field).__name__)
def test_whatever_is_read_of_known_values_can_be_saved(field: Field[Any]) -> None:
    accepted = 0
    for stored in KNOWN:
        try:
            field.decode(stored)
        except ValidationError:
            continue
        check(field, stored)
        accepted += 1
    assert accepted, "at least one value is accepted"


@given(st.sampled_from(FIELDS), attribute_values)
def test_whatever_is_read_can_be_assigned_compared_and_saved(field: Field[Any], stored: Any) -> None:
    accepted = False
    with contextlib.suppress(ValidationError):
        field.decode(stored)
        accepted = True
    if accepted:
        check(field, stored)


@functools.cache
def model_of(number: int) -> Any:
    field = FIELDS[number]
    body = {"__table__": "table", "__hash_key__": "pk", "pk": StringField(), "field": field}
    return type("Made", (Model,), {**body, "__ttl__": "field"} if field.is_expiry else body)


@given(st.integers(0, len(FIELDS) - 1), attribute_values)
def test_an_instance_that_was_read_can_be_saved(number: int, stored: Any) -> None:
    model = model_of(number)
    try:
        instance = model.__mapper__.decode({"pk": "key", "field": stored})
    except ValidationError:
        return
    value = instance.field
    item = instance.__mapper__.encode(instance)
    again = model.__mapper__.decode(item)
    assert again == instance or keeps_text(model.field)
    instance.field = value
    if not model.field.is_absent(value):
        assert isinstance(model.field == value, Comparison)


@pytest.mark.parametrize(
    ("field", "stored", "expected"),
    [
        (IntField(max_value=10), 11, "must be an int <= 10; got 11"),
        (StringField(max_length=2), "abc", "must be a str of at most 2 characters; got 'abc'"),
        (StringField("[a-c]+$"), "d", "must be a str that matches"),
        (StringField(choices=["a"]), "b", "must be one of 'a'; got 'b'"),
        (EnumField(Colour, choices=["red"]), "blue", "must be one of"),
        (IntField(validator=is_even), 1, "must be accepted by is_even; got 1"),
        (EmailField(), "nobody", "must be an email address"),
        (URLField(), "http://", "must be a URL"),
        (IPAddressField(version=6), "1.2.3.4", "must be an IPv6 address"),
        (DateTimeField(tzd="require"), "2024-05-01T10:00:00.000000", "must be a datetime with a time zone"),
        (DateTimeField(tzd="reject"), "2024-05-01T10:00:00.000000+00:00", "must be a datetime without a time zone"),
        (DictField(a=IntField(required=True)), {}, "a is required"),
        (JSONField(), "1e999", "cannot be read from '1e999': 1e999 is not valid JSON"),
        (FloatField(), int(GREATEST), "Number overflow"),
    ],
)
def test_a_stored_value_against_the_rules_is_refused_with_them(field: Any, stored: Any, expected: str) -> None:
    body = {"__table__": "table", "__hash_key__": "pk", "pk": StringField(), "field": field}
    model: Any = type("Made", (Model,), body)
    with pytest.raises(ValidationError) as caught:
        model.field.decode(stored)
    assert expected in str(caught.value)
    with pytest.raises(ValidationError) as hidden, hidden_values():
        model.field.decode(stored)
    with pytest.raises(ValidationError) as caught:
        model.__mapper__.decode({"pk": "key", "field": stored})
    assert str(caught.value) == f"{hidden.value}; stored in the item with pk = 'key'"


def test_a_refused_value_is_hidden_and_the_choices_are_not() -> None:
    with pytest.raises(ValidationError, match=r"must be one of 'a', 'b'; got a value of type str$"), hidden_values():
        StringField(choices=["a", "b"]).decode("c")


def test_text_without_an_offset_is_in_utc_where_a_time_zone_is_known_to_be_there() -> None:
    two_hours = dt.timezone(dt.timedelta(hours=2))
    for tzd in ("require", "utc"):
        field = DateTimeField(serialized_format="%Y-%m-%d %H:%M", tzd=tzd)
        stored = field.encode(dt.datetime(2024, 5, 1, 10, tzinfo=two_hours))
        assert stored == "2024-05-01 08:00"
        assert field.decode(stored) == dt.datetime(2024, 5, 1, 8, tzinfo=dt.timezone.utc)


plain_texts = st.one_of(
    *(st.from_regex(pattern.compiled, fullmatch=True) for pattern in (PLAIN_EMAIL, PLAIN_URL, PLAIN_IPV4)),
    st.sampled_from([each for each in KNOWN if type(each) is str and len(each) < 100]),
)


@given(plain_texts)
def test_patterns_match_what_the_parsers_leave_as_it_is(text: str) -> None:
    for pattern, field in ((PLAIN_EMAIL, EmailField()), (PLAIN_IPV4, IPAddressField())):
        if pattern.match(text):
            parsed: Any = StringField() if text == "" else field
            assert parsed.validate(text) == text
    if PLAIN_URL.match(text):
        from dynamongo.fields.url import _check_url  # noqa: PLC0415 - what the pattern spares

        _check_url(text, fqdn=True)


OSLO = {"city": "Oslo", "zip": 1}


class TestParts:
    """What was not read is not missed."""

    def test_a_required_member_may_be_left_out_of_a_projection(self) -> None:
        class Person(Model):
            __table__ = "people"
            __hash_key__ = "name"
            name = StringField(required=True)
            home = DictField({"city": StringField(required=True), "zip": IntField()}, choices=[OSLO])
            homes = ListField(DictField(city=StringField(required=True), zip=IntField()))

        with Connection.using(MemoryBackend()):
            Person.create_table()
            Person(name="a", home=OSLO, homes=[{"city": "Oslo", "zip": 2}]).save()
            read = Person.get_one("a", projection=[Person.home.zip, Person.homes[0].zip])
            assert (read.home, read.homes) == ({"zip": 1}, [{"zip": 2}])
            assert Person.get_one("a", projection=[Person.home]).home == OSLO
            connection_of(Person).execute(Put("people", {"name": "b", "home": {"zip": "x"}}))
            with pytest.raises(ValidationError, match=r"home\.zip must be .* stored in the item with name = 'b'"):
                Person.get_one("b", projection=[Person.home.zip])
