"""What conditions read: their operands, the paths among them, and what a projection has to name for them."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterable, Iterator

from dynamongo._support.unions import assert_never
from dynamongo.expressions.conditions import (
    EQ,
    And,
    AnyCondition,
    BeginsWith,
    Between,
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
    is_value,
)
from dynamongo.expressions.trees import Branch, nodes_of


def is_equality(condition: AnyCondition) -> bool:
    """Return whether the condition compares by `=`."""
    return isinstance(condition, Comparison) and condition.operator == EQ


def operands_of(condition: AnyCondition) -> Iterator[Operand]:
    """Return every operand in the tree, from left to right; the paths that functions take are operands too."""
    if isinstance(condition, Branch):
        return itertools.chain.from_iterable(map(_own_operands, nodes_of(condition)))
    return iter(_own_operands(condition))


def _own_operands(node: AnyCondition) -> tuple[Operand, ...]:
    match node:
        case Comparison():
            return node.left, node.right
        case Between():
            return node.operand, node.low, node.high
        case In():
            return node.operand, *node.choices
        case BeginsWith():
            return node.operand, node.prefix
        case Contains():
            return node.container, node.part
        case Exists() | NotExists() | IsType():
            return (node.path,)
        case And() | Or() | Not():
            return ()
        case _:
            assert_never(node)


def replace_leaves(condition: AnyCondition, replace: Callable[[AnyCondition], AnyCondition]) -> AnyCondition:
    """Return the condition with what the function returns in the place of each part that has no parts itself."""
    # Without recursion, since a condition may be nested deeper than the stack of Python allows.
    made: list[AnyCondition] = []
    nodes: list[AnyCondition] = nodes_of(condition)
    for node in reversed(nodes):  # parts come before their parent, the last one first
        match node:
            case And(parts) | Or(parts):
                made.append(type(node)(*[made.pop() for _ in parts]))
            case Not():
                made.append(Not(made.pop()))
            case _:
                made.append(replace(node))
    return made.pop()


def paths_of(condition: AnyCondition) -> list[Path]:
    """Return every path that the condition reads."""
    if not isinstance(condition, Branch):
        return _own_paths(condition)
    found: list[Path] = []
    nodes: list[AnyCondition] = nodes_of(condition)
    for node in nodes:
        if not isinstance(node, Branch):
            found += _own_paths(node)
    return found


def _own_paths(node: AnyCondition) -> list[Path]:
    if isinstance(node, Comparison) and isinstance(node.left, Path) and is_value(node.right):
        return [node.left]  # most nodes are this one
    found: list[Path] = []
    for operand in _own_operands(node):
        if isinstance(operand, Path):
            found.append(operand)
        elif isinstance(operand, Size):
            found.append(operand.path)
    return found


def cover(paths: Iterable[Path]) -> tuple[Path, ...]:
    """Return the paths without those inside another one: DynamoDB refuses a projection whose paths overlap.

    >>> print(*cover([Path("a", "b"), Path("a"), Path("c", "d")]))
    a c.d
    """
    unique: dict[tuple[str | int, ...], Path] = {}
    for path in paths:
        unique.setdefault(path.elements, path)  # the first, since the planner adds keys of which it has no field
    return tuple(
        path for each, path in unique.items() if not any(each[:length] in unique for length in range(1, len(each)))
    )
