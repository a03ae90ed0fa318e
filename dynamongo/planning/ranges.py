"""Range keys: fold the conditions on one into those that a query takes, one for each attribute."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, TypeAlias, cast

from dynamongo.expressions.conditions import (
    EQ,
    GE,
    GT,
    LE,
    LT,
    AnyCondition,
    BeginsWith,
    Between,
    Comparator,
    Comparison,
    In,
    Operand,
    Path,
    conjuncts,
)
from dynamongo.expressions.operands import is_equality, operands_of
from dynamongo.operations import KeyPart
from dynamongo.planning.conjuncts import is_empty, is_key_value, without
from dynamongo.schema import KeyAttribute

Bound: TypeAlias = tuple[Any, Comparator, AnyCondition]
"""A value, how it bounds a range attribute, and the conjunct that says so."""


def fold_ranges(
    parts: tuple[AnyCondition, ...], attributes: Sequence[KeyAttribute]
) -> tuple[tuple[KeyPart, ...], tuple[AnyCondition, ...]] | None:
    """Fold what the conjuncts say of the range attributes into one condition on each; return also the other conjuncts.

    Only the first attributes are compared, and all but the last of them by `=`. Returns `None` for a contradiction.
    With the range attributes `r` and `s`::

        r = 1, s >= 2, s < 9      r = 1, s BETWEEN 2 AND 9; conjunct s < 9
        r > 1, s = 2              r > 1; conjunct s = 2
        s = 2                     nothing; conjunct s = 2

    Source: "KeyConditionExpression" in Query, API reference; "Multi-attribute keys pattern" in the developer guide.
    """
    found: list[KeyPart] = []
    for attribute in attributes if parts else ():
        folded = _fold_range(parts, attribute)
        if folded is None:
            return None
        condition, parts = folded
        if condition is not None:
            found.append(condition)
        if condition is None or not is_equality(condition):
            break
    return tuple(found), parts


def _fold_range(
    parts: tuple[AnyCondition, ...], attribute: KeyAttribute
) -> tuple[KeyPart | None, tuple[AnyCondition, ...]] | None:
    """Fold what the conjuncts say of a range attribute into one condition; return it with those that it does not cover.

    Returns `None` if the conjuncts contradict each other. Equality comes before a prefix, and a prefix before bounds.
    The stricter of several bounds wins. A lower and an upper one become BETWEEN; a bound that excludes its own value
    also remains a conjunct, since BETWEEN includes it. `in_` bounds the key by its least and its greatest value, and
    remains a conjunct::

        r >= 1, r >= 3, r < 9, a = 1      r BETWEEN 3 AND 9; conjuncts r < 9, a = 1
        r IN (7, 3, 5)                    r BETWEEN 3 AND 7; conjunct r IN (7, 3, 5)
    """
    # A query takes one condition on a range attribute: all others on it remain conjuncts.
    for kind in (_equals_value, _is_prefix):
        found = next((part for part in parts if kind(part, attribute)), None)
        if found is not None:
            return cast("KeyPart", found), conjuncts(without(parts, found))
    bounds = [part for part in parts if _is_bound(part, attribute)]
    if not bounds:
        return None, parts
    rest = conjuncts(without(parts, *(part for part in bounds if not isinstance(part, In))))
    folded = _fold_bounds(bounds)
    return None if folded is None else (folded[0], (*folded[1], *rest))


def _equals_value(part: AnyCondition, attribute: KeyAttribute) -> bool:
    match part:
        case Comparison(Path((attribute.name,)), "=", value):
            return _is_key_bound(value, attribute)
        case _:
            return False


def _is_prefix(part: AnyCondition, attribute: KeyAttribute) -> bool:
    match part:
        case BeginsWith(Path((attribute.name,)), prefix):
            return _is_key_bound(prefix, attribute)
        case _:
            return False


def _is_bound(part: AnyCondition, attribute: KeyAttribute) -> bool:
    match part:
        case Comparison(Path((attribute.name,)), "<" | "<=" | ">" | ">=", bound):
            return _is_key_bound(bound, attribute)
        case Between(Path((attribute.name,)), low, high):
            return _is_key_bound(low, attribute) and _is_key_bound(high, attribute)
        case In(Path((attribute.name,)), choices):
            return bool(choices) and all(_is_key_bound(choice, attribute) for choice in choices)
        case _:
            return False


def _is_key_bound(operand: Operand, attribute: KeyAttribute) -> bool:
    """Whether a key condition takes the bound: DynamoDB refuses an empty one there, unlike in a filter."""
    return is_key_value(operand, attribute) and not is_empty(operand)


def _fold_bounds(bounds: Sequence[AnyCondition]) -> tuple[KeyPart, tuple[AnyCondition, ...]] | None:
    only = bounds[0] if len(bounds) == 1 else None
    if isinstance(only, Comparison):
        return only, ()
    path = next(iter(operands_of(bounds[0])))  # that of the conjunct, which knows the name of the field
    low, high = strictest_bounds(bounds)
    if low is None or high is None:
        bound = cast("Bound", low or high)
        return Comparison(path, bound[1], bound[0]), ()
    # DynamoDB refuses a BETWEEN whose bounds are reversed.
    if are_disjoint(low, high):
        return None
    if low[0] == high[0]:
        return Comparison(path, EQ, low[0]), ()
    if isinstance(only, Between):
        return only, ()
    # `r > 1 AND r <= 5` becomes `r BETWEEN 1 AND 5`, which includes 1: so `r > 1` has to be evaluated, too.
    strict = [part for _, operator, part in (low, high) if operator in (GT, LT)]
    return Between(path, low[0], high[0]), tuple(strict)


def strictest_bounds(parts: Sequence[AnyCondition]) -> tuple[Bound | None, Bound | None]:
    """Return the greatest lower and the least upper bound; of two at one value, the one that excludes it."""
    # `False` sorts before `True`: at one value, `>` is the greater lower bound, and `<` the smaller upper one.
    lower = [bound for part in parts for bound in _lower_bounds(part)]
    upper = [bound for part in parts for bound in _upper_bounds(part)]
    low = max(lower, key=lambda bound: (bound[0], bound[1] == GT), default=None)
    high = min(upper, key=lambda bound: (bound[0], bound[1] == LE), default=None)
    return low, high


def are_disjoint(low: Bound, high: Bound) -> bool:
    """Return whether no value lies within both bounds."""
    return bool(low[0] > high[0]) or (low[0] == high[0] and (low[1], high[1]) != (GE, LE))


def _lower_bounds(part: AnyCondition) -> Iterator[Bound]:
    """Yield the lower bound that a conjunct sets, if any."""
    match part:
        case Comparison(_, (">" | ">=") as operator, value):
            yield value, operator, part
        case Between(_, low, _):
            yield low, GE, part
        case In(_, choices):
            yield min(cast("tuple[Any, ...]", choices)), GE, part
        case _:
            pass


def _upper_bounds(part: AnyCondition) -> Iterator[Bound]:
    """Yield the upper bound that a conjunct sets, if any."""
    match part:
        case Comparison(_, ("<" | "<=") as operator, value):
            yield value, operator, part
        case Between(_, _, high):
            yield high, LE, part
        case In(_, choices):
            yield max(cast("tuple[Any, ...]", choices)), LE, part
        case _:
            pass
