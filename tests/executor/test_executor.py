"""The executor: pages, chunks, retries and outcomes, on a backend that plays back answers."""

from __future__ import annotations

import random
from collections.abc import Callable, Generator, Iterable, Iterator
from dataclasses import dataclass, replace
from typing import Any, TypeVar, cast

import pytest

from dynamongo.backends import Limits
from dynamongo.backends.memory import MemoryBackend
from dynamongo.connection.drivers import drive
from dynamongo.exceptions import (
    ConditionalCheckFailedException,
    DynamongoError,
    InvalidRequestError,
    LimitExceededError,
    ServiceError,
    TableNotFound,
    ThrottledError,
    TransactionConflict,
    WriteNotSent,
    WriteOutcomeUnknown,
)
from dynamongo.executor import (
    GroupResult,
    Outcomes,
    PageLoop,
    ReadPosition,
    RetryPolicy,
    Sender,
    Steps,
    Wait,
    Write,
    items_of,
    sort_items,
)
from dynamongo.executor.table_lifecycle import create_table, delete_table, table_exists
from dynamongo.executor.write_run import WriteRun
from dynamongo.expressions.conditions import EQ, GT, AnyCondition, Comparison, Exists, NotExists, Path
from dynamongo.expressions.updates import SetUpdate
from dynamongo.expressions.values import Item
from dynamongo.operations import (
    BatchDelete,
    BatchGet,
    BatchGetResult,
    BatchPut,
    BatchWrite,
    BatchWriteResult,
    Capacity,
    CreateTable,
    Delete,
    DeleteTable,
    DescribeTable,
    Get,
    GetResult,
    KeyCondition,
    Operation,
    PageResult,
    Put,
    Query,
    Scan,
    TableDescription,
    TransactGet,
    TransactWrite,
    UpdateItem,
    WriteResult,
)
from dynamongo.planning.plan import Plan
from dynamongo.schema import KeyAttribute, KeySchema, TableSchema

R = TypeVar("R")
T = "people"
HAS_A = Exists(Path("a"))
DONE = BatchWriteResult()


class Tape:
    """A backend that records what it is asked, and plays back its answers: results, errors to raise, or functions."""

    name = "tape"

    def __init__(self, *answers: Any, batch_get: int = 100, batch_write: int = 25) -> None:
        self.limits = Limits(batch_get, batch_write)
        self.waits: list[float] = []
        self.executed: list[Operation[Any]] = []
        self.bounds: list[float | None] = []
        self.time = 0.0
        self._answers = iter(answers)

    def execute(self, operation: Operation[R], seconds: float | None = None) -> R:
        self.executed.append(operation)
        self.bounds.append(seconds)
        answer = next(self._answers)
        if callable(answer):
            answer = answer()
        if isinstance(answer, Exception):
            raise answer
        return cast("R", answer)

    def is_played(self) -> bool:
        return next(self._answers, None) is None

    def wait(self, seconds: float) -> None:
        self.waits.append(seconds)
        self.time += seconds

    def now(self) -> float:
        return self.time

    def take(self, seconds: float, answer: Any) -> Callable[[], Any]:
        """An answer that takes so long."""

        def pass_time() -> Any:
            self.time += seconds
            return answer

        return pass_time

    def close(self) -> None:
        pass


class LongestWaits(RetryPolicy):
    """Waits as long as the policy ever does, so that waits can be compared."""

    def wait(self, attempt: int) -> Wait:
        return Wait(min(self.cap, self.base * 2**attempt))


def run(
    tape: Tape,
    make_steps: Callable[[Sender], Steps[R]],
    waits: list[float] | None = None,
    attempts: int = 11,
    *,
    played: bool = True,
) -> R:
    sender = Sender(tape.limits, LongestWaits(attempts, base=1.0, cap=100.0, max_seconds=10_000), now=tape.now)
    if waits is not None:
        tape.waits = waits
    found = drive(make_steps(sender), tape)
    assert not played or tape.is_played()
    return found


def read(tape: Tape, plan: Plan, waits: list[float] | None = None, attempts: int = 11) -> list[Item]:
    return list(sort_items(plan, items_of(run(tape, PageLoop(plan).read_all, waits, attempts))))


@dataclass(frozen=True)
class Written:
    """The outcome of a write, with its position."""

    index: int
    error: DynamongoError | None = None
    attributes: Item | None = None


def write(tape: Tape, *writes: Put | Delete, waits: list[float] | None = None, attempts: int = 11) -> list[Written]:
    sender = Sender(tape.limits, LongestWaits(attempts, base=1.0, cap=100.0, max_seconds=10_000), now=tape.now)

    def run_group(make_steps: Callable[[Sender], Steps[GroupResult]]) -> GroupResult:
        return drive(make_steps(sender), tape)

    known = execute(run_group, WriteRun(("k",), tape.limits.batch_write), writes)
    outcomes = [Written(index, each.error, each.attributes) for of_group in known for index, each in of_group.items()]
    assert tape.is_played()
    if waits is not None:
        waits.extend(tape.waits)
    return sorted(outcomes, key=lambda outcome: outcome.index)


def execute(
    perform: Callable[[Callable[[Sender], Steps[GroupResult]]], GroupResult], run: WriteRun, writes: Iterable[Write]
) -> Iterator[Outcomes]:
    """Execute a run, one request after the other."""
    rounds = [full for position, write in enumerate(writes) for full in run.add(position, write)]
    for groups in [*rounds, run.take_rest()]:
        _, steps = run.begin(groups)
        for make_steps in steps:
            yield from run.finish(perform(make_steps))
        yield from run.refuse()


def item(key: Any, **rest: Any) -> Item:
    return {"k": key, **rest}


def page(*items: Item, cursor: Item | None = None) -> PageResult:
    return PageResult(items, len(items), len(items), cursor)


def query(**options: Any) -> Query:
    return Query(T, KeyCondition(Comparison(Path("k"), EQ, "x")), **options)


def put(key: Any, condition: AnyCondition | None = None, **rest: Any) -> Put:
    return Put(T, item(key, **rest), condition)


def delete(key: Any, condition: AnyCondition | None = None) -> Delete:
    return Delete(T, item(key), condition)


def batch_put(*keys: Any) -> BatchWrite:
    return BatchWrite(T, tuple(BatchPut(item(key)) for key in keys))


def unprocessed(*keys: Any) -> BatchWriteResult:
    return BatchWriteResult(tuple(BatchPut(item(key)) for key in keys))


class TestDrive:
    def test_result_of_each_operation_is_sent_into_the_steps(self) -> None:
        def steps() -> Generator[Any, Any, list[Any]]:
            first = yield Get(T, item(1))
            second = yield Get(T, item(2))
            return [first, second]

        tape = Tape("one", "two")
        assert drive(steps(), tape) == ["one", "two"]
        assert tape.executed == [Get(T, item(1)), Get(T, item(2))]

    def test_steps_without_effects_make_no_request(self) -> None:
        tape = Tape()
        assert run(tape, PageLoop(Plan(())).read_all) == []
        assert tape.executed == []

    def test_wait_is_performed_and_the_steps_continue(self) -> None:
        def steps() -> Generator[Any, Any, str]:
            yield Wait(0.5)
            yield Wait(2)
            return "done"

        tape = Tape()
        assert drive(steps(), tape) == "done"
        assert tape.waits == [0.5, 2]

    def test_error_of_the_backend_is_thrown_into_the_steps(self) -> None:
        def steps() -> Generator[Any, Any, str]:
            try:
                yield Get(T, item(1))
            except TableNotFound:
                yield Get(T, item(2))
            return "recovered"

        tape = Tape(TableNotFound("gone"), "two")
        assert drive(steps(), tape) == "recovered"
        assert len(tape.executed) == 2

    def test_steps_may_end_in_answer_to_an_error(self) -> None:
        def steps() -> Generator[Any, Any, str]:
            try:
                yield Get(T, item(1))
            except TableNotFound as error:
                return str(error)
            return "never"

        assert drive(steps(), Tape(TableNotFound("gone"))) == "gone"

    def test_error_that_the_steps_do_not_handle_is_raised_as_it_is(self) -> None:
        error = TableNotFound("no table")
        with pytest.raises(TableNotFound) as caught:
            drive(Sender(Limits(), RetryPolicy()).send(Get(T, item(1))), Tape(error))
        assert caught.value is error


class TestPages:
    def test_pages_are_read_until_the_cursor_ends(self) -> None:
        tape = Tape(page(item(1), cursor=item(1)), page(item(2), item(3), cursor=item(3)), page(item(4)))
        assert read(tape, Plan((query(),))) == [item(1), item(2), item(3), item(4)]
        assert tape.executed == [query(), query(cursor=item(1)), query(cursor=item(3))]

    def test_empty_page_with_a_cursor_is_not_the_end(self) -> None:
        tape = Tape(page(cursor=item(1)), page(cursor=item(2)), page(item(3)))
        assert read(tape, Plan((query(),))) == [item(3)]

    def test_cursor_that_leads_to_an_empty_page_is_the_end(self) -> None:
        tape = Tape(page(item(1), cursor=item(1)), page())
        assert read(tape, Plan((query(),))) == [item(1)]

    def test_limit_stops_as_soon_as_it_is_reached(self) -> None:
        tape = Tape(page(item(1), cursor=item(1)), page(item(2), item(3), cursor=item(3)))
        assert read(tape, Plan((query(),), limit=2)) == [item(1), item(2)]

    def test_limit_counts_what_the_residual_accepts(self) -> None:
        tape = Tape(page(item(1), item(2, a=1), cursor=item(2)), page(item(3), cursor=item(3)), page(item(4, a=1)))
        assert read(tape, Plan((query(),), HAS_A, limit=2)) == [item(2, a=1), item(4, a=1)]

    def test_queries_are_read_one_after_the_other(self) -> None:
        first, second = query(), query(descending=True)
        tape = Tape(page(item(1), cursor=item(1)), page(item(2)), page(item(3)))
        assert read(tape, Plan((first, second))) == [item(1), item(2), item(3)]
        assert tape.executed == [first, query(cursor=item(1)), second]

    def test_query_after_the_limit_is_reached_is_not_sent(self) -> None:
        tape = Tape(page(item(1), item(2)))
        assert read(tape, Plan((query(), query(descending=True)), limit=2)) == [item(1), item(2)]

    def test_scan_is_sorted_and_only_then_limited(self) -> None:
        tape = Tape(page(item(3), item(1), cursor=item(1)), page(item(2)))
        assert read(tape, Plan((Scan(T),), order_by=("k",), limit=2)) == [item(1), item(2)]
        assert tape.executed == [Scan(T), Scan(T, cursor=item(1))]

    def test_scan_may_be_sorted_in_reverse_by_several_attributes(self) -> None:
        rows = [item("a", r=1), item("b", r=1), item("a", r=2)]
        found = read(Tape(page(*rows)), Plan((Scan(T),), order_by=("k", "r"), descending=True))
        assert found == [item("b", r=1), item("a", r=2), item("a", r=1)]

    def test_error_on_a_later_page_is_raised(self) -> None:
        error = ServiceError("no answer", is_transient=False)
        with pytest.raises(ServiceError, match="no answer"):
            read(Tape(page(item(1), cursor=item(1)), error), Plan((query(),)))


class TestPageLoop:
    """A loop asks for a page, is handed it, and knows whether there is another."""

    @staticmethod
    def pages(loop: PageLoop, *answers: Any) -> list[list[Item]]:
        tape = Tape(*answers)
        found: list[list[Item]] = []
        while not loop.is_over:
            found.append(list(loop.take(run(tape, loop.fetch, played=False)).items))
        assert tape.is_played()
        return found

    def test_loop_of_a_plan_without_operations_is_over(self) -> None:
        loop = PageLoop(Plan(()))
        assert loop.is_over
        assert not loop.is_incomplete

    def test_budget_of_pages_leaves_the_read_incomplete(self) -> None:
        loop = PageLoop(Plan((query(),)), max_pages=2)
        pages = [page(item(number), cursor=item(number)) for number in range(2)]
        assert self.pages(loop, *pages) == [[item(0)], [item(1)]]
        assert loop.is_incomplete
        assert (loop.pages, loop.position) == (2, ReadPosition(0, item(1)))

    def test_budget_of_read_units_ends_after_the_page_that_reaches_it(self) -> None:
        loop = PageLoop(Plan((query(),)), max_read_units=1.5)
        pages = [replace(page(item(number), cursor=item(number)), consumed=Capacity(1.0)) for number in range(2)]
        assert len(self.pages(loop, *pages)) == 2
        assert loop.is_incomplete
        assert loop.read_units == 2

    def test_budget_that_is_spent_at_the_end_leaves_nothing(self) -> None:
        loop = PageLoop(Plan((query(),)), max_pages=1)
        assert self.pages(loop, page(item(1))) == [[item(1)]]
        assert not loop.is_incomplete

    def test_limit_that_is_reached_leaves_nothing_that_is_wanted(self) -> None:
        loop = PageLoop(Plan((query(),), HAS_A, limit=1), max_pages=1)
        assert self.pages(loop, page(item(1, a=1), item(2, a=1), cursor=item(2))) == [[item(1, a=1)]]
        assert not loop.is_incomplete

    def test_count_stops_at_the_limit(self) -> None:
        loop = PageLoop(Plan((query(filter=HAS_A),), limit=3).counting())
        answers = [PageResult((), 2, 9, item(number)) for number in range(2)]
        pages = run(Tape(*answers), loop.read_all)
        assert [each.count for each in pages] == [2, 1]

    def test_on_page_is_called_with_the_number_of_items_read(self) -> None:
        loop = PageLoop(Plan((query(filter=HAS_A),)))
        read_items: list[int] = []
        loop.on_page = read_items.append
        self.pages(loop, PageResult((), 0, 7, item(1)), PageResult((item(2),), 1, 4))
        assert read_items == [7, 4]

    def test_segments_share_the_limit_and_have_no_position_in_common(self) -> None:
        scans = tuple(Scan(T, segment=number, total_segments=2) for number in range(2))
        loop = PageLoop(Plan(scans, limit=3))
        first, second = loop.split()
        pages = [run(Tape(page(item(1), item(2))), first.fetch), run(Tape(page(item(3), item(4))), second.fetch)]
        assert first.position is None
        assert [loop.take(each).items for each in pages] == [[item(1), item(2)], [item(3)]]
        assert loop.is_over
        assert loop.position is None


class TestGet:
    def test_item_is_returned(self) -> None:
        assert read(Tape(GetResult(item(1))), Plan((Get(T, item(1)),))) == [item(1)]

    def test_missing_item_yields_no_items(self) -> None:
        assert read(Tape(GetResult(None)), Plan((Get(T, item(1)),))) == []

    def test_item_that_the_residual_refuses_is_left_out(self) -> None:
        assert read(Tape(GetResult(item(1))), Plan((Get(T, item(1)),), HAS_A)) == []


class TestBatchGet:
    @staticmethod
    def plan(*keys: int, **options: Any) -> Plan:
        return Plan((TestBatchGet.batch(*keys),), order_by=("k",), **options)

    @staticmethod
    def batch(*keys: int, consistent: bool = True) -> BatchGet:
        return BatchGet(T, tuple(map(item, keys)), consistent=consistent)

    @staticmethod
    def found(*keys: int, left: tuple[int, ...] = ()) -> BatchGetResult:
        return BatchGetResult(tuple(map(item, keys)), tuple(map(item, left)))

    def test_keys_are_sent_in_chunks_of_the_backend_limit(self) -> None:
        tape = Tape(self.found(2, 1), self.found(3, 4), self.found(5), batch_get=2)
        assert read(tape, self.plan(1, 2, 3, 4, 5)) == [item(1), item(2), item(3), item(4), item(5)]
        assert tape.executed == [self.batch(1, 2), self.batch(3, 4), self.batch(5)]

    def test_result_is_sorted_and_only_then_limited(self) -> None:
        tape = Tape(self.found(2, 3, 1))
        assert read(tape, self.plan(1, 2, 3, descending=True, limit=2)) == [item(3), item(2)]

    def test_residual_is_applied(self) -> None:
        tape = Tape(BatchGetResult((item(1), item(2, a=1))))
        assert read(tape, self.plan(1, 2, residual=HAS_A)) == [item(2, a=1)]

    def test_unprocessed_keys_are_retried_after_a_wait(self) -> None:
        waits: list[float] = []
        tape = Tape(self.found(1, left=(2, 3)), self.found(3, left=(2,)), self.found(2))
        assert read(tape, self.plan(1, 2, 3), waits) == [item(1), item(2), item(3)]
        assert tape.executed == [self.batch(1, 2, 3), self.batch(2, 3), self.batch(2)]
        assert waits == [2, 2]

    def test_waits_grow_while_nothing_is_processed(self) -> None:
        waits: list[float] = []
        nothing = self.found(left=(1, 2))
        tape = Tape(nothing, nothing, nothing, self.found(1, 2))
        assert read(tape, self.plan(1, 2), waits) == [item(1), item(2)]
        assert waits == [2, 4, 8]

    def test_progress_resets_the_attempts(self) -> None:
        waits: list[float] = []
        tape = Tape(
            self.found(left=(1, 2)), self.found(left=(1, 2)), self.found(1, left=(2,)), self.found(left=(2,)),
            self.found(2),
        )  # fmt: skip
        assert read(tape, self.plan(1, 2), waits, attempts=3) == [item(1), item(2)]
        assert waits == [2, 4, 2, 4]

    def test_missing_items_count_as_processed(self) -> None:
        tape = Tape(self.found(left=(2,)), self.found())
        assert read(tape, self.plan(1, 2)) == []

    def test_keys_still_unprocessed_after_all_attempts_raise_without_a_partial_result(self) -> None:
        waits: list[float] = []
        left = self.found(left=(2,))
        with pytest.raises(ThrottledError, match=r"^1 keys are still unprocessed \(BatchGet people, 4 attempts\)$"):
            read(Tape(self.found(1, left=(2,)), left, left, left), self.plan(1, 2), waits, attempts=4)
        assert waits == [2, 4, 8]


class TestRetryPolicy:
    def test_wait_is_drawn_from_0_to_a_bound_that_doubles_up_to_the_cap(self) -> None:
        random.seed(20120118)
        policy = RetryPolicy(base=1.0, cap=10.0)
        for attempt, bound in [(1, 2), (2, 4), (3, 8), (4, 10), (9, 10)]:
            seconds = [policy.wait(attempt).seconds for _ in range(500)]
            assert 0 <= min(seconds) < bound / 10
            assert bound * 9 / 10 < max(seconds) <= bound

    def test_waits_have_jitter(self) -> None:
        assert len({RetryPolicy().wait(5).seconds for _ in range(20)}) > 1

    def test_all_attempts_together_take_less_than_a_minute(self) -> None:
        policy = LongestWaits()
        assert sum(policy.wait(attempt).seconds for attempt in range(1, policy.attempts + 1)) < 60


LOST = ServiceError("the connection broke", code="ReadTimeoutError")
UNSENT = ServiceError("no connection", was_sent=False)
SLOW = ThrottledError("slow down")


def send(tape: Tape, operation: Operation[R], attempts: int = 4, max_seconds: float = 10_000) -> R:
    sender = Sender(tape.limits, LongestWaits(attempts, base=1.0, cap=100.0, max_seconds=max_seconds), now=tape.now)
    return drive(sender.send(operation), tape, max_seconds)


UPDATE = UpdateItem(T, item(1), (SetUpdate(Path("a"), 1),))
TRANSACTION = TransactWrite((put(1),))
REPEATABLE: list[Operation[Any]] = [
    Get(T, item(1)),
    BatchGet(T, (item(1),)),
    query(),
    Scan(T),
    TransactGet((Get(T, item(1)),)),
    DescribeTable(T),
    batch_put(1, 2),
    put(1),
    delete(1),
    replace(TRANSACTION, token="t"),
]
NOT_REPEATABLE: list[Operation[Any]] = [
    put(1, HAS_A),
    delete(1, HAS_A),
    replace(put(1), return_old=True),
    replace(delete(1), return_old=True),
    UPDATE,
    TRANSACTION,
]


class TestRetries:
    @pytest.mark.parametrize("operation", [*REPEATABLE, *NOT_REPEATABLE], ids=lambda each: type(each).__name__)
    @pytest.mark.parametrize("error", [SLOW, UNSENT], ids=["throttled", "not sent"])
    def test_failed_requests_are_retried_after_growing_waits(self, operation: Operation[Any], error: Exception) -> None:
        tape = Tape(error, error, "answer")
        assert send(tape, operation) == "answer"
        assert tape.executed == [operation] * 3
        assert tape.waits == [2, 4]

    @pytest.mark.parametrize("operation", REPEATABLE, ids=lambda each: type(each).__name__)
    def test_idempotent_operations_are_retried_after_a_lost_answer(self, operation: Operation[Any]) -> None:
        tape = Tape(LOST, "answer")
        assert send(tape, operation) == "answer"

    @pytest.mark.parametrize("operation", NOT_REPEATABLE, ids=lambda each: type(each).__name__)
    def test_write_with_an_unknown_outcome_is_never_retried(self, operation: Operation[Any]) -> None:
        tape = Tape(LOST)
        with pytest.raises(WriteOutcomeUnknown, match=r"the outcome of .* is unknown: the connection") as caught:
            send(tape, operation)
        assert (tape.executed, caught.value.code) == ([operation], "ReadTimeoutError")

    def test_write_whose_answer_is_always_lost_has_an_unknown_outcome(self) -> None:
        with pytest.raises(WriteOutcomeUnknown):
            send(Tape(LOST, LOST, LOST, LOST), put(1))

    def test_read_whose_answer_is_always_lost_fails(self) -> None:
        with pytest.raises(ServiceError) as caught:
            send(Tape(LOST, LOST, LOST, LOST), Scan(T))
        assert caught.value is LOST

    @pytest.mark.parametrize(("attempts", "sent"), [(1, 1), (2, 2), (4, 4)])
    def test_attempts_are_limited(self, attempts: int, sent: int) -> None:
        tape = Tape(*[SLOW] * sent)
        with pytest.raises(ThrottledError):
            send(tape, Scan(T), attempts)
        assert len(tape.executed) == sent

    def test_total_wait_is_limited(self) -> None:
        tape = Tape(*[SLOW] * 3)
        with pytest.raises(ThrottledError):
            send(tape, Scan(T), attempts=9, max_seconds=7)
        assert tape.waits == [2, 4]

    def test_permanent_errors_are_raised_at_once(self) -> None:
        tape = Tape(ServiceError("no DynamoDB", is_transient=False))
        with pytest.raises(ServiceError, match="no DynamoDB"):
            send(tape, Scan(T))

    def test_attempts_are_logged_without_item_data(self, caplog: pytest.LogCaptureFixture) -> None:
        with caplog.at_level("DEBUG", logger="dynamongo"):
            send(Tape(SLOW, WriteResult()), put("secret", a="secret"))
        assert caplog.messages == ["Put people: attempt 1 failed with ThrottledError; retrying in 2.000 s"]

    def test_unknown_outcome_does_not_stop_the_others(self) -> None:
        *known, last = write(Tape(WriteResult(), WriteResult(), LOST), put(1, HAS_A), put(3, HAS_A), put(2, HAS_A))
        assert known == [Written(0), Written(1)]
        assert isinstance(last.error, WriteOutcomeUnknown)
        first, second = write(Tape(LOST, WriteResult()), put(1, HAS_A), put(2, HAS_A))
        assert isinstance(first.error, WriteOutcomeUnknown)
        assert second == Written(1)


class TestWrites:
    def test_no_writes_make_no_request(self) -> None:
        assert write(Tape()) == []

    def test_single_write_is_sent_alone(self) -> None:
        tape = Tape(WriteResult())
        assert write(tape, put(1)) == [Written(0)]
        assert tape.executed == [put(1)]

    def test_unconditional_writes_are_batched_up_to_the_backend_limit(self) -> None:
        tape = Tape(DONE, DONE, WriteResult(), batch_write=2)
        assert write(tape, put(1), delete(2), put(3), put(4), put(5)) == [Written(index) for index in range(5)]
        assert tape.executed == [
            BatchWrite(T, (BatchPut(item(1)), BatchDelete(item(2)))),
            batch_put(3, 4),
            put(5),
        ]

    def test_second_write_of_a_key_goes_into_the_next_batch(self) -> None:
        tape = Tape(DONE, DONE)
        write(tape, put(1, v="old"), put(2), put(1, v="new"), put(3))
        assert tape.executed == [
            BatchWrite(T, (BatchPut(item(1, v="old")), BatchPut(item(2)))),
            BatchWrite(T, (BatchPut(item(1, v="new")), BatchPut(item(3)))),
        ]

    def test_put_and_delete_of_one_key_keep_their_order(self) -> None:
        tape = Tape(WriteResult(), WriteResult(), WriteResult())
        write(tape, put(1), delete(1), put(1))
        assert tape.executed == [put(1), delete(1), put(1)]

    def test_conditional_writes_are_sent_alone(self) -> None:
        tape = Tape(WriteResult(), WriteResult())
        assert write(tape, put(1, HAS_A), delete(2, HAS_A)) == [Written(0), Written(1)]
        assert tape.executed == [put(1, HAS_A), delete(2, HAS_A)]

    def test_outcomes_are_in_the_order_of_the_writes(self) -> None:
        failure = ConditionalCheckFailedException()
        tape = Tape(failure, DONE)
        assert write(tape, put(1), put(2, HAS_A), put(3)) == [Written(0), Written(1, failure), Written(2)]
        assert tape.executed == [put(2, HAS_A), batch_put(1, 3)]

    def test_conditional_write_of_a_key_waits_for_the_batch_that_has_it(self) -> None:
        tape = Tape(DONE, WriteResult(), WriteResult())
        write(tape, put(1), put(2), put(1, HAS_A), put(1))
        assert tape.executed == [batch_put(1, 2), put(1, HAS_A), put(1)]

    def test_failed_condition_does_not_stop_the_others(self) -> None:
        failure = ConditionalCheckFailedException()
        tape = Tape(WriteResult(), failure, WriteResult())
        outcomes = write(tape, put(1, HAS_A), put(2, HAS_A), put(3, HAS_A))
        assert outcomes == [Written(0), Written(1, failure), Written(2)]

    def test_refused_batch_is_sent_one_by_one_so_that_each_item_has_its_own_error(self) -> None:
        failure = InvalidRequestError("Item size has exceeded the maximum allowed size")
        tape = Tape(InvalidRequestError("of the batch"), WriteResult(), failure, WriteResult())
        assert write(tape, put(1), put(2), put(3)) == [Written(0), Written(1, failure), Written(2)]
        assert tape.executed == [batch_put(1, 2, 3), put(1), put(2), put(3)]

    def test_writes_done_before_a_refused_retry_are_not_repeated(self) -> None:
        failure = InvalidRequestError("wrong")
        tape = Tape(unprocessed(2, 3), failure, WriteResult(), failure)
        assert write(tape, put(1), put(2), put(3)) == [Written(0), Written(1), Written(2, failure)]
        assert tape.executed == [batch_put(1, 2, 3), batch_put(2, 3), put(2), put(3)]

    def test_all_refused_items_are_reported_when_none_is_written(self) -> None:
        failure = InvalidRequestError("wrong")
        tape = Tape(failure, failure, failure)
        assert write(tape, put(1), put(2)) == [Written(0, failure), Written(1, failure)]

    def test_unprocessed_writes_are_retried_after_a_wait(self) -> None:
        waits: list[float] = []
        tape = Tape(unprocessed(2, 3), unprocessed(3), DONE)
        assert write(tape, put(1), put(2), put(3), waits=waits) == [Written(0), Written(1), Written(2)]
        assert tape.executed == [batch_put(1, 2, 3), batch_put(2, 3), batch_put(3)]
        assert waits == [2, 2]

    def test_unprocessed_delete_is_retried(self) -> None:
        tape = Tape(BatchWriteResult((BatchDelete(item(2)),)), DONE)
        assert write(tape, put(1), delete(2)) == [Written(0), Written(1)]
        assert tape.executed[1] == BatchWrite(T, (BatchDelete(item(2)),))

    def test_waits_grow_without_progress_and_reset_on_progress(self) -> None:
        waits: list[float] = []
        tape = Tape(unprocessed(1, 2), unprocessed(1, 2), unprocessed(2), unprocessed(2), DONE)
        assert write(tape, put(1), put(2), waits=waits, attempts=3) == [Written(0), Written(1)]
        assert waits == [2, 4, 2, 4]

    def test_writes_left_after_all_attempts_are_reported_as_throttled(self) -> None:
        left = unprocessed(2)
        outcomes = write(Tape(left, left, left, left), put(1), put(2), attempts=4)
        assert outcomes[0] == Written(0)
        assert [outcome.index for outcome in outcomes] == [0, 1]
        assert isinstance(outcomes[1].error, ThrottledError)
        assert str(outcomes[1].error) == "still unprocessed (BatchWrite people, 4 attempts)"

    def test_error_in_the_middle_stops_the_rest(self) -> None:
        error = ServiceError("no answer", was_sent=False, is_transient=False)
        tape = Tape(DONE, error, batch_write=2)
        *known, last = write(tape, *map(put, range(5)))
        assert known == [Written(0), Written(1), Written(2, error), Written(3, error)]
        assert isinstance(last.error, WriteNotSent)
        assert (last.error.__cause__, len(tape.executed)) == (error, 2)

    @pytest.mark.parametrize("error", [TransactionConflict("busy"), LimitExceededError("full"), ThrottledError("slow")])
    def test_error_of_one_item_does_not_stop_the_others(self, error: DynamongoError) -> None:
        tape = Tape(error, WriteResult())
        assert write(tape, put(1, HAS_A), put(2, HAS_A), attempts=1) == [Written(0, error), Written(1)]

    def test_error_after_retries_does_not_hide_what_was_done(self) -> None:
        error = ServiceError("no answer", was_sent=False, is_transient=False)
        assert write(Tape(unprocessed(2), error), put(1), put(2)) == [Written(0), Written(1, error)]

    def test_nothing_is_sent_after_an_error_that_concerns_all_items(self) -> None:
        error = TableNotFound("gone")
        *first, last = write(Tape(error, batch_write=2), put(1), put(2), put(3))
        assert first == [Written(0, error), Written(1, error)]
        assert isinstance(last.error, WriteNotSent)

    @pytest.mark.parametrize("first", [ConditionalCheckFailedException(), InvalidRequestError("wrong")], ids=repr)
    def test_failure_of_one_item_is_not_lost_when_an_error_follows(self, first: DynamongoError) -> None:
        error = ServiceError("no answer", was_sent=False, is_transient=False)
        tape = Tape(WriteResult(), first, error)
        assert write(tape, put(1, HAS_A), put(2, HAS_A), put(3, HAS_A)) == [
            Written(0), Written(1, first), Written(2, error),
        ]  # fmt: skip

    def test_numbers_that_are_equal_are_one_key(self) -> None:
        tape = Tape(WriteResult(), WriteResult())
        write(tape, put(1), put(1))
        assert tape.executed == [put(1), put(1)]

    @pytest.mark.parametrize(("workers", "ahead"), [(1, 25), (2, 60)])
    def test_one_worker_takes_one_batch_at_a_time(self, workers: int, ahead: int) -> None:
        run = WriteRun(("k",), 25, workers)
        full = [(number, groups) for number in range(60) for groups in run.add(number, Put("t", {"k": number}))]
        taken, groups = full[0] if full else (59, run.take_rest())
        assert sum(len(group.positions) for group in groups) == ahead
        assert taken + 1 == ahead


class TestTables:
    def test_waiting_for_a_table_ends(self) -> None:
        waits: list[float] = []
        tape = Tape(self.described("CREATING"), *[TableNotFound("gone")] * 600)
        with pytest.raises(ServiceError, match="still not ready"):
            run(tape, lambda sender: create_table(sender, CreateTable(self.SCHEMA), wait=True), waits)
        assert 500 < sum(waits) < 600

    SCHEMA = TableSchema(T, KeySchema(KeyAttribute("k", "S")))

    def described(self, status: Any) -> TableDescription:
        return TableDescription(self.SCHEMA, status)

    def test_create_waits_until_the_table_is_active(self) -> None:
        waits: list[float] = []
        tape = Tape(self.described("CREATING"), self.described("CREATING"), self.described("ACTIVE"))
        run(tape, lambda sender: create_table(sender, CreateTable(self.SCHEMA), wait=True), waits)
        assert tape.executed == [CreateTable(self.SCHEMA), DescribeTable(T), DescribeTable(T)]
        assert waits == [0.02, 0.04]

    def test_create_of_a_table_that_is_active_at_once_does_not_wait(self) -> None:
        tape = Tape(self.described("ACTIVE"))
        run(tape, lambda sender: create_table(sender, CreateTable(self.SCHEMA), wait=True))

    def test_create_without_waiting_makes_one_request(self) -> None:
        tape = Tape(self.described("CREATING"))
        run(tape, lambda sender: create_table(sender, CreateTable(self.SCHEMA), wait=False))

    def test_create_continues_while_the_new_table_is_not_visible_yet(self) -> None:
        tape = Tape(self.described("CREATING"), TableNotFound("not yet"), self.described("ACTIVE"))
        run(tape, lambda sender: create_table(sender, CreateTable(self.SCHEMA), wait=True))

    def test_delete_waits_until_the_table_is_gone(self) -> None:
        waits: list[float] = []
        deleting = self.described("DELETING")
        tape = Tape(deleting, deleting, deleting, TableNotFound("gone"))
        run(tape, lambda sender: delete_table(sender, T, wait=True), waits)
        assert tape.executed == [DeleteTable(T), DescribeTable(T), DescribeTable(T), DescribeTable(T)]
        assert waits == [0.02, 0.04]

    def test_delete_without_waiting_makes_one_request(self) -> None:
        tape = Tape(self.described("DELETING"))
        run(tape, lambda sender: delete_table(sender, T, wait=False))
        assert tape.executed == [DeleteTable(T)]

    def test_delete_of_a_missing_table_is_an_error(self) -> None:
        with pytest.raises(TableNotFound, match="gone"):
            run(Tape(TableNotFound("gone")), lambda sender: delete_table(sender, T, wait=True))

    @pytest.mark.parametrize("status", ["CREATING", "ACTIVE", "DELETING"])
    def test_table_exists_whatever_its_status(self, status: str) -> None:
        assert run(Tape(self.described(status)), lambda sender: table_exists(sender, T))

    def test_missing_table_does_not_exist(self) -> None:
        assert not run(Tape(TableNotFound("gone")), lambda sender: table_exists(sender, T))

    def test_other_errors_of_table_exists_are_raised(self) -> None:
        with pytest.raises(ServiceError):
            run(Tape(ServiceError("no answer", is_transient=False)), lambda sender: table_exists(sender, T))


def test_executor_runs_on_the_memory_backend() -> None:
    backend = MemoryBackend()
    sender = Sender(backend.limits, RetryPolicy())
    drive(create_table(sender, CreateTable(TableSchema(T, KeySchema(KeyAttribute("k", "N")))), wait=True), backend)
    writes = [put(number, NotExists(Path("k")) if number % 7 == 0 else None, a=number) for number in range(100)]
    known = execute(lambda make_steps: drive(make_steps(sender), backend), WriteRun(("k",), 25, workers=4), writes)
    found = [index for of_group in known for index, outcome in of_group.items() if outcome.error is None]
    assert sorted(found) == list(range(100))
    plan = Plan((Scan(T, limit=9),), Comparison(Path("a"), GT, 89), ("k",), descending=True, limit=3)
    pages = drive(PageLoop(plan).read_all(sender), backend)
    assert sort_items(plan, items_of(pages)) == [item(99, a=99), item(98, a=98), item(97, a=97)]
