"""Items as a server has them: read without any library, and kept in files beside the programs that wrote them."""

from __future__ import annotations

import json
import urllib.request
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any, TypeAlias

HERE = Path(__file__).parent
Item: TypeAlias = dict[str, Any]

_SIGNATURE = (
    "AWS4-HMAC-SHA256 Credential=made-up/20250101/us-east-2/dynamodb/aws4_request, SignedHeaders=host, Signature=0"
)


def call(url: str, action: str, **arguments: Any) -> dict[str, Any]:
    """Send one request to the emulator, which does not check signatures, and return the JSON of its answer."""
    headers = {
        "Authorization": _SIGNATURE,
        "Content-Type": "application/x-amz-json-1.0",
        "X-Amz-Date": "20250101T000000Z",
        "X-Amz-Target": f"DynamoDB_20120810.{action}",
    }
    request = urllib.request.Request(url, json.dumps(arguments).encode(), headers)
    with urllib.request.urlopen(request) as response:
        answer: dict[str, Any] = json.load(response)
    return answer


def read_items(url: str, table: str) -> list[Item]:
    """Return all items of a table in DynamoDB JSON, text for text, ordered by key."""
    keys = [key["AttributeName"] for key in call(url, "DescribeTable", TableName=table)["Table"]["KeySchema"]]
    return in_order(call(url, "Scan", TableName=table, ConsistentRead=True)["Items"], keys)


def in_order(items: Iterable[Item], keys: Sequence[str]) -> list[Item]:
    """Return items ordered by key, and the elements of their sets in order."""
    return sorted((order_sets(item) for item in items), key=lambda item: [str(item[key]) for key in keys])


def order_sets(value: Any) -> Any:
    """Order the names of maps and the elements of sets, which DynamoDB returns in any order; lists stay as they are."""
    if isinstance(value, list):
        return [order_sets(each) for each in value]
    if not isinstance(value, dict):
        return value
    return {
        name: sorted(value[name]) if name in ("SS", "NS", "BS") else order_sets(value[name]) for name in sorted(value)
    }


def kept_file(library: str) -> Path:
    return HERE / f"written_by_{library}.json"


def read_kept(library: str) -> list[Item]:
    """Return the items that a library wrote when `record.py` ran its program."""
    items: list[Item] = json.loads(kept_file(library).read_text(encoding="utf-8"))["items"]
    return items
