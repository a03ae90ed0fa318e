"""Bulk entries: what a verb for many items writes, item by item."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any, Final, Generic, TypeVar, cast

from dynamongo._support.dataclasses import replace
from dynamongo.exceptions import AttributeNotLoaded, DynamongoError, UnreadableItem, ValidationError
from dynamongo.executor import Write
from dynamongo.executor.guarded_writes import SingleWrite, guard_write
from dynamongo.expressions.conditions import Condition
from dynamongo.expressions.updates import AnyUpdate
from dynamongo.expressions.values import AttributeValue, Item, shorten
from dynamongo.mapping.mapper import Mapper
from dynamongo.mapping.records import Recorded
from dynamongo.planning.narrowing import narrow, split_long_ins
from dynamongo.planning.rechecks import recheck
from dynamongo.planning.strategies import ResolvedStrategy, Target
from dynamongo.planning.write_builders import (
    check_changes,
    guard_kind,
    make_delete,
    make_put,
    make_rewrite,
    make_update,
)

M = TypeVar("M", bound=Recorded)


REFUSALS: Final = (AttributeNotLoaded, ValidationError)
"""The errors of an item that is not sent, because its fields or a hook refuse it."""


class Entry(Generic[M]):
    """One item that is to be written.

    A plain class takes half the time of a frozen one to instantiate, which happens for every item.

    Attributes:
        item: What the outcome reports: the instance, or what was given instead of one if that is invalid.
        write: The write, or `None` if the item is invalid.
        error: The error of an invalid item.
    """

    __slots__ = ("error", "item", "write")

    def __init__(self, item: M, write: Write | None, error: DynamongoError | None = None) -> None:
        self.item = item
        self.write = write
        self.error = error


def refuse_invalid(entries: Iterable[Entry[Any]]) -> None:
    """Raise the error of the first invalid entry; the message names its position."""
    for index, entry in enumerate(entries):
        if entry.error is not None:
            located = type(entry.error)(f"item {index}: {entry.error}")
            vars(located).update(vars(entry.error))  # such as the problems of the item
            raise located from entry.error


def check_several(mapper: Mapper[Any], items: object) -> None:
    """Raise `ValidationError` if one item was given in place of several."""
    if isinstance(items, (Mapping, mapper.origin)):
        raise ValidationError(f"{mapper.name}: expected several items, as in a list; got one: {shorten(items)}")


def save_entry(
    mapper: Mapper[M],
    table: str,
    overwrite: bool | Condition,  # noqa: FBT001 - as in `save_one`
    item: M | Mapping[str, Any],
    *,
    is_save: bool = True,
) -> Entry[M]:
    """Return a put of the item, or its error if it is invalid; `is_save` is as for `make_put`."""
    instance: Any = item  # what the outcome of an invalid dict reports
    try:
        instance = mapper.as_instance(item)
        if (own := mapper).model is not type(instance):
            own = mapper.mapper_of(instance)
        put = make_put(own, table, instance, overwrite, is_save=is_save)
        # A put without a condition goes with others in a BatchWriteItem, which takes no conditions.
        if put.condition is not None:
            put = guard_kind(own, put)
        return Entry(instance, put if own.unique is None else guard_write(own, put, instance))
    except (AttributeNotLoaded, ValueError) as error:
        return Entry(instance, None, _refusal_of(error))


def _refusal_of(error: AttributeNotLoaded | ValueError) -> DynamongoError:
    """Return the error of an item that is refused, by its fields or by a hook; raise one that concerns all items."""
    if isinstance(error, REFUSALS):
        return error
    if isinstance(error, DynamongoError):  # such as a condition that names a field of another model
        raise error
    refusal = ValidationError(str(error))
    refusal.__cause__ = error
    return refusal


def delete_entry(mapper: Mapper[M], table: str, target: Target, found: M | None = None) -> Entry[M]:
    """Return a delete of the target, with the instance that was found or one that holds only the key."""
    own = _own_mapper(mapper, _given_or_found(mapper, target, found))
    target, instance = _with_instance(own, target, found)
    try:
        return Entry(instance, _guard(own, make_delete(own, table, target, found=found), found))
    except (AttributeNotLoaded, ValueError) as error:
        return Entry(instance, None, _refusal_of(error))


def update_entry(
    updates: tuple[AnyUpdate, ...], mapper: Mapper[M], table: str, target: Target, found: M | None = None
) -> Entry[M]:
    """Return an update of the target, which must exist, with an instance as in `delete_entry`."""
    own = _own_mapper(mapper, _given_or_found(mapper, target, found))
    target, instance = _with_instance(own, target, found)
    if own is not mapper:
        check_changes(own, updates)
    return Entry(instance, _guard(own, make_update(own, table, target, updates, item=found), found))


def _guard(mapper: Mapper[Any], write: SingleWrite, given: object) -> Write:
    return write if mapper.unique is None else guard_write(mapper, write, given)


def _given_or_found(mapper: Mapper[M], target: Target, found: M | None) -> Any:
    """Return the instance that was found, or the one that was given to name the item, if it is one of the model."""
    if found is not None:
        return found
    return target.item if isinstance(target.item, mapper.origin) else None


def _own_mapper(mapper: Mapper[M], found: Any) -> Mapper[M]:
    """Return the mapper of what was found: the fields and the version of its class may be others."""
    if not isinstance(found, Recorded):  # it may be an `UnreadableItem`
        return mapper
    # Not by the class: the mapper of several models names the first of them as its own.
    return mapper if cast("Any", type(found)).__mapper__ is mapper else mapper.mapper_of(cast("M", found))


def rewrite_entries(
    mapper: Mapper[M], table: str, items: Iterable[M], change: Callable[[M], object] | None
) -> Iterator[Entry[M]]:
    """Yield the updates of those items that are stored otherwise than their fields would store them.

    Args:
        mapper: The mapper of the model.
        table: The full name of the table.
        items: The instances, whole, and the errors of items that cannot be read.
        change: Changes an instance first.
    """
    for item in items:
        if isinstance(item, UnreadableItem):
            yield Entry(item, None, item)
            continue
        own = _own_mapper(mapper, item)
        try:
            if change is not None:
                change(item)
            write = make_rewrite(own, table, item)
        except (AttributeNotLoaded, ValueError) as error:
            yield Entry(item, None, _refusal_of(error))
        else:
            if write is not None:
                yield Entry(item, _guard(own, write, item))


def _with_instance(mapper: Mapper[M], target: Target, found: M | None) -> tuple[Target, M]:
    # The check of an item that was found has been narrowed to fit; that of a caller's own target has not.
    return (_divide_check(target), mapper.decode_key(target.key)) if found is None else (target, found)


def _divide_check(target: Target) -> Target:
    """Return the target with a check that fits a write, by splitting an IN that is too long."""
    return target if target.check is None else replace(target, check=split_long_ins(target.check))


def recheck_targets(mapper: Mapper[Any], source: ResolvedStrategy, items: Sequence[Item]) -> list[Target]:
    """Return the items that a read found as targets, each with what its write has to check again.

    Raises:
        ExpressionError: The condition is too large for a write, and is about too many attributes to be narrowed.
    """
    # Each entry of a list has conditions of its own; any other condition is the same for all items.
    checks = {_values_of(target.key): target.check for target in source} if isinstance(source, tuple) else {}
    targets: list[Target] = []
    for item in items:
        key = mapper.pick_key(item)
        told = key if (keys := mapper.key_templates) is None else {**key, **keys.tell(key), **keys.tell_unstored(item)}
        check = checks[_values_of(key)] if isinstance(source, tuple) else recheck(source, told)
        targets.append(Target(key, None if check is None else narrow(check, item)))
    return targets


def _values_of(key: Item) -> tuple[AttributeValue, ...]:
    return tuple(key.values())
