"""The times that writes set: `auto="create"` and `auto="write"`, in every verb, on both backends, in both colours."""

from __future__ import annotations

import datetime as dt
import itertools
import os
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from dynamongo import (
    ConditionalCheckFailedException,
    Connection,
    DateField,
    DateTimeField,
    DictField,
    ExpressionError,
    GlobalIndex,
    IntField,
    ListField,
    Model,
    SchemaError,
    StringField,
    TimestampField,
    TransactionCanceled,
    ValidationError,
)
from dynamongo.backends import Backend
from dynamongo.backends.memory import MemoryBackend, VirtualClock

UTC = dt.timezone.utc
LONG_AGO = dt.datetime(2001, 2, 3, tzinfo=UTC)
_prefixes = (f"generated-{number}-" for number in itertools.count())


class User(Model):
    __table__ = "users"
    __hash_key__ = "email"
    __ttl__ = "expires"
    email = StringField(required=True)
    name = StringField()
    visits = IntField()
    created_at = DateTimeField(auto="create", required=True)
    updated_at = DateTimeField(auto="write", format="iso-z", stored_as="updatedAt")
    seen = TimestampField(auto="write")
    expires = TimestampField(auto="write", auto_after=dt.timedelta(days=7))
    day = DateField(auto="write")
    by_time = StringField(template="AT#{updated_at}")
    by_day = GlobalIndex(hash_key="day", range_key="updated_at")


@pytest.fixture
def clock() -> VirtualClock:
    return VirtualClock(start=1_800_000_000.123456)


@pytest.fixture(params=["memory", "dynamodb"])
def backend(request: pytest.FixtureRequest, clock: VirtualClock, colour: str) -> Iterator[Backend]:
    """The backend that serves the model; that of the emulator goes by the same clock."""
    del colour
    made: Any = MemoryBackend(clock=clock)
    if request.param == "dynamodb":
        made = request.getfixturevalue("dynamodb_backend")
        made.clock = clock
    with Connection.using(made, table_prefix=f"{next(_prefixes)}{os.getpid()}-"):
        User.create_table()
        yield made
        User.delete_table()
    if request.param == "dynamodb":
        del made.clock


def times(user: User) -> tuple[int, ...]:
    """The seconds of the creation and of the last write, as each field has them."""
    assert user.created_at is not None
    assert user.seen is not None
    assert user.updated_at is not None
    assert user.updated_at == user.seen.replace(microsecond=user.seen.microsecond // 1000 * 1000)
    assert user.expires == user.seen.replace(microsecond=0) + dt.timedelta(days=7)
    assert user.day == user.seen.date()
    assert user.by_time == "AT#" + str(User.updated_at.encode(user.updated_at))
    return int(user.created_at.timestamp() - 1_800_000_000), int(user.seen.timestamp() - 1_800_000_000)


def save_by_iter(users: list[User]) -> None:
    assert [outcome.error for outcome in User.save_many.stream(users)] == [None, None]


def save_in_batch(users: list[User]) -> None:
    with User.batch() as batch:
        for user in users:
            batch.save(user)


def save_in_transaction(users: list[User]) -> None:
    with Connection.transaction() as transaction:
        for user in users:
            transaction.save(user)


WAYS_TO_SAVE: dict[str, Callable[[list[User]], object]] = {
    "save": lambda users: [user.save() for user in users],
    "save_one": lambda users: [User.save_one(user) for user in users],
    "only_changed": lambda users: [user.save(only_changed=True) for user in users],
    "save_many": User.save_many,
    "save_iter": save_by_iter,
    "batch": save_in_batch,
    "transaction": save_in_transaction,
}


def update_in_transaction(key: str) -> None:
    with Connection.transaction() as transaction:
        transaction.update(User, key, User.visits.set(1))


WAYS_TO_UPDATE: dict[str, Callable[[str], object]] = {
    "update_one": lambda key: User.update_one(key, User.visits.set(1)),
    "update": lambda key: User.get_one(key).update(User.visits.set(1)),
    "update_from_dict": lambda key: User.update_from_dict(key, {"visits": 1}),
    "upsert_one": lambda key: User.upsert_one(key, User.visits.set(1)),
    "update_many": lambda key: User.update_many([key], User.visits.set(1)),
    "find": lambda key: User.find(User.email == key).update(User.visits.set(1)),
    "transaction": update_in_transaction,
}


@pytest.mark.usefixtures("backend")
class TestWrites:
    @pytest.mark.parametrize("way", WAYS_TO_SAVE)
    def test_saves_set_the_times_and_instances_hold_what_is_stored(self, way: str, clock: VirtualClock) -> None:
        save = WAYS_TO_SAVE[way]
        users = [User(email="a"), User(email="b", created_at=LONG_AGO)]
        save(users)
        assert users == [User.get_one("a"), User.get_one("b")]
        assert times(users[0]) == (0, 0)
        assert users[1].created_at == LONG_AGO  # given, as by an import of old data
        clock.advance(seconds=5)
        for user in users:
            user.name = "x"
        save(users)
        assert users == [User.get_one("a"), User.get_one("b")]
        assert [times(users[0]), users[1].created_at] == [(0, 5), LONG_AGO]

    @pytest.mark.parametrize("way", WAYS_TO_UPDATE)
    def test_updates_set_the_time_of_the_write(self, way: str, clock: VirtualClock) -> None:
        User(email="a", visits=0).save()
        clock.advance(seconds=5)
        WAYS_TO_UPDATE[way]("a")
        user = User.get_one("a")
        assert (times(user), user.visits) == ((0, 5), 1)

    def test_upsert_sets_the_time_of_creation_of_a_new_item_only(self, clock: VirtualClock) -> None:
        assert times(User.upsert_one("a", User.visits.set(1))) == (0, 0)
        clock.advance(seconds=5)
        assert times(User.upsert_one("a", User.visits.set(2))) == (0, 5)
        assert User.upsert_one("b", User.created_at.set(LONG_AGO)).created_at == LONG_AGO
        with Connection.transaction() as transaction:
            transaction.upsert(User, "c", User.visits.set(1))
        assert times(User.get_one("c")) == (5, 5)

    def test_unchanged_instance_sends_nothing(self, clock: VirtualClock) -> None:
        user = User(email="a").save()
        clock.advance(seconds=5)
        with Connection.record() as calls:
            user.save(only_changed=True)
        assert (len(calls), times(user)) == (0, (0, 0))

    def test_partly_read_instance_gets_what_it_writes(self, clock: VirtualClock) -> None:
        User(email="a").save()
        clock.advance(seconds=5)
        user = User.get_one("a", projection=[User.email, User.name])
        user.name = "x"
        user.save(only_changed=True)
        assert user.seen == User.get_one("a").seen
        assert times(User.get_one("a")) == (0, 5)

    def test_what_follows_from_what_a_part_writes_is_written(self, clock: VirtualClock) -> None:
        class Page(User):
            __table__ = "pages-in-parts"
            hour = StringField(computed=lambda page: page.seen and f"{page.seen:%H:%M:%S}", computed_from=["seen"])
            at = StringField(computed=lambda page: page.hour and f"at {page.hour}", computed_from=["hour"])

        Page.create_table()
        Page(email="a").save()
        clock.advance(seconds=5)
        part = Page.get_one("a", projection=[Page.email, Page.name])
        part.name = "x"
        part.save(only_changed=True)
        assert Page.get_one("a").at == part.at == f"at {part.hour}"
        assert part.hour == Page.get_one("a").hour == f"{part.seen:%H:%M:%S}"

    def test_failed_write_leaves_the_instance_as_it_was(self, clock: VirtualClock) -> None:
        saved = User(email="a").save()
        new, before = User(email="a"), saved.to_dict()
        clock.advance(seconds=5)
        with pytest.raises(ConditionalCheckFailedException):
            new.create()
        with pytest.raises(ConditionalCheckFailedException):
            saved.save(overwrite=User.visits == 5)
        assert new == User(email="a")
        assert saved.to_dict() == before
        with pytest.raises(TransactionCanceled), Connection.transaction() as transaction:
            transaction.create(new)
        assert new == User(email="a")

    def test_migration_leaves_the_times(self, clock: VirtualClock) -> None:
        User(email="a").save()
        clock.advance(seconds=5)
        for page in User.find(scans="allow").migrate(change=lambda user: setattr(user, "visits", 3)):
            assert not page.result.failures
        user = User.get_one("a")
        assert (times(user), user.visits) == ((0, 0), 3)

    def test_stored_item_without_time_of_creation_gets_none(self) -> None:
        class Old(Model):
            __table__ = "users"
            __hash_key__ = "email"
            email = StringField(required=True)

        class New(Old):
            created_at = DateTimeField(auto="create")

        Old(email="a").save()
        assert New.get_one("a").save().created_at is None
        assert New.update_one("a", New.attribute("x").set(1)).created_at is None
        assert New(email="a").save().created_at is not None  # which replaces it by a new item


def test_clock_is_that_of_the_backend_which_is_written_to() -> None:
    first, second = (MemoryBackend(clock=VirtualClock(start=start)) for start in (1_800_000_000.5, 1_800_000_100.5))
    Bound = User.on(Connection(backend=second))  # noqa: N806 - a class
    with Connection.using(first):
        User.create_table()
        transaction, batch = Connection.transaction(), User.batch()
        with Connection.using(second):
            User.create_table()
            with transaction, batch:
                transaction.save(in_transaction := User(email="a"))
                batch.save(in_batch := User(email="b"))
        outcomes = User.save_many.stream([in_stream := User(email="c")])
        with Connection.using(second):
            list(outcomes)
        assert [times(user) for user in (in_transaction, in_batch, in_stream)] == [(0, 0)] * 3
        assert len(User.get_many(["a", "b", "c"])) == 3
    assert times(Bound(email="a").save()) == (100, 100)
    assert times(Bound.upsert_one("b", User.visits.set(1))) == (100, 100)


def test_without_a_clock_of_the_backend_it_is_the_time_of_the_machine() -> None:
    with Connection.using(MemoryBackend()):
        User.create_table()
        before = time.time()
        user = User(email="a").save()
        assert user.created_at is not None
        assert before - 1e-6 <= user.created_at.timestamp() <= time.time()


def test_what_every_write_sets_cannot_be_set_otherwise() -> None:
    user = User(email="a", seen=LONG_AGO)
    rebuilt = User.from_dict(user.to_dict())
    assert rebuilt == user == User.from_json(user.to_json())
    user.seen = LONG_AGO  # as it is
    with pytest.raises(ValidationError, match=r"User.seen is set by every write \(auto='write'\).*; got"):
        user.seen = dt.datetime.now(UTC)
    for update in (User.seen.set(LONG_AGO), User.seen.increment(5), User.seen.remove()):
        with pytest.raises(ExpressionError, match=r"User.seen is set by every write"):
            User.update_one("a", update)
    with pytest.raises(ExpressionError, match=r"User.seen is set by every write"):
        User.update_from_dict("a", {"seen": LONG_AGO})


@pytest.mark.parametrize(
    "field",
    [
        DateTimeField(auto="create"),
        DateTimeField(auto="create", tzd="reject"),
        DateTimeField(auto="create", drop_tzinfo=True),
        DateTimeField(auto="create", serialized_format="%Y-%m-%d"),
        *(DateTimeField(auto="create", format=form) for form in ("iso-z", "pynamodb", "isoformat", "str")),
        *(DateTimeField(auto="create", format=form) for form in ("epoch", "epoch-ms")),
        TimestampField(auto="create"),
        DateField(auto="create"),
        DateField(auto="create", format="epoch-days"),
    ],
    ids=repr,
)
def test_every_time_field_and_format_holds_what_is_read(field: Any) -> None:
    class Event(Model):
        __table__ = "events"
        __hash_key__ = "name"
        name = StringField(required=True)
        at = field

    with Connection.using(MemoryBackend(clock=VirtualClock(start=1_800_000_000.123456))):
        Event.create_table()
        saved = Event(name="a").save()
        assert saved.at is not None
        assert saved == Event.get_one("a")
        assert Event.upsert_one("a", Event.attribute("x").set(1)).at == saved.at


def test_time_of_creation_can_be_the_range_key() -> None:
    class Message(Model):
        __table__ = "messages"
        __hash_key__ = "room"
        __range_key__ = "sent_at"
        room = StringField(required=True)
        sent_at = DateTimeField(auto="create", required=True)

    clock = VirtualClock()
    with Connection.using(MemoryBackend(clock=clock)):
        Message.create_table()
        for _ in range(2):
            clock.advance(seconds=1)
            message = Message(room="a").save()
            assert message.save() == message
        assert len(Message.get_many(Message.room == "a")) == 2


def test_time_of_creation_can_be_told_by_the_key_alone() -> None:
    class Message(Model):
        __table__ = "messages"
        __hash_key__ = "pk"
        __range_key__ = "sk"
        pk = StringField(template="ROOM#{room}")
        sk = StringField(template="AT#{sent_at}")
        room = StringField(required=True, stored=False)
        sent_at = DateTimeField(auto="create", required=True, stored=False, immutable=True, format="iso-z")
        text = StringField()

    clock = VirtualClock()
    with Connection.using(MemoryBackend(clock=clock)):
        Message.create_table()
        message = Message(room="a").save()
        assert (message.sk, message.sent_at) == ("AT#2026-01-01T00:00:00.000Z", clock.utcnow())
        clock.advance(seconds=1)
        message.text = "x"
        message.save()
        message.text = "y"
        assert message.save(only_changed=True) == message.reload() == next(iter(Message.find(scans="allow")))
        with pytest.raises(ValidationError, match=r"Message\.sent_at is immutable"):
            message.sent_at = clock.utcnow()
        assert Message.upsert_one(message, Message.text.set("z")).to_item() == {**message.to_item(), "text": "z"}


def test_declarations_that_make_no_sense() -> None:
    wrong: Any = "sometimes"
    for make, text in (
        (lambda: DateTimeField(auto=wrong), r'auto must be "create" or "write"; got \'sometimes\''),
        (lambda: DateTimeField(auto_after=dt.timedelta(1)), "auto_after must be a timedelta.*without auto"),
        (lambda: DateField(auto="write", auto_after=wrong), "auto_after must be a timedelta.*; got 'sometimes'"),
        (lambda: ListField(DateTimeField(auto="write")), "auto='write' is for the fields of a model"),
        (lambda: DictField(at=DateTimeField(auto="create")), "auto='create' is for the fields of a model"),
    ):
        with pytest.raises(SchemaError, match=text):
            make()
    for field, text in (
        (DateTimeField(auto="create", default=LONG_AGO), "auto='create' and default exclude each other"),
        (DateTimeField(auto="write", immutable=True), "auto='write' and immutable=True exclude each other"),
        (DateTimeField(auto="write", computed=max, computed_from=["x"]), "computed_from=.* and auto='write' exclude"),
    ):
        with pytest.raises(SchemaError, match=f"Base.field: {text}"):
            type("Base", (Model,), {"__abstract__": True, "field": field})
    for name in ("at", "key"):
        with pytest.raises(SchemaError, match=r"Bad\.at is part of the key, and auto='write' would change it"):
            type(
                "Bad",
                (Model,),
                {
                    "__table__": "bad",
                    "__hash_key__": name,
                    "at": DateTimeField(auto="write"),
                    "key": StringField(template="K#{at}"),
                },
            )


def test_other_forms_of_an_instance_have_them_too() -> None:
    clock = VirtualClock()
    with Connection.using(MemoryBackend(clock=clock)):
        User.create_table()
        user = User(email="a")
        item = user.to_item()
        assert user.size().attributes.keys() == User(email="a").save().size().attributes.keys()
        assert user.created_at is None
        assert (User.created_at == clock.utcnow()).matches(user)
        clock.advance(seconds=5)
        assert user.to_item() != item
        user.save()
        clock.advance(seconds=5)
        assert user.to_item() == User.get_one("a").to_item()


def test_json_schema_says_what_clients_cannot_set() -> None:
    schema = User.json_schema()
    assert {name for name, each in schema["properties"].items() if each.get("readOnly")} == {
        *("created_at", "updated_at", "seen", "expires", "day", "by_time"),
    }
    assert schema["required"] == ["email"]
    assert "created_at" in User.json_schema("serialization")["required"]
