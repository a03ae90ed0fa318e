"""The HTTP reader: bytes in, a response out. It knows no socket, so both colours use it.

DynamoDB's responses are plain: a head of a few lines that arrives at once, and a body whose length is in the head.
Those take the short way: two regular expressions read the head, and there is nothing to remember. All others are read
by `http_heads` and `http_bodies`: a head that arrives in pieces, folded or repeated lines, interim responses, a chunked
body or one without a length.

Memory grows as bytes arrive, whatever length the head declares, and a response that is longer than any of DynamoDB's is
rejected. Bytes after the end of a response belong to no request: `HttpResponse.is_last` says so.

Source: RFC 9112, "HTTP/1.1".
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from dynamongo._support.dataclasses import dataclass
from dynamongo.backends.dynamodb.transport.http_errors import NoResponse
from dynamongo.backends.dynamodb.transport.sized_body import SizedBody, check_length

if TYPE_CHECKING:
    from dynamongo.backends.dynamodb.transport.http_bodies import Body
    from dynamongo.backends.dynamodb.transport.http_heads import Head, HeadReader

FIRST_BYTES: Final = 65_536
"""How much is worth receiving at first: most responses completely."""

MAX_BODY_BYTES: Final = 9 * 16 * 1024 * 1024
"""The longest body that DynamoDB can send: a batch get returns up to 16 MB of items, as DynamoDB counts their size.

JSON takes up to nine times that: an empty string in a list counts as one byte, and is sent as `{"S":""},`.
"""

_STATUS: Final = re.compile(rb"HTTP/1\.1 (?!204|304)([2-5][0-9][0-9])(?: [^\r\n]*)?(?=\r\n)")
_HEADER: Final = re.compile(rb"\r\n([!#-'*+.^_`|~0-9A-Za-z-]+):[ \t]*([^\r\n\0]*)(?=\r\n|\Z)")
_REQUEST_ID: Final = re.compile(rb"\r\nx-amzn-requestid:[ \t]*([^ \t\r\n][^\r\n]*)", re.IGNORECASE)
_LENGTH: Final = re.compile(rb"[0-9]{1,18}[ \t]*\Z")


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


class ResponseReader:
    """Reads one response, from bytes as they arrive. Its methods raise `UnreadableResponse`.

    Each of `feed` and `fill` returns the response once it is complete, and is not called again then.
    """

    # No `__init__`: most responses are complete at once, and need none of these.
    _heads: HeadReader | None = None
    _begun: HttpResponse | None = None  # the response without its body
    _body: Body | None = None

    def feed(self, data: bytes) -> HttpResponse | None:
        """Take what was received, at least a byte."""
        if self._heads is not None:
            return self._feed_slowly(self._heads, data)
        if self._body is not None:
            return self._finish() if self._body.feed(data) else None
        head, end, body = data.partition(b"\r\n\r\n")
        headers = _read_plain_head(head) if end else None
        if headers is None:
            return self._feed_slowly(self._begin_slowly(), data)
        length = int(headers[b"content-length"])
        checksum, status = headers.get(b"x-amz-crc32"), int(head[9:12])
        response = HttpResponse(
            status,
            body if len(body) <= length else body[:length],
            headers.get(b"content-type", b"").decode("latin-1"),
            None if checksum is None else checksum.decode("latin-1"),
            len(body) > length or b"close" in headers.get(b"connection", b""),
            None if status == 200 else _find_request_id(head),
        )
        if len(body) >= length:
            return response
        self._begun, self._body = response, SizedBody(check_length(length, MAX_BODY_BYTES))
        self._body.feed(body)
        return None

    def room(self) -> memoryview | None:
        """Return the buffer for the next bytes, before `fill`; `None` if `feed` has to take them."""
        return self._body.room() if type(self._body) is SizedBody else None

    def fill(self, count: int) -> HttpResponse | None:
        """Take note that `count` bytes, at least one, were received into `room`."""
        assert type(self._body) is SizedBody  # noqa: S101 - only then was there a room
        return self._finish() if self._body.fill(count) else None

    def end(self) -> HttpResponse:
        """Return the response that ends with the connection, which the other side has closed."""
        if self._body is not None:
            self._body.end()
            return self._finish(is_closed=True)
        raise NoResponse("closed without a response") if self._heads is None else self._heads.end()

    def _begin_slowly(self) -> HeadReader:
        from dynamongo.backends.dynamodb.transport.http_heads import HeadReader  # noqa: PLC0415 - as below

        self._heads = HeadReader()
        return self._heads

    def _feed_slowly(self, heads: HeadReader, data: bytes) -> HttpResponse | None:
        head = heads.feed(data)
        if head is None:
            return None
        from dynamongo.backends.dynamodb.transport.http_bodies import start_body  # noqa: PLC0415 - few responses need it

        self._heads = None
        self._begun, self._body = _begin_response(head), start_body(head, MAX_BODY_BYTES)
        return self._finish() if self._body.feed(heads.rest) else None

    def _finish(self, *, is_closed: bool = False) -> HttpResponse:
        begun, body = self._begun, self._body
        assert begun is not None  # noqa: S101 - for the type checkers
        assert body is not None  # noqa: S101 - for the type checkers
        is_last = begun.is_last or body.has_surplus or is_closed
        return HttpResponse(begun.status, body.content, begun.content_type, begun.checksum, is_last, begun.request_id)


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


def _begin_response(head: Head) -> HttpResponse:
    """Return the response without its body."""
    content_type = (head.find(b"content-type") or "").lower()
    request_id = None if head.status == 200 else head.find(b"x-amzn-requestid") or None
    return HttpResponse(head.status, b"", content_type, head.find(b"x-amz-crc32"), _is_last(head), request_id)


def _is_last(head: Head) -> bool:
    """Return whether the connection ends after the response, or had better end."""
    fields = head.fields
    # RFC 9112, section 6.1: with both, the two sides may differ on where the body ends.
    is_ambiguous = b"transfer-encoding" in fields and b"content-length" in fields
    may_have_more = head.status in (204, 304)  # a body that must not follow these may follow nevertheless
    is_closed = any(b"close" in each.lower() for each in fields.get(b"connection", ()))
    return head.is_old or is_ambiguous or may_have_more or is_closed
