"""One attempt: calls a client of boto3 without its retries, and within the time that is left.

The executor retries, since it knows what may be sent twice; a client that did it as well would apply a write twice and
tell it as done once. The client remains as it is for everybody else: a call goes through a copy that shares its events,
connections and credentials, and has an endpoint of its own which never repeats a request. Functions of botocore that
were replaced are called as ever.
"""

# A client has no public way to make a call without its retries.
# ruff: noqa: SLF001

from __future__ import annotations

import copy
from collections.abc import Callable
from typing import Any, Final, cast

from botocore.client import BaseClient

from dynamongo.exceptions import ConfigurationError

_FIX: Final = (
    "give it config=Config(retries={...}) with %s, and dynamongo its own retries=RetryPolicy(...), or it makes one"
    " attempt too"
)


def find_retries(client: Any) -> dict[str, Any]:
    """How a client retries: `mode`, and `total_max_attempts` where it is set anywhere."""
    config = getattr(getattr(client, "meta", None), "config", None)
    retries: Any = getattr(config, "retries", None)
    return {**retries} if isinstance(retries, dict) else {}


def check_client(client: Any) -> None:
    """Refuse a client of the caller whose retries cannot be kept from it; raises `ConfigurationError`.

    What is no client of botocore, such as a double in a test, is called as it is.
    """
    if not isinstance(client, BaseClient):
        return
    retries = find_retries(client)
    if retries.get("mode") == "adaptive" and retries.get("total_max_attempts") != 1:
        raise ConfigurationError(
            "the client retries in adaptive mode, beside dynamongo: a write could be applied twice; "
            + _FIX % '"mode": "adaptive", "total_max_attempts": 1'
        )
    if not callable(getattr(getattr(client, "_endpoint", None), "_needs_retry", None)):
        told = "the retries of a client of this version of botocore cannot be switched off for one call; "
        raise ConfigurationError(told + _FIX % '"total_max_attempts": 1')


def prepare_call(client: Any, seconds: float | None, *, is_ours: bool) -> Any:
    """The client to make one call with.

    Args:
        client: The client.
        seconds: How long a read may go without a byte; older versions of botocore go by the client's setting alone.
        is_ours: Whether dynamongo has made it, so that it does not retry.
    """
    if not isinstance(client, BaseClient) or (is_ours and seconds is None):
        return client
    known: dict[str, Any] = vars(client)
    endpoint = copy.copy(known["_endpoint"])
    if not is_ours and find_retries(client).get("total_max_attempts") != 1:
        endpoint._needs_retry = _never
    if seconds is not None:
        config: Any = client.meta.config  # whose stubs lack its options
        usual = config.read_timeout
        endpoint.make_request = _bound(endpoint, seconds if usual is None else min(seconds, usual))
    twin: Any = object.__new__(cast("type[object]", type(client)))
    twin.__dict__.update(known, _endpoint=endpoint)
    return twin


def _never(*_: object, **__: object) -> bool:
    """What `Endpoint._needs_retry` is asked. It also compares the checksum, which `boto_responses` has done before."""
    return False


def _bound(endpoint: Any, seconds: float) -> Callable[[Any, dict[str, Any]], Any]:
    def make_request(operation_model: Any, request_dict: dict[str, Any]) -> Any:
        request_dict["context"]["read_timeout"] = seconds
        original = cast("Any", type(endpoint))  # looked up now: tracers replace the function of the class
        return original.make_request(endpoint, operation_model, request_dict)

    return make_request
