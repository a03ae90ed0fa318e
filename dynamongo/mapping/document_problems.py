"""Everything that is wrong with a document, each problem with its place, as web frameworks report it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Literal, TypeAlias, cast

from dynamongo._support.dataclasses import dataclass
from dynamongo.exceptions import ValidationError
from dynamongo.fields.base import Field
from dynamongo.fields.containers import ListField, SetField
from dynamongo.fields.maps import DictField

Place: TypeAlias = tuple[str | int, ...]


@dataclass(frozen=True, slots=True)
class Problem:
    """Something that is wrong with a document.

    Attributes:
        kind: Whether a value is missing, has a name without a field, or does not suit its field.
        place: The names and positions that lead to the value.
        value: What was given there; for a missing value, the object that lacks it.
        message: What is wrong, in words.
    """

    kind: Literal["missing", "unknown", "unsuitable"]
    place: Place
    value: Any
    message: str


def read_document(
    fields: Mapping[str, Field[Any]], document: Mapping[Any, Any]
) -> tuple[dict[str, Any], list[Problem]]:
    """Return the values of a document for the constructor of its model, and what is wrong with the document."""
    values: dict[str, Any] = {}
    problems = _find_wrong_names(fields, document, ())
    for name, field in fields.items():
        given = document.get(name)
        if given is not None:
            problems += _try(field, given, (name,), values)
        elif name in document:
            values[name] = None
    return values, problems


def _try(field: Field[Any], given: Any, place: Place, values: dict[str, Any] | None = None) -> list[Problem]:
    """Put the value of a field into `values`, or return what is wrong with it."""
    try:
        value = field.validate(field.from_json(given))
    except ValidationError as error:
        inner = list(_look_inside(field, given, place))
        return inner or [Problem("unsuitable", place, given, str(error))]
    if values is not None:
        values[str(place[-1])] = value
    return []


def _look_inside(field: Field[Any], given: Any, place: Place) -> Iterable[Problem]:
    """Yield what is wrong with the parts of a value; nothing if the value itself is wrong."""
    if isinstance(field, DictField) and field.fields and isinstance(given, Mapping):
        members = cast("Mapping[Any, Any]", given)
        fields: Mapping[str, Field[Any]] = field.fields
        yield from _find_wrong_names(fields, members, place)
        for name, member in fields.items():
            if members.get(name) is not None:
                yield from _try(member, members[name], (*place, name))
    elif isinstance(field, (ListField, SetField)) and isinstance(given, (list, tuple)):
        part: Field[Any] = cast("Any", field.element if isinstance(field, ListField) else field.member)
        for index, each in enumerate(cast("list[Any]", given)):
            yield from _try(part.with_label(f"{field.label}[{index}]"), each, (*place, index))


def _find_wrong_names(fields: Mapping[str, Field[Any]], given: Mapping[Any, Any], place: Place) -> list[Problem]:
    unknown = [Problem("unknown", (*place, str(name)), given[name], "") for name in given if name not in fields]
    missing: list[Problem] = []
    for name, field in fields.items():
        if not (field.required or field.is_key) or not field.is_absent(field.missing_value()):
            continue
        if name not in given and not field.has_default:
            missing.append(Problem("missing", (*place, name), given, f"{field.label} is required"))
        elif name in given and given[name] is None:
            missing.append(Problem("unsuitable", (*place, name), None, f"{field.label} is required; got None"))
    return unknown + missing
