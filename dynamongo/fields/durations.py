"""Fields that store durations and points in time as numbers."""

from __future__ import annotations

import copy
import datetime as dt
from decimal import Decimal
from typing import TYPE_CHECKING, Any, Literal, TypeAlias, cast, overload

from dynamongo._support.lazy_imports import LazyModule
from dynamongo.exceptions import SchemaError
from dynamongo.expressions.conditions import Comparator, Operand
from dynamongo.expressions.numbers import Number, negate, subtract_numbers
from dynamongo.expressions.values import describe_error
from dynamongo.fields.auto_times import AutoTime
from dynamongo.fields.datetimes import EPOCH, FIRST, LAST, SECONDS, parse_iso, to_duration, to_number
from dynamongo.fields.json_forms import JSONSchema, SchemaMode, read_text
from dynamongo.fields.scalars import NumberStored
from dynamongo.fields.type_parameters import T

if TYPE_CHECKING:
    from typing_extensions import Unpack

    from dynamongo.fields import iso_durations
    from dynamongo.fields.options import FieldOptions, TimeOptions

    Instant: TypeAlias = dt.datetime | float | Decimal
else:  # only JSON has them as text
    iso_durations = LazyModule("dynamongo.fields.iso_durations")

Precision: TypeAlias = Literal["days", "hours", "minutes", "seconds", "milliseconds", "microseconds"]

_UNITS = {
    "days": dt.timedelta(days=1),
    "hours": dt.timedelta(hours=1),
    "minutes": dt.timedelta(minutes=1),
    "seconds": dt.timedelta(seconds=1),
    "milliseconds": dt.timedelta(milliseconds=1),
    "microseconds": dt.timedelta(microseconds=1),
}
_TAKEN = "a datetime with a time zone, or a number of seconds"
_ISO_TEXT = "a datetime as ISO 8601 text with a time zone, such as 2024-05-01T10:00:00Z"


class TimedeltaField(NumberStored[T, dt.timedelta]):
    """A duration: takes a `timedelta`. Stored as a whole number of the unit that `precision` names.

    A duration that is not a whole number of units is refused, never rounded. Updates take a `timedelta`, too:
    `Song.played.increment(timedelta(minutes=3))`.

    Args:
        precision: `"days"`, `"hours"`, `"minutes"`, `"seconds"`, `"milliseconds"` or `"microseconds"`.
        options: The arguments of every field.

    >>> TimedeltaField("minutes").encode(dt.timedelta(hours=2))
    120
    """

    can_expire_items = False
    stores_whole = True
    reads_one_form = True

    if TYPE_CHECKING:

        @overload
        def __init__(
            self: TimedeltaField[dt.timedelta],
            precision: Precision = ...,
            *,
            required: Literal[True],
            **options: Unpack[FieldOptions[dt.timedelta, dt.timedelta]],
        ) -> None: ...
        @overload
        def __init__(
            self: TimedeltaField[dt.timedelta | None],
            precision: Precision = ...,
            *,
            required: bool = ...,
            **options: Unpack[FieldOptions[dt.timedelta, dt.timedelta]],
        ) -> None: ...

    def __init__(self: Any, precision: Any = "seconds", **options: Any) -> None:
        super().__init__(**options)
        if not isinstance(precision, str) or precision not in _UNITS:
            raise SchemaError(f"{self.label}: precision must be one of {', '.join(_UNITS)}; got {precision!r}")
        self.precision: Precision = precision
        self._unit = _UNITS[precision]

    def convert(self, value: Any) -> Any:
        if not isinstance(value, dt.timedelta):
            self.reject(value, "a timedelta")
        if value % self._unit:
            self.reject(value, f"a timedelta of whole {self.precision}")
        return value

    def to_json(self, value: Any) -> Any:
        return iso_durations.format_duration(value)

    def from_json(self, value: Any) -> Any:
        return read_text(self, value, iso_durations.parse_duration, "a duration as ISO 8601 text, such as P1DT2H3M4.5S")

    def json_schema(self, mode: SchemaMode) -> JSONSchema:
        del mode
        return {"type": "string", "format": "duration"}

    @property
    def stored_range(self) -> tuple[Number, Number]:
        return -(-dt.timedelta.min // self._unit), dt.timedelta.max // self._unit  # `-(-a // b)` rounds up

    def encode_number(self, value: Any) -> Any:
        return value // self._unit

    def decode_number(self, number: Number) -> Any:
        if type(number) is not int:
            self.reject(number, f"stored as a whole number of {self.precision}")
        try:
            return number * self._unit
        except OverflowError as error:
            self.reject(number, f"stored as a number of {self.precision} that a timedelta holds", cause=error)


class TimestampField(
    AutoTime[T, "Instant", Literal["N"]], NumberStored[T, "Instant", "dt.timedelta | float | Decimal"]
):
    """A point in time: holds a `datetime` in UTC. Stored as the number of seconds since 1970, with a fraction.

    Takes a `datetime` with a time zone, or the number of seconds since the epoch: an `int`, a `Decimal` of whole
    microseconds, or a `float` (such as `time.time()`), which is rounded to the microsecond. Updates take a `timedelta`
    or a number of seconds. The numbers sort by time, and each instant has one number.

    >>> TimestampField().encode(dt.datetime(2024, 5, 1, microsecond=500_000, tzinfo=dt.timezone.utc))
    Decimal('1714521600.5')
    """

    if TYPE_CHECKING:

        @overload
        def __init__(
            self: TimestampField[dt.datetime],
            *,
            required: Literal[True],
            **options: Unpack[TimeOptions[dt.datetime, Instant]],
        ) -> None: ...
        @overload
        def __init__(
            self: TimestampField[dt.datetime | None],
            *,
            required: bool = ...,
            **options: Unpack[TimeOptions[dt.datetime, Instant]],
        ) -> None: ...
        def __init__(self: Any, **options: Any) -> None: ...

    def convert(self, value: Any) -> Any:
        if not isinstance(value, dt.datetime):
            return self._settle(self._after_epoch(self._to_duration(value, _TAKEN), value))
        if value.utcoffset() is None:
            self.reject(value, "a datetime with a time zone, such as datetime.now(timezone.utc)")
        try:
            instant = value.astimezone(dt.timezone.utc)
        except OverflowError as error:
            self.reject(value, "a datetime in the years 1 to 9999 of UTC", cause=error)
        return self._settle(instant) if self.is_expiry else instant

    def to_json(self, value: Any) -> Any:
        return value.isoformat()

    def from_json(self, value: Any) -> Any:
        if isinstance(value, (int, float, Decimal)):
            self.reject(value, _ISO_TEXT)
        return read_text(self, value, parse_iso, _ISO_TEXT)

    def json_schema(self, mode: SchemaMode) -> JSONSchema:
        del mode
        return {"type": "string", "format": "date-time"}

    def encode_number(self, value: Any) -> Number:
        return to_number(value - EPOCH, SECONDS)

    def decode_number(self, number: Number) -> Any:
        instant = self._after_epoch(self._to_duration(number, "stored as a number of seconds"), number)
        return self._settle(instant) if self.is_expiry else instant

    def _settle(self, value: dt.datetime) -> dt.datetime:
        """Cut the value to whole seconds if items expire by it: DynamoDB ignores times with a fraction."""
        return value.replace(microsecond=0) if self.is_expiry else value

    def encode_bound(self, value: Any, operator: Comparator) -> Operand:
        if not self.is_expiry:
            return super().encode_bound(value, operator)
        # Stored times are cut to whole seconds, bounds must not be: `until < 10.5` includes an item of second 10.
        exact = copy.copy(self)
        exact.is_expiry = False
        return exact.encode_bound(value, operator)

    def encode_amount(self, value: Any) -> Number:
        is_duration = isinstance(value, dt.timedelta)
        duration = value if is_duration else self._to_duration(value, "changed by a timedelta or a number of seconds")
        if not is_duration and abs(duration) > LAST - FIRST:
            self.reject(value, "changed by a timedelta or a number of seconds; divide milliseconds by 1000")
        if "encode" not in self.overridden:
            return to_number(duration, SECONDS)
        # A custom field may store another unit, so the amount is the distance of two instants as it stores them.
        amount = subtract_numbers(self._encode_instant(EPOCH + abs(duration)), self._encode_instant(EPOCH))
        return amount if duration >= dt.timedelta(0) else negate(amount)

    @property
    def stored_range(self) -> tuple[Number | None, Number | None]:
        return self._encode_instant(FIRST), self._encode_instant(self._settle(LAST))

    def _encode_instant(self, value: Any) -> Number:
        return cast("Number", self.encode(value))

    def _after_epoch(self, since_epoch: dt.timedelta, given: Any) -> dt.datetime:
        try:
            return EPOCH + since_epoch
        except OverflowError as error:
            self.reject(
                given, "in the years 1 to 9999; a number counts seconds since 1970, not milliseconds", cause=error
            )

    def _to_duration(self, seconds: Any, expected: str) -> dt.timedelta:
        if isinstance(seconds, bool) or not isinstance(seconds, (int, float, Decimal)):
            fix = "; for a time from now, write datetime.now(timezone.utc) + timedelta(...)"
            self.reject(seconds, expected + fix if isinstance(seconds, dt.timedelta) else expected)
        try:
            return to_duration(seconds, SECONDS) if isinstance(seconds, Decimal) else dt.timedelta(seconds=seconds)
        except (OverflowError, ValueError) as error:
            self.reject(seconds, f"{expected} ({describe_error(error)})", cause=error)
