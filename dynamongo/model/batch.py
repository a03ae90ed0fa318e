"""`Model.batch`: puts and deletes in a block, sent as they fill requests."""

from __future__ import annotations

from collections.abc import Mapping
from types import TracebackType
from typing import TYPE_CHECKING, Any, Generic, NoReturn, TypeVar

from dynamongo.connection.connection import connection_of
from dynamongo.exceptions import BulkWriteError, DynamongoError, WriteNotSent
from dynamongo.model.bulk_writes import (
    Entry,
    WriteOptions,
    attach_result,
    delete_entries,
    find_stop,
    gather,
    write_entries,
)
from dynamongo.model.instance import Instance
from dynamongo.model.results import BatchResult, WriteOutcome, sum_up
from dynamongo.planning.strategies import resolve_one
from dynamongo.planning.write_builders import make_put

if TYPE_CHECKING:
    from typing_extensions import Self

M = TypeVar("M", bound=Instance)


class Batch(Generic[M]):
    """Puts and deletes of one model, in a `with` block.

    They are sent 25 to a request as they fill it, and the rest at the end of the block, on the backend that was in use
    when the batch was made; writes of one item keep their order. The end of the block raises `BulkWriteError` if
    something was not written, with the `BatchResult` in `.result`.

    A block that raises sends nothing more. `result` then says what was sent before, and `pending` what was not; each
    write is in one of them, wherever the block was interrupted. An error that is not of one item, such as a missing
    table, is raised at once, and the batch takes nothing more.

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
        self._model = model
        self._backend = connection_of(model).backend
        self._table = model.table_name()
        self._waiting: list[Entry[M]] = []
        self._sent: BatchResult[M] = BatchResult([], [])
        self._stop: DynamongoError | None = None
        self._is_open = False

    def save(self, item: M | Mapping[str, Any]) -> None:
        """Store an item in place of the one that has its key, if there is one.

        Raises:
            ValidationError: It is not valid.
        """
        mapper = self._model.__mapper__
        instance = mapper.as_instance(item)
        self._add(Entry(instance, make_put(mapper, self._table, instance, overwrite=True)))

    def delete(self, strategy: Any) -> None:
        """Delete an item; `strategy` is as in `delete_one`. One with conditions beside the key goes alone."""
        target = resolve_one(strategy, self._model.__mapper__, to_write=True)
        (entry,) = delete_entries(self._model, [target])
        self._add(entry)

    @property
    def result(self) -> BatchResult[M]:
        """What became of the writes that were sent."""
        return self._sent

    @property
    def pending(self) -> list[M]:
        """The items of the writes that were not sent."""
        return [entry.item for entry in self._waiting]

    def __enter__(self) -> Self:
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
        name = self._model.__name__
        if not self._is_open:
            raise DynamongoError(f"{name}.batch() takes writes inside its `with` block alone")
        if self._stop is not None:
            raise WriteNotSent(f"{name}.batch() takes nothing more after {self._stop}") from self._stop
        self._waiting.append(entry)
        size = self._backend.limits.batch_write
        if len(self._waiting) >= size:
            self._send(size)

    def _send(self, count: int) -> None:
        """Send the first writes. They wait until their outcomes are known."""
        entries = self._waiting[:count]
        known: dict[int, WriteOutcome[M]] = {}
        try:
            options = WriteOptions(max_workers=1)
            gather(write_entries(self._model, entries, options, self._backend, self._table), known)
        except BaseException as error:
            unsent = {index for index, each in known.items() if isinstance(each.error, WriteNotSent)}
            self._account(entries, {index: each for index, each in known.items() if index not in unsent})
            attach_result(error, self._sent)
            raise
        self._account(entries, known)
        self._stop = find_stop(known.values())
        if self._stop is not None:
            self._refuse(self._stop)

    def _account(self, entries: list[Entry[M]], known: dict[int, WriteOutcome[M]]) -> None:
        """Move the entries whose outcomes are known from those that wait to the result."""
        left = [entry for index, entry in enumerate(entries) if index not in known]
        found = sum_up(known.values())
        self._waiting[: len(entries)] = left
        self._sent.success.extend(found.success)
        self._sent.failures.extend(found.failures)

    def _refuse(self, stop: DynamongoError) -> NoReturn:
        """Raise what stops the batch: the error itself if nothing was done, as `save_many` does."""
        located = self._model.__mapper__.locate_error(stop, self._table)
        if not self._sent.success:
            attach_result(located, self._sent)
            raise located
        raise BulkWriteError(f"{self._sent.describe()}, since the batch was stopped by {located}", self._sent) from stop
