"""Partial items: instances of items of which only some paths were read."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeVar, cast

from dynamongo.exceptions import ValidationError
from dynamongo.expressions.conditions import Path
from dynamongo.expressions.values import Item
from dynamongo.fields.base import Field
from dynamongo.fields.partial_map import guard
from dynamongo.mapping.problems import stored as problems
from dynamongo.mapping.records import Record, Recorded, set_record, stored_item_of

if TYPE_CHECKING:
    from dynamongo.mapping.mapper import Mapper

M = TypeVar("M", bound=Recorded)


def read_partial(mapper: Mapper[M], item: Item, loaded: tuple[Path, ...]) -> M:
    """Return an instance of an item of which only these paths were read, after the hooks of its model.

    Raises:
        UnreadableItem: A value does not suit its field, or a hook refuses the item.
        AttributeNotLoaded: A hook asks for what was not read.
    """
    return complete(decode_partial(mapper, item, loaded))


def complete(instance: M) -> M:
    """Return an instance that was read, after the hooks of its class; raises as `read_partial`."""
    mapper: Mapper[M] = cast("Any", instance).__mapper__
    if mapper.rules is not None and mapper.rules.after_read is not None:
        try:
            mapper.rules.after_read(instance)
        except ValidationError as error:
            item = stored_item_of(instance) or {}
            raise mapper.explain_unreadable(item, error.problems) from error.__cause__
    return instance


def decode_partial(mapper: Mapper[M], item: Item, loaded: tuple[Path, ...]) -> M:
    """Return an instance of an item of which only these paths were read; others raise `AttributeNotLoaded`."""
    # Attributes of which only elements were read are decoded apart: their fields would miss the rest.
    parts = {path.attribute for path in loaded if len(path.elements) > 1}
    whole = {name: value for name, value in item.items() if name not in parts}
    instance: M = mapper.partial_codec.decode(mapper.model, (whole,))[0]
    values: dict[str, Any] = vars(instance)
    told = {} if mapper.key_members is None else mapper.key_members.find_told(item)
    for name, field in mapper.fields.items():
        attribute = field.path.attribute
        paths = [path.below() for path in loaded if path.attribute == attribute]
        # A field is a descriptor without `__set__`: it is asked only where `__dict__` has no value, and then raises
        # `AttributeNotLoaded`.
        value = values.pop(name)
        if paths:
            _check_required(mapper, field, item)
            is_part = attribute in parts and item.get(attribute) is not None
            values[name] = _decode_part(mapper, field, item, paths) if is_part else guard(value, paths, field.label)
        elif attribute in told:
            values[name] = value
    undeclared = {name: value for name, value in item.items() if name not in mapper.attributes}
    set_record(instance, Record(item, undeclared, loaded))
    return instance


def add_held(mapper: Mapper[M], instance: M, loaded: tuple[Path, ...]) -> tuple[Path, ...]:
    """Add the attributes that were assigned besides the loaded ones, because they are stored now."""
    known = {path.attribute for path in loaded}
    held = vars(instance)
    assigned = [field.path for name, field in mapper.fields.items() if name in held]
    return (*loaded, *(path for path in assigned if path.attribute not in known))


def _decode_part(mapper: Mapper[Any], field: Field[Any], item: Item, paths: list[Path]) -> Any:
    stored = item[field.path.attribute]
    try:
        return field.decode_partial(stored, paths)
    except ValidationError:
        raise mapper.explain_unreadable(item, problems.find_problems_of_part(field, stored, paths)) from None


def _check_required(mapper: Mapper[Any], field: Field[Any], item: Item) -> None:
    if field.required_on_read and item.get(field.path.attribute) is None:
        raise mapper.explain_unreadable(item, problems.find_problems({field.path.name: field}, item))
