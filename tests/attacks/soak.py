"""Random requests under random faults, from several threads at once, and each outcome against the fault that hit it.

What has to hold for every request, on every transport, on plain connections and on TLS:

- whatever is raised is one of dynamongo's errors;
- an answer that came whole is read, and is the answer to this request and to no other;
- an answer that did not is an error, which says that the request was sent;
- no request is carried out twice.
"""

from __future__ import annotations

import contextlib
import json
import os
import random
import ssl
import threading
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path as FilePath
from typing import Any

import boto3
import trustme
from botocore.config import Config

from attacks.awaited import COLOURS, give_colour
from attacks.faults import BROKEN, WHOLE, Fault
from attacks.growth import Held
from attacks.server import Reply, Request, ScriptedServer, run_scripted_server
from dynamongo.backends.dynamodb import DynamoDBBackend
from dynamongo.exceptions import DynamongoError, ServiceError
from dynamongo.expressions.conditions import EQ, Comparison, Path
from dynamongo.expressions.updates import AddUpdate
from dynamongo.expressions.values import Item
from dynamongo.operations import AnyOperation, BatchPut, BatchWrite, Get, KeyCondition, Put, Query, UpdateItem

TRANSPORTS = ("auto", "boto3", "client")
MADE_UP: dict[str, Any] = {"access_key_id": "made-up", "secret_access_key": "made-up", "region": "us-east-2"}
CONSUMED = {"TableName": "table", "CapacityUnits": 1.0}


@dataclass
class Totals:
    """The totals of a soak."""

    requests: int = 0
    faults: Counter[str] = field(default_factory=Counter)
    errors: Counter[str] = field(default_factory=Counter)
    violations: list[str] = field(default_factory=list)
    connections: int = 0
    held: list[Held] = field(default_factory=list)

    def note_held(self) -> None:
        """Note what the process holds after a round, which the second round, with warm caches, is the measure of."""
        self.held.append(Held.measure())
        if len(self.held) > 2:
            self.violations += self.held[-1].find_growth(self.held[1])

    def lines(self) -> list[str]:
        """For people."""
        applied, wrong = sum(self.faults.values()), len(self.violations)
        return [
            f"{self.requests} requests on {self.connections} connections, {applied} faults, {wrong} violations",
            "faults: " + ", ".join(f"{name} {count}" for name, count in sorted(self.faults.items())),
            "errors: " + ", ".join(f"{name} {count}" for name, count in sorted(self.errors.items())),
            f"held after each round: {', '.join(map(str, self.held[:1] + self.held[-1:]))}",
            *self.violations[:20],
        ]


class Attack:
    """The script of a server that carries out each request, and damages its answer with a fault at a given rate.

    Every request names one item, whose identifier no other request has.
    """

    def __init__(self, seed: int, rate: float) -> None:
        self._seed = seed
        self._rate = rate
        self._lock = threading.Lock()
        self.carried_out = Counter[str]()
        self.applied: dict[str, str] = {}

    def __call__(self, request: Request) -> Reply:
        name = _find_identifier(request)
        draw = random.Random(f"{self._seed}/{name}")
        fault, reply = self._choose(draw)
        with self._lock:
            self.carried_out[name] += 1
            self.applied[name] = fault
        return reply(_render(request.action, name), draw)

    def _choose(self, draw: random.Random) -> tuple[str, Fault]:
        if draw.random() >= self._rate:
            return "plain", WHOLE["plain"]
        kind = draw.choice((WHOLE, BROKEN))
        name = draw.choice(sorted(kind))
        return name, kind[name]


def _find_identifier(request: Request) -> str:
    content = request.content
    match request.action:
        case "PutItem":
            return str(content["Item"]["id"]["S"])
        case "Query":
            return str(next(iter(content["ExpressionAttributeValues"].values()))["S"])
        case "BatchWriteItem":
            return str(content["RequestItems"]["table"][0]["PutRequest"]["Item"]["id"]["S"])
        case _:
            return str(content["Key"]["id"]["S"])


def _render(action: str, name: str) -> bytes:
    item = {"id": {"S": name}, "n": {"N": "1"}, "text": {"S": 'ä",{}' * 5}}
    content: dict[str, Any] = {"ConsumedCapacity": CONSUMED}
    match action:
        case "GetItem":
            content["Item"] = item
        case "Query":
            content |= {"Items": [item] * 300, "Count": 300, "ScannedCount": 300}
        case "BatchWriteItem":
            content = {"UnprocessedItems": {}, "ConsumedCapacity": [CONSUMED]}
        case _:
            content["Attributes"] = item
    return json.dumps(content, separators=(",", ":")).encode()


def draw_operation(name: str, draw: random.Random) -> AnyOperation:
    """An operation on the item of this name."""
    key: Item = {"id": name}
    match draw.randrange(8):
        case 0:
            return Put("table", key, return_old=True)
        case 1:
            return Query("table", KeyCondition(Comparison(Path("id"), EQ, name)))
        case 2 | 3:
            return UpdateItem("table", key, (AddUpdate(Path("n"), 1),), returns="ALL_NEW")
        case 4:
            return BatchWrite("table", (BatchPut(key),))
        case _:
            return Get("table", key)


def _is_right(result: Any, name: str) -> bool:
    items = getattr(result, "items", None)
    item = getattr(result, "item", None)
    if items is not None:
        return len(items) == 300 and all(each["id"] == name for each in items)
    return item["id"] == name if item is not None else not getattr(result, "unprocessed", ())


def judge(attack: Attack, name: str, result: Any, error: BaseException | None, *, strict: bool) -> str | None:
    """What is wrong with what the client made of the request, if anything is.

    Unless it is `strict`, a whole answer need not be read: urllib3 keeps a connection before anybody has looked at the
    answer, so that the rest of a broken one may come before the answer to the next request, which is an error then.
    """
    applied, count = attack.applied.get(name), attack.carried_out[name]
    if count > 1:
        return f"{name}: carried out {count} times"
    if error is None:
        if applied not in WHOLE:
            return f"{name}: an answer was made of {applied!r}"
        return None if _is_right(result, name) else f"{name}: {applied!r} was answered with {result!r:.200}"
    if not isinstance(error, DynamongoError):
        return f"{name}: {applied!r} raised {type(error).__name__}: {error!s:.200}"
    if applied in WHOLE and strict:
        return f"{name}: {applied!r} was not read: {error!s:.200}"
    if applied is not None and not (isinstance(error, ServiceError) and error.was_sent):
        return f"{name}: {applied!r} is reported as not sent: {error!s:.200}"
    return None


def attack_backend(
    backend: Any, server: ScriptedServer, totals: Totals, *, seed: int, count: int, workers: int = 4
) -> None:
    """Send `count` requests, the script of the server being an `Attack`, and judge what comes of each."""
    attack: Any = server.script
    lock = threading.Lock()
    strict = backend.describe_transport().startswith("direct: ")

    def work(worker: int) -> None:
        draw = random.Random(f"{seed}/{worker}")
        for number in range(count // workers):
            name = f"{seed}-{worker}-{number}"
            result, error = _try(backend, draw_operation(name, draw))
            problem = judge(attack, name, result, error, strict=strict)
            with lock:
                totals.requests += 1
                if (applied := attack.applied.get(name, "plain")) != "plain":
                    totals.faults[applied] += 1
                if error is not None:
                    totals.errors[type(error).__name__] += 1
                if problem is not None:
                    totals.violations.append(f"{backend.describe_transport()} {server.url}: {problem}")

    threads = [threading.Thread(target=work, args=(worker,)) for worker in range(workers)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    totals.connections += server.connections


def _try(backend: Any, operation: AnyOperation) -> tuple[Any, BaseException | None]:
    try:
        return backend.execute(operation), None
    except Exception as error:  # noqa: BLE001 - what is raised is judged
        return None, error


@contextlib.contextmanager
def open_backend(server: ScriptedServer, transport: str, colour: str = "blocking") -> Iterator[Any]:
    """A backend of one of `TRANSPORTS`, in one of `COLOURS`, that talks to the server."""
    with open_backend_at(server.url, transport, colour) as backend:
        yield backend


@contextlib.contextmanager
def open_backend_at(url: str, transport: str, colour: str = "blocking") -> Iterator[Any]:
    """A backend of one of `TRANSPORTS`; `"client"` has a client that is handed in."""
    with contextlib.ExitStack() as stack:
        if transport == "client":
            session = boto3.Session("made-up", "made-up", region_name="us-east-2")
            config = Config(retries={"total_max_attempts": 1})
            client = stack.enter_context(
                contextlib.closing(session.client("dynamodb", endpoint_url=url, config=config))
            )
            backend = DynamoDBBackend(client=client)
        else:
            backend = DynamoDBBackend(**MADE_UP, endpoint_url=url, transport=transport)
        yield stack.enter_context(contextlib.closing(give_colour(backend, colour)))


@contextlib.contextmanager
def trusted_context(directory: FilePath) -> Iterator[ssl.SSLContext]:
    """The context of a server whose certificate, for `localhost`, clients that are made meanwhile trust."""
    authority = trustme.CA()
    bundle = directory / "authority.pem"
    authority.cert_pem.write_to_path(str(bundle))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("localhost").configure_cert(context)
    before = os.environ.get("AWS_CA_BUNDLE")
    os.environ["AWS_CA_BUNDLE"] = str(bundle)
    try:
        yield context
    finally:
        os.environ.pop("AWS_CA_BUNDLE")
        if before is not None:
            os.environ["AWS_CA_BUNDLE"] = before


def soak(minutes: float, directory: FilePath, seed: int, *, show: Any = print) -> Totals:
    """Attack every transport, on plain connections and on TLS, in turns until the time is over."""
    totals = Totals()
    end = time.monotonic() + minutes * 60
    with trusted_context(directory) as context:
        while time.monotonic() < end and not totals.violations:
            for transport in TRANSPORTS:
                for secure in (None, context):
                    if transport == "client" and secure is not None:
                        continue  # urllib3 gives surplus bytes to the next request, and the client is not ours to fix
                    for colour in COLOURS:
                        seed += 1
                        with (
                            run_scripted_server(Attack(seed, 0.4), secure) as server,
                            open_backend(server, transport, colour) as one,
                        ):
                            attack_backend(one, server, totals, seed=seed, count=800)
            totals.note_held()
            show(totals.lines()[0])
    return totals
