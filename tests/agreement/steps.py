"""Random operations on the tables as they stand: single items, batches and transactions."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from hypothesis import strategies as st

from agreement.changes import updates
from agreement.schemas import ATTRIBUTES, FIRST, SECOND, UNKNOWN
from agreement.trees import conditions, maybe_condition, projections
from agreement.values import BAD_KEY_VALUES, KEY_VALUES, LONG_KEY, rarely, values
from agreement.world import TableState, World, same_key
from dynamongo.expressions.conditions import Path
from dynamongo.expressions.values import Item, normalize_item
from dynamongo.operations import (
    Action,
    BatchDelete,
    BatchGet,
    BatchPut,
    BatchWrite,
    ConditionCheck,
    Delete,
    Get,
    Put,
    ReturnValues,
    TransactGet,
    TransactWrite,
    UpdateItem,
)
from dynamongo.schema import TableSchema

_RETURNS: list[ReturnValues] = ["NONE", "ALL_OLD", "ALL_NEW", "UPDATED_OLD", "UPDATED_NEW"]
_WHOLE_ITEM: dict[ReturnValues, ReturnValues] = {"UPDATED_OLD": "ALL_OLD", "UPDATED_NEW": "ALL_NEW"}

bad_values = st.sampled_from(BAD_KEY_VALUES)


@st.composite
def tables(draw: st.DrawFn, world: World) -> TableState:
    """Mostly the first table, seldom the second, and hardly ever one that is not there."""
    name = draw(st.sampled_from([FIRST] * 15 + [SECOND] * 4 + [UNKNOWN]))
    if name == UNKNOWN:
        return TableState(replace(world[FIRST].schema, name=UNKNOWN), ())
    return world[name]


@st.composite
def keys(draw: st.DrawFn, table: TableState) -> Item:
    """The key of an item that is there, or may be there; hardly ever what is no key of the table."""
    if draw(st.integers(0, 3)) and table.items:
        return draw(st.sampled_from(table.keys))
    return draw(rarely(_bad_keys(table.schema), _free_keys(table.schema), 12))


def _free_keys(schema: TableSchema) -> st.SearchStrategy[Item]:
    return st.fixed_dictionaries({part.name: st.sampled_from(KEY_VALUES[part.type]) for part in schema.keys.attributes})


@st.composite
def _bad_keys(draw: st.DrawFn, schema: TableSchema) -> Item:
    key = dict(draw(_free_keys(schema)))
    match draw(st.sampled_from(["wrong value", "one missing", "one too many"])):
        case "wrong value":
            key[draw(st.sampled_from(schema.keys.names))] = draw(bad_values | st.just(LONG_KEY))
        case "one missing":
            del key[draw(st.sampled_from(schema.keys.names))]
        case _:
            key["c"] = draw(values)
    return key


@st.composite
def items(draw: st.DrawFn, table: TableState) -> Item:
    """A whole item; attributes that are the key of an index mostly suit it."""
    types = {part.name: part.type for part in table.schema.key_attributes()}
    key = draw(keys(table))
    attributes = {name: _values_of(types.get(name)) for name in ATTRIBUTES}
    found: Item = draw(st.fixed_dictionaries({}, optional=attributes))
    return {**found, **key}


@st.composite
def filled(draw: st.DrawFn, schemas: st.SearchStrategy[TableSchema]) -> TableState:
    """A table, and the items to begin with."""
    empty = TableState(draw(schemas), ())
    return TableState(empty.schema, tuple(draw(st.lists(items(empty), max_size=8))))


def _values_of(key_type: Any) -> st.SearchStrategy[Any]:
    return values if key_type is None else rarely(bad_values | values, st.sampled_from(KEY_VALUES[key_type]), 12)


@st.composite
def puts(draw: st.DrawFn, world: World) -> Put:
    """Put, with or without a condition."""
    table = draw(tables(world))
    return Put(
        table.schema.name,
        draw(items(table)),
        condition=draw(maybe_condition(table, 3)),
        return_old=draw(st.booleans()),
        return_item_on_failure=draw(st.booleans()),
    )


@st.composite
def deletes(draw: st.DrawFn, world: World) -> Delete:
    """Delete, with or without a condition."""
    table = draw(tables(world))
    return Delete(
        table.schema.name,
        draw(keys(table)),
        condition=draw(maybe_condition(table, 3)),
        return_old=draw(st.booleans()),
        return_item_on_failure=draw(st.booleans()),
    )


@st.composite
def update_items(draw: st.DrawFn, world: World) -> UpdateItem:
    """UpdateItem, with all that it may be asked to return.

    Paths into lists go with whole items, since the emulator returns whole lists for UPDATED_OLD and UPDATED_NEW.
    """
    table = draw(tables(world))
    key = draw(keys(table))
    changes = draw(updates(table, table.find(key)))
    returns = draw(st.sampled_from(_RETURNS))
    if any(isinstance(step, int) for update in changes for step in update.path.elements):
        returns = _WHOLE_ITEM.get(returns, returns)
    return UpdateItem(
        table.schema.name,
        key,
        changes,
        condition=draw(maybe_condition(table, 3)),
        returns=returns,
        return_item_on_failure=draw(st.booleans()),
    )


@st.composite
def gets(draw: st.DrawFn, world: World) -> Get:
    """Get, with or without a projection."""
    table = draw(tables(world))
    return Get(table.schema.name, draw(keys(table)), draw(projections(table)), consistent=draw(st.booleans()))


@st.composite
def batch_gets(draw: st.DrawFn, world: World) -> BatchGet:
    """BatchGet of keys that are seldom the same; numbers in lowest form, since the emulator compares them as text.

    No source says which error wins where a table is not there and two keys are the same, so they never are.
    """
    table = draw(tables(world))
    wanted = [normalize_item(key) for key in draw(st.lists(keys(table), min_size=1, max_size=8))]
    may_be_twins = table.schema.name != UNKNOWN and draw(st.integers(0, 19)) == 19
    chosen = wanted if may_be_twins else _without_twins(table, wanted)
    return BatchGet(table.schema.name, tuple(chosen), draw(projections(table)), consistent=draw(st.booleans()))


@st.composite
def batch_writes(draw: st.DrawFn, world: World) -> BatchWrite:
    """BatchWrite of puts and deletes of keys that are seldom the same."""
    table = draw(tables(world))
    chosen = draw(st.lists(items(table), min_size=1, max_size=8))
    if draw(st.integers(0, 19)) < 19:
        chosen = _without_twins(table, chosen)
    names = table.schema.keys.names
    writes = [_write(draw, item, {name: item[name] for name in names if name in item}) for item in chosen]
    return BatchWrite(table.schema.name, tuple(writes))


def _write(draw: st.DrawFn, item: Item, key: Item) -> BatchPut | BatchDelete:
    return BatchPut(item) if draw(st.integers(0, 2)) else BatchDelete(key)


def _without_twins(table: TableState, chosen: list[Item]) -> list[Item]:
    kept: list[Item] = []
    for item in chosen:
        if not any(same_key(table.names_of(other), table.names_of(item)) for other in kept):
            kept.append(item)
    return kept


@st.composite
def transact_writes(draw: st.DrawFn, world: World) -> TransactWrite:
    """TransactWrite of up to four actions; now and then with a token, which may have been used before.

    No source says which error wins where such a token is used and two actions are of one item, so they never are.
    """
    strategy = st.one_of(puts(world), update_items(world), deletes(world), condition_checks(world))
    actions = draw(st.lists(strategy, min_size=1, max_size=4))
    may_be_twins = _are_known(world, actions) and draw(st.integers(0, 19)) == 19
    chosen = actions if may_be_twins else _without_twin_actions(world, actions)
    token = None if may_be_twins else draw(st.sampled_from([None, None, None, "1", "2"]))
    return TransactWrite(tuple(map(_without_returns, chosen)), token)


@st.composite
def condition_checks(draw: st.DrawFn, world: World) -> ConditionCheck:
    """A check, as an action of a transaction."""
    table = draw(tables(world))
    return ConditionCheck(table.schema.name, draw(keys(table)), draw(conditions(table)), draw(st.booleans()))


def _without_returns(action: Action) -> Action:
    """An action as it counts in a transaction, which returns nothing."""
    if isinstance(action, UpdateItem):
        return replace(action, returns="NONE")
    return action if isinstance(action, ConditionCheck) else replace(action, return_old=False)


def _without_twin_actions(world: World, actions: list[Action]) -> list[Action]:
    kept: list[Action] = []
    for action in actions:
        table = world.get(action.table, world[FIRST])
        others = [key_of(other) for other in kept if other.table == action.table]
        if len(_without_twins(table, [*others, key_of(action)])) > len(others):
            kept.append(action)
    return kept


def key_of(operation: Action | Get) -> Item:
    """What names the item that is read or written."""
    return operation.item if isinstance(operation, Put) else operation.key


@st.composite
def transact_gets(draw: st.DrawFn, world: World) -> TransactGet:
    """TransactGet of up to six items that are seldom the same."""
    chosen = draw(st.lists(gets(world), min_size=1, max_size=6))
    kept: list[Get] = []
    for get in chosen:
        table = world.get(get.table, world[FIRST])
        others = [other.key for other in kept if other.table == get.table]
        if len(_without_twins(table, [*others, get.key])) > len(others):
            kept.append(get)
    return TransactGet(tuple(chosen if _are_known(world, chosen) and draw(st.integers(0, 19)) == 19 else kept))


def _are_known(world: World, operations: Sequence[Action | Get]) -> bool:
    """Whether all tables are there; where one is not, the emulator says so before it looks for twins."""
    return all(operation.table in world for operation in operations)


def changed_paths(operation: UpdateItem) -> list[Path]:
    """The paths that the update changes."""
    return [update.path for update in operation.updates]
