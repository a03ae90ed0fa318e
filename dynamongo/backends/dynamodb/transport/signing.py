"""Signatures: AWS Signature Version 4 of a request, with the signing key cached while it is valid.

The key depends on the secret key, the day, the region and the service, so its four steps are computed once a day.

Source: "Create a signed AWS API request" in the IAM user guide.
"""

from __future__ import annotations

from collections.abc import Mapping
from hashlib import sha256
from typing import Final

from dynamongo._support.dataclasses import dataclass

_ALGORITHM: Final = "AWS4-HMAC-SHA256"

_BLOCK: Final = 64
"""The block size of SHA-256 in bytes."""


class _Hmac:
    """HMAC-SHA256 with one key, which is hashed once: copying two hashes takes half the time of `hmac.HMAC.copy`.

    Nor does the module `hmac` have to be imported.

    Source: RFC 2104, "HMAC: Keyed-Hashing for Message Authentication", section 4.
    """

    def __init__(self, key: bytes) -> None:
        block = (key if len(key) <= _BLOCK else sha256(key).digest()).ljust(_BLOCK, b"\0")
        self._inner = sha256(bytes([byte ^ 0x36 for byte in block]))
        self._outer = sha256(bytes([byte ^ 0x5C for byte in block]))

    def hexdigest(self, message: bytes) -> str:
        """Return the code of the message."""
        inner, outer = self._inner.copy(), self._outer.copy()
        inner.update(message)
        outer.update(inner.digest())
        return outer.hexdigest()

    def digest(self, message: bytes) -> bytes:
        """Return the code of the message as bytes."""
        return bytes.fromhex(self.hexdigest(message))


@dataclass(frozen=True, slots=True, repr=False)
class _Kept:
    """A signing key, what it was derived from, and its scope."""

    secret_key: str
    day: str
    scope: str
    key: _Hmac


class Signer:
    """Signs requests to one service in one region. Threads may share it."""

    def __init__(self, region: str, service: str) -> None:
        self._region = region
        self._service = service
        self._kept = self._make_key("", "")

    def sign(  # noqa: PLR0913 - what a signature is made of
        self,
        access_key: str,
        secret_key: str,
        timestamp: str,
        headers: tuple[str, str],
        body: bytes,
        *,
        method: str = "POST",
        path: str = "/",
        query: str = "",
    ) -> str:
        """Return the value of the Authorization header.

        Args:
            access_key: The identifier of the access key.
            secret_key: Its secret part.
            timestamp: The time in UTC as in `20150830T123600Z`.
            headers: The names and the lines of the headers to sign, as `canonical_headers` gives them.
            body: The body of the request.
            method: The HTTP method.
            path: The path as `canonical_path` gives it.
            query: The query string, encoded and in order.
        """
        names, lines = headers
        kept = self._kept
        if kept.day != timestamp[:8] or kept.secret_key != secret_key:
            self._kept = kept = self._make_key(secret_key, timestamp[:8])
        request = f"{method}\n{path}\n{query}\n{lines}\n{names}\n{sha256(body).hexdigest()}"
        text = f"{_ALGORITHM}\n{timestamp}\n{kept.scope}\n{sha256(request.encode()).hexdigest()}"
        signed = f"SignedHeaders={names}, Signature={kept.key.hexdigest(text.encode())}"
        return f"{_ALGORITHM} Credential={access_key}/{kept.scope}, {signed}"

    def _make_key(self, secret_key: str, day: str) -> _Kept:
        key = derive_key(secret_key, day, self._region, self._service)
        scope = f"{day}/{self._region}/{self._service}/aws4_request"
        return _Kept(secret_key, day, scope, _Hmac(key))


def canonical_headers(headers: Mapping[str, str]) -> tuple[str, str]:
    r"""Return the names and the lines of headers as they are signed, sorted by name.

    The names are in lower case, and there is no white space around the values.

    >>> canonical_headers({"x-amz-date": "20150830T123600Z", "host": "example.com"})
    ('host;x-amz-date', 'host:example.com\nx-amz-date:20150830T123600Z\n')
    """
    names = sorted(headers)
    return ";".join(names), "".join([f"{name}:{headers[name]}\n" for name in names])


def derive_key(secret_key: str, day: str, region: str, service: str) -> bytes:
    """Return the signing key of a day, such as `"20150830"`."""
    key = f"AWS4{secret_key}".encode()
    for step in (day, region, service, "aws4_request"):
        key = _Hmac(key).digest(step.encode())
    return key


def canonical_path(path: str) -> str:
    """Return the path of a URL as it is signed: without `.`, `..` and empty segments, and encoded once more.

    >>> canonical_path("/a/./b/../c%20d/"), canonical_path("")
    ('/a/c%2520d/', '/')
    """
    if path == "/":
        return path
    from urllib.parse import quote  # noqa: PLC0415 - it takes long to import, and few endpoints have a path

    kept: list[str] = []
    for segment in path.split("/"):
        if segment == "..":
            del kept[-1:]
        elif segment not in {"", "."}:
            kept.append(segment)
    end = "/" if kept and path.endswith("/") else ""
    return quote(f"/{'/'.join(kept)}{end}", safe="/~")
