"""Consumed capacity: what each operation costs, given the sizes of the items."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from dynamongo.expressions.conditions import EQ, Comparison, Path
from dynamongo.expressions.updates import RemoveUpdate, SetUpdate
from dynamongo.expressions.values import Item
from dynamongo.operations import (
    BatchDelete,
    BatchGet,
    BatchPut,
    BatchWrite,
    Capacity,
    Delete,
    Get,
    KeyCondition,
    Operation,
    Put,
    Query,
    Scan,
    UpdateItem,
)
from dynamongo.testing.contract.base import ContractBase, proves
from dynamongo.testing.contract.table import Table, cases

KEY: Item = {"pk": "a"}
V = Path("v")


def item_of(size: int, key: str = "a") -> Item:
    """Return an item of `size` bytes."""
    return {"pk": key, "v": "x" * (size - len("pk" + key + "v"))}


READ_UNITS: dict[str, tuple[int, float]] = {
    "1 byte short of 4 KB": (4095, 1),
    "4 KB": (4096, 1),
    "1 byte more than 4 KB": (4097, 2),
    "8 KB": (8192, 2),
    "100 KB": (102_400, 25),
}
WRITE_UNITS: dict[str, tuple[int, float]] = {
    "1 byte short of 1 KB": (1023, 1),
    "1 KB": (1024, 1),
    "1 byte more than 1 KB": (1025, 2),
    "10 KB": (10_240, 10),
}

Make = Callable[[str], Operation[Any]]

WRITES_OF_3_KB: dict[str, tuple[Make, float]] = {
    "put of a smaller item": (lambda table: Put(table, KEY), 3),
    "put of a larger item": (lambda table: Put(table, item_of(4097)), 5),
    "delete": (lambda table: Delete(table, KEY), 3),
    "delete of a missing item": (lambda table: Delete(table, {"pk": "missing"}), 1),
    "update that shrinks": (lambda table: UpdateItem(table, KEY, (RemoveUpdate(V),)), 3),
    "update that grows": (lambda table: UpdateItem(table, KEY, (SetUpdate(Path("w"), "x" * 2000),)), 5),
    "update of a missing item": (lambda table: UpdateItem(table, {"pk": "new"}, (SetUpdate(V, 1),)), 1),
    "batch": (lambda table: BatchWrite(table, (BatchDelete(KEY), BatchPut(item_of(1025, "b")))), 5),
}


class CapacityContract(ContractBase):
    """Read units and write units."""

    @proves("26.1")
    @cases("size, units", READ_UNITS)
    def test_read_costs_a_unit_for_4_kb_and_half_if_not_consistent(self, table: Table, size: int, units: float) -> None:
        table.put(item_of(size))
        by_key = KeyCondition(Comparison(Path("pk"), EQ, "a"))
        for consistent, share in ((True, 1.0), (False, 0.5)):
            expected = Capacity(read_units=units * share)
            assert table.execute(Get(table.name, KEY, consistent=consistent)).consumed == expected
            assert table.execute(BatchGet(table.name, (KEY,), consistent=consistent)).consumed == expected
            assert table.execute(Query(table.name, by_key, consistent=consistent)).consumed == expected
            assert table.execute(Scan(table.name, consistent=consistent)).consumed == expected

    @proves("26.2")
    def test_read_of_nothing_costs_the_minimum(self, table: Table) -> None:
        assert table.execute(Get(table.name, KEY)).consumed == Capacity(read_units=0.5)
        assert table.execute(Get(table.name, KEY, consistent=True)).consumed == Capacity(read_units=1)
        assert table.query("a").consumed == Capacity(read_units=1)
        keys: tuple[Item, ...] = ({"pk": "a"}, {"pk": "b"}, {"pk": "c"})
        assert table.execute(BatchGet(table.name, keys)).consumed == Capacity(read_units=1.5)

    @proves("26.3")
    def test_batch_get_rounds_up_each_item_and_a_page_their_sum(self, ranged: Table) -> None:
        keys: list[Item] = [{"pk": "a", "sk": str(number)} for number in range(8)]
        ranged.put_all([{**key, "v": "x" * 502} for key in keys])  # 512 bytes each
        assert ranged.execute(BatchGet(ranged.name, tuple(keys), consistent=True)).consumed == Capacity(read_units=8)
        assert ranged.query("a").consumed == Capacity(read_units=1)
        assert ranged.scan().consumed == Capacity(read_units=1)

    @proves("26.4")
    def test_read_costs_what_is_read_not_what_is_returned(self, ranged: Table) -> None:
        ranged.put_all([{"pk": "a", "sk": str(number), "v": "x" * 4096} for number in range(4)])
        nothing = Comparison(V, EQ, "y")
        options: dict[str, Any]
        for options in ({}, {"filter": nothing}, {"projection": (Path("sk"),)}, {"count_only": True}):
            assert ranged.query("a", **options).consumed == Capacity(read_units=5)
            assert ranged.scan(**options).consumed == Capacity(read_units=5)
        assert ranged.query("a", limit=1).consumed == Capacity(read_units=2)

    @proves("26.5")
    def test_get_costs_what_is_read_not_what_is_returned(self, table: Table) -> None:
        table.put(item_of(8192))
        get = Get(table.name, KEY, (Path("pk"),), consistent=True)
        assert table.execute(get).consumed == Capacity(read_units=2)

    @proves("26.4")
    def test_batch_get_costs_what_is_read_not_what_is_returned(self, table: Table) -> None:
        table.put(item_of(8192))
        get = BatchGet(table.name, (KEY,), (Path("pk"),), consistent=True)
        assert table.execute(get).consumed == Capacity(read_units=2)

    @proves("26.6")
    @cases("size, units", WRITE_UNITS)
    def test_write_costs_a_unit_for_1_kb(self, table: Table, size: int, units: float) -> None:
        item, expected = item_of(size), Capacity(write_units=units)
        assert table.execute(Put(table.name, item)).consumed == expected
        assert table.execute(UpdateItem(table.name, KEY, (SetUpdate(V, item["v"]),))).consumed == expected
        assert table.execute(Delete(table.name, KEY)).consumed == expected
        assert table.execute(BatchWrite(table.name, (BatchPut(item),))).consumed == expected

    @proves("26.7")
    @cases("write, units", WRITES_OF_3_KB)
    def test_write_costs_the_larger_of_old_and_new_item(self, table: Table, write: Make, units: float) -> None:
        table.put(item_of(3072))
        assert table.execute(write(table.name)).consumed == Capacity(write_units=units)
