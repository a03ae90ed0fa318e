"""Interception: mocks, recorders and tracers see every request, whenever they came, and whatever they replace."""

from __future__ import annotations

import functools
import inspect
import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path as FilePath
from types import CodeType, FrameType, FunctionType
from typing import Any, cast

import boto3
import botocore.auth
import botocore.awsrequest
import botocore.client
import botocore.endpoint
import botocore.httpsession
import pytest
import urllib3

from dynamongo.backends.dynamodb import DynamoDBBackend
from dynamongo.backends.dynamodb.transport import interception, originals
from dynamongo.operations import Get

MADE_UP: dict[str, Any] = {"access_key_id": "made-up", "secret_access_key": "top-secret", "region": "us-east-2"}

DIRECT = "direct: started by boto3, since botocore is imported"
OF_URLLIB3 = "direct: started by boto3, since urllib3 is imported"
LIGHT = "direct: started without boto3"


class Recorder(BaseHTTPRequestHandler):
    """Answers every request, and writes down whether boto3 made it, which numbers its requests."""

    protocol_version = "HTTP/1.1"
    seen: list[str]

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["Content-Length"]))
        self.seen.append("boto3" if "amz-sdk-invocation-id" in self.headers else "direct")
        body = b'{"Item":{"id":{"S":"server"}}}'
        self.send_response(200)
        self.send_header("Content-Type", "application/x-amz-json-1.0")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:
        """Nothing."""


@pytest.fixture
def server() -> Iterator[ThreadingHTTPServer]:
    Recorder.seen = []
    with ThreadingHTTPServer(("127.0.0.1", 0), Recorder) as running:
        thread = threading.Thread(target=running.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        yield running
        running.shutdown()
        thread.join()


@pytest.fixture
def url(server: ThreadingHTTPServer) -> str:
    return f"http://127.0.0.1:{server.server_port}"


@pytest.fixture
def backend(url: str) -> Iterator[DynamoDBBackend]:
    made = DynamoDBBackend(**MADE_UP, endpoint_url=url)
    yield made
    made.close()


@dataclass(frozen=True)
class Tool:
    """How a tool is started and stopped; meanwhile: the transport, who answers, and who asks the server."""

    start: str
    stop: str | None
    transport: str
    answer: str
    seen: tuple[str, ...]
    direct: str = DIRECT
    """How requests are sent when it is stopped: it has imported botocore, or urllib3 alone."""


TOOLS: dict[str, Tool] = {
    "moto": Tool(
        "url = None; from moto import mock_aws; mock = mock_aws(); mock.start()",
        "mock.stop()",
        "boto3: moto is active",
        "there is no table",
        (),
    ),
    "vcrpy": Tool(
        "import vcr; cassette = vcr.use_cassette('cassette.yaml'); cassette.__enter__()",
        "cassette.__exit__()",
        "boto3: botocore's AWSHTTPConnectionPool.ConnectionCls is replaced",
        "server",
        ("boto3",),
    ),
    "pook": Tool(
        "import pook; pook.on(); pook.post(url).reply(200).json({'Item': {'id': {'S': 'mock'}}})",
        "pook.off()",
        "boto3: urllib3's HTTPConnectionPool.urlopen is replaced",
        "mock",
        (),
        OF_URLLIB3,
    ),
    "responses": Tool(  # replaces a function of requests, by which boto3 sends nothing
        "import responses; responses.start()", "responses.stop()", OF_URLLIB3, "server", ("direct",), OF_URLLIB3
    ),
    "opentelemetry": Tool(
        "from opentelemetry.instrumentation.botocore import BotocoreInstrumentor as Tracer; Tracer().instrument()",
        "Tracer().uninstrument()",
        "boto3: botocore's BaseClient._make_api_call is replaced",
        "server",
        ("boto3",),
    ),
    "aws-xray-sdk": Tool(
        "from aws_xray_sdk.core import patch; patch(['botocore'])",
        None,
        "boto3: botocore's BaseClient._make_api_call is replaced",
        "server",
        ("boto3",),
    ),
    "ddtrace": Tool(
        "import ddtrace; ddtrace.patch(botocore=True)",
        None,
        "boto3: botocore's BaseClient._make_api_call is replaced",
        "server",
        ("boto3",),
    ),
    "ddtrace-appsec": Tool(  # exchanges the code of functions in place
        "from ddtrace.appsec._common_module_patches import patch_common_modules as start; start()",
        None,
        "boto3: urllib3's HTTPConnectionPool.urlopen is replaced",
        "server",
        ("boto3",),
    ),
}
# Tracers take a second and more to import.
NAMES = [pytest.param(name, marks=[pytest.mark.slow] if "dd" in name or "-" in name else []) for name in TOOLS]

MAKE = """
from dynamongo.backends.dynamodb import DynamoDBBackend
from dynamongo.exceptions import TableNotFound
from dynamongo.operations import Get
backend = DynamoDBBackend(access_key_id="made-up", secret_access_key="made-up", region="us-east-2", endpoint_url=url)
"""
DESCRIBE = "print(backend.describe_transport())"
ASK = """
try:
    print(backend.execute(Get("table", {"id": "a"})).item["id"])
except TableNotFound:
    print("there is no table")
"""


def run_program(lines: list[str], folder: FilePath) -> list[str]:
    """What a program prints, in a process that knows no credentials and talks to nobody else."""
    env = {name: value for name, value in os.environ.items() if not name.startswith("AWS_")}
    env |= {
        "AWS_XRAY_CONTEXT_MISSING": "IGNORE_ERROR",
        "DD_INSTRUMENTATION_TELEMETRY_ENABLED": "false",
        "DD_TRACE_AGENT_URL": "http://127.0.0.1:1",
    }
    command = [sys.executable, "-c", "\n".join(lines)]
    done = subprocess.run(command, check=False, capture_output=True, text=True, env=env, cwd=folder)
    assert done.returncode == 0, done.stderr
    return done.stdout.splitlines()


class TestTools:
    """The real packages, each in a process of its own."""

    @pytest.mark.parametrize("name", NAMES)
    def test_tool_that_comes_first_is_not_passed_by(self, url: str, tmp_path: FilePath, name: str) -> None:
        tool = TOOLS[name]
        stop = [tool.stop, DESCRIBE] if tool.stop else []
        lines = run_program([f"url = {url!r}", tool.start, MAKE, DESCRIBE, ASK, *stop], tmp_path)
        assert lines == [tool.transport, tool.answer, *[tool.direct for _ in stop[1:]]]
        assert Recorder.seen == list(tool.seen)

    @pytest.mark.parametrize("name", NAMES)
    def test_tool_that_comes_later_is_not_passed_by(self, url: str, tmp_path: FilePath, name: str) -> None:
        tool = TOOLS[name]
        address = "None" if name == "moto" else repr(url)
        stop = [tool.stop, DESCRIBE] if tool.stop else []
        lines = run_program([f"url = {address}", MAKE, DESCRIBE, tool.start, DESCRIBE, ASK, *stop], tmp_path)
        assert lines == [LIGHT, tool.transport, tool.answer, *[tool.direct for _ in stop[1:]]]
        assert Recorder.seen == list(tool.seen)


class Proxy:
    """Passes for what it holds, as the wrappers of wrapt do."""

    def __init__(self, held: Any) -> None:
        self._held = held

    # As wrapt has it.
    @property  # type: ignore[misc]
    def __class__(self) -> Any:
        return type(self._held)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._held, name)

    def __eq__(self, other: object) -> bool:
        return bool(self._held == other)

    def __hash__(self) -> int:
        return hash(self._held)

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        return self._held(*args, **kwargs)


def wrap(function: Any, called: list[str] | None = None) -> Any:
    @functools.wraps(function)
    def call(*args: Any, **kwargs: Any) -> Any:
        if called is not None:
            called.append(function.__name__)
        return function(*args, **kwargs)

    return call


def exchange_code(function: FunctionType) -> CodeType:
    """Have a function do something before what it does, as tools do that work in place; returns the code it had."""
    code = function.__code__
    function.__code__ = code.replace(co_consts=(*code.co_consts, "another"), co_names=(*code.co_names, "another"))
    return code


class TestReplacements:
    @pytest.mark.parametrize(
        "replace", [lambda _: type("Recorder", (), {}), Proxy, wrap], ids=["mock", "proxy", "wrap"]
    )
    def test_whatever_is_replaced_is_seen_while_it_is_there(
        self, backend: DynamoDBBackend, monkeypatch: pytest.MonkeyPatch, replace: Any
    ) -> None:
        for owner, name in interception._PLACES:
            assert backend.describe_transport() == DIRECT
            with monkeypatch.context() as patch:
                patch.setattr(owner, name, replace(getattr(owner, name)))
                assert f"{owner.__name__.rpartition('.')[2]}.{name} is replaced" in backend.describe_transport()
        assert backend.describe_transport() == DIRECT

    def test_code_that_is_exchanged_in_place_is_seen_while_it_is_there(self, backend: DynamoDBBackend) -> None:
        for owner, name in interception._GATES:
            assert backend.describe_transport() == DIRECT
            function = getattr(owner, name)
            code = exchange_code(function)
            try:
                assert f"{owner.__name__}.{name} is replaced" in backend.describe_transport()
            finally:
                function.__code__ = code
        assert backend.describe_transport() == DIRECT

    def test_code_that_was_exchanged_before_is_seen_wherever_it_is(self, url: str) -> None:
        function = botocore.endpoint.Endpoint.prepare_request
        code = exchange_code(cast("FunctionType", function))
        backend = DynamoDBBackend(**MADE_UP, endpoint_url=url)
        try:
            assert backend.describe_transport() == "boto3: botocore's Endpoint.prepare_request is replaced"
        finally:
            function.__code__ = code
        assert backend.describe_transport() == DIRECT
        backend.close()

    def test_function_that_is_gone_is_seen(self, backend: DynamoDBBackend, monkeypatch: pytest.MonkeyPatch) -> None:
        assert backend.describe_transport() == DIRECT
        monkeypatch.delattr(botocore.endpoint.Endpoint, "_get_response")
        assert "does not know this version" in backend.describe_transport()

    def test_original_that_decorates_itself_is_no_replacement(self) -> None:
        function = vars(botocore.client.BaseClient)["_make_api_call"]
        assert hasattr(function, "__wrapped__")
        assert originals.is_original(function)

    def test_request_is_sent_by_what_replaces_a_function(
        self, backend: DynamoDBBackend, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        assert backend.execute(Get("table", {"id": "a"})).item == {"id": "server"}
        signed: list[str] = []
        add_auth = botocore.auth.SigV4Auth.add_auth

        def sign(self: Any, request: Any) -> None:
            signed.append(request.url)
            add_auth(self, request)

        monkeypatch.setattr(botocore.auth.SigV4Auth, "add_auth", sign)
        backend.execute(Get("table", {"id": "a"}))
        assert (len(signed), Recorder.seen) == (1, ["direct", "boto3"])


class TestClients:
    @pytest.mark.parametrize("name", ["get_item", "_make_api_call"])
    def test_client_with_a_method_of_its_own_sends(self, url: str, name: str) -> None:
        called: list[str] = []

        class Session(boto3.Session):
            def client(self, *args: Any, **kwargs: Any) -> Any:
                made: Any = super().client(*args, **kwargs)
                setattr(made, name, wrap(getattr(made, name), called))
                return made

        backend = DynamoDBBackend(session=Session("made-up", "made-up", region_name="us-east-2"), endpoint_url=url)
        assert backend.describe_transport() == f"boto3: the client's {name} is replaced"
        backend.execute(Get("table", {"id": "a"}))
        assert called == [name]
        backend.close()

    def test_client_whose_class_has_a_wrapped_method_sends(self, url: str, monkeypatch: pytest.MonkeyPatch) -> None:
        """As a tracer has it that wraps what makes the methods of clients."""
        make = botocore.client.ClientCreator._create_api_method  # type: ignore[attr-defined]

        def make_traced(self: Any, *args: Any) -> Any:
            return wrap(make(self, *args))

        monkeypatch.setattr(botocore.client.ClientCreator, "_create_api_method", make_traced)
        backend = DynamoDBBackend(**MADE_UP, endpoint_url=url)
        assert "boto3: the client's " in backend.describe_transport()
        backend.close()

    def test_pool_manager_that_the_client_was_made_with_sends(self, url: str, monkeypatch: pytest.MonkeyPatch) -> None:
        class Recorder(urllib3.PoolManager):
            pass

        monkeypatch.setattr(botocore.httpsession, "PoolManager", Recorder)
        backend = DynamoDBBackend(
            access_key_id="made-up", secret_access_key="made-up", region="us-east-2", endpoint_url=url
        )
        assert backend.describe_transport() == "boto3: the client's pool manager is replaced"
        monkeypatch.undo()
        assert backend.describe_transport() == "boto3: the client's pool manager is replaced"

    @pytest.mark.parametrize("name", ["AWSHTTPConnectionPool.urlopen", "AWSHTTPSConnection.request"])
    def test_function_that_replaces_an_inherited_one_is_seen(
        self, backend: DynamoDBBackend, monkeypatch: pytest.MonkeyPatch, name: str
    ) -> None:
        owner, function = name.split(".")
        monkeypatch.setattr(getattr(botocore.awsrequest, owner), function, lambda *_: None)
        assert backend.describe_transport() == f"boto3: botocore's {name} is replaced"

    def test_what_is_no_client_of_botocore_sends(self, url: str) -> None:
        class Session(boto3.Session):
            def client(self, *args: Any, **kwargs: Any) -> Any:
                return Proxy(super().client(*args, **kwargs))

        backend = DynamoDBBackend(session=Session("made-up", "made-up", region_name="us-east-2"), endpoint_url=url)
        assert backend.describe_transport() == "boto3: the client is not botocore's"
        backend.execute(Get("table", {"id": "a"}))
        assert Recorder.seen == ["boto3"]
        backend.close()


STEPS_WITHIN = {
    "botocore.client _api_call",  # made for each client, and looked at there
    "botocore.context wrapper",  # botocore's own decorator
    "botocore.auth _sign",
    "botocore.awsrequest content",
    "urllib3.response stream",
    "urllib3.response read",
    "urllib3.response _raw_read",
    "urllib3.response _fp_read",
    "http.client _read_status",
}
"""What is called by what is watched alone: parts of the signature, and of an answer that is there."""


def test_whatever_is_under_way_when_a_request_is_signed_sent_and_answered_is_watched(url: str) -> None:
    moments = {"connect", "sendall", "recv_into", "hmac_new", "new"}
    under_way: set[tuple[str, CodeType]] = set()

    def look(frame: FrameType, event: str, argument: Any) -> None:
        is_moment = event == "c_call" and argument.__name__ in moments
        step: FrameType | None = frame if is_moment else None
        while step is not None:
            under_way.add((step.f_globals["__name__"], step.f_code))
            step = step.f_back

    client = boto3.Session("made-up", "made-up", region_name="us-east-2").client("dynamodb", endpoint_url=url)
    sys.setprofile(look)
    client.get_item(TableName="table", Key={"id": {"S": "a"}})
    sys.setprofile(None)
    client.close()
    libraries = {(module, code) for module, code in under_way if module.partition(".")[0] in originals.LIBRARIES}
    functions = [inspect.unwrap(getattr(*place)) for place in interception._PLACES]
    watched = {each.__code__ for each in functions if not isinstance(each, type)}
    missed = {f"{module} {code.co_name}" for module, code in libraries if code not in watched}
    assert len(libraries) > 20
    assert missed - STEPS_WITHIN == set()
