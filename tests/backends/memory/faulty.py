"""Operations and a backend to inject faults into, which the tests of faults share."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from dynamongo.backends.memory import Fault, MemoryBackend, VirtualClock
from dynamongo.exceptions import BackendError
from dynamongo.expressions.conditions import EQ, Comparison, Exists, Path
from dynamongo.expressions.updates import SetUpdate
from dynamongo.operations import (
    BatchDelete,
    BatchGet,
    BatchPut,
    BatchWrite,
    ConditionCheck,
    CreateTable,
    Delete,
    Get,
    KeyCondition,
    Operation,
    Put,
    Query,
    Scan,
    TransactGet,
    TransactWrite,
    UpdateItem,
)
from dynamongo.schema import IndexSchema, KeyAttribute, KeySchema, TableSchema

USERS, OTHERS = "users", "others"
BY_NAME = IndexSchema("by_name", KeySchema(KeyAttribute("name", "S")))
A: Any = {"id": "a"}
B: Any = {"id": "b"}
C: Any = {"id": "c"}
NAMED = KeyCondition(Comparison(Path("name"), EQ, "Ann"))
HAS_ID = Exists(Path("id"))
CHECK = ConditionCheck(USERS, A, HAS_ID)


def make_backend(*faults: Fault) -> MemoryBackend:
    """Make a backend with two tables and a virtual clock, and schedule the faults."""
    backend = MemoryBackend(clock=VirtualClock(start=0))
    for name in (USERS, OTHERS):
        backend.execute(CreateTable(TableSchema(name, KeySchema(KeyAttribute("id", "S")), indexes=(BY_NAME,))))
    backend.faults.schedule(*faults)
    return backend


def attempt(backend: MemoryBackend, operation: Operation[Any]) -> type[BackendError] | None:
    """Return the class of the error that executing the operation raises."""
    try:
        backend.execute(operation)
    except BackendError as error:
        return type(error)
    return None


def ids(backend: MemoryBackend, table: str = USERS) -> list[str]:
    """Return the sorted ids of the items in a table."""
    return sorted(str(item["id"]) for item in backend.execute(Scan(table)).items)


GET, PUT = Get(USERS, A), Put(USERS, {"id": "a", "name": "Ann"})
BATCH_GET = BatchGet(USERS, (A, B, C))
BATCH_WRITE = BatchWrite(USERS, (BatchPut({"id": "a", "n": Decimal("1.0")}), BatchDelete(B), BatchPut(C)))
TRANSACTION = TransactWrite((Put(OTHERS, A), UpdateItem(USERS, A, (SetUpdate(Path("n"), 1),)), Delete(USERS, B)))
GETS = TransactGet((Get(OTHERS, A), Get(USERS, B)))
QUERY = Query(USERS, NAMED, index="by_name")
