from __future__ import annotations

import json
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st
from strategies import values

from dynamongo.backends.dynamodb_json import WireValue, decode_item, decode_value, render_item, render_value
from dynamongo.exceptions import ServiceError, ValidationError
from dynamongo.expressions.values import AttributeValue, Item, equals

WIRE_FORMS: list[tuple[AttributeValue, WireValue]] = [
    ("text", {"S": "text"}),
    ("", {"S": ""}),
    (100, {"N": "100"}),
    (-0, {"N": "0"}),
    (Decimal("1.5"), {"N": "1.5"}),
    (Decimal("1E-7"), {"N": "0.0000001"}),
    (10**38 - 1, {"N": "9" * 38}),
    (b"\x00\xff", {"B": "AP8="}),
    (True, {"BOOL": True}),
    (False, {"BOOL": False}),
    (None, {"NULL": True}),
    ([], {"L": []}),
    ({}, {"M": {}}),
    ([1, True, "1"], {"L": [{"N": "1"}, {"BOOL": True}, {"S": "1"}]}),
    ({"a.b": {"c": None}}, {"M": {"a.b": {"M": {"c": {"NULL": True}}}}}),
    (frozenset({"b", "a", ""}), {"SS": ["", "a", "b"]}),
    (frozenset({10, 9, Decimal("9.5")}), {"NS": ["9", "9.5", "10"]}),
    (frozenset({b"b", b"a"}), {"BS": ["YQ==", "Yg=="]}),
]


@pytest.mark.parametrize(("value", "wire"), WIRE_FORMS)
def test_every_type_has_its_wire_form(value: AttributeValue, wire: WireValue) -> None:
    assert json.loads(render_value(value)) == wire
    assert equals(decode_value(wire), value)


def test_binary_values_may_be_out_of_base64_already() -> None:
    assert decode_value({"L": [{"B": b"\x00\xff"}, {"BS": [b"a", b"b"]}]}) == [b"\x00\xff", frozenset({b"a", b"b"})]


@given(values())
def test_value_survives_the_wire(value: AttributeValue) -> None:
    assert equals(decode_value(json.loads(render_value(value))), value)


@given(st.dictionaries(st.text(), values(), max_size=4))
def test_item_survives_the_wire(item: Item) -> None:
    assert equals(decode_item(json.loads(render_item(item))), item)


@given(values())
def test_json_is_written_as_python_writes_it(value: AttributeValue) -> None:
    rendered = render_value(value)
    assert rendered == json.dumps(json.loads(rendered), separators=(",", ":"))


def test_numbers_are_read_in_lowest_form() -> None:
    assert repr(decode_value({"L": [{"N": "1.50"}, {"N": "2.0"}, {"N": "-3"}]})) == "[Decimal('1.5'), 2, -3]"


@pytest.mark.parametrize("value", [1.5, frozenset(), {1}, (1,), [object()], frozenset({"a", 1})])
def test_what_is_no_attribute_value_is_refused(value: AttributeValue) -> None:
    with pytest.raises(ValidationError):
        render_value(value)


@pytest.mark.parametrize("wire", [{}, {"X": "1"}, {"S": "a", "N": "1"}, {"N": "one"}, {"L": [{"X": 1}]}])
def test_what_the_store_should_not_have_sent_is_reported(wire: WireValue) -> None:
    with pytest.raises(ServiceError, match="an unknown attribute value"):
        decode_value(wire)


@pytest.mark.parametrize("item", [{1: "a"}, {"a": {b"b": 1}}, {None: frozenset({1})}])
def test_name_that_is_no_text_is_refused(item: Item) -> None:
    with pytest.raises(ValidationError, match="names in a map must be str; got"):
        render_item(item)
