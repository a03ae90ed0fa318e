"""dynamongo: a Pythonic ORM for Amazon DynamoDB with pluggable backends.

Declare a `Model`, say which items you mean with a strategy, and let the planner find the request that serves it. See
`dynamongo.model` for the verbs, `dynamongo.fields` for the fields and `dynamongo.exceptions` for what can go wrong.
"""

from __future__ import annotations

from dynamongo.connection import Connection
from dynamongo.exceptions import (
    BackendError,
    ConditionalCheckFailedException,
    ConfigurationError,
    CredentialsError,
    DynamongoError,
    ExpressionError,
    InvalidRequestError,
    ItemNotFound,
    LimitExceededError,
    ScanForbidden,
    ScanWarning,
    SchemaError,
    ServiceError,
    TableExists,
    TableNotFound,
    ThrottledError,
    UnsupportedOperation,
    ValidationError,
)
from dynamongo.fields import (
    BinaryField,
    BooleanField,
    DateField,
    DateTimeField,
    DecimalField,
    DictField,
    EmailField,
    EnumField,
    Field,
    FloatField,
    IntField,
    IPAddressField,
    JSONField,
    ListField,
    SetField,
    StringField,
    TimedeltaField,
    TimestampField,
    URLField,
    UUIDField,
)
from dynamongo.model import Model
from dynamongo.plans import Plan
from dynamongo.results import BatchResult, Failure
from dynamongo.scans import ScanPolicy

__all__ = [
    "BackendError",
    "BatchResult",
    "BinaryField",
    "BooleanField",
    "ConditionalCheckFailedException",
    "ConfigurationError",
    "Connection",
    "CredentialsError",
    "DateField",
    "DateTimeField",
    "DecimalField",
    "DictField",
    "DynamongoError",
    "EmailField",
    "EnumField",
    "ExpressionError",
    "Failure",
    "Field",
    "FloatField",
    "IPAddressField",
    "IntField",
    "InvalidRequestError",
    "ItemNotFound",
    "JSONField",
    "LimitExceededError",
    "ListField",
    "Model",
    "Plan",
    "ScanForbidden",
    "ScanPolicy",
    "ScanWarning",
    "SchemaError",
    "ServiceError",
    "SetField",
    "StringField",
    "TableExists",
    "TableNotFound",
    "ThrottledError",
    "TimedeltaField",
    "TimestampField",
    "URLField",
    "UUIDField",
    "UnsupportedOperation",
    "ValidationError",
]
