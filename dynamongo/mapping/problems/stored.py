"""Problems: all values of a stored item that do not suit their fields, once it is known that some do not.

Reading stops at the first one, which is fast. Here the item is read once more, field by field and part by part.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, TypeAlias, cast

from dynamongo.exceptions import Problem, UnreadableItem, ValidationError, WrittenButUnreadable
from dynamongo.expressions.conditions import Path
from dynamongo.expressions.values import AttributeValue, Item, hidden_values
from dynamongo.fields import python_values
from dynamongo.fields.base import Field
from dynamongo.fields.containers import ListField
from dynamongo.fields.maps import DictField
from dynamongo.mapping.codec.plain import read_attribute

if TYPE_CHECKING:
    from dynamongo.mapping.keys.members import KeyMembers
    from dynamongo.mapping.mapper import Mapper

Reader: TypeAlias = Callable[[Field[Any], AttributeValue], object]
"""Reads a stored value with its field, and raises `ValidationError` for one that does not suit it."""

Place: TypeAlias = tuple[str | int, ...]

_MOST_TOLD = 5
"""How many problems the message of an item tells; the error has all of them."""


def find_problems(
    fields: Mapping[str, Field[Any]], item: Item, key_members: KeyMembers | None = None
) -> tuple[Problem, ...]:
    """Return what is wrong with the values of an item; the messages do not show them."""
    with hidden_values():
        item, of_keys = (item, []) if key_members is None else key_members.find_problems(item)
        return (
            *of_keys,
            *(
                problem
                for name, field in fields.items()
                for problem in _find_parts((name,), field, item.get(field.path.attribute), read_attribute)
            ),
        )


def find_problems_of_part(field: Field[Any], stored: AttributeValue, paths: Sequence[Path]) -> tuple[Problem, ...]:
    """Return what is wrong with an attribute of which only `paths` were read."""
    with hidden_values():
        try:
            field.decode_partial(stored, paths)
        except ValidationError as error:
            return (Problem((field.path.name,), python_values.decode(stored), str(error)),)
    return ()


def explain_unreadable(mapper: Mapper[Any], item: Item, found: tuple[Problem, ...] | None) -> UnreadableItem:
    """Return the error for a stored item that does not suit its model; see `Mapper.explain_unreadable`."""
    if found is None:
        found = find_problems(mapper.fields, item, mapper.key_members)
    named = mapper.describe_key(item) or "none of the model's key attributes"
    text = describe_problems(found) or f"{mapper.name} cannot be read"
    return UnreadableItem(
        f"{text}; stored in the item with {named}",
        problems=found,
        key=_name_key(mapper, item),
        item=python_values.decode_map(item),
    )


def explain_written(mapper: Mapper[Any], item: Item, done: str, error: Exception) -> WrittenButUnreadable:
    """Return the error for an item that was written, and cannot be read, for the reason that `error` is."""
    known = isinstance(error, UnreadableItem)
    return WrittenButUnreadable(
        f"the item was {done}, but the stored item cannot be read: {error if known else repr(error)}",
        problems=error.problems if isinstance(error, UnreadableItem) else (),
        key=_name_key(mapper, item),
        item=python_values.decode_map(item),
    )


def _name_key(mapper: Mapper[Any], item: Item) -> dict[str, Any]:
    return {mapper.attributes[name].path.name: value for name, value in mapper.pick_key(item).items()}


def describe_problems(problems: Iterable[Problem]) -> str:
    """Return the messages of several problems as one."""
    messages = [problem.message for problem in problems]
    more = [f"and {len(messages) - _MOST_TOLD} more"] if len(messages) > _MOST_TOLD else []
    return "; ".join([*messages[:_MOST_TOLD], *more])


def _find_parts(place: Place, field: Field[Any], stored: AttributeValue, read: Reader) -> Iterator[Problem]:
    """Yield the problems of the parts of a value, or that of the whole value if none of its parts has one."""
    found = [problem for part in _parts_of(place, field, stored) for problem in _find_parts(*part)]
    if found:
        yield from found
        return
    try:
        read(field, stored)
    except ValidationError as error:
        yield Problem(place, python_values.decode(stored), str(error))


def _parts_of(place: Place, field: Any, stored: Any) -> Iterator[tuple[Place, Field[Any], AttributeValue, Reader]]:
    if field.overridden:  # its parts may be another thing to it
        return
    if isinstance(field, DictField) and isinstance(stored, dict):
        members = cast("Item", stored)
        read = read_attribute if field.is_declared else _read_member  # only a save requires the members of a `Document`
        for name, member in cast("DictField[Any]", field).fields.items():
            yield (*place, name), member, members.get(member.stored_as or name), read
    if isinstance(field, ListField) and isinstance(stored, list):
        element: Field[Any] = cast("ListField[Any]", field).element
        for index, each in enumerate(cast("list[AttributeValue]", stored)):
            yield (*place, index), element.with_label(f"{field.label}[{index}]"), each, _read_element


def _read_element(field: Field[Any], stored: AttributeValue) -> Any:
    return field.decode(stored)


def _read_member(field: Field[Any], stored: AttributeValue) -> Any:
    member = read_attribute(field, stored)
    if field.required and field.is_absent(member):
        raise ValidationError(f"{field.label} is required")
    return member
