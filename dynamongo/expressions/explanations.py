"""Explanations: which parts of a condition an item satisfies, and with which values."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Protocol, cast

from dynamongo._support.dataclasses import dataclass
from dynamongo.exceptions import ExpressionError
from dynamongo.expressions.conditions import And, AnyCondition, Or, is_value
from dynamongo.expressions.evaluation import MISSING, Resolved, holds, read
from dynamongo.expressions.operands import operands_of
from dynamongo.expressions.trees import Branch, nodes_of
from dynamongo.expressions.values import AttributeValue, Item, describe_value, normalize_item, shorten


class Storable(Protocol):
    """An instance of a model, or anything else that knows the item that it would be stored as."""

    def to_item(self) -> dict[str, Any]:
        """Return the attribute values."""
        ...


@dataclass(frozen=True, slots=True)
class Explanation:
    """Whether an item satisfies a condition, and which of its parts. Print it to read it.

    It is true if the condition holds.

    Attributes:
        condition: The condition.
        holds: Whether the item satisfies it.
        values: What the item has at the paths that it compares, if it has no parts.
        parts: The explanations of its parts, if it is an AND, OR or NOT.
    """

    condition: AnyCondition
    holds: bool
    values: tuple[tuple[str, Resolved], ...] = ()
    parts: tuple[Explanation, ...] = ()

    def __bool__(self) -> bool:
        return self.holds

    @property
    def failures(self) -> tuple[AnyCondition, ...]:
        """The least parts that make it false: of an AND those that are false, of an OR all of them."""
        found: list[AnyCondition] = []
        pending: list[Explanation] = [] if self.holds else [self]
        while pending:
            each = pending.pop()
            if isinstance(each.condition, (And, Or)):
                pending += reversed([part for part in each.parts if not part.holds])
            else:
                found.append(each.condition)
        return tuple(found)

    def __str__(self) -> str:
        return "\n".join(self._lines())

    def _lines(self) -> Iterator[str]:
        pending: list[tuple[Explanation, int]] = [(self, 0)]
        while pending:
            each, depth = pending.pop()
            values = ", ".join(f"{name} is {_describe(value)}" for name, value in each.values)
            outcome = "true" if each.holds else "false"
            yield f"{' ' * (2 * depth)}{outcome}: {each.condition}{values and f' ({values})'}"
            pending += reversed([(part, depth + 1) for part in each.parts])


def explain(condition: AnyCondition, item: Mapping[str, Any] | Storable) -> Explanation:
    """Return whether the item satisfies the condition, and which of its parts."""
    stored = as_item(item)
    # From the end, so that the parts of a branch are explained before it; a tree may be too deep for recursion.
    explained: list[Explanation] = []
    for node in reversed(nodes_of(condition)):
        if isinstance(node, Branch):
            parts = tuple([explained.pop() for _ in node.branches])
            explained.append(Explanation(node, _combine(node, parts), (), parts))
        else:
            explained.append(Explanation(node, holds(node, stored), _values_in(node, stored)))
    return explained[0]


def as_item(item: Mapping[str, Any] | Storable) -> Item:
    """Return the attribute values of an item, or of what would be stored as one; a set may be a `set`."""
    given: Any = item
    if not isinstance(given, Mapping):
        if isinstance(given, type) or not hasattr(given, "to_item"):
            raise ExpressionError(
                f"a condition is compared with an instance, or a dict of attribute values; got {shorten(given)}"
            )
        given = getattr(given, "__whole_item__", given.to_item)()
    stored = cast("Mapping[str, Any]", given)
    return normalize_item({name: _freeze(value) for name, value in stored.items()})


def _freeze(value: Any) -> Any:
    if isinstance(value, (list, tuple)):
        return [_freeze(element) for element in cast("Iterable[Any]", value)]
    if isinstance(value, dict):
        return {name: _freeze(member) for name, member in cast("dict[str, Any]", value).items()}
    return frozenset(cast("set[Any]", value)) if isinstance(value, set) else value


def _combine(node: AnyCondition, parts: tuple[Explanation, ...]) -> bool:
    if isinstance(node, And):
        return all(part.holds for part in parts)
    return any(part.holds for part in parts) if isinstance(node, Or) else not parts[0].holds


def _values_in(leaf: AnyCondition, item: Mapping[str, AttributeValue]) -> tuple[tuple[str, Resolved], ...]:
    read_from = dict.fromkeys(operand for operand in operands_of(leaf) if not is_value(operand))
    return tuple((str(operand), read(operand, item)) for operand in read_from)


def _describe(value: Resolved) -> str:
    return "missing" if value is MISSING else describe_value(value)
