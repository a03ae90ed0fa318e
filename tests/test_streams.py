"""`streams.parse`: events of DynamoDB Streams as changes of models."""

from __future__ import annotations

import base64
import copy
import datetime as dt
import json
import uuid
from typing import Any

import boto3
import pytest
from typing_extensions import assert_type

from dynamongo import (
    BinaryField,
    Connection,
    DateField,
    IntField,
    Model,
    SchemaError,
    StringField,
    ValidationError,
    streams,
)
from dynamongo.backends.dynamodb import DynamoDBBackend
from dynamongo.backends.memory import MemoryBackend
from dynamongo.streams import Change, Unread, batch_failures


class User(Model):
    __table__ = "users"
    __hash_key__ = "email"
    email = StringField(required=True, stored_as="Email")
    born = DateField()
    photo = BinaryField()
    visits = IntField()


class Order(Model):
    __table__ = "orders"
    __hash_key__ = "customer"
    __range_key__ = "number"
    customer = StringField(required=True)
    number = IntField(required=True)


class Line(Model):
    __table__ = "orders"
    __hash_key__ = "customer"
    __range_key__ = "number"
    customer = StringField(required=True)
    number = IntField(required=True)
    sku = StringField(required=True)


ARN = "arn:aws:dynamodb:us-east-1:123456789012:table/{}/stream/2024-05-01T10:00:00.000"
KEYS = {"Email": {"S": "jane@example.com"}}
OLD = {**KEYS, "visits": {"N": "1"}}
NEW = {**KEYS, "visits": {"N": "2"}, "born": {"S": "1990-05-01"}, "photo": {"B": "AP8="}}
JANE = User(email="jane@example.com", visits=1)


def make_record(table: str = "users", name: str = "MODIFY", **data: Any) -> dict[str, Any]:
    """Return a record as Lambda gets it; the sample in the developer guide has these members."""
    return {
        "eventID": "c4ca4238a0b923820dcc509a6f75849b",
        "eventName": name,
        "eventVersion": "1.1",
        "eventSource": "aws:dynamodb",
        "awsRegion": "us-east-1",
        "dynamodb": {
            "ApproximateCreationDateTime": 1714557600,
            "Keys": KEYS,
            "SequenceNumber": "4421584500000000017450439091",
            "SizeBytes": 26,
            "StreamViewType": "NEW_AND_OLD_IMAGES",
            **data,
        },
        "eventSourceARN": ARN.format(table),
    }


def parse_one(record: dict[str, Any], models: Any, **options: Any) -> Any:
    (change,) = streams.parse({"Records": [record]}, models, **options)
    return change


def test_change_of_an_item() -> None:
    record = make_record(OldImage=OLD, NewImage=NEW)
    changes = streams.parse({"Records": [record]}, User)
    assert_type(changes, "list[Change[User] | Unread]")
    assert changes == [
        Change(
            event="modify",
            table="users",
            keys={"email": "jane@example.com"},
            is_expiry=False,
            sequence_number="4421584500000000017450439091",
            time=dt.datetime(2024, 5, 1, 10, tzinfo=dt.timezone.utc),
            event_id="c4ca4238a0b923820dcc509a6f75849b",
            view="new_and_old_images",
            record=record,
            model=User,
            old=JANE,
            new=User(email="jane@example.com", visits=2, born=dt.date(1990, 5, 1), photo=b"\x00\xff"),
        )
    ]


@pytest.mark.parametrize(
    ("name", "images", "event", "old", "new"),
    [
        ("INSERT", {"NewImage": OLD}, "insert", None, JANE),
        ("REMOVE", {"OldImage": OLD}, "remove", JANE, None),
        ("MODIFY", {}, "modify", None, None),
        ("MODIFY", {"NewImage": OLD}, "modify", None, JANE),
    ],
)
def test_images_that_a_stream_has(name: str, images: Any, event: str, old: Any, new: Any) -> None:
    change = parse_one(make_record(name=name, **images), User)
    assert (change.event, change.old, change.new, change.keys) == (event, old, new, {"email": "jane@example.com"})


@pytest.mark.parametrize(
    ("identity", "is_expiry"),
    [
        ({"type": "Service", "principalId": "dynamodb.amazonaws.com"}, True),
        ({"Type": "Service", "PrincipalId": "dynamodb.amazonaws.com"}, True),
        ({"type": "Service", "principalId": "other"}, False),
        (None, False),
    ],
)
def test_removal_of_what_has_expired(identity: Any, is_expiry: bool) -> None:  # noqa: FBT001 - a parameter of pytest
    record = {**make_record(name="REMOVE", OldImage=OLD), "userIdentity": identity}
    assert parse_one(record, User).is_expiry is is_expiry


# Which model takes a record.


def test_model_is_that_of_the_table() -> None:
    order = {"customer": {"S": "jane"}, "number": {"N": "7"}}
    event = {"Records": [make_record(), make_record("orders", Keys=order, NewImage=order)]}
    first, second = streams.parse(event, [User, Order])
    assert (first.model, second.model, second.new) == (User, Order, Order(customer="jane", number=7))
    assert second.keys == {"customer": "jane", "number": 7}


def test_table_has_the_prefix_of_the_connection() -> None:
    with Connection.using(MemoryBackend(), table_prefix="test-"):
        assert parse_one(make_record("test-users"), User).table == "test-users"
        assert isinstance(parse_one(make_record("users"), User), Unread)
    assert parse_one(make_record("users-of-may"), User.on_table("users-of-may")).table == "users-of-may"
    arn = "arn:aws:dynamodb:us-east-1:123456789012:table/users"
    assert isinstance(parse_one(make_record(), User.on_table(arn)), Change)


def test_record_that_no_model_takes_is_reported() -> None:
    change = parse_one(make_record("others", NewImage=NEW), [User, Order])
    assert isinstance(change, Unread)
    assert (change.table, change.keys) == ("others", {"Email": "jane@example.com"})
    assert str(change.error) == (
        "no model takes the record of {'Email': 'jane@example.com'} in the table others: the tables of the models are"
        " orders, users"
    )
    for name in ("old", "new", "model"):
        with pytest.raises(ValidationError, match=r"^no model takes the record"):
            getattr(change, name)


@pytest.mark.parametrize(
    ("data", "words"),
    [
        ({"NewImage": {**KEYS, "visits": {"S": "many"}}}, "User.visits must be stored as a number"),
        ({"Keys": {"id": {"S": "x"}}}, "User.email is part of the key, but the table of the record has another key"),
        ({"OldImage": {"visits": {"N": "1"}}}, "User.email is part of the key, but the stored item has no such"),
    ],
)
def test_record_that_its_model_cannot_read_is_reported(data: Any, words: str) -> None:
    other, change = streams.parse([make_record(), make_record(**data)], User)
    assert isinstance(other, Change)
    assert isinstance(change, Unread)
    assert words in str(change.error)


def test_function_chooses_among_the_models_of_a_table() -> None:
    def choose(item: dict[str, Any]) -> type[Model] | None:
        return {True: Line, False: Order}["sku" in item] if item["number"] else None

    order = {"customer": {"S": "jane"}, "number": {"N": "7"}}
    line = {**order, "sku": {"S": "lamp"}}
    record = make_record("orders", Keys=order, OldImage=order, NewImage=line)
    change = parse_one(record, [Order, Line], choose=choose)
    assert (change.model, type(change.old), type(change.new)) == (Line, Order, Line)
    nobody = {**order, "number": {"N": "0"}}
    unread = parse_one(make_record("orders", Keys=nobody), [Order, Line], choose=choose)
    assert str(unread.error).endswith(" in the table orders: choose() returned None")
    with pytest.raises(SchemaError, match=r"^Order, Line have the same table, orders, and nothing tells"):
        parse_one(record, [Order, Line])


class Entity(Model):
    __table__ = "entities"
    __hash_key__ = "id"
    __kind_field__ = "type"
    id = StringField(required=True)


class Customer(Entity):
    __kind__ = "customer"
    name = StringField()


class Invoice(Entity):
    __kind__ = "invoice"


def test_kind_decides_among_the_models_of_a_table() -> None:
    keys = {"id": {"S": "a"}}
    jane = {**keys, "type": {"S": "customer"}, "name": {"S": "Jane"}}
    invoice, other = ({**keys, "type": {"S": kind}} for kind in ("invoice", "other"))
    record = make_record("entities", Keys=keys, OldImage=jane, NewImage=invoice)
    change = parse_one(record, [Customer, Invoice])
    assert (change.model, change.old, change.new) == (Invoice, Customer(id="a", name="Jane"), Invoice(id="a"))
    assert parse_one(record, [Entity, Customer]).model is Invoice
    assert isinstance(parse_one(record, Invoice), Unread)  # which does not take the old image
    strange = make_record("entities", Keys=keys, NewImage=other)
    told = " in the table entities: none is of the kind that its type tells"
    assert str(parse_one(strange, [Customer, Invoice]).error).endswith(told)
    of_keys = parse_one(make_record("entities", Keys=keys), [Customer, Invoice])
    assert "it lacks type, which tells the kind: pass a base without __kind__" in str(of_keys.error)
    assert parse_one(strange, Entity).new == Entity.from_dynamodb_json(other)
    assert parse_one(make_record("entities", Keys=keys), Entity).keys == {"id": "a"}
    may = parse_one(make_record("may", Keys=keys, NewImage=jane), Entity.on_table("may"))
    assert (type(may.new).table_name(), isinstance(may.new, Customer)) == ("may", True)


# Other sources.


def test_record_of_kinesis() -> None:
    data = {
        "awsRegion": "us-east-1",
        "eventID": "a",
        "eventName": "INSERT",
        "userIdentity": None,
        "recordFormat": "application/json",
        "tableName": "users",
        "dynamodb": {"ApproximateCreationDateTime": 1714557600123, "Keys": KEYS, "NewImage": OLD, "SizeBytes": 10},
        "eventSource": "aws:dynamodb",
    }
    encoded = base64.b64encode(json.dumps(data).encode()).decode()
    record = {"eventSource": "aws:kinesis", "kinesis": {"data": encoded, "sequenceNumber": "49"}}
    change = parse_one(record, [User, Order])
    assert (change.new, change.table, change.sequence_number, change.event_id) == (JANE, "users", "49", "a")
    assert change.time == dt.datetime(2024, 5, 1, 10, microsecond=123_000, tzinfo=dt.timezone.utc)


def test_answer_of_get_records(server_url: str) -> None:
    """What an emulator records of our own writes, as boto3 reads it: bytes as they are, and times as datetimes."""
    arguments = {"aws_access_key_id": "x", "aws_secret_access_key": "y", "region_name": "us-east-2"}
    table = f"users-with-a-stream-{uuid.uuid4().hex}"

    class Watched(User):
        __table__ = table
        __stream__ = "new_and_old_images"

    backend = DynamoDBBackend(access_key_id="x", secret_access_key="y", region="us-east-2", endpoint_url=server_url)
    with Connection.using(backend):
        Watched.create_table()
        user = Watched(email="jane@example.com", photo=b"\x00", visits=1).save()
        user.update(Watched.visits.increment())
        user.delete()
        client: Any = boto3.client("dynamodbstreams", endpoint_url=server_url, **arguments)  # type: ignore[call-overload]  # any client
        (stream,) = client.list_streams(TableName=table)["Streams"]
        (shard,) = client.describe_stream(StreamArn=stream["StreamArn"])["StreamDescription"]["Shards"]
        iterator = client.get_shard_iterator(
            StreamArn=stream["StreamArn"], ShardId=shard["ShardId"], ShardIteratorType="TRIM_HORIZON"
        )
        response = client.get_records(ShardIterator=iterator["ShardIterator"])
        changes = streams.parse(response, Watched)
        Watched.delete_table()
    first = Watched(email="jane@example.com", photo=b"\x00", visits=1)
    second = Watched(email="jane@example.com", photo=b"\x00", visits=2)
    assert [(change.event, change.old, change.new) for change in changes] == [
        ("insert", None, first),
        ("modify", first, second),
        ("remove", second, None),
    ]
    assert all(change.time is not None and change.time.tzinfo is not None for change in changes)


def test_records_without_a_table_need_models_of_one_table() -> None:
    record = make_record(NewImage=OLD)
    del record["eventSourceARN"]
    assert parse_one(record, User).new == JANE
    with pytest.raises(SchemaError, match=r"^these records do not name their table: pass models of one table"):
        parse_one(record, [User, Order])


@pytest.mark.parametrize(
    "event",
    [None, {}, {"Records": {}}, {"Records": [1]}, [{"eventName": "INSERT"}], [{"dynamodb": {"Keys": {}}}]],
)  # fmt: skip
def test_what_is_no_event_is_refused(event: Any) -> None:
    with pytest.raises(ValidationError, match="DynamoDB Streams"):
        streams.parse(event, User)


@pytest.mark.parametrize(
    "wrong",
    [{"dynamodb": None}, {"eventName": ["INSERT"]}, {"eventSourceARN": 5}, {"userIdentity": "Service"}],
)
def test_record_with_a_part_of_the_wrong_type_is_refused(wrong: Any) -> None:
    with pytest.raises(ValidationError, match=r"^not a record of DynamoDB Streams: "):
        parse_one({**make_record(), **wrong}, User)


@pytest.mark.parametrize(
    ("time", "found"),
    [
        (1714557600.123, dt.timedelta(microseconds=123_000)),
        ("2024-05-01T12:00:00+02:00", dt.timedelta()),  # as the AWS command line prints it
        ("today", None),
        (float("nan"), None),
        (10**30, None),
        ([], None),
    ],
)
def test_time_of_a_record(time: Any, found: dt.timedelta | None) -> None:
    record = make_record(ApproximateCreationDateTime=time)
    if found is not None:
        assert parse_one(record, User).time == dt.datetime(2024, 5, 1, 10, tzinfo=dt.timezone.utc) + found
    else:
        with pytest.raises(ValidationError, match=r"^not the time of a record: "):
            parse_one(record, User)


def test_records_may_come_one_by_one() -> None:
    assert [change.new for change in streams.parse(iter([make_record(NewImage=NEW)]), User)] == [
        User.from_dynamodb_json(NEW)
    ]


def test_what_is_no_model_is_refused() -> None:
    wrong: Any = int
    with pytest.raises(SchemaError, match=r"^models must be a model, or several; got <class 'int'>"):
        streams.parse([], [User, wrong])
    with pytest.raises(SchemaError, match=r"^choose must return a model, or None; got <class 'int'>"):
        parse_one(make_record(), User, choose=lambda _: wrong)


@pytest.mark.parametrize("data", ["eA==", "W1tb" * 9999])
def test_record_of_kinesis_about_something_else_is_refused(data: str) -> None:
    with pytest.raises(ValidationError, match=r"^not a record of DynamoDB in Kinesis"):
        parse_one({"kinesis": {"data": data, "sequenceNumber": "1"}}, User)


def test_failures_of_a_batch() -> None:
    changes = streams.parse([make_record(), make_record(SequenceNumber="2")], User)
    assert batch_failures(changes[1:]) == {"batchItemFailures": [{"itemIdentifier": "2"}]}
    assert batch_failures([]) == {"batchItemFailures": []}


def test_event_is_not_changed() -> None:
    event = {"Records": [make_record(OldImage=OLD, NewImage=NEW)]}
    before = copy.deepcopy(event)
    (change,) = streams.parse(event, User)
    assert change.new is not None
    change.new.visits = 9
    assert event == before


def test_records_of_guards_are_left_out() -> None:
    class Member(Model):
        __table__ = "members"
        __hash_key__ = "id"
        __unique__ = ("email",)
        id = StringField(required=True)
        email = StringField()

    keys = [{"id": {"S": "unique#Member#email#jane"}}, {"id": {"S": "1"}}]
    records = [{"eventName": "INSERT", "dynamodb": {"Keys": each, "NewImage": each}} for each in keys]
    (change,) = streams.parse(records, Member)
    assert change.new == Member(id="1")
