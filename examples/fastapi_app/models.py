"""What the shop stores, and what clients see of it: products and orders are bodies and responses as they are.

A new attribute is public, then; one that is not belongs into a schema of its own, as those of `schemas.py`.
"""

from __future__ import annotations

from datetime import datetime, timezone
from uuid import UUID, uuid4

from dynamongo import DateTimeField, GlobalIndex, IntField, Model, StringField, UUIDField, VersionField


class Product(Model[str]):
    """Something for sale. Its version counts the writes, so that no update is lost."""

    __table__ = "products"
    __hash_key__ = "sku"
    __billing__ = "on_demand"

    sku = StringField(required=True, min_length=1, max_length=200)
    name = StringField(required=True, min_length=1, max_length=200)
    category = StringField(required=True, min_length=1, max_length=200)
    price = IntField(required=True, min_value=0)  # in cents
    stock = IntField(required=True, default=0, min_value=0)
    description = StringField()
    version = VersionField()

    by_category = GlobalIndex(hash_key=category, range_key=name)


class Order(Model[UUID]):
    """A customer's order of one product, at the price that it had."""

    __table__ = "orders"
    __hash_key__ = "id"
    __billing__ = "on_demand"

    id = UUIDField(required=True, default=uuid4)
    customer = StringField(required=True)
    sku = StringField(required=True)
    quantity = IntField(required=True, min_value=1)
    price = IntField(required=True, min_value=0)
    placed_at = DateTimeField(required=True, default=lambda: datetime.now(timezone.utc))
