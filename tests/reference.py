"""A naive reading of DynamoDB's conditions, projections and sizes, to compare the library's own with.

It shares no code with `dynamongo.expressions.evaluation`: values are turned into a tagged form in which Python's `==`
is DynamoDB's, and what a path does not find is the empty tuple.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Any

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
    Path,
    Size,
)

Tagged = tuple[Any, ...]
NOTHING: Tagged = ()


def holds(condition: AnyCondition, item: dict[str, Any]) -> bool:
    """Whether the item satisfies the condition."""
    return _holds(condition, tag(item))


def tag(value: Any) -> Tagged:
    """The value as `(type, content)`, equal for equal values alone."""
    if value is None or isinstance(value, bool):
        return ("NULL" if value is None else "BOOL", value)
    if isinstance(value, (int, Decimal)):
        return ("N", Decimal(value))
    if isinstance(value, (str, bytes)):
        return ("S" if isinstance(value, str) else "B", value)
    if isinstance(value, list):
        return ("L", [tag(element) for element in value])
    if isinstance(value, dict):
        return ("M", {name: tag(member) for name, member in value.items()})
    members = {tag(member) for member in value}
    return (f"{next(iter(members))[0]}S", members)


def depth_of(value: Any) -> int:
    """How many levels of nesting the value has: a scalar, a set or an empty container has 1."""
    children = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    return 1 + max(map(depth_of, children), default=0)


def find(item: Tagged, path: Path) -> Tagged:
    """What is at the path, tagged."""
    found = item
    for step in path.elements:
        found = _inside(found, step)
    return found


def _inside(value: Tagged, step: str | int) -> Tagged:
    if value[:1] == ("M",) and isinstance(step, str):
        return value[1].get(step, NOTHING)  # type: ignore[no-any-return]  # a tagged value
    if value[:1] == ("L",) and isinstance(step, int):
        return next((element for place, element in enumerate(value[1]) if place == step), NOTHING)
    return NOTHING


def _holds(condition: AnyCondition, item: Tagged) -> bool:
    def read(operand: Any) -> Tagged:
        if isinstance(operand, Path):
            return find(item, operand)
        if isinstance(operand, Size):
            return _size(find(item, operand.path))
        return tag(operand)

    if isinstance(condition, Comparison):
        return _compare(read(condition.left), condition.operator, read(condition.right))
    if isinstance(condition, Between):
        value = read(condition.operand)
        return _compare(value, ">=", read(condition.low)) and _compare(value, "<=", read(condition.high))
    if isinstance(condition, In):
        return any(_compare(read(condition.operand), "=", read(choice)) for choice in condition.choices)
    if isinstance(condition, BeginsWith):
        return _begins_with(read(condition.operand), read(condition.prefix))
    if isinstance(condition, Contains):
        return _contains(read(condition.container), read(condition.part))
    if isinstance(condition, Exists):
        return read(condition.path) != NOTHING
    if isinstance(condition, NotExists):
        return read(condition.path) == NOTHING
    if isinstance(condition, IsType):
        return read(condition.path)[:1] == (condition.type,)
    if isinstance(condition, Not):
        return not _holds(condition.part, item)
    results = [_holds(part, item) for part in condition.parts]
    return all(results) if isinstance(condition, And) else any(results)


def _compare(left: Tagged, operator: str, right: Tagged) -> bool:
    if operator == "<>":
        return not _compare(left, "=", right)
    if NOTHING in (left, right) or left[0] != right[0]:
        return False
    if operator == "=":
        return left == right
    if left[0] not in ("S", "N", "B"):
        return False
    mine, theirs = (value.encode() if isinstance(value, str) else value for value in (left[1], right[1]))
    return {"<": mine < theirs, "<=": mine <= theirs, ">": mine > theirs, ">=": mine >= theirs}[operator]


def _begins_with(value: Tagged, prefix: Tagged) -> bool:
    if value[:1] not in (("S",), ("B",)) or value[:1] != prefix[:1]:
        return False
    return bool(value[1][: len(prefix[1])] == prefix[1])


def _contains(whole: Tagged, part: Tagged) -> bool:
    if NOTHING in (whole, part):
        return False
    if whole[0] in ("S", "B"):
        return bool(part[0] == whole[0] and whole[1].find(part[1]) >= 0)
    if whole[0] in ("SS", "NS", "BS"):
        return part in list(whole[1])
    return whole[0] == "L" and part in whole[1]


def _size(value: Tagged) -> Tagged:
    if value[:1] == ("S",):
        return ("N", Decimal(sum(2 if ord(letter) > 0xFFFF else 1 for letter in value[1])))
    if value[:1] in (("N",), ("BOOL",), ("NULL",), NOTHING):
        return NOTHING
    return ("N", Decimal(len(value[1])))


def show(value: Any) -> str:
    """The value's `repr` with sets in order, so that `1` and `Decimal(1)` look different and equal sets do not."""
    if isinstance(value, frozenset):
        return f"{{{sorted(value)}}}"
    if isinstance(value, list):
        return f"[{', '.join(map(show, value))}]"
    if isinstance(value, dict):
        return f"{{{', '.join(f'{name!r}: {show(member)}' for name, member in value.items())}}}"
    return repr(value)
