"""The facet `aio` of connections: transactions and snapshot reads that are awaited, and closing."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from typing import Any, cast

import pytest
from cancelled import find_raised, reach

from dynamongo import (
    BackendError,
    ConditionalCheckFailedException,
    Connection,
    DynamongoError,
    ExpressionError,
    IntField,
    Model,
    StringField,
    TransactionCanceled,
    WriteNotSent,
    WriteOutcomeUnknown,
)
from dynamongo.backends.memory import Fault, MemoryBackend, VirtualClock
from dynamongo.operations import Operation, TransactWrite


class Account(Model):
    __table__ = "accounts"
    __hash_key__ = "owner"
    owner = StringField()
    balance = IntField(required=True)


JANE, JOHN = Account(owner="jane", balance=10), Account(owner="john", balance=0)


@pytest.fixture(autouse=True)
def backend() -> Iterator[MemoryBackend]:
    made = MemoryBackend(clock=VirtualClock())
    with Connection.using(made):
        Account.create_table()
        yield made


def balances() -> dict[str, int]:
    return {account.owner or "": account.balance for account in Account.get_many(scans="allow")}


class TestTransaction:
    def test_all_actions_are_executed_in_one_request(self) -> None:
        async def work() -> None:
            async with Connection.aio.transaction() as tx:
                tx.create(JANE)
                tx.save(Account, {"owner": "john", "balance": 0})
                assert balances() == {}
            async with Connection.aio.transaction() as tx:
                tx.update(Account, (Account.owner == "jane") & (Account.balance >= 7), Account.balance.subtract(7))
                tx.upsert(Account, "john", Account.balance.add(7))

        with Connection.record() as calls:
            asyncio.run(work())
        assert [type(call.operation) for call in calls if isinstance(call.operation, TransactWrite)] == [
            TransactWrite
        ] * 2
        assert balances() == {"jane": 3, "john": 7}

    def test_none_is_executed_if_the_block_raises(self) -> None:
        async def work() -> None:
            async with Connection.aio.transaction() as tx:
                tx.save(JANE)
                raise ZeroDivisionError

        with Connection.record() as calls, pytest.raises(ZeroDivisionError):
            asyncio.run(work())
        assert calls.requests == 0

    def test_no_request_is_made_without_actions(self) -> None:
        async def work() -> None:
            async with Connection.aio.transaction():
                pass

        with Connection.record() as calls:
            asyncio.run(work())
        assert calls.requests == 0

    def test_reasons_are_in_the_words_of_the_model(self) -> None:
        async def work() -> None:
            async with Connection.aio.transaction(return_items=True) as tx:
                tx.update(JANE, Account.balance.add(1), condition=Account.balance > 10)
                tx.create(JOHN)

        JANE.save()
        with pytest.raises(TransactionCanceled) as caught:
            asyncio.run(work())
        first, second = caught.value.reasons
        assert (first.model, first.key, first.item, second.code) == (Account, {"owner": "jane"}, JANE, "None")
        assert isinstance(first.error, ConditionalCheckFailedException)
        assert balances() == {"jane": 10}

    def test_saved_instances_know_it(self) -> None:
        async def work() -> None:
            async with Connection.aio.transaction() as tx:
                tx.save(account)
            await account.aio.save(only_changed=True)

        account = Account(owner="jane", balance=1)
        with Connection.record() as calls:
            asyncio.run(work())
        assert calls.plan == ["TransactWrite accounts"]

    def test_it_goes_to_the_backend_that_was_in_use_when_it_was_made(self) -> None:
        async def work() -> None:
            tx = Connection.aio.transaction()
            with Connection.using(MemoryBackend()):
                async with tx:
                    tx.create(JANE)

        asyncio.run(work())
        assert balances() == {"jane": 10}

    def test_actions_outside_the_block_and_bad_arguments_are_refused(self) -> None:
        with pytest.raises(DynamongoError, match=r"takes actions only inside its `async with` block$"):
            Connection.aio.transaction().delete(JANE)
        with pytest.raises(DynamongoError, match=r"takes actions only inside its `with` block$"):
            Connection.transaction().delete(JANE)
        with pytest.raises(ExpressionError, match=r"^token must be a str of 1 to 36 ASCII characters; got ''$"):
            Connection.aio.transaction("")

    def test_statement_of_the_other_colour_is_refused(self) -> None:
        async def work() -> None:
            async with Connection.transaction():  # type: ignore[attr-defined]  # type checkers report it
                pass

        with pytest.raises(TypeError, match=r"use `async with Connection\.aio\.transaction\(\)`$"):
            asyncio.run(work())
        with (
            pytest.raises(TypeError, match=r"use `with Connection\.transaction\(\)`$"),
            Connection.aio.transaction(),  # type: ignore[attr-defined]  # as above
        ):
            pass

    def test_lost_response_is_retried_with_the_same_token(self, backend: MemoryBackend) -> None:
        async def work() -> None:
            async with Connection.aio.transaction() as tx:
                tx.upsert(Account, "jane", Account.balance.add(1))

        backend.faults.schedule(Fault.lose_response("after"))
        asyncio.run(work())
        assert balances() == {"jane": 1}


class Held(MemoryBackend):
    """Executes an operation, and never answers.

    Args:
        was_sent: What the backend says of a request that is cancelled; `None` if it says nothing.
    """

    def __init__(self, *, was_sent: bool | None) -> None:
        super().__init__()
        self.was_sent = was_sent
        self.is_held = self.is_reached = False

    async def execute_async(self, operation: Operation[Any], seconds: float | None = None) -> Any:
        if self.is_held and self.was_sent is not False:
            self.execute(operation)
        self.is_reached = self.is_held
        try:
            return await (asyncio.sleep(3600) if self.is_held else super().execute_async(operation, seconds))
        except asyncio.CancelledError as error:
            if self.was_sent is not None:
                error.was_sent = self.was_sent  # type: ignore[attr-defined]  # an exception takes any attribute
            raise


class TestInterruptedTransaction:
    async def cancel(self, backend: Held, token: str | None) -> tuple[BaseException, Any]:
        """Cancel a task at the end of its transaction, and commit that again."""

        async def commit() -> None:
            async with Connection.aio.transaction(token) as tx:
                tx.upsert(Account, "jane", Account.balance.add(1))

        await Account.aio.create_table()
        backend.is_held = True
        task = asyncio.create_task(commit())
        await reach(lambda: backend.is_reached)
        task.cancel()
        with pytest.raises(asyncio.CancelledError) as caught:
            await task
        backend.is_held = False
        if token is not None:
            await commit()
        error = find_raised(caught.value)
        return error, getattr(error, "outcome", None)

    @pytest.mark.parametrize("was_sent", [True, None])
    def test_outcome_is_unknown_and_its_token_makes_it_known(self, *, was_sent: bool | None) -> None:
        with Connection.using(backend := Held(was_sent=was_sent)):
            error, outcome = asyncio.run(self.cancel(backend, "a token"))
            assert balances() == {"jane": 1}
        assert type(error) is asyncio.CancelledError
        assert type(outcome) is WriteOutcomeUnknown
        assert str(outcome) == (
            "the outcome of the transaction is unknown: it was interrupted by CancelledError; commit the same actions"
            " with token='a token' within ten minutes, which executes them at most once"
        )

    def test_request_that_was_not_sent_is_known_not_to_be_executed(self) -> None:
        with Connection.using(backend := Held(was_sent=False)):
            _, outcome = asyncio.run(self.cancel(backend, None))
            assert balances() == {}
        assert type(outcome) is WriteNotSent

    def test_interruption_of_a_blocking_one_says_the_same(self) -> None:
        class Interrupted(MemoryBackend):
            def execute(self, operation: Any, seconds: float | None = None) -> Any:
                raise KeyboardInterrupt

        with (
            Connection.using(Interrupted()),
            pytest.raises(KeyboardInterrupt) as caught,
            Connection.transaction("mine") as tx,
        ):
            tx.save(JANE)
        outcome: Any = getattr(caught.value, "outcome", None)
        assert type(outcome) is WriteOutcomeUnknown
        assert "interrupted by KeyboardInterrupt; commit the same actions with token='mine'" in str(outcome)

    def test_block_that_is_cancelled_before_its_end_sends_nothing(self) -> None:
        async def work() -> None:
            async with Connection.aio.transaction() as tx:
                tx.save(JANE)
                raise asyncio.CancelledError

        with pytest.raises(asyncio.CancelledError) as caught:
            asyncio.run(work())
        assert not hasattr(caught.value, "outcome")
        assert balances() == {}


class TestSnapshotRead:
    def test_items_come_in_order_and_missing_ones_are_none(self) -> None:
        async def work() -> list[Account | None]:
            return await Connection.aio.transact_get([JOHN, (Account, "joan"), (Account, "jane"), JOHN])

        Account.save_many([JANE, JOHN])
        with Connection.record() as calls:
            assert asyncio.run(work()) == [JOHN, None, JANE, JOHN]
        assert calls.plan == ["TransactGet accounts"]

    def test_nothing_is_read_for_no_items(self) -> None:
        with Connection.record() as calls:
            assert asyncio.run(Connection.aio.transact_get([])) == []
        assert calls.requests == 0

    def test_errors_are_those_of_the_blocking_one(self) -> None:
        with pytest.raises(BackendError) as blocking:
            Connection.transact_get([(Missing, "a")])
        with pytest.raises(type(blocking.value)) as awaited:
            asyncio.run(Connection.aio.transact_get([(Missing, "a")]))
        assert str(awaited.value) == str(blocking.value)


class Missing(Account):
    __table__ = "missing"


class Closable(MemoryBackend):
    """Counts how often it was closed, in which colour."""

    def __init__(self) -> None:
        super().__init__()
        self.closed: list[str] = []

    def close(self) -> None:
        self.closed.append("blocking")

    async def close_async(self) -> None:
        await asyncio.sleep(0)
        self.closed.append("awaited")


class TestClose:
    async def by_close(self, connection: Connection) -> None:
        await connection.aio.close()

    async def by_block(self, connection: Connection) -> None:
        async with connection.aio as entered:
            assert entered is connection

    async def by_block_that_raises(self, connection: Connection) -> None:
        with pytest.raises(ZeroDivisionError):
            async with connection.aio:
                raise ZeroDivisionError

    @pytest.mark.parametrize("close", [by_close, by_block, by_block_that_raises])
    def test_backend_is_closed_and_the_next_use_makes_another(
        self, close: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr("dynamongo.connection.settings.load_backend", lambda _name: Closable)
        connection = Connection(backend="memory")
        first = cast("Closable", connection.own_backend)
        asyncio.run(close(self, connection))
        assert first.closed == ["awaited"]
        assert connection.own_backend is not first

    def test_backend_without_an_awaited_close_is_closed(self) -> None:
        connection = Connection(backend="memory")
        backend = connection.own_backend
        assert isinstance(backend, MemoryBackend)
        backend.faults.schedule(Fault.throttle())
        with pytest.raises(AssertionError, match="throttle"):  # closing asserts that every fault was hit
            asyncio.run(connection.aio.close())

    def test_backend_that_was_handed_in_is_left_open(self) -> None:
        backend = Closable()
        connection = Connection(backend=backend)
        assert connection.own_backend is backend
        asyncio.run(connection.aio.close())
        assert (backend.closed, connection.own_backend) == ([], backend)

    def test_it_may_be_closed_twice_and_before_any_use(self) -> None:
        async def work() -> None:
            connection = Connection(backend="memory")
            await connection.aio.close()
            await connection.aio.close()

        asyncio.run(work())

    def test_class_stands_for_the_default_connection(self) -> None:
        async def work() -> None:
            async with Connection.aio as connection:
                made = connection.own_backend
            assert connection.own_backend is not made

        Connection.set_config(backend="memory")
        try:
            asyncio.run(work())
        finally:
            Connection.set_config()
