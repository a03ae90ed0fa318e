"""Fields that hold numbers."""

from __future__ import annotations

import enum
import math
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dynamongo.exceptions import SchemaError, ValidationError
from dynamongo.expressions.conditions import Comparison, Path
from dynamongo.expressions.updates import AddUpdate, IncrementUpdate
from dynamongo.fields import DecimalField, Field, FloatField, IntField

YEAR = Path("year")


class Level(enum.IntEnum):
    LOW = 1


def bound(field: Field[Any]) -> Any:
    return field.bind("User", YEAR)


def message(field: Field[Any], value: Any) -> str:
    with pytest.raises(ValidationError) as caught:
        bound(field).validate(value)
    return str(caught.value)


@pytest.mark.parametrize("field", [IntField(), FloatField(), DecimalField()])
@pytest.mark.parametrize("value", [True, False, "1", None, b"1", [1], 1j])
def test_only_numbers_are_numbers(field: Field[Any], value: Any) -> None:
    assert message(field, value).startswith("User.year must be a")


class TestIntField:
    def test_an_int_and_a_decimal_without_a_fraction_are_taken(self) -> None:
        taken = [IntField().validate(value) for value in (7, Decimal("7.00"), Decimal("7E+2"), Level.LOW)]
        assert [(type(value), value) for value in taken] == [(int, 7), (int, 7), (int, 700), (int, 1)]

    @pytest.mark.parametrize("value", [7.0, Decimal("7.5")])
    def test_what_could_lose_a_fraction_is_refused(self, value: Any) -> None:
        assert message(IntField(), value) == f"User.year must be an int; got {value!r}"

    @pytest.mark.parametrize(
        ("field", "value", "expected"),
        [
            (IntField(min_value=1900, max_value=2018), "abc", "an int from 1900 to 2018; got 'abc'"),
            (IntField(min_value=1900, max_value=2018), 2019, "an int from 1900 to 2018; got 2019"),
            (IntField(min_value=1900), 1899, "an int >= 1900; got 1899"),
            (IntField(max_value=0), 1, "an int <= 0; got 1"),
        ],
    )
    def test_the_message_says_the_range(self, field: Field[Any], value: Any, expected: str) -> None:
        assert message(field, value) == f"User.year must be {expected}"

    def test_the_ends_of_the_range_are_in_it(self) -> None:
        field = IntField(min_value=0, max_value=2)
        assert [field.validate(value) for value in (0, 1, 2)] == [0, 1, 2]

    @pytest.mark.parametrize("value", [10**38 + 1, -(10**38) - 1, Decimal("1E+126"), Decimal("1E+999999"), 10**126])
    def test_what_dynamodb_cannot_keep_is_refused(self, value: Any) -> None:
        assert message(IntField(), value).startswith("User.year: ")

    @pytest.mark.parametrize("value", [Decimal("NaN"), Decimal("sNaN"), Decimal("Infinity")])
    def test_what_is_no_number_is_refused(self, value: Any) -> None:
        assert "cannot be converted to a numeric value" in message(IntField(), value)

    def test_a_stored_fraction_is_refused(self) -> None:
        with pytest.raises(ValidationError, match=r"User.year must be stored as a whole number; got Decimal"):
            bound(IntField()).decode(Decimal("1.5"))

    def test_an_ordering_ignores_the_range_and_an_equality_does_not(self) -> None:
        field = bound(IntField(min_value=1900))
        assert (field < 0) == Comparison(YEAR, "<", 0)
        with pytest.raises(ValidationError, match=">= 1900"):
            _ = field == 0

    def test_an_amount_is_an_int_out_of_the_range_or_not(self) -> None:
        field = bound(IntField(min_value=1900))
        assert field.increment() == IncrementUpdate(YEAR, 1)
        assert field.subtract(3) == AddUpdate(YEAR, -3)
        for amount in (0.5, True, "1"):
            with pytest.raises(ValidationError, match=r"User.year must be an int >= 1900"):
                field.add(amount)


class TestFloatField:
    @given(st.integers(-(2**53), 2**53))
    def test_an_int_is_taken_as_a_float(self, value: int) -> None:
        taken: Any = FloatField().validate(value)
        assert (type(taken), taken) == (float, value)

    @pytest.mark.parametrize("value", [2**53 + 1, 10**400])
    def test_an_int_that_no_float_holds_is_refused(self, value: int) -> None:
        assert "no float has exactly this value (DecimalField holds 38 digits)" in message(FloatField(), value)

    def test_a_decimal_is_taken_if_it_is_what_a_float_is_stored_as(self) -> None:
        assert FloatField().validate(Decimal("0.10")) == 0.1
        exact = Decimal("0.1000000000000000055511151231257827")
        assert message(FloatField(), exact).startswith("User.year must be a float; got Decimal('0.1000000000000000055")

    @pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf])
    def test_what_is_no_number_is_refused(self, value: float) -> None:
        assert message(FloatField(), value) == f"User.year: DynamoDB has no NaN and no infinity; got {value!r}"

    @pytest.mark.parametrize("value", [1e126, 1e-131])
    def test_a_magnitude_beyond_dynamodb_is_refused(self, value: float) -> None:
        assert "magnitude" in message(FloatField(), value)

    def test_a_float_is_stored_as_the_decimal_that_it_is_written_as(self) -> None:
        assert [FloatField().encode(value) for value in (0.1, 1e22, 2.0)] == [Decimal("0.1"), 10**22, 2]

    def test_a_negative_zero_is_zero(self) -> None:
        assert math.copysign(1, bound(FloatField()).validate(-0.0)) == 1

    def test_what_the_store_computed_is_read_as_the_nearest_float(self) -> None:
        assert FloatField().decode(Decimal("0.30000000000000000000000000001")) == 0.3

    def test_a_range_is_kept(self) -> None:
        assert (
            message(FloatField(min_value=0, max_value=1), 1.5) == "User.year must be a float from 0.0 to 1.0; got 1.5"
        )


class TestDecimalField:
    def test_an_int_is_taken_as_a_decimal(self) -> None:
        taken: Any = DecimalField().validate(5)
        assert (type(taken), taken) == (Decimal, 5)

    def test_a_float_is_refused_with_the_reason(self) -> None:
        assert message(DecimalField(), 0.1) == (
            "User.year must be a Decimal, or an int; a float is not exact, so write Decimal('0.1'); got 0.1"
        )

    def test_38_digits_are_kept_and_39_refused(self) -> None:
        digits = Decimal("0." + "1" * 38)
        assert DecimalField().decode(DecimalField().encode(digits)) == digits
        assert "more than 38 significant digits" in message(DecimalField(), Decimal("0." + "1" * 39))

    def test_a_range_is_kept(self) -> None:
        field = DecimalField(max_value=Decimal("1.5"))
        assert message(field, Decimal("1.6")) == "User.year must be a Decimal <= 1.5; got Decimal('1.6')"


@pytest.mark.parametrize(
    ("declare", "expected"),
    [
        (lambda: IntField(min_value=2, max_value=1), "IntField: min_value 2 is greater than max_value 1"),
        (lambda: IntField(min_value="1"), "min_value='1' of IntField: IntField must be an int; got '1'"),  # type: ignore[call-overload]
        (lambda: FloatField(max_value=math.nan), "max_value=nan of FloatField"),
        (lambda: DecimalField(min_value=0.5), "min_value=0.5 of DecimalField"),  # type: ignore[call-overload]
    ],
)
def test_a_range_that_holds_nothing_is_refused_when_declared(declare: Any, expected: str) -> None:
    with pytest.raises(SchemaError) as caught:
        declare()
    assert str(caught.value).startswith(expected)
