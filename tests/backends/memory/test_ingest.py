"""Ingest: the fast path over an item agrees with the slow path, and shares nothing with the caller."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable
from decimal import Decimal
from enum import Enum, IntEnum
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from reference import depth_of, show
from strategies import values

from dynamongo.backends.memory import ingest
from dynamongo.backends.memory.ingest import measure_changed, take_item
from dynamongo.backends.memory.partitions import Stored
from dynamongo.exceptions import DynamongoError, ValidationError
from dynamongo.expressions.conditions import Path
from dynamongo.expressions.sizes import item_size
from dynamongo.expressions.update_evaluation import apply_updates
from dynamongo.expressions.updates import AnyUpdate, AppendUpdate, RemoveUpdate, SetUpdate
from dynamongo.expressions.values import MAX_DEPTH, MAX_ITEM_BYTES, Item, normalize_item


class Word(str, Enum):
    A = "a"


class Number(IntEnum):
    ONE = 1


ODD: list[Any] = [
    *(Decimal("1.50"), Decimal("1E+2"), Decimal("-0"), Decimal("1E-7"), Decimal("0." + "1" * 38), Decimal(7)),
    *(Decimal("NaN"), Decimal("-Infinity"), Decimal("1E+126"), Decimal("9E-131"), 10**38, 10**126, -(10**38) - 1),
    *("\ud800", frozenset({"\ud800"}), frozenset(), frozenset({"a", 1}), frozenset({True}), frozenset({None})),
    *(frozenset({Decimal("2.50"), 1}), frozenset({Decimal("2.5"), 10**37}), frozenset({b"a", b""})),
    *(1.5, (1,), {1}, bytearray(b"a"), object(), Word.A, Number.ONE, OrderedDict(a=1)),
    *({"": 1}, {Word.A: 1}, {1: 1}, {None: 1}, {"\ud800": 1}),
    *({"n" * 65_535: 1}, {"n" * 65_536: 1}, {"é" * 32_768: 1}, "x" * 409_590, "é" * 205_000),
]
NAMES = st.text(min_size=1, max_size=3) | st.sampled_from(["", "\ud800", "é", Word.A, "n" * 65_536])
anything: st.SearchStrategy[Any] = st.recursive(
    values() | st.sampled_from(ODD),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(NAMES, inner, max_size=3),
    max_leaves=6,
)
items = st.dictionaries(NAMES | st.text(max_size=5), values() | anything, max_size=5)


def nest(levels: int, inner: Any, *, in_maps: bool = True) -> Any:
    """Wrap the value in containers: lists and, if asked for, maps alternately."""
    for level in range(levels):
        inner = {"k": inner} if in_maps and level % 2 else [inner]
    return inner


def take_in_steps(item: Item) -> Stored:
    """Return what the fast path must find, by one function for each purpose."""
    if any(depth_of(value) > MAX_DEPTH for value in item.values()):
        raise ValidationError("nested too deep")
    canonical = normalize_item(item)
    if item_size(canonical) > MAX_ITEM_BYTES:
        raise ValidationError("too large")
    return Stored(canonical, item_size(canonical))


def outcome_of(take: Callable[[Any], Stored], item: Any) -> str | None:
    """Return the stored item with all types in it, or `None` if it is refused."""
    try:
        taken = take(item)
    except DynamongoError:
        return None
    return f"{show(taken.item)} of {taken.size} bytes"


@given(items)
def test_fast_and_slow_path_agree(item: Any) -> None:
    assert outcome_of(take_item, item) == outcome_of(take_in_steps, item)


@pytest.mark.parametrize("value", ODD, ids=lambda value: type(value).__name__)
@pytest.mark.parametrize("place", [lambda odd: odd, lambda odd: [odd], lambda odd: {"m": [odd]}])
def test_fast_path_finds_mistakes_at_any_depth(value: Any, place: Callable[[Any], Any]) -> None:
    item = {"id": "a", "odd": place(value)}
    assert outcome_of(take_item, item) == outcome_of(take_in_steps, item)


@pytest.mark.parametrize("levels", [30, 31, 32, 33])
@pytest.mark.parametrize("inner", ["leaf", 1, frozenset({"a"}), [], {}, [[]], {"k": "a"}], ids=repr)
@pytest.mark.parametrize("in_maps", [True, False])
def test_fast_path_allows_32_levels(levels: int, inner: Any, in_maps: bool) -> None:  # noqa: FBT001 - a parameter
    item = {"deep": nest(levels, inner, in_maps=in_maps)}
    assert outcome_of(take_item, item) == outcome_of(take_in_steps, item)


def test_recursive_value_is_refused() -> None:
    cycle: list[Any] = []
    cycle.append(cycle)
    assert outcome_of(take_item, {"id": "a", "l": cycle}) is None


@given(values())
def test_canonical_values_take_the_fast_path(value: Any) -> None:
    """Return everything but numbers with exponents and fractions of 38 digits."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(ingest, "normalize_attributes", None)
        if "E-" not in repr(value) and depth_of(value) <= MAX_DEPTH:
            take_item({"id": value})


@given(items)
def test_nothing_is_shared_with_the_argument(item: Any) -> None:
    try:
        taken = take_item(item)
    except DynamongoError:
        return
    before = show(taken.item)
    spoil(item)
    assert show(taken.item) == before


def spoil(value: Any) -> None:
    """Change all containers inside a value."""
    if isinstance(value, list):
        for element in value:
            spoil(element)
        value.append("spoilt")
    elif isinstance(value, dict):
        for member in value.values():
            spoil(member)
        value["spoilt"] = 1


@given(st.dictionaries(st.sampled_from("abcd"), values(), max_size=4), st.data())
def test_size_after_a_change_is_that_of_the_whole_item(item: Item, data: st.DataObject) -> None:
    old = Stored(item, item_size(item))
    chosen = data.draw(st.lists(st.sampled_from("abcde"), unique=True))
    updates: list[AnyUpdate] = [
        SetUpdate(Path(name), data.draw(values())) if data.draw(st.booleans()) else RemoveUpdate(Path(name))
        for name in chosen
    ]
    changed = apply_updates(item, updates)
    assert measure_changed(changed, old, chosen).size == item_size(changed)


def test_change_inside_a_value_is_measured() -> None:
    item: Item = {"m": {"l": ["a"]}}
    changed = apply_updates(item, [AppendUpdate(Path("m", "l"), ("bcd", 1)), SetUpdate(Path("m", "x"), None)])
    assert measure_changed(changed, Stored(item, item_size(item)), ["m"]).size == item_size(changed)
