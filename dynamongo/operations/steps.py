"""Steps: how plans, recordings, logs and errors name an operation."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from dynamongo._support.lazy_imports import LazyModule
from dynamongo.operations.base import Operation
from dynamongo.operations.requests import Get, TransactGet, TransactWrite

if TYPE_CHECKING:
    from dynamongo.operations import tables
else:  # most programs find their tables
    tables = LazyModule("dynamongo.operations.tables")


def describe_step(operation: Operation[Any]) -> str:
    """Return the kind of the operation and its tables, such as `Query users.by_name`."""
    tables = dict.fromkeys(getattr(part, "table", None) for part in _parts(operation))
    names = ", ".join(table for table in tables if table)
    index = getattr(operation, "index", None)
    return f"{type(operation).__name__} {names}{'' if index is None else f'.{index}'}"


def _parts(operation: Operation[Any]) -> Sequence[object]:
    match operation:
        case TransactWrite(parts) | TransactGet(parts):
            return parts
        case tables.CreateTable(schema):
            return (Get(schema.name, {}),)  # something with a `table`: a CreateTable has its name in the schema
        case _:
            return (operation,)
