"""Responses that boto3 reads: those that it would mistake for empty ones are refused first.

boto3 parses whatever has status 200 and is not JSON as a response without members. To a get, that means that there is
no item; to a create, that it was done. So a handler of its event `before-parse` checks each response to a call of ours,
whoever owns the client. Calls that the owner of a client makes are left alone.
"""

from __future__ import annotations

import contextlib
import http.client
import json
import os
import ssl
import weakref
from collections.abc import Generator, Iterator
from contextvars import ContextVar
from typing import Any, Final

from botocore.awsrequest import AWSHTTPConnectionPool, AWSHTTPSConnectionPool

from dynamongo.backends.dynamodb.errors import build_unexpected_error
from dynamongo.backends.dynamodb.transport.botocore_internals import pool_classes_of, session_of
from dynamongo.backends.dynamodb.transport.connection_errors import (
    AUTHENTICATION_REQUIRED,
    build_incomplete_error,
    build_refusal_error,
)
from dynamongo.backends.dynamodb.transport.http_errors import ResponseTooLong
from dynamongo.backends.dynamodb.transport.http_reader import MAX_BODY_BYTES
from dynamongo.backends.dynamodb.transport.plain_response import PlainResponse
from dynamongo.backends.dynamodb.transport.response_checks import check_checksum, check_kind, check_members

_HANDLER: Final = "dynamongo-check-answer"

_bodies: ContextVar[list[bytes] | None] = ContextVar("dynamongo_boto3_bodies", default=None)
"""Collects the bodies of the responses to the call in progress; `None` outside such calls."""

_clients: Final[weakref.WeakSet[Any]] = weakref.WeakSet()


def watch_responses(client: Any, *, is_own: bool) -> None:
    """Have the responses to calls of ours checked.

    Args:
        client: A client of boto3.
        is_own: Whether dynamongo alone uses it: then the length of its responses is limited, and a connection with
            bytes that belong to no response is closed.
    """
    with contextlib.suppress(AttributeError):  # a test double without events may return anything
        client.meta.events.register("before-parse.dynamodb", _check_response, unique_id=_HANDLER)
    with contextlib.suppress(TypeError):  # so may one without weak references
        _clients.add(client)
    if is_own:
        _make_cautious(client)


@contextlib.contextmanager
def collect_bodies() -> Generator[list[bytes]]:
    """Collect the bodies of the responses that the block gets through boto3; a mock returns none."""
    bodies: list[bytes] = []
    token = _bodies.set(bodies)
    try:
        yield bodies
    finally:
        _bodies.reset(token)


def check_content(response: dict[str, Any], bodies: list[bytes]) -> None:
    """Raise `ServiceError` for a response that is empty only because its body could not be read."""
    if not bodies or (len(response) > 1 and b"null" not in bodies[-1]):
        return
    try:
        content = json.loads(bodies[-1])
    except (RecursionError, ValueError) as error:
        raise build_incomplete_error(f"the response is not complete JSON: {error}") from error
    check_members(content)


def _check_response(response_dict: dict[str, Any], **_: object) -> None:
    bodies, body = _bodies.get(), response_dict["body"]
    if bodies is None or not isinstance(body, bytes):
        return
    bodies.append(body)
    headers, status = response_dict["headers"], response_dict["status_code"]
    if status == AUTHENTICATION_REQUIRED:
        raise build_refusal_error(None, f"{status} {body[:200].decode(errors='replace')}")
    check_checksum(body, headers.get("x-amz-crc32"))
    length = headers.get("content-length", "")
    if length.isdecimal() and len(body) < int(length[:18]):
        raise build_incomplete_error("connection lost in the middle of the response")
    if status < 300:
        _check_success(status, body, headers.get("content-type", ""))
    elif not _is_object(body):  # boto3 expects any JSON to be an object
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
    """Return whether a body begins and ends like a JSON object."""
    stripped = body.strip()
    return stripped[:1] == b"{" and stripped[-1:] == b"}"


class _Cautious:
    """What the pools of our own clients check beyond botocore's."""

    def urlopen(self, *args: Any, **kwargs: Any) -> Any:
        """Send a request as urllib3 does, with a limit on the body of the response."""
        inherited: Any = super()
        return _limit(inherited.urlopen(*args, **kwargs))

    def _get_conn(self, *args: Any, **kwargs: Any) -> Any:
        """Return a connection, whose plain responses are read faster.

        Close it first if TLS has decrypted bytes of no response, which urllib3 overlooks.
        """
        inherited: Any = super()
        connection = inherited._get_conn(*args, **kwargs)  # noqa: SLF001 - urllib3's method of that name is overridden
        opened = getattr(connection, "sock", None)
        if isinstance(opened, ssl.SSLSocket) and opened.pending():
            connection.close()
        if getattr(connection, "_original_response_cls", None) is http.client.HTTPResponse:
            connection._original_response_cls = PlainResponse  # noqa: SLF001 - botocore sets the public one to it
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
        classes = pool_classes_of(session_of(client))
        for scheme, (theirs, ours) in _POOLS.items():
            if classes.get(scheme) is theirs:
                classes[scheme] = ours


def _limit(response: Any) -> Any:
    """Limit the body of a urllib3 response to the length of DynamoDB's longest."""
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
        with contextlib.suppress(Exception):  # of a test double; nobody would see an error of a fork
            client.close()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_close_clients_in_child)
