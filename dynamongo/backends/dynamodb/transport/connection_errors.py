"""Errors of connections: what failed on the way, and whether the store may have got the request."""

from __future__ import annotations

import sys
from typing import Any, Final

from dynamongo.backends.dynamodb.errors import build_connection_error, build_unexpected_error
from dynamongo.backends.dynamodb.transport.endpoint import Endpoint
from dynamongo.backends.dynamodb.transport.http_errors import IncompleteResponse, ResponseTooLong, TunnelRefused
from dynamongo.exceptions import ServiceError

AUTHENTICATION_REQUIRED: Final = 407
"""The one status that no server sends but a proxy."""


def build_refusal_error(proxy: str | None, status: str) -> ServiceError:
    """Return the error for a proxy that refused the request. Nothing has reached the store then.

    A request that was refused with 407 would be refused again, so the error is not transient.

    Args:
        proxy: The URL of the proxy, without user name and password; `None` if no proxy is configured.
        status: The status that it sent, such as `"407 Proxy Authentication Required"`.
    """
    needs_password = status.startswith(str(AUTHENTICATION_REQUIRED))
    fix = "; put its user name and password into the proxy's URL" if needs_password else ""
    name = "a proxy" if proxy is None else f"the proxy {proxy}"
    message = f"{name} refused the request: {status.strip()}{fix}"
    return ServiceError(message, code="ProxyConnectionError", was_sent=False, is_transient=not needs_password)


def build_connect_error(endpoint: Endpoint, timeout: float | None, error: BaseException) -> ServiceError:
    """Return the error for a connection that could not be opened."""
    where, cause, proxy = _describe_route(endpoint), _describe_cause(error), endpoint.proxy
    if _is_of_tls(error):
        return build_connection_error("SSLError", f"no TLS connection to {where}: {error}", was_sent=False)
    if isinstance(error, TimeoutError):
        message = f"no connection to {where} within {timeout:.3g} s"
        return build_connection_error("ConnectTimeoutError", message, was_sent=False)
    if proxy is None:
        return build_connection_error("EndpointConnectionError", f"no connection to {where}: {cause}", was_sent=False)
    if isinstance(error, TunnelRefused):
        return build_refusal_error(proxy.url, str(error))
    message = f"no connection to the proxy {proxy.url}: {cause}"
    return build_connection_error("ProxyConnectionError", message, was_sent=False)


def _is_of_tls(error: BaseException) -> bool:
    ssl: Any = sys.modules.get("ssl")  # importing it takes long, and without it there was no TLS
    return ssl is not None and isinstance(error, ssl.SSLError)


def _describe_route(endpoint: Endpoint) -> str:
    scheme = "https" if endpoint.is_secure else "http"
    where = f"{scheme}://{endpoint.authority}{endpoint.path}"
    return where if endpoint.proxy is None else f"{where} through the proxy {endpoint.proxy.url}"


def build_exhausted_error(max_connections: int) -> ServiceError:
    """Return the error for a request that has waited in vain for a connection of the pool."""
    message = f"no connection became free in the time left for the call: all {max_connections} are in use"
    return build_connection_error(
        "ConnectTimeoutError", f"{message}; set max_connections= to allow for more", was_sent=False
    )


def build_send_error(error: OSError) -> ServiceError:
    """Return the error for a request of which only a part, or nothing, was sent: the store cannot execute that."""
    code = "ReadTimeoutError" if isinstance(error, TimeoutError) else "ConnectionClosedError"
    message = f"the request was not sent completely: {_describe_cause(error)}"
    return build_connection_error(code, message, was_sent=False)


def build_read_error(endpoint: Endpoint, error: Exception, *, is_over: bool) -> ServiceError:
    """Return the error for a response that did not come, or only in part.

    Args:
        endpoint: Where the request was sent.
        error: What reading failed with.
        is_over: Whether the deadline of the call has passed, and not only the time that one read may take.
    """
    if isinstance(error, TimeoutError):
        limit = "the time left for the call" if is_over else f"{endpoint.read_timeout} s"
        return build_connection_error("ReadTimeoutError", f"no response from {endpoint.authority} within {limit}")
    if isinstance(error, OSError):  # `NoResponse` is one too
        return build_connection_error("ConnectionClosedError", f"connection lost: {_describe_cause(error)}")
    if isinstance(error, ResponseTooLong):
        return build_too_long_error(error)
    if isinstance(error, IncompleteResponse):
        return build_incomplete_error("connection lost in the middle of the response")
    return build_connection_error("HTTPClientError", f"the response is not HTTP: {_describe_cause(error)}")


def build_incomplete_error(message: str) -> ServiceError:
    """Return the error for a response of which a part is missing."""
    return build_connection_error("IncompleteReadError", message)


def build_fork_error() -> ServiceError:
    """Return the error for a response that the parent reads too, after a fork by a signal handler."""
    return build_connection_error("ConnectionClosedError", "the process was forked while it read the response")


def build_too_long_error(error: ResponseTooLong) -> ServiceError:
    """Return the error for a response that is longer than any of DynamoDB's."""
    unexpected = build_unexpected_error(str(error))
    unexpected.code = "HTTPClientError"
    return unexpected


def _describe_cause(error: BaseException) -> str:
    """Return the class and the message of an error."""
    return f"{type(error).__name__}: {error}" if str(error) else type(error).__name__
