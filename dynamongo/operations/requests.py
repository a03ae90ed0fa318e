"""Operations: what a backend is asked to do, one request each, and what it answers.

The planner composes them, the executor sends them, every backend executes them. They are data: printable, comparable,
and without wire names. Items and keys are dicts of canonical attribute values (`dynamongo.values`); neither side
changes what it was given or has given.
"""

from __future__ import annotations

from typing import Generic, Literal, TypeAlias, TypeVar

from dynamongo.conditions import BeginsWith, Between, Comparison, Condition, Path
from dynamongo.frozen import dataclass
from dynamongo.schema import IndexSchema, TableSchema, Throughput
from dynamongo.updates import AnyUpdate
from dynamongo.values import Item

R_co = TypeVar("R_co", covariant=True)


class Operation(Generic[R_co]):
    """Base of all operations; `R_co` is the type of the result."""

    __slots__ = ()


@dataclass(frozen=True, slots=True)
class Capacity:
    """Consumed capacity, in read units and write units of the table and its indexes together."""

    read_units: float = 0.0
    write_units: float = 0.0

    def __add__(self, other: Capacity) -> Capacity:
        return Capacity(self.read_units + other.read_units, self.write_units + other.write_units)


@dataclass(frozen=True, slots=True)
class GetResult:
    """The item, or `None` where there is none."""

    item: Item | None
    consumed: Capacity = Capacity()


@dataclass(frozen=True, slots=True)
class BatchGetResult:
    """The items found, in no order, and the keys that the store did not get to."""

    items: tuple[Item, ...]
    unprocessed: tuple[Item, ...] = ()
    consumed: Capacity = Capacity()


@dataclass(frozen=True, slots=True)
class PageResult:
    """One page of a query or scan.

    Attributes:
        items: The items that passed the filter; empty for a count.
        count: How many passed the filter.
        scanned_count: How many were read.
        cursor: The key to go on after (the table's and, for an index, the index's), or `None` at the end. A page
            that stopped exactly at the end still has one; the page after it is empty.
        consumed: What it cost.
    """

    items: tuple[Item, ...]
    count: int
    scanned_count: int
    cursor: Item | None = None
    consumed: Capacity = Capacity()


@dataclass(frozen=True, slots=True)
class WriteResult:
    """The attributes that the write was asked to return, or `None`."""

    attributes: Item | None = None
    consumed: Capacity = Capacity()


@dataclass(frozen=True, slots=True)
class BatchWriteResult:
    """The writes that the store did not get to."""

    unprocessed: tuple[BatchPut | BatchDelete, ...] = ()
    consumed: Capacity = Capacity()


@dataclass(frozen=True, slots=True)
class TransactWriteResult:
    """What a transaction cost: twice what its actions would cost alone."""

    consumed: Capacity = Capacity()


@dataclass(frozen=True, slots=True)
class TransactGetResult:
    """The items in the order of the gets, `None` for each that there is not."""

    items: tuple[Item | None, ...]
    consumed: Capacity = Capacity()


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
class Get(Operation[GetResult]):
    """Read one item by its key."""

    table: str
    key: Item
    projection: tuple[Path, ...] = ()
    consistent: bool = False


@dataclass(frozen=True, slots=True)
class BatchGet(Operation[BatchGetResult]):
    """Read up to 100 items by their keys, which must differ."""

    table: str
    keys: tuple[Item, ...]
    projection: tuple[Path, ...] = ()
    consistent: bool = False


@dataclass(frozen=True, slots=True)
class KeyCondition:
    """What a query reads: one hash key value and, at most, one condition on the range key.

    Attributes:
        hash_key: An `=` comparison of the hash key attribute with a value.
        range_key: `=`, `<`, `<=`, `>`, `>=`, BETWEEN or begins_with on the range key attribute, with values.
    """

    hash_key: Comparison
    range_key: Comparison | Between | BeginsWith | None = None

    def __str__(self) -> str:
        return str(self.hash_key) if self.range_key is None else f"{self.hash_key} AND {self.range_key}"


@dataclass(frozen=True, slots=True)
class Query(Operation[PageResult]):
    """Read one page of the items under one hash key, in the order of the range key.

    Attributes:
        table: The full name of the table.
        key_condition: Which items are read.
        filter: What they must satisfy to be returned; it may not name the key attributes.
        index: The index to read, or `None` for the table.
        projection: The paths to return; all of them where it is empty.
        descending: Whether to read in reverse order.
        limit: How many items to read (not: return) at most.
        cursor: The `cursor` of the page before.
        consistent: Whether to see every write that was acknowledged before (not on a global index).
        count_only: Whether to return only the counts.
        fetch: Whether to return whole items where a local index does not hold them, fetched from the table at the
            read units of another read for each.
    """

    table: str
    key_condition: KeyCondition
    filter: Condition | None = None
    index: str | None = None
    projection: tuple[Path, ...] = ()
    descending: bool = False
    limit: int | None = None
    cursor: Item | None = None
    consistent: bool = False
    count_only: bool = False
    fetch: bool = False


@dataclass(frozen=True, slots=True)
class Scan(Operation[PageResult]):
    """Read one page of the whole table or index, in no order that means anything.

    Attributes are as in `Query`, and two more: of `total_segments` scans with `segment` from 0 up, which may run at
    the same time, each reads a part of its own.
    """

    table: str
    filter: Condition | None = None
    index: str | None = None
    projection: tuple[Path, ...] = ()
    limit: int | None = None
    cursor: Item | None = None
    consistent: bool = False
    count_only: bool = False
    segment: int | None = None
    total_segments: int | None = None
    fetch: bool = False


@dataclass(frozen=True, slots=True)
class Put(Operation[WriteResult]):
    """Store an item in place of the one with the same key.

    Attributes:
        table: The full name of the table.
        item: The whole item.
        condition: What the stored item must satisfy; a missing one has no attributes at all.
        return_old: Whether to return the item that was replaced.
        return_item_on_failure: Whether `ConditionalCheckFailedException` is to carry the stored item.
    """

    table: str
    item: Item
    condition: Condition | None = None
    return_old: bool = False
    return_item_on_failure: bool = False


@dataclass(frozen=True, slots=True)
class Delete(Operation[WriteResult]):
    """Delete the item with the key, if there is one. Attributes as in `Put`."""

    table: str
    key: Item
    condition: Condition | None = None
    return_old: bool = False
    return_item_on_failure: bool = False


ReturnValues: TypeAlias = Literal["NONE", "ALL_OLD", "ALL_NEW", "UPDATED_OLD", "UPDATED_NEW"]


@dataclass(frozen=True, slots=True)
class UpdateItem(Operation[WriteResult]):
    """Change some attributes of the item with the key; without a condition it is created where it is missing.

    Attributes:
        table: The full name of the table.
        key: The key of the item.
        updates: What to change, all at once and all of it seen from the old item.
        condition: As in `Put`.
        returns: Which attributes to return; UPDATED_* give only the paths that were named.
        return_item_on_failure: As in `Put`.
    """

    table: str
    key: Item
    updates: tuple[AnyUpdate, ...] = ()
    condition: Condition | None = None
    returns: ReturnValues = "NONE"
    return_item_on_failure: bool = False


@dataclass(frozen=True, slots=True)
class BatchPut:
    """A put inside a `BatchWrite`."""

    item: Item


@dataclass(frozen=True, slots=True)
class BatchDelete:
    """A delete inside a `BatchWrite`."""

    key: Item


@dataclass(frozen=True, slots=True)
class BatchWrite(Operation[BatchWriteResult]):
    """Up to 25 unconditional puts and deletes of different keys; not atomic."""

    table: str
    writes: tuple[BatchPut | BatchDelete, ...]


@dataclass(frozen=True, slots=True)
class ConditionCheck:
    """An action of a `TransactWrite` that writes nothing, and stops the others unless its condition holds."""

    table: str
    key: Item
    condition: Condition
    return_item_on_failure: bool = False


Action: TypeAlias = Put | Delete | UpdateItem | ConditionCheck


@dataclass(frozen=True, slots=True)
class TransactWrite(Operation[TransactWriteResult]):
    """Up to 100 actions on different items, of any tables: all of them are carried out, or none.

    Attributes:
        actions: The actions. All see the items as they were before; what they ask to have returned is not.
        token: 1 to 36 characters. For ten minutes the same actions with the same token are carried out once only.
    """

    actions: tuple[Action, ...]
    token: str | None = None


@dataclass(frozen=True, slots=True)
class TransactGet(Operation[TransactGetResult]):
    """Read up to 100 different items, of any tables, as they are at one moment; always consistent."""

    gets: tuple[Get, ...]


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


AnyOperation: TypeAlias = (
    Get
    | BatchGet
    | Query
    | Scan
    | Put
    | Delete
    | UpdateItem
    | BatchWrite
    | TransactWrite
    | TransactGet
    | CreateTable
    | DeleteTable
    | DescribeTable
    | CreateIndex
    | DeleteIndex
    | UpdateThroughput
    | UpdateIndexThroughput
    | UpdateTimeToLive
    | DescribeTimeToLive
)
