"""The requests that concern one lock: what each writes, and under which condition."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import datetime, timedelta, timezone
from typing import Any, Final, cast

from dynamongo.backends import Backend
from dynamongo.connection.connection import Connection
from dynamongo.exceptions import ConditionalCheckFailedException, ConfigurationError
from dynamongo.expressions.conditions import AnyCondition
from dynamongo.expressions.updates import AnyUpdate
from dynamongo.expressions.values import Item
from dynamongo.fields.computed_values import if_not_exists
from dynamongo.locks.items import LockFields
from dynamongo.mapping.keys.model_keys import key_equalities
from dynamongo.mapping.mapper import Mapper
from dynamongo.operations import KeyCondition, PageResult, Query
from dynamongo.planning.strategies import Strategy, resolve_one
from dynamongo.verbs.calls import VerbCall
from dynamongo.verbs.write_calls import UpdateCall

KEPT: Final = timedelta(days=1)
"""How long an item is kept that nobody holds: fencing tokens grow as long as no clock is wrong by more than that."""


def find_wall_clock(backend: Backend) -> Callable[[], float]:
    """Return what tells the seconds since the epoch: the clock of the backend, if it has one."""
    clock: Callable[[], float] = getattr(backend, "clock", time.time)
    return clock


class _ReadCall(VerbCall[LockFields | None]):
    """Read the item of a lock: by a Query, since a recording takes repeated Gets for what one `get_many` would do."""

    def __init__(self, mapper: Mapper[Any], table: str, key: Item) -> None:
        condition = KeyCondition(*key_equalities(key))
        super().__init__(mapper, table, Query(table, condition, limit=1, consistent=True))

    def finish(self, result: PageResult) -> LockFields | None:
        """Return the item, if it is of the kind."""
        found: list[LockFields] = [self.mapper.decode(item) for item in result.items if self.mapper.model_for(item)]
        return found[0] if found else None


class LockRequests:
    """The calls for one lock, which `acquire`, `renew` and `release` send.

    Args:
        model: The model of the item.
        strategy: Which item it is.
        connection: The connection of the model.
        owner: Who acquires the lock.
        lease: For how many seconds.
        wall: Returns the time in seconds since the epoch.
    """

    def __init__(  # noqa: PLR0913, PLR0917 - all that a lock item tells
        self, model: type[LockFields], strategy: Strategy, connection: Connection, owner: str, lease: float, wall: Any
    ) -> None:
        self.model = model
        self.strategy = strategy
        self.connection = connection
        self.mapper: Mapper[Any] = model.__mapper__
        self.table = model.table_name()
        self.owner = owner
        self.lease = lease
        self.wall = wall
        self._key = resolve_one(strategy, self.mapper).key

    def take(self, acquisition: str, seen: str | None) -> UpdateCall[LockFields]:
        """Acquire the lock if nobody holds it, or if its record version number is still the one that was `seen`.

        A new item starts with the milliseconds since 1970 as its token, so that tokens grow even after the item of
        a lock was deleted.
        """
        fields, now = self.model, self._now()
        token = if_not_exists(fields.token, int(now.timestamp() * 1000)) + 1
        start = [fields.owner.set(self.owner), fields.since.set(now), fields.token.set(token)]
        # An item that is no lock has no token: nothing may be added to it.
        is_free = self.mapper.is_missing | (fields.owner.not_exists() & fields.token.exists())
        condition = is_free if seen is None else is_free | (fields.rvn == seen)
        return self._update([*start, *self._lease_from(now, f"{acquisition}-0")], condition, upsert=True)

    def renew(self, acquisition: str, number: int) -> UpdateCall[LockFields]:
        """Begin a new lease, if the lock is still held by this acquisition."""
        return self._update(self._lease_from(self._now(), f"{acquisition}-{number}"), self.is_held(acquisition))

    def free(self, condition: AnyCondition) -> UpdateCall[LockFields]:
        """Release the lock. The item stays for a while, and keeps its token for the next owner."""
        fields = self.model
        ends = [field.remove() for field in (fields.owner, fields.rvn, fields.lease, fields.since, fields.until)]
        return self._update([*ends, fields.expires.set(self._now() + KEPT)], condition)

    def read(self) -> VerbCall[LockFields | None]:
        """Read the item; the result is `None` if there is none."""
        return _ReadCall(self.mapper, self.table, self._key)

    def is_held(self, acquisition: str) -> AnyCondition:
        """Return the condition that the lock is held by an acquisition."""
        return self.model.rvn.begins_with(acquisition)

    def stored_in(self, error: ConditionalCheckFailedException) -> LockFields:
        """Return the item that stood in the way of `take`.

        Raises:
            ConfigurationError: It is no lock.
        """
        stored: Any = error.item
        raw = getattr(error.__cause__, "item", None)  # as the store returned it, of whichever kind
        is_lock = isinstance(stored, LockFields) and stored.token is not None
        if not is_lock or (raw is not None and self.mapper.model_for(raw) is None):
            raise ConfigurationError(
                f"{self.mapper.name}: the item with {self.describe()} is no lock, and nothing is added to it; give the"
                " lock another name"
            ) from error
        return cast("LockFields", stored)

    def describe(self) -> str:
        """Return the key of the item, for messages."""
        return self.mapper.describe_key(self._key)

    def _lease_from(self, now: datetime, rvn: str) -> list[AnyUpdate]:
        fields, until = self.model, now + timedelta(seconds=self.lease)
        ends = [fields.until.set(until), fields.expires.set(until + KEPT)]
        return [fields.rvn.set(rvn), fields.lease.set(float(self.lease)), *ends]

    def _update(self, updates: list[Any], condition: AnyCondition, *, upsert: bool = False) -> UpdateCall[LockFields]:
        return UpdateCall(self.mapper, self.table, self.strategy, updates, upsert=upsert, condition=condition)

    def _now(self) -> datetime:
        return datetime.fromtimestamp(self.wall(), timezone.utc)
