"""DynamoDB JSON that other programs hand over is checked before it is read."""

from __future__ import annotations

import json
import re
from decimal import Decimal
from typing import Any

import pytest
import strategies
from boto3.dynamodb.types import TypeDeserializer
from hypothesis import given
from hypothesis import strategies as st

from dynamongo.backends.dynamodb_json import render_item
from dynamongo.exceptions import ValidationError
from dynamongo.expressions.values import normalize_item
from dynamongo.expressions.wire_images import read_image, write_image

KEY = {"id": {"S": "a"}}
ITEMS = st.dictionaries(strategies.names, strategies.values(), max_size=4)


@given(ITEMS)
def test_every_item_comes_back(drawn: Any) -> None:
    try:
        item = normalize_item(drawn)
    except ValidationError:  # text without a form in UTF-8
        return
    image = write_image(item, "base64")
    assert json.loads(render_item(item)) == image
    assert read_image(image) == read_image(json.dumps(image)) == read_image(write_image(item, "bytes")) == item
    assert read_image({"Item": image}) == item


def test_forms_of_binary_values() -> None:
    item: Any = {"data": b"\x00", "set": frozenset({b"b", b"a"}), "deep": [{"data": b"x"}]}
    written: Any = write_image(item, "bytes")
    deserialize = TypeDeserializer().deserialize
    assert written == {
        "data": {"B": b"\x00"},
        "set": {"BS": [b"a", b"b"]},
        "deep": {"L": [{"M": {"data": {"B": b"x"}}}]},
    }
    assert bytes(deserialize(written["data"])) == b"\x00"
    assert write_image({"data": b"\x00"}, "base64") == {"data": {"B": "AA=="}}


def test_item_of_a_response_or_an_export_is_unwrapped() -> None:
    assert read_image({"Item": KEY, "ConsumedCapacity": {"CapacityUnits": 1}}) == {"id": "a"}
    assert read_image({"Item": {}}) == {}
    # An attribute may have that name, too, and one may have the name of a type.
    assert read_image({"Item": {"S": "a"}}) == {"Item": "a"}
    assert read_image({"Item": {"S": {"S": "a"}}}) == {"S": "a"}


def test_numbers_are_canonical() -> None:
    assert read_image({"n": {"N": "1.50"}, "m": {"NS": ["2.0", "-0"]}}) == {
        "n": Decimal("1.5"),
        "m": frozenset({2, 0}),
    }


NO_ATTRIBUTES: list[Any] = [
    "plain",
    {},
    {"S": 5},
    {"N": 5},
    {"N": "five"},
    {"N": "NaN"},
    {"N": "1_0"},
    {"N": " 1"},
    {"N": "\u0661"},
    {"N": "1" * 39 + ".5"},
    {"B": "é"},
    {"BOOL": 1},
    {"SS": [1]},
    {"SS": "ab"},
    {"NS": []},
    {"T": "x"},
    {"S": "a", "N": "1"},
    {"L": {}},
    {"M": []},
]


@pytest.mark.parametrize("value", NO_ATTRIBUTES)
def test_value_that_is_no_attribute_value_is_refused(value: Any) -> None:
    for image in ({**KEY, "x": value}, {"x": {"M": {"a": {"L": [{"S": "b"}, value]}}}}):
        with pytest.raises(ValidationError, match=r"^the attribute x(\.a\[1\])? is not DynamoDB JSON, which names"):
            read_image(image)


@pytest.mark.parametrize(
    ("image", "words"),
    [
        ("{", "DynamoDB JSON cannot be read from '{'"),
        ("[]", "DynamoDB JSON of an item is an object; got []"),
        (5, "DynamoDB JSON of an item is an object; got 5"),
        ({"": {"S": "a"}}, "an attribute name must have 1 to 65,535 bytes"),
    ],
)
def test_what_is_no_item_is_refused(image: Any, words: str) -> None:
    with pytest.raises(ValidationError, match=re.escape(words)):
        read_image(image)


def test_deep_json_is_refused() -> None:
    deep: Any = {"S": "x"}
    for _ in range(100_000):
        deep = {"L": [deep]}
    for image in ({"id": deep}, '{"id":' + '{"L":[' * 100_000):
        with pytest.raises(ValidationError, match="nested too deep"):
            read_image(image)
