"""Key rules: usual values pass all checks, and have the position that they would have after them."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from enum import Enum, IntEnum
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dynamongo.backends.memory.ingest import normalize_attributes
from dynamongo.backends.memory.key_rules import check_index_keys, check_item_key, check_key, make_index_test, usual_test
from dynamongo.backends.memory.table import MemoryTable
from dynamongo.exceptions import DynamongoError
from dynamongo.expressions.values import ScalarType
from dynamongo.schema import IndexSchema, KeyAttribute, KeySchema, TableSchema


class Word(str, Enum):
    A = "a"


class Number(IntEnum):
    ONE = 1


types: st.SearchStrategy[ScalarType] = st.sampled_from(["S", "N", "B"])
values: st.SearchStrategy[Any] = (
    st.text(max_size=3)
    | st.integers()
    | st.binary(max_size=3)
    | st.sampled_from([Decimal("1.5"), Decimal("1.50"), Decimal("NaN"), True, None, 1.5, 10**38, 10**38 - 1, -(10**38)])
    | st.sampled_from(["\ud800", Word.A, Number.ONE, ["a"], frozenset({"a"})])
    | st.sampled_from([256, 257, 1024, 1025, 2048, 2049]).map(lambda size: "x" * size)
    | st.sampled_from([256, 257, 512, 513, 1024, 1025]).map(lambda size: "é" * size)
    | st.sampled_from([256, 257]).map(lambda size: "😀" * size)
    | st.sampled_from([256, 257, 1025, 2049]).map(lambda size: b"x" * size)
)
items = st.dictionaries(st.sampled_from(["pk", "sk", "g", "h", "other"]), values)


@st.composite
def schemas(draw: st.DrawFn) -> TableSchema:
    kinds = {name: draw(types) for name in ("pk", "sk", "g", "h")}
    parts = [KeyAttribute(name, kind) for name, kind in kinds.items()]
    keys = draw(st.sampled_from([KeySchema(parts[0]), KeySchema(parts[0], parts[1])]))
    pairs = st.lists(st.sampled_from(parts), min_size=1, max_size=2, unique=True)
    indexes = [KeySchema(*pair) for pair in draw(st.lists(pairs, max_size=3))]
    return TableSchema("table", keys, indexes=tuple(IndexSchema(f"index{n}", index) for n, index in enumerate(indexes)))


def outcome_of(find: Callable[[], Any]) -> Any:
    try:
        return find()
    except DynamongoError as error:
        return str(error)


@given(schemas(), items)
def test_fast_path_refuses_the_same_keys(schema: TableSchema, key: Any) -> None:
    table = MemoryTable(schema)

    def check() -> Any:
        canonical = normalize_attributes(key)
        check_key(schema.keys, canonical)
        return table.primary.locate(canonical)

    expected = outcome_of(check)
    position = table.locate_usual_key(key)
    assert position in (None, expected)
    assert position is None or repr(normalize_attributes(key)) == repr(key)
    assert outcome_of(lambda: table.locate_key(normalize_attributes(key))) == expected


@given(schemas(), items)
def test_fast_path_refuses_the_same_items(schema: TableSchema, item: Any) -> None:
    table = MemoryTable(schema)

    def check() -> Any:
        canonical = normalize_attributes(item)
        check_item_key(schema.keys, canonical)
        check_index_keys(schema, canonical)
        return table.primary.locate(canonical)

    assert outcome_of(lambda: table.locate_item(normalize_attributes(item))) == outcome_of(check)


@given(schemas(), items)
def test_item_has_a_position_in_an_index_if_its_keys_are_valid(schema: TableSchema, item: Any) -> None:
    try:
        canonical = normalize_attributes({"pk": 1, "sk": 1, **item})
    except DynamongoError:
        return
    for index in schema.indexes:
        alone = TableSchema("table", schema.keys, indexes=(index,))
        is_there = all(name in canonical for name in index.keys.names)
        try:
            check_index_keys(alone, canonical)
        except DynamongoError:
            assert not make_index_test(alone)(canonical)
            is_there = False
        assert (MemoryTable(alone).indexes[index.name].position_of(canonical) is not None) is is_there


@pytest.mark.parametrize(
    ("value", "kind"), [("a", "S"), ("é" * 256, "S"), (0, "N"), (-5, "N"), (b"\x00", "B"), (10**38 - 1, "N")]
)
def test_common_values_are_usual(value: Any, kind: ScalarType) -> None:
    assert [each for each in ("S", "N", "B") if usual_test(each)(value)] == [kind]
