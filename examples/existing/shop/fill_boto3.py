"""Fill the shop's table with boto3."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import Any

import boto3

CREATED = "2025-03-01T12:00:00.000000+0000"


def fill(url: str, table: str) -> None:
    """Create the table, and a customer with two orders."""
    dynamodb: Any = boto3.resource("dynamodb", endpoint_url=url, region_name="us-east-2")
    keys = {"PK": "HASH", "SK": "RANGE"}
    index_keys = {"GSI1PK": "HASH", "GSI1SK": "RANGE"}
    created = dynamodb.create_table(
        TableName=table,
        KeySchema=[{"AttributeName": name, "KeyType": kind} for name, kind in keys.items()],
        AttributeDefinitions=[{"AttributeName": name, "AttributeType": "S"} for name in (*keys, *index_keys)],
        GlobalSecondaryIndexes=[
            {
                "IndexName": "GSI1",
                "KeySchema": [{"AttributeName": name, "KeyType": kind} for name, kind in index_keys.items()],
                "Projection": {"ProjectionType": "ALL"},
            }
        ],
        BillingMode="PAY_PER_REQUEST",
    )
    created.wait_until_exists()
    with created.batch_writer() as batch:
        for item in items():
            batch.put_item(Item={**item, "CreatedAt": CREATED})


def items() -> list[dict[str, Any]]:
    """Return the items; an order's lines lie beside it, in the partition of the order."""
    customer = {
        "PK": "c#jane",
        "SK": "c#jane",
        "EntityType": "customer",
        "Name": "Jane",
        "Email": "jane@example.com",
        "Address": {"Street": "Main Street 1", "City": "Oslo"},
        "Interests": {"light", "chairs"},
        "Preferences": json.dumps({"newsletter": True, "currency": "NOK", "sizes": [1, 2.5]}),
    }
    return [customer, *order("1001", "open", 3, Notes=["fragile", None]), *order("1002", "sent", 1)]


def order(number: str, status: str, quantity: int, **attributes: Any) -> list[dict[str, Any]]:
    """Return an order of lamps with its line."""
    price = Decimal("19.9")
    head = {
        "PK": "c#jane",
        "SK": f"o#{number}",
        "EntityType": "order",
        "Status": status,
        "Total": price * quantity,
        "Version": 1,
        "GSI1PK": f"status#{status}",
        "GSI1SK": f"2025-03-01#{number}",
        **attributes,
    }
    line = {"PK": f"o#{number}", "SK": "p#lamp", "EntityType": "orderItem", "Quantity": quantity, "Price": price}
    return [head, line]
