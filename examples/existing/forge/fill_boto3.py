"""Fill the forge's table with boto3."""

from __future__ import annotations

import json
from typing import Any

import boto3

KEYS = {"PK": "HASH", "SK": "RANGE"}
GSI1 = {"GSI1PK": "HASH", "GSI1SK": "RANGE"}
BY_AUTHOR = {"author": "HASH", "created_at": "RANGE"}


def fill(url: str, table: str) -> None:
    """Create the table, and a repository with an issue and a pull request."""
    dynamodb: Any = boto3.resource("dynamodb", endpoint_url=url, region_name="us-east-2")
    created = dynamodb.create_table(
        TableName=table,
        KeySchema=key_schema(KEYS),
        AttributeDefinitions=[{"AttributeName": name, "AttributeType": "S"} for name in KEYS | GSI1 | BY_AUTHOR],
        GlobalSecondaryIndexes=[
            {"IndexName": "GSI1", "KeySchema": key_schema(GSI1), "Projection": {"ProjectionType": "ALL"}},
            {
                "IndexName": "by-author",
                "KeySchema": key_schema(BY_AUTHOR),
                "Projection": {"ProjectionType": "KEYS_ONLY"},
            },
        ],
        BillingMode="PAY_PER_REQUEST",
    )
    created.wait_until_exists()
    with created.batch_writer() as batch:
        for item in items():
            batch.put_item(Item={**item, "_version": 1})


def key_schema(keys: dict[str, str]) -> list[dict[str, str]]:
    """Return keys as DynamoDB wants them."""
    return [{"AttributeName": name, "KeyType": kind} for name, kind in keys.items()]


def items() -> list[dict[str, Any]]:
    """Return the items; numbers are padded, so that text sorts as they do."""
    repository = "REPO#jane#lamps"
    return [
        {
            "PK": repository,
            "SK": repository,
            "GSI1PK": repository,
            "GSI1SK": repository,
            "_type": "repo",
            "name": "lamps",
            "private": False,
            "topics": {"light", "hardware"},
            "settings": json.dumps({"merge": ["squash", "rebase"], "protected": {"main": {"reviews": 2}}}),
            "next_number": 3,
        },
        {
            "PK": repository,
            "SK": "ISSUE#00000001",
            "_type": "issue",
            "author": "joe",
            "created_at": "2025-03-01T12:00:00.000000+0000",
            "title": "It flickers",
            "state": "open",
            "comments": [{"by": "jane", "at": "2025-03-01T12:00:01.500000+0000", "text": "Which one?"}],
        },
        {
            "PK": "PR#jane#lamps#00000002",
            "SK": "PR#jane#lamps#00000002",
            "GSI1PK": repository,
            "GSI1SK": "PR#00000002",
            "_type": "pr",
            "author": "joe",
            "created_at": "2025-03-01T13:00:00.000000+0000",
            "title": "No more flicker",
            "state": "open",
            "checks": {"tests": {"passed": 118, "failed": 0}, "lint": None},
        },
    ]
