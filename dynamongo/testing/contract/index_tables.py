"""Tables with indexes: creation, description, refusal and the cost of indexes."""

from __future__ import annotations

import pytest

from dynamongo._support.dataclasses import replace
from dynamongo.backends.base import Backend
from dynamongo.exceptions import InvalidRequestError, TableNotFound
from dynamongo.expressions.conditions import Exists, Path
from dynamongo.expressions.updates import RemoveUpdate, SetUpdate
from dynamongo.expressions.values import Item
from dynamongo.operations import (
    BatchDelete,
    BatchPut,
    BatchWrite,
    Capacity,
    ConditionCheck,
    CreateTable,
    Delete,
    DescribeTable,
    Put,
    TransactWrite,
    UpdateItem,
)
from dynamongo.schema import IndexSchema, KeyAttribute, KeySchema, Projection, TableSchema, Throughput
from dynamongo.testing.contract.base import MakeTable, proves, schema_of
from dynamongo.testing.contract.capacity import Make
from dynamongo.testing.contract.indexed import INDEXES, IndexBase
from dynamongo.testing.contract.table import Table, cases

PK, GH = KeyAttribute("pk", "S"), KeyAttribute("gh", "S")


def by_name(schema: TableSchema) -> dict[str, IndexSchema]:
    """Return the indexes by name, since they have no order."""
    return {index.name: index for index in schema.indexes}


def local(name: str, range_key: KeyAttribute | None, hash_key: KeyAttribute = PK) -> IndexSchema:
    """Return a local index."""
    return IndexSchema(name, KeySchema(hash_key, range_key), is_global=False)


NAMES = tuple(f"n{number:02}" for number in range(21))


def projecting(*counts: int) -> tuple[IndexSchema, ...]:
    """Return global indexes that each project a given number of attributes besides the keys."""
    return tuple(
        IndexSchema(f"by_gh{place}", KeySchema(GH), Projection("include", NAMES[:count]))
        for place, count in enumerate(counts)
    )


DESCRIBED: dict[str, TableSchema] = {
    "global and local": schema_of("S", "S", INDEXES),
    "global alone, on a table without range key": schema_of("B", None, INDEXES[:4]),
    "keys of other types": schema_of(
        "S", "N", (IndexSchema("by_b", KeySchema(KeyAttribute("b", "B"), KeyAttribute("n", "N"))),)
    ),
    "keys that the table has too": schema_of(
        "S", "S", (IndexSchema("swapped", KeySchema(KeyAttribute("sk", "S"), PK)),)
    ),
    "20 attributes in one and 100 in all": schema_of("S", "S", projecting(20, 20, 20, 20, 20)),
    "key among the attributes": schema_of(
        "S", "S", (IndexSchema("by_gh", KeySchema(GH), Projection("include", ("pk", "x" * 255))),)
    ),
    "throughput of its own": replace(
        schema_of("S", None, (IndexSchema("by_gh", KeySchema(GH), throughput=Throughput(3, 4)),)),
        throughput=Throughput(1, 2),
    ),
    "the throughput of the table": replace(
        schema_of("S", None, (IndexSchema("by_gh", KeySchema(GH)),)), throughput=Throughput(1, 2)
    ),
}

REFUSED: dict[str, TableSchema] = {
    "local on a table without range key": schema_of("S", None, (local("by_ls", KeyAttribute("ls", "S")),)),
    "local without range key": schema_of("S", "S", (local("by_ls", None),)),
    "local with another hash key": schema_of("S", "S", (local("by_ls", KeyAttribute("ls", "S"), GH),)),
    "two of one name": schema_of("S", "S", (INDEXES[0], replace(INDEXES[1], name=INDEXES[0].name))),
    "global and local of one name": schema_of("S", "S", (INDEXES[0], replace(INDEXES[4], name=INDEXES[0].name))),
    "attribute of two types": schema_of("S", "S", (IndexSchema("by_pk", KeySchema(KeyAttribute("pk", "N"))),)),
    "name too short": schema_of("S", "S", (IndexSchema("by", KeySchema(GH)),)),
    "name with other characters": schema_of("S", "S", (IndexSchema("by gh", KeySchema(GH)),)),
    "two keys of one name": schema_of("S", "S", (IndexSchema("by_gh", KeySchema(GH, GH)),)),
    "keys only with attributes": schema_of(
        "S", "S", (IndexSchema("by_gh", KeySchema(GH), Projection("keys_only", ("a",))),)
    ),
    "all with attributes": schema_of("S", "S", (IndexSchema("by_gh", KeySchema(GH), Projection("all", ("a",))),)),
    "some without attributes": schema_of("S", "S", (IndexSchema("by_gh", KeySchema(GH), Projection("include")),)),
    "21 attributes in one": schema_of("S", "S", projecting(21)),
    "101 attributes in all": schema_of("S", "S", projecting(20, 20, 20, 20, 20, 1)),
    "attribute twice": schema_of("S", "S", (IndexSchema("by_gh", KeySchema(GH), Projection("include", ("a", "a"))),)),
    "attribute with a name of 256 bytes": schema_of(
        "S", "S", (IndexSchema("by_gh", KeySchema(GH), Projection("include", ("\u00e9" * 128,))),)
    ),
    "6 local": schema_of("S", "S", tuple(local(f"by_l{n}", KeyAttribute(f"l{n}", "S")) for n in range(6))),
    "21 global": schema_of("S", "S", tuple(IndexSchema(f"by_g{n:02}", KeySchema(GH)) for n in range(21))),
}

KEY: Item = {"pk": "a", "sk": "1"}
STORED: Item = {**KEY, "gh": "x", "gs": 1, "a": "old", "v": "x" * 3000}  # 3 write units in the table
SMALL: Item = {**KEY, "gh": "x", "gs": 1, "a": "old"}
GH_PATH, A, V = Path("gh"), Path("a"), Path("v")
COSTED = (INDEXES[3],)  # by_gh_gs_some, which projects `a` but not `v`

COSTS: dict[str, tuple[Item | None, Make, float]] = {
    "put of a new item": (None, lambda table: Put(table, SMALL), 2),
    "put of a new item that the index does not hold": (None, lambda table: Put(table, KEY), 1),
    "put of a new item, of which the index holds a part": (None, lambda table: Put(table, STORED), 4),
    "put of the same item": (SMALL, lambda table: Put(table, SMALL), 1),
    "put that takes the item out of the index": (SMALL, lambda table: Put(table, KEY), 2),
    "put that moves the item in the index": (SMALL, lambda table: Put(table, {**SMALL, "gh": "y"}), 3),
    "put that changes what the index holds": (SMALL, lambda table: Put(table, {**SMALL, "a": "new"}), 2),
    "update of what the index holds": (STORED, lambda table: UpdateItem(table, KEY, (SetUpdate(A, "new"),)), 4),
    "update of what the index does not hold": (SMALL, lambda table: UpdateItem(table, KEY, (SetUpdate(V, 1),)), 1),
    "update of the key of the index": (SMALL, lambda table: UpdateItem(table, KEY, (SetUpdate(GH_PATH, "y"),)), 3),
    "update that removes the key of the index": (
        SMALL,
        lambda table: UpdateItem(table, KEY, (RemoveUpdate(GH_PATH),)),
        2,
    ),
    "delete": (SMALL, lambda table: Delete(table, KEY), 2),
    "delete of an item that the index does not hold": (KEY, lambda table: Delete(table, KEY), 1),
    "batch put": (None, lambda table: BatchWrite(table, (BatchPut(SMALL),)), 2),
    "check in a transaction": (SMALL, lambda table: TransactWrite((ConditionCheck(table, KEY, Exists(A)),)), 2),
    "batch delete": (SMALL, lambda table: BatchWrite(table, (BatchDelete(KEY),)), 2),
}


class IndexTableContract(IndexBase):
    """CreateTable and DescribeTable with indexes; consumed capacity."""

    @proves("23.3", cases={"23.20": ["20 attributes in one and 100 in all", "key among the attributes"]})
    @cases("schema", DESCRIBED)
    def test_indexes_are_described_as_created(self, backend: Backend, schema: TableSchema) -> None:
        table = Table(backend, schema)
        try:
            table.create()
            described = table.execute(DescribeTable(schema.name)).schema
        finally:
            table.drop()
        assert by_name(described) == by_name(schema)
        assert replace(described, indexes=()) == replace(schema, indexes=())

    @proves(
        cases={
            "23.8": ["local on a table without range key", "local without range key", "local with another hash key"],
            "23.9": ["two of one name", "global and local of one name", "name with other characters"],
            "23.10": ["attribute of two types", "two keys of one name"],
            "23.11": ["keys only with attributes", "all with attributes", "some without attributes"],
            "23.12": ["6 local", "21 global"],
            "23.19": [
                "21 attributes in one",
                "101 attributes in all",
                "attribute twice",
                "attribute with a name of 256 bytes",
            ],
        }
    )
    @cases("schema", REFUSED)
    def test_index_is_refused(self, backend: Backend, schema: TableSchema) -> None:
        table = Table(backend, schema)
        try:
            with pytest.raises(InvalidRequestError):
                backend.execute(CreateTable(schema))
            with pytest.raises(TableNotFound):
                backend.execute(DescribeTable(schema.name))
        finally:
            table.drop()

    @proves("26.8")
    @cases("before, write, units", COSTS)
    def test_write_costs_what_it_writes_in_the_index_too(
        self, make_table: MakeTable, before: Item | None, write: Make, units: float
    ) -> None:
        table = make_table("S", "S", COSTED)
        if before is not None:
            table.put(before)
        assert table.execute(write(table.name)).consumed == Capacity(write_units=units)

    @proves("26.8")
    def test_write_costs_every_index(self, indexed: Table) -> None:
        item: Item = {**KEY, "gh": "x", "gs": 1, "ls": "1"}
        assert indexed.execute(Put(indexed.name, item)).consumed == Capacity(write_units=8)
        assert indexed.execute(Put(indexed.name, item)).consumed == Capacity(write_units=1)
        assert indexed.execute(Delete(indexed.name, KEY)).consumed == Capacity(write_units=8)

    @proves("26.9")
    def test_read_of_an_index_costs_the_size_of_its_projection(self, indexed: Table) -> None:
        indexed.put_all([{"pk": "x", "sk": sk, "gh": "x", "gs": 1, "ls": "1", "v": "x" * 8000} for sk in "12"])
        assert indexed.query_index("by_gh_gs", "x").consumed == Capacity(read_units=2)
        assert indexed.query_index("by_gh_gs_keys", "x").consumed == Capacity(read_units=0.5)
        assert indexed.query_index("by_ls", "x", consistent=True).consumed == Capacity(read_units=4)
        assert indexed.query_index("by_ls_keys", "x", consistent=True).consumed == Capacity(read_units=1)

    @proves("26.10")
    def test_fetch_from_the_table_costs_every_fetched_item(self, indexed: Table) -> None:
        indexed.put_all([{"pk": "x", "sk": sk, "ls": "1", "v": "x" * 5000} for sk in "12"])
        page = indexed.query_index("by_ls_keys", "x", projection=(V,), consistent=True)
        assert page.consumed == Capacity(read_units=1 + 2 * 2)
