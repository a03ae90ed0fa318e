"""What type checkers know about typed models and documents; checked by mypy and pyright, never run."""

from __future__ import annotations

import dataclasses
import datetime as dt
import enum
from collections.abc import Mapping
from typing import Any, ClassVar

from typing_extensions import assert_type

from dynamongo import (
    DateField,
    DateTimeField,
    DocumentField,
    EmailField,
    EnumField,
    Field,
    GlobalIndex,
    IntField,
    ListField,
    Model,
    SetField,
    StringField,
    TypedDocument,
    TypedModel,
    URLField,
    VersionField,
    before_save,
)
from dynamongo.expressions.conditions import AnyCondition


class Colour(enum.Enum):
    RED = "r"


@dataclasses.dataclass
class Seat:
    row: int


class Money(Field[int]):
    """A field of one's own."""


class Address(TypedDocument):
    city: StringField[str]
    zip: StringField[str | None] = StringField(default=None, max_length=10)


class Villa(Address):
    rooms: IntField[int] = IntField(required=True, default=3)


class Audited(TypedModel[Any]):
    __abstract__ = True

    created: DateTimeField[dt.datetime] = DateTimeField(auto="create", required=True, default=None)
    changed: ClassVar = DateTimeField(auto="write", required=True)
    version = VersionField()


class User(TypedModel[str]):
    __table__ = "users"
    __hash_key__ = "email"

    email: EmailField[str]
    name: StringField[str] = StringField(required=True, max_length=80)
    year: IntField[int | None] = IntField(default=None)
    visits: IntField[int] = IntField(required=True, default=0)
    colour: EnumField[Colour] = EnumField(Colour, required=True, default=Colour.RED)
    other: EnumField[Colour | None] = EnumField(Colour, default=None)
    home: DocumentField[Address] = DocumentField(Address, required=True, default={"city": "Oslo"})
    work: DocumentField[Address | None] = DocumentField(Address, default=None)
    seat: DocumentField[Seat] = DocumentField(Seat, required=True, default=None)
    bench: DocumentField[Seat | None] = DocumentField(Seat, default=None)
    cities: ListField[str] = ListField(StringField)
    days: ListField[dt.date] = ListField(DateField, default=[])
    tags: SetField[int] = SetField(IntField)
    price: Money = Money(required=True)
    second_email: StringField[str | None] = EmailField(default=None)
    site: StringField[str] = URLField(required=True, default="https://x.org")
    limit: ClassVar[int] = 3
    slug: ClassVar = StringField(required=True, computed=lambda user: user.name, computed_from=["name"])
    by_name = GlobalIndex(hash_key="name")

    @before_save
    def clean(self) -> None:
        self.name = self.name.strip()


class Admin(User, Audited):
    level: IntField[int]
    home: DocumentField[Address] = DocumentField(Address, required=True)


class Visit(TypedModel[tuple[str, int]]):
    __table__ = "visits"
    __hash_key__ = "city"
    __range_key__ = "number"

    city: StringField[str]
    number: IntField[int]

    def __init__(self, city: str, number: int) -> None:
        super().__init__(city=city, number=number)


def check_constructors() -> None:
    User(email="a@x.org", name="Jane", year=1990, home=Address(city="Oslo"), work={"city": "Oslo"}, colour="r")
    assert_type(User(email="a@x.org", name="Jane"), User)
    Admin(
        email="a@x.org",
        name="Jane",
        level=3,
        home={"city": "Oslo"},
        created=dt.datetime(2026, 11, 29, tzinfo=dt.timezone.utc),
    )
    Visit("Oslo", 3)
    Villa(city="Oslo")


def check_values(user: User, admin: Admin) -> None:
    assert_type(user.email, str)
    assert_type(user.year, "int | None")
    assert_type(user.colour, Colour)
    assert_type(user.other, "Colour | None")
    assert_type(user.home.city, str)
    assert_type(user.work, "Address | None")
    assert_type(user.bench, "Seat | None")
    assert_type(user.cities, list[str])
    assert_type(user.tags, set[int])
    assert_type(user.slug, str)
    assert_type(admin.created, dt.datetime)
    assert_type(admin.changed, dt.datetime)
    assert_type(admin.version, "int | None")
    user.year = None
    user.home = {"city": "Oslo"}
    user.home = Address(city="Oslo")
    user.home.city = "Bergen"


def check_fields() -> None:
    assert_type(User.email, EmailField[str])
    assert_type(User.slug, StringField[str])
    assert_type(User.home, type[Address])
    assert_type(User.work, type[Address])
    assert_type(User.work.city, StringField[str])
    assert_type(User.seat, DocumentField[Seat, Seat, Seat | Mapping[str, Any]])
    assert_type(User.bench, "DocumentField[Seat | None, Seat | None, Seat | Mapping[str, Any]]")
    assert_type(User.year < 2000, AnyCondition)
    assert_type((User.home.city == "Oslo") & (User.colour == Colour.RED), AnyCondition)
    assert_type(User.bench == Seat(3), AnyCondition)
    assert_type(User.other.in_([Colour.RED, "r"]), AnyCondition)
    assert_type(User.get_one("a@x.org"), User)
    assert_type(User.on_table("others")(email="a@x.org", name="Jane"), User)
    assert_type(Visit.get_one(("Oslo", 3)), Visit)


async def check_awaited(user: User) -> None:
    assert_type(await User.aio.get_one("a@x.org"), User)
    assert_type(await user.aio.save(), User)


def make(model: type[TypedModel], document: type[TypedDocument], values: dict[str, Any]) -> Model:
    document(**values)
    return model(**values)


def check_mistakes(user: User) -> None:
    User(name="Jane")  # type: ignore[call-arg]  # pyright: ignore[reportCallIssue]
    User(email=3, name="Jane")  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    User(email=None, name="Jane")  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    User(emial="a@x.org", name="Jane")  # type: ignore[call-arg]  # pyright: ignore[reportCallIssue]
    User("a@x.org", name="Jane")  # type: ignore[call-arg]  # pyright: ignore[reportCallIssue]
    User(email="a@x.org", name="Jane", slug="jane")  # type: ignore[call-arg]  # pyright: ignore[reportCallIssue]
    User(email="a@x.org", name="Jane", limit=4)  # type: ignore[call-arg]  # pyright: ignore[reportCallIssue]
    User(email="a@x.org", name="Jane", cities=[3])  # type: ignore[list-item]  # pyright: ignore[reportArgumentType]
    User(email="a@x.org", name="Jane", home=Seat(3))  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    Admin(email="a@x.org", name="Jane", level="x", home={})  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    Admin(email="a@x.org", name="Jane", level=3)  # type: ignore[call-arg]  # pyright: ignore[reportCallIssue]
    Address(town="Oslo")  # type: ignore[call-arg]  # pyright: ignore[reportCallIssue]
    Address()  # type: ignore[call-arg]  # pyright: ignore[reportCallIssue]
    Visit("Oslo", "x")  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    User.other.set(None)  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    user.email = None  # type: ignore[assignment]  # pyright: ignore[reportAttributeAccessIssue]
    user.home = None  # type: ignore[assignment]  # pyright: ignore[reportAttributeAccessIssue]


def check_declarations() -> None:
    class Broken(TypedModel[str]):
        __table__ = "broken"
        __hash_key__ = "a"

        a: StringField[str] = StringField(max_length=80)  # type: ignore[assignment]  # pyright: ignore[reportAssignmentType]
        b: IntField[int] = StringField(required=True)  # type: ignore[assignment]  # pyright: ignore[reportAssignmentType]
        c: DocumentField[Address] = DocumentField(Address)  # type: ignore[assignment]  # pyright: ignore[reportAssignmentType]
        d: EnumField[Colour] = EnumField(Colour)  # type: ignore[assignment]  # pyright: ignore[reportAssignmentType]
        e: ListField[int] = ListField(StringField)  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType, reportAssignmentType]

    str(Broken)
