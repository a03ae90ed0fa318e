"""Points in time as numbers: exact seconds or milliseconds since 1970."""

from __future__ import annotations

import datetime as dt
from decimal import Context, Decimal
from typing import Final

from dynamongo.expressions.numbers import MAX_DIGITS, Number, normalize_number

EPOCH: Final = dt.datetime(1970, 1, 1, tzinfo=dt.timezone.utc)
FIRST: Final = dt.datetime.min.replace(tzinfo=dt.timezone.utc)
LAST: Final = dt.datetime.max.replace(tzinfo=dt.timezone.utc)
SECONDS: Final = 6
"""The number of digits after the point that a number of seconds needs, since a `datetime` holds microseconds."""
MILLISECONDS: Final = 3

_MICROSECOND = dt.timedelta(microseconds=1)
_UNITS: Final = {SECONDS: dt.timedelta(seconds=1), MILLISECONDS: dt.timedelta(milliseconds=1)}
_EXACT = Context(prec=MAX_DIGITS)  # the caller's context may round to fewer digits


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
