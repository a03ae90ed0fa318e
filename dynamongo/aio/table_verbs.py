"""The verbs about a model's table, awaited."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import aclosing
from typing import TYPE_CHECKING, Any, TypeVar

from dynamongo._support.lazy_imports import LazyModule
from dynamongo.aio.model_verbs import AsyncModelVerbs
from dynamongo.operations import TableDescription
from dynamongo.planning.strategy_types import K
from dynamongo.verbs.calls import perform_async
from dynamongo.verbs.instance import Instance

if TYPE_CHECKING:
    from dynamongo.aio import result_set
    from dynamongo.executor import schema_diff
    from dynamongo.verbs import table_calls, unique_checks
    from dynamongo.verbs.progress import ProgressOption
    from dynamongo.verbs.results import CheckedPage
else:  # in production, most programs find their tables made, and as they should be
    result_set = LazyModule("dynamongo.aio.result_set")
    unique_checks = LazyModule("dynamongo.verbs.unique_checks")
    schema_diff = LazyModule("dynamongo.executor.schema_diff")
    table_calls = LazyModule("dynamongo.verbs.table_calls")

M = TypeVar("M", bound=Instance)


class AsyncTableVerbs(AsyncModelVerbs[M, K]):
    """The verbs about a model's table, awaited."""

    __slots__ = ()

    async def create_table(self, *, wait: bool = True, progress: ProgressOption = None) -> None:
        """Create the table with its indexes, tags, stream and settings, as `Model.create_table` does."""
        await perform_async(table_calls.create_call(self._model, wait=wait, progress=progress))

    async def delete_table(self, *, wait: bool = True, progress: ProgressOption = None) -> None:
        """Delete the table with all its items, as `Model.delete_table` does."""
        await perform_async(table_calls.delete_call(self._model, wait=wait, progress=progress))

    async def table_exists(self) -> bool:
        """Return whether the table exists, as `Model.table_exists` does."""
        return await perform_async(table_calls.exists_call(self._model))

    async def describe(self) -> TableDescription:
        """Return the schema, status, number of items and settings of the live table, as `Model.describe` does."""
        return await perform_async(table_calls.describe_call(self._model))

    async def compare_table(self, *, undeclared: bool = False) -> tuple[schema_diff.Difference, ...]:
        """Return how the live table differs from the model, as `Model.compare_table` does."""
        return await perform_async(table_calls.compare_call(self._model, undeclared=undeclared))

    async def update_table(
        self, *, drop_indexes: bool = False, wait: bool = True, progress: ProgressOption = None
    ) -> tuple[schema_diff.Difference, ...]:
        """Change the live table to match the model, as `Model.update_table` does."""
        call = table_calls.update_call(self._model, drop_indexes=drop_indexes, wait=wait, progress=progress)
        return await perform_async(call)

    async def check_unique(
        self,
        *,
        repair: bool = False,
        cursor: str | None = None,
        page_size: int | None = None,
        max_units_per_second: float | None = None,
        progress: ProgressOption = None,
    ) -> AsyncGenerator[CheckedPage]:
        """Compare unique values with their guards, page by page, as `Model.check_unique` does."""
        found, make_call = unique_checks.prepare_check(
            result_set.AsyncResultSet[Any],
            self._model,
            repair=repair,
            cursor=cursor,
            page_size=page_size,
            max_units_per_second=max_units_per_second,
            progress=progress,
        )
        async with aclosing(found.pages()) as pages:
            async for page in pages:
                call = make_call(page)
                yield await perform_async(call, call.backend)
