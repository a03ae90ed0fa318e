"""Evaluation of updates, with DynamoDB's semantics.

Every update is evaluated against the old item; then all changes are made together, on new containers. Positions in
lists are those of the old list: elements are replaced and appended first, and removed ones are dropped at the end.

Source: "Using update expressions in DynamoDB" in the developer guide.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, TypeAlias, cast

from dynamongo._support.dataclasses import dataclass
from dynamongo._support.unions import assert_never
from dynamongo.exceptions import InvalidRequestError
from dynamongo.expressions.computed import WITH_PATHS, Arithmetic, Computed, IfNotExists, ListAppend
from dynamongo.expressions.conditions import Path
from dynamongo.expressions.evaluation import MISSING, Resolved, resolve
from dynamongo.expressions.numbers import Number, add_numbers, negate
from dynamongo.expressions.updates import (
    AddUpdate,
    AnyUpdate,
    AppendUpdate,
    DeleteUpdate,
    IncrementUpdate,
    RemoveUpdate,
    SetUpdate,
)
from dynamongo.expressions.values import SET_TYPES, AttributeValue, Item, check_name, type_of


@dataclass(frozen=True, slots=True)
class _New:
    """The new value at a path, or `MISSING` to remove what is there. The class tells a value from nested changes."""

    value: Resolved


_Changes: TypeAlias = "dict[str | int, _New | _Changes]"
"""The changes inside an attribute or element, by names and positions. `SET m.a = :x REMOVE m.l[1]` is
`{"m": {"a": _New(x), "l": {1: _New(MISSING)}}}`."""


def apply_updates(item: Item, updates: Sequence[AnyUpdate]) -> Item:
    """Return the updated item, and leave `item` as it is; to create an item, pass its key.

    The paths of the updates must not overlap, and their values must be canonical.

    Raises:
        InvalidRequestError: A path leads nowhere, or an operand has the wrong type.
        ValidationError: A sum exceeds the range of numbers, or a new attribute name is invalid.
    """
    changed = dict(item)
    changes: _Changes = {}
    for update in updates:
        value = evaluate_update(update, item)
        name: Any = update.path.elements[0]
        # Changes inside an attribute are collected first, so that each container is copied once.
        if len(update.path.elements) > 1:
            _place(changes, update.path, _New(value))
        else:
            _set_member(changed, name, value)
    # Since no paths overlap, attributes with changes inside still have their old values.
    return _change_members(changed, changes) if changes else changed


def _place(changes: _Changes, path: Path, change: _New) -> None:
    node = changes
    for step in path.elements[:-1]:
        node = cast("_Changes", node.setdefault(step, {}))
    node[path.elements[-1]] = change


def evaluate_update(update: AnyUpdate, item: Item) -> Resolved:
    """Return the new value at the path of the update, given the item before it; raises as `apply_updates`."""
    present = resolve(update.path, item)
    match update:
        case SetUpdate():
            if update.if_not_exists and present is not MISSING:
                return present
            return _compute(update.value, item) if isinstance(update.value, WITH_PATHS) else update.value
        case RemoveUpdate():
            return MISSING
        case AddUpdate():  # unlike `+`, ADD takes a missing attribute for 0 or for the empty set
            return update.value if present is MISSING else _add(present, update.value)
        case DeleteUpdate():  # sets cannot be empty: one that loses its last member is removed
            return MISSING if present is MISSING else _subtract_set(present, update.value)
        case IncrementUpdate():
            return _add_number(_require_present(present), update.amount)
        case AppendUpdate():  # list_append(if_not_exists(path, []), elements)
            return _append([] if present is MISSING else present, list(update.elements), at_start=update.at_start)
        case _:
            assert_never(update)


def _compute(value: AttributeValue | Path | Computed, item: Item) -> AttributeValue:
    """Return what an update sets."""
    match value:
        case Path():
            return _require_present(resolve(value, item))
        case Arithmetic():
            left, right = _compute(value.left, item), _compute(value.right, item)
            if type_of(right) != "N":
                raise _wrong_type()
            amount = cast("Number", right)
            return _add_number(left, amount if value.operator == "+" else negate(amount))
        case IfNotExists():  # what stands for a missing value need not exist if there is one
            present = resolve(value.path, item)
            return _compute(value.otherwise, item) if present is MISSING else present
        case ListAppend():
            first, second = _compute(value.first, item), _compute(value.second, item)
            if not isinstance(second, list):
                raise _wrong_type()
            return _append(first, second, at_start=False)
        case _:
            return value


def _require_present(value: Resolved) -> AttributeValue:
    if value is MISSING:
        raise InvalidRequestError("The provided expression refers to an attribute that does not exist in the item")
    return value


def _add(present: AttributeValue, value: AttributeValue) -> AttributeValue:
    if type_of(value) == "N":
        return _add_number(present, cast("Number", value))
    mine, theirs = _check_sets(present, value)
    return mine | theirs


def _add_number(present: AttributeValue, amount: Number) -> AttributeValue:
    if type_of(present) != "N":
        raise _wrong_type()
    return add_numbers(cast("Number", present), amount)


def _subtract_set(present: AttributeValue, members: AttributeValue) -> Resolved:
    mine, theirs = _check_sets(present, members)
    return mine - theirs or MISSING


def _check_sets(present: AttributeValue, other: AttributeValue) -> tuple[frozenset[str], frozenset[str]]:
    """Return both values, which must be sets of one kind; the annotation lets sets of strings stand for all three."""
    kind = type_of(present)
    if kind not in SET_TYPES or kind != type_of(other):
        raise _wrong_type()
    return cast("frozenset[str]", present), cast("frozenset[str]", other)


def _append(present: AttributeValue, elements: list[AttributeValue], *, at_start: bool) -> AttributeValue:
    if not isinstance(present, list):
        raise _wrong_type()
    return [*elements, *present] if at_start else [*present, *elements]


def _wrong_type() -> InvalidRequestError:
    return InvalidRequestError("An operand in the update expression has an incorrect data type")


def _change_inside(value: Resolved, changes: _Changes) -> AttributeValue:
    """Return a copy of a container with the changes made inside it."""
    if isinstance(value, dict) and all(isinstance(step, str) for step in changes):
        return _change_members(value, changes)
    if isinstance(value, list) and all(isinstance(step, int) for step in changes):
        return _change_elements(value, changes)
    # Parents are never created: `SET m.a = :x` fails if the item has no map `m`.
    raise InvalidRequestError("The document path provided in the update expression is invalid for update")


def _change_members(members: Item, changes: _Changes) -> Item:
    changed = dict(members)
    for name, change in cast("dict[str, _New | _Changes]", changes).items():
        _set_member(changed, name, _apply(members.get(name, MISSING), change))
    return changed


def _set_member(members: Item, name: str, value: Resolved) -> None:
    """Set a member, or remove it if the value is `MISSING`; check its name if it is new."""
    if value is MISSING:
        members.pop(name, None)
    else:
        members[name if name in members else check_name(name)] = value


def _change_elements(elements: list[AttributeValue], changes: _Changes) -> AttributeValue:
    """Replace elements, append those beyond the end in the order of their positions, then drop removed ones.

    `SET l[0] = :x, l[9] = :y REMOVE l[1]` makes `[x, c, y]` of `[a, b, c]`.
    """
    changed: list[Resolved] = [*elements]
    for position, change in sorted(cast("dict[int, _New | _Changes]", changes).items(), key=lambda pair: pair[0]):
        if position < len(elements):
            # A removed element stays as `MISSING` for now, so that the positions behind it do not shift.
            changed[position] = _apply(elements[position], change)
        else:
            changed.append(_apply(MISSING, change))
    return [value for value in changed if value is not MISSING]


def _apply(old: Resolved, change: _New | _Changes) -> Resolved:
    return change.value if isinstance(change, _New) else _change_inside(old, change)
