"""The fields of elements and members, as the fields that contain them are given them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeAlias, cast

from dynamongo.exceptions import SchemaError
from dynamongo.expressions.values import shorten
from dynamongo.fields.base import Field

FieldLike: TypeAlias = "Field[Any] | Callable[[], Field[Any]]"
"""A field, or the class of a field that needs no arguments."""


def as_field(label: str, field: object) -> Field[Any]:
    """Return a field that was given as such, or as its class; raise `SchemaError` for anything else."""
    if isinstance(field, Field):
        return cast("Field[Any]", field)
    if not isinstance(field, type):
        raise SchemaError(f"{label} takes a field, such as StringField(); got {shorten(field)}")
    if not issubclass(field, Field):
        is_document = hasattr(cast("object", field), "__document__")
        fix = f": write DocumentField({field.__name__})" if is_document else ""
        raise SchemaError(f"{label} takes a field, such as StringField(); got the class {field.__name__}{fix}")
    try:
        return cast("type[Field[Any]]", field)()
    except TypeError as error:
        raise SchemaError(f"{label}: {field.__name__} needs arguments: {error}") from error


def as_element(label: str, field: object) -> Field[Any]:
    """Return the same for the elements of a list or set, which have no names and are never missing."""
    element = as_field(label, field)
    if element.stored_as is not None:
        raise SchemaError(f"{label}: its elements have no names, so stored_as={element.stored_as!r} means nothing here")
    if element.has_read_rule:
        raise SchemaError(f"{label}: its elements are never missing, so default_on_read means nothing here")
    return element


def read_json(element: Field[Any], value: Any) -> Any:
    """Return what JSON has for an element; `None` as it is."""
    return None if value is None else element.from_json(value)  # `validate` refuses None
