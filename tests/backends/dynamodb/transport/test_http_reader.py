"""Responses are read as `http.client` reads them, however they are cut into pieces; what differs is listed as data."""

from __future__ import annotations

import itertools
from collections.abc import Iterable
from dataclasses import replace
from typing import Any

import hypothesis.strategies as st
import pytest
from http_oracle import read_with_http_client
from hypothesis import given

from dynamongo.backends.dynamodb.transport.http_errors import (
    IncompleteResponse,
    MalformedResponse,
    NoResponse,
    ResponseTooLong,
    UnreadableResponse,
)
from dynamongo.backends.dynamodb.transport.http_reader import HttpResponse, ResponseReader

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
    ("until it ends", write("HTTP/1.1 200 OK\nContent-Type: text"), HttpResponse(200, b"{}", "text", is_last=True)),
    ("older", write("HTTP/1.0 200 OK\nContent-Length: 2"), HttpResponse(200, b"{}", is_last=True)),
    ("continued", b"HTTP/1.1 100 Continue\r\n\r\n" + PLAIN, HttpResponse(200, b"{}", JSON, "2745614147")),
    ("folded length", write("HTTP/1.1 200 OK\nX: y\n Content-Length: 9\nContent-Length: 2"), HttpResponse(200, b"{}")),
    ("bare newlines", b"HTTP/1.1 200 OK\nContent-Length: 2\n\n{}", HttpResponse(200, b"{}")),
    ("zeros", write(f"HTTP/1.1 200 OK\nContent-Length: {'0' * 20}2"), HttpResponse(200, b"{}")),
    (
        "many headers",
        write("HTTP/1.1 200 OK\nContent-Length: 2" + "".join(f"\nh{n}: {n}" for n in range(90))),
        HttpResponse(200, b"{}"),
    ),
]
"""What responses there are, and how each is read; the connection is closed after it."""

BROKEN: list[tuple[str, bytes, type[UnreadableResponse]]] = [
    ("silence", b"", NoResponse),
    ("another protocol", b"SSH-2.0-OpenSSH_9.6\r\n\r\n", MalformedResponse),
    ("another protocol that goes on", b"SSH-2.0-OpenSSH_9.6\r\n", MalformedResponse),
    ("a status of letters", write("HTTP/1.1 OK\nContent-Length: 2"), MalformedResponse),
    ("too many headers", write("HTTP/1.1 200 OK" + "".join(f"\nh{n}: {n}" for n in range(200))), MalformedResponse),
    ("a line without end", b"HTTP/1.1 200 OK\r\nx: " + b"y" * 2_000_000, ResponseTooLong),
    ("a short body", write("HTTP/1.1 200 OK\nContent-Length: 3"), IncompleteResponse),
    ("a body shorter by far", write("HTTP/1.1 200 OK\nContent-Length: 90000000"), IncompleteResponse),
    ("a broken chunk", write("HTTP/1.1 200 OK\nTransfer-Encoding: chunked", b"z\r\n"), MalformedResponse),
    ("a chunk below zero", write("HTTP/1.1 200 OK\nTransfer-Encoding: chunked", b"-5\r\n"), MalformedResponse),
    ("a chunk without end", write("HTTP/1.1 200 OK\nTransfer-Encoding: chunked", b"5\r\nab"), IncompleteResponse),
    ("no last chunk", write("HTTP/1.1 200 OK\nTransfer-Encoding: chunked", b"2\r\n{}\r\n"), IncompleteResponse),
    ("a body larger than all memory", write(f"HTTP/1.1 200 OK\nContent-Length: {10**16}"), ResponseTooLong),
    ("a body larger than all addresses", write(f"HTTP/1.1 200 OK\nContent-Length: {10**20}"), ResponseTooLong),
]
"""What no response can be made of, here and in `http.client`."""

DIFFERENCES: list[tuple[str, bytes, HttpResponse | type[UnreadableResponse]]] = [
    (  # RFC 9110, section 15.2: a client reads on after any interim response
        "early hints",
        b"HTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\n" + PLAIN,
        HttpResponse(200, b"{}", JSON, "2745614147"),
    ),
    (  # RFC 9110, section 15.2.2: only if the client asks for it
        "another protocol, politely",
        b"HTTP/1.1 101 Switching Protocols\r\n\r\n" + PLAIN,
        MalformedResponse,
    ),
    (  # RFC 9112, section 6.1: such a connection is not used again
        "a length and chunks",
        write("HTTP/1.1 200 OK\nContent-Length: 9\nTransfer-Encoding: chunked", b"2\r\n{}\r\n0\r\n\r\n"),
        HttpResponse(200, b"{}", is_last=True),
    ),
    (  # RFC 9112, section 6.1: of codings other than chunked, a client says that it accepts them
        "an unknown coding",
        write("HTTP/1.1 200 OK\nContent-Length: 2\nTransfer-Encoding: gzip, chunked"),
        MalformedResponse,
    ),
    # RFC 9112, section 6.3: status 204 and 304 have no body. Of a server that sends one, it may still come.
    ("nothing", write("HTTP/1.1 204 No Content\nContent-Length: 0", b""), HttpResponse(204, b"", is_last=True)),
    (
        "nothing in chunks",
        write("HTTP/1.1 204 No Content\nTransfer-Encoding: chunked", b"2\r\n{}\r\n0\r\n\r\n"),
        HttpResponse(204, b"", is_last=True),
    ),
    (  # RFC 9110, section 5.2: repeated fields are one list
        "closed in a second line",
        write("HTTP/1.1 200 OK\nConnection: keep-alive\nConnection: close\nContent-Length: 2"),
        HttpResponse(200, b"{}", is_last=True),
    ),
    # RFC 9112, section 6.3: a length that is not one number is an error, since it is not known where the body ends.
    ("two lengths", write("HTTP/1.1 200 OK\nContent-Length: 2\nContent-Length: 9"), MalformedResponse),
    ("two lengths in a line", write("HTTP/1.1 200 OK\nContent-Length: 2, 9"), MalformedResponse),
    ("a length with a sign", write("HTTP/1.1 200 OK\nContent-Length: +2"), MalformedResponse),
    ("a length of letters", write("HTTP/1.1 200 OK\nContent-Length: two"), MalformedResponse),
    ("a length of many digits", write(f"HTTP/1.1 200 OK\nContent-Length: {'9' * 5_000}"), ResponseTooLong),
    ("the same length in a line", write("HTTP/1.1 200 OK\nContent-Length: 2, 2"), HttpResponse(200, b"{}")),
    (  # RFC 9112, section 5.2: a fold is replaced by spaces
        "a folded line",
        write("HTTP/1.1 200 OK\nContent-Type: a;\n b=c\nContent-Length: 2"),
        HttpResponse(200, b"{}", "a; b=c"),
    ),
    # RFC 9112, section 5.1, and RFC 9110, section 5.5: what follows such a line is not known to be meant.
    ("a line without a colon", write("HTTP/1.1 200 OK\nx\nContent-Length: 2"), MalformedResponse),
    ("a space before the colon", write("HTTP/1.1 200 OK\nContent-Length : 2"), MalformedResponse),
    ("a folded status line", b"HTTP/1.1 200 OK\r\n x: y\r\nContent-Length: 2\r\n\r\n{}", MalformedResponse),
    ("a bare CR", write("HTTP/1.1 200 OK\nx: y\rContent-Length: 9\nContent-Length: 2"), MalformedResponse),
    ("a NUL", write("HTTP/1.1 200 OK\nContent-Type: a\0b\nContent-Length: 2"), MalformedResponse),
    # RFC 9112, section 7.1: `http.client` skips any two bytes after a chunk, and accepts what Python's `int` does.
    (
        "a chunk longer than its size",
        write("HTTP/1.1 200 OK\nTransfer-Encoding: chunked", b"1\r\n{}}0\r\n\r\n"),
        MalformedResponse,
    ),
    (
        "a size with a prefix",
        write("HTTP/1.1 200 OK\nTransfer-Encoding: chunked", b"0x2\r\n{}\r\n0\r\n\r\n"),
        MalformedResponse,
    ),
    # RFC 9112, section 9.3: a client need not keep a connection of HTTP/1.0, even if it is asked to.
    (
        "an older one that is kept",
        write("HTTP/1.0 200 OK\nConnection: keep-alive\nContent-Length: 2"),
        HttpResponse(200, b"{}", is_last=True),
    ),
    # RFC 9112, section 8: a head without its end is incomplete; what it says may be cut off.
    ("a head that is cut off", b"HTTP/1.1 200 OK\r\nContent-Length: 2", IncompleteResponse),
]
"""What is read here in another way than by `http.client`, on purpose."""


def read(*pieces: bytes) -> HttpResponse:
    """The response that is received in these pieces, with the end of the connection after them."""
    reader = ResponseReader()
    for piece in pieces:
        response = reader.feed(piece)
        if response is not None:
            return response
    return reader.end()


def outcome(*pieces: bytes) -> HttpResponse | type[UnreadableResponse]:
    try:
        return read(*pieces)
    except UnreadableResponse as error:
        return type(error)


def cut(raw: bytes, size: int) -> Iterable[bytes]:
    return (raw[start : start + size] for start in range(0, len(raw), size))


def names(cases: list[Any]) -> list[str]:
    return [case[0] for case in cases]


@pytest.mark.parametrize(("raw", "response"), [case[1:] for case in WHOLE], ids=names(WHOLE))
def test_response_is_read_as_by_http_client(raw: bytes, response: HttpResponse) -> None:
    assert read(raw) == response
    assert read_with_http_client(raw) == response


@pytest.mark.parametrize(("raw", "error"), [case[1:] for case in BROKEN], ids=names(BROKEN))
def test_broken_response_is_an_error(raw: bytes, error: type[UnreadableResponse]) -> None:
    assert outcome(raw) is error
    assert outcome(*cut(raw, max(1, len(raw) // 1_000))) is error
    assert read_with_http_client(raw) is None


@pytest.mark.parametrize(("raw", "expected"), [case[1:] for case in DIFFERENCES], ids=names(DIFFERENCES))
def test_response_is_read_in_another_way_on_purpose(
    raw: bytes, expected: HttpResponse | type[UnreadableResponse]
) -> None:
    assert outcome(raw) == expected
    assert read_with_http_client(raw) != expected


@pytest.mark.parametrize("size", [1, 7, 60, 150])
@pytest.mark.parametrize("raw", [case[1] for case in WHOLE + DIFFERENCES], ids=names(WHOLE + DIFFERENCES))
def test_response_may_come_in_pieces(raw: bytes, size: int) -> None:
    assert outcome(*cut(raw, max(size, len(raw) // 1_000))) == outcome(raw)


@pytest.mark.parametrize("raw", [case[1] for case in WHOLE], ids=names(WHOLE))
def test_response_that_is_cut_off_is_incomplete(raw: bytes) -> None:
    whole = read(raw)
    for end in range(len(raw))[:300]:
        found = outcome(raw[:end])
        if isinstance(found, HttpResponse):  # of a body that ends with the connection, nobody knows what is missing
            assert whole.body.startswith(found.body)
            assert b"ength:" not in raw
            assert b"chunked" not in raw
        else:
            assert found is (IncompleteResponse if end else NoResponse)


def test_connection_that_has_more_to_say_is_not_used_again() -> None:
    assert read(PLAIN + b"HTTP/1.1 200 OK") == HttpResponse(200, b"{}", JSON, "2745614147", is_last=True)


@pytest.mark.parametrize("size", [1, 1_000, 70_000, 3_000_000])
def test_body_may_be_received_where_it_belongs(size: int) -> None:
    body = bytes(range(256)) * 10_000
    raw = write(f"HTTP/1.1 200 OK\nContent-Length: {len(body)}", body[:7])
    reader, position = ResponseReader(), 7
    assert (reader.room(), reader.feed(raw)) == (None, None)
    response = None
    while response is None:
        room = reader.room()
        assert room is not None
        count = min(len(room), max(size, 1_000 if position > 500 else 1))
        room[:count] = body[position : position + count]
        position += count
        response = reader.fill(count)
    assert response == HttpResponse(200, body)


def test_room_grows_only_as_bytes_arrive() -> None:
    reader = ResponseReader()
    reader.feed(write("HTTP/1.1 200 OK\nContent-Length: 99999999", b""))
    received = 0
    while received < 20_000_000:
        room = reader.room()
        assert room is not None
        assert len(room) <= max(1 << 20, received)
        received += len(room)
        reader.fill(len(room))


def write_field(name: str, values: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    """A line of a head, with the letters and the white space that are allowed."""
    written = st.sampled_from((name, name.lower(), name.upper()))
    return st.builds("{}:{}{}".format, written, st.sampled_from((" ", "", "\t ", "  ")), values)


WORDS = st.text("abz019-/;=. ", max_size=8).map(str.strip)
OTHER_FIELDS: st.SearchStrategy[list[str]] = st.lists(
    st.one_of(
        write_field("Content-Type", st.one_of(st.just(JSON), WORDS)),
        write_field("x-amz-crc32", WORDS),
        write_field("x-amzn-RequestId", WORDS),
        write_field("Connection", st.sampled_from(("close", "Close, TE", "keep-alive", ""))),
        write_field("Date", WORDS),
        write_field("Server", st.just("a\r\n b")),
        write_field("Set-Cookie", WORDS),
    ),
    max_size=6,
    unique_by=lambda line: line[:4].lower() == "conn" or line,  # at most one Connection: see DIFFERENCES
)
CONTENTS = st.binary(max_size=40) | st.sampled_from((5_000, 70_000)).map(bytes)


@st.composite
def heads(draw: st.DrawFn, status: str, fields: list[str]) -> bytes:
    lines = draw(st.permutations([*fields, *draw(OTHER_FIELDS)]))
    line_break = draw(st.sampled_from(("\r\n", "\r\n", "\n")))
    return line_break.join([status, *lines, "", ""]).encode()


@st.composite
def chunks(draw: st.DrawFn, content: bytes) -> bytes:
    raw = bytearray()
    while content:
        size = draw(st.integers(1, len(content)))
        line = draw(st.sampled_from(("%x", "%X", "00%x", "%x;a", '%x ;a="b"'))) % size
        raw += line.encode() + b"\r\n" + content[:size] + b"\r\n"
        content = content[size:]
    trailers = draw(st.sampled_from((b"", b"x: y\r\n", b"x: y\r\nContent-Length: 9\r\n")))
    return bytes(raw) + b"0\r\n" + trailers + b"\r\n"


@st.composite
def responses(draw: st.DrawFn) -> bytes:
    """What a server may send in response to a request, and perhaps more after it."""
    interim = b"".join(
        [draw(heads("HTTP/1.1 100 Continue", [])) for _ in range(draw(st.sampled_from((0, 0, 0, 1, 2))))]
    )
    status = f"HTTP/1.1 {draw(st.sampled_from(('200 OK', '200', '400 Bad Request', '503 ')))}"
    content = draw(CONTENTS)
    match draw(st.sampled_from(("sized", "sized", "chunked", "unsized"))):
        case "sized":
            length = draw(st.sampled_from(("%d", "%d", "%d ", "0%d"))) % len(content)
            head, body = draw(heads(status, [f"Content-Length: {length}"])), content
        case "chunked":
            head, body = draw(heads(status, ["Transfer-Encoding: Chunked"])), draw(chunks(content))
        case _:
            head, body = draw(heads(status, [])), content
    return interim + head + body + draw(st.sampled_from((b"", b"", b"\r\n", PLAIN)))


CUTS = st.lists(st.integers(0, 1_000), max_size=8) | st.just(range(1_000))
"""Where a response is cut: in a few places, or after each of its first bytes."""


def cut_at(raw: bytes, places: Iterable[int]) -> list[bytes]:
    bounds = [0, *sorted({place for place in places if 0 < place < len(raw)}), len(raw)]
    return [raw[start:end] for start, end in itertools.pairwise(bounds) if start < end]


@given(responses(), CUTS)
def test_any_response_in_any_pieces_is_read_as_by_http_client(raw: bytes, places: Iterable[int]) -> None:
    theirs, ours = read_with_http_client(raw), outcome(*cut_at(raw, places))
    assert outcome(raw) == theirs
    assert isinstance(ours, HttpResponse)
    assert replace(ours, is_last=True) == replace(theirs, is_last=True)
    assert ours.is_last <= theirs.is_last  # surplus may come in a later piece


@given(responses(), st.data())
def test_damaged_response_is_an_error_or_read_as_by_http_client(raw: bytes, data: st.DataObject) -> None:
    start, size = data.draw(st.integers(0, min(len(raw), 1_000))), data.draw(st.integers(0, 4))
    inserted = data.draw(st.binary(max_size=3) | st.sampled_from((b"\r", b"\n", b":", b" ", b",", b"\r\n", b"0", b"9")))
    damaged = raw[:start] + inserted + raw[start + size :]
    ours = essence(outcome(damaged))
    assert essence(outcome(*cut(damaged, max(1, len(damaged) // 1_000)))) == ours
    assert isinstance(ours, type) or ours == essence(read_with_http_client(damaged))


def essence(found: HttpResponse | type[UnreadableResponse] | None) -> object:
    return (found.status, found.body) if isinstance(found, HttpResponse) else found
