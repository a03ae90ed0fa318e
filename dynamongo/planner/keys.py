"""Whole keys: the items that a condition names, so that they can be got without looking for them."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from math import prod
from typing import TypeAlias, cast

from dynamongo.conditions import Condition, Or, all_of, conjuncts
from dynamongo.planner.parts import Choice, find_choice, without
from dynamongo.schema import KeySchema
from dynamongo.values import Item

MAX_PRODUCT = 1_000
"""The most keys that two `in_`, one on each key, come to; beyond that there is a query for each hash key."""

Found: TypeAlias = tuple[list[Item], Condition | None]


def find_keys(parts: Sequence[Condition], keys: KeySchema) -> Found | None:
    """The keys of all items that can satisfy the conjuncts, and what is left of these; `None` where there are none.

    A key is found where an ORed conjunct says it in every branch, or where both of its attributes have to equal one of
    a few values.
    """
    for part in parts:
        if isinstance(part, Or) and (found := _keys_of_branches(part, keys)) is not None:
            named, says_more = found
            return named, all_of(tuple(parts)) if says_more else without(parts, part)
    return _product(parts, keys)


def _keys_of_branches(condition: Or, keys: KeySchema) -> tuple[list[Item], bool] | None:
    found = [find_keys(conjuncts(branch), keys) for branch in condition.parts]
    if None in found:
        return None
    known = cast("list[Found]", found)
    return [key for named, _ in known for key in named], any(rest is not None for _, rest in known)


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
    return named, without(parts, *(choice.part for choice in choices if not choice.says_more))
