"""`HttpConnection`: one connection to the endpoint, which carries one request at a time.

It belongs to the process that opened it. After a fork the child closes its copies before it does anything else, and
marks them, so that a thread that forks while it reads keeps none.
"""

from __future__ import annotations

import os
import time
import weakref
from typing import TYPE_CHECKING, Final

from dynamongo.backends.dynamodb.transport.connecting import Connector
from dynamongo.backends.dynamodb.transport.connection_errors import (
    build_connect_error,
    build_fork_error,
    build_read_error,
    build_send_error,
)
from dynamongo.backends.dynamodb.transport.endpoint import Endpoint
from dynamongo.backends.dynamodb.transport.http_errors import TunnelRefused, UnreadableResponse
from dynamongo.backends.dynamodb.transport.http_reader import FIRST_BYTES, HttpResponse, ResponseReader
from dynamongo.backends.dynamodb.transport.sockets import (
    TOLERANCE,
    find_connect_timeout,
    find_timeout,
    make_check,
    receive_more,
)

if TYPE_CHECKING:
    import socket

    from dynamongo.backends.dynamodb.transport.tls import ServerTrust

_NEVER: Final = float("inf")


class HttpConnection:
    """One connection, open when it is made."""

    __slots__ = (
        "__weakref__",
        "_connector",
        "_deadline",
        "_endpoint",
        "_is_short",
        "_limit_from",
        "_socket",
        "_timeout",
        "has_more",
        "idle_since",
        "is_parents",
        "process",
    )

    def __init__(self, endpoint: Endpoint, trust: ServerTrust | None, deadline: float | None) -> None:
        self._endpoint = endpoint
        timeout = find_connect_timeout(endpoint, deadline)
        self._connector = Connector(endpoint, trust, timeout, deadline)
        self.process = os.getpid()
        self.is_parents = False
        _of_this_process.add(self)
        try:
            self._connector.connect()
            self._socket: socket.socket = self._connector.sock
            self._timeout = self._socket.gettimeout()
            for option in endpoint.socket_options:
                self._socket.setsockopt(*option)
        except BaseException as error:
            self._connector.close()
            if isinstance(error, (OSError, TunnelRefused, UnicodeError, UnreadableResponse)):
                raise build_connect_error(endpoint, timeout, error) from error
            raise
        self.has_more = make_check(self._socket)
        self.idle_since = 0.0

    def send(self, message: bytes, deadline: float | None, now: float) -> None:
        """Send a request completely: the store cannot execute one of which a part is missing.

        What is read afterwards has the same deadline.

        Raises `ServiceError`; the connection is closed then.
        """
        try:
            self._begin(deadline, now)
            self._socket.sendall(message)
        except BaseException as error:
            self.close()
            if isinstance(error, OSError):
                raise build_send_error(error) from error
            raise

    def read(self) -> HttpResponse:
        """Read a response completely. Raises `ServiceError`."""
        try:
            if self._is_short:
                self._limit()
            response = self._receive()
        except (OSError, UnreadableResponse) as error:
            is_over = self._deadline is not None and time.monotonic() >= self._deadline
            raise build_read_error(self._endpoint, error, is_over=is_over) from error
        if self.is_parents:
            raise build_fork_error()
        return response

    def _receive(self) -> HttpResponse:
        """Receive until the response is complete, but only until the deadline, however slowly bytes arrive."""
        reader = ResponseReader()
        data = self._socket.recv(FIRST_BYTES)
        response = reader.feed(data) if data else reader.end()
        while response is None:
            if time.monotonic() > self._limit_from:
                self._limit()
            response = receive_more(self._socket, reader)
        return response

    def _begin(self, deadline: float | None, now: float) -> None:
        """Set the deadline, which matters when less time is left than a read may take."""
        usual = self._endpoint.read_timeout
        self._deadline = deadline
        self._limit_from = _NEVER if deadline is None else deadline - (_NEVER if usual is None else usual)
        # With more than twice the usual time left, even the slowest send leaves enough for the first read.
        self._is_short = deadline is not None and (usual is None or deadline - now < 2 * usual - TOLERANCE)
        if self._timeout != usual or now > self._limit_from:
            self._limit()

    def _limit(self) -> None:
        """Set the timeout of the socket to the time left, unless it has changed too little for a system call."""
        timeout = find_timeout(self._endpoint.read_timeout, self._deadline)
        if timeout is None or self._timeout is None or abs(timeout - self._timeout) > TOLERANCE:
            self._socket.settimeout(timeout)
            self._timeout = timeout

    def close(self) -> None:
        """Close the connection."""
        self._connector.close()


_of_this_process: Final[weakref.WeakSet[HttpConnection]] = weakref.WeakSet()


def _close_copies_in_child() -> None:
    """Close the child's copies of the parent's connections, without an effect on the parent."""
    for connection in list(_of_this_process):
        connection.is_parents = True
        connection.close()
    _of_this_process.clear()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_close_copies_in_child)
