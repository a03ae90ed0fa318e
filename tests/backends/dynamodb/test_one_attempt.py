"""One attempt for each call: whatever a client or session is configured to, dynamongo alone retries."""

from __future__ import annotations

import contextlib
import os
import socket
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path as FilePath
from typing import Any

import boto3
import pytest
from botocore.config import Config
from botocore.credentials import CredentialProvider, Credentials, RefreshableCredentials
from botocore.stub import Stubber
from faulty_server import CutAfter, Damage, FailAfter, FaultyServer, Refuse, Script, Slow, run_faulty_server

from dynamongo import (
    ConfigurationError,
    Connection,
    CredentialsError,
    DynamongoError,
    IntField,
    Model,
    RetryPolicy,
    ServiceError,
    StringField,
    ThrottledError,
    WriteOutcomeUnknown,
)
from dynamongo.backends.dynamodb import DynamoDBBackend
from dynamongo.operations import DescribeTable, Get

KEYS: dict[str, Any] = {"aws_access_key_id": "x", "aws_secret_access_key": "x", "region_name": "us-east-2"}
QUICK = RetryPolicy(attempts=3, base=0.001, cap=0.002)
SETTINGS: list[Any] = [
    None,
    {"mode": "legacy"},
    {"mode": "standard"},
    {"mode": "legacy", "max_attempts": 7},
    {"mode": "standard", "total_max_attempts": 5},
    {"mode": "adaptive", "total_max_attempts": 1},
]
DESCRIBE = DescribeTable("nowhere")


class Counter(Model):
    __table__ = "one-attempt"
    __hash_key__ = "name"
    name = StringField(required=True)
    count = IntField()


@pytest.fixture
def server(server_url: str, monkeypatch: pytest.MonkeyPatch, tmp_path: FilePath) -> Iterator[FaultyServer]:
    """A server that fails as its plan says, and an environment in which boto3 finds nothing."""
    for variable in list(os.environ):
        if variable.startswith("AWS_"):
            monkeypatch.delenv(variable)
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "config"))
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(tmp_path / "credentials"))
    with run_faulty_server(server_url) as running:
        yield running


@pytest.fixture
def counter(server: FaultyServer) -> Iterator[Counter]:
    client = make_client(server, None)
    with Connection.using(DynamoDBBackend(client=client)):
        Counter.create_table()
        yield Counter.save_one({"name": "a", "count": 0})
        server.plan = Script()
        Counter.delete_table()
    client.close()


def make_client(server: FaultyServer, retries: Any) -> Any:
    make: Any = boto3.client  # which has an overload for every service of AWS
    return make("dynamodb", endpoint_url=server.url, config=Config(retries=retries), **KEYS)


def sent(server: FaultyServer, action: str) -> int:
    return sum(entry.action == action for entry in server.log)


class TestClient:
    @pytest.mark.parametrize("retries", SETTINGS, ids=repr)
    @pytest.mark.parametrize("fault", [CutAfter(20), FailAfter()], ids=lambda fault: type(fault).__name__)
    @pytest.mark.usefixtures("counter")
    def test_increment_whose_answer_is_lost_is_applied_once_and_reported_as_unknown(
        self, server: FaultyServer, retries: Any, fault: Any
    ) -> None:
        client = make_client(server, retries)
        server.plan = Script({("UpdateItem", number): fault for number in (1, 2, 3)})
        with Connection.using(DynamoDBBackend(client=client)), pytest.raises(WriteOutcomeUnknown):
            Counter.update_one("a", Counter.count.increment())
        assert sent(server, "UpdateItem") == 1
        server.plan = Script()
        assert Counter.get_one("a", consistent=True).count == 1

    @pytest.mark.parametrize("retries", [*SETTINGS[:-1], pytest.param(SETTINGS[-1], marks=pytest.mark.slow)], ids=repr)
    def test_attempts_are_ours(self, server: FaultyServer, retries: Any) -> None:
        server.plan = Script({("GetItem", None): Refuse.throttling()})
        connection = Connection(client=make_client(server, retries), retries=QUICK)
        with pytest.raises(ThrottledError):
            connection.execute(Get("nowhere", {"name": "a"}))
        assert sent(server, "GetItem") == 3

    def test_client_still_retries_for_its_owner(self, server: FaultyServer) -> None:
        client = make_client(server, {"mode": "standard", "total_max_attempts": 2})
        server.plan = Script({("GetItem", None): Refuse.throttling()})
        before: dict[str, Any] = dict(vars(client))
        with pytest.raises(ThrottledError):
            Connection(client=client, retries=RetryPolicy(attempts=1)).execute(Get("nowhere", {"name": "a"}))
        assert vars(client) == before
        assert sent(server, "GetItem") == 1
        with pytest.raises(client.exceptions.ProvisionedThroughputExceededException):
            client.get_item(TableName="nowhere", Key={"name": {"S": "a"}})
        assert sent(server, "GetItem") == 3

    def test_adaptive_mode_is_refused_with_what_to_write_instead(self, server: FaultyServer) -> None:
        backend = DynamoDBBackend(client=make_client(server, {"mode": "adaptive", "total_max_attempts": 4}))
        with pytest.raises(ConfigurationError, match=r"\"mode\": \"adaptive\", \"total_max_attempts\": 1") as caught:
            backend.execute(DESCRIBE)
        assert "applied twice" in str(caught.value)
        assert server.log == []

    def test_damaged_answer_is_no_answer(self, server: FaultyServer, counter: Counter) -> None:
        server.plan = Script({("UpdateItem", 1): Damage()})
        with pytest.raises(WriteOutcomeUnknown):
            counter.update(Counter.count.increment())

    def test_stubbed_client_answers(self, server: FaultyServer) -> None:
        client = make_client(server, None)
        backend = DynamoDBBackend(client=client)
        with Stubber(client) as stubber:
            stubber.add_response("get_item", {"Item": {"name": {"S": "stub"}}})
            assert backend.execute(Get("nowhere", {"name": "a"})).item == {"name": "stub"}
        assert server.log == []

    def test_attempts_of_the_client_are_the_connections_where_it_sets_none(self, server: FaultyServer) -> None:
        server.plan = Script({("GetItem", None): Refuse.throttling()})
        connection = Connection(client=make_client(server, {"mode": "standard", "total_max_attempts": 2}))
        with pytest.raises(ThrottledError, match="2 attempts"):
            connection.execute(Get("nowhere", {"name": "a"}))
        assert sent(server, "GetItem") == 2


class TestSession:
    """Retries that are configured in the environment, in files, or on a session."""

    @pytest.fixture(params=["auto", "boto3"])
    def settings(self, request: pytest.FixtureRequest, server: FaultyServer) -> dict[str, Any]:
        server.plan = Script({("GetItem", None): Refuse.throttling()})
        return {"endpoint_url": server.url, "transport": request.param}

    def count(self, server: FaultyServer, connection: Connection) -> int:
        with pytest.raises(ThrottledError):
            connection.execute(Get("nowhere", {"name": "a"}))
        return sent(server, "GetItem")

    @pytest.mark.parametrize("attempts", [1, 2])
    def test_environment_says_how_many_attempts(
        self, server: FaultyServer, settings: dict[str, Any], monkeypatch: pytest.MonkeyPatch, attempts: int
    ) -> None:
        monkeypatch.setenv("AWS_MAX_ATTEMPTS", str(attempts))
        assert self.count(server, Connection("x", "x", "us-east-2", **settings)) == attempts

    def test_files_say_how_many_attempts(
        self, server: FaultyServer, settings: dict[str, Any], tmp_path: FilePath
    ) -> None:
        (tmp_path / "config").write_text("[profile p]\nmax_attempts = 2\nretry_mode = legacy\nregion = us-east-2\n")
        (tmp_path / "credentials").write_text("[p]\naws_access_key_id = x\naws_secret_access_key = x\n")
        assert self.count(server, Connection(profile="p", **settings)) == 2

    @pytest.mark.parametrize("retries", [{"max_attempts": 1}, {"total_max_attempts": 2, "mode": "legacy"}], ids=repr)
    def test_config_of_a_session_says_how_many_attempts(
        self, server: FaultyServer, settings: dict[str, Any], retries: Any
    ) -> None:
        session = boto3.Session(**KEYS)
        session._session.set_default_client_config(Config(retries=retries))
        assert self.count(server, Connection(session=session, **settings)) == 2

    def test_what_code_sets_wins(
        self, server: FaultyServer, settings: dict[str, Any], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv("AWS_MAX_ATTEMPTS", "7")
        assert self.count(server, Connection("x", "x", "us-east-2", retries=QUICK, **settings)) == 3

    def test_adaptive_mode_goes_through_boto3_which_limits_the_rate(
        self, server: FaultyServer, settings: dict[str, Any], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv("AWS_RETRY_MODE", "adaptive")
        connection = Connection("x", "x", "us-east-2", retries=RetryPolicy(attempts=1), **settings)
        assert self.count(server, connection) == 1
        backend: Any = connection.backend
        assert backend.describe_transport().startswith("boto3: ")

    @pytest.mark.parametrize("attempts", ["many", "0", "-1"])
    def test_number_that_cannot_be_is_refused(
        self, server: FaultyServer, settings: dict[str, Any], monkeypatch: pytest.MonkeyPatch, attempts: str
    ) -> None:
        monkeypatch.setenv("AWS_MAX_ATTEMPTS", attempts)
        with pytest.raises(ConfigurationError, match="AWS_MAX_ATTEMPTS"):
            Connection("x", "x", "us-east-2", **settings).execute(DESCRIBE)
        assert server.log == []


@pytest.mark.parametrize("transport", ["auto", "boto3"])
class TestTime:
    """A request ends with the time of its call."""

    def connect(self, server: FaultyServer, transport: str, **settings: Any) -> Connection:
        settings.setdefault("retries", RetryPolicy(attempts=1))
        return Connection("x", "x", "us-east-2", endpoint_url=server.url, transport=transport, **settings)

    @pytest.mark.parametrize(
        "settings", [{"retries": RetryPolicy(attempts=1, max_seconds=0.2)}, {"timeout": 0.2}], ids=["call", "request"]
    )
    def test_silence_is_not_waited_out(self, server: FaultyServer, transport: str, settings: dict[str, Any]) -> None:
        server.plan = Script({("DescribeTable", 1): Slow(0.5)})
        with pytest.raises(ServiceError) as caught:
            self.connect(server, transport, **settings).execute(DESCRIBE)
        assert caught.value.code == "ReadTimeoutError"
        assert caught.value.was_sent

    def test_time_that_is_over_leaves_no_request(self, server: FaultyServer, transport: str) -> None:
        """The wait would go beyond the time, and so the store is not asked again."""
        server.plan = Script({("DescribeTable", None): Refuse.throttling()})
        policy = RetryPolicy(attempts=9, base=1e6, cap=1e6, max_seconds=1)
        with pytest.raises(ThrottledError, match="1 attempt,"):
            self.connect(server, transport, retries=policy).execute(DESCRIBE)
        assert sent(server, "DescribeTable") == 1

    def test_limit_of_one_call_is_not_that_of_the_next(self, server: FaultyServer, transport: str) -> None:
        """Both go over one connection, and the second answer takes longer than the first was allowed to."""
        server.plan = Script({("DescribeTable", 2): Slow(1.3)})
        backend: Any = self.connect(server, transport).backend
        for seconds in (1, 60):
            with pytest.raises(DynamongoError, match="nowhere"):
                backend.execute(DESCRIBE, seconds)
        assert server.connection_count == 1

    @pytest.mark.parametrize("name", ["timeout", "connect_timeout"])
    @pytest.mark.parametrize("seconds", [0, -1, "5", True, float("nan")])
    def test_timeouts_are_seconds_above_0(self, server: FaultyServer, transport: str, name: str, seconds: Any) -> None:
        with pytest.raises(
            ConfigurationError, match=rf"^{name} must be a number of seconds > 0 and <= 1000000000; got"
        ):
            self.connect(server, transport, **{name: seconds}).execute(DESCRIBE)

    def test_timeouts_reach_boto3(self, server: FaultyServer, transport: str) -> None:
        backend: Any = self.connect(server, transport, timeout=4, connect_timeout=2.5).backend
        config = backend._settings.make_client().meta.config
        assert (config.read_timeout, config.connect_timeout) == (4, 2.5)


@pytest.fixture
def full_port() -> Iterator[int]:
    """A port on which a connection is neither accepted nor refused: its queue is full."""
    with socket.create_server(("127.0.0.1", 0), backlog=0) as listening, contextlib.ExitStack() as waiting:
        for _ in range(4):
            client = waiting.enter_context(socket.socket())
            client.settimeout(0)
            client.connect_ex(listening.getsockname())
        yield listening.getsockname()[1]


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere a full queue refuses connections")
def test_addresses_of_a_host_share_the_time_of_the_call(full_port: int, monkeypatch: pytest.MonkeyPatch) -> None:
    found = [(socket.AF_INET, socket.SOCK_STREAM, 6, "", ("127.0.0.1", full_port))]
    backend = DynamoDBBackend(
        access_key_id="x", secret_access_key="x", region="us-east-2", endpoint_url=f"http://full.test:{full_port}"
    )
    assert backend.describe_transport().startswith("direct: ")
    monkeypatch.setattr(socket, "getaddrinfo", lambda host, *_, **__: found * 3 if host == "full.test" else found)
    started = time.monotonic()
    with pytest.raises(ServiceError, match="no connection to") as caught:
        backend.execute(DESCRIBE, 0.3)
    assert time.monotonic() - started < 0.8
    assert (caught.value.code, caught.value.was_sent) == ("ConnectTimeoutError", False)
    backend.close()


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere a full queue refuses connections")
def test_tls_handshake_ends_with_the_time_of_the_call() -> None:
    """The server accepts the connection, and says nothing."""
    with socket.create_server(("127.0.0.1", 0)) as silent:
        url = f"https://127.0.0.1:{silent.getsockname()[1]}"
        backend = DynamoDBBackend(access_key_id="x", secret_access_key="x", region="us-east-2", endpoint_url=url)
        started = time.monotonic()
        with pytest.raises(ServiceError, match="no connection to"):
            backend.execute(DESCRIBE, 0.3)
        assert time.monotonic() - started < 1.5
        backend.close()


def test_answer_that_drips_ends_with_the_time_of_the_call(server: FaultyServer) -> None:
    """No byte is late, and all of them are."""
    server.plan = Script({("DescribeTable", 1): Slow(0.05, piece=1)})
    connection = Connection(
        "x", "x", "us-east-2", endpoint_url=server.url, retries=RetryPolicy(attempts=1, max_seconds=0.5)
    )
    with pytest.raises(ServiceError, match=r"no response from .* within the time left for the call") as caught:
        connection.execute(DESCRIBE)
    assert caught.value.code == "ReadTimeoutError"


class Failing(CredentialProvider):
    """A provider that fails in a way that nobody thought of."""

    METHOD = CANONICAL_NAME = "failing"

    def __init__(self, error: Exception) -> None:
        super().__init__()
        self.error = error

    def load(self) -> Any:
        raise self.error


class FailingCredentials(Credentials):
    """Credentials that cannot be had when they are needed."""

    error: Exception

    def get_frozen_credentials(self) -> Any:
        raise self.error


ERRORS = [FileNotFoundError(2, "No such file"), PermissionError(13, "no"), KeyError("Token"), ValueError("no JSON"),
          RuntimeError("anything")]  # fmt: skip


@pytest.mark.parametrize("transport", ["auto", "boto3"])
@pytest.mark.parametrize("error", ERRORS, ids=lambda error: type(error).__name__)
class TestCredentialProviders:
    def refuse(self, server: FaultyServer, transport: str, session: Any, error: Exception) -> None:
        backend = DynamoDBBackend(session=session, endpoint_url=server.url, transport=transport)
        with pytest.raises(CredentialsError, match=f"the provider failed with {type(error).__name__}: ") as caught:
            backend.execute(DESCRIBE)
        assert "come from the session" in str(caught.value)
        assert server.log == []

    def test_provider_that_fails(self, server: FaultyServer, transport: str, error: Exception) -> None:
        session = boto3.Session(region_name="us-east-2")
        session._session.get_component("credential_provider").providers.insert(0, Failing(error))
        self.refuse(server, transport, session, error)

    def test_credentials_that_fail_when_they_are_asked_for(
        self, server: FaultyServer, transport: str, error: Exception
    ) -> None:
        session: Any = boto3.Session(**KEYS)
        credentials = FailingCredentials("x", "x")
        credentials.error = error
        session._session._credentials = credentials
        self.refuse(server, transport, session, error)

    def test_refresh_that_fails(self, server: FaultyServer, transport: str, error: Exception) -> None:
        def refresh() -> Any:
            raise error

        expired = {"access_key": "x", "secret_key": "x", "token": "t", "expiry_time": "2020-01-01T00:00:00Z"}
        session: Any = boto3.Session(**KEYS)
        session._session._credentials = RefreshableCredentials.create_from_metadata(expired, refresh, "test")
        self.refuse(server, transport, session, error)


def test_missing_file_of_a_web_identity_is_an_error_of_the_credentials(
    server: FaultyServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_WEB_IDENTITY_TOKEN_FILE", "/nonexistent")
    monkeypatch.setenv("AWS_ROLE_ARN", "arn:aws:iam::000000000000:role/r")
    with pytest.raises(CredentialsError, match="/nonexistent"):
        DynamoDBBackend(region="us-east-2", endpoint_url=server.url).execute(DESCRIBE)


@pytest.mark.parametrize("transport", ["auto", "boto3"])
@pytest.mark.parametrize(
    "url",
    [
        "http://127.0.0.1:99999",
        "http://x:-1",
        "http://x:a",
        "http://[::1",
        "127.0.0.1:8000",
        "",
        "http://",
        "ftp://x",
        5,
    ],
)
def test_endpoint_that_cannot_be_is_refused(transport: str, url: Any) -> None:
    settings: dict[str, Any] = {"access_key_id": "x", "secret_access_key": "x", "region": "us-east-2"}
    with pytest.raises(ConfigurationError, match=r"^endpoint_url must be a URL .*; got ") as caught:
        DynamoDBBackend(**settings, endpoint_url=url, transport=transport)
    assert not isinstance(caught.value, CredentialsError)
    assert repr(url) in str(caught.value)


def test_password_of_an_endpoint_is_not_shown() -> None:
    with pytest.raises(ConfigurationError, match=r"^endpoint_url must be a URL") as caught:
        DynamoDBBackend(endpoint_url="ftp://jane:secret@x")
    assert "secret" not in str(caught.value)


@pytest.mark.parametrize("name", ["session_token", "access_key_id", "secret_access_key", "region", "profile"])
def test_setting_of_another_type_is_refused_by_its_name(name: str) -> None:
    with pytest.raises(ConfigurationError, match=f"^{name} must be a str; got an object of type int$"):
        DynamoDBBackend(**{name: 5})  # type: ignore[arg-type]  # which is the point


@pytest.mark.parametrize("name", ["timeout", "connect_timeout"])
def test_time_that_no_socket_can_wait_is_refused(name: str) -> None:
    for seconds in (10**10, 10**400, float("inf")):
        with pytest.raises(ConfigurationError, match=f"^{name} must be a number of seconds > 0"):
            DynamoDBBackend(**{name: seconds})  # type: ignore[arg-type]  # the names are not known to be those of times


class TestTemporaryCredentials:
    @pytest.mark.parametrize("transport", ["auto", "boto3"])
    def test_token_is_sent(self, server: FaultyServer, transport: str) -> None:
        connection = Connection(
            "ASIAX", "x", "us-east-2", session_token="the-token", endpoint_url=server.url, transport=transport
        )
        with pytest.raises(DynamongoError):
            connection.execute(DESCRIBE)
        assert server.log[-1].headers["x-amz-security-token"] == "the-token"

    def test_keys_without_their_token_say_what_to_give(self) -> None:
        with pytest.raises(CredentialsError, match=r"give session_token= beside it$"):
            DynamoDBBackend(access_key_id="ASIAX", secret_access_key="x")

    def test_token_without_its_keys_is_refused(self) -> None:
        with pytest.raises(CredentialsError, match=r"^session_token was given without access_key_id"):
            DynamoDBBackend(session_token="the-token")

    def test_token_is_never_shown(self) -> None:
        connection = Connection("ASIAX", "x", "us-east-2", session_token="the-token")
        assert "the-token" not in repr(connection) + repr(connection.backend.__dict__)


def test_thread_of_the_owner_retries_while_ours_does_not(server: FaultyServer) -> None:
    """The copy of the client is for one call alone."""
    client = make_client(server, {"mode": "standard", "total_max_attempts": 2})
    server.plan = Script({("GetItem", None): Refuse.throttling()})
    connection = Connection(client=client, retries=RetryPolicy(attempts=1))

    def ours() -> None:
        with pytest.raises(ThrottledError):
            connection.execute(Get("nowhere", {"name": "a"}))

    def theirs() -> None:
        with pytest.raises(client.exceptions.ProvisionedThroughputExceededException):
            client.get_item(TableName="nowhere", Key={"name": {"S": "a"}})

    threads = [threading.Thread(target=target) for target in (ours, theirs) * 4]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sent(server, "GetItem") == 4 + 8
