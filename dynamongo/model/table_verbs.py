"""The verbs about a model's table: its lifecycle, and how it differs from the model."""

from __future__ import annotations

from collections.abc import Generator
from typing import TYPE_CHECKING, Any

from dynamongo._support.lazy_imports import LazyModule
from dynamongo.operations import TableDescription
from dynamongo.verbs.calls import perform
from dynamongo.verbs.instance import Instance

if TYPE_CHECKING:
    from dynamongo.executor import schema_diff
    from dynamongo.model import result_set
    from dynamongo.verbs import table_calls, unique_checks
    from dynamongo.verbs.progress import ProgressOption
    from dynamongo.verbs.results import CheckedPage
else:  # in production, most programs find their tables made, and as they should be
    result_set = LazyModule("dynamongo.model.result_set")
    unique_checks = LazyModule("dynamongo.verbs.unique_checks")
    schema_diff = LazyModule("dynamongo.executor.schema_diff")
    table_calls = LazyModule("dynamongo.verbs.table_calls")


class TableVerbs(Instance):
    """The verbs about a model's table. `Model` describes how a model is declared."""

    __abstract__ = True

    @classmethod
    def create_table(cls, *, wait: bool = True, progress: ProgressOption = None) -> None:
        """Create the table with its indexes, tags, stream and settings. DynamoDB takes up to a minute.

        Time to live by `__ttl__` and `__point_in_time_recovery__` can only be set when the table is ready, so with
        `wait=False` they need an `update_table` later. Costs one CreateTable request, one for each of these two that is
        declared, and one for each poll.

        Args:
            wait: Whether to return only when the table is ready, polling at growing intervals of up to a second.
            progress: A callback that is called with a `Progress` after each poll, or `True` for a bar.

        Raises:
            TableExists: The table already exists.
        """
        perform(table_calls.create_call(cls, wait=wait, progress=progress))

    @classmethod
    def delete_table(cls, *, wait: bool = True, progress: ProgressOption = None) -> None:
        """Delete the table with all its items.

        Args:
            wait: Whether to return only when the table is gone, polling at growing intervals of up to a second.
            progress: As in `create_table`.

        Raises:
            TableNotFound: There is no such table.
            InvalidRequestError: The table is protected against deletion; the message has the fix.
        """
        perform(table_calls.delete_call(cls, wait=wait, progress=progress))

    @classmethod
    def table_exists(cls) -> bool:
        """Return whether the table exists, ready or not. Costs one DescribeTable request."""
        return perform(table_calls.exists_call(cls))

    @classmethod
    def describe(cls) -> TableDescription:
        """Return the schema, status, number of items and settings of the live table.

        Costs one DescribeTable request. If the model declares `__point_in_time_recovery__`, `True` or `False`, another
        request reads that, for `backups`.

        Raises:
            TableNotFound: There is no such table.
        """
        return perform(table_calls.describe_call(cls))

    @classmethod
    def compare_table(cls, *, undeclared: bool = False) -> tuple[schema_diff.Difference, ...]:
        """Return how the live table differs from the model: in keys, their types, indexes, billing and settings.

        Settings are time to live, table class, encryption, deletion protection and point-in-time recovery. Costs two
        requests, and a third if the model declares `__point_in_time_recovery__`. Settings that the model does not
        declare are not compared: billing without `__billing__`, `__read_units__` or `__write_units__` (the default of 8
        units is not a declaration), the units of an index that sets none, time to live without `__ttl__`, and others
        that are `None`. `__ttl__ = None` declares that items do not expire. `__encryption__ = "aws_managed"` is met by
        any key of AWS KMS, since DynamoDB does not tell whose key it is. Tags and streams are not compared.

        Args:
            undeclared: Whether to list undeclared settings that differ from the defaults too, with `fix="leave"`;
                point-in-time recovery, which takes a request of its own, is not among them.

        Raises:
            TableNotFound: There is no such table.
        """
        return perform(table_calls.compare_call(cls, undeclared=undeclared))

    @classmethod
    def update_table(
        cls, *, drop_indexes: bool = False, wait: bool = True, progress: ProgressOption = None
    ) -> tuple[schema_diff.Difference, ...]:
        """Change the live table to match the model. Items are never deleted or changed.

        Adds missing global indexes, and changes billing, provisioned units and settings. What the model does not
        declare stays as it is; `compare_table` lists it. DynamoDB makes one change at a time, and fills a new index
        before it makes the next. Costs three or four requests, one for each change, and one for each poll.

        Args:
            drop_indexes: Whether to drop global indexes that the model does not declare, and to drop and create again
                those whose keys or projection differ. By default they are kept.
            wait: Whether to return only when the last change is done.
            progress: As in `create_table`.

        Returns:
            The differences that were fixed.

        Raises:
            TableMismatch: Only a new table can match the model, or an index would have to be dropped; nothing was
                changed.
            TableNotFound: There is no such table.
        """
        call = table_calls.update_call(cls, drop_indexes=drop_indexes, wait=wait, progress=progress)
        return perform(call)

    @classmethod
    def check_unique(
        cls,
        *,
        repair: bool = False,
        cursor: str | None = None,
        page_size: int | None = None,
        max_units_per_second: float | None = None,
        progress: ProgressOption = None,
    ) -> Generator[CheckedPage]:
        """Read the table page by page, and compare the values that `__unique__` declares with their guards.

        Run it with `repair=True` before a program relies on constraints that are new, and after other programs or time
        to live have written or deleted items. It may run while others write, be interrupted, and be run again. A value
        that two items have is reported, and nothing is done about it.

        Costs the scan of the table, with consistent reads; one BatchGetItem request for each 100 guards and items that
        are compared; for each one that seems wrong, a TransactGetItems request; and to repair, a TransactWriteItems
        request for each, or for up to 50 missing guards.

        Args:
            repair: Whether to add missing guards, and delete those that were left behind.
            cursor: Where to begin: the `cursor` of a page of an earlier check.
            page_size: How many items one request reads at most.
            max_units_per_second: How many capacity units the reads, and the rest, may consume per second at most, each.
            progress: A callback that is called with a `Progress` after each page, or `True` for a bar.

        Raises:
            ExpressionError: The model declares no `__unique__`.
        """
        found, make_call = unique_checks.prepare_check(
            result_set.ResultSet[Any],
            cls,
            repair=repair,
            cursor=cursor,
            page_size=page_size,
            max_units_per_second=max_units_per_second,
            progress=progress,
        )
        for page in found.pages():
            call = make_call(page)
            yield perform(call, call.backend)
