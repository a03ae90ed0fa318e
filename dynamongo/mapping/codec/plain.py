"""The plain codec of a model: what it stores and reads, field by field.

It says what the compiled codec of `model_codec` does, and does it for the first calls of a program.
`tests/mapping/test_model_codec.py` compares both with an oracle.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NoReturn, TypeAlias

from dynamongo.exceptions import ValidationError
from dynamongo.expressions.values import AttributeValue, Item
from dynamongo.fields.base import Field
from dynamongo.mapping.codec.keys import KeyCodec

Fields: TypeAlias = Mapping[str, Field[Any]]
Values: TypeAlias = dict[str, Any]


def build(fields: Fields, given: Mapping[str, Any]) -> Values | None:
    """Return the values of a new instance; `None` if a given name belongs to no field."""
    values: Values = {}
    for name, field in fields.items():
        if name not in given:
            values[name] = default_of(field)
        else:
            value = given[name]
            values[name] = field.missing_value() if value is None else validate(field, value)
    return values if given.keys() <= fields.keys() else None


def encode(fields: Fields, keys: KeyCodec, index_keys: Sequence[Field[Any]], values: Values, item: Item) -> Item:
    """Add what is stored for the values of an instance to the item, and return it."""
    for name, field in fields.items():
        value = values[name]
        if not field.stored:
            continue
        if not field.is_absent(value):
            item[field.path.attribute] = field.encode(field.validate(value))
        elif field.required:
            refuse_missing(field)
    if not all(map(item.get, keys.names)):  # the key codec refuses a missing or empty key
        item.update(keys.encode([values[name] for name in keys.field_names]))
    for field in index_keys:  # an index key may be missing, but DynamoDB refuses empty ones
        if not item.get(field.path.attribute, True):
            field.refuse_empty(item[field.path.attribute])
    return item


def decode(fields: Fields, item: Item) -> Values:
    """Return the values of an instance of the item."""
    return {name: read_attribute(field, item.get(field.path.attribute)) for name, field in fields.items()}


def read_attribute(field: Field[Any], stored: AttributeValue) -> Any:
    """Return the Python value for an attribute value, `None` for NULL and for a missing attribute."""
    if stored is not None:
        return field.decode(stored)
    return refuse_keyless(field) if field.is_key else field.read_absent()


def validate(field: Field[Any], given: Any) -> Any:
    """Return what an instance holds for a value that was given."""
    value = field.validate(given)
    return field.missing_value() if value is None else value


def default_of(field: Field[Any]) -> Any:
    """Return what an instance holds if no value was given."""
    value = field.default
    return field.missing_value() if value is None else value


def validate_and_encode(field: Field[Any], value: Any) -> AttributeValue:
    """Return what is stored for a value that an instance holds: it may be a list that was changed since."""
    return field.encode(field.validate(value))


def refuse_missing(field: Field[Any]) -> NoReturn:
    """Raise the error for a required value that is missing."""
    raise ValidationError(f"{field.label} is required but has no value")


def refuse_keyless(field: Field[Any]) -> NoReturn:
    """Raise the error for an item without an attribute of the key."""
    raise ValidationError(
        f"{field.label} is part of the key, but the stored item has no such attribute: the table has another key;"
        " compare_table() shows both"
    )
