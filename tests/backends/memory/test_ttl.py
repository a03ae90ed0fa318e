"""Time to live in memory: nothing expires without `expire`, and what that deletes."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from dynamongo.backends.memory import MemoryBackend
from dynamongo.exceptions import InvalidRequestError
from dynamongo.expressions.conditions import EQ, Comparison, Exists, Path
from dynamongo.expressions.updates import SetUpdate
from dynamongo.operations import (
    BatchGet,
    CreateTable,
    DeleteTable,
    DescribeTimeToLive,
    Get,
    KeyCondition,
    Put,
    Query,
    Scan,
    TimeToLive,
    UpdateItem,
    UpdateTimeToLive,
)
from dynamongo.schema import IndexSchema, KeyAttribute, KeySchema, TableSchema
from dynamongo.testing.contract.base import proves

TABLE = "sessions"
SCHEMA = TableSchema(
    TABLE, KeySchema(KeyAttribute("id", "S")), indexes=(IndexSchema("by_g", KeySchema(KeyAttribute("g", "S"))),)
)
NOW = 1_800_000_000
FIVE_YEARS = 5 * 365 * 24 * 60 * 60
KEY: Any = {"id": "a"}


@pytest.fixture
def backend() -> MemoryBackend:
    backend = MemoryBackend(clock=lambda: float(NOW))
    backend.execute(CreateTable(SCHEMA))
    backend.execute(UpdateTimeToLive(TABLE, "until"))
    return backend


def put(backend: MemoryBackend, **attributes: Any) -> None:
    backend.execute(Put(TABLE, {**KEY, **attributes}))


def count(backend: MemoryBackend, index: str | None = None) -> int:
    return backend.execute(Scan(TABLE, index=index)).count


@proves("22.13")
@pytest.mark.parametrize(
    ("attributes", "expired"),
    [
        ({"until": NOW - 1}, 1),
        ({"until": Decimal(NOW) - Decimal("0.5")}, 1),
        ({"until": NOW}, 0),
        ({"until": NOW + 1}, 0),
        ({"until": NOW - FIVE_YEARS}, 1),
        ({"until": NOW - FIVE_YEARS - 1}, 0),
        ({"until": 0}, 0),
        ({"until": (NOW - 1) * 1000}, 0),
        ({"until": str(NOW - 1)}, 0),
        ({"until": True}, 0),
        ({"until": None}, 0),
        ({"until": [NOW - 1]}, 0),
        ({"until": frozenset({NOW - 1})}, 0),
        ({"m": {"until": NOW - 1}}, 0),
        ({}, 0),
    ],
    ids=str,
)
def test_item_expires_after_its_time_unless_that_is_over_five_years_ago(
    backend: MemoryBackend, attributes: Any, expired: int
) -> None:
    put(backend, **attributes)
    assert backend.expire() == expired
    assert count(backend) == 1 - expired


def test_expire_uses_the_given_time(backend: MemoryBackend) -> None:
    put(backend, until=NOW + 60)
    assert [backend.expire(), backend.expire(NOW + 60), backend.expire(NOW + 60.5), backend.expire(NOW + 61)] == [
        0,
        0,
        1,
        0,
    ]


@proves("22.14")
def test_expire_deletes_from_all_tables_and_their_indexes(backend: MemoryBackend) -> None:
    backend.execute(CreateTable(TableSchema("other", KeySchema(KeyAttribute("id", "S")))))
    backend.execute(UpdateTimeToLive("other", "end"))
    for number in range(4):
        backend.execute(Put(TABLE, {"id": f"{number}", "g": "x", "until": NOW - 1 + number % 2}))
        backend.execute(Put("other", {"id": f"{number}", "end": NOW - 1, "until": NOW + 1}))
    assert backend.expire() == 6
    assert (count(backend), count(backend, "by_g"), backend.execute(Scan("other")).count) == (2, 2, 0)


def test_expired_item_is_like_any_other_until_it_is_deleted(backend: MemoryBackend) -> None:
    item = {**KEY, "g": "x", "until": NOW - 1}
    put(backend, g="x", until=NOW - 1)
    query = Query(TABLE, KeyCondition(Comparison(Path("g"), EQ, "x")), index="by_g")
    assert backend.execute(Get(TABLE, KEY)).item == item
    assert backend.execute(BatchGet(TABLE, (KEY,))).items == (item,)
    assert backend.execute(query).items == backend.execute(Scan(TABLE)).items == (item,)
    backend.execute(UpdateItem(TABLE, KEY, (SetUpdate(Path("until"), NOW + 1),), Exists(Path("id"))))
    assert (backend.expire(), count(backend)) == (0, 1)


def test_nothing_expires_in_a_table_without_time_to_live(backend: MemoryBackend) -> None:
    put(backend, until=NOW - 1)
    assert backend.execute(UpdateTimeToLive(TABLE, "until", enabled=False)) == TimeToLive()
    assert (backend.expire(), count(backend)) == (0, 1)


def test_recreated_table_has_no_time_to_live(backend: MemoryBackend) -> None:
    backend.execute(DeleteTable(TABLE))
    backend.execute(CreateTable(SCHEMA))
    assert backend.execute(DescribeTimeToLive(TABLE)) == TimeToLive()


ON_ANOTHER = "TimeToLive is active on a different AttributeName: current AttributeName is until"


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (UpdateTimeToLive(TABLE, "until"), "TimeToLive is already enabled"),
        (UpdateTimeToLive(TABLE, "other"), ON_ANOTHER),
        (UpdateTimeToLive(TABLE, "other", enabled=False), ON_ANOTHER),
    ],
    ids=["enable again", "enable by another attribute", "disable by another attribute"],
)
def test_change_that_dynamodb_refuses_changes_nothing(
    backend: MemoryBackend, change: UpdateTimeToLive, message: str
) -> None:
    with pytest.raises(InvalidRequestError) as caught:
        backend.execute(change)
    assert str(caught.value) == message
    assert backend.execute(DescribeTimeToLive(TABLE)) == TimeToLive("until")


def test_time_to_live_that_is_off_cannot_be_disabled(backend: MemoryBackend) -> None:
    backend.execute(UpdateTimeToLive(TABLE, "until", enabled=False))
    with pytest.raises(InvalidRequestError, match=r"^TimeToLive is already disabled$"):
        backend.execute(UpdateTimeToLive(TABLE, "until", enabled=False))


@proves("22.3")
@pytest.mark.parametrize("name", ["", "é" * 128])
def test_attribute_name_has_1_to_255_bytes(backend: MemoryBackend, name: str) -> None:
    with pytest.raises(InvalidRequestError, match="Member must have length"):
        backend.execute(UpdateTimeToLive("unknown", name))
