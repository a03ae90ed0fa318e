from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import boto3
import botocore.exceptions
import pytest
from botocore.exceptions import BotoCoreError, ClientError
from botocore.loaders import Loader
from botocore.parsers import ResponseParserError
from botocore.retries.standard import ThrottledRetryableChecker, TransientRetryableChecker
from botocore.stub import Stubber
from botocore_model import service_model

from dynamongo import Connection, RetryPolicy
from dynamongo.backends import Limits
from dynamongo.backends.dynamodb import DynamoDBBackend
from dynamongo.backends.dynamodb.errors import ERRORS_BY_CODE, translate_error
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
from dynamongo.expressions.conditions import Exists, Path
from dynamongo.expressions.updates import AddUpdate
from dynamongo.operations import Get, Put, UpdateItem
from dynamongo.testing.contract.base import proves

ACTIONS = (
    "GetItem",
    "BatchGetItem",
    "Query",
    "Scan",
    "PutItem",
    "DeleteItem",
    "UpdateItem",
    "BatchWriteItem",
    "TransactWriteItems",
    "TransactGetItems",
    "CreateTable",
    "DeleteTable",
    "DescribeTable",
    "UpdateTimeToLive",
    "DescribeTimeToLive",
)
WHERE = "They are made up."

ANSWERS: list[tuple[str, int, type[BackendError]]] = [
    ("ValidationException", 400, InvalidRequestError),
    ("SerializationException", 400, InvalidRequestError),
    ("ResourceNotFoundException", 400, TableNotFound),
    ("ResourceInUseException", 400, TableExists),
    ("LimitExceededException", 400, LimitExceededError),
    ("ItemCollectionSizeLimitExceededException", 400, LimitExceededError),
    ("ProvisionedThroughputExceededException", 400, ThrottledError),
    ("RequestLimitExceeded", 400, ThrottledError),
    ("ThrottlingException", 400, ThrottledError),
    ("InternalServerError", 500, ServiceError),
    ("TransactionConflictException", 400, TransactionConflict),
    ("TransactionInProgressException", 400, TransactionConflict),
    ("IdempotentParameterMismatchException", 400, IdempotencyMismatch),
    ("SomethingNew", 400, BackendError),
    ("SomethingNew", 429, ThrottledError),
    ("SomethingNew", 500, ServiceError),
    ("503", 503, ServiceError),
]


def answer(code: str, status: int = 400, **members: Any) -> ClientError:
    response: Any = {
        "Error": {"Code": code, "Message": "what the store said"},
        "ResponseMetadata": {"HTTPStatusCode": status},
        **members,
    }
    return ClientError(response, "PutItem")


@proves("24.6")
@pytest.mark.parametrize("action", ACTIONS)
def test_every_code_of_the_actions_that_are_used_has_its_row(action: str) -> None:
    codes = {shape.name for shape in service_model().operation_model(action).error_shapes}
    assert codes <= ERRORS_BY_CODE.keys()


@pytest.mark.parametrize(("code", "status", "error_type"), ANSWERS)
def test_error_keeps_code_and_message_of_the_store(code: str, status: int, error_type: type[BackendError]) -> None:
    error = translate_error(answer(code, status), WHERE)
    assert isinstance(error, BackendError)
    assert (type(error), error.code, str(error)) == (error_type, code, "what the store said")


def test_failed_condition_carries_the_item() -> None:
    error = translate_error(answer("ConditionalCheckFailedException", Item={"id": {"N": "1"}}), WHERE)
    assert isinstance(error, ConditionalCheckFailedException)
    assert error.item == {"id": 1}


def test_failed_condition_on_no_item_carries_none() -> None:
    error = translate_error(answer("ConditionalCheckFailedException"), WHERE)
    assert isinstance(error, ConditionalCheckFailedException)
    assert error.item is None


def test_cancelled_transaction_has_a_reason_for_each_action_in_order() -> None:
    failed = {"Code": "ConditionalCheckFailed", "Message": "The conditional request failed"}
    reasons = [{"Code": "None"}, failed, failed | {"Item": {"id": {"N": "1"}}}]
    error = translate_error(answer("TransactionCanceledException", CancellationReasons=reasons), WHERE)
    assert isinstance(error, TransactionCanceled)
    assert error.reasons == (
        CancellationReason("None", None, None),
        CancellationReason("ConditionalCheckFailed", "The conditional request failed", None),
        CancellationReason("ConditionalCheckFailed", "The conditional request failed", {"id": 1}),
    )
    assert error.code == "TransactionCanceledException"
    assert str(error) == (
        "Transaction cancelled, please refer cancellation reasons for specific reasons"
        " [None, ConditionalCheckFailed, ConditionalCheckFailed]:"
        " ConditionalCheckFailed: The conditional request failed;"
        " ConditionalCheckFailed: The conditional request failed"
    )


@pytest.mark.parametrize(
    "code",
    [
        "UnrecognizedClientException",
        "InvalidSignatureException",
        "ExpiredTokenException",
        "MissingAuthenticationToken",
        "MissingAuthenticationTokenException",
        "IncompleteSignatureException",
    ],
)
def test_refused_credentials_say_where_they_came_from(code: str) -> None:
    error = translate_error(answer(code), WHERE)
    assert isinstance(error, CredentialsError)
    assert str(error) == (
        f"AWS credentials are missing or were refused: {code}: what the store said. They are made up."
    )


def botocore_table() -> list[tuple[str, int]]:
    """The codes and statuses that botocore repeats for DynamoDB, in its legacy and in its standard mode.

    `TransactionInProgressException` and `LimitExceededException` are among them.
    """
    table: Any = Loader().load_data("_retry")
    policies = [table["retry"]["__default__"]["policies"], table["retry"]["dynamodb"]["__default__"]["policies"]]
    found = []
    for name, policy in [each for group in policies for each in group.items()]:
        response = (table["definitions"][name] if "$ref" in policy else policy)["applies_when"].get("response", {})
        if "crc32body" not in response and response:
            found.append((response.get("service_error_code", "SomethingNew"), response["http_status_code"]))
    throttled: Any = ThrottledRetryableChecker
    transient: Any = TransientRetryableChecker
    found += [(code, 400) for code in throttled._THROTTLED_ERROR_CODES + transient._TRANSIENT_ERROR_CODES]
    found += [("SomethingNew", status) for status in transient._TRANSIENT_STATUS_CODES]
    for shape in (service_model().shape_for(name) for name in service_model().shape_names):
        if shape.metadata.get("retryable"):
            found.append((shape.name, shape.metadata.get("error", {}).get("httpStatusCode", 400)))
    return sorted(set(found))


class Refusing:
    """Answers every request with the same error."""

    name = "refusing"
    limits = Limits()

    def __init__(self, code: str, status: int) -> None:
        self.error = answer(code, status)
        self.requests = 0

    def execute(self, operation: Any) -> Any:
        del operation
        self.requests += 1
        raise translate_error(self.error, WHERE)

    def wait(self, seconds: float) -> None:
        del seconds

    def close(self) -> None:
        pass


class TestRepeated:
    """Whatever botocore repeats is repeated here, unless that would do a write twice."""

    def test_table_of_botocore_is_read(self) -> None:
        assert {
            ("ReplicatedWriteConflictException", 409),
            ("TransactionInProgressException", 400),
            ("SomethingNew", 509),
            ("EC2ThrottledException", 400),
            ("PriorRequestNotComplete", 400),
            ("RequestTimeout", 400),
        } <= set(botocore_table())

    @pytest.mark.parametrize(("code", "status"), [*botocore_table(), ("SomethingNew", 408), ("SomethingNew", 429)])
    def test_read_is_sent_again(self, code: str, status: int) -> None:
        assert self.send(Get("t", {"id": 1}), code, status) == 2

    @pytest.mark.parametrize(("code", "status"), [*botocore_table(), ("SomethingNew", 408), ("SomethingNew", 429)])
    def test_increment_is_sent_again_unless_the_store_may_have_done_it(self, code: str, status: int) -> None:
        increment = UpdateItem("t", {"id": 1}, (AddUpdate(Path("n"), 1),))
        assert self.send(increment, code, status) == (1 if status >= 500 else 2)

    @pytest.mark.parametrize("code", ["TransactionConflictException", "TransactionInProgressException"])
    def test_conflict_of_a_single_write_is_sent_again(self, code: str) -> None:
        assert self.send(Put("t", {"id": 1}, Exists(Path("id"))), code, 400) == 2

    def send(self, operation: Any, code: str, status: int) -> int:
        """How many requests are made if each is answered so."""
        backend = Refusing(code, status)
        with pytest.raises(BackendError):
            Connection(backend=backend, retries=RetryPolicy(attempts=2, base=0)).execute(operation)
        return backend.requests


@pytest.mark.parametrize("name", ["ThrottlingReasons", "throttlingReasons"])
def test_reasons_of_a_throttle_are_attributes(name: str) -> None:
    arn = "arn:aws:dynamodb:us-east-2:000000000000:table/t"
    members: dict[str, Any] = {name: [{"reason": "TableReadProvisionedThroughputExceeded", "resource": arn}, {}]}
    error = translate_error(answer("ThrottlingException", **members), WHERE)
    assert isinstance(error, ThrottledError)
    assert error.reasons == (
        ThrottlingReason("TableReadProvisionedThroughputExceeded", arn),
        ThrottlingReason(None, None),
    )


def test_id_of_the_request_is_kept_and_shown() -> None:
    known: Any = answer("ThrottlingException").response
    known["ResponseMetadata"]["RequestId"] = "THE-ID"
    error = translate_error(ClientError(known, "PutItem"), WHERE)
    assert isinstance(error, ThrottledError)
    assert (error.request_id, str(error)) == ("THE-ID", "what the store said (request id THE-ID)")


@pytest.mark.parametrize("code", ["AccessDenied", "AccessDeniedException", "NotAuthorized"])
def test_missing_permission_is_no_matter_of_credentials(code: str) -> None:
    error = translate_error(answer(code), WHERE)
    assert type(error) is AccessDenied
    assert "credentials" not in str(error)


def foreign_errors() -> Iterator[BotoCoreError]:
    """One of every exception that botocore's clients raise on their own account."""
    pending: list[type[BotoCoreError]] = [BotoCoreError]
    while pending:
        error_type = pending.pop()
        pending.extend(error_type.__subclasses__())
        if error_type.__module__ == "botocore.exceptions":
            yield build(error_type)


def build(error_type: type[BotoCoreError]) -> BotoCoreError:
    """An exception without the arguments that its message would be made of."""
    error = error_type.__new__(error_type)
    Exception.__init__(error, "what botocore said")
    return error


EXPECTED: dict[str, type[DynamongoError]] = {
    "NoCredentialsError": CredentialsError,
    "PartialCredentialsError": CredentialsError,
    "CredentialRetrievalError": CredentialsError,
    "UnauthorizedSSOTokenError": CredentialsError,
    "ProfileNotFound": ConfigurationError,
    "NoRegionError": ConfigurationError,
    "InvalidRegionError": ConfigurationError,
    "UnknownServiceError": ConfigurationError,
    "ParamValidationError": InvalidRequestError,
    "ConnectTimeoutError": ServiceError,
    "ReadTimeoutError": ServiceError,
    "EndpointConnectionError": ServiceError,
    "ConnectionClosedError": ServiceError,
    "SSLError": ServiceError,
    "HTTPClientError": ServiceError,
}


def test_whatever_botocore_raises_becomes_an_error_of_ours() -> None:
    translated = {type(error).__name__: translate_error(error, WHERE) for error in foreign_errors()}
    assert {name: type(translated[name]) for name in EXPECTED} == EXPECTED
    assert all("what botocore said" in str(error) for error in translated.values())


def test_unreachable_store_differs_from_one_that_failed() -> None:
    timeout = build(botocore.exceptions.ReadTimeoutError)
    error = translate_error(timeout, WHERE)
    assert isinstance(error, ServiceError)
    assert error.code == "ReadTimeoutError"
    assert isinstance(translate_error(ResponseParserError("not JSON"), WHERE), ServiceError)


def test_error_of_the_client_is_the_cause_of_ours() -> None:
    client = boto3.client(
        "dynamodb", region_name="us-east-2", aws_access_key_id="made-up", aws_secret_access_key="made-up"
    )
    backend = DynamoDBBackend(client=client)
    with Stubber(client) as stubber:
        stubber.add_client_error("get_item", "ThrottlingException", "too fast", http_status_code=400)
        with pytest.raises(ThrottledError, match="too fast") as caught:
            backend.execute(Get("t", {"id": 1}))
    client.close()
    assert isinstance(caught.value.__cause__, ClientError)


def test_words_of_the_store_about_a_header_are_not_taken_for_credentials() -> None:
    client = boto3.client(
        "dynamodb", region_name="us-east-2", aws_access_key_id="a", aws_secret_access_key="b", endpoint_url="http://x"
    )
    with Stubber(client) as stubber:
        stubber.add_client_error("get_item", "ValidationException", "Invalid header value", http_status_code=400)
        with pytest.raises(InvalidRequestError, match="Invalid header value"):
            DynamoDBBackend(client=client).execute(Get("t", {"id": 1}))
    client.close()
