"""Updates leave nothing behind that the model cannot read: copies of other fields, sums, parts of checked values."""

from __future__ import annotations

import datetime as dt
import enum
import itertools
import uuid
from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dynamongo import (
    BinaryField,
    BooleanField,
    ConditionalCheckFailedException,
    Connection,
    DateField,
    DateTimeField,
    DecimalField,
    DictField,
    EmailField,
    EnumField,
    Field,
    FloatField,
    IntField,
    InvalidRequestError,
    IPAddressField,
    ItemNotFound,
    JSONField,
    ListField,
    Model,
    SetField,
    StringField,
    TimedeltaField,
    TimestampField,
    TransactionCanceled,
    URLField,
    UUIDField,
    VersionField,
)
from dynamongo.backends.memory import MemoryBackend
from dynamongo.exceptions import ExpressionError, ValidationError
from dynamongo.expressions.conditions import Path
from dynamongo.expressions.updates import SetUpdate

UTC = dt.timezone.utc


class Colour(enum.Enum):
    RED = "red"
    BLUE = "blue"


class Level(enum.IntEnum):
    LOW = 1


def is_short(value: Any) -> bool:
    return len(value) < 3


VALUES: list[Any] = [
    *("", "a", "abcd", "red", "a@b.org", "http://a.org", "1.2.3.4", "::1", "2024-05-01", "2024-05-01T10:00:00"),
    *(0, 1, 5, 10**37, Decimal("0.5"), 0.5, 1e100, -3, b"a", b"abc", False, uuid.UUID(int=7), Colour.RED, Colour.BLUE),
    *(dt.date(2024, 5, 1), dt.datetime(2024, 5, 1), dt.datetime(2024, 5, 1, 0, 0, 0, 5, UTC), dt.timedelta(days=2)),  # noqa: DTZ001
    *([], ["a"], ["abcd"], [1], [0.5], [[1]], {"a": 1}, {"a": "x"}, {"a": 1, "b": "x"}, {1}, {0.5}, {Decimal("0.5")}),
]


def as_ttl(field: Field[Any]) -> Field[Any]:
    field.expire_items()
    return field


KINDS: list[Field[Any]] = [
    *(Field(), Field(choices=[1]), StringField(), StringField(max_length=3), StringField("[a-c]+$")),
    *(StringField(choices=["a"]), StringField(choices=["a", "red"]), StringField(validator=is_short), EmailField()),
    *(URLField(), URLField(fqdn=False), IPAddressField(), IPAddressField(version=4), UUIDField(), JSONField()),
    *(EnumField(Colour), EnumField(Colour, by_name=True), EnumField(Colour, choices=["red"]), EnumField(Level)),
    *(DateField(), DateTimeField(), DateTimeField(tzd="require"), DateTimeField(serialized_format="%Y-%m-%d")),
    *(IntField(), IntField(min_value=0), IntField(min_value=1, max_value=3), VersionField(), as_ttl(IntField())),
    *(DecimalField(), DecimalField(max_value=9), FloatField(), FloatField(min_value=0.0), TimedeltaField()),
    *(TimedeltaField("days"), TimestampField(), as_ttl(TimestampField()), BooleanField(), BinaryField()),
    *(
        BinaryField(max_length=2),
        ListField(StringField),
        ListField(IntField),
        ListField(DecimalField),
        ListField(Field),
    ),
    *(ListField(IntField, validator=is_short), SetField(IntField), SetField(DecimalField), SetField(StringField)),
    *(
        DictField(),
        DictField(a=IntField()),
        DictField(a=IntField(required=True)),
        DictField(a=IntField(), b=StringField()),
    ),
    *(DictField(a=Field()), DictField(a=DecimalField())),
]


def pair(target: Field[Any], source: Field[Any]) -> tuple[Any, Any]:
    """Both as fields of one model."""
    first: Any = target if isinstance(target, VersionField) else target.bind("User", Path("x"))
    return first, source if isinstance(source, VersionField) else source.bind("User", Path("y"))


def storable(field: Field[Any]) -> list[Any]:
    stored: list[Any] = []
    for value in VALUES:
        try:
            held = field.validate(value)
        except ValidationError:
            continue
        if not field.is_absent(held):
            stored.append(field.encode(held))
    return stored


def test_a_field_takes_from_another_only_what_it_could_have_stored() -> None:
    taken = 0
    for target, source in itertools.product(KINDS, KINDS):
        first, second = pair(target, source)
        if not first.can_copy(second):
            continue
        taken += 1
        for stored in storable(source):
            assert target.validate(target.decode(stored)) is not None, (target, source, stored)
    assert taken > 2 * len(KINDS)


@given(st.sampled_from(KINDS))
def test_a_field_takes_from_one_like_itself(field: Field[Any]) -> None:
    first, second = pair(field, field)
    assert first.can_copy(second)


X, Y = Path("x"), Path("y")


@pytest.mark.parametrize(
    ("target", "source"),
    [
        (IntField(), DecimalField()),
        (IntField(), FloatField()),
        (IntField(), TimestampField()),
        (IntField(min_value=0), IntField()),
        (IntField(max_value=3), IntField(max_value=4)),
        (IntField(), Field()),
        (TimedeltaField(), IntField()),
        (TimestampField(), DecimalField()),
        (UUIDField(), StringField()),
        (EnumField(Colour), StringField()),
        (DateTimeField(), StringField()),
        (DateField(), DateTimeField()),
        (DateTimeField(tzd="require"), DateTimeField()),
        (JSONField(), StringField()),
        (IPAddressField(), StringField()),
        (StringField(max_length=3), StringField()),
        (StringField(choices=["a"]), StringField(choices=["a", "b"])),
        (BooleanField(), Field()),
        (ListField(IntField), ListField(DecimalField)),
        (SetField(IntField), SetField(DecimalField)),
        (DictField(a=IntField()), DictField()),
        (DictField(a=IntField()), DictField(a=DecimalField())),
        (DictField(a=IntField(required=True)), DictField(a=IntField())),
    ],
    ids=str,
)
def test_a_copy_that_could_not_be_read_is_refused(target: Any, source: Any) -> None:
    target, source = target.bind("User", X), source.bind("User", Y)
    for build in (target.set, target.set_if_not_exists):
        with pytest.raises(ExpressionError, match=r"User\.x .*cannot be set to User\.y, which"):
            build(source)


@pytest.mark.parametrize(
    ("target", "source"),
    [
        (Field(), IntField()),
        (StringField(), UUIDField()),
        (StringField(max_length=9), StringField(max_length=3)),
        (DecimalField(), IntField()),
        (DecimalField(min_value=0), IntField(min_value=1)),
        (FloatField(), DecimalField()),
        (IntField(), TimedeltaField()),
        (IntField(), EnumField(Level)),
        (StringField(choices=["a", "b"]), StringField(choices=["a"])),
        (ListField(DecimalField), ListField(IntField)),
        (DictField(), DictField(a=IntField())),
        (DictField(a=DecimalField()), DictField(a=IntField(), b=StringField())),
    ],
    ids=str,
)
def test_a_copy_that_can_be_read_is_taken(target: Any, source: Any) -> None:
    target, source = target.bind("User", X), source.bind("User", Y)
    assert target.set(source) == SetUpdate(X, Y)
    assert target.set_if_not_exists(source) == SetUpdate(X, Y, if_not_exists=True)


def test_elements_and_members_are_targets_too() -> None:
    text = StringField().bind("User", Y)
    for target in (ListField(IntField).bind("User", X)[0], DictField(a=UUIDField()).bind("User", X)["a"]):
        with pytest.raises(ExpressionError, match="cannot be set to"):
            target.set(text)
    assert DictField().bind("User", X)["a"].set(text) == SetUpdate(X / "a", Y)


class TestRulesForTheWhole:
    @pytest.mark.parametrize(
        "build",
        [
            lambda: IntField(choices=[1, 2]).bind("User", X).add(1),
            lambda: IntField(validator=bool).bind("User", X).decrement(1),
            lambda: ListField(IntField, validator=bool).bind("User", X).append(1),
            lambda: ListField(IntField, validator=bool).bind("User", X)[0].set(1),
            lambda: SetField(IntField, choices=[{1}]).bind("User", X).add_to_set(2),
            lambda: DictField({"a": IntField()}, validator=bool).bind("User", X)["a"].set(1),
            DictField({"a": IntField()}, validator=bool).bind("User", X)["a"].remove,
            lambda: DictField({"a": ListField(IntField)}, validator=bool).bind("User", X)["a"][0].set(1),
            lambda: DictField({"a": DictField(b=IntField())}, validator=bool).bind("User", X)["a"]["b"].set(1),
            lambda: DictField(validator=bool).bind("User", X)["a"]["b"].set(1),
        ],
    )
    def test_what_nobody_would_check_is_refused(self, build: Any) -> None:
        with pytest.raises(ExpressionError, match=r"^User\.x has a validator or choices, which cannot check what"):
            build()

    def test_the_whole_value_can_be_set(self) -> None:
        assert ListField(IntField, validator=bool).bind("User", X).set([1]) == SetUpdate(X, [1])
        assert DictField(a=IntField(choices=[1])).bind("User", X).a.set(1) == SetUpdate(X / "a", 1)


@pytest.fixture(params=["memory", "dynamodb"])
def stock(request: pytest.FixtureRequest) -> Iterator[Any]:
    class Stock(Model):
        __table__ = f"stock-{uuid.uuid4().hex}"
        __hash_key__ = "id"
        id = StringField(required=True)
        left = IntField(min_value=0, max_value=10)
        price = DecimalField(min_value=1)
        seen = TimestampField()
        played = TimedeltaField()
        counts = DictField(a=IntField(max_value=3))
        rows = ListField(IntField(max_value=3))
        free = IntField()

    backend = MemoryBackend() if request.param == "memory" else request.getfixturevalue("dynamodb_backend")
    with Connection.using(backend):
        Stock.create_table()
        Stock(id="a", left=3, seen=dt.datetime(2024, 5, 1, tzinfo=UTC), counts={"a": 1}, rows=[1]).save()
        yield Stock
        Stock.delete_table()


class TestSums:
    @pytest.mark.parametrize(
        "build",
        [
            lambda stock: stock.left.subtract(4),
            lambda stock: stock.left.decrement(4),
            lambda stock: stock.left.add(8),
            lambda stock: stock.left.increment(8),
            lambda stock: stock.price.add(Decimal("0.5")),
            lambda stock: stock.seen.add(dt.timedelta(days=8000 * 365)),
            lambda stock: stock.left.add(11),
            lambda stock: stock.counts.a.add(3),
            lambda stock: stock.rows[0].increment(3),
        ],
    )
    def test_a_sum_out_of_range_is_not_written(self, stock: Any, build: Any) -> None:
        before = stock.get_one("a")
        with pytest.raises(
            ConditionalCheckFailedException, match=r"would take Stock\.\S+ out of the range of its field"
        ):
            stock.update_one("a", build(stock))
        with pytest.raises(TransactionCanceled), Connection.transaction() as transaction:
            transaction.update(stock, "a", build(stock))
        assert not stock.update_many(["a"], build(stock)).success
        assert stock.get_one("a") == before

    def test_a_sum_in_range_is_written_and_so_is_the_first(self, stock: Any) -> None:
        assert stock.update_one("a", stock.left.subtract(3)).left == 0
        assert stock.update_one("a", stock.left.add(10)).left == 10
        assert stock.update_one("a", stock.price.add(Decimal("1.5"))).price == Decimal("1.5")
        assert stock.update_one("a", stock.played.add(dt.timedelta(days=1))).played == dt.timedelta(days=1)
        assert stock.update_one("b", stock.left.add(4), upsert=True).left == 4
        assert stock.update_one("a", stock.counts.a.add(2)).counts == {"a": 3}

    def test_a_number_that_must_be_there_is_still_missed(self, stock: Any) -> None:
        with pytest.raises(InvalidRequestError):
            stock.update_one("a", stock.price.increment(5))

    def test_an_item_that_must_be_there_is_still_missed(self, stock: Any) -> None:
        with pytest.raises(ItemNotFound):
            stock.update_one("b", stock.left.add(1))

    def test_the_first_sum_of_an_upsert_is_in_range_too(self, stock: Any) -> None:
        for update in (stock.left.add(11), stock.price.add(Decimal("0.5"))):
            with pytest.raises(
                ConditionalCheckFailedException, match=r"out of the range of its field in the item with"
            ):
                stock.update_one("b", update, upsert=True)

    def test_a_condition_that_fails_beside_a_sum_in_range_is_reported_as_itself(self, stock: Any) -> None:
        with pytest.raises(ConditionalCheckFailedException, match=r"`left = …` does not hold"):
            stock.update_one((stock.id == "a") & (stock.left == 9), stock.left.subtract(1))

    def test_milliseconds_are_no_seconds(self, stock: Any) -> None:
        with pytest.raises(ValidationError, match=r"Stock\.seen must be changed by a timedelta or a number of seconds"):
            stock.seen.add(10**13)

    def test_a_field_without_a_range_needs_no_condition(self, stock: Any) -> None:
        assert stock.free.add(10**30).guard is None
        assert stock.left.add(1).guard is not None
