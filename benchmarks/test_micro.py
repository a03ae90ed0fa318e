"""The micro suites under pytest-benchmark: `pytest benchmarks/`. They assert results, never times."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from typing import Protocol, TypeVar

import pytest

from benchmarks.rows import Row
from benchmarks.values import key, values
from dynamongo import Connection
from dynamongo.backends.dynamodb_json import decode_item, render_item
from dynamongo.backends.memory import MemoryBackend
from dynamongo.expressions.conditions import AnyCondition
from dynamongo.expressions.evaluation import holds
from dynamongo.expressions.filters import compile_filter

T = TypeVar("T")

CONDITION: AnyCondition = (Row.year < 1990) & ~Row.cities.contains("Nairobi") & Row.name.begins_with("J")
ROW = Row(**values(13))
MAPPER = Row.__mapper__
ITEM = MAPPER.encode(ROW)


class Benchmark(Protocol):
    """The fixture of pytest-benchmark, which the development requirements leave out."""

    def __call__(self, function: Callable[[], T]) -> T:
        """Time the function, and return its result."""
        ...


@pytest.fixture
def table() -> Iterator[None]:
    with Connection.using(MemoryBackend()):
        Row.create_table()
        Row.save_many([Row(**values(number)) for number in range(1_000)])
        yield


def test_encode(benchmark: Benchmark) -> None:
    assert json.loads(benchmark(lambda: render_item(MAPPER.encode(ROW))))["pk"] == {"S": ROW.pk}


def test_decode(benchmark: Benchmark) -> None:
    wire = json.loads(render_item(ITEM))
    assert benchmark(lambda: MAPPER.decode(decode_item(wire))) == ROW


def test_condition_on_one_item(benchmark: Benchmark) -> None:
    assert benchmark(lambda: holds(CONDITION, ITEM)) is True


def test_condition_on_many_items(benchmark: Benchmark) -> None:
    select, items = compile_filter(CONDITION), [ITEM] * 1_000
    assert len(benchmark(lambda: select(items))) == 1_000


@pytest.mark.usefixtures("table")
def test_get_one(benchmark: Benchmark) -> None:
    assert benchmark(lambda: Row.get_one(key(13))) == ROW


@pytest.mark.usefixtures("table")
def test_save_one(benchmark: Benchmark) -> None:
    assert benchmark(lambda: Row.save_one(ROW)) is ROW


@pytest.mark.usefixtures("table")
def test_query_of_1000(benchmark: Benchmark) -> None:
    assert len(benchmark(lambda: Row.find(Row.pk == ROW.pk).all())) == 1_000
