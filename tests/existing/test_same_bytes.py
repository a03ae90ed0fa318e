"""dynamongo stores random values as PynamoDB does, and keeps what PynamoDB stored."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dynamongo import Connection
from existing.declared import PynamoDB
from existing.programs.with_pynamodb import Line, Thing
from existing.stored import Item
from existing.stores import Memory

UTC = dt.timezone.utc
AT = dt.datetime(2025, 1, 1, tzinfo=UTC)

texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=8)
datetimes = st.datetimes(dt.datetime(1970, 1, 1), dt.datetime(2100, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001 - Hypothesis adds the time zone
integers = st.integers(-(10**30), 10**30)
floats = st.floats(-1e30, 1e30).filter(lambda number: not 0 < abs(number) < 1e-100)
blobs = st.binary(min_size=1, max_size=8)
documents = st.recursive(
    texts | st.booleans() | integers | floats,
    lambda inner: st.lists(inner | st.none(), max_size=3) | st.dictionaries(texts, inner | st.none(), max_size=3),
    max_leaves=6,
)
free = st.recursive(
    texts | st.booleans() | integers | blobs,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(texts.filter(bool), inner, max_size=3),
    max_leaves=6,
)
lines = st.fixed_dictionaries({"sku": texts}, optional={"price": floats, "shipped": datetimes})
things = st.fixed_dictionaries(
    {},
    optional={
        "name": texts.filter(bool),
        "empty": texts,
        "count": integers,
        "ratio": floats,
        "flag": st.booleans(),
        "document": documents,
        "data": blobs,
        "old_data": blobs,
        "parts": st.sets(blobs, min_size=1, max_size=3),
        "old_parts": st.sets(blobs, min_size=1, max_size=3),
        "words": st.sets(texts, min_size=1, max_size=3),
        "numbers": st.sets(integers, min_size=1, max_size=3),
        "expires": datetimes.map(lambda value: value.replace(microsecond=0)),
        "line": lines,
        "lines": st.lists(lines, max_size=3),
        "dates": st.lists(datetimes, max_size=3),
        "mixed": st.lists(free, max_size=3),
        "free": st.dictionaries(texts.filter(bool), free, max_size=3),
    },
)


def store_with_pynamodb(values: dict[str, Any]) -> Item:
    """Return what PynamoDB would send for a thing, in DynamoDB JSON."""
    made = dict(values)
    if "line" in values:
        made["line"] = Line(**values["line"])
    if "lines" in values:
        made["lines"] = [Line(**line) for line in values["lines"]]
    thing = Thing("jane", AT, kind=Thing, **made)
    thing.version = 1
    image: Item = thing.to_dynamodb_dict()
    return image


@pytest.fixture(scope="module")
def memory(tmp_path_factory: pytest.TempPathFactory) -> Memory:
    store = Memory(Path(tmp_path_factory.mktemp("items")))
    with Connection.using(store.backend):
        PynamoDB.create_table()
    return store


@given(things)
def test_both_libraries_store_the_same(memory: Memory, values: dict[str, Any]) -> None:
    values = {"dates": [], "lines": [], "mixed": [], **values}  # dynamongo stores lists that nobody set as empty ones
    with Connection.using(memory.backend):
        memory.put(PynamoDB, [store_with_pynamodb(values)])
        stored = memory.items(PynamoDB)
        read = PynamoDB.get_one(("jane", AT))
        read.delete()
        PynamoDB(owner="jane", at=AT, kind="thing", **values).save()
        assert memory.items(PynamoDB) == stored
        assert PynamoDB.get_one(("jane", AT)) == read


@given(things)
def test_item_of_pynamodb_is_kept_when_another_attribute_changes(memory: Memory, values: dict[str, Any]) -> None:
    with Connection.using(memory.backend):
        memory.put(PynamoDB, [store_with_pynamodb(values)])
        [stored] = memory.items(PynamoDB)
        read = PynamoDB.get_one(("jane", AT))
        read.kind = "other"
        read.save()
        assert memory.items(PynamoDB) == [{**stored, "_cls": {"S": "other"}, "version": {"N": "2"}}]
