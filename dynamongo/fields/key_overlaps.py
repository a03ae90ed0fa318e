"""Whether two key templates can make the same key."""

from __future__ import annotations

import itertools
import string
from typing import Final, TypeAlias

from dynamongo._support.dataclasses import dataclass
from dynamongo.fields.key_slots import Slot
from dynamongo.fields.key_templates import KeyTemplate


@dataclass(frozen=True, slots=True)
class _Step:
    """A character of a key, of which some can stand there.

    Attributes:
        characters: The characters.
        is_negated: Whether all others can stand there instead.
        repeats: Whether more of them may follow.
    """

    characters: frozenset[str]
    is_negated: bool = False
    repeats: bool = False

    def meets(self, other: _Step) -> bool:
        """Return whether one character can stand in both places."""
        if self.is_negated:
            return other.is_negated or bool(other.characters - self.characters)
        if other.is_negated:
            return bool(self.characters - other.characters)
        return not self.characters.isdisjoint(other.characters)


_Steps: TypeAlias = "tuple[_Step, ...]"
_CLASSES: Final = {"d": frozenset(string.digits), "h": frozenset("0123456789abcdef")}


def may_be_equal(one: KeyTemplate, other: KeyTemplate) -> bool:
    """Return whether some values make the same key by both templates, which are bound to fields."""
    return any(_meet(*pair) for pair in itertools.product(_list_forms(one), _list_forms(other)))


def _list_forms(template: KeyTemplate) -> list[_Steps]:
    parts = [part for slot in template.slots for part in ([_read(slot.literal)], _list_slot_forms(slot))]
    return [tuple(itertools.chain(*form)) for form in itertools.product(*parts, [_read(template.tail)])]


def _read(text: str) -> _Steps:
    return tuple(_Step(frozenset(each)) for each in text)


def _list_slot_forms(slot: Slot) -> list[_Steps]:
    if slot.width is not None:
        return [(_Step(_CLASSES["d"]),) * slot.width]
    if slot.is_number:
        return [(_Step(frozenset("-.0123456789"), repeats=True),)]
    if slot.shapes:
        return [tuple(_Step(_CLASSES.get(each, frozenset(each))) for each in shape) for shape in slot.shapes]
    return [(_Step(frozenset(slot.excluded), is_negated=True, repeats=True),)]


def _meet(one: _Steps, other: _Steps) -> bool:
    """Return whether a text goes through both, by the pairs of places that it can reach in them."""
    reached = {(0, 0)}
    waiting = list(reached)
    while waiting:
        i, j = waiting.pop()
        if i == len(one) and j == len(other):
            return True
        if i == len(one) or j == len(other) or not one[i].meets(other[j]):
            continue
        ends = itertools.product(
            (i, i + 1) if one[i].repeats else (i + 1,), (j, j + 1) if other[j].repeats else (j + 1,)
        )
        for pair in ends:
            if pair not in reached:
                reached.add(pair)
                waiting.append(pair)
    return False
