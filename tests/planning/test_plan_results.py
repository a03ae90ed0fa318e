"""What a plan finds is what a look at every item finds, whatever the table, its indexes and the condition."""

from __future__ import annotations

import os
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import event, given, settings
from hypothesis import strategies as st
from long_keys import long_reads
from random_reads import TABLE, Filled, H, reads

from dynamongo.backends.memory import MemoryBackend
from dynamongo.connection.connection import Connection
from dynamongo.exceptions import ExpressionError
from dynamongo.executor import START, PageLoop, items_of, sort_items
from dynamongo.executor.cursors import decode_cursor, encode_cursor, fingerprint_of
from dynamongo.expressions.conditions import (
    AnyCondition,
    In,
    Or,
)
from dynamongo.expressions.evaluation import holds
from dynamongo.expressions.values import Item
from dynamongo.operations import BatchGet, CreateTable, Delete, Put, Query, Scan
from dynamongo.planning.plan import Plan
from dynamongo.planning.planner import plan_read
from dynamongo.planning.strategies import ResolvedStrategy

pytestmark = pytest.mark.slow

EXAMPLES = int(os.environ.get("DYNAMONGO_PLAN_EXAMPLES", "600"))


def as_condition(source: ResolvedStrategy) -> AnyCondition | None:
    if not isinstance(source, tuple):
        return source
    return Or(*(target.condition for target in source)) if source else In(H, ())


def matching(filled: Filled) -> list[Item]:
    """What a look at every item finds; of an index that is insisted on, at every item that is in it."""
    forced = [index.keys.names for index in filled.read.table.indexes if index.name == filled.read.index]
    condition = as_condition(filled.read.source)
    there = [item for item in filled.items if all(name in item for names in forced for name in names)]
    return [item for item in there if condition is None or holds(condition, item)]


def planned(filled: Filled) -> tuple[Filled, Plan]:
    """The plan of a read, which requires no index that cannot serve it, and no order that cannot be kept."""
    read = filled.read
    try:
        return filled, plan_read(read)
    except ExpressionError as error:
        if "descending" in str(error):
            assert read.descending
            assert not read.is_sorted
            fewer = replace(read, descending=False)
            assert isinstance(plan_read(fewer).operations[0], (BatchGet, Scan))
        else:
            assert read.index is not None
            fewer = replace(read, index=None)
    return planned(replace(filled, read=fewer))


def loaded(item: Item, plan: Plan) -> Item:
    """What a read with the plan gives of an item."""
    if plan.loaded is None:
        return item
    return {path.attribute: item[path.attribute] for path in plan.loaded if path.attribute in item}


def backend_with(filled: Filled) -> MemoryBackend:
    backend = MemoryBackend()
    backend.execute(CreateTable(filled.read.table))
    for item in filled.items:
        backend.execute(Put(TABLE, item))
    return backend


def read_all(connection: Connection, plan: Plan) -> list[Item]:
    return list(sort_items(plan, items_of(connection.run(PageLoop(plan).read_all))))


def order_of(filled: Filled, plan: Plan) -> tuple[str, ...]:
    """What the result of the plan is sorted by; among equal ones the order is the store's own."""
    if plan.index is not None:
        return next(index.keys.names for index in filled.read.table.indexes if index.name == plan.index)
    return filled.read.table.keys.names


def key_of(filled: Filled, item: Item) -> tuple[Any, ...]:
    return tuple(item[name] for name in filled.read.table.keys.names)


def check_result(filled: Filled, plan: Plan, found: list[Item]) -> None:
    """That what was found is the right part of what matches, in the right order."""
    expected = {key_of(filled, item): loaded(item, plan) for item in matching(filled)}
    keys = [key_of(filled, item) for item in found]
    assert len(set(keys)) == len(keys)
    assert all(expected[key] == item for key, item in zip(keys, found, strict=True))
    assert len(found) == min(len(expected), len(expected) if plan.limit is None else plan.limit)
    if filled.read.is_sorted or (plan.operations and isinstance(plan.operations[0], Query)):
        originals = {key_of(filled, item): item for item in filled.items}
        order = order_of(filled, plan)
        wanted = sorted(([originals[key][name] for name in order] for key in expected), reverse=filled.read.descending)
        assert [[originals[key][name] for name in order] for key in keys] == wanted[: plan.limit]


@settings(max_examples=EXAMPLES)
@given(st.one_of(reads(), long_reads()))
def test_plan_finds_what_brute_force_finds(filled: Filled) -> None:
    filled, plan = planned(filled)
    kind = (
        f"{type(plan.operations[0]).__name__ if plan.operations else 'nothing'}{' on an index' if plan.index else ''}"
    )
    event(f"{kind}, {0 if plan.key_condition is None else len(plan.key_condition.parts)} key attributes")
    found = read_all(Connection(backend=backend_with(filled)), plan)
    check_result(filled, plan, found)


@settings(max_examples=EXAMPLES // 3)
@given(st.one_of(reads(), long_reads()))
def test_count_is_the_number_of_items_found(filled: Filled) -> None:
    filled, plan = planned(filled)
    plan = plan.counting()
    pages = Connection(backend=backend_with(filled)).run(PageLoop(plan).read_all)
    assert sum(page.count for page in pages) == min(len(matching(filled)), 99 if plan.limit is None else plan.limit)


@settings(max_examples=EXAMPLES // 2)
@given(st.one_of(reads(), long_reads()), st.data())
def test_read_that_is_left_anywhere_continues_with_the_next_item(filled: Filled, data: st.DataObject) -> None:
    """Each item comes once, also where the item at the cursor was deleted in between."""
    filled = replace(filled, read=replace(filled.read, limit=None, is_sorted=False))
    filled, plan = planned(filled)
    backend = backend_with(filled)
    connection = Connection(backend=backend)
    whole = read_all(connection, plan)
    found: list[Item] = []
    position = START if plan.operations else None
    while position is not None:
        room = data.draw(st.integers(1, 3))
        cursor = encode_cursor(fingerprint_of(plan), position)
        at = decode_cursor(plan, fingerprint_of(plan), cursor)
        loop = PageLoop(replace(plan, limit=room), at)
        page = loop.take(connection.run(loop.fetch))
        found.extend(page.items)
        position = page.next
        if bool(page.items) and data.draw(st.booleans()):
            backend.execute(Delete(TABLE, {name: page.items[-1][name] for name in filled.read.table.keys.names}))
    assert found == whole
