"""Key ranges: the part of a view that a query or scan reads, given its key condition and its cursor.

Source: "Key condition expressions for the Query operation" and "Paginating table query results" in the developer guide.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NoReturn, TypeAlias

from dynamongo._support.unions import assert_never
from dynamongo.backends.memory.ingest import normalize_attributes, take_value
from dynamongo.backends.memory.key_rules import check_key_values, usual_test
from dynamongo.backends.memory.ordered import WHOLE, Interval
from dynamongo.backends.memory.partitions import Position
from dynamongo.backends.memory.table import MemoryTable
from dynamongo.backends.memory.views import View
from dynamongo.exceptions import InvalidRequestError
from dynamongo.expressions.conditions import (
    EQ,
    GE,
    GT,
    LE,
    LT,
    NE,
    BeginsWith,
    Between,
    Comparison,
    Operand,
    Path,
    Size,
)
from dynamongo.expressions.operands import is_equality
from dynamongo.expressions.values import AttributeValue, Item, type_of
from dynamongo.operations import KeyCondition, KeyPart
from dynamongo.schema import KeyAttribute

KeyRange: TypeAlias = tuple[Any, Interval]
"""What a query reads: the partition of a hash key value, and an interval inside it."""

KeyParts: TypeAlias = Mapping[str, tuple[KeyPart, Sequence[Operand]]]
"""The conditions of a key condition, each with its values, by the attributes that they are on."""


def sort_key_condition(condition: KeyCondition) -> KeyParts:
    """Return the conditions by attribute; refuse those that no table could have.

    DynamoDB refuses them before it looks for the table. Their order says nothing ("KeyConditionExpression" in Query).
    """
    found: dict[str, tuple[KeyPart, Sequence[Operand]]] = {}
    for part in condition.parts:
        if isinstance(part, Comparison) and part.operator == NE:  # `<>` has no interval
            raise InvalidRequestError(f"Invalid operator used in KeyConditionExpression: {part.operator}")
        subject, values = _operands_of(part)
        name = _name_of(subject)
        for value in values:
            if type(value) is not str or not value.isascii():  # most are, and nothing could be wrong with them
                _value_of(value)
        if name in found:
            raise InvalidRequestError(
                "Invalid KeyConditionExpression: KeyConditionExpressions must only contain one condition per key"
            )
        found[name] = part, values
    return found


def resolve_range(view: View, parts: KeyParts) -> KeyRange:
    """Return the part of the view that a key condition selects.

    In an index by `name` and `year`, `name = "Ann" AND year >= 1980` selects the partition `"Ann"` from
    `Boundary((1980,))` on.
    """
    keys = view.keys
    attributes = keys.hash_attributes
    hash_value: Any = _find_hash_value(view, attributes[0], parts)
    if len(attributes) > 1:
        hash_value = (hash_value, *[_find_hash_value(view, each, parts) for each in attributes[1:]])
    if len(parts) == len(attributes):
        return hash_value, WHOLE
    if len(parts) > len(keys.names):
        raise InvalidRequestError(
            f"The number of query conditions ({len(parts)}) exceeds the number of key attributes defined in the schema"
            f" ({len(keys.names)})"
        )
    return hash_value, _find_interval(view, parts)


def _find_hash_value(view: View, attribute: KeyAttribute, parts: KeyParts) -> AttributeValue:
    part = parts.get(attribute.name)
    if part is not None and is_equality(part[0]):
        return _take_values(view, attribute, part[1])[0]
    if len(view.keys.hash_attributes) > 1:
        # Recorded in pieces only (`HASH`, `equality`): the words are those for RANGE attributes.
        raise InvalidRequestError(
            f"HASH key attributes {attribute.name} must have equality conditions specified in the query"
        )
    if part is None:
        raise _missed(attribute)
    raise InvalidRequestError("Query key condition not supported")


def _find_interval(view: View, parts: KeyParts) -> Interval:
    """Return the interval that the conditions on range attributes select, of which there is at least one."""
    attributes = view.keys.range_attributes
    place = len(parts) - len(view.keys.hash_attributes) - 1
    last = attributes[place]
    found = parts.get(last.name)
    if found is None:  # a condition on another attribute has taken its place
        _refuse_gap(attributes, parts)
    fixed = _find_fixed(view, attributes[:place], parts) if place else ()
    return _interval_of(view, fixed, found[0], _take_values(view, last, found[1]))


def _find_fixed(view: View, attributes: Sequence[KeyAttribute], parts: KeyParts) -> list[AttributeValue]:
    """Return the values of the range attributes before the last one that is named."""
    fixed: list[AttributeValue] = []
    for each in attributes:
        found = parts.get(each.name)
        if found is None or not is_equality(found[0]):
            _refuse_gap(view.keys.range_attributes, parts)
        fixed += _take_values(view, each, found[1])
    return fixed


def _refuse_gap(attributes: Sequence[KeyAttribute], parts: KeyParts) -> NoReturn:
    """Refuse conditions on range attributes of which one before the last is not compared by `=`."""
    named = [place for place, each in enumerate(attributes) if each.name in parts]
    last = named[-1] if named else 0
    lacking = [
        each.name for each in attributes[:last] if each.name not in parts or not is_equality(parts[each.name][0])
    ]
    if not lacking:  # one is on an attribute that is no key
        raise _missed(next(each for each in attributes if each.name not in parts))
    # That all of them are named, not the first alone, is read from the plural: the answers recorded lack one.
    raise InvalidRequestError(
        f"RANGE key attributes {', '.join(lacking)} must have equality conditions specified in the query because a"
        f" condition is present on key attribute {attributes[last].name}"
    )


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


def _operands_of(condition: KeyPart) -> tuple[Operand, Sequence[Operand]]:
    """Return what the condition is on, and what that is compared with."""
    match condition:
        case Comparison():
            return condition.left, (condition.right,)
        case Between():
            return condition.operand, (condition.low, condition.high)
        case BeginsWith():
            return condition.operand, (condition.prefix,)
        case _:
            assert_never(condition)


def _name_of(subject: Operand) -> str:
    if not isinstance(subject, Path):
        raise InvalidRequestError("Invalid KeyConditionExpression: a condition must start with a key attribute")
    if len(subject.elements) != 1:
        raise InvalidRequestError(
            "Invalid KeyConditionExpression: KeyConditionExpressions cannot have conditions on nested attributes"
        )
    return subject.attribute


def _value_of(operand: Operand) -> AttributeValue:
    if isinstance(operand, (Path, Size)):
        raise InvalidRequestError(
            "Invalid condition in KeyConditionExpression: Multiple attribute names used in one condition"
        )
    return take_value(operand)


def _take_values(view: View, part: KeyAttribute, values: Sequence[Any]) -> list[AttributeValue]:
    """Return the canonical values that a condition compares the key attribute with."""
    is_usual = usual_test(part.type)
    return [value if is_usual(value) else _check_value(view, part, value) for value in values]


def _check_value(view: View, part: KeyAttribute, operand: Operand) -> AttributeValue:
    value = _value_of(operand)
    if type_of(value) != part.type:
        raise InvalidRequestError(
            "One or more parameter values were invalid: AnyCondition parameter type does not match schema type"
        )
    check_key_values(view.keys, {part.name: value})
    return value


def _missed(part: KeyAttribute) -> InvalidRequestError:
    return InvalidRequestError(f"Query condition missed key schema element: {part.name}")


def _interval_of(
    view: View, fixed: Sequence[AttributeValue], condition: KeyPart, values: Sequence[AttributeValue]
) -> Interval:
    """Return the interval of a condition on a range attribute, given the values of those before it."""
    # `= 5` selects from just before 5 to just after it, `> 5` from just after 5 on, and BETWEEN 2 AND 8 from just
    # before 2 to just after 8, as if it were `=` with two values. After `year = 2025`, `month > 5` ends with that year.
    first, last = (*fixed, values[0]), (*fixed, values[-1])
    low = high = None
    if fixed:
        low, high = view.boundary_at(fixed), view.boundary_at(fixed, is_after=True)
    if isinstance(condition, BeginsWith):
        end = _after_prefix(values[0])  # `None` for a prefix of only the greatest characters: no upper end
        return Interval(view.boundary_at(first), high if end is None else view.boundary_at((*fixed, end)))
    operator = EQ if isinstance(condition, Between) else condition.operator
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
