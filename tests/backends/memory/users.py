"""A table of users with an index, which the tests of copies share."""

from __future__ import annotations

from typing import Any

from dynamongo.backends.memory import MemoryBackend
from dynamongo.expressions.conditions import EQ, Comparison, Path
from dynamongo.expressions.values import Item
from dynamongo.operations import CreateTable, KeyCondition, Put, Query, Scan
from dynamongo.schema import IndexSchema, KeyAttribute, KeySchema, Projection, TableSchema

USERS, OTHERS = "users", "others"
BY_NAME = IndexSchema("by_name", KeySchema(KeyAttribute("name", "S")), Projection("all"))
SCHEMA = TableSchema(USERS, KeySchema(KeyAttribute("id", "S")), None, (BY_NAME,))
RANGED = TableSchema(OTHERS, KeySchema(KeyAttribute("id", "S"), KeyAttribute("n", "N")))
A: Item = {"id": "a", "name": "Jane"}
B: Item = {"id": "b", "name": "John"}


def make_backend(*items: Item, **options: Any) -> MemoryBackend:
    """Make a backend with the items in the table `users`."""
    backend = MemoryBackend(**options)
    backend.execute(CreateTable(SCHEMA))
    for item in items:
        backend.execute(Put(USERS, item))
    return backend


def ids(backend: MemoryBackend, table: str = USERS) -> list[Any]:
    """Return the sorted ids of the items in a table."""
    return sorted(item["id"] for item in backend.execute(Scan(table, consistent=True)).items)


def named(backend: MemoryBackend, name: str) -> list[Any]:
    """Return the ids of the users with a name, read from the index."""
    condition = KeyCondition(Comparison(Path("name"), EQ, name))
    return [item["id"] for item in backend.execute(Query(USERS, condition, index="by_name")).items]
