"""Acquiring a lock: the steps, in no colour.

A waiter reads the item from time to time, which costs less than writing it, and writes when the lock is free or its
lease is over. The write is conditional, so that of several waiters one succeeds.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import Any

from dynamongo.exceptions import (
    ConditionalCheckFailedException,
    ConfigurationError,
    DynamongoError,
    LockNotAcquired,
    WriteOutcomeUnknown,
)
from dynamongo.executor import Pause, Sender, Steps
from dynamongo.expressions.values import shorten
from dynamongo.locks.hold import Hold
from dynamongo.locks.items import LockFields
from dynamongo.locks.requests import LockRequests
from dynamongo.locks.sighting import Sighting


class Acquisition:
    """One call of `acquire`.

    Args:
        requests: The requests for the lock.
        seen: What an earlier call has seen of the lock.
        timeout: How many seconds to wait; `None` for as long as it takes, 0 not to wait.
        poll: How many seconds pass between two looks at the lock, at most.

    Attributes:
        seen: Who holds the lock, as far as it is known; `None` if it may be free.
        is_pending: Whether the store may have given the lock to this call, or may still do so, without its knowledge.
    """

    def __init__(self, requests: LockRequests, seen: Sighting | None, timeout: float | None, poll: float) -> None:
        self.requests = requests
        self.seen = seen
        self.is_pending = False
        # One for all attempts of the call: whenever the item has it, the lock is ours.
        self._id = os.urandom(16).hex()
        self._timeout = timeout
        self._poll = poll
        self._sent: float | None = None  # when the first attempt was made that may have succeeded

    def steps(self, sender: Sender) -> Steps[Hold]:
        """Acquire the lock.

        Raises:
            LockNotAcquired: Somebody else held it all the time.
        """
        now = sender.now
        started = now()
        while True:
            if self.seen is None or not self.seen.seconds_left:
                hold = yield from self._try(sender)
                if hold is not None:
                    return hold
                continue  # with what the attempt has seen
            left = float("inf") if self._timeout is None else self._timeout - (now() - started)
            if left <= 0:
                raise self._explain(self.seen)
            yield Pause(min(_vary(self._poll), left, self.seen.seconds_left))
            self._look((yield from self.requests.read().send_by(sender)), now)

    def abandon(self, sender: Sender) -> Steps[None]:
        """Release the lock if the store has given it to this call, which was interrupted. Tried once."""
        del sender
        call: Any = self.requests.free(self.requests.is_held(self._id))
        try:
            yield call.operation
        except DynamongoError:
            return  # it is not ours, or its lease will run out

    def _try(self, sender: Sender) -> Steps[Hold | None]:
        """Try to take the lock; return `None` if somebody else holds it, who is then seen."""
        now = sender.now
        was_pending, self.is_pending = self.is_pending, True
        item: LockFields | None
        sent = now() if self._sent is None else self._sent
        try:
            item = yield from self.requests.take(self._id, self._taken_over).send_by(sender)
        except WriteOutcomeUnknown:
            self._sent = sent
            item = yield from self.requests.read().send_by(sender)
        except ConditionalCheckFailedException as error:
            item = self.requests.stored_in(error)
            self.is_pending = was_pending
        except DynamongoError:  # nothing was done
            self.is_pending = was_pending
            raise
        except BaseException as interruption:
            self.is_pending = was_pending or getattr(interruption, "was_sent", True)
            raise
        if item is None or not (item.rvn or "").startswith(self._id):
            self._look(item, now)
            return None
        return (yield from self._begin(item, sent, sender))

    @property
    def _taken_over(self) -> str | None:
        """The record version number of a lease that has run out."""
        return None if self.seen is None else self.seen.rvn

    def _begin(self, item: LockFields, sent: float, sender: Sender) -> Steps[Hold]:
        """Return the lock as it is held now, with a new lease if the requests have taken half of the first one."""
        self.is_pending = True  # until it is returned
        hold = Hold(self.requests, self._id, item, sent, sender.now)
        if hold.seconds_left < self.requests.lease / 2:
            yield from hold.renew(sender)
        self.is_pending = False
        return hold

    def _look(self, item: LockFields | None, now: Callable[[], float]) -> None:
        if item is None or item.owner is None:
            self.seen = None
        elif item.token is None:
            raise ConfigurationError(
                f"{self.requests.mapper.name}: the item with {self.requests.describe()} is no lock"
            )
        elif self.seen is None or self.seen.rvn != item.rvn:
            self.seen = Sighting(item, now, self.requests.wall)

    def _explain(self, seen: Sighting) -> LockNotAcquired:
        since = "" if seen.since is None else f" since {seen.since.isoformat(timespec='seconds')}"
        waited = "" if not self._timeout else f" in {self._timeout:g} s"
        return LockNotAcquired(
            f"the lock with {self.requests.describe()} could not be acquired{waited}: {shorten(seen.owner)} has held it"
            f"{since}, and its lease lasts {seen.seconds_left:.3g} s unless it is renewed",
            name=self.requests.strategy,
            owner=seen.owner,
            since=seen.since,
            seconds_left=seen.seconds_left,
        )


def _vary(seconds: float) -> float:
    """Return half of the time to all of it, so that many waiters do not ask at once."""
    import random  # noqa: PLC0415 - most locks are free

    return random.uniform(seconds / 2, seconds)  # noqa: S311 - jitter, not a secret
