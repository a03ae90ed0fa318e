"""Watchers: handlers, tracers, recorders and mocks see of each action what they see where JSON is not passed on."""

from __future__ import annotations

import contextlib
import gc
import os
import subprocess
import sys
import warnings
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path as FilePath
from typing import Any

import boto3
import botocore.client
import botocore.parsers
import botocore.serialize
import pytest
from botocore.exceptions import ParamValidationError
from botocore.stub import Stubber
from moto import mock_aws
from opentelemetry import trace
from opentelemetry.instrumentation.botocore import BotocoreInstrumentor
from vcr import use_cassette  # type: ignore[import-untyped]  # its package has no types
from watching import TABLE, VALUES, Listener, Wrapper, execute_all, hide_times, key, show

from dynamongo.backends.dynamodb import DynamoDBBackend
from dynamongo.backends.dynamodb.requests import Request
from dynamongo.backends.dynamodb.transport import boto_transport
from dynamongo.exceptions import InvalidRequestError
from dynamongo.operations import CreateTable, DeleteTable, Get, Put
from dynamongo.schema import KeyAttribute, KeySchema, TableSchema

MADE_UP: dict[str, Any] = {"access_key_id": "made-up", "secret_access_key": "top-secret", "region": "us-east-2"}
Record = Any


@contextlib.contextmanager
def without_shortcuts() -> Iterator[None]:
    """Have botocore serialize and parse everything."""

    def pass_nothing(_: Any, request: Request, *, is_watched: bool) -> dict[str, Any]:
        del is_watched
        return request.arguments

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(boto_transport, "pass_json", pass_nothing)
        yield


@contextlib.contextmanager
def note_serialized() -> Iterator[list[str]]:
    """Write down which actions botocore itself has serialized."""
    found: list[str] = []
    serialize: Any = botocore.serialize.JSONSerializer._serialize_type_structure  # type: ignore[attr-defined]

    def count(self: Any, serialized: Any, value: Any, shape: Any, key: Any) -> None:
        if key is None and value:
            found.append(shape.name)
        serialize(self, serialized, value, shape, key)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(botocore.serialize.JSONSerializer, "_serialize_type_structure", count)
        yield found


def make_client(url: str) -> Any:
    make: Any = boto3.client  # which has an overload for every service of AWS
    return make("dynamodb", "us-east-2", endpoint_url=url, aws_access_key_id="made-up", aws_secret_access_key="made-up")


def watch_events(url: str, _: FilePath) -> Record:
    with contextlib.closing(make_client(url)) as client:
        listener = Listener(client)
        return execute_all(DynamoDBBackend(client=client)), listener.seen


def watch_calls(url: str, _: FilePath) -> Record:
    wrapper = Wrapper()
    with pytest.MonkeyPatch.context() as patch, contextlib.closing(DynamoDBBackend(**MADE_UP, endpoint_url=url)) as own:
        patch.setattr(botocore.client.BaseClient, "_make_api_call", wrapper.function)
        assert own.describe_transport() == "boto3: botocore's BaseClient._make_api_call is replaced"
        return execute_all(own), wrapper.seen


def watch_nothing(url: str, _: FilePath) -> Record:
    with contextlib.closing(DynamoDBBackend(**MADE_UP, endpoint_url=url, transport="boto3")) as backend:
        return (execute_all(backend),)


class Spans(trace.TracerProvider, trace.Tracer):
    """Keeps the attributes of spans, as OpenTelemetry's SDK does."""

    def __init__(self) -> None:
        self.seen: list[Any] = []

    def get_tracer(self, *_: Any, **__: Any) -> trace.Tracer:
        return self

    def start_span(self, name: str, *_: Any, attributes: Any = None, **__: Any) -> trace.Span:
        return Span(name, dict(attributes or {}), self.seen)

    @contextlib.contextmanager
    def start_as_current_span(self, name: str, *_: Any, **named: Any) -> Iterator[trace.Span]:  # type: ignore[override]
        yield self.start_span(name, attributes=named["attributes"])


class Span(trace.NonRecordingSpan):
    def __init__(self, name: str, attributes: dict[str, Any], seen: list[Any]) -> None:
        super().__init__(trace.INVALID_SPAN_CONTEXT)
        self.attributes = attributes
        seen.append((name, attributes))

    def is_recording(self) -> bool:
        return True

    def set_attribute(self, key: str, value: Any) -> None:
        if "request_id" not in key:
            self.attributes[key] = show(value)

    def set_status(self, *status: Any, **_: Any) -> None:
        self.attributes["status"] = str(status)


def watch_spans(url: str, _: FilePath, **hooks: Any) -> Record:
    provider, tracer = Spans(), BotocoreInstrumentor()  # type: ignore[no-untyped-call]  # by its package
    tracer.instrument(tracer_provider=provider, **hooks)
    try:
        with contextlib.closing(DynamoDBBackend(**MADE_UP, endpoint_url=url)) as backend:
            return execute_all(backend), provider.seen
    finally:
        tracer.uninstrument()


def watch_hooks(url: str, folder: FilePath) -> Record:
    hooked: list[Any] = []

    def remember(_: Any, *told: Any) -> None:
        hooked.append(show(told))

    return *watch_spans(url, folder, request_hook=remember, response_hook=remember), hooked


def watch_cassette(url: str, folder: FilePath) -> Record:
    # The release of vcrpy for Python 3.10 leaves the sockets of boto3's client open.
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ResourceWarning)
        record = record_cassette(url, folder / "cassette.yaml")
        gc.collect()
    return record


def record_cassette(url: str, file: FilePath) -> Record:
    file.unlink(missing_ok=True)
    with (
        use_cassette(str(file)) as cassette,
        contextlib.closing(DynamoDBBackend(**MADE_UP, endpoint_url=url)) as backend,
    ):
        results = execute_all(backend)
        return results, [(show(request.body), request.headers.get("X-Amz-Target")) for request in cassette.requests]


def watch_moto(_: str, __: FilePath) -> Record:
    with mock_aws():
        backend = DynamoDBBackend(**MADE_UP)
        assert backend.describe_transport() == "boto3: moto is active"
        return (execute_all(backend),)


WATCHES: list[Callable[[str, FilePath], Record]] = [
    watch_events, watch_calls, watch_nothing, watch_spans, watch_hooks, watch_cassette, watch_moto
]  # fmt: skip


@pytest.mark.parametrize("watch", WATCHES, ids=lambda watch: watch.__name__)
def test_watchers_see_the_same(server_url: str, tmp_path: FilePath, watch: Callable[[str, FilePath], Record]) -> None:
    with without_shortcuts(), note_serialized() as all_serialized:
        results, *seen = watch(server_url, tmp_path)
    with note_serialized() as serialized:
        results_now, *seen_now = watch(server_url, tmp_path)
    assert results_now == results
    assert hide_times(seen_now) == hide_times(seen)
    assert len(all_serialized) == 33
    assert serialized == ["TransactWriteItemsInput"], "to the one without a token, botocore adds one"


def run_traced(url: str, folder: FilePath, start: str, show_spans: str) -> list[str]:
    """What a tracer that cannot be stopped has seen, in a process of its own."""
    lines = [
        f"import sys; sys.path.insert(0, {str(FilePath(__file__).parents[2])!r})",
        start,
        "from dynamongo.backends.dynamodb import DynamoDBBackend; from watching import execute_all, show",
        f"backend = DynamoDBBackend(**{MADE_UP!r}, endpoint_url={url!r})",
        "if len(sys.argv) > 1:",
        "    from dynamongo.backends.dynamodb.transport import boto_transport",
        "    boto_transport.pass_json = lambda client, request, is_watched: request.arguments",
        "execute_all(backend)",
        show_spans,
    ]
    environment = {name: value for name, value in os.environ.items() if not name.startswith("AWS_")}
    environment |= {"DD_TRACE_AGENT_URL": "http://127.0.0.1:1", "DD_INSTRUMENTATION_TELEMETRY_ENABLED": "false"}
    command = [sys.executable, "-c", "\n".join(lines)]
    runs = [
        subprocess.run([*command, *extra], check=False, capture_output=True, text=True, env=environment, cwd=folder)
        for extra in ([], ["plain"])
    ]
    assert [run.returncode for run in runs] == [0, 0], runs[0].stderr
    return [run.stdout for run in runs]


@pytest.mark.slow  # they take a second and more to import
class TestTracersThatStay:
    def test_segments_of_xray_are_the_same(self, server_url: str, tmp_path: FilePath) -> None:
        start = (
            "from aws_xray_sdk.core import patch, xray_recorder as recorder; patch(['botocore']);"
            "recorder.configure(sampling=False, streaming_threshold=1000); segment = recorder.begin_segment('tests')"
        )
        spans = "for each in segment.subsegments: print(each.name, show(each.aws), show(each.http))"
        found, expected = run_traced(server_url, tmp_path, start, spans)
        assert hide_times(found) == hide_times(expected)
        assert len(found.splitlines()) > 25

    def test_spans_of_ddtrace_are_the_same(self, server_url: str, tmp_path: FilePath) -> None:
        start = (
            "import ddtrace; ddtrace.patch(botocore=True); from ddtrace.trace import tracer, TraceFilter\n"
            "spans = []\n"
            "class Keep(TraceFilter):\n"
            "    def process_trace(self, trace): spans.extend(trace)\n"
            "tracer.configure(trace_processors=[Keep()])"
        )
        spans = (
            "for each in spans: print(each.name, each.resource, sorted("
            "(name, value) for name, value in each.get_tags().items() if 'id' not in name and 'stack' not in name))"
        )
        found, expected = run_traced(server_url, tmp_path, start, spans)
        assert hide_times(found) == hide_times(expected)
        assert len(found.splitlines()) > 25


@pytest.fixture
def client(server_url: str) -> Iterator[Any]:
    with contextlib.closing(make_client(server_url)) as made:
        yield made


@pytest.fixture
def backend(client: Any) -> Iterator[DynamoDBBackend]:
    made = DynamoDBBackend(client=client)
    made.execute(CreateTable(TableSchema(TABLE, KeySchema(KeyAttribute("id", "S"), KeyAttribute("at", "N")))))
    made.execute(Put(TABLE, {**key(1), **VALUES}))
    yield made
    DynamoDBBackend(client=client).execute(DeleteTable(TABLE))


class TestChanges:
    """What watchers change counts."""

    @pytest.mark.parametrize("event", ["provide-client-params", "before-parameter-build"])
    def test_arguments_of_a_handler_are_sent(self, client: Any, backend: DynamoDBBackend, event: str) -> None:
        def ask_for_another(params: dict[str, Any], **_: Any) -> None:
            params["Key"]["at"] = {"N": "7"}

        assert backend.execute(Get(TABLE, key(1))).item is not None
        client.meta.events.register(f"{event}.dynamodb.GetItem", ask_for_another)
        assert backend.execute(Get(TABLE, key(1))).item is None
        client.meta.events.unregister(f"{event}.dynamodb.GetItem", ask_for_another)

    def test_other_arguments_of_a_tracer_are_sent(
        self, backend: DynamoDBBackend, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        wrapper = Wrapper(lambda arguments: arguments.update(Key={"id": {"S": "p"}, "at": {"N": "7"}}))
        monkeypatch.setattr(botocore.client.BaseClient, "_make_api_call", wrapper.function)
        assert backend.execute(Get(TABLE, key(1))).item is None

    def test_arguments_that_a_tracer_spoils_are_refused(
        self, backend: DynamoDBBackend, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        wrapper = Wrapper(lambda arguments: arguments.update(Key=object()))
        monkeypatch.setattr(botocore.client.BaseClient, "_make_api_call", wrapper.function)
        with pytest.raises(InvalidRequestError, match="Parameter validation failed"):
            backend.execute(Get(TABLE, key(1)))

    def test_body_of_a_handler_is_sent(self, client: Any, backend: DynamoDBBackend) -> None:
        def ask_for_another(params: dict[str, Any], **_: Any) -> None:
            params["body"] = params["body"].replace(b'"N": "1"', b'"N": "7"')

        client.meta.events.register("before-call.dynamodb.GetItem", ask_for_another)
        assert backend.execute(Get(TABLE, key(1))).item is None
        client.meta.events.unregister("before-call.dynamodb.GetItem", ask_for_another)

    def test_response_of_a_handler_is_read(self, client: Any, backend: DynamoDBBackend) -> None:
        def change(parsed: dict[str, Any], **_: Any) -> None:
            parsed["Item"] = {"id": {"S": "changed"}}

        client.meta.events.register("after-call.dynamodb.GetItem", change)
        assert backend.execute(Get(TABLE, key(1))).item == {"id": "changed"}
        client.meta.events.unregister("after-call.dynamodb.GetItem", change)

    def test_stub_is_told_the_arguments_and_answers(self, client: Any) -> None:
        expected = {"TableName": TABLE, "Key": {"id": {"B": b"b"}}, "ReturnConsumedCapacity": "TOTAL"}
        with Stubber(client) as stubber:
            stubber.add_response("get_item", {"Item": {"id": {"B": b"b"}}}, expected)
            assert DynamoDBBackend(client=client).execute(Get(TABLE, {"id": b"b"})).item == {"id": b"b"}
            stubber.assert_no_pending_responses()


class TestClients:
    def test_calls_of_the_owner_are_botocores(self, client: Any, backend: DynamoDBBackend) -> None:
        """At the same moment, in other threads."""
        before = {**vars(client)}
        wanted = client.get_item(TableName=TABLE, Key={"id": {"S": "p"}, "at": {"N": "1"}})["Item"]

        def ask(number: int) -> None:
            if number % 2:
                assert backend.execute(Get(TABLE, key(1))).item == {**key(1), **VALUES}
            else:
                found = client.get_item(TableName=TABLE, Key={"id": {"S": "p"}, "at": {"N": "1"}})
                assert type(found) is dict
                assert (found["Item"], found["ResponseMetadata"]["RetryAttempts"]) == (wanted, 0)

        with ThreadPoolExecutor(8) as threads:
            list(threads.map(ask, range(200)))
        with pytest.raises(ParamValidationError):
            client.get_item(TableName=TABLE, Key={"id": {"S": 1}})
        assert vars(client) == before

    @pytest.mark.usefixtures("backend")
    def test_parser_factory_of_a_session_parses(self, server_url: str) -> None:
        parsed: list[str] = []

        class Parser(botocore.parsers.JSONParser):
            def parse(self, response: Any, shape: Any) -> Any:
                parsed.append(shape.name)
                return super().parse(response, shape)

        class Factory(botocore.parsers.ResponseParserFactory):
            def create_parser(self, protocol_name: str) -> Any:
                return Parser()

        session = boto3.Session("made-up", "made-up", region_name="us-east-2")
        session._session.register_component("response_parser_factory", Factory())
        with contextlib.closing(DynamoDBBackend(session=session, endpoint_url=server_url, transport="boto3")) as own:
            own.execute(Get(TABLE, key(1)))
        assert parsed == ["GetItemOutput"]

    def test_serializer_that_is_replaced_serializes(
        self, backend: DynamoDBBackend, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        called: list[str] = []
        serialize = botocore.serialize.JSONSerializer.serialize_to_request

        def traced(self: Any, parameters: Any, operation_model: Any) -> Any:
            called.append(operation_model.name)
            return serialize(self, parameters, operation_model)

        monkeypatch.setattr(botocore.serialize.JSONSerializer, "serialize_to_request", traced)
        with note_serialized() as serialized:
            backend.execute(Get(TABLE, key(1)))
        assert (called, serialized) == (["GetItem"], ["GetItemInput"])


PARTS: dict[str, Callable[[Any], Any]] = {
    "_endpoint.make_request": lambda client: client._endpoint,
    "_endpoint._send": lambda client: client._endpoint,
    "http_session.send": lambda client: client._endpoint.http_session,
    "manager.connection_from_url": lambda client: client._endpoint.http_session._manager,
    "signer.sign": lambda client: client._request_signer,
    "events.emit": lambda client: client.meta.events,
    "emitter.emit": lambda client: client.meta.events._emitter,
}
OTHERS: dict[str, Callable[[Any], Any]] = {
    "serializer.serialize_to_request": lambda client: client._serializer,
    "inner.serialize_to_request": lambda client: client._serializer._serializer,
    "validator.validate": lambda client: client._serializer._param_validator,
    "factory.create_parser": lambda client: client._endpoint._response_parser_factory,
}


def replace_part(patch: pytest.MonkeyPatch, part: Any, name: str) -> list[Any]:
    """Have calls of a method of an object, and the bodies that it is given, written down."""
    original, seen = getattr(part, name), list[Any]()

    def replacement(*args: Any, **named: Any) -> Any:
        seen.extend([getattr(each, "body", None) for each in (*args, *named.values())])
        return original(*args, **named)

    patch.setattr(part, name, replacement)
    return seen


@pytest.mark.parametrize("name", [*PARTS, *OTHERS])
def test_replaced_methods_of_parts_of_a_client_see_what_they_would_see(server_url: str, name: str) -> None:
    found: list[Any] = []
    for block in (without_shortcuts, contextlib.nullcontext):
        client = make_client(server_url)
        with block(), pytest.MonkeyPatch.context() as patch, contextlib.closing(client):
            backend = DynamoDBBackend(client=client)
            with contextlib.suppress(Exception):
                backend.execute(Get(TABLE, key(1)))  # before it is replaced
            seen = replace_part(patch, (PARTS | OTHERS)[name](client), name.rpartition(".")[2])
            with contextlib.suppress(Exception):
                backend.execute(Get(TABLE, key(1)))
            found.append([hide_times(each) for each in seen])
    assert found[0] == found[1] != []


@pytest.mark.parametrize("name", PARTS)
def test_parts_of_a_client_that_a_session_makes_are_watched(server_url: str, name: str) -> None:
    client = make_client(server_url)

    class Session:
        region_name = "us-east-2"
        _session = boto3.Session()._session

        def client(self, *_: Any, **__: Any) -> Any:
            return client

    with pytest.MonkeyPatch.context() as patch, contextlib.closing(client):
        part: Any = PARTS[name](client)
        replace_part(patch, part, name.rpartition(".")[2])
        made: Any = Session()
        reason = f"boto3: a method of the client's {type(part).__name__} is replaced"
        assert DynamoDBBackend(session=made).describe_transport() == reason


def test_a_replaced_parser_factory_makes_the_parsers(server_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    with contextlib.closing(DynamoDBBackend(**MADE_UP, endpoint_url=server_url, transport="boto3")) as backend:
        seen = replace_part(monkeypatch, botocore.parsers.ResponseParserFactory, "create_parser")
        with contextlib.suppress(Exception):
            backend.execute(Get(TABLE, key(1)))
    assert seen
