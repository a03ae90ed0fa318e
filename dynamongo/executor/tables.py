"""Tables: created and deleted, with the wait until that is done."""

from __future__ import annotations

from collections.abc import Iterator

from dynamongo.exceptions import ServiceError, TableNotFound
from dynamongo.executor.effects import Steps, Terms, Wait
from dynamongo.operations import CreateTable, DeleteTable, DescribeTable, TableDescription
from dynamongo.schema import TableSchema


class Tables(Terms):
    """The part of the executor that is about tables."""

    def create_table(self, schema: TableSchema, *, wait: bool) -> Steps[TableDescription]:
        """Create the table and, with `wait`, return when it is ready."""
        description = yield from self.send(CreateTable(schema))
        for pause in _table_waits():
            if not wait or description.status == "ACTIVE":
                return description
            yield pause
            description = (yield from self._find_table(schema.name)) or description  # not seen yet: it is eventual
        raise ServiceError(f"the table {schema.name} is still not ready")

    def delete_table(self, table: str, *, wait: bool) -> Steps[None]:
        """Delete the table and, with `wait`, return when it is gone."""
        yield from self.send(DeleteTable(table))
        for pause in _table_waits():
            if not wait or not (yield from self.table_exists(table)):
                return
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
