"""Guarded writes: writes of items with unique values, as the verbs make them; `unique_steps` carries them out."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, TypeAlias, cast

from dynamongo._support.lazy_imports import LazyModule
from dynamongo.executor.effects import Steps
from dynamongo.expressions.values import Item
from dynamongo.mapping.mapper import Mapper
from dynamongo.mapping.records import Recorded, record_of, stored_item_of
from dynamongo.operations import Delete, Put, UpdateItem, WriteResult

if TYPE_CHECKING:
    from dynamongo.executor import unique_steps
    from dynamongo.executor.sender import Sender
    from dynamongo.mapping.unique import Constraint, Constraints
else:  # most models have nothing unique but the key
    unique_steps = LazyModule("dynamongo.executor.unique_steps")

SingleWrite: TypeAlias = Put | Delete | UpdateItem


class Unknown:
    """The type of `UNKNOWN`, which says that nobody knows yet what is stored."""

    def __repr__(self) -> str:
        return "UNKNOWN"


UNKNOWN: Final = Unknown()

Known: TypeAlias = Item | Unknown | None
"""The stored item; `None` if there is none."""


class GuardedWrite:
    """A write of an item with unique values.

    Args:
        unique: The constraints.
        write: The write, as it would be without them.
        known: The item that is believed to be stored.

    Attributes:
        write: The same.
    """

    __slots__ = ("_known", "_unique", "write")

    def __init__(self, unique: Constraints, write: SingleWrite, known: Known) -> None:
        self._unique = unique
        self._known = known
        self.write = write

    @property
    def table(self) -> str:
        """The full name of the table."""
        return self.write.table

    @property
    def key(self) -> Item:
        """The key of the item, or the item."""
        return self.write.item if isinstance(self.write, Put) else self.write.key

    def perform(self, sender: Sender) -> Steps[WriteResult]:
        """Carry out the write.

        Raises:
            UniqueViolation: Another item has one of the values.
            ConditionalCheckFailedException: The condition of the write itself does not hold; `.item` is what is stored.
            TransactionConflict: Others kept changing the item.
        """
        constraints = constraints_of(self._unique, self.write)
        if not constraints:
            return (yield from sender.send(self.write))
        run = unique_steps.GuardedRun(self._unique, constraints, self.write, sender)
        return (yield from run.perform(self._known))


def guard_write(mapper: Mapper[Any], write: SingleWrite, given: object) -> GuardedWrite:
    """Return the write of a model with unique constraints together with those of its guards.

    Args:
        mapper: The mapper of the model.
        write: The write.
        given: What the caller has named the item by: an instance may know what is stored.
    """
    return GuardedWrite(cast("Constraints", mapper.unique), write, find_known(mapper, write, given))


def constraints_of(unique: Constraints, write: SingleWrite) -> tuple[Constraint, ...]:
    """Return the constraints that a write concerns."""
    return unique.touched_by(write.updates) if isinstance(write, UpdateItem) else unique.all


def returns_old(write: SingleWrite) -> bool:
    """Return whether the caller has asked for the item before; a delete returns it unasked."""
    return write.return_old if isinstance(write, Put) else isinstance(write, UpdateItem) and "OLD" in write.returns


def find_known(mapper: Mapper[Any], write: SingleWrite, given: object) -> Known:
    """Return what an instance knows of its stored item. It may be wrong, so that the write has to check it."""
    if isinstance(write, Put) and write.condition == mapper.is_missing:
        return None  # of a create, which is refused if there is an item
    if not isinstance(given, Recorded) or mapper.is_foreign(given) or record_of(given).loaded is not None:
        return UNKNOWN
    if returns_old(write):  # which is to be what is stored, not what was when the instance was read
        return UNKNOWN
    stored = stored_item_of(given)
    # A new instance is most often that of a new item. If it is not, the failed condition tells what is stored.
    return UNKNOWN if stored is None and not isinstance(write, Put) else stored
