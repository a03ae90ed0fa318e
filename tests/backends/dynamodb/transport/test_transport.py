"""Transports: which one answers, that nothing is bypassed, and that the direct one does what boto3 does."""

from __future__ import annotations

import contextlib
import datetime as dt
import gc
import logging
import os
import socket
import ssl
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path as FilePath
from typing import Any

import boto3
import botocore.awsrequest
import botocore.client
import botocore.endpoint
import botocore.httpsession
import pytest
import trustme
from botocore.config import Config
from botocore.credentials import RefreshableCredentials
from botocore.stub import Stubber
from faulty_server import FaultyServer, Slow, run_faulty_server
from moto import mock_aws
from transport_colours import Execute, execute_blocking

from dynamongo import Connection, Model, StringField
from dynamongo.backends.dynamodb import DynamoDBBackend
from dynamongo.backends.dynamodb.transport.signing import Signer, canonical_headers
from dynamongo.exceptions import ConfigurationError, CredentialsError, InvalidRequestError, ServiceError, TableNotFound
from dynamongo.expressions.values import AttributeValue
from dynamongo.operations import (
    BatchPut,
    BatchWrite,
    CreateTable,
    DeleteTable,
    DescribeTable,
    Get,
    Put,
    Scan,
)
from dynamongo.schema import IndexSchema, KeyAttribute, KeySchema, Projection, TableSchema
from dynamongo.testing.contract.base import proves

MADE_UP: dict[str, Any] = {"access_key_id": "made-up", "secret_access_key": "top-secret", "region": "us-east-2"}
DIRECT = "direct: started by boto3, since botocore is imported"
SCHEMA = TableSchema("transports", KeySchema(KeyAttribute("id", "S")))
DESCRIBE = DescribeTable("missing-table")


@pytest.fixture
def server(server_url: str) -> Iterator[FaultyServer]:
    """The emulator behind a proxy that writes down what it gets."""
    with run_faulty_server(server_url) as running:
        yield running


@pytest.fixture
def session() -> Any:
    return boto3.Session("made-up", "top-secret", region_name="us-east-2")


@pytest.fixture
def backend(server: FaultyServer) -> Iterator[DynamoDBBackend]:
    made = DynamoDBBackend(**MADE_UP, endpoint_url=server.url)
    yield made
    made.close()


def ask(execute: Execute, backend: DynamoDBBackend) -> None:
    with pytest.raises(TableNotFound):
        execute(backend, DESCRIBE)


def is_from_boto3(server: FaultyServer) -> bool:
    """Whether the last request was made by boto3, which numbers them."""
    return "amz-sdk-invocation-id" in server.log[-1].headers


class TestChoice:
    def test_requests_are_sent_directly(self, backend: DynamoDBBackend, server: FaultyServer, execute: Execute) -> None:
        ask(execute, backend)
        assert backend.describe_transport() == DIRECT
        assert not is_from_boto3(server)

    def test_boto3_sends_them_where_it_is_set(self, server: FaultyServer, execute: Execute) -> None:
        backend = DynamoDBBackend(**MADE_UP, endpoint_url=server.url, transport="boto3")
        ask(execute, backend)
        assert backend.describe_transport() == 'boto3: transport="boto3" is set'
        assert is_from_boto3(server)
        backend.close()

    def test_connection_takes_the_setting(self, server: FaultyServer) -> None:
        class User(Model):
            __table__ = "missing-table"
            __hash_key__ = "id"
            id = StringField()

        for kind in ("auto", "boto3"):
            Connection.set_config(**MADE_UP, endpoint_url=server.url, transport=kind)
            assert not User.table_exists()
            assert is_from_boto3(server) is (kind == "boto3")
        Connection.set_config()

    @pytest.mark.parametrize("kind", ["direct", "", None, 1])
    def test_any_other_setting_is_refused(self, kind: Any) -> None:
        with pytest.raises(ConfigurationError, match="transport must be one of auto, boto3; got"):
            DynamoDBBackend(**MADE_UP, transport=kind)

    def test_client_of_the_caller_sends_them(self, session: Any, server: FaultyServer, execute: Execute) -> None:
        client = session.client("dynamodb", endpoint_url=server.url)
        backend = DynamoDBBackend(client=client)
        ask(execute, backend)
        assert backend.describe_transport() == "boto3: client= was passed"
        assert is_from_boto3(server)
        client.close()

    @pytest.mark.parametrize(
        "event", ["before-send.dynamodb.*", "before-sign", "provide-client-params.dynamodb.GetItem", "needs-retry.*"]
    )
    def test_handler_of_an_event_sees_them(
        self, session: Any, server: FaultyServer, event: str, execute: Execute
    ) -> None:
        session.events.register(event, lambda **_: None)
        backend = DynamoDBBackend(session=session, endpoint_url=server.url)
        ask(execute, backend)
        assert "handles botocore's event" in backend.describe_transport()
        assert is_from_boto3(server)
        backend.close()

    def test_handler_for_another_service_is_no_reason(
        self, session: Any, server: FaultyServer, execute: Execute
    ) -> None:
        session.events.register("before-send.s3.*", lambda **_: None)
        backend = DynamoDBBackend(session=session, endpoint_url=server.url)
        ask(execute, backend)
        assert not is_from_boto3(server)
        backend.close()

    def test_handler_that_comes_later_sees_them_and_leaves_again(
        self, backend: DynamoDBBackend, server: FaultyServer, caplog: pytest.LogCaptureFixture, execute: Execute
    ) -> None:
        ask(execute, backend)
        assert not is_from_boto3(server)
        events: Any = backend._transport._client.meta.events  # type: ignore[union-attr]
        seen: list[str] = []

        def see(event_name: str, **_: Any) -> None:
            seen.append(event_name)

        events.register("before-send.dynamodb", see)
        with caplog.at_level(logging.DEBUG, logger="dynamongo"):
            ask(execute, backend)
        assert is_from_boto3(server)
        assert seen == ["before-send.dynamodb.DescribeTable"]
        assert "requests go through boto3: " in caplog.text
        events.unregister("before-send.dynamodb", see)
        ask(execute, backend)
        assert not is_from_boto3(server)

    def test_stubber_answers(self, backend: DynamoDBBackend, server: FaultyServer, execute: Execute) -> None:
        ask(execute, backend)
        count = len(server.log)
        client: Any = backend._transport._client  # type: ignore[union-attr]
        with Stubber(client) as stubber:
            stubber.add_response("get_item", {"Item": {"id": {"S": "stubbed"}}})
            assert execute(backend, Get("table", {"id": "a"})).item == {"id": "stubbed"}
        assert len(server.log) == count
        ask(execute, backend)
        assert len(server.log) == count + 1
        assert not is_from_boto3(server)

    @pytest.mark.filterwarnings("ignore")
    def test_moto_answers_whenever_the_client_was_made(self, execute: Execute) -> None:
        before = DynamoDBBackend(**MADE_UP)
        before._open()
        with mock_aws():
            for backend in (before, DynamoDBBackend(**MADE_UP)):
                assert backend.describe_transport() == "boto3: moto is active"
                execute(backend, CreateTable(SCHEMA))
                execute(backend, Put("transports", {"id": "a", "raw": b"x", "set": frozenset({1, 2})}))
                assert execute(backend, Get("transports", {"id": "a"})).item == {
                    "id": "a",
                    "raw": b"x",
                    "set": frozenset({1, 2}),
                }
                execute(backend, DeleteTable("transports"))
                backend.close()
        assert before.describe_transport() == DIRECT
        before.close()

    def test_replaced_function_of_botocore_is_called(
        self, backend: DynamoDBBackend, server: FaultyServer, monkeypatch: pytest.MonkeyPatch, execute: Execute
    ) -> None:
        ask(execute, backend)
        count = len(server.log)
        calls: list[str] = []

        def call(self: Any, name: str, arguments: Any) -> dict[str, Any]:
            calls.append(name)
            return {"ResponseMetadata": {}}

        monkeypatch.setattr(botocore.client.BaseClient, "_make_api_call", call)
        assert execute(backend, Get("table", {"id": "a"})).item is None
        assert (calls, len(server.log)) == (["GetItem"], count)

    def test_proxy_that_it_cannot_honour_is_left_to_boto3(self, session: Any, execute: Execute) -> None:
        session._session.set_default_client_config(Config(proxies={"http": "https://127.0.0.1:1"}))
        backend = DynamoDBBackend(session=session, endpoint_url="http://127.0.0.1:1")
        assert backend.describe_transport().startswith("boto3: only boto3 supports the proxy")
        with pytest.raises(ServiceError) as caught:
            execute(backend, DESCRIBE)
        assert not caught.value.was_sent
        backend.close()


class TestRequests:
    @proves("20.3", "22.4", "23.7")
    def test_whatever_is_sent_directly_is_checked_against_botocores_model(
        self, backend: DynamoDBBackend, execute: Execute
    ) -> None:
        """So no test passes on a request that boto3 would have refused, and only an emulator takes."""
        index = IndexSchema("index", KeySchema(KeyAttribute("other", "S")), Projection("include", ("",)))
        with pytest.raises(AssertionError, match=r"Invalid length for parameter .*NonKeyAttributes"):
            execute(backend, CreateTable(TableSchema("unchecked", SCHEMA.keys, None, (index,))))
        execute(backend, DeleteTable("unchecked"))

    def test_head_is_what_boto3_sends(self, backend: DynamoDBBackend, server: FaultyServer, execute: Execute) -> None:
        other = DynamoDBBackend(**MADE_UP, endpoint_url=server.url, transport="boto3")
        ask(execute, backend)
        ask(execute, other)
        other.close()
        direct, boto = (dict(seen.headers) for seen in server.log[-2:])
        changing = {"amz-sdk-invocation-id", "amz-sdk-request", "authorization", "x-amz-date", "content-length"}
        assert {name: value for name, value in direct.items() if name not in changing} == {
            name: value for name, value in boto.items() if name not in changing
        }
        assert server.log[-2].body == server.log[-1].body.replace(b": ", b":").replace(b", ", b",")

    def test_signature_is_that_of_the_request(
        self, backend: DynamoDBBackend, server: FaultyServer, execute: Execute
    ) -> None:
        ask(execute, backend)
        headers, body = server.log[-1].headers, server.log[-1].body
        names = ("content-type", "host", "x-amz-date", "x-amz-target")
        signed = canonical_headers({name: headers[name] for name in names})
        expected = Signer("us-east-2", "dynamodb").sign("made-up", "top-secret", headers["x-amz-date"], signed, body)
        assert headers["authorization"] == expected

    def test_credentials_are_asked_for_at_every_request(self, server: FaultyServer, execute: Execute) -> None:
        count = 0

        def refresh() -> dict[str, str]:
            nonlocal count
            count += 1
            expiry = dt.datetime.now(dt.timezone.utc) + dt.timedelta(seconds=1)  # at once due again
            return {
                "access_key": f"key-{count}",
                "secret_key": "s",
                "token": f"token {count}",
                "expiry_time": expiry.isoformat(),
            }

        session: Any = boto3.Session(region_name="us-east-2")
        session._session._credentials = RefreshableCredentials.create_from_metadata(refresh(), refresh, "test")
        backend = DynamoDBBackend(session=session, endpoint_url=server.url)
        for _ in range(3):
            ask(execute, backend)
        tokens = [seen.headers["x-amz-security-token"] for seen in server.log]
        assert len(set(tokens)) == 3
        assert all(
            f"Credential=key-{each.split()[1]}/" in seen.headers["authorization"]
            for each, seen in zip(tokens, server.log, strict=True)
        )
        assert not is_from_boto3(server)
        backend.close()

    def test_missing_credentials_are_reported(
        self, monkeypatch: pytest.MonkeyPatch, server_url: str, execute: Execute
    ) -> None:
        for name in [name for name in os.environ if name.startswith("AWS_")]:
            monkeypatch.delenv(name)
        monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
        monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", os.devnull)
        monkeypatch.setenv("AWS_CONFIG_FILE", os.devnull)
        backend = DynamoDBBackend(region="us-east-2", endpoint_url=server_url)
        with pytest.raises(CredentialsError, match="Looked at: access_key_id"):
            execute(backend, DESCRIBE)
        monkeypatch.setenv("AWS_ACCESS_KEY_ID", "a")
        monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "b")
        backend.close()
        ask(execute, backend)
        backend.close()

    @pytest.mark.parametrize(
        ("transport", "odd"),
        [
            ("auto", "made-up\n"),
            ("auto", "made-up\r\nx-more: 1"),
            ("auto", "m\u0430de-up"),
            ("boto3", "made-up\nmore"),
            ("boto3", "made-up\r\nx-more: 1"),
        ],
    )
    @pytest.mark.parametrize("name", ["aws_access_key_id", "aws_session_token"])
    def test_credentials_that_no_header_can_hold_are_refused(
        self, server: FaultyServer, transport: str, name: str, odd: str, execute: Execute
    ) -> None:
        keys = {"aws_access_key_id": "a", "aws_secret_access_key": "b", name: odd}
        session = boto3.Session(**keys, region_name="us-east-2")  # type: ignore[arg-type]
        backend = DynamoDBBackend(session=session, endpoint_url=server.url, transport=transport)
        with pytest.raises(CredentialsError, match="such as a line break") as caught:
            execute(backend, DESCRIBE)
        assert "made-up" not in str(caught.value)
        assert server.log == []
        backend.close()

    def test_trace_of_aws_lambda_is_handed_on(
        self, backend: DynamoDBBackend, server: FaultyServer, monkeypatch: pytest.MonkeyPatch, execute: Execute
    ) -> None:
        monkeypatch.setenv("AWS_LAMBDA_FUNCTION_NAME", "function")
        monkeypatch.setenv("_X_AMZN_TRACE_ID", "Root=1-5759e988;Sampled=1 ä")
        ask(execute, backend)
        assert server.log[-1].headers["x-amzn-trace-id"] == "Root=1-5759e988;Sampled=1%20%C3%A4"

    @pytest.mark.parametrize("transport", ["auto", "boto3"])
    @pytest.mark.parametrize("levels", [300, 3_000])
    def test_request_that_is_nested_too_deep_is_refused(
        self, server_url: str, transport: str, levels: int, execute: Execute
    ) -> None:
        value: AttributeValue = "x"
        for _ in range(levels):
            value = [value]
        backend = DynamoDBBackend(**MADE_UP, endpoint_url=server_url, transport=transport)
        gc.collect()  # finalizers of what other tests have left fail where the stack is used up
        with pytest.raises(InvalidRequestError):
            execute(backend, Put("table", {"id": "a", "value": value}))
        backend.close()


class TestConnections:
    def test_connection_is_kept(self, backend: DynamoDBBackend, server: FaultyServer, execute: Execute) -> None:
        for _ in range(5):
            ask(execute, backend)
        assert server.connection_count == 1

    def test_each_thread_that_sends_has_one(self, backend: DynamoDBBackend, server: FaultyServer) -> None:
        ask(execute_blocking, backend)
        server.plan = Slowly()
        barrier = threading.Barrier(8)

        def run() -> None:
            barrier.wait()
            ask(execute_blocking, backend)

        threads = [threading.Thread(target=run) for _ in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert len(server.log) == 9
        assert 2 <= server.connection_count <= 9

    def test_closed_connection_is_replaced(
        self, backend: DynamoDBBackend, server: FaultyServer, execute: Execute
    ) -> None:
        for _ in range(3):
            ask(execute, backend)
            server.hang_up()
        assert server.connection_count == 3

    def test_backend_that_was_closed_opens_again(
        self, backend: DynamoDBBackend, server: FaultyServer, execute: Execute
    ) -> None:
        ask(execute, backend)
        backend.close()
        ask(execute, backend)
        assert server.connection_count == 2

    def test_forked_process_has_its_own(self, backend: DynamoDBBackend, server: FaultyServer) -> None:
        ask(execute_blocking, backend)
        child = os.fork()
        if child == 0:
            try:
                ask(execute_blocking, backend)
            finally:
                os._exit(0)
        os.waitpid(child, 0)
        ask(execute_blocking, backend)
        assert server.connection_count == 2
        assert len(server.log) == 3

    def test_nobody_listens(self, execute: Execute) -> None:
        backend = DynamoDBBackend(**MADE_UP, endpoint_url="http://127.0.0.1:1")
        with pytest.raises(ServiceError, match=r"no connection to http://127\.0\.0\.1:1/") as caught:
            execute(backend, DESCRIBE)
        assert (caught.value.was_sent, caught.value.is_transient) == (False, True)
        backend.close()

    def test_read_timeout_of_the_session_is_kept(self, session: Any, server: FaultyServer, execute: Execute) -> None:
        session._session.set_default_client_config(Config(read_timeout=0.05))
        server.plan = Slowly(0.3)
        backend = DynamoDBBackend(session=session, endpoint_url=server.url)
        with pytest.raises(ServiceError, match=r"no response from .* within 0\.05 s") as caught:
            execute(backend, DESCRIBE)
        assert (caught.value.was_sent, backend.describe_transport()) == (
            True,
            "direct: started by boto3, since session= is set",
        )
        backend.close()

    def test_large_answers_are_read_whole(self, backend: DynamoDBBackend, execute: Execute) -> None:
        execute(backend, CreateTable(SCHEMA))
        text = "ä" * 20_000
        puts = tuple(BatchPut({"id": str(number), "text": text}) for number in range(25))
        execute(backend, BatchWrite("transports", puts))
        found = execute(backend, Scan("transports")).items
        execute(backend, DeleteTable("transports"))
        assert {str(item["id"]) for item in found} == {str(put.item["id"]) for put in puts}
        assert all(item["text"] == text for item in found)


class Slowly:
    def __init__(self, seconds: float = 0.1) -> None:
        self._seconds = seconds

    def choose(self, action: str, number: int) -> Any:
        return Slow(self._seconds)


class Plain(BaseHTTPRequestHandler):
    """Answers every request, and writes down what it was."""

    seen: list[tuple[str, str]]
    protocol_version = "HTTP/1.1"

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["Content-Length"]))
        type(self).seen.append((self.path, self.headers["Host"]))
        body = b'{"Item":{"id":{"S":"a"},"raw":{"B":"eA=="}},"ConsumedCapacity":{"CapacityUnits":0.5}}'
        self.send_response(200)
        self.send_header("Content-Type", "application/x-amz-json-1.0")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:
        """Nothing."""


@pytest.fixture
def plain() -> Iterator[ThreadingHTTPServer]:
    Plain.seen = []
    with ThreadingHTTPServer(("127.0.0.1", 0), Plain) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        yield server
        server.shutdown()
        thread.join()


class TestSafety:
    @pytest.fixture
    def authority(self) -> trustme.CA:
        return trustme.CA()

    @pytest.fixture
    def url(self, plain: ThreadingHTTPServer, authority: trustme.CA) -> str:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        authority.issue_cert("localhost").configure_cert(context)
        plain.socket = context.wrap_socket(plain.socket, server_side=True)
        return f"https://localhost:{plain.server_port}"

    def test_server_with_a_certificate_of_the_bundle_is_trusted(
        self, url: str, authority: trustme.CA, tmp_path: FilePath, monkeypatch: pytest.MonkeyPatch, execute: Execute
    ) -> None:
        bundle = tmp_path / "ca.pem"
        authority.cert_pem.write_to_path(str(bundle))
        monkeypatch.setenv("AWS_CA_BUNDLE", str(bundle))
        backend = DynamoDBBackend(**MADE_UP, endpoint_url=url)
        for _ in range(2):
            assert execute(backend, Get("table", {"id": "a"})).item == {"id": "a", "raw": b"x"}
        assert backend.describe_transport() == DIRECT
        backend.close()

    def test_any_other_is_not(self, url: str, execute: Execute) -> None:
        backend = DynamoDBBackend(**MADE_UP, endpoint_url=url)
        with pytest.raises(ServiceError, match="no TLS connection") as caught:
            execute(backend, Get("table", {"id": "a"}))
        assert (caught.value.was_sent, backend.describe_transport()) == (False, DIRECT)
        backend.close()


class TestProxy:
    def test_plain_proxy_gets_the_whole_address(
        self, plain: ThreadingHTTPServer, session: Any, execute: Execute
    ) -> None:
        proxy = f"http://user:word@127.0.0.1:{plain.server_port}"
        session._session.set_default_client_config(Config(proxies={"http": proxy}))
        backend = DynamoDBBackend(session=session, endpoint_url="http://dynamodb.example.com:8123")
        assert execute(backend, Get("table", {"id": "a"})).item == {"id": "a", "raw": b"x"}
        assert backend.describe_transport() == "direct: started by boto3, since session= is set"
        assert Plain.seen == [("http://dynamodb.example.com:8123/", "dynamodb.example.com:8123")]
        backend.close()

    def test_tunnel_leads_to_the_server(
        self, plain: ThreadingHTTPServer, session: Any, tmp_path: FilePath, execute: Execute
    ) -> None:
        """The name in the certificate is that of the server, not of the proxy."""
        authority, context = trustme.CA(), ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        authority.issue_cert("dynamodb.example.com").configure_cert(context)
        authority.cert_pem.write_to_path(str(tmp_path / "ca.pem"))
        plain.socket = context.wrap_socket(plain.socket, server_side=True)
        with run_tunnel(plain.server_port) as (port, requests):
            proxy = f"http://user:word@127.0.0.1:{port}"
            session._session.set_default_client_config(Config(proxies={"https": proxy}))
            session._session.set_config_variable("ca_bundle", str(tmp_path / "ca.pem"))
            backend = DynamoDBBackend(session=session, endpoint_url="https://dynamodb.example.com:8123")
            for _ in range(2):
                assert execute(backend, Get("table", {"id": "a"})).item == {"id": "a", "raw": b"x"}
            assert backend.describe_transport() == "direct: started by boto3, since session= is set"
            backend.close()
        assert [request.split(b"\r\n")[0] for request in requests] == [b"CONNECT dynamodb.example.com:8123 HTTP/1.1"]
        assert b"Proxy-Authorization: Basic dXNlcjp3b3Jk\r\n" in requests[0]
        assert Plain.seen == [("/", "dynamodb.example.com:8123")] * 2


@contextlib.contextmanager
def run_tunnel(target: int) -> Iterator[tuple[int, list[bytes]]]:
    """Run a proxy that opens one tunnel to a port of this machine; give its port, and the requests that it got."""
    requests: list[bytes] = []
    listening = socket.create_server(("127.0.0.1", 0))

    def carry(source: socket.socket, sink: socket.socket) -> None:
        with contextlib.suppress(OSError):
            while data := source.recv(65_536):
                sink.sendall(data)
            sink.shutdown(socket.SHUT_WR)

    def serve() -> None:
        accepted, _ = listening.accept()
        requests.append(accepted.recv(65_536))
        with accepted, socket.create_connection(("127.0.0.1", target)) as forwarding:
            accepted.sendall(b"HTTP/1.1 200 Connection established\r\n\r\n")
            back = threading.Thread(target=carry, args=(forwarding, accepted))
            back.start()
            carry(accepted, forwarding)
            back.join()

    thread = threading.Thread(target=serve)
    thread.start()
    yield listening.getsockname()[1], requests
    thread.join()
    listening.close()
