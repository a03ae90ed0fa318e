"""The common bases of fields that store one string or one number."""

from __future__ import annotations

from typing import Any, cast

from dynamongo.exceptions import SchemaError, ValidationError
from dynamongo.expressions.conditions import Operand
from dynamongo.expressions.numbers import Number, canonical_number, normalize_number
from dynamongo.expressions.values import AttributeType, AttributeValue, check_text, describe_error, shorten
from dynamongo.fields.base import T
from dynamongo.fields.formats import FormattedField
from dynamongo.fields.operators import as_operand


class TextStored(FormattedField[T]):
    """Base of fields that store a string. `begins_with` and `contains` take a part of the stored text."""

    stored_type: AttributeType | None = "S"

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


class NumberStored(FormattedField[T]):
    """Base of fields that store a number. A sum has to be in the range of the field; an amount does not."""

    stored_type: AttributeType | None = "N"

    def encode_amount(self, value: Any) -> Number:
        return cast("Number", self.encode(self.convert(value)))

    def encode(self, value: T) -> AttributeValue:
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


def declare_lengths(label: str, minimum: int | None, maximum: int | None) -> tuple[int | None, int | None]:
    """Return the two limits of a length; raise `SchemaError` if no length satisfies both."""
    for name, limit in (("min_length", minimum), ("max_length", maximum)):
        if limit is not None and (type(limit) is not int or limit < 0):
            raise SchemaError(f"{label}: {name} must be an int >= 0; got {limit!r}")
    if minimum is not None and maximum is not None and minimum > maximum:
        raise SchemaError(f"{label}: min_length {minimum} is greater than max_length {maximum}")
    return minimum, maximum


def is_length_allowed(length: int, minimum: int | None, maximum: int | None) -> bool:
    """Return whether the length is within both limits."""
    return (minimum is None or length >= minimum) and (maximum is None or length <= maximum)


def describe_length(minimum: int | None, maximum: int | None, unit: str) -> str:
    """Describe the limits in words: `2 to 5 characters`."""
    if minimum is not None and maximum is not None:
        return f"{minimum} to {maximum} {unit}"
    return f"at least {minimum} {unit}" if minimum is not None else f"at most {maximum} {unit}"
