"""A table that a base and derived models of PynamoDB share by a DiscriminatorAttribute."""

from __future__ import annotations

import uuid
from collections.abc import Iterator

import pytest
from pynamodb.attributes import DiscriminatorAttribute, NumberAttribute, UnicodeAttribute
from pynamodb.models import Model as PynamoDBModel

from dynamongo import Connection, IntField, Model, StringField
from dynamongo.backends.dynamodb import DynamoDBBackend

TABLE = f"zoo-{uuid.uuid4().hex[:8]}"


class TheirAnimal(PynamoDBModel):
    class Meta:
        table_name = TABLE
        host: str | None = None
        region = "us-east-2"
        aws_access_key_id = "made-up"
        aws_secret_access_key = "made-up"
        billing_mode = "PAY_PER_REQUEST"

    cls = DiscriminatorAttribute()
    name = UnicodeAttribute(hash_key=True)


class TheirDog(TheirAnimal, discriminator="dog"):
    barks = NumberAttribute(default=0)


class TheirPuppy(TheirDog, discriminator="puppy"):
    weeks = NumberAttribute()


class Animal(Model):
    __table__ = TABLE
    __hash_key__ = "name"
    __kind_field__ = "cls"
    __scans__ = "allow"
    name = StringField(required=True)


class Dog(Animal):
    __kind__ = "dog"
    barks = IntField(default=0)


class Puppy(Dog):
    __kind__ = "puppy"
    weeks = IntField(required=True)


OURS = {TheirDog: Dog, TheirPuppy: Puppy}


@pytest.fixture
def zoo(server_url: str, dynamodb_backend: DynamoDBBackend) -> Iterator[None]:
    TheirAnimal.Meta.host = server_url
    TheirAnimal.create_table(wait=True)
    TheirDog("Rex", barks=3).save()
    TheirPuppy("Ben", barks=1, weeks=8).save()
    with Connection.using(dynamodb_backend):
        yield
        Animal.delete_table()


def test_each_reads_what_the_other_has_written_as_the_same_classes(zoo: None) -> None:
    for theirs, ours in ((TheirAnimal, Animal), (TheirDog, Dog), (TheirPuppy, Puppy)):
        found = {each.name: OURS[type(each)] for each in theirs.scan(consistent_read=True)}
        assert {each.name: type(each) for each in ours.get_many()} == found
    before = {each.name: each.serialize() for each in TheirAnimal.scan(consistent_read=True)}
    for animal in Animal.get_many():
        animal.save()
    assert {each.name: each.serialize() for each in TheirAnimal.scan(consistent_read=True)} == before
    Puppy(name="Tim", weeks=2).save()
    Dog.update_one("Ben", Dog.barks.increment())
    assert TheirDog.get("Tim", consistent_read=True).weeks == 2
    assert type(TheirAnimal.get("Ben", consistent_read=True)) is TheirPuppy
    assert TheirAnimal.get("Ben", consistent_read=True).barks == 2
