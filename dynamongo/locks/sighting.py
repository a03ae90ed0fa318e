"""Sightings: what a waiter knows of the lease of somebody else, and when it may take over the lock."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Final

from dynamongo.locks.items import LockFields

MAX_CLOCK_DIFFERENCE: Final = 600.0
"""How many seconds the clocks of two clients can differ at most: DynamoDB refuses requests that were signed more than
five minutes before or after its own time.

Source: "Protect against reuse of the signed portions of the request", signing of AWS API requests, in the AWS Identity
and Access Management user guide.
"""


class Sighting:
    """A lock in the hands of somebody else, as it was seen at first with its record version number.

    Its lease is over when that number has not changed for the whole duration of the lease, by the clock of the waiter
    alone. One that ended so long ago that no difference of clocks explains it is over at once.

    Args:
        item: The item.
        now: Returns the time by the clock of waits.
        wall: Returns the time in seconds since the epoch.
    """

    def __init__(self, item: LockFields, now: Callable[[], float], wall: Callable[[], float]) -> None:
        self.rvn = item.rvn
        self.owner = item.owner
        self.since: datetime | None = item.since
        self._now = now
        self._ends = now() + (item.lease or 0.0)
        is_long_over = item.until is not None and item.until.timestamp() + MAX_CLOCK_DIFFERENCE < wall()
        if is_long_over:
            self._ends = now()

    @property
    def seconds_left(self) -> float:
        """How long the lease lasts at most, unless it is renewed."""
        return max(0.0, self._ends - self._now())
