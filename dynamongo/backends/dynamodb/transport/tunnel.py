"""`Tunnel`: asks a proxy to pass on a TLS connection, and reads its response. No I/O.

Source: RFC 9110, "HTTP Semantics", section 9.3.6, "CONNECT".
"""

from __future__ import annotations

from typing import NoReturn

from dynamongo.backends.dynamodb.transport.endpoint import Endpoint, Proxy
from dynamongo.backends.dynamodb.transport.http_errors import MalformedResponse, TunnelRefused
from dynamongo.backends.dynamodb.transport.http_heads import HeadReader


class Tunnel:
    """The exchange with a proxy that opens a tunnel: send `request`, and feed what comes until `feed` says `True`.

    Attributes:
        request: The bytes to send.
    """

    def __init__(self, endpoint: Endpoint, proxy: Proxy) -> None:
        self.request = _render_connect(endpoint, proxy)
        self._head = HeadReader()

    def feed(self, data: bytes) -> bool:
        """Take what was received, and return whether the tunnel is open.

        Raises `TunnelRefused`, or `UnreadableResponse` for what is no response to CONNECT.
        """
        head = self._head.feed(data)
        if head is None:
            return False
        if not 200 <= head.status < 300:  # its body, if any, is not read: the connection is of no use
            raise TunnelRefused(f"{head.status} {head.reason}".strip())
        if self._head.rest:  # a server does not begin a conversation over TLS
            raise MalformedResponse("the proxy sent more than its response to CONNECT")
        return True

    def end(self) -> NoReturn:
        """Take note that the proxy has closed the connection. Raises `UnreadableResponse`."""
        raise self._head.end()


def _render_connect(endpoint: Endpoint, proxy: Proxy) -> bytes:
    """Return the request for a tunnel to an endpoint."""
    host = endpoint.host if endpoint.host.isascii() else endpoint.host.encode("idna").decode()
    authority = f"[{host}]:{endpoint.port}" if ":" in host else f"{host}:{endpoint.port}"
    lines = "".join([f"{name}: {value}\r\n" for name, value in proxy.headers.items()])
    return f"CONNECT {authority} HTTP/1.1\r\nHost: {authority}\r\n{lines}\r\n".encode("latin-1")
