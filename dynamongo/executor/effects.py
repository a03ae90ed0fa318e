"""Effects: what the executor asks its driver to do, and how long it waits before it asks again."""

from __future__ import annotations

import random
from collections.abc import Generator
from dataclasses import dataclass
from typing import Any, TypeAlias, TypeVar

from dynamongo.backends import Limits
from dynamongo.operations import Operation

R = TypeVar("R")


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


def perform(operation: Operation[R]) -> Steps[R]:
    """Execute one operation and return its result."""
    result: R = yield operation
    return result


class Terms:
    """What every part of the executor works by: a backend's limits, and how often it tries again."""

    def __init__(self, limits: Limits, retries: RetryPolicy) -> None:
        self._limits = limits
        self._retries = retries
