"""The endpoint: where and how boto3's client would send its requests, read from the client that boto3 has made.

The address, the constant headers and the scope of the signature are those of a request that the client prepares and
does not send; timeouts, certificates and proxy are those of its HTTP session. So everything that configures boto3
(environment, configuration files, endpoint rules) applies. If something cannot be read this way, boto3 sends.
"""

from __future__ import annotations

import re
import threading
from typing import Any, Final, cast
from urllib.parse import SplitResult, urlsplit

from botocore.awsrequest import AWSResponse
from botocore.httpsession import URLLib3Session, get_cert_path

from dynamongo.backends.dynamodb.transport.botocore_internals import connection_settings_of, session_of
from dynamongo.backends.dynamodb.transport.endpoint import JSON_TYPE, Endpoint, LeftToBoto3, Proxy

_SCOPE: Final = re.compile(r"AWS4-HMAC-SHA256 Credential=[^/]+/\d{8}/([^/]+)/([^/]+)/aws4_request,")

_PLAIN_PATH: Final = re.compile(r"(?:/(?!\.{1,2}(?:/|\Z))[\w.~-]*)*\Z", re.ASCII)
"""A path that is sent and signed as it is; boto3 quotes any other."""

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
"""Headers that differ from request to request, or that only boto3's retries need."""


def read_endpoint(client: Any) -> Endpoint:
    """Return the endpoint of a client of boto3.

    Raises:
        LeftToBoto3: It cannot be read, or only boto3 can reach it.
        BotoCoreError: The client cannot prepare a request, for example because credentials are missing.
    """
    try:
        prepared = _prepare(client)
        url = urlsplit(str(prepared.url))
        return Endpoint(
            is_secure=url.scheme == "https",
            authority=_authority(url),
            **_read_address(url),
            **_read_headers(prepared),
            **_read_session(session_of(client), prepared.url),
            connect_timeout=client.meta.config.connect_timeout,
            read_timeout=client.meta.config.read_timeout,
        )
    except AttributeError as error:
        raise LeftToBoto3(f"dynamongo does not know this version of botocore: {error}") from error


class _Nothing:
    """The body of the response to a request that is not sent."""

    def stream(self) -> list[bytes]:
        return [b"{}"]


def _prepare(client: Any) -> Any:
    """Return a request as the client would send it; a handler of `before-send` responds in place of the store."""
    prepared: list[Any] = []
    thread = threading.get_ident()

    def answer(request: Any, **_: Any) -> AWSResponse | None:
        if threading.get_ident() != thread:
            return None
        prepared.append(request)
        headers: Any = {"content-type": JSON_TYPE}
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
        raise LeftToBoto3("the endpoint's URL has an unusual form")
    if not _PLAIN_PATH.match(url.path):
        raise LeftToBoto3("the path of the endpoint's URL has characters that boto3 quotes")
    port = url.port or (443 if url.scheme == "https" else 80)
    return {"host": url.hostname, "port": port, "path": url.path or "/"}


def _read_headers(prepared: Any) -> dict[str, Any]:
    headers = {name.lower(): _text(value) for name, value in prepared.headers.items()}
    target, separator, action = headers.get("x-amz-target", "").rpartition(".")
    if headers.get("content-type") != JSON_TYPE or action != "ListTables":
        raise LeftToBoto3("botocore does not speak DynamoDB's JSON protocol")
    scope = _SCOPE.match(headers.get("authorization", ""))
    if scope is None:
        raise LeftToBoto3("requests are not signed with Signature Version 4")
    constant = {name: value for name, value in headers.items() if name not in _OF_ONE_REQUEST}
    return {"headers": constant, "target": target + separator, "region": scope[1], "service": scope[2]}


def _text(value: bytes | str) -> str:
    """Return a header's value with one character for each byte that is sent."""
    return value.decode("latin-1") if isinstance(value, bytes) else value.encode().decode("latin-1")


def _read_session(session: Any, url: str) -> dict[str, Any]:
    """Return what the client's HTTP session was made with."""
    kind = cast("type[object]", type(session))
    if kind is not URLLib3Session:
        raise LeftToBoto3(f"the client has its own HTTP session, a {kind.__name__}")
    settings = connection_settings_of(session)
    if settings["verify"] is False:
        raise LeftToBoto3("the client does not verify certificates")
    return {
        "pool_size": settings["max_pool_connections"],
        "socket_options": tuple(settings["socket_options"]),
        "certificates": get_cert_path(settings["verify"]),
        "client_certificate": settings["client_cert"],
        "proxy": _read_proxy(settings["proxies"], url),
    }


def _read_proxy(proxies: Any, url: str) -> Proxy | None:
    found = proxies.proxy_url_for(url)
    if not found:
        return None
    parts = urlsplit(str(found))
    if parts.scheme != "http" or not parts.hostname or proxies.settings:
        raise LeftToBoto3("only boto3 supports the proxy: it is not a plain HTTP proxy, or has settings")
    return Proxy(parts.hostname, parts.port or 80, proxies.proxy_headers_for(found))
