"""Schema differences: how a live table differs from what its model declares, and which changes fix that.

Settings that a model does not declare are left alone: a default of `create_table` is no declaration. So the schema of a
model is first completed with the settings of the live table, and then compared.

Source: "UpdateTable" and "UpdateTimeToLive" in the DynamoDB API reference.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from typing import Any, Literal, TypeAlias

from dynamongo._support.dataclasses import dataclass, field, replace
from dynamongo.operations import (
    CreateIndex,
    DeleteIndex,
    TableDescription,
    UpdateContinuousBackups,
    UpdateIndexThroughput,
    UpdateTableSettings,
    UpdateThroughput,
    UpdateTimeToLive,
)
from dynamongo.schema import IndexSchema, Recovery, TableSchema, TableSettings, Throughput

DifferenceKind: TypeAlias = Literal[
    "keys",
    "missing index",
    "extra index",
    "index",
    "billing",
    "index throughput",
    "time to live",
    "table class",
    "encryption",
    "deletion protection",
    "point-in-time recovery",
]

TableChange: TypeAlias = (
    CreateIndex
    | DeleteIndex
    | UpdateThroughput
    | UpdateIndexThroughput
    | UpdateTimeToLive
    | UpdateTableSettings
    | UpdateContinuousBackups
)


@dataclass(frozen=True, slots=True)
class Difference:
    """One thing in which a live table differs from its model.

    Attributes:
        kind: What differs.
        name: The name of the table, or of the index.
        model: What the model declares, or `None`.
        table: What the table has, or `None`.
        fix: `"update"` if `update_table` fixes it, `"drop"` if that takes `drop_indexes=True`, `"leave"` if the model
            does not declare it, and `None` if it takes another table.
    """

    kind: DifferenceKind
    name: str
    model: Any = None
    table: Any = None
    fix: Literal["update", "drop", "leave"] | None = "update"

    def __str__(self) -> str:
        model, table = (_show(self.kind, each) for each in (self.model, self.table))
        if self.fix == "leave" or self.kind == "extra index":
            return f"{self.kind} {self.name}: the model declares none; the table has {table}"
        return f"{self.kind} {self.name}: the model has {model}; the table has {table}"


@dataclass(frozen=True, slots=True)
class Units:
    """Declared read units and write units, each of which may be missing."""

    read_units: int | None = None
    write_units: int | None = None

    def complete(self, other: Throughput) -> Throughput:
        """Return the throughput with missing units taken from the other."""
        return Throughput(self.read_units or other.read_units, self.write_units or other.write_units)


@dataclass(frozen=True, slots=True)
class Declared:
    """Which settings of its table a model declares.

    Attributes:
        billing: Whether it declares how the table is billed, by name or by units.
        units: The units that it declares for the table.
        index_units: The units that it declares for its global indexes, by name.
        expires_by: Whether it declares by which attribute items expire; `None` is a declaration, too.
        settings: The settings that it declares; the others are `None`.
        recovery: Whether the table can be restored, or of how many days back; `None` if it declares neither.
    """

    billing: bool = False
    units: Units = Units()
    index_units: Mapping[str, Units] = field(default_factory=dict[str, Units])
    expires_by: bool = False
    settings: TableSettings = TableSettings()
    recovery: Recovery | None = None


def compare_schemas(
    model: TableSchema, model_ttl: str | None, live: TableDescription, live_ttl: str | None, declared: Declared
) -> tuple[Difference, ...]:
    """Return all differences from what is declared; a difference in the keys comes first."""
    wanted_ttl = model_ttl if declared.expires_by else live_ttl
    return tuple(_compare(complete_schema(model, declared, live.schema), wanted_ttl, live.schema, live_ttl))


def list_undeclared(
    model: TableSchema, live: TableDescription, live_ttl: str | None, declared: Declared
) -> tuple[Difference, ...]:
    """Return settings of the table that the model does not declare; extra indexes are differences already."""
    return tuple(_list_undeclared(model, live.schema, live_ttl, declared))


def _list_undeclared(
    model: TableSchema, live: TableSchema, live_ttl: str | None, declared: Declared
) -> Iterator[Difference]:
    if not declared.billing:
        yield Difference("billing", model.name, None, live.throughput, "leave")
    names = {index.name for index in model.indexes if index.is_global}
    for index in _by_name(live).values():
        if index.name in names and index.throughput and declared.index_units.get(index.name, Units()) == Units():
            yield Difference("index throughput", index.name, None, index.throughput, "leave")
    if live_ttl is not None and not declared.expires_by:
        yield Difference("time to live", model.name, None, live_ttl, "leave")


def complete_schema(model: TableSchema, declared: Declared, live: TableSchema) -> TableSchema:
    """Return the schema of the model, with undeclared settings taken from the live table."""
    throughput = _complete_throughput(model, declared, live)
    found = _by_name(live)
    indexes = [
        replace(index, throughput=_complete_index_throughput(index, throughput, declared, found.get(index.name)))
        for index in model.indexes
    ]
    return replace(model, throughput=throughput, indexes=tuple(indexes))


def _complete_throughput(model: TableSchema, declared: Declared, live: TableSchema) -> Throughput | None:
    if not declared.billing:
        return live.throughput
    if model.throughput is None or live.throughput is None:
        return model.throughput
    return declared.units.complete(live.throughput)


def _complete_index_throughput(
    index: IndexSchema, of_table: Throughput | None, declared: Declared, there: IndexSchema | None
) -> Throughput | None:
    if of_table is None or not index.is_global:
        return None
    # What the index does not declare stays as it is; an index that is new gets the units of the table.
    present = there.throughput if there is not None else None
    return declared.index_units.get(index.name, Units()).complete(present or of_table)


def _compare(
    model: TableSchema, model_ttl: str | None, live: TableSchema, live_ttl: str | None
) -> Iterator[Difference]:
    if model.keys != live.keys:  # no request changes them
        yield Difference("keys", model.name, model.keys, live.keys, None)
    yield from _compare_indexes(model, live)
    if model.throughput != live.throughput:
        yield Difference("billing", model.name, model.throughput, live.throughput)
    if model_ttl != live_ttl:
        yield Difference("time to live", model.name, model_ttl, live_ttl)


def _compare_indexes(model: TableSchema, live: TableSchema) -> Iterator[Difference]:
    declared, found = _by_name(model), _by_name(live)
    has_units = model.throughput is not None and live.throughput is not None
    for name in sorted(declared.keys() | found.keys()):
        # Local indexes are made with the table, and cannot be added or dropped later: nothing fixes their differences.
        # Source: "Local secondary indexes" in the DynamoDB developer guide.
        wanted, there = declared.get(name), found.get(name)
        if wanted is None and there is not None:
            yield Difference("extra index", name, None, there, "drop" if there.is_global else None)
        elif wanted is not None and there is None:
            yield Difference("missing index", name, wanted, None, "update" if wanted.is_global else None)
        elif wanted is not None and there is not None:
            yield from _compare_index(wanted, there, has_units=has_units)


def _compare_index(wanted: IndexSchema, there: IndexSchema, *, has_units: bool) -> Iterator[Difference]:
    if _shape(wanted) != _shape(there):
        fix: Any = "drop" if wanted.is_global and there.is_global else None
        yield Difference("index", wanted.name, wanted, there, fix)
    elif has_units and wanted.throughput != there.throughput:
        yield Difference("index throughput", wanted.name, wanted.throughput, there.throughput)


def _by_name(schema: TableSchema) -> dict[str, IndexSchema]:
    """Return the indexes by name, each with its throughput: by default, that of the table."""
    own = {index.name: index.throughput or (schema.throughput if index.is_global else None) for index in schema.indexes}
    return {index.name: replace(index, throughput=own[index.name]) for index in schema.indexes}


def _shape(index: IndexSchema) -> tuple[Any, ...]:
    """Return what must be equal for two indexes to be the same; projected attributes have no order."""
    return index.keys, index.is_global, index.projection.kind, frozenset(index.projection.attributes)


def plan_changes(
    table: str, differences: Sequence[Difference], wanted: TableSchema, live: TableSchema
) -> Iterator[TableChange]:
    """Yield the changes that fix the differences, one for each request, in an order that DynamoDB accepts.

    Args:
        table: The full name of the table.
        differences: What to fix.
        wanted: The completed schema of the model.
        live: The schema of the live table.

    Source: UpdateTable, API reference: a request creates one index, deletes one, or changes throughput.
    """
    # First what is dropped: an index that is made again needs its name back, and a full table needs room for a new one.
    for each in differences:
        if each.kind == "extra index" or (each.kind == "index" and each.fix == "drop"):
            yield DeleteIndex(table, each.name)
    gone = {each.name for each in differences if each.kind in ("extra index", "index")}
    left = [index for index in _by_name(live).values() if index.is_global and index.name not in gone]
    # Units come before new indexes, which are made with the billing that the table has by then.
    yield from _plan_units(table, {each.kind for each in differences}, wanted, left)
    for each in differences:
        if each.kind in ("missing index", "index"):
            yield CreateIndex(table, each.model)
        elif each.kind == "time to live":
            yield from _plan_time_to_live(table, each)


def _plan_units(
    table: str, kinds: Collection[DifferenceKind], wanted: TableSchema, left: Iterable[IndexSchema]
) -> Iterator[TableChange]:
    """Change units that differ: DynamoDB refuses equal ones, and needs all of them when billing on demand ends."""
    declared = _by_name(wanted)
    units: list[tuple[str, Throughput]] = []
    for index in left:
        throughput = declared[index.name].throughput if index.name in declared else index.throughput
        # An index on demand has no units. When the table becomes provisioned, each has to get some: those of the table.
        throughput = throughput or wanted.throughput
        if throughput is not None and wanted.throughput is not None and throughput != index.throughput:
            units.append((index.name, throughput))
    if "billing" in kinds:
        yield UpdateThroughput(table, wanted.throughput, tuple(units))
    elif "index throughput" in kinds:
        yield UpdateIndexThroughput(table, tuple(units))


def _plan_time_to_live(table: str, difference: Difference) -> Iterator[TableChange]:
    # DynamoDB refuses another attribute while one is enabled. Source: UpdateTimeToLive, API reference.
    if difference.table is not None:
        yield UpdateTimeToLive(table, difference.table, enabled=False)
    if difference.model is not None:
        yield UpdateTimeToLive(table, difference.model)


def _show(kind: DifferenceKind, value: Any) -> str:
    match value:
        case None:
            return "billing on demand" if kind == "billing" else "none"
        case bool() if kind == "point-in-time recovery":
            return "some" if value else "none"
        case int() if kind == "point-in-time recovery":
            return f"{value} days"
        case Throughput(read_units, write_units):
            return f"{read_units} read units and {write_units} write units"
        case IndexSchema(_, keys, projection):
            return f"{keys} with {projection.kind}"
        case _:
            return str(value)
