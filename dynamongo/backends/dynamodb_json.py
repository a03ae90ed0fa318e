"""DynamoDB JSON: attribute values such as `{"S": "text"}`, written as JSON; `expressions.wire_values` reads them.

Numbers travel as text, and binary values as text in Base64. The members of a set are sorted, so that equal sets look
alike. Values are written as JSON at once: dicts of dicts, and JSON made of them, would take three times as long.
Strings and whole numbers, which are the most frequent, are handled inside the loops, without a call; `item_shapes`
compiles functions for items that are alike.

Source: "AttributeValue" in the DynamoDB API reference.
"""

from __future__ import annotations

import base64
from collections.abc import Callable, Mapping
from decimal import Decimal
from json.encoder import encode_basestring_ascii as quote
from typing import Any, Final, cast

from dynamongo.backends.item_shapes import ItemShapes
from dynamongo.exceptions import ValidationError
from dynamongo.expressions.numbers import Number, format_number, normalize_number
from dynamongo.expressions.values import AttributeValue, shorten, type_of
from dynamongo.expressions.wire_values import WireItem, WireValue, decode_item, decode_value

__all__ = ["WireItem", "WireValue", "decode_item", "decode_value", "render_item", "render_value"]

_FAR_EXPONENT = 1_000  # the range of DynamoDB ends at 125


def render_item(item: Mapping[str, AttributeValue]) -> str:
    """Return the JSON of an item or key. Raises as `render_value`, and for a name that is not a `str`.

    >>> render_item({"id": 7, "name": "Jane"})
    '{"id":{"N":"7"},"name":{"S":"Jane"}}'
    """
    shape = tuple(item)
    render = _SHAPES.renderers.get(shape)
    if render is None:
        _SHAPES.count(shape, item)
    elif (text := render(item)) is not None:
        return text
    return _render_members(item)


def _render_members(item: Mapping[str, AttributeValue]) -> str:
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
_SHAPES: Final = ItemShapes(
    {
        "number": _quote_number,
        "quote": quote,
        "render_item": render_item,
        "render_list": _render_list,
        "render_value": render_value,
    }
)
