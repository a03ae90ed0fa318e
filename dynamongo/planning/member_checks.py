"""Checks of writes on members that have no attribute of their own: the key of the item decides them.

`number > 5`, for a write of the item with the key `ORDER#00000007`, becomes the condition that the item exists.
"""

from __future__ import annotations

from typing import cast

from dynamongo.exceptions import ExpressionError
from dynamongo.expressions.conditions import And, AnyCondition, Exists, NotExists, Or, Path
from dynamongo.expressions.evaluation import holds
from dynamongo.expressions.operands import paths_of, replace_leaves
from dynamongo.expressions.values import Item
from dynamongo.mapping.keys.composed import ComposedKeys


def settle(condition: AnyCondition, templates: ComposedKeys, key: Item) -> AnyCondition:
    """Return the condition without the members that only the key tells.

    Args:
        condition: What a write checks.
        templates: The templates of the keys.
        key: The key of the item, or an item that contains it.

    Raises:
        ExpressionError: Such a member is compared with another attribute.
    """
    if templates.unstored.isdisjoint(path.attribute for path in paths_of(condition)):
        return condition
    told = templates.tell_unstored(key)
    return replace_leaves(condition, lambda leaf: _settle_leaf(leaf, templates, told))


def _settle_leaf(leaf: AnyCondition, templates: ComposedKeys, told: Item) -> AnyCondition:
    named = {path.attribute for path in paths_of(leaf)}
    if named.isdisjoint(templates.unstored):
        return leaf
    if not named <= templates.unstored:
        raise ExpressionError(
            f"`{leaf}` compares a field without an attribute of its own with another one, which no write can check"
        )
    hash_key = Path(templates.names[0])
    exists, is_missing = Exists(hash_key), NotExists(hash_key)
    outcomes: dict[tuple[bool, bool], AnyCondition] = {
        (True, True): Or(exists, is_missing),
        (True, False): exists,
        (False, True): is_missing,
        (False, False): And(exists, is_missing),
    }
    return outcomes[holds(leaf, told), holds(leaf, cast("Item", {}))]
