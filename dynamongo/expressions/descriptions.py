"""Descriptions: conditions as text for people, in DynamoDB's notation, with the values in place."""

from __future__ import annotations

from collections.abc import Iterable

from dynamongo._support.unions import assert_never
from dynamongo.expressions.conditions import (
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
    is_value,
)
from dynamongo.expressions.trees import assemble, join
from dynamongo.expressions.values import describe_value


def describe(condition: AnyCondition) -> str:
    """Write the condition for people: in DynamoDB's notation, with the values in place.

    >>> from dynamongo.expressions.conditions import LT, Path
    >>> print(~(Exists(Path("a")) & Comparison(Path("b"), LT, 3)))
    NOT (attribute_exists(a) AND b < 3)
    """
    return assemble(condition, _describe_node)


def _describe_node(condition: AnyCondition) -> Iterable[str | AnyCondition]:
    match condition:
        case And(parts):
            return join(parts, " AND ", (Or,))
        case Or(parts):
            return join(parts, " OR ", (And,))
        case Not(part):
            return ("NOT ", *join((part,), "", (And, Or)))
        case _:
            return (_describe_leaf(condition),)


def _describe_leaf(
    condition: Comparison | Between | In | BeginsWith | Contains | Exists | NotExists | IsType,
) -> str:
    match condition:
        case Comparison(left, operator, right):
            return f"{_describe_operand(left)} {operator} {_describe_operand(right)}"
        case Between(operand, low, high):
            bounds = f"{_describe_operand(low)} AND {_describe_operand(high)}"
            return f"{_describe_operand(operand)} BETWEEN {bounds}"
        case In(operand, choices):
            return f"{_describe_operand(operand)} IN ({_describe_choices(choices)})"
        case BeginsWith(operand, prefix):
            return f"begins_with({_describe_operand(operand)}, {_describe_operand(prefix)})"
        case Contains(container, part):
            return f"contains({_describe_operand(container)}, {_describe_operand(part)})"
        case Exists(path):
            return f"attribute_exists({path})"
        case NotExists(path):
            return f"attribute_not_exists({path})"
        case IsType(path, kind):
            return f"attribute_type({path}, {kind!r})"
        case _:
            assert_never(condition)


def _describe_choices(choices: tuple[Operand, ...], shown: int = 5) -> str:
    listed = [_describe_operand(choice) for choice in choices[:shown]]
    return ", ".join([*listed, f"… {len(choices) - shown} more"] if len(choices) > shown else listed)


def _describe_operand(operand: Operand) -> str:
    return describe_value(operand) if is_value(operand) else str(operand)
