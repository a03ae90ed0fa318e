"""dynamongo: a Pythonic ORM for Amazon DynamoDB with pluggable backends.

Declare a `Model`, say which items you mean with a strategy, and let the planner find the request that serves it. See
`dynamongo.model` for the verbs, `dynamongo.fields` for the fields and `dynamongo.exceptions` for what can go wrong.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from dynamongo._support.lazy_imports import make_getattr
from dynamongo.connection.connection import Connection
from dynamongo.exceptions import (
    AccessDenied,
    AttributeNotLoaded,
    BackendError,
    BlockingCallForbidden,
    BlockingCallWarning,
    BudgetExceeded,
    BulkWriteError,
    CancellationReason,
    ConditionalCheckFailedException,
    ConfigurationError,
    CredentialsError,
    CursorError,
    DynamongoError,
    ExpressionError,
    FaultNotHit,
    IdempotencyMismatch,
    ImmutableConflict,
    InvalidRequestError,
    ItemNotFound,
    ItemSizeWarning,
    LimitExceededError,
    LockLost,
    LockNotAcquired,
    MultipleItemsFound,
    NPlusOneWarning,
    Problem,
    ScanForbidden,
    ScanWarning,
    SchemaError,
    ServiceError,
    StoredProblem,
    TableExists,
    TableMismatch,
    TableNotFound,
    ThrottledError,
    ThrottlingReason,
    TransactionCanceled,
    TransactionConflict,
    UniqueViolation,
    UnreadableItem,
    UnsupportedOperation,
    ValidationError,
    VersionConflict,
    WriteNotSent,
    WriteOutcomeUnknown,
    WrittenButUnreadable,
)
from dynamongo.executor import RetryPolicy
from dynamongo.expressions.conditions import Condition
from dynamongo.expressions.updates import Updates
from dynamongo.fields import (
    BinaryField,
    BooleanField,
    DateTimeField,
    DecimalField,
    DictField,
    EmailField,
    Field,
    FloatField,
    IntField,
    IPAddressField,
    JSONField,
    ListField,
    SetField,
    StringField,
    URLField,
    UUIDField,
    VersionField,
)
from dynamongo.fields.computed_values import if_not_exists, list_append
from dynamongo.fields.indexes import GlobalIndex, LocalIndex
from dynamongo.fields.operands import literal
from dynamongo.mapping.records import is_loaded, is_stored
from dynamongo.model.model import Model
from dynamongo.planning.scan_policy import ScanPolicy
from dynamongo.planning.strategies import Strategy

if TYPE_CHECKING:
    from dynamongo.aio.result_set import AsyncResultSet
    from dynamongo.connection.recording import budget
    from dynamongo.executor.schema_diff import Difference
    from dynamongo.expressions.explanations import Explanation
    from dynamongo.fields.dates import DateField
    from dynamongo.fields.documents import DocumentField
    from dynamongo.fields.durations import TimedeltaField, TimestampField
    from dynamongo.fields.enumeration import EnumField
    from dynamongo.ids import ksuid, ulid, uuid7, uuid7_text
    from dynamongo.locks import Lock, LockFields, LockItem
    from dynamongo.mapping.documents import Document
    from dynamongo.mapping.item_sizes import ItemSize, size_of
    from dynamongo.mapping.rules.hooks import after_read, before_delete, before_save, validator
    from dynamongo.mapping.typed_documents import TypedDocument
    from dynamongo.model.result_set import ResultSet
    from dynamongo.model.typed import TypedModel
    from dynamongo.planning.plan import Plan
    from dynamongo.verbs.progress import Progress
    from dynamongo.verbs.results import (
        BatchResult,
        CheckedPage,
        Failure,
        ItemsByKind,
        MigratedPage,
        Page,
        UniqueProblem,
        WriteOutcome,
    )
    from dynamongo.verbs.write_plan import WritePlan
else:  # what is returned by calls that import it, or used by few programs
    __getattr__ = make_getattr(
        __name__,
        {
            "dynamongo.aio.result_set": ("AsyncResultSet",),
            "dynamongo.connection.recording": ("budget",),
            "dynamongo.executor.schema_diff": ("Difference",),
            "dynamongo.expressions.explanations": ("Explanation",),
            "dynamongo.fields.dates": ("DateField",),
            "dynamongo.fields.documents": ("DocumentField",),
            "dynamongo.fields.durations": ("TimedeltaField", "TimestampField"),
            "dynamongo.fields.enumeration": ("EnumField",),
            "dynamongo.mapping.item_sizes": ("ItemSize", "size_of"),
            "dynamongo.ids": ("ksuid", "ulid", "uuid7", "uuid7_text"),
            "dynamongo.locks": ("Lock", "LockFields", "LockItem"),
            "dynamongo.mapping.documents": ("Document",),
            "dynamongo.mapping.rules.hooks": ("after_read", "before_delete", "before_save", "validator"),
            "dynamongo.mapping.typed_documents": ("TypedDocument",),
            "dynamongo.verbs.progress": ("Progress",),
            "dynamongo.model.result_set": ("ResultSet",),
            "dynamongo.model.typed": ("TypedModel",),
            "dynamongo.verbs.results": (
                "BatchResult",
                "CheckedPage",
                "Failure",
                "ItemsByKind",
                "MigratedPage",
                "Page",
                "UniqueProblem",
                "WriteOutcome",
            ),
            "dynamongo.verbs.write_plan": ("WritePlan",),
            "dynamongo.planning.plan": ("Plan",),
        },
    )

__version__ = "0.3.0.dev0"

__all__ = [
    "AccessDenied",
    "AsyncResultSet",
    "AttributeNotLoaded",
    "BackendError",
    "BatchResult",
    "BinaryField",
    "BlockingCallForbidden",
    "BlockingCallWarning",
    "BooleanField",
    "BudgetExceeded",
    "BulkWriteError",
    "CancellationReason",
    "CheckedPage",
    "Condition",
    "ConditionalCheckFailedException",
    "ConfigurationError",
    "Connection",
    "CredentialsError",
    "CursorError",
    "DateField",
    "DateTimeField",
    "DecimalField",
    "DictField",
    "Difference",
    "Document",
    "DocumentField",
    "DynamongoError",
    "EmailField",
    "EnumField",
    "Explanation",
    "ExpressionError",
    "Failure",
    "FaultNotHit",
    "Field",
    "FloatField",
    "GlobalIndex",
    "IPAddressField",
    "IdempotencyMismatch",
    "ImmutableConflict",
    "IntField",
    "InvalidRequestError",
    "ItemNotFound",
    "ItemSize",
    "ItemSizeWarning",
    "ItemsByKind",
    "JSONField",
    "LimitExceededError",
    "ListField",
    "LocalIndex",
    "Lock",
    "LockFields",
    "LockItem",
    "LockLost",
    "LockNotAcquired",
    "MigratedPage",
    "Model",
    "MultipleItemsFound",
    "NPlusOneWarning",
    "Page",
    "Plan",
    "Problem",
    "Progress",
    "ResultSet",
    "RetryPolicy",
    "ScanForbidden",
    "ScanPolicy",
    "ScanWarning",
    "SchemaError",
    "ServiceError",
    "SetField",
    "StoredProblem",
    "Strategy",
    "StringField",
    "TableExists",
    "TableMismatch",
    "TableNotFound",
    "ThrottledError",
    "ThrottlingReason",
    "TimedeltaField",
    "TimestampField",
    "TransactionCanceled",
    "TransactionConflict",
    "TypedDocument",
    "TypedModel",
    "URLField",
    "UUIDField",
    "UniqueProblem",
    "UniqueViolation",
    "UnreadableItem",
    "UnsupportedOperation",
    "Updates",
    "ValidationError",
    "VersionConflict",
    "VersionField",
    "WriteNotSent",
    "WriteOutcome",
    "WriteOutcomeUnknown",
    "WritePlan",
    "WrittenButUnreadable",
    "after_read",
    "before_delete",
    "before_save",
    "budget",
    "if_not_exists",
    "is_loaded",
    "is_stored",
    "ksuid",
    "list_append",
    "literal",
    "size_of",
    "ulid",
    "uuid7",
    "uuid7_text",
    "validator",
]


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
