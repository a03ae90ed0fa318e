"""Queries: order, key conditions and filters."""

from __future__ import annotations

from decimal import Decimal
from typing import Any, TypeAlias

import pytest

from dynamongo._support.dataclasses import replace
from dynamongo.exceptions import InvalidRequestError
from dynamongo.expressions.conditions import (
    EQ,
    GE,
    GT,
    LE,
    LT,
    NE,
    AnyCondition,
    BeginsWith,
    Between,
    Comparison,
    Exists,
    Not,
    NotExists,
    Or,
    Path,
    Size,
)
from dynamongo.expressions.values import AttributeValue, ScalarType
from dynamongo.operations import KeyCondition
from dynamongo.testing.contract.base import ContractBase, MakeTable, proves
from dynamongo.testing.contract.table import Table, cases, exact

RangeCondition: TypeAlias = Comparison | Between | BeginsWith

PK, SK, V = Path("pk"), Path("sk"), Path("v")

TEXTS = ["\0", " ", "-", "0", "10", "9", "A", "Z", "a", "a\0", "aa", "b", "e\u0301", "\u00e9", "\uffff", "\U0001f600"]
NUMBERS: list[AttributeValue] = [
    -(10**125), -100, -9, Decimal("-0.5"), Decimal("-1E-130"), 0, Decimal("1E-130"), Decimal("0.5"), 1,
    Decimal("1.0000000000000000000000000000000000001"), 9, 10, 100, int("1" * 38), int("1" * 37 + "2"), 10**125,
]  # fmt: skip
BINARIES = [b"\x00", b"\x00\x00", b"\x7f", b"\x7f\x00", b"\x7f\xff", b"\x80", b"\xff", b"\xff\x00"]

ORDERS: dict[str, tuple[ScalarType, list[Any]]] = {
    "strings by their UTF-8 bytes": ("S", TEXTS),
    "numbers by value": ("N", NUMBERS),
    "binaries by unsigned bytes": ("B", BINARIES),
}

C = Comparison

RANGES: dict[str, tuple[ScalarType, list[Any], RangeCondition, list[Any]]] = {
    "string =": ("S", ["a", "aa", "b"], C(SK, EQ, "a"), ["a"]),
    "string = nothing": ("S", ["a", "aa", "b"], C(SK, EQ, "A"), []),
    "string <": ("S", ["a", "aa", "b"], C(SK, LT, "aa"), ["a"]),
    "string <=": ("S", ["a", "aa", "b"], C(SK, LE, "aa"), ["a", "aa"]),
    "string >": ("S", ["a", "aa", "b"], C(SK, GT, "aa"), ["b"]),
    "string >=": ("S", ["a", "aa", "b"], C(SK, GE, "aa"), ["aa", "b"]),
    "string > beyond the last": ("S", ["a", "aa", "b"], C(SK, GT, "b"), []),
    "string < before the first": ("S", ["a", "aa", "b"], C(SK, LT, "a"), []),
    "string > between": ("S", ["a", "c"], C(SK, GT, "b"), ["c"]),
    "string between": ("S", ["a", "aa", "b", "c"], Between(SK, "aa", "b"), ["aa", "b"]),
    "string between equal bounds": ("S", ["a", "aa", "b"], Between(SK, "aa", "aa"), ["aa"]),
    "string between, none there": ("S", ["a", "c"], Between(SK, "aa", "b"), []),
    "string begins with": ("S", ["a", "ab", "abc", "ac", "b"], BeginsWith(SK, "ab"), ["ab", "abc"]),
    "string begins with nothing there": ("S", ["a", "c"], BeginsWith(SK, "b"), []),
    "string begins with the highest characters": (
        "S", ["a", "\uffff", "\U0010ffff", "\U0010ffffa"], BeginsWith(SK, "\U0010ffff"), ["\U0010ffff", "\U0010ffffa"],
    ),
    "string begins with U+D7FF": ("S", ["\ud7fe", "\ud7ff", "\ue000"], BeginsWith(SK, "\ud7ff"), ["\ud7ff"]),
    "string above U+FFFF": ("S", ["\uffff", "\U0001f600"], C(SK, GT, "\uffff"), ["\U0001f600"]),
    "number =": ("N", [1, 2, 10], C(SK, EQ, Decimal("2.0")), [2]),
    "number <": ("N", [-1, 2, 10], C(SK, LT, 10), [-1, 2]),
    "number <=": ("N", [-1, 2, 10], C(SK, LE, 2), [-1, 2]),
    "number >": ("N", [-1, 2, 10], C(SK, GT, 2), [10]),
    "number >=": ("N", [-1, 2, 10], C(SK, GE, Decimal("1.5")), [2, 10]),
    "number between": ("N", [-10, -2, 9, 10, 100], Between(SK, -2, 10), [-2, 9, 10]),
    "number of 38 digits": ("N", [int("1" * 38), int("1" * 37 + "2")], C(SK, GT, int("1" * 38)), [int("1" * 37 + "2")]),
    "binary =": ("B", [b"\x00", b"\x80"], C(SK, EQ, b"\x80"), [b"\x80"]),
    "binary <": ("B", [b"\x00", b"\x7f", b"\x80"], C(SK, LT, b"\x80"), [b"\x00", b"\x7f"]),
    "binary between": ("B", [b"\x00", b"\x7f", b"\x80", b"\xff"], Between(SK, b"\x7f", b"\x80"), [b"\x7f", b"\x80"]),
    "binary begins with": ("B", [b"\xfe", b"\xff", b"\xff\xff"], BeginsWith(SK, b"\xff"), [b"\xff", b"\xff\xff"]),
}  # fmt: skip

BAD_KEY_CONDITIONS: dict[str, KeyCondition] = {
    "hash key by another comparison": KeyCondition(C(PK, GE, "a")),
    "hash key of another name": KeyCondition(C(V, EQ, "a")),
    "range key in place of the hash key": KeyCondition(C(SK, EQ, "a")),
    "hash key of another attribute's value": KeyCondition(C(PK, EQ, V)),
    "nested hash key": KeyCondition(C(PK / "x", EQ, "a")),
    "range key by <>": KeyCondition(C(PK, EQ, "a"), C(SK, NE, "a")),
    "range key of another name": KeyCondition(C(PK, EQ, "a"), C(V, EQ, "a")),
    "range key of another attribute's value": KeyCondition(C(PK, EQ, "a"), C(SK, LT, V)),
    "range key between another attribute's values": KeyCondition(C(PK, EQ, "a"), Between(SK, "a", V)),
    "nested range key": KeyCondition(C(PK, EQ, "a"), C(SK / "x", EQ, "a")),
    "hash key twice": KeyCondition(C(PK, EQ, "a"), C(PK, EQ, "a")),
    "size of the range key": KeyCondition(C(PK, EQ, "a"), C(Size(SK), EQ, 1)),
}

MISTYPED_CONDITIONS: dict[str, KeyCondition] = {
    "hash key": KeyCondition(C(PK, EQ, 1)),
    "range key =": KeyCondition(C(PK, EQ, "a"), C(SK, EQ, 1)),
    "range key <": KeyCondition(C(PK, EQ, "a"), C(SK, LT, b"a")),
    "range key between": KeyCondition(C(PK, EQ, "a"), Between(SK, 1, 2)),
    "range key begins with": KeyCondition(C(PK, EQ, "a"), BeginsWith(SK, b"a")),
    "hash key of a boolean": KeyCondition(C(PK, EQ, True)),
}

KEY_FILTERS: dict[str, AnyCondition] = {
    "hash key": C(PK, EQ, "a"),
    "range key": C(SK, EQ, "a"),
    "inside an or": Or(C(V, EQ, 1), C(SK, EQ, "a")),
    "inside a not": Not(Exists(SK)),
    "on the right": C("a", EQ, SK),
    "compared with an attribute": C(V, EQ, SK),
    "size": C(Size(SK), EQ, 1),
    "child of the key": Exists(SK / "x"),
}


def keys_of(items: tuple[Any, ...]) -> list[object]:
    """Return the range keys of the items."""
    return [exact(item["sk"]) for item in items]


class QueryContract(ContractBase):
    """Query: which items it returns, in which order."""

    @proves("15.2", cases={"2.12": ["numbers by value"]})
    @cases("key_type, ordered", ORDERS)
    def test_items_are_in_the_order_of_the_range_key(
        self, make_table: MakeTable, key_type: ScalarType, ordered: list[Any]
    ) -> None:
        table = make_table("S", key_type)
        table.put_all([{"pk": "a", "sk": key} for key in ordered[::2] + ordered[1::2][::-1]])
        assert keys_of(table.query("a").items) == exact(ordered)
        assert keys_of(table.query("a", descending=True).items) == exact(ordered[::-1])
        for descending, expected in ((False, ordered), (True, ordered[::-1])):
            items = table.read_all(table.query_of("a", descending=descending, limit=3))
            assert keys_of(tuple(items)) == exact(expected)

    @proves("15.3")
    @cases("key_type, ordered", ORDERS)
    def test_bounds_agree_with_the_order(self, make_table: MakeTable, key_type: ScalarType, ordered: list[Any]) -> None:
        table = make_table("S", key_type)
        table.put_all([{"pk": "a", "sk": key} for key in reversed(ordered)])
        for position, key in enumerate(ordered):
            assert keys_of(table.query("a", C(SK, LT, key)).items) == exact(ordered[:position])
            assert keys_of(table.query("a", C(SK, GE, key)).items) == exact(ordered[position:])

    @proves(
        "15.4",
        cases={
            "15.4": ["string =", "string <", "string <=", "string >", "string >=", "number <", "number >=", "binary <"],
            "15.5": [
                "string between",
                "string between equal bounds",
                "string between, none there",
                "number between",
                "binary between",
            ],
            "15.6": [
                "string begins with",
                "string begins with the highest characters",
                "string begins with U+D7FF",
                "binary begins with",
            ],
        },
    )
    @cases("key_type, stored, condition, expected", RANGES)
    def test_range_condition(
        self,
        make_table: MakeTable,
        key_type: ScalarType,
        stored: list[Any],
        condition: RangeCondition,
        expected: list[Any],
    ) -> None:
        table = make_table("S", key_type)
        table.put_all([{"pk": "a", "sk": key} for key in stored] + [{"pk": "b", "sk": key} for key in stored])
        assert keys_of(table.query("a", condition).items) == exact(expected)
        assert keys_of(table.query("a", condition, descending=True).items) == exact(expected[::-1])
        items = table.read_all(table.query_of("a", condition, limit=1))
        assert keys_of(tuple(items)) == exact(expected)

    @proves("15.1")
    @cases(
        "hash_type, value, other", {"S": ("S", "a", "A"), "N": ("N", Decimal("1.50"), 1), "B": ("B", b"\xff", b"\x7f")}
    )
    def test_query_reads_one_partition(
        self, make_table: MakeTable, hash_type: ScalarType, value: Any, other: Any
    ) -> None:
        table = make_table(hash_type, "N")
        table.put_all([{"pk": key, "sk": number} for key in (value, other) for number in (2, 1)])
        assert table.query(value).items == ({"pk": value, "sk": 1}, {"pk": value, "sk": 2})

    @proves("15.20")
    def test_query_of_an_empty_partition(self, ranged: Table) -> None:
        page = ranged.query("a")
        assert (page.items, page.count, page.scanned_count, page.cursor) == ((), 0, 0, None)

    @proves(
        "15.8",
        cases={
            "15.9": [
                "hash key of another name",
                "range key of another name",
                "range key in place of the hash key",
                "nested hash key",
                "nested range key",
            ]
        },
    )
    @cases("condition", BAD_KEY_CONDITIONS)
    def test_key_condition_is_refused(self, ranged: Table, condition: KeyCondition) -> None:
        ranged.put({"pk": "a", "sk": "a", "v": "a"})
        with pytest.raises(InvalidRequestError):
            ranged.execute(replace(ranged.query_of("a"), key_condition=condition))

    @proves("15.10")
    def test_range_condition_on_a_table_without_range_key_is_refused(self, table: Table) -> None:
        with pytest.raises(InvalidRequestError):
            table.query("a", C(SK, EQ, "a"))

    @proves("15.7")
    def test_number_has_no_beginning(self, make_table: MakeTable) -> None:
        with pytest.raises(InvalidRequestError):
            make_table("S", "N").query("a", BeginsWith(SK, "1"))

    @proves(
        cases={
            "15.11": ["hash key", "range key =", "range key <", "range key between", "range key begins with"],
            "15.12": ["hash key of a boolean"],
        }
    )
    @cases("condition", MISTYPED_CONDITIONS)
    def test_key_condition_of_another_type_is_refused(self, ranged: Table, condition: KeyCondition) -> None:
        ranged.put({"pk": "a", "sk": "a"})
        with pytest.raises(InvalidRequestError):
            ranged.execute(replace(ranged.query_of("a"), key_condition=condition))

    @proves("15.13")
    @cases(
        "hash_key, condition",
        {
            "hash key": ("", None),
            "range key =": ("a", C(SK, EQ, "")),
            "range key <": ("a", C(SK, LT, "")),
        },
    )
    def test_empty_key_condition_is_refused(self, ranged: Table, hash_key: str, condition: RangeCondition) -> None:
        with pytest.raises(InvalidRequestError):
            ranged.query(hash_key, condition)

    @proves("15.15")
    @cases("condition", KEY_FILTERS)
    def test_filter_of_a_query_may_not_name_the_key(self, ranged: Table, condition: AnyCondition) -> None:
        ranged.put({"pk": "a", "sk": "a", "v": "a"})
        with pytest.raises(InvalidRequestError, match="Filter Expression can only contain non-primary key attributes"):
            ranged.query("a", filter=condition)

    @proves("17.5")
    def test_filter_of_a_scan_may_name_the_key(self, ranged: Table) -> None:
        ranged.put_all([{"pk": pk, "sk": sk} for pk in "ab" for sk in "12"])
        condition = C(PK, EQ, "a") & C(SK, GT, "1")
        assert ranged.scan(filter=condition).items == ({"pk": "a", "sk": "2"},)

    @proves("17.6")
    @cases("condition", {"hash key": NotExists(PK / "x"), "range key": Exists(SK / 0), "right": C(V, NE, PK / "x")})
    def test_filter_of_a_scan_may_not_look_inside_the_key(self, ranged: Table, condition: AnyCondition) -> None:
        ranged.put({"pk": "a", "sk": "a", "v": "a"})
        with pytest.raises(InvalidRequestError, match="Key attributes must be scalars"):
            ranged.scan(filter=condition)

    @proves("15.17")
    def test_filter_drops_items_that_were_read(self, ranged: Table) -> None:
        ranged.put_all([{"pk": "a", "sk": str(number), "v": number} for number in range(6)])
        page = ranged.query("a", C(SK, GE, "2"), filter=C(V, LT, 4))
        assert [item["v"] for item in page.items] == [2, 3]
        assert (page.count, page.scanned_count, page.cursor) == (2, 4, None)

    @proves("15.18")
    def test_count_only_returns_counts_without_items(self, ranged: Table) -> None:
        ranged.put_all([{"pk": "a", "sk": str(number), "v": number} for number in range(6)])
        few = C(V, LT, 4)
        for page in (ranged.query("a", filter=few, count_only=True), ranged.scan(filter=few, count_only=True)):
            assert (page.items, page.count, page.scanned_count, page.cursor) == ((), 4, 6, None)
