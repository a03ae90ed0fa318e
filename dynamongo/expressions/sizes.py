"""Sizes: the bytes that DynamoDB counts for an item, against the item limit and for consumed capacity.

Source: "Item sizes and formats" in the DynamoDB developer guide.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from decimal import Decimal
from typing import Any, Final, cast

from dynamongo.expressions.numbers import EXACT, Number, is_canonical_decimal
from dynamongo.expressions.values import AttributeValue, type_of

_MOST_CHARACTER_BYTES: Final = 4
"""The length of a character in UTF-8, at most."""

_MOST_SCALAR_BYTES: Final = 32
"""More than a number of 38 digits takes, or a list or map takes for itself and as a part of another."""


def item_size(item: Mapping[str, AttributeValue]) -> int:
    """Return the size of an item in bytes: that of the names and values of its attributes."""
    size = 0
    for name, value in item.items():
        size += text_size(name) + (text_size(value) if type(value) is str else value_size(value))
    return size


def value_size(value: AttributeValue) -> int:
    """Return the size of a value in bytes, without the name of its attribute.

    >>> value_size("é"), value_size(Decimal("3.14159")), value_size([]), value_size({"k": "a"})
    (2, 5, 3, 6)
    """
    return _SIZES.get(type(value), _no_size)(value)


def size_bound(item: Mapping[str, AttributeValue]) -> int:
    """Return a number that the size of an item, or of a map in it, does not exceed.

    It takes half the time of `item_size`, and most items are so far from any limit that it says enough.
    """
    return _MOST_CHARACTER_BYTES * len("".join(item)) + _bound_parts(item.values())


def _bound_parts(values: Collection[AttributeValue]) -> int:
    bound = _MOST_SCALAR_BYTES * len(values)
    for value in values:
        if type(value) is str or type(value) is bytes:
            bound += _MOST_CHARACTER_BYTES * len(value)
        elif type(value) is dict:
            bound += size_bound(value)
        elif type(value) is list or type(value) is frozenset:
            bound += _bound_parts(cast("list[AttributeValue]", value))
    return bound


def text_size(text: str) -> int:
    """Return the length of the text in UTF-8, in bytes."""
    return len(text) if text.isascii() else len(text.encode())


def number_size(number: Number) -> int:
    """Return the size of a number in bytes: 1, 1 for every two digits before and after the point, 1 for a minus sign.

    Zeros at both ends do not count as digits. Counting in the text of a number is faster than by arithmetic.
    """
    if type(number) is int:
        # 1, and 1 for every two digits: 1 + (digits + 1) // 2. The minus sign takes 1, and is a character already.
        return (len(str(number).rstrip("0")) + (4 if number < 0 else 3)) // 2
    text = str(number)
    return plain_size(text) if is_canonical_decimal(text) else _size_of_digits(Decimal(number))


def plain_size(text: str) -> int:
    """Return the `number_size` of a number from its text, which `is_canonical_decimal`."""
    point = text.index(".")
    if text[0] not in "-0":  # there are digits alone, and none is a zero that does not count
        return 1 + (point + 1) // 2 + (len(text) - point) // 2
    integer = text[:point].lstrip("-0")
    fraction = text[point + 1 :]
    digits = fraction if integer else fraction.lstrip("0")
    return 1 + (len(integer) + 1) // 2 + (len(digits) + 1) // 2 + (text[0] == "-")


def _size_of_digits(number: Decimal) -> int:
    """Return the `number_size` of any number."""
    if not number:
        return 1
    sign, digits, exponent = number.normalize(EXACT).as_tuple()
    fraction = min(len(digits), max(0, -cast("int", exponent)))
    return 1 + (len(digits) - fraction + 1) // 2 + (fraction + 1) // 2 + sign


def _set_size(members: Any) -> int:
    type_of(members)  # refuses a frozenset that is no DynamoDB set
    return sum(map(value_size, members))


def _list_size(elements: Any) -> int:
    return 3 + len(elements) + sum(map(value_size, elements))


def _map_size(members: Any) -> int:
    return 3 + len(members) + item_size(members)


def _one(_: Any) -> int:
    return 1


def _no_size(value: Any) -> int:
    raise AssertionError(f"unreachable: {type_of(value)}")  # `type_of` raises


_SIZES: dict[type, Callable[[Any], int]] = {
    str: text_size,
    int: number_size,
    Decimal: number_size,
    bytes: len,
    bool: _one,
    type(None): _one,
    list: _list_size,
    dict: _map_size,
    frozenset: _set_size,
}
