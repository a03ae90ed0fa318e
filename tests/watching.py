"""What watchers of boto3 see while each action is sent: written down, to be compared with what they see otherwise."""

from __future__ import annotations

import re
import uuid
from collections.abc import Callable, Sequence
from decimal import Decimal
from typing import Any, cast

import botocore.client
from botocore.awsrequest import AWSPreparedRequest, AWSRequest, AWSResponse

from dynamongo import DynamongoError
from dynamongo.backends.dynamodb import DynamoDBBackend
from dynamongo.expressions.conditions import Comparison, NotExists, Path
from dynamongo.expressions.updates import SetUpdate
from dynamongo.expressions.values import AttributeValue, Item
from dynamongo.operations import (
    AnyOperation,
    BatchDelete,
    BatchGet,
    BatchPut,
    BatchWrite,
    ConditionCheck,
    CreateTable,
    Delete,
    DeleteTable,
    DescribeTable,
    DescribeTimeToLive,
    Get,
    KeyCondition,
    Put,
    Query,
    Scan,
    TransactGet,
    TransactWrite,
    UpdateItem,
    UpdateThroughput,
    UpdateTimeToLive,
)
from dynamongo.schema import IndexSchema, KeyAttribute, KeySchema, Projection, TableSchema, Throughput

TABLE = "watched"
VALUES: dict[str, AttributeValue] = {
    "text": 'é "null" ":null,"',
    "number": Decimal("1.50"),
    "truth": True,
    "nothing": None,
    "list": ["a", 1, [None], {"B": "b"}],
    "map": {"S": {"N": 1}, "null": None},
    "texts": frozenset({"a", "b"}),
    "numbers": frozenset({1, 2}),
}
BINARY: dict[str, AttributeValue] = {
    "data": b"\x00\xff",
    "B": b"b",
    "BS": frozenset({b"a", b"c"}),
    "L": [b"l", {"M": b"m", "B": [b""]}],
}
ALIKE: dict[str, AttributeValue] = {"B": "no data", "BS": ["none", 1], "M": {"B": "b"}}


def key(number: int) -> Item:
    """The key of an item."""
    return {"id": "p", "at": number}


def make_operations() -> list[AnyOperation]:
    """Each action, with attribute values of all types, and errors."""
    first, second = Comparison(Path("text"), "<>", "x"), NotExists(Path("nowhere"))
    items: list[Item] = [{**key(n), **values} for n, values in enumerate((VALUES, BINARY, ALIKE, {}))]
    index = IndexSchema("by_text", KeySchema(KeyAttribute("text", "S")), Projection("include", ("truth",)))
    keys = KeySchema(KeyAttribute("id", "S"), KeyAttribute("at", "N"))
    return [
        CreateTable(TableSchema(TABLE, keys, Throughput(1, 1), (index,))),
        UpdateThroughput(TABLE, Throughput(2, 2)),
        DescribeTable(TABLE),
        UpdateTimeToLive(TABLE, "expires"),
        DescribeTimeToLive(TABLE),
        *[Put(TABLE, item, return_old=True) for item in items],
        Put(TABLE, items[0], second, return_old=True),
        Put(TABLE, items[1], Comparison(Path("text"), "=", "x"), return_item_on_failure=True),
        *[Get(TABLE, key(number), consistent=True) for number in range(5)],
        Get(TABLE, key(1), (Path("data"), Path("B"))),
        UpdateItem(TABLE, key(0), (SetUpdate(Path("more"), b"new"),), first, returns="ALL_NEW"),
        UpdateItem(TABLE, key(3), (SetUpdate(Path("more"), [1]),), returns="UPDATED_OLD"),
        Query(TABLE, KeyCondition(Comparison(Path("id"), "=", "p")), filter=first, limit=3),
        Query(TABLE, KeyCondition(Comparison(Path("id"), "=", "p")), limit=1, cursor=key(2)),
        Query(TABLE, KeyCondition(Comparison(Path("id"), "=", "p")), count_only=True),
        Scan(TABLE, projection=(Path("id"), Path("list"))),
        Scan(TABLE, index="by_text"),
        BatchGet(TABLE, tuple(map(key, range(6)))),
        BatchWrite(TABLE, (*[BatchPut({**item, "id": "q"}) for item in items], BatchDelete(key(3)))),
        TransactWrite((Put(TABLE, items[3]), ConditionCheck(TABLE, key(0), first), Delete(TABLE, key(2)))),
        TransactWrite((Put(TABLE, items[2]), ConditionCheck(TABLE, key(9), first)), str(uuid.uuid4())),
        TransactGet((Get(TABLE, key(1)), Get(TABLE, key(9)))),
        Delete(TABLE, key(1), return_old=True),
        Delete("missing", key(1)),
        Get("", key(1)),
        Get(TABLE, {"id": 1}),
        TransactWrite(()),
        DeleteTable(TABLE),
    ]


def execute_all(backend: DynamoDBBackend) -> list[object]:
    """Execute each operation, and return their results."""
    results: list[object] = []
    for operation in make_operations():
        try:
            results.append(backend.execute(cast("Any", operation)))
        except DynamongoError as error:
            results.append(re.sub(r"request id \w+", "request id", f"{type(error).__name__}: {error}"))
    return results


EVENTS = [
    "provide-client-params",
    "before-parameter-build",
    "before-endpoint-resolution",
    "before-call",
    "request-created",
    "choose-signer",
    "before-sign",
    "before-send",
    "before-parse",
    "response-received",
    "needs-retry",
    "after-call",
    "after-call-error",
]
_VOLATILE = """
    creationdatetime lastupdatetopayperrequestdatetime lastincreasedatetime tableid authorization x-amz-date user-agent
    amz-sdk-invocation-id x-amzn-trace-id requestid x-amzn-requestid request_id x-amz-crc32 date clientrequesttoken
    content-length invocation-id ttl signing timestamp
"""


def show(value: Any) -> Any:
    """Return all of a value that a watcher sees, the order of members and the types included, but nothing volatile."""
    if isinstance(value, (AWSRequest, AWSPreparedRequest)):
        return "request", value.method, value.url, show(value.body), show(dict(value.headers))
    if isinstance(value, AWSResponse):
        return "response", value.status_code, show(dict(value.headers))
    if isinstance(value, dict):
        members = cast("dict[str, Any]", value).items()
        shown = [(name, "*" if is_volatile(name) else show(each)) for name, each in members]
        is_item = all(isinstance(each, dict) and len(cast("Any", each)) == 1 for _, each in members)
        return type(value).__name__, sorted(shown, key=str) if is_item else shown  # the emulator shuffles attributes
    if isinstance(value, (list, tuple)):
        return type(value).__name__, list(map(show, cast("list[Any]", value)))
    if isinstance(value, (str, bytes, bool, int, float, Decimal, type(None))):
        return value
    return getattr(value, "name", type(value).__name__)


def is_volatile(name: object) -> bool:
    """Whether the value of that name differs from one run to the next."""
    return str(name).lower() in _VOLATILE.split()


def hide_times(record: object) -> str:
    """Return the text of a record, without what differs from one run to the next."""
    text = re.sub(r"'ClientRequestToken': '[^']*'|datetime\.datetime\([^)]*\)|(?<=RequestId: )[\w-]+", "*", str(record))
    text = re.sub(r"ClientRequestToken\": ?\"[0-9a-f-]{36}", "*", text)
    return re.sub(r"\"?(CreationDateTime|TableId|LastIncreaseDateTime)\"?:[^,}]*", "*", text)


class Listener:
    """Handles every event of a client, and writes down what it is told."""

    def __init__(self, client: Any, events: Sequence[str] = EVENTS) -> None:
        self.seen: list[Any] = []
        for event in events:
            client.meta.events.register(f"{event}.dynamodb", self)

    def __call__(self, event_name: str, **told: Any) -> None:
        self.seen.append((event_name, show({name: each for name, each in told.items() if name != "response_dict"})))


class Wrapper:
    """Wraps what makes all calls of boto3, as tracers do, and writes down the arguments and the response."""

    def __init__(self, change: Callable[[dict[str, Any]], None] = lambda _: None) -> None:
        self.seen: list[Any] = []
        make_call: Any = botocore.client.BaseClient._make_api_call  # type: ignore[attr-defined]

        def make_traced_call(client: Any, operation_name: str, arguments: dict[str, Any]) -> Any:
            self.seen.append((operation_name, show(arguments)))
            change(arguments)
            try:
                response = make_call(client, operation_name, arguments)
            except Exception as error:
                self.seen.append((type(error).__name__, show(getattr(error, "response", str(error)))))
                raise
            self.seen.append(show(response))
            return response

        self.function = make_traced_call
