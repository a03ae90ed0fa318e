"""Truth values, binary values, UUIDs, members of enumerations and JSON."""

from __future__ import annotations

import enum
import math
import uuid
from decimal import Decimal
from typing import Any

import pytest

from dynamongo.exceptions import ExpressionError, SchemaError, ValidationError
from dynamongo.expressions.conditions import BeginsWith, Between, Comparison, Contains, Path
from dynamongo.expressions.updates import SetUpdate
from dynamongo.fields import BinaryField, BooleanField, EnumField, Field, JSONField, StringField, UUIDField

X = Path("x")


def bound(field: Field[Any]) -> Any:
    return field.bind("User", X)


def message(field: Field[Any], value: Any) -> str:
    with pytest.raises(ValidationError) as caught:
        bound(field).validate(value)
    return str(caught.value)


@pytest.mark.parametrize("value", [1, 0, "true", None, []])
def test_nothing_else_is_true_or_false(value: Any) -> None:
    assert message(BooleanField(), value) == f"User.x must be True or False; got {value!r}"


class TestBinaryField:
    @pytest.mark.parametrize("value", [b"ab", bytearray(b"ab"), memoryview(b"ab"), memoryview(b"aXbX")[::2]])
    def test_bytes_are_held(self, value: Any) -> None:
        held: Any = BinaryField().validate(value)
        assert (type(held), held) == (bytes, b"ab")

    @pytest.mark.parametrize("value", ["ab", 2, None, [1, 2]])
    def test_nothing_else_is_binary(self, value: Any) -> None:
        assert message(BinaryField(), value) == f"User.x must be bytes, a bytearray or a memoryview; got {value!r}"

    def test_lengths_count_bytes(self) -> None:
        field = BinaryField(min_length=1, max_length=2)
        assert field.validate(b"ab") == b"ab"
        assert message(field, b"") == "User.x must be 1 to 2 bytes; got b''"

    def test_parts_are_bytes(self) -> None:
        assert bound(BinaryField(min_length=3)).begins_with(bytearray(b"a")) == BeginsWith(X, b"a")
        with pytest.raises(ValidationError, match=r"User\.x must be bytes"):
            bound(BinaryField()).contains("a")

    def test_limits_that_contradict_are_refused_when_declared(self) -> None:
        with pytest.raises(SchemaError, match="BinaryField: min_length 2 is greater than max_length 1"):
            BinaryField(min_length=2, max_length=1)


class TestUUIDField:
    @pytest.mark.parametrize("value", ["", "abc", 7, None])
    def test_what_is_no_uuid_is_refused(self, value: Any) -> None:
        assert message(UUIDField(), value) == f"User.x must be a UUID or the text of one; got {value!r}"

    def test_operands_are_encoded_and_parts_are_text(self) -> None:
        field, value = bound(UUIDField()), uuid.UUID(int=10)
        assert (field == value) == (field == str(value).upper()) == Comparison(X, "=", str(value))
        assert field.contains("0a") == Contains(X, "0a")
        assert field.between(uuid.UUID(int=0), value) == Between(X, str(uuid.UUID(int=0)), str(value))

    def test_a_key_is_read_in_canonical_form_alone(self) -> None:
        field, text = bound(UUIDField()), str(uuid.UUID(int=10)).upper()
        assert field.decode(text) == uuid.UUID(int=10)
        field.is_key = True
        assert field.decode(text.lower()) == uuid.UUID(int=10)
        with pytest.raises(ValidationError, match="which this field would write as"):
            field.decode(text)

    def test_stored_text_that_is_no_uuid_is_refused(self) -> None:
        with pytest.raises(ValidationError, match=r"User\.x cannot be read from 'abc'"):
            bound(UUIDField()).decode("abc")


class Colour(enum.Enum):
    RED = "red"
    CRIMSON = RED


class Level(enum.IntEnum):
    NONE = 0
    LOW = 1


class Mixed(enum.Enum):
    TEXT = "1"
    NUMBER = 1


class Shape(enum.Enum):
    POINT = ()


class TestEnumField:
    @pytest.mark.parametrize(
        ("field", "member", "stored", "stored_type"),
        [
            (EnumField(Colour), Colour.RED, "red", "S"),
            (EnumField(Level), Level.NONE, 0, "N"),
            (EnumField(Level, by_name=True), Level.NONE, "NONE", "S"),
            (EnumField(Shape, by_name=True), Shape.POINT, "POINT", "S"),
            (EnumField(Mixed), Mixed.NUMBER, 1, None),
        ],
    )
    def test_is_stored_by_value_or_by_name(self, field: Field[Any], member: Any, stored: Any, stored_type: str) -> None:
        assert field.stored_type == stored_type
        assert type(field.encode(member)) is type(stored)
        assert (field.encode(member), field.decode(stored), field.validate(stored)) == (stored, member, member)

    @pytest.mark.parametrize("value", [True, "1", 2, Colour.RED, None, [], Decimal(1)])
    def test_what_is_no_member_is_refused(self, value: Any) -> None:
        assert message(EnumField(Level), value) == f"User.x must be a member of Level; got {value!r}"

    def test_a_stored_value_of_no_member_is_refused(self) -> None:
        with pytest.raises(ValidationError, match=r"User\.x must be stored as a member of Colour; got 'blue'"):
            bound(EnumField(Colour)).decode("blue")
        with pytest.raises(ValidationError, match=r"stored as the name of a member of Colour; got 'red'"):
            bound(EnumField(Colour, by_name=True)).decode("red")

    def test_a_name_that_became_an_alias_is_read_still(self) -> None:
        assert EnumField(Colour, by_name=True).decode("CRIMSON") is Colour.RED

    def test_operands_are_members_and_parts_are_text(self) -> None:
        field = bound(EnumField(Colour))
        assert (field == Colour.RED) == Comparison(X, "=", "red")
        assert field.set(Colour.RED) == SetUpdate(X, "red")
        assert field.begins_with("r") == BeginsWith(X, "r")
        with pytest.raises(ValidationError, match="compared with a str; got 1"):
            field.begins_with(1)

    def test_a_part_may_be_a_field(self) -> None:
        assert bound(EnumField(Colour)).begins_with(StringField().bind("User", Path("y"))) == BeginsWith(X, Path("y"))

    def test_members_are_not_counted_with(self) -> None:
        level = bound(EnumField(Level))
        for build in (level.increment, lambda: level.set(level + level), lambda: level.set(level - 1)):
            with pytest.raises(ExpressionError, match=r"User.x: \w+ may make a number that is no value of it"):
                build()

    @pytest.mark.parametrize(
        ("enum_class", "expected"),
        [
            ("Colour", "EnumField takes an Enum class with members; got 'Colour'"),
            (int, "EnumField takes an Enum class with members; got <class 'int'>"),
            (enum.Enum, "EnumField takes an Enum class with members; got <enum 'Enum'>"),
            (enum.Flag("F", "A B"), "EnumField: combinations of F are not members; use an IntField for them"),
            (Shape, "EnumField stores values that are str or int; got <Shape.POINT: ()>: set by_name=True"),
        ],
    )
    def test_what_is_no_enumeration_is_refused_when_declared(self, enum_class: Any, expected: str) -> None:
        with pytest.raises(SchemaError) as caught:
            EnumField(enum_class)
        assert str(caught.value) == expected


class TestJSONField:
    def test_is_stored_as_text_in_the_order_of_the_document(self) -> None:
        assert JSONField().encode({"b": (1, 1.5, None), "a": "é"}) == '{"b":[1,1.5,null],"a":"é"}'

    def test_key_is_stored_in_one_order(self) -> None:
        field = JSONField()
        field.is_key = True
        assert field.encode({"b": 1, "a": 2}) == '{"a":2,"b":1}'

    def test_equality_of_sorted_documents_is_that_of_their_values(self) -> None:
        field = bound(JSONField(sort_keys=True))
        assert (field == {"b": 1, "a": 2}) == (field == {"a": 2, "b": 1}) == Comparison(X, "=", '{"a":2,"b":1}')

    def test_a_tuple_is_held_as_the_list_that_it_comes_back_as(self) -> None:
        assert JSONField().validate({"a": (1, (2,))}) == {"a": [1, [2]]}

    @pytest.mark.parametrize(
        "value", [math.nan, [math.inf], {1}, b"a", Decimal(1), {1: 2}, [{None: 1}], ["\ud800"], object()]
    )
    def test_what_json_cannot_say_is_refused(self, value: Any) -> None:
        assert message(JSONField(), value).startswith(("User.x must be a JSON value", "User.x: text must be encodable"))

    def test_none_stands_for_no_value(self) -> None:
        assert (
            message(JSONField(), None) == "User.x must be a JSON value; None stands for an absent attribute; got None"
        )

    def test_what_never_ends_is_refused(self) -> None:
        endless: list[Any] = []
        endless.append(endless)
        assert "Circular reference" in message(JSONField(), endless)

    @pytest.mark.parametrize("stored", ["", "{", "NaN", "[Infinity]", "null"])
    def test_stored_text_that_is_no_json_value_is_refused(self, stored: str) -> None:
        with pytest.raises(ValidationError, match=r"^User\.x "):
            bound(JSONField()).decode(stored)

    def test_a_number_is_not_added_to_it(self) -> None:
        with pytest.raises(ExpressionError, match="stored as S"):
            bound(JSONField()).increment()
