"""Fault plans: that scheduled faults must be hit, mistakes in schedules, and random plans."""

from __future__ import annotations

from typing import Any, get_args

import pytest
from backends.memory.faulty import (
    BATCH_GET,
    BATCH_WRITE,
    GET,
    GETS,
    PUT,
    QUERY,
    TRANSACTION,
    USERS,
    attempt,
    make_backend,
)

from dynamongo import ConfigurationError, Connection, FaultNotHit, IntField, Model, StringField, WriteOutcomeUnknown
from dynamongo.backends.dynamodb.requests import build_request
from dynamongo.backends.memory import Fault, FaultPlan, MemoryBackend, VirtualClock
from dynamongo.backends.memory.faults.kinds import KIND_NAMES
from dynamongo.exceptions import ServiceError, ThrottledError
from dynamongo.expressions.conditions import EQ, Comparison, Path
from dynamongo.expressions.values import Item
from dynamongo.operations import (
    AnyOperation,
    BatchGet,
    BatchPut,
    BatchWrite,
    CreateIndex,
    CreateTable,
    Delete,
    DeleteIndex,
    DeleteTable,
    DescribeContinuousBackups,
    DescribeTable,
    DescribeTimeToLive,
    Get,
    KeyCondition,
    Put,
    Query,
    Scan,
    TransactGet,
    TransactWrite,
    UpdateContinuousBackups,
    UpdateIndexThroughput,
    UpdateItem,
    UpdateTableSettings,
    UpdateThroughput,
    UpdateTimeToLive,
)
from dynamongo.schema import IndexSchema, KeyAttribute, KeySchema, TableSchema, TableSettings, Throughput


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
    UpdateTableSettings("table", TableSettings("standard")),
    UpdateContinuousBackups("table"),
    DescribeContinuousBackups("table"),
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
