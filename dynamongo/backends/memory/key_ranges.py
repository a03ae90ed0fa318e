"""Key ranges: the part of a view that a query or scan reads, given its key condition and its cursor.

Source: "Key condition expressions for the Query operation" and "Paginating table query results" in the developer guide.
"""

from __future__ import annotations

from typing import Any, TypeAlias

from dynamongo._support.unions import assert_never
from dynamongo.backends.memory.ingest import normalize_attributes, take_value
from dynamongo.backends.memory.key_rules import check_key_values, usual_test
from dynamongo.backends.memory.ordered import WHOLE, Interval
from dynamongo.backends.memory.partitions import Position
from dynamongo.backends.memory.table import MemoryTable
from dynamongo.backends.memory.views import View
from dynamongo.exceptions import InvalidRequestError
from dynamongo.expressions.conditions import EQ, GE, GT, LE, LT, BeginsWith, Between, Comparison, Operand, Path, Size
from dynamongo.expressions.values import AttributeValue, Item, type_of
from dynamongo.operations import KeyCondition
from dynamongo.schema import KeyAttribute

_KeyPart: TypeAlias = Comparison | Between | BeginsWith

KeyRange: TypeAlias = tuple[AttributeValue, Interval]
"""What a query reads: the partition of a hash key value, and an interval inside it."""


def check_key_condition(condition: KeyCondition) -> None:
    """Refuse a key condition that no table could have; DynamoDB does so before it looks for the table."""
    hash_key, range_key = condition.hash_key, condition.range_key
    if hash_key.operator != EQ:
        raise InvalidRequestError("Query key condition not supported")
    if isinstance(range_key, Comparison) and range_key.operator not in (EQ, LT, LE, GT, GE):  # `<>` has no interval
        raise InvalidRequestError(f"Invalid operator used in KeyConditionExpression: {range_key.operator}")
    _check_part(hash_key)
    if range_key is not None:
        _check_part(range_key)


def resolve_range(view: View, condition: KeyCondition) -> KeyRange:
    """Return the part of the view that a key condition selects.

    In an index by `name` and `year`, `name = "Ann" AND year >= 1980` selects the partition `"Ann"` from
    `Boundary((1980,))` on.
    """
    hash_value = _values_for(view, view.keys.hash_key, condition.hash_key)[0]
    if condition.range_key is None:
        return hash_value, WHOLE
    if view.keys.range_key is None:
        raise _missed(view.keys.hash_key)
    values = _values_for(view, view.keys.range_key, condition.range_key)
    return hash_value, _interval_of(view, condition.range_key, values)


def resolve_cursor(table: MemoryTable, view: View, cursor: Item, reason: str = "") -> Position:
    """Return the position after which a cursor continues; its item may be gone by now.

    `reason` extends the message for a cursor that is not a key: DynamoDB gives one for a scan, but not for a query.
    """
    # Both keys have exactly their attributes, and usual values: nothing below could refuse the cursor.
    if len(cursor) == len(view.key_names) and table.primary.locate_usual(cursor) is not None:
        position = view.locate_usual(cursor)
        if position is not None:
            return position
    key = normalize_attributes(cursor)
    # A cursor of an index has the keys of both index and table, since items may share an index key.
    types = {part.name: part.type for part in (*table.schema.keys.attributes, *view.keys.attributes)}
    if {name: type_of(value) for name, value in key.items()} != types:
        raise InvalidRequestError(f"The provided starting key is invalid{reason}")
    check_key_values(table.schema.keys, key)
    check_key_values(view.keys, key)
    return view.locate(key)


def check_cursor_in_range(position: Position, wanted: KeyRange) -> None:
    """Refuse a cursor that no page of the query can have returned."""
    if position[0] != wanted[0]:
        raise InvalidRequestError("The provided starting key is outside query boundaries based on provided conditions")
    if position[1] not in wanted[1]:
        raise InvalidRequestError("The provided starting key does not match the range key predicate")


def _check_part(condition: _KeyPart) -> None:
    subject, *values = _operands_of(condition)
    _check_subject(subject)
    for value in values:
        if type(value) is not str or not value.isascii():  # most are, and nothing could be wrong with them
            _value_of(value)


def _operands_of(condition: _KeyPart) -> tuple[Operand, ...]:
    match condition:
        case Comparison():
            return condition.left, condition.right
        case Between():
            return condition.operand, condition.low, condition.high
        case BeginsWith():
            return condition.path, condition.prefix
        case _:
            assert_never(condition)


def _check_subject(subject: Operand) -> None:
    if not isinstance(subject, Path):
        raise InvalidRequestError("Invalid KeyConditionExpression: a condition must start with a key attribute")
    if len(subject.elements) != 1:
        raise InvalidRequestError(
            "Invalid KeyConditionExpression: KeyConditionExpressions cannot have conditions on nested attributes"
        )


def _value_of(operand: Operand) -> AttributeValue:
    if isinstance(operand, (Path, Size)):
        raise InvalidRequestError(
            "Invalid condition in KeyConditionExpression: Multiple attribute names used in one condition"
        )
    return take_value(operand)


def _values_for(view: View, part: KeyAttribute, condition: _KeyPart) -> list[AttributeValue]:
    """Return the canonical values that the condition compares the key attribute with."""
    subject, *operands = _operands_of(condition)
    if not isinstance(subject, Path) or subject.elements != (part.name,):
        raise _missed(part)
    is_usual = usual_test(part.type)
    values: list[Any] = operands
    return [value if is_usual(value) else _check_value(view, part, value) for value in values]


def _check_value(view: View, part: KeyAttribute, operand: Operand) -> AttributeValue:
    value = _value_of(operand)
    if type_of(value) != part.type:
        raise InvalidRequestError(
            "One or more parameter values were invalid: Condition parameter type does not match schema type"
        )
    check_key_values(view.keys, {part.name: value})
    return value


def _missed(part: KeyAttribute) -> InvalidRequestError:
    return InvalidRequestError(f"Query condition missed key schema element: {part.name}")


def _interval_of(view: View, condition: _KeyPart, values: list[AttributeValue]) -> Interval:
    # `= 5` selects from just before 5 to just after it, `> 5` from just after 5 on, and BETWEEN 2 AND 8 from just
    # before 2 to just after 8, as if it were `=` with two values.
    first, last = values[0], values[-1]
    if isinstance(condition, BeginsWith):
        end = _after_prefix(first)  # `None` for a prefix of only the greatest characters: no upper end
        return Interval(view.boundary_at(first), None if end is None else view.boundary_at(end))
    operator = EQ if isinstance(condition, Between) else condition.operator
    low = high = None
    if operator in (EQ, GE, GT):
        low = view.boundary_at(first, is_after=operator == GT)
    if operator in (EQ, LE, LT):
        high = view.boundary_at(last, is_after=operator != LT)
    return Interval(low, high)


def _after_prefix(prefix: AttributeValue) -> str | bytes | None:
    r"""Return the least value greater than all that start with the prefix, or `None` if no value is greater.

    It is the prefix up to its last character that has a successor, with that successor in its place.

    >>> _after_prefix("ab"), _after_prefix(b"a\xff"), _after_prefix(b"\xff")
    ('ac', b'b', None)
    """
    if isinstance(prefix, bytes):
        kept = prefix.rstrip(b"\xff")
        return kept[:-1] + bytes([kept[-1] + 1]) if kept else None
    text = str(prefix).rstrip("\U0010ffff")
    return text[:-1] + chr(ord(text[-1]) + 1) if text else None
