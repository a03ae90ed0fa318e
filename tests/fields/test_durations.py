"""Durations and points of time as numbers."""

from __future__ import annotations

import datetime as dt
import math
from decimal import Decimal, localcontext
from typing import Any

import pytest
import strategies as values
from hypothesis import given
from hypothesis import strategies as st

from dynamongo.exceptions import SchemaError, ValidationError
from dynamongo.expressions.conditions import Comparison, Path
from dynamongo.expressions.updates import AddUpdate, IncrementUpdate
from dynamongo.fields import Field, TimedeltaField, TimestampField

AT = Path("at")
UTC = dt.timezone.utc
EPOCH = dt.datetime(1970, 1, 1, tzinfo=UTC)


def bound(field: Field[Any]) -> Any:
    return field.bind("User", AT)


def message(field: Field[Any], value: Any) -> str:
    with pytest.raises(ValidationError) as caught:
        bound(field).validate(value)
    return str(caught.value)


class TestTimedeltaField:
    @pytest.mark.parametrize(
        ("precision", "value", "stored"),
        [
            ("days", dt.timedelta(days=-2), -2),
            ("hours", dt.timedelta(days=1), 24),
            ("minutes", dt.timedelta(hours=1), 60),
            ("seconds", dt.timedelta(minutes=-1), -60),
            ("milliseconds", dt.timedelta(seconds=1), 1000),
            ("microseconds", dt.timedelta.max, 86_399_999_999_999_999_999),
        ],
    )
    def test_is_stored_as_a_number_of_its_unit(self, precision: Any, value: dt.timedelta, stored: int) -> None:
        field = TimedeltaField(precision)
        assert (field.encode(field.validate(value)), field.decode(stored)) == (stored, value)

    def test_a_finer_part_is_refused_rather_than_lost(self) -> None:
        assert message(TimedeltaField(), dt.timedelta(seconds=1, microseconds=1)) == (
            "User.at must be a timedelta of whole seconds; got datetime.timedelta(seconds=1, microseconds=1)"
        )

    @pytest.mark.parametrize("value", [1, 1.0, True, "1", None])
    def test_nothing_else_is_a_duration(self, value: Any) -> None:
        assert message(TimedeltaField(), value) == f"User.at must be a timedelta; got {value!r}"

    @pytest.mark.parametrize("stored", [Decimal("1.5"), 10**15])
    def test_a_stored_number_that_is_no_duration_is_refused(self, stored: Any) -> None:
        with pytest.raises(ValidationError, match=r"User\.at must be stored as a (whole )?number of seconds"):
            bound(TimedeltaField()).decode(stored)

    def test_amounts_and_bounds_are_durations(self) -> None:
        field = bound(TimedeltaField("minutes"))
        assert field.increment(dt.timedelta(hours=1)) == IncrementUpdate(AT, 60)
        assert field.subtract(dt.timedelta(hours=1)) == AddUpdate(AT, -60)
        assert (field < dt.timedelta(hours=1)) == Comparison(AT, "<", 60)
        with pytest.raises(ValidationError, match="must be a timedelta; got 1"):
            field.increment()

    def test_an_unknown_precision_is_refused_when_declared(self) -> None:
        with pytest.raises(SchemaError, match=r"TimedeltaField: precision must be one of days, hours, .*; got 'years'"):
            TimedeltaField("years")  # type: ignore[call-overload]


class TestTimestampField:
    @given(values.aware_datetimes)
    def test_is_held_in_utc_and_stored_as_exact_seconds(self, value: dt.datetime) -> None:
        held: Any = TimestampField().validate(value)
        stored: Any = TimestampField().encode(held)
        assert (held, held.tzinfo) == (value, UTC)
        assert EPOCH + dt.timedelta(microseconds=int(Decimal(stored) * 1_000_000)) == value

    @given(values.aware_datetimes, values.aware_datetimes)
    def test_orders_as_time_does(self, one: dt.datetime, other: dt.datetime) -> None:
        encode: Any = TimestampField().encode
        assert (encode(one) < encode(other)) == (one < other)

    @pytest.mark.parametrize(
        ("value", "microseconds"),
        [
            (1, 1_000_000),
            (-1, -1_000_000),
            (0.1, 100_000),
            (Decimal("-0.000001"), -1),
            (1717171717.1234567, 1717171717123457),
        ],
    )
    def test_a_number_of_seconds_is_taken(self, value: Any, microseconds: int) -> None:
        assert TimestampField().validate(value) == EPOCH + dt.timedelta(microseconds=microseconds)

    @given(st.decimals(-(10**10), 10**10, places=6))
    def test_a_decimal_is_taken_exactly(self, seconds: Decimal) -> None:
        assert TimestampField().encode(TimestampField().validate(seconds)) == seconds

    @pytest.mark.parametrize("text", ["1E-7", "1.1000000000000000000000000000000000001"])
    def test_a_decimal_finer_than_microseconds_is_refused(self, text: str) -> None:
        assert message(TimestampField(), Decimal(text)) == (
            "User.at must be a datetime with a time zone, or a number of seconds (finer than microseconds);"
            f" got Decimal('{text}')"
        )

    @given(values.aware_datetimes, st.timedeltas())
    def test_is_exact_in_any_decimal_context(self, value: dt.datetime, duration: dt.timedelta) -> None:
        field = bound(TimestampField())
        with localcontext() as context:
            context.prec = 5
            context.Emax = 9
            context.Emin = -9
            assert field.decode(field.encode(value)) == value
            assert field.validate(field.encode(value)) == value
            amount: Any = field.increment(duration).amount
        assert int(Decimal(amount).scaleb(6, values.WIDE)) * dt.timedelta(microseconds=1) == duration

    def test_a_datetime_without_a_time_zone_is_refused_with_the_fix(self) -> None:
        naive = dt.datetime(2024, 5, 1)  # noqa: DTZ001 - the mistake
        assert message(TimestampField(), naive) == (
            "User.at must be a datetime with a time zone, such as datetime.now(timezone.utc);"
            " got datetime.datetime(2024, 5, 1, 0, 0)"
        )

    @pytest.mark.parametrize("value", [True, "1", None, dt.date(2024, 5, 1)])
    def test_nothing_else_is_a_point_of_time(self, value: Any) -> None:
        assert message(TimestampField(), value) == (
            f"User.at must be a datetime with a time zone, or a number of seconds; got {value!r}"
        )

    @pytest.mark.parametrize(
        "value",
        [10**12, -(10**12), 10**30, 1e30, math.nan, math.inf, Decimal("NaN"), Decimal("1E+30"), Decimal(10**12)],
    )
    def test_what_no_datetime_holds_is_refused(self, value: Any) -> None:
        assert message(TimestampField(), value).startswith("User.at must be ")

    def test_an_instant_outside_of_the_calendar_is_refused(self) -> None:
        value = dt.datetime.max.replace(tzinfo=dt.timezone(-dt.timedelta(hours=1)))
        assert "in the years 1 to 9999 of UTC" in message(TimestampField(), value)

    def test_a_stored_number_finer_than_microseconds_is_refused(self) -> None:
        with pytest.raises(ValidationError, match=r"User\.at must be stored as a number of seconds"):
            bound(TimestampField()).decode(Decimal("0.0000001"))

    def test_amounts_are_durations_or_seconds(self) -> None:
        field = bound(TimestampField())
        assert field.increment(dt.timedelta(minutes=1)) == IncrementUpdate(AT, 60)
        assert field.decrement(0.5) == IncrementUpdate(AT, Decimal("-0.5"))
        assert field.add(Decimal("0.5")) == AddUpdate(AT, Decimal("0.5"))
        with pytest.raises(ValidationError, match="changed by a timedelta or a number of seconds; got '1'"):
            field.increment("1")
