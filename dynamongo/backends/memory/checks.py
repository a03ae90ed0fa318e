"""Checks of what a request says that need no table: its expressions and its counts.

DynamoDB makes them before it looks the table up. `ValidationError` and `ExpressionError` leave the backend as
`InvalidRequestError`.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from decimal import Decimal
from typing import Final, TypeVar, cast

from dynamongo._support.unions import assert_never
from dynamongo.backends.memory.ingest import take_value
from dynamongo.exceptions import InvalidRequestError
from dynamongo.expressions.conditions import (
    And,
    BeginsWith,
    Between,
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
    nodes_of,
    operands_of,
)
from dynamongo.expressions.limits import MAX_EXPRESSION_BYTES, check_limits, path_bytes, rendered_bytes
from dynamongo.expressions.updates import (
    AddUpdate,
    AnyUpdate,
    AppendUpdate,
    DeleteUpdate,
    IncrementUpdate,
    RemoveUpdate,
    SetUpdate,
    check_path_request,
    check_update_request,
)
from dynamongo.expressions.values import (
    MAX_DEPTH,
    SET_TYPES,
    AttributeType,
    AttributeValue,
    canonical_number,
    has_utf8_form,
    type_of,
)

_T = TypeVar("_T")

_LIGHT: Final = 30
_HEAVY: Final = 1_000

_LONG_NAMES: dict[AttributeType, str] = {
    "S": "STRING",
    "N": "NUMBER",
    "B": "BINARY",
    "BOOL": "BOOLEAN",
    "NULL": "NULL",
    "L": "LIST",
    "M": "MAP",
}


def check_condition(condition: Condition | None, expression: str = "ConditionExpression") -> None:
    """Refuse a condition that is too large, or that has an invalid path or value."""
    if condition is not None and _weigh(condition) > _LIGHT:
        check_limits(condition, expression)
        _check_length(rendered_bytes(condition), expression)
        for operand in operands_of(condition):
            check_operand(operand, expression)


def check_operand(operand: Operand, expression: str) -> None:
    """Refuse an invalid path or value."""
    if isinstance(operand, Size):
        _check_path(operand.path, expression)
    elif isinstance(operand, Path):
        _check_path(operand, expression)
    else:
        take_value(operand)


def check_projection(paths: Sequence[Path]) -> None:
    """Refuse invalid paths, and paths that overlap."""
    if len(paths) > _LIGHT or not all(map(_is_plain_path, paths)):
        for path in paths:
            _check_path(path, "ProjectionExpression")
        _check_length(sum(path_bytes(path) + 1 for path in paths), "ProjectionExpression")
    check_path_request(paths, "ProjectionExpression")


def check_list_length(at: str, given: int, most: int, table: str = "") -> None:
    """Refuse a list that is empty or too long; `at` is where DynamoDB finds it, with `{}` for the table."""
    if given < 1:
        refuse_constraints([violation("'[]'", at.format(table), "have length greater than or equal to 1")])
    if given > most:
        refuse_constraints([violation("'[...]'", at.format(table), f"have length less than or equal to {most}")])


def check_number(name: str, given: int | None, *, least: int, most: int | None = None) -> None:
    """Refuse a number out of range; one that is not given passes."""
    if given is None:
        return
    if type(given) is not int:
        raise InvalidRequestError(f"Value '{given}' at '{name}' failed to satisfy constraint: it must be an int")
    if given < least:
        refuse_constraints([violation(f"'{given}'", name, f"have value greater than or equal to {least}")])
    if most is not None and given > most:
        refuse_constraints([violation(f"'{given}'", name, f"have value less than or equal to {most}")])


def violation(value: str, at: str, bound: str) -> str:
    """What DynamoDB says of a part of a request that is out of bounds; the value is quoted unless it is null."""
    return f"Value {value} at '{at}' failed to satisfy constraint: Member must {bound}"


def refuse_constraints(violations: Iterable[str]) -> None:
    """Refuse a request for all violations at once, if there are any."""
    if found := list(violations):
        errors = "errors" if len(found) > 1 else "error"
        raise InvalidRequestError(f"{len(found)} validation {errors} detected: {'; '.join(found)}")


def normalize_updates(updates: Sequence[AnyUpdate], key_names: Collection[str]) -> tuple[AnyUpdate, ...]:
    """The updates with their values in canonical form; none may change the key, whose names the request gives."""
    if len(updates) <= _LIGHT and all(map(_is_plain_update, updates)):
        check_update_request(updates, key_names)
        return tuple(updates)
    normal = tuple(map(_normalize_update, updates))
    _check_length(sum(map(_update_bytes, normal)), "UpdateExpression")
    check_update_request(normal, key_names)
    return normal


def _update_bytes(update: AnyUpdate) -> int:
    """An upper bound of the update's length in an expression, at eight bytes for a step of a path or a value."""
    steps = path_bytes(update.path)
    match update:
        case AppendUpdate():
            return len(" = list_append(if_not_exists(, ), )") + 2 * steps + 16
        case IncrementUpdate() | SetUpdate(if_not_exists=True):
            return len(" = if_not_exists(, )") + 2 * steps + 8
        case SetUpdate(value=Path() as copied):
            return len(" = ") + steps + path_bytes(copied)
        case _:
            return len(" = ") + steps + 8


def _check_length(most_bytes: int, expression: str) -> None:
    """Refuse what may be more than 4096 bytes as an expression: here there is none to be measured."""
    if most_bytes > MAX_EXPRESSION_BYTES:
        raise InvalidRequestError(
            f"Invalid {expression}: Expression size has exceeded the maximum allowed size; "
            f"expression size: up to {most_bytes}"
        )


def _normalize_update(update: AnyUpdate) -> AnyUpdate:
    _check_path(update.path, "UpdateExpression")
    match update:
        case RemoveUpdate():
            return update
        case SetUpdate(path, value, if_not_exists):
            if isinstance(value, Path):
                _check_path(value, "UpdateExpression")
                return update
            return SetUpdate(path, take_value(value), if_not_exists)
        case AddUpdate(path, value):
            return AddUpdate(path, _normalize_operand("ADD", value, ("N", *SET_TYPES)))
        case DeleteUpdate(path, value):
            return DeleteUpdate(path, _normalize_operand("DELETE", value, SET_TYPES))
        case IncrementUpdate(path, amount):
            return IncrementUpdate(path, _normalize_operand("+", amount, ("N",)))
        case AppendUpdate(path, elements, at_start):
            normal = cast("list[AttributeValue]", take_value(list(elements)))
            return AppendUpdate(path, tuple(normal), at_start)
        case _:
            assert_never(update)


def _normalize_operand(operator: str, value: _T, allowed: Sequence[AttributeType]) -> _T:
    if (kind := type_of(cast("AttributeValue", value))) not in allowed:
        name = f"operator: {operator}, operand type: {_LONG_NAMES.get(kind, kind)}"
        if operator == "+":  # a SET names the kind of its operand as a condition does
            name = f"operator or function: +, operand type: {kind}"
        raise InvalidRequestError(f"Invalid UpdateExpression: Incorrect operand type for operator or function; {name}")
    return cast("_T", take_value(cast("AttributeValue", value)))


def _check_path(path: Path, expression: str) -> None:
    first, *rest = path.elements or (0,)
    if not isinstance(first, str):
        raise InvalidRequestError(f"Invalid {expression}: Syntax error; not a document path: {path.elements!r}")
    if negative := next((step for step in rest if isinstance(step, int) and step < 0), None):
        raise InvalidRequestError(f'Invalid {expression}: Syntax error; token: "-", near: "[{negative}]"')
    if len(rest) >= MAX_DEPTH:
        raise InvalidRequestError(f"Invalid {expression}: The document path has too many nesting elements")


# What is small and plain needs no more than a look at it, and nearly all requests are.


def _weigh(condition: Condition) -> int:
    """How many parts a condition of plain operands has; more than is light where one has to be looked at.

    A part is rendered in 120 bytes at most, and has three operators at most: light is what is far below all limits.
    """
    if isinstance(condition, (And, Or, Not)):
        return sum([_own_weight(node) for node in nodes_of(condition)[1:]], isinstance(condition, Not))
    return _own_weight(condition)


def _own_weight(condition: Condition) -> int:
    match condition:
        case Comparison():
            return 1 if _is_plain(condition.left) and _is_plain(condition.right) else _HEAVY
        case And() | Or():
            return 0
        case Exists() | NotExists() | IsType():
            return 1 if _is_plain(condition.path) else _HEAVY
        case Not():
            return 1
        case BeginsWith():
            return 1 if _is_plain(condition.path) and _is_plain(condition.prefix) else _HEAVY
        case Contains():
            return 1 if _is_plain(condition.path) and _is_plain(condition.operand) else _HEAVY
        case Between() | In():
            operands = tuple(operands_of(condition))
            return len(operands) if all(map(_is_plain, operands)) else _HEAVY
        case _:
            assert_never(condition)


def _is_plain(operand: object) -> bool:
    """Whether it is a short path, or a value without parts in canonical form."""
    if type(operand) is Path:
        return _is_plain_path(operand)
    if type(operand) is str:
        return has_utf8_form(operand)
    if type(operand) is int or type(operand) is Decimal:
        return canonical_number(operand) is operand
    if type(operand) is Size:
        return _is_plain_path(operand.path)
    return operand is None or type(operand) is bool or type(operand) is bytes


def _is_plain_number(value: object) -> bool:
    return (type(value) is int or type(value) is Decimal) and canonical_number(value) is value


def _is_plain_path(path: Path) -> bool:
    """Whether it has three steps at most, which are rendered in 24 bytes."""
    elements = path.elements
    if len(elements) == 1:
        return type(elements[0]) is str
    return 1 < len(elements) <= 3 and type(elements[0]) is str and all(map(_is_plain_step, elements[1:]))


def _is_plain_step(step: object) -> bool:
    return type(step) is str or (type(step) is int and 0 <= step < 10_000)


def _is_plain_update(update: AnyUpdate) -> bool:
    if not _is_plain_path(update.path):
        return False
    match update:
        case SetUpdate():
            return not isinstance(update.value, Size) and _is_plain(update.value)
        case RemoveUpdate():
            return True
        case AddUpdate():
            return _is_plain_number(update.value)
        case IncrementUpdate():
            return _is_plain_number(update.amount)
        case DeleteUpdate() | AppendUpdate():
            return False
        case _:
            assert_never(update)
