"""`PlainResponse`: a response of `http.client` whose head, if it is plain, is read without the email package.

That package takes a tenth of the processor time of a small request through boto3. A head is plain if it arrived at once
and if its lines are headers with different names, one of which is the length of the body: DynamoDB sends no other.
`test_plain_response.py` compares what is read with what `http.client` reads.
"""

from __future__ import annotations

import http.client
import re
from typing import Any, Final, cast

from dynamongo.backends.dynamodb.transport.originals import Originals

_STATUS: Final = re.compile(rb"HTTP/1\.1 (?!204|304)([2-5][0-9][0-9])(?: ([^\r\n]*))?(?=\r\n)")
_HEADER: Final = re.compile(rb"\r\n([!#-'*+.^_`|~0-9A-Za-z-]+):[ \t]*([!-~](?:[ -~]*[!-~])?)?(?=\r\n|\Z)")
_LENGTH: Final = re.compile(r"[0-9]{1,18}\Z")

_BYPASSED: Final = Originals((http.client.HTTPResponse, "begin"))


class PlainResponse(http.client.HTTPResponse):
    """Reads its head itself if that is plain and what would read it has not been replaced."""

    def begin(self) -> None:
        """See `http.client`."""
        if not _BYPASSED.are_in_place() or not self._begin_plain():
            super().begin()

    def _begin_plain(self) -> bool:
        """Read a plain head; return `False` and read nothing if it is another one."""
        stream, known = cast("Any", self.fp), cast("Any", self)
        start: bytes = stream.peek()
        head, end, _ = start.partition(b"\r\n\r\n")
        status = _STATUS.match(head)
        if not end or status is None or known.headers is not None or known.debuglevel:
            return False
        found = _HEADER.findall(head, status.end())
        headers = _make_message(found)
        length = headers.get("content-length", "")
        lines = len(found)
        if not lines == len(set(map(bytes.lower, dict(found)))) == head.count(b"\r") == head.count(b"\n"):
            return False
        if "transfer-encoding" in headers or not _LENGTH.match(length):
            return False
        stream.read(len(head) + len(end))
        self._set(int(status[1]), (status[2] or b"").decode("latin-1").strip(), headers, int(length))
        return True

    def _set(self, status: int, reason: str, headers: http.client.HTTPMessage, length: int) -> None:
        """Set what `http.client` sets."""
        known: Any = self  # `http.client` publishes no types of some of these
        known.version, known.code, known.status, known.reason = 11, status, status, reason
        known.headers = known.msg = headers
        known.chunked, known.chunk_left, known.length = False, None, length
        known.will_close = "close" in headers.get("connection", "").lower()


def _make_message(found: list[tuple[bytes, bytes]]) -> http.client.HTTPMessage:
    message = http.client.HTTPMessage()
    for name, value in found:
        message[name.decode("latin-1")] = value.decode("latin-1")
    return message
