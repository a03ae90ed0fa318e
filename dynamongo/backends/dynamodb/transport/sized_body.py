"""`SizedBody`: the body of a response whose length is declared, as those of DynamoDB are.

Memory grows as bytes arrive, whatever length is declared.

Source: RFC 9112, "HTTP/1.1", section 6.
"""

from __future__ import annotations

from typing import Final

from dynamongo.backends.dynamodb.transport.http_errors import IncompleteResponse, ResponseTooLong

_STEP: Final = 1024 * 1024
"""How much of a body is allocated before it arrives: a page of a query, which is up to 1 MB, is read in one step."""


def check_length(length: int, limit: int) -> int:
    """Return a length unless DynamoDB sends nothing as long; raises `ResponseTooLong` then."""
    if length > limit:
        raise ResponseTooLong(f"body of {length} bytes, above the {limit} that DynamoDB sends")
    return length


class SizedBody:
    """A body whose length is declared."""

    __slots__ = ("_count", "_length", "content", "has_surplus")

    def __init__(self, length: int) -> None:
        self.content = bytearray(min(length, _STEP))
        self.has_surplus = False
        self._length = length
        self._count = 0

    def feed(self, data: bytes | bytearray) -> bool:
        """See `http_bodies.Body`."""
        position = 0
        while position < len(data) and self._count < self._length:
            with self.room() as room:
                part = data[position : position + len(room)]
                room[: len(part)] = part
            position += len(part)
            self._count += len(part)
        self.has_surplus = position < len(data)
        return self._count == self._length

    def room(self) -> memoryview:
        """Return where the next bytes may be received."""
        if self._count == len(self.content):  # doubled: as much again as has really come
            # A copy, since a buffer that somebody still refers to cannot be extended.
            self.content = self.content + bytes(min(self._count, self._length - self._count))
        return memoryview(self.content)[self._count :]

    def fill(self, count: int) -> bool:
        """Take note that `count` bytes were received there, and return whether the body is complete."""
        self._count += count
        return self._count == self._length

    def end(self) -> None:
        """See `http_bodies.Body`."""
        raise IncompleteResponse(f"closed after {self._count} of {self._length} bytes of the body")
