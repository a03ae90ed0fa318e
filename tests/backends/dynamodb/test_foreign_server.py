"""What answers need not be DynamoDB: a proxy, a portal, or another server on the port."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest

from dynamongo.backends.dynamodb import DynamoDBBackend
from dynamongo.exceptions import BackendError, ServiceError, TableNotFound
from dynamongo.expressions.conditions import EQ, Comparison, Path
from dynamongo.operations import (
    AnyOperation,
    BatchGet,
    BatchPut,
    BatchWrite,
    DescribeTable,
    Get,
    KeyCondition,
    Put,
    Query,
)

OPERATIONS: list[AnyOperation] = [
    Get("table", {"id": 1}),
    BatchGet("table", ({"id": 1}, {"id": 2})),
    Put("table", {"id": 1}),
    BatchWrite("table", (BatchPut({"id": 1}),)),
    Query("table", KeyCondition(Comparison(Path("id"), EQ, 1))),
    DescribeTable("table"),
]


class Portal(BaseHTTPRequestHandler):
    status = 200
    content_type, body = "text/html; charset=utf-8", b"<html>Please sign in</html>"

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["Content-Length"]))
        self.send_response(self.status)
        self.send_header("Content-Type", self.content_type)
        self.send_header("x-amzn-RequestId", "THE-ID")
        self.send_header("Content-Length", str(len(self.body)))
        self.end_headers()
        self.wfile.write(self.body)

    def log_message(self, format: str, *args: object) -> None:
        pass


class Empty(Portal):
    content_type, body = "application/x-amz-json-1.0", b"{}"


class Gateway(Portal):
    status = 502
    body = b"<html><style>b {}</style><body>\n<h1>Bad Gateway</h1>\n<p>proxy-7 cannot reach the upstream</p></html>"


class Forbidding(Portal):
    status, content_type, body = 403, "text/plain", b"blocked by policy 17: " + b"x" * 5_000


class Store(Portal):
    status, content_type = 400, "application/x-amz-json-1.0"
    body = b'{"__type": "com.amazonaws.dynamodb.v20120810#ResourceNotFoundException", "message": "not found"}'


@pytest.fixture(params=["auto", "boto3"])
def transport(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def backend(request: pytest.FixtureRequest, transport: str) -> Iterator[DynamoDBBackend]:
    with HTTPServer(("127.0.0.1", 0), request.param) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        backend = DynamoDBBackend(
            access_key_id="made-up",
            secret_access_key="made-up",
            region="us-east-2",
            transport=transport,
            endpoint_url=f"http://127.0.0.1:{server.server_port}",
        )
        yield backend
        backend.close()
        server.shutdown()
        thread.join()


@pytest.mark.parametrize("backend", [Portal], indirect=True)
@pytest.mark.parametrize("operation", OPERATIONS, ids=lambda operation: type(operation).__name__)
def test_page_for_people_is_no_answer(backend: DynamoDBBackend, operation: AnyOperation) -> None:
    with pytest.raises(ServiceError, match="got text/html; charset=utf-8; is endpoint_url a DynamoDB endpoint"):
        backend.execute(operation)


@pytest.mark.parametrize("backend", [Empty], indirect=True)
@pytest.mark.parametrize(
    ("operation", "missing"), [(OPERATIONS[4], "Count"), (OPERATIONS[5], "Table")], ids=["Query", "DescribeTable"]
)
def test_answer_without_what_was_asked_is_no_answer(
    backend: DynamoDBBackend, operation: AnyOperation, missing: str
) -> None:
    with pytest.raises(ServiceError, match=f"unexpected response: no '{missing}' in it"):
        backend.execute(operation)


@pytest.mark.parametrize("backend", [Gateway], indirect=True)
def test_words_of_a_gateway_are_kept(backend: DynamoDBBackend, transport: str) -> None:
    """Of a page of HTML, botocore's parser keeps the meaning of the status alone."""
    words = "Bad Gateway proxy-7 cannot reach the upstream" if transport == "auto" else "Bad Gateway"
    with pytest.raises(ServiceError, match=f"^{words} "):
        backend.execute(OPERATIONS[0])


@pytest.mark.parametrize("backend", [Forbidding], indirect=True)
def test_words_of_a_proxy_are_kept_and_shortened(backend: DynamoDBBackend) -> None:
    with pytest.raises(BackendError, match="blocked by policy 17") as caught:
        backend.execute(OPERATIONS[0])
    assert len(str(caught.value)) < 500


@pytest.mark.parametrize("backend", [Store], indirect=True)
def test_id_of_the_request_is_on_the_error(backend: DynamoDBBackend) -> None:
    with pytest.raises(TableNotFound, match=r"^not found \(http://127\.0\.0\.1:\d+, request id THE-ID\)$") as caught:
        backend.execute(OPERATIONS[0])
    assert caught.value.request_id == "THE-ID"
