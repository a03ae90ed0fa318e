"""Updates: what they do to an item, and that refused updates change nothing."""

from __future__ import annotations

from typing import TypeAlias

import pytest

from dynamongo.exceptions import InvalidRequestError
from dynamongo.expressions.conditions import Path
from dynamongo.expressions.updates import AddUpdate, AnyUpdate, RemoveUpdate, SetUpdate
from dynamongo.expressions.values import Item
from dynamongo.testing.contract import rules
from dynamongo.testing.contract.base import ContractBase, proves
from dynamongo.testing.contract.changes import CHANGES, CREATED, REFUSED, REFUSED_AT_ONCE
from dynamongo.testing.contract.table import Table, cases, exact

Updates: TypeAlias = tuple[AnyUpdate, ...]

KEY: Item = {"pk": "a"}
MISSING: Item = {"pk": "missing"}


class UpdateContract(ContractBase):
    """What UpdateItem does to an item."""

    @proves(cases=rules.CHANGES)
    @cases("before, updates, after", CHANGES)
    def test_update(self, table: Table, before: Item, updates: Updates, after: Item) -> None:
        table.put(KEY | before)
        assert table.update(KEY, *updates) is None
        assert exact(table.get(KEY)) == exact(KEY | after)

    @proves("12.2", cases={"6.13": ["copy of the key"], "12.3": ["nothing", "remove", "delete"]})
    @cases("updates, after", CREATED)
    def test_update_creates_the_missing_item(self, table: Table, updates: Updates, after: Item) -> None:
        table.update(KEY, *updates)
        assert exact(table.items()) == exact([KEY | after])

    @proves(cases=rules.REFUSALS)
    @cases("before, updates", REFUSED)
    def test_refused_update_leaves_the_item_unchanged(self, table: Table, before: Item, updates: Updates) -> None:
        table.put(KEY | before)
        with pytest.raises(InvalidRequestError):
            table.update(KEY, *updates)
        assert exact(table.items()) == exact([KEY | before])

    @proves("12.5", cases={"12.37": ["remove in a missing map", "remove in a missing list", "delete in a missing map"]})
    @cases("updates", {name: updates for name, (before, updates) in REFUSED.items() if not before})
    def test_refused_update_creates_no_item(self, table: Table, updates: Updates) -> None:
        with pytest.raises(InvalidRequestError):
            table.update(KEY, *updates)
        assert table.items() == []

    @proves(
        cases={
            "6.12": [
                "hash key",
                "hash key, set to what it is",
                "hash key, removed",
                "hash key, added to",
                "hash key, inside",
            ],
            "9.7": ["negative position", "negative position, removed"],
            "12.22": ["increment by a string", "increment by true"],
            "12.30": ["add of a string", "add of true", "add of a list", "add of null"],
            "12.38": [
                "same path twice",
                "same path twice, in two clauses",
                "path and its parent",
                "path and its parent, in two clauses",
                "list and its element",
            ],
            "12.39": ["member and element of one attribute"],
            "24.5": ["add of a string", "increment by a string"],
        }
    )
    @cases("updates", REFUSED_AT_ONCE)
    def test_invalid_update_is_refused(self, table: Table, updates: Updates) -> None:
        before: Item = {**KEY, "n": 1, "s": "text", "l": [1], "m": {"x": 1}, "ss": frozenset({"a"})}
        table.put(before)
        for key in (KEY, MISSING):
            with pytest.raises(InvalidRequestError):
                table.update(key, *updates)
        assert table.items() == [before]

    @proves("6.12")
    @cases(
        "update",
        {
            "set": SetUpdate(Path("sk"), "c"),
            "removed": RemoveUpdate(Path("sk")),
            "added to": AddUpdate(Path("sk"), 1),
            "set to what it is": SetUpdate(Path("sk"), "b"),
            "inside": SetUpdate(Path("sk", "x"), 1),
        },
    )
    def test_range_key_cannot_be_updated(self, ranged: Table, update: AnyUpdate) -> None:
        with pytest.raises(InvalidRequestError, match="part of the key"):
            ranged.update({"pk": "a", "sk": "b"}, SetUpdate(Path("x"), 1), update)
        assert ranged.items() == []
