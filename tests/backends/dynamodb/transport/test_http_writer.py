"""Messages: what is in a request as it is sent."""

from __future__ import annotations

import time

import endpoints
import pytest

from dynamongo._support.dataclasses import replace
from dynamongo.backends.dynamodb.transport.base import Credentials
from dynamongo.backends.dynamodb.transport.endpoint import Proxy
from dynamongo.backends.dynamodb.transport.http_writer import MessageWriter
from dynamongo.backends.dynamodb.transport.signing import Signer, canonical_headers

JSON = "application/x-amz-json-1.0"
ENDPOINT = replace(endpoints.ENDPOINT, path="/a b/", headers={"content-type": JSON, "user-agent": "tests"})


KEY = Credentials("id", "secret")


def parse(message: bytes) -> tuple[str, dict[str, str], bytes]:
    head, _, body = message.partition(b"\r\n\r\n")
    line, *lines = head.decode("latin-1").split("\r\n")
    headers = dict(each.split(": ", 1) for each in lines)
    assert len(headers) == len(lines)
    return line, headers, body


@pytest.mark.parametrize("token", [None, "", "a token/+="])
def test_message_has_everything_once_and_its_signature(token: str | None) -> None:
    line, headers, body = parse(MessageWriter(ENDPOINT).write("GetItem", b"{}", Credentials("id", "secret", token)))
    signature = headers.pop("authorization")
    stamp = headers["x-amz-date"]
    signed = {
        "content-type": JSON,
        "host": "localhost:8000",
        "x-amz-date": stamp,
        "x-amz-target": "DynamoDB_20120810.GetItem",
        **({"x-amz-security-token": token} if token else {}),
    }
    assert (line, body) == ("POST /a b/ HTTP/1.1", b"{}")
    assert headers == {**signed, "accept-encoding": "identity", "content-length": "2", "user-agent": "tests"}
    signer = Signer("us-east-2", "dynamodb")
    assert signature == signer.sign("id", "secret", stamp, canonical_headers(signed), b"{}", path="/a%20b/")


def test_time_is_that_of_the_request(monkeypatch: pytest.MonkeyPatch) -> None:
    writer = MessageWriter(ENDPOINT)
    stamps: list[str] = []
    for now in (1_000_000_000.2, 1_000_000_000.9, 1_000_000_001.0, 1_000_086_399.9, 999_999_999.0):
        monkeypatch.setattr(time, "time", lambda now=now: now)
        stamps.append(parse(writer.write("GetItem", b"{}", KEY))[1]["x-amz-date"])
    assert stamps == [
        "20010909T014640Z",
        "20010909T014640Z",
        "20010909T014641Z",
        "20010910T014639Z",
        "20010909T014639Z",
    ]


@pytest.mark.parametrize(("is_secure", "target"), [(False, "http://localhost:8000/a b/"), (True, "/a b/")])
def test_plain_proxy_gets_the_whole_address_and_a_tunnel_does_not(*, is_secure: bool, target: str) -> None:
    proxy = Proxy("127.0.0.1", 1, {"proxy-authorization": "Basic x"})
    writer = MessageWriter(replace(ENDPOINT, proxy=proxy, is_secure=is_secure))
    line, headers, _ = parse(writer.write("GetItem", b"{}", KEY))
    assert line == f"POST {target} HTTP/1.1"
    assert ("proxy-authorization" in headers) is not is_secure
