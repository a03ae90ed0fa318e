"""Lazy reads: `Model.find` gives a `ResultSet`, which reads when it is asked for items, and no more than that."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Generator, Iterable, Iterator
from operator import length_hint
from typing import Any, Generic, NoReturn, TypeVar

from dynamongo._support.dataclasses import replace
from dynamongo.backends import Backend
from dynamongo.connection.connection import connection_of
from dynamongo.exceptions import BudgetExceeded, CursorError, ItemNotFound, MultipleItemsFound
from dynamongo.executor import (
    START,
    Executor,
    PageLoop,
    ReadPage,
    ReadPosition,
    Steps,
    items_of,
    position_after,
    sort_items,
)
from dynamongo.executor.cursors import CursorRules, decode_cursor, encode_cursor, fingerprint_of
from dynamongo.expressions.updates import AnyUpdate
from dynamongo.expressions.values import Item
from dynamongo.mapping.mapper import Mapper
from dynamongo.model.bulk_writes import (
    Entry,
    WriteOptions,
    collect,
    delete_entries,
    targets_of,
    update_entries,
    write_entries,
)
from dynamongo.model.calls import Call, perform
from dynamongo.model.instance import Instance
from dynamongo.model.progress import ProgressOption, report_progress
from dynamongo.model.results import BatchResult, Page
from dynamongo.operations import Capacity
from dynamongo.planning.plan import Plan
from dynamongo.planning.planner import plan_for
from dynamongo.planning.read import Read
from dynamongo.planning.scan_policy import apply_policy
from dynamongo.planning.strategies import Target
from dynamongo.planning.write_builders import check_changes

R = TypeVar("R")
T = TypeVar("T")
M = TypeVar("M", bound=Instance)


class ResultSet(Generic[T]):
    """The items of a read that has not been made yet.

    It reads from the backend that was in use when it was made, whatever is in use when items are asked for. Every
    iteration makes the read anew: iterating twice costs twice, and may give other items the second time. Items come as
    the store gives them: those of a query in the order of its range key, those of a batch in the order of the keys,
    those of a scan in no order that means anything.

    `limit` counts the items that are returned, whatever a filter leaves out. With `max_pages` or `max_read_units` an
    iteration and `pages` stop early, with `cursor` to go on at; what must give everything raises `BudgetExceeded`.
    """

    def __init__(
        self,
        model: type[Instance],
        read: Read,
        backend: Backend,
        decode: Callable[[list[Item], Plan], list[T]],
        progress: ProgressOption = None,
    ) -> None:
        self._model = model
        self._read = read
        self._backend = backend
        self._decode = decode
        self._progress = progress
        self._plan: Plan | None = None
        self._fingerprint: str | None = None
        self._reached: tuple[ReadPage, Iterator[T]] | None = None  # the last page, and its items not yet yielded
        self._has_ended = False  # whether the last iteration reached its end

    def __copy__(self) -> ResultSet[T]:
        """Return the same read, not begun."""
        return self._with(self._read)

    def __deepcopy__(self, memo: dict[int, Any]) -> ResultSet[T]:
        return self.__copy__()

    def __reduce__(self) -> NoReturn:
        raise TypeError(
            "a ResultSet cannot be pickled: it reads on a connection; pass its items (`.all()`), or its `.cursor` and "
            "the arguments of `find`, which goes on at `cursor=`"
        )

    def __repr__(self) -> str:
        return f"<ResultSet of {self._model.__name__}, which is read when it is iterated over>"

    def __iter__(self) -> Iterator[T]:
        """Read, page by page, as far as the iteration goes."""
        plan = self.explain()
        self._reached, self._has_ended = None, False
        for page in self._pages(plan):
            items = iter(self._decode(page.items, plan))
            self._reached = page, items
            yield from items
        self._has_ended = True

    @property
    def cursor(self) -> str | None:
        """Where the last iteration goes on: after the last item that it gave; `None` at the end of the read.

        Raises:
            CursorError: Segments are read at the same time, and the iteration was left before their end.
        """
        plan = self.explain()
        if self._reached is None:
            return None if self._has_ended else self._read.cursor
        if plan.is_parallel:
            return None if self._has_ended and plan.limit is None else self._refuse_cursor()
        page, left = self._reached
        return self._encode(position_after(plan, page, len(page.items) - length_hint(left)))

    def first(self) -> T | None:
        """The first item, or `None` if there is none."""
        return next(iter(self._limited(1)), None)

    def one(self) -> T:
        """The only item.

        Raises:
            ItemNotFound: There is none.
            MultipleItemsFound: There are several.
        """
        found = self._limited(2).all()
        name = self._model.__name__
        if not found:
            raise ItemNotFound(f"{name}: no item is found by this read:\n{self.explain()}")
        if len(found) > 1:
            raise MultipleItemsFound(f"{name}: more than one item is found by this read:\n{self.explain()}")
        return found[0]

    def all(self) -> list[T]:
        """Return all items.

        Raises:
            BudgetExceeded: There are more than `max_pages` or `max_read_units` allow to read; the error has those
                that were read, and the cursor.
        """
        plan = self.explain()
        loop, pages = self._read_all(plan)
        items = self._decode(sort_items(plan, items_of(pages)), plan)
        if loop.is_incomplete:
            self._refuse_part(loop, items)
        return items

    def count(self) -> int:
        """Return the number of items. Costs what reading them costs; none is transferred unless a residual is left.

        Raises:
            BudgetExceeded: It takes more than `max_pages` or `max_read_units`.
        """
        loop, pages = self._read_all(self.explain().counting())
        if loop.is_incomplete:
            self._refuse_part(loop, [])
        return sum(page.count for page in pages)

    def pages(self) -> Generator[Page[T]]:
        """Yield the items page by page, as the store gives them: a page for each request.

        A page may be empty, and is not the last for that; the last one has no cursor.
        """
        plan = self.explain()
        for page in self._pages(plan):
            items = self._decode(page.items, plan)
            yield Page(items, self._encode(page.next), page.count, page.scanned_count, page.consumed)

    def page(self) -> Page[T]:
        """Return all items up to the limit and the budget as one page, with the cursor of what comes after them.

        Raises:
            CursorError: Segments are read at the same time, up to a limit.
        """
        plan = self.explain()
        if plan.limit is not None and plan.is_parallel:
            self._refuse_cursor()
        loop, pages = self._read_all(plan)
        items = self._decode(items_of(pages), plan)
        scanned = sum(page.scanned_count for page in pages)
        consumed = sum((page.consumed for page in pages), Capacity())
        return Page(items, self._encode(loop.position), len(items), scanned, consumed)

    def explain(self) -> Plan:
        """Return the plan of the read. Makes no request; print it to read it."""
        if self._plan is None:
            self._plan = plan_for(self._model.__mapper__, self._read, self._backend.limits.batch_get)
        return self._plan

    def delete(self, *, max_workers: int | None = None, progress: ProgressOption = None) -> BatchResult[Any]:
        """Read the items, and delete each if it still satisfies the condition, as `delete_many` does.

        Raises:
            BudgetExceeded: There is more to read than the budget allows; nothing was deleted.
        """
        entries = list(delete_entries(self._model, *self.targets()))
        return self._write(entries, WriteOptions(max_workers, progress, len(entries)))

    def update(
        self,
        *updates: AnyUpdate | Iterable[AnyUpdate],
        max_workers: int | None = None,
        progress: ProgressOption = None,
    ) -> BatchResult[Any]:
        """Read the items, and update each if it still satisfies the condition, as `update_many` does.

        Raises:
            BudgetExceeded: There is more to read than the budget allows; nothing was changed.
        """
        model = self._model
        changes = check_changes(model.__mapper__, updates)
        targets, found = self.targets()
        entries = list(update_entries(model, targets, changes, found))
        return self._write(entries, WriteOptions(max_workers, progress, len(entries)))

    def targets(self) -> tuple[list[Target], list[Any]]:
        """Read the items: their keys, each with what a write of it has to check again, and the instances.

        Raises:
            BudgetExceeded: As in `all`.
        """
        read = self._read
        stored = ResultSet(self._model, replace(read, projection=()), self._backend, _as_stored)
        plan, items = stored.explain(), stored.all()
        return targets_of(self._model, read.source, items), self._model.__mapper__.decode_read(items, plan.loaded)

    # How it reads and writes.

    def _write(self, entries: list[Entry[Any]], options: WriteOptions) -> BatchResult[Any]:
        """Carry out the writes where the items were read."""
        model = self._model
        return collect(model, write_entries(model, entries, options, self._backend, self._read.table.name))

    def _with(self, read: Read) -> ResultSet[T]:
        return ResultSet(self._model, read, self._backend, self._decode, self._progress)

    def _limited(self, most: int) -> ResultSet[T]:
        limit = self._read.limit
        return self._with(replace(self._read, limit=most if limit is None else min(limit, most)))

    def _encode(self, position: ReadPosition | None) -> str | None:
        return None if position is None else encode_cursor(self._fingerprinted(), position, self._cursor_rules)

    def _fingerprinted(self) -> str:
        if self._fingerprint is None:
            self._fingerprint = fingerprint_of(self.explain())
        return self._fingerprint

    @property
    def _cursor_rules(self) -> CursorRules:
        return connection_of(self._model).cursor_rules

    def _refuse_cursor(self) -> NoReturn:
        raise CursorError(
            f"{self._model.__name__}: segments are read at the same time, so there is no one place to go on"
            " from: leave out segments to have a cursor"
        )

    def _refuse_part(self, loop: PageLoop, items: list[T]) -> NoReturn:
        """Raise for a read that its budget stopped: what it found is not all."""
        raise BudgetExceeded(
            f"{self._model.__name__}: there is more to read after {loop.pages} pages and {loop.read_units:g} read"
            " units, which is what max_pages and max_read_units allow; go on with cursor=, or raise them",
            items=items,
            cursor=None if loop.plan.is_parallel else self._encode(loop.position),
        )

    def _start(self, plan: Plan) -> PageLoop:
        """Return the loop over the pages of the plan, if the scan policy lets it pass."""
        read, model = self._read, self._model
        if plan.scan is not None:
            apply_policy(plan, read.scans or model.__scans__ or connection_of(model).scans, model.__name__)
        start = START
        if read.cursor is not None:
            start = decode_cursor(plan, self._fingerprinted(), read.cursor, self._cursor_rules)
        return PageLoop(plan, start, read.max_pages, read.max_read_units)

    def _run(self, make_steps: Callable[[Executor], Steps[R]]) -> R:
        model = self._model
        call: Call[R] = Call(model.__mapper__, self._read.table.name, steps=make_steps)
        return perform(call, self._backend)

    def _read_all(self, plan: Plan) -> tuple[PageLoop, list[ReadPage]]:
        """Read to the end; return the loop, which knows whether that is the end of the plan, and its pages."""
        loop = self._start(plan)
        is_plain = not self._progress and not plan.is_parallel
        return loop, self._run(loop.read_all) if is_plain else list(self._watch(loop))

    def _pages(self, plan: Plan) -> Generator[ReadPage]:
        """Read page by page, each when it is asked for."""
        loop = self._start(plan)
        return self._watch(loop) if self._progress else self._walk(loop)

    def _watch(self, loop: PageLoop) -> Generator[ReadPage]:
        """Read page by page, and report progress."""
        with report_progress(self._progress, self._read.table.name) as loop.on_page:
            yield from self._walk(loop)

    def _walk(self, loop: PageLoop) -> Generator[ReadPage]:
        if loop.plan.is_parallel:
            yield from self._walk_segments(loop)
            return
        while (page := self._run(loop.next_page)) is not None:
            yield page

    def _walk_segments(self, loop: PageLoop) -> Generator[ReadPage]:
        """Read the segments of a scan at the same time, each in a thread."""
        from dynamongo._support.threads import merge  # noqa: PLC0415 - most reads are not parallel

        segments = loop.divide()
        workers = min(len(segments), self._backend.limits.concurrency)
        with contextlib.closing(merge(map(self._fetch_all, segments), workers)) as fetched:  # leaves no thread behind
            for page in fetched:
                yield loop.take(page)
                if loop.is_over:
                    return

    def _fetch_all(self, segment: PageLoop) -> Iterator[ReadPage]:
        while segment.position is not None:
            yield self._run(segment.fetch)


def instances_of(mapper: Mapper[M]) -> Callable[[list[Item], Plan], list[M]]:
    """Return what makes instances of items that were read with a plan."""
    return lambda items, plan: mapper.decode_read(items, plan.loaded)


def dicts_of(mapper: Mapper[M]) -> Callable[[list[Item], Plan], list[dict[str, Any]]]:
    """Return what makes dicts of Python values, of what was asked for and nothing else that the read needed."""
    return lambda items, plan: [found.to_dict() for found in mapper.decode_read(items, plan.projection or plan.loaded)]


def _as_stored(items: list[Item], _: Plan) -> list[Item]:
    return items
