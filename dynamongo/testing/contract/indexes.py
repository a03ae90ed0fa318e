"""Indexes: which items they contain, what writes do to them, and which writes they forbid."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from dynamongo.exceptions import InvalidRequestError, TransactionCanceled
from dynamongo.expressions.conditions import Path
from dynamongo.expressions.updates import AddUpdate, RemoveUpdate, SetUpdate
from dynamongo.expressions.values import AttributeValue, Item
from dynamongo.operations import (
    BatchDelete,
    BatchPut,
    BatchWrite,
    Delete,
    Operation,
    Put,
    TransactWrite,
    UpdateItem,
)
from dynamongo.testing.contract.base import MakeTable, proves
from dynamongo.testing.contract.indexed import INDEXES, NAMES, IndexBase, item_of
from dynamongo.testing.contract.table import Table, cases, in_order

KEY: Item = {"pk": "x", "sk": "1"}
GH, GS, LS, V = Path("gh"), Path("gs"), Path("ls"), Path("v")
OLD: Item = item_of("1", v="old")
OTHER: Item = item_of("2", v="other")

BY_GH = ["by_gh"]
BY_GH_AND_GS = ["by_gh", "by_gh_gs", "by_gh_gs_keys", "by_gh_gs_some"]
BY_LS = ["by_ls", "by_ls_keys", "by_ls_some"]

MEMBERSHIPS: dict[str, tuple[Item, list[str]]] = {
    "no key of an index": ({}, []),
    "hash key alone": ({"gh": "x"}, BY_GH),
    "range key alone": ({"gs": 1}, []),
    "hash key and range key": ({"gh": "x", "gs": 1}, BY_GH_AND_GS),
    "range key of local indexes": ({"ls": "1"}, BY_LS),
    "range key of local indexes and hash key": ({"ls": "1", "gh": "x"}, BY_GH + BY_LS),
    "all keys": ({"gh": "x", "gs": 1, "ls": "1"}, BY_GH_AND_GS + BY_LS),
}

Write = Callable[[str], Operation[Any]]

ELSEWHERE: Item = {**KEY, "gh": "y", "gs": 2, "ls": "2", "v": "new"}
CHANGES: dict[str, tuple[Write, Item | None]] = {
    "put with the same keys": (lambda table: Put(table, {**OLD, "v": "new"}), {**OLD, "v": "new"}),
    "put with other keys": (lambda table: Put(table, ELSEWHERE), ELSEWHERE),
    "put without the keys": (lambda table: Put(table, KEY), KEY),
    "update of another attribute": (lambda table: UpdateItem(table, KEY, (SetUpdate(V, "new"),)), {**OLD, "v": "new"}),
    "update of a hash key": (lambda table: UpdateItem(table, KEY, (SetUpdate(GH, "y"),)), {**OLD, "gh": "y"}),
    "update of a range key": (lambda table: UpdateItem(table, KEY, (AddUpdate(GS, -5),)), {**OLD, "gs": -4}),
    "update of a local range key": (lambda table: UpdateItem(table, KEY, (SetUpdate(LS, "0"),)), {**OLD, "ls": "0"}),
    "update that removes the keys": (
        lambda table: UpdateItem(table, KEY, (RemoveUpdate(GH), RemoveUpdate(GS), RemoveUpdate(LS))),
        {**KEY, "v": "old"},
    ),
    "delete": (lambda table: Delete(table, KEY), None),
    "batch put": (lambda table: BatchWrite(table, (BatchPut(ELSEWHERE),)), ELSEWHERE),
    "batch delete": (lambda table: BatchWrite(table, (BatchDelete(KEY),)), None),
    "put in a transaction": (lambda table: TransactWrite((Put(table, ELSEWHERE),)), ELSEWHERE),
    "update in a transaction": (
        lambda table: TransactWrite((UpdateItem(table, KEY, (SetUpdate(GH, "y"),)),)),
        {**OLD, "gh": "y"},
    ),
    "delete in a transaction": (lambda table: TransactWrite((Delete(table, KEY),)), None),
}

BAD_INDEX_KEYS: dict[str, tuple[str, AttributeValue]] = {
    "number for a string": ("gh", 1),
    "binary for a string": ("gh", b"x"),
    "string for a number": ("gs", "1"),
    "boolean for a number": ("gs", True),
    "null": ("gh", None),
    "list": ("ls", ["1"]),
    "map": ("ls", {"S": "1"}),
    "string set": ("gh", frozenset({"x"})),
}
EMPTY_INDEX_KEYS: dict[str, tuple[str, AttributeValue]] = {"hash key": ("gh", ""), "range key": ("ls", "")}
LONG_INDEX_KEYS: dict[str, tuple[str, AttributeValue]] = {
    "hash key of 2049 bytes": ("gh", "x" * 2049),
    "range key of 1025 bytes": ("ls", "x" * 1025),
    "range key of two-byte characters": ("ls", "\u00e9" * 513),
}

Change = Callable[[str, Item], Operation[Any]]


def update_with(table: str, attributes: Item) -> UpdateItem:
    """Return an update that sets the attributes."""
    return UpdateItem(table, KEY, tuple(SetUpdate(Path(name), value) for name, value in attributes.items()))


WRITES: dict[str, Change] = {
    "put": lambda table, attributes: Put(table, KEY | attributes),
    "update": update_with,
    "batch put": lambda table, attributes: BatchWrite(table, (BatchPut(KEY | attributes),)),
    "put in a transaction": lambda table, attributes: TransactWrite((Put(table, KEY | attributes),)),
    "update in a transaction": lambda table, attributes: TransactWrite((update_with(table, attributes),)),
}


def for_each_write(keys: dict[str, tuple[str, AttributeValue]]) -> dict[str, tuple[Change, str, AttributeValue]]:
    """Return a case for every write with every value of a key."""
    return {f"{write}, {case}": (WRITES[write], *key) for write in WRITES for case, key in keys.items()}


class IndexContract(IndexBase):
    """Which items an index contains."""

    @proves("18.1")
    @cases("attributes, names", MEMBERSHIPS)
    def test_item_is_in_the_indexes_whose_whole_key_it_has(
        self, indexed: Table, attributes: Item, names: list[str]
    ) -> None:
        indexed.put(KEY | attributes)
        assert [name for name in NAMES if indexed.index_items(name)] == names
        assert [name for name in NAMES if indexed.query_index(name, "x").count] == names

    @proves("18.2")
    @cases("write, after", CHANGES)
    def test_index_follows_every_write(self, indexed: Table, write: Write, after: Item | None) -> None:
        indexed.put_all([OLD, OTHER])
        indexed.execute(write(indexed.name))
        items = [OTHER] if after is None else [after, OTHER]
        assert in_order(indexed.items()) == in_order(items)
        assert in_order(indexed.index_items("by_gh")) == in_order([item for item in items if "gh" in item])
        assert in_order(indexed.index_items("by_gh_gs")) == in_order([item for item in items if "gs" in item])
        assert in_order(indexed.index_items("by_ls")) == in_order([item for item in items if "ls" in item])
        for value in ("x", "y"):
            expected = [item for item in items if item.get("gh") == value]
            assert in_order(indexed.query_index("by_gh_gs", value).items) == in_order(expected)

    @proves("18.2")
    def test_update_that_creates_the_item_puts_it_into_the_indexes(self, indexed: Table) -> None:
        indexed.execute(update_with(indexed.name, {"gh": "x", "gs": 1, "ls": "1"}))
        assert all(indexed.query_index(name, "x").count == 1 for name in NAMES)

    @proves("18.3")
    def test_projected_attribute_follows_an_update(self, indexed: Table) -> None:
        indexed.put(item_of("1", a="old", m={"x": 1}))
        indexed.update(KEY, SetUpdate(Path("m", "x"), 2), RemoveUpdate(Path("a")))
        expected: Item = {**KEY, "m": {"x": 2}}
        assert indexed.query_index("by_gh_gs_some", "x").items == ({**expected, "gh": "x", "gs": 1},)
        assert indexed.query_index("by_ls_some", "x").items == ({**expected, "ls": "1"},)

    @proves("18.4")
    def test_items_may_have_the_same_key_in_an_index(self, indexed: Table) -> None:
        items = [item_of(str(number), v=number) for number in range(3)] + [{**item_of("0"), "pk": "y"}]
        indexed.put_all(items)
        assert in_order(indexed.query_index("by_gh_gs", "x").items) == in_order(items)
        assert in_order(indexed.query_index("by_gh", "x").items) == in_order(items)
        assert in_order(indexed.query_index("by_ls", "x").items) == in_order(items[:3])
        indexed.delete({"pk": "x", "sk": "1"})
        assert in_order(indexed.query_index("by_gh_gs", "x").items) == in_order([items[0], *items[2:]])

    @proves("18.5")
    def test_failed_write_leaves_the_indexes_unchanged(self, indexed: Table) -> None:
        indexed.put(OLD)
        with pytest.raises(InvalidRequestError):
            indexed.update(KEY, SetUpdate(GH, "y"), SetUpdate(V, Path("missing")))
        assert indexed.query_index("by_gh", "y").items == ()
        assert indexed.query_index("by_gh", "x").items == (OLD,)


class IndexKeyContract(IndexBase):
    """Which values cannot be keys of an index."""

    @proves("18.6")
    @cases("write, name, value", for_each_write(BAD_INDEX_KEYS))
    def test_index_key_of_another_type_is_refused(
        self, indexed: Table, write: Change, name: str, value: AttributeValue
    ) -> None:
        self._check_refused(indexed, write, {name: value})

    @proves("18.7")
    @cases("write, name, value", for_each_write(EMPTY_INDEX_KEYS))
    def test_empty_index_key_is_refused(self, indexed: Table, write: Change, name: str, value: AttributeValue) -> None:
        self._check_refused(indexed, write, {name: value})

    @proves("18.9")
    @cases("write, name, value", for_each_write(LONG_INDEX_KEYS))
    def test_index_key_that_is_too_long_is_refused(
        self, indexed: Table, write: Change, name: str, value: AttributeValue
    ) -> None:
        self._check_refused(indexed, write, {name: value})

    @proves("21.21")
    @cases("write", {name: write for name, write in WRITES.items() if name.endswith("in a transaction")})
    def test_index_key_of_another_type_is_a_reason_to_cancel(self, indexed: Table, write: Change) -> None:
        with pytest.raises(TransactionCanceled) as failure:
            indexed.execute(write(indexed.name, {"gh": 1}))
        assert [reason.code for reason in failure.value.reasons] == ["ValidationError"]

    @proves("18.8")
    def test_index_key_may_have_2048_and_1024_bytes(self, indexed: Table) -> None:
        item = item_of("1", gh="x" * 2048, ls="x" * 1024)
        indexed.put(item)
        assert indexed.query_index("by_gh", "x" * 2048).items == (item,)
        assert indexed.index_items("by_ls") == [item]

    @proves("18.10")
    def test_update_of_another_attribute_does_not_check_index_keys(self, indexed: Table) -> None:
        indexed.put(OLD)
        indexed.update(KEY, SetUpdate(V, None))
        assert indexed.get(KEY) == {**OLD, "v": None}

    @proves("18.11")
    def test_attribute_may_have_any_type_in_a_table_without_the_index(self, make_table: MakeTable) -> None:
        table = make_table("S", "S", INDEXES[:1])
        item: Item = {**KEY, "gs": None, "ls": ""}
        table.put(item)
        assert table.items() == [item]

    def _check_refused(self, table: Table, write: Change, attributes: Item) -> None:
        """Check that the write is refused even if the item has no other index key."""
        with pytest.raises((InvalidRequestError, TransactionCanceled)):
            table.execute(write(table.name, {"v": 1, **attributes}))
        assert table.items() == []
        table.put({**KEY, "v": 0})
        with pytest.raises((InvalidRequestError, TransactionCanceled)):
            table.execute(write(table.name, {"v": 1, **attributes}))
        assert table.items() == [{**KEY, "v": 0}]
