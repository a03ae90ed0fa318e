"""Formats: the forms in which other programs store values, declared by `format=` of a field.

A format says what is stored for a Python value. Everything else about a field (what it takes, its checks, what an
instance holds) is independent of it, and so are conditions and updates, which encode their values as the field does.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from dynamongo._support.dataclasses import dataclass
from dynamongo.exceptions import SchemaError
from dynamongo.expressions.values import AttributeType, AttributeValue, shorten
from dynamongo.fields.base import Field
from dynamongo.fields.type_parameters import Input_contra, Stored_co, T


@dataclass(frozen=True, slots=True)
class Format:
    """How a field stores its values, where that is not the field's own way.

    Attributes:
        stored_type: The DynamoDB type of what is stored.
        encode: The function from a Python value that the field has converted to what is stored.
        decode: The function from any attribute value to the Python value; `None` for one that is not in the format.
        expected: What `decode` reads, in words that follow "stored as".
        unsorted: If what is stored does not sort as the Python values do: the way out, in words; else empty.
    """

    stored_type: AttributeType
    encode: Callable[[Any], AttributeValue]
    decode: Callable[[Any], Any]
    expected: str
    unsorted: str = ""


class FormattedField(Field[T, Input_contra, Stored_co]):
    """Base of fields that can store their values in formats of others."""

    takes_format = True

    format: Any
    """What the declaration says, if anything."""

    stored_format: Format | None
    """How values are stored; `None` for the field's own form."""

    is_plain: bool
    """Whether values are stored as the field's class in the library says."""

    def __init__(self: Any, **options: Any) -> None:
        super().__init__(**options)
        # In the instance, where Python finds them in a third of the time: each condition asks for two of them.
        self.format = self.stored_format = None
        self.unsorted = ""
        self.is_plain = not self.overridden

    def declare_format(self, given: Any, formats: Mapping[str, Format]) -> None:
        """Take the `format` of the declaration, by its name; raise `SchemaError` for any other."""
        form = formats.get(given) if isinstance(given, str) else None
        if form is None:
            raise SchemaError(f"{self.label}: format must be one of {', '.join(formats)}; got {shorten(given)}")
        self.take_format(given, form)

    def take_format(self, given: Any, form: Format) -> None:
        """Store values in the format, which the declaration calls `given`."""
        if "encode" in self.overridden:
            raise SchemaError(f"{self.label} has an encode() of its own, so format={shorten(given)} means nothing here")
        self.format, self.stored_format = given, form
        self.reads_one_form = False  # the field's own form is read as well
        self.stored_type, self.unsorted, self.is_plain = form.stored_type, form.unsorted, False

    def encode_formatted(self: Any, value: Any) -> Any:
        """Return what the format stores for the Python value."""
        return self.stored_format.encode(value)

    def decode_other(self, stored: AttributeValue, expected: str) -> Any:
        """Return the Python value for an attribute value that the field's own form does not have; reject any other."""
        form = self.stored_format
        if form is None:
            self.reject(stored, expected)
        value = form.decode(stored)
        return self.reject(stored, f"stored as {form.expected}") if value is None else value
