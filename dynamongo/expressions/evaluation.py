"""Evaluation of conditions and projections, with DynamoDB's semantics.

A path leads to a value or to `MISSING`, and nothing here raises for a missing or mismatched attribute: a comparison
with `MISSING`, or of values of different types, is false, and so its negation (`<>`, NOT) is true. A missing item is
the empty mapping. The operands of conditions need not be canonical; items must be.

Source: "Comparison operator and function reference" and "Projection expressions" in the DynamoDB developer guide.
"""

from __future__ import annotations

import enum
import operator as operators
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any, Final, Literal, TypeAlias, cast

from dynamongo._support.unions import assert_never
from dynamongo.expressions.conditions import (
    EQ,
    GE,
    GT,
    LE,
    LT,
    NE,
    And,
    AnyCondition,
    BeginsWith,
    Between,
    Comparator,
    Comparison,
    Contains,
    Exists,
    In,
    IsType,
    Not,
    NotExists,
    Operand,
    Or,
    Path,
    Size,
)
from dynamongo.expressions.values import (
    ORDERED_TYPES,
    SCALAR_TYPES,
    AttributeType,
    AttributeValue,
    Item,
    equals,
    type_of,
)


class Missing(enum.Enum):
    """The type of `MISSING`, to which a path leads if there is no value; NULL (`None`) is a value."""

    MISSING = "missing"

    def __repr__(self) -> str:
        return "MISSING"


MISSING: Final = Missing.MISSING

Resolved: TypeAlias = AttributeValue | Literal[Missing.MISSING]
_Fragments: TypeAlias = dict["str | int", "_Fragments"]
"""The paths of a projection as a tree; an empty dict stands for a whole value. Those of `l[2].k, l[0]` are
`{"l": {2: {"k": {}}, 0: {}}}`."""

_MAX_RECURSION: Final = 30

_ORDERS: dict[Comparator, Callable[[Any, Any], bool]] = {
    LT: operators.lt,
    LE: operators.le,
    GT: operators.gt,
    GE: operators.ge,
}


def holds(condition: AnyCondition, item: Mapping[str, AttributeValue], depth: int = 0) -> bool:
    """Return whether the item satisfies the condition.

    This walks the tree, in one function, because each call would cost more than a node. For many items,
    `filters.compile_filter` compiles the condition. `depth` counts the recursive calls, before a loop takes over.

    >>> is_adult = Comparison(Path("age"), GE, 18)
    >>> holds(is_adult, {"age": 40}), holds(is_adult, {"age": "40"}), holds(is_adult, {})
    (True, False, False)
    """
    match condition:  # the patterns name no attributes, which would double the cost
        case Comparison():
            return compare(read(condition.left, item), condition.operator, read(condition.right, item))
        case And() if depth < _MAX_RECURSION:
            for part in condition.parts:  # noqa: SIM110 - a generator is slower
                if not holds(part, item, depth + 1):
                    return False
            return True
        case Exists():
            return read(condition.path, item) is not MISSING
        case NotExists():
            return read(condition.path, item) is MISSING
        case Not() if depth < _MAX_RECURSION:
            return not holds(condition.part, item, depth + 1)
        case Or() if depth < _MAX_RECURSION:
            for part in condition.parts:  # noqa: SIM110 - as above
                if holds(part, item, depth + 1):
                    return True
            return False
        case Contains():
            return has_part(read(condition.container, item), read(condition.part, item))
        case BeginsWith():
            return has_prefix(read(condition.operand, item), read(condition.prefix, item))
        case In():
            value = read(condition.operand, item)
            return any(is_equal(value, read(choice, item)) for choice in condition.choices)
        case Between():
            value = read(condition.operand, item)
            above, below = read(condition.low, item), read(condition.high, item)
            return is_ordered(above, LE, value) and is_ordered(value, LE, below)
        case IsType():
            return is_of_type(read(condition.path, item), condition.type)
        case And() | Or() | Not():
            return _holds_nested(condition, item)
        case _:
            assert_never(condition)


def _holds_nested(condition: AnyCondition, item: Mapping[str, AttributeValue]) -> bool:
    """Do what `holds` does without recursion, with a stack of the branches that are not decided yet."""
    # For each branch, the result of a part that decides it (True for OR, False for AND, None for NOT, whose only part
    # always does), and its other parts.
    undecided: list[tuple[bool | None, Iterator[AnyCondition]]] = []
    while True:
        while isinstance(condition, (And, Or, Not)):
            decisive = None if isinstance(condition, Not) else isinstance(condition, Or)
            parts = iter((condition.part,) if isinstance(condition, Not) else condition.parts)
            undecided.append((decisive, parts))
            condition = next(parts)  # a branch has at least one part
        result = holds(condition, item)
        while undecided:
            decisive, parts = undecided[-1]
            following = None if result is decisive else next(parts, None)
            if following is not None:
                condition = following
                break
            undecided.pop()
            result = not result if decisive is None else result
        else:
            return result


def read(operand: Operand, item: Mapping[str, AttributeValue]) -> Resolved:
    """Return the value of an operand in the item: a constant, the value at a path, or its size."""
    if isinstance(operand, Path):
        elements: tuple[Any, ...] = operand.elements
        return item.get(elements[0], MISSING) if len(elements) == 1 else resolve(operand, item)
    return measure(read(operand.path, item)) if isinstance(operand, Size) else operand


def compare(left: Resolved, operator: Comparator, right: Resolved) -> bool:
    """Return whether a comparison holds. `<>` is the negation of `=`, and so is true of a missing value."""
    if operator == EQ:
        return is_equal(left, right)
    return not is_equal(left, right) if operator == NE else is_ordered(left, operator, right)


def is_equal(left: Resolved, right: Resolved) -> bool:
    """Return whether both values exist and are equal."""
    return left is not MISSING and right is not MISSING and equals(left, right)


def is_ordered(left: Resolved, operator: Comparator, right: Resolved) -> bool:
    """Return whether `<`, `<=`, `>` or `>=` holds: both values exist and have the same type, which has an order."""
    if left is MISSING or right is MISSING:
        return False
    if type(left) is type(right) and type(left) in ORDERED_TYPES:
        return _ORDERS[operator](left, right)
    kind = type_of(left)  # an int and a Decimal are both numbers; no other pair left has an order
    return kind in SCALAR_TYPES and kind == type_of(right) and _ORDERS[operator](left, right)


def is_of_type(value: Resolved, kind: AttributeType) -> bool:
    """Evaluate DynamoDB's `attribute_type`: a missing value has no type."""
    return value is not MISSING and type_of(value) == kind


def has_prefix(value: Resolved, prefix: Resolved) -> bool:
    """Evaluate DynamoDB's `begins_with`: both are strings, or both are binary values."""
    if isinstance(value, str):
        return isinstance(prefix, str) and value.startswith(prefix)
    return isinstance(value, bytes) and isinstance(prefix, bytes) and value.startswith(prefix)


def has_part(value: Resolved, part: Resolved) -> bool:
    """Evaluate DynamoDB's `contains`: a map contains nothing, a set contains no set, and a string only strings."""
    if part is MISSING:
        return False
    if isinstance(value, str):
        return isinstance(part, str) and part in value
    if isinstance(value, bytes):
        return isinstance(part, bytes) and part in value
    if isinstance(value, list):
        return any(equals(element, part) for element in value)
    return isinstance(value, frozenset) and type_of(value) == f"{type_of(part)}S" and part in value


def measure(value: Resolved) -> Resolved:
    """Evaluate DynamoDB's `size`: `MISSING` for a value without a size; strings count in UTF-16 units."""
    if isinstance(value, str):
        return len(value) if value.isascii() else len(value.encode("utf-16-le")) // 2
    return len(value) if isinstance(value, (bytes, list, dict, frozenset)) else MISSING


def resolve(path: Path, item: Mapping[str, AttributeValue]) -> Resolved:
    """Return the value at the path in the item, or `MISSING`.

    >>> resolve(Path("tags", 1), {"tags": ["a", None]}), resolve(Path("tags", "x"), {"tags": []})
    (None, MISSING)
    """
    elements: tuple[Any, ...] = path.elements
    value = item.get(elements[0], MISSING)
    for step in elements[1:]:
        value = _take_step(value, step)
    return value


def project(item: Item, paths: Iterable[Path]) -> Item:
    """Return the parts of the item at the paths: maps and lists are kept, lists without gaps, in ascending order.

    >>> project({"a": 1, "l": ["x", "y", {"k": 1, "m": 2}]}, [Path("l", 2, "k"), Path("l", 0), Path("z")])
    {'l': ['x', {'k': 1}]}
    """
    return compile_projection(paths)(item)


def compile_projection(paths: Iterable[Path]) -> Callable[[Item], Item]:
    """Return a function that projects many items. Without paths, it returns whole items."""
    wanted: _Fragments = {}
    for path in paths:
        node = wanted
        for step in path.elements:
            node = node.setdefault(step, {})

    def take(item: Item) -> Item:
        found = _take_fragments(item, wanted)
        return {} if found is MISSING else cast("Item", found)

    return take


def _take_fragments(value: AttributeValue, wanted: _Fragments) -> Resolved:
    if not wanted:
        return value
    if type(value) is dict:
        return _take_members(value, wanted)
    if type(value) is list:
        return _take_elements(value, wanted)
    return MISSING


def _take_members(members: Item, wanted: _Fragments) -> Resolved:
    found: Item = {}
    for name, inner in wanted.items():
        if type(name) is str and name in members:
            fragment = _take_fragments(members[name], inner)
            if fragment is not MISSING:
                found[name] = fragment
    return found or MISSING


def _take_elements(elements: list[AttributeValue], wanted: _Fragments) -> Resolved:
    found: list[AttributeValue] = []
    # DynamoDB returns elements in the order of the list, whatever the order of the paths.
    for position in sorted(step for step in wanted if isinstance(step, int) and step < len(elements)):
        fragment = _take_fragments(elements[position], wanted[position])
        if fragment is not MISSING:
            found.append(fragment)
    return found or MISSING


def _take_step(value: Resolved, step: str | int) -> Resolved:
    if type(value) is dict:
        return value.get(step, MISSING) if type(step) is str else MISSING
    if type(value) is list and type(step) is int and 0 <= step < len(value):
        return value[step]
    return MISSING
