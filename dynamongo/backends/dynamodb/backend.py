"""The backend: one request of boto3's client for each operation."""

from __future__ import annotations

import threading
import time
from typing import TYPE_CHECKING, Any, TypeVar, cast, get_args

from dynamongo.backends.base import Limits
from dynamongo.backends.dynamodb.errors import FOREIGN_ERRORS, translate_error
from dynamongo.backends.dynamodb.requests import Request, build_request
from dynamongo.backends.dynamodb.responses import read_response
from dynamongo.backends.dynamodb.settings import ClientSettings
from dynamongo.exceptions import ConfigurationError, InvalidRequestError, ServiceError, UnsupportedOperation
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
        self._client = client
        self._lock = threading.Lock()

    def execute(self, operation: Operation[R]) -> R:
        """Do one operation in one request (and boto3's own retries of it).

        Raises:
            ConditionalCheckFailedException: The operation's condition did not hold.
            BackendError: DynamoDB refused the operation, failed, or could not be reached.
            ConfigurationError: The client could not be made; a `CredentialsError` also if DynamoDB refused them.
            UnsupportedOperation: It is none of `AnyOperation`.
        """
        if not isinstance(operation, _OPERATIONS):
            raise UnsupportedOperation(f"the dynamodb backend does not do {type(operation).__name__}")
        known = cast("AnyOperation", operation)
        response = self._send(_build(known))
        _check_answer(response)
        try:
            return cast("R", read_response(known, response))
        except KeyError as error:
            message = f"what answered is no DynamoDB: there is no {error} in its answer"
            raise ServiceError(message, is_transient=False) from error

    def _send(self, request: Request) -> dict[str, Any]:
        client = self._client or self._open()
        try:
            return cast("dict[str, Any]", getattr(client, request.method)(**request.arguments))
        except FOREIGN_ERRORS as error:
            raise translate_error(error, self._settings.describe_credentials()) from error

    def _open(self) -> Any:
        with self._lock:
            if self._client is None:
                self._client = self._make_client()
            return self._client

    def _make_client(self) -> Any:
        try:
            return self._settings.make_client()
        except FOREIGN_ERRORS as error:
            raise translate_error(error, self._settings.describe_credentials()) from error
        except ValueError as error:  # boto3's answer to an endpoint that is no URL
            raise ConfigurationError(f"boto3 cannot make a client: {error}") from error

    def wait(self, seconds: float) -> None:
        """Sleep."""
        time.sleep(seconds)

    def close(self) -> None:
        """Close the client if the backend made it; the next operation would make another."""
        with self._lock:
            if self._client is not None and self._settings.client is None:
                self._client.close()
                self._client = None


_LENGTHS = {"content-length", "transfer-encoding", "x-amz-crc32"}


def _check_answer(response: dict[str, Any]) -> None:
    """Refuse what a proxy or another server answers with status 200, since boto3 takes any text for an empty answer.

    So it does with an answer that was cut off in its headers: nothing says then how long it should have been.
    """
    headers = response.get("ResponseMetadata", {}).get("HTTPHeaders")
    if headers is None:
        return
    if not headers.keys() & _LENGTHS and response.keys() == {"ResponseMetadata"}:
        raise ServiceError("the answer was cut off")
    content_type = headers.get("content-type", "json")
    if "json" not in content_type:
        message = f"what answered is no DynamoDB: its answer is {content_type}, and not JSON"
        raise ServiceError(message, is_transient=False)


def _build(operation: AnyOperation) -> Request:
    try:
        return build_request(operation)
    except (ArithmeticError, ValueError) as error:  # ours, and Python's for NaN in a set and ints of 5,000 digits
        raise InvalidRequestError(str(error)) from error
    except RecursionError as error:
        raise InvalidRequestError("the request is nested too deep") from error
