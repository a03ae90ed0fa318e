"""Writes: in batches where DynamoDB allows that, alone elsewhere, each with its own outcome."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import TypeAlias

from dynamongo._support.dataclasses import dataclass
from dynamongo.exceptions import (
    ConditionalCheckFailedException,
    DynamongoError,
    InvalidRequestError,
    LimitExceededError,
    ThrottledError,
    TransactionConflict,
    WriteNotSent,
    WriteOutcomeUnknown,
)
from dynamongo.executor.effects import Steps
from dynamongo.executor.retries import Attempts
from dynamongo.executor.sender import Sender
from dynamongo.expressions.values import AttributeValue, Item
from dynamongo.operations import BatchDelete, BatchPut, BatchWrite, Delete, Put, UpdateItem

ITEM_ERRORS = (
    ConditionalCheckFailedException,
    InvalidRequestError,
    LimitExceededError,
    ThrottledError,
    TransactionConflict,
    WriteOutcomeUnknown,
)
"""The errors of one item, which say nothing of the other items of a run."""

Write: TypeAlias = Put | Delete | UpdateItem


@dataclass(frozen=True, slots=True)
class Outcome:
    """The outcome of one write.

    Attributes:
        index: Its position among the writes.
        error: What went wrong; `None` if it was carried out.
        attributes: The attributes that the write was asked to return.
    """

    index: int
    error: DynamongoError | None = None
    attributes: Item | None = None


@dataclass(frozen=True, slots=True)
class KeyedWrite:
    """A write with its position among the writes, and its key.

    Attributes:
        index: The position.
        write: The write.
        key_names: The names of the key attributes, hash key first.
        key: Their values.
        part: The write as a part of a batch, or `None` if it has to go alone.
    """

    index: int
    write: Write
    key_names: tuple[str, ...]
    key: tuple[AttributeValue, ...]
    part: BatchPut | BatchDelete | None

    def key_of(self, part: BatchPut | BatchDelete) -> tuple[AttributeValue, ...]:
        """Return the key of an unprocessed part of a batch."""
        return _values(part.item if isinstance(part, BatchPut) else part.key, self.key_names)


def key_writes(writes: Iterable[Write], key_names: tuple[str, ...]) -> Iterator[KeyedWrite]:
    """Yield the writes of a table with these key attributes, each with its position and key."""
    for index, write in enumerate(writes):
        holder = write.item if isinstance(write, Put) else write.key
        yield KeyedWrite(index, write, key_names, _values(holder, key_names), _as_part(write))


def _values(holder: Item, names: tuple[str, ...]) -> tuple[AttributeValue, ...]:
    return tuple([holder[name] for name in names])


def _as_part(write: Write) -> BatchPut | BatchDelete | None:
    # A batch takes puts and deletes without conditions only. Source: BatchWriteItem, API reference.
    if isinstance(write, UpdateItem) or write.condition is not None:
        return None
    return BatchPut(write.item) if isinstance(write, Put) else BatchDelete(write.key)


@dataclass(frozen=True, slots=True)
class GroupResult:
    """The outcomes of a group of writes.

    Attributes:
        outcomes: One for each.
        stop: The error after which no more writes must be sent.
    """

    outcomes: list[Outcome]
    stop: DynamongoError | None = None


def write_group(
    sender: Sender, group: Sequence[KeyedWrite], outcomes: dict[int, Outcome] | None = None
) -> Steps[GroupResult]:
    """Carry out one of the groups of `group_writes`: as one batch, or its only write alone.

    An error that concerns one item is the outcome of that item. A batch that is refused as a whole is sent one by
    one, so that each item gets its own error. Any other error stops the run.

    Args:
        sender: Sends the requests.
        group: The writes.
        outcomes: Filled with the outcome of each write, by its index, as soon as it is known, so that outcomes are
            not lost when the group is interrupted.
    """
    outcomes = {} if outcomes is None else outcomes
    stop: DynamongoError | None = None
    try:
        if len(group) > 1:
            yield from _write_batch(sender, group, outcomes)
        else:
            outcomes[group[0].index] = yield from _write_alone(sender, group[0])
    # DynamoDB refuses a batch with one invalid write as a whole. Source: BatchWriteItem, API reference.
    except InvalidRequestError:
        stop = yield from _write_one_by_one(sender, group, outcomes)
    except ITEM_ERRORS as error:
        _fill(outcomes, group, error)
    except DynamongoError as error:
        stop = error
        _fill(outcomes, group, error)
    return GroupResult([outcomes[write.index] for write in group], stop)


def _write_one_by_one(
    sender: Sender, group: Sequence[KeyedWrite], outcomes: dict[int, Outcome]
) -> Steps[DynamongoError | None]:
    for write in group:
        if write.index in outcomes:  # a request before wrote it, and left the rest unprocessed
            continue
        try:
            outcomes[write.index] = yield from _write_alone(sender, write)
        except DynamongoError as error:
            outcomes[write.index] = Outcome(write.index, error)
            outcomes.update({each.index: each for each in not_sent(_unfinished(group, outcomes), error)})
            return error
    return None


def _write_batch(sender: Sender, group: Sequence[KeyedWrite], outcomes: dict[int, Outcome]) -> Steps[None]:
    table = group[0].write.table
    pending = {write.key: write for write in group}
    attempts = sender.start_attempts()
    while True:
        batch = tuple([write.part for write in pending.values() if write.part is not None])
        result = yield from sender.send_within(attempts, BatchWrite(table, batch))
        # Any write of the group can tell a key: all are of one table.
        left = {group[0].key_of(part) for part in result.unprocessed}
        outcomes.update({write.index: Outcome(write.index) for key, write in pending.items() if key not in left})
        if not left:
            return
        made_progress = len(left) < len(pending)
        pending = {key: write for key, write in pending.items() if key in left}
        if not (yield from sender.wait_for_unprocessed(attempts, made_progress=made_progress)):
            raise _unprocessed_error(attempts, table)


def _write_alone(sender: Sender, write: KeyedWrite) -> Steps[Outcome]:
    try:
        result = yield from sender.send_within(sender.start_attempts(), write.write)
    except ITEM_ERRORS as error:
        return Outcome(write.index, error)
    return Outcome(write.index, attributes=result.attributes)


def _unprocessed_error(attempts: Attempts, table: str) -> ThrottledError | WriteOutcomeUnknown:
    """Return the error of the writes of a batch that are unprocessed after the last attempt."""
    error = (
        WriteOutcomeUnknown("still unprocessed, and one attempt had no response")
        if attempts.is_outcome_unknown
        else ThrottledError("still unprocessed")
    )
    error.operation, error.attempts = f"BatchWrite {table}", attempts.count
    return error


def group_writes(writes: Iterable[KeyedWrite], size: int) -> Iterator[list[KeyedWrite]]:
    """Yield groups that can be sent as one batch, and single writes that cannot; writes of one key keep their order."""
    batch: dict[tuple[AttributeValue, ...], KeyedWrite] = {}
    for write in writes:
        # BatchWriteItem refuses two writes of one key, and carries out its writes in any order.
        if batch and (write.key in batch or len(batch) == size):
            yield list(batch.values())
            batch = {}
        if write.part is not None:
            batch[write.key] = write
        else:  # it overtakes the batch that is being filled, which has no write of its key
            yield [write]
    if batch:
        yield list(batch.values())


def not_sent(writes: Iterable[KeyedWrite], error: DynamongoError) -> Iterator[Outcome]:
    """Yield the outcomes of writes that are not sent, because an earlier one failed with the error."""
    reason = WriteNotSent(f"not sent: an earlier write of the run failed: {error}")
    reason.__cause__ = error
    for write in writes:
        yield Outcome(write.index, reason)


def _fill(outcomes: dict[int, Outcome], group: Sequence[KeyedWrite], error: DynamongoError) -> None:
    """Give the error to the writes of a group that have no outcome yet."""
    outcomes.update({write.index: Outcome(write.index, error) for write in _unfinished(group, outcomes)})


def _unfinished(group: Sequence[KeyedWrite], outcomes: dict[int, Outcome]) -> list[KeyedWrite]:
    """Return the writes of a group that have no outcome yet."""
    return [write for write in group if write.index not in outcomes]
