"""The light start: where requests go and who signs them, found without boto3 and as boto3 would find it.

Importing botocore and making a client takes most of the time and memory of a short program. Where the credentials and
the region are given in code or by the environment, and nothing else configures boto3 (`environment`), all that a client
would decide follows from a few rules. `test_light_start.py` compares them with boto3 for every region, and over a
matrix of environments and settings.

Whether something is hooked into boto3, and would be bypassed, is the question of `light_watch`.
"""

from __future__ import annotations

import os
import sys
from typing import Any, Final

from dynamongo._support.dataclasses import dataclass
from dynamongo.backends.dynamodb.environment import BUNDLES, CREDENTIALS, find_configuration
from dynamongo.backends.dynamodb.packages import find_package
from dynamongo.backends.dynamodb.settings import DEFAULT_REGION, ClientSettings, warn_of_region
from dynamongo.backends.dynamodb.transport.base import Credentials, name_place
from dynamongo.backends.dynamodb.transport.endpoint import JSON_TYPE, PLAIN_URL, Endpoint, LeftToBoto3

_SUFFIXES: Final = {
    "cn": "amazonaws.com.cn",
    "eu-isoe": "cloud.adc-e.uk",
    "eusc-de": "amazonaws.eu",
    "us-gov": "amazonaws.com",
    "us-iso": "c2s.ic.gov",
    "us-isob": "sc2s.sgov.gov",
    "us-isof": "csp.hci.ic.gov",
    **dict.fromkeys(("af", "ap", "ca", "eu", "il", "me", "mx", "sa", "us"), "amazonaws.com"),
}
"""The domain of DynamoDB's hosts, by what precedes a place and a number in the name of a region.

Source: botocore's `partitions.json`, in which a region that it does not list is assigned by such a form too.
"""

_LONGEST_LABEL: Final = 63
_LONGEST_HOST: Final = 255
"""What botocore's `is_valid_endpoint_url` allows."""

_DUAL_STACK: Final = ".api."
"""botocore refuses such a host of AWS, as `dynamodb.us-east-1.api.aws`, unless dual stack is configured."""

_SYMBOLS: Final = "!$%&'*+-.^_`|~,"
"""What may be in a word of the User-Agent header, beside letters and digits."""

_TIMEOUT: Final = 60.0
_POOL_SIZE: Final = 10
_NO_DELAY: Final = (6, 1, 1)  # IPPROTO_TCP, TCP_NODELAY, on
"""The defaults of botocore and urllib3."""


@dataclass(frozen=True, slots=True)
class LightStart:
    """What a client of boto3 would have decided. Credentials of the environment are read once, as boto3 does it.

    Attributes:
        endpoint: Where requests go.
        credentials: Who signs them.
        place: As in `Transport`.
    """

    endpoint: Endpoint
    credentials: Credentials
    place: str


def check_settings(settings: ClientSettings) -> None:
    """Raise `LeftToBoto3` if the settings have what only boto3 understands."""
    for name in ("client", "session", "profile"):
        if getattr(settings, name) is not None:
            raise LeftToBoto3(f"{name}= is set")


def find_light_start(settings: ClientSettings) -> LightStart:
    """Return what boto3 would make of the environment and of settings that `check_settings` accepts.

    Raises:
        LeftToBoto3: Only boto3 can tell.
    """
    if (configuration := find_configuration()) is not None:
        raise LeftToBoto3(configuration)
    credentials = _find_credentials(settings)
    if not f"{credentials.access_key}{credentials.secret_key}{credentials.token}".isascii():
        raise LeftToBoto3("the credentials are not ASCII")  # it reports those that cannot be encoded
    region = settings.find_region(None, os.environ.get("AWS_DEFAULT_REGION"))
    host = _find_host(region or DEFAULT_REGION)
    url = settings.endpoint_url or f"https://{host}"
    endpoint = _make_endpoint(settings, url, region or DEFAULT_REGION)
    if region is None:
        warn_of_region()
    return LightStart(endpoint, credentials, name_place(url, endpoint.region))


def _find_credentials(settings: ClientSettings) -> Credentials:
    if (given := settings.find_credentials()) is not None:
        return given
    access_key, secret_key, token = [os.environ.get(name) for name in CREDENTIALS]
    if not access_key or not secret_key:
        raise LeftToBoto3("the environment has no credentials")
    return Credentials(access_key, secret_key, token or None)


def _find_host(region: str) -> str:
    before, _, number = region.rpartition("-")
    start, _, place = before.rpartition("-")
    is_usual = region.isascii() and place.isalpha() and place.islower() and number.isdigit()
    if start not in _SUFFIXES or not is_usual or len(region) > _LONGEST_LABEL:
        raise LeftToBoto3(f"only boto3 knows the region {region!r}")
    return f"dynamodb.{region}.{_SUFFIXES[start]}"


def _make_endpoint(settings: ClientSettings, url: str, region: str) -> Endpoint:
    match = PLAIN_URL.fullmatch(url)
    if match is None or not _is_valid_host(match[2]):
        raise LeftToBoto3("the endpoint's URL has an unusual form")
    is_secure, host = match[1] == "https", match[2]
    usual = 443 if is_secure else 80
    port = int(match[3] or usual)
    return Endpoint(
        is_secure=is_secure,
        host=host,
        port=port,
        authority=host if port == usual else f"{host}:{port}",
        path="/",
        headers={"content-type": JSON_TYPE, "user-agent": _describe_user_agent()},
        target="DynamoDB_20120810.",
        region=region,
        service="dynamodb",
        connect_timeout=_TIMEOUT if settings.connect_timeout is None else settings.connect_timeout,
        read_timeout=_TIMEOUT if settings.timeout is None else settings.timeout,
        pool_size=_POOL_SIZE,
        socket_options=(_NO_DELAY,),
        certificates=_find_certificates() if is_secure else "",
        client_certificate=None,
        proxy=None,
    )


def _is_valid_host(host: str) -> bool:
    """Return whether botocore accepts a host of the characters of `PLAIN_URL`."""
    labels = host.split(".")
    are_valid = all(0 < len(label) <= _LONGEST_LABEL and label[0] != "-" != label[-1] for label in labels)
    return are_valid and len(host) <= _LONGEST_HOST and _DUAL_STACK not in host


def _describe_user_agent() -> str:
    """Return the User-Agent header, in the form of botocore's; it does not name boto3, which is not there."""
    package: Any = sys.modules["dynamongo"]  # which no module below it imports
    system, python, execution = os.uname(), sys.version_info, os.environ.get("AWS_EXECUTION_ENV")
    words = [
        f"dynamongo/{package.__version__}",
        f"os/linux#{system.release}",
        f"md/arch#{system.machine}",
        f"lang/python#{python[0]}.{python[1]}.{python[2]}",
        *([f"exec-env/{_clean(execution)}"] if execution else ()),
    ]
    return " ".join(words)


def _clean(text: str) -> str:
    """Return a text without the characters that botocore, too, replaces in the header."""
    return "".join([each if each.isascii() and (each.isalnum() or each in _SYMBOLS) else "-" for each in text])


def _find_certificates() -> str:
    """Return the file of the authorities that are trusted: that of the environment, certifi's, or else botocore's."""
    for name in BUNDLES:
        if name in os.environ:
            return os.environ[name]
    found = _find_certifi() or f"{find_package('botocore')}/cacert.pem"
    if not os.path.isfile(found):  # noqa: PTH113 - pathlib is slow to import
        raise LeftToBoto3("the file of the authorities is not where it usually is")
    return found


def _find_certifi() -> str | None:
    """Return what `certifi.where` does: it takes long to import, and to call at first."""
    loaded: Any = sys.modules.get("certifi")
    if loaded is not None:
        return str(loaded.where())
    folder = find_package("certifi")
    if folder is None:
        return None
    try:
        with open(f"{folder}/core.py", encoding="utf-8") as file:  # noqa: PTH123 - as above
            text = file.read()
    except OSError:
        text = ""
    if '"cacert.pem"' not in text or "/etc/" in text:  # distributors have it return the system's file
        raise LeftToBoto3("certifi has its authorities elsewhere")
    return f"{folder}/cacert.pem"
