"""`Model.batch`: puts and deletes in a block, sent as they fill requests."""

from __future__ import annotations

import contextlib
from collections.abc import Generator, Mapping
from types import TracebackType
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from dynamongo.connection.connection import connection_of
from dynamongo.exceptions import BulkWriteError, DynamongoError, WriteNotSent
from dynamongo.model.write_stream import WriteStream, check_blocking, gather
from dynamongo.planning.strategies import Strategy, resolve_one
from dynamongo.planning.write_builders import make_put
from dynamongo.verbs.bulk_entries import Entry, delete_entries
from dynamongo.verbs.bulk_writes import (
    BulkWrite,
    Destination,
    WriteOptions,
    attach_result,
    find_stop,
)
from dynamongo.verbs.instance import Instance
from dynamongo.verbs.results import BatchResult, WriteOutcome, sum_up

if TYPE_CHECKING:
    from typing_extensions import Self

M = TypeVar("M", bound=Instance)


class Batch(Generic[M]):
    """Puts and deletes of one model, in a `with` block.

    They are sent 25 to a request as they fill it, and the rest at the end of the block, to the backend that was in use
    when the batch was made. Writes of one item keep their order. The end of the block raises `BulkWriteError` if
    something was not written, with the `BatchResult` in `.result`.

    A block that raises sends nothing more. `result` then has what was sent before, and `pending` what was not; each
    write is in one of them, no matter where the block was interrupted. An error that is not of one item, such as a
    missing table, is raised at once, and the batch takes no more writes.

    >>> from dynamongo import Connection, Model, StringField
    >>> from dynamongo.backends.memory import MemoryBackend
    >>> class Note(Model):
    ...     __table__ = "notes"
    ...     __hash_key__ = "title"
    ...     title = StringField()
    >>> with Connection.using(MemoryBackend()):
    ...     Note.create_table()
    ...     with Note.batch() as batch:
    ...         batch.save({"title": "a"})
    ...         batch.save(Note(title="b"))
    ...         batch.delete("c")
    ...     batch.result.success_count
    3
    """

    def __init__(self, model: type[M]) -> None:
        mapper, connection = model.__mapper__, connection_of(model)
        # Fixed now: writes of one batch must not be spread over two backends.
        self._destination: Destination[M] = Destination(mapper, model.table_name(), connection, connection.backend)
        self._waiting: list[Entry[M]] = []
        self._sent: BatchResult[M] = BatchResult([], [])
        self._stop: DynamongoError | None = None
        self._is_open = False

    def save(self, item: M | Mapping[str, Any]) -> None:
        """Store an item in place of the one that has its key, if there is one.

        Raises:
            ValidationError: The item is invalid.
        """
        mapper, table = self._destination.mapper, self._destination.table
        instance = mapper.as_instance(item)
        self._add(Entry(instance, make_put(mapper, table, instance, overwrite=True)))

    def delete(self, strategy: Strategy) -> None:
        """Delete an item; `strategy` is as in `delete_one`. One with conditions takes a request of its own."""
        mapper, table = self._destination.mapper, self._destination.table
        target = resolve_one(strategy, mapper, to_write=True)
        (entry,) = delete_entries(mapper, table, [target])
        self._add(entry)

    @property
    def result(self) -> BatchResult[M]:
        """The outcome of the writes that were sent."""
        return self._sent

    @property
    def pending(self) -> list[M]:
        """The items of the writes that were not sent."""
        return [entry.item for entry in self._waiting]

    def __enter__(self) -> Self:
        check_blocking(self._destination)
        self._is_open = True
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._is_open = False
        if error is None:
            if self._waiting:
                self._send(len(self._waiting))
            self._sent.raise_if_failed()

    def _add(self, entry: Entry[M]) -> None:
        if self._take(entry):
            self._send(self._destination.backend.limits.batch_write)

    def _send(self, count: int) -> None:
        """Execute the first writes, blocking."""
        with self._sending(count) as (writes, outcomes):
            # One worker: a full request is sent at once, and a put and a delete of one item keep their order.
            gather(WriteStream(writes, WriteOptions(max_workers=1)), outcomes)

    def _take(self, entry: Entry[M]) -> bool:
        """Add a write, and return whether a request is full."""
        name = self._destination.mapper.name
        if not self._is_open:
            raise DynamongoError(f"{name}.batch() takes writes only inside its `with` block")
        if self._stop is not None:
            raise WriteNotSent(f"{name}.batch() takes no more writes after {self._stop}") from self._stop
        self._waiting.append(entry)
        return len(self._waiting) >= self._destination.backend.limits.batch_write

    @contextlib.contextmanager
    def _sending(self, count: int) -> Generator[tuple[BulkWrite[M], dict[int, WriteOutcome[M]]]]:
        """Return the first writes, which the block executes, and a dict that it fills with their outcomes.

        The writes wait until their outcomes are known, so that an interruption leaves none of them unaccounted for.
        """
        entries = self._waiting[:count]  # a copy: they leave `_waiting` when their outcomes are known
        outcomes: dict[int, WriteOutcome[M]] = {}
        try:
            yield BulkWrite(self._destination, entries), outcomes
        except BaseException as error:
            # What was not sent stays pending, for the caller to send again.
            sent = {index: each for index, each in outcomes.items() if not isinstance(each.error, WriteNotSent)}
            self._account(entries, sent)
            attach_result(error, self._sent)
            raise
        self._account(entries, outcomes)
        self._stop = find_stop(outcomes.values())
        if self._stop is not None:
            raise self._explain_stop(self._stop)

    def _account(self, entries: list[Entry[M]], outcomes: dict[int, WriteOutcome[M]]) -> None:
        """Move the entries whose outcomes are known from those that wait to the result."""
        # Replaces the first entries, which were sent, by those without an outcome; later ones keep their place.
        self._waiting[: len(entries)] = [entry for index, entry in enumerate(entries) if index not in outcomes]
        result = sum_up(outcomes.values())  # its `unreadable` is empty: only updates return what they wrote
        self._sent.success.extend(result.success)
        self._sent.failures.extend(result.failures)

    def _explain_stop(self, stop: DynamongoError) -> DynamongoError:
        """Return the error that stops the batch: the store's own if nothing was written, as in `save_many`."""
        if not self._sent.success:
            attach_result(stop, self._sent)
            return stop
        error = BulkWriteError(f"{self._sent.describe()}; the batch was stopped by {stop}", self._sent)
        error.__cause__ = stop
        return error
