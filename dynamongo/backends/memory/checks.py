"""Checks of a request that need no table: its expressions, lengths and numbers.

DynamoDB makes them before it looks for the table. A `ValidationError` or an `ExpressionError` leaves the backend as an
`InvalidRequestError`.

Source: "Quotas in Amazon DynamoDB", expression parameters, in the developer guide.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from decimal import Decimal
from typing import Any, Final, TypeVar, cast

from dynamongo._support.unions import assert_never
from dynamongo.backends.memory.ingest import take_value
from dynamongo.exceptions import InvalidRequestError
from dynamongo.expressions.computed import Arithmetic, Computed, IfNotExists, ListAppend, UpdateOperand, operands_in
from dynamongo.expressions.conditions import (
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
    Path,
    Size,
)
from dynamongo.expressions.limits import MAX_EXPRESSION_BYTES, check_limits, path_bytes, rendered_bytes
from dynamongo.expressions.numbers import canonical_number
from dynamongo.expressions.operands import operands_of
from dynamongo.expressions.trees import Branch
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
from dynamongo.expressions.values import MAX_DEPTH, SET_TYPES, AttributeType, AttributeValue, has_utf8_form, type_of

_T = TypeVar("_T")

_LIGHT: Final = 30
"""So many plain parts cannot exceed a limit; see `_weigh`."""

_HEAVY: Final = 1_000
"""The weight of a part that must be checked; more than any number of parts that is light."""

INVALID = "One or more parameter values were invalid:"
"""The first words of many of DynamoDB's messages."""

_LONG_NAMES: dict[AttributeType, str] = {
    "S": "STRING",
    "N": "NUMBER",
    "B": "BINARY",
    "BOOL": "BOOLEAN",
    "NULL": "NULL",
    "L": "LIST",
    "M": "MAP",
}


def check_condition(condition: AnyCondition | None, expression: str = "ConditionExpression") -> None:
    """Refuse a condition that is too large, or that contains an invalid path or value."""
    if condition is not None and _weigh(condition) > _LIGHT:
        check_limits(condition, expression)
        _check_length(rendered_bytes(condition), expression)
        for operand in operands_of(condition):
            _check_operand(operand, expression)


def _check_operand(operand: Operand, expression: str) -> None:
    """Refuse an invalid path or value."""
    if isinstance(operand, Size):
        _check_path(operand.path, expression)
    elif isinstance(operand, Path):
        _check_path(operand, expression)
    else:
        take_value(operand)


def check_projection(paths: Sequence[Path]) -> None:
    """Refuse paths that are invalid or overlap."""
    if len(paths) > _LIGHT or not all(map(_is_plain_path, paths)):
        for path in paths:
            _check_path(path, "ProjectionExpression")
        _check_length(sum(path_bytes(path) + 1 for path in paths), "ProjectionExpression")
    check_path_request(paths, "ProjectionExpression")


def check_list_length(at: str, given: int, most: int, table: str = "") -> None:
    """Refuse a list that is empty or too long; `at` is its place in the request, with `{}` for the table's name."""
    if given < 1:
        refuse_constraints([violation("'[]'", at.format(table), "have length greater than or equal to 1")])
    if given > most:
        refuse_constraints([violation("'[...]'", at.format(table), f"have length less than or equal to {most}")])


def check_number(name: str, given: int | None, *, least: int, most: int | None = None) -> None:
    """Refuse a number out of range; `None` passes."""
    if given is None:
        return
    if type(given) is not int:  # `isinstance` would let True pass
        raise InvalidRequestError(f"Value '{given}' at '{name}' failed to satisfy constraint: it must be an int")
    if given < least:
        refuse_constraints([violation(f"'{given}'", name, f"have value greater than or equal to {least}")])
    if most is not None and given > most:
        refuse_constraints([violation(f"'{given}'", name, f"have value less than or equal to {most}")])


def violation(value: str, at: str, bound: str) -> str:
    """Return DynamoDB's message for a part of a request that is out of bounds; pass the value quoted, or as null."""
    return f"Value {value} at '{at}' failed to satisfy constraint: Member must {bound}"


def refuse_constraints(violations: Iterable[str]) -> None:
    """Refuse a request for all of its violations at once, if there are any."""
    if found := list(violations):
        errors = "errors" if len(found) > 1 else "error"
        raise InvalidRequestError(f"{len(found)} validation {errors} detected: {'; '.join(found)}")


def normalize_updates(updates: Sequence[AnyUpdate], key_names: Collection[str]) -> tuple[AnyUpdate, ...]:
    """Return the updates with canonical values; refuse them if one changes an attribute of the key."""
    # An update of a key attribute is refused even if it would not change the value.
    if len(updates) <= _LIGHT and all(map(_is_plain_update, updates)):
        check_update_request(updates, key_names)
        return tuple(updates)
    normal = tuple(map(_normalize_update, updates))
    _check_length(sum(map(_update_bytes, normal)), "UpdateExpression")
    check_update_request(normal, key_names)
    return normal


def _update_bytes(update: AnyUpdate) -> int:
    """Return an upper bound of the update's length in an expression.

    The dynamodb backend writes every name and value as a placeholder of at most eight bytes.
    """
    steps = path_bytes(update.path)
    match update:
        case AppendUpdate():
            return len(" = list_append(if_not_exists(, ), )") + 2 * steps + 2 * 8  # the elements, and []
        case IncrementUpdate() | SetUpdate(if_not_exists=True):
            return len(" = if_not_exists(, )") + 2 * steps + 8
        case SetUpdate(value=Path() as copied):
            return len(" = ") + steps + path_bytes(copied)
        case SetUpdate(value=Arithmetic() | IfNotExists() | ListAppend() as computed):
            parts = [path_bytes(part) if isinstance(part, Path) else 8 for part in operands_in(computed)]
            # A function for each two parts, at most.
            return len(" = ") + steps + sum(parts) + len(parts) * len("if_not_exists(, )")
        case _:
            return len(" = ") + steps + 8


def _check_length(most_bytes: int, expression: str) -> None:
    """Refuse what may exceed 4096 bytes as an expression, by an upper bound: memory renders no expressions."""
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
            return SetUpdate(path, _normalize_new(value), if_not_exists)
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


def _normalize_new(value: AttributeValue | Path | Computed) -> Any:
    """Return what an update sets with canonical values; refuse constants that its operators cannot take."""
    match value:
        case Path():
            _check_path(value, "UpdateExpression")
            return value
        case Arithmetic(left, operator, right):
            return Arithmetic(_take(operator, left, "N"), operator, _take(operator, right, "N"))
        case ListAppend(first, second):
            return ListAppend(_take("list_append", first, "L"), _take("list_append", second, "L"))
        case IfNotExists(path, otherwise):
            _check_path(path, "UpdateExpression")
            return IfNotExists(path, _normalize_new(otherwise))
        case _:
            return take_value(value)


def _take(operator: str, operand: UpdateOperand, kind: AttributeType) -> Any:
    """Return the normalized operand; refuse a constant of another type than the operator takes."""
    if isinstance(operand, (Path, IfNotExists, ListAppend)):
        return _normalize_new(operand)
    return _normalize_operand(operator, operand, (kind,))


def _normalize_operand(operator: str, value: _T, allowed: Sequence[AttributeType]) -> _T:
    if (kind := type_of(cast("AttributeValue", value))) not in allowed:
        name = f"operator: {operator}, operand type: {_LONG_NAMES.get(kind, kind)}"
        if operator in ("+", "-", "list_append"):  # for SET, DynamoDB words it as in a condition
            name = f"operator or function: {operator}, operand type: {kind}"
        raise InvalidRequestError(f"Invalid UpdateExpression: Incorrect operand type for operator or function; {name}")
    return cast("_T", take_value(cast("AttributeValue", value)))


def _check_path(path: Path, expression: str) -> None:
    first, *rest = path.elements or (0,)  # an empty path is refused as one that starts with a position
    if not isinstance(first, str):
        raise InvalidRequestError(f"Invalid {expression}: Syntax error; not a document path: {path.elements!r}")
    if negative := next((step for step in rest if isinstance(step, int) and step < 0), None):
        raise InvalidRequestError(f'Invalid {expression}: Syntax error; token: "-", near: "[{negative}]"')
    # 32 steps, the first one included ("Referring to item attributes when using expressions", document paths).
    if len(rest) >= MAX_DEPTH:
        raise InvalidRequestError(f"Invalid {expression}: The document path has too many nesting elements")


# The fast path: nearly all conditions and updates are so small and plain that no limit can be exceeded.


def _weigh(condition: AnyCondition) -> int:
    """Return the number of parts of a condition, or at least `_HEAVY` if one of its operands is not plain.

    A part takes at most 120 bytes and three operators: `_LIGHT` parts are far below the limits of 4096 bytes and 300
    operators.
    """
    if not isinstance(condition, Branch):
        return _own_weight(condition)
    weight = 0
    pending: list[AnyCondition] = [condition]
    while pending:  # as `nodes_of`, without a list of them and a call for each branch
        node = pending.pop()
        if isinstance(node, Branch):
            pending += node.branches
            weight += type(node) is Not
        else:
            weight += _own_weight(node)
    return weight


def _own_weight(
    condition: Comparison | Between | In | BeginsWith | Contains | Exists | NotExists | IsType,
) -> int:
    match condition:
        case Comparison():
            return 1 if _is_plain_operand(condition.left) and _is_plain_operand(condition.right) else _HEAVY
        case Exists() | NotExists() | IsType():
            return 1 if _is_plain_operand(condition.path) else _HEAVY
        case BeginsWith():
            return 1 if _is_plain_operand(condition.operand) and _is_plain_operand(condition.prefix) else _HEAVY
        case Contains():
            return 1 if _is_plain_operand(condition.container) and _is_plain_operand(condition.part) else _HEAVY
        case Between() | In():
            operands = tuple(operands_of(condition))
            return len(operands) if all(map(_is_plain_operand, operands)) else _HEAVY
        case _:
            assert_never(condition)


def _is_plain_operand(operand: object) -> bool:
    """Return whether an operand is a short path, or a canonical scalar."""
    if type(operand) is Path:
        return _is_plain_path(operand)
    if type(operand) is str:
        return has_utf8_form(operand)
    if type(operand) is int or type(operand) is Decimal:
        return canonical_number(operand) is operand  # the very object: it is canonical already
    if type(operand) is Size:
        return _is_plain_path(operand.path)
    # Not lists, maps and sets, whose members may be anything.
    return operand is None or type(operand) is bool or type(operand) is bytes


def _is_plain_number(value: object) -> bool:
    return (type(value) is int or type(value) is Decimal) and canonical_number(value) is value


def _is_plain_path(path: Path) -> bool:
    """Return whether a path has at most three steps, which take at most 24 bytes."""
    elements = path.elements
    if len(elements) == 1:
        return type(elements[0]) is str
    return 1 < len(elements) <= 3 and type(elements[0]) is str and all(map(_is_plain_step, elements[1:]))


def _is_plain_step(step: object) -> bool:
    return type(step) is str or (type(step) is int and 0 <= step < 10_000)  # at most "[9999]"


def _is_plain_update(update: AnyUpdate) -> bool:
    if not _is_plain_path(update.path):
        return False
    match update:
        case SetUpdate():
            return not isinstance(update.value, Size) and _is_plain_operand(update.value)
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
