"""Return values of updates."""

from __future__ import annotations

from typing import TypeAlias

from dynamongo.expressions.updates import AnyUpdate
from dynamongo.expressions.values import Item
from dynamongo.testing.contract.base import ContractBase, proves
from dynamongo.testing.contract.changes import (
    ABC,
    A,
    B,
    L,
    M,
    N,
    P,
    S,
    add,
    append,
    default,
    discard,
    fs,
    more,
    put,
    remove,
)
from dynamongo.testing.contract.table import Table, cases, exact

Updates: TypeAlias = tuple[AnyUpdate, ...]

KEY: Item = {"pk": "a"}
MAP: Item = {"m": {"x": 1, "y": 2, "z": {"deep": 3}}}
ONLY_X_IS_2: Item = {"l": [{"x": 2}]}
ONLY_X_IS_9: Item = {"l": [{"x": 9}]}

RETURNED: dict[str, tuple[Item, Updates, Item | None, Item | None]] = {
    "nothing": ({"a": 1}, (), None, None),
    "set": ({"a": 1, "b": 2}, (put(A, 3),), {"a": 1}, {"a": 3}),
    "set of the same value": ({"a": 1, "b": 2}, (put(A, 1),), {"a": 1}, {"a": 1}),
    "set of a new attribute": ({"b": 2}, (put(A, 1),), None, {"a": 1}),
    "default that is not needed": ({"a": 1}, (default(A, 2),), {"a": 1}, {"a": 1}),
    "copy": ({"a": 1, "b": 2}, (put(A, B),), {"a": 1}, {"a": 2}),
    "set in a map": (MAP, (put(M / "x", 9),), {"m": {"x": 1}}, {"m": {"x": 9}}),
    "set deep in a map": (MAP, (put(M / "z" / "deep", 9),), {"m": {"z": {"deep": 3}}}, {"m": {"z": {"deep": 9}}}),
    "set of a new member of a map": (MAP, (put(M / "new", 9),), None, {"m": {"new": 9}}),
    "two in a map": (MAP, (put(M / "x", 8), remove(M / "y")), {"m": {"x": 1, "y": 2}}, {"m": {"x": 8}}),
    "remove": ({"a": 1, "b": 2}, (remove(A),), {"a": 1}, None),
    "remove of a missing attribute": ({"b": 2}, (remove(A),), None, None),
    "add": ({"n": 1}, (add(N, 1),), {"n": 1}, {"n": 2}),
    "add to nothing": ({}, (add(N, 1),), None, {"n": 1}),
    "increment and remove": ({"n": 1, "a": 1}, (more(N, 1), remove(A)), {"n": 1, "a": 1}, {"n": 2}),
    "append": ({"l": [1]}, (append(L, 2),), {"l": [1]}, {"l": [1, 2]}),
    "delete": ({"s": fs("a", "b")}, (discard(S, "a"),), {"s": fs("a", "b")}, {"s": fs("b")}),
    "delete of all members": ({"s": fs("a")}, (discard(S, "a"),), {"s": fs("a")}, None),
    "name with a dot": ({"x.y": 1}, (put(P("x.y"), 2),), {"x.y": 1}, {"x.y": 2}),
    "set of an element": ({"l": ABC}, (put(L / 1, "X"),), {"l": ["b"]}, {"l": ["X"]}),
    "set of two elements": ({"l": ABC}, (put(L / 2, "Y"), put(L / 0, "X")), {"l": ["a", "c"]}, {"l": ["X", "Y"]}),
    "set inside an element": ({"l": [1, {"x": 2, "y": 3}]}, (put(L / 1 / "x", 9),), ONLY_X_IS_2, ONLY_X_IS_9),
}  # fmt: skip


class ReturnContract(ContractBase):
    """What UpdateItem returns."""

    @proves(
        "13.2",
        cases={
            "5.4": ["name with a dot"],
            "13.2": ["set", "set of the same value", "default that is not needed", "copy", "add", "append", "delete"],
            "13.3": ["set in a map", "set deep in a map", "set of a new member of a map", "two in a map"],
            "13.4": ["set of an element", "set of two elements", "set inside an element"],
            "13.5": [
                "nothing",
                "set of a new attribute",
                "remove",
                "remove of a missing attribute",
                "add to nothing",
                "delete of all members",
            ],
        },
    )
    @cases("before, updates, old, new", RETURNED)
    def test_update_returns_the_paths_it_names(
        self, table: Table, before: Item, updates: Updates, old: Item | None, new: Item | None
    ) -> None:
        table.put(KEY | before)
        assert exact(table.update(KEY, *updates, returns="UPDATED_OLD")) == exact(old)
        table.put(KEY | before)
        assert exact(table.update(KEY, *updates, returns="UPDATED_NEW")) == exact(new)

    @proves("13.1")
    def test_update_returns_the_whole_item(self, table: Table) -> None:
        table.put({**KEY, "a": 1, "b": 2})
        assert table.update(KEY, put(A, 3), returns="ALL_OLD") == {"pk": "a", "a": 1, "b": 2}
        assert table.update(KEY, put(A, 4), returns="ALL_NEW") == {"pk": "a", "a": 4, "b": 2}
        assert table.update(KEY, returns="ALL_OLD") == {"pk": "a", "a": 4, "b": 2}
        assert table.update(KEY, returns="ALL_NEW") == {"pk": "a", "a": 4, "b": 2}
        assert table.update(KEY, put(A, 5), returns="NONE") is None

    @proves("13.6")
    def test_missing_item_has_no_old_attributes(self, table: Table) -> None:
        assert table.update(KEY, put(A, 1), returns="UPDATED_OLD") is None

    @proves("13.7")
    def test_missing_item_has_no_old_item(self, table: Table) -> None:
        assert table.update(KEY, put(A, 1), returns="ALL_OLD") is None

    @proves("13.8")
    def test_created_item_has_new_attributes(self, table: Table) -> None:
        assert table.update(KEY, put(A, 1), returns="UPDATED_NEW") == {"a": 1}
        table.delete(KEY)
        assert table.update(KEY, put(A, 1), returns="ALL_NEW") == {"pk": "a", "a": 1}
