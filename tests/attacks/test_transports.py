"""Every fault of an answer, on every transport, on plain connections and on TLS; and what hostile answers cost."""

from __future__ import annotations

import contextlib
import gc
import select
import socket
import ssl
import threading
import tracemalloc
from collections.abc import Iterator
from typing import Any

import boto3
import pytest
from botocore.config import Config

from attacks.awaited import COLOURS, give_colour
from attacks.faults import BROKEN, WHOLE
from attacks.server import Close, Repeat, Reply, Request, ScriptedServer, Send, answer, run_scripted_server
from attacks.soak import Attack, Totals, attack_backend, open_backend, trusted_context
from attacks.variants import mark_slow
from dynamongo.backends.dynamodb import DynamoDBBackend
from dynamongo.backends.dynamodb.transport import boto_responses, http_reader
from dynamongo.backends.dynamodb.transport.client_endpoint import read_endpoint
from dynamongo.backends.dynamodb.transport.tls import make_context
from dynamongo.exceptions import ServiceError
from dynamongo.expressions.conditions import Path
from dynamongo.expressions.updates import SetUpdate
from dynamongo.operations import AnyOperation, BatchGet, BatchPut, BatchWrite, Get, Put, UpdateItem

GET = Get("table", {"id": "a"})


@pytest.fixture(scope="module")
def context(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ssl.SSLContext]:
    with trusted_context(tmp_path_factory.mktemp("authority")) as context:
        yield context


@pytest.fixture
def _garbage_is_collected() -> Iterator[None]:
    yield
    gc.collect()


# urllib3 leaves the sockets of answers that it cannot read to the garbage collector.
@pytest.mark.filterwarnings("ignore:unclosed <s:ResourceWarning")
@pytest.mark.usefixtures("_garbage_is_collected")
@pytest.mark.parametrize(
    ("transport", "colour", "is_secure"),
    mark_slow(
        [
            *(("auto", colour, is_secure) for colour in COLOURS for is_secure in (False, True)),
            ("boto3", "blocking", False),
            ("boto3", "blocking", True),
            ("boto3", "asyncio", False),
            ("client", "blocking", False),
        ],
        slow=[
            *(("auto", colour, False) for colour in COLOURS),
            ("boto3", "blocking", True),
            ("boto3", "asyncio", False),
        ],
    ),
)
def test_every_fault_is_reported_as_what_it_is(
    context: ssl.SSLContext, transport: str, colour: str, *, is_secure: bool
) -> None:
    attack, totals = Attack(7, 0.9), Totals()
    with (
        run_scripted_server(attack, context if is_secure else None) as server,
        open_backend(server, transport, colour) as backend,
    ):
        attack_backend(backend, server, totals, seed=7, count=300)
    assert totals.violations == []
    assert set(totals.faults) == {*WHOLE, *BROKEN} - {"plain"}


def reply_with(raw: bytes, *steps: Any) -> Any:
    def script(request: Request) -> Reply:
        return [Send(raw), *steps]

    return script


def ask(server: ScriptedServer, transport: str, operation: AnyOperation = GET, colour: str = "blocking") -> Any:
    with open_backend(server, transport, colour) as backend:
        return backend.execute(operation)


BOTH = pytest.mark.parametrize("colour", ["blocking", "asyncio"])
WAYS = pytest.mark.parametrize(
    ("transport", "colour"),
    mark_slow([*(("auto", colour) for colour in COLOURS), ("boto3", "blocking")], slow=[("auto", "uvloop")]),
)


class TestSurplus:
    @WAYS
    def test_what_tls_has_deciphered_is_no_answer_to_the_next_request(
        self, context: ssl.SSLContext, transport: str, colour: str
    ) -> None:
        def script(request: Request) -> Reply:
            name = request.content["Key"]["id"]["S"].encode()
            body = b'{"Item":{"id":{"S":"%s"},"text":{"S":"%s"}}}' % (name, b"x" * 70_000)
            return [Send(answer(body) + answer(b'{"Item":{"id":{"S":"wrong"}}}'))]

        with run_scripted_server(script, context) as server, open_backend(server, transport, colour) as backend:
            for number in range(5):
                item = backend.execute(Get("table", {"id": str(number)})).item
                assert item is not None
                assert item["id"] == str(number)
        if transport == "auto":  # urllib3 reads the surplus, and drops it
            assert server.connections == 5


class TestMemory:
    @BOTH
    @pytest.mark.parametrize("length", [99_999_999, 10**12])
    def test_length_that_is_claimed_is_not_allocated(self, length: int, colour: str) -> None:
        raw = answer(headers={"Content-Length": str(length), "x-amz-crc32": None})
        with run_scripted_server(reply_with(raw, Close())) as server, open_backend(server, "auto", colour) as backend:
            tracemalloc.start()
            with pytest.raises(ServiceError) as caught:
                backend.execute(GET)
            peak = tracemalloc.get_traced_memory()[1]
            tracemalloc.stop()
        assert caught.value.was_sent
        assert peak < 20_000_000

    @WAYS
    @pytest.mark.parametrize(
        ("head", "block"),
        [
            ("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", b"8000\r\n" + b"x" * 0x8000 + b"\r\n"),
            ("HTTP/1.1 200 OK\r\n\r\n", b"x" * 10_000),
        ],
        ids=["chunks", "no length"],
    )
    def test_answer_without_an_end_is_refused_at_a_limit(
        self, monkeypatch: pytest.MonkeyPatch, transport: str, colour: str, head: str, block: bytes
    ) -> None:
        for module in (http_reader, boto_responses):
            monkeypatch.setattr(module, "MAX_BODY_BYTES", 4_000_000)
        script = reply_with(head.encode(), Repeat(block, 50_000_000), Close())
        with run_scripted_server(script) as server, pytest.raises(ServiceError, match="endless") as caught:
            ask(server, transport, colour=colour)
        assert (caught.value.was_sent, caught.value.is_transient) == (True, False)

    @BOTH
    @pytest.mark.parametrize(
        ("start", "block"),
        [
            (b"HTTP/1.1 200 OK\r\nx: ", b"y" * 1_000),
            (b"", b"HTTP/1.1 100 Continue\r\n\r\n"),
            (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n", b"x: y\r\n" * 100),
        ],
        ids=["a head", "many heads", "trailers"],
    )
    def test_head_without_an_end_is_refused(
        self, monkeypatch: pytest.MonkeyPatch, start: bytes, block: bytes, colour: str
    ) -> None:
        monkeypatch.setattr(http_reader, "MAX_BODY_BYTES", 4_000_000)
        script = reply_with(start, Repeat(block, 50_000_000), Close())
        with run_scripted_server(script) as server, pytest.raises(ServiceError) as caught:
            ask(server, "auto", colour=colour)
        assert caught.value.was_sent


MALFORMED: list[tuple[AnyOperation, bytes]] = [
    (GET, b'{"Item":null}'),
    (GET, b'{"Item":[]}'),
    (GET, b'{"Item":{"a":null}}'),
    (GET, b'{"ConsumedCapacity":{"CapacityUnits":"many"}}'),
    (GET, b'{"Item":{"a":' + b'{"L":[' * 50_000 + b"]}" * 50_000 + b"}}"),
    (Put("table", {"id": "a"}), b'{"Attributes":null}'),
    (UpdateItem("table", {"id": "a"}, (SetUpdate(Path("n"), 1),), returns="ALL_NEW"), b"{}"),
    (BatchGet("table", ({"id": "a"},)), b'{"UnprocessedKeys":{"table":{"Keys":[{"id":{"S":"b"}}]}}}'),
    (BatchGet("table", ({"id": "a"},)), b'{"UnprocessedKeys":{"table":{}}}'),
    (BatchWrite("table", (BatchPut({"id": "a"}),)), b'{"UnprocessedItems":{"table":[{"PutRequest":{"Item":{}}}]}}'),
    (BatchWrite("table", (BatchPut({"id": "a"}),)), b'{"UnprocessedItems":null}'),
]


@pytest.mark.parametrize(
    ("transport", "colour"),
    [("auto", "blocking"), ("auto", "asyncio"), ("boto3", "blocking"), ("client", "blocking")],
)
@pytest.mark.parametrize(("operation", "body"), MALFORMED, ids=[body[:40].decode() for _, body in MALFORMED])
def test_answer_of_another_form_is_refused_and_reported_as_sent(
    transport: str, colour: str, operation: AnyOperation, body: bytes
) -> None:
    with run_scripted_server(reply_with(answer(body))) as server, pytest.raises(ServiceError) as caught:
        ask(server, transport, operation, colour)
    assert caught.value.was_sent


class TestProxies:
    @WAYS
    @pytest.mark.parametrize("url", ["http://dynamodb.example.com", "https://dynamodb.example.com"])
    def test_proxy_that_wants_a_password_is_named_and_asked_once(self, transport: str, colour: str, url: str) -> None:
        with run_scripted_server(reply_with(answer(b"no", status=407, content_type="text/plain"))) as server:
            session: Any = boto3.Session("made-up", "made-up", region_name="us-east-2")
            proxies = {"http": server.url, "https": server.url}
            session._session.set_default_client_config(Config(proxies=proxies))
            backend = give_colour(DynamoDBBackend(session=session, endpoint_url=url, transport=transport), colour)
            with pytest.raises(ServiceError, match=r"(a proxy|the proxy http:.*) refused the request: 407") as caught:
                backend.execute(GET)
            backend.close()
        assert (caught.value.was_sent, caught.value.is_transient) == (False, False)
        assert len(server.log) == 1

    @BOTH
    @pytest.mark.parametrize("begun", [b"HTTP/1.1 200 ", b"HTTP/1.1 200 OK\r\n"], ids=["status", "heads"])
    def test_proxy_that_answers_byte_by_byte_does_not_outlive_the_call(self, begun: bytes, colour: str) -> None:
        """Without the deadline it would answer for ever, and this test would not end."""
        with run_dripping_server(begun) as url:
            session: Any = boto3.Session("made-up", "made-up", region_name="us-east-2")
            session._session.set_default_client_config(Config(proxies={"https": url}))
            backend = DynamoDBBackend(session=session, endpoint_url="https://dynamodb.example.com")
            backend = give_colour(backend, colour)
            with pytest.raises(ServiceError, match="no connection to") as caught:
                backend.execute(GET, 0.3)
            backend.close()
        assert (caught.value.was_sent, caught.value.code) == (False, "ConnectTimeoutError")


@contextlib.contextmanager
def run_dripping_server(begun: bytes) -> Iterator[str]:
    """A proxy that begins its answer, and then sends a byte every few milliseconds until nobody reads them."""
    with socket.create_server(("127.0.0.1", 0)) as listening:

        def answer_slowly() -> None:
            connection, _ = listening.accept()
            with connection, contextlib.suppress(OSError):
                connection.sendall(begun)
                while select.select([connection], [], [], 0.02)[0] == [] or connection.recv(65536):
                    connection.sendall(b"H")

        thread = threading.Thread(target=answer_slowly)
        thread.start()
        yield f"http://127.0.0.1:{listening.getsockname()[1]}"
        thread.join()


class TestEndpoints:
    @pytest.mark.parametrize("path", ["", "/", "/a/b", "/a b", "/ä", "/a%2Fb", "/a%zz", "/a//b", "/a/../b", "/a;b=c'd"])
    def test_path_is_sent_as_boto3_sends_it(self, path: str) -> None:
        lines: list[str] = []
        with run_scripted_server(reply_with(answer(b"{}"))) as server:
            for transport in ("auto", "boto3"):
                endpoint = f"{server.url}{path}"
                backend = DynamoDBBackend(
                    access_key_id="a",
                    secret_access_key="b",
                    region="us-east-2",
                    endpoint_url=endpoint,
                    transport=transport,
                )
                backend.execute(GET)
                backend.close()
            lines = [request.line for request in server.log]
        assert lines[0] == lines[1]

    def test_context_for_tls_has_the_flags_of_botocores(self, context: ssl.SSLContext) -> None:
        with (
            run_scripted_server(reply_with(answer(b"{}")), context) as server,
            open_backend(server, "boto3") as backend,
        ):
            backend.execute(GET)
            client: Any = backend._transport._client
            theirs = client._endpoint.http_session._manager.connection_pool_kw["ssl_context"]
            ours = make_context(read_endpoint(client))
        assert _flags(ours) == _flags(theirs)
        assert ours.check_hostname


def _flags(context: ssl.SSLContext) -> dict[str, Any]:
    names = (
        "protocol",
        "options",
        "verify_flags",
        "verify_mode",
        "minimum_version",
        "maximum_version",
        "post_handshake_auth",
        "keylog_filename",
        "security_level",
        "hostname_checks_common_name",
    )
    ciphers = [each["name"] for each in context.get_ciphers()]
    return {name: getattr(context, name) for name in names} | {"ciphers": ciphers, "store": context.cert_store_stats()}
