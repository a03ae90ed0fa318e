"""Answers that boto3 reads: what it would take for an empty one is refused first.

Where an answer has status 200, boto3 takes whatever is no JSON for an answer without members: to a get, that there is
no item; to a create, that it was done. So a handler of its event `before-parse` looks at each answer to a call of ours,
whoever the client belongs to. Calls that the owner of a client makes are left alone.
"""

# What there is no public attribute for is private to botocore; where it is missing, nothing is limited.
# ruff: noqa: SLF001

from __future__ import annotations

import contextlib
import json
import os
import ssl
import weakref
from collections.abc import Generator, Iterator
from contextvars import ContextVar
from typing import Any, Final
from zlib import crc32

from botocore.awsrequest import AWSHTTPConnectionPool, AWSHTTPSConnectionPool

from dynamongo.backends.dynamodb.errors import build_connection_error, build_unexpected_error
from dynamongo.backends.dynamodb.transport.connection_errors import (
    AUTHENTICATION_REQUIRED,
    build_incomplete_error,
    build_refusal_error,
)
from dynamongo.backends.dynamodb.transport.http_reader import MAX_BODY_BYTES, ResponseTooLong

_HANDLER: Final = "dynamongo-check-answer"

_bodies: ContextVar[list[bytes] | None] = ContextVar("dynamongo_boto3_bodies", default=None)
"""Where the bodies of the answers to the call that is under way go; `None` outside of such calls."""

_clients: Final[weakref.WeakSet[Any]] = weakref.WeakSet()


def watch_responses(client: Any, *, is_own: bool) -> None:
    """Have the answers to calls of ours checked.

    Args:
        client: A client of boto3.
        is_own: Whether nobody else has it: then the length of its answers is limited, and a connection with bytes that
            belong to no answer is closed.
    """
    with contextlib.suppress(AttributeError):  # a double without events answers as it likes
        client.meta.events.register("before-parse.dynamodb", _check_response, unique_id=_HANDLER)
    with contextlib.suppress(TypeError):  # so does one that cannot be referred to
        _clients.add(client)
    if is_own:
        _make_cautious(client)


@contextlib.contextmanager
def collect_bodies() -> Generator[list[bytes]]:
    """The bodies of the answers that the block gets through boto3: none if it was answered by something else."""
    bodies: list[bytes] = []
    token = _bodies.set(bodies)
    try:
        yield bodies
    finally:
        _bodies.reset(token)


def check_content(response: dict[str, Any], bodies: list[bytes]) -> None:
    """Refuse a response that says nothing because the answer could not be read."""
    if not bodies or (len(response) > 1 and b"null" not in bodies[-1]):
        return
    try:
        content = json.loads(bodies[-1])
    except (RecursionError, ValueError) as error:
        raise build_incomplete_error(f"the response is not complete JSON: {error}") from error
    check_members(content)


def check_members(content: dict[str, Any]) -> None:
    """Refuse an answer that has `null` for a member: DynamoDB leaves a member out that it has nothing for."""
    if None in content.values():
        name = next(name for name, value in content.items() if value is None)
        raise build_unexpected_error(f"{name} is null")


def check_checksum(body: bytes | bytearray, checksum: str | None) -> None:
    """Refuse a body that was damaged on its way."""
    if checksum is not None and str(crc32(body)) != checksum.strip():
        raise build_connection_error("ChecksumError", f"corrupt response: its CRC-32 is not {checksum}")


def check_kind(body: bytes | bytearray, content_type: str) -> None:
    """Refuse a body of status 200 that another server than DynamoDB wrote."""
    if body and content_type and "json" not in content_type:
        raise build_unexpected_error(f"expected JSON; got {content_type}")


def _check_response(response_dict: dict[str, Any], **_: object) -> None:
    bodies, body = _bodies.get(), response_dict["body"]
    if bodies is None or not isinstance(body, bytes):
        return
    bodies.append(body)
    headers, status = response_dict["headers"], response_dict["status_code"]
    if status == AUTHENTICATION_REQUIRED:
        raise build_refusal_error("on the way", f"{status} {body[:200].decode(errors='replace')}")
    check_checksum(body, headers.get("x-amz-crc32"))
    length = headers.get("content-length", "")
    if length.isdecimal() and len(body) < int(length[:18]):
        raise build_incomplete_error("connection lost in the middle of the response")
    if status < 300:
        _check_success(status, body, headers.get("content-type", ""))
    elif not _is_object(body):  # boto3 expects an object of what is JSON at all
        with contextlib.suppress(RecursionError, ValueError):
            json.loads(body)
            response_dict["body"] = b"{}"


def _check_success(status: int, body: bytes, content_type: str) -> None:
    if status != 200:
        raise build_unexpected_error(f"expected status 200; got {status}")
    if not _is_object(body):
        check_kind(body, content_type)
        raise build_incomplete_error(f"the response is not a complete JSON object: {len(body)} bytes")


def _is_object(body: bytes) -> bool:
    """Whether a body begins and ends as a JSON object does."""
    stripped = body.strip()
    return stripped[:1] == b"{" and stripped[-1:] == b"}"


class _Cautious:
    """What the pools of our own clients do beyond botocore's."""

    def urlopen(self, *args: Any, **kwargs: Any) -> Any:
        """See `urllib3`; the body of the response is limited."""
        inherited: Any = super()
        return _limit(inherited.urlopen(*args, **kwargs))

    def _get_conn(self, *args: Any, **kwargs: Any) -> Any:
        """A connection, closed first if TLS has deciphered bytes that belong to no answer, which urllib3 overlooks."""
        inherited: Any = super()
        connection = inherited._get_conn(*args, **kwargs)
        opened = getattr(connection, "sock", None)
        if isinstance(opened, ssl.SSLSocket) and opened.pending():
            connection.close()
        return connection


class _CautiousHTTPPool(_Cautious, AWSHTTPConnectionPool):
    pass


class _CautiousHTTPSPool(_Cautious, AWSHTTPSConnectionPool):
    pass


_POOLS: Final = {
    "http": (AWSHTTPConnectionPool, _CautiousHTTPPool),
    "https": (AWSHTTPSConnectionPool, _CautiousHTTPSPool),
}


def _make_cautious(client: Any) -> None:
    with contextlib.suppress(AttributeError):
        classes = client._endpoint.http_session._pool_classes_by_scheme
        for scheme, (theirs, ours) in _POOLS.items():
            if classes.get(scheme) is theirs:
                classes[scheme] = ours


def _limit(response: Any) -> Any:
    """A response of urllib3 whose body stops at the length of DynamoDB's longest."""
    length = response.headers.get("content-length", "")
    if length.isdecimal() and int(length[:18]) > MAX_BODY_BYTES:
        response.close()
        raise ResponseTooLong(f"body of {length[:18]} bytes, above the {MAX_BODY_BYTES} that DynamoDB sends")
    stream = response.stream

    def limited(*args: Any, **kwargs: Any) -> Iterator[bytes]:
        return _count(stream(*args, **kwargs), response)

    response.stream = limited
    return response


def _count(parts: Iterator[bytes], response: Any) -> Iterator[bytes]:
    left = MAX_BODY_BYTES
    for part in parts:
        left -= len(part)
        if left < 0:
            response.close()
            raise ResponseTooLong("endless body")
        yield part


def _close_clients_in_child() -> None:
    """Close the child's copies of the connections that boto3 keeps, which it would share with the parent."""
    for client in list(_clients):
        with contextlib.suppress(Exception):  # of a double; an error in a fork can be told to nobody
            client.close()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_close_clients_in_child)
