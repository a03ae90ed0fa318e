"""Wire values: attribute values read from parsed DynamoDB JSON, such as `{"S": "text"}`.

Numbers travel as text, and binary values as text in Base64; boto3's client has decoded that already when it returns
`bytes`. `backends.dynamodb_json` writes what is read here. Strings and whole numbers, which are the most frequent, are
handled inside the loops, without a call.

Source: "AttributeValue" in the DynamoDB API reference.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Callable, Mapping
from typing import Any, Final, TypeAlias, cast

from dynamongo.exceptions import ServiceError
from dynamongo.expressions.numbers import parse_number
from dynamongo.expressions.values import AttributeValue, Item

WireValue: TypeAlias = dict[str, Any]
WireItem: TypeAlias = dict[str, WireValue]

_TYPE_LETTERS = 4  # as many as BOOL and NULL have: a longer name may be data, which messages must not show
DECODING_ERRORS = (ArithmeticError, AttributeError, KeyError, TypeError, ValueError)
"""What decoding raises for JSON that is not an attribute value, besides `ServiceError`."""


def decode_item(wire: Mapping[str, WireValue]) -> Item:
    """Return an item or key from its parsed JSON; raises as `decode_value`."""
    try:
        return DECODERS["M"](wire)  # type: ignore[return-value]  # a `cast` would be a call
    except (*DECODING_ERRORS, ServiceError):
        raise _refuse_item(wire) from None


def decode_value(wire: WireValue) -> AttributeValue:
    """Return an attribute value from its parsed JSON.

    Raises `ServiceError` for anything else, such as a value of a type that this version does not know.

    >>> decode_value({"M": {"price": {"N": "1.50"}, "sold": {"NULL": True}}})
    {'price': Decimal('1.5'), 'sold': None}
    """
    try:
        return _decode(wire)
    except DECODING_ERRORS:
        raise _refuse(wire) from None


def _refuse(wire: object) -> ServiceError:
    """Return the error, which names the kind of the value and not the value: messages get into logs."""
    return _build_error("", wire)


def _refuse_item(item: Mapping[str, WireValue]) -> ServiceError:
    for name, wire in item.items():
        try:
            _decode(wire)
        except (*DECODING_ERRORS, ServiceError):
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


def decode_text(text: str) -> Item:
    """Return an item from its JSON. Raises as `decode_item`."""
    return decode_item(json.loads(text))


def find_in_text(text: str) -> Callable[[str, Any], Any]:
    """Return the `get` of an item in JSON: it decodes a value when that is asked for, and raises as `decode_value`."""
    wire: WireItem = json.loads(text)
    return lambda name, default: decode_value(wire[name]) if name in wire else default


def _decode(wire: WireValue) -> AttributeValue:
    value: AttributeValue = _decode_by(DECODERS, wire)
    return value


def _decode_by(decoders: Mapping[str, Callable[[Any], Any]], wire: WireValue) -> Any:
    ((kind, content),) = wire.items()
    return decoders[kind](content)


def _decode_binary(content: bytes | str) -> bytes:
    # Without `validate`, characters that are not Base64 would be skipped.
    return content if type(content) is bytes else base64.b64decode(content, validate=True)


def _decode_null(_: object) -> None:
    return None


def _keep(content: Any) -> Any:
    return content


def _make_decoders(make_set: type[Any]) -> dict[str, Callable[[Any], Any]]:
    """Return the functions that decode contents by their types; they raise one of `DECODING_ERRORS`."""
    decoders: dict[str, Callable[[Any], Any]] = {"S": _keep, "N": parse_number, "B": _decode_binary}
    decoders |= {"BOOL": _keep, "NULL": _decode_null, "SS": make_set}
    decoders["NS"] = lambda texts: make_set(map(parse_number, texts))
    decoders["BS"] = lambda contents: make_set(map(_decode_binary, contents))
    decoders["L"] = lambda elements: [
        wire["S"] if "S" in wire and len(wire) == 1 else _decode_by(decoders, wire) for wire in elements
    ]
    decoders["M"] = _make_map_decoder(decoders)
    return decoders


def _make_map_decoder(decoders: Mapping[str, Callable[[Any], Any]]) -> Callable[[Any], Any]:
    def decode_map(members: Mapping[str, WireValue]) -> dict[str, Any]:
        decoded: dict[str, Any] = {}
        for name, wire in members.items():
            if len(wire) != 1:
                raise _refuse(wire)
            if "S" in wire:
                decoded[name] = wire["S"]
            elif "N" in wire:
                text = wire["N"]
                decoded[name] = int(text) if text.isdecimal() else parse_number(text)
            elif "M" in wire:
                decoded[name] = decode_map(wire["M"])
            else:
                for kind in wire:  # the only one
                    decoded[name] = decoders[kind](wire[kind])
        return decoded

    return decode_map


DECODERS: Final[dict[str, Callable[[Any], AttributeValue]]] = _make_decoders(frozenset)
"""What decodes the contents of each type of value."""

FREE_DECODERS: Final[dict[str, Callable[[Any], Any]]] = _make_decoders(set)
"""What decodes them to Python values without a field, as `fields.python_values.decode` would do after `DECODERS`."""
