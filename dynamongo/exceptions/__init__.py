"""Every exception that dynamongo raises.

::

    DynamongoError
    ├── SchemaError                          a model is declared wrongly (TypeError)
    ├── ValidationError                      a value does not suit its field (ValueError)
    │   └── UnreadableItem                   a stored item does not suit its model
    │       └── WrittenButUnreadable         a write was done, and the item that it returned cannot be read
    ├── ExpressionError                      a strategy, condition or update is invalid (ValueError)
    ├── ConfigurationError                   the settings of a connection are invalid
    │   └── CredentialsError                 AWS credentials are missing or were refused
    ├── UnsupportedOperation                 the backend does not support the operation
    ├── ScanForbidden                        the plan is a full scan, which the policy forbids
    ├── BlockingCallForbidden                a call blocks an event loop, which the connection forbids
    ├── TableMismatch                        a live table differs from its model
    ├── ItemNotFound                         no item has the key (LookupError)
    ├── MultipleItemsFound                   more than one item was found where one was expected (LookupError)
    ├── AttributeNotLoaded                   an attribute was not read with its item, or the item was not read
    ├── CursorError                          a cursor is invalid, has expired, or belongs to another read (ValueError)
    ├── BudgetExceeded                       a read or a block of code exceeds its budget
    ├── ConditionalCheckFailedException      the condition of a write did not hold
    │   ├── ImmutableConflict                the stored item has another value in an immutable field
    │   ├── UniqueViolation                  another item has a value that must be unique
    │   └── VersionConflict                  the item was written since the instance was read
    ├── LockNotAcquired                      somebody else held a lock for all the time that was given
    ├── LockLost                             a lock is not held, or no longer
    ├── BulkWriteError                       some writes of a bulk verb failed
    ├── WriteNotSent                         a write was not sent, because an earlier one failed
    ├── FaultNotHit                          too few requests met a fault that a test scheduled (AssertionError)
    └── BackendError                         the store refused a request, or failed
        ├── InvalidRequestError              the request is malformed or exceeds a limit
        ├── AccessDenied                     the credentials lack a permission
        ├── TableNotFound                    the table does not exist
        ├── TableExists                      the table exists already, or is not ready
        ├── LimitExceededError               a quota of the account or of an item collection is exhausted
        ├── TransactionCanceled              a transaction was cancelled, for the reasons it carries
        ├── TransactionConflict              another transaction or write holds the item
        ├── IdempotencyMismatch              the token was used before, for another transaction
        ├── ThrottledError                   still throttled after all retries
        └── ServiceError                     the store failed, or could not be reached
            └── WriteOutcomeUnknown          no response says whether a write was done

    ScanWarning                              a full scan is about to run (UserWarning)
    ItemSizeWarning                          an item comes near 400 KB (UserWarning)
    NPlusOneWarning                          items are read one by one in a loop (UserWarning)
    BlockingCallWarning                      a call blocks an event loop (UserWarning)
"""

from __future__ import annotations

from dynamongo.exceptions.backend import (
    AccessDenied,
    BackendError,
    CancellationReason,
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
    WriteOutcomeUnknown,
)
from dynamongo.exceptions.library import (
    AttributeNotLoaded,
    BlockingCallForbidden,
    BudgetExceeded,
    BulkWriteError,
    ConditionalCheckFailedException,
    ConfigurationError,
    CredentialsError,
    CursorError,
    DynamongoError,
    ExpressionError,
    FaultNotHit,
    ImmutableConflict,
    ItemNotFound,
    LockLost,
    LockNotAcquired,
    MultipleItemsFound,
    Problem,
    ScanForbidden,
    SchemaError,
    StoredProblem,
    TableMismatch,
    UniqueViolation,
    UnreadableItem,
    UnsupportedOperation,
    ValidationError,
    VersionConflict,
    WriteNotSent,
    WrittenButUnreadable,
)
from dynamongo.exceptions.user_warnings import BlockingCallWarning, ItemSizeWarning, NPlusOneWarning, ScanWarning

__all__ = [
    "AccessDenied",
    "AttributeNotLoaded",
    "BackendError",
    "BlockingCallForbidden",
    "BlockingCallWarning",
    "BudgetExceeded",
    "BulkWriteError",
    "CancellationReason",
    "ConditionalCheckFailedException",
    "ConfigurationError",
    "CredentialsError",
    "CursorError",
    "DynamongoError",
    "ExpressionError",
    "FaultNotHit",
    "IdempotencyMismatch",
    "ImmutableConflict",
    "InvalidRequestError",
    "ItemNotFound",
    "ItemSizeWarning",
    "LimitExceededError",
    "LockLost",
    "LockNotAcquired",
    "MultipleItemsFound",
    "NPlusOneWarning",
    "Problem",
    "ScanForbidden",
    "ScanWarning",
    "SchemaError",
    "ServiceError",
    "StoredProblem",
    "TableExists",
    "TableMismatch",
    "TableNotFound",
    "ThrottledError",
    "ThrottlingReason",
    "TransactionCanceled",
    "TransactionConflict",
    "UniqueViolation",
    "UnreadableItem",
    "UnsupportedOperation",
    "ValidationError",
    "VersionConflict",
    "WriteNotSent",
    "WriteOutcomeUnknown",
    "WrittenButUnreadable",
]

for _error in __all__:  # tracebacks and pickles name the classes by their public path
    if not _error.endswith(("Reason", "Problem")):  # whose annotations are resolved in their module
        globals()[_error].__module__ = __name__
