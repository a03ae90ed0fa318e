"""Attribute values: types, equality, canonical form and depth."""

from __future__ import annotations

from decimal import Decimal, localcontext
from typing import Any

import pytest
import reference
from hypothesis import given
from hypothesis import strategies as st

from dynamongo.exceptions import ValidationError
from dynamongo.expressions.numbers import add_numbers, format_number, normalize_number, parse_number, subtract_numbers
from dynamongo.expressions.values import check_name, equals, normalize, normalize_item, shorten, type_of
from dynamongo.testing.contract.base import proves

LARGEST = Decimal("9." + "9" * 37 + "E125")
SMALLEST = Decimal("1E-130")

numbers = st.one_of(
    st.integers(-(10**38) + 1, 10**38 - 1),
    st.decimals(-10_000, 10_000, places=4),
    st.builds(
        lambda digits, exponent: Decimal(digits).scaleb(exponent),
        st.integers(-(10**27), 10**27),
        st.integers(-100, 90),
    ),
)
scalars = st.one_of(st.none(), st.booleans(), numbers, st.text(max_size=3), st.binary(max_size=3))
sets = st.one_of(*(st.frozensets(kind, min_size=1, max_size=3) for kind in (numbers, st.text(), st.binary())))
values = st.recursive(
    scalars | sets,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(min_size=1, max_size=3), inner, max_size=3),
    max_leaves=6,
)


class TestType:
    @proves("1.1")
    @pytest.mark.parametrize(
        ("value", "expected"),
        [
            *(("", "S"), (0, "N"), (Decimal("0.5"), "N"), (b"", "B"), (True, "BOOL"), (None, "NULL"), ([], "L")),
            *(({}, "M"), (frozenset({"a"}), "SS"), (frozenset({1, Decimal("0.5")}), "NS"), (frozenset({b""}), "BS")),
        ],
        ids=repr,
    )
    def test_values_have_types(self, value: Any, expected: str) -> None:
        assert type_of(value) == expected

    @proves("1.15", "3.3", "3.4")
    @pytest.mark.parametrize(
        "value",
        [
            1.5,
            (1,),
            {1},
            bytearray(b"a"),
            object,
            frozenset(),
            frozenset({"a", 1}),
            frozenset({True}),
            frozenset({None}),
        ],
    )
    def test_what_is_no_attribute_value_is_refused(self, value: Any) -> None:
        with pytest.raises(ValidationError):
            type_of(value)


class TestEquality:
    @given(values, values)
    def test_equality_agrees_with_the_naive_reading(self, left: Any, right: Any) -> None:
        assert equals(left, right) is (reference.tag(left) == reference.tag(right))

    @given(values)
    def test_value_equals_its_canonical_form(self, value: Any) -> None:
        assert equals(value, normalize(value))

    @pytest.mark.parametrize(
        ("left", "right"),
        [
            (1, True),
            ("a", b"a"),
            ([1], [True]),
            ({"a": 0}, {"a": False}),
            (["a"], frozenset({"a"})),
            ([1], [1, 2]),
            ([1, 2], [2, 1]),
        ],
    )
    def test_what_python_takes_for_equal_is_not(self, left: Any, right: Any) -> None:
        assert not equals(left, right)


class TestNumbers:
    @pytest.mark.parametrize(
        ("number", "expected"),
        [
            (Decimal("1.50"), Decimal("1.5")),
            (Decimal("1E+2"), 100),
            (Decimal("-0"), 0),
            (Decimal("0E+100000"), 0),
            (Decimal("1" + "0" * 41), 10**41),
            (10**125, 10**125),
            (SMALLEST, SMALLEST),
            (LARGEST, int(LARGEST)),
        ],
    )
    def test_lowest_form(self, number: Any, expected: Any) -> None:
        found = normalize_number(number)
        assert (found, type(found), str(found)) == (expected, type(expected), str(expected))

    @proves("2.8")
    @pytest.mark.parametrize(
        ("number", "reason"),
        [
            (10**38 + 1, "38 significant digits"),
            (Decimal("0." + "1" * 39), "38 significant digits"),
            (10**126, "overflow"),
            (-(10**5000), "overflow"),
            (Decimal("1E+99999999999"), "overflow"),
            (Decimal("9E-131"), "underflow"),
            (Decimal("NaN"), "cannot be converted to a numeric value: NaN"),
            (Decimal("-Infinity"), "cannot be converted to a numeric value: -Infinity"),
        ],
        ids=shorten,
    )
    def test_number_beyond_the_limits_is_refused(self, number: Any, reason: str) -> None:
        with pytest.raises(ValidationError, match=reason):
            normalize_number(number)

    @proves("2.13")
    def test_sums_are_exact(self) -> None:
        assert add_numbers(Decimal("0.1"), Decimal("0.2")) == Decimal("0.3")
        assert subtract_numbers(1, Decimal("0.9")) == Decimal("0.1")
        assert add_numbers(Decimal(12345678901234567890123456789012345678), 1) == 12345678901234567890123456789012345679

    @pytest.mark.parametrize(
        ("left", "right", "reason"),
        [
            (LARGEST, LARGEST, "overflow"),
            (1, Decimal("1E-38"), "38 significant digits"),
            (1, SMALLEST, "38 significant"),
        ],
    )
    def test_sum_that_does_not_fit_is_refused(self, left: Any, right: Any, reason: str) -> None:
        with pytest.raises(ValidationError, match=reason):
            add_numbers(left, right)

    @pytest.mark.parametrize("text", ["0.00000015", "-0.000000123456789"])
    def test_exponent_may_be_written_in_lower_case(self, text: str) -> None:
        number = Decimal(text)
        with localcontext() as context:
            context.capitals = 0
            assert "e-" in str(number)
            assert (format_number(number), normalize_number(number)) == (text, number)

    @given(numbers)
    def test_text_of_a_number_has_no_exponent_and_reads_back(self, number: Any) -> None:
        canonical = normalize_number(number)
        text = format_number(canonical)
        assert set(text) <= set("-.0123456789")
        assert (parse_number(text), type(parse_number(text))) == (canonical, type(canonical))


class TestNormalize:
    def test_containers_are_new(self) -> None:
        given_value: Any = {"l": [[1]], "m": {"n": {}}}
        canonical: Any = normalize(given_value)
        given_value["l"][0].append(2)
        given_value["m"]["n"]["x"] = 1
        assert canonical == {"l": [[1]], "m": {"n": {}}}

    @given(values)
    def test_canonical_form_is_its_own(self, value: Any) -> None:
        assert reference.show(normalize(normalize(value))) == reference.show(normalize(value))

    @proves("1.16")
    @pytest.mark.parametrize(
        "value", ["\ud800", frozenset({"\ud800"}), {"": 1}, {"\ud800": 1}, {1: 2}, [0.5]], ids=ascii
    )
    def test_what_cannot_be_stored_is_refused_at_any_depth(self, value: Any) -> None:
        places: list[Any] = [value, [value], {"m": {"l": [value]}}]
        for inside in places:
            with pytest.raises(ValidationError):
                normalize(inside)

    @proves("5.6")
    def test_name_counts_bytes(self) -> None:
        assert check_name("é" * 32_767) == "é" * 32_767
        with pytest.raises(ValidationError, match="65,535 bytes"):
            check_name("é" * 32_768)

    def test_item_keeps_the_order_of_its_attributes(self) -> None:
        assert list(normalize_item({"b": 1, "a": 2})) == ["b", "a"]


class TestShorten:
    def test_long_value_is_cut(self) -> None:
        assert shorten("x" * 100, 10) == "'xxxxxxxx…"

    def test_number_too_long_to_print_is_named(self) -> None:
        assert len(shorten(10**10_000)) < 81
