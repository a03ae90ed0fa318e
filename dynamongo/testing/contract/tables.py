"""Tables: creation, description and deletion, and operations on missing tables."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from dynamongo._support.dataclasses import replace
from dynamongo.backends.base import Backend
from dynamongo.exceptions import InvalidRequestError, TableExists, TableNotFound
from dynamongo.expressions.conditions import EQ, Comparison, Path
from dynamongo.expressions.values import SCALAR_TYPES, Item, ScalarType
from dynamongo.operations import (
    BatchDelete,
    BatchGet,
    BatchWrite,
    CreateTable,
    Delete,
    DeleteTable,
    DescribeTable,
    Get,
    KeyCondition,
    Operation,
    Put,
    Query,
    Scan,
    UpdateItem,
)
from dynamongo.schema import KeyAttribute, KeySchema, TableSchema, Throughput
from dynamongo.testing.contract.base import ContractBase, MakeTable, proves, schema_of
from dynamongo.testing.contract.table import Table, cases

KEY: Item = {"pk": "a"}

OPERATIONS: dict[str, Callable[[str], Operation[Any]]] = {
    "get": lambda table: Get(table, KEY),
    "batch get": lambda table: BatchGet(table, (KEY,)),
    "query": lambda table: Query(table, KeyCondition(Comparison(Path("pk"), EQ, "a"))),
    "scan": Scan,
    "put": lambda table: Put(table, KEY),
    "delete": lambda table: Delete(table, KEY),
    "update": lambda table: UpdateItem(table, KEY),
    "batch write": lambda table: BatchWrite(table, (BatchDelete(KEY),)),
    "delete table": DeleteTable,
    "describe table": DescribeTable,
}

RANGE_TYPES: tuple[ScalarType | None, ...] = (None, *SCALAR_TYPES)
KEY_TYPES: dict[str, tuple[ScalarType, ScalarType | None]] = {
    f"{hash_type} and {range_type}": (hash_type, range_type) for hash_type in SCALAR_TYPES for range_type in RANGE_TYPES
}

BAD_SCHEMAS: dict[str, TableSchema] = {
    "name too short": replace(schema_of(), name="ab"),
    "name too long": replace(schema_of(), name="x" * 256),
    "name with other characters": replace(schema_of(), name="with space"),
    "no read units": replace(schema_of(), throughput=Throughput(0, 1)),
    "no write units": replace(schema_of(), throughput=Throughput(1, 0)),
    "two keys of one name": replace(schema_of(), keys=KeySchema(KeyAttribute("pk", "S"), KeyAttribute("pk", "S"))),
}


class TableContract(ContractBase):
    """CreateTable, DescribeTable and DeleteTable."""

    @proves("23.1")
    @cases("hash_type, range_type", KEY_TYPES)
    def test_table_is_described_as_created(
        self, make_table: MakeTable, hash_type: ScalarType, range_type: ScalarType | None
    ) -> None:
        table = make_table(hash_type, range_type)
        description = table.execute(DescribeTable(table.name))
        assert (description.schema, description.status) == (table.schema, "ACTIVE")

    @proves("23.2")
    def test_throughput_is_described(self, backend: Backend) -> None:
        table = Table(backend, replace(schema_of(), throughput=Throughput(read_units=3, write_units=2)))
        try:
            table.create()
            assert table.execute(DescribeTable(table.name)).schema == table.schema
        finally:
            table.drop()

    @proves("23.1")
    def test_create_and_delete_return_the_description(self, backend: Backend) -> None:
        schema = schema_of("S", "N")
        created = backend.execute(CreateTable(schema))
        assert (created.schema, created.item_count) == (schema, 0)
        assert created.status in ("CREATING", "ACTIVE")
        table = Table(backend, schema)
        try:
            table.wait_until_active()
            deleted = backend.execute(DeleteTable(schema.name))
        finally:
            table.drop()
        assert deleted.schema.name == schema.name
        assert deleted.status in ("DELETING", "ACTIVE")

    @proves("23.4")
    def test_table_cannot_be_created_twice(self, table: Table) -> None:
        table.put({"pk": "a"})
        with pytest.raises(TableExists):
            table.backend.execute(CreateTable(table.schema))
        with pytest.raises(TableExists):
            table.backend.execute(CreateTable(replace(schema_of("N", "N"), name=table.name)))
        assert table.items() == [{"pk": "a"}]

    @proves("24.1")
    @cases("operation", OPERATIONS)
    def test_operation_on_a_missing_table(self, backend: Backend, operation: Callable[[str], Operation[Any]]) -> None:
        with pytest.raises(TableNotFound):
            backend.execute(operation(schema_of().name))

    @proves("24.1")
    @cases("operation", OPERATIONS)
    def test_operation_on_a_deleted_table(self, table: Table, operation: Callable[[str], Operation[Any]]) -> None:
        table.put({"pk": "a"})
        table.drop()
        with pytest.raises(TableNotFound):
            table.backend.execute(operation(table.name))

    @proves("23.14")
    def test_recreated_table_is_empty(self, table: Table) -> None:
        table.put({"pk": "a"})
        table.drop()
        table.create()
        assert table.items() == []

    @proves("23.14")
    def test_recreated_table_may_have_another_schema(self, table: Table) -> None:
        table.put({"pk": "a"})
        table.drop()
        again = Table(table.backend, replace(schema_of("N", "B"), name=table.name))
        again.create()
        again.put({"pk": 1, "sk": b"x"})
        assert again.items() == [{"pk": 1, "sk": b"x"}]
        assert again.execute(DescribeTable(table.name)).schema == again.schema

    @proves("23.13")
    def test_tables_are_separate(self, make_table: MakeTable) -> None:
        first, second = make_table(), make_table()
        first.put({"pk": "a", "v": 1})
        second.put({"pk": "a", "v": 2})
        first.delete({"pk": "a"})
        assert (first.items(), second.items()) == ([], [{"pk": "a", "v": 2}])

    @proves(
        cases={
            "23.5": ["name too short", "name too long", "name with other characters"],
            "23.6": ["two keys of one name"],
            "23.7": ["no read units", "no write units"],
        }
    )
    @cases("schema", BAD_SCHEMAS)
    def test_table_is_refused(self, backend: Backend, schema: TableSchema) -> None:
        with pytest.raises(InvalidRequestError):
            backend.execute(CreateTable(schema))
        with pytest.raises((InvalidRequestError, TableNotFound)):
            backend.execute(DescribeTable(schema.name))

    @proves("18.35")
    def test_unknown_index_is_refused(self, table: Table) -> None:
        table.put({"pk": "a"})
        with pytest.raises(InvalidRequestError, match="does not have the specified index"):
            table.execute(Scan(table.name, index="missing"))
        with pytest.raises(InvalidRequestError, match="does not have the specified index"):
            table.execute(Query(table.name, KeyCondition(Comparison(Path("pk"), EQ, "a")), index="missing"))
