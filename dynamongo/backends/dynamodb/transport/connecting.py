"""Connecting: opens the socket of a connection, through a proxy and with TLS where the endpoint has them."""

from __future__ import annotations

import socket
import time
from types import FunctionType
from typing import TYPE_CHECKING, Any

from dynamongo.backends.dynamodb.transport.endpoint import Endpoint, Proxy
from dynamongo.backends.dynamodb.transport.http_reader import FIRST_BYTES
from dynamongo.backends.dynamodb.transport.sockets import TOLERANCE, find_timeout

if TYPE_CHECKING:
    import ssl

    from dynamongo.backends.dynamodb.transport.tls import ServerTrust


class Connector:
    """Opens a connection to an endpoint; through its proxy, if there is one, in a tunnel for TLS.

    Attributes:
        sock: The socket, once it is open.
    """

    def __init__(
        self, endpoint: Endpoint, trust: ServerTrust | None, timeout: float | None, deadline: float | None
    ) -> None:
        self._endpoint = endpoint
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
        endpoint, proxy = self._endpoint, self._endpoint.proxy
        host, port = (endpoint.host, endpoint.port) if proxy is None else (proxy.host, proxy.port)
        address = (_encode_host(host, socket.create_connection, socket.getaddrinfo), port)
        if self._deadline is None:
            self.sock = socket.create_connection(address, self._timeout)
        else:
            self.sock = _connect_until(self._deadline, address, self._timeout)
        if context is not None:
            if proxy is not None:
                self._open_tunnel(proxy)
            name = _encode_host(endpoint.host, type(context).wrap_socket)
            self.sock = context.wrap_socket(self.sock, server_hostname=name)

    def _open_tunnel(self, proxy: Proxy) -> None:
        from dynamongo.backends.dynamodb.transport.tunnel import Tunnel  # noqa: PLC0415 - few connections need one

        tunnel, is_open = Tunnel(self._endpoint, proxy), False
        self.sock.sendall(tunnel.request)
        while not is_open:
            self.sock.settimeout(find_timeout(self._timeout, self._deadline))
            data = self.sock.recv(FIRST_BYTES)
            is_open = tunnel.feed(data) if data else tunnel.end()

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


def _connect_until(deadline: float, address: tuple[str, int], timeout: float | None) -> socket.socket:
    """Connect to the first address of the host that accepts, until the deadline.

    `socket.create_connection` would give the whole timeout to each address, and the TLS handshake would get it again.
    """
    last = OSError("the host has no address")
    for *_, found in socket.getaddrinfo(*address, 0, socket.SOCK_STREAM):
        place = (_encode_host(str(found[0]), socket.create_connection, socket.getaddrinfo), int(found[1]))
        try:
            connection = socket.create_connection(place, find_timeout(timeout, deadline))
        except OSError as error:
            last = error
        else:
            connection.settimeout(find_timeout(timeout, max(deadline, time.monotonic() + TOLERANCE)))
            return connection
    raise last
