"""Operations on items: what a backend is asked to do, one request each.

The planner composes them, the executor sends them, every backend executes them. They are data: printable, comparable,
and without wire names. Items and keys are dicts of canonical attribute values (`dynamongo.expressions.values`); neither
side changes what it was given or has given.
"""

from __future__ import annotations

from typing import Final, Literal, TypeAlias

from dynamongo._support.dataclasses import dataclass
from dynamongo.expressions.conditions import BeginsWith, Between, Comparison, Condition, Path
from dynamongo.expressions.updates import AnyUpdate
from dynamongo.expressions.values import Item
from dynamongo.operations.base import BatchDelete, BatchPut, Operation
from dynamongo.operations.results import (
    BatchGetResult,
    BatchWriteResult,
    GetResult,
    PageResult,
    TransactGetResult,
    TransactWriteResult,
    WriteResult,
)
from dynamongo.operations.tables import (
    CreateIndex,
    CreateTable,
    DeleteIndex,
    DeleteTable,
    DescribeTable,
    DescribeTimeToLive,
    UpdateIndexThroughput,
    UpdateThroughput,
    UpdateTimeToLive,
)


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


MAX_TRANSACTION_ACTIONS: Final = 100
MAX_TRANSACTION_BYTES: Final = 4 * 1024 * 1024
"""The size of all items of a transaction. Source of both: "Amazon DynamoDB transactions: how it works"."""


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
