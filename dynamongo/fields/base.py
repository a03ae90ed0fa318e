"""`Field`: what an attribute of a model holds, and how it is stored.

A value passes through three steps on its way to the store, and two on its way back::

    convert   what the user gave     -> the Python value     (a str becomes a datetime)
    check     the Python value       -> nothing, or an error (ranges, lengths, choices, the validator)
    encode    the Python value       -> the attribute value
    decode    the attribute value    -> the Python value     (which is checked, too)

`coerce` is `convert` and `check`; `validate` also applies the defaults of members, for a value that is to be stored.
A custom field overrides `encode` and `decode`; see `dynamongo.fields.custom`. The fields of the library override
`decode_value`, the part of `decode` that knows neither keys nor checks.

A field that a model declares is *bound*, and so is each one reached from it (`User.address.city`, `User.cities[0]`):
it knows its path, so that it can build conditions and updates. These hold paths and encoded values, never the field.
"""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterable, Sequence
from typing import TYPE_CHECKING, Any, ClassVar, NoReturn, cast, overload

from dynamongo._support.generics import Generic
from dynamongo.exceptions import ExpressionError, SchemaError, ValidationError
from dynamongo.expressions.conditions import Path
from dynamongo.expressions.values import (
    AttributeValue,
    are_values_hidden,
    check_name,
    describe_error,
    equals,
    print_shortened,
    shorten,
)
from dynamongo.fields import custom, python_values
from dynamongo.fields.computed_values import Term
from dynamongo.fields.item_options import ItemOptions
from dynamongo.fields.json_forms import JSONForms
from dynamongo.fields.operators import Operators
from dynamongo.fields.partial_map import guard, refuse_unloaded
from dynamongo.fields.type_parameters import Assigned, Input_contra, Stored_co, T

if TYPE_CHECKING:
    from typing_extensions import Self


class Field(
    JSONForms,
    ItemOptions,
    Operators[Input_contra, Stored_co],
    Term[Stored_co],
    Assigned[T, Input_contra],
    Generic[T, Input_contra, Stored_co],
):
    """A field of any type: takes every value that DynamoDB can store, as `python_values` encodes it.

    A custom field derives from `Field[Money]`, for values that are a `Money`; or, to tell type checkers that it takes a
    `str` as well, and what it stores, from `Field[Money, Money | str, Literal["N"]]`.

    Args:
        required: Whether an item needs a value to be saved. The type of a required field excludes `None`.
        default: The value of a new instance without one, or a callable that returns it.
        validator: A function that refuses a value, given or read, by returning `False` or raising `ValueError`.
        choices: The only values allowed, given or read.
        stored_as: The name of the attribute in which the value is stored; by default, that of the field.
        default_on_read: What is read of an item without a value.
        required_on_read: Whether an item without a value cannot be read.
        stored: Whether the value has an attribute of its own; if not, the template of a key of the table has it.
        immutable: Whether a value cannot change once it is stored.
        computed: A function that computes the value from other fields.
        computed_from: The names of these fields.
    """

    applies_defaults: bool = False
    """Whether `apply_defaults` changes or checks values of this field."""

    reads_one_form: bool = False
    """Whether everything that the field reads is what it would store; if not, a save compares with what is stored."""

    reads_one_filled_form: bool = False
    """Whether that is so but for an empty list, which may be stored as no attribute, or as NULL."""

    has_parts: ClassVar[bool] = False
    """Whether elements or members of the value have fields of their own."""

    def __init_subclass__(cls) -> None:
        super().__init_subclass__()
        custom.adopt(cls)

    def __init__(  # noqa: PLR0913 - the options of every field
        self: Field[Any],
        *,
        required: bool = False,
        default: Any = None,
        validator: Callable[[Any], object] | None = None,
        choices: Iterable[Any] | None = None,
        stored_as: str | None = None,
        default_on_read: Any = None,
        required_on_read: bool = False,
        stored: bool = True,
        immutable: bool = False,
        computed: Callable[[Any], object] | None = None,
        computed_from: Iterable[str] = (),
    ) -> None:
        self._label = type(self).__name__
        self.required = required
        self.validator = validator
        self.choices = None if choices is None else tuple(choices)
        self._are_choices_converted = False  # `convert` of a subclass may need what its own `__init__` sets later
        self.stored_as = None if stored_as is None else self._check_stored_name(stored_as)
        self._default = default
        self.take_read_rule(default_on_read, required_on_read=required_on_read)
        self.stored = stored
        if immutable or computed is not None or computed_from:
            self.take_item_options(computed, computed_from, immutable=immutable)
        self._owner = ""
        self._path: Path | None = None
        self.reads_one_form |= type(self) is Field
        self.is_checked = bool(validator or choices is not None or "check" in self.overridden)

    def _check_stored_name(self, name: object) -> str:
        try:
            return check_name(name)
        except ValidationError as error:
            raise SchemaError(f"{self.label}: stored_as must be the name of an attribute: {error}") from error

    # The field as an attribute of its model.

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

    def bind(self, owner: str, path: Path) -> Self:
        """Return a copy of the field for the attribute at `path` in the items of the model named `owner`."""
        return self._placed(f"{owner}.{path}", owner, path)

    def with_label(self, label: str) -> Self:
        """Return a copy of the field that messages call `label`; it belongs to no model."""
        return self._placed(label, "", None)

    def _placed(self, label: str, owner: str, path: Path | None) -> Self:
        copied = copy.copy(self)
        copied._label, copied._owner, copied._path = label, owner, path  # noqa: SLF001 - a copy of self
        if copied.is_about_items or not copied.stored:
            copied.check_place(path)
        copied.bind_children()
        return copied

    def expire_items(self) -> None:
        """Mark the field as the one that items expire by; raise `SchemaError` if its default is no such time."""
        self.is_expiry = self.is_checked = True
        self.check_declaration()

    def bind_children(self) -> None:
        """Replace the fields of elements or members by copies that are labelled and bound after this field."""

    def check_declaration(self) -> None:
        """Raise `SchemaError` if options exclude each other, or the default or a choice does not suit the field."""
        if self.is_about_items:
            self.check_item_options()
        try:
            self.convert_choices()
            if self._default is not None and not callable(self._default):
                self.validate(self._default)
            if self.default_on_read is not None and not callable(self.default_on_read):
                self.validate(self.default_on_read)
        except ValidationError as error:
            raise SchemaError(f"{self.label} has an invalid default or choice: {error}") from error

    @property
    def label(self) -> str:
        """The name of the field in messages: model and path, or its class while it is not bound."""
        return self._label

    @property
    def path(self) -> Path:
        """The path of the attribute in an item; raises `ExpressionError` for a field that no model declares."""
        if self._path is None:
            raise ExpressionError(f"{self.label} belongs to no model, so it cannot be part of a condition or an update")
        return self._path

    @property
    def default(self) -> Any:
        """The value of a new instance without one: converted and checked, and new for each call."""
        # A callable may return the same list each time, so its result is copied, too.
        value = copy.deepcopy(self._default() if callable(self._default) else self._default)
        return self.missing_value() if value is None else self.validate(value)

    @property
    def has_default(self) -> bool:
        """Whether the field was declared with a default."""
        return self._default is not None

    def set_default(self, value: Any) -> None:
        """Replace the default of a bound field."""
        self._default = value

    @property
    def has_constant_default(self) -> bool:
        """Whether the default is a value, not a callable."""
        return self._default is not None and not callable(self._default)

    # An absent attribute.

    def missing_value(self) -> Any:
        """Return the Python value of an item without the attribute, new for each call: `None` or an empty container."""
        return None

    def is_absent(self, value: Any) -> bool:
        """Return whether the Python value is stored as an absent attribute."""
        return value is None

    # The steps of a value. Those that custom fields override take `Any`: never `None`, which `T` may include, and of an
    # attribute value only the type that the field stores.

    def validate(self, value: Any) -> T:
        """Return the Python value for what the user gave.

        Raises:
            ValidationError: It does not suit the field; the message names the field, what it takes and the value.
        """
        return self.coerce(self.apply_defaults(value) if self.applies_defaults else value)

    def apply_defaults(self, value: Any) -> Any:
        """Return the value to store for a new one: a map gains the defaults of its members, a URL is looked up."""
        return value

    def coerce(self, value: Any) -> T:
        """Return the Python value for an operand, or for a value with its defaults applied; raises as `validate`."""
        converted = self.convert(value)
        if self.is_checked:
            self.check(converted)
        return converted

    def convert(self, value: Any) -> T:
        """Turn what the user gave into the field's Python type; raise `ValidationError` if that is impossible."""
        # Without a `convert` of its own, the Python value is what would be read after storing what was given.
        if self.overridden & {"encode", "decode"}:
            return cast("T", custom.decode_unchecked(self, self.encode(value)))
        try:
            return cast("T", python_values.round_trip(value))
        except ValidationError as error:
            raise ValidationError(f"{self.label}: {error}") from error

    def check(self, value: Any) -> None:
        """Raise `ValidationError` for a value of the right type that is not allowed; overrides call `super().check`."""
        if self.is_expiry:
            self.check_expiry(value)
        if self.reserved_prefix is not None:
            self.check_reserved(value, self.reserved_prefix)
        for slot in self.slots:
            slot.write(value)
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

    def is_choice(self, value: T) -> bool:
        """Return whether the Python value equals one of the choices, as DynamoDB compares: `True` is not `1`."""
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

    def encode(self, value: Any) -> AttributeValue:
        """Return the attribute value for a Python value that `validate` returned. A custom field overrides this."""
        return python_values.encode(value)

    def decode(self, stored: Any) -> T:
        """Return the Python value for a stored attribute value. A custom field overrides this.

        `validate` accepts what it returns.

        Raises:
            ValidationError: The field could not have stored the attribute value, or would write the key in another
                form: saved again, the item would become another one.
        """
        value = self.decode_value(stored)
        if (self.is_checked or self.is_key) and "decode" not in self.overridden:  # else the override's wrapper checks
            self._check_read(stored, value)
        return value

    def _check_read(self, stored: AttributeValue, value: T) -> None:
        if self.is_checked:
            self.check(value)
        if self.is_key:
            self.check_key_form(stored, value)

    def decode_value(self, stored: AttributeValue) -> T:
        """Return the Python value for an attribute value, without checks; raises as `decode`."""
        return cast("T", python_values.decode(stored))

    def decode_partial(self, stored: AttributeValue, paths: Sequence[Path] | None) -> Any:
        """Return the guarded Python value for an attribute value of which only `paths` were read; see `guard`."""
        return guard(self.decode(stored), paths, self.label)

    def reject(self, value: Any, expected: str, *, cause: Exception | None = None) -> NoReturn:
        """Raise the `ValidationError` that says what the field takes and what it got."""
        message = f"{self.label} must be {expected}; got {shorten(value)}"
        raise ValidationError(message) from (None if are_values_hidden() else cause)  # a cause may show the value

    def can_copy(self, other: Any) -> bool:
        if type(self) is Field:  # which reads every value
            return not self.has_rules or (type(other) is Field and self.allows_all_of(cast("Any", other)))
        return super().can_copy(other)

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self.label}>" if self._path else f"<{self.label}>"


def decoder_of(field: Field[Any]) -> Callable[[AttributeValue], Any]:
    """Return the `decode` of an element or member; that of a field without checks saves a call."""
    return field.decode_value if is_decoded_unchecked(field) else field.decode


def is_decoded_unchecked(field: Field[Any]) -> bool:
    """Return whether `decode` does nothing but `decode_value`, unless the field is a key."""
    return not field.is_checked and "decode" not in field.overridden
