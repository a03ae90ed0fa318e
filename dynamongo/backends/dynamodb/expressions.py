"""Expressions: conditions, projections and updates as DynamoDB parses them.

Attribute names are always placeholders, so reserved words, dots and spaces never matter. Parentheses stand only where
precedence needs them, since DynamoDB rejects redundant ones.

Source: "Using expressions in DynamoDB" in the developer guide.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from json.encoder import encode_basestring_ascii as quote
from typing import Literal, TypeAlias, cast

from dynamongo._support.unions import assert_never
from dynamongo.backends.dynamodb_json import render_value
from dynamongo.expressions.computed import Arithmetic, Computed, IfNotExists, ListAppend
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
    Path,
    Size,
)
from dynamongo.expressions.trees import Branch, assemble, join
from dynamongo.expressions.updates import (
    AddUpdate,
    AnyUpdate,
    AppendUpdate,
    DeleteUpdate,
    IncrementUpdate,
    RemoveUpdate,
    SetUpdate,
)
from dynamongo.expressions.values import AttributeValue
from dynamongo.operations import KeyCondition

_Clause: TypeAlias = Literal["SET", "REMOVE", "ADD", "DELETE"]


class Placeholders:
    """The names and values that stand for placeholders in all expressions of one request.

    A name, and a value of the same type and content, has one placeholder however often it is used.
    """

    __slots__ = ("_names", "_values")

    def __init__(self) -> None:
        self._names: dict[str, str] = {}
        self._values: dict[str, str] = {}

    def name(self, name: str) -> str:
        """Return the placeholder of an attribute name."""
        return self._names.setdefault(name, f"#n{len(self._names)}")

    def value(self, value: AttributeValue) -> str:
        """Return the placeholder of an attribute value."""
        return self._values.setdefault(render_value(value), f":v{len(self._values)}")

    def path(self, path: Path) -> str:
        """Render a document path, such as `#n0.#n1[0]`."""
        if len(path.elements) == 1:  # most are of an attribute
            return self.name(cast("str", path.elements[0]))
        steps = [f"[{step}]" if isinstance(step, int) else f".{self.name(step)}" for step in path.elements]
        return "".join(steps).removeprefix(".")

    def operand(self, operand: Operand) -> str:
        """Render what a condition compares or tests."""
        if isinstance(operand, Path):
            return self.path(operand)
        return f"size({self.path(operand.path)})" if isinstance(operand, Size) else self.value(operand)

    def second_operand(self, first: Operand, second: Operand) -> str:
        """Render the second operand of a function, which may not have the placeholder of the first.

        Source: "The first operand must be distinct from the remaining operands", an error of DynamoDB.
        """
        if isinstance(first, (Path, Size)) or isinstance(second, (Path, Size)):
            return self.operand(second)
        return self._values.setdefault(f"{render_value(second)} ", f":v{len(self._values)}")  # the same JSON

    def to_members(self) -> list[str]:
        """Return the members of the request, as JSON, without empty ones, which DynamoDB rejects."""
        members: list[str] = []
        if self._names:
            names = [f'"{alias}":{quote(name)}' for name, alias in self._names.items()]
            members.append(f'"ExpressionAttributeNames":{{{",".join(names)}}}')
        if self._values:
            values = [f'"{alias}":{value}' for value, alias in self._values.items()]
            members.append(f'"ExpressionAttributeValues":{{{",".join(values)}}}')
        return members


def render_projection(paths: Iterable[Path], placeholders: Placeholders) -> str:
    """Render a projection expression."""
    return ", ".join(map(placeholders.path, paths))


def render_key_condition(condition: KeyCondition, placeholders: Placeholders) -> str:
    """Render a key condition expression."""
    return " AND ".join([_render_leaf(part, placeholders) for part in condition.parts])


def render_condition(condition: AnyCondition, placeholders: Placeholders) -> str:
    """Render a condition or filter expression.

    Raises `ExpressionError` for an empty AND or OR, which has no text.
    """
    condition = _reduce(condition)
    # Most conditions of writes are one leaf, or several that are joined: these need no walk through a tree, which would
    # take half of the time of writing an update's body. `test_expressions.py` has the texts of both kinds.
    if not isinstance(condition, Branch):
        return _render_leaf(condition, placeholders)
    if isinstance(condition, (And, Or)):
        leaves = [part for part in condition.parts if not isinstance(part, Branch)]
        if len(leaves) == len(condition.parts):
            joint = " AND " if isinstance(condition, And) else " OR "
            return joint.join([_render_leaf(leaf, placeholders) for leaf in leaves])
    return assemble(condition, lambda part: _render_node(part, placeholders))


def _render_node(condition: AnyCondition, placeholders: Placeholders) -> Iterable[str | AnyCondition]:
    match condition:
        case And(parts):
            return join(map(_reduce, parts), " AND ", (Or,))
        case Or(parts):
            return join(map(_reduce, parts), " OR ")
        case Not(part):
            return ("NOT ", *join((_reduce(part),), "", (And, Or)))
        case _:
            return (_render_leaf(condition, placeholders),)


def _render_leaf(
    condition: Comparison | Between | In | BeginsWith | Contains | Exists | NotExists | IsType,
    placeholders: Placeholders,
) -> str:
    operand = placeholders.operand
    match condition:
        case Comparison(left, operator, right):
            return f"{operand(left)} {operator} {operand(right)}"
        case Between(tested, low, high):
            return f"{operand(tested)} BETWEEN {operand(low)} AND {operand(high)}"
        case In(tested, ()):
            return _render_contradiction(tested, placeholders)
        case In(tested, choices):
            return f"{operand(tested)} IN ({', '.join(map(operand, choices))})"
        case BeginsWith(tested, prefix):
            return f"begins_with({operand(tested)}, {placeholders.second_operand(tested, prefix)})"
        case Contains(container, part):
            return f"contains({operand(container)}, {placeholders.second_operand(container, part)})"
        case Exists(path):
            return f"attribute_exists({operand(path)})"
        case NotExists(path):
            return f"attribute_not_exists({operand(path)})"
        case IsType(path, kind):
            return f"attribute_type({operand(path)}, {operand(kind)})"
        case _:
            assert_never(condition)


def _render_contradiction(tested: Operand, placeholders: Placeholders) -> str:
    """Render an IN without choices, which DynamoDB rejects, as another condition that never holds."""
    if isinstance(tested, (Path, Size)):
        path = placeholders.path(tested.path if isinstance(tested, Size) else tested)
        return f"(attribute_exists({path}) AND attribute_not_exists({path}))"
    value = placeholders.value(tested)
    return f"{value} <> {value}"


def _reduce(condition: AnyCondition) -> AnyCondition:
    """Return the condition without an outer AND or OR of one part, which has no text, and without double negation.

    Negation is two-valued, so that two cancel out; whether the grammar takes `NOT NOT` is uncertain.
    """
    while True:
        match condition:
            case And((part,)) | Or((part,)):
                condition = part
            case Not(part):
                inner = _skip_single(part)
                if not isinstance(inner, Not):
                    return condition
                condition = inner.part
            case _:
                return condition


def _skip_single(condition: AnyCondition) -> AnyCondition:
    while isinstance(condition, (And, Or)) and len(condition.parts) == 1:
        condition = condition.parts[0]
    return condition


def render_updates(updates: Sequence[AnyUpdate], placeholders: Placeholders) -> str:
    """Render an update expression: every clause once, its actions in the order of the updates."""
    clauses: dict[_Clause, list[str]] = {}
    for update in updates:
        clause, action = _render_update(update, placeholders)
        clauses.setdefault(clause, []).append(action)
    return " ".join([f"{clause} {', '.join(actions)}" for clause, actions in clauses.items()])


def _render_new(value: AttributeValue | Path | Computed, placeholders: Placeholders) -> str:
    """Render what an update sets."""
    match value:
        case Arithmetic(left, operator, right):
            return f"{_render_new(left, placeholders)} {operator} {_render_new(right, placeholders)}"
        case IfNotExists(path, otherwise):
            return f"if_not_exists({placeholders.path(path)}, {_render_new(otherwise, placeholders)})"
        case ListAppend(first, second):
            return f"list_append({_render_new(first, placeholders)}, {_render_new(second, placeholders)})"
        case _:
            return placeholders.operand(value)


def _render_update(update: AnyUpdate, placeholders: Placeholders) -> tuple[_Clause, str]:
    path = placeholders.path(update.path)
    match update:
        case SetUpdate(_, value, if_not_exists):
            operand = _render_new(value, placeholders)
            return "SET", f"{path} = if_not_exists({path}, {operand})" if if_not_exists else f"{path} = {operand}"
        case IncrementUpdate(_, amount):
            return "SET", f"{path} = {path} + {placeholders.value(amount)}"
        case AppendUpdate(_, elements, at_start):
            old, new = f"if_not_exists({path}, {placeholders.value([])})", placeholders.value(list(elements))
            return "SET", f"{path} = list_append({new}, {old})" if at_start else f"{path} = list_append({old}, {new})"
        case RemoveUpdate():
            return "REMOVE", path
        case AddUpdate(_, value):
            return "ADD", f"{path} {placeholders.value(value)}"
        case DeleteUpdate(_, value):
            return "DELETE", f"{path} {placeholders.value(value)}"
        case _:
            assert_never(update)
