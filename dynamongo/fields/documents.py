"""Fields that hold documents, stored as maps: instances of a `Document`, of a dataclass or of a pydantic model."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from contextvars import ContextVar
from typing import TYPE_CHECKING, Any, Final, Literal, cast, overload

from dynamongo._support.generics import Generic, TypeVar
from dynamongo.exceptions import SchemaError, ValidationError
from dynamongo.expressions.values import AttributeValue, Item, describe_error, normalize_item
from dynamongo.fields import python_values
from dynamongo.fields.base import Field
from dynamongo.fields.document_classes import BaseDocument, Part, label_of
from dynamongo.fields.document_references import check_depth, keep_bound
from dynamongo.fields.document_types import UNDECLARED, DeclaredType, ForeignType, find_document_type
from dynamongo.fields.json_forms import JSONSchema, SchemaMode
from dynamongo.fields.maps import DictField
from dynamongo.fields.partial_map import refuse_part, refuse_storing
from dynamongo.fields.type_hints import make_field, split_none
from dynamongo.fields.type_parameters import T

if TYPE_CHECKING:
    from typing_extensions import Unpack

    from dynamongo.fields.document_classes import B, D
    from dynamongo.fields.options import FieldOptions

# `T` again, and covariant: by it, `__get__` tells classes of documents from others.
Value_co = TypeVar("Value_co", default=T, covariant=True)
# What the field takes besides.
Input_contra = TypeVar("Input_contra", default=Mapping[str, Any], contravariant=True)

_declared: ContextVar[tuple[type, ...]] = ContextVar("dynamongo_documents_in_declaration", default=())

_BOUND_LATER: Final = frozenset(["fields", "_members", "_decoders", "_required"])
"""What a reference computes when somebody asks for it."""


class DocumentField(DictField[T, Input_contra], Generic[T, Value_co, Input_contra]):
    """A document, stored as a map: `DocumentField(Address)`.

    Takes an instance, which it holds, or a dict of its members. The class derives from `Document`, or is a dataclass or
    a pydantic model. Its members have fields, so that `User.home.city == "Oslo"` is a condition, and
    `save(only_changed=True)` sends changed members alone. Documents may contain documents, lists of them, and members
    that are `None`, which are absent.

    A stored member that the class does not declare is kept with the instance, and saved again, also after a change of
    the instance in place; one that you make anew replaces the whole map.

    If only some members were read, the value has these members as attributes, and raises `AttributeNotLoaded` for
    others. It is an instance of the class only if that is a `Document`.

    Each member of a dataclass or pydantic model has a field for its type. Give the field yourself for another form or
    rule: `city: Annotated[str, StringField(max_length=80)]`. A class with validators of its own (`__post_init__`, or
    those of pydantic) sees whole documents alone: its members cannot be updated by themselves.

    Args:
        document: The class. In the body of a `Document`, its own name stands for it:
            `children: ListField[Node] = ListField(DocumentField("Node"))`.
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

    document_type: Any
    """What is known of the class; `None` until the name of a class stands for it."""

    if TYPE_CHECKING:
        # The class of a `Document` stands for its field: its attributes are the fields of the members, and its
        # metaclass has the operators of the field.

        @overload  # type: ignore[override]  # see above
        def __get__(
            self: DocumentField[B | None, BaseDocument | None, Any], instance: None, owner: type[Any]
        ) -> type[B]: ...
        @overload
        def __get__(self: DocumentField[B, BaseDocument, Any], instance: None, owner: type[Any]) -> type[B]: ...
        @overload
        def __get__(
            self: DocumentField[D | None, Any, Any], instance: None, owner: type[Any]
        ) -> DocumentField[D | None, D | None, D | Mapping[str, Any]]: ...
        @overload
        def __get__(
            self: DocumentField[D, Any, Any], instance: None, owner: type[Any]
        ) -> DocumentField[D, D, D | Mapping[str, Any]]: ...
        @overload
        def __get__(self, instance: object, owner: type[Any]) -> T: ...
        def __get__(self, instance: Any, owner: Any) -> Any: ...  # pyright: ignore[reportIncompatibleMethodOverride]  # see above

    if TYPE_CHECKING:

        @overload
        def __init__(
            self: DocumentField[D, D, D | Mapping[str, Any]],
            document: type[D],
            *,
            required: Literal[True],
            **options: Unpack[FieldOptions[D, D | Mapping[str, Any]]],
        ) -> None: ...
        @overload
        def __init__(
            self: DocumentField[D | None, D | None, D | Mapping[str, Any]],
            document: type[D],
            *,
            required: bool = ...,
            **options: Unpack[FieldOptions[D, D | Mapping[str, Any]]],
        ) -> None: ...
        @overload
        def __init__(
            self: DocumentField[Any, Any, Any],
            document: str,
            *,
            required: bool = ...,
            **options: Unpack[FieldOptions[Any, Any]],
        ) -> None: ...

    def __init__(self: Any, document: Any, **options: Any) -> None:
        label = type(self).__name__
        self.is_reference = isinstance(document, str)
        self.named: str = document if self.is_reference else getattr(document, "__name__", "")
        known: Any = None if self.is_reference else find_document_type(label, document)
        self.document_type = known
        self.is_declared = self.is_reference or isinstance(known, DeclaredType)
        self.is_document = self.is_declared and type(self) is DocumentField
        self.fills_members = not self.is_declared
        fields = self._find_fields(label, known)
        self._optional: frozenset[str] = frozenset() if self.is_declared else cast("Any", known).optional
        cast("Any", super()).__init__(fields, **options)
        self.applies_defaults |= self.is_reference  # for all that is known here

    def _find_fields(self, label: str, known: Any) -> dict[str, Field[Any]]:
        if self.is_reference:
            return {}
        fields: dict[str, Field[Any]] = (
            known.fields if self.is_declared else _make_fields(label, known, cast("Any", type(self)))
        )
        if not fields:
            raise SchemaError(f"{self.named} has no members; use a DictField() for maps of any members")
        return fields

    # A document that contains documents of its own class.

    def refer_to(self, document: type[BaseDocument]) -> None:
        """Take the class that was given by name; do nothing if another one was."""
        if self.is_reference and self.named == document.__name__ and self.document_type is None:
            self.document_type = document.__document__

    def bind_children(self) -> None:
        if not self.is_reference:
            super().bind_children()
            return
        for name in _BOUND_LATER:  # else there would be no end of fields in fields
            vars(self).pop(name, None)

    def __getattr__(self, name: str) -> Any:
        if self.__dict__.get("is_reference") and self.document_type is not None and "fields" not in vars(self):
            self._bind_fields()
            return getattr(self, name)
        return super().__getattr__(name)

    def _bind_fields(self) -> None:
        """Give a reference fields of its own, whose labels and paths tell where they are."""
        check_depth(self.label)
        self.fields = dict(self.document_type.fields)
        super().bind_children()
        keep_bound(self)

    def check_declaration(self) -> None:
        if not self.is_reference:
            super().check_declaration()
        elif self.document_type is None:
            raise SchemaError(
                f"{self.label}: DocumentField({self.named!r}) names a class that is not declared there: give the class"
                " itself; only in its own body, the name of a Document stands for it"
            )
        else:  # its members are those of the class, which checks them
            Field[Any].check_declaration(self)

    @property
    def has_rules(self) -> bool:
        return super().has_rules or self.document_type.has_rules

    def stores_like(self, other: Any) -> bool:
        if type(self) is not type(other) or self.document_type.kind is not other.document_type.kind:
            return False
        return self.is_declared or super().stores_like(other)

    def apply_defaults(self, value: Any) -> Any:
        return value if isinstance(value, self.document_type.kind) else super().apply_defaults(value)

    def convert(self, value: Any) -> Any:
        refuse_part(value)
        kind = self.document_type.kind
        if isinstance(value, kind):
            return self._check_class(value) if self.is_declared else self._convert_foreign(value)
        if not isinstance(value, Mapping):
            self.reject(value, f"an instance of {kind.__name__}, or a dict of its members")
        return self._build(self._coerce(cast("Mapping[str, Any]", value)), {})

    def _check_class(self, document: Any) -> Any:
        """Return the document, whose values its class has checked; `encode` checks what has changed in them since."""
        if isinstance(document, Part):
            refuse_storing(label_of(document))
        if type(document) is not self.document_type.kind:
            expected = f"an instance of {self.named} itself, not of a derived class"
            self.reject(document, f"{expected}, which nobody could read again")
        return document

    def _convert_foreign(self, value: Any) -> Any:
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
        if field.is_absent(missing) and (field.required or (name in given and not self._takes_none(name))):
            raise ValidationError(f"{field.label} is required")
        return missing

    def _takes_none(self, name: str) -> bool:
        return self.is_declared or name in self._optional

    def _build(self, members: Mapping[str, Any], undeclared: Mapping[str, AttributeValue]) -> Any:
        """Return an instance; members without a value are left to the class where it does not take `None`."""
        given = {name: member for name, member in members.items() if member is not None or self._takes_none(name)}
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
        if self.is_declared:
            return self._encode_declared(value)
        members = cast("Item", super().encode(self.document_type.read(value)))
        return {**normalize_item(_undeclared_in(value)), **members}

    def _encode_declared(self, document: Any) -> Item:
        held: dict[str, Any] = self._check_class(document).__dict__
        encoded = normalize_item(held.get(UNDECLARED, {}))
        for name, field in self.fields.items():
            member = held.get(name)
            if member is not None and not field.is_absent(member):  # validated again: a list may have been changed
                encoded[field.stored_as or name] = field.encode(field.validate(member))
            elif field.required:
                raise ValidationError(f"{field.label} is required but has no value")
        return encoded

    def decode_value(self, stored: AttributeValue) -> Any:
        members = dict(self.decode_members(stored) if self.is_declared else super().decode_value(stored))
        others = {name: value for name, value in cast("Any", stored).items() if name not in self._members}
        if self.document_type.takes_others:
            return self._build({**dict.fromkeys(self._optional), **members, **python_values.decode_map(others)}, {})
        return self._build({**dict.fromkeys(self._optional), **members}, others)

    def make_part(self, members: Mapping[str, Any], loaded: Iterable[str]) -> Any:
        return self.document_type.make_part(members, loaded, self.label)

    def to_json(self, value: Any) -> Any:
        return super().to_json(self.document_type.read(value) if isinstance(value, self.document_type.kind) else value)

    def from_json(self, value: Any) -> Any:
        if not self.document_type.takes_others or not isinstance(value, Mapping):
            return super().from_json(value)
        members = cast("Mapping[str, Any]", value)
        known = super().from_json({name: each for name, each in members.items() if name in self.fields})
        return {**members, **known}

    def json_schema(self, mode: SchemaMode) -> JSONSchema:
        if self.is_reference:  # a schema in itself would have no end
            return {"title": self.document_type.kind.__name__, "type": "object"}
        schema: JSONSchema = {"title": self.document_type.kind.__name__, **super().json_schema(mode)}
        if isinstance(self.document_type, ForeignType):
            self.document_type.constrain(schema["properties"])
        return {**schema, "additionalProperties": True} if self.document_type.takes_others else schema


def _make_fields(label: str, kind: ForeignType, nested: Any) -> dict[str, Field[Any]]:
    """Return the fields for the members of a class of another library."""
    outer, document = _declared.get(), kind.kind
    if document in outer:
        raise SchemaError(
            f"{label}: {document.__name__} contains itself: declare that member with a field of its own, as in"
            " Annotated[..., DictField()]; only a Document may contain documents of its own class"
        )
    token = _declared.set((*outer, document))
    try:
        members = kind.members.items()
        return {name: _make_member(f"{document.__name__}.{name}", member, nested) for name, member in members}
    finally:
        _declared.reset(token)


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
