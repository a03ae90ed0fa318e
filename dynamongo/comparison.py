"""Comparison: how a live table differs from what its model declares, and which changes mend that.

Source: "UpdateTable" and "UpdateTimeToLive" in the DynamoDB API reference.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Any, Literal, TypeAlias

from dynamongo.frozen import dataclass, replace
from dynamongo.operations import (
    CreateIndex,
    DeleteIndex,
    TableDescription,
    UpdateIndexThroughput,
    UpdateThroughput,
    UpdateTimeToLive,
)
from dynamongo.schema import IndexSchema, TableSchema, Throughput

DifferenceKind: TypeAlias = Literal[
    "keys", "missing index", "extra index", "index", "billing", "index throughput", "time to live"
]

TableChange: TypeAlias = CreateIndex | DeleteIndex | UpdateThroughput | UpdateIndexThroughput | UpdateTimeToLive


@dataclass(frozen=True, slots=True)
class Difference:
    """One thing in which a live table differs from its model.

    Attributes:
        kind: What it is.
        name: The name of the table, or of the index.
        model: What the model declares, or `None`.
        table: What the table has, or `None`.
        mend: `"update"` if `update_table` mends it, `"drop"` if it does with `drop_indexes=True`, and `None` if only
            another table can.
    """

    kind: DifferenceKind
    name: str
    model: Any = None
    table: Any = None
    mend: Literal["update", "drop"] | None = "update"

    def __str__(self) -> str:
        return f"{self.kind} {self.name}: the model has {_show(self.model)}, the table {_show(self.table)}"


def compare_schemas(
    model: TableSchema, model_ttl: str | None, live: TableDescription, live_ttl: str | None
) -> tuple[Difference, ...]:
    """All differences, those that cannot be mended first."""
    return tuple(_compare(model, model_ttl, live.schema, live_ttl))


def _compare(
    model: TableSchema, model_ttl: str | None, live: TableSchema, live_ttl: str | None
) -> Iterator[Difference]:
    if model.keys != live.keys:
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
        wanted, there = declared.get(name), found.get(name)
        if wanted is None and there is not None:
            yield Difference("extra index", name, None, there, "drop" if there.is_global else None)
        elif wanted is not None and there is None:
            yield Difference("missing index", name, wanted, None, "update" if wanted.is_global else None)
        elif wanted is not None and there is not None:
            yield from _compare_index(wanted, there, has_units=has_units)


def _compare_index(wanted: IndexSchema, there: IndexSchema, *, has_units: bool) -> Iterator[Difference]:
    if _shape(wanted) != _shape(there):
        mend: Any = "drop" if wanted.is_global and there.is_global else None
        yield Difference("index", wanted.name, wanted, there, mend)
    elif has_units and wanted.throughput != there.throughput:
        yield Difference("index throughput", wanted.name, wanted.throughput, there.throughput)


def _by_name(schema: TableSchema) -> dict[str, IndexSchema]:
    """The indexes, each with the throughput that it has: that of the table where it names none."""
    own = {index.name: index.throughput or (schema.throughput if index.is_global else None) for index in schema.indexes}
    return {index.name: replace(index, throughput=own[index.name]) for index in schema.indexes}


def _shape(index: IndexSchema) -> tuple[Any, ...]:
    """What an index is made of; its attributes have no order."""
    return index.keys, index.is_global, index.projection.kind, frozenset(index.projection.attributes)


def plan_changes(
    table: str, differences: Sequence[Difference], model: TableSchema, live: TableSchema
) -> Iterator[TableChange]:
    """The changes that mend the differences, one for each request, in an order in which DynamoDB takes them."""
    for each in differences:
        if each.kind == "extra index" or (each.kind == "index" and each.mend == "drop"):
            yield DeleteIndex(table, each.name)
    gone = {each.name for each in differences if each.kind in ("extra index", "index")}
    yield from _plan_units(table, differences, model, [index for index in live.indexes if index.name not in gone])
    for each in differences:
        if each.kind in ("missing index", "index"):
            yield CreateIndex(table, each.model)
        elif each.kind == "time to live":
            yield from _plan_time_to_live(table, each)


def _plan_units(
    table: str, differences: Iterable[Difference], model: TableSchema, left: Iterable[IndexSchema]
) -> Iterator[TableChange]:
    declared = _by_name(model)
    units: list[tuple[str, Throughput]] = [
        (index.name, throughput)
        for index in left
        if index.is_global
        and (throughput := declared[index.name].throughput if index.name in declared else model.throughput) is not None
    ]
    kinds = {each.kind for each in differences}
    if "billing" in kinds:
        yield UpdateThroughput(table, model.throughput, tuple(units))
    elif "index throughput" in kinds:
        changed = {each.name for each in differences if each.kind == "index throughput"}
        yield UpdateIndexThroughput(table, tuple(pair for pair in units if pair[0] in changed))


def _plan_time_to_live(table: str, difference: Difference) -> Iterator[TableChange]:
    if difference.table is not None:
        yield UpdateTimeToLive(table, difference.table, enabled=False)
    if difference.model is not None:
        yield UpdateTimeToLive(table, difference.model)


def _show(value: Any) -> str:
    match value:
        case None:
            return "none"
        case Throughput(read_units, write_units):
            return f"{read_units} read units and {write_units} write units"
        case IndexSchema(_, keys, projection):
            return f"{', '.join(f'{each.name} ({each.type})' for each in keys.attributes)} with {projection.kind}"
        case _ if hasattr(value, "attributes"):
            return ", ".join(f"{each.name} ({each.type})" for each in value.attributes)
        case _:
            return str(value)
