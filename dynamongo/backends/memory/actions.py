"""Actions: the pieces that Put, Delete, UpdateItem and ConditionCheck consist of, alone or in a transaction.

An action of a transaction is *prepared*: what it says is checked as far as that needs no table, and made canonical.
Then it is *evaluated* against a table, which changes nothing and shows what would change. At last the change is
*applied*. What is done alone takes the same steps, one right after the other.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from dynamongo._support.unions import assert_never
from dynamongo.backends.memory.checks import check_condition, normalize_updates
from dynamongo.backends.memory.ingest import measure_changed, take_item
from dynamongo.backends.memory.key_rules import check_index_targets
from dynamongo.backends.memory.partitions import Position, Stored
from dynamongo.backends.memory.store import Store
from dynamongo.backends.memory.table import Table
from dynamongo.backends.memory.update import apply_updates
from dynamongo.exceptions import ConditionalCheckFailedException
from dynamongo.expressions.evaluation import holds
from dynamongo.expressions.updates import AnyUpdate
from dynamongo.expressions.values import Item
from dynamongo.operations import Action, ConditionCheck, Delete, Put, UpdateItem


class Prepared(NamedTuple):
    """An action whose own contents are sound.

    Attributes:
        action: The action as it was given.
        target: What names the item: its key, or for a put the whole item. It is canonical, and a key may be the very
            one that was given, which the store must not keep.
        position: Where the item with a key belongs, if that could be told at once.
        new: What a put is to store.
        updates: What an update is to change.
    """

    action: Action
    target: Item
    position: Position | None = None
    new: Stored | None = None
    updates: tuple[AnyUpdate, ...] = ()


class Change(NamedTuple):
    """What an action does to a table: at a position `new` takes the place of `old`, either of which may be no item."""

    table: Table
    position: Position
    old: Stored | None
    new: Stored | None


def prepare(store: Store, action: Action) -> Prepared:
    """Check and normalize what needs no table. There may be none."""
    match action:
        case Put():
            new = take_item(action.item)
            prepared = Prepared(action, new.item, new=new)
        case UpdateItem():
            updates = normalize_updates(action.updates, action.key)
            prepared = Prepared(action, *store.take_key(action.table, action.key), updates=updates)
        case Delete() | ConditionCheck():
            prepared = Prepared(action, *store.take_key(action.table, action.key))
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
    action = prepared.action
    if isinstance(action, Put):
        position = table.locate_item(prepared.target)
    else:
        position = prepared.position or table.locate_key(prepared.target)
    old = table.primary.find(position)
    check_holds(action, old)
    return Change(table, position, old, _make_new(table, prepared, old))


def apply(change: Change) -> int:
    """Make the change, and say how many write units it costs."""
    table, position, old, new = change
    return table.replace(position, old, new)


def check_holds(action: Action, old: Stored | None) -> None:
    """Raise if the action's condition does not hold of the stored item; a missing one has no attributes."""
    if action.condition is None or holds(action.condition, old.item if old else {}):
        return
    shown = old.item if old and action.return_item_on_failure else None
    raise ConditionalCheckFailedException(item=shown)


def make_updated(table: Table, key: Item, updates: Sequence[AnyUpdate], old: Stored | None) -> Stored:
    """What updates make of a stored item, or of none; then the new one has the key, too."""
    before = old.item if old else key
    if table.indexes:
        check_index_targets(table.schema, updates)
    changed = apply_updates(before, updates)
    if old:
        new = measure_changed(changed, old, {update.path.elements[0] for update in updates})
    else:
        new = take_item(changed, "Item size to update")
    table.check_index_keys(new.item, before)
    return new


def _make_new(table: Table, prepared: Prepared, old: Stored | None) -> Stored | None:
    match prepared.action:
        case Put():
            return prepared.new
        case UpdateItem():
            return make_updated(table, prepared.target, prepared.updates, old)
        case Delete():
            return None
        case ConditionCheck():
            return old
        case _:
            assert_never(prepared.action)
