"""The items of the session store in dynamongo, under the names and in the forms that the others use."""

from __future__ import annotations

from dynamongo import (
    BinaryField,
    BooleanField,
    DateTimeField,
    GlobalIndex,
    IntField,
    JSONField,
    Model,
    StringField,
)


class Record(Model):
    """What all items have."""

    __table__ = "sessions"
    __hash_key__ = "pk"
    __range_key__ = "sk"
    __kind_field__ = "kind"
    __billing__ = "on_demand"

    pk = StringField(required=True, stored_as="PK")
    sk = StringField(required=True, stored_as="SK")
    kind = StringField(required=True, stored_as="_cls")
    created = DateTimeField(required=True, format="pynamodb", stored_as="createdAt")
    user_name = StringField(stored_as="userName")

    by_user = GlobalIndex(name="UserIndex", hash_key=user_name, range_key=created, projection="keys_only")


class User(Record):
    """Someone who signs in."""

    __kind__ = "User"

    pk = StringField(template="USER#{name}", stored_as="PK")
    sk = StringField(template="USER#{name}", stored_as="SK")
    name = StringField(required=True, stored=False)  # nowhere but in the keys
    email = StringField(required=True)
    is_active = BooleanField(required=True, stored_as="isActive")
    password = BinaryField(required=True, format="base64-binary")
    failures = IntField(default=0)


class Session(Record):
    """A session, until DynamoDB deletes it."""

    __kind__ = "Session"

    pk = StringField(template="SESSION#{token}", stored_as="PK")
    sk = StringField(template="SESSION#{token}", stored_as="SK")
    token = StringField(required=True, stored=False)
    data = JSONField(required=True, format="json.dumps")
    expires = DateTimeField(required=True, format="epoch", stored_as="expiresAt")
    seen = DateTimeField(format="pynamodb", stored_as="lastSeen")
