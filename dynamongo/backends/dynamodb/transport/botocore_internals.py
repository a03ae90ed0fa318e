"""What is read and changed inside botocore, where it has no public name.

Versions of botocore may lack any of it: a missing name raises `AttributeError`, and then boto3 sends the requests.
"""

from __future__ import annotations

from typing import Any, cast


def endpoint_of(client: Any) -> Any:
    """Return what sends the requests of a client."""
    return client._endpoint  # noqa: SLF001 - a client has no public name for it


def session_of(client: Any) -> Any:
    """Return the HTTP session of a client."""
    return endpoint_of(client).http_session


def parts_of(client: Any) -> list[Any]:
    """Return the parts of a client that a request passes."""
    endpoint, events = endpoint_of(client), client.meta.events
    emitter, signer = events._emitter, client._request_signer  # noqa: SLF001 - as in `handlers_of` and `endpoint_of`
    session = endpoint.http_session
    return [endpoint, session, pool_manager_of(session), events, emitter, signer]


def handlers_of(client: Any) -> dict[str, Any]:
    """Return the root of the tree in which botocore keeps the event handlers of a client."""
    root: dict[str, Any] = client.meta.events._emitter._handlers._root  # noqa: SLF001 - handlers cannot be listed otherwise
    return root


def handler_cache_of(client: Any) -> Any:
    """Return the cache of the handlers by event, which is another object whenever handlers change."""
    return client.meta.events._emitter._lookup_cache  # noqa: SLF001 - nothing public tells that handlers changed


def pool_manager_of(session: Any) -> Any:
    """Return urllib3's pool manager of an HTTP session."""
    return session._manager  # noqa: SLF001 - a session has no public name for it


def pool_classes_of(session: Any) -> dict[str, Any]:
    """Return the classes of the pools that an HTTP session makes, by scheme; they can be replaced."""
    classes: dict[str, Any] = session._pool_classes_by_scheme  # noqa: SLF001 - there is no public way to choose them
    return classes


def connection_settings_of(session: Any) -> dict[str, Any]:
    """Return what an HTTP session was made with.

    The names are those of the arguments of `URLLib3Session`: `verify`, `client_cert` (a pair of files, the second of
    which may be `None`, or `None`), `max_pool_connections` and `socket_options`, and `proxies`, which is an object.
    """
    # A session has no public names for its arguments.
    certificate = session._cert_file  # noqa: SLF001 - as above
    return {
        "verify": session._verify,  # noqa: SLF001 - as above
        "client_cert": None if certificate is None else (certificate, session._key_file),  # noqa: SLF001 - as above
        "max_pool_connections": session._max_pool_connections,  # noqa: SLF001 - as above
        "socket_options": session._socket_options,  # noqa: SLF001 - as above
        "proxies": session._proxy_config,  # noqa: SLF001 - as above
    }


def is_copyable(client: Any) -> bool:
    """Return whether a client can be copied: one that passes calls on to another cannot."""
    return "_endpoint" in vars(client)


def copy_client(client: Any, endpoint: Any) -> Any:
    """Return a copy of a client that shares its events, connections and credentials, and has this endpoint."""
    twin = _copy(client)
    twin._endpoint = endpoint  # noqa: SLF001 - a client has no public name for it
    return twin


def _copy(original: Any) -> Any:
    """Return a shallow copy, in a third of the time that the module `copy` takes: each request needs two."""
    made: Any = object.__new__(cast("type[object]", type(original)))
    made.__dict__.update(vars(original))
    return made


def copy_endpoint(client: Any, *, may_retry: bool) -> Any:
    """Return a copy of what sends the requests of a client, which never repeats one unless it may."""
    endpoint: Any = _copy(cast("dict[str, Any]", vars(client))["_endpoint"])
    if not may_retry:
        endpoint._needs_retry = _never  # noqa: SLF001 - retries cannot be switched off for one call otherwise
    return endpoint


def can_stop_retries(client: Any) -> bool:
    """Return whether `copy_endpoint` can stop the retries of a client."""
    return callable(getattr(getattr(client, "_endpoint", None), "_needs_retry", None))


def _never(*_: object, **__: object) -> bool:
    """Replace `Endpoint._needs_retry`, which also compares the checksum: `boto_responses` has done that before."""
    return False
