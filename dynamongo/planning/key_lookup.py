"""Whole keys: those that a condition names, so that its items are read by key, without a query or a scan."""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence
from math import prod
from typing import TypeAlias, cast

from dynamongo.expressions.conditions import AnyCondition, Or, all_of, conjuncts
from dynamongo.expressions.values import AttributeValue, Item, ScalarType, type_of
from dynamongo.planning.conjuncts import MAX_NESTING, Choice, find_choice, without
from dynamongo.planning.strategies import Target
from dynamongo.schema import KeyAttribute, KeySchema

_MAX_PRODUCT = 1_000
"""The most keys that `in_` on several key attributes are multiplied to; beyond that, each hash key is queried."""

_Found: TypeAlias = tuple[list[Item], AnyCondition | None]
"""Keys, and what is left to evaluate on their items."""

Checks: TypeAlias = Mapping[tuple[AttributeValue, ...], AnyCondition | None]
"""What has to hold for the item of each key."""


def find_keys(parts: Sequence[AnyCondition], keys: KeySchema, depth: int = 0) -> _Found | None:
    """Return the keys of all items that can satisfy the conjuncts, and what is left of these; `None` for no keys.

    A key is found where an ORed conjunct says it in every branch, or where both of its attributes have to equal one of
    a few values. Conditions that are nested deeper than `MAX_NESTING` supply none. With the keys `h` and `r`::

        h = 1 AND r IN (2, 3) AND a > 5                         keys (1, 2), (1, 3); left: a > 5
        ((h = 1 AND r = 2) OR (h = 3 AND r = 4)) AND a > 5      keys (1, 2), (3, 4); left: a > 5
        (h = 1 AND r = 2 AND a > 5) OR (h = 3 AND r = 4)        keys (1, 2), (3, 4); left: all of it
    """
    found = _find_in_branches(parts, keys, depth)
    if found is None:
        return _find_product(parts, keys)
    targets, others = found
    # Where branches say more than keys, each item has to satisfy the branch of its own key (see `checks_by_key`).
    differs = any(target.check is not None for target in targets)
    return [target.key for target in targets], all_of(tuple(parts)) if differs else others


def checks_by_key(residual: AnyCondition, key: Item) -> Checks | None:
    """Return what the residual of a batch get says of each key, or `None` where it does not tell keys apart.

    An item is then tested with the condition on its own key, and not with those on all the others: reading n items by
    n ORed conditions takes n tests. The residual holds for no item whose key is missing in the result.
    `(h = 1 AND a > 5) OR h = 2` becomes `{(1,): a > 5, (2,): None}`.

    Args:
        residual: The residual.
        key: One of the keys, for the names and types of its attributes.
    """
    parts = conjuncts(residual)
    if not any(isinstance(part, Or) for part in parts):
        return None
    found = _find_in_branches(parts, _schema_of(key))
    if found is None:
        return None
    targets, others = found
    named: dict[tuple[AttributeValue, ...], list[AnyCondition | None]] = {}
    for target in targets:
        named.setdefault(tuple(target.key.values()), []).append(target.check)
    return {values: all_of((*conjuncts(others), *conjuncts(_any_of(checks)))) for values, checks in named.items()}


def _schema_of(key: Item) -> KeySchema:
    return KeySchema(*[KeyAttribute(name, cast("ScalarType", type_of(value))) for name, value in key.items()])


def _find_in_branches(
    parts: Sequence[AnyCondition], keys: KeySchema, depth: int = 0
) -> tuple[list[Target], AnyCondition | None] | None:
    """Return the keys that an ORed conjunct names, each with what its branch says beside, and the other conjuncts."""
    # The first such OR supplies the keys; others are evaluated, since intersecting their keys would save little.
    for part in parts:
        if isinstance(part, Or) and (branches := _keys_of_branches(part, keys, depth)) is not None:
            return [Target(key, rest) for named, rest in branches for key in named], without(parts, part)
    return None


def _keys_of_branches(condition: Or, keys: KeySchema, depth: int) -> list[_Found] | None:
    if depth > MAX_NESTING:
        return None
    found: list[_Found] = []
    for branch in condition.parts:
        of_branch = find_keys(conjuncts(branch), keys, depth + 1)
        if of_branch is None:
            return None
        found.append(of_branch)
    return found


def _any_of(checks: list[AnyCondition | None]) -> AnyCondition | None:
    wanted = [check for check in checks if check is not None]
    # A branch that says nothing beside the key lets every item with that key through.
    if len(wanted) < len(checks):
        return None
    return wanted[0] if len(wanted) == 1 else Or(*wanted)


def _find_product(parts: Sequence[AnyCondition], keys: KeySchema) -> _Found | None:
    """Return every combination of the values that the conjuncts allow each of the key attributes."""
    choices: list[Choice] = []
    for attribute in keys.attributes:
        choice = find_choice(parts, attribute)
        if choice is None:
            return None
        choices.append(choice)
    counts = [len(choice.values) for choice in choices]
    # One value times many makes no more keys than the caller wrote down; only many times many grows.
    if sum(count > 1 for count in counts) > 1 and prod(counts) > _MAX_PRODUCT:
        return None
    found = [
        dict(zip(keys.names, values, strict=True))
        for values in itertools.product(*(choice.values for choice in choices))
    ]
    return found, without(parts, *(choice.part for choice in choices if not choice.says_more))
