"""Mistakes of the memory backend that the comparison with a server (`tests/agreement`) has found."""

from __future__ import annotations

import pytest

from dynamongo.backends.memory import MemoryBackend
from dynamongo.exceptions import InvalidRequestError
from dynamongo.expressions.conditions import EQ, GT, LT, AnyCondition, Comparator, Comparison, Exists, NotExists, Path
from dynamongo.expressions.updates import SetUpdate
from dynamongo.expressions.values import Item
from dynamongo.operations import CreateIndex, CreateTable, KeyCondition, Put, Query, Scan, TransactWrite, UpdateItem
from dynamongo.schema import IndexSchema, KeyAttribute, KeySchema, TableSchema
from dynamongo.testing.contract.base import proves


@pytest.fixture
def backend() -> MemoryBackend:
    """Return a backend with the table `table`, which has the keys `pk` and `sk` and the index `by_g`."""
    made = MemoryBackend()
    keys = KeySchema(KeyAttribute("pk", "S"), KeyAttribute("sk", "N"))
    index = IndexSchema("by_g", KeySchema(KeyAttribute("g", "S")))
    made.execute(CreateTable(TableSchema("table", keys, indexes=(index,))))
    return made


class TestFilter:
    @proves("17.6")
    @pytest.mark.parametrize(
        ("index", "condition"),
        [
            (None, Exists(Path("pk", "a"))),
            (None, NotExists(Path("sk", 0))),
            ("by_g", NotExists(Path("g", 0))),
            ("by_g", NotExists(Path("pk", 0))),
        ],
        ids=["hash key", "range key", "hash key of the index", "hash key of the table"],
    )
    def test_scan_filtered_by_something_inside_a_key_is_refused(
        self, backend: MemoryBackend, index: str | None, condition: AnyCondition
    ) -> None:
        with pytest.raises(InvalidRequestError, match="Key attributes must be scalars"):
            backend.execute(Scan("table", filter=condition, index=index))

    def test_scan_filtered_by_something_inside_the_key_of_another_index_finds_nothing(
        self, backend: MemoryBackend
    ) -> None:
        backend.execute(Put("table", {"pk": "a", "sk": 1, "g": "b"}))
        assert backend.execute(Scan("table", filter=Exists(Path("g", "a")))).count == 0

    def test_query_filtered_by_something_inside_a_key_of_the_table_is_refused(self, backend: MemoryBackend) -> None:
        condition = KeyCondition(Comparison(Path("g"), EQ, "a"))
        with pytest.raises(InvalidRequestError, match="Key attributes must be scalars"):
            backend.execute(Query("table", condition, NotExists(Path("pk", "a")), index="by_g"))


class TestCursor:
    @pytest.mark.parametrize("operator", [GT, LT])
    def test_cursor_at_the_bound_of_a_condition_on_an_index_is_refused(
        self, backend: MemoryBackend, operator: Comparator
    ) -> None:
        keys = KeySchema(KeyAttribute("g", "S"), KeyAttribute("n", "N"))
        backend.execute(CreateIndex("table", IndexSchema("by_g_n", keys)))
        condition = KeyCondition(Comparison(Path("g"), EQ, "a"), Comparison(Path("n"), operator, 1))
        cursor: Item = {"g": "a", "n": 1, "pk": "a", "sk": 1}
        with pytest.raises(InvalidRequestError, match="does not match the range key predicate"):
            backend.execute(Query("table", condition, index="by_g_n", cursor=cursor))


class TestTransaction:
    def test_update_of_a_key_refuses_the_whole_request(self, backend: MemoryBackend) -> None:
        update = UpdateItem("table", {"pk": "a", "sk": 1}, (SetUpdate(Path("sk"), 2),))
        with pytest.raises(
            InvalidRequestError, match=r"Cannot update attribute sk\. This attribute is part of the key"
        ):
            backend.execute(TransactWrite((Put("table", {"pk": "b", "sk": 1}), update)))
        assert backend.execute(Scan("table")).count == 0
