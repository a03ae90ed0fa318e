"""Updates: what changes at each path of an item, as data.

Several updates run as one: all of them read the item as it was before, and either all are applied or none.
Fields build them (`User.visits.increment()`); each consumer reads them with one `match` over `AnyUpdate`.

Source: "Update expressions" in the DynamoDB developer guide.
"""

from __future__ import annotations

import itertools
from collections.abc import Collection, Iterable, Sequence
from typing import TYPE_CHECKING, Any, TypeAlias

from dynamongo._support.dataclasses import dataclass, field
from dynamongo.exceptions import ExpressionError
from dynamongo.expressions.computed import Computed
from dynamongo.expressions.conditions import AnyCondition, Path
from dynamongo.expressions.numbers import Number
from dynamongo.expressions.values import AttributeValue

if TYPE_CHECKING:
    from collections.abc import Iterator

    from dynamongo._support.several import CollectionOf


@dataclass(frozen=True, slots=True)
class Update:
    """Base of all updates: the path that is changed."""

    path: Path


@dataclass(frozen=True, slots=True)
class SetUpdate(Update):
    """Set the value at the path; with `if_not_exists`, only if there is none. A `Path` as value is copied from."""

    value: AttributeValue | Path | Computed
    if_not_exists: bool = False
    guard: AnyCondition | None = field(default=None, repr=False, compare=False)
    """As in `AddUpdate`, of a computed value."""


@dataclass(frozen=True, slots=True)
class RemoveUpdate(Update):
    """Remove the value at the path, if there is one; later elements of a list move up."""

    guard: AnyCondition | None = field(default=None, repr=False, compare=False)
    """As in `AddUpdate`, of a value that follows from others."""


@dataclass(frozen=True, slots=True)
class AddUpdate(Update):
    """Add a number, or the members of a set, to 0 or the empty set if there is no value (DynamoDB's ADD)."""

    value: Number | frozenset[str] | frozenset[Number] | frozenset[bytes]
    guard: AnyCondition | None = field(default=None, repr=False, compare=False)
    """The condition that keeps the sum a value of the field; writes of models check it."""


@dataclass(frozen=True, slots=True)
class DeleteUpdate(Update):
    """Remove members from a set; an empty set is removed (DynamoDB's DELETE)."""

    value: frozenset[str] | frozenset[Number] | frozenset[bytes]


@dataclass(frozen=True, slots=True)
class IncrementUpdate(Update):
    """Add to a number that must exist."""

    amount: Number
    guard: AnyCondition | None = field(default=None, repr=False, compare=False)
    """As in `AddUpdate`."""


@dataclass(frozen=True, slots=True)
class AppendUpdate(Update):
    """Add elements at the end of a list, or with `at_start` at its start; to the empty list if there is none."""

    elements: tuple[AttributeValue, ...]
    at_start: bool = False


AnyUpdate: TypeAlias = SetUpdate | RemoveUpdate | AddUpdate | DeleteUpdate | IncrementUpdate | AppendUpdate

if TYPE_CHECKING:  # of any depth, so that a `list[Updates]` can be passed on; not `Iterable`, or every text would do
    Updates: TypeAlias = "Update | CollectionOf[Updates] | Iterator[Updates]"
else:
    Updates = Update | Iterable[Any]
"""What a verb takes: one update, such as `User.visits.increment()`, or several, or lists of them."""


def check_updates(updates: Sequence[AnyUpdate], key_names: Collection[str]) -> None:
    """Refuse updates that DynamoDB would refuse before reading the item, in words for their author.

    Raises:
        ExpressionError: An update changes a key attribute, or the paths of two overlap or conflict.
    """
    for update in updates:
        if update.path.elements[0] in key_names:
            raise ExpressionError(f"{update.path} is part of the key, which an update cannot change: save a new item")
    if len(updates) > 1:
        check_paths([update.path for update in updates])


def check_paths(paths: Sequence[Path]) -> None:
    """Refuse paths of one update or projection that overlap, or that cannot both exist.

    Raises:
        ExpressionError: Two paths overlap or conflict.
    """
    if clash := _find_clash(paths):
        first, second = clash
        if first == second:
            raise ExpressionError(f"{first} is named twice; leave one out")
        if second.starts_with(first):
            raise ExpressionError(f"two paths overlap: {first} and {second}; leave one out")
        raise ExpressionError(f"two paths conflict: {first} and {second}; one expects a map there, the other a list")


def check_update_request(updates: Sequence[AnyUpdate], key_names: Collection[str]) -> None:
    """Do what `check_updates` does, for a backend, in DynamoDB's words."""
    for update in updates:
        name = update.path.elements[0]
        if name in key_names:
            invalid = "One or more parameter values were invalid"
            raise ExpressionError(f"{invalid}: Cannot update attribute {name}. This attribute is part of the key")
    if len(updates) > 1:
        check_path_request([update.path for update in updates], "UpdateExpression")


def guards_of(updates: Iterable[AnyUpdate]) -> list[tuple[Path, AnyCondition]]:
    """Return the path of each sum whose field has a range, with the condition that keeps the sum in it."""
    return [
        (update.path, update.guard)
        for update in updates
        if isinstance(update, (AddUpdate, IncrementUpdate, RemoveUpdate, SetUpdate)) and update.guard is not None
    ]


def check_path_request(paths: Sequence[Path], expression: str) -> None:
    """Do what `check_paths` does, for a backend, in DynamoDB's words."""
    if clash := _find_clash(paths):
        first, second = clash
        fault = "overlap" if second.starts_with(first) else "conflict"
        raise ExpressionError(
            f"Invalid {expression}: Two document paths {fault} with each other; must remove or rewrite one of these "
            f"paths; path one: {_list_elements(first)}, path two: {_list_elements(second)}"
        )


def _list_elements(path: Path) -> str:
    """Write a path as DynamoDB does: `[m, [0], a]`."""
    return f"[{', '.join(f'[{step}]' if isinstance(step, int) else step for step in path.elements)}]"


def _find_clash(paths: Sequence[Path]) -> tuple[Path, Path] | None:
    """Return two paths that overlap, the shorter one first, or that conflict."""
    if len(paths) < 2 or len(paths) == len({path.elements[0] for path in paths}):
        return None  # each path is in another attribute
    pairs = itertools.pairwise(sorted(paths, key=_sort_key))  # a clash shows between neighbours
    return next((pair for pair in pairs if _clash(*pair)), None)


def _sort_key(path: Path) -> list[tuple[bool, str, int]]:
    """Return a sort key that puts overlapping paths side by side, and conflicting ones.

    A path comes just before those inside it. Names come before positions, so that the last name and the first position
    under one path are neighbours.
    """
    return [(True, "", step) if isinstance(step, int) else (False, step, 0) for step in path.elements]


def _clash(first: Path, second: Path) -> bool:
    if second.starts_with(first):
        return True
    for ours, theirs in zip(first.elements, second.elements, strict=False):
        if ours != theirs:  # `m.a` expects a map at `m`, `m[0]` a list
            return isinstance(ours, int) != isinstance(theirs, int)
    return False
