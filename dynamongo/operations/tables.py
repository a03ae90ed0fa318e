"""Operations on tables and indexes, and the descriptions that answer them."""

from __future__ import annotations

from typing import Literal, TypeAlias

from dynamongo._support.dataclasses import dataclass
from dynamongo.operations.base import Operation
from dynamongo.schema import IndexSchema, TableSchema, Throughput


@dataclass(frozen=True, slots=True)
class TimeToLive:
    """The attribute that holds the time at which an item expires, in seconds since the epoch; `None` if there is none.

    An expired item is deleted some time later, within days on DynamoDB, and is like any other item until then.
    """

    attribute: str | None = None


StreamView: TypeAlias = Literal["keys_only", "new_image", "old_image", "new_and_old_images"]
"""What a stream gives of each changed item: its key, the item after the change, before it, or both."""


TableStatus: TypeAlias = Literal["CREATING", "ACTIVE", "UPDATING", "DELETING", "OTHER"]


@dataclass(frozen=True, slots=True)
class TableDescription:
    """A live table.

    Attributes:
        schema: Its keys, indexes and throughput.
        status: Whether it can be used.
        item_count: How many items it holds; on DynamoDB that may be hours old.
        building: The names of the indexes that are not ready yet, or are being deleted.
    """

    schema: TableSchema
    status: TableStatus = "ACTIVE"
    item_count: int = 0
    building: tuple[str, ...] = ()

    @property
    def is_ready(self) -> bool:
        """Whether the table and all its indexes can be used, and changed."""
        return self.status == "ACTIVE" and not self.building


@dataclass(frozen=True, slots=True)
class CreateTable(Operation[TableDescription]):
    """Create a table; on DynamoDB it takes a while until its status is ACTIVE.

    Attributes:
        schema: What is created.
        tags: Pairs of a key and a value, by which AWS accounts for the table.
        stream: What DynamoDB Streams gives of each change, or `None` for no stream.
    """

    schema: TableSchema
    tags: tuple[tuple[str, str], ...] = ()
    stream: StreamView | None = None


@dataclass(frozen=True, slots=True)
class DeleteTable(Operation[TableDescription]):
    """Delete a table and all its items."""

    table: str


@dataclass(frozen=True, slots=True)
class DescribeTable(Operation[TableDescription]):
    """Read a table's schema and status."""

    table: str


@dataclass(frozen=True, slots=True)
class CreateIndex(Operation[TableDescription]):
    """Add a global index to a table, and fill it with the table's items; on DynamoDB that takes a while.

    An item whose attribute cannot be a key of the index is not in it. One change to a table has to be done before
    DynamoDB takes the next.
    """

    table: str
    index: IndexSchema


@dataclass(frozen=True, slots=True)
class DeleteIndex(Operation[TableDescription]):
    """Drop a global index, by name. The items stay in the table."""

    table: str
    index: str


@dataclass(frozen=True, slots=True)
class UpdateThroughput(Operation[TableDescription]):
    """Change what a table is billed for, which must differ from what it is.

    Attributes:
        table: The full name of the table.
        throughput: What is provisioned, or `None` for billing on demand.
        indexes: What is provisioned for global indexes, by name. A table that was billed on demand needs one for each.
    """

    table: str
    throughput: Throughput | None
    indexes: tuple[tuple[str, Throughput], ...] = ()


@dataclass(frozen=True, slots=True)
class UpdateIndexThroughput(Operation[TableDescription]):
    """Change what is provisioned for global indexes of a table, by name."""

    table: str
    indexes: tuple[tuple[str, Throughput], ...]


@dataclass(frozen=True, slots=True)
class UpdateTimeToLive(Operation[TimeToLive]):
    """Name the attribute by which items expire, or with `enabled=False` stop their expiring by it.

    DynamoDB wants the attribute named in both cases, and takes no other one while items expire by this one.
    """

    table: str
    attribute: str
    enabled: bool = True


@dataclass(frozen=True, slots=True)
class DescribeTimeToLive(Operation[TimeToLive]):
    """Read which attribute items expire by."""

    table: str
