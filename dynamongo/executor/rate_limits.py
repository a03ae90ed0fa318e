"""Rate limits: how many capacity units a call may consume per second, so that it leaves the rest to others.

A request is paid for when the store has reported what it cost, since nobody knows that before. So the limit holds on
average: a page that costs more than a second's worth is not cut, and delays the next one. Time in which nothing is
requested is not saved up.

Source: "ReturnConsumedCapacity" in the DynamoDB API reference.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final, TypeVar

from dynamongo._support.gates import Gate
from dynamongo.exceptions import ConditionalCheckFailedException, DynamongoError, TransactionCanceled
from dynamongo.executor.effects import Steps, Until, Wait
from dynamongo.executor.retries import Attempts
from dynamongo.executor.sender import Sender
from dynamongo.operations import Operation

R = TypeVar("R")

_SLICE: Final = 0.25
"""Seconds. Longer waits are made in slices, so that a read that is stopped does not have to sit them out."""


class RateLimit:
    """The capacity units that one call may consume per second, which its workers and segments share.

    Args:
        units_per_second: The units; read units and write units count alike.
    """

    def __init__(self, units_per_second: float) -> None:
        self._rate = units_per_second
        self._gate = Gate()
        self._free_at = float("-inf")
        """When the next request may be sent, if those under way cost what is expected."""
        self._expected: float | None = None
        """What a request costs, on average; `None` until one has been answered."""
        self._is_probing = False
        """Whether a request is under way that will tell what one costs."""
        self._is_stopped = False
        self._skipped = 0.0
        """Seconds of waits that took no time: a store in memory whose clock is not virtual does not wait."""

    def apply_to(self, sender: Sender) -> Sender:
        """Return a sender that sends what the given one would, within the limit."""
        return _LimitedSender(sender, self)

    def stop(self) -> None:
        """Let nothing more be sent."""
        with self._gate:
            self._is_stopped = True
            self._gate.notify_all()

    def begin(self) -> Steps[None]:
        """Wait until it is known what a request costs, unless this one is to tell that.

        Otherwise the first requests of ten workers would all be sent at once.
        """
        if not self._may_begin():
            yield Until(self._gate, self._may_begin)

    def reserve(self, now: float) -> tuple[float, float]:
        """Return how long to wait before a request, and what it is expected to cost."""
        with self._gate:
            expected = self._expected or 0.0
            wait = max(0.0, self._free_at - self._skipped - now)
            self._free_at = now + self._skipped + wait + expected / self._rate
            return wait, expected

    def wait(self, seconds: float, now: Callable[[], float]) -> Steps[None]:
        """Let the time pass that `reserve` has returned."""
        until, left = now() + seconds, seconds
        while not self._is_stopped and left > 0:
            yield Wait(min(left, _SLICE))
            left -= _SLICE
        if self._is_stopped:
            raise DynamongoError("not sent: the call was stopped before")
        with self._gate:
            self._skipped += max(0.0, until - now())

    def settle(self, expected: float, units: float | None) -> None:
        """Correct what was reserved for a request by what it consumed; `None` if it failed, and nobody knows that."""
        with self._gate:
            if units is not None:
                self._free_at += (units - expected) / self._rate
                # The average follows a change in the size of items within a few requests.
                self._expected = units if self._expected is None else (self._expected + units) / 2
            self._is_probing = False
            self._gate.notify_all()

    def _may_begin(self) -> bool:
        with self._gate:
            if self._is_stopped or self._expected is not None:
                return True
            is_first, self._is_probing = not self._is_probing, True
            return is_first


class _LimitedSender(Sender):
    """Sends operations as another sender does, each when the limit allows it."""

    def __init__(self, sender: Sender, limit: RateLimit) -> None:
        super().__init__(sender.limits, sender.retries, sender.budget, sender.now)
        self._limit = limit

    def send(self, operation: Operation[R]) -> Steps[R]:
        """Execute one operation as `Sender.send` does."""
        return self._pay(super().send(operation))

    def send_within(self, attempts: Attempts, operation: Operation[R], last: Exception | None = None) -> Steps[R]:
        """Execute one operation as `Sender.send_within` does, in the time that is left after the wait for the limit."""
        return self._pay(super().send_within(attempts, operation, last), attempts)

    def _pay(self, steps: Steps[R], attempts: Attempts | None = None) -> Steps[R]:
        started = self.now()
        yield from self._limit.begin()
        wait, expected = self._limit.reserve(self.now())
        units: float | None = None
        try:
            yield from self._limit.wait(wait, self.now)
            if attempts is not None:
                attempts.extend(self.now() - started)
            result: Any = yield from steps
            units = result.consumed.read_units + result.consumed.write_units
        except (ConditionalCheckFailedException, TransactionCanceled):
            # It costs as much as the write would have, and is not reported. Source: "DynamoDB provisioned capacity
            # mode", capacity unit consumption for write operations, in the developer guide.
            units = max(expected, 1.0)
            raise
        finally:
            self._limit.settle(expected, units)
        return result  # type: ignore[no-any-return]  # results have no common base with `consumed`
