"""Ingest: turn the values of a request into what the store keeps: canonical values in containers that nobody else has.

Nearly all values arrive in canonical form, so a fast path checks, measures and copies an item in one walk. When it
meets anything else, it gives up, and the slow path makes the item canonical or says what is wrong.
A `ValidationError` leaves the backend as an `InvalidRequestError`.

Source: "Quotas in Amazon DynamoDB", items and nested attribute depth, in the developer guide.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from decimal import Decimal
from typing import Any

from dynamongo.backends.memory.partitions import Stored
from dynamongo.exceptions import InvalidRequestError
from dynamongo.expressions.numbers import canonical_number, is_canonical_decimal
from dynamongo.expressions.sizes import item_size, number_size, plain_size, size_of, text_size
from dynamongo.expressions.values import (
    MAX_DEPTH,
    MAX_ITEM_BYTES,
    MAX_NAME_BYTES,
    AttributeValue,
    Item,
    check_text,
    normalize,
    normalize_item,
)


class _NotCanonicalError(Exception):
    """The fast path has met something that needs the slow path."""


def take_item(item: Item, what: str = "Item size") -> Stored:
    """Return an item as it is stored; `what` begins the error message for an item that is too large."""
    try:
        size, canonical = _copy_members(item, MAX_DEPTH)
        size -= 3 + len(canonical)  # an item has no overhead, unlike the map that was measured
    except (_NotCanonicalError, UnicodeEncodeError):  # a lone surrogate, which has no UTF-8 form
        canonical = normalize_attributes(item)
        size = item_size(canonical)
    if size > MAX_ITEM_BYTES:
        raise _too_large(what)
    return Stored(canonical, size)


def take_value(value: AttributeValue) -> AttributeValue:
    """Return a value in canonical form; refuse one that is nested more than 32 levels deep."""
    if type(value) is str:  # most values are
        return check_text(value)
    _check_depth(value)
    return normalize(value)


def normalize_attributes(attributes: Item) -> Item:
    """Return an item or a key in canonical form. Levels of nesting count from the values, not from the item."""
    for value in attributes.values():
        _check_depth(value)
    return normalize_item(attributes)


def measure_changed(item: Item, old: Stored, names: Iterable[Any]) -> Stored:
    """Return an updated item as it is stored, measuring only what changed.

    Args:
        item: The updated item; its values are canonical already.
        old: The item before.
        names: The names of the attributes that may have changed.
    """
    size, before = old.size, old.item
    # Measuring whole items again would make small updates of large items slow.
    for name in names:
        if name in item:
            _check_depth(item[name])  # a value that is not too deep by itself may have been set far inside
            size += size_of(item[name]) + (0 if name in before else text_size(name))
        if name in before:
            size -= size_of(before[name]) + (0 if name in item else text_size(name))
    if size > MAX_ITEM_BYTES:
        raise _too_large("Item size to update")
    return Stored(item, size)


def _too_large(what: str) -> InvalidRequestError:
    return InvalidRequestError(f"{what} has exceeded the maximum allowed size")


def _check_depth(value: AttributeValue) -> None:
    if isinstance(value, (dict, list)) and _is_deeper(value, MAX_DEPTH):
        raise InvalidRequestError(
            "Nesting Levels have exceeded supported limits: "
            "Attributes in the item have nested levels beyond supported limit"
        )


def _is_deeper(value: AttributeValue, levels: int) -> bool:
    """Return whether a value has more levels than allowed; it looks no deeper, so that cycles end too."""
    if not isinstance(value, (dict, list)) or not value:
        return False
    children: Iterable[AttributeValue] = value.values() if isinstance(value, dict) else value
    # An empty container counts as a leaf, not as a level.
    return levels == 1 or any(_is_deeper(child, levels - 1) for child in children)


# The fast path. It runs for every value that is written: a shared loop, or a call per string, would slow it down.


def _copy_members(members: Item, levels: int) -> tuple[int, Item]:
    """Return the size of a map and a copy of it; its members may have `levels` levels."""
    if not levels and members:
        raise _NotCanonicalError
    # A map or list takes 3 bytes, and 1 for each member ("Item sizes and formats" in the developer guide).
    size = 3 + len(members)
    copied = dict(members)  # in one go, since most members are scalars that need no copy
    for name, value in members.items():
        if type(name) is not str or not name:
            raise _NotCanonicalError
        size += len(name) if name.isascii() else len(name.encode())
        if type(value) is str:
            size += len(value) if value.isascii() else len(value.encode())
        elif (measure := _MEASURES.get(type(value))) is not None:
            size += measure(value)
        elif (copy := _COPIES.get(type(value))) is not None:
            inner, copied[name] = copy(value, levels - 1)
            size += inner
        else:
            raise _NotCanonicalError
    # No name can be too long unless all of the map is.
    if size > MAX_NAME_BYTES and max(map(text_size, members)) > MAX_NAME_BYTES:
        raise _NotCanonicalError
    return size, copied


def _copy_elements(elements: list[AttributeValue], levels: int) -> tuple[int, list[AttributeValue]]:
    """Return the size of a list and a copy of it; its elements may have `levels` levels."""
    if not levels and elements:
        raise _NotCanonicalError
    size = 3 + len(elements)
    copied = elements.copy()
    for place, value in enumerate(elements):
        if type(value) is str:
            size += len(value) if value.isascii() else len(value.encode())
        elif (measure := _MEASURES.get(type(value))) is not None:
            size += measure(value)
        elif (copy := _COPIES.get(type(value))) is not None:
            inner, copied[place] = copy(value, levels - 1)
            size += inner
        else:
            raise _NotCanonicalError
    return size, copied


def _measure_int(value: int) -> int:
    if 0 < value < 100:  # one byte for up to two digits, and one more for every number
        return 2
    if canonical_number(value) is None:
        raise _NotCanonicalError
    return number_size(value)


def _measure_decimal(value: Decimal) -> int:
    text = str(value)
    if not is_canonical_decimal(text):
        raise _NotCanonicalError
    return plain_size(text)


def _measure_one(_: bool | None) -> int:  # noqa: FBT001 - the value to measure, not a flag
    return 1


def _measure_set(members: frozenset[Any]) -> int:
    kinds = {*map(type, members)}
    if kinds == {str}:
        return sum(map(text_size, members))
    if kinds == {bytes}:
        return sum(map(len, members))
    if kinds and kinds <= {int, Decimal}:
        return sum([_MEASURES[type(member)](member) for member in members])
    raise _NotCanonicalError


_MEASURES: dict[type, Callable[[Any], int]] = {
    int: _measure_int,
    Decimal: _measure_decimal,
    bool: _measure_one,
    type(None): _measure_one,
    bytes: len,
    frozenset: _measure_set,
}
_COPIES: dict[type, Callable[[Any, int], tuple[int, Any]]] = {dict: _copy_members, list: _copy_elements}
