"""Writes: Put, Delete, UpdateItem and BatchWrite on tables in memory.

Source: "BatchWriteItem" and "UpdateItem" in the DynamoDB API reference.
"""

from __future__ import annotations

from collections.abc import Collection
from functools import lru_cache
from typing import Final, TypeAlias, get_args

from dynamongo.backends.memory.actions import evaluate, prepare
from dynamongo.backends.memory.capacity import write_capacity
from dynamongo.backends.memory.checks import refuse_constraints, violation
from dynamongo.backends.memory.ingest import take_item
from dynamongo.backends.memory.key_rules import check_batch_item_key
from dynamongo.backends.memory.partitions import Position, Stored
from dynamongo.backends.memory.reads import MAX_BATCH_BYTES, check_distinct, drop_unprocessed
from dynamongo.backends.memory.store import Store
from dynamongo.backends.memory.table import MemoryTable
from dynamongo.exceptions import InvalidRequestError
from dynamongo.expressions.evaluation import project
from dynamongo.expressions.values import Item
from dynamongo.operations import (
    MAX_BATCH_WRITE,
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

_RETURN_VALUES: Final = get_args(ReturnValues)

_Part: TypeAlias = tuple[Item, Position | None, Stored | None]
"""A write of a batch: its key or, for a put, its whole item; the position, where the key alone tells it; and the item
to store."""


def write(store: Store, action: Put | Delete | UpdateItem) -> WriteResult:
    """Execute a single action: prepare, evaluate and apply it."""
    prepared = prepare(store, action)
    table = store.find_table(action.table)
    position, old, new = evaluate(table, prepared)
    units = table.replace(position, old, new)
    if isinstance(action, UpdateItem):
        return _result_of_update(action, old, new, units)
    return WriteResult(old.item, write_capacity(units)) if old and action.return_old else _result_without_item(units)


def update_item(store: Store, action: UpdateItem) -> WriteResult:
    """Execute an update, which creates the item if it is missing."""
    # A transaction does not look at `returns`, which no request of it could contain.
    if action.returns not in _RETURN_VALUES:
        values = "satisfy enum value set: [ALL_NEW, UPDATED_OLD, ALL_OLD, NONE, UPDATED_NEW]"
        refuse_constraints([violation(f"'{action.returns}'", "returnValues", values)])
    return write(store, action)


def batch_write(store: Store, operation: BatchWrite, skipped: Collection[int] = ()) -> BatchWriteResult:
    """Execute puts and deletes, except those at the positions `skipped`; none is executed unless all are valid.

    A batch has no conditions, so that all of its positions are known, and compared, before anything is written.
    """
    _check_number(operation)
    parts = [_prepare_part(store, operation.table, each) for each in operation.writes]
    if sum([new.size for _, _, new in parts if new]) > MAX_BATCH_BYTES:
        raise InvalidRequestError("The size of the request has exceeded the maximum allowed size of 16 MB")
    table = store.find_table(operation.table)
    positions = [_locate_part(table, part) for part in parts]
    check_distinct(positions)
    units = 0
    # BatchWriteItem guarantees neither order nor atomicity; here a batch happens to have both.
    for position, (_, _, new) in drop_unprocessed(tuple(zip(positions, parts, strict=True)), skipped):
        units += table.replace(position, table.primary.find(position), new)
    return BatchWriteResult(tuple([_restore_part(parts[place]) for place in skipped]), write_capacity(units))


def _result_of_update(action: UpdateItem, old: Stored | None, new: Stored | None, units: int) -> WriteResult:
    if action.returns == "NONE":
        return _result_without_item(units)
    return WriteResult(_returned(action, old, new), write_capacity(units))


@lru_cache(maxsize=1024)
def _result_without_item(units: int) -> WriteResult:
    """Return the result of a write that returns no item; it is cached, since nearly all writes have one of a few.

    Callers share the results, which are immutable.
    """
    return WriteResult(None, write_capacity(units))


def _returned(action: UpdateItem, old: Stored | None, new: Stored | None) -> Item | None:
    """Return what the update asks for; UPDATED_* return what is at its paths, or `None` if nothing is there."""
    shown = new if action.returns.endswith("NEW") else old
    if shown is None:
        return None
    if action.returns.startswith("ALL"):
        return shown.item
    # Fragments of the item, without its key: `SET m.x = :one` returns {"m": {"x": 1}}, even if it was 1 before.
    paths = [update.path for update in action.updates]
    return (project(shown.item, paths) or None) if paths else None


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


def _prepare_part(store: Store, name: str, part: BatchPut | BatchDelete) -> _Part:
    if isinstance(part, BatchDelete):
        return *store.take_key(name, part.key), None
    new = take_item(part.item)
    return new.item, None, new  # `_locate_part` finds its position, and checks the keys of indexes too


def _locate_part(table: MemoryTable, part: _Part) -> Position:
    target, position, new = part
    if new is None:
        return position or table.locate_key(target)
    return table.locate_item(target, check_batch_item_key)


def _restore_part(part: _Part) -> BatchPut | BatchDelete:
    target, _, new = part
    return BatchDelete(target) if new is None else BatchPut(target)
