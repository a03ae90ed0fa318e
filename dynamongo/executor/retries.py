"""Retries: how often a request is sent, after which waits, and what all retries on a backend may cost together.

They end with the attempts of the policy, with its time, and with the budget that all calls share.

Source: "Error retries and exponential backoff" in the DynamoDB developer guide, and "Retry behavior" in the AWS SDKs
and tools reference guide.
"""

from __future__ import annotations

from collections.abc import Callable

from dynamongo._support.dataclasses import dataclass
from dynamongo.arguments import check_seconds
from dynamongo.exceptions import ConfigurationError
from dynamongo.executor.effects import Wait
from dynamongo.expressions.values import shorten

_RETRY_COST, _TIMEOUT_COST = 5, 10
"""Tokens, as the standard retry mode of the AWS SDKs counts them: 500 pay for a hundred retries without a success."""

_TIMEOUTS = {"ConnectTimeoutError", "ReadTimeoutError"}
"""Codes of errors: the names of the exceptions of botocore."""


@dataclass(frozen=True, slots=True)
class RetryPolicy:
    """How often a request is sent, after which waits, and how long a call may take.

    The wait after request n is drawn evenly from 0 to `base * 2**n` seconds, but never above `cap`: exponential
    backoff with full jitter. A batch request that makes progress resets the count.

    Attributes:
        attempts: How many requests are sent at most; 1 for no retry.
        base: What the first wait is drawn from, in seconds; 0 for no waits.
        cap: The longest wait, in seconds.
        max_seconds: How long a call may take, requests and waits together. A page of a read, a single write and a
            chunk of a batch are a call each, and a batch that makes progress resets the time. A transaction is not
            retried after five minutes, even if this is longer.
        budget: The tokens of the retry budget that all calls on a backend share, as in the standard mode of the AWS
            SDKs: a retry costs 5, one after a timeout 10, and a call that succeeds refunds what its last retry cost,
            or 1. Without enough tokens nothing is retried. `None` for no limit. Bulk writes and batch gets are
            exempt: they have few requests under way, and wait.

    Raises:
        ConfigurationError: A field is not a number, or too small.

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
            raise ConfigurationError(f"attempts must be an int >= 1; got {shorten(self.attempts)}: use 1 for no retry")
        check_seconds("max_seconds", self.max_seconds)
        check_seconds("base", self.base, may_be_zero=True)
        check_seconds("cap", self.cap, may_be_zero=True)
        if self.budget is not None and (type(self.budget) is not int or self.budget < 0):
            raise ConfigurationError(f"budget must be an int >= 0, or None for no limit; got {shorten(self.budget)}")

    def wait(self, attempt: int) -> Wait:
        """Return the wait after request number `attempt`, counted from 1."""
        import random  # noqa: PLC0415 - most programs never wait

        longest = min(self.cap, self.base * 2.0 ** min(attempt, 100))  # a float overflows at 2**1024
        return Wait(random.uniform(0, longest))  # noqa: S311 - jitter, not a secret


class RetryBudget:
    """The tokens that pay for all retries on a backend, so that a busy store is not asked more and more.

    It has no lock, which a fork could leave locked: a token that is lost in a race comes back with the next success.

    Attributes:
        is_full: Whether no token is missing.
    """

    def __init__(self, tokens: int | None) -> None:
        self._capacity = self._left = float("inf") if tokens is None else tokens
        self.is_full = True

    def pay(self, tokens: int) -> bool:
        """Take tokens if there are enough; return whether there were."""
        if tokens > self._left:
            return False
        self._left -= tokens
        self.is_full = self._left >= self._capacity
        return True

    def refund(self, tokens: int) -> None:
        """Return tokens after a success."""
        self._left = min(self._capacity, self._left + tokens)
        self.is_full = self._left >= self._capacity


class Attempts:
    """The requests of one call: how many there were, how long they took, and whether one remained without an answer.

    Attributes:
        count: How many requests were sent.
        is_outcome_unknown: Whether one may have been carried out although it was not answered.
        is_under_way: Whether one was sent of which nothing is known yet.
    """

    def __init__(
        self, policy: RetryPolicy, now: Callable[[], float], started: float, budget: RetryBudget | None = None
    ) -> None:
        self._policy = policy
        self._now = now
        self._started = started
        self._budget = budget
        self._cost = 1  # what a success without a retry refunds
        self.count = 0
        self.is_outcome_unknown = False
        self.is_under_way = False

    def seconds_left(self, limit: float = float("inf")) -> float:
        """Return the seconds that the call may still take: as the policy says, and within `limit`."""
        return min(self._policy.max_seconds, limit) - (self._now() - self._started)

    def extend(self, seconds: float) -> None:
        """Give the call more time, because it had to wait for something else than the store."""
        self._started += seconds

    def next_wait(self, error: Exception | None = None, limit: float = float("inf")) -> Wait | None:
        """Return the wait before the next request, or `None` if none may be sent.

        Args:
            error: The error of the last request; `None` if it was answered.
            limit: As in `seconds_left`.
        """
        if self.count >= self._policy.attempts:
            return None
        wait = self._policy.wait(self.count)
        # A wait that leaves no time for the request is not worth it. Only a request that can be sent is paid for.
        if wait.seconds >= self.seconds_left(limit) or (error is not None and not self._pay(error)):
            return None
        return wait

    def _pay(self, error: Exception) -> bool:
        if self._budget is None:
            return True
        self._cost = _TIMEOUT_COST if getattr(error, "code", None) in _TIMEOUTS else _RETRY_COST
        return self._budget.pay(self._cost)

    def refund(self) -> None:
        """Return to the budget what the last retry cost, since it succeeded."""
        if self._budget is not None and not self._budget.is_full:
            self._budget.refund(self._cost)

    def reset(self) -> None:
        """Count requests and time from the beginning: the last request made progress."""
        # 1, not 0: the wait that follows comes after a request.
        self.count, self._started = 1, self._now()
