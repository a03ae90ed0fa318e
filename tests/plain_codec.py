"""What a model stores and reads, field by field: the plain reading that compiled codecs are compared with."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from dynamongo import Model
from dynamongo.exceptions import ValidationError
from dynamongo.values import Item


def build(model: type[Model], given: Mapping[str, Any]) -> dict[str, Any] | None:
    """The values of a new instance for what it was given by name; `None` is no value, not even the default."""
    values: dict[str, Any] = {}
    for name, field in model.__fields__.items():
        value = given.get(name)
        value = field.default if name not in given else value if value is None else field.validate(value)
        values[name] = field.missing_value() if value is None else value
    return None if given.keys() - model.__fields__.keys() else values


def encode(model: type[Model], values: Mapping[str, Any], item: Item) -> Item:
    """Put what is stored for the values of an instance into the item, and return it."""
    for name, field in model.__fields__.items():
        value = values[name]
        if not field.is_absent(value):
            item[name] = field.encode(field.validate(value))
        elif field.required:
            raise ValidationError(f"{field.label} is required, and has no value")
    declaration = model.__declaration__
    item.update(
        {field.path.attribute: field.encode_key(values[field.path.attribute]) for field in declaration.keys.fields}
    )
    for name in declaration.index_keys:
        if name in item:
            model.__fields__[name].refuse_empty(item[name])
    return item


def decode(model: type[Model], item: Item) -> dict[str, Any]:
    """The values of an instance, and the stored attributes that have no field."""
    values: dict[str, Any] = {}
    for name, field in model.__fields__.items():
        stored = item.get(name)
        values[name] = field.missing_value() if stored is None else field.decode(stored)
    undeclared = {name: value for name, value in item.items() if name not in model.__fields__}
    return {**values, "_undeclared": undeclared} if undeclared else values
