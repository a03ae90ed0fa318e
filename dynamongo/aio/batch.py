"""`Model.aio.batch`: puts and deletes in a block, sent as they fill requests, awaited."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine, Mapping
from types import TracebackType
from typing import TYPE_CHECKING, Any, TypeVar

from dynamongo.aio.write_stream import gather_async
from dynamongo.planning.strategy_types import K
from dynamongo.verbs.batch_queue import BatchQueue
from dynamongo.verbs.instance import Instance

if TYPE_CHECKING:
    from typing_extensions import Self

    from dynamongo.planning.strategy_types import OneItem

M = TypeVar("M", bound=Instance)


class AsyncBatch(BatchQueue[M, K]):
    """Puts and deletes of one model, in an `async with` block; all that `Batch` says holds here as well.

    `save` and `delete` check a write and take it when they are called, and send when they are awaited, if a request is
    full. So a write is not lost where `await` was forgotten (Python warns about that): it is sent with those that come
    after it, or at the end of the block. Several tasks may write into one batch, if they end inside the block.

    >>> import asyncio
    >>> from dynamongo import Connection, Model, StringField
    >>> from dynamongo.backends.memory import MemoryBackend
    >>> class Note(Model):
    ...     __table__ = "notes"
    ...     __hash_key__ = "title"
    ...     title = StringField()
    >>> async def write() -> int:
    ...     async with Note.aio.batch() as batch:
    ...         await batch.save({"title": "a"})
    ...         await batch.save(Note(title="b"))
    ...         await batch.delete("c")
    ...     return batch.result.success_count
    >>> with Connection.using(MemoryBackend()):
    ...     Note.create_table()
    ...     asyncio.run(write())
    3
    """

    _keyword = "async with"

    def __init__(self, model: type[M], max_units_per_second: float | None = None) -> None:
        super().__init__(model, max_units_per_second)
        self._lock = asyncio.Lock()  # two tasks must not send the same writes

    def save(self, item: M | Mapping[str, Any]) -> Coroutine[Any, Any, None]:
        """Store an item, as `Batch.save` does."""
        self._add_put(item)
        return self._send_full()

    def delete(self, strategy: OneItem[K, M]) -> Coroutine[Any, Any, None]:
        """Delete an item, as `Batch.delete` does."""
        self._add_delete(strategy)
        return self._send_full()

    async def __aenter__(self) -> Self:
        self._is_open = True
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._is_open = False
        if error is None:
            async with self._lock:
                if self._waiting and self._stop is None:
                    await self._send(len(self._waiting))
            self._sent.raise_if_failed()

    async def _send_full(self) -> None:
        async with self._lock:
            self._check_stop()  # which another task may have met
            if self._is_full and self._is_open:  # or the end of the block sends what is left
                await self._send(self._request_size)

    async def _send(self, count: int) -> None:
        """Execute the first writes, without blocking the event loop."""
        with self._sending(count) as (entries, outcomes):
            await gather_async(self._destination, entries, self._options, outcomes)
