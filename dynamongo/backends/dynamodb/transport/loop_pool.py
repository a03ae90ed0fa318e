"""The pools of event loops: connections that tasks share, each on the loop that opened it.

Unlike the pool that threads share (`pool`), that of a loop is bounded: while `max_connections` are in use, other tasks
wait in turn. A place in the pool is taken before a connection is looked for, and handed on
afterwards, whatever happened: no cancelled task keeps one.

A request is given to a connection once. One that was kept and turns out to be closed is replaced before the request
is sent, or when it could not be sent whole, in which case the store cannot have executed it. If the task is cancelled,
its connection is closed, and `was_sent` of the `CancelledError` says whether the store may have got the request.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import time
import warnings
import weakref
from collections import deque
from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, Final, TypeVar

from dynamongo._support.forks import INNERMOST, make_lock
from dynamongo._support.stacklevel import caller_level
from dynamongo.backends.base import note_sent
from dynamongo.backends.dynamodb.transport.alarm import NEVER, Alarm
from dynamongo.backends.dynamodb.transport.connection_errors import build_exhausted_error
from dynamongo.backends.dynamodb.transport.endpoint import Endpoint
from dynamongo.backends.dynamodb.transport.http_errors import UnreadableResponse
from dynamongo.backends.dynamodb.transport.http_reader import HttpResponse
from dynamongo.backends.dynamodb.transport.loop_connection import LoopConnection, open_connection
from dynamongo.backends.dynamodb.transport.pool import MAX_IDLE_SECONDS

if TYPE_CHECKING:
    from dynamongo.backends.dynamodb.transport.tls import ServerTrust

R = TypeVar("R")

_BLIND: Final[tuple[type, ...]] = tuple(filter(None, [getattr(asyncio, "ProactorEventLoop", None)]))
"""The loops that cannot watch sockets: the usual one of Windows."""


class LoopPool:
    """The connections of one event loop to one endpoint. It does not keep the loop alive.

    Attributes:
        refer_to_loop: Returns the loop, if it still exists.
    """

    def __init__(
        self, loop: asyncio.AbstractEventLoop, endpoint: Endpoint, trust: ServerTrust | None, max_connections: int
    ) -> None:
        self.refer_to_loop = weakref.ref(loop)
        self._endpoint = endpoint
        self._trust = trust
        self._max = self._free = max_connections
        self._idle: deque[LoopConnection] = deque()
        self._waiting: deque[tuple[asyncio.Future[bool], float]] = deque()  # `False` says that the time is up
        self._alarm = Alarm(self._end_waits)
        self._all: weakref.WeakSet[LoopConnection] = weakref.WeakSet()
        self._closing: asyncio.Future[None] | None = None
        self._is_closed = False
        self._process = os.getpid()

    async def exchange(
        self, write: Callable[[], bytes], parse: Callable[[HttpResponse], R], seconds: float | None = None
    ) -> R:
        """Send a request, read and parse the response within `seconds`, and return what `parse` returned.

        Args:
            write: Returns the request. It is called when the request can be sent, since its signature expires.
            parse: Parses the response.
            seconds: How long that may take.

        Raises `ServiceError`, whose `was_sent` says whether the store may have got the request.
        """
        now = time.monotonic()
        deadline = None if seconds is None else now + seconds
        if self._free > 0:
            self._free -= 1
        else:
            await self._wait(NEVER if deadline is None else deadline)
        try:
            message, kept = write(), self._take(now)
            if kept is not None:
                try:
                    return await self._ask(kept, message, parse, deadline, now)
                except _NotSent:  # it was closed meanwhile: open another one
                    pass
            opened = await open_connection(self._endpoint, self._trust, deadline)
            self._all.add(opened)
            return await self._ask(opened, message, parse, deadline, time.monotonic(), is_new=True)
        finally:
            self._hand_on()

    async def _ask(  # noqa: PLR0913, PLR0917 - by position, which takes less time than by name
        self,
        connection: LoopConnection,
        message: bytes,
        parse: Callable[[HttpResponse], R],
        deadline: float | None,
        now: float,
        is_new: bool = False,  # noqa: FBT001, FBT002 - as above
    ) -> R:
        """Send a request on a connection, and keep that, if all goes well.

        Otherwise it is closed: the rest of this response may arrive on it, and would be taken for the response to
        another request.
        """
        try:
            response = await connection.ask(message, deadline, now)
            parsed = parse(response)
        except BaseException as error:
            connection.close()
            if isinstance(error, (OSError, UnreadableResponse)):
                if not (connection.is_sent or is_new):
                    raise _NotSent from error
                raise connection.explain(error) from error
            if not isinstance(error, Exception):  # the task is cancelled
                note_sent(error, was_sent=connection.is_sent)
            raise
        if response.is_last or not connection.is_sent:  # it may be answered before it is sent whole
            connection.close()
        else:
            self._keep(connection)
        return parsed

    def _take(self, now: float) -> LoopConnection | None:
        """Return the connection used last, of those that are idle and that the other side has not closed, or `None`."""
        oldest = now - MAX_IDLE_SECONDS
        while self._idle:
            connection = self._idle.pop()
            if connection.is_open and connection.idle_since > oldest and not connection.has_more():
                return connection
            connection.close()
        return None

    def _keep(self, connection: LoopConnection) -> None:
        now = connection.idle_since = time.monotonic()
        idle = self._idle
        idle.append(connection)
        if self._is_closed:
            self._close_idle()
        elif idle[0].idle_since < now - MAX_IDLE_SECONDS:
            idle.popleft().close()

    async def _wait(self, deadline: float) -> None:
        """Wait until another task hands on its place in the pool."""
        loop = asyncio.get_running_loop()
        place: asyncio.Future[bool] = loop.create_future()
        self._waiting.append((place, deadline))
        self._alarm.set(loop, deadline)
        try:
            has_place = await place
        except BaseException:
            if not place.done():  # not even cancelled: the coroutine is closed
                with contextlib.suppress(ValueError):  # `_hand_on` may have skipped it: its loop is closed, too
                    self._waiting.remove((place, deadline))
            elif not place.cancelled() and place.result():  # it was handed on to a task that is cancelled
                self._hand_on()
            raise
        if not has_place:
            raise build_exhausted_error(self._max)

    def _hand_on(self) -> None:
        """Hand on a place to the task that has waited longest; without one, set it free."""
        while self._waiting:
            place, _ = self._waiting.popleft()
            if not place.done() and not place.get_loop().is_closed():
                place.set_result(True)
                return
        self._free += 1
        if self._closing is not None and self._free == self._max and not self._closing.done():
            self._closing.set_result(None)

    def _end_waits(self, now: float) -> float:
        """End the waits whose time is up, and return when the next one will be."""
        for place, deadline in self._waiting:
            if deadline <= now and not place.done():
                place.set_result(False)
        return min([deadline for place, deadline in self._waiting if not place.done()], default=NEVER)

    def is_over(self) -> bool:
        """Return whether nobody can use the connections: the loop is closed, or belongs to the parent process."""
        loop = self.refer_to_loop()
        return loop is None or loop.is_closed() or self._process != os.getpid()

    def close(self) -> None:
        """Close idle connections, in the thread of the loop, and the others after use."""
        self._is_closed = True
        loop = self.refer_to_loop()
        if loop is None or not _is_elsewhere(loop):
            self._close_idle()
        else:
            with contextlib.suppress(RuntimeError):  # the loop has just been closed
                loop.call_soon_threadsafe(self._close_idle)

    def _close_idle(self) -> None:
        while self._idle:
            self._idle.pop().close()

    async def close_async(self) -> None:
        """Close all connections, those in use as soon as their requests are answered, and wait for that."""
        self.close()
        while self._free < self._max:
            if self._closing is None or self._closing.done():
                self._closing = asyncio.get_running_loop().create_future()
            await asyncio.shield(self._closing)

    def close_all(self) -> int:
        """Close all connections, and return how many were left open by mistake."""
        if self._process != os.getpid():  # they were closed by the fork
            return 0
        loop = self.refer_to_loop()
        if loop is not None and _is_elsewhere(loop):
            count = sum([connection.is_open for connection in list(self._all)])
            with contextlib.suppress(RuntimeError):  # the loop has just been closed
                loop.call_soon_threadsafe(self._close_each)
        else:
            count = self._close_each()
        return 0 if self._is_closed else count

    def _close_each(self) -> int:
        return sum([each.close() for each in list(self._all)])


class _NotSent(Exception):  # noqa: N818 - nothing is wrong: another connection is opened
    """The request could not be sent whole, on a connection that was kept."""


class LoopPools:
    """The pools of all loops that use a transport. Threads may share it."""

    def __init__(self, endpoint: Endpoint, trust: ServerTrust | None, max_connections: int) -> None:
        self._make = partial(LoopPool, endpoint=endpoint, trust=trust, max_connections=max_connections)
        self._where = endpoint.authority
        self._pools: list[LoopPool] = []
        self._last: LoopPool | None = None
        self._is_closed = False
        self._lock = make_lock(INNERMOST)
        weakref.finalize(self, _abandon, self._pools, endpoint.authority)  # at the end of the program too

    def find(self) -> LoopPool | None:
        """Return the pool of the running loop, or `None` if the loop cannot watch sockets."""
        loop, last = asyncio.get_running_loop(), self._last
        if last is None or last.refer_to_loop() is not loop:
            self._last = last = self._look_up(loop)
        return last

    def _look_up(self, loop: asyncio.AbstractEventLoop) -> LoopPool | None:
        if not can_watch_sockets():
            return None
        with self._lock:
            over = [pool for pool in self._pools if pool.is_over()]
            self._pools[:] = [pool for pool in self._pools if pool not in over]
            found = next((pool for pool in self._pools if pool.refer_to_loop() is loop), None)
            if found is None:
                self._pools.append(found := self._make(loop))
                if self._is_closed:  # by another thread: the connections are closed after use
                    found.close()
        _abandon(over, self._where)
        return found

    def close(self) -> None:
        """Close what `LoopPool.close` does, on every loop, and all connections of those that are closed."""
        self._is_closed = True
        for pool in list(self._pools):
            pool.close()
            if pool.is_over():
                pool.close_all()

    async def close_async(self) -> None:
        """Close what `close` does, and wait until the running loop has no connection any more."""
        self.close()
        pool = self.find()
        if pool is not None:
            await pool.close_async()


def can_watch_sockets() -> bool:
    """Return whether the running loop can watch sockets; otherwise a thread has to send requests."""
    return not isinstance(asyncio.get_running_loop(), _BLIND)


def _is_elsewhere(loop: asyncio.AbstractEventLoop) -> bool:
    """Return whether the loop runs in another thread."""
    if not loop.is_running():
        return False
    try:
        return asyncio.get_running_loop() is not loop
    except RuntimeError:
        return True


def _abandon(pools: list[LoopPool], where: str) -> None:
    """Close the connections of the pools, and warn if any of them was left open."""
    count = sum([pool.close_all() for pool in pools])
    if count:
        what = f"1 connection to {where} was" if count == 1 else f"{count} connections to {where} were"
        warnings.warn(
            f"dynamongo: {what} left open by an event loop; call `await connection.aio.close()`, or"
            " `await backend.close_async()`, before the loop ends",
            ResourceWarning,
            stacklevel=caller_level(),
        )
