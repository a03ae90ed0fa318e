"""Key templates: text keys that are composed of other fields, such as `CUSTOMER#{customer_id}`.

Each slot ends where the text after it begins, and no text of a slot contains a separator of its template. So two
different sets of values never have the same key, and every key tells the values that it was made of.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from string import Formatter
from typing import TYPE_CHECKING, Any, Final

from dynamongo.exceptions import SchemaError
from dynamongo.expressions.numbers import MAX_DIGITS
from dynamongo.expressions.values import AttributeValue, shorten
from dynamongo.fields.derived import Derivation
from dynamongo.fields.key_slots import Slot

if TYPE_CHECKING:
    from dynamongo.fields.base import Field

_PARTS_OF_WORDS: Final = "_-."
"""What is no letter and no digit, and still separates nothing in most texts; unless it follows a slot."""


class KeyTemplate(Derivation):
    """A text with fields in it: `ORDER#{number:08}`.

    Args:
        label: The name of the field with the template, for messages.
        text: The template.
        fields: The fields of the model that has it.

    Attributes:
        text: The template.
        tail: The text after the last slot.
        separators: The characters that separate the parts of the key.
        match: Matches a key, with a group for the text of each slot.
        slots: The places of the fields; empty in the declaration, before it is bound to the fields of a model.

    Raises:
        SchemaError: It cannot be parsed, or no text of a slot could be told from the rest of a key.
    """

    needs_all = True

    def __init__(self, label: str, text: object, fields: Mapping[str, Field[Any]] | None = None) -> None:
        if not isinstance(text, str) or not text:
            raise SchemaError(f"{label}: template must be a text such as 'USER#{{email}}'; got {shorten(text)}")
        self.text = text
        self.given_as = f"template={text!r}"
        parsed, self.tail = _parse(label, text)
        self.sources = tuple(dict.fromkeys(name for _, name, _ in parsed))
        literals = "".join([*(literal for literal, _, _ in parsed), self.tail])
        separators = (each for each in literals if not each.isalnum() and each not in _PARTS_OF_WORDS)
        self.separators = "".join(dict.fromkeys(separators))
        self.slots = () if fields is None else tuple(self._make_slots(label, parsed, fields))
        groups = [f"{re.escape(slot.literal)}({slot.pattern})" for slot in self.slots]
        self.match = re.compile("".join(groups) + re.escape(self.tail)).fullmatch

    def _make_slots(
        self, label: str, parsed: list[tuple[str, str, int | None]], fields: Mapping[str, Field[Any]]
    ) -> Iterator[Slot]:
        ends = [*(literal for literal, _, _ in parsed[1:]), self.tail]
        for number, ((literal, name, width), end) in enumerate(zip(parsed, ends, strict=False)):
            is_last = number == len(parsed) - 1
            place = {"label": label, "given_as": self.given_as, "separators": self.separators}
            yield Slot(literal, name, width, field=fields[name], end=end, is_last=is_last, **place)

    def bind(self, label: str, fields: Mapping[str, Field[Any]]) -> KeyTemplate:
        return KeyTemplate(label, self.text, fields)

    def is_like(self, other: Derivation | None) -> bool:
        return isinstance(other, KeyTemplate) and other.text == self.text

    def compute(self, fields: Mapping[str, Field[Any]], values: Mapping[str, Any]) -> str | None:
        del fields  # the slots know theirs
        parts: list[str] = []
        for slot in self.slots:
            value = values[slot.name]
            if value is None:
                return None
            parts += (slot.literal, slot.write(value))
        return "".join([*parts, self.tail])

    def parse(self, key: AttributeValue) -> dict[str, AttributeValue] | None:
        """Return the attribute values of the fields in a key; `None` if it is none that the template makes."""
        match = self.match(key) if isinstance(key, str) else None
        if match is None:
            return None
        parsed: dict[str, AttributeValue] = {}
        for slot, text in zip(self.slots, match.groups(), strict=True):
            value = slot.read(text)
            if (slot.is_number and text == "-0") or parsed.setdefault(
                slot.name, value
            ) != value:  # a field that stands in two places
                return None
        return parsed


def _parse(label: str, text: str) -> tuple[list[tuple[str, str, int | None]], str]:
    """Return the text before each slot, its name and its width; and the text after the last one."""
    slots: list[tuple[str, str, int | None]] = []
    literal = ""
    try:
        parts = list(Formatter().parse(text))
    except ValueError as error:
        raise SchemaError(f"{label}: template={text!r} cannot be parsed: {error}") from error
    for before, name, spec, conversion in parts:
        literal += before
        if name is not None:
            width = re.fullmatch("0([1-9][0-9]?)d?", spec, re.ASCII) if spec else None
            is_wrong = conversion or (spec and width is None) or (width and int(width[1]) > MAX_DIGITS)
            if not name.isidentifier() or is_wrong:
                raise SchemaError(
                    f"{label}: template={text!r} must name fields, as in {{email}}, or {{number:08}} for numbers of 8"
                    f" digits (at most {MAX_DIGITS}); a brace of the key itself is written twice"
                )
            slots.append((literal, name, None if width is None else int(width[1])))
            literal = ""
    return slots, literal
