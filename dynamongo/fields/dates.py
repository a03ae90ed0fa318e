"""Fields that store dates, as text or as a number of days."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any, Literal, overload

from dynamongo._support.lazy_imports import LazyModule
from dynamongo.expressions.numbers import Number
from dynamongo.fields import datetimes
from dynamongo.fields.auto_times import AutoTime
from dynamongo.fields.json_forms import JSONSchema, SchemaMode, read_text
from dynamongo.fields.scalars import TextStored
from dynamongo.fields.type_parameters import T

if TYPE_CHECKING:
    from typing_extensions import Unpack

    from dynamongo.fields import datetime_formats
    from dynamongo.fields.options import TimeOptions
else:  # most models have no formats
    datetime_formats = LazyModule("dynamongo.fields.datetime_formats")


class DateField(AutoTime[T, dt.date | str, Literal["S"]], TextStored[T, dt.date | str]):
    """A date without a time of day: takes a `date`, or text in one of `formats` or in ISO 8601 (`2024-05-01`).

    A `datetime` is refused, since its time would be lost: take its `.date()`. Stored as ISO 8601 text, which sorts by
    time.

    Args:
        formats: One or several formats of `strptime` for text that is given.
        format: How other programs store it: a format of `strftime`, such as `"%Y%m%d"`, or `"epoch-days"`, the number
            of days since 1970-01-01. Unless the format begins with year, month and day, in this order, the texts do
            not sort, so that the field cannot be a range key or be compared by `<`.
        options: The arguments of every field.
    """

    can_expire_items = False

    if TYPE_CHECKING:

        @overload
        def __init__(
            self: DateField[dt.date],
            formats: str | Iterable[str] | None = ...,
            *,
            required: Literal[True],
            format: str | None = ...,
            **options: Unpack[TimeOptions[dt.date, dt.date | str]],
        ) -> None: ...
        @overload
        def __init__(
            self: DateField[dt.date | None],
            formats: str | Iterable[str] | None = ...,
            *,
            required: bool = ...,
            format: str | None = ...,
            **options: Unpack[TimeOptions[dt.date, dt.date | str]],
        ) -> None: ...

    def __init__(self: Any, formats: str | Iterable[str] | None = None, *, format: Any = None, **options: Any) -> None:
        super().__init__(**options)
        self.formats = datetimes.list_formats(formats)
        if isinstance(format, str) and "%" in format:
            self.take_format(format, datetime_formats.make_pattern(self.label, format))
        elif format is not None:
            self.declare_format(format, datetime_formats.DATES)

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
        del mode
        return {"type": "string", "format": "date"}

    def encode(self, value: Any) -> Any:
        return value.isoformat() if self.stored_format is None else self.stored_format.encode(value)

    def value_at(self, instant: dt.datetime) -> Any:
        return self.validate(instant.date())

    def encode_amount(self, value: Any) -> Number:
        """Return the number of days: that of a `timedelta`, or the number itself."""
        days = value.days if isinstance(value, dt.timedelta) and value == dt.timedelta(value.days) else value
        return days if type(days) is int else self.reject(value, "changed by a whole number of days or a timedelta")

    @property
    def stored_range(self) -> tuple[Number | None, Number | None]:
        return datetime_formats.DAYS if self.stored_type == "N" else super().stored_range

    def parse(self, text: str) -> Any:
        # Only a number can be told from the field's own form; two texts might mean two dates.
        return (
            _parse_date(text) if self.stored_type == "N" or self.stored_format is None else self.decode_other(text, "")
        )


def _parse_date(text: str) -> dt.date:
    """Parse `YYYY-MM-DD`; `fromisoformat` of Python 3.11 accepts other forms, too."""
    date = dt.date.fromisoformat(text)
    if date.isoformat() != text:
        raise ValueError(f"{text!r} does not have the form YYYY-MM-DD")
    return date
