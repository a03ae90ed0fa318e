"""The interface of transports, and their kinds."""

from __future__ import annotations

from typing import Any, Literal, Protocol, TypeAlias, cast, get_args

from dynamongo.backends.dynamodb.requests import Request
from dynamongo.exceptions import ConfigurationError
from dynamongo.expressions.values import shorten

TransportKind: TypeAlias = Literal["auto", "boto3"]


class Transport(Protocol):
    """What takes a request to the store.

    Attributes:
        place: Where it takes them: the AWS region, or the URL of an endpoint that is not AWS's.
    """

    place: str

    def send(self, request: Request, seconds: float | None = None) -> dict[str, Any]:
        """The answer, in the form in which boto3's client gives it; see `parse_body` for what may be decoded already.

        Args:
            request: The request.
            seconds: How long it may take.

        Raises:
            DynamongoError: The store refused the request or failed, or could not be reached.
        """
        ...

    def describe(self) -> str:
        """`"direct"`, or `"boto3"` with the reason."""
        ...

    def close(self) -> None:
        """Close what is kept open."""
        ...


def check_transport(kind: Any) -> TransportKind:
    """The kind of transport, if it is one; raises `ConfigurationError`."""
    if kind not in get_args(TransportKind):
        raise ConfigurationError(f"transport is one of {', '.join(get_args(TransportKind))}; got {shorten(kind)}")
    return cast("TransportKind", kind)


def describe_place(client: Any) -> str:
    """Where a client sends requests: the AWS region, or the URL of an endpoint that is not AWS's."""
    meta = getattr(client, "meta", None)
    url, region = str(getattr(meta, "endpoint_url", "")), str(getattr(meta, "region_name", ""))
    return region if ".amazonaws.com" in url else url
