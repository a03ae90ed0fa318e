"""Connections: kept alive between requests, shared by threads, and never used when there is a doubt about them.

A request is given to a connection once. One that was kept and turns out to be closed is replaced before the request
is sent, or when it could not be sent whole, in which case the store cannot have carried it out. Whatever happens after
that is told with `was_sent`, and whether to send it again is for the executor to say.

A connection belongs to the process that opened it. After a fork the child closes its copies before it does anything
else, and marks them, so that a thread that forks while it reads keeps none. A connection that is taken in another
process than its own is closed too, should a fork have passed Python by.
"""

from __future__ import annotations

import contextlib
import functools
import http.client
import io
import os
import select
import socket
import ssl
import time
import weakref
from collections import deque
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Final, TypeVar, cast

from botocore.httpsession import create_urllib3_context

from dynamongo.backends.dynamodb.errors import build_connection_error
from dynamongo.backends.dynamodb.transport.endpoint import Endpoint
from dynamongo.backends.dynamodb.transport.http_reader import Answer, AnswerTooLong, read_answer
from dynamongo.backends.dynamodb.transport.proxies import REFUSED_TUNNEL, tell_refusal
from dynamongo.exceptions import ConfigurationError, ServiceError

if TYPE_CHECKING:
    from typing_extensions import Buffer

R = TypeVar("R")

MAX_IDLE_SECONDS: Final = 60.0
"""How long an idle connection is kept: some gateways forget one after a few minutes, and tell nobody."""


_NEVER: Final = float("inf")

_TOLERANCE: Final = 0.01
"""By how many seconds a deadline may be overrun."""


class Pool:
    """The connections to one endpoint. Several threads may share it; each request has a connection to itself."""

    def __init__(self, endpoint: Endpoint) -> None:
        self._endpoint = endpoint
        self._context = _make_context(endpoint) if endpoint.is_secure else None
        self._idle: deque[_Connection] = deque()  # its methods are atomic
        weakref.finalize(self, _close_all, self._idle)  # at the end of the program too
        self._is_closed = False

    def exchange(self, message: bytes, parse: Callable[[Answer], R], seconds: float | None = None) -> R:
        """Send a whole request, read the answer, all of it within `seconds`, and return what `parse` makes of it.

        Where that fails, or the answer cannot be parsed, the connection is closed: what comes on it next may be the
        rest of this answer, and not the answer to another request.

        Raises `ServiceError`, whose `was_sent` says whether the store may have got the request.
        """
        now = time.monotonic()
        deadline = None if seconds is None else now + seconds
        connection = self._send(message, deadline, now)
        try:
            answer = connection.read()
            parsed = parse(answer)
        except BaseException:
            connection.close()
            raise
        if answer.is_last:
            connection.close()
        else:
            self._keep(connection)
        return parsed

    def _send(self, message: bytes, deadline: float | None, now: float) -> _Connection:
        connection = self._take(now)
        if connection is not None:
            try:
                connection.send(message, deadline, now)
            except ServiceError:  # it was closed meanwhile, and another one is made
                pass
            else:
                return connection
        connection = _Connection(self._endpoint, self._context, deadline)
        connection.send(message, deadline, time.monotonic())
        return connection

    def _take(self, now: float) -> _Connection | None:
        """An idle connection that the other side has not closed, the one used last; `None` if there is none."""
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

    def _keep(self, connection: _Connection) -> None:
        connection.idle_since = time.monotonic()
        self._idle.append(connection)
        if self._is_closed:
            _close_all(self._idle)
        elif len(self._idle) > self._endpoint.pool_size:
            with contextlib.suppress(IndexError):
                self._idle.popleft().close()

    def close(self) -> None:
        """Close what is idle; connections that are in use are closed when they are no longer."""
        self._is_closed = True
        _close_all(self._idle)


def _close_all(connections: deque[_Connection]) -> None:
    with contextlib.suppress(IndexError):
        while True:
            connections.pop().close()


class _Connection:
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
                raise _tell_failed_connect(endpoint, timeout, error) from error
            raise
        self.has_more = _make_check(self._socket)
        self.idle_since = 0.0

    def send(self, message: bytes, deadline: float | None, now: float) -> None:
        """Send the whole of a request; one that could not be sent whole cannot be carried out.

        What is read afterwards has the same deadline.

        Raises `ServiceError`; the connection is closed then.
        """
        try:
            self._begin(deadline, now)
            self._socket.sendall(message)
        except BaseException as error:
            self.close()
            if isinstance(error, OSError):
                code = "ReadTimeoutError" if isinstance(error, TimeoutError) else "ConnectionClosedError"
                told = f"the request could not be sent whole: {_describe(error)}"
                raise build_connection_error(code, told, was_sent=False) from error
            raise

    def read(self) -> Answer:
        """Read the whole of an answer. Raises `ServiceError`."""
        try:
            if self._is_short:
                self._limit()
            limited: Any = self  # instead of a socket
            answer = read_answer(self._socket, limited)
        except (OSError, http.client.HTTPException) as error:
            is_over = self._deadline is not None and time.monotonic() >= self._deadline
            raise _tell_failed_read(self._endpoint, error, is_over=is_over) from error
        if self.is_parents:
            raise _tell_fork()
        return answer

    def recv_into(self, buffer: Buffer) -> int:
        """As of a socket, until the deadline: however slowly bytes come, and however few, there is an end."""
        if time.monotonic() > self._limit_from:
            self._limit()
        return self._socket.recv_into(buffer)

    def _begin(self, deadline: float | None, now: float) -> None:
        """Have a deadline, which matters as soon as less is left than a read may take."""
        usual = self._endpoint.read_timeout
        self._deadline = deadline
        self._limit_from = _NEVER if deadline is None else deadline - (_NEVER if usual is None else usual)
        # Of more than twice the time, so much is left to read even if it took all of `usual` to send.
        self._is_short = deadline is not None and (usual is None or deadline - now < 2 * usual - _TOLERANCE)
        if self._timeout != usual or now > self._limit_from:
            self._limit()

    def _limit(self) -> None:
        """Give the socket the time that is left, where that is another time than before: it costs a system call."""
        timeout = _find_timeout(self._endpoint.read_timeout, self._deadline)
        if timeout is None or self._timeout is None or abs(timeout - self._timeout) > _TOLERANCE:
            self._socket.settimeout(timeout)
            self._timeout = timeout

    def close(self) -> None:
        """Close it."""
        self._http.close()


def _find_timeout(timeout: float | None, deadline: float | None) -> float | None:
    """The seconds that a call on a socket may take; raises `TimeoutError` if the deadline is over."""
    if deadline is None:
        return timeout
    left = deadline - time.monotonic()
    if left <= 0:
        raise TimeoutError("the time for the call is over")
    return left if timeout is None or left < timeout else timeout


def _find_connect_timeout(endpoint: Endpoint, deadline: float | None) -> float | None:
    try:
        return _find_timeout(endpoint.connect_timeout, deadline)
    except TimeoutError as error:
        raise _tell_failed_connect(endpoint, 0.0, error) from error


def _prepare_connection(
    endpoint: Endpoint, context: ssl.SSLContext | None, timeout: float | None, deadline: float | None
) -> http.client.HTTPConnection:
    """A connection that is not yet made; through the proxy, if there is one, in a tunnel for TLS."""
    proxy = endpoint.proxy
    host, port = (endpoint.host, endpoint.port) if proxy is None else (proxy.host, proxy.port)
    if context is None:
        return http.client.HTTPConnection(host, port, timeout=timeout)
    connection = http.client.HTTPSConnection(host, port, timeout=timeout, context=context)
    if proxy is not None:
        connection.set_tunnel(endpoint.host, endpoint.port, proxy.headers)
        connection.response_class = functools.partial(_begin_answer, timeout, deadline)  # type: ignore[assignment]  # it is called, and no more
    return connection


def _begin_answer(
    timeout: float | None, deadline: float | None, connection: socket.socket, **named: Any
) -> http.client.HTTPResponse:
    """The answer of a proxy that is asked for a tunnel, which `http.client` would wait for byte by byte."""
    return http.client.HTTPResponse(cast("socket.socket", _Timed(connection, timeout, deadline)), **named)


class _Timed(io.RawIOBase):
    """What is read from a socket until the deadline, and never longer than the timeout for a byte."""

    def __init__(self, connection: socket.socket, timeout: float | None, deadline: float | None) -> None:
        self._connection = connection
        self._timeout = timeout
        self._deadline = deadline

    def makefile(self, mode: str) -> io.BufferedReader:
        """What `http.client` asks of a socket."""
        del mode
        return io.BufferedReader(self)

    def readable(self) -> bool:
        """See `io.RawIOBase`."""
        return True

    def readinto(self, buffer: Any) -> int:
        """See `io.RawIOBase`."""
        self._connection.settimeout(_find_timeout(self._timeout, self._deadline))
        return self._connection.recv_into(buffer)


_of_this_process: Final[weakref.WeakSet[_Connection]] = weakref.WeakSet()


def _leave_to_parent() -> None:
    """Close the child's copies of the parent's connections, which the parent does not notice."""
    for connection in list(_of_this_process):
        connection.is_parents = True
        connection.close()
    _of_this_process.clear()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_leave_to_parent)


def _make_context(endpoint: Endpoint) -> ssl.SSLContext:
    """What checks the server's certificate and name, with the flags that botocore sets.

    Those of `ssl.create_default_context` are stricter from Python 3.13 on: a company's authority that boto3 accepts
    would be refused. The name, which urllib3 checks for boto3, is checked by OpenSSL.
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
    """Whether there is something to read: on an idle connection, its end, or what belongs to no answer.

    Of a TLS record that was read in part, the rest is deciphered already, and no longer visible to the system.
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


def _tell_failed_connect(endpoint: Endpoint, timeout: float | None, error: BaseException) -> ServiceError:
    where = _describe_way(endpoint)
    if isinstance(error, ssl.SSLError):
        return build_connection_error("SSLError", f"no safe connection to {where}: {error}", was_sent=False)
    if isinstance(error, TimeoutError):
        told = f"no connection to {where} in {timeout:.3g} s"
        return build_connection_error("ConnectTimeoutError", told, was_sent=False)
    if endpoint.proxy is None:
        return build_connection_error(
            "EndpointConnectionError", f"no connection to {where}: {_describe(error)}", was_sent=False
        )
    if (refusal := REFUSED_TUNNEL.search(str(error))) is not None:
        return tell_refusal(endpoint.proxy.url, refusal[1])
    told = f"no connection to the proxy {endpoint.proxy.url}: {_describe(error)}"
    return build_connection_error("ProxyConnectionError", told, was_sent=False)


def _describe_way(endpoint: Endpoint) -> str:
    scheme = "https" if endpoint.is_secure else "http"
    where = f"{scheme}://{endpoint.authority}{endpoint.path}"
    return where if endpoint.proxy is None else f"{where} through the proxy {endpoint.proxy.url}"


def _tell_failed_read(endpoint: Endpoint, error: Exception, *, is_over: bool) -> ServiceError:
    if isinstance(error, TimeoutError):
        told = "the time that was left for the call" if is_over else f"{endpoint.read_timeout} s"
        return build_connection_error("ReadTimeoutError", f"{endpoint.authority} did not answer in {told}")
    if isinstance(error, OSError):  # http.client.RemoteDisconnected is one too
        return build_connection_error("ConnectionClosedError", f"the connection broke: {_describe(error)}")
    if isinstance(error, AnswerTooLong):
        return tell_too_long(error)
    if isinstance(error, http.client.IncompleteRead):
        return build_connection_error("IncompleteReadError", "the connection broke in the middle of the answer")
    return build_connection_error("HTTPClientError", f"what answered does not speak HTTP: {_describe(error)}")


def _tell_fork() -> ServiceError:
    """The error where the process was forked meanwhile, in a signal handler: the parent reads the answer too."""
    return build_connection_error("ConnectionClosedError", "the process was forked while it read the answer")


def tell_too_long(error: AnswerTooLong) -> ServiceError:
    """The error for an answer that is longer than DynamoDB's."""
    return ServiceError(f"what answered is no DynamoDB: {error}", code="HTTPClientError", is_transient=False)


def _describe(error: BaseException) -> str:
    return f"{type(error).__name__}: {error}" if str(error) else type(error).__name__
