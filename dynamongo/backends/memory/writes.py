"""Writes: Put, Delete, UpdateItem and BatchWrite on tables in memory."""

from __future__ import annotations

from collections.abc import Collection
from typing import get_args

from dynamongo.backends.memory.actions import Change, apply, evaluate, prepare
from dynamongo.backends.memory.checks import check_count, make_stored, normalize_attributes
from dynamongo.backends.memory.keys import check_batch_item_key, check_index_keys, check_item_key, check_key
from dynamongo.backends.memory.reads import check_distinct, take_processed
from dynamongo.backends.memory.store import Store
from dynamongo.backends.memory.table import Stored, Table
from dynamongo.evaluation import project
from dynamongo.exceptions import InvalidRequestError
from dynamongo.operations import (
    BatchDelete,
    BatchPut,
    BatchWrite,
    BatchWriteResult,
    Capacity,
    Delete,
    Put,
    ReturnValues,
    UpdateItem,
    WriteResult,
)
from dynamongo.values import Item

MAX_BATCH_WRITE = 25
_BATCH_BYTES = 16 * 1024 * 1024


def put(store: Store, operation: Put) -> WriteResult:
    """Store an item in place of the one with the same key."""
    return _replace(store, operation)


def delete(store: Store, operation: Delete) -> WriteResult:
    """Delete an item, if it is there."""
    return _replace(store, operation)


def update_item(store: Store, operation: UpdateItem) -> WriteResult:
    """Change some attributes of an item, which is created if it is not there."""
    if operation.returns not in get_args(ReturnValues):
        raise InvalidRequestError(f"Value '{operation.returns}' at 'returnValues' failed to satisfy constraint")
    change = _evaluate(store, operation)
    consumed = apply(change)
    return WriteResult(_returned(operation, change), consumed)


def batch_write(store: Store, operation: BatchWrite, left: Collection[int] = ()) -> BatchWriteResult:
    """Do some puts and deletes, but for those at the places that are to be left; all are checked before."""
    check_count("writes", len(operation.writes), MAX_BATCH_WRITE)
    writes = [_normalize_write(write) for write in operation.writes]
    if sum(new.size for _, new in writes if new) > _BATCH_BYTES:
        raise InvalidRequestError("The size of the request has exceeded the maximum allowed size of 16 MB")
    table = store.find_table(operation.table)
    for key, new in writes:
        _check_write(table, key, new)
    check_distinct(table, tuple(key for key, _ in writes))
    costs = [apply(Change(table, table.find(key), new)) for key, new in take_processed(writes, left)]
    unprocessed = tuple(_denormalize_write(*writes[place]) for place in left)
    return BatchWriteResult(unprocessed, sum(costs, Capacity()))


def put_into(table: Table, item: Item) -> None:
    """Store an item in a table, with all the checks of a Put."""
    new = make_stored(item)
    check_item_key(table.schema.keys, new.item)
    check_index_keys(table.schema, new.item)
    table.replace(table.find(new.item), new)


def _evaluate(store: Store, action: Put | Delete | UpdateItem) -> Change:
    prepared = prepare(action)
    return evaluate(store.find_table(action.table), prepared)


def _replace(store: Store, operation: Put | Delete) -> WriteResult:
    change = _evaluate(store, operation)
    consumed = apply(change)
    return WriteResult(change.old.item if change.old and operation.return_old else None, consumed)


def _returned(operation: UpdateItem, change: Change) -> Item | None:
    """What the update was asked to return; UPDATED_* give what is at the paths named, `None` if that is nothing."""
    if operation.returns == "NONE":
        return None
    shown = change.new if operation.returns.endswith("NEW") else change.old
    if shown is None or operation.returns.startswith("ALL"):
        return shown and shown.item
    paths = [update.path for update in operation.updates]
    return (project(shown.item, paths) or None) if paths else None


def _normalize_write(write: BatchPut | BatchDelete) -> tuple[Item, Stored | None]:
    """What names the item (for a put, the item itself), and what is to be stored."""
    if isinstance(write, BatchDelete):
        return normalize_attributes(write.key), None
    new = make_stored(write.item)
    return new.item, new


def _denormalize_write(key: Item, new: Stored | None) -> BatchPut | BatchDelete:
    return BatchDelete(key) if new is None else BatchPut(new.item)


def _check_write(table: Table, key: Item, new: Stored | None) -> None:
    if new is None:
        check_key(table.schema.keys, key)
    else:
        check_batch_item_key(table.schema.keys, new.item)
        check_index_keys(table.schema, new.item)
