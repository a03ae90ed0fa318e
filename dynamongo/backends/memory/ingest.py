"""Ingest: turn the values of a request into what the store keeps: canonical values in new containers.

Nearly all values arrive in canonical form, so a fast path checks, measures and copies an item in one walk. When it
meets anything else, it gives up, and the slow path makes the item canonical or says what is wrong. `test_ingest.py`
compares the two. A `ValidationError` leaves the backend as an `InvalidRequestError`.

Source: "Quotas in Amazon DynamoDB", items and nested attribute depth, in the developer guide.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from decimal import Decimal
from typing import Any

from dynamongo.backends.memory.partitions import Stored
from dynamongo.exceptions import InvalidRequestError
from dynamongo.expressions.numbers import LEAST_INT, MOST_INT, is_canonical_decimal
from dynamongo.expressions.sizes import item_size, plain_size, text_size, value_size
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
    canonical = dict(item)
    texts: list[str] = []
    try:
        size = _take_members(canonical, MAX_DEPTH, texts) + _measure_texts(texts)
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
            size += value_size(item[name]) + (0 if name in before else text_size(name))
        if name in before:
            size -= value_size(before[name]) + (0 if name in item else text_size(name))
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


# The fast path. It runs for every value that is written: a shared loop, or a call for each value, would slow it down.


def _take_members(members: dict[str, Any], levels: int, texts: list[str]) -> int:
    """Check and measure the members of a map, which may have `levels` levels; put copies in the place of containers.

    Return the size without that of the texts, names included, which are added to `texts`: measuring all texts of an
    item at once is faster.
    """
    if (not levels and members) or "" in members:
        raise _NotCanonicalError
    texts += members
    # A map or list takes 3 bytes, and 1 for each member ("Item sizes and formats" in the developer guide).
    size = 3 + len(members)
    for name, value in members.items():
        if type(name) is not str:
            raise _NotCanonicalError
        kind: type[Any] = type(value)  # pyright: ignore[reportUnknownVariableType]  # a `cast` would be a call
        if kind is str:
            texts.append(value)
        elif kind is int:
            size += 2 if 0 < value < 100 else _measure_int(value)
        elif kind is bool or value is None:
            size += 1
        elif kind is dict:
            members[name] = copied = value.copy()
            size += _take_members(copied, levels - 1, texts)
        elif kind is list:
            members[name] = elements = value.copy()
            size += _take_elements(elements, levels - 1, texts)
        else:
            size += _MEASURES.get(kind, _refuse)(value)
    return size


def _take_elements(elements: list[Any], levels: int, texts: list[str]) -> int:
    """Do the same for the elements of a list."""
    if not levels and elements:
        raise _NotCanonicalError
    size = 3 + len(elements)
    place = 0
    for value in elements:
        kind: type[Any] = type(value)  # pyright: ignore[reportUnknownVariableType]  # a `cast` would be a call
        if kind is str:
            texts.append(value)
        elif kind is dict:
            elements[place] = copied = value.copy()
            size += _take_members(copied, levels - 1, texts)
        elif kind is list:
            elements[place] = inner = value.copy()
            size += _take_elements(inner, levels - 1, texts)
        else:
            size += _MEASURES.get(kind, _refuse)(value)
        place += 1  # noqa: SIM113 - `enumerate` costs more
    return size


def _measure_texts(texts: list[str]) -> int:
    size = text_size("".join(texts))
    # No name can be too long unless all of them together are; of values, the slow path finds that they may be so long.
    if size > MAX_NAME_BYTES and max(map(text_size, texts)) > MAX_NAME_BYTES:
        raise _NotCanonicalError
    return size


def _measure_int(value: int) -> int:
    if not LEAST_INT < value < MOST_INT:
        raise _NotCanonicalError
    return (len(str(value).rstrip("0")) + (4 if value < 0 else 3)) // 2  # as `number_size`, in one call less


def _measure_decimal(value: Decimal) -> int:
    text = str(value)
    if not is_canonical_decimal(text):
        raise _NotCanonicalError
    return plain_size(text)


def _refuse(_: object) -> int:
    raise _NotCanonicalError


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
