"""`Model.batch`: puts and deletes in a block, sent as they fill requests."""

from __future__ import annotations

from collections.abc import Mapping
from types import TracebackType
from typing import TYPE_CHECKING, Any, TypeVar

from dynamongo.model.write_stream import check_blocking, gather
from dynamongo.planning.strategy_types import K
from dynamongo.verbs.batch_queue import BatchQueue
from dynamongo.verbs.instance import Instance

if TYPE_CHECKING:
    from typing_extensions import Self

    from dynamongo.planning.strategy_types import OneItem

M = TypeVar("M", bound=Instance)


class Batch(BatchQueue[M, K]):
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

    _keyword = "with"

    def save(self, item: M | Mapping[str, Any]) -> None:
        """Store an item in place of the one that has its key, if there is one.

        Raises:
            ValidationError: The item is invalid.
        """
        self._add_put(item)
        self._send_full()

    def delete(self, strategy: OneItem[K, M]) -> None:
        """Delete an item; `strategy` is as in `delete_one`. One with conditions takes a request of its own."""
        self._add_delete(strategy)
        self._send_full()

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

    def _send_full(self) -> None:
        if self._is_full:
            self._send(self._request_size)

    def _send(self, count: int) -> None:
        """Execute the first writes, blocking."""
        with self._sending(count) as (entries, outcomes):
            gather(self._destination, entries, self._options, outcomes)
