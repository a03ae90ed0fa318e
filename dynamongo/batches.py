"""`Model.batch`: puts and deletes in a block, sent as they fill requests."""

# A batch is a part of the inside of its model.
# pyright: reportPrivateUsage=false

from __future__ import annotations

from collections.abc import Mapping
from types import TracebackType
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from dynamongo.bulk import Entry, WriteOptions, collect, delete_entries, write_entries
from dynamongo.changes import as_instance, make_put
from dynamongo.exceptions import DynamongoError
from dynamongo.reading import Reading
from dynamongo.results import BatchResult, Failure

if TYPE_CHECKING:
    from typing_extensions import Self

M = TypeVar("M", bound=Reading)


class Batch(Generic[M]):
    """Puts and deletes of one model, in a `with` block.

    They are sent 25 to a request as they fill it, and the rest at the end of the block; writes of one item keep their
    order. A block that raises sends nothing more: `result` then says what was sent before, and `pending` what was not.

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
        self._waiting: list[Entry[M]] = []
        self._sent: BatchResult[M] = BatchResult([], [])
        self._is_open = False

    def save(self, item: M | Mapping[str, Any]) -> None:
        """Store an item in place of the one that has its key, if there is one.

        Raises:
            ValidationError: It is not valid.
        """
        instance = as_instance(self._model, item)
        self._add(Entry(instance, make_put(self._model, instance, overwrite=True)))

    def delete(self, strategy: Any) -> None:
        """Delete an item; `strategy` is as in `delete_one`. One with conditions beside the key goes alone."""
        target = self._model._resolve_one(strategy, to_write=True)  # noqa: SLF001 - its own model
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
        if error is None and self._waiting:
            self._send(len(self._waiting))

    def _add(self, entry: Entry[M]) -> None:
        if not self._is_open:
            raise DynamongoError(f"{self._model.__name__}.batch() takes writes inside its `with` block alone")
        self._waiting.append(entry)
        size = self._model._connection().backend.limits.batch_write  # noqa: SLF001 - its own model
        if len(self._waiting) >= size:
            self._send(size)

    def _send(self, count: int) -> None:
        """Send the first writes; what is sent waits no more, whatever becomes of it."""
        entries, self._waiting = self._waiting[:count], self._waiting[count:]
        outcomes = list(write_entries(self._model, entries, WriteOptions(max_workers=1)))
        found = collect(self._model, outcomes) if not self._sent.success else _collected(outcomes)
        self._sent.success.extend(found.success)
        self._sent.failures.extend(found.failures)


def _collected(outcomes: list[Any]) -> BatchResult[Any]:
    known = sorted(outcomes, key=lambda outcome: outcome.index)
    return BatchResult(
        [each.item for each in known if each.error is None],
        [Failure(each.item, each.error) for each in known if each.error is not None],
    )
