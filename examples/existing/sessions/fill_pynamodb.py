"""Fill the session store's table with PynamoDB."""

from __future__ import annotations

from datetime import datetime, timezone

from pynamodb.attributes import (
    BinaryAttribute,
    BooleanAttribute,
    DiscriminatorAttribute,
    JSONAttribute,
    NumberAttribute,
    TTLAttribute,
    UnicodeAttribute,
    UTCDateTimeAttribute,
)
from pynamodb.indexes import GlobalSecondaryIndex, KeysOnlyProjection
from pynamodb.models import Model

NOON = datetime(2025, 3, 1, 12, tzinfo=timezone.utc)
NEXT_YEAR = datetime(2100, 3, 1, 12, tzinfo=timezone.utc)
TOKEN = "5f0c1d6e-0b7a-4a53-9d3e-1f0f4a8c2b11"  # noqa: S105 - an identifier of the example


class ByUser(GlobalSecondaryIndex):
    """The sessions of a user, to end all of them; it holds the keys alone."""

    class Meta:
        index_name = "UserIndex"
        projection = KeysOnlyProjection()

    user_name = UnicodeAttribute(hash_key=True, attr_name="userName")
    created = UTCDateTimeAttribute(range_key=True, attr_name="createdAt")


class Record(Model):
    """What all items have."""

    class Meta:
        table_name = "sessions"
        host: str | None = None
        region = "us-east-2"
        billing_mode = "PAY_PER_REQUEST"

    pk = UnicodeAttribute(hash_key=True, attr_name="PK")
    sk = UnicodeAttribute(range_key=True, attr_name="SK")
    kind = DiscriminatorAttribute(attr_name="_cls")
    created = UTCDateTimeAttribute(attr_name="createdAt")
    user_name = UnicodeAttribute(attr_name="userName", null=True)
    by_user = ByUser()


class User(Record, discriminator="User"):
    """Someone who signs in."""

    email = UnicodeAttribute()
    is_active = BooleanAttribute(attr_name="isActive")
    password = BinaryAttribute(legacy_encoding=True)
    failures = NumberAttribute(default=0)


class Session(Record, discriminator="Session"):
    """A session, until DynamoDB deletes it."""

    data = JSONAttribute()
    expires = TTLAttribute(attr_name="expiresAt")
    seen = UTCDateTimeAttribute(attr_name="lastSeen", null=True)


def fill(url: str, table: str) -> None:
    """Create the table, and a user with two sessions."""
    for model in (Record, User, Session):
        model.Meta.host, model.Meta.table_name = url, table
    Record.create_table(wait=True)
    for item in items():
        item.save()


def items() -> list[Record]:
    """Return the items."""
    user = User("USER#jane", "USER#jane", created=NOON, email="jane@example.com", is_active=True, password=b"\x00\xff")
    return [user, session(TOKEN, {"cart": ["lamp"], "theme": "dark"}), session(TOKEN[::-1], {}, seen=NOON)]


def session(token: str, data: object, **attributes: object) -> Session:
    """Return a session of Jane."""
    key = f"SESSION#{token}"
    return Session(key, key, created=NOON, user_name="jane", data=data, expires=NEXT_YEAR, **attributes)


def read(url: str, table: str) -> list[dict[str, object]]:
    """Return what PynamoDB reads, as it would store it again; the discriminator finds the class."""
    for model in (Record, User, Session):
        model.Meta.host, model.Meta.table_name = url, table
    found = sorted(Record.scan(consistent_read=True), key=lambda item: (item.pk, item.sk))
    return [item.to_dynamodb_dict() for item in found]
