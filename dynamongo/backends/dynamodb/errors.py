"""Errors: one table from DynamoDB's error codes, and one from botocore's own exceptions, to those of dynamongo.

Source: "Error handling with DynamoDB" in the developer guide, and "Common Errors" in the API reference.
"""

from __future__ import annotations

import re
import sys
from typing import Any, Final

from dynamongo.exceptions import (
    AccessDenied,
    BackendError,
    CancellationReason,
    ConditionalCheckFailedException,
    ConfigurationError,
    CredentialsError,
    DynamongoError,
    IdempotencyMismatch,
    InvalidRequestError,
    LimitExceededError,
    ServiceError,
    TableExists,
    TableNotFound,
    ThrottledError,
    ThrottlingReason,
    TransactionCanceled,
    TransactionConflict,
)
from dynamongo.expressions.values import Item
from dynamongo.expressions.wire_values import decode_item

ERRORS_BY_CODE: Final[dict[str, type[DynamongoError]]] = {
    "AccessDenied": AccessDenied,
    "AccessDeniedException": AccessDenied,
    "BandwidthLimitExceeded": ThrottledError,
    "ConditionalCheckFailedException": ConditionalCheckFailedException,
    "ContinuousBackupsUnavailableException": ServiceError,
    "EC2ThrottledException": ThrottledError,
    "ExpiredToken": CredentialsError,
    "ExpiredTokenException": CredentialsError,
    "IdempotentParameterMismatchException": IdempotencyMismatch,
    "IncompleteSignature": CredentialsError,
    "IncompleteSignatureException": CredentialsError,
    "InternalFailure": ServiceError,
    "InternalServerError": ServiceError,
    "InvalidClientTokenId": CredentialsError,
    "InvalidSignatureException": CredentialsError,
    "ItemCollectionSizeLimitExceededException": LimitExceededError,
    "LimitExceededException": LimitExceededError,
    "MissingAuthenticationToken": CredentialsError,
    "MissingAuthenticationTokenException": CredentialsError,
    "NotAuthorized": AccessDenied,
    "OptInRequired": CredentialsError,
    "PriorRequestNotComplete": ThrottledError,
    "ProvisionedThroughputExceededException": ThrottledError,
    "ReplicatedWriteConflictException": TransactionConflict,
    "RequestExpired": CredentialsError,
    "RequestLimitExceeded": ThrottledError,
    "RequestThrottled": ThrottledError,
    "RequestThrottledException": ThrottledError,
    "RequestTimeout": ServiceError,
    "RequestTimeoutException": ServiceError,
    "ResourceInUseException": TableExists,
    "ResourceNotFoundException": TableNotFound,
    "SerializationException": InvalidRequestError,
    "ServiceUnavailable": ServiceError,
    "ServiceUnavailableException": ServiceError,
    "SignatureDoesNotMatch": CredentialsError,
    "SlowDown": ThrottledError,
    "TableInUseException": TableExists,
    "TableNotFoundException": TableNotFound,
    "ThrottledException": ThrottledError,
    "Throttling": ThrottledError,
    "ThrottlingException": ThrottledError,
    "TooManyRequestsException": ThrottledError,
    "TransactionCanceledException": TransactionCanceled,
    "TransactionConflictException": TransactionConflict,
    "TransactionInProgressException": TransactionConflict,
    "UnrecognizedClientException": CredentialsError,
    "ValidationError": InvalidRequestError,
    "ValidationException": InvalidRequestError,
}

# By name, since no version of botocore has all of them; the first in the order of inheritance counts.
_ERRORS_BY_CLASS: Final[dict[str, type[DynamongoError]]] = {
    "BaseEndpointResolverError": ConfigurationError,
    "BotoCoreError": ServiceError,
    "ConfigNotFound": ConfigurationError,
    "ConfigParseError": ConfigurationError,
    "CredentialRetrievalError": CredentialsError,
    "DataNotFoundError": ConfigurationError,
    "EndpointProviderError": ConfigurationError,
    "InvalidConfigError": ConfigurationError,
    "InvalidDefaultsMode": ConfigurationError,
    "InvalidEndpointConfigurationError": ConfigurationError,
    "InvalidIMDSEndpointError": ConfigurationError,
    "InvalidIMDSEndpointModeError": ConfigurationError,
    "InvalidProxiesConfigError": ConfigurationError,
    "InvalidRegionError": ConfigurationError,
    "InvalidRetryConfigurationError": ConfigurationError,
    "LoginError": CredentialsError,
    "MissingDependencyException": ConfigurationError,
    "NoAuthTokenError": CredentialsError,
    "NoCredentialsError": CredentialsError,
    "ParamValidationError": InvalidRequestError,
    "PartialCredentialsError": CredentialsError,
    "ProfileNotFound": ConfigurationError,
    "RefreshWithMFAUnsupportedError": CredentialsError,
    "SSOError": CredentialsError,
    "TokenRetrievalError": CredentialsError,
    "UnknownCredentialError": CredentialsError,
    "UnknownRegionError": ConfigurationError,
    "UnknownTokenProviderError": CredentialsError,
}


_BEFORE_SENDING: Final = ("ConnectTimeoutError", "EndpointConnectionError", "ProxyConnectionError", "SSLError")
"""What botocore raises before the request is sent."""

_TRANSIENT: Final = (
    "ChecksumError",
    "ConnectTimeoutError",
    "ConnectionClosedError",
    "ConnectionError",
    "EndpointConnectionError",
    "HTTPClientError",
    "IncompleteReadError",
    "ProxyConnectionError",
    "ReadTimeoutError",
    "ResponseStreamingError",
)
"""What a retry may overcome."""


_NOT_RECEIVED: Final = {"RequestTimeout", "RequestTimeoutException"}
"""The store got no complete request in time, so it cannot have executed it; HTTP status 408 means the same."""


_UNEXPLAINED: Final = {"UnknownOperationException": "the server does not know this operation; many local ones do not"}
"""What to say for codes that come without a message."""


def foreign_errors() -> tuple[type[Exception], ...]:
    """Return the bases of the exceptions that botocore raises; none while it is not imported."""
    if "botocore" not in sys.modules:
        return ()
    from botocore.exceptions import BotoCoreError, ClientError  # noqa: PLC0415 - it takes long, and may never be needed
    from botocore.parsers import ResponseParserError  # noqa: PLC0415 - as above

    return BotoCoreError, ClientError, ResponseParserError


def is_before_sending(error: BaseException) -> bool:
    """Return whether an error was raised while credentials were looked up or the request was signed."""
    return not _modules_of(error).isdisjoint({"botocore.credentials", "botocore.tokens", "botocore.signers"})


def _is_of_credentials(error: BaseException) -> bool:
    """Return whether a provider of credentials raised it, and not `botocore.auth`, which signs with them."""
    modules = _modules_of(error)
    if not modules.isdisjoint({"botocore.credentials", "botocore.tokens"}):
        return True
    return "botocore.signers" in modules and "botocore.auth" not in modules


def _modules_of(error: BaseException) -> set[str]:
    """Return the modules in the traceback of an error."""
    modules: set[str] = set()
    step = error.__traceback__
    while step is not None:
        modules.add(str(step.tb_frame.f_globals.get("__name__")))
        step = step.tb_next
    return modules


def translate_preparation(error: Exception, credentials: str) -> Exception:
    """Return the exception to raise for any error from before a request was sent.

    Providers of credentials, configuration files and endpoints may raise anything.
    """
    if isinstance(error, (DynamongoError, Warning)):
        return error
    if isinstance(error, foreign_errors()):
        return translate_error(error, credentials)
    if _is_of_credentials(error):
        return build_provider_error(error, credentials)
    return ConfigurationError(f"boto3 cannot create a client or a request: {type(error).__name__}: {error}")


def build_provider_error(error: Exception, credentials: str) -> CredentialsError:
    """Return the error for a provider of credentials that failed with an exception of its own."""
    return _build_credentials_error(f"the provider failed with {type(error).__name__}: {error}", credentials)


def build_unsendable_credentials_error(credentials: str) -> CredentialsError:
    """Return the error for credentials with a line break or the like, which shows nothing of them."""
    problem = "AWS credentials contain a character that a header cannot hold, such as a line break"
    return CredentialsError(f"{problem}. {credentials}")


def translate_error(error: Exception, credentials: str) -> DynamongoError:
    """Return the exception to raise for one of `foreign_errors`.

    Args:
        error: What boto3's client raised.
        credentials: Where the credentials came from, for the message of a `CredentialsError`.
    """
    from botocore.exceptions import ClientError  # noqa: PLC0415 - imported already: the error is one of botocore's

    if isinstance(error, ClientError):
        return translate_response(dict(error.response), credentials)
    names = (parent.__name__ for parent in type(error).__mro__)
    error_type = next((_ERRORS_BY_CLASS[name] for name in names if name in _ERRORS_BY_CLASS), ServiceError)
    if issubclass(error_type, CredentialsError):
        return _build_credentials_error(str(error), credentials)
    if error_type is ServiceError:
        code = type(error).__name__
        return build_connection_error(code, str(error), was_sent=code not in _BEFORE_SENDING)
    return error_type(str(error))


def build_connection_error(code: str, message: str, *, was_sent: bool = True) -> ServiceError:
    """Return the error for a connection that failed; `code` is the name of botocore's exception for such a case."""
    return ServiceError(message, code=code, was_sent=was_sent, is_transient=code in _TRANSIENT)


def build_unexpected_error(problem: str) -> ServiceError:
    """Return the error for a response that DynamoDB would not send. The request may have been executed."""
    return ServiceError(f"unexpected response: {problem}; is endpoint_url a DynamoDB endpoint?", is_transient=False)


def translate_response(response: dict[str, Any], credentials: str) -> DynamongoError:
    """Return the exception to raise for an error response.

    Args:
        response: The response as botocore returns it: `Error` with `Code` and `Message`, `ResponseMetadata` with the
            `HTTPStatusCode`, and whatever else the store sent.
        credentials: As in `translate_error`.
    """
    code = response.get("Error", {}).get("Code", "Unknown")
    message = response.get("Error", {}).get("Message") or _UNEXPLAINED.get(code, f"{code}, without a message")
    if code == str(_find_status(response)):  # no code was sent: it is the text of a proxy or a gateway
        message = _shorten_page(message)
    error_type = ERRORS_BY_CODE.get(code) or _judge_status(response)
    error = _build_error(error_type, code, message, response, credentials)
    if isinstance(error, BackendError):
        error.request_id = response.get("ResponseMetadata", {}).get("RequestId")
    return error


def _shorten_page(text: str) -> str:
    """Return the text of a response that is not JSON, such as a page of HTML, shortened."""
    words = " ".join(re.sub(r"(?s)<(script|style).*?</\1>|<[^>]*>", " ", text).split())
    return words if len(words) <= 300 else f"{words[:300]}..."


def _build_error(
    error_type: type[DynamongoError], code: str, message: str, response: dict[str, Any], credentials: str
) -> DynamongoError:
    if issubclass(error_type, ConditionalCheckFailedException):
        return ConditionalCheckFailedException(message, item=_decode_stored(response))
    if issubclass(error_type, TransactionCanceled):
        return TransactionCanceled(tuple(map(_parse_reason, response.get("CancellationReasons", ()))))
    if issubclass(error_type, CredentialsError):
        return _build_credentials_error(f"{code}: {message}", credentials)
    if issubclass(error_type, ServiceError):
        was_received = code not in _NOT_RECEIVED and _find_status(response) != 408
        return ServiceError(message, code=code, was_sent=was_received)
    if not issubclass(error_type, BackendError):
        return error_type(message)
    error = error_type(message, code=code)
    if isinstance(error, ThrottledError):
        error.reasons = _parse_throttling(response)
    return error


def _parse_throttling(response: dict[str, Any]) -> tuple[ThrottlingReason, ...]:
    """Return why the store throttled the request; DynamoDB spells the member's name in two ways."""
    reasons = response.get("ThrottlingReasons") or response.get("throttlingReasons") or ()
    return tuple([ThrottlingReason(reason.get("reason"), reason.get("resource")) for reason in reasons])


def _parse_reason(wire: dict[str, Any]) -> CancellationReason:
    return CancellationReason(wire.get("Code", "None"), wire.get("Message"), _decode_stored(wire))


def _decode_stored(wire: dict[str, Any]) -> Item | None:
    item = wire.get("Item")
    return None if item is None else decode_item(item)


def _judge_status(response: dict[str, Any]) -> type[BackendError]:
    """Return the class of an error whose code is unknown, by its HTTP status.

    boto3 uses the status as the code of a truncated response, which may have been any error.
    """
    status = _find_status(response)
    if status == 429:
        return ThrottledError
    if status == 408:
        return ServiceError
    is_cut = response.get("Error", {}).get("Code") == str(status)
    return ServiceError if status >= 500 or is_cut else BackendError


def _find_status(response: dict[str, Any]) -> int:
    return int(response.get("ResponseMetadata", {}).get("HTTPStatusCode", 400))


def _build_credentials_error(reason: str, credentials: str) -> CredentialsError:
    return CredentialsError(f"AWS credentials are missing or were refused: {reason.rstrip('.')}. {credentials}")
