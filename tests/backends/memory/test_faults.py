"""Faults: which requests they hit, and how those fail."""

from __future__ import annotations

import threading
from collections import Counter
from decimal import Decimal
from typing import Any

import pytest
from backends.memory.faulty import (
    BATCH_GET,
    BATCH_WRITE,
    BY_NAME,
    CHECK,
    GET,
    GETS,
    HAS_ID,
    OTHERS,
    PUT,
    QUERY,
    TRANSACTION,
    USERS,
    A,
    B,
    C,
    attempt,
    ids,
    make_backend,
)
from botocore.exceptions import ClientError, ConnectionClosedError, EndpointConnectionError

from dynamongo.backends.dynamodb.errors import translate_error
from dynamongo.backends.memory import Fault
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
from dynamongo.expressions.conditions import EQ, Comparison, Path
from dynamongo.expressions.updates import SetUpdate
from dynamongo.operations import (
    AnyOperation,
    BatchDelete,
    BatchGet,
    BatchPut,
    BatchWrite,
    CreateIndex,
    Delete,
    DeleteIndex,
    DescribeTable,
    Get,
    KeyCondition,
    Put,
    Query,
    Scan,
    TransactGet,
    TransactWrite,
    UpdateItem,
)
from dynamongo.schema import IndexSchema


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
    """Compare with what the dynamodb backend raises for exceptions of botocore."""

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
