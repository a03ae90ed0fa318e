"""Operations that DynamoDB refuses, by what is wrong with them, and where the emulator's words are not DynamoDB's."""

from __future__ import annotations

import os
from decimal import Decimal
from typing import Any, Final

from dynamongo._support.dataclasses import replace
from dynamongo.expressions.conditions import (
    EQ,
    LT,
    And,
    BeginsWith,
    Comparison,
    Exists,
    In,
    Path,
)
from dynamongo.expressions.updates import (
    AddUpdate,
    AnyUpdate,
    AppendUpdate,
    DeleteUpdate,
    IncrementUpdate,
    RemoveUpdate,
    SetUpdate,
)
from dynamongo.expressions.values import AttributeValue, Item
from dynamongo.operations import (
    AnyOperation,
    BatchDelete,
    BatchGet,
    BatchPut,
    BatchWrite,
    ConditionCheck,
    CreateIndex,
    CreateTable,
    Delete,
    DeleteIndex,
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
    UpdateIndexThroughput,
    UpdateItem,
    UpdateThroughput,
    UpdateTimeToLive,
)
from dynamongo.schema import IndexSchema, KeyAttribute, KeySchema, Projection, TableSchema, Throughput

P = Path
PK, SK, GH, GS = KeyAttribute("pk", "S"), KeyAttribute("sk", "N"), KeyAttribute("gh", "S"), KeyAttribute("gs", "N")
KEYS: Final = KeySchema(PK, SK)
BY_GH: Final = KeySchema(GH)
ONE: Final = Throughput(1, 1)
T, ON_DEMAND, NEW = f"words-{os.getpid()}", f"words-{os.getpid()}-on-demand", f"words-{os.getpid()}-new"
SCHEMAS: Final = (
    TableSchema(
        T,
        KEYS,
        ONE,
        (
            IndexSchema("by_gh", KeySchema(GH, GS), Projection("include", ("a",)), throughput=ONE),
            IndexSchema("by_ls", KeySchema(PK, KeyAttribute("ls", "S")), is_global=False),
        ),
    ),
    TableSchema(ON_DEMAND, KeySchema(PK), None, (IndexSchema("by_gh", KeySchema(GH)),)),
)
KEY: Final[Item] = {"pk": "a", "sk": 1}
STORED: Final[Item] = {**KEY, "s": "text", "m": {"a": 1}, "l": [1], "big": Decimal("9e125"), "n": 1, "gh": "a", "gs": 1}
HASH: Final = Comparison(P("pk"), EQ, "a")
NAMES: Final = tuple(f"n{number:02}" for number in range(21))


def nested(depth: int) -> AttributeValue:
    value: AttributeValue = "x"
    for _ in range(depth):
        value = [value]
    return value


def put(extra: Item, **options: Any) -> Put:
    return Put(T, {**KEY, **extra}, **options)


def update(*updates: AnyUpdate, **options: Any) -> UpdateItem:
    return UpdateItem(T, KEY, updates, **options)


def query(hash_key: Comparison = HASH, range_key: Any = None, **options: Any) -> Query:
    return Query(T, KeyCondition(hash_key, *([] if range_key is None else [range_key])), **options)


def by_gh(**options: Any) -> Query:
    return query(Comparison(P("gh"), EQ, "a"), index="by_gh", **options)


def index(name: str = "new_index", keys: KeySchema = BY_GH, **options: Any) -> IndexSchema:
    return IndexSchema(name, keys, **options)


def local(name: str, keys: KeySchema) -> IndexSchema:
    return IndexSchema(name, keys, is_global=False)


def create(*indexes: IndexSchema, tags: Any = (), stream: Any = None, **schema: Any) -> CreateTable:
    return CreateTable(replace(TableSchema(NEW, KEYS, ONE, indexes), **schema), tags, stream)


def many(make: Any, count: int) -> Any:
    return tuple(make({"pk": "a", "sk": number}) for number in range(count))


OPERATIONS: Final[dict[str, AnyOperation]] = {
    "put: no range key": Put(T, {"pk": "a"}),
    "put: key of another type": Put(T, {"pk": 1, "sk": 1}),
    "put: empty key": Put(T, {"pk": "", "sk": 1}),
    "put: index key of another type": put({"gh": 1}),
    "put: empty index key": put({"gh": ""}),
    "put: hash key too long": Put(T, {"pk": "x" * 2049, "sk": 1}),
    "put: item too large": put({"v": "x" * 409_600}),
    "put: too deep": put({"v": nested(40)}),
    "put: too many digits": put({"n": Decimal("1" * 39)}),
    "put: number too large": put({"n": Decimal("1e126")}),
    "put: number too small": put({"n": Decimal("1e-131")}),
    "put: no table": Put("none", KEY),
    "put: condition that does not hold": put({}, condition=Exists(P("zzz"))),
    "put: condition with 301 operators": put({}, condition=And(*[Exists(P("a"))] * 151, *[Exists(P("b"))] * 1)),
    "put: in with 101 choices": put({}, condition=In(P("a"), tuple(range(101)))),
    "put: condition with too deep a value": put({}, condition=Comparison(P("a"), EQ, nested(40))),
    "put: condition with a negative position": put({}, condition=Exists(P("l", -1))),
    "get: no range key": Get(T, {"pk": "a"}),
    "get: more than the key": Get(T, {**KEY, "x": 1}),
    "get: key of another type": Get(T, {"pk": 1, "sk": 1}),
    "get: empty key": Get(T, {"pk": "", "sk": 1}),
    "get: no table": Get("none", KEY),
    "get: overlapping paths": Get(T, KEY, (P("m"), P("m", "a"))),
    "get: one path twice": Get(T, KEY, (P("m"), P("m"))),
    "get: conflicting paths": Get(T, KEY, (P("m", 0), P("m", "a"))),
    "update: key": update(SetUpdate(P("pk"), "b")),
    "update: part of the key": update(SetUpdate(P("pk", "a"), "b")),
    "update: range key removed": update(RemoveUpdate(P("sk"))),
    "update: overlapping paths": update(SetUpdate(P("m"), "b"), SetUpdate(P("m", "a"), 1)),
    "update: one path twice": update(SetUpdate(P("m"), "b"), RemoveUpdate(P("m"))),
    "update: conflicting paths": update(SetUpdate(P("m", "a"), "b"), SetUpdate(P("m", 0), 1)),
    "update: missing attribute": update(SetUpdate(P("m"), P("nope"))),
    "update: missing parent": update(SetUpdate(P("nope", "a"), 1)),
    "update: add to a string": update(AddUpdate(P("s"), 1)),
    "update: append to a string": update(AppendUpdate(P("s"), (1,))),
    "update: increment of a string": update(IncrementUpdate(P("s"), 1)),
    "update: delete from a string": update(DeleteUpdate(P("s"), frozenset({"a"}))),
    "update: index key of another type": update(SetUpdate(P("gh"), 1)),
    "update: empty index key": update(SetUpdate(P("gh"), "")),
    "update: inside an index key": update(SetUpdate(P("gh", "a"), 1)),
    "update: item too large": update(SetUpdate(P("v"), "x" * 409_600)),
    "update: too deep": update(SetUpdate(P("v"), nested(40))),
    "update: add of a string": update(AddUpdate(P("v"), "x")),  # type: ignore[arg-type]  # the point
    "update: add of a list": update(AddUpdate(P("v"), [1])),  # type: ignore[arg-type]  # the point
    "update: delete of a number": update(DeleteUpdate(P("v"), 1)),  # type: ignore[arg-type]  # the point
    "update: increment by a string": update(IncrementUpdate(P("v"), "x")),  # type: ignore[arg-type]  # the point
    "update: unknown return values": update(returns="FOO"),
    "update: sum too large": update(IncrementUpdate(P("big"), Decimal("9.9e125"))),
    "update: sum of too many digits": update(IncrementUpdate(P("n"), Decimal("1e-38"))),
    "update: negative position": update(SetUpdate(P("l", -1), 1)),
    "query: key of another type": query(Comparison(P("pk"), EQ, 1)),
    "query: other attribute": query(Comparison(P("x"), EQ, "a")),
    "query: empty key": query(Comparison(P("pk"), EQ, "")),
    "query: hash key in a range": query(Comparison(P("pk"), LT, "a")),
    "query: range key of another type": query(HASH, Comparison(P("sk"), LT, "x")),
    "query: beginning of a number": query(HASH, BeginsWith(P("sk"), "x")),
    "query: another range key": query(HASH, Comparison(P("other"), EQ, 1)),
    "query: filter on the key": query(filter=Comparison(P("sk"), EQ, 1)),
    "query: unknown index": query(index="nope"),
    "query: limit of 0": query(limit=0),
    "query: cursor without range key": query(cursor={"pk": "a"}),
    "query: cursor of another partition": query(cursor={"pk": "b", "sk": 1}),
    "query: cursor out of the range": query(HASH, Comparison(P("sk"), LT, 5), cursor={"pk": "a", "sk": 9}),
    "query: global index read consistently": by_gh(consistent=True),
    "query: projection that the index has not": by_gh(projection=(P("zz"),)),
    "query: filter that the index has not": by_gh(filter=Comparison(P("zz"), EQ, 1)),
    "query: whole items of an index that has not": by_gh(fetch=True),
    "scan: segment too high": Scan(T, segment=4, total_segments=4),
    "scan: segment alone": Scan(T, segment=1),
    "scan: total alone": Scan(T, total_segments=4),
    "scan: negative segment": Scan(T, segment=-1, total_segments=4),
    "scan: no segments": Scan(T, segment=0, total_segments=0),
    "scan: limit of 0": Scan(T, limit=0),
    "scan: cursor without range key": Scan(T, cursor={"pk": "a"}),
    "scan: cursor of another type": Scan(T, cursor={"pk": 1, "sk": 1}),
    "batch get: 101 keys": BatchGet(T, many(lambda key: key, 101)),
    "batch get: nothing": BatchGet(T, ()),
    "batch get: one key twice": BatchGet(T, (KEY, KEY)),
    "batch get: no range key": BatchGet(T, ({"pk": "a"},)),
    "batch write: 26 writes": BatchWrite(T, many(BatchDelete, 26)),
    "batch write: nothing": BatchWrite(T, ()),
    "batch write: one key twice": BatchWrite(T, (BatchDelete(KEY), BatchPut(KEY))),
    "batch write: put without range key": BatchWrite(T, (BatchPut({"pk": "a"}),)),
    "batch write: put with a key of another type": BatchWrite(T, (BatchPut({"pk": 1, "sk": 1}),)),
    "batch write: delete without range key": BatchWrite(T, (BatchDelete({"pk": "a"}),)),
    "batch write: index key of another type": BatchWrite(T, (BatchPut({**KEY, "gh": 1}),)),
    "transaction: nothing": TransactWrite(()),
    "transaction: 101 actions": TransactWrite(many(lambda key: Delete(T, key), 101)),
    "transaction: one item twice": TransactWrite((Delete(T, KEY), Put(T, KEY))),
    "transaction: token too long": TransactWrite((Delete(T, KEY),), "x" * 37),
    "transaction: update of the key": TransactWrite((update(SetUpdate(P("pk"), "b")),)),
    "transaction: delete without range key": TransactWrite((Delete(T, {"pk": "a"}),)),
    "transaction: put without range key": TransactWrite((Put(T, {"pk": "a"}),)),
    "transaction: put with a key of another type": TransactWrite((Put(T, {"pk": 1, "sk": 1}),)),
    "transaction: no table": TransactWrite((Delete("none", KEY),)),
    "transaction: check that does not hold": TransactWrite((ConditionCheck(T, KEY, Exists(P("zz"))),)),
    "transaction: overlapping paths": TransactWrite((update(SetUpdate(P("m"), 1), SetUpdate(P("m", "a"), 1)),)),
    "transaction: missing parent": TransactWrite((update(SetUpdate(P("nope", "a"), 1)),)),
    "transaction: update of nothing": TransactWrite((update(),)),
    "transaction of gets: nothing": TransactGet(()),
    "transaction of gets: 101": TransactGet(many(lambda key: Get(T, key), 101)),
    "transaction of gets: one item twice": TransactGet((Get(T, KEY), Get(T, KEY))),
    "transaction of gets: no range key": TransactGet((Get(T, {"pk": "a"}),)),
    "table: name too short": create(name="ab"),
    "table: name too long": create(name="x" * 256),
    "table: name with other characters": create(name="with space"),
    "table: no read units": create(throughput=Throughput(0, 1)),
    "table: no units": create(throughput=Throughput(0, 0)),
    "table: two keys of one name": create(keys=KeySchema(PK, PK)),
    "table: attribute of two types": create(index(keys=KeySchema(KeyAttribute("pk", "N")))),
    "table: key of no type": create(keys=KeySchema(KeyAttribute("pk", "BOOL"))),  # type: ignore[arg-type]  # the point
    "table: key with too long a name": create(keys=KeySchema(KeyAttribute("x" * 256, "S"))),
    "table: is there": CreateTable(SCHEMAS[0]),
    "table: no attributes included": create(index(projection=Projection("include"))),
    "table: attributes beside all": create(index(projection=Projection("all", ("a",)))),
    "table: attributes beside keys": create(index(projection=Projection("keys_only", ("a",)))),
    "table: attribute included twice": create(index(projection=Projection("include", ("a", "a")))),
    "table: 21 attributes included": create(index(projection=Projection("include", NAMES))),
    "table: 120 attributes included": create(
        *(index(f"index_{number}", projection=Projection("include", NAMES[:20])) for number in range(6))
    ),
    "table: 21 global indexes": create(*(index(f"index_{number}") for number in range(21))),
    "table: 6 local indexes": create(*(local(f"index_{number}", KeySchema(PK, GS)) for number in range(6))),
    "table: two indexes of one name": create(index(), index()),
    "table: name of an index too short": create(index("gi")),
    "table: index without units": create(index(throughput=Throughput(0, 0))),
    "table: units of an index on demand": create(index(throughput=ONE), throughput=None),
    "table: local index without a range key of the table": create(local("by_l", KeySchema(PK, GS)), keys=KeySchema(PK)),
    "table: local index of another hash key": create(local("by_l", KeySchema(GH, GS))),
    "table: local index without range key": create(local("by_l", KeySchema(PK))),
    "table: index with two keys of one name": create(index(keys=KeySchema(GH, GH))),
    "table: 51 tags": create(tags=tuple((f"k{number}", "v") for number in range(51))),
    "table: tag of AWS": create(tags=(("aws:x", "v"),)),
    "table: one tag twice": create(tags=(("x", "v"), ("x", "w"))),
    "table: unknown stream": create(stream="foo"),
    "delete table: no table": DeleteTable("none"),
    "describe table: no table": DescribeTable("none"),
    "new index: is there": CreateIndex(T, index("by_gh", throughput=ONE)),
    "new index: no units": CreateIndex(T, index()),
    "new index: units on demand": CreateIndex(ON_DEMAND, index(throughput=ONE)),
    "new index: no table": CreateIndex("none", index()),
    "new index: no attributes included": CreateIndex(T, index(projection=Projection("include"), throughput=ONE)),
    "new index: 21 attributes included": CreateIndex(T, index(projection=Projection("include", NAMES), throughput=ONE)),
    "dropped index: is not there": DeleteIndex(T, "nope"),
    "dropped index: local": DeleteIndex(T, "by_ls"),
    "dropped index: no table": DeleteIndex("none", "by_gh"),
    "units: the same": UpdateThroughput(T, ONE),
    "units: none": UpdateThroughput(T, Throughput(0, 1)),
    "units: none for an index": UpdateThroughput(ON_DEMAND, ONE),
    "units: unknown index": UpdateThroughput(T, Throughput(2, 2), (("nope", ONE),)),
    "units of an index: the same": UpdateIndexThroughput(T, (("by_gh", ONE),)),
    "units of an index: none": UpdateIndexThroughput(T, (("by_gh", Throughput(0, 1)),)),
    "units of an index: unknown index": UpdateIndexThroughput(T, (("nope", ONE),)),
    "units of an index: no index": UpdateIndexThroughput(T, ()),
    "units of an index: on demand": UpdateIndexThroughput(ON_DEMAND, (("by_gh", ONE),)),
    "units of an index: twice": UpdateIndexThroughput(T, (("by_gh", Throughput(2, 2)), ("by_gh", Throughput(3, 3)))),
    "time to live: off already": UpdateTimeToLive(T, "x", enabled=False),
    "time to live: empty name": UpdateTimeToLive(T, ""),
    "time to live: no table": UpdateTimeToLive("none", "x"),
    "time to live: described without a table": DescribeTimeToLive("none"),
}

EXCEPTIONS: Final[dict[str, tuple[str, ...]]] = {
    "the emulator does it, and DynamoDB refuses it (see docs/fidelity.md)": (
        "get: conflicting paths",
        "query: key of another type",
        "query: range key of another type",
        "query: beginning of a number",
        "query: empty key",
        "query: cursor of another partition",
        "query: cursor out of the range",
        "query: projection that the index has not",
        "query: filter that the index has not",
        "table: key with too long a name",
        "table: attribute included twice",
        "table: 21 attributes included",
        "table: 120 attributes included",
        "new index: 21 attributes included",
        "time to live: off already",
    ),
    "the emulator does it; DynamoDB was recorded to refuse it in these words": (
        "table: tag of AWS",
        "table: one tag twice",
        "new index: no units",
        "units: none for an index",
        "units of an index: the same",
        "units of an index: on demand",
    ),
    "the emulator does it, and does not look at this part of the request": (
        "table: unknown stream",
        "new index: units on demand",
        "new index: no attributes included",
    ),
    "DynamoDB was recorded to say what memory says, the emulator has words of its own": (
        "update: inside an index key",
        "update: append to a string",
        "update: increment of a string",
        "update: increment by a string",
        "query: hash key in a range",
        "table: attribute of two types",
        "table: 51 tags",
        "new index: is there",
        "dropped index: is not there",
        "dropped index: local",
        "units: unknown index",
        "units of an index: unknown index",
        "units of an index: no index",
    ),
    "the emulator's parser stops at another token": (
        "put: condition with a negative position",
        "update: negative position",
    ),
    "the emulator's own words for a number or list out of bounds, which it has otherwise elsewhere": (
        "query: limit of 0",
        "scan: no segments",
        "batch get: nothing",
    ),
    "the emulator says what its JSON parser says": ("transaction: update of nothing",),
}
