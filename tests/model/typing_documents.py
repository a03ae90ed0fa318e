"""What type checkers know about documents, at the class of a model and in its instances; never run."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from typing import Any

from typing_extensions import assert_type

from dynamongo import Document, DocumentField, IntField, ListField, Model, StringField
from dynamongo.expressions.conditions import AnyCondition
from dynamongo.expressions.updates import AnyUpdate


class Address(Document):
    city = StringField(required=True)
    zip = StringField(max_length=10)

    def in_one_line(self) -> str:
        assert_type(self.zip, "str | None")
        return f"{self.zip} {self.city}"


class Villa(Address):
    rooms = IntField(required=True)


class Line(Document):
    sku = StringField(required=True)
    quantity = IntField(required=True, default=1)


class Person(Document):
    home = DocumentField(Address)
    work = DocumentField(Address, required=True)


class Node(Document):
    name = StringField()
    children: ListField[Node] = ListField(DocumentField("Node"))


@dataclasses.dataclass
class Seat:
    row: int


class Cart(Model):
    __table__ = "carts"
    __hash_key__ = "id"

    id = StringField(required=True)
    home = DocumentField(Address)
    office = DocumentField(Address, required=True)
    villa = DocumentField(Villa, required=True)
    person = DocumentField(Person, required=True, stored_as="p")
    lines = ListField(DocumentField(Line))
    tree = DocumentField(Node)
    seat = DocumentField(Seat)
    seats = ListField(DocumentField(Seat, required=True))


def check_values(cart: Cart) -> None:
    assert_type(cart.home, "Address | None")
    assert_type(cart.office, Address)
    assert_type(cart.office.city, str)
    assert_type(cart.office.zip, "str | None")
    assert_type(cart.villa.city, str)
    assert_type(cart.villa.rooms, int)
    assert_type(cart.person.home, "Address | None")
    assert_type(cart.person.work.city, str)
    assert_type(cart.lines, list[Line])
    assert_type(cart.lines[0].quantity, int)
    assert_type(Node().children[0].children, list[Node])
    assert_type(cart.seat, "Seat | None")


def check_fields() -> None:
    assert_type(Cart.home.city, StringField[str])
    assert_type(Cart.office.zip, "StringField[str | None]")
    assert_type(Cart.villa.rooms, IntField[int])
    assert_type(Cart.person.home.city, StringField[str])
    assert_type(Cart.lines[0].quantity, IntField[int])
    assert_type(Cart.lines, ListField[Line, Line | Mapping[str, Any]])
    assert_type(Cart.person.work, type[Address])
    assert_type(Cart.seat, "DocumentField[Seat | None, Seat | None, Seat | Mapping[str, Any]]")
    assert_type(Cart.seats[0], Any)
    assert_type(Node.children[0].children[1].name, "StringField[str | None]")


def check_conditions() -> None:
    assert_type(Cart.home.city == "Oslo", AnyCondition)
    assert_type(Cart.home == Address(city="Oslo"), AnyCondition)
    assert_type(Cart.office != Cart.person.work, AnyCondition)
    assert_type((Cart.home == Address()) & (Cart.lines[0].quantity > 3), AnyCondition)
    assert_type(Cart.office.in_([Address()]), AnyCondition)
    assert_type(Cart.home.exists(), AnyCondition)
    assert_type(Cart.person.home.not_exists(), AnyCondition)
    assert_type(Cart.home.size() > 3, AnyCondition)
    assert_type(Cart.lines.contains(Line(sku="a")), AnyCondition)
    assert_type(Cart.home["city"], Any)


def check_updates(cart: Cart) -> None:
    assert_type(Cart.lines[0].quantity.increment(), AnyUpdate)
    assert_type(Cart.lines.append(Line(sku="a")), AnyUpdate)
    assert_type(Cart.home.set(Address(city="Oslo")), AnyUpdate)
    assert_type(Cart.home.set(Cart.office), AnyUpdate)
    assert_type(Cart.home.set_if_not_exists({"city": "Oslo"}), AnyUpdate)
    assert_type(Cart.home.remove(), AnyUpdate)
    assert_type(Cart.lines[0].remove(), AnyUpdate)
    assert_type(cart.update(Cart.home.city.set("Oslo"), Cart.person.home.remove()), Cart)
    assert_type(Cart.find(Cart.home.exists(), projection=[Cart.home, Cart.lines[0].sku]).first(), "Cart | None")


def check_forms(address: Address) -> None:
    assert_type(Address.from_dict({"city": "Oslo"}, mode="json"), Address)
    assert_type(address.to_dict(mode="json"), dict[str, Any])
    assert_type(address == Address(), bool)


def check_assignments(cart: Cart) -> None:
    cart.home = None
    cart.home = Address(city="Oslo")
    cart.office.city = "Bergen"
    cart.lines = [Line(sku="a")]
    cart.lines[0].quantity += 1
    cart.lines = [{"sku": "a"}]
    cart.office = None  # type: ignore[assignment]  # pyright: ignore[reportAttributeAccessIssue]
    cart.home = Line()  # type: ignore[assignment]  # pyright: ignore[reportAttributeAccessIssue]
    cart.office.city = 3  # type: ignore[assignment]  # pyright: ignore[reportAttributeAccessIssue]
    cart.lines = [Address()]  # type: ignore[list-item]  # pyright: ignore[reportAttributeAccessIssue]


def check_mistakes(cart: Cart) -> None:
    Cart.home.set(Line())  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    Cart.home.in_([Line()])  # type: ignore[list-item]  # pyright: ignore[reportArgumentType]
    cart.office.town = "Oslo"  # type: ignore[attr-defined]  # pyright: ignore[reportAttributeAccessIssue]
    str(cart.home.city)  # type: ignore[union-attr]  # pyright: ignore[reportOptionalMemberAccess]
    str(cart.office.town)  # type: ignore[attr-defined]  # pyright: ignore[reportAttributeAccessIssue, reportUnknownMemberType, reportUnknownArgumentType]
    str(Cart.home.town)  # type: ignore[attr-defined]  # pyright: ignore[reportAttributeAccessIssue, reportUnknownMemberType, reportUnknownArgumentType]
    Cart.home.append(3)  # type: ignore[attr-defined]  # pyright: ignore[reportAttributeAccessIssue, reportUnknownMemberType]
    str(Cart.home & Cart.office.exists())  # type: ignore[operator]  # pyright: ignore[reportOperatorIssue, reportUnknownArgumentType]
