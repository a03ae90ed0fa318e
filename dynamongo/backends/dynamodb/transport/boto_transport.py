"""`BotoTransport`: has boto3's client send a request, once and within the time that is left."""

from __future__ import annotations

import contextlib
import re
import sys
from collections.abc import Coroutine
from typing import TYPE_CHECKING, Any, Final

from dynamongo._support.lazy_imports import LazyModule
from dynamongo.backends.dynamodb.errors import (
    build_unsendable_credentials_error,
    foreign_errors,
    is_before_sending,
    translate_error,
    translate_preparation,
)
from dynamongo.backends.dynamodb.requests import Request
from dynamongo.backends.dynamodb.settings import ClientSettings
from dynamongo.backends.dynamodb.transport.base import describe_place
from dynamongo.backends.dynamodb.transport.boto_json import pass_json
from dynamongo.backends.dynamodb.transport.boto_responses import check_content, collect_bodies
from dynamongo.backends.dynamodb.transport.connection_errors import (
    build_incomplete_error,
    build_refusal_error,
    build_too_long_error,
)
from dynamongo.backends.dynamodb.transport.http_errors import ResponseTooLong
from dynamongo.backends.dynamodb.transport.interception import Watch, describe_replaced_part
from dynamongo.backends.dynamodb.transport.lazy_response import LazyResponse
from dynamongo.backends.dynamodb.transport.one_attempt import check_client, prepare_call
from dynamongo.backends.dynamodb.transport.page_decoder import MALFORMED, build_malformed_error
from dynamongo.backends.dynamodb.transport.quiet_tracers import calls_hooks
from dynamongo.backends.dynamodb.transport.response_checks import check_members
from dynamongo.exceptions import DynamongoError, InvalidRequestError, ServiceError

if TYPE_CHECKING:
    from dynamongo.backends.dynamodb.transport import in_thread
else:  # only the verbs that are awaited need it, and asyncio
    in_thread = LazyModule("dynamongo.backends.dynamodb.transport.in_thread")

_PROXY_ERROR: Final = "ProxyConnectionError"

_REFUSED_TUNNEL: Final = re.compile(r"Tunnel connection failed: (\d{3}[^'\"]*)")
"""How `http.client` words the status with which a proxy refuses CONNECT."""


class BotoTransport:
    """Calls boto3's client.

    Args:
        client: The client.
        settings: Those of the backend.
        reason: Why boto3 sends the requests.
        watch: Tells whether anything but quiet tracers watches them.
    """

    def __init__(self, client: Any, settings: ClientSettings, reason: str, watch: Watch) -> None:
        self._client = client
        self._settings = settings
        self._reason = reason
        self._watch = watch
        self.place = describe_place(client)
        if settings.client is not None:
            check_client(client)

    def send(self, request: Request, seconds: float | None = None) -> dict[str, Any]:
        """Send the request; see `Transport`."""
        is_watched = self._is_watched()
        client = prepare_call(self._client, seconds, is_ours=self._settings.client is None, is_watched=is_watched)
        with collect_bodies() as bodies:
            try:
                return _call(client, request, bodies, is_copy=client is not self._client, is_watched=is_watched)
            except ServiceError:
                self._drop_connections()
                raise
            except foreign_errors() as error:
                if _is_of_invalid_header(error):  # it shows the value: a session token, or the signature
                    raise build_unsendable_credentials_error(self._settings.describe_credentials()) from None
                raise self._translate(error) from error
            except Exception as error:
                explained = self._explain(error, has_response=bool(bodies))
                if explained is error:
                    raise
                raise explained from error

    def send_async(self, request: Request, seconds: float | None = None) -> Coroutine[Any, Any, dict[str, Any]]:
        """Have a thread send the request, since boto3 blocks; see `Transport`."""
        return in_thread.send_in_thread(self.send, request, seconds)

    def _is_watched(self) -> bool:
        """Return whether anybody may look at all of a call; moto counts, before `Watch` registers it."""
        if "moto" in sys.modules or self._watch.find_reason() is not None:
            return True
        return calls_hooks() or self._has_replaced_part()

    def _has_replaced_part(self) -> bool:
        """Return whether the owner of the client has replaced a part of it; `Watch` looks only once."""
        return self._settings.client is not None and describe_replaced_part(self._client) is not None

    def _explain(self, error: Exception, *, has_response: bool) -> Exception:
        """Return the error to raise for one that is neither dynamongo's nor boto3's, or itself if it is unknown."""
        if has_response and isinstance(error, MALFORMED):
            self._drop_connections()
            return build_malformed_error(error)
        if isinstance(error, RecursionError):  # raised by botocore's validator, before anything is sent
            return InvalidRequestError("the request is nested too deep")
        if is_before_sending(error):
            return translate_preparation(error, self._settings.describe_credentials())
        return error

    def _drop_connections(self) -> None:
        """Close idle connections after an unreadable response: the rest of it may arrive on one of them."""
        with contextlib.suppress(AttributeError):  # of a test double, which has none
            self._client.close()

    def _translate(self, error: Exception) -> DynamongoError:
        """Return the error to raise for one of boto3's."""
        if isinstance(error.__context__, ResponseTooLong):
            return build_too_long_error(error.__context__)
        details: dict[str, Any] = getattr(error, "kwargs", {})
        refusal = _REFUSED_TUNNEL.search(str(details.get("error"))) if type(error).__name__ == _PROXY_ERROR else None
        if refusal is not None:
            return build_refusal_error(str(details.get("proxy_url")), refusal[1])
        return translate_error(error, self._settings.describe_credentials())

    def describe(self, *, is_awaited: bool = False) -> str:
        """Return the reason; see `Transport`."""
        return f"boto3{' in a thread' if is_awaited else ''}: {self._reason}"

    def close(self) -> None:
        """Close the client, unless it is the caller's."""
        if self._settings.client is None:
            self._client.close()

    async def close_async(self) -> None:
        """Close it too: nothing has to be waited for."""
        self.close()


def _is_of_invalid_header(error: Exception) -> bool:
    """Return whether `http.client` refused a header; of botocore's, only those with credentials can be invalid."""
    cause = getattr(error, "kwargs", {}).get("error")
    return isinstance(cause, ValueError) and str(cause).startswith("Invalid header value")


def _call(client: Any, request: Request, bodies: list[bytes], *, is_copy: bool, is_watched: bool) -> dict[str, Any]:
    """Call the method of the client, and check its response."""
    arguments = pass_json(client, request, is_watched=is_watched) if is_copy else request.arguments
    response: dict[str, Any] = getattr(client, request.method)(**arguments)
    if isinstance(response, LazyResponse) and not response.is_complete:
        return _read(response)
    check_content(response, bodies)
    return response


def _read(response: LazyResponse) -> dict[str, Any]:
    """Return the content of a response with status 200, whose body begins and ends like a JSON object."""
    try:
        content = response.read()
    except ValueError as error:
        raise build_incomplete_error(f"the response is not complete JSON: {error}") from error
    check_members(content)
    return content
