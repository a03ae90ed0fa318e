"""Rechecks: the conditions that a write checks again, since its item may have changed after it was read."""

from __future__ import annotations

from typing import cast

from dynamongo.expressions.conditions import And, AnyCondition, Or, all_of, conjuncts
from dynamongo.expressions.evaluation import holds
from dynamongo.expressions.operands import paths_of
from dynamongo.expressions.values import Item
from dynamongo.planning.conjuncts import MAX_NESTING


def recheck(condition: AnyCondition | None, key: Item) -> AnyCondition | None:
    """Return what a write checks again of the condition that its item satisfied when it was read.

    The key decides some of it: only what is left is checked, and of ORed conditions on several keys, only those on the
    key of the item. The result may be too large for a write: `narrow` makes it fit. With the hash key `h`::

        h = 1 AND a > 5                            a > 5
        (h = 1 AND a = 2) OR (h = 3 AND a = 4)     a = 4, for the item with h = 3
    """
    return None if condition is None else _undecided(condition, key)


def _undecided(part: AnyCondition, key: Item, depth: int = 0) -> AnyCondition | None:
    """Return what is left of a condition that holds, given the key; `None` if the key alone decides it."""
    if _is_decided_by(part, key):
        return None
    if depth > MAX_NESTING:
        return part
    if isinstance(part, And):
        left = [_undecided(each, key, depth + 1) for each in part.parts]
        return all_of(tuple(each for each in left if each is not None))
    if isinstance(part, Or):
        branches = [_undecided(branch, key, depth + 1) for branch in part.parts if _may_hold(branch, key)]
        # A branch of which nothing is left holds by the key alone, and with it the whole OR.
        return None if None in branches else Or(*cast("list[AnyCondition]", branches))
    return part


def _may_hold(branch: AnyCondition, key: Item) -> bool:
    """Return whether no conjunct that the key decides is false."""
    return all(holds(part, key) for part in conjuncts(branch) if _is_decided_by(part, key))


def _is_decided_by(part: AnyCondition, key: Item) -> bool:
    """Return whether the key alone decides the condition, since it names no other attribute."""
    return all(path.attribute in key for path in paths_of(part))
