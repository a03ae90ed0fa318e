"""Connecting: opens the socket of a connection, through a proxy and with TLS where the endpoint has them."""

from __future__ import annotations

import functools
import io
import socket
import time
from types import FunctionType
from typing import TYPE_CHECKING, Any, Final, cast

from dynamongo.backends.dynamodb.transport.endpoint import Endpoint, Proxy

if TYPE_CHECKING:
    import http.client
    import ssl

    from dynamongo.backends.dynamodb.transport.tls import ServerTrust

TOLERANCE: Final = 0.01
"""By how many seconds a deadline may be overrun."""


def prepare_connection(
    endpoint: Endpoint, trust: ServerTrust | None, timeout: float | None, deadline: float | None
) -> PlainConnector | http.client.HTTPConnection:
    """Return what opens a connection to an endpoint; through its proxy, if there is one, in a tunnel for TLS."""
    proxy = endpoint.proxy
    if trust is not None and proxy is not None:
        return _prepare_tunnel(endpoint, proxy, trust, timeout, deadline)
    address = (endpoint.host, endpoint.port) if proxy is None else (proxy.host, proxy.port)
    return PlainConnector(address, trust, timeout, deadline)


class PlainConnector:
    """Opens a connection without a tunnel, for which `http.client`, which takes long to import, is not needed.

    Attributes:
        sock: The socket, once it is open; `http.client.HTTPConnection` has an attribute of that name.
    """

    def __init__(
        self, address: tuple[str, int], trust: ServerTrust | None, timeout: float | None, deadline: float | None
    ) -> None:
        self._address = address
        self._trust = trust
        self._timeout = timeout
        self._deadline = deadline
        self.sock: Any = None

    def connect(self) -> None:
        """Open the socket; twice, if the certificate needs an authority that has not been read yet."""
        trust = self._trust
        context = None if trust is None else trust.context
        try:
            self._open(context)
        except OSError as error:
            if trust is None or context is None or not trust.widen(context, error):
                raise
            self._open(trust.context)

    def _open(self, context: ssl.SSLContext | None) -> None:
        host, port = self._address
        address = (_encode_host(host, socket.create_connection, socket.getaddrinfo), port)
        if self._deadline is None:
            self.sock = socket.create_connection(address, self._timeout)
        else:
            self.sock = _connect_until(self._deadline, address, self._timeout)
        if context is not None:
            self.sock = context.wrap_socket(self.sock, server_hostname=_encode_host(host, type(context).wrap_socket))

    def close(self) -> None:
        """Close the socket, if it is open."""
        if self.sock is not None:
            self.sock.close()


def _encode_host(host: str, *takers: Any) -> Any:
    """Return the name of a host as bytes where it can be: the tables by which Python would encode text load slowly.

    A function that replaces one of `socket` or `ssl` gets text, as it would from other callers.
    """
    return host.encode() if host.isascii() and all(map(_is_of_python, takers)) else host


def _is_of_python(taker: Any) -> bool:
    """Return whether a function is of `socket` or `ssl`, and no wrapper, which would have the `__module__` of those."""
    return type(taker) is FunctionType and taker.__globals__.get("__name__") in {"socket", "ssl"}


def _prepare_tunnel(
    endpoint: Endpoint, proxy: Proxy, trust: ServerTrust, timeout: float | None, deadline: float | None
) -> http.client.HTTPConnection:
    import http.client  # noqa: PLC0415 - importing it takes long, and few connections need a tunnel

    connection = http.client.HTTPSConnection(proxy.host, proxy.port, timeout=timeout, context=trust.context)
    hooks: Any = connection  # which `http.client` calls, and whose types it does not publish
    if deadline is not None:
        hooks._create_connection = functools.partial(_connect_until, deadline)  # noqa: SLF001 - there is no public hook
    connection.set_tunnel(endpoint.host, endpoint.port, proxy.headers)
    hooks.response_class = functools.partial(_begin_response, timeout, deadline)
    return connection


def find_timeout(timeout: float | None, deadline: float | None) -> float | None:
    """Return how many seconds a call on a socket may take; raises `TimeoutError` after the deadline."""
    if deadline is None:
        return timeout
    left = deadline - time.monotonic()
    if left <= 0:
        raise TimeoutError("the time for the call has passed")
    return left if timeout is None or left < timeout else timeout


def _connect_until(
    deadline: float, address: tuple[str, int], timeout: float | None, source: Any = None
) -> socket.socket:
    """Connect to the first address of the host that accepts, until the deadline.

    `socket.create_connection` would give the whole timeout to each address, and the TLS handshake would get it again.
    """
    last = OSError("the host has no address")
    for *_, found in socket.getaddrinfo(*address, 0, socket.SOCK_STREAM):
        place = (_encode_host(str(found[0]), socket.create_connection, socket.getaddrinfo), int(found[1]))
        try:
            connection = socket.create_connection(place, find_timeout(timeout, deadline), source)
        except OSError as error:
            last = error
        else:
            connection.settimeout(find_timeout(timeout, max(deadline, time.monotonic() + TOLERANCE)))
            return connection
    raise last


def _begin_response(
    timeout: float | None, deadline: float | None, connection: socket.socket, **named: Any
) -> http.client.HTTPResponse:
    """Return the response of a proxy to CONNECT, which `http.client` would read without a deadline."""
    import http.client  # noqa: PLC0415 - as in `_prepare_tunnel`

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
        self._connection.settimeout(find_timeout(self._timeout, self._deadline))
        return self._connection.recv_into(buffer)
