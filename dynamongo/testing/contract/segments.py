"""Segments: parallel scans, each of which reads a part of the table."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from dynamongo._support.dataclasses import replace
from dynamongo.exceptions import InvalidRequestError
from dynamongo.expressions.conditions import EQ, Comparison, Path
from dynamongo.expressions.values import Item, ScalarType
from dynamongo.operations import Scan
from dynamongo.testing.contract.base import MakeTable, proves
from dynamongo.testing.contract.indexed import HASH_NAMES, NAMES, IndexBase, item_of
from dynamongo.testing.contract.pages import HASH_KEYS
from dynamongo.testing.contract.table import Table, cases, in_order

TOTALS = {str(total): total for total in (1, 2, 3, 7, 100)}
ITEMS: list[Item] = [{"pk": f"k{number}", "sk": sk} for number in range(30) for sk in "123"]

BAD_SEGMENTS: dict[str, tuple[int | None, int | None]] = {
    "segment as large as the total": (4, 4),
    "segment above the total": (5, 4),
    "negative segment": (-1, 4),
    "segment without total": (0, None),
    "total without segment": (None, 4),
    "total of 0": (0, 0),
    "total of 1000001": (0, 1_000_001),
}


def scans(table: Table, total: int, **options: Any) -> Iterator[Scan]:
    """Return a scan of every segment."""
    return (Scan(table.name, segment=segment, total_segments=total, **options) for segment in range(total))


def read(table: Table, total: int, **options: Any) -> list[list[Item]]:
    """Return the items of every segment."""
    return [table.read_all(scan) for scan in scans(table, total, **options)]


def flat(parts: list[list[Item]]) -> list[Item]:
    """Return the items of all segments in one list."""
    return [item for part in parts for item in part]


class SegmentContract(IndexBase):
    """Scan of a segment."""

    @proves("17.8")
    @cases("total", TOTALS)
    def test_every_item_is_in_one_segment(self, ranged: Table, total: int) -> None:
        ranged.put_all(ITEMS)
        parts = read(ranged, total, consistent=True)
        assert in_order(flat(parts)) == in_order(ITEMS)

    @proves("17.9")
    @cases("total", TOTALS)
    def test_partitions_are_whole_and_in_order_in_their_segment(self, ranged: Table, total: int) -> None:
        ranged.put_all(ITEMS)
        for part in read(ranged, total, consistent=True):
            hash_keys = [item["pk"] for item in part]
            assert [item["sk"] for item in part] == list("123") * (len(part) // 3)
            assert hash_keys[::3] == hash_keys[1::3] == hash_keys[2::3]

    @proves("17.8")
    @cases("hash_type", {key_type: key_type for key_type in HASH_KEYS})
    def test_keys_of_every_type_have_a_segment(self, make_table: MakeTable, hash_type: ScalarType) -> None:
        table = make_table(hash_type)
        items: list[Item] = [{"pk": key} for key in HASH_KEYS[hash_type]]
        table.put_all(items)
        assert in_order(flat(read(table, 3, consistent=True))) == in_order(items)

    @proves("17.11")
    @cases("limit", {"1": 1, "4": 4, "90": 90})
    def test_segment_is_read_page_by_page(self, ranged: Table, limit: int) -> None:
        ranged.put_all(ITEMS)
        assert read(ranged, 4, limit=limit, consistent=True) == read(ranged, 4, consistent=True)

    @proves("17.11")
    def test_segment_that_ends_exactly_at_the_limit_has_a_cursor(self, ranged: Table) -> None:
        ranged.put_all(ITEMS)
        for scan in scans(ranged, 3, consistent=True):
            count = ranged.execute(scan).count
            sizes = [page.count for page in ranged.pages(replace(scan, limit=count))]
            assert sizes == [count, 0]

    @proves("17.10")
    def test_segments_are_the_same_for_every_reader(self, ranged: Table) -> None:
        ranged.put_all(ITEMS)
        before = read(ranged, 5, consistent=True)
        for item in ITEMS[::2]:
            ranged.delete(item)
        left = [[item for item in part if item in ITEMS[1::2]] for part in before]
        assert read(ranged, 5, consistent=True) == left

    @proves("17.13")
    def test_reading_of_a_segment_continues_after_a_deleted_item(self, ranged: Table) -> None:
        ranged.put_all(ITEMS)
        for scan in scans(ranged, 3, consistent=True):
            order = ranged.read_all(scan)
            cursor = ranged.execute(replace(scan, limit=4)).cursor
            assert cursor == order[3]
            ranged.delete(order[3])
            assert ranged.read_all(replace(scan, cursor=cursor, limit=5)) == order[4:]

    @proves("17.12")
    def test_filter_and_count_of_segments_add_up(self, ranged: Table) -> None:
        ranged.put_all(ITEMS)
        odd = Comparison(Path("sk"), EQ, "2")
        pages = [ranged.execute(scan) for scan in scans(ranged, 4, filter=odd, count_only=True)]
        assert (sum(page.count for page in pages), sum(page.scanned_count for page in pages)) == (30, 90)
        assert all(page.items == () for page in pages)

    @proves("17.14")
    def test_there_may_be_a_million_segments(self, ranged: Table) -> None:
        ranged.put_all(ITEMS[:3])
        page = ranged.execute(Scan(ranged.name, segment=999_999, total_segments=1_000_000))
        assert page.items in ((), tuple(ITEMS[:3]))

    @proves(
        cases={
            "17.15": [
                "segment as large as the total",
                "segment above the total",
                "segment without total",
                "total without segment",
                "total of 1000001",
            ],
            "17.16": ["negative segment", "total of 0"],
        }
    )
    @cases("segment, total", BAD_SEGMENTS)
    def test_segment_is_refused(self, ranged: Table, segment: int | None, total: int | None) -> None:
        ranged.put_all(ITEMS[:3])
        with pytest.raises(InvalidRequestError):
            ranged.execute(Scan(ranged.name, segment=segment, total_segments=total))

    @proves("17.17")
    def test_cursor_of_another_segment_is_refused(self, ranged: Table) -> None:
        ranged.put_all(ITEMS)
        first, second = scans(ranged, 2, limit=1)
        cursor = ranged.execute(first).cursor
        with pytest.raises(InvalidRequestError):
            ranged.execute(replace(second, cursor=cursor))

    @proves("17.18")
    @cases("index", NAMES)
    @cases("total", {"2": 2, "7": 7})
    def test_index_has_segments_of_its_own(self, indexed: Table, index: str, total: int) -> None:
        items = [
            {**item_of(f"{number}-{turn}"), "pk": f"k{number}", "gh": f"g{number}"}
            for number in range(12)
            for turn in range(2)
        ]
        indexed.put_all([*items, {"pk": "k1", "sk": "outside"}])
        parts = read(indexed, total, index=index, limit=3)
        assert sorted(str(item["sk"]) for item in flat(parts)) == sorted(str(item["sk"]) for item in items)
        for part in parts:
            groups = [item[HASH_NAMES[index]] for item in part]
            assert groups[::2] == groups[1::2]
