"""Bulk writes against a partition that takes a hundred writes a second, in virtual time: requests are counted."""

from __future__ import annotations

import asyncio
import itertools
import random
import threading
from collections.abc import Callable
from typing import Any

import pytest

from dynamongo import Connection, IntField, Model, RetryPolicy
from dynamongo.backends import Limits
from dynamongo.backends.memory import VirtualClock
from dynamongo.connection.drivers import drive, drive_async
from dynamongo.exceptions import InvalidRequestError, ServiceError, ThrottledError, WriteNotSent, WriteOutcomeUnknown
from dynamongo.executor import Attempt, Effect, GroupResult, Outcomes, Sender, Steps, Until, Wait
from dynamongo.executor.grouping import Group, Grouper
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

    def give_way(self, group: object) -> Steps[None]:
        self._clock.advance(seconds=self._seconds)
        yield from ()


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
    return Crowded(clock, seconds).keep(write_group(sender, group_of(count), {}))


def group_of(count: int) -> Group:
    grouper = Grouper(("id",), batch_size=25, round_size=1_000, one_batch=False)
    for number in range(count):
        grouper.add(number, Put("items", {"id": number}))
    (group,) = grouper.take_rest()
    return group


def _throttle(kept: Steps[GroupResult], error: Exception | None) -> Effect:
    """What follows the first request, which met the error, or was answered with all of its batch unprocessed."""
    effect = next(kept)
    if error is None and isinstance(effect, BatchWrite):
        return kept.send(BatchWriteResult(effect.writes))
    return kept.throw(ThrottledError("slow"))


class Rounds:
    """Groups of one run, in threads or in tasks, each of which is throttled once; it notes who is at work."""

    def __init__(self, pace: Pace) -> None:
        self.pace = pace
        self.at_work = self.most = 0
        self.began: list[int] = []
        self.ended: list[int] = []

    def group(self, number: int) -> Steps[None]:
        self.began.append(number)
        for _ in range(2):
            self.at_work += 1
            self.most = max(self.most, self.at_work - self.pace.slots)
            try:
                yield READ
            except ThrottledError:
                self.at_work -= 1
                yield Wait(0.01)
            else:
                self.at_work -= 1
        self.ended.append(number)


class Throttling:
    """A backend that throttles every other request."""

    name = "throttling"
    limits = Limits()

    def __init__(self) -> None:
        self._count = itertools.count()

    def execute(self, _: Operation[Any]) -> Any:
        if next(self._count) % 2:
            raise ThrottledError("slow down")
        return WriteResult()

    async def execute_async(self, operation: Operation[Any], seconds: float | None = None) -> Any:
        await asyncio.sleep(0)
        return self.execute(operation)

    def wait(self, seconds: float) -> None:
        """Take no time."""

    async def wait_async(self, seconds: float) -> None:
        await asyncio.sleep(0)

    def close(self) -> None:
        """Nothing is held."""


def run_in_threads(rounds: Rounds, count: int) -> None:
    backend = Throttling()
    threads = [
        threading.Thread(target=lambda number=number: drive(rounds.pace.keep(rounds.group(number)), backend))
        for number in range(count)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(10)


def run_in_tasks(rounds: Rounds, count: int) -> None:
    backend = Throttling()

    async def work() -> None:
        kept = [rounds.pace.keep(rounds.group(number)) for number in range(count)]
        await asyncio.wait_for(asyncio.gather(*[drive_async(steps, backend) for steps in kept]), 10)

    asyncio.run(work())


COLOURS = pytest.mark.parametrize("run", [run_in_threads, run_in_tasks], ids=["threads", "tasks"])


class TestSlots:
    @COLOURS
    def test_every_group_gets_a_slot_in_the_end(self, run: Callable[[Rounds, int], None]) -> None:
        rounds = Rounds(Pace(4))
        run(rounds, 40)
        assert sorted(rounds.ended) == list(range(40))
        assert not rounds.pace.is_busy

    def test_no_more_groups_are_at_work_than_there_are_slots(self) -> None:
        rounds = Rounds(Pace(4))
        run_in_tasks(rounds, 40)
        # One throttle may halve the slots while all of them are in use.
        assert rounds.most <= 2

    def test_groups_that_wait_to_continue_come_before_those_that_have_not_begun(self) -> None:
        pace = Pace(2)
        first, second, third = (pace.keep(steps()) for _ in range(3))
        assert next(first) is next(second) is READ
        new = next(third)
        assert isinstance(first.throw(ThrottledError("slow")), Wait)
        while isinstance(old := next(first), Wait):
            pass
        with pytest.raises(StopIteration):
            second.send("done")
        assert isinstance(old, Until)
        assert isinstance(new, Until)
        assert not new.is_ready()
        assert old.is_ready()
        assert first.send(None) is READ
        with pytest.raises(StopIteration):
            first.send("done")
        assert new.is_ready()
        third.close()

    @pytest.mark.parametrize("ending", [asyncio.CancelledError, GeneratorExit, KeyboardInterrupt, ValueError])
    def test_slots_are_free_however_a_group_ends(self, ending: type[BaseException]) -> None:
        pace = Pace(2)
        pace.slow_down(0)
        first, second, third = (pace.keep(steps()) for _ in range(3))
        assert next(first) is READ
        waits = [next(second), next(third)]
        assert all(isinstance(each, Until) and not each.is_ready() for each in waits)
        with pytest.raises(ending):  # before it has begun
            second.throw(ending())
        with pytest.raises(ending):
            first.throw(ending())
        assert isinstance(waits[1], Until)
        assert waits[1].is_ready()
        assert third.send(None) is READ
        third.close()
        assert not pace.is_busy

    def test_group_that_is_interrupted_while_it_gives_way_takes_no_slot(self) -> None:
        pace = Pace(2)
        first, second = pace.keep(steps()), pace.keep(steps())
        assert next(first) is next(second) is READ
        assert isinstance(first.throw(ThrottledError("slow")), Wait)
        while isinstance(effect := next(first), Wait):
            pass
        assert isinstance(effect, Until)
        with pytest.raises(asyncio.CancelledError):
            first.throw(asyncio.CancelledError())
        with pytest.raises(StopIteration):
            second.send("done")
        assert not pace.is_busy


class TestInterruptions:
    """What `write_group` tells of writes that Ctrl-C or the cancellation of a task interrupts."""

    @staticmethod
    def begin(count: int) -> tuple[Steps[GroupResult], Outcomes]:
        known: Outcomes = {}
        return Pace(2).keep(write_group(Sender(Limits(), RetryPolicy()), group_of(count), known)), known

    @staticmethod
    def interrupt(steps: Steps[GroupResult], *, was_sent: bool | None = None) -> None:
        error = asyncio.CancelledError()
        if was_sent is not None:
            error.was_sent = was_sent  # type: ignore[attr-defined]  # an exception takes any attribute
        with pytest.raises(asyncio.CancelledError):
            steps.throw(error)

    @pytest.mark.parametrize("count", [1, 3])
    @pytest.mark.parametrize(
        ("was_sent", "told"), [(None, WriteOutcomeUnknown), (True, WriteOutcomeUnknown), (False, WriteNotSent)]
    )
    def test_request_under_way(self, count: int, was_sent: bool | None, told: type[Exception]) -> None:  # noqa: FBT001 - a parameter
        kept, known = self.begin(count)
        next(kept)
        self.interrupt(kept, was_sent=was_sent)
        assert [type(outcome.error) for outcome in known.values()] == [told] * count

    @pytest.mark.parametrize(
        ("error", "told"), [(ThrottledError("slow"), WriteNotSent), (ServiceError("no answer"), WriteOutcomeUnknown)]
    )
    @pytest.mark.parametrize("count", [1, 3])
    def test_wait_before_a_retry(self, count: int, error: Exception, told: type[Exception]) -> None:
        kept, known = self.begin(count)
        next(kept)
        assert isinstance(kept.throw(error), Wait)
        self.interrupt(kept)
        assert [type(outcome.error) for outcome in known.values()] == [told] * count

    def test_rest_of_a_batch(self) -> None:
        kept, known = self.begin(3)
        batch = next(kept)
        assert isinstance(batch, Attempt)
        assert isinstance(batch.operation, BatchWrite)
        assert isinstance(kept.send(BatchWriteResult(batch.operation.writes[2:])), Wait)
        self.interrupt(kept)
        assert [type(known[number].error) for number in range(3)] == [type(None), type(None), WriteNotSent]

    def test_batch_that_is_sent_one_by_one(self) -> None:
        kept, known = self.begin(3)
        next(kept)
        kept.throw(InvalidRequestError("one of them"))
        kept.send(WriteResult())
        self.interrupt(kept)
        told = [type(known[number].error) for number in range(3)]
        assert told == [type(None), WriteOutcomeUnknown, WriteNotSent]

    def test_group_that_waits_for_its_slot_has_no_outcome_yet(self) -> None:
        kept, known = self.begin(3)
        kept.close()
        assert known == {}
