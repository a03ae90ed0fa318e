"""One attempt: calls a client of boto3 without its retries, and within the time that is left.

The executor retries, since it knows what may be sent twice. A client that retried too would apply a write twice and
report it once. The client stays as it is for everybody else: a call uses a copy that shares its events, connections and
credentials, and has its own endpoint, which never repeats a request. Replaced functions of botocore are still called.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final, cast

from dynamongo.backends.dynamodb.transport.botocore_internals import (
    can_stop_retries,
    copy_client,
    copy_endpoint,
    is_copyable,
)
from dynamongo.exceptions import ConfigurationError

_FIX: Final = (
    "create it with config=Config(retries={%s}), and pass retries=RetryPolicy(...) to dynamongo, which would otherwise"
    " make only one attempt"
)


def find_retries(client: Any) -> dict[str, Any]:
    """Return how a client retries: `mode`, and `total_max_attempts` if it is set anywhere."""
    config = getattr(getattr(client, "meta", None), "config", None)
    retries: Any = getattr(config, "retries", None)
    return {**retries} if isinstance(retries, dict) else {}


def check_client(client: Any) -> None:
    """Raise `ConfigurationError` for a client of the caller whose retries cannot be switched off.

    Anything but a client of botocore, such as a test double, is called as it is.
    """
    if not is_of_botocore(client):
        return
    retries = find_retries(client)
    if retries.get("mode") == "adaptive" and retries.get("total_max_attempts") != 1:
        raise ConfigurationError(
            "the client itself retries, in adaptive mode, so a write could be applied twice; "
            + _FIX % '"mode": "adaptive", "total_max_attempts": 1'
        )
    if not can_stop_retries(client):
        problem = "the installed botocore cannot switch off a client's retries for one call; "
        raise ConfigurationError(problem + _FIX % '"total_max_attempts": 1')


def prepare_call(client: Any, seconds: float | None, *, is_ours: bool, is_watched: bool) -> Any:
    """Return a copy of the client to make one call with; anything but a client of botocore is its own copy.

    Args:
        client: The client.
        seconds: How long a read may wait for a byte; older versions of botocore use the client's setting alone.
        is_ours: Whether dynamongo has made it, so that it does not retry.
        is_watched: Whether a hook may have to be told of attempts.
    """
    if not is_of_botocore(client) or (is_ours and not is_copyable(client)):
        return client
    retries = find_retries(client)
    makes_one_attempt = is_ours or retries.get("total_max_attempts") == 1
    is_asked = is_watched or retries.get("mode") == "adaptive"  # then the client itself is told, and limits its rate
    endpoint = copy_endpoint(client, may_retry=makes_one_attempt and is_asked)
    if seconds is not None:
        config: Any = client.meta.config  # whose stubs lack its options
        usual = config.read_timeout
        endpoint.make_request = _bound(endpoint, seconds if usual is None else min(seconds, usual))
    return copy_client(client, endpoint)


def is_of_botocore(client: Any) -> bool:
    """Return whether a client is one of botocore, and not a test double."""
    from botocore.client import BaseClient  # noqa: PLC0415 - it takes long, and there may never be a client

    return isinstance(client, BaseClient)


def _bound(endpoint: Any, seconds: float) -> Callable[[Any, dict[str, Any]], Any]:
    def make_request(operation_model: Any, request_dict: dict[str, Any]) -> Any:
        request_dict["context"]["read_timeout"] = seconds
        original = cast("Any", type(endpoint))  # looked up now: tracers replace the function of the class
        return original.make_request(endpoint, operation_model, request_dict)

    return make_request
