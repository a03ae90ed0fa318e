"""Table lifecycle: create, change and delete tables, and poll them until that is done."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import TYPE_CHECKING, TypeAlias

from dynamongo._support.dataclasses import replace
from dynamongo._support.lazy_imports import LazyModule
from dynamongo.exceptions import ServiceError, TableNotFound
from dynamongo.executor.effects import Steps, Wait
from dynamongo.executor.sender import Sender
from dynamongo.operations import (
    ContinuousBackups,
    CreateTable,
    DeleteTable,
    DescribeContinuousBackups,
    DescribeTable,
    DescribeTimeToLive,
    TableDescription,
    UpdateContinuousBackups,
    UpdateTimeToLive,
)
from dynamongo.schema import TableSchema

if TYPE_CHECKING:
    from dynamongo.executor import schema_diff, setting_diff
    from dynamongo.executor.schema_diff import Declared, Difference, TableChange
else:  # tests create tables, and compare none
    schema_diff = LazyModule("dynamongo.executor.schema_diff")
    setting_diff = LazyModule("dynamongo.executor.setting_diff")

OnPoll: TypeAlias = Callable[[int], object]
"""Called with 1 after each poll of a table."""


def ignore_poll(_: int) -> None:
    """Do nothing."""


def create_table(
    sender: Sender,
    operation: CreateTable,
    *,
    wait: bool,
    later: Iterable[UpdateTimeToLive | UpdateContinuousBackups] = (),
    on_poll: OnPoll = ignore_poll,
) -> Steps[None]:
    """Create the table and, with `wait`, return when it is ready and the later changes are made."""
    table = operation.schema.name
    description = yield from sender.send(operation)
    if not wait:
        return
    if not description.is_ready:
        yield from _wait_until_ready(sender, table, on_poll)
    for change in later:  # DynamoDB refuses these while the table is being created
        yield from _send_change(sender, change)


def change_table(
    sender: Sender, table: str, changes: Iterable[TableChange], *, wait: bool, on_poll: OnPoll = ignore_poll
) -> Steps[None]:
    """Make the changes one after the other, each when the one before is done; `wait` waits for the last, too."""
    is_first = True
    for change in changes:  # DynamoDB refuses a change of a table that is still UPDATING
        if not is_first:
            yield from _wait_until_ready(sender, table, on_poll)
        is_first = False
        yield from _send_change(sender, change)
    if wait:
        yield from _wait_until_ready(sender, table, on_poll)


def _send_change(sender: Sender, change: TableChange) -> Steps[None]:
    if not isinstance(change, UpdateContinuousBackups):
        yield from sender.send(change)
        return
    for pause in _table_waits():
        try:
            yield from sender.send(change)
        except ServiceError as error:
            # DynamoDB prepares the backups of a new table after its status is ACTIVE.
            # Source: "ContinuousBackupsUnavailableException" in UpdateContinuousBackups, API reference.
            if error.code != "ContinuousBackupsUnavailableException":
                raise
            yield pause
        else:
            return
    raise ServiceError(f"the backups of the table {change.table} are still not available", is_transient=False)


def describe_table(sender: Sender, table: str) -> Steps[TableDescription]:
    """Return the description of the table, point-in-time recovery included."""
    description = yield from sender.send(DescribeTable(table))
    backups = yield from sender.send(DescribeContinuousBackups(table))
    return replace(description, backups=backups)


def compare_table(
    sender: Sender, schema: TableSchema, expires_by: str | None, declared: Declared, *, undeclared: bool = False
) -> Steps[tuple[Difference, ...]]:
    """Return how the live table differs from the declared schema and settings, and from how items expire."""
    description = yield from sender.send(DescribeTable(schema.name))
    live = yield from sender.send(DescribeTimeToLive(schema.name))
    backups = ContinuousBackups()
    if declared.recovery is not None:  # otherwise it makes no difference, and many servers do not know the request
        backups = yield from sender.send(DescribeContinuousBackups(schema.name))
    differences = list(schema_diff.compare_schemas(schema, expires_by, description, live.attribute, declared))
    differences += setting_diff.compare_settings(declared, description, backups)
    if undeclared:
        differences += schema_diff.list_undeclared(schema, description, live.attribute, declared)
        differences += setting_diff.list_undeclared_settings(declared, description)
    return tuple(differences)


def _wait_until_ready(sender: Sender, table: str, on_poll: OnPoll) -> Steps[None]:
    for pause in _table_waits():
        yield pause
        description = yield from _find_table(sender, table)
        on_poll(1)
        # A new table may not be visible yet. Source: DescribeTable, API reference: it is eventually consistent.
        if description is not None and description.is_ready:
            return
    raise ServiceError(f"the table {table} is still not ready", is_transient=False)


def delete_table(sender: Sender, table: str, *, wait: bool, on_poll: OnPoll = ignore_poll) -> Steps[None]:
    """Delete the table and, with `wait`, return when it is gone."""
    yield from sender.send(DeleteTable(table))
    for pause in _table_waits():
        if not wait or not (yield from table_exists(sender, table)):
            return
        on_poll(1)
        yield pause
    raise ServiceError(f"the table {table} is still not deleted")


def table_exists(sender: Sender, table: str) -> Steps[bool]:
    """Return whether there is such a table, ready or not."""
    return (yield from _find_table(sender, table)) is not None


def _find_table(sender: Sender, table: str) -> Steps[TableDescription | None]:
    try:
        return (yield from sender.send(DescribeTable(table)))
    except TableNotFound:
        return None


def _table_waits() -> Iterator[Wait]:
    """Yield waits from 20 milliseconds, for local servers, doubling to a second, for DynamoDB; ten minutes in all."""
    # 0.02, 0.04, ... 0.64, then 1: 600 waits, of which all but six last a second.
    for exponent in range(600):
        yield Wait(min(1.0, 0.02 * 2 ** min(exponent, 10)))
