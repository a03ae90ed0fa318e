"""Members of an enumeration, stored by value, by name or by a map."""

from __future__ import annotations

import enum
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Literal, overload

from dynamongo._support.generics import Generic, TypeVar
from dynamongo._support.lazy_imports import LazyModule
from dynamongo.exceptions import SchemaError
from dynamongo.expressions.conditions import Operand
from dynamongo.expressions.values import AttributeType, AttributeValue
from dynamongo.fields.formats import FormattedField
from dynamongo.fields.json_forms import JSONSchema, SchemaMode, as_whole
from dynamongo.fields.operands import as_operand
from dynamongo.fields.type_parameters import T

if TYPE_CHECKING:
    from typing_extensions import Unpack

    from dynamongo.fields import scalar_formats
    from dynamongo.fields.options import FieldOptions

    E = TypeVar("E", bound=enum.Enum)
else:  # most models have no formats
    scalar_formats = LazyModule("dynamongo.fields.scalar_formats")

# What the field takes besides.
Input_contra = TypeVar("Input_contra", default=str | int, contravariant=True)


class EnumField(FormattedField[T, Input_contra, Literal["S"]], Generic[T, Input_contra]):
    """A member of an enumeration: takes a member, or its stored form.

    Stored by value, which must be a `str` or an `int`, or by name with `by_name=True`. A name that has become an alias
    can still be read, except in a key, so that members can be renamed.

    Args:
        enum_class: The enumeration; no `enum.Flag`, whose combinations are no members: use an `IntField` for those.
        by_name: Whether names are stored instead of values, the same as `format="name"`.
        format: `"value"`, `"name"`, or a map of every member to the `str` or `int` that is stored for it, such as
            `{Color.RED: "R", Color.GREEN: "G"}`.
        options: The arguments of every field.
    """

    stores_whole = True  # values are `str` or `int`
    can_expire_items = False
    has_sums = False

    if TYPE_CHECKING:
        # An annotation such as `EnumField[Color | None]` does not say that operators take members, and never `None`.

        @overload  # type: ignore[override]  # see above
        def __get__(
            self: EnumField[E | None, Any], instance: None, owner: type[Any]
        ) -> EnumField[E | None, E | str | int]: ...
        @overload
        def __get__(self: EnumField[E, Any], instance: None, owner: type[Any]) -> EnumField[E, E | str | int]: ...
        @overload
        def __get__(self, instance: object, owner: type[Any]) -> T: ...
        def __get__(self, instance: Any, owner: Any) -> Any: ...  # pyright: ignore[reportIncompatibleMethodOverride]  # see above

    if TYPE_CHECKING:

        @overload
        def __init__(
            self: EnumField[E, E | str | int],
            enum_class: type[E],
            *,
            required: Literal[True],
            by_name: bool = ...,
            format: Literal["value", "name"] | Mapping[E, str] | Mapping[E, int] | None = ...,
            **options: Unpack[FieldOptions[E, E | str | int]],
        ) -> None: ...
        @overload
        def __init__(
            self: EnumField[E | None, E | str | int],
            enum_class: type[E],
            *,
            required: bool = ...,
            by_name: bool = ...,
            format: Literal["value", "name"] | Mapping[E, str] | Mapping[E, int] | None = ...,
            **options: Unpack[FieldOptions[E, E | str | int]],
        ) -> None: ...

    def __init__(
        self: Any, enum_class: type[enum.Enum], *, by_name: bool = False, format: Any = None, **options: Any
    ) -> None:
        super().__init__(**options)
        self.enum_class = _check_enum(self.label, enum_class)
        self.by_name = by_name if format is None else format == "name"
        if isinstance(format, Mapping):
            self.members: dict[str | int, enum.Enum] = self._take_map(format)
            return
        if format not in (None, "value", "name") or (by_name and format == "value"):
            raise SchemaError(f"{self.label}: format must be 'value', 'name' or a map of all members; got {format!r}")
        self.members = dict(enum_class.__members__) if self.by_name else _members_by_value(self.label, enum_class)
        kinds = {type(stored) for stored in self.members}
        self.stored_type: AttributeType | None = "S" if kinds == {str} else "N" if kinds == {int} else None

    def _take_map(self, given: Any) -> dict[str | int, enum.Enum]:
        form = scalar_formats.declare_map(self.label, given, {member: member.name for member in self.enum_class})
        self.take_format(given, form)
        return {stored: member for member, stored in given.items()}

    def convert(self, value: Any) -> Any:
        member = value if isinstance(value, self.enum_class) else self._find(value)
        return self.reject(value, f"a member of {self.enum_class.__name__}") if member is None else member

    def encode(self, value: Any) -> Any:
        if self.stored_format is not None:
            return self.stored_format.encode(value)
        return value.name if self.by_name else value.value

    def decode_value(self, stored: AttributeValue) -> Any:
        member = self._find(stored)
        return self.reject(stored, f"stored as {self._expected_form}") if member is None else member

    @property
    def _expected_form(self) -> str:
        if self.stored_format is not None:
            return self.stored_format.expected
        return f"{'the name of ' if self.by_name else ''}a member of {self.enum_class.__name__}"

    # In JSON, members go by value even where their names are stored, unless a value is neither a str nor an int.

    def to_json(self, value: Any) -> Any:
        return value.value if self._goes_by_value else value.name

    def from_json(self, value: Any) -> Any:
        given = as_whole(value)
        if type(given) not in (str, int):
            return given
        found = [each for each in self.enum_class if self.to_json(each) == given]
        return found[0] if found else self.reject(value, f"a member of {self.enum_class.__name__}")

    def json_schema(self, mode: SchemaMode) -> JSONSchema:
        del mode
        values = list(map(self.to_json, self.enum_class))
        kinds = {str if isinstance(value, str) else int for value in values}
        kind: JSONSchema = {"type": "string" if kinds == {str} else "integer"} if len(kinds) == 1 else {}
        return {**kind, "enum": values, "title": self.enum_class.__name__}

    @property
    def _goes_by_value(self) -> bool:
        return all(type(member.value) in (str, int) for member in self.enum_class)

    def _find(self, stored: Any) -> enum.Enum | None:
        return self.members.get(stored) if type(stored) in (str, int) else None  # `True` would find the member 1

    def encode_part(self, value: Any) -> Operand:
        if not isinstance(value, str):
            return as_operand(value) or self.reject(value, "compared with a str")
        return str.__str__(value)


def _check_enum(label: str, enum_class: Any) -> type[enum.Enum]:
    if not (isinstance(enum_class, type) and issubclass(enum_class, enum.Enum)) or not len(enum_class):
        raise SchemaError(f"{label} takes an Enum class with members; got {enum_class!r}")
    if issubclass(enum_class, enum.Flag):
        raise SchemaError(f"{label}: combinations of {enum_class.__name__} are not members; use an IntField for them")
    return enum_class


def _members_by_value(label: str, enum_class: type[enum.Enum]) -> dict[str | int, enum.Enum]:
    for member in enum_class:
        if type(member.value) not in (str, int):
            raise SchemaError(f"{label} stores values that are str or int; got {member!r}: set by_name=True")
    return {member.value: member for member in enum_class}
