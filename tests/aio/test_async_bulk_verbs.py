"""The verbs for many items, awaited: the same results and errors as the blocking ones, on both backends."""

from __future__ import annotations

import asyncio
import gc
import itertools
import threading
import warnings
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Iterator
from contextlib import aclosing
from dataclasses import replace
from functools import partial
from typing import Any

import pytest
from cancelled import reach

from dynamongo import (
    AttributeNotLoaded,
    BatchResult,
    ConditionalCheckFailedException,
    ConfigurationError,
    Connection,
    ExpressionError,
    IntField,
    ItemNotFound,
    Model,
    Progress,
    RetryPolicy,
    StringField,
    TableNotFound,
    ValidationError,
    WriteNotSent,
)
from dynamongo.backends import Backend
from dynamongo.backends.dynamodb import DynamoDBBackend
from dynamongo.backends.memory import Fault, MemoryBackend
from dynamongo.connection.connection import default_connection
from dynamongo.exceptions import WriteOutcomeUnknown
from dynamongo.operations import BatchWrite, BatchWriteResult, Delete, Put, UpdateItem

_prefixes = (f"aio-bulk-{number}-" for number in itertools.count())


class User(Model):
    __table__ = "users"
    __hash_key__ = "email"
    __scans__ = "allow"
    email = StringField(required=True)
    name = StringField()
    year = IntField()


class Missing(Model):
    __table__ = "missing"
    __hash_key__ = "id"
    id = StringField()


@pytest.fixture(params=["memory", "dynamodb"])
def backend(request: pytest.FixtureRequest) -> Iterator[Backend]:
    if request.param == "memory":
        made: Backend = MemoryBackend()
    else:
        url = request.getfixturevalue("server_url")
        made = DynamoDBBackend(
            access_key_id="made-up", secret_access_key="made-up", region="us-east-2", endpoint_url=url
        )
    Connection.set_config(backend=made, table_prefix=next(_prefixes))
    User.create_table()
    yield made
    User.delete_table()
    Connection.set_config()
    made.close()


def run(work: Callable[[], Awaitable[object]]) -> None:
    async def main() -> None:
        try:
            await work()
        finally:
            assert asyncio.all_tasks() == {asyncio.current_task()}
            backend: Any = default_connection.backend
            if isinstance(backend, DynamoDBBackend):
                await backend.close_async()

    asyncio.run(main())
    gc.collect()


def users(count: int) -> list[dict[str, Any]]:
    return [{"email": f"{number:04}", "year": number} for number in range(count)]


def years() -> dict[str | None, int | None]:
    return {user.email: user.year for user in User.get_many()}


def emails(found: BatchResult[User]) -> tuple[list[Any], list[Any]]:
    return [user.email for user in found.success], [user.email for user in found.fail]


async def one_by_one(items: Iterable[Any]) -> AsyncIterator[Any]:
    for item in items:
        await asyncio.sleep(0)
        yield item


@pytest.mark.usefixtures("backend")
class TestVerbs:
    def test_items_are_saved_in_batches(self) -> None:
        async def work() -> None:
            with Connection.record() as calls:
                result = await User.aio.save_many([*users(30), User(email="x")])
            assert (result.success_count, calls.requests) == (31, 2)
            assert result.success[30] == User(email="x")

        run(work)
        assert len(years()) == 31

    def test_invalid_item_is_an_error_and_nothing_is_written(self) -> None:
        async def work() -> None:
            with Connection.record() as calls:
                with pytest.raises(ValidationError, match=r"^item 30: User.year must be an int"):
                    await User.aio.save_many([*users(30), {"email": "x", "year": "never"}])
                with pytest.raises(ValidationError, match=r"^User: expected several items"):
                    await User.aio.save_many({"email": "x"})  # type: ignore[dict-item]  # it is refused
            assert calls.requests == 0

        run(work)

    def test_conditions_are_checked_for_each(self) -> None:
        User.save_many(users(3))

        async def work() -> None:
            result = await User.aio.save_many(users(6), overwrite=False)
            assert emails(result) == (["0003", "0004", "0005"], ["0000", "0001", "0002"])
            assert {type(failure.error) for failure in result.failures} == {ConditionalCheckFailedException}

        run(work)

    def test_named_items_are_deleted_and_updated_without_being_read(self) -> None:
        User.save_many(users(6))

        async def work() -> None:
            with Connection.record() as calls:
                updated = await User.aio.update_many(["0001", "none"], User.year.add(100))
                deleted = await User.aio.delete_many(["0002", (User.email == "0003") & (User.year > 5)])
            assert [(user.email, user.year) for user in updated.success] == [("0001", 101)]
            assert [type(failure.error) for failure in updated.failures] == [ItemNotFound]
            assert emails(deleted) == (["0002"], ["0003"])
            assert {type(call.operation) for call in calls} == {UpdateItem, Delete}

        run(work)
        assert years() == {"0000": 0, "0001": 101, "0003": 3, "0004": 4, "0005": 5}

    def test_items_that_are_found_are_checked_again(self) -> None:
        User.save_many(users(6))

        async def work() -> None:
            updated = await User.aio.update_many(User.year >= 4, [User.year.add(10), User.name.set("x")])
            assert [(user.email, user.year, user.name) for user in updated.success] == [
                ("0004", 14, "x"),
                ("0005", 15, "x"),
            ]
            assert emails(await User.aio.delete_many(User.year < 3)) == (["0000", "0001", "0002"], [])

        run(work)
        assert years() == {"0003": 3, "0004": 14, "0005": 15}

    def test_arguments_are_checked_as_in_the_blocking_verbs(self) -> None:
        nothing: Any = None

        async def work() -> None:
            with Connection.record() as calls:
                with pytest.raises(ExpressionError, match=r"^User.delete_many requires a strategy"):
                    await User.aio.delete_many(nothing)
                with pytest.raises(ExpressionError, match="max_workers must be an int"):
                    await User.aio.save_many([], max_workers=0)
                with pytest.raises(ExpressionError):
                    await User.aio.update_many(User.year > 0, [])
            assert calls.requests == 0
            with pytest.raises(AttributeNotLoaded):
                await User.aio.save_many([await User.aio.get_one("0000", projection=[User.name])])

        User.save_many(users(1))
        run(work)

    def test_asynchronous_items_are_for_streams(self) -> None:
        async def make() -> AsyncIterator[dict[str, Any]]:
            yield {"email": "a"}

        async def work() -> None:
            items: Any = make()
            with pytest.raises(
                TypeError, match=r"asynchronous; got <async_generator .* are for `User\.aio\.save_iter`"
            ):
                await User.aio.save_many(items)
            with pytest.raises(TypeError, match=r"are for `User\.aio\.save_iter`"):
                User.save_many(items)
            with pytest.raises(TypeError, match=r"are for `User\.aio\.save_iter`"):
                User.save_iter(items)

        run(work)

    def test_missing_table_is_an_error_where_nothing_was_done(self) -> None:
        async def work() -> None:
            with pytest.raises(TableNotFound, match=r"Missing: .* \(the table "):
                await Missing.aio.save_many([{"id": str(number)} for number in range(60)])

        run(work)


@pytest.mark.usefixtures("backend")
class TestStreams:
    @pytest.mark.parametrize("kind", [iter, one_by_one, list])
    @pytest.mark.parametrize("workers", [None, 4])
    def test_every_item_has_one_outcome(self, kind: Any, workers: int | None) -> None:
        async def work() -> None:
            outcomes = [outcome async for outcome in User.aio.save_iter(kind(users(60)), max_workers=workers)]
            assert sorted(outcome.index for outcome in outcomes) == list(range(60))
            assert all(outcome.error is None for outcome in outcomes)
            keys = kind([f"{number:04}" for number in range(5)])
            updated = [outcome async for outcome in User.aio.update_iter(keys, User.year.set(7), max_workers=workers)]
            assert {outcome.item.year for outcome in updated} == {7}
            keys = kind([f"{number:04}" for number in range(10)])
            assert len([outcome async for outcome in User.aio.delete_iter(keys, max_workers=workers)]) == 10

        run(work)
        assert len(years()) == 50

    def test_instances_that_are_found_are_deleted(self) -> None:
        User.save_many(users(30))

        async def work() -> None:
            outcomes = [outcome async for outcome in User.aio.delete_iter(User.aio.find(User.year < 10))]
            assert all(outcome.is_done for outcome in outcomes)

        run(work)
        assert len(years()) == 20

    @pytest.mark.parametrize("workers", [1, 4])
    def test_items_are_taken_as_they_are_sent(self, workers: int) -> None:
        taken: list[int] = []

        async def endless() -> AsyncIterator[dict[str, Any]]:
            for number in itertools.count():
                taken.append(number)
                yield {"email": f"{number}"}

        async def work() -> None:
            stream = User.aio.save_iter(endless(), max_workers=workers)
            assert taken == []
            for count in range(1, 60):
                await anext(stream)
                assert len(taken) <= (25 * (count // 25 + 1) if workers == 1 else 1_001)
            with warnings.catch_warnings():
                warnings.simplefilter("ignore", RuntimeWarning)  # of what is under way
                await stream.aclose()

        run(work)

    def test_invalid_item_is_an_outcome_of_its_own(self) -> None:
        async def work() -> None:
            items = one_by_one([{"email": "a"}, {"email": "b", "year": "x"}, {}])
            outcomes = {each.index: each.error async for each in User.aio.save_iter(items)}
            assert outcomes.pop(0) is None
            assert [type(error) for error in outcomes.values()] == [ValidationError, ValidationError]

        run(work)
        assert list(years()) == ["a"]

    def test_invalid_items_without_end_are_reported(self) -> None:
        async def work() -> None:
            items = ({"email": number} for number in itertools.count())
            async with aclosing(User.aio.save_iter(items)) as stream:
                found = [(await anext(stream)).index for _ in range(5_000)]
            assert found == list(range(5_000))

        run(work)

    def test_writes_of_one_item_keep_their_order(self) -> None:
        async def work() -> None:
            items = one_by_one({"email": "same", "year": number} for number in range(40))
            async for outcome in User.aio.save_iter(items, max_workers=4):
                assert outcome.is_done

        run(work)
        assert years() == {"same": 39}

    def test_stream_reports_each_item_that_was_not_sent(self) -> None:
        async def work() -> None:
            items = one_by_one({"id": str(number)} for number in range(1_500))
            with Connection.record() as calls:
                errors = [each.error async for each in Missing.aio.save_iter(items, max_workers=4)]
            assert len(errors) == 1_500
            assert {type(error) for error in errors} == {TableNotFound, WriteNotSent}
            assert calls.requests <= 5

        run(work)

    def test_stream_writes_to_the_backend_it_was_called_on(self) -> None:
        async def work() -> None:
            other = MemoryBackend()
            with Connection.using(other):
                await User.aio.create_table()
                stream = User.aio.save_iter(one_by_one(users(3)))
            assert [outcome.is_done async for outcome in stream] == [True] * 3
            with Connection.using(other):
                assert len(await User.aio.get_many()) == 3

        run(work)
        assert years() == {}

    def test_error_of_the_iterable_has_the_outcomes_that_were_not_seen(self) -> None:
        async def broken() -> AsyncIterator[dict[str, Any]]:
            for user in users(30):
                yield user
            raise OSError("broken")

        async def work() -> None:
            with pytest.raises(OSError, match="broken") as caught:
                [outcome async for outcome in User.aio.save_iter(broken(), max_workers=1)]
            result: BatchResult[User] = caught.value.partial_result  # type: ignore[attr-defined]  # set on the error
            assert emails(result) == ([], [f"{number:04}" for number in range(25, 30)])
            assert {type(failure.error) for failure in result.failures} == {WriteNotSent}

        run(work)
        assert len(years()) == 25


class Tasks(MemoryBackend):
    """A memory backend that is worth four tasks, and records how many are in it at once."""

    limits = replace(MemoryBackend.limits, concurrency=4)

    def __init__(self) -> None:
        super().__init__()
        self.now = self.most = 0
        self.answers: int | None = None
        """How many writes it answers; all if it is `None`."""
        self.sent = 0

    async def execute_async(self, operation: Any, seconds: float | None = None) -> Any:
        if not isinstance(operation, (Put, BatchWrite, Delete, UpdateItem)):
            return await super().execute_async(operation, seconds)
        self.now += 1
        self.most = max(self.most, self.now)
        self.sent += 1
        try:
            await asyncio.sleep(0.001 if self.answers is None or self.sent <= self.answers else 100)
            return await super().execute_async(operation, seconds)
        finally:
            self.now -= 1


@pytest.fixture
def tasks() -> Iterator[Tasks]:
    with Connection.using(Tasks()) as made:
        assert isinstance(made, Tasks)
        User.create_table()
        yield made


class TestConcurrency:
    @pytest.mark.parametrize(("workers", "most"), [(None, 4), (1, 1), (2, 2), (30, 30)])
    def test_as_many_requests_run_at_once_as_are_allowed(self, workers: int | None, most: int, tasks: Tasks) -> None:
        run(lambda: User.aio.save_many(users(40), overwrite=False, max_workers=workers))
        assert (len(years()), tasks.most) == (40, most)

    def test_batches_run_at_once_too(self, tasks: Tasks) -> None:
        run(lambda: User.aio.save_many(users(200)))
        assert (len(years()), tasks.most) == (200, 4)

    def test_updates_and_deletes_run_at_once_too(self, tasks: Tasks) -> None:
        User.save_many(users(40))
        run(lambda: User.aio.update_many(User.year >= 0, User.name.set("x")))
        assert tasks.most == 4
        tasks.most = 0
        run(lambda: User.aio.delete_many(User.name == "x"))
        assert (years(), tasks.most) == ({}, 4)

    def test_throttled_partition_is_sent_less(self, tasks: Tasks) -> None:
        throttled = Throttled(tasks)

        async def work() -> None:
            with Connection.using(throttled):
                result = await User.aio.save_many(users(1_000), max_workers=10)
            assert result.success_count == 1_000

        run(work)
        assert len(years()) == 1_000
        # Each pass of ten workers over what the store leaves unprocessed would take 400 requests otherwise.
        assert throttled.requests < 150


class Throttled:
    """A backend that takes three requests at a time, and leaves others unprocessed."""

    name = "throttled"

    def __init__(self, inner: Tasks) -> None:
        self.limits = inner.limits
        self._inner = inner
        self.requests = 0

    async def execute_async(self, operation: Any, seconds: float | None = None) -> Any:
        self.requests += isinstance(operation, BatchWrite)
        if isinstance(operation, BatchWrite) and self._inner.now >= 3:
            await asyncio.sleep(0)
            return BatchWriteResult(operation.writes)
        return await self._inner.execute_async(operation, seconds)

    async def wait_async(self, seconds: float) -> None:
        await asyncio.sleep(seconds / 100)

    def execute(self, operation: Any) -> Any:
        return self._inner.execute(operation)

    def wait(self, seconds: float) -> None:
        """Nobody blocks here."""

    def close(self) -> None:
        """Nothing is held."""


async def settle() -> None:
    """Let the event loop close what was dropped."""
    gc.collect()
    for _ in range(10):
        await asyncio.sleep(0)


class TestInterruptions:
    def test_cancelled_verb_tells_what_became_of_each_item(self, tasks: Tasks) -> None:
        tasks.answers = 4
        results: list[BatchResult[User]] = []

        async def save() -> None:
            try:
                await User.aio.save_many(users(500), max_workers=2)
            except asyncio.CancelledError as error:
                results.append(error.partial_result)  # type: ignore[attr-defined]  # set on the error
                raise

        async def work() -> None:
            saving = asyncio.create_task(save())
            await reach(lambda: tasks.sent == 6)
            await settle()
            saving.cancel()
            with pytest.raises(asyncio.CancelledError):
                await saving
            assert tasks.now == 0

        run(work)
        (result,) = results
        told = [type(failure.error) for failure in result.failures]
        assert (result.success_count, told.count(WriteOutcomeUnknown), told.count(WriteNotSent)) == (100, 50, 350)
        assert len(years()) == 100

    def test_timeout_has_the_result_as_well(self, tasks: Tasks) -> None:
        async def work() -> None:
            tasks.answers = 0
            with pytest.raises(asyncio.TimeoutError) as caught:
                await asyncio.wait_for(User.aio.save_many(users(30)), 0.02)
            error: Any = caught.value
            while not hasattr(error, "partial_result"):
                error = error.__cause__ or error.__context__
            assert error.partial_result.fail_count == 30

        run(work)

    @pytest.mark.parametrize("workers", [1, 4])
    def test_error_of_the_callback_cancels_what_is_under_way(self, workers: int, tasks: Tasks) -> None:
        def stop(progress: Progress) -> None:
            if progress.done == 30:
                raise RuntimeError("stop here")

        async def work() -> None:
            with pytest.raises(RuntimeError, match="stop here") as caught:
                await User.aio.save_many(users(500), max_workers=workers, progress=stop)
            result: BatchResult[User] = caught.value.partial_result  # type: ignore[attr-defined]  # set on the error
            assert result.success_count + result.fail_count == 500
            assert result.success_count >= 50
            assert tasks.now == 0

        run(work)

    @pytest.mark.filterwarnings("always::RuntimeWarning")
    @pytest.mark.parametrize("is_closed", [True, False])
    def test_break_cancels_what_is_under_way_and_warns_of_it(self, is_closed: bool, tasks: Tasks) -> None:  # noqa: FBT001 - a parameter
        tasks.answers = 2

        async def leave() -> None:
            stream = User.aio.save_iter(users(500), max_workers=4)
            async for _ in stream:
                break
            if is_closed:
                await stream.aclose()
            del stream
            await settle()

        async def work() -> None:
            with pytest.warns(RuntimeWarning, match="closed while requests were under way; their outcome is unknown"):
                await leave()
            assert (tasks.now, tasks.sent) == (0, 4)
            await asyncio.sleep(0.01)
            assert tasks.sent == 4

        run(work)

    def test_break_without_a_request_under_way_warns_of_nothing(self, tasks: Tasks) -> None:
        async def work() -> None:
            async for _ in User.aio.save_iter(users(500), max_workers=1):
                break
            await settle()

        run(work)
        assert len(years()) == 25

    def test_reader_that_is_cancelled_in_its_loop_leaves_no_task_behind(self, tasks: Tasks) -> None:
        seen: list[object] = []

        async def read() -> None:
            async with aclosing(User.aio.save_iter(users(500), max_workers=1)) as stream:
                async for outcome in stream:
                    seen.append(outcome)
                    await asyncio.Event().wait()

        async def work() -> None:
            reading = asyncio.create_task(read())
            await reach(lambda: seen != [])
            reading.cancel()
            with pytest.raises(asyncio.CancelledError):
                await reading

        run(work)
        assert len(years()) == 25

    def test_error_that_is_not_of_the_store_cancels_the_others(self, tasks: Tasks) -> None:
        class Broken(Tasks):
            async def execute_async(self, operation: Any, seconds: float | None = None) -> Any:
                if tasks.sent == 3:
                    raise ZeroDivisionError
                return await tasks.execute_async(operation, seconds)

        async def work() -> None:
            with Connection.using(Broken()), pytest.raises(ZeroDivisionError) as caught:
                await User.aio.save_many(users(500), max_workers=4)
            assert caught.value.partial_result.fail_count == 500  # type: ignore[attr-defined]  # set on the error

        run(work)
        assert years() == {}


class Blocking(MemoryBackend):
    """A backend that cannot be awaited: it runs in threads, which a cancellation does not end."""

    def __init__(self) -> None:
        super().__init__()
        self.going_on = threading.Event()
        self.going_on.set()
        self.begun: list[object] = []
        self.ended = threading.Semaphore(0)

    def execute(self, operation: Any, seconds: float | None = None) -> Any:
        if not isinstance(operation, (Put, BatchWrite, Delete, UpdateItem)):
            return super().execute(operation, seconds)
        self.begun.append(operation)
        self.going_on.wait(10)
        try:
            return super().execute(operation, seconds)
        finally:
            self.ended.release()


class TestThreads:
    @pytest.fixture
    def blocking(self) -> Iterator[Blocking]:
        with Connection.using(Blocking()) as made:
            assert isinstance(made, Blocking)
            User.create_table()
            yield made

    @pytest.mark.usefixtures("blocking")
    @pytest.mark.parametrize("workers", [1, 4])
    def test_backend_that_cannot_be_awaited_runs_in_threads(self, workers: int) -> None:
        async def work() -> None:
            assert (await User.aio.save_many(users(120), max_workers=workers)).success_count == 120
            assert (await User.aio.delete_many(User.year < 50, max_workers=workers)).success_count == 50
            async with User.aio.batch() as batch:
                for user in users(30):
                    await batch.save(user)

        run(work)
        assert len(years()) == 100

    @pytest.mark.parametrize("workers", [1, 2])
    def test_cancelled_request_goes_on_in_its_thread_and_nothing_follows(
        self, workers: int, blocking: Blocking
    ) -> None:
        blocking.going_on.clear()
        results: list[BatchResult[User]] = []

        async def save() -> None:
            try:
                await User.aio.save_many(users(200), max_workers=workers)
            except asyncio.CancelledError as error:
                results.append(error.partial_result)  # type: ignore[attr-defined]  # set on the error
                raise

        async def work() -> None:
            saving = asyncio.create_task(save())
            await reach(lambda: len(blocking.begun) == workers)
            saving.cancel()
            with pytest.raises(asyncio.CancelledError):
                await saving
            blocking.going_on.set()

        run(work)
        for _ in range(workers):
            assert blocking.ended.acquire(timeout=10)
        told = [type(failure.error) for failure in results[0].failures]
        assert (told.count(WriteOutcomeUnknown), len(told)) == (25 * workers, 200)
        assert len(years()) == 25 * workers


class TestProgress:
    @pytest.mark.parametrize("workers", [1, 4])
    def test_callback_is_told_of_every_item(self, workers: int, tasks: Tasks) -> None:
        told: list[Progress] = []
        run(lambda: User.aio.save_many(users(60), max_workers=workers, progress=told.append))
        assert told == [Progress(done, 0, 60) for done in range(1, 61)]

    def test_total_of_an_asynchronous_iterable_is_unknown(self, tasks: Tasks) -> None:
        told: list[Progress] = []

        async def work() -> None:
            async for _ in User.aio.save_iter(one_by_one(users(3)), progress=told.append):
                pass

        run(work)
        assert told == [Progress(done) for done in range(1, 4)]

    def test_bar_is_shown(self, tasks: Tasks, capsys: pytest.CaptureFixture[str]) -> None:
        run(lambda: User.aio.save_many(users(60), progress=True))
        assert "users: 100%" in capsys.readouterr().err

    def test_callback_that_would_have_to_be_awaited_is_refused(self, tasks: Tasks) -> None:
        async def show(_: Progress) -> None:
            """Never called."""

        class Shown:
            async def __call__(self, _: Progress) -> None:
                """Never called."""

        for callback in (show, Shown(), partial(show)):
            with pytest.raises(ConfigurationError, match="progress must be a function that returns at once"):
                run(lambda callback=callback: User.aio.save_many(users(3), progress=callback))  # type: ignore[misc]
            with pytest.raises(ConfigurationError, match="progress must be a function that returns at once"):
                User.save_many(users(3), progress=callback)
        assert years() == {}


def test_retries_wait_without_blocking_the_event_loop() -> None:
    backend = MemoryBackend()
    connection = Connection(backend=backend, retries=RetryPolicy(base=0.01))

    class Connected(User):
        __table__ = "connected"
        __connection__ = connection

    Connected.create_table()

    async def work() -> None:
        with backend.faults.schedule(Fault.throttle(operation="BatchWrite", times=3)):
            assert (await Connected.aio.save_many(users(60), max_workers=3)).success_count == 60

    asyncio.run(work())
