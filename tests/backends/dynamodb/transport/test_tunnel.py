"""Tunnels: what a proxy is asked for, and what its response means. `tests/attacks` has proxies on sockets."""

from __future__ import annotations

from dataclasses import replace

import pytest
from endpoints import ENDPOINT

from dynamongo.backends.dynamodb.transport.endpoint import Proxy
from dynamongo.backends.dynamodb.transport.http_errors import (
    IncompleteResponse,
    MalformedResponse,
    NoResponse,
    TunnelRefused,
)
from dynamongo.backends.dynamodb.transport.tunnel import Tunnel

PROXY = Proxy("proxy.example.com", 3128, {"proxy-authorization": "Basic x"})


@pytest.mark.parametrize(
    ("host", "authority"),
    [("localhost", "localhost:8000"), ("::1", "[::1]:8000"), ("bücher.example", "xn--bcher-kva.example:8000")],
)
def test_request_names_the_endpoint_and_has_the_headers_of_the_proxy(host: str, authority: str) -> None:
    tunnel = Tunnel(replace(ENDPOINT, host=host, port=8000), PROXY)
    assert tunnel.request.decode().split("\r\n") == [
        f"CONNECT {authority} HTTP/1.1",
        f"Host: {authority}",
        "proxy-authorization: Basic x",
        "",
        "",
    ]


@pytest.mark.parametrize("status", [200, 201, 299])
def test_tunnel_is_open_after_the_head_of_any_success(status: int) -> None:
    tunnel = Tunnel(ENDPOINT, PROXY)
    assert not tunnel.feed(f"HTTP/1.1 {status} Connection established\r\nContent-Length: 9\r\n".encode())
    assert tunnel.feed(b"\r\n")


@pytest.mark.parametrize("status", ["302 Found", "407 Proxy Authentication Required", "503"])
def test_tunnel_is_refused_by_any_other_status(status: str) -> None:
    with pytest.raises(TunnelRefused, match=f"^{status}$"):
        Tunnel(ENDPOINT, PROXY).feed(f"HTTP/1.1 {status}\r\n\r\n".encode())


def test_proxy_that_says_more_is_not_trusted() -> None:
    with pytest.raises(MalformedResponse, match="more than its response"):
        Tunnel(ENDPOINT, PROXY).feed(b"HTTP/1.1 200 OK\r\n\r\nHTTP/1.1 200 OK\r\n\r\n")


@pytest.mark.parametrize(("received", "error"), [(b"", NoResponse), (b"HTTP/1.1 200", IncompleteResponse)])
def test_proxy_that_closes_the_connection_opens_no_tunnel(received: bytes, error: type[Exception]) -> None:
    tunnel = Tunnel(ENDPOINT, PROXY)
    if received:
        tunnel.feed(received)
    with pytest.raises(error):
        tunnel.end()
