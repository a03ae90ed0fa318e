"""Views: the order of items, and reading from any position."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dynamongo.backends.memory.ordered import WHOLE, Boundary, Interval
from dynamongo.backends.memory.partitions import NO_SORT, Stored
from dynamongo.backends.memory.table import MemoryTable
from dynamongo.backends.memory.views import View, make_view
from dynamongo.schema import IndexSchema, KeyAttribute, KeySchema, Projection, TableSchema

PK, SK, NUM, G = KeyAttribute("pk", "S"), KeyAttribute("sk", "S"), KeyAttribute("sk", "N"), KeyAttribute("g", "S")
HASH_ONLY, RANGED = KeySchema(PK), KeySchema(PK, NUM)


def store(item: dict[str, Any]) -> Stored:
    return Stored(item, 1)


def fill_view(*items: dict[str, Any], keys: KeySchema = RANGED) -> View:
    view = make_view(keys, keys)
    for item in items:
        position = view.locate(item)
        view.put(position, view.find(position), store(item))
    return view


def keys_of(entries: Any) -> list[tuple[Any, ...]]:
    return [(entry.item["pk"], entry.item.get("sk")) for entry in entries]


def test_partition_is_read_in_range_order_or_in_reverse() -> None:
    view = fill_view(*({"pk": "a", "sk": number} for number in (10, -1, 9, Decimal("0.5"))))
    assert keys_of(view.read_partition("a")) == [("a", -1), ("a", Decimal("0.5")), ("a", 9), ("a", 10)]
    assert keys_of(view.read_partition("a", descending=True)) == keys_of(view.read_partition("a"))[::-1]
    assert keys_of(view.read_partition("b")) == []


def test_equal_numbers_have_the_same_position() -> None:
    view = fill_view({"pk": "a", "sk": 1, "v": "old"}, {"pk": "a", "sk": Decimal("1.0"), "v": "new"})
    assert [entry.item["v"] for entry in view.read_partition("a")] == ["new"]


def test_keys_are_not_joined() -> None:
    view = fill_view({"pk": "a|b", "sk": "c"}, {"pk": "a", "sk": "b|c"}, keys=KeySchema(PK, SK))
    assert len(view) == 2


def test_interval_excludes_its_upper_end() -> None:
    view = fill_view(*({"pk": "a", "sk": number} for number in range(5)))
    assert keys_of(view.read_partition("a", Interval(Boundary(1), Boundary(3)))) == [("a", 1), ("a", 2)]
    after = Interval(Boundary(1, is_after=True), Boundary(3, is_after=True))
    assert keys_of(view.read_partition("a", after)) == [("a", 2), ("a", 3)]
    assert keys_of(view.read_partition("a", Interval(Boundary(3), Boundary(1)))) == []


@given(st.sets(st.integers(0, 20)), st.integers(0, 20), st.booleans())
def test_reading_continues_after_a_position_without_an_item(present: set[int], at: int, descending: bool) -> None:  # noqa: FBT001 - drawn
    view = fill_view(*({"pk": "a", "sk": number} for number in present))
    rest = WHOLE.after(at, descending=descending)
    expected = sorted((n for n in present if (n < at if descending else n > at)), reverse=descending)
    assert keys_of(view.read_partition("a", rest, descending=descending)) == [("a", number) for number in expected]


def test_item_without_a_range_key_is_not_read_again_after_itself() -> None:
    view = fill_view({"pk": "a"}, keys=HASH_ONLY)
    assert keys_of(view.read_partition("a")) == [("a", None)]
    for descending in (False, True):
        rest = WHOLE.after(NO_SORT, descending=descending)
        assert keys_of(view.read_partition("a", rest, descending=descending)) == []


KEYS = [(letter, number) for letter in "abcdefgh" for number in range(3)]


def test_scan_reads_partition_by_partition() -> None:
    view = fill_view(*({"pk": pk, "sk": sk} for pk, sk in KEYS))
    read = keys_of(view.read_all())
    order = list(dict.fromkeys(pk for pk, _ in read))
    assert read == [(pk, sk) for pk in order for sk in range(3)]
    assert sorted(order) == list("abcdefgh")
    assert order not in (list("abcdefgh"), list("hgfedcba"))


def test_scan_order_does_not_depend_on_the_order_of_writes() -> None:
    items = [{"pk": pk, "sk": sk} for pk, sk in KEYS]
    assert keys_of(fill_view(*items).read_all()) == keys_of(fill_view(*items[::-1]).read_all())


@pytest.mark.parametrize("cut", range(len(KEYS)))
def test_scan_continues_after_a_deleted_item(cut: int) -> None:
    view = fill_view(*({"pk": pk, "sk": sk} for pk, sk in KEYS))
    read = [entry.item for entry in view.read_all()]
    for gone in read[max(0, cut - 3) : cut + 1]:
        view.put(view.locate(gone), store(gone), None)
    assert [entry.item for entry in view.read_all(view.locate(read[cut]))] == read[cut + 1 :]


@pytest.mark.parametrize("keys", [HASH_ONLY, RANGED])
def test_order_of_an_earlier_read_includes_later_writes(keys: KeySchema) -> None:
    items: list[dict[str, Any]] = [{"pk": pk, "sk": sk} for pk, sk in KEYS]
    view = fill_view(*items[::2], keys=keys)
    assert len(list(view.read_all())) == len(view)
    copied = view.copy()
    for item in items[1::2]:
        position = view.locate(item)
        view.put(position, view.find(position), store(item))
    for item in items[::3]:
        position = view.locate(item)
        view.put(position, view.find(position), None)
    kept = [item for item in items if view.find(view.locate(item))]
    assert keys_of(view.read_all()) == keys_of(fill_view(*kept, keys=keys).read_all())
    assert keys_of(copied.read_all()) == keys_of(fill_view(*items[::2], keys=keys).read_all())


def test_emptied_partition_is_forgotten() -> None:
    view = fill_view({"pk": "a", "sk": 1})
    view.put(("a", 1), store({"pk": "a", "sk": 1}), None)
    assert (len(view), keys_of(view.read_all()), view.find(view.locate({"pk": "a", "sk": 1}))) == (0, [], None)


class TestIndex:
    SCHEMA = TableSchema(
        "table",
        KeySchema(PK, SK),
        indexes=(
            IndexSchema("by_g", KeySchema(G)),
            IndexSchema("by_g_v", KeySchema(G, KeyAttribute("v", "N")), Projection("include", ("w",))),
        ),
    )

    def put(self, table: MemoryTable, **item: Any) -> None:
        new = store({"pk": "a", "sk": "a", **item})
        position = table.locate_item(new.item)
        table.replace(position, table.primary.find(position), new)

    def read(self, table: MemoryTable, name: str) -> list[Any]:
        return [entry.item for entry in table.indexes[name].read_all()]

    def test_item_without_all_of_the_key_is_not_in_the_index(self) -> None:
        table = MemoryTable(self.SCHEMA)
        self.put(table, g="x")
        assert [len(self.read(table, name)) for name in ("by_g", "by_g_v")] == [1, 0]

    def test_item_moves_with_its_key_and_leaves_without_it(self) -> None:
        table = MemoryTable(self.SCHEMA)
        self.put(table, g="x", v=1)
        self.put(table, g="y", v=2, w=3, z=4)
        view = table.indexes["by_g_v"]
        assert list(view.read_partition("x")) == []
        assert self.read(table, "by_g_v") == [{"pk": "a", "sk": "a", "g": "y", "v": 2, "w": 3}]
        self.put(table, v=2)
        assert self.read(table, "by_g_v") == self.read(table, "by_g") == []
        assert len(table.primary) == 1

    def test_items_with_equal_index_keys_are_separate_and_can_be_read_in_reverse(self) -> None:
        table = MemoryTable(self.SCHEMA)
        for key in "cab":
            self.put(table, sk=key, g="x")
        view = table.indexes["by_g"]
        forward = [entry.item["sk"] for entry in view.read_partition("x")]
        assert forward == ["a", "b", "c"]
        assert [entry.item["sk"] for entry in view.read_partition("x", descending=True)] == forward[::-1]

    def test_cursor_of_an_index_names_both_keys_once(self) -> None:
        table = MemoryTable(self.SCHEMA)
        assert table.indexes["by_g_v"].key_names == ("g", "v", "pk", "sk")
        assert table.primary.key_names == ("pk", "sk")
