"""Members: conditions on the fields that keys are composed of become conditions on the keys.

With the templates `CUSTOMER#{customer_id}` of the hash key `PK`, and `ORDER#{number:08}` of the range key `SK`::

    customer_id = 7                     PK = 'CUSTOMER#7' AND begins_with(SK, 'ORDER#')
    customer_id = 7 AND number = 3      PK = 'CUSTOMER#7' AND SK = 'ORDER#00000003'
    customer_id = 7 AND number > 3      PK = 'CUSTOMER#7' AND SK BETWEEN 'ORDER#00000004' AND 'ORDER#99999999'
    customer_id IN (7, 8)               PK IN ('CUSTOMER#7', 'CUSTOMER#8') AND begins_with(SK, 'ORDER#')

A conjunct that the keys say exactly is left out, so that nobody evaluates it. The others stay. All of that is done for
one access path, whose keys these are: another one leaves the same conjuncts to its filter.
"""

from __future__ import annotations

import itertools
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from math import prod
from typing import Final, cast

from dynamongo._support.dataclasses import dataclass
from dynamongo.exceptions import ValidationError
from dynamongo.expressions.conditions import (
    EQ,
    And,
    AnyCondition,
    BeginsWith,
    Comparison,
    In,
    Or,
    Path,
    all_of,
    conjuncts,
)
from dynamongo.expressions.operands import operands_of
from dynamongo.expressions.values import AttributeValue
from dynamongo.mapping.keys.composed import ComposedKey, ComposedKeys, KeyMember
from dynamongo.planning.conjuncts import MAX_NESTING, find_choice
from dynamongo.planning.contradictions import find_subject
from dynamongo.planning.member_bounds import bound_key, suit
from dynamongo.schema import KeyAttribute, KeySchema

_MAX_KEYS: Final = 1_000
"""The most keys that `in_` on several members is multiplied to."""

_Values = Mapping[str, tuple[AttributeValue, ...]]


@dataclass(frozen=True, slots=True)
class Step:
    """A condition on a key, and what it was made of.

    Attributes:
        key: The key.
        condition: The condition.
        sources: The conjuncts that fix its first members.
        bounded: The member after these, if there are other conditions on it.
        bounds: These conditions.
        said: Those of them that the condition on the key says exactly.
    """

    key: ComposedKey
    condition: AnyCondition
    sources: tuple[AnyCondition | None, ...]
    bounded: KeyMember | None = None
    bounds: tuple[AnyCondition, ...] = ()
    said: tuple[AnyCondition, ...] = ()


@dataclass(frozen=True, slots=True)
class Served:
    """Conjuncts, as the keys of an access path serve them.

    Attributes:
        given: The conjuncts as they were given.
        parts: The same, with those on keys.
        stated: Those that are left out, since the keys say them.
        is_impossible: Whether no key can be made of a value, so that no item satisfies the conjuncts.
        steps: How the conditions on keys were made, which are the last parts.
    """

    given: tuple[AnyCondition, ...]
    parts: tuple[AnyCondition, ...]
    stated: tuple[AnyCondition, ...] = ()
    is_impossible: bool = False
    steps: tuple[Step, ...] = ()


def serve(templates: ComposedKeys, keys: KeySchema, parts: tuple[AnyCondition, ...]) -> Served:
    """Return the conjuncts with conditions on keys in the place of those on their members.

    Args:
        templates: The templated keys of the model.
        keys: The keys of the table or the index.
        parts: The conjuncts.
    """
    hash_keys, range_keys = templates.find_in(keys)
    if not hash_keys and not range_keys:
        return Served(parts, parts)
    group = _Group(parts)
    for key in hash_keys:
        group.fix(key)
    for key in range_keys:
        if key.members:
            group.fix(key)
    group.serve_branches([*hash_keys, *range_keys])
    if all(find_choice(group.parts, each) is not None for each in keys.hash_attributes):
        for key in range_keys:
            group.narrow(key)
    left = tuple(_drop_forms(group.parts, group.added))
    return Served(parts, left, tuple(group.stated.values()), group.is_impossible, tuple(group.steps))


def find_gaps(key: ComposedKey, stated: Iterable[AnyCondition], left: Collection[str]) -> tuple[str, ...]:
    """Return why the key condition says nothing of some members that other conditions restrict.

    Args:
        key: The key.
        stated: The conjuncts that it says.
        left: What the others restrict.
    """
    given = {subject.attribute for part in stated if (subject := find_subject(part)) is not None}
    missing = [member for member in key.members if member.attribute not in given]
    if not missing:
        return ()
    first, *later = missing
    late = [f"`{member.field.path.name}`" for member in later if member.attribute in left]
    name = first.field.path.name
    if late:
        return (f"no condition compares `{name}` by ==, so the key condition has none on {', '.join(late)}",)
    return (f"`{name}`: {fault}",) if first.attribute in left and (fault := first.slot.order_fault) else ()


def _drop_forms(parts: Iterable[AnyCondition], added: Sequence[AnyCondition]) -> Iterator[AnyCondition]:
    """Yield the conjuncts without those, in what tells the kind, of which the conditions on keys are instances."""
    begun = {_subject_of(part): part for part in added if isinstance(part, (BeginsWith, Comparison))}
    for part in parts:
        if not isinstance(part, And):
            yield part
            continue
        yield from [each for each in part.parts if not _is_instance(begun.get(_subject_of(each)), each)]


def _subject_of(part: AnyCondition) -> Path | None:
    return cast("Path", next(iter(operands_of(part)))) if isinstance(part, (BeginsWith, Comparison)) else None


def _is_instance(part: AnyCondition | None, form: AnyCondition) -> bool:
    """Return whether a value or prefix of a key begins as the form says."""
    if not isinstance(part, (BeginsWith, Comparison)) or not isinstance(form, (BeginsWith, Comparison)):
        return False
    text, start = [cast("str", tuple(operands_of(each))[1]) for each in (part, form)]
    is_whole = isinstance(form, Comparison)
    return text == start and isinstance(part, Comparison) if is_whole else text.startswith(start)


class _Group:
    """ANDed conditions, which change step by step.

    Args:
        parts: The conjuncts.
        outer: The values of members that conjuncts around them fix.
        depth: How deep in ORs they are.
    """

    def __init__(self, parts: Iterable[AnyCondition], outer: _Values | None = None, depth: int = 0) -> None:
        self._parts = {id(part): part for part in parts}
        self.added: list[AnyCondition] = []
        self.steps: list[Step] = []
        self._depth = depth
        self.stated: dict[int, AnyCondition] = {}
        self.is_impossible = False
        self._sources: dict[str, AnyCondition] = {}
        self._values: dict[str, tuple[AttributeValue, ...]] = dict(outer or {})
        self._subjects: dict[str, list[AnyCondition]] = {}
        for part in self._parts.values():
            self._note(part)

    def _note(self, part: AnyCondition) -> None:
        subject = find_subject(part)
        if subject is None or len(subject.elements) != 1:
            return
        name = subject.attribute
        self._subjects.setdefault(name, []).append(part)
        known = self._sources.get(name)
        if isinstance(part, Comparison) and part.operator == EQ:
            if known is None or isinstance(known, In):
                self._sources[name], self._values[name] = part, (cast("AttributeValue", part.right),)
        elif isinstance(part, In) and known is None and name not in self._values:
            self._sources[name] = part
            self._values[name] = tuple(dict.fromkeys(cast("tuple[AttributeValue, ...]", part.choices)))

    @property
    def parts(self) -> tuple[AnyCondition, ...]:
        """The conjuncts as they are now."""
        return (*[part for each, part in self._parts.items() if each not in self.stated], *self.added)

    def fix(self, key: ComposedKey) -> bool:
        """Add the values of a key of whose members all are known; return whether that is so."""
        if key.is_open or key.attribute in self._subjects:
            return False
        # A branch of an OR gets a key only where it says something about it.
        if self._depth and self._sources.keys().isdisjoint(member.attribute for member in key.members):
            return False
        choices: list[tuple[AttributeValue, ...]] = []
        for member in key.members:
            found = self._values.get(member.attribute, ())
            if not found or not suit(found, member):
                return False
            choices.append(found)
        if prod(map(len, choices)) > _MAX_KEYS:
            return False
        made = [text for values in itertools.product(*choices) if (text := _render(key, values)) is not None]
        self.is_impossible |= not made
        says = Comparison(key.path, EQ, made[0]) if len(made) == 1 else In(key.path, tuple(made))
        sources = tuple([self._sources.get(member.attribute) for member in key.members])
        self._add(Step(key, says, sources), sources)
        return True

    def serve_branches(self, keys: Sequence[ComposedKey]) -> None:
        """Do the same in each OR of which every branch then fixes a key."""
        if self._depth > MAX_NESTING:
            return
        for each, part in tuple(self._parts.items()):
            if isinstance(part, Or) and each not in self.stated:
                branches = [self._serve_branch(branch, keys) for branch in part.parts]
                served = Or(*branches)
                if any(find_choice((served,), KeyAttribute(key.attribute, "S")) is not None for key in keys):
                    self.stated[each] = part
                    self.added.append(served)

    def _serve_branch(self, branch: AnyCondition, keys: Sequence[ComposedKey]) -> AnyCondition:
        group = _Group(conjuncts(branch), self._values, self._depth + 1)
        for key in keys:
            group.fix(key)
        group.serve_branches(keys)
        return cast("AnyCondition", all_of(group.parts))

    def narrow(self, key: ComposedKey) -> None:
        """Add what is known of a range key, unless its value is."""
        if find_choice(self.parts, KeyAttribute(key.attribute, "S")) is not None or key.attribute in self._subjects:
            return
        if not key.members:
            whole = BeginsWith(key.path, key.start) if key.is_open else Comparison(key.path, EQ, key.start)
            self._add(Step(key, whole, ()), ())
            return
        leading = self._find_leading(key)
        if len(leading) == len(key.members) and not key.is_open:
            return
        prefix = _render(key, leading)
        if prefix is None:
            self.is_impossible = True
            return
        sources = tuple([self._sources.get(member.attribute) for member in key.members[: len(leading)]])
        if len(leading) == len(key.members):
            # Where its length is not fixed, other values begin with that of the last member.
            is_exact = key.open_member is None or key.open_member.width is not None
            self._add(Step(key, BeginsWith(key.path, prefix), sources), sources if is_exact else sources[:-1])
        else:
            self._bound(key, prefix, sources)

    def _find_leading(self, key: ComposedKey) -> list[AttributeValue]:
        """Return the values of the first members, as far as each has one."""
        leading: list[AttributeValue] = []
        for member in key.members:
            found = self._values.get(member.attribute, ())
            if len(found) != 1 or not suit(found, member):
                break
            leading.append(found[0])
        return leading

    def _bound(self, key: ComposedKey, prefix: str, sources: tuple[AnyCondition | None, ...]) -> None:
        """Add what conditions on the member after a prefix say, or else the prefix."""
        bounded = key.members[len(sources)]
        bounds = [] if bounded is key.open_member else self._subjects.get(bounded.attribute, [])
        says = bound_key(key.path, prefix, bounded, bounds)
        self.is_impossible |= says.is_impossible
        if says.condition is not None:
            step = Step(key, says.condition, sources, bounded, tuple(bounds), says.said)
            self._add(step, (*sources, *says.said))
        elif prefix:
            self._add(Step(key, BeginsWith(key.path, prefix), sources, bounded, tuple(bounds)), sources)

    def _add(self, step: Step, said: Iterable[AnyCondition | None]) -> None:
        self.steps.append(step)
        self.added.append(step.condition)
        self._subjects.setdefault(step.key.attribute, []).append(step.condition)
        self.stated.update({id(part): part for part in said if part is not None and id(part) in self._parts})


def _render(key: ComposedKey, values: Sequence[AttributeValue]) -> str | None:
    """Return the key; `None` if no item has such a value, since no key can be made of it."""
    try:
        return key.render(values)
    except ValidationError:
        return None
