"""Rules: what a model does to its items beyond what each field does by itself.

Hooks, generated values, fields that are derived from others, and validators of whole items are rules. A mapper has one
`Rules` for all of them, or `None`, as most do. Every verb that writes goes through `planning.write_builders`, and every
verb that reads through the codec of the model, and these call the rules: so no verb bypasses one.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final, TypeVar, cast

from dynamongo._support.lazy_imports import LazyModule
from dynamongo.exceptions import ConditionalCheckFailedException
from dynamongo.expressions.conditions import AnyCondition
from dynamongo.expressions.updates import AnyUpdate
from dynamongo.expressions.values import Item
from dynamongo.fields.base import Field
from dynamongo.mapping.records import Recorded, is_stored

if TYPE_CHECKING:
    from dynamongo.mapping.keys.members import KeyMembers
    from dynamongo.mapping.rules import derived as derived_values
    from dynamongo.mapping.rules import generated as generated_values
    from dynamongo.mapping.rules import hook_rules
    from dynamongo.mapping.rules import immutable as immutable_fields
else:  # each is for models that declare such a rule
    hook_rules = LazyModule("dynamongo.mapping.rules.hook_rules")
    derived_values = LazyModule("dynamongo.mapping.rules.derived")
    generated_values = LazyModule("dynamongo.mapping.rules.generated")
    immutable_fields = LazyModule("dynamongo.mapping.rules.immutable")

MARKS: Final = "__dynamongo_hooks__"
"""The attribute of a function that is a hook or validator; see `mapping.rules.hooks`."""

M = TypeVar("M", bound=Recorded)
R = TypeVar("R")

_ABSENT: Final[Any] = object()


class Rule:
    """Something that a model does to its items. Each method does nothing unless a rule overrides it.

    Attributes:
        is_hook: Whether the rule calls methods of the user, who expects a call for each save and no other.
        passed_by_updates: What an update by expression does not call, although a save would: for `explain`.
        provisional: The names of fields that `before_save` sets for this write alone: a write that fails leaves the
            instance with the values that it had, and `after_write` sets those that were stored.
    """

    is_hook: bool = False
    passed_by_updates: tuple[str, ...] = ()
    provisional: frozenset[str] = frozenset()

    def bind(self, model: type) -> Rule:
        """Return the rule of a class that is bound to another table or connection."""
        del model
        return self

    def after_build(self, instance: Any) -> None:
        """Complete a new instance, which holds what its constructor was given."""

    def before_assign(self, instance: Any, field: Field[Any], value: Any) -> None:
        """Refuse an assignment to a field of an instance."""

    def after_assign(self, instance: Any, field: Field[Any]) -> None:
        """Bring an instance up to date after an assignment to a field."""

    def before_save(self, instance: Any) -> None:
        """Complete or refuse an instance before its whole item is written."""

    def before_rewrite(self, instance: Any) -> None:
        """Complete an instance that was read, before a migration stores it as its fields would store it."""

    def before_migration(self, instance: Any) -> None:
        """Complete or refuse an instance that a migration is going to write, because it is stored otherwise."""

    def guard_put(self, item: Item) -> tuple[AnyCondition, ...]:
        """Return the conditions that the item which an encoded one replaces has to satisfy, if there is one."""
        del item
        return ()

    def guard_changes(self, instance: Any, changes: Iterable[AnyUpdate]) -> tuple[AnyCondition, ...]:
        """Return the same for what has changed in an instance since it was read; or refuse the changes."""
        del instance, changes
        return ()

    def explain_failure(
        self, condition: AnyCondition | None, item: Item, named: str
    ) -> ConditionalCheckFailedException | None:
        """Return the error for a stored item that does not satisfy a condition of the rule; `None` if it does.

        Args:
            condition: The condition of the write that failed.
            item: The stored item.
            named: The key of the item, as messages show it.
        """
        del condition, item, named
        return None

    def after_write(self, instance: Any, item: Item) -> None:
        """Bring an instance up to date with the item that is stored for it now."""

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


_EVENTS: Final = (
    "before_assign",
    "after_assign",
    "before_save",
    "before_rewrite",
    "before_migration",
    "check_update",
)
_RARE_EVENTS: Final = ("after_build", "after_read", "before_delete")
"""The events that cost something, or happen often, and do nothing for most rules: they are `None` then."""


class Rules:
    """The rules of a model, in the order in which they apply.

    Args:
        rules: The rules.
        key_members: What is known about keys that are made of other fields; `None` if there are none.

    Attributes:
        after_build: What completes a new instance; `None` if no rule does.
        after_read: What completes an instance of an item that was read; `None` if no rule does.
        before_delete: What looks at an instance whose item is to be deleted; `None` if no rule does.
        passed_by_updates: What an update by expression does not call, although a save would.
        has_guards: Whether a rule has conditions for the item that an encoded one replaces.
        provisional: The fields that are set for each write, as in `Rule`.
    """

    after_build: Callable[[Any], None] | None
    before_assign: Callable[[Any, Field[Any], Any], None]
    after_assign: Callable[[Any, Field[Any]], None]
    before_save: Callable[[Any], None]
    before_rewrite: Callable[[Any], None]
    before_migration: Callable[[Any], None]
    check_update: Callable[[AnyUpdate], None]
    before_delete: Callable[[Any], None] | None
    after_read: Callable[[Any], None] | None

    def __init__(self, rules: Sequence[Rule], key_members: KeyMembers | None = None) -> None:
        self.all = tuple(rules)
        self.key_members = key_members
        for event in _EVENTS:
            setattr(self, event, _call_each(self._find(event)))
        self._before_plan = _call_each([rule.before_save for rule in self.all if not rule.is_hook])
        for event in _RARE_EVENTS:
            setattr(self, event, _call_each(methods) if (methods := self._find(event)) else None)
        self.passed_by_updates = tuple([name for rule in self.all for name in rule.passed_by_updates])
        self._of_updates = self._find("before_update")
        self._of_writes = self._find("after_write")
        self._guards = self._find("guard_put")
        self.has_guards = bool(self._guards)
        self.provisional = frozenset(name for rule in rules for name in rule.provisional)

    def bind(self, model: type) -> Rules:
        """Return the rules of a class that is bound to another table or connection."""
        return Rules([rule.bind(model) for rule in self.all], self.key_members)

    @property
    def of_parts(self) -> Rules | None:
        """The rules of items that may lack what was not read: nothing but what their keys tell."""
        return None if self.key_members is None else Rules((), self.key_members)

    def save(self, instance: M, encode: Callable[[M], R], *, calls_hooks: bool = True) -> R:
        """Prepare an instance, and return what `encode` does of it; then it has its own provisional values again.

        Args:
            instance: The instance.
            encode: Encodes it, or its changes.
            calls_hooks: Whether it is to be saved now, and not only to be explained.
        """
        prepare = self.before_save if calls_hooks else self._before_plan
        if not self.provisional:
            prepare(instance)
            return encode(instance)
        values: dict[str, Any] = vars(instance)
        held = [(name, values.get(name, _ABSENT)) for name in self.provisional]
        try:
            prepare(instance)
            return encode(instance)
        finally:
            for name, value in held:
                if value is _ABSENT:
                    values.pop(name, None)
                else:
                    values[name] = value

    def show(self, instance: M, encode: Callable[[M], R]) -> R:
        """Return what `encode` does of an instance that is not being saved; a new one has the values of a save then."""
        if self.provisional and not is_stored(instance):
            return self.save(instance, encode, calls_hooks=False)
        return encode(instance)

    def guard_put(self, item: Item) -> tuple[AnyCondition, ...]:
        """Return what the item which an encoded one replaces has to satisfy; see `Rule.guard_put`."""
        if not self._guards:  # nearly always
            return ()
        return tuple(condition for guard in self._guards for condition in guard(item))

    def guard_changes(self, instance: Any, changes: Sequence[AnyUpdate]) -> tuple[AnyCondition, ...]:
        """Return the same for changes of an instance; see `Rule.guard_changes`."""
        return tuple(condition for rule in self.all for condition in rule.guard_changes(instance, changes))

    def explain_failure(
        self, condition: AnyCondition | None, item: Item, named: str
    ) -> ConditionalCheckFailedException | None:
        """Return the error of the rule whose condition has failed; see `Rule.explain_failure`."""
        errors = (rule.explain_failure(condition, item, named) for rule in self.all)
        return next((error for error in errors if error is not None), None)

    def before_update(
        self, key: Item, updates: tuple[AnyUpdate, ...], *, upsert: bool, loaded: Recorded | None
    ) -> tuple[AnyUpdate, ...]:
        """Return the updates of one item with those that follow from them; see `Rule.before_update`."""
        for amend in self._of_updates:
            updates = amend(key, updates, upsert=upsert, loaded=loaded)
        return updates

    def after_write(self, instance: Any, item: Item) -> None:
        """Bring an instance up to date with its item, and what the keys of that tell; see `Rule.after_write`."""
        if self._of_writes:
            known = item if self.key_members is None else {**item, **self.key_members.find_told(item)}
            for finish in self._of_writes:
                finish(instance, known)

    def _find(self, event: str) -> list[Callable[..., Any]]:
        """Return the methods for an event of those rules that have one."""
        return [getattr(rule, event) for rule in self.all if getattr(type(rule), event) is not getattr(Rule, event)]


def _call_each(methods: list[Callable[..., Any]]) -> Callable[..., None]:
    if len(methods) <= 1:
        return cast("Callable[..., None]", methods[0] if methods else _do_nothing)

    def call(*arguments: Any) -> None:
        for method in methods:
            method(*arguments)

    return call


def _do_nothing(*_: Any) -> None:
    """Do what most rules do about most events."""


def encode_unsaved(mapper: Any, instance: Recorded) -> Item:
    """Return the item of an instance that is not being saved: no hook is called. Raises as `Mapper.encode`."""
    rules: Rules | None = mapper.rules
    item: Item = mapper.encode(instance) if rules is None else rules.show(instance, mapper.encode)
    return item


def find_rules(model: type, fields: Mapping[str, Field[Any]], read_clock: Callable[[type], float]) -> Rules | None:
    """Return the rules that a class declares, or `None` if it declares none.

    Args:
        model: The class.
        fields: Its fields by name.
        read_clock: Returns the time, in seconds since 1970, for a class: by the backend that its writes go to.

    Raises:
        SchemaError: A rule makes no sense for the fields of the class.
    """
    first: list[Rule] = []
    last: list[Rule] = []
    if "dynamongo.mapping.rules.hooks" in sys.modules:
        first, last = hook_rules.find_hook_rules(model, fields)
    found = first
    key_members: KeyMembers | None = None
    if any(field.generated_on is not None for field in fields.values()):
        found.append(generated_values.GeneratedValues(model, fields, read_clock))
    if any(field.derived is not None or not field.stored for field in fields.values()):
        derived = derived_values.DerivedValues(model, fields)
        found.append(derived)
        key_members = derived.key_members
    if any(field.is_immutable for field in fields.values()):
        found.append(immutable_fields.ImmutableFields(fields))
    found += last
    return Rules(found, key_members) if found else None
