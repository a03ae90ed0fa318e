"""Wire: the client's processor time for calls to a server on this machine; waiting does not count."""

from __future__ import annotations

import importlib
import sys
import time
from collections.abc import Callable, Iterator, Sized
from pathlib import Path as FilePath
from typing import Any

from benchmarks.asynchronous import Loop
from benchmarks.rows import PER_PARTITION, Row, dynamoxy_row, is_installed, key, pynamodb_row, pynamodb_values, values
from benchmarks.timing import OURS, TINY, Curve, Effort, Measurement, Side, compare, repeat
from dynamongo import Connection

BOTO3 = "boto3"
COUNT = 10_000
TARGETS: dict[str, dict[str, float]] = {
    "put": {BOTO3: 0.30, "dynamoxy": 0.85},
    "get": {BOTO3: 0.30, "dynamoxy": 0.85},
    "conditional update": {BOTO3: 0.30, "dynamoxy": 0.85},
    "transaction of 10 puts": {BOTO3: 0.30, "dynamoxy": 0.85},
    "query of 1,000": {BOTO3: 0.25, "dynamoxy": 1.05},
    "scan of 10,000": {BOTO3: 0.25, "dynamoxy": 1.05},
    "batch get of 100": {BOTO3: 0.25, "dynamoxy": 1.05},
    "batch write of 25": {BOTO3: 0.27, "dynamoxy": 0.85},
}
Works = dict[str, Callable[[], Any]]


def run(effort: Effort) -> Iterator[Measurement | Curve]:
    """Run each call, to models, against the emulator that the tests use."""
    sys.path.insert(0, str(FilePath(__file__).resolve().parents[2] / "tests"))
    server = importlib.import_module("server")
    count = 200 if effort == TINY else COUNT
    with server.run_server() as url:
        Connection.set_config("made-up", "made-up", "us-east-2", endpoint_url=url)
        Row.create_table()
        Row.save_many([Row(**values(number)) for number in range(count)])
        sides: dict[str, dict[str, Callable[[int], object]]] = {
            OURS: {task: repeat(work) for task, work in _ours(count).items()},
            BOTO3: {task: repeat(work) for task, work in _boto3(url, count).items()},
        }
        loop = Loop()
        if is_installed("pynamodb"):
            sides["PynamoDB"] = {task: repeat(work) for task, work in _pynamodb(url, count).items()}
        if is_installed("dynamoxy") and sys.version_info >= (3, 12):
            sides["dynamoxy"] = loop.do(_dynamoxy(loop, url, count))
        for task, targets in TARGETS.items():
            each = [Side(name, works[task]) for name, works in sides.items() if task in works]
            yield compare(task, each, effort, targets, clock=time.process_time)
        loop.close()
        Connection.set_config()


def _check(found: Sized, expected: int) -> None:
    assert len(found) == expected


def _ours(count: int) -> Works:
    row, several = Row(**values(1)), [Row(**values(number)) for number in range(25)]
    keys = [key(number) for number in range(100)]
    condition = (Row.pk == key(1)[0]) & (Row.sk == key(1)[1]) & (Row.year < 3000)

    def transact() -> None:
        with Connection.transaction() as tx:
            for each in several[:10]:
                tx.save(each)

    return {
        "put": row.save,
        "get": lambda: Row.get_one(key(1)),
        "conditional update": lambda: Row.update_one(condition, Row.active.set(True)),
        "transaction of 10 puts": transact,
        "query of 1,000": lambda: _check(Row.find(Row.pk == key(0)[0]).all(), min(count, PER_PARTITION)),
        "scan of 10,000": lambda: _check(Row.find().all(), count),
        "batch get of 100": lambda: _check(Row.get_many(keys), 100),
        "batch write of 25": lambda: Row.save_many(several),
    }


def _boto3(url: str, count: int) -> Works:
    """Use the client with its serializer: dicts, not models."""
    client = importlib.import_module("boto3").client(
        "dynamodb", "us-east-2", endpoint_url=url, aws_access_key_id="made-up", aws_secret_access_key="made-up"
    )
    types = importlib.import_module("boto3.dynamodb.types")
    dump, load = types.TypeSerializer().serialize, types.TypeDeserializer().deserialize
    rows = [Row.__mapper__.encode(Row(**values(number))) for number in range(100)]

    def encode(item: Any) -> Any:
        return {name: dump(value) for name, value in item.items()}

    def decode(item: Any) -> Any:
        return {name: load(value) for name, value in item.items()}

    def encode_key(item: Any) -> Any:
        return encode({name: item[name] for name in ("pk", "sk")})

    def read_all(method: Callable[..., Any], **arguments: Any) -> list[Any]:
        found: list[Any] = []
        while True:
            page = method(TableName="rows", **arguments)
            found += map(decode, page["Items"])
            if "LastEvaluatedKey" not in page:
                return found
            arguments["ExclusiveStartKey"] = page["LastEvaluatedKey"]

    def batch_get() -> None:
        answer = client.batch_get_item(RequestItems={"rows": {"Keys": list(map(encode_key, rows))}})
        _check(list(map(decode, answer["Responses"]["rows"])), 100)

    return {
        "put": lambda: client.put_item(TableName="rows", Item=encode(rows[1])),
        "get": lambda: decode(client.get_item(TableName="rows", Key=encode_key(rows[1]))["Item"]),
        "conditional update": lambda: decode(
            client.update_item(
                TableName="rows",
                Key=encode_key(rows[1]),
                UpdateExpression="SET #a = :a",
                ConditionExpression="#y < :y",
                ExpressionAttributeNames={"#a": "active", "#y": "year"},
                ExpressionAttributeValues={":a": dump(True), ":y": dump(3000)},
                ReturnValues="ALL_NEW",
            )["Attributes"]
        ),
        "transaction of 10 puts": lambda: client.transact_write_items(
            TransactItems=[{"Put": {"TableName": "rows", "Item": encode(each)}} for each in rows[:10]]
        ),
        "query of 1,000": lambda: _check(
            read_all(
                client.query,
                KeyConditionExpression="pk = :p",
                ExpressionAttributeValues={":p": dump(key(0)[0])},
            ),
            min(count, PER_PARTITION),
        ),
        "scan of 10,000": lambda: _check(read_all(client.scan), count),
        "batch get of 100": batch_get,
        "batch write of 25": lambda: client.batch_write_item(
            RequestItems={"rows": [{"PutRequest": {"Item": encode(each)}} for each in rows[:25]]}
        ),
    }


def _pynamodb(url: str, count: int) -> Works:
    """Use a table of its own, since PynamoDB reads only datetimes that it wrote."""
    model = pynamodb_row(url)
    model.create_table(wait=True, billing_mode="PAY_PER_REQUEST")
    with model.batch_write() as batch:
        for number in range(count):
            batch.save(model(**pynamodb_values(number)))
    rows = [model(**pynamodb_values(number)) for number in range(25)]
    keys = [key(number) for number in range(100)]

    def write() -> None:
        with model.batch_write() as batch:
            for row in rows:
                batch.save(row)

    return {
        "put": rows[1].save,
        "get": lambda: model.get(*key(1)),
        "conditional update": lambda: rows[1].update([model.active.set(True)], condition=model.year < 3000),
        "query of 1,000": lambda: _check(list(model.query(key(0)[0])), min(count, PER_PARTITION)),
        "scan of 10,000": lambda: _check(list(model.scan()), count),
        "batch get of 100": lambda: _check(list(model.batch_get(keys)), 100),
        "batch write of 25": write,
    }


async def _dynamoxy(loop: Loop, url: str, count: int) -> dict[str, Callable[[int], object]]:
    dynamoxy = importlib.import_module("dynamoxy")
    row = dynamoxy_row()
    client = dynamoxy.Client(
        region="us-east-2", endpoint_url=url, credentials=dynamoxy.Credentials("made-up", "made-up")
    )
    rows = client.repository(row)
    made = [row.make(values(number)) for number in range(25)]
    keys = [key(number) for number in range(100)]

    async def transact() -> None:
        async with client.transaction() as tx:
            for each in made[:10]:
                tx.put(each)

    async def scan() -> None:
        _check(await rows.scan().all(), count)

    works: Works = {
        "put": lambda: rows.put(made[1]),
        "get": lambda: rows.get(*key(1)),
        "conditional update": lambda: rows.update(row.key(*key(1)), row.active.set(True), condition=row.year < 3000),
        "transaction of 10 puts": transact,
        "query of 1,000": lambda: rows.query(pk=key(0)[0]).all(),
        "scan of 10,000": scan,
        "batch get of 100": lambda: rows.batch_get(keys),
        "batch write of 25": lambda: rows.batch_put(made),
    }
    return {task: loop.repeat(work) for task, work in works.items()}
