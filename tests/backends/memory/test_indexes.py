"""Secondary indexes in memory, tested through operations."""

from __future__ import annotations

from typing import Any

import pytest

from dynamongo.backends.memory import MemoryBackend
from dynamongo.exceptions import InvalidRequestError
from dynamongo.expressions.conditions import EQ, Comparison, Exists, Path
from dynamongo.expressions.updates import SetUpdate
from dynamongo.expressions.values import Item
from dynamongo.operations import (
    Capacity,
    CreateIndex,
    CreateTable,
    Delete,
    KeyCondition,
    PageResult,
    Put,
    Query,
    Scan,
    UpdateItem,
)
from dynamongo.schema import IndexSchema, KeyAttribute, KeySchema, Projection, TableSchema

PK, SK, G = KeyAttribute("pk", "S"), KeyAttribute("sk", "N"), KeyAttribute("g", "S")
KEYS_ONLY = Projection("keys_only")
SCHEMA = TableSchema(
    "table",
    KeySchema(PK, SK),
    indexes=(
        IndexSchema("by_g", KeySchema(G), KEYS_ONLY),
        IndexSchema("local", KeySchema(PK, G), KEYS_ONLY, is_global=False),
    ),
)
G_IS_X = KeyCondition(Comparison(Path("g"), EQ, "x"))
PK_IS_A = KeyCondition(Comparison(Path("pk"), EQ, "a"))


@pytest.fixture
def backend() -> MemoryBackend:
    backend = MemoryBackend()
    backend.execute(CreateTable(SCHEMA))
    for number in range(12):
        backend.execute(Put("table", {"pk": "ab"[number % 2], "sk": number, "g": "x", "v": number}))
    backend.execute(Put("table", {"pk": "a", "sk": 99}))
    return backend


def read_all(backend: MemoryBackend, limit: int, **options: Any) -> list[Any]:
    pages: list[PageResult] = [backend.execute(Query("table", G_IS_X, index="by_g", limit=limit, **options))]
    while (cursor := pages[-1].cursor) is not None:
        options["cursor"] = cursor
        pages.append(backend.execute(Query("table", G_IS_X, index="by_g", limit=limit, **options)))
    return [item["sk"] for page in pages for item in page.items]


@pytest.mark.parametrize("limit", [1, 5, 12, 100])
def test_ties_are_paged_once_each_in_both_directions(backend: MemoryBackend, limit: int) -> None:
    forward = read_all(backend, limit)
    assert sorted(forward) == list(range(12))
    assert read_all(backend, limit, descending=True) == forward[::-1]


def test_index_returns_its_projection(backend: MemoryBackend) -> None:
    page = backend.execute(Scan("table", index="by_g"))
    assert {frozenset(item) for item in page.items} == {frozenset({"pk", "sk", "g"})}
    assert page.count == 12


def test_cursor_of_an_index_contains_the_keys_of_index_and_table(backend: MemoryBackend) -> None:
    page = backend.execute(Scan("table", index="by_g", limit=1))
    assert page.cursor == page.items[0]


def test_local_index_fetches_other_attributes_and_charges_for_it(backend: MemoryBackend) -> None:
    page = backend.execute(Query("table", PK_IS_A, index="local", projection=(Path("v"),), consistent=True))
    assert page.items == tuple({"v": number} for number in range(0, 12, 2))
    assert page.consumed == Capacity(read_units=1 + 6)


@pytest.mark.parametrize(
    ("options", "reason"),
    [
        ({"index": "nope"}, "does not have the specified index: nope"),
        ({"index": "by_g", "consistent": True}, "Consistent reads are not supported on global secondary indexes"),
        ({"index": "by_g", "projection": (Path("v"), Path("g"))}, r"by_g does not project \[v\]"),
        ({"index": "by_g", "filter": Exists(Path("v"))}, r"one or more filter attributes: \[v\]"),
        ({"index": "by_g", "cursor": {"g": "x"}}, "provided starting key is invalid"),
        ({"index": "by_g", "cursor": {"g": "y", "pk": "a", "sk": 1}}, "outside query boundaries"),
        ({"index": "by_g", "filter": Exists(Path("g"))}, "Primary key attribute: g"),
    ],
)
def test_read_that_the_index_cannot_answer_is_refused(backend: MemoryBackend, options: Any, reason: str) -> None:
    with pytest.raises(InvalidRequestError, match=reason):
        backend.execute(Query("table", G_IS_X, **options))


def test_key_of_the_table_may_be_filtered_in_a_global_index(backend: MemoryBackend) -> None:
    page = backend.execute(Query("table", G_IS_X, index="by_g", filter=Comparison(Path("pk"), EQ, "a")))
    assert (page.count, page.scanned_count) == (6, 12)


@pytest.mark.parametrize(
    ("value", "reason"),
    [
        (1, "Type mismatch for Index Key g Expected: S Actual: N IndexName: by_g"),
        (None, "Type mismatch for Index Key g Expected: S Actual: NULL IndexName: by_g"),
        ("", "secondary index key"),
        ("x" * 2049, "Size of hashkey"),
    ],
    ids=["number", "null", "empty", "long"],
)
def test_value_that_cannot_be_an_index_key_is_refused(backend: MemoryBackend, value: Any, reason: str) -> None:
    with pytest.raises(InvalidRequestError, match=reason):
        backend.execute(Put("table", {"pk": "a", "sk": 1, "g": value}))
    with pytest.raises(InvalidRequestError, match=reason):
        backend.execute(UpdateItem("table", {"pk": "a", "sk": 1}, (SetUpdate(Path("g"), value),)))


@pytest.mark.parametrize("value", [5, None, "", "x" * 2049], ids=["number", "null", "empty", "long"])
def test_item_without_a_valid_key_of_a_later_index_can_be_changed_and_deleted(value: Any) -> None:
    backend = MemoryBackend()
    key: Item = {"pk": "a", "sk": 1}
    backend.execute(CreateTable(TableSchema("table", KeySchema(PK, SK))))
    backend.execute(Put("table", {**key, "late": value, "v": 1}))
    for name in ("by_late", "by_late_too"):
        backend.execute(CreateIndex("table", IndexSchema(name, KeySchema(KeyAttribute("late", "S")))))
    if value != "x" * 2049:  # of the key of an index, an update looks at the length of one that it does not change
        backend.execute(UpdateItem("table", key, (SetUpdate(Path("v"), 2),)))
    assert backend.execute(Scan("table", index="by_late")).items == ()
    backend.execute(Put("table", {**key, "late": "x"}))
    assert backend.execute(Scan("table", index="by_late")).count == 1
    backend.execute(Delete("table", key))
    assert [backend.execute(Scan("table", index=name)).count for name in (None, "by_late", "by_late_too")] == [0, 0, 0]


@pytest.mark.parametrize(
    ("index", "reason"),
    [
        (
            IndexSchema("lo", KeySchema(G)),
            "'globalSecondaryIndexes.1.member.indexName' .* length greater than or equal to 3",
        ),
        (IndexSchema("typed", KeySchema(KeyAttribute("pk", "N"))), "Attribute Name is duplicated: pk"),
        (IndexSchema("local", KeySchema(G, SK), is_global=False), "same leading hash key"),
        (IndexSchema("local", KeySchema(PK), is_global=False), "does not have a range key"),
        (
            IndexSchema("some", KeySchema(G), Projection("include")),
            "ProjectionType is INCLUDE, but NonKeyAttributes is not specified",
        ),
        (IndexSchema("same", KeySchema(G, G)), "have the same name"),
    ],
)
def test_invalid_index_is_refused(index: IndexSchema, reason: str) -> None:
    with pytest.raises(InvalidRequestError, match=reason):
        MemoryBackend().execute(CreateTable(TableSchema("table", KeySchema(PK, SK), indexes=(index,))))
