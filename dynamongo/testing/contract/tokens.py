"""Tokens: a transaction that is repeated with its token is executed once."""

from __future__ import annotations

from collections.abc import Callable
from uuid import uuid4

import pytest

from dynamongo.exceptions import IdempotencyMismatch, InvalidRequestError, TransactionCanceled
from dynamongo.expressions.conditions import Exists, NotExists, Path
from dynamongo.expressions.updates import AddUpdate
from dynamongo.expressions.values import Item
from dynamongo.operations import Action, Delete, Put, TransactWrite, UpdateItem
from dynamongo.testing.contract.base import ContractBase, proves
from dynamongo.testing.contract.table import Table, cases

KEY: Item = {"pk": "a"}
N, PK = Path("n"), Path("pk")

OTHERS: dict[str, Callable[[str], tuple[Action, ...]]] = {
    "other value": lambda table: (UpdateItem(table, KEY, (AddUpdate(N, 2),)),),
    "other item": lambda table: (UpdateItem(table, {"pk": "b"}, (AddUpdate(N, 1),)),),
    "other action": lambda table: (Put(table, {"pk": "a", "n": 1}),),
    "condition": lambda table: (UpdateItem(table, KEY, (AddUpdate(N, 1),), Exists(PK)),),
    "one more action": lambda table: (count(table), Put(table, {"pk": "b"})),
}


def token() -> str:
    """Return an unused token."""
    return str(uuid4())


def count(table: str) -> UpdateItem:
    """Return an update that adds 1 to a counter."""
    return UpdateItem(table, KEY, (AddUpdate(N, 1),))


class TokenContract(ContractBase):
    """TransactWrite with a token."""

    @proves("21.23")
    def test_transaction_with_the_same_token_is_executed_once(self, table: Table) -> None:
        again = token()
        for _ in range(3):
            table.transact(count(table.name), token=again)
        assert table.items() == [{"pk": "a", "n": 1}]

    @proves("21.23")
    def test_repeated_transaction_succeeds_even_if_its_condition_fails_now(self, table: Table) -> None:
        again, create = token(), Put(table.name, KEY, NotExists(PK))
        table.transact(create, token=again)
        table.transact(create, token=again)
        table.delete(KEY)
        table.transact(create, token=again)
        assert table.items() == []

    @proves("21.24")
    def test_transaction_without_token_or_with_another_is_executed_again(self, table: Table) -> None:
        for each in (None, None, token(), token()):
            table.transact(count(table.name), token=each)
        assert table.items() == [{"pk": "a", "n": 4}]

    @proves("21.25")
    @cases("actions", OTHERS)
    def test_token_of_another_transaction_is_refused(
        self, table: Table, actions: Callable[[str], tuple[Action, ...]]
    ) -> None:
        again = token()
        table.transact(count(table.name), token=again)
        with pytest.raises(IdempotencyMismatch):
            table.transact(*actions(table.name), token=again)
        assert table.items() == [{"pk": "a", "n": 1}]

    @proves("21.26")
    def test_cancelled_transaction_does_not_use_up_its_token(self, table: Table) -> None:
        again, remove = token(), Delete(table.name, KEY, Exists(PK))
        with pytest.raises(TransactionCanceled):
            table.transact(remove, token=again)
        table.put(KEY)
        table.transact(remove, token=again)
        assert table.items() == []

    @proves("21.26")
    def test_refused_transaction_does_not_use_up_its_token(self, table: Table) -> None:
        again = token()
        with pytest.raises(InvalidRequestError):
            table.transact(count(table.name), count(table.name), token=again)
        table.transact(count(table.name), token=again)
        assert table.items() == [{"pk": "a", "n": 1}]

    @proves("21.28")
    def test_token_may_have_36_characters(self, table: Table) -> None:
        longest = token()
        assert len(longest) == 36
        table.transact(count(table.name), token=longest)
        table.transact(count(table.name), token=token()[:35])
        assert table.items() == [{"pk": "a", "n": 2}]

    @proves(cases={"21.28": ["37"], "21.29": ["0"]})
    @cases("length", {"0": 0, "37": 37})
    def test_token_of_another_length_is_refused(self, table: Table, length: int) -> None:
        with pytest.raises(InvalidRequestError):
            table.transact(count(table.name), token="x" * length)
        assert table.items() == []

    @proves("26.12")
    def test_repeated_transaction_costs_reads_and_no_writes(self, table: Table) -> None:
        operation = TransactWrite((count(table.name),), token())
        assert table.execute(operation).consumed.write_units == 2
        assert table.execute(operation).consumed.write_units == 0
