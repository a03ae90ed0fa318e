"""The models that the catalogue is about, and the items that are stored while its lines run."""

from __future__ import annotations

import dataclasses
import datetime as dt
import enum
import uuid
from decimal import Decimal

from dynamongo import (
    BinaryField,
    BooleanField,
    DateField,
    DateTimeField,
    DecimalField,
    DictField,
    Document,
    DocumentField,
    EmailField,
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
    TimedeltaField,
    TimestampField,
    URLField,
    UUIDField,
)

EMAIL = "jane@example.com"
NOW = dt.datetime(2025, 5, 17, 12, tzinfo=dt.timezone.utc)
TODAY = NOW.date()
TOKEN = uuid.UUID(int=7)


class Colour(enum.Enum):
    RED = "red"
    BLUE = "blue"


class Address(Document):
    city = StringField(required=True)
    zip = StringField()


class Line(Document):
    sku = StringField(required=True)
    quantity = IntField(required=True, default=1)


@dataclasses.dataclass
class Seat:
    row: int
    letter: str = "A"


class User(Model):
    __table__ = "users"
    __hash_key__ = "email"

    email = EmailField(required=True)
    name = StringField(required=True)
    nick = StringField()
    year = IntField()
    visits = IntField(required=True, default=0)
    score = FloatField()
    balance = DecimalField()
    is_active = BooleanField()
    site = URLField()
    ip = IPAddressField()
    token = UUIDField()
    colour = EnumField(Colour)
    photo = BinaryField()
    created_at = DateTimeField()
    born = DateField()
    played = TimedeltaField()
    seen = TimestampField()
    data = JSONField()
    anything = Field()
    cities = ListField(StringField)
    years = ListField(IntField)
    tags = SetField(StringField)
    numbers = SetField(IntField)
    settings = DictField(theme=StringField(), volume=IntField())
    home = DocumentField(Address)
    seat = DocumentField(Seat)
    lines = ListField(DocumentField(Line))
    by_name = GlobalIndex(hash_key="name", range_key="year")


class Admin(User):
    __table__ = "admins"
    level = IntField(required=True, default=1)


class Visit(Model):
    __table__ = "visits"
    __hash_key__ = "page"
    __range_key__ = "day"

    page = StringField(required=True)
    day = DateField(required=True)
    count = IntField(required=True, default=0)


class Booking(Model[tuple[str, dt.date]]):
    __table__ = "bookings"
    __hash_key__ = "room"
    __range_key__ = "day"

    room = StringField(required=True)
    day = DateField(required=True)
    guests = IntField(required=True, default=1)


class Ticket(Model[int]):
    __table__ = "tickets"
    __hash_key__ = "number"

    number = IntField(required=True)
    seat = StringField()


class Session(Model[uuid.UUID]):
    __table__ = "sessions"
    __hash_key__ = "id"

    id = UUIDField(required=True)
    user = StringField()


def store_items() -> None:
    """Create the tables, and store what the catalogue reads and changes."""
    User.create_table()
    Admin.create_table()
    Visit.create_table()
    for keyed in (Booking, Ticket, Session):
        keyed.create_table()
    User(
        email=EMAIL,
        name="Jane",
        year=1990,
        score=0.5,
        balance=Decimal(3),
        token=TOKEN,
        cities=["Nairobi"],
        years=[1990],
        tags={"a"},
        settings={"theme": "dark", "volume": 3},
        home=Address(city="Oslo"),
        seat=Seat(3),
        lines=[Line(sku="a")],
    ).save()
    User(email="john@example.com", name="John").save()
    Admin(email=EMAIL, name="Jane").save()
    Visit(page="/", day=TODAY).save()
    Booking(room="blue", day=TODAY).save()
    Ticket(number=7).save()
    Session(id=TOKEN).save()
