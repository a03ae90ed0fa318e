"""The backend: one request for each operation."""

from __future__ import annotations

import contextlib
import sys
import time
import weakref
from typing import TYPE_CHECKING, Any, TypeVar, get_args

from dynamongo._support.forks import BACKEND, make_lock
from dynamongo._support.lazy_imports import LazyModule
from dynamongo.backends.base import Limits, note_unsent, uses_reader
from dynamongo.backends.dynamodb.errors import translate_preparation
from dynamongo.backends.dynamodb.requests import Request, build_request
from dynamongo.backends.dynamodb.responses import read_response
from dynamongo.backends.dynamodb.settings import ClientSettings
from dynamongo.backends.dynamodb.transport.base import Transport, TransportKind, check_transport
from dynamongo.backends.dynamodb.transport.transport import make_transport
from dynamongo.exceptions import (
    AccessDenied,
    BackendError,
    ConfigurationError,
    InvalidRequestError,
    UnsupportedOperation,
)
from dynamongo.operations import AnyOperation, Operation

if TYPE_CHECKING:
    from boto3.session import Session

    from dynamongo.backends.dynamodb.transport import in_thread
else:  # only the verbs that are awaited need it, and asyncio
    in_thread = LazyModule("dynamongo.backends.dynamodb.transport.in_thread")

R = TypeVar("R")

_OPERATIONS: frozenset[type] = frozenset(get_args(AnyOperation))


class DynamoDBBackend:
    """Executes operations on Amazon DynamoDB, or on a compatible server at `endpoint_url`.

    Whatever is not given here is boto3's to find: credentials, endpoint, proxies and timeouts. A client of boto3 is
    made when the first operation is executed, unless nothing needs it; `docs/transport.md` says when. Several threads
    may share a backend.

    Args:
        access_key_id: With `secret_access_key`, the credentials.
        secret_access_key: See `access_key_id`.
        region: The AWS region; that of the session or profile where it is not given, then `AWS_REGION`, then boto3's,
            and `us-east-2`, with a warning, where there is none.
        endpoint_url: Where to send requests instead of to AWS.
        profile: The name of a profile in AWS's configuration files.
        session: A `boto3.Session` to make the client from.
        client: A client, as `boto3.client("dynamodb")` makes it; it remains the caller's to close.
        transport: `"auto"`, to send requests directly, and through boto3 where a hook has to see them; or
            `"boto3"`, to send them all through boto3.
        session_token: Of temporary credentials, with the two keys that it belongs to.
        timeout: How many seconds a request may take; boto3's setting, for a read without a byte, where it is not given.
        connect_timeout: How many seconds it may take to connect; boto3's setting where it is not given.
        max_connections: How many connections each event loop may have, for calls that are awaited; the others wait.

    Raises:
        ConfigurationError: Two arguments contradict each other, such as `client` and `region`.
        CredentialsError: One half of the credentials is missing.
    """

    name = "dynamodb"
    limits = Limits()

    def __init__(  # noqa: PLR0913 - every setting by its name
        self,
        *,
        access_key_id: str | None = None,
        secret_access_key: str | None = None,
        region: str | None = None,
        endpoint_url: str | None = None,
        profile: str | None = None,
        session: Session | None = None,
        client: Any = None,
        transport: str = "auto",
        session_token: str | None = None,
        timeout: float | None = None,
        connect_timeout: float | None = None,
        max_connections: int | None = None,
    ) -> None:
        self._settings = ClientSettings(
            access_key_id=access_key_id,
            secret_access_key=secret_access_key,
            region=region,
            endpoint_url=endpoint_url,
            profile=profile,
            session=session,
            client=client,
            session_token=session_token,
            timeout=timeout,
            connect_timeout=connect_timeout,
            max_connections=max_connections,
        )
        self._timeout = timeout
        self._kind: TransportKind = check_transport(transport)
        self._transport: Transport | None = None
        self._retired: weakref.WeakSet[Transport] = weakref.WeakSet()  # closed, but requests may be under way
        self._lock = make_lock(BACKEND)
        self._attempts: tuple[int | None] | None = None  # what was found, if it was looked for
        self._closings = 0
        self._opening: in_thread.OnceInThread[Transport] | None = None

    @uses_reader
    def execute(self, operation: Operation[R], seconds: float | None = None) -> R:
        """Execute one operation in one request.

        Args:
            operation: What to do.
            seconds: How long that may take; see `docs/transport.md` for what boto3 makes of it.

        Raises:
            ConditionalCheckFailedException: The operation's condition did not hold.
            BackendError: DynamoDB refused the operation, failed, or could not be reached.
            ConfigurationError: The client could not be made; a `CredentialsError` also if DynamoDB refused them.
            UnsupportedOperation: It is not one of `AnyOperation`.
        """
        known: Any = operation
        request = _build(known)
        transport = self._transport or self._open()
        started = time.monotonic()
        limit = seconds if self._timeout is None else self._limit(self._timeout, seconds)
        try:
            result: Any = read_response(known, transport.send(request, limit))
        except BackendError as error:
            _note_request(error, request, transport, known, started)
            raise
        return result  # type: ignore[no-any-return]  # `cast` would be a call, in every request

    async def execute_async(self, operation: Operation[R], seconds: float | None = None) -> R:
        """Execute one operation as `execute` does, without blocking the event loop.

        If the task is cancelled, its connection is closed, and `was_sent` of the `CancelledError` says whether the
        store may have got the request.
        """
        known: Any = operation
        request = _build(known)
        transport = self._transport or await self.open_async()
        started = time.monotonic()
        limit = seconds if self._timeout is None else self._limit(self._timeout, seconds)
        try:
            result: Any = read_response(known, await transport.send_async(request, limit))
        except BackendError as error:
            _note_request(error, request, transport, known, started)
            raise
        except BaseException as error:
            note_unsent(error)
            raise
        return result  # type: ignore[no-any-return]  # as above

    @property
    def max_attempts(self) -> int | None:
        """How many requests boto3 would make for a call, if that is configured, as by `AWS_MAX_ATTEMPTS`.

        Raises:
            ConfigurationError: It is not a number, or boto3's configuration cannot be read.
        """
        if self._transport is None:
            self._open()  # first, so that it is not this that imports boto3
        return self._find_max_attempts()

    def _find_max_attempts(self) -> int | None:
        if self._attempts is None:
            try:
                self._attempts = (self._settings.find_max_attempts(),)
            except Exception as error:
                raise translate_preparation(error, self._settings.describe_credentials()) from error
        return self._attempts[0]

    @staticmethod
    def _limit(timeout: float, seconds: float | None) -> float:
        return timeout if seconds is None else min(seconds, timeout)

    def describe_transport(self) -> str:
        """Return how the next request goes to the store: `"direct"` and who started it, or `"boto3"` and the reason.

        Called on a running event loop, it tells whether that takes a thread, as in `"boto3 in a thread: ..."`.
        """
        events: Any = sys.modules.get("asyncio.events")
        is_awaited = events is not None and events._get_running_loop() is not None  # noqa: SLF001 - it is documented
        return (self._transport or self._open()).describe(is_awaited=is_awaited)

    def _open(self) -> Transport:
        with self._lock:
            if self._transport is None:
                self._transport = self._make_transport()
            return self._transport

    async def open_async(self) -> Transport:
        """Find out how requests are sent, in a thread, since boto3 may have to be imported and to ask servers."""
        if self._opening is None:
            self._opening = in_thread.OnceInThread(self._prepare)
        closings = self._closings
        try:
            opened = self._transport or await self._opening.call()
        except BaseException as error:
            note_unsent(error)
            raise
        if closings != self._closings and opened is self._transport:
            self.close()  # it was closed while this request waited: nobody would close what is opened now
        return opened

    def _prepare(self) -> Transport:
        """Return the transport, and have `max_attempts` ready, for which files may have to be read."""
        transport = self._open()
        with contextlib.suppress(ConfigurationError):  # which is raised when it is asked for
            self._find_max_attempts()
        return transport

    def _make_transport(self) -> Transport:
        try:
            return make_transport(self._settings, self._kind)
        except Exception as error:
            raise translate_preparation(error, self._settings.describe_credentials()) from error

    def wait(self, seconds: float) -> None:
        """Sleep."""
        time.sleep(seconds)

    async def wait_async(self, seconds: float) -> None:
        """Sleep, while other tasks run."""
        import asyncio  # noqa: PLC0415 - whoever awaits has imported it; nobody else needs it

        await asyncio.sleep(seconds)

    def close(self) -> None:
        """Close all connections, and the client if the backend made it; the next operation would make another."""
        closed = self._retire()
        if closed is not None:
            closed.close()

    async def close_async(self) -> None:
        """Close as `close` does, and wait for the requests that the running event loop has under way."""
        import asyncio  # noqa: PLC0415 - as in `wait_async`

        lock: Any = self._lock  # which is held while a thread opens the transport; that may take seconds
        if lock.acquire(blocking=False):
            try:
                closed = self._retire()
            finally:
                lock.release()
        else:
            closed = await asyncio.to_thread(self._retire)
        retired = {closed, *list(self._retired)}  # also those that another loop is closing, or has closed
        for transport in retired:
            if transport is not None:
                await transport.close_async()
        await asyncio.sleep(0)  # for what other threads had this loop close

    def _retire(self) -> Transport | None:
        """Forget the transport, and return it."""
        with self._lock:
            retired, self._transport, self._attempts = self._transport, None, None
            self._closings += 1
            if retired is not None:
                self._retired.add(retired)
            return retired


def _build(operation: AnyOperation) -> Request:
    if type(operation) not in _OPERATIONS and not isinstance(operation, tuple(_OPERATIONS)):
        raise UnsupportedOperation(f"the dynamodb backend does not support {type(operation).__name__}")
    try:
        return build_request(operation)
    except (
        ArithmeticError,
        TypeError,
        ValueError,
    ) as error:  # Python's own, for an invalid value or name
        raise InvalidRequestError(str(error)) from error
    except RecursionError as error:
        raise InvalidRequestError("the request is nested too deep") from error


def _note_request(
    error: BackendError, request: Request, transport: Transport, operation: AnyOperation, started: float
) -> None:
    """Put on an error what request it concerns, and how long that took."""
    error.endpoint, error.seconds = transport.place, time.monotonic() - started
    if isinstance(error, AccessDenied):
        error.action, error.table = f"dynamodb:{request.action}", getattr(operation, "table", None)
