"""Attribute values: what DynamoDB stores, as Python objects, and the rules they obey.

==================  ==================================================
DynamoDB type       Python type
==================  ==================================================
S   string          `str`
N   number          `int`, or `Decimal` where it has a fraction
B   binary          `bytes`
BOOL, NULL          `bool`, `None`
L   list, M map     `list`, `dict` with `str` keys
SS, NS, BS  sets    `frozenset` of one of `str`, `int | Decimal`, `bytes`
==================  ==================================================

A value is *canonical* when `normalize` returns an equal copy: numbers are canonical and in range, no set is empty, and
every part has one of these types. Everything above this module keeps values canonical. Equality here is DynamoDB's:
`True` is not `1`. Nothing else in the library compares attribute values with a bare `==`.

Source: "Supported data types and naming rules" and "Item sizes and formats" in the DynamoDB developer guide.
"""

from __future__ import annotations

import contextlib
import weakref
from collections.abc import Generator, Mapping
from contextvars import ContextVar
from decimal import Decimal
from typing import TYPE_CHECKING, Any, Literal, TypeAlias, cast

from dynamongo.exceptions import ValidationError
from dynamongo.expressions.numbers import Number, format_number, normalize_number

if TYPE_CHECKING:
    AttributeValue: TypeAlias = (
        str
        | int
        | Decimal
        | bytes
        | bool
        | list["AttributeValue"]
        | dict[str, "AttributeValue"]
        | frozenset[str]
        | frozenset[int | Decimal]
        | frozenset[bytes]
        | None
    )
else:  # without a reference to itself: `typing` would compile that, and the first use of the compiler takes 1.3 ms
    _Sets = frozenset[str] | frozenset[int | Decimal] | frozenset[bytes]
    AttributeValue = str | int | Decimal | bytes | bool | list[Any] | dict[str, Any] | _Sets | None
Item: TypeAlias = dict[str, AttributeValue]
AttributeType: TypeAlias = Literal["S", "N", "B", "BOOL", "NULL", "L", "M", "SS", "NS", "BS"]
ScalarType: TypeAlias = Literal["S", "N", "B"]

ATTRIBUTE_TYPES: tuple[AttributeType, ...] = ("S", "N", "B", "BOOL", "NULL", "L", "M", "SS", "NS", "BS")
SCALAR_TYPES: tuple[ScalarType, ...] = ("S", "N", "B")
SET_TYPES: tuple[AttributeType, ...] = ("SS", "NS", "BS")

MAX_DEPTH = 32
MAX_ITEM_BYTES = 409_600
MAX_NAME_BYTES = 65_535

TYPES_BY_CLASS: dict[type, AttributeType] = {
    str: "S",
    int: "N",
    Decimal: "N",
    bytes: "B",
    bool: "BOOL",
    type(None): "NULL",
    list: "L",
    dict: "M",
}
"""The types of values, sets apart, whose type is that of their members."""

_SET_TYPES: dict[AttributeType, AttributeType] = {"S": "SS", "N": "NS", "B": "BS"}
PLAIN_TYPES: frozenset[type] = frozenset({str, int, Decimal, bytes, bool, type(None)})
"""The types of values that have no parts."""
ORDERED_TYPES: frozenset[type] = frozenset({str, int, Decimal, bytes})
"""The types of values that have an order, as `SCALAR_TYPES` names them."""


def type_of(value: AttributeValue) -> AttributeType:
    """Return the DynamoDB type of an attribute value.

    Raises:
        ValidationError: The object is no attribute value; nor is an empty set.

    >>> type_of(True), type_of(1), type_of(frozenset({b"x"}))
    ('BOOL', 'N', 'BS')
    """
    found = TYPES_BY_CLASS.get(type(value))
    if found is not None:
        return found
    if type(value) is frozenset:
        members = {TYPES_BY_CLASS.get(type(member)) for member in value}
        if len(members) == 1:
            member_type = members.pop()
            if member_type in _SET_TYPES:
                return _SET_TYPES[member_type]
        expected = "a set must have at least one member, and only strings, only numbers or only binary values"
        raise ValidationError(f"{expected}; got {shorten(value)}")
    raise ValidationError(f"not an attribute value: {shorten(value)} of type {type(value).__name__}")


def equals(left: AttributeValue, right: AttributeValue) -> bool:
    """Return whether DynamoDB's `=` holds: same type and same value, in lists and maps too.

    >>> equals(1, Decimal("1.0")), equals(1, True), equals([1], [True])
    (True, False, False)
    """
    if type(left) is type(right) and type(left) in PLAIN_TYPES:  # `type`, since `True == 1` in Python
        return left == right
    if type(left) is list and type(right) is list:
        return len(left) == len(right) and all(map(equals, left, right))
    if type(left) is dict and type(right) is dict:
        if len(left) != len(right):
            return False
        for name, value in left.items():  # noqa: SIM110 - a generator costs more than a member
            if name not in right or not equals(value, right[name]):
                return False
        return True
    return type_of(left) == type_of(right) and left == right  # sets, or an int and a Decimal


def normalize(value: AttributeValue) -> AttributeValue:
    """Return the canonical form of an attribute value, in new containers.

    Raises:
        ValidationError: DynamoDB would refuse to store it in a non-key attribute. What concerns the item as a whole
            (its size, the depth of its nesting) is not checked here.

    >>> normalize({"n": Decimal("1.50"), "l": [Decimal("2.0")]})
    {'n': Decimal('1.5'), 'l': [2]}
    """
    if type(value) is str:  # most values are
        return check_text(value)
    if type(value) is int or type(value) is Decimal:
        return normalize_number(value)
    if type(value) is list:
        return [normalize(element) for element in value]
    if type(value) is dict:
        return {check_name(name): normalize(member) for name, member in value.items()}
    kind = type_of(value)
    if kind == "NS":
        return frozenset(map(normalize_number, cast("frozenset[Number]", value)))
    if kind == "SS":
        for member in cast("frozenset[str]", value):
            check_text(member)
    return value


def normalize_item(item: Mapping[str, AttributeValue]) -> Item:
    """Apply `normalize` to every attribute of an item."""
    return cast("Item", normalize(dict(item)))


def check_text(text: str) -> str:
    """Return the text; raise `ValidationError` if it has no UTF-8 form (a lone surrogate)."""
    if not has_utf8_form(text):
        raise ValidationError(f"text must be encodable as UTF-8; got {shorten(text)}")
    return text


def has_utf8_form(text: str) -> bool:
    """Return whether the text can be encoded; a lone surrogate cannot."""
    if text.isascii():
        return True
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def check_name(name: object) -> str:
    """Return the attribute name; raise `ValidationError` if it is not a string of 1 to 65,535 bytes."""
    if type(name) is not str:
        raise ValidationError(f"an attribute name must be a str; got {shorten(name)}")
    if not 1 <= len(check_text(name).encode()) <= MAX_NAME_BYTES:
        raise ValidationError(f"an attribute name must have 1 to 65,535 bytes; got {shorten(name)}")
    return name


# Two switches: a setting of connections, and a block around code that handles stored values.
_is_hidden: ContextVar[bool] = ContextVar("dynamongo_values_are_hidden", default=False)
_hiders: weakref.WeakSet[object] = weakref.WeakSet()
"""The connections with `show_values=False`. It is process-wide, since a field refuses a value before it is known which
connection will be used."""


def hide_values(owner: object, *, is_hidden: bool) -> None:
    """Hide values in all messages of the process while the owner lives, or stop doing so for this owner."""
    (_hiders.add if is_hidden else _hiders.discard)(owner)


@contextlib.contextmanager
def hidden_values() -> Generator[None]:
    """Let messages show only the types of values inside the block: errors must not disclose what is stored."""
    token = _is_hidden.set(True)
    try:
        yield
    finally:
        _is_hidden.reset(token)


def are_values_hidden() -> bool:
    """Return whether messages must not show values now."""
    return _is_hidden.get() or bool(_hiders)


def describe_value(value: AttributeValue, limit: int = 80) -> str:
    """Write the value for people, in at most `limit` characters: plain numbers, sorted sets; `…` for a hidden value.

    >>> describe_value({"n": Decimal("1E-7"), "s": frozenset({"b", "a"})})
    "{'n': 0.0000001, 's': {'a', 'b'}}"
    """
    if are_values_hidden():
        return "…"
    try:
        return _cut(_write_value(value), limit)
    except RecursionError:
        return shorten(value, limit)


def _write_value(value: object) -> str:
    if isinstance(value, (int, Decimal)) and not isinstance(value, bool):
        return format_number(value)
    if isinstance(value, dict):
        members = cast("Item", value).items()
        return f"{{{', '.join(f'{name!r}: {_write_value(member)}' for name, member in members)}}}"
    if isinstance(value, list):
        return f"[{', '.join(map(_write_value, cast('list[object]', value)))}]"
    if isinstance(value, frozenset):
        return f"{{{', '.join(map(_write_value, sorted(cast('frozenset[str]', value))))}}}"
    return repr(value)


def shorten(value: object, limit: int = 80) -> str:
    """Return the `repr` of any value, cut to `limit` characters, for a message; the type of a hidden value."""
    if are_values_hidden():
        return f"a value of type {type(value).__name__}"
    return print_shortened(value, limit)


def print_shortened(value: object, limit: int = 80) -> str:
    """Return the same for a value that is no secret, such as one that a model declares; it is never hidden."""
    return _cut(print_value(value), limit)


def print_value(value: object) -> str:
    """Return the `repr` of any value, or a substitute where that fails.

    >>> print_value([1]), print_value(10**5000)
    ('[1]', '<int that cannot be printed>')
    """
    try:
        return repr(value)
    except Exception:  # noqa: BLE001 - a huge int, deep nesting, and any error of a user's own `__repr__`
        return f"<{type(value).__name__} that cannot be printed>"


def describe_error(error: Exception) -> str:
    """Return the text of an error that foreign code raised; only its type where values are hidden: it may hold one."""
    return type(error).__name__ if are_values_hidden() else str(error)


def _cut(text: str, limit: int) -> str:
    return text if len(text) <= limit else f"{text[: limit - 1]}…"
