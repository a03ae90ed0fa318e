"""Immutable fields: what is stored once does not change until the item is deleted.

An instance that was read refuses another value, and so do updates by expression. A write of a whole item may replace
one that nobody has read, so that it is sent with a condition: the attribute has the same value there, or none.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, NoReturn, cast

from dynamongo.exceptions import (
    ConditionalCheckFailedException,
    ExpressionError,
    ImmutableConflict,
    Problem,
    ValidationError,
)
from dynamongo.expressions.conditions import EQ, AnyCondition, Comparison, NotExists, Or, conjuncts
from dynamongo.expressions.evaluation import MISSING, Resolved, holds
from dynamongo.expressions.updates import AnyUpdate, SetUpdate
from dynamongo.expressions.values import AttributeValue, Item, shorten
from dynamongo.fields.base import Field
from dynamongo.mapping.changes.stored_forms import is_same, keep_form
from dynamongo.mapping.records import Recorded, is_stored, record_of, stored_item_of
from dynamongo.mapping.rules.base import Rule


class ImmutableFields(Rule):
    """Keeps the values of immutable fields.

    Args:
        fields: The fields of the model by name.
    """

    def __init__(self, fields: Mapping[str, Field[Any]]) -> None:
        found = [field for field in fields.values() if field.is_immutable]
        self._attributes = {field.path.attribute: field for field in found}
        # An item of another key is another item.
        self._guarded = [field for field in found if field.stored and not field.is_key]

    def before_assign(self, instance: Recorded, field: Field[Any], value: Any) -> None:
        """Refuse another value for what is stored."""
        if not field.is_immutable or not is_stored(instance):
            return
        loaded = record_of(instance).loaded
        if loaded is not None and field.path not in loaded:
            self._refuse(field, "was not read, so it cannot be set to", value)
        stored = cast("Item", stored_item_of(instance)).get(field.path.attribute)
        # A field without an attribute of its own is a part of the key.
        known = (
            vars(instance)[field.path.name] if not field.stored else None if stored is None else field.decode(stored)
        )
        if known is not None and known != value:
            self._refuse(field, f"is stored as {shorten(known)}, and cannot be set to", value)

    def guard_put(self, item: Item) -> tuple[AnyCondition, ...]:
        """Return the conditions that a stored item has the same values, or none."""
        return tuple(_guard(field, item.get(field.path.attribute, MISSING)) for field in self._guarded)

    def guard_changes(self, instance: Recorded, changes: Iterable[AnyUpdate]) -> tuple[AnyCondition, ...]:
        """Return the conditions under which values can be set that are not stored yet; refuse to change others."""
        stored, guards = stored_item_of(instance) or {}, list[AnyCondition]()
        for change in changes:
            field = self._attributes.get(change.path.attribute)
            if field is None:
                continue
            known = stored.get(change.path.attribute)
            held = cast("Resolved", change.value) if isinstance(change, SetUpdate) else MISSING
            if len(change.path.elements) == 1 and known is None:
                guards.append(_guard(field, held))
            elif len(change.path.elements) > 1 or not is_same(keep_form(field, known, held, fills=False), known):
                self._refuse(field, "cannot be changed; it was changed to", vars(instance)[field.path.name])
        return tuple(guards)

    def check_update(self, update: AnyUpdate) -> None:
        """Refuse an update that may change what is stored."""
        field = self._attributes.get(update.path.attribute)
        is_kept = isinstance(update, SetUpdate) and update.if_not_exists and len(update.path.elements) == 1
        if field is not None and not is_kept:
            raise ExpressionError(
                f"{field.label} is immutable, so an update may not change it; {field.label}.set_if_not_exists(...) sets"
                " it in an item without a value"
            )

    def explain_failure(
        self, condition: AnyCondition | None, item: Item, named: str
    ) -> ConditionalCheckFailedException | None:
        """Return the error for a stored item with another value than the write has."""
        failed = [part for part in conjuncts(condition) if not holds(part, item)]
        for field in self._guarded:
            found = item.get(field.path.attribute)
            broken = [part for part in failed if part == _guard(field, _read_guard(part))]
            if found is not None and broken:
                return _make_conflict(field, named, _read_guard(broken[0]), found)
        return None

    @staticmethod
    def _refuse(field: Field[Any], what: str, value: Any) -> NoReturn:
        error = ValidationError(f"{field.label} is immutable: it {what} {shorten(value)}")
        error.problems = (Problem((field.path.name,), value, str(error)),)
        raise error


def _guard(field: Field[Any], value: Resolved) -> AnyCondition:
    """Return the condition that an item has the value in an immutable field, or none."""
    missing = NotExists(field.path)
    return missing if value is MISSING else Or(missing, Comparison(field.path, EQ, value))


def _read_guard(condition: AnyCondition) -> Resolved:
    """Return the value in a condition that `_guard` made."""
    last = condition.parts[-1] if isinstance(condition, Or) else None
    return cast("Resolved", last.right) if isinstance(last, Comparison) else MISSING


def _make_conflict(field: Field[Any], named: str, given: Resolved, found: AttributeValue) -> ImmutableConflict:
    ours, theirs = (None if value is MISSING else field.decode(value) for value in (given, found))
    message = (
        f"{field.label} is immutable, and is {shorten(theirs)} in the item with {named}, which the write would replace"
        f" by one with {shorten(ours)}: keep the value, or delete the item first"
    )
    return ImmutableConflict(message, field=field.path.name, given=ours, found=theirs)
