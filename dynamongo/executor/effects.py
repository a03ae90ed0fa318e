"""Effects: what the executor asks its driver to do, and what it retries.

Retries have one place, `Terms.send`: a request that the store did not carry out (it asked to slow down, another write
was in the way, or the connection was never made) is sent again whatever it is. One whose outcome is unknown (the
connection broke, or the store failed) is sent again only where doing it twice comes to the same as doing it once and
gives the same answer: reads, batches of puts and deletes, single ones without a condition whose old item nobody asked
for, and transactions with a token. Any other write raises `WriteOutcomeUnknown`.

Retries end with the attempts of the policy, with its time, and with the budget that all calls share.

Source: "Error handling with DynamoDB" in the DynamoDB developer guide.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Generator
from typing import Any, Final, NoReturn, TypeAlias, TypeVar

from dynamongo._support.dataclasses import dataclass
from dynamongo.arguments import check_seconds
from dynamongo.backends import Limits
from dynamongo.exceptions import (
    BackendError,
    ConfigurationError,
    IdempotencyMismatch,
    LimitExceededError,
    ServiceError,
    ThrottledError,
    TransactionCanceled,
    TransactionConflict,
    WriteOutcomeUnknown,
)
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
from dynamongo.planning.plan import describe_step

R = TypeVar("R")

_TRANSIENT_CODES = {"TransactionConflict", "ThrottlingError", "ProvisionedThroughputExceeded"}
_READS = (Get, BatchGet, Query, Scan, TransactGet, DescribeTable, DescribeTimeToLive)
_WRITES = (Put, Delete, UpdateItem, ConditionCheck, BatchWrite, TransactWrite)
_TIMEOUTS = {"ConnectTimeoutError", "ReadTimeoutError"}

_TOKEN_SECONDS: Final = 300.0
"""How long a transaction is repeated at most: DynamoDB knows its token for 600 seconds, and then does it once more."""


@dataclass(frozen=True, slots=True)
class Wait:
    """An effect: let this many seconds pass."""

    seconds: float


@dataclass(frozen=True, slots=True)
class Attempt:
    """An effect: execute an operation that was tried before, in the time that is left.

    Attributes:
        operation: What to execute.
        seconds: The time that is left.
    """

    operation: Operation[Any]
    seconds: float


Effect: TypeAlias = Operation[Any] | Attempt | Wait
"""An operation is executed for the first time, and may take as long as the policy says."""

Steps: TypeAlias = Generator[Effect, Any, R]
"""Effects to perform, in order, and the result they come to."""


@dataclass(frozen=True, slots=True)
class RetryPolicy:
    """How often a request is sent, after which waits, and how long a call may take.

    The wait after request n is drawn evenly from 0 to `base * 2**n` seconds, but never above `cap`: exponential
    backoff with full jitter. A request that gets some of a batch done counts as the first again.

    Attributes:
        attempts: How many requests are sent at most; 1 for no retry.
        base: What the first wait is drawn from, in seconds; 0 for no waits.
        cap: The longest wait, in seconds.
        max_seconds: How long a call may take, requests and waits together. A page of a read, a single write and a
            chunk of a batch are a call each, and a batch that makes progress starts anew. A transaction is not
            repeated after five minutes, whatever this says.
        budget: The tokens of the retry budget that all calls on a backend share, as in the standard mode of the AWS
            SDKs: a retry costs 5, one after a timeout 10, and a call that succeeds gives back what its last retry
            cost, or 1. Where too few are left, nothing is retried. `None` for no limit. Bulk writes and batch gets
            are exempt: they have few requests under way, and wait.

    Raises:
        ConfigurationError: A field is no number, or too small.

    Source: "Error retries and exponential backoff" in the DynamoDB developer guide, and "Retry behavior" in the AWS
    SDKs and tools reference guide.
    """

    attempts: int = 10
    base: float = 0.05
    cap: float = 5.0
    max_seconds: float = 120.0
    budget: int | None = 500

    def __post_init__(self) -> None:
        if type(self.attempts) is not int or self.attempts < 1:
            raise ConfigurationError(
                f"attempts counts requests, and must be an int of 1 or more; got {self.attempts!r}: use 1 for no retry"
            )
        if type(self.max_seconds) not in (int, float) or not 0 < self.max_seconds < float("inf"):
            raise ConfigurationError(
                f"max_seconds bounds a call, the first request included, and must be a number above 0; "
                f"got {self.max_seconds!r}: use attempts=1 for no retry"
            )
        check_seconds("base", self.base, may_be_zero=True)
        check_seconds("cap", self.cap, may_be_zero=True)
        if self.budget is not None and (type(self.budget) is not int or self.budget < 0):
            raise ConfigurationError(
                f"budget counts tokens, and must be an int of 0 or more, or None for no limit; got {self.budget!r}"
            )

    def wait(self, attempt: int) -> Wait:
        """The wait after request number `attempt`, counted from 1."""
        import random  # noqa: PLC0415 - most programs never wait

        return Wait(random.uniform(0, min(self.cap, self.base * 2**attempt)))  # noqa: S311 - jitter, not a secret


class RetryBudget:
    """The tokens that all retries on a backend are paid from, so that a store that is busy is not asked ever more.

    It has no lock, which a fork could leave locked: a token that is lost in a race comes back with the next success.

    Attributes:
        is_full: Whether no token is missing.
    """

    def __init__(self, tokens: int | None) -> None:
        self._most = self._left = float("inf") if tokens is None else tokens
        self.is_full = True

    def take(self, tokens: int) -> bool:
        """Take tokens, if there are enough."""
        if tokens > self._left:
            return False
        self._left -= tokens
        self.is_full = self._left >= self._most
        return True

    def give_back(self, tokens: int) -> None:
        """Return tokens after a success."""
        self._left = min(self._most, self._left + tokens)
        self.is_full = self._left >= self._most


class Attempts:
    """The requests of one call: how many there were, how long they took, and whether one gave no answer.

    Attributes:
        count: How many requests were sent.
        is_unsure: Whether one may have been carried out although it gave no answer.
    """

    def __init__(
        self, policy: RetryPolicy, now: Callable[[], float], started: float, budget: RetryBudget | None = None
    ) -> None:
        self._policy = policy
        self._now = now
        self._started = started
        self._budget = budget
        self._cost = 1
        self.count = 0
        self.is_unsure = False

    def left(self, most: float) -> float:
        """The seconds that are left of those that the call may take: the policy's, but no more than `most`."""
        return min(self._policy.max_seconds, most) - (self._now() - self._started)

    def next(self, error: Exception | None = None, most: float = float("inf")) -> Wait | None:
        """The wait before the next request, or `None` if there is to be none.

        Args:
            error: What the last request met; `None` if it was answered.
            most: As in `left`.
        """
        if self.count >= self._policy.attempts:
            return None
        wait = self._policy.wait(self.count)
        if wait.seconds >= self.left(most) or (error is not None and not self._pay(error)):
            return None
        return wait

    def _pay(self, error: Exception) -> bool:
        if self._budget is None:
            return True
        self._cost = 10 if getattr(error, "code", None) in _TIMEOUTS else 5
        return self._budget.take(self._cost)

    def may_go_on(self) -> bool:
        """Whether there is time for another request, after a wait that may have taken longer than it was to."""
        return self.left(float("inf")) > 0

    def succeed(self) -> None:
        """Give back to the budget what the last retry cost."""
        if self._budget is not None and not self._budget.is_full:
            self._budget.give_back(self._cost)

    def restart(self) -> None:
        """Count from the beginning: the last request got something done."""
        self.count, self._started = 1, self._now()


class Terms:
    """What every part of the executor works by: a backend's limits, and how often it retries.

    Args:
        limits: How much the backend takes in one request.
        retries: How often, and for how long.
        budget: What retries are paid from; one of its own by default.
        now: Tells the time in seconds, by the clock of the backend.
    """

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

    def send(self, operation: Operation[R], attempts: Attempts | None = None) -> Steps[R]:
        """Execute one operation and return its result, with as many attempts as that may take.

        Args:
            operation: What to execute.
            attempts: Those that are a part of more than this operation; new ones by default.

        Raises:
            ThrottledError: The store still asks to slow down after all attempts.
            WriteOutcomeUnknown: It is a write, and an attempt gave no answer, so that nobody can know whether it was
                done: not even by a later answer, unless that proves that nothing was.
        """
        if attempts is not None:
            return (yield from self._repeat(operation, attempts))
        started = self.now()
        try:
            result: R = yield operation
        except Exception as error:  # noqa: BLE001 - `send_again` raises what it does not retry
            failure = error
        else:
            if not self.budget.is_full:
                self.budget.give_back(1)
            return result
        return (yield from self.send_again(operation, failure, started))

    def send_again(self, operation: Operation[R], error: Exception, started: float) -> Steps[R]:
        """What `send` does when the first attempt, which was made at `started`, has met an error."""
        attempts = Attempts(self.retries, self.now, started, self.budget)
        attempts.count = 1
        yield _wait_after(operation, error, attempts)
        return (yield from self._repeat(operation, attempts, error))

    def start_attempts(self) -> Attempts:
        """Attempts that are not paid from the budget, of what waits and slows down by itself."""
        return Attempts(self.retries, self.now, self.now())

    def _repeat(self, operation: Operation[R], attempts: Attempts, last: Exception | None = None) -> Steps[R]:
        while True:
            seconds = attempts.left(_longest(operation))
            if seconds <= 0 and last is not None:  # the wait took longer than it was to
                _give_up(operation, last, attempts)
            attempts.count += 1
            try:
                result: R = yield Attempt(operation, seconds)
            except Exception as error:  # noqa: BLE001 - `_wait_after` raises what is not retried
                last = error
                wait = _wait_after(operation, error, attempts)
            else:
                attempts.succeed()
                return result
            yield wait


def _longest(operation: Operation[Any]) -> float:
    return _TOKEN_SECONDS if isinstance(operation, TransactWrite) else float("inf")


def _wait_after(operation: Operation[Any], error: Exception, attempts: Attempts) -> Wait:
    """The wait before the next attempt; raises what the error comes to if there is to be none."""
    attempts.is_unsure |= isinstance(error, ServiceError) and error.was_sent
    wait = attempts.next(error, _longest(operation)) if _may_be_repeated(operation, error) else None
    if wait is not None:
        _log(operation, attempts.count, wait, error)
        return wait
    _give_up(operation, error, attempts)


def _give_up(operation: Operation[Any], error: Exception, attempts: Attempts) -> NoReturn:
    """Raise what the error comes to."""
    told = _judge(operation, error, is_unsure=attempts.is_unsure)
    if isinstance(told, BackendError) and told.operation is None:
        told.operation, told.attempts = describe_step(operation), attempts.count
    if told is error:
        raise error
    raise told from error


def _may_be_repeated(operation: Operation[Any], error: Exception) -> bool:
    match error:
        case ThrottledError() | TransactionConflict():
            return True
        case TransactionCanceled():
            return _is_transient(error)
        case LimitExceededError():  # of requests at one time; that of an item collection has another code
            return error.code == LimitExceededError.code
        case ServiceError():
            return error.is_transient and (not error.was_sent or _may_be_done_twice(operation))
        case _:
            return False


def _may_be_done_twice(operation: Operation[Any]) -> bool:
    match operation:
        case TransactWrite(token=token):
            return token is not None
        case Put(condition=condition, return_old=return_old) | Delete(condition=condition, return_old=return_old):
            return condition is None and not return_old
        case _:
            return isinstance(operation, (*_READS, BatchWrite))


def _is_transient(error: TransactionCanceled) -> bool:
    """Whether a transaction was stopped by others that are at work on its items, or by a throttle, alone."""
    codes = {reason.code for reason in error.reasons} - {"None"}
    return bool(codes) and codes.issubset(_TRANSIENT_CODES)


def _judge(operation: Operation[Any], error: Exception, *, is_unsure: bool) -> Exception:
    """What to raise of an error after which nothing is sent any more.

    An error says nothing of an earlier attempt that gave no answer, but for two: under its token, a transaction that
    was carried out would have been answered as such, instead of with a condition that does not hold or a mismatch.
    """
    is_known = isinstance(error, (IdempotencyMismatch, WriteOutcomeUnknown)) or (
        isinstance(error, TransactionCanceled) and not _is_transient(error)
    )
    if is_known or not is_unsure or not isinstance(operation, _WRITES):
        return error
    message = error.message if isinstance(error, BackendError) else f"{type(error).__name__}: {error}"
    code = getattr(error, "code", None)
    unknown = WriteOutcomeUnknown(f"the outcome of {describe_step(operation)} is unknown: {message}", code=code)
    return unknown.copy_context(error)


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
