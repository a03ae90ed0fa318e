"""Each operation once against the emulator; what the answers mean in detail is the contract suite's part."""

from __future__ import annotations

import uuid
from collections.abc import Iterator

import pytest

from dynamongo.backends.dynamodb import DynamoDBBackend
from dynamongo.exceptions import (
    ConditionalCheckFailedException,
    InvalidRequestError,
    TableExists,
    TableNotFound,
)
from dynamongo.expressions.conditions import Comparison, Exists, In, Not, NotExists, Or, Path
from dynamongo.expressions.updates import (
    AddUpdate,
    AppendUpdate,
    DeleteUpdate,
    IncrementUpdate,
    RemoveUpdate,
    SetUpdate,
)
from dynamongo.expressions.values import Item
from dynamongo.operations import (
    BatchDelete,
    BatchGet,
    BatchPut,
    BatchWrite,
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
    TimeToLive,
    UpdateItem,
    UpdateTimeToLive,
)
from dynamongo.schema import IndexSchema, KeyAttribute, KeySchema, Projection, TableSchema, Throughput
from dynamongo.testing.contract.base import proves

ROME: Item = {"country": "it", "city": "Rome", "people": 3}
MILAN: Item = {"country": "it", "city": "Milan", "people": 1}
PARIS: Item = {"country": "fr", "city": "Paris", "people": 2}
IN_ITALY = KeyCondition(Comparison(Path("country"), "=", "it"))


def schema_of(name: str) -> TableSchema:
    country, people = KeyAttribute("country", "S"), KeyAttribute("people", "N")
    return TableSchema(
        name,
        KeySchema(country, KeyAttribute("city", "S")),
        indexes=(
            IndexSchema("by_people", KeySchema(country, people), Projection("include", ("mayor",)), is_global=False),
            IndexSchema("everywhere", KeySchema(people), Projection("keys_only")),
        ),
    )


def key_of(item: Item) -> Item:
    return {"country": item["country"], "city": item["city"]}


@pytest.fixture
def table(dynamodb_backend: DynamoDBBackend) -> Iterator[str]:
    name = f"cities-{uuid.uuid4().hex}"
    dynamodb_backend.execute(CreateTable(schema_of(name)))
    yield name
    dynamodb_backend.execute(DeleteTable(name))


@pytest.fixture
def cities(dynamodb_backend: DynamoDBBackend, table: str) -> str:
    dynamodb_backend.execute(BatchWrite(table, (BatchPut(ROME), BatchPut(MILAN), BatchPut(PARIS))))
    return table


def test_table_is_described_as_it_was_created(dynamodb_backend: DynamoDBBackend, table: str) -> None:
    description = dynamodb_backend.execute(DescribeTable(table))
    assert (description.schema, description.status) == (schema_of(table), "ACTIVE")


def test_throughput_of_table_and_index_is_described_as_it_was_created(dynamodb_backend: DynamoDBBackend) -> None:
    keys = KeySchema(KeyAttribute("id", "B"))
    index = IndexSchema("by_group", KeySchema(KeyAttribute("group", "S")))
    faster = IndexSchema("by_kind", KeySchema(KeyAttribute("kind", "S")), throughput=Throughput(7, 9))
    schema = TableSchema(f"t-{uuid.uuid4().hex}", keys, Throughput(3, 4), (index, faster))
    dynamodb_backend.execute(CreateTable(schema))
    assert dynamodb_backend.execute(DescribeTable(schema.name)).schema == schema
    assert dynamodb_backend.execute(DeleteTable(schema.name)).schema.name == schema.name


def test_table_cannot_be_created_twice(dynamodb_backend: DynamoDBBackend, table: str) -> None:
    with pytest.raises(TableExists):
        dynamodb_backend.execute(CreateTable(schema_of(table)))


def test_missing_table_is_not_found(dynamodb_backend: DynamoDBBackend) -> None:
    for operation in (DescribeTable("nowhere"), DeleteTable("nowhere"), Get("nowhere", {"id": 1})):
        with pytest.raises(TableNotFound) as caught:
            dynamodb_backend.execute(operation)
        assert caught.value.code == "ResourceNotFoundException"


def test_item_that_was_put_is_read_again(dynamodb_backend: DynamoDBBackend, table: str) -> None:
    written = dynamodb_backend.execute(Put(table, ROME))
    read = dynamodb_backend.execute(Get(table, key_of(ROME), consistent=True))
    assert (written.attributes, written.consumed.write_units > 0) == (None, True)
    assert (read.item, read.consumed.read_units) == (ROME, 1.0)


def test_get_of_a_missing_item_gives_none(dynamodb_backend: DynamoDBBackend, table: str) -> None:
    assert dynamodb_backend.execute(Get(table, key_of(ROME))).item is None


def test_get_gives_only_the_projection(dynamodb_backend: DynamoDBBackend, cities: str) -> None:
    read = dynamodb_backend.execute(Get(cities, key_of(ROME), projection=(Path("people"),)))
    assert read.item == {"people": 3}


def test_put_and_delete_return_the_old_item(dynamodb_backend: DynamoDBBackend, cities: str) -> None:
    grown = ROME | {"people": 4}
    assert dynamodb_backend.execute(Put(cities, grown, return_old=True)).attributes == ROME
    assert dynamodb_backend.execute(Delete(cities, key_of(ROME), return_old=True)).attributes == grown


def test_failed_condition_carries_the_item_where_it_was_asked_for(
    dynamodb_backend: DynamoDBBackend, cities: str
) -> None:
    absent = NotExists(Path("city"))
    with pytest.raises(ConditionalCheckFailedException) as caught:
        dynamodb_backend.execute(Put(cities, ROME, absent, return_item_on_failure=True))
    assert caught.value.item == ROME
    with pytest.raises(ConditionalCheckFailedException) as caught:
        dynamodb_backend.execute(Delete(cities, key_of(ROME), absent))
    assert caught.value.item is None


def test_every_update_is_understood(dynamodb_backend: DynamoDBBackend, table: str) -> None:
    dynamodb_backend.execute(Put(table, ROME | {"old": 1, "tags": frozenset({"a", "b"}), "log": ["x"]}))
    updates = (
        SetUpdate(Path("mayor"), "Julia"),
        SetUpdate(Path("copy"), Path("people")),
        SetUpdate(Path("copy2"), 9, if_not_exists=True),
        RemoveUpdate(Path("old")),
        AddUpdate(Path("visits"), 5),
        DeleteUpdate(Path("tags"), frozenset({"b"})),
        IncrementUpdate(Path("people"), -1),
        AppendUpdate(Path("log"), ("y",)),
        AppendUpdate(Path("news"), ("z",), at_start=True),
    )
    operation = UpdateItem(table, key_of(ROME), updates, Exists(Path("city")), returns="ALL_NEW")
    assert dynamodb_backend.execute(operation).attributes == {
        **key_of(ROME),
        "people": 2,
        "mayor": "Julia",
        "copy": 3,
        "copy2": 9,
        "visits": 5,
        "tags": frozenset({"a"}),
        "log": ["x", "y"],
        "news": ["z"],
    }


def test_update_without_actions_creates_the_item(dynamodb_backend: DynamoDBBackend, table: str) -> None:
    dynamodb_backend.execute(UpdateItem(table, key_of(ROME)))
    assert dynamodb_backend.execute(Get(table, key_of(ROME))).item == key_of(ROME)


def test_batch_gives_what_there_is(dynamodb_backend: DynamoDBBackend, cities: str) -> None:
    dynamodb_backend.execute(BatchWrite(cities, (BatchDelete(key_of(PARIS)),)))
    found = dynamodb_backend.execute(BatchGet(cities, tuple(map(key_of, (ROME, PARIS, MILAN)))))
    assert sorted(found.items, key=lambda item: str(item["city"])) == [MILAN, ROME]
    assert (found.unprocessed, found.consumed.read_units > 0) == ((), True)


def test_query_goes_through_pages_in_order(dynamodb_backend: DynamoDBBackend, cities: str) -> None:
    first = dynamodb_backend.execute(Query(cities, IN_ITALY, limit=1, descending=True))
    second = dynamodb_backend.execute(Query(cities, IN_ITALY, limit=1, descending=True, cursor=first.cursor))
    assert (first.items, first.cursor) == ((ROME,), key_of(ROME))
    assert second.items == (MILAN,)


def test_query_reads_an_index_through_a_filter(dynamodb_backend: DynamoDBBackend, cities: str) -> None:
    key_condition = KeyCondition(*IN_ITALY.parts, Comparison(Path("people"), ">", 0))
    page = dynamodb_backend.execute(
        Query(cities, key_condition, Comparison(Path("city"), "<>", "Milan"), "by_people", (Path("city"),))
    )
    assert (page.items, page.count, page.scanned_count) == (({"city": "Rome"},), 1, 2)


def test_every_item_is_in_one_segment_of_a_scan(dynamodb_backend: DynamoDBBackend, table: str) -> None:
    written: list[Item] = [{"country": f"c{number % 10}", "city": str(number)} for number in range(20)]
    dynamodb_backend.execute(BatchWrite(table, tuple(map(BatchPut, written))))
    pages = [dynamodb_backend.execute(Scan(table, segment=segment, total_segments=3)) for segment in range(3)]
    read = [item for page in pages for item in page.items]
    assert sorted(read, key=lambda item: int(str(item["city"]))) == written
    assert [page.cursor for page in pages] == [None] * 3


@proves("17.16")
@pytest.mark.parametrize(
    ("segment", "total_segments", "message"),
    [
        (3, 3, "Segment: 3 is not less than TotalSegments: 3"),
        (0, None, "TotalSegments parameter is required"),
        (None, 3, "Segment parameter is required"),
        (0, 1_000_001, "between 1 and 1000000|less than or equal to 1000000"),
        (-1, 3, "greater than or equal to 0"),
        (0, 0, "between 1 and 1000000"),
    ],
)
def test_segment_that_there_cannot_be_is_refused(
    dynamodb_backend: DynamoDBBackend, table: str, segment: int | None, total_segments: int | None, message: str
) -> None:
    with pytest.raises(InvalidRequestError, match=message):
        dynamodb_backend.execute(Scan(table, segment=segment, total_segments=total_segments))


def test_expiry_is_described_as_it_was_asked_for(dynamodb_backend: DynamoDBBackend, table: str) -> None:
    assert dynamodb_backend.execute(DescribeTimeToLive(table)) == TimeToLive(None)
    assert dynamodb_backend.execute(UpdateTimeToLive(table, "expires")) == TimeToLive("expires")
    assert dynamodb_backend.execute(DescribeTimeToLive(table)) == TimeToLive("expires")
    assert dynamodb_backend.execute(UpdateTimeToLive(table, "expires", enabled=False)) == TimeToLive(None)
    assert dynamodb_backend.execute(DescribeTimeToLive(table)) == TimeToLive(None)


def test_items_expire_by_one_attribute_only(dynamodb_backend: DynamoDBBackend, table: str) -> None:
    dynamodb_backend.execute(UpdateTimeToLive(table, "expires"))
    with pytest.raises(InvalidRequestError, match="already enabled"):
        dynamodb_backend.execute(UpdateTimeToLive(table, "other"))
    assert dynamodb_backend.execute(DescribeTimeToLive(table)) == TimeToLive("expires")


def test_expiry_of_a_missing_table_finds_no_table(dynamodb_backend: DynamoDBBackend) -> None:
    for operation in (DescribeTimeToLive("nowhere"), UpdateTimeToLive("nowhere", "expires")):
        with pytest.raises(TableNotFound):
            dynamodb_backend.execute(operation)


def test_scan_counts_without_items(dynamodb_backend: DynamoDBBackend, cities: str) -> None:
    page = dynamodb_backend.execute(Scan(cities, In(Path("people"), (1, 2)), consistent=True, count_only=True))
    assert (page.items, page.count, page.scanned_count, page.cursor) == ((), 2, 3, None)


@pytest.mark.parametrize("tested", [Path("people"), 1])
def test_in_without_choices_finds_nothing_and_its_negation_everything(
    dynamodb_backend: DynamoDBBackend, cities: str, tested: Path | int
) -> None:
    nothing = In(tested, ())
    for condition, count in ((nothing, 0), (~nothing, 3), (nothing | nothing, 0), (~~nothing & ~nothing, 0)):
        assert dynamodb_backend.execute(Scan(cities, condition)).count == count


def test_nested_conditions_are_understood(dynamodb_backend: DynamoDBBackend, cities: str) -> None:
    big, rome = Comparison(Path("people"), ">=", 3), Comparison(Path("city"), "=", "Rome")
    for condition in (Not(Not(big | rome)) & rome, Or(big & rome), ~(~big | ~rome), ~(~(big & rome))):
        assert dynamodb_backend.execute(Scan(cities, condition)).items == (ROME,)


def test_malformed_request_is_refused_by_the_store(dynamodb_backend: DynamoDBBackend, cities: str) -> None:
    with pytest.raises(InvalidRequestError) as caught:
        dynamodb_backend.execute(Get(cities, {"country": "it"}))
    assert caught.value.code == "ValidationException"
    assert "does not match the schema" in str(caught.value)
