"""Lazy reads, awaited: `User.aio.find` returns an `AsyncResultSet`, which reads when it is asked for items."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Callable
from contextlib import aclosing
from typing import Any, TypeVar

from dynamongo.aio.tasks import merge_tasks
from dynamongo.aio.write_stream import perform_bulk_async, perform_entries_async
from dynamongo.executor import PageLoop, ReadPage
from dynamongo.expressions.updates import Updates
from dynamongo.expressions.values import Item
from dynamongo.planning.plan import Plan
from dynamongo.planning.strategies import Target
from dynamongo.verbs.calls import perform_async
from dynamongo.verbs.destinations import WriteOptions
from dynamongo.verbs.prepared_read import PreparedRead
from dynamongo.verbs.progress import ProgressOption, report_progress
from dynamongo.verbs.results import BatchResult, ItemsByKind, MigratedPage, Page

T = TypeVar("T")


class AsyncResultSet(PreparedRead[T]):
    """The items of a read that has not been made yet, awaited; all that `ResultSet` says holds here as well.

    An iteration that is left by `break` is closed by the event loop, in a task of its own soon afterwards. Only a read
    in segments has requests under way then; `async with contextlib.aclosing(aiter(found))` ends them before the block
    is left.
    """

    async def __aiter__(self) -> AsyncGenerator[T]:
        """Read, page by page, as far as the iteration goes."""
        plan = self._begin()
        async with aclosing(self._pages(plan)) as pages:
            async for page in pages:
                for item in self._reach(page, plan):
                    yield item
        self._has_ended = True

    async def first(self) -> T | None:
        """Return the first item, or `None` if nothing is found."""
        async with aclosing(aiter(self._limited(1))) as items:
            return await anext(items, None)

    async def one(self) -> T:
        """Return the only item, as `ResultSet.one` does."""
        return self._finish_one(await self._limited(2).all())  # a second item is one too many

    async def all(self) -> list[T]:
        """Return all items, as `ResultSet.all` does."""
        return self._finish_items(*await self._read_all(self.explain()))

    async def by_kind(self) -> ItemsByKind[T]:
        """Return all items by their class, as `ResultSet.by_kind` does."""
        return ItemsByKind(await self.all())

    async def count(self) -> int:
        """Return the number of items, as `ResultSet.count` does."""
        return self._finish_count(*await self._read_all(self.explain().counting()))

    async def pages(self) -> AsyncGenerator[Page[T]]:
        """Yield the items page by page, as `ResultSet.pages` does."""
        plan = self.explain()
        async with aclosing(self._pages(plan)) as pages:
            async for page in pages:
                yield self._finish_page(page, plan)

    async def page(self) -> Page[T]:
        """Return all items up to the limit and the budget as one page, as `ResultSet.page` does."""
        return self._join_pages(*await self._read_all(self._plan_page()))

    async def delete(
        self,
        *,
        max_workers: int | None = None,
        max_units_per_second: float | None = None,
        progress: ProgressOption = None,
    ) -> BatchResult[Any]:
        """Read the items, and delete each if it still satisfies the condition, as `ResultSet.delete` does."""
        call = self._delete_call(WriteOptions(max_workers, progress, max_units_per_second))
        return await perform_bulk_async(call, *await self.targets())

    async def update(
        self,
        *updates: Updates,
        max_workers: int | None = None,
        max_units_per_second: float | None = None,
        progress: ProgressOption = None,
    ) -> BatchResult[Any]:
        """Read the items, and update each if it still satisfies the condition, as `ResultSet.update` does."""
        call = self._update_call(updates, WriteOptions(max_workers, progress, max_units_per_second))
        return await perform_bulk_async(call, *await self.targets())

    async def migrate(
        self, change: Callable[[Any], object] | None = None, *, max_workers: int | None = None
    ) -> AsyncGenerator[MigratedPage[Any]]:
        """Read page by page, and store each item as its fields store it, as `ResultSet.migrate` does."""
        found: AsyncResultSet[Any] = self._whole_instances(AsyncResultSet)
        async with aclosing(found.pages()) as pages:
            async for page in pages:
                rewrites = self._find_rewrites(page.items, change, WriteOptions(max_workers))
                yield MigratedPage(await perform_entries_async(*rewrites), page.cursor, page.scanned_count)

    async def targets(self) -> tuple[list[Target], list[Any]]:
        """Read the items: what a write of each has to check again, and the instances, as `ResultSet.targets` does."""
        stored: AsyncResultSet[Item] = self._stored_items(AsyncResultSet)
        return self._finish_targets(await stored.all(), stored.explain())

    # How it reads. A generator inside another is closed with it, whichever of them an error or a `break` ends.

    async def _read_all(self, plan: Plan) -> tuple[PageLoop, list[ReadPage]]:
        """Read to the end; return the loop, which knows whether that is the end of the plan, and its pages."""
        loop = self._start(plan)
        if self._progress or plan.is_parallel:
            return loop, [page async for page in self._watch(loop)]
        pages: list[ReadPage] = []
        while not loop.is_over:
            pages.append(loop.take(await perform_async(self._page_call(loop), self._backend)))
        return loop, pages

    def _pages(self, plan: Plan) -> AsyncGenerator[ReadPage]:
        """Read page by page, each when it is asked for."""
        loop = self._start(plan)
        return self._watch(loop) if self._progress else self._walk(loop)

    async def _watch(self, loop: PageLoop) -> AsyncGenerator[ReadPage]:
        """Read page by page, and report progress."""
        with report_progress(self._progress, self._read.table.name) as loop.on_page:
            async with aclosing(self._walk(loop)) as pages:
                async for page in pages:
                    yield page

    async def _walk(self, loop: PageLoop) -> AsyncGenerator[ReadPage]:
        if loop.plan.is_parallel:
            segments = loop.split()
            async with aclosing(merge_tasks(map(self._fetch_all, segments), self._find_workers(segments))) as fetched:
                async for page in fetched:
                    yield loop.take(page)
                    if loop.is_over:
                        return
            return
        while not loop.is_over:
            yield loop.take(await perform_async(self._page_call(loop), self._backend))

    async def _fetch_all(self, segment: PageLoop) -> AsyncGenerator[ReadPage]:
        call = self._call(segment.fetch)
        while segment.position is not None:
            yield await perform_async(call, self._backend)
