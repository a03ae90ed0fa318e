"""The endpoint: where and how boto3's client would send its requests, read from the client that boto3 has made.

The address, the constant headers and the scope of the signature are those of a request that the client prepares and
does not send; timeouts, certificates and proxy are those of its HTTP session. So whatever boto3 heeds (environment,
configuration files, endpoint rules) is heeded alike. What cannot be read this way is left to boto3 to send.
"""

# What there is no public attribute for is read from private ones, and their absence is no error: boto3 sends then.
# ruff: noqa: SLF001

from __future__ import annotations

import re
import threading
from typing import Any, Final, cast
from urllib.parse import SplitResult, urlsplit

from botocore.awsrequest import AWSResponse
from botocore.httpsession import URLLib3Session, get_cert_path

from dynamongo._support.dataclasses import dataclass, field

_JSON: Final = "application/x-amz-json-1.0"
_SCOPE: Final = re.compile(r"AWS4-HMAC-SHA256 Credential=[^/]+/\d{8}/([^/]+)/([^/]+)/aws4_request,")

_PLAIN_PATH: Final = re.compile(r"(?:/(?!\.{1,2}(?:/|\Z))[\w.~-]*)*\Z", re.ASCII)
"""A path that is sent, and signed, as it is; what else there is boto3 quotes."""

_OF_ONE_REQUEST: Final = frozenset(
    {
        "amz-sdk-invocation-id",
        "amz-sdk-request",
        "authorization",
        "content-length",
        "host",
        "x-amz-date",
        "x-amz-security-token",
        "x-amz-target",
        "x-amzn-trace-id",
    }
)
"""Headers that differ from request to request, or that only boto3's retries have a use for."""


class LeftToBoto3(Exception):  # noqa: N818 - no error: it says why requests go another way
    """The client's requests cannot be sent without it, for the reason that the message gives."""


@dataclass(frozen=True, slots=True)
class Proxy:
    """An HTTP proxy, with the headers that it wants."""

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
        headers: What each request has in its head beside its own, by names in lower case.
        target: What precedes the action in the X-Amz-Target header.
        region: Of the signature.
        service: Of the signature.
        connect_timeout: Seconds; `None` for no end.
        read_timeout: Seconds without a byte; `None` for no end.
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


def read_endpoint(client: Any) -> Endpoint:
    """The endpoint of a client of boto3.

    Raises:
        LeftToBoto3: It cannot be read, or is of a kind that only boto3 knows how to reach.
        BotoCoreError: What the client raises where it cannot prepare a request, such as for want of credentials.
    """
    try:
        prepared = _prepare(client)
        url = urlsplit(str(prepared.url))
        return Endpoint(
            is_secure=url.scheme == "https",
            authority=_authority(url),
            **_read_address(url),
            **_read_headers(prepared),
            **_read_session(client._endpoint.http_session, prepared.url),
            connect_timeout=client.meta.config.connect_timeout,
            read_timeout=client.meta.config.read_timeout,
        )
    except AttributeError as error:
        raise LeftToBoto3(f"this version of botocore is another than dynamongo knows: {error}") from error


class _Nothing:
    """The body of the answer to a request that is not sent."""

    def stream(self) -> list[bytes]:
        return [b"{}"]


def _prepare(client: Any) -> Any:
    """A request as the client would send it: it is answered here before it is sent, as `before-send` allows."""
    prepared: list[Any] = []
    thread = threading.get_ident()

    def answer(request: Any, **_: Any) -> AWSResponse | None:
        if threading.get_ident() != thread:
            return None
        prepared.append(request)
        headers: Any = {"content-type": _JSON}
        return AWSResponse(request.url, 200, headers, _Nothing())

    client.meta.events.register_first("before-send.dynamodb.ListTables", answer)
    try:
        client.list_tables()
    finally:
        client.meta.events.unregister("before-send.dynamodb.ListTables", answer)
    return prepared[0]


def _authority(url: SplitResult) -> str:
    host = url.hostname or ""
    shown = f"[{host}]" if ":" in host else host
    usual = 443 if url.scheme == "https" else 80
    return shown if url.port in {None, usual} else f"{shown}:{url.port}"


def _read_address(url: SplitResult) -> dict[str, Any]:
    if url.scheme not in {"http", "https"} or url.query or not url.hostname:
        raise LeftToBoto3("the endpoint's URL is of an unusual form")
    if not _PLAIN_PATH.match(url.path):
        raise LeftToBoto3("the path of the endpoint's URL has characters that boto3 quotes")
    port = url.port or (443 if url.scheme == "https" else 80)
    return {"host": url.hostname, "port": port, "path": url.path or "/"}


def _read_headers(prepared: Any) -> dict[str, Any]:
    headers = {name.lower(): _text(value) for name, value in prepared.headers.items()}
    target, separator, action = headers.get("x-amz-target", "").rpartition(".")
    if headers.get("content-type") != _JSON or action != "ListTables":
        raise LeftToBoto3("botocore does not speak DynamoDB's JSON protocol")
    scope = _SCOPE.match(headers.get("authorization", ""))
    if scope is None:
        raise LeftToBoto3("requests are signed otherwise than with Signature Version 4")
    constant = {name: value for name, value in headers.items() if name not in _OF_ONE_REQUEST}
    return {"headers": constant, "target": target + separator, "region": scope[1], "service": scope[2]}


def _text(value: bytes | str) -> str:
    """A header's value with a letter for each byte that is sent."""
    return value.decode("latin-1") if isinstance(value, bytes) else value.encode().decode("latin-1")


def _read_session(session: Any, url: str) -> dict[str, Any]:
    """What the client's HTTP session was made with; for much of it there is no public attribute."""
    kind = cast("type[object]", type(session))
    if kind is not URLLib3Session:
        raise LeftToBoto3(f"the client has an HTTP session of its own, a {kind.__name__}")
    if session._verify is False:
        raise LeftToBoto3("the client does not check certificates")
    certificate = None if session._cert_file is None else (session._cert_file, session._key_file)
    return {
        "pool_size": session._max_pool_connections,
        "socket_options": tuple(session._socket_options),
        "certificates": get_cert_path(session._verify),
        "client_certificate": certificate,
        "proxy": _read_proxy(session._proxy_config, url),
    }


def _read_proxy(proxies: Any, url: str) -> Proxy | None:
    found = proxies.proxy_url_for(url)
    if not found:
        return None
    parts = urlsplit(str(found))
    if parts.scheme != "http" or not parts.hostname or proxies.settings:
        raise LeftToBoto3("the proxy is of a kind that is left to boto3: it is no plain HTTP proxy, or has settings")
    return Proxy(parts.hostname, parts.port or 80, proxies.proxy_headers_for(found))
