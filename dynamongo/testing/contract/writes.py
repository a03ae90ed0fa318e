"""Put and delete, errors of failed conditions, and the order of checks."""

from __future__ import annotations

from typing import Any, Protocol

import pytest

from dynamongo.exceptions import ConditionalCheckFailedException, InvalidRequestError, TableNotFound
from dynamongo.expressions.conditions import EQ, AnyCondition, Comparison, Exists, NotExists, Path
from dynamongo.expressions.updates import IncrementUpdate, SetUpdate
from dynamongo.expressions.values import Item
from dynamongo.operations import Delete, Get, Operation, Put, UpdateItem, WriteResult
from dynamongo.testing.contract.base import ContractBase, proves
from dynamongo.testing.contract.table import Table, cases

KEY: Item = {"pk": "a"}
OLD: Item = {"pk": "a", "v": "old", "m": {"x": [1]}}
NEW: Item = {"pk": "a", "w": "new"}
FALSE = Exists(Path("missing"))


class MakeWrite(Protocol):
    """Makes a write of the key, given its options."""

    def __call__(self, table: str, **options: Any) -> Operation[WriteResult]:
        """Return the write."""
        ...


def put(table: str, **options: Any) -> Put:
    """Return a put of the new item."""
    return Put(table, NEW, **options)


def delete(table: str, **options: Any) -> Delete:
    """Return a delete of the item."""
    return Delete(table, KEY, **options)


def update(table: str, **options: Any) -> UpdateItem:
    """Return an update of the item."""
    return UpdateItem(table, KEY, (SetUpdate(Path("w"), "new"),), **options)


def touch(table: str, **options: Any) -> UpdateItem:
    """Return an update without changes."""
    return UpdateItem(table, KEY, **options)


WRITES: dict[str, MakeWrite] = {"put": put, "delete": delete, "update": update, "update of nothing": touch}


class WriteContract(ContractBase):
    """Put, Delete and the conditions of writes."""

    @proves("11.1")
    def test_put_replaces_the_whole_item(self, table: Table) -> None:
        table.put(OLD)
        table.put(NEW)
        assert table.items() == [NEW]

    @proves("11.2")
    def test_put_returns_the_old_item_if_asked(self, table: Table) -> None:
        assert table.put(OLD, return_old=True) is None
        assert table.put(NEW, return_old=True) == OLD
        assert table.put(OLD) is None

    @proves("11.3")
    def test_delete_returns_the_old_item_if_asked(self, table: Table) -> None:
        table.put(OLD)
        assert table.delete(KEY, return_old=True) == OLD
        table.put(OLD)
        assert table.delete(KEY) is None
        assert table.get(KEY) is None

    @proves("11.4")
    def test_delete_of_a_missing_item_does_nothing(self, table: Table) -> None:
        table.put({"pk": "other"})
        assert table.delete(KEY) is None
        assert table.delete(KEY, return_old=True) is None
        assert table.items() == [{"pk": "other"}]

    @proves("11.3")
    def test_delete_takes_one_item_of_a_partition(self, ranged: Table) -> None:
        ranged.put_all([{"pk": "a", "sk": "1"}, {"pk": "a", "sk": "2"}, {"pk": "b", "sk": "1"}])
        ranged.delete({"pk": "a", "sk": "1"})
        assert ranged.query("a").items == ({"pk": "a", "sk": "2"},)
        assert ranged.query("b").items == ({"pk": "b", "sk": "1"},)

    @proves("11.5")
    def test_get_of_a_missing_item(self, table: Table) -> None:
        assert table.get(KEY) is None
        assert table.execute(Get(table.name, KEY)).item is None

    @proves("14.1")
    @cases("write", WRITES)
    def test_failed_condition_changes_nothing(self, table: Table, write: MakeWrite) -> None:
        table.put(OLD)
        with pytest.raises(ConditionalCheckFailedException, match="The conditional request failed") as failure:
            table.execute(write(table.name, condition=FALSE))
        assert failure.value.item is None
        assert table.items() == [OLD]

    @proves("14.2")
    @cases("write", WRITES)
    def test_failed_condition_carries_the_item_if_asked(self, table: Table, write: MakeWrite) -> None:
        table.put(OLD)
        with pytest.raises(ConditionalCheckFailedException) as failure:
            table.execute(write(table.name, condition=FALSE, return_item_on_failure=True))
        assert failure.value.item == OLD

    @proves("14.3")
    @cases("write", WRITES)
    def test_failed_condition_on_a_missing_item(self, table: Table, write: MakeWrite) -> None:
        with pytest.raises(ConditionalCheckFailedException) as failure:
            table.execute(write(table.name, condition=Exists(Path("pk")), return_item_on_failure=True))
        assert failure.value.item is None
        assert table.items() == []

    @proves("14.4")
    @cases("write", WRITES)
    def test_item_is_not_returned_if_the_condition_holds(self, table: Table, write: MakeWrite) -> None:
        table.put(OLD)
        assert table.execute(write(table.name, condition=~FALSE, return_item_on_failure=True)).attributes is None

    @proves("14.5")
    @cases(
        "condition, first, second",
        {
            "not exists": (NotExists(Path("pk")), True, False),
            "exists": (Exists(Path("pk")), False, False),
            "version": (NotExists(Path("w")) | Comparison(Path("w"), EQ, "new"), True, True),
        },
    )
    def test_condition_sees_the_item_as_stored_and_not_the_new_one(
        self,
        table: Table,
        condition: AnyCondition,
        first: bool,
        second: bool,
    ) -> None:
        for expected in (first, second):
            try:
                table.put(NEW, condition=condition)
            except ConditionalCheckFailedException:
                assert not expected
            else:
                assert expected

    @proves("24.4")
    def test_failed_condition_hides_an_impossible_update(self, table: Table) -> None:
        with pytest.raises(ConditionalCheckFailedException):
            table.update(KEY, IncrementUpdate(Path("missing"), 1), condition=FALSE)
        with pytest.raises(InvalidRequestError):
            table.update(KEY, IncrementUpdate(Path("missing"), 1), condition=~FALSE)

    @proves("24.3")
    def test_bad_item_is_refused_before_the_condition_is_evaluated(self, table: Table) -> None:
        with pytest.raises(InvalidRequestError):
            table.put({"pk": 1}, condition=FALSE)
        with pytest.raises(InvalidRequestError):
            table.delete({"pk": 1}, condition=FALSE)
        with pytest.raises(InvalidRequestError):
            table.update({"pk": 1}, condition=FALSE)

    @proves("24.2")
    def test_missing_table_is_noticed_after_a_bad_value_and_before_a_bad_key(self, table: Table) -> None:
        with pytest.raises(InvalidRequestError):
            table.execute(Put(table.name + "-missing", {"pk": "a", "v": int("1" * 39)}))
        with pytest.raises(TableNotFound):
            table.execute(Get(table.name + "-missing", {"nonsense": 1}))
