"""Stored forms: what has not changed in an instance is saved in the form in which it is stored.

Other programs may store a value in another form than its field does: a datetime as `2020-01-01T00:00:00Z`, an empty
list by leaving it out, a missing text as NULL. Where the stored form is read as what the field is about to store,
nothing has changed, and the stored form is sent. Maps are compared member by member, lists element by element at equal
positions, so that a change of one part keeps the forms of the others.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import Any, cast

from dynamongo.exceptions import ValidationError
from dynamongo.expressions.evaluation import MISSING, Resolved
from dynamongo.expressions.values import PLAIN_TYPES, AttributeValue, Item, equals
from dynamongo.expressions.wire_values import find_in_text
from dynamongo.fields.base import Field
from dynamongo.fields.containers import ListField, SetField
from dynamongo.fields.maps import DictField


def keep_stored_forms(fields: Mapping[str, Field[Any]], stored: Item | str, item: Item) -> None:
    """Replace what is encoded of a whole item by its stored forms, where that is not a change.

    Args:
        fields: The fields that may read what they would not write, by the names of their attributes.
        stored: The item as it was read, or its JSON.
        item: The encoded item, which is changed in place.
    """
    # Every save of what was read or saved before comes here, so the tests that most values pass call nothing.
    find: Callable[[str, Any], Resolved] | None = None if isinstance(stored, str) else stored.get
    for name, field in fields.items():
        own = item.get(name, MISSING)
        if type(own) is list and own and field.reads_one_filled_form:
            continue
        if find is None:  # only now: to parse JSON takes a while
            find = find_in_text(cast("str", stored))
        known = find(name, MISSING)
        # Most values are as they were.
        if own is known or (type(own) is type(known) and own == known and type(own) in PLAIN_TYPES):
            continue
        kept = keep_form(field, known, own, fills=True)
        if kept is not MISSING:
            item[name] = kept
        else:
            item.pop(name, None)


def keep_form(field: Field[Any], stored: Resolved, own: Resolved, *, fills: bool) -> Resolved:
    """Return what is to be stored, with every part of it that has not changed in the form in which it is stored.

    Args:
        field: The field.
        stored: What is stored, or was when the instance was read.
        own: What the field would store for the value that the instance holds.
        fills: Whether to store the defaults that were read in the place of missing values.
    """
    # An item whose time has a fraction never expires: a save cuts it.
    if is_same(own, stored) or (field.is_expiry and own is not MISSING and isinstance(stored, Decimal)):
        return own
    if fills and field.has_read_rule and (stored is MISSING or stored is None):
        return own
    # A field that overrides a method may make something else of its parts.
    parted: Any = None if field.overridden else field
    if isinstance(parted, DictField) and isinstance(stored, dict) and isinstance(own, dict):
        return _keep_members(cast("DictField[Any]", parted), stored, own, fills=fills)
    if isinstance(parted, ListField) and isinstance(stored, list) and isinstance(own, list):
        return _keep_elements(cast("ListField[Any]", parted), stored, own, fills=fills)
    if is_same(own, _write_again(field, stored)):
        return stored
    if isinstance(parted, SetField) and isinstance(stored, frozenset) and isinstance(own, frozenset):
        return _keep_set_members(cast("SetField[Any]", parted), cast("frozenset[Any]", stored), own)
    return own


def _keep_members(field: DictField[Any], stored: Item, own: Item, *, fills: bool) -> Item:
    if not field.fields:  # a free map has one form
        return own
    kept: Item = {}
    filled = cast("Item", _write_again(field, stored)) if field.fills_members else {}
    for name in {**own, **stored}:
        member, value = field.member_stored_as(name), own.get(name, MISSING)
        if member is not None:
            known = stored.get(name, MISSING)
            value = keep_form(member, known, value, fills=fills)
            is_filled = (known is MISSING or known is None) and name in filled and not member.has_read_rule
            if is_filled and is_same(value, filled[name]):
                value = known
        if value is not MISSING:
            kept[name] = value
    return kept


def _keep_elements(
    field: ListField[Any], stored: list[AttributeValue], own: list[AttributeValue], *, fills: bool
) -> list[AttributeValue]:
    pairs = zip(stored, own, strict=False)
    kept = [cast("AttributeValue", keep_form(field.element, *pair, fills=fills)) for pair in pairs]
    return [*kept, *own[len(kept) :]]


def _keep_set_members(field: SetField[Any], stored: frozenset[Any], own: frozenset[Any]) -> frozenset[Any]:
    forms = {_write_again(field.member, each): each for each in stored}
    return frozenset(forms.get(each, each) for each in own)


def _write_again(field: Field[Any], stored: Resolved) -> Resolved:
    """Return what the field would store for the value that it reads."""
    try:
        value = field.read_absent() if stored is MISSING or stored is None else field.decode(stored)
    except ValidationError:  # a rule of the field is newer than the instance
        return stored
    return MISSING if field.is_absent(value) else field.reencode(cast("AttributeValue", stored), value)


def is_same(left: Resolved, right: Resolved) -> bool:
    """Return whether both are the same attribute value, or none."""
    return left is right or (left is not MISSING and right is not MISSING and equals(left, right))
