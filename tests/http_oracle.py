"""Responses as `http.client` reads them, which we did not write."""

from __future__ import annotations

import http.client
import io
from typing import Any, cast

from dynamongo.backends.dynamodb.transport.http_reader import HttpResponse


class Socket:
    """What `http.client` asks for a file."""

    def __init__(self, file: io.BytesIO) -> None:
        self._file = file

    def makefile(self, mode: str) -> io.BytesIO:
        return self._file


class File(io.BytesIO):
    """What `http.client` closes at the end of a response, and whose rest is looked at then."""

    has_surplus = False

    def close(self) -> None:
        self.has_surplus = self.tell() < len(self.getvalue())
        super().close()


def read_with_http_client(raw: bytes) -> HttpResponse | None:
    """The response with which a connection begins that has these bytes and then ends, or `None` if there is none."""
    file = File(raw)
    response = http.client.HTTPResponse(cast("Any", Socket(file)), method="POST")
    try:
        response.begin()
        body = response.read()
    except (http.client.HTTPException, OSError, ValueError, OverflowError):
        return None
    response.close()
    get = response.headers.get
    status, is_last = response.status, response.will_close or file.has_surplus
    request_id = None if status == 200 else get("x-amzn-requestid") or None
    content_type = str(get("content-type", "")).lower()
    return HttpResponse(status, body, content_type, get("x-amz-crc32"), is_last, request_id)
