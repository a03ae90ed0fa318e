"""Every kind of field by itself returns what it was given: the same value, of the same type, in new containers."""

from __future__ import annotations

import datetime as dt
import enum
import ipaddress
import uuid
from typing import Any

import pytest
import strategies as values
from hypothesis import given
from hypothesis import strategies as st

from dynamongo.exceptions import ValidationError
from dynamongo.expressions.values import normalize, type_of
from dynamongo.fields import (
    BinaryField,
    BooleanField,
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
    SetField,
    StringField,
    TimedeltaField,
    TimestampField,
    URLField,
    UUIDField,
)


class Colour(enum.Enum):
    RED = "red"
    GREEN = "green"


class Level(enum.IntEnum):
    NONE = 0
    HIGH = 9


ADDRESS = DictField(
    {"required": BooleanField()},
    city=StringField(),
    zip=IntField(),
    lines=ListField(StringField),
    tags=SetField(IntField),
)
ADDRESSES = st.fixed_dictionaries(
    {},
    optional={
        "required": st.booleans(),
        "city": values.texts,
        "zip": values.ints,
        "lines": st.lists(values.texts),
        "tags": st.sets(values.ints),
    },
)

CASES: list[tuple[Field[Any], st.SearchStrategy[Any]]] = [
    (IntField(), values.ints),
    (FloatField(), values.floats),
    (DecimalField(), values.decimals),
    (BooleanField(), st.booleans()),
    (StringField(), values.texts),
    (EmailField(), st.from_regex(r"[a-z]{1,9}(\.[a-z]{1,9})?@[A-Za-z]{1,9}\.(com|org)", fullmatch=True)),
    (
        URLField(),
        st.from_regex(r"https?://[a-z]{1,9}\.com(:[1-9][0-9]{1,3})?(/[a-z]{0,9})?(\?q=[a-z])?", fullmatch=True),
    ),
    (UUIDField(), st.uuids()),
    (IPAddressField(), st.ip_addresses().map(str)),
    (EnumField(Colour), st.sampled_from(Colour)),
    (EnumField(Level), st.sampled_from(Level)),
    (EnumField(Level, by_name=True), st.sampled_from(Level)),
    (BinaryField(), st.binary()),
    (DateTimeField(), values.naive_datetimes),
    (DateTimeField(), values.aware_datetimes),
    (DateTimeField(convert_tz=True), values.aware_datetimes),
    (DateTimeField(serialized_format="%d/%m/%Y %H:%M:%S.%f"), values.naive_datetimes),
    (DateField(), st.dates()),
    (TimedeltaField("microseconds"), st.timedeltas()),
    (TimedeltaField(), st.timedeltas().map(lambda value: dt.timedelta(value.days, value.seconds))),
    (TimestampField(), values.utc_datetimes),
    (JSONField(), values.json_values.filter(lambda value: value is not None)),
    (ListField(StringField), st.lists(values.texts)),
    (ListField(ListField(IntField)), st.lists(st.lists(values.ints))),
    (ListField(ADDRESS), st.lists(ADDRESSES, max_size=3)),
    (SetField(UUIDField), st.sets(st.uuids(), min_size=1)),
    (SetField(FloatField), st.sets(values.floats, min_size=1)),
    (ADDRESS, ADDRESSES),
    (DictField(), st.dictionaries(values.names, st.none() | values.texts | values.ints | st.lists(values.texts))),
]


@pytest.mark.parametrize(("field", "strategy"), CASES, ids=[type(field).__name__ for field, _ in CASES])
@given(data=st.data())
def test_every_value_comes_back_as_it_was(
    field: Field[Any], strategy: st.SearchStrategy[Any], data: st.DataObject
) -> None:
    value = field.validate(data.draw(strategy))
    stored = field.encode(value)
    decoded = field.decode(stored)
    assert (type(decoded), decoded) == (type(value), value)
    assert normalize(stored) == stored, "what is stored is canonical"
    assert field.validate(decoded) == decoded, "an instance that was read can be saved"


STORED: list[Any] = ["\x00", 1, b"x", True, None, [1], {"a": 1}, frozenset({"a"}), frozenset({1}), frozenset({b"a"})]


@pytest.mark.parametrize("field", [field for field, _ in CASES], ids=[type(field).__name__ for field, _ in CASES])
def test_a_stored_value_of_another_type_is_refused_when_read(field: Field[Any]) -> None:
    for stored in STORED:
        if type_of(stored) != field.stored_type:
            with pytest.raises(ValidationError, match=r"^(a member of )?\w+Field must be "):
                field.decode(stored)


def test_containers_are_new_at_every_step() -> None:
    field = ListField(DictField(tags=SetField(IntField), lines=ListField(StringField)))
    given_value: list[Any] = [{"tags": {1}, "lines": ["a"]}]
    value: Any = field.validate(given_value)
    stored: Any = field.encode(value)
    decoded: Any = field.decode(stored)
    for other in (value, stored, decoded):
        other[0]["lines"].append("b")
        other.append("c")
    assert given_value == [{"tags": {1}, "lines": ["a"]}]
    assert field.encode(given_value) == [{"tags": frozenset({1}), "lines": ["a"]}]


@given(values.aware_datetimes)
def test_an_offset_survives_the_round_trip(value: dt.datetime) -> None:
    decoded: Any = DateTimeField().decode(DateTimeField().encode(value))
    assert decoded.utcoffset() == value.utcoffset()


@given(st.ip_addresses())
def test_an_ip_address_is_held_as_canonical_text(address: ipaddress.IPv4Address | ipaddress.IPv6Address) -> None:
    held: Any = IPAddressField().validate(address)
    assert ipaddress.ip_address(held) == address
    assert IPAddressField().validate(address.exploded.upper()) == IPAddressField().validate(held) == held


@pytest.mark.parametrize(
    ("text", "held"),
    [
        ("::FFFF:102:304", "::ffff:1.2.3.4"),
        ("::ffff:1.2.3.4", "::ffff:1.2.3.4"),
        ("::ffff:1.2.3.4%eth0", "::ffff:1.2.3.4%eth0"),
        ("::1.2.3.4", "::102:304"),
        ("FE80::0:1%Eth0", "fe80::1%Eth0"),
        ("2001:db8:0:0:1:0:0:1", "2001:db8::1:0:0:1"),
    ],
)
def test_an_ip_address_has_one_text_on_every_version_of_python(text: str, held: str) -> None:
    assert IPAddressField().validate(text) == IPAddressField().validate(ipaddress.ip_address(text)) == held


def test_a_uuid_is_taken_as_text() -> None:
    assert UUIDField().validate("{00000000-0000-0000-0000-00000000000A}") == uuid.UUID(int=10)
