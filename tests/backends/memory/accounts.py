"""A table of accounts with an index, which the tests of transactions share."""

from __future__ import annotations

from typing import Any

from dynamongo.backends.memory import MemoryBackend
from dynamongo.exceptions import CancellationReason
from dynamongo.expressions.conditions import Path
from dynamongo.expressions.updates import AddUpdate
from dynamongo.operations import Action, Get, Put, Scan, TransactWrite, TransactWriteResult, UpdateItem
from dynamongo.schema import IndexSchema, KeyAttribute, KeySchema, TableSchema

TABLE = "accounts"
SCHEMA = TableSchema(
    TABLE, KeySchema(KeyAttribute("id", "S")), indexes=(IndexSchema("by_g", KeySchema(KeyAttribute("g", "S"))),)
)
NONE = CancellationReason()
START = 1_800_000_000.0


class Clock:
    """A clock that tests set."""

    def __init__(self) -> None:
        self.now = START

    def __call__(self) -> float:
        return self.now


def put(id_: str, **attributes: Any) -> Put:
    """Return a put of an account."""
    return Put(TABLE, {"id": id_, **attributes})


def add(id_: str, amount: int) -> UpdateItem:
    """Return an update that adds to an account."""
    return UpdateItem(TABLE, {"id": id_}, (AddUpdate(Path("n"), amount),))


def write(backend: MemoryBackend, *actions: Action, token: str | None = None) -> TransactWriteResult:
    """Execute the actions in one transaction."""
    return backend.execute(TransactWrite(actions, token))


def read(backend: MemoryBackend, id_: str = "a") -> Any:
    """Return an account."""
    return backend.execute(Get(TABLE, {"id": id_})).item


def read_all(backend: MemoryBackend, index: str | None = None) -> list[Any]:
    """Return pairs of an id and the account, sorted."""
    return sorted((item["id"], item) for item in backend.execute(Scan(TABLE, index=index)).items)
