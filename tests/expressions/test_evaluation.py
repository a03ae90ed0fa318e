"""Conditions and projections, evaluated on items."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
import reference
from hypothesis import given
from hypothesis import strategies as st

from dynamongo.exceptions import ExpressionError
from dynamongo.expressions.conditions import (
    EQ,
    GE,
    GT,
    LE,
    LT,
    NE,
    And,
    AnyCondition,
    BeginsWith,
    Between,
    Comparator,
    Comparison,
    Contains,
    Exists,
    In,
    IsType,
    Not,
    NotExists,
    Or,
    Path,
    Size,
)
from dynamongo.expressions.evaluation import MISSING, compile_projection, holds, project, resolve
from dynamongo.expressions.filters import generate_filter
from dynamongo.expressions.values import ATTRIBUTE_TYPES, describe_value

A, B, C = Path("a"), Path("b"), Path("c")
CAFE = "héllo😀"

# One value of every type, and those that Python takes for equal or for false.
VALUES: list[Any] = [
    *("", "a", "1", b"", b"a", 0, 1, Decimal("1.5"), True, False, None),
    *([], [1], [True], ["a"], {}, {"a": 1}, {"a": True}),
    *(frozenset({"a"}), frozenset({1}), frozenset({b"a"})),
]

FALSY: list[tuple[Any, str]] = [
    *(("", "S"), (0, "N"), (b"", "B"), (False, "BOOL"), (None, "NULL"), ([], "L"), ({}, "M")),
    *((frozenset({""}), "SS"), (frozenset({0}), "NS"), (frozenset({b""}), "BS")),
]


def check(condition: AnyCondition, **item: Any) -> bool:
    """Whether the condition holds, which the tree and what is compiled of it say alike."""
    is_held = holds(condition, item)
    assert generate_filter(condition)([item]) == ([item] if is_held else [])
    return is_held


class TestEquality:
    @pytest.mark.parametrize("left", VALUES, ids=describe_value)
    def test_value_equals_only_itself(self, left: Any) -> None:
        equal = [value for value in VALUES if check(Comparison(A, EQ, value), a=left)]
        assert [repr(value) for value in equal] == [repr(left)]

    @pytest.mark.parametrize("left", VALUES, ids=describe_value)
    def test_attribute_equals_only_an_attribute_of_the_same_value(self, left: Any) -> None:
        equal = [value for value in VALUES if check(Comparison(A, EQ, B), a=left, b=value)]
        assert [repr(value) for value in equal] == [repr(left)]

    @pytest.mark.parametrize("right", VALUES, ids=describe_value)
    def test_missing_attribute_equals_nothing_and_differs_from_everything(self, right: Any) -> None:
        assert not check(Comparison(A, EQ, right))
        assert check(Comparison(A, NE, right))

    def test_two_missing_attributes_are_not_equal(self) -> None:
        assert not check(Comparison(A, EQ, B))
        assert check(Comparison(A, NE, B))

    @pytest.mark.parametrize(
        ("stored", "given_value"),
        [
            (1, Decimal("1.0")),
            ([1, {"n": 2}], [Decimal(1), {"n": Decimal("2.00")}]),
            (frozenset({1, 2}), frozenset({Decimal("2.0"), Decimal(1)})),
            ({"a": 1, "b": frozenset({"x", "y"})}, {"b": frozenset({"y", "x"}), "a": 1}),
        ],
    )
    def test_numbers_are_equal_by_value_at_any_depth(self, stored: Any, given_value: Any) -> None:
        assert check(Comparison(A, EQ, given_value), a=stored)
        assert not check(Comparison(A, NE, given_value), a=stored)

    def test_numbers_of_38_digits_differ_in_the_last(self) -> None:
        assert not check(Comparison(A, EQ, Decimal("9." + "1" * 37)), a=Decimal("9." + "1" * 36 + "2"))

    def test_value_may_stand_on_the_left(self) -> None:
        assert check(Comparison(1, EQ, A), a=1)
        assert check(Comparison(1, LT, A), a=2)


class TestOrder:
    ORDERED: tuple[list[Any], ...] = (
        ["", " ", "-", "0", "10", "9", "A", "Z", "a", "aa", "b", "é", "\uffff", "\U0001f600"],
        [-10, Decimal("-1.5"), 0, Decimal("0.5"), 9, 10],
        [b"", b"\x00", b"\x00\x00", b"\x7f", b"\x7f\x00", b"\x80", b"\xff"],
    )

    @pytest.mark.parametrize("ordered", ORDERED, ids=["S", "N", "B"])
    def test_order_is_that_of_the_type(self, ordered: list[Any]) -> None:
        for position, value in enumerate(ordered):
            found = {
                operator: [other for other in ordered if check(Comparison(A, operator, value), a=other)]
                for operator in (LT, LE, GT, GE)
            }
            assert found == {
                LT: ordered[:position],
                LE: ordered[: position + 1],
                GT: ordered[position + 1 :],
                GE: ordered[position:],
            }

    @pytest.mark.parametrize("operator", [LT, LE, GT, GE])
    @pytest.mark.parametrize("value", VALUES, ids=describe_value)
    def test_order_of_two_types_or_of_what_has_none_is_false(self, operator: Comparator, value: Any) -> None:
        if not isinstance(value, str):
            assert not check(Comparison(A, operator, "a"), a=value)
        if isinstance(value, bool) or not isinstance(value, (str, bytes, int, Decimal)):
            assert not check(Comparison(A, operator, B), a=value, b=value)

    def test_between_includes_both_ends(self) -> None:
        assert [n for n in range(5) if check(Between(A, 1, 3), a=n)] == [1, 2, 3]

    def test_between_takes_bounds_from_attributes(self) -> None:
        assert check(Between(A, B, C), a=2, b=1, c=2)
        assert not check(Between(A, B, C), a=2, b=3, c=1)
        assert not check(Between(A, B, C), a=2, b=1)
        assert not check(Between(A, B, C), a=2, b=1, c="9")


class TestFunctions:
    def test_in_finds_equal_values_of_any_type(self) -> None:
        choices: Any = (1, "a", None, [1], frozenset({"x"}))
        found = [value for value in (*VALUES, frozenset({"x"})) if check(In(A, choices), a=value)]
        assert [repr(value) for value in found] == ["'a'", "1", "None", "[1]", "frozenset({'x'})"]

    def test_in_of_scalars_distinguishes_true_from_1(self) -> None:
        assert not check(In(A, (1, "a")), a=True)
        assert check(In(A, (1, "a")), a=Decimal("1.0"))
        assert not check(In(A, (1, "a")), a=[1])

    def test_in_takes_attributes_and_skips_missing_ones(self) -> None:
        assert check(In(A, (C, B)), a=1, b=1)
        assert not check(In(A, (C, B)), b=1)

    def test_in_nothing_is_false(self) -> None:
        assert not check(In(A, ()), a=1)

    @pytest.mark.parametrize("value", VALUES, ids=describe_value)
    def test_every_value_exists_null_and_empty_ones_too(self, value: Any) -> None:
        assert check(Exists(A), a=value)
        assert not check(NotExists(A), a=value)

    def test_what_is_inside_a_missing_parent_does_not_exist(self) -> None:
        inside = Path("a", "b", 0)
        lacking: list[dict[str, Any]] = [{}, {"a": {}}, {"a": "x"}, {"a": {"b": []}}]
        assert [check(NotExists(inside), **item) for item in lacking] == [True] * 4
        assert check(Exists(inside), a={"b": [None]})

    @pytest.mark.parametrize(("value", "kind"), FALSY, ids=describe_value)
    def test_falsy_values_have_types_too(self, value: Any, kind: str) -> None:
        assert [name for name in ATTRIBUTE_TYPES if check(IsType(A, name), a=value)] == [kind]

    def test_missing_attribute_has_no_type(self) -> None:
        assert not any(check(IsType(A, name)) for name in ATTRIBUTE_TYPES)

    @pytest.mark.parametrize(
        ("value", "prefix", "expected"),
        [
            ("abc", "ab", True),
            ("abc", "", True),
            ("abc", "bc", False),
            (b"abc", b"ab", True),
            ("abc", b"ab", False),
            (b"abc", "ab", False),
            (["a"], "a", False),
            (12, "1", False),
        ],
    )
    def test_begins_with(self, value: Any, prefix: Any, expected: bool) -> None:  # noqa: FBT001 - a column of the table
        assert check(BeginsWith(A, prefix), a=value) is expected
        assert check(BeginsWith(A, B), a=value, b=prefix) is expected

    def test_nothing_missing_begins_with_anything(self) -> None:
        assert not check(BeginsWith(A, ""))
        assert not check(BeginsWith(A, B), a="x")

    @pytest.mark.parametrize(
        ("whole", "part", "expected"),
        [
            ("abc", "bc", True),
            ("abc", "", True),
            ("abc", b"b", False),
            ("12", 1, False),
            (b"\x01\x02\x03", b"\x02\x03", True),
            (b"\x01\x02\x03", 2, False),
            (frozenset({"ab"}), "ab", True),
            (frozenset({"ab"}), "a", False),
            (frozenset({1, 2}), Decimal("2.0"), True),
            (frozenset({1}), True, False),
            (frozenset({2}), "2", False),
            (frozenset({"a"}), frozenset({"a"}), False),
            ([1, None], None, True),
            ([1], True, False),
            ([{"k": [1]}], {"k": [Decimal("1.0")]}, True),
            ([frozenset({"a", "b"})], frozenset({"b", "a"}), True),
            (["ab"], "a", False),
            ({"k": "v"}, "k", False),
            ({"k": "v"}, "v", False),
            (12, 1, False),
            (None, None, False),
        ],
    )
    def test_contains(self, whole: Any, part: Any, expected: bool) -> None:  # noqa: FBT001 - a column of the table
        assert check(Contains(A, part), a=whole) is expected
        assert check(Contains(A, B), a=whole, b=part) is expected

    def test_nothing_missing_is_contained(self) -> None:
        assert not check(Contains(A, "a"))
        assert not check(Contains(A, B), a="x")

    @pytest.mark.parametrize(
        ("value", "size"),
        [("", 0), (CAFE, 7), (b"abc", 3), ([1, [2]], 2), ({"k": [1, 2]}, 1), (frozenset({"a", "b"}), 2)],
    )
    def test_size(self, value: Any, size: int) -> None:
        assert check(Comparison(Size(A), EQ, size), a=value)

    @pytest.mark.parametrize("item", [{}, {"a": 12}, {"a": True}, {"a": None}], ids=describe_value)
    def test_what_has_no_size_compares_as_missing(self, item: dict[str, Any]) -> None:
        found = [op for op in (EQ, NE, LT, LE, GT, GE) if check(Comparison(Size(A), op, 1), **item)]
        assert found == [NE]

    def test_size_compares_with_an_attribute(self) -> None:
        assert check(Comparison(Size(A), GT, B), a="abc", b=2)


class TestCombinations:
    def test_and_or_take_any_number_of_parts(self) -> None:
        ones = [Comparison(path, EQ, 1) for path in (A, B, C)]
        assert check(And(*ones), a=1, b=1, c=1)
        assert not check(And(*ones), a=1, b=1)
        assert check(Or(*ones), c=1)
        assert not check(Or(*ones), c=2)

    def test_not_is_two_valued(self) -> None:
        assert check(Not(Comparison(A, LT, 5)))
        assert check(Not(Exists(A)))
        assert not check(Not(Comparison(A, NE, 1)))


TREE: dict[str, Any] = {"a": {"b": [1, {"c": None}], "x.y": 2}, "a.b": 3, "s": frozenset({"q"}), "t": "text"}


class TestPaths:
    @pytest.mark.parametrize(
        ("path", "expected"),
        [
            (Path("a", "b", 0), 1),
            (Path("a", "b", 1, "c"), None),
            (Path("a", "x.y"), 2),
            (Path("a.b"), 3),
            (Path("a", "b", 2), MISSING),
            (Path("a", "b", -1), MISSING),
            (Path("a", "b", "c"), MISSING),
            (Path("a", 0), MISSING),
            (Path("s", 0), MISSING),
            (Path("t", 0), MISSING),
            (Path("z", "b"), MISSING),
        ],
        ids=str,
    )
    def test_resolve(self, path: Path, expected: Any) -> None:
        assert resolve(path, TREE) is expected or resolve(path, TREE) == expected != MISSING

    def test_missing_says_what_it_is(self) -> None:
        assert repr(MISSING) == "MISSING"


NESTED: dict[str, Any] = {"m": {"x": 1, "y": {"z": 2, "w": 3}}, "l": ["a", {"p": 1, "q": 2}, "c"], "n": None}


class TestProjection:
    @pytest.mark.parametrize(
        ("paths", "expected"),
        [
            ([Path("n"), Path("nothing")], {"n": None}),
            ([Path("m", "y", "z")], {"m": {"y": {"z": 2}}}),
            ([Path("m", "x"), Path("m", "y", "w")], {"m": {"x": 1, "y": {"w": 3}}}),
            ([Path("l", 2), Path("l", 0)], {"l": ["a", "c"]}),
            ([Path("l", 1, "p"), Path("l", 1, "q"), Path("l", 7)], {"l": [{"p": 1, "q": 2}]}),
            ([Path("m", "no"), Path("l", 9), Path("n", "x"), Path("l", 0, "k"), Path("m", 0)], {}),
        ],
    )
    def test_fragments_keep_their_structure(self, paths: list[Path], expected: dict[str, Any]) -> None:
        assert project(NESTED, paths) == expected

    def test_list_position_of_a_map_or_name_in_a_list_finds_nothing(self) -> None:
        assert project(NESTED, [Path("m", 0), Path("l", "p")]) == {}

    def test_no_paths_ask_for_everything(self) -> None:
        assert project(NESTED, []) == NESTED

    def test_compiled_once_it_serves_many_items(self) -> None:
        take = compile_projection([Path("m", "x")])
        items: list[dict[str, Any]] = [NESTED, {}, {"m": {"x": 2}}]
        assert [take(item) for item in items] == [{"m": {"x": 1}}, {}, {"m": {"x": 2}}]

    def test_projecting_does_not_change_the_item(self) -> None:
        before = repr(NESTED)
        project(NESTED, [Path("l", 1, "p"), Path("m", "x")])
        assert repr(NESTED) == before


scalars = st.sampled_from([*VALUES[:11], Decimal("1.0"), "ab", b"ab", 2, CAFE])
sets = st.one_of(*(st.frozensets(st.sampled_from(members), min_size=1) for members in (["", "a"], [0, 1], [b"", b"a"])))
values = st.recursive(
    scalars | sets,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["a", "b"]), inner, max_size=2),
    max_leaves=4,
)
items = st.dictionaries(st.sampled_from(["a", "b", "c"]), values)
steps = st.lists(st.sampled_from(["a", "b", 0, 1]), max_size=2)
paths = st.builds(lambda name, rest: Path(name, *rest), st.sampled_from(["a", "b", "c"]), steps)
operands = st.one_of(paths, st.builds(Size, paths), values)
comparators = st.sampled_from([EQ, NE, LT, LE, GT, GE])


def _build(kind: Any, *parts: Any) -> AnyCondition:
    """The condition, or `Exists` of something where it is invalid."""
    try:
        built: AnyCondition = kind(*parts)
    except ExpressionError:
        return Exists(C)
    return built


leaves = st.one_of(
    st.builds(_build, st.just(Comparison), operands, comparators, operands),
    st.builds(_build, st.just(Between), operands, operands, operands),
    st.builds(_build, st.just(In), operands, st.lists(operands, max_size=3).map(tuple)),
    st.builds(_build, st.sampled_from([BeginsWith, Contains]), operands, operands),
    st.builds(_build, st.just(IsType), paths, st.sampled_from(ATTRIBUTE_TYPES)),
    st.builds(_build, st.sampled_from([Exists, NotExists]), paths),
)
conditions = st.recursive(
    leaves,
    lambda inner: st.one_of(
        st.builds(Not, inner),
        st.lists(inner, min_size=1, max_size=3).map(lambda parts: And(*parts)),
        st.lists(inner, min_size=1, max_size=3).map(lambda parts: Or(*parts)),
    ),
    max_leaves=4,
)


@given(conditions, items)
def test_compiled_condition_agrees_with_the_naive_reading(condition: AnyCondition, item: dict[str, Any]) -> None:
    assert check(condition, **item) is reference.holds(condition, item)


@given(conditions, conditions, items)
def test_negation_turns_and_into_or(left: AnyCondition, right: AnyCondition, item: dict[str, Any]) -> None:
    assert check(~(left & right), **item) is check(~left | ~right, **item)
