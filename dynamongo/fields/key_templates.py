"""Key templates: text keys that are composed of other fields, such as `CUSTOMER#{customer_id}`."""

from __future__ import annotations

import re
from collections.abc import Mapping
from decimal import Decimal
from string import Formatter
from typing import TYPE_CHECKING, Any

from dynamongo._support.dataclasses import dataclass
from dynamongo.exceptions import SchemaError, ValidationError
from dynamongo.expressions.values import AttributeValue, shorten
from dynamongo.fields.derived import Derivation

if TYPE_CHECKING:
    from dynamongo.fields.base import Field


@dataclass(frozen=True, slots=True)
class Slot:
    """The place of a field in a template.

    Attributes:
        literal: The text before it.
        name: The name of the field.
        width: How many digits its numbers are padded to with zeros; `None` for no padding.
    """

    literal: str
    name: str
    width: int | None = None


class KeyTemplate(Derivation):
    """A text with fields in it: `ORDER#{number:08}`.

    Values are rendered and parsed as they are stored, since conditions hold them like that.

    Args:
        label: The name of the field with the template, for messages.
        text: The template.

    Raises:
        SchemaError: It cannot be parsed.
    """

    def __init__(self, label: str, text: str) -> None:
        self.text = text
        self.given_as = f"template={text!r}"
        self.slots, self.tail = _parse(label, text)
        self.sources = tuple(slot.name for slot in self.slots)
        groups = [
            f"{re.escape(slot.literal)}({_pattern_of(slot, self._end_of(n))})" for n, slot in enumerate(self.slots)
        ]
        self._pattern = re.compile("".join(groups) + re.escape(self.tail))

    def _end_of(self, number: int) -> str:
        """Return the text after a slot; empty for the last one of a template that ends with it."""
        return self.slots[number + 1].literal if number + 1 < len(self.slots) else self.tail

    def check_sources(self, label: str, fields: Mapping[str, Field[Any]]) -> None:
        for slot in self.slots:
            field = fields[slot.name]
            if field.stored_type not in {"S", "N"}:
                raise SchemaError(
                    f"{label}: {self.given_as} takes fields that are stored as text or numbers; {slot.name} is a"
                    f" {type(field).__name__}"
                )

    def compute(self, fields: Mapping[str, Field[Any]], values: Mapping[str, Any]) -> str | None:
        if any(values[name] is None for name in self.sources):
            return None
        return self.render({name: fields[name].encode(fields[name].validate(values[name])) for name in self.sources})

    def invert(self, fields: Mapping[str, Field[Any]], stored: AttributeValue) -> dict[str, Any]:
        parsed = self.parse(stored) if isinstance(stored, str) else None
        if parsed is None:
            return {}
        return {
            name: fields[name].decode(value if fields[name].stored_type == "S" else _read_number(value))
            for name, value in parsed.items()
        }

    def render(self, stored: Mapping[str, AttributeValue]) -> str:
        """Return the key for the stored values of all its fields; raises `ValidationError` as `render_slot`."""
        return "".join([*(slot.literal + self.render_slot(slot, stored[slot.name]) for slot in self.slots), self.tail])

    def render_slot(self, slot: Slot, stored: AttributeValue) -> str:
        """Return the text of one value in the key.

        Raises:
            ValidationError: The text could not be told from the rest of the key, or numbers would not sort.
        """
        text = stored if isinstance(stored, str) else str(stored)
        if slot.width is not None:
            if not text.isdigit() or len(text) > slot.width:
                raise ValidationError(
                    f"{slot.name} must be a whole number of at most {slot.width} digits, because a key is made of it"
                    f" ({self.given_as}); got {shorten(text)}"
                )
            text = text.zfill(slot.width)
        return text

    def parse(self, key: str) -> dict[str, str] | None:
        """Return the texts of the fields in a key; `None` if the key does not suit the template."""
        match = self._pattern.fullmatch(key)
        return None if match is None else dict(zip(self.sources, match.groups(), strict=True))


def _parse(label: str, text: str) -> tuple[tuple[Slot, ...], str]:
    slots: list[Slot] = []
    literal = ""
    try:
        parts = list(Formatter().parse(text))
    except ValueError as error:
        raise SchemaError(f"{label}: template={text!r} cannot be parsed: {error}") from error
    for before, name, spec, _ in parts:
        literal += before
        if name is not None:
            width = re.fullmatch("0([1-9][0-9]?)d?", spec) if spec else None
            if not name.isidentifier() or (spec and width is None):
                raise SchemaError(
                    f"{label}: template={text!r} must name fields, as in {{email}}, or {{number:08}} for numbers of 8"
                    " digits"
                )
            slots.append(Slot(literal, name, None if width is None else int(width[1])))
            literal = ""
    return tuple(slots), literal


def _pattern_of(slot: Slot, end: str) -> str:
    if slot.width is not None:
        return f"[0-9]{{{slot.width}}}"
    return f"[^{re.escape(end[0])}]+" if end else ".+"


def _read_number(text: str) -> int | Decimal:
    number = Decimal(text)
    return int(number) if number == number.to_integral_value() else number
