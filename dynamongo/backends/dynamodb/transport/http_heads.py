"""Heads of responses: the status line and the fields, read from bytes that arrive in any pieces.

Source: RFC 9112, "HTTP/1.1", sections 2 to 5, and RFC 9110, "HTTP Semantics", section 15.2.
"""

from __future__ import annotations

import re
from typing import Final

from dynamongo._support.dataclasses import dataclass
from dynamongo.backends.dynamodb.transport.http_errors import (
    IncompleteResponse,
    MalformedResponse,
    NoResponse,
    ResponseTooLong,
)

MAX_HEAD_BYTES: Final = 1024 * 1024
"""The limit of all heads before a body; DynamoDB's has 300 bytes."""

_MAX_FIELDS: Final = 100
"""The limit of `http.client`; DynamoDB sends seven."""

_VERSION: Final = b"HTTP/1."
_END: Final = re.compile(rb"\r?\n\r?\n")  # section 2.2: a line may end without its CR
_STATUS_LINE: Final = re.compile(rb"HTTP/1\.([0-9]) ([1-9][0-9][0-9])(?: (.*))?")
_LINE_BREAK: Final = re.compile(rb"\r?\n")
_FOLD: Final = re.compile(rb"\r?\n[ \t]+")
_NAME: Final = re.compile(rb"[!#-'*+.^_`|~0-9A-Za-z-]+")


@dataclass(frozen=True, slots=True)
class Head:
    """The head of a response.

    Attributes:
        is_old: Whether it speaks HTTP/1.0, which does not keep connections open unless asked to.
        status: The code, such as 200.
        reason: The text behind it, or `""`.
        fields: The values by name, which is in lower case; several if the field is repeated.
    """

    is_old: bool
    status: int
    reason: str
    fields: dict[bytes, list[bytes]]

    def find(self, name: bytes) -> str | None:
        """Return the first value of a field, or `None`."""
        values = self.fields.get(name)
        return None if values is None else values[0].decode("latin-1")


class HeadReader:
    """Reads the head of a response. Interim responses before it, such as `100 Continue`, are skipped.

    Attributes:
        rest: What was received after the head, once that is complete.
    """

    def __init__(self) -> None:
        self.rest = bytearray()
        self._count = 0

    def feed(self, data: bytes) -> Head | None:
        """Take what was received, and return the head if it is complete now. Raises `UnreadableResponse`."""
        position = max(0, len(self.rest) - 3)  # the blank line may have begun in what was received before
        self._count += len(data)
        self.rest += data
        while (end := _END.search(self.rest, position)) is not None:
            head = parse_head(bytes(self.rest[: end.start()]))
            del self.rest[: end.end()]
            if head.status >= 200:
                return head
            position = 0
        if not self.rest.startswith(_VERSION[: len(self.rest)]):
            raise _no_status_line(self.rest)
        if self._count > MAX_HEAD_BYTES:
            raise ResponseTooLong("endless head or body")
        return None

    def end(self) -> IncompleteResponse | NoResponse:
        """Return the error for a connection that was closed before the head was complete."""
        if not self._count:
            return NoResponse("closed without a response")
        return IncompleteResponse("closed in the middle of the head")


def parse_head(raw: bytes) -> Head:
    """Return the head, without its blank line. Raises `MalformedResponse`."""
    first, _, rest = raw.partition(b"\n")
    status = _STATUS_LINE.fullmatch(first.removesuffix(b"\r"))
    if status is None:
        raise _no_status_line(first)
    # Section 5.2: a user agent replaces folds by spaces. Section 2.2: there is none before the first field.
    lines = _LINE_BREAK.split(_FOLD.sub(b" ", rest)) if rest else []
    if len(lines) > _MAX_FIELDS:
        raise MalformedResponse(f"{len(lines)} fields in a head")
    fields: dict[bytes, list[bytes]] = {}
    for line in lines:
        name, value = _split_line(line)
        fields.setdefault(name, []).append(value)
    return Head(status[1] == b"0", _check_status(int(status[2])), (status[3] or b"").decode("latin-1"), fields)


def _check_status(status: int) -> int:
    if status == 101:  # RFC 9110, section 15.2.2: only if the client had asked for it
        raise MalformedResponse("the server switches to another protocol")
    return status


def _split_line(line: bytes) -> tuple[bytes, bytes]:
    """Return the name and the value of a field (section 5)."""
    name, colon, value = line.partition(b":")
    # Section 2.2 and RFC 9110, section 5.5: a line with a bare CR or a NUL is invalid.
    if not colon or _NAME.fullmatch(name) is None or b"\r" in value or b"\0" in value:
        raise MalformedResponse(f"malformed line {line[:60]!r} in a head")
    return name.lower(), value.strip(b" \t")


def _no_status_line(received: bytes | bytearray) -> MalformedResponse:
    return MalformedResponse(f"expected a status line of HTTP/1.1, got {bytes(received[:60])!r}")
