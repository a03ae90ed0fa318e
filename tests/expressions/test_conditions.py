"""Conditions: how they are built, combined, refused and read."""

from __future__ import annotations

import functools
import operator
import pickle
from collections.abc import Callable
from typing import Any, cast

import pytest

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
    all_of,
    conjuncts,
)
from dynamongo.expressions.descriptions import describe
from dynamongo.expressions.evaluation import holds
from dynamongo.expressions.limits import check_limits, count_operators
from dynamongo.expressions.operands import operands_of, paths_of
from dynamongo.testing.contract.base import proves

A, B, C = Path("a"), Path("b"), Path("c")
X, Y, Z = Comparison(A, EQ, 1), Comparison(B, LT, "x"), Exists(C)


class TestPath:
    def test_text_shows_names_and_positions(self) -> None:
        assert str(Path("a", "b", 0, 1, "c")) == "a.b[0][1].c"

    def test_slash_goes_further_inside(self) -> None:
        assert Path("a", "b", 0) == A / "b" / 0

    def test_path_starts_with_itself_and_its_ancestors(self) -> None:
        path = Path("a", "b", 0)
        assert [path.starts_with(other) for other in (path, A / "b", A, B, path / 1)] == [
            True,
            True,
            True,
            False,
            False,
        ]


class TestAlgebra:
    def test_nested_ands_are_flattened(self) -> None:
        assert X & Y & Z == And(X, Y, Z) == X & (Y & Z)

    def test_nested_ors_are_flattened(self) -> None:
        assert X | Y | Z == Or(X, Y, Z) == X | (Y | Z)

    def test_chain_is_flattened_however_long_it_is(self) -> None:
        links = [Comparison(Path("a"), EQ, number) for number in range(20_000)]
        assert cast("Or", functools.reduce(operator.or_, links[2:], links[0] | links[1])).parts == tuple(links)

    def test_copy_can_be_a_part(self) -> None:
        copied: AnyCondition = pickle.loads(pickle.dumps(X & Y))
        assert conjuncts(Z & copied) == (Z, X, Y)

    def test_and_has_parts_and_nothing_else(self) -> None:
        with pytest.raises(AttributeError, match="And has no attribute 'part'"):
            getattr(X & Y, "part")  # noqa: B009 - no type checker lets the attribute stand

    def test_and_inside_or_is_kept(self) -> None:
        assert Or(And(X, Y), Z) == ((X & Y) | Z)

    def test_tilde_negates(self) -> None:
        assert Not(X) == ~X

    def test_condition_has_no_truth_value(self) -> None:
        with pytest.raises(TypeError, match=r"& \| ~"):
            bool(X)

    @pytest.mark.parametrize("make", [And, Or])
    def test_combination_of_nothing_is_refused(self, make: Callable[[], AnyCondition]) -> None:
        with pytest.raises(ExpressionError, match="takes at least one condition"):
            make()

    @pytest.mark.parametrize("other", [True, None, "x", A])
    def test_combining_with_something_else_is_refused(self, other: Any) -> None:
        with pytest.raises(TypeError):
            X & other
        with pytest.raises(TypeError):
            X | other

    @pytest.mark.parametrize("condition", [None, X, X & Y])
    def test_conjuncts_and_all_of_are_inverse(self, condition: AnyCondition | None) -> None:
        assert all_of(conjuncts(condition)) == condition

    def test_condition_can_be_pickled_and_hashed(self) -> None:
        condition = ~(X & Y) | Between(A, 1, 2)
        assert pickle.loads(pickle.dumps(condition)) == condition
        assert len({condition, ~(X & Y) | Between(A, 1, 2)}) == 1


class TestRefusals:
    @proves("7.25")
    @pytest.mark.parametrize("operator", [LT, LE, GT, GE])
    @pytest.mark.parametrize("value", [True, None, [], {}, frozenset({1})], ids=repr)
    def test_order_of_what_has_none(self, operator: Comparator, value: Any) -> None:
        with pytest.raises(ExpressionError, match="have an order"):
            Comparison(A, operator, value)
        with pytest.raises(ExpressionError, match="have an order"):
            Between(A, value, B)

    @proves("7.24")
    @pytest.mark.parametrize("operator", [EQ, NE, LT])
    def test_operand_compared_with_itself(self, operator: Comparator) -> None:
        with pytest.raises(ExpressionError, match="must differ"):
            Comparison(A, operator, A)

    @pytest.mark.parametrize(
        "build",
        [
            lambda: Comparison(Size(A), EQ, Size(A)),
            lambda: Comparison(A, EQ, Size(A)),
            lambda: Between(Size(A), Size(A), Size(B)),
            lambda: In(Size(A), (Size(A),)),
        ],
    )
    def test_size_may_be_compared_with_itself(self, build: Any) -> None:
        assert holds(build(), {"a": 1, "b": "x"}) is False
        assert holds(Comparison(Size(A), EQ, Size(A)), {"a": "x"}) is True

    @proves("7.24")
    @pytest.mark.parametrize(
        "build",
        [
            lambda: Between(A, A, 1),
            lambda: Between(A, 1, A),
            lambda: In(A, (1, A)),
            lambda: BeginsWith(A, A),
            lambda: Contains(A, A),
        ],
    )
    def test_function_of_a_path_and_itself(self, build: Any) -> None:
        with pytest.raises(ExpressionError, match="must differ"):
            build()

    @proves("7.26")
    def test_between_of_two_types(self) -> None:
        with pytest.raises(ExpressionError, match="got N and S"):
            Between(A, 1, "2")

    @proves("7.27")
    def test_between_with_the_upper_bound_first(self) -> None:
        with pytest.raises(ExpressionError, match="lower bound of BETWEEN must come first"):
            Between(A, 2, 1)
        assert Between(A, 2, 2).low == 2

    @proves("8.8")
    @pytest.mark.parametrize("prefix", [1, True, None, ["a"]], ids=repr)
    def test_prefix_that_is_no_text(self, prefix: Any) -> None:
        with pytest.raises(ExpressionError, match="prefix"):
            BeginsWith(A, prefix)
        with pytest.raises(ExpressionError, match="prefix"):
            BeginsWith(prefix, A)
        with pytest.raises(ExpressionError, match="prefix"):
            BeginsWith(A, Size(B))

    @proves("8.4")
    def test_unknown_type(self) -> None:
        with pytest.raises(ExpressionError, match="got 'String'"):
            IsType(A, "String")  # type: ignore[arg-type]  # the point

    @proves("7.16")
    def test_in_of_more_than_100(self) -> None:
        check_limits(In(A, tuple(range(100))))
        with pytest.raises(ExpressionError, match="got 101"):
            check_limits(Not(And(X, Or(Y, In(A, tuple(range(101)))))))

    @proves("7.20")
    def test_more_than_300_operators(self) -> None:
        check_limits(And(*[X] * 150))
        with pytest.raises(ExpressionError, match="got 301"):
            check_limits(And(*[X] * 150) & Z)

    def test_functions_count_as_operators(self) -> None:
        """What is joined without nesting is judged at a glance where it is short: the longest of that kind."""
        widest = Between(Size(A), Size(B), Size(C))
        check_limits(And(*[widest] * 60))
        with pytest.raises(ExpressionError, match="got 304"):
            check_limits(Or(*[widest] * 61))


class TestReading:
    EVERYTHING = And(
        Comparison(Size(A), GE, 2),
        Or(Between(B, 1, C), In(A / 0, ("x", B))),
        Not(BeginsWith(A, "p")),
        Contains(B, 3),
        IsType(C, "NS"),
        NotExists(A / "b"),
        Exists(B),
    )

    def test_operands_come_from_left_to_right(self) -> None:
        expected = [Size(A), 2, B, 1, C, A / 0, "x", B, A, "p", B, 3, C, A / "b", B]
        assert list(operands_of(self.EVERYTHING)) == expected

    def test_paths_include_those_of_sizes(self) -> None:
        assert list(paths_of(self.EVERYTHING)) == [A, B, C, A / 0, B, A, B, C, A / "b", B]

    def test_description_reads_as_dynamodb_writes(self) -> None:
        assert describe(self.EVERYTHING) == str(self.EVERYTHING)
        assert str(self.EVERYTHING) == (
            "size(a) >= 2 AND (b BETWEEN 1 AND c OR a[0] IN ('x', b)) AND NOT begins_with(a, 'p')"
            " AND contains(b, 3) AND attribute_type(c, 'NS') AND attribute_not_exists(a.b) AND attribute_exists(b)"
        )

    def test_long_in_is_cut_in_the_description(self) -> None:
        assert str(In(A, tuple(range(8)))) == "a IN (0, 1, 2, 3, 4, … 3 more)"

    @pytest.mark.parametrize(
        ("condition", "expected"),
        [(X, 1), (~X, 2), (X & Y & Z, 5), (Comparison(Size(A), GT, 1), 2), (Between(A, 1, 2), 1)],
    )
    def test_operators_are_counted(self, condition: AnyCondition, expected: int) -> None:
        assert count_operators(condition) == expected


def test_comparison_by_something_else_is_refused() -> None:
    with pytest.raises(ExpressionError, match="a comparison operator must be one of = <> < <= > >=; got '=='"):
        Comparison(A, "==", 1)  # type: ignore[arg-type]  # the point
