"""JSON Schemas of fields and of objects with fields; each field describes its own values with `json_schema`.

Source: JSON Schema, draft 2020-12.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from decimal import Decimal
from typing import Any

from dynamongo.fields.json_forms import JSONSchema, SchemaMode, as_whole, write_decimals


def describe(field: Any, mode: SchemaMode) -> JSONSchema:
    """Return the JSON Schema of the values of a field, its choices and its default included."""
    schema: JSONSchema = field.json_schema(mode)
    if field.choices is not None:
        present = [choice for choice in field.convert_choices() if not field.is_absent(choice)]
        schema["enum"] = [form for choice in present for form in _list_forms(field.to_json(choice))]
    if field.has_constant_default:
        schema["default"] = write_decimals(field.to_json(field.default), "text", field.label)
    if field.is_generated:
        schema["readOnly"] = True
    return schema


def describe_object(fields: Mapping[str, Any], mode: SchemaMode, present: Collection[str] = ()) -> JSONSchema:
    """Return the JSON Schema of an object with these fields.

    Args:
        fields: The fields by name.
        mode: Whether it is an object that is given, or one that is returned.
        present: The names that returned objects always have, even if only with `null`.
    """
    properties: dict[str, JSONSchema] = {}
    required: list[str] = []
    for name, field in fields.items():
        missing = field.missing_value()
        is_needed = (field.required or field.is_key) and field.is_absent(missing)
        if field.is_generated and mode == "validation":
            is_needed = False
        is_null = not is_needed and (missing is None or mode == "validation")
        properties[name] = _or_null(describe(field, mode)) if is_null else describe(field, mode)
        is_returned = name in present or is_needed or missing is not None
        if is_needed and not field.has_default if mode == "validation" else is_returned:
            required.append(name)
    return {"type": "object", "properties": properties, "required": required, "additionalProperties": False}


def _or_null(schema: JSONSchema) -> JSONSchema:
    if not schema:
        return schema
    about: JSONSchema = {keyword: schema.pop(keyword) for keyword in ("default", "readOnly") if keyword in schema}
    either = schema["anyOf"] if schema.keys() == {"anyOf"} else [schema]
    return {"anyOf": [*either, {"type": "null"}], **about}


def _list_forms(value: Any) -> list[Any]:
    """Return both forms in which a Decimal may be given, and any other value alone."""
    return [str(value), as_whole(float(value))] if isinstance(value, Decimal) else [value]
