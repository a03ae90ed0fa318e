"""The source of filters: a condition written as a Python expression about `item`.

An attribute that several parts of a condition read is read once. The writer keeps account of what is *known* at each
place of the expression: which variables hold the value at a path, and which of these are maps. Python evaluates from
left to right, and only as far as it must. So what a part of an AND has read is known in the next part, which is reached
only if the first one held; what a part of an OR has read is known in the next part, reached if the first did not hold.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from typing import Any, TypeAlias, TypeGuard

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
    is_value,
)
from dynamongo.expressions.values import SCALAR_TYPES, AttributeValue, type_of

_Known: TypeAlias = dict[Any, str]
"""For each path that was read, the variable with its value, which is `None` for a missing one; and each variable that
is sure to hold a map, under its own name. Where `type(v1 := item.get(c0)) is dict` held for the path `m`, it is
`{("m",): "v1", "v1": "v1"}`."""

_Written: TypeAlias = tuple[str, _Known, _Known]
"""The text of a condition, what is known after it if it holds, and what if it does not."""

_MAX_LEAVES = 300
_MAX_NESTING = 20  # far below the limit of Python's parser
_TYPE_TESTS: dict[str, str] = {
    "S": "type({first}) is str",
    "N": "(type({first}) is int or type({value}) is Decimal)",
    "B": "type({first}) is bytes",
    "BOOL": "type({first}) is bool",
    "L": "type({first}) is list",
    "M": "type({first}) is dict",
}
_PYTHON: dict[Comparator, str] = {EQ: "==", LT: "<", LE: "<=", GT: ">", GE: ">="}
_MIRRORED: dict[Comparator, Comparator] = {EQ: EQ, NE: NE, LT: GT, LE: GE, GT: LT, GE: LE}


class FilterWriter:
    """Writes conditions as Python expressions about `item`, and collects their constants."""

    def __init__(self) -> None:
        self.constants: list[object] = []
        self._leaves = 0
        self._variables = 0

    def write_parts(self, condition: AnyCondition) -> str:
        """Write the condition, with a line for each conjunct."""
        parts = condition.parts if isinstance(condition, And) else (condition,)
        known: _Known = {}
        texts: list[str] = []
        for part in parts:
            text, known, _ = self._write(part, 1, known)
            texts.append(f"({text})")
        return "\n        and ".join(texts)

    def _write(self, condition: AnyCondition, depth: int, known: _Known) -> _Written:
        # The rest of a condition that is very deep or long is walked, so that the source stays within both limits.
        if depth > _MAX_NESTING or self._leaves > _MAX_LEAVES:
            return f"holds({self._name(condition)}, item)", known, known
        match condition:  # patterns that name attributes would cost twice as much
            case And():
                return self._write_all(condition.parts, depth, known)
            case Or():
                text, if_false, if_true = self._write_all(condition.parts, depth, known, is_or=True)
                return text, if_true, if_false
            case Not():
                text, if_true, if_false = self._write(condition.part, depth + 1, known)
                return f"not ({text})", if_false, if_true
            case _:
                self._leaves += 1
                return self._write_leaf(condition, known)

    def _write_all(self, parts: Sequence[AnyCondition], depth: int, known: _Known, *, is_or: bool = False) -> _Written:
        """Write the parts of a branch, and return what is known if all are evaluated, and if one of them decides."""
        texts: list[str] = []
        decided: list[_Known] = []
        for part in parts:
            text, if_true, if_false = self._write(part, depth + 1, known)
            known, deciding = (if_false, if_true) if is_or else (if_true, if_false)
            texts.append(f"({text})")
            decided.append(deciding)
        return (" or " if is_or else " and ").join(texts), known, _in_all(decided)

    def _write_leaf(
        self, leaf: Comparison | Between | In | BeginsWith | Contains | Exists | NotExists | IsType, known: _Known
    ) -> _Written:
        match leaf:
            case Comparison():
                return self._write_comparison(leaf.left, leaf.operator, leaf.right, known)
            case Between():
                return self._write_between(leaf.operand, leaf.low, leaf.high, known)
            case In():
                return self._write_in(leaf.operand, leaf.choices, known)
            case BeginsWith():
                return self._write_begins_with(leaf.operand, leaf.prefix, known)
            case Contains():
                return self._write_contains(leaf.container, leaf.part, known)
            case Exists():
                return self._write_exists(leaf.path, known)
            case NotExists():
                text, if_true, if_false = self._write_exists(leaf.path, known)
                return f"not ({text})", if_false, if_true
            case IsType():
                if leaf.type in _TYPE_TESTS and _is_plain(leaf.path):
                    return self._test(leaf.path, _TYPE_TESTS[leaf.type], known)
                return f"is_of_type({self._read(leaf.path)}, {self._name(leaf.type)})", known, known
            case _:
                assert_never(leaf)

    def _write_comparison(self, left: Operand, operator: Comparator, right: Operand, known: _Known) -> _Written:
        if operator == NE:
            text, if_true, if_false = self._write_comparison(left, EQ, right, known)
            return f"not ({text})", if_false, if_true
        if is_value(left):
            left, operator, right = right, _MIRRORED[operator], left
        if _is_plain(left) and is_value(right):
            kind = type_of(right)
            if operator == EQ and _is_equal_only_to_its_type(right):
                return self._test(left, f"{{first}} == {self._name(right)}", known)
            if kind in SCALAR_TYPES:
                return self._test(
                    left, f"{_TYPE_TESTS[kind]} and {{value}} {_PYTHON[operator]} {self._name(right)}", known
                )
            if kind == "BOOL":  # by identity, since `1 == True`
                return self._test(left, f"{{first}} is {right!r}", known)
            if kind == "NULL":  # a missing attribute must not become None
                return self._test_unbound(left, "{place}.get({name}, MISSING) is None", known)
        return f"compare({self._read(left)}, {self._name(operator)}, {self._read(right)})", known, known

    def _write_between(self, operand: Operand, low: Operand, high: Operand, known: _Known) -> _Written:
        if _is_plain(operand) and is_value(low) and is_value(high):
            test = f"{_TYPE_TESTS[type_of(low)]} and {self._name(low)} <= {{value}} <= {self._name(high)}"
            return self._test(operand, test, known)
        value = self._read(operand)
        text = f"is_ordered({self._read(low)}, '<=', v := {value}) and is_ordered(v, '<=', {self._read(high)})"
        return text, known, known

    def _write_in(self, operand: Operand, choices: tuple[Operand, ...], known: _Known) -> _Written:
        if not choices:
            return "False", known, known
        if _is_plain(operand) and all(is_value(choice) and type_of(choice) in SCALAR_TYPES for choice in choices):
            return self._write_in_scalars(operand, choices, known)
        equal = " or ".join(f"is_equal(v, {self._read(choice)})" for choice in choices)
        return f"(v := {self._read(operand)}) is not MISSING and ({equal})", known, known

    def _write_in_scalars(self, operand: Path, choices: tuple[Any, ...], known: _Known) -> _Written:
        """Write a lookup in a set for each type of choices, since `1 in {True}` holds in Python."""
        by_type = {kind: {choice for choice in choices if type_of(choice) == kind} for kind in SCALAR_TYPES}
        texts: list[str] = []
        held: list[_Known] = []
        for kind, members in by_type.items():
            if members:
                text, if_true, known = self._test(
                    operand, f"{_TYPE_TESTS[kind]} and {{value}} in {self._name(members)}", known
                )
                texts.append(text)
                held.append(if_true)
        return " or ".join(texts), _in_all(held), known

    def _write_begins_with(self, operand: Operand, prefix: Operand, known: _Known) -> _Written:
        if _is_plain(operand) and is_value(prefix):
            test = f"{_TYPE_TESTS[type_of(prefix)]} and {{value}}.startswith({self._name(prefix)})"
            return self._test(operand, test, known)
        return f"has_prefix({self._read(operand)}, {self._read(prefix)})", known, known

    def _write_contains(self, container: Operand, part: Operand, known: _Known) -> _Written:
        # Inline for a str alone, which in Python equals nothing of another type; 1 would be found as True. Under
        # `python -b`, looking up a str in a list that contains bytes causes a BytesWarning.
        if _is_plain(container) and type(part) is str and not sys.flags.bytes_warning:
            name = self._name(part)
            test = f"({name} in {{value}} if type({{first}}) is list else has_part({{value}}, {name}))"
            return self._test(container, test, known)
        return f"has_part({self._read(container)}, {self._read(part)})", known, known

    def _write_exists(self, path: Path, known: _Known) -> _Written:
        if _is_plain(path):
            return self._test_unbound(path, "{name} in {place}", known)
        return f"{self._read(path)} is not MISSING", known, known

    def _read(self, operand: Operand) -> str:
        if isinstance(operand, Size):
            return f"measure({self._read(operand.path)})"
        if not isinstance(operand, Path):
            return self._name(operand)
        if len(operand.elements) == 1:
            return f"item.get({self._name(operand.attribute)}, MISSING)"
        return f"resolve({self._name(operand)}, item)"

    def _test(self, path: Path, test: str, known: _Known) -> _Written:
        """Write the test of the value at a path of names: `{first}` in it is evaluated first, `{value}` afterwards.

        For the path `a.b`, `type({first}) is str and {value} < c2` becomes
        `type(v1 := item.get(c0)) is dict and type(v2 := v1.get(c1)) is str and v2 < c2`.
        """
        place, steps, if_true, if_false = self._enter(path, known)
        if path.elements in if_true:
            first = value = if_true[path.elements]
        else:
            value = self._variable()
            first = f"({value} := {place}.get({self._name(path.elements[-1])}))"
            if_true = {**if_true, path.elements: value}
            if_false = if_false if steps else if_true  # without steps, it is read in any case
        return " and ".join([*steps, test.replace("{first}", first).replace("{value}", value)]), if_true, if_false

    def _test_unbound(self, path: Path, test: str, known: _Known) -> _Written:
        """Write a test that reads the value itself: `{name}` in it is the last name of the path, `{place}` the map."""
        place, steps, if_true, if_false = self._enter(path, known)
        name = self._name(path.elements[-1])
        return " and ".join([*steps, test.replace("{name}", name).replace("{place}", place)]), if_true, if_false

    def _enter(self, path: Path, known: _Known) -> tuple[str, list[str], _Known, _Known]:
        """Return where the last name of the path is looked up, the tests on the way, and what is known afterwards."""
        place = "item"
        steps: list[str] = []
        if_true = if_false = known
        for length in range(1, len(path.elements)):
            prefix = path.elements[:length]
            variable = if_true.get(prefix)
            if variable is None:
                variable = self._variable()
                steps.append(f"type({variable} := {place}.get({self._name(prefix[-1])})) is dict")
                if len(steps) == 1:  # only the first step is taken in any case
                    if_false = {**known, prefix: variable}
            elif variable not in if_true:
                steps.append(f"type({variable}) is dict")
            if_true = {**if_true, prefix: variable, variable: variable}
            place = variable
        return place, steps, if_true, if_false

    def _variable(self) -> str:
        self._variables += 1
        return f"v{self._variables}"

    def _name(self, constant: object) -> str:
        self.constants.append(constant)
        return f"c{len(self.constants) - 1}"


def _in_all(several: Sequence[_Known]) -> _Known:
    """Return what is known in every case."""
    common = several[0]
    for each in several[1:]:
        if each is not common:
            common = dict(common.items() & each.items())
    return common


def _is_equal_only_to_its_type(value: AttributeValue) -> bool:
    """Return whether `==` alone tells that a canonical value equals this one: in Python, 0 and 1 equal booleans.

    Under `python -b`, comparing bytes with a str or an int causes a BytesWarning.
    """
    if sys.flags.bytes_warning:
        return False
    kind = type(value)
    return kind is str or kind is bytes or (kind is int and value not in (0, 1))


def _is_plain(operand: Operand) -> TypeGuard[Path]:
    """Return whether the operand is a path that can be written inline: one of names only."""
    if not isinstance(operand, Path):
        return False
    elements = operand.elements
    return type(elements[0]) is str if len(elements) == 1 else all(type(step) is str for step in elements)
