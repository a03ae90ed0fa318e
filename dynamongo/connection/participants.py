"""Participants: the items of a transaction or snapshot read, and the backend that all of them share."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, TypeAlias, cast

from dynamongo.backends import Backend
from dynamongo.connection.connection import Connection, connection_of
from dynamongo.exceptions import ConfigurationError, ExpressionError
from dynamongo.expressions.values import AttributeValue
from dynamongo.mapping.mapper import Mapper

Address: TypeAlias = tuple[str, tuple[AttributeValue, ...]]
"""One item of any table: the full name of its table, and the values of its key."""


def split_arguments(item: Any, arguments: tuple[Any, ...]) -> tuple[type, Any, tuple[Any, ...]]:
    """Return the model, the strategy and what follows: of `user, ...`, or of `User, strategy, ...`."""
    if not isinstance(item, type):
        return cast("type[Any]", type(item)), item, arguments
    if not arguments:
        raise ExpressionError(f"{item.__name__}: a strategy is required to say which item; got the model alone")
    return cast("type[Any]", item), arguments[0], arguments[1:]


def find_mapper(model: Any) -> tuple[Mapper[Any], str]:
    """Return the mapper of a model, and the full name of its table."""
    mapper = getattr(model, "__mapper__", None)
    if not isinstance(mapper, Mapper):
        raise ExpressionError(f"a transaction takes instances, or a model and a strategy; got {model.__name__}")
    return cast("Mapper[Any]", mapper), model.table_name()


def find_backend(models: Sequence[type], override: Backend | None) -> tuple[Connection, Backend]:
    """Return where a transaction is executed: a connection of its models, which must share a backend.

    Args:
        models: The models.
        override: The backend of the `Connection.using` block that the transaction was made in.
    """
    # Inside a `using` block every connection has its backend. Any of them can execute the operation.
    connection = connection_of(models[0])
    if override is not None:
        return connection, override
    # Not `backend`: a block that was opened after the transaction was made must not divert it.
    backend = connection.own_backend
    others = [model for model in models if connection_of(model).own_backend is not backend]
    if others:
        raise ConfigurationError(
            "a transaction needs one backend for all its models, but the connections of"
            f" {models[0].__name__} and {others[0].__name__} have different ones"
        )
    return connection, backend
