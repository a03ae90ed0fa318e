"""Key members: the fields of which the keys of a model are made, and what the keys of a stored item tell about them.

An item may lack the attributes of members, since its keys tell their values. What both tell has to be the same.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from dynamongo._support.dataclasses import dataclass
from dynamongo.exceptions import Problem, SchemaError, ValidationError
from dynamongo.expressions.values import AttributeValue, Item
from dynamongo.expressions.wire_values import WireItem, decode_value
from dynamongo.fields import python_values
from dynamongo.fields.base import Field
from dynamongo.fields.key_slots import Slot
from dynamongo.fields.key_templates import KeyTemplate


@dataclass(frozen=True, slots=True)
class TemplatedKey:
    """A field with a template, and the fields that it is made of.

    Attributes:
        field: The field.
        template: Its template.
        members: The slots of the template, each with its field.
    """

    field: Field[Any]
    template: KeyTemplate
    members: tuple[tuple[Slot, Field[Any]], ...]


class KeyMembers:
    """Knows the keys of a model that are made of other fields.

    Args:
        keys: The fields with templates.
        fields: All fields by name.

    Attributes:
        keys: The fields with templates, and what they are made of.
    """

    def __init__(self, keys: list[Field[Any]], fields: Mapping[str, Field[Any]]) -> None:
        self.keys = tuple(
            TemplatedKey(key, key.derived, tuple((slot, fields[slot.name]) for slot in key.derived.slots))
            for key in keys
            if isinstance(key.derived, KeyTemplate)
        )
        self._attributes = {
            field.path.attribute for key in self.keys for field in (key.field, *(each for _, each in key.members))
        }
        for name, field in fields.items():
            field.take_slots(
                slot for key in self.keys for slot, _ in key.members if slot.name == name and slot.refuses_some
            )

    # What the keys of an item tell.

    def find_told(self, item: Item) -> Item:
        """Return the members that only the keys of an item tell, as far as the keys suit their templates."""
        return self._examine(item)[0]

    def complete(self, item: Item) -> Item:
        """Return the item with the members that only its keys tell, and with the keys of indexes that it lacks.

        Raises:
            ValidationError: A key does not suit its template, or tells other members than those that are stored.
        """
        told, problems = self._examine(item)
        if problems:
            raise ValidationError(problems[0].message)
        whole = {**item, **told} if told else item
        made = {key.field.path.attribute: text for key, text in self._make_keys(whole)}
        return {**whole, **made} if made else whole

    def complete_wire(self, wire: WireItem) -> WireItem:
        """Do the same for an item in DynamoDB JSON; raises as `complete` and `decode_value`."""
        known = {name: decode_value(wire[name]) for name in self._attributes if name in wire}
        whole = self.complete(known)
        added = {name: value for name, value in whole.items() if value is not None and known.get(name) is None}
        return {
            **wire,
            **{name: {"S": value} if isinstance(value, str) else {"N": str(value)} for name, value in added.items()},
        }

    def find_problems(self, item: Item) -> tuple[Item, list[Problem]]:
        """Return the item with the members that its keys tell, and what is wrong with these keys."""
        told, problems = self._examine(item)
        return {**item, **told}, problems

    def _examine(self, item: Item) -> tuple[Item, list[Problem]]:
        told: Item = {}
        problems: list[Problem] = []
        for key in self.keys:
            stored = item.get(key.field.path.attribute)
            if stored is None:
                continue
            parsed = key.template.parse(stored)
            if parsed is None:
                message = f"{key.field.label} does not suit its {key.template.given_as}"
                problems.append(_make_problem(key.field, stored, message))
                continue
            for slot, member in key.members:
                attribute, value = member.path.attribute, parsed[slot.name]
                known = item.get(attribute)
                try:
                    if known is None:
                        slot.check_form(value)
                        known = told.setdefault(attribute, value)
                except ValidationError as error:
                    problems.append(_make_problem(key.field, stored, str(error)))
                    continue
                if not _is_same(slot, known, value):
                    message = f"{member.label} differs from what {key.field.label} says ({key.template.given_as})"
                    problems.append(_make_problem(member, known, message))
        return told, problems

    def _make_keys(self, item: Item) -> Iterator[tuple[TemplatedKey, str]]:
        """Yield the keys of indexes that an item lacks, though it has all members."""
        for key in self.keys:
            if item.get(key.field.path.attribute) is not None or key.field.is_key:
                continue
            stored = {slot.name: item.get(member.path.attribute) for slot, member in key.members}
            if None not in stored.values():
                try:
                    yield key, key.template.render(stored)
                except (ArithmeticError, TypeError, ValidationError):  # its field reports it
                    continue

    # Instances.

    def fill(self, values: dict[str, Any]) -> None:
        """Add the members to the values of a new instance that was given keys in their place."""
        for key in self.keys:
            given = values[key.field.path.name]
            parsed = (None if given is None else key.template.parse(given)) or {}
            for slot, member in key.members:
                if slot.name in parsed and values[slot.name] is None:
                    values[slot.name] = member.decode(parsed[slot.name])

    def leave_out(self, stored: Item, item: Item) -> None:
        """Leave out of an item that is to be saved the members that its keys tell, if they were not stored before.

        Args:
            stored: The attributes that were stored.
            item: The item, which is changed in place.
        """
        told = self.find_told(stored)
        for key in self.keys if told else ():
            for slot, member in key.members:
                attribute = member.path.attribute
                if attribute in told and attribute in item and _is_same(slot, item[attribute], told[attribute]):
                    item.pop(attribute)
                    if attribute in stored:  # NULL
                        item[attribute] = None


def _is_same(slot: Slot, stored: AttributeValue, parsed: AttributeValue) -> bool:
    """Return whether a stored value has the text of a parsed one in the key."""
    if type(stored) is type(parsed) and stored == parsed:
        return True
    if isinstance(stored, bool) or isinstance(stored, str) is slot.is_number:
        return False
    try:
        return slot.write_stored(stored) == slot.write_stored(parsed)
    except (ArithmeticError, TypeError, ValidationError):
        return False


def _make_problem(field: Field[Any], stored: AttributeValue, message: str) -> Problem:
    return Problem((field.path.name,), python_values.decode(stored), message)


def refuse_unstored(name: str, fields: Mapping[str, Field[Any]]) -> None:
    """Raise `SchemaError` if a field has no attribute of its own, and no key of the table tells its value."""
    told = {
        source
        for field in fields.values()
        if field.is_key and isinstance(field.derived, KeyTemplate)
        for source in field.derived.sources
    }
    for each, field in fields.items():
        if not field.stored and (each not in told or field.is_key):
            raise SchemaError(
                f"{name}.{each}: stored=False is for a field in the template of a key of the table, which every item"
                f" has, as in StringField(template='CUSTOMER#{{{each}}}')"
            )
