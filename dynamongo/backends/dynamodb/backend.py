"""The backend: one request for each operation."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any, TypeVar, get_args

from dynamongo._support.forks import BACKEND, make_lock
from dynamongo.backends.base import Limits, uses_reader
from dynamongo.backends.dynamodb.errors import translate_preparation
from dynamongo.backends.dynamodb.requests import Request, build_request
from dynamongo.backends.dynamodb.responses import read_response
from dynamongo.backends.dynamodb.settings import ClientSettings
from dynamongo.backends.dynamodb.transport.base import Transport, TransportKind, check_transport
from dynamongo.backends.dynamodb.transport.transport import make_transport
from dynamongo.exceptions import AccessDenied, BackendError, InvalidRequestError, UnsupportedOperation
from dynamongo.operations import AnyOperation, Operation

if TYPE_CHECKING:
    from boto3.session import Session

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
        )
        self._kind: TransportKind = check_transport(transport)
        self._transport: Transport | None = None
        self._lock = make_lock(BACKEND)

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
        if type(operation) not in _OPERATIONS and not isinstance(operation, tuple(_OPERATIONS)):
            raise UnsupportedOperation(f"the dynamodb backend does not support {type(operation).__name__}")
        known: Any = operation
        transport = self._transport or self._open()
        request = _build(known)
        started = time.monotonic()
        try:
            limit = seconds if self._settings.timeout is None else self._limit(self._settings.timeout, seconds)
            result: Any = read_response(known, transport.send(request, limit))
        except BackendError as error:
            error.endpoint, error.seconds = transport.place, time.monotonic() - started
            if isinstance(error, AccessDenied):
                error.action, error.table = f"dynamodb:{request.action}", getattr(operation, "table", None)
            raise
        return result  # type: ignore[no-any-return]  # `cast` would be a call, in every request

    @property
    def max_attempts(self) -> int | None:
        """How many requests boto3 would make for a call, if that is configured, as by `AWS_MAX_ATTEMPTS`.

        Raises:
            ConfigurationError: It is not a number, or boto3's configuration cannot be read.
        """
        if self._transport is None:
            self._open()  # first, so that it is not this that imports boto3
        try:
            return self._settings.find_max_attempts()
        except Exception as error:
            raise translate_preparation(error, self._settings.describe_credentials()) from error

    @staticmethod
    def _limit(timeout: float, seconds: float | None) -> float:
        return timeout if seconds is None else min(seconds, timeout)

    def describe_transport(self) -> str:
        """Return how the next request goes to the store: `"direct"` and who started it, or `"boto3"` and the reason."""
        return (self._transport or self._open()).describe()

    def _open(self) -> Transport:
        with self._lock:
            if self._transport is None:
                self._transport = self._make_transport()
            return self._transport

    def _make_transport(self) -> Transport:
        try:
            return make_transport(self._settings, self._kind)
        except Exception as error:
            raise translate_preparation(error, self._settings.describe_credentials()) from error

    def wait(self, seconds: float) -> None:
        """Sleep."""
        time.sleep(seconds)

    def close(self) -> None:
        """Close all connections, and the client if the backend made it; the next operation would make another."""
        with self._lock:
            if self._transport is not None:
                self._transport.close()
                self._transport = None


def _build(operation: AnyOperation) -> Request:
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
