"""Numbers that are stored as text, and text that is stored as a number."""

from __future__ import annotations

from decimal import Decimal
from typing import Any, Final

from dynamongo._support.lazy import LazyPattern
from dynamongo.exceptions import ValidationError
from dynamongo.expressions.numbers import MAX_DIGITS, Number, format_number, normalize_number
from dynamongo.expressions.values import AttributeValue
from dynamongo.fields.formats import Format

_NUMBER = LazyPattern(r"[+-]?(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][+-]?[0-9]{1,3})?\Z")
_MOST = 1e126  # the least float that DynamoDB cannot store
_UNSORTED: Final = "store a number (leave the format out)"


def read_number(text: object) -> Number | None:
    """Return the canonical number of a text, which may have leading zeros or an exponent; `None` for other values.

    >>> read_number("007"), read_number("1.50"), read_number("one")
    (7, Decimal('1.5'), None)
    """
    if type(text) is not str:
        return None
    if text.isdecimal() and text.isascii() and len(text) <= MAX_DIGITS:  # most are
        return int(text)
    if not _NUMBER.match(text):
        return None
    try:
        return normalize_number(Decimal(text))
    except ValidationError:  # more digits than DynamoDB allows
        return None


def _read_int(stored: AttributeValue) -> int | None:
    number = read_number(stored)
    return number if type(number) is int else None


def _read_float(stored: AttributeValue) -> float | None:
    number = read_number(stored)
    value = None if number is None else float(number)
    return value if value is None or -_MOST < value < _MOST else None  # the greatest numbers round up out of range


def _read_decimal(stored: AttributeValue) -> Decimal | None:
    return Decimal(stored) if type(stored) is str and read_number(stored) is not None else None


def _write_decimal(value: Any) -> str:
    return format(value, "f")  # with its trailing zeros, unlike a number of DynamoDB


def padded(width: int) -> Format:
    """Return the format of whole numbers of this many digits, padded with zeros so that the texts sort."""

    def read(stored: AttributeValue) -> int | None:
        number = _read_int(stored)
        return number if number is not None and 0 <= number < 10**width else None

    return Format("S", lambda value: f"{value:0{width}}", read, f"the text of a whole number of at most {width} digits")


INTS: Final = {
    "text": Format("S", str, _read_int, "the text of a whole number", f"declare width=, or {_UNSORTED}"),
}
FLOATS: Final = {"text": Format("S", repr, _read_float, "the text of a number", _UNSORTED)}
DECIMALS: Final = {"text": Format("S", _write_decimal, _read_decimal, "the text of a number", _UNSORTED)}


def _read_text(stored: AttributeValue) -> str | None:
    return format_number(stored) if isinstance(stored, (int, Decimal)) and not isinstance(stored, bool) else None


TEXTS: Final = {"number": Format("N", read_number, _read_text, "a number")}


def is_canonical(text: str) -> bool:
    """Return whether the text is the one in which the number is read again: `1.5`, not `01.50`."""
    number = read_number(text)
    return number is not None and format_number(number) == text
