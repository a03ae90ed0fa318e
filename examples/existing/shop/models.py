"""The shop's items in dynamongo, under the names and in the forms that the others use."""

from __future__ import annotations

from dynamongo import (
    DateTimeField,
    DecimalField,
    Document,
    DocumentField,
    Field,
    GlobalIndex,
    IntField,
    JSONField,
    ListField,
    Model,
    SetField,
    StringField,
    VersionField,
)


class Item(Model):
    """What all items have."""

    __table__ = "shop"
    __hash_key__ = "pk"
    __range_key__ = "sk"
    __kind_field__ = "entity_type"
    __billing__ = "on_demand"

    pk = StringField(required=True, stored_as="PK")
    sk = StringField(required=True, stored_as="SK")
    entity_type = StringField(required=True, stored_as="EntityType")
    created = DateTimeField(format="pynamodb", stored_as="CreatedAt")
    gsi1pk = StringField(stored_as="GSI1PK")
    gsi1sk = StringField(stored_as="GSI1SK")
    gsi1 = GlobalIndex(name="GSI1", hash_key=gsi1pk, range_key=gsi1sk)


class Address(Document):
    """Where a customer lives."""

    street = StringField(stored_as="Street")
    city = StringField(stored_as="City")


class Customer(Item):
    """Someone who orders."""

    __kind__ = "customer"

    pk = StringField(template="c#{user}", stored_as="PK")
    sk = StringField(template="c#{user}", stored_as="SK")
    user = StringField(required=True, stored=False)  # nowhere but in the keys
    name = StringField(required=True, stored_as="Name")
    email = StringField(required=True, stored_as="Email")
    address = DocumentField(Address, stored_as="Address")
    interests = SetField(StringField, stored_as="Interests")
    preferences = JSONField(format="json.dumps", stored_as="Preferences")


class Order(Item):
    """An order of a customer."""

    __kind__ = "order"

    pk = StringField(template="c#{user}", stored_as="PK")
    sk = StringField(template="o#{number}", stored_as="SK")
    gsi1pk = StringField(template="status#{status}", stored_as="GSI1PK")
    gsi1sk = StringField(required=True, stored_as="GSI1SK")  # each order is in the index, so that it can serve
    user = StringField(required=True, stored=False)
    number = StringField(required=True, stored=False)
    status = StringField(required=True, stored_as="Status")
    total = DecimalField(required=True, stored_as="Total")
    notes = ListField(Field, stored_as="Notes")
    version = VersionField(stored_as="Version")


class Line(Item):
    """One product of an order."""

    __kind__ = "orderItem"

    pk = StringField(template="o#{order}", stored_as="PK")
    sk = StringField(template="p#{product}", stored_as="SK")
    order = StringField(required=True, stored=False)
    product = StringField(required=True, stored=False)
    quantity = IntField(required=True, stored_as="Quantity")
    price = DecimalField(required=True, stored_as="Price")
