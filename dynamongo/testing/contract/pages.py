"""Pages: limits, cursors, pages of 1 MB and complete scans."""

from __future__ import annotations

import itertools
from decimal import Decimal
from typing import Any

import pytest

from dynamongo.exceptions import InvalidRequestError
from dynamongo.expressions.conditions import EQ, GT, LT, BeginsWith, Between, Comparison, Path
from dynamongo.expressions.values import SCALAR_TYPES, Item, ScalarType
from dynamongo.operations import PageResult, Query, Scan
from dynamongo.testing.contract.base import ContractBase, MakeTable, proves
from dynamongo.testing.contract.table import Table, cases, in_order

SK, V = Path("sk"), Path("v")
SIX: list[Item] = [{"pk": "a", "sk": str(number), "v": number % 2} for number in range(1, 7)]
ODD = Comparison(V, EQ, 1)

BAD_CURSORS: dict[str, Item] = {
    "range key missing": {"pk": "a"},
    "hash key missing": {"sk": "1"},
    "extra attribute": {"pk": "a", "sk": "1", "v": 1},
    "other name": {"pk": "a", "range": "1"},
    "other type": {"pk": "a", "sk": 1},
    "empty value": {"pk": "a", "sk": ""},
    "empty": {},
}

HASH_KEYS: dict[ScalarType, list[Any]] = {
    "S": list("abcdefgh"),
    "N": [-2, -1, 0, Decimal("0.5"), 1, 2, 10, 10**30],
    "B": [bytes([number]) for number in (0, 1, 2, 3, 127, 128, 254, 255)],
}


def operations(table: Table, **options: Any) -> tuple[Query, Scan]:
    """Return a query and a scan that read the same items."""
    return table.query_of("a", **options), table.scan_of(**options)


def summary(page: PageResult) -> tuple[list[object], int, int, Item | None]:
    """Return the range keys, count, scanned count and cursor of a page."""
    return [item["sk"] for item in page.items], page.count, page.scanned_count, page.cursor


class PageContract(ContractBase):
    """Query and Scan: where pages end and the next begin."""

    @proves("16.1", "16.7")
    def test_limit_counts_the_items_read_and_not_those_returned(self, ranged: Table) -> None:
        ranged.put_all(SIX)
        for operation in operations(ranged, filter=ODD, limit=3):
            assert summary(ranged.execute(operation)) == (["1", "3"], 2, 3, {"pk": "a", "sk": "3"})

    @proves("16.3")
    def test_page_may_be_empty_and_have_a_cursor(self, ranged: Table) -> None:
        ranged.put_all(SIX)
        for operation in operations(ranged, filter=Comparison(V, EQ, 9), limit=2):
            pages = list(map(summary, ranged.pages(operation)))
            cursors: list[Item | None] = [{"pk": "a", "sk": sk} for sk in "246"]
            assert pages == [([], 0, 2, cursor) for cursor in cursors] + [([], 0, 0, None)]

    @proves("16.4")
    def test_page_that_reaches_its_limit_at_the_last_item_has_a_cursor(self, ranged: Table) -> None:
        ranged.put_all(SIX)
        for operation in operations(ranged, limit=6):
            pages = list(map(summary, ranged.pages(operation)))
            assert pages == [(list("123456"), 6, 6, {"pk": "a", "sk": "6"}), ([], 0, 0, None)]

    @proves("16.6")
    def test_page_that_runs_out_of_items_has_no_cursor(self, ranged: Table) -> None:
        ranged.put_all(SIX)
        for operation in operations(ranged, limit=7):
            assert summary(ranged.execute(operation)) == (list("123456"), 6, 6, None)
        for operation in operations(ranged, limit=4):
            pages = list(map(summary, ranged.pages(operation)))
            assert pages == [(list("1234"), 4, 4, {"pk": "a", "sk": "4"}), (list("56"), 2, 2, None)]

    @proves("16.5")
    def test_range_condition_that_is_exhausted_at_the_limit_has_a_cursor(self, ranged: Table) -> None:
        ranged.put_all(SIX)
        page = ranged.query("a", Between(SK, "2", "4"), limit=3)
        assert summary(page) == (list("234"), 3, 3, {"pk": "a", "sk": "4"})
        assert summary(ranged.query("a", Between(SK, "2", "4"), cursor=page.cursor)) == ([], 0, 0, None)

    @proves("16.7")
    def test_count_only_has_pages_too(self, ranged: Table) -> None:
        ranged.put_all(SIX)
        for operation in operations(ranged, filter=ODD, limit=4, count_only=True):
            pages = list(map(summary, ranged.pages(operation)))
            assert pages == [([], 2, 4, {"pk": "a", "sk": "4"}), ([], 1, 2, None)]

    @proves("16.2")
    @cases("limit", {"0": 0, "-1": -1})
    def test_limit_must_be_positive(self, ranged: Table, limit: int) -> None:
        for operation in operations(ranged, limit=limit):
            with pytest.raises(InvalidRequestError):
                ranged.execute(operation)

    @proves("16.8")
    @cases("size", {str(size): size for size in range(1, 8)})
    def test_pages_of_any_size_return_all_items_in_order(self, ranged: Table, size: int) -> None:
        ranged.put_all([*SIX, {"pk": "b", "sk": "1"}])
        assert ranged.read_all(ranged.query_of("a", limit=size)) == SIX
        assert ranged.read_all(ranged.query_of("a", limit=size, descending=True)) == SIX[::-1]
        expected = [item for item in SIX if "2" <= str(item["sk"]) <= "5"]
        condition = Between(SK, "2", "5")
        assert ranged.read_all(ranged.query_of("a", condition, limit=size)) == expected
        assert ranged.read_all(ranged.query_of("a", condition, limit=size, descending=True)) == expected[::-1]
        few = [item for item in SIX if item["v"] == 1]
        assert ranged.read_all(ranged.query_of("a", limit=size, filter=ODD)) == few

    @proves("16.9")
    def test_reading_continues_after_a_deleted_item(self, ranged: Table) -> None:
        ranged.put_all(SIX)
        cursor: Item = {"pk": "a", "sk": "3"}
        assert ranged.query("a", limit=3).cursor == cursor
        ranged.delete(cursor)
        assert summary(ranged.query("a", cursor=cursor)) == (list("456"), 3, 3, None)
        assert summary(ranged.query("a", cursor=cursor, descending=True)) == (list("21"), 2, 2, None)
        assert summary(ranged.scan(cursor=cursor)) == (list("456"), 3, 3, None)

    @proves("16.9")
    def test_reading_continues_in_an_emptied_partition(self, ranged: Table) -> None:
        ranged.put_all(SIX)
        cursor = ranged.scan(limit=3).cursor
        for item in SIX:
            ranged.delete({"pk": item["pk"], "sk": item["sk"]})
        assert summary(ranged.scan(cursor=cursor)) == ([], 0, 0, None)
        assert summary(ranged.query("a", cursor=cursor)) == ([], 0, 0, None)

    @proves("16.10")
    def test_reading_starts_after_a_cursor_without_an_item(self, ranged: Table) -> None:
        ranged.put_all(SIX)
        cursor: Item = {"pk": "a", "sk": "3x"}
        assert summary(ranged.query("a", cursor=cursor)) == (list("456"), 3, 3, None)
        assert summary(ranged.query("a", cursor=cursor, descending=True)) == (list("321"), 3, 3, None)
        assert summary(ranged.query("a", BeginsWith(SK, "3"), cursor=cursor)) == ([], 0, 0, None)

    @proves("16.11")
    def test_items_put_after_the_cursor_are_seen(self, ranged: Table) -> None:
        ranged.put_all(SIX)
        cursor = ranged.query("a", limit=3).cursor
        ranged.put_all([{"pk": "a", "sk": "0"}, {"pk": "a", "sk": "45"}])
        assert summary(ranged.query("a", cursor=cursor)) == (["4", "45", "5", "6"], 4, 4, None)

    @proves("16.12")
    def test_cursor_is_compared_by_value(self, make_table: MakeTable) -> None:
        table = make_table("N", "N")
        table.put_all([{"pk": 1, "sk": number} for number in (9, 10, 100, 101)])
        cursor: Item = {"pk": Decimal("1.0"), "sk": Decimal("100.0")}
        assert summary(table.query(1, cursor=cursor)) == ([101], 1, 1, None)
        assert summary(table.query(1, cursor=cursor, descending=True)) == ([10, 9], 2, 2, None)

    @proves(
        cases={
            "16.13": ["range key missing", "hash key missing", "extra attribute", "other name", "other type", "empty"],
            "16.14": ["empty value"],
        }
    )
    @cases("cursor", BAD_CURSORS)
    def test_cursor_must_be_a_key(self, ranged: Table, cursor: Item) -> None:
        ranged.put_all(SIX)
        for operation in operations(ranged, cursor=cursor):
            with pytest.raises(InvalidRequestError):
                ranged.execute(operation)

    @proves("16.15")
    def test_cursor_of_another_partition_is_refused(self, ranged: Table) -> None:
        ranged.put_all(SIX)
        with pytest.raises(InvalidRequestError):
            ranged.query("a", cursor={"pk": "b", "sk": "1"})

    @proves("16.16")
    @cases(
        "condition, sk",
        {
            "below": (Comparison(SK, GT, "3"), "1"),
            "above": (Comparison(SK, LT, "3"), "5"),
            "=": (Comparison(SK, EQ, "3"), "4"),
        },
    )
    def test_cursor_outside_the_range_condition_is_refused(self, ranged: Table, condition: Comparison, sk: str) -> None:
        ranged.put_all(SIX)
        with pytest.raises(InvalidRequestError):
            ranged.query("a", condition, cursor={"pk": "a", "sk": sk})

    @proves("16.17")
    def test_query_of_a_table_without_range_key_has_one_item(self, table: Table) -> None:
        table.put_all([{"pk": "a"}, {"pk": "b"}])
        page = table.query("a", limit=1)
        assert (page.items, page.cursor) == (({"pk": "a"},), {"pk": "a"})

    @proves("16.18")
    def test_query_of_a_table_without_range_key_ends_after_its_item(self, table: Table) -> None:
        table.put({"pk": "a"})
        page = table.query("a", cursor={"pk": "a"})
        assert (page.items, page.scanned_count, page.cursor) == ((), 0, None)

    @proves("17.1")
    @cases(
        "hash_type, size",
        {f"{hash_type} by {size}": (hash_type, size) for hash_type in SCALAR_TYPES for size in (1, 5, 8, 24, 25)},
    )
    def test_scan_returns_every_item_once(self, make_table: MakeTable, hash_type: ScalarType, size: int) -> None:
        table = make_table(hash_type, "N")
        hash_keys = HASH_KEYS[hash_type]
        items: list[Item] = [{"pk": hash_key, "sk": sk} for hash_key in hash_keys for sk in (3, 1, 2)]
        table.put_all(items)
        pages = list(table.pages(table.scan_of(limit=size)))
        assert in_order([item for page in pages for item in page.items]) == in_order(items)
        assert [page.scanned_count for page in pages] == [size] * (24 // size) + [24 % size]

    @proves("17.2")
    def test_scan_keeps_partitions_together_and_in_order(self, make_table: MakeTable) -> None:
        table = make_table("S", "N")
        table.put_all([{"pk": pk, "sk": sk} for sk in (3, 1, 2) for pk in "cadbe"])
        for limit in (None, 1, 2, 4):
            found = table.read_all(table.scan_of(limit=limit))
            partitions = [
                (pk, [item["sk"] for item in items]) for pk, items in itertools.groupby(found, lambda item: item["pk"])
            ]
            assert sorted(partitions) == [(pk, [1, 2, 3]) for pk in "abcde"]

    @proves("17.3")
    def test_two_scans_read_in_the_same_order(self, table: Table) -> None:
        table.put_all([{"pk": f"k{number}"} for number in range(20)])
        assert table.items() == table.items() == table.read_all(table.scan_of(limit=3))

    @proves("17.4")
    def test_scan_continues_after_deleted_items(self, table: Table) -> None:
        table.put_all([{"pk": f"k{number}"} for number in range(20)])
        order = table.items()
        cursor = table.scan(limit=7).cursor
        assert cursor == order[6]
        for item in order[5:8]:
            table.delete(item)
        assert table.read_all(table.scan_of(cursor=cursor, limit=3)) == order[8:]

    @proves("15.19")
    def test_count_only_takes_no_projection(self, ranged: Table) -> None:
        for operation in operations(ranged, count_only=True, projection=(SK,)):
            with pytest.raises(InvalidRequestError):
                ranged.execute(operation)

    @proves("17.7")
    def test_scan_of_an_empty_table(self, table: Table) -> None:
        page = table.scan()
        assert (page.items, page.count, page.scanned_count, page.cursor) == ((), 0, 0, None)

    @proves("16.19")
    def test_page_ends_near_1_mb(self, ranged: Table) -> None:
        items: list[Item] = [{"pk": "a", "sk": str(number), "v": "x" * 300_000} for number in range(7)]
        ranged.put_all(items)
        for operation in operations(ranged):
            sizes = [page.count for page in ranged.pages(operation)]
            assert sizes in ([3, 3, 1], [4, 3])
            assert ranged.read_all(operation) == items
        assert ranged.read_all(ranged.query_of("a", descending=True)) == items[::-1]

    @proves("16.20")
    def test_page_of_1_mb_counts_what_is_read_not_what_is_returned(self, ranged: Table) -> None:
        ranged.put_all([{"pk": "a", "sk": str(number), "v": "x" * 300_000} for number in range(7)])
        for options in ({"count_only": True}, {"projection": (SK,)}, {"filter": Comparison(V, EQ, "y")}):
            for operation in operations(ranged, **options):
                assert 3 <= ranged.execute(operation).scanned_count <= 4

    @proves("16.21")
    def test_page_of_1_mb_counts_what_it_returns(self, ranged: Table) -> None:
        ranged.put_all([{"pk": "a", "sk": str(number), "v": "x" * 300_000} for number in range(7)])
        for operation in operations(ranged):
            for page in ranged.pages(operation):
                assert page.scanned_count == page.count == len(page.items)
                if page.items:
                    assert page.cursor in (None, {"pk": "a", "sk": page.items[-1]["sk"]})
