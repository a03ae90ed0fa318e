"""Every exception that dynamongo raises.

::

    DynamongoError
    ├── SchemaError                          a model is declared wrongly (TypeError)
    ├── ValidationError                      a value does not suit its field (ValueError)
    │   └── WrittenButUnreadable             a write was done, and what it returned cannot be read
    ├── ExpressionError                      a strategy, condition or update cannot be meant (ValueError)
    ├── ConfigurationError                   the connection cannot be set up as asked
    │   └── CredentialsError                 credentials are missing or were refused
    ├── UnsupportedOperation                 this backend does not do that
    ├── ScanForbidden                        the plan is a full scan, and the policy forbids it
    ├── TableMismatch                        a live table differs from its model: in its key, or beyond update_table
    ├── ItemNotFound                         no item has that key (LookupError)
    ├── MultipleItemsFound                   there is more than the one item that was asked for (LookupError)
    ├── AttributeNotLoaded                   an attribute was not read with its item, or the item not at all
    ├── CursorError                          a cursor is none of this read, or was changed (ValueError)
    ├── BudgetExceeded                       a read or a block of code costs more than it was allowed to
    ├── ConditionalCheckFailedException      the condition of a write did not hold
    │   └── VersionConflict                  the item was written since the instance was read
    ├── BulkWriteError                       some writes of several were not done
    ├── WriteNotSent                         a write of several was not sent, after another one had failed
    ├── FaultNotHit                          a test scheduled a fault, and nothing met it (AssertionError)
    └── BackendError                         the store refused or failed
        ├── InvalidRequestError              the store found the request malformed
        ├── AccessDenied                     the credentials are valid, and lack a permission
        ├── TableNotFound                    there is no such table
        ├── TableExists                      there is already such a table, or it is not ready
        ├── LimitExceededError               a quota of the account or an item collection is used up
        ├── TransactionCanceled              a transaction was not carried out, for the reasons it gives
        ├── TransactionConflict              another transaction or write is at work on the item
        ├── IdempotencyMismatch              a transaction's token was used for another one before
        ├── ThrottledError                   the store asked to slow down, after all retries
        └── ServiceError                     the store failed, or could not be reached
            └── WriteOutcomeUnknown          whether a write was done cannot be known

    ScanWarning                              a full scan is about to run (UserWarning)
    NPlusOneWarning                          items are read one by one in a loop (UserWarning)
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from dynamongo._support.dataclasses import dataclass, field

if TYPE_CHECKING:
    from typing_extensions import Self


class DynamongoError(Exception):
    """Base of every error that dynamongo raises."""


class SchemaError(DynamongoError, TypeError):
    """A model or one of its fields is declared wrongly; raised when the class is created."""


class ValidationError(DynamongoError, ValueError):
    """A value does not suit the field that was to hold it, or a stored one the field that is to read it.

    Attributes:
        item: Where a write was done and what it returned cannot be read: that item, as a dict of Python values.
    """

    item: dict[str, Any] | None = None


class WrittenButUnreadable(ValidationError):  # noqa: N818 - reads as what it says
    """A write was done, and the item that it returned does not suit the model: do not repeat the write.

    `.item` is what is stored (or was, for a delete), as a dict of Python values.
    """


class ExpressionError(DynamongoError, ValueError):
    """A strategy, condition or update that cannot be meant."""


class ConfigurationError(DynamongoError):
    """The connection cannot be set up as asked."""


class CredentialsError(ConfigurationError):
    """AWS credentials are missing, or were refused."""


class UnsupportedOperation(DynamongoError):  # noqa: N818 - the design's name
    """The backend does not do what was asked of it, and does not pretend to."""


class ScanForbidden(DynamongoError):  # noqa: N818 - the design's name
    """The strategy can only be served by reading the whole table, and the scan policy forbids that."""


class ScanWarning(UserWarning):
    """The strategy is served by reading the whole table, and every item read is billed."""


class NPlusOneWarning(UserWarning):
    """Items are read one by one where one batch would do, at a request each."""


class TableMismatch(DynamongoError):  # noqa: N818 - reads as what it says
    """A live table differs from its model.

    `Model.update_table` raises it for what cannot be changed, or not without leave, and reads for items that lack a key
    attribute of the model.

    Attributes:
        differences: What differs, as `Model.compare_table` gives it; empty where a read found it.
    """

    def __init__(self, message: str, differences: tuple[Any, ...] = ()) -> None:
        super().__init__(message)
        self.differences = differences


class ItemNotFound(DynamongoError, LookupError):  # noqa: N818 - the design's name
    """No item has the key that was asked for."""


class MultipleItemsFound(DynamongoError, LookupError):  # noqa: N818 - reads as what it says
    """One item was asked for, and more than one satisfies the condition."""


class AttributeNotLoaded(DynamongoError):  # noqa: N818 - the name that says it
    """An attribute was touched that was left out when its item was read, or whose item was named by its key alone.

    It is no `AttributeError`, so that `hasattr` and `getattr` with a default do not take "not read" for "not there".
    """


class CursorError(DynamongoError, ValueError):
    """A cursor is not one of this read, is damaged or expired, or is not signed as the connection wants it.

    Attributes:
        cursor: The cursor that was given.
        client_message: What a web client may be told: it says what to do, and nothing about the store.
    """

    def __init__(
        self,
        message: str,
        cursor: Any = None,
        client_message: str = "The cursor is not valid for this request; start again at the first page.",
    ) -> None:
        super().__init__(message)
        self.cursor = cursor
        self.client_message = client_message


class BudgetExceeded(DynamongoError):  # noqa: N818 - the name that says it
    """A read, or a block of code, costs more than it was allowed to.

    Attributes:
        items: What a read had found until then.
        cursor: Where that read goes on, for another one with `cursor=`; `None` for a block of code.
    """

    def __init__(self, message: str, *, items: Any = (), cursor: str | None = None) -> None:
        super().__init__(message)
        self.items = items
        self.cursor = cursor


class ConditionalCheckFailedException(DynamongoError):  # noqa: N818 - the name that dynamongo 0.2 documents
    """The condition of a write did not hold, and nothing was written.

    Attributes:
        item: What is stored under the key, where it was asked for, else `None`. Verbs of a model give an instance
            of the model, or a dict of Python values if what is stored does not suit the model; a backend gives a dict
            of attribute values.
    """

    def __init__(self, message: str = "The conditional request failed", *, item: Any = None) -> None:
        super().__init__(message)
        self.item = item


class VersionConflict(ConditionalCheckFailedException):
    """An item was written by somebody else since the instance was read or saved; nothing was written.

    Attributes:
        expected: The version that the instance holds; `None` if it has none yet.
        found: The version that is stored; `None` if there is no item, or one without a version.
        item: What is stored, as in `ConditionalCheckFailedException`.
    """

    def __init__(
        self, message: str, *, expected: int | None = None, found: int | None = None, item: Any = None
    ) -> None:
        super().__init__(message, item=item)
        self.expected = expected
        self.found = found


class BulkWriteError(DynamongoError):
    """Some writes of several were not done.

    Attributes:
        result: The `BatchResult`, which says for each item what became of it.
    """

    def __init__(self, message: str, result: Any = None) -> None:
        super().__init__(message)
        self.result = result


class WriteNotSent(DynamongoError):  # noqa: N818 - reads as what it says
    """A write of several was not done, since an earlier one had met an error that is not its own, or was interrupted.

    `__cause__` is the error of the earlier one, if there was one.
    """


class FaultNotHit(DynamongoError, AssertionError):  # noqa: N818 - reads as what it says
    """A fault that a test had scheduled in a memory backend was met less often than it should, or never."""


class BackendError(DynamongoError):
    """The store refused a request, or failed.

    Attributes:
        code: The store's own error code, such as `"ValidationException"`.
        message: The text without what the other attributes say; `str` has both.
        operation: What was asked, such as `"Put users"`; `None` where a backend was asked directly.
        attempts: How many requests were made.
        endpoint: The AWS region, or the URL of an endpoint that is not AWS's; `None` if there is neither.
        request_id: AWS's id of the last request, which AWS Support asks for; `None` if there was no answer.
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
        told = [] if self.operation is None or self.operation in self.message else [self.operation]
        if self.operation is not None:
            told.append("1 attempt" if self.attempts == 1 else f"{self.attempts} attempts")
        if self.endpoint is not None:
            told.append(self.endpoint)
        if self.request_id is not None:
            told.append(f"request id {self.request_id}")
        return told

    def copy_context(self, other: Exception) -> Self:
        """Be about the request that another error is about, and return the error itself."""
        if isinstance(other, BackendError):
            self.operation, self.attempts = other.operation, other.attempts
            self.endpoint, self.request_id, self.seconds = other.endpoint, other.request_id, other.seconds
        return self


class InvalidRequestError(BackendError):
    """The store found the request malformed, or a value beyond its limits; nothing was done."""

    code = "ValidationException"

    def _describe_context(self) -> list[str]:
        return []  # what is wrong is wrong everywhere, and the message names the model, table and key


class AccessDenied(BackendError):  # noqa: N818 - AWS's name
    """The credentials are valid, and their policies do not allow the action; nothing was done.

    Attributes:
        action: The IAM action that has to be allowed, such as `"dynamodb:GetItem"`; `None` where it is not known.
        table: The full name of the table; `None` where the request is about several.
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


class TableNotFound(BackendError):  # noqa: N818 - reads as what it says
    """The table does not exist."""

    code = "ResourceNotFoundException"


class TableExists(BackendError):  # noqa: N818 - reads as what it says
    """A table of that name exists already, or is being created or deleted."""

    code = "ResourceInUseException"


class LimitExceededError(BackendError):
    """A quota of the account, or the size of an item collection, is used up."""

    code = "LimitExceededException"


@dataclass(frozen=True, slots=True)
class CancellationReason:
    """What one action of a cancelled transaction had to do with it.

    Attributes:
        code: DynamoDB's code: `"None"` if the action was not the reason, else `"ConditionalCheckFailed"`,
            `"ValidationError"`, `"TransactionConflict"`, `"ThrottlingError"` and so on.
        message: What DynamoDB says of it.
        item: The stored item, where the action asked for it and its condition failed.
        model: The model of the item, where the transaction was one of models.
        key: The key of the item, as a dict of Python values.
        error: What the verb would have raised alone: an `InvalidRequestError` for `"ValidationError"`, and so on. Where
            its condition failed, only if the stored item was asked for: that tells a `VersionConflict` from another
            condition, and a missing item.
        label: The model and the key in words, without the key's values where a connection hides them.
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


class TransactionCanceled(BackendError):  # noqa: N818 - DynamoDB's name
    """A transaction was not carried out, and nothing was written.

    Attributes:
        reasons: One for each action, in the order of the actions.
    """

    code = "TransactionCanceledException"

    def __init__(self, reasons: tuple[CancellationReason, ...]) -> None:
        codes = ", ".join(map(str, reasons))
        told = f"Transaction cancelled, please refer cancellation reasons for specific reasons [{codes}]"
        messages = [f"{reason}: {reason.error or reason.message}" for reason in reasons if reason.message]
        super().__init__(": ".join([told, "; ".join(messages)]) if messages else told)
        self.reasons = reasons

    def __reduce__(self) -> tuple[Any, ...]:
        return type(self), (self.reasons,), vars(self)  # pickle would call the class with the message


class TransactionConflict(BackendError):  # noqa: N818 - DynamoDB's name
    """Another transaction, or a write in another Region, was at work on the item, and was so still after all retries.

    Nothing was written.
    """

    code = "TransactionConflictException"


class IdempotencyMismatch(BackendError):  # noqa: N818 - reads as what it says
    """The token of a transaction was used, within ten minutes, for one with other contents; nothing was written."""

    code = "IdempotentParameterMismatchException"


@dataclass(frozen=True, slots=True)
class ThrottlingReason:
    """Why the store asks to slow down.

    Attributes:
        reason: DynamoDB's word, such as `"TableReadProvisionedThroughputExceeded"`.
        resource: The ARN of the table or index.
    """

    reason: str | None = None
    resource: str | None = None


class ThrottledError(BackendError):
    """The store asked to slow down, and did so still after all retries.

    Attributes:
        reasons: Why, where the store says it.
    """

    reasons: tuple[ThrottlingReason, ...] = ()

    code = "ProvisionedThroughputExceededException"


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


class WriteOutcomeUnknown(ServiceError):  # noqa: N818 - reads as what it says
    """A write was sent and no answer came: nobody can know whether it was done.

    The connection broke, or the store failed; where an error of another kind ended the retries, it is the `__cause__`.
    Read the item to find out. What may be written twice without harm is sent again before this is raised.
    """
