"""Convert datetimes to text, or to numbers since 1970, and back."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Callable, Iterable
from decimal import Context, Decimal
from typing import Final

from dynamongo._support.lazy import LazyPattern
from dynamongo.expressions.numbers import MAX_DIGITS, Number, normalize_number
from dynamongo.expressions.values import shorten

_LOCAL_WIDTH = len("2024-05-01T10:00:00.000000")
_UTC_SUFFIX = "+00:00"
_from_iso = dt.datetime.fromisoformat  # bound once, because most items have a datetime or two
_TWO_DIGITS = tuple(f"{number:02}" for number in range(100))
# By the backreferences, the dashes of the date stand everywhere or nowhere, and so do the colons of the time.
_ISO_8601 = LazyPattern(
    r"(?P<year>\d{4})(?P<dash>-?)(?P<month>\d\d)(?P=dash)(?P<day>\d\d)"
    r"(?:[Tt ](?P<hour>\d\d)(?:(?P<colon>:?)(?P<minute>\d\d)(?:(?P=colon)(?P<second>\d\d)"
    r"(?:[.,](?P<fraction>\d+))?)?)?(?P<offset>[Zz]|[+-].+)?)?",
    re.ASCII,
)
_PARTS = ("year", "month", "day", "hour", "minute", "second")
_OFFSET = LazyPattern(
    r"[Zz]|[+-](?P<hours>\d\d)(?::?(?P<minutes>\d\d)(?::?(?P<seconds>\d\d)(?:\.(?P<fraction>\d+))?)?)?", re.ASCII
)
_FINE_FRACTION = LazyPattern(r"\d[.,]\d{6}\d*[1-9]")  # dateutil would drop the digits after the sixth
_TOO_FINE = "it is finer than microseconds"
_DEFAULTS = (dt.datetime(2000, 1, 1), dt.datetime(2001, 2, 2))  # noqa: DTZ001 - two defaults for the parts that a text leaves out

EPOCH: Final = dt.datetime(1970, 1, 1, tzinfo=dt.timezone.utc)
FIRST: Final = dt.datetime.min.replace(tzinfo=dt.timezone.utc)
LAST: Final = dt.datetime.max.replace(tzinfo=dt.timezone.utc)
SECONDS: Final = 6
"""The number of digits after the point that a number of seconds needs, since a `datetime` holds microseconds."""
MILLISECONDS: Final = 3

_MICROSECOND = dt.timedelta(microseconds=1)
_UNITS: Final = {SECONDS: dt.timedelta(seconds=1), MILLISECONDS: dt.timedelta(milliseconds=1)}
_EXACT = Context(prec=MAX_DIGITS)  # the caller's context may round to fewer digits


def format_iso(value: dt.datetime, *, with_offset: bool) -> str:
    """Return ISO 8601 text of fixed width that sorts by time.

    >>> value = dt.datetime(2024, 5, 1, 10, tzinfo=dt.timezone(dt.timedelta(hours=2)))
    >>> format_iso(value, with_offset=True)
    '2024-05-01T08:00:00.000000Z[+02:00]'
    >>> format_iso(value, with_offset=False)
    '2024-05-01T08:00:00.000000+00:00'
    """
    if value.tzinfo is None:
        return format_local(value)
    in_utc = format_local(value.astimezone(dt.timezone.utc))
    if not with_offset or not value.utcoffset():
        return in_utc + _UTC_SUFFIX
    offset = value.isoformat(timespec="microseconds")[_LOCAL_WIDTH:]
    return f"{in_utc}Z[{offset}]"


def format_local(value: dt.datetime) -> str:
    """Return `value.isoformat(timespec="microseconds")` without the offset, in less than half of the time."""
    two, year, micros = _TWO_DIGITS, value.year, value.microsecond
    return (
        f"{two[year // 100]}{two[year % 100]}-{two[value.month]}-{two[value.day]}"
        f"T{two[value.hour]}:{two[value.minute]}:{two[value.second]}"
        f".{two[micros // 10_000]}{two[micros // 100 % 100]}{two[micros % 100]}"
    )


def format_bound(value: dt.datetime, *, is_after: bool) -> str:
    """Return a text that sorts before, or after, every text that `format_iso` writes for the instant.

    They all have the same beginning, then nothing, `+00:00`, or `Z` and an offset; `[` is the character after `Z`.

    >>> format_bound(dt.datetime(2024, 5, 1, 8), is_after=True)
    '2024-05-01T08:00:00.000000['
    """
    return format_iso(value, with_offset=False)[:_LOCAL_WIDTH] + ("[" if is_after else "")


def parse_iso(text: str) -> dt.datetime:
    """Parse ISO 8601 text, of `format_iso` or anyone else; raise `ValueError` for any other.

    The text is a date of year, month and day, in the extended or the basic form, with or without a time and an offset,
    and at most microseconds. `fromisoformat` would accept other forms in each version of Python.
    """
    own = parse_own(text)
    if own is not None:
        return own
    instant, bracket, offset = text.partition("[")
    value = _parse_instant(instant)
    if not bracket:
        return value
    if value.tzinfo is None or not offset.endswith("]"):
        raise ValueError(f"{shorten(text)} is not a datetime with its offset in brackets")  # such as Z[+02:00]
    try:
        return value.astimezone(_parse_offset(offset[:-1]))
    except OverflowError as error:
        raise ValueError(f"{shorten(text)} is not in the years 1 to 9999") from error


def parse_own(text: str) -> dt.datetime | None:
    """Parse a text that `format_iso` wrote for UTC, or without a time zone; return `None` for any other.

    `fromisoformat` reads text with these characters in these places alike in every version of Python.
    """
    is_own = text[_LOCAL_WIDTH:] == _UTC_SUFFIX or (len(text) == _LOCAL_WIDTH and text[20:].isdecimal())
    if not is_own or text[4:20:3] != "--T::.":  # every third character of 2024-05-01T10:00:00. from the fifth on
        return None
    try:
        return _from_iso(text)
    except ValueError:
        return None


def _parse_instant(text: str) -> dt.datetime:
    match = _ISO_8601.fullmatch(text)
    if match is None:
        raise ValueError(f"{shorten(text)} is not an ISO 8601 date or datetime")
    year, month, day, hour, minute, second = (int(match[name] or 0) for name in _PARTS)
    zone = _parse_offset(match["offset"]) if match["offset"] else None
    return dt.datetime(year, month, day, hour, minute, second, _parse_fraction(match["fraction"] or ""), zone)


def _parse_fraction(digits: str) -> int:
    """Return the microseconds for the digits after the seconds."""
    if digits[6:].strip("0"):
        raise ValueError(_TOO_FINE)
    return int(digits[:6].ljust(6, "0"))


def _parse_offset(text: str) -> dt.timezone:
    match = _OFFSET.fullmatch(text)
    if match is None:
        raise ValueError(f"{shorten(text)} is not an offset such as +02:00")
    hours, minutes, seconds = (int(match[name] or 0) for name in ("hours", "minutes", "seconds"))
    if minutes > 59 or seconds > 59:
        raise ValueError(f"{shorten(text)} is not an offset: minutes and seconds must be < 60")
    microseconds = _parse_fraction(match["fraction"] or "")
    offset = dt.timedelta(hours=hours, minutes=minutes, seconds=seconds, microseconds=microseconds)
    return dt.timezone(-offset if text.startswith("-") else offset)


def format_as(value: dt.datetime, format_: str) -> str:
    """Apply `strftime`, with four digits for every year, as `strptime` requires: Linux does not pad `%Y`."""
    year = f"{value.year:04}"
    # Directive by directive, so that the `Y` of `%%Y` stays.
    return value.strftime(re.sub("%(.)", lambda match: year if match[1] == "Y" else match[0], format_))


def parse_as(text: str, format_: str) -> dt.datetime:
    """Parse a text that `format_as` wrote; `%z` writes nothing for a datetime without an offset."""
    try:
        return dt.datetime.strptime(text, format_)  # noqa: DTZ007 - the format may have a time zone
    except ValueError:
        if "%z" not in format_:
            raise
        return dt.datetime.strptime(text, format_.replace("%z", ""))  # noqa: DTZ007 - the text has no time zone


def is_in_order(format_: str) -> bool:
    """Return whether texts in the format sort by time, if all have the same offset.

    >>> is_in_order("%Y-%m-%d %H:%M%z"), is_in_order("%d/%m/%Y")
    (True, False)
    """
    directives = "".join(re.findall("%([^%])", format_.replace("%%", "")))
    shown = directives.removesuffix("z").removesuffix("Z")
    return bool(shown) and "YmdHMSf".startswith(shown)


def parse(text: str, formats: Iterable[str], parser: Callable[[str], dt.datetime] | None) -> dt.datetime:
    """Parse the text by the first format that fits, the parser, or the usual forms; raise `ValueError` if none does."""
    parsed = parse_by(text, formats)
    if parsed is not None:
        return parsed
    if parser is not None:
        return _check_parsed(parser(text))
    try:
        return parse_iso(text)
    except ValueError:
        return _parse_loosely(text)


def parse_by(text: str, formats: Iterable[str]) -> dt.datetime | None:
    """Parse the text by the first `strptime` format that fits; return `None` if none does."""
    for format_ in formats:
        try:
            return dt.datetime.strptime(text, format_)  # noqa: DTZ007 - the format may have a time zone
        except ValueError:
            continue
    return None


def _check_parsed(parsed: object) -> dt.datetime:
    if not isinstance(parsed, dt.datetime):
        raise ValueError(f"the parser returned {shorten(parsed)}")  # noqa: TRY004 - it may do so only for this text
    return parsed


def _parse_loosely(text: str) -> dt.datetime:
    """Parse the text with dateutil, twice: it takes missing parts from a default, so that two show what is missing."""
    from dateutil import parser  # noqa: PLC0415 - slow to import, and rarely needed

    if _FINE_FRACTION.search(text):
        raise ValueError(_TOO_FINE)
    try:
        first, second = (parser.parse(text, default=default, tzinfos=_find_time_zone) for default in _DEFAULTS)
    except OverflowError as error:
        raise ValueError(str(error)) from error
    if first != second:
        raise ValueError("it lacks the year, month or day")
    return first


def _find_time_zone(name: str | None, offset: int | None) -> dt.tzinfo | None:
    """Return a fixed offset; refuse a name without one, which other machines would read differently."""
    if offset is not None:
        return dt.timezone(dt.timedelta(seconds=offset))
    if name is not None:
        raise ValueError(f"its time zone {shorten(name)} is not an offset such as +02:00")
    return None


def list_formats(formats: str | Iterable[str] | None) -> tuple[str, ...]:
    """Return the formats of `strptime` that a declaration gives as one or several."""
    return () if formats is None else (formats,) if isinstance(formats, str) else tuple(formats)


def to_number(duration: dt.timedelta, digits: int) -> Number:
    """Return the exact number of units, of which a microsecond is this many digits after the point.

    >>> to_number(dt.timedelta(milliseconds=1500), SECONDS), to_number(dt.timedelta(seconds=1), MILLISECONDS)
    (Decimal('1.5'), 1000)
    """
    count = duration // _MICROSECOND
    whole, rest = divmod(count, 10**digits)
    return normalize_number(Decimal(count).scaleb(-digits, _EXACT)) if rest else whole


def to_duration(number: Number, digits: int) -> dt.timedelta:
    """Return the exact duration; the inverse of `to_number`.

    Raises:
        ValidationError: DynamoDB cannot store the number.
        ValueError: It is finer than microseconds.
        OverflowError: No `timedelta` is as long.
    """
    if type(number) is int:
        return number * _UNITS[digits]
    # By integer arithmetic: that of decimals rounds as the caller's context says.
    numerator, denominator = normalize_number(number).as_integer_ratio()
    microseconds, rest = divmod(numerator * 10**digits, denominator)
    if rest:
        raise ValueError("finer than microseconds")
    return dt.timedelta(microseconds=microseconds)
