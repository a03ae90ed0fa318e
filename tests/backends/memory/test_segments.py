"""Segments of a scan: which partitions belong to them, and that they stay there."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dynamongo.backends.memory import MemoryBackend
from dynamongo.backends.memory.views import Segment
from dynamongo.exceptions import InvalidRequestError
from dynamongo.operations import CreateTable, Delete, Put, Scan
from dynamongo.schema import IndexSchema, KeyAttribute, KeySchema, TableSchema

TABLE = "table"
SCHEMA = TableSchema(
    TABLE,
    KeySchema(KeyAttribute("pk", "S"), KeyAttribute("sk", "N")),
    indexes=(IndexSchema("by_g", KeySchema(KeyAttribute("g", "N"))),),
)
ITEMS: tuple[dict[str, Any], ...] = tuple(
    {"pk": letter, "sk": number, "g": Decimal(ord(letter)) / 4 + number % 2}
    for letter in "abcdefghijklmnop"
    for number in range(4)
)


@pytest.fixture
def backend() -> MemoryBackend:
    backend = MemoryBackend()
    backend.execute(CreateTable(SCHEMA))
    for item in ITEMS:
        backend.execute(Put(TABLE, item))
    return backend


def read_segment(backend: MemoryBackend, number: int, total: int, **how: Any) -> list[tuple[Any, ...]]:
    """Return the keys of the items of a segment, read in pages."""
    read: list[tuple[Any, ...]] = []
    cursor = None
    while True:
        page = backend.execute(Scan(TABLE, cursor=cursor, segment=number, total_segments=total, **how))
        read += ((item["pk"], item["sk"]) for item in page.items)
        cursor = page.cursor
        if cursor is None:
            return read


@given(hash_value=st.text() | st.binary() | st.integers(), total=st.integers(1, 300))
def test_every_hash_key_value_is_in_exactly_one_segment(hash_value: Any, total: int) -> None:
    assert sum(hash_value in Segment(number, total) for number in range(total)) == 1


@given(total=st.integers(1, 1_000_000), data=st.data())
def test_segments_leave_no_gap(total: int, data: st.DataObject) -> None:
    number = data.draw(st.integers(0, total - 1))
    assert (Segment(0, total).bounds[0], Segment(total - 1, total).bounds[1]) == (0, 2**32)
    assert number == 0 or Segment(number - 1, total).bounds[1] == Segment(number, total).bounds[0]


def test_segment_of_a_value_is_the_same_in_every_process() -> None:
    values: list[Any] = ["a", "b", "user-1", "", b"a", 0, 1, Decimal("0.5"), 10**20]
    segments = [next(number for number in range(100) if value in Segment(number, 100)) for value in values]
    assert segments == [97, 12, 71, 0, 97, 52, 4, 12, 76]


@pytest.mark.parametrize("index", [None, "by_g"])
@pytest.mark.parametrize("total", [1, 2, 3, 7, 1_000])
@pytest.mark.parametrize("limit", [None, 1, 3])
def test_segments_together_are_the_scan(
    backend: MemoryBackend, index: str | None, total: int, limit: int | None
) -> None:
    read = [read_segment(backend, number, total, index=index, limit=limit) for number in range(total)]
    whole = [(item["pk"], item["sk"]) for item in backend.execute(Scan(TABLE, index=index)).items]
    assert [key for keys in read for key in keys] == whole
    assert sorted(whole) == sorted((item["pk"], item["sk"]) for item in ITEMS)


@pytest.mark.parametrize(("index", "name"), [(None, "pk"), ("by_g", "g")])
def test_items_of_one_hash_key_value_are_in_one_segment(backend: MemoryBackend, index: str | None, name: str) -> None:
    segments_of: dict[Any, set[int]] = {}
    for number in range(5):
        page = backend.execute(Scan(TABLE, index=index, segment=number, total_segments=5))
        for item in page.items:
            segments_of.setdefault(item[name], set()).add(number)
    assert {value: len(segments) for value, segments in segments_of.items()} == dict.fromkeys(
        {item[name] for item in ITEMS}, 1
    )
    assert len(set[int].union(*segments_of.values())) == 5


def test_item_stays_in_its_segment_when_others_are_written(backend: MemoryBackend) -> None:
    before = [read_segment(backend, number, 3) for number in range(3)]
    for number in range(50):
        backend.execute(Put(TABLE, {"pk": f"other-{number}", "sk": 0}))
    backend.execute(Delete(TABLE, {"pk": "a", "sk": 0}))
    known = {(item["pk"], item["sk"]) for item in ITEMS}
    after = [[key for key in read_segment(backend, number, 3) if key in known] for number in range(3)]
    assert after == [[key for key in keys if key != ("a", 0)] for keys in before]


def test_segment_continues_after_a_deleted_item(backend: MemoryBackend) -> None:
    keys = read_segment(backend, 1, 3)
    page = backend.execute(Scan(TABLE, limit=5, segment=1, total_segments=3))
    for pk, sk in keys[3:6]:
        backend.execute(Delete(TABLE, {"pk": pk, "sk": sk}))
    rest = backend.execute(Scan(TABLE, cursor=page.cursor, segment=1, total_segments=3))
    assert [(item["pk"], item["sk"]) for item in rest.items] == keys[6:]


@pytest.mark.parametrize("index", [None, "by_g"])
def test_cursor_of_another_segment_is_refused(backend: MemoryBackend, index: str | None) -> None:
    cursor = backend.execute(Scan(TABLE, index=index, limit=1, segment=2, total_segments=4)).cursor
    assert cursor is not None
    for number in (0, 1, 3):
        with pytest.raises(InvalidRequestError) as caught:
            backend.execute(Scan(TABLE, index=index, cursor=cursor, segment=number, total_segments=4))
        assert str(caught.value) == (
            "The provided starting key is invalid: Invalid ExclusiveStartKey. Please use ExclusiveStartKey with "
            f"correct Segment. TotalSegments: 4 Segment: {number}"
        )
    backend.execute(Scan(TABLE, index=index, cursor=cursor))
