"""Targets: the tables, indexes and items that an operation is about, which faults are scheduled by."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, cast

from dynamongo._support.dataclasses import dataclass, field
from dynamongo._support.unions import assert_never
from dynamongo.expressions.conditions import EQ, Comparison, Path
from dynamongo.expressions.values import AttributeValue, Item
from dynamongo.operations import (
    AnyOperation,
    BatchDelete,
    BatchGet,
    BatchPut,
    BatchWrite,
    ConditionCheck,
    CreateIndex,
    CreateTable,
    Delete,
    DeleteIndex,
    DeleteTable,
    DescribeTable,
    DescribeTimeToLive,
    Get,
    KeyCondition,
    Operation,
    Put,
    Query,
    Scan,
    TransactGet,
    TransactWrite,
    UpdateIndexThroughput,
    UpdateItem,
    UpdateThroughput,
    UpdateTimeToLive,
)


@dataclass(frozen=True, slots=True)
class Target:
    """What one part of an operation is about; `attributes` hold the key, or the whole item of a put."""

    table: str
    index: str | None = None
    attributes: Item = field(default_factory=dict[str, AttributeValue])


def targets_of(operation: Operation[Any]) -> list[Target]:
    """The targets of an operation: of a batch or transaction one for each part, in order, of any other a single one."""
    return list(_targets_of(cast("AnyOperation | ConditionCheck", operation)))


def _targets_of(operation: AnyOperation | ConditionCheck) -> Iterator[Target]:
    match operation:
        case Get() | Delete() | UpdateItem() | ConditionCheck():
            yield Target(operation.table, None, operation.key)
        case Put():
            yield Target(operation.table, None, operation.item)
        case BatchGet():
            yield from (Target(operation.table, None, key) for key in operation.keys)
        case BatchWrite():
            yield from (Target(operation.table, None, _attributes_of(write)) for write in operation.writes)
        case TransactWrite():
            for action in operation.actions:
                yield from _targets_of(action)
        case TransactGet():
            for get in operation.gets:
                yield from _targets_of(get)
        case Query():
            yield Target(operation.table, operation.index, _attributes_queried(operation.key_condition))
        case Scan() | DeleteIndex():
            yield Target(operation.table, operation.index)
        case CreateIndex():
            yield Target(operation.table, operation.index.name)
        case CreateTable():
            yield Target(operation.schema.name)
        case (
            DeleteTable()
            | DescribeTable()
            | UpdateThroughput()
            | UpdateIndexThroughput()
            | UpdateTimeToLive()
            | DescribeTimeToLive()
        ):
            yield Target(operation.table)
        case _:
            assert_never(operation)


def _attributes_of(write: BatchPut | BatchDelete) -> Item:
    return write.item if isinstance(write, BatchPut) else write.key


def _attributes_queried(condition: KeyCondition) -> Item:
    """The attributes that are the same in all that a query reads."""
    found: Item = {}
    for part in (condition.hash_key, condition.range_key):
        if isinstance(part, Comparison) and part.operator == EQ and isinstance(part.left, Path):
            found[part.left.attribute] = cast("AttributeValue", part.right)
    return found
