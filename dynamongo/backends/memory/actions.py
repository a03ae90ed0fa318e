"""Actions: the steps that Put, Delete, UpdateItem and ConditionCheck take, alone or in a transaction.

1. `prepare` checks what the action says by itself and makes it canonical. It needs no table: DynamoDB refuses a
   malformed request before it looks for the table.
2. `evaluate` compares the action with its table and returns what would change. It changes nothing.
3. `MemoryTable.replace` makes the change.

A single write takes one step right after the other; a transaction takes each step with all of its actions.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeAlias

from dynamongo.backends.memory.checks import check_condition, normalize_updates
from dynamongo.backends.memory.ingest import measure_changed, take_item
from dynamongo.backends.memory.key_rules import check_index_targets
from dynamongo.backends.memory.partitions import Position, Stored
from dynamongo.backends.memory.store import Store
from dynamongo.backends.memory.table import MemoryTable
from dynamongo.exceptions import ConditionalCheckFailedException
from dynamongo.expressions.evaluation import holds
from dynamongo.expressions.update_evaluation import apply_updates
from dynamongo.expressions.updates import AnyUpdate
from dynamongo.expressions.values import Item
from dynamongo.operations import Action, ConditionCheck, Put, UpdateItem

# These two are plain tuples because every write makes one of each: named tuples would slow a save down by 6 %.
Prepared: TypeAlias = tuple[Action, Item, Position | None, Stored | None, tuple[AnyUpdate, ...] | None]
"""An action; its key or, for a put, its whole item; the item's position, where the key alone tells it; what a put
stores; and what an update changes. The key may be the caller's own dict, which the store must not keep."""

Replacement: TypeAlias = tuple[Position, Stored | None, Stored | None]
"""A position, the item there before, and the item there afterwards; `None` stands for no item."""


def prepare(store: Store, action: Action) -> Prepared:
    """Check and normalize everything that needs no table; the table may not even exist."""
    position = new = updates = None
    if isinstance(action, Put):
        new = take_item(action.item)
        target = new.item
    else:
        if isinstance(action, UpdateItem):
            # The names in the request's key stand for those of the table's: a wrong key is refused by `evaluate`.
            updates = normalize_updates(action.updates, action.key)
        target, position = store.take_key(action.table, action.key)
    if action.condition is not None:
        check_condition(action.condition)
    return action, target, position, new, updates


def evaluate(table: MemoryTable, prepared: Prepared) -> Replacement:
    """Check an action against its table, and return what it would change.

    Raises:
        ConditionalCheckFailedException: The condition of the action does not hold.
        InvalidRequestError: The action does not fit the table or the stored item.
        ValidationError: The same, where a value is at fault.
    """
    action, target, position, new, updates = prepared
    if position is None:
        position = table.locate_key(target) if new is None else table.locate_item(target)
    old = table.primary.find(position)
    # The condition comes before the update is tried: one that fails hides an update that would be impossible.
    # To a condition, a missing item has no attributes, not even those of the key in the request.
    if action.condition is not None and not holds(action.condition, old.item if old else {}):
        raise ConditionalCheckFailedException(item=old.item if old and action.return_item_on_failure else None)
    if updates is not None:
        new = _make_updated(table, target, updates, old)
    elif isinstance(action, ConditionCheck):
        new = old
    return position, old, new


def _make_updated(table: MemoryTable, key: Item, updates: Sequence[AnyUpdate], old: Stored | None) -> Stored:
    """Return the updated item; the updates of a missing item start from its key."""
    before = old.item if old else key
    if table.indexes:
        check_index_targets(table.schema, updates)
    changed = apply_updates(before, updates)
    if old:
        new = measure_changed(changed, old, {update.path.elements[0] for update in updates})
    else:
        new = take_item(changed, "Item size to update")
    # The table's key needs no check: `prepare` refused updates of it.
    if table.indexes:
        table.check_index_keys(new.item, before)
    return new
