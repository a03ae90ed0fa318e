"""Expression size: memory has no expressions, but refuses what would exceed 4096 bytes as one."""

from __future__ import annotations

import pytest

from dynamongo.backends.dynamodb.requests import build_request
from dynamongo.backends.memory import MemoryBackend
from dynamongo.exceptions import InvalidRequestError, TableNotFound
from dynamongo.expressions.conditions import In, Or, Path
from dynamongo.expressions.updates import AddUpdate, AnyUpdate, AppendUpdate, IncrementUpdate, RemoveUpdate, SetUpdate
from dynamongo.operations import AnyOperation, Get, Put, Scan, UpdateItem


def condition(size: int) -> Or:
    return Or(*(In(Path("a"), tuple(range(start, start + 10))) for start in range(0, size, 10)))


def updates(size: int) -> tuple[AnyUpdate, ...]:
    made: list[AnyUpdate] = []
    for number in range(size):
        path, kinds = Path(f"a{number}", "b", 3), number % 6
        made.append(
            [
                SetUpdate(path, number),
                SetUpdate(path, number, if_not_exists=True),
                SetUpdate(path, Path("c", "d")),
                RemoveUpdate(path) if number % 4 else AddUpdate(path, number),
                IncrementUpdate(path, number),
                AppendUpdate(path, (number,), at_start=True),
            ][kinds]
        )
    return tuple(made)


@pytest.mark.parametrize("size", range(10, 800, 30))
@pytest.mark.parametrize("kind", [Get, Put, Scan, UpdateItem])
def test_dynamodb_backend_can_send_what_memory_accepts(kind: type, size: int) -> None:
    operations: dict[type, AnyOperation] = {
        Get: Get("table", {"id": 1}, tuple(Path(f"a{number}", "b", number) for number in range(size))),
        Put: Put("table", {"id": 1}, condition(size)),
        Scan: Scan("table", condition(size)),
        UpdateItem: UpdateItem("table", {"id": 1}, updates(size)),
    }
    with pytest.raises((TableNotFound, InvalidRequestError)) as caught:
        MemoryBackend().execute(operations[kind])
    if caught.type is TableNotFound:
        build_request(operations[kind])
    else:
        assert "Expression size has exceeded the maximum allowed size" in str(caught.value)


def test_common_sizes_are_accepted() -> None:
    for operation in (
        Put("table", {"id": 1}, condition(300)),
        UpdateItem("table", {"id": 1}, tuple(SetUpdate(Path(f"a{number}"), number) for number in range(200))),
    ):
        with pytest.raises(TableNotFound):
            MemoryBackend().execute(operation)
