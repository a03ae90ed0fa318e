"""What pydantic needs to take a model as the type of a field, and FastAPI as a body or a response.

pydantic imports nothing from here: it calls two methods of the class, which import this module.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, cast

from dynamongo.exceptions import Problem
from dynamongo.mapping.problems.given import read_document
from dynamongo.verbs.forms import Forms

if TYPE_CHECKING:
    from pydantic_core import InitErrorDetails
    from pydantic_core.core_schema import CoreSchema, SerializationInfo

_TYPES = {"missing": "missing", "unknown": "extra_forbidden"}
"""The errors of pydantic's own; it has words for them in its documents, and some clients know them."""


def make_core_schema(model: Any) -> CoreSchema:
    """Return the schema by which pydantic validates and serializes instances of a model."""
    from pydantic_core import core_schema  # noqa: PLC0415 - installed where pydantic calls us

    def validate(given: Any) -> Any:
        return given if isinstance(given, model) else _build(model, given)

    return core_schema.no_info_plain_validator_function(
        validate,
        ref=f"{model.__module__}.{model.__qualname__}:{id(model)}",
        serialization=core_schema.plain_serializer_function_ser_schema(_serialize, info_arg=True),
    )


def _build(model: Any, given: Any) -> Any:
    from pydantic_core import PydanticCustomError, ValidationError  # noqa: PLC0415 - as above

    if not isinstance(given, Mapping):
        raise PydanticCustomError(
            "dynamongo_type",
            "Input should be an object or an instance of {model}",
            {"model": model.__name__},
        )
    document = cast("Mapping[Any, Any]", given)
    values, problems = read_document(model.__mapper__.fields, document)
    if problems:
        raise ValidationError.from_exception_data(model.__name__, list(map(_describe, problems)))
    return model.from_dict(values)


def _describe(problem: Problem) -> InitErrorDetails:
    from pydantic_core import PydanticCustomError  # noqa: PLC0415 - as above

    kind: Any = _TYPES.get(problem.kind) or PydanticCustomError("dynamongo_value", cast("Any", problem.message))
    return {"type": kind, "loc": problem.place, "input": problem.value}


def _serialize(instance: Forms, info: SerializationInfo) -> dict[str, Any]:
    """Return what was read of an item, as `to_dict` does, as far as the caller of pydantic wants it."""
    fields: Mapping[str, Any] = type(instance).__mapper__.fields
    names = [name for name in fields if name in vars(instance)]
    include, exclude = cast("Any", info.include), cast("Any", info.exclude) or ()
    names = [name for name in names if (include is None or name in include) and name not in exclude]
    document: dict[str, Any] = instance.to_dict(names, mode="json" if info.mode_is_json() else "python")
    return {name: value for name, value in document.items() if value is not None or not info.exclude_none}
