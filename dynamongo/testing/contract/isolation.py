"""Isolation: the caller and the store share nothing that either could change."""

from __future__ import annotations

from copy import deepcopy
from typing import Any
from uuid import uuid4

import pytest

from dynamongo.backends.base import Backend
from dynamongo.exceptions import (
    ConditionalCheckFailedException,
    IdempotencyMismatch,
    TransactionCanceled,
    UnsupportedOperation,
)
from dynamongo.expressions.conditions import EQ, Comparison, Exists, Path
from dynamongo.expressions.updates import AddUpdate, AppendUpdate, RemoveUpdate, SetUpdate
from dynamongo.expressions.values import Item
from dynamongo.operations import (
    BatchGet,
    BatchPut,
    BatchWrite,
    ConditionCheck,
    Operation,
    Put,
    TransactWrite,
    UpdateItem,
)
from dynamongo.testing.contract.base import ContractBase, MakeTable, proves
from dynamongo.testing.contract.indexed import INDEXES, item_of
from dynamongo.testing.contract.table import Table, cases

KEY: Item = {"pk": "a"}
GONE = Path("gone")


def nested() -> Item:
    """Return a new item with containers in it."""
    return {"pk": "a", "l": [1, [2], {"x": 3}], "m": {"y": [4], "z": {}}, "s": frozenset({"a"})}


def change(item: Item) -> None:
    """Change the item and everything inside it."""
    item["new"] = 1
    item["l"].append(1)  # type: ignore[union-attr]  # `l` is a list
    item["l"][1].append(1)  # type: ignore[index,union-attr]  # a list in it
    item["m"]["y"].append(1)  # type: ignore[index,call-overload,union-attr]  # `m` is a map
    item["m"]["z"]["new"] = 1  # type: ignore[index,call-overload]  # a map in it
    del item["s"]


class IsolationContract(ContractBase):
    """The rules of the interface for all operations."""

    @proves("25.1")
    def test_changing_an_item_after_put_does_not_change_the_store(self, table: Table) -> None:
        item = nested()
        table.put(item)
        change(item)
        assert table.get(KEY) == nested()

    @proves("25.1")
    def test_changing_an_item_after_batch_put_does_not_change_the_store(self, table: Table) -> None:
        item = nested()
        table.execute(BatchWrite(table.name, (BatchPut(item),)))
        change(item)
        assert table.get(KEY) == nested()

    @proves("25.1")
    def test_changing_a_value_after_update_does_not_change_the_store(self, table: Table) -> None:
        values = nested()
        elements: list[Any] = [[1]]
        table.update(KEY, SetUpdate(Path("m"), values), AppendUpdate(Path("l"), tuple(elements)))
        change(values)
        elements[0].append(2)
        assert table.get(KEY) == {"pk": "a", "m": nested(), "l": [[1]]}

    @proves("25.1")
    def test_changing_a_key_after_update_does_not_change_the_store(self, table: Table) -> None:
        key = dict(KEY)
        table.update(key, SetUpdate(Path("x"), 1))
        key["pk"] = "b"
        assert table.items() == [{"pk": "a", "x": 1}]

    @proves("25.1")
    def test_changing_items_after_a_transaction_does_not_change_the_store(self, table: Table) -> None:
        item, value = nested(), nested()
        key: Item = {"pk": "b"}
        table.transact(Put(table.name, item), UpdateItem(table.name, key, (SetUpdate(Path("m"), value),)))
        change(item)
        change(value)
        key["pk"] = "c"
        assert table.transact_get(KEY, {"pk": "b"}, {"pk": "c"}) == (nested(), {"pk": "b", "m": nested()}, None)

    @proves("25.2")
    def test_changing_a_transaction_does_not_change_the_contents_of_its_token(self, table: Table) -> None:
        item, token = nested(), str(uuid4())
        table.transact(Put(table.name, item), token=token)
        change(item)
        table.transact(Put(table.name, nested()), token=token)
        with pytest.raises(IdempotencyMismatch):
            table.transact(Put(table.name, item), token=token)
        assert table.items() == [nested()]

    @proves("25.2")
    def test_changing_an_item_does_not_change_an_index(self, make_table: MakeTable) -> None:
        table = make_table("S", "S", INDEXES)
        item = item_of("1", m={"x": [1]})
        table.put(item)
        item["gh"] = "y"
        item["m"]["x"].append(2)  # type: ignore[index,call-overload,union-attr]  # a map with a list
        expected = item_of("1", m={"x": [1]})
        assert table.query_index("by_gh", "x").items == table.query_index("by_ls", "x").items == (expected,)

    @proves("25.2")
    def test_changing_the_value_of_a_condition_changes_nothing(self, table: Table) -> None:
        table.put(nested())
        value: list[Any] = deepcopy(nested()["l"])  # type: ignore[arg-type]  # a list
        assert table.scan(filter=Comparison(Path("l"), EQ, value)).count == 1
        table.update(KEY, SetUpdate(Path("x"), 1), condition=Comparison(Path("l"), EQ, value))
        value[1].append("changed")
        assert table.get(KEY) == {**nested(), "x": 1}

    @proves("25.3")
    def test_operation_is_not_changed_by_its_execution(self, table: Table) -> None:
        updates = (SetUpdate(Path("m", "y"), [1]), AppendUpdate(Path("l"), ({"x": 1},)), RemoveUpdate(Path("s")))
        operations: list[Operation[Any]] = [
            Put(table.name, nested()),
            UpdateItem(table.name, dict(KEY), updates, returns="ALL_NEW"),
            BatchWrite(table.name, (BatchPut(nested()),)),
            TransactWrite((Put(table.name, nested()), ConditionCheck(table.name, {"pk": "b"}, ~Exists(GONE)))),
        ]
        before = deepcopy(operations)
        for operation in operations:
            table.execute(operation)
        assert operations == before

    @proves("25.4")
    def test_items_read_do_not_change_with_the_store(self, table: Table) -> None:
        table.put(nested())
        read = {
            "get": table.get(KEY),
            "batch get": table.execute(BatchGet(table.name, (KEY,))).items[0],
            "query": table.query("a").items[0],
            "scan": table.scan().items[0],
            "transaction": table.transact_get(KEY)[0],
            "put": table.put(nested(), return_old=True),
            "update": table.update(KEY, returns="ALL_NEW"),
        }
        with pytest.raises(ConditionalCheckFailedException) as failure:
            table.delete(KEY, condition=Exists(GONE), return_item_on_failure=True)
        read["failure"] = failure.value.item
        with pytest.raises(TransactionCanceled) as cancelled:
            table.transact(ConditionCheck(table.name, KEY, Exists(GONE), return_item_on_failure=True))
        read["reason"] = cancelled.value.reasons[0].item
        table.update(
            KEY,
            SetUpdate(Path("l", 1, 0), "changed"),
            AppendUpdate(Path("m", "y"), ("changed",)),
            SetUpdate(Path("m", "z", "x"), "changed"),
            AddUpdate(Path("s"), frozenset({"changed"})),
        )
        assert read == dict.fromkeys(read, nested())

    @proves("25.6")
    def test_copied_value_is_independent_of_its_source(self, table: Table) -> None:
        table.put({"pk": "a", "l": [[1]]})
        table.update(KEY, SetUpdate(Path("copy"), Path("l")))
        table.update(KEY, AppendUpdate(Path("copy", 0), (2,)), SetUpdate(Path("l", 0, 0), "x"))
        assert table.get(KEY) == {"pk": "a", "l": [["x"]], "copy": [[1, 2]]}

    @proves("25.5")
    def test_two_reads_return_the_same(self, table: Table) -> None:
        table.put(nested())
        assert table.get(KEY) == table.get(KEY) == nested()
        assert table.scan() == table.scan()
        assert table.query("a") == table.query("a")

    @proves("24.7")
    @cases("operation", {"base class": Operation(), "another object": object(), "nothing": None})
    def test_unknown_operation_is_not_supported(self, backend: Backend, operation: Any) -> None:
        with pytest.raises(UnsupportedOperation):
            backend.execute(operation)

    @proves("25.12")
    def test_backend_has_a_name(self, backend: Backend) -> None:
        assert backend.name
        assert backend.name == backend.name.lower()

    @proves("25.12")
    def test_backend_can_be_closed_twice(self, closable: Backend) -> None:
        closable.close()
        closable.close()
