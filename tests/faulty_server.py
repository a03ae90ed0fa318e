"""A proxy in front of a DynamoDB server that fails on demand, for tests of what a client makes of failures.

`run_faulty_server` starts one on the loopback interface, at a free port, and stops it at the end of the block:

    plan = Script({("PutItem", 1): CutAfter(), ("Query", None): Refuse.throttling()})
    with run_faulty_server(server_url, plan) as server:
        backend = DynamoDBBackend(endpoint_url=server.url, ...)
        ...
    assert plan.unused() == []

A plan says what happens to the nth request of an action, counted from 1 for each action, so that it means the same
whichever thread is first. `RandomFaults` draws from a seed: the same seed gives the same faults. Every fault says
whether the store carries the request out (`is_carried_out`), and `server.log` records the outcome of each request.
"""

from __future__ import annotations

import contextlib
import http.client
import json
import random
import socket
import threading
import time
import zlib
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Protocol, TypeAlias
from urllib.parse import urlsplit

UPSTREAM_SECONDS = 30.0


@dataclass(frozen=True)
class Refuse:
    """The request is answered with an error, and not carried out."""

    code: str = "InternalServerError"
    status: int = 500
    message: str = "made up by the test"
    is_carried_out = False

    @classmethod
    def throttling(cls) -> Refuse:
        """The store asks to slow down."""
        return cls("ProvisionedThroughputExceededException", 400)


@dataclass(frozen=True)
class FailAfter:
    """The request is carried out, and answered with an error nevertheless."""

    code: str = "InternalServerError"
    status: int = 500
    message: str = "made up by the test"
    is_carried_out = True


@dataclass(frozen=True)
class CutBefore:
    """The connection is closed when the request has been read; it is not carried out."""

    is_carried_out = False


@dataclass(frozen=True)
class CutAfter:
    """The request is carried out, and the connection closed after `sent` bytes of the answer (`-1`: all but one)."""

    sent: int = 0
    is_carried_out = True


@dataclass(frozen=True)
class CloseAfter:
    """The request is carried out and answered; then the connection is closed, of which the answer says nothing."""

    is_carried_out = True


@dataclass(frozen=True)
class Slow:
    """The request is carried out, and the answer sent in pieces of `piece` bytes, each after `seconds`."""

    seconds: float
    piece: int = 1 << 20
    is_carried_out = True


@dataclass(frozen=True)
class Damage:
    """The request is carried out, and the body of the answer differs by a letter from its checksum."""

    is_carried_out = True


@dataclass(frozen=True)
class Partial:
    """Of a BatchWriteItem or BatchGetItem, the first `done` parts are carried out, and the others unprocessed."""

    done: int
    is_carried_out = True


Fault: TypeAlias = Refuse | FailAfter | CutBefore | CutAfter | CloseAfter | Slow | Damage | Partial


class Plan(Protocol):
    """Which fault hits which request."""

    def choose(self, action: str, number: int) -> Fault | None:
        """The fault of the request that is the action's `number`th, counted from 1."""
        ...


class Script:
    """A plan that is written down: from the action and the number of the request to its fault.

    `"*"` stands for any action, counted over all of them, and the number `None` for every request.
    """

    def __init__(self, faults: Mapping[tuple[str, int | None], Fault] | None = None) -> None:
        self._faults = dict(faults or {})
        self._unused = set(self._faults)
        self._count = 0

    def choose(self, action: str, number: int) -> Fault | None:
        self._count += 1
        for place in ((action, number), ("*", self._count), (action, None), ("*", None)):
            if place in self._faults:
                self._unused.discard(place)
                return self._faults[place]
        return None

    def unused(self) -> list[tuple[str, int | None]]:
        """The places whose faults hit nothing: what a test that scheduled them did not test."""
        return [place for place in self._faults if place in self._unused]


@dataclass(frozen=True)
class RandomFaults:
    """A plan that draws: of the requests of the actions, `rate` of them meet one of the faults, all as likely.

    Attributes:
        seed: What decides all draws; the nth request of an action meets the same each time.
        rate: From 0 to 1.
        faults: What is drawn from. A `Partial` hits only batches.
        actions: The actions to hit; all of them if it is `None`.
    """

    seed: int
    rate: float
    faults: Sequence[Fault]
    actions: frozenset[str] | None = None

    def choose(self, action: str, number: int) -> Fault | None:
        if self.actions is not None and action not in self.actions:
            return None
        draw = random.Random(f"{self.seed}/{action}/{number}")
        if draw.random() >= self.rate:
            return None
        fitting = [fault for fault in self.faults if not isinstance(fault, Partial) or action in _BATCHES]
        return draw.choice(fitting) if fitting else None


@dataclass(frozen=True)
class Seen:
    """A request that reached the proxy.

    Attributes:
        action: What it asked for, such as `"PutItem"`.
        number: The how manyth request of the action it was.
        headers: Its headers, by their names in lower case.
        body: Its body.
        fault: What hit it.
    """

    action: str
    number: int
    headers: Mapping[str, str] = field(repr=False)
    body: bytes = field(repr=False)
    fault: Fault | None = None


class FaultyServer(ThreadingHTTPServer):
    """The proxy, while it runs."""

    daemon_threads = False
    request_queue_size = 128

    def __init__(self, upstream: str, plan: Plan) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.upstream = urlsplit(upstream)
        self.plan = plan
        self.log: list[Seen] = []
        self.connection_count = 0
        self._counts = Counter[str]()
        self._lock = threading.Lock()
        self._open: set[socket.socket] = set()

    @property
    def url(self) -> str:
        """Where to send requests to."""
        return f"http://127.0.0.1:{self.server_port}"

    @property
    def actions(self) -> list[str]:
        """The actions of the requests that came, in their order."""
        return [seen.action for seen in self.log]

    def choose(self, action: str, headers: Mapping[str, str], body: bytes) -> Fault | None:
        """Record the request, and return the fault that hits it."""
        with self._lock:
            self._counts[action] += 1
            number = self._counts[action]
            fault = self.plan.choose(action, number)
            self.log.append(Seen(action, number, headers, body, fault))
            return fault

    def hang_up(self) -> None:
        """Close every connection, as a store does with those that were idle for long."""
        with self._lock:
            for connection in self._open:
                with contextlib.suppress(OSError):
                    connection.shutdown(socket.SHUT_RDWR)

    def process_request(self, request: Any, client_address: Any) -> None:
        with self._lock:
            self.connection_count += 1
            self._open.add(request)
        super().process_request(request, client_address)

    def shutdown_request(self, request: Any) -> None:
        with self._lock:
            self._open.discard(request)
        super().shutdown_request(request)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that goes away in the middle is what these tests are about."""


class _Handler(BaseHTTPRequestHandler):
    server: FaultyServer
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def setup(self) -> None:
        super().setup()
        upstream = self.server.upstream
        self._upstream = http.client.HTTPConnection(upstream.hostname or "", upstream.port, timeout=UPSTREAM_SECONDS)

    def finish(self) -> None:
        self._upstream.close()
        super().finish()

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        headers = {name.lower(): value for name, value in self.headers.items()}
        action = headers.get("x-amz-target", "").rpartition(".")[2]
        self._meet(self.server.choose(action, headers, body), action, body)

    def _meet(self, fault: Fault | None, action: str, body: bytes) -> None:
        match fault:
            case CutBefore():
                self.close_connection = True
            case Refuse(code, status, message):
                self._write(_error(code, status, message))
            case FailAfter(code, status, message):
                self._forward(body)
                self._write(_error(code, status, message))
            case CutAfter(sent):
                self._write(self._forward(body)[:sent])
                self.close_connection = True
            case CloseAfter():
                self._write(self._forward(body))
                self.close_connection = True
            case Slow(seconds, piece):
                self._write_slowly(self._forward(body), seconds, piece)
            case Damage():
                self._write(_damaged(self._forward(body)))
            case Partial(done) if action in _BATCHES:
                self._write(self._do_part(action, body, done))
            case _:
                self._write(self._forward(body))

    def _forward(self, body: bytes) -> bytes:
        """Have the store carry the request out, and give its whole answer."""
        passed = {name: value for name, value in self.headers.items() if name.lower() not in _OF_THE_CONNECTION}
        self._upstream.request("POST", self.path, body, passed)
        answer = self._upstream.getresponse()
        return _render(answer.status, answer.read(), answer.headers.get("Content-Type", _JSON))

    def _do_part(self, action: str, body: bytes, done: int) -> bytes:
        request = json.loads(body)
        now, later = _split(request["RequestItems"], done)
        if not now:
            empty: dict[str, Any] = {"Responses": {}} if action == "BatchGetItem" else {}
            return _render(200, json.dumps(empty | {_BATCHES[action]: later}).encode())
        head, _, content = self._forward(json.dumps(request | {"RequestItems": now}).encode()).partition(b"\r\n\r\n")
        if not head.startswith(b"HTTP/1.1 200 "):
            return head + b"\r\n\r\n" + content
        return _render(200, json.dumps(json.loads(content) | {_BATCHES[action]: later}).encode())

    def _write(self, data: bytes) -> None:
        self.wfile.write(data)

    def _write_slowly(self, data: bytes, seconds: float, piece: int) -> None:
        for start in range(0, len(data), piece):
            time.sleep(seconds)
            self._write(data[start : start + piece])

    def log_message(self, format: str, *args: object) -> None:
        """Nothing: the tests tell what they need to."""


_JSON = "application/x-amz-json-1.0"
_OF_THE_CONNECTION = ("host", "content-length", "connection")
_BATCHES = {"BatchWriteItem": "UnprocessedItems", "BatchGetItem": "UnprocessedKeys"}


def _error(code: str, status: int, message: str) -> bytes:
    content = {"__type": f"com.amazonaws.dynamodb.v20120810#{code}", "message": message}
    return _render(status, json.dumps(content).encode())


def _render(status: int, body: bytes, content_type: str = _JSON) -> bytes:
    """A whole answer, with the checksum that DynamoDB sends and the emulator does not."""
    lines = [
        f"HTTP/1.1 {status} {http.client.responses.get(status, '')}",
        f"Content-Type: {content_type}",
        f"Content-Length: {len(body)}",
        f"x-amz-crc32: {zlib.crc32(body)}",
    ]
    return "\r\n".join([*lines, "", ""]).encode() + body


def _damaged(answer: bytes) -> bytes:
    """The answer with another letter in its body."""
    head, _, body = answer.partition(b"\r\n\r\n")
    return head + b"\r\n\r\n" + body.replace(b"}", b"]", 1)


def _split(wanted: dict[str, Any], done: int) -> tuple[dict[str, Any], dict[str, Any]]:
    """The first `done` puts, deletes or keys, and the others, each by table as in a request."""
    now: dict[str, Any] = {}
    later: dict[str, Any] = {}
    for table, content in wanted.items():
        parts = content["Keys"] if isinstance(content, dict) else content
        for place, some in ((now, parts[:done]), (later, parts[done:])):
            if some:
                place[table] = content | {"Keys": some} if isinstance(content, dict) else some
        done = max(0, done - len(parts))
    return now, later


@contextlib.contextmanager
def run_faulty_server(upstream: str, plan: Plan | None = None) -> Iterator[FaultyServer]:
    """Run a proxy in front of the server at the URL `upstream`; `server.plan` may be set to another plan meanwhile."""
    server = FaultyServer(upstream, plan or Script())
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, name="faulty-server")
    thread.start()
    try:
        yield server
    finally:
        server.shutdown()
        server.hang_up()
        server.server_close()  # waits for the threads of the connections
        thread.join()
