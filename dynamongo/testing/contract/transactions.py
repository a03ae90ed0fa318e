"""Transactions that write: all or nothing, and the reasons for nothing."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest

from dynamongo.exceptions import CancellationReason, InvalidRequestError, TableNotFound, TransactionCanceled
from dynamongo.expressions.conditions import EQ, Comparison, Exists, NotExists, Path
from dynamongo.expressions.updates import AddUpdate, IncrementUpdate, SetUpdate
from dynamongo.expressions.values import Item
from dynamongo.operations import Action, Capacity, ConditionCheck, Delete, Put, TransactWrite, UpdateItem
from dynamongo.testing.contract.base import ContractBase, MakeTable, proves
from dynamongo.testing.contract.sizes import nest_in_maps
from dynamongo.testing.contract.table import Table, cases, in_order

A: Item = {"pk": "a"}
B: Item = {"pk": "b"}
STORED: Item = {"pk": "a", "v": "old", "m": {"x": [1]}}
PK, V = Path("pk"), Path("v")
FALSE, TRUE = Exists(Path("missing")), NotExists(Path("missing"))
NONE = CancellationReason()
FAILED = CancellationReason("ConditionalCheckFailed", "The conditional request failed")

MakeAction = Callable[..., Action]


def put(table: str, key: Item, **options: Any) -> Put:
    """Return a put of an item with the key."""
    return Put(table, {**key, "v": "new"}, **options)


def update(table: str, key: Item, **options: Any) -> UpdateItem:
    """Return an update of the item with the key."""
    return UpdateItem(table, key, (SetUpdate(V, "new"),), **options)


def check(table: str, key: Item, condition: Any = TRUE, **options: Any) -> ConditionCheck:
    """Return a check of the item with the key."""
    return ConditionCheck(table, key, condition, **options)


ACTIONS: dict[str, MakeAction] = {"put": put, "delete": Delete, "update": update, "check": check}
PAIRS: dict[str, tuple[MakeAction, MakeAction]] = {
    f"{first} and {second}": (ACTIONS[first], ACTIONS[second]) for first in ACTIONS for second in ACTIONS
}

# Refused before the store looks at any item.
REFUSED: dict[str, Callable[[str], Action]] = {
    "put of too many digits": lambda table: Put(table, {**A, "v": int("1" * 39)}),
    "put of too deep a value": lambda table: Put(table, {**A, "v": nest_in_maps("leaf", 32)}),
    "put of too large an item": lambda table: Put(table, {**A, "v": "x" * 409_600}),
    "put of an empty key": lambda table: Put(table, {"pk": ""}),
    "delete of an empty key": lambda table: Delete(table, {"pk": ""}),
    "condition with a number out of range": lambda table: Delete(table, A, Comparison(V, EQ, 10**126)),
    "condition with an invalid path": lambda table: Delete(table, A, Exists(V / -1)),
    "two updates of one path": lambda table: UpdateItem(table, A, (SetUpdate(V, 1), AddUpdate(V, 1))),
    "update of an invalid path": lambda table: UpdateItem(table, A, (SetUpdate(V / -1, 1),)),
}

# The reason why the transaction is cancelled, where the stored item is `STORED`.
CANCELLED: dict[str, Callable[[str], Action]] = {
    "put without key": lambda table: Put(table, {"v": 1}),
    "put with a mistyped key": lambda table: Put(table, {"pk": 1}),
    "delete with a mistyped key": lambda table: Delete(table, {"pk": 1}),
    "delete with an extra attribute": lambda table: Delete(table, {**A, "v": 1}),
    "update with another key": lambda table: UpdateItem(table, {"key": "a"}, (SetUpdate(V, 1),)),
    "check with a mistyped key": lambda table: ConditionCheck(table, {"pk": b"a"}, TRUE),
    "copy of a missing attribute": lambda table: UpdateItem(table, A, (SetUpdate(V, Path("missing")),)),
    "increment of a string": lambda table: UpdateItem(table, A, (IncrementUpdate(V, 1),)),
    "add to a string": lambda table: UpdateItem(table, A, (AddUpdate(V, 1),)),
    "set in a string": lambda table: UpdateItem(table, A, (SetUpdate(V / "x", 1),)),
    "update that makes the item too large": lambda table: UpdateItem(table, A, (SetUpdate(Path("w"), "x" * 409_600),)),
}


def reasons_of(table: Table, *actions: Action, token: str | None = None) -> tuple[CancellationReason, ...]:
    """Return the reasons why the transaction is cancelled."""
    with pytest.raises(TransactionCanceled) as failure:
        table.transact(*actions, token=token)
    codes = ", ".join(reason.code for reason in failure.value.reasons)
    assert f"specific reasons [{codes}]" in str(failure.value)
    return failure.value.reasons


class TransactWriteContract(ContractBase):
    """TransactWrite."""

    @proves("21.1")
    def test_transaction_executes_all_of_its_actions(self, make_table: MakeTable) -> None:
        first, second = make_table(), make_table("N", "S")
        first.put_all([STORED, B, {"pk": "c", "n": 1}, {"pk": "d"}])
        first.transact(
            Put(first.name, {**A, "w": 1}, Comparison(V, EQ, "old")),
            Delete(first.name, B, Exists(PK)),
            UpdateItem(first.name, {"pk": "c"}, (AddUpdate(Path("n"), 1),), Comparison(Path("n"), EQ, 1)),
            ConditionCheck(first.name, {"pk": "d"}, Exists(PK)),
            Put(second.name, {"pk": 1, "sk": "x"}),
        )
        assert in_order(first.items()) == in_order([{**A, "w": 1}, {"pk": "c", "n": 2}, {"pk": "d"}])
        assert second.items() == [{"pk": 1, "sk": "x"}]

    @proves("21.2")
    def test_transaction_treats_missing_items_as_single_writes_do(self, table: Table) -> None:
        table.transact(
            UpdateItem(table.name, A, (AddUpdate(Path("n"), 1),)),
            Delete(table.name, B),
            ConditionCheck(table.name, {"pk": "c"}, NotExists(PK)),
        )
        assert table.items() == [{**A, "n": 1}]

    @proves("21.3")
    def test_update_without_updates_is_refused_in_a_transaction(self, table: Table) -> None:
        with pytest.raises(InvalidRequestError):
            table.transact(put(table.name, A), UpdateItem(table.name, B))
        assert table.items() == []

    @proves("21.4")
    def test_transaction_ignores_what_its_actions_would_return(self, table: Table) -> None:
        table.put_all([STORED, B])
        table.transact(
            Put(table.name, A, return_old=True),
            Delete(table.name, B, return_old=True),
            UpdateItem(table.name, {"pk": "c"}, (SetUpdate(V, 1),), returns="ALL_NEW"),
        )
        assert in_order(table.items()) == in_order([A, {"pk": "c", "v": 1}])

    @proves("21.5")
    @cases("action", ACTIONS)
    def test_failed_condition_cancels_the_whole_transaction(self, table: Table, action: MakeAction) -> None:
        table.put_all([STORED, B])
        actions = (
            put(table.name, {"pk": "new"}),
            action(table.name, A, condition=FALSE),
            Delete(table.name, B),
        )
        assert reasons_of(table, *actions) == (NONE, FAILED, NONE)
        assert in_order(table.items()) == in_order([STORED, B])

    @proves("21.7")
    @cases("action", ACTIONS)
    def test_reason_carries_the_item_if_asked(self, table: Table, action: MakeAction) -> None:
        table.put(STORED)
        asked = action(table.name, A, condition=FALSE, return_item_on_failure=True)
        missing = action(table.name, B, condition=FALSE, return_item_on_failure=True)
        holds = put(table.name, {"pk": "c"}, condition=TRUE, return_item_on_failure=True)
        carried = CancellationReason("ConditionalCheckFailed", "The conditional request failed", STORED)
        assert reasons_of(table, missing, asked, holds) == (FAILED, carried, NONE)

    @proves("21.6")
    def test_every_action_has_its_reason_in_order(self, table: Table) -> None:
        table.put(STORED)
        reasons = reasons_of(
            table,
            put(table.name, B, condition=NotExists(PK)),
            Delete(table.name, {"pk": "c"}, Exists(PK)),
            UpdateItem(table.name, A, (IncrementUpdate(V, 1),)),
            ConditionCheck(table.name, {"pk": "d"}, Exists(PK)),
            Put(table.name, {"pk": 1}),
            put(table.name, {"pk": "e"}),
        )
        codes = [reason.code for reason in reasons]
        failed = "ConditionalCheckFailed"
        assert codes == ["None", failed, "ValidationError", failed, "ValidationError", "None"]
        assert [bool(reason.message) for reason in reasons] == [False, True, True, True, True, False]
        assert table.items() == [STORED]

    @proves("21.8")
    def test_condition_sees_the_item_as_it_was_before(self, table: Table) -> None:
        table.transact(put(table.name, A, condition=NotExists(PK)), update(table.name, B, condition=NotExists(V)))
        assert reasons_of(table, put(table.name, A, condition=NotExists(PK)), Delete(table.name, B)) == (FAILED, NONE)
        increment = (IncrementUpdate(Path("n"), 1), SetUpdate(V, Path("n")))
        table.put({**A, "n": 1})
        table.transact(UpdateItem(table.name, A, increment, Comparison(Path("n"), EQ, 1)))
        assert table.get(A) == {**A, "n": 2, "v": 1}

    @proves("21.9")
    def test_reason_of_a_failed_condition_hides_an_impossible_update(self, table: Table) -> None:
        impossible = (IncrementUpdate(Path("missing"), 1),)
        assert reasons_of(table, UpdateItem(table.name, A, impossible, FALSE)) == (FAILED,)
        assert [reason.code for reason in reasons_of(table, UpdateItem(table.name, A, impossible))] == [
            "ValidationError"
        ]

    @proves("21.10")
    @cases("first, second", PAIRS)
    def test_two_actions_on_one_item_are_refused(self, table: Table, first: MakeAction, second: MakeAction) -> None:
        table.put(STORED)
        with pytest.raises(InvalidRequestError, match="multiple operations on one item"):
            table.transact(put(table.name, B), first(table.name, A), second(table.name, A))
        assert table.items() == [STORED]

    @proves("21.11")
    def test_two_actions_on_one_number_in_two_forms_are_refused(self, make_table: MakeTable) -> None:
        table = make_table("N", "N")
        with pytest.raises(InvalidRequestError, match="multiple operations on one item"):
            table.transact(
                put(table.name, {"pk": 1, "sk": 100}), Delete(table.name, {"pk": Decimal("1.0"), "sk": Decimal("1E+2")})
            )
        assert table.items() == []

    @proves("21.11")
    def test_same_key_in_two_tables_names_two_items(self, make_table: MakeTable) -> None:
        first, second = make_table(), make_table()
        first.transact(put(first.name, A), put(second.name, A))
        assert first.items() == second.items() == [{**A, "v": "new"}]

    @proves("21.12")
    def test_transaction_takes_100_actions(self, table: Table) -> None:
        items: list[Item] = [{"pk": f"k{number}"} for number in range(100)]
        table.transact(*(Put(table.name, item) for item in items))
        assert in_order(table.items()) == in_order(items)

    @proves(cases={"21.13": ["101"], "21.14": ["0"]})
    @cases("count", {"0": 0, "101": 101})
    def test_transaction_refuses_number_of_actions(self, table: Table, count: int) -> None:
        with pytest.raises(InvalidRequestError):
            table.transact(*(Put(table.name, {"pk": f"k{number}"}) for number in range(count)))
        assert table.items() == []

    @proves("21.15")
    def test_transaction_takes_4_mb_and_no_more(self, table: Table) -> None:
        puts = [Put(table.name, {"pk": f"k{number}", "v": "x" * 400_000}) for number in range(11)]
        with pytest.raises(InvalidRequestError):
            table.transact(*puts)
        assert table.items() == []
        table.transact(*puts[:10])
        assert len(table.items()) == 10

    @proves("21.16")
    @cases("action", ACTIONS)
    def test_action_on_a_missing_table_stops_the_transaction(self, table: Table, action: MakeAction) -> None:
        with pytest.raises(TableNotFound):
            table.transact(put(table.name, A), action(table.name + "-missing", A, condition=TRUE))
        assert table.items() == []

    @proves(
        cases={
            "21.17": [
                "put of too many digits",
                "put of too large an item",
                "put of an empty key",
                "delete of an empty key",
                "condition with a number out of range",
            ],
            "21.18": ["put of too deep a value", "condition with an invalid path", "update of an invalid path"],
            "21.19": ["two updates of one path"],
        }
    )
    @cases("action", REFUSED)
    def test_transaction_with_a_malformed_action_is_refused(
        self, table: Table, action: Callable[[str], Action]
    ) -> None:
        table.put_all([B])
        with pytest.raises(InvalidRequestError):
            table.transact(put(table.name, {"pk": "c"}), action(table.name), Delete(table.name, B, FALSE))
        assert table.items() == [B]

    @proves("21.20")
    @cases("action", CANCELLED)
    def test_action_that_does_not_fit_table_or_item_cancels_the_transaction(
        self, table: Table, action: Callable[[str], Action]
    ) -> None:
        table.put(STORED)
        reasons = reasons_of(table, put(table.name, B), action(table.name), Delete(table.name, {"pk": "c"}, FALSE))
        assert [reason.code for reason in reasons] == ["None", "ValidationError", "ConditionalCheckFailed"]
        assert table.items() == [STORED]

    @proves("21.22")
    @cases(
        "updates",
        {
            "set": (SetUpdate(PK, "z"),),
            "set to what it is": (SetUpdate(PK, "a"),),
            "inside": (SetUpdate(PK / "x", 1),),
        },
    )
    def test_key_cannot_be_updated_in_a_transaction(self, table: Table, updates: tuple[SetUpdate, ...]) -> None:
        table.put(STORED)
        with pytest.raises((InvalidRequestError, TransactionCanceled)):
            table.transact(put(table.name, B), UpdateItem(table.name, A, updates))
        assert table.items() == [STORED]

    @proves("26.11")
    @cases("action, units", {"put": (put, 6), "delete": (Delete, 6), "update": (update, 6), "check": (check, 6)})
    def test_action_costs_twice_what_it_costs_alone(self, table: Table, action: MakeAction, units: float) -> None:
        table.put({**A, "v": "new", "w": "x" * (3072 - len("pk" + "a" + "v" + "new" + "w"))})
        result = table.execute(TransactWrite((action(table.name, A),)))
        assert result.consumed == Capacity(write_units=units)

    @proves("26.11")
    def test_transaction_costs_the_sum_of_its_actions(self, table: Table) -> None:
        actions = (put(table.name, A), Delete(table.name, B), check(table.name, {"pk": "c"}))
        assert table.execute(TransactWrite(actions)).consumed == Capacity(write_units=6)
