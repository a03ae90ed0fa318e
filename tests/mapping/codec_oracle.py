"""The oracle of codecs: what a model stores and reads, field by field, to compare plain and compiled codecs with."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from dynamongo import Document, Field, Model
from dynamongo.exceptions import ValidationError
from dynamongo.expressions.values import Item, hidden_values
from dynamongo.expressions.wire_values import decode_item
from dynamongo.mapping.records import record_of, stored_item_of


def build(model: type[Model], given: Mapping[str, Any]) -> dict[str, Any] | None:
    """The values of a new instance for what it was given by name; `None` is no value, not even the default."""
    values: dict[str, Any] = {}
    for name, field in model.__mapper__.fields.items():
        value = given.get(name)
        value = field.default if name not in given else value if value is None else field.validate(value)
        values[name] = field.missing_value() if value is None else value
    return None if given.keys() - model.__mapper__.fields.keys() else values


def encode(model: type[Model], values: Mapping[str, Any], item: Item) -> Item:
    """Put what is stored for the values of an instance into the item, and return it."""
    for name, field in model.__mapper__.fields.items():
        value = values[name]
        if not field.is_absent(value):
            item[name] = field.encode(field.validate(value))
        elif field.required:
            raise ValidationError(f"{field.label} is required but has no value")
    declaration = model.__mapper__.declaration
    item.update(
        {field.path.attribute: field.encode_key(values[field.path.attribute]) for field in declaration.keys.fields}
    )
    for name in declaration.index_keys:
        if name in item:
            model.__mapper__.fields[name].refuse_empty(item[name])
    return item


def decode(model: type[Model], item: Item) -> tuple[dict[str, Any], dict[str, Any]]:
    """The values of an instance, and the stored attributes that have no field."""
    values = {name: _decode_field(field, item.get(name)) for name, field in model.__mapper__.fields.items()}
    return values, {name: value for name, value in item.items() if name not in model.__mapper__.fields}


def find_errors(model: type[Model], item: Item) -> dict[str, str]:
    """What each field says about an attribute that it cannot read."""
    errors: dict[str, str] = {}
    for name, field in model.__mapper__.fields.items():
        try:
            with hidden_values():  # no error shows what is stored
                _decode_field(field, item.get(name))
        except ValidationError as error:
            errors[name] = str(error)
    return errors


def _decode_field(field: Field[Any], stored: Any) -> Any:
    if stored is not None:
        return field.decode(stored)
    if field.is_key:
        raise ValidationError(
            f"{field.label} is part of the key, but the stored item has no such attribute: the table has"
            " another key; compare_table() shows both"
        )
    return field.missing_value()


def check_read(model: type[Model], text: str) -> bool:
    """Compare what is read from the JSON of an item with the plain way; tell whether it was read."""
    read, wire = model.__mapper__.codec.read, json.loads(text)
    instance = None if read is None else read(model, wire, text)
    if instance is None:
        return False
    item = decode_item(wire)
    assert type(instance) is model
    assert typed((vars(instance), record_of(instance).undeclared)) == typed(decode(model, item))
    assert typed(stored_item_of(instance)) == typed(item)
    return True


def typed(value: Any) -> Any:
    """The value in a form in which `==` distinguishes types: `True` from `1`, a `HeldDict` from a `dict`."""
    if isinstance(value, Document):
        return type(value), typed(vars(value))
    if isinstance(value, dict):
        beside = typed(vars(value)) if type(value) is not dict else None
        return type(value), {name: typed(member) for name, member in value.items()}, beside
    if isinstance(value, (list, tuple)):
        return type(value), [typed(element) for element in value]
    if isinstance(value, (set, frozenset)):
        return type(value), sorted(map(repr, value))
    return type(value), repr(value)
