"""Updates: what an item becomes, and which updates are refused and leave no trace."""

# A test's name says what is true.
# ruff: noqa: D102

from __future__ import annotations

from typing import TypeAlias

import pytest

from dynamongo.exceptions import InvalidRequestError
from dynamongo.expressions.conditions import Path
from dynamongo.expressions.updates import AddUpdate, AnyUpdate, RemoveUpdate, SetUpdate
from dynamongo.expressions.values import Item
from dynamongo.testing.contract.base import ContractBase
from dynamongo.testing.contract.changes import CHANGES, CREATED, REFUSED, REFUSED_AT_ONCE
from dynamongo.testing.contract.table import Table, cases, exact

Updates: TypeAlias = tuple[AnyUpdate, ...]

KEY: Item = {"pk": "a"}
MISSING: Item = {"pk": "missing"}


class UpdateContract(ContractBase):
    """UpdateItem: what it does to the item."""

    @cases("before, updates, after", CHANGES)
    def test_update(self, table: Table, before: Item, updates: Updates, after: Item) -> None:
        table.put(KEY | before)
        assert table.update(KEY, *updates) is None
        assert exact(table.get(KEY)) == exact(KEY | after)

    @cases("updates, after", CREATED)
    def test_update_creates_the_missing_item(self, table: Table, updates: Updates, after: Item) -> None:
        table.update(KEY, *updates)
        assert exact(table.items()) == exact([KEY | after])

    @cases("before, updates", REFUSED)
    def test_refused_update_leaves_the_item_as_it_was(self, table: Table, before: Item, updates: Updates) -> None:
        table.put(KEY | before)
        with pytest.raises(InvalidRequestError):
            table.update(KEY, *updates)
        assert exact(table.items()) == exact([KEY | before])

    @cases("updates", {name: updates for name, (before, updates) in REFUSED.items() if not before})
    def test_refused_update_creates_no_item(self, table: Table, updates: Updates) -> None:
        with pytest.raises(InvalidRequestError):
            table.update(KEY, *updates)
        assert table.items() == []

    @cases("updates", REFUSED_AT_ONCE)
    def test_update_that_cannot_be_meant_is_refused(self, table: Table, updates: Updates) -> None:
        before: Item = {**KEY, "n": 1, "s": "text", "l": [1], "m": {"x": 1}, "ss": frozenset({"a"})}
        table.put(before)
        for key in (KEY, MISSING):
            with pytest.raises(InvalidRequestError):
                table.update(key, *updates)
        assert table.items() == [before]

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
