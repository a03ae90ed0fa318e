"""Transports: how a request gets to DynamoDB and its response back, in one attempt.

`AutoTransport` chooses for each request: `DirectTransport`, unless somebody needs to see the request on its way through
boto3 or only boto3 can send it; then `BotoTransport`. `docs/transport.md` lists the cases.

A transport never repeats a request that may have been executed.
"""

from __future__ import annotations

import logging
from typing import Any

from dynamongo._support.forks import TRANSPORT, make_lock
from dynamongo.backends.dynamodb.errors import translate_preparation
from dynamongo.backends.dynamodb.requests import Request
from dynamongo.backends.dynamodb.settings import ClientSettings
from dynamongo.backends.dynamodb.transport.base import Transport, TransportKind, describe_place
from dynamongo.backends.dynamodb.transport.boto_responses import watch_responses
from dynamongo.backends.dynamodb.transport.boto_transport import BotoTransport
from dynamongo.backends.dynamodb.transport.direct_transport import DirectTransport
from dynamongo.backends.dynamodb.transport.endpoint import LeftToBoto3
from dynamongo.backends.dynamodb.transport.interception import Watch

logger = logging.getLogger("dynamongo")


def make_transport(settings: ClientSettings, kind: TransportKind) -> Transport:
    """Return the transport for a backend with these settings."""
    client = settings.make_client()
    watch_responses(client, is_own=settings.client is None)
    if settings.client is not None:
        return BotoTransport(client, settings, "client= was passed")
    if kind == "boto3":
        return BotoTransport(client, settings, 'transport="boto3" is set')
    return AutoTransport(client, settings)


class AutoTransport:
    """Chooses a transport for each request. Threads may share it."""

    def __init__(self, client: Any, settings: ClientSettings) -> None:
        self._client = client
        self._settings = settings
        self.place = describe_place(client)
        self._watch = Watch(client)
        self._lock = make_lock(TRANSPORT)
        self._direct: DirectTransport | None = None
        self._obstacle: str | None = None
        self._logged: str | None = None

    def send(self, request: Request, seconds: float | None = None) -> dict[str, Any]:
        """Send the request; see `Transport`."""
        direct = self._direct
        if direct is not None and self._watch.find_reason() is None:  # almost always
            return direct.send(request, seconds)
        return self._choose().send(request, seconds)

    def describe(self) -> str:
        """Return how the next request is sent; see `Transport`."""
        return self._choose().describe()

    def close(self) -> None:
        """Close the connections and the client."""
        if self._direct is not None:
            self._direct.close()
        self._client.close()

    def _choose(self) -> Transport:
        reason = self._watch.find_reason()
        if reason is None and self._direct is not None:
            return self._direct
        if reason is None and self._obstacle is None:
            with self._lock:
                self._open()
            if self._direct is not None:
                return self._direct
        return self._leave_to_boto3(reason or self._obstacle or "")

    def _open(self) -> None:
        """Make the direct transport, or note why there cannot be one. boto3 reports missing credentials."""
        if self._direct is not None:
            return
        try:
            self._direct = DirectTransport(self._client, self._settings)
        except LeftToBoto3 as reason:
            self._obstacle = str(reason)
        except Exception as error:
            raise translate_preparation(error, self._settings.describe_credentials()) from error

    def _leave_to_boto3(self, reason: str) -> BotoTransport:
        if reason != self._logged:
            logger.debug("requests go through boto3: %s", reason)
            self._logged = reason
        return BotoTransport(self._client, self._settings, reason)
