"""Whole keys: the items that a condition names, so that they can be got without looking for them."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Sequence
from math import prod
from typing import TypeAlias

from dynamongo.expressions.conditions import Condition, Or, all_of, conjuncts
from dynamongo.expressions.values import AttributeValue, Item
from dynamongo.planning.conjuncts import MAX_NESTING, Choice, find_choice, without
from dynamongo.planning.plan import Checks
from dynamongo.planning.strategies import Target
from dynamongo.schema import KeySchema

MAX_PRODUCT = 1_000
"""The most keys that two `in_`, one on each key, come to; beyond that there is a query for each hash key."""

Found: TypeAlias = tuple[list[Item], Condition | None, Checks | None]
"""Keys, what is left of the condition, and where that differs from key to key, what it is for each."""


def find_keys(parts: Sequence[Condition], keys: KeySchema, depth: int = 0) -> Found | None:
    """The keys of all items that can satisfy the conjuncts, and what is left of these; `None` where there are none.

    A key is found where an ORed conjunct says it in every branch, or where both of its attributes have to equal one of
    a few values. Conditions that are nested deeper than `MAX_NESTING` supply none.
    """
    for part in parts:
        if isinstance(part, Or) and (branches := _keys_of_branches(part, keys, depth)) is not None:
            others = without(parts, part)
            targets = [Target(key, rest) for named, rest, _ in branches for key in named]
            if all(target.check is None for target in targets):
                return [target.key for target in targets], others, None
            return [target.key for target in targets], all_of(tuple(parts)), checks_by_key(targets, conjuncts(others))
    return _product(parts, keys)


def _keys_of_branches(condition: Or, keys: KeySchema, depth: int) -> list[Found] | None:
    if depth > MAX_NESTING:
        return None
    found: list[Found] = []
    for branch in condition.parts:
        of_branch = find_keys(conjuncts(branch), keys, depth + 1)
        if of_branch is None:
            return None
        found.append(of_branch)
    return found


def checks_by_key(targets: Iterable[Target], others: tuple[Condition, ...] = ()) -> Checks:
    """What has to hold for the item of each key, beside the `others`.

    An item that is named several times is wanted for any of its checks.
    """
    named: dict[tuple[AttributeValue, ...], list[Condition | None]] = {}
    for target in targets:
        named.setdefault(tuple(target.key.values()), []).append(target.check)
    return {key: all_of((*others, *conjuncts(_any_of(checks)))) for key, checks in named.items()}


def _any_of(checks: list[Condition | None]) -> Condition | None:
    wanted = [check for check in checks if check is not None]
    if len(wanted) < len(checks):
        return None
    return wanted[0] if len(wanted) == 1 else Or(*wanted)


def _product(parts: Sequence[Condition], keys: KeySchema) -> Found | None:
    choices: list[Choice] = []
    for attribute in keys.attributes:
        choice = find_choice(parts, attribute)
        if choice is None:
            return None
        choices.append(choice)
    counts = [len(choice.values) for choice in choices]
    if min(counts) > 1 and len(counts) > 1 and prod(counts) > MAX_PRODUCT:
        return None
    named = [
        dict(zip(keys.names, values, strict=True))
        for values in itertools.product(*(choice.values for choice in choices))
    ]
    return named, without(parts, *(choice.part for choice in choices if not choice.says_more)), None
