"""Fill the shop's table with PynamoDB."""

from __future__ import annotations

from datetime import datetime, timezone

from pynamodb.attributes import (
    JSONAttribute,
    ListAttribute,
    MapAttribute,
    NumberAttribute,
    UnicodeAttribute,
    UnicodeSetAttribute,
    UTCDateTimeAttribute,
    VersionAttribute,
)
from pynamodb.indexes import AllProjection, GlobalSecondaryIndex
from pynamodb.models import Model

NOON = datetime(2025, 3, 1, 12, tzinfo=timezone.utc)


class GSI1(GlobalSecondaryIndex):
    """Orders by status and date."""

    class Meta:
        index_name = "GSI1"
        projection = AllProjection()

    gsi1pk = UnicodeAttribute(hash_key=True, attr_name="GSI1PK")
    gsi1sk = UnicodeAttribute(range_key=True, attr_name="GSI1SK")


class Item(Model):
    """What all items have."""

    class Meta:
        table_name = "shop"
        host: str | None = None
        region = "us-east-2"
        billing_mode = "PAY_PER_REQUEST"

    pk = UnicodeAttribute(hash_key=True, attr_name="PK")
    sk = UnicodeAttribute(range_key=True, attr_name="SK")
    entity_type = UnicodeAttribute(attr_name="EntityType")
    created = UTCDateTimeAttribute(attr_name="CreatedAt", default=NOON)
    gsi1pk = UnicodeAttribute(attr_name="GSI1PK", null=True)
    gsi1sk = UnicodeAttribute(attr_name="GSI1SK", null=True)
    gsi1 = GSI1()


class Address(MapAttribute):
    """Where a customer lives."""

    street = UnicodeAttribute(attr_name="Street")
    city = UnicodeAttribute(attr_name="City")


class Customer(Item):
    """Someone who orders."""

    name = UnicodeAttribute(attr_name="Name")
    email = UnicodeAttribute(attr_name="Email")
    address = Address(attr_name="Address", null=True)
    interests = UnicodeSetAttribute(attr_name="Interests", null=True)
    preferences = JSONAttribute(attr_name="Preferences", null=True)


class Order(Item):
    """An order of a customer."""

    status = UnicodeAttribute(attr_name="Status")
    total = NumberAttribute(attr_name="Total")
    notes = ListAttribute(attr_name="Notes", null=True)
    version = VersionAttribute(attr_name="Version")


class Line(Item):
    """One product of an order."""

    quantity = NumberAttribute(attr_name="Quantity")
    price = NumberAttribute(attr_name="Price")


def fill(url: str, table: str) -> None:
    """Create the table, and a customer with two orders."""
    for model in (Item, Customer, Order, Line):
        model.Meta.host, model.Meta.table_name = url, table
    Item.create_table(wait=True)
    with Item.batch_write() as batch:
        for item in items():
            batch.save(item)


def items() -> list[Item]:
    """Return the items; an order's lines lie beside it, in the partition of the order."""
    customer = Customer(
        "c#jane",
        "c#jane",
        entity_type="customer",
        name="Jane",
        email="jane@example.com",
        address=Address(street="Main Street 1", city="Oslo"),
        interests={"light", "chairs"},
        preferences={"newsletter": True, "currency": "NOK", "sizes": [1, 2.5]},
    )
    return [
        customer,
        *order("1001", "open", 59.7, notes=["fragile", None]),
        *order("1002", "sent", 19.9),
    ]


def order(number: str, status: str, total: float, **attributes: object) -> list[Item]:
    """Return an order of lamps with its line."""
    head = Order("c#jane", f"o#{number}", entity_type="order", status=status, total=total, version=1, **attributes)
    head.gsi1pk, head.gsi1sk = f"status#{status}", f"2025-03-01#{number}"
    quantity = round(total / 19.9)
    return [head, Line(f"o#{number}", "p#lamp", entity_type="orderItem", quantity=quantity, price=19.9)]


def read(url: str, table: str) -> list[dict[str, object]]:
    """Return what PynamoDB reads, as it would store it again."""
    models = {"customer": Customer, "order": Order, "orderItem": Line}
    for model in (Item, Customer, Order, Line):
        model.Meta.host, model.Meta.table_name = url, table
    found = sorted(Item.scan(consistent_read=True), key=lambda item: (item.pk, item.sk))
    return [models[item.entity_type].get(item.pk, item.sk, consistent_read=True).to_dynamodb_dict() for item in found]
