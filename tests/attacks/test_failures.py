"""What the verbs make of a store that fails: of one in memory with faults, and of a server behind a faulty proxy."""

from __future__ import annotations

import itertools
import logging
import threading
from collections.abc import Callable, Iterator
from typing import Any, Literal

import pytest
from faulty_server import CutAfter, CutBefore, Damage, FailAfter, FaultyServer, Partial, Refuse, Slow, run_faulty_server

from dynamongo import (
    Connection,
    IntField,
    Model,
    RetryPolicy,
    ServiceError,
    StringField,
    TableNotFound,
    ThrottledError,
    TransactionCanceled,
    TransactionConflict,
    WriteNotSent,
    WriteOutcomeUnknown,
)
from dynamongo.backends.dynamodb import DynamoDBBackend
from dynamongo.backends.memory import Fault, MemoryBackend, VirtualClock

_prefixes = (f"failures-{number}-" for number in itertools.count())
_ACTIONS = {
    "Get": "GetItem",
    "Put": "PutItem",
    "Delete": "DeleteItem",
    "UpdateItem": "UpdateItem",
    "BatchGet": "BatchGetItem",
    "BatchWrite": "BatchWriteItem",
    "TransactWrite": "TransactWriteItems",
    "Query": "Query",
}
Kind = Literal["throttle", "fail", "lose", "conflict", "leave 1", "leave all"]
Moment = Literal["before", "after"]
RETRIES = RetryPolicy(attempts=4, base=0.001, cap=0.002)


class User(Model):
    __table__ = "users"
    __hash_key__ = "email"
    email = StringField(required=True)
    visits = IntField()


class MemoryStore:
    """A memory backend with faults."""

    def __init__(self) -> None:
        self.backend: Any = MemoryBackend(clock=VirtualClock())

    def fail(self, operation: str, kind: Kind, moment: Moment = "before", times: int = 1) -> None:
        options: Any = {"operation": operation, "times": times}
        make: dict[str, Callable[[], Fault]] = {
            "throttle": lambda: Fault.throttle(**options),
            "fail": lambda: Fault.fail(moment, **options),
            "lose": lambda: Fault.lose_response(moment, **options),
            "conflict": lambda: Fault.conflict(**options),
            "leave 1": lambda: Fault.unprocessed(1, **options),
            "leave all": lambda: Fault.unprocessed(None, **options),
        }
        self.backend.faults.schedule(make[kind]())

    def close(self) -> None:
        self.backend.close()


class DynamoDBStore:
    """A dynamodb backend, and a server that fails: each fault hits the next request of its action."""

    def __init__(self, server: FaultyServer, transport: str) -> None:
        self.backend: Any = DynamoDBBackend(
            access_key_id="x", secret_access_key="x", region="us-east-2", endpoint_url=server.url, transport=transport
        )
        self.pending: list[tuple[str, Any]] = []
        server.plan = self

    def choose(self, action: str, number: int) -> Any:
        place = next((place for place, (wanted, _) in enumerate(self.pending) if wanted == action), None)
        return None if place is None else self.pending.pop(place)[1]

    def fail(self, operation: str, kind: Kind, moment: Moment = "before", times: int = 1) -> None:
        conflict = "TransactionCanceledException" if operation == "TransactWrite" else "TransactionConflictException"
        fault: Any = {
            "throttle": Refuse.throttling(),
            "fail": Refuse() if moment == "before" else FailAfter(),
            "lose": CutBefore() if moment == "before" else CutAfter(20),
            "conflict": Refuse(conflict, 400),
            "leave 1": Partial(2),
            "leave all": Partial(0),
        }[kind]
        self.pending += [(_ACTIONS[operation], fault)] * times

    def close(self) -> None:
        self.backend.close()
        assert self.pending == []


@pytest.fixture(params=["memory", "auto", "boto3"])
def store(request: pytest.FixtureRequest) -> Iterator[Any]:
    if request.param == "memory":
        yield from prepare(MemoryStore())
    else:
        with run_faulty_server(request.getfixturevalue("server_url")) as server:
            yield from prepare(DynamoDBStore(server, request.param))


@pytest.fixture
def server(server_url: str) -> Iterator[FaultyServer]:
    with run_faulty_server(server_url) as running:
        yield running


def prepare(store: Any) -> Iterator[Any]:
    prefix = next(_prefixes) + str(threading.get_ident())
    Connection.set_config(backend=store.backend, table_prefix=prefix, retries=RETRIES, scans="allow")
    User.create_table()
    User.save_many([User(email="jane", visits=0), User(email="john", visits=0)])
    yield store
    User.delete_table()
    Connection.set_config()
    store.close()


def visits() -> dict[str, int | None]:
    return {user.email: user.visits for user in User.get_many(consistent=True)}


INCREMENT = User.visits.increment()
NEW = [User(email=f"new {number}", visits=number) for number in range(3)]


class TestRetries:
    def test_what_was_not_carried_out_is_sent_again(self, store: Any) -> None:
        store.fail("UpdateItem", "throttle", times=3)
        assert User.update_one("jane", INCREMENT).visits == 1

    @pytest.mark.parametrize("kind", ["throttle", "fail", "lose"])
    def test_reads_are_sent_again_after_any_fault(self, store: Any, kind: Kind) -> None:
        store.fail("Get", kind, times=3)
        store.fail("BatchGet", kind, times=2)
        store.fail("BatchGet", "leave 1")
        assert User.get_one("jane").visits == 0
        User.save_one(NEW[0])
        assert len(User.get_many(["jane", "john", "new 0"])) == 3

    def test_attempts_end(self, store: Any) -> None:
        store.fail("UpdateItem", "throttle", times=4)
        with pytest.raises(ThrottledError):
            User.update_one("jane", INCREMENT)
        store.fail("Get", "fail", times=4)
        with pytest.raises(ServiceError) as caught:
            User.get_one("jane")
        assert not isinstance(caught.value, WriteOutcomeUnknown)
        assert visits() == {"jane": 0, "john": 0}

    def test_retries_are_logged_without_data(self, store: Any, caplog: pytest.LogCaptureFixture) -> None:
        store.fail("Get", "throttle")
        with caplog.at_level(logging.DEBUG, logger="dynamongo"):
            User.get_one("jane")
        (record,) = [each for each in caplog.records if each.name == "dynamongo"]
        assert record.levelno == logging.DEBUG
        assert "attempt 1 failed with ThrottledError" in record.getMessage()
        assert "jane" not in record.getMessage()

    def test_transaction_that_others_stopped_is_sent_again(self, store: Any) -> None:
        if isinstance(store, MemoryStore):
            store.fail("TransactWrite", "conflict", times=2)
        with Connection.transaction() as tx:
            tx.update(User, "jane", INCREMENT)
        assert visits()["jane"] == 1


class TestUnknownOutcomes:
    @pytest.mark.parametrize("kind", ["fail", "lose"])
    @pytest.mark.parametrize(("moment", "done"), [("before", 0), ("after", 1)])
    def test_write_that_cannot_be_repeated_says_so(self, store: Any, kind: Kind, moment: Moment, done: int) -> None:
        store.fail("UpdateItem", kind, moment)
        with pytest.raises(WriteOutcomeUnknown, match=r"the outcome of UpdateItem .* is unknown"):
            User.update_one("jane", INCREMENT)
        store.fail("Put", kind, moment)
        with pytest.raises(WriteOutcomeUnknown):
            NEW[0].create()
        assert visits() == {"jane": done, "john": 0} | ({"new 0": 0} if done else {})

    @pytest.mark.parametrize("kind", ["fail", "lose"])
    @pytest.mark.parametrize("moment", ["before", "after"])
    def test_write_that_may_be_repeated_is_done(self, store: Any, kind: Kind, moment: Moment) -> None:
        store.fail("Put", kind, moment, times=2)
        store.fail("BatchWrite", kind, moment, times=3)
        store.fail("TransactWrite", kind, moment, times=2)
        NEW[0].save()
        assert User.save_many(NEW[1:]).success_count == 2
        with Connection.transaction() as tx:
            tx.update(User, "jane", INCREMENT)
            tx.delete(User, "john")
        assert visits() == {"jane": 1, "new 0": 0, "new 1": 1, "new 2": 2}

    @pytest.mark.parametrize("operation", ["Put", "BatchWrite", "TransactWrite"])
    def test_attempt_without_an_answer_is_not_forgotten_when_the_store_is_busy_after(
        self, store: Any, operation: str
    ) -> None:
        """The item is there, though the last answer was that the store had not got to it."""
        store.fail(operation, "lose", "after")
        store.fail(operation, "throttle", times=3)
        error: Any = None
        if operation == "Put":
            with pytest.raises(WriteOutcomeUnknown) as caught:
                NEW[0].save()
            error = caught.value
        elif operation == "BatchWrite":
            result = User.save_many(NEW[:2])
            assert result.fail_count == 2
            error = result.failures[0].error
        else:
            with pytest.raises(WriteOutcomeUnknown) as caught, Connection.transaction() as tx:
                tx.save(NEW[0])
            error = caught.value
        assert isinstance(error, WriteOutcomeUnknown)
        assert "new 0" in visits()

    def test_what_is_left_of_a_batch_after_an_attempt_without_an_answer_is_unknown(self, store: Any) -> None:
        store.fail("BatchWrite", "lose", "after")
        store.fail("BatchWrite", "leave 1")
        store.fail("BatchWrite", "throttle", times=3)
        result = User.save_many(NEW)
        assert result.success == NEW[:2]
        assert [type(failure.error) for failure in result.failures] == [WriteOutcomeUnknown]
        assert "new 2" in visits()


class TestManyWrites:
    def test_what_the_store_does_not_get_to_is_sent_again(self, store: Any) -> None:
        store.fail("BatchWrite", "leave 1")
        store.fail("BatchWrite", "throttle")
        assert User.save_many(NEW).success_count == 3

    @pytest.mark.parametrize("kind", ["throttle", "leave all"])
    def test_what_it_never_gets_to_is_reported_item_by_item(self, store: Any, kind: Kind) -> None:
        store.fail("BatchWrite", kind, times=4)
        result = User.save_many(NEW)
        assert [(failure.item.email, type(failure.error)) for failure in result.failures] == [
            (user.email, ThrottledError) for user in NEW
        ]
        assert len(visits()) == 2

    def test_each_conditional_write_has_its_own_outcome(self, store: Any) -> None:
        store.fail("UpdateItem", "lose", "after")
        result = User.update_many(["jane", "john"], INCREMENT, max_workers=1)
        assert [user.email for user in result.success] == ["john"]
        assert [type(failure.error) for failure in result.failures] == [WriteOutcomeUnknown]
        store.fail("UpdateItem", "conflict", times=4)
        result = User.update_many(["jane", "john"], INCREMENT, max_workers=1)
        assert [type(failure.error) for failure in result.failures] == [TransactionConflict]
        assert sorted(visits().values(), key=str) == [1, 2]

    def test_error_that_is_not_of_one_item_stops_the_run_and_the_others_say_so(self, store: Any) -> None:
        outcomes = []
        for outcome in User.save_iter((user for user in users(60)), max_workers=1):
            outcomes.append(outcome)
            if len(outcomes) == 1:
                User.delete_table()
        errors = [type(outcome.error) for outcome in outcomes]
        User.create_table()
        assert sorted(outcome.index for outcome in outcomes) == list(range(60))
        assert errors.count(type(None)) >= 25
        assert set(errors[-10:]) <= {TableNotFound, WriteNotSent}
        assert TableNotFound in errors


def users(count: int) -> list[User]:
    return [User(email=f"{number:02}") for number in range(count)]


class TestServer:
    """What only a server can do."""

    @pytest.fixture(params=["auto", "boto3"], autouse=True)
    def store(self, request: pytest.FixtureRequest, server: FaultyServer) -> Iterator[DynamoDBStore]:
        yield from prepare(DynamoDBStore(server, request.param))

    @pytest.mark.parametrize("fault", [Damage(), CutAfter(0), CutAfter(15), CutAfter(40), CutAfter(60), CutAfter(-1)])
    def test_answer_that_is_cut_or_damaged_is_no_answer(self, store: DynamoDBStore, fault: Any) -> None:
        store.pending = [("UpdateItem", fault)]
        with pytest.raises(WriteOutcomeUnknown):
            User.update_one("jane", INCREMENT)
        store.pending = [("GetItem", fault), ("BatchWriteItem", fault)]
        assert User.get_one("jane").visits == 1
        assert User.save_many(NEW).success_count == 3

    @pytest.mark.parametrize("sent", [15, 30, 40, 60, 80, 100])
    def test_error_that_is_cut_is_no_refusal(self, store: DynamoDBStore, sent: int) -> None:
        store.pending = [("PutItem", CutAfter(sent))]
        with pytest.raises(WriteOutcomeUnknown):
            User(email="jane").create()

    def test_slow_answer_is_waited_for(self, store: DynamoDBStore) -> None:
        store.pending = [("GetItem", Slow(0.01, 40))]
        assert User.get_one("jane").visits == 0

    def test_connections_that_the_store_closed_are_replaced(self, store: DynamoDBStore, server: FaultyServer) -> None:
        server.hang_up()
        assert User.get_one("jane").visits == 0

    def test_cancelled_transaction_without_reasons_is_one(self, store: DynamoDBStore) -> None:
        store.fail("TransactWrite", "conflict")
        with pytest.raises(TransactionCanceled), Connection.transaction() as tx:
            tx.update(User, "jane", INCREMENT)
