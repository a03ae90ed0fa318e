"""Fields that hold maps, with a field for each member or with any members."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final, Literal, cast, overload

from dynamongo._support.generics import Generic, TypeVar
from dynamongo._support.lazy_imports import LazyModule
from dynamongo.exceptions import ExpressionError, SchemaError, ValidationError
from dynamongo.expressions.conditions import Path
from dynamongo.expressions.values import AttributeType, AttributeValue, Item, check_name, normalize_item, shorten
from dynamongo.fields import python_values
from dynamongo.fields.any_field import AnyField
from dynamongo.fields.base import Field, decoder_of
from dynamongo.fields.declared_names import is_field, refuse_fields, refuse_shared_names
from dynamongo.fields.elements import FieldLike, as_field
from dynamongo.fields.held_maps import HeldDict, hold, undeclared_in
from dynamongo.fields.json_forms import JSONSchema, SchemaMode, to_plain
from dynamongo.fields.partial_map import PartialDict, inside, is_whole, list_loaded, refuse_part
from dynamongo.fields.type_parameters import T

if TYPE_CHECKING:
    from dynamongo._support.several import Several
    from dynamongo.fields import json_schemas
    from dynamongo.fields.options import Default
else:  # few programs ask for a JSON Schema
    json_schemas = LazyModule("dynamongo.fields.json_schemas")

Input_contra = TypeVar("Input_contra", default=Mapping[str, Any], contravariant=True)

_NEW_OPTIONS: Final[tuple[str, ...]] = ("immutable", "computed", "computed_from")


class DictField(Field[T, Input_contra, Literal["M"]], Generic[T, Input_contra]):
    """A map, with a field for each of its members: `DictField(city=StringField(required=True), zip=StringField())`.

    Takes a dict and holds a new one; a member that is `None` is absent. `required` of a member applies to every value
    of the map; `default` to members that a new dict lacks when it is to be stored; a name without a field is refused.
    Without any fields it takes every dict that DynamoDB can store, as `python_values` encodes it.

    A stored member without a field is not shown, and is saved again with the dict that was read, which
    `user.address["city"] = "Oslo"` changes in place. Assignment replaces the whole map with such members, even by a
    dict that was made of the one that was read, as in `user.address = {**user.address, "city": "Oslo"}`.

    `User.address["city"]` is the field of a member, and so is `User.address.city`. A member with the name of an option
    or attribute of `DictField` itself, such as `default` or `label`, is declared in a mapping,
    `DictField({"label": StringField()})`, and can only be reached as `User.address["label"]`.

    Args:
        fields: Fields by name, whatever the name.
        required: As for every field.
        default: As for every field, and so are `validator`, `choices`, `stored_as`, `default_on_read`,
            `required_on_read`, `immutable`, `computed` and `computed_from`.
        named: The other fields by name.

    >>> from dynamongo.fields import StringField
    >>> DictField(city=StringField()).validate({"town": "Nairobi"})
    Traceback (most recent call last):
    dynamongo.exceptions.ValidationError: DictField has no field 'town'; it has: city
    """

    stored_type: AttributeType | None = "M"
    has_parts = True
    fills_members = False
    """Whether reading makes values for members that are not stored."""

    is_reference = False
    """Whether the members are those of an enclosing document, so that there is no end of fields in fields."""

    is_declared = is_document = False
    """Whether the values are instances of a `Document`; whether the class of the field is the library's, too."""

    if TYPE_CHECKING:

        @overload
        def __init__(
            self: DictField[dict[str, Any]],
            fields: Mapping[str, FieldLike] = ...,
            /,
            *,
            required: Literal[True],
            default: Default[Mapping[str, Any]] = ...,
            validator: Callable[[dict[str, Any]], object] | None = ...,
            choices: Several[Mapping[str, Any]] | None = ...,
            stored_as: str | None = ...,
            default_on_read: Default[Mapping[str, Any]] = ...,
            required_on_read: bool = ...,
            immutable: bool | FieldLike = ...,
            computed: Callable[[Any], Mapping[str, Any] | None] | FieldLike | None = ...,
            computed_from: Several[str] | FieldLike = ...,
            **named: FieldLike,
        ) -> None: ...
        @overload
        def __init__(
            self: DictField[dict[str, Any] | None],
            fields: Mapping[str, FieldLike] = ...,
            /,
            *,
            required: bool = ...,
            default: Default[Mapping[str, Any]] = ...,
            validator: Callable[[dict[str, Any]], object] | None = ...,
            choices: Several[Mapping[str, Any]] | None = ...,
            stored_as: str | None = ...,
            default_on_read: Default[Mapping[str, Any]] = ...,
            required_on_read: bool = ...,
            immutable: bool | FieldLike = ...,
            computed: Callable[[Any], Mapping[str, Any] | None] | FieldLike | None = ...,
            computed_from: Several[str] | FieldLike = ...,
            **named: FieldLike,
        ) -> None: ...

    def __init__(  # noqa: PLR0913 - the options of every field
        self: Any,
        fields: Mapping[str, FieldLike] | None = None,
        /,
        *,
        required: Any = False,
        default: Any = None,
        validator: Any = None,
        choices: Any = None,
        stored_as: Any = None,
        default_on_read: Any = None,
        required_on_read: bool = False,
        **named: Any,
    ) -> None:
        # Members could have these names before they were options, and still can.
        options = {name: named.pop(name) for name in _NEW_OPTIONS if name in named and not is_field(named[name])}
        options |= {"required": required, "default": default, "validator": validator, "choices": choices}
        options |= {"stored_as": stored_as, "default_on_read": default_on_read, "required_on_read": required_on_read}
        refuse_fields(options)
        super().__init__(**options)
        if fields is not None and not isinstance(cast("object", fields), Mapping):
            raise SchemaError(
                f"{self.label} takes fields by name, as in DictField(city=StringField()), or a mapping of them;"
                f" got {shorten(fields)}; for a class with fields, write DocumentField(...)"
            )
        self.fields: dict[str, Field[Any]] = self._declare_fields({**(fields or {}), **named})
        self.reads_one_form = type(self) is DictField and not self.fields
        self._refuse_hidden(named)
        self.bind_children()

    def _refuse_hidden(self, names: Iterable[str]) -> None:
        """Refuse members that attribute access would miss: `User.meta.label != "a"` would just be `True`."""
        for name in names:
            if hasattr(type(self), name) or name in vars(self):
                raise SchemaError(
                    f"{self.label}.{name} is an attribute of every DictField: declare the member of that name in a"
                    f' mapping, such as DictField({{"{name}": StringField()}}, ...), and write {self.label}["{name}"]'
                    " for its field"
                )

    def _declare_fields(self, fields: Mapping[str, Any]) -> dict[str, Field[Any]]:
        try:
            declared = {check_name(name): as_field(f"{self.label}.{name}", field) for name, field in fields.items()}
        except ValidationError as error:
            raise SchemaError(f"{self.label}: {error}") from error
        refuse_shared_names(self.label, declared)
        return declared

    def __getattr__(self, name: str) -> Any:
        fields = self.__dict__.get("fields", {})  # `copy.copy` asks before it sets them
        if name in fields:
            return self[name]
        raise AttributeError(f"{self.__dict__.get('_label')} has no field {name!r}; {_list_names(fields)}")

    def __getitem__(self, name: str) -> Any:
        """Return the field of the member with that name."""
        if self.stored_type != "M":
            raise ExpressionError(f"{self.label} is stored as {self.stored_type}, which has no members")
        if type(name) is not str or (self.fields and name not in self.fields):
            raise ExpressionError(f"{self.label} has no field {name!r}; {_list_names(self.fields)}")
        if self.fields:
            return self.fields[name]
        part = AnyField().bind(self._owner, self.path / name)
        self.enclose(part)
        return part

    def stores_like(self, other: Any) -> bool:
        if not self.fields and type(self) is DictField:
            return bool(other.stored_type == "M")
        # The other map may have more members: without a field here, they are kept as undeclared ones.
        return (
            type(self) is type(other)
            and self.fields.keys() <= other.fields.keys()
            and all(
                field.can_copy(other.fields[name])
                and field.stored_as == other.fields[name].stored_as
                and (other.fields[name].required or not field.required)
                for name, field in self.fields.items()
            )
        )

    def member_stored_as(self, name: str) -> Field[Any] | None:
        """Return the field of the member that is stored under the name; a map without fields is one of free maps."""
        return self._members.get(name) if self.fields else self

    __iter__ = None  # as for `ListField`

    def bind_children(self) -> None:
        path = self._path
        self.fields = {
            name: field.with_label(f"{self.label}.{name}")
            if path is None
            else field.bind(self._owner, path.member(field.stored_as or name, name))
            for name, field in self.fields.items()
        }
        self._members = {field.stored_as or name: field for name, field in self.fields.items()}
        for field in self.fields.values():
            self.enclose(field)
        self._decoders = {
            name: (field.stored_as or name, decoder_of(field), field) for name, field in self.fields.items()
        }
        self._required = {name: field for name, field in self.fields.items() if field.required}
        self.applies_defaults = any(field.has_default or field.applies_defaults for field in self.fields.values())

    def check_declaration(self) -> None:
        for field in self.fields.values():
            field.check_declaration()
        super().check_declaration()

    def apply_defaults(self, value: Any) -> Any:
        refuse_part(value)
        if not isinstance(value, Mapping):
            return value
        given = cast("Mapping[str, Any]", value)
        self._refuse_unknown(given)
        members = {name: _apply_member_defaults(self.fields[name], member) for name, member in given.items()}
        return hold(members, undeclared_in(given)) if isinstance(value, HeldDict) else self._add_defaults(members)

    def _add_defaults(self, members: Mapping[str, Any]) -> dict[str, Any]:
        missing = {name: field for name, field in self.fields.items() if field.has_default and name not in members}
        return {**members, **{name: field.default for name, field in missing.items()}}

    def convert(self, value: Any) -> Any:
        refuse_part(value)
        if not isinstance(value, Mapping):
            self.reject(value, "a dict")
        undeclared = undeclared_in(cast("object", value))
        members = dict(cast("Mapping[Any, Any]", value))
        if not self.fields:
            return super().convert(members)
        self._refuse_unknown(members)
        converted = {name: _coerce_member(field, members.get(name)) for name, field in self.fields.items()}
        return self._hold_present(converted, undeclared)

    def is_choice(self, value: Any) -> bool:
        return super().is_choice(cast("T", dict(value)))  # undeclared members do not count

    def _refuse_unknown(self, members: Mapping[Any, Any]) -> None:
        unknown = [name for name in members if not isinstance(name, str) or name not in self.fields]
        if unknown:
            names = ", ".join(map(shorten, unknown))
            raise ValidationError(f"{self.label} has no field {names}; {_list_names(self.fields)}")

    def encode(self, value: Any) -> AttributeValue:
        encoded: dict[str, AttributeValue] = normalize_item(undeclared_in(value))
        for name, member in value.items():
            field = self.fields.get(name)
            if field is None:
                encoded[name] = python_values.encode(member)
            elif not field.is_absent(member):
                encoded[field.stored_as or name] = field.encode(member)
        return encoded

    def to_json(self, value: Any) -> Any:
        return {name: self._member_to_json(name, member) for name, member in value.items()}

    def _member_to_json(self, name: str, member: Any) -> Any:
        field = self.fields.get(name)
        return to_plain(member) if field is None or member is None else field.to_json(member)

    def from_json(self, value: Any) -> Any:
        if not self.fields or not isinstance(value, Mapping):
            return value
        members = cast("Mapping[str, Any]", value)
        self._refuse_unknown(members)
        return {
            name: member if member is None else self.fields[name].from_json(member) for name, member in members.items()
        }

    def json_schema(self, mode: SchemaMode) -> JSONSchema:
        if self.fields:
            return json_schemas.describe_object(self.fields, mode)
        return {"type": "object", "propertyNames": {"minLength": 1}}  # DynamoDB has no empty names

    def decode_value(self, stored: AttributeValue) -> Any:
        if not self.fields and isinstance(stored, dict):
            return python_values.decode_map(stored)
        decoded = self.decode_members(stored)
        for name, field in self._required.items():
            _require(field, decoded[name])
        return self._hold_present(decoded, cast("Item", stored))

    def decode_members(self, stored: AttributeValue) -> dict[str, Any]:
        """Return the values of all members, required or not; raises as `decode`."""
        if not isinstance(stored, dict):
            self.reject(stored, "stored as a map")
        return {  # NULL is how some other writers store an absent member
            name: field.read_absent() if (member := stored.get(attribute)) is None else read(member)
            for name, (attribute, read, field) in self._decoders.items()
        }

    def decode_partial(self, stored: AttributeValue, paths: Sequence[Path] | None) -> Any:
        if is_whole(paths) or not isinstance(stored, dict) or not self.fields or self.overridden:
            return super().decode_partial(stored, paths)
        present = [name for name, (attribute, _, _) in self._decoders.items() if attribute in stored]
        loaded = list_loaded(paths, present)
        fields = {name: self.fields[name] for name in loaded if name in self.fields}
        members = {
            name: field.read_unknown()
            if (member := stored.get(field.stored_as or name)) is None
            else field.decode_partial(member, inside(paths, name))
            for name, field in fields.items()
        }
        return self.make_part(members, loaded)

    def make_part(self, members: Mapping[str, Any], loaded: Iterable[str]) -> Any:
        """Return the value of a map of which only members with these names were read."""
        return PartialDict({name: each for name, each in members.items() if each is not None}, loaded, self.label)

    def _hold_present(self, members: Mapping[str, Any], stored: Mapping[str, AttributeValue]) -> dict[str, Any]:
        """Return the members that are not absent, in a `HeldDict` if there is something to remember of them."""
        present = {name: member for name, member in members.items() if member is not None}
        undeclared = {name: value for name, value in stored.items() if name not in self._members}
        return hold(present, undeclared) if undeclared or self.applies_defaults else present


def _apply_member_defaults(field: Field[Any], given: Any) -> Any:
    return field.apply_defaults(given) if field.applies_defaults and given is not None else given


def _coerce_member(field: Field[Any], given: Any) -> Any:
    member = field.missing_value() if given is None else field.coerce(given)
    return _require(field, member)


def _require(field: Field[Any], member: Any) -> Any:
    if field.required and field.is_absent(member):
        raise ValidationError(f"{field.label} is required")
    return member


def _list_names(fields: Mapping[str, Any]) -> str:
    return f"it has: {', '.join(fields)}" if fields else "it declares no fields"
