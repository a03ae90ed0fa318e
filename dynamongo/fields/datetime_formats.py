"""The formats in which other programs store datetimes: texts in ISO 8601, and numbers since 1970."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from decimal import Decimal
from typing import Any, Final, Literal, TypeAlias

from dynamongo.expressions.numbers import Number
from dynamongo.expressions.values import AttributeValue
from dynamongo.fields.datetimes import format_local, parse_own
from dynamongo.fields.epochs import EPOCH, MILLISECONDS, SECONDS, to_duration, to_number
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

SECOND_WIDTH: Final = len("2025-01-01T10:00:00")
_WIDTHS: Final[dict[Any, int]] = {"seconds": SECOND_WIDTH, "milliseconds": 23, "microseconds": 26}
_PADDING: Final = {SECOND_WIDTH: ".000000", 23: "000", 26: ""}
"""What each width of a text without an offset lacks to be one of microseconds."""

_UNSORTED: Final = (
    "declare timespec='milliseconds' or another fixed one if all stored values have it, or compare with whole seconds,"
    " by < and >="
)


def make_format(name: str, timespec: Timespec, *, is_naive: bool) -> Format:
    """Return the format of a name in `TIMESPECS`.

    Args:
        name: The name.
        timespec: One of those of the format.
        is_naive: Whether Python values have no time zone, and are in UTC.
    """
    if name == "epoch":
        return _make_epoch(SECONDS, is_naive=is_naive)
    if name == "epoch-ms":
        return _make_epoch(MILLISECONDS, is_naive=is_naive)
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
