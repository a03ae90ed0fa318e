"""The rules of hooks and validators: they call the methods that `mapping.rules.hooks` marks, with the instance."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from operator import methodcaller
from typing import Any, NoReturn, TypeAlias, cast

from dynamongo.exceptions import AttributeNotLoaded, DynamongoError, ExpressionError, Problem, ValidationError
from dynamongo.expressions.updates import AnyUpdate
from dynamongo.fields.base import Field
from dynamongo.fields.derived import find_origins
from dynamongo.mapping.problems import given as given_problems
from dynamongo.mapping.records import Record, Recorded
from dynamongo.mapping.rules.base import Rule
from dynamongo.mapping.rules.hooks import Event, Hook, find_hooks

_Call: TypeAlias = Callable[[Any], object]


class _Hooks(Rule):
    """The hooks of one event."""

    def __init__(self, model: type, hooks: Sequence[Hook]) -> None:
        self._model = model
        # Looked up in the instance at each call, as any method: a test may have replaced it.
        self._calls: list[tuple[_Call, Hook]] = [(methodcaller(hook.name), hook) for hook in hooks]

    def call_each(self, instance: Any) -> None:
        """Call the hooks."""
        for call, hook in self._calls:
            self._call(call, hook, instance)

    def _call(self, call: _Call, hook: Hook, instance: Any) -> object:
        """Call one of them; an error about what was not read names it."""
        try:
            return call(instance)
        except AttributeNotLoaded as error:
            raise AttributeNotLoaded(
                f"{error}. {self._model.__name__}.{hook.name} ({hook.mark.event}) asked for it, and may ask is_loaded()"
                " before"
            ) from error


class _OnSave(_Hooks):
    """What hooks and validators have in common: updates by expression do not call them."""

    def __init__(self, model: type, fields: Mapping[str, Field[Any]], hooks: Sequence[Hook]) -> None:
        super().__init__(model, hooks)
        self.passed_by_updates = tuple([f"{model.__name__}.{hook.name}" for hook in hooks])
        self._refusals: dict[str | None, Hook] = {}
        """The hooks that refuse updates, by the attributes that these may not change; `None` for any."""
        for hook in hooks:
            if hook.mark.refuses_updates:
                # What the value of a field follows from changes it, too.
                origins = [origin for name in hook.mark.fields for origin in find_origins(name, fields)]
                names: list[str | None] = [fields[name].path.attribute for name in origins]
                self._refusals.update(dict.fromkeys(names or [None], hook))

    def check_update(self, update: AnyUpdate) -> None:
        """Refuse an update of what only a save may change."""
        hook = self._refusals.get(update.path.attribute) or self._refusals.get(None)
        if hook is not None:
            name = self._model.__name__
            raise ExpressionError(
                f"{name}: an update by expression cannot change {update.path.name}, because it does not call"
                f" {name}.{hook.name} ({hook.mark.event}): read the item, change it, and save(only_changed=True)"
            )


class SaveHooks(_OnSave):
    """Calls the hooks that prepare an instance for a save."""

    is_hook = True
    before_save = before_migration = _Hooks.call_each


class DeleteHooks(_Hooks):
    """Calls the hooks that may refuse a delete."""

    before_delete = _Hooks.call_each


class ReadHooks(_Hooks):
    """Calls the hooks that complete what was read."""

    def after_read(self, instance: Any) -> None:
        """Call them; an error of a value is a problem of the stored item."""
        for call, hook in self._calls:
            try:
                self._call(call, hook, instance)
            except ValueError as error:
                if not is_refusal(error):
                    raise
                problem = Problem((), None, f"{self._model.__name__}.{hook.name} refuses the item: {error}")
                raise given_problems.with_problems(ValidationError(problem.message), (problem,)) from error


class Validators(_OnSave):
    """Calls the validators of whole items."""

    def __init__(self, model: type, fields: Mapping[str, Field[Any]], hooks: Sequence[Hook]) -> None:
        super().__init__(model, fields, hooks)
        self._fields = fields

    def before_save(self, instance: Any) -> None:
        """Call them; of an item that was read in part, only those whose fields were read or assigned.

        Raises:
            ValidationError: At least one refuses the instance. The error tells all that is wrong with it.
        """
        for call, hook in self._calls:
            if (error := self._ask(call, hook, instance)) is not None:
                self._refuse(instance, hook, error)

    before_migration = before_save

    def _ask(self, call: _Call, hook: Hook, instance: Any) -> Exception | None:
        """Return the error of a validator, if it has one."""
        if _is_untouched(instance, hook):
            return None
        try:
            accepted = self._call(call, hook, instance)
        except AttributeNotLoaded:
            raise
        except Exception as error:  # noqa: BLE001 - whatever it is, a wrong value may be the reason
            return error
        return ValueError(f"{hook.name} returned False") if accepted is False else None

    def _refuse(self, instance: Any, hook: Hook, error: Exception) -> NoReturn:
        """Raise an error with all that is wrong: with the fields, and what validators say of those that are valid."""
        held = cast("dict[str, Any]", vars(instance))
        problems = given_problems.find_in_instance(self._fields, held)
        wrong = {problem.field for problem in problems}
        for call, other in self._calls:
            about = other.mark.fields
            if wrong and not (about and wrong.isdisjoint(about)):
                continue
            found = error if other is hook else self._ask(call, other, instance)
            if found is not None:
                problems.append(self._describe(other, found))
        raise given_problems.join_problems(problems) from error

    def _describe(self, hook: Hook, error: Exception) -> Problem:
        if not is_refusal(error):
            raise error
        about = hook.mark.fields
        label = ", ".join(f"{self._model.__name__}.{name}" for name in about) or self._model.__name__
        return Problem(about[:1], None, f"{label}: {error}")


def is_refusal(error: BaseException) -> bool:
    """Return whether the error of a hook or validator says that a value is wrong, and not that a program is."""
    return isinstance(error, ValueError) and (
        isinstance(error, ValidationError) or not isinstance(error, DynamongoError)
    )


def _is_untouched(instance: Recorded, hook: Hook) -> bool:
    """Return whether the instance of a partial read lacks all fields that a validator is about."""
    record: Any = instance.__record__
    if type(record) is not Record or record.loaded is None:  # nearly always; `record_of` takes longer
        return False
    return bool(hook.mark.fields) and vars(instance).keys().isdisjoint(hook.mark.fields)


def find_hook_rules(model: type, fields: Mapping[str, Field[Any]]) -> tuple[list[Rule], list[Rule]]:
    """Return the rules of the hooks and validators of a class: those that come before its other rules, and after them.

    Raises:
        SchemaError: A hook or validator is declared wrongly.
    """
    found = find_hooks(model, fields)

    def of(event: Event) -> list[Hook]:
        return [hook for hook in found if hook.mark.event == event]

    first: list[Rule] = [SaveHooks(model, fields, hooks)] if (hooks := of("before_save")) else []
    last: list[Rule] = [Validators(model, fields, hooks)] if (hooks := of("validator")) else []
    last += [ReadHooks(model, hooks)] if (hooks := of("after_read")) else []
    last += [DeleteHooks(model, hooks)] if (hooks := of("before_delete")) else []
    return first, last
