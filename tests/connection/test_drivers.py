"""The two drivers perform the same effects, and the fast path of single operations does what steps would do."""

from __future__ import annotations

import asyncio
import inspect
from collections.abc import Callable, Iterator
from typing import Any

import anyio
import pytest

from dynamongo import Connection, RetryPolicy, ServiceError, ThrottledError, budget
from dynamongo._support.gates import Gate
from dynamongo.backends import Limits
from dynamongo.backends.memory import VirtualClock
from dynamongo.connection.drivers import drive, drive_async
from dynamongo.exceptions import BackendError
from dynamongo.executor import Attempt, Steps, Wait
from dynamongo.executor.effects import Until
from dynamongo.operations import Capacity, Get, Put, WriteResult

GET, PUT, RETURNED = Get("t", {"k": 1}), Put("t", {"k": 1}), Put("t", {"k": 1}, return_old=True)


class Scripted:
    """Answers with what it is told to, in both colours, and keeps what it was asked.

    Args:
        answers: The results, and errors to raise; afterwards, every operation has its number as its result.
    """

    name = "scripted"
    limits = Limits()
    is_local = True

    def __init__(self, *answers: Any) -> None:
        self.clock = VirtualClock(0)
        self.monotonic = self.clock.now
        self.answers = list(answers)
        self.asked: list[Any] = []
        self.held: asyncio.Event | None = None

    def execute(self, operation: Any, seconds: float | None = None) -> Any:
        self.asked.append((operation, seconds))
        self.clock.advance(seconds=0.25)
        answer = self.answers.pop(0) if self.answers else len(self.asked)
        if isinstance(answer, BaseException):
            if isinstance(answer, BackendError):
                answer.seconds = 0.25
            raise answer
        return answer

    async def execute_async(self, operation: Any, seconds: float | None = None) -> Any:
        await self.hold()
        return self.execute(operation, seconds)

    def wait(self, seconds: float) -> None:
        self.asked.append(seconds)
        self.clock.advance(seconds=seconds)

    async def wait_async(self, seconds: float) -> None:
        await self.hold()
        self.wait(seconds)

    async def hold(self) -> None:
        """Let the task wait, so that it can be cancelled here."""
        await (asyncio.sleep(0) if self.held is None else self.held.wait())

    def close(self) -> None:
        """Nothing to close."""


def drive_awaiting(steps: Steps[Any], backend: Any, seconds: float | None = None) -> Any:
    return asyncio.run(drive_async(steps, backend, seconds))


DRIVERS = [drive, drive_awaiting]


@pytest.mark.parametrize("perform", DRIVERS)
class TestEffects:
    def test_results_are_sent_and_the_limits_of_time_kept(self, perform: Callable[..., Any]) -> None:
        def steps() -> Steps[list[Any]]:
            first = yield GET
            nothing = yield Wait(2.5)
            return [first, nothing, (yield Attempt(PUT, 1.5))]

        backend = Scripted("a", "b")
        assert perform(steps(), backend, 7.0) == ["a", None, "b"]
        assert backend.asked == [(GET, 7.0), 2.5, (PUT, 1.5)]

    def test_steps_may_end_at_once(self, perform: Callable[..., Any]) -> None:
        def steps() -> Steps[str]:
            return "done"
            yield GET

        assert perform(steps(), Scripted()) == "done"

    def test_error_is_thrown_in_and_may_be_handled(self, perform: Callable[..., Any]) -> None:
        def steps() -> Steps[Any]:
            try:
                yield GET
            except ThrottledError as error:
                return (yield Attempt(GET, 1)), error

        throttled = ThrottledError("slow down")
        assert perform(steps(), Scripted(throttled, "b")) == ("b", throttled)

    @pytest.mark.parametrize("effect", [GET, Attempt(GET, 1)], ids=["operation", "attempt"])
    def test_error_that_is_not_handled_is_raised(self, perform: Callable[..., Any], effect: Any) -> None:
        def steps() -> Steps[Any]:
            yield effect

        with pytest.raises(ZeroDivisionError):
            perform(steps(), Scripted(ZeroDivisionError()))

    def test_steps_may_raise_another_error(self, perform: Callable[..., Any]) -> None:
        def steps() -> Steps[Any]:
            try:
                yield GET
            except ThrottledError:
                raise LookupError from None

        with pytest.raises(LookupError):
            perform(steps(), Scripted(ThrottledError("slow down")))

    def test_until_waits_for_its_condition(self, perform: Callable[..., Any]) -> None:
        def steps() -> Steps[Any]:
            yield Until(Gate(), lambda: True)
            return (yield GET)

        assert perform(steps(), Scripted("a")) == "a"


def name_of_type(effect: object) -> str:
    return type(effect).__name__


class TestCancellation:
    @pytest.mark.parametrize("effect", [GET, Attempt(GET, 1), Wait(1), Until(Gate(), lambda: False)], ids=name_of_type)
    def test_steps_end_at_the_effect_and_nothing_follows(self, effect: Any) -> None:
        seen: list[BaseException] = []

        def steps() -> Steps[Any]:
            try:
                yield effect
            except BaseException as error:
                seen.append(error)
                raise
            yield GET

        async def work() -> None:
            backend.held = asyncio.Event()
            task = asyncio.create_task(drive_async(generator, backend))
            await asyncio.sleep(0.001)
            task.cancel()
            with pytest.raises(asyncio.CancelledError):
                await task

        backend, generator = Scripted(), steps()
        asyncio.run(work())
        assert [type(error) for error in seen] == [asyncio.CancelledError]
        assert inspect.getgeneratorstate(generator) == inspect.GEN_CLOSED
        assert backend.asked == []

    def test_scope_of_anyio_that_cancels_every_await_ends_them_too(self) -> None:
        ended: list[str] = []

        def steps() -> Steps[Any]:
            try:
                yield GET
            finally:
                ended.append("steps")

        async def work() -> None:
            backend.held = asyncio.Event()
            with anyio.move_on_after(0.001) as scope:
                await drive_async(steps(), backend)
            assert scope.cancelled_caught

        backend = Scripted()
        anyio.run(work, backend="asyncio")
        assert ended == ["steps"]

    def test_interruption_of_the_blocking_driver_does_the_same(self) -> None:
        seen: list[BaseException] = []

        def steps() -> Steps[Any]:
            try:
                yield GET
            except BaseException as error:
                seen.append(error)
                raise

        with pytest.raises(KeyboardInterrupt):
            drive(steps(), Scripted(KeyboardInterrupt()))
        assert [type(error) for error in seen] == [KeyboardInterrupt]


def execute(connection: Connection, operation: Any) -> Any:
    return connection.execute(operation)


def run(connection: Connection, operation: Any) -> Any:
    return connection.run(lambda sender: sender.send(operation))


def execute_awaiting(connection: Connection, operation: Any) -> Any:
    return asyncio.run(connection.execute_async(operation))


def run_awaiting(connection: Connection, operation: Any) -> Any:
    return asyncio.run(connection.run_async(lambda sender: sender.send(operation)))


WAYS = [run, execute_awaiting, run_awaiting]


def throttled() -> Exception:
    return ThrottledError("slow down")


def lost() -> Exception:
    return ServiceError("gone", code="ConnectionClosedError")


def unreachable() -> Exception:
    return ServiceError("nobody there", code="EndpointConnectionError", was_sent=False)


RUNS: dict[str, tuple[Any, list[Callable[[], Any]]]] = {
    "a success": (GET, [lambda: "a"]),
    "a retry": (GET, [throttled, lambda: "a"]),
    "retries of several kinds": (PUT, [throttled, lost, unreachable, lambda: "a"]),
    "too many attempts": (GET, [throttled] * 9),
    "a write that cannot be repeated": (RETURNED, [lost]),
    "an unknown outcome and then another error": (RETURNED, [throttled, lost]),
    "an error that is not retried": (GET, [ZeroDivisionError]),
    "an error that is not retried, after a retry": (GET, [throttled, ZeroDivisionError]),
}


def outcome_of(way: Callable[..., Any], name: str) -> Any:
    """Return what becomes of an operation: its result or error, and what was asked."""
    operation, answers = RUNS[name]
    backend = Scripted(*[make() for make in answers])
    policy = RetryPolicy(attempts=4, max_seconds=60)
    connection = Connection(backend=backend, retries=policy)
    result: Any
    try:
        result = way(connection, operation)
    except Exception as error:  # noqa: BLE001 - it is what is compared
        result = type(error), str(error), getattr(error, "attempts", None)
    return result, [each[0] if isinstance(each, tuple) else "wait" for each in backend.asked]


class TestSingleOperations:
    @pytest.mark.parametrize("name", RUNS)
    @pytest.mark.parametrize("way", WAYS)
    def test_every_way_has_the_same_outcome(self, way: Callable[..., Any], name: str) -> None:
        assert outcome_of(way, name) == outcome_of(execute, name)

    @pytest.mark.parametrize("way", [execute, *WAYS])
    def test_time_that_is_left_is_counted_from_the_first_attempt(self, way: Callable[..., Any]) -> None:
        backend = Scripted(throttled())
        way(Connection(backend=backend, retries=RetryPolicy(max_seconds=10)), GET)
        (first, wait, second) = backend.asked
        assert first == (GET, 10)
        assert second == (GET, pytest.approx(10 - 0.25 - wait))

    @pytest.mark.parametrize("way", [execute, *WAYS])
    def test_deadline_ends_the_attempts(self, way: Callable[..., Any]) -> None:
        backend = Scripted(*[throttled() for _ in range(100)])
        policy = RetryPolicy(attempts=100, max_seconds=3)
        with pytest.raises(ThrottledError):
            way(Connection(backend=backend, retries=policy), GET)
        assert backend.clock.now() <= 3.25
        assert len(backend.asked) < 100

    @pytest.mark.parametrize("way", [execute, *WAYS])
    def test_retries_are_paid_for_and_refunded(self, way: Callable[..., Any]) -> None:
        backend = Scripted(*[throttled(), "a"] * 3, throttled(), throttled())
        connection = Connection(backend=backend, retries=RetryPolicy(budget=5))  # one retry costs 5
        for _ in range(3):
            assert way(connection, GET) == "a"
        with pytest.raises(ThrottledError):
            way(connection, GET)
        assert backend.answers == []

    @pytest.mark.parametrize("way", [execute, *WAYS])
    def test_observers_see_every_attempt(self, way: Callable[..., Any]) -> None:
        result = WriteResult(consumed=Capacity(write_units=2))
        backend = Scripted(throttled(), result)
        with Connection.record() as calls, budget(requests=2):
            assert way(Connection(backend=backend), PUT) is result
        assert str(calls) == "Put t: ThrottledError\nPut t: 0 read units, 2 write units"

    def test_backend_is_opened_before_its_first_operation_only(self) -> None:
        class Opened(Scripted):
            async def open_async(self) -> None:
                await asyncio.sleep(0)
                self.asked.append("opened")

        async def work(backend: Opened) -> None:
            connection = Connection(backend=backend)
            await connection.execute_async(GET)
            await connection.execute_async(PUT)
            await connection.run_async(lambda sender: sender.send(GET))

        asyncio.run(work(backend := Opened()))
        assert [each if isinstance(each, str) else each[0] for each in backend.asked] == ["opened", GET, PUT, GET]


@pytest.fixture(autouse=True)
def no_default() -> Iterator[None]:
    yield
    Connection.set_config()
