"""What a write checks instead of a condition that is too large for it."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dynamongo.exceptions import ExpressionError
from dynamongo.expressions.conditions import (
    EQ,
    GT,
    And,
    AnyCondition,
    Comparison,
    Contains,
    Exists,
    In,
    Not,
    NotExists,
    Or,
    Path,
    Size,
)
from dynamongo.expressions.evaluation import holds
from dynamongo.expressions.limits import MAX_EXPRESSION_BYTES, check_limits, rendered_bytes
from dynamongo.planning.narrowing import narrow

A, B = Path("a"), Path("b")
LONG = In(A, tuple(range(101)))


def eq(path: Path, value: Any) -> AnyCondition:
    return Comparison(path, EQ, value)


def assert_fits(condition: AnyCondition) -> None:
    check_limits(condition)
    assert rendered_bytes(condition) <= MAX_EXPRESSION_BYTES


class TestSizes:
    def test_condition_that_fits_is_unchanged(self) -> None:
        condition = And(In(A, tuple(range(100))), Exists(B))
        assert narrow(condition, {"a": 7, "b": 1}) is condition

    def test_long_in_is_divided(self) -> None:
        parts = (In(A, tuple(range(100))), In(A, (100,)))
        assert narrow(And(LONG, Exists(B)), {"a": 7, "b": 1}) == And(Or(*parts), Exists(B))
        assert narrow(Not(LONG), {"a": "x"}) == Not(Or(*parts))

    def test_too_many_choices_are_narrowed_to_the_one_that_held(self) -> None:
        assert narrow(And(In(A, tuple(range(1_000))), Exists(B)), {"a": 700, "b": 1}) == And(In(A, (700,)), Exists(B))
        assert narrow(In(Size(A), tuple(range(1_000))), {"a": "xyz"}) == In(Size(A), (3,))

    def test_many_ored_parts_are_narrowed_to_the_one_that_held(self) -> None:
        many = Or(*[And(Contains(A, f"{number}"), Comparison(B, GT, number)) for number in range(300)])
        assert narrow(many, {"a": frozenset({"200"}), "b": 201}) == And(Contains(A, "200"), Comparison(B, GT, 200))

    def test_negation_is_narrowed_to_its_attributes_as_read(self) -> None:
        many = Not(In(A, tuple(range(1_000))))
        assert narrow(many, {"a": "x"}) == eq(A, "x")
        assert narrow(many, {"b": 1}) == NotExists(A)
        assert narrow(many, {"a": None}) == eq(A, None)

    def test_many_parts_about_one_attribute_are_narrowed_to_its_value(self) -> None:
        many = And(*[Not(eq(Path("m", "n"), number)) for number in range(400)])
        assert narrow(many, {"m": {"n": Decimal("0.5")}}) == eq(Path("m", "n"), Decimal("0.5"))

    def test_more_attributes_than_an_expression_holds_are_refused(self) -> None:
        many = And(*[Exists(Path(f"a{number}")) for number in range(400)])
        with pytest.raises(ExpressionError, match="a condition takes at most 300 operators; got 799"):
            narrow(many, {f"a{number}": 1 for number in range(400)})


VALUES = st.sampled_from([0, 1, 5, 700, "x", None])
LEAVES = st.one_of(
    st.builds(eq, st.sampled_from([A, B]), VALUES),
    st.builds(Exists, st.sampled_from([A, B])),
    st.builds(NotExists, st.sampled_from([A, B])),
    st.builds(
        lambda path, start: In(path, tuple(range(start, start + 700))), st.sampled_from([A, B]), st.integers(0, 9)
    ),
)
CONDITIONS = st.recursive(
    LEAVES,
    lambda parts: st.one_of(
        st.lists(parts, min_size=1, max_size=4).map(lambda found: And(*found)),
        st.lists(parts, min_size=1, max_size=4).map(lambda found: Or(*found)),
        st.builds(Not, parts),
    ),
    max_leaves=8,
)
ITEMS = st.dictionaries(st.sampled_from(["a", "b"]), VALUES)


@given(CONDITIONS, ITEMS, ITEMS)
def test_narrowed_condition_held_when_read_and_implies_the_original(
    condition: AnyCondition, read: dict[str, Any], now: dict[str, Any]
) -> None:
    if not holds(condition, read):
        return
    checked = narrow(condition, read)
    assert_fits(checked)
    assert holds(checked, read)
    assert holds(condition, now) or not holds(checked, now)
