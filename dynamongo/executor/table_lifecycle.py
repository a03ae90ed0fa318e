"""Tables: created, changed and deleted, with the wait until that is done."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import TypeAlias

from dynamongo.exceptions import ServiceError, TableNotFound
from dynamongo.executor.effects import Steps, Wait
from dynamongo.executor.schema_diff import Declared, Difference, TableChange, compare_schemas, list_undeclared
from dynamongo.executor.sender import Sender
from dynamongo.operations import (
    CreateTable,
    DeleteTable,
    DescribeTable,
    DescribeTimeToLive,
    TableDescription,
    UpdateTimeToLive,
)
from dynamongo.schema import TableSchema

OnLook: TypeAlias = Callable[[int], object]


def do_nothing(_: int) -> None:
    """Nobody wants to know how often a table was looked at."""


class Tables(Sender):
    """The part of the executor that is about tables."""

    def create_table(
        self, operation: CreateTable, *, wait: bool, expires_by: str | None = None, on_look: OnLook = do_nothing
    ) -> Steps[None]:
        """Create the table and, with `wait`, return when it is ready, and its items expire by the attribute, if any.

        `on_look` is called each time when the table was looked at while it is waited for.
        """
        table = operation.schema.name
        description = yield from self.send(operation)
        if not wait:
            return
        if not description.is_ready:
            yield from self._wait_until_ready(table, on_look)
        if expires_by is not None:
            yield from self.send(UpdateTimeToLive(table, expires_by))

    def change_table(
        self, table: str, changes: Iterable[TableChange], *, wait: bool, on_look: OnLook = do_nothing
    ) -> Steps[None]:
        """Make the changes one after the other, each when the one before is done, and with `wait` wait for the last."""
        is_first = True
        for change in changes:
            if not is_first:
                yield from self._wait_until_ready(table, on_look)
            is_first = False
            yield from self.send(change)
        if wait:
            yield from self._wait_until_ready(table, on_look)

    def compare_table(
        self, schema: TableSchema, expires_by: str | None, declared: Declared, *, undeclared: bool = False
    ) -> Steps[tuple[Difference, ...]]:
        """How the live table differs in what is declared: the schema, and the attribute by which items expire."""
        description = yield from self.send(DescribeTable(schema.name))
        live = yield from self.send(DescribeTimeToLive(schema.name))
        differences = compare_schemas(schema, expires_by, description, live.attribute, declared)
        return differences + (list_undeclared(schema, description, live.attribute, declared) if undeclared else ())

    def _wait_until_ready(self, table: str, on_look: OnLook) -> Steps[None]:
        for pause in _table_waits():
            yield pause
            description = yield from self._find_table(table)
            on_look(1)
            if description is not None and description.is_ready:  # one that is new may not be seen yet
                return
        raise ServiceError(f"the table {table} is still not ready", is_transient=False)

    def delete_table(self, table: str, *, wait: bool, on_look: OnLook = do_nothing) -> Steps[None]:
        """Delete the table and, with `wait`, return when it is gone."""
        yield from self.send(DeleteTable(table))
        for pause in _table_waits():
            if not wait or not (yield from self.table_exists(table)):
                return
            on_look(1)
            yield pause
        raise ServiceError(f"the table {table} is still not deleted")

    def table_exists(self, table: str) -> Steps[bool]:
        """Whether there is such a table, ready or not."""
        return (yield from self._find_table(table)) is not None

    def _find_table(self, table: str) -> Steps[TableDescription | None]:
        try:
            return (yield from self.send(DescribeTable(table)))
        except TableNotFound:
            return None


def _table_waits() -> Iterator[Wait]:
    """From 20 milliseconds, for local servers, doubling to a second, for DynamoDB; ten minutes in all."""
    for exponent in range(600):
        yield Wait(min(1.0, 0.02 * 2 ** min(exponent, 10)))
