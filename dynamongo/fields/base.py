"""`Field`: what an attribute of a model holds, and how it is stored.

A value passes three steps on its way to the store and two on its way back::

    convert   what the user gave     -> the Python value     (a str becomes a datetime)
    check     the Python value       -> nothing, or an error (ranges, lengths, choices, the validator)
    encode    the Python value       -> the attribute value
    decode    the attribute value    -> the Python value     (which is checked, too)

A custom field overrides `encode` and `decode`; see `dynamongo.fields.custom`. The fields of the library override
`decode_value`, the part of `decode` that knows neither keys nor checks.

A field that a model declares, and each one reached from it (`User.address.city`, `User.cities[0]`), is *bound*: it
knows its path, so it can build conditions and updates. These hold paths and encoded values, never the field.
"""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any, ClassVar, Generic, NoReturn, TypedDict, TypeVar, cast, overload

from dynamongo.exceptions import ExpressionError, SchemaError, ValidationError
from dynamongo.expressions.conditions import Comparator, Operand, Path
from dynamongo.expressions.numbers import Number
from dynamongo.expressions.values import (
    SCALAR_TYPES,
    AttributeType,
    AttributeValue,
    are_values_hidden,
    describe_error,
    equals,
    print_shortened,
    shorten,
    type_of,
)
from dynamongo.fields import custom, python_values
from dynamongo.fields.operators import as_operand
from dynamongo.fields.partial_map import refuse_unloaded
from dynamongo.fields.updatable import MAX_SECONDS, Updatable

if TYPE_CHECKING:
    from typing_extensions import Self

T = TypeVar("T")
V = TypeVar("V")

_PLAIN_FIELDS: dict[AttributeType, str] = {"S": "StringField", "N": "DecimalField", "B": "BinaryField"}


class CheckOptions(TypedDict, total=False):
    """The keyword arguments of every field that say which values it takes.

    Attributes:
        validator: Called with what is given or read; refuses it by returning `False` or raising `ValueError`.
        choices: The only values allowed, given or read.
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


class Field(Updatable, Generic[T]):
    """A field without a type of its own: any value that DynamoDB can store, as `python_values` encodes it.

    Args:
        required: Whether an item cannot be saved without it. The type of a required field excludes `None`.
        default: The value of a new instance that was given none, or a callable that makes one.
        validator: Called with what is given or read; refuses it by returning `False` or raising `ValueError`.
        choices: The only values allowed, given or read.
    """

    is_key: bool = False
    """Whether the field is part of the table's key; the model sets it."""

    is_index_key: bool = False
    """Whether the field is part of the key of an index; the model sets it."""

    applies_defaults: bool = False
    """Whether `apply_defaults` does anything for this field."""

    is_checked: bool
    """Whether `check` does anything for this field."""

    has_parts: ClassVar[bool] = False
    """Whether elements or members of the value have fields of their own."""

    def __init_subclass__(cls) -> None:
        super().__init_subclass__()
        custom.adopt(cls)

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
        self.is_checked = bool(validator or choices is not None or "check" in self.overridden)

    # What the model does with a field.

    @overload
    def __get__(self, instance: None, owner: type[Any]) -> Self: ...
    @overload
    def __get__(self, instance: object, owner: type[Any]) -> T: ...
    def __get__(self, instance: object | None, owner: type[Any]) -> Self | T:
        if instance is None:
            return self
        mapper = getattr(owner, "__mapper__", None)  # instances hold their values in their own __dict__
        if mapper is not None and mapper.is_partial(instance):
            refuse_unloaded(self.label)
        raise AttributeError(f"{self.label} is not set")

    if TYPE_CHECKING:

        def __set__(self, instance: object, value: T) -> None: ...

    def bind(self, owner: str, path: Path) -> Self:
        """A copy of the field that lives at `path` in the items of the model named `owner`."""
        return self._placed(f"{owner}.{path}", owner, path)

    def with_label(self, label: str) -> Self:
        """A copy of the field that messages call `label`; it belongs to no model."""
        return self._placed(label, "", None)

    def _placed(self, label: str, owner: str, path: Path | None) -> Self:
        copied = copy.copy(self)
        copied._label, copied._owner, copied._path = label, owner, path  # noqa: SLF001 - a copy of this very object
        copied.bind_children()
        return copied

    def expire_items(self) -> None:
        """Make the field the one by which items expire; raises `SchemaError` where its default does not suit that."""
        self.is_expiry = self.is_checked = True
        self.check_declaration()

    def bind_children(self) -> None:
        """Make the fields that this one is made of its own: copies that are named and bound after it."""

    def check_declaration(self) -> None:
        """Raise `SchemaError` where the default or a choice does not suit the field itself."""
        try:
            self.convert_choices()
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
        return self.coerce(self.apply_defaults(value) if self.applies_defaults else value)

    def apply_defaults(self, value: Any) -> Any:
        """What is to be stored for the value that the user gave: a map gains the defaults of its members."""
        return value

    def coerce(self, value: Any) -> T:
        """The Python value for one that is compared with stored ones, or is prepared; raises as `validate`."""
        converted = self.convert(value)
        if self.is_checked:
            self.check(converted)
        return converted

    def convert(self, value: Any) -> T:
        """Turn what the user gave into the field's Python type, or raise `ValidationError`."""
        if self.overridden & {"encode", "decode"}:
            return self._decode_plainly(self.encode(value))
        try:
            return cast("T", python_values.round_trip(value))
        except ValidationError as error:
            raise ValidationError(f"{self.label}: {error}") from error

    def _decode_plainly(self, encoded: AttributeValue) -> T:
        """`decode` without its checks, for a class that a user wrote."""
        if "decode" not in self.overridden:
            return self.decode_value(encoded)
        method: Any = type(self).decode
        return cast("T", method.__wrapped__(self, encoded))

    def encode_freely(self, value: Any) -> AttributeValue:
        """`python_values.encode`, which does not know for which field it is."""
        try:
            return python_values.encode(value)
        except ValidationError as error:
            raise ValidationError(f"{self.label}: {error}") from error

    def check(self, value: T) -> None:
        """Raise `ValidationError` for a value of the right type that is not allowed. Overrides call this one too."""
        if self.is_expiry:
            self._check_expiry(value)
        if self.choices is not None and not self.is_choice(value):
            self.reject(value, f"one of {', '.join(map(print_shortened, self.choices))}")
        if self.validator is None:
            return
        try:
            accepted = self.validator(value)
        except ValueError as error:
            raise ValidationError(f"{self.label} does not accept {shorten(value)}: {describe_error(error)}") from error
        if accepted is False:
            self.reject(value, f"accepted by {getattr(self.validator, '__name__', 'its validator')}")

    def _check_expiry(self, value: T) -> None:
        seconds = self.encode(value)
        if type(seconds) is not int or seconds > MAX_SECONDS:
            self.reject(
                value,
                "a whole number of seconds since 1970, before the year 10000, since items expire by it (__ttl__);"
                " divide milliseconds by 1000",
            )

    def is_choice(self, value: T) -> bool:
        """Whether the Python value is one of the choices, by the equality of DynamoDB: `True` is not `1`."""
        choices = self.convert_choices()
        if self.is_absent(value):
            return any(map(self.is_absent, choices))
        encoded = self.encode(value)
        return any(not self.is_absent(choice) and equals(self.encode(choice), encoded) for choice in choices)

    def convert_choices(self) -> tuple[T, ...]:
        if not self._are_choices_converted and self.choices is not None:
            self.choices = tuple(map(self.convert, self.choices))
            self._are_choices_converted = True
        return self.choices or ()

    def encode(self, value: T) -> AttributeValue:
        """The attribute value for a Python value that `validate` returned. A custom field overrides this."""
        return python_values.encode(value)

    def check_encoded(self, value: Any, encoded: Any) -> AttributeValue:
        """The attribute value that the `encode` of a custom field returned, in canonical form.

        Raises:
            ValidationError: DynamoDB cannot store it, or not as the `stored_type` of the field.
        """
        try:
            stored = python_values.encode(encoded)
        except ValidationError as error:
            raise ValidationError(
                f"{self.label}: encode({shorten(value)}) returned no attribute value: {error}"
            ) from error
        if stored is None or self.stored_type not in (None, type_of(stored)):
            raise ValidationError(
                f"{self.label}: encode({shorten(value)}) must return what is stored as {self.stored_type or 'a value'};"
                f" got {shorten(encoded)}"
            )
        return stored

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
        """The Python value for an attribute value from the store. A custom field overrides this.

        `validate` accepts what it returns.

        Raises:
            ValidationError: The attribute holds something that the field could not have stored, or is a key in a
                form that the field does not write: the item, saved again, would become another one.
        """
        value = self.decode_value(stored)
        if (self.is_checked or self.is_key) and "decode" not in self.overridden:  # which called `super().decode`
            self._check_read(stored, value)
        return value

    def _check_read(self, stored: AttributeValue, value: T) -> None:
        if self.is_checked:
            self.check(value)
        if self.is_key:
            self._check_own_form(stored, value)

    def check_decoded(self, stored: AttributeValue, value: Any) -> T:
        """The value that the `decode` of a custom field returned, as `validate` returns it; raises as `decode`."""
        if value is None:
            return cast("T", value)
        accepted = self.coerce(value)
        if self.is_key:
            self._check_own_form(stored, accepted)
        return accepted

    def decode_value(self, stored: AttributeValue) -> T:
        """The Python value for an attribute value, unchecked, be it a key or not; raises as `decode`."""
        return cast("T", python_values.decode(stored))

    def decode_loaded(self, stored: AttributeValue) -> Any:
        """The Python value for an attribute value of which only a part was read, so that nothing can be missing."""
        return self.decode(stored)

    def _check_own_form(self, stored: AttributeValue, value: T) -> None:
        own = self.own_form(stored, value)
        if not equals(own, stored):
            kind = _PLAIN_FIELDS.get(type_of(stored), "field")
            raise ValidationError(
                f"{self.label} is a key stored as {shorten(stored)}, which this field would write as {shorten(own)};"
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
        raise ValidationError(f"{self.label} must be {expected}; got {shorten(value)}") from (
            None if are_values_hidden() else cause
        )

    # What a value becomes inside a condition or an update.

    def encode_operand(self, value: Any) -> Operand:
        return as_operand(value) or self.encode(self.coerce(value))

    def encode_bound(self, value: Any, operator: Comparator) -> Operand:
        del operator
        return as_operand(value) or self.encode(self.convert(value))

    def encode_part(self, value: Any) -> Operand:
        if "encode" in self.overridden and as_operand(value) is None:
            self._refuse_parts()
            return self.encode(self.convert(value))
        return as_operand(value) or self.encode_freely(value)

    def _refuse_parts(self) -> None:
        """Refuse what would pass by the `encode` of a custom field: one element of what it stores as a whole."""
        if "encode" in self.overridden and self.stored_type not in SCALAR_TYPES:
            raise ExpressionError(f"{self.label} encodes its value as a whole, which has no parts: use set() and ==")

    def encode_amount(self, value: Any) -> Number:
        amount = self.encode(self.convert(value)) if "encode" in self.overridden else self.encode_freely(value)
        if isinstance(amount, bool) or not isinstance(amount, Number):
            self.reject(value, "changed by a number")
        return amount

    def encode_new(self, value: Any) -> AttributeValue | Path:
        if value is None:
            raise ExpressionError(f"{self.label} cannot be set to None: use remove()")
        return self.copy_from(value) if isinstance(value, Updatable) else self.encode(self.validate(value))

    def can_copy(self, other: Any) -> bool:
        if type(self) is Field:
            return not self.has_rules or (type(other) is Field and self.allows_all_of(cast("Any", other)))
        return super().can_copy(other)

    def encode_element(self, element: Any) -> AttributeValue:
        self._refuse_parts()
        return self.encode_freely(element)

    def encode_members(self, members: Iterable[Any]) -> frozenset[Any]:
        self._refuse_parts()
        encoded = [
            self.encode_freely(member) for member in members
        ]  # before they meet in a set, where 1 and True are one
        kinds = set(map(type_of, encoded))
        if len(kinds) != 1 or not kinds.issubset(SCALAR_TYPES):
            self.reject(members, "a set of strings, of numbers or of binary values")
        return frozenset(cast("list[Any]", encoded))

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self.label}>" if self._path else f"<{self.label}>"


def reader(field: Field[Any]) -> Callable[[AttributeValue], Any]:
    """The `decode` of an element or member, which is no key; without the call where nothing is checked."""
    return field.decode_value if is_read_plainly(field) else field.decode


def is_read_plainly(field: Field[Any]) -> bool:
    """Whether `decode_value` is all that `decode` does, but for a key."""
    return not field.is_checked and "decode" not in field.overridden
