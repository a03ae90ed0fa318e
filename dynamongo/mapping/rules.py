"""Rules: what a model does to its items beyond what each field does by itself.

Hooks, generated values, fields that are derived from others, and validators of whole items are rules. A mapper has one
`Rules` for all of them, or `None`, as most do. Every verb that writes goes through `planning.write_builders`, and every
verb that reads through the codec of the model, and these call the rules: so no verb bypasses one.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final, cast

from dynamongo._support.lazy_imports import LazyModule
from dynamongo.expressions.updates import AnyUpdate
from dynamongo.expressions.values import Item
from dynamongo.fields.base import Field
from dynamongo.mapping.records import Recorded

if TYPE_CHECKING:
    from dynamongo.mapping import derived_values, hook_rules
else:  # each is for models that declare such a rule
    hook_rules = LazyModule("dynamongo.mapping.hook_rules")
    derived_values = LazyModule("dynamongo.mapping.derived_values")


class Rule:
    """Something that a model does to its items. Each method does nothing unless a rule overrides it.

    Attributes:
        passed_by_updates: What an update by expression does not call, although a save would: for `explain`.
    """

    passed_by_updates: tuple[str, ...] = ()

    def after_build(self, instance: Any) -> None:
        """Complete a new instance, which holds what its constructor was given."""

    def before_assign(self, instance: Any, field: Field[Any], value: Any) -> None:
        """Refuse an assignment to a field of an instance."""

    def after_assign(self, instance: Any, field: Field[Any]) -> None:
        """Bring an instance up to date after an assignment to a field."""

    def before_save(self, instance: Any) -> None:
        """Complete or refuse an instance before its whole item is written."""

    def check_update(self, update: AnyUpdate) -> None:
        """Refuse an update by expression that somebody wrote."""

    def before_update(
        self, key: Item, updates: tuple[AnyUpdate, ...], *, upsert: bool, loaded: Recorded | None
    ) -> tuple[AnyUpdate, ...]:
        """Return the updates of one item with those that follow from them; or refuse them.

        Args:
            key: The key of the item.
            updates: What somebody wrote.
            upsert: Whether the item may be new.
            loaded: The instance whose item it is, if there is one; what it knows of the item may be outdated.
        """
        del key, upsert, loaded
        return updates

    def before_delete(self, instance: Any) -> None:
        """Refuse to delete the item of an instance, which may hold only its key."""

    def after_read(self, instance: Any) -> None:
        """Complete an instance of an item that was read, as a whole or in part."""


_EVENTS: Final = ("after_build", "before_assign", "after_assign", "before_save", "check_update")
_RARE_EVENTS: Final = ("after_read", "before_delete")
"""The events for which an instance is made, or items are read in another way, only if a rule asks for it."""


class Rules:
    """The rules of a model, in the order in which they apply.

    Args:
        rules: The rules.

    Attributes:
        after_read: What completes an instance of an item that was read; `None` if no rule does.
        before_delete: What looks at an instance whose item is to be deleted; `None` if no rule does.
        passed_by_updates: What an update by expression does not call, although a save would.
    """

    after_build: Callable[[Any], None]
    before_assign: Callable[[Any, Field[Any], Any], None]
    after_assign: Callable[[Any, Field[Any]], None]
    before_save: Callable[[Any], None]
    check_update: Callable[[AnyUpdate], None]
    before_delete: Callable[[Any], None] | None
    after_read: Callable[[Any], None] | None

    def __init__(self, rules: Sequence[Rule]) -> None:
        self.all = tuple(rules)
        for event in _EVENTS:
            setattr(self, event, _call_each(self._find(event)))
        for event in _RARE_EVENTS:
            setattr(self, event, _call_each(methods) if (methods := self._find(event)) else None)
        self.passed_by_updates = tuple([name for rule in self.all for name in rule.passed_by_updates])
        self._of_updates = self._find("before_update")

    def before_update(
        self, key: Item, updates: tuple[AnyUpdate, ...], *, upsert: bool, loaded: Recorded | None
    ) -> tuple[AnyUpdate, ...]:
        """Return the updates of one item with those that follow from them; see `Rule.before_update`."""
        for amend in self._of_updates:
            updates = amend(key, updates, upsert=upsert, loaded=loaded)
        return updates

    def _find(self, event: str) -> list[Callable[..., Any]]:
        """Return the methods for an event of those rules that have one."""
        return [getattr(rule, event) for rule in self.all if getattr(type(rule), event) is not getattr(Rule, event)]


def _call_each(methods: list[Callable[..., Any]]) -> Callable[..., None]:
    if len(methods) == 1:
        return cast("Callable[..., None]", methods[0])

    def call(*arguments: Any) -> None:
        for method in methods:
            method(*arguments)

    return call


def find_rules(model: type, fields: Mapping[str, Field[Any]]) -> Rules | None:
    """Return the rules that a class declares, or `None` if it declares none.

    Raises:
        SchemaError: A rule makes no sense for the fields of the class.
    """
    first: list[Rule] = []
    last: list[Rule] = []
    # Without that module, nothing is marked as a hook: most programs need not look for any.
    if "dynamongo.mapping.hooks" in sys.modules:
        first, last = hook_rules.find_hook_rules(model, fields)
    found = first
    if any(field.derived is not None for field in fields.values()):
        found.append(derived_values.DerivedValues(model, fields))
    found += last
    return Rules(found) if found else None
