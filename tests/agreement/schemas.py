"""Random tables: keys of every type, with indexes of every kind and projection."""

from __future__ import annotations

from hypothesis import strategies as st

from dynamongo.expressions.values import ScalarType
from dynamongo.schema import IndexSchema, KeyAttribute, KeySchema, Projection, TableSchema

FIRST, SECOND, UNKNOWN = "first", "second", "unknown"
ATTRIBUTES = ["a", "b", "c", "d.e", "size"]

_types: st.SearchStrategy[ScalarType] = st.sampled_from(["S", "N", "B"])
_projections = st.one_of(
    st.just(Projection()),
    st.just(Projection("keys_only")),
    st.sampled_from([("c",), ("d.e", "size"), ("c", "size")]).map(lambda names: Projection("include", names)),
)


@st.composite
def keys(draw: st.DrawFn) -> KeySchema:
    """The key of a table: `pk`, and perhaps `sk`."""
    hash_key = KeyAttribute("pk", draw(_types))
    return KeySchema(hash_key, KeyAttribute("sk", draw(_types)) if draw(st.integers(0, 3)) else None)


@st.composite
def schemas(draw: st.DrawFn) -> TableSchema:
    """A table with up to three indexes on the attributes `a` and `b`, and on those of its own key."""
    of_table = draw(keys())
    free = [KeyAttribute("a", draw(_types)), KeyAttribute("b", draw(_types))]
    count = draw(st.integers(0, 3))
    return TableSchema(
        FIRST, of_table, indexes=tuple(draw(_indexes(f"index{n}", of_table, free)) for n in range(count))
    )


@st.composite
def _indexes(draw: st.DrawFn, name: str, of_table: KeySchema, free: list[KeyAttribute]) -> IndexSchema:
    projection = draw(_projections)
    if of_table.range_key is not None and draw(st.booleans()):
        local = KeySchema(of_table.hash_key, draw(st.sampled_from(free)))
        return IndexSchema(name, local, projection, is_global=False)
    parts = draw(st.permutations([*free, *of_table.attributes]))
    return IndexSchema(name, KeySchema(*parts[: draw(st.integers(1, 2))]), projection)


second_schemas = keys().map(lambda of_table: TableSchema(SECOND, of_table))
