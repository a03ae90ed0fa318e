"""Endpoints: where requests go, and how they are sent."""

from __future__ import annotations

import re
from typing import Final

from dynamongo._support.dataclasses import dataclass, field

JSON_TYPE: Final = "application/x-amz-json-1.0"

PLAIN_URL: Final = re.compile(r"(https?)://([a-z0-9](?:[a-z0-9.-]*[a-z0-9])?)(?::([1-9][0-9]{0,3}|[1-5][0-9]{4}))?/?")
"""The URLs of which nothing has to be quoted, decoded, changed to lower case or checked; and so most of them.

Its groups are the scheme, the host and the port. Ports above 59,999 are not in it, so that it need not count to 65,535.
"""


class LeftToBoto3(Exception):  # noqa: N818 - not an error: it says why boto3 sends the requests
    """Only the client can send its requests; the message says why."""


@dataclass(frozen=True, slots=True)
class Proxy:
    """An HTTP proxy, with the headers that it requires."""

    host: str
    port: int
    headers: dict[str, str] = field(repr=False)

    @property
    def url(self) -> str:
        """Its URL, without name and password."""
        return f"http://{f'[{self.host}]' if ':' in self.host else self.host}:{self.port}"


@dataclass(frozen=True, slots=True)
class Endpoint:
    """Where requests go, and how.

    Attributes:
        is_secure: Whether TLS is spoken.
        host: The name or address to connect to.
        port: The port.
        authority: The Host header.
        path: The path of every request.
        headers: The constant headers of every request, by names in lower case.
        target: What precedes the action in the X-Amz-Target header.
        region: Of the signature.
        service: Of the signature.
        connect_timeout: Seconds; `None` for no limit.
        read_timeout: Seconds without a byte; `None` for no limit.
        pool_size: How many idle connections are kept.
        socket_options: As `socket.setsockopt` takes them.
        certificates: The file of the authorities that are trusted.
        client_certificate: The files of the client's certificate and key, or `None`.
        proxy: The proxy on the way, or `None`.
    """

    is_secure: bool
    host: str
    port: int
    authority: str
    path: str
    headers: dict[str, str]
    target: str
    region: str
    service: str
    connect_timeout: float | None
    read_timeout: float | None
    pool_size: int
    socket_options: tuple[tuple[int, int, int], ...]
    certificates: str
    client_certificate: tuple[str, str | None] | None
    proxy: Proxy | None
