"""The verbs for many items, awaited. What each does is prepared in `verbs.bulk_calls`, as for the blocking ones.

`explain` makes no request, so it has no colour: it is `User.save_many.explain(...)` for both.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, Iterable, Mapping
from typing import TYPE_CHECKING, Any, TypeVar

from dynamongo._support.lazy_imports import LazyModule
from dynamongo.aio.model_verbs import AsyncModelVerbs
from dynamongo.expressions.conditions import Condition
from dynamongo.expressions.updates import Updates
from dynamongo.planning.read import OnInvalid
from dynamongo.planning.scan_policy import ScanPolicy
from dynamongo.planning.strategy_types import K
from dynamongo.verbs.instance import Instance

if TYPE_CHECKING:
    from dynamongo.aio import batch as batches
    from dynamongo.aio import result_set, write_stream
    from dynamongo.planning.strategy_types import Items, OneItem
    from dynamongo.verbs import bulk_calls, destinations, item_forms
    from dynamongo.verbs.bulk_writes import AnyIterable, BulkCall
    from dynamongo.verbs.progress import ProgressOption
    from dynamongo.verbs.results import BatchResult, WriteOutcome
else:  # many programs never write several items in one call
    batches = LazyModule("dynamongo.aio.batch")
    bulk_calls = LazyModule("dynamongo.verbs.bulk_calls")
    destinations = LazyModule("dynamongo.verbs.destinations")
    item_forms = LazyModule("dynamongo.verbs.item_forms")
    result_set = LazyModule("dynamongo.aio.result_set")
    write_stream = LazyModule("dynamongo.aio.write_stream")

M = TypeVar("M", bound=Instance)


class AsyncBulkVerbs(AsyncModelVerbs[M, K]):
    """The verbs that write many items, awaited.

    A task that is cancelled sends nothing more, and cancels its requests under way. The `CancelledError` has a
    `partial_result`, which says of each item whether it was written, was not sent, or may have been written. (Catch it
    inside the task: on Python 3.10, whoever awaits the task gets another `CancelledError`.)
    """

    __slots__ = ()

    async def save_many(
        self,
        items: Iterable[M | Mapping[str, Any]],
        overwrite: bool | Condition = True,
        *,
        max_workers: int | None = None,
        max_units_per_second: float | None = None,
        progress: ProgressOption = None,
    ) -> BatchResult[M]:
        """Store several items, as `Model.save_many` does.

        All items are validated before the first is sent, which delays other tasks if they are very many; `save_iter`
        validates them as they are sent.
        """
        options = destinations.WriteOptions(max_workers, progress, max_units_per_second)
        return await write_stream.perform_bulk_async(
            bulk_calls.SaveVerb(self._model).prepare(items, options, overwrite=overwrite)
        )

    async def delete_many(  # noqa: PLR0913 - as in `Model.delete_many`
        self,
        strategy: Items[K, M],
        *,
        scans: ScanPolicy | None = None,
        on_invalid: OnInvalid = "raise",
        max_workers: int | None = None,
        max_units_per_second: float | None = None,
        progress: ProgressOption = None,
    ) -> BatchResult[M]:
        """Delete several items, as `Model.delete_many` does."""
        call = bulk_calls.DeleteVerb(self._model).prepare(
            strategy, scans, destinations.WriteOptions(max_workers, progress, max_units_per_second), on_invalid
        )
        return await self._perform(call)

    async def update_many(  # noqa: PLR0913 - as in `Model.update_many`
        self,
        strategy: Items[K, M],
        updates: Updates,
        *,
        scans: ScanPolicy | None = None,
        on_invalid: OnInvalid = "raise",
        max_workers: int | None = None,
        max_units_per_second: float | None = None,
        progress: ProgressOption = None,
    ) -> BatchResult[M]:
        """Change some attributes of several items, as `Model.update_many` does."""
        call = bulk_calls.UpdateVerb(self._model).prepare(
            strategy, updates, scans, destinations.WriteOptions(max_workers, progress, max_units_per_second), on_invalid
        )
        return await self._perform(call)

    def save_iter(
        self,
        items: AnyIterable[M | Mapping[str, Any]],
        overwrite: bool | Condition = True,
        *,
        max_workers: int | None = None,
        max_units_per_second: float | None = None,
        progress: ProgressOption = None,
    ) -> AsyncGenerator[WriteOutcome[M]]:
        """Store items while iterating, as `Model.save_iter` does; `items` may be an asynchronous iterable.

        A loop that is left by `break` is closed by the event loop, in a task of its own soon afterwards, which cancels
        the requests under way; `async with contextlib.aclosing(...)` does so before the block is left.
        """
        options = destinations.WriteOptions(max_workers, progress, max_units_per_second)
        return write_stream.stream_bulk_async(
            bulk_calls.SaveVerb(self._model).prepare(items, options, overwrite=overwrite)
        )

    def delete_iter(
        self,
        strategies: AnyIterable[OneItem[K, M]],
        *,
        max_workers: int | None = None,
        max_units_per_second: float | None = None,
        progress: ProgressOption = None,
    ) -> AsyncGenerator[WriteOutcome[M]]:
        """Delete items while iterating, as `Model.delete_iter` does, with the differences of `save_iter`."""
        return write_stream.stream_bulk_async(
            bulk_calls.DeleteVerb(self._model).prepare_stream(
                strategies, destinations.WriteOptions(max_workers, progress, max_units_per_second)
            )
        )

    def update_iter(
        self,
        strategies: AnyIterable[OneItem[K, M]],
        updates: Updates,
        *,
        max_workers: int | None = None,
        max_units_per_second: float | None = None,
        progress: ProgressOption = None,
    ) -> AsyncGenerator[WriteOutcome[M]]:
        """Update items while iterating, as `Model.update_iter` does, with the differences of `save_iter`."""
        options = destinations.WriteOptions(max_workers, progress, max_units_per_second)
        return write_stream.stream_bulk_async(
            bulk_calls.UpdateVerb(self._model).prepare_stream(strategies, updates, options)
        )

    def batch(self, *, max_units_per_second: float | None = None) -> batches.AsyncBatch[M, K]:
        """Collect puts and deletes in an `async with` block, as `Model.batch` does in a `with` block."""
        return batches.AsyncBatch(self._model, max_units_per_second)

    async def _perform(self, call: BulkCall[M]) -> BatchResult[M]:
        """Execute a call: its read, if there is one, and then its writes."""
        if call.read is None:
            return await write_stream.perform_bulk_async(call)
        backend = call.destination.backend
        found = result_set.AsyncResultSet(self._model, call.read, item_forms.as_stored, backend=backend)
        return await write_stream.perform_bulk_async(call, *await found.targets())
