"""Where the emulator (dynoxide 1.2.1) is known to do otherwise than DynamoDB: all of it, as data.

`REFUSED`: DynamoDB refuses it and the emulator does not, so the memory backend has to, and the emulator is not asked.
`LEFT_OUT`: the emulator's answer or its effect is wrong, so the operation is not executed at all.
`FREE_OF_CHARGE`: what the emulator charges is wrong, so capacity is not compared.
`FIXED`: the emulator's answer is wrong in a way that can be put right.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

from agreement.schemas import FIRST
from agreement.steps import key_of
from agreement.world import TableState, World, same_key
from dynamongo.exceptions import ExpressionError
from dynamongo.expressions.conditions import BeginsWith, Between, Comparison, Path
from dynamongo.expressions.operands import paths_of
from dynamongo.expressions.updates import AnyUpdate, DeleteUpdate, RemoveUpdate, check_paths
from dynamongo.expressions.values import AttributeValue, Item, type_of
from dynamongo.operations import BatchGet, Get, KeyPart, Put, Query, Scan, TransactGet, TransactWrite, UpdateItem
from dynamongo.schema import KeyAttribute

NOTHING = object()

Applies = Callable[[Any, World], bool]


@dataclass(frozen=True)
class Difference:
    """One thing that the emulator does otherwise, and how to tell an operation that shows it."""

    reason: str
    applies: Applies


def find(differences: tuple[Difference, ...], operation: Any, world: World) -> Difference | None:
    """The first of the differences that the operation would show."""
    return next((each for each in differences if each.applies(operation, world)), None)


def _updates_of(operation: Any, world: World) -> Iterator[tuple[tuple[AnyUpdate, ...], Item]]:
    """The updates of every item that the operation updates, with the item as it is before."""
    actions = operation.actions if isinstance(operation, TransactWrite) else (operation,)
    for action in actions:
        if isinstance(action, UpdateItem) and action.table in world:
            yield action.updates, world[action.table].find(action.key) or action.key


def _any_update(test: Callable[[AnyUpdate, Item], bool]) -> Applies:
    """Whether an update of the operation passes the test, given the item it is applied to."""
    return lambda operation, world: any(
        test(update, item) for updates, item in _updates_of(operation, world) for update in updates
    )


def _any_two_updates(test: Callable[[AnyUpdate, AnyUpdate], bool]) -> Applies:
    """Whether two updates of one item pass the test, in whatever order."""
    return lambda operation, world: any(
        test(one, other)
        for updates, _ in _updates_of(operation, world)
        for one, other in itertools.permutations(updates, 2)
    )


def _step(value: Any, step: str | int) -> Any:
    if isinstance(value, dict) and isinstance(step, str):
        return value.get(step, NOTHING)
    if isinstance(value, list) and isinstance(step, int) and step < len(value):
        return value[step]
    return NOTHING


def _ways(path: Path, item: Item) -> list[tuple[Any, str | int]]:
    """Every container on the way to the end of the path, `NOTHING` where there is none, with the step out of it."""
    ways: list[tuple[Any, str | int]] = []
    value: Any = item
    for step in path.elements:
        ways.append((value, step))
        value = _step(value, step)
    return ways


def _fits(container: Any, step: str | int) -> bool:
    return isinstance(container, dict) if isinstance(step, str) else isinstance(container, list)


def _takes_away_where_no_path_leads(update: AnyUpdate, item: Item) -> bool:
    parent, step = _ways(update.path, item)[-1]
    return isinstance(update, (RemoveUpdate, DeleteUpdate)) and not _fits(parent, step)


def _leads_through_null_or_a_missing_element(update: AnyUpdate, item: Item) -> bool:
    ways = _ways(update.path, item)
    through = [(_step(container, step), container, step) for container, step in ways[:-1]]
    return any(
        value is None or (value is NOTHING and isinstance(step, int) and isinstance(container, list))
        for value, container, step in through
    )


def _goes_beyond_the_end(update: AnyUpdate, item: Item) -> bool:
    return any(
        isinstance(box, list) and isinstance(step, int) and step >= len(box) for box, step in _ways(update.path, item)
    )


def _removes_from_the_list_of_another(one: AnyUpdate, other: AnyUpdate) -> bool:
    *parent, step = one.path.elements
    if not isinstance(one, (RemoveUpdate, DeleteUpdate)) or not isinstance(step, int):
        return False
    rest = other.path.elements[len(parent) :]
    return other.path.starts_with(Path(*parent)) and bool(rest) and isinstance(rest[0], int)


def _compares_a_key_with_what_it_cannot_be(operation: Any, world: World) -> bool:
    if not isinstance(operation, Query) or operation.table not in world:
        return False
    of_view = world[operation.table].keys_of_view(operation.index)
    values = map(_values_of, operation.key_condition.parts)
    return any(
        _cannot_be(part, value) for part, found in zip(of_view.attributes, values, strict=False) for value in found
    )


def _values_of(part: KeyPart) -> list[Any]:
    match part:
        case Comparison(_, _, value) | BeginsWith(_, value):
            return [value]
        case Between(_, low, high):
            return [low, high]


def _cannot_be(part: KeyAttribute, value: AttributeValue) -> bool:
    most = 2048 if part.name == "pk" else 1024
    return type_of(value) != part.type or (isinstance(value, (str, bytes)) and not 0 < len(value) <= most)


def _begins_with_a_number(operation: Any, _: World) -> bool:
    return (
        isinstance(operation, Query)
        and isinstance(last := operation.key_condition.parts[-1], BeginsWith)
        and type_of(last.prefix) == "N"  # type: ignore[arg-type]  # a value
    )


def _gets_of(operation: Any) -> tuple[Get | BatchGet, ...]:
    if isinstance(operation, TransactGet):
        return operation.gets
    return (operation,) if isinstance(operation, (Get, BatchGet)) else ()


def _projection_takes_one_attribute_for_a_map_and_a_list(operation: Any, _: World) -> bool:
    reads = (operation,) if isinstance(operation, (Query, Scan)) else _gets_of(operation)
    return any(_conflict(read.projection) for read in reads)


def _cannot_be_read_in_a_transaction(operation: Any) -> bool:
    if not isinstance(operation, TransactGet):
        return False
    pairs = (pair for get in operation.gets for pair in itertools.combinations(get.projection, 2))
    has_empty_key = any(value in ("", b"") for get in operation.gets for value in get.key.values())
    return has_empty_key or any(not _can_both_be(one, other) for one, other in pairs)


def _has_twins_and_no_keys(operation: Any, world: World) -> bool:
    """Whether two parts of a transaction are of one item, and another part names none."""
    if not isinstance(operation, (TransactGet, TransactWrite)):
        return False
    parts = operation.gets if isinstance(operation, TransactGet) else operation.actions
    return _has_twins(parts, world) and any(_is_no_key(world[part.table], key_of(part), part) for part in parts)


def _has_twins(parts: Sequence[Any], world: World) -> bool:
    return any(
        one.table == other.table
        and same_key(world[one.table].names_of(key_of(one)), world[one.table].names_of(key_of(other)))
        for one, other in itertools.combinations(parts, 2)
        if one.table in world
    )


def _is_no_key(table: TableState, key: Item, part: Any) -> bool:
    keys = table.schema.keys
    is_partial = any(
        name not in key or _cannot_be(each, key[name]) for name, each in zip(keys.names, keys.attributes, strict=True)
    )
    return is_partial or (not isinstance(part, Put) and key.keys() != set(keys.names))


def _conflict(paths: tuple[Path, ...]) -> bool:
    return any(
        not one.starts_with(other) and not other.starts_with(one) and not _can_both_be(one, other)
        for one, other in itertools.combinations(paths, 2)
    )


def _can_both_be(one: Path, other: Path) -> bool:
    try:
        check_paths([one, other])
    except ExpressionError:
        return False
    return True


def _asks_what_the_index_does_not_hold(operation: Any, world: World, *, is_global: bool) -> bool:
    """By the projection of a page."""
    return _index_lacks(operation, world, is_global, {path.attribute for path in getattr(operation, "projection", ())})


def _filters_by_what_the_index_does_not_hold(operation: Any, world: World) -> bool:
    condition = operation.filter if isinstance(operation, (Query, Scan)) else None
    names = set() if condition is None else {path.attribute for path in paths_of(condition)}
    return any(_index_lacks(operation, world, is_global, names) for is_global in (True, False))


def _index_lacks(operation: Any, world: World, is_global: bool, names: set[str]) -> bool:  # noqa: FBT001
    if not isinstance(operation, (Query, Scan)) or operation.table not in world:
        return False
    table = world[operation.table]
    index, held = table.find_index(operation.index), table.projects(operation.index)
    return index is not None and held is not None and index.is_global == is_global and not names <= held


def _goes_on_in_a_table_without_range_key(operation: Any, world: World) -> bool:
    if not isinstance(operation, Query) or operation.index or operation.table not in world:
        return False
    return operation.limit == 1 and world[operation.table].schema.keys.range_key is None


def _wants_the_old_one_of_a_missing_item(operation: Any, world: World) -> bool:
    if not isinstance(operation, UpdateItem) or operation.table not in world or operation.returns != "ALL_OLD":
        return False
    return world[operation.table].find(operation.key) is None


REFUSED = (
    Difference(
        "REMOVE and DELETE do nothing where a parent is missing or of another kind",
        _any_update(_takes_away_where_no_path_leads),
    ),
    Difference(
        "SET and ADD create a missing element that their path leads through, and turn NULL into a map",
        _any_update(_leads_through_null_or_a_missing_element),
    ),
    Difference(
        "a key condition of another type, or an empty or too long one, finds nothing",
        _compares_a_key_with_what_it_cannot_be,
    ),
    Difference("begins_with of a number finds nothing", _begins_with_a_number),
    Difference(
        "a projection may take one attribute for a map and for a list",
        _projection_takes_one_attribute_for_a_map_and_a_list,
    ),
    Difference(
        "a transaction that is wrong in itself, by an empty key, overlapping paths or two parts for one item, is "
        "cancelled for what is wrong with its parts",
        lambda operation, world: (
            _cannot_be_read_in_a_transaction(operation) or _has_twins_and_no_keys(operation, world)
        ),
    ),
    Difference(
        "a global index gives nothing for attributes that it does not hold",
        lambda operation, world: _asks_what_the_index_does_not_hold(operation, world, is_global=True),
    ),
    Difference("a filter may name attributes that the index does not hold", _filters_by_what_the_index_does_not_hold),
)
LEFT_OUT = (
    Difference(
        "TransactGet gives the whole key where its projection asks for something inside a key attribute",
        lambda operation, _: (
            isinstance(operation, TransactGet)
            and any(path.attribute in get.key for get in operation.gets for path in get.projection if path.elements[1:])
        ),
    ),
    Difference("SET and ADD beyond the end of a list pad it with NULL", _any_update(_goes_beyond_the_end)),
    Difference(
        "REMOVE of an element moves those that the other updates name",
        _any_two_updates(_removes_from_the_list_of_another),
    ),
    Difference(
        "a local index gives nothing for attributes that it does not hold, and DynamoDB fetches them",
        lambda operation, world: _asks_what_the_index_does_not_hold(operation, world, is_global=False),
    ),
    Difference(
        "a query of a table without range key begins again at the cursor", _goes_on_in_a_table_without_range_key
    ),
)
FREE_OF_CHARGE = (
    Difference(
        "Get, BatchGet and TransactGet are charged for what the projection returns",
        lambda operation, _: any(read.projection for read in _gets_of(operation)),
    ),
    Difference(
        "a transaction is charged once for what it writes to indexes; no source says how often DynamoDB charges it",
        lambda operation, world: isinstance(operation, TransactWrite) and bool(world[FIRST].schema.indexes),
    ),
)
FIXED: tuple[tuple[Difference, Callable[[Any], Any]], ...] = (
    (
        Difference("ALL_OLD of a missing item is its key", _wants_the_old_one_of_a_missing_item),
        lambda result: replace(result, attributes=None),
    ),
)
