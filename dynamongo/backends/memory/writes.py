"""Writes: Put, Delete, UpdateItem and BatchWrite on tables in memory."""

from __future__ import annotations

from collections.abc import Collection
from functools import lru_cache
from typing import Final, TypeAlias, get_args

from dynamongo.backends.memory.actions import check_holds, make_updated
from dynamongo.backends.memory.capacity import writes
from dynamongo.backends.memory.checks import (
    check_condition,
    normalize_updates,
    refuse_constraints,
    violation,
)
from dynamongo.backends.memory.ingest import take_item
from dynamongo.backends.memory.key_rules import check_batch_item_key
from dynamongo.backends.memory.partitions import Position, Stored
from dynamongo.backends.memory.reads import check_distinct, take_processed
from dynamongo.backends.memory.store import Store
from dynamongo.backends.memory.table import Table
from dynamongo.exceptions import InvalidRequestError
from dynamongo.expressions.evaluation import project
from dynamongo.expressions.values import Item
from dynamongo.operations import (
    BatchDelete,
    BatchPut,
    BatchWrite,
    BatchWriteResult,
    Delete,
    Put,
    ReturnValues,
    UpdateItem,
    WriteResult,
)

MAX_BATCH_WRITE = 25
_BATCH_BYTES = 16 * 1024 * 1024
_RETURN_VALUES: Final = get_args(ReturnValues)

_Taken: TypeAlias = tuple[Item, Position | None, Stored | None]
"""A write of a batch: what names its item (for a put, the item itself), where that belongs if that is known, and what
is to be stored."""


# The steps of the three writes are written out: to share them takes a tenth more time.


def put(store: Store, operation: Put) -> WriteResult:
    """Store an item in place of the one with the same key."""
    new = take_item(operation.item)
    check_condition(operation.condition)
    table = store.find_table(operation.table)
    position = table.locate_item(new.item)
    old = table.primary.find(position)
    check_holds(operation, old)
    return _result_of(operation, old, table.replace(position, old, new))


def delete(store: Store, operation: Delete) -> WriteResult:
    """Delete an item, if it is there."""
    key, position = store.take_key(operation.table, operation.key)
    check_condition(operation.condition)
    table = store.find_table(operation.table)
    position = position or table.locate_key(key)
    old = table.primary.find(position)
    check_holds(operation, old)
    return _result_of(operation, old, table.replace(position, old, None))


def update_item(store: Store, operation: UpdateItem) -> WriteResult:
    """Change some attributes of an item, which is created if it is not there."""
    if operation.returns not in _RETURN_VALUES:
        values = "satisfy enum value set: [ALL_NEW, UPDATED_OLD, ALL_OLD, NONE, UPDATED_NEW]"
        refuse_constraints([violation(f"'{operation.returns}'", "returnValues", values)])
    updates = normalize_updates(operation.updates, operation.key)
    key, position = store.take_key(operation.table, operation.key)
    check_condition(operation.condition)
    table = store.find_table(operation.table)
    position = position or table.locate_key(key)
    old = table.primary.find(position)
    check_holds(operation, old)
    new = make_updated(table, key, updates, old)
    units = table.replace(position, old, new)
    if operation.returns == "NONE":
        return _written(units)
    return WriteResult(_returned(operation, old, new), writes(units))


def batch_write(store: Store, operation: BatchWrite, left: Collection[int] = ()) -> BatchWriteResult:
    """Do some puts and deletes, but for those at the places that are to be left; all are checked before."""
    _check_number(operation)
    taken = [_take_write(store, operation.table, write) for write in operation.writes]
    if sum([new.size for _, _, new in taken if new]) > _BATCH_BYTES:
        raise InvalidRequestError("The size of the request has exceeded the maximum allowed size of 16 MB")
    table = store.find_table(operation.table)
    positions = [_locate_write(table, each) for each in taken]
    check_distinct(positions)
    units = 0
    for position, (_, _, new) in take_processed(tuple(zip(positions, taken, strict=True)), left):
        units += table.replace(position, table.primary.find(position), new)
    return BatchWriteResult(tuple([_give_back(taken[place]) for place in left]), writes(units))


def _check_number(operation: BatchWrite) -> None:
    if not operation.writes:
        at = f"requestItems.{operation.table}.member"
        refuse_constraints([violation("'[]'", at, "have length greater than or equal to 1")])
    if len(operation.writes) > MAX_BATCH_WRITE:
        raise InvalidRequestError(
            "1 validation error detected: Value '{...}' at 'requestItems' failed to satisfy constraint: Map value must "
            f"satisfy constraint: [Member must have length less than or equal to {MAX_BATCH_WRITE}, Member must have "
            "length greater than or equal to 1]"
        )


def put_into(table: Table, item: Item) -> None:
    """Store an item in a table, with all the checks of a Put."""
    new = take_item(item)
    position = table.locate_item(new.item)
    table.replace(position, table.primary.find(position), new)


def _result_of(operation: Put | Delete, old: Stored | None, units: int) -> WriteResult:
    return WriteResult(old.item, writes(units)) if old and operation.return_old else _written(units)


@lru_cache(maxsize=1024)
def _written(units: int) -> WriteResult:
    """The result of a write that returns nothing; equal ones are one object, as costs are."""
    return WriteResult(None, writes(units))


def _returned(operation: UpdateItem, old: Stored | None, new: Stored) -> Item | None:
    """What the update was asked to return; UPDATED_* give what is at the paths named, `None` if that is nothing."""
    shown = new if operation.returns.endswith("NEW") else old
    if shown is None:
        return None
    if operation.returns.startswith("ALL"):
        return shown.item
    paths = [update.path for update in operation.updates]
    return (project(shown.item, paths) or None) if paths else None


def _take_write(store: Store, name: str, write: BatchPut | BatchDelete) -> _Taken:
    if isinstance(write, BatchDelete):
        return *store.take_key(name, write.key), None
    new = take_item(write.item)
    return new.item, None, new


def _locate_write(table: Table, taken: _Taken) -> Position:
    target, position, new = taken
    if new is None:
        return position or table.locate_key(target)
    position = table.primary.locate_usual(target)
    if position is None:
        check_batch_item_key(table.schema.keys, target)
        position = table.primary.locate(target)
    table.check_index_keys(target)
    return position


def _give_back(taken: _Taken) -> BatchPut | BatchDelete:
    target, _, new = taken
    return BatchDelete(target) if new is None else BatchPut(target)
