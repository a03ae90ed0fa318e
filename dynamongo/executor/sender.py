"""Sending: one operation at a time, with retries.

Retries have one place, `Sender.send`. A request that the store did not carry out (it asked to slow down, another write
was in the way, or no connection was made) is always retried. One whose outcome is unknown (the connection broke, or the
store failed) is retried only if it is idempotent and its answer stays the same: reads, batches of puts and deletes,
single ones that return no item, if they have no condition or one that they leave satisfied, and transactions with a
token. Any other write raises `WriteOutcomeUnknown`.

Source: "Error handling with DynamoDB" in the DynamoDB developer guide.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Final, NoReturn, TypeVar

from dynamongo._support.lazy_imports import LazyModule
from dynamongo.backends import Limits, note_sent
from dynamongo.exceptions import (
    BackendError,
    IdempotencyMismatch,
    LimitExceededError,
    ServiceError,
    ThrottledError,
    TransactionCanceled,
    TransactionConflict,
    WriteOutcomeUnknown,
)
from dynamongo.executor.effects import Attempt, Steps, Wait
from dynamongo.executor.retries import Attempts, RetryBudget, RetryPolicy
from dynamongo.operations import (
    BatchGet,
    BatchWrite,
    ConditionCheck,
    Delete,
    Get,
    Operation,
    Put,
    Query,
    Scan,
    TransactGet,
    TransactWrite,
    UpdateItem,
)
from dynamongo.operations.steps import describe_step

if TYPE_CHECKING:
    from dynamongo.expressions.conditions import AnyCondition
    from dynamongo.expressions.filters import Filter
    from dynamongo.operations import tables
else:  # most programs find their tables
    tables = LazyModule("dynamongo.operations.tables")

R = TypeVar("R")

# Codes of `CancellationReasons`, which differ from those of errors. Source: TransactWriteItems, API reference.
_TRANSIENT_CODES = {"TransactionConflict", "ThrottlingError", "ProvisionedThroughputExceeded"}
# What changes tables is in neither: `describe()` shows whether it was carried out.
_READS = (Get, BatchGet, Query, Scan, TransactGet)
_WRITES = (Put, Delete, UpdateItem, ConditionCheck, BatchWrite, TransactWrite)

_TOKEN_SECONDS: Final = 300.0
"""How long a transaction is retried. DynamoDB knows its token for 600 seconds, and would then carry it out again.

Source: "ClientRequestToken" in TransactWriteItems, API reference.
"""


class Sender:
    """Sends operations within the limits of a backend.

    Args:
        limits: How much the backend takes in one request.
        retries: How often, and for how long.
        budget: What retries are paid from; one of its own by default.
        now: Returns the time in seconds, by the clock of the backend.

    Attributes:
        last_filter: The residual of the last read, and its compiled form; see `reads`.
    """

    last_filter: tuple[AnyCondition, Filter] | None = None

    def __init__(
        self,
        limits: Limits,
        retries: RetryPolicy,
        budget: RetryBudget | None = None,
        now: Callable[[], float] = time.monotonic,
    ) -> None:
        self.limits = limits
        self.retries = retries
        self.budget = budget or RetryBudget(retries.budget)
        self.now = now

    def send(self, operation: Operation[R]) -> Steps[R]:
        """Execute one operation and return its result, with as many attempts as that may take.

        Raises:
            ThrottledError: The store still asks to slow down after all attempts.
            WriteOutcomeUnknown: It is a write, and an attempt was not answered, so that nobody can know whether it was
                carried out: not even by a later answer, unless that proves that nothing was.
        """
        started = self.now()
        try:  # the first attempt makes no `Attempts`, since most requests succeed
            result: R = yield operation
        except Exception as error:  # noqa: BLE001 - `retry` raises what it does not retry
            failure = error
        else:
            if not self.budget.is_full:
                self.budget.refund(1)
            return result
        return (yield from self.retry(operation, failure, started))

    def retry(self, operation: Operation[R], error: Exception, started: float) -> Steps[R]:
        """Go on as `send` does after its first attempt, which was made at `started`, failed with an error."""
        attempts = Attempts(self.retries, self.now, started, self.budget)
        attempts.count = 1
        try:
            yield _wait_after(operation, error, attempts)
            return (yield from self.send_within(attempts, operation, error))
        except BaseException as interruption:
            if not isinstance(interruption, Exception):  # whose `was_sent` is about the last attempt alone
                note_sent(interruption, was_sent=attempts.is_outcome_unknown or attempts.is_under_way)
            raise

    def start_attempts(self) -> Attempts:
        """Return attempts that the budget does not pay for: of calls that wait and slow down by themselves."""
        return Attempts(self.retries, self.now, self.now())

    def wait_for_unprocessed(self, attempts: Attempts, *, made_progress: bool) -> Steps[bool]:
        """Wait before the rest of a batch is sent; return whether the policy allows for another attempt."""
        if made_progress:
            attempts.reset()
        wait = attempts.next_wait()
        if wait is None:
            return False
        attempts.is_under_way = False
        yield wait
        return attempts.seconds_left() > 0  # the wait may have taken longer than planned

    def send_within(self, attempts: Attempts, operation: Operation[R], last: Exception | None = None) -> Steps[R]:
        """Execute one operation as `send` does, within the attempts of a call that it is a part of.

        Args:
            attempts: The attempts.
            operation: What to execute.
            last: The error of the attempt before.
        """
        while True:
            seconds = attempts.seconds_left(_time_limit(operation))
            if seconds <= 0 and last is not None:  # the wait took longer than planned
                _give_up(operation, last, attempts)
            attempts.count += 1
            attempts.is_under_way = True
            try:
                result: R = yield Attempt(operation, seconds)
            except Exception as error:  # noqa: BLE001 - `_wait_after` raises what is not retried
                last = error
                wait = _wait_after(operation, error, attempts)
            except BaseException as interruption:
                # The transport knows of a cancelled task whether its request was sent; nobody does after Ctrl-C.
                attempts.is_under_way = getattr(interruption, "was_sent", True)
                raise
            else:
                attempts.refund()
                return result
            attempts.is_under_way = False
            yield wait


def _time_limit(operation: Operation[Any]) -> float:
    return _TOKEN_SECONDS if isinstance(operation, TransactWrite) else float("inf")


def _wait_after(operation: Operation[Any], error: Exception, attempts: Attempts) -> Wait:
    """Return the wait before the next attempt; raise the final error if there is to be none."""
    attempts.is_outcome_unknown |= isinstance(error, ServiceError) and error.was_sent
    wait = attempts.next_wait(error, _time_limit(operation)) if _is_retryable(operation, error) else None
    if wait is not None:
        _log(operation, attempts.count, wait, error)
        return wait
    _give_up(operation, error, attempts)


def _give_up(operation: Operation[Any], error: Exception, attempts: Attempts) -> NoReturn:
    """Raise the final error of an operation whose last attempt failed with `error`."""
    final = _final_error(operation, error, is_outcome_unknown=attempts.is_outcome_unknown)
    if isinstance(final, BackendError) and final.operation is None:
        final.operation, final.attempts = describe_step(operation), attempts.count
    if final is error:
        raise error
    raise final from error


def _is_retryable(operation: Operation[Any], error: Exception) -> bool:
    match error:
        case ThrottledError() | TransactionConflict():
            return True
        case TransactionCanceled():
            return _is_transient(error)
        case LimitExceededError():  # of requests at one time; that of an item collection has another code
            return error.code == LimitExceededError.code
        case ServiceError():
            return error.is_transient and (not error.was_sent or _is_idempotent(operation))
        case _:
            return False


def _is_idempotent(operation: Operation[Any]) -> bool:
    """Whether the operation can be carried out twice, with the same effect and the same answer."""
    match operation:
        case TransactWrite(token=token):
            return token is not None
        case Put() | Delete():
            return (operation.condition is None or operation.is_idempotent) and not operation.return_old
        case _:  # not an update: `ADD visits 1` counts twice
            described = (tables.DescribeTable, tables.DescribeTimeToLive, tables.DescribeContinuousBackups)
            return isinstance(operation, (*_READS, *described, BatchWrite))


def _is_transient(error: TransactionCanceled) -> bool:
    """Whether a transaction was canceled only because of a throttle, or of others at work on its items."""
    # "None" is the code of an action that was not the reason. Source: TransactWriteItems, API reference.
    codes = {reason.code for reason in error.reasons} - {"None"}
    return bool(codes) and codes.issubset(_TRANSIENT_CODES)


def _final_error(operation: Operation[Any], error: Exception, *, is_outcome_unknown: bool) -> Exception:
    """Return what to raise after the last attempt.

    An error says nothing about an earlier attempt that was not answered, with two exceptions. Had a transaction been
    carried out, its token would be answered with success, and not with a failed condition or a mismatch.
    """
    is_known = isinstance(error, (IdempotencyMismatch, WriteOutcomeUnknown)) or (
        isinstance(error, TransactionCanceled) and not _is_transient(error)
    )
    if is_known or not is_outcome_unknown or not isinstance(operation, _WRITES):
        return error
    message = error.message if isinstance(error, BackendError) else f"{type(error).__name__}: {error}"
    code = getattr(error, "code", None)
    unknown = WriteOutcomeUnknown(f"the outcome of {describe_step(operation)} is unknown: {message}", code=code)
    return unknown.copy_context(error)


def _log(operation: Operation[Any], attempt: int, wait: Wait, error: Exception) -> None:
    """Log at DEBUG, and nothing that an item holds."""
    import logging  # noqa: PLC0415 - most programs never get here, and it takes a tenth of the import

    logging.getLogger("dynamongo").debug(
        "%s: attempt %d failed with %s; retrying in %.3f s",
        describe_step(operation),
        attempt,
        type(error).__name__,
        wait.seconds,
    )
