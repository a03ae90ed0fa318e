"""The part of `Model` that is about its table: name, connection and lifecycle."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from typing import ClassVar, TypeVar

from dynamongo.connection import Connection, default_connection
from dynamongo.declaration import Billing
from dynamongo.exceptions import DynamongoError, InvalidRequestError, TableExists, TableNotFound
from dynamongo.executor import Executor, Steps
from dynamongo.instances import Instance
from dynamongo.scans import ScanPolicy
from dynamongo.values import Item

R = TypeVar("R")


class Table(Instance):
    """The table of a model. `Model` describes the attributes."""

    __abstract__ = True
    __table__: ClassVar[str]
    __hash_key__: ClassVar[str]
    __range_key__: ClassVar[str | None] = None
    __read_units__: ClassVar[int] = 8
    __write_units__: ClassVar[int] = 8
    __billing__: ClassVar[Billing] = "provisioned"
    __connection__: ClassVar[Connection | None] = None
    __scans__: ClassVar[ScanPolicy | None] = None

    @classmethod
    def table_name(cls) -> str:
        """The full name of the table: the connection's prefix and `__table__`."""
        return cls._connection().table_prefix + cls.__declaration__.table.name

    @classmethod
    def create_table(cls, *, wait: bool = True) -> None:
        """Create the table. DynamoDB takes up to a minute for it.

        Args:
            wait: Whether to return only when the table is ready, asking at growing intervals of up to a second.

        Raises:
            TableExists: There is such a table already.
        """
        schema = dataclasses.replace(cls.__declaration__.table, name=cls.table_name())
        cls._run(lambda executor: executor.create_table(schema, wait=wait))

    @classmethod
    def delete_table(cls, *, wait: bool = True) -> None:
        """Delete the table with all its items.

        Args:
            wait: Whether to return only when the table is gone, asking at growing intervals of up to a second.

        Raises:
            TableNotFound: There is no such table.
        """
        table = cls.table_name()
        cls._run(lambda executor: executor.delete_table(table, wait=wait))

    @classmethod
    def table_exists(cls) -> bool:
        """Whether there is such a table, ready or not. Costs one DescribeTable request."""
        table = cls.table_name()
        return cls._run(lambda executor: executor.table_exists(table))

    @classmethod
    def _connection(cls) -> Connection:
        """The connection in use: the model's own, or the default one."""
        return cls.__connection__ or default_connection

    @classmethod
    def _run(cls, make_steps: Callable[[Executor], Steps[R]], key: Item | None = None) -> R:
        """Carry out what the executor is asked to do, on the connection.

        A request that the store refuses says of which table it was, and of which item if `key` is given.
        """
        try:
            return cls._connection().run(make_steps)
        except (InvalidRequestError, TableNotFound, TableExists) as error:
            raise cls._locate(error, key) from error

    @classmethod
    def _locate(cls, error: DynamongoError, key: Item | None = None) -> DynamongoError:
        """The error, which says of which table it is where the store refused the request, and of which item."""
        if not isinstance(error, (InvalidRequestError, TableNotFound, TableExists)):
            return error
        where = f"the table {cls.table_name()}"
        about = where if key is None else f"the item with {cls._describe_key(key)} in {where}"
        return type(error)(f"{cls.__name__}: {error} ({about})", code=error.code)
