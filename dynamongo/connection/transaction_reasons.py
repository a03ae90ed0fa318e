"""Transaction reasons: why a transaction was cancelled, in the words of the models whose items it writes."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from dynamongo._support.dataclasses import replace
from dynamongo.connection.participants import Address
from dynamongo.exceptions import CancellationReason, ConditionalCheckFailedException
from dynamongo.executor.cancellations import CONDITION_FAILED, error_of
from dynamongo.expressions.values import Item, are_values_hidden, shorten
from dynamongo.mapping.mapper import Mapper
from dynamongo.mapping.problems.failures import explain_failure, name_key
from dynamongo.mapping.records import Recorded
from dynamongo.operations import Action, Put

if TYPE_CHECKING:
    from dynamongo.connection.transaction_guards import ItemClaim


class TransactionEntry:
    """An action, with the mapper and key of its item, and the instance that it saves, if it does.

    A plain class takes half the time of a frozen one to instantiate, which happens for every action.
    """

    __slots__ = ("action", "address", "key", "mapper", "saved", "verb")

    def __init__(self, verb: str, mapper: Mapper[Any], action: Action, key: Item, saved: Recorded | None) -> None:
        self.verb = verb
        self.mapper = mapper
        self.action = action
        self.key = key
        self.saved = saved
        self.address: Address = action.table, tuple(key.values())

    @property
    def holder(self) -> Item:
        """The item of a put; of one that is updated or deleted, only the key is known here."""
        return self.action.item if isinstance(self.action, Put) else self.action.key

    def describe(self) -> str:
        """Describe the action and its item, for messages."""
        return f"{self.verb} of the {self.mapper.name} with {self.mapper.describe_key(self.key)}"


def explain_reasons(
    entries: Mapping[Address, TransactionEntry], claims: Sequence[ItemClaim], reasons: Sequence[CancellationReason]
) -> tuple[CancellationReason, ...]:
    """Return a reason for each action that a caller has added.

    Args:
        entries: These actions.
        claims: Those for which guards were written after them.
        reasons: Those of all actions. A backend that knows no reasons gives none.
    """
    guarded = dict(_explain_guards(entries, claims, reasons[len(entries) :]))
    return tuple(
        guarded.get(entry.address) or _explain_reason(entry, each)
        for entry, each in zip(entries.values(), reasons, strict=False)
    )


def _explain_guards(
    entries: Mapping[Address, TransactionEntry], claims: Iterable[ItemClaim], reasons: Iterable[CancellationReason]
) -> Iterator[tuple[Address, CancellationReason]]:
    """Yield the addresses of items of whose guards one was the reason, each with the reason as that of the item."""
    for claim, reason in zip(claims, reasons, strict=False):
        entry = entries[claim.table, tuple(claim.owner.values())]
        if reason.code == CONDITION_FAILED:
            error = claim.explain(reason.item)
            yield entry.address, replace(_label(entry, reason), message=str(error), item=None, error=error)
        elif reason.code != "None":
            yield entry.address, _explain_reason(entry, reason)


def _explain_reason(entry: TransactionEntry, reason: CancellationReason) -> CancellationReason:
    """Return the reason with the model and key of its action, the item as an instance, and the error of the verb."""
    mapper, action = entry.mapper, entry.action
    explained = _label(entry, reason)
    if (error := error_of(reason)) is not None:
        return replace(explained, error=mapper.locate_error(error, action.table, entry.key, action))
    # `explain_failure` takes a failure without an item for one of a missing item, which is wrong if none was asked for.
    if reason.code != CONDITION_FAILED or not action.return_item_on_failure:
        return explained
    failure = ConditionalCheckFailedException(reason.message or reason.code, item=reason.item)
    failed = explain_failure(mapper, action, failure)
    return replace(explained, item=getattr(failed, "item", None), error=failed)


def _label(entry: TransactionEntry, reason: CancellationReason) -> CancellationReason:
    """Return the reason with the model and the key of its action."""
    mapper = entry.mapper
    key = name_key(mapper, entry.key)
    message = reason.message
    if message:
        message += mapper.hint_at(message, entry.action)
    shown = ", ".join(f"{name}={'…' if are_values_hidden() else shorten(value)}" for name, value in key.items())
    return replace(reason, model=mapper.model, key=key, message=message, label=f"{mapper.name} {shown}")
