"""Snapshot reads: several items, of any models, as they are at one moment.

Source: "Amazon DynamoDB transactions: how it works" in the DynamoDB developer guide.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, cast

from dynamongo.connection.overrides import backends
from dynamongo.connection.participants import Address, check_accounts, find_backend, find_mapper, split_arguments
from dynamongo.exceptions import ExpressionError
from dynamongo.mapping.mapper import Mapper
from dynamongo.operations import MAX_TRANSACTION_ACTIONS, Get, TransactGet, TransactGetResult
from dynamongo.planning.strategies import resolve_one
from dynamongo.planning.write_builders import make_get


class SnapshotRead:
    """What `Connection.transact_get` has prepared: an operation, and how its result becomes instances.

    Attributes:
        operation: The operation. It has no gets if nothing is asked for, and is not to be executed then.
        models: The models of the items.
    """

    def __init__(self, items: Iterable[Any]) -> None:
        wanted = [split_arguments(item[0], item[1:]) if _is_pair(item) else split_arguments(item, ()) for item in items]
        self.models = [model for model, *_ in wanted]
        self._wanted = [_prepare_get(model, which) for model, which, _ in wanted]
        # DynamoDB refuses a transaction that names an item twice; here it is read once, and returned twice.
        unique = {_address_of(get): get for _, get in self._wanted}
        if len(unique) > MAX_TRANSACTION_ACTIONS:
            raise ExpressionError(f"transact_get reads at most {MAX_TRANSACTION_ACTIONS} items; got {len(unique)}")
        check_accounts(unique)
        self.operation = TransactGet(tuple(unique.values()))

    def finish(self, result: TransactGetResult) -> list[Any]:
        """Return an instance for each of the items, or `None` where it is missing."""
        found = dict(zip(map(_address_of, self.operation.gets), result.items, strict=True))
        stored = [(mapper, found[_address_of(get)]) for mapper, get in self._wanted]
        return [
            None if item is None or mapper.model_for(item) is None else mapper.decode(item) for mapper, item in stored
        ]


def read_snapshot(items: Iterable[Any]) -> list[Any]:
    """Read the items in one request, blocking; see `Connection.transact_get`."""
    read = SnapshotRead(items)
    if not read.operation.gets:
        return []
    connection, backend = find_backend(read.models, backends.latest())
    connection.check_blocking(backend)
    return read.finish(connection.execute(read.operation, backend))


async def read_snapshot_async(items: Iterable[Any]) -> list[Any]:
    """Read the items as `read_snapshot` does, without blocking the event loop."""
    read = SnapshotRead(items)
    if not read.operation.gets:
        return []
    connection, backend = find_backend(read.models, backends.latest())
    return read.finish(await connection.execute_async(read.operation, backend))


def _prepare_get(model: type, strategy: Any) -> tuple[Mapper[Any], Get]:
    mapper, table = find_mapper(model)
    return mapper, make_get(mapper, table, resolve_one(strategy, mapper))


def _address_of(get: Get) -> Address:
    return get.table, tuple(get.key.values())


def _is_pair(item: Any) -> bool:
    return isinstance(item, tuple) and len(cast("tuple[Any, ...]", item)) == 2 and isinstance(item[0], type)
