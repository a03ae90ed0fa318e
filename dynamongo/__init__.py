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
    ItemNotFound,
    ScanForbidden,
    ScanWarning,
    SchemaError,
    TableExists,
    TableNotFound,
    ThrottledError,
    UnsupportedOperation,
    ValidationError,
)
from dynamongo.fields import Field
from dynamongo.model import Model
from dynamongo.results import BatchResult, Failure
