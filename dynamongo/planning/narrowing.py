"""Narrowing: replace a condition that is too large for a write by a smaller one that implies it.

A read serves conditions of any size: what is too large for a filter is evaluated by the executor. A write has one
expression of 300 operators and 4 KB. The condition that it checks instead holds for the item as it was read, and for no
item that the original condition excludes. An item that was changed in between may fail it while it still satisfies the
original, and is then reported.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import cast

from dynamongo.expressions.conditions import EQ, And, AnyCondition, Comparison, In, Not, NotExists, Or, Path, all_of
from dynamongo.expressions.evaluation import MISSING, holds, resolve
from dynamongo.expressions.limits import (
    MAX_EXPRESSION_BYTES,
    MAX_IN_OPERANDS,
    MAX_OPERATORS,
    check_limits,
    count_operators,
    longest_in,
    rendered_bytes,
)
from dynamongo.expressions.operands import paths_of, replace_leaves
from dynamongo.expressions.values import Item
from dynamongo.planning.conjuncts import MAX_NESTING

_SPARE_OPERATORS = 4
_SPARE_BYTES = 100
"""Room for what an update also checks: that the item exists and has its version."""


def narrow(condition: AnyCondition, item: Item) -> AnyCondition:
    """Return a condition that a write of the item can check; the item satisfied the original when it was read.

    The first of these that is small enough: the condition itself; the same with its long INs divided; only what held of
    it (one of ORed parts and of choices, and for negations, that the attributes are as they were read); that all its
    attributes are as they were read.

    Raises:
        ExpressionError: All of these are too large: the condition names more than a hundred attributes.
    """
    for candidate in _candidates(condition, item):
        if _fits(candidate):
            return candidate
    # It raises for operators and INs. Of the length only an upper bound is known, so the store has the last word.
    check_limits(condition)
    return condition


def _candidates(condition: AnyCondition, item: Item) -> Iterator[AnyCondition]:
    yield condition
    yield split_long_ins(condition)
    yield _keep_what_held(condition, item)
    yield _pin(condition, item)


def _fits(condition: AnyCondition) -> bool:
    return (
        longest_in(condition) <= MAX_IN_OPERANDS
        and count_operators(condition) <= MAX_OPERATORS - _SPARE_OPERATORS
        and rendered_bytes(condition) <= MAX_EXPRESSION_BYTES - _SPARE_BYTES
    )


def split_long_ins(condition: AnyCondition) -> AnyCondition:
    """Return the same condition with INs of at most a hundred choices, the limit of DynamoDB."""
    return condition if longest_in(condition) <= MAX_IN_OPERANDS else replace_leaves(condition, _split_in)


def _split_in(part: AnyCondition) -> AnyCondition:
    if not isinstance(part, In) or len(part.choices) <= MAX_IN_OPERANDS:
        return part
    starts = range(0, len(part.choices), MAX_IN_OPERANDS)
    return Or(*[In(part.operand, part.choices[start : start + MAX_IN_OPERANDS]) for start in starts])


def _keep_what_held(part: AnyCondition, item: Item, depth: int = 0) -> AnyCondition:
    """Return what held of the condition; beyond `MAX_NESTING`, that its attributes are as they were read.

    `a = 1 OR b = 2` becomes `b = 2` for the item `{"a": 7, "b": 2}`.
    """
    match part:
        case And() | Or() if depth > MAX_NESTING:
            return _pin(part, item)
        case And(parts):
            return And(*[_keep_what_held(each, item, depth + 1) for each in parts])
        case Or(parts):
            held = next((each for each in parts if holds(each, item)), None)
            return part if held is None else _keep_what_held(held, item, depth + 1)
        case In():
            return _keep_choice(part, item)
        # Inside NOT, less of an OR or IN would hold for more items than the original.
        case Not(And() | Or() | In() | Not()):
            return _pin(part, item)
        case _:
            return part


def _keep_choice(part: In, item: Item) -> AnyCondition:
    """Return the IN with the only choice that held."""
    while len(part.choices) > 1:
        half = len(part.choices) // 2
        first = In(part.operand, part.choices[:half])
        part = first if holds(first, item) else In(part.operand, part.choices[half:])
    return part


def _pin(condition: AnyCondition, item: Item) -> AnyCondition:
    """Return the condition that every attribute it names is as it was read.

    `a < 9 AND NOT b = 2` becomes `a = 7 AND attribute_not_exists(b)` for the item `{"a": 7}`.
    """
    pins = [_pin_path(path, item) for path in dict.fromkeys(paths_of(condition))]
    return cast("AnyCondition", all_of(tuple(pins))) if pins else condition


def _pin_path(path: Path, item: Item) -> AnyCondition:
    value = resolve(path, item)
    if value is MISSING:
        return NotExists(path)
    return Comparison(path, EQ, value)
