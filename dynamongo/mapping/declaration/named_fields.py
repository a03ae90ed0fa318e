"""Fields that a class body names: for the keys of its table, and for the keys and projections of its indexes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from dynamongo.expressions.sizes import text_size
from dynamongo.expressions.values import SCALAR_TYPES, ScalarType, shorten
from dynamongo.fields.base import Field
from dynamongo.mapping.declaration.options import refuse
from dynamongo.schema import MAX_KEY_NAME_BYTES, KeyAttribute


def find_field(model: type, attribute: str, name: object, fields: Mapping[str, Field[Any]]) -> Field[Any]:
    """Return the field that an attribute of the class names; raise `SchemaError` if there is none."""
    if not isinstance(name, str) or name not in fields:
        from dynamongo._support.annotations import read_annotations  # noqa: PLC0415 - only an error needs it

        is_annotated = isinstance(name, str) and name in read_annotations(model)
        fix = "; an annotation without a value makes a field in a TypedModel alone" if is_annotated else ""
        refuse(model, attribute, f"must be the name of a field ({', '.join(fields)}); got {shorten(name)}{fix}")
    return fields[name]


def find_key_field(
    model: type, attribute: str, name: object, fields: Mapping[str, Field[Any]], *, is_range: bool
) -> Field[Any]:
    """Return the field that an attribute of the class names, if it can be part of a hash or range key."""
    field = find_field(model, attribute, name, fields)
    field.check_key(is_range=is_range)
    return field


def make_key_attribute(model: type, field: Field[Any]) -> KeyAttribute:
    """Return the key attribute in which a field is stored."""
    name = field.path.attribute
    check_attribute_name(model, field.path.name, name)
    return KeyAttribute(name, _scalar_type(model, field))


def check_attribute_name(model: type, attribute: str, name: str) -> None:
    """Refuse a name that is too long for keys and projections, which have a lower limit than other attributes."""
    if (size := text_size(name)) > MAX_KEY_NAME_BYTES:
        expected = f"must be stored under a name of at most {MAX_KEY_NAME_BYTES} bytes"
        refuse(
            model,
            attribute,
            f"{expected}, as all attributes of keys and projections; got {size} bytes: {shorten(name)}",
        )


def _scalar_type(model: type, field: Field[Any]) -> ScalarType:
    for scalar_type in SCALAR_TYPES:
        if field.stored_type == scalar_type:
            return scalar_type
    stored = field.stored_type or 'any type; a custom field declares one with stored_type = "S"'
    kind = type(field).__name__
    refuse(model, field.path.name, f"is a key, which must be stored as S, N or B; {kind} stores {stored}")
