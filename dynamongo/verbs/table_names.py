"""Full names of tables that are not a fixed name after a prefix: ARNs, and names that a callable returns."""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import Any

from dynamongo.connection.connection import Connection
from dynamongo.exceptions import ConfigurationError, SchemaError
from dynamongo.operations.table_names import describe_name_fault, find_arn, is_arn


def find_table_name(model: Any, connection: Connection) -> str:
    """Return the full name of the table of a model where `Model.table_name` does not know it yet.

    Args:
        model: The model, or one that is bound to a table.
        connection: The connection of the model.

    Raises:
        SchemaError: No table can have the name, or the model is abstract.
        ConfigurationError: The table is in another region than the connection.
    """
    table = model.__mapper__.table or model.__table__
    subject = f"{model.__name__}.__table__"
    if callable(table):
        subject = f"{subject}()"
        table = _call(table, subject)
    names = connection.table_names
    if type(table) is str and (known := names.get(table)) is not None:
        return known
    if fault := describe_name_fault(table):
        raise SchemaError(f"{subject} {fault}")
    name: str = table
    if not is_arn(name):
        return names.add(name, subject)
    _check_region(name, connection, subject)
    # The names of a block are those of all connections, whose regions differ.
    if names is connection.own_names:
        names[name] = name
    return name


def _check_region(table: str, connection: Connection, subject: str) -> None:
    arn, region = find_arn(table), connection.region
    if arn is not None and region is not None and arn.region != region:
        raise ConfigurationError(
            f"{subject} is the ARN of a table in {arn.region}, but its connection is one to {region}:"
            f" use a Connection(region={arn.region!r}); got {table!r}"
        )


def _call(find: Callable[[], Any], subject: str) -> Any:
    """Return what a callable returns; what it raises is the caller's own, and passes unchanged."""
    try:
        return find()
    except Exception as error:
        if sys.version_info >= (3, 11):
            error.add_note(f"raised by {subject}, which returns the name of the table")
        raise
