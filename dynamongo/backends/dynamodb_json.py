"""DynamoDB JSON: attribute values such as `{"S": "text"}`, written as JSON and read from parsed JSON.

Numbers travel as text, and binary values as text in Base64; boto3's client has decoded
that already when it returns `bytes`. The members of a set are sorted, so that equal sets look alike.
Values are written as JSON at once: dicts of dicts, and JSON made of them, would take three times as long.
Strings and whole numbers, which are the most frequent, are handled inside the loops, without a call.

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

_FAR_EXPONENT = 1_000  # the range of DynamoDB ends at 125
_TYPE_LETTERS = 4  # as many as BOOL and NULL have: a longer name may be data, which messages must not show
# What decoding raises for JSON that is not an attribute value.
_MALFORMED = (ArithmeticError, AttributeError, KeyError, TypeError, ValueError)


def render_item(item: Mapping[str, AttributeValue]) -> str:
    """Return the JSON of an item or key. Raises as `render_value`, and for a name that is not a `str`.

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
    except TypeError as error:  # `quote` takes only a str
        odd = next((name for name in cast("Mapping[object, object]", item) if not isinstance(name, str)), None)
        raise ValidationError(f"names in a map must be str; got {shorten(odd)}") from error
    return f"{{{','.join(members)}}}"


def render_value(value: AttributeValue) -> str:
    """Return the JSON of an attribute value.

    Raises `ValidationError` for any other Python object.

    >>> render_value([1, True, frozenset({"b", "a"})])
    '{"L":[{"N":"1"},{"BOOL":true},{"SS":["a","b"]}]}'
    """
    return _RENDERERS.get(type(value), _render_set)(value)


def decode_item(wire: Mapping[str, WireValue]) -> Item:
    """Return an item or key from its parsed JSON, the reverse of `render_item`. Raises as `decode_value`."""
    try:
        return _decode_map(wire)
    except (*_MALFORMED, ServiceError):
        raise _refuse_item(wire) from None


def decode_value(wire: WireValue) -> AttributeValue:
    """Return an attribute value from its parsed JSON, the reverse of `render_value`.

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


def _quote_number(number: Number) -> str:
    """Return a number as quoted text; one far out of range is rejected before a billion zeros are written."""
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
    """Return the JSON of a set; anything else that comes here is not an attribute value, and is rejected."""
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
