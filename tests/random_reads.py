"""Hypothesis strategies for reads: tables with indexes, conditions on their keys and other attributes, and items."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Any

from hypothesis import strategies as st

from dynamongo.expressions.conditions import (
    EQ,
    GE,
    GT,
    LE,
    LT,
    NE,
    And,
    AnyCondition,
    BeginsWith,
    Between,
    Comparison,
    Contains,
    Exists,
    In,
    IsType,
    Not,
    NotExists,
    Or,
    Path,
    Size,
    all_of,
)
from dynamongo.expressions.values import SCALAR_TYPES, Item
from dynamongo.planning.read import Read
from dynamongo.planning.strategies import ResolvedStrategy, Target
from dynamongo.schema import IndexSchema, KeyAttribute, KeySchema, Projection, TableSchema

TABLE = "visits"
H, R, A, B = Path("h"), Path("r"), Path("a"), Path("b")


def eq(path: Path, value: Any) -> Comparison:
    return Comparison(path, EQ, value)


POOLS: dict[Any, list[Any]] = {
    "S": ["", "a", "ab", "b", "ü"],
    "N": [-1, 0, 1, Decimal("1.5"), 2],
    "B": [b"", b"a", b"ab", b"\xff"],
}
SCALARS: list[Any] = [*POOLS["S"], *POOLS["N"], *POOLS["B"], True, None]


@st.composite
def schemas(draw: st.DrawFn) -> TableSchema:
    types = st.sampled_from(SCALAR_TYPES)
    range_type = draw(st.none() | types)
    keys = KeySchema(KeyAttribute("h", draw(types)), None if range_type is None else KeyAttribute("r", range_type))
    own: dict[str, Any] = {part.name: part.type for part in keys.attributes}
    typed = {name: KeyAttribute(name, own.get(name) or draw(types)) for name in ("h", "r", "a", "b")}
    found = draw(st.lists(indexes(keys, typed), min_size=draw(st.sampled_from([2, 1, 0])), max_size=3))
    named = tuple(replace(index, name=f"index_{number}") for number, index in enumerate(found))
    return TableSchema(TABLE, keys, indexes=named)


@st.composite
def indexes(draw: st.DrawFn, keys: KeySchema, typed: dict[str, KeyAttribute]) -> IndexSchema:
    kinds = ["all", "all", "keys_only", "include"]
    kind: Any = draw(st.sampled_from(kinds))
    projection = Projection(kind, (draw(st.sampled_from("ab")),) if kind == "include" else ())
    if keys.range_key is not None and draw(st.integers(0, 3)) == 0:
        local = KeySchema(keys.hash_key, typed[draw(st.sampled_from("ab"))])
        return IndexSchema("", local, projection, is_global=False)
    names = draw(st.permutations([typed[name] for name in "hrab"]))
    hash_count = draw(st.sampled_from([1, 1, 2, 3]))
    range_count = draw(st.sampled_from([1, 0, 2, 3]))
    return IndexSchema("", KeySchema(names[:hash_count], names[hash_count : hash_count + range_count]), projection)


def key_values(attribute: KeyAttribute) -> st.SearchStrategy[Any]:
    return st.sampled_from([value for value in POOLS[attribute.type] if value not in ("", b"")])


@st.composite
def tables(draw: st.DrawFn, schema: TableSchema, always: frozenset[str]) -> list[Item]:
    """Items with different keys; keys of indexes are missing at times, unless every item has them."""
    types = {part.name: part for part in schema.key_attributes()}
    values = {
        name: key_values(types[name]) if name in types else st.sampled_from(SCALARS) for name in ("h", "r", "a", "b")
    }
    names = schema.keys.names
    certain = {name: values[name] for name in (*names, *sorted(always))}
    others = {name: each for name, each in values.items() if name not in certain}
    rows = st.fixed_dictionaries(certain, optional=others)
    return draw(st.lists(rows, max_size=12, unique_by=lambda row: tuple(row[name] for name in names)))


def operands(schema: TableSchema, name: str) -> st.SearchStrategy[Any]:
    """Mostly values of the attribute's own type, so that conditions hold now and then."""
    types = {part.name: part.type for part in schema.key_attributes()}
    own = st.sampled_from(POOLS[types[name]] if name in types else [*POOLS["S"], *POOLS["N"]])
    return st.one_of(own, own, own, st.sampled_from(SCALARS))


@st.composite
def leaves(draw: st.DrawFn, schema: TableSchema) -> AnyCondition:
    name = draw(st.sampled_from(["h", "h", "h", "r", "r", "r", "a", "a", "b", "b"]))
    path, values = Path(name), operands(schema, name)
    kind = draw(
        st.sampled_from(["=", "=", "=", "order", "order", "between", "in", "prefix", "other", "path", "left", "value"])
    )
    if kind == "=":
        return eq(path, draw(values))
    scalars = values.filter(lambda value: not isinstance(value, bool) and value is not None)
    operator: Any = draw(st.sampled_from([LT, LE, GT, GE]))
    if kind == "order":
        return Comparison(path, operator, draw(scalars))
    if kind == "between":
        low, high = sorted(draw(st.sampled_from(list(POOLS.values())).flatmap(pairs_of)))
        return Between(path, low, high)
    if kind == "in":
        return In(path, tuple(draw(st.lists(values, max_size=3))))
    if kind == "prefix":
        return BeginsWith(path, draw(st.sampled_from([*POOLS["S"], *POOLS["B"]])))
    if kind == "path":
        other = draw(st.sampled_from([other for other in "hrab" if other != name]))
        return Comparison(path, draw(st.sampled_from([EQ, NE, operator])), Path(other))
    if kind == "left":
        return Comparison(draw(scalars), operator, path)
    if kind == "value":
        return draw(values_first(path, Path(draw(st.sampled_from("hrab"))), draw(scalars)))
    others: list[AnyCondition] = [Exists(path), NotExists(path), IsType(path, "S"), Comparison(Size(path), GE, 1)]
    return draw(st.sampled_from([*others, Comparison(path, NE, draw(values)), Contains(path, draw(values))]))


def values_first(path: Path, other: Path, value: Any) -> st.SearchStrategy[AnyCondition]:
    """Conditions in which a value comes first, and the key attribute after it."""
    texts: list[AnyCondition] = []
    if isinstance(value, (str, bytes)):
        texts = [BeginsWith(value, path), Contains(value, path)]
    lists: list[AnyCondition] = [Contains([value, 1], path), In(value, (path, other)), Between(value, path, other)]
    return st.sampled_from([*texts, *lists, Between(path, other, value) if path != other else Exists(path)])


def pairs_of(pool: list[Any]) -> st.SearchStrategy[tuple[Any, Any]]:
    return st.tuples(st.sampled_from(pool), st.sampled_from(pool))


def conditions(schema: TableSchema) -> st.SearchStrategy[AnyCondition]:
    def extend(parts: st.SearchStrategy[AnyCondition]) -> st.SearchStrategy[AnyCondition]:
        several = st.lists(parts, min_size=2, max_size=4)
        return st.one_of(
            several.map(lambda found: And(*found)),
            several.map(lambda found: And(*found)),
            several.map(lambda found: Or(*found)),
            parts.map(Not),
        )

    return st.recursive(leaves(schema), extend, max_leaves=8)


@st.composite
def keyed(draw: st.DrawFn, schema: TableSchema) -> AnyCondition:
    """A condition that has what a query of the table or of an index needs, among others."""
    keys = draw(st.sampled_from([*(index.keys for index in schema.indexes), schema.keys]))
    choices = [hash_choices(part) for part in keys.hash_attributes]
    several = st.lists(st.tuples(*choices), min_size=1, max_size=3).map(lambda found: [one_of(map(all_of, found))])
    parts: list[AnyCondition] = list(draw(st.one_of(st.tuples(*choices), st.tuples(*choices), several)))
    for part in keys.range_attributes:
        path = Path(part.name)
        if draw(st.booleans()):
            parts.append(eq(path, draw(key_values(part))))
        else:
            parts += draw(st.lists(bounds(path, POOLS[part.type]), max_size=2))
    parts += draw(st.lists(st.one_of(leaves(schema), conditions(schema)), max_size=2))
    return And(*draw(st.permutations(parts)))


def hash_choices(part: KeyAttribute) -> st.SearchStrategy[AnyCondition]:
    path, values = Path(part.name), key_values(part)
    few = st.lists(values, max_size=3).map(lambda found: In(path, tuple(found)))
    return st.one_of(values.map(lambda value: eq(path, value)), few)


def one_of(parts: Iterable[AnyCondition | None]) -> AnyCondition:
    found = [part for part in parts if part is not None]
    return found[0] if len(found) == 1 else Or(*found)


@st.composite
def bounds(draw: st.DrawFn, path: Path, pool: list[Any]) -> AnyCondition:
    value, other = sorted(draw(pairs_of(pool)))
    operator: Any = draw(st.sampled_from([EQ, LT, LE, GT, GE]))
    kinds: list[AnyCondition] = [
        Comparison(path, operator, value),
        Between(path, value, other),
        In(path, (value, other)),
    ]
    return draw(st.sampled_from([*kinds, Exists(path)]))


@st.composite
def targets(draw: st.DrawFn, schema: TableSchema) -> Target:
    key = {part.name: draw(key_values(part)) for part in schema.keys.attributes}
    return Target(key, draw(st.none() | leaves(schema)))


@dataclass(frozen=True)
class Filled:
    """A read of a table, and the items in it."""

    read: Read
    items: list[Item]


@st.composite
def reads(draw: st.DrawFn) -> Filled:
    schema = draw(schemas())
    few = st.lists(targets(schema), max_size=4).map(tuple)
    source: ResolvedStrategy = draw(st.one_of(*[keyed(schema)] * 5, *[conditions(schema)] * 3, few, st.none()))
    optional = sorted({"r", "a", "b"} - set(schema.keys.names))
    always = frozenset(draw(st.sampled_from([optional, optional[:1], []])))
    read = Read(
        schema,
        source,
        descending=draw(st.booleans()),
        limit=draw(st.none() | st.integers(0, 4)),
        consistent=draw(st.integers(0, 3)) == 0,
        projection=tuple(draw(st.just([]) | st.lists(st.sampled_from([H, R, A, B]), min_size=1, unique=True))),
        page_size=draw(st.none() | st.integers(1, 3)),
        index=draw(st.sampled_from([None, None, *(index.name for index in schema.indexes)])),
        is_sorted=draw(st.booleans()),
        required=always,
    )
    return Filled(read, draw(tables(schema, always)))
