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
    BeginsWith,
    Comparison,
    Condition,
    Contains,
    Not,
    Or,
    Path,
    conjuncts,
)
from dynamongo.expressions.evaluation import holds
from dynamongo.expressions.filters import compile_filter
from dynamongo.expressions.values import Item

LAMBDA = "hand-written lambda"
CLOSURES = "closures"
LEAVES = (1, 2, 3, 4, 8, 16, 32)


def run(effort: Effort) -> Iterator[Measurement | Curve]:
    """Evaluate a condition of three leaves on all items, then once, then by selectivity and by size."""
    items = [Row.__mapper__.encode(Row(**values(number))) for number in range(effort.items)]
    condition = (Row.year < 1990) & ~Row.cities.contains("Nairobi") & Row.name.begins_with("J")
    by_hand = _by_hand(1990)
    select = compile_filter(condition)
    assert select(items) == by_hand(items)
    sides = [Side(OURS, repeat(lambda: select(items))), Side(LAMBDA, repeat(lambda: by_hand(items)))]
    yield compare(f"three leaves over {len(items):,} items", sides, effort, {LAMBDA: 1.30})
    yield _once(condition, items[0], effort)
    yield from _by_selectivity(items, effort)
    yield from _by_size(items[: effort.items // 10], effort)


def _by_hand(year: int) -> Callable[[list[Item]], list[Item]]:
    """Return what you would write if you knew that every attribute exists and has its type."""

    def matches(item: Any) -> bool:
        return item["year"] < year and "Nairobi" not in item["cities"] and item["name"].startswith("J")

    return lambda items: [item for item in items if matches(item)]


def _once(condition: Condition, item: Item, effort: Effort) -> Measurement:
    assert holds(condition, item) == build_closures(condition)(item)
    sides = [
        Side(OURS, repeat(lambda: holds(condition, item))),
        Side(CLOSURES, repeat(lambda: build_closures(condition)(item))),
    ]
    return compare("three leaves, evaluated once, compiling included", sides, effort, {CLOSURES: 1.5})


def _by_selectivity(items: list[Item], effort: Effort) -> Iterator[Curve]:
    shares: dict[str, list[tuple[float, float]]] = {OURS: [], LAMBDA: []}
    for year in (1951, 1957, 1970, 1985, 2000, 2019):
        select, by_hand = compile_filter(_condition(year)), _by_hand(year)
        share = len(select(items)) / len(items)
        sides = [Side(OURS, repeat(partial(select, items))), Side(LAMBDA, repeat(partial(by_hand, items)))]
        found = compare(f"{share:.0%} selected", sides, effort, per=len(items))
        for name, value in found.values.items():
            shares[name].append((share * 100, value * 1_000))
    for name, points in shares.items():
        yield Curve("selectivity", name, points)


def _condition(year: int) -> Condition:
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


def _evaluate_each(condition: Condition, items: list[Item]) -> list[bool]:
    return [holds(condition, item) for item in items]


def _filter_by_closures(condition: Condition, items: list[Item]) -> list[Item]:
    return list(filter(build_closures(condition), items))


def _tree(leaves: int) -> Condition:
    parts: list[Condition] = [Comparison(Path("year"), NE, 1900 + number) for number in range(leaves)]
    return parts[0] if leaves == 1 else And(*parts)


def build_closures(condition: Condition) -> Callable[[Any], bool]:
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
