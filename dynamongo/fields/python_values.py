"""Python values to attribute values and back, without a field that says how.

`Field`, `DictField` without fields of its own, and undeclared attributes are encoded and decoded here. Each Python type
has one stored type, so that a value is read as it was saved, with three documented exceptions: a tuple is read as a
list, a float as an `int` or a `Decimal`, and a frozenset or a bytearray as a set or bytes.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from collections.abc import Set as AbstractSet
from decimal import Decimal
from typing import Any, Final, cast

from dynamongo.exceptions import ValidationError
from dynamongo.expressions.numbers import normalize_number
from dynamongo.expressions.values import (
    MAX_DEPTH,
    PLAIN_TYPES,
    AttributeValue,
    Item,
    check_name,
    check_text,
    normalize,
    shorten,
)
from dynamongo.fields.partial_map import refuse_part


def encode(value: Any) -> AttributeValue:
    """Return the attribute value for a Python value.

    Raises:
        ValidationError: DynamoDB has no such type, `values.normalize` refuses the value, or it contains itself or is
            nested too deep for Python.
        AttributeNotLoaded: A map or list was read in part.

    >>> encode({"tags": {"a"}, "score": 0.1})
    {'tags': frozenset({'a'}), 'score': Decimal('0.1')}
    """
    try:
        return _encode(value)
    except RecursionError:
        raise _too_deep(value) from None


def _too_deep(value: object) -> ValidationError:
    name = type(value).__name__
    return ValidationError(f"a {name} contains itself or is nested too deep; DynamoDB allows {MAX_DEPTH} levels")


def _encode(value: Any) -> AttributeValue:
    kind = type(cast("object", value))
    if kind in PLAIN_TYPES:
        return normalize(cast("AttributeValue", value))
    if kind is list:  # most containers are plain, and `isinstance` with an abstract class is slow
        return [_encode(element) for element in value]
    if kind is dict:
        return {check_name(name): _encode(member) for name, member in value.items()}
    if isinstance(value, float):
        return encode_float(value)
    refuse_part(value)
    if isinstance(value, Mapping):
        return {check_name(name): _encode(member) for name, member in cast("Mapping[Any, Any]", value).items()}
    if isinstance(value, (list, tuple)):
        return [_encode(element) for element in cast("list[Any]", value)]
    if isinstance(value, AbstractSet):
        return _encode_set(cast("AbstractSet[Any]", value))
    if isinstance(value, (bytearray, memoryview)):
        return bytes(cast("bytes", value))
    if isinstance(value, str):  # a subclass, such as a member of a string enumeration
        return check_text(str.__str__(value))
    raise ValidationError(
        f"DynamoDB has no type for {type(value).__name__}; got {shorten(value)}; use a field that says how to store it"
    )


def encode_float(value: float) -> AttributeValue:
    """Return the exact decimal that `repr` writes for the float; raise `ValidationError` for NaN and infinity.

    >>> encode_float(0.1), encode_float(2.0)
    (Decimal('0.1'), 2)
    """
    if not math.isfinite(value):
        raise ValidationError(f"DynamoDB has no NaN and no infinity; got {value!r}")
    return normalize_number(Decimal(repr(float(value))))


def _encode_set(members: AbstractSet[Any]) -> AttributeValue:
    return normalize(cast("AttributeValue", frozenset(map(_encode, members))))


def decode(value: AttributeValue) -> Any:
    """Return the Python value for an attribute value, in new containers.

    >>> decode({"tags": frozenset({"a"}), "score": Decimal("0.1")})
    {'tags': {'a'}, 'score': Decimal('0.1')}
    """
    copy = _COPIES.get(type(value))
    return value if copy is None else copy(value)


def round_trip(value: Any) -> Any:
    """Return what would be read after storing a Python value, in new containers; raises as `encode`.

    >>> round_trip({"scores": (0.1, 2.0)})
    {'scores': [Decimal('0.1'), 2]}
    """
    encoded = encode(value)
    try:
        return encoded if type(encoded) is str else decode(encoded)
    except RecursionError:
        raise _too_deep(value) from None


def decode_map(item: Item) -> dict[str, Any]:
    """Apply `decode` to every member of a map, or attribute of an item."""
    decoded: dict[str, Any] = item.copy()  # most members have no parts, and stay as they are
    for name, value in item.items():
        if type(value) in _COPIES:
            decoded[name] = _COPIES[type(value)](value)
    return decoded


def _decode_list(elements: list[AttributeValue]) -> list[Any]:
    return [_COPIES[type(each)](each) if type(each) in _COPIES else each for each in elements]


_COPIES: Final[dict[type, Callable[[Any], Any]]] = {dict: decode_map, list: _decode_list, frozenset: set}
"""What decodes the types of values that have parts."""
