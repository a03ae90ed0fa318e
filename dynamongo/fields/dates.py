"""Fields that store dates, as text or as a number of days."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any, Literal, overload

from dynamongo.exceptions import SchemaError
from dynamongo.expressions.values import AttributeValue
from dynamongo.fields import datetimes
from dynamongo.fields.base import T
from dynamongo.fields.formats import Format
from dynamongo.fields.json_forms import JSONSchema, SchemaMode, read_text
from dynamongo.fields.scalars import TextStored

if TYPE_CHECKING:
    from typing_extensions import Unpack

    from dynamongo.fields.options import FieldOptions


class DateField(TextStored[T]):
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
            **options: Unpack[FieldOptions],
        ) -> None: ...
        @overload
        def __init__(
            self: DateField[dt.date | None],
            formats: str | Iterable[str] | None = ...,
            *,
            required: bool = ...,
            format: str | None = ...,
            **options: Unpack[FieldOptions],
        ) -> None: ...

    def __init__(self: Any, formats: str | Iterable[str] | None = None, *, format: Any = None, **options: Any) -> None:
        super().__init__(**options)
        self.formats = datetimes.list_formats(formats)
        if isinstance(format, str) and "%" in format:
            self.take_format(format, _make_pattern(self.label, format))
        else:
            self.declare_format(format, _FORMATS)

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


def _make_pattern(label: str, pattern: str) -> Format:
    """Return the format of `strftime`; raise `SchemaError` if it loses a part of the date."""

    def write(value: Any) -> str:
        return datetimes.format_as(value, pattern)

    def read(stored: AttributeValue) -> dt.date | None:
        try:
            date = dt.datetime.strptime(stored, pattern).date() if type(stored) is str else None  # noqa: DTZ007 - a date
        except ValueError:
            return None
        return date if date is not None and write(date) == stored else None  # `strptime` takes `1` for `01`

    if not all(read(write(date)) == date for date in _EXAMPLES):
        raise SchemaError(f"{label}: format={pattern!r} does not tell the year, the month and the day of every date")
    unsorted = "" if datetimes.is_in_order(pattern) else "store the year first, then month and day, as without a format"
    return Format("S", write, read, f"a date in the format {pattern!r}", unsorted)


def _count_days(date: dt.date) -> int:
    return date.toordinal() - _EPOCH


def _find_day(stored: AttributeValue) -> dt.date | None:
    if type(stored) is not int or not -_EPOCH < stored <= dt.date.max.toordinal() - _EPOCH:
        return None
    return dt.date.fromordinal(stored + _EPOCH)


_EPOCH = dt.date(1970, 1, 1).toordinal()
_EXAMPLES = (dt.date(2024, 2, 29), dt.date(1999, 12, 31), dt.date(987, 6, 5))
_FORMATS = {"epoch-days": Format("N", _count_days, _find_day, "a whole number of days since 1970-01-01")}
