"""Executors: the function that executes each kind of operation on a store."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from dynamongo.backends.memory.lifecycle import (
    create_index,
    create_table,
    delete_index,
    delete_table,
    describe_table,
    update_index_throughput,
    update_throughput,
)
from dynamongo.backends.memory.reads import batch_get, get, query, scan
from dynamongo.backends.memory.table_settings import (
    describe_continuous_backups,
    update_continuous_backups,
    update_settings,
)
from dynamongo.backends.memory.transactions import read_transaction, write_transaction
from dynamongo.backends.memory.ttl import describe_time_to_live, update_time_to_live
from dynamongo.backends.memory.writes import batch_write, update_item, write
from dynamongo.exceptions import ExpressionError, InvalidRequestError, UnsupportedOperation, ValidationError
from dynamongo.operations import (
    BatchGet,
    BatchWrite,
    CreateIndex,
    CreateTable,
    Delete,
    DeleteIndex,
    DeleteTable,
    DescribeContinuousBackups,
    DescribeTable,
    DescribeTimeToLive,
    Get,
    Operation,
    Put,
    Query,
    Scan,
    TransactGet,
    TransactWrite,
    UpdateContinuousBackups,
    UpdateIndexThroughput,
    UpdateItem,
    UpdateTableSettings,
    UpdateThroughput,
    UpdateTimeToLive,
)

# `Any`, since the type of a dict cannot say that each function takes operations of the type that is its key.
_ON_ITEMS: dict[type, Callable[..., Any]] = {
    Get: get,
    BatchGet: batch_get,
    Query: query,
    Scan: scan,
    Put: write,
    Delete: write,
    UpdateItem: update_item,
    BatchWrite: batch_write,
    TransactWrite: write_transaction,
    TransactGet: read_transaction,
}
_ON_TABLES: dict[type, Callable[..., Any]] = {
    CreateTable: create_table,
    DeleteTable: delete_table,
    DescribeTable: describe_table,
    CreateIndex: create_index,
    DeleteIndex: delete_index,
    UpdateThroughput: update_throughput,
    UpdateIndexThroughput: update_index_throughput,
    UpdateTimeToLive: update_time_to_live,
    DescribeTimeToLive: describe_time_to_live,
    UpdateTableSettings: update_settings,
    UpdateContinuousBackups: update_continuous_backups,
    DescribeContinuousBackups: describe_continuous_backups,
}

EXECUTORS = {**_ON_ITEMS, **_ON_TABLES}
ITEM_OPERATIONS = tuple(_ON_ITEMS)
"""The operations that read or write items; the others are about tables."""


REFUSALS = (ValidationError, ExpressionError, RecursionError)
"""What an executor raises for an invalid operation."""


def find_executor(operation: Operation[Any]) -> Callable[..., Any]:
    """Return the function that executes an operation; raise `UnsupportedOperation` if there is none."""
    executor: Callable[..., Any] | None = EXECUTORS.get(type(operation))
    if executor is None:
        raise UnsupportedOperation(f"the memory backend does not support {type(operation).__name__}")
    return executor


def translate_refusal(error: Exception) -> InvalidRequestError:
    """Return the error that DynamoDB answers with: it has one code for all of these, ValidationException."""
    message = "the request is nested too deep" if isinstance(error, RecursionError) else str(error)
    return InvalidRequestError(message)
