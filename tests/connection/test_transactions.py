"""Transactions of models, on both backends."""

# A transaction raises where its block ends.
# ruff: noqa: PT012

from __future__ import annotations

import contextlib
import itertools
import threading
import uuid
from collections.abc import Iterator
from typing import Any, get_args

import pytest

from dynamongo import (
    ConfigurationError,
    Connection,
    DynamongoError,
    ExpressionError,
    IdempotencyMismatch,
    IntField,
    Model,
    StringField,
    TransactionCanceled,
    ValidationError,
)
from dynamongo.backends import Backend
from dynamongo.backends.memory import Fault, FaultPlan, MemoryBackend, VirtualClock
from dynamongo.backends.memory.faults.kinds import CancelCode
from dynamongo.connection import overrides
from dynamongo.connection.drivers import drive
from dynamongo.exceptions import BackendError, CancellationReason, InvalidRequestError
from dynamongo.executor import RetryPolicy, Sender
from dynamongo.operations import Delete, Put, TransactWrite

_prefixes = (f"transactions-{number}-" for number in itertools.count())


class Account(Model):
    __table__ = "accounts"
    __hash_key__ = "owner"
    owner = StringField(required=True)
    balance = IntField(required=True)
    note = StringField()


class Transfer(Model):
    __table__ = "transfers"
    __hash_key__ = "owner"
    __range_key__ = "number"
    owner = StringField(required=True)
    number = IntField(required=True)
    amount = IntField()


@pytest.fixture(params=["memory", "dynamodb"])
def backend(request: pytest.FixtureRequest) -> Iterator[Backend]:
    if request.param == "memory":
        made: Backend = MemoryBackend()
    else:
        made = request.getfixturevalue("dynamodb_backend")
    Connection.set_config(backend=made, table_prefix=next(_prefixes) + str(threading.get_ident()), scans="allow")
    Account.create_table()
    Transfer.create_table()
    Account.save_many([{"owner": "jane", "balance": 10}, {"owner": "john", "balance": 0}])
    yield made
    Transfer.delete_table()
    Account.delete_table()
    Connection.set_config()


def balances() -> dict[str, int]:
    return {account.owner: account.balance for account in Account.get_many()}


JANE = Account.owner == "jane"


@pytest.mark.usefixtures("backend")
class TestWrites:
    def test_actions_of_several_models_are_executed_together(self) -> None:
        with Connection.record() as calls, Connection.transaction() as tx:
            tx.update(Account, JANE & (Account.balance >= 7), Account.balance.subtract(7))
            tx.update(Account, "john", Account.balance.add(7), Account.note.set("from Jane"))
            tx.create(Transfer(owner="jane", number=1, amount=7))
            tx.upsert(Transfer, ("john", 1), Transfer.amount.set(7))
            assert calls.requests == 0
        assert [type(call.operation) for call in calls] == [TransactWrite]
        assert balances() == {"jane": 3, "john": 7}
        assert len(Transfer.get_many()) == 2

    def test_every_verb_has_its_action(self) -> None:
        jane = Account.get_one("jane")
        jane.note = "saved"
        with Connection.transaction() as tx:
            tx.save(jane)
            tx.save(Account, {"owner": "joe", "balance": 1})
            tx.delete(Account, (Account.owner == "john") & (Account.balance == 0))
        assert balances() == {"jane": 10, "joe": 1}
        with Connection.transaction() as tx:
            tx.check(Account, JANE & (Account.note == "saved"))
            tx.delete(Account(owner="joe"))
            tx.create(Account, {"owner": "jack", "balance": 5})
        assert balances() == {"jane": 10, "jack": 5}

    def test_failed_condition_cancels_all_actions_and_is_reported(self) -> None:
        with pytest.raises(TransactionCanceled) as caught, Connection.transaction(return_items=True) as tx:
            tx.update(Account, JANE & (Account.balance >= 70), Account.balance.subtract(70))
            tx.update(Account, "john", Account.balance.add(70))
        first, second = caught.value.reasons
        assert (first.code, first.model, first.key) == ("ConditionalCheckFailed", Account, {"owner": "jane"})
        assert first.item == Account(owner="jane", balance=10)
        assert (second.code, second.model, second.key, second.item) == ("None", Account, {"owner": "john"}, None)
        assert "ConditionalCheckFailed (Account owner='jane')" in str(caught.value)
        assert balances() == {"jane": 10, "john": 0}

    @pytest.mark.parametrize(
        "act",
        [
            lambda tx: tx.create(Account(owner="jane", balance=1)),
            lambda tx: tx.update(Account, "nobody", Account.balance.set(1)),
            lambda tx: tx.check(Account, "nobody"),
            lambda tx: tx.delete(Account, JANE & (Account.balance > 10)),
            lambda tx: tx.save(Account(owner="jane", balance=1), overwrite=Account.balance > 10),
        ],
    )
    def test_each_action_can_stop_the_others(self, act: Any) -> None:
        with pytest.raises(TransactionCanceled) as caught, Connection.transaction() as tx:
            tx.save(Transfer(owner="x", number=1))
            act(tx)
        assert [reason.code for reason in caught.value.reasons] == ["None", "ConditionalCheckFailed"]
        assert Transfer.get_many() == []

    def test_reason_of_an_invalid_request_has_its_error(self, backend: Backend) -> None:
        backend.execute(Put(Account.table_name(), {"owner": "odd", "balance": "text"}))
        with pytest.raises(TransactionCanceled) as caught, Connection.transaction() as tx:
            tx.delete(Account, "jane")
            tx.update(Account, "odd", Account.balance.add(1))
        first, second = caught.value.reasons
        assert (first.code, first.error) == ("None", None)
        assert second.code == "ValidationError"
        assert isinstance(second.error, InvalidRequestError)
        assert second.error.code == "ValidationError"
        assert str(second.error).startswith(f"Account: {second.message} (the item with owner = 'odd' in the table ")

    def test_block_that_raises_sends_nothing(self) -> None:
        with Connection.record() as calls, pytest.raises(ValidationError), Connection.transaction() as tx:
            tx.delete(Account, "jane")
            tx.save(Account, {"owner": "x", "balance": "much"})
        assert calls.requests == 0
        assert "jane" in balances()

    def test_transaction_of_nothing_sends_nothing(self) -> None:
        with Connection.record() as calls, Connection.transaction():
            pass
        assert calls.requests == 0

    def test_same_token_is_executed_once(self) -> None:
        token = f"once-{threading.get_ident()}"[:36]
        for _ in range(2):
            with Connection.transaction(token) as tx:
                tx.update(Account, "jane", Account.balance.add(1))
        assert balances()["jane"] == 11
        with pytest.raises(IdempotencyMismatch), Connection.transaction(token) as tx:
            tx.update(Account, "jane", Account.balance.add(2))


class TestLimits:
    """Refused as an action is added: there is no table."""

    @pytest.fixture(autouse=True)
    def in_memory(self) -> Iterator[None]:
        with Connection.using(MemoryBackend()):
            yield

    def test_item_has_one_action(self) -> None:
        with pytest.raises(ExpressionError) as caught, Connection.transaction() as tx:
            tx.delete(Account, "jane")
            tx.check(Account, JANE & (Account.balance > 1))
        assert str(caught.value) == (
            "a transaction takes one action per item: check of the Account with owner = 'jane' comes after delete of"
            " the Account with owner = 'jane'"
        )

    def test_there_are_100_actions_at_most(self) -> None:
        with pytest.raises(ExpressionError, match="at most 100 actions; delete of the Account with owner = '100' is"):
            delete_all(range(101))

    def test_there_are_4_mb_at_most(self) -> None:
        with pytest.raises(ExpressionError, match="a transaction takes at most 4 MB of items; save of the Account"):
            save_all(Account(owner=str(number), balance=1, note="x" * 340_000) for number in range(13))

    @pytest.mark.parametrize("code", [code for code in get_args(CancelCode) if code != "ConditionalCheckFailed"])
    def test_every_reason_has_the_error_of_a_write_alone(self, code: CancelCode) -> None:
        faults = FaultPlan(Fault.cancel(code, times=None))
        with Connection.using(MemoryBackend(clock=VirtualClock(), faults=faults)):
            Account.create_table()
            with pytest.raises(TransactionCanceled) as caught, Connection.transaction() as tx:
                tx.delete(Account, "jane")
        (reason,) = caught.value.reasons
        assert isinstance(reason.error, BackendError)
        assert (type(reason.error) is BackendError, reason.error.code) == (False, code)

    @pytest.mark.parametrize(
        "token", ["", "x" * 37, "\ud800", "\u00e9" * 19, 17, 1.5, b"x", ["x"], True, uuid.UUID(int=1)], ids=repr
    )
    def test_token_has_1_to_36_characters(self, token: Any) -> None:
        with pytest.raises(ExpressionError, match="1 to 36 ASCII characters"):
            Connection.transaction(token)

    @pytest.mark.parametrize(
        "act",
        [
            lambda tx: tx.update(Account),
            lambda tx: tx.update(Account, "jane"),
            lambda tx: tx.delete(Account),
            lambda tx: tx.delete("jane"),
            lambda tx: tx.delete(Account, "jane", "john"),
            lambda tx: tx.delete(Account(owner="jane"), Account.balance == 0),
            lambda tx: tx.save({"owner": "jane"}),
            lambda tx: tx.update(Account, JANE | (Account.balance > 1), Account.balance.set(1)),
        ],
    )
    def test_arguments_that_name_no_single_action_are_refused(self, act: Any) -> None:
        with pytest.raises(ExpressionError), Connection.transaction() as tx:
            act(tx)

    def test_it_takes_actions_only_inside_its_block(self) -> None:
        with pytest.raises(DynamongoError, match="only inside its `with` block"):
            Connection.transaction().delete(Account, "jane")

    def test_models_must_be_on_one_backend(self) -> None:
        class Elsewhere(Transfer):
            __table__ = "elsewhere"
            __connection__ = Connection(backend=MemoryBackend())

        Connection.set_config(backend=MemoryBackend())
        try:
            names = "the connections of Account and Elsewhere have different ones"
            with without_using(), pytest.raises(ConfigurationError, match=names), Connection.transaction() as tx:
                tx.delete(Account, "jane")
                tx.delete(Elsewhere, ("jane", 1))
        finally:
            Connection.set_config()


@contextlib.contextmanager
def without_using() -> Iterator[None]:
    """Leave all `using` blocks, so that each model uses its own connection."""
    token = overrides.backends.in_context.set(())
    try:
        yield
    finally:
        overrides.backends.in_context.reset(token)


def delete_all(owners: Any) -> None:
    with Connection.transaction() as tx:
        for owner in owners:
            tx.delete(Account, str(owner))


def save_all(accounts: Any) -> None:
    with Connection.transaction() as tx:
        for account in accounts:
            tx.save(account)


@pytest.mark.usefixtures("backend")
class TestReads:
    def test_items_of_several_models_come_in_the_order_asked_for(self) -> None:
        Transfer.save_one({"owner": "jane", "number": 1, "amount": 7})
        found = Connection.transact_get(
            [(Transfer, ("jane", 1)), Account(owner="john"), (Account, "nobody"), (Account, JANE), (Account, "jane")]
        )
        jane = Account(owner="jane", balance=10)
        assert found == [
            Transfer(owner="jane", number=1, amount=7),
            Account(owner="john", balance=0),
            None,
            jane,
            jane,
        ]

    def test_empty_read_sends_nothing(self) -> None:
        with Connection.record() as calls:
            assert Connection.transact_get([]) == []
        assert calls.requests == 0

    @pytest.mark.parametrize(
        "wanted",
        [[(Account, str(number)) for number in range(101)], [(Account, JANE & (Account.balance > 1))], ["jane"]],
    )
    def test_invalid_read_is_refused(self, wanted: list[Any]) -> None:
        with pytest.raises(ExpressionError):
            Connection.transact_get(wanted)


class Answers(MemoryBackend):
    """Raises the errors first, one by one, and then returns each operation as its result."""

    def __init__(self, *errors: Exception) -> None:
        super().__init__()
        self.errors = list(errors)
        self.executed = 0

    def execute(self, operation: Any, seconds: float | None = None) -> Any:
        self.executed += 1
        if self.errors:
            raise self.errors.pop(0)
        return operation

    def wait(self, seconds: float) -> None:
        del seconds


CONFLICT = CancellationReason("TransactionConflict")
FAILED = CancellationReason("ConditionalCheckFailed")
TRANSACTION = TransactWrite((Put("t", {"k": 1}), Delete("t", {"k": 2})), "token")


class TestRetries:
    def test_conflicting_transaction_is_retried(self) -> None:
        backend = Answers(
            TransactionCanceled((CONFLICT, CancellationReason())), TransactionCanceled((CONFLICT, CONFLICT))
        )
        assert drive(Sender(backend.limits, RetryPolicy()).send(TRANSACTION), backend) is TRANSACTION  # type: ignore[comparison-overlap]  # `Answers` returns it
        assert backend.executed == 3

    def test_transaction_whose_condition_failed_is_not_retried(self) -> None:
        backend = Answers(TransactionCanceled((CONFLICT, FAILED)))
        with pytest.raises(TransactionCanceled):
            drive(Sender(backend.limits, RetryPolicy()).send(TRANSACTION), backend)
        assert backend.executed == 1

    def test_attempts_are_limited(self) -> None:
        backend = Answers(*[TransactionCanceled((CONFLICT,))] * 9)
        with pytest.raises(TransactionCanceled):
            drive(Sender(backend.limits, RetryPolicy(attempts=3)).send(TRANSACTION), backend)
        assert backend.executed == 3
