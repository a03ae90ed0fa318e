"""Effects: what the executor asks its driver to do, and what it tries again.

Retries have one place, `Terms.send`: a request that the store did not carry out (it asked to slow down, or the
connection was never made) is sent again whatever it is. One whose outcome is not known (the connection broke, or the
store failed) is sent again only where doing it twice comes to the same as doing it once and gives the same answer:
reads, batches of puts and deletes, single ones without a condition whose old item nobody asked for, and transactions
with a token. Any other write raises `WriteOutcomeUnknown`.

Source: "Error handling with DynamoDB" in the DynamoDB developer guide.
"""

from __future__ import annotations

import random
from collections.abc import Generator
from typing import Any, TypeAlias, TypeVar

from dynamongo.backends import Limits
from dynamongo.exceptions import (
    BackendError,
    ServiceError,
    ThrottledError,
    TransactionCanceled,
    TransactionConflict,
    WriteOutcomeUnknown,
)
from dynamongo.frozen import dataclass
from dynamongo.operations import (
    BatchGet,
    BatchWrite,
    ConditionCheck,
    Delete,
    DescribeTable,
    DescribeTimeToLive,
    Get,
    Operation,
    Put,
    Query,
    Scan,
    TransactGet,
    TransactWrite,
    UpdateItem,
)
from dynamongo.plans import describe_step

R = TypeVar("R")

PASSING_ERRORS = (TransactionCanceled, TransactionConflict, ThrottledError, ServiceError)
"""What may be no fault of the request, so that it may be worth to send it again."""

_PASSING_CODES = {"TransactionConflict", "ThrottlingError", "ProvisionedThroughputExceeded"}
_READS = (Get, BatchGet, Query, Scan, TransactGet, DescribeTable, DescribeTimeToLive)
_WRITES = (Put, Delete, UpdateItem, ConditionCheck, BatchWrite, TransactWrite)


@dataclass(frozen=True, slots=True)
class Wait:
    """An effect: let this many seconds pass."""

    seconds: float


Effect: TypeAlias = Operation[Any] | Wait
Steps: TypeAlias = Generator[Effect, Any, R]
"""Effects to perform, in order, and the result they come to."""


@dataclass(frozen=True, slots=True)
class RetryPolicy:
    """How often, and after which waits, what the store did not do is sent again.

    The wait before attempt n is drawn evenly from 0 to `base * 2**n` seconds, but never above `cap`: exponential
    backoff with full jitter. An attempt that gets some of a batch done starts the count anew.

    Attributes:
        attempts: How often it is sent again at most; 0 for never.
        base: Seconds.
        cap: Seconds.
        max_seconds: How long all waits for one request may take together.

    Source: "Error retries and exponential backoff" in the DynamoDB developer guide.
    """

    attempts: int = 10
    base: float = 0.05
    cap: float = 5.0
    max_seconds: float = 60.0

    def wait(self, attempt: int) -> Wait:
        """The wait before attempt `attempt`, counted from 1."""
        return Wait(random.uniform(0, min(self.cap, self.base * 2**attempt)))  # noqa: S311 - jitter, not a secret


class Attempts:
    """How often one thing was tried, and how long that took.

    Attributes:
        count: The number of the last attempt.
        is_unsure: Whether an attempt may have been carried out although it gave no answer.
    """

    def __init__(self, policy: RetryPolicy) -> None:
        self._policy = policy
        self.count = 0
        self.is_unsure = False
        self._waited = 0.0

    def next(self) -> Wait | None:
        """The wait before the next attempt, or `None` where there is to be none."""
        self.count += 1
        if self.count > self._policy.attempts:
            return None
        wait = self._policy.wait(self.count)
        self._waited += wait.seconds
        return None if self._waited > self._policy.max_seconds else wait

    def start_anew(self) -> None:
        """Count from the beginning: the last attempt got something done."""
        self.count, self._waited = 0, 0.0


class Terms:
    """What every part of the executor works by: a backend's limits, and how often it tries again."""

    def __init__(self, limits: Limits, retries: RetryPolicy) -> None:
        self.limits = limits
        self._retries = retries

    def send(self, operation: Operation[R], attempts: Attempts | None = None) -> Steps[R]:
        """Execute one operation and return its result, with as many attempts as that may take.

        Args:
            operation: What to execute.
            attempts: Those that are a part of more than this operation; new ones by default.

        Raises:
            ThrottledError: The store still asks to slow down after all attempts.
            WriteOutcomeUnknown: It is a write, and whether it was done cannot be known: not even by the last attempt,
                if an earlier one gave no answer.
        """
        try:
            result: R = yield operation
        except PASSING_ERRORS as error:
            return (yield from self.send_again(operation, error, attempts))
        return result

    def send_again(self, operation: Operation[R], error: BackendError, attempts: Attempts | None = None) -> Steps[R]:
        """What `send` does when the first attempt has met one of `PASSING_ERRORS`."""
        attempts = attempts or Attempts(self._retries)
        while True:
            attempts.is_unsure |= isinstance(error, ServiceError) and error.was_sent
            wait = attempts.next() if _may_be_sent_again(operation, error) else None
            if wait is None:
                raise _judge(operation, error, is_unsure=attempts.is_unsure) from error
            _log(operation, attempts.count, wait, error)
            yield wait
            try:
                result: R = yield operation
            except PASSING_ERRORS as again:
                error = again
            else:
                return result


def _may_be_sent_again(operation: Operation[Any], error: BackendError) -> bool:
    if isinstance(error, (ThrottledError, ServiceError)):
        return _may_repeat(operation, error)
    return isinstance(operation, (TransactWrite, TransactGet)) and _is_passing(error)


def _may_repeat(operation: Operation[Any], error: ThrottledError | ServiceError) -> bool:
    if isinstance(error, ThrottledError):
        return True
    if not error.is_transient or not error.was_sent:
        return error.is_transient
    match operation:
        case TransactWrite(token=token):
            return token is not None
        case Put(condition=condition, return_old=return_old) | Delete(condition=condition, return_old=return_old):
            return condition is None and not return_old
        case _:
            return isinstance(operation, (*_READS, BatchWrite))


def _is_passing(error: BackendError) -> bool:
    """Whether an error says nothing of the request but that the store could not do it just then.

    A transaction is stopped in this way by others that are at work on its items, or by a throttle.
    """
    if not isinstance(error, TransactionCanceled):
        return True
    codes = {reason.code for reason in error.reasons} - {"None"}
    return bool(codes) and codes.issubset(_PASSING_CODES)


def _judge(operation: Operation[Any], error: BackendError, *, is_unsure: bool) -> Exception:
    """What to raise of an error after which nothing is sent any more.

    Another answer than a passing one settles what an earlier attempt did: under its token, a transaction that was
    carried out would have been answered as such.
    """
    if not is_unsure or not isinstance(operation, _WRITES) or not _is_passing(error):
        return error
    if isinstance(error, WriteOutcomeUnknown):
        return error
    return WriteOutcomeUnknown(f"whether {describe_step(operation)} was done is not known: {error}", code=error.code)


def _log(operation: Operation[Any], attempt: int, wait: Wait, error: Exception) -> None:
    """At DEBUG, and without anything of an item."""
    import logging  # noqa: PLC0415 - most programs never come here, and it takes a tenth of the import

    logging.getLogger("dynamongo").debug(
        "%s: attempt %d met %s; the next is in %.3f s",
        describe_step(operation),
        attempt,
        type(error).__name__,
        wait.seconds,
    )
