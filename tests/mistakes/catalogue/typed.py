"""Mistakes with typed models and documents; `mistakes.marks` says what the comments mean."""

from __future__ import annotations

import datetime as dt
import functools
import ipaddress
from collections.abc import Callable
from decimal import Decimal
from typing import Any, ClassVar, TypeVar

from dynamongo import (
    BooleanField,
    DateField,
    DateTimeField,
    DecimalField,
    DictField,
    DocumentField,
    EmailField,
    EnumField,
    GlobalIndex,
    IntField,
    IPAddressField,
    ListField,
    SetField,
    StringField,
    TypedDocument,
    TypedModel,
    UUIDField,
    VersionField,
    before_save,
    ulid,
)
from mistakes.catalogue.models import EMAIL, NOW, TODAY, TOKEN, Colour

M = TypeVar("M", bound=TypedModel)


class Address(TypedDocument):
    city: StringField[str]
    zip: StringField[str | None] = StringField(default=None)


class Line(TypedDocument):
    sku: StringField[str]
    quantity: IntField[int] = IntField(required=True, default=1)


class Person(TypedModel[str]):
    __table__ = "people"
    __hash_key__ = "email"

    email: EmailField[str]
    name: StringField[str] = StringField(required=True, max_length=80)
    nick: StringField[str | None] = StringField(default=None)
    year: IntField[int | None] = IntField(default=None, min_value=1900)
    visits: IntField[int] = IntField(required=True, default=0)
    balance: DecimalField[Decimal | None] = DecimalField(default=None)
    is_active: BooleanField[bool] = BooleanField(required=True, default=True)
    ip: IPAddressField[str | None] = IPAddressField(default=None)
    token: UUIDField[Any] = UUIDField(default=None)
    colour: EnumField[Colour | None] = EnumField(Colour, default=None)
    created_at: DateTimeField[dt.datetime | None] = DateTimeField(default=None)
    limit: ClassVar[int] = 3
    cities: ListField[str] = ListField(StringField)
    tags: SetField[str] = SetField(StringField)
    settings: DictField[dict[str, Any] | None] = DictField(default=None)
    home: DocumentField[Address | None] = DocumentField(Address, default=None)
    lines: ListField[Line] = ListField(DocumentField(Line))
    slug: ClassVar = StringField(required=True, computed=lambda person: person.name.lower(), computed_from=["name"])
    version = VersionField()
    by_name = GlobalIndex(hash_key="name", range_key="year")

    @before_save
    def strip(self) -> None:
        self.name = self.name.strip()

    def greet(self) -> str:
        return f"Hello {self.nick or self.name}"


class Employee(Person):
    __table__ = "employees"
    level: IntField[int]
    since: DateField[dt.date | None] = DateField(default=None)


class Booked(TypedModel[tuple[str, dt.date]]):
    __table__ = "booked"
    __hash_key__ = "room"
    __range_key__ = "day"
    room: StringField[str]
    day: DateField[dt.date]
    id: StringField[str] = StringField(required=True, default=ulid)


def make(model: type[M], **values: Any) -> M:
    return model(**values).save()


def hire(make_person: Callable[..., Person]) -> Person:
    return make_person(email=EMAIL, name="Jane")


def typed_constructors() -> None:
    """Constructors of typed models and documents."""
    Person(email=EMAIL, name="Jane")
    Person(name="Jane", email=EMAIL, year=1990, visits=3, nick=None, is_active=False)
    Person(email=EMAIL, name="Jane", balance=3, year=Decimal(1990))
    Person(email=EMAIL, name="Jane", colour=Colour.RED, created_at=NOW, token=TOKEN)
    Person(email=EMAIL, name="Jane", colour="red", created_at="2025-05-17", token=str(TOKEN))
    Person(email=EMAIL, name="Jane", ip=ipaddress.ip_address("10.0.0.1"))
    Person(email=EMAIL, name="Jane", cities=["Oslo"], tags={"a"}, settings={"theme": "dark"})
    Person(email=EMAIL, name="Jane", cities=("Oslo",), tags=["a"])
    Person(email=EMAIL, name="Jane", home=Address(city="Oslo"), lines=[Line(sku="a"), Line(sku="b", quantity=2)])
    Person(email=EMAIL, name="Jane", home={"city": "Oslo"})
    values: dict[str, Any] = {"email": EMAIL, "name": "Jane"}
    Person(**values)
    Employee(email=EMAIL, name="Jane", level=3)
    Booked(room="blue", day=TODAY)
    Booked(room="blue", day="2025-05-17")
    Person()  # silent mistake
    Person(email=EMAIL)  # silent mistake
    Person(name="Jane")  # silent mistake
    Person(EMAIL, "Jane")  # mistake
    Person({"email": EMAIL, "name": "Jane"})  # mistake
    Person(email=EMAIL, nmae="Jane")  # mistake
    Person(email=EMAIL, name="Jane", age=3)  # mistake
    Person(email=EMAIL, name=7)  # mistake
    Person(email=EMAIL, name=None)  # silent mistake
    Person(email=7, name="Jane")  # mistake
    Person(email=EMAIL, name="Jane", year="1990")  # mistake
    Person(email=EMAIL, name="Jane", year=1990.5)  # mistake
    Person(email=EMAIL, name="Jane", visits=None)  # silent mistake
    Person(email=EMAIL, name="Jane", balance=0.5)  # mistake
    Person(email=EMAIL, name="Jane", is_active="yes")  # mistake
    Person(email=EMAIL, name="Jane", ip=167772161)  # mistake
    Person(email=EMAIL, name="Jane", colour=b"red")  # mistake
    Person(email=EMAIL, name="Jane", created_at=2025)  # mistake
    Person(email=EMAIL, name="Jane", cities="Oslo")  # mistake
    Person(email=EMAIL, name="Jane", cities=[7])  # mistake
    Person(email=EMAIL, name="Jane", tags="a")  # mistake
    Person(email=EMAIL, name="Jane", settings="dark")  # mistake
    Person(email=EMAIL, name="Jane", home="Oslo")  # mistake
    Person(email=EMAIL, name="Jane", home=Line(sku="a"))  # mistake
    Person(email=EMAIL, name="Jane", lines=[Address(city="Oslo")])  # mistake
    Person(email=EMAIL, name="Jane", lines=Line(sku="a"))  # mistake
    Person(email=EMAIL, name="Jane", home=Address())  # silent mistake
    Person(email=EMAIL, name="Jane", home=Address(town="Oslo"))  # mistake
    Person(email=EMAIL, name="Jane", slug="other")  # silent mistake
    Person(email=EMAIL, name="Jane", by_name="Jane")  # mistake
    Person(email=EMAIL, name="Jane", limit=4)  # mistake
    Person(email=EMAIL, name="Jane", level=3)  # mistake
    Employee(email=EMAIL, name="Jane")  # silent mistake
    Employee(email=EMAIL, name="Jane", level="3")  # mistake
    Booked(room="blue")  # silent mistake
    Booked(room="blue", day=7)  # mistake
    Booked("blue", TODAY)  # mistake
    Address(city="Oslo", zip="0150")
    Address(zip="0150")  # silent mistake
    Address(city=7)  # mistake
    Address("Oslo")  # mistake
    Line(sku="a", quantity="2")  # mistake
    Line(sku="a", price=3)  # mistake


def typed_uses() -> None:
    """Uses of typed models."""
    for model in (Person, Employee, Booked):
        model.create_table()
    jane = Person(email=EMAIL, name="Jane", year=1990, home=Address(city="Oslo"), lines=[Line(sku="a")]).save()
    Employee(email=EMAIL, name="Jane", level=3).save()
    Booked(room="blue", day=TODAY).save()
    jane.greet().upper()
    jane.name.upper()
    jane.nick.upper()  # mistake
    jane.year + 1  # silent mistake
    jane.nmae.upper()  # mistake
    jane.slug.upper()
    jane.visits += 1
    jane.year = 1990
    jane.year += 1
    jane.year = "1990"  # mistake
    jane.name = None  # silent mistake
    jane.name = 7  # mistake
    jane.nmae = "Jane"  # mistake
    jane.home = Address(city="Oslo")
    jane.home.city = "Bergen"
    jane.home.city = 7  # mistake
    jane.home.town = "Bergen"  # mistake
    jane.lines[0].quantity += 1
    jane.lines[0].price += 1  # mistake
    jane.cities.append("Oslo")
    jane.cities = [7]  # mistake
    Person.find(Person.year < 2000)
    Person.find(Person.year < "2000")  # mistake
    Person.find(Person.name == 7)  # mistake
    Person.find(Person.year.begins_with("19"))  # mistake
    Person.find(Person.home.city == "Oslo")
    Person.find(Person.home.city == 7)  # mistake
    Person.find(Person.home.town == "Oslo")  # mistake
    Person.find(Person.lines[0].quantity > 3)
    Person.find(Person.lines[0].quantity > "3")  # mistake
    Person.find(Person.cities.contains("Oslo"), index=Person.by_name if jane.nick else None)
    Person.find(Person.cities.contains(7))  # mistake
    Person.find(Person.slug == "jane")
    Person.find(Person.nmae == "Jane")  # mistake
    Person.find(Person.colour.in_([Colour.RED, "blue"]) & (Person.colour == Colour.RED))
    Person.find(Person.colour == None)  # mistake
    Person.find(Person.colour.in_([None]))  # mistake
    Person.get_one(EMAIL).update(Person.colour.set(None))  # mistake
    Person.get_one(EMAIL).update(Person.visits.increment(), Person.name.set("Jane"))
    Person.get_one(EMAIL).update(Person.visits.increment("1"))  # mistake
    Person.get_one(EMAIL).update(Person.name.set(7))  # mistake
    Person.get_one(EMAIL).update(Person.name.increment())  # mistake
    Person.get_one(EMAIL).update(Person.home.city.set("Bergen"))
    Person.get_one(EMAIL).update(Person.home.city.set(7))  # mistake
    Person.get_one(7)  # mistake
    Person.get_one(None)  # mistake
    Person.get_one((EMAIL, "Jane"))  # mistake
    Person.get_many([EMAIL])
    Person.get_many([7])  # mistake
    Booked.get_one(("blue", TODAY))
    Booked.get_one("blue")  # mistake
    Booked.get_one((TODAY, "blue"))  # mistake
    Employee.get_one(EMAIL).level += 1
    Person.get_one(EMAIL).level += 1  # mistake
    Person.save_one(Person(email="b@example.com", name="Jane"))
    Person.save_one({"email": "c@example.com", "name": "Jane"})
    Person.save_one(Booked(room="blue", day=TODAY))  # mistake
    Person.save_many(Person(email=f"{letter}@example.com", name=letter) for letter in "xy")
    Person.save_many([Booked(room="blue", day=TODAY)])  # mistake
    [person.name for person in Person.find(scans="allow")]
    [person["name"] for person in Person.find(scans="allow")]  # mistake
    make(Person, email="d@example.com", name="Jane").name.upper()
    make(Person, email="e@example.com", name="Jane").nmae.upper()  # mistake
    hire(Person)
    hire(functools.partial(Employee, level=3)).name.upper()
    hire(Booked)  # mistake


def typed_declarations() -> None:
    """Declarations of typed models."""

    class Right(TypedModel[str]):
        __table__ = "right"
        __hash_key__ = "id"
        id: StringField[str]
        name: StringField[str | None]
        year: IntField[int] = IntField(required=True, default=3, min_value=1)
        colour: EnumField[Colour]
        shade: EnumField[Colour | None] = EnumField(Colour, default=None, by_name=True)
        home: DocumentField[Address]
        cities: ListField[str]
        numbers: ListField[int] = ListField(IntField(min_value=1))
        limit: ClassVar[int] = 3

    Right(id="a", name=None, colour=Colour.RED, home=Address(city="Oslo"), cities=[]).numbers.append(3)

    class PlainAnnotation(TypedModel[str]):  # mistake that both accept: other attributes may be annotated, too
        __table__ = "wrong"
        __hash_key__ = "id"
        id: StringField[str]
        name: str

    class PlainValue(TypedModel[str]):  # mistake that both accept: other attributes may be annotated, too
        __table__ = "wrong"
        __hash_key__ = "id"
        id: StringField[str]
        limit: int = 3

    class ValueOfAnotherType(TypedModel[str]):  # mistake that both accept: they do not know of which type a field is
        __table__ = "wrong"
        __hash_key__ = "id"
        id: StringField[str]
        year: IntField[str]

    class ValueOfAnotherField(TypedModel[str]):
        __table__ = "wrong"
        __hash_key__ = "id"
        id: StringField[str] = IntField(required=True)  # mistake

    class RequiredButOptional(TypedModel[str]):
        __table__ = "wrong"
        __hash_key__ = "id"
        id: StringField[str]
        name: StringField[str] = StringField()  # mistake

    class WrongDefault(TypedModel[str]):
        __table__ = "wrong"
        __hash_key__ = "id"
        id: StringField[str]
        year: IntField[int] = IntField(required=True, min_value="3")  # mistake

    class WrongElements(TypedModel[str]):
        __table__ = "wrong"
        __hash_key__ = "id"
        id: StringField[str]
        names: ListField[str] = ListField(IntField)  # silent mistake

    class WrongDocument(TypedModel[str]):
        __table__ = "wrong"
        __hash_key__ = "id"
        id: StringField[str]
        home: DocumentField[Address] = DocumentField(Line, required=True)  # silent mistake

    class WrongEnum(TypedModel[str]):
        __table__ = "wrong"
        __hash_key__ = "id"
        id: StringField[str]
        colour: EnumField[Colour] = EnumField(int)  # mistake

    class UnknownOption(TypedModel[str]):
        __table__ = "wrong"
        __hash_key__ = "id"
        id: StringField[str]
        name: StringField[str] = StringField(required=True, size=3)  # mistake

    class NumberAsKey(TypedModel[str]):
        __table__ = "wrong"
        __hash_key__ = 3  # mistake
        id: StringField[str]
