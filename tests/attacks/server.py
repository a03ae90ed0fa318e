"""A server whose every answer is scripted, byte by byte, on plain connections and on TLS.

    def script(request: Request) -> Reply:
        return [Send(answer(b"{}")[:20]), Reset()]

    with run_scripted_server(script) as server:
        backend = DynamoDBBackend(endpoint_url=server.url, ...)

A script is asked for each whole request, and gives the steps of the reply: what is sent, in which pieces, and how the
connection ends. It may be any callable, so that one may count, draw from a seed, or remember. It is called from the
thread of the connection. Nothing here knows what sort of client is attacked.
"""

from __future__ import annotations

import contextlib
import gzip
import http.client
import json
import socket
import ssl
import struct
import threading
import time
import zlib
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any, TypeAlias

JSON = "application/x-amz-json-1.0"


@dataclass(frozen=True)
class Send:
    """Send bytes, as one piece or in pieces of `piece` bytes, each of which leaves before the next is written."""

    data: bytes = field(repr=False)
    piece: int | None = None


@dataclass(frozen=True)
class Repeat:
    """Send the same bytes again and again, `limit` bytes in all at most, until the client hangs up."""

    data: bytes = field(repr=False)
    limit: int


@dataclass(frozen=True)
class Close:
    """End the connection."""


@dataclass(frozen=True)
class Reset:
    """Break the connection, so that the client gets a reset."""


@dataclass(frozen=True)
class HalfClose:
    """Send the end of the connection, but go on reading."""


@dataclass(frozen=True)
class Wait:
    """Send nothing for some seconds."""

    seconds: float


@dataclass(frozen=True)
class Hold:
    """Send nothing more until the event is set."""

    event: threading.Event


Step: TypeAlias = Send | Repeat | Close | HalfClose | Reset | Wait | Hold
Reply: TypeAlias = Iterable[Step]


@dataclass(frozen=True)
class Request:
    """A whole request.

    Attributes:
        line: Its first line, such as `"POST / HTTP/1.1"`.
        headers: By their names in lower case.
        body: The body.
        connection: The how manyth connection it came on, counted from 1.
        number: The how manyth request of its connection it is, counted from 1.
    """

    line: str
    headers: dict[str, str] = field(repr=False)
    body: bytes = field(repr=False)
    connection: int
    number: int

    @property
    def action(self) -> str:
        """What is asked for, such as `"GetItem"`."""
        return self.headers.get("x-amz-target", "").rpartition(".")[2]

    @property
    def content(self) -> Any:
        """The body, parsed."""
        return json.loads(self.body)


Script: TypeAlias = Callable[[Request], Reply]


def answer(
    body: bytes = b"{}",
    *,
    status: int = 200,
    headers: dict[str, str | None] | None = None,
    content_type: str = JSON,
) -> bytes:
    """An answer as DynamoDB's is; `headers` replace its own, and `None` leaves one out."""
    own: dict[str, str | None] = {
        "Content-Type": content_type,
        "Content-Length": str(len(body)),
        "x-amz-crc32": str(zlib.crc32(body)),
    }
    lines = [f"{name}: {value}\r\n" for name, value in (own | (headers or {})).items() if value is not None]
    return f"HTTP/1.1 {status} {http.client.responses.get(status, '')}\r\n{''.join(lines)}\r\n".encode() + body


def chunked(body: bytes, *, size: int = 7, trailers: bytes = b"") -> bytes:
    """An answer in chunks of `size` bytes."""
    head = answer(body, headers={"Content-Length": None, "Transfer-Encoding": "chunked"})[: -len(body) or None]
    chunks = [body[start : start + size] for start in range(0, len(body), size)]
    return head + b"".join(b"%x\r\n%s\r\n" % (len(chunk), chunk) for chunk in chunks) + b"0\r\n" + trailers + b"\r\n"


def compressed(body: bytes) -> bytes:
    """An answer that is compressed although nobody asked for that."""
    return answer(gzip.compress(body), headers={"Content-Encoding": "gzip", "x-amz-crc32": None})


class ScriptedServer:
    """The server, while it runs.

    Attributes:
        log: Every whole request, in the order in which they came.
        connections: How many connections were made.
    """

    def __init__(self, script: Script, context: ssl.SSLContext | None) -> None:
        self.script = script
        self.log: list[Request] = []
        self.connections = 0
        self._context = context
        self._listener = socket.create_server(("127.0.0.1", 0), backlog=128)
        self._open: set[socket.socket] = set()
        self._threads: list[threading.Thread] = []
        self._lock = threading.Lock()
        self._is_closing = False

    @property
    def port(self) -> int:
        """Where it listens."""
        return int(self._listener.getsockname()[1])

    @property
    def url(self) -> str:
        """Where to send requests to; certificates are for `localhost`."""
        return f"http://127.0.0.1:{self.port}" if self._context is None else f"https://localhost:{self.port}"

    def serve(self) -> None:
        """Take connections until it is closed."""
        while True:
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            with self._lock:
                if self._is_closing:
                    connection.close()
                    return
                self.connections += 1
                thread = threading.Thread(target=self._serve_one, args=(connection, self.connections), daemon=True)
                self._threads = [each for each in self._threads if each.is_alive()] + [thread]
                thread.start()

    def close(self) -> None:
        """Stop, and break every connection."""
        with self._lock:
            self._is_closing = True
            threads = list(self._threads)
            for connection in self._open:
                with contextlib.suppress(OSError):
                    connection.shutdown(socket.SHUT_RDWR)
        with contextlib.suppress(OSError):  # wakes `accept`, which closing alone does not
            socket.create_connection(("127.0.0.1", self.port), timeout=1).close()
        self._listener.close()
        for thread in threads:
            thread.join()

    def _serve_one(self, connection: socket.socket, number: int) -> None:
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        with self._lock:
            self._open.add(connection)
        try:
            if self._context is not None:
                connection = self._secure(connection)
            self._converse(connection, number)
        except (OSError, ValueError):  # a client that hangs up is what this is about
            pass
        finally:
            with self._lock:
                self._open.discard(connection)
            connection.close()

    def _secure(self, connection: socket.socket) -> ssl.SSLSocket:
        assert self._context is not None
        secure = self._context.wrap_socket(connection, server_side=True, do_handshake_on_connect=False)
        with self._lock:  # before the handshake, so that `close` ends that, too
            self._open.discard(connection)
            self._open.add(secure)
        try:
            secure.do_handshake()
        except BaseException:
            with self._lock:
                self._open.discard(secure)
            secure.close()
            raise
        return secure

    def _converse(self, connection: socket.socket, number: int) -> None:
        with connection.makefile("rb") as reader:
            count = 0
            while (line := reader.readline()) and not self._is_closing:
                count += 1
                request = _read_request(line, reader, number, count)
                with self._lock:
                    self.log.append(request)
                for step in self.script(request):
                    if not _perform(step, connection):
                        return


def _read_request(line: bytes, reader: Any, connection: int, number: int) -> Request:
    headers: dict[str, str] = {}
    while header := reader.readline().strip():
        name, _, value = header.decode("latin-1").partition(":")
        headers[name.lower()] = value.strip()
    body = reader.read(int(headers.get("content-length", "0")))
    return Request(line.decode("latin-1").strip(), headers, body, connection, number)


def _perform(step: Step, connection: socket.socket) -> bool:
    """Do a step, and tell whether the connection goes on."""
    match step:
        case Send(data, piece):
            size = piece or len(data) or 1
            for start in range(0, len(data), size):
                connection.sendall(data[start : start + size])
            return True
        case Repeat(data, limit):
            block = data * max(1, 65_536 // len(data))
            for _ in range(0, limit, len(block)):
                connection.sendall(block)
            return True
        case HalfClose():
            socket.socket.shutdown(connection, socket.SHUT_WR)  # that of `ssl` would end reading, too
            return True
        case Wait(seconds):
            time.sleep(seconds)
            return True
        case Hold(event):
            event.wait(30)
            return True
        case Reset():
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            return False
        case Close():
            return False


@contextlib.contextmanager
def run_scripted_server(script: Script, context: ssl.SSLContext | None = None) -> Iterator[ScriptedServer]:
    """Run a server on the loopback interface, at a free port; with a context, it speaks TLS."""
    server = ScriptedServer(script, context)
    thread = threading.Thread(target=server.serve, name="scripted-server", daemon=True)
    thread.start()
    try:
        yield server
    finally:
        server.close()
        thread.join()
