"""Served templates: which conjuncts of a read became which conditions on keys, for later reads of the same shape.

As a plan template does for plans, one saves the work of deciding again: the values of the same conjuncts make the same
keys, prefixes and bounds. Where they make others, such as an equality instead of a range, the read is planned anew.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from dynamongo._support.dataclasses import dataclass
from dynamongo.exceptions import ValidationError
from dynamongo.expressions.conditions import EQ, AnyCondition, BeginsWith, Between, Comparison
from dynamongo.mapping.keys.composed import ComposedKey, KeyMember
from dynamongo.planning.contradictions import find_contradiction, find_subject
from dynamongo.planning.member_bounds import bound_key
from dynamongo.planning.members import Served, Step


@dataclass(frozen=True, slots=True)
class _Maker:
    """How a condition on a key is made.

    Attributes:
        key: The key.
        leading: The positions of the equalities of its first members.
        bounded: The member after these, if other conditions bound it.
        bounds: The positions of these.
        said: The positions of those that the condition says.
        like: The condition on the key that was made first.
    """

    key: ComposedKey
    leading: tuple[int, ...]
    bounded: KeyMember | None
    bounds: tuple[int, ...]
    said: tuple[int, ...]
    like: AnyCondition

    def make(self, parts: Sequence[Any]) -> AnyCondition | None:
        """Return the condition, given conjuncts of the same shape; `None` if it would be another one."""
        try:
            text = self.key.render([parts[position].right for position in self.leading])
        except ValidationError:
            return None
        if self.bounded is None:
            kind: Any = type(self.like)
            return Comparison(self.key.path, EQ, text) if kind is Comparison else BeginsWith(self.key.path, text)
        found = bound_key(self.key.path, text, self.bounded, [parts[position] for position in self.bounds])
        made = BeginsWith(self.key.path, text) if found.condition is None else found.condition
        if type(made) is not type(self.like) or len(found.said) != len(self.said) or found.is_impossible:
            return None
        # Of several bounds, other values may make another one the strictest, and leave it for the filter.
        if any(part is not parts[position] for part, position in zip(found.said, self.said, strict=True)):
            return None
        if isinstance(made, Between):  # of one value, it would be an equality
            return None if made.low == made.high else made
        if isinstance(made, Comparison):
            return made if made.operator == getattr(self.like, "operator", "") else None
        return made


@dataclass(frozen=True, slots=True)
class ServedTemplate:
    """What keys serve of conjuncts, without their values.

    Attributes:
        makers: How the conditions on keys are made.
        left: The positions of the other conjuncts.
        stated: The positions of those that the keys say.
        is_doubtful: Whether several conjuncts on one attribute may contradict each other.
    """

    makers: tuple[_Maker, ...]
    left: tuple[int, ...]
    stated: tuple[int, ...]
    is_doubtful: bool

    def fill(self, parts: Sequence[AnyCondition]) -> list[AnyCondition] | None:
        """Return the conjuncts of a read of the same shape as keys serve them; `None` if it has to be planned."""
        if self.is_doubtful and find_contradiction(parts) is not None:
            return None
        served = [parts[position] for position in self.left]
        for maker in self.makers:
            made = maker.make(parts)
            if made is None:
                return None
            served.append(made)
        return served


def make_served_template(served: Served) -> ServedTemplate | None:
    """Return the template of what keys serve; `None` if it depends on values, as for `in_`."""
    positions = {id(part): position for position, part in enumerate(served.given)}
    added = tuple(step.condition for step in served.steps)
    left = served.parts[: len(served.parts) - len(added)]
    try:
        if any(part is not mine for part, mine in zip(served.parts[len(left) :], added, strict=True)):
            return None
        makers = tuple([_make_maker(step, positions) for step in served.steps])
        of_left, of_stated = [tuple([positions[id(part)] for part in group]) for group in (left, served.stated)]
    except KeyError:  # an IN, or what an OR became
        return None
    subjects = [subject.elements for part in served.given if (subject := find_subject(part)) is not None]
    return ServedTemplate(makers, of_left, of_stated, len(set(subjects)) < len(subjects))


def _make_maker(step: Step, positions: dict[int, int]) -> _Maker:
    if not all(isinstance(source, Comparison) for source in step.sources):
        raise KeyError
    groups = (step.sources, step.bounds, step.said)
    leading, bounds, said = [tuple([positions[id(part)] for part in group]) for group in groups]
    return _Maker(step.key, leading, step.bounded, bounds, said, step.condition)
