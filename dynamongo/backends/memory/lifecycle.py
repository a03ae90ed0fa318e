"""The life of tables in memory: what creates, describes, changes and deletes them. All of it is done at once.

Source: "Quotas in Amazon DynamoDB" and "Naming rules" in the developer guide.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator

from dynamongo.backends.memory.store import Store
from dynamongo.backends.memory.table import Table
from dynamongo.exceptions import InvalidRequestError, TableExists, TableNotFound
from dynamongo.frozen import replace
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
from dynamongo.schema import IndexSchema, KeyAttribute, KeySchema, TableSchema, Throughput
from dynamongo.sizes import text_size
from dynamongo.values import SCALAR_TYPES

MAX_GLOBAL_INDEXES = 20
MAX_LOCAL_INDEXES = 5

_INVALID = "One or more parameter values were invalid:"
_NAME = re.compile(r"[a-zA-Z0-9_.-]{3,255}")


def create_table(store: Store, operation: CreateTable) -> TableDescription:
    """Create an empty table."""
    schema = operation.schema
    _check_schema(schema)
    if schema.name in store.tables:
        raise TableExists(f"Table already exists: {schema.name}")
    store.tables[schema.name] = Table(schema)
    return TableDescription(schema)


def describe_table(store: Store, operation: DescribeTable) -> TableDescription:
    """Describe a table; the number of items is exact."""
    table = find_described(store, operation.table)
    return TableDescription(table.schema, item_count=len(table.primary))


def delete_table(store: Store, operation: DeleteTable) -> TableDescription:
    """Delete a table with its items."""
    table = find_described(store, operation.table)
    del store.tables[operation.table]
    return TableDescription(table.schema, "DELETING")


def create_index(store: Store, operation: CreateIndex) -> TableDescription:
    """Add a global index, with the items that can be in it."""
    table = find_described(store, operation.table)
    index = operation.index
    if not index.is_global:
        raise InvalidRequestError(f"{_INVALID} a local index is created with its table alone: {index.name}")
    if index.name in table.indexes:
        raise InvalidRequestError(f"{_INVALID} Index already exists: {index.name}")
    schema = replace(table.schema, indexes=(*table.schema.indexes, index))
    _check_schema(schema)
    if schema.throughput is not None and index.throughput is None:
        raise InvalidRequestError(f"{_INVALID} ProvisionedThroughput must be specified for index: {index.name}")
    table.add_index(schema, index)
    return TableDescription(table.schema, item_count=len(table.primary))


def delete_index(store: Store, operation: DeleteIndex) -> TableDescription:
    """Drop a global index."""
    table = find_described(store, operation.table)
    found = next((index for index in table.schema.indexes if index.name == operation.index), None)
    if found is None or not found.is_global:
        raise TableNotFound(f"Requested resource not found: Table: {operation.index} not found")
    left = tuple(index for index in table.schema.indexes if index is not found)
    table.drop_index(replace(table.schema, indexes=left), operation.index)
    return TableDescription(table.schema, item_count=len(table.primary))


def update_throughput(store: Store, operation: UpdateThroughput) -> TableDescription:
    """Change the billing of a table and its global indexes."""
    table = find_described(store, operation.table)
    if operation.throughput is not None and operation.throughput == table.schema.throughput:
        raise InvalidRequestError(
            "The provisioned throughput for the table will not change. The requested value equals the current value."
        )
    return _change_throughput(table, operation.throughput, dict(operation.indexes))


def update_index_throughput(store: Store, operation: UpdateIndexThroughput) -> TableDescription:
    """Change what is provisioned for global indexes."""
    table = find_described(store, operation.table)
    return _change_throughput(table, table.schema.throughput, dict(operation.indexes))


def _change_throughput(table: Table, throughput: Throughput | None, given: dict[str, Throughput]) -> TableDescription:
    if unknown := given.keys() - {index.name for index in table.schema.indexes if index.is_global}:
        raise TableNotFound(f"Requested resource not found: Index: {', '.join(sorted(unknown))} not found")
    indexes = tuple(_with_throughput(index, throughput, given) for index in table.schema.indexes)
    schema = replace(table.schema, throughput=throughput, indexes=indexes)
    _check_schema(schema)
    table.schema = schema
    return TableDescription(schema, item_count=len(table.primary))


def _with_throughput(index: IndexSchema, of_table: Throughput | None, given: dict[str, Throughput]) -> IndexSchema:
    if not index.is_global or of_table is None:
        return replace(index, throughput=given.get(index.name))
    throughput = given.get(index.name, index.throughput)
    if throughput is None:
        raise InvalidRequestError(f"{_INVALID} ProvisionedThroughput must be specified for index: {index.name}")
    return replace(index, throughput=throughput)


def find_described(store: Store, name: str) -> Table:
    """`Store.find_table` with the message that operations on a table as such give."""
    if name not in store.tables:
        raise TableNotFound(f"Requested resource not found: Table: {name} not found")
    return store.tables[name]


def _check_schema(schema: TableSchema) -> None:
    _check_name(schema.name)
    _check_keys(schema.keys)
    _check_throughput(schema.throughput)
    if schema.indexes:
        _check_indexes(schema)


def _check_indexes(schema: TableSchema) -> None:
    _check_one_type_each(schema)
    _check_index_counts(schema.indexes)
    for index in schema.indexes:
        _check_index(schema, index)


def _check_name(name: str) -> None:
    if not _NAME.fullmatch(name):
        raise InvalidRequestError(
            "Invalid table/index name.  Table/index names must be between 3 and 255 characters long, "
            f"and may contain only the characters a-z, A-Z, 0-9, '_', '-', and '.'; got {name!r}"
        )


def _check_keys(keys: KeySchema) -> None:
    if len(set(keys.names)) < len(keys.names):
        raise InvalidRequestError(
            f"{_INVALID} Both the Hash Key and the Range Key element in the KeySchema have the same name"
        )
    for part in keys.attributes:
        _check_key_attribute(part)


def _check_key_attribute(part: KeyAttribute) -> None:
    if not 1 <= text_size(part.name) <= 255:
        raise InvalidRequestError(f"{_INVALID} the name of a key attribute must have 1 to 255 bytes; got {part.name!r}")
    if part.type not in SCALAR_TYPES:
        raise InvalidRequestError(f"Member must satisfy enum value set: [B, N, S]; got {part.type!r} for {part.name}")


def _check_throughput(throughput: Throughput | None) -> None:
    if throughput is not None and min(throughput.read_units, throughput.write_units) < 1:
        raise InvalidRequestError(
            f"capacity units failed to satisfy constraint: Member must have value greater than or equal to 1; "
            f"got {throughput}"
        )


def _check_one_type_each(schema: TableSchema) -> None:
    types = {part.name: part.type for part in schema.key_attributes()}
    for keys in (schema.keys, *(index.keys for index in schema.indexes)):
        for part in keys.attributes:
            if part.type != types[part.name]:
                raise InvalidRequestError(f"{_INVALID} the key attribute {part.name} is given two types")


def _check_index_counts(indexes: tuple[IndexSchema, ...]) -> None:
    names = Counter(index.name for index in indexes)
    for name, count in names.items():
        if count > 1:
            raise InvalidRequestError(f"{_INVALID} Duplicate index name: {name}")
    global_count = sum(index.is_global for index in indexes)
    if global_count > MAX_GLOBAL_INDEXES:
        raise InvalidRequestError(
            f"{_INVALID} GlobalSecondaryIndex count exceeds the per-table limit of {MAX_GLOBAL_INDEXES}"
        )
    if len(indexes) - global_count > MAX_LOCAL_INDEXES:
        raise InvalidRequestError(
            f"{_INVALID} Number of LocalSecondaryIndexes exceeds per-table limit of {MAX_LOCAL_INDEXES}"
        )


def _check_index(schema: TableSchema, index: IndexSchema) -> None:
    _check_name(index.name)
    _check_keys(index.keys)
    _check_throughput(index.throughput)
    for message in _find_faults(schema, index):
        raise InvalidRequestError(f"{_INVALID} {message}")


def _find_faults(schema: TableSchema, index: IndexSchema) -> Iterator[str]:
    if (index.projection.kind == "include") != bool(index.projection.attributes):
        yield f"ProjectionType of {index.name} is {index.projection.kind}, which does not go with its NonKeyAttributes"
    if "" in index.projection.attributes:
        yield f"NonKeyAttributes of {index.name} holds an empty name"
    if index.throughput is not None and not index.is_global:
        yield f"ProvisionedThroughput cannot be specified for the local index: {index.name}"
    if index.throughput is not None and schema.throughput is None:
        wrong = f"ProvisionedThroughput should not be specified for index: {index.name}"
        yield f"{wrong} when BillingMode is PAY_PER_REQUEST"
    if index.is_global:
        return
    if schema.keys.range_key is None:
        yield ("Table KeySchema does not have a range key, which is required when specifying a LocalSecondaryIndex")
    if index.keys.range_key is None:
        yield f"Index KeySchema does not have a range key for index: {index.name}"
    if index.keys.hash_key != schema.keys.hash_key:
        yield f"Index KeySchema does not have the same leading hash key as table KeySchema for index: {index.name}"
