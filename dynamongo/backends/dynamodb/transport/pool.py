"""The pool: connections that are kept alive between requests, shared by threads, and never used when in doubt.

A request is given to a connection once. One that was kept and turns out to be closed is replaced before the request
is sent, or when it could not be sent whole, in which case the store cannot have executed it. What happens after that is
reported with `was_sent`, and the executor decides whether to retry.

A connection that is taken in another process than its own is closed, in case a fork has bypassed Python.
"""

from __future__ import annotations

import contextlib
import os
import time
import weakref
from collections import deque
from collections.abc import Callable
from typing import TYPE_CHECKING, Final, TypeVar

from dynamongo.backends.dynamodb.transport.endpoint import Endpoint
from dynamongo.backends.dynamodb.transport.http_connection import HttpConnection
from dynamongo.backends.dynamodb.transport.http_reader import HttpResponse
from dynamongo.exceptions import ServiceError

if TYPE_CHECKING:
    from dynamongo.backends.dynamodb.transport.tls import ServerTrust

R = TypeVar("R")

MAX_IDLE_SECONDS: Final = 60.0
"""How long an idle connection is kept: some gateways forget one after a few minutes, without closing it."""


class Pool:
    """The connections to one endpoint. Threads may share it; each request has a connection to itself."""

    def __init__(self, endpoint: Endpoint, trust: ServerTrust | None) -> None:
        self._endpoint = endpoint
        self._trust = trust
        self._idle: deque[HttpConnection] = deque()  # its methods are atomic
        weakref.finalize(self, _close_all, self._idle)  # at the end of the program too
        self._is_closed = False

    def exchange(self, message: bytes, parse: Callable[[HttpResponse], R], seconds: float | None = None) -> R:
        """Send a request, read and parse the response within `seconds`, and return what `parse` returned.

        If that fails, or the response cannot be parsed, the connection is closed: the rest of this response may arrive
        on it, and would be taken for the response to another request.

        Raises `ServiceError`, whose `was_sent` says whether the store may have got the request.
        """
        now = time.monotonic()
        deadline = None if seconds is None else now + seconds
        connection = self._send(message, deadline, now)
        try:
            response = connection.read()
            parsed = parse(response)
        except BaseException:
            connection.close()
            raise
        if response.is_last:
            connection.close()
        else:
            self._keep(connection)
        return parsed

    def _send(self, message: bytes, deadline: float | None, now: float) -> HttpConnection:
        connection = self._take(now)
        if connection is not None:
            try:
                connection.send(message, deadline, now)
            except ServiceError:  # it was closed meanwhile: open another one
                pass
            else:
                return connection
        connection = HttpConnection(self._endpoint, self._trust, deadline)
        connection.send(message, deadline, time.monotonic())
        return connection

    def _take(self, now: float) -> HttpConnection | None:
        """Return the connection used last, of those that are idle and that the other side has not closed, or `None`."""
        process = os.getpid()
        oldest = now - MAX_IDLE_SECONDS
        while self._idle:
            try:
                connection = self._idle.pop()
            except IndexError:  # another thread was faster
                return None
            if connection.process == process and connection.idle_since > oldest and not connection.has_more():
                return connection
            connection.close()
        return None

    def _keep(self, connection: HttpConnection) -> None:
        connection.idle_since = time.monotonic()
        self._idle.append(connection)
        if self._is_closed:
            _close_all(self._idle)
        elif len(self._idle) > self._endpoint.pool_size:
            with contextlib.suppress(IndexError):
                self._idle.popleft().close()

    def close(self) -> None:
        """Close idle connections now, and the others after use."""
        self._is_closed = True
        _close_all(self._idle)


def _close_all(connections: deque[HttpConnection]) -> None:
    with contextlib.suppress(IndexError):
        while True:
            connections.pop().close()
