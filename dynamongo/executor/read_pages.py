"""Pages of a read, and the positions in its plan at which it goes on."""

from __future__ import annotations

import itertools
import operator
from collections.abc import Callable, Sequence
from operator import itemgetter
from typing import TypeAlias

from dynamongo._support.dataclasses import dataclass
from dynamongo.expressions.values import Item
from dynamongo.operations import BatchGet, Capacity, ReadItems
from dynamongo.planning.plan import Plan

Sift: TypeAlias = Callable[[Sequence[Item], "int | None"], tuple[Sequence[Item], int]]
"""Takes items, and how many are wanted; returns those to keep, and how many it has looked at to find them."""


@dataclass(frozen=True, slots=True)
class ReadPosition:
    """Where a read goes on.

    Attributes:
        step: The operation of the plan, counted from 0.
        after: What of it is done: the last item's key, of a query or scan; the number of keys, of a batch get.
    """

    step: int = 0
    after: Item | int | None = None


START = ReadPosition()


@dataclass(frozen=True, slots=True)
class ReadPage:
    """The items of one request.

    Attributes:
        items: The items that the residual accepts; none where the store only counted them.
        count: The number of such items.
        scanned_count: How many items the store read to find them.
        next: Where the read goes on, or `None` at its end.
        consumed: What it cost.
        start: Where it began.
    """

    items: Sequence[Item]
    count: int
    scanned_count: int
    next: ReadPosition | None
    consumed: Capacity
    start: ReadPosition = START


def items_of(pages: Sequence[ReadPage]) -> Sequence[Item]:
    """Return the items of all pages."""
    return ReadItems.join([page.items for page in pages])


def position_after(plan: Plan, page: ReadPage, used: int) -> ReadPosition | None:
    """Return where the read goes on if only the first `used` items of the page were used; `None` at its end."""
    if used == len(page.items):
        return page.next
    return continue_after(plan, page.start, page.items[used - 1]) if used else page.start


def continue_after(plan: Plan, start: ReadPosition, last: Item) -> ReadPosition:
    """Return where a read continues after one item of the page that began at `start`."""
    operation = plan.operations[start.step]
    if not isinstance(operation, BatchGet):
        # As the store would if the page had ended there: LastEvaluatedKey is the key of the last item that was read.
        return ReadPosition(start.step, {name: last[name] for name in plan.cursor_names})
    # A batch get continues behind the key of that item, wherever the chunk had it: keys without an item count, too.
    first = start.after if isinstance(start.after, int) else 0
    key_of = itemgetter(*operation.keys[0])
    following = map(key_of, itertools.islice(operation.keys, first, None))
    return ReadPosition(start.step, first + 1 + operator.indexOf(following, key_of(last)))
