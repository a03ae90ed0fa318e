"""Memory: the backend for tests, from a verb to models, validation and capacity included."""

from __future__ import annotations

import importlib
import subprocess
import sys
from collections.abc import Callable, Iterator, Sized
from typing import Any

from benchmarks.asynchronous import Loop
from benchmarks.rows import PER_PARTITION, Row, draw_rows, dynamoxy_row, is_installed, key, values
from benchmarks.timing import OURS, Curve, Effort, Measurement, Side, compare, repeat
from dynamongo import Connection
from dynamongo.backends.memory import MemoryBackend

RIVAL = "dynamoxy"
TARGETS = {
    "save_one": 0.35,
    "get_one": 0.35,
    "conditional update": 0.30,
    "query of 10": 0.35,
    "query of 1,000": 0.45,
    "scan of all": 0.50,
    "filtered scan of all": 0.60,
    "a test's cycle": 0.20,
}
_TEN = [values(number) for number in range(10)]


def run(effort: Effort) -> Iterator[Measurement | Curve]:
    """Run each verb on a table of many rows, then a test's cycle, and measure the memory that the rows take."""
    with Connection.using(MemoryBackend()):
        Row.create_table()
        for _ in Row.save_iter(Row(**values(number)) for number in range(effort.items)):
            pass
        ours = _ours(effort.items)
        loop = Loop()
        theirs: dict[str, Callable[[int], object]] = {}
        if is_installed("dynamoxy") and sys.version_info >= (3, 12):
            theirs = loop.do(_fill_dynamoxy(loop, effort.items))
        for task, work in ours.items():
            sides = [Side(OURS, repeat(work))]
            if task in theirs:
                sides.append(Side(RIVAL, theirs[task]))
            targets = {RIVAL: TARGETS[task]}
            if task == "a test's cycle" and is_installed("moto"):
                sides.append(Side("moto", _moto_cycle()))
                targets["moto"] = 0.005
            yield compare(task, sides, effort, targets)
        loop.close()
    yield _measure_bytes(effort.items)


def _ours(count: int) -> dict[str, Callable[[], object]]:
    given, keys = draw_rows(count)
    partition = key(0)[0]
    some = min(count, PER_PARTITION)

    def query(most: int) -> None:
        assert len(Row.find(Row.pk == partition, limit=most).all()) == min(most, some)

    return {
        "save_one": lambda: Row.save_one(Row(**next(given))),
        "get_one": lambda: Row.get_one(next(keys)),
        "conditional update": lambda: Row.update_one(
            (Row.pk == partition) & (Row.sk == "s0000001") & (Row.year < 3000), Row.active.set(True)
        ),
        "query of 10": lambda: query(10),
        "query of 1,000": lambda: query(1_000),
        "scan of all": lambda: _count(Row.find().all(), count),
        "filtered scan of all": lambda: Row.find(
            (Row.year < 1990) & ~Row.cities.contains("Nairobi") & Row.name.begins_with("J")
        ).all(),
        "a test's cycle": _cycle,
    }


def _count(found: Sized, expected: int) -> None:
    assert len(found) == expected


def _cycle() -> None:
    with Connection.using(MemoryBackend()):
        Row.create_table()
        for given in _TEN:
            Row.save_one(Row(**given))
        for given in _TEN:
            Row.get_one((given["pk"], given["sk"]))
        _count(Row.find(Row.pk == key(0)[0]).all(), 10)


async def _fill_dynamoxy(loop: Loop, count: int) -> dict[str, Callable[[int], object]]:
    dynamoxy = importlib.import_module("dynamoxy")
    row = dynamoxy_row()
    client = dynamoxy.testing.memory_client()
    await client.ensure_tables(row)
    rows = client.repository(row)
    await rows.batch_put([row.make(values(number)) for number in range(count)])
    given, keys = draw_rows(count)
    partition = key(0)[0]
    condition = (row.year < 1990) & ~row.cities.contains("Nairobi") & row.name.begins_with("J")

    async def cycle() -> None:
        fresh = dynamoxy.testing.memory_client()
        await fresh.ensure_tables(row)
        each = fresh.repository(row)
        for one in _TEN:
            await each.put(row.make(one))
        for one in _TEN:
            await each.get(one["pk"], one["sk"])
        _count(await each.query(pk=key(0)[0]).all(), 10)
        await fresh.close()

    async def scan() -> None:
        _count(await rows.scan().all(), count)

    works: dict[str, Callable[[], Any]] = {
        "save_one": lambda: rows.put(row.make(next(given))),
        "get_one": lambda: rows.get(*next(keys)),
        "conditional update": lambda: rows.update(
            row.key(partition, "s0000001"), row.active.set(True), condition=row.year < 3000
        ),
        "query of 10": lambda: rows.query(pk=partition).limit(10).all(),
        "query of 1,000": lambda: rows.query(pk=partition).limit(1_000).all(),
        "scan of all": scan,
        "filtered scan of all": lambda: rows.scan().filter(condition).all(),
        "a test's cycle": cycle,
    }
    return {task: loop.repeat(work) for task, work in works.items()}


def _moto_cycle() -> Callable[[int], object]:
    boto3, moto = importlib.import_module("boto3"), importlib.import_module("moto")
    types = importlib.import_module("boto3.dynamodb.types")
    dump, load = types.TypeSerializer().serialize, types.TypeDeserializer().deserialize
    items = [{name: dump(value) for name, value in Row.__mapper__.encode(Row(**values(n))).items()} for n in range(10)]
    keys = [{"KeyType": kind, "AttributeName": name} for kind, name in (("HASH", "pk"), ("RANGE", "sk"))]

    def cycle() -> None:
        with moto.mock_aws():
            client = boto3.client("dynamodb", "us-east-2", aws_access_key_id="x", aws_secret_access_key="x")
            client.create_table(
                TableName="rows",
                KeySchema=keys,
                AttributeDefinitions=[{"AttributeName": name, "AttributeType": "S"} for name in ("pk", "sk")],
                BillingMode="PAY_PER_REQUEST",
            )
            for item in items:
                client.put_item(TableName="rows", Item=item)
            for item in items:
                client.get_item(TableName="rows", Key={"pk": item["pk"], "sk": item["sk"]})
            found = client.query(
                TableName="rows", KeyConditionExpression="pk = :p", ExpressionAttributeValues={":p": items[0]["pk"]}
            )
            _count([{name: load(value) for name, value in item.items()} for item in found["Items"]], 10)

    return repeat(cycle)


_BYTES = """
import resource, sys
from benchmarks.rows import Row, dynamoxy_row, values
from benchmarks.asynchronous import Loop
from dynamongo import Connection
from dynamongo.backends.memory import MemoryBackend
kind, count = sys.argv[1], int(sys.argv[2])
def used():
    with open("/proc/self/statm") as file:
        return int(file.read().split()[1]) * resource.getpagesize()
async def fill():
    import dynamoxy
    row = dynamoxy_row()
    client = dynamoxy.testing.memory_client()
    await client.ensure_tables(row)
    rows = client.repository(row)
    for start in range(0, count, 1000):
        await rows.batch_put([row.make(values(n)) for n in range(start, min(count, start + 1000))])
    return client
values(1)
if kind == "dynamoxy":
    import dynamoxy; dynamoxy_row()
before = used()
if kind == "dynamongo":
    backend = MemoryBackend()
    with Connection.using(backend):
        Row.create_table()
        for _ in Row.save_iter(Row(**values(n)) for n in range(count)): pass
elif kind == "dynamoxy":
    loop = Loop(); client = loop.do(fill())
else:
    kept = [values(n) for n in range(count)]
print(used() - before)
"""


def _measure_bytes(count: int) -> Measurement:
    """Measure the memory that the rows take, each way in a process of its own (needs `/proc`)."""
    kinds = [OURS, "plain dicts", *([RIVAL] if is_installed("dynamoxy") and sys.version_info >= (3, 12) else [])]
    found: dict[str, float] = {}
    for kind in kinds if sys.platform == "linux" else ():
        done = subprocess.run(
            [sys.executable, "-c", _BYTES, kind, str(count)], check=True, capture_output=True, text=True
        )
        found[kind] = int(done.stdout) / 2**20
    shown = ", ".join(f"{name} {value:,.1f}" for name, value in found.items())
    print(f"  resident memory of {count:,} rows: {shown} MB", flush=True)
    return Measurement(f"resident memory of {count:,} rows", "MB", found, {RIVAL: 0.40, "plain dicts": 3.0})
