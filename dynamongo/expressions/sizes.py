"""Sizes: how many bytes DynamoDB counts for an item, against its limit and for what is consumed.

Source: "Item sizes and formats" in the DynamoDB developer guide.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import Any, cast

from dynamongo.expressions.numbers import EXACT, Number, is_canonical_decimal
from dynamongo.expressions.values import AttributeValue, type_of


def item_size(item: Mapping[str, AttributeValue]) -> int:
    """The size of an item in bytes: that of its attributes' names and values."""
    size = 0
    for name, value in item.items():
        size += text_size(name) + (text_size(value) if type(value) is str else size_of(value))
    return size


def size_of(value: AttributeValue) -> int:
    """The size of a value in bytes, without its attribute's name.

    >>> size_of("é"), size_of(Decimal("3.14159")), size_of([]), size_of({"k": "a"})
    (2, 5, 3, 6)
    """
    return _SIZES.get(type(value), _no_size)(value)


def text_size(text: str) -> int:
    """The length of the text's UTF-8 form in bytes."""
    return len(text) if text.isascii() else len(text.encode())


def number_size(number: Number) -> int:
    """The size in bytes: one, one more for every two digits before and after the point, and one for a minus sign.

    Zeros at both ends are no digits. The text of a number says soonest how many it has.
    """
    if type(number) is int:
        if 0 < number < 100:
            return 2
        return (len(str(abs(number)).rstrip("0")) + 3) // 2 + (number < 0) if number else 1
    text = str(number)
    return plain_size(text) if is_canonical_decimal(text) else _size_of_digits(Decimal(number))


def plain_size(text: str) -> int:
    """`number_size` from the text of a number that `is_canonical_decimal`."""
    whole, _, fraction = text.partition(".")
    integer = whole.lstrip("-0")
    digits = fraction if integer else fraction.lstrip("0")
    return 1 + (len(integer) + 1) // 2 + (len(digits) + 1) // 2 + (whole[0] == "-")


def _size_of_digits(number: Decimal) -> int:
    """`number_size` for any number."""
    if not number:
        return 1
    sign, digits, exponent = number.normalize(EXACT).as_tuple()
    fraction = min(len(digits), max(0, -cast("int", exponent)))
    return 1 + (len(digits) - fraction + 1) // 2 + (fraction + 1) // 2 + sign


def _set_size(members: Any) -> int:
    type_of(members)  # which refuses what is no set
    return sum(map(size_of, members))


def _list_size(elements: Any) -> int:
    return 3 + len(elements) + sum(map(size_of, elements))


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
