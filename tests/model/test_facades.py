"""A verb is written once: what executes in between is the facade's, here one that awaits.

The facade of these tests has no logic: it takes what is prepared, awaits each request, and passes on the result.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Iterator
from typing import Any, TypeVar, cast

import pytest

from dynamongo import (
    BatchResult,
    BulkWriteError,
    ConditionalCheckFailedException,
    Connection,
    DynamongoError,
    IntField,
    ItemNotFound,
    Model,
    RetryPolicy,
    StringField,
    TableNotFound,
    TransactionCanceled,
    WriteOutcome,
)
from dynamongo.backends import Limits
from dynamongo.backends.memory import MemoryBackend
from dynamongo.connection.snapshot_reads import SnapshotRead
from dynamongo.connection.transactions import Transaction
from dynamongo.executor import Attempt, Group, Sender, Steps, Wait
from dynamongo.model.batch import Batch
from dynamongo.operations import Operation, Put, TransactWrite, UpdateItem
from dynamongo.verbs.bulk_entries import Entry
from dynamongo.verbs.bulk_writes import BulkCall, BulkWrite, Destination, WriteOptions, conclude

R = TypeVar("R")


class Note(Model):
    __table__ = "notes"
    __hash_key__ = "title"
    title = StringField()
    stars = IntField(min_value=0)


class Missing(Note):
    __table__ = "missing"


@pytest.fixture(autouse=True)
def backend() -> Iterator[MemoryBackend]:
    with Connection.using(MemoryBackend()) as backend:
        assert isinstance(backend, MemoryBackend)
        Note.create_table()
        yield backend


async def execute(operation: Operation[R]) -> R:
    await asyncio.sleep(0)
    return Connection().execute(operation)


def operation_of(effect: Any) -> Operation[Any]:
    return effect.operation if isinstance(effect, Attempt) else effect


async def drive(steps: Steps[R]) -> R:
    """Perform the effects of the executor, as `connection.drivers.drive` does, but awaiting."""
    try:
        effect = next(steps)
        while True:
            try:
                result = None if isinstance(effect, Wait) else await execute(operation_of(effect))
            except DynamongoError as error:
                effect = steps.throw(error)
            else:
                effect = steps.send(result)
    except StopIteration as end:
        return cast("R", end.value)


async def execute_entries(
    destination: Destination[Any], entries: Iterable[Entry[Any]], outcomes: dict[int, WriteOutcome[Any]]
) -> None:
    bulk, sender = BulkWrite(destination, WriteOptions(max_workers=1)), Sender(Limits(), RetryPolicy())

    async def write(groups: list[Group]) -> None:
        _, steps = bulk.run.begin(groups)
        for make_steps in steps:
            keep(bulk.finish(await drive(make_steps(sender)), ignore))
        keep(bulk.finish_round(ignore))

    def keep(found: Iterable[WriteOutcome[Any]]) -> None:
        outcomes.update({each.index: each for each in found})

    for entry in entries:
        for groups in bulk.take(entry):
            await write(groups)
    await write(bulk.run.take_rest())


def ignore(count: int, failures: int = 0) -> None:
    """Report no progress."""


async def perform(call: BulkCall[Any]) -> BatchResult[Any]:
    outcomes: dict[int, WriteOutcome[Any]] = {}
    await execute_entries(call.destination, call.make_entries(), outcomes)
    return conclude(outcomes)


def send(model: type[Note], fill: Callable[[Batch[Any]], object]) -> BatchResult[Any]:
    """Execute a batch."""
    with model.batch() as batch:
        fill(batch)
        with batch._sending(len(batch.pending)) as (entries, outcomes):
            asyncio.run(execute_entries(batch._destination, entries, outcomes))
    return batch.result


def commit(fill: Callable[[Transaction], object]) -> TransactWrite:
    """Execute a transaction."""
    with Connection.transaction(return_items=True) as transaction:
        fill(transaction)
        with transaction._committing() as operation:
            asyncio.run(execute(operation))
        transaction._entries.clear()  # or the end of the block would send them again, blocking
    return operation


def saved() -> dict[str | None, int | None]:
    return {note.title: note.stars for note in Note.get_many(scans="allow")}


class TestBulkCalls:
    def test_preparing_makes_no_request(self) -> None:
        with Connection.record() as calls:
            Note.save_many.prepare([Note(title="a")], WriteOptions())
            Note.delete_many.prepare(Note.stars > 1, None, WriteOptions())
            Note.update_many.prepare(["a"], Note.stars.set(1), None, WriteOptions())
        assert calls.requests == 0

    def test_items_are_saved_and_know_it(self) -> None:
        note = Note(title="a", stars=1)
        result = asyncio.run(perform(Note.save_many.prepare([note, {"title": "b"}], WriteOptions())))
        assert result.success == [note, Note(title="b")]
        with Connection.record() as calls:
            note.save(only_changed=True)
        assert calls.requests == 0

    def test_updates_return_what_is_stored_and_report_what_is_missing(self) -> None:
        Note(title="a", stars=1).save()
        call = Note.update_many.prepare(["a", "b"], Note.stars.add(1), None, WriteOptions())
        result = asyncio.run(perform(call))
        assert result.success == [Note(title="a", stars=2)]
        assert [(failure.item.title, type(failure.error)) for failure in result.failures] == [("b", ItemNotFound)]

    def test_stream_takes_what_comes_and_reports_what_is_invalid(self) -> None:
        items: Iterator[dict[str, Any]] = iter([{"title": "a"}, {"title": "b", "stars": -1}, {"title": "c"}])
        call = Note.save_many.prepare(items, WriteOptions())
        outcomes: dict[int, WriteOutcome[Any]] = {}
        asyncio.run(execute_entries(call.destination, map(call.make_entry, items), outcomes))
        assert {index: outcome.is_done for index, outcome in outcomes.items()} == {0: True, 1: False, 2: True}
        assert saved() == {"a": None, "c": None}

    def test_condition_leaves_the_read_to_the_facade(self) -> None:
        Note.save_many([Note(title="a", stars=1), Note(title="b", stars=5)])
        call = Note.delete_many.prepare(Note.stars > 1, "allow", WriteOptions())
        assert call.read is not None
        assert call.read.source == (Note.stars > 1)

    def test_error_of_the_table_is_raised_and_nothing_more_is_sent(self) -> None:
        call = Missing.delete_many.prepare([str(number) for number in range(30)], None, WriteOptions())
        with (
            Connection.record() as calls,
            pytest.raises(TableNotFound, match=r"^Missing: .* \(the table missing\)"),
        ):
            asyncio.run(perform(call))
        assert calls.requests == 1


class TestBatch:
    def test_writes_are_taken_and_sent(self) -> None:
        def fill(batch: Batch[Any]) -> None:
            batch.save({"title": "a"})
            batch.save(Note(title="b", stars=1))

        result = send(Note, fill)
        assert result.success_count == 2
        assert saved() == {"a": None, "b": 1}

    def test_error_of_the_table_stops_it(self) -> None:
        with pytest.raises(TableNotFound) as caught:
            send(Missing, lambda batch: batch.delete("a"))
        assert caught.value.partial_result.fail_count == 1  # type: ignore[attr-defined]  # set on the error

    def test_failure_is_raised_at_the_end(self) -> None:
        with pytest.raises(BulkWriteError, match=r"^1 of 1 items were not written; first error: Conditional"):
            send(Note, lambda batch: batch.delete((Note.title == "a") & (Note.stars > 1)))


class TestTransactions:
    def test_saved_instances_know_it(self) -> None:
        note = Note(title="a", stars=1)

        def fill(tx: Transaction) -> None:
            tx.save(note)
            tx.upsert(Note, "b", Note.stars.set(2))

        operation = commit(fill)
        assert [type(action) for action in operation.actions] == [Put, UpdateItem]
        assert saved() == {"a": 1, "b": 2}
        with Connection.record() as calls:
            note.save(only_changed=True)
        assert calls.requests == 0

    def test_reasons_are_in_the_words_of_the_model(self) -> None:
        with pytest.raises(TransactionCanceled) as caught:
            commit(lambda tx: tx.delete(Note, (Note.title == "a") & (Note.stars > 1)))
        (reason,) = caught.value.reasons
        assert (reason.model, reason.key) == (Note, {"title": "a"})
        assert isinstance(reason.error, ConditionalCheckFailedException)

    def test_snapshot_finishes_its_result(self) -> None:
        Note(title="a", stars=1).save()
        read = SnapshotRead([(Note, "a"), Note(title="b"), (Note, Note.title == "a")])
        assert len(read.operation.gets) == 2
        note = Note(title="a", stars=1)
        assert read.finish(asyncio.run(execute(read.operation))) == [note, None, note]
