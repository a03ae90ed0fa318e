"""Residuals: what is left of the condition of a read, which the items that were read are tested with."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from dynamongo.executor.sender import Sender
from dynamongo.expressions.conditions import AnyCondition
from dynamongo.expressions.evaluation import holds
from dynamongo.expressions.filters import Filter, compile_filter
from dynamongo.expressions.values import AttributeValue, Item
from dynamongo.operations import BatchGet
from dynamongo.planning.key_lookup import Checks, checks_by_key
from dynamongo.planning.plan import Plan, ReadOperation

if TYPE_CHECKING:
    from dynamongo.mapping.keys.composed import ComposedKeys


def find_filter(plan: Plan, residual: AnyCondition, sender: Sender | None) -> Filter:
    """Return the function that leaves out the items of a plan that its residual does not accept."""
    found = _filter_by_key(plan.operations[0], residual) or _compile(sender, residual)
    return found if plan.key_templates is None else _filter_told(plan.key_templates, found)


def _filter_told(templates: ComposedKeys, test: Filter) -> Filter:
    """Return a filter that tests items with what only their keys tell; it returns them as they are."""

    def select(items: Sequence[Item]) -> list[Item]:
        told = [{**item, **templates.tell_unstored(item)} for item in items]
        accepted = set(map(id, test(told)))
        return [item for item, whole in zip(items, told, strict=True) if id(whole) in accepted]

    return select


def _compile(sender: Sender | None, residual: AnyCondition) -> Filter:
    """Return the compiled residual; consecutive reads of one condition share it."""
    if sender is None:
        return compile_filter(residual)
    last = sender.last_filter
    if last is None or last[0] is not residual:
        # A race of two threads costs a compilation and nothing else: each uses its own `last`.
        sender.last_filter = last = residual, compile_filter(residual)
    return last[1]


def _filter_by_key(operation: ReadOperation, residual: AnyCondition) -> Filter | None:
    """Return a filter that tests each item with the condition on its own key, if the residual has one for each key."""
    if not isinstance(operation, BatchGet):
        return None
    names, checks = tuple(operation.keys[0]), checks_by_key(residual, operation.keys[0])
    if checks is None:
        return None
    return lambda items: [item for item in items if _passes(checks, tuple([item[name] for name in names]), item)]


def _passes(checks: Checks, key: tuple[AttributeValue, ...], item: Item) -> bool:
    if key not in checks:
        return False
    check = checks[key]
    return check is None or holds(check, item)
