"""The HTTP reader: reads responses from a connection.

DynamoDB's responses are plain: a head of a few lines that arrives at once, and a body whose length is in the head.
Those are parsed here, because `http.client` has the email package parse the head, which takes longer than everything
else that a small request needs. `http.client` reads all others, starting with what was received so far: a head that
arrives in pieces or is cut off, folded or repeated lines, a chunked body or one without a length, `100 Continue`.

Memory grows as bytes arrive, whatever length the head declares, and a response that is longer than any of DynamoDB's is
rejected (`ResponseTooLong`). Bytes after the end of a response belong to no request: `HttpResponse.is_last` says so.

Source: RFC 9112, "HTTP/1.1".
"""

from __future__ import annotations

import contextlib
import io
import re
import sys
from typing import TYPE_CHECKING, Any, Final, cast

from dynamongo._support.dataclasses import dataclass

if TYPE_CHECKING:
    import http.client
    import socket

_FIRST_BYTES: Final = 65_536
"""How much is read at first: most responses completely."""

MAX_BODY_BYTES: Final = 9 * 16 * 1024 * 1024
"""The longest body that DynamoDB can send: a batch get returns up to 16 MB of items, as DynamoDB counts their size.

JSON takes up to nine times that: an empty string in a list counts as one byte, and is sent as `{"S":""},`.
"""

_MAX_HEAD_BYTES: Final = 1024 * 1024
"""The limit of all heads before a body; DynamoDB's has 300 bytes."""

_STEP: Final = 1024 * 1024
"""How much of a body is allocated before it arrives: a page of a query, which is up to 1 MB, is read in one step."""

_STATUS: Final = re.compile(rb"HTTP/1\.1 (?!204|304)([2-5][0-9][0-9])(?: [^\r\n]*)?(?=\r\n)")
_HEADER: Final = re.compile(rb"\r\n([!#-'*+.^_`|~0-9A-Za-z-]+):[ \t]*([^\r\n]*)(?=\r\n|\Z)")
_REQUEST_ID: Final = re.compile(rb"\r\nx-amzn-requestid:[ \t]*([^\r\n]+)", re.IGNORECASE)
_LENGTH: Final = re.compile(rb"[0-9]{1,18}[ \t]*\Z")


class ResponseTooLong(Exception):  # noqa: N818 - what is wrong says more than that something is
    """The response is, or claims to be, longer than any response of DynamoDB."""


@dataclass(frozen=True, slots=True)
class HttpResponse:
    """An HTTP response.

    Attributes:
        status: The code, such as 200.
        body: The whole body.
        content_type: The header in lower case, or `""`.
        checksum: The header that has the CRC-32 of the body, or `None`.
        is_last: Whether the connection cannot be used for another request.
        request_id: AWS's identifier of a request that was refused, or `None`.
    """

    status: int
    body: bytes | bytearray
    content_type: str = ""
    checksum: str | None = None
    is_last: bool = False
    request_id: str | None = None


def http_errors() -> tuple[type[Exception], ...]:
    """Return what reading a response raises; `http.client` is imported only when one is not plain."""
    client: Any = sys.modules.get("http.client")
    return (OSError, ResponseTooLong) if client is None else (OSError, ResponseTooLong, client.HTTPException)


def read_http_response(connection: socket.socket, rest: socket.socket) -> HttpResponse:
    """Read the response to the request that was sent.

    Args:
        connection: What is read from first: most responses arrive in one piece.
        rest: What all else is read from: the same connection, or something that also limits the time for all of it.

    Raises one of `http_errors` where there is none, or only a part of one.
    """
    start = connection.recv(_FIRST_BYTES)
    head, end, body = start.partition(b"\r\n\r\n")
    headers = _read_plain_head(head) if end else None
    if headers is None:
        return _read_with_http_client(_Replay(start, rest))
    length = int(headers[b"content-length"])
    if length > MAX_BODY_BYTES:
        raise _tell_length(length)
    checksum, status = headers.get(b"x-amz-crc32"), int(head[9:12])
    return HttpResponse(
        status,
        body if len(body) == length else _read_rest(rest, body, length),
        headers.get(b"content-type", b"").decode("latin-1"),
        None if checksum is None else checksum.decode("latin-1"),
        len(body) > length or b"close" in headers.get(b"connection", b""),
        None if status == 200 else _find_request_id(head),
    )


def _read_plain_head(head: bytes) -> dict[bytes, bytes] | None:
    """Return the headers, all in lower case, by their names; `None` if the head is not plain."""
    status = _STATUS.match(head)
    if status is None:
        return None
    headers: dict[bytes, bytes] = dict(_HEADER.findall(head.lower(), status.end()))
    is_plain = (
        len(headers) == head.count(b"\r") == head.count(b"\n")  # each line is a header, and none is there twice
        and b"transfer-encoding" not in headers
        and _LENGTH.match(headers.get(b"content-length", b""))
    )
    return headers if is_plain else None


def _find_request_id(head: bytes) -> str | None:
    found = _REQUEST_ID.search(head)
    return None if found is None else found[1].decode("latin-1")


def _tell_length(length: int) -> ResponseTooLong:
    return ResponseTooLong(f"body of {length} bytes, above the {MAX_BODY_BYTES} that DynamoDB sends")


def _read_rest(connection: socket.socket, start: bytes, length: int) -> bytes | bytearray:
    """Return the whole body, whose start was read with the head."""
    if len(start) > length:  # surplus: the connection is not used again
        return start[:length]
    body = bytearray(min(length, _STEP))
    body[: len(start)] = start
    count = len(start)
    while count < length:
        if count == len(body):
            body += bytes(min(count, length - count))  # doubled: as much again as has really come
        received = connection.recv_into(memoryview(body)[count:])
        if not received:
            import http.client  # noqa: PLC0415 - importing it takes long, and an ordinary response does not need it

            raise http.client.IncompleteRead(bytes(body[:count]), length - count)
        count += received
    return body


class _Replay(io.RawIOBase):
    """Replays what was read of a response, and reads on from the connection, up to a limit."""

    def __init__(self, start: bytes, connection: socket.socket) -> None:
        self._start = start
        self._connection = connection
        self._left = _MAX_HEAD_BYTES
        self._is_over = False
        self.reader = _Reader(self)

    def makefile(self, mode: str) -> io.BufferedReader:
        """Return a file, as `http.client` asks a socket for one."""
        del mode
        return self.reader

    def expect_body(self) -> None:
        """Raise the limit for the body, after the head."""
        self._left = MAX_BODY_BYTES + _MAX_HEAD_BYTES  # chunks and trailers have heads of their own

    def end(self) -> None:
        """Read nothing more from the connection."""
        self._is_over = True

    def has_rest(self) -> bool:
        """Return whether some of what was read first has not been replayed."""
        return bool(self._start)

    def readable(self) -> bool:
        """See `io.RawIOBase`."""
        return True

    def readinto(self, buffer: Any) -> int:
        """See `io.RawIOBase`."""
        if self._is_over:
            return 0
        if self._left <= 0:
            raise ResponseTooLong("endless head or body")
        if not self._start:
            count = self._connection.recv_into(buffer)
        else:
            part = self._start[: len(buffer)]
            self._start = self._start[len(part) :]
            buffer[: len(part)] = part
            count = len(part)
        self._left -= count
        return count


class _Reader(io.BufferedReader):
    """The file that `http.client` reads from.

    Attributes:
        has_surplus: When it is closed, whether bytes had come after the end of the answer.
    """

    has_surplus = False

    def close(self) -> None:
        """See `io.BufferedReader`. `http.client` closes it at the end of a response."""
        if not self.closed:
            raw: Any = self.raw
            raw.end()
            self.has_surplus = bool(self.peek(1)) or raw.has_rest()
        super().close()


def _read_with_http_client(replay: _Replay) -> HttpResponse:
    import http.client  # noqa: PLC0415 - as above

    response = http.client.HTTPResponse(cast("socket.socket", replay), method="POST")
    with contextlib.closing(response):
        response.begin()
        replay.expect_body()
        body = _read_all(response)
    get = response.headers.get
    is_last = response.will_close or replay.reader.has_surplus
    is_last |= response.status < 200  # after 103 Early Hints, the answer itself is still to come
    content_type = str(get("content-type", "")).lower()
    return HttpResponse(response.status, body, content_type, get("x-amz-crc32"), is_last, get("x-amzn-requestid"))


def _read_all(response: http.client.HTTPResponse) -> bytearray:
    """Return the body, read in steps: `http.client` would allocate any declared length, or an object for each chunk."""
    import http.client  # noqa: PLC0415 - as above

    if response.length is not None and response.length > MAX_BODY_BYTES:
        raise _tell_length(response.length)
    body = bytearray()
    try:
        while part := response.read(_STEP):
            body += part
    except (OverflowError, ValueError) as error:
        raise http.client.HTTPException("invalid length of a chunk") from error
    if response.length:
        raise http.client.IncompleteRead(bytes(body), response.length)
    return body
