"""Hypothesis strategies for reads of global indexes whose keys have several attributes."""

from __future__ import annotations

from typing import Any

from hypothesis import strategies as st
from random_reads import TABLE, Filled, bounds, eq, one_of

from dynamongo.expressions.conditions import And, AnyCondition, Exists, In, Path, all_of
from dynamongo.expressions.values import SCALAR_TYPES, Item
from dynamongo.planning.read import Read
from dynamongo.schema import IndexSchema, KeyAttribute, KeySchema, Projection, TableSchema

# Few values, so that several items share the first attributes of a key; as text, 10 would come before 9.
POOLS: dict[Any, list[Any]] = {"S": ["a", "ab"], "N": [9, 10], "B": [b"a", b"a\xff", b"b"]}

_TABLE_KEY = KeySchema(KeyAttribute("id", "N"), KeyAttribute("r", "S"))
_OTHERS = "abcde"


@st.composite
def long_schemas(draw: st.DrawFn) -> TableSchema:
    typed = [KeyAttribute(name, draw(st.sampled_from(SCALAR_TYPES))) for name in _OTHERS]
    found = draw(st.lists(_indexes([*typed, *_TABLE_KEY.attributes]), min_size=1, max_size=2))
    return TableSchema(
        TABLE, _TABLE_KEY, indexes=tuple(IndexSchema(f"index_{n}", *each) for n, each in enumerate(found))
    )


@st.composite
def _indexes(draw: st.DrawFn, attributes: list[KeyAttribute]) -> tuple[KeySchema, Projection]:
    parts = draw(st.permutations(attributes))
    hash_count = draw(st.integers(1, 3))
    count = hash_count + draw(st.integers(0 if hash_count > 1 else 2, 3))
    kinds = [Projection()] * 4 + [Projection("keys_only"), Projection("include", ("a", "b"))]
    return KeySchema(parts[:hash_count], parts[hash_count:count]), draw(st.sampled_from(kinds))


def _values(part: KeyAttribute) -> st.SearchStrategy[Any]:
    return st.integers(0, 3) if part.name == "id" else st.sampled_from(POOLS[part.type])


def _equalities(part: KeyAttribute) -> st.SearchStrategy[AnyCondition]:
    path = Path(part.name)
    return _values(part).map(lambda value: eq(path, value))


def _choices(part: KeyAttribute) -> st.SearchStrategy[AnyCondition]:
    path = Path(part.name)
    return st.lists(_values(part), max_size=3).map(lambda found: In(path, tuple(found)))


@st.composite
def _conditions(draw: st.DrawFn, keys: KeySchema) -> AnyCondition:
    """A condition on all hash attributes, on some or all range attributes, and perhaps on others."""
    exact = [_equalities(part) for part in keys.hash_attributes]
    either = [st.one_of(_equalities(part), _equalities(part), _choices(part)) for part in keys.hash_attributes]
    whole = st.lists(st.tuples(*exact), min_size=1, max_size=3).map(lambda found: [one_of(map(all_of, found))])
    parts: list[AnyCondition] = list(draw(st.one_of(st.tuples(*exact), st.tuples(*either), whole)))
    for part in keys.range_attributes:
        path, pool = Path(part.name), POOLS[part.type]
        if draw(st.booleans()):
            parts.append(eq(path, draw(_values(part))))
        elif draw(st.booleans()):
            parts += draw(st.lists(bounds(path, pool), min_size=1, max_size=2))
    others = st.sampled_from(_OTHERS).map(lambda name: Exists(Path(name)))
    parts += draw(st.lists(others, max_size=1))
    return And(*draw(st.permutations(parts)))


@st.composite
def _items(draw: st.DrawFn, schema: TableSchema, always: frozenset[str]) -> list[Item]:
    types = {part.name: part for part in schema.key_attributes()}
    values = {name: _values(types.get(name, KeyAttribute(name, "S"))) for name in ("id", "r", *_OTHERS)}
    certain = {name: values[name] for name in values if name in always}
    others = {name: values[name] for name in values if name not in always}
    rows = st.fixed_dictionaries(certain, optional=others)
    return draw(st.lists(rows, min_size=4, max_size=24, unique_by=lambda row: (row["id"], row["r"])))


@st.composite
def long_reads(draw: st.DrawFn) -> Filled:
    schema = draw(long_schemas())
    index = draw(st.sampled_from(schema.indexes))
    always = frozenset(draw(st.sampled_from(["", _OTHERS, _OTHERS]))) | {"id", "r"}
    read = Read(
        schema,
        draw(_conditions(index.keys)),
        descending=draw(st.booleans()),
        limit=draw(st.none() | st.integers(1, 4)),
        projection=draw(st.sampled_from([(), (), (Path("a"), Path("r"))])),
        page_size=draw(st.none() | st.integers(1, 3)),
        index=draw(st.sampled_from([None, index.name])),
        is_sorted=draw(st.booleans()),
        required=always - {"id", "r"},
    )
    return Filled(read, draw(_items(schema, always)))
