"""Conditions that are nested deeper than Python recurses, in everything that is done with a condition."""

from __future__ import annotations

import copy
import pickle
import sys
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

import pytest

from dynamongo import Connection, InvalidRequestError, Model, StringField
from dynamongo.backends.dynamodb.expressions import Placeholders, render_condition
from dynamongo.backends.memory import MemoryBackend
from dynamongo.expressions.conditions import EQ, And, AnyCondition, Comparison, In, Not, Or, Path
from dynamongo.expressions.evaluation import holds
from dynamongo.expressions.filters import compile_filter
from dynamongo.expressions.limits import check_limits, count_operators, longest_in, rendered_bytes
from dynamongo.expressions.operands import paths_of
from dynamongo.expressions.trees import nodes_of
from dynamongo.fields import IntField
from dynamongo.planning.narrowing import narrow, split_long_ins
from dynamongo.planning.rechecks import recheck

DEPTH = 2_000
ONE = Comparison(Path("a"), EQ, 1)
TWO = Comparison(Path("b"), EQ, 2)


def left(depth: int) -> AnyCondition:
    """(((a AND b) OR b) AND b) ..."""
    tree: AnyCondition = ONE
    for number in range(depth):
        tree = Or(tree, TWO) if number % 2 else And(tree, TWO)
    return tree


def right(depth: int) -> AnyCondition:
    tree: AnyCondition = ONE
    for number in range(depth):
        tree = Or(TWO, tree) if number % 2 else And(TWO, tree)
    return tree


def negated(depth: int) -> AnyCondition:
    tree: AnyCondition = ONE
    for _ in range(depth):
        tree = Not(tree)
    return tree


def mixed(depth: int) -> AnyCondition:
    tree: AnyCondition = ONE
    for number in range(depth):
        tree = ~(tree & TWO) if number % 2 else tree | TWO
    return tree


SHAPES: dict[str, Callable[[int], AnyCondition]] = {
    "left": left,
    "right": right,
    "negated": negated,
    "mixed": mixed,
}
ITEMS: list[dict[str, Any]] = [{}, {"a": 1}, {"b": 2}, {"a": 1, "b": 2}]


def by_recursion(tree: AnyCondition, item: dict[str, Any]) -> bool:
    match tree:
        case And(parts):
            return all(by_recursion(part, item) for part in parts)
        case Or(parts):
            return any(by_recursion(part, item) for part in parts)
        case Not(part):
            return not by_recursion(part, item)
        case _:
            return holds(tree, item)


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("depth", [0, 1, 2, 29, 30, 31, 32, 33, 80, 81])
def test_every_depth_means_the_same(shape: str, depth: int) -> None:
    tree = SHAPES[shape](depth)
    expected = [item for item in ITEMS if by_recursion(tree, item)]
    assert [item for item in ITEMS if holds(tree, item)] == expected
    assert compile_filter(tree)(ITEMS * 5) == expected * 5


@pytest.mark.parametrize("shape", SHAPES)
def test_tree_of_any_depth_is_compared_copied_and_pickled(shape: str) -> None:
    tree, same, other = SHAPES[shape](DEPTH), SHAPES[shape](DEPTH), SHAPES[shape](DEPTH - 1)
    assert tree == same
    assert tree != other
    assert hash(tree) == hash(same)
    assert pickle.loads(pickle.dumps(tree)) == tree
    assert copy.deepcopy(tree) == copy.copy(tree) == tree


@pytest.mark.parametrize("shape", SHAPES)
def test_tree_of_any_depth_is_printed_rendered_and_measured(shape: str) -> None:
    tree = SHAPES[shape](DEPTH)
    assert str(tree).count("b = 2") == repr(tree).count("'b'") == list(paths_of(tree)).count(Path("b"))
    assert render_condition(tree, Placeholders()).count(" = ") == sum(
        isinstance(node, Comparison) for node in nodes_of(tree)
    )
    assert count_operators(tree) >= DEPTH
    assert rendered_bytes(tree) > DEPTH
    assert longest_in(tree) == 0


@pytest.mark.parametrize("shape", SHAPES)
def test_tree_of_any_depth_is_evaluated(shape: str) -> None:
    tree, shallow = SHAPES[shape](DEPTH), SHAPES[shape](DEPTH % 2 + 10)
    expected = [item for item in ITEMS if by_recursion(shallow, item)]
    assert [item for item in ITEMS if holds(tree, item)] == expected
    assert compile_filter(tree)(ITEMS * 3) == expected * 3


@pytest.mark.parametrize("shape", SHAPES)
def test_tree_of_any_depth_is_narrowed_for_a_write(shape: str) -> None:
    tree = SHAPES[shape](DEPTH)
    assert recheck(tree, {"id": "x"}) == tree
    assert split_long_ins(tree) is tree
    for read in filter(partial(holds, tree), ITEMS):
        checked = narrow(tree, read)
        check_limits(checked)
        assert holds(checked, read)
        assert all(holds(tree, now) for now in ITEMS if holds(checked, now))


@pytest.mark.parametrize("shape", SHAPES)
def test_long_in_is_divided_at_any_depth(shape: str) -> None:
    tree = Not(And(SHAPES[shape](DEPTH), In(Path("a"), tuple(range(101)))))
    for long in (tree, SHAPES[shape](30) & tree):
        divided = split_long_ins(long)
        assert longest_in(divided) == 100
        assert [holds(divided, item) for item in ITEMS] == [holds(long, item) for item in ITEMS]


class Wide(Model):
    __table__ = "wide"
    __hash_key__ = "id"
    id = StringField(required=True)
    a = IntField()
    b = IntField()


@pytest.fixture(params=["memory", "dynamodb"])
def backend(request: pytest.FixtureRequest) -> Iterator[Any]:
    made: Any = MemoryBackend()
    if request.param == "dynamodb":
        made = request.getfixturevalue("dynamodb_backend")
    with Connection.using(made):
        Wide.create_table()
        yield made
        Wide.delete_table()


@pytest.mark.usefixtures("backend")
@pytest.mark.parametrize("shape", SHAPES)
def test_read_with_a_condition_of_any_depth(shape: str) -> None:
    for number, item in enumerate(ITEMS):
        Wide.save_one({"id": str(number), **item})
    tree = SHAPES[shape](1_000)
    expected = [str(number) for number, item in enumerate(ITEMS) if by_recursion(SHAPES[shape](10), item)]
    assert [each.id for each in Wide.get_many(tree, scans="allow")] == expected
    assert sorted(each.id for each in Wide.find(tree, scans="allow")) == expected
    assert Wide.find(tree, scans="allow", page_size=1, limit=1).page().cursor is not None
    plan = Wide.explain(tree)
    assert str(plan)
    assert plan == pickle.loads(pickle.dumps(plan))
    assert [bool(Wide.get_one((Wide.id == "3") & tree, default=None))] == ["3" in expected]


@pytest.mark.usefixtures("backend")
@pytest.mark.parametrize("shape", ["left", "right", "mixed"])
def test_write_with_a_condition_of_any_depth_is_refused_for_its_operators(shape: str) -> None:
    Wide.save_one({"id": "1"})
    with pytest.raises(InvalidRequestError, match="operators"):
        Wide.update_one((Wide.id == "1") & SHAPES[shape](1_000), Wide.a.set(1))
    with pytest.raises(InvalidRequestError, match="operators"):
        Wide.save_one({"id": "1"}, SHAPES[shape](1_000))
    assert Wide.get_one("1").a is None


def test_the_depth_is_beyond_what_python_recurses() -> None:
    assert sys.getrecursionlimit() < DEPTH
