"""Reads: the one loop over the pages of a plan, which every read of several items goes through.

A `PageLoop` knows where its read stands: the next page, and what is left of the limit and of the budget. It performs no
I/O: `fetch` returns steps, which a driver performs. So a caller, blocking or awaiting, has no decisions to make:

    loop = PageLoop(plan)
    while not loop.is_over:
        page = loop.take(connection.run(loop.fetch))

`read_all` does the same in one go. Segments of a scan are read at the same time: the caller fetches the pages of each
loop that `split` returns, until its position is `None`, and passes all of them to `take` of the loop that was split.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Mapping, Sequence
from operator import itemgetter
from typing import TYPE_CHECKING, Any, cast

from dynamongo._support.dataclasses import replace
from dynamongo._support.lazy_imports import LazyModule
from dynamongo.exceptions import TableMismatch, ThrottledError
from dynamongo.executor.effects import Steps
from dynamongo.executor.read_pages import START, ReadPage, ReadPosition, Sift, continue_after
from dynamongo.executor.sender import Sender
from dynamongo.expressions.conditions import Path
from dynamongo.expressions.evaluation import compile_projection, holds
from dynamongo.expressions.operands import cover
from dynamongo.expressions.values import Item, shorten
from dynamongo.operations import BatchGet, Capacity, Get, ItemReader, PageResult, Query, ReadItems, Scan
from dynamongo.planning.plan import Plan

if TYPE_CHECKING:
    from dynamongo.executor import rate_limits, residuals
    from dynamongo.expressions.filters import Filter
else:  # few reads are limited, and many have no residual
    residuals = LazyModule("dynamongo.executor.residuals")
    rate_limits = LazyModule("dynamongo.executor.rate_limits")


class PageLoop:
    """Reads a plan page by page, up to its limit and its budget.

    Args:
        plan: What is read.
        start: Where to begin.
        max_pages: After how many pages to stop.
        max_read_units: After how many read units to stop: after the page that reaches them.
        reader: What the backend may read the items with.

    Attributes:
        plan: What is read.
        limit: What spreads the requests over time, if the plan has a rate limit.
        position: Where the read goes on; `None` at its end.
        is_over: Whether there is no other page, or none is wanted.
        pages: How many pages were taken.
        read_units: What they cost.
        sift: What leaves items out that were read, besides the residual.
        on_page: Called with the number of items that the store has read for each page.
    """

    def __init__(
        self,
        plan: Plan,
        start: ReadPosition = START,
        max_pages: int | None = None,
        max_read_units: float | None = None,
        reader: ItemReader | None = None,
    ) -> None:
        self.plan = plan
        rate = plan.max_units_per_second
        self.limit = None if rate is None else rate_limits.RateLimit(rate)
        self.position = start if plan.operations else None
        self.is_over = not plan.operations or plan.limit == 0
        self.pages = 0
        self.read_units = 0.0
        self.sift: Sift | None = None
        self.on_page: Callable[[int], object] | None = None
        self._max_pages = max_pages
        self._max_read_units = max_read_units
        self._reader = reader
        self._room = None if plan.order_by else plan.limit  # what is sorted is cut when all of it is there
        self._open_segments = 0
        self._filter: Filter | None = None
        self._project = _make_projection(plan) if plan.projection else None

    @property
    def is_incomplete(self) -> bool:
        """Whether there may be more items, and more are wanted: of a loop that is over, its budget ended it."""
        return self.position is not None and self._room != 0

    def read_all(self, sender: Sender) -> Steps[list[ReadPage]]:
        """Return all pages that are left."""
        pages: list[ReadPage] = []
        while not self.is_over:
            page = yield from self.fetch(sender)
            pages.append(self.take(page))
        return pages

    def split(self) -> list[PageLoop]:
        """Return a loop for each segment, to fetch from at the same time; what they fetch is taken here."""
        self._open_segments = len(self.plan.operations)
        plans = [replace(self.plan, operations=(scan,)) for scan in self.plan.operations]
        loops = [PageLoop(plan, reader=self._reader) for plan in plans]
        for each in loops:  # all of them together consume no more than one would
            each.limit = self.limit
        return loops

    def stop(self) -> None:
        """Let nothing more be sent, where segments wait for the rate limit."""
        if self.limit is not None:
            self.limit.stop()

    def fetch(self, sender: Sender) -> Steps[ReadPage]:
        """Make the next request, or fetch the next chunk of a batch get; return the items that the residual accepts."""
        if self.limit is not None:
            sender = self.limit.apply_to(sender)
        request = self.next_request()
        if request is not None:
            return self.accept((yield from sender.send(request)), sender)
        start = cast("ReadPosition", self.position)
        operation = self.plan.operations[start.step]
        if isinstance(operation, BatchGet):
            page = yield from self._fetch_chunk(sender, operation, start)
        else:
            page = yield from self._fetch_item(sender, cast("Get", operation))
        self.position = page.next
        return page

    def next_request(self) -> Query | Scan | None:
        """Return the next request, whose result `accept` takes; `None` where `fetch` has to make it."""
        start = cast("ReadPosition", self.position)
        operation = self.plan.operations[start.step]
        if not isinstance(operation, (Query, Scan)):
            return None
        return self._resume(operation, start)

    def accept(self, result: PageResult, sender: Sender | None = None) -> ReadPage:
        """Return the page that the result of `next_request` is, with the items that the residual accepts.

        Args:
            result: The result.
            sender: What keeps a compiled residual for the next read by the same condition.
        """
        plan, start = self.plan, cast("ReadPosition", self.position)
        found: Any = result.items
        # Here and below not `isinstance`, which takes ten times as long for a subclass of `Sequence`.
        items = self._select(sender, found if type(found) is ReadItems else list(found))
        _check_keys(plan, items)
        # A page of a plan that counts has no items, and the residual may have removed some that the store counted.
        count = result.count if not items and plan.residual is None else len(items)
        after = self._begin_next(start) if result.cursor is None else ReadPosition(start.step, result.cursor)
        self.position = after
        return ReadPage(items, count, result.scanned_count, after, result.consumed, start)

    def take(self, page: ReadPage) -> ReadPage:
        """Count a page that was fetched, and return it cut to the limit, with its items projected."""
        items, count, seen = self._fit(page)
        after = page.next
        if 0 < seen < len(page.items):
            self.position = after = continue_after(self.plan, page.start, page.items[seen - 1])
        if self._room is not None:
            self._room -= count
        if self._open_segments:  # which have no place in common to go on from
            self._open_segments -= page.next is None
            self.position, after = START if self._open_segments else None, None
        self.pages += 1
        self.read_units += page.consumed.read_units
        self.is_over = self.position is None or self._room == 0 or self._has_spent_budget()
        if self.on_page is not None:
            self.on_page(page.scanned_count)
        # Nothing was cut or projected, as in most pages.
        if items is page.items and after is page.next:
            return page
        return ReadPage(items, count, page.scanned_count, after, page.consumed, page.start)

    def _fit(self, page: ReadPage) -> tuple[Sequence[Item], int, int]:
        """Return the items that there is room for, projected; their number; and how many were looked at for them."""
        items, count, room = page.items, page.count, self._room
        if self._project is not None:
            items = list(map(self._project, items))
        if items and self.sift is not None:
            items, seen = self.sift(items, room)
            return items, len(items), seen
        if room is not None and count > room:  # a count has no items, and no position to continue at
            return items[:room], room, room
        return items, count, len(items)

    def _has_spent_budget(self) -> bool:
        return self.pages == self._max_pages or (
            self._max_read_units is not None and self.read_units >= self._max_read_units
        )

    def _fetch_chunk(self, sender: Sender, operation: BatchGet, start: ReadPosition) -> Steps[ReadPage]:
        first = start.after if isinstance(start.after, int) else 0
        # `operation` holds all keys of the read; one request takes a chunk of them.
        end = first + sender.limits.batch_get
        keys = operation.keys[first:end]
        found, consumed = yield from get_batch(sender, replace(operation, keys=keys, reader=self._reader))
        # DynamoDB returns them in no order. Source: BatchGetItem, API reference.
        items = self._select(sender, _in_order_of(keys, found))
        after = None if end >= len(operation.keys) else ReadPosition(start.step, end)
        return ReadPage(items, len(items), len(found), after, consumed, start)

    def _fetch_item(self, sender: Sender, operation: Get) -> Steps[ReadPage]:
        result = yield from sender.send(operation)
        found = [] if result.item is None else [result.item]
        items = self._select(sender, found)
        return ReadPage(items, len(items), len(found), None, result.consumed)

    def _begin_next(self, start: ReadPosition) -> ReadPosition | None:
        """Return the beginning of the next of several queries; `None` after the last."""
        following = start.step + 1
        return ReadPosition(following) if following < len(self.plan.operations) else None

    def _resume(self, operation: Query | Scan, start: ReadPosition) -> Query | Scan:
        """Return the operation that continues at the position, and reads no more items than the limit leaves.

        The operations of a plan have no reader: the loop adds its own.
        """
        limit, room = operation.limit, self._room
        # `Limit` counts the items that are read: where some are filtered out, it would make for small pages.
        if room is not None and room != limit and operation.filter is None and self.plan.residual is None:
            limit = room if limit is None else min(limit, room)
        cursor = start.after if isinstance(start.after, dict) else None
        # The first page of most reads from memory: nothing to copy.
        if limit == operation.limit and cursor is None and self._reader is None:
            return operation
        return replace(operation, limit=limit, cursor=cursor, reader=self._reader)

    def _select(self, sender: Sender | None, items: Sequence[Item]) -> Sequence[Item]:
        """Return the items that the residual accepts."""
        residual = self.plan.residual
        if residual is None or not items:
            return items
        if self._filter is None:
            self._filter = residuals.find_filter(self.plan, residual, sender)
        return self._filter(items)


def get_batch(sender: Sender, operation: BatchGet) -> Steps[tuple[Sequence[Item], Capacity]]:
    """Return the items of as many keys as one request takes, in no order; keys left unprocessed are retried."""
    found: list[Sequence[Item]] = []
    consumed = Capacity()
    attempts = sender.start_attempts()
    while True:
        result = yield from sender.send_within(attempts, operation)
        found.append(result.items)
        consumed += result.consumed
        if not result.unprocessed:
            return ReadItems.join(found), consumed
        left = result.unprocessed
        if not (yield from sender.wait_for_unprocessed(attempts, made_progress=len(left) < len(operation.keys))):
            error = ThrottledError(f"{len(left)} keys are still unprocessed")
            error.operation, error.attempts = f"BatchGet {operation.table}", attempts.count
            raise error
        operation = replace(operation, keys=left)


def _make_projection(plan: Plan) -> Callable[[Item], Item] | None:
    """Return the function that reduces an item to what is wanted: only the residual or the cursor needed the rest."""
    if plan.loaded is None:
        return None
    return compile_projection(cover(map(_above_lists, plan.loaded)))


def _above_lists(path: Path) -> Path:
    """Return the path up to its first position: the store has taken the elements already, and leaves no gaps.

    Read with `l[2]` and `l[0]`, the list `[a, b, c]` arrives as `[a, c]`, so the path to take of it is `l`.
    Source: "ProjectionExpression" in GetItem, API reference.
    """
    return Path(*itertools.takewhile(lambda step: isinstance(step, str), path.elements))


def _in_order_of(keys: Sequence[Item], items: Sequence[Item]) -> Sequence[Item]:
    """Return the items of a batch get in the order of the keys; some keys may have none."""
    key_of = cast("Callable[[Mapping[str, Any]], Any]", itemgetter(*keys[0]))
    found = items.find_keys() if type(items) is ReadItems else items
    positions = dict(zip(map(key_of, found), range(len(found)), strict=True))
    wanted = [position for position in map(positions.get, map(key_of, keys)) if position is not None]
    return items.pick(wanted) if type(items) is ReadItems else [items[position] for position in wanted]


def _check_keys(plan: Plan, items: Sequence[Item]) -> None:
    """Refuse items without the keys that the plan knows: a key that is not the table's own may be missing in any."""
    for name in plan.cursor_names:  # one loop for each name: several at once would make a tuple for every item
        for item in items.may_lack(name) if type(items) is ReadItems else items:
            if name not in item:
                held = shorten(sorted(item))
                raise TableMismatch(
                    f"an item of {plan.operations[0].table} has no {name!r}, which is a key of the model or of its"
                    f" index; it has {held}: compare_table() shows how the table differs from the model"
                )


def sort_items(plan: Plan, items: Sequence[Item]) -> Sequence[Item]:
    """Return the items in the plan's order, up to its limit."""
    if plan.order_by:
        key_of = cast("Callable[[Mapping[str, Any]], Any]", itemgetter(*plan.order_by))
        if type(items) is ReadItems:
            keys = list(map(key_of, items.find_keys()))
            items = items.pick(sorted(range(len(keys)), key=keys.__getitem__, reverse=plan.descending))
        else:
            items = sorted(items, key=key_of, reverse=plan.descending)
    return items if plan.limit is None else items[: plan.limit]


def accept_item(plan: Plan, item: Item) -> Item | None:
    """Return the item that the Get of a plan found, projected; `None` if the residual refuses it."""
    told: Item = {} if plan.key_templates is None else plan.key_templates.tell_unstored(item)
    if plan.residual is not None and not holds(plan.residual, {**item, **told} if told else item):
        return None
    project = _make_projection(plan) if plan.projection else None
    return item if project is None else project(item)
