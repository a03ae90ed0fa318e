"""Fields that hold instances of dataclasses and of pydantic models, stored as maps."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextvars import ContextVar
from typing import TYPE_CHECKING, Any, Literal, TypeVar, cast, overload

from dynamongo.exceptions import SchemaError, ValidationError
from dynamongo.expressions.values import AttributeValue, Item, describe_error, normalize_item
from dynamongo.fields import python_values
from dynamongo.fields.base import Field, T
from dynamongo.fields.document_types import UNDECLARED, find_document_type
from dynamongo.fields.json_forms import JSONSchema, SchemaMode
from dynamongo.fields.maps import DictField
from dynamongo.fields.partial_map import Members, refuse_part
from dynamongo.fields.type_hints import make_field, split_none

if TYPE_CHECKING:
    from typing_extensions import Unpack

    from dynamongo.fields.options import FieldOptions

D = TypeVar("D")

_declared: ContextVar[tuple[type, ...]] = ContextVar("dynamongo_documents_in_declaration", default=())


class DocumentField(DictField[T]):
    """An instance of a dataclass or of a pydantic model, stored as a map: `DocumentField(Address)`.

    Takes an instance, which it holds, or a dict of its members. Each member has a field for its type, so that
    `User.home.city == "Oslo"` is a condition, and `save(only_changed=True)` sends changed members alone. Give the field
    yourself for another form or rule: `city: Annotated[str, StringField(max_length=80)]`. Documents may contain
    documents, lists of them, and members that are `None`, which are absent.

    A stored member that the class does not declare is kept with the instance, and saved again, also after a change of
    the instance in place; one that you make anew replaces the whole map. A class with validators of its own
    (`__post_init__`, or those of pydantic) sees whole documents alone: its members cannot be updated by themselves.

    If only some members were read, the value is no instance: it has these members as attributes, and raises
    `AttributeNotLoaded` for others.

    Args:
        document: The class.
        required: As for every field.
        options: The other arguments of every field.

    >>> import dataclasses
    >>> @dataclasses.dataclass
    ... class Address:
    ...     city: str
    ...     zip: str | None = None
    >>> DocumentField(Address).encode(Address("Oslo"))
    {'city': 'Oslo'}
    """

    fills_members = True

    if TYPE_CHECKING:

        @overload
        def __init__(
            self: DocumentField[D], document: type[D], *, required: Literal[True], **options: Unpack[FieldOptions]
        ) -> None: ...
        @overload
        def __init__(
            self: DocumentField[D | None], document: type[D], *, required: bool = ..., **options: Unpack[FieldOptions]
        ) -> None: ...

    def __init__(self: Any, document: Any, **options: Any) -> None:
        label = type(self).__name__
        outer = _declared.get()
        if document in outer:
            raise SchemaError(
                f"{label}: {document.__name__} contains itself: declare that member with a field of its own, as in"
                " Annotated[..., DictField()]"
            )
        self.document_type = find_document_type(label, document)
        token = _declared.set((*outer, document))
        try:
            fields = {
                name: _make_member(f"{document.__name__}.{name}", member, cast("Any", type(self)))
                for name, member in self.document_type.members.items()
            }
        finally:
            _declared.reset(token)
        members = self.document_type.members.items()
        self._optional = frozenset(name for name, member in members if split_none(member.hint)[1])
        cast("Any", super()).__init__(fields, **options)

    @property
    def has_rules(self) -> bool:
        return super().has_rules or self.document_type.has_rules

    def stores_like(self, other: Any) -> bool:
        return super().stores_like(other) and self.document_type.kind is other.document_type.kind

    def apply_defaults(self, value: Any) -> Any:
        return value if isinstance(value, self.document_type.kind) else super().apply_defaults(value)

    def convert(self, value: Any) -> Any:
        refuse_part(value)
        if not isinstance(value, self.document_type.kind):
            if not isinstance(value, Mapping):
                self.reject(value, f"an instance of {self.document_type.kind.__name__}, or a dict of its members")
            return self._build(self._coerce(cast("Mapping[str, Any]", value)), {})
        given = self.document_type.read(value)
        members = self._coerce(given)
        is_valid = all(_is_same(member, given.get(name)) for name, member in members.items())
        if not is_valid:
            return self._build(members, _undeclared_in(value))
        if self.document_type.has_rules:  # the document may have been changed in place since it was made
            self._build(members, {})
        return value

    def _coerce(self, given: Mapping[str, Any]) -> dict[str, Any]:
        if not self.document_type.takes_others:
            self._refuse_unknown(given)
        members = {name: self._coerce_member(name, given) for name in self.fields}
        others = {name: python_values.round_trip(each) for name, each in given.items() if name not in self.fields}
        return {**members, **others}

    def _coerce_member(self, name: str, given: Mapping[str, Any]) -> Any:
        field, value = self.fields[name], given.get(name)
        if value is not None:
            return field.coerce(value)
        missing = field.missing_value()
        if field.is_absent(missing) and (field.required or (name in given and name not in self._optional)):
            raise ValidationError(f"{field.label} is required")
        return missing

    def _build(self, members: Mapping[str, Any], undeclared: Mapping[str, AttributeValue]) -> Any:
        """Return an instance; members without a value are left to the class where it does not take `None`."""
        given = {name: member for name, member in members.items() if member is not None or name in self._optional}
        try:
            document = self.document_type.build(given)
        except (ValueError, TypeError) as error:
            name = self.document_type.kind.__name__
            raise ValidationError(
                f"{self.label}: {name} does not accept its members: {describe_error(error)}"
            ) from error
        if undeclared:  # in new containers, so that nobody can change those of the store
            vars(document)[UNDECLARED] = normalize_item(undeclared)
        return document

    def is_choice(self, value: Any) -> bool:
        return Field[Any].is_choice(self, value)

    def encode(self, value: Any) -> AttributeValue:
        members = cast("Item", super().encode(self.document_type.read(value)))
        return {**normalize_item(_undeclared_in(value)), **members}

    def decode_value(self, stored: AttributeValue) -> Any:
        members = dict(super().decode_value(stored))
        others = {name: value for name, value in cast("Any", stored).items() if name not in self._members}
        if self.document_type.takes_others:
            return self._build({**dict.fromkeys(self._optional), **members, **python_values.decode_map(others)}, {})
        return self._build({**dict.fromkeys(self._optional), **members}, others)

    def decode_partial(self, stored: AttributeValue) -> Any:
        return Members(super().decode_partial(stored)) if isinstance(stored, dict) else self.decode(stored)

    def to_json(self, value: Any) -> Any:
        return super().to_json(self.document_type.read(value) if isinstance(value, self.document_type.kind) else value)

    def from_json(self, value: Any) -> Any:
        if not self.document_type.takes_others or not isinstance(value, Mapping):
            return super().from_json(value)
        members = cast("Mapping[str, Any]", value)
        known = super().from_json({name: each for name, each in members.items() if name in self.fields})
        return {**members, **known}

    def json_schema(self, mode: SchemaMode) -> JSONSchema:
        schema: JSONSchema = {"title": self.document_type.kind.__name__, **super().json_schema(mode)}
        for name, member in self.document_type.members.items():
            if member.constrain is not None:
                member.constrain(schema["properties"][name])
        return {**schema, "additionalProperties": True} if self.document_type.takes_others else schema


def _make_member(label: str, member: Any, nested: Callable[..., Field[Any]]) -> Field[Any]:
    hint, is_optional = split_none(member.hint)
    options = {} if member.validate is None else {"validator": member.validate}
    return make_field(label, hint, nested, required=not (is_optional or member.has_default), **options)


def _undeclared_in(document: Any) -> Mapping[str, AttributeValue]:
    members: dict[str, Any] = document.__dict__
    undeclared: Mapping[str, AttributeValue] = members.get(UNDECLARED, {})
    return undeclared


def _is_same(converted: Any, given: Any) -> bool:
    return type(converted) is type(given) and converted == given
