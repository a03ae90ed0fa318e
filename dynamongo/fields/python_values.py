"""Python values to attribute values and back, where no field says how.

`Field`, `DictField` without fields of its own and attributes that a model does not declare go through here. Each
Python type has one stored type, so that a value read back is the value saved, with three documented exceptions:
a tuple comes back as a list, a float as an `int` or a `Decimal`, a frozenset or a bytearray as a set or bytes.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from collections.abc import Set as AbstractSet
from decimal import Decimal
from typing import Any, cast

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
    """The attribute value that stands for a Python value.

    Raises `ValidationError` for a type that DynamoDB has no counterpart of, for what `values.normalize` refuses, and
    for what contains itself or is nested so deep that Python does not get to its end; `AttributeNotLoaded` for a map
    or list that was read in part.

    >>> encode({"tags": {"a"}, "score": 0.1})
    {'tags': frozenset({'a'}), 'score': Decimal('0.1')}
    """
    try:
        return _encode(value)
    except RecursionError:
        raise _too_deep(value) from None


def _too_deep(value: object) -> ValidationError:
    problem = f"nested too deep, or in itself; DynamoDB takes {MAX_DEPTH} levels"
    return ValidationError(f"a {type(value).__name__} is {problem}")


def _encode(value: Any) -> AttributeValue:
    kind = type(cast("object", value))
    if kind in PLAIN_TYPES:
        return normalize(cast("AttributeValue", value))
    if kind is list:  # most containers are plain, and to ask an abstract class takes longer
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
    if isinstance(value, str):  # a subclass: an enumeration's member, say
        return check_text(str.__str__(value))
    raise ValidationError(
        f"no DynamoDB type stands for {type(value).__name__}; got {shorten(value)}; "
        "use a field that says how it is stored"
    )


def encode_float(value: float) -> AttributeValue:
    """The exact decimal that `repr` writes for the float; raises `ValidationError` for NaN and infinity.

    >>> encode_float(0.1), encode_float(2.0)
    (Decimal('0.1'), 2)
    """
    if not math.isfinite(value):
        raise ValidationError(f"DynamoDB has no NaN and no infinity; got {value!r}")
    return normalize_number(Decimal(repr(float(value))))


def _encode_set(members: AbstractSet[Any]) -> AttributeValue:
    return normalize(cast("AttributeValue", frozenset(map(_encode, members))))


def decode(value: AttributeValue) -> Any:
    """The Python value that an attribute value stands for, built of new containers.

    >>> decode({"tags": frozenset({"a"}), "score": Decimal("0.1")})
    {'tags': {'a'}, 'score': Decimal('0.1')}
    """
    if type(value) in PLAIN_TYPES:
        return value
    if isinstance(value, dict):
        return decode_map(value)
    if isinstance(value, list):
        return [element if type(element) in PLAIN_TYPES else decode(element) for element in value]
    return set(cast("frozenset[str]", value))


def round_trip(value: Any) -> Any:
    """What is read back of a Python value once it is stored, built of new containers; raises as `encode`.

    >>> round_trip({"scores": (0.1, 2.0)})
    {'scores': [Decimal('0.1'), 2]}
    """
    encoded = encode(value)
    try:
        return encoded if type(encoded) is str else decode(encoded)
    except RecursionError:
        raise _too_deep(value) from None


def decode_map(item: Item) -> dict[str, Any]:
    """`decode` for every attribute of an item."""
    return {name: value if type(value) in PLAIN_TYPES else decode(value) for name, value in item.items()}
