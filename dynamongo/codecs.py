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
from dynamongo.partial import refuse_part
from dynamongo.values import AttributeValue, Item, check_name, check_text, normalize, normalize_number, shorten

_SCALARS = (str, int, Decimal, bytes, bool, type(None))


def encode(value: Any) -> AttributeValue:
    """The attribute value that stands for a Python value.

    Raises `ValidationError` for a type that DynamoDB has no counterpart of, and for what `values.normalize` refuses;
    `AttributeNotLoaded` for a map or list that was read in part.

    >>> encode({"tags": {"a"}, "score": 0.1})
    {'tags': frozenset({'a'}), 'score': Decimal('0.1')}
    """
    if type(value) in _SCALARS:
        return normalize(cast("AttributeValue", value))
    if isinstance(value, float):
        return encode_float(value)
    if type(value) is not dict and type(value) is not list:
        refuse_part(value)
    if isinstance(value, Mapping):
        return {check_name(name): encode(member) for name, member in cast("Mapping[Any, Any]", value).items()}
    if isinstance(value, (list, tuple)):
        return [encode(element) for element in cast("list[Any]", value)]
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
    return normalize(cast("AttributeValue", frozenset(map(encode, members))))


def decode(value: AttributeValue) -> Any:
    """The Python value that an attribute value stands for, built of new containers.

    >>> decode({"tags": frozenset({"a"}), "score": Decimal("0.1")})
    {'tags': {'a'}, 'score': Decimal('0.1')}
    """
    if isinstance(value, dict):
        return decode_item(value)
    if isinstance(value, list):
        return [decode(element) for element in value]
    if isinstance(value, frozenset):
        return set(cast("frozenset[str]", value))
    return value


def decode_item(item: Item) -> dict[str, Any]:
    """`decode` for every attribute of an item."""
    return {name: decode(value) for name, value in item.items()}
