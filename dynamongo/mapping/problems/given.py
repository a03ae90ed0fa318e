"""Everything that is wrong with what was given for an item: by a program, or in a document of a web client.

Constructors and saves stop at the first wrong value, which is fast. Once it is known that something is wrong,
everything is looked at again here, field by field and part by part, as `problems.stored` does for what is stored.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, NoReturn, TypeAlias, cast

from dynamongo.exceptions import AttributeNotLoaded, Problem, ValidationError
from dynamongo.expressions.values import shorten
from dynamongo.fields.base import Field
from dynamongo.fields.containers import ListField, SetField
from dynamongo.fields.documents import DocumentField
from dynamongo.fields.maps import DictField
from dynamongo.mapping.codec.plain import refuse_missing, validate, validate_and_encode
from dynamongo.mapping.problems.stored import Place, describe_problems

if TYPE_CHECKING:
    from typing import Protocol

    class FieldOwner(Protocol):
        """What has the fields: a mapper, or the class of a `Document`."""

        @property
        def name(self) -> str:
            """The name of the class."""
            ...

        @property
        def fields(self) -> Mapping[str, Field[Any]]:
            """The fields by name."""
            ...

        def describe_unknown(self, names: Sequence[object]) -> str:
            """Return the message for names that are not those of fields."""
            ...


Read: TypeAlias = Callable[[Field[Any], Any], Any]
"""Returns the Python value for what was given, and raises `ValidationError` for what does not suit the field."""


def read_document(
    fields: Mapping[str, Field[Any]], document: Mapping[Any, Any]
) -> tuple[dict[str, Any], list[Problem]]:
    """Return the values of a document for the constructor of its model, and what is wrong with the document."""
    values: dict[str, Any] = {}
    problems = [*_find_unknown(fields, document), *_find_missing(fields, document)]
    for name, field in fields.items():
        given = document.get(name)
        if given is not None:
            problems += _try(field, given, (name,), read_json, values)
        elif name in document:
            values[name] = None
    return values, problems


def find_in_values(fields: Mapping[str, Field[Any]], given: Mapping[Any, Any], read: Read = validate) -> list[Problem]:
    """Return what is wrong with values by the names of fields: those that a constructor or a document has."""
    problems = list(_find_unknown(fields, given))
    for name, field in fields.items():
        if given.get(name) is not None:
            problems += _try(field, given[name], (name,), read)
    return problems


def find_in_instance(fields: Mapping[str, Field[Any]], held: Mapping[str, Any]) -> list[Problem]:
    """Return what is wrong with the values that an instance holds, and is to save: required ones must be there."""
    return [
        problem for name, field in fields.items() if name in held for problem in _try(field, held[name], (name,), _save)
    ]


def explain_given(
    owner: FieldOwner, given: Mapping[Any, Any], error: ValidationError, read: Read = validate
) -> ValidationError:
    """Return the error of values that were given, with all that is wrong with them."""
    return _join(error, find_in_values(owner.fields, given, read), owner)


def refuse_unknown(owner: FieldOwner, given: Mapping[Any, Any]) -> NoReturn:
    """Raise the error of values of which no more is wrong than that some belong to no field."""
    problems = list(_find_unknown(owner.fields, given))
    raise with_problems(ValidationError(owner.describe_unknown([each.field for each in problems])), problems)


def refuse_no_dict(name: str, values: object) -> None:
    """Raise `ValidationError` for anything but a dict of the values of a model or document."""
    if type(values) is not dict and not isinstance(values, Mapping):
        raise ValidationError(f"{name}: expected a dict of its values; got {shorten(values)}")


def explain_names(owner: FieldOwner, given: Mapping[Any, Any]) -> None:
    """Raise the error of what cannot be given by name, with all that is wrong: no dict, or names of no field."""
    refuse_no_dict(owner.name, given)
    if unknown := [name for name in given if name not in owner.fields]:
        raise explain_given(owner, given, ValidationError(owner.describe_unknown(unknown)))


def explain_instance(owner: FieldOwner, held: Mapping[str, Any], error: ValidationError) -> ValidationError:
    """Return the error of a save, with all that is wrong with the values that the instance holds."""
    return error if error.problems else _join(error, find_in_instance(owner.fields, held), owner)


def join_problems(problems: Sequence[Problem]) -> ValidationError:
    """Return one error for several problems."""
    return with_problems(ValidationError(describe_problems(problems)), problems)


def with_problems(error: ValidationError, problems: Iterable[Problem]) -> ValidationError:
    """Return the error itself, which from now on has these problems."""
    error.problems = tuple(problems)
    return error


def read_json(field: Field[Any], given: Any) -> Any:
    """Return the Python value of a JSON value."""
    return field.validate(field.from_json(given))


def _join(error: ValidationError, problems: list[Problem], owner: FieldOwner) -> ValidationError:
    """Return the error itself if it tells all, else another that does."""
    unknown = [problem for problem in problems if problem.kind == "unknown" and len(problem.place) == 1]
    if len(problems) <= 1 or len(unknown) == len(problems):
        return with_problems(error, problems)
    # One message for all names that are unknown, with what was meant.
    told = [Problem((), None, owner.describe_unknown([each.field for each in unknown]))] if unknown else []
    told += [problem for problem in problems if problem not in unknown]
    return with_problems(ValidationError(describe_problems(told)), problems)


def _save(field: Field[Any], value: Any) -> Any:
    """Return what is stored for a value, as the codec does."""
    if field.is_absent(value) and field.required:
        refuse_missing(field)
    if field.is_key:
        return field.encode_key(value)
    if field.is_absent(value):
        return None
    encoded = validate_and_encode(field, value)
    return field.refuse_empty(encoded) if field.is_index_key else encoded


def _try(
    field: Field[Any], given: Any, place: Place, read: Read, values: dict[str, Any] | None = None
) -> list[Problem]:
    """Put the value of a field into `values`, or return what is wrong with it."""
    try:
        value = read(field, given)
    except ValidationError as error:
        # Parts are read as such: only the whole value is that of an attribute. One that is too deep has told all.
        read_part = validate_and_encode if read is _save else read
        inner = [] if error.problems else list(_look_inside(field, given, place, read_part))
        kind: Any = "missing" if read is _save and field.is_absent(given) else "invalid"
        return inner or [Problem(place, given, str(error), kind)]
    except AttributeNotLoaded:  # of a part that was not read, which is not looked at here
        return []
    if values is not None:
        values[str(place[-1])] = value
    return []


def _look_inside(field: Field[Any], given: Any, place: Place, read: Read) -> Iterator[Problem]:
    """Yield what is wrong with the parts of a value; nothing if the value itself is wrong."""
    members = _members_of(field, given)
    if members is not None:
        fields: Mapping[str, Field[Any]] = cast("Any", field).fields
        yield from _find_unknown(fields, members, place, field.label)
        yield from _find_missing(fields, members, place)
        for name, member in fields.items():
            if members.get(name) is not None:
                yield from _try(member, members[name], (*place, name), read)
    elif isinstance(field, (ListField, SetField)) and isinstance(given, (list, tuple)):
        part: Field[Any] = cast("Any", field.element if isinstance(field, ListField) else field.member)
        for index, each in enumerate(cast("list[Any]", given)):
            yield from _try(part.with_label(f"{field.label}[{index}]"), each, (*place, index), read)


def _members_of(field: Field[Any], given: Any) -> Mapping[Any, Any] | None:
    """Return the members of what was given for a map or document; `None` if they have no fields."""
    if not isinstance(field, DictField) or not field.fields:
        return None
    if isinstance(field, DocumentField):
        kind: Any = field.document_type
        if isinstance(given, kind.kind):
            held: Mapping[str, Any] = kind.read(given)
            return {name: held[name] for name, member in field.fields.items() if not member.is_absent(held.get(name))}
        if kind.takes_others and isinstance(given, Mapping):
            return {name: member for name, member in cast("Any", given).items() if name in field.fields}
    return cast("Mapping[Any, Any]", given) if isinstance(given, Mapping) else None


def _find_unknown(
    fields: Mapping[str, Field[Any]], given: Mapping[Any, Any], place: Place = (), label: str = ""
) -> Iterator[Problem]:
    for name in given:
        if name not in fields:
            message = (
                f"{label} has no field {name!r}; it has: {', '.join(fields)}"
                if label
                else f"unknown field {str(name)!r}"
            )
            yield Problem((*place, str(name)), given[name], message, "unknown")


def _find_missing(fields: Mapping[str, Field[Any]], given: Mapping[Any, Any], place: Place = ()) -> Iterator[Problem]:
    for name, field in fields.items():
        is_needed = (field.required or field.is_key) and not field.is_generated
        if not is_needed or not field.is_absent(field.missing_value()):
            continue
        if name not in given and not field.has_default:
            yield Problem((*place, name), given, f"{field.label} is required", "missing")
        elif name in given and given[name] is None:
            yield Problem((*place, name), None, f"{field.label} is required; got None")
