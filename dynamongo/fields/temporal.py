"""Fields that store dates and datetimes as text; those of `dynamongo.fields.durations` store numbers."""

# ruff: noqa: FBT001, FBT002 - dynamongo 0.2 takes the options of DateTimeField by position

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any, Literal, TypeAlias, get_args, overload

from dynamongo.exceptions import SchemaError
from dynamongo.expressions.conditions import Comparator, Operand
from dynamongo.expressions.values import AttributeValue, describe_error
from dynamongo.fields import datetimes
from dynamongo.fields.base import T
from dynamongo.fields.json_forms import JSONSchema, SchemaMode, read_text
from dynamongo.fields.operators import as_operand
from dynamongo.fields.scalars import TextStored

if TYPE_CHECKING:
    from typing_extensions import Unpack

    from dynamongo.fields.options import FieldOptions

TimeZones: TypeAlias = Literal["allow", "require", "utc", "reject"]


class DateTimeField(TextStored[T]):
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
        options: The arguments of every field.
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
            **options: Unpack[FieldOptions],
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
            **options: Unpack[FieldOptions],
        ) -> None: ...

    def __init__(  # noqa: PLR0913, PLR0917 - dynamongo 0.2 has them so
        self: Any,
        formats: str | Iterable[str] | None = None,
        serialized_format: str | None = None,
        parser: Callable[[str], dt.datetime] | None = None,
        tzd: Any = "allow",
        convert_tz: bool = False,
        drop_tzinfo: bool = False,
        **options: Any,
    ) -> None:
        super().__init__(**options)
        if not isinstance(tzd, str) or tzd not in get_args(TimeZones):
            raise SchemaError(f"{self.label}: tzd must be one of {', '.join(get_args(TimeZones))}; got {tzd!r}")
        self.formats = _list_formats(formats)
        self.serialized_format = serialized_format
        self.parser = parser
        self.tzd: TimeZones = tzd
        self.convert_tz = convert_tz
        self.drop_tzinfo = drop_tzinfo
        self._takes_all = tzd == "allow" and not convert_tz and not drop_tzinfo

    def convert(self, value: Any) -> Any:
        if isinstance(value, dt.datetime):
            dropped = self.drop_tzinfo and value.tzinfo is None  # the form of values that the field converted
            return value if dropped else self._settle_time_zone(value)
        if not isinstance(value, str):
            self.reject(value, "a datetime or the text of one")
        try:
            parsed = datetimes.parse(value, self.formats, self.parser)
        except ValueError as error:
            self.reject(value, f"a datetime or the text of one ({describe_error(error)})", cause=error)
        return self._settle_time_zone(parsed)

    def to_json(self, value: Any) -> Any:
        return value.isoformat()

    def from_json(self, value: Any) -> Any:
        # Not by `formats` and `parser`: in JSON, dates have one form.
        return read_text(self, value, datetimes.parse_iso, "a datetime as ISO 8601 text, such as 2024-05-01T10:00:00Z")

    def json_schema(self, mode: SchemaMode) -> JSONSchema:
        return {**super().json_schema(mode), "format": "date-time"}

    def _settle_time_zone(self, value: dt.datetime) -> dt.datetime:
        if value.utcoffset() is None:
            if self.tzd == "require":
                self.reject(value, "a datetime with a time zone")
            value = value.replace(tzinfo=dt.timezone.utc if self.tzd == "utc" else None)
        elif self.tzd == "reject":
            self.reject(value, "a datetime without a time zone")
        if value.tzinfo is None or (value.tzinfo is dt.timezone.utc and not self.drop_tzinfo):
            return value
        in_utc = self._to_utc(value)  # always, to refuse a time that is not in the years 1 to 9999 of UTC
        settled = in_utc if self.convert_tz else value
        return settled.replace(tzinfo=None) if self.drop_tzinfo else settled

    def _to_utc(self, value: dt.datetime) -> dt.datetime:
        try:
            return value.astimezone(dt.timezone.utc)
        except OverflowError as error:
            self.reject(value, "a datetime in the years 1 to 9999 of UTC", cause=error)

    def check_key(self) -> None:
        if self.serialized_format is not None and not datetimes.is_in_order(self.serialized_format):
            raise SchemaError(
                f"{self.label} is a key with serialized_format={self.serialized_format!r}, which does not sort by time:"
                " start with %Y, %m, %d, %H, %M, %S, %f in this order, as far as needed, or leave the format out"
            )

    def encode(self, value: Any) -> AttributeValue:
        if self.serialized_format is not None:
            is_in_utc = self.keeps_order or self._stores_utc
            shown = self._to_utc(value) if is_in_utc and value.tzinfo is not None else value
            return datetimes.format_as(shown, self.serialized_format)
        return datetimes.format_iso(value, with_offset=not self.keeps_order)

    def encode_bound(self, value: Any, operator: Comparator) -> Operand:
        operand = as_operand(value)
        if operand is not None:
            return operand
        converted = self.convert(value)
        if self.serialized_format is not None or "encode" in self.overridden:
            return self.encode(converted)
        # A bound sorts beside all texts of its instant: `<=` and `>` need one after them, `<` and `>=` one before them.
        return datetimes.format_bound(converted, is_after=operator in ("<=", ">"))

    def parse(self, text: str) -> Any:
        if self.serialized_format is None:
            value = datetimes.parse_iso(text)
            # In the first and the last year, a conversion to UTC could leave the range of `datetime`.
            return value if self._takes_all and 1 < value.year < 9999 else self._settle_stored(value)
        value = datetimes.parse_as(text, self.serialized_format)
        if self._stores_utc and value.tzinfo is None:
            value = value.replace(tzinfo=dt.timezone.utc)
        return self._settle_stored(value)

    def _settle_stored(self, value: dt.datetime) -> dt.datetime:
        return value if self.drop_tzinfo and value.tzinfo is None else self._settle_time_zone(value)

    @property
    def _stores_utc(self) -> bool:
        """Whether the stored text lacks the offset of values that have one, so that it has to be the time in UTC."""
        has_offset = self.serialized_format is None or "%z" in self.serialized_format
        return not has_offset and self.tzd in ("require", "utc") and not self.drop_tzinfo


class DateField(TextStored[T]):
    """A date without a time of day: takes a `date`, or text in one of `formats` or in ISO 8601 (`2024-05-01`).

    A `datetime` is refused, since its time would be lost: take its `.date()`. Stored as ISO 8601 text, which sorts by
    time.

    Args:
        formats: One or several formats of `strptime` for text that is given.
        options: The arguments of every field.
    """

    if TYPE_CHECKING:

        @overload
        def __init__(
            self: DateField[dt.date],
            formats: str | Iterable[str] | None = ...,
            *,
            required: Literal[True],
            **options: Unpack[FieldOptions],
        ) -> None: ...
        @overload
        def __init__(
            self: DateField[dt.date | None],
            formats: str | Iterable[str] | None = ...,
            *,
            required: bool = ...,
            **options: Unpack[FieldOptions],
        ) -> None: ...

    def __init__(self: Any, formats: str | Iterable[str] | None = None, **options: Any) -> None:
        super().__init__(**options)
        self.formats = _list_formats(formats)

    def convert(self, value: Any) -> Any:
        if isinstance(value, dt.datetime):
            self.reject(value, "a date; a datetime would lose its time, so pass its .date()")
        if isinstance(value, dt.date):
            return value
        if not isinstance(value, str):
            self.reject(value, "a date or the text of one")
        parsed = datetimes.parse_by(value, self.formats)
        try:
            return _parse_date(value) if parsed is None else parsed.date()
        except ValueError as error:
            self.reject(value, "a date or the text of one", cause=error)

    def to_json(self, value: Any) -> Any:
        return value.isoformat()

    def from_json(self, value: Any) -> Any:
        return read_text(self, value, _parse_date, "a date as ISO 8601 text, such as 2024-05-01")

    def json_schema(self, mode: SchemaMode) -> JSONSchema:
        return {**super().json_schema(mode), "format": "date"}

    def encode(self, value: Any) -> Any:
        return value.isoformat()

    def parse(self, text: str) -> Any:
        return _parse_date(text)


def _list_formats(formats: str | Iterable[str] | None) -> tuple[str, ...]:
    return () if formats is None else (formats,) if isinstance(formats, str) else tuple(formats)


def _parse_date(text: str) -> dt.date:
    """Parse `YYYY-MM-DD`; `fromisoformat` of Python 3.11 accepts other forms, too."""
    date = dt.date.fromisoformat(text)
    if date.isoformat() != text:
        raise ValueError(f"{text!r} does not have the form YYYY-MM-DD")
    return date
