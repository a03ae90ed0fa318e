"""The virtual clock, and how the memory backend uses it."""

from __future__ import annotations

import threading
import time
from datetime import datetime, timedelta, timezone
from typing import Any

import pytest

from dynamongo import ConfigurationError, Connection, DateTimeField, Model, RetryPolicy, StringField, ThrottledError
from dynamongo.backends.memory import Fault, FaultPlan, MemoryBackend, VirtualClock
from dynamongo.operations import CreateTable, DescribeTable, Put, TransactWrite, UpdateTimeToLive
from dynamongo.schema import KeyAttribute, KeySchema, TableSchema

SCHEMA = TableSchema("sessions", KeySchema(KeyAttribute("id", "S")))


def no_sleep(_: float) -> None:
    raise AssertionError("a test slept")


class TestVirtualClock:
    def test_it_stands_still(self) -> None:
        clock = VirtualClock(start=100)
        assert [clock.now(), clock(), clock.now()] == [100.0, 100.0, 100.0]

    def test_two_clocks_start_at_the_same_time(self) -> None:
        assert VirtualClock().now() == VirtualClock().now() == datetime(2026, 1, 1, tzinfo=timezone.utc).timestamp()

    def test_start_may_have_any_time_zone(self) -> None:
        start = datetime(1970, 1, 1, 2, tzinfo=timezone(timedelta(hours=2)))
        assert VirtualClock(start).now() == 0
        assert VirtualClock(start).utcnow() == start

    @pytest.mark.parametrize(
        ("given", "seconds"),
        [
            ({"seconds": 1.5}, 1.5),
            ({"minutes": 2}, 120),
            ({"hours": 1}, 3600),
            ({"days": 30}, 2_592_000),
            ({"days": 1, "hours": 1, "minutes": 1, "seconds": 1}, 90_061),
            ({"by": timedelta(days=1, milliseconds=500)}, 86_400.5),
            ({"by": timedelta(seconds=1), "seconds": 1}, 2),
            ({}, 0),
        ],
        ids=str,
    )
    def test_it_can_be_advanced(self, given: dict[str, Any], seconds: float) -> None:
        clock = VirtualClock(start=0)
        clock.advance(**given)
        assert clock.now() == seconds

    def test_it_calls_functions_at_their_time(self) -> None:
        clock = VirtualClock(start=0)
        called: list[tuple[str, float]] = []
        clock.call_later(20, lambda: called.append(("second", clock.now())))
        clock.call_later(10, lambda: called.append(("first", clock.now())))
        cancel = clock.call_later(15, lambda: called.append(("never", clock.now())))
        clock.call_later(30, lambda: clock.advance(seconds=5))  # which takes its time
        cancel()
        cancel()
        clock.advance(seconds=12)
        assert (called, clock.now()) == ([("first", 10)], 12)
        clock.advance(seconds=30)
        assert (called[1:], clock.now()) == ([("second", 20)], 47)
        clock.advance(seconds=100)
        assert (len(called), clock.now()) == (2, 147)

    @pytest.mark.parametrize(
        "given",
        [{"seconds": -1}, {"by": timedelta(days=-1)}, {"seconds": float("nan")}, {"days": float("inf")}, {"by": 30}],
        ids=str,
    )
    def test_it_never_goes_back(self, given: dict[str, Any]) -> None:
        clock = VirtualClock(start=7)
        with pytest.raises(ConfigurationError, match="VirtualClock"):
            clock.advance(**given)
        assert clock.now() == 7

    @pytest.mark.parametrize("start", [datetime(2026, 1, 1), "2026-01-01", True, float("nan"), None], ids=repr)  # noqa: DTZ001 - what is refused
    def test_invalid_start_is_refused(self, start: Any) -> None:
        with pytest.raises(ConfigurationError, match="VirtualClock"):
            VirtualClock(start)

    def test_concurrent_advances_add_up(self) -> None:
        clock = VirtualClock(start=0)

        def advance() -> None:
            for _ in range(1000):
                clock.advance(seconds=1)

        threads = [threading.Thread(target=advance) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert clock.now() == 4000

    def test_repr_shows_the_time(self) -> None:
        assert repr(VirtualClock(start=0)) == "VirtualClock(1970-01-01T00:00:00+00:00)"


class TestBackend:
    def test_items_expire_when_the_clock_is_advanced(self) -> None:
        clock = VirtualClock()
        backend = MemoryBackend(clock=clock)
        backend.execute(CreateTable(SCHEMA))
        backend.execute(UpdateTimeToLive("sessions", "until"))
        backend.execute(Put("sessions", {"id": "a", "until": int(clock.now()) + 30 * 86_400}))
        assert backend.expire() == 0
        clock.advance(days=30, seconds=1)
        assert backend.expire() == 1

    def test_token_is_forgotten_after_ten_minutes(self) -> None:
        clock = VirtualClock()
        backend = MemoryBackend(clock=clock)
        backend.execute(CreateTable(SCHEMA))
        first = TransactWrite((Put("sessions", {"id": "a"}),), "token")
        backend.execute(first)
        assert backend.execute(first).consumed.write_units == 0
        clock.advance(minutes=10)
        assert backend.execute(first).consumed.write_units == 2

    def test_clock_may_use_the_backend(self) -> None:
        """The backend reads the clock outside its lock."""
        backend = MemoryBackend(clock=lambda: float(backend.execute(DescribeTable("sessions")).item_count))
        backend.execute(CreateTable(SCHEMA))
        backend.execute(TransactWrite((Put("sessions", {"id": "a"}),), "token"))
        assert backend.expire() == 0

    def test_token_is_kept_when_the_clock_goes_back(self) -> None:
        times = iter([1000.0, 0.0, 1599.0, 1600.0])
        backend = MemoryBackend(clock=lambda: next(times))
        backend.execute(CreateTable(SCHEMA))
        write = TransactWrite((Put("sessions", {"id": "a"}),), "token")
        units = [backend.execute(write).consumed.write_units for _ in range(4)]
        assert units == [2, 0, 0, 2]

    def test_wait_advances_the_clock_and_never_sleeps(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(time, "sleep", no_sleep)
        clock = VirtualClock(start=0)
        MemoryBackend(clock=clock).wait(5)
        MemoryBackend().wait(5)
        assert clock.now() == 5

    def test_backoff_advances_the_clock(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(time, "sleep", no_sleep)
        clock = VirtualClock(start=0)
        backend = MemoryBackend(clock=clock, faults=FaultPlan(Fault.throttle(operation="DescribeTable", times=None)))
        connection = Connection(backend=backend, retries=RetryPolicy(attempts=5, base=1, cap=2))

        class User(Model):
            __table__ = "users"
            __hash_key__ = "email"
            __connection__ = connection
            email = StringField()
            joined = DateTimeField(default=clock.utcnow)

        with pytest.raises(ThrottledError):
            User.table_exists()
        assert 0 < clock.now() <= 10
        assert backend.faults.hits == {"throttle": 5}
        assert User(email="a").joined == clock.utcnow()

    def test_slow_response_advances_the_clock(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(time, "sleep", no_sleep)
        clock = VirtualClock(start=0)
        backend = MemoryBackend(clock=clock, faults=FaultPlan(Fault.slow(2.5), Fault.slow(0.5)))
        backend.execute(CreateTable(SCHEMA))
        assert clock.now() == 3

    def test_slow_response_sleeps_without_a_virtual_clock(self, monkeypatch: pytest.MonkeyPatch) -> None:
        slept: list[float] = []
        monkeypatch.setattr(time, "sleep", slept.append)
        backend = MemoryBackend(faults=FaultPlan(Fault.slow(2.5)))
        backend.execute(CreateTable(SCHEMA))
        assert slept == [2.5]


def test_clock_that_cannot_be_called_is_refused() -> None:
    with pytest.raises(ConfigurationError, match=r"clock must return the time in seconds, .*; got 3"):
        MemoryBackend(clock=3)  # type: ignore[arg-type]  # the mistake is what the test is about
