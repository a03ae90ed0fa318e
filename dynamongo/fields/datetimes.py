"""Datetimes to text and back."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Callable, Iterable

from dateutil import parser as dateutil_parser

_LOCAL_WIDTH = len("2024-05-01T10:00:00.000000")
_DEFAULTS = (dt.datetime(2000, 1, 1), dt.datetime(2001, 2, 2))  # noqa: DTZ001 - what text leaves out, twice


def format_iso(value: dt.datetime, *, with_offset: bool) -> str:
    """ISO 8601 text of fixed width whose order is the order of time.

    >>> value = dt.datetime(2024, 5, 1, 10, tzinfo=dt.timezone(dt.timedelta(hours=2)))
    >>> format_iso(value, with_offset=True)
    '2024-05-01T08:00:00.000000Z[+02:00]'
    >>> format_iso(value, with_offset=False)
    '2024-05-01T08:00:00.000000+00:00'
    """
    if value.tzinfo is None:
        return value.isoformat(timespec="microseconds")
    in_utc = value.astimezone(dt.timezone.utc).isoformat(timespec="microseconds")
    if not with_offset or not value.utcoffset():
        return in_utc
    offset = value.isoformat(timespec="microseconds")[_LOCAL_WIDTH:]
    return f"{in_utc[:_LOCAL_WIDTH]}Z[{offset}]"


def format_bound(value: dt.datetime, *, is_after: bool) -> str:
    """Text that comes before every text of the instant that `format_iso` writes, or else after all of them.

    They have the same beginning, and then nothing, `+00:00`, or `Z` and an offset: `[` is the character after `Z`.

    >>> format_bound(dt.datetime(2024, 5, 1, 8), is_after=True)
    '2024-05-01T08:00:00.000000['
    """
    return format_iso(value, with_offset=False)[:_LOCAL_WIDTH] + ("[" if is_after else "")


def parse_iso(text: str) -> dt.datetime:
    """The datetime that `format_iso`, or anything else that writes ISO 8601, wrote; else raises `ValueError`."""
    instant, bracket, offset = text.partition("[")
    value = dt.datetime.fromisoformat(re.sub("[Zz]$", "+00:00", instant))  # Python 3.10 does not read the Z
    if not bracket:
        return value
    zone = dt.datetime.fromisoformat(f"2000-01-01T00:00:00{offset.removesuffix(']')}").tzinfo
    if value.tzinfo is None or zone is None:
        raise ValueError(f"{text!r} lacks an offset")  # and astimezone would take that of this machine
    return value.astimezone(zone)


def format_as(value: dt.datetime, format_: str) -> str:
    """`strftime`, but with four digits for every year, as `strptime` reads them: Linux does not pad `%Y`."""
    year = f"{value.year:04}"
    return value.strftime(re.sub("%(.)", lambda match: year if match[1] == "Y" else match[0], format_))


def is_in_order(format_: str) -> bool:
    """Whether texts in the format are in the order of time, where all have one offset.

    >>> is_in_order("%Y-%m-%d %H:%M%z"), is_in_order("%d/%m/%Y")
    (True, False)
    """
    directives = "".join(re.findall("%([^%])", format_.replace("%%", "")))
    shown = directives.removesuffix("z").removesuffix("Z")
    return bool(shown) and "YmdHMSf".startswith(shown)


def parse(text: str, formats: Iterable[str], parser: Callable[[str], dt.datetime] | None) -> dt.datetime:
    """The datetime that the text stands for; raises `ValueError` where it stands for none."""
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
    """The datetime by the first `strptime` format that fits, or `None`."""
    for format_ in formats:
        try:
            return dt.datetime.strptime(text, format_)  # noqa: DTZ007 - the format may have a zone
        except ValueError:
            continue
    return None


def _check_parsed(parsed: object) -> dt.datetime:
    if not isinstance(parsed, dt.datetime):
        raise ValueError(f"its parser made {parsed!r} of it")  # noqa: TRY004 - the value is at fault, for all we know
    return parsed


def _parse_loosely(text: str) -> dt.datetime:
    """What dateutil reads. It fills what is missing from a default: two of them tell whether a date was there."""
    try:
        first, second = (dateutil_parser.parse(text, default=default, tzinfos=_find_time_zone) for default in _DEFAULTS)
    except OverflowError as error:
        raise ValueError(str(error)) from error
    if first != second:
        raise ValueError("it does not say year, month and day")
    return first


def _find_time_zone(name: str | None, offset: int | None) -> dt.tzinfo | None:
    """A fixed offset; a name alone would mean another zone, or none, on another machine."""
    if offset is not None:
        return dt.timezone(dt.timedelta(seconds=offset))
    if name is not None:
        raise ValueError(f"its time zone {name!r} has no known offset")
    return None
