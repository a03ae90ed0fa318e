"""A lock while it is held: renewing and releasing it, in no colour."""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import Any, Final

from dynamongo.exceptions import (
    ConditionalCheckFailedException,
    DynamongoError,
    ItemNotFound,
    LockLost,
    WriteOutcomeUnknown,
)
from dynamongo.executor import Attempt, Sender, Steps
from dynamongo.expressions.conditions import AnyCondition
from dynamongo.expressions.values import shorten
from dynamongo.locks.items import LockFields
from dynamongo.locks.requests import LockRequests

_RELEASE_ATTEMPTS: Final = 3


class Hold:
    """One acquisition of a lock, from then on.

    Its lease counts from before the request that began it, by the monotonic clock of the holder. Waiters count from
    after that request, so that none of them sees it end before the holder does.

    Args:
        requests: The requests for the lock.
        acquisition: What identifies it.
        item: The item as it was written.
        sent: When the request was sent that acquired the lock.
        now: Returns the time by the clock of waits.

    Attributes:
        token: The fencing token.
        lost: Why the lock is no longer held.
        is_stored: The condition that the lock is held, for the store.
    """

    def __init__(
        self, requests: LockRequests, acquisition: str, item: LockFields, sent: float, now: Callable[[], float]
    ) -> None:
        self.requests = requests
        self.token: int = item.token or 0
        self.lost: LockLost | None = None
        self.is_stored: AnyCondition = requests.is_held(acquisition)
        self._now = now
        self._ends = sent + requests.lease
        self._process = os.getpid()
        self._id = acquisition
        self._renewals = 0
        self._failure: DynamongoError | None = None

    @property
    def seconds_left(self) -> float:
        """How long the lease lasts."""
        return max(0.0, self._ends - self._now())

    @property
    def is_mine(self) -> bool:
        """Whether this process has acquired the lock, and not the one that it was forked from."""
        return self._process == os.getpid()

    def find_loss(self) -> LockLost | None:
        """Return why the lock is no longer held; `None` if it is."""
        if not self.is_mine:
            return self._lose("it is held by the process that this one was forked from")
        if self.lost is None and not self.seconds_left:
            self.lost = self._lose("its lease ran out before it was renewed")
            self.lost.__cause__ = self._failure
        return self.lost

    def check(self) -> None:
        """Raise `LockLost` unless the lock is held."""
        loss = self.find_loss()
        if loss is not None:
            raise loss

    def renew(self, sender: Sender) -> Steps[None]:
        """Begin a new lease.

        Raises:
            LockLost: Somebody else has taken the lock, or the new lease has run out as well.
        """
        while True:
            sent = self._now()
            try:
                yield from self._make_renewal().send_by(sender)
            except WriteOutcomeUnknown:
                if not self.seconds_left:
                    raise
                continue  # to do it twice does no harm
            except (ConditionalCheckFailedException, ItemNotFound) as error:
                self.lost = self._lose_to(error)
                raise self.lost from error
            self._extend(sent)
            self.check()  # the response may have taken longer than the lease
            return

    def beat(self, interval: float) -> Callable[[Sender], Steps[float | None]]:
        """Return the steps of one heartbeat, which return after how many seconds the next is due, if it is.

        The lock is lost when somebody else has taken it, or when its lease has ended. Until then, an error is no reason
        to give up.
        """

        def steps(sender: Sender) -> Steps[float | None]:
            del sender  # its retries take longer than there is time
            sent = self._now()
            if not (left := self.seconds_left):
                return None
            call = self._make_renewal()
            try:
                yield Attempt(call.operation, left)
            except ConditionalCheckFailedException as error:
                self.lost = self._lose_to(call.explain(error))
                return None
            except DynamongoError as error:
                self._failure = error
                return interval / 4
            self._extend(sent)
            return interval

        return steps

    def release(self, sender: Sender) -> Steps[None]:
        """Release the lock.

        Raises:
            LockLost: It was not held any more.
        """
        loss = self.find_loss()
        if self.is_mine:
            # Even if the lease has run out: perhaps nobody has taken the lock, and somebody waits for it.
            loss = (yield from self._free(sender)) or loss
        if loss is not None:
            raise loss

    def _free(self, sender: Sender) -> Steps[LockLost | None]:
        """Have the store release the lock; return who has taken it, or `None` if it was still held."""
        may_be_free = False
        for attempt in range(_RELEASE_ATTEMPTS):
            try:
                yield from self.requests.free(self.is_stored).send_by(sender)
            except WriteOutcomeUnknown:
                if attempt == _RELEASE_ATTEMPTS - 1:
                    raise
                may_be_free = True
            except (ConditionalCheckFailedException, ItemNotFound) as error:
                # An earlier attempt may have succeeded.
                return None if may_be_free else self._lose_to(error)
            else:
                break
        return None

    def _make_renewal(self) -> Any:
        self._renewals += 1
        return self.requests.renew(self._id, self._renewals)

    def _extend(self, sent: float) -> None:
        self._ends, self._failure = max(self._ends, sent + self.requests.lease), None

    def _lose_to(self, error: DynamongoError) -> LockLost:
        stored = getattr(error, "item", None)
        owner = getattr(stored, "owner", None)
        reason = "its item was changed or deleted" if owner is None else f"{shorten(owner)} has taken it"
        return self._lose(reason, owner, getattr(stored, "since", None))

    def _lose(self, reason: str, owner: str | None = None, since: Any = None) -> LockLost:
        return LockLost(
            f"the lock with {self.requests.describe()} is not held any more: {reason}",
            name=self.requests.strategy,
            token=self.token,
            owner=owner,
            since=since,
        )
