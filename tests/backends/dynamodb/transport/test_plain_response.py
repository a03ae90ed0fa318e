"""`PlainResponse` reads what `http.client` reads, of whatever the server sends."""

from __future__ import annotations

import http.client
import io
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dynamongo.backends.dynamodb.transport.plain_response import PlainResponse

PLAIN = b'HTTP/1.1 200 OK\r\nServer: x y\r\nx-amzn-RequestId: A\r\nContent-Length: 4\r\nx-amz-crc32: 7\r\n\r\n{"a"}x'


class Stream(io.RawIOBase):
    """Hands out bytes, in two pieces."""

    def __init__(self, sent: bytes, cut: int) -> None:
        self._pieces = [piece for piece in (sent[:cut], sent[cut:]) if piece]

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        piece = self._pieces.pop(0) if self._pieces else b""
        count = min(len(piece), len(buffer))
        buffer[:count] = piece[:count]
        if piece[count:]:
            self._pieces.insert(0, piece[count:])
        return count


class Socket:
    """What `http.client` asks for a file."""

    def __init__(self, sent: bytes, cut: int) -> None:
        self._stream = Stream(sent, cut)

    def makefile(self, _: str) -> io.BufferedReader:
        return io.BufferedReader(self._stream)


def read(kind: Any, sent: bytes, cut: int) -> Any:
    """All that a response says; an error is its type."""
    response = kind(Socket(sent, cut), method="POST")
    try:
        response.begin()
        members = (response.version, response.code, response.status, response.reason, response.will_close)
        body = response.read()
        return *members, response.msg.items(), response.headers.items(), body, response.isclosed(), response.length
    except (http.client.HTTPException, OSError, ValueError) as error:
        return type(error)


def check(sent: bytes, cut: int) -> None:
    assert read(PlainResponse, sent, cut) == read(http.client.HTTPResponse, sent, cut)


@pytest.mark.parametrize(
    "head",
    [
        "HTTP/1.1 200 OK|Content-Length: 2",
        "HTTP/1.1 200|content-length:2",
        "HTTP/1.1 400 Bad Request|Content-Length: 2|Connection: close",
        "HTTP/1.1 200 OK|Content-Length: 2|Connection: Keep-Alive|Keep-Alive: 5",
        "HTTP/1.1 200 OK|Content-Length: 0",
        "HTTP/1.1 200 OK|Content-Length: 2|Content-Length: 3",
        "HTTP/1.1 200 OK|Content-Length: 2|content-length: 2",
        "HTTP/1.1 200 OK|Content-Length: +2",
        "HTTP/1.1 200 OK|Content-Length: 2 ",
        "HTTP/1.1 200 OK|Content-Length: 99",
        "HTTP/1.1 200 OK|Transfer-Encoding: chunked",
        "HTTP/1.1 200 OK|Content-Length: 2|Transfer-Encoding: chunked",
        "HTTP/1.1 200 OK|A: b| folded|Content-Length: 2",
        "HTTP/1.1 200 OK|A:|Content-Length: 2",
        "HTTP/1.1 200 OK|A: b  |Content-Length: 2",
        "HTTP/1.1 200 OK|A\t: b|Content-Length: 2",
        "HTTP/1.1 200 OK|no header|Content-Length: 2",
        "HTTP/1.1 200 OK|A: \u00e9|Content-Length: 2",
        "HTTP/1.1 200 OK|A: b\nB: c|Content-Length: 2",
        "HTTP/1.1 204 No Content|Content-Length: 2",
        "HTTP/1.1 304 Not Modified|Content-Length: 2",
        "HTTP/1.1 100 Continue||HTTP/1.1 200 OK|Content-Length: 2",
        "HTTP/1.0 200 OK|Content-Length: 2",
        "HTTP/2 200 OK|Content-Length: 2",
        "HTTP/1.1 2000 OK|Content-Length: 2",
        "HTTP/1.1 200 OK",
        "nothing",
        "",
    ],
)
def test_heads_are_read_as_http_client_reads_them(head: str) -> None:
    sent = head.replace("|", "\r\n").encode("latin-1") + b"\r\n\r\n{}rest"
    for cut in range(0, len(sent), 7):
        check(sent, cut)
    check(sent, len(sent))


@given(st.integers(0, len(PLAIN)), st.integers(0, len(PLAIN)), st.binary(max_size=3), st.integers(0, len(PLAIN)))
def test_damaged_heads_are_read_as_http_client_reads_them(start: int, end: int, put: bytes, cut: int) -> None:
    check(PLAIN[:start] + put + PLAIN[max(start, end) :], cut)


def test_plain_head_is_read_without_the_email_package(monkeypatch: pytest.MonkeyPatch) -> None:
    expected = read(http.client.HTTPResponse, PLAIN, len(PLAIN))
    monkeypatch.setattr(http.client, "parse_headers", lambda _: pytest.fail("is called"))
    assert read(PlainResponse, PLAIN, len(PLAIN)) == expected


def test_function_that_replaces_begin_is_called(monkeypatch: pytest.MonkeyPatch) -> None:
    begin, called = http.client.HTTPResponse.begin, list[object]()

    def traced(self: Any) -> None:
        called.append(self)
        begin(self)

    monkeypatch.setattr(http.client.HTTPResponse, "begin", traced)
    read(PlainResponse, PLAIN, len(PLAIN))
    assert len(called) == 1
