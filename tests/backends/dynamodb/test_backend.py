from __future__ import annotations

import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal
from pathlib import Path as FilePath
from typing import Any

import boto3
import pytest
from botocore.config import Config
from server import find_free_port

from dynamongo import Connection
from dynamongo.backends import load_backend
from dynamongo.backends.base import Backend, Limits
from dynamongo.backends.dynamodb import DynamoDBBackend
from dynamongo.exceptions import (
    ConfigurationError,
    CredentialsError,
    InvalidRequestError,
    ServiceError,
    TableNotFound,
    UnsupportedOperation,
)
from dynamongo.expressions.conditions import In, Path
from dynamongo.operations import BatchGet, DescribeTable, Get, Operation, Put, Scan
from dynamongo.testing.contract.base import proves

MADE_UP: dict[str, Any] = {"access_key_id": "made-up", "secret_access_key": "top-secret", "region": "us-east-2"}
DESCRIBE = DescribeTable("nowhere")


@pytest.fixture
def _bare_environment(monkeypatch: pytest.MonkeyPatch, tmp_path: FilePath) -> None:
    """An environment in which boto3 finds nothing at all, and asks no metadata service."""
    for variable in os.environ:
        if variable.startswith("AWS_"):
            monkeypatch.delenv(variable)
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    for variable in ("AWS_CONFIG_FILE", "AWS_SHARED_CREDENTIALS_FILE"):
        monkeypatch.setenv(variable, str(tmp_path / "none"))


@pytest.fixture
def client(server_url: str) -> Iterator[Any]:
    client = boto3.client(
        "dynamodb",
        region_name="us-east-2",
        endpoint_url=server_url,
        aws_access_key_id="made-up",
        aws_secret_access_key="made-up",
    )
    yield client
    client.close()


def test_backend_is_registered() -> None:
    backend: Backend = DynamoDBBackend()
    assert load_backend("dynamodb") is DynamoDBBackend
    assert (backend.name, backend.limits) == ("dynamodb", Limits(batch_get=100, batch_write=25))


def test_nothing_is_imported_or_connected_before_the_first_operation() -> None:
    program = "import sys, dynamongo.backends.dynamodb as d; d.DynamoDBBackend().close(); print('boto3' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", program], check=True, capture_output=True, text=True)
    assert done.stdout == "False\n"


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"client": object(), **MADE_UP}, "a client brings its own access_key_id, secret_access_key, region; "),
        ({"client": object(), "session": object()}, "a client brings its own session; "),
        ({"client": object(), "endpoint_url": "http://localhost"}, "a client brings its own endpoint_url; "),
        ({"session": object(), "profile": "p"}, "a session brings its own profile; "),
        ({"profile": "p", **MADE_UP}, "a profile brings its own access_key_id, secret_access_key; "),
    ],
)
def test_contradicting_arguments_are_refused(arguments: dict[str, Any], message: str) -> None:
    with pytest.raises(ConfigurationError) as caught:
        DynamoDBBackend(**arguments)
    assert str(caught.value) == message + "leave out one or the other"


def test_half_of_the_credentials_is_refused() -> None:
    with pytest.raises(CredentialsError, match=r"^access_key_id was given without secret_access_key"):
        DynamoDBBackend(access_key_id="made-up")
    with pytest.raises(CredentialsError, match=r"^secret_access_key was given without access_key_id") as caught:
        DynamoDBBackend(secret_access_key="top-secret")
    assert "top-secret" not in str(caught.value)


@pytest.mark.usefixtures("_bare_environment")
def test_missing_credentials_say_where_they_were_looked_for() -> None:
    backend = DynamoDBBackend(endpoint_url="http://127.0.0.1:1", region="us-east-2")
    with pytest.raises(CredentialsError) as caught:
        backend.execute(DESCRIBE)
    backend.close()
    assert str(caught.value) == (
        "AWS credentials are missing or were refused: Unable to locate credentials."
        " Looked at: access_key_id and secret_access_key of Connection.set_config or the backend (not given),"
        " the environment's AWS_ACCESS_KEY_ID (not set) and AWS_SECRET_ACCESS_KEY (not set),"
        " no profile, no session, and the other places where boto3 looks."
    )


@pytest.mark.usefixtures("_bare_environment")
def test_half_of_the_credentials_in_the_environment_is_reported_without_its_value(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "the-key-id")
    with pytest.raises(CredentialsError, match=r"AWS_ACCESS_KEY_ID \(set\).*AWS_SECRET_ACCESS_KEY \(not") as caught:
        DynamoDBBackend(region="us-east-2").execute(DESCRIBE)
    assert "the-key-id" not in str(caught.value)


@pytest.mark.usefixtures("_bare_environment")
def test_unknown_profile_is_a_configuration_error() -> None:
    with pytest.raises(ConfigurationError, match="nobody"):
        DynamoDBBackend(profile="nobody").execute(DESCRIBE)


@pytest.mark.usefixtures("_bare_environment")
def test_endpoint_that_is_no_url_is_a_configuration_error() -> None:
    with pytest.raises(ConfigurationError, match="endpoint_url must be a URL"):
        DynamoDBBackend(**MADE_UP, endpoint_url="not a url").execute(DESCRIBE)


class TestRegion:
    """Which region it is, in the order of what wins."""

    @pytest.fixture(autouse=True)
    def environment(self, _bare_environment: None) -> None:
        """Nothing is set."""

    @pytest.mark.parametrize(
        ("given", "of_session", "used"), [(None, "eu-west-1", "eu-west-1"), ("eu-west-3", "eu-west-1", "eu-west-3")]
    )
    def test_region_in_code_wins_over_that_of_the_session(
        self, given: str | None, of_session: str, used: str, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv("AWS_REGION", "ap-south-1")
        backend = DynamoDBBackend(session=boto3.Session(region_name=of_session), region=given)
        assert backend._settings.make_client().meta.region_name == used

    @pytest.mark.parametrize(
        ("variables", "used"),
        [
            ("AWS_REGION_NAME AWS_REGION AWS_DEFAULT_REGION", "AWS_REGION_NAME"),
            ("AWS_REGION AWS_DEFAULT_REGION", "AWS_REGION"),
            ("AWS_DEFAULT_REGION", "AWS_DEFAULT_REGION"),
        ],
    )
    def test_environment_is_asked_in_order(
        self, variables: str, used: str, monkeypatch: pytest.MonkeyPatch, tmp_path: FilePath
    ) -> None:
        config = tmp_path / "config"
        config.write_text("[default]\nregion = of-the-profile\n")
        monkeypatch.setenv("AWS_CONFIG_FILE", str(config))
        for variable in variables.split():
            monkeypatch.setenv(variable, variable.lower().replace("_", "-"))
        backend = Connection().backend
        assert isinstance(backend, DynamoDBBackend)
        assert backend._settings.make_client().meta.region_name == used.lower().replace("_", "-")

    def test_profile_is_last(self, monkeypatch: pytest.MonkeyPatch, tmp_path: FilePath) -> None:
        config = tmp_path / "config"
        config.write_text("[default]\nregion = of-the-profile\n[profile other]\nregion = of-another\n")
        monkeypatch.setenv("AWS_CONFIG_FILE", str(config))
        assert DynamoDBBackend()._settings.make_client().meta.region_name == "of-the-profile"
        monkeypatch.setenv("AWS_REGION", "ap-south-1")
        assert DynamoDBBackend(profile="other")._settings.make_client().meta.region_name == "of-another"

    def test_default_is_warned_of(self) -> None:
        backend = DynamoDBBackend(session=boto3.Session())
        with pytest.warns(UserWarning, match=r"^no AWS region is set; using us-east-2: set region=, or one of AWS"):
            client = backend._settings.make_client()
        assert client.meta.region_name == "us-east-2"


def test_no_secret_is_shown() -> None:
    backend = DynamoDBBackend(**MADE_UP)
    assert "top-secret" not in f"{backend!r} {backend._settings!r} {backend._settings.describe_credentials()}"


def test_client_that_was_given_is_used_and_left_open(client: Any) -> None:
    backend = DynamoDBBackend(client=client)
    for _ in range(2):
        with pytest.raises(TableNotFound):
            backend.execute(DESCRIBE)
        backend.close()
    assert client.list_tables()["ResponseMetadata"]["HTTPStatusCode"] == 200


@pytest.mark.usefixtures("_bare_environment")
def test_credentials_that_were_given_are_used(server_url: str) -> None:
    backend = DynamoDBBackend(**MADE_UP, endpoint_url=server_url)
    with pytest.raises(TableNotFound):
        backend.execute(DESCRIBE)
    backend.close()


def test_session_that_was_given_is_used(server_url: str) -> None:
    session = boto3.Session("made-up", "made-up", region_name="eu-west-1")
    backend = DynamoDBBackend(session=session, endpoint_url=server_url)
    with pytest.raises(TableNotFound):
        backend.execute(DESCRIBE)
    backend.close()


def test_closed_backend_opens_again_when_it_is_used(dynamodb_backend: DynamoDBBackend) -> None:
    for _ in range(2):
        with pytest.raises(TableNotFound):
            dynamodb_backend.execute(DESCRIBE)
        dynamodb_backend.close()
        dynamodb_backend.close()


def test_threads_share_one_client() -> None:
    backend, barrier = DynamoDBBackend(**MADE_UP), threading.Barrier(8)

    def open_client(_: int) -> int:
        barrier.wait()
        return id(backend._open())

    with ThreadPoolExecutor(8) as pool:
        assert len(set(pool.map(open_client, range(8)))) == 1
    backend.close()


def test_store_that_cannot_be_reached_is_a_service_error() -> None:
    config = Config(retries={"total_max_attempts": 1}, connect_timeout=2)
    client = boto3.client(
        "dynamodb",
        region_name="us-east-2",
        endpoint_url=f"http://127.0.0.1:{find_free_port()}",
        aws_access_key_id="made-up",
        aws_secret_access_key="made-up",
        config=config,
    )
    with pytest.raises(ServiceError) as caught:
        DynamoDBBackend(client=client).execute(DESCRIBE)
    client.close()
    assert caught.value.code == "EndpointConnectionError"


@proves("16.2", "19.3")
@pytest.mark.parametrize(
    "operation",
    [
        BatchGet("table", ()),
        Scan("table", limit=0),
        Scan("table", In(Path("a"), tuple(range(101)))),
        Put("table", {"id": frozenset()}),
        Put("table", {"id": 10**5000}),
        Put("table", {"id": Decimal("1E+99999999999")}),
        Put("table", {"id": frozenset({Decimal("NaN"), Decimal(1)})}),
        Get("", {"id": 1}),
        BatchGet(5, ({"id": 1},)),  # type: ignore[arg-type]  # the point
    ],
)
def test_malformed_request_is_refused(dynamodb_backend: DynamoDBBackend, operation: Operation[object]) -> None:
    with pytest.raises(InvalidRequestError) as caught:
        dynamodb_backend.execute(operation)
    assert caught.value.code == "ValidationException"


@proves("24.7")
def test_operation_of_another_kind_is_unsupported() -> None:
    class Vacuum(Operation[None]):
        __slots__ = ()

    with pytest.raises(UnsupportedOperation, match="the dynamodb backend does not support Vacuum"):
        DynamoDBBackend().execute(Vacuum())
