"""`DirectTransport`: signs and sends a request itself, and reads the response.

That takes a tenth of the processor time that boto3's client takes.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any, Final

from dynamongo._support.forks import INNERMOST, make_lock
from dynamongo._support.lazy_imports import LazyModule
from dynamongo.backends.dynamodb.errors import (
    build_provider_error,
    build_unexpected_error,
    build_unsendable_credentials_error,
    foreign_errors,
    translate_error,
    translate_response,
)
from dynamongo.backends.dynamodb.requests import Request
from dynamongo.backends.dynamodb.settings import ClientSettings
from dynamongo.backends.dynamodb.transport.base import Credentials
from dynamongo.backends.dynamodb.transport.connection_errors import (
    AUTHENTICATION_REQUIRED,
    build_incomplete_error,
    build_refusal_error,
)
from dynamongo.backends.dynamodb.transport.credentials import CredentialsSource
from dynamongo.backends.dynamodb.transport.endpoint import Endpoint
from dynamongo.backends.dynamodb.transport.http_reader import HttpResponse
from dynamongo.backends.dynamodb.transport.http_writer import MessageWriter
from dynamongo.backends.dynamodb.transport.page_decoder import MALFORMED, build_malformed_error, parse_body
from dynamongo.backends.dynamodb.transport.pool import Pool
from dynamongo.backends.dynamodb.transport.response_checks import check_checksum, check_kind, check_members
from dynamongo.exceptions import CredentialsError, DynamongoError

if TYPE_CHECKING:
    from dynamongo.backends.dynamodb.transport import in_thread, loop_pool
    from dynamongo.backends.dynamodb.transport.tls import ServerTrust
else:  # only the verbs that are awaited need these, and asyncio
    in_thread = LazyModule("dynamongo.backends.dynamodb.transport.in_thread")
    loop_pool = LazyModule("dynamongo.backends.dynamodb.transport.loop_pool")

MAX_CONNECTIONS: Final = 100
"""How many connections an event loop may have, if nothing else is set."""

_QUOTED: Final = 200
"""How many bytes of a response that is not JSON are shown."""


class DirectTransport:
    """Sends requests itself. Threads may share it.

    Args:
        endpoint: Where to send them.
        place: As in `Transport`.
        credentials: What is asked for the current credentials, for each request. It may raise anything.
        settings: Those of the backend.
        start: How it was started, for `describe`.
    """

    def __init__(
        self,
        endpoint: Endpoint,
        place: str,
        credentials: CredentialsSource,
        settings: ClientSettings,
        start: str,
    ) -> None:
        self.place = place
        self._proxy = None if endpoint.proxy is None else endpoint.proxy.url
        self._credentials = credentials
        self._settings = settings
        self._start = start
        self._endpoint = endpoint
        self._trust = _make_trust(endpoint) if endpoint.is_secure else None
        self._pool = Pool(endpoint, self._trust)
        self._lock = make_lock(INNERMOST)
        self._loops: loop_pool.LoopPools | None = None
        self._is_closed = False
        self._writer = MessageWriter(endpoint)
        self._checked: Credentials | None = None
        self._finding: in_thread.OnceInThread[Credentials] | None = None

    def send(self, request: Request, seconds: float | None = None) -> dict[str, Any]:
        """Send the request; see `Transport`."""
        message = self._writer.write(request.action, request.body.encode(), self._find_credentials())
        answer, response = self._pool.exchange(message, partial(_read_body, request), seconds)
        if answer.status != 200:
            raise self._translate(answer, response)
        return response

    async def send_async(self, request: Request, seconds: float | None = None) -> dict[str, Any]:
        """Send the request without blocking the event loop; see `Transport`."""
        loops = self._loops or self._open_loops()
        credentials = self._find_credentials() if self._credentials.is_quick() else await self._await_credentials()
        pool = loops.find()
        if pool is None:  # the loop cannot watch sockets
            return await in_thread.send_in_thread(self.send, request, seconds)
        write = partial(self._writer.write, request.action, request.body.encode(), credentials)
        answer, response = await pool.exchange(write, partial(_read_body, request), seconds)
        if answer.status != 200:
            raise self._translate(answer, response)
        return response

    def _open_loops(self) -> loop_pool.LoopPools:
        with self._lock:
            if self._loops is None:
                bound = self._settings.max_connections or MAX_CONNECTIONS
                self._loops = loop_pool.LoopPools(self._endpoint, self._trust, bound)
                if self._is_closed:  # by another thread, since this request was begun
                    self._loops.close()
            return self._loops

    def _translate(self, answer: HttpResponse, content: dict[str, Any]) -> DynamongoError:
        """Return the error to raise for an error response."""
        if answer.status == AUTHENTICATION_REQUIRED:
            return build_refusal_error(self._proxy, f"{answer.status} {content.get('message', '')}")
        try:
            return translate_response(_as_error(answer, content), self._settings.describe_credentials())
        except MALFORMED as error:
            return build_malformed_error(error)

    def describe(self, *, is_awaited: bool = False) -> str:
        """Return `"direct"`, and how it was started."""
        has_thread = is_awaited and not loop_pool.can_watch_sockets()
        return f"direct{' in a thread' if has_thread else ''}: {self._start}"

    def close(self) -> None:
        """Close idle connections now, and the others after use."""
        self._is_closed = True
        self._pool.close()
        if self._loops is not None:
            self._loops.close()

    async def close_async(self) -> None:
        """Close idle connections now, and the others after use; wait for those of the running loop."""
        self._is_closed = True
        self._pool.close()
        if self._loops is not None:
            await self._loops.close_async()

    def _find_credentials(self) -> Credentials:
        """Return the credentials if a header can hold them: a line break would start another header."""
        credentials = self._ask_for_credentials()
        if credentials is self._checked or credentials == self._checked:
            return credentials
        text = f"{credentials.access_key}{credentials.token}"
        if not (text.isascii() and text.isprintable()):
            raise build_unsendable_credentials_error(self._settings.describe_credentials())
        self._checked = credentials
        return credentials

    async def _await_credentials(self) -> Credentials:
        """Return the credentials, which a thread asks for, since that may take a while."""
        if self._finding is None:
            self._finding = in_thread.OnceInThread(self._find_credentials)
        return await self._finding.call()

    def _ask_for_credentials(self) -> Credentials:
        try:
            credentials = self._credentials.ask()
        except foreign_errors() as error:
            raise translate_error(error, self._settings.describe_credentials()) from error
        except Exception as error:
            raise build_provider_error(error, self._settings.describe_credentials()) from error
        if credentials is None:
            raise CredentialsError(f"AWS credentials are missing. {self._settings.describe_credentials()}")
        return credentials


def _make_trust(endpoint: Endpoint) -> ServerTrust:
    from dynamongo.backends.dynamodb.transport.tls import ServerTrust  # noqa: PLC0415 - `ssl` takes long to import

    return ServerTrust(endpoint)


def _read_body(request: Request, answer: HttpResponse) -> tuple[HttpResponse, dict[str, Any]]:
    """Return the response and its content; the content of an error that is not JSON is its text."""
    if answer.checksum is not None:
        check_checksum(answer.body, answer.checksum)
    try:
        content = parse_body(request.action, answer.body.decode(), request.reader)
    except (RecursionError, ValueError) as error:
        if answer.status != 200:  # the text of a proxy or a gateway
            return answer, {"message": _quote_text(answer.body)}
        check_kind(answer.body, answer.content_type)
        raise build_incomplete_error(f"the response is not complete JSON: {error}") from error
    if not isinstance(content, dict):
        if answer.status != 200:
            return answer, {}
        raise build_unexpected_error("expected a JSON object")
    known: Any = content  # pyright: ignore[reportUnknownVariableType]  # a `cast` would be a call
    if answer.status == 200 and None in known.values():
        check_members(known)
    return answer, known


def _quote_text(body: bytes | bytearray) -> str:
    """Return the beginning of a text that is not DynamoDB's, such as that of a proxy."""
    text = " ".join(body[:_QUOTED].decode(errors="replace").split())
    return f"{text}..." if len(body) > _QUOTED else text


def _as_error(answer: HttpResponse, content: dict[str, Any]) -> dict[str, Any]:
    """Return an error response as boto3 returns it."""
    code = str(content.get("__type", answer.status)).rpartition("#")[2].partition(":")[0]
    message = content.get("message") or content.get("Message")
    return {
        **content,
        "Error": {"Code": code, "Message": message},
        "ResponseMetadata": {"HTTPStatusCode": answer.status, "RequestId": answer.request_id},
    }
