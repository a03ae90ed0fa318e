"""Bulk writes against a partition that takes a hundred writes a second, in virtual time: requests are counted."""

from __future__ import annotations

import random
import threading
from typing import Any

import pytest

from dynamongo import Connection, IntField, Model, RetryPolicy
from dynamongo.backends import Limits
from dynamongo.backends.memory import VirtualClock
from dynamongo.exceptions import ServiceError, ThrottledError, WriteNotSent, WriteOutcomeUnknown
from dynamongo.executor import Attempt, Effect, GroupResult, Sender, Steps, Wait, group_writes
from dynamongo.executor.pacing import Pace
from dynamongo.executor.writes import write_group
from dynamongo.operations import BatchPut, BatchWrite, BatchWriteResult, Operation, Put, WriteResult

RATE = 100.0
_QUIET = 0.003
"""So long nobody has to come for virtual time to pass: whoever could work without it is done then."""


_LATENCY = 0.01


class Item(Model):
    __table__ = "items"
    __hash_key__ = "id"
    id = IntField(required=True)


class Partition:
    """A backend that takes so many writes a second, where time passes only when every worker waits for it."""

    name = "partition"
    limits = Limits(concurrency=10)

    def __init__(self, rate: float = RATE) -> None:
        self.rate = rate
        self.requests = 0
        self.stored: set[Any] = set()
        self._now = self._filled = 0.0
        self._tokens = rate
        self._wakings: list[float] = []
        self._changed = threading.Condition()
        self._calls = 0

    def execute(self, operation: Operation[Any]) -> Any:
        with self._changed:
            self.requests += 1
            self.wait(_LATENCY)
            self._tokens = min(self.rate, self._tokens + (self._now - self._filled) * self.rate)
            self._filled = self._now
            if isinstance(operation, Put):
                self._take([operation.item["id"]])
                return WriteResult()
            assert isinstance(operation, BatchWrite)
            puts = [part for part in operation.writes if isinstance(part, BatchPut)]
            done = self._take([part.item["id"] for part in puts])
            return BatchWriteResult(tuple(puts[done:]))

    def _take(self, keys: list[Any]) -> int:
        done = min(len(keys), int(self._tokens))
        if not done:
            raise ThrottledError("slow down")
        self._tokens -= done
        self.stored.update(keys[:done])
        return done

    def wait(self, seconds: float) -> None:
        """Let virtual time pass: the one who wakes first moves the clock when nobody else has anything to do."""
        with self._changed:
            waking = self._now + seconds
            self._wakings.append(waking)
            self._calls += 1
            while self._now < waking:
                calls = self._calls
                self._changed.wait(_QUIET)
                if calls == self._calls and waking == min(self._wakings):
                    self._now = max(self._now, waking)
                    self._changed.notify_all()
            self._wakings.remove(waking)
            self._calls += 1

    def close(self) -> None:
        """Nothing is held."""


def count_requests(workers: int, count: int = 1_500, *, overwrite: bool = True) -> int:
    random.seed(7)
    backend = Partition()
    connection = Connection(backend=backend, retries=RetryPolicy(max_seconds=10_000))

    class Connected(Item):
        __table__ = "connected"
        __connection__ = connection

    result = Connected.save_many([{"id": number} for number in range(count)], overwrite, max_workers=workers)
    assert (result.success_count, len(backend.stored)) == (count, count)
    return backend.requests


class TestThrottledPartition:
    def test_batches_of_many_workers_take_about_the_requests_of_one(self) -> None:
        assert count_requests(10) <= 1.3 * count_requests(1)

    def test_single_writes_of_many_workers_take_about_the_requests_of_one(self) -> None:
        assert count_requests(10, 300, overwrite=False) <= 1.3 * count_requests(1, 300, overwrite=False)


class TestPace:
    def test_slots_are_halved_once_for_concurrent_throttles(self) -> None:
        pace = Pace(10)
        pace.slow_down(0)
        pace.slow_down(0)
        assert (pace.slots, pace.decreases) == (5, 1)
        pace.slow_down(1)
        assert pace.slots == 2

    def test_there_is_always_a_slot(self) -> None:
        pace = Pace(4)
        for number in range(10):
            pace.slow_down(number)
        assert pace.slots == 1

    def test_slots_grow_back_one_by_one_up_to_the_limit(self) -> None:
        pace = Pace(4)
        pace.slow_down(0)
        found: list[int] = []
        for _ in range(40):
            pace.speed_up()
            found.append(pace.slots)
        assert found == sorted(found)
        assert (found[0], found[-1]) == (2, 4)


READ: Any = object()


def steps(*, retries: int = 2) -> Steps[str]:
    """An operation that is tried again after a wait."""
    for _ in range(retries):
        try:
            yield READ
        except (ThrottledError, ServiceError):
            yield Wait(1.0)
        else:
            return "done"
    return "given up"


class TestStops:
    def test_stopped_run_starts_no_group(self) -> None:
        pace = Pace(2)
        pace.stop()
        with pytest.raises(WriteNotSent):
            next(pace.keep(steps()))

    @pytest.mark.parametrize(
        ("error", "told"),
        [
            (ThrottledError("slow"), WriteNotSent),
            (ServiceError("refused", was_sent=False), WriteNotSent),
            (ServiceError("no answer"), WriteOutcomeUnknown),
        ],
    )
    def test_stopped_run_retries_nothing(self, error: Exception, told: type[Exception]) -> None:
        pace = Pace(2)
        kept = pace.keep(steps())
        assert next(kept) is READ
        assert kept.throw(error) == Wait(0.25)
        pace.stop()
        with pytest.raises(told):
            next(kept)

    def test_wait_passes_in_slices(self) -> None:
        kept = Pace(2).keep(steps())
        next(kept)
        waits = [kept.throw(ThrottledError("slow"))]
        while isinstance(effect := next(kept), Wait):
            waits.append(effect)
        assert sum(wait.seconds for wait in waits if isinstance(wait, Wait)) == 1.0
        assert effect is READ
        with pytest.raises(StopIteration) as end:
            kept.send("answer")
        assert end.value.value == "done"

    def test_answer_of_a_request_under_way_counts(self) -> None:
        pace = Pace(2)
        kept = pace.keep(steps())
        next(kept)
        pace.stop()
        with pytest.raises(StopIteration) as end:
            kept.send("answer")
        assert end.value.value == "done"


class Crowded(Pace):
    """A pace where a group that was throttled waits so many seconds for a place."""

    def __init__(self, clock: VirtualClock, seconds: float) -> None:
        super().__init__(2)
        self._clock = clock
        self._seconds = seconds

    def give_way(self) -> None:
        self._clock.advance(seconds=self._seconds)


@pytest.mark.parametrize("count", [1, 2], ids=["alone", "batch"])
@pytest.mark.parametrize("error", [ThrottledError("slow"), None], ids=["throttled", "unprocessed"])
class TestTime:
    def test_time_spent_waiting_for_a_slot_counts(self, count: int, error: Exception | None) -> None:
        effect = _throttle(_begin(30, count), error)
        assert isinstance(effect, Attempt)
        assert effect.seconds == 70

    def test_group_that_waits_too_long_for_a_slot_is_throttled(self, count: int, error: Exception | None) -> None:
        with pytest.raises(StopIteration) as end:
            _throttle(_begin(1000, count), error)
        found: GroupResult = end.value.value
        assert [type(outcome.error) for outcome in found.outcomes.values()] == [ThrottledError] * count
        assert found.stop is None


def _begin(seconds: float, count: int) -> Steps[GroupResult]:
    """A group of writes, whose call may take 100 seconds, and which waits so many for a place once it was throttled."""
    clock = VirtualClock(start=0)
    sender = Sender(Limits(), RetryPolicy(base=0, cap=0, max_seconds=100), now=clock.now)
    puts = [Put("items", {"id": number}) for number in range(count)]
    ((group,),) = group_writes(puts, ("id",), batch_size=25, round_size=1_000)
    return Crowded(clock, seconds).keep(write_group(sender, group, {}))


def _throttle(kept: Steps[GroupResult], error: Exception | None) -> Effect:
    """What follows the first request, which met the error, or was answered with all of its batch unprocessed."""
    effect = next(kept)
    if error is None and isinstance(effect, BatchWrite):
        return kept.send(BatchWriteResult(effect.writes))
    return kept.throw(ThrottledError("slow"))
