"""Optimistic locking: every write increments the version of an item, and a write of a loaded instance checks it.

The lock is an ordinary condition and an ordinary update, so that plans, backends and transactions know nothing of
versions. When the condition fails, the stored item that the store returns shows whether the version was the reason.

Source: "Optimistic locking with version number" in the DynamoDB developer guide.
"""

from __future__ import annotations

from typing import Any, cast

from dynamongo._support.dataclasses import dataclass
from dynamongo.expressions.conditions import EQ, AnyCondition, Comparison, NotExists, Path, conjuncts
from dynamongo.expressions.updates import AddUpdate
from dynamongo.expressions.values import Item


@dataclass(frozen=True, slots=True)
class Conflict:
    """The version that a write expected, and the stored one; `None` where there is none."""

    expected: int | None
    found: Any

    def describe(self, item: str, *, has_item: bool) -> str:
        """Describe the conflict over the item, and what to do about it."""
        if not has_item:
            return f"the item with {item} no longer exists; expected version {self.expected}"
        # The version may be that of an instance, or of a condition of the caller.
        expectation = (
            "the instance was not read" if self.expected is None else f"the write expects version {self.expected}"
        )
        is_number = isinstance(self.found, int)  # other stored values are not shown
        found = f"is at version {self.found}" if is_number else "has no version"
        return f"the item with {item} {found}, but {expectation}: call reload(), and apply the change again"


def lock(path: Path, version: int | None) -> AnyCondition:
    """Return the condition that the stored item is at a version, or has none yet."""
    return NotExists(path) if version is None else Comparison(path, EQ, version)


def next_version(version: int | None) -> int:
    """Return the version of an item after a write."""
    return (version or 0) + 1


def count_up(path: Path) -> AddUpdate:
    """Return the update that accompanies every other one; an item without a version gets version 1."""
    return AddUpdate(path, 1)


def find_conflict(path: Path, condition: AnyCondition | None, item: Item | None) -> Conflict | None:
    """Return the conflict if the stored item is at another version than the `lock` in a condition requires."""
    found = None if item is None else item.get(path.attribute)
    for part in conjuncts(condition):  # the lock is ANDed to the conditions of the caller
        # Either form that `lock` returns.
        is_check = isinstance(part, Comparison) and (part.left, part.operator) == (path, EQ)
        if not is_check and part != NotExists(path):
            continue
        expected = cast("int", part.right) if isinstance(part, Comparison) else None
        if found != expected:
            return Conflict(expected, found)
    return None
