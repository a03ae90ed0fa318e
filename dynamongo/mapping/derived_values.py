"""The rule of derived fields: their values follow from other fields, wherever those change."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Final, NoReturn, cast

from dynamongo.exceptions import ExpressionError, SchemaError, ValidationError
from dynamongo.expressions.computed import WITH_PATHS
from dynamongo.expressions.updates import AnyUpdate, RemoveUpdate, SetUpdate
from dynamongo.expressions.values import Item, shorten
from dynamongo.fields.base import Field
from dynamongo.fields.derived import Derivation
from dynamongo.mapping.records import Recorded
from dynamongo.mapping.rules import Rule

_UNKNOWN: Final[Any] = object()


class DerivedValues(Rule):
    """Computes the derived fields of a model: in new instances, after assignments, before saves, and in updates.

    Args:
        model: The class.
        fields: Its fields by name.

    Raises:
        SchemaError: A derived field depends on a field that the model does not have, or on itself.
    """

    def __init__(self, model: type, fields: Mapping[str, Field[Any]]) -> None:
        self._name = model.__name__
        self._fields = fields
        derived = {name: field for name, field in fields.items() if field.derived is not None}
        for field in derived.values():
            self._check_sources(field)
        self._in_order = list(_sort(self._name, derived))
        self._sources = {name for field in derived.values() for name in _derivation_of(field).sources}
        self._by_attribute = {field.path.attribute: field for field in derived.values()}

    def _check_sources(self, field: Field[Any]) -> None:
        derivation = _derivation_of(field)
        for name in derivation.sources:
            if name not in self._fields:
                raise SchemaError(
                    f"{field.label}: {derivation.given_as} names {name!r}, which is no field of {self._name}"
                )
        derivation.check_sources(field.label, self._fields)

    # Instances.

    def after_build(self, instance: Any) -> None:
        """Compute all derived values of a new instance, and refuse others that it was given."""
        self._derive(vars(instance), self._in_order, is_new=True)

    def before_assign(self, instance: Any, field: Field[Any], value: Any) -> None:
        """Refuse another value for a derived field."""
        if field.derived is not None and value != vars(instance).get(field.path.name, _UNKNOWN):
            self._refuse_value(field, value, ValidationError)

    def after_assign(self, instance: Any, field: Field[Any]) -> None:
        """Compute what follows from the field."""
        if field.path.name in self._sources:
            self._derive(vars(instance), self._in_order)

    def before_save(self, instance: Any) -> None:
        """Compute all again: a list that a value follows from may have been changed in place."""
        self._derive(vars(instance), self._in_order)

    before_rewrite = before_save

    def _derive(self, values: dict[str, Any], fields: Iterable[Field[Any]], *, is_new: bool = False) -> None:
        for field in fields:
            derivation = _derivation_of(field)
            if not values.keys() >= set(derivation.sources):  # not all of them were read
                continue
            name, value = field.path.name, derivation.compute(self._fields, values)
            value = field.missing_value() if value is None else field.validate(value)
            if is_new and not field.is_absent(values[name]) and values[name] != value:
                self._refuse_value(field, values[name], ValidationError)
            values[name] = value

    # Updates by expression.

    def check_update(self, update: AnyUpdate) -> None:
        """Refuse an update of a derived field."""
        field = self._by_attribute.get(update.path.attribute)
        if field is not None:
            self._refuse_value(field, getattr(update, "value", None), ExpressionError)

    def before_update(
        self, key: Item, updates: tuple[AnyUpdate, ...], *, upsert: bool, loaded: Recorded | None
    ) -> tuple[AnyUpdate, ...]:
        """Add the updates of what follows from the attributes that are updated."""
        del loaded
        values: dict[str, Any] = self._read_key(key)
        changed = {update.path.attribute: update for update in updates}
        added: list[AnyUpdate] = []
        for field in self._in_order:
            sources = [self._fields[name] for name in _derivation_of(field).sources]
            touched = [source for source in sources if source.path.attribute in changed]
            if not touched and not (upsert and all(source.path.name in values for source in sources)):
                continue
            if field.is_key:
                if touched:
                    self._refuse_key(field, touched[0])
                continue
            for source in touched:
                values[source.path.name] = self._read_update(field, source, changed[source.path.attribute])
            if unknown := [source.path.name for source in sources if source.path.name not in values]:
                self._refuse_unknown(field, touched[0], unknown)
            update = self._make_update(field, values)
            added.append(update)
            changed[field.path.attribute] = update
        return (*updates, *added)

    def _read_key(self, key: Item) -> dict[str, Any]:
        """Return the values of fields that a key tells."""
        values: dict[str, Any] = {}
        for field in self._fields.values():
            if field.is_key:
                stored = key[field.path.attribute]
                values[field.path.name] = field.decode(stored)
                if field.derived is not None:
                    values |= field.derived.invert(self._fields, stored)
        return values

    def _read_update(self, field: Field[Any], source: Field[Any], update: AnyUpdate) -> Any:
        """Return the value that a source has after an update."""
        if len(update.path.elements) == 1:
            if isinstance(update, RemoveUpdate):
                return source.missing_value()
            if isinstance(update, SetUpdate) and not update.if_not_exists and not isinstance(update.value, WITH_PATHS):
                return source.decode(update.value)
        raise ExpressionError(
            f"{self._name}: {field.path.name} follows from {source.path.name} ({_derivation_of(field).given_as}), so"
            f" it can only be updated by {source.label}.set(...) with a value, or removed; got `{update}`"
        )

    def _make_update(self, field: Field[Any], values: Mapping[str, Any]) -> AnyUpdate:
        value = _derivation_of(field).compute(self._fields, values)
        return cast("AnyUpdate", field.remove() if value is None else field.set(value))

    # Errors.

    def _refuse_value(self, field: Field[Any], value: Any, error: type[ExpressionError | ValidationError]) -> NoReturn:
        derivation = _derivation_of(field)
        raise error(
            f"{field.label} follows from {', '.join(derivation.sources) or 'nothing else'} ({derivation.given_as}), and"
            f" cannot be set by itself; got {shorten(value)}"
        )

    def _refuse_key(self, field: Field[Any], source: Field[Any]) -> NoReturn:
        raise ExpressionError(
            f"{self._name}: an update cannot change {source.path.name}, because the key {field.path.name} follows from"
            f" it ({_derivation_of(field).given_as}): save a new item, and delete this one"
        )

    def _refuse_unknown(self, field: Field[Any], source: Field[Any], unknown: list[str]) -> NoReturn:
        raise ExpressionError(
            f"{self._name}: {field.path.name} follows from {source.path.name} and {', '.join(unknown)}"
            f" ({_derivation_of(field).given_as}): set {' and '.join(unknown)} in the same call; or read the item,"
            " change it and save it"
        )


def _derivation_of(field: Field[Any]) -> Derivation:
    return cast("Derivation", field.derived)


def _sort(name: str, derived: Mapping[str, Field[Any]]) -> Iterable[Field[Any]]:
    """Yield the derived fields, each after those that it depends on."""
    waiting = dict(derived)
    while waiting:
        ready = [each for each, field in waiting.items() if waiting.keys().isdisjoint(_derivation_of(field).sources)]
        if not ready:
            raise SchemaError(f"{name}: {' and '.join(waiting)} follow from each other, so none can be computed first")
        for each in ready:
            yield waiting.pop(each)
