"""The HTTP writer: writes requests with head, signature and body.

What all requests to an endpoint share is written once, so that a request costs a few strings and three hashes.
"""

from __future__ import annotations

import os
import time
from typing import Final

from dynamongo.backends.dynamodb.transport.base import Credentials
from dynamongo.backends.dynamodb.transport.endpoint import Endpoint
from dynamongo.backends.dynamodb.transport.signing import Signer, canonical_path

_NAMES: Final = "content-type;host;x-amz-date;x-amz-target"
_NAMES_WITH_TOKEN: Final = "content-type;host;x-amz-date;x-amz-security-token;x-amz-target"  # noqa: S105 - no secret
"""The headers that are signed, in the order of their names."""


class MessageWriter:
    """Writes requests to one endpoint. Threads may share it."""

    def __init__(self, endpoint: Endpoint) -> None:
        self._signer = Signer(endpoint.region, endpoint.service)
        self._path = canonical_path(endpoint.path)
        self._target = endpoint.target
        self._head = _render_head(endpoint)
        self._signed = f"content-type:{endpoint.headers['content-type']}\nhost:{endpoint.authority}\nx-amz-date:"
        self._is_in_lambda = "AWS_LAMBDA_FUNCTION_NAME" in os.environ
        self._time = (0, "")

    def write(self, action: str, body: bytes, credentials: Credentials) -> bytes:
        """Return the complete message of a request, such as `"GetItem"`."""
        timestamp, target, token = self._read_clock(), self._target + action, credentials.token
        if token:
            names = _NAMES_WITH_TOKEN
            signed = " ".join(token.split())  # signatures have no other white space in headers
            lines = f"{self._signed}{timestamp}\nx-amz-security-token:{signed}\nx-amz-target:{target}\n"
            own = f"x-amz-security-token: {token}\r\n"
        else:
            names, own = _NAMES, ""
            lines = f"{self._signed}{timestamp}\nx-amz-target:{target}\n"
        signature = self._signer.sign(
            credentials.access_key, credentials.secret_key, timestamp, (names, lines), body, path=self._path
        )
        if self._is_in_lambda:
            own += _render_trace()
        head = (
            f"{self._head}x-amz-date: {timestamp}\r\nx-amz-target: {target}\r\nauthorization: {signature}\r\n"
            f"content-length: {len(body)}\r\n{own}\r\n"
        )
        return head.encode("latin-1") + body

    def _read_clock(self) -> str:
        """Return the time as it is signed, which is formatted once a second."""
        now = int(time.time())
        second, timestamp = self._time
        if now != second:
            timestamp = time.strftime("%Y%m%dT%H%M%SZ", time.gmtime(now))
            self._time = (now, timestamp)
        return timestamp


def _render_head(endpoint: Endpoint) -> str:
    """Return the request line, and the headers that all requests share."""
    target, headers = endpoint.path, {"host": endpoint.authority, **endpoint.headers}
    if endpoint.proxy is not None and not endpoint.is_secure:  # a tunnel knows where it leads to
        target = f"http://{endpoint.authority}{endpoint.path}"
        headers |= endpoint.proxy.headers
    lines = "".join([f"{name}: {value}\r\n" for name, value in headers.items()])
    return f"POST {target} HTTP/1.1\r\naccept-encoding: identity\r\n{lines}"


def _render_trace() -> str:
    """Return the trace header of AWS Lambda, which has to be passed on, as botocore does."""
    trace = os.environ.get("_X_AMZN_TRACE_ID")
    if not trace:
        return ""
    from urllib.parse import quote  # noqa: PLC0415 - it takes long to import, and few programs are traced

    quoted = quote(trace, safe="-=;:+&[]{}\"',")
    return f"x-amzn-trace-id: {quoted}\r\n"
