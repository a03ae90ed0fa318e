"""Transactions that read: order, projections and limits."""

from __future__ import annotations

from decimal import Decimal

import pytest

from dynamongo.exceptions import InvalidRequestError, TableNotFound, TransactionCanceled
from dynamongo.expressions.conditions import Path
from dynamongo.expressions.values import Item
from dynamongo.operations import Capacity, Get, TransactGet
from dynamongo.testing.contract.base import ContractBase, MakeTable, proves
from dynamongo.testing.contract.batches import items_of, keys_of
from dynamongo.testing.contract.table import Table, cases

A: Item = {"pk": "a"}
STORED: Item = {"pk": "a", "v": 1, "m": {"x": 1, "y": 2}}
M, V = Path("m"), Path("v")

PROJECTED: dict[str, tuple[tuple[Path, ...], Item]] = {
    "attribute": ((V,), {"v": 1}),
    "attribute and key": ((V, Path("pk")), {"v": 1, "pk": "a"}),
    "part of an attribute": ((M / "x", V), {"v": 1, "m": {"x": 1}}),
    "missing attribute": ((Path("missing"),), {}),
    "key": ((Path("pk"),), {"pk": "a"}),
}
BAD_KEYS: dict[str, Item] = {
    "other type": {"pk": 1},
    "other name": {"key": "a"},
    "extra attribute": {"pk": "b", "v": 1},
    "nothing": {},
}


class TransactGetContract(ContractBase):
    """TransactGet."""

    @proves("21.30")
    def test_items_are_in_the_order_of_the_gets(self, make_table: MakeTable) -> None:
        first, second = make_table(), make_table("N", "S")
        items: list[Item] = [{"pk": pk, "v": pk} for pk in "cadb"]
        first.put_all(items)
        second.put({"pk": 1, "sk": "x"})
        gets = [Get(first.name, {"pk": item["pk"]}) for item in items]
        gets.insert(2, Get(second.name, {"pk": 1, "sk": "x"}))
        expected = (*items[:2], {"pk": 1, "sk": "x"}, *items[2:])
        assert first.execute(TransactGet(tuple(gets))).items == expected

    @proves("21.30")
    def test_missing_items_are_none_at_their_places(self, table: Table) -> None:
        table.put(STORED)
        assert table.transact_get({"pk": "x"}, A, {"pk": "y"}) == (None, STORED, None)
        assert table.transact_get({"pk": "x"}) == (None,)

    @proves("21.31")
    @cases("paths, expected", PROJECTED)
    def test_projection_in_a_transaction_returns_the_named_paths(
        self, table: Table, paths: tuple[Path, ...], expected: Item
    ) -> None:
        table.put(STORED)
        assert table.transact_get(A, {"pk": "x"}, projection=paths) == (expected, None)

    @proves("21.31")
    def test_every_get_has_its_own_projection(self, table: Table) -> None:
        table.put_all([STORED, {"pk": "b", "v": 2}])
        gets = (Get(table.name, {"pk": "b"}), Get(table.name, A, (M / "y",)))
        assert table.execute(TransactGet(gets)).items == ({"pk": "b", "v": 2}, {"m": {"y": 2}})

    @proves("21.32")
    def test_overlapping_projection_is_refused(self, table: Table) -> None:
        with pytest.raises(InvalidRequestError):
            table.transact_get(A, projection=(M, M / "x"))

    @proves("21.33")
    def test_repeated_get_is_refused(self, table: Table) -> None:
        with pytest.raises(InvalidRequestError, match="multiple operations on one item"):
            table.transact_get(A, {"pk": "b"}, A)

    @proves("21.33")
    def test_gets_of_a_number_in_two_forms_are_refused(self, make_table: MakeTable) -> None:
        table = make_table("N")
        with pytest.raises(InvalidRequestError, match="multiple operations on one item"):
            table.transact_get({"pk": 1}, {"pk": Decimal("1.0")})

    @proves(cases={"21.14": ["0"], "21.34": ["101"]})
    @cases("count", {"0": 0, "101": 101})
    def test_transaction_refuses_number_of_gets(self, table: Table, count: int) -> None:
        with pytest.raises(InvalidRequestError):
            table.transact_get(*keys_of(items_of(count)))

    @proves("21.34")
    def test_transaction_takes_100_gets(self, table: Table) -> None:
        table.put({"pk": "k99"})
        found = table.transact_get(*keys_of(items_of(100)))
        assert found == (None,) * 99 + ({"pk": "k99"},)

    @proves("21.36")
    @cases("key", BAD_KEYS)
    def test_bad_key_is_the_reason_of_a_cancelled_transaction(self, table: Table, key: Item) -> None:
        table.put(STORED)
        with pytest.raises(TransactionCanceled) as failure:
            table.transact_get(A, key)
        assert [reason.code for reason in failure.value.reasons] == ["None", "ValidationError"]

    @proves("21.36")
    def test_empty_key_is_refused(self, table: Table) -> None:
        with pytest.raises((InvalidRequestError, TransactionCanceled), match=r"empty string|ValidationError"):
            table.transact_get(A, {"pk": ""})

    @proves("21.37")
    def test_get_from_a_missing_table(self, table: Table) -> None:
        with pytest.raises(TableNotFound):
            table.execute(TransactGet((Get(table.name, A), Get(table.name + "-missing", A))))

    @proves("26.13")
    @cases("size, units", {"4 KB": (4096, 2), "1 byte more than 4 KB": (4097, 4)})
    def test_get_costs_twice_what_a_consistent_one_costs_alone(self, table: Table, size: int, units: float) -> None:
        table.put({**A, "v": "x" * (size - len("pk" + "a" + "v"))})
        for consistent in (False, True):
            result = table.execute(TransactGet((Get(table.name, A, consistent=consistent),)))
            assert result.consumed == Capacity(read_units=units)

    @proves("26.13")
    def test_missing_items_cost_as_small_ones(self, table: Table) -> None:
        gets = tuple(Get(table.name, {"pk": pk}) for pk in "abc")
        assert table.execute(TransactGet(gets)).consumed == Capacity(read_units=6)
