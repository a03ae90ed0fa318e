"""Transports: how a request gets to DynamoDB and its answer back, in one attempt.

`DirectTransport` signs and sends the request itself and reads the answer: that takes a tenth of the processor time
that boto3's client takes. `BotoTransport` has the client do it. `AutoTransport` chooses for each request: the direct
one, unless somebody is to see the request on its way through boto3, or it cannot be sent otherwise.
`docs/transport.md` tells when that is.

A transport never repeats a request that may have been carried out.
"""

from __future__ import annotations

import logging
import threading
import zlib
from typing import Any, Final, Literal, Protocol, TypeAlias, cast, get_args

from dynamongo.backends.dynamodb.answers import Answer
from dynamongo.backends.dynamodb.bodies import parse_body
from dynamongo.backends.dynamodb.endpoint import LeftToBoto3, read_endpoint
from dynamongo.backends.dynamodb.errors import (
    FOREIGN_ERRORS,
    build_connection_error,
    build_provider_error,
    is_before_sending,
    translate_answer,
    translate_error,
    translate_preparation,
)
from dynamongo.backends.dynamodb.interception import Watch
from dynamongo.backends.dynamodb.messages import Credentials, MessageWriter
from dynamongo.backends.dynamodb.one_attempt import check_client, find_retries, prepare_call
from dynamongo.backends.dynamodb.pool import Pool
from dynamongo.backends.dynamodb.requests import Request
from dynamongo.backends.dynamodb.settings import ClientSettings
from dynamongo.exceptions import ConfigurationError, CredentialsError, InvalidRequestError, ServiceError
from dynamongo.values import shorten

logger = logging.getLogger("dynamongo")

TransportKind: TypeAlias = Literal["auto", "boto3"]

_LENGTHS: Final = {"content-length", "transfer-encoding", "x-amz-crc32"}


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


def make_transport(settings: ClientSettings, kind: TransportKind) -> Transport:
    """The transport for a backend with these settings."""
    client = settings.make_client()
    if settings.client is not None:
        return BotoTransport(client, settings, "the client is the caller's")
    if kind == "boto3":
        return BotoTransport(client, settings, 'transport="boto3" is set')
    return AutoTransport(client, settings)


class BotoTransport:
    """Calls boto3's client."""

    def __init__(self, client: Any, settings: ClientSettings, reason: str) -> None:
        self._client = client
        self._settings = settings
        self._reason = reason
        self.place = describe_place(client)
        if settings.client is not None:
            check_client(client)

    def send(self, request: Request, seconds: float | None = None) -> dict[str, Any]:
        """See `Transport`."""
        client = prepare_call(self._client, seconds, is_ours=self._settings.client is None)
        try:
            response: dict[str, Any] = getattr(client, request.method)(**request.arguments)
        except FOREIGN_ERRORS as error:
            raise translate_error(error, self._settings.describe_credentials()) from error
        except RecursionError as error:  # of botocore's validator, before anything is sent
            raise InvalidRequestError("the request is nested too deep") from error
        except Exception as error:
            if not is_before_sending(error):
                raise
            raise translate_preparation(error, self._settings.describe_credentials()) from error
        _check_whole(response)
        return response

    def describe(self) -> str:
        """See `Transport`."""
        return f"boto3: {self._reason}"

    def close(self) -> None:
        """Close the client, unless it is the caller's."""
        if self._settings.client is None:
            self._client.close()


class DirectTransport:
    """Sends requests itself, to where the client would send them, and with its credentials. Threads may share it.

    Raises:
        LeftToBoto3: The client's requests cannot be sent without it.
    """

    def __init__(self, client: Any, settings: ClientSettings) -> None:
        if find_retries(client).get("mode") == "adaptive":
            raise LeftToBoto3("the retry mode is adaptive, in which boto3 limits the rate of requests")
        endpoint = read_endpoint(client)
        self.place = describe_place(client)
        self._client = client
        self._settings = settings
        self._pool = Pool(endpoint)
        self._writer = MessageWriter(endpoint)

    def send(self, request: Request, seconds: float | None = None) -> dict[str, Any]:
        """See `Transport`."""
        message = self._writer.write(request.action, request.body.encode(), self._find_credentials())
        answer = self._pool.exchange(message, seconds)
        response = _read_body(request.action, answer)
        if answer.status != 200:
            raise translate_answer(_as_error(answer, response), self._settings.describe_credentials())
        return response

    def describe(self) -> str:
        """See `Transport`."""
        return "direct"

    def close(self) -> None:
        """Close the connections that are idle; the others are closed when they are no longer in use."""
        self._pool.close()

    def _find_credentials(self) -> Credentials:
        """The credentials, if a header can hold them: at a line break it ends, and another one would begin."""
        credentials = self._ask_for_credentials()
        text = f"{credentials.access_key}{credentials.token}"
        if not (text.isascii() and text.isprintable()):
            problem = "AWS credentials have a character that no header can hold, such as a line break"
            raise CredentialsError(f"{problem}. {self._settings.describe_credentials()}")
        return credentials

    def _ask_for_credentials(self) -> Credentials:
        """The credentials as they are now: boto3 refreshes those that expire when it is asked for them."""
        try:
            credentials = self._client._get_credentials()  # noqa: SLF001 - a client has no public name for them
            if credentials is not None:
                return cast("Credentials", credentials.get_frozen_credentials())
        except FOREIGN_ERRORS as error:
            raise translate_error(error, self._settings.describe_credentials()) from error
        except Exception as error:
            raise build_provider_error(error, self._settings.describe_credentials()) from error
        raise CredentialsError(f"AWS credentials are missing. {self._settings.describe_credentials()}")


class AutoTransport:
    """Chooses for each request. Threads may share it."""

    def __init__(self, client: Any, settings: ClientSettings) -> None:
        self._client = client
        self._settings = settings
        self.place = describe_place(client)
        self._watch = Watch(client)
        self._lock = threading.Lock()
        self._direct: DirectTransport | None = None
        self._obstacle: str | None = None
        self._told: str | None = None

    def send(self, request: Request, seconds: float | None = None) -> dict[str, Any]:
        """See `Transport`."""
        return self._choose().send(request, seconds)

    def describe(self) -> str:
        """See `Transport`."""
        return self._choose().describe()

    def close(self) -> None:
        """See `Transport`."""
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
        """Have a direct transport, or know why there can be none. Without credentials, boto3 says what is missing."""
        if self._direct is not None:
            return
        try:
            self._direct = DirectTransport(self._client, self._settings)
        except LeftToBoto3 as reason:
            self._obstacle = str(reason)
        except Exception as error:
            raise translate_preparation(error, self._settings.describe_credentials()) from error

    def _leave_to_boto3(self, reason: str) -> BotoTransport:
        if reason != self._told:
            logger.debug("requests go through boto3: %s", reason)
            self._told = reason
        return BotoTransport(self._client, self._settings, reason)


def describe_place(client: Any) -> str:
    """Where a client sends requests: the AWS region, or the URL of an endpoint that is not AWS's."""
    meta = getattr(client, "meta", None)
    url, region = str(getattr(meta, "endpoint_url", "")), str(getattr(meta, "region_name", ""))
    return region if ".amazonaws.com" in url else url


def _read_body(action: str, answer: Answer) -> dict[str, Any]:
    """The content of an answer; of an error that says nothing, an empty dict."""
    if answer.checksum is not None and str(zlib.crc32(answer.body)) != answer.checksum:
        raise build_connection_error("ChecksumError", f"the answer is damaged: its checksum is not {answer.checksum}")
    try:
        content: object = parse_body(action, answer.body.decode())
    except ValueError as error:
        if answer.status != 200:  # of a proxy or a gateway, which says what is wrong in its own words
            return {"message": answer.body.decode("utf-8", "replace")}
        if answer.body and answer.content_type and "json" not in answer.content_type:
            message = f"what answered is no DynamoDB: its answer is {answer.content_type}, and not JSON"
            raise ServiceError(message, is_transient=False) from error
        raise build_connection_error("IncompleteReadError", f"the answer is no whole JSON: {error}") from error
    if not isinstance(content, dict):
        raise ServiceError("what answered is no DynamoDB: its answer is no JSON object", is_transient=False)
    return cast("dict[str, Any]", content)


def _as_error(answer: Answer, content: dict[str, Any]) -> dict[str, Any]:
    """An answer that is an error as boto3 gives it."""
    code = str(content.get("__type", answer.status)).rpartition("#")[2].partition(":")[0]
    message = content.get("message") or content.get("Message")
    return {
        **content,
        "Error": {"Code": code, "Message": message},
        "ResponseMetadata": {"HTTPStatusCode": answer.status, "RequestId": answer.request_id},
    }


def _check_whole(response: dict[str, Any]) -> None:
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
