"""`LightTransport`: sends requests without boto3 until something else imports it; from then on, boto3 is used."""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from typing import TYPE_CHECKING, Any, TypeAlias

from dynamongo._support.forks import TRANSPORT, make_lock
from dynamongo._support.lazy_imports import LazyModule
from dynamongo.backends.dynamodb.errors import translate_preparation
from dynamongo.backends.dynamodb.requests import Request
from dynamongo.backends.dynamodb.settings import ClientSettings
from dynamongo.backends.dynamodb.transport.base import Credentials, Transport
from dynamongo.backends.dynamodb.transport.credentials import FixedCredentials
from dynamongo.backends.dynamodb.transport.direct_transport import DirectTransport
from dynamongo.backends.dynamodb.transport.light_start import LightStart
from dynamongo.backends.dynamodb.transport.light_watch import LightWatch

if TYPE_CHECKING:
    from dynamongo.backends.dynamodb.transport import in_thread
else:  # only the verbs that are awaited need it, and asyncio
    in_thread = LazyModule("dynamongo.backends.dynamodb.transport.in_thread")

MakeSuccessor: TypeAlias = Callable[[ClientSettings, str, Credentials, str], Transport]
"""Makes a transport that has a client of boto3, of the settings, the reason, the credentials and the region."""


class LightTransport:
    """Sends requests directly, then through the transport that succeeds it. Threads may share it.

    What was found in the environment at first is kept for the successor: boto3 would have read it once, too.
    """

    def __init__(
        self, start: LightStart, settings: ClientSettings, watch: LightWatch, make_successor: MakeSuccessor
    ) -> None:
        self.place = start.place
        self._start = start
        self._settings = settings
        self._watch = watch
        self._make_successor = make_successor
        self._direct = DirectTransport(
            start.endpoint, start.place, FixedCredentials(start.credentials), settings, "started without boto3"
        )
        self._lock = make_lock(TRANSPORT)
        self._successor: Transport | None = None
        self._choosing: in_thread.OnceInThread[Transport] | None = None

    def send(self, request: Request, seconds: float | None = None) -> dict[str, Any]:
        """Send the request; see `Transport`."""
        return self._choose().send(request, seconds)

    def send_async(self, request: Request, seconds: float | None = None) -> Coroutine[Any, Any, dict[str, Any]]:
        """Send the request without blocking the event loop; see `Transport`."""
        successor = self._successor
        if successor is not None:
            return successor.send_async(request, seconds)
        if self._watch.find_reason() is None:
            return self._direct.send_async(request, seconds)
        return self._succeed_and_send(request, seconds)

    def describe(self, *, is_awaited: bool = False) -> str:
        """Return how the next request is sent; see `Transport`."""
        return self._choose().describe(is_awaited=is_awaited)

    def _choose(self) -> Transport:
        if self._successor is not None:
            return self._successor
        reason = self._watch.find_reason()
        return self._direct if reason is None else self._succeed(reason)

    def _succeed(self, reason: str) -> Transport:
        """Return the successor. Requests that other threads have begun are finished without it."""
        with self._lock:
            if self._successor is None:
                try:
                    start = self._start
                    self._successor = self._make_successor(
                        self._settings, reason, start.credentials, start.endpoint.region
                    )
                except Exception as error:
                    raise translate_preparation(error, self._settings.describe_credentials()) from error
                self._direct.close()
            return self._successor

    async def _succeed_and_send(self, request: Request, seconds: float | None) -> dict[str, Any]:
        if self._choosing is None:
            self._choosing = in_thread.OnceInThread(self._choose)  # imports boto3
        return await (await self._choosing.call()).send_async(request, seconds)

    def close(self) -> None:
        """Close the connections, and the client if there is one."""
        with self._lock:
            self._direct.close()
            if self._successor is not None:
                self._successor.close()

    async def close_async(self) -> None:
        """Close them, and wait for those of the running loop that are in use."""
        await self._direct.close_async()
        if self._successor is not None:
            await self._successor.close_async()
