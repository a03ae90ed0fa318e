"""Reading global indexes whose keys have several attributes: key conditions, order, pages and projections.

Sources as in `long_keys`.
"""

from __future__ import annotations

import itertools
from typing import Any

import pytest

from dynamongo.exceptions import InvalidRequestError
from dynamongo.expressions.conditions import (
    EQ,
    GE,
    GT,
    LE,
    LT,
    AnyCondition,
    BeginsWith,
    Between,
    Comparison,
    Exists,
    Path,
)
from dynamongo.expressions.values import Item
from dynamongo.operations import KeyCondition, KeyPart, PageResult, Query, Scan
from dynamongo.testing.contract.base import MakeTable, proves
from dynamongo.testing.contract.long_keys import BY_TWO, INDEXES, KEY, OF_EIGHT, OF_TWO, LongKeyBase, index_of
from dynamongo.testing.contract.table import Table, cases, in_order

C = Comparison
H1, H2, H3, H4 = Path("h1"), Path("h2"), Path("h3"), Path("h4")
R1, R2, R3, R4 = Path("r1"), Path("r2"), Path("r3"), Path("r4")
A1, A2 = C(H1, EQ, "a"), C(H2, EQ, 1)
PARTITION = (A1, A2)

# As joined text, 10 would come before 9, and `ab` with 9 before `a` with 10.
VALUES = tuple(itertools.product(["a", "ab", "b"], [9, 10]))
ITEMS: list[Item] = [
    {"pk": f"p{place % 4}", "sk": f"{place}", "h1": "a", "h2": 1, "r1": r1, "r2": r2}
    for place, (r1, r2) in enumerate(reversed(VALUES))
]
BESIDE: list[Item] = [
    {"pk": "q", "sk": "1", "h1": "a", "h2": 2, "r1": "a", "r2": 9},
    {"pk": "q", "sk": "2", "h1": "b", "h2": 1, "r1": "a", "r2": 9},
    {"pk": "q", "sk": "3", "h1": "a", "h2": 1, "r1": "a"},
]

SELECTED: dict[str, tuple[tuple[KeyPart, ...], list[tuple[str, int]]]] = {
    "hash attributes alone": (PARTITION, list(VALUES)),
    "first range attribute by =": ((*PARTITION, C(R1, EQ, "a")), [("a", 9), ("a", 10)]),
    "first range attribute by >": ((*PARTITION, C(R1, GT, "a")), list(VALUES[2:])),
    "first range attribute by <=": ((*PARTITION, C(R1, LE, "ab")), list(VALUES[:4])),
    "first range attribute begins with": ((*PARTITION, BeginsWith(R1, "a")), list(VALUES[:4])),
    "first range attribute between": ((*PARTITION, Between(R1, "aa", "b")), list(VALUES[2:])),
    "second range attribute by =": ((*PARTITION, C(R1, EQ, "ab"), C(R2, EQ, 10)), [("ab", 10)]),
    "second range attribute by <": ((*PARTITION, C(R1, EQ, "ab"), C(R2, LT, 10)), [("ab", 9)]),
    "second range attribute by >=": ((*PARTITION, C(R1, EQ, "a"), C(R2, GE, 10)), [("a", 10)]),
    "second range attribute between": ((*PARTITION, C(R1, EQ, "a"), Between(R2, 9, 10)), [("a", 9), ("a", 10)]),
    "in another order": ((C(R2, GT, 9), A2, C(R1, EQ, "b"), A1), [("b", 10)]),
    "no such value": ((*PARTITION, C(R1, EQ, "c")), []),
    "no such partition": ((A1, C(H2, EQ, 3)), []),
}
GAPS: dict[str, tuple[KeyPart, ...]] = {
    "second range attribute without the first": (C(R2, EQ, 9),),
    "second range attribute after a bound": (C(R1, GT, "a"), C(R2, EQ, 9)),
    "two bounds": (C(R1, GT, "a"), C(R2, LT, 9)),
    "second range attribute after a prefix": (BeginsWith(R1, "a"), C(R2, EQ, 9)),
    "second range attribute after an interval": (Between(R1, "a", "b"), C(R2, EQ, 9)),
}
BAD_HASH_KEYS: dict[str, tuple[KeyPart, ...]] = {
    "first hash attribute alone": (A1,),
    "second hash attribute alone": (A2,),
    "second hash attribute left out": (A1, C(R1, EQ, "a")),
    "second hash attribute by >": (A1, C(H2, GT, 0)),
    "first hash attribute by its beginning": (BeginsWith(H1, "a"), A2),
    "second hash attribute between": (A1, Between(H2, 0, 2)),
}
BAD_CONDITIONS: dict[str, tuple[KeyPart, ...]] = {
    "key of the table": (*PARTITION, C(Path("pk"), EQ, "p1")),
    "other attribute after the range attributes": (*PARTITION, C(R1, EQ, "a"), C(R2, EQ, 9), C(Path("v"), EQ, 1)),
    "other attribute in place of a range attribute": (*PARTITION, C(R1, EQ, "a"), C(Path("v"), EQ, 1)),
    "range attribute twice": (*PARTITION, C(R1, EQ, "a"), C(R1, EQ, "a")),
}
MISTYPED: dict[str, tuple[KeyPart, ...]] = {
    "second hash attribute": (A1, C(H2, EQ, "1")),
    "first range attribute": (*PARTITION, C(R1, EQ, 1)),
    "second range attribute": (*PARTITION, C(R1, EQ, "a"), C(R2, GT, "9")),
    "first of two range attributes": (*PARTITION, C(R1, EQ, b"a"), C(R2, GT, 9)),
}
KEY_FILTERS: dict[str, AnyCondition] = {
    "first hash attribute": Exists(H1),
    "second hash attribute": C(H2, EQ, 1),
    "first range attribute": BeginsWith(R1, "a"),
    "second range attribute": C(R2, GT, 9),
    "second range attribute inside an or": C(R2, GT, 9) | Exists(Path("v")),
}
LAST: Item = {**ITEMS[-1]}
BAD_CURSORS: dict[str, Item] = {
    **{f"{name} missing": {other: LAST[other] for other in LAST if other != name} for name in LAST},
    "attribute too many": {**LAST, "v": 1},
    "second range attribute of another type": {**LAST, "r2": "9"},
}


def values_of(items: tuple[Item, ...] | list[Item]) -> list[tuple[object, object]]:
    """Return the values of both range attributes."""
    return [(item["r1"], item["r2"]) for item in items]


class LongKeyQueryContract(LongKeyBase):
    """Query and Scan of an index with a long key."""

    @pytest.fixture
    def filled(self, long_keyed: Table) -> Table:
        """Return a table with `ITEMS`, which are all in one partition of the indexes, and `BESIDE`, which are not."""
        long_keyed.put_all([*ITEMS, *BESIDE])
        return long_keyed

    @staticmethod
    def query_of(table: Table, parts: tuple[KeyPart, ...] = PARTITION, index: str = "by_two", **options: Any) -> Query:
        """Return a query of an index."""
        return Query(table.name, KeyCondition(*parts), index=index, **options)

    def query(self, table: Table, parts: tuple[KeyPart, ...] = PARTITION, **options: Any) -> PageResult:
        """Read one page of an index."""
        return table.execute(self.query_of(table, parts, **options))

    @proves("27.13", "27.19")
    @cases("parts, expected", SELECTED)
    def test_long_key_condition_selects_items_in_order(
        self, filled: Table, parts: tuple[KeyPart, ...], expected: list[tuple[str, int]]
    ) -> None:
        assert values_of(self.query(filled, parts).items) == expected
        assert values_of(self.query(filled, parts, descending=True).items) == expected[::-1]

    @proves("27.13")
    def test_query_compares_eight_attributes(self, long_keyed: Table) -> None:
        items: list[Item] = [{**KEY, **OF_EIGHT}, {**KEY, "sk": "2", **OF_EIGHT, "r4": "z"}]
        long_keyed.put_all([*items, {**KEY, "sk": "3", **OF_EIGHT, "h4": b"\x02"}])
        parts = [C(Path(name), EQ, value) for name, value in OF_EIGHT.items() if name != "r4"]
        found = self.query(long_keyed, (*parts, BeginsWith(R4, "z")), index="by_eight")
        assert found.items == (items[1],)
        assert list(self.query(long_keyed, (*parts,), index="by_eight").items) == items

    @proves("27.14")
    @cases("parts", GAPS)
    def test_range_attributes_before_the_last_one_need_equality(
        self, filled: Table, parts: tuple[KeyPart, ...]
    ) -> None:
        message = "RANGE key attributes r1 must have equality conditions .* present on key attribute r2"
        with pytest.raises(InvalidRequestError, match=message):
            self.query(filled, (*PARTITION, *parts))

    @proves("27.15")
    @cases("parts", BAD_HASH_KEYS)
    def test_every_hash_attribute_needs_equality(self, filled: Table, parts: tuple[KeyPart, ...]) -> None:
        with pytest.raises(InvalidRequestError, match=r"HASH.*equality"):
            self.query(filled, parts)

    @proves("27.16")
    def test_only_hash_attribute_needs_equality(self, make_table: MakeTable) -> None:
        table = make_table("S", "S", (index_of("h1", "r1 r2"),))
        for parts in ((C(R1, EQ, "a"),), (C(H1, GT, "a"),), (C(R1, EQ, "a"), C(R2, EQ, 9))):
            with pytest.raises(InvalidRequestError):
                self.query(table, parts, index="by_long")

    @proves("27.16")
    @cases("parts", BAD_CONDITIONS)
    def test_long_key_condition_is_refused(self, filled: Table, parts: tuple[KeyPart, ...]) -> None:
        with pytest.raises(InvalidRequestError):
            self.query(filled, parts)

    @proves("27.17")
    @cases("parts", MISTYPED)
    def test_long_key_condition_of_another_type_is_refused(self, filled: Table, parts: tuple[KeyPart, ...]) -> None:
        with pytest.raises(InvalidRequestError, match="type"):
            self.query(filled, parts)

    @proves("27.18")
    @cases("condition", KEY_FILTERS)
    def test_filter_of_a_query_may_not_name_a_long_key(self, filled: Table, condition: AnyCondition) -> None:
        with pytest.raises(InvalidRequestError, match="Filter Expression can only contain non-primary key attributes"):
            self.query(filled, filter=condition)

    @proves("27.18")
    def test_filter_of_a_query_of_a_long_key_may_name_other_attributes(self, filled: Table) -> None:
        page = self.query(filled, filter=C(Path("pk"), EQ, "p1") & C(Path("sk"), GT, "1"))
        assert (values_of(page.items), page.count, page.scanned_count) == ([("a", 9)], 1, len(ITEMS))

    @proves("27.20")
    @pytest.mark.parametrize("descending", [False, True], ids=["ascending", "descending"])
    def test_long_keys_are_paged_once_each(self, filled: Table, *, descending: bool) -> None:
        ties: list[Item] = [{**ITEMS[0], "pk": f"tie {place}"} for place in range(5)]
        filled.put_all(ties)
        whole = list(self.query(filled, descending=descending).items)
        assert in_order(whole) == in_order([*ITEMS, *ties])
        for limit in (1, 2, 5, 10):
            assert filled.read_all(self.query_of(filled, limit=limit, descending=descending)) == whole

    @proves("27.20")
    def test_cursor_has_every_attribute_of_a_long_key(self, filled: Table) -> None:
        first = ITEMS[-1]
        assert self.query(filled, limit=1).cursor == first
        assert values_of(self.query(filled, cursor=first).items) == list(VALUES[1:])
        scanned = filled.execute(Scan(filled.name, index="by_two", limit=1)).cursor
        assert scanned is not None
        assert scanned.keys() == first.keys()

    @proves("27.21")
    @cases("cursor", BAD_CURSORS)
    def test_cursor_must_have_every_attribute_of_a_long_key(self, filled: Table, cursor: Item) -> None:
        for operation in (self.query_of(filled, cursor=cursor), Scan(filled.name, index="by_two", cursor=cursor)):
            with pytest.raises(InvalidRequestError):
                filled.execute(operation)

    @proves("27.20")
    def test_reading_of_a_long_key_continues_after_a_deleted_item(self, filled: Table) -> None:
        filled.delete({name: ITEMS[-1][name] for name in ("pk", "sk")})
        assert values_of(self.query(filled, cursor=ITEMS[-1]).items) == list(VALUES[1:])

    @proves("27.22")
    def test_index_returns_all_attributes_of_its_long_key(self, long_keyed: Table) -> None:
        long_keyed.put({**KEY, **OF_TWO, "a": 1, "b": 2})
        assert self.query(long_keyed, index="by_keys").items == ({**KEY, **OF_TWO},)
        assert self.query(long_keyed, index="by_some").items == ({**KEY, **OF_TWO, "a": 1},)
        assert self.query(long_keyed, projection=(R2, Path("b"))).items == ({"r2": 1, "b": 2},)
        count = self.query(long_keyed, count_only=True)
        assert (count.items, count.count) == ((), 1)

    @proves("27.23")
    def test_scan_of_a_long_key_returns_every_member_once(self, filled: Table) -> None:
        members = [*ITEMS, *BESIDE[:2]]
        for index in INDEXES[:2]:
            scan = Scan(filled.name, index=index.name, limit=3)
            assert in_order(filled.read_all(scan)) == in_order(members)
        segments = [Scan(filled.name, index=BY_TWO.name, segment=number, total_segments=3) for number in range(3)]
        assert in_order([item for scan in segments for item in filled.read_all(scan)]) == in_order(members)

    @proves("27.24")
    def test_filter_of_a_scan_may_name_a_long_key(self, filled: Table) -> None:
        found = filled.index_items("by_two", filter=C(R2, EQ, 10) & C(H2, EQ, 1))
        assert in_order(found) == in_order([item for item in ITEMS if item["r2"] == 10])

    @proves("27.28")
    def test_long_key_is_not_read_consistently(self, filled: Table) -> None:
        with pytest.raises(InvalidRequestError, match="Consistent reads are not supported"):
            self.query(filled, consistent=True)
