"""Reads: from a plan to items, page by page and chunk by chunk."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterator
from typing import TypeVar

from dynamongo.evaluation import compile_condition
from dynamongo.exceptions import ThrottledError, assert_never
from dynamongo.executor.effects import Steps, Terms
from dynamongo.operations import BatchGet, Get, Query, Scan
from dynamongo.plans import Plan, Read
from dynamongo.values import Item

T = TypeVar("T")


class Reads(Terms):
    """The part of the executor that reads."""

    def read(self, plan: Plan) -> Steps[list[Item]]:
        """All items of the plan, filtered by its residual, in its order, up to its limit."""
        accepts = _accept_all if plan.residual is None else compile_condition(plan.residual)
        enough = None if plan.order_by else plan.limit
        found: list[Item] = []
        for operation in plan.operations:
            yield from self._read(operation, accepts, found, enough)
        if plan.order_by:
            found.sort(key=lambda item: [item[name] for name in plan.order_by], reverse=plan.descending)
        return found if plan.limit is None else found[: plan.limit]

    def _read(
        self, operation: Read, accepts: Callable[[Item], bool], found: list[Item], enough: int | None
    ) -> Steps[None]:
        match operation:
            case Get():
                result = yield operation
                found.extend(filter(accepts, [] if result.item is None else [result.item]))
            case BatchGet():
                for chunk in chunked(operation.keys, self._limits.batch_get):
                    items = yield from self._get_chunk(dataclasses.replace(operation, keys=chunk))
                    found.extend(filter(accepts, items))
            case Query() | Scan():
                yield from self._read_pages(operation, accepts, found, enough)
            case _:
                assert_never(operation)

    def _get_chunk(self, operation: BatchGet) -> Steps[list[Item]]:
        items: list[Item] = []
        attempt = 0
        while True:
            result = yield operation
            items.extend(result.items)
            if not result.unprocessed:
                return items
            attempt = 1 if len(result.unprocessed) < len(operation.keys) else attempt + 1
            if attempt > self._retries.attempts:
                raise ThrottledError(
                    f"the store did not get to {len(result.unprocessed)} keys of {operation.table}"
                    f" in {self._retries.attempts} attempts"
                )
            operation = dataclasses.replace(operation, keys=result.unprocessed)
            yield self._retries.wait(attempt)

    def _read_pages(
        self, operation: Query | Scan, accepts: Callable[[Item], bool], found: list[Item], enough: int | None
    ) -> Steps[None]:
        while enough is None or len(found) < enough:
            page = yield operation
            found.extend(filter(accepts, page.items))
            if page.cursor is None:
                return
            operation = dataclasses.replace(operation, cursor=page.cursor)


def chunked(values: tuple[T, ...], size: int) -> Iterator[tuple[T, ...]]:
    """The values in order, in tuples of `size` and a last one of what is left."""
    for start in range(0, len(values), size):
        yield values[start : start + size]


def _accept_all(_: Item) -> bool:
    return True
