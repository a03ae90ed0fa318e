"""Attribute values on the wire: `{"S": "text"}` and its nine siblings, as boto3's client takes and gives them.

Numbers travel as text and binary values as `bytes`. The members of a set are sorted, so that equal sets look alike.

Source: "AttributeValue" in the DynamoDB API reference.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import Any, TypeAlias, cast

from dynamongo.exceptions import ServiceError
from dynamongo.values import (
    AttributeType,
    AttributeValue,
    Item,
    Number,
    format_number,
    normalize_number,
    parse_number,
    shorten,
    type_of,
)

WireValue: TypeAlias = dict[str, Any]
WireItem: TypeAlias = dict[str, WireValue]

_FAR_EXPONENT = 1_000


def encode_item(item: Mapping[str, AttributeValue]) -> WireItem:
    """The wire form of an item or key."""
    return {name: encode_value(value) for name, value in item.items()}


def decode_item(wire: Mapping[str, WireValue]) -> Item:
    """The item or key of a wire form; the inverse of `encode_item`."""
    return {name: decode_value(value) for name, value in wire.items()}


def encode_value(value: AttributeValue) -> WireValue:
    """The wire form of an attribute value.

    Raises `ValidationError` for a Python object that is none.

    >>> encode_value([1, True, frozenset({"b", "a"})])
    {'L': [{'N': '1'}, {'BOOL': True}, {'SS': ['a', 'b']}]}
    """
    kind = type_of(value)
    return {kind: _ENCODERS[kind](value)}


def decode_value(wire: WireValue) -> AttributeValue:
    """The attribute value of a wire form; the inverse of `encode_value`.

    Raises `ServiceError` for what is no attribute value, such as one of a type that this version does not know.

    >>> decode_value({"M": {"price": {"N": "1.50"}, "sold": {"NULL": True}}})
    {'price': Decimal('1.5'), 'sold': None}
    """
    try:
        ((kind, content),) = wire.items()
        return _DECODERS[kind](content)
    except (ArithmeticError, AttributeError, KeyError, TypeError, ValueError) as error:
        message = f"the store returned what is no attribute value known to dynamongo: {shorten(wire)}"
        raise ServiceError(message, is_transient=False) from error


def _keep(content: Any) -> Any:
    return content


def _encode_number(number: Number) -> str:
    """A number as text; one far out of range is refused here, before a billion zeros are written out."""
    if type(number) is Decimal and abs(number.adjusted()) > _FAR_EXPONENT:
        return format_number(normalize_number(number))
    return format_number(number)


def _encode_null(_: None) -> bool:
    return True


def _decode_null(_: object) -> None:
    return None


def _encode_list(elements: list[AttributeValue]) -> list[WireValue]:
    return [encode_value(element) for element in elements]


def _decode_list(elements: list[WireValue]) -> list[AttributeValue]:
    return [decode_value(element) for element in elements]


def _encode_numbers(numbers: frozenset[Number]) -> list[str]:
    return [_encode_number(number) for number in sorted(numbers)]


def _decode_numbers(texts: list[str]) -> frozenset[Number]:
    return frozenset(map(parse_number, texts))


_ENCODERS: dict[AttributeType, Callable[[Any], Any]] = {
    "S": _keep,
    "N": _encode_number,
    "B": _keep,
    "BOOL": _keep,
    "NULL": _encode_null,
    "L": _encode_list,
    "M": encode_item,
    "SS": sorted,
    "NS": _encode_numbers,
    "BS": sorted,
}
_DECODERS: dict[str, Callable[[Any], AttributeValue]] = {
    "S": _keep,
    "N": parse_number,
    "B": _keep,
    "BOOL": _keep,
    "NULL": _decode_null,
    "L": _decode_list,
    "M": decode_item,
    "SS": cast("Callable[[Any], AttributeValue]", frozenset),
    "NS": _decode_numbers,
    "BS": cast("Callable[[Any], AttributeValue]", frozenset),
}
