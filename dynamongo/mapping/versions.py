"""Optimistic locking: the version of an item, which every write counts up, and which that of a loaded instance checks.

What the lock comes to is an ordinary condition and an ordinary update, so that plans, backends and transactions know
nothing of versions; a condition that did not hold is recognised by what the store says is there instead.

Source: "Optimistic locking with version number" in the DynamoDB developer guide.
"""

from __future__ import annotations

from typing import Any, cast

from dynamongo._support.dataclasses import dataclass
from dynamongo.expressions.conditions import EQ, Comparison, Condition, NotExists, Path, conjuncts
from dynamongo.expressions.updates import AddUpdate
from dynamongo.expressions.values import Item


@dataclass(frozen=True, slots=True)
class Conflict:
    """The version that a write expected, and the one that is stored; `None` where there is none."""

    expected: int | None
    found: Any

    def describe(self, item: str, *, has_item: bool) -> str:
        """The conflict over the item in words, and what to do about it."""
        if not has_item:
            return f"the item with {item} is gone, and was to be at version {self.expected}: somebody deleted it"
        held = "was not read" if self.expected is None else f"holds version {self.expected}"
        is_number = isinstance(self.found, int)  # anything else is not told, since it is no version
        found = f"is at version {self.found}" if is_number else "has no version"
        return f"the item with {item} {found}, and the instance {held}: reload() it, and change it again"


def lock(name: str, version: int | None) -> Condition:
    """The condition that the stored item is at a version, or has none yet."""
    path = Path(name)
    return NotExists(path) if version is None else Comparison(path, EQ, version)


def next_version(version: int | None) -> int:
    """The version of an item after a write."""
    return (version or 0) + 1


def count_up(name: str) -> AddUpdate:
    """The update that goes with every other one; an item without a version gets the first."""
    return AddUpdate(Path(name), 1)


def find_conflict(name: str, condition: Condition | None, item: Item | None) -> Conflict | None:
    """What `lock` in a condition has found instead of its version, in the item that is stored."""
    path = Path(name)
    found = None if item is None else item.get(name)
    for part in conjuncts(condition):
        is_check = isinstance(part, Comparison) and (part.left, part.operator) == (path, EQ)
        if not is_check and part != NotExists(path):
            continue
        expected = cast("int", part.right) if isinstance(part, Comparison) else None
        if found != expected:
            return Conflict(expected, found)
    return None
