"""The backend: one request for each operation."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any, TypeVar, cast, get_args

from dynamongo.backends.base import Limits
from dynamongo.backends.dynamodb.errors import FOREIGN_ERRORS, translate_error
from dynamongo.backends.dynamodb.requests import Request, build_request
from dynamongo.backends.dynamodb.responses import read_response
from dynamongo.backends.dynamodb.settings import ClientSettings
from dynamongo.backends.dynamodb.transport import Transport, TransportKind, check_transport, make_transport
from dynamongo.exceptions import ConfigurationError, InvalidRequestError, UnsupportedOperation
from dynamongo.forks import BACKEND, make_lock
from dynamongo.operations import AnyOperation, Operation

if TYPE_CHECKING:
    from boto3.session import Session

R = TypeVar("R")

_OPERATIONS: tuple[type, ...] = get_args(AnyOperation)


class DynamoDBBackend:
    """Executes operations on Amazon DynamoDB, or on what answers like it at `endpoint_url`.

    The boto3 client is made when the first operation is executed. Whatever is not given here is boto3's to find:
    credentials, endpoint, proxies, timeouts and retries. Several threads may share a backend.

    Args:
        access_key_id: With `secret_access_key`, the credentials.
        secret_access_key: See `access_key_id`.
        region: The AWS region; the session's where it is not given, and `us-east-2` where that has none.
        endpoint_url: Where to send requests instead of to AWS.
        profile: The name of a profile in AWS's configuration files.
        session: A `boto3.Session` to make the client from.
        client: A client, as `boto3.client("dynamodb")` makes it; it remains the caller's to close.
        transport: `"auto"`, to send requests directly, and through boto3 where somebody is to see them there; or
            `"boto3"`, to send them all through boto3.

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
    ) -> None:
        self._settings = ClientSettings(
            access_key_id=access_key_id,
            secret_access_key=secret_access_key,
            region=region,
            endpoint_url=endpoint_url,
            profile=profile,
            session=session,
            client=client,
        )
        self._kind: TransportKind = check_transport(transport)
        self._transport: Transport | None = None
        self._lock = make_lock(BACKEND)

    def execute(self, operation: Operation[R]) -> R:
        """Do one operation in one request.

        Raises:
            ConditionalCheckFailedException: The operation's condition did not hold.
            BackendError: DynamoDB refused the operation, failed, or could not be reached.
            ConfigurationError: The client could not be made; a `CredentialsError` also if DynamoDB refused them.
            UnsupportedOperation: It is none of `AnyOperation`.
        """
        if not isinstance(operation, _OPERATIONS):
            raise UnsupportedOperation(f"the dynamodb backend does not do {type(operation).__name__}")
        known = cast("AnyOperation", operation)
        transport = self._transport or self._open()
        return cast("R", read_response(known, transport.send(_build(known))))

    def describe_transport(self) -> str:
        """How the next request goes to the store: `"direct"`, or `"boto3"` with the reason."""
        return (self._transport or self._open()).describe()

    def _open(self) -> Transport:
        with self._lock:
            if self._transport is None:
                self._transport = self._make_transport()
            return self._transport

    def _make_transport(self) -> Transport:
        try:
            return make_transport(self._settings, self._kind)
        except FOREIGN_ERRORS as error:
            raise translate_error(error, self._settings.describe_credentials()) from error
        except ValueError as error:  # boto3's answer to an endpoint that is no URL
            raise ConfigurationError(f"boto3 cannot make a client: {error}") from error

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
    except (ArithmeticError, TypeError, ValueError) as error:  # Python's own, for what is no attribute value or name
        raise InvalidRequestError(str(error)) from error
    except RecursionError as error:
        raise InvalidRequestError("the request is nested too deep") from error
