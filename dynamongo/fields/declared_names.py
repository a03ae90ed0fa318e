"""Names under which a model or a map declares fields: which are taken, and which are those of options."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from dynamongo.exceptions import SchemaError
from dynamongo.fields.base import Field


def refuse_shared_names(label: str, fields: Mapping[str, Field[Any]]) -> None:
    """Raise `SchemaError` if two of the fields of the model or map would be stored under one name."""
    names: dict[str, str] = {}
    for name, field in fields.items():
        stored = field.stored_as or name
        if stored in names:
            raise SchemaError(f"{label}: {names[stored]} and {name} would both be stored as {stored!r}")
        names[stored] = name


def refuse_fields(options: Mapping[str, object]) -> None:
    """Raise `SchemaError` if an option of a map is a field, which was meant for a member of that name."""
    for name, option in options.items():
        if option is not None and is_field(option):
            raise SchemaError(
                f"{name} is an option of DictField itself: declare a field of that name in a mapping,"
                f' such as DictField({{"{name}": StringField()}}, ...)'
            )


def is_field(value: object) -> bool:
    """Return whether a value is a field, or the class of one."""
    return isinstance(value, Field) or (isinstance(value, type) and issubclass(value, Field))
