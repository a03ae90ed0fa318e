"""Actions: the pieces that Put, Delete, UpdateItem and ConditionCheck consist of, alone or in a transaction.

An action is *prepared*: what it says is checked as far as that needs no table, and made canonical. Then it is
*evaluated* against a table, which changes nothing and shows what would change. At last the change is *applied*.
"""

from __future__ import annotations

from typing import NamedTuple

from dynamongo.backends.memory.capacity import write_units
from dynamongo.backends.memory.checks import (
    check_condition,
    make_changed,
    make_stored,
    normalize_attributes,
    normalize_updates,
)
from dynamongo.backends.memory.keys import check_index_keys, check_item_key, check_key
from dynamongo.backends.memory.table import Stored, Table
from dynamongo.backends.memory.update import apply_updates
from dynamongo.evaluation import holds
from dynamongo.exceptions import ConditionalCheckFailedException, assert_never
from dynamongo.operations import Action, Capacity, ConditionCheck, Delete, Put, UpdateItem
from dynamongo.updates import AnyUpdate
from dynamongo.values import Item


class Prepared(NamedTuple):
    """An action whose own contents are sound.

    Attributes:
        action: The action as it was given.
        target: What names the item: its key, or for a put the whole item.
        new: What a put is to store.
        updates: What an update is to change.
    """

    action: Action
    target: Item
    new: Stored | None = None
    updates: tuple[AnyUpdate, ...] = ()


class Change(NamedTuple):
    """What an action does to a table: `new` takes the place of `old`, either of which may be no item."""

    table: Table
    old: Stored | None
    new: Stored | None


def prepare(action: Action) -> Prepared:
    """Check and normalize what needs no table."""
    match action:
        case Put():
            new = make_stored(action.item)
            prepared = Prepared(action, new.item, new)
        case UpdateItem():
            updates = normalize_updates(action.updates, action.key)
            prepared = Prepared(action, normalize_attributes(action.key), updates=updates)
        case Delete() | ConditionCheck():
            prepared = Prepared(action, normalize_attributes(action.key))
        case _:
            assert_never(action)
    check_condition(action.condition)
    return prepared


def evaluate(table: Table, prepared: Prepared) -> Change:
    """Check the action against the table, and find out what it would change.

    Raises:
        ConditionalCheckFailedException: The condition of the action does not hold.
        InvalidRequestError: The action does not suit the table or the stored item.
        ValidationError: The same, where a value is at fault.
    """
    _check_keys(table, prepared)
    old = table.find(prepared.target)
    _check_holds(prepared.action, old)
    return Change(table, old, _make_new(table, prepared, old))


def apply(change: Change) -> Capacity:
    """Make the change, and say what it costs."""
    consumed = write_units(*change)
    change.table.replace(change.old, change.new)
    return consumed


def _check_keys(table: Table, prepared: Prepared) -> None:
    if isinstance(prepared.action, Put):
        check_item_key(table.schema.keys, prepared.target)
        check_index_keys(table.schema, prepared.target)
    else:
        check_key(table.schema.keys, prepared.target)


def _check_holds(action: Action, old: Stored | None) -> None:
    """Raise if the action's condition does not hold of the stored item; a missing one has no attributes."""
    if action.condition is None or holds(action.condition, old.item if old else {}):
        return
    shown = old.item if old and action.return_item_on_failure else None
    raise ConditionalCheckFailedException(item=shown)


def _make_new(table: Table, prepared: Prepared, old: Stored | None) -> Stored | None:
    match prepared.action:
        case Put():
            return prepared.new
        case Delete():
            return None
        case ConditionCheck():
            return old
        case UpdateItem():
            before = old.item if old else prepared.target
            changed = apply_updates(before, prepared.updates)
            new = make_changed(changed, old) if old else make_stored(changed, "Item size to update")
            check_index_keys(table.schema, new.item, before)
            return new
        case _:
            assert_never(prepared.action)
