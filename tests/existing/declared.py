"""Models of dynamongo that declare what the programs write; `tables.py` puts them into docs/existing-tables.md."""

from __future__ import annotations

import enum

from dynamongo import (
    BinaryField,
    BooleanField,
    DateField,
    DateTimeField,
    DecimalField,
    DictField,
    EnumField,
    Field,
    FloatField,
    GlobalIndex,
    IntField,
    IPAddressField,
    JSONField,
    ListField,
    Model,
    SetField,
    StringField,
    TimestampField,
    UUIDField,
    VersionField,
)


class Colour(enum.Enum):
    RED = "red"


class Level(enum.IntEnum):
    HIGH = 3


class PynamoDB(Model):
    __table__ = "things"
    __hash_key__ = "owner"
    __range_key__ = "at"

    owner = StringField(required=True, stored_as="owner-id")
    at = DateTimeField(required=True, format="pynamodb")
    kind = StringField(required=True, stored_as="_cls")
    name = StringField()
    empty = StringField()
    count = IntField()
    ratio = FloatField()
    huge = DecimalField()
    flag = BooleanField()
    document = JSONField(format="json.dumps")
    data = BinaryField()
    old_data = BinaryField(format="base64-binary")
    parts = SetField(BinaryField)
    old_parts = SetField(BinaryField(format="base64-binary"))
    words = SetField(StringField)
    numbers = SetField(DecimalField)
    expires = DateTimeField(format="epoch")
    line = DictField(
        sku=StringField(), price=FloatField(), shipped=DateTimeField(format="pynamodb", stored_as="shipped-at")
    )
    lines = ListField(
        DictField(
            sku=StringField(), price=FloatField(), shipped=DateTimeField(format="pynamodb", stored_as="shipped-at")
        )
    )
    dates = ListField(DateTimeField(format="pynamodb"))
    mixed = ListField(Field)
    free = DictField()
    dynamic = DictField()
    version = VersionField()
    by_name = GlobalIndex(name="by-name", hash_key=name, range_key=at, projection="keys_only")


class Boto3(Model):
    __table__ = "things"
    __hash_key__ = "pk"
    __range_key__ = "sk"

    pk = StringField(required=True, stored_as="PK")
    sk = StringField(required=True, stored_as="SK")
    kind = StringField(stored_as="_type")
    user_id = UUIDField(stored_as="user-id")
    hex = UUIDField(format="hex")
    capitals = UUIDField(format="upper")
    name = StringField()
    empty = StringField()
    nothing = StringField()
    count = IntField()
    price = DecimalField()
    huge = DecimalField()
    exact = DecimalField()
    flag = BooleanField()
    bit = BooleanField(format="number")
    word = BooleanField(format="text")
    number_as_text = IntField(format="text")
    data = BinaryField()
    wrapped = BinaryField()
    words = SetField(StringField)
    numbers = SetField(DecimalField)
    parts = SetField(BinaryField)
    created = DateTimeField(format="isoformat")
    updated = DateTimeField(format="isoformat")
    local = DateTimeField(format="isoformat")
    spaced = DateTimeField(format="str")
    zulu = DateTimeField(format="iso-z", timespec="seconds")
    oslo = DateTimeField(format="isoformat")
    day = DateField()
    seconds = DateTimeField(format="epoch")
    fraction = TimestampField()
    milliseconds = DateTimeField(format="epoch-ms")
    colour = EnumField(Colour, format="name")
    document = JSONField(format="json.dumps")
    address = DictField(city=StringField(), zip=StringField(), since=DateTimeField(format="iso-z", timespec="seconds"))
    rows = ListField(DictField(n=IntField(), at=DateTimeField(format="iso-z", timespec="seconds")))
    mixed = ListField(Field)
    dotted = StringField(stored_as="a.b")
    origin = StringField(stored_as="from")
    last_update = StringField(stored_as="update")


class Dyntastic(Model):
    __table__ = "things"
    __hash_key__ = "owner"
    __range_key__ = "number"

    owner = StringField(required=True)
    number = IntField(required=True)
    alias = StringField(stored_as="user-name")
    empty = StringField()
    price = DecimalField()
    flag = BooleanField()
    data = BinaryField()
    at = DateTimeField(format="iso-z", timespec="auto")
    at_second = DateTimeField(format="iso-z", timespec="auto")
    at_millisecond = DateTimeField(format="iso-z", timespec="auto")
    local = DateTimeField(format="isoformat")
    oslo = DateTimeField(format="isoformat")
    day = DateField()
    time = StringField()
    span = StringField()
    unique = UUIDField()
    colour = EnumField(Colour)
    level = EnumField(Level)
    ip = IPAddressField()
    words = SetField(StringField)
    numbers = SetField(IntField)
    days = ListField(DateField)
    address = DictField(city=StringField(), zip=StringField(), since=DateTimeField(format="iso-z", timespec="auto"))
    addresses = ListField(
        DictField(city=StringField(), zip=StringField(), since=DateTimeField(format="iso-z", timespec="auto"))
    )
    free = DictField()


class Pydynox(Model):
    __table__ = "things"
    __hash_key__ = "pk"
    __range_key__ = "sk"

    pk = StringField(required=True)
    sk = DateTimeField(required=True, format="isoformat")
    name = StringField(stored_as="user-name")
    empty = StringField()
    count = IntField()
    ratio = FloatField()
    price = DecimalField()
    flag = BooleanField()
    data = BinaryField()
    at = DateTimeField(format="isoformat")
    oslo = DateTimeField(format="isoformat")
    expires = DateTimeField(format="epoch")
    colour = EnumField(Colour)
    document = JSONField(format="json.dumps")
    packed = StringField()
    words = ListField(StringField)
    numbers = ListField(DecimalField(format="text"))
    rows = ListField(Field)
    address = DictField(city=StringField(), zip=StringField())
    free = DictField()
    version = VersionField()


class Bloop(Model):
    __table__ = "things"
    __hash_key__ = "unique"
    __range_key__ = "at"

    unique = UUIDField(required=True, stored_as="id")
    at = DateTimeField(required=True)
    name = StringField(stored_as="user-name")
    count = IntField()
    price = DecimalField()
    expires = DateTimeField(format="epoch")
    flag = BooleanField()
    data = BinaryField(format="base64-binary")
    words = SetField(StringField)
    numbers = SetField(IntField)
    parts = SetField(BinaryField(format="base64-binary"))
    dates = ListField(DateTimeField)
    line = DictField(sku=StringField(), price=DecimalField(), shipped=DateTimeField(format="epoch"))
    rows = ListField(Field)
    free = DictField()
    by_name = GlobalIndex(hash_key=name, range_key=at, projection="keys_only")


class JavaScript(Model):
    __table__ = "things"
    __hash_key__ = "pk"
    __range_key__ = "created_at"

    pk = StringField(required=True)
    created_at = DateTimeField(required=True, format="iso-z", stored_as="createdAt")
    user_id = UUIDField(stored_as="user-id")
    name = StringField()
    empty = StringField()
    nothing = StringField()
    count = IntField()
    ratio = FloatField()
    sum = FloatField()
    small = FloatField()
    huge = IntField()
    exact = DecimalField()
    flag = BooleanField()
    data = BinaryField()
    words = SetField(StringField)
    numbers = SetField(DecimalField)
    updated_at = DateTimeField(format="iso-z", stored_as="updatedAt")
    now = DateTimeField(format="epoch-ms")
    expires = DateTimeField(format="epoch")
    document = JSONField()
    address = DictField(city=StringField(), zip=StringField(), since=DateTimeField(format="iso-z"))
    lines = ListField(DictField(sku=StringField(), price=FloatField(), shipped=DateTimeField(format="iso-z")))
    mixed = ListField(Field)


class AppSync(Model):
    """What AppSync and Amplify write, as their documentation has it."""

    __table__ = "things"
    __hash_key__ = "id"

    id = UUIDField(required=True)  # ID
    typename = StringField(required=True, stored_as="__typename")  # the name of the type
    created_at = DateTimeField(format="iso-z", stored_as="createdAt")  # AWSDateTime that Amplify sets
    updated_at = DateTimeField(format="iso-z", stored_as="updatedAt")  # AWSDateTime that Amplify sets
    version = IntField(stored_as="_version")  # conflict detection
    last_changed_at = DateTimeField(format="epoch-ms", stored_as="_lastChangedAt")  # conflict detection
    deleted = BooleanField(stored_as="_deleted")  # conflict detection
    ttl = DateTimeField(format="epoch", stored_as="_ttl")  # conflict detection
    owner = StringField()  # owner authorization
    title = StringField()  # String
    status = StringField()  # an enum
    due = DateTimeField(format="iso-z", timespec="seconds")  # AWSDateTime
    day = DateField()  # AWSDate
    time = StringField()  # AWSTime
    stamp = DateTimeField(format="epoch")  # AWSTimestamp
    contact = StringField()  # AWSPhone
    settings = DictField()  # AWSJSON
    tags = ListField(Field)  # [String], whose elements may be null
    parent_id = UUIDField(stored_as="parentId")  # a relation
    sort_key = StringField(stored_as="status#createdAt")  # a composite sort key


MODELS: dict[str, type[Model]] = {
    "pynamodb": PynamoDB,
    "boto3": Boto3,
    "dyntastic": Dyntastic,
    "pydynox": Pydynox,
    "bloop": Bloop,
    "javascript": JavaScript,
    "appsync": AppSync,
}
