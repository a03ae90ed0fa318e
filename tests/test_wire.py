from __future__ import annotations

from decimal import Decimal

import pytest
from botocore_model import check_request
from hypothesis import given, settings
from hypothesis import strategies as st
from strategies import values

from dynamongo.exceptions import ServiceError, ValidationError
from dynamongo.values import AttributeValue, Item, equals
from dynamongo.wire import WireValue, decode_item, decode_value, encode_item, encode_value

WIRE_FORMS: list[tuple[AttributeValue, WireValue]] = [
    ("text", {"S": "text"}),
    ("", {"S": ""}),
    (100, {"N": "100"}),
    (-0, {"N": "0"}),
    (Decimal("1.5"), {"N": "1.5"}),
    (Decimal("1E-7"), {"N": "0.0000001"}),
    (10**38 - 1, {"N": "9" * 38}),
    (b"\x00\xff", {"B": b"\x00\xff"}),
    (True, {"BOOL": True}),
    (False, {"BOOL": False}),
    (None, {"NULL": True}),
    ([], {"L": []}),
    ({}, {"M": {}}),
    ([1, True, "1"], {"L": [{"N": "1"}, {"BOOL": True}, {"S": "1"}]}),
    ({"a.b": {"c": None}}, {"M": {"a.b": {"M": {"c": {"NULL": True}}}}}),
    (frozenset({"b", "a", ""}), {"SS": ["", "a", "b"]}),
    (frozenset({10, 9, Decimal("9.5")}), {"NS": ["9", "9.5", "10"]}),
    (frozenset({b"b", b"a"}), {"BS": [b"a", b"b"]}),
]


@pytest.mark.parametrize(("value", "wire"), WIRE_FORMS)
def test_every_type_has_its_wire_form(value: AttributeValue, wire: WireValue) -> None:
    assert encode_value(value) == wire
    assert equals(decode_value(wire), value)


@given(values())
def test_value_survives_the_wire(value: AttributeValue) -> None:
    assert equals(decode_value(encode_value(value)), value)


@settings(max_examples=30)
@given(st.dictionaries(st.text(min_size=1), values(), max_size=4))
def test_item_survives_the_wire_in_a_form_that_boto3_takes(item: Item) -> None:
    wire = encode_item(item)
    check_request("PutItem", {"TableName": "items", "Item": wire})
    assert equals(decode_item(wire), item)


def test_numbers_are_read_in_lowest_form() -> None:
    assert repr(decode_value({"L": [{"N": "1.50"}, {"N": "2.0"}, {"N": "-3"}]})) == "[Decimal('1.5'), 2, -3]"


def test_wire_form_shares_no_container_with_the_value() -> None:
    value: list[AttributeValue] = [{"a": 1}]
    wire = encode_value(value)
    value.append(2)
    assert wire == {"L": [{"M": {"a": {"N": "1"}}}]}


@pytest.mark.parametrize("value", [1.5, frozenset(), {1}, (1,), [object()], frozenset({"a", 1})])
def test_what_is_no_attribute_value_is_refused(value: AttributeValue) -> None:
    with pytest.raises(ValidationError):
        encode_value(value)


@pytest.mark.parametrize("wire", [{}, {"X": "1"}, {"S": "a", "N": "1"}, {"N": "one"}, {"L": [{"X": 1}]}])
def test_what_the_store_should_not_have_sent_is_reported(wire: WireValue) -> None:
    with pytest.raises(ServiceError, match="no attribute value known"):
        decode_value(wire)
