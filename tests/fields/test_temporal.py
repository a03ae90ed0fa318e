"""Dates and datetimes as text."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
import strategies as values
from hypothesis import given

from dynamongo.exceptions import ExpressionError, SchemaError, ValidationError
from dynamongo.expressions.conditions import AnyCondition, BeginsWith, Between, Comparison, Path
from dynamongo.expressions.evaluation import holds
from dynamongo.expressions.values import Item
from dynamongo.fields import DateField, DateTimeField, Field

AT = Path("at")
UTC = dt.timezone.utc
PLUS_TWO = dt.timezone(dt.timedelta(hours=2))
NAIVE = dt.datetime(2024, 5, 1, 10)  # noqa: DTZ001 - values without a time zone are values
IN_UTC = NAIVE.replace(tzinfo=UTC)
AT_PLUS_TWO = NAIVE.replace(tzinfo=PLUS_TWO)


def bound(field: Field[Any]) -> Any:
    return field.bind("User", AT)


def key(**options: Any) -> Any:
    field = bound(DateTimeField(**options))
    field.is_key = True
    return field


def is_met(condition: AnyCondition, item: Item) -> bool:
    return holds(condition, item)


def message(field: Field[Any], value: Any) -> str:
    with pytest.raises(ValidationError) as caught:
        bound(field).validate(value)
    return str(caught.value)


class Nowhere(dt.tzinfo):
    """A time zone that does not know its offset, so that its datetimes are naive."""

    def utcoffset(self, value: dt.datetime | None, /) -> None:
        return None

    dst = tzname = utcoffset


class TestStoredForm:
    @pytest.mark.parametrize(
        ("value", "stored"),
        [
            (NAIVE, "2024-05-01T10:00:00.000000"),
            (IN_UTC, "2024-05-01T10:00:00.000000+00:00"),
            (AT_PLUS_TWO, "2024-05-01T08:00:00.000000Z[+02:00]"),
            (NAIVE.replace(year=1, microsecond=7), "0001-05-01T10:00:00.000007"),
            (NAIVE.replace(tzinfo=dt.timezone(-dt.timedelta(seconds=61))), "2024-05-01T10:01:01.000000Z[-00:01:01]"),
        ],
    )
    def test_is_iso_8601_at_fixed_width_with_the_offset_behind(self, value: dt.datetime, stored: str) -> None:
        assert DateTimeField().encode(value) == stored
        assert DateTimeField().decode(stored) == value

    def test_of_a_key_has_no_offset_so_that_an_instant_is_one_key(self) -> None:
        assert (
            key().encode(AT_PLUS_TWO) == "2024-05-01T08:00:00.000000+00:00" == key().encode(AT_PLUS_TWO.astimezone(UTC))
        )

    @given(values.aware_datetimes, values.aware_datetimes)
    def test_orders_keys_as_time_does(self, one: dt.datetime, other: dt.datetime) -> None:
        field = key()
        assert (field.encode(one) < field.encode(other)) == (one < other)
        assert (field.encode(one) == field.encode(other)) == (one == other)

    @given(values.aware_datetimes, values.aware_datetimes)
    def test_orders_different_instants_as_time_does_without_a_key_too(
        self, one: dt.datetime, other: dt.datetime
    ) -> None:
        if one != other:
            encode: Any = DateTimeField().encode
            assert (encode(one) < encode(other)) == (one < other)

    @given(values.naive_datetimes, values.naive_datetimes)
    def test_orders_naive_datetimes_as_time_does(self, one: dt.datetime, other: dt.datetime) -> None:
        fields: list[Any] = [key(), DateTimeField()]
        for field in fields:
            assert (field.encode(one) < field.encode(other)) == (one < other)

    @pytest.mark.parametrize(
        ("stored", "value"),
        [
            ("2024-05-01T10:00:00Z", IN_UTC),
            ("2024-05-01T10:00:00+02:00", AT_PLUS_TWO),
            ("2024-05-01T10:00:00", NAIVE),
        ],
    )
    def test_of_another_writer_is_read_unless_it_is_a_key(self, stored: str, value: dt.datetime) -> None:
        assert DateTimeField().decode(stored) == value
        with pytest.raises(ValidationError, match=rf"User\.at is a key stored as '{stored[:10]}.*would write as '2024"):
            key().decode(stored)

    def test_with_an_offset_is_no_key(self) -> None:
        with pytest.raises(ValidationError, match=r"would write as '2024-05-01T08:00:00\.000000\+00:00'"):
            key().decode("2024-05-01T08:00:00.000000Z[+02:00]")

    @pytest.mark.parametrize(
        ("stored", "value"),
        [
            ("2024-05-01T10:00:00.5Z", IN_UTC.replace(microsecond=500_000)),
            ("2024-05-01T10:00:00,25+00:00", IN_UTC.replace(microsecond=250_000)),
            ("2024-05-01T10:00:00.123456000Z", IN_UTC.replace(microsecond=123_456)),
            ("20240501T100000Z", IN_UTC),
            ("20240501T10Z", IN_UTC),
            ("2024-05-01 10:00+0200", AT_PLUS_TWO),
            ("2024-05-01t10:00+02", AT_PLUS_TWO),
            ("2024-05-01T10:00:00-00:01:01", NAIVE.replace(tzinfo=dt.timezone(-dt.timedelta(seconds=61)))),
            ("2024-05-01", NAIVE.replace(hour=0)),
            ("20240501", NAIVE.replace(hour=0)),
        ],
    )
    def test_of_another_writer_is_read_alike_on_every_version_of_python(self, stored: str, value: dt.datetime) -> None:
        decoded: Any = DateTimeField().decode(stored)
        assert (decoded, decoded.utcoffset()) == (value, value.utcoffset())

    @pytest.mark.parametrize(
        "stored", ["2024-05-01T10:00:00.123456789Z", "2024-05-01T10:00:00.0000001", "2024-05-01T10:00:00.1234561+02:00"]
    )
    def test_finer_than_microseconds_is_refused_rather_than_cut(self, stored: str) -> None:
        with pytest.raises(ValidationError, match=r"User\.at cannot be read from .*: it is finer than microseconds"):
            bound(DateTimeField()).decode(stored)
        assert "(it is finer than microseconds); got" in message(DateTimeField(), stored)

    @pytest.mark.parametrize(
        "stored",
        [
            "2024-W18-3",
            "2024-05",
            "2024-122",
            "2024-0501",
            "2024-05-01T",
            "2024-05-01T10:0000",
            "2024-05-01T24:00",
            "2024-05-01T10:00:00.Z",
            "2024-05-01T10:00:00+2",
            "2024-05-01T10:00:00+25:00",
            "2024-05-01T10:00:00+02:60",
            "2024-13-01T10:00:00",
            "2024-05-01X10:00:00",
            "2024-05-01T10:00:00\n",
            "\u0662\u0660\u0662\u0664-05-01T10:00:00",
            "2024-05-01T08:00:00.000000Z[+02:00",
            "2024-05-01T08:00:00.000000Z[Z]]",
            "2024-05-01T08:00:00.000000Z[+02:00][+03:00]",
        ],
    )
    def test_of_no_such_form_is_refused_on_every_version_of_python(self, stored: str) -> None:
        with pytest.raises(ValidationError, match=r"User\.at cannot be read from"):
            bound(DateTimeField()).decode(stored)

    @pytest.mark.parametrize(
        "stored", ["yesterday", "", "2024-05-01T08:00:00Z[]", "2024-05-01T08:00:00[+02:00]", "2024-05-01T08:00:00Z[x]"]
    )
    def test_that_is_no_datetime_is_refused(self, stored: str) -> None:
        with pytest.raises(ValidationError, match=r"User\.at cannot be read from"):
            bound(DateTimeField()).decode(stored)

    def test_follows_the_serialized_format_with_four_digits_for_a_year(self) -> None:
        field = DateTimeField(serialized_format="%Y%%Y %m/%d %H:%M%z")
        value = dt.datetime(33, 4, 3, 15, 0, tzinfo=UTC)
        assert field.encode(value) == "0033%Y 04/03 15:00+0000"
        assert field.decode("0033%Y 04/03 15:00+0000") == value
        with pytest.raises(ValidationError, match="must be stored as a datetime in the format"):
            field.decode("2024-05-01")


class TestKeyInAFormat:
    @pytest.mark.parametrize(
        "serialized_format",
        ["%Y", "%Y-%m", "on %Y%m%d", "%Y/%m/%d 100%% %H", "%Y-%m-%dT%H:%M:%S.%f", "%Y-%m-%d %H:%M:%S%z", None],
    )
    @given(one=values.aware_datetimes, other=values.aware_datetimes)
    def test_is_in_the_order_of_time(self, serialized_format: str | None, one: Any, other: Any) -> None:
        field = key(serialized_format=serialized_format)
        field.check_key(is_range=True)
        first, second = sorted([one, other])
        assert field.encode(first) <= field.encode(second)
        assert field.encode(one) == field.encode(one.astimezone(UTC))

    @pytest.mark.parametrize(
        "serialized_format", ["%d/%m/%Y", "%m %Y", "%y%m%d", "%Y-%d-%m", "%Y-%m-%d %I %p", "%Y %B", "%Y%z%m", "", "%c"]
    )
    def test_is_refused_where_its_order_is_another(self, serialized_format: str) -> None:
        with pytest.raises(SchemaError) as caught:
            key(serialized_format=serialized_format).check_key(is_range=True)
        assert str(caught.value) == (
            f"User.at is a key with serialized_format={serialized_format!r}, which does not sort by time:"
            " start with %Y, %m, %d, %H, %M, %S, %f in this order, as far as needed, or leave the format out"
        )

    def test_is_a_rule_for_datetimes_alone(self) -> None:
        others: list[Field[Any]] = [Field(), DateField("%d/%m/%Y"), DateTimeField("%d/%m/%Y")]
        for field in others:
            bound(field).check_key(is_range=True)


class TestText:
    @pytest.mark.parametrize(
        ("text", "value"),
        [
            ("2024-05-01T10:00:00", NAIVE),
            ("2024-05-01 10:00", NAIVE),
            ("20240501T100000", NAIVE),
            ("2024-05-01T10:00:00Z", IN_UTC),
            ("2024-05-01T10:00:00+02:00", AT_PLUS_TWO),
            ("2024-05-01T08:00:00.000000Z[+02:00]", AT_PLUS_TWO),
            ("1 May 2024 10:00 +0200", AT_PLUS_TWO),
            ("05/01/2024 10:00", NAIVE),
            ("Wed, 01 May 2024 10:00:00 GMT", IN_UTC),
        ],
    )
    def test_is_read_as_iso_8601_or_by_dateutil(self, text: str, value: dt.datetime) -> None:
        read: Any = DateTimeField().validate(text)
        assert (read, read.utcoffset()) == (value, value.utcoffset())

    def test_finer_than_microseconds_is_refused_rather_than_cut(self) -> None:
        assert "(it is finer than microseconds); got" in message(DateTimeField(), "1 May 2024 10:00:00.1234567")

    @pytest.mark.parametrize("text", ["10:00", "May 2024", "Friday", "1 May"])
    def test_without_a_full_date_is_refused_rather_than_completed_from_today(self, text: str) -> None:
        assert message(DateTimeField(), text) == (
            f"User.at must be a datetime or the text of one (it lacks the year, month or day); got {text!r}"
        )

    def test_with_a_time_zone_of_unknown_offset_is_refused(self) -> None:
        assert "(its time zone 'EST' is not an offset such as +02:00)" in message(
            DateTimeField(), "1 May 2024 10:00 EST"
        )

    @pytest.mark.parametrize("text", ["", "nonsense", "2024-13-01", "1 May 99999999999"])
    def test_that_is_no_datetime_is_refused(self, text: str) -> None:
        assert message(DateTimeField(), text).startswith("User.at must be a datetime or the text of one (")

    def test_is_read_by_the_first_format_that_fits(self) -> None:
        field = DateTimeField(["%d.%m.%Y", "%d/%m/%Y"])
        assert field.validate("05/01/2024") == dt.datetime(2024, 1, 5)  # noqa: DTZ001 - it has none
        assert field.validate("1 May 2024 10:00") == NAIVE

    def test_is_read_by_one_format_given_as_text(self) -> None:
        assert DateTimeField("%d/%m/%Y %z").validate("05/01/2024 +0000") == dt.datetime(2024, 1, 5, tzinfo=UTC)

    def test_is_read_by_the_parser_where_there_is_one(self) -> None:
        field = DateTimeField(parser=lambda text: NAIVE.replace(day=int(text)))
        assert field.validate("7") == NAIVE.replace(day=7)
        assert "(invalid literal for int()" in message(field, "2024-05-01")

    def test_that_the_parser_makes_no_datetime_of_is_refused(self) -> None:
        parser: Any = len
        assert "(the parser returned 3)" in message(DateTimeField(parser=parser), "abc")


class TestTimeZones:
    def test_allow_takes_both(self) -> None:
        assert [DateTimeField().validate(value) for value in (NAIVE, AT_PLUS_TWO)] == [NAIVE, AT_PLUS_TWO]

    def test_require_refuses_values_without(self) -> None:
        assert DateTimeField(tzd="require").validate(AT_PLUS_TWO) == AT_PLUS_TWO
        assert message(DateTimeField(tzd="require"), NAIVE).startswith(
            "User.at must be a datetime with a time zone; got"
        )

    def test_reject_refuses_values_with(self) -> None:
        assert DateTimeField(tzd="reject").validate(NAIVE) == NAIVE
        assert "a datetime without a time zone; got" in message(DateTimeField(tzd="reject"), IN_UTC)

    def test_utc_takes_values_without_as_utc(self) -> None:
        assert [DateTimeField(tzd="utc").validate(value) for value in (NAIVE, AT_PLUS_TWO)] == [IN_UTC, AT_PLUS_TWO]

    def test_convert_tz_converts_to_utc(self) -> None:
        converted: Any = DateTimeField(convert_tz=True).validate(AT_PLUS_TWO)
        assert (converted, converted.tzinfo) == (AT_PLUS_TWO, UTC)
        assert DateTimeField(convert_tz=True).validate(NAIVE) == NAIVE

    def test_drop_tzinfo_leaves_out_the_time_zone_last(self) -> None:
        assert DateTimeField(drop_tzinfo=True).validate(AT_PLUS_TWO) == NAIVE
        assert DateTimeField(convert_tz=True, drop_tzinfo=True).validate(AT_PLUS_TWO) == NAIVE.replace(hour=8)

    def test_a_value_whose_time_zone_was_dropped_is_valid_still(self) -> None:
        field = DateTimeField(tzd="require", convert_tz=True, drop_tzinfo=True)
        held = field.validate(IN_UTC)
        assert field.validate(held) == held == NAIVE
        assert "with a time zone" in message(field, "2024-05-01T10:00")

    def test_a_time_zone_without_an_offset_is_none(self) -> None:
        held: Any = DateTimeField().validate(NAIVE.replace(tzinfo=Nowhere()))
        assert (held, held.tzinfo) == (NAIVE, None)

    def test_an_instant_outside_of_the_calendar_is_refused(self) -> None:
        value = dt.datetime.min.replace(tzinfo=PLUS_TWO)
        assert "in the years 1 to 9999 of UTC" in message(DateTimeField(), value)


class TestDateTimeField:
    @pytest.mark.parametrize("value", [dt.date(2024, 5, 1), 1714557600, None, b"2024-05-01"])
    def test_nothing_else_is_a_datetime(self, value: Any) -> None:
        assert message(DateTimeField(), value) == f"User.at must be a datetime or the text of one; got {value!r}"

    def test_options_may_be_given_by_position(self) -> None:
        assert DateTimeField(None, None, None, "utc", True, True).validate(AT_PLUS_TWO) == NAIVE.replace(hour=8)  # noqa: FBT003 - as in dynamongo 0.2

    def test_an_unknown_tzd_is_refused_when_declared(self) -> None:
        with pytest.raises(
            SchemaError, match="DateTimeField: tzd must be one of allow, require, utc, reject; got 'never'"
        ):
            DateTimeField(tzd="never")  # type: ignore[call-overload]

    def test_a_callable_default_is_called_for_each_instance(self) -> None:
        calls = iter([NAIVE, IN_UTC])
        field = DateTimeField(default=lambda: next(calls))
        assert [field.default, field.default] == [NAIVE, IN_UTC]

    def test_bounds_are_read_and_parts_are_text(self) -> None:
        field = bound(DateTimeField())
        assert (field >= "1 May 2024") == Comparison(AT, ">=", "2024-05-01T00:00:00.000000")
        assert (field < AT_PLUS_TWO) == Comparison(AT, "<", "2024-05-01T08:00:00.000000")
        assert field.begins_with("2024-05") == BeginsWith(AT, "2024-05")
        with pytest.raises(ValidationError, match="compared with a str"):
            field.begins_with(NAIVE)
        with pytest.raises(ExpressionError, match="stored as S"):
            field.increment(1)


class TestBounds:
    """They compare instants, whatever the offsets of the stored value and of the operand."""

    @pytest.mark.parametrize("field", [bound(DateTimeField()), key()], ids=["attribute", "key"])
    @given(one=values.aware_datetimes, other=values.aware_datetimes, offset=values.offsets)
    def test_are_in_the_order_of_time(
        self, field: Any, one: dt.datetime, other: dt.datetime, offset: dt.timezone
    ) -> None:
        for stored, operand in ((one, other), (one, one.astimezone(offset)), (one.astimezone(UTC), one)):
            item: Item = {"at": field.encode(stored)}
            assert is_met(field < operand, item) == (stored < operand)
            assert is_met(field <= operand, item) == (stored <= operand)
            assert is_met(field > operand, item) == (stored > operand)
            assert is_met(field >= operand, item) == (stored >= operand)
            assert is_met(field.between(operand, operand.astimezone(UTC)), item) == (stored == operand)

    @given(values.naive_datetimes, values.naive_datetimes)
    def test_of_values_without_a_time_zone_are_too(self, stored: dt.datetime, operand: dt.datetime) -> None:
        field = bound(DateTimeField())
        item: Item = {"at": field.encode(stored)}
        for other in (stored, operand):
            assert is_met(field < other, item) == (stored < other)
            assert is_met(field <= other, item) == (stored <= other)
            assert is_met(field > other, item) == (stored > other)
            assert is_met(field >= other, item) == (stored >= other)

    def test_of_between_are_the_instants_themselves_too(self) -> None:
        built = bound(DateTimeField()).between(AT_PLUS_TWO, AT_PLUS_TWO.astimezone(UTC))
        assert built == Between(AT, "2024-05-01T08:00:00.000000", "2024-05-01T08:00:00.000000[")

    def test_follow_the_serialized_format(self) -> None:
        field = bound(DateTimeField(serialized_format="%Y-%m-%d"))
        assert (field <= NAIVE) == Comparison(AT, "<=", "2024-05-01")

    def test_may_be_other_fields(self) -> None:
        assert (bound(DateTimeField()) < DateTimeField().bind("User", Path("to"))) == Comparison(AT, "<", Path("to"))


class TestDateField:
    def test_a_date_is_stored_as_iso_8601(self) -> None:
        assert DateField().encode(dt.date(33, 4, 3)) == "0033-04-03"

    def test_text_is_read_by_a_format_or_as_iso_8601(self) -> None:
        field = DateField("%d/%m/%Y")
        assert [field.validate(text) for text in ("05/01/2024", "2024-01-05")] == [dt.date(2024, 1, 5)] * 2

    def test_a_datetime_is_refused_with_the_fix(self) -> None:
        assert message(DateField(), NAIVE).startswith(
            "User.at must be a date; a datetime would lose its time, so pass its .date(); got datetime"
        )

    @pytest.mark.parametrize("value", ["20240501", "2024-W18-3", "2024-05-01T00:00", "", "1 May 2024", 20240501, None])
    def test_what_is_no_date_is_refused_on_every_python(self, value: Any) -> None:
        assert message(DateField(), value) == f"User.at must be a date or the text of one; got {value!r}"

    def test_a_stored_text_of_another_form_is_refused(self) -> None:
        with pytest.raises(ValidationError, match=r"User\.at cannot be read from '20240501'"):
            bound(DateField()).decode("20240501")

    def test_formats_may_be_many(self) -> None:
        assert DateField(["%Y", "%d.%m.%Y"]).validate("05.01.2024") == dt.date(2024, 1, 5)
