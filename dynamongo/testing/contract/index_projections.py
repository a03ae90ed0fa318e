"""Projections of indexes: which attributes an index holds, and which can be read through it."""

from __future__ import annotations

import pytest

from dynamongo.exceptions import InvalidRequestError
from dynamongo.expressions.conditions import EQ, AnyCondition, Comparison, Exists, Not, NotExists, Path
from dynamongo.expressions.values import Item
from dynamongo.operations import Scan
from dynamongo.testing.contract.base import proves
from dynamongo.testing.contract.indexed import GLOBAL_NAMES, LOCAL_NAMES, NAMES, WITHOUT_ALL, IndexBase, item_of
from dynamongo.testing.contract.table import Paged, Table, cases

A, E, M = Path("a"), Path("e"), Path("m")

ITEM = item_of("1", a="A", e="E", m={"x": 1, "y": [2]})
TABLE_KEY: Item = {"pk": "x", "sk": "1"}
GLOBAL_KEY: Item = TABLE_KEY | {"gh": "x", "gs": 1}
LOCAL_KEY: Item = TABLE_KEY | {"ls": "1"}
INCLUDED: Item = {"a": "A", "m": {"x": 1, "y": [2]}}

HELD: dict[str, tuple[str, Item]] = {
    "global, all": ("by_gh_gs", ITEM),
    "global without range key, all": ("by_gh", ITEM),
    "global, keys only": ("by_gh_gs_keys", GLOBAL_KEY),
    "global, some": ("by_gh_gs_some", GLOBAL_KEY | INCLUDED),
    "local, all": ("by_ls", ITEM),
    "local, keys only": ("by_ls_keys", LOCAL_KEY),
    "local, some": ("by_ls_some", LOCAL_KEY | INCLUDED),
}

PROJECTED: dict[str, tuple[str, tuple[Path, ...], Item]] = {
    "attribute": ("by_gh_gs_some", (A,), {"a": "A"}),
    "part of an attribute": ("by_gh_gs_some", (M / "y" / 0, M / "x"), {"m": {"x": 1, "y": [2]}}),
    "key of the index": ("by_gh_gs_keys", (Path("gs"),), {"gs": 1}),
    "key of the table": ("by_gh_gs_keys", (Path("sk"), Path("gh")), {"sk": "1", "gh": "x"}),
    "any attribute where all are held": ("by_gh_gs", (E,), {"e": "E"}),
    "attribute, local": ("by_ls_some", (A,), {"a": "A"}),
    "key of the index, local": ("by_ls_keys", (Path("ls"),), {"ls": "1"}),
}

# A local index fetches the other attributes from the table.
FETCHED: dict[str, tuple[str, tuple[Path, ...], Item]] = {
    "attribute": ("by_ls_keys", (E,), {"e": "E"}),
    "part of an attribute": ("by_ls_keys", (M / "y", Path("ls")), {"m": {"y": [2]}, "ls": "1"}),
    "attribute beside one that is held": ("by_ls_some", (E, A), {"e": "E", "a": "A"}),
    "key of another index": ("by_ls_some", (Path("gh"),), {"gh": "x"}),
    "missing attribute": ("by_ls_keys", (Path("missing"),), {}),
}

NOT_HELD: dict[str, tuple[str, tuple[Path, ...]]] = {
    "attribute": ("by_gh_gs_keys", (E,)),
    "attribute that another index holds": ("by_gh_gs_keys", (A,)),
    "attribute beside one that is held": ("by_gh_gs_some", (A, E)),
    "part of an attribute": ("by_gh_gs_keys", (M / "x",)),
    "key of another index": ("by_gh_gs_some", (Path("ls"),)),
}

FILTERS: dict[str, tuple[AnyCondition, bool]] = {
    "=": (Comparison(A, EQ, "A"), True),
    "= of another value": (Comparison(A, EQ, "B"), False),
    "part of an attribute": (Comparison(M / "x", EQ, 1), True),
    "not": (Not(Exists(A)), False),
}
FILTERS_NOT_HELD: dict[str, AnyCondition] = {
    "attribute": Comparison(E, EQ, "E"),
    "attribute that must be missing": NotExists(E),
    "beside one that is held": Exists(A) | Exists(E),
    "on the right": Comparison(A, EQ, E),
}


WITHOUT_ALL_GLOBAL = {name: name for name in WITHOUT_ALL if name in GLOBAL_NAMES}


class IndexProjectionContract(IndexBase):
    """What reading an index returns."""

    @proves("18.27")
    @cases("index, held", HELD)
    def test_index_returns_what_it_projects(self, indexed: Table, index: str, held: Item) -> None:
        indexed.put(ITEM)
        assert indexed.query_index(index, "x").items == (held,)
        assert indexed.index_items(index) == [held]

    @proves("18.28")
    @cases("index, paths, expected", PROJECTED)
    def test_projection_of_attributes_of_the_index(
        self, indexed: Table, index: str, paths: tuple[Path, ...], expected: Item
    ) -> None:
        indexed.put(ITEM)
        assert indexed.query_index(index, "x", projection=paths).items == (expected,)
        assert indexed.index_items(index, projection=paths) == [expected]

    @proves(
        cases={
            "18.29": ["attribute", "part of an attribute", "attribute beside one that is held", "key of another index"],
            "18.30": ["missing attribute"],
        }
    )
    @cases("index, paths, expected", FETCHED)
    def test_local_index_fetches_other_attributes(
        self, indexed: Table, index: str, paths: tuple[Path, ...], expected: Item
    ) -> None:
        indexed.put(ITEM)
        assert indexed.query_index(index, "x", projection=paths).items == (expected,)

    @proves("18.36")
    @cases("index", LOCAL_NAMES)
    def test_local_index_fetches_whole_items_if_asked(self, indexed: Table, index: str) -> None:
        indexed.put(ITEM)
        assert indexed.query_index(index, "x", fetch=True).items == (ITEM,)

    @proves(cases={"18.37": ["by_ls_keys", "by_ls_some"], "18.38": ["by_ls"]})
    @cases("index", LOCAL_NAMES)
    def test_scan_of_a_local_index_fetches_whole_items_too(self, indexed: Table, index: str) -> None:
        indexed.put(ITEM)
        assert indexed.index_items(index, fetch=True) == [ITEM]

    @proves("18.39")
    @cases("index", WITHOUT_ALL_GLOBAL)
    def test_global_index_refuses_to_fetch_whole_items(self, indexed: Table, index: str) -> None:
        indexed.put(ITEM)
        for operation in (indexed.query_index_of(index, "x", fetch=True), Scan(indexed.name, index=index, fetch=True)):
            with pytest.raises(InvalidRequestError, match="Select type ALL_ATTRIBUTES is not supported"):
                indexed.execute(operation)

    @proves("18.31")
    @cases("index, paths", NOT_HELD)
    def test_global_index_refuses_a_projection_outside_of_it(
        self, indexed: Table, index: str, paths: tuple[Path, ...]
    ) -> None:
        indexed.put(ITEM)
        operations: list[Paged] = [
            indexed.query_index_of(index, "x", projection=paths),
            Scan(indexed.name, index=index, projection=paths),
        ]
        for operation in operations:
            with pytest.raises(InvalidRequestError, match="does not project"):
                indexed.execute(operation)

    @proves("18.32")
    @cases("condition, expected", FILTERS)
    def test_filter_on_attributes_of_the_index(self, indexed: Table, condition: AnyCondition, expected: bool) -> None:
        indexed.put(ITEM)
        for index in ("by_gh_gs", "by_gh_gs_some", "by_ls", "by_ls_some"):
            assert indexed.query_index(index, "x", filter=condition).count == expected
            assert indexed.query_index(index, "x", filter=condition, count_only=True).count == expected
            assert len(indexed.index_items(index, filter=condition)) == expected

    @proves("18.33")
    @cases("index", WITHOUT_ALL)
    @cases("condition", FILTERS_NOT_HELD)
    def test_filter_on_attributes_outside_the_index_is_refused(
        self, indexed: Table, index: str, condition: AnyCondition
    ) -> None:
        indexed.put(ITEM)
        with pytest.raises(InvalidRequestError, match="does not project"):
            indexed.query_index(index, "x", filter=condition)

    @proves("18.23")
    @cases("index", NAMES)
    def test_count_of_an_index(self, indexed: Table, index: str) -> None:
        indexed.put_all([ITEM, item_of("2"), {"pk": "x", "sk": "outside"}])
        page = indexed.query_index(index, "x", count_only=True)
        assert (page.items, page.count, page.scanned_count) == ((), 2, 2)

    @proves("18.34")
    @cases("index", GLOBAL_NAMES)
    def test_global_index_is_not_read_consistently(self, indexed: Table, index: str) -> None:
        operations: list[Paged] = [
            indexed.query_index_of(index, "x", consistent=True),
            Scan(indexed.name, index=index, consistent=True),
        ]
        for operation in operations:
            with pytest.raises(InvalidRequestError, match="Consistent reads are not supported"):
                indexed.execute(operation)

    @proves("18.34")
    @cases("index", LOCAL_NAMES)
    def test_local_index_is_read_consistently(self, indexed: Table, index: str) -> None:
        indexed.put(ITEM)
        assert indexed.query_index(index, "x", consistent=True).count == 1
        assert indexed.execute(Scan(indexed.name, index=index, consistent=True)).count == 1
