"""Consumed capacity of writes to indexes; the contract covers that of tables."""

from __future__ import annotations

from typing import Any

import pytest

from dynamongo.backends.memory.ingest import take_item
from dynamongo.backends.memory.partitions import NO_SORT
from dynamongo.backends.memory.table import MemoryTable
from dynamongo.schema import IndexSchema, KeyAttribute, KeySchema, Projection, TableSchema

INDEX = IndexSchema("by_g", KeySchema(KeyAttribute("g", "S")), Projection("include", ("v",)))
SCHEMA = TableSchema("table", KeySchema(KeyAttribute("pk", "S")), indexes=(INDEX,))
BIG = "x" * 1500

OUT = {"pk": "a"}
IN = {"pk": "a", "g": "x"}


@pytest.mark.parametrize(
    ("old", "new", "index_units"),
    [
        (None, OUT, 0),
        (None, IN, 1),
        (None, {**IN, "v": BIG}, 2),
        (IN, OUT, 1),
        (IN, None, 1),
        (IN, IN, 0),
        (IN, {**IN, "other": 1}, 0),
        (IN, {**IN, "v": 1}, 1),
        ({**IN, "v": BIG}, IN, 2),
        (IN, {**IN, "g": "y"}, 2),
        ({**IN, "v": BIG}, {**IN, "g": "y"}, 3),
    ],
)
def test_index_is_charged_if_its_projection_changes(old: Any, new: Any, index_units: int) -> None:
    before, after = (None if item is None else take_item(item) for item in (old, new))
    table_units = 2 if BIG in (old or {}).values() or BIG in (new or {}).values() else 1
    table, position = MemoryTable(SCHEMA), ("a", NO_SORT)
    table.replace(position, None, before)
    assert table.replace(position, before, after) == table_units + index_units
