"""A read that is prepared: its plan, where it begins, and what its pages become.

`ResultSet` executes what is prepared here, and blocks; `AsyncResultSet` awaits it. They differ in nothing else, since
no decision is left to them: they perform the calls, one after the other or those of segments at the same time.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterator, Sequence
from operator import length_hint
from typing import TYPE_CHECKING, Any, Generic, NoReturn, TypeAlias, TypeVar

from dynamongo._support.dataclasses import replace
from dynamongo.arguments import refuse_coroutine_function
from dynamongo.backends import Backend, takes_reader
from dynamongo.connection.connection import connection_of
from dynamongo.exceptions import (
    BudgetExceeded,
    CursorError,
    ExpressionError,
    ItemNotFound,
    MultipleItemsFound,
    TableMismatch,
)
from dynamongo.executor import (
    START,
    PageLoop,
    ReadPage,
    ReadPosition,
    Sender,
    Steps,
    items_of,
    position_after,
    sort_items,
)
from dynamongo.executor.cursors import decode_cursor, encode_cursor, fingerprint_of
from dynamongo.expressions.updates import Updates
from dynamongo.expressions.values import Item
from dynamongo.mapping.mapper import Mapper
from dynamongo.operations import Capacity, ItemReader, PageResult, Query, Scan
from dynamongo.planning.known_plans import plan_for
from dynamongo.planning.plan import Plan
from dynamongo.planning.read import Read
from dynamongo.planning.scan_policy import apply_policy
from dynamongo.planning.strategies import Target
from dynamongo.planning.write_builders import check_changes
from dynamongo.verbs.bulk_entries import Entry, delete_entry, recheck_targets, rewrite_entries, update_entry
from dynamongo.verbs.bulk_writes import BulkCall
from dynamongo.verbs.calls import VerbCall
from dynamongo.verbs.destinations import Destination, WriteOptions
from dynamongo.verbs.instance import Instance
from dynamongo.verbs.item_forms import Instances, as_items, as_stored, make_sift
from dynamongo.verbs.progress import ProgressOption
from dynamongo.verbs.results import Page

if TYPE_CHECKING:
    from typing_extensions import Self

R = TypeVar("R")
T = TypeVar("T")
M = TypeVar("M", bound=Instance)

Decode: TypeAlias = Callable[[Sequence[Item], Plan], list[T]]
"""Turns the items that were read with a plan into what the caller gets."""


class _PageCall(VerbCall[ReadPage]):
    """Fetch the next page of a query or scan with one operation, which takes a quarter of the time of steps."""

    def __init__(self, mapper: Mapper[Any], loop: PageLoop, request: Query | Scan) -> None:
        self.mapper, self.table, self.operation = mapper, request.table, request
        self._loop = loop

    def finish(self, result: PageResult) -> ReadPage:
        """Return the page."""
        try:
            return self._loop.accept(result)
        except TableMismatch as error:
            return self.fail(error)


class PreparedRead(Generic[T]):
    """A read of several items, with everything but the requests.

    Args:
        model: The model whose items are read.
        read: Which items, and how.
        decode: Turns the items into what the caller gets.
        progress: Where progress goes.
        backend: Where to read; the backend in use by default.
    """

    def __init__(
        self,
        model: type[Instance],
        read: Read,
        decode: Decode[T],
        progress: ProgressOption = None,
        backend: Backend | None = None,
    ) -> None:
        self._model = model
        self._read = read
        self._decode = decode
        self._progress = progress
        self._connection = connection_of(model)
        self._backend = self._connection.backend if backend is None else backend
        self._plan: Plan | None = None
        self._fingerprint: str | None = None
        self._reached: tuple[ReadPage, Iterator[T]] | None = None  # the last page, and its items not yet yielded
        self._has_ended = False  # whether the last iteration reached its end

    def __copy__(self) -> Self:
        """Return the same read, not begun."""
        return self._with(self._read)

    def __deepcopy__(self, memo: dict[int, Any]) -> Self:
        return self.__copy__()

    def __reduce__(self) -> NoReturn:
        raise TypeError(
            f"this {type(self).__name__} cannot be pickled: it reads on a connection; pass its items (`.all()`), or its"
            " `.cursor` and the arguments of `find`, which continues at `cursor=`"
        )

    def __repr__(self) -> str:
        return f"<{type(self).__name__} of {self._model.__name__}, which is read when it is iterated over>"

    def explain(self) -> Plan:
        """Return the plan of the read. Makes no request; print it to read it."""
        if self._plan is None:
            self._plan = plan_for(self._model.__mapper__, self._read, self._backend.limits.batch_get)
        return self._plan

    @property
    def cursor(self) -> str | None:
        """Where the last iteration goes on: after the last item that it yielded; `None` at the end of the read.

        Raises:
            CursorError: Segments are read at the same time, and the iteration was left before their end.
        """
        plan = self.explain()
        if self._reached is None:
            return None if self._has_ended else self._read.cursor
        if plan.is_parallel:
            # The end of all segments is the end of the read. A limit, however, stops in the middle of several.
            return None if self._has_ended and plan.limit is None else self._refuse_cursor()
        # `left` iterates over a list, whose length hint is exactly what is not yielded yet.
        page, left = self._reached
        return self._encode(position_after(plan, page, len(page.items) - length_hint(left)))

    # The same read in other forms, not begun.

    def _with(self, read: Read) -> Self:
        return type(self)(self._model, read, self._decode, self._progress, self._backend)

    def _limited(self, limit: int) -> Self:
        """Return the read of no more than `limit` items."""
        own = self._read.limit
        return self._with(replace(self._read, limit=limit if own is None else min(limit, own)))

    def _convert_to(self, kind: Callable[..., R]) -> R:
        """Return the read as the other class of result sets."""
        return kind(self._model, self._read, self._decode, self._progress, self._backend)

    def _stored_items(self, kind: Callable[..., R]) -> R:
        """Return the read of the items as they are stored, and whole: a write may check any attribute again."""
        return kind(self._model, replace(self._read, projection=()), as_stored, backend=self._backend)

    # What the store is asked.

    def _start(self, plan: Plan) -> PageLoop:
        """Return the loop over the pages of the plan, if the scan policy lets it pass."""
        # The policy applies when items are read, so that `explain` and an unused `find` do not warn.
        read, model = self._read, self._model
        if plan.scan is not None:
            given = None if isinstance(read.source, tuple) else read.source
            apply_policy(plan, read.scans or model.__scans__ or self._connection.scans, model.__name__, given)
        if read.cursor is None:
            start = START
        else:
            start = decode_cursor(plan, self._fingerprint_of_plan(), read.cursor, self._connection.cursor_rules)
        loop = PageLoop(plan, start, read.max_pages, read.max_read_units, self._find_reader(plan))
        decode: Any = self._decode
        if read.on_invalid != "raise" and decode is not as_items:
            loaded = decode.loaded_of(plan) if isinstance(decode, Instances) else plan.loaded
            loop.sift = make_sift(model.__mapper__, loaded, read.on_invalid)
        return loop

    def _find_reader(self, plan: Plan) -> ItemReader | None:
        """Return what the backend may read whole items with, unless their attribute values are needed anyway."""
        if not isinstance(self._decode, Instances) or not takes_reader(self._backend):
            return None
        mapper = self._model.__mapper__
        is_whole = plan.residual is None and plan.loaded is None and not plan.projection
        return mapper.make_reader() if is_whole and set(plan.order_by) <= set(mapper.keys.names) else None

    def _call(self, steps: Callable[[Sender], Steps[R]]) -> VerbCall[R]:
        return VerbCall(self._model.__mapper__, self._read.table.name, steps=steps)

    def _page_call(self, loop: PageLoop) -> VerbCall[ReadPage]:
        """Return the call that fetches the next page: one request, or steps."""
        # A residual is compiled once for several reads, and a rate limit waits, which only steps do.
        request = loop.next_request() if loop.plan.residual is None and loop.limit is None else None
        if request is None:
            return self._call(loop.fetch)
        return _PageCall(self._model.__mapper__, loop, request)

    # An iteration.

    def _plan_page(self) -> Plan:
        """Return the plan of a read that becomes one page."""
        plan = self.explain()
        if plan.limit is not None and plan.is_parallel:
            self._refuse_cursor()
        return plan

    def _begin(self) -> Plan:
        self._reached, self._has_ended = None, False
        return self.explain()

    def _reach(self, page: ReadPage, plan: Plan) -> Iterator[T]:
        """Return the items of the next page. From now on `cursor` is a position in that page."""
        items = iter(self._decode(page.items, plan))
        self._reached = page, items
        return items

    def _find_workers(self, segments: Sequence[PageLoop]) -> int:
        """Return how many segments to read at the same time."""
        return min(len(segments), self._backend.limits.concurrency)

    # From pages to results.

    def _finish_items(self, loop: PageLoop, pages: Sequence[ReadPage]) -> list[T]:
        items = self._decode(sort_items(loop.plan, items_of(pages)), loop.plan)
        self._check_complete(loop, items)
        return items

    def _finish_count(self, loop: PageLoop, pages: Sequence[ReadPage]) -> int:
        self._check_complete(loop, [])
        return sum(page.count for page in pages)

    def _finish_one(self, found: Sequence[T]) -> T:
        if len(found) == 1:
            return found[0]
        name, plan = self._model.__name__, self.explain()
        if found:
            raise MultipleItemsFound(f"{name}: this read finds more than one item:\n{plan}")
        raise ItemNotFound(f"{name}: this read finds no item:\n{plan}")

    def _finish_page(self, page: ReadPage, plan: Plan) -> Page[T]:
        items = self._decode(page.items, plan)
        return Page(items, self._encode(page.next), page.count, page.scanned_count, page.consumed)

    def _join_pages(self, loop: PageLoop, pages: Sequence[ReadPage]) -> Page[T]:
        """Return all pages as one, with the cursor of what comes after them."""
        items = self._decode(items_of(pages), loop.plan)
        scanned = sum(page.scanned_count for page in pages)
        consumed = sum((page.consumed for page in pages), Capacity())
        return Page(items, self._encode(loop.position), len(items), scanned, consumed)

    def _check_complete(self, loop: PageLoop, items: list[T]) -> None:
        """Refuse to pass off as everything what a read found before its budget stopped it."""
        if loop.is_incomplete:
            cursor = None if loop.plan.is_parallel else self._encode(loop.position)
            fix = "raise them" if cursor is None else "continue with cursor=, or raise them"
            raise BudgetExceeded(
                f"{self._model.__name__}: there is more to read after {loop.pages} pages and {loop.read_units:g} read"
                f" units, which is what max_pages and max_read_units allow; {fix}",
                items=items,
                cursor=cursor,
            )

    def _refuse_cursor(self) -> NoReturn:
        raise CursorError(
            f"{self._model.__name__}: segments are read at the same time, so there is no one place to continue at:"
            " leave out segments to have a cursor"
        )

    def _encode(self, position: ReadPosition | None) -> str | None:
        if position is None:
            return None
        return encode_cursor(self._fingerprint_of_plan(), position, self._connection.cursor_rules)

    def _fingerprint_of_plan(self) -> str:
        if self._fingerprint is None:
            self._fingerprint = fingerprint_of(self.explain())
        return self._fingerprint

    # From what was read to writes.

    def _finish_targets(self, items: list[Item], plan: Plan) -> tuple[list[Target], list[Any]]:
        """Return what a write of each item has to check again, and the instances."""
        mapper, read = self._model.__mapper__, self._read
        return recheck_targets(mapper, read.source, items), Instances(mapper, read.on_invalid)(items, plan)

    def _delete_call(self, options: WriteOptions) -> BulkCall[Any]:
        return self._write_call(delete_entry, options)

    def _update_call(self, updates: Sequence[Updates], options: WriteOptions) -> BulkCall[Any]:
        changes = check_changes(self._model.__mapper__, updates)
        return self._write_call(functools.partial(update_entry, changes), options)

    def _whole_instances(self, kind: Callable[..., R]) -> R:
        """Return the read of whole instances, page by page."""
        model, read = self._model, self._read
        if read.projection or self.explain().loaded is not None:
            raise ExpressionError(f"{model.__name__}: a migration reads whole items: leave out projection and index")
        return kind(model, read, Instances(model.__mapper__, read.on_invalid), self._progress, self._backend)

    def _find_rewrites(
        self, items: Sequence[Any], change: Callable[[Any], object] | None, options: WriteOptions
    ) -> tuple[Destination[Any], list[Entry[Any]], WriteOptions]:
        """Return where, what and how to write so that the items of a page are stored as their fields store them."""
        place = self._find_destination()
        refuse_coroutine_function(place.mapper.name, "the callback of migrate", change)
        entries = rewrite_entries(place.mapper, place.table, items, change)
        return place, list(entries), self._limit_rate(options)

    def _write_call(self, make_entry: Callable[..., Entry[Any]], options: WriteOptions) -> BulkCall[Any]:
        """Return the call that writes the items where they were read."""
        place = self._find_destination()
        return BulkCall(place, self._limit_rate(options), functools.partial(make_entry, place.mapper, place.table))

    def _find_destination(self) -> Destination[Any]:
        return Destination(self._model.__mapper__, self._read.table.name, self._connection, self._backend)

    def _limit_rate(self, options: WriteOptions) -> WriteOptions:
        """Return the options, with the rate of the read where they have none."""
        rate = self._read.max_units_per_second
        return options if options.max_units_per_second else replace(options, max_units_per_second=rate)
