"""What came of an operation, in a form in which two backends can be compared."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Any

from hypothesis import note

from dynamongo.backends.base import Backend
from dynamongo.exceptions import ConditionalCheckFailedException, DynamongoError, TransactionCanceled
from dynamongo.expressions.values import Item
from dynamongo.operations import BatchGetResult, Operation, PageResult, Query, Scan

_MOST_PAGES = 200


@dataclass(frozen=True)
class Refusal:
    """An error: its class, the reasons of a cancelled transaction, and the stored items that came with it."""

    error: str
    codes: tuple[str, ...] = ()
    items: Any = None


@dataclass(frozen=True)
class Pages:
    """All pages of a query or scan."""

    pages: tuple[PageResult, ...]

    @property
    def items(self) -> tuple[Any, ...]:
        """The items of all pages, in the order in which they came."""
        return tuple(item for page in self.pages for item in page.items)

    def totals(self) -> tuple[int, int, int]:
        """How many pages there are, how many items were read and how many found."""
        scanned, found = (sum(getattr(page, name) for page in self.pages) for name in ("scanned_count", "count"))
        return len(self.pages), scanned, found


def run(backend: Backend, operation: Operation[Any]) -> Any:
    """The result of the operation, or the `Refusal` that stands for its error; the message is noted for a report."""
    try:
        return backend.execute(operation)
    except DynamongoError as error:
        note(f"{backend.name}: {type(error).__name__}: {error}")
        return _refusal(error)


def _refusal(error: DynamongoError) -> Refusal:
    if isinstance(error, TransactionCanceled):
        codes = tuple(reason.code for reason in error.reasons)
        return Refusal(type(error).__name__, codes, frozen([reason.item for reason in error.reasons]))
    item = error.item if isinstance(error, ConditionalCheckFailedException) else None
    return Refusal(type(error).__name__, items=frozen(item))


def run_pages(backend: Backend, operation: Query | Scan) -> Pages | Refusal:
    """All pages, each begun at the cursor of the one before, or the refusal of one."""
    pages: list[PageResult] = []
    while True:
        page = run(backend, operation)
        if isinstance(page, Refusal):
            return page
        pages.append(page)
        if page.cursor is None:
            return Pages(tuple(pages))
        assert len(pages) < _MOST_PAGES, "reading comes to an end"
        operation = replace(operation, cursor=page.cursor)


def frozen(value: Any) -> Any:
    """The value as nested tuples that tell `1` from `True`, and are alike for equal values, on every run."""
    if isinstance(value, dict):
        return ("M", *((name, frozen(value[name])) for name in sorted(value)))
    if isinstance(value, (list, tuple)):
        return ("L", *map(frozen, value))
    if isinstance(value, frozenset):
        return ("set", *sorted(map(frozen, value), key=repr))
    return type(value).__name__, repr(value)


def in_any_order(items: Iterable[Item]) -> list[Any]:
    """The items in an order of their own, to compare what comes in none."""
    return sorted(map(frozen, items), key=repr)


def comparable(outcome: Any, *, with_capacity: bool = True) -> Any:
    """A form whose `==` is that of DynamoDB, with the items of a batch in an order of their own."""
    if isinstance(outcome, Refusal):
        return outcome
    form = {name: frozen(getattr(outcome, name)) for name in outcome.__dataclass_fields__}
    if isinstance(outcome, BatchGetResult):
        form["items"] = in_any_order(outcome.items)
    if not with_capacity:
        del form["consumed"]
    return form
