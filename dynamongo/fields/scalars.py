"""The common bases of fields that store one string or one number."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar, Literal, TypeAlias, cast

from dynamongo._support.generics import Generic, TypeVar
from dynamongo._support.lazy_imports import LazyModule
from dynamongo.exceptions import SchemaError, ValidationError
from dynamongo.expressions.conditions import Operand
from dynamongo.expressions.numbers import Number, canonical_number, normalize_number
from dynamongo.expressions.values import AttributeType, AttributeValue, check_text, describe_error, shorten
from dynamongo.fields.formats import FormattedField
from dynamongo.fields.json_forms import JSONSchema, SchemaMode, as_floats, as_whole
from dynamongo.fields.operands import as_operand
from dynamongo.fields.type_parameters import Input_contra, T

if TYPE_CHECKING:
    from dynamongo.expressions.conditions import AnyCondition
    from dynamongo.expressions.updates import AnyUpdate
    from dynamongo.fields import scalar_formats
    from dynamongo.fields.computed_values import ComputedValue, Term
    from dynamongo.fields.operands import Comparand, LiteralValue

    Amount = TypeVar("Amount")
    Summand: TypeAlias = Amount | LiteralValue[Amount] | Term[Literal["N"]]
else:  # most models have no formats
    scalar_formats = LazyModule("dynamongo.fields.scalar_formats")

# What is added to a number of the field, or subtracted.
Amount_contra = TypeVar("Amount_contra", default=Input_contra, contravariant=True)


class TextStored(FormattedField[T, Input_contra, Literal["S"]]):
    """Base of fields that store a string. `begins_with` and `contains` take a part of the stored text."""

    stored_type: AttributeType | None = "S"

    if TYPE_CHECKING:

        def contains(self, value: str | Comparand[str]) -> AnyCondition: ...
        def begins_with(self, value: str | Comparand[str]) -> AnyCondition: ...

    def encode_part(self, value: Any) -> Operand:
        return as_operand(value) or self.convert_text(value, "compared with a str")

    def convert_text(self, value: Any, expected: str) -> str:
        """Return the text as a plain `str`; raise `ValidationError` for anything else."""
        if type(value) is str and value.isascii():  # most values are
            return value
        if not isinstance(value, str):
            self.reject(value, expected)
        try:
            # `str.__str__`, since a subclass may override `__str__`, as an enumeration does.
            return check_text(value if type(value) is str else str.__str__(value))
        except ValidationError as error:
            raise ValidationError(f"{self.label}: {error}") from error

    def decode_value(self, stored: AttributeValue) -> T:
        if type(stored) is not str:
            return cast("T", self.decode_other(stored, "stored as a string"))
        try:
            return self.parse(stored)
        except ValidationError:
            raise
        except ValueError as error:
            raise ValidationError(
                f"{self.label} cannot be read from {shorten(stored)}: {describe_error(error)}"
            ) from error

    def parse(self, text: str) -> T:
        """Return the Python value of the stored text; raise `ValueError` if it has none."""
        raise NotImplementedError


class NumberStored(FormattedField[T, Input_contra, Literal["N"]], Generic[T, Input_contra, Amount_contra]):
    """Base of fields that store a number. A sum has to be in the range of the field; an amount does not."""

    stored_type: AttributeType | None = "N"

    if TYPE_CHECKING:

        def add(self, value: Amount_contra | LiteralValue[Amount_contra]) -> AnyUpdate: ...
        def subtract(self, value: Amount_contra | LiteralValue[Amount_contra]) -> AnyUpdate: ...
        def increment(self, by: Amount_contra | LiteralValue[Amount_contra] = ...) -> AnyUpdate: ...
        def decrement(self, by: Amount_contra | LiteralValue[Amount_contra] = ...) -> AnyUpdate: ...
        def __add__(self, other: Summand[Amount_contra]) -> ComputedValue[Literal["N"]]: ...
        def __radd__(self, other: Summand[Amount_contra]) -> ComputedValue[Literal["N"]]: ...
        def __sub__(self, other: Summand[Amount_contra]) -> ComputedValue[Literal["N"]]: ...
        def __rsub__(self, other: Summand[Amount_contra]) -> ComputedValue[Literal["N"]]: ...

    def encode_amount(self, value: Any) -> Number:
        return cast("Number", self.encode(self.convert(value)))

    def encode(self, value: Any) -> AttributeValue:
        return self.encode_number(value) if self.stored_format is None else self.encode_formatted(value)

    def encode_number(self, value: T) -> Number:
        """Return the number to store for the Python value."""
        raise NotImplementedError

    def decode_value(self, stored: AttributeValue) -> T:
        if isinstance(stored, bool) or not isinstance(stored, Number):
            return cast("T", self.decode_other(stored, "stored as a number"))
        return self.decode_number(stored)

    def decode_number(self, number: Number) -> T:
        """Return the Python value of the stored number; raise `ValidationError` if it has none."""
        raise NotImplementedError

    def normalize(self, number: Number) -> Number:
        """Return the number in canonical form; raise `ValidationError` if it exceeds 38 digits or the range."""
        if (canonical := canonical_number(number)) is not None:
            return canonical
        try:
            return normalize_number(number)
        except ValidationError as error:
            raise ValidationError(f"{self.label}: {error}") from error


class RangedField(NumberStored[T, Input_contra]):
    """Base of fields that hold a number, with an optional range.

    Args:
        min_value: The least value allowed; a sum below it is not written (`ConditionalCheckFailedException`).
        max_value: The greatest value allowed; likewise.
        format: `"text"`, to store the text of the number.
        options: The arguments of every field.
    """

    _kind = "a number"

    reads_others: ClassVar[bool] = False
    """Whether the class itself, not a subclass, reads every number, or every whole one, whichever field stored it."""

    def __init__(
        self: Any, *, min_value: Any = None, max_value: Any = None, format: Any = None, **options: Any
    ) -> None:
        super().__init__(**options)
        if format is not None:
            self.declare_format(format, scalar_formats.NUMBERS[self._kind])
        self.min_value = self._declare_bound("min_value", min_value)
        self.max_value = self._declare_bound("max_value", max_value)
        self.is_checked |= min_value is not None or max_value is not None
        if min_value is not None and max_value is not None and min_value > max_value:
            raise SchemaError(f"{self.label}: min_value {min_value!r} is greater than max_value {max_value!r}")

    def _declare_bound(self, name: str, value: Any) -> T | None:
        try:
            return None if value is None else self.convert(value)
        except ValidationError as error:
            raise SchemaError(f"{name}={value!r} of {self.label}: {error}") from error

    def check(self, value: Any) -> None:
        low: Any = self.min_value
        high: Any = self.max_value
        if (low is not None and value < low) or (high is not None and value > high):
            self.reject(value, self.expected)
        super().check(value)

    @property
    def stored_range(self) -> tuple[Number | None, Number | None]:
        limit = super().stored_range[1]  # that of times, if items expire by the field
        if self.min_value is None and self.max_value is None:
            return None, limit
        encode: Any = self.encode if self.stored_format is None else self.encode_number
        low, high = (None if end is None else encode(end) for end in (self.min_value, self.max_value))
        return low, limit if high is None or (limit is not None and limit < high) else high

    def to_json(self, value: Any) -> Any:
        return value

    def json_schema(self, mode: SchemaMode) -> JSONSchema:
        del mode
        limits: JSONSchema = {"minimum": self.min_value, "maximum": self.max_value}
        return {
            "type": "number",
            **{name: as_whole(as_floats(limit)) for name, limit in limits.items() if limit is not None},
        }

    def encode_part(self, value: Any) -> Operand:
        if self.stored_format is None:
            return super().encode_part(value)
        return as_operand(value) or (value if type(value) is str else self.reject(value, "compared with a str"))

    def stores_like(self, other: Any) -> bool:
        if "reads_others" not in vars(type(self)) or self.stored_format is not None:
            return super().stores_like(other)
        is_whole = other.stores_whole and "encode" not in other.overridden
        return bool(other.stored_type == "N" and (is_whole or not self.stores_whole))

    @property
    def expected(self) -> str:
        """The values that the field takes, in words."""
        low = getattr(self, "min_value", None)
        high = getattr(self, "max_value", None)
        if low is not None and high is not None:
            return f"{self._kind} from {low} to {high}"
        if low is not None:
            return f"{self._kind} >= {low}"
        return self._kind if high is None else f"{self._kind} <= {high}"


def declare_lengths(label: str, minimum: int | None, maximum: int | None) -> tuple[int | None, int | None]:
    """Return the two limits of a length; raise `SchemaError` if no length satisfies both."""
    for name, limit in (("min_length", minimum), ("max_length", maximum)):
        if limit is not None and (type(limit) is not int or limit < 0):
            raise SchemaError(f"{label}: {name} must be an int >= 0; got {limit!r}")
    if minimum is not None and maximum is not None and minimum > maximum:
        raise SchemaError(f"{label}: min_length {minimum} is greater than max_length {maximum}")
    return minimum, maximum


def describe_length(minimum: int | None, maximum: int | None, unit: str) -> str:
    """Describe the limits in words: `2 to 5 characters`."""
    if minimum is not None and maximum is not None:
        return f"{minimum} to {maximum} {unit}"
    return f"at least {minimum} {unit}" if minimum is not None else f"at most {maximum} {unit}"
