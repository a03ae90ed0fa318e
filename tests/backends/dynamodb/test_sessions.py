"""Sessions: a client that is made without importing boto3 is the one that boto3 would make."""

from __future__ import annotations

import os
import sys
from pathlib import Path as FilePath
from typing import Any

import boto3
import botocore.session
import pytest
from botocore.exceptions import DataNotFoundError, ProfileNotFound

from dynamongo.backends.dynamodb import sessions
from dynamongo.backends.dynamodb.settings import ClientSettings
from dynamongo.backends.dynamodb.transport import interception
from dynamongo.backends.dynamodb.transport.base import Credentials
from dynamongo.backends.dynamodb.transport.botocore_internals import handlers_of
from dynamongo.backends.dynamodb.transport.client_endpoint import read_endpoint
from dynamongo.backends.dynamodb.transport.light_watch import find_foreign_finder

CONFIG = """
[default]
region = eu-west-3
aws_access_key_id = of-default
aws_secret_access_key = s
[profile full]
region = us-gov-west-1
aws_access_key_id = of-full
aws_secret_access_key = s
aws_session_token = t
retry_mode = standard
max_attempts = 7
use_fips_endpoint = true
sdk_ua_app_id = app
[profile local]
region = us-east-1
aws_access_key_id = of-local
aws_secret_access_key = s
endpoint_url = http://localhost:4566
tcp_keepalive = true
[profile role]
region = us-east-1
role_arn = arn:aws:iam::123456789012:role/made-up
source_profile = full
"""


@pytest.fixture
def process(monkeypatch: pytest.MonkeyPatch, tmp_path: FilePath) -> pytest.MonkeyPatch:
    """A process that has not imported boto3, with a file of configuration."""
    for name in list(os.environ):
        if name.startswith("AWS_"):
            monkeypatch.delenv(name)
    (tmp_path / "config").write_text(CONFIG)
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "config"))
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", os.devnull)
    monkeypatch.delitem(sys.modules, "boto3")
    finders = [each for each in sys.meta_path if find_foreign_finder([each]) is None]
    monkeypatch.setattr(sys, "meta_path", finders)
    return monkeypatch


SETTINGS: list[dict[str, Any]] = [
    {},
    {"profile": "full"},
    {"profile": "local"},
    {"profile": "role"},
    {"region": "cn-north-1", "timeout": 3.0, "connect_timeout": 2.0},
    {"access_key_id": "a", "secret_access_key": "b", "session_token": "c", "endpoint_url": "http://localhost:1/a"},
]


@pytest.mark.parametrize("given", SETTINGS, ids=str)
def test_client_is_that_of_boto3(process: pytest.MonkeyPatch, given: dict[str, Any]) -> None:
    settings = ClientSettings(**given)
    ours = settings.make_client()
    assert "boto3" not in sys.modules
    process.setitem(sys.modules, "boto3", boto3)
    theirs = settings.make_client()
    assert describe(ours) == describe(theirs)


def describe(client: Any) -> dict[str, Any]:
    """What a client is made of, and what it would send, if it has credentials at once."""
    config = {name: getattr(client.meta.config, name) for name in client.meta.config.OPTION_DEFAULTS}
    handlers = [
        (event, getattr(handler, "__module__", None), getattr(handler, "__qualname__", type(handler)))
        for event, handler in interception._walk(handlers_of(client))
        if not event.startswith(("creating-resource-class", "creating-client-class.s3"))
    ]
    credentials = client._get_credentials()
    found = {"config": config, "handlers": handlers, "method": credentials.method, "url": client.meta.endpoint_url}
    if credentials.method == "assume-role":  # which would ask AWS
        return found | {"agent": client.meta.config.user_agent}
    return found | {"endpoint": read_endpoint(client), "keys": tuple(credentials.get_frozen_credentials())}


def test_services_are_not_listed_before_one_is_loaded(process: pytest.MonkeyPatch) -> None:
    session = sessions.make_session(Credentials("a", "b"), None)
    assert isinstance(session, botocore.session.Session)
    for name in ("dynamodb", "sts"):  # the other one is for roles
        client: Any = session.create_client(name, region_name="us-east-1")
        assert client.meta.service_model.service_name == name
    with pytest.raises(DataNotFoundError):
        session.create_client("made-up", region_name="us-east-1")


def test_profile_that_does_not_exist_is_reported(process: pytest.MonkeyPatch) -> None:
    with pytest.raises(ProfileNotFound):
        ClientSettings(profile="other").make_client()


def test_boto3_makes_the_session_where_it_may_be_watched(process: pytest.MonkeyPatch) -> None:
    finder: Any = type("Finder", (), {"__module__": "tracer", "find_spec": lambda *_: None})()
    sys.meta_path.append(finder)
    assert isinstance(sessions.make_session(None, None), boto3.Session)
    sys.meta_path.remove(finder)
    process.setitem(sys.modules, "boto3", boto3)
    assert isinstance(sessions.make_session(None, None), boto3.Session)


def test_number_of_attempts_is_read_without_a_client(process: pytest.MonkeyPatch) -> None:
    assert ClientSettings(profile="full").find_max_attempts() == 7
    assert ClientSettings(profile="local").find_max_attempts() is None
    process.setenv("AWS_MAX_ATTEMPTS", "4")
    assert ClientSettings().find_max_attempts() == 4
    assert "boto3" not in sys.modules
