"""Conditions: one evaluated on many items, and one evaluated once."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

from benchmarks.rows import Row
from benchmarks.timing import OURS, Curve, Effort, Measurement, Side, compare, repeat
from benchmarks.values import values
from dynamongo.expressions.conditions import (
    NE,
    And,
    AnyCondition,
    BeginsWith,
    Comparison,
    Contains,
    Not,
    Or,
    Path,
    conjuncts,
)
from dynamongo.expressions.evaluation import holds
from dynamongo.expressions.filters import compile_filter
from dynamongo.expressions.values import Item

Filter = Callable[[list[Item]], list[Item]]

LAMBDA = "hand-written lambda"
CLOSURES = "closures"
HOT = 1_000
LEAVES = (1, 2, 3, 4, 8, 16, 32)


def run(effort: Effort) -> Iterator[Measurement | Curve]:
    """Evaluate conditions on many items and on few; then one of them once, by selectivity and by size."""
    items = [Row.__mapper__.encode(Row(**values(number))) for number in range(effort.items)]
    condition = _condition(1990)
    for many, suffix in ((items, ""), (items[:HOT], ", hot")):
        for name, each, by_hand, target in (
            ("three leaves", condition, _by_hand(1990), 1.30),
            ("ten leaves", _make_ten_leaves(), _filter_ten_by_hand, 1.35),
        ):
            sides = _make_sides(each, by_hand, many)
            yield compare(f"{name} over {len(many):,} items{suffix}", sides, effort, {LAMBDA: target})
    yield _once(condition, items[0], effort)
    yield from _by_selectivity(items, effort)
    yield from _by_size(items[: effort.items // 10], effort)


def _make_sides(condition: AnyCondition, by_hand: Filter, items: list[Item]) -> list[Side]:
    select = compile_filter(condition)
    assert select(items) == by_hand(items)
    return [Side(OURS, repeat(partial(select, items))), Side(LAMBDA, repeat(partial(by_hand, items)))]


def _by_hand(year: int) -> Filter:
    """Return what you would write if you knew that every attribute exists and has its type."""

    def matches(item: Any) -> bool:
        return item["year"] < year and "Nairobi" not in item["cities"] and item["name"].startswith("J")

    return lambda items: [item for item in items if matches(item)]


def _make_ten_leaves() -> AnyCondition:
    """Return a condition with AND, OR, functions and nested paths."""
    score, inner = Row.meta["score"], Row.meta["a"]
    condition: AnyCondition = (
        (Row.year < 1990)
        & ~Row.cities.contains("Nairobi")
        & Row.name.begins_with("J")
        & ((Row.active == True) | (score >= 50))  # noqa: E712 - a condition
        & (Row.price.between(1, 900) | (Row.cities.size() == 2))
        & inner["b"].exists()
        & Row.meta["tag"].in_(["alpha", "beta"])
        & Row.created.attribute_type("S")
    )
    return condition


def _filter_ten_by_hand(items: list[Item]) -> list[Item]:
    def matches(item: Any) -> bool:
        meta = item["meta"]
        return (
            item["year"] < 1990
            and "Nairobi" not in item["cities"]
            and item["name"].startswith("J")
            and (item["active"] or meta["score"] >= 50)
            and (1 <= item["price"] <= 900 or len(item["cities"]) == 2)
            and "b" in meta["a"]
            and meta["tag"] in ("alpha", "beta")
            and isinstance(item["created"], str)
        )

    return [item for item in items if matches(item)]


def _once(condition: AnyCondition, item: Item, effort: Effort) -> Measurement:
    assert holds(condition, item) == build_closures(condition)(item)
    sides = [
        Side(OURS, repeat(lambda: holds(condition, item))),
        Side(CLOSURES, repeat(lambda: build_closures(condition)(item))),
    ]
    return compare("three leaves, evaluated once, compiling included", sides, effort, {CLOSURES: 1.5})


def _by_selectivity(items: list[Item], effort: Effort) -> Iterator[Curve]:
    shares: dict[str, list[tuple[float, float]]] = {OURS: [], LAMBDA: []}
    for year in (1951, 1957, 1970, 1985, 2000, 2019):
        condition, by_hand = _condition(year), _by_hand(year)
        share = len(by_hand(items)) / len(items)
        found = compare(f"{share:.0%} selected", _make_sides(condition, by_hand, items), effort, per=len(items))
        for name, value in found.values.items():
            shares[name].append((share * 100, value * 1_000))
    for name, points in shares.items():
        yield Curve("selectivity", name, points)


def _condition(year: int) -> AnyCondition:
    return (Row.year < year) & ~Row.cities.contains("Nairobi") & Row.name.begins_with("J")


def _by_size(items: list[Item], effort: Effort) -> Iterator[Curve]:
    """Evaluate ANDs of 1 to 32 leaves, all of which hold, so that none is skipped."""
    many: list[tuple[float, float]] = []
    once: list[tuple[float, float]] = []
    closures: list[tuple[float, float]] = []
    for leaves in LEAVES:
        condition = _tree(leaves)
        select = compile_filter(condition)
        sides = [
            Side("compiled", repeat(partial(select, items))),
            Side("once", repeat(partial(_evaluate_each, condition, items))),
            Side(CLOSURES, repeat(partial(_filter_by_closures, condition, items))),
        ]
        found = compare(f"{leaves} leaves", sides, effort, per=len(items)).values
        many.append((leaves, found["compiled"] * 1_000))
        once.append((leaves, found["once"] * 1_000))
        closures.append((leaves, found[CLOSURES] * 1_000))
    yield Curve("tree size", f"{OURS}, compiled for many items", many)
    yield Curve("tree size", f"{OURS}, as for a single write", once)
    yield Curve("tree size", CLOSURES, closures)


def _evaluate_each(condition: AnyCondition, items: list[Item]) -> list[bool]:
    return [holds(condition, item) for item in items]


def _filter_by_closures(condition: AnyCondition, items: list[Item]) -> list[Item]:
    return list(filter(build_closures(condition), items))


def _tree(leaves: int) -> AnyCondition:
    parts: list[AnyCondition] = [Comparison(Path("year"), NE, 1900 + number) for number in range(leaves)]
    return parts[0] if leaves == 1 else And(*parts)


def build_closures(condition: AnyCondition) -> Callable[[Any], bool]:
    """Build nested functions for the conditions of this suite; they check that values exist, and their types."""
    match condition:
        case And():
            parts = tuple(map(build_closures, conjuncts(condition)))
            return lambda item: all(part(item) for part in parts)
        case Or(parts=operands):
            others = tuple(map(build_closures, operands))
            return lambda item: any(part(item) for part in others)
        case Not(part=operand):
            inner = build_closures(operand)
            return lambda item: not inner(item)
        case Comparison(Path((name,)), operator, right):
            return _build_comparison(str(name), operator, right)
        case BeginsWith(Path((name,)), prefix):
            return lambda item: isinstance(found := item.get(name), str) and found.startswith(str(prefix))
        case Contains(Path((name,)), member):
            return lambda item: isinstance(found := item.get(name), list) and member in found
        case _:
            raise NotImplementedError(str(condition))


def _build_comparison(name: str, operator: str, right: Any) -> Callable[[Any], bool]:
    kind = type(right)
    if operator == NE:
        return lambda item: type(found := item.get(name)) is not kind or found != right
    return lambda item: type(found := item.get(name)) is kind and found < right
