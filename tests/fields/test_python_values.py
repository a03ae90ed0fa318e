"""Python values to attribute values and back, where no field says how."""

from __future__ import annotations

import enum
import math
from collections import OrderedDict
from collections.abc import Callable
from decimal import Decimal
from types import MappingProxyType
from typing import Any

import pytest
import strategies as values
from hypothesis import given
from hypothesis import strategies as st

from dynamongo.exceptions import ValidationError
from dynamongo.expressions.values import check_name, equals, normalize
from dynamongo.fields import python_values


class Shade(str, enum.Enum):
    DARK = "dark"


scalars = st.none() | st.booleans() | values.ints | values.decimals | values.texts | st.binary()
sets = st.sets(values.texts, min_size=1) | st.sets(values.ints, min_size=1) | st.sets(st.binary(), min_size=1)
documents: st.SearchStrategy[Any] = st.recursive(
    scalars | sets,
    lambda children: st.lists(children, max_size=4) | st.dictionaries(values.names, children, max_size=4),
    max_leaves=12,
)


@given(documents)
def test_a_value_comes_back_as_it_was(value: Any) -> None:
    stored = python_values.encode(value)
    assert python_values.decode(stored) == value
    assert equals(normalize(stored), stored)
    assert type(python_values.decode(stored)) in (type(value), int)  # a decimal without a fraction comes back as an int


@pytest.mark.parametrize(
    ("value", "stored"),
    [
        (0.1, Decimal("0.1")),
        (2.0, 2),
        (-0.0, 0),
        (Decimal("1.50"), Decimal("1.5")),
        ((1, (2,)), [1, [2]]),
        (bytearray(b"a"), b"a"),
        (memoryview(b"a"), b"a"),
        ({1, 2.5}, frozenset({1, Decimal("2.5")})),
        ({"a": 1}.keys(), frozenset({"a"})),
        (OrderedDict(a=1), {"a": 1}),
        (MappingProxyType({"a": (1,)}), {"a": [1]}),
        (Shade.DARK, "dark"),
        (True, True),
        ("", ""),
        ({}, {}),
    ],
)
def test_a_type_without_a_counterpart_is_stored_as_its_nearest(value: Any, stored: Any) -> None:
    encoded = python_values.encode(value)
    assert (type(encoded), encoded) == (type(stored), stored)


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (object, "DynamoDB has no type for type; got <class 'object'>; use a field that says how to store it"),
        (1j, "DynamoDB has no type for complex"),
        (iter([]), "DynamoDB has no type for list_iterator"),
        (math.nan, "DynamoDB has no NaN and no infinity; got nan"),
        ([math.inf], "DynamoDB has no NaN and no infinity; got inf"),
        (Decimal("NaN"), "The parameter cannot be converted to a numeric value: NaN"),
        (10**39 + 1, "Attempting to store more than 38 significant digits in a Number"),
        (1e300, "Number overflow"),
        (1e-300, "Number underflow"),
        ("\ud800", "text must be encodable as UTF-8"),
        ({"\ud800": 1}, "text must be encodable as UTF-8"),
        ({1: 2}, "an attribute name must be a str; got 1"),
        ({"": 1}, "an attribute name must have 1 to 65,535 bytes; got ''"),
        (set(), "a set must have at least one member"),
        ([set()], "a set must have at least one member"),
        ({1, "a"}, "a set must have at least one member, and only strings, only numbers or only binary values"),
        ({True}, "a set must have at least one member, and only strings, only numbers or only binary values"),
    ],
)
def test_what_dynamodb_cannot_store_is_refused(value: Any, expected: str) -> None:
    with pytest.raises(ValidationError) as caught:
        python_values.encode(value)
    assert str(caught.value).startswith(expected)


class Text(str):
    __slots__ = ()


odd_parts = (
    scalars
    | sets
    | st.floats()
    | values.texts.map(Text)
    | st.binary(max_size=3).map(bytearray)
    | st.integers(-(10**40), 10**40)
    | st.sampled_from([1j, "\ud800", "é", set(), frozenset({True}), object, 10**9, -(10**9)])
)
odd_names = values.names | st.sampled_from(["", "é", "\ud800", 1, Text("a"), "a" * 65_535, "é" * 32_768])
odd_values: st.SearchStrategy[Any] = st.recursive(
    odd_parts,
    lambda parts: (
        st.lists(parts, max_size=3)
        | st.lists(parts, max_size=3).map(tuple)
        | st.dictionaries(odd_names, parts, max_size=3)
        | st.dictionaries(odd_names, parts, max_size=3).map(MappingProxyType)
    ),
    max_leaves=8,
)


def encode_plainly(value: Any) -> Any:
    """What is stored for a value, step by step: the reading that `encode` is compared with."""
    if isinstance(value, float) and not isinstance(value, bool):
        return python_values.encode_float(value)
    if isinstance(value, (dict, MappingProxyType)):
        return {check_name(name): encode_plainly(member) for name, member in value.items()}
    if isinstance(value, (list, tuple)):
        return [encode_plainly(element) for element in value]
    if isinstance(value, (set, frozenset)):
        return normalize(frozenset(map(encode_plainly, value)))
    if isinstance(value, bytearray):
        return bytes(value)
    if value is None or type(value) in (bool, int, Decimal, bytes, str):
        return normalize(value)
    if isinstance(value, str):
        return normalize(str.__str__(value))
    raise ValidationError(f"DynamoDB has no type for {type(value).__name__}")


def outcome_of(take: Callable[[Any], Any], value: Any) -> Any:
    """What a function returns, or the beginning of its error, with the types of all parts."""
    try:
        return typed(take(value))
    except ValidationError as error:
        return str(error).partition(";")[0]


def typed(value: Any) -> Any:
    """The value in a form in which `==` distinguishes types and the order of members."""
    if isinstance(value, dict):
        return dict, [(name, typed(member)) for name, member in value.items()]
    if isinstance(value, list):
        return list, list(map(typed, value))
    return type(value), sorted(map(repr, value)) if isinstance(value, (set, frozenset)) else repr(value)


@given(odd_values)
def test_a_value_is_stored_as_step_by_step(value: Any) -> None:
    assert outcome_of(python_values.encode, value) == outcome_of(encode_plainly, value)


@given(odd_values)
def test_a_round_trip_is_an_encoding_and_a_decoding(value: Any) -> None:
    plainly = outcome_of(lambda given_value: python_values.decode(python_values.encode(given_value)), value)
    assert outcome_of(python_values.round_trip, value) == plainly


def test_neither_way_shares_a_container() -> None:
    value: Any = {"a": [{"b": [1]}], "s": {1}}
    stored: Any = python_values.encode(value)
    decoded = python_values.decode_map(stored)
    decoded["a"][0]["b"].append(2)
    decoded["s"].add(2)
    value["a"][0]["b"].append(3)
    assert stored == {"a": [{"b": [1]}], "s": frozenset({1})}
