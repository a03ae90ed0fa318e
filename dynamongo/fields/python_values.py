"""Python values to attribute values and back, without a field that says how.

`Field`, `DictField` without fields of its own, and undeclared attributes are encoded and decoded here. Each Python type
has one stored type, so that a value is read as it was saved, with three documented exceptions: a tuple is read as a
list, a float as an `int` or a `Decimal`, and a frozenset or a bytearray as a set or bytes.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping
from collections.abc import Set as AbstractSet
from decimal import Decimal
from typing import Any, Final, cast

from dynamongo.exceptions import ValidationError
from dynamongo.expressions.numbers import LEAST_INT, MOST_INT, normalize_number
from dynamongo.expressions.values import (
    MAX_DEPTH,
    MAX_NAME_BYTES,
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
        return encode_parts(value)
    except RecursionError:
        raise _too_deep(value) from None


def encode_item(item: object) -> Item:
    """Return the attribute values of an item's Python values; raises as `encode`, and for what is no mapping."""
    if not isinstance(item, Mapping):
        raise ValidationError(f"an item is a dict of its attributes; got {shorten(item)}")
    return cast("Item", encode(item))


def round_trip(value: Any) -> Any:
    """Return what would be read after storing a Python value, in new containers; raises as `encode`.

    >>> round_trip({"scores": (0.1, 2.0)})
    {'scores': [Decimal('0.1'), 2]}
    """
    try:
        return hold_parts(value)
    except RecursionError:
        raise _too_deep(value) from None


def _too_deep(value: object) -> ValidationError:
    name = type(value).__name__
    return ValidationError(f"a {name} contains itself or is nested too deep; DynamoDB allows {MAX_DEPTH} levels")


class _Walk:
    """The way from a Python value to the attribute value, or to the Python value that is read in its place.

    Free maps are walked for every instance that is built or saved. So what takes a value is found by its type, and a
    map is copied in one go: most members are stored as they are, and need neither a call nor an assignment. That takes
    a quarter off the time to build and encode an instance. `test_python_values.py` compares both walks with a reading
    of the rules step by step.

    Args:
        make_set: What makes a set; that of an attribute value is a frozenset, and that of a Python value is not.
    """

    def __init__(self, make_set: Callable[[Any], Any]) -> None:
        self._make_set = make_set
        self._takers: dict[type, Callable[[Any], Any]] = {
            **dict.fromkeys((bool, bytes, type(None)), _keep),
            **dict.fromkeys((int, Decimal), normalize_number),
            **dict.fromkeys((list, tuple), self._take_list),
            **dict.fromkeys((set, frozenset), self._take_set),
            dict: self._take_map,
            float: encode_float,
            str: check_text,
        }

    def take(self, value: object) -> Any:
        """Return the value; raises as `encode`, but `RecursionError` for one that is nested too deep."""
        return self._takers.get(type(value), self._take_other)(value)

    def _take_map(self, members: dict[str, object]) -> dict[str, Any]:
        takers, taken = self._takers, members.copy()
        for name, member in taken.items():
            if type(name) is not str or not name.isascii() or not 0 < len(name) <= MAX_NAME_BYTES:
                check_name(name)
            if type(member) is str:
                if not member.isascii():
                    check_text(member)
            elif type(member) is not int or not LEAST_INT < member < MOST_INT:
                taken[name] = takers.get(type(member), self._take_other)(member)
        return taken

    def _take_list(self, elements: Iterable[object]) -> list[Any]:
        takers, other = self._takers, self._take_other
        return [
            each if type(each) is str and each.isascii() else takers.get(type(each), other)(each) for each in elements
        ]

    def _take_set(self, members: AbstractSet[Any]) -> Any:
        return self._make_set(normalize(cast("AttributeValue", frozenset(map(encode, members)))))

    def _take_other(self, value: Any) -> Any:
        """Take a value of any other type, such as a subclass; `isinstance` with an abstract class is slow."""
        refuse_part(value)
        if isinstance(value, Mapping):
            members = cast("Mapping[Any, Any]", value).items()
            return {check_name(name): self.take(member) for name, member in members}
        if isinstance(value, (list, tuple)):
            return self._take_list(cast("list[Any]", value))
        if isinstance(value, AbstractSet):
            return self._take_set(cast("AbstractSet[Any]", value))
        return _encode_scalar(value)


def _keep(value: Any) -> Any:
    return value


def _encode_scalar(value: Any) -> AttributeValue:
    """Return the attribute value for a scalar of any other type, such as a subclass."""
    if isinstance(value, float):
        return encode_float(value)
    if isinstance(value, (bytearray, memoryview)) or is_boto_binary(value):
        return bytes(cast("bytes", value))
    if isinstance(value, str):  # a subclass, such as a member of a string enumeration
        return check_text(str.__str__(value))
    raise ValidationError(
        f"DynamoDB has no type for {type(value).__name__}; got {shorten(value)}; use a field that says how to store it"
    )


def is_boto_binary(value: object) -> bool:
    """Return whether the value is a `Binary`, in which boto3's resources and `TypeDeserializer` wrap bytes."""
    kind = type(value)
    return kind.__name__ == "Binary" and kind.__module__ == "boto3.dynamodb.types"


def encode_float(value: float) -> AttributeValue:
    """Return the exact decimal that `repr` writes for the float; raise `ValidationError` for NaN and infinity.

    >>> encode_float(0.1), encode_float(2.0)
    (Decimal('0.1'), 2)
    """
    if not math.isfinite(value):
        raise ValidationError(f"DynamoDB has no NaN and no infinity; got {value!r}")
    return normalize_number(Decimal(repr(float(value))))


def decode(value: AttributeValue) -> Any:
    """Return the Python value for an attribute value, in new containers.

    >>> decode({"tags": frozenset({"a"}), "score": Decimal("0.1")})
    {'tags': {'a'}, 'score': Decimal('0.1')}
    """
    copy = _COPIES.get(type(value))
    return value if copy is None else copy(value)


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


encode_parts: Final[Callable[[Any], AttributeValue]] = _Walk(frozenset).take
"""`encode`, but a value that is nested too deep raises `RecursionError`."""

hold_parts: Final[Callable[[Any], Any]] = _Walk(set).take
"""`round_trip`, with the same difference."""
