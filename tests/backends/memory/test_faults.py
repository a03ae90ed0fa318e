"""Faults: which requests they hit, how they fail, and that each must be hit."""

from __future__ import annotations

import threading
from collections import Counter
from decimal import Decimal
from typing import Any, get_args

import pytest
from botocore.exceptions import ClientError, ConnectionClosedError, EndpointConnectionError

from dynamongo import (
    ConfigurationError,
    Connection,
    FaultNotHit,
    IntField,
    Model,
    StringField,
    WriteOutcomeUnknown,
)
from dynamongo.backends.dynamodb.errors import translate_error
from dynamongo.backends.dynamodb.requests import build_request
from dynamongo.backends.memory import Fault, FaultPlan, MemoryBackend, VirtualClock
from dynamongo.backends.memory.faults.kinds import KIND_NAMES
from dynamongo.exceptions import (
    BackendError,
    CancellationReason,
    InvalidRequestError,
    ServiceError,
    TableNotFound,
    ThrottledError,
    TransactionCanceled,
    TransactionConflict,
)
from dynamongo.expressions.conditions import EQ, Comparison, Exists, Path
from dynamongo.expressions.updates import SetUpdate
from dynamongo.expressions.values import Item
from dynamongo.operations import (
    AnyOperation,
    BatchDelete,
    BatchGet,
    BatchPut,
    BatchWrite,
    ConditionCheck,
    CreateIndex,
    CreateTable,
    Delete,
    DeleteIndex,
    DeleteTable,
    DescribeTable,
    DescribeTimeToLive,
    Get,
    KeyCondition,
    Operation,
    Put,
    Query,
    Scan,
    TransactGet,
    TransactWrite,
    UpdateIndexThroughput,
    UpdateItem,
    UpdateThroughput,
    UpdateTimeToLive,
)
from dynamongo.schema import IndexSchema, KeyAttribute, KeySchema, TableSchema, Throughput

USERS, OTHERS = "users", "others"
BY_NAME = IndexSchema("by_name", KeySchema(KeyAttribute("name", "S")))
A: Any = {"id": "a"}
B: Any = {"id": "b"}
C: Any = {"id": "c"}
NAMED = KeyCondition(Comparison(Path("name"), EQ, "Ann"))
HAS_ID = Exists(Path("id"))
CHECK = ConditionCheck(USERS, A, HAS_ID)


def make_backend(*faults: Fault) -> MemoryBackend:
    backend = MemoryBackend(clock=VirtualClock(start=0))
    for name in (USERS, OTHERS):
        backend.execute(CreateTable(TableSchema(name, KeySchema(KeyAttribute("id", "S")), indexes=(BY_NAME,))))
    backend.faults.schedule(*faults)
    return backend


def attempt(backend: MemoryBackend, operation: Operation[Any]) -> type[BackendError] | None:
    """What executing it comes to."""
    try:
        backend.execute(operation)
    except BackendError as error:
        return type(error)
    return None


def ids(backend: MemoryBackend, table: str = USERS) -> list[str]:
    return sorted(str(item["id"]) for item in backend.execute(Scan(table)).items)


GET, PUT = Get(USERS, A), Put(USERS, {"id": "a", "name": "Ann"})
BATCH_GET = BatchGet(USERS, (A, B, C))
BATCH_WRITE = BatchWrite(USERS, (BatchPut({"id": "a", "n": Decimal("1.0")}), BatchDelete(B), BatchPut(C)))
TRANSACTION = TransactWrite((Put(OTHERS, A), UpdateItem(USERS, A, (SetUpdate(Path("n"), 1),)), Delete(USERS, B)))
GETS = TransactGet((Get(OTHERS, A), Get(USERS, B)))
QUERY = Query(USERS, NAMED, index="by_name")


class TestMatching:
    @pytest.mark.parametrize(
        ("fault", "hit", "missed"),
        [
            (Fault.throttle(operation="Query"), QUERY, Scan(USERS)),
            (Fault.throttle(operation=Query), QUERY, GET),
            (Fault.throttle(operation=Put), PUT, TransactWrite((PUT,))),
            (Fault.throttle(table=USERS), GET, Get(OTHERS, A)),
            (Fault.throttle(table=USERS), TRANSACTION, TransactWrite((Put(OTHERS, A),))),
            (Fault.throttle(table=OTHERS), DescribeTable(OTHERS), DescribeTable(USERS)),
            (Fault.throttle(index="by_name"), QUERY, Query(USERS, KeyCondition(Comparison(Path("id"), EQ, "a")))),
            (Fault.throttle(index="by_name"), Scan(USERS, index="by_name"), Scan(USERS)),
            (Fault.throttle(index="by_name"), DeleteIndex(USERS, "by_name"), DescribeTable(USERS)),
            (Fault.throttle(index="by_x"), CreateIndex(USERS, IndexSchema("by_x", BY_NAME.keys)), QUERY),
            (Fault.throttle(key=A), GET, Get(USERS, B)),
            (Fault.throttle(key={"name": "Ann"}), PUT, Put(USERS, A)),
            (Fault.throttle(key=A), Delete(USERS, A), Delete(USERS, B)),
            (Fault.throttle(key={"name": "Ann"}), QUERY, Scan(USERS, index="by_name")),
            (Fault.throttle(key=B), BATCH_GET, BatchGet(USERS, (A, C))),
            (Fault.throttle(key=B), BATCH_WRITE, BatchWrite(USERS, (BatchPut(A), BatchDelete(C)))),
            (Fault.throttle(table=USERS, key=A), TRANSACTION, TransactWrite((Put(OTHERS, A), Put(USERS, B)))),
            (Fault.throttle(key=A), TransactWrite((CHECK,)), TransactWrite((Put(USERS, B),))),
            (Fault.throttle(table=USERS, key=B), GETS, TransactGet((Get(OTHERS, B), Get(USERS, A)))),
            (Fault.conflict(), PUT, BATCH_WRITE),
            (Fault.cancel("ThrottlingError"), GETS, GET),
            (Fault.unprocessed(), BATCH_GET, GET),
        ],
        ids=str,
    )  # fmt: skip
    def test_one_request_is_hit_and_another_is_not(self, fault: Fault, hit: AnyOperation, missed: AnyOperation) -> None:
        assert (fault.matches(hit), fault.matches(missed)) == (True, False)

    def test_numbers_in_keys_are_compared_by_value(self) -> None:
        assert Fault.throttle(key={"id": 1}).matches(Get(USERS, {"id": Decimal("1.0")}))
        assert not Fault.throttle(key={"id": 1}).matches(Get(USERS, {"id": True}))

    def test_range_condition_of_a_query_is_not_compared(self) -> None:
        fault = Fault.throttle(key={"id": "a", "at": 1})
        key = Comparison(Path("id"), EQ, "a")
        assert fault.matches(Query(USERS, KeyCondition(key, Comparison(Path("at"), EQ, 1))))
        assert not fault.matches(Query(USERS, KeyCondition(key, Comparison(Path("at"), "<=", 1))))

    def test_requests_before_and_after_the_scheduled_ones_succeed(self) -> None:
        backend = make_backend(Fault.throttle(operation="Get", after=2, times=2))
        outcomes = [attempt(backend, GET) for _ in range(6)]
        assert outcomes == [None, None, ThrottledError, ThrottledError, None, None]

    def test_requests_that_do_not_match_are_not_counted(self) -> None:
        backend = make_backend(Fault.throttle(operation="Get", after=1))
        assert [attempt(backend, each) for each in (GET, PUT, PUT, GET)] == [None, None, None, ThrottledError]

    def test_fault_without_times_lasts(self) -> None:
        backend = make_backend(Fault.throttle(operation="Get", times=None))
        assert [attempt(backend, GET) for _ in range(5)] == [ThrottledError] * 5

    def test_faults_are_hit_in_the_order_of_scheduling(self) -> None:
        backend = make_backend(Fault.throttle(), Fault.fail(), Fault.throttle())
        assert [attempt(backend, GET) for _ in range(4)] == [ThrottledError, ServiceError, ThrottledError, None]

    def test_threads_hit_a_fault_as_often_as_scheduled(self) -> None:
        backend = make_backend(Fault.throttle(operation="Get", after=10, times=50))
        outcomes: Counter[Any] = Counter()

        def work() -> None:
            found = Counter(attempt(backend, GET) for _ in range(100))
            outcomes.update(found)

        threads = [threading.Thread(target=work) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert outcomes == {ThrottledError: 50, None: 350}
        assert backend.faults.hits == {"throttle": 50}

    def test_malformed_request_is_refused_as_without_a_plan(self) -> None:
        backend = make_backend(Fault.throttle(key={"id": "a"}))
        bad: Any = {"id": 1.5}
        with pytest.raises(InvalidRequestError):
            backend.execute(Get(USERS, bad))


class TestFailures:
    """Written down from botocore's exceptions, by which the dynamodb backend raises its own."""

    @pytest.mark.parametrize(
        ("fault", "foreign"),
        [
            (Fault.throttle(), ClientError({"Error": {"Code": "ProvisionedThroughputExceededException"}}, "PutItem")),
            (Fault.unprocessed(None), ClientError({"Error": {"Code": "ProvisionedThroughputExceededException"}}, "X")),
            (Fault.fail(), ClientError({"Error": {"Code": "InternalServerError"}}, "PutItem")),
            (Fault.fail("after"), ClientError({"Error": {"Code": "InternalServerError"}}, "PutItem")),
            (Fault.lose_response("before"), ConnectionClosedError(endpoint_url="x")),
            (Fault.lose_response("after"), ConnectionClosedError(endpoint_url="x")),
            (Fault.unreachable(), EndpointConnectionError(endpoint_url="x")),
            (Fault.conflict(operation="Put"), ClientError({"Error": {"Code": "TransactionConflictException"}}, "X")),
            (
                Fault.cancel("TransactionConflict"),
                ClientError({"Error": {"Code": "TransactionCanceledException"}, "CancellationReasons": []}, "X"),
            ),
        ],
        ids=str,
    )
    def test_exception_is_that_of_the_dynamodb_backend(self, fault: Fault, foreign: Exception) -> None:
        backend = make_backend(fault)
        operation = next(each for each in (PUT, BATCH_WRITE, TRANSACTION) if fault.matches(each))
        with pytest.raises(BackendError) as caught:
            backend.execute(operation)
        expected = translate_error(foreign, "nowhere")
        assert type(caught.value) is type(expected)
        names = ("code", "was_sent", "is_transient")
        assert [getattr(caught.value, name, None) for name in names] == [
            getattr(expected, name, None) for name in names
        ]

    @pytest.mark.parametrize(
        ("fault", "left"),
        [
            (Fault.throttle(), []),
            (Fault.fail(), []),
            (Fault.fail("after"), ["a"]),
            (Fault.lose_response("before"), []),
            (Fault.lose_response("after"), ["a"]),
            (Fault.unreachable(), []),
            (Fault.conflict(), []),
        ],
        ids=str,
    )
    def test_write_was_done_or_not_as_the_fault_says(self, fault: Fault, left: list[str]) -> None:
        backend = make_backend(fault)
        with pytest.raises(BackendError):
            backend.execute(PUT)
        assert ids(backend) == left

    def test_lost_response_may_have_been_a_refusal(self) -> None:
        backend = make_backend(Fault.lose_response("after"))
        with pytest.raises(ServiceError):
            backend.execute(Put(USERS, A, HAS_ID))
        with pytest.raises(TableNotFound):
            backend.execute(Put("nowhere", A))

    def test_slow_response_may_be_of_any_operation(self) -> None:
        backend = make_backend(Fault.slow(3), Fault.throttle(), Fault.slow(4))
        assert attempt(backend, GET) is ThrottledError
        assert (attempt(backend, GET), backend.clock()) == (None, 7)


class TestBatches:
    def test_batch_get_leaves_the_last_keys(self) -> None:
        backend = make_backend(Fault.unprocessed(2))
        backend.execute(BATCH_WRITE)
        backend.faults.clear()
        backend.faults.schedule(Fault.unprocessed(2))
        result = backend.execute(BATCH_GET)
        assert (result.items, result.unprocessed) == (({"id": "a", "n": 1},), (B, C))
        assert result.consumed.read_units == 0.5
        assert backend.execute(BATCH_GET).unprocessed == ()

    def test_batch_write_leaves_the_last_writes(self) -> None:
        backend = make_backend(Fault.unprocessed(2))
        backend.execute(Put(USERS, B))
        result = backend.execute(BATCH_WRITE)
        assert result.unprocessed == (BatchDelete(B), BatchPut(C))
        assert result.consumed.write_units == 1
        assert ids(backend) == ["a", "b"]

    def test_keys_of_the_fault_are_left(self) -> None:
        backend = make_backend(Fault.unprocessed(None, operation="BatchWrite", key={"id": "a"}))
        result = backend.execute(BATCH_WRITE)
        assert result.unprocessed == (BatchPut({"id": "a", "n": 1}),)
        assert [type(each.item["n"]) for each in result.unprocessed if isinstance(each, BatchPut)] == [int]
        assert ids(backend) == ["c"]

    @pytest.mark.parametrize("count", [3, 100, None])
    @pytest.mark.parametrize("operation", [BATCH_GET, BATCH_WRITE], ids=["get", "write"])
    def test_batch_without_processed_parts_is_throttled(self, operation: Any, count: int | None) -> None:
        backend = make_backend(Fault.unprocessed(count))
        with pytest.raises(ThrottledError):
            backend.execute(operation)
        assert ids(backend) == []

    def test_unprocessed_parts_are_checked_too(self) -> None:
        backend = make_backend(Fault.unprocessed(1, times=3))
        with pytest.raises(InvalidRequestError, match="duplicates"):
            backend.execute(BatchGet(USERS, (A, B, A)))
        with pytest.raises(InvalidRequestError, match="duplicates"):
            backend.execute(BatchWrite(USERS, (BatchPut(A), BatchPut(B), BatchDelete(A))))
        with pytest.raises(InvalidRequestError, match="Missing the key id in the item"):
            backend.execute(BatchWrite(USERS, (BatchPut(A), BatchPut({"no": "key"}))))
        assert ids(backend) == []


class TestTransactions:
    def test_conflict_is_the_reason_of_the_matching_action(self) -> None:
        backend = make_backend(Fault.conflict(table=USERS, key=B))
        with pytest.raises(TransactionCanceled) as caught:
            backend.execute(TRANSACTION)
        reason = CancellationReason("TransactionConflict", "Transaction is ongoing for the item")
        assert caught.value.reasons == (CancellationReason(), CancellationReason(), reason)
        assert (ids(backend), ids(backend, OTHERS)) == ([], [])

    def test_conflict_of_a_transaction_that_reads(self) -> None:
        backend = make_backend(Fault.conflict(operation=TransactGet))
        with pytest.raises(TransactionCanceled) as caught:
            backend.execute(GETS)
        assert [reason.code for reason in caught.value.reasons] == ["TransactionConflict", "None"]

    def test_conflict_of_a_write(self) -> None:
        backend = make_backend(Fault.conflict(operation=UpdateItem))
        with pytest.raises(TransactionConflict, match="Transaction is ongoing for the item"):
            backend.execute(UpdateItem(USERS, A, (SetUpdate(Path("n"), 1),)))

    @pytest.mark.parametrize("code", ["ThrottlingError", "ProvisionedThroughputExceeded"])
    def test_transaction_is_cancelled_with_any_code(self, code: Any) -> None:
        backend = make_backend(Fault.cancel(code, table=USERS))
        with pytest.raises(TransactionCanceled) as caught:
            backend.execute(TRANSACTION)
        assert [reason.code for reason in caught.value.reasons] == ["None", code, "None"]

    def test_token_protects_a_transaction_whose_response_was_lost(self) -> None:
        backend = make_backend(Fault.lose_response("after", operation=TransactWrite))
        write = TransactWrite((UpdateItem(USERS, A, (SetUpdate(Path("n"), 1),)),), "token")
        with pytest.raises(ServiceError):
            backend.execute(write)
        backend.execute(Delete(USERS, A))
        assert backend.execute(write).consumed.write_units == 0
        assert ids(backend) == []


class TestThatEachMustBeHit:
    def test_block_that_hits_no_fault_fails(self) -> None:
        backend = make_backend()
        faults = [Fault.throttle(operation="Query", table=USERS, times=2), Fault.fail(operation="Get")]
        with pytest.raises(FaultNotHit) as caught, backend.faults.schedule(*faults):
            assert [attempt(backend, each) for each in (GET, QUERY)] == [ServiceError, ThrottledError]
        assert "1 of 2 scheduled faults" in str(caught.value)
        assert "Fault.throttle(operation='Query', table='users', times=2): hit 1 of 2 times" in str(caught.value)
        assert isinstance(caught.value, AssertionError)

    def test_fault_without_times_must_be_hit_once(self) -> None:
        with (
            pytest.raises(FaultNotHit, match="never hit; matching requests: 0"),
            FaultPlan(Fault.fail(times=None)),
        ):
            pass
        with FaultPlan(Fault.fail(times=None)) as plan:
            attempt(MemoryBackend(faults=plan), GET)

    def test_request_that_was_let_through_counts_as_a_match(self) -> None:
        backend = make_backend(Fault.fail(operation="Get", after=5))
        attempt(backend, GET)
        with pytest.raises(FaultNotHit, match="matching requests: 1"):
            backend.faults.assert_hit()

    def test_error_in_the_block_takes_precedence(self) -> None:
        with pytest.raises(KeyError), FaultPlan(Fault.fail()) as plan:
            raise KeyError
        assert not plan.is_active

    def test_faults_end_with_the_block(self) -> None:
        backend = make_backend()
        with backend.faults.schedule(Fault.throttle(operation="Get", times=None)):
            assert attempt(backend, GET) is ThrottledError
        assert attempt(backend, GET) is None
        backend.faults.assert_hit()

    def test_closing_the_backend_asserts_it_once(self) -> None:
        backend = make_backend(Fault.fail())
        with pytest.raises(FaultNotHit):
            backend.close()
        backend.close()
        assert attempt(backend, GET) is None

    def test_plan_that_was_hit_asserts_nothing(self) -> None:
        backend = make_backend(Fault.fail())
        attempt(backend, GET)
        backend.close()


ANY: Any = Fault  # what no type checker would let pass
ANY_PLAN: Any = FaultPlan


KEY: Item = {"id": 1}
BY_X = IndexSchema("by_x", KeySchema(KeyAttribute("x", "S")))
OPERATIONS: list[AnyOperation] = [
    Get("t", KEY),
    BatchGet("t", (KEY,)),
    Query("t", KeyCondition(Comparison(Path("id"), EQ, 1))),
    Scan("t"),
    Put("t", KEY),
    Delete("t", KEY),
    UpdateItem("t", KEY),
    BatchWrite("t", (BatchPut(KEY),)),
    TransactWrite((Delete("t", KEY),), "token"),
    TransactGet((Get("t", KEY),)),
    CreateTable(TableSchema("table", KeySchema(KeyAttribute("id", "N")))),
    DeleteTable("table"),
    DescribeTable("table"),
    CreateIndex("table", BY_X),
    DeleteIndex("table", "by_x"),
    UpdateThroughput("table", None),
    UpdateIndexThroughput("table", (("by_x", Throughput(1, 1)),)),
    UpdateTimeToLive("table", "until"),
    DescribeTimeToLive("table"),
]


class TestMistakes:
    @pytest.mark.parametrize(
        ("make", "message"),
        [
            (lambda: ANY.throttle(operation="PutItme"), "got operation='PutItme'; did you mean 'PutItem'[?]$"),
            (lambda: ANY.throttle(operation="put"), "got operation='put'; did you mean 'Put'[?]$"),
            (lambda: ANY.unprocessed(operation="PutItem"), "applies to BatchGet, BatchWrite; got operation='PutItem'$"),
            (lambda: ANY.throttle(operation=str), "got operation='str'"),
            (lambda: ANY.unprocessed(operation="Get"), "Fault.unprocessed applies to BatchGet, BatchWrite;"),
            (lambda: ANY.conflict(operation=BatchWrite), "Fault.conflict applies to Delete, Put, TransactGet, "),
            (lambda: ANY.cancel("None"), "Fault.cancel: code must be one of"),
            (lambda: ANY.throttle(tabel="users"), "tabel; known are: operation, table, index, key, after, times"),
            (lambda: ANY.throttle(times=0), "times must be an int >= 1; got 0"),
            (lambda: ANY.throttle(after=-1), "after must be an int >= 0; got -1"),
            (lambda: ANY.unprocessed(0), "count must be an int >= 1; got 0"),
            (lambda: ANY.unprocessed(1.5), "count must be an int >= 1; got 1.5"),
            (lambda: ANY.lose_response("during"), '"before" or "after"'),
            (lambda: ANY.slow(0), "a finite number > 0"),
            (lambda: ANY_PLAN("throttle"), "a FaultPlan takes faults"),
            (lambda: ANY_PLAN.random(1, rate=2), "from 0 to 1"),
            (lambda: ANY_PLAN.random(1, kinds=["throtle"]), "unknown kind of fault: 'throtle'; known are: throttle, "),
        ],
    )
    def test_it_is_refused_at_once(self, make: Any, message: str) -> None:
        with pytest.raises(ConfigurationError, match=message):
            make()

    def test_fault_shows_how_it_was_made(self) -> None:
        faults = [
            Fault.unprocessed(None),
            Fault.fail("after", times=None),
            Fault.slow(0.5, index="by_name"),
            Fault.cancel("ThrottlingError", key={"id": 1}, after=3),
        ]
        for fault in faults:
            assert eval(repr(fault)) == fault
        assert repr(FaultPlan(*faults[:2])) == "FaultPlan(Fault.unprocessed(None), Fault.fail('after', times=None))"


class TestOperationNames:
    @pytest.mark.parametrize("operation", OPERATIONS, ids=lambda operation: type(operation).__name__)
    def test_operation_may_be_given_by_its_aws_name(self, operation: AnyOperation) -> None:
        aws = build_request(operation).action
        for name in (aws, type(operation).__name__, type(operation)):
            assert Fault.throttle(operation=name).matches(operation)
        others = [each for each in OPERATIONS if build_request(each).action != aws]
        assert not any(Fault.throttle(operation=aws).matches(other) for other in others)

    def test_every_operation_is_covered(self) -> None:
        assert {type(operation) for operation in OPERATIONS} == set(get_args(AnyOperation))

    @pytest.mark.parametrize(
        "fault",
        [
            Fault.throttle(operation="BatchGetItem"),
            Fault.unprocessed(operation="BatchGetItem"),
            Fault.fail(operation="BatchGetItem"),
            Fault.lose_response("after", operation="BatchGetItem"),
            Fault.unreachable(operation="BatchGetItem"),
            Fault.slow(1, operation="BatchGetItem"),
            Fault.conflict(operation="TransactGetItems"),
            Fault.cancel("ThrottlingError", operation="TransactGetItems"),
        ],
        ids=lambda fault: fault.name,
    )
    def test_every_kind_takes_aws_names(self, fault: Fault) -> None:
        backend = MemoryBackend(clock=VirtualClock(), faults=FaultPlan(fault))
        operations: tuple[AnyOperation, ...] = (BatchGet("none", ({"id": 1},)), TransactGet((Get("none", {"id": 1}),)))
        for operation in operations:
            attempt(backend, operation)
        backend.close()


class TestRandomPlans:
    def run(self, seed: int, **options: Any) -> tuple[list[Any], FaultPlan]:
        plan = FaultPlan.random(seed, **options)
        backend = make_backend()
        backend.faults = plan
        operations: list[Any] = [GET, PUT, BATCH_GET, BATCH_WRITE, TRANSACTION, GETS, QUERY, DescribeTable(USERS)]
        outcomes = [(type(each).__name__, attempt(backend, each)) for each in operations * 60]
        backend.close()
        return outcomes, plan

    def test_same_seed_gives_the_same_faults(self) -> None:
        first, plan = self.run(1, rate=0.5)
        again, same = self.run(1, rate=0.5)
        other, _ = self.run(2, rate=0.5)
        assert (first, plan.hits) == (again, same.hits)
        assert first != other

    def test_every_kind_occurs(self) -> None:
        assert set(self.run(3, rate=0.9)[1].hits) == set(KIND_NAMES.values())

    def test_rate_is_the_share_of_requests_that_are_hit(self) -> None:
        assert self.run(1, rate=0)[1].hits == {}
        assert set(self.run(1, rate=1, kinds=["throttle"])[0]) == {
            ("DescribeTable", None),
            *((name, ThrottledError) for name in (
                "Get", "Put", "BatchGet", "BatchWrite", "TransactWrite", "TransactGet", "Query",
            )),
        }  # fmt: skip

    def test_only_chosen_kinds_occur(self) -> None:
        outcomes, plan = self.run(1, rate=1, kinds=["unprocessed"])
        assert set(plan.hits) == {"unprocessed"}
        assert {name for name, error in outcomes if error is not None} <= {"BatchGet", "BatchWrite"}

    def test_scheduled_faults_come_first_and_must_be_hit(self) -> None:
        plan = FaultPlan.random(1, rate=0)
        backend = make_backend()
        backend.faults = plan.schedule(Fault.fail(operation="Get"), Fault.fail(operation="Put"))
        assert attempt(backend, GET) is ServiceError
        with pytest.raises(FaultNotHit, match="1 of 2"):
            backend.close()


class User(Model):
    __table__ = USERS
    __hash_key__ = "id"
    id = StringField()
    n = IntField()


class TestThroughAModel:
    def test_retries_hide_faults_of_retryable_requests(self) -> None:
        faults = FaultPlan(
            Fault.throttle(operation="Put", times=2),
            Fault.lose_response("after", operation="Put"),
            Fault.unprocessed(3, operation="BatchGet"),
            Fault.lose_response("before", operation="Query"),
        )
        with faults, Connection.using(MemoryBackend(clock=VirtualClock(), faults=faults)):
            User.create_table()
            for number in range(5):
                User.save_one(User(id=str(number)))
            assert len(User.get_many([str(number) for number in range(5)])) == 5
            faults.schedule(Fault.fail(operation="Get"))
            assert User.get_one("1").n is None
            faults.clear()

    def test_outcome_of_an_update_with_a_lost_response_is_unknown(self) -> None:
        backend = MemoryBackend(clock=VirtualClock())
        with Connection.using(backend):
            User.create_table()
            User.save_one(User(id="a", n=1))
            for moment, left in (("before", 1), ("after", 2)):
                with (
                    backend.faults.schedule(Fault.lose_response(moment, operation="UpdateItem", key={"id": "a"})),  # type: ignore[arg-type]
                    pytest.raises(WriteOutcomeUnknown, match="the outcome of UpdateItem users is unknown"),
                ):
                    User.update_one("a", User.n.increment())
                assert User.get_one("a").n == left
