"""Pages of Query and Scan in memory; the contract covers most of them."""

from __future__ import annotations

import pytest

from dynamongo.backends.memory import MemoryBackend
from dynamongo.expressions.conditions import EQ, Comparison, Path
from dynamongo.expressions.sizes import item_size
from dynamongo.operations import CreateTable, KeyCondition, Put, Query, Scan
from dynamongo.schema import KeyAttribute, KeySchema, TableSchema
from dynamongo.testing.contract.base import proves


@proves("16.21")
@pytest.mark.parametrize(("padding", "first_page"), [(300_000, 4), (400_000, 3)])
def test_item_that_crosses_1_mb_is_the_last_of_its_page(padding: int, first_page: int) -> None:
    backend = MemoryBackend()
    backend.execute(CreateTable(TableSchema("table", KeySchema(KeyAttribute("pk", "S"), KeyAttribute("sk", "N")))))
    for number in range(6):
        backend.execute(Put("table", {"pk": "a", "sk": number, "padding": "x" * padding}))
    page = backend.execute(Query("table", KeyCondition(Comparison(Path("pk"), EQ, "a"))))
    assert (page.count, page.scanned_count, page.cursor) == (first_page, first_page, {"pk": "a", "sk": first_page - 1})
    assert sum(map(item_size, page.items[:-1])) <= 1024 * 1024 < sum(map(item_size, page.items))


@pytest.mark.parametrize("limit", [2**63 - 1, 2**63, 10**40])
def test_limit_may_be_larger_than_any_page(limit: int) -> None:
    backend = MemoryBackend()
    backend.execute(CreateTable(TableSchema("table", KeySchema(KeyAttribute("pk", "S"), KeyAttribute("sk", "N")))))
    for number in range(3):
        backend.execute(Put("table", {"pk": "a", "sk": number}))
    condition = KeyCondition(Comparison(Path("pk"), EQ, "a"))
    assert backend.execute(Query("table", condition, limit=limit)) == backend.execute(Query("table", condition))
    assert backend.execute(Scan("table", limit=limit)) == backend.execute(Scan("table"))
