"""Faults of answers: what becomes of an answer on its way, and what a client may make of it.

Each fault takes the body that the server would answer with, and gives the steps of the reply. `WHOLE` ones leave the
answer readable, so that a client has to read it; `BROKEN` ones do not, so that it has to raise, and must not take
anything else for the answer, neither for this request nor for a later one.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from typing import TypeAlias

from attacks.server import Close, Reply, Reset, Send, answer, chunked, compressed

Fault: TypeAlias = Callable[[bytes, random.Random], Reply]

WRONG = b'{"Item":{"id":{"S":"wrong"},"n":{"N":"-1"}},"Attributes":{"id":{"S":"wrong"},"n":{"N":"-1"}}}'
"""The answer to nobody's request: if a client gives it to anybody, it has mixed up answers."""


def _cut_in_head(body: bytes, draw: random.Random) -> Reply:
    raw = answer(body)
    return [Send(raw[: draw.randrange(1, raw.index(b"\r\n\r\n"))]), Close()]


def _cut_in_body(body: bytes, draw: random.Random) -> Reply:
    raw = answer(body)
    return [Send(raw[: draw.randrange(raw.index(b"\r\n\r\n") + 4, len(raw))]), Close()]


def _cut_without_checksum(body: bytes, draw: random.Random) -> Reply:
    raw = answer(body, headers={"x-amz-crc32": None})
    return [Send(raw[: draw.randrange(raw.index(b"\r\n\r\n") + 4, len(raw))]), Close()]


def _cut_in_chunks(body: bytes, draw: random.Random) -> Reply:
    raw = chunked(body)
    return [Send(raw[: draw.randrange(raw.index(b"\r\n\r\n") + 4, len(raw) - 6)]), Close()]


def _wrong_checksum(body: bytes, draw: random.Random) -> Reply:
    return [Send(answer(body, headers={"x-amz-crc32": str(draw.randrange(2**32))}))]


def _damaged(body: bytes, draw: random.Random) -> Reply:
    raw = answer(body)
    where = draw.randrange(raw.index(b"\r\n\r\n") + 4, len(raw))
    return [Send(raw[:where] + bytes([raw[where] ^ 1]) + raw[where + 1 :])]


def _too_short(body: bytes, draw: random.Random) -> Reply:
    """The length is less than the body's: the rest of the body is surplus."""
    headers: dict[str, str | None] = {"Content-Length": str(draw.randrange(len(body)))}
    return [Send(answer(body, headers=headers))]


def _doubled(body: bytes, draw: random.Random) -> Reply:
    return [Send(answer(body) * 2)]


def _surplus(body: bytes, draw: random.Random) -> Reply:
    """The next request must not get this; the pieces are smaller than a read, and than a record of TLS."""
    return [Send(answer(body) + answer(WRONG) * draw.randrange(1, 4))]


def _surplus_of_large(body: bytes, draw: random.Random) -> Reply:
    """A body that is read in several steps; its end and the surplus are in one record of TLS, so they come together."""
    padded = body[:-1] + b" " * (5 * 16_384 - len(answer(body)) - draw.randrange(2_000, 10_000)) + b"}"
    return [Send(answer(padded) + answer(WRONG))]


def _chunked_surplus(body: bytes, draw: random.Random) -> Reply:
    return [Send(chunked(body) + answer(WRONG))]


def _dripped(body: bytes, draw: random.Random) -> Reply:
    return [Send(answer(body), piece=draw.randrange(1, 40))]


def _chunked(body: bytes, draw: random.Random) -> Reply:
    return [Send(chunked(body, size=draw.randrange(1, 50), trailers=b"x: y\r\n" * draw.randrange(3)))]


def _odd_text(text: bytes) -> Fault:
    return lambda body, draw: [Send(answer(text))]


WHOLE: dict[str, Fault] = {
    "plain": lambda body, draw: [Send(answer(body))],
    "dripped": _dripped,
    "chunked": _chunked,
    "chunked, dripped": lambda body, draw: [Send(chunked(body), piece=draw.randrange(1, 40))],
    "until it ends": lambda body, draw: [Send(answer(body, headers={"Content-Length": None})), Close()],
    "closed after": lambda body, draw: [Send(answer(body)), Close()],
    "said to be the last": lambda body, draw: [Send(answer(body, headers={"Connection": "close"})), Close()],
    "without checksum": lambda body, draw: [Send(answer(body, headers={"x-amz-crc32": None}))],
    "continued": lambda body, draw: [Send(b"HTTP/1.1 100 Continue\r\n\r\n" * 3 + answer(body))],
    "doubled": _doubled,
    "surplus": _surplus,
    "surplus of a large one": _surplus_of_large,
    "surplus of chunks": _chunked_surplus,
}

BROKEN: dict[str, Fault] = {
    "silence": lambda body, draw: [Close()],
    "reset": lambda body, draw: [Reset()],
    "cut in the head": _cut_in_head,
    "cut in the body": _cut_in_body,
    "cut without checksum": _cut_without_checksum,
    "cut in chunks": _cut_in_chunks,
    "wrong checksum": _wrong_checksum,
    "checksum that is no number": lambda body, draw: [Send(answer(body, headers={"x-amz-crc32": "many"}))],
    "damaged": _damaged,
    "length too short": _too_short,
    "length too long": lambda body, draw: [
        Send(answer(body, headers={"Content-Length": str(len(body) + 1 + draw.randrange(99))})),
        Close(),
    ],
    "length of 99999999": lambda body, draw: [Send(answer(body, headers={"Content-Length": "99999999"})), Close()],
    "length beyond all": lambda body, draw: [Send(answer(body, headers={"Content-Length": str(10**17)})), Close()],
    "compressed": lambda body, draw: [Send(compressed(body))],
    "empty": _odd_text(b""),
    "empty, without checksum": lambda body, draw: [Send(answer(b"", headers={"x-amz-crc32": None}))],
    "a list": _odd_text(b"[]"),
    "null": _odd_text(b"null"),
    "text": lambda body, draw: [Send(answer(b"Please sign in", content_type="text/html"))],
    "nested deep": _odd_text(b'{"Item":{"a":' + b'{"L":[' * 20_000 + b"]}" * 20_000 + b"}}"),
    "half an object": _odd_text(b'{"Item":{"id":{"S":"x"}'),
    "null for members": _odd_text(b'{"Item":null,"Attributes":null,"UnprocessedItems":null}'),
    "status 206": lambda body, draw: [Send(answer(body, status=206))],
    "another protocol": lambda body, draw: [Send(b"SSH-2.0-OpenSSH_9.6\r\n\r\n"), Close()],
}
