"""What a `Lock` is apart from its requests, in no colour: its options, and whether it is held."""

from __future__ import annotations

import os
import threading
from typing import TYPE_CHECKING, Any, Final, NoReturn, cast, overload

from dynamongo.arguments import check_seconds
from dynamongo.backends import Backend
from dynamongo.connection.connection import connection_of
from dynamongo.exceptions import ConfigurationError, LockLost
from dynamongo.expressions.values import shorten
from dynamongo.locks.acquisition import Acquisition
from dynamongo.locks.heartbeat import Heartbeat, start_heartbeat
from dynamongo.locks.hold import Hold
from dynamongo.locks.items import LockFields, LockItem
from dynamongo.locks.requests import LockRequests, find_wall_clock
from dynamongo.locks.sighting import Sighting
from dynamongo.mapping.abstract_mapper import AbstractMapper
from dynamongo.planning.strategies import Strategy, resolve_one

if TYPE_CHECKING:
    from dynamongo.connection.transaction_actions import TransactionActions
    from dynamongo.planning.strategy_types import OneItem


_CHANGED: Final = frozenset(LockFields.__mapper__.fields)
"""The fields of `LockFields`."""


class LockState:
    """The options of a lock, and its hold. The arguments are those of `Lock`."""

    @overload
    def __init__(
        self,
        name: OneItem[str, LockItem],
        *,
        lease: float = ...,
        timeout: float | None = ...,
        heartbeat: bool | float = ...,
        poll: float = ...,
        owner: str | None = ...,
        table: str | None = ...,
    ) -> None: ...
    @overload
    def __init__(
        self,
        name: Strategy,
        *,
        lease: float = ...,
        timeout: float | None = ...,
        heartbeat: bool | float = ...,
        poll: float = ...,
        owner: str | None = ...,
        model: type[LockFields[Any]],
        table: str | None = ...,
    ) -> None: ...
    def __init__(  # noqa: PLR0913 - the options of a lock
        self,
        name: Strategy,
        *,
        lease: float = 30.0,
        timeout: float | None = None,
        heartbeat: bool | float = True,
        poll: float = 0.5,
        owner: str | None = None,
        model: type[LockFields[Any]] = LockItem,
        table: str | None = None,
    ) -> None:
        self._model = _check_model(model) if table is None else _check_model(model).on_table(table)
        self.name = _check_name(name, self._model)
        check_seconds("lease", lease)
        check_seconds("poll", poll)
        if timeout is not None:
            check_seconds("timeout", timeout, may_be_zero=True)
        self._lease, self._timeout, self._poll = lease, timeout, poll
        self._interval = _check_heartbeat(heartbeat, lease)
        self._owner = owner
        self._in_use = threading.Lock()  # never waited for: a second use at the same time is refused
        self._seen: Sighting | None = None
        self._hold: Hold | None = None
        self._backend: Any = None
        self._heartbeat: Heartbeat | None = None

    @property
    def is_held(self) -> bool:
        """Whether the lock is held, as far as is known without a request: its lease has not run out."""
        hold = self._hold
        return hold is not None and hold.find_loss() is None

    @property
    def token(self) -> int:
        """The fencing token: a number that is greater at every acquisition of the lock, whoever acquires it.

        Raises:
            LockLost: The lock was not acquired, or has been released.
        """
        return self._require_hold().token

    def check(self, transaction: TransactionActions | None = None) -> None:
        """Raise `LockLost` unless the lock is held, as far as is known without a request.

        Args:
            transaction: A transaction to which the same check is added: it is carried out only if the lock is still
                held by then, which the store decides.

        Raises:
            LockLost: The lock is not held.
        """
        hold = self._require_hold()
        hold.check()
        if transaction is not None:
            transaction.check(hold.requests.model, self.name, condition=hold.is_stored)

    def begin(self, timeout: float | None) -> tuple[Acquisition, Backend]:
        """Return what acquires the lock, and where.

        Raises:
            ConfigurationError: The lock is in use.
        """
        if timeout is not None:
            check_seconds("timeout", timeout, may_be_zero=True)
        hold = self._hold
        if hold is not None and not hold.is_mine:
            self.end()
        if not self._in_use.acquire(blocking=False):
            raise ConfigurationError(
                f"{self!r} is in use: a Lock is not reentrant, and serves one thread or task at a time; make another"
                " one for each"
            )
        try:
            connection = connection_of(self._model)
            backend = connection.backend
            owner = self._owner or _name_process()
            wall = find_wall_clock(backend)
            requests = LockRequests(self._model, self.name, connection, owner, self._lease, wall)
        except BaseException:
            self._in_use.release()
            raise
        timeout = self._timeout if timeout is None else timeout
        return Acquisition(requests, self._seen, timeout, self._poll), backend

    def keep(self, hold: Hold, backend: Backend, *, in_task: bool) -> None:
        """Take note that the lock was acquired, and renew its lease from now on."""
        self._hold, self._backend, self._seen = hold, backend, None
        if self._interval is None:
            return
        try:
            self._heartbeat = start_heartbeat(hold, backend, self._interval, in_task=in_task)
        except BaseException:  # there are too many threads, for example; the lease runs out
            self.end()
            raise

    def fail(self, attempt: Acquisition) -> None:
        """Take note that the lock was not acquired."""
        self._seen = attempt.seen
        self._in_use.release()

    def current(self) -> tuple[Hold, Backend]:
        """Return the hold, and where it was acquired.

        Raises:
            LockLost: The lock was not acquired, or has been released.
        """
        return self._require_hold(), self._backend

    def end(self) -> tuple[Hold, Backend]:
        """Renew the lease no more, and return the hold, and where it was acquired.

        Raises:
            LockLost: The lock was not acquired, or has been released.
        """
        hold, backend = self.current()
        heartbeat, self._heartbeat = self._heartbeat, None
        self._hold = self._backend = None
        self._in_use.release()
        if heartbeat is not None and hold.is_mine:
            heartbeat.stop()
        return hold, backend

    def __reduce__(self) -> NoReturn:
        # A copy would hold what this one releases.
        raise TypeError(f"{self!r} cannot be copied or pickled: make another Lock with the same name")

    def _require_hold(self) -> Hold:
        hold = self._hold
        if hold is None:
            raise LockLost(f"{self!r} is not held: it was not acquired, or has been released", name=self.name)
        return hold

    def __repr__(self) -> str:
        hold = self._hold
        state = "" if hold is None else f", {'held' if self.is_held else 'lost'} with the token {hold.token}"
        return f"<Lock {shorten(self.name)} in {self._model.__name__}{state}>"


def _name_process() -> str:
    """Return the host and the process: those who look for who holds a lock look there."""
    import socket  # noqa: PLC0415 - whoever names the owner does without it

    return f"{socket.gethostname()}:{os.getpid()}"


def _check_model(model: Any) -> type[LockFields]:
    given: object = model
    if not isinstance(given, type) or not issubclass(given, LockFields) or isinstance(given.__mapper__, AbstractMapper):
        raise ConfigurationError(
            "Lock: model must be LockItem, or a model that is derived from LockFields and has a table; got"
            f" {shorten(model)}"
        )
    unique = given.__mapper__.unique
    named = [] if unique is None else [name for each in unique.all for name in each.names if name in _CHANGED]
    if named:
        raise ConfigurationError(
            f"Lock: {given.__name__} has {named[0]} in its __unique__, which must not be unique, since locks change it"
        )
    return cast("type[LockFields]", given)


def _check_name(name: Strategy, model: type[LockFields]) -> Strategy:
    if resolve_one(name, model.__mapper__).check is not None:
        raise ConfigurationError(
            f"Lock: name must be the key of an item, without other conditions; got {shorten(name)}"
        )
    return name


def _check_heartbeat(heartbeat: float, lease: float) -> float | None:
    """Return after how many seconds the lease is renewed, if it is."""
    if heartbeat is True:  # `bool` is an `int`
        return lease / 3  # so that two in a row may fail
    if heartbeat is False:
        return None
    check_seconds("heartbeat", heartbeat)
    if heartbeat >= lease:
        raise ConfigurationError(
            f"heartbeat must be True, False, or a number of seconds that is less than lease={lease}; got {heartbeat}"
        )
    return heartbeat
