"""The models of lock items: one for a table of locks, and the fields for a model of your own."""

from __future__ import annotations

from dynamongo.fields import FloatField, IntField, StringField
from dynamongo.fields.durations import TimestampField
from dynamongo.model.model import Model
from dynamongo.planning.strategy_types import K


class LockFields(Model[K]):
    """The fields of a lock, for a model of your own: in a table that has items of other kinds, under its keys.

    An item that is no lock is never taken for one, whatever its key is.

    Attributes:
        owner: Who holds the lock; absent while nobody does.
        rvn: The record version number: a random text for the acquisition, and how often its lease was renewed.
        lease: How many seconds the lease lasts, unless it is renewed.
        token: The fencing token: the number of the acquisition.
        since: When the owner acquired the lock, by its own clock.
        until: When the lease ends, by the clock of the owner.
        expires: When DynamoDB may delete the item: a day after the lease has ended, or the lock was released.

    >>> from dynamongo import Connection, Lock
    >>> from dynamongo.backends.memory import MemoryBackend
    >>> class ShopLock(LockFields):
    ...     __table__, __hash_key__, __range_key__, __kind__ = "shop", "pk", "sk", "lock"
    ...     pk = StringField(required=True)
    ...     sk = StringField(required=True)
    >>> with Connection.using(MemoryBackend()):
    ...     ShopLock.create_table()
    ...     with Lock(("lock", "nightly-import"), model=ShopLock):
    ...         ShopLock.get_one(("lock", "nightly-import")).rvn is not None
    True
    """

    __abstract__ = True
    __ttl__ = "expires"

    owner = StringField()
    rvn = StringField()
    lease = FloatField()
    token = IntField()
    since = TimestampField()
    until = TimestampField()
    expires = TimestampField()


class LockItem(LockFields[str]):
    """A lock in a table of locks, `"locks"`, by its name."""

    __table__ = "locks"
    __hash_key__ = "name"
    __billing__ = "on_demand"

    name = StringField(required=True)
