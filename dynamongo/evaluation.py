"""Evaluation: conditions and projections compiled into closures over items, with DynamoDB's semantics.

What a path leads to is a value or `MISSING`, and nothing here raises for a missing or mismatched attribute: a
comparison with `MISSING`, or of values of two types, is false, and so its negation (`<>`, NOT) is true. An item that
does not exist is the empty mapping. The operands of conditions need not be canonical; items must be.

Source: "Comparison operator and function reference" and "Projection expressions" in the DynamoDB developer guide.
"""

from __future__ import annotations

import enum
import operator as operators
from collections.abc import Callable, Container, Iterable, Mapping
from decimal import Decimal
from typing import Any, Final, Literal, TypeAlias, cast

from dynamongo.conditions import (
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
)
from dynamongo.exceptions import assert_never
from dynamongo.values import SCALAR_TYPES, AttributeType, AttributeValue, Item, equals, type_of


class Missing(enum.Enum):
    """The type of `MISSING`: what a path gives that leads nowhere. NULL (`None`) is a value, and not missing."""

    MISSING = "missing"

    def __repr__(self) -> str:
        return "MISSING"


MISSING: Final = Missing.MISSING

Resolved: TypeAlias = AttributeValue | Literal[Missing.MISSING]
Predicate: TypeAlias = Callable[[Mapping[str, AttributeValue]], bool]
_Getter: TypeAlias = Callable[[Mapping[str, AttributeValue]], Resolved]
_Fragments: TypeAlias = dict["str | int", "_Fragments"]

_ORDERS: dict[Comparator, Callable[[Any, Any], bool]] = {
    LT: operators.lt,
    LE: operators.le,
    GT: operators.gt,
    GE: operators.ge,
}
_PYTHON_TYPES: dict[AttributeType, tuple[type, ...]] = {
    "S": (str,),
    "N": (int, Decimal),
    "B": (bytes,),
    "BOOL": (bool,),
    "NULL": (type(None),),
}


def compile_condition(condition: Condition) -> Predicate:
    """A function that says whether an item satisfies the condition.

    >>> is_adult = compile_condition(Comparison(Path("age"), GE, 18))
    >>> is_adult({"age": 40}), is_adult({"age": "40"}), is_adult({})
    (True, False, False)
    """
    match condition:
        case Comparison():
            return _compile_comparison(condition)
        case Between():
            return _compile_between(condition)
        case In():
            return _compile_in(condition)
        case BeginsWith(path, prefix):
            return _compile_pair(_has_prefix, path, prefix)
        case Contains(path, operand):
            return _compile_pair(_has_part, path, operand)
        case Exists(path):
            get = _compile_operand(path)
            return lambda item: get(item) is not MISSING
        case NotExists(path):
            get = _compile_operand(path)
            return lambda item: get(item) is MISSING
        case IsType(path, kind):
            return _compile_is_type(path, kind)
        case And(parts):
            return _compile_and(tuple(map(compile_condition, parts)))
        case Or(parts):
            return _compile_or(tuple(map(compile_condition, parts)))
        case Not(part):
            return _negate(compile_condition(part))
        case _:
            assert_never(condition)


def resolve(path: Path, item: Mapping[str, AttributeValue]) -> Resolved:
    """The value that the path leads to in the item, or `MISSING`.

    >>> resolve(Path("tags", 1), {"tags": ["a", None]}), resolve(Path("tags", "x"), {"tags": []})
    (None, MISSING)
    """
    first, *rest = path.elements
    value: Resolved = item.get(cast("str", first), MISSING)
    for step in rest:
        value = _take_step(value, step)
    return value


def project(item: Item, paths: Iterable[Path]) -> Item:
    """What the item has at the paths: structure is kept, lists come back dense, in ascending order.

    >>> project({"a": 1, "l": ["x", "y", {"k": 1, "m": 2}]}, [Path("l", 2, "k"), Path("l", 0), Path("z")])
    {'l': ['x', {'k': 1}]}
    """
    return compile_projection(paths)(item)


def compile_projection(paths: Iterable[Path]) -> Callable[[Item], Item]:
    """`project` for many items. No paths ask for the whole item."""
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


def _compile_operand(operand: Operand) -> _Getter:
    if isinstance(operand, Size):
        get = _compile_operand(operand.path)
        return lambda item: _measure(get(item))
    if not isinstance(operand, Path):
        return lambda _item: operand
    if len(operand.elements) == 1:
        name = operand.attribute
        return lambda item: item.get(name, MISSING)
    return lambda item: resolve(operand, item)


def _measure(value: Resolved) -> Resolved:
    """DynamoDB's `size`: a number, or `MISSING` for what has no size. Strings count in UTF-16 units."""
    if isinstance(value, str):
        return len(value) if value.isascii() else len(value.encode("utf-16-le")) // 2
    return len(value) if isinstance(value, (bytes, list, dict, frozenset)) else MISSING


def _compile_comparison(condition: Comparison) -> Predicate:
    left, operator, right = condition.left, condition.operator, condition.right
    if operator == NE:
        return _negate(_compile_comparison(Comparison(left, EQ, right)))
    if isinstance(left, Path) and len(left.elements) == 1 and (types := _scalar_types(right)):
        return _compile_hot_comparison(left.attribute, operator, right, types)
    get_left, get_right = _compile_operand(left), _compile_operand(right)
    if operator == EQ:
        return lambda item: _is_equal(get_left(item), get_right(item))
    compare = _ORDERS[operator]
    return lambda item: _is_ordered(get_left(item), compare, get_right(item))


def _scalar_types(operand: Operand) -> tuple[type, ...]:
    """The Python types of values that can equal the operand, if it is a constant other than a container."""
    return () if isinstance(operand, (Path, Size)) else _PYTHON_TYPES.get(type_of(operand), ())


def _compile_hot_comparison(name: str, operator: Comparator, constant: Operand, types: tuple[type, ...]) -> Predicate:
    compare = operators.eq if operator == EQ else _ORDERS[operator]

    def holds(item: Mapping[str, AttributeValue]) -> bool:
        value = item.get(name, MISSING)
        return type(value) in types and compare(value, constant)

    return holds


def _is_equal(left: Resolved, right: Resolved) -> bool:
    return left is not MISSING and right is not MISSING and equals(left, right)


def _is_ordered(left: Resolved, compare: Callable[[Any, Any], bool], right: Resolved) -> bool:
    if left is MISSING or right is MISSING:
        return False
    kind = type_of(left)
    return kind in SCALAR_TYPES and kind == type_of(right) and compare(left, right)


def _compile_between(condition: Between) -> Predicate:
    get = _compile_operand(condition.operand)
    get_low, get_high = _compile_operand(condition.low), _compile_operand(condition.high)

    def holds(item: Mapping[str, AttributeValue]) -> bool:
        value = get(item)
        return _is_ordered(get_low(item), operators.le, value) and _is_ordered(value, operators.le, get_high(item))

    return holds


def _compile_in(condition: In) -> Predicate:
    get = _compile_operand(condition.operand)
    if all(_scalar_types(choice) for choice in condition.choices):
        known = {(type_of(cast("AttributeValue", choice)), choice) for choice in condition.choices}
        return lambda item: _is_known(get(item), known)
    getters = tuple(map(_compile_operand, condition.choices))

    def holds(item: Mapping[str, AttributeValue]) -> bool:
        value = get(item)
        return any(_is_equal(value, get_choice(item)) for get_choice in getters)

    return holds


def _is_known(value: Resolved, known: Container[tuple[str, Operand]]) -> bool:
    return value is not MISSING and type(value) not in (list, dict) and (type_of(value), value) in known


def _compile_pair(test: Callable[[Resolved, Resolved], bool], path: Path, operand: Operand) -> Predicate:
    get, get_other = _compile_operand(path), _compile_operand(operand)
    return lambda item: test(get(item), get_other(item))


def _has_prefix(value: Resolved, prefix: Resolved) -> bool:
    if isinstance(value, str):
        return isinstance(prefix, str) and value.startswith(prefix)
    return isinstance(value, bytes) and isinstance(prefix, bytes) and value.startswith(prefix)


def _has_part(value: Resolved, part: Resolved) -> bool:
    """DynamoDB's `contains`: a map contains nothing, a set no set, and a string only strings."""
    if part is MISSING:
        return False
    if isinstance(value, str):
        return isinstance(part, str) and part in value
    if isinstance(value, bytes):
        return isinstance(part, bytes) and part in value
    if isinstance(value, list):
        return any(equals(element, part) for element in value)
    return isinstance(value, frozenset) and type_of(value) == f"{type_of(part)}S" and part in value


def _compile_is_type(path: Path, kind: AttributeType) -> Predicate:
    get = _compile_operand(path)

    def holds(item: Mapping[str, AttributeValue]) -> bool:
        value = get(item)
        return value is not MISSING and type_of(value) == kind

    return holds


def _compile_and(parts: tuple[Predicate, ...]) -> Predicate:
    def holds(item: Mapping[str, AttributeValue]) -> bool:
        for part in parts:  # noqa: SIM110 - a generator costs more than the parts
            if not part(item):
                return False
        return True

    return holds


def _compile_or(parts: tuple[Predicate, ...]) -> Predicate:
    def holds(item: Mapping[str, AttributeValue]) -> bool:
        for part in parts:  # noqa: SIM110 - a generator costs more than the parts
            if part(item):
                return True
        return False

    return holds


def _negate(predicate: Predicate) -> Predicate:
    return lambda item: not predicate(item)
