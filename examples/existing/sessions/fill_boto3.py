"""Fill the session store's table with boto3."""

from __future__ import annotations

import base64
import json
from typing import Any

import boto3

NOON = "2025-03-01T12:00:00.000000+0000"
EXPIRES = 4_107_585_600  # the same day in 2100
TOKEN = "5f0c1d6e-0b7a-4a53-9d3e-1f0f4a8c2b11"  # noqa: S105 - an identifier of the example


def fill(url: str, table: str) -> None:
    """Create the table, and a user with two sessions."""
    client: Any = boto3.client("dynamodb", endpoint_url=url, region_name="us-east-2")
    keys = {"PK": "HASH", "SK": "RANGE"}
    index_keys = {"userName": "HASH", "createdAt": "RANGE"}
    client.create_table(
        TableName=table,
        KeySchema=[{"AttributeName": name, "KeyType": kind} for name, kind in keys.items()],
        AttributeDefinitions=[{"AttributeName": name, "AttributeType": "S"} for name in keys | index_keys],
        GlobalSecondaryIndexes=[
            {
                "IndexName": "UserIndex",
                "KeySchema": [{"AttributeName": name, "KeyType": kind} for name, kind in index_keys.items()],
                "Projection": {"ProjectionType": "KEYS_ONLY"},
            }
        ],
        BillingMode="PAY_PER_REQUEST",
    )
    client.get_waiter("table_exists").wait(TableName=table)
    client.update_time_to_live(TableName=table, TimeToLiveSpecification={"Enabled": True, "AttributeName": "expiresAt"})
    for item in items():
        client.put_item(TableName=table, Item={**item, "createdAt": {"S": NOON}})


def items() -> list[dict[str, Any]]:
    """Return the items, as the client takes them."""
    user = {
        "PK": {"S": "USER#jane"},
        "SK": {"S": "USER#jane"},
        "_cls": {"S": "User"},
        "email": {"S": "jane@example.com"},
        "isActive": {"BOOL": True},
        "password": {"B": base64.b64encode(b"\x00\xff")},  # encoded once more on its way, as PynamoDB once did
        "failures": {"N": "0"},
    }
    return [
        user,
        session(TOKEN, {"cart": ["lamp"], "theme": "dark"}),
        session(TOKEN[::-1], {}, lastSeen={"S": NOON}),
    ]


def session(token: str, data: object, **attributes: Any) -> dict[str, Any]:
    """Return a session of Jane."""
    key = {"S": f"SESSION#{token}"}
    return {
        "PK": key,
        "SK": key,
        "_cls": {"S": "Session"},
        "userName": {"S": "jane"},
        "data": {"S": json.dumps(data)},
        "expiresAt": {"N": str(EXPIRES)},
        **attributes,
    }
