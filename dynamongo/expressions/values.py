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

A value is *canonical* when `normalize` would return an equal copy: numbers in range and in lowest form, no empty
sets, nothing of another type. Everything above this module keeps values canonical. Equality here is DynamoDB's:
`True` is not `1`. Nothing else in the library compares attribute values with a bare `==`.

Source: "Supported data types and naming rules" and "Item sizes and formats" in the DynamoDB developer guide.
"""

from __future__ import annotations

import contextlib
import weakref
from collections.abc import Generator, Mapping
from contextvars import ContextVar
from decimal import MAX_EMAX, MAX_PREC, MIN_EMIN, Context, Decimal, Inexact, Overflow, Subnormal
from typing import TYPE_CHECKING, ForwardRef, Literal, TypeAlias, cast

from dynamongo.exceptions import ValidationError

Number: TypeAlias = int | Decimal
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
else:  # a reference that says its module, so that `typing.get_type_hints` resolves it in any other
    _Self = ForwardRef("AttributeValue", module=__name__)
    _Sets = frozenset[str] | frozenset[int | Decimal] | frozenset[bytes]
    AttributeValue = str | int | Decimal | bytes | bool | list[_Self] | dict[str, _Self] | _Sets | None
Item: TypeAlias = dict[str, AttributeValue]
AttributeType: TypeAlias = Literal["S", "N", "B", "BOOL", "NULL", "L", "M", "SS", "NS", "BS"]
ScalarType: TypeAlias = Literal["S", "N", "B"]

ATTRIBUTE_TYPES: tuple[AttributeType, ...] = ("S", "N", "B", "BOOL", "NULL", "L", "M", "SS", "NS", "BS")
SCALAR_TYPES: tuple[ScalarType, ...] = ("S", "N", "B")
SET_TYPES: tuple[AttributeType, ...] = ("SS", "NS", "BS")

MAX_DIGITS = 38
MAX_DEPTH = 32
MAX_ITEM_BYTES = 409_600
MAX_NAME_BYTES = 65_535

_TYPES: dict[type, AttributeType] = {
    str: "S",
    int: "N",
    Decimal: "N",
    bytes: "B",
    bool: "BOOL",
    type(None): "NULL",
    list: "L",
    dict: "M",
}
_SET_TYPES: dict[AttributeType, AttributeType] = {"S": "SS", "N": "NS", "B": "BS"}
PLAIN_TYPES: frozenset[type] = frozenset({str, int, Decimal, bytes, bool, type(None)})
"""The types of values without parts."""
ORDERED_TYPES: frozenset[type] = frozenset({str, int, Decimal, bytes})
"""The types of values that have an order: those of `SCALAR_TYPES`."""
EXACT = Context(prec=MAX_PREC, Emax=MAX_EMAX, Emin=MIN_EMIN)
"""Rounds nothing."""
_MAX_EXPONENT = 125
_MIN_EXPONENT = -130
_STORED = Context(prec=MAX_DIGITS, Emax=_MAX_EXPONENT, Emin=_MIN_EXPONENT, traps=[Inexact, Overflow, Subnormal])
"""Raises for what DynamoDB does not store: more digits, and what is too large or too small."""
_LEAST_INT, _MOST_INT = -(10**MAX_DIGITS), 10**MAX_DIGITS


def type_of(value: AttributeValue) -> AttributeType:
    """The DynamoDB type of an attribute value.

    Raises `ValidationError` for a Python object that is none, the empty set included.

    >>> type_of(True), type_of(1), type_of(frozenset({b"x"}))
    ('BOOL', 'N', 'BS')
    """
    found = _TYPES.get(type(value))
    if found is not None:
        return found
    if type(value) is frozenset:
        members = {_TYPES.get(type(member)) for member in value}
        if len(members) == 1:
            member_type = members.pop()
            if member_type in _SET_TYPES:
                return _SET_TYPES[member_type]
        expected = "a set holds at least one member, and strings, numbers or binary values alone"
        raise ValidationError(f"{expected}; got {shorten(value)}")
    raise ValidationError(f"not an attribute value: {shorten(value)} of type {type(value).__name__}")


def equals(left: AttributeValue, right: AttributeValue) -> bool:
    """Whether DynamoDB's `=` holds: same type, same value, and so on inside lists and maps.

    >>> equals(1, Decimal("1.0")), equals(1, True), equals([1], [True])
    (True, False, False)
    """
    if type(left) is type(right) and type(left) in PLAIN_TYPES:
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
    return type_of(left) == type_of(right) and left == right


def normalize(value: AttributeValue) -> AttributeValue:
    """The canonical form of an attribute value, built of new containers.

    Raises `ValidationError` for anything that DynamoDB would refuse to store in a non-key attribute, except for
    what concerns the item as a whole (its size, the depth of its nesting).

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
    """`normalize` for every attribute of an item."""
    return cast("Item", normalize(dict(item)))


def normalize_number(number: Number) -> Number:
    """The number in lowest form: an `int` if it is whole, else a `Decimal` without trailing zeros.

    Raises `ValidationError` for more than 38 significant digits, for a magnitude outside 1E-130 … 9.99…E+125, and
    for infinities and NaN.

    >>> normalize_number(Decimal("1.50")), normalize_number(Decimal("1E+2")), normalize_number(Decimal("-0"))
    (Decimal('1.5'), 100, 0)
    """
    lowest = canonical_number(number)
    return _refuse_or_lower(number) if lowest is None else lowest


def canonical_number(number: Number) -> Number | None:
    """`normalize_number` for a number of a plain type that fits, and `None` for any other, which that looks at."""
    if type(number) is int:
        return number if _LEAST_INT < number < _MOST_INT else None
    if type(number) is not Decimal:
        return None
    if is_canonical_decimal(str(number)):
        return number
    if not number.is_finite():
        return None
    try:
        lowest = number.normalize(_STORED)
    except ArithmeticError:
        return None
    return int(lowest) if lowest == lowest.to_integral_value() else lowest


def is_canonical_decimal(text: str) -> bool:
    """Whether that is the text of a number with a fraction, plainly written, in lowest form and of digits that fit.

    It need not be for other numbers of that kind: those with exponents, and those with the most digits.
    """
    return "." in text and text[-1] != "0" and len(text) <= MAX_DIGITS and "E" not in text and "e" not in text


def _refuse_or_lower(number: Number) -> Number:
    decimal = _to_decimal(number)
    if not decimal:
        return 0
    exponent = decimal.adjusted()
    if exponent > _MAX_EXPONENT:
        raise ValidationError(
            "Number overflow. Attempting to store a number with magnitude larger than supported range"
        )
    if exponent < _MIN_EXPONENT:
        raise ValidationError(
            "Number underflow. Attempting to store a number with magnitude smaller than supported range"
        )
    lowest = decimal.normalize(EXACT)
    _, digits, scale = lowest.as_tuple()
    if len(digits) > MAX_DIGITS:
        raise ValidationError("Attempting to store more than 38 significant digits in a Number")
    return int(lowest) if cast("int", scale) >= 0 else lowest


def _to_decimal(number: Number) -> Decimal:
    if isinstance(number, Decimal):
        if not number.is_finite():
            raise ValidationError(f"The parameter cannot be converted to a numeric value: {number}")
        return number
    if abs(number) >= 10 ** (_MAX_EXPONENT + 1):
        raise ValidationError(
            "Number overflow. Attempting to store a number with magnitude larger than supported range"
        )
    return Decimal(number)


def add_numbers(left: Number, right: Number) -> Number:
    """The exact sum; raises `ValidationError` where it does not fit 38 digits or the range."""
    if type(left) is int and type(right) is int and _LEAST_INT < (total := left + right) < _MOST_INT:
        return total
    return normalize_number(EXACT.add(Decimal(left), Decimal(right)))


def subtract_numbers(left: Number, right: Number) -> Number:
    """The exact difference; raises `ValidationError` where it does not fit 38 digits or the range."""
    return normalize_number(EXACT.subtract(Decimal(left), Decimal(right)))


def negate(number: Number) -> Number:
    """The exact negative; a bare minus would round a Decimal to the 28 digits of Python's default context."""
    return subtract_numbers(0, number)


def format_number(number: Number) -> str:
    """A canonical number as DynamoDB writes it: plain digits, never an exponent.

    >>> format_number(Decimal("1E-7")), format_number(100)
    ('0.0000001', '100')
    """
    text = str(number)
    return format(number, "f") if "E" in text or "e" in text else text


def parse_number(text: str) -> Number:
    """A number as DynamoDB returned it; the inverse of `format_number`."""
    if text.removeprefix("-").isdecimal():
        return int(text)
    return Decimal(text) if is_canonical_decimal(text) else normalize_number(Decimal(text))


def check_text(text: str) -> str:
    """Return the text; raise `ValidationError` if it has no UTF-8 form (a lone surrogate)."""
    if not has_utf8_form(text):
        raise ValidationError(f"text must be encodable as UTF-8; got {shorten(text)}")
    return text


def has_utf8_form(text: str) -> bool:
    """Whether the text can be encoded, which a lone surrogate cannot."""
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


_is_hidden: ContextVar[bool] = ContextVar("dynamongo_values_are_hidden", default=False)
_hiders: weakref.WeakSet[object] = weakref.WeakSet()
"""The connections with `show_values=False`: a value is refused before it is known which one will be used."""


def hide_values(owner: object, *, is_hidden: bool) -> None:
    """Have values hidden in all messages of the process as long as the owner lives, or no longer."""
    (_hiders.add if is_hidden else _hiders.discard)(owner)


@contextlib.contextmanager
def hidden_values() -> Generator[None]:
    """Inside the block, messages have the types of values alone: for what is stored, which no error may tell."""
    token = _is_hidden.set(True)
    try:
        yield
    finally:
        _is_hidden.reset(token)


def are_values_hidden() -> bool:
    """Whether messages may have no values now."""
    return _is_hidden.get() or bool(_hiders)


def describe_value(value: AttributeValue, limit: int = 80) -> str:
    """The value for people, in at most `limit` characters: plain numbers, and sets in the order of their members.

    It is `…` where values are hidden.

    >>> describe_value({"n": Decimal("1E-7"), "s": frozenset({"b", "a"})})
    "{'n': 0.0000001, 's': {'a', 'b'}}"
    """
    if are_values_hidden():
        return "…"
    try:
        return _cut(_describe(value), limit)
    except RecursionError:
        return shorten(value, limit)


def _describe(value: object) -> str:
    if isinstance(value, (int, Decimal)) and not isinstance(value, bool):
        return format_number(value)
    if isinstance(value, dict):
        members = cast("Item", value).items()
        return f"{{{', '.join(f'{name!r}: {_describe(member)}' for name, member in members)}}}"
    if isinstance(value, list):
        return f"[{', '.join(map(_describe, cast('list[object]', value)))}]"
    if isinstance(value, frozenset):
        return f"{{{', '.join(map(_describe, sorted(cast('frozenset[str]', value))))}}}"
    return repr(value)


def shorten(value: object, limit: int = 80) -> str:
    """The value's `repr` for a message: one line of at most `limit` characters, whatever the value is.

    It is the value's type where values are hidden.
    """
    if are_values_hidden():
        return f"a value of type {type(value).__name__}"
    return print_shortened(value, limit)


def print_shortened(value: object, limit: int = 80) -> str:
    """The same for a value that is nobody's secret, such as one that a model declares: it is shown in any case."""
    return _cut(print_value(value), limit)


def print_value(value: object) -> str:
    """The value's `repr`, and words for a value that has none.

    >>> print_value([1]), print_value(10**5000)
    ('[1]', '<int that cannot be printed>')
    """
    try:
        return repr(value)
    except Exception:  # noqa: BLE001 - an int that is too long, what is nested too deep, and whatever else others raise
        return f"<{type(value).__name__} that cannot be printed>"


def describe_error(error: Exception) -> str:
    """The text of an error that somebody else raised; its type where values are hidden, since it may have one."""
    return type(error).__name__ if are_values_hidden() else str(error)


def _cut(text: str, limit: int) -> str:
    return text if len(text) <= limit else f"{text[: limit - 1]}…"
