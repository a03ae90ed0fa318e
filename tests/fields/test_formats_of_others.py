"""What other libraries store for a value is what the field with its format stores, byte for byte, and they read it.

The libraries are installed with `pip install -e ".[bench]"`, and bloop by itself; without one, its tests are skipped.
"""

from __future__ import annotations

import datetime as dt
import enum
import json
import uuid
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from strategies import aware_datetimes, decimals, json_values, utc_datetimes

from dynamongo.fields import (
    BinaryField,
    BooleanField,
    DateField,
    DateTimeField,
    DecimalField,
    EnumField,
    Field,
    IPAddressField,
    JSONField,
    SetField,
    UUIDField,
)

documents = json_values.filter(lambda each: each is not None)


class Color(enum.Enum):
    RED = "red"
    GREEN = "green"


class Level(enum.Enum):
    LOW = 1
    HIGH = 2


def stored(field: Field[Any], value: Any) -> Any:
    return field.encode(field.validate(value))


class TestPynamoDB:
    """What PynamoDB's attributes store for a value is what the field with its format stores, byte for byte."""

    @pytest.fixture(autouse=True)
    def _attributes(self) -> None:
        self.attributes: Any = pytest.importorskip("pynamodb.attributes")

    def check(self, attribute: Any, field: Field[Any], value: Any) -> None:
        theirs = attribute.serialize(value)
        assert (attribute.attr_type, theirs) == (field.stored_type, stored(field, value))
        assert field.decode(theirs) == attribute.deserialize(theirs) == value

    @given(value=aware_datetimes)
    def test_datetimes(self, value: dt.datetime) -> None:
        self.check(self.attributes.UTCDateTimeAttribute(), DateTimeField(format="pynamodb"), value)
        naive = value.replace(tzinfo=None)
        assert self.attributes.UTCDateTimeAttribute().serialize(naive) == stored(
            DateTimeField(format="pynamodb", tzd="utc"), naive
        )
        field = DateTimeField(format="epoch", truncate=True)
        assert json.loads(self.attributes.TTLAttribute().serialize(value)) == stored(field, value)

    @given(value=st.binary())
    def test_binary(self, value: bytes) -> None:
        field = BinaryField(format="base64-binary")
        self.check(self.attributes.BinaryAttribute(legacy_encoding=True), field, value)
        self.check(self.attributes.BinaryAttribute(legacy_encoding=False), BinaryField(), value)
        theirs = self.attributes.BinarySetAttribute(legacy_encoding=True).serialize({value})
        assert frozenset(theirs) == stored(SetField(field), {value})

    @given(value=json_values.filter(lambda each: each is not None))
    def test_json(self, value: Any) -> None:
        self.check(self.attributes.JSONAttribute(), JSONField(format="json.dumps"), value)
        assert JSONField().decode(self.attributes.JSONAttribute().serialize(value)) == value


class TestPydynox:
    @pytest.fixture(autouse=True)
    def _attributes(self) -> None:
        self.attributes: Any = pytest.importorskip("pydynox.attributes")

    def check(self, attribute: Any, field: Field[Any], value: Any) -> None:
        theirs = attribute.serialize(value)
        assert (attribute.attr_type, theirs) == (field.stored_type, stored(field, value))
        assert field.decode(theirs) == attribute.deserialize(theirs)

    @given(value=aware_datetimes)
    def test_datetimes(self, value: dt.datetime) -> None:
        self.check(self.attributes.DatetimeAttribute(), DateTimeField(format="isoformat"), value)
        naive = value.replace(tzinfo=None)
        self.check(self.attributes.DatetimeAttribute(), DateTimeField(format="isoformat", tzd="utc"), naive)
        later = value.replace(year=1970 + value.year % 60)  # it truncates towards 1970
        assert self.attributes.TTLAttribute().serialize(later) == stored(
            DateTimeField(format="epoch", truncate=True), later
        )

    @given(value=documents)
    def test_json(self, value: Any) -> None:
        self.check(self.attributes.JSONAttribute(), JSONField(format="json.dumps"), value)

    @pytest.mark.slow  # so that .ci/run has it, too, which installs pydynox before the slow tests
    def test_enumerations_as_text(self) -> None:
        for member in Level:
            field = EnumField(Level, format={each: str(each.value) for each in Level})
            assert self.attributes.EnumAttribute(Level).serialize(member) == stored(field, member)
        self.check(self.attributes.EnumAttribute(Color), EnumField(Color), Color.RED)


class TestDyntastic:
    """dyntastic stores what pydantic makes of values for JSON."""

    @pytest.fixture(autouse=True)
    def _serialize(self) -> None:
        self.serialize: Any = pytest.importorskip("dyntastic.attr").serialize

    @given(value=utc_datetimes)
    def test_datetimes(self, value: dt.datetime) -> None:
        assert self.serialize(value) == stored(DateTimeField(format="iso-z", timespec="auto"), value)
        naive = value.replace(tzinfo=None)
        assert self.serialize(naive) == stored(DateTimeField(format="isoformat"), naive)
        assert self.serialize(value.date()) == stored(DateField(), value.date())

    @given(value=st.uuids(), address=st.ip_addresses(v=4))
    def test_texts(self, value: uuid.UUID, address: Any) -> None:
        assert self.serialize(value) == stored(UUIDField(), value)
        assert self.serialize(address) == stored(IPAddressField(), address)
        assert self.serialize(Level.LOW) == stored(EnumField(Level), Level.LOW)


class TestBloop:
    @pytest.fixture(autouse=True)
    def _types(self) -> None:
        self.types: Any = pytest.importorskip("bloop.types")

    def check(self, kind: Any, field: Field[Any], value: Any) -> None:
        theirs = kind.dynamo_dump(value, context={})
        assert (kind.backing_type, theirs) == (field.stored_type, stored(field, value))
        assert field.decode(theirs) == kind.dynamo_load(theirs, context={}) == value

    @given(value=aware_datetimes)
    def test_datetimes(self, value: dt.datetime) -> None:
        if value.year >= 1000:  # `strftime` of Linux writes no zeros before the year
            in_utc = value.astimezone(dt.timezone.utc)
            if in_utc.year >= 1000:
                self.check(self.types.DateTime(), DateTimeField(convert_tz=True), value)
        whole = value.astimezone(dt.timezone.utc).replace(microsecond=0)
        assert int(self.types.Timestamp().dynamo_dump(whole, context={})) == stored(
            DateTimeField(format="epoch"), whole
        )

    @given(value=st.uuids(), data=st.binary(min_size=1))
    def test_others(self, value: uuid.UUID, data: bytes) -> None:
        self.check(self.types.UUID(), UUIDField(), value)
        self.check(self.types.Boolean(), BooleanField(), bool(data[0] % 2))
        theirs = self.types.Binary().dynamo_dump(data, context={})  # boto3 encodes this text a second time
        assert theirs.encode() == stored(BinaryField(format="base64-binary"), data)


@given(value=st.uuids(), flag=st.booleans(), number=decimals, document=documents)
def test_what_boto3_users_store_by_hand(value: uuid.UUID, flag: Any, number: Any, document: Any) -> None:
    assert stored(UUIDField(format="hex"), value) == value.hex
    assert stored(UUIDField(format="upper"), value) == str(value).upper()
    assert stored(UUIDField(format="urn"), value) == value.urn
    assert stored(UUIDField(format="binary"), value) == value.bytes
    assert stored(BooleanField(format="number"), flag) == int(flag)
    assert stored(BooleanField(format="text"), flag) == json.dumps(flag)
    assert stored(JSONField(format="json.dumps"), document) == json.dumps(document)
    assert DecimalField(format="text").decode(str(number)) == number
