"""Random queries and scans: all key conditions, filters, projections, limits, both directions, indexes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, cast

from hypothesis import strategies as st

from agreement.schemas import FIRST
from agreement.steps import tables
from agreement.trees import leaves, maybe_condition, projections
from agreement.values import BAD_KEY_VALUES, KEY_VALUES, rarely
from agreement.world import TableState, World
from dynamongo.exceptions import ExpressionError
from dynamongo.expressions.conditions import EQ, GE, GT, LE, LT, BeginsWith, Between, Comparator, Comparison, Path
from dynamongo.operations import KeyCondition, Query, Scan
from dynamongo.schema import KeyAttribute

RangeCondition = Comparison | Between | BeginsWith


@dataclass(frozen=True)
class Segments:
    """A scan in so many segments, each read to its end."""

    scan: Scan
    total: int


@st.composite
def queries(draw: st.DrawFn, world: World) -> Query:
    """A query of a table or of one of its indexes."""
    table = draw(tables(world))
    index = draw(_indexes(table))
    count_only = not draw(st.integers(0, 5))
    return Query(
        table.schema.name,
        draw(_key_conditions(table, index)),
        filter=draw(maybe_condition(table, 3)),
        index=index,
        projection=() if count_only else draw(_projections(table, index)),
        descending=draw(st.booleans()),
        limit=draw(_limits),
        consistent=_may_be_consistent(table, index) and draw(st.booleans()),
        count_only=count_only,
    )


@st.composite
def scans(draw: st.DrawFn, world: World) -> Scan:
    """A scan of a table or of one of its indexes."""
    table = draw(tables(world))
    index = draw(_indexes(table))
    count_only = not draw(st.integers(0, 5))
    return Scan(
        table.schema.name,
        filter=draw(maybe_condition(table)),
        index=index,
        projection=() if count_only else draw(_projections(table, index)),
        limit=draw(_limits),
        consistent=_may_be_consistent(table, index) and draw(st.booleans()),
        count_only=count_only,
    )


@st.composite
def filtered_scans(draw: st.DrawFn, world: World) -> Scan:
    """A scan of the first table by a condition without parts, so that nothing hides its result."""
    return Scan(FIRST, filter=draw(leaves(world[FIRST])), count_only=draw(st.booleans()))


@st.composite
def segments(draw: st.DrawFn, world: World) -> Segments:
    """A scan in segments."""
    return Segments(draw(scans(world)), draw(st.integers(1, 3)))


_limits = st.sampled_from([None, None, 1, 2, 3, 5, 100])


def _indexes(table: TableState) -> st.SearchStrategy[str | None]:
    names = [index.name for index in table.schema.indexes]
    return rarely(st.just("no-such-index"), st.sampled_from([None, *names, *names]), 40)


def _may_be_consistent(table: TableState, index: str | None) -> bool:
    found = table.find_index(index)
    return found is None or not found.is_global


@st.composite
def _projections(draw: st.DrawFn, table: TableState, index: str | None) -> tuple[Path, ...]:
    """Paths of what the index holds, mostly: a global index refuses others."""
    chosen = draw(projections(table, 4))
    held = table.projects(index)
    if held is None or not draw(st.integers(0, 9)):
        return chosen
    return tuple(path for path in chosen if path.attribute in held)


@st.composite
def _key_conditions(draw: st.DrawFn, table: TableState, index: str | None) -> KeyCondition:
    of_view = table.keys_of_view(index)
    hash_value = draw(_key_values(table, of_view.hash_key))
    hash_key = Comparison(Path(of_view.hash_key.name), EQ, hash_value)
    if of_view.range_key is None or not draw(st.integers(0, 2)):
        return KeyCondition(hash_key)
    try:
        return KeyCondition(hash_key, _range_condition(draw, table, of_view.range_key))
    except ExpressionError:
        return KeyCondition(hash_key)


def _range_condition(draw: st.DrawFn, table: TableState, part: KeyAttribute) -> RangeCondition:
    path, value = Path(part.name), draw(_key_values(table, part))
    match draw(st.sampled_from([EQ, LT, LE, GT, GE, "between", "between", "begins"])):
        case "between":
            return _between(path, value, draw(_key_values(table, part)))
        case "begins":
            prefix = value[: draw(st.integers(1, 2))] if isinstance(value, (str, bytes)) and value else value
            return BeginsWith(path, prefix)
        case operator:
            return Comparison(path, cast("Comparator", operator), value)


def _between(path: Path, low: Any, high: Any) -> Between:
    try:
        return Between(path, low, high)
    except ExpressionError:
        return Between(path, high, low)


@st.composite
def _key_values(draw: st.DrawFn, table: TableState, part: KeyAttribute) -> Any:
    """A value of a key attribute, mostly one that an item has."""
    present = [item[part.name] for item in table.items if part.name in item]
    if draw(st.integers(0, 5)) and present:
        return draw(st.sampled_from(present))
    return draw(rarely(st.sampled_from(BAD_KEY_VALUES), st.sampled_from(KEY_VALUES[part.type]), 8))
