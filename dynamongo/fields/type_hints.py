"""Type hints to fields: which field stores a member of a document."""

from __future__ import annotations

import copy
import datetime as dt
import enum
import types
from collections.abc import Callable, Mapping, MutableMapping, MutableSequence, MutableSet, Sequence
from collections.abc import Set as AbstractSet
from decimal import Decimal
from functools import partial
from typing import Annotated, Any, Final, Literal, Union, cast, get_args, get_origin

from dynamongo._support.annotations import expand_alias, is_class
from dynamongo.exceptions import SchemaError
from dynamongo.fields.base import Field
from dynamongo.fields.containers import ListField, SetField
from dynamongo.fields.dates import DateField
from dynamongo.fields.document_classes import BaseDocument
from dynamongo.fields.durations import TimedeltaField
from dynamongo.fields.enumeration import EnumField
from dynamongo.fields.maps import DictField
from dynamongo.fields.numeric import DecimalField, FloatField, IntField
from dynamongo.fields.simple import BinaryField, BooleanField, UUIDField
from dynamongo.fields.temporal import DateTimeField
from dynamongo.fields.text import StringField

Nested = Callable[..., Field[Any]]

_SCALARS: Final[dict[Any, Callable[..., Field[Any]]]] = {
    str: StringField,
    int: IntField,
    float: FloatField,
    bool: BooleanField,
    bytes: BinaryField,
    Decimal: DecimalField,
    dt.datetime: DateTimeField,
    dt.date: DateField,
    dt.timedelta: partial(cast("Callable[..., Field[Any]]", TimedeltaField), "microseconds"),
    Any: Field,
    object: Field,
}
_LISTS: Final = (list, Sequence, MutableSequence)
_SETS: Final = (set, AbstractSet, MutableSet)
_MAPS: Final = (dict, Mapping, MutableMapping)
_SAME_IN_FREE_MAPS: Final = (Any, object, str, int, bool, bytes)
"""The types of members that a free map returns as they were."""


def make_field(label: str, hint: Any, nested: Nested, **options: Any) -> Field[Any]:
    """Return the field for values of a type.

    Args:
        label: What to call the member in errors.
        hint: The type; a field among its annotations stands for it: `Annotated[str, StringField(max_length=80)]`.
        nested: Makes the field for a class of documents.
        options: Arguments of the field.

    Raises:
        SchemaError: No field stores such values and returns them as they were.
    """
    hint, own = _unwrap(hint)
    if own is not None:
        placed = copy.copy(own)
        placed.required = own.required or options.get("required", False)
        placed.validator = own.validator or options.get("validator")
        placed.is_checked |= placed.validator is not None
        return placed
    if hint in _SCALARS:
        return _SCALARS[hint](**options)
    origin, arguments = get_origin(hint), get_args(hint)
    if origin is Literal:
        return _make_choice(label, arguments, options)
    if (origin or hint) in _MAPS and set(arguments[1:]).issubset(_SAME_IN_FREE_MAPS):
        return DictField(**options)
    part = arguments[0] if arguments else Any
    if (origin or hint) in _LISTS:
        return ListField(make_field(f"{label}[]", part, nested), **options)
    if (origin or hint) in _SETS:
        options["required"] = False  # it may be empty, which is stored as an absent attribute
        return SetField(make_field(f"a member of {label}", part, nested), **options)
    return _make_of_class(label, hint, nested, options)


def split_none(hint: Any) -> tuple[Any, bool]:
    """Return the type without `None`, and whether it allows `None`."""
    hint = expand_alias(hint)
    if get_origin(hint) is Annotated:
        annotated, *notes = get_args(hint)
        inner, is_optional = split_none(annotated)
        parts = (inner, *notes)
        return cast("Any", Annotated)[parts], is_optional
    if get_origin(hint) not in (Union, types.UnionType):
        return hint, hint in (Any, object)
    others = [each for each in get_args(hint) if each is not type(None)]
    is_optional = len(others) < len(get_args(hint))
    return (others[0] if len(others) == 1 else Union[tuple(others)]), is_optional  # noqa: UP007 - of a computed tuple


def _unwrap(hint: Any) -> tuple[Any, Field[Any] | None]:
    """Return the type itself, and the field among its annotations."""
    hint = expand_alias(hint)
    if get_origin(hint) is Annotated:
        inner, *notes = get_args(hint)
        own = next((cast("Field[Any]", note) for note in notes if isinstance(note, Field)), None)
        return (hint, own) if own is not None else _unwrap(inner)
    return _unwrap(hint.__supertype__) if hasattr(hint, "__supertype__") else (hint, None)  # of a `NewType`


def _make_choice(label: str, values: tuple[Any, ...], options: dict[str, Any]) -> Field[Any]:
    kinds = set(map(type, values))
    if kinds not in ({str}, {int}):
        raise _refuse(label, Literal[values])
    return _SCALARS[kinds.pop()](choices=values, **options)


def _make_of_class(label: str, hint: Any, nested: Nested, options: dict[str, Any]) -> Field[Any]:
    if not is_class(hint):
        raise _refuse(label, hint)
    if issubclass(hint, enum.Enum):
        by_name = any(type(member.value) not in (str, int) for member in hint)
        return cast("Field[Any]", EnumField(hint, by_name=by_name, **options))
    if hint.__module__ == "uuid" and hint.__name__ == "UUID":
        return UUIDField(**options)
    if hint.__module__.startswith("pydantic.") and hint.__name__ == "EmailStr":
        return StringField(**options)
    kind: Any = cast("object", hint)
    if issubclass(kind, BaseDocument) or hasattr(kind, "__dataclass_fields__") or hasattr(kind, "model_fields"):
        return nested(hint, **options)
    raise _refuse(label, hint)


def _refuse(label: str, hint: Any) -> SchemaError:
    shown = hint.__name__ if is_class(hint) else str(hint)
    kind = get_origin(hint) or hint
    if isinstance(kind, type) and issubclass(kind, Field):
        name = kind.__name__
        return SchemaError(f"{label} is a {name}: name the type of its values instead, such as str for a StringField")
    return SchemaError(
        f"{label} is a {shown}, for which there is no field: name one that stores it, as in"
        f" Annotated[{shown}, MyField()]"
    )
