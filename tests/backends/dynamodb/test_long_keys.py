"""Keys of several attributes in memory and in moto, which knows them, unlike the emulator that runs the contract."""

from __future__ import annotations

from collections.abc import Iterator

import boto3
import pytest
from moto import mock_aws

from dynamongo.backends.dynamodb import DynamoDBBackend
from dynamongo.backends.memory import MemoryBackend
from dynamongo.operations import DescribeTable, KeyCondition, Query, Scan
from dynamongo.testing.contract.base import schema_of
from dynamongo.testing.contract.long_key_queries import BESIDE, ITEMS, PARTITION, SELECTED
from dynamongo.testing.contract.long_keys import INDEXES, KEY, OF_EIGHT
from dynamongo.testing.contract.table import Table, in_order

SCHEMA = schema_of("S", "S", INDEXES)


def fill(table: Table) -> Table:
    table.create()
    table.put_all([*ITEMS, *BESIDE, {**KEY, **OF_EIGHT}])
    return table


@pytest.fixture(scope="module")
def tables() -> Iterator[tuple[Table, Table]]:
    """The same table in memory and in moto."""
    with mock_aws():
        client = boto3.client("dynamodb", "us-east-2", aws_access_key_id="made-up", aws_secret_access_key="made-up")
        backend = DynamoDBBackend(client=client)
        yield fill(Table(MemoryBackend(), SCHEMA)), fill(Table(backend, SCHEMA))
        backend.close()


def test_schema_comes_back(tables: tuple[Table, Table]) -> None:
    _, moto = tables
    described = moto.execute(DescribeTable(moto.name)).schema.indexes
    assert sorted(described, key=lambda index: index.name) == sorted(INDEXES, key=lambda index: index.name)


def test_queries_find_the_same_items_in_the_same_order(tables: tuple[Table, Table]) -> None:
    for parts, _ in SELECTED.values():
        for descending in (False, True):
            for index in ("by_two", "by_some"):
                operation = Query(SCHEMA.name, KeyCondition(*parts), index=index, descending=descending)
                ours, theirs = (table.execute(operation) for table in tables)
                assert (ours.items, ours.count, ours.cursor) == (theirs.items, theirs.count, theirs.cursor)


@pytest.mark.parametrize("limit", [1, 4])
def test_pages_and_cursors_are_the_same(tables: tuple[Table, Table], limit: int) -> None:
    operation = Query(SCHEMA.name, KeyCondition(*PARTITION), index="by_keys", limit=limit)
    ours, theirs = (list(table.pages(operation)) for table in tables)
    assert [page.items for page in ours if page.items] == [page.items for page in theirs if page.items]
    assert [page.cursor for page in ours][: len(theirs) - 1] == [page.cursor for page in theirs][:-1]


def test_scans_find_the_same_items(tables: tuple[Table, Table]) -> None:
    for index in INDEXES:
        ours, theirs = (table.read_all(Scan(SCHEMA.name, index=index.name)) for table in tables)
        assert in_order(ours) == in_order(theirs)
