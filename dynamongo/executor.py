"""The executor: from a plan to results, page by page, chunk by chunk, with retries, and without any I/O.

Every function here is a generator of *effects*. It yields an operation to be executed or a `Wait`, and is sent the
operation's result, or has the backend's error thrown into it. `drive` (in `dynamongo.connection`) performs the
effects; another driver could perform them asynchronously without a change here.
"""

from __future__ import annotations

import dataclasses
import itertools
import random
from collections import deque
from collections.abc import Callable, Generator, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias, TypeVar

from dynamongo.backends import Limits
from dynamongo.evaluation import compile_condition
from dynamongo.exceptions import (
    ConditionalCheckFailedException,
    DynamongoError,
    InvalidRequestError,
    LimitExceededError,
    ServiceError,
    TableNotFound,
    ThrottledError,
    TransactionConflict,
    WriteNotSent,
    assert_never,
)
from dynamongo.operations import (
    BatchDelete,
    BatchGet,
    BatchPut,
    BatchWrite,
    CreateTable,
    Delete,
    DeleteTable,
    DescribeTable,
    Get,
    Operation,
    Put,
    Query,
    Scan,
    TableDescription,
)
from dynamongo.plans import Plan, Read
from dynamongo.schema import TableSchema
from dynamongo.values import AttributeValue, Item

R = TypeVar("R")
T = TypeVar("T")

_ITEM_ERRORS = (
    ConditionalCheckFailedException,
    InvalidRequestError,
    LimitExceededError,
    ThrottledError,
    TransactionConflict,
)
"""What one write of several may meet without a bearing on the others."""


@dataclass(frozen=True, slots=True)
class Wait:
    """An effect: let this many seconds pass."""

    seconds: float


Effect: TypeAlias = Operation[Any] | Wait
Steps: TypeAlias = Generator[Effect, Any, R]
"""Effects to perform, in order, and the result they come to."""


@dataclass(frozen=True, slots=True)
class RetryPolicy:
    """How often, and after which waits, what the store did not process is sent again.

    The wait before attempt n is drawn evenly from 0 to `base * 2**n` seconds, but never above `cap`: exponential
    backoff with full jitter. An attempt that gets something done starts the count anew.

    Source: "Error retries and exponential backoff" in the DynamoDB developer guide.
    """

    attempts: int = 10
    base: float = 0.05
    cap: float = 5.0

    def wait(self, attempt: int) -> Wait:
        """The wait before attempt `attempt`, counted from 1."""
        return Wait(random.uniform(0, min(self.cap, self.base * 2**attempt)))  # noqa: S311 - jitter, not a secret


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one write; no `error` means that it was done."""

    index: int
    error: DynamongoError | None = None


Write: TypeAlias = Put | Delete


def perform(operation: Operation[R]) -> Steps[R]:
    """Execute one operation and return its result."""
    result: R = yield operation
    return result


class Executor:
    """Runs plans and writes within a backend's limits."""

    def __init__(self, limits: Limits, retries: RetryPolicy) -> None:
        self._limits = limits
        self._retries = retries

    # Reads.

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

    # Writes.

    def write(self, writes: Sequence[Write], key_names: tuple[str, ...]) -> Steps[list[Outcome]]:
        """Do the writes as if one after the other, and say of each whether it was done, in the order given.

        Those without a condition travel in batches, the others alone; writes of one key keep their order. An error
        that concerns one item is that item's outcome. Any other one stops the run: it is raised if there is no outcome
        yet, and else is that of the writes it befell, and those after them were not sent.
        """
        keyed = [_Keyed(index, write, key_names) for index, write in enumerate(writes)]
        groups = deque(_grouped(keyed, self._limits.batch_write))
        outcomes: dict[int, Outcome] = {}
        while groups:
            group = groups.popleft()
            try:
                yield from self._write_group(group, outcomes)
            except DynamongoError as error:
                left = [write for write in group if write.index not in outcomes]
                if isinstance(error, InvalidRequestError):  # nothing was done; alone, each says what is wrong
                    groups.extendleft([write] for write in reversed(left))
                    continue
                if not outcomes:
                    raise
                outcomes |= {write.index: Outcome(write.index, error) for write in left}
                outcomes |= _not_sent(itertools.chain.from_iterable(groups), error)
                break
        return [outcomes[write.index] for write in keyed]

    def _write_group(self, group: list[_Keyed], outcomes: dict[int, Outcome]) -> Steps[None]:
        if len(group) > 1:
            yield from self._write_batch(group, outcomes)
        else:
            outcomes[group[0].index] = yield from _write_alone(group[0])

    def _write_batch(self, group: list[_Keyed], outcomes: dict[int, Outcome]) -> Steps[None]:
        table = group[0].write.table
        pending = {write.key: write for write in group}
        attempt = 0
        while attempt <= self._retries.attempts:
            if attempt:
                yield self._retries.wait(attempt)
            result = yield BatchWrite(table, tuple(write.batched for write in pending.values()))
            left = {group[0].key_of(write) for write in result.unprocessed}
            outcomes |= {write.index: Outcome(write.index) for key, write in pending.items() if key not in left}
            attempt = 1 if len(left) < len(pending) else attempt + 1
            pending = {key: write for key, write in pending.items() if key in left}
            if not pending:
                return
        error = ThrottledError(f"the store did not get to it in {self._retries.attempts} attempts")
        outcomes |= {write.index: Outcome(write.index, error) for write in pending.values()}

    # Tables.

    def create_table(self, schema: TableSchema, *, wait: bool) -> Steps[TableDescription]:
        """Create the table and, with `wait`, return when it is ready."""
        description: TableDescription = yield CreateTable(schema)
        for pause in _table_waits():
            if not wait or description.status == "ACTIVE":
                return description
            yield pause
            description = (yield from self._find_table(schema.name)) or description  # not seen yet: it is eventual
        raise ServiceError(f"the table {schema.name} is still not ready")

    def delete_table(self, table: str, *, wait: bool) -> Steps[None]:
        """Delete the table and, with `wait`, return when it is gone."""
        yield DeleteTable(table)
        for pause in _table_waits():
            if not wait or not (yield from self.table_exists(table)):
                return
            yield pause
        raise ServiceError(f"the table {table} is still not deleted")

    def table_exists(self, table: str) -> Steps[bool]:
        """Whether there is such a table, ready or not."""
        return (yield from self._find_table(table)) is not None

    def _find_table(self, table: str) -> Steps[TableDescription | None]:
        try:
            description: TableDescription = yield DescribeTable(table)
        except TableNotFound:
            return None
        return description


@dataclass(frozen=True, slots=True)
class _Keyed:
    """A write with its place in the input and its key."""

    index: int
    write: Write
    key_names: tuple[str, ...]

    @property
    def key(self) -> tuple[AttributeValue, ...]:
        return self.key_of(self.batched)

    def key_of(self, write: BatchPut | BatchDelete) -> tuple[AttributeValue, ...]:
        holder = write.item if isinstance(write, BatchPut) else write.key
        return tuple(holder[name] for name in self.key_names)

    @property
    def batched(self) -> BatchPut | BatchDelete:
        return BatchPut(self.write.item) if isinstance(self.write, Put) else BatchDelete(self.write.key)


def _table_waits() -> Iterator[Wait]:
    """From 20 milliseconds, for local servers, doubling to a second, for DynamoDB; ten minutes in all."""
    for exponent in range(600):
        yield Wait(min(1.0, 0.02 * 2 ** min(exponent, 10)))


def _not_sent(writes: Iterable[_Keyed], error: DynamongoError) -> dict[int, Outcome]:
    reason = WriteNotSent(f"not sent, since an earlier write of the run failed: {error}")
    reason.__cause__ = error
    return {write.index: Outcome(write.index, reason) for write in writes}


def _grouped(writes: Iterable[_Keyed], size: int) -> Iterator[list[_Keyed]]:
    """Groups that can be sent as one batch, and single writes that cannot, so that writes of one key keep order."""
    batch: dict[tuple[AttributeValue, ...], _Keyed] = {}
    for write in writes:
        if batch and (write.key in batch or len(batch) == size):
            yield list(batch.values())
            batch = {}
        if write.write.condition is None:
            batch[write.key] = write
        else:
            yield [write]
    if batch:
        yield list(batch.values())


def _write_alone(write: _Keyed) -> Steps[Outcome]:
    try:
        yield write.write
    except _ITEM_ERRORS as error:
        return Outcome(write.index, error)
    return Outcome(write.index)


def chunked(values: tuple[T, ...], size: int) -> Iterator[tuple[T, ...]]:
    """The values in order, in tuples of `size` and a last one of what is left."""
    for start in range(0, len(values), size):
        yield values[start : start + size]


def _accept_all(_: Item) -> bool:
    return True
