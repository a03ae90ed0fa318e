"""The verbs for many items, awaited. What each does is prepared in `verbs.bulk_calls`, as for the blocking ones.

`explain` makes no request, so it has no colour: it is `User.save_many.explain(...)` for both.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, Iterable, Mapping
from typing import Any, TypeVar

from dynamongo.aio.batch import AsyncBatch
from dynamongo.aio.model_verbs import AsyncModelVerbs
from dynamongo.aio.result_set import AsyncResultSet
from dynamongo.aio.write_stream import perform_bulk_async, stream_bulk_async
from dynamongo.expressions.conditions import Condition
from dynamongo.expressions.updates import Updates
from dynamongo.planning.scan_policy import ScanPolicy
from dynamongo.planning.strategies import Strategy
from dynamongo.verbs.bulk_calls import DeleteVerb, SaveVerb, UpdateVerb
from dynamongo.verbs.bulk_writes import AnyIterable, BulkCall, WriteOptions
from dynamongo.verbs.instance import Instance
from dynamongo.verbs.prepared_read import instances_of
from dynamongo.verbs.progress import ProgressOption
from dynamongo.verbs.results import BatchResult, WriteOutcome

M = TypeVar("M", bound=Instance)


class AsyncBulkVerbs(AsyncModelVerbs[M]):
    """The verbs that write many items, awaited.

    A task that is cancelled sends nothing more, and cancels its requests under way, each in a task of its own. The
    `CancelledError` has a `partial_result`, which tells what was written, what was not sent, and of what nobody knows.
    """

    __slots__ = ()

    async def save_many(
        self,
        items: Iterable[M | Mapping[str, Any]],
        overwrite: bool | Condition = True,
        *,
        max_workers: int | None = None,
        progress: ProgressOption = None,
    ) -> BatchResult[M]:
        """Store several items, as `Model.save_many` does."""
        options = WriteOptions(max_workers, progress)
        return await perform_bulk_async(SaveVerb(self._model).prepare(items, options, overwrite=overwrite))

    async def delete_many(
        self,
        strategy: Strategy,
        *,
        scans: ScanPolicy | None = None,
        max_workers: int | None = None,
        progress: ProgressOption = None,
    ) -> BatchResult[M]:
        """Delete several items, as `Model.delete_many` does."""
        call = DeleteVerb(self._model).prepare(strategy, scans, WriteOptions(max_workers, progress))
        return await self._perform(call)

    async def update_many(
        self,
        strategy: Strategy,
        updates: Updates,
        *,
        scans: ScanPolicy | None = None,
        max_workers: int | None = None,
        progress: ProgressOption = None,
    ) -> BatchResult[M]:
        """Change some attributes of several items, as `Model.update_many` does."""
        call = UpdateVerb(self._model).prepare(strategy, updates, scans, WriteOptions(max_workers, progress))
        return await self._perform(call)

    def save_iter(
        self,
        items: AnyIterable[M | Mapping[str, Any]],
        overwrite: bool | Condition = True,
        *,
        max_workers: int | None = None,
        progress: ProgressOption = None,
    ) -> AsyncGenerator[WriteOutcome[M]]:
        """Store items while iterating, as `Model.save_iter` does; `items` may be an asynchronous iterable.

        A loop that is left by `break` is closed by the event loop, in a task of its own soon afterwards, which cancels
        the requests under way; `async with contextlib.aclosing(...)` does so before the block is left.
        """
        options = WriteOptions(max_workers, progress)
        return stream_bulk_async(SaveVerb(self._model).prepare(items, options, overwrite=overwrite))

    def delete_iter(
        self, strategies: AnyIterable[Strategy], *, max_workers: int | None = None, progress: ProgressOption = None
    ) -> AsyncGenerator[WriteOutcome[M]]:
        """Delete items while iterating, as `Model.delete_iter` does, with the differences of `save_iter`."""
        return stream_bulk_async(
            DeleteVerb(self._model).prepare_stream(strategies, WriteOptions(max_workers, progress))
        )

    def update_iter(
        self,
        strategies: AnyIterable[Strategy],
        updates: Updates,
        *,
        max_workers: int | None = None,
        progress: ProgressOption = None,
    ) -> AsyncGenerator[WriteOutcome[M]]:
        """Update items while iterating, as `Model.update_iter` does, with the differences of `save_iter`."""
        options = WriteOptions(max_workers, progress)
        return stream_bulk_async(UpdateVerb(self._model).prepare_stream(strategies, updates, options))

    def batch(self) -> AsyncBatch[M]:
        """Collect puts and deletes in an `async with` block, and send them whenever they fill a request."""
        return AsyncBatch(self._model)

    async def _perform(self, call: BulkCall[M]) -> BatchResult[M]:
        """Execute a call: its read, if there is one, and then its writes."""
        if call.read is None:
            return await perform_bulk_async(call)
        decode, backend = instances_of(call.destination.mapper), call.destination.backend
        found = AsyncResultSet(self._model, call.read, decode, backend=backend)
        return await perform_bulk_async(call, *await found.targets())
