"""The verbs about a model's table: its lifecycle, and how it differs from the model."""

from __future__ import annotations

from dynamongo.executor.schema_diff import Difference
from dynamongo.model.calls import VerbCall, perform
from dynamongo.model.instance import Instance
from dynamongo.model.progress import ProgressOption
from dynamongo.model.table_calls import compare_call, create_call, delete_call, update_call
from dynamongo.operations import DescribeTable, TableDescription


class TableVerbs(Instance):
    """The verbs about a model's table."""

    __abstract__ = True

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
        perform(create_call(cls, wait=wait, progress=progress))

    @classmethod
    def delete_table(cls, *, wait: bool = True, progress: ProgressOption = None) -> None:
        """Delete the table with all its items.

        Args:
            wait: Whether to return only when the table is gone, asking at growing intervals of up to a second.
            progress: As in `create_table`.

        Raises:
            TableNotFound: There is no such table.
        """
        perform(delete_call(cls, wait=wait, progress=progress))

    @classmethod
    def table_exists(cls) -> bool:
        """Whether there is such a table, ready or not. Costs one DescribeTable request."""
        table = cls.table_name()
        call: VerbCall[bool] = VerbCall(cls.__mapper__, table, steps=lambda executor: executor.table_exists(table))
        return perform(call)

    @classmethod
    def describe(cls) -> TableDescription:
        """The live table: its schema, status and number of items. Costs one DescribeTable request.

        Raises:
            TableNotFound: There is no such table.
        """
        table = cls.table_name()
        call: VerbCall[TableDescription] = VerbCall(cls.__mapper__, table, DescribeTable(table))
        return perform(call)

    @classmethod
    def compare_table(cls, *, undeclared: bool = False) -> tuple[Difference, ...]:
        """How the live table differs from the model: keys and their types, indexes, billing and time to live.

        Costs two requests. What the model does not declare is not compared: billing without `__billing__`,
        `__read_units__` or `__write_units__` (the 8 units of `create_table` are no declaration), the units of an index
        that names none, and time to live without `__ttl__`. `__ttl__ = None` declares that items do not expire. Tags
        and streams are not compared.

        Args:
            undeclared: Whether to list those settings of the table too, with `fix="leave"`; they print as "not
                declared".

        Raises:
            TableNotFound: There is no such table.
        """
        return perform(compare_call(cls, undeclared=undeclared))

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
        call = update_call(cls, drop_indexes=drop_indexes, wait=wait, progress=progress)
        return perform(call)
