"""Filters: when a condition is compiled, and what is made of it. What it means is tested in `test_evaluation`."""

from __future__ import annotations

import inspect
import subprocess
import sys
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

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
from dynamongo.expressions.evaluation import holds
from dynamongo.expressions.filters import FEW, WORTH_COMPILING, compile_filter, find_filter_shape, generate_filter
from dynamongo.expressions.values import Item

YEAR, NAME = Path("year"), Path("name")
A, AB, AC = Path("a"), Path("a", "b"), Path("a", "c")
ITEMS: list[dict[str, Any]] = [{"year": year, "name": f"n{year}"} for year in range(50)]


def test_items_are_returned_as_they_are_in_their_order() -> None:
    chosen: list[Any] = generate_filter(Comparison(YEAR, ">", 40))(ITEMS)
    assert [item["year"] for item in chosen] == list(range(41, 50))
    assert all(item is ITEMS[item["year"]] for item in chosen)


def test_source_can_be_read_and_holds_no_values() -> None:
    condition = Comparison(YEAR, "<", 71717) & ~BeginsWith(NAME, "n1")
    source = inspect.getsource(generate_filter(condition).func)
    assert source.startswith("def select(")
    assert [text for text in ("71717", "n1", "year", "name") if text in source] == []


def join(parts: list[AnyCondition]) -> st.SearchStrategy[AnyCondition]:
    return st.sampled_from([And(*parts), Or(*parts)])


LEAVES: list[AnyCondition] = [
    *(Comparison(path, "=", value) for path in (A, AB, AC) for value in (1, True, None, "x", Decimal("1.5"))),
    *(
        Comparison(A, "<", 2),
        Comparison(AB, ">=", "a"),
        Between(AB, 1, 2),
        In(A, (1, "x")),
        In(AB, ("x", Decimal("1.5"), b"x")),
    ),
    *(
        BeginsWith(AB, "x"),
        Contains(A, "b"),
        Contains(AC, "x"),
        IsType(A, "M"),
        IsType(AB, "S"),
        Comparison(A, "=", AB),
    ),
    *(Exists(A), Exists(AB), NotExists(AC), NotExists(Path("a", "b", "c")), Comparison(Size(A), ">", 1)),
    *(Comparison(Path("a", "b", "c"), "<>", 1), Exists(Path("l", 0)), Comparison(Path("b"), "=", 0)),
]
VALUES: list[Any] = [1, True, None, "x", Decimal("1.5"), b"x", ["x", "b"], {}, {"c": 1}, {"c": "x"}, frozenset({"b"})]
MEMBERS = st.dictionaries(st.sampled_from("bc"), st.sampled_from(VALUES), max_size=2)
READ: st.SearchStrategy[Item] = st.dictionaries(
    st.sampled_from(["a", "b", "l"]), st.sampled_from(VALUES) | MEMBERS, max_size=3
)
TREES: st.SearchStrategy[AnyCondition] = st.recursive(
    st.sampled_from(LEAVES),
    lambda inner: st.builds(Not, inner) | st.lists(inner, min_size=1, max_size=4).flatmap(join),
    max_leaves=12,
)


@given(TREES, st.lists(READ, max_size=6))
def test_what_is_read_once_means_what_the_tree_means(condition: AnyCondition, items: list[Item]) -> None:
    """Return what holds, item by item: variables that one item has set must not be taken for those of the next."""
    assert generate_filter(condition)(items) == [item for item in items if holds(condition, item)]


def test_attributes_are_read_once() -> None:
    condition = Comparison(AB, ">", 1) & (BeginsWith(NAME, "a") | BeginsWith(NAME, "b")) & Comparison(AC, "<", 5)
    assert inspect.getsource(generate_filter(condition).func).count(".get(") == 4  # a, a.b, a.c and name


def test_conditions_that_differ_in_their_values_alone_are_compiled_once() -> None:
    made = [generate_filter(Comparison(YEAR, "<", value) & Contains(NAME, "x")).func for value in (2, 3, 4, "1")]
    assert made[0] is made[1] is made[2] is not made[3]


def is_compiled(condition: AnyCondition) -> bool:
    return "compiled" in vars(find_filter_shape(condition)[0])


def make_condition() -> AnyCondition:
    """Make one of a shape that no other test uses."""
    return Comparison(YEAR, "<", 3) & (Exists(NAME) | IsType(Path("few"), "L") | NotExists(Path("few", "items")))


def test_few_items_are_not_worth_compiling() -> None:
    several = ITEMS[:WORTH_COMPILING]
    select = compile_filter(make_condition())
    found = [select(several), select([])]
    assert not is_compiled(make_condition())
    assert [*found, select(ITEMS[2:4])] == [ITEMS[:3], [], ITEMS[2:3]]
    assert is_compiled(make_condition())
    # From now on, the shape serves conditions with other items at once, unless there are hardly any.
    assert compile_filter(make_condition())(ITEMS[: FEW + 1]) == ITEMS[:3]


def nested(depth: int) -> AnyCondition:
    condition: AnyCondition = Comparison(YEAR, "<", 10)
    for number in range(depth):
        condition = Not(Or(condition, Comparison(YEAR, "=", number)))
    return condition


@pytest.mark.parametrize(
    "condition",
    [
        nested(150),
        Or(*(Comparison(YEAR, "=", year) & Exists(NAME) for year in range(0, 5_000, 3))),
        And(*(Comparison(YEAR, "<>", year) for year in range(0, 1_000, 7))),
        In(YEAR, tuple(range(0, 10_000, 11))),
    ],
    ids=["deep", "wide or", "wide and", "long in"],
)
def test_large_trees_are_compiled_as_far_as_python_takes_it(condition: AnyCondition) -> None:
    assert generate_filter(condition)(ITEMS) == [item for item in ITEMS if holds(condition, item)]


@pytest.mark.parametrize("name", ["", "it's", '"', "{}", "{0}", "a\\", "a\nb", "v", "item", "\ud800", "c0"])
def test_any_name_can_be_written(name: str) -> None:
    item: dict[str, Any] = {name: {name: 1}}
    condition = Comparison(Path(name, name), "=", 1) & Exists(Path(name, name)) & Not(Exists(Path("x", name)))
    assert generate_filter(condition)([item, {}]) == [item]


MIXED = """
from dynamongo.expressions.conditions import Comparison, Contains, In, Path
from dynamongo.expressions.evaluation import holds
from dynamongo.expressions.filters import generate_filter
condition = Contains(Path("a"), "x") | In(Path("a"), ("x", b"x", 1))
items = [{"a": [b"x"]}, {"a": frozenset({b"x"})}, {"a": b"x"}, {"a": "x"}, {"a": [b"x", "x"]}]
assert generate_filter(condition)(items) == items[2:]
assert [holds(condition, item) for item in items] == [False, False, True, True, True]
items = [{"a": "x"}, {"a": b"x"}, {"a": 5}]
assert [generate_filter(Comparison(Path("a"), "=", item["a"]))(items) for item in items] == [[item] for item in items]
"""


def test_no_bytes_are_compared_with_other_types() -> None:
    ran = subprocess.run([sys.executable, "-bb", "-c", MIXED], capture_output=True, text=True, check=False)
    assert (ran.returncode, ran.stderr) == (0, "")
