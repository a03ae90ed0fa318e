"""Operations on tables and indexes, and the descriptions that they return."""

from __future__ import annotations

from typing import Literal, TypeAlias

from dynamongo._support.dataclasses import dataclass
from dynamongo.operations.base import Operation
from dynamongo.operations.requests import ItemOperation
from dynamongo.schema import IndexSchema, StreamView, TableSchema, TableSettings, Throughput


@dataclass(frozen=True, slots=True)
class TimeToLive:
    """The attribute with the time at which an item expires, in seconds since the epoch; `None` if items do not expire.

    An expired item is deleted some time later, within days on DynamoDB, and is like any other item until then.

    Source: "Using time to live (TTL) in DynamoDB" in the developer guide.
    """

    attribute: str | None = None


@dataclass(frozen=True, slots=True)
class ContinuousBackups:
    """For how many days back a table can be restored to any second; `None` if point-in-time recovery is off.

    Source: "Point-in-time backups for DynamoDB" in the developer guide.
    """

    recovery_days: int | None = None


TableStatus: TypeAlias = Literal["CREATING", "ACTIVE", "UPDATING", "DELETING", "OTHER"]
"""`"OTHER"` stands for all statuses that make no difference here, such as ARCHIVED."""


@dataclass(frozen=True, slots=True)
class TableDescription:
    """A live table.

    Attributes:
        schema: Its keys, indexes and throughput.
        status: Its status; an `"ACTIVE"` table can be used.
        item_count: The number of items; on DynamoDB that may be hours old.
        building: The names of the indexes that are being created or deleted.
        settings: Its table class, encryption and deletion protection.
        backups: Its point-in-time recovery; `None` where that was not asked, which takes a request of its own.
    """

    schema: TableSchema
    status: TableStatus = "ACTIVE"
    item_count: int = 0
    building: tuple[str, ...] = ()
    settings: TableSettings = TableSettings()
    backups: ContinuousBackups | None = None

    @property
    def is_ready(self) -> bool:
        """Whether the table and all its indexes can be used and changed."""
        return self.status == "ACTIVE" and not self.building


@dataclass(frozen=True, slots=True)
class CreateTable(Operation[TableDescription]):
    """Create a table; on DynamoDB it takes a while until its status is ACTIVE.

    Attributes:
        schema: The table.
        tags: Pairs of a key and a value, which AWS uses for billing and access.
        stream: What DynamoDB Streams contains of each change, or `None` for no stream.
        settings: The settings that differ from the defaults.
    """

    schema: TableSchema
    tags: tuple[tuple[str, str], ...] = ()
    stream: StreamView | None = None
    settings: TableSettings = TableSettings()


@dataclass(frozen=True, slots=True)
class DeleteTable(Operation[TableDescription]):
    """Delete a table and all its items."""

    table: str


@dataclass(frozen=True, slots=True)
class DescribeTable(Operation[TableDescription]):
    """Read the schema and status of a table."""

    table: str


@dataclass(frozen=True, slots=True)
class CreateIndex(Operation[TableDescription]):
    """Add a global index to a table and fill it with its items, which takes a while on DynamoDB.

    Items whose attributes cannot be a key of the index are not in it. DynamoDB makes only one change to a table at a
    time.

    Source: "Managing global secondary indexes in DynamoDB" in the developer guide.
    """

    table: str
    index: IndexSchema


@dataclass(frozen=True, slots=True)
class DeleteIndex(Operation[TableDescription]):
    """Delete a global index. The items stay in the table."""

    table: str
    index: str


@dataclass(frozen=True, slots=True)
class UpdateThroughput(Operation[TableDescription]):
    """Change the billing of a table; the new throughput must differ from the old one.

    Attributes:
        table: The full name of the table.
        throughput: The provisioned throughput, or `None` for billing on demand.
        indexes: The provisioned throughput of global indexes, by name. A table that was billed on demand needs it for
            each.
    """

    table: str
    throughput: Throughput | None
    indexes: tuple[tuple[str, Throughput], ...] = ()


@dataclass(frozen=True, slots=True)
class UpdateIndexThroughput(Operation[TableDescription]):
    """Change the provisioned throughput of global indexes of a table, by name."""

    table: str
    indexes: tuple[tuple[str, Throughput], ...]


@dataclass(frozen=True, slots=True)
class UpdateTableSettings(Operation[TableDescription]):
    """Change one setting of a table, the one that is not `None`: DynamoDB changes each in a request of its own.

    Source: UpdateTable, API reference.
    """

    table: str
    settings: TableSettings


@dataclass(frozen=True, slots=True)
class UpdateContinuousBackups(Operation[ContinuousBackups]):
    """Switch point-in-time recovery on or off.

    Attributes:
        table: The full name of the table.
        enabled: Whether the table can be restored to any second.
        recovery_days: Of how many days back, from 1 to 35; by default 35. Not to be given when it is switched off.

    Source: UpdateContinuousBackups, API reference.
    """

    table: str
    enabled: bool = True
    recovery_days: int | None = None


@dataclass(frozen=True, slots=True)
class DescribeContinuousBackups(Operation[ContinuousBackups]):
    """Read whether point-in-time recovery is on."""

    table: str


@dataclass(frozen=True, slots=True)
class UpdateTimeToLive(Operation[TimeToLive]):
    """Set the attribute by which items expire, or disable that with `enabled=False`.

    DynamoDB requires the attribute in both cases, and accepts no other one while this one is enabled.
    """

    table: str
    attribute: str
    enabled: bool = True


@dataclass(frozen=True, slots=True)
class DescribeTimeToLive(Operation[TimeToLive]):
    """Read the attribute by which items expire."""

    table: str


AnyOperation: TypeAlias = (
    ItemOperation
    | CreateTable
    | DeleteTable
    | DescribeTable
    | CreateIndex
    | DeleteIndex
    | UpdateThroughput
    | UpdateIndexThroughput
    | UpdateTimeToLive
    | DescribeTimeToLive
    | UpdateTableSettings
    | UpdateContinuousBackups
    | DescribeContinuousBackups
)
"""Every operation that a backend has to execute."""
