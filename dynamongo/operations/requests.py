"""Operations on items, each of which is one request.

The planner composes them, the executor sends them, every backend executes them. They are data: printable, comparable,
and without wire names. Items and keys are dicts of canonical attribute values (`dynamongo.expressions.values`); neither
side changes one that it has passed or received.
"""

from __future__ import annotations

from typing import Final, Literal, TypeAlias

from dynamongo._support.dataclasses import dataclass, field
from dynamongo.expressions.conditions import AnyCondition, BeginsWith, Between, Comparison, Path
from dynamongo.expressions.updates import AnyUpdate
from dynamongo.expressions.values import Item
from dynamongo.operations.base import BatchDelete, BatchPut, Operation
from dynamongo.operations.read_items import ItemReader
from dynamongo.operations.results import (
    BatchGetResult,
    BatchWriteResult,
    GetResult,
    PageResult,
    TransactGetResult,
    TransactWriteResult,
    WriteResult,
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
    """Read up to 100 items by their keys, which must differ.

    A plan has one with all keys of a read, which the executor divides. Source: BatchGetItem, API reference.
    """

    table: str
    keys: tuple[Item, ...]
    projection: tuple[Path, ...] = ()
    consistent: bool = False
    reader: ItemReader | None = field(default=None, compare=False, repr=False)


KeyPart: TypeAlias = Comparison | Between | BeginsWith
"""A condition on a key attribute."""


@dataclass(frozen=True, slots=True, init=False)
class KeyCondition:
    """The key condition of a query: conditions on key attributes, of which all have to hold.

    `KeyCondition(hash_key)` and `KeyCondition(hash_key, range_key)` are those of a key with one attribute each. With
    more, there is an `=` comparison of every hash attribute. Range attributes may be left out; those that are named
    are the first ones, and all but the last have an `=` comparison. The parts may be in any order.

    Attributes:
        parts: The conditions, which compare different key attributes with values: `=` and, on the last range attribute
            that is named, also `<`, `<=`, `>`, `>=`, BETWEEN and begins_with.

    Source: "KeyConditionExpression" in Query, API reference; "Multi-attribute keys pattern" in the developer guide.
    """

    parts: tuple[KeyPart, ...]

    def __init__(self, *parts: KeyPart) -> None:
        object.__setattr__(self, "parts", parts)  # a frozen dataclass refuses plain assignment

    def __str__(self) -> str:
        return " AND ".join(map(str, self.parts))


@dataclass(frozen=True, slots=True)
class Query(Operation[PageResult]):
    """Read one page of the items under one hash key, in the order of the range key.

    Attributes:
        table: The full name of the table.
        key_condition: The items to read.
        filter: The condition on the items to return; it must not name the key attributes.
        index: The index to read, or `None` for the table.
        projection: The paths to return; an empty tuple for whole items.
        descending: Whether to read in reverse order.
        limit: The most items to read (not: to return); at least 1. A page also ends when it has read 1 MB.
        cursor: The `cursor` of the previous page.
        consistent: Whether to see every write that was acknowledged before (not on a global index).
        count_only: Whether to return only the counts.
        fetch: Whether to fetch attributes that a local index does not hold from the table, at the cost of another read
            for each item.
        reader: What a backend that marks its `execute` by `uses_reader` may read the items with.

    Source: Query, API reference.
    """

    table: str
    key_condition: KeyCondition
    filter: AnyCondition | None = None
    index: str | None = None
    projection: tuple[Path, ...] = ()
    descending: bool = False
    limit: int | None = None
    cursor: Item | None = None
    consistent: bool = False
    count_only: bool = False
    fetch: bool = False
    reader: ItemReader | None = field(default=None, compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class Scan(Operation[PageResult]):
    """Read one page of the whole table or index, in no defined order.

    Attributes are as in `Query`, and two more: `total_segments` scans, with `segment` from 0 up, may run in parallel,
    and each reads another part. All items of one hash key are in the same part.

    Source: Scan, API reference.
    """

    table: str
    filter: AnyCondition | None = None
    index: str | None = None
    projection: tuple[Path, ...] = ()
    limit: int | None = None
    cursor: Item | None = None
    consistent: bool = False
    count_only: bool = False
    segment: int | None = None
    total_segments: int | None = None
    fetch: bool = False
    reader: ItemReader | None = field(default=None, compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class Put(Operation[WriteResult]):
    """Store an item in place of the one with the same key.

    Attributes:
        table: The full name of the table.
        item: The whole item.
        condition: The condition on the stored item; a missing item has no attributes.
        return_old: Whether to return the replaced item.
        return_item_on_failure: Whether `ConditionalCheckFailedException` carries the stored item.
        is_idempotent: Whether the condition holds for what the write leaves behind, so that it may be sent again.
    """

    table: str
    item: Item
    condition: AnyCondition | None = None
    return_old: bool = False
    return_item_on_failure: bool = False
    is_idempotent: bool = field(default=False, compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class Delete(Operation[WriteResult]):
    """Delete the item with the key, if there is one. Attributes as in `Put`."""

    table: str
    key: Item
    condition: AnyCondition | None = None
    return_old: bool = False
    return_item_on_failure: bool = False
    is_idempotent: bool = field(default=False, compare=False, repr=False)


ReturnValues: TypeAlias = Literal["NONE", "ALL_OLD", "ALL_NEW", "UPDATED_OLD", "UPDATED_NEW"]
"""What an update returns, in the words of AWS. Source: "ReturnValues" in UpdateItem, API reference."""


@dataclass(frozen=True, slots=True)
class UpdateItem(Operation[WriteResult]):
    """Change some attributes of the item with the key, which is created if it does not exist.

    Attributes:
        table: The full name of the table.
        key: The key of the item.
        updates: The changes; all are computed from the old item and applied at once.
        condition: As in `Put`.
        returns: The attributes to return; UPDATED_* only those at the paths of the updates.
        return_item_on_failure: As in `Put`.
    """

    table: str
    key: Item
    updates: tuple[AnyUpdate, ...] = ()
    condition: AnyCondition | None = None
    returns: ReturnValues = "NONE"
    return_item_on_failure: bool = False


@dataclass(frozen=True, slots=True)
class BatchWrite(Operation[BatchWriteResult]):
    """Up to 25 unconditional puts and deletes of different keys; not atomic. Source: BatchWriteItem, API reference."""

    table: str
    writes: tuple[BatchPut | BatchDelete, ...]


@dataclass(frozen=True, slots=True)
class ConditionCheck:
    """An action of a `TransactWrite` that writes nothing, and cancels the transaction unless its condition holds."""

    table: str
    key: Item
    condition: AnyCondition
    return_item_on_failure: bool = False


Action: TypeAlias = Put | Delete | UpdateItem | ConditionCheck

MAX_BATCH_GET: Final = 100
"""The number of keys in one request. Source: BatchGetItem, API reference."""

MAX_BATCH_WRITE: Final = 25
"""The number of writes in one request. Source: BatchWriteItem, API reference."""

MAX_TRANSACTION_ACTIONS: Final = 100
MAX_TRANSACTION_BYTES: Final = 4 * 1024 * 1024
"""The size of all items of a transaction. Source of both: "Amazon DynamoDB transactions: how it works"."""


@dataclass(frozen=True, slots=True)
class TransactWrite(Operation[TransactWriteResult]):
    """Up to 100 actions on different items of any tables, of which all are executed or none.

    Attributes:
        actions: The actions. All see the items as they were before; their options to return items are ignored.
        token: An idempotency token of 1 to 36 characters: for ten minutes, the same actions are executed only once.
    """

    actions: tuple[Action, ...]
    token: str | None = None


@dataclass(frozen=True, slots=True)
class TransactGet(Operation[TransactGetResult]):
    """Read up to 100 different items of any tables as of one moment; always consistent."""

    gets: tuple[Get, ...]


ItemOperation: TypeAlias = (
    Get | BatchGet | Query | Scan | Put | Delete | UpdateItem | BatchWrite | TransactWrite | TransactGet
)
"""Every operation on items that a backend has to execute."""
