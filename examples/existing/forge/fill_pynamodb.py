"""Fill the forge's table with PynamoDB, whose discriminator is stored as `_type`."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone

from pynamodb.attributes import (
    BooleanAttribute,
    DiscriminatorAttribute,
    JSONAttribute,
    ListAttribute,
    MapAttribute,
    NumberAttribute,
    UnicodeAttribute,
    UnicodeSetAttribute,
    UTCDateTimeAttribute,
    VersionAttribute,
)
from pynamodb.indexes import AllProjection, GlobalSecondaryIndex, KeysOnlyProjection
from pynamodb.models import Model

NOON = datetime(2025, 3, 1, 12, tzinfo=timezone.utc)


class GSI1(GlobalSecondaryIndex):
    """A repository with its pull requests: they are in a partition of their own in the table."""

    class Meta:
        index_name = "GSI1"
        projection = AllProjection()

    gsi1pk = UnicodeAttribute(hash_key=True, attr_name="GSI1PK")
    gsi1sk = UnicodeAttribute(range_key=True, attr_name="GSI1SK")


class ByAuthor(GlobalSecondaryIndex):
    """What somebody opened, in order of time; it holds the keys alone."""

    class Meta:
        index_name = "by-author"
        projection = KeysOnlyProjection()

    author = UnicodeAttribute(hash_key=True)
    created = UTCDateTimeAttribute(range_key=True, attr_name="created_at")


class Item(Model):
    """What all items have."""

    class Meta:
        table_name = "forge"
        host: str | None = None
        region = "us-east-2"
        billing_mode = "PAY_PER_REQUEST"

    pk = UnicodeAttribute(hash_key=True, attr_name="PK")
    sk = UnicodeAttribute(range_key=True, attr_name="SK")
    kind = DiscriminatorAttribute(attr_name="_type")
    author = UnicodeAttribute(null=True)
    created = UTCDateTimeAttribute(attr_name="created_at", null=True)
    gsi1pk = UnicodeAttribute(attr_name="GSI1PK", null=True)
    gsi1sk = UnicodeAttribute(attr_name="GSI1SK", null=True)
    gsi1 = GSI1()
    by_author = ByAuthor()


class Repository(Item, discriminator="repo"):
    """A repository, and the number that its next issue or pull request gets."""

    name = UnicodeAttribute()
    is_private = BooleanAttribute(attr_name="private")
    topics = UnicodeSetAttribute(null=True)
    settings = JSONAttribute(null=True)
    next_number = NumberAttribute()
    version = VersionAttribute(attr_name="_version")


class Comment(MapAttribute):
    """A comment on an issue."""

    by = UnicodeAttribute()
    at = UTCDateTimeAttribute()
    text = UnicodeAttribute()


class Issue(Item, discriminator="issue"):
    """An issue, beside its repository."""

    title = UnicodeAttribute()
    state = UnicodeAttribute()
    comments = ListAttribute(of=Comment, null=True)
    version = VersionAttribute(attr_name="_version")


class PullRequest(Item, discriminator="pr"):
    """A pull request."""

    title = UnicodeAttribute()
    state = UnicodeAttribute()
    checks = MapAttribute(null=True)
    version = VersionAttribute(attr_name="_version")


MODELS = (Item, Repository, Issue, PullRequest)


def fill(url: str, table: str) -> None:
    """Create the table, and a repository with an issue and a pull request."""
    for model in MODELS:
        model.Meta.host, model.Meta.table_name = url, table
    Item.create_table(wait=True)
    for item in items():
        item.save()


def items() -> list[Item]:
    """Return the items; numbers are padded, so that text sorts as they do."""
    repository = "REPO#jane#lamps"
    return [
        Repository(
            repository,
            repository,
            gsi1pk=repository,
            gsi1sk=repository,
            name="lamps",
            is_private=False,
            topics={"light", "hardware"},
            settings={"merge": ["squash", "rebase"], "protected": {"main": {"reviews": 2}}},
            next_number=3,
        ),
        Issue(
            repository,
            "ISSUE#00000001",
            author="joe",
            created=NOON,
            title="It flickers",
            state="open",
            comments=[Comment(by="jane", at=NOON + timedelta(seconds=1.5), text="Which one?")],
        ),
        PullRequest(
            "PR#jane#lamps#00000002",
            "PR#jane#lamps#00000002",
            gsi1pk=repository,
            gsi1sk="PR#00000002",
            author="joe",
            created=NOON + timedelta(hours=1),
            title="No more flicker",
            state="open",
            checks={"tests": {"passed": 118, "failed": 0}, "lint": None},
        ),
    ]


def read(url: str, table: str) -> list[dict[str, object]]:
    """Return what PynamoDB reads, as it would store it again; the discriminator finds the class."""
    for model in MODELS:
        model.Meta.host, model.Meta.table_name = url, table
    found = sorted(Item.scan(consistent_read=True), key=lambda item: (item.pk, item.sk))
    return [item.to_dynamodb_dict() for item in found]
