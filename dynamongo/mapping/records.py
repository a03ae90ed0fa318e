"""Records: what an instance knows of its stored item, which is kept beside its values and never among them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from dynamongo._support.dataclasses import dataclass
from dynamongo.expressions.conditions import Path
from dynamongo.expressions.values import Item


@dataclass(frozen=True, slots=True)
class Record:
    """What is known of the item of an instance, where that is more than a whole item of declared attributes.

    Attributes:
        stored: The item as it was read, or as it was last saved; `None` where it was neither.
        undeclared: Its attributes that the model does not declare.
        loaded: The paths that were read, where the item was not read whole.
    """

    stored: Item | None
    undeclared: Item
    loaded: tuple[Path, ...] | None = None


class Recorded:
    """Base of instances, with the slot for the record.

    Values are in the instance's `__dict__` under the names of the fields, so that reading one costs no call. The
    library keeps nothing else there, because serializers dump it.
    """

    __slots__ = ("__dict__", "__record__", "__weakref__")

    __record__: Record | Item | None
    """Nothing, the stored item itself (most instances need no more), or a `Record`."""


set_values: Callable[[Any, dict[str, Any]], None] = Recorded.__dict__["__dict__"].__set__
"""Gives an instance its values. `vars(instance).update` would make a second dict for it."""

set_record: Callable[[Any, Record | Item | None], None] = Recorded.__dict__["__record__"].__set__
"""Gives an instance its record, past the `__setattr__` of the model, which every other assignment goes through."""


def add_values(instance: Recorded, values: Mapping[str, Any]) -> None:
    """Give an instance its values where the constructor of a derived class may have set something before."""
    vars(instance).update(values)


def record_of(instance: Recorded) -> Record:
    """Return what is known of the instance's item; also of an instance whose constructor has not run."""
    record: Any = getattr(instance, "__record__", None)
    return record if type(record) is Record else Record(record, {})


def make_record(item: Item, declared: Mapping[str, Any]) -> Record | Item:
    """Return the record of a whole item that was read."""
    undeclared = {name: value for name, value in item.items() if name not in declared}
    return Record(item, undeclared) if undeclared else item
