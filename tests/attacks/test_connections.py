"""Connections that break, stall or say too much at every point of a request, whether that blocks or is awaited."""

from __future__ import annotations

import contextlib
import itertools
import socket
import ssl
import threading
import time
from collections.abc import Iterator
from typing import Any

import boto3
import pytest
from botocore.config import Config

from attacks.awaited import give_colour
from attacks.proxy import CONNECTED, run_scripted_proxy
from attacks.server import Close, HalfClose, Hold, Reply, Request, Reset, Send, Step, Wait, answer, run_scripted_server
from attacks.soak import MADE_UP, open_backend, trusted_context
from attacks.variants import ON_COLOURS, SCHEMES
from dynamongo.backends.dynamodb import DynamoDBBackend
from dynamongo.backends.dynamodb.transport import sized_body
from dynamongo.exceptions import ServiceError
from dynamongo.expressions.conditions import Comparison, Path
from dynamongo.operations import Get, Put
from dynamongo.operations.results import GetResult

BIG = Put("table", {"id": "big"}, Comparison(Path("text"), "<", "x" * 12_000_000))
"""More than the buffers of both sides of a connection hold; an item that is too large would not be sent."""

BOTH = pytest.mark.parametrize("colour", ON_COLOURS)
SECURE = pytest.mark.parametrize("scheme", SCHEMES)


@pytest.fixture(scope="module")
def trusted(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ssl.SSLContext]:
    with trusted_context(tmp_path_factory.mktemp("authority")) as context:
        yield context


@pytest.fixture
def context(scheme: str, trusted: ssl.SSLContext) -> ssl.SSLContext | None:
    """The context of a server for a test that `SECURE` marks."""
    return trusted if scheme == "https" else None


def respond(request: Request, padding: int = 0) -> bytes:
    """A response with the key that was asked for."""
    name = request.content["Key"]["id"]["S"].encode()
    return answer(b'{"Item":{"id":{"S":"%s"}}}' % name + b" " * padding)


def get(backend: Any, name: str, seconds: float | None = None) -> None:
    """Read an item, and check that it is no other's."""
    assert backend.execute(Get("table", {"id": name}), seconds) == GetResult({"id": name})


def fail(backend: Any, operation: Get | Put, seconds: float | None = None) -> ServiceError:
    """Execute an operation, and return the error."""
    with pytest.raises(ServiceError) as caught:
        backend.execute(operation, seconds)
    return caught.value


@contextlib.contextmanager
def listening(backlog: int = 8) -> Iterator[socket.socket]:
    """A server that accepts connections, and reads nothing."""
    with socket.create_server(("127.0.0.1", 0), backlog=backlog) as opened:
        yield opened


@contextlib.contextmanager
def open_at(opened: socket.socket, scheme: str, colour: str, **options: Any) -> Iterator[Any]:
    url = f"{scheme}://127.0.0.1:{opened.getsockname()[1]}"
    backend = give_colour(DynamoDBBackend(**MADE_UP, endpoint_url=url, **options), colour)
    with contextlib.closing(backend):
        yield backend


@BOTH
@SECURE
class TestBreaks:
    @pytest.mark.parametrize("end", [Close(), Reset()], ids=["closed", "reset"])
    def test_at_any_byte_of_a_response(self, context: ssl.SSLContext | None, colour: str, end: Step) -> None:
        places = itertools.count()

        def script(request: Request) -> Reply:
            response = respond(request)
            return [Send(response[: next(places)]), end] if b"broken" in request.body else [Send(response)]

        whole = len(answer(b'{"Item":{"id":{"S":"broken"}}}'))
        with run_scripted_server(script, context) as server, open_backend(server, "auto", colour) as backend:
            for place in range(whole):
                assert fail(backend, Get("table", {"id": "broken"})).was_sent
                if place % 20 == 0:
                    get(backend, "whole")

    def test_half_closed_after_a_response(self, context: ssl.SSLContext | None, colour: str) -> None:
        """The server would read another request, and never answer it."""

        def script(request: Request) -> Reply:
            return [Send(respond(request)), HalfClose()]

        with run_scripted_server(script, context) as server, open_backend(server, "auto", colour) as backend:
            for number in range(5):
                get(backend, str(number))
                time.sleep(0.02)
            assert server.connections == 5

    def test_response_to_nobody_comes_while_the_connection_is_idle(
        self, context: ssl.SSLContext | None, colour: str
    ) -> None:
        def script(request: Request) -> Reply:
            return [Send(respond(request)), Wait(0.01), Send(answer(b'{"Item":{"id":{"S":"stray"}}}'))]

        with run_scripted_server(script, context) as server, open_backend(server, "auto", colour) as backend:
            for number in range(5):
                get(backend, str(number))
                time.sleep(0.05)
            assert server.connections == 5

    def test_server_resets_while_a_long_request_is_sent(
        self, trusted: ssl.SSLContext, scheme: str, colour: str
    ) -> None:
        def serve(opened: socket.socket) -> None:
            accepted, _ = opened.accept()
            with contextlib.suppress(OSError):
                if scheme == "https":
                    accepted = trusted.wrap_socket(accepted, server_side=True)
                accepted.recv(100_000)
            accepted.close()  # with bytes that were not read, so that it is a reset

        with listening() as opened, open_at_localhost(opened, scheme, colour) as backend:
            thread = threading.Thread(target=serve, args=(opened,), daemon=True)  # it waits for a request
            thread.start()
            error = fail(backend, BIG)
            thread.join()
        assert (error.was_sent, error.is_transient) == (False, True)


@contextlib.contextmanager
def open_at_localhost(opened: socket.socket, scheme: str, colour: str) -> Iterator[Any]:
    """A backend that uses the name in the certificates."""
    url = f"{scheme}://localhost:{opened.getsockname()[1]}"
    with contextlib.closing(give_colour(DynamoDBBackend(**MADE_UP, endpoint_url=url), colour)) as backend:
        yield backend


@BOTH
class TestTime:
    """The limit of a call ends it wherever it is: 0.3 s here, of which a slow machine may make ten times as many."""

    @SECURE
    def test_response_trickles_in(self, context: ssl.SSLContext | None, scheme: str, colour: str) -> None:
        def script(request: Request) -> Reply:
            response = respond(request)
            return [step for byte in response for step in (Send(bytes([byte])), Wait(0.02))]

        with run_scripted_server(script, context) as server, open_backend(server, "auto", colour) as backend:
            start = time.monotonic()
            error = fail(backend, Get("table", {"id": "a"}), 0.3)
            assert 0.3 <= time.monotonic() - start < 2.5  # all of it takes 3 seconds
        assert (error.was_sent, error.code) == (True, "ReadTimeoutError")

    @SECURE
    def test_body_stalls(self, context: ssl.SSLContext | None, scheme: str, colour: str) -> None:
        is_over = threading.Event()

        def script(request: Request) -> Reply:
            return [Send(respond(request, 3_000_000)[:2_000_000]), Hold(is_over)]

        with run_scripted_server(script, context) as server, open_backend(server, "auto", colour) as backend:
            error = fail(backend, Get("table", {"id": "a"}), 0.3)
            is_over.set()
        assert (error.was_sent, error.code) == (True, "ReadTimeoutError")

    def test_nobody_reads_the_request(self, colour: str) -> None:
        with listening() as opened, open_at(opened, "http", colour) as backend:
            error = fail(backend, BIG, 0.3)
        assert (error.was_sent, error.code) == (False, "ReadTimeoutError")

    @pytest.mark.parametrize("options", [{}, {"timeout": 0.3}, {"connect_timeout": 0.3}], ids=str)
    def test_nobody_answers_the_handshake(self, colour: str, options: dict[str, float]) -> None:
        with listening() as opened, open_at(opened, "https", colour, **options) as backend:
            error = fail(backend, Get("table", {"id": "a"}), None if options else 0.3)
        assert (error.was_sent, error.code) == (False, "ConnectTimeoutError")

    @pytest.mark.parametrize("options", [{}, {"timeout": 0.3}, {"connect_timeout": 0.3}], ids=str)
    def test_nobody_accepts_the_connection(self, colour: str, options: dict[str, float]) -> None:
        with contextlib.ExitStack() as stack:
            opened = stack.enter_context(listening(0))
            for _ in range(4):  # the queue of connections is full then
                filling = stack.enter_context(socket.socket())
                filling.settimeout(0)
                filling.connect_ex(opened.getsockname())
            with open_at(opened, "http", colour, **options) as backend:
                error = fail(backend, Get("table", {"id": "a"}), None if options else 0.3)
        assert (error.was_sent, error.code) == (False, "ConnectTimeoutError")


@BOTH
class TestLongBodies:
    def test_records_of_tls_end_where_no_buffer_does(
        self, trusted: ssl.SSLContext, monkeypatch: pytest.MonkeyPatch, colour: str
    ) -> None:
        """What is decrypted and not yet read, the system tells no event loop of."""
        monkeypatch.setattr(sized_body, "_STEP", 40_000)

        def script(request: Request) -> Reply:
            size, count = map(int, request.content["Key"]["id"]["S"].split())
            if colour != "blocking":
                backend.stall(0.01)  # so that all of it is there when the loop goes on
            return [Send(respond(request, size * count - 150), piece=size)]

        with run_scripted_server(script, trusted) as server, open_backend(server, "auto", colour) as backend:
            for size in range(2_400, 2_600, 10):
                get(backend, f"{size} 17", 2)
            for count in range(10, 60):
                get(backend, f"2500 {count}", 2)
            assert server.connections == 1

    def test_chunks_are_read_as_they_come(self, trusted: ssl.SSLContext, colour: str) -> None:
        def script(request: Request) -> Reply:
            head, _, body = respond(request, 3_000_000).partition(b"\r\n\r\n")
            head = head.replace(b"Content-Length", b"Transfer-Encoding: chunked\r\nX-Length")
            chunks = [body[start : start + 50_000] for start in range(0, len(body), 50_000)]
            whole = b"".join([b"%x\r\n%s\r\n" % (len(chunk), chunk) for chunk in chunks])
            return [Send(head + b"\r\n\r\n" + whole + b"0\r\n\r\n")]

        with run_scripted_server(script, trusted) as server, open_backend(server, "auto", colour) as backend:
            for number in range(3):
                get(backend, str(number), 5)
            assert server.connections == 1


REFUSALS: list[tuple[str, list[bytes], str]] = [
    ("closed", [], "no connection to the proxy http:.*: .*closed without a response"),
    ("cut off", [b"HTTP/1.1 200 Connection Est"], "closed in the middle of the head"),
    ("another protocol", [b"SSH-2.0-OpenSSH_9.6\r\n"], "expected a status line of HTTP/1.1"),
    (
        "a password",
        [b"HTTP/1.1 407 Proxy Authentication Required\r\n\r\n"],
        "refused the request: 407 .*; put its user name",
    ),
    (
        "forbidden",
        [b"HTTP/1.1 403 Forbidden\r\nContent-Length: 9\r\n\r\n", b"forbidden"],
        r"the request: 403 Forbidden \(",
    ),
    ("a redirection", [b"HTTP/1.1 302 \r\nLocation: http://login\r\n\r\n"], r"refused the request: 302 \("),
    ("too much", [CONNECTED + answer(b"{}")], "sent more than its response to CONNECT"),
]


@BOTH
class TestTunnels:
    @pytest.mark.parametrize(
        "pieces",
        [
            [CONNECTED],
            [bytes([each]) for each in CONNECTED],
            [b"HTTP/1.1 100 Continue\r\n\r\n", CONNECTED],
            [b"HTTP/1.0 201 \nVia: a\nContent-Length: 9\nTransfer-Encoding: chunked\n\n"],
        ],
        ids=["whole", "bytes", "continued", "odd"],
    )
    def test_tunnel_is_opened(self, trusted: ssl.SSLContext, colour: str, pieces: list[bytes]) -> None:
        def script(request: Request) -> Reply:
            return [Send(respond(request))]

        with (
            run_scripted_server(script, trusted) as server,
            run_scripted_proxy(server.port, *pieces) as proxy,
            open_through(proxy.url, f"https://localhost:{server.port}", colour) as backend,
        ):
            for number in range(3):
                get(backend, str(number))
            authority = f"localhost:{server.port}".encode()
        assert [request.split(b"\r\n")[:2] for request in proxy.requests] == [
            [b"CONNECT %s HTTP/1.1" % authority, b"Host: %s" % authority]
        ]
        assert b"proxy-authorization: basic dxnlcjpzzwnyzxq=\r\n" in proxy.requests[0].lower()
        assert server.log[0].line == "POST / HTTP/1.1"

    @pytest.mark.parametrize(("pieces", "message"), [case[1:] for case in REFUSALS], ids=[case[0] for case in REFUSALS])
    def test_tunnel_is_refused(self, colour: str, pieces: list[bytes], message: str) -> None:
        with (
            run_scripted_proxy(1, *pieces, is_open=False) as proxy,
            open_through(proxy.url, "https://localhost:1", colour) as backend,
        ):
            error = fail_matching(backend, message)
        assert (error.was_sent, error.code) == (False, "ProxyConnectionError")
        assert "secret" not in str(error)

    def test_server_behind_the_tunnel_is_verified(self, trusted: ssl.SSLContext, colour: str) -> None:
        with (
            run_scripted_server(lambda request: [Send(respond(request))], trusted) as server,
            run_scripted_proxy(server.port, CONNECTED) as proxy,
            open_through(proxy.url, f"https://127.0.0.1:{server.port}", colour) as backend,
        ):
            error = fail_matching(backend, "no TLS connection to .* through the proxy")
        assert (error.was_sent, error.code) == (False, "SSLError")

    def test_proxy_stalls(self, colour: str) -> None:
        with listening() as opened:
            proxy = f"http://127.0.0.1:{opened.getsockname()[1]}"
            with open_through(proxy, "https://localhost:1", colour) as backend:
                error = fail(backend, Get("table", {"id": "a"}), 0.3)
        assert (error.was_sent, error.code) == (False, "ConnectTimeoutError")


def fail_matching(backend: Any, message: str) -> ServiceError:
    with pytest.raises(ServiceError, match=message) as caught:
        backend.execute(Get("table", {"id": "a"}))
    return caught.value


@contextlib.contextmanager
def open_through(proxy: str, url: str, colour: str) -> Iterator[Any]:
    session: Any = boto3.Session("made-up", "made-up", region_name="us-east-2")
    session._session.set_default_client_config(Config(proxies={"https": proxy}))
    backend = give_colour(DynamoDBBackend(session=session, endpoint_url=url), colour)
    with contextlib.closing(backend):
        yield backend
