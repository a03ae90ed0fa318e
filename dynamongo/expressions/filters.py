"""Filters: a condition compiled into one loop over many items.

`evaluation.holds` walks the tree for each item, which is fastest for a few items. For more of them, the source of a
function is generated, such as ::

    def select(c0, c1, c2, c3, items):
        return [
            item
            for item in items
            if ((type(v := item.get(c1)) is int or type(v) is Decimal) and v < c0)
            and (not (type(v := item.get(c3)) is str and v.startswith(c2)))
        ]

The source depends only on the shape of the tree: the kinds of its nodes, the lengths of its paths, and the types of its
values. Names and values are arguments: nothing from a user is written into source, and each shape is compiled once for
all values. A test is written inline if the type of its constant decides the result, and else calls `evaluation`.
"""

from __future__ import annotations

import functools
import sys
from collections.abc import Callable, Sequence
from decimal import Decimal
from typing import Any, Final, TypeAlias, TypeGuard

from dynamongo._support.codegen import make_function
from dynamongo._support.unions import assert_never
from dynamongo.expressions.conditions import (
    EQ,
    GE,
    GT,
    LE,
    LT,
    NE,
    And,
    BeginsWith,
    Between,
    Comparator,
    Comparison,
    Condition,
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
from dynamongo.expressions.evaluation import (
    MISSING,
    compare,
    has_part,
    has_prefix,
    holds,
    is_equal,
    is_of_type,
    is_ordered,
    measure,
    resolve,
)
from dynamongo.expressions.values import SCALAR_TYPES, Item, type_of

Filter: TypeAlias = Callable[[Sequence[Item]], list[Item]]

FEW: Final = 8
"""The number of items up to which walking the tree is faster than generating source."""

_MAX_LEAVES = 300
_MAX_NESTING = 20  # far below the limit of Python's parser
_NAMES = {
    "Decimal": Decimal,
    "MISSING": MISSING,
    "compare": compare,
    "has_part": has_part,
    "has_prefix": has_prefix,
    "holds": holds,
    "is_equal": is_equal,
    "is_of_type": is_of_type,
    "is_ordered": is_ordered,
    "measure": measure,
    "resolve": resolve,
}
_TYPE_TESTS: dict[str, str] = {
    "S": "type(v := {}) is str",
    "N": "(type(v := {}) is int or type(v) is Decimal)",
    "B": "type(v := {}) is bytes",
    "BOOL": "type(v := {}) is bool",
    "L": "type(v := {}) is list",
    "M": "type(v := {}) is dict",
}
_PYTHON: dict[Comparator, str] = {EQ: "==", LT: "<", LE: "<=", GT: ">", GE: ">="}
_MIRRORED: dict[Comparator, Comparator] = {EQ: EQ, NE: NE, LT: GT, LE: GE, GT: LT, GE: LE}
_OR_MISSING = ", MISSING"


def compile_filter(condition: Condition) -> Filter:
    """Return a function that takes items and returns those that satisfy the condition, in order.

    It walks the tree for its first few items, and compiles it when there are more.

    >>> select = compile_filter(Comparison(Path("age"), GE, 18))
    >>> select([{"age": 40}, {"age": "40"}, {}])
    [{'age': 40}]
    """
    compiled: Filter | None = None
    seen = 0

    def select(items: Sequence[Item]) -> list[Item]:
        nonlocal compiled, seen
        if compiled is None:
            seen += len(items)
            if seen <= FEW:
                return [item for item in items if holds(condition, item)]
            compiled = generate_filter(condition)
        return compiled(items)

    return select


def generate_filter(condition: Condition) -> functools.partial[list[Item]]:
    """Return the compiled filter of the condition. `inspect.getsource` shows the source of its `func`."""
    writer = _Writer()
    test = writer.write_parts(condition)
    return functools.partial(compile_shape(test, len(writer.constants)), *writer.constants)


@functools.lru_cache(maxsize=256)
def compile_shape(test: str, count: int) -> Callable[..., list[Item]]:
    """Compile a function that takes the constants of a condition, then items; conditions of one shape share it."""
    names = "".join(f"c{number}, " for number in range(count))
    source = f"""\
def select({names}items):
    return [
        item
        for item in items
        if {test}
    ]
"""
    return make_function("select", source, _NAMES)


class _Writer:
    """Write conditions as Python expressions about `item`, and collect their constants."""

    def __init__(self) -> None:
        self.constants: list[object] = []
        self._leaves = 0

    def write_parts(self, condition: Condition) -> str:
        """Write the condition, with a line for each conjunct."""
        parts = condition.parts if isinstance(condition, And) else (condition,)
        return "\n        and ".join(f"({self._write(part, 1)})" for part in parts)

    def _write(self, condition: Condition, depth: int) -> str:
        # The rest of a condition that is very deep or long is walked, so that the source stays within both limits.
        if depth > _MAX_NESTING or self._leaves > _MAX_LEAVES:
            return f"holds({self._name(condition)}, item)"
        match condition:
            case And(parts):
                return " and ".join(f"({self._write(part, depth + 1)})" for part in parts)
            case Or(parts):
                return " or ".join(f"({self._write(part, depth + 1)})" for part in parts)
            case Not(part):
                return f"not ({self._write(part, depth + 1)})"
            case _:
                self._leaves += 1
                return self._write_leaf(condition)

    def _write_leaf(self, leaf: Comparison | Between | In | BeginsWith | Contains | Exists | NotExists | IsType) -> str:
        match leaf:
            case Comparison(left, operator, right):
                return self._write_comparison(left, operator, right)
            case Between(operand, low, high):
                return self._write_between(operand, low, high)
            case In(operand, choices):
                return self._write_in(operand, choices)
            case BeginsWith(path, prefix):
                return self._write_begins_with(path, prefix)
            case Contains(path, operand):
                return self._write_contains(path, operand)
            case Exists(path):
                return self._write_exists(path)
            case NotExists(path):
                return f"not ({self._write_exists(path)})"
            case IsType(path, kind):
                if kind in _TYPE_TESTS and _is_plain(path):
                    return self._test(path, _TYPE_TESTS[kind])
                return f"is_of_type({self._read(path)}, {self._name(kind)})"
            case _:
                assert_never(leaf)

    def _write_comparison(self, left: Operand, operator: Comparator, right: Operand) -> str:
        if operator == NE:
            return f"not ({self._write_comparison(left, EQ, right)})"
        if is_value(left):
            left, operator, right = right, _MIRRORED[operator], left
        if _is_plain(left) and is_value(right):
            kind = type_of(right)
            if kind in SCALAR_TYPES:
                return self._test(left, f"{_TYPE_TESTS[kind]} and v {_PYTHON[operator]} {self._name(right)}")
            if kind in ("BOOL", "NULL"):  # by identity, since `1 == True`; a missing attribute must not become None
                return self._test(left, f"{{}} is {right!r}", _OR_MISSING)
        return f"compare({self._read(left)}, {self._name(operator)}, {self._read(right)})"

    def _write_between(self, operand: Operand, low: Operand, high: Operand) -> str:
        if _is_plain(operand) and is_value(low) and is_value(high):
            return self._test(operand, f"{_TYPE_TESTS[type_of(low)]} and {self._name(low)} <= v <= {self._name(high)}")
        value = self._read(operand)
        return f"is_ordered({self._read(low)}, '<=', v := {value}) and is_ordered(v, '<=', {self._read(high)})"

    def _write_in(self, operand: Operand, choices: tuple[Operand, ...]) -> str:
        if not choices:
            return "False"
        if _is_plain(operand) and all(is_value(choice) and type_of(choice) in SCALAR_TYPES for choice in choices):
            return self._write_in_scalars(operand, choices)
        equal = " or ".join(f"is_equal(v, {self._read(choice)})" for choice in choices)
        return f"(v := {self._read(operand)}) is not MISSING and ({equal})"

    def _write_in_scalars(self, operand: Path, choices: tuple[Any, ...]) -> str:
        """Write a lookup in a set for each type of choices, since `1 in {True}` holds in Python."""
        by_type = {kind: {choice for choice in choices if type_of(choice) == kind} for kind in SCALAR_TYPES}
        tests = [f"{_TYPE_TESTS[kind]} and v in {self._name(known)}" for kind, known in by_type.items() if known]
        return " or ".join(self._test(operand, test) for test in tests)

    def _write_begins_with(self, path: Path, prefix: Operand) -> str:
        if _is_plain(path) and is_value(prefix):
            return self._test(path, f"{_TYPE_TESTS[type_of(prefix)]} and v.startswith({self._name(prefix)})")
        return f"has_prefix({self._read(path)}, {self._read(prefix)})"

    def _write_contains(self, path: Path, operand: Operand) -> str:
        # Inline for a str alone, which in Python equals nothing of another type; 1 would be found as True. Under
        # `python -b`, looking up a str in a list that contains bytes causes a BytesWarning.
        if _is_plain(path) and type(operand) is str and not sys.flags.bytes_warning:
            part = self._name(operand)
            return self._test(path, f"({part} in v if type(v := {{}}) is list else has_part(v, {part}))")
        return f"has_part({self._read(path)}, {self._read(operand)})"

    def _write_exists(self, path: Path) -> str:
        if _is_plain(path):
            return self._test(path, "{} is not MISSING", _OR_MISSING)
        return f"{self._read(path)} is not MISSING"

    def _read(self, operand: Operand) -> str:
        if isinstance(operand, Size):
            return f"measure({self._read(operand.path)})"
        if not isinstance(operand, Path):
            return self._name(operand)
        if len(operand.elements) == 1:
            return f"item.get({self._name(operand.attribute)}, MISSING)"
        return f"resolve({self._name(operand)}, item)"

    def _test(self, path: Path, test: str, default: str = "") -> str:
        """Write the test of the value at the path, for `{}` in the test; `default` is added to the last `get`.

        For the path `a.b`, `type(v := {}) is bytes` becomes
        `type(v := item.get(c0)) is dict and type(v := v.get(c1)) is bytes`.
        """
        *parents, name = path.elements
        place = "item"
        steps: list[str] = []
        for parent in parents:
            steps.append(f"type(v := {place}.get({self._name(parent)})) is dict")
            place = "v"
        return " and ".join([*steps, test.replace("{}", f"{place}.get({self._name(name)}{default})")])

    def _name(self, constant: object) -> str:
        self.constants.append(constant)
        return f"c{len(self.constants) - 1}"


def _is_plain(operand: Operand) -> TypeGuard[Path]:
    """Return whether the operand is a path that can be written inline: one of names only."""
    return isinstance(operand, Path) and all(type(step) is str for step in operand.elements)
