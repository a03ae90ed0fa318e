"""Signatures, against AWS's published test vectors and botocore's signer."""

from __future__ import annotations

import datetime as dt
import hmac
from typing import Any

import pytest
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials
from hypothesis import given
from hypothesis import strategies as st

from dynamongo.backends.dynamodb.transport.signing import Signer, canonical_headers, canonical_path, derive_key

ACCESS_KEY, SECRET_KEY = "AKIDEXAMPLE", "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY"
TIME = "20150830T123600Z"
HEAD = {"host": "example.amazonaws.com", "x-amz-date": TIME}
FORM = "application/x-www-form-urlencoded"
TOKEN = (
    "AQoDYXdzEPT//////////wEXAMPLEtc764bNrC9SAPBSM22wDOk4x4HIZ8j4FZTwdQWLWsKWHGBuFqwAeMicRXmxfpSPfIeoIYRqTflfKD8YUuwth"
    "Ax7mSEI/qkPpKPi/kMcGdQrmGdeehM4IC1NtBmUpp2wUE8phUZampKsburEDy0KPkyQDYwT7WZ0wq5VSXDvp75YU9HFvlRd8Tx6q6fE8YQcHNVXAk"
    "iY9q6d+xo0rKwT38xVqr7ZD0u0iPPkUL64lIZbqBAz+scqKmlzm8FDrypNC9Yjc8fPOLn9FX9KSYvKTr4rvx3iSIlTJabIQwj2ICCR/oLxBA=="
)

VECTORS: list[tuple[str, dict[str, Any], str]] = [
    ("get-vanilla", {"method": "GET"}, "5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31"),
    ("post-vanilla", {}, "5da7c1a2acd57cee7505fc6676e4e544621c30862966e37dddb68e92efbe5d6b"),
    (
        "post-header-value-case",
        {"headers": {"my-header1": "VALUE1"}},
        "cdbc9802e29d2942e5e10b5bccfdd67c5f22c7c4e8ae67b53629efa58b974b7d",
    ),
    (
        "post-x-www-form-urlencoded",
        {"headers": {"content-type": FORM}, "body": b"Param1=value1"},
        "ff11897932ad3f4e8b18135d722051e5ac45fc38421b1da7b9d196a0fe09473a",
    ),
    (
        "post-x-www-form-urlencoded-parameters",
        {"headers": {"content-type": f"{FORM}; charset=utf8"}, "body": b"Param1=value1"},
        "1a72ec8f64bd914b0e42e42607c7fbce7fb2c7465f63e3092b3b0d39fa77a6fe",
    ),
    (
        "post-sts-header-before",
        {"headers": {"x-amz-security-token": TOKEN}},
        "85d96828115b5dc0cfc3bd16ad9e210dd772bbebba041836c64533a82be05ead",
    ),
    (
        "get-vanilla-query-order-key-case",
        {"method": "GET", "query": "Param1=value1&Param2=value2"},
        "b97d918cfa904a5beff61c982a1b6f458b799221646efd99d3219ec94cdf2500",
    ),
    (
        "get-relative",
        {"method": "GET", "path": canonical_path("/example/..")},
        "5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31",
    ),
    (
        "get-slashes",
        {"method": "GET", "path": canonical_path("//example//")},
        "9a624bd73a37c9a373b5312afbebe7a714a789de108f0bdfe846570885f57e84",
    ),
    (
        "get-space",
        {"method": "GET", "path": canonical_path("/example space/")},
        "652487583200325589f1fba4c7e578f72c47cb61beeca81406b39ddec1366741",
    ),
]


@pytest.mark.parametrize(("given", "signature"), [vector[1:] for vector in VECTORS], ids=[each[0] for each in VECTORS])
def test_vector_of_aws(given: dict[str, Any], signature: str) -> None:
    options: dict[str, Any] = {**given, "body": given.get("body", b"")}
    headers = canonical_headers(HEAD | options.pop("headers", {}))
    signed = Signer("us-east-1", "service").sign(ACCESS_KEY, SECRET_KEY, TIME, headers, **options)
    assert signed.rpartition("Signature=")[2] == signature


def test_example_of_the_user_guide() -> None:
    headers = {"content-type": f"{FORM}; charset=utf-8", "host": "iam.amazonaws.com", "x-amz-date": TIME}
    signed = Signer("us-east-1", "iam").sign(
        ACCESS_KEY,
        SECRET_KEY,
        TIME,
        canonical_headers(headers),
        b"",
        method="GET",
        query="Action=ListUsers&Version=2010-05-08",
    )
    assert signed == (
        "AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20150830/us-east-1/iam/aws4_request,"
        " SignedHeaders=content-type;host;x-amz-date,"
        " Signature=5d672d79c15b13162d9279b0855cfba6789a8edb4c82c400e06b5924a6f2b5d7"
    )


def test_signing_keys_of_the_user_guide() -> None:
    expected = "c4afb1cc5771d871763a393e44b703571b55cc28424d1a5e86da6ed3c154a4b9"
    assert derive_key(SECRET_KEY, "20150830", "us-east-1", "iam").hex() == expected


@pytest.mark.parametrize("length", [1, 59, 60, 61, 200])
def test_signing_key_is_that_of_the_standard_library_for_a_secret_of_any_length(length: int) -> None:
    key = b"AWS4" + b"s" * length  # 64 bytes are a block; what is longer is hashed
    for step in (b"20150830", b"us-east-1", b"dynamodb", b"aws4_request"):
        key = hmac.digest(key, step, "sha256")
    assert derive_key("s" * length, "20150830", "us-east-1", "dynamodb") == key


def test_key_that_is_kept_is_that_of_the_day_and_of_the_credentials() -> None:
    shared = Signer("us-east-1", "dynamodb")
    for secret_key, time in [("one", TIME), ("two", TIME), ("two", "20150831T000000Z"), ("one", TIME)]:
        alone = Signer("us-east-1", "dynamodb")
        arguments: tuple[Any, ...] = (ACCESS_KEY, secret_key, time, canonical_headers(HEAD), b"{}")
        assert shared.sign(*arguments) == alone.sign(*arguments)


plain = st.text(st.characters(min_codepoint=33, max_codepoint=126), min_size=1, max_size=20)


@given(
    body=st.binary(max_size=200),
    path=st.text(st.characters(min_codepoint=33, max_codepoint=126, exclude_characters="?#"), max_size=12),
    secret_key=plain,
    token=st.none() | plain,
    region=st.sampled_from(["us-east-1", "eu-central-1"]),
    day=st.dates(dt.date(2015, 1, 1), dt.date(2035, 1, 1)),
)
def test_botocore_signs_alike(  # noqa: PLR0917 - what a signature is made of
    body: bytes, path: str, secret_key: str, token: str | None, region: str, day: dt.date
) -> None:
    timestamp = day.strftime("%Y%m%dT123600Z")
    headers = {"host": "dynamodb.example.com", "x-amz-target": "DynamoDB_20120810.GetItem"}
    request = AWSRequest("POST", f"https://dynamodb.example.com/{path}", headers, body)
    signer = SigV4Auth(Credentials(ACCESS_KEY, secret_key, token), "dynamodb", region)
    request.context["timestamp"] = timestamp
    signer._modify_request_before_signing(request)  # type: ignore[attr-defined]
    text = signer.string_to_sign(request, signer.canonical_request(request))
    expected = signer.signature(text, request)
    signed = {**headers, "x-amz-date": timestamp} | ({"x-amz-security-token": token} if token else {})
    ours = Signer(region, "dynamodb").sign(
        ACCESS_KEY, secret_key, timestamp, canonical_headers(signed), body, path=canonical_path(f"/{path}")
    )
    assert ours.rpartition("Signature=")[2] == expected
