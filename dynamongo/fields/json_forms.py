"""What a field is in JSON: the values that web clients send and get, and their JSON Schema.

A field converts between its Python value and a JSON value with `to_json` and `from_json`, and describes the latter with
`json_schema`. A custom field may override all three; without that, one that overrides `encode` or `decode` is converted
through what it stores.

In these JSON values a number may be a `Decimal`, which `mapping.json_documents` writes as its caller chooses.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from collections.abc import Set as AbstractSet
from decimal import Decimal
from typing import Any, Final, Literal, TypeAlias, cast

from dynamongo.exceptions import ValidationError
from dynamongo.expressions.values import AttributeType, AttributeValue, shorten, type_of
from dynamongo.fields import custom, python_values
from dynamongo.fields.updatable import Updatable

SchemaMode: TypeAlias = Literal["validation", "serialization"]
"""Which values a JSON Schema describes: those that `from_dict` takes, or those that `to_dict` returns."""

Decimals: TypeAlias = Literal["text", "number"]
"""In which form the values of a `DecimalField` are written."""

JSONSchema: TypeAlias = dict[str, Any]

BASE64_PATTERN: Final = "^([A-Za-z0-9+/]{4})*([A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$"

_STORED: Final[dict[AttributeType, tuple[str, JSONSchema]]] = {
    "S": ("text", {"type": "string"}),
    "N": ("a number", {"type": "number"}),
    "B": ("Base64 text", {"type": "string", "contentEncoding": "base64"}),
    "BOOL": ("true or false", {"type": "boolean"}),
    "L": ("a list", {"type": "array"}),
    "M": ("an object", {"type": "object"}),
    "SS": ("a list of texts", {"type": "array", "items": {"type": "string"}, "minItems": 1}),
    "NS": ("a list of numbers", {"type": "array", "items": {"type": "number"}, "minItems": 1}),
    "BS": ("a list of Base64 texts", {"type": "array", "items": {"type": "string"}, "minItems": 1}),
}
"""For each stored type: what a custom field takes in JSON, for messages, and its schema."""


class StoredJSON(Updatable):
    """The JSON of a custom field: that of what it stores, as `encode` and `decode` convert it."""

    def to_json(self, value: Any) -> Any:
        """Return the JSON value for a Python value of the field; numbers in it may be Decimals."""
        return to_plain(self.encode(value))

    def from_json(self, value: Any) -> Any:
        """Return what `validate` takes, for a JSON value.

        Any other value is returned unchanged, or refused: `validate` follows.

        Raises:
            ValidationError: The field has no such value.
        """
        expected = _STORED[self.stored_type][0] if self.stored_type in _STORED else ""
        stored = self._to_stored(value)
        if self.stored_type is not None and type_of(stored) != self.stored_type:
            self.reject(value, expected)
        return custom.decode_given(self, stored)

    def _to_stored(self, value: Any) -> AttributeValue:
        kind = self.stored_type
        if kind == "B":
            return cast("bytes", read_base64(self, value))
        if kind in ("SS", "NS", "BS") and isinstance(value, list):
            members = cast("list[Any]", value)
            return python_values.encode({read_base64(self, each) for each in members} if kind == "BS" else set(members))
        return python_values.encode(value)

    def json_schema(self, mode: SchemaMode) -> JSONSchema:
        """Return the JSON Schema of a value, in a new dict; the model adds `null` where the field takes it."""
        del mode
        return dict(_STORED[self.stored_type][1]) if self.stored_type in _STORED else {}


class JSONForms(StoredJSON):
    """The JSON of a field of the library: the Python value as it is, except where the field says otherwise."""

    def to_json(self, value: Any) -> Any:
        return to_plain(value)

    def from_json(self, value: Any) -> Any:
        return value


def write_decimals(value: Any, decimals: Decimals, label: str) -> Any:
    """Return a JSON value in which the Decimals are text or numbers.

    Raises:
        ValidationError: A number is wanted, and no float has exactly its value.
    """
    if isinstance(value, Decimal):
        return str(value) if decimals == "text" else _to_exact(value, label)
    if isinstance(value, dict):
        members = cast("dict[str, Any]", value).items()
        return {name: write_decimals(member, decimals, label) for name, member in members}
    if isinstance(value, list):
        return [write_decimals(each, decimals, label) for each in cast("list[Any]", value)]
    return value


def _to_exact(value: Decimal, label: str) -> int | float:
    number = to_plain(value)
    if isinstance(number, Decimal):
        raise ValidationError(
            f'{label} has a number that a JSON number would round; got {shorten(value)}: write it as decimals="text"'
        )
    return cast("int | float", as_whole(number))


def to_plain(value: Any) -> Any:
    """Return the JSON value for a value of any type: lists for sets, and Base64 for binary values.

    >>> to_plain({"tags": {"b", "a"}, "photo": b"x", "price": Decimal("1.5")})
    {'tags': ['a', 'b'], 'photo': 'eA==', 'price': 1.5}
    """
    if isinstance(value, Decimal):
        return _to_number(value)
    if isinstance(value, bytes):
        return write_base64(value)
    if isinstance(value, Mapping):
        return {name: to_plain(member) for name, member in cast("Mapping[str, Any]", value).items()}
    if isinstance(value, AbstractSet):
        return list(map(to_plain, sorted(cast("AbstractSet[Any]", value))))
    if isinstance(value, (list, tuple)):
        return list(map(to_plain, cast("list[Any]", value)))
    return value


def _to_number(value: Decimal) -> float | Decimal:
    """Return the float that JSON would write alike; the Decimal itself if there is none."""
    number = float(value)
    return number if math.isfinite(number) and Decimal(repr(number)) == value else value


def as_whole(value: Any) -> Any:
    """Return an int for a number without a fraction, since JSON does not tell `3.0` from `3`; else the value itself."""
    is_whole = isinstance(value, (float, Decimal)) and math.isfinite(value) and value == int(value)
    return int(value) if is_whole else value


def as_floats(value: Any) -> Any:
    """Return a JSON value in which no number is a Decimal."""
    if isinstance(value, Decimal):
        return float(value)
    if isinstance(value, dict):
        return {name: as_floats(member) for name, member in cast("dict[str, Any]", value).items()}
    return list(map(as_floats, cast("list[Any]", value))) if isinstance(value, list) else value


def read_text(field: Updatable, value: Any, parse: Callable[[str], Any], expected: str) -> Any:
    """Return what the text means, and any other value unchanged; refuse text that `parse` refuses with `ValueError`."""
    if not isinstance(value, str):
        return value
    try:
        return parse(value)
    except (ValueError, OverflowError) as error:
        field.reject(value, expected, cause=error)


def describe_lengths(minimum: int | None, maximum: int | None) -> JSONSchema:
    """Return the keywords for limits of a text's length."""
    limits = {"minLength": minimum, "maxLength": maximum}
    return {keyword: limit for keyword, limit in limits.items() if limit is not None}


def write_base64(data: bytes) -> str:
    """Return the text of binary data."""
    import binascii  # noqa: PLC0415 - an extension module to load, and most models have no binary values

    return binascii.b2a_base64(data, newline=False).decode("ascii")


def read_base64(field: Updatable, text: Any) -> Any:
    """Return the binary data of a text, and anything else unchanged."""
    import base64  # noqa: PLC0415 - slow to import, and most models have no binary values

    if not isinstance(text, str):
        return text
    try:
        return base64.b64decode(text, validate=True)
    except ValueError as error:  # `binascii.Error` is one
        field.reject(text, "Base64 text, or bytes", cause=error)
