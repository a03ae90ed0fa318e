"""Convert durations to the text of ISO 8601 and back."""

from __future__ import annotations

import datetime as dt
import re

from dynamongo._support.lazy import LazyPattern

_ISO_8601 = LazyPattern(
    r"(?P<sign>[+-]?)P(?:(?P<weeks>\d+)W)?(?:(?P<days>\d+)D)?"
    r"(?P<time>T(?:(?P<hours>\d+)H)?(?:(?P<minutes>\d+)M)?(?:(?P<seconds>\d+)(?:[.,](?P<fraction>\d{1,6})0*)?S)?)?",
    re.ASCII,
)
_UNITS = ("weeks", "days", "hours", "minutes", "seconds")
_MICROSECOND = dt.timedelta(microseconds=1)


def format_duration(duration: dt.timedelta) -> str:
    """Return the text of a duration, with a sign if it is negative.

    >>> format_duration(dt.timedelta(days=1, minutes=3, milliseconds=500)), format_duration(-dt.timedelta(hours=2))
    ('P1DT3M0.5S', '-PT2H')
    """
    micros = abs(duration // _MICROSECOND)  # of a `timedelta`, `abs` could leave its range
    seconds, micros = divmod(micros, 1_000_000)
    minutes, seconds = divmod(seconds, 60)
    hours, minutes = divmod(minutes, 60)
    days, hours = divmod(hours, 24)
    fraction = f".{micros:06}".rstrip("0") if micros else ""
    time = "".join(f"{count}{unit}" for count, unit in ((hours, "H"), (minutes, "M")) if count)
    time += f"{seconds}{fraction}S" if seconds or micros else ""
    date = f"{days}D" if days else ""
    sign = "-" if duration < dt.timedelta(0) else ""
    return f"{sign}P{date}{'T' if time else ''}{time}" if date or time else "PT0S"


def parse_duration(text: str) -> dt.timedelta:
    """Parse a duration of weeks, days, hours, minutes and seconds.

    Raises:
        ValueError: The text is no duration, has years or months, whose length varies, or is finer than microseconds.
        OverflowError: It is longer than a `timedelta` can be.
    """
    match = _ISO_8601.fullmatch(text)
    if match is None or not any(match[unit] for unit in _UNITS) or match["time"] == "T":
        raise ValueError("it is not a duration such as P1DT2H3M4.5S")
    micros = int((match["fraction"] or "").ljust(6, "0"))
    whole = sum(
        int(match[unit] or 0) * size for unit, size in zip(_UNITS, (604_800, 86_400, 3_600, 60, 1), strict=True)
    )
    total = whole * 1_000_000 + micros
    return (-total if match["sign"] == "-" else total) * _MICROSECOND
