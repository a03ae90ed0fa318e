"""The rule of derived fields: their values follow from other fields, wherever those change."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import TYPE_CHECKING, Any, Final, NoReturn

from dynamongo._support.codegen import compile_later
from dynamongo._support.lazy_imports import LazyModule
from dynamongo.exceptions import AttributeNotLoaded, ExpressionError, Problem, SchemaError, ValidationError
from dynamongo.expressions.conditions import EQ, AnyCondition, Comparison, NotExists, Path
from dynamongo.expressions.updates import AnyUpdate
from dynamongo.expressions.values import Item, shorten
from dynamongo.fields.base import Field
from dynamongo.fields.derived import derivation_of
from dynamongo.fields.key_templates import KeyTemplate
from dynamongo.mapping.keys.members import KeyMembers, refuse_unstored
from dynamongo.mapping.records import Recorded, loaded_of, record_of, stored_item_of
from dynamongo.mapping.rules.base import Rule
from dynamongo.mapping.rules.derived_updates import DerivedUpdates

if TYPE_CHECKING:
    from dynamongo.mapping.codec import key_lines
    from dynamongo.mapping.codec import source as codec_source
    from dynamongo.mapping.problems import given as given_problems
else:  # nothing is compiled before it was called some times, and most values are right
    codec_source = LazyModule("dynamongo.mapping.codec.source")
    key_lines = LazyModule("dynamongo.mapping.codec.key_lines")
    given_problems = LazyModule("dynamongo.mapping.problems.given")

_UNKNOWN: Final[Any] = object()


class DerivedValues(Rule):
    """Computes the derived fields of a model: in new instances, after assignments, before saves, and in updates.

    Args:
        model: The class.
        fields: Its fields by name.

    Attributes:
        key_members: What is known about keys that are made of other fields; `None` if the model has no such keys.

    Raises:
        SchemaError: A derived field depends on a field that the model does not have, or on itself.
    """

    def __init__(self, model: type, fields: Mapping[str, Field[Any]]) -> None:
        self._name = model.__name__
        self._fields = fields
        refuse_unstored(self._name, fields)
        derived = {name: field for name, field in fields.items() if field.derived is not None}
        for field in derived.values():
            self._bind(field)
        self._in_order = list(_sort(self._name, derived))
        self._named = [(field.path.name, field) for field in self._in_order]
        self._needed = [(name, field) for name, field in self._named if field.is_key or field.required]
        self._following = self._find_following()
        self._by_attribute = {
            field.path.attribute: field for field in fields.values() if field.derived is not None or not field.stored
        }
        keys = [field for field in self._in_order if isinstance(field.derived, KeyTemplate)]
        self.key_members = KeyMembers(keys, fields) if keys else None
        self._updates = DerivedUpdates(self._name, fields, self._in_order, self.key_members)
        self._derive_keys = compile_later(self, "_derive_keys", self._derive_all, self._compile)

    def _bind(self, field: Field[Any]) -> None:
        derivation = derivation_of(field)
        for name in derivation.sources:
            if name not in self._fields:
                raise SchemaError(
                    f"{field.label}: {derivation.given_as} names {name!r}, which is no field of {self._name}"
                )
        field.derived = derivation.bind(field.label, self._fields)

    def _find_following(self) -> dict[str, list[Field[Any]]]:
        """Return the derived fields that follow from each field, directly or through others, in order."""
        following: dict[str, list[Field[Any]]] = {}
        for name in self._fields:
            changed, found = {name}, list[Field[Any]]()
            for field in self._in_order:
                if not changed.isdisjoint(derivation_of(field).sources):
                    changed.add(field.path.name)
                    found.append(field)
            following[name] = found
        return following

    # Instances.

    def after_build(self, instance: Recorded) -> None:
        """Compute all derived values of a new instance, and refuse others that it was given."""
        values: dict[str, Any] = vars(instance)
        given = [(name, field, values[name]) for name, field in self._named if not field.is_absent(values[name])]
        if given and self.key_members is not None:
            self.key_members.fill(values)
        self._derive_whole(values)
        for name, field, value in given:
            if value != values[name]:
                self._refuse_value(field, value, ValidationError)

    def before_assign(self, instance: Recorded, field: Field[Any], value: Any) -> None:
        """Refuse another value for a derived field."""
        if field.derived is not None and value != vars(instance).get(field.path.name, _UNKNOWN):
            self._refuse_value(field, value, ValidationError)

    def after_assign(self, instance: Recorded, field: Field[Any]) -> None:
        """Compute what follows from the field."""
        following = self._following[field.path.name]
        if following:
            # One by one, here and below: what has been computed may be the source of the next.
            self._derive(vars(instance), (each for each in following if not self._find_unknown(instance, each)))

    def before_save(self, instance: Recorded) -> None:
        """Compute all again: a list that a value follows from may have been changed in place."""
        values: dict[str, Any] = vars(instance)
        if loaded_of(instance) is not None:
            self._derive(values, (field for field in self._in_order if self._is_due(instance, field)))
            return
        self._derive_whole(values, is_save=True)
        for name, field in self._needed:
            if field.is_absent(values[name]):
                self._refuse_missing(field, values)

    before_rewrite = before_save
    before_migration = before_save  # again, since hooks come between

    def guard_changes(self, instance: Recorded, changes: Iterable[AnyUpdate]) -> tuple[AnyCondition, ...]:
        """Return the conditions that what a changed value follows from, and the changes leave, is as it was read."""
        known = list(changes)
        changed = {change.path.attribute for change in known}
        replaced = {change.path.attribute for change in known if len(change.path.elements) == 1}
        stored = stored_item_of(instance) or {}
        told = {} if self.key_members is None else self.key_members.find_told(stored)
        guards: dict[str, AnyCondition] = {}
        for field in self._in_order:
            if field.path.attribute not in changed:
                continue
            for source in map(self._fields.__getitem__, derivation_of(field).sources):
                attribute = source.path.attribute
                if source.stored and not source.is_key and attribute not in replaced and attribute not in told:
                    is_there = attribute in stored
                    guards[attribute] = (
                        Comparison(source.path, EQ, stored[attribute]) if is_there else NotExists(source.path)
                    )
        return tuple(guards.values())

    def _is_due(self, instance: Recorded, field: Field[Any]) -> bool:
        """Return whether the value of a field of a partly read item has to be computed again.

        Raises:
            AttributeNotLoaded: It has, and cannot be.
        """
        values, names = vars(instance), derivation_of(field).sources
        unknown = self._find_unknown(instance, field)
        changed = [name for name in names if name not in unknown and self._has_changed(instance, name)]
        if changed and unknown:
            raise AttributeNotLoaded(
                f"{field.label} follows from {changed[0]}, which has changed, and from {' and '.join(unknown)}"
                f" ({derivation_of(field).given_as}), which {'was' if len(unknown) == 1 else 'were'} not read as a"
                " whole: call reload() first"
            )
        return not unknown and (bool(changed) or field.path.name in values)

    def _find_unknown(self, instance: Recorded, field: Field[Any]) -> list[str]:
        """Return the sources of a field that are not there, or not as a whole, since the item was read in part."""
        values = vars(instance)
        parts = {path.attribute for path in loaded_of(instance) or () if len(path.elements) > 1}
        names = derivation_of(field).sources
        return [name for name in names if name not in values or self._fields[name].path.attribute in parts]

    def _has_changed(self, instance: Recorded, name: str) -> bool:
        field, value = self._fields[name], vars(instance)[name]
        item = stored_item_of(instance) or {}
        told = {} if self.key_members is None else self.key_members.find_told(item)
        stored = {**item, **told}.get(field.path.attribute)
        loaded = record_of(instance).loaded or ()
        paths = [path.below() for path in loaded if path.attribute == field.path.attribute] or [Path()]
        return bool(value != (field.read_unknown() if stored is None else field.decode_partial(stored, paths)))

    def _derive_whole(self, values: dict[str, Any], *, is_save: bool = False) -> None:
        """Compute all derived fields."""
        try:
            try:
                self._derive_keys(values)
            except TypeError:  # something else was put there behind the fields' backs; they refuse it
                self._derive_all(values)
        except ValidationError as error:
            raise self._explain(values, error, is_save=is_save) from error.__cause__

    def _derive_all(self, values: dict[str, Any]) -> None:
        self._derive(values, self._in_order)

    def _compile(self) -> Callable[[dict[str, Any]], None]:
        """Compile the function that computes all, if keys are all there is to compute."""
        members = self.key_members
        if members is None or len(members.keys) < len(self._in_order) or not members.are_plain:
            return self._derive_all
        source = codec_source.Source("build", {})
        key_lines.write_derivation(members, source)
        return source.compile()

    def _derive(self, values: dict[str, Any], fields: Iterable[Field[Any]]) -> None:
        for field in fields:
            values[field.path.name] = self._compute(field, values)

    def _compute(self, field: Field[Any], values: Mapping[str, Any]) -> Any:
        derivation: Any = field.derived
        value = derivation.compute(self._fields, values)
        if value is None:
            return field.missing_value()
        # A key is a text of texts, which needs no check unless the field has one.
        return value if derivation.needs_all and not field.is_checked else field.validate(value)

    # Updates by expression.

    def check_update(self, update: AnyUpdate) -> None:
        """Refuse an update of a derived field, and of one that has no attribute."""
        field = self._by_attribute.get(update.path.attribute)
        if field is None:
            return
        if field.derived is not None:
            self._refuse_value(field, getattr(update, "value", None), ExpressionError)
        raise ExpressionError(
            f"an update cannot change {field.label}, which is stored in the key alone (stored=False): save a new item,"
            " and delete this one"
        )

    def before_update(
        self, key: Item, updates: tuple[AnyUpdate, ...], *, upsert: bool, loaded: Recorded | None
    ) -> tuple[AnyUpdate, ...]:
        """Add the updates of what follows from the attributes that are updated."""
        return self._updates.complete(key, updates, upsert=upsert, loaded=loaded)

    # Errors.

    def _refuse_value(self, field: Field[Any], value: Any, error: type[ExpressionError | ValidationError]) -> NoReturn:
        derivation = derivation_of(field)
        message = (
            f"{field.label} follows from {', '.join(derivation.sources) or 'nothing else'} ({derivation.given_as}), and"
            f" cannot be set by itself; got {shorten(value)}"
        )
        if error is ValidationError:
            raise given_problems.join_problems([Problem((field.path.name,), value, message)])
        raise error(message)

    def _explain(self, values: dict[str, Any], error: ValidationError, *, is_save: bool) -> ValidationError:
        """Return the error of a value that could not be computed: if a save has wrong values, these are why."""
        given = {name: field for name, field in self._fields.items() if field.derived is None}
        problems = given_problems.find_in_instance(given, values) if is_save else []
        if all(problem.kind == "missing" for problem in problems):
            problems.append(Problem((self._find_failing(values),), None, str(error)))
        return given_problems.join_problems(problems)

    def _find_failing(self, values: dict[str, Any]) -> str:
        """Return the name of the first field that cannot be computed."""
        for field in self._in_order:
            try:
                self._derive(values, [field])
            except ValidationError:
                return field.path.name
        return self._in_order[-1].path.name

    def _refuse_missing(self, field: Field[Any], values: Mapping[str, Any]) -> NoReturn:
        derivation = derivation_of(field)
        missing = [name for name in derivation.sources if self._fields[name].is_absent(values[name])]
        why = "is part of the key" if field.is_key else "is required"
        message = (
            f"{field.label} {why}, and follows from {' and '.join(missing or derivation.sources)}"
            f" ({derivation.given_as}), which {'has' if len(missing) == 1 else 'have'} no value"
        )
        problems = [
            each for each in given_problems.find_in_instance(self._fields, values) if each.field != field.path.name
        ]
        raise given_problems.join_problems([*problems, Problem((field.path.name,), None, message, "missing")])


def _sort(name: str, derived: Mapping[str, Field[Any]]) -> Iterable[Field[Any]]:
    """Yield the derived fields, each after those that it depends on."""
    waiting = dict(derived)
    while waiting:
        ready = [each for each, field in waiting.items() if waiting.keys().isdisjoint(derivation_of(field).sources)]
        if not ready:
            if len(waiting) == 1:
                raise SchemaError(f"{name}: {' and '.join(waiting)} follows from itself, so it cannot be computed")
            raise SchemaError(f"{name}: {' and '.join(waiting)} follow from each other, so none can be computed first")
        for each in ready:
            yield waiting.pop(each)
