"""Attribute values on the wire: `{"S": "text"}` and its nine siblings, as boto3's client takes and gives them.

Numbers travel as text and binary values as `bytes`, or as text in Base64 where they come straight out of JSON. The
members of a set are sorted, so that equal sets look alike.
Strings and whole numbers, which are most of what travels, are told apart inside the loops, where it costs no call.

Source: "AttributeValue" in the DynamoDB API reference.
"""

from __future__ import annotations

import base64
from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import Any, TypeAlias, cast

from dynamongo.exceptions import ServiceError, ValidationError
from dynamongo.values import (
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
_MALFORMED = (ArithmeticError, AttributeError, KeyError, TypeError, ValueError)


def encode_item(item: Mapping[str, AttributeValue]) -> WireItem:
    """The wire form of an item or key. Raises as `encode_value`, for a name that is no text too."""
    _check_names(item)
    wire: WireItem = {}
    for name, value in item.items():
        if type(value) is str:
            wire[name] = {"S": value}
        elif type(value) is int:
            wire[name] = {"N": str(value)}
        else:
            wire[name] = _ENCODERS.get(type(value), _encode_set)(value)
    return wire


def decode_item(wire: Mapping[str, WireValue]) -> Item:
    """The item or key of a wire form; the inverse of `encode_item`. Raises as `decode_value`."""
    try:
        return _decode_map(wire)
    except _MALFORMED as error:
        raise _refuse(wire) from error


def _check_names(members: Mapping[str, AttributeValue]) -> None:
    """Refuse what is no name, of which JSON would make one."""
    try:
        "".join(members)
    except TypeError as error:
        raise ValidationError(f"the names of a map are str; got {shorten(dict(members))}") from error


def encode_value(value: AttributeValue) -> WireValue:
    """The wire form of an attribute value.

    Raises `ValidationError` for a Python object that is none.

    >>> encode_value([1, True, frozenset({"b", "a"})])
    {'L': [{'N': '1'}, {'BOOL': True}, {'SS': ['a', 'b']}]}
    """
    return _ENCODERS.get(type(value), _encode_set)(value)


def decode_value(wire: WireValue) -> AttributeValue:
    """The attribute value of a wire form; the inverse of `encode_value`.

    Raises `ServiceError` for what is no attribute value, such as one of a type that this version does not know.

    >>> decode_value({"M": {"price": {"N": "1.50"}, "sold": {"NULL": True}}})
    {'price': Decimal('1.5'), 'sold': None}
    """
    try:
        return _decode(wire)
    except _MALFORMED as error:
        raise _refuse(wire) from error


def _refuse(wire: object) -> ServiceError:
    message = f"the store returned what is no attribute value known to dynamongo: {shorten(wire)}"
    return ServiceError(message, is_transient=False)


def _encode_decimal(number: Decimal) -> WireValue:
    """A number as text; one far out of range is refused here, before a billion zeros are written out."""
    text = str(number)
    if "E" not in text:
        return {"N": text}
    return {"N": format_number(normalize_number(number) if abs(number.adjusted()) > _FAR_EXPONENT else number)}


def _encode_list(elements: list[AttributeValue]) -> WireValue:
    return {"L": [{"S": element} if type(element) is str else encode_value(element) for element in elements]}


def _encode_set(members: Any) -> WireValue:
    """The wire form of what has no other encoder: a set, or what is refused since it is no attribute value."""
    kind = type_of(members)
    ordered = sorted(members)
    return {kind: [encode_value(number)["N"] for number in ordered] if kind == "NS" else ordered}


def _decode_map(members: Mapping[str, WireValue]) -> Item:
    item: Item = {}
    for name, wire in members.items():
        if len(wire) != 1:
            raise _refuse(wire)
        if "S" in wire:
            item[name] = wire["S"]
        elif "N" in wire:
            text = wire["N"]
            item[name] = int(text) if text.isdecimal() else parse_number(text)
        else:
            for kind in wire:
                item[name] = _DECODERS[kind](wire[kind])
    return item


def _decode_list(elements: list[WireValue]) -> list[AttributeValue]:
    return [wire["S"] if "S" in wire and len(wire) == 1 else _decode(wire) for wire in elements]


def _decode(wire: WireValue) -> AttributeValue:
    ((kind, content),) = wire.items()
    return _DECODERS[kind](content)


def _decode_numbers(texts: list[str]) -> frozenset[Number]:
    return frozenset(map(parse_number, texts))


def _decode_binary(content: bytes | str) -> bytes:
    return content if type(content) is bytes else base64.b64decode(content, validate=True)


def _decode_binaries(contents: list[bytes | str]) -> frozenset[bytes]:
    return frozenset(map(_decode_binary, contents))


def _decode_null(_: object) -> None:
    return None


def _keep(content: Any) -> Any:
    return content


_ENCODERS: dict[type, Callable[[Any], WireValue]] = {
    str: lambda text: {"S": text},
    int: lambda number: {"N": str(number)},
    Decimal: _encode_decimal,
    bytes: lambda data: {"B": data},
    bool: lambda truth: {"BOOL": truth},
    type(None): lambda _: {"NULL": True},
    list: _encode_list,
    dict: lambda members: {"M": encode_item(members)},
}
_DECODERS: dict[str, Callable[[Any], AttributeValue]] = {
    "S": _keep,
    "N": parse_number,
    "B": _decode_binary,
    "BOOL": _keep,
    "NULL": _decode_null,
    "L": _decode_list,
    "M": _decode_map,
    "SS": cast("Callable[[Any], AttributeValue]", frozenset),
    "NS": _decode_numbers,
    "BS": _decode_binaries,
}
