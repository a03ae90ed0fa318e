"""Wire values: attribute values read from parsed DynamoDB JSON, such as `{"S": "text"}`.

Numbers travel as text, and binary values as text in Base64; boto3's client has decoded
that already when it returns `bytes`. `backends.dynamodb_json` writes what is read here.
Strings and whole numbers, which are the most frequent, are handled inside the loops, without a call.

Source: "AttributeValue" in the DynamoDB API reference.
"""

from __future__ import annotations

import base64
from collections.abc import Callable, Mapping
from typing import Any, TypeAlias, cast

from dynamongo.exceptions import ServiceError
from dynamongo.expressions.numbers import Number, parse_number
from dynamongo.expressions.values import AttributeValue, Item

WireValue: TypeAlias = dict[str, Any]
WireItem: TypeAlias = dict[str, WireValue]

_TYPE_LETTERS = 4  # as many as BOOL and NULL have: a longer name may be data, which messages must not show
# What decoding raises for JSON that is not an attribute value.
_MALFORMED = (ArithmeticError, AttributeError, KeyError, TypeError, ValueError)


def decode_item(wire: Mapping[str, WireValue]) -> Item:
    """Return an item or key from its parsed JSON; raises as `decode_value`."""
    try:
        return _decode_map(wire)
    except (*_MALFORMED, ServiceError):
        raise _refuse_item(wire) from None


def decode_value(wire: WireValue) -> AttributeValue:
    """Return an attribute value from its parsed JSON.

    Raises `ServiceError` for anything else, such as a value of a type that this version does not know.

    >>> decode_value({"M": {"price": {"N": "1.50"}, "sold": {"NULL": True}}})
    {'price': Decimal('1.5'), 'sold': None}
    """
    try:
        return _decode(wire)
    except _MALFORMED:
        raise _refuse(wire) from None


def _refuse(wire: object) -> ServiceError:
    """Return the error, which names the kind of the value and not the value: messages get into logs."""
    return _build_error("", wire)


def _refuse_item(item: Mapping[str, WireValue]) -> ServiceError:
    for name, wire in item.items():
        try:
            _decode(wire)
        except (*_MALFORMED, ServiceError):
            return _build_error(f" in the attribute {name}", wire)
    return _build_error("", item)


def _build_error(where: str, wire: object) -> ServiceError:
    message = f"the store returned an unknown attribute value{where}: {_describe_wire(wire)}"
    return ServiceError(message, is_transient=False)


def _describe_wire(wire: Any) -> str:
    if not isinstance(wire, dict) or len(cast("WireValue", wire)) != 1:
        return f"a {type(cast('object', wire)).__name__} that is not a pair of a type and a value"
    ((kind, content),) = cast("WireValue", wire).items()
    is_type = isinstance(cast("object", kind), str) and kind.isupper() and len(kind) <= _TYPE_LETTERS
    return f"a {type(content).__name__} of {f'type {kind}' if is_type else 'an unknown type'}"


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
            for kind in wire:  # the only one
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
    # Without `validate`, characters that are not Base64 would be skipped.
    return content if type(content) is bytes else base64.b64decode(content, validate=True)


def _decode_binaries(contents: list[bytes | str]) -> frozenset[bytes]:
    return frozenset(map(_decode_binary, contents))


def _decode_null(_: object) -> None:
    return None


def _keep(content: Any) -> Any:
    return content


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
