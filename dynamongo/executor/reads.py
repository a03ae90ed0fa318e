"""Reads: from a plan to items, page by page and chunk by chunk."""

from __future__ import annotations

import itertools
from collections.abc import Iterable

from dynamongo._support.dataclasses import dataclass, replace
from dynamongo._support.unions import assert_never
from dynamongo.exceptions import TableMismatch, ThrottledError
from dynamongo.executor.effects import Steps, Terms
from dynamongo.expressions.conditions import Condition, Path, cover
from dynamongo.expressions.evaluation import compile_projection, holds
from dynamongo.expressions.filters import Filter, compile_filter
from dynamongo.expressions.values import AttributeValue, Item, shorten
from dynamongo.operations import BatchGet, Capacity, Get, Query, Scan
from dynamongo.planning.plan import Plan


@dataclass(frozen=True, slots=True)
class Position:
    """Where a read goes on.

    Attributes:
        step: The operation of the plan, counted from 0.
        after: What of it is done: the last item's key, of a query or scan; the number of keys, of a batch get.
    """

    step: int = 0
    after: Item | int | None = None


START = Position()


@dataclass(frozen=True, slots=True)
class ReadPage:
    """What one request of a plan comes to.

    Attributes:
        items: The items that the residual accepts, with what is wanted of them.
        count: How many there are; of a plan that counts, how many there would be.
        scanned_count: How many items the store has read for it.
        next: Where the read goes on, or `None` at its end.
        consumed: What it cost.
        start: Where it began.
    """

    items: list[Item]
    count: int
    scanned_count: int
    next: Position | None
    consumed: Capacity
    start: Position = START


class Reads(Terms):
    """The part of the executor that reads."""

    _last_filter: tuple[Condition | None, Filter] | None = None

    def read(self, plan: Plan) -> Steps[list[Item]]:
        """All items of the plan, filtered by its residual, in its order, up to its limit."""
        found: list[Item] = []
        position: Position | None = START if plan.operations else None
        room = None if plan.order_by else plan.limit
        while position is not None and room != 0:
            page = yield from self.read_page(plan, position, room)
            found.extend(page.items)
            position = page.next
            room = None if room is None else room - len(page.items)
        return sort_items(plan, found)

    def read_page(self, plan: Plan, position: Position, room: int | None = None) -> Steps[ReadPage]:
        """One page of the plan, which goes on at `position`: what one request gives (for a batch get: one chunk).

        Args:
            plan: The plan, with one operation at least.
            position: Where to go on.
            room: How many items are wanted at most. What is beyond them is left for the next page; where there can be
                no other, `next` is `None`.
        """
        operation = plan.operations[position.step]
        match operation:
            case Get():
                page = yield from self._read_get(operation)
            case BatchGet():
                page = yield from self._read_chunk(operation, position)
            case Query() | Scan():
                page = yield from self._read_page(operation, position, room, has_residual=plan.residual is not None)
            case _:
                assert_never(operation)
        return _finish(plan, position, page, room, self._select(plan, page.items))

    def _select(self, plan: Plan, items: list[Item]) -> list[Item]:
        """The items that the residual accepts."""
        if plan.checks:
            return [item for item in items if _passes(plan, item)]
        return items if plan.residual is None else self._filter_for(plan.residual)(items)

    def _filter_for(self, residual: Condition) -> Filter:
        """The residual as a function, which is compiled once for all pages of a read that follow each other."""
        last = self._last_filter
        if last is None or last[0] is not residual:
            self._last_filter = last = residual, compile_filter(residual)
        return last[1]

    def _read_get(self, operation: Get) -> Steps[_Raw]:
        result = yield from self.send(operation)
        items = [] if result.item is None else [result.item]
        return _Raw(items, len(items), len(items), None, result.consumed)

    def _read_chunk(self, operation: BatchGet, position: Position) -> Steps[_Raw]:
        """The items of the next keys, in the order of the keys."""
        start = position.after if isinstance(position.after, int) else 0
        keys = operation.keys[start : start + self.limits.batch_get]
        items, consumed = yield from self._get_chunk(replace(operation, keys=keys))
        places = {_values_of(key, operation.keys[0]): place for place, key in enumerate(keys)}
        items.sort(key=lambda item: places[_values_of(item, operation.keys[0])])
        end = start + len(keys)
        is_end = end == len(operation.keys)
        return _Raw(items, len(items), len(items), None if is_end else Position(position.step, end), consumed)

    def _get_chunk(self, operation: BatchGet) -> Steps[tuple[list[Item], Capacity]]:
        items: list[Item] = []
        consumed = Capacity()
        attempts = self.start_attempts()
        while True:
            result = yield from self.send(operation, attempts)
            items.extend(result.items)
            consumed += result.consumed
            if not result.unprocessed:
                return items, consumed
            if len(result.unprocessed) < len(operation.keys):
                attempts.restart()
            wait = attempts.next()
            if wait is not None:
                yield wait
            if wait is None or not attempts.may_go_on():
                error = ThrottledError(f"the store did not get to {len(result.unprocessed)} keys")
                error.operation, error.attempts = f"BatchGet {operation.table}", attempts.count
                raise error
            operation = replace(operation, keys=result.unprocessed)

    def _read_page(
        self, operation: Query | Scan, position: Position, room: int | None, *, has_residual: bool
    ) -> Steps[_Raw]:
        limit = operation.limit
        if room is not None and operation.filter is None and not has_residual:
            limit = room if limit is None else min(limit, room)
        cursor = position.after if isinstance(position.after, dict) else None
        if limit != operation.limit or cursor is not None:
            operation = replace(operation, limit=limit, cursor=cursor)
        page = yield from self.send(operation)
        after = None if page.cursor is None else Position(position.step, page.cursor)
        return _Raw(list(page.items), page.count, page.scanned_count, after, page.consumed)


@dataclass(frozen=True, slots=True)
class _Raw:
    """What the store gave, before the residual."""

    items: list[Item]
    count: int
    scanned_count: int
    after: Position | None
    consumed: Capacity


def sort_items(plan: Plan, items: list[Item]) -> list[Item]:
    """The items in the plan's order, up to its limit."""
    if plan.order_by:
        items.sort(key=lambda item: [item[name] for name in plan.order_by], reverse=plan.descending)
    return items if plan.limit is None else items[: plan.limit]


def _finish(plan: Plan, position: Position, page: _Raw, room: int | None, items: list[Item]) -> ReadPage:
    """The page with the items that were selected; what is beyond the room is cut off, what is not wanted left out."""
    after = page.after
    if after is None and position.step + 1 < len(plan.operations):
        after = Position(position.step + 1)
    if plan.cursor_names and isinstance(plan.operations[position.step], (Query, Scan)):
        _check_keys(plan, items)
    if room is not None and len(items) > room:
        items = items[:room]
        after = _after(plan, position, items[-1])
    counted = len(items) if plan.residual is not None or items else page.count
    return ReadPage(_trim(plan, items), counted, page.scanned_count, after, page.consumed, position)


def position_after(plan: Plan, page: ReadPage, used: int) -> Position | None:
    """Where the read goes on if only the first `used` items of the page were used; `None` at its end."""
    if used == len(page.items):
        return page.next
    return _after(plan, page.start, page.items[used - 1]) if used else page.start


def _check_keys(plan: Plan, items: list[Item]) -> None:
    """Refuse items without the keys that the plan knows: a key that is not the table's own may be missing in any."""
    for name in plan.cursor_names:  # one loop for each name: several at once would make a tuple for every item
        for item in items:
            if name not in item:
                held = shorten(sorted(item))
                raise TableMismatch(
                    f"an item of {plan.operations[0].table} has no {name!r}, which is a key of the model or of its"
                    f" index; it has {held}: compare_table() tells how the table differs from the model"
                )


def _passes(plan: Plan, item: Item) -> bool:
    (operation,) = plan.operations
    names = operation.keys[0] if isinstance(operation, BatchGet) else ()
    check = plan.checks[_values_of(item, names)] if names else plan.residual
    return check is None or holds(check, item)


def _after(plan: Plan, position: Position, last: Item) -> Position:
    """Where a read goes on that was left off after the item."""
    operation = plan.operations[position.step]
    if isinstance(operation, BatchGet):
        wanted = _values_of(last, operation.keys[0])
        start = position.after if isinstance(position.after, int) else 0
        following = itertools.islice(operation.keys, start, None)
        places = (
            place for place, key in enumerate(following, start + 1) if _values_of(key, operation.keys[0]) == wanted
        )
        return Position(position.step, next(places))
    return Position(position.step, {name: last[name] for name in plan.cursor_names})


def _values_of(item: Item, names: Iterable[str]) -> tuple[AttributeValue, ...]:
    return tuple(item[name] for name in names)


def _trim(plan: Plan, items: list[Item]) -> list[Item]:
    """The items with no more of them than is wanted: what only the residual or the cursor needed is left out."""
    if not plan.projection or plan.loaded is None:
        return items
    take = compile_projection(cover(map(_above_lists, plan.loaded)))
    return [take(item) for item in items]


def _above_lists(path: Path) -> Path:
    """The path up to its first position: the store has taken the elements already, and leaves no gaps."""
    return Path(*itertools.takewhile(lambda step: isinstance(step, str), path.elements))
