"""Deltas: the updates that turn what an instance read into what it holds now, as deep as the changes are.

A changed member of a `DictField` is updated by its own path, so that two writers who change two members of one map both
succeed. Any other value is replaced whole, and so is a map that another kind of field stores: its members belong
together. For example::

    read {"a": 1, "b": {"c": 2, "d": 5}}, held {"b": {"c": 3, "d": 5}}      SET m.b.c = 3 REMOVE m.a

In a list of documents that has not become shorter, changed elements are updated by their positions, on condition that
these elements are as they were read: somebody else may have moved them. New ones at the end are added there, on
condition that the list still ends where it did. For example::

    read [{"n": 1}, {"n": 2}], held [{"n": 1}, {"n": 3}, {"n": 4}]
        SET l[1].n = 3, l[2] = {"n": 4} IF l[1] = {"n": 2} AND attribute_not_exists(l[2])
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Final, TypeAlias, cast

from dynamongo._support.dataclasses import dataclass
from dynamongo.expressions.conditions import EQ, AnyCondition, Comparison, NotExists, Path
from dynamongo.expressions.evaluation import MISSING, Resolved
from dynamongo.expressions.updates import RemoveUpdate, SetUpdate
from dynamongo.expressions.values import AttributeValue, Item
from dynamongo.fields.base import Field
from dynamongo.fields.containers import ListField
from dynamongo.fields.maps import DictField
from dynamongo.mapping.changes.stored_forms import is_same

Delta: TypeAlias = SetUpdate | RemoveUpdate

_MAX_STEPS: Final = 200
"""How many steps the paths of one save may have in total, because an update expression is limited to 4096 bytes.

Source: "Quotas in Amazon DynamoDB", expression parameters.
"""


@dataclass(frozen=True, slots=True)
class AttributeChange:
    """A changed attribute.

    Attributes:
        field: Its field.
        stored: What was stored; NULL where that is unknown.
        held: What is to be stored now; see `stored_forms` for what has not changed in it.
    """

    field: Field[Any]
    stored: Resolved
    held: Resolved


@dataclass(frozen=True, slots=True)
class Deltas:
    """What turns one value into another: updates, and the conditions under which they do."""

    updates: tuple[Delta, ...] = ()
    checks: tuple[AnyCondition, ...] = ()

    @classmethod
    def join(cls, several: Iterable[Deltas]) -> Deltas:
        """Return several as one."""
        known = list(several)
        return cls(
            tuple(update for each in known for update in each.updates),
            tuple(check for each in known for check in each.checks),
        )


def make_deltas(changes: Iterable[AttributeChange]) -> tuple[tuple[Delta, ...], tuple[AnyCondition, ...]]:
    """Return the updates for the changes, and the conditions that they need.

    Where one expression cannot hold all changed parts, the maps and lists are replaced whole, on condition that they
    are still as they were read.
    """
    known = list(changes)
    found = [_compare(each.field, each.field.path, each.stored, each.held) for each in known]
    whole = Deltas.join(found)
    steps = sum(len(delta.path.elements) * (2 if whole.checks else 1) for delta in whole.updates)
    if steps <= _MAX_STEPS:
        return whole.updates, whole.checks
    # To replace a map would undo what others have changed in it, hence the conditions. A path of several steps is that
    # of a part.
    parted = [each for each, parts in zip(known, found, strict=True) if len(parts.updates[0].path.elements) > 1]
    checks = tuple(Comparison(each.field.path, EQ, cast("Item", each.stored)) for each in parted)
    return tuple(_replace(each.field.path, each.held) for each in known), checks


def apply_deltas(item: Item, deltas: Iterable[Delta]) -> Item:
    """Return the item after the updates; it shares unchanged parts with the item before."""
    changed = dict(item)
    for delta in deltas:
        *parents, last = delta.path.elements
        place: Any = changed
        for parent in parents:
            place = _copy_part(place, parent)
        if isinstance(delta, RemoveUpdate):
            place.pop(last, None)
        elif type(last) is int and last == len(place):  # one more element of a list
            place.append(delta.value)
        else:
            place[last] = delta.value
    return changed


def _copy_part(place: Any, step: str | int) -> Any:
    """Put a copy of a map or list on the way in its place, because the item before shares it, and return the copy."""
    inner: Any = place[step] if type(step) is int else place.get(step)
    place[step] = inner.copy() if isinstance(inner, (dict, list)) else {}
    return place[step]


def _compare(field: Field[Any] | None, path: Path, stored: Resolved, held: Resolved) -> Deltas:
    if is_same(stored, held):
        return Deltas()
    if isinstance(field, DictField) and isinstance(stored, dict) and isinstance(held, dict):
        return _compare_members(field, path, stored, held)
    if isinstance(field, ListField) and isinstance(stored, list) and isinstance(held, list):
        element: Field[Any] = cast("ListField[Any]", field).element
        if isinstance(element, DictField) and element.is_declared and len(stored) <= len(held):
            return _compare_elements(cast("Field[Any]", element), path, stored, held)
    return Deltas((_replace(path, held),))  # a member can only be set in a map


def _compare_members(field: DictField[Any], path: Path, stored: Item, held: Item) -> Deltas:
    return Deltas.join(
        _compare(field.member_stored_as(name), path / name, stored.get(name, MISSING), held.get(name, MISSING))
        for name in {**stored, **held}
    )


def _compare_elements(
    field: Field[Any], path: Path, stored: list[AttributeValue], held: list[AttributeValue]
) -> Deltas:
    found: list[Deltas] = []
    for index, (before, after) in enumerate(zip(stored, held, strict=False)):
        changed = _compare(field, path / index, before, after).updates
        if changed:  # what it checks itself is part of the element
            found.append(Deltas(changed, (Comparison(path / index, EQ, before),)))
    if len(held) > len(stored):
        added = tuple(SetUpdate(path / index, held[index]) for index in range(len(stored), len(held)))
        found.append(Deltas(added, (NotExists(path / len(stored)),)))
    return Deltas.join(found)


def _replace(path: Path, held: Resolved) -> Delta:
    return RemoveUpdate(path) if held is MISSING else SetUpdate(path, held)
