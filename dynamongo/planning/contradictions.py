"""Contradictions: conditions that no item can satisfy, so that no request is needed."""

from __future__ import annotations

from collections.abc import Sequence
from typing import cast

from dynamongo.expressions.conditions import (
    NE,
    And,
    AnyCondition,
    BeginsWith,
    Between,
    Comparison,
    In,
    NotExists,
    Operand,
    Path,
    is_value,
)
from dynamongo.expressions.filters import compile_filter
from dynamongo.expressions.operands import operands_of
from dynamongo.expressions.values import SCALAR_TYPES, AttributeValue, Item, type_of
from dynamongo.planning.ranges import are_disjoint, strictest_bounds


def find_contradiction(parts: Sequence[AnyCondition]) -> AnyCondition | None:
    """Return the first conjuncts on one attribute that cannot hold together, or `None`.

    Compares the conjuncts that restrict one path by values: equality, `in_`, bounds, prefixes and its absence. Whether
    an item satisfies the others, only the store knows.
    """
    groups: dict[Path, list[AnyCondition]] = {}
    for part in parts:
        path = find_subject(part)
        if path is not None:
            groups.setdefault(path, []).append(part)
    for path, group in groups.items():
        if len(group) == 1:  # it holds for some item, unless it has no choices
            if isinstance(group[0], In) and not group[0].choices:
                return group[0]
        elif _is_impossible(path, group):
            return And(*group)
    return None


def find_subject(part: AnyCondition) -> Path | None:
    """Return the path that the conjunct restricts by values alone, if it does."""
    if isinstance(part, Comparison):
        # `<>` leaves every value but one, and holds for a missing attribute, too.
        is_restricted = part.operator != NE and isinstance(part.left, Path) and is_value(part.right)
        return cast("Path", part.left) if is_restricted else None
    match part:
        case Between(Path() as path) | In(Path() as path) | BeginsWith(Path() as path):
            return path if all(map(is_value, list(operands_of(part))[1:])) else None
        case NotExists(path):
            return path
        case _:
            return None


def _is_impossible(path: Path, group: Sequence[AnyCondition]) -> bool:
    # Of a few possible values, each is tested with the whole group: `year = 5 AND year > 7` holds for none.
    choices = [chosen for part in group if (chosen := _choices(part)) is not None]
    if choices:
        items = [_item_with(path, value) for value in min(choices, key=len)]
        return None not in items and not compile_filter(And(*group))(cast("list[Item]", items))
    # All other restrictions need a value there, so none of them can hold together with its absence.
    if any(isinstance(part, NotExists) for part in group):
        return not all(isinstance(part, NotExists) for part in group)
    # Only bounds and prefixes are left. A value has one type: `a > 1` and `a < "x"` cannot both hold.
    return len({_bounded_type(part) for part in group}) > 1 or _bounds_are_disjoint(group)


def _choices(part: AnyCondition) -> tuple[AttributeValue, ...] | None:
    match part:
        case Comparison(_, "=", value):
            return (cast("AttributeValue", value),)
        case In(_, values):
            return cast("tuple[AttributeValue, ...]", values)
        case _:
            return None


def _item_with(path: Path, value: AttributeValue) -> Item | None:
    """Return an item that has the value there, and nothing else; `None` if the path leads through a list."""
    found = value
    for element in reversed(path.elements):
        if isinstance(element, int):
            return None
        found = {element: found}
    return cast("Item", found)


def _bounded_type(part: AnyCondition) -> str:
    operand: Operand = part.right if isinstance(part, Comparison) else list(operands_of(part))[1]
    return type_of(cast("AttributeValue", operand))


def _bounds_are_disjoint(group: Sequence[AnyCondition]) -> bool:
    if _bounded_type(group[0]) not in SCALAR_TYPES:
        return False
    low, high = strictest_bounds(group)
    return low is not None and high is not None and are_disjoint(low, high)
