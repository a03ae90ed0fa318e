"""Batches: limits and duplicates, and that a batch with an invalid part does nothing."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from dynamongo.exceptions import InvalidRequestError, TableNotFound
from dynamongo.expressions.sizes import item_size
from dynamongo.expressions.values import Item
from dynamongo.operations import BatchDelete, BatchGet, BatchPut, BatchWrite
from dynamongo.testing.contract.base import ContractBase, MakeTable, proves
from dynamongo.testing.contract.table import Table, cases, in_order

MAX_RESPONSE_BYTES = 16 * 1024 * 1024


def items_of(count: int) -> list[Item]:
    """Return `count` items."""
    return [{"pk": f"k{number}", "v": number} for number in range(count)]


def keys_of(items: list[Item]) -> tuple[Item, ...]:
    """Return the keys of the items."""
    return tuple({"pk": item["pk"]} for item in items)


def puts_of(items: list[Item]) -> tuple[BatchPut, ...]:
    """Return a put of each item."""
    return tuple(map(BatchPut, items))


class BatchContract(ContractBase):
    """BatchGet and BatchWrite."""

    @proves("19.1")
    def test_backend_has_the_limits_of_batches(self, table: Table) -> None:
        limits = table.backend.limits
        assert 1 <= limits.batch_get <= 100
        assert 1 <= limits.batch_write <= 25

    @proves("19.1")
    def test_batch_get_takes_100_keys(self, table: Table) -> None:
        items = items_of(100)
        for start in range(0, 100, 25):
            table.execute(BatchWrite(table.name, puts_of(items[start : start + 25])))
        result = table.execute(BatchGet(table.name, keys_of(items)))
        assert in_order(result.items) == in_order(items)
        assert result.unprocessed == ()

    @proves(cases={"19.2": ["101"], "19.3": ["0"]})
    @cases("count", {"0": 0, "101": 101})
    def test_batch_get_refuses_number_of_keys(self, table: Table, count: int) -> None:
        with pytest.raises(InvalidRequestError):
            table.execute(BatchGet(table.name, keys_of(items_of(count))))

    @proves("19.4")
    def test_batch_get_leaves_out_missing_items(self, table: Table) -> None:
        table.put({"pk": "k1", "v": 1})
        result = table.execute(BatchGet(table.name, keys_of(items_of(3)), consistent=True))
        assert (result.items, result.unprocessed) == (({"pk": "k1", "v": 1},), ())
        assert table.execute(BatchGet(table.name, ({"pk": "x"},))).items == ()

    @proves("19.5")
    def test_batch_get_refuses_a_key_given_twice(self, table: Table) -> None:
        with pytest.raises(InvalidRequestError, match="duplicates"):
            table.execute(BatchGet(table.name, ({"pk": "a"}, {"pk": "b"}, {"pk": "a"})))

    @proves("19.6")
    def test_batch_get_refuses_a_number_given_in_two_forms(self, make_table: MakeTable) -> None:
        table = make_table("N")
        with pytest.raises(InvalidRequestError, match="duplicates"):
            table.execute(BatchGet(table.name, ({"pk": 1}, {"pk": Decimal("1.0")})))

    @proves("19.7")
    def test_batch_get_with_one_bad_key_is_refused(self, table: Table) -> None:
        table.put({"pk": "a"})
        with pytest.raises(InvalidRequestError):
            table.execute(BatchGet(table.name, ({"pk": "a"}, {"pk": 1})))

    @proves("19.8")
    def test_batch_get_stops_at_16_mb(self, table: Table) -> None:
        items: list[Item] = [{"pk": f"k{number}", "v": "x" * 390_000} for number in range(50)]
        table.put_all(items)
        result = table.execute(BatchGet(table.name, keys_of(items)))
        found = [{"pk": item["pk"]} for item in result.items]
        assert in_order([*found, *result.unprocessed]) == in_order(keys_of(items))
        assert 0 < sum(map(item_size, result.items)) <= MAX_RESPONSE_BYTES

    @proves("20.1")
    def test_batch_write_takes_25_writes(self, table: Table) -> None:
        items = items_of(25)
        assert table.execute(BatchWrite(table.name, puts_of(items))).unprocessed == ()
        assert in_order(table.items()) == in_order(items)

    @proves(cases={"20.2": ["26"], "20.3": ["0"]})
    @cases("count", {"0": 0, "26": 26})
    def test_batch_write_refuses_number_of_writes(self, table: Table, count: int) -> None:
        with pytest.raises(InvalidRequestError):
            table.execute(BatchWrite(table.name, puts_of(items_of(count))))
        assert table.items() == []

    @proves("20.1", "20.6")
    def test_batch_write_puts_and_deletes(self, table: Table) -> None:
        table.put_all([{"pk": "a", "v": 1, "w": 1}, {"pk": "b"}, {"pk": "c"}])
        writes = (BatchPut({"pk": "a", "v": 2}), BatchDelete({"pk": "b"}), BatchDelete({"pk": "missing"}))
        table.execute(BatchWrite(table.name, writes))
        assert in_order(table.items()) == in_order([{"pk": "a", "v": 2}, {"pk": "c"}])

    @proves("20.4")
    @cases(
        "writes",
        {
            "put and put": (BatchPut({"pk": 1, "v": 1}), BatchPut({"pk": 1, "v": 2})),
            "put and delete": (BatchPut({"pk": 1}), BatchDelete({"pk": 1})),
            "delete and delete": (BatchDelete({"pk": 1}), BatchDelete({"pk": 1})),
            "number in two forms": (BatchPut({"pk": 1}), BatchDelete({"pk": Decimal("1.0")})),
        },
    )
    def test_batch_write_refuses_two_writes_of_one_item(self, make_table: MakeTable, writes: tuple[Any, ...]) -> None:
        table = make_table("N")
        table.put({"pk": 1, "v": 0})
        with pytest.raises(InvalidRequestError, match="duplicates"):
            table.execute(BatchWrite(table.name, (BatchPut({"pk": 2}), *writes)))
        assert table.items() == [{"pk": 1, "v": 0}]

    @proves("20.5")
    @cases(
        "bad",
        {
            "put without key": BatchPut({"v": 1}),
            "put with a mistyped key": BatchPut({"pk": 1}),
            "put with an empty key": BatchPut({"pk": ""}),
            "put of too many digits": BatchPut({"pk": "z", "v": int("1" * 39)}),
            "put of too much": BatchPut({"pk": "z", "v": "x" * 409_600}),
            "delete with a mistyped key": BatchDelete({"pk": 1}),
            "delete with an extra attribute": BatchDelete({"pk": "z", "v": 1}),
        },
    )
    def test_batch_write_with_one_bad_write_writes_nothing(self, table: Table, bad: Any) -> None:
        table.put({"pk": "b"})
        with pytest.raises(InvalidRequestError):
            table.execute(BatchWrite(table.name, (BatchPut({"pk": "a"}), BatchDelete({"pk": "b"}), bad)))
        assert table.items() == [{"pk": "b"}]

    @proves("19.9")
    def test_batch_on_a_missing_table(self, table: Table) -> None:
        with pytest.raises(TableNotFound):
            table.execute(BatchGet(table.name + "-missing", ({"pk": "a"},)))
        with pytest.raises(TableNotFound):
            table.execute(BatchWrite(table.name + "-missing", (BatchPut({"pk": "a"}),)))
