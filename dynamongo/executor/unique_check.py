"""The check of unique values: compares items with guards, a page of the table at a time, and repairs what it can.

What looks wrong on a page may have been changed since the page was read. So it is read again, in one transaction,
before it counts as wrong, and what is repaired is repaired on condition that it is still as it was found.
"""

from __future__ import annotations

import itertools
import os
from collections.abc import Iterable, Sequence
from typing import Any, Final, TypeAlias

from dynamongo._support.dataclasses import dataclass
from dynamongo.exceptions import TransactionCanceled
from dynamongo.executor.cancellations import CONDITION_FAILED, raise_other
from dynamongo.executor.effects import Steps
from dynamongo.executor.reads import get_batch
from dynamongo.executor.sender import Sender
from dynamongo.expressions.conditions import AnyCondition, Exists, Path, all_of
from dynamongo.expressions.values import AttributeValue, Item
from dynamongo.mapping.mapper import Mapper
from dynamongo.mapping.unique import Claim, Constraint, Constraints, find_stored_claim, still_holds
from dynamongo.operations import Action, BatchGet, ConditionCheck, Delete, Get, Put, TransactGet, TransactWrite

_ROUNDS: Final = 3
"""How often something is looked at that others keep changing."""

_PER_TRANSACTION: Final = 50
"""How many guards are added at once: with a check of the item of each, as many actions as a transaction takes."""

Keyed: TypeAlias = tuple[AttributeValue, ...]


@dataclass(frozen=True, slots=True)
class FoundClaim:
    """A claim, and who makes it.

    Attributes:
        unique: The constraints of the item's model.
        claim: The claim.
        owner: The key of the item that has the values; for a guard, of the item that it names.
        is_guard: Whether a guard says so; otherwise the item does.
    """

    unique: Constraints
    claim: Claim
    owner: Item
    is_guard: bool = False


@dataclass(frozen=True, slots=True)
class Finding:
    """Something that is wrong.

    Attributes:
        about: The claim. If an item makes it, its guard is missing, or that of another item; a guard that makes it has
            been left behind.
        other: The key of another item that has the same values.
        is_repaired: Whether it was wrong, and is not any more.
    """

    about: FoundClaim
    other: Item | None = None
    is_repaired: bool = False


class UniqueCheck:
    """The check of one table.

    Args:
        mapper: The mapper of the model.
        table: The full name of the table.
        repair: Whether to add missing guards, and delete those that were left behind.
    """

    def __init__(self, mapper: Mapper[Any], table: str, *, repair: bool) -> None:
        self._mapper = mapper
        self._table = table
        self._repair = repair
        self._key_names = mapper.keys.names
        self._constraints = _all_constraints(mapper)

    def check(self, items: Sequence[Item], sender: Sender) -> Steps[list[Finding]]:
        """Return what is wrong with the items of a page, or the guards on it."""
        claimed = [found for item in items for found in self._claims_of(item)]
        guarded = [found for item in items if (found := self._read_guard(item)) is not None]
        guards = yield from self._fetch(sender, [each.claim.key for each in claimed])
        owners = yield from self._fetch(sender, [each.owner for each in guarded])
        doubtful = [each for each in claimed if not self._is_held(each, guards.get(self._at(each.claim.key)))]
        left = [each for each in guarded if not still_holds(each.claim, owners.get(self._at(each.owner)))]
        findings: list[Finding] = []
        if self._repair:
            free = [each for each in doubtful if self._at(each.claim.key) not in guards]
            done = yield from self._add_guards(sender, free)
            findings += [Finding(each, is_repaired=True) for each in done]
            doubtful = [each for each in doubtful if each not in done]
        for each in [*doubtful, *left]:
            finding = yield from (self._look_at_guard if each.is_guard else self._look_at_item)(sender, each)
            if finding is not None:
                findings.append(finding)
        return findings

    @staticmethod
    def _is_held(about: FoundClaim, guard: Item | None) -> bool:
        return about.unique.owner_of(guard) == about.owner

    def _at(self, key: Item) -> Keyed:
        return tuple([key[name] for name in self._key_names])

    def _claims_of(self, item: Item) -> list[FoundClaim]:
        model: Any = None if self._find_constraint(item) is not None else self._mapper.model_for(item)
        unique: Constraints | None = None if model is None else model.__mapper__.unique
        if unique is None or not all(name in item for name in self._key_names):
            return []
        owner = {name: item[name] for name in self._key_names}
        return [FoundClaim(unique, claim, owner) for claim in unique.find_claims(item, unique.all).values()]

    def _read_guard(self, item: Item) -> FoundClaim | None:
        found = self._find_constraint(item)
        owner = None if found is None else found[0].owner_of(item)
        claim = None if found is None else find_stored_claim(found[1], item)
        if found is None or owner is None or claim is None:  # a malformed one, which nobody here has written
            return None
        return FoundClaim(found[0], claim, owner, is_guard=True)

    def _find_constraint(self, item: Item) -> tuple[Constraints, Constraint] | None:
        return next((pair for pair in self._constraints if pair[1].is_guard(item)), None)

    def _fetch(self, sender: Sender, keys: Sequence[Item]) -> Steps[dict[Keyed, Item]]:
        """Return the items with these keys."""
        different = list({self._at(key): key for key in keys}.values())
        found: dict[Keyed, Item] = {}
        for start in range(0, len(different), sender.limits.batch_get):
            chunk = tuple(different[start : start + sender.limits.batch_get])
            items, _ = yield from get_batch(sender, BatchGet(self._table, chunk, consistent=True))
            found |= {self._at(item): item for item in items}
        return found

    def _look_at_item(self, sender: Sender, about: FoundClaim) -> Steps[Finding | None]:
        """Return what is wrong with a claim of an item, after repairing it if that is possible."""
        unique, claim = about.unique, about.claim
        for _ in range(_ROUNDS):
            item, guard = yield from self._read_both(sender, about.owner, claim.key)
            holder = unique.owner_of(guard)
            if not still_holds(claim, item) or holder == about.owner:
                return None
            if holder is not None:
                found = yield from self._fetch(sender, [holder])
                if still_holds(claim, found.get(self._at(holder))):
                    return Finding(about, other=holder)
            if self._repair and (yield from self._try(sender, self._take_guard(about, holder))):
                return Finding(about, is_repaired=True)
            if not self._repair:
                break
        return Finding(about)

    def _look_at_guard(self, sender: Sender, about: FoundClaim) -> Steps[Finding | None]:
        """Return what is wrong with a guard, after deleting it if its item does not have the values."""
        for _ in range(_ROUNDS):
            item, guard = yield from self._read_both(sender, about.owner, about.claim.key)
            if not self._is_held(about, guard) or still_holds(about.claim, item):
                return None
            if not self._repair:
                break
            own = about.unique.is_free_or_of(about.owner)
            delete = Delete(self._table, about.claim.key, own)
            check = ConditionCheck(self._table, about.owner, about.claim.is_given_up)
            if (yield from self._try(sender, [check, delete])):
                return Finding(about, is_repaired=True)
        return Finding(about)

    def _read_both(self, sender: Sender, owner: Item, guard: Item) -> Steps[tuple[Item | None, Item | None]]:
        result = yield from sender.send(TransactGet((Get(self._table, owner), Get(self._table, guard))))
        item, stored = result.items
        return item, stored

    def _add_guards(self, sender: Sender, free: Sequence[FoundClaim]) -> Steps[list[FoundClaim]]:
        """Add missing guards, many at once, and return those that were added."""
        # Of two items with one value, the second is looked at by itself.
        distinct: dict[Keyed, FoundClaim] = {}
        for each in free:
            distinct.setdefault(self._at(each.claim.key), each)
        by_item = itertools.groupby(distinct.values(), lambda each: each.owner)  # those of one item follow each other
        done: list[FoundClaim] = []
        for chunk in _join([list(claims) for _, claims in by_item]):
            if (yield from self._try(sender, self._take_free(chunk))):
                done += chunk
        return done

    def _take_free(self, claims: Sequence[FoundClaim]) -> list[Action]:
        checks: dict[Keyed, list[AnyCondition]] = {}
        owners = {self._at(each.owner): each.owner for each in claims}
        for each in claims:
            conditions = checks.setdefault(self._at(each.owner), [])
            conditions += [part for part in self._still_claims(each) if part not in conditions]
        guards = [self._make_guard(each, each.owner) for each in claims]
        return [*self._check_all(owners, checks), *guards]

    def _check_all(
        self, owners: dict[Keyed, Item], checks: dict[Keyed, list[AnyCondition]]
    ) -> Iterable[ConditionCheck]:
        for at, parts in checks.items():
            condition = all_of(tuple(parts))
            if condition is not None:
                yield ConditionCheck(self._table, owners[at], condition)

    def _take_guard(self, about: FoundClaim, holder: Item | None) -> list[Action]:
        check = all_of(self._still_claims(about))
        actions: list[Action] = [self._make_guard(about, about.owner if holder is None else holder)]
        if check is not None:
            actions.append(ConditionCheck(self._table, about.owner, check))
        if holder is not None:
            actions.append(ConditionCheck(self._table, holder, about.claim.is_given_up))
        return actions

    def _still_claims(self, about: FoundClaim) -> tuple[AnyCondition, ...]:
        parts = about.unique.is_unchanged(_item_of(about.claim), (about.claim.constraint,))
        return parts or (Exists(Path(self._key_names[0])),)

    def _make_guard(self, about: FoundClaim, *owners: Item) -> Put:
        guard = about.unique.make_guard(about.claim, about.owner)
        return Put(self._table, guard, about.unique.is_free_or_of(*owners))

    def _try(self, sender: Sender, actions: Sequence[Action]) -> Steps[bool]:
        """Execute the actions, and return whether nothing had changed in between."""
        try:
            yield from sender.send(TransactWrite(tuple(actions), os.urandom(16).hex()))
        except TransactionCanceled as error:
            if all(reason.code != CONDITION_FAILED for reason in error.reasons):
                raise_other(error)
            return False
        return True


def _item_of(claim: Claim) -> Item:
    return {path.attribute: value for path, value in zip(claim.constraint.paths, claim.values, strict=True)}


def _all_constraints(mapper: Mapper[Any]) -> list[tuple[Constraints, Constraint]]:
    """Return the constraints of the model, and of the models of other kinds that it reads."""
    models: list[Any] = [mapper.model]
    if mapper.kinds is not None:
        models += [mapper.class_like(model) for model in mapper.kinds.models.values()]
    known = [unique for model in models if (unique := model.__mapper__.unique) is not None]
    return [(unique, constraint) for unique in known for constraint in unique.all]


def _join(groups: Iterable[list[FoundClaim]]) -> list[list[FoundClaim]]:
    """Return the claims in chunks that a transaction takes, those of one item together."""
    chunks: list[list[FoundClaim]] = []
    for group in groups:
        if chunks and len(chunks[-1]) + len(group) <= _PER_TRANSACTION:
            chunks[-1] += group
        else:
            chunks.append(group)
    return chunks
