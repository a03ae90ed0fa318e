"""A key is read in the form alone that its field writes: the item, saved again, would be another one otherwise."""

from __future__ import annotations

import datetime as dt
import enum
from decimal import Decimal
from typing import Any

import pytest

from dynamongo.exceptions import ValidationError
from dynamongo.expressions.conditions import Path
from dynamongo.expressions.values import AttributeValue, hidden_values
from dynamongo.fields import (
    BinaryField,
    DateField,
    DateTimeField,
    DecimalField,
    EmailField,
    EnumField,
    Field,
    FloatField,
    IntField,
    IPAddressField,
    StringField,
    TimedeltaField,
    TimestampField,
    URLField,
    UUIDField,
)


class Colour(enum.Enum):
    RED = "red"
    CRIMSON = "red"  # noqa: PIE796 - an alias


def as_key(field: Field[Any]) -> Field[Any]:
    bound = field.bind("User", Path("id"))
    bound.is_key = True
    return bound


@pytest.mark.parametrize(
    ("field", "stored", "own"),
    [
        (FloatField(), Decimal("0.1000000000000000000001"), "Decimal('0.1')"),
        (EnumField(Colour, by_name=True), "CRIMSON", "'RED'"),
        (EmailField(), "a@EXAMPLE.com", "'a@example.com'"),
        (IPAddressField(), "2001:DB8::1", "'2001:db8::1'"),
        (UUIDField(), "0" * 32, "'00000000-0000-0000-0000-000000000000'"),
        (DateTimeField(), "2024-05-01T08:00:00Z", "'2024-05-01T08:00:00.000000+00:00'"),
        (DateTimeField(convert_tz=True, drop_tzinfo=True), "2024-05-01T08:00:00+00:00", "'2024-05-01T08:00:00.000000'"),
    ],
)
def test_another_form_of_the_value_is_refused(field: Field[Any], stored: AttributeValue, own: str) -> None:
    field.decode(stored)  # which is read, where it is no key
    with pytest.raises(ValidationError, match=r"^User\.id is a key stored as ") as caught:
        as_key(field).decode(stored)
    assert f"which this field would write as {own}; declare it as a " in str(caught.value)


def test_another_form_is_told_from_the_own_one_where_values_are_hidden() -> None:
    with hidden_values(), pytest.raises(ValidationError) as caught:
        as_key(UUIDField(format="hex")).decode("12345678-1234-5678-1234-56789abcdef0")
    assert str(caught.value) == (
        "User.id is a key stored as a value of type str, which this field would write as another one; declare it as a"
        " StringField, which keeps the stored form, or with the format= of what is stored"
    )


@pytest.mark.parametrize(
    ("field", "value"),
    [
        (BinaryField(), b"\x00"),
        (DateField(), dt.date(2024, 5, 1)),
        (DateTimeField(), dt.datetime(2024, 5, 1)),  # noqa: DTZ001 - values without a time zone are values
        (DateTimeField(), dt.datetime(2024, 5, 1, tzinfo=dt.timezone(dt.timedelta(hours=2)))),
        (DecimalField(), Decimal("1.50")),
        (EmailField(), "a@example.com"),
        (EnumField(Colour), Colour.RED),
        (EnumField(Colour, by_name=True), Colour.CRIMSON),
        (FloatField(), 0.1),
        (IPAddressField(), "::1"),
        (IntField(), 10**37),
        (StringField(), "a"),
        (TimedeltaField(), dt.timedelta(1)),
        (TimestampField(), dt.datetime(2024, 5, 1, microsecond=1, tzinfo=dt.timezone.utc)),
        (URLField(), "https://example.com"),
        (UUIDField(), "0" * 32),
    ],
)
def test_what_the_field_wrote_is_read(field: Field[Any], value: object) -> None:
    key = as_key(field)
    assert key.decode(key.encode(key.validate(value))) == key.validate(value)


def test_a_key_that_does_not_suit_the_field_is_refused_when_read() -> None:
    for field, stored in ((EmailField(), "nobody"), (IPAddressField(version=4), "::1")):
        with pytest.raises(ValidationError, match=f"must be an .* address.*; got '{stored}'"):
            as_key(field).decode(stored)
