"""Subjects: the tables, indexes and items that an operation is about, by which faults choose operations."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, TypeAlias, cast

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
    DescribeContinuousBackups,
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
    UpdateContinuousBackups,
    UpdateIndexThroughput,
    UpdateItem,
    UpdateTableSettings,
    UpdateThroughput,
    UpdateTimeToLive,
)

_TableOperation: TypeAlias = (
    CreateTable
    | CreateIndex
    | DeleteIndex
    | DeleteTable
    | DescribeTable
    | UpdateThroughput
    | UpdateIndexThroughput
    | UpdateTimeToLive
    | DescribeTimeToLive
    | UpdateTableSettings
    | UpdateContinuousBackups
    | DescribeContinuousBackups
)


@dataclass(frozen=True, slots=True)
class Subject:
    """What one part of an operation is about; `attributes` hold the key or, for a put, the whole item."""

    table: str
    index: str | None = None
    attributes: Item = field(default_factory=dict[str, AttributeValue])


def subjects_of(operation: Operation[Any]) -> list[Subject]:
    """Return one subject for each part of a batch or transaction, in order, or the single one of another operation."""
    return list(_subjects_of(cast("AnyOperation | ConditionCheck", operation)))


def _subjects_of(operation: AnyOperation | ConditionCheck) -> Iterator[Subject]:
    match operation:
        case Get() | Delete() | UpdateItem() | ConditionCheck():
            yield Subject(operation.table, None, operation.key)
        case Put():
            yield Subject(operation.table, None, operation.item)
        case BatchGet():
            yield from (Subject(operation.table, None, key) for key in operation.keys)
        case BatchWrite():
            yield from (Subject(operation.table, None, _attributes_of(write)) for write in operation.writes)
        case TransactWrite():
            for action in operation.actions:
                yield from _subjects_of(action)
        case TransactGet():
            for get in operation.gets:
                yield from _subjects_of(get)
        case Query():
            yield Subject(operation.table, operation.index, _attributes_queried(operation.key_condition))
        case Scan():
            yield Subject(operation.table, operation.index)  # without attributes: a fault with a key never hits a scan
        case _:
            yield _subject_of_table_operation(operation)


def _subject_of_table_operation(operation: _TableOperation) -> Subject:
    match operation:
        case CreateTable():
            return Subject(operation.schema.name)
        case CreateIndex():
            return Subject(operation.table, operation.index.name)
        case DeleteIndex():
            return Subject(operation.table, operation.index)
        case DeleteTable() | DescribeTable() | UpdateThroughput() | UpdateIndexThroughput():
            return Subject(operation.table)
        case UpdateTimeToLive() | DescribeTimeToLive() | UpdateTableSettings():
            return Subject(operation.table)
        case UpdateContinuousBackups() | DescribeContinuousBackups():
            return Subject(operation.table)
        case _:
            assert_never(operation)


def _attributes_of(write: BatchPut | BatchDelete) -> Item:
    return write.item if isinstance(write, BatchPut) else write.key


def _attributes_queried(condition: KeyCondition) -> Item:
    """Return the key attributes whose values the query fixes."""
    found: Item = {}
    for part in condition.parts:
        if isinstance(part, Comparison) and part.operator == EQ and isinstance(part.left, Path):
            found[part.left.attribute] = cast("AttributeValue", part.right)
    return found
