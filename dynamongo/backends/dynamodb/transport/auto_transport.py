"""`AutoTransport`: chooses for each request between `DirectTransport` and `BotoTransport`, beside a client of boto3."""

from __future__ import annotations

import logging
from collections.abc import Coroutine
from typing import TYPE_CHECKING, Any

from dynamongo._support.forks import TRANSPORT, make_lock
from dynamongo._support.lazy_imports import LazyModule
from dynamongo.backends.dynamodb.errors import translate_preparation
from dynamongo.backends.dynamodb.requests import Request
from dynamongo.backends.dynamodb.settings import ClientSettings
from dynamongo.backends.dynamodb.transport.account_endpoints import find_account, names_other_account
from dynamongo.backends.dynamodb.transport.base import Transport, describe_place
from dynamongo.backends.dynamodb.transport.boto_transport import BotoTransport
from dynamongo.backends.dynamodb.transport.client_endpoint import read_endpoint
from dynamongo.backends.dynamodb.transport.credentials import ClientCredentials
from dynamongo.backends.dynamodb.transport.direct_transport import DirectTransport
from dynamongo.backends.dynamodb.transport.endpoint import LeftToBoto3
from dynamongo.backends.dynamodb.transport.interception import Watch
from dynamongo.backends.dynamodb.transport.one_attempt import find_retries
from dynamongo.backends.dynamodb.transport.quiet_tracers import is_quiet

if TYPE_CHECKING:
    from dynamongo.backends.dynamodb.transport import in_thread
else:  # only the verbs that are awaited need it, and asyncio
    in_thread = LazyModule("dynamongo.backends.dynamodb.transport.in_thread")

logger = logging.getLogger("dynamongo")


class AutoTransport:
    """Chooses a transport for each request. Threads may share it.

    Args:
        client: A client of boto3 for its use alone.
        settings: Those of the backend.
        start: Why boto3 has made the client, for `describe`.
    """

    def __init__(self, client: Any, settings: ClientSettings, start: str) -> None:
        self._client = client
        self._settings = settings
        self._start = start
        self.place = describe_place(client)
        self._watch = Watch(client)
        self._loud_watch = Watch(client, is_quiet)
        self._lock = make_lock(TRANSPORT)
        self._direct: DirectTransport | None = None
        self._account: str | None = None
        self._is_closed = False
        self._obstacle: str | None = None
        self._logged: str | None = None
        self._choosing: in_thread.OnceInThread[Transport] | None = None

    def send(self, request: Request, seconds: float | None = None) -> dict[str, Any]:
        """Send the request; see `Transport`."""
        direct = self._direct
        if direct is not None and self._account is None and self._watch.find_reason() is None:  # almost always
            return direct.send(request, seconds)
        return self._choose(request).send(request, seconds)

    def send_async(self, request: Request, seconds: float | None = None) -> Coroutine[Any, Any, dict[str, Any]]:
        """Send the request without blocking the event loop; see `Transport`."""
        direct = self._direct
        if direct is not None and self._account is None and self._watch.find_reason() is None:
            return direct.send_async(request, seconds)
        return self._send_after_choice(request, seconds)

    async def _send_after_choice(self, request: Request, seconds: float | None) -> dict[str, Any]:
        if self._direct is None and self._obstacle is None:
            if self._choosing is None:
                self._choosing = in_thread.OnceInThread(self._choose)
            await self._choosing.call()  # looks for the endpoint and the credentials
        return await self._choose(request).send_async(request, seconds)

    def describe(self, *, is_awaited: bool = False) -> str:
        """Return how the next request is sent; see `Transport`."""
        return self._choose().describe(is_awaited=is_awaited)

    def close(self) -> None:
        """Close the connections and the client."""
        self._is_closed = True
        if self._direct is not None:
            self._direct.close()
        self._client.close()

    async def close_async(self) -> None:
        """Close the connections, wait for those of the running loop that are in use, and close the client."""
        self._is_closed = True
        if self._direct is not None:
            await self._direct.close_async()
        self._client.close()

    def _choose(self, request: Request | None = None) -> Transport:
        reason = self._watch.find_reason()
        if reason is None and self._direct is None and self._obstacle is None:
            with self._lock:
                self._open()
        reason = reason or self._obstacle or self._find_other_account(request)
        if reason is None and self._direct is not None:
            return self._direct
        return self._leave_to_boto3(reason or "")

    def _find_other_account(self, request: Request | None) -> str | None:
        """Return why boto3 has to send the request, if that is because of an account."""
        if self._account is None or request is None or not names_other_account(request.body, self._account):
            return None
        return "the table belongs to another account, whose endpoint boto3 finds"

    def _open(self) -> None:
        """Make the direct transport, or note why there cannot be one. boto3 reports missing credentials."""
        if self._direct is not None:
            return
        try:
            self._direct = self._make_direct()
        except LeftToBoto3 as reason:
            self._obstacle = str(reason)
        except Exception as error:
            raise translate_preparation(error, self._settings.describe_credentials()) from error
        else:
            if self._is_closed:  # by another thread, since the request was begun for which it is made
                self._direct.close()

    def _make_direct(self) -> DirectTransport:
        """Return a direct transport to the endpoint of the client. Raises `LeftToBoto3` if there cannot be one."""
        if find_retries(self._client).get("mode") == "adaptive":
            raise LeftToBoto3("the retry mode is adaptive, in which boto3 limits the rate of requests")
        endpoint = read_endpoint(self._client)
        self._account = find_account(endpoint.host)  # before there is a direct transport, which threads look for
        return DirectTransport(endpoint, self.place, ClientCredentials(self._client), self._settings, self._start)

    def _leave_to_boto3(self, reason: str) -> BotoTransport:
        if reason != self._logged:
            logger.debug("requests go through boto3: %s", reason)
            self._logged = reason
        return BotoTransport(self._client, self._settings, reason, self._loud_watch)
