"""Every field returns, through each backend, the value that was saved."""

from __future__ import annotations

import enum
import uuid
from collections.abc import Iterator

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from strategies import (
    aware_datetimes,
    decimals,
    floats,
    ints,
    json_values,
    naive_datetimes,
    names,
    texts,
    utc_datetimes,
)

from dynamongo import (
    BinaryField,
    BooleanField,
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
    IPAddressField,
    JSONField,
    ListField,
    Model,
    SetField,
    StringField,
    TimedeltaField,
    TimestampField,
    URLField,
    UUIDField,
)
from dynamongo.backends.dynamodb import DynamoDBBackend
from dynamongo.backends.memory import MemoryBackend


class Colour(enum.Enum):
    RED = "red"
    BLUE = "blue"


class Everything(Model):
    __table__ = f"everything-{uuid.uuid4().hex}"
    __hash_key__ = "key"
    __range_key__ = "at"

    key = StringField(required=True)
    at = DateTimeField(required=True, convert_tz=True, tzd="utc")
    anything = Field()
    whole = IntField()
    real = FloatField()
    exact = DecimalField()
    flag = BooleanField()
    text = StringField()
    email = EmailField()
    url = URLField()
    id = UUIDField()
    address = IPAddressField()
    colour = EnumField(Colour)
    binary = BinaryField()
    moment = DateTimeField()
    day = DateField()
    duration = TimedeltaField(precision="microseconds")
    instant = TimestampField()
    words = ListField(StringField)
    numbers = SetField(IntField)
    place = DictField({"size": DictField(width=FloatField())}, city=StringField(), tags=SetField(StringField))
    loose = DictField()
    json = JSONField()


optional: dict[str, st.SearchStrategy[object]] = {
    "anything": texts
    | ints
    | st.booleans()
    | st.lists(texts | decimals.map(lambda number: number.normalize()), max_size=3),
    "whole": ints,
    "real": floats,
    "exact": decimals,
    "flag": st.booleans(),
    "text": texts,
    "email": st.from_regex(r"[a-z]{1,8}@[a-z]{1,8}\.(com|org)", fullmatch=True),
    "url": st.from_regex(r"https?://[a-z]{1,8}\.(com|org)/[a-z]{0,8}", fullmatch=True),
    "id": st.uuids(),
    "address": st.ip_addresses().map(str),
    "colour": st.sampled_from(Colour),
    "binary": st.binary(max_size=20),
    "moment": naive_datetimes | aware_datetimes,
    "day": st.dates(),
    "duration": st.timedeltas(),
    "instant": utc_datetimes,
    "words": st.lists(texts, max_size=3),
    "numbers": st.sets(ints, max_size=3),
    "place": st.fixed_dictionaries(
        {},
        optional={
            "city": texts,
            "size": st.fixed_dictionaries({}, optional={"width": floats}),
            "tags": st.sets(texts, max_size=3),
        },
    ),
    "loose": st.dictionaries(names, texts | ints, max_size=3),
    "json": json_values.filter(lambda value: value is not None),
}
instances = st.fixed_dictionaries(
    {"key": texts.filter(lambda text: 0 < len(text.encode()) <= 2048), "at": utc_datetimes}, optional=optional
).map(lambda values: Everything(**values))


@pytest.fixture(params=["memory", "dynamodb"])
def connected(request: pytest.FixtureRequest) -> Iterator[None]:
    if request.param == "memory":
        backend: MemoryBackend | DynamoDBBackend = MemoryBackend()
    else:
        backend = request.getfixturevalue("dynamodb_backend")
    with Connection.using(backend):
        Everything.create_table()
        yield
        Everything.delete_table()


@given(instance=instances)
@settings(
    max_examples=2 * settings().max_examples,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
def test_what_was_saved_is_read(connected: None, instance: Everything) -> None:
    instance.save()
    read = Everything.get_one(instance)
    assert read == instance
    for name, value in read.to_dict().items():
        assert type(value) is type(getattr(instance, name))


@given(first=instances, second=instances)
@settings(max_examples=20, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
def test_datetime_key_is_in_the_order_of_time(connected: None, first: Everything, second: Everything) -> None:
    second.key = first.key
    Everything.save_many([first, second])
    read = Everything.get_many(Everything.key == first.key)
    assert [each.at for each in read] == sorted({each.at for each in read})
