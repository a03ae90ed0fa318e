"""Global indexes whose keys have several attributes: which there are, what is in them, and what a query compares.

Source: "Multi-attribute keys pattern" in the DynamoDB developer guide, and answers of DynamoDB that were recorded in
2026: by the controllers of AWS for Kubernetes, by tests of moto that run against DynamoDB, and by a public conformance
suite; where a test says so, by the tests of ScyllaDB, which run against DynamoDB too.
"""

from __future__ import annotations

from typing import Any

import pytest

from dynamongo.backends.base import Backend
from dynamongo.exceptions import DynamongoError, InvalidRequestError, TransactionCanceled
from dynamongo.expressions.conditions import Path
from dynamongo.expressions.updates import RemoveUpdate, SetUpdate
from dynamongo.expressions.values import AttributeValue, Item
from dynamongo.operations import (
    BatchDelete,
    BatchPut,
    BatchWrite,
    Capacity,
    CreateIndex,
    CreateTable,
    Delete,
    DeleteIndex,
    DescribeTable,
    Put,
    Scan,
    TransactWrite,
    UpdateItem,
)
from dynamongo.schema import IndexSchema, KeyAttribute, KeySchema, Projection, TableSchema
from dynamongo.testing.contract.base import ContractBase, MakeTable, proves, schema_of
from dynamongo.testing.contract.capacity import Make
from dynamongo.testing.contract.table import Table, cases, in_order
from dynamongo.testing.contract.table_changes import change

_TYPES: dict[str, Any] = {"pk": "S", "sk": "S", "h2": "N", "h4": "B", "r2": "N", "r3": "B"}


def key_of(hash_names: str, range_names: str = "") -> KeySchema:
    """Return the key with the attributes named: `pk`, `sk`, `h1` to `h5` and `r1` to `r5`, each of its own type."""
    hash_key, range_key = (
        [KeyAttribute(name, _TYPES.get(name, "S")) for name in names.split()] for names in (hash_names, range_names)
    )
    return KeySchema(hash_key, range_key)


def index_of(hash_names: str, range_names: str = "", *, is_global: bool = True) -> IndexSchema:
    """Return an index with such a key."""
    return IndexSchema("by_long", key_of(hash_names, range_names), is_global=is_global)


BY_TWO = IndexSchema("by_two", key_of("h1 h2", "r1 r2"))
BY_KEYS = IndexSchema("by_keys", key_of("h1 h2", "r1 r2"), Projection("keys_only"))
BY_SOME = IndexSchema("by_some", key_of("h1 h2", "r1 r2"), Projection("include", ("a",)))
BY_EIGHT = IndexSchema("by_eight", key_of("h1 h2 h3 h4", "r1 r2 r3 r4"))
INDEXES = (BY_TWO, BY_KEYS, BY_SOME, BY_EIGHT)

KEY: Item = {"pk": "p", "sk": "1"}
OF_TWO: Item = {"h1": "a", "h2": 1, "r1": "x", "r2": 1}
OF_EIGHT: Item = {**OF_TWO, "h3": "b", "h4": b"\x01", "r3": b"\x02", "r4": "y"}

KEYS: dict[str, IndexSchema] = {
    "2 and 0": index_of("h1 h2"),
    "4 and 0": index_of("h1 h2 h3 h4"),
    "1 and 2": index_of("h1", "r1 r2"),
    "1 and 4": index_of("h1", "r1 r2 r3 r4"),
    "2 and 1": index_of("h1 h2", "r1"),
    "2 and 2": index_of("h1 h2", "r1 r2"),
    "4 and 4": index_of("h1 h2 h3 h4", "r1 r2 r3 r4"),
    "keys of the table among them": index_of("h1 sk", "r1 pk"),
}
REFUSED: dict[str, tuple[IndexSchema, str]] = {
    "5 hash attributes": (index_of("h1 h2 h3 h4 h5"), "maximum allowed number of HASH key attributes"),
    "5 range attributes": (index_of("h1", "r1 r2 r3 r4 r5"), "maximum allowed number of RANGE key attributes"),
    "range attributes alone": (index_of("", "r1 r2"), "The first KeySchemaElement is not a HASH key type"),
    "hash attribute twice": (index_of("h1 h1"), "same name"),
    "range attribute twice": (index_of("h1", "r1 r2 r1"), "same name"),
    "hash attribute as range attribute": (index_of("h1 h2", "r1 h2"), "same name"),
    "local index with two range attributes": (
        index_of("pk", "r1 r2", is_global=False),
        "length less than or equal to 2",
    ),
    "local index with two hash attributes": (index_of("pk h1", is_global=False), "not a RANGE key type"),
}

ELSEWHERE: Item = {**OF_EIGHT, "h2": 2, "r4": "z"}
WRITES: dict[str, tuple[Make, Item | None]] = {
    "put with another hash attribute": (lambda t: Put(t, {**KEY, **OF_EIGHT, "h2": 2}), {**OF_EIGHT, "h2": 2}),
    "put without the last range attribute of four": (lambda t: Put(t, {**KEY, **OF_TWO}), OF_TWO),
    "update of the second range attribute": (
        lambda t: UpdateItem(t, KEY, (SetUpdate(Path("r2"), 7),)),
        {**OF_EIGHT, "r2": 7},
    ),
    "update that removes the second hash attribute": (
        lambda t: UpdateItem(t, KEY, (RemoveUpdate(Path("h2")),)),
        {name: value for name, value in OF_EIGHT.items() if name != "h2"},
    ),
    "delete": (lambda t: Delete(t, KEY), None),
    "batch put": (lambda t: BatchWrite(t, (BatchPut({**KEY, **ELSEWHERE}),)), ELSEWHERE),
    "batch delete": (lambda t: BatchWrite(t, (BatchDelete(KEY),)), None),
    "put in a transaction": (lambda t: TransactWrite((Put(t, {**KEY, **ELSEWHERE}),)), ELSEWHERE),
}

BAD_VALUES: dict[str, tuple[str, AttributeValue]] = {
    "second hash attribute of another type": ("h2", "1"),
    "second range attribute of another type": ("r2", b"1"),
    "third range attribute of another type": ("r3", "x"),
    "second range attribute that is null": ("r2", None),
    "third hash attribute that is empty": ("h3", ""),
    "fourth hash attribute that is empty": ("h4", b""),
    "fourth range attribute that is empty": ("r4", ""),
}

STORED: Item = {**KEY, **OF_TWO, "a": "old"}
COSTS: dict[str, tuple[Item | None, Make, float]] = {
    "put of a new item": (None, lambda t: Put(t, STORED), 2),
    "put of an item that lacks an attribute": (None, lambda t: Put(t, {**KEY, "h1": "a", "r1": "x", "r2": 1}), 1),
    "put of the same item": (STORED, lambda t: Put(t, STORED), 1),
    "update of the second hash attribute": (STORED, lambda t: UpdateItem(t, KEY, (SetUpdate(Path("h2"), 2),)), 3),
    "update of the second range attribute": (STORED, lambda t: UpdateItem(t, KEY, (SetUpdate(Path("r2"), 2),)), 3),
    "update that takes the item out": (STORED, lambda t: UpdateItem(t, KEY, (RemoveUpdate(Path("r2")),)), 2),
    "update of what the index holds": (STORED, lambda t: UpdateItem(t, KEY, (SetUpdate(Path("a"), "new"),)), 2),
    "update of what the index does not hold": (STORED, lambda t: UpdateItem(t, KEY, (SetUpdate(Path("v"), 1),)), 1),
}


class LongKeyBase(ContractBase):
    """Base class of the classes about keys of several attributes."""

    @pytest.fixture
    def long_keyed(self, make_table: MakeTable) -> Table:
        """Return an empty table with `INDEXES`."""
        return make_table("S", "S", INDEXES)


class LongKeyContract(LongKeyBase):
    """Creation, membership and writes."""

    @proves("27.1", cases={"27.2": ["2 and 0"]})
    @cases("index", KEYS)
    def test_key_of_an_index_may_have_several_attributes(self, make_table: MakeTable, index: IndexSchema) -> None:
        table = make_table("S", "S", (index,))
        assert table.execute(DescribeTable(table.name)).schema.indexes == (index,)
        item: Item = {**KEY, **OF_EIGHT}
        table.put(item)
        assert table.index_items("by_long") == [item]

    @proves(
        cases={
            "27.3": ["5 hash attributes", "5 range attributes"],
            "27.4": ["range attribute twice", "hash attribute as range attribute"],
            "27.5": ["range attributes alone", "hash attribute twice"],
            "27.6": ["local index with two hash attributes"],
            "27.7": ["local index with two range attributes"],
        }
    )
    @cases("index, message", REFUSED)
    def test_long_key_is_refused(self, backend: Backend, index: IndexSchema, message: str) -> None:
        schema = schema_of("S", "S", (index,))
        try:
            with pytest.raises(InvalidRequestError, match=message):
                backend.execute(CreateTable(schema))
        finally:
            Table(backend, schema).drop()

    @proves("27.6")
    @cases("keys", {"two hash attributes": key_of("pk h1"), "two range attributes": key_of("pk", "r1 r2")})
    def test_table_has_one_hash_and_one_range_key(self, backend: Backend, keys: KeySchema) -> None:
        with pytest.raises(InvalidRequestError):
            backend.execute(CreateTable(TableSchema(schema_of().name, keys)))

    @proves("27.8")
    def test_item_that_lacks_one_attribute_of_eight_is_not_in_the_index(self, long_keyed: Table) -> None:
        whole: Item = {**KEY, **OF_EIGHT}
        long_keyed.put(whole)
        for place, name in enumerate(OF_EIGHT):
            kept = {other: value for other, value in OF_EIGHT.items() if other != name}
            long_keyed.put({"pk": "p", "sk": f"without {place}", **kept})
        assert long_keyed.index_items("by_eight") == [whole]
        assert len(long_keyed.index_items("by_two")) == 1 + len(OF_EIGHT) - len(OF_TWO)

    @proves(
        "27.9",
        cases={
            "27.10": [
                "put without the last range attribute of four",
                "update that removes the second hash attribute",
            ]
        },
    )
    @cases("write, after", WRITES)
    def test_long_key_follows_every_write(self, long_keyed: Table, write: Make, after: Item | None) -> None:
        long_keyed.put_all([{**KEY, **OF_EIGHT}, {**KEY, "sk": "2", **OF_EIGHT}])
        long_keyed.execute(write(long_keyed.name))
        items = [{**KEY, "sk": "2", **OF_EIGHT}, *([] if after is None else [{**KEY, **after}])]
        for index in (BY_TWO, BY_EIGHT):
            expected = [item for item in items if item.keys() >= set(index.keys.names)]
            assert in_order(long_keyed.index_items(index.name)) == in_order(expected)

    @proves("27.9")
    def test_attribute_that_comes_back_puts_the_item_back(self, long_keyed: Table) -> None:
        long_keyed.put({**KEY, **OF_TWO})
        long_keyed.update(KEY, RemoveUpdate(Path("r2")), RemoveUpdate(Path("h1")))
        assert long_keyed.index_items("by_two") == []
        long_keyed.update(KEY, SetUpdate(Path("r2"), 1))
        assert long_keyed.index_items("by_two") == []
        long_keyed.update(KEY, SetUpdate(Path("h1"), "a"))
        assert long_keyed.index_items("by_two") == [{**KEY, **OF_TWO}]

    @proves("27.11")
    @cases("name, value", BAD_VALUES)
    def test_value_that_cannot_be_in_a_long_key_is_refused(
        self, long_keyed: Table, name: str, value: AttributeValue
    ) -> None:
        for others in (OF_EIGHT, {}):  # even if the item would not be in the index
            long_keyed.put(KEY)
            item: Item = {**KEY, **others, name: value}
            writes = (
                Put(long_keyed.name, item),
                UpdateItem(long_keyed.name, KEY, (SetUpdate(Path(name), value),)),
                BatchWrite(long_keyed.name, (BatchPut({**KEY, "sk": "2"}), BatchPut(item))),
                TransactWrite((Put(long_keyed.name, item),)),
            )
            for write in writes:
                with pytest.raises((InvalidRequestError, TransactionCanceled)):
                    long_keyed.execute(write)
            assert long_keyed.items() == [KEY]

    @proves("27.12")
    def test_attributes_of_a_long_key_share_its_limit_of_size(self, make_table: MakeTable) -> None:
        table = make_table("S", "S", (index_of("h1 h3", "r1 r4"),))
        largest: Item = {**KEY, "h1": "x" * 2000, "h3": "x" * 48, "r1": "x" * 24, "r4": "\u00e9" * 500}
        table.put(largest)
        assert table.index_items("by_long") == [largest]
        for name in ("h3", "r4"):
            with pytest.raises(InvalidRequestError):
                table.put({**largest, name: str(largest[name]) + "x"})
        with pytest.raises(InvalidRequestError):
            table.put({**KEY, "h1": "a", "h3": "b", "r1": "\u20ac" * 200, "r4": "\u20ac" * 200})

    @proves(
        "27.25",
        cases={
            "27.26": [
                "put of an item that lacks an attribute",
                "update of the second hash attribute",
                "update of the second range attribute",
                "update that takes the item out",
            ]
        },
    )
    @cases("before, write, units", COSTS)
    def test_write_costs_what_it_writes_under_a_long_key(
        self, make_table: MakeTable, before: Item | None, write: Make, units: float
    ) -> None:
        table = make_table("S", "S", (BY_SOME,))
        if before is not None:
            table.put(before)
        assert table.execute(write(table.name)).consumed == Capacity(write_units=units)

    @proves("27.27")
    def test_new_index_with_a_long_key_holds_the_items_that_have_it(self, make_table: MakeTable) -> None:
        table = make_table("S", "S")
        mistyped: Item = {**KEY, "sk": "2", **OF_TWO, "r2": "1"}
        table.put_all([{**KEY, **OF_TWO}, mistyped, {**KEY, "sk": "3", "h1": "a"}])
        change(table, CreateIndex(table.name, BY_TWO))
        assert table.index_items("by_two") == [{**KEY, **OF_TWO}]
        with pytest.raises(DynamongoError):
            table.put(mistyped)
        change(table, DeleteIndex(table.name, "by_two"))
        table.put(mistyped)
        with pytest.raises(DynamongoError):
            table.execute(Scan(table.name, index="by_two"))
