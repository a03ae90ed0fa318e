"""The part of `Model` that is about its table: name, connection and lifecycle."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import ClassVar, TypeVar

from dynamongo.arguments import check_flag
from dynamongo.backends import Backend
from dynamongo.connection.connection import Connection, default_connection
from dynamongo.exceptions import DynamongoError, InvalidRequestError, TableExists, TableMismatch, TableNotFound
from dynamongo.executor import Executor, Steps
from dynamongo.executor.schema_diff import Declared, Difference, Units, complete, plan_changes
from dynamongo.expressions.values import Item
from dynamongo.fields.indexes import GlobalIndex
from dynamongo.mapping.options import Billing, ScanPolicy
from dynamongo.model.instance import Instance
from dynamongo.model.progress import ProgressOption, report_progress
from dynamongo.operations import CreateTable, DescribeTable, Operation, StreamView, TableDescription
from dynamongo.schema import TableSchema

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
    __ttl__: ClassVar[str | None] = None
    __tags__: ClassVar[Mapping[str, str] | None] = None
    __stream__: ClassVar[StreamView | None] = None

    @classmethod
    def table_name(cls) -> str:
        """The full name of the table: the connection's prefix and `__table__`."""
        return cls._connection().table_prefix + cls.__mapper__.declaration.table.name

    @classmethod
    def create_table(cls, *, wait: bool = True, progress: ProgressOption = None) -> None:
        """Create the table. DynamoDB takes up to a minute for it.

        Args:
            wait: Whether to return only when the table is ready, asking at growing intervals of up to a second.
            progress: A callback that is given a `Progress` each time, or `True` for a bar.

        Its indexes, tags and stream are created with it. Items expire by `__ttl__` if there is one: that is asked for
        when the table is ready, so with `wait=False` it takes an `update_table` later.

        Raises:
            TableExists: There is such a table already.
        """
        check_flag(cls.__name__, "wait", wait)
        declared = cls.__mapper__.declaration
        create = CreateTable(cls._schema(), tuple((cls.__tags__ or {}).items()), cls.__stream__)
        with report_progress(progress, create.schema.name, unit="polls") as poll:
            cls._run(
                lambda executor: executor.create_table(create, wait=wait, expires_by=declared.expires_by, on_look=poll)
            )

    @classmethod
    def delete_table(cls, *, wait: bool = True, progress: ProgressOption = None) -> None:
        """Delete the table with all its items.

        Args:
            wait: Whether to return only when the table is gone, asking at growing intervals of up to a second.
            progress: As in `create_table`.

        Raises:
            TableNotFound: There is no such table.
        """
        check_flag(cls.__name__, "wait", wait)
        table = cls.table_name()
        with report_progress(progress, table, unit="polls") as poll:
            cls._run(lambda executor: executor.delete_table(table, wait=wait, on_look=poll))

    @classmethod
    def table_exists(cls) -> bool:
        """Whether there is such a table, ready or not. Costs one DescribeTable request."""
        table = cls.table_name()
        return cls._run(lambda executor: executor.table_exists(table))

    @classmethod
    def describe(cls) -> TableDescription:
        """The live table: its schema, status and number of items. Costs one DescribeTable request.

        Raises:
            TableNotFound: There is no such table.
        """
        table = cls.table_name()
        return cls._execute(DescribeTable(table))

    @classmethod
    def compare_table(cls, *, undeclared: bool = False) -> tuple[Difference, ...]:
        """How the live table differs from the model: keys and their types, indexes, billing and time to live.

        Costs two requests. What the model does not declare is not compared: billing without `__billing__`,
        `__read_units__` or `__write_units__` (the 8 units of `create_table` are no declaration), the units of an index
        that names none, and time to live without `__ttl__`. `__ttl__ = None` declares that items do not expire. Tags
        and streams are not compared.

        Args:
            undeclared: Whether to list those settings of the table too, with `mend="leave"`; they print as "not
                declared".

        Raises:
            TableNotFound: There is no such table.
        """
        check_flag(cls.__name__, "undeclared", undeclared)
        schema, expires_by, declared = cls._schema(), cls.__mapper__.declaration.expires_by, cls._declared()
        return cls._run(lambda executor: executor.compare_table(schema, expires_by, declared, undeclared=undeclared))

    @classmethod
    def update_table(
        cls, *, drop_indexes: bool = False, wait: bool = True, progress: ProgressOption = None
    ) -> tuple[Difference, ...]:
        """Change the live table into what the model declares. No item is ever deleted or changed.

        Missing global indexes are added, billing, provisioned units and time to live are changed. What the model does
        not declare stays as it is; `compare_table` says what that is. DynamoDB takes one change at a time, and fills a
        new index before it takes the next.

        Args:
            drop_indexes: Whether to drop global indexes that the model does not declare, and to make those anew whose
                keys or projection differ. They are left as they are by default.
            wait: Whether to return only when the last change is done.
            progress: As in `create_table`.

        Returns:
            The differences that were mended.

        Raises:
            TableMismatch: There is a difference that only another table can mend, or an index that would have to be
                made anew; nothing was changed.
            TableNotFound: There is no such table.
        """
        check_flag(cls.__name__, "drop_indexes", drop_indexes)
        check_flag(cls.__name__, "wait", wait)
        differences = cls.compare_table()
        unmendable = [each for each in differences if each.mend is None and (drop_indexes or each.model is not None)]
        if not drop_indexes:
            unmendable += [each for each in differences if each.kind == "index" and each.mend == "drop"]
        if unmendable:
            raise TableMismatch(f"{cls.__name__}: {_explain_mismatch(unmendable)}", tuple(unmendable))
        mended = tuple(each for each in differences if drop_indexes or each.mend == "update")
        table, live = cls.table_name(), cls.describe().schema
        changes = list(plan_changes(table, mended, complete(cls._schema(), cls._declared(), live), live))
        if changes:
            with report_progress(progress, table, unit="polls") as poll:
                cls._run(lambda executor: executor.change_table(table, changes, wait=wait, on_look=poll))
        return mended

    @classmethod
    def _declared(cls) -> Declared:
        """Which settings of its table the model, or a base of it, declares."""
        own = {name for base in cls.__mro__[: cls.__mro__.index(Table)] for name in vars(base)}
        units = [getattr(cls, name) if name in own else None for name in ("__read_units__", "__write_units__")]
        return Declared(
            billing="__billing__" in own or units != [None, None],
            units=Units(*units),
            index_units={
                index.schema.name: Units(index.read_units, index.write_units)
                for index in cls.__mapper__.declaration.indexes.values()
                if isinstance(index, GlobalIndex)
            },
            expires_by="__ttl__" in own,
        )

    @classmethod
    def _schema(cls) -> TableSchema:
        return cls.__mapper__.schema(cls.table_name())

    @classmethod
    def _connection(cls) -> Connection:
        """The connection in use: the model's own, or the default one."""
        return cls.__connection__ or default_connection

    @classmethod
    def _run(
        cls, make_steps: Callable[[Executor], Steps[R]], key: Item | None = None, backend: Backend | None = None
    ) -> R:
        """Carry out what the executor is asked to do, on the connection, and there on the backend if one is given.

        A request that the store refuses says of which table it was, and of which item if `key` is given.
        """
        try:
            return cls._connection().run(make_steps, backend)
        except (InvalidRequestError, TableNotFound, TableExists, TableMismatch) as error:
            raise cls._locate(error, key) from error

    @classmethod
    def _execute(cls, operation: Operation[R], key: Item | None = None) -> R:
        """Execute one operation on the connection; errors as in `_run`."""
        try:
            return cls._connection().execute(operation)
        except (InvalidRequestError, TableNotFound, TableExists) as error:
            raise cls._locate(error, key, operation) from error

    @classmethod
    def _locate(cls, error: DynamongoError, key: Item | None = None, operation: object = None) -> DynamongoError:
        return cls.__mapper__.locate_error(error, cls.table_name(), key, operation)


def _explain_mismatch(differences: Sequence[Difference]) -> str:
    listed = "; ".join(map(str, differences))
    if any(each.mend is None for each in differences):
        return f"only another table can have what the model declares: {listed}"
    return f"drop_indexes=True makes indexes anew that differ: {listed}"
