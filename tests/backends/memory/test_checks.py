"""Checks of expressions: the fast path refuses what the checks would refuse."""

from __future__ import annotations

import functools
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from reference import show
from strategies import values

from dynamongo.backends.memory import checks
from dynamongo.backends.memory.checks import check_condition, normalize_updates
from dynamongo.exceptions import DynamongoError
from dynamongo.expressions.conditions import (
    And,
    AnyCondition,
    BeginsWith,
    Between,
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
from dynamongo.expressions.limits import (
    MAX_EXPRESSION_BYTES,
    MAX_IN_OPERANDS,
    MAX_OPERATORS,
    count_operators,
    rendered_bytes,
)
from dynamongo.expressions.operands import operands_of
from dynamongo.expressions.updates import (
    AddUpdate,
    AnyUpdate,
    AppendUpdate,
    DeleteUpdate,
    IncrementUpdate,
    RemoveUpdate,
    SetUpdate,
)

ODD: list[Any] = [
    *(Decimal("1.50"), Decimal("NaN"), 10**38, 10**126, "\ud800", frozenset(), [1.5], [[[]]], {"": 1}, 1.5, (1,)),
]
names = st.sampled_from(["a", "b", "c", "a.b", "x" * 300])
steps = st.sampled_from(["a", "b", 0, 1, 9_999, 10_000, 10**30])
odd_paths = st.sampled_from([Path(), Path(0), Path("a", -1), Path(*["a"] * 33), Path("a", *[0] * 20)])
paths = st.builds(lambda name, rest: Path(name, *rest), names, st.lists(steps, max_size=4)) | odd_paths
operands: st.SearchStrategy[Any] = paths | st.builds(Size, paths) | values() | st.sampled_from(ODD)


@st.composite
def leaves(draw: st.DrawFn) -> AnyCondition:
    path, operand, other = draw(paths), draw(operands), draw(operands)
    makers: list[Callable[[], AnyCondition]] = [
        lambda: Comparison(path, "=", operand),
        lambda: Comparison(operand, "<", other),
        lambda: Between(path, operand, other),
        lambda: In(path, (operand, other) * draw(st.sampled_from([0, 1, 60]))),
        lambda: BeginsWith(path, operand),
        lambda: Contains(path, operand),
        lambda: IsType(path, "S"),
        lambda: Exists(path),
    ]
    try:
        return draw(st.sampled_from(makers))()
    except (DynamongoError, ArithmeticError):
        return NotExists(path)


conditions: st.SearchStrategy[AnyCondition] = st.recursive(
    leaves(),
    lambda inner: (
        st.builds(lambda parts: And(*parts), st.lists(inner, min_size=1, max_size=3))
        | st.builds(lambda parts: Or(*parts), st.lists(inner, min_size=1, max_size=3))
        | st.builds(Not, inner)
    ),
    max_leaves=4,
)


@st.composite
def updates(draw: st.DrawFn) -> AnyUpdate:
    path, value = draw(paths), draw(operands)
    made: list[AnyUpdate] = [
        SetUpdate(path, value, draw(st.booleans())),
        RemoveUpdate(path),
        AddUpdate(path, value),
        DeleteUpdate(path, value),
        IncrementUpdate(path, value),
        AppendUpdate(path, (value,)),
    ]
    return draw(st.sampled_from(made))


def outcome_of(check: Callable[[], object]) -> str:
    try:
        return show(check())
    except DynamongoError as error:
        return f"{type(error).__name__}: {error}"


def closely(check: Callable[[], object]) -> str:
    """Return the outcome without the fast path."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(checks, "_LIGHT", -1)
        return outcome_of(check)


@given(conditions, st.sampled_from([1, 1, 1, 10, 100]))
def test_fast_path_refuses_the_same_conditions(condition: AnyCondition, times: int) -> None:
    def check() -> None:
        check_condition(And(*[condition] * times))

    assert outcome_of(check) == closely(check)


@given(st.lists(updates(), max_size=4), st.sampled_from([(), ("a",), ("pk", "sk")]), st.sampled_from([1, 1, 30]))
def test_fast_path_refuses_the_same_updates(some: list[AnyUpdate], key_names: tuple[str, ...], times: int) -> None:
    def normalize() -> tuple[AnyUpdate, ...]:
        return normalize_updates(some * times, key_names)

    assert outcome_of(normalize) == closely(normalize)


@pytest.mark.parametrize("operand", [Size(Path("a")), "text", ["text"], 1.5], ids=str)
def test_function_may_apply_to_a_value(operand: Any) -> None:
    """Of `contains`; that of the others is a path by its type, which a caller may not check."""
    conditions: list[AnyCondition] = [
        Contains(operand, Path("b")),
        IsType(operand, "S"),
        Exists(operand),
        NotExists(operand),
    ]
    for condition in conditions:
        check = functools.partial(check_condition, condition)
        assert outcome_of(check) == closely(check)


def longest(leaf: AnyCondition) -> list[AnyCondition]:
    """Return conditions of as many of these parts as are light."""
    weight = checks._weigh(leaf)
    parts = [leaf] * (checks._LIGHT // weight)
    nots: AnyCondition = leaf
    for _ in range(checks._LIGHT - weight):
        nots = Not(nots)
    return [And(*parts), nots]


LONG = Path("x" * 255, "y", 9_999)
SIZE = Size(Path("z", "y", 9_999))


@pytest.mark.parametrize(
    "leaf",
    [
        Comparison(SIZE, "<=", Size(LONG)),
        Between(LONG, SIZE, Size(LONG)),
        In(LONG, (SIZE,)),
        In(LONG, (SIZE, *range(28))),
        In(SIZE, ()),
        NotExists(LONG),
        IsType(LONG, "BOOL"),
        Contains(SIZE, Size(LONG)),
        BeginsWith(LONG, SIZE.path),
    ],
    ids=lambda leaf: type(leaf).__name__,
)
def test_light_conditions_are_far_below_the_limits(leaf: AnyCondition) -> None:
    for condition in longest(leaf):
        assert checks._weigh(condition) <= checks._LIGHT
        assert rendered_bytes(condition) <= MAX_EXPRESSION_BYTES
        assert count_operators(condition) <= MAX_OPERATORS
        assert len(list(operands_of(leaf))) <= MAX_IN_OPERANDS
