"""Find what has changed in an instance since its item was read or saved, for saves that send only the changes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, cast

from dynamongo._support.lazy_imports import LazyModule
from dynamongo.exceptions import AttributeNotLoaded, ExpressionError, ValidationError
from dynamongo.expressions.conditions import EQ, AnyCondition, Comparison, NotExists, Path
from dynamongo.expressions.evaluation import MISSING, Resolved
from dynamongo.expressions.values import AttributeValue, Item
from dynamongo.fields.base import Field
from dynamongo.fields.partial_map import guard
from dynamongo.mapping.changes.deltas import AttributeChange, Delta, make_deltas
from dynamongo.mapping.changes.stored_forms import is_same, keep_form
from dynamongo.mapping.codec.plain import refuse_missing, validate_and_encode
from dynamongo.mapping.mapper import Mapper
from dynamongo.mapping.records import Record, Recorded, record_of, stored_item_of

if TYPE_CHECKING:
    from dynamongo.mapping.problems import given as given_problems
else:  # only errors need it
    given_problems = LazyModule("dynamongo.mapping.problems.given")


def find_changes(mapper: Mapper[Any], instance: Recorded) -> tuple[tuple[Delta, ...], tuple[AnyCondition, ...]]:
    """Return the updates that turn the stored item into what the instance holds, and the conditions that they need.

    Raises:
        ValidationError: A value does not suit its field, or a required one is missing.
        ExpressionError: The key was changed.
        AttributeNotLoaded: An attribute has changed that was only partly read.
    """
    return make_deltas(_find_changed_attributes(mapper, instance, keeps_forms=True))


def find_rewrites(mapper: Mapper[Any], instance: Recorded) -> tuple[tuple[Delta, ...], tuple[AnyCondition, ...]]:
    """Return the updates that turn the stored item into what its fields would store, on condition that it is as read.

    Raises as `find_changes`.
    """
    changes = _find_changed_attributes(mapper, instance, keeps_forms=False)
    checks = [
        NotExists(change.field.path) if change.stored is MISSING else Comparison(change.field.path, EQ, change.stored)
        for change in changes
    ]
    return make_deltas(changes)[0], tuple(checks)


def _find_changed_attributes(mapper: Mapper[Any], instance: Recorded, *, keeps_forms: bool) -> list[AttributeChange]:
    record, stored, values = record_of(instance), stored_item_of(instance) or {}, vars(instance)
    if mapper.key_members is not None and (record.told or record.loaded is not None):
        # What the keys tell need not be stored once more.
        stored = {**stored, **mapper.key_members.find_told(stored)}
    # The version is not among the changes: the update itself increments it.
    fields = [
        (name, field)
        for name, field in mapper.fields.items()
        if name in values and field.path != mapper.version and field.stored
    ]
    try:
        found = [_find_change(field, values[name], stored, record, keeps_forms=keeps_forms) for name, field in fields]
    except ValidationError as error:
        raise given_problems.explain_instance(mapper, values, error) from error.__cause__
    changes = [change for change in found if change is not None]
    for change in changes:
        if change.field.is_key:
            raise ExpressionError(
                f"{change.field.label} is part of the key and has changed: save() creates a new item with it"
            )
    return changes


def _find_change(
    field: Field[Any], value: Any, item: Item, record: Record, *, keeps_forms: bool
) -> AttributeChange | None:
    """Compare the value of an attribute in the stored item with the value that the instance would store now."""
    name = field.path.attribute
    stored: Resolved = item.get(name, MISSING)
    # Relative to the attribute: an empty path means that all of it was read.
    paths = [path.below() for path in record.loaded or () if path.attribute == name]
    if any(path.elements for path in paths):
        _refuse_changed_part(field, value, stored, paths)
        return None
    # From here on the stored value is known as a whole, or was not read at all.
    held = _encode_value(field, value)
    if record.loaded is not None and not paths and stored is MISSING:
        return AttributeChange(field, None, held)  # assigned without being read: the stored value is unknown
    kept = keep_form(field, stored, held, fills=False) if keeps_forms else held
    return None if is_same(kept, stored) else AttributeChange(field, stored, kept)


def _refuse_changed_part(field: Field[Any], value: Any, stored: Resolved, paths: Sequence[Path]) -> None:
    is_there = stored is not MISSING and stored is not None
    if is_there:
        loaded = field.decode_partial(cast("AttributeValue", stored), paths)
    else:
        loaded = guard(field.read_unknown(), paths, "")
    if value != loaded:
        raise AttributeNotLoaded(f"{field.label} was only partly read, so its change cannot be saved: use update()")


def _encode_value(field: Field[Any], value: Any) -> Resolved:
    if not field.is_absent(value):
        encoded = validate_and_encode(field, value)
        return field.refuse_empty(encoded) if field.is_key or field.is_index_key else encoded
    if field.required:
        refuse_missing(field)
    return MISSING
