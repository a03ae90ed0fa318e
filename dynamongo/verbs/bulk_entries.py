"""Bulk entries: what a verb for many items writes, item by item."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, Generic, TypeVar, cast

from dynamongo.exceptions import AttributeNotLoaded, DynamongoError, ValidationError
from dynamongo.executor import Write
from dynamongo.expressions.conditions import Condition
from dynamongo.expressions.updates import AnyUpdate
from dynamongo.expressions.values import AttributeValue, Item, shorten
from dynamongo.mapping.mapper import Mapper
from dynamongo.mapping.records import Recorded
from dynamongo.planning.narrowing import narrow, split_long_ins
from dynamongo.planning.rechecks import recheck
from dynamongo.planning.strategies import ResolvedStrategy, Target
from dynamongo.planning.write_builders import make_delete, make_put, make_update

M = TypeVar("M", bound=Recorded)


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


def save_entries(
    mapper: Mapper[M],
    table: str,
    items: Iterable[M | Mapping[str, Any]],
    *,
    overwrite: bool | Condition,
) -> Iterator[Entry[M]]:
    """Yield a put for each of the items, or the error of an item that is invalid."""
    if isinstance(items, (Mapping, mapper.model)):
        raise ValidationError(
            f"{mapper.name}: expected several items, as in a list; got one: {shorten(cast('object', items))}"
        )
    for item in items:
        instance: Any = item  # what the outcome of an invalid dict reports
        try:
            instance = mapper.as_instance(item)
            yield Entry(instance, make_put(mapper, table, instance, overwrite))
        except (AttributeNotLoaded, ValidationError) as error:
            yield Entry(instance, None, error)


def delete_entries(
    mapper: Mapper[M], table: str, targets: Iterable[Target], found: Iterable[M] | None = None
) -> Iterator[Entry[M]]:
    """Yield a delete for each of the targets, with the instance that was found or one that holds only the key."""
    for target, instance in _with_instances(mapper, targets, found):
        yield Entry(instance, make_delete(table, target))


def update_entries(
    updates: tuple[AnyUpdate, ...],
    mapper: Mapper[M],
    table: str,
    targets: Iterable[Target],
    found: Iterable[M] | None = None,
) -> Iterator[Entry[M]]:
    """Yield an update for each of the targets, which must exist, with an instance as in `delete_entries`."""
    for target, instance in _with_instances(mapper, targets, found):
        yield Entry(instance, make_update(mapper, table, target, updates))


def _with_instances(
    mapper: Mapper[M], targets: Iterable[Target], found: Iterable[M] | None
) -> Iterator[tuple[Target, M]]:
    # The checks of items that were found have been narrowed to fit; those of a caller's own targets have not.
    if found is None:
        return ((_divide_check(target), mapper.decode_key(target.key)) for target in targets)
    return zip(targets, found, strict=True)


def _divide_check(target: Target) -> Target:
    """Return the target with a check that fits a write, by splitting an IN that is too long."""
    return target if target.check is None else Target(target.key, split_long_ins(target.check))


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
        check = checks[_values_of(key)] if isinstance(source, tuple) else recheck(source, key)
        targets.append(Target(key, None if check is None else narrow(check, item)))
    return targets


def _values_of(key: Item) -> tuple[AttributeValue, ...]:
    return tuple(key.values())
