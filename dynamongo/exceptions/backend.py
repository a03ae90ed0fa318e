"""Errors of a backend: the store refused a request, failed, or did not respond."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from dynamongo._support.dataclasses import dataclass, field
from dynamongo.exceptions.library import DynamongoError

if TYPE_CHECKING:
    from typing_extensions import Self

# The names without "Error" (N818) are AWS's, those of dynamongo 0.2, or say what happened, as in `except ItemNotFound`.


class BackendError(DynamongoError):
    """The store refused a request, or failed.

    Attributes:
        code: The store's own error code, such as `"ValidationException"`.
        message: The text without what the other attributes say; `str` has both.
        operation: The operation, such as `"Put users"`; `None` if a backend was called directly.
        attempts: How many requests were sent.
        endpoint: The AWS region, or the URL of another endpoint; `None` if there is neither.
        request_id: AWS's id of the last request, for AWS Support; `None` if no response came.
        seconds: How long the last request took, by the clock of the backend.
    """

    code: str = "InternalServerError"
    operation: str | None = None
    attempts: int = 1
    endpoint: str | None = None
    request_id: str | None = None
    seconds: float = 0.0

    def __init__(self, message: str, *, code: str | None = None) -> None:
        super().__init__(message)
        self.message = message
        if code is not None:
            self.code = code

    def __str__(self) -> str:
        context = self._describe_context()
        return f"{self.message} ({', '.join(context)})" if context else self.message

    def _describe_context(self) -> list[str]:
        parts = [] if self.operation is None or self.operation in self.message else [self.operation]
        if self.operation is not None:
            parts.append("1 attempt" if self.attempts == 1 else f"{self.attempts} attempts")
        if self.endpoint is not None:
            parts.append(self.endpoint)
        if self.request_id is not None:
            parts.append(f"request id {self.request_id}")
        return parts

    def copy_context(self, other: Exception) -> Self:
        """Take over what another error says about its request, and return this error."""
        if isinstance(other, BackendError):
            self.operation, self.attempts = other.operation, other.attempts
            self.endpoint, self.request_id, self.seconds = other.endpoint, other.request_id, other.seconds
        return self


class InvalidRequestError(BackendError):
    """The request is malformed, or a value exceeds a limit of the store; nothing was done."""

    code = "ValidationException"

    def _describe_context(self) -> list[str]:
        return []  # it would fail at any endpoint, and the message names the model, table and key


class AccessDenied(BackendError):  # noqa: N818 - see above
    """The credentials are valid, and their policies do not allow the action; nothing was done.

    Attributes:
        action: The IAM action to allow, such as `"dynamodb:GetItem"`; `None` if unknown.
        table: The full name of the table; `None` if the request concerns several.
    """

    code = "AccessDeniedException"
    action: str | None = None
    table: str | None = None

    def __str__(self) -> str:
        text = super().__str__()
        if self.action is None:
            return text
        where = "" if self.table is None else f" on the table {self.table}"
        return f"{self.action}{where} is not allowed: {text}"


class TableNotFound(BackendError):  # noqa: N818 - see above
    """The table does not exist."""

    code = "ResourceNotFoundException"


class TableExists(BackendError):  # noqa: N818 - see above
    """A table of that name exists already, or is being created or deleted."""

    code = "ResourceInUseException"


class LimitExceededError(BackendError):
    """A quota of the account, or the size of an item collection, is exhausted."""

    code = "LimitExceededException"


@dataclass(frozen=True, slots=True)
class CancellationReason:
    """Why one action of a cancelled transaction failed, or that it was not the reason.

    Attributes:
        code: DynamoDB's code: `"None"` if the action was not a reason, else `"ConditionalCheckFailed"`,
            `"ValidationError"`, `"TransactionConflict"`, `"ThrottlingError"` and so on.
        message: DynamoDB's explanation.
        item: The stored item, if the action asked for it and its condition failed.
        model: The model of the item, in a transaction of models.
        key: The key of the item, as a dict of Python values.
        error: What the verb would have raised alone, such as `InvalidRequestError`. For a failed condition, only if
            the stored item was asked for: it tells a `VersionConflict` from another condition, and a missing item.
        label: The model and the key in words, without the values of the key if a connection hides values.
    """

    code: str = "None"
    message: str | None = None
    item: Any = None
    model: Any = None
    key: Any = None
    error: DynamongoError | None = None
    label: str = field(default="", repr=False, compare=False)

    def __str__(self) -> str:
        return f"{self.code} ({self.label})" if self.label else self.code


class TransactionCanceled(BackendError):  # noqa: N818 - see above
    """A transaction was cancelled, and nothing was written; `.reasons` has a reason for each action, in order."""

    code = "TransactionCanceledException"

    def __init__(self, reasons: tuple[CancellationReason, ...]) -> None:
        codes = ", ".join(map(str, reasons))
        summary = f"Transaction cancelled, please refer cancellation reasons for specific reasons [{codes}]"
        messages = [f"{reason}: {reason.error or reason.message}" for reason in reasons if reason.message]
        super().__init__(": ".join([summary, "; ".join(messages)]) if messages else summary)
        self.reasons = reasons

    def __reduce__(self) -> tuple[Any, ...]:
        return type(self), (self.reasons,), vars(self)  # pickle would call the class with the message


class TransactionConflict(BackendError):  # noqa: N818 - see above
    """Another transaction, or a write in another Region, still held the item after all retries; nothing was written."""

    code = "TransactionConflictException"


class IdempotencyMismatch(BackendError):  # noqa: N818 - see above
    """The token was used within ten minutes for a transaction with other contents; nothing was written."""

    code = "IdempotentParameterMismatchException"


@dataclass(frozen=True, slots=True)
class ThrottlingReason:
    """Why the store throttles requests.

    Attributes:
        reason: DynamoDB's word, such as `"TableReadProvisionedThroughputExceeded"`.
        resource: The ARN of the table or index.
    """

    reason: str | None = None
    resource: str | None = None


class ThrottledError(BackendError):
    """The store still throttled the request after all retries; `.reasons` says why, if the store does."""

    code = "ProvisionedThroughputExceededException"
    reasons: tuple[ThrottlingReason, ...] = ()


class ServiceError(BackendError):
    """The store failed, or could not be reached.

    Attributes:
        was_sent: Whether the request may have reached the store.
        is_transient: Whether the same request may succeed later.
    """

    def __init__(
        self, message: str, *, code: str | None = None, was_sent: bool = True, is_transient: bool = True
    ) -> None:
        super().__init__(message, code=code)
        self.was_sent = was_sent
        self.is_transient = is_transient


class WriteOutcomeUnknown(ServiceError):  # noqa: N818 - see above
    """A write was sent and no response came, so it is unknown whether it was done: read the item to find out.

    The connection broke or the store failed; if an error of another kind ended the retries, it is the `__cause__`.
    Idempotent writes are retried before this is raised.
    """
