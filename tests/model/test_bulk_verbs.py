"""Verbs for many items: outcomes, streams, batches, concurrency, progress and explanations, on both backends."""

from __future__ import annotations

import functools
import itertools
import operator
import threading
import time
from collections.abc import Iterator
from dataclasses import replace
from typing import Any, cast

import pytest
from colours import blocking_only

from dynamongo import (
    AttributeNotLoaded,
    BatchResult,
    BudgetExceeded,
    BulkWriteError,
    ConditionalCheckFailedException,
    Connection,
    DynamongoError,
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
    WrittenButUnreadable,
)
from dynamongo.backends import Backend
from dynamongo.backends.memory import MemoryBackend
from dynamongo.connection.connection import default_connection
from dynamongo.model.batch import Batch
from dynamongo.model.write_stream import perform_bulk
from dynamongo.operations import BatchWrite, Delete, Put, UpdateItem
from dynamongo.verbs.bulk_entries import delete_entry
from dynamongo.verbs.bulk_writes import BulkCall
from dynamongo.verbs.destinations import Destination, WriteOptions

pytestmark = pytest.mark.usefixtures("colour")


_prefixes = (f"bulk-{number}-" for number in itertools.count())


class User(Model):
    __table__ = "users"
    __hash_key__ = "email"
    email = StringField(required=True)
    name = StringField()
    year = IntField()


@pytest.fixture(params=["memory", "dynamodb"])
def backend(request: pytest.FixtureRequest) -> Iterator[Backend]:
    if request.param == "memory":
        made: Backend = MemoryBackend()
    else:
        made = request.getfixturevalue("dynamodb_backend")
    Connection.set_config(backend=made, table_prefix=next(_prefixes) + str(threading.get_ident()), scans="allow")
    User.create_table()
    yield made
    User.delete_table()
    Connection.set_config()


def users(count: int) -> list[dict[str, Any]]:
    return [{"email": f"{number:04}", "year": number} for number in range(count)]


def years() -> dict[str | None, int | None]:
    return {user.email: user.year for user in User.get_many()}


def emails(found: BatchResult[User]) -> tuple[list[Any], list[Any]]:
    return [user.email for user in found.success], [user.email for user in found.fail]


@pytest.mark.usefixtures("backend")
@pytest.mark.parametrize("item", [User(email="a@b.co"), {"email": "a@b.co"}], ids=["instance", "dict"])
@pytest.mark.parametrize("save", [User.save_many, User.save_many.explain, lambda item: list(User.save_iter(item))])
@pytest.mark.usefixtures("backend")
def test_one_item_is_not_several(save: Any, item: Any) -> None:
    with pytest.raises(ValidationError, match=r"^User: expected several items, as in a list; got one: "):
        save(item)


class TestUpdateMany:
    @pytest.fixture(autouse=True)
    def stored(self, backend: Backend) -> None:
        User.save_many(users(6))

    def test_named_items_are_updated_without_being_read(self) -> None:
        with Connection.record() as calls:
            result = User.update_many(["0001", "0003"], User.year.add(100))
        assert [(user.email, user.year) for user in result.success] == [("0001", 101), ("0003", 103)]
        assert {type(call.operation) for call in calls} == {UpdateItem}
        assert years()["0003"] == 103

    def test_missing_item_is_a_failure_and_not_created(self) -> None:
        result = User.update_many(["0001", "none"], User.year.set(1))
        assert emails(result) == (["0001"], ["none"])
        (failure,) = result.failures
        assert isinstance(failure.error, ItemNotFound)
        assert str(failure.error) == "User: there is no item with email = 'none'"
        assert "none" not in years()

    def test_condition_of_an_entry_is_checked_with_its_update(self) -> None:
        result = User.update_many([(User.email == "0001") & (User.year > 5), "0002"], User.name.set("x"))
        assert emails(result) == (["0002"], ["0001"])
        (failure,) = result.failures
        assert isinstance(failure.error, ConditionalCheckFailedException)
        assert str(failure.error) == "User: `year > …` does not hold for the item with email = '0001'"
        assert failure.error.item == User(email="0001", year=1)

    def test_condition_is_read_and_checked_again(self) -> None:
        result = User.update_many((User.year >= 2) & (User.year < 4), [User.year.add(10), User.name.set("x")])
        assert [(user.email, user.year, user.name) for user in result.success] == [("0002", 12, "x"), ("0003", 13, "x")]

    def test_keys_of_a_condition_are_not_read(self) -> None:
        with Connection.record() as calls:
            User.update_many(User.email.in_(["0001", "0002"]), User.year.set(0))
        assert {type(call.operation) for call in calls} == {UpdateItem}

    @pytest.mark.parametrize("updates", [[], [3], [User.email.set("x")], [User.year.set(1), User.year.add(1)]])
    def test_invalid_updates_are_refused_before_anything_is_read(self, updates: Any) -> None:
        with Connection.record() as calls, pytest.raises(ExpressionError):
            User.update_many(User.year > 0, updates)
        assert calls.requests == 0

    def test_none_does_not_change_the_whole_table(self) -> None:
        with pytest.raises(ExpressionError, match=r"^User.update_many requires a strategy"):
            User.update_many(cast("Any", None), User.year.set(1))


@pytest.mark.usefixtures("backend")
class TestResultSet:
    @pytest.fixture(autouse=True)
    def stored(self, backend: Backend) -> None:
        User.save_many(users(6))

    def test_found_items_are_deleted(self) -> None:
        result = User.find(User.year >= 3, projection=[User.email]).delete()
        assert sorted(emails(result)[0]) == ["0003", "0004", "0005"]
        assert sorted(year for year in years().values() if year is not None) == [0, 1, 2]

    def test_limit_holds_for_what_is_written(self) -> None:
        assert User.find(User.year >= 1, limit=2).update(User.name.set("x")).success_count == 2
        assert sum(user.name == "x" for user in User.get_many()) == 2

    def test_keys_with_conditions_of_their_own_are_checked_again(self) -> None:
        result = User.find(["0001", (User.email == "0002") & (User.year > 5)]).delete()
        assert emails(result) == (["0001"], [])

    def test_budget_that_does_not_suffice_writes_nothing(self) -> None:
        with pytest.raises(BudgetExceeded):
            User.find(User.year >= 0, page_size=2, max_pages=1).delete()
        assert len(years()) == 6


@pytest.mark.usefixtures("backend")
class TestStreams:
    def test_every_item_has_one_outcome(self) -> None:
        outcomes = list(User.save_iter(iter(users(60))))
        assert sorted(outcome.index for outcome in outcomes) == list(range(60))
        assert all(outcome.error is None for outcome in outcomes)
        assert len(years()) == 60
        updated = list(User.update_iter((f"{number:04}" for number in range(5)), User.year.set(7)))
        assert {outcome.item.year for outcome in updated} == {7}
        deleted = list(User.delete_iter(f"{number:04}" for number in range(10)))
        assert (len(deleted), len(years())) == (10, 50)

    def test_items_are_taken_as_they_are_sent(self) -> None:
        taken: list[int] = []

        def endless() -> Iterator[dict[str, Any]]:
            for number in itertools.count():
                taken.append(number)
                yield {"email": f"{number}"}

        stream = User.save_iter(endless())
        assert taken == []
        next(stream)
        assert len(taken) <= 1_001
        assert isinstance(stream, Iterator)
        stream.close()  # type: ignore[attr-defined]  # a generator

    def test_invalid_item_is_an_outcome_of_its_own(self) -> None:
        outcomes = {each.index: each for each in User.save_iter([{"email": "a"}, {"email": "b", "year": "x"}, {}])}
        assert outcomes[0].error is None
        assert isinstance(outcomes[1].error, ValidationError)
        assert isinstance(outcomes[2].error, ValidationError)
        assert list(years()) == ["a"]

    def test_writes_of_one_item_keep_their_order(self) -> None:
        items = [{"email": "same", "year": number} for number in range(40)]
        assert all(each.error is None for each in User.save_iter(items, max_workers=4))
        assert years() == {"same": 39}

    @pytest.mark.parametrize("workers", [1, 3])
    def test_condition_decides_for_each(self, workers: int) -> None:
        User.save_many(users(3))
        outcomes = list(User.save_iter(users(6), overwrite=False, max_workers=workers))
        failed = sorted(each.index for each in outcomes if isinstance(each.error, ConditionalCheckFailedException))
        assert (failed, len(outcomes)) == ([0, 1, 2], 6)

    def test_item_that_was_read_in_part_is_refused(self) -> None:
        User.save_many(users(1))
        part = User.get_one("0000", projection=[User.name])
        with pytest.raises(AttributeNotLoaded):
            User.save_many([part])


class Missing(Model):
    __table__ = "missing"
    __hash_key__ = "id"
    id = StringField()


@pytest.mark.usefixtures("backend")
class TestStops:
    def test_missing_table_is_an_error_where_nothing_was_done(self) -> None:
        with pytest.raises(TableNotFound, match=r"Missing: .* \(the table "):
            Missing.save_many([{"id": str(number)} for number in range(60)])

    def test_stream_reports_each_item_that_was_not_sent(self) -> None:
        with Connection.record() as calls:
            outcomes = list(Missing.save_iter({"id": str(number)} for number in range(1_500)))
        assert len(outcomes) == 1_500
        kinds = {type(outcome.error) for outcome in outcomes}
        assert kinds == {TableNotFound, WriteNotSent}
        assert calls.requests < 30


class Threads(MemoryBackend):
    """A memory backend that is worth four threads, and records how many are in it at once."""

    limits = replace(MemoryBackend.limits, concurrency=4)

    def __init__(self) -> None:
        super().__init__()
        self.now = self.most = 0
        self.sizes: list[int] = []

    def execute(self, operation: Any, seconds: float | None = None) -> Any:
        if isinstance(operation, (Put, BatchWrite)):
            self.sizes.append(len(operation.writes) if isinstance(operation, BatchWrite) else 1)
            self.now += 1
            self.most = max(self.most, self.now)
            threading.Event().wait(0.002)
            try:
                return super().execute(operation)
            finally:
                self.now -= 1
        return super().execute(operation)


class TestConcurrency:
    @pytest.mark.parametrize(("workers", "most"), [(None, 4), (1, 1), (2, 2)])
    def test_as_many_requests_run_at_once_as_are_allowed(self, workers: int | None, most: int) -> None:
        backend = Threads()
        with Connection.using(backend):
            User.create_table()
            User.save_many(users(40), overwrite=False, max_workers=workers)
            assert len(User.get_many(scans="allow")) == 40
        assert 1 <= backend.most <= most
        if most > 1:
            assert backend.most > 1

    def test_batches_run_at_once_too(self) -> None:
        backend = Threads()
        with Connection.using(backend):
            User.create_table()
            assert User.save_many(users(200)).success_count == 200
        assert backend.most > 1
        assert set(backend.sizes) == {25}

    @pytest.mark.parametrize("workers", [0, -1, 1.5, True, "2"])
    def test_workers_are_a_positive_number(self, workers: Any) -> None:
        with Connection.using(MemoryBackend()), pytest.raises(ExpressionError, match="max_workers must be an int"):
            User.save_many([], max_workers=workers)


@pytest.mark.usefixtures("backend")
class TestBatch:
    def test_writes_are_sent_as_they_fill_requests_and_at_the_end(self) -> None:
        User.save_many([{"email": "old"}])
        with Connection.record() as calls, User.batch() as batch:
            for user in users(30):
                batch.save(user)
            batch.delete("old")
            assert calls.requests == 1
            assert len(batch.pending) == 6
        assert calls.requests == 2
        assert (batch.result.success_count, batch.pending) == (31, [])
        assert len(years()) == 30

    def test_block_that_raises_sends_nothing_more_and_says_what_was_sent(self) -> None:
        batch = User.batch()
        with pytest.raises(ValidationError, match="year"), batch:
            save_all(batch, [*users(30), {"email": "x", "year": "never"}])
        assert len(years()) == batch.result.success_count == 25
        assert [user.email for user in batch.pending] == ["0025", "0026", "0027", "0028", "0029"]

    def test_put_and_delete_of_one_item_keep_their_order(self) -> None:
        with User.batch() as batch:
            batch.save({"email": "a", "year": 1})
            batch.delete("a")
            batch.save({"email": "a", "year": 2})
        assert years() == {"a": 2}

    def test_failed_condition_of_a_delete_is_raised_at_the_end_of_the_block(self) -> None:
        User.save_many(users(2))
        with pytest.raises(BulkWriteError) as caught, User.batch() as batch:
            fill(batch, (User.email == "0000") & (User.year > 5), "0001")
        assert emails(batch.result) == (["0001"], ["0000"])
        assert caught.value.result == batch.result
        assert isinstance(caught.value.__cause__, ConditionalCheckFailedException)

    def test_error_of_the_block_is_not_replaced_by_that_of_a_write(self) -> None:
        with pytest.raises(ExpressionError), User.batch() as batch:
            fill(batch, (User.email == "0000") & (User.year > 5), *users(24), User.year > 5)
        assert emails(batch.result)[1] == ["0000"]

    def test_error_that_is_not_of_one_item_stops_it_at_once(self) -> None:
        batch = Missing.batch()
        with Connection.record() as calls, pytest.raises(TableNotFound, match=r"Missing: .* \(the table "), batch:
            save_all(cast("Any", batch), [{"id": str(number)} for number in range(60)])
        assert calls.requests == 1
        assert (batch.result.fail_count, batch.pending) == (25, [])

    def test_it_takes_no_more_writes_after_such_an_error(self, backend: Backend) -> None:
        batch, errors = User.batch(), []
        with pytest.raises(BulkWriteError), batch:
            errors.append(save_into_missing_table(batch))
        assert isinstance(errors[0].__cause__, TableNotFound)
        assert (batch.result.success_count, batch.result.fail_count, batch.pending) == (25, 25, [])
        assert years() == {}

    def test_it_takes_writes_only_inside_its_block(self) -> None:
        batch = User.batch()
        with pytest.raises(DynamongoError, match=r"User.batch\(\) takes writes only inside its `(async )?with` block"):
            batch.save({"email": "a"})


def save_all(batch: Batch[User], items: list[dict[str, Any]]) -> None:
    for item in items:
        batch.save(item)


def fill(batch: Batch[User], *writes: Any) -> None:
    """Save the dicts and delete what the others name."""
    for write in writes:
        if isinstance(write, dict):
            batch.save(write)
        else:
            batch.delete(write)


def save_into_missing_table(batch: Batch[User]) -> BulkWriteError:
    """Save until the table is gone, and after that."""
    save_all(batch, users(25))
    User.delete_table()
    with pytest.raises(BulkWriteError, match="; the batch was stopped by User: ") as caught:
        save_all(batch, users(25))
    with pytest.raises(WriteNotSent):
        batch.save({"email": "more"})
    User.create_table()
    return caught.value


class TestExplain:
    """Explaining touches no backend: there is no table here."""

    def test_batch_of_known_items(self) -> None:
        assert str(User.save_many.explain(users(60))) == (
            "BatchWrite users\n"
            "  writes         60 items, 25 per request\n"
            "  requests       3, and one more for each retry of unprocessed items"
        )

    def test_condition_of_puts(self) -> None:
        assert str(User.save_many.explain(users(2), overwrite=False)) == (
            "Put users\n"
            "  writes         2 items, one request each\n"
            "  checks again   attribute_not_exists(email)\n"
            "  requests       2"
        )

    def test_deletes_of_known_items(self) -> None:
        plan = User.delete_many.explain(["a", (User.email == "b") & (User.year > 1)])
        assert (plan.step, plan.writes, plan.read) == ("BatchWrite users", 2, None)
        assert plan.warnings == ("1 of them with a condition: one request each",)

    def test_deletes_and_updates_of_a_condition_show_the_read(self) -> None:
        assert str(User.delete_many.explain(User.year < 1990)) == (
            "Scan users\n"
            "  reads          the whole table\n"
            "  filter         year < 1990\n"
            "  requests       1, and one more for each MB that is read\n"
            "  not used       users: no condition compares its hash key `email` by ==\n"
            "Delete users\n"
            "  writes         each item that is found, one request each\n"
            "  checks again   year < 1990\n"
            "  requests       1, and one more for each MB that is read, and one more for each item that is found"
        )
        plan = User.update_many.explain(User.year < 1990, User.name.remove())
        assert plan.read is not None
        assert plan.read.scan is not None
        assert plan.step == "UpdateItem users"

    def test_updates_of_known_items(self) -> None:
        assert str(User.update_many.explain(["a", "b"], User.name.remove())) == (
            "UpdateItem users\n"
            "  writes         2 items, one request each\n"
            "  requests       2\n"
            "  note           each item must exist"
        )

    def test_nothing_is_written_for_nothing(self) -> None:
        assert User.delete_many.explain([]).requests.at_least == 0
        assert User.delete_many.explain(User.email.in_([])).writes == 0


class TestVerbs:
    @blocking_only
    def test_subclass_may_extend_a_verb(self) -> None:
        class Counted(User):
            __table__ = "counted"
            counted = 0

            @classmethod
            def save_many(cls, items: Any, overwrite: Any = True, **options: Any) -> Any:  # type: ignore[override]  # noqa: FBT002 - as in `SaveMany`, a verb that a subclass extends
                cls.counted += 1
                return super().save_many(items, overwrite, **options)

        with Connection.using(MemoryBackend()):
            Counted.create_table()
            result = Counted.save_many([{"email": "a"}])
        assert (Counted.counted, type(result.success[0])) == (1, Counted)

    def test_verb_is_documented_and_cannot_be_set_on_an_instance(self) -> None:
        assert "Store several items" in (User.save_many.__doc__ or "")
        with pytest.raises(ValidationError, match="unknown field 'save_many'; User has"):
            User(email="a").save_many = 3  # type: ignore[assignment]  # it is refused


class Interrupting(MemoryBackend):
    """A memory backend that raises `KeyboardInterrupt` before or after an operation, as Ctrl-C does."""

    def __init__(self, request: int, *, is_after: bool, concurrency: int = 1) -> None:
        super().__init__()
        self.limits = replace(MemoryBackend.limits, concurrency=concurrency)
        self.left = request
        self.is_after = is_after

    def execute(self, operation: Any, seconds: float | None = None) -> Any:
        if not isinstance(operation, (Put, BatchWrite, Delete, UpdateItem)):
            return super().execute(operation, seconds)
        self.left -= 1
        if not self.left and not self.is_after:
            raise KeyboardInterrupt
        result = super().execute(operation, seconds)
        if not self.left:
            raise KeyboardInterrupt
        return result


class Held(MemoryBackend):
    """A memory backend whose first writes are done at once; others wait in threads until `reported` is set.

    So the threads of a bulk write are never done before the thread that called it has seen an error.
    """

    execute_async = MemoryBackend.execute_async

    def __init__(self, free: int) -> None:
        super().__init__()
        self.free = free
        self.numbers = itertools.count(1)
        self.reported = threading.Event()

    def execute(self, operation: Any, seconds: float | None = None) -> Any:
        is_held = isinstance(operation, (Put, BatchWrite)) and next(self.numbers) > self.free
        if is_held and threading.current_thread() is not threading.main_thread():
            self.reported.wait(20)
            time.sleep(0.05)
        return super().execute(operation, seconds)


class BrokenError(Exception):
    """What a callback raises."""


def kinds(result: BatchResult[User]) -> dict[str, list[Any]]:
    """Return the items by their outcome."""
    found: dict[str, list[Any]] = {"done": [user.email for user in result.success]}
    for failure in result.failures:
        found.setdefault(type(failure.error).__name__, []).append(failure.item.email)
    return found


NAMES = [user["email"] for user in users(100)]


class TestInterruptions:
    """An exception that interrupts a bulk write has the outcome of each item in `partial_result`."""

    @pytest.mark.parametrize("is_after", [False, True])
    def test_ctrl_c_in_a_request(self, *, is_after: bool) -> None:
        with Connection.using(Interrupting(3, is_after=is_after)):
            User.create_table()
            with pytest.raises(KeyboardInterrupt) as caught:
                User.save_many(users(100))
            found = kinds(caught.value.partial_result)  # type: ignore[attr-defined]  # set on the exception
            stored = sorted(user.email or "" for user in User.get_many(scans="allow"))
        assert found == {"done": NAMES[:50], "WriteOutcomeUnknown": NAMES[50:75], "WriteNotSent": NAMES[75:]}
        assert stored == NAMES[: 75 if is_after else 50]

    @pytest.mark.parametrize("workers", [1, 3])
    @pytest.mark.parametrize("overwrite", [True, False])
    def test_error_of_the_progress_callback(self, workers: int, *, overwrite: bool) -> None:
        def report(progress: Progress) -> None:
            if progress.done == 30:
                held.reported.set()
                raise BrokenError

        held = Held(free=2 if overwrite else 30)
        names = [user["email"] for user in users(500)]
        with Connection.using(held):
            User.create_table()
            with pytest.raises(BrokenError) as caught:
                User.save_many(users(500), overwrite, max_workers=workers, progress=report)
            found = kinds(caught.value.partial_result)  # type: ignore[attr-defined]  # set on the exception
            stored = sorted(user.email or "" for user in User.get_many(scans="allow"))
        assert sorted(found["done"]) == stored
        assert sorted(found["done"] + found["WriteNotSent"]) == names
        assert len(stored) >= 30
        assert set(found) == {"done", "WriteNotSent"}

    def test_interrupted_stream_has_what_it_did_not_yield(self) -> None:
        def broken() -> Iterator[dict[str, Any]]:
            yield from users(2_010)
            raise BrokenError

        told: list[str | None] = []
        with Connection.using(MemoryBackend()):
            User.create_table()
            with pytest.raises(BrokenError) as caught:
                told.extend(outcome.item.email for outcome in User.save_iter(broken()))
            stored = sorted(user.email or "" for user in User.get_many(scans="allow"))
        left = kinds(caught.value.partial_result)  # type: ignore[attr-defined]  # set on the exception
        assert left == {"done": [], "WriteNotSent": [user["email"] for user in users(2_010)[2_000:]]}
        assert stored == [user["email"] for user in users(2_000)]

    @pytest.mark.parametrize("is_after", [False, True])
    def test_batch(self, *, is_after: bool) -> None:
        with Connection.using(Interrupting(2, is_after=is_after)):
            User.create_table()
            batch = User.batch()
            with pytest.raises(KeyboardInterrupt) as caught, batch:
                save_all(batch, users(100))
        assert caught.value.partial_result is batch.result  # type: ignore[attr-defined]  # set on the exception
        assert kinds(batch.result) == {"done": NAMES[:25], "WriteOutcomeUnknown": NAMES[25:50]}
        assert batch.pending == []

    def test_batch_keeps_what_was_not_sent(self) -> None:
        with Connection.using(Interrupting(1, is_after=True)):
            User.create_table()
            batch = User.batch()
            with pytest.raises(KeyboardInterrupt), batch:
                fill(batch, {"email": "a"}, (User.email == "none") & User.year.not_exists(), {"email": "b"})
        assert kinds(batch.result) == {"done": [], "WriteOutcomeUnknown": ["none"]}
        assert [user.email for user in batch.pending] == ["a", "b"]


@pytest.mark.usefixtures("backend")
class TestLargeConditions:
    """Writes that follow a read take conditions of any size, as reads do."""

    @pytest.fixture(autouse=True)
    def stored(self, backend: Backend) -> None:
        User.save_many([user | {"name": f"n{number}"} for number, user in enumerate(users(6))])

    @pytest.mark.parametrize("choices", [100, 101, 400, 1_000])
    def test_choices(self, choices: int) -> None:
        some = (User.year >= 4) & User.name.in_([f"n{number}" for number in range(choices)])
        assert User.update_many(some, User.year.add(10)).success_count == 2
        assert User.find(some).update(User.year.add(10)).success_count == 2
        assert User.delete_many(some).success_count == 2
        assert sorted(year or 0 for year in years().values()) == [0, 1, 2, 3]
        others = ~User.name.in_([f"x{number}" for number in range(choices)])
        assert User.find(others).delete().success_count == 4

    def test_ored_parts(self) -> None:
        some = functools.reduce(operator.or_, [User.name.contains(f"n{number}") for number in range(3, 400)])
        assert User.delete_many(some).success_count == 3

    def test_keys_with_a_large_condition_of_their_own(self) -> None:
        some = (User.email == "0001") & User.name.in_([f"n{number}" for number in range(1_000)])
        assert User.delete_many(some).success_count == 1
        other = (User.email == "0002") & User.name.in_([f"n{number}" for number in range(1_000)])
        assert User.find([other, "0003"]).delete().success_count == 2
        listed = [(User.email == "0004") & User.name.in_([f"n{number}" for number in range(300)])]
        assert User.update_many(listed, User.year.add(1)).success_count == 1
        assert User.delete_many(listed).success_count == 1

    def test_item_that_was_changed_in_between_is_reported(self) -> None:
        some = User.name.in_([f"n{number}" for number in range(1_000)])
        result = User.find(some)
        targets, found = result.targets()
        User.update_one("0003", User.name.set("n7"))
        make_entry = functools.partial(delete_entry, User.__mapper__, User.table_name())
        here = Destination(User.__mapper__, User.table_name(), default_connection, default_connection.backend)
        deleted = perform_bulk(BulkCall(here, WriteOptions(), make_entry), targets, found)
        assert [user.email for user in deleted.fail] == ["0003"]
        assert years() == {"0003": 3}


class Unread(Model):
    __table__ = "users"
    __hash_key__ = "email"
    email = StringField(required=True)
    name = IntField()
    year = IntField()


@pytest.mark.usefixtures("backend")
class TestUnreadable:
    """A write that succeeded is not a failure if its item does not fit the model: it must not be repeated."""

    @pytest.fixture(autouse=True)
    def stored(self, backend: Backend) -> None:
        User.save_many([{"email": "a", "name": "text", "year": 1}, {"email": "b", "year": 1}])

    def test_update_many_reports_it_separately(self) -> None:
        result = Unread.update_many(["a", "b", "none"], Unread.year.increment())
        assert [user.email for user in result.success] == ["b"]
        assert [user.email for user in result.fail] == ["none"]
        (unread,) = result.unreadable
        assert isinstance(unread.error, WrittenButUnreadable)
        assert unread.error.item == {"email": "a", "name": "text", "year": 2}
        assert years() == {"a": 2, "b": 2}
        assert not result

    def test_stream_and_progress_count_it_as_done(self) -> None:
        told: list[Progress] = []
        (outcome,) = Unread.update_iter(["a"], Unread.year.increment(), progress=told.append)
        assert (outcome.is_done, type(outcome.error)) == (True, WrittenButUnreadable)
        assert told == [Progress(1, 0, 1)]

    def test_single_verbs_say_that_it_was_done(self) -> None:
        with pytest.raises(WrittenButUnreadable, match=r"^the item was updated, but the stored item cannot be read"):
            Unread.update_one("a", Unread.year.increment())
        with pytest.raises(WrittenButUnreadable, match=r"^the item was deleted, but the stored item cannot be read"):
            Unread.delete_one("a")
        assert years() == {"b": 1}


class TestBackends:
    """Streams and batches write to the backend that was in use when they were made."""

    @pytest.mark.parametrize(
        "start",
        [
            lambda: User.save_iter(users(3)),
            lambda: User.update_iter(["old"], User.year.set(1)),
            lambda: User.delete_iter(["old"]),
        ],
    )
    def test_streams(self, start: Any) -> None:
        first, second = MemoryBackend(), MemoryBackend()
        with Connection.using(first):
            User.create_table()
            User.save_one({"email": "old"})
            stream = start()
        with Connection.using(second), Connection.record() as calls:
            assert all(outcome.is_done for outcome in stream)
        assert calls.requests == 1

    def test_batch(self) -> None:
        first, second = MemoryBackend(), MemoryBackend()
        with Connection.using(first):
            User.create_table()
            batch = User.batch()
        with Connection.using(second), batch:
            save_all(batch, users(30))
        with Connection.using(first):
            assert len(User.get_many(scans="allow")) == 30


@pytest.mark.usefixtures("backend")
class TestUpdateLists:
    """Every verb that takes several updates takes them one by one or as lists."""

    def test_lists_are_taken_wherever_updates_are(self) -> None:
        User.save_many(users(2))
        both: list[Any] = [User.year.increment(), User.name.set("x")]
        user = User.get_one("0001").update(both)
        assert (user.year, user.name) == (2, "x")
        assert user.upsert(both[:1], User.name.remove()).name is None
        assert User.find(User.email == "0001").update(both).success_count == 1
        with Connection.transaction() as tx:
            tx.update(User, "0000", both)
            tx.upsert(User, "new", [User.year.set(7)], User.name.set("y"))
        assert years() == {"0000": 1, "0001": 4, "new": 7}
        assert User.update_one("0001", iter(both)).year == 5
        assert User.get_one("0001").update([both[0], [[both[1]], iter(both[:0])]]).name == "x"
        with pytest.raises(ExpressionError, match=r"expected an update, .*; got 'year'"):
            User.update_one("0001", [both, cast("Any", "year")])


def test_retries_are_configured_on_the_connection() -> None:
    policy = RetryPolicy(attempts=1)
    assert "attempts=1" in repr(Connection(retries=policy))
