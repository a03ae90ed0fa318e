"""Unique steps: how a write is carried out together with the guards of its unique values.

The values that are stored are compared with those that are about to be. If none changes, the write is one request as
any other, on condition that the values are still as they were. Otherwise it is a transaction of the write, the guards
of new values, and the deletes of the guards of old ones. What is stored is known from the instance, or read first.
Where that was wrong, because somebody else was faster, the failed condition tells what is stored, and the next round
begins there.

A guard may be left behind: its item was deleted by time to live, or by a program that knows nothing of guards. So the
item that a guard names is read before its value counts as taken, and a guard that nobody needs is taken over.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import TYPE_CHECKING, Final, TypeAlias

from dynamongo._support.dataclasses import replace
from dynamongo.backends import note_sent
from dynamongo.exceptions import (
    CancellationReason,
    ConditionalCheckFailedException,
    DynamongoError,
    InvalidRequestError,
    TransactionCanceled,
    TransactionConflict,
)
from dynamongo.executor.cancellations import CONDITION_FAILED, raise_other
from dynamongo.executor.effects import Steps
from dynamongo.executor.guarded_writes import UNKNOWN, Known, SingleWrite, Unknown
from dynamongo.executor.reads import get_batch
from dynamongo.expressions.conditions import AnyCondition, all_of, conjuncts
from dynamongo.expressions.evaluation import MISSING, holds, project
from dynamongo.expressions.update_evaluation import apply_updates, evaluate_update
from dynamongo.expressions.values import AttributeValue, Item
from dynamongo.mapping.unique import Claim, Constraint, Constraints, all_given_up, still_holds
from dynamongo.operations import (
    Action,
    BatchGet,
    Capacity,
    ConditionCheck,
    Delete,
    Put,
    TransactWrite,
    UpdateItem,
    WriteResult,
)

if TYPE_CHECKING:
    from dynamongo.executor.sender import Sender

Claims: TypeAlias = dict[AttributeValue, Claim]

_MAX_ROUNDS: Final = 10
"""How often a write is attempted whose item others keep changing."""


def claims_after(
    unique: Constraints, constraints: Sequence[Constraint], write: SingleWrite, before: Item | None
) -> Claims:
    """Return what the item claims once it is written, given what is stored before.

    Raises:
        InvalidRequestError: The update cannot be made.
    """
    if not isinstance(write, UpdateItem):
        return unique.find_claims(write.item if isinstance(write, Put) else None, constraints)
    old = write.key if before is None else before
    item = dict(old)
    for update in write.updates:
        if len(update.path.elements) == 1:
            value = evaluate_update(update, old)
            if value is MISSING:
                item.pop(update.path.attribute, None)
            else:
                item[update.path.attribute] = value
    return unique.find_claims(item, constraints)


def add_condition(write: SingleWrite, parts: Sequence[AnyCondition]) -> SingleWrite:
    """Return the write with more conditions, which returns the stored item if they do not hold."""
    own = conjuncts(write.condition)
    condition = all_of((*own, *[part for part in parts if part not in own]))
    if isinstance(write, Put):  # not by `replace`, which takes longer than all the rest
        # The values that are checked are those that it leaves behind, if it takes no transaction.
        is_idempotent = write.is_idempotent or write.condition is None
        options = {"return_old": write.return_old, "return_item_on_failure": True, "is_idempotent": is_idempotent}
        return Put(write.table, write.item, condition, **options)
    return replace(write, condition=condition, return_item_on_failure=True)


class GuardedRun:
    """One guarded write that is being carried out."""

    def __init__(
        self, unique: Constraints, constraints: Sequence[Constraint], write: SingleWrite, sender: Sender
    ) -> None:
        self._unique = unique
        self._constraints = constraints
        self._write = write
        self._sender = sender
        self._key = {name: (write.item if isinstance(write, Put) else write.key)[name] for name in unique.key_names}
        self._consumed = Capacity()
        self._foreign: set[AttributeValue] = set()
        """Guards of the item's old values that belong to other items, and stay."""
        self._abandoned: dict[AttributeValue, Item] = {}
        """Guards of the item's new values that name other items, by the keys of these, which do not have them."""

    def perform(self, known: Known) -> Steps[WriteResult]:
        """Carry out the write, given what is believed to be stored."""
        for number in range(_MAX_ROUNDS):
            if number > 1:  # the second round is usual, where the first one finds out what is stored
                yield self._sender.retries.wait(number - 1)
            if isinstance(known, Unknown):
                known = yield from self._read(self._key)
            found = yield from self._attempt(known)
            if isinstance(found, WriteResult):
                return replace(found, consumed=self._consumed)
            known = found
        raise TransactionConflict(f"others kept changing the item or its unique values, {_MAX_ROUNDS} times in a row")

    def _read(self, key: Item) -> Steps[Item | None]:
        # Not a Get: several of those in a block are reported as a loop that the caller should have written otherwise.
        get = BatchGet(self._write.table, (key,), consistent=True)
        try:
            found, consumed = yield from get_batch(self._sender, get)
        except BaseException as interruption:
            if not isinstance(interruption, Exception):  # whatever was written before was refused
                note_sent(interruption, was_sent=False)
            raise
        self._consumed += consumed
        return found[0] if found else None

    def _attempt(self, known: Item | None) -> Steps[WriteResult | Known]:
        """Write once, and return the result, or what is stored where that is not what was known."""
        unique, constraints = self._unique, self._constraints
        checked = add_condition(self._write, unique.is_unchanged(known, constraints))
        before = unique.find_claims(known, constraints)
        try:
            after = claims_after(unique, constraints, self._write, known)
        except InvalidRequestError:  # the store says so in its own words, unless another condition comes first
            after = before
        new = [claim for address, claim in after.items() if address not in before]
        old = [claim for address, claim in before.items() if address not in after and address not in self._foreign]
        if new or old:
            return (yield from self._transact(checked, known, new, old))
        try:
            result = yield from self._sender.send(checked)
        except ConditionalCheckFailedException as error:
            return self._find_stored(error.item)
        self._consumed += result.consumed
        return result

    def _transact(
        self, checked: SingleWrite, known: Item | None, new: Sequence[Claim], old: Sequence[Claim]
    ) -> Steps[WriteResult | Known]:
        table, unique = checked.table, self._unique
        takes = [self._take(claim) for claim in new]
        frees = [
            Delete(table, claim.key, unique.is_free_or_of(self._key), return_item_on_failure=True) for claim in old
        ]
        actions = (checked, *takes, *frees, *self._check_abandoned(new))
        try:
            result = yield from self._sender.send(TransactWrite(actions, os.urandom(16).hex()))
        except TransactionCanceled as error:
            return (yield from self._look_into(error, known, new, old))
        self._consumed += result.consumed
        return WriteResult((yield from self._find_attributes(known)))

    def _take(self, claim: Claim) -> Put:
        former = self._abandoned.get(claim.key[self._unique.key_names[0]])
        owners = [self._key] if former is None else [self._key, former]
        guard = self._unique.make_guard(claim, self._key)
        return Put(self._write.table, guard, self._unique.is_free_or_of(*owners), return_item_on_failure=True)

    def _check_abandoned(self, new: Sequence[Claim]) -> list[Action]:
        """Return checks that the items which abandoned guards name still do not have the values."""
        given_up: dict[tuple[AttributeValue, ...], tuple[Item, list[Claim]]] = {}
        for claim in new:
            owner = self._abandoned.get(claim.key[self._unique.key_names[0]])
            if owner is not None:
                given_up.setdefault(tuple(owner.values()), (owner, []))[1].append(claim)
        table = self._write.table
        return [ConditionCheck(table, owner, all_given_up(claims)) for owner, claims in given_up.values()]

    def _look_into(
        self, error: TransactionCanceled, known: Item | None, new: Sequence[Claim], old: Sequence[Claim]
    ) -> Steps[Known]:
        """Return what is stored, and note what the guards tell; raise the error of the write if it cannot be made."""
        first, *others = error.reasons
        if first.code == CONDITION_FAILED:
            return self._find_stored(first.item)
        if all(reason.code != CONDITION_FAILED for reason in others):
            raise_other(error)
        for claim, reason in zip(new, others, strict=False):
            if reason.code == CONDITION_FAILED:
                yield from self._check_taken(claim, reason)
        for claim, reason in zip(old, others[len(new) :], strict=False):
            if reason.code == CONDITION_FAILED:
                self._foreign.add(claim.key[self._unique.key_names[0]])
        if any(reason.code == CONDITION_FAILED for reason in others[len(new) + len(old) :]):
            self._abandoned.clear()  # an item has its value again: the next round finds out
        return known

    def _check_taken(self, claim: Claim, reason: CancellationReason) -> Steps[None]:
        """Raise `UniqueViolation` unless the item that the guard names does not have the values."""
        # A backend may not return items; then the guard is read, which may be gone by now.
        guard: Item | None = reason.item or (yield from self._read(claim.key))
        if guard is None:
            return
        owner = self._unique.owner_of(guard)
        if owner is None or still_holds(claim, (yield from self._read(owner))):
            raise self._unique.explain(claim, owner)
        self._abandoned[claim.key[self._unique.key_names[0]]] = owner

    def _find_stored(self, item: Item | None) -> Known:
        """Return what is stored, given the item of a failed condition; raise the error if it is that of the write."""
        own = self._write.condition
        if own is not None and not holds(own, item or {}):
            raise ConditionalCheckFailedException(item=item)
        return UNKNOWN if item is None else item  # a backend may not return items

    def _find_attributes(self, known: Item | None) -> Steps[Item | None]:
        """Return what the write has to return, which a transaction does not."""
        write = self._write
        if not isinstance(write, UpdateItem):
            return known if write.return_old else None
        if write.returns == "NONE":
            return None
        shown = known
        if write.returns.endswith("NEW"):
            shown = yield from self._read_again()
            if shown is None:  # deleted since, or it cannot be read now
                shown = apply_updates(write.key if known is None else known, write.updates)
        if shown is None or write.returns.startswith("ALL"):
            return shown
        return project(shown, [update.path for update in write.updates]) or None

    def _read_again(self) -> Steps[Item | None]:
        """Read the item after it was written; no error may look as if it had not been."""
        try:
            return (yield from self._read(self._key))
        except DynamongoError:  # of the store, or because a run of several writes is stopped
            return None
        except BaseException as interruption:
            if not isinstance(interruption, Exception):
                note_sent(interruption, was_sent=True)
            raise
