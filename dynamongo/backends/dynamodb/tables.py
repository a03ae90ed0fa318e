"""Tables: their schemas, as CreateTable takes them and DescribeTable gives them.

Source: "CreateTable" and "TableDescription" in the DynamoDB API reference.
"""

from __future__ import annotations

from typing import Any, Final, TypeAlias, cast

from dynamongo.exceptions import UnsupportedOperation
from dynamongo.operations import TableDescription, TableStatus
from dynamongo.schema import (
    IndexSchema,
    KeyAttribute,
    KeySchema,
    Projection,
    ProjectionKind,
    TableSchema,
    Throughput,
)
from dynamongo.values import ScalarType

_Wire: TypeAlias = dict[str, Any]

_STATUSES: Final = ("CREATING", "ACTIVE", "UPDATING", "DELETING")
_PROJECTIONS: Final[dict[ProjectionKind, str]] = {"all": "ALL", "keys_only": "KEYS_ONLY", "include": "INCLUDE"}
_PROJECTION_KINDS: Final[dict[str, ProjectionKind]] = {wire: kind for kind, wire in _PROJECTIONS.items()}


def render_schema(schema: TableSchema) -> dict[str, Any]:
    """The arguments of CreateTable."""
    attributes = [{"AttributeName": each.name, "AttributeType": each.type} for each in schema.key_attributes()]
    arguments = {
        "TableName": schema.name,
        "AttributeDefinitions": attributes,
        "KeySchema": _render_keys(schema.keys),
        "BillingMode": "PAY_PER_REQUEST" if schema.throughput is None else "PROVISIONED",
    }
    return arguments | _render_throughput(schema.throughput) | _render_indexes(schema)


def _render_keys(keys: KeySchema) -> list[_Wire]:
    kinds = ("HASH", "RANGE")
    return [{"AttributeName": name, "KeyType": kind} for name, kind in zip(keys.names, kinds, strict=False)]


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
    """A global index that names no throughput has the table's, since DynamoDB wants one for each."""
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
    """A table as DescribeTable gives it.

    The indexes are in order of their names, since DynamoDB gives them in none. A global index has a `throughput` only
    where it differs from the table's. Raises `UnsupportedOperation` for an index whose keys `KeySchema` cannot hold.
    """
    status = wire.get("TableStatus")
    return TableDescription(
        schema=_parse_schema(wire),
        status=cast("TableStatus", status) if status in _STATUSES else "OTHER",
        item_count=wire.get("ItemCount", 0),
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
    if kinds not in (["HASH"], ["HASH", "RANGE"]):
        name = wire.get("IndexName") or wire["TableName"]
        raise UnsupportedOperation(f"{name}: a key has one hash and at most one range attribute; got {kinds}")
    return KeySchema(*keys)


def _parse_throughput(wire: _Wire) -> Throughput | None:
    """Provisioned capacity, of which a table that is billed on demand reports 0 units."""
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
