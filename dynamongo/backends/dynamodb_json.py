"""Attribute values on the wire: `{"S": "text"}` and its nine siblings, written as JSON and read from what JSON holds.

Numbers travel as text, and binary values as text in Base64; boto3's client has read that already where it gives an
answer, as `bytes`. The members of a set are sorted, so that equal sets look alike.
Values are written as JSON at once: dicts of dicts, and JSON made of them, would take three times as long.
Strings and whole numbers, which are most of what travels, are told apart inside the loops, where it costs no call.

Source: "AttributeValue" in the DynamoDB API reference.
"""

from __future__ import annotations

import base64
from collections.abc import Callable, Mapping
from decimal import Decimal
from json.encoder import encode_basestring_ascii as quote
from typing import Any, TypeAlias, cast

from dynamongo.exceptions import ServiceError, ValidationError
from dynamongo.expressions.numbers import Number, format_number, normalize_number, parse_number
from dynamongo.expressions.values import AttributeValue, Item, shorten, type_of

WireValue: TypeAlias = dict[str, Any]
WireItem: TypeAlias = dict[str, WireValue]

_FAR_EXPONENT = 1_000
_TYPE_LETTERS = 4
_MALFORMED = (ArithmeticError, AttributeError, KeyError, TypeError, ValueError)


def render_item(item: Mapping[str, AttributeValue]) -> str:
    """The JSON of an item or key. Raises as `render_value`, for a name that is no text too.

    >>> render_item({"id": 7, "name": "Jane"})
    '{"id":{"N":"7"},"name":{"S":"Jane"}}'
    """
    members: list[str] = []
    try:
        for name, value in item.items():
            if type(value) is str:
                members.append(f'{quote(name)}:{{"S":{quote(value)}}}')
            elif type(value) is int:
                members.append(f'{quote(name)}:{{"N":"{value}"}}')
            else:
                members.append(f"{quote(name)}:{_RENDERERS.get(type(value), _render_set)(value)}")
    except TypeError as error:
        odd = next((name for name in cast("Mapping[object, object]", item) if not isinstance(name, str)), None)
        raise ValidationError(f"the names of a map are str; got {shorten(odd)}") from error
    return f"{{{','.join(members)}}}"


def render_value(value: AttributeValue) -> str:
    """The JSON of an attribute value.

    Raises `ValidationError` for a Python object that is none.

    >>> render_value([1, True, frozenset({"b", "a"})])
    '{"L":[{"N":"1"},{"BOOL":true},{"SS":["a","b"]}]}'
    """
    return _RENDERERS.get(type(value), _render_set)(value)


def decode_item(wire: Mapping[str, WireValue]) -> Item:
    """The item or key of a wire form: what `render_item` rendered, once it is parsed. Raises as `decode_value`."""
    try:
        return _decode_map(wire)
    except (*_MALFORMED, ServiceError):
        raise _refuse_item(wire) from None


def decode_value(wire: WireValue) -> AttributeValue:
    """The attribute value of a wire form: what `render_value` rendered, once it is parsed.

    Raises `ServiceError` for what is no attribute value, such as one of a type that this version does not know.

    >>> decode_value({"M": {"price": {"N": "1.50"}, "sold": {"NULL": True}}})
    {'price': Decimal('1.5'), 'sold': None}
    """
    try:
        return _decode(wire)
    except _MALFORMED:
        raise _refuse(wire) from None


def _refuse(wire: object) -> ServiceError:
    """What is stored gets into no error's text, since many read it in a log; of what kind it is does."""
    return _build_error("", wire)


def _refuse_item(item: Mapping[str, WireValue]) -> ServiceError:
    for name, wire in item.items():
        try:
            _decode(wire)
        except (*_MALFORMED, ServiceError):
            return _build_error(f" in the attribute {name}", wire)
    return _build_error("", item)


def _build_error(where: str, wire: object) -> ServiceError:
    message = f"the store returned what is no attribute value known to dynamongo{where}: {_describe_wire(wire)}"
    return ServiceError(message, is_transient=False)


def _describe_wire(wire: Any) -> str:
    if not isinstance(wire, dict) or len(cast("WireValue", wire)) != 1:
        return f"a {type(cast('object', wire)).__name__} that is no pair of a type and a value"
    ((kind, content),) = cast("WireValue", wire).items()
    is_type = isinstance(cast("object", kind), str) and kind.isupper() and len(kind) <= _TYPE_LETTERS
    return f"a {type(content).__name__} of {f'type {kind}' if is_type else 'an unknown type'}"


def _quote_number(number: Number) -> str:
    """A number as text; one far out of range is refused here, before a billion zeros are written out."""
    text = str(number)
    if "E" in text and isinstance(number, Decimal):
        text = format_number(normalize_number(number) if abs(number.adjusted()) > _FAR_EXPONENT else number)
    return f'"{text}"'


def _quote_binary(data: bytes) -> str:
    return f'"{base64.b64encode(data).decode()}"'


def _render_list(elements: list[AttributeValue]) -> str:
    rendered = [f'{{"S":{quote(each)}}}' if type(each) is str else render_value(each) for each in elements]
    return f'{{"L":[{",".join(rendered)}]}}'


def _render_set(members: Any) -> str:
    """The JSON of what is rendered by nothing else: a set, or what is refused since it is no attribute value."""
    kind = type_of(members)
    return f'{{"{kind}":[{",".join(map(_QUOTES[kind], sorted(members)))}]}}'


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


_RENDERERS: dict[type, Callable[[Any], str]] = {
    str: lambda text: f'{{"S":{quote(text)}}}',
    int: lambda number: f'{{"N":"{number}"}}',
    Decimal: lambda number: f'{{"N":{_quote_number(number)}}}',
    bytes: lambda data: f'{{"B":{_quote_binary(data)}}}',
    bool: lambda truth: '{"BOOL":true}' if truth else '{"BOOL":false}',
    type(None): lambda _: '{"NULL":true}',
    list: _render_list,
    dict: lambda members: f'{{"M":{render_item(members)}}}',
}
_QUOTES: dict[str, Callable[[Any], str]] = {"SS": quote, "NS": _quote_number, "BS": _quote_binary}
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
