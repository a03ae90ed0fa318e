"""Key members: the fields of which the keys of a model are made, and what the keys of a stored item tell about them.

An item may lack the attributes of members, since its keys tell their values. What both tell has to be the same.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from dynamongo.exceptions import Problem, SchemaError, ValidationError
from dynamongo.expressions.values import AttributeValue, Item
from dynamongo.expressions.wire_values import WireItem, decode_value
from dynamongo.fields import python_values
from dynamongo.fields.base import Field
from dynamongo.fields.key_slots import Slot
from dynamongo.fields.key_templates import KeyTemplate
from dynamongo.mapping.keys.composed import ComposedKey, KeyMember


class KeyMembers:
    """Knows the keys of a model that are made of other fields.

    Args:
        keys: The fields with templates, each after those that it is made of.
        fields: All fields by name.

    Attributes:
        keys: The fields with templates, and what they are made of.
        in_order: The same, each after those that it is made of.
        names: The names of the keys.
        parsed: The members that a read takes from keys of the table, since these alone tell them.
        are_plain: Whether Python writes all of them as the fields would, from values that these have checked.
    """

    def __init__(self, keys: list[Field[Any]], fields: Mapping[str, Field[Any]]) -> None:
        self.parsed: list[KeyMember] = []
        self.in_order = tuple(self._find_keys(keys, fields))
        # Those of the table first, since they tell members of others.
        self.keys = tuple(sorted(self.in_order, key=lambda each: not each.field.is_key))
        self._fields = fields
        self.are_plain = not any(key.field.is_checked for key in self.keys) and all(
            member.slot.is_plain for key in self.keys for member in key.members
        )
        members = [member for key in self.keys for member in key.members]
        self._index_keys = [key for key in self.keys if not key.field.is_key]
        self._named = [(key.field.path.name, key) for key in self.keys]
        self.names = frozenset(name for name, _ in self._named)
        self._own = {key.attribute for key in self.keys}
        self._attributes = self._own | {member.attribute for member in members}
        self._left_out = {member.attribute for member in members if member.field.stored} - self._own
        for name, field in fields.items():
            field.take_slots(each.slot for each in members if each.slot.name == name and each.slot.refuses_some)

    def _find_keys(self, keys: Iterable[Field[Any]], fields: Mapping[str, Field[Any]]) -> Iterator[ComposedKey]:
        for field in keys:
            if not isinstance(field.derived, KeyTemplate):
                continue
            key = ComposedKey(field, field.derived, fields)
            parsed, told = list[int](), {each.attribute for each in self.parsed}
            for number, member in enumerate(key.members, 1):
                if field.is_key and not member.field.stored and member.slot.is_plain and member.attribute not in told:
                    parsed.append(number)
                    self.parsed.append(member)
                    told.add(member.attribute)
            key.parsed = tuple(parsed)
            yield key

    # What the keys of an item tell.

    def find_told(self, item: Item) -> Item:
        """Return the members that only the keys of an item tell, as far as the keys suit their templates."""
        told = self._examine(item)[0]
        return {name: value for name, value in told.items() if name not in self._own}

    def suit(self, item: Item) -> bool:
        """Return whether the key of an item suits the templates of the model."""
        return all(key.template.parse(item.get(key.attribute)) is not None for key in self.keys if key.field.is_key)

    def complete(self, item: Item) -> tuple[Item, tuple[str, ...]]:
        """Return the item with the members that only its keys tell, and with the keys of indexes that it lacks.

        The names are those of members that a save is to leave out again.

        Raises:
            ValidationError: A key does not suit its template, or tells other members than those that are stored.
        """
        told, problems = self._examine(item)
        if problems:
            raise ValidationError(problems[0].message)
        whole = {**item, **told} if told else item
        for key in self._index_keys:
            if whole.get(key.attribute) is None and (made := _make_key(key, whole)) is not None:
                whole = {**whole, key.attribute: made}
        return whole, tuple(self._left_out.intersection(told))

    def complete_wire(self, wire: WireItem) -> tuple[WireItem, tuple[str, ...]]:
        """Do the same for an item in DynamoDB JSON; raises as `complete` and `decode_value`."""
        known = {name: decode_value(wire[name]) for name in self._attributes if name in wire}
        whole, told = self.complete(known)
        added: WireItem = {}
        for name, value in whole.items():
            if value is not None and known.get(name) is None:
                added[name] = {"S": value} if type(value) is str else {"N": str(value)}
        return {**wire, **added}, told

    def find_problems(self, item: Item) -> tuple[Item, list[Problem]]:
        """Return the item with the members that its keys tell, and what is wrong with these keys."""
        told, problems = self._examine(item)
        return {**item, **told}, problems

    def _examine(self, item: Item) -> tuple[Item, list[Problem]]:
        told: Item = {}
        problems: list[Problem] = []
        for key in reversed(self.in_order):  # one that is made of another tells that
            stored = item.get(key.attribute, told.get(key.attribute))
            if stored is None:
                continue
            parsed = key.parse(stored)
            if parsed is None:
                message = f"{key.field.label} does not match its {key.template.given_as}"
                problems.append(_make_problem(key.field, stored, message))
            else:
                problems += _compare_members(key, stored, parsed, item, told)
        return told, problems

    # Instances.

    @property
    def have_defaults(self) -> bool:
        """Whether a member has a default, which must not take the place of what a given key tells."""
        return any(member.field.has_default for key in self.keys for member in key.members)

    def read_given(self, given: Mapping[str, Any]) -> Mapping[str, Any]:
        """Return what a constructor was given, with the members that given keys tell and that would get defaults."""
        told: dict[str, Any] = {}
        for name, key in self._named:
            parsed = key.template.parse(given[name]) if name in given else None
            for source, stored in (parsed or {}).items():
                if source not in given and self._fields[source].has_default:
                    with contextlib.suppress(ValidationError):  # the key will not suit the default
                        told[source] = self._fields[source].decode(stored)
        return {**told, **given} if told else given

    def fill(self, values: dict[str, Any]) -> None:
        """Add the members to the values of a new instance that was given keys in their place."""
        for name, key in self._named:
            given = values[name]
            if given is None:  # almost always
                continue
            parsed = key.template.parse(given) or {}
            for source, stored in parsed.items():
                if values[source] is None:
                    values[source] = self._fields[source].decode(stored)

    def leave_out(self, names: Iterable[str], stored: Item, item: Item) -> None:
        """Leave out of an item that is to be saved the members that its keys tell and that were not stored before.

        Args:
            names: The names that `complete` returned for what was stored.
            stored: What was stored.
            item: The item, which is changed in place.
        """
        told = self.find_told(stored)
        slots = {member.attribute: member.slot for key in self.keys for member in key.members}
        for name in names:
            if name in item and name in told and _is_same(slots[name], item[name], told[name]):
                del item[name]
                if name in stored:  # NULL
                    item[name] = None


def _compare_members(
    key: ComposedKey, stored: AttributeValue, parsed: Item, item: Item, told: Item
) -> Iterator[Problem]:
    """Add the members that an item lacks to those that its keys tell; yield what is wrong with them and with others."""
    for member in key.members:
        slot, attribute = member.slot, member.attribute
        value, known = parsed[attribute], item.get(attribute)
        try:
            if known is None:
                slot.check_form(value)
                known = told.setdefault(attribute, value)
        except ValidationError:
            message = f"{key.field.label} has no valid value of {member.field.label} ({key.template.given_as})"
            yield _make_problem(key.field, stored, message)
            continue
        if not _is_same(slot, known, value):
            message = f"{member.field.label} differs from its value in {key.field.label} ({key.template.given_as})"
            yield _make_problem(member.field, known, message)


def _make_key(key: ComposedKey, item: Item) -> str | None:
    """Return a key that an item lacks, though it has all members."""
    if any(item.get(attribute) is None for attribute in key.attributes):
        return None
    try:
        return key.compose(item)
    except (ArithmeticError, TypeError, ValidationError):  # the field of a member reports it
        return None


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
