"""Ranges: the part of a view that a query or scan reads, from its key condition and its cursor.

Source: "Key condition expressions for the Query operation" and "Paginating table query results" in the developer guide.
"""

from __future__ import annotations

from typing import NamedTuple, TypeAlias

from dynamongo.backends.memory.checks import normalize_attributes, normalize_value
from dynamongo.backends.memory.keys import check_key_values
from dynamongo.backends.memory.table import TOP, Interval, Position, Table, View
from dynamongo.conditions import EQ, GE, GT, LE, LT, BeginsWith, Between, Comparison, Operand, Path, Size
from dynamongo.exceptions import InvalidRequestError, assert_never
from dynamongo.operations import KeyCondition
from dynamongo.schema import KeyAttribute
from dynamongo.values import AttributeValue, Item, type_of

RangeCondition: TypeAlias = Comparison | Between | BeginsWith


class Range(NamedTuple):
    """What a query reads: an interval of one partition."""

    hash_value: AttributeValue
    interval: Interval


def check_key_condition(condition: KeyCondition) -> None:
    """Refuse, before the table is known, what can be a key condition of no table."""
    if condition.hash_key.operator != EQ:
        raise InvalidRequestError("Query key condition not supported")
    if isinstance(condition.range_key, Comparison) and condition.range_key.operator not in (EQ, LT, LE, GT, GE):
        raise InvalidRequestError(f"Invalid operator used in KeyConditionExpression: {condition.range_key.operator}")
    for part in (condition.hash_key, condition.range_key):
        if part is not None:
            subject, *values = _operands_of(part)
            _check_subject(subject)
            for value in values:
                _value_of(value)


def range_of(view: View, condition: KeyCondition) -> Range:
    """The part of the view that the key condition asks for."""
    hash_value = _values_for(view, view.keys.hash_key, condition.hash_key)[0]
    if condition.range_key is None:
        return Range(hash_value, Interval())
    if view.keys.range_key is None:
        raise _missed(view.keys.hash_key)
    values = _values_for(view, view.keys.range_key, condition.range_key)
    return Range(hash_value, _interval_of(condition.range_key, values))


def position_of_cursor(table: Table, view: View, cursor: Item) -> Position:
    """The position in the view after which a cursor goes on; nothing need stand there any more."""
    key = normalize_attributes(cursor)
    types = {part.name: part.type for part in (*table.schema.keys.attributes, *view.keys.attributes)}
    if {name: type_of(value) for name, value in key.items()} != types:
        raise InvalidRequestError("The provided starting key is invalid")
    check_key_values(table.schema.keys, key)
    check_key_values(view.keys, key)
    return view.locate(key)


def check_cursor_in_range(position: Position, wanted: Range) -> None:
    """Refuse a cursor that no page of this query can have ended with."""
    if position.hash_value != wanted.hash_value:
        raise InvalidRequestError("The provided starting key is outside query boundaries based on provided conditions")
    if position.sort not in wanted.interval:
        raise InvalidRequestError("The provided starting key does not match the range key predicate")


def _operands_of(condition: RangeCondition) -> tuple[Operand, ...]:
    match condition:
        case Comparison(left, _, right):
            return (left, right)
        case Between(operand, low, high):
            return (operand, low, high)
        case BeginsWith(path, prefix):
            return (path, prefix)
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
    return normalize_value(operand)


def _values_for(view: View, part: KeyAttribute, condition: RangeCondition) -> list[AttributeValue]:
    """The canonical values that the condition compares the key attribute with."""
    subject, *operands = _operands_of(condition)
    if subject != Path(part.name):
        raise _missed(part)
    values = list(map(_value_of, operands))
    for value in values:
        if type_of(value) != part.type:
            raise InvalidRequestError(
                "One or more parameter values were invalid: Condition parameter type does not match schema type"
            )
        check_key_values(view.keys, {part.name: value})
    return values


def _missed(part: KeyAttribute) -> InvalidRequestError:
    return InvalidRequestError(f"Query condition missed key schema element: {part.name}")


def _interval_of(condition: RangeCondition, values: list[AttributeValue]) -> Interval:
    """The interval of sorts: `(x,)` comes just before everything with the range key `x`, `(x, TOP)` just after."""
    first, last = values[0], values[-1]
    if isinstance(condition, BeginsWith):
        return Interval((first,), _after_prefix(first))
    if isinstance(condition, Between) or condition.operator == EQ:
        return Interval((first,), (last, TOP))
    bounds = {
        LT: Interval(high=(first,)),
        LE: Interval(high=(first, TOP)),
        GT: Interval(low=(first, TOP)),
        GE: Interval(low=(first,)),
    }
    return bounds[condition.operator]


def _after_prefix(prefix: AttributeValue) -> tuple[object, ...]:
    r"""The least sort greater than all that start with the prefix: its last letter that has a successor, raised.

    >>> _after_prefix("ab"), _after_prefix(b"a\xff"), _after_prefix(b"\xff")
    (('ac',), (b'b',), (TOP,))
    """
    if isinstance(prefix, bytes):
        kept = prefix.rstrip(b"\xff")
        return (kept[:-1] + bytes([kept[-1] + 1]),) if kept else (TOP,)
    text = str(prefix).rstrip("\U0010ffff")
    return (text[:-1] + chr(ord(text[-1]) + 1),) if text else (TOP,)
