"""Answers: HTTP responses, read from a connection.

What DynamoDB answers is plain: a head of a few lines that comes at once, and a body of a length that the head tells.
That is read here, since `http.client` has the email package parse the head, which takes longer than all else that is
done for a small request. Whatever is not plain is left to `http.client`, with what was read of it so far: a head that
comes in pieces or is cut off, lines that are folded or doubled, a body in chunks or without a length, `100 Continue`.

Source: RFC 9112, "HTTP/1.1".
"""

from __future__ import annotations

import contextlib
import http.client
import io
import re
import socket
from typing import Any, Final, cast

from dynamongo.frozen import dataclass

_FIRST_BYTES: Final = 65_536
"""How much is read at first: the whole of most answers."""

_STATUS: Final = re.compile(rb"HTTP/1\.1 (?!204|304)([2-5][0-9][0-9])(?: [^\r\n]*)?(?=\r\n)")
_HEADER: Final = re.compile(rb"\r\n([!#-'*+.^_`|~0-9A-Za-z-]+):[ \t]*([^\r\n]*)(?=\r\n|\Z)")
_LENGTH: Final = re.compile(rb"[0-9]{1,8}[ \t]*\Z")
"""A length that is believed: DynamoDB sends 16 MB at most, and memory is not set aside because a head says so."""


@dataclass(frozen=True, slots=True)
class Answer:
    """An HTTP response.

    Attributes:
        status: The code, such as 200.
        body: The whole body.
        content_type: The header, or `""`.
        checksum: The header that has the CRC-32 of the body, or `None`.
        is_last: Whether the connection cannot be used for another request.
        request_id: AWS's identifier of the request, or `None`.
    """

    status: int
    body: bytes | bytearray
    content_type: str = ""
    checksum: str | None = None
    is_last: bool = False
    request_id: str | None = None


def read_answer(connection: socket.socket) -> Answer:
    """The answer to the request that was sent.

    Raises `OSError` or `http.client.HTTPException` where there is none, or only a part of one.
    """
    start = connection.recv(_FIRST_BYTES)
    head, end, body = start.partition(b"\r\n\r\n")
    headers = _read_plain_head(head) if end else None
    if headers is None:
        return _read_with_http_client(_Replay(start, connection))
    length = int(headers[b"content-length"])
    checksum = headers.get(b"x-amz-crc32")
    return Answer(
        int(head[9:12]),
        body if len(body) == length else _read_rest(connection, body, length),
        headers.get(b"content-type", b"").decode("latin-1"),
        None if checksum is None else checksum.decode("latin-1"),
        len(body) > length or b"close" in headers.get(b"connection", b"").lower(),
        headers.get(b"x-amzn-requestid", b"").decode("latin-1") or None,
    )


def _read_plain_head(head: bytes) -> dict[bytes, bytes] | None:
    """The headers by their names in lower case; `None` if the head is not plain."""
    status = _STATUS.match(head)
    if status is None:
        return None
    headers = {name.lower(): value for name, value in _HEADER.findall(head, status.end())}
    is_plain = (
        len(headers) == head.count(b"\r") == head.count(b"\n")  # each line is a header, and none is there twice
        and b"transfer-encoding" not in headers
        and _LENGTH.match(headers.get(b"content-length", b""))
    )
    return headers if is_plain else None


def _read_rest(connection: socket.socket, start: bytes, length: int) -> bytes | bytearray:
    """The whole body, of which the start was read with the head."""
    if len(start) > length:  # more than was asked for: the connection is not used again
        return start[:length]
    body = bytearray(length)
    body[: len(start)] = start
    count, rest = len(start), memoryview(body)
    while count < length:
        received = connection.recv_into(rest[count:])
        if not received:
            raise http.client.IncompleteRead(bytes(rest[:count]), length - count)
        count += received
    return body


class _Replay(io.RawIOBase):
    """A connection of which a part was read, from the beginning once more."""

    def __init__(self, start: bytes, connection: socket.socket) -> None:
        self._start = start
        self._connection = connection

    def makefile(self, mode: str) -> io.BufferedReader:
        """What `http.client` asks of a socket."""
        del mode
        return io.BufferedReader(self)

    def readable(self) -> bool:
        """See `io.RawIOBase`."""
        return True

    def readinto(self, buffer: Any) -> int:
        """See `io.RawIOBase`."""
        if not self._start:
            return self._connection.recv_into(buffer)
        part = self._start[: len(buffer)]
        self._start = self._start[len(part) :]
        buffer[: len(part)] = part
        return len(part)


def _read_with_http_client(replay: _Replay) -> Answer:
    response = http.client.HTTPResponse(cast("socket.socket", replay), method="POST")
    with contextlib.closing(response):
        response.begin()
        body = _read_all(response)
    get = response.headers.get
    is_last = response.will_close or response.status < 200  # after 103 Early Hints, the answer itself is still to come
    return Answer(response.status, body, get("content-type", ""), get("x-amz-crc32"), is_last, get("x-amzn-requestid"))


def _read_all(response: http.client.HTTPResponse) -> bytes:
    """The body; `http.client` believes whatever length it is told, and Python refuses to read so much."""
    try:
        return response.read()
    except (MemoryError, OverflowError, ValueError) as error:
        raise http.client.HTTPException("the body is said to be of a length that cannot be") from error
