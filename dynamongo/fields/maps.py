"""Fields that hold maps: with a field for each member, or with any members."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import TYPE_CHECKING, Any, Literal, cast, overload

from dynamongo import codecs
from dynamongo.exceptions import ExpressionError, SchemaError, ValidationError
from dynamongo.fields.base import Field, T
from dynamongo.fields.containers import FieldLike, as_field
from dynamongo.values import AttributeType, AttributeValue, Item, check_name, shorten


class AnyField(Field[Any]):
    """A place inside a map that has no fields; `[...]` goes deeper, by a name or a position."""

    def __getitem__(self, step: str | int) -> AnyField:
        return AnyField().bind(self._owner, self.path / step)

    __iter__ = None


class StoredDict(dict[str, Any]):
    """A dict read from a stored map with members that no field is declared for; these are stored again with it."""

    def __init__(self, members: Mapping[str, Any], undeclared: Item) -> None:
        super().__init__(members)
        self.undeclared = undeclared

    def __reduce__(self) -> tuple[type[StoredDict], tuple[dict[str, Any], Item]]:
        return StoredDict, (dict(self), self.undeclared)


class DictField(Field[T]):
    """A map, with a field for each of its members: `DictField(city=StringField(required=True), zip=StringField())`.

    Takes a dict and holds a new one. A member that is `None` is absent; `required` and `default` of the members' fields
    apply whenever a value is given; a name without a field is refused. A stored member without a field is not shown,
    and is stored again with the dict that was read. Without any fields it takes every dict that DynamoDB can store, as
    `dynamongo.codecs` encodes it.

    `User.address["city"]` is the field of a member, and so is `User.address.city`. A member that is named after an
    option or attribute of `DictField` itself, such as `default` or `label`, is declared in a mapping,
    `DictField({"label": StringField()})`, and is reached as `User.address["label"]` alone.

    Args:
        fields: Fields by name, whatever the name.
        required: As for every field.
        default: As for every field.
        validator: As for every field; it is given the dict.
        choices: As for every field.
        named: The other fields by name.

    >>> from dynamongo.fields import StringField
    >>> DictField(city=StringField()).validate({"town": "Nairobi"})
    Traceback (most recent call last):
    dynamongo.exceptions.ValidationError: DictField has no field 'town'; it has city
    """

    stored_type: AttributeType | None = "M"

    if TYPE_CHECKING:

        @overload
        def __init__(
            self: DictField[dict[str, Any]],
            fields: Mapping[str, FieldLike] = ...,
            /,
            *,
            required: Literal[True],
            default: Any = ...,
            validator: Callable[[Any], object] | None = ...,
            choices: Iterable[Any] | None = ...,
            **named: FieldLike,
        ) -> None: ...
        @overload
        def __init__(
            self: DictField[dict[str, Any] | None],
            fields: Mapping[str, FieldLike] = ...,
            /,
            *,
            required: bool = ...,
            default: Any = ...,
            validator: Callable[[Any], object] | None = ...,
            choices: Iterable[Any] | None = ...,
            **named: FieldLike,
        ) -> None: ...

    def __init__(
        self: Any,
        fields: Mapping[str, FieldLike] | None = None,
        /,
        *,
        required: Any = False,
        default: Any = None,
        validator: Any = None,
        choices: Any = None,
        **named: FieldLike,
    ) -> None:
        options = {"required": required, "default": default, "validator": validator, "choices": choices}
        _refuse_fields(options)
        super().__init__(**options)
        self.fields: dict[str, Field[Any]] = self._declare_fields({**(fields or {}), **named})
        self._refuse_hidden(named)
        self.take_parts()

    def _refuse_hidden(self, names: Iterable[str]) -> None:
        """Refuse members that attribute access would miss: `User.meta.label != "a"` would be a plain `True`."""
        for name in names:
            if hasattr(type(self), name) or name in vars(self):
                raise SchemaError(
                    f"{self.label}.{name} is an attribute of every DictField, so the member of that name goes into a"
                    f' mapping, such as DictField({{"{name}": StringField()}}, ...), and its field is'
                    f' {self.label}["{name}"]'
                )

    def _declare_fields(self, fields: Mapping[str, Any]) -> dict[str, Field[Any]]:
        try:
            return {check_name(name): as_field(f"{self.label}.{name}", field) for name, field in fields.items()}
        except ValidationError as error:
            raise SchemaError(f"{self.label}: {error}") from error

    def __getattr__(self, name: str) -> Any:
        fields = self.__dict__.get("fields", {})  # a copy in the making has none yet
        if name in fields:
            return fields[name]
        raise AttributeError(f"{self.__dict__.get('_label')} has no field {name!r}; it has {_list_names(fields)}")

    def __getitem__(self, name: str) -> Any:
        """The field of the member of that name."""
        if type(name) is not str or (self.fields and name not in self.fields):
            raise ExpressionError(f"{self.label} has no field {name!r}; it has {_list_names(self.fields)}")
        return self.fields[name] if self.fields else AnyField().bind(self._owner, self.path / name)

    __iter__ = None

    def take_parts(self) -> None:
        path = self._path
        self.fields = {
            name: field.called(f"{self.label}.{name}") if path is None else field.bind(self._owner, path / name)
            for name, field in self.fields.items()
        }

    def check_declaration(self) -> None:
        for field in self.fields.values():
            field.check_declaration()
        super().check_declaration()

    def convert(self, value: Any) -> Any:
        if not isinstance(value, Mapping):
            self.reject(value, "a dict")
        members = dict(cast("Mapping[Any, Any]", value))
        if not self.fields:
            super().convert(members)
            return members
        self._refuse_unknown(members)
        converted = {name: _convert_member(field, members.get(name)) for name, field in self.fields.items()}
        return self._keep_undeclared(converted, value.undeclared if isinstance(value, StoredDict) else {})

    def is_choice(self, value: Any) -> bool:
        return super().is_choice(cast("T", dict(value)))  # without the members that are not shown

    def _refuse_unknown(self, members: Mapping[Any, Any]) -> None:
        unknown = [name for name in members if name not in self.fields]
        if unknown:
            names = ", ".join(map(shorten, unknown))
            raise ValidationError(f"{self.label} has no field {names}; it has {_list_names(self.fields)}")

    def encode(self, value: Any) -> AttributeValue:
        encoded: dict[str, AttributeValue] = dict(value.undeclared) if isinstance(value, StoredDict) else {}
        for name, member in value.items():
            field = self.fields.get(name)
            if field is None:
                encoded[name] = codecs.encode(member)
            elif not field.is_absent(member):
                encoded[name] = field.encode(member)
        return encoded

    def decode_value(self, stored: AttributeValue) -> Any:
        if not isinstance(stored, dict):
            self.reject(stored, "stored as a map")
        if not self.fields:
            return codecs.decode_item(stored)
        decoded = {name: _decode_member(field, stored.get(name)) for name, field in self.fields.items()}
        return self._keep_undeclared(decoded, stored)

    def _keep_undeclared(self, members: Mapping[str, Any], stored: Item) -> dict[str, Any]:
        present = {name: member for name, member in members.items() if member is not None}
        undeclared = {name: value for name, value in stored.items() if name not in self.fields}
        return StoredDict(present, undeclared) if undeclared else present


def _refuse_fields(options: Mapping[str, object]) -> None:
    for name, option in options.items():
        if isinstance(option, Field) or (isinstance(option, type) and issubclass(option, Field)):
            raise SchemaError(
                f"{name} is an option of DictField itself; a field of that name goes into a mapping,"
                f' such as DictField({{"{name}": StringField()}}, ...)'
            )


def _convert_member(field: Field[Any], given: Any) -> Any:
    member = field.default if given is None else field.validate(given)
    if field.required and field.is_absent(member):
        raise ValidationError(f"{field.label} is required")
    return member


def _decode_member(field: Field[Any], stored: AttributeValue) -> Any:
    return field.missing_value() if stored is None else field.decode_value(stored)  # NULL is other writers' "nothing"


def _list_names(fields: Mapping[str, Any]) -> str:
    return ", ".join(fields) or "none"
