"""Rate limits by themselves, in virtual time; `tests/model/test_limited_calls.py` has those of verbs."""

from __future__ import annotations

import heapq
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dynamongo import Connection, IntField, Model
from dynamongo.backends.memory import Fault, MemoryBackend, VirtualClock
from dynamongo.connection.drivers import drive
from dynamongo.exceptions import ThrottledError
from dynamongo.executor import PageLoop, RetryPolicy, Sender, Until, Wait
from dynamongo.executor.rate_limits import RateLimit
from dynamongo.executor.schema_diff import Declared
from dynamongo.executor.setting_diff import compare_settings
from dynamongo.operations import ContinuousBackups, Operation, Put, TableDescription
from dynamongo.schema import KeyAttribute, KeySchema, TableSchema, TableSettings


class Item(Model):
    __table__ = "items"
    __hash_key__ = "id"
    __scans__ = "allow"
    id = IntField(required=True)


class SlowBackend(MemoryBackend):
    """Notes when each request begins, and takes a tenth of a second for it."""

    def __init__(self) -> None:
        super().__init__(clock=VirtualClock(0))
        self.begun: list[float] = []

    def execute(self, operation: Operation[Any], seconds: float | None = None) -> Any:
        if isinstance(operation, Put):
            self.begun.append(self.monotonic())
            self.wait(0.1)
        return super().execute(operation, seconds)


@pytest.fixture
def backend() -> SlowBackend:
    backend = SlowBackend()
    with Connection.using(backend):
        Item.create_table()
    return backend


def make_sender(backend: SlowBackend, rate: float, **policy: Any) -> Sender:
    sender = Sender(backend.limits, RetryPolicy(**policy), now=backend.monotonic)
    return RateLimit(rate).apply_to(sender)


PUT = Put("items", {"id": 1})


def test_expensive_request_delays_the_next_ones_and_no_others() -> None:
    limit = RateLimit(10)
    assert limit.reserve(100) == (0, 0)
    limit.settle(0, 50)
    assert limit.reserve(100) == (5, 50)
    limit.settle(50, 0)
    assert limit.reserve(1100) == (0, 25)


@given(
    st.lists(st.tuples(st.integers(0, 400), st.floats(0, 3)), min_size=1, max_size=40),
    st.integers(1, 5),
    st.sampled_from([1.0, 7.5, 100.0]),
)
def test_consumption_never_runs_ahead_by_more_than_what_is_under_way(
    requests: list[tuple[int, float]], workers: int, rate: float
) -> None:
    limit = RateLimit(rate)
    free = [0.0] * workers  # when each worker is free again
    answers: list[tuple[float, int, float, int]] = []  # when a request is answered, with what was expected and costs
    begun: list[tuple[float, int]] = []
    for number, (units, latency) in enumerate(requests):
        now = heapq.heappop(free)
        while answers and answers[0][0] <= now:
            _, _, expected, cost = heapq.heappop(answers)
            limit.settle(expected, cost)
        wait, expected = limit.reserve(now)
        begun.append((now + wait, units))
        heapq.heappush(answers, (now + wait + latency, number, expected, units))
        heapq.heappush(free, now + wait + latency)
    begun.sort()
    most = sorted((units for _, units in begun), reverse=True)
    for position, (start, _) in enumerate(begun):
        consumed = sum(units for _, units in begun[:position])
        # Each of the other workers may have a request under way that costs more than was expected.
        assert consumed <= start * rate + sum(most[: 2 * workers - 1]) + 1e-6


def test_requests_wait_for_the_first_cost(backend: SlowBackend) -> None:
    limited = make_sender(backend, 1)
    first, second = limited.send(PUT), limited.send(PUT)
    assert next(first) == PUT
    until = next(second)
    assert isinstance(until, Until)
    assert not until.is_ready()
    with pytest.raises(StopIteration):
        first.send(backend.execute(PUT))
    assert until.is_ready()
    assert second.send(None) == Wait(0.25)  # of 0.9 seconds, in slices


def test_segments_share_one_limit() -> None:
    plan = Item.explain(segments=4, max_units_per_second=1)
    loop = PageLoop(plan)
    assert loop.limit is not None
    assert [segment.limit for segment in loop.split()] == [loop.limit] * 4


def test_waits_are_no_time_of_the_retries(backend: SlowBackend) -> None:
    limited = make_sender(backend, 1, max_seconds=1)
    for _ in range(20):
        drive(limited.send_within(limited.start_attempts(), PUT), backend)
    assert backend.begun[-1] == pytest.approx(19)
    attempts = limited.start_attempts()
    drive(limited.send_within(attempts, PUT), backend)
    assert attempts.seconds_left() == pytest.approx(1 - 0.1)


def test_failed_first_request_lets_another_be_first(backend: SlowBackend) -> None:
    limited = make_sender(backend, 1, attempts=1)
    backend.faults.schedule(Fault.throttle())
    with pytest.raises(ThrottledError):
        drive(limited.send(PUT), backend)
    drive(limited.send(PUT), backend)


def test_setting_that_is_not_declared_makes_no_difference() -> None:
    schema = TableSchema("tab", KeySchema(KeyAttribute("pk", "S")))
    live = TableDescription(
        schema, settings=TableSettings("infrequent_access", "arn:x:key/1", deletion_protection=True)
    )
    assert list(compare_settings(Declared(), live, ContinuousBackups(7))) == []
    declared = Declared(settings=TableSettings(deletion_protection=False), recovery=False)
    kinds = [each.kind for each in compare_settings(declared, live, ContinuousBackups(7))]
    assert kinds == ["deletion protection", "point-in-time recovery"]
