"""Bodies of responses: which one follows a head, and those in chunks, or up to the end of the connection.

Source: RFC 9112, "HTTP/1.1", sections 6 and 7.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Final, Protocol

from dynamongo.backends.dynamodb.transport.http_errors import IncompleteResponse, MalformedResponse, ResponseTooLong
from dynamongo.backends.dynamodb.transport.http_heads import MAX_HEAD_BYTES, Head
from dynamongo.backends.dynamodb.transport.sized_body import SizedBody, check_length

_MAX_LINE_BYTES: Final = 65_536
"""The limit of a line between chunks, as `http.client` has it."""

_LENGTH: Final = re.compile(rb"[0-9]+")
_CHUNK_LINE: Final = re.compile(rb"0*([0-9A-Fa-f]{1,15})[ \t]*(?:;[^\r\n]*)?\r\n")
_HAS_NO_BODY: Final = (204, 304)


class Body(Protocol):
    """A body that is being received.

    Attributes:
        content: What has been received; all of it, once it is complete.
        has_surplus: Whether more was received than belongs to the body.
    """

    content: bytearray
    has_surplus: bool

    def feed(self, data: bytes | bytearray) -> bool:
        """Take what was received, and return whether the body is complete. Raises `UnreadableResponse`."""
        ...

    def end(self) -> None:
        """Take note that the connection was closed. Raises `IncompleteResponse` if the body is not complete."""
        ...


def start_body(head: Head, limit: int) -> Body:
    """Return what reads the body that follows a head (section 6.3). Raises `UnreadableResponse`."""
    if head.status in _HAS_NO_BODY:
        return SizedBody(0)
    codings = head.fields.get(b"transfer-encoding")
    if codings is not None:  # it overrides a length
        if b",".join(codings).lower() != b"chunked":  # of others the client would have said that it accepts them
            raise MalformedResponse(f"unknown transfer coding {codings!r}")
        return ChunkedBody(limit)
    lengths = head.fields.get(b"content-length")
    return UnsizedBody(limit) if lengths is None else SizedBody(check_length(_parse_length(lengths), limit))


def _parse_length(values: list[bytes]) -> int:
    """Return the length that is declared; a repeated one must be the same."""
    each = {value.strip(b" \t") for value in b",".join(values).split(b",")}
    if len(each) > 1 or not all(map(_LENGTH.fullmatch, each)):
        raise MalformedResponse(f"invalid Content-Length {b', '.join(values)[:60]!r}")
    digits = each.pop().lstrip(b"0") or b"0"
    return int(digits[:18])  # which is too long already, and `int` refuses thousands of digits


class UnsizedBody:
    """A body that ends with the connection."""

    __slots__ = ("_limit", "content", "has_surplus")

    def __init__(self, limit: int) -> None:
        self.content = bytearray()
        self.has_surplus = False
        self._limit = limit

    def feed(self, data: bytes | bytearray) -> bool:
        """See `Body`."""
        self.content += data
        if len(self.content) > self._limit:
            raise ResponseTooLong("endless head or body")
        return False

    def end(self) -> None:
        """See `Body`."""


class ChunkedBody:
    """A body in chunks, each with its length (section 7.1). Extensions and trailers are skipped."""

    __slots__ = ("_allowed", "_left", "_limit", "_step", "_unread", "content", "has_surplus")

    def __init__(self, limit: int) -> None:
        self.content = bytearray()
        self.has_surplus = False
        self._limit = limit
        self._allowed = limit + MAX_HEAD_BYTES  # chunks have heads, and trailers follow them
        self._unread = bytearray()
        self._left = 0
        self._step: Callable[[], bool] | None = self._read_size

    def feed(self, data: bytes | bytearray) -> bool:
        """See `Body`."""
        self._allowed -= len(data)
        if self._allowed < 0:
            raise ResponseTooLong("endless head or body")
        self._unread += data
        while self._step is not None and self._step():
            pass
        self.has_surplus = self._step is None and bool(self._unread)
        return self._step is None

    def end(self) -> None:
        """See `Body`."""
        raise IncompleteResponse("closed before the last chunk")

    # Each step reads a part of the body, sets the next step, and returns whether it had enough to do so.

    def _read_size(self) -> bool:
        line = self._take_line()
        if line is None:
            return False
        size = _CHUNK_LINE.fullmatch(line)
        if size is None:
            raise MalformedResponse(f"expected the size of a chunk, got {line[:60]!r}")
        self._left = check_length(int(size[1], 16), self._limit)
        self._step = self._read_data if self._left else self._read_trailer
        return True

    def _read_data(self) -> bool:
        part = self._unread[: self._left]
        self.content += part
        del self._unread[: len(part)]
        self._left -= len(part)
        if self._left:
            return False
        self._step = self._read_end
        return True

    def _read_end(self) -> bool:
        if len(self._unread) < 2:
            return False
        if not self._unread.startswith(b"\r\n"):
            raise MalformedResponse("a chunk is longer than its size")
        del self._unread[:2]
        self._step = self._read_size
        return True

    def _read_trailer(self) -> bool:
        line = self._take_line()
        if line is None:
            return False
        if line == b"\r\n":
            self._step = None
        return True

    def _take_line(self) -> bytes | None:
        end = self._unread.find(b"\n") + 1
        if not end:
            if len(self._unread) > _MAX_LINE_BYTES:
                raise ResponseTooLong("endless head or body")
            return None
        line = bytes(self._unread[:end])
        del self._unread[:end]
        return line
