"""Changes of existing tables: adding and dropping indexes, and changing throughput."""

from __future__ import annotations

import time

import pytest

from dynamongo._support.dataclasses import replace
from dynamongo.exceptions import BackendError, InvalidRequestError, TableNotFound
from dynamongo.operations import CreateIndex, DeleteIndex, DescribeTable, Operation, TableDescription, UpdateThroughput
from dynamongo.schema import IndexSchema, KeyAttribute, KeySchema, Projection, Throughput
from dynamongo.testing.contract.base import ContractBase, MakeTable, proves, schema_of
from dynamongo.testing.contract.table import Table

_PATIENCE = 600.0  # seconds; DynamoDB takes minutes to fill a new index
BY_G = IndexSchema("by_g", KeySchema(KeyAttribute("g", "S"), KeyAttribute("pk", "S")))


def change(table: Table, operation: Operation[TableDescription]) -> TableDescription:
    """Change the table and wait until it is ready."""
    table.execute(operation)
    deadline = time.monotonic() + _PATIENCE
    while not (found := table.execute(DescribeTable(table.name))).is_ready:
        assert time.monotonic() < deadline
        time.sleep(0.02)
    return found


class TableChangeContract(ContractBase):
    """CreateIndex, DeleteIndex and UpdateThroughput."""

    @proves("23.15")
    def test_new_index_contains_existing_and_later_items(self, table: Table) -> None:
        table.put_all([{"pk": "a", "g": "x"}, {"pk": "b"}, {"pk": "c", "g": "y"}])
        assert change(table, CreateIndex(table.name, BY_G)).schema.indexes == (BY_G,)
        table.put({"pk": "d", "g": "y"})
        found = [item["pk"] for item in table.index_items("by_g")]
        assert sorted(map(str, found)) == ["a", "c", "d"]

    @proves("23.16")
    def test_dropped_index_is_gone_and_the_items_stay(self, make_table: MakeTable) -> None:
        table = make_table("S", None, (BY_G,))
        table.put({"pk": "a", "g": "x"})
        assert change(table, DeleteIndex(table.name, "by_g")).schema.indexes == ()
        assert table.items() == [{"pk": "a", "g": "x"}]
        with pytest.raises(InvalidRequestError, match="does not have the specified index"):
            table.index_items("by_g")

    @proves("23.17")
    def test_existing_index_cannot_be_added_and_missing_one_cannot_be_dropped(self, table: Table) -> None:
        change(table, CreateIndex(table.name, BY_G))
        with pytest.raises(BackendError):
            table.execute(CreateIndex(table.name, BY_G))
        with pytest.raises(TableNotFound):
            table.execute(DeleteIndex(table.name, "none"))

    @proves("23.19")
    def test_new_index_with_too_many_attributes_is_refused(self, make_table: MakeTable) -> None:
        names = tuple(f"n{number:02}" for number in range(21))
        full = tuple(replace(BY_G, name=f"full_{n}", projection=Projection("include", names[:20])) for n in range(5))
        table = make_table("S", None, full)
        for projection in (Projection("include", names), Projection("include", ("x",)), Projection("include", ())):
            with pytest.raises(InvalidRequestError):
                table.execute(CreateIndex(table.name, replace(BY_G, projection=projection)))
        assert len(table.execute(DescribeTable(table.name)).schema.indexes) == 5

    @proves("23.21")
    def test_local_index_cannot_be_dropped(self, make_table: MakeTable) -> None:
        local = IndexSchema("by_l", KeySchema(KeyAttribute("pk", "S"), KeyAttribute("l", "S")), is_global=False)
        table = make_table("S", "S", (local,))
        with pytest.raises(BackendError):
            table.execute(DeleteIndex(table.name, "by_l"))
        assert table.execute(DescribeTable(table.name)).schema.indexes == table.schema.indexes

    @proves("23.18")
    def test_throughput_is_changed_and_must_differ(self, make_table: MakeTable) -> None:
        table = Table(make_table("S", None).backend, replace(schema_of(), throughput=Throughput(1, 1)))
        try:
            table.create()
            changed = change(table, UpdateThroughput(table.name, Throughput(2, 3)))
            assert changed.schema.throughput == Throughput(2, 3)
            with pytest.raises(InvalidRequestError, match="will not change"):
                table.execute(UpdateThroughput(table.name, Throughput(2, 3)))
            assert change(table, UpdateThroughput(table.name, None)).schema.throughput is None
        finally:
            table.drop()
