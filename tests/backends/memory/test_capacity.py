"""Consumed capacity of index writes; that of tables is in the contract."""

from __future__ import annotations

from typing import Any

import pytest

from dynamongo.backends.memory.capacity import write_units
from dynamongo.backends.memory.checks import make_stored
from dynamongo.backends.memory.table import Table
from dynamongo.operations import Capacity
from dynamongo.schema import IndexSchema, KeyAttribute, KeySchema, Projection, TableSchema

INDEX = IndexSchema("by_g", KeySchema(KeyAttribute("g", "S")), Projection("include", ("v",)))
TABLE = Table(TableSchema("table", KeySchema(KeyAttribute("pk", "S")), indexes=(INDEX,)))
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
def test_index_is_charged_where_what_it_holds_changes(old: Any, new: Any, index_units: int) -> None:
    before, after = (None if item is None else make_stored(item) for item in (old, new))
    table_units = 2 if BIG in (old or {}).values() or BIG in (new or {}).values() else 1
    assert write_units(TABLE, before, after) == Capacity(write_units=table_units + index_units)
