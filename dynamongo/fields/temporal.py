"""`DateTimeField`: a date with a time of day, stored as text, or as a number if its format says so."""

# ruff: noqa: FBT001, FBT002 - dynamongo 0.2 takes the options of DateTimeField by position

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any, Literal, TypeAlias, get_args, overload

from dynamongo._support.lazy_imports import LazyModule
from dynamongo.exceptions import SchemaError
from dynamongo.expressions.conditions import Comparator, Operand
from dynamongo.expressions.numbers import Number
from dynamongo.expressions.values import AttributeValue, describe_error
from dynamongo.fields import datetimes
from dynamongo.fields.auto_times import AutoTime
from dynamongo.fields.json_forms import JSONSchema, SchemaMode, read_text
from dynamongo.fields.operands import as_operand
from dynamongo.fields.scalars import TextStored
from dynamongo.fields.type_parameters import T

if TYPE_CHECKING:
    from typing_extensions import Unpack

    from dynamongo.fields import datetime_formats
    from dynamongo.fields.datetime_formats import Timespec
    from dynamongo.fields.options import TimeOptions
else:  # most models have no formats
    datetime_formats = LazyModule("dynamongo.fields.datetime_formats")

TimeZones: TypeAlias = Literal["allow", "require", "utc", "reject"]


class DateTimeField(AutoTime[T, dt.datetime | str, Literal["S"]], TextStored[T, dt.datetime | str]):
    """A date with a time of day: takes a `datetime`, or text.

    Text is parsed by the first of `formats` that fits, then by `parser` if there is one, else as ISO 8601, then by
    dateutil, which must find a full date (it takes the month before the day in `05/01/2024`).

    Stored as ISO 8601 text of fixed width that sorts by time::

        2024-05-01T10:00:00.000000                  without a time zone
        2024-05-01T08:00:00.000000+00:00            in UTC
        2024-05-01T08:00:00.000000Z[+02:00]         at another offset: the time in UTC, then the offset (RFC 9557)

    So an offset is kept. It also gives one instant several texts, which `==` and `in_` distinguish, unlike `<`, `<=`,
    `>`, `>=` and `between`: set `convert_tz=True` to compare only instants. A key is stored in UTC without the offset,
    so that one instant is one key. If a field holds values both with and without a time zone, those without sort as if
    they were in UTC.

    Args:
        formats: One or several formats of `strptime` for text that is given.
        serialized_format: The format of `strftime` in which values are stored. Parts that it leaves out are lost, and
            so is the order unless it begins with the year; that of a key must begin with year, month, day and so on.
            If it leaves out the offset (`%z`), `tzd="require"` and `"utc"` store and read the time in UTC.
        parser: A function from text to `datetime`, which raises `ValueError` for text that it cannot parse.
        tzd: Whether values have a time zone: `"allow"` both, `"require"` one, `"utc"` to take values without one as
            UTC, or `"reject"` to refuse values with one.
        convert_tz: Whether values with a time zone are converted to UTC.
        drop_tzinfo: Whether the time zone is then dropped. A `datetime` without one is then taken as it is.
        format: The form in which other programs store the values. A format of `strftime` is the same as
            `serialized_format`; the others are::

                iso-z        2024-05-01T08:00:00.000Z             JavaScript, AppSync
                pynamodb     2024-05-01T08:00:00.000000+0000      PynamoDB
                isoformat    2024-05-01T10:00:00+02:00            Python: what `isoformat` of the `datetime` returns
                str          2024-05-01 10:00:00+02:00            Python: `str` of the `datetime`
                epoch        1714550400                           a number of seconds
                epoch-ms     1714550400000                        a number of milliseconds

            All but those of Python hold values in UTC, to which those given are converted. A value without a time zone
            is refused, unless `tzd="utc"` takes it as UTC; with `drop_tzinfo=True` all values are without one, in UTC.
            Other texts in ISO 8601 are read as well.
        timespec: How much of the time is stored: `"seconds"`, `"milliseconds"`, `"microseconds"`, or `"auto"` (no
            fraction if it is zero, else microseconds; then the texts of `"iso-z"` do not sort). By default that of
            the examples, and `"auto"` for those of Python.
        truncate: Whether values finer than `timespec` are cut. By default they are refused.
        options: The arguments of every field.

    >>> at = dt.datetime(2024, 5, 1, 8, tzinfo=dt.timezone.utc)
    >>> DateTimeField(format="iso-z").encode(at), DateTimeField(format="epoch").encode(at)
    ('2024-05-01T08:00:00.000Z', 1714550400)
    """

    if TYPE_CHECKING:

        @overload
        def __init__(
            self: DateTimeField[dt.datetime],
            formats: str | Iterable[str] | None = ...,
            serialized_format: str | None = ...,
            parser: Callable[[str], dt.datetime] | None = ...,
            tzd: TimeZones = ...,
            convert_tz: bool = ...,
            drop_tzinfo: bool = ...,
            *,
            required: Literal[True],
            format: str | None = ...,
            timespec: Timespec | None = ...,
            truncate: bool = ...,
            **options: Unpack[TimeOptions[dt.datetime, dt.datetime | str]],
        ) -> None: ...
        @overload
        def __init__(
            self: DateTimeField[dt.datetime | None],
            formats: str | Iterable[str] | None = ...,
            serialized_format: str | None = ...,
            parser: Callable[[str], dt.datetime] | None = ...,
            tzd: TimeZones = ...,
            convert_tz: bool = ...,
            drop_tzinfo: bool = ...,
            *,
            required: bool = ...,
            format: str | None = ...,
            timespec: Timespec | None = ...,
            truncate: bool = ...,
            **options: Unpack[TimeOptions[dt.datetime, dt.datetime | str]],
        ) -> None: ...

    def __init__(  # noqa: PLR0913, PLR0917 - dynamongo 0.2 has them so
        self: Any,
        formats: str | Iterable[str] | None = None,
        serialized_format: str | None = None,
        parser: Callable[[str], dt.datetime] | None = None,
        tzd: Any = "allow",
        convert_tz: bool = False,
        drop_tzinfo: bool = False,
        *,
        format: str | None = None,
        timespec: Any = None,
        truncate: bool = False,
        **options: Any,
    ) -> None:
        super().__init__(**options)
        if not isinstance(tzd, str) or tzd not in get_args(TimeZones):
            raise SchemaError(f"{self.label}: tzd must be one of {', '.join(get_args(TimeZones))}; got {tzd!r}")
        self.formats = datetimes.list_formats(formats)
        self.serialized_format = serialized_format
        self.parser = parser
        self.tzd: TimeZones = tzd
        self.convert_tz = convert_tz
        self.drop_tzinfo = drop_tzinfo
        self._declare_format(format, timespec, truncate=truncate)
        self._takes_all = tzd == "allow" and not convert_tz and not drop_tzinfo

    def _declare_format(self, format_: Any, timespec: Any, *, truncate: bool) -> None:
        self.truncate = truncate
        self.can_expire_items = format_ == "epoch"
        if isinstance(format_, str) and "%" in format_ and self.serialized_format in (None, format_):
            self.serialized_format = datetime_formats.check_pattern(self.label, format_)
        elif format_ is not None:
            is_alone = self.serialized_format is None
            self.timespec = datetime_formats.choose_timespec(self.label, format_, timespec, is_alone=is_alone)
            self.take_format(format_, datetime_formats.make_format(format_, self.timespec, is_naive=self.drop_tzinfo))
            self._declare_zone(format_)
            return
        if timespec is not None or truncate:
            raise SchemaError(f"{self.label}: timespec and truncate need a format such as 'iso-z' or 'epoch'")

    def _declare_zone(self, format_: str) -> None:
        """Hold values in UTC if that is what the format stores."""
        if format_ in datetime_formats.OF_PYTHON:
            if not (self.convert_tz or self.drop_tzinfo or self.tzd == "reject"):
                self.unsorted = "declare convert_tz=True, so that all values are stored in UTC"
            return
        if self.tzd == "reject" and not self.drop_tzinfo:
            raise SchemaError(
                f"{self.label}: format={format_!r} stores UTC, so tzd='reject' would refuse what is read; declare"
                " drop_tzinfo=True to hold datetimes without a time zone, in UTC"
            )
        self.convert_tz = True
        if self.tzd == "allow" and not self.drop_tzinfo:
            self.tzd = "require"

    def convert(self, value: Any) -> Any:
        if isinstance(value, dt.datetime):
            dropped = self.drop_tzinfo and value.tzinfo is None  # the form of values that the field converted
            settled = value if dropped else self._settle_time_zone(value)
        else:
            settled = self._settle_time_zone(self._parse_given(value))
        return settled if self.stored_format is None else self._fit(settled)

    def _parse_given(self, value: Any) -> dt.datetime:
        if not isinstance(value, str):
            self.reject(value, "a datetime or the text of one")
        try:
            return datetimes.parse(value, self.formats, self.parser)
        except ValueError as error:
            self.reject(value, f"a datetime or the text of one ({describe_error(error)})", cause=error)

    def _convert_bound(self, value: Any) -> dt.datetime:
        """Convert a value that may be finer than what the format stores."""
        if isinstance(value, dt.datetime):
            return self._settle_stored(value)
        return self._settle_time_zone(self._parse_given(value))

    def to_json(self, value: Any) -> Any:
        return value.isoformat()

    def from_json(self, value: Any) -> Any:
        # Not by `formats` and `parser`: in JSON, dates have one form.
        return read_text(self, value, datetimes.parse_iso, "a datetime as ISO 8601 text, such as 2024-05-01T10:00:00Z")

    def json_schema(self, mode: SchemaMode) -> JSONSchema:
        del mode
        return {"type": "string", "format": "date-time"}

    def _fit(self, value: dt.datetime, expected: str = "") -> dt.datetime:
        """Return a value without what is finer than the format stores, if it may be cut."""
        rest = value.microsecond % self.quantum
        if not rest:
            return value
        if self.truncate or self.is_expiry:
            return value.replace(microsecond=value.microsecond - rest)
        step = "seconds" if self.quantum == datetime_formats.QUANTA["seconds"] else "milliseconds"
        self.reject(
            value,
            f"{expected}a datetime of whole {step}, which is all that format={self.format!r} stores; declare"
            " truncate=True to cut the rest, or another timespec to store it",
        )

    @property
    def quantum(self) -> int:
        """The microseconds of the smallest step that the format stores; 1 without a format."""
        # DynamoDB ignores times of expiry with a fraction.
        if self.stored_format is None:
            return 1
        return datetime_formats.QUANTA["seconds" if self.is_expiry else self.timespec]

    def _settle_time_zone(self, value: dt.datetime) -> dt.datetime:
        if value.utcoffset() is None:
            if self.tzd == "require":
                self.reject(value, f"a datetime with a time zone{self._zone_fix}")
            value = value.replace(tzinfo=dt.timezone.utc if self.tzd == "utc" else None)
        elif self.tzd == "reject":
            self.reject(value, "a datetime without a time zone")
        if value.tzinfo is None or (value.tzinfo is dt.timezone.utc and not self.drop_tzinfo):
            return value
        in_utc = self._to_utc(value)  # always, to refuse a time that is not in the years 1 to 9999 of UTC
        settled = in_utc if self.convert_tz else value
        return settled.replace(tzinfo=None) if self.drop_tzinfo else settled

    def value_at(self, instant: dt.datetime) -> Any:
        rest = instant.microsecond % self.quantum
        whole = instant.replace(microsecond=instant.microsecond - rest) if rest else instant
        is_naive = self.tzd == "reject" and not self.drop_tzinfo
        return self.validate(whole.replace(tzinfo=None) if is_naive else whole)

    def _to_utc(self, value: dt.datetime) -> dt.datetime:
        try:
            return value.astimezone(dt.timezone.utc)
        except OverflowError as error:
            self.reject(value, "a datetime in the years 1 to 9999 of UTC", cause=error)

    @property
    def _zone_fix(self) -> str:
        if self.stored_format is None:
            return ""
        return f", since format={self.format!r} stores UTC; declare tzd='utc' to take others as UTC"

    def check_key(self, *, is_range: bool) -> None:
        if self.format not in datetime_formats.OF_PYTHON:  # a key is stored in UTC
            super().check_key(is_range=is_range)
        if self.serialized_format is not None and not datetimes.is_in_order(self.serialized_format):
            raise SchemaError(
                f"{self.label} is a key with serialized_format={self.serialized_format!r}, which does not sort by time:"
                " start with %Y, %m, %d, %H, %M, %S, %f in this order, as far as needed, or leave the format out"
            )

    def encode(self, value: Any) -> AttributeValue:
        if self.stored_format is not None:
            in_utc = self._to_utc(value) if self.keeps_order and value.tzinfo is not None else value
            return self.stored_format.encode(in_utc)
        if self.serialized_format is not None:
            is_in_utc = self.keeps_order or self._stores_utc
            shown = self._to_utc(value) if is_in_utc and value.tzinfo is not None else value
            return datetimes.format_as(shown, self.serialized_format)
        return datetimes.format_iso(value, with_offset=not self.keeps_order)

    def encode_bound(self, value: Any, operator: Comparator) -> Operand:
        if self.stored_format is not None:
            return self._encode_formatted_bound(value, operator)
        operand = as_operand(value)
        if operand is not None:
            return operand
        converted = self.convert(value)
        if self.serialized_format is not None or "encode" in self.overridden:
            return self.encode(converted)
        # A bound sorts beside all texts of its instant: `<=` and `>` need one after them, `<` and `>=` one before them.
        return datetimes.format_bound(converted, is_after=operator in ("<=", ">"))

    def _encode_formatted_bound(self, value: Any, operator: Comparator) -> Operand:
        operand = as_operand(value)
        if self.unsorted and not (self.format in datetime_formats.OF_PYTHON and self.keeps_order):
            start = None if operand is not None else self._convert_bound(value)
            if self.format != "iso-z" or start is None or start.microsecond or operator not in ("<", ">="):
                self.refuse_bounds()
            return datetime_formats.format_second(start)  # sorts before all texts of that second
        if operand is not None:
            return operand
        instant = self._convert_bound(value)
        encoded = self.encode(instant)
        # A number tells the whole bound. A text that was cut sorts after that of the same step, and before the next.
        return f"{encoded}~" if instant.microsecond % self.quantum and type(encoded) is str else encoded

    def decode_other(self, stored: AttributeValue, expected: str) -> Any:
        return self._fit(self._settle_stored(super().decode_other(stored, expected)), "stored as ")

    def parse(self, text: str) -> Any:
        if self.stored_format is not None:
            read: Any = self.stored_format.decode(text)
            settled = self._settle_stored(datetimes.parse_iso(datetime_formats.with_t(text)) if read is None else read)
            return self._fit(settled, "stored as ")
        if self.serialized_format is None:
            value = datetimes.parse_iso(text)
            # In the first and the last year, a conversion to UTC could leave the range of `datetime`.
            return value if self._takes_all and 1 < value.year < 9999 else self._settle_stored(value)
        try:
            value = datetimes.parse_as(text, self.serialized_format)
        except ValueError as error:
            self.reject(text, f"stored as a datetime in the format {self.serialized_format!r}", cause=error)
        if self._stores_utc and value.tzinfo is None:
            value = value.replace(tzinfo=dt.timezone.utc)
        return self._settle_stored(value)

    def _settle_stored(self, value: dt.datetime) -> dt.datetime:
        return value if self.drop_tzinfo and value.tzinfo is None else self._settle_time_zone(value)

    def encode_amount(self, value: Any) -> Number:
        """Return the amount of a sum: a `timedelta`, or a number of the units that the format counts."""
        if self.stored_format is None:
            return super().encode_amount(value)
        try:
            return datetime_formats.to_amount(value, self.format, self.quantum)
        except (OverflowError, ValueError) as error:
            self.reject(value, f"changed by a timedelta or a number ({describe_error(error)})", cause=error)

    @property
    def stored_range(self) -> tuple[Number | None, Number | None]:
        if self.stored_format is None or self.stored_type != "N":
            return super().stored_range
        return datetime_formats.find_range(self.format, self.quantum)

    @property
    def _stores_utc(self) -> bool:
        """Whether the stored text lacks the offset of values that have one, so that it has to be the time in UTC."""
        has_offset = self.serialized_format is None or "%z" in self.serialized_format
        return not has_offset and self.tzd in ("require", "utc") and not self.drop_tzinfo
