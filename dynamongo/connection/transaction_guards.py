"""Transaction guards: the guards of unique values that the writes of one transaction take and free.

A transaction makes one request, and its token stands for the same actions whenever it is sent. So it reads nothing:
what an item has now is what its instance knows, and the write is executed only if that is still true.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, NoReturn, TypeAlias

from dynamongo._support.dataclasses import dataclass
from dynamongo.exceptions import ExpressionError, UniqueViolation
from dynamongo.executor.guarded_writes import SingleWrite, Unknown, constraints_of, find_known
from dynamongo.executor.unique_steps import add_condition, claims_after
from dynamongo.expressions.conditions import AnyCondition, Or, all_of
from dynamongo.expressions.values import AttributeValue, Item
from dynamongo.mapping.mapper import Mapper
from dynamongo.mapping.unique import Claim, Constraint, Constraints
from dynamongo.operations import Action, Delete, Put

GuardAddress: TypeAlias = tuple[str, AttributeValue]
"""The full name of a table, and the hash key of a guard in it."""


@dataclass(frozen=True, slots=True)
class ItemClaim:
    """A claim of an item that the transaction writes.

    Attributes:
        unique: The constraints of its model.
        table: The full name of its table.
        owner: Its key.
        claim: What it claims.
    """

    unique: Constraints
    table: str
    owner: Item
    claim: Claim

    @property
    def address(self) -> GuardAddress:
        """Where the guard is."""
        return self.table, self.claim.key[self.unique.key_names[0]]

    def explain(self, guard: Item | None) -> UniqueViolation:
        """Return the error for a guard that another item has."""
        return self.unique.explain(self.claim, self.unique.owner_of(guard))


@dataclass(frozen=True, slots=True)
class GuardChanges:
    """What one write does to guards.

    Attributes:
        write: The write, on condition that the item has the values that are freed.
        taken: What the item claims from now on.
        freed: What it does not claim any more.
    """

    write: SingleWrite
    taken: tuple[ItemClaim, ...] = ()
    freed: tuple[ItemClaim, ...] = ()


class TransactionGuards:
    """The guards of all writes of a transaction. A value that one item frees may be taken by another."""

    def __init__(self) -> None:
        self._taken: dict[GuardAddress, ItemClaim] = {}
        self._freed: dict[GuardAddress, ItemClaim] = {}

    def __len__(self) -> int:
        return len({**self._taken, **self._freed})

    def prepare(self, mapper: Mapper[Any], unique: Constraints, write: SingleWrite, given: object) -> GuardChanges:
        """Return what a write does to guards.

        Args:
            mapper: The mapper of the model.
            unique: Its constraints.
            write: The write.
            given: What the caller has named the item by.

        Raises:
            ExpressionError: The item is known by its key alone, and the write changes a unique value.
            UniqueViolation: Another write of the transaction claims one of the values.
        """
        constraints = constraints_of(unique, write)
        if not constraints:
            return GuardChanges(write)
        known = find_known(mapper, write, given)
        if isinstance(known, Unknown):
            _refuse_key(mapper, write)
        before = unique.find_claims(known, constraints)
        after = claims_after(unique, constraints, write, known)
        owner = mapper.pick_key(write.item if isinstance(write, Put) else write.key)
        taken = [ItemClaim(unique, write.table, owner, claim) for at, claim in after.items() if at not in before]
        freed = [ItemClaim(unique, write.table, owner, claim) for at, claim in before.items() if at not in after]
        for each in taken:
            if (other := self._taken.get(each.address)) is not None:
                raise unique.explain(each.claim, other.owner)
        checked = add_condition(write, _find_checks(unique, constraints, write, known))
        return GuardChanges(checked, tuple(taken), tuple(freed))

    def accept(self, changes: GuardChanges) -> None:
        """Add the changes of a write that becomes part of the transaction."""
        self._taken.update({each.address: each for each in changes.taken})
        self._freed.update({each.address: each for each in changes.freed})

    def actions(self) -> Iterator[tuple[Action, ItemClaim]]:
        """Yield the writes of guards, each with the claim for which it is made."""
        for address, taken in self._taken.items():
            freed = self._freed.get(address)
            owners = [taken.owner] if freed is None else [taken.owner, freed.owner]
            condition = taken.unique.is_free_or_of(*owners)
            guard = taken.unique.make_guard(taken.claim, taken.owner)
            yield Put(taken.table, guard, condition, return_item_on_failure=True), taken
        for address, freed in self._freed.items():
            if address not in self._taken:
                condition = freed.unique.is_free_or_of(freed.owner)
                yield Delete(freed.table, freed.claim.key, condition, return_item_on_failure=True), freed


def _find_checks(
    unique: Constraints, constraints: Sequence[Constraint], write: SingleWrite, known: Item | None
) -> tuple[AnyCondition, ...]:
    """Return the conditions that what is stored is what is known."""
    if known is not None or not isinstance(write, Put):
        return unique.is_unchanged(known, constraints)
    # Nothing is known of the item of a new instance: there may be one, which must have the same values.
    alike = all_of(unique.is_unchanged(write.item, constraints))
    return (unique.is_free if alike is None else Or(unique.is_free, alike),)


def _refuse_key(mapper: Mapper[Any], write: SingleWrite) -> NoReturn:
    verb = "deletes an item that has" if isinstance(write, Delete) else "updates an item, and changes"
    raise ExpressionError(
        f"{mapper.name}: the transaction {verb} unique values, but does not know which it has now, because it reads"
        " nothing: pass an instance that was read, as in tx.delete(user) or tx.update(user, ...), or use the verb"
        " of the model"
    )
