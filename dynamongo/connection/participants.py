"""Participants: the items of a transaction or snapshot read, and the backend that all of them share."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, TypeAlias, cast

from dynamongo.backends import Backend
from dynamongo.connection.connection import Connection, connection_of
from dynamongo.exceptions import ConfigurationError, ExpressionError
from dynamongo.expressions.values import AttributeValue
from dynamongo.mapping.mapper import Mapper
from dynamongo.mapping.records import is_bound
from dynamongo.operations.table_names import find_arn, is_arn

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


def check_accounts(addresses: Iterable[Address]) -> None:
    """Refuse ARNs of several accounts, for which DynamoDB would refuse the whole transaction.

    Source: TransactWriteItems, API reference.
    """
    tables = {table for table, _ in addresses}
    arns = [arn for arn in map(find_arn, filter(is_arn, tables)) if arn is not None]
    if len(accounts := {arn.account for arn in arns}) > 1:
        raise ExpressionError(f"a transaction takes tables of one account; got those of {', '.join(sorted(accounts))}")


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
            f" {_describe(models[0])} and {_describe(others[0])} have different ones"
        )
    return connection, backend


def _describe(model: Any) -> str:
    """Return the name of a model, and of its table if it is bound: both may be of one model."""
    return f"{model.__name__} ({model.table_name()})" if is_bound(model) else str(model.__name__)
