"""Lazy reads: `Model.find` returns a `ResultSet`, which reads when it is asked for items, and no more than that."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Generator, Iterator
from typing import TYPE_CHECKING, Any, TypeVar

from dynamongo._support.lazy_imports import LazyModule
from dynamongo.executor import PageLoop, ReadPage
from dynamongo.expressions.updates import Updates
from dynamongo.expressions.values import Item
from dynamongo.model.write_stream import perform_bulk, perform_entries
from dynamongo.planning.plan import Plan
from dynamongo.planning.strategies import Target
from dynamongo.verbs.calls import perform
from dynamongo.verbs.destinations import WriteOptions
from dynamongo.verbs.prepared_read import PreparedRead
from dynamongo.verbs.progress import ProgressOption, report_progress
from dynamongo.verbs.results import BatchResult, ItemsByKind, MigratedPage, Page

if TYPE_CHECKING:
    from dynamongo.aio import result_set
    from dynamongo.aio.result_set import AsyncResultSet
else:  # programs that block need none of this
    result_set = LazyModule("dynamongo.aio.result_set")

T = TypeVar("T")


class ResultSet(PreparedRead[T]):
    """The items of a read that has not been made yet.

    It reads from the backend that was in use when it was made, whichever is in use when items are asked for. Every
    iteration reads again: iterating twice costs twice, and may find other items the second time. Items come as the
    store returns them: those of a query in the order of its range key, those of a batch in the order of the keys, those
    of a scan in no meaningful order.

    `limit` counts the items that are returned, however many a filter leaves out. With `max_pages` or `max_read_units`
    an iteration and `pages` stop early, with a `cursor` to continue at; a method that must return everything raises
    `BudgetExceeded`.
    """

    @property
    def aio(self) -> AsyncResultSet[T]:
        """The same read, not begun, to be awaited: `async for user in found.aio`."""
        return self._convert_to(result_set.AsyncResultSet)

    def __iter__(self) -> Iterator[T]:
        """Read, page by page, as far as the iteration goes."""
        plan = self._begin()
        for page in self._pages(plan):
            yield from self._reach(page, plan)
        self._has_ended = True

    def first(self) -> T | None:
        """Return the first item, or `None` if nothing is found."""
        return next(iter(self._limited(1)), None)

    def one(self) -> T:
        """Return the only item.

        Raises:
            ItemNotFound: Nothing is found.
            MultipleItemsFound: More than one item is found.
        """
        return self._finish_one(self._limited(2).all())  # a second item is one too many

    def all(self) -> list[T]:
        """Return all items.

        Raises:
            BudgetExceeded: There are more than `max_pages` or `max_read_units` allow to read; the error has those
                that were read, and the cursor.
        """
        return self._finish_items(*self._read_all(self.explain()))

    def by_kind(self) -> ItemsByKind[T]:
        """Return all items by their class: `found.by_kind()[Order]` is a list of orders. Raises as `all`."""
        return ItemsByKind(self.all())

    def count(self) -> int:
        """Return the number of items. Costs what reading them costs; none is transferred unless a residual is left.

        Raises:
            BudgetExceeded: It takes more than `max_pages` or `max_read_units`.
        """
        return self._finish_count(*self._read_all(self.explain().counting()))

    def pages(self) -> Generator[Page[T]]:
        """Yield the items page by page, as the store returns them: a page for each request.

        A page may be empty, and others may follow it; the last one has no cursor.
        """
        plan = self.explain()
        for page in self._pages(plan):
            yield self._finish_page(page, plan)

    def page(self) -> Page[T]:
        """Return all items up to the limit and the budget as one page, with the cursor of what comes after them.

        Raises:
            CursorError: Segments are read at the same time, up to a limit.
        """
        return self._join_pages(*self._read_all(self._plan_page()))

    def delete(
        self,
        *,
        max_workers: int | None = None,
        max_units_per_second: float | None = None,
        progress: ProgressOption = None,
    ) -> BatchResult[Any]:
        """Read the items, and delete each if it still satisfies the condition, as `delete_many` does.

        Args:
            max_workers: As in `save_many`.
            max_units_per_second: How many write units to consume per second at most; by default, as many as the read
                may consume.
            progress: As in `save_many`.

        Raises:
            BudgetExceeded: There is more to read than the budget allows; nothing was deleted.
        """
        call = self._delete_call(WriteOptions(max_workers, progress, max_units_per_second))
        return perform_bulk(call, *self.targets())

    def update(
        self,
        *updates: Updates,
        max_workers: int | None = None,
        max_units_per_second: float | None = None,
        progress: ProgressOption = None,
    ) -> BatchResult[Any]:
        """Read the items, and update each if it still satisfies the condition, as `update_many` does.

        Args:
            updates: Updates, or lists of them.
            max_workers: As in `delete`.
            max_units_per_second: As in `delete`.
            progress: As in `delete`.

        Raises:
            BudgetExceeded: There is more to read than the budget allows; nothing was changed.
        """
        call = self._update_call(updates, WriteOptions(max_workers, progress, max_units_per_second))
        return perform_bulk(call, *self.targets())

    def migrate(
        self, change: Callable[[Any], object] | None = None, *, max_workers: int | None = None
    ) -> Generator[MigratedPage[Any]]:
        """Read page by page, and store each item as a new one would be: in the forms of its fields, with defaults.

        An item that is stored like that is not written, so that a migration can be interrupted, and run again. After
        each page, `cursor` says where to continue. Each write is one UpdateItem request for what differs, and checks
        that this is still as it was read; an item that was changed in between is among the failures.

        Args:
            change: Changes an instance first.
            max_workers: As in `save_many`.

        Raises:
            UnreadableItem: An item does not suit the model, and `on_invalid` of the read is `"raise"`; with `"keep"` it
                is among the failures.
            ExpressionError: The read leaves out attributes.
        """
        found: ResultSet[Any] = self._whole_instances(ResultSet)
        for page in found.pages():
            result = perform_entries(*self._find_rewrites(page.items, change, WriteOptions(max_workers)))
            yield MigratedPage(result, page.cursor, page.scanned_count)

    def targets(self) -> tuple[list[Target], list[Any]]:
        """Read the items: their keys, each with what a write of it has to check again, and the instances.

        Raises:
            BudgetExceeded: As in `all`.
        """
        stored: ResultSet[Item] = self._stored_items(ResultSet)
        return self._finish_targets(stored.all(), stored.explain())

    # How it reads.

    def _start(self, plan: Plan) -> PageLoop:
        loop = super()._start(plan)
        if not loop.is_over:
            self._connection.check_blocking(self._backend, self._model.__name__)
        return loop

    def _read_all(self, plan: Plan) -> tuple[PageLoop, list[ReadPage]]:
        """Read to the end; return the loop, which knows whether that is the end of the plan, and its pages."""
        loop = self._start(plan)
        if self._progress or plan.is_parallel:
            return loop, list(self._watch(loop))
        pages: list[ReadPage] = []
        while not loop.is_over:
            pages.append(loop.take(perform(self._page_call(loop), self._backend)))
        return loop, pages

    def _pages(self, plan: Plan) -> Generator[ReadPage]:
        """Read page by page, each when it is asked for."""
        loop = self._start(plan)
        return self._watch(loop) if self._progress else self._walk(loop)

    def _watch(self, loop: PageLoop) -> Generator[ReadPage]:
        """Read page by page, and report progress."""
        # The loop calls `on_page` with the number of items read, which is what the progress advances by.
        with report_progress(self._progress, self._read.table.name) as loop.on_page:
            yield from self._walk(loop)

    def _walk(self, loop: PageLoop) -> Generator[ReadPage]:
        if loop.plan.is_parallel:
            yield from self._walk_segments(loop)
            return
        while not loop.is_over:
            yield loop.take(perform(self._page_call(loop), self._backend))

    def _walk_segments(self, loop: PageLoop) -> Generator[ReadPage]:
        """Read the segments of a scan at the same time, each in a thread."""
        from dynamongo._support.threads import merge  # noqa: PLC0415 - most reads are not parallel

        segments = loop.split()
        # An iteration that is left early must leave no thread behind.
        with contextlib.closing(
            merge(map(self._fetch_all, segments), self._find_workers(segments), loop.stop)
        ) as fetched:
            for page in fetched:
                yield loop.take(page)
                if loop.is_over:
                    return

    def _fetch_all(self, segment: PageLoop) -> Iterator[ReadPage]:
        call = self._call(segment.fetch)
        while segment.position is not None:
            yield perform(call, self._backend)
