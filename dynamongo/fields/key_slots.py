"""Slots of key templates: the text of one field in a key, how it is told from the rest, and how it sorts."""

from __future__ import annotations

import copy
import re
from decimal import Decimal
from typing import TYPE_CHECKING, Any, Final, NoReturn

from dynamongo.exceptions import SchemaError, ValidationError
from dynamongo.expressions.values import AttributeValue, shorten
from dynamongo.fields.dates import DateField
from dynamongo.fields.numeric import IntField
from dynamongo.fields.simple import UUIDField
from dynamongo.fields.temporal import DateTimeField
from dynamongo.fields.text import StringField

if TYPE_CHECKING:
    from dynamongo.fields.base import Field

_NUMBER: Final = r"-?(?:0|[1-9][0-9]*)(?:\.[0-9]*[1-9])?"
"""A number without an exponent, in its only canonical form; but for `-0`, which no number is."""

_LOCAL: Final = "dddd-dd-ddTdd:dd:dd.dddddd"
_FIXED: Final[dict[type, tuple[str, ...]]] = {
    DateField: ("dddd-dd-dd",),
    DateTimeField: (_LOCAL, f"{_LOCAL}+00:00"),
    UUIDField: ("hhhhhhhh-hhhh-hhhh-hhhh-hhhhhhhhhhhh",),
}
"""What these fields write in keys, with `d` for a digit and `h` for a hexadecimal one.

The characters stand in fixed places, so that none of them can separate anything.
"""

_NOT_AFTER_NUMBERS: Final = "0123456789."
_NOT_AFTER_DATETIMES: Final = "+"
"""What must not follow such a text, since it could be a part of it."""


class Slot:
    """The place of a field in the template of a model.

    Args:
        literal: The text before it.
        name: The name of the field.
        width: How many digits its numbers are padded to with zeros; `None` for no padding.
        field: The field.
        label: The name of the field with the template, for messages, here and below.
        given_as: How the template was declared.
        end: The text after the slot, up to the next one.
        is_last: Whether no other slot follows.
        separators: The characters that separate the parts of the key.

    Attributes:
        literal: The text before it.
        name: The name of the field.
        width: How many digits its numbers are padded to with zeros; `None` for no padding.
        field: The field, as one that is part of a key.
        pattern: The regular expression of its texts.
        is_number: Whether the field is stored as a number.
        shapes: The forms of its texts, if these are fixed: `d` stands for a digit, `h` for a hexadecimal one.
        excluded: The characters that its texts must not contain; empty if no text needs to be searched.
        find_excluded: Finds one of them in a text.
        is_plain: Whether its texts are those that Python writes for what the field holds, a `str` or `int`.
        refuses_some: Whether no key can be made of some values of the field.
        order_fault: Why the texts do not sort as the values do, with the way out; empty if they do.

    Raises:
        SchemaError: The text of the field could not be told from what follows.
    """

    def __init__(  # noqa: PLR0913 - what a slot is made of
        self,
        literal: str,
        name: str,
        width: int | None,
        *,
        field: Field[Any],
        label: str,
        given_as: str,
        end: str,
        is_last: bool,
        separators: str,
    ) -> None:
        self.literal, self.name, self.width = literal, name, width
        self.field = copy.copy(field)
        self.field.is_key = True  # so that datetimes, for example, are written in UTC
        self.is_number = field.stored_type == "N"
        self.label, self.given_as = label, given_as
        formats = getattr(field, "stored_format", None), getattr(field, "serialized_format", None)
        self._fixed = type(field) if type(field) in _FIXED and formats == (None, None) else None
        self.shapes = () if self._fixed is None else _FIXED[self._fixed]
        self.excluded = self._find_excluded(end, separators)
        self.pattern = self._find_pattern()
        self._check_end(field, end, is_last=is_last)
        self.order_fault = self._find_order_fault(end, is_last=is_last)
        self.find_excluded = re.compile(f"[{re.escape(self.excluded)}]").search if self.excluded else None
        # Their subclasses may write something else.
        self.is_plain = type(field) in (IntField, StringField) and getattr(field, "stored_format", None) is None
        self.refuses_some = self.width is not None if self.is_number else self._fixed is None

    def _find_excluded(self, end: str, separators: str) -> str:
        if self.is_number or self._fixed is not None:
            return ""
        return "".join(dict.fromkeys(separators + end[:1]))

    def _find_pattern(self) -> str:
        if self.width is not None:
            return f"[0-9]{{{self.width}}}"
        if self._fixed is not None:
            return "|".join(map(_write_pattern, self.shapes))
        if self.is_number:
            return _NUMBER
        return f"[^{re.escape(self.excluded)}]+" if self.excluded else "(?s:.)+"

    def _check_end(self, field: Field[Any], end: str, *, is_last: bool) -> None:
        if field.stored_type not in {"S", "N"}:
            raise SchemaError(
                f"{self.label}: {self.given_as} takes fields that are stored as text or numbers; {self.name} is a"
                f" {type(field).__name__}"
            )
        if self.width is not None:
            if not self.is_number:
                raise SchemaError(
                    f"{self.label}: {self.given_as} pads {self.name}, which is no number, but a {type(field).__name__}"
                )
            return
        not_after = _NOT_AFTER_DATETIMES if self._fixed is DateTimeField else ""
        not_after = _NOT_AFTER_NUMBERS if self.is_number else not_after
        if (not end and not is_last) or (end and end[0] in not_after):
            fix = f", or pad it: {{{self.name}:08}}" if self.is_number else ""
            raise SchemaError(
                f"{self.label}: {self.given_as} needs a separator such as '#' after {self.name}, so that its end can be"
                f" found{fix}"
            )

    def _find_order_fault(self, end: str, *, is_last: bool) -> str:
        try:
            self.field.check_key(is_range=True)
        except SchemaError as error:
            return str(error)
        if self.is_number and self.width is None:
            return (
                f"its texts do not sort as the numbers do: pad them in the template of {self.label}, as in"
                f" {{{self.name}:08}}"
            )
        lengths = {getattr(self.field, name, None) for name in ("min_length", "max_length")}
        is_fixed = self.is_number or self._fixed is not None or (len(lengths) == 1 and None not in lengths)
        if not is_fixed and (end or not is_last):
            return (
                f"its texts have no fixed length, so they sort together with what follows them in {self.label}: make"
                f" {self.name} the end of its template"
            )
        return ""

    # Values.

    def write(self, value: Any) -> str:
        """Return the text of a Python value that the field has converted; raises as `write_stored`."""
        stored = self.field.encode(value)
        return self._write_text(stored) if type(stored) is str else self._write_number(stored)

    def write_stored(self, stored: AttributeValue) -> str:
        """Return the text of an attribute value.

        Raises:
            ValidationError: The text could not be told from the rest of the key, or numbers would not sort.
        """
        if type(stored) is not str:
            return self._write_number(stored)
        if isinstance(self.field, DateTimeField):
            stored = self._to_key_form(stored)
        return self._write_text(stored)

    def _to_key_form(self, stored: str) -> str:
        """Return a datetime in UTC, in which an attribute that is no key may have another offset."""
        try:
            return str(self.field.encode(self.field.decode_value(stored)))
        except ValidationError:  # a bound, which is between two datetimes
            return stored

    def _write_text(self, text: str) -> str:
        if not text:
            self._refuse(text, "a text that is not empty")
        if self.find_excluded is not None and self.find_excluded(text) is not None:
            shown = " and ".join(map(repr, self.excluded))
            self._refuse(text, f"a text without {shown}", "which would be taken for the end of a part of the key")
        return text

    def _write_number(self, number: Any) -> str:
        text = str(number) if type(number) is int else format(Decimal(number), "f")
        if self.width is None:
            return text
        if not text.isdigit() or len(text) > self.width:
            self._refuse(number, f"a whole number of at most {self.width} digits, and not negative")
        return text.zfill(self.width)

    def _refuse(self, value: Any, expected: str, why: str = "") -> NoReturn:
        raise ValidationError(
            f"{self.field.label} must be {expected}, because the key {self.label} is made of it ({self.given_as});"
            f" got {shorten(value)}{', ' if why else ''}{why}"
        )

    def read(self, text: str) -> AttributeValue:
        """Return the attribute value of a text that suits the pattern."""
        if not self.is_number:
            return text
        return int(text) if "." not in text else Decimal(text)

    def check_form(self, stored: AttributeValue) -> None:
        """Raise `ValidationError` if the field would not write the attribute value in this form, read from a key."""
        if not self.field.reads_one_form:
            self.field.decode(stored)


def _write_pattern(shape: str) -> str:
    return re.escape(shape).replace("d", "[0-9]").replace("h", "[0-9a-f]")
