"""Writes: Put, Delete, UpdateItem and BatchWrite on tables in memory."""

from __future__ import annotations

from collections.abc import Mapping

from dynamongo.backends.memory.capacity import write_units
from dynamongo.backends.memory.checks import (
    check_condition,
    check_count,
    make_stored,
    normalize_attributes,
    normalize_updates,
)
from dynamongo.backends.memory.keys import check_batch_item_key, check_index_keys, check_item_key, check_key
from dynamongo.backends.memory.reads import check_distinct
from dynamongo.backends.memory.table import Stored, Table, find_table
from dynamongo.backends.memory.update import apply_updates
from dynamongo.evaluation import compile_condition, project
from dynamongo.exceptions import ConditionalCheckFailedException, InvalidRequestError
from dynamongo.operations import (
    BatchDelete,
    BatchPut,
    BatchWrite,
    BatchWriteResult,
    Capacity,
    Delete,
    Put,
    UpdateItem,
    WriteResult,
)
from dynamongo.updates import AnyUpdate
from dynamongo.values import Item

MAX_BATCH_WRITE = 25
_BATCH_BYTES = 16 * 1024 * 1024


def put(tables: Mapping[str, Table], operation: Put) -> WriteResult:
    """Store an item in place of the one with the same key."""
    new = make_stored(operation.item)
    check_condition(operation.condition)
    table = find_table(tables, operation.table)
    check_item_key(table.schema.keys, new.item)
    check_index_keys(table.schema, new.item)
    old = table.find(new.item)
    _check_holds(operation, old)
    return _write(table, old, new, old.item if old and operation.return_old else None)


def delete(tables: Mapping[str, Table], operation: Delete) -> WriteResult:
    """Delete an item, if it is there."""
    key = normalize_attributes(operation.key)
    check_condition(operation.condition)
    table = find_table(tables, operation.table)
    check_key(table.schema.keys, key)
    old = table.find(key)
    _check_holds(operation, old)
    return _write(table, old, None, old.item if old and operation.return_old else None)


def update_item(tables: Mapping[str, Table], operation: UpdateItem) -> WriteResult:
    """Change some attributes of an item, which is created if it is not there."""
    key = normalize_attributes(operation.key)
    updates = normalize_updates(operation.updates)
    check_condition(operation.condition)
    table = find_table(tables, operation.table)
    check_key(table.schema.keys, key)
    _check_no_key_changes(table, updates)
    old = table.find(key)
    _check_holds(operation, old)
    before = old.item if old else key
    new = make_stored(apply_updates(before, updates), "Item size to update")
    check_index_keys(table.schema, new.item, before)
    return _write(table, old, new, _returned(operation, old, new))


def batch_write(tables: Mapping[str, Table], operation: BatchWrite) -> BatchWriteResult:
    """Do some puts and deletes; all are checked before the first is done."""
    check_count("writes", len(operation.writes), MAX_BATCH_WRITE)
    writes = [_normalize_write(write) for write in operation.writes]
    if sum(new.size for _, new in writes if new) > _BATCH_BYTES:
        raise InvalidRequestError("The size of the request has exceeded the maximum allowed size of 16 MB")
    table = find_table(tables, operation.table)
    for key, new in writes:
        _check_write(table, key, new)
    check_distinct(table, tuple(key for key, _ in writes))
    results = [_write(table, table.find(key), new) for key, new in writes]
    return BatchWriteResult(consumed=sum((result.consumed for result in results), Capacity()))


def _check_holds(operation: Put | Delete | UpdateItem, old: Stored | None) -> None:
    """Raise if the operation's condition does not hold of the stored item; a missing one has no attributes."""
    if operation.condition is None or compile_condition(operation.condition)(old.item if old else {}):
        return
    shown = old.item if old and operation.return_item_on_failure else None
    raise ConditionalCheckFailedException(item=shown)


def _write(table: Table, old: Stored | None, new: Stored | None, returned: Item | None = None) -> WriteResult:
    consumed = write_units(table, old, new)
    table.replace(old, new)
    return WriteResult(returned, consumed)


def _check_no_key_changes(table: Table, updates: tuple[AnyUpdate, ...]) -> None:
    for update in updates:
        if (name := update.path.attribute) in table.schema.keys.names:
            raise InvalidRequestError(
                "One or more parameter values were invalid: "
                f"Cannot update attribute {name}. This attribute is part of the key"
            )


def _returned(operation: UpdateItem, old: Stored | None, new: Stored) -> Item | None:
    """What the update was asked to return; UPDATED_* give what is at the paths named, `None` if that is nothing."""
    if operation.returns == "NONE":
        return None
    shown = new if operation.returns.endswith("NEW") else old
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


def _check_write(table: Table, key: Item, new: Stored | None) -> None:
    if new is None:
        check_key(table.schema.keys, key)
    else:
        check_batch_item_key(table.schema.keys, new.item)
        check_index_keys(table.schema, new.item)
