"""The light start: what it decides without boto3 is what boto3 would decide, or else it leaves that to boto3."""

from __future__ import annotations

import calendar
import itertools
import json
import re
import sys
import time
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path as FilePath
from typing import Any

import botocore
import botocore.httpsession
import certifi
import pytest
from botocore.configprovider import BOTOCORE_DEFAUT_SESSION_VARIABLES
from botocore.endpoint_provider import EndpointProvider
from botocore.loaders import Loader

from dynamongo.backends.dynamodb import environment
from dynamongo.backends.dynamodb.settings import ClientSettings
from dynamongo.backends.dynamodb.transport import client_endpoint, light_start
from dynamongo.backends.dynamodb.transport.base import Credentials, describe_place
from dynamongo.backends.dynamodb.transport.endpoint import LeftToBoto3
from dynamongo.backends.dynamodb.transport.http_writer import MessageWriter
from dynamongo.backends.dynamodb.transport.light_start import LightStart, find_light_start

KEYS = {"AWS_ACCESS_KEY_ID": "AKIAENVIRONMENT", "AWS_SECRET_ACCESS_KEY": "sec/ret+"}
GIVEN = {"access_key_id": "AKIAGIVEN", "secret_access_key": "given"}
BOTOCORE = FilePath(botocore.__file__).parent

ONLY_BOTO3_SENDS = {"amz-sdk-invocation-id", "amz-sdk-request"}
"""Headers by which boto3 counts its retries; dynamongo never sent them."""


def set_all(environ: pytest.MonkeyPatch, variables: Mapping[str, str]) -> None:
    for name, value in variables.items():
        environ.setenv(name, value)


def assert_is_what_boto3_decides(settings: ClientSettings) -> LightStart:
    """Compare the endpoint, the credentials and a signed request with those of a client of boto3."""
    start = find_light_start(settings)
    client = settings.make_client()
    theirs, frozen = client_endpoint.read_endpoint(client), client._get_credentials().get_frozen_credentials()
    agent = start.endpoint.headers["user-agent"]
    headers = {**theirs.headers, "user-agent": agent}
    certificates = theirs.certificates if theirs.is_secure else ""
    assert start.endpoint == replace(theirs, headers=headers, certificates=certificates)
    assert start.credentials == Credentials(frozen.access_key, frozen.secret_key, frozen.token or None)
    assert start.place == describe_place(client)
    prepared = client_endpoint._prepare(client)
    expected = {name.lower(): as_text(value) for name, value in prepared.headers.items()}
    moment = calendar.timegm(time.strptime(expected["x-amz-date"], "%Y%m%dT%H%M%SZ"))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(time, "time", lambda: moment)
        line, sent = split_head(MessageWriter(start.endpoint).write("ListTables", b"{}", start.credentials))
    assert line == "POST / HTTP/1.1"
    assert sent.pop("accept-encoding") == "identity"  # which urllib3 adds
    assert sent == {"host": theirs.authority} | {
        name: value for name, value in expected.items() if name not in ONLY_BOTO3_SENDS
    } | {"user-agent": agent}
    client.close()
    return start


def as_text(value: Any) -> str:
    return value.decode() if isinstance(value, bytes) else str(value)


def split_head(message: bytes) -> tuple[str, dict[str, str]]:
    line, *lines = message.partition(b"\r\n\r\n")[0].decode("latin-1").split("\r\n")
    return line, dict(each.split(": ", 1) for each in lines)


CREDENTIALS: list[tuple[dict[str, str], dict[str, str]]] = [
    (KEYS, {}),
    ({**KEYS, "AWS_SESSION_TOKEN": "to/ken=="}, {}),
    ({**KEYS, "AWS_SESSION_TOKEN": ""}, {}),
    ({**KEYS, "AWS_SESSION_TOKEN": "not this"}, GIVEN),
    ({}, {**GIVEN, "session_token": "given too"}),
    ({"AWS_ACCESS_KEY_ID": " A K ", "AWS_SECRET_ACCESS_KEY": " s "}, {}),
    ({**KEYS, "AWS_SESSION_TOKEN": " to  ken\t"}, {}),
    ({**KEYS, "AWS_LAMBDA_FUNCTION_NAME": "f", "_X_AMZN_TRACE_ID": "Root=1;Self=a b"}, {}),
    ({**KEYS, "AWS_LAMBDA_FUNCTION_NAME": "f", "_X_AMZN_TRACE_ID": ""}, {}),
]
REGIONS: list[tuple[dict[str, str], dict[str, str]]] = [
    ({"AWS_REGION": "eu-central-1"}, {}),
    ({"AWS_DEFAULT_REGION": "ap-southeast-2"}, {}),
    ({"AWS_REGION": "eu-central-1", "AWS_DEFAULT_REGION": "ap-southeast-2"}, {}),
    ({"AWS_REGION": "", "AWS_DEFAULT_REGION": "cn-north-1"}, {}),
    ({"AWS_REGION": "eu-central-1"}, {"region": "us-gov-west-1"}),
]


@pytest.mark.parametrize(("credentials", "region"), list(itertools.product(CREDENTIALS, REGIONS)))
def test_credentials_and_region_are_those_of_boto3(environ: pytest.MonkeyPatch, credentials: Any, region: Any) -> None:
    set_all(environ, credentials[0] | region[0])
    assert_is_what_boto3_decides(ClientSettings(**credentials[1], **region[1]))


@pytest.mark.parametrize(
    "url",
    [
        "http://localhost:8000",
        "http://localhost",
        "http://localhost:80",
        "http://127.0.0.1:8000/",
        "https://127.0.0.1",
        "https://localhost:443/",
        "https://localhost:80",
        "http://localstack.internal:4566",
        "http://0:8000",
        "http://a--b.127.1",
        f"http://{'a' * 63}.host",
        "https://dynamodb.eu-west-1.amazonaws.com",
        "https://vpce-0a1b2c3d-x9.dynamodb.us-east-1.vpce.amazonaws.com",
        "https://123456789012.ddb.us-east-1.amazonaws.com",
    ],
)
def test_endpoint_url_means_what_it_means_to_boto3(environ: pytest.MonkeyPatch, url: str) -> None:
    set_all(environ, KEYS)
    settings = ClientSettings(region="us-east-1", endpoint_url=url, timeout=2.5, connect_timeout=1)
    assert_is_what_boto3_decides(settings)


@pytest.mark.parametrize("names", [("AWS_CA_BUNDLE",), ("REQUESTS_CA_BUNDLE",), environment.BUNDLES])
def test_authorities_are_those_of_boto3(environ: pytest.MonkeyPatch, tmp_path: FilePath, names: Any) -> None:
    for name in names:
        (tmp_path / name).write_bytes(FilePath(certifi.where()).read_bytes())
    set_all(environ, KEYS | {name: str(tmp_path / name) for name in names})
    start = assert_is_what_boto3_decides(ClientSettings(region="us-east-1"))
    assert start.endpoint.certificates == str(tmp_path / names[0])


def test_authorities_are_found_without_importing_certifi(environ: pytest.MonkeyPatch) -> None:
    set_all(environ, KEYS)
    environ.delitem(sys.modules, "certifi")
    assert find_light_start(ClientSettings(region="us-east-1")).endpoint.certificates == certifi.where()


def test_without_certifi_they_are_botocores(environ: pytest.MonkeyPatch) -> None:
    set_all(environ, KEYS)
    environ.delitem(sys.modules, "certifi")
    environ.setattr(sys, "meta_path", [Without("certifi", sys.meta_path)])
    start = find_light_start(ClientSettings(region="us-east-1"))
    assert start.endpoint.certificates == botocore.httpsession.DEFAULT_CA_BUNDLE


class Without:
    """Finds all modules but one."""

    def __init__(self, name: str, finders: list[Any]) -> None:
        self._name, self._finders = name, list(finders)

    def find_spec(self, name: str, path: Any = None, target: Any = None) -> Any:
        if name == self._name:
            return None
        return next((spec for each in self._finders if (spec := each.find_spec(name, path))), None)


def test_nothing_that_is_ignored_means_anything_to_boto3(environ: pytest.MonkeyPatch) -> None:
    set_all(environ, KEYS | dict.fromkeys(environment.IGNORED, "us-west-1"))
    assert_is_what_boto3_decides(ClientSettings(region="us-east-1"))
    sources = {path: path.read_text() for path in BOTOCORE.glob("*.py")}
    named = set(re.findall(r"\b(?:AWS|BOTO)[A-Z0-9]*_[A-Z0-9_]+\b", " ".join(sources.values())))
    assert named & environment.IGNORED == {"AWS_LAMBDA_FUNCTION_NAME"}  # decides on a header, as in `MessageWriter`


def test_every_variable_that_botocore_reads_is_known_or_left_to_it(environ: pytest.MonkeyPatch) -> None:
    named: list[Any] = [names for _, names, *_ in BOTOCORE_DEFAUT_SESSION_VARIABLES.values() if names]
    read = {name for names in named for name in ([names] if isinstance(names, str) else names)}
    assert len(read) > 30
    for name in sorted(read - environment.READ):
        with environ.context() as patch:
            patch.setenv(name, "x")
            assert environment.find_configuration() == f"{name} is set"


def test_user_agent_says_what_sends(environ: pytest.MonkeyPatch) -> None:
    set_all(environ, KEYS | {"AWS_EXECUTION_ENV": "AWS_Lambda_python3.12\r\nx-more: 1"})
    agent = find_light_start(ClientSettings(region="us-east-1")).endpoint.headers["user-agent"]
    own, execution = agent.rsplit(" ", 1)
    assert re.fullmatch(r"dynamongo/\S+ os/linux#\S+ md/arch#\w+ lang/python#3\.\d+\.\d+", own)
    assert execution == "exec-env/AWS_Lambda_python3.12--x-more--1"


def test_missing_region_is_warned_of_once_it_is_used(environ: pytest.MonkeyPatch) -> None:
    set_all(environ, KEYS)
    with pytest.warns(UserWarning, match="no AWS region is set; using us-east-2") as caught:
        start = find_light_start(ClientSettings())
    assert (start.endpoint.region, len(caught)) == ("us-east-2", 1)


def read_regions() -> list[str]:
    """All regions that botocore has heard of, those that are none among them."""
    partitions = json.loads((BOTOCORE / "data" / "partitions.json").read_text())["partitions"]
    older = json.loads((BOTOCORE / "data" / "endpoints.json").read_text())["partitions"]
    known = {region for each in [*partitions, *older] for region in each["regions"]}
    known |= {region for each in older for region in each["services"].get("dynamodb", {}).get("endpoints", {})}
    return sorted(known)


def test_host_of_every_region_is_that_of_botocores_rules() -> None:
    """It fails when AWS adds a partition whose regions look like those of another one."""
    loader = Loader()
    rules = loader.load_service_model("dynamodb", "endpoint-rule-set-1")
    provider = EndpointProvider(rules, loader.load_data("partitions"))
    light = []
    for region in read_regions():
        try:
            host = light_start._find_host(region)
        except LeftToBoto3:
            continue
        found = provider.resolve_endpoint(Region=region, UseDualStack=False, UseFIPS=False)
        assert (found.url, found.properties) == (f"https://{host}", {})
        light.append(region)
    assert len(light) > 40
    assert {"us-east-1", "cn-north-1", "us-gov-west-1", "us-iso-east-1"} <= set(light)


@pytest.mark.slow
@pytest.mark.parametrize("region", read_regions())
def test_every_region_is_to_a_client_what_it_is_here(environ: pytest.MonkeyPatch, region: str) -> None:
    set_all(environ, KEYS)
    settings = ClientSettings(region=region)
    try:
        find_light_start(settings)
    except LeftToBoto3:
        return
    assert_is_what_boto3_decides(settings)
