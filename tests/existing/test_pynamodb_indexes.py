"""A table that PynamoDB created, with indexes of both kinds, odd names, and keys in forms of its own."""

from __future__ import annotations

import datetime as dt
import uuid
from decimal import Decimal
from typing import Any

import pytest
from pynamodb.attributes import (
    BinaryAttribute,
    MapAttribute,
    NumberAttribute,
    TTLAttribute,
    UnicodeAttribute,
)
from pynamodb.indexes import GlobalSecondaryIndex, IncludeProjection, LocalSecondaryIndex
from pynamodb.models import Model as PynamoDBModel

from dynamongo import (
    BinaryField,
    Connection,
    DateTimeField,
    DecimalField,
    DictField,
    GlobalIndex,
    IntField,
    LocalIndex,
    Model,
    StringField,
)
from dynamongo.backends.dynamodb import DynamoDBBackend

NEW_YEAR = dt.datetime(2035, 1, 1, tzinfo=dt.timezone.utc)
TABLE = f"scores-{uuid.uuid4().hex[:8]}"


class ByScore(LocalSecondaryIndex):
    class Meta:
        index_name = "by-score"
        projection = IncludeProjection(["note", "extra"])

    key = BinaryAttribute(legacy_encoding=True, hash_key=True, attr_name="the key")
    score = NumberAttribute(range_key=True, attr_name="sc.ore")


class ByExpiry(GlobalSecondaryIndex):
    class Meta:
        index_name = "by-expiry"
        projection = IncludeProjection(["note"])
        read_capacity_units = 3
        write_capacity_units = 4

    expires = TTLAttribute(hash_key=True)


class Theirs(PynamoDBModel):
    class Meta:
        table_name = TABLE
        host: str | None = None
        region = "us-east-2"
        aws_access_key_id = "made-up"
        aws_secret_access_key = "made-up"
        read_capacity_units = 5
        write_capacity_units = 6

    key = BinaryAttribute(legacy_encoding=True, hash_key=True, attr_name="the key")
    n = NumberAttribute(range_key=True)
    score = NumberAttribute(null=True, attr_name="sc.ore")
    expires = TTLAttribute(null=True)
    note = UnicodeAttribute(null=True)
    extra = MapAttribute(null=True)
    by_score = ByScore()
    by_expiry = ByExpiry()


class Ours(Model):
    __table__ = TABLE
    __hash_key__ = "key"
    __range_key__ = "n"
    __read_units__ = 5
    __write_units__ = 6
    __ttl__ = "expires"

    key = BinaryField(required=True, format="base64-binary", stored_as="the key")
    n = DecimalField(required=True)
    score = IntField(stored_as="sc.ore")
    expires = DateTimeField(format="epoch")
    note = StringField()
    extra = DictField()
    by_score = LocalIndex(name="by-score", range_key=score, projection=[note, extra])
    by_expiry = GlobalIndex(name="by-expiry", hash_key=expires, projection=[note], read_units=3, write_units=4)


@pytest.fixture
def filled(server_url: str, dynamodb_backend: DynamoDBBackend) -> Any:
    Theirs.Meta.host = server_url
    Theirs.create_table(wait=True)
    Theirs(b"\x01", 1.5, score=2, expires=NEW_YEAR, note="n", extra={"a": 1}).save()
    Theirs(b"\x01", 2, score=1, note="m").save()
    Theirs(b"\x02", 2).save()
    with Connection.using(dynamodb_backend):
        yield
        Ours.delete_table()


def test_indexes_are_those_of_the_table_and_serve_its_keys(filled: None) -> None:
    assert Ours.compare_table(undeclared=True) == ()
    ones = Ours.key == b"\x01"
    assert [item.n for item in Ours.find(ones & (Ours.score >= 1), index=Ours.by_score)] == [2, Decimal("1.5")]
    [found] = Ours.find(Ours.expires == NEW_YEAR, index=Ours.by_expiry)
    assert (found.key, found.note) == (b"\x01", "n")
    first = Ours.find(ones, limit=1).page()
    assert [item.n for item in Ours.find(ones, cursor=first.cursor)] == [2]


def test_pynamodb_reads_updates_and_misses_what_was_deleted(filled: None) -> None:
    Ours.update_one((b"\x01", Decimal("1.5")), [Ours.extra["b"].set(3), Ours.score.increment(4)])
    theirs = Theirs.get(b"\x01", 1.5, consistent_read=True)
    assert (theirs.score, theirs.extra.as_dict()) == (6, {"a": 1, "b": 3})
    assert Ours.delete_many(Ours.key == b"\x01").success_count == 2
    assert [item.key for item in Theirs.scan(consistent_read=True)] == [b"\x02"]
