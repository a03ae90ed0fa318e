"""Generated values: fields that hold the time at which their item was created or last written."""

from __future__ import annotations

import copy
import datetime as dt
from collections.abc import Callable, Mapping
from typing import Any, NoReturn, cast

from dynamongo.exceptions import DynamongoError, ExpressionError, SchemaError, ValidationError
from dynamongo.expressions.updates import AnyUpdate, SetUpdate
from dynamongo.expressions.values import Item, shorten
from dynamongo.fields.auto_times import AutoTime
from dynamongo.fields.base import Field
from dynamongo.fields.derived import find_origins
from dynamongo.mapping.records import Recorded, is_stored
from dynamongo.mapping.rules.base import Rule

_UNKNOWN: Any = object()


class GeneratedValues(Rule):
    """Sets the time of the write: in whole items, in updates by expression, and in the instance once it is stored.

    Args:
        model: The class.
        fields: Its fields by name.
        read_clock: Returns the time for a class.

    Raises:
        SchemaError: A field that every write sets is part of the key.
    """

    def __init__(self, model: type, fields: Mapping[str, Field[Any]], read_clock: Callable[[type], float]) -> None:
        self._model = model
        self._read_clock = read_clock
        times = {name: cast("AutoTime[Any]", field) for name, field in fields.items() if field.generated_on is not None}
        self._created = {name: field for name, field in times.items() if field.generated_on == "create"}
        self._written = {name: field for name, field in times.items() if field.generated_on == "write"}
        told = {origin for name, field in fields.items() if field.is_key for origin in find_origins(name, fields)}
        # An upsert names its item by a key, which tells the others.
        self._untold = [field for name, field in self._created.items() if name not in told]
        self._by_attribute = {field.path.attribute: field for field in self._written.values()}
        self.provisional = frozenset(_find_followers(times.keys(), fields))
        self._fields = {name: fields[name] for name in self.provisional}
        for name in told & self._written.keys():
            raise SchemaError(
                f"{fields[name].label} is part of the key, and auto='write' would change it with every write"
            )

    def bind(self, model: type) -> GeneratedValues:
        """Return the rule of a bound class, whose writes go elsewhere, by another clock."""
        bound = copy.copy(self)
        bound._model = model  # noqa: SLF001 - a copy of self
        return bound

    def before_assign(self, instance: Recorded, field: Field[Any], value: Any) -> None:
        """Refuse another value for what every write sets."""
        if field.generated_on == "write" and value != vars(instance).get(field.path.name, _UNKNOWN):
            self._refuse(field, value, ValidationError)

    def before_save(self, instance: Recorded) -> None:
        """Set the time of this write; that of the creation only in a new item that has none."""
        instant, values = self._read_time(), vars(instance)
        for name, field in self._written.items():
            values[name] = field.make_value(instant)
        if self._created and not is_stored(instance):
            for name, field in self._created.items():
                if values.get(name) is None:
                    values[name] = field.make_value(instant)

    def after_write(self, instance: Recorded, item: Item) -> None:
        """Set what was stored, as a read would."""
        values = vars(instance)
        for name, field in self._fields.items():
            stored = item.get(field.path.attribute)
            if stored is not None:
                values[name] = field.decode(stored)

    def check_update(self, update: AnyUpdate) -> None:
        """Refuse an update of what every write sets."""
        field = self._by_attribute.get(update.path.attribute)
        if field is not None:
            self._refuse(field, getattr(update, "value", None), ExpressionError)

    def before_update(
        self, key: Item, updates: tuple[AnyUpdate, ...], *, upsert: bool, loaded: Recorded | None
    ) -> tuple[AnyUpdate, ...]:
        """Add the time of this write; that of the creation only if the item may be new, and has none."""
        del key, loaded
        instant = self._read_time()
        added = [self._set(field, instant, is_new=False) for field in self._written.values()]
        if upsert:
            given = {update.path.attribute for update in updates}
            new = [field for field in self._untold if field.path.attribute not in given]
            added += [self._set(field, instant, is_new=True) for field in new]
        return (*updates, *added)

    @staticmethod
    def _set(field: AutoTime[Any], instant: dt.datetime, *, is_new: bool) -> SetUpdate:
        return SetUpdate(field.path, field.encode(field.make_value(instant)), if_not_exists=is_new)

    def _read_time(self) -> dt.datetime:
        return dt.datetime.fromtimestamp(self._read_clock(self._model), dt.timezone.utc)

    @staticmethod
    def _refuse(field: Field[Any], value: Any, error: type[DynamongoError]) -> NoReturn:
        raise error(
            f"{field.label} is set by every write (auto='write'), so nothing else may set it; got {shorten(value)}"
        )


def _find_followers(names: Any, fields: Mapping[str, Field[Any]]) -> set[str]:
    """Return the names and those of all fields that follow from them."""
    return {name for name in fields if name in names or not set(names).isdisjoint(find_origins(name, fields))}
