"""Kinds of items that are told by their keys: those of models whose keys have templates, and no `__kind__`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, cast

from dynamongo.expressions.conditions import EQ, And, AnyCondition, BeginsWith, Comparison, Or, Path, all_of
from dynamongo.expressions.evaluation import holds
from dynamongo.expressions.values import Item
from dynamongo.mapping.keys.composed import ComposedKeys
from dynamongo.mapping.kinds.kinds import Kinds
from dynamongo.schema import KeySchema


class KeyKinds(Kinds):
    """The kinds of several models, each of which begins its keys in its own way.

    Args:
        name: The name of the models together.
        models: The models.
        forms: What the keys of each have in common; see `find_forms`.
        path: A part of the key, which tells the kind.
    """

    def __init__(self, name: str, models: Sequence[Any], forms: Sequence[tuple[AnyCondition, ...]], path: Path) -> None:
        self._by_form = [(And(*each), model) for each, model in zip(forms, models, strict=True)]
        super().__init__(models[0], path, ("",), is_key=True)  # some kind, so that it is not open
        self._name = name
        common = [form for form in forms[0] if all(form in each for each in forms)]
        own = [all_of(tuple(form for form in each if form not in common)) for each in forms]
        self.condition = And(*common, *([] if None in own else [Or(*cast("list[AnyCondition]", own))]))

    @property
    def is_mixed(self) -> bool:
        """Whether the class of an item depends on its kind."""
        return len(self._by_form) > 1

    def find(self, item: Item) -> type | None:
        """Return the class of an item; `None` if it is of another kind."""
        return next((model for form, model in self._by_form if holds(form, item)), None)


def find_forms(templates: ComposedKeys, keys: KeySchema) -> tuple[AnyCondition, ...]:
    """Return the conditions that the keys begin as their templates do, with a text or with all of a constant."""
    found = [templates.by_attribute[name] for name in keys.names if name in templates.by_attribute]
    return tuple(
        [
            BeginsWith(key.path, key.start) if key.members else Comparison(key.path, EQ, key.start)
            for key in found
            if key.start
        ]
    )


def are_disjoint(first: Sequence[AnyCondition], other: Sequence[AnyCondition]) -> bool:
    """Return whether no key has both forms."""
    return any(
        not _may_both_hold(mine, theirs) for mine in first for theirs in other if _path_of(mine) == _path_of(theirs)
    )


def _may_both_hold(first: AnyCondition, other: AnyCondition) -> bool:
    one, two = _text_of(first), _text_of(other)
    if isinstance(first, Comparison) and isinstance(other, Comparison):
        return one == two
    if isinstance(first, BeginsWith) and isinstance(other, BeginsWith):
        return one.startswith(two) or two.startswith(one)
    return one.startswith(two) if isinstance(first, Comparison) else two.startswith(one)


def _path_of(form: AnyCondition) -> Path:
    return cast("Path", form.left if isinstance(form, Comparison) else cast("BeginsWith", form).operand)


def _text_of(form: AnyCondition) -> str:
    return cast("str", form.right if isinstance(form, Comparison) else cast("BeginsWith", form).prefix)
