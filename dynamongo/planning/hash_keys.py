"""Hash keys to query: the values that the conjuncts of a condition give to the hash attributes of an access path."""

from __future__ import annotations

import itertools
from collections.abc import Sequence

from dynamongo._support.dataclasses import dataclass
from dynamongo.expressions.conditions import AnyCondition, Comparison, conjuncts
from dynamongo.expressions.values import AttributeValue
from dynamongo.planning.conjuncts import Choice
from dynamongo.planning.key_lookup import find_keys
from dynamongo.schema import KeySchema


@dataclass(frozen=True, slots=True)
class HashKeys:
    """The hash keys to query, of which each has a value for every hash attribute.

    Attributes:
        values: The values, perhaps with duplicates; none if a key would have to be empty.
        equalities: The conjuncts that say so, if each hash attribute is compared with one value.
    """

    values: list[tuple[AttributeValue, ...]]
    equalities: tuple[Comparison, ...] = ()


def find_hash_keys(
    parts: tuple[AnyCondition, ...], keys: KeySchema, choices: Sequence[Choice]
) -> tuple[HashKeys, tuple[AnyCondition, ...]] | None:
    """Return the hash key values, and the conjuncts that they do not cover; `None` if there are too many."""
    if len(choices) == 1:
        (choice,) = choices
        only = choice.part
        # `h IN (1, 2)` is served by the key alone; `(h = 1 AND a = 2) OR h = 3` also has to be evaluated.
        rest = parts if choice.says_more else tuple([part for part in parts if part is not only])
        return HashKeys(list(zip(choice.values, strict=True)), (only,) if isinstance(only, Comparison) else ()), rest
    equalities = [choice.part for choice in choices if isinstance(choice.part, Comparison)]
    if len(equalities) < len(choices):
        found = find_keys(parts, KeySchema(keys.hash_attributes))
        return None if found is None else (HashKeys([tuple(key.values()) for key in found[0]]), conjuncts(found[1]))
    values = list(itertools.product(*[choice.values for choice in choices]))
    used = set(map(id, equalities))
    return HashKeys(values, tuple(equalities)), tuple([part for part in parts if id(part) not in used])
