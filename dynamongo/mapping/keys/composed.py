"""Templated keys: the key attributes of a model that are composed of other fields, its *members*.

Conditions and strategies name the members. `planning.members` makes conditions on the keys of those, and
`ComposedKeys` makes keys of the values in a strategy.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final, Literal, TypeAlias

from dynamongo._support.dataclasses import dataclass
from dynamongo.exceptions import ValidationError
from dynamongo.expressions.conditions import Path
from dynamongo.expressions.values import AttributeValue, Item
from dynamongo.fields.base import Field
from dynamongo.fields.dates import DateField
from dynamongo.fields.key_slots import Slot
from dynamongo.fields.key_templates import KeyTemplate
from dynamongo.fields.simple import UUIDField
from dynamongo.fields.temporal import DateTimeField
from dynamongo.fields.text import LimitedText
from dynamongo.mapping.codec.keys import KeyCodec
from dynamongo.schema import KeySchema

Order: TypeAlias = Literal["digits", "fixed", "cut", "last", "loose"]
"""Why keys sort as the values of a member do, given the same values of those before it.

They are digits of a fixed number, or text of a fixed length; or text that differs from every bound, and from every
other within the length of a bound, as datetimes do; or nothing follows them in the key. Other text sorts loosely:
after `a` comes `a b`, but `a#` comes after `a b#`.
"""

_OF_ONE_FORM: Final = (DateField, DateTimeField, UUIDField)

_WIDTHS: Final[dict[type, int]] = {DateField: len("2024-05-01"), UUIDField: 36}

_CUT_AT: Final = "["
"""What ends the bounds of datetimes; see `fields.datetimes.format_bound`."""


@dataclass(frozen=True, slots=True)
class KeyMember:
    """A field that a key is composed of, at its place there.

    Attributes:
        slot: Its place in the template.
        field: The field.
        attribute: The attribute in which it is stored.
        end: The text after it; empty at the end of the key, or where another member follows at once.
        order: Why keys sort by it; `None` if they do not.
        width: How many characters it has in the key, if that is fixed: by the template, or by what the field stores.
        is_end: Whether the key ends with it.
    """

    slot: Slot
    field: Field[Any]
    attribute: str
    end: str
    order: Order | None
    width: int | None
    is_end: bool


class ComposedKey:
    """A key attribute with a template.

    Args:
        field: The field with the template.
        template: The template, bound to the fields of the model.
        fields: All fields of the model, by name.
        is_open: Whether keys go on after what the template says, each in its own way.

    Attributes:
        attribute: The key attribute.
        path: Its path.
        template: The template.
        members: The fields in it, in their order.
        attributes: Their attributes.
        start: The text that every such key begins with; all of it where there are no members.
        open_member: The member after which keys go on, each in its own way.
        parsed: The numbers, from 1 on, of members that a read takes from the key, since nothing else tells them; see
            `KeyMembers`.
    """

    parsed: tuple[int, ...] = ()

    def __init__(
        self, field: Field[Any], template: KeyTemplate, fields: Mapping[str, Field[Any]], *, is_open: bool = False
    ) -> None:
        self.field = field
        self.is_open = is_open
        self._fields = fields
        self.attribute, self.path = field.path.attribute, field.path
        self.template = template
        self._slots = template.slots
        self._writers = [(slot.literal, slot.write_stored, fields[slot.name].path.attribute) for slot in template.slots]
        self.members = tuple(self._find_member(number, fields) for number in range(len(template.slots)))
        self.open_member = self.members[-1] if is_open and self.members and not template.tail else None
        self.attributes = frozenset(member.attribute for member in self.members)
        self.start: str = self.members[0].slot.literal if self.members else template.tail

    def _find_member(self, number: int, fields: Mapping[str, Field[Any]]) -> KeyMember:
        slots, tail = self._slots, self.template.tail
        slot, is_last = slots[number], number + 1 == len(slots)
        end = tail if is_last else slots[number + 1].literal
        field = fields[slot.name]
        width = _find_width(slot)
        order = _find_order(slot, width, end)
        return KeyMember(slot, field, field.path.attribute, end, order, width, is_last and not end)

    def pieces(self) -> list[tuple[str, KeyMember | None]]:
        """Return the text before each member, with the member; and the text after the last one."""
        return [*[(member.slot.literal, member) for member in self.members], (self.template.tail, None)]

    def open_after(self, count: int, text: str) -> ComposedKey | None:
        """Return the key of which only so many members are known, and the text after them; `None` for nothing."""
        pieces: list[str] = []
        for slot in self._slots[:count]:
            pieces += (_escape(slot.literal), f"{{{slot.name}:0{slot.width}}}" if slot.width else f"{{{slot.name}}}")
        whole = "".join([*pieces, _escape(text)])
        if not whole:
            return None
        template = KeyTemplate(self.field.label, whole, self._fields)
        return ComposedKey(self.field, template, self._fields, is_open=True)

    def separates(self, text: str) -> bool:
        """Return whether a text contains what separates the parts of the key, so that no member has it as its value."""
        return any(each in text for each in self.template.separators)

    def render(self, values: Sequence[AttributeValue]) -> str:
        """Return the text of the first members that have these stored values, with what follows them.

        Of all members, that is the key.

        Raises:
            ValidationError: No key can be made of such a value.
        """
        slots = self._slots
        text = "".join([slot.literal + slot.write_stored(value) for slot, value in zip(slots, values, strict=False)])
        return text + (self.template.tail if len(values) == len(slots) else slots[len(values)].literal)

    def compose(self, stored: Item) -> str:
        """Return the key, given the stored values of its members by their attributes; raises as `render`."""
        text = ""
        for literal, write, attribute in self._writers:
            text += literal + write(stored[attribute])
        return text + self.template.tail

    def parse(self, key: AttributeValue) -> Item | None:
        """Return the stored values of the members by their attributes; `None` if the key does not suit the template."""
        found = self.template.parse(key)
        return None if found is None else {each.attribute: found[each.field.path.name] for each in self.members}


class ComposedKeys:
    """The templated keys of a model, those of its table and of its indexes.

    Args:
        keys: The key fields of the table, hash key first.
        fields: All fields of the model, by name.

    Attributes:
        by_attribute: The templated keys by their attributes.
        parts: The fields whose values make a key of the table: the members of a templated key, or else the key itself.
        named: Their attributes, and those of the key itself.
        names: The attributes of the key itself.
        unstored: The attributes of members that only the key tells, since items lack them.
        never_stored: Those of them that no item has, of whichever of several models.
        told_by: What else tells them.
    """

    told_by: tuple[Path, ...] = ()

    def __init__(self, keys: Sequence[Field[Any]], fields: Mapping[str, Field[Any]]) -> None:
        # The fields are bound later, which refuses templates with unknown names.
        self.by_attribute = {
            field.path.attribute: ComposedKey(field, field.derived.bind(field.label, fields), fields)
            for field in fields.values()
            if isinstance(field.derived, KeyTemplate) and fields.keys() >= set(field.derived.sources)
        }
        self._key_parts = [(field.path.attribute, self.by_attribute.get(field.path.attribute)) for field in keys]
        self.names = tuple(field.path.attribute for field in keys)
        self.unstored = frozenset(field.path.attribute for field in fields.values() if not field.stored)
        self.never_stored = self.unstored
        found: dict[str, Field[Any]] = {}
        for field in keys:
            key = self.by_attribute.get(field.path.attribute)
            of_key = [field] if key is None else [member.field for member in key.members]
            found.update({each.path.name: each for each in of_key})
        self.parts = tuple(found.values())
        self._codec = KeyCodec(self.parts) if self.parts else None  # the one key of constants needs no values
        self.named = frozenset(field.path.attribute for field in (*keys, *self.parts))

    def make_key(self, values: Sequence[Any]) -> Item:
        """Return the key of the table for the values of `parts`; raise `ValidationError` for one that makes no key."""
        try:
            stored: Item = {} if self._codec is None else self._codec.encode(values)
        except ValidationError as error:
            raise self._explain(values, error) from error.__cause__
        return {name: stored[name] if key is None else key.compose(stored) for name, key in self._key_parts}

    def _explain(self, values: Sequence[Any], error: ValidationError) -> ValidationError:
        """Say how to give the keys themselves, if that is what somebody gave in place of their members."""
        keys = [key for _, key in self._key_parts if key is not None]
        if not any(key.parse(value) is not None for key in keys for value in values if isinstance(value, str)):
            return error
        shown = ", ".join(f"{key.field.path.name!r}: ..." for key in keys)
        return ValidationError(f"{error}; to give keys in place of their members, name them: {{{shown}}}")

    def compose(self, attribute: str, stored: Item) -> AttributeValue:
        """Return the value of a key attribute, given those of its members, or its own."""
        key = self.by_attribute.get(attribute)
        return stored[attribute] if key is None else key.compose(stored)

    def find_key(self, found: Item) -> tuple[Item, set[str]]:
        """Return the key attributes that are found or can be composed of what is, and the attributes they come from."""
        key: Item = {}
        used: set[str] = set()
        for name, composed in self._key_parts:
            if name in found:
                key[name] = found[name]
                used.add(name)
            elif composed is not None and found.keys() >= composed.attributes:
                key[name] = composed.compose(found)
                used |= composed.attributes
        return key, used

    def sources_of(self, attribute: str) -> list[str]:
        """Return the attributes of the members of a key, or the key attribute itself."""
        key = self.by_attribute.get(attribute)
        return [attribute] if key is None else [member.attribute for member in key.members]

    def tell(self, key: Item) -> Item:
        """Return a key as people name it: the values of its members, as far as it suits the templates."""
        told: Item = {}
        for name, value in key.items():
            templated = self.by_attribute.get(name)
            members = None if templated is None else templated.parse(value)
            told |= {name: value} if members is None else members
        return told or key  # all of it may be constant

    def tell_unstored(self, item: Item) -> Item:
        """Return the members that only the key of an item tells."""
        told: Item = {}
        for name in self.names:
            key = self.by_attribute.get(name)
            told |= {} if key is None else key.parse(item[name]) or {}
        return {name: value for name, value in told.items() if name in self.unstored}

    def add_required(self, required: frozenset[str]) -> frozenset[str]:
        """Return these attributes, which every item has, with the keys that are composed of nothing else."""
        return required | {name for name in self.by_attribute if required.issuperset(self.sources_of(name))}

    def keys_of(self, attribute: str) -> tuple[str, ...]:
        """Return the attributes of the key that tell a member."""
        return tuple(name for name in self.names if attribute in self.sources_of(name))

    def find_in(self, keys: KeySchema) -> tuple[list[ComposedKey], list[ComposedKey]]:
        """Return the templated keys among the hash attributes, and those among the range attributes."""
        hash_keys, range_keys = (
            [self.by_attribute[each.name] for each in attributes if each.name in self.by_attribute]
            for attributes in (keys.hash_attributes, keys.range_attributes)
        )
        return hash_keys, range_keys


def _escape(literal: str) -> str:
    return literal.replace("{", "{{").replace("}", "}}")


def find_templates(
    hash_key: Field[Any], range_key: Field[Any] | None, fields: Mapping[str, Field[Any]]
) -> ComposedKeys | None:
    """Return the templated keys of a model; `None` if it has none."""
    if not any(isinstance(field.derived, KeyTemplate) for field in fields.values()):
        return None
    return ComposedKeys((hash_key,) if range_key is None else (hash_key, range_key), fields)


def _find_order(slot: Slot, width: int | None, end: str) -> Order | None:
    if slot.is_number:
        return "digits" if slot.width is not None else None
    if slot.order_fault and type(slot.field) in _OF_ONE_FORM:  # a format that does not sort
        return None
    if not end:
        return "last"
    if width is not None:
        return "fixed"
    return "cut" if type(slot.field) is DateTimeField and not slot.order_fault and end < _CUT_AT else "loose"


def _find_width(slot: Slot) -> int | None:
    """Return how many characters a field has in a key; `None` if that differs, or is not known."""
    field = slot.field
    if slot.width is not None or slot.order_fault:
        return slot.width
    if isinstance(field, LimitedText):
        return field.max_length if field.min_length == field.max_length else None
    return _WIDTHS.get(type(field))
