"""Rate limits, in virtual time: what a call consumes on average, and that it loses nothing by that."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Callable, Iterator
from typing import Any, ClassVar

import pytest

from dynamongo import Connection, ExpressionError, IntField, Model, StringField
from dynamongo.backends import Backend, Limits
from dynamongo.backends.memory import MemoryBackend, VirtualClock
from dynamongo.exceptions import WriteNotSent
from dynamongo.operations import BatchGet, BatchWrite, Operation, Put, Query, Scan, UpdateItem

RATE = 20.0


class Event(Model):
    __table__ = "events"
    __hash_key__ = "id"
    __scans__ = "allow"
    id = IntField(required=True)
    text = StringField()


class MeteredBackend(MemoryBackend):
    """Notes when each request begins, by a virtual clock, and what it costs.

    Args:
        latency: How many seconds a request takes.
    """

    def __init__(self, latency: float = 0.0) -> None:
        super().__init__(clock=VirtualClock())
        self.sent: list[tuple[float, float]] = []
        self._latency = latency

    def execute(self, operation: Operation[Any], seconds: float | None = None) -> Any:
        began = self.monotonic()
        result = super().execute(operation, seconds)
        if isinstance(operation, (BatchGet, BatchWrite, Put, Query, Scan, UpdateItem)):
            self.sent.append((began, result.consumed.read_units + result.consumed.write_units))
        self.wait(self._latency)
        return result

    @property
    def units(self) -> float:
        """What all requests cost."""
        return sum(units for _, units in self.sent)

    @property
    def seconds(self) -> float:
        """The time from the first request to the last."""
        return self.sent[-1][0] - self.sent[0][0]

    def find_excess(self, rate: float) -> float:
        """Return by how many units the most was ever consumed that the rate did not allow until then."""
        first, before, excess = self.sent[0][0], 0.0, 0.0
        for began, units in self.sent:
            excess = max(excess, before - (began - first) * rate)
            before += units
        return excess


@pytest.fixture
def backend() -> Iterator[MeteredBackend]:
    backend = MeteredBackend()
    with Connection.using(backend):
        Event.create_table()
        Event.save_many({"id": number, "text": "x" * 900} for number in range(200))
        backend.sent.clear()
        yield backend


@pytest.mark.usefixtures("colour")
class TestCalls:
    READS: ClassVar[dict[str, Callable[[], object]]] = {
        "get_many": lambda: len(Event.get_many(page_size=10, max_units_per_second=RATE)),
        "find": lambda: len(list(Event.find(page_size=10, max_units_per_second=RATE))),
        "filter": lambda: len(list(Event.find(Event.id >= 0, page_size=10, max_units_per_second=RATE))),
        "keys": lambda: len(Event.get_many(list(range(200)), max_units_per_second=RATE)),
        "count": lambda: Event.find(page_size=10, max_units_per_second=RATE).count(),
        "pages": lambda: sum(len(page.items) for page in Event.find(page_size=10, max_units_per_second=RATE).pages()),
        "segments": lambda: len(Event.get_many(page_size=10, segments=4, max_units_per_second=RATE)),
    }

    @pytest.mark.parametrize("read", READS)
    def test_reads_stay_within_the_rate(self, backend: MeteredBackend, read: str) -> None:
        assert self.READS[read]() == 200
        assert backend.units >= 25
        assert backend.find_excess(RATE) < 1e-6
        assert backend.units / RATE * 0.5 <= backend.seconds + backend.sent[-1][1] / RATE <= backend.units / RATE * 2

    WRITES: ClassVar[dict[str, Callable[[], int]]] = {
        "save_many": lambda: Event.save_many(_events(), max_units_per_second=RATE).success_count,
        "workers": lambda: Event.save_many(_events(), max_workers=4, max_units_per_second=RATE).success_count,
        "alone": lambda: Event.save_many(_events(), Event.id.exists(), max_units_per_second=RATE).success_count,
        "save_iter": lambda: len(list(Event.save_iter(iter(_events()), max_units_per_second=RATE))),
        "delete_many": lambda: Event.delete_many(list(range(200)), max_units_per_second=RATE).success_count,
        "delete_iter": lambda: len(list(Event.delete_iter(range(200), max_units_per_second=RATE))),
        "update_many": lambda: (
            Event.update_many(Event.id < 200, Event.text.set("y"), max_units_per_second=RATE).success_count
        ),
        "update_iter": lambda: len(
            list(Event.update_iter(range(200), Event.text.set("y"), max_workers=4, max_units_per_second=RATE))
        ),
        "update of a result set": lambda: (
            Event.find(page_size=10, max_units_per_second=RATE).update(Event.text.set("y")).success_count
        ),
        "delete of a result set": lambda: Event.find(page_size=10).delete(max_units_per_second=RATE).success_count,
    }

    @pytest.mark.parametrize("write", WRITES)
    def test_writes_stay_within_the_rate(self, backend: MeteredBackend, write: str) -> None:
        assert self.WRITES[write]() == 200
        written = [each for each in backend.sent if each[1]]
        assert backend.units >= 200
        if not write.startswith("delete of"):  # whose read has no limit
            # The first write does not wait for the last page of the read: these are units of another kind.
            assert backend.find_excess(RATE) <= max(units for _, units in written) + 0.001
        # Workers that wait at the same time each advance a virtual clock.
        assert backend.seconds <= backend.units / RATE * 2

    def test_batch_shares_one_limit_among_its_requests(self, backend: MeteredBackend) -> None:
        with Event.batch(max_units_per_second=RATE) as batch:
            for event in _events():
                batch.save(event)
        assert len(backend.sent) == 8
        assert backend.find_excess(RATE) < 1e-6
        assert backend.seconds == pytest.approx(175 / RATE)

    def test_failed_conditions_cost_units_too(self, backend: MeteredBackend) -> None:
        started = backend.monotonic()
        result = Event.save_many(_events()[:100], overwrite=False, max_units_per_second=RATE)
        assert len(result.failures) == 100
        assert backend.monotonic() - started == pytest.approx(99 / RATE)

    def test_first_item_does_not_wait_for_the_page_to_be_paid(self, backend: MeteredBackend) -> None:
        started = backend.monotonic()
        assert Event.find(max_units_per_second=0.001).first() is not None
        assert backend.monotonic() == started

    def test_other_calls_pay_nothing(self, backend: MeteredBackend) -> None:
        Event.save_many(_events())
        assert len(Event.get_many(page_size=10)) == 200
        assert backend.seconds == 0

    @pytest.mark.parametrize("rate", [0, -1, True, "10", float("nan")])
    def test_other_values_are_refused_before_anything_is_sent(self, backend: MeteredBackend, rate: Any) -> None:
        calls: list[Callable[[], object]] = [
            lambda: Event.get_many(max_units_per_second=rate),
            lambda: Event.find(max_units_per_second=rate),
            lambda: Event.save_many(_events(), max_units_per_second=rate),
            lambda: Event.batch(max_units_per_second=rate),
            lambda: Event.find().delete(max_units_per_second=rate),
        ]
        for call in calls:
            with pytest.raises(ExpressionError, match=r"max_units_per_second must be an int or a float > 0; got"):
                call()
        assert backend.sent == []


class TestExplain:
    def test_plan_says_how_long_each_megabyte_takes(self) -> None:
        plan = Event.explain(max_units_per_second=64)
        assert plan.max_units_per_second == 64
        assert "  rate           64 read units per second, so 2 s for each MB" in str(plan)
        plan = Event.explain(consistent=True, max_units_per_second=64)
        assert "64 read units per second, so 4 s for each MB" in str(plan)
        assert str(Event.explain(Event.id == 1, max_units_per_second=64)).endswith(
            "rate           64 read units per second"
        )

    def test_plan_of_the_read_of_a_bulk_write_has_its_rate(self, backend: MeteredBackend) -> None:
        Event.delete_many(Event.text == "none", max_units_per_second=RATE)
        plans = [Event.find(Event.text == "none", max_units_per_second=rate).explain() for rate in (None, 5, 7)]
        assert [plan.max_units_per_second for plan in plans] == [None, 5, 7]


class TestInterruptions:
    def test_interrupted_writes_are_told_from_those_that_were_written(self, backend: MeteredBackend) -> None:
        def stop(progress: Any) -> None:
            if progress.done == 30:
                raise KeyboardInterrupt

        outcomes = Event.save_iter(iter(_events()), max_workers=4, max_units_per_second=RATE, progress=stop)
        with pytest.raises(KeyboardInterrupt) as caught:
            list(outcomes)
        left = caught.value.partial_result  # type: ignore[attr-defined]  # bulk writes add it
        assert left.failures
        assert {type(each.error) for each in left.failures} == {WriteNotSent}
        assert len(backend.sent) * 25 + len(left.failures) == 200

    def test_cancelled_task_sends_nothing_more(self) -> None:
        class SlowBackend(MemoryBackend):
            async def wait_async(self, seconds: float) -> None:
                waits.append(seconds)
                if len(waits) == 3:
                    all_wait.set()
                await asyncio.sleep(60)

        async def write() -> None:
            with Connection.using(SlowBackend()):
                await Event.aio.create_table()
                task = asyncio.create_task(Event.aio.save_many(_events(), max_workers=3, max_units_per_second=RATE))
                await all_wait.wait()
                task.cancel()
                with pytest.raises(asyncio.CancelledError):
                    await task
                assert len(await Event.aio.get_many()) == 25

        waits: list[float] = []
        all_wait = asyncio.Event()
        asyncio.run(write())

    def test_segments_that_wait_end_with_the_reader(self, backend: MeteredBackend) -> None:
        class WaitingBackend(MeteredBackend):
            def wait(self, seconds: float) -> None:
                if seconds:
                    waiting.set()
                    threading.Event().wait(0.01)

        waiting = threading.Event()
        slow = WaitingBackend()
        slow.restore(backend.snapshot())
        slow.limits = Limits(concurrency=4)
        with Connection.using(slow):
            for _ in Event.find(page_size=10, segments=4, max_units_per_second=0.001):
                waiting.wait(10)
                break
        assert not any(thread.name.startswith("dynamongo_") for thread in threading.enumerate())
        assert len(slow.sent) <= 4


def test_store_reports_what_is_limited(dynamodb_backend: Backend) -> None:
    class Stored(Event):
        __table__ = "limited"

    with Connection.using(dynamodb_backend):
        Stored.create_table()
        Stored.save_many(_events(4), max_units_per_second=1000)
        started = time.monotonic()
        assert len(Stored.get_many(page_size=1, max_units_per_second=10)) == 4
        assert time.monotonic() - started >= 4 * 0.5 / 10
        Stored.delete_table()


def test_real_clock_in_memory_takes_no_time() -> None:
    backend: Backend = MemoryBackend()
    with Connection.using(backend):
        Event.create_table()
        assert Event.save_many(_events(2000), max_units_per_second=0.01).success_count == 2000


def _events(count: int = 200) -> list[dict[str, Any]]:
    return [{"id": number, "text": "x" * 900} for number in range(count)]
