"""Fields that hold text."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Literal, overload

from dynamongo._support.lazy import LazyPattern
from dynamongo._support.lazy_imports import LazyModule
from dynamongo.exceptions import SchemaError
from dynamongo.expressions.conditions import Comparator, Operand
from dynamongo.fields.computed_values import is_between
from dynamongo.fields.json_forms import JSONSchema, SchemaMode, describe_lengths
from dynamongo.fields.operands import as_operand
from dynamongo.fields.scalars import TextStored, declare_lengths, describe_length
from dynamongo.fields.type_parameters import Input_contra, T
from dynamongo.fields.updatable import allows_range

if TYPE_CHECKING:
    from typing_extensions import Unpack

    from dynamongo.fields import json_patterns, key_templates, scalar_formats
    from dynamongo.fields.options import FieldOptions
else:  # few programs ask for a JSON Schema, and most models have no formats
    json_patterns = LazyModule("dynamongo.fields.json_patterns")
    key_templates = LazyModule("dynamongo.fields.key_templates")
    scalar_formats = LazyModule("dynamongo.fields.scalar_formats")

# The lookahead excludes the special-use domains, which email_validator refuses.
PLAIN_EMAIL = LazyPattern(
    r"[A-Za-z0-9_]{1,20}(?:[.+-][A-Za-z0-9_]{1,20}){0,2}@(?:[a-z0-9]{1,40}(?:-[a-z0-9]{1,20})?\.){1,2}"
    r"(?!(?:arpa|invalid|local|localhost|onion|test)\Z)[a-z]{2,20}\Z"
)
"""Matches most normalized addresses, and nothing else: a parser takes 30 times as long."""


class LimitedText(TextStored[T, Input_contra]):
    """Base of fields that hold a `str`, with an optional pattern and limits of length.

    Args:
        regex: A pattern, as text or compiled, to match at the start of the value, as `re.match` does; end it with `$`
            to match the whole value.
        max_length: The greatest number of characters (code points).
        min_length: The least number of characters.
        options: The arguments of every field.
    """

    _kind = "a str"
    _format: str | None = None
    """The name of JSON Schema for such text."""

    def __init__(
        self: Any,
        regex: str | re.Pattern[str] | None = None,
        max_length: int | None = None,
        min_length: int | None = None,
        **options: Any,
    ) -> None:
        super().__init__(**options)
        self.regex = _compile_regex(self.label, regex)
        self.min_length, self.max_length = declare_lengths(self.label, min_length, max_length)
        self.is_checked |= any(limit is not None for limit in (self.regex, min_length, max_length))
        self.has_sums = not self.is_checked

    def convert(self, value: Any) -> Any:
        return self.convert_text(value, self._kind)

    def allows_all_of(self, other: Any) -> bool:
        limits = getattr(other, "min_length", None), getattr(other, "max_length", None)
        is_matched = self.regex in (None, getattr(other, "regex", None))
        return is_matched and allows_range((self.min_length, self.max_length), limits) and super().allows_all_of(other)

    def check(self, value: Any) -> None:
        if self.regex is not None and not self.regex.match(value):
            self.reject(value, f"{self._kind} that matches {self.regex.pattern!r}")
        limits = self.min_length, self.max_length
        if not is_between(len(value), *limits):
            self.reject(value, f"{self._kind} of {describe_length(*limits, 'characters')}")
        super().check(value)

    def encode(self, value: Any) -> Any:
        return value

    def json_schema(self, mode: SchemaMode) -> JSONSchema:
        del mode
        pattern = json_patterns.NUMBER if self.format == "number" else None
        if self.regex is not None:
            pattern = json_patterns.write_pattern(self.regex)
        described: JSONSchema = {} if pattern is None else {"pattern": pattern}
        described |= describe_lengths(self.min_length, self.max_length)
        named = {} if self._format is None else {"format": self._format}
        return {"type": "string", **named, **described}

    def parse(self, text: str) -> Any:
        return text

    def encode_bound(self, value: Any, operator: Comparator) -> Operand:
        del operator
        return as_operand(value) or self._encode_text(value, "compared with a str")

    def encode_part(self, value: Any) -> Operand:
        return as_operand(value) or self._encode_text(value, "compared with a str")

    def _encode_text(self, value: Any, expected: str) -> Any:
        """Encode a text without the rules of the field."""
        if self.is_plain:
            return self.convert_text(value, expected)
        is_converted = self.stored_format is not None or "convert" in self.overridden
        return self.encode(self.convert(value) if is_converted else self.convert_text(value, expected))


class StringField(LimitedText[T, str]):
    """A Unicode string: takes any `str` that can be encoded as UTF-8 (no lone surrogates), even an empty one.

    Args:
        regex: A pattern, as text or compiled, to match at the start of the value, as `re.match` does.
        max_length: The greatest number of characters (code points).
        min_length: The least number of characters.
        format: `"number"`, to store the number that the text writes, as other programs may do. Takes texts that can
            be restored, such as `42` and `-1.5` (but not `042` or `1.50`); `<` and a range key sort by the numbers.
        template: The text of a key with other fields of the model in it, such as `"CUSTOMER#{customer_id}"`: the value
            follows from theirs. `{number:08}` pads whole numbers to 8 digits, so that the keys sort by them. Its type
            is `str`; with `required=False`, for a key of an index that not all items have, `str | None`.
        options: The arguments of every field.
    """

    can_expire_items = False
    reads_one_form = True

    if TYPE_CHECKING:

        @overload
        def __init__(
            self: StringField[str],
            regex: str | re.Pattern[str] | None = ...,
            max_length: int | None = ...,
            min_length: int | None = ...,
            *,
            required: Literal[True],
            format: Literal["number"] | None = ...,
            template: str | None = ...,
            **options: Unpack[FieldOptions[str, str]],
        ) -> None: ...
        @overload
        def __init__(  # the key of a table has a value, and one of an index unless `required=False` says so
            self: StringField[str],
            regex: str | re.Pattern[str] | None = ...,
            max_length: int | None = ...,
            min_length: int | None = ...,
            *,
            template: str,
            **options: Unpack[FieldOptions[str, str]],
        ) -> None: ...
        @overload
        def __init__(
            self: StringField[str | None],
            regex: str | re.Pattern[str] | None = ...,
            max_length: int | None = ...,
            min_length: int | None = ...,
            *,
            required: bool = ...,
            format: Literal["number"] | None = ...,
            template: str | None = ...,
            **options: Unpack[FieldOptions[str, str]],
        ) -> None: ...

    def __init__(self: Any, *args: Any, format: Any = None, template: Any = None, **options: Any) -> None:
        super().__init__(*args, **options)
        if template is not None:
            self.derive(key_templates.KeyTemplate(self.label, template))
            if format is not None:
                raise SchemaError(f"{self.label}: template and format exclude each other: a key is a text")
        if format is not None:
            self.declare_format(format, scalar_formats.TEXTS)

    def convert(self, value: Any) -> Any:
        text = self.convert_text(value, self._kind)
        if self.stored_format is not None and not scalar_formats.is_canonical(text):
            self.reject(value, "the text of a number as it would be read again, such as '42' or '-1.5'")
        return text

    def encode(self, value: Any) -> Any:
        return value if self.stored_format is None else self.stored_format.encode(value)

    def parse(self, text: str) -> Any:
        return text if self.stored_format is None else self.convert(text)

    def encode_operand(self, value: Any) -> Operand:
        if type(value) is str and self.is_plain and not self.is_checked and value.isascii():
            return value  # the operand of most conditions
        return super().encode_operand(value)

    def stores_like(self, other: Any) -> bool:
        if type(self) is not StringField or self.stored_format is not None:
            return super().stores_like(other)
        return bool(other.stored_type == "S")


if TYPE_CHECKING:
    AnyText = StringField
else:  # it has arguments that are not for all texts
    AnyText = LimitedText
"""Base of email addresses and URLs, for type checkers a `StringField`: `email: StringField[str] = EmailField(...)`."""


class EmailField(AnyText[T]):
    """An email address, checked by its syntax: no request is sent to find out whether it exists.

    The address is normalized (the domain in lower case) to be stored and looked up. The field takes the arguments of
    `StringField`, which apply to the normalized address.

    >>> EmailField().validate("John.Doe@EXAMPLE.com")
    'John.Doe@example.com'
    """

    _kind = "an email address"
    _format: str | None = "email"

    if TYPE_CHECKING:

        @overload
        def __init__(
            self: EmailField[str],
            regex: str | re.Pattern[str] | None = ...,
            max_length: int | None = ...,
            min_length: int | None = ...,
            *,
            required: Literal[True],
            **options: Unpack[FieldOptions[str, str]],
        ) -> None: ...
        @overload
        def __init__(
            self: EmailField[str | None],
            regex: str | re.Pattern[str] | None = ...,
            max_length: int | None = ...,
            min_length: int | None = ...,
            *,
            required: bool = ...,
            **options: Unpack[FieldOptions[str, str]],
        ) -> None: ...
        def __init__(self: Any, *args: Any, **options: Any) -> None: ...

    def convert(self, value: Any) -> Any:
        from email_validator import EmailNotValidError, validate_email  # noqa: PLC0415 - slow to import, and most models have no addresses

        text = self.convert_text(value, self._kind)
        try:
            return validate_email(text, check_deliverability=False).normalized
        except EmailNotValidError as error:
            self.reject(value, f"{self._kind} ({str(error).rstrip('.')})", cause=error)

    def parse(self, text: str) -> Any:
        if not PLAIN_EMAIL.match(text):
            self.convert(text)
        return text

    def reencode(self, stored: Any, value: Any) -> Any:
        # A plain address is normalized: the field would store it as it is.
        return stored if PLAIN_EMAIL.match(stored) else super().reencode(stored, value)


def _compile_regex(label: str, regex: str | re.Pattern[str] | None) -> re.Pattern[str] | None:
    if regex is None:
        return None
    try:
        return re.compile(regex)
    except (re.error, TypeError) as error:
        raise SchemaError(f"{label}: regex={regex!r} is not a valid regular expression: {error}") from error
