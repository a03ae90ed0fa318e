"""The memory backend: one lock, and a function for every operation."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any, TypeVar, cast

from dynamongo.backends.base import Limits
from dynamongo.backends.memory.lifecycle import create_table, delete_table, describe_table
from dynamongo.backends.memory.reads import MAX_BATCH_GET, batch_get, get, query, scan
from dynamongo.backends.memory.table import Table
from dynamongo.backends.memory.writes import MAX_BATCH_WRITE, batch_write, delete, put, update_item
from dynamongo.exceptions import ExpressionError, InvalidRequestError, UnsupportedOperation, ValidationError
from dynamongo.operations import (
    BatchGet,
    BatchWrite,
    CreateTable,
    Delete,
    DeleteTable,
    DescribeTable,
    Get,
    Operation,
    Put,
    Query,
    Scan,
    UpdateItem,
)

R = TypeVar("R")

_EXECUTORS: dict[type, Callable[[dict[str, Table], Any], Any]] = {
    Get: get,
    BatchGet: batch_get,
    Query: query,
    Scan: scan,
    Put: put,
    Delete: delete,
    UpdateItem: update_item,
    BatchWrite: batch_write,
    CreateTable: create_table,
    DeleteTable: delete_table,
    DescribeTable: describe_table,
}


class MemoryBackend:
    """Keeps tables in memory and answers as DynamoDB would.

    Every operation is atomic, and may be called for from any thread. What the backend does not do, it refuses.

    >>> from dynamongo.operations import CreateTable, Get, Put
    >>> from dynamongo.schema import KeyAttribute, KeySchema, TableSchema
    >>> backend = MemoryBackend()
    >>> backend.execute(CreateTable(TableSchema("users", KeySchema(KeyAttribute("email", "S"))))).status
    'ACTIVE'
    >>> backend.execute(Put("users", {"email": "a@b.c", "age": 40})).consumed
    Capacity(read_units=0.0, write_units=1.0)
    >>> backend.execute(Get("users", {"email": "a@b.c"})).item
    {'email': 'a@b.c', 'age': 40}
    """

    name = "memory"
    limits = Limits(batch_get=MAX_BATCH_GET, batch_write=MAX_BATCH_WRITE)

    def __init__(self) -> None:
        self._tables: dict[str, Table] = {}
        self._lock = threading.Lock()

    def execute(self, operation: Operation[R]) -> R:
        """Do one operation, atomically, and return its result; errors as in `dynamongo.backends.Backend`."""
        executor = _EXECUTORS.get(type(operation))
        if executor is None:
            raise UnsupportedOperation(f"the memory backend does not do {type(operation).__name__}")
        try:
            with self._lock:
                return cast("R", executor(self._tables, operation))
        except (ValidationError, ExpressionError) as error:
            raise InvalidRequestError(str(error)) from error

    def close(self) -> None:
        """Nothing is held that must be given back: the tables stay."""
