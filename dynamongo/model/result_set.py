"""Lazy reads: `Model.find` gives a `ResultSet`, which reads when it is asked for items, and no more than that."""

# These classes are the inside of a model, and use what it keeps to itself.
# ruff: noqa: SLF001
# pyright: reportPrivateUsage=false

from __future__ import annotations

import contextlib
import itertools
from collections.abc import Callable, Generator, Iterable, Iterator
from operator import length_hint
from typing import Any, Generic, NoReturn, TypeVar

from dynamongo._support.dataclasses import dataclass, replace
from dynamongo.backends import Backend
from dynamongo.connection.connection import Connection
from dynamongo.exceptions import BudgetExceeded, CursorError, ExpressionError, ItemNotFound, MultipleItemsFound
from dynamongo.executor import START, Executor, Position, ReadPage, Steps, position_after, sort_items
from dynamongo.executor.cursors import CursorRules, decode_cursor, encode_cursor, fingerprint_of
from dynamongo.expressions.updates import AnyUpdate
from dynamongo.expressions.values import Item
from dynamongo.model.bulk_writes import (
    Entry,
    WriteOptions,
    collect,
    delete_entries,
    targets_of,
    update_entries,
    write_entries,
)
from dynamongo.model.progress import ProgressOption, report_progress
from dynamongo.model.results import BatchResult, Page
from dynamongo.model.table import Table
from dynamongo.model.write_builders import check_changes
from dynamongo.operations import Capacity
from dynamongo.planning.plan import Plan
from dynamongo.planning.planner import ReadOptions, plan_read
from dynamongo.planning.scan_policy import ScanPolicy, apply_policy
from dynamongo.planning.strategies import Source, Target
from dynamongo.schema import TableSchema

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Search(Generic[T]):
    """What a result set looks for, and how.

    Attributes:
        model: The model whose items are read.
        connection: The connection of the model.
        backend: The backend that was in use when the search was made; all of it is read from there.
        table: The table's schema, under its full name of that moment.
        source: Which items.
        options: What the planner has to know beside.
        decode: Makes of items, of a read with this plan, what the user gets.
        scans: The scan policy of the call, if it has one.
        cursor: Where to begin.
        max_pages: After how many pages to stop.
        max_read_units: After how many read units to stop.
        progress: Who is told how many items were read, those that a filter left out included.
    """

    model: type[Table]
    connection: Connection
    backend: Backend
    table: TableSchema
    source: Source
    options: ReadOptions
    decode: Callable[[list[Item], Plan], list[T]]
    scans: ScanPolicy | None = None
    cursor: str | None = None
    max_pages: int | None = None
    max_read_units: float | None = None
    progress: ProgressOption = None


class ResultSet(Generic[T]):
    """The items of a read that has not been made yet.

    It reads from the backend that was in use when it was made, whatever is in use when items are asked for. Every
    iteration makes the read anew: iterating twice costs twice, and may give other items the second time. Items come as
    the store gives them: those of a query in the order of its range key, those of a batch in the order of the keys,
    those of a scan in no order that means anything.

    `limit` counts the items that are returned, whatever a filter leaves out. With `max_pages` or `max_read_units` an
    iteration and `pages` stop early, with `cursor` to go on at; what must give everything raises `BudgetExceeded`.
    """

    def __init__(self, search: Search[T]) -> None:
        self._search = search
        self._plan: Plan | None = None
        self._fingerprint: str | None = None
        self._reached: tuple[ReadPage, Iterator[T]] | None = None  # the last page, and what was not given of it
        self._has_ended = False  # whether the last iteration came to its end

    def __copy__(self) -> ResultSet[T]:
        """The same read, not begun."""
        return type(self)(self._search)

    def __deepcopy__(self, memo: dict[int, Any]) -> ResultSet[T]:
        return self.__copy__()

    def __reduce__(self) -> NoReturn:
        raise TypeError(
            "a ResultSet cannot be pickled: it reads on a connection; pass its items (`.all()`), or its `.cursor` and "
            "the arguments of `find`, which goes on at `cursor=`"
        )

    def __repr__(self) -> str:
        return f"<ResultSet of {self._search.model.__name__}, which is read when it is iterated over>"

    def __iter__(self) -> Iterator[T]:
        """Read, page by page, as far as the iteration goes."""
        plan = self.explain()
        self._reached, self._has_ended = None, False
        for page in self._read(plan):
            items = iter(self._search.decode(page.items, plan))
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
            return None if self._has_ended else self._search.cursor
        if self._is_parallel(plan):
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
        name = self._search.model.__name__
        if not found:
            raise ItemNotFound(f"{name}: no item is found by this read:\n{self.explain()}")
        if len(found) > 1:
            raise MultipleItemsFound(f"{name}: more than one item is found by this read:\n{self.explain()}")
        return found[0]

    def all(self) -> list[T]:
        """All items.

        Raises:
            BudgetExceeded: There are more than `max_pages` or `max_read_units` allow to read; the error has those
                that were read, and the cursor.
        """
        plan = self.explain()
        pages = list(self._read(plan))
        items = self._search.decode(sort_items(plan, _items_of(pages)), plan)
        self._check_complete(plan, pages, items)
        return items

    def count(self) -> int:
        """How many items there are. Costs what reading them costs, but none is transferred, unless a residual is left.

        Raises:
            BudgetExceeded: It takes more than `max_pages` or `max_read_units`.
        """
        plan = self.explain().counting()
        pages = list(self._read(plan))
        found = sum(page.count for page in pages)
        self._check_complete(plan, pages, [])
        return found if plan.limit is None else min(found, plan.limit)

    def pages(self) -> Generator[Page[T]]:
        """The items page by page, as the store gives them: a page for each request.

        A page may be empty, and is not the last for that; the last one has no cursor.
        """
        plan = self.explain()
        for page in self._read(plan):
            items = self._search.decode(page.items, plan)
            yield Page(items, self._encode(page.next), page.count, page.scanned_count, page.consumed)

    def page(self) -> Page[T]:
        """All items up to the limit and the budget as one page, with the cursor of what comes after them.

        Raises:
            CursorError: Segments are read at the same time, up to a limit.
        """
        plan = self.explain()
        if plan.limit is not None and self._is_parallel(plan):
            self._refuse_cursor()
        pages = list(self._read(plan))
        items = self._search.decode(_items_of(pages), plan)
        cursor = self._encode(pages[-1].next) if pages else None
        scanned = sum(page.scanned_count for page in pages)
        return Page(items, cursor, len(items), scanned, sum((page.consumed for page in pages), Capacity()))

    def explain(self) -> Plan:
        """How the read would be served. Makes no request; print it to read it."""
        if self._plan is None:
            search = self._search
            batch_get = search.backend.limits.batch_get
            self._plan = plan_for(search.model, search.source, search.options, search.table, batch_get)
        return self._plan

    def delete(self, *, max_workers: int | None = None, progress: ProgressOption = None) -> BatchResult[Any]:
        """Read the items, and delete each if it still satisfies the condition, as `delete_many` does.

        Raises:
            BudgetExceeded: There is more to read than the budget allows; nothing was deleted.
        """
        entries = list(delete_entries(self._search.model, *self.targets()))
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
        model = self._search.model
        changes = check_changes(model, updates)
        targets, found = self.targets()
        entries = list(update_entries(model, targets, changes, found))
        return self._write(entries, WriteOptions(max_workers, progress, len(entries)))

    def targets(self) -> tuple[list[Target], list[Any]]:
        """Read the items: their keys, each with what a write of it has to check again, and the instances.

        Raises:
            BudgetExceeded: As in `all`.
        """
        search = self._search
        whole = replace(search.options, projection=())
        wanted: Search[Any] = search
        stored = ResultSet(replace(wanted, options=whole, decode=_as_stored, progress=None))
        plan, items = stored.explain(), stored.all()
        return targets_of(search.model, search.source, items), search.model._decode_found(items, plan)

    # How it reads and writes.

    def _write(self, entries: list[Entry[Any]], options: WriteOptions) -> BatchResult[Any]:
        """Carry out the writes where the items were read."""
        search = self._search
        return collect(search.model, write_entries(search.model, entries, options, search.backend, search.table.name))

    def _encode(self, position: Position | None) -> str | None:
        return None if position is None else encode_cursor(self._fingerprinted(), position, self._cursor_rules)

    def _fingerprinted(self) -> str:
        if self._fingerprint is None:
            self._fingerprint = fingerprint_of(self.explain())
        return self._fingerprint

    @property
    def _cursor_rules(self) -> CursorRules:
        return self._search.connection.cursor_rules

    def _is_parallel(self, plan: Plan) -> bool:
        return bool(self._search.options.segments and plan.scan)

    def _refuse_cursor(self) -> NoReturn:
        raise CursorError(
            f"{self._search.model.__name__}: segments are read at the same time, so there is no one place to go on"
            " from: leave out segments to have a cursor"
        )

    def _limited(self, most: int) -> ResultSet[T]:
        limit = self._search.options.limit
        options = replace(self._search.options, limit=most if limit is None else min(limit, most))
        return ResultSet(replace(self._search, options=options))

    def _read(self, plan: Plan) -> Generator[ReadPage]:
        """The pages of the plan, up to the limit and the budget, cut where the limit is."""
        search = self._search
        if plan.scan is not None:
            policy = search.scans or search.model.__scans__ or search.connection.scans
            apply_policy(plan, policy, search.model.__name__)
        pages = self._read_parallel(plan) if self._is_parallel(plan) else self._read_serial(plan)
        is_watched = search.max_pages or search.max_read_units is not None or search.progress
        return self._watch(pages) if is_watched else pages

    def _watch(self, pages: Generator[ReadPage]) -> Generator[ReadPage]:
        """The pages up to the budget, each of which is told of."""
        search = self._search
        told = report_progress(search.progress, search.model.table_name())
        with contextlib.closing(pages), told as advance:  # one that is abandoned leaves no thread behind
            for page in _within_budget(pages, search.max_pages, search.max_read_units):
                advance(page.scanned_count)
                yield page

    def _read_serial(self, plan: Plan) -> Generator[ReadPage]:
        text = self._search.cursor
        position = START if text is None else decode_cursor(plan, self._fingerprinted(), text, self._cursor_rules)
        left = None if plan.order_by else plan.limit
        return self._walk(plan, position if plan.operations else None, left)

    def _walk(self, plan: Plan, position: Position | None, left: int | None) -> Generator[ReadPage]:
        search = self._search
        while position is not None and left != 0:
            page = search.model._run(_read_page(plan, position, left), backend=search.backend)
            yield page
            position = page.next
            left = None if left is None else left - page.count

    def _read_parallel(self, plan: Plan) -> Generator[ReadPage]:
        """The pages of all segments as they come; the segments have no cursor in common."""
        from dynamongo._support.threads import merge  # noqa: PLC0415 - most reads are not parallel

        walks = (self._walk(replace(plan, operations=(operation,)), START, None) for operation in plan.operations)
        workers = min(len(plan.operations), self._search.backend.limits.concurrency)
        left = None if plan.order_by else plan.limit
        with contextlib.closing(merge(walks, workers)) as pages:
            for page in pages:
                yield replace(_cut(page, left), next=None)
                left = None if left is None else left - page.count
                if left is not None and left <= 0:
                    return

    def _check_complete(self, plan: Plan, pages: list[ReadPage], items: list[T]) -> None:
        """Raise for a read that its budget stopped: what it found is not all."""
        is_stopped = bool(pages) and pages[-1].next is not None
        is_limited = plan.limit is not None and not plan.order_by and sum(page.count for page in pages) >= plan.limit
        if is_stopped and not is_limited:
            cursor = self._encode(pages[-1].next)
            spent = sum((page.consumed for page in pages), Capacity()).read_units
            raise BudgetExceeded(
                f"{self._search.model.__name__}: there is more to read after {len(pages)} pages and {spent:g} read"
                " units, which is what max_pages and max_read_units allow; go on with cursor=, or raise them",
                items=items,
                cursor=cursor,
            )


def _within_budget(
    pages: Iterator[ReadPage], max_pages: int | None, max_read_units: float | None
) -> Generator[ReadPage]:
    read_units = 0.0
    for made, page in enumerate(pages, 1):
        yield page
        read_units += page.consumed.read_units
        if made == max_pages or (max_read_units is not None and read_units >= max_read_units):
            return


def _read_page(plan: Plan, position: Position, room: int | None) -> Callable[[Executor], Steps[ReadPage]]:
    return lambda executor: executor.read_page(plan, position, room)


def _cut(page: ReadPage, most: int | None) -> ReadPage:
    if most is None or page.count <= most:
        return page
    return replace(page, items=page.items[:most], count=most)


def _as_stored(items: list[Item], _: Plan) -> list[Item]:
    return items


def _items_of(pages: list[ReadPage]) -> list[Item]:
    return pages[0].items if len(pages) == 1 else list(itertools.chain.from_iterable(page.items for page in pages))
