"""Random updates: of every kind, together, mostly suited to what is at their paths."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from hypothesis import strategies as st

from agreement.schemas import ATTRIBUTES, UNKNOWN
from agreement.trees import paths, random_paths, without_overlaps
from agreement.values import MEMBER_NAMES, number_sets, numbers, sets, strings, values
from agreement.world import TableState, places_of
from dynamongo.expressions.computed import Arithmetic, IfNotExists, ListAppend
from dynamongo.expressions.conditions import Path
from dynamongo.expressions.updates import (
    AddUpdate,
    AnyUpdate,
    AppendUpdate,
    DeleteUpdate,
    IncrementUpdate,
    RemoveUpdate,
    SetUpdate,
)
from dynamongo.expressions.values import SET_TYPES, Item, normalize, type_of

_counts = st.sampled_from([1, 1, 1, 2, 2, 3, 4, 0])
_names = st.sampled_from(ATTRIBUTES)
_steps: st.SearchStrategy[str | int] = st.sampled_from([*MEMBER_NAMES, 0, 1])
_Make = Callable[[st.DrawFn, TableState, Path, Any], AnyUpdate]


@st.composite
def updates(draw: st.DrawFn, table: TableState, item: Item | None) -> tuple[AnyUpdate, ...]:
    """Some updates of an item whose paths mostly do not overlap; now and then none at all."""
    chosen = [draw(_targets(table, item)) for _ in range(draw(_counts))]
    apart = without_overlaps(tuple(path for path, _ in chosen)) if draw(st.integers(0, 19)) else ()
    kept = [(path, value) for path, value in chosen if not apart or path in apart]
    seen: list[Path] = []
    made: list[AnyUpdate] = []
    for path, value in kept:
        if not apart or path not in seen:
            made.append(draw(_update_at(table, path, value)))
        seen.append(path)
    return tuple(made)


@st.composite
def _targets(draw: st.DrawFn, table: TableState, item: Item | None) -> tuple[Path, Any]:
    """A path to change and what is there, `None` if that is nothing.

    Paths into the key are rare, and never those of a table that is not there: the dynamodb backend refuses them itself.
    """
    known = [place for place in places_of(item or {}) if place[0].attribute not in table.schema.keys.names]
    kind = draw(st.integers(0, 6))
    if known and kind <= 4:
        path, value = draw(st.sampled_from(known))
        return (path, value) if kind else (path / draw(_steps), None)
    path = draw(random_paths) if kind == 6 else Path(draw(_names))
    is_key = path.attribute in table.schema.keys.names
    may_be_key = table.schema.name != UNKNOWN and not draw(st.integers(0, 3))
    return (path if may_be_key or not is_key else Path("c"), None)


@st.composite
def _update_at(draw: st.DrawFn, table: TableState, path: Path, value: Any) -> AnyUpdate:
    makers = _suited(value) if draw(st.integers(0, 4)) else _MAKERS
    return draw(st.sampled_from(makers))(draw, table, path, value)


def _set(draw: st.DrawFn, table: TableState, path: Path, value: Any) -> AnyUpdate:
    index_keys = {part.name: part.type for index in table.schema.indexes for part in index.keys.attributes}
    suited = {"S": strings, "N": numbers}.get(index_keys.get(path.attribute, ""), values)
    source = suited if draw(st.integers(0, 3)) else paths(table)
    return SetUpdate(path, draw(source), if_not_exists=draw(st.booleans()))


def _compute(draw: st.DrawFn, table: TableState, path: Path, value: Any) -> AnyUpdate:
    return SetUpdate(path, draw(_computed(table)))


@st.composite
def _computed(draw: st.DrawFn, table: TableState) -> Any:
    if draw(st.booleans()):
        terms = st.one_of(paths(table), numbers, st.builds(IfNotExists, paths(table), numbers))
        return Arithmetic(draw(terms), draw(st.sampled_from(["+", "-"])), draw(terms))
    lists = st.one_of(paths(table), st.lists(values, max_size=2), st.builds(IfNotExists, paths(table), st.just([])))
    return draw(st.builds(ListAppend, lists, lists) | st.builds(IfNotExists, paths(table), st.one_of(values, lists)))


def _remove(draw: st.DrawFn, table: TableState, path: Path, value: Any) -> AnyUpdate:
    return RemoveUpdate(path)


def _add(draw: st.DrawFn, table: TableState, path: Path, value: Any) -> AnyUpdate:
    """What is added is in lowest form, since the emulator compares the numbers of sets as text."""
    return AddUpdate(path, normalize(draw(_addends(value))))  # type: ignore[arg-type]  # a number or a set stays one


def _delete(draw: st.DrawFn, table: TableState, path: Path, value: Any) -> AnyUpdate:
    members = value if isinstance(value, frozenset) and draw(st.booleans()) else draw(_members(value))
    return DeleteUpdate(path, normalize(members))  # type: ignore[arg-type]  # a set stays one


def _addends(value: Any) -> st.SearchStrategy[Any]:
    return _members(value) if isinstance(value, frozenset) else st.one_of(numbers, sets)


def _members(value: Any) -> st.SearchStrategy[Any]:
    """A set, of the kind of the value if that is a set."""
    return number_sets if isinstance(value, frozenset) and type_of(value) == "NS" else sets


def _increment(draw: st.DrawFn, table: TableState, path: Path, value: Any) -> AnyUpdate:
    return IncrementUpdate(path, draw(numbers))


def _append(draw: st.DrawFn, table: TableState, path: Path, value: Any) -> AnyUpdate:
    return AppendUpdate(path, tuple(draw(st.lists(values, max_size=2))), at_start=draw(st.booleans()))


_MAKERS: list[_Make] = [_set, _compute, _remove, _add, _delete, _increment, _append]


def _suited(value: Any) -> list[_Make]:
    """The updates that a value of this type can take."""
    kind = type_of(value)
    if kind == "N":
        return [_set, _add, _increment, _remove]
    if kind in SET_TYPES:
        return [_add, _delete, _remove]
    return [_append, _set, _remove] if kind == "L" else [_set, _set, _remove, _add, _append, _delete]
