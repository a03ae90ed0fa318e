"""Documents in documents, and a model that has them; for tests."""

from __future__ import annotations

import contextlib
import copy
from collections.abc import Iterator
from typing import Any

from dynamongo import Connection, DictField, Document, DocumentField, IntField, ListField, Model, SetField, StringField
from dynamongo.backends.memory import MemoryBackend


class Geo(Document):
    lat = IntField(required=True)
    long = IntField()


class Address(Document):
    city = StringField(required=True, max_length=20)
    zip = StringField(max_length=10, stored_as="postal-code")
    geo = DocumentField(Geo)

    COUNTRY = "NO"

    @property
    def in_one_line(self) -> str:
        return f"{self.zip} {self.city}"


class Villa(Address):
    rooms = IntField(required=True, default=4)
    city = StringField(required=True, default="Oslo")


class Line(Document):
    sku = StringField(required=True)
    quantity = IntField(default=1, min_value=1)
    notes = ListField(StringField(), default=["new"])
    marks = SetField(StringField())


class Node(Document):
    name = StringField(required=True)
    children: ListField[Node] = ListField(DocumentField("Node"))
    twin: DocumentField[Node | None] = DocumentField("Node")


class Cart(Model):
    __table__ = "carts"
    __hash_key__ = "id"
    id = StringField(required=True)
    home = DocumentField(Address)
    office = DocumentField(Address, stored_as="OFFICE")
    villa = DocumentField(Villa)
    lines = ListField(DocumentField(Line))
    grid = ListField(ListField(DocumentField(Geo)))
    places = DictField(first=DocumentField(Address))
    tree = DocumentField(Node)


HOME = Address(city="Oslo", zip="0150", geo=Geo(lat=59))
ITEM: dict[str, Any] = {
    "id": "a",
    "home": {"city": "Oslo", "postal-code": "0150", "geo": {"lat": 59}},
    "lines": [
        {"sku": "pen", "quantity": 1, "notes": ["new"]},
        {"sku": "ink", "quantity": 3, "notes": [], "marks": {"x"}},
    ],
    "grid": [[{"lat": 1, "long": 2}], []],
    "places": {"first": {"city": "Bergen"}},
    "tree": {"name": "root", "children": [{"name": "leaf", "children": []}], "twin": {"name": "twin", "children": []}},
}


def make_cart(**values: Any) -> Cart:
    return Cart(
        id="a",
        home=copy.deepcopy(HOME),
        lines=[Line(sku="pen"), Line(sku="ink", quantity=3, notes=[], marks={"x"})],
        grid=[[Geo(lat=1, long=2)], []],
        places={"first": Address(city="Bergen")},
        tree=Node(name="root", children=[Node(name="leaf")], twin=Node(name="twin")),
        **values,
    )


@contextlib.contextmanager
def saved_cart() -> Iterator[Cart]:
    """Save a cart to memory."""
    with Connection.using(MemoryBackend()):
        Cart.create_table()
        yield make_cart().save()
