"""Lifecycle: create, describe, change and delete tables in memory, all of it without delay.

`schema_rules` says which schemas are valid.

Source: "CreateTable", "UpdateTable" and "DeleteTable" in the DynamoDB API reference.
"""

from __future__ import annotations

from collections import Counter
from typing import Final, TypeAlias

from dynamongo._support.dataclasses import replace
from dynamongo.backends.memory.checks import INVALID
from dynamongo.backends.memory.schema_rules import (
    check_new_index,
    check_new_table,
    check_relations,
    check_throughput,
)
from dynamongo.backends.memory.setting_rules import complete_settings
from dynamongo.backends.memory.store import Store
from dynamongo.backends.memory.table import MemoryTable
from dynamongo.exceptions import InvalidRequestError, LimitExceededError, TableExists, TableNotFound
from dynamongo.operations import (
    CreateIndex,
    CreateTable,
    DeleteIndex,
    DeleteTable,
    DescribeTable,
    TableDescription,
    UpdateIndexThroughput,
    UpdateThroughput,
)
from dynamongo.operations.table_names import find_arn
from dynamongo.schema import MAX_GLOBAL_INDEXES, IndexSchema, KeySchema, TableSchema, Throughput

NOTHING_TO_CHANGE: Final = (
    "At least one of ProvisionedThroughput, BillingMode, UpdateStreamEnabled, GlobalSecondaryIndexUpdates, "
    "SSESpecification, ReplicaUpdates, MultiAccountReplicaReady, ReplicaTransitRoleArn, MultiRegionConsistency, "
    "DeletionProtectionEnabled, OnDemandThroughput, WarmThroughput or TableClass is required"
)
"""DynamoDB's message for an UpdateTable request that changes nothing."""


def create_table(store: Store, operation: CreateTable) -> TableDescription:
    """Create an empty table."""
    schema = operation.schema
    check_new_table(operation)
    if schema.name in store.tables:
        raise TableExists(f"Table already exists: {schema.name}")
    # An ARN is the name of a table of another account, apart from the table of that name: a store in memory has no
    # account of its own. DescribeTable tells its name.
    arn = find_arn(schema.name)
    described = schema if arn is None else replace(schema, name=arn.name)
    table = store.tables[schema.name] = MemoryTable(described, complete_settings(operation.settings))
    return describe(table)


def describe_table(store: Store, operation: DescribeTable) -> TableDescription:
    """Describe a table; the item count is exact, where DynamoDB's is up to six hours old."""
    return describe(find_described(store, operation.table))


def describe(table: MemoryTable) -> TableDescription:
    """Return the description of a table."""
    return TableDescription(table.schema, item_count=len(table.primary), settings=table.settings)


def delete_table(store: Store, operation: DeleteTable) -> TableDescription:
    """Delete a table with its items."""
    table = find_described(store, operation.table)
    if table.settings.deletion_protection:
        raise InvalidRequestError(
            "Resource cannot be deleted as it is currently protected against deletion. Disable deletion protection"
            " first."
        )
    del store.tables[operation.table]
    return replace(describe(table), status="DELETING", item_count=0)  # as DeleteTable, although the table is gone


def create_index(store: Store, operation: CreateIndex) -> TableDescription:
    """Add a global index, and fill it with the items that have valid keys for it."""
    index = operation.index
    check_new_index(index)
    table = find_described(store, operation.table)
    if not index.is_global:  # UpdateTable has no parameter for local indexes, so that this message is our own
        raise InvalidRequestError(f"{INVALID} a local index can only be created with its table: {index.name}")
    if index.name in table.indexes:
        raise InvalidRequestError("Attempting to create an index which already exists")
    # CreateTable refuses too many indexes with a ValidationException, UpdateTable with a LimitExceededException.
    if sum(each.is_global for each in table.schema.indexes) == MAX_GLOBAL_INDEXES:
        limit = f"Number of global secondary indexes exceeds per-table limit of {MAX_GLOBAL_INDEXES}"
        raise LimitExceededError(f"Subscriber limit exceeded: {limit}")
    index = replace(index, keys=_with_known_types(index.keys, table.schema))
    schema = replace(table.schema, indexes=(*table.schema.indexes, index))
    check_relations(schema)  # of the whole schema, since some limits count what all indexes have
    if schema.throughput is not None and index.throughput is None:
        raise InvalidRequestError(f"{INVALID} ProvisionedThroughput is not specified for index: {index.name}")
    table.add_index(schema, index)
    return describe(table)


def _with_known_types(keys: KeySchema, schema: TableSchema) -> KeySchema:
    """Return the keys with the types that the table knows already: DynamoDB ignores others in the request."""
    known = {part.name: part for part in schema.key_attributes()}
    hash_key, range_key = (
        [known.get(part.name, part) for part in attributes]
        for attributes in (keys.hash_attributes, keys.range_attributes)
    )
    return KeySchema(hash_key, range_key)


def delete_index(store: Store, operation: DeleteIndex) -> TableDescription:
    """Drop a global index."""
    table = find_described(store, operation.table)
    found = next((index for index in table.schema.indexes if index.name == operation.index), None)
    if found is None:  # DynamoDB's ResourceNotFoundException stands for tables and indexes alike
        raise TableNotFound(_missing_index(operation.index, table))
    if not found.is_global:
        raise InvalidRequestError(f"Cannot delete an index that is not a GlobalSecondaryIndex: {found.name}")
    left = tuple(index for index in table.schema.indexes if index is not found)
    table.drop_index(replace(table.schema, indexes=left), operation.index)
    return describe(table)


def update_throughput(store: Store, operation: UpdateThroughput) -> TableDescription:
    """Change the billing of a table and its global indexes."""
    check_throughput(operation.throughput, operation.indexes)
    table = find_described(store, operation.table)
    # Setting on-demand billing again is accepted and does nothing; setting the same throughput again is an error.
    if operation.throughput is not None and operation.throughput == table.schema.throughput:
        raise InvalidRequestError(_explain_same("table", "table", operation.throughput))
    return _change_throughput(table, operation.throughput, operation.indexes)


def update_index_throughput(store: Store, operation: UpdateIndexThroughput) -> TableDescription:
    """Change the provisioned throughput of global indexes."""
    check_throughput(None, operation.indexes)
    if not operation.indexes:
        raise InvalidRequestError(NOTHING_TO_CHANGE)
    table = find_described(store, operation.table)
    return _change_throughput(table, table.schema.throughput, operation.indexes)


_Given: TypeAlias = tuple[tuple[str, Throughput], ...]


def _change_throughput(table: MemoryTable, throughput: Throughput | None, given: _Given) -> TableDescription:
    for name, count in Counter(name for name, _ in given).items():
        _check_index_units(table, name, count, throughput)
    units = dict(given)  # without repeated names: those have been refused
    before = table.schema.throughput
    for index in table.schema.indexes:  # one without throughput of its own has the table's
        if before is not None and units.get(index.name) == (index.throughput or before):
            raise InvalidRequestError(_explain_same(f"index {index.name}", "index", units[index.name]))
    indexes = tuple(_with_throughput(index, throughput, before, units) for index in table.schema.indexes)
    table.schema = replace(table.schema, throughput=throughput, indexes=indexes)
    return describe(table)


def _check_index_units(table: MemoryTable, name: str, count: int, throughput: Throughput | None) -> None:
    """Refuse throughput for an index that cannot have any."""
    if not any(index.name == name and index.is_global for index in table.schema.indexes):
        raise TableNotFound(_missing_index(name, table))
    if count > 1:
        once = "Only one global secondary index update per index is allowed simultaneously"
        raise InvalidRequestError(f"{INVALID} {once}. Index: {name}")
    if throughput is None:
        raise InvalidRequestError(
            f"{INVALID} The only Updates for index: {name} when TableThroughputMode is PAY_PER_REQUEST can be to "
            "OnDemandThroughput, WarmThroughput"
        )


def _with_throughput(
    index: IndexSchema, of_table: Throughput | None, before: Throughput | None, given: dict[str, Throughput]
) -> IndexSchema:
    """Return the index with its new throughput; one that shared the table's keeps what the table had."""
    if not index.is_global or of_table is None:  # local indexes share the table's throughput
        return replace(index, throughput=None)
    throughput = given.get(index.name) or index.throughput or before
    if throughput is None:
        raise InvalidRequestError(f"{INVALID} ProvisionedThroughput must be specified for index: {index.name}")
    return replace(index, throughput=None if throughput == of_table else throughput)


def _explain_same(what: str, kind: str, units: Throughput) -> str:
    read, write = units.read_units, units.write_units
    return (
        f"The provisioned throughput for the {what} will not change. The requested value equals the current value. "
        f"Current ReadCapacityUnits provisioned for the {kind}: {read}. Requested ReadCapacityUnits: {read}. "
        f"Current WriteCapacityUnits provisioned for the {kind}: {write}. Requested WriteCapacityUnits: {write}. "
        "Refer to the Amazon DynamoDB Developer Guide for current limits and how to request higher limits."
    )


def _missing_index(name: str, table: MemoryTable) -> str:
    return f"Requested resource not found: Index {name} for table {table.schema.name}"


def find_described(store: Store, name: str) -> MemoryTable:
    """Return a table, or raise `TableNotFound` with the message of operations on tables, not on items."""
    if name not in store.tables:
        raise TableNotFound(f"Requested resource not found: Table: {name} not found")
    return store.tables[name]
