"""Tables: their schemas, as CreateTable and UpdateTable take them and DescribeTable returns them.

Source: "CreateTable", "UpdateTable" and "TableDescription" in the DynamoDB API reference.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Final, TypeAlias, cast

from dynamongo.backends.dynamodb.table_settings import parse_settings, render_settings
from dynamongo.exceptions import InvalidRequestError, UnsupportedOperation
from dynamongo.expressions.values import ScalarType
from dynamongo.operations import (
    CreateIndex,
    CreateTable,
    DeleteIndex,
    DeleteTable,
    DescribeContinuousBackups,
    DescribeTable,
    DescribeTimeToLive,
    TableDescription,
    TableStatus,
    UpdateIndexThroughput,
    UpdateThroughput,
    UpdateTimeToLive,
)
from dynamongo.schema import (
    IndexSchema,
    KeyAttribute,
    KeySchema,
    Projection,
    ProjectionKind,
    TableSchema,
    Throughput,
)

_Wire: TypeAlias = dict[str, Any]

_STATUSES: Final = ("CREATING", "ACTIVE", "UPDATING", "DELETING")
_PROJECTIONS: Final[dict[ProjectionKind, str]] = {"all": "ALL", "keys_only": "KEYS_ONLY", "include": "INCLUDE"}
_PROJECTION_KINDS: Final[dict[str, ProjectionKind]] = {wire: kind for kind, wire in _PROJECTIONS.items()}


def render_table(operation: CreateTable) -> dict[str, Any]:
    """Return the arguments of CreateTable."""
    schema = operation.schema
    arguments: _Wire = {
        "TableName": schema.name,
        "AttributeDefinitions": _render_attributes(schema.key_attributes()),
        "KeySchema": _render_keys(schema.keys),
    }
    if operation.tags:
        arguments["Tags"] = [{"Key": key, "Value": value} for key, value in operation.tags]
    if operation.stream is not None:
        arguments["StreamSpecification"] = {"StreamEnabled": True, "StreamViewType": operation.stream.upper()}
    return (
        arguments | render_settings(operation.settings) | _render_billing(schema.throughput) | _render_indexes(schema)
    )


def render_new_index(operation: CreateIndex) -> dict[str, Any]:
    """Return the arguments of UpdateTable that add an index."""
    index = operation.index
    if not index.is_global:
        raise InvalidRequestError(f"a local index can only be created with its table: {index.name}")
    return {
        "TableName": operation.table,
        "AttributeDefinitions": _render_attributes(index.keys.attributes),
        "GlobalSecondaryIndexUpdates": [{"Create": _render_index(index, None)}],
    }


def render_dropped_index(operation: DeleteIndex) -> dict[str, Any]:
    """Return the arguments of UpdateTable that drop an index."""
    return {
        "TableName": operation.table,
        "GlobalSecondaryIndexUpdates": [{"Delete": {"IndexName": operation.index}}],
    }


def render_new_throughput(operation: UpdateThroughput) -> dict[str, Any]:
    """Return the arguments of UpdateTable that change the billing."""
    arguments: _Wire = {"TableName": operation.table} | _render_billing(operation.throughput)
    return arguments | _render_index_units(operation.indexes)


def render_new_index_throughput(operation: UpdateIndexThroughput) -> dict[str, Any]:
    """Return the arguments of UpdateTable that change the throughput of indexes."""
    return {"TableName": operation.table} | _render_index_units(operation.indexes)


def render_table_name(
    operation: DeleteTable | DescribeTable | DescribeTimeToLive | DescribeContinuousBackups,
) -> dict[str, Any]:
    """Return the arguments of an action that takes a table's name alone."""
    return {"TableName": operation.table}


def render_time_to_live(operation: UpdateTimeToLive) -> dict[str, Any]:
    """Return the arguments of UpdateTimeToLive."""
    specification = {"AttributeName": operation.attribute, "Enabled": operation.enabled}
    return {"TableName": operation.table, "TimeToLiveSpecification": specification}


def _render_index_units(indexes: tuple[tuple[str, Throughput], ...]) -> _Wire:
    updates = [{"Update": {"IndexName": name} | _render_throughput(units)} for name, units in indexes]
    return {"GlobalSecondaryIndexUpdates": updates} if updates else {}


def _render_attributes(attributes: Iterable[KeyAttribute]) -> list[_Wire]:
    return [{"AttributeName": each.name, "AttributeType": each.type} for each in attributes]


def _render_billing(throughput: Throughput | None) -> _Wire:
    mode = "PAY_PER_REQUEST" if throughput is None else "PROVISIONED"
    return {"BillingMode": mode} | _render_throughput(throughput)


def _render_keys(keys: KeySchema) -> list[_Wire]:
    kinds = ["HASH"] * len(keys.hash_attributes) + ["RANGE"] * len(keys.range_attributes)
    return [{"AttributeName": name, "KeyType": kind} for name, kind in zip(keys.names, kinds, strict=True)]


def _render_throughput(throughput: Throughput | None) -> _Wire:
    if throughput is None:
        return {}
    units = {"ReadCapacityUnits": throughput.read_units, "WriteCapacityUnits": throughput.write_units}
    return {"ProvisionedThroughput": units}


def _render_indexes(schema: TableSchema) -> _Wire:
    arguments: _Wire = {}
    for index in schema.indexes:
        kind = "GlobalSecondaryIndexes" if index.is_global else "LocalSecondaryIndexes"
        arguments.setdefault(kind, []).append(_render_index(index, schema.throughput))
    return arguments


def _render_index(index: IndexSchema, of_table: Throughput | None) -> _Wire:
    """Return an index; a global one without a throughput gets the table's, since DynamoDB requires one."""
    wire = {
        "IndexName": index.name,
        "KeySchema": _render_keys(index.keys),
        "Projection": _render_projection(index.projection),
    }
    return wire | _render_throughput(index.throughput or of_table) if index.is_global else wire


def _render_projection(projection: Projection) -> _Wire:
    wire: _Wire = {"ProjectionType": _PROJECTIONS[projection.kind]}
    return wire | {"NonKeyAttributes": list(projection.attributes)} if projection.attributes else wire


def parse_description(wire: dict[str, Any]) -> TableDescription:
    """Return a table from what DescribeTable returned.

    The indexes are sorted by name, since DynamoDB returns them in no order. A global index has a `throughput` only
    where it differs from the table's. Raises `UnsupportedOperation` for keys that `KeySchema` cannot hold.
    """
    status = wire.get("TableStatus")
    return TableDescription(
        schema=_parse_schema(wire),
        status=cast("TableStatus", status) if status in _STATUSES else "OTHER",
        item_count=wire.get("ItemCount", 0),
        building=tuple(
            each["IndexName"]
            for each in wire.get("GlobalSecondaryIndexes", ())
            if each.get("IndexStatus", "ACTIVE") != "ACTIVE"
        ),
        settings=parse_settings(wire),
    )


def _parse_schema(wire: _Wire) -> TableSchema:
    types: dict[str, ScalarType] = {
        each["AttributeName"]: each["AttributeType"] for each in wire.get("AttributeDefinitions", ())
    }
    throughput = _parse_throughput(wire)
    indexes = [_parse_index(each, types, throughput) for each in wire.get("GlobalSecondaryIndexes", ())]
    indexes += [_parse_index(each, types, None, is_global=False) for each in wire.get("LocalSecondaryIndexes", ())]
    return TableSchema(
        name=wire["TableName"],
        keys=_parse_keys(wire, types),
        throughput=throughput,
        indexes=tuple(sorted(indexes, key=lambda index: index.name)),
    )


def _parse_keys(wire: _Wire, types: dict[str, ScalarType]) -> KeySchema:
    keys = [KeyAttribute(each["AttributeName"], types[each["AttributeName"]]) for each in wire["KeySchema"]]
    kinds = [each["KeyType"] for each in wire["KeySchema"]]
    count = kinds.count("HASH")
    if kinds != ["HASH"] * count + ["RANGE"] * (len(kinds) - count) or not count:
        name = wire.get("IndexName") or wire["TableName"]
        raise UnsupportedOperation(f"{name}: a key has HASH attributes, then RANGE attributes; got {kinds}")
    return KeySchema(keys[:count], keys[count:])


def _parse_throughput(wire: _Wire) -> Throughput | None:
    """Return the provisioned capacity; a table that is billed on demand reports 0 units."""
    units = wire.get("ProvisionedThroughput", {})
    throughput = Throughput(units.get("ReadCapacityUnits", 0), units.get("WriteCapacityUnits", 0))
    on_demand = wire.get("BillingModeSummary", {}).get("BillingMode") == "PAY_PER_REQUEST"
    return None if on_demand or throughput == Throughput(0, 0) else throughput


def _parse_index(
    wire: _Wire, types: dict[str, ScalarType], of_table: Throughput | None, *, is_global: bool = True
) -> IndexSchema:
    throughput = _parse_throughput(wire)
    return IndexSchema(
        name=wire["IndexName"],
        keys=_parse_keys(wire, types),
        projection=_parse_projection(wire["Projection"]),
        is_global=is_global,
        throughput=None if throughput == of_table else throughput,
    )


def _parse_projection(wire: _Wire) -> Projection:
    kind = _PROJECTION_KINDS[wire.get("ProjectionType", "ALL")]
    return Projection(kind, tuple(wire.get("NonKeyAttributes", ())))
