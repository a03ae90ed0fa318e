"""`Field`: what an attribute of a model holds, and how it is stored.

A value passes three steps on its way to the store and one on its way back, and a kind of field overrides those it
needs::

    convert   what the user gave     -> the Python value     (a str becomes a datetime)
    check     the Python value       -> nothing, or an error (ranges, lengths, choices, the validator)
    encode    the Python value       -> the attribute value
    decode    the attribute value    -> the Python value     (a kind of field overrides `decode_value`)

A field that a model declares, and each one reached from it (`User.address.city`, `User.cities[0]`), is *bound*: it
knows its path, so it can build conditions and updates. These hold paths and encoded values, never the field.
"""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any, Generic, NoReturn, TypedDict, TypeVar, cast, overload

from dynamongo import codecs
from dynamongo.conditions import Comparator, Operand, Path
from dynamongo.exceptions import ExpressionError, SchemaError, ValidationError
from dynamongo.fields.expressions import Expressions, as_operand
from dynamongo.partial import refuse_unloaded
from dynamongo.values import SCALAR_TYPES, AttributeType, AttributeValue, Number, equals, shorten, type_of

if TYPE_CHECKING:
    from typing_extensions import Self

T = TypeVar("T")
V = TypeVar("V")

_PLAIN_FIELDS: dict[AttributeType, str] = {"S": "StringField", "N": "DecimalField", "B": "BinaryField"}


class CheckOptions(TypedDict, total=False):
    """The keyword arguments of every field that say which values it takes.

    Attributes:
        validator: Called with the Python value; refuses it by returning `False` or raising `ValueError`.
        choices: The only values allowed.
    """

    validator: Callable[[Any], object] | None
    choices: Iterable[Any] | None


class FieldOptions(CheckOptions, total=False):
    """The keyword arguments that every field takes beside `required`.

    Attributes:
        default: The value of a new instance that was given none, or a callable that makes one, which is called for
            every instance. Either is copied, and never shared between instances.
    """

    default: Any


class Field(Expressions, Generic[T]):
    """A field without a type of its own: any value that DynamoDB can store, as `dynamongo.codecs` encodes it.

    Args:
        required: Whether an item cannot be saved without it. The type of a required field excludes `None`.
        default: The value of a new instance that was given none, or a callable that makes one.
        validator: Called with the Python value; refuses it by returning `False` or raising `ValueError`.
        choices: The only values allowed.
    """

    is_key: bool = False
    """Whether the field is part of the table's key; the model sets it."""

    is_index_key: bool = False
    """Whether the field is part of the key of an index; the model sets it."""

    prepares_new: bool = False
    """Whether `prepare_new` does anything for this field."""

    def __init__(
        self: Field[Any],
        *,
        required: bool = False,
        default: Any = None,
        validator: Callable[[Any], object] | None = None,
        choices: Iterable[Any] | None = None,
    ) -> None:
        self.required = required
        self.validator = validator
        self.choices = None if choices is None else tuple(choices)
        self._are_choices_converted = False
        self._default = default
        self._owner = ""
        self._path: Path | None = None
        self._label = type(self).__name__

    # What the model does with a field.

    @overload
    def __get__(self, instance: None, owner: type[Any]) -> Self: ...
    @overload
    def __get__(self, instance: object, owner: type[Any]) -> T: ...
    def __get__(self, instance: object | None, owner: type[Any]) -> Self | T:
        if instance is None:
            return self
        if getattr(instance, "_loaded", None) is not None:  # instances hold their values in their own __dict__
            refuse_unloaded(self.label)
        raise AttributeError(f"{self.label} is not set")

    if TYPE_CHECKING:

        def __set__(self, instance: object, value: T) -> None: ...

    def bind(self, owner: str, path: Path) -> Self:
        """A copy of the field that lives at `path` in the items of the model named `owner`."""
        return self._placed(f"{owner}.{path}", owner, path)

    def called(self, label: str) -> Self:
        """A copy of the field that messages call `label`; it belongs to no model."""
        return self._placed(label, "", None)

    def _placed(self, label: str, owner: str, path: Path | None) -> Self:
        copied = copy.copy(self)
        copied._label, copied._owner, copied._path = label, owner, path  # noqa: SLF001 - a copy of this very object
        copied.take_parts()
        return copied

    def take_parts(self) -> None:
        """Make the fields that this one is made of its own: copies that are named and bound after it."""

    def check_declaration(self) -> None:
        """Raise `SchemaError` where the default or a choice does not suit the field itself."""
        try:
            self._convert_choices()
            if self._default is not None and not callable(self._default):
                self.validate(self._default)
        except ValidationError as error:
            raise SchemaError(f"{self.label} is declared with a value that does not suit it: {error}") from error

    def check_key(self) -> None:
        """Raise `SchemaError` where the field, which is part of a key, stores it in a form that cannot be one."""

    @property
    def keeps_order(self) -> bool:
        """Whether the field is stored in a form whose order is that of its values: that of a key."""
        return self.is_key or self.is_index_key

    @property
    def label(self) -> str:
        """What messages call the field: model and path, or its class while it is not bound."""
        return self._label

    @property
    def path(self) -> Path:
        """Where the field lives in an item; raises `ExpressionError` for a field that no model declares."""
        if self._path is None:
            raise ExpressionError(f"{self.label} does not belong to a model, so nothing can be said about its items")
        return self._path

    @property
    def default(self) -> Any:
        """The value of a new instance that was given none: converted and checked, and new for each call."""
        value = copy.deepcopy(self._default() if callable(self._default) else self._default)
        return self.missing_value() if value is None else self.validate(value)

    @property
    def has_default(self) -> bool:
        """Whether the field was declared with a default."""
        return self._default is not None

    @property
    def has_constant_default(self) -> bool:
        """Whether that is a value, and not a callable that makes one."""
        return self._default is not None and not callable(self._default)

    # What stands for an attribute that is not there.

    def missing_value(self) -> Any:
        """The Python value of an item that lacks the attribute, new for each call: `None`, or an empty container."""
        return None

    def is_absent(self, value: Any) -> bool:
        """Whether the Python value is stored by leaving the attribute out."""
        return value is None

    # The way of a value.

    def validate(self, value: Any) -> T:
        """The Python value for what the user gave.

        Raises:
            ValidationError: It does not suit the field; the message names the field, what it takes and the value.
        """
        return self.accept(self.prepare_new(value) if self.prepares_new else value)

    def prepare_new(self, value: Any) -> Any:
        """What is to be stored for the value that the user gave: a map gains the defaults of its members."""
        return value

    def accept(self, value: Any) -> T:
        """The Python value for one that is compared with stored ones, or is prepared; raises as `validate`."""
        converted = self.convert(value)
        self.check(converted)
        return converted

    def convert(self, value: Any) -> T:
        """Turn what the user gave into the field's Python type, or raise `ValidationError`."""
        try:
            codecs.encode(value)
        except ValidationError as error:
            raise ValidationError(f"{self.label}: {error}") from error
        return cast("T", value)

    def check(self, value: T) -> None:
        """Raise `ValidationError` for a value of the right type that is not allowed. Overrides call this one too."""
        if self.choices is not None and not self.is_choice(value):
            self.reject(value, f"one of {', '.join(map(shorten, self.choices))}")
        if self.validator is None:
            return
        try:
            accepted = self.validator(value)
        except ValueError as error:
            raise ValidationError(f"{self.label} does not accept {shorten(value)}: {error}") from error
        if accepted is False:
            self.reject(value, f"accepted by {getattr(self.validator, '__name__', 'its validator')}")

    def is_choice(self, value: T) -> bool:
        """Whether the Python value is one of the choices, by the equality of DynamoDB: `True` is not `1`."""
        choices = self._convert_choices()
        if self.is_absent(value):
            return any(map(self.is_absent, choices))
        encoded = self.encode(value)
        return any(not self.is_absent(choice) and equals(self.encode(choice), encoded) for choice in choices)

    def _convert_choices(self) -> tuple[T, ...]:
        if not self._are_choices_converted and self.choices is not None:
            self.choices = tuple(map(self.convert, self.choices))
            self._are_choices_converted = True
        return self.choices or ()

    def encode(self, value: T) -> AttributeValue:
        """The attribute value for a Python value that `validate` returned."""
        return codecs.encode(value)

    def encode_key(self, value: Any) -> AttributeValue:
        """The attribute value of a key for what the user gave; raises `ValidationError` where it is none."""
        if value is None:
            self.reject(value, "given, since it is part of the key")
        return self.refuse_empty(self.encode(self.validate(value)))

    def refuse_empty(self, encoded: V) -> V:
        """The attribute value of a key, of the table or of an index, which DynamoDB does not allow to be empty."""
        if isinstance(encoded, (str, bytes)) and not encoded:
            self.reject(encoded, "a key, which cannot be empty")
        return encoded

    def decode(self, stored: AttributeValue) -> T:
        """The Python value for an attribute value from the store.

        Raises:
            ValidationError: The attribute holds something that the field could not have stored, or is a key in a
                form that the field does not write: the item, saved again, would become another one.
        """
        value = self.decode_value(stored)
        if self.is_key:
            self._check_own_form(stored, value)
        return value

    def decode_value(self, stored: AttributeValue) -> T:
        """The Python value for an attribute value, be it a key or not; raises as `decode`."""
        return cast("T", codecs.decode(stored))

    def _check_own_form(self, stored: AttributeValue, value: T) -> None:
        own = self.own_form(stored, value)
        if not equals(own, stored):
            kind = _PLAIN_FIELDS.get(type_of(stored), "field")
            raise ValidationError(
                f"{self.label} is a key stored as {stored!r}, which this field would write as {own!r};"
                f" declare it as a {kind}, which keeps it as it is stored"
            )

    def own_form(self, stored: AttributeValue, value: T) -> AttributeValue:
        """What the field itself would store for the value that it decoded."""
        try:
            return self.encode(self.convert(value))
        except ValidationError:
            return stored  # the item can be read, and saving it fails

    def reject(self, value: Any, expected: str, *, cause: Exception | None = None) -> NoReturn:
        """Raise the `ValidationError` that says what the field takes and what came."""
        raise ValidationError(f"{self.label} must be {expected}; got {shorten(value)}") from cause

    # What a value becomes inside a condition or an update.

    def encode_operand(self, value: Any) -> Operand:
        return as_operand(value) or self.encode(self.accept(value))

    def encode_bound(self, value: Any, operator: Comparator) -> Operand:
        del operator
        return as_operand(value) or self.encode(self.convert(value))

    def encode_part(self, value: Any) -> Operand:
        return as_operand(value) or codecs.encode(value)

    def encode_amount(self, value: Any) -> Number:
        amount = codecs.encode(value)
        if isinstance(amount, bool) or not isinstance(amount, Number):
            self.reject(value, "changed by a number")
        return amount

    def encode_new(self, value: Any) -> AttributeValue | Path:
        if value is None:
            raise ExpressionError(f"{self.label} cannot be set to None: use remove()")
        return self._copy_from(value) if isinstance(value, Expressions) else self.encode(self.validate(value))

    def _copy_from(self, other: Expressions) -> Path:
        if self.stored_type and other.stored_type and self.stored_type != other.stored_type:
            raise ExpressionError(
                f"{self.label} is stored as {self.stored_type}, and cannot be set to {other.label},"
                f" which is stored as {other.stored_type}"
            )
        return other.path

    def encode_element(self, element: Any) -> AttributeValue:
        return codecs.encode(element)

    def encode_members(self, members: Iterable[Any]) -> frozenset[Any]:
        encoded = [codecs.encode(member) for member in members]  # before they meet in a set, where 1 and True are one
        kinds = set(map(type_of, encoded))
        if len(kinds) != 1 or not kinds.issubset(SCALAR_TYPES):
            self.reject(members, "a set of strings, of numbers or of binary values")
        return frozenset(cast("list[Any]", encoded))

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self.label}>" if self._path else f"<{self.label}>"
