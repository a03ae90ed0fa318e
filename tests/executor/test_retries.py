"""Retries: their time, their budget, and what is reported when a later answer follows one that was lost."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from typing import Any, TypeVar

import pytest
from faulty_server import FaultyServer, Refuse, Script, run_faulty_server

from dynamongo import (
    AccessDenied,
    BudgetExceeded,
    CancellationReason,
    ConditionalCheckFailedException,
    ConfigurationError,
    Connection,
    CredentialsError,
    IdempotencyMismatch,
    IntField,
    InvalidRequestError,
    LimitExceededError,
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
    budget,
)
from dynamongo.backends import Limits
from dynamongo.backends.dynamodb import DynamoDBBackend
from dynamongo.backends.memory import Fault, MemoryBackend, VirtualClock
from dynamongo.connection.drivers import drive
from dynamongo.executor import RetryBudget, Sender
from dynamongo.operations import (
    BatchPut,
    BatchWrite,
    BatchWriteResult,
    Delete,
    Get,
    GetResult,
    Operation,
    Put,
    TransactWrite,
    WriteResult,
)

R = TypeVar("R")
T = "people"
LOST = ServiceError("the connection broke", code="ConnectionClosedError")
SLOW = ThrottledError("slow down")
POLICY = RetryPolicy(attempts=10, base=0, cap=0)
TRANSACTION = TransactWrite((Put(T, {"k": 1}),), "token")
WRITES: list[Operation[Any]] = [
    Put(T, {"k": 1}),
    Delete(T, {"k": 1}),
    BatchWrite(T, (BatchPut({"k": 1}), BatchPut({"k": 2}))),
    TRANSACTION,
]
LATER: list[Exception] = [
    CredentialsError("ExpiredToken"),
    AccessDenied("not authorized"),
    TableNotFound("gone"),
    LimitExceededError("full", code="ItemCollectionSizeLimitExceededException"),
    InvalidRequestError("malformed"),
    ConfigurationError("no endpoint"),
    BudgetExceeded("no more requests"),
    ServiceError("no DynamoDB", is_transient=False, was_sent=False),
    OSError("anything"),
]
FAILED = TransactionCanceled((CancellationReason("ConditionalCheckFailed"),))
CONFLICT = TransactionCanceled((CancellationReason("TransactionConflict"),))


class Answers:
    """A third party's backend, which has only what every backend has: it plays back answers."""

    name = "answers"
    limits = Limits()

    def __init__(self, *answers: Any) -> None:
        self.answers = list(answers)
        self.executed: list[Operation[Any]] = []

    def execute(self, operation: Operation[R]) -> R:
        self.executed.append(operation)
        answer: Any = self.answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return answer  # type: ignore[no-any-return]  # whatever the test says

    def wait(self, seconds: float) -> None:
        del seconds

    def close(self) -> None:
        pass


class Interrupted(Answers):
    """Before its first answer, the budget is exceeded, as by another thread."""

    def execute(self, operation: Operation[R]) -> R:
        if not self.executed:
            self.executed.append(operation)
            with contextlib.suppress(BudgetExceeded):
                Connection(backend=self).execute(Get(T, {"k": 1}))
        return super().execute(operation)


class Slowly(MemoryBackend):
    """A memory backend whose clock advances with every request."""

    def __init__(self, seconds: float) -> None:
        self.virtual = VirtualClock()
        super().__init__(clock=self.virtual)
        self.seconds = seconds
        self.bounds: list[float | None] = []

    def execute(self, operation: Operation[R], seconds: float | None = None) -> R:
        self.bounds.append(seconds)
        self.virtual.advance(seconds=self.seconds)
        lost = ServiceError("the connection broke", code="ConnectionClosedError")
        lost.seconds = self.seconds
        raise lost


class Counter(Model):
    __table__ = "counters"
    __hash_key__ = "name"
    name = StringField(required=True)
    count = IntField()


def send(backend: Any, operation: Operation[R], policy: RetryPolicy = POLICY) -> R:
    return Connection(backend=backend, retries=policy).execute(operation)


class TestLaterErrors:
    """An error says nothing of an earlier attempt that gave no answer, unless it proves that nothing was done."""

    @pytest.mark.parametrize("operation", WRITES, ids=lambda each: type(each).__name__)
    @pytest.mark.parametrize("error", LATER, ids=lambda each: type(each).__name__)
    def test_outcome_stays_unknown_after_a_later_error(self, operation: Operation[Any], error: Exception) -> None:
        backend = Answers(LOST, error)
        with pytest.raises(WriteOutcomeUnknown) as caught:
            send(backend, operation)
        assert caught.value.__cause__ is error
        assert str(getattr(error, "message", error)) in str(caught.value)
        assert backend.executed == [operation] * 2

    @pytest.mark.parametrize("error", LATER, ids=lambda each: type(each).__name__)
    @pytest.mark.parametrize("first", [SLOW, ServiceError("no connection", was_sent=False)], ids=["slow", "not sent"])
    def test_write_that_was_not_carried_out_raises_the_later_error(self, first: Exception, error: Exception) -> None:
        with pytest.raises(type(error)) as caught:
            send(Answers(first, error), WRITES[0])
        assert caught.value is error

    @pytest.mark.parametrize("error", LATER, ids=lambda each: type(each).__name__)
    def test_read_raises_the_later_error(self, error: Exception) -> None:
        with pytest.raises(type(error)) as caught:
            send(Answers(LOST, error), Get(T, {"k": 1}))
        assert caught.value is error

    @pytest.mark.parametrize("error", [FAILED, IdempotencyMismatch("another")], ids=lambda each: type(each).__name__)
    def test_token_proves_that_a_transaction_was_not_carried_out(self, error: Exception) -> None:
        with pytest.raises(type(error)) as caught:
            send(Answers(LOST, error), TRANSACTION)
        assert caught.value is error

    def test_transaction_that_conflicts_with_itself_has_an_unknown_outcome(self) -> None:
        with pytest.raises(WriteOutcomeUnknown):
            send(Answers(LOST, *[CONFLICT] * 9), TRANSACTION)

    def test_error_between_does_not_hide_the_lost_answer(self) -> None:
        error = AccessDenied("not authorized")
        with pytest.raises(WriteOutcomeUnknown):
            send(Answers(LOST, SLOW, SLOW, error), WRITES[0])

    def test_batch_remembers_a_lost_answer_after_progress(self) -> None:
        """Of the second item nobody knows: it may have been written by the first attempt."""
        error = AccessDenied("not authorized")
        left = BatchWriteResult((BatchPut({"name": "b"}),))
        backend = Answers(LOST, left, error)
        with Connection.using(backend):
            result = Counter.save_many([Counter(name="a"), Counter(name="b")])
        assert [item.name for item in result.success] == ["a"]
        (failure,) = result.failures
        assert isinstance(failure.error, WriteOutcomeUnknown)
        assert failure.error.__cause__ is error

    def test_writes_that_follow_are_stopped_by_the_same_error(self) -> None:
        error = AccessDenied("not authorized")
        with Connection.using(Answers(LOST, error, *[error] * 9)):
            outcomes = list(Counter.save_iter([Counter(name=f"{n:03}") for n in range(60)], max_workers=1))
        kinds = [type(outcome.error) for outcome in outcomes]
        assert kinds == [WriteOutcomeUnknown] * 25 + [AccessDenied] * 25 + [WriteNotSent] * 10

    def test_budget_of_a_block_that_stops_the_retry_does_not_hide_the_write(self) -> None:
        backend = MemoryBackend(clock=VirtualClock())
        with Connection.using(backend):
            Counter.create_table()
            backend.faults.schedule(Fault.lose_response("after", operation="Put"))
            with pytest.raises(WriteOutcomeUnknown) as caught, budget(requests=1):
                Counter(name="a").save()
            assert isinstance(caught.value.__cause__, BudgetExceeded)
            assert Counter.get_one("a").name == "a"


class TestRepeated:
    """What the store did not carry out is sent again, whatever it is."""

    @pytest.mark.parametrize("operation", [*WRITES, Get(T, {"k": 1})], ids=lambda each: type(each).__name__)
    @pytest.mark.parametrize(
        "error",
        [
            SLOW,
            TransactionConflict("at work"),
            TransactionConflict("another Region", code="ReplicatedWriteConflictException"),
            LimitExceededError("too many at once"),
            ServiceError("not received", code="RequestTimeout", was_sent=False),
        ],
        ids=lambda error: error.code,
    )
    def test_it_is_sent_again(self, operation: Operation[Any], error: Exception) -> None:
        assert send(Answers(error, "answer"), operation) == "answer"

    def test_full_item_collection_is_not(self) -> None:
        error = LimitExceededError("full", code="ItemCollectionSizeLimitExceededException")
        with pytest.raises(LimitExceededError):
            send(Answers(error), WRITES[0])

    @pytest.mark.parametrize("seconds", [0, -1, float("nan"), "10", None, True])
    def test_max_seconds_that_leave_no_time_are_refused(self, seconds: Any) -> None:
        with pytest.raises(ConfigurationError, match=r"^max_seconds must be a number of seconds > 0 .*; got"):
            RetryPolicy(max_seconds=seconds)

    @pytest.mark.parametrize("attempts", [0, -1, True, 1.5, "3"])
    def test_attempts_must_be_at_least_1(self, attempts: Any) -> None:
        with pytest.raises(ConfigurationError, match=r"^attempts must be an int >= 1; got .*: use 1 for no retry$"):
            RetryPolicy(attempts=attempts)

    @pytest.mark.parametrize("seconds", [-1, "5", True, None, float("nan"), float("inf")])
    @pytest.mark.parametrize("name", ["base", "cap"])
    def test_waits_are_seconds(self, name: str, seconds: Any) -> None:
        with pytest.raises(
            ConfigurationError, match=rf"^{name} must be a number of seconds >= 0 and <= 1000000000; got"
        ):
            RetryPolicy(**{name: seconds})

    def test_wait_stays_below_its_cap_after_any_number_of_attempts(self) -> None:
        policy = RetryPolicy(attempts=5_000)
        assert all(policy.wait(attempt).seconds <= policy.cap for attempt in (1, 100, 1_000, 1_024, 5_000))

    def test_waits_may_take_no_time(self) -> None:
        assert RetryPolicy(base=0, cap=0).wait(9).seconds == 0

    @pytest.mark.parametrize("seconds", [0, -1, "5", True, None, float("nan"), float("inf")])
    def test_max_seconds_must_be_positive(self, seconds: Any) -> None:
        with pytest.raises(
            ConfigurationError, match=r"^max_seconds must be a number of seconds > 0 and <= 1000000000; got"
        ):
            RetryPolicy(max_seconds=seconds)

    @pytest.mark.parametrize("budget", [-1, True, 1.5, "500"])
    def test_budget_is_a_number_of_tokens_or_none(self, budget: Any) -> None:
        with pytest.raises(ConfigurationError, match=r"^budget must be an int >= 0, or None for no limit; got"):
            RetryPolicy(budget=budget)
        assert RetryPolicy(budget=None).budget is None

    def test_one_attempt_is_one_request(self) -> None:
        backend = Answers(SLOW)
        with pytest.raises(ThrottledError, match="1 attempt"):
            send(backend, WRITES[0], RetryPolicy(attempts=1))
        assert len(backend.executed) == 1


class TestExceededBudgets:
    """What became of a write that is under way when a budget is exceeded."""

    def test_write_that_was_done_is_reported_as_done(self) -> None:
        with pytest.raises(BudgetExceeded), budget(requests=1):
            answer = send(Interrupted("done, and no capacity"), WRITES[0])
        assert answer == "done, and no capacity"

    def test_write_whose_answer_was_lost_is_unknown(self) -> None:
        with pytest.raises(WriteOutcomeUnknown), budget(requests=1):
            send(Interrupted(LOST), WRITES[0])

    def test_failed_read_raises_its_error(self) -> None:
        with pytest.raises(ServiceError), budget(requests=1):
            send(Interrupted(ServiceError("no", is_transient=False)), Get(T, {"k": 1}))


class TestTime:
    def test_remaining_time_is_passed_to_each_attempt(self) -> None:
        backend = Slowly(30)
        with pytest.raises(ServiceError):
            send(backend, Get(T, {"k": 1}), RetryPolicy(base=0, cap=0, max_seconds=100))
        assert backend.bounds == [100, 70, 40, 10]

    def test_time_of_a_backend_without_timeouts_is_checked_between_attempts(self) -> None:
        class Plain(Answers):
            clock = VirtualClock()
            monotonic = clock.now

            def execute(self, operation: Operation[R]) -> R:
                self.clock.advance(seconds=30)
                return super().execute(operation)

        backend = Plain(*[LOST] * 9)
        with pytest.raises(ServiceError):
            send(backend, Get(T, {"k": 1}), RetryPolicy(base=0, cap=0, max_seconds=100))
        assert len(backend.executed) == 4

    def test_slow_answers_of_the_memory_backend_count(self) -> None:
        clock = VirtualClock(start=0)
        backend = MemoryBackend(clock=clock)
        backend.faults.schedule(Fault.slow(30, times=4))
        backend.faults.schedule(Fault.throttle(times=4))
        with pytest.raises(ServiceError, match="no response in 10 s") as caught:
            send(backend, Get("counters", {"k": 1}), RetryPolicy(base=0, cap=0, max_seconds=100))
        assert (clock.now(), caught.value.attempts) == (100, 4)

    @pytest.mark.parametrize("place", ["instance", "class"])
    def test_execute_may_be_replaced_by_a_function_without_seconds(
        self, monkeypatch: pytest.MonkeyPatch, place: str
    ) -> None:
        class Own(MemoryBackend):
            pass

        backend, seen = Own(), list[Operation[Any]]()
        original = MemoryBackend().execute

        def take(operation: Operation[Any]) -> Any:
            seen.append(operation)
            return original(operation)

        class Kept(Counter):
            __table__ = "counters"
            __hash_key__ = "name"
            __connection__ = Connection(backend=backend)

        Kept.create_table()
        assert Kept.get_one("a", default=None) is None
        if place == "instance":
            monkeypatch.setattr(backend, "execute", take)
        else:
            monkeypatch.setattr(Own, "execute", lambda _, operation: take(operation), raising=False)
        Kept.create_table()
        Kept.save_one({"name": "a"})
        assert Kept.get_one("a").name == "a"
        assert [type(operation) for operation in seen][-2:] == [Put, Get]
        monkeypatch.undo()
        assert Kept.get_one("a", default=None) is None

    def test_page_and_chunk_have_the_same_deadline(self) -> None:
        backend = Slowly(30)
        connection = Connection(backend=backend, retries=RetryPolicy(base=0, cap=0, max_seconds=50))
        with pytest.raises(ServiceError):
            connection.run(lambda sender: sender.send(Get(T, {"k": 1})))
        assert backend.bounds == [50, 20]

    @pytest.mark.parametrize("seconds", [1, 29, 60, 250])
    def test_token_is_never_reused_near_600_seconds(self, seconds: float) -> None:
        backend = Slowly(seconds)
        policy = RetryPolicy(attempts=10_000, base=0, cap=0, max_seconds=100_000, budget=None)
        with pytest.raises(WriteOutcomeUnknown):
            send(backend, TRANSACTION, policy)
        begun = [seconds * number for number in range(len(backend.bounds))]
        assert max(begun) < 300
        ends = [start + bound for start, bound in zip(begun, backend.bounds, strict=True) if bound is not None][1:]
        assert max(ends, default=0) <= 300
        assert len(begun) > 1

    def test_default_is_well_below_600_seconds(self) -> None:
        assert RetryPolicy().max_seconds <= 300

    def test_slow_answer_of_the_memory_backend_is_lost_when_the_time_is_over(self) -> None:
        clock = VirtualClock(start=0)
        backend = MemoryBackend(clock=clock)
        connection = Connection(backend=backend, retries=RetryPolicy(max_seconds=10))

        class Timed(Counter):
            __table__ = "counters"
            __hash_key__ = "name"
            __connection__ = connection

        Timed.create_table()
        Timed(name="a", count=0).save()
        backend.faults.schedule(Fault.slow(60, operation="UpdateItem"))
        with pytest.raises(WriteOutcomeUnknown, match="no response in 10 s"):
            Timed.update_one("a", Timed.count.increment())
        assert clock.now() == 10
        backend.faults.schedule(Fault.slow(9, operation="Get"))
        assert Timed.get_one("a").count == 1

    def test_override_of_execute_without_seconds_keeps_working(self) -> None:
        class Recorder(MemoryBackend):
            asked = 0

            def execute(self, operation: Operation[R]) -> R:  # type: ignore[override]  # as it was before
                self.asked += 1
                return super().execute(operation)

        with Connection.using(Recorder()) as recorder:
            Counter.create_table()
            assert Counter(name="a").save().name == "a"
        assert isinstance(recorder, Recorder)
        assert recorder.asked == 2


class TestBudget:
    def test_calls_that_are_throttled_make_half_a_request_more_each(self) -> None:
        """500 tokens are 100 retries, however many calls there are."""
        backend = Answers(*[SLOW] * 3_000)
        connection = Connection(backend=backend, retries=POLICY)
        for _ in range(200):
            with pytest.raises(ThrottledError):
                connection.execute(Get(T, {"k": 1}))
        assert len(backend.executed) == 300

    def test_timeout_costs_twice_as_much(self) -> None:
        backend = Answers(*[ServiceError("silence", code="ReadTimeoutError")] * 3_000)
        connection = Connection(backend=backend, retries=POLICY)
        for _ in range(100):
            with pytest.raises(ServiceError):
                connection.execute(Get(T, {"k": 1}))
        assert len(backend.executed) == 150

    def test_success_refunds_tokens(self) -> None:
        found = GetResult({"k": 1})
        backend = Answers(*[SLOW, found] * 500)
        connection = Connection(backend=backend, retries=POLICY)
        for _ in range(500):
            assert connection.execute(Get(T, {"k": 1})) is found
        spent = Answers(*[SLOW] * 1_000, *[found] * 5, SLOW, found)
        connection = Connection(backend=spent, retries=POLICY)
        while len(spent.answers) > 7:
            with pytest.raises(ThrottledError):
                connection.execute(Get(T, {"k": 1}))
        for _ in range(6):
            assert connection.execute(Get(T, {"k": 1})) is found
        assert spent.answers == []

    def test_each_backend_has_its_own(self) -> None:
        busy, idle = Answers(*[SLOW] * 1_000), Answers(*[SLOW, "answer"] * 2)
        connection = Connection(retries=POLICY)

        def call(backend: Any) -> Any:
            with Connection.using(backend):
                return connection.execute(Get(T, {"k": 1}))

        for _ in range(60):
            with pytest.raises(ThrottledError):
                call(busy)
        assert call(idle) == "answer"
        before = len(busy.executed)
        with pytest.raises(ThrottledError):
            call(busy)
        assert len(busy.executed) == before + 1

    def test_it_may_be_none(self) -> None:
        backend = Answers(*[SLOW] * 3_000)
        connection = Connection(backend=backend, retries=RetryPolicy(base=0, cap=0, budget=None))
        for _ in range(200):
            with pytest.raises(ThrottledError):
                connection.execute(Get(T, {"k": 1}))
        assert len(backend.executed) == 2_000

    def test_bulk_writes_and_batch_gets_finish_without_it(self) -> None:
        empty = RetryBudget(0)
        sender = Sender(Limits(), POLICY, empty)
        backend = Answers(*[SLOW] * 3, BatchWriteResult((BatchPut({"k": 2}),)), *[SLOW] * 3, BatchWriteResult())
        attempts = sender.start_attempts()
        assert drive(sender.send_within(attempts, WRITES[2]), backend).unprocessed
        with Connection.using(Answers(*([SLOW] * 9 + [WriteResult()]) * 100)):
            items = [Counter(name=f"{number}") for number in range(100)]
            assert Counter.save_many(items, overwrite=False, max_workers=1).fail_count == 0

    def test_pages_are_paid_from_the_budget(self) -> None:
        backend = Answers(*[SLOW] * 3_000)
        connection = Connection(backend=backend, retries=POLICY)
        for _ in range(200):
            with pytest.raises(ThrottledError):
                connection.run(lambda sender: sender.send(Get(T, {"k": 1})))
        assert len(backend.executed) == 300


@pytest.fixture
def server(server_url: str) -> Iterator[FaultyServer]:
    with run_faulty_server(server_url) as running:
        yield running


@pytest.mark.parametrize("transport", ["auto", "boto3"])
class TestMessages:
    """Errors at night say what was asked, how often, where, and under which id."""

    def connect(self, server: FaultyServer, transport: str) -> Connection:
        backend = DynamoDBBackend(
            access_key_id="x", secret_access_key="x", region="us-east-2", endpoint_url=server.url, transport=transport
        )
        return Connection(backend=backend, retries=RetryPolicy(attempts=2, base=0, cap=0))

    def test_throttling(self, server: FaultyServer, transport: str) -> None:
        server.plan = Script({("GetItem", None): Refuse.throttling()})
        with pytest.raises(ThrottledError) as caught:
            self.connect(server, transport).execute(Get("people", {"k": 1}))
        assert str(caught.value) == f"made up by the test (Get people, 2 attempts, {server.url})"
        error = caught.value
        assert (error.operation, error.attempts, error.endpoint) == ("Get people", 2, server.url)

    def test_failure(self, server: FaultyServer, transport: str) -> None:
        server.plan = Script({("UpdateItem", None): Refuse()})
        connection = self.connect(server, transport)

        class Remote(Counter):
            __table__ = "people"
            __hash_key__ = "name"
            __connection__ = connection

        with pytest.raises(WriteOutcomeUnknown) as caught:
            Remote.update_one("a", Remote.count.increment())
        assert str(caught.value) == (
            f"the outcome of UpdateItem people is unknown: made up by the test (1 attempt, {server.url})"
        )

    def test_missing_table(self, server: FaultyServer, transport: str) -> None:
        with pytest.raises(TableNotFound) as caught:
            self.connect(server, transport).execute(Get("nowhere", {"k": 1}))
        assert f"(Get nowhere, 1 attempt, {server.url}" in str(caught.value)

    def test_missing_permission(self, server: FaultyServer, transport: str) -> None:
        server.plan = Script({("PutItem", 1): Refuse("AccessDeniedException", 400, "User x is not authorized")})
        with pytest.raises(AccessDenied) as caught:
            self.connect(server, transport).execute(Put("people", {"k": 1}))
        assert (caught.value.action, caught.value.table) == ("dynamodb:PutItem", "people")
        assert str(caught.value) == (
            "dynamodb:PutItem on the table people is not allowed: User x is not authorized"
            f" (Put people, 1 attempt, {server.url})"
        )
        assert not isinstance(caught.value, CredentialsError)

    @pytest.mark.parametrize("code", ["RequestTimeout", "SomethingNew"])
    def test_request_that_was_not_received_is_retried(self, server: FaultyServer, transport: str, code: str) -> None:
        server.plan = Script({("UpdateItem", None): Refuse(code, 408)})
        with pytest.raises(ServiceError, match="2 attempts") as caught:
            drive_update(self.connect(server, transport))
        assert not isinstance(caught.value, WriteOutcomeUnknown)


def drive_update(connection: Connection) -> None:
    class Remote(Counter):
        __table__ = "people"
        __hash_key__ = "name"
        __connection__ = connection

    Remote.update_one("a", Remote.count.increment())


def test_failed_condition_is_not_retried() -> None:
    with Connection.using(MemoryBackend()):
        Counter.create_table()
        Counter(name="a").save()
        with pytest.raises(ConditionalCheckFailedException):
            Counter(name="a").create()
