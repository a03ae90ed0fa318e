"""Deltas: the updates that turn what an instance read into what it holds now, as deep as the changes are.

A changed member of a `DictField` is updated by its own path, so that two writers who change two members of one map both
succeed. Any other value is replaced whole, and so is a map that another kind of field stores: its members belong
together. For example::

    read {"a": 1, "b": {"c": 2, "d": 5}}, held {"b": {"c": 3, "d": 5}}      SET m.b.c = 3 REMOVE m.a
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Final, TypeAlias, cast

from dynamongo._support.dataclasses import dataclass
from dynamongo.expressions.conditions import EQ, Comparison, Condition, Path
from dynamongo.expressions.evaluation import MISSING, Resolved
from dynamongo.expressions.updates import RemoveUpdate, SetUpdate
from dynamongo.expressions.values import AttributeValue, Item
from dynamongo.fields.base import Field
from dynamongo.fields.maps import DictField
from dynamongo.mapping.stored_forms import is_same

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


def make_deltas(changes: Iterable[AttributeChange]) -> tuple[tuple[Delta, ...], tuple[Condition, ...]]:
    """Return the updates for the changes, and the conditions that they need.

    Where one expression cannot hold all changed members, the maps are replaced whole, on condition that they are still
    as they were read.
    """
    known = list(changes)
    deltas = [_compare(each.field, each.field.path, each.stored, each.held) for each in known]
    if sum(len(delta.path.elements) for each in deltas for delta in each) <= _MAX_STEPS:
        return tuple(delta for each in deltas for delta in each), ()
    # To replace a map would undo what others have changed in it, hence the conditions. A path of several steps is that
    # of a member of a map.
    maps = [each for each, parts in zip(known, deltas, strict=True) if len(parts[0].path.elements) > 1]
    whole = tuple(_replace(each.field.path, each.held) for each in known)
    return whole, tuple(Comparison(each.field.path, EQ, cast("Item", each.stored)) for each in maps)


def apply_deltas(item: Item, deltas: Iterable[Delta]) -> Item:
    """Return the item after the updates; it shares unchanged parts with the item before."""
    changed = dict(item)
    for delta in deltas:
        *parents, name = cast("tuple[str, ...]", delta.path.elements)
        place = changed
        for parent in parents:
            inner = place.get(parent)
            # Maps on the way are copied, because the item before shares them.
            place[parent] = copied = dict(inner) if isinstance(inner, dict) else {}
            place = copied
        if isinstance(delta, SetUpdate):
            place[name] = cast("AttributeValue", delta.value)
        else:
            place.pop(name, None)
    return changed


def _compare(field: Field[Any] | None, path: Path, stored: Resolved, held: Resolved) -> list[Delta]:
    if is_same(stored, held):
        return []
    if isinstance(field, DictField) and isinstance(stored, dict) and isinstance(held, dict):
        return _compare_members(field, path, stored, held)
    return [_replace(path, held)]  # a member can only be set in a map


def _compare_members(field: DictField[Any], path: Path, stored: Item, held: Item) -> list[Delta]:
    return [
        delta
        for name in {**stored, **held}
        for delta in _compare(
            field.member_stored_as(name), path / name, stored.get(name, MISSING), held.get(name, MISSING)
        )
    ]


def _replace(path: Path, held: Resolved) -> Delta:
    return RemoveUpdate(path) if held is MISSING else SetUpdate(path, held)
