"""Answers: what is read here is what `http.client` reads, and whatever is not plain is left to it."""

from __future__ import annotations

import contextlib
import http.client
import socket
import threading
from collections.abc import Iterator, Sequence

import pytest

from dynamongo.backends.dynamodb.transport import http_reader
from dynamongo.backends.dynamodb.transport.http_reader import HttpResponse, read_http_response

JSON = "application/x-amz-json-1.0"
PLAIN = (
    f"HTTP/1.1 200 OK\r\nContent-Type: {JSON}\r\nx-amz-crc32: 2745614147\r\ncontent-length:2\r\nDate: now\r\n\r\n{{}}"
).encode()


def write(head: str, body: bytes = b"{}") -> bytes:
    return head.replace("\n", "\r\n").encode("latin-1") + b"\r\n\r\n" + body


WHOLE: list[tuple[str, bytes, HttpResponse]] = [
    ("plain", PLAIN, HttpResponse(200, b"{}", JSON, "2745614147")),
    ("no reason", write("HTTP/1.1 200\nContent-Length: 2"), HttpResponse(200, b"{}")),
    ("an error", write("HTTP/1.1 400 Bad Request\nContent-Length: 2"), HttpResponse(400, b"{}")),
    ("no body", write("HTTP/1.1 500 No\nContent-Length: 0", b""), HttpResponse(500, b"")),
    ("spaces", write("HTTP/1.1 200 OK\nContent-Length: \t2\nContent-Type:  a b"), HttpResponse(200, b"{}", "a b")),
    ("letters", write("HTTP/1.1 200 OK\nCONTENT-LENGTH: 2\nContent-Type: é"), HttpResponse(200, b"{}", "é")),
    ("last", write("HTTP/1.1 200 OK\nConnection: Close\nContent-Length: 2"), HttpResponse(200, b"{}", is_last=True)),
    ("kept", write("HTTP/1.1 200 OK\nConnection: keep-alive\nContent-Length: 2"), HttpResponse(200, b"{}")),
    ("long", write("HTTP/1.1 200 OK\nContent-Length: 200000", b"x" * 200_000), HttpResponse(200, b"x" * 200_000)),
    (
        "in chunks",
        write("HTTP/1.1 200 OK\nTransfer-Encoding: chunked", b"1\r\n{\r\n1;a=b\r\n}\r\n0\r\nx: y\r\n\r\n"),
        HttpResponse(200, b"{}"),
    ),
    (
        "both",
        write("HTTP/1.1 200 OK\nContent-Length: 9\nTransfer-Encoding: chunked", b"2\r\n{}\r\n0\r\n\r\n"),
        HttpResponse(200, b"{}"),
    ),
    ("until it ends", write("HTTP/1.1 200 OK\nContent-Type: text"), HttpResponse(200, b"{}", "text", is_last=True)),
    ("older", write("HTTP/1.0 200 OK\nContent-Length: 2"), HttpResponse(200, b"{}", is_last=True)),
    ("continued", b"HTTP/1.1 100 Continue\r\n\r\n" + PLAIN, HttpResponse(200, b"{}", JSON, "2745614147")),
    ("not yet", b"HTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\n" + PLAIN, HttpResponse(103, b"", is_last=True)),
    ("nothing", write("HTTP/1.1 204 No Content\nContent-Length: 0", b""), HttpResponse(204, b"")),
    ("twice", write("HTTP/1.1 200 OK\nContent-Length: 2\nContent-Length: 9"), HttpResponse(200, b"{}")),
    (
        "folded",
        write("HTTP/1.1 200 OK\nContent-Type: a;\n b=c\nContent-Length: 2"),
        HttpResponse(200, b"{}", "a;\r\n b=c"),
    ),
    ("folded length", write("HTTP/1.1 200 OK\nX: y\n Content-Length: 9\nContent-Length: 2"), HttpResponse(200, b"{}")),
    ("bare newlines", b"HTTP/1.1 200 OK\nContent-Length: 2\n\n{}", HttpResponse(200, b"{}")),
    ("odd length", write("HTTP/1.1 200 OK\nContent-Length: +2"), HttpResponse(200, b"{}")),
    ("length of letters", write("HTTP/1.1 200 OK\nContent-Length: two"), HttpResponse(200, b"{}", is_last=True)),
    (
        "length of many digits",
        write(f"HTTP/1.1 200 OK\nContent-Length: {'9' * 5_000}"),
        HttpResponse(200, b"{}", is_last=True),
    ),
    ("zeros", write(f"HTTP/1.1 200 OK\nContent-Length: {'0' * 20}2"), HttpResponse(200, b"{}")),
    (
        "many headers",
        write("HTTP/1.1 200 OK\nContent-Length: 2" + "".join(f"\nh{n}: {n}" for n in range(90))),
        HttpResponse(200, b"{}"),
    ),
]
"""What answers there are, and how each is read; the connection is closed after it."""

BROKEN: list[tuple[str, bytes]] = [
    ("silence", b""),
    ("another protocol", b"SSH-2.0-OpenSSH_9.6\r\n\r\n"),
    ("a status of letters", write("HTTP/1.1 OK\nContent-Length: 2")),
    ("too many headers", write("HTTP/1.1 200 OK" + "".join(f"\nh{n}: {n}" for n in range(200)))),
    ("a line without end", b"HTTP/1.1 200 OK\r\nx: " + b"y" * 70_000),
    ("a short body", write("HTTP/1.1 200 OK\nContent-Length: 3")),
    ("a body shorter by far", write("HTTP/1.1 200 OK\nContent-Length: 90000000")),
    ("a broken chunk", write("HTTP/1.1 200 OK\nTransfer-Encoding: chunked", b"z\r\n")),
    ("a chunk shorter than nothing", write("HTTP/1.1 200 OK\nTransfer-Encoding: chunked", b"-5\r\n")),
    ("a body larger than all memory", write(f"HTTP/1.1 200 OK\nContent-Length: {10**16}")),
    ("a body larger than all addresses", write(f"HTTP/1.1 200 OK\nContent-Length: {10**20}")),
]


@contextlib.contextmanager
def connect(pieces: Sequence[bytes]) -> Iterator[socket.socket]:
    """A connection on which these pieces come, and then its end."""
    ours, theirs = socket.socketpair()

    def send() -> None:
        with theirs, contextlib.suppress(OSError):
            for piece in pieces:
                theirs.sendall(piece)

    ours.settimeout(5)
    thread = threading.Thread(target=send)
    thread.start()
    with ours:
        yield ours
    thread.join()


def read(*pieces: bytes) -> HttpResponse:
    with connect(pieces) as connection:
        return read_http_response(connection, connection)


def outcome(raw: bytes, *, by_http_client: bool = False) -> object:
    """The answer, or what kind of error it ends in."""
    try:
        with connect([raw]) as connection:
            if by_http_client:
                return http_reader._read_with_http_client(http_reader._Replay(b"", connection))
            return read_http_response(connection, connection)
    except http_reader.http_errors() as error:
        return type(error), str(error)


@pytest.mark.parametrize(("raw", "answer"), [case[1:] for case in WHOLE], ids=[case[0] for case in WHOLE])
def test_answer_is_read(raw: bytes, answer: HttpResponse) -> None:
    assert read(raw) == answer
    assert outcome(raw, by_http_client=True) == answer


@pytest.mark.parametrize("raw", [raw for _, raw in BROKEN], ids=[name for name, _ in BROKEN])
def test_broken_answer_is_an_error(raw: bytes) -> None:
    found = outcome(raw)
    assert isinstance(found, tuple)
    assert found == outcome(raw, by_http_client=True)


@pytest.mark.parametrize("raw", [case[1] for case in WHOLE[:8]], ids=[case[0] for case in WHOLE[:8]])
def test_answer_that_is_cut_off_is_what_http_client_makes_of_it(raw: bytes) -> None:
    for end in range(len(raw)):
        assert outcome(raw[:end]) == outcome(raw[:end], by_http_client=True)


@pytest.mark.parametrize("size", [1, 7, 60, 150])
@pytest.mark.parametrize("case", ["plain", "in chunks", "continued", "long"])
def test_answer_may_come_in_pieces(case: str, size: int) -> None:
    raw, answer = next((raw, answer) for name, raw, answer in WHOLE if name == case)
    size = max(size, len(raw) // 1_000)
    assert read(*(raw[start : start + size] for start in range(0, len(raw), size))) == answer


def test_connection_that_has_more_to_say_is_not_used_again() -> None:
    assert read(PLAIN + b"HTTP/1.1 200 OK") == HttpResponse(200, b"{}", JSON, "2745614147", is_last=True)


def test_plain_answer_does_not_need_http_client(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delattr(http.client, "HTTPResponse")
    for _, raw, answer in WHOLE[:9]:
        assert read(raw) == answer
