"""The formats in which other programs store datetimes and dates: texts, and numbers since 1970."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from decimal import Decimal
from typing import Any, Final, Literal, TypeAlias

from dynamongo.exceptions import SchemaError
from dynamongo.expressions.numbers import Number
from dynamongo.expressions.values import AttributeValue, shorten
from dynamongo.fields.datetimes import (
    EPOCH,
    FIRST,
    LAST,
    MILLISECONDS,
    SECONDS,
    format_as,
    format_local,
    is_in_order,
    parse_as,
    parse_own,
    to_duration,
    to_number,
)
from dynamongo.fields.formats import Format

Timespec: TypeAlias = Literal["auto", "seconds", "milliseconds", "microseconds"]

QUANTA: Final[dict[Any, int]] = {"seconds": 1_000_000, "milliseconds": 1000, "microseconds": 1, "auto": 1}
"""The microseconds of the smallest step that a text or number tells."""

TIMESPECS: Final[dict[str, tuple[Timespec, ...]]] = {
    "iso-z": ("milliseconds", "auto", "seconds", "microseconds"),
    "isoformat": ("auto", "seconds", "milliseconds", "microseconds"),
    "str": ("auto", "seconds", "milliseconds", "microseconds"),
    "pynamodb": ("microseconds",),
    "epoch": ("seconds", "milliseconds", "microseconds"),
    "epoch-ms": ("milliseconds", "microseconds"),
}
"""The formats by name, and what each takes as `timespec`; the first is the default."""

OF_PYTHON: Final = {"isoformat": "T", "str": " "}
"""The formats that keep the offset of a value, or its absence; and what they write between date and time."""

_DIGITS: Final = {"epoch": SECONDS, "epoch-ms": MILLISECONDS}

SECOND_WIDTH: Final = len("2025-01-01T10:00:00")
_WIDTHS: Final[dict[Any, int]] = {"seconds": SECOND_WIDTH, "milliseconds": 23, "microseconds": 26}
_PADDING: Final = {SECOND_WIDTH: ".000000", 23: "000", 26: ""}
"""What each width of a text without an offset lacks to be one of microseconds."""

_UNSORTED: Final = (
    "declare timespec='milliseconds' or another fixed one if all stored values have it, or compare with whole seconds,"
    " by < and >="
)


def choose_timespec(label: str, name: object, timespec: object, *, is_alone: bool) -> Timespec:
    """Return the `timespec` of a format, by default its own; raise `SchemaError` for an unknown one of either."""
    allowed = TIMESPECS.get(name) if isinstance(name, str) else None
    if allowed is None or not is_alone:
        names = f"{', '.join(TIMESPECS)}, or a format of strftime (alone, without serialized_format)"
        raise SchemaError(f"{label}: format must be one of {names}; got {shorten(name)}")
    if timespec is None:
        return allowed[0]
    for each in allowed:
        if each == timespec:
            return each
    raise SchemaError(
        f"{label}: timespec of format={name!r} must be one of {', '.join(allowed)}; got {shorten(timespec)}"
    )


def make_format(name: str, timespec: Timespec, *, is_naive: bool) -> Format:
    """Return the format of a name in `TIMESPECS`.

    Args:
        name: The name.
        timespec: One of those of the format.
        is_naive: Whether Python values have no time zone, and are in UTC.
    """
    if name in _DIGITS:
        return _make_epoch(_DIGITS[name], is_naive=is_naive)
    if name in OF_PYTHON:
        separator = OF_PYTHON[name]
        return Format("S", lambda value: value.isoformat(separator, timespec), _read_isoformat, "an ISO 8601 datetime")
    suffix = "+0000" if name == "pynamodb" else "Z"
    unsorted = _UNSORTED if timespec == "auto" else ""
    read = _make_reader(suffix, _WIDTHS.get(timespec), is_naive=is_naive)
    return Format("S", _make_writer(suffix, _WIDTHS.get(timespec)), read, "an ISO 8601 datetime", unsorted)


def _make_writer(suffix: str, width: int | None) -> Callable[[Any], str]:
    def write(value: dt.datetime) -> str:
        return format_local(value)[:width] + suffix

    def write_shortest(value: dt.datetime) -> str:
        return format_local(value)[: None if value.microsecond else SECOND_WIDTH] + suffix

    return write_shortest if width is None else write


def _make_reader(suffix: str, width: int | None, *, is_naive: bool) -> Callable[[AttributeValue], dt.datetime | None]:
    widths = {width + len(suffix)} if width else {SECOND_WIDTH + len(suffix), _WIDTHS["microseconds"] + len(suffix)}
    length = len(suffix)
    offset = "" if is_naive else "+00:00"

    def read(stored: AttributeValue) -> dt.datetime | None:
        if type(stored) is not str or len(stored) not in widths or stored[-length:] != suffix:
            return None
        local = stored[:-length]
        return parse_own(local + _PADDING[len(local)] + offset)

    return read


def _read_isoformat(stored: AttributeValue) -> dt.datetime | None:
    """Read what Python writes for a datetime in UTC, or without a time zone."""
    if type(stored) is not str:
        return None
    stored = with_t(stored)
    local, offset = (stored[:-6], "+00:00") if stored[-6:] == "+00:00" else (stored, "")
    padding = _PADDING.get(len(local))
    return None if padding is None else parse_own(local + padding + offset)


def with_t(text: str) -> str:
    """Return the text with a `T` between date and time, in place of a blank."""
    return f"{text[:10]}T{text[11:]}" if text[10:11] == " " else text


def _make_epoch(digits: int, *, is_naive: bool) -> Format:
    def write(value: dt.datetime) -> Number:
        return to_number((value.replace(tzinfo=dt.timezone.utc) if is_naive else value) - EPOCH, digits)

    def read(stored: AttributeValue) -> dt.datetime | None:
        if type(stored) is not int and type(stored) is not Decimal:
            return None
        try:
            value = EPOCH + to_duration(stored, digits)
        except (OverflowError, ValueError):
            return None
        return value.replace(tzinfo=None) if is_naive else value

    unit = "seconds" if digits == SECONDS else "milliseconds"
    return Format(
        "N", write, read, f"a number of {unit} since 1970, in the years 1 to 9999 and not finer than microseconds"
    )


def format_second(value: dt.datetime) -> str:
    """Return the beginning that all texts of the second share."""
    return format_local(value)[:SECOND_WIDTH]


def to_amount(value: object, name: str, quantum: int) -> Number:
    """Return the number that an epoch counts for a duration, or for a number of its units.

    Raises:
        ValueError: It is not a number of steps of so many microseconds, or longer than the years 1 to 9999.
        OverflowError: No `timedelta` is as long.
    """
    digits = _DIGITS[name]
    if isinstance(value, bool) or not isinstance(value, (dt.timedelta, int, Decimal)):
        raise ValueError("it is neither")  # noqa: TRY004 - as for a number that does not fit
    duration = value if isinstance(value, dt.timedelta) else to_duration(value, digits)
    if duration % dt.timedelta(microseconds=quantum) or abs(duration) > LAST - FIRST:
        raise ValueError("not whole steps of what is stored, within the years 1 to 9999")
    return to_number(duration, digits)


def find_range(name: str, quantum: int) -> tuple[Number, Number]:
    """Return the least and the greatest number of an epoch that counts steps of so many microseconds."""
    last = LAST.replace(microsecond=LAST.microsecond + 1 - quantum)
    return to_number(FIRST - EPOCH, _DIGITS[name]), to_number(last - EPOCH, _DIGITS[name])


EPOCH_FORMAT: Final = make_format("epoch", "microseconds", is_naive=False)
"""Seconds since 1970 with a fraction, which is also the form of a `TimestampField`."""


def check_pattern(label: str, pattern: str) -> str:
    """Return the format of `strftime` for datetimes; raise `SchemaError` if `strptime` does not read what it writes."""
    try:
        parse_as(format_as(EPOCH, pattern), pattern)
    except ValueError as error:
        raise SchemaError(f"{label}: format={pattern!r} writes what strptime cannot read: {error}") from error
    return pattern


def make_pattern(label: str, pattern: str) -> Format:
    """Return the format of `strftime`; raise `SchemaError` if it loses a part of the date."""

    def write(value: Any) -> str:
        return format_as(value, pattern)

    def read(stored: AttributeValue) -> dt.date | None:
        try:
            date = dt.datetime.strptime(stored, pattern).date() if type(stored) is str else None  # noqa: DTZ007 - a date
        except ValueError:
            return None
        return date if date is not None and write(date) == stored else None  # `strptime` takes `1` for `01`

    if not all(read(write(date)) == date for date in _EXAMPLES):
        raise SchemaError(f"{label}: format={pattern!r} does not tell the year, the month and the day of every date")
    unsorted = "" if is_in_order(pattern) else "store the year first, then month and day, as without a format"
    return Format("S", write, read, f"a date in the format {pattern!r}", unsorted)


def _count_days(date: dt.date) -> int:
    return date.toordinal() - _FIRST_DAY


def _find_day(stored: AttributeValue) -> dt.date | None:
    if type(stored) is not int or not DAYS[0] <= stored <= DAYS[1]:
        return None
    return dt.date.fromordinal(stored + _FIRST_DAY)


_FIRST_DAY = dt.date(1970, 1, 1).toordinal()
DAYS: Final = _count_days(dt.date.min), _count_days(dt.date.max)
"""The least and the greatest number of days."""
_EXAMPLES = (dt.date(2024, 2, 29), dt.date(1999, 12, 31), dt.date(987, 6, 5))
DATES: Final = {"epoch-days": Format("N", _count_days, _find_day, "a whole number of days since 1970-01-01")}
