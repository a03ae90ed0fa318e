"""Fields that hold numbers; they refuse `True` and `False`, and numbers in strings."""

from __future__ import annotations

import math
from decimal import Decimal
from typing import TYPE_CHECKING, Any, Literal, cast, overload

from dynamongo._support.lazy import LazyPattern
from dynamongo._support.lazy_imports import LazyModule
from dynamongo.exceptions import SchemaError, ValidationError
from dynamongo.expressions.conditions import Comparator, Operand
from dynamongo.expressions.numbers import LEAST_INT, MAX_DIGITS, MOST_INT, Number
from dynamongo.expressions.values import shorten
from dynamongo.fields import python_values
from dynamongo.fields.json_forms import JSONSchema, SchemaMode, as_whole
from dynamongo.fields.scalars import RangedField
from dynamongo.fields.type_parameters import T

if TYPE_CHECKING:
    from typing_extensions import Unpack

    from dynamongo.fields import scalar_formats
    from dynamongo.fields.options import FieldOptions
else:  # most models have no formats
    scalar_formats = LazyModule("dynamongo.fields.scalar_formats")


_DECIMAL_TEXT = r"[+-]?([0-9]+(\.[0-9]*)?|\.[0-9]+)([eE][+-]?[0-9]{1,4})?"
_DECIMAL = LazyPattern(_DECIMAL_TEXT)


class IntField(RangedField[T, int | Decimal]):
    """A whole number of up to 38 digits: takes an `int`, or a `Decimal` without a fraction. Stored as a number.

    Args:
        min_value: The least value allowed; a sum below it is not written (`ConditionalCheckFailedException`).
        max_value: The greatest value allowed; likewise.
        format: `"text"`, to store the text of the number, as other programs may do. Its order is not that of the
            numbers, so it cannot be a range key or be compared by `<`, unless `width` is given, too.
        width: The number of digits of the text, padded with zeros. Negative numbers are then refused.
        options: The arguments of every field.

    >>> IntField(min_value=1900, max_value=2018).validate("abc")
    Traceback (most recent call last):
    dynamongo.exceptions.ValidationError: IntField must be an int from 1900 to 2018; got 'abc'
    """

    _kind = "an int"
    reads_others = True
    stores_whole = True
    reads_one_form = True

    if TYPE_CHECKING:

        @overload
        def __init__(
            self: IntField[int],
            *,
            required: Literal[True],
            min_value: int | None = ...,
            max_value: int | None = ...,
            format: Literal["text"] | None = ...,
            width: int | None = ...,
            **options: Unpack[FieldOptions[int, int | Decimal]],
        ) -> None: ...
        @overload
        def __init__(
            self: IntField[int | None],
            *,
            required: bool = ...,
            min_value: int | None = ...,
            max_value: int | None = ...,
            format: Literal["text"] | None = ...,
            width: int | None = ...,
            **options: Unpack[FieldOptions[int, int | Decimal]],
        ) -> None: ...

    def __init__(self: Any, *, width: int | None = None, **options: Any) -> None:
        self.width = width
        super().__init__(**options)
        if width is not None:
            self._declare_width(width)

    def _declare_width(self, width: Any) -> None:
        if self.format is None or type(width) is not int or not 0 < width <= MAX_DIGITS:
            raise SchemaError(
                f"{self.label}: width must be a number of digits from 1 to {MAX_DIGITS}, beside format='text';"
                f" got {width!r}"
            )
        self.take_format(self.format, scalar_formats.padded(width))
        least, most = self.min_value, self.max_value
        self.min_value = 0 if least is None else max(least, 0)
        self.max_value = 10**width - 1 if most is None else min(most, 10**width - 1)
        self.is_checked = True

    def convert(self, value: Any) -> Any:
        if type(value) is int:
            number: Any = self.normalize(value)
        elif isinstance(value, bool) or not isinstance(value, (int, Decimal)):
            self.reject(value, self.expected)
        else:  # `int` makes a plain one of a subclass, such as a member of an `IntEnum`
            number = self.normalize(value if isinstance(value, Decimal) else int(value))
            if type(number) is not int:
                self.reject(value, self.expected)
        return number

    def encode_operand(self, value: Any) -> Operand:
        if type(value) is int and self.is_plain and not self.is_checked and LEAST_INT < value < MOST_INT:
            return value  # the operand of most conditions
        return super().encode_operand(value)

    def encode_bound(self, value: Any, operator: Comparator) -> Operand:
        if type(value) is int and self.is_plain and LEAST_INT < value < MOST_INT:
            return value
        return super().encode_bound(value, operator)

    def encode_formatted(self, value: Any) -> Any:
        if (
            self.width is not None and not 0 <= value < 10**self.width
        ):  # a bound, which no rule of the field has checked
            self.reject(
                value, f"an int from 0 to {10**self.width - 1}, to be compared with texts of width={self.width}"
            )
        return super().encode_formatted(value)

    def from_json(self, value: Any) -> Any:
        return as_whole(value)

    def json_schema(self, mode: SchemaMode) -> JSONSchema:
        return {**super().json_schema(mode), "type": "integer"}

    def encode_number(self, value: Any) -> Number:
        return self.normalize(value)

    def decode_number(self, number: Number) -> Any:
        if type(number) is not int:
            self.reject(number, "stored as a whole number")
        return number


class FloatField(RangedField[T, float | Decimal]):
    """A floating-point number: takes a `float`, or an `int` that a float holds exactly.

    Stored as the exact decimal that `repr` writes, so that every float is read as it was saved; NaN, infinity and
    magnitudes out of DynamoDB's range are refused. A number that the store computed is read as the nearest float.

    Args:
        min_value: The least value allowed; a sum below it is not written (`ConditionalCheckFailedException`).
        max_value: The greatest value allowed; likewise.
        format: `"text"`, to store the text of the number, as other programs may do. Its order is not that of the
            numbers, so it cannot be a range key or be compared by `<`.
        options: The arguments of every field.

    >>> FloatField().encode(0.1)
    Decimal('0.1')
    """

    _kind = "a float"
    reads_others = True

    if TYPE_CHECKING:

        @overload
        def __init__(
            self: FloatField[float],
            *,
            required: Literal[True],
            min_value: float | None = ...,
            max_value: float | None = ...,
            format: Literal["text"] | None = ...,
            **options: Unpack[FieldOptions[float, float | Decimal]],
        ) -> None: ...
        @overload
        def __init__(
            self: FloatField[float | None],
            *,
            required: bool = ...,
            min_value: float | None = ...,
            max_value: float | None = ...,
            format: Literal["text"] | None = ...,
            **options: Unpack[FieldOptions[float, float | Decimal]],
        ) -> None: ...
        def __init__(self: Any, **options: Any) -> None: ...

    def convert(self, value: Any) -> Any:
        if isinstance(value, Decimal) and value.is_finite() and Decimal(repr(float(value))) == value:
            value = float(value)  # as boto3 reads what was stored for a float
        if isinstance(value, bool) or not isinstance(value, (int, float)):
            self.reject(value, self.expected)
        converted = _to_float(value) + 0.0  # turns -0.0 into 0.0: DynamoDB has no negative zero
        if isinstance(value, int) and converted != value:
            self.reject(value, f"{self.expected}, and no float has exactly this value (DecimalField holds 38 digits)")
        self.encode_number(converted)  # refuses infinity and what is out of range
        return converted

    def from_json(self, value: Any) -> Any:
        return float(value) if isinstance(value, Decimal) else value

    def encode_number(self, value: Any) -> Number:
        try:
            return cast("Number", python_values.encode_float(value))
        except ValidationError as error:
            raise ValidationError(f"{self.label}: {error}") from error

    def decode_number(self, number: Number) -> Any:
        value = float(number)
        return value if type(number) is Decimal else self.convert(value)  # the greatest numbers round up out of range


class DecimalField(RangedField[T, Decimal | int]):
    """An exact decimal number of up to 38 significant digits: takes a `Decimal` or an `int`. Stored as a number.

    A number that does not fit is refused, never rounded. A float is refused, since `0.1` is not the decimal that it
    looks like. DynamoDB keeps no trailing zeros: `Decimal("1.50")` is read as `Decimal("1.5")`, which is equal.

    Args:
        min_value: The least value allowed; a sum below it is not written (`ConditionalCheckFailedException`).
        max_value: The greatest value allowed; likewise.
        format: `"text"`, to store the text of the number, as other programs may do. Its order is not that of the
            numbers, so it cannot be a range key or be compared by `<`.
        options: The arguments of every field.
    """

    _kind = "a Decimal"
    reads_others = True
    reads_one_form = True

    if TYPE_CHECKING:

        @overload
        def __init__(
            self: DecimalField[Decimal],
            *,
            required: Literal[True],
            min_value: Decimal | int | None = ...,
            max_value: Decimal | int | None = ...,
            format: Literal["text"] | None = ...,
            **options: Unpack[FieldOptions[Decimal, Decimal | int]],
        ) -> None: ...
        @overload
        def __init__(
            self: DecimalField[Decimal | None],
            *,
            required: bool = ...,
            min_value: Decimal | int | None = ...,
            max_value: Decimal | int | None = ...,
            format: Literal["text"] | None = ...,
            **options: Unpack[FieldOptions[Decimal, Decimal | int]],
        ) -> None: ...
        def __init__(self: Any, **options: Any) -> None: ...

    def convert(self, value: Any) -> Any:
        if isinstance(value, float):
            self.reject(
                value, f"{self.expected}, or an int; a float is not exact, so write Decimal({shorten(repr(value))})"
            )
        if isinstance(value, bool) or not isinstance(value, (int, Decimal)):
            self.reject(value, f"{self.expected}, or an int")
        self.normalize(value if isinstance(value, Decimal) else int(value))
        return value if isinstance(value, Decimal) else Decimal(value)

    def from_json(self, value: Any) -> Any:
        if isinstance(value, float) and math.isfinite(value):
            return Decimal(repr(value))  # the number that the JSON text has
        is_text = isinstance(value, str) and _DECIMAL.fullmatch(value) is not None
        return Decimal(value) if is_text else value

    def json_schema(self, mode: SchemaMode) -> JSONSchema:
        text = {"type": "string", "pattern": f"^{_DECIMAL_TEXT}$", "format": "decimal"}
        return {"anyOf": [super().json_schema(mode), text]}

    def encode_number(self, value: Any) -> Number:
        return self.normalize(value)

    def decode_number(self, number: Number) -> Any:
        return Decimal(number)


def _to_float(value: float) -> float:
    try:
        return float(value)
    except OverflowError:
        return math.inf
