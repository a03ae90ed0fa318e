"""Writes: in batches where DynamoDB allows that, alone elsewhere, each with its own outcome."""

from __future__ import annotations

from typing import Final, TypeAlias

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
from dynamongo.executor.grouping import Group, Write
from dynamongo.executor.guarded_writes import GuardedWrite
from dynamongo.executor.retries import Attempts
from dynamongo.executor.sender import Sender
from dynamongo.expressions.values import Item
from dynamongo.operations import BatchDelete, BatchPut, BatchWrite, Put, WriteResult

ITEM_ERRORS = (
    ConditionalCheckFailedException,
    InvalidRequestError,
    LimitExceededError,
    ThrottledError,
    TransactionConflict,
    WriteOutcomeUnknown,
)
"""The errors of one item, which say nothing of the other items of a run."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """The outcome of one write.

    Attributes:
        error: What went wrong; `None` if it was carried out.
        attributes: The attributes that the write was asked to return.
        units: The write units that its request consumed, if more than one for each of its writes.
    """

    error: DynamongoError | None = None
    attributes: Item | None = None
    units: float = 0.0


DONE: Final = Outcome()
"""The outcome of a write that was carried out and was not asked to return anything, as nearly all are."""

Outcomes: TypeAlias = dict[int, Outcome]
"""Outcomes by the positions of their writes in the run."""


@dataclass(frozen=True, slots=True)
class GroupResult:
    """The outcomes of a group of writes.

    Attributes:
        outcomes: One for each, in their order.
        stop: The error after which no more writes must be sent.
    """

    outcomes: Outcomes
    stop: DynamongoError | None = None


def write_group(sender: Sender, group: Group, outcomes: Outcomes) -> Steps[GroupResult]:
    """Carry out a group: as one batch, or its only write alone.

    An error that concerns one item is the outcome of that item. A batch that is refused as a whole is sent one by
    one, so that each item gets its own error. Any other error stops the run.

    Args:
        sender: Sends the requests.
        group: The writes.
        outcomes: Filled with the outcome of each write as soon as it is known, so that outcomes are not lost when the
            group is interrupted.
    """
    stop: DynamongoError | None = None
    attempts = sender.start_attempts()
    try:
        if len(group.writes) > 1:
            yield from _write_batch(sender, attempts, group, outcomes)
        else:
            ((position, write),) = group.writes.values()
            outcomes[position] = yield from _write_alone(sender, attempts, write)
    # DynamoDB refuses a batch with one invalid write as a whole. Source: BatchWriteItem, API reference.
    except InvalidRequestError:
        stop = yield from _write_one_by_one(sender, group, outcomes)
    except ITEM_ERRORS as error:
        _fill(outcomes, group, Outcome(error))
    except DynamongoError as error:
        stop = error
        _fill(outcomes, group, Outcome(error))
    except BaseException:  # Ctrl-C, a cancelled task, or an error that is not of the store
        _fill(outcomes, group, _interrupted(attempts))
        raise
    return GroupResult({position: outcomes[position] for position in group.positions}, stop)


def _write_one_by_one(sender: Sender, group: Group, outcomes: Outcomes) -> Steps[DynamongoError | None]:
    for position, write in group.writes.values():
        if position in outcomes:  # a request before wrote it, and left the rest unprocessed
            continue
        attempts = sender.start_attempts()
        try:
            outcomes[position] = yield from _write_alone(sender, attempts, write)
        except DynamongoError as error:
            outcomes[position] = Outcome(error)
            _fill(outcomes, group, not_sent(error))
            return error
        except BaseException:  # as in `write_group`
            outcomes[position] = _interrupted(attempts)
            _fill(outcomes, group, _interrupted())
            raise
    return None


def _write_batch(sender: Sender, attempts: Attempts, group: Group, outcomes: Outcomes) -> Steps[None]:
    pending = group.writes
    table = next(iter(pending.values()))[1].table
    while True:
        batch = BatchWrite(table, tuple([_as_part(write) for _, write in pending.values()]))
        result = yield from sender.send_within(attempts, batch)
        units = result.consumed.write_units
        done = DONE if units <= len(pending) else Outcome(units=units)
        left = {group.key_of(part.item if isinstance(part, BatchPut) else part.key) for part in result.unprocessed}
        if not left:
            outcomes.update(dict.fromkeys([position for position, _ in pending.values()], done))
            return
        outcomes.update({position: done for key, (position, _) in pending.items() if key not in left})
        made_progress = len(left) < len(pending)
        pending = {key: pair for key, pair in pending.items() if key in left}
        if not (yield from sender.wait_for_unprocessed(attempts, made_progress=made_progress)):
            raise _unprocessed_error(attempts, table)


def _as_part(write: Write) -> BatchPut | BatchDelete:
    return BatchPut(write.item) if isinstance(write, Put) else BatchDelete(write.key)


def _write_alone(sender: Sender, attempts: Attempts, write: Write) -> Steps[Outcome]:
    try:
        if isinstance(write, GuardedWrite):
            result = yield from _write_guarded(sender, attempts, write)
        else:
            result = yield from sender.send_within(attempts, write)
    except ITEM_ERRORS as error:
        return Outcome(error)
    units = result.consumed.write_units
    if result.attributes is None:
        return DONE if units <= 1 else Outcome(units=units)
    return Outcome(attributes=result.attributes, units=units)


def _write_guarded(sender: Sender, attempts: Attempts, write: GuardedWrite) -> Steps[WriteResult]:
    try:
        return (yield from write.perform(sender))
    except BaseException as interruption:
        if not isinstance(interruption, Exception):
            attempts.is_under_way = getattr(interruption, "was_sent", True)  # as in `Sender.send_within`
        raise


def _unprocessed_error(attempts: Attempts, table: str) -> ThrottledError | WriteOutcomeUnknown:
    """Return the error of the writes of a batch that are unprocessed after the last attempt."""
    error = (
        WriteOutcomeUnknown("still unprocessed, and one attempt had no response")
        if attempts.is_outcome_unknown
        else ThrottledError("still unprocessed")
    )
    error.operation, error.attempts = f"BatchWrite {table}", attempts.count
    return error


def not_sent(error: DynamongoError) -> Outcome:
    """Return the outcome of writes that are not sent, because an earlier one failed with the error."""
    reason = WriteNotSent(f"not sent: an earlier write of the run failed: {error}")
    reason.__cause__ = error
    return Outcome(reason)


def _interrupted(attempts: Attempts | None = None) -> Outcome:
    """Return the outcome of writes that were interrupted, with the attempts that were made if there were any."""
    if attempts is not None and (attempts.is_under_way or attempts.is_outcome_unknown):
        return Outcome(WriteOutcomeUnknown("the run was interrupted while the write was under way"))
    return Outcome(WriteNotSent("not written: the run was interrupted before"))


def _fill(outcomes: Outcomes, group: Group, outcome: Outcome) -> None:
    """Give the outcome to the writes of a group that have none yet."""
    for position in group.positions:
        outcomes.setdefault(position, outcome)
