"""Records: what an instance knows about its stored item. They are kept in a slot, beside the values of the instance."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, TypeAlias, cast

from dynamongo._support.dataclasses import dataclass
from dynamongo._support.lazy_imports import LazyModule
from dynamongo.expressions.conditions import Path
from dynamongo.expressions.values import Item

if TYPE_CHECKING:
    from dynamongo.expressions import wire_values
    from dynamongo.fields.base import Field
else:  # what is read from memory is not in JSON
    wire_values = LazyModule("dynamongo.expressions.wire_values")


@dataclass(frozen=True, slots=True)
class Record:
    """What is known about the item of an instance, if more than its declared attributes.

    Attributes:
        stored: The item as it was last read or saved, or the JSON in which it came; `None` for neither.
        undeclared: Its attributes that the model does not declare.
        loaded: The paths that were read; `None` for the whole item.
        nulls: The declared attributes that are stored as NULL, which fields read as if they were missing.
        told: Those that are not stored, because a key of the item tells their values.
    """

    stored: Item | str | None
    undeclared: Item
    loaded: tuple[Path, ...] | None = None
    nulls: tuple[str, ...] = ()
    told: tuple[str, ...] = ()

    def start_item(self) -> Item:
        """Return what a save of the instance begins with: what no field stores, and NULLs that no value replaces."""
        return {**self.undeclared, **dict.fromkeys(self.nulls)}

    def still_told(self, item: Item) -> tuple[str, ...]:
        """Return which attributes are still not stored in the item that was saved."""
        return tuple(name for name in self.told if item.get(name) is None)


AnyRecord: TypeAlias = "Record | Item | str | tuple[Item] | None"
"""A `Record`; or its `stored`, since most instances need no more.

An item in a tuple was written by the fields alone, so that no value in it has a form of another program.
"""


class Recorded:
    """Base of instances, with the slot for the record.

    The `__dict__` of an instance contains its values under the names of the fields, so that reading one costs no
    function call. The library keeps nothing else there, because serializers dump it.
    """

    __slots__ = ("__dict__", "__record__", "__weakref__")

    __record__: AnyRecord


def is_bound(model: type) -> bool:
    """Return whether the class is bound to a table or connection, as `User.on_table("archive")` is."""
    return "__origin__" in vars(model)


set_values: Callable[[Any, dict[str, Any]], None] = Recorded.__dict__["__dict__"].__set__
"""Gives a new instance its values. `vars(instance).update` would first create an empty dict."""

set_record: Callable[[Any, AnyRecord], None] = Recorded.__dict__["__record__"].__set__
"""Gives an instance its record without the checks of the model's `__setattr__`."""


def add_values(instance: Recorded, values: Mapping[str, Any]) -> None:
    """Add the values to an instance on which the constructor of a derived class may already have set something."""
    vars(instance).update(values)


def loaded_of(instance: Recorded) -> tuple[Path, ...] | None:
    """Return the paths that were read of the instance's item; `None` for all of it, or for a new item."""
    record: Any = getattr(instance, "__record__", None)
    return record.loaded if type(record) is Record else None


def is_stored(instance: Recorded) -> bool:
    """Return whether the item of an instance was read or saved: in a hook, whether a save is not its first.

    It is about the instance, and asks no store: somebody may have deleted the item since.

    >>> from dynamongo import Model, StringField
    >>> class User(Model):
    ...     __table__ = "users"
    ...     __hash_key__ = "email"
    ...     email = StringField()
    >>> is_stored(User(email="jane@example.com")), is_stored(User.from_item({"email": "jane@example.com"}))
    (False, True)
    """
    record: Any = getattr(instance, "__record__", None)
    return (record.stored if type(record) is Record else record) is not None


def is_loaded(instance: Recorded, *fields: str | Field[Any]) -> bool:
    """Return whether the fields can be read: all of them, of an instance that was read in part or has only its key.

    A `DictField` of which some members were read counts as loaded.

    Args:
        instance: The instance.
        fields: The fields, or their names; without any, whether the whole item was read.

    Raises:
        ValidationError: A name is unknown.
    """
    model: Any = type(instance)
    names = [each if isinstance(each, str) else each.path.name for each in fields]
    model.__mapper__.check_names(names)
    return vars(instance).keys() >= set(names) if names else record_of(instance).loaded is None


def record_of(instance: Recorded) -> Record:
    """Return what is known about the instance's item, even before its constructor has run."""
    record: Any = getattr(instance, "__record__", None)  # unset while a derived constructor runs
    if type(record) is Record:
        return record
    stored: Any = cast("tuple[Item]", record)[0] if type(record) is tuple else record
    return Record(stored, {})


def stored_item_of(instance: Recorded) -> Item | None:
    """Return the item as it was last read or saved. An item that came as JSON is decoded each time."""
    stored = record_of(instance).stored
    return wire_values.decode_text(stored) if isinstance(stored, str) else stored


def make_record(item: Item, declared: Mapping[str, Any], told: tuple[str, ...] = ()) -> Record | Item:
    """Return the record of a whole item that was read."""
    undeclared = {name: value for name, value in item.items() if name not in declared}
    nulls = tuple([name for name, value in item.items() if value is None and name in declared])
    return Record(item, undeclared, None, nulls, told) if undeclared or nulls or told else item


def make_wire_record(
    item: wire_values.WireItem, declared: Mapping[str, Any], text: str, told: tuple[str, ...] = ()
) -> Record | str:
    """Return the record of a whole item that was read from DynamoDB JSON; raises as `decode_value`."""
    undeclared = {name: wire_values.decode_value(wire) for name, wire in item.items() if name not in declared}
    nulls = tuple([name for name, wire in item.items() if "NULL" in wire and name in declared])
    return Record(text, undeclared, None, nulls, told) if undeclared or nulls or told else text
