"""Isolation: what belongs to the caller, what to the store, and one write at a time."""

# A test's name says what is true.
# ruff: noqa: D102

from __future__ import annotations

import contextlib
import sys
from collections.abc import Generator
from concurrent.futures import ThreadPoolExecutor
from copy import deepcopy
from typing import Any

import pytest

from dynamongo.backends.base import Backend
from dynamongo.conditions import Exists, NotExists, Path
from dynamongo.exceptions import ConditionalCheckFailedException, UnsupportedOperation
from dynamongo.operations import BatchGet, BatchPut, BatchWrite, Operation, Put, UpdateItem
from dynamongo.testing.contract.base import ContractBase
from dynamongo.testing.contract.table import Table, cases
from dynamongo.updates import AddUpdate, AppendUpdate, RemoveUpdate, SetUpdate
from dynamongo.values import Item

KEY: Item = {"pk": "a"}
GONE = Path("gone")


def nested() -> Item:
    """A new item with containers in it."""
    return {"pk": "a", "l": [1, [2], {"x": 3}], "m": {"y": [4], "z": {}}, "s": frozenset({"a"})}


def change(item: Item) -> None:
    """Change the item and all that is inside."""
    item["new"] = 1
    item["l"].append(1)  # type: ignore[union-attr]  # a list
    item["l"][1].append(1)  # type: ignore[index,union-attr]  # the same
    item["m"]["y"].append(1)  # type: ignore[index,call-overload,union-attr]  # a map
    item["m"]["z"]["new"] = 1  # type: ignore[index,call-overload]  # the same
    del item["s"]


@contextlib.contextmanager
def run_threads() -> Generator[ThreadPoolExecutor, None, None]:
    """Eight threads that are interrupted as often as Python can."""
    interval = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    try:
        with ThreadPoolExecutor(8) as pool:
            yield pool
    finally:
        sys.setswitchinterval(interval)


class IsolationContract(ContractBase):
    """The rules of the interface that concern all operations."""

    def test_changing_an_item_after_put_does_not_change_the_store(self, table: Table) -> None:
        item = nested()
        table.put(item)
        change(item)
        assert table.get(KEY) == nested()

    def test_changing_an_item_after_batch_put_does_not_change_the_store(self, table: Table) -> None:
        item = nested()
        table.execute(BatchWrite(table.name, (BatchPut(item),)))
        change(item)
        assert table.get(KEY) == nested()

    def test_changing_a_value_after_update_does_not_change_the_store(self, table: Table) -> None:
        values = nested()
        elements: list[Any] = [[1]]
        table.update(KEY, SetUpdate(Path("m"), values), AppendUpdate(Path("l"), tuple(elements)))
        change(values)
        elements[0].append(2)
        assert table.get(KEY) == {"pk": "a", "m": nested(), "l": [[1]]}

    def test_changing_a_key_after_update_does_not_change_the_store(self, table: Table) -> None:
        key = dict(KEY)
        table.update(key, SetUpdate(Path("x"), 1))
        key["pk"] = "b"
        assert table.items() == [{"pk": "a", "x": 1}]

    def test_operation_is_not_changed_by_its_execution(self, table: Table) -> None:
        updates = (SetUpdate(Path("m", "y"), [1]), AppendUpdate(Path("l"), ({"x": 1},)), RemoveUpdate(Path("s")))
        operations: list[Operation[Any]] = [
            Put(table.name, nested()),
            UpdateItem(table.name, dict(KEY), updates, returns="ALL_NEW"),
            BatchWrite(table.name, (BatchPut(nested()),)),
        ]
        before = deepcopy(operations)
        for operation in operations:
            table.execute(operation)
        assert operations == before

    def test_what_was_read_does_not_change_with_the_store(self, table: Table) -> None:
        table.put(nested())
        read = {
            "get": table.get(KEY),
            "batch get": table.execute(BatchGet(table.name, (KEY,))).items[0],
            "query": table.query("a").items[0],
            "scan": table.scan().items[0],
            "put": table.put(nested(), return_old=True),
            "update": table.update(KEY, returns="ALL_NEW"),
        }
        with pytest.raises(ConditionalCheckFailedException) as failure:
            table.delete(KEY, condition=Exists(GONE), return_item_on_failure=True)
        read["failure"] = failure.value.item
        table.update(
            KEY,
            SetUpdate(Path("l", 1, 0), "changed"),
            AppendUpdate(Path("m", "y"), ("changed",)),
            SetUpdate(Path("m", "z", "x"), "changed"),
            AddUpdate(Path("s"), frozenset({"changed"})),
        )
        assert read == dict.fromkeys(read, nested())

    def test_copied_value_is_independent_of_its_source(self, table: Table) -> None:
        table.put({"pk": "a", "l": [[1]]})
        table.update(KEY, SetUpdate(Path("copy"), Path("l")))
        table.update(KEY, AppendUpdate(Path("copy", 0), (2,)), SetUpdate(Path("l", 0, 0), "x"))
        assert table.get(KEY) == {"pk": "a", "l": [["x"]], "copy": [[1, 2]]}

    def test_two_reads_give_the_same(self, table: Table) -> None:
        table.put(nested())
        assert table.get(KEY) == table.get(KEY) == nested()
        assert table.scan() == table.scan()
        assert table.query("a") == table.query("a")

    def test_concurrent_updates_are_all_counted(self, table: Table) -> None:
        def count(_: int) -> None:
            table.update(KEY, AddUpdate(Path("n"), 1), AppendUpdate(Path("l"), ("x",)))

        with run_threads() as pool:
            list(pool.map(count, range(100)))
        assert table.get(KEY) == {"pk": "a", "n": 100, "l": ["x"] * 100}

    def test_one_of_several_concurrent_creations_wins(self, table: Table) -> None:
        def create(number: int) -> bool:
            try:
                table.put({"pk": "a", "by": number}, condition=NotExists(Path("pk")))
            except ConditionalCheckFailedException:
                return False
            return True

        with run_threads() as pool:
            won = list(pool.map(create, range(24)))
        assert table.items() == [{"pk": "a", "by": won.index(True)}]
        assert won.count(True) == 1

    @cases("operation", {"base class": Operation(), "another object": object(), "nothing": None})
    def test_unknown_operation_is_not_supported(self, backend: Backend, operation: Any) -> None:
        with pytest.raises(UnsupportedOperation):
            backend.execute(operation)

    def test_backend_has_a_name(self, backend: Backend) -> None:
        assert backend.name
        assert backend.name == backend.name.lower()

    def test_backend_can_be_closed_twice(self, closable: Backend) -> None:
        closable.close()
        closable.close()
