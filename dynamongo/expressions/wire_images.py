"""DynamoDB JSON that other programs hand over: the images of streams, exports, and what the AWS command line prints.

`wire_values` reads what DynamoDB itself returns. This module checks first, because anybody can write such JSON.
"""

from __future__ import annotations

import binascii
import json
from collections.abc import Mapping
from typing import Any, Final, Literal, NoReturn, TypeAlias, cast

from dynamongo._support.lazy import LazyPattern
from dynamongo.exceptions import ServiceError, ValidationError
from dynamongo.expressions.numbers import format_number
from dynamongo.expressions.values import (
    MAX_DEPTH,
    SET_TYPES,
    AttributeValue,
    Item,
    check_name,
    normalize,
    shorten,
    type_of,
)
from dynamongo.expressions.wire_values import WireItem, WireValue, decode_value

BinaryForm: TypeAlias = Literal["base64", "bytes"]
"""How binary values are written: as text, for JSON; or as they are, for boto3's client, which encodes them itself."""

_CONTENTS: Final[dict[object, tuple[type, ...]]] = {
    **dict.fromkeys("SN", (str,)),
    "B": (str, bytes),
    **dict.fromkeys(("BOOL", "NULL"), (bool,)),
    "L": (list,),
    "M": (dict,),
}
"""The Python types of the contents of each type of value, sets apart."""

_OF_NUMBERS = LazyPattern(r"[-+.0-9eE]+\Z")


def read_image(image: Mapping[str, Any] | str | bytes) -> Item:
    """Return the item of DynamoDB JSON: a dict or its text, alone or as the `Item` of an export or a response.

    Raises:
        ValidationError: It is not the JSON of one item.
    """
    try:
        return _read(_parse(image) if isinstance(image, (str, bytes)) else image)
    except RecursionError:
        raise ValidationError(f"DynamoDB JSON is nested too deep: DynamoDB allows {MAX_DEPTH} levels") from None


def _read(image: object) -> Item:
    if not isinstance(image, Mapping):
        raise ValidationError(f"DynamoDB JSON of an item is an object; got {shorten(image)}")
    attributes = cast("Mapping[str, Any]", image)
    inner: Any = attributes.get("Item")
    # An attribute may have the name `Item`, too: then it is an attribute value, which no item is.
    if isinstance(inner, Mapping) and _find_mistake("", inner):
        attributes = cast("Mapping[str, Any]", inner)
    for name, value in attributes.items():
        if mistake := _find_mistake(name, value):
            _refuse(*mistake)
    return {check_name(name): _decode(name, value) for name, value in attributes.items()}


def _parse(text: str | bytes) -> object:
    try:
        return json.loads(text)
    except ValueError as error:
        raise ValidationError(f"DynamoDB JSON cannot be read from {shorten(text)}: {error}") from error


def _decode(name: str, value: WireValue) -> AttributeValue:
    try:
        return normalize(decode_value(value))
    except (ServiceError, ValidationError):  # it has the right shape, but holds no number, no Base64 or no member
        _refuse(name, value)


def _find_mistake(path: str, value: Any) -> tuple[str, Any] | None:
    """Return the path and the value of the first part that is no attribute value; `None` if all are."""
    pair: list[Any] = list(cast("WireValue", value).items()) if isinstance(value, dict) else []
    kind, content = cast("tuple[Any, Any]", pair[0] if len(pair) == 1 else ("", None))
    if not _has_type(kind, content):
        return path, cast("object", value)
    parts: list[tuple[str, Any]] = []
    if kind == "M":
        parts = [(f"{path}.{name}", part) for name, part in content.items()]
    elif kind == "L":
        parts = [(f"{path}[{index}]", part) for index, part in enumerate(content)]
    return next((mistake for name, part in parts if (mistake := _find_mistake(name, part))), None)


def _has_type(kind: object, content: Any) -> bool:
    if kind in SET_TYPES:
        return isinstance(content, (list, set, frozenset)) and all(
            _has_type(str(kind)[0], member) for member in cast("list[Any]", content)
        )
    # `Decimal` takes more than DynamoDB does: blanks, underscores, the digits of other scripts.
    if kind == "N" and isinstance(content, str) and not _OF_NUMBERS.match(content):
        return False
    return isinstance(content, _CONTENTS.get(kind, ()))


def _refuse(path: str, value: object) -> NoReturn:
    raise ValidationError(
        f"the attribute {path} is not DynamoDB JSON, which names the type of each value, as in"
        f' {{"S": "text"}} or {{"N": "1.5"}}; got {shorten(value)}: from_item() takes plain values'
    )


def write_image(item: Mapping[str, AttributeValue], binary: BinaryForm) -> WireItem:
    """Return the DynamoDB JSON of an item; the members of sets are sorted, so that equal items look alike.

    >>> write_image({"id": 7, "photo": b"x", "tags": frozenset({"b", "a"})}, "base64")
    {'id': {'N': '7'}, 'photo': {'B': 'eA=='}, 'tags': {'SS': ['a', 'b']}}
    """
    return {name: _write(value, binary) for name, value in item.items()}


def _write(value: Any, binary: BinaryForm) -> WireValue:
    kind = type_of(value)
    if kind == "M":
        return {kind: write_image(value, binary)}
    if kind == "L":
        return {kind: [_write(each, binary) for each in value]}
    if kind in SET_TYPES:
        return {kind: [_write_scalar(kind[0], each, binary) for each in sorted(value)]}
    return {kind: True if kind == "NULL" else _write_scalar(kind, value, binary)}


def _write_scalar(kind: str, value: Any, binary: BinaryForm) -> Any:
    if kind == "N":
        return format_number(value)
    if kind == "B" and binary == "base64":
        return binascii.b2a_base64(value, newline=False).decode("ascii")
    return value
