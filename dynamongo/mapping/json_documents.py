"""The JSON of a model: documents that web clients send and get, and their JSON Schema."""

from __future__ import annotations

import copy
import inspect
import json
from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import Any, cast

from dynamongo.exceptions import ValidationError
from dynamongo.expressions.values import shorten
from dynamongo.fields.base import Field
from dynamongo.fields.json import refuse_constant
from dynamongo.fields.json_forms import Decimals, JSONSchema, SchemaMode, write_decimals
from dynamongo.fields.json_schemas import describe_object
from dynamongo.mapping.mapper import Mapper
from dynamongo.mapping.problems import given as given_problems


def to_document(fields: Mapping[str, Field[Any]], values: Mapping[str, Any], decimals: Decimals) -> dict[str, Any]:
    """Return what `json.dumps` takes for the values of an instance; `None` stays as it is.

    Raises:
        ValidationError: A value does not suit its field (it may have been changed in place), or JSON would round it.
    """
    return {name: _to_json(fields[name], value, decimals) for name, value in values.items()}


def copy_values(name: str, values: Mapping[str, Any]) -> dict[str, Any]:
    """Return copies of the values of an instance, so that changes in the dict do not change the instance."""
    try:
        return {name: copy.deepcopy(value) for name, value in values.items()}
    except RecursionError:
        raise ValidationError(f"{name}.to_dict: a value is nested too deeply to be copied") from None


def _to_json(field: Field[Any], value: Any, decimals: Decimals) -> Any:
    if value is None:
        return None
    try:
        return write_decimals(field.to_json(value), decimals, field.label)
    except RecursionError:
        raise ValidationError(f"{field.label} is nested too deeply to be written as JSON") from None
    except (AttributeError, TypeError, ValueError):
        field.validate(value)  # raises the error of a wrong value
        raise


def read_values(owner: given_problems.FieldOwner, document: Mapping[str, Any]) -> dict[str, Any]:
    """Return the values for the constructor; raises `ValidationError` for a JSON value that no field takes."""
    given_problems.refuse_no_dict(owner.name, document)
    fields, values = owner.fields, document.items()
    if not document.keys() <= fields.keys():
        error = ValidationError(owner.describe_unknown([name for name in document if name not in fields]))
        raise given_problems.explain_given(owner, document, error, given_problems.read_json)
    try:
        return {name: None if value is None else fields[name].from_json(value) for name, value in values}
    except ValidationError as error:
        raise given_problems.explain_given(owner, document, error, given_problems.read_json) from error.__cause__


def parse_document(name: str, text: str | bytes) -> Mapping[str, Any]:
    """Return the object of a JSON text, with its numbers as they are written.

    Raises:
        ValidationError: It is not the JSON text of an object.
    """
    try:
        document: object = json.loads(text, parse_float=Decimal, parse_constant=refuse_constant)
    except (ValueError, TypeError, RecursionError) as error:
        raise ValidationError(f"{name}: not a JSON text: {error}; got {shorten(text)}") from error
    if not isinstance(document, dict):
        raise ValidationError(f"{name}: expected the JSON text of an object; got {shorten(text)}")
    return cast("dict[str, Any]", document)


def describe_model(mapper: Mapper[Any], mode: SchemaMode) -> JSONSchema:
    """Return the JSON Schema of the documents of a model."""
    described = describe_object(mapper.fields, mode, present=tuple(mapper.fields))
    text = vars(mapper.model).get("__doc__")
    about = {"description": inspect.cleandoc(text)} if text else {}
    return {"title": mapper.name, **about, **described}


def dump_document(document: Mapping[str, Any], options: Mapping[str, Any]) -> str:
    """Return the JSON text of a document, in UTF-8 characters and without NaN."""
    dumps: Callable[..., str] = json.dumps
    return dumps(document, **{"ensure_ascii": False, "allow_nan": False, **options})
