"""Reading an index: order, ranges and pages, and that every item is read once."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from dynamongo.exceptions import InvalidRequestError
from dynamongo.expressions.conditions import EQ, GE, GT, AnyCondition, BeginsWith, Between, Comparison, Exists, Or, Path
from dynamongo.expressions.numbers import Number
from dynamongo.expressions.values import Item
from dynamongo.operations import KeyCondition, Query, Scan
from dynamongo.testing.contract.base import proves
from dynamongo.testing.contract.indexed import HASH_NAMES, NAMES, IndexBase, item_of
from dynamongo.testing.contract.table import Paged, Table, cases

GS, LS, V = Path("gs"), Path("ls"), Path("v")

# Twelve items with the same key in every index, one before them and one after.
TIES: list[Item] = [item_of(f"{number:02}") for number in range(12)]
BESIDE: list[Item] = [item_of("98", gs=0, ls="0"), item_of("99", gs=2, ls="2")]

CURSORS: dict[str, tuple[str, Item]] = {
    "global": ("by_gh_gs", {"gh": "x", "gs": 1, "pk": "x", "sk": "00"}),
    "global without range key": ("by_gh", {"gh": "x", "pk": "x", "sk": "00"}),
    "local": ("by_ls", {"ls": "1", "pk": "x", "sk": "00"}),
}
BAD_CURSORS: dict[str, tuple[str, Item]] = {
    "key of the table alone": ("by_gh_gs", {"pk": "x", "sk": "00"}),
    "key of the index alone": ("by_gh_gs", {"gh": "x", "gs": 1}),
    "range key of the index missing": ("by_gh_gs", {"gh": "x", "pk": "x", "sk": "00"}),
    "range key of the table missing": ("by_gh_gs", {"gh": "x", "gs": 1, "pk": "x"}),
    "extra attribute": ("by_gh_gs", {"gh": "x", "gs": 1, "pk": "x", "sk": "00", "v": 1}),
    "other type": ("by_gh_gs", {"gh": "x", "gs": "1", "pk": "x", "sk": "00"}),
    "key of the table alone, local": ("by_ls", {"pk": "x", "sk": "00"}),
    "extra attribute, local": ("by_ls", {"ls": "1", "pk": "x", "sk": "00", "gh": "x"}),
}
BAD_KEY_CONDITIONS: dict[str, tuple[str, KeyCondition]] = {
    "key of the table": ("by_gh", KeyCondition(Comparison(Path("pk"), EQ, "x"))),
    "range key of the table": ("by_gh", KeyCondition(Comparison(Path("gh"), EQ, "x"), Comparison(Path("sk"), EQ, "1"))),
    "range key of another index": ("by_gh_gs", KeyCondition(Comparison(Path("gh"), EQ, "x"), BeginsWith(LS, "1"))),
    "range key of the table, local": (
        "by_ls",
        KeyCondition(Comparison(Path("pk"), EQ, "x"), Comparison(Path("sk"), EQ, "1")),
    ),
}
KEY_FILTERS: dict[str, tuple[str, AnyCondition]] = {
    "hash key": ("by_gh_gs", Comparison(Path("gh"), EQ, "x")),
    "range key": ("by_gh_gs", Comparison(GS, GE, 0)),
    "inside an or": ("by_gh_gs", Or(Exists(V), Exists(GS))),
    "hash key, local": ("by_ls", Exists(Path("pk"))),
    "range key, local": ("by_ls", Comparison(LS, EQ, "1")),
}


def ids_of(items: Any) -> list[object]:
    """Return the table's range keys of the items."""
    return [item["sk"] for item in items]


class IndexPageContract(IndexBase):
    """Query and Scan of an index."""

    @proves("18.12")
    def test_items_are_in_the_order_of_the_index(self, indexed: Table) -> None:
        numbers: list[Number] = [Decimal("-1.5"), 0, 9, 10, 100]
        texts = ["-", "10", "9", "A", "a"]
        order = "30214"
        for place in order:
            indexed.put(item_of(place, gs=numbers[order.index(place)], ls=texts[order.index(place)]))
        for index in ("by_gh_gs", "by_gh_gs_keys", "by_ls", "by_ls_keys"):
            assert ids_of(indexed.query_index(index, "x").items) == list(order)
            assert ids_of(indexed.query_index(index, "x", descending=True).items) == list(order[::-1])

    @proves("18.13")
    def test_range_condition_applies_to_the_range_key_of_the_index(self, indexed: Table) -> None:
        indexed.put_all([item_of(str(number), gs=number, ls=str(number)) for number in range(6)])
        assert ids_of(indexed.query_index("by_gh_gs", "x", Comparison(GS, GT, 3)).items) == ["4", "5"]
        assert ids_of(indexed.query_index("by_gh_gs", "x", Between(GS, 2, Decimal("3.5"))).items) == ["2", "3"]
        assert ids_of(indexed.query_index("by_ls", "x", BeginsWith(LS, "4")).items) == ["4"]
        assert ids_of(indexed.query_index("by_ls", "x", Between(LS, "1", "2"), descending=True).items) == ["2", "1"]

    @proves("18.14")
    def test_global_query_reads_all_partitions_of_the_table(self, indexed: Table) -> None:
        indexed.put_all([{**item_of("1"), "pk": pk, "gs": place} for place, pk in enumerate("cab")])
        assert [item["pk"] for item in indexed.query_index("by_gh_gs", "x").items] == ["c", "a", "b"]

    @proves("18.14")
    def test_local_query_reads_one_partition_of_the_table(self, indexed: Table) -> None:
        indexed.put_all([{**item_of(sk), "pk": pk} for pk in "xy" for sk in "12"])
        assert [item["pk"] for item in indexed.query_index("by_ls", "x").items] == ["x", "x"]

    @proves("18.15")
    @cases("index", NAMES)
    def test_order_of_ties_is_stable_and_descending_its_exact_reverse(self, indexed: Table, index: str) -> None:
        indexed.put_all([*TIES[::2], *BESIDE, *TIES[1::2]])
        order = ids_of(indexed.query_index(index, "x").items)
        assert sorted(map(str, order)) == ids_of([*TIES, *BESIDE])
        assert ids_of(indexed.query_index(index, "x").items) == order
        assert ids_of(indexed.query_index(index, "x", descending=True).items) == order[::-1]

    @proves("18.16")
    @cases("index", NAMES)
    @cases("descending", {"ascending": False, "descending": True})
    def test_ties_are_paged_once_each(
        self,
        indexed: Table,
        index: str,
        descending: bool,
    ) -> None:
        indexed.put_all(TIES)
        query = indexed.query_index_of(index, "x", descending=descending)
        order = ids_of(indexed.execute(query).items)
        pages = list(indexed.pages(indexed.query_index_of(index, "x", descending=descending, limit=1)))
        assert [ids_of(page.items) for page in pages] == [[sk] for sk in order] + [[]]
        five = indexed.query_index_of(index, "x", descending=descending, limit=5)
        assert ids_of(indexed.read_all(five)) == order

    @proves("18.17")
    @cases("index, cursor", CURSORS)
    def test_cursor_is_the_key_of_index_and_table(self, indexed: Table, index: str, cursor: Item) -> None:
        indexed.put_all([item_of("00"), item_of("01", gs=2, ls="2")])
        assert indexed.query_index(index, "x", limit=2).cursor is not None
        found = [page.cursor for page in indexed.pages(indexed.query_index_of(index, "x", limit=1))]
        assert cursor in found
        assert indexed.execute(Scan(indexed.name, index=index, limit=2)).cursor is not None
        assert cursor in [page.cursor for page in indexed.pages(Scan(indexed.name, index=index, limit=1))]

    @proves("18.18")
    @cases("index", NAMES)
    @cases("descending", {"ascending": False, "descending": True})
    def test_reading_of_ties_continues_after_a_deleted_item(
        self,
        indexed: Table,
        index: str,
        descending: bool,
    ) -> None:
        indexed.put_all(TIES)
        order = ids_of(indexed.query_index(index, "x", descending=descending).items)
        cursor = indexed.query_index(index, "x", descending=descending, limit=5).cursor
        for sk in order[3:6]:
            indexed.delete({"pk": "x", "sk": str(sk)})
        rest = indexed.query_index_of(index, "x", descending=descending, limit=2, cursor=cursor)
        assert ids_of(indexed.read_all(rest)) == order[6:]

    @proves("18.19")
    def test_cursor_of_a_moved_item_continues_from_its_old_position(self, indexed: Table) -> None:
        indexed.put_all([item_of(str(number), gs=number) for number in range(5)])
        cursor = indexed.query_index("by_gh_gs", "x", limit=2).cursor
        indexed.put(item_of("1", gs=10))
        assert ids_of(indexed.query_index("by_gh_gs", "x", cursor=cursor).items) == ["2", "3", "4", "1"]

    @proves("18.20")
    def test_cursor_of_an_index_is_compared_by_value(self, indexed: Table) -> None:
        indexed.put_all([item_of(str(number), gs=number) for number in (9, 10, 100)])
        cursor: Item = {"gh": "x", "gs": Decimal("10.0"), "pk": "x", "sk": "10"}
        assert ids_of(indexed.query_index("by_gh_gs", "x", cursor=cursor).items) == ["100"]

    @proves("18.17")
    @cases("index, cursor", BAD_CURSORS)
    def test_cursor_must_be_the_key_of_index_and_table(self, indexed: Table, index: str, cursor: Item) -> None:
        indexed.put_all(TIES)
        operations: list[Paged] = [
            indexed.query_index_of(index, "x", cursor=cursor),
            Scan(indexed.name, index=index, cursor=cursor),
        ]
        for operation in operations:
            with pytest.raises(InvalidRequestError):
                indexed.execute(operation)

    @proves("18.21")
    def test_cursor_of_another_partition_of_the_index_is_refused(self, indexed: Table) -> None:
        indexed.put_all(TIES)
        with pytest.raises(InvalidRequestError):
            indexed.query_index("by_gh_gs", "x", cursor={"gh": "y", "gs": 1, "pk": "x", "sk": "00"})

    @proves("18.22")
    @cases("index", NAMES)
    def test_scan_of_an_index_returns_every_item_once(self, indexed: Table, index: str) -> None:
        items = [*TIES, *BESIDE] + [{**item, "pk": "y", "gh": "y"} for item in TIES[:3]]
        indexed.put_all([*items, {"pk": "x", "sk": "outside"}, {"pk": "z", "sk": "outside"}])
        for limit in (None, 1, 4, len(items)):
            found = indexed.index_items(index, limit=limit)
            assert sorted((str(item["pk"]), str(item["sk"])) for item in found) == sorted(
                (str(item["pk"]), str(item["sk"])) for item in items
            )
        groups = [item[HASH_NAMES[index]] for item in indexed.index_items(index, limit=2)]
        assert groups in (sorted(groups, key=str), sorted(groups, key=str, reverse=True))

    @proves("18.23")
    def test_limit_and_filter_of_an_index_count_as_in_a_table(self, indexed: Table) -> None:
        indexed.put_all([item_of(str(number), gs=number, v=number % 2) for number in range(6)])
        page = indexed.query_index("by_gh_gs", "x", filter=Comparison(V, EQ, 1), limit=3)
        assert (ids_of(page.items), page.count, page.scanned_count) == (["1"], 1, 3)
        count = indexed.query_index("by_gh_gs", "x", filter=Comparison(V, EQ, 1), count_only=True)
        assert (count.items, count.count, count.scanned_count, count.cursor) == ((), 3, 6, None)

    @proves("18.13")
    @cases("index, condition", BAD_KEY_CONDITIONS)
    def test_key_condition_must_be_on_the_key_of_the_index(
        self, indexed: Table, index: str, condition: KeyCondition
    ) -> None:
        indexed.put_all(TIES)
        with pytest.raises(InvalidRequestError):
            indexed.execute(Query(indexed.name, condition, index=index))

    @proves("18.24")
    @cases("index, condition", KEY_FILTERS)
    def test_filter_of_a_query_may_not_name_the_key_of_the_index(
        self, indexed: Table, index: str, condition: AnyCondition
    ) -> None:
        indexed.put_all(TIES)
        with pytest.raises(InvalidRequestError, match="Filter Expression can only contain non-primary key attributes"):
            indexed.query_index(index, "x", filter=condition)

    @proves("18.25")
    def test_filter_of_a_global_query_may_name_the_key_of_the_table(self, indexed: Table) -> None:
        indexed.put_all([{**item_of(sk), "pk": pk} for pk in "xy" for sk in "12"])
        condition = Comparison(Path("pk"), EQ, "y") & Comparison(Path("sk"), GT, "1")
        assert indexed.query_index("by_gh_gs", "x", filter=condition).items == ({**item_of("2"), "pk": "y"},)

    @proves("18.25")
    def test_filter_of_a_query_of_the_table_may_name_the_key_of_an_index(self, indexed: Table) -> None:
        indexed.put_all([item_of("1"), item_of("2", gh="y", ls="2")])
        condition = Comparison(Path("gh"), EQ, "y") & Comparison(LS, EQ, "2")
        assert ids_of(indexed.query("x", filter=condition).items) == ["2"]

    @proves("18.26")
    def test_filter_of_a_scan_of_an_index_may_name_its_key(self, indexed: Table) -> None:
        indexed.put_all([item_of("1"), item_of("2", gs=2)])
        condition = Comparison(GS, EQ, 2) & Comparison(Path("gh"), EQ, "x")
        assert ids_of(indexed.index_items("by_gh_gs", filter=condition)) == ["2"]

    @proves("18.35")
    def test_query_of_a_missing_index_is_refused(self, indexed: Table) -> None:
        condition = KeyCondition(Comparison(Path("gh"), EQ, "x"))
        operations: list[Paged] = [Scan(indexed.name, index="by_none"), Query(indexed.name, condition, index="by_none")]
        for operation in operations:
            with pytest.raises(InvalidRequestError, match="does not have the specified index"):
                indexed.execute(operation)
