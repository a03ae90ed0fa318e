"""A plan that is filled in from a template is the plan that the planner makes, whatever the values are."""

from __future__ import annotations

import os
import threading
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import event, given, settings
from hypothesis import strategies as st
from long_keys import long_reads
from random_reads import POOLS, SCALARS, Filled, reads

from dynamongo import Connection, GlobalIndex, IntField, LocalIndex, Model, StringField
from dynamongo._support.dataclasses import names_of
from dynamongo.backends.memory import MemoryBackend
from dynamongo.exceptions import ExpressionError
from dynamongo.expressions.conditions import (
    And,
    AnyCondition,
    BeginsWith,
    Between,
    Comparison,
    Contains,
    In,
    Not,
    Or,
    Path,
    Size,
    conjuncts,
)
from dynamongo.planning import known_plans
from dynamongo.planning.known_plans import plan_for
from dynamongo.planning.plan import Plan
from dynamongo.planning.plan_templates import find_read_shape
from dynamongo.planning.planner import plan_read
from dynamongo.planning.read import Read

EXAMPLES = int(os.environ.get("DYNAMONGO_PLAN_EXAMPLES", "600"))


class Visit(Model):
    __table__ = "visits"
    __hash_key__ = "city"
    __range_key__ = "day"
    __scans__ = "allow"
    city = StringField(required=True)
    day = IntField(required=True)
    guest = StringField(required=True)
    stars = IntField()
    text = StringField()
    votes = IntField()
    by_guest = GlobalIndex(hash_key=guest, range_key=day)
    by_votes = LocalIndex(range_key=votes)
    by_guest_and_votes = GlobalIndex(hash_key=guest, range_key=votes)


@pytest.fixture(autouse=True)
def backend() -> Iterator[None]:
    with Connection.using(MemoryBackend(), everywhere=True):  # also in the threads
        yield


def details(plan: Plan | ExpressionError) -> Any:
    """All fields of a plan, those that its `==` leaves out included."""
    return str(plan) if isinstance(plan, ExpressionError) else {name: getattr(plan, name) for name in names_of(plan)}


def plan_fresh(read: Read) -> Plan | ExpressionError:
    try:
        return plan_read(read, 7)
    except ExpressionError as error:
        return ExpressionError(f"Visit: {error}")


def plan_known(mapper: Any, read: Read) -> Plan | ExpressionError:
    try:
        return plan_for(mapper, read, 7)
    except ExpressionError as error:
        return error


def similar(value: Any) -> st.SearchStrategy[Any]:
    """Another value, mostly of the same type."""
    if isinstance(value, (Path, Size, bool, list)) or value is None:
        return st.just(value)
    kind = "S" if isinstance(value, str) else "B" if isinstance(value, bytes) else "N"
    return st.one_of(*[st.sampled_from(POOLS[kind])] * 5, st.sampled_from(SCALARS))


def revalued(draw: st.DrawFn, part: AnyCondition) -> AnyCondition:
    """The condition with other values."""
    match part:
        case And(parts) | Or(parts):
            return type(part)(*[revalued(draw, each) for each in parts])
        case Not(inner):
            return Not(revalued(draw, inner))
        case Comparison(left, operator, right):
            return Comparison(draw(similar(left)), operator, draw(similar(right)))
        case Between(operand, low, high):
            return Between(operand, *sorted([draw(similar(low)), draw(similar(high))]))
        case In(operand, choices):
            return In(operand, tuple(draw(similar(choice)) for choice in choices))
        case BeginsWith(tested, prefix):
            return BeginsWith(draw(similar(tested)), draw(similar(prefix)))
        case Contains(container, sought):
            return Contains(draw(similar(container)), draw(similar(sought)))
        case _:
            return part


@st.composite
def similar_reads(draw: st.DrawFn) -> list[Read]:
    """Several reads of one table by one condition with different values."""
    filled: Filled = draw(st.one_of(reads(), long_reads()))
    found = [filled.read]
    source = filled.read.source
    for _ in range(3):
        other = filled.read
        if source is not None and not isinstance(source, tuple):
            try:
                other = replace(other, source=revalued(draw, source))
            except (ExpressionError, TypeError):  # values that no condition takes, or that have no order
                continue
        limit, page_size = draw(st.none() | st.integers(0, 3)), draw(st.sampled_from([None, 2]))
        found.append(replace(other, limit=limit, page_size=page_size))
    return found


def check(mapper: Any, several: list[Read]) -> None:
    for read in several:
        filled, fresh = plan_known(mapper, read), plan_fresh(read)
        assert details(filled) == details(fresh)
        assert str(filled) == str(fresh)


def a_mapper() -> Any:
    """All that planning needs of one: its tables are those of the reads."""
    return SimpleNamespace(name="Visit", plan_templates={})


@settings(max_examples=60)
@given(similar_reads())
def test_filled_plan_is_the_plan_that_the_planner_makes(several: list[Read]) -> None:
    mapper = a_mapper()
    check(mapper, several)
    event(f"{sum(template is not None for template in mapper.plan_templates.values())} templates")


@pytest.mark.slow
@settings(max_examples=EXAMPLES)
@given(st.lists(similar_reads(), min_size=1, max_size=3))
def test_reads_of_different_tables_do_not_share_plans(several: list[list[Read]]) -> None:
    check(a_mapper(), [read for group in zip(*several, strict=False) for read in group])


REPEATED: dict[str, Any] = {
    "a query": lambda n: Visit.city == f"city {n}",
    "a query with a bound": lambda n: (Visit.city == f"city {n}") & (Visit.day > n),
    "a query with a range": lambda n: (Visit.city == f"city {n}") & Visit.day.between(n, n + 1),
    "a query between bounds": lambda n: (Visit.city == f"city {n}") & (Visit.day > n) & (Visit.day <= n + 2),
    "bounds of another index": lambda n: (Visit.city == "a") & (Visit.votes < n + 2) & (Visit.votes >= n),
    "a query with filters": lambda n: (Visit.city == f"city {n}") & (Visit.stars > n) & Visit.text.contains(str(n)),
    "two bounds in a filter": lambda n: (Visit.city == f"city {n}") & (Visit.stars > n) & (Visit.stars < n + 9),
    "an OR and a NOT": lambda n: (Visit.city == "a") & ((Visit.stars > n) | (Visit.text == "b")) & ~(Visit.stars == n),
    "an IN": lambda n: (Visit.guest == "a") & Visit.stars.in_([n, n + 1]),
    "a query of an index": lambda n: (Visit.guest == f"guest {n}") & (Visit.day >= n),
    "a key and a check": lambda n: (Visit.city == "a") & (Visit.stars > n) & (Visit.day == n),
    "a scan": lambda n: Visit.stars > n,
}


def explain(condition: AnyCondition, limit: int | None = None) -> Any:
    return details(Visit.explain(condition, limit=limit))


def explain_fresh(condition: AnyCondition, limit: int | None = None) -> Any:
    Visit.__mapper__.plan_templates.clear()
    return explain(condition, limit)


@pytest.mark.parametrize("condition", REPEATED.values(), ids=REPEATED)
def test_plan_of_a_shape_is_made_once(condition: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    several = [(number, limit) for number in range(3) for limit in (None, 5)]
    expected = [explain_fresh(condition(number), limit) for number, limit in several]
    monkeypatch.setattr(known_plans, "plan_read", None)
    assert [explain(condition(number), limit) for number, limit in several] == expected


CITY: Any = Visit.city == "a"
GUEST: Any = Visit.guest == "x"
BETWEEN: Any = (Visit.votes >= 1) & (Visit.votes <= 3)
CHANGES: list[tuple[AnyCondition, AnyCondition]] = [
    (CITY, Visit.city == ""),
    (Visit.city.in_(["a"]), Visit.city.in_(["a", "b"])),
    (CITY & (Visit.stars > 1) & (Visit.stars < 3), CITY & (Visit.stars > 3) & (Visit.stars < 1)),
    (CITY & (Visit.day > 1) & (Visit.day < 3), CITY & (Visit.day > 3) & (Visit.day < 1)),
    (CITY & (Visit.day > 1) & (Visit.day < 3), CITY & (Visit.day >= 3) & (Visit.day <= 3)),
    (CITY & (Visit.day >= 1) & (Visit.day <= 3), CITY & (Visit.day >= 3) & (Visit.day <= 3)),
    (CITY & (Visit.votes >= 1) & (Visit.votes <= 3), CITY & (Visit.votes >= 3) & (Visit.votes <= 3)),
    (CITY & (Visit.day > 1) & (Visit.day > 3), CITY & (Visit.day > 3) & (Visit.day > 1)),
    (CITY & Visit.day.between(1, 2), CITY & Visit.day.between(1, 1)),
    (CITY & Visit.stars.in_([1]), CITY & Visit.stars.in_([])),
    (CITY & Visit.stars.in_(range(100)), CITY & Visit.stars.in_(range(101))),
    (CITY & (Visit.day == 1), CITY & (Visit.city == "b") & (Visit.day == 1)),
    (GUEST & (Visit.day == 1) & BETWEEN, GUEST & (Visit.day == 1) & (Visit.votes >= 3) & (Visit.votes <= 3)),
    (CITY | (Visit.city == "b"), CITY | (Visit.city == "a")),
]


@pytest.mark.parametrize(("known", "other"), CHANGES, ids=str)
def test_values_that_change_the_plan(known: AnyCondition, other: AnyCondition) -> None:
    for first, second in ((known, other), (other, known)):
        expected = explain_fresh(second)
        explain_fresh(first)
        assert explain(second) == expected


def test_one_node_that_is_there_twice_stands_for_itself() -> None:
    part = Visit.text.contains("a")
    Visit.explain((Visit.city == "a") & part & part)
    plan = Visit.explain((Visit.city == "a") & Visit.text.contains("b") & Visit.text.contains("c"))
    assert plan.filter == Visit.text.contains("b") & Visit.text.contains("c")


def test_key_that_is_also_compared_with_another_attribute() -> None:
    def condition(city: str) -> Any:
        return (Visit.city == city) & (Visit.city == Visit.text) & (Visit.day == 1)

    expected = explain_fresh(condition("b"))
    explain_fresh(condition("a"))
    assert explain(condition("b")) == expected


def test_shapes_are_told_apart_by_structure() -> None:
    a, b, c = (Visit.text == "a"), (Visit.stars == 1), Visit.guest.exists()
    conditions: list[Any] = [
        a & b & c,
        (a & b) | c,
        a & (b | c),
        a | b | c,
        ~a & b & c,
        ~(a & b) & c,
        ~(a | b) & c,
        ~(a & b & c),
    ]
    shapes = [find_read_shape(Read(Visit.__mapper__.schema("visits"), each), conjuncts(each)) for each in conditions]
    assert max(Counter(shapes).values()) == 1


def test_a_model_keeps_a_bounded_number_of_plans() -> None:
    for number in range(1_000):
        Visit.explain(CITY & Visit.stars.in_([number] * (number % 200)), consistent=number % 3 == 0)
    assert len(Visit.__mapper__.plan_templates) <= 128


def test_option_that_is_assigned_forgets_plans() -> None:
    class Own(Visit):
        __table__ = "own"

    read = Own.find(Own.city == "a")
    Own.explain(Own.city == "a")
    assert Own.__mapper__.plan_templates
    Own.__billing__ = "on_demand"
    assert Own.__mapper__.plan_templates == {}
    assert read.explain() == Own.explain(Own.city == "a")


def test_threads_share_plans(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(known_plans, "_MAX_TEMPLATES", 3)  # so that they are dropped all the time
    mapper, wrong = Visit.__mapper__, list[Any]()

    def work(seed: int) -> None:
        for number in range(300):
            condition = list(REPEATED.values())[(number * seed) % len(REPEATED)](number)
            fresh = plan_read(Read(mapper.schema("visits"), condition, required=mapper.declaration.required))
            if details(Visit.explain(condition)) != details(fresh):
                wrong.append(condition)

    threads = [threading.Thread(target=work, args=(seed,)) for seed in (1, 3, 7, 9)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert wrong == []


def test_filled_plans_read_the_right_items() -> None:
    Visit.create_table()
    Visit.save_many([Visit(city=city, day=day, guest="x", stars=day) for city in "ab" for day in range(5)])
    for city in "ab":
        for stars in range(3):
            found = Visit.find((Visit.city == city) & (Visit.stars > stars), limit=2).all()
            assert [(each.city, each.day) for each in found] == [(city, stars + 1), (city, stars + 2)]
