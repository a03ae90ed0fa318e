"""Transactions: TransactWrite and TransactGet on tables in memory.

What is wrong with the request itself refuses the whole request. What only a table or an item shows to be wrong is a
reason to cancel: every action gets a reason of its own, so that evaluation does not stop at the first failure.

Source: "Amazon DynamoDB Transactions: How it works" in the developer guide.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Sequence
from typing import TypeVar, cast

from dynamongo.backends.memory.actions import Prepared, Replacement, evaluate, prepare
from dynamongo.backends.memory.capacity import count_each, read_capacity, write_capacity
from dynamongo.backends.memory.checks import check_list_length, check_projection, refuse_constraints, violation
from dynamongo.backends.memory.idempotency import check_token, freeze
from dynamongo.backends.memory.key_rules import EmptyKeyError
from dynamongo.backends.memory.partitions import Position, Stored
from dynamongo.backends.memory.store import Store
from dynamongo.backends.memory.table import MemoryTable
from dynamongo.exceptions import (
    CancellationReason,
    ConditionalCheckFailedException,
    InvalidRequestError,
    TransactionCanceled,
    ValidationError,
)
from dynamongo.expressions.evaluation import project
from dynamongo.expressions.values import Item
from dynamongo.operations import (
    MAX_TRANSACTION_ACTIONS,
    MAX_TRANSACTION_BYTES,
    Action,
    Capacity,
    Get,
    TransactGet,
    TransactGetResult,
    TransactWrite,
    TransactWriteResult,
    UpdateItem,
)

_P = TypeVar("_P")
_R = TypeVar("_R")


def write_transaction(store: Store, operation: TransactWrite) -> TransactWriteResult:
    """Execute all actions or none; with a token, at most once in ten minutes."""
    check_list_length("transactItems", len(operation.actions), MAX_TRANSACTION_ACTIONS)
    check_token(operation.token)
    _check_updates(operation.actions)
    # Whatever fails up to `_check_targets` refuses the request, because DynamoDB checks it before it looks at items.
    prepared = [prepare(store, action) for action in operation.actions]
    _check_total([new for _, _, _, new, _ in prepared])
    _check_targets([_identity_of(store, action.table, target, at) for action, target, at, _, _ in prepared])
    if operation.token is None:
        return TransactWriteResult(_execute_all(store, prepared)[0])
    return _execute_once(store, operation.token, prepared)


def read_transaction(store: Store, operation: TransactGet) -> TransactGetResult:
    """Read items in the order of the gets."""
    gets = operation.gets
    check_list_length("transactItems", len(gets), MAX_TRANSACTION_ACTIONS)
    keys = [_prepare_key(store, get) for get in gets]
    _check_targets([_identity_of(store, get.table, *key) for get, key in zip(gets, keys, strict=True)])
    tables = [store.find_table(get.table) for get in gets]
    found = _call_all(_find_item, tables, keys)
    _check_total(found)
    # Reads cost twice as much in a transaction, too, and are always strongly consistent.
    return TransactGetResult(tuple(map(_item_for, gets, found)), read_capacity(2 * count_each(found)))


def _execute_once(store: Store, token: str, prepared: Sequence[Prepared]) -> TransactWriteResult:
    """Execute the actions unless the token has been used for them; repeating it only costs a read of their items."""
    contents = tuple(map(_freeze_action, prepared))
    # Before the conditions are checked: a repeated transaction succeeds even if its condition would fail now.
    repeated = store.tokens.find(token, contents, store.now)
    if repeated is not None:
        return TransactWriteResult(repeated)
    consumed, changes = _execute_all(store, prepared)
    cost = read_capacity(2 * count_each([new for _, _, new in changes]))
    store.tokens.keep(token, contents, store.now, cost)
    return TransactWriteResult(consumed)


def _execute_all(store: Store, prepared: Sequence[Prepared]) -> tuple[Capacity, list[Replacement]]:
    """Evaluate all actions against the state before any of them, then make all changes.

    A transaction costs twice as much as the same writes by themselves, since DynamoDB prepares and then commits each.
    """
    tables = [store.find_table(action.table) for action, *_ in prepared]  # a missing table is no reason to cancel
    changes = _call_all(evaluate, tables, prepared)
    _check_total([new for _, _, new in changes])
    units = sum([table.replace(*change) for table, change in zip(tables, changes, strict=True)])
    return write_capacity(2 * units), changes


def _freeze_action(prepared: Prepared) -> Hashable:
    """Return what a repeated token compares: all that reaches DynamoDB, hence not what a single write would return."""
    action, target, _, _, updates = prepared
    contents = (action.table, target, updates, action.condition, action.return_item_on_failure)
    return type(action), freeze(contents)


def _call_all(
    function: Callable[[MemoryTable, _P], _R], tables: Iterable[MemoryTable], parts: Iterable[_P]
) -> list[_R]:
    """Call the function for every part; raise `TransactionCanceled` with the reasons of all parts if a call fails."""
    outcomes = [_outcome_of(function, table, part) for table, part in zip(tables, parts, strict=True)]
    if any(isinstance(outcome, CancellationReason) for outcome in outcomes):
        reasons = (each if isinstance(each, CancellationReason) else CancellationReason() for each in outcomes)
        raise TransactionCanceled(tuple(reasons))
    return cast("list[_R]", outcomes)


def _outcome_of(function: Callable[[MemoryTable, _P], _R], table: MemoryTable, part: _P) -> _R | CancellationReason:
    try:
        return function(table, part)
    except ConditionalCheckFailedException as error:
        return CancellationReason("ConditionalCheckFailed", str(error), error.item)
    except EmptyKeyError:  # DynamoDB answers with a ValidationException for the whole request
        raise
    except (InvalidRequestError, ValidationError) as error:
        return CancellationReason("ValidationError", str(error))


def _check_updates(actions: Sequence[Action]) -> None:
    """Refuse an update without updates: UpdateItem takes none to mean "create the item", a transaction does not."""
    for number, action in enumerate(actions, start=1):
        if isinstance(action, UpdateItem) and not action.updates:
            at = f"transactItems.{number}.member.update.updateExpression"
            refuse_constraints([violation("null", at, "not be null")])


def _check_total(found: Iterable[Stored | None]) -> None:
    """Refuse items that are too large together."""
    if sum([stored.size for stored in found if stored is not None]) > MAX_TRANSACTION_BYTES:
        raise InvalidRequestError(
            "Collection size of items exceeded, which can also be caused by the aggregate size of the items in the "
            "transaction exceeding the 4MB limit"
        )


def _prepare_key(store: Store, get: Get) -> tuple[Item, Position | None]:
    check_projection(get.projection)
    return store.take_key(get.table, get.key)


def _find_item(table: MemoryTable, key: tuple[Item, Position | None]) -> Stored | None:
    target, position = key
    return table.primary.find(position or table.locate_key(target))


def _identity_of(store: Store, name: str, target: Item, position: Position | None) -> Hashable:
    """Return a value that is equal for two targets only if they are one item.

    Return `None` where the target has no valid key: evaluation refuses it later, with a reason of its own.
    """
    table = store.tables.get(name)
    if table is None:
        return None
    # A key that was not canonical may have become usual by now. Which of the two forms an identity has depends on the
    # canonical key alone, so that all targets that are one item have the same form.
    position = position or table.primary.locate_usual(target)
    if position is not None:
        return name, position
    key_names = table.schema.keys.names
    if not all(part in target for part in key_names):
        return None
    return name, freeze([target[part] for part in key_names])


def _check_targets(identities: Iterable[Hashable]) -> None:
    """Refuse two targets that are one item."""
    known = [identity for identity in identities if identity is not None]
    if len(set(known)) < len(known):
        raise InvalidRequestError("Transaction request cannot include multiple operations on one item")


def _item_for(get: Get, stored: Stored | None) -> Item | None:
    """Return what the get asks for: `None` for no item, and an empty dict for an item without those attributes."""
    if stored is None:
        return None
    return project(stored.item, get.projection) if get.projection else stored.item
