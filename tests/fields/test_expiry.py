"""The field that is `__ttl__` stores whole seconds before the year 10000, by whichever way a value comes in."""

from __future__ import annotations

import datetime as dt
import enum
import uuid
from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import pytest

from dynamongo import (
    BooleanField,
    ConditionalCheckFailedException,
    Connection,
    DateField,
    DateTimeField,
    DecimalField,
    EnumField,
    FloatField,
    IntField,
    Model,
    SchemaError,
    StringField,
    TimedeltaField,
    TimestampField,
    ValidationError,
    VersionField,
)
from dynamongo.backends.memory import MemoryBackend
from dynamongo.connection.connection import connection_of
from dynamongo.exceptions import ExpressionError
from dynamongo.expressions.conditions import Comparison, Path
from dynamongo.expressions.updates import AddUpdate
from dynamongo.operations import Get, Put


class Level(enum.IntEnum):
    LOW = 1


NOW = dt.datetime(2024, 5, 1, 10, tzinfo=dt.timezone.utc)
SECONDS = 1_714_557_600
MILLISECONDS = SECONDS * 1000


def declare(field: Any, **more: Any) -> Any:
    body = {"__table__": f"sessions-{uuid.uuid4().hex}", "__hash_key__": "id", "__ttl__": "until"}
    return type("Session", (Model,), {**body, "id": StringField(required=True), "until": field, **more})


@pytest.fixture(params=["memory", "dynamodb"])
def connected(request: pytest.FixtureRequest) -> Iterator[None]:
    with Connection.using(
        MemoryBackend() if request.param == "memory" else request.getfixturevalue("dynamodb_backend")
    ):
        yield


def stored(model: Any, id_: str) -> Any:
    item: Any = connection_of(model).execute(Get(model.table_name(), {"id": id_})).item
    return item["until"]


@pytest.mark.parametrize("field", [TimestampField, IntField, DecimalField, FloatField])
class TestMilliseconds:
    @pytest.mark.parametrize("amount", [MILLISECONDS, MILLISECONDS * 1000, 253_402_300_800])
    def test_are_refused_by_every_way_in(self, connected: None, field: Any, amount: int) -> None:
        model = declare(field())
        model.create_table()
        wrong: Any = float(amount) if field is FloatField else amount
        ways: list[Any] = [
            lambda: model(id="a", until=wrong),
            lambda: model.save_one({"id": "a", "until": wrong}),
            lambda: model.update_one("a", model.until.set(wrong), upsert=True),
            lambda: model.update_one("a", model.until.set_if_not_exists(wrong), upsert=True),
            lambda: model.update_from_dict("a", {"until": wrong}),
            lambda: model.save_many([{"id": "a", "until": wrong}]),
        ]
        for way in ways:
            with pytest.raises(ValidationError, match=r"Session\.until must be "):
                way()
        with pytest.raises((ConditionalCheckFailedException, ValidationError)):
            model.update_one("a", model.until.add(wrong), upsert=True)
        assert model.get_one("a", default=None) is None

    def test_are_refused_as_a_default(self, field: Any) -> None:
        wrong: Any = float(MILLISECONDS) if field is FloatField else MILLISECONDS
        with pytest.raises(SchemaError, match=r"Session\.until has an invalid default or choice"):
            declare(field(default=wrong))
        with pytest.raises(ValidationError, match=r"Session\.until must be"):
            declare(field(default=lambda: wrong))(id="a")

    def test_are_refused_when_read(self, connected: None, field: Any) -> None:
        model = declare(field())
        model.create_table()
        connection_of(model).execute(Put(model.table_name(), {"id": "a", "until": MILLISECONDS}))
        with pytest.raises(ValidationError, match=r"Session\.until must be .*stored in the item with id = 'a'"):
            model.get_one("a")
        assert model.update_one("a", model.until.set(field().validate(SECONDS))).id == "a"


def test_the_fix_is_in_the_message() -> None:
    model = declare(IntField())
    with pytest.raises(
        ValidationError, match=r"before the year 10000, .* \(__ttl__\); divide milliseconds by 1000; got"
    ):
        model(id="a", until=MILLISECONDS)
    assert model(id="a", until=SECONDS).until == SECONDS


class TestWholeSeconds:
    def test_of_a_timestamp_are_stored_and_held(self, connected: None) -> None:
        model = declare(TimestampField(default=lambda: NOW + dt.timedelta(seconds=0.75)))
        model.create_table()
        saved = [
            model(id="a").save(),
            model.save_one({"id": "b", "until": SECONDS + 0.75}),
            model.update_one("c", model.until.set(Decimal(SECONDS) + Decimal("0.75")), upsert=True),
        ]
        model.save_many([{"id": "d", "until": NOW.replace(microsecond=750_000)}])
        assert [each.until for each in saved] == [NOW] * 3
        assert [stored(model, id_) for id_ in "abcd"] == [SECONDS] * 4
        assert model.get_one("a") == saved[0]

    def test_a_fraction_that_is_stored_is_read_and_saved_without(self, connected: None) -> None:
        model = declare(TimestampField())
        model.create_table()
        connection_of(model).execute(Put(model.table_name(), {"id": "a", "until": Decimal("1714557600.75")}))
        read = model.get_one("a")
        assert read.until == NOW
        read.save()
        assert stored(model, "a") == SECONDS

    def test_a_text_that_is_stored_is_saved_as_it_is(self, connected: None) -> None:
        """DynamoDB ignores it: as a number, it would have the item removed by a save that changed nothing."""
        model = declare(DateTimeField(format="epoch"))
        model.create_table()
        connection_of(model).execute(Put(model.table_name(), {"id": "a", "until": "2024-05-01T10:00:00Z"}))
        read = model.get_one("a")
        for only_changed in (False, True):
            read.save(only_changed=only_changed)
            assert stored(model, "a") == "2024-05-01T10:00:00Z"
        read.until = NOW + dt.timedelta(seconds=1)
        read.save()
        assert stored(model, "a") == SECONDS + 1

    def test_a_bound_keeps_its_fraction(self) -> None:
        model = declare(TimestampField())
        assert (model.until > SECONDS + 0.5) == Comparison(Path("until"), ">", Decimal("1714557600.5"))
        assert (model.until == SECONDS + 0.5) == Comparison(Path("until"), "=", SECONDS)

    @pytest.mark.parametrize("amount", [0.5, dt.timedelta(milliseconds=500)])
    def test_are_added(self, amount: Any) -> None:
        model = declare(TimestampField())
        assert model.until.add(dt.timedelta(hours=1)) == AddUpdate(Path("until"), 3600)
        with pytest.raises(ValidationError, match=r"Session\.until must be changed by whole seconds"):
            model.until.add(amount)

    def test_a_number_with_a_fraction_is_refused(self) -> None:
        for field, value in ((DecimalField(), Decimal("1.5")), (FloatField(), 1.5)):
            with pytest.raises(ValidationError, match=r"Session\.until must be a whole number of seconds since 1970"):
                declare(field)(id="a", until=value)

    def test_a_copy_of_another_field_need_not_be_one(self) -> None:
        model = declare(TimestampField(), seen=TimestampField(), n=IntField())
        for other in (model.seen, model.n):
            with pytest.raises(ExpressionError, match="cannot be set to"):
                model.until.set(other)
        assert model.seen.set(model.until).value == Path("until")

    def test_others_keep_their_fraction(self) -> None:
        class Base(Model):
            __abstract__ = True
            id = StringField(required=True)
            until = TimestampField()

        class Expiring(Base):
            __table__ = "a"
            __hash_key__ = "id"
            __ttl__ = "until"

        class Lasting(Base):
            __table__ = "b"
            __hash_key__ = "id"

        class Kept(Expiring):
            __ttl__ = None  # type: ignore[assignment]  # it has none

        value = NOW.replace(microsecond=750_000)
        assert Expiring(id="a", until=value).until == NOW
        assert Lasting(id="a", until=value).until == Kept(id="a", until=value).until == value


def test_an_expiry_can_be_extended(connected: None) -> None:
    model = declare(TimestampField())
    model.create_table()
    model(id="a", until=NOW).save()
    assert model.update_one("a", model.until.add(dt.timedelta(hours=1))).until == NOW + dt.timedelta(hours=1)
    with pytest.raises(ConditionalCheckFailedException):
        model.update_one("a", model.until.add(dt.timedelta(days=365 * 8000)))


def test_a_duration_is_refused_with_what_to_write() -> None:
    for field in (declare(TimestampField()).until, TimestampField()):
        with pytest.raises(
            ValidationError, match=r"for a time from now, write datetime\.now\(timezone\.utc\) \+ timedelta"
        ):
            field.validate(dt.timedelta(hours=1))


@pytest.mark.parametrize(
    "field",
    [
        TimedeltaField(),
        VersionField(),
        EnumField(Level),
        StringField(),
        DateTimeField(),
        DateField(),
        BooleanField(),
    ],
    ids=lambda field: type(field).__name__,
)
def test_a_field_that_holds_no_time_cannot_be_ttl(field: Any) -> None:
    with pytest.raises(
        SchemaError, match=r"Session\.__ttl__ must name a field that is stored as a number of seconds since"
    ):
        declare(field)
