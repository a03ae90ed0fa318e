"""Transports: how a request gets to DynamoDB and its answer back, in one attempt.

`DirectTransport` signs and sends the request itself and reads the answer: that takes a tenth of the processor time
that boto3's client takes. `BotoTransport` has the client do it. `AutoTransport` chooses for each request: the direct
one, unless somebody is to see the request on its way through boto3, or it cannot be sent otherwise.
`docs/transport.md` tells when that is.

A transport never repeats a request that may have been carried out.
"""

from __future__ import annotations

import contextlib
import logging
from functools import partial
from typing import Any, Final, Literal, Protocol, TypeAlias, cast, get_args

from dynamongo._support.forks import TRANSPORT, make_lock
from dynamongo.backends.dynamodb.boto_answers import (
    check_checksum,
    check_content,
    check_kind,
    check_members,
    collect_bodies,
    watch_answers,
)
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
from dynamongo.backends.dynamodb.one_attempt import check_client, find_retries, prepare_call
from dynamongo.backends.dynamodb.requests import Request
from dynamongo.backends.dynamodb.settings import ClientSettings
from dynamongo.backends.dynamodb.transport.endpoint import LeftToBoto3, read_endpoint
from dynamongo.backends.dynamodb.transport.http_reader import Answer, AnswerTooLong
from dynamongo.backends.dynamodb.transport.http_writer import Credentials, MessageWriter
from dynamongo.backends.dynamodb.transport.page_decoder import MALFORMED, parse_body, refuse_answer
from dynamongo.backends.dynamodb.transport.pool import Pool, tell_too_long
from dynamongo.backends.dynamodb.transport.proxies import AUTHENTICATION_REQUIRED, REFUSED_TUNNEL, tell_refusal
from dynamongo.exceptions import (
    ConfigurationError,
    CredentialsError,
    DynamongoError,
    InvalidRequestError,
    ServiceError,
)
from dynamongo.expressions.values import shorten

logger = logging.getLogger("dynamongo")

TransportKind: TypeAlias = Literal["auto", "boto3"]

_PROXY_ERROR: Final = "ProxyConnectionError"
_QUOTED: Final = 200
"""How many bytes of an answer that is no JSON are shown."""


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
    watch_answers(client, is_own=settings.client is None)
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
        with collect_bodies() as bodies:
            try:
                response: dict[str, Any] = getattr(client, request.method)(**request.arguments)
                check_content(response, bodies)
            except ServiceError:
                self._drop_connections()
                raise
            except FOREIGN_ERRORS as error:
                raise self._translate(error) from error
            except Exception as error:
                told = self._tell(error, is_answered=bool(bodies))
                if told is error:
                    raise
                raise told from error
        return response

    def _tell(self, error: Exception, *, is_answered: bool) -> Exception:
        """The error to raise for one that is neither dynamongo's nor boto3's; itself if nothing is known of it."""
        if is_answered and isinstance(error, MALFORMED):
            self._drop_connections()
            return refuse_answer(error)
        if isinstance(error, RecursionError):  # of botocore's validator, before anything is sent
            return InvalidRequestError("the request is nested too deep")
        if is_before_sending(error):
            return translate_preparation(error, self._settings.describe_credentials())
        return error

    def _drop_connections(self) -> None:
        """Close those that are idle, after an answer that could not be read: its rest may come on one of them."""
        with contextlib.suppress(AttributeError):  # of a double, which has none
            self._client.close()

    def _translate(self, error: Exception) -> DynamongoError:
        """The error to raise for one of boto3's."""
        if isinstance(error.__context__, AnswerTooLong):
            return tell_too_long(error.__context__)
        details: dict[str, Any] = getattr(error, "kwargs", {})
        refusal = REFUSED_TUNNEL.search(str(details.get("error"))) if type(error).__name__ == _PROXY_ERROR else None
        if refusal is not None:
            return tell_refusal(str(details.get("proxy_url")), refusal[1])
        return translate_error(error, self._settings.describe_credentials())

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
        self._proxy = "on the way" if endpoint.proxy is None else endpoint.proxy.url
        self._client = client
        self._settings = settings
        self._pool = Pool(endpoint)
        self._writer = MessageWriter(endpoint)
        self._checked: Credentials | None = None

    def send(self, request: Request, seconds: float | None = None) -> dict[str, Any]:
        """See `Transport`."""
        message = self._writer.write(request.action, request.body.encode(), self._find_credentials())
        answer, response = self._pool.exchange(message, partial(_read_body, request.action), seconds)
        if answer.status != 200:
            raise self._translate(answer, response)
        return response

    def _translate(self, answer: Answer, content: dict[str, Any]) -> DynamongoError:
        """The error to raise for an answer that is one."""
        if answer.status == AUTHENTICATION_REQUIRED:
            return tell_refusal(self._proxy, f"{answer.status} {content.get('message', '')}")
        try:
            return translate_answer(_as_error(answer, content), self._settings.describe_credentials())
        except MALFORMED as error:
            return refuse_answer(error)

    def describe(self) -> str:
        """See `Transport`."""
        return "direct"

    def close(self) -> None:
        """Close the connections that are idle; the others are closed when they are no longer in use."""
        self._pool.close()

    def _find_credentials(self) -> Credentials:
        """The credentials, if a header can hold them: at a line break it ends, and another one would begin."""
        credentials = self._ask_for_credentials()
        if credentials == self._checked:
            return credentials
        text = f"{credentials.access_key}{credentials.token}"
        if not (text.isascii() and text.isprintable()):
            problem = "AWS credentials have a character that no header can hold, such as a line break"
            raise CredentialsError(f"{problem}. {self._settings.describe_credentials()}")
        self._checked = credentials
        return credentials

    def _ask_for_credentials(self) -> Credentials:
        """The credentials as they are now: boto3 refreshes those that expire when it is asked for them."""
        try:
            credentials = self._client._get_credentials()  # noqa: SLF001 - a client has no public name for them
            if credentials is not None:
                frozen: Credentials = credentials.get_frozen_credentials()
                return frozen
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
        self._lock = make_lock(TRANSPORT)
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


def _read_body(action: str, answer: Answer) -> tuple[Answer, dict[str, Any]]:
    """The answer and its content; of an error that is no JSON, what it says instead."""
    if answer.checksum is not None:
        check_checksum(answer.body, answer.checksum)
    try:
        content = parse_body(action, answer.body.decode())
    except (RecursionError, ValueError) as error:
        if answer.status != 200:  # of a proxy or a gateway, which says what is wrong in its own words
            return answer, {"message": _quote_text(answer.body)}
        check_kind(answer.body, answer.content_type)
        raise build_connection_error("IncompleteReadError", f"the answer is no whole JSON: {error}") from error
    if not isinstance(content, dict):
        if answer.status != 200:
            return answer, {}
        raise ServiceError("what answered is no DynamoDB: its answer is no JSON object", is_transient=False)
    known: Any = content  # and not `cast`, which would be a call
    if answer.status == 200 and None in known.values():
        check_members(known)
    return answer, known


def _quote_text(body: bytes | bytearray) -> str:
    """The beginning of what somebody else than DynamoDB says, such as a proxy."""
    text = " ".join(body[:_QUOTED].decode(errors="replace").split())
    return f"{text}..." if len(body) > _QUOTED else text


def _as_error(answer: Answer, content: dict[str, Any]) -> dict[str, Any]:
    """An answer that is an error as boto3 gives it."""
    code = str(content.get("__type", answer.status)).rpartition("#")[2].partition(":")[0]
    message = content.get("message") or content.get("Message")
    return {
        **content,
        "Error": {"Code": code, "Message": message},
        "ResponseMetadata": {"HTTPStatusCode": answer.status, "RequestId": answer.request_id},
    }
