"""Derived updates: what an update by expression has to change besides, because it follows from what is updated."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NoReturn, cast

from dynamongo._support.dataclasses import dataclass, replace
from dynamongo.exceptions import ExpressionError, ValidationError
from dynamongo.expressions.computed import WITH_PATHS
from dynamongo.expressions.conditions import EQ, AnyCondition, Comparison, NotExists, all_of
from dynamongo.expressions.updates import AnyUpdate, RemoveUpdate, SetUpdate
from dynamongo.expressions.values import Item, equals, shorten
from dynamongo.fields.base import Field
from dynamongo.fields.derived import derivation_of
from dynamongo.mapping.keys.members import KeyMembers
from dynamongo.mapping.records import Recorded, record_of, stored_item_of


@dataclass(frozen=True, slots=True)
class _Known:
    """What is known of an item that is updated.

    Attributes:
        told: The attribute values that its key tells; they cannot change.
        loaded: Those that an instance has read; the update has to check them. `None` if it knows nothing.
        is_whole: Whether the instance has read the whole item, so that what is not in `loaded` was not there.
    """

    told: Item
    loaded: Item | None
    is_whole: bool


class DerivedUpdates:
    """Completes the updates of items of a model.

    Args:
        name: The name of the model, for messages.
        fields: Its fields by name.
        in_order: The derived ones, each after those that it depends on.
        key_members: What the keys of items tell.
    """

    def __init__(
        self,
        name: str,
        fields: Mapping[str, Field[Any]],
        in_order: Sequence[Field[Any]],
        key_members: KeyMembers | None,
    ) -> None:
        self._name, self._fields, self._in_order, self._key_members = name, fields, in_order, key_members

    def complete(
        self, key: Item, updates: tuple[AnyUpdate, ...], *, upsert: bool, loaded: Recorded | None
    ) -> tuple[AnyUpdate, ...]:
        """Return the updates with those that follow from them; an upsert also writes what the key tells.

        Raises:
            ExpressionError: A key would change, or what follows cannot be told.
            ValidationError: An upsert could create an item whose key does not suit the templates.
        """
        if upsert and self._key_members is not None:
            self._check_key(self._key_members, key)
        known = self._find_known(key, None if upsert else loaded)
        changed = {update.path.attribute: update for update in updates}
        if upsert:
            changed |= self._write_told(known.told, changed)
        for field in self._in_order:
            sources = self._sources_of(field)
            touched = [
                source
                for source in sources
                if (update := changed.get(source.path.attribute)) is not None and not _is_kept(update, known.told)
            ]
            if field.is_key:
                if touched:
                    self._refuse_key(field, touched[0])
            elif touched or (upsert and all(source.path.attribute in known.told for source in sources)):
                changed[field.path.attribute] = self._make_update(field, sources, touched, changed, known)
        added = [update for update in changed.values() if update not in updates]
        return (*updates, *added)

    def _check_key(self, members: KeyMembers, key: Item) -> None:
        try:
            members.complete(key)
        except ValidationError as error:
            raise ValidationError(
                f"{self._name}: an upsert cannot create an item with the key {shorten(key)}, which nothing could read:"
                f" {error}"
            ) from error

    def _find_known(self, key: Item, loaded: Recorded | None) -> _Known:
        told = key if self._key_members is None else {**key, **self._key_members.find_told(key)}
        stored = None if loaded is None else stored_item_of(loaded)
        if loaded is None or stored is None or any(stored.get(name) != value for name, value in key.items()):
            return _Known(told, None, is_whole=False)
        paths = record_of(loaded).loaded
        if paths is None:
            return _Known(told, stored, is_whole=True)
        whole = {path.attribute for path in paths if len(path.elements) == 1}
        return _Known(told, {name: value for name, value in stored.items() if name in whole}, is_whole=False)

    def _write_told(self, told: Item, changed: Mapping[str, AnyUpdate]) -> dict[str, AnyUpdate]:
        """Return the updates that write the members of a key, since the item may be new."""
        return {
            attribute: SetUpdate(field.path, told[attribute])
            for field in self._fields.values()
            if (attribute := field.path.attribute) in told
            and attribute not in changed
            and field.stored
            and not field.is_key
        }

    def _make_update(
        self,
        field: Field[Any],
        sources: Iterable[Field[Any]],
        touched: Sequence[Field[Any]],
        changed: Mapping[str, AnyUpdate],
        known: _Known,
    ) -> AnyUpdate:
        values: dict[str, Any] = {
            source.path.name: self._read_update(field, source, changed[source.path.attribute]) for source in touched
        }
        if derivation_of(field).needs_all and any(value is None for value in values.values()):
            return field.remove()
        guards: list[AnyCondition] = []
        unknown: list[str] = []
        for source in sources:
            name, attribute = source.path.name, source.path.attribute
            if name in values:
                continue
            if attribute in known.told:
                values[name] = source.decode(known.told[attribute])
            elif known.loaded is not None and (known.is_whole or attribute in known.loaded):
                stored = known.loaded.get(attribute)
                values[name] = source.read_unknown() if stored is None else source.decode(stored)
                is_there = attribute in known.loaded
                guards.append(Comparison(source.path, EQ, stored) if is_there else NotExists(source.path))
            else:
                unknown.append(name)
        if unknown:
            self._refuse_unknown(field, touched[0], unknown)
        return self._set(field, values, guards)

    def _set(self, field: Field[Any], values: Mapping[str, Any], guards: list[AnyCondition]) -> AnyUpdate:
        value = derivation_of(field).compute(self._fields, values)
        is_absent = value is None or field.is_absent(field.validate(value))  # an empty set is not stored
        update: Any = field.remove() if is_absent else field.set(value)
        return cast("AnyUpdate", replace(update, guard=all_of(tuple(guards))) if guards else update)

    def _read_update(self, field: Field[Any], source: Field[Any], update: AnyUpdate) -> Any:
        """Return the value that a source has after an update."""
        if len(update.path.elements) == 1:
            if isinstance(update, RemoveUpdate):
                return source.missing_value()
            if isinstance(update, SetUpdate) and not update.if_not_exists and not isinstance(update.value, WITH_PATHS):
                return source.decode(update.value)
        given = "a value that the store computes" if len(update.path.elements) == 1 else f"an update of {update.path}"
        raise ExpressionError(
            f"{self._name}: {field.path.name} follows from {source.path.name} ({derivation_of(field).given_as}), so"
            f" it can only be updated by {source.label}.set(...) with a value, or removed; got {given}: read the item,"
            " change it, and save(only_changed=True)"
        )

    def _sources_of(self, field: Field[Any]) -> list[Field[Any]]:
        return [self._fields[name] for name in derivation_of(field).sources]

    def _refuse_key(self, field: Field[Any], source: Field[Any]) -> NoReturn:
        raise ExpressionError(
            f"{self._name}: an update cannot change {source.path.name}, because the key {field.path.name} follows from"
            f" it ({derivation_of(field).given_as}): save a new item, and delete this one"
        )

    def _refuse_unknown(self, field: Field[Any], source: Field[Any], unknown: list[str]) -> NoReturn:
        raise ExpressionError(
            f"{self._name}: {field.path.name} follows from {source.path.name} and {', '.join(unknown)}"
            f" ({derivation_of(field).given_as}): set {' and '.join(unknown)} in the same call; or read the item, and"
            " update the instance"
        )


def _is_kept(update: AnyUpdate, told: Item) -> bool:
    """Return whether the update sets a member of the key to the value that the key tells."""
    attribute = update.path.attribute
    if attribute not in told or not isinstance(update, SetUpdate) or len(update.path.elements) > 1:
        return False
    return not isinstance(update.value, WITH_PATHS) and equals(update.value, told[attribute])
