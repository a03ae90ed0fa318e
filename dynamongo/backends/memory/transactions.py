"""Transactions: TransactWrite and TransactGet on tables in memory.

What is wrong with a request by itself is refused as a whole. What only a table or an item can show to be wrong is a
reason to cancel, and every action is looked at for its own, not only those up to the first that fails.

Source: "Amazon DynamoDB Transactions: How it works" in the developer guide.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Sequence
from typing import TypeVar, cast

from dynamongo.backends.memory.actions import Change, Prepared, apply, evaluate, prepare
from dynamongo.backends.memory.capacity import count_each, reads, writes
from dynamongo.backends.memory.checks import check_count, check_projection, refuse_constraints, violation
from dynamongo.backends.memory.idempotency import check_token, fingerprint_of
from dynamongo.backends.memory.key_rules import EmptyKeyValue
from dynamongo.backends.memory.partitions import Position, Stored
from dynamongo.backends.memory.store import Store
from dynamongo.backends.memory.table import Table
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


def transact_write(store: Store, operation: TransactWrite) -> TransactWriteResult:
    """Carry out all actions, or none; under a token, once in ten minutes."""
    check_count("transactItems", len(operation.actions), MAX_TRANSACTION_ACTIONS)
    check_token(operation.token)
    _check_updates(operation.actions)
    prepared = [prepare(store, action) for action in operation.actions]
    _check_total([each.new for each in prepared])
    _check_distinct([_place_of(store, each.action.table, each.target, each.position) for each in prepared])
    if operation.token is None:
        return TransactWriteResult(_apply_all(_evaluate_all(store, prepared)))
    return _write_once(store, operation.token, prepared)


def transact_get(store: Store, operation: TransactGet) -> TransactGetResult:
    """Read items in the order of the gets."""
    gets = operation.gets
    check_count("transactItems", len(gets), MAX_TRANSACTION_ACTIONS)
    keys = [_prepare_key(store, get) for get in gets]
    _check_distinct([_place_of(store, get.table, *key) for get, key in zip(gets, keys, strict=True)])
    tables = [store.find_table(get.table) for get in gets]
    found = _do_all(_find_item, tables, keys)
    _check_total(found)
    return TransactGetResult(tuple(map(_project, gets, found)), reads(2 * count_each(found)))


def _write_once(store: Store, token: str, prepared: Sequence[Prepared]) -> TransactWriteResult:
    """Carry the actions out, unless they have been under this token; then their items are only read."""
    fingerprint = tuple(map(_fingerprint_of, prepared))
    known = store.tokens.find(token, fingerprint, store.now)
    if known is not None:
        return TransactWriteResult(known)
    changes = _evaluate_all(store, prepared)
    consumed = _apply_all(changes)
    cost = reads(2 * count_each([change.new for change in changes]))
    store.tokens.keep(token, fingerprint, store.now, cost)
    return TransactWriteResult(consumed)


def _apply_all(changes: Sequence[Change]) -> Capacity:
    """Make all changes. Everything is prepared and then carried out, and so a transaction costs twice as much."""
    return writes(2 * sum(map(apply, changes)))


def _fingerprint_of(prepared: Prepared) -> Hashable:
    """That of all that reaches DynamoDB; what an action by itself would return does not."""
    action = prepared.action
    contents = (action.table, prepared.target, prepared.updates, action.condition, action.return_item_on_failure)
    return type(action), fingerprint_of(contents)


def _evaluate_all(store: Store, prepared: Sequence[Prepared]) -> list[Change]:
    """What all actions change, seen from the state before; nothing is changed yet."""
    tables = [store.find_table(each.action.table) for each in prepared]
    changes = _do_all(evaluate, tables, prepared)
    _check_total([change.new for change in changes])
    return changes


def _do_all(do: Callable[[Table, _P], _R], tables: Iterable[Table], parts: Iterable[_P]) -> list[_R]:
    """The results of all parts; raises `TransactionCanceled` with the reasons of all if one has none."""
    outcomes = [_attempt(do, table, part) for table, part in zip(tables, parts, strict=True)]
    if any(isinstance(outcome, CancellationReason) for outcome in outcomes):
        reasons = (each if isinstance(each, CancellationReason) else CancellationReason() for each in outcomes)
        raise TransactionCanceled(tuple(reasons))
    return cast("list[_R]", outcomes)


def _attempt(do: Callable[[Table, _P], _R], table: Table, part: _P) -> _R | CancellationReason:
    try:
        return do(table, part)
    except ConditionalCheckFailedException as error:
        return CancellationReason("ConditionalCheckFailed", str(error), error.item)
    except EmptyKeyValue:
        raise
    except (InvalidRequestError, ValidationError) as error:
        return CancellationReason("ValidationError", str(error))


def _check_updates(actions: Sequence[Action]) -> None:
    """Refuse an update of nothing: unlike UpdateItem, a transaction must be told what to change."""
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


def _find_item(table: Table, key: tuple[Item, Position | None]) -> Stored | None:
    target, position = key
    return table.primary.find(position or table.locate_key(target))


def _place_of(store: Store, name: str, target: Item, position: Position | None) -> Hashable:
    """What is the same for two targets only if they are one item; `None` for what is no key, and refused later."""
    table = store.tables.get(name)
    if table is None:
        return None
    position = position or table.primary.locate_usual(target)
    if position is not None:
        return name, position
    key_names = table.schema.keys.names
    if not all(part in target for part in key_names):
        return None
    return name, fingerprint_of([target[part] for part in key_names])


def _check_distinct(places: Iterable[Hashable]) -> None:
    """Refuse two targets that are one item; those that are no keys of their tables are refused later, one by one."""
    known = [place for place in places if place is not None]
    if len(set(known)) < len(known):
        raise InvalidRequestError("Transaction request cannot include multiple operations on one item")


def _project(get: Get, stored: Stored | None) -> Item | None:
    """What is asked for of the item: nothing of it may be there, which is not the same as no item."""
    if stored is None:
        return None
    return project(stored.item, get.projection) if get.projection else stored.item
