"""boto3: the resource, which takes Python values, and the client, which takes attribute values."""

from __future__ import annotations

import datetime as dt
import uuid
from decimal import Decimal
from typing import Any

import boto3
from boto3.dynamodb.types import Binary

MICROSECONDS = dt.datetime(2025, 1, 1, 10, 0, 0, 123456, dt.timezone.utc)
WHOLE_SECOND = MICROSECONDS.replace(microsecond=0)
SETTINGS: dict[str, Any] = {
    "region_name": "us-east-2",
    "aws_access_key_id": "made-up",
    "aws_secret_access_key": "made-up",
}


def write(url: str, table: str) -> None:
    things: Any = boto3.resource("dynamodb", endpoint_url=url, **SETTINGS)
    things = things.create_table(
        TableName=table,
        KeySchema=[{"AttributeName": "PK", "KeyType": "HASH"}, {"AttributeName": "SK", "KeyType": "RANGE"}],
        AttributeDefinitions=[
            {"AttributeName": "PK", "AttributeType": "S"},
            {"AttributeName": "SK", "AttributeType": "S"},
        ],
        BillingMode="PAY_PER_REQUEST",
    )
    unique = uuid.UUID("12345678-1234-5678-1234-56789abcdef0")
    things.put_item(
        Item={
            "PK": "USER#jane",
            "SK": "PROFILE",
            "_type": "user",
            "user-id": str(unique),
            "hex": unique.hex,
            "capitals": str(unique).upper(),
            "name": "Zoë",
            "empty": "",
            "nothing": None,
            "count": 3,
            "price": Decimal("10.50"),
            "huge": Decimal("1E+25"),
            "exact": Decimal("0.12345678901234567890123456789012345678"),
            "flag": True,
            "bit": 1,
            "word": "true",
            "number_as_text": "42",
            "data": b"\x00\xff",
            "wrapped": Binary(b"\x00\xff"),
            "words": {"a", "b"},
            "numbers": {Decimal(1), Decimal("2.5")},
            "parts": {b"a", Binary(b"b")},
            "created": WHOLE_SECOND.isoformat(),
            "updated": MICROSECONDS.isoformat(),
            "local": WHOLE_SECOND.replace(tzinfo=None).isoformat(),
            "spaced": str(WHOLE_SECOND),
            "zulu": "2025-01-01T10:00:00Z",
            "oslo": "2025-01-01T11:00:00+01:00",
            "day": "2025-01-01",
            "seconds": int(WHOLE_SECOND.timestamp()),
            "fraction": Decimal(str(MICROSECONDS.timestamp())),
            "milliseconds": int(MICROSECONDS.timestamp() * 1000),
            "colour": "RED",
            "document": '{"b": 1, "a": [1.0, null]}',
            "address": {"city": "Oslo", "zip": None, "since": "2025-01-01T10:00:00Z", "geo": {"lat": Decimal("59.9")}},
            "rows": [{"n": 1, "at": "2025-01-01T10:00:00Z"}, {"n": Decimal("2.0"), "more": {"x": 1}}],
            "mixed": ["text", 1, None, True, {"deep": [Decimal("0.5")]}],
            "a.b": "dotted",
            "from": "keyword",
            "update": "method",
        }
    )
    things.put_item(Item={"PK": "USER#jane", "SK": "EMPTY", "rows": [], "address": {}, "words": None, "count": None})
    client: Any = boto3.client("dynamodb", endpoint_url=url, **SETTINGS)
    client.put_item(
        TableName=table,
        Item={
            "PK": {"S": "USER#joe"},
            "SK": {"S": "PROFILE"},
            "_type": {"S": "user"},
            "count": {"N": "1e2"},
            "price": {"N": "0010.50"},
            "huge": {"N": "-1E-130"},
            "numbers": {"NS": ["1", "2.50"]},
            "address": {"M": {"city": {"S": "Rome"}, "other": {"NULL": True}}},
        },
    )


def read(url: str, table: str) -> list[dict[str, Any]]:
    things: Any = boto3.resource("dynamodb", endpoint_url=url, **SETTINGS)
    items = things.Table(table).scan(ConsistentRead=True)["Items"]
    return sorted(items, key=lambda item: (item["PK"], item["SK"]))
