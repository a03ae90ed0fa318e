"""The interface of transports, and their kinds."""

from __future__ import annotations

from collections.abc import Coroutine
from typing import Any, Literal, Protocol, TypeAlias, cast, get_args

from dynamongo._support.dataclasses import dataclass, field
from dynamongo.backends.dynamodb.requests import Request
from dynamongo.exceptions import ConfigurationError
from dynamongo.expressions.values import shorten

TransportKind: TypeAlias = Literal["auto", "boto3"]


class Transport(Protocol):
    """Sends requests to the store.

    Attributes:
        place: Where it sends them: the AWS region, or the URL of an endpoint that is not AWS's.
    """

    place: str

    def send(self, request: Request, seconds: float | None = None) -> dict[str, Any]:
        """Return the response, as boto3's client would return it; `parse_body` says what may be decoded already.

        Args:
            request: The request.
            seconds: How long it may take.

        Raises:
            DynamongoError: The store rejected the request or failed, or could not be reached.
        """
        ...

    def send_async(self, request: Request, seconds: float | None = None) -> Coroutine[Any, Any, dict[str, Any]]:
        """Do what `send` does, without blocking the event loop.

        If the task is cancelled, `was_sent` of the `CancelledError` says whether the store may have got the request.
        """
        ...

    def describe(self, *, is_awaited: bool = False) -> str:
        """Return `"direct"` and how it was started, or `"boto3"` and the reason; of an awaited request, if it is."""
        ...

    def close(self) -> None:
        """Close the connections that are kept open."""
        ...

    async def close_async(self) -> None:
        """Close them, and wait for those of the running loop that are in use."""
        ...


@dataclass(frozen=True, slots=True)
class Credentials:
    """What signs requests; boto3's frozen credentials have the same attributes.

    Attributes:
        access_key: The identifier of the access key.
        secret_key: Its secret part.
        token: The session token, of temporary ones.
    """

    access_key: str = field(repr=False)
    secret_key: str = field(repr=False)
    token: str | None = field(default=None, repr=False)


def check_transport(kind: Any) -> TransportKind:
    """Return the kind of transport if it is valid; raise `ConfigurationError` otherwise."""
    if kind not in get_args(TransportKind):
        raise ConfigurationError(f"transport must be one of {', '.join(get_args(TransportKind))}; got {shorten(kind)}")
    return cast("TransportKind", kind)


def describe_place(client: Any) -> str:
    """Return where a client sends requests: the AWS region, or the URL of an endpoint that is not AWS's."""
    meta = getattr(client, "meta", None)
    return name_place(str(getattr(meta, "endpoint_url", "")), str(getattr(meta, "region_name", "")))


def name_place(url: str, region: str) -> str:
    """Return the AWS region, or the URL of an endpoint that is not AWS's."""
    return region if ".amazonaws.com" in url else url
