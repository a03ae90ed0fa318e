"""Fields that hold lists and sets, with a field for their elements.

The error of an element names its position: `User.cities[1]`, `User.addresses[0].city`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from collections.abc import Set as AbstractSet
from typing import TYPE_CHECKING, Any, Literal, TypeAlias, cast, overload

from dynamongo._support.generics import Generic, TypeVar
from dynamongo._support.lazy_imports import LazyModule
from dynamongo.exceptions import ExpressionError, SchemaError, ValidationError
from dynamongo.expressions.conditions import Operand, Path
from dynamongo.expressions.values import SCALAR_TYPES, AttributeType, AttributeValue, shorten
from dynamongo.fields.base import Field, decoder_of
from dynamongo.fields.elements import FieldLike, as_element, read_json
from dynamongo.fields.json import JSONField
from dynamongo.fields.json_forms import JSONSchema, SchemaMode
from dynamongo.fields.partial_map import PartialList, are_elements_whole, is_whole, refuse_part

if TYPE_CHECKING:
    import datetime as dt
    import enum
    import uuid
    from decimal import Decimal

    from typing_extensions import Self, Unpack

    from dynamongo._support.several import ListOrTuple
    from dynamongo.expressions.conditions import AnyCondition
    from dynamongo.expressions.updates import AnyUpdate
    from dynamongo.fields import json_schemas
    from dynamongo.fields.document_classes import B
    from dynamongo.fields.maps import DictField
    from dynamongo.fields.operands import Comparand, LiteralValue
    from dynamongo.fields.options import CheckOptions, Default

    V = TypeVar("V")
    W = TypeVar("W")
    Numeric = TypeVar("Numeric", int, float, Decimal, dt.timedelta)
    Scalar = TypeVar("Scalar", bound=bytes | dt.date | uuid.UUID | enum.Enum)

    SetLike: TypeAlias = AbstractSet[W] | ListOrTuple[W]
    Members: TypeAlias = W | Iterable[W] | LiteralValue[Any]
    StoredMember: TypeAlias = Literal["S", "N", "B", "BOOL"]  # a `BooleanField` may store numbers
else:  # few programs ask for a JSON Schema
    json_schemas = LazyModule("dynamongo.fields.json_schemas")

# The value of an element, and what the field of the elements takes for one.
E = TypeVar("E")
Input_contra = TypeVar("Input_contra", default=E, contravariant=True)


class ListField(Field[list[E], "ListOrTuple[Input_contra]", Literal["L"]], Generic[E, Input_contra]):
    """A list with one field for all elements: takes a list or a tuple, and is never `None`.

    Stored as a list. An item without the attribute has the empty list. An element cannot be `None` or an empty set,
    which DynamoDB does not store. `User.cities[0]` is the field of the element at that position.

    Args:
        field: The field of the elements, or its class: `ListField(StringField)`.
        default: The list of a new instance without one, which is copied, or a callable that returns it.
        options: The arguments of every field.
    """

    stored_type: AttributeType | None = "L"
    has_parts = True

    if TYPE_CHECKING:  # a pair apart from `Assigned`: pyright then keeps the type of the list, whatever it was made of

        @overload
        def __get__(self, instance: None, owner: type[Any]) -> Self: ...
        @overload
        def __get__(self, instance: object, owner: type[Any]) -> list[E]: ...
        def __get__(self, instance: Any, owner: Any) -> Any: ...
        def __set__(self, instance: object, value: ListOrTuple[E | Input_contra]) -> None: ...
        def contains(self, value: Input_contra | Comparand[Input_contra]) -> AnyCondition: ...
        def append(self, *elements: Input_contra) -> AnyUpdate: ...
        def prepend(self, *elements: Input_contra) -> AnyUpdate: ...

    if TYPE_CHECKING:  # elements are never None: the first overload takes it out of their type
        # What a default contains is not typed: `default=["2024-05-01"]` would be all that is taken, and refuse dates.

        @overload
        def __init__(
            self: ListField[V, W],
            field: Field[V | None, W, Any] | Callable[[], Field[V | None, W, Any]],
            default: Default[ListOrTuple[Any]] = ...,
            *,
            required: bool = ...,
            **options: Unpack[CheckOptions[list[Any], ListOrTuple[Any]]],
        ) -> None: ...
        @overload
        def __init__(
            self: ListField[V, W],
            field: Field[V, W, Any] | Callable[[], Field[V, W, Any]],
            default: Default[ListOrTuple[Any]] = ...,
            *,
            required: bool = ...,
            **options: Unpack[CheckOptions[list[Any], ListOrTuple[Any]]],
        ) -> None: ...

    def __init__(self: Any, field: FieldLike, default: Any = None, **options: Any) -> None:
        super().__init__(default=default, **options)
        self.element = as_element(self.label, field)
        self.bind_children()

    __iter__ = None  # or Python would ask for [0], [1], ... without end

    if TYPE_CHECKING:
        # As at the class of a model, the class of a document stands for its field.

        @overload
        def __getitem__(self: ListField[B, Any], index: int) -> type[B]: ...
        @overload
        def __getitem__(self: ListField[list[V], Any], index: int) -> ListField[V]: ...
        @overload
        def __getitem__(self: ListField[set[V], Any], index: int) -> SetField[V]: ...
        @overload
        def __getitem__(self: ListField[dict[str, Any], Any], index: int) -> DictField[dict[str, Any]]: ...
        @overload
        def __getitem__(self: ListField[str, W], index: int) -> Field[str, W, Literal["S"]]: ...
        @overload
        def __getitem__(self: ListField[Numeric, W], index: int) -> Field[Numeric, W, Literal["N"]]: ...
        @overload
        def __getitem__(self: ListField[Scalar, W], index: int) -> Field[Scalar, W]: ...
        @overload
        def __getitem__(self, index: int) -> Any: ...

    def __getitem__(self: Any, index: int) -> Any:
        """Return the field of the element at that position, counted from 0."""
        if self.stored_type != "L":
            raise ExpressionError(f"{self.label} is stored as {self.stored_type}, which has no elements")
        if type(index) is not int or index < 0:
            raise ExpressionError(f"{self.label}[...] takes a position, an int >= 0; got {shorten(index)}")
        element = self.element.bind(self._owner, self.path / index)
        element.is_element = True
        self.enclose(element)
        return element

    def stores_like(self, other: Any) -> bool:
        return type(self) is type(other) and self.element.can_copy(other.element)

    def bind_children(self) -> None:
        self.element = self.element.with_label(f"{self.label}[]")
        self.applies_defaults = self.element.applies_defaults
        self.reads_one_filled_form = type(self) is ListField and self.element.reads_one_form

    def check_declaration(self) -> None:
        self.element.check_declaration()
        super().check_declaration()

    def missing_value(self) -> list[E]:
        return []

    def apply_defaults(self, value: Any) -> Any:
        return (
            self._each(self.element.apply_defaults, cast("Any", value)) if isinstance(value, (list, tuple)) else value
        )

    def convert(self, value: Any) -> list[E]:
        refuse_part(value)
        if not isinstance(value, (list, tuple)):
            self.reject(value, "a list")
        coerce = self._coerce_set if isinstance(self.element, SetField) else self.element.coerce
        return self._each(coerce, cast("list[Any]", value))

    def encode(self, value: list[E]) -> AttributeValue:
        return self._each(self.element.encode, value)

    def to_json(self, value: Any) -> Any:
        return list(map(self.element.to_json, value))

    def from_json(self, value: Any) -> Any:
        return self._each(self._read_element, cast("list[Any]", value)) if isinstance(value, (list, tuple)) else value

    def json_schema(self, mode: SchemaMode) -> JSONSchema:
        elements = json_schemas.describe(self.element, mode)
        return {
            "type": "array",
            "items": {**elements, "minItems": 1} if isinstance(self.element, SetField) else elements,
        }

    def decode_value(self, stored: AttributeValue) -> list[E]:
        if not isinstance(stored, list):
            self.reject(stored, "stored as a list")
        return self._each(decoder_of(self.element), stored)

    def decode_partial(self, stored: AttributeValue, paths: Sequence[Path] | None) -> Any:
        if is_whole(paths) or are_elements_whole(paths) or not isinstance(stored, list) or self.overridden:
            return super().decode_partial(stored, paths)
        return PartialList([self.element.decode_partial(each, None) for each in stored], self.label)

    def _each(self, step: Callable[[Any], Any], values: Iterable[Any]) -> list[Any]:
        """Apply the step of the element's field to each value; an error names the position."""
        done: list[Any] = []
        try:
            done.extend(map(step, values))
        except ValidationError as error:
            # Not by another attempt with a field for that position: lists in lists would take two at each level.
            label = f"{self.label}[{len(done)}]"
            error.args = (str(error).replace(self.element.label, label, 1),)
            raise
        return done

    def _read_element(self, value: Any) -> Any:
        return read_json(self.element, value)

    def _coerce_set(self, value: Any) -> Any:
        return _refuse_empty_set(self.element, self.element.coerce(value))

    def encode_part(self, value: Any) -> Operand:
        return self.element.encode_operand(value)

    def encode_element(self, element: Any) -> AttributeValue:
        return self.element.encode(_refuse_empty_set(self.element, self.element.validate(element)))


class SetField(Field[set[E], "SetLike[Input_contra]", Literal["SS", "NS", "BS"]], Generic[E, Input_contra]):
    """A set with one field for all members, which stores strings, numbers or binary values; never `None`.

    Takes a set, a frozenset, a list or a tuple. DynamoDB has no empty set: it is stored as an absent attribute, and an
    item without the attribute has the empty set. So a required set has at least one member.

    Args:
        field: The field of the members, or its class: `SetField(IntField)`.
        default: The set of a new instance without one, which is copied, or a callable that returns it.
        options: The arguments of every field.
    """

    stored_type: AttributeType | None = None  # depends on the type of the members
    has_parts = True

    if TYPE_CHECKING:  # as for `ListField`

        @overload
        def __get__(self, instance: None, owner: type[Any]) -> Self: ...
        @overload
        def __get__(self, instance: object, owner: type[Any]) -> set[E]: ...
        def __get__(self, instance: Any, owner: Any) -> Any: ...
        def __set__(self, instance: object, value: SetLike[E | Input_contra]) -> None: ...
        def contains(self, value: Input_contra | Comparand[Input_contra]) -> AnyCondition: ...
        def add(self, value: Members[Input_contra]) -> AnyUpdate: ...
        def add_to_set(self, members: Members[Input_contra]) -> AnyUpdate: ...
        def delete_from_set(self, members: Members[Input_contra]) -> AnyUpdate: ...

    if TYPE_CHECKING:

        @overload
        def __init__(
            self: SetField[V, W],
            field: Field[V | None, W, StoredMember] | Callable[[], Field[V | None, W, StoredMember]],
            default: Default[SetLike[Any]] = ...,
            *,
            required: bool = ...,
            **options: Unpack[CheckOptions[set[Any], SetLike[Any]]],
        ) -> None: ...
        @overload
        def __init__(
            self: SetField[V, W],
            field: Field[V, W, StoredMember] | Callable[[], Field[V, W, StoredMember]],
            default: Default[SetLike[Any]] = ...,
            *,
            required: bool = ...,
            **options: Unpack[CheckOptions[set[Any], SetLike[Any]]],
        ) -> None: ...

    def __init__(self: Any, field: FieldLike, default: Any = None, **options: Any) -> None:
        super().__init__(default=default, **options)
        self.member = as_element(self.label, field)
        # A JSONField stores strings, but its Python values may be dicts and lists, which no set can hold.
        if self.member.stored_type not in SCALAR_TYPES or isinstance(self.member, JSONField):
            raise SchemaError(
                f"{self.label} takes a field that stores strings, numbers or binary values; got {self.member!r}"
            )
        self.stored_type = cast("Any", type(self)).stored_type or f"{self.member.stored_type}S"
        self.bind_children()

    def bind_children(self) -> None:
        self.member = self.member.with_label(f"a member of {self.label}")
        self.reads_one_form = type(self) is SetField and self.member.reads_one_form
        self.applies_defaults = self.member.applies_defaults

    def check_declaration(self) -> None:
        self.member.check_declaration()
        super().check_declaration()

    def stores_like(self, other: Any) -> bool:
        return type(self) is type(other) and self.member.can_copy(other.member)

    def missing_value(self) -> set[E]:
        return set()

    def is_absent(self, value: Any) -> bool:
        return not value

    def apply_defaults(self, value: Any) -> Any:
        # A list, since members that are not converted yet need not be hashable.
        return list(map(self.member.apply_defaults, cast("set[Any]", value))) if _is_set_like(value) else value

    def convert(self, value: Any) -> set[E]:
        refuse_part(value)
        if not _is_set_like(value):
            self.reject(value, "a set")
        return set(map(self.member.coerce, cast("set[Any]", value)))

    def encode(self, value: set[E]) -> AttributeValue:
        if not value:  # "Supported data types and naming rules" in the DynamoDB developer guide, set types
            raise ValidationError(
                f"{self.label}: DynamoDB has no empty sets, so an absent attribute stands for one: use not_exists() or"
                " remove()"
            )
        return cast("AttributeValue", frozenset(map(self.member.encode, value)))

    def to_json(self, value: Any) -> Any:
        members = sorted(value, key=cast("Any", self.member.encode))  # in one order, so that equal sets look alike
        return list(map(self.member.to_json, members))

    def from_json(self, value: Any) -> Any:
        return [read_json(self.member, each) for each in cast("list[Any]", value)] if _is_set_like(value) else value

    def json_schema(self, mode: SchemaMode) -> JSONSchema:
        rules = {"minItems": 1} if self.required else {}
        # What is given may repeat a member, which the set then has once.
        unique = {"uniqueItems": True} if mode == "serialization" else {}
        return {"type": "array", "items": json_schemas.describe(self.member, mode), **rules, **unique}

    def decode_value(self, stored: AttributeValue) -> set[E]:
        if not isinstance(stored, frozenset):
            self.reject(stored, "stored as a set")
        return set(map(decoder_of(self.member), cast("frozenset[AttributeValue]", stored)))

    def encode_part(self, value: Any) -> Operand:
        return self.member.encode_operand(value)

    def encode_members(self, members: Iterable[Any]) -> frozenset[Any]:
        return frozenset(self.member.encode(self.member.validate(member)) for member in members)


def _is_set_like(value: object) -> bool:
    return isinstance(value, (AbstractSet, list, tuple))


def _refuse_empty_set(element: Field[Any], value: Any) -> Any:
    if isinstance(element, SetField) and not value:
        element.reject(value, "a set with at least one member, because DynamoDB has no empty set")
    return value
