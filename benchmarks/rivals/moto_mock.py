"""moto: boto3's client answered by a mock, which is how tests are often run."""

from __future__ import annotations

import moto

from benchmarks.rivals.base import Sizes, Works, check_size
from benchmarks.rivals.boto3_client import decode, encode, make_client
from benchmarks.rows import Row
from benchmarks.values import key, values

KEYS = (("HASH", "pk"), ("RANGE", "sk"))


def open_memory(count: int) -> None:
    """Do nothing: only its cycle is measured, which opens a mock of its own."""


def make_memory_works(_: None, sizes: Sizes, *, declared: bool) -> Works:  # noqa: ARG001 - dicts have no members
    """Return what to call in memory."""
    items = [encode(Row.__mapper__.encode(Row(**values(number)))) for number in range(10)]

    def run_cycle() -> None:
        with moto.mock_aws():
            client = make_client(None)
            client.create_table(
                TableName="rows",
                KeySchema=[{"KeyType": kind, "AttributeName": name} for kind, name in KEYS],
                AttributeDefinitions=[{"AttributeName": name, "AttributeType": "S"} for _, name in KEYS],
                BillingMode="PAY_PER_REQUEST",
            )
            for item in items:
                client.put_item(TableName="rows", Item=item)
            for item in items:
                client.get_item(TableName="rows", Key={name: item[name] for _, name in KEYS})
            found = client.query(
                TableName="rows", KeyConditionExpression="pk = :p", ExpressionAttributeValues=encode({":p": key(0)[0]})
            )
            check_size(list(map(decode, found["Items"])), 10)

    return {"a test's cycle": run_cycle}
