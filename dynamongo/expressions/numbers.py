"""Numbers as DynamoDB stores them: exact decimals of up to 38 significant digits.

A number is *canonical* in one form alone: an `int` if it is whole, else a `Decimal` without trailing zeros. So equal
numbers have one text, and Python's `==` of two canonical numbers is that of DynamoDB.

Source: "Number" in "Supported data types and naming rules" of the DynamoDB developer guide.
"""

from __future__ import annotations

from decimal import MAX_EMAX, MAX_PREC, MIN_EMIN, Context, Decimal, Inexact, Overflow, Subnormal
from typing import TypeAlias, cast

from dynamongo.exceptions import ValidationError

Number: TypeAlias = int | Decimal

MAX_DIGITS = 38
EXACT = Context(prec=MAX_PREC, Emax=MAX_EMAX, Emin=MIN_EMIN)
"""Rounds nothing. Python's default context rounds to 28 digits, unary minus included."""

_MAX_EXPONENT = 125
_MIN_EXPONENT = -130
_STORED = Context(prec=MAX_DIGITS, Emax=_MAX_EXPONENT, Emin=_MIN_EXPONENT, traps=[Inexact, Overflow, Subnormal])
"""Raises for what DynamoDB does not store: too many digits, and a magnitude out of range."""

LEAST_INT, MOST_INT = -(10**MAX_DIGITS), 10**MAX_DIGITS
"""Every int between the two is canonical; of others, `normalize_number` decides."""
_OVERFLOW = "Number overflow. Attempting to store a number with magnitude larger than supported range"
_UNDERFLOW = "Number underflow. Attempting to store a number with magnitude smaller than supported range"
_TOO_PRECISE = "Attempting to store more than 38 significant digits in a Number"  # all three are DynamoDB's own words


def normalize_number(number: Number) -> Number:
    """Return the number in canonical form.

    Raises:
        ValidationError: It has more than 38 significant digits, a magnitude outside 1E-130 … 9.99…E+125, or is
            infinite or NaN.

    >>> normalize_number(Decimal("1.50")), normalize_number(Decimal("1E+2")), normalize_number(Decimal("-0"))
    (Decimal('1.5'), 100, 0)
    """
    canonical = canonical_number(number)
    return _normalize_slowly(number) if canonical is None else canonical


def canonical_number(number: Number) -> Number | None:
    """Return the canonical form of most numbers, quickly; `None` where `normalize_number` has to decide."""
    if type(number) is int:
        return number if LEAST_INT < number < MOST_INT else None
    if type(number) is not Decimal:
        return None
    if is_canonical_decimal(str(number)):
        return number
    if not number.is_finite():
        return None
    try:
        canonical = number.normalize(_STORED)
    except ArithmeticError:
        return None
    return int(canonical) if canonical == canonical.to_integral_value() else canonical


def is_canonical_decimal(text: str) -> bool:
    """Return whether the text is that of a canonical number with a fraction; `False` where that is not obvious.

    Not obvious are numbers with an exponent, and those of nearly 38 digits.
    """
    return "." in text and text[-1] != "0" and len(text) <= MAX_DIGITS and "E" not in text and "e" not in text


def _normalize_slowly(number: Number) -> Number:
    decimal = _to_decimal(number)
    if not decimal:
        return 0
    exponent = decimal.adjusted()
    if exponent > _MAX_EXPONENT:
        raise ValidationError(_OVERFLOW)
    if exponent < _MIN_EXPONENT:
        raise ValidationError(_UNDERFLOW)
    canonical = decimal.normalize(EXACT)
    _, digits, scale = canonical.as_tuple()
    if len(digits) > MAX_DIGITS:
        raise ValidationError(_TOO_PRECISE)
    return int(canonical) if cast("int", scale) >= 0 else canonical


def _to_decimal(number: Number) -> Decimal:
    if isinstance(number, Decimal):
        if not number.is_finite():
            raise ValidationError(f"The parameter cannot be converted to a numeric value: {number}")
        return number
    if abs(number) >= 10 ** (_MAX_EXPONENT + 1):  # first, since the conversion of a huge int takes long
        raise ValidationError(_OVERFLOW)
    return Decimal(number)


def add_numbers(left: Number, right: Number) -> Number:
    """Return the exact sum; raise `ValidationError` where it does not fit 38 digits or the range."""
    if type(left) is int and type(right) is int and LEAST_INT < (total := left + right) < MOST_INT:
        return total
    return normalize_number(EXACT.add(Decimal(left), Decimal(right)))


def subtract_numbers(left: Number, right: Number) -> Number:
    """Return the exact difference; raise `ValidationError` where it does not fit 38 digits or the range."""
    return normalize_number(EXACT.subtract(Decimal(left), Decimal(right)))


def negate(number: Number) -> Number:
    """Return the exact negative."""
    return subtract_numbers(0, number)


def format_number(number: Number) -> str:
    """Write a canonical number as DynamoDB does: plain digits, never an exponent.

    >>> format_number(Decimal("1E-7")), format_number(100)
    ('0.0000001', '100')
    """
    text = str(number)
    return format(number, "f") if "E" in text or "e" in text else text


def parse_number(text: str) -> Number:
    """Read a number that DynamoDB wrote; the inverse of `format_number`."""
    if "." not in text and text.removeprefix("-").isdecimal():
        return int(text)
    return Decimal(text) if is_canonical_decimal(text) else normalize_number(Decimal(text))
