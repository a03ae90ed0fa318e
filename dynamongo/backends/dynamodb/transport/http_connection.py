"""`HttpConnection`: one connection to the endpoint, which carries one request at a time.

It belongs to the process that opened it. After a fork the child closes its copies before it does anything else, and
marks them, so that a thread that forks while it reads keeps none.
"""

from __future__ import annotations

import functools
import http.client
import io
import os
import select
import socket
import ssl
import time
import weakref
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Final, cast

from botocore.httpsession import create_urllib3_context

from dynamongo.backends.dynamodb.transport.connection_errors import (
    build_connect_error,
    build_fork_error,
    build_read_error,
    build_send_error,
)
from dynamongo.backends.dynamodb.transport.endpoint import Endpoint
from dynamongo.backends.dynamodb.transport.http_reader import HttpResponse, read_http_response
from dynamongo.exceptions import ConfigurationError

if TYPE_CHECKING:
    from typing_extensions import Buffer

_NEVER: Final = float("inf")

_TOLERANCE: Final = 0.01
"""By how many seconds a deadline may be overrun."""


class HttpConnection:
    """One connection, open when it is made."""

    __slots__ = (
        "__weakref__",
        "_deadline",
        "_endpoint",
        "_http",
        "_is_short",
        "_limit_from",
        "_socket",
        "_timeout",
        "has_more",
        "idle_since",
        "is_parents",
        "process",
    )

    def __init__(self, endpoint: Endpoint, context: ssl.SSLContext | None, deadline: float | None) -> None:
        self._endpoint = endpoint
        timeout = _find_connect_timeout(endpoint, deadline)
        self._http = _prepare_connection(endpoint, context, timeout, deadline)
        self.process = os.getpid()
        self.is_parents = False
        _of_this_process.add(self)
        try:
            self._http.connect()
            self._socket: socket.socket = self._http.sock
            self._timeout = self._socket.gettimeout()
            for option in endpoint.socket_options:
                self._socket.setsockopt(*option)
        except BaseException as error:
            self._http.close()
            if isinstance(error, (OSError, http.client.HTTPException, UnicodeError)):
                raise build_connect_error(endpoint, timeout, error) from error
            raise
        self.has_more = _make_check(self._socket)
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
            limited: Any = self  # instead of a socket
            response = read_http_response(self._socket, limited)
        except (OSError, http.client.HTTPException) as error:
            is_over = self._deadline is not None and time.monotonic() >= self._deadline
            raise build_read_error(self._endpoint, error, is_over=is_over) from error
        if self.is_parents:
            raise build_fork_error()
        return response

    def recv_into(self, buffer: Buffer) -> int:
        """Read like a socket, but only until the deadline, however slowly bytes arrive."""
        if time.monotonic() > self._limit_from:
            self._limit()
        return self._socket.recv_into(buffer)

    def _begin(self, deadline: float | None, now: float) -> None:
        """Set the deadline, which matters when less time is left than a read may take."""
        usual = self._endpoint.read_timeout
        self._deadline = deadline
        self._limit_from = _NEVER if deadline is None else deadline - (_NEVER if usual is None else usual)
        # With more than twice the usual time left, even the slowest send leaves enough for the first read.
        self._is_short = deadline is not None and (usual is None or deadline - now < 2 * usual - _TOLERANCE)
        if self._timeout != usual or now > self._limit_from:
            self._limit()

    def _limit(self) -> None:
        """Set the timeout of the socket to the time left, unless it has changed too little for a system call."""
        timeout = _find_timeout(self._endpoint.read_timeout, self._deadline)
        if timeout is None or self._timeout is None or abs(timeout - self._timeout) > _TOLERANCE:
            self._socket.settimeout(timeout)
            self._timeout = timeout

    def close(self) -> None:
        """Close the connection."""
        self._http.close()


def _find_timeout(timeout: float | None, deadline: float | None) -> float | None:
    """Return how many seconds a call on a socket may take; raises `TimeoutError` after the deadline."""
    if deadline is None:
        return timeout
    left = deadline - time.monotonic()
    if left <= 0:
        raise TimeoutError("the time for the call has passed")
    return left if timeout is None or left < timeout else timeout


def _find_connect_timeout(endpoint: Endpoint, deadline: float | None) -> float | None:
    try:
        return _find_timeout(endpoint.connect_timeout, deadline)
    except TimeoutError as error:
        raise build_connect_error(endpoint, 0.0, error) from error


def _prepare_connection(
    endpoint: Endpoint, context: ssl.SSLContext | None, timeout: float | None, deadline: float | None
) -> http.client.HTTPConnection:
    """Return a connection that is not open yet; through the proxy, if there is one, in a tunnel for TLS."""
    proxy = endpoint.proxy
    host, port = (endpoint.host, endpoint.port) if proxy is None else (proxy.host, proxy.port)
    connection: http.client.HTTPConnection
    if context is None:
        connection = http.client.HTTPConnection(host, port, timeout=timeout)
    else:
        connection = http.client.HTTPSConnection(host, port, timeout=timeout, context=context)
    hooks: Any = connection  # which `http.client` calls, and whose types it does not publish
    if deadline is not None:
        hooks._create_connection = functools.partial(_connect, deadline)  # noqa: SLF001 - there is no public hook
    if context is not None and proxy is not None:
        connection.set_tunnel(endpoint.host, endpoint.port, proxy.headers)
        hooks.response_class = functools.partial(_begin_response, timeout, deadline)
    return connection


def _connect(deadline: float, address: tuple[str, int], timeout: float | None, source: Any) -> socket.socket:
    """Connect to the first address of the host that accepts, until the deadline.

    `socket.create_connection` would give the whole timeout to each address, and the TLS handshake would get it again.
    """
    last = OSError("the host has no address")
    for *_, found in socket.getaddrinfo(*address, 0, socket.SOCK_STREAM):
        place: Any = found[:2]
        try:
            connection = socket.create_connection(place, _find_timeout(timeout, deadline), source)
        except OSError as error:
            last = error
        else:
            connection.settimeout(_find_timeout(timeout, max(deadline, time.monotonic() + _TOLERANCE)))
            return connection
    raise last


def _begin_response(
    timeout: float | None, deadline: float | None, connection: socket.socket, **named: Any
) -> http.client.HTTPResponse:
    """Return the response of a proxy to CONNECT, which `http.client` would read without a deadline."""
    return http.client.HTTPResponse(cast("socket.socket", _Timed(connection, timeout, deadline)), **named)


class _Timed(io.RawIOBase):
    """Reads from a socket until the deadline, with a timeout for each read."""

    def __init__(self, connection: socket.socket, timeout: float | None, deadline: float | None) -> None:
        self._connection = connection
        self._timeout = timeout
        self._deadline = deadline

    def makefile(self, mode: str) -> io.BufferedReader:
        """Return a file, as `http.client` asks a socket for one."""
        del mode
        return io.BufferedReader(self)

    def readable(self) -> bool:
        """Return `True`; see `io.RawIOBase`."""
        return True

    def readinto(self, buffer: Any) -> int:
        """Read within the time left; see `io.RawIOBase`."""
        self._connection.settimeout(_find_timeout(self._timeout, self._deadline))
        return self._connection.recv_into(buffer)


_of_this_process: Final[weakref.WeakSet[HttpConnection]] = weakref.WeakSet()


def _close_copies_in_child() -> None:
    """Close the child's copies of the parent's connections, without an effect on the parent."""
    for connection in list(_of_this_process):
        connection.is_parents = True
        connection.close()
    _of_this_process.clear()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_close_copies_in_child)


def make_context(endpoint: Endpoint) -> ssl.SSLContext:
    """Return the TLS context that checks the server's certificate and name, with the flags that botocore sets.

    Those of `ssl.create_default_context` are stricter from Python 3.13 on: they would reject a company's authority that
    boto3 accepts. The name, which urllib3 checks for boto3, is checked by OpenSSL.
    """
    context: ssl.SSLContext = create_urllib3_context()
    context.check_hostname = True
    context.set_alpn_protocols(["http/1.1"])
    try:
        context.load_verify_locations(cafile=endpoint.certificates)
        if endpoint.client_certificate is not None:
            context.load_cert_chain(*endpoint.client_certificate)
    except OSError as error:
        files = ", ".join(filter(None, (endpoint.certificates, *(endpoint.client_certificate or ()))))
        raise ConfigurationError(f"the certificates in {files} cannot be used: {error}") from error
    return context


def _make_check(connection: socket.socket) -> Callable[[], bool]:
    """Return a function that tells if there is something to read: on an idle connection, its end or a stray response.

    The rest of a TLS record that was read in part is decrypted already, so that the system does not see it.
    """
    is_readable = _make_poll(connection)
    if isinstance(connection, ssl.SSLSocket):
        return lambda: connection.pending() > 0 or is_readable()
    return is_readable


def _make_poll(connection: socket.socket) -> Callable[[], bool]:
    if not hasattr(select, "poll"):  # Windows
        return lambda: bool(select.select([connection], [], [], 0)[0])
    poller = select.poll()
    poller.register(connection, select.POLLIN)
    return lambda: bool(poller.poll(0))
