"""`Field`: what an attribute of a model holds, and how it is stored.

A value passes three steps on its way to the store and one on its way back, and a kind of field overrides those it
needs::

    convert   what the user gave     -> the Python value     (a str becomes a datetime)
    check     the Python value       -> nothing, or an error (ranges, lengths, choices, the validator)
    encode    the Python value       -> the attribute value
    decode    the attribute value    -> the Python value

A field that a model declares, and each one reached from it (`User.address.city`, `User.cities[0]`), is *bound*: it
knows its path, so it can build conditions and updates. These hold paths and encoded values, never the field.
"""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any, Generic, NoReturn, TypedDict, TypeVar, cast, overload

from dynamongo import codecs
from dynamongo.conditions import Operand, Path
from dynamongo.exceptions import ExpressionError, SchemaError, ValidationError
from dynamongo.fields.expressions import Expressions, as_operand, as_path
from dynamongo.values import AttributeValue, Number, shorten

if TYPE_CHECKING:
    from typing_extensions import Self

T = TypeVar("T")


class FieldOptions(TypedDict, total=False):
    """The keyword arguments that every field takes beside `required`.

    Attributes:
        default: The value of a new instance that was given none, or a callable that makes one. It is copied or
            called for every instance.
        validator: Called with the Python value; refuses it by returning `False` or raising `ValueError`.
        choices: The only values allowed.
    """

    default: Any
    validator: Callable[[Any], object] | None
    choices: Iterable[Any] | None


class Field(Expressions, Generic[T]):
    """A field without a type of its own: any value that DynamoDB can store, as `dynamongo.codecs` encodes it.

    Args:
        required: Whether an item cannot be saved without it. The type of a required field excludes `None`.
        default: The value of a new instance that was given none, or a callable that makes one.
        validator: Called with the Python value; refuses it by returning `False` or raising `ValueError`.
        choices: The only values allowed.
    """

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
        self._default = default
        self._owner = ""
        self._path: Path | None = None

    # What the model does with a field.

    @overload
    def __get__(self, instance: None, owner: type[Any]) -> Self: ...
    @overload
    def __get__(self, instance: object, owner: type[Any]) -> T: ...
    def __get__(self, instance: object | None, owner: type[Any]) -> Self | T:
        if instance is None:
            return self
        raise AttributeError(f"{self.label} is not set")  # instances hold their values in their own __dict__

    if TYPE_CHECKING:

        def __set__(self, instance: object, value: T) -> None: ...

    def bind(self, owner: str, path: Path) -> Self:
        """A copy of the field that lives at `path` in the items of the model named `owner`."""
        bound = copy.copy(self)
        bound._owner, bound._path = owner, path  # noqa: SLF001 - a copy of this very object
        return bound

    def check_declaration(self) -> None:
        """Raise `SchemaError` where the default or a choice does not suit the field itself."""
        try:
            if self.choices is not None:
                self.choices = tuple(map(self.convert, self.choices))
            if self._default is not None and not callable(self._default):
                self.validate(self._default)
        except ValidationError as error:
            raise SchemaError(f"{self.label} is declared with a value that does not suit it: {error}") from error

    @property
    def label(self) -> str:
        """What messages call the field: model and path, or its class while it is not bound."""
        return type(self).__name__ if self._path is None else f"{self._owner}.{self._path}"

    @property
    def path(self) -> Path:
        """Where the field lives in an item; raises `ExpressionError` for a field that no model declares."""
        if self._path is None:
            raise ExpressionError(f"{self.label} does not belong to a model, so nothing can be said about its items")
        return self._path

    @property
    def default(self) -> Any:
        """A new default value, converted and checked, or `None`."""
        value = self._default() if callable(self._default) else copy.deepcopy(self._default)
        return None if value is None else self.validate(value)

    # The way of a value.

    def validate(self, value: Any) -> T:
        """The Python value for what the user gave.

        Raises:
            ValidationError: It does not suit the field; the message names the field, what it takes and the value.
        """
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
        if self.choices is not None and value not in self.choices:
            self.reject(value, f"one of {', '.join(map(shorten, self.choices))}")
        if self.validator is None:
            return
        try:
            accepted = self.validator(value)
        except ValueError as error:
            raise ValidationError(f"{self.label} does not accept {shorten(value)}: {error}") from error
        if accepted is False:
            self.reject(value, f"accepted by {getattr(self.validator, '__name__', 'its validator')}")

    def encode(self, value: T) -> AttributeValue:
        """The attribute value for a Python value that `validate` returned."""
        return codecs.encode(value)

    def decode(self, stored: AttributeValue) -> T:
        """The Python value for an attribute value from the store.

        Raises:
            ValidationError: The attribute holds something that the field could not have stored.
        """
        return cast("T", codecs.decode(stored))

    def reject(self, value: Any, expected: str) -> NoReturn:
        """Raise the `ValidationError` that says what the field takes and what came."""
        raise ValidationError(f"{self.label} must be {expected}; got {shorten(value)}")

    # What a value becomes inside a condition or an update.

    def encode_operand(self, value: Any) -> Operand:
        return as_operand(value) or self.encode(self.validate(value))

    def encode_bound(self, value: Any) -> Operand:
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
        return as_path(value) or self.encode(self.validate(value))

    def encode_element(self, element: Any) -> AttributeValue:
        return codecs.encode(element)

    def encode_members(self, members: Iterable[Any]) -> frozenset[Any]:
        return cast("frozenset[Any]", codecs.encode(frozenset(members)))

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self.label}>" if self._path else f"<{self.label}>"
