"""The formats in which other programs store booleans, binary values, UUIDs, enumerations, numbers and texts."""

from __future__ import annotations

from binascii import a2b_base64, b2a_base64
from collections.abc import Mapping
from decimal import Decimal
from operator import attrgetter
from typing import TYPE_CHECKING, Any, Final, cast

from dynamongo._support.lazy import LazyPattern
from dynamongo._support.lazy_imports import LazyModule
from dynamongo.exceptions import SchemaError, ValidationError
from dynamongo.expressions.numbers import MAX_DIGITS, Number, format_number, normalize_number
from dynamongo.expressions.values import AttributeType, AttributeValue, shorten
from dynamongo.fields.formats import Format
from dynamongo.fields.json_forms import write_base64

if TYPE_CHECKING:
    import uuid
else:  # slow to import, and most models have no UUIDs
    uuid = LazyModule("uuid")

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


NUMBERS: Final = {
    "an int": {"text": Format("S", str, _read_int, "the text of a whole number", f"declare width=, or {_UNSORTED}")},
    "a float": {"text": Format("S", repr, _read_float, "the text of a number", _UNSORTED)},
    "a Decimal": {"text": Format("S", _write_decimal, _read_decimal, "the text of a number", _UNSORTED)},
}
"""The formats of numbers, by what their field takes."""


def _read_text(stored: AttributeValue) -> str | None:
    return format_number(stored) if isinstance(stored, (int, Decimal)) and not isinstance(stored, bool) else None


TEXTS: Final = {"number": Format("N", read_number, _read_text, "a number")}


def is_canonical(text: str) -> bool:
    """Return whether the text is the one in which the number is read again: `1.5`, not `01.50`."""
    number = read_number(text)
    return number is not None and format_number(number) == text


def _read_bit(stored: AttributeValue) -> bool | None:
    return bool(stored) if type(stored) is int and stored in (0, 1) else None


def _read_word(stored: AttributeValue) -> bool | None:
    return {"true": True, "false": False}.get(stored) if type(stored) is str else None


def _write_word(value: Any) -> str:
    return "true" if value else "false"


def _read_base64(stored: AttributeValue) -> bytes | None:
    return _decode_base64(stored) if type(stored) is str else None


def _read_base64_binary(stored: AttributeValue) -> bytes | None:
    return _decode_base64(stored) if type(stored) is bytes else None


def _decode_base64(encoded: str | bytes) -> bytes | None:
    try:
        value = a2b_base64(encoded)
    except ValueError:
        return None
    # Only canonical text: what `a2b_base64` skips would be lost when the value is saved.
    text = encoded if isinstance(encoded, str) else encoded.decode("latin-1")
    return value if write_base64(value) == text else None


def _write_base64_binary(value: bytes) -> bytes:
    return b2a_base64(value, newline=False)


def _read_uuid(stored: AttributeValue) -> uuid.UUID | None:
    """Read a UUID of 16 bytes or of 32 or more characters."""
    if type(stored) is bytes:
        return uuid.UUID(bytes=stored) if len(stored) == 16 else None
    try:
        if type(stored) is not str:
            return None
        is_hex = len(stored) == 32 and stored.isalnum()  # no sign and no underscore, which `int` would skip
        return uuid.UUID(int=int(stored, 16)) if is_hex and stored.isascii() else uuid.UUID(stored)
    except ValueError:
        return None


_UNSORTED_BYTES: Final = "declare a BinaryField without a format, which stores the bytes themselves, or use == alone"
BOOLEANS: Final = {
    "number": Format("N", int, _read_bit, "1 or 0"),
    "text": Format("S", _write_word, _read_word, "'true' or 'false'"),
}
BINARIES: Final = {
    "base64": Format("S", write_base64, _read_base64, "base64 text", _UNSORTED_BYTES),
    "base64-binary": Format("B", _write_base64_binary, _read_base64_binary, "binary that is base64", _UNSORTED_BYTES),
}
UUIDS: Final = {
    "hex": Format("S", attrgetter("hex"), _read_uuid, "the text of a UUID"),
    "upper": Format("S", lambda value: str(value).upper(), _read_uuid, "the text of a UUID"),
    "hex-upper": Format("S", lambda value: value.hex.upper(), _read_uuid, "the text of a UUID"),
    "urn": Format("S", attrgetter("urn"), _read_uuid, "the text of a UUID"),
    "binary": Format("B", attrgetter("bytes"), _read_uuid, "the 16 bytes of a UUID"),
}


def declare_map(label: str, given: Mapping[Any, Any], members: Mapping[Any, str]) -> Format:
    """Return the format that stores each member as the map says.

    Args:
        label: What to call the field in errors.
        given: What is stored for each member, a `str` or an `int`.
        members: The names of all members.

    Raises:
        SchemaError: The map lacks a member or has another key, two members would be stored alike, or not all are
            stored as strings, or all as numbers.
    """
    missing = [name for member, name in members.items() if member not in given]
    others = [key for key in given if key not in members]
    if missing or others:
        what = f"lacks {', '.join(missing)}" if missing else f"has {shorten(others[0])}"
        raise SchemaError(f"{label}: format must map every member to what is stored for it; it {what}")
    kinds: set[type[object]] = {type(cast("object", stored)) for stored in given.values()}
    if kinds not in ({str}, {int}):
        raise SchemaError(f"{label}: format must map to strings alone, or to ints alone; got {shorten(dict(given))}")
    read = {stored: member for member, stored in given.items()}
    if len(read) < len(given):
        raise SchemaError(f"{label}: format stores two members alike: {shorten(dict(given))}")
    stored_type: AttributeType = "S" if kinds == {str} else "N"
    kind = kinds.pop()
    return Format(
        stored_type,
        given.__getitem__,
        lambda stored: read.get(stored) if type(stored) is kind else None,
        f"one of {', '.join(map(repr, read))}",
    )
