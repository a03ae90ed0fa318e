"""What the light start leaves to boto3, with the reason that it gives."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from pathlib import Path as FilePath
from typing import Any

import pytest

from dynamongo.backends.dynamodb.settings import ClientSettings
from dynamongo.backends.dynamodb.transport.endpoint import LeftToBoto3
from dynamongo.backends.dynamodb.transport.light_start import find_light_start

KEYS = {"AWS_ACCESS_KEY_ID": "AKIAENVIRONMENT", "AWS_SECRET_ACCESS_KEY": "secret"}


def set_all(environ: pytest.MonkeyPatch, variables: Mapping[str, str]) -> None:
    for name, value in variables.items():
        environ.setenv(name, value)


def find_obstacle(region: str | None, endpoint_url: str | None = None) -> str:
    """Return why the light start is not possible."""
    with pytest.raises(LeftToBoto3) as caught:
        find_light_start(ClientSettings(region=region, endpoint_url=endpoint_url))
    return str(caught.value)


@pytest.mark.parametrize(
    ("variable", "reason"),
    [
        ("AWS_PROFILE", "AWS_PROFILE is set"),
        ("AWS_CONFIG_FILE", "AWS_CONFIG_FILE is set"),
        ("AWS_SHARED_CREDENTIALS_FILE", "AWS_SHARED_CREDENTIALS_FILE is set"),
        ("AWS_SECURITY_TOKEN", "AWS_SECURITY_TOKEN is set"),
        ("AWS_CREDENTIAL_EXPIRATION", "AWS_CREDENTIAL_EXPIRATION is set"),
        ("AWS_ACCOUNT_ID", "AWS_ACCOUNT_ID is set"),
        ("AWS_CONTAINER_CREDENTIALS_FULL_URI", "AWS_CONTAINER_CREDENTIALS_FULL_URI is set"),
        ("AWS_WEB_IDENTITY_TOKEN_FILE", "AWS_WEB_IDENTITY_TOKEN_FILE is set"),
        ("AWS_ENDPOINT_URL", "AWS_ENDPOINT_URL is set"),
        ("AWS_ENDPOINT_URL_DYNAMODB", "AWS_ENDPOINT_URL_DYNAMODB is set"),
        ("AWS_USE_FIPS_ENDPOINT", "AWS_USE_FIPS_ENDPOINT is set"),
        ("AWS_USE_DUALSTACK_ENDPOINT", "AWS_USE_DUALSTACK_ENDPOINT is set"),
        ("AWS_MAX_ATTEMPTS", "AWS_MAX_ATTEMPTS is set"),
        ("AWS_LAMBDA_EXEC_WRAPPER", "AWS_LAMBDA_EXEC_WRAPPER is set"),
        ("AWS_OF_A_FUTURE_BOTO3", "AWS_OF_A_FUTURE_BOTO3 is set"),
        ("BOTOCORE_TCP_KEEPALIVE", "BOTOCORE_TCP_KEEPALIVE is set"),
        ("BOTO_CONFIG", "BOTO_CONFIG is set"),
        ("https_proxy", "https_proxy is set"),
        ("NO_PROXY", "NO_PROXY is set"),
        ("AWS_CA_BUNDLE", "AWS_CA_BUNDLE does not name a file"),
        ("REQUESTS_CA_BUNDLE", "REQUESTS_CA_BUNDLE does not name a file"),
    ],
)
@pytest.mark.parametrize("value", ["", "x"])
def test_variable_that_only_boto3_understands(
    environ: pytest.MonkeyPatch, variable: str, reason: str, value: str
) -> None:
    set_all(environ, {**KEYS, variable: value})
    assert find_obstacle("us-east-1") == reason


@pytest.mark.parametrize("name", ["config", "credentials", "models"])
def test_file_of_boto3(environ: pytest.MonkeyPatch, tmp_path: FilePath, name: str) -> None:
    set_all(environ, KEYS)
    (tmp_path / ".aws").mkdir()
    assert find_light_start(ClientSettings(region="us-east-1"))
    (tmp_path / ".aws" / name).symlink_to("nowhere")
    assert find_obstacle("us-east-1") == f"~/.aws/{name} exists"


@pytest.mark.parametrize("system", ["darwin", "win32"])
def test_system_with_its_own_proxies(environ: pytest.MonkeyPatch, system: str) -> None:
    set_all(environ, KEYS)
    environ.setattr(sys, "platform", system)
    assert find_obstacle("us-east-1") == "the system may have settings for proxies"


@pytest.mark.parametrize("keys", [{}, {"AWS_ACCESS_KEY_ID": "a"}, {**KEYS, "AWS_SECRET_ACCESS_KEY": ""}])
def test_credentials_that_are_not_in_the_environment(environ: pytest.MonkeyPatch, keys: Any) -> None:
    set_all(environ, keys)
    assert find_obstacle("us-east-1") == "the environment has no credentials"


@pytest.mark.parametrize("name", ["AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN"])
@pytest.mark.parametrize("value", ["\u00e9", "\udc80"])
def test_credentials_that_are_not_ascii(environ: pytest.MonkeyPatch, name: str, value: str) -> None:
    set_all(environ, {**KEYS, name: value})
    assert find_obstacle("us-east-1") == "the credentials are not ASCII"


@pytest.mark.parametrize(
    "region",
    [
        *["local", "aws-global", "fips-us-east-1", "us-east-1-fips", "us-east", "xx-east-1", "US-EAST-1"],
        *["us-east-1\n", f"us-{'e' * 59}-1"],
    ],
)
def test_region_of_an_unknown_form(environ: pytest.MonkeyPatch, region: str) -> None:
    set_all(environ, KEYS)
    assert find_obstacle(region) == f"only boto3 knows the region {region!r}"


@pytest.mark.parametrize(
    "url",
    [
        "http://localhost:8000/path",
        "http://LOCALHOST:8000",
        "HTTP://localhost:8000",
        "http://user@localhost:8000",
        "http://[::1]:8000",
        "http://localhost:8000?query",
        "http://local_host:8000",
        "http://localhost:8000//",
        "https://dynamodb.us-east-1.api.aws",
        "https://dynamodb.cn-north-1.api.amazonwebservices.com.cn",
        "http://local..host",
        "http://local-.host",
        "http://local.-host",
        f"http://{'a' * 64}.host",
        f"http://{'host.' * 51}a",
    ],
)
def test_endpoint_url_of_an_unusual_form(environ: pytest.MonkeyPatch, url: str) -> None:
    set_all(environ, KEYS)
    assert find_obstacle("us-east-1", endpoint_url=url) == "the endpoint's URL has an unusual form"


@pytest.mark.parametrize(
    "core",
    [
        None,
        "def where(): return '/usr/share/ca.crt'",
        'def where(): return "/etc/ssl/certs/ca-certificates.crt"  # not "cacert.pem"',
    ],
)
def test_certifi_of_a_distributor(environ: pytest.MonkeyPatch, tmp_path: FilePath, core: str | None) -> None:
    set_all(environ, KEYS)
    folder = tmp_path / "certifi"
    folder.mkdir()
    (folder / "__init__.py").touch()
    if core is not None:
        (folder / "core.py").write_text(core)
    environ.syspath_prepend(str(tmp_path))
    environ.delitem(sys.modules, "certifi")
    assert find_obstacle("us-east-1") == "certifi has its authorities elsewhere"


def test_certifi_without_its_file(environ: pytest.MonkeyPatch, tmp_path: FilePath) -> None:
    set_all(environ, KEYS)
    (tmp_path / "certifi").mkdir()
    (tmp_path / "certifi" / "__init__.py").touch()
    (tmp_path / "certifi" / "core.py").write_text('"cacert.pem"')
    environ.syspath_prepend(str(tmp_path))
    environ.delitem(sys.modules, "certifi")
    assert find_obstacle("us-east-1") == "the file of the authorities is not where it usually is"


def test_missing_region_is_not_warned_of_where_boto3_looks_for_it(environ: pytest.MonkeyPatch) -> None:
    set_all(environ, {**KEYS, "AWS_PROFILE": "other"})
    assert find_obstacle(None) == "AWS_PROFILE is set"  # and a warning would be an error
