"""Sizes of values and items in bytes, as DynamoDB counts them."""

from __future__ import annotations

from decimal import Decimal, localcontext
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from strategies import numbers, texts, values

from dynamongo.exceptions import ValidationError
from dynamongo.expressions.numbers import normalize_number
from dynamongo.expressions.sizes import item_size, size_bound, value_size
from dynamongo.expressions.values import describe_value


@pytest.mark.parametrize(
    ("value", "size"),
    [
        *((0, 1), (1, 2), (12, 2), (123, 3), (-1, 3), (100, 2), (Decimal("0.5"), 2), (Decimal("1.5"), 3)),
        *((Decimal("-1.5"), 4), (Decimal("-0.05"), 3), (Decimal("100.25"), 4), (Decimal("-100.005"), 6)),
        *((Decimal("3.14159"), 5), (123456, 4), (10**125, 2), (10**38 - 1, 20), (1 - 10**38, 21)),
        *(("", 0), ("é", 2), ("😀", 4), (b"abc", 3), (True, 1), (None, 1)),
        *(([], 3), (["a"], 5), ({}, 3), ({"k": "a"}, 6), ({"k": {}}, 8)),
        *((frozenset({"a", "bc"}), 3), (frozenset({1, 100}), 4), (frozenset({b"ab"}), 2)),
    ],
    ids=lambda value: describe_value(value, 20),
)
def test_size_is_that_of_dynamodb(value: Any, size: int) -> None:
    assert value_size(value) == size


@given(numbers())
def test_size_of_a_number_is_that_of_its_digits(number: Any) -> None:
    """The text without zeros at both ends says it; `value_size` looks at the text only where that is plain."""
    whole, _, fraction = format(Decimal(number), "f").lstrip("-").partition(".")
    whole, fraction = whole.lstrip("0"), fraction.rstrip("0")
    whole, fraction = (whole, fraction) if fraction else (whole.rstrip("0"), "")
    fraction = fraction if whole else fraction.lstrip("0")
    expected = 1 + (len(whole) + 1) // 2 + (len(fraction) + 1) // 2 + (number < 0)
    assert value_size(number) == value_size(Decimal(number)) == expected


@pytest.mark.parametrize(("text", "size"), [("0.00000015", 2), ("-0.000000123456789", 7), ("1.500", 3), ("1E+3", 2)])
def test_size_of_a_number_does_not_depend_on_how_it_is_written(text: str, size: int) -> None:
    for capitals in (0, 1):
        with localcontext() as context:
            context.capitals = capitals
            assert value_size(Decimal(text)) == value_size(normalize_number(Decimal(text))) == size


def test_item_counts_names_in_bytes() -> None:
    assert item_size({"é": "a", "n": None}) == 2 + 1 + 1 + 1


@pytest.mark.parametrize("value", [1.5, (1,), frozenset(), frozenset({"a", 1}), [{1}]])
def test_what_is_no_value_has_no_size(value: Any) -> None:
    with pytest.raises(ValidationError):
        value_size(value)


@given(st.dictionaries(texts, values()))
def test_size_is_within_its_bound(item: Any) -> None:
    item |= {"😀": "😀", "n": 1 - 10**38, "l": [[], {}, {"": {}}]}
    assert item_size(item) <= size_bound(item)
