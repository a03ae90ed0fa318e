"""Updates applied to items in memory as DynamoDB applies them, also where emulators differ."""

from __future__ import annotations

from copy import deepcopy
from decimal import Decimal
from typing import Any

import pytest

from dynamongo.exceptions import InvalidRequestError, ValidationError
from dynamongo.expressions.conditions import Path
from dynamongo.expressions.update_evaluation import apply_updates
from dynamongo.expressions.updates import (
    AddUpdate,
    AnyUpdate,
    AppendUpdate,
    DeleteUpdate,
    IncrementUpdate,
    RemoveUpdate,
    SetUpdate,
)

A, B, L, M, S = map(Path, "ablms")
INVALID_PATH = "document path provided in the update expression is invalid"
WRONG_TYPE = "operand in the update expression has an incorrect data type"
NOT_THERE = "refers to an attribute that does not exist"


def apply(item: dict[str, Any], *updates: AnyUpdate) -> dict[str, Any]:
    """Return the updated item, and check that the old one is unchanged."""
    before = deepcopy(item)
    changed = apply_updates(item, updates)
    assert item == before
    return changed


@pytest.mark.parametrize("name", ["", "x" * 65_536, "\ud800"], ids=["empty", "65536 bytes", "lone surrogate"])
def test_name_of_a_new_attribute_is_checked(name: str) -> None:
    for path in (Path(name), Path("m", name)):
        with pytest.raises(ValidationError):
            apply({"m": {}}, SetUpdate(path, 1))


def test_all_updates_see_the_old_item() -> None:
    assert apply({"a": 1, "b": 2}, SetUpdate(A, B), SetUpdate(B, A)) == {"a": 2, "b": 1}
    assert apply({"a": 1}, IncrementUpdate(A, 5), SetUpdate(B, A)) == {"a": 6, "b": 1}
    assert apply({"a": 1}, SetUpdate(B, A), RemoveUpdate(A)) == {"b": 1}
    assert apply({"m": {"x": 1}}, SetUpdate(M / "b", M)) == {"m": {"x": 1, "b": {"x": 1}}}


def test_no_updates_leave_the_item_unchanged() -> None:
    assert apply({"a": 1}) == {"a": 1}


@pytest.mark.parametrize(
    ("updates", "expected"),
    [
        ([SetUpdate(L / 1, "x")], ["a", "x", "c"]),
        ([SetUpdate(L / 99, "x")], ["a", "b", "c", "x"]),
        ([SetUpdate(L / 20, "w"), SetUpdate(L / 10, "v")], ["a", "b", "c", "v", "w"]),
        ([RemoveUpdate(L / 0), RemoveUpdate(L / 1)], ["c"]),
        ([RemoveUpdate(L / 9)], ["a", "b", "c"]),
        ([RemoveUpdate(L / 0), RemoveUpdate(L / 1), RemoveUpdate(L / 2)], []),
        ([RemoveUpdate(L / 0), SetUpdate(L / 1, "x"), SetUpdate(L / 7, "y")], ["x", "c", "y"]),
        ([AddUpdate(L / 5, 1)], ["a", "b", "c", 1]),
        ([AppendUpdate(L, ("x", "y"))], ["a", "b", "c", "x", "y"]),
        ([AppendUpdate(L, ("x", "y"), at_start=True)], ["x", "y", "a", "b", "c"]),
    ],
)
def test_positions_are_those_of_the_old_list(updates: list[AnyUpdate], expected: list[Any]) -> None:
    assert apply({"l": ["a", "b", "c"]}, *updates) == {"l": expected}


@pytest.mark.parametrize("present", [0, "", None, False, []], ids=repr)
def test_if_not_exists_keeps_a_present_value_even_if_falsy(present: Any) -> None:
    assert apply({"a": present}, SetUpdate(A, 7, if_not_exists=True)) == {"a": present}


def test_if_not_exists_sets_a_missing_value_and_reads_its_source_only_then() -> None:
    assert apply({"b": 2}, SetUpdate(A, B, if_not_exists=True)) == {"a": 2, "b": 2}
    assert apply({"a": 1}, SetUpdate(A, B, if_not_exists=True)) == {"a": 1}
    with pytest.raises(InvalidRequestError, match=NOT_THERE):
        apply({}, SetUpdate(A, B, if_not_exists=True))


@pytest.mark.parametrize(
    ("present", "update", "expected"),
    [
        (None, AddUpdate(A, 5), 5),
        (1, AddUpdate(A, Decimal("-0.5")), Decimal("0.5")),
        (None, AddUpdate(A, frozenset({"x"})), frozenset({"x"})),
        (frozenset({"x"}), AddUpdate(A, frozenset({"y"})), frozenset({"x", "y"})),
        (frozenset({1}), AddUpdate(A, frozenset({Decimal("1.0")})), frozenset({1})),
        (frozenset({1, 2}), DeleteUpdate(A, frozenset({Decimal("1.0")})), frozenset({2})),
        (frozenset({b"x"}), DeleteUpdate(A, frozenset({b"x", b"y"})), None),
        (None, DeleteUpdate(A, frozenset({"x"})), None),
        (3, IncrementUpdate(A, -4), -1),
        (None, AppendUpdate(A, (1,)), [1]),
    ],
)
def test_present_value_is_combined_with_the_operand(present: Any, update: AnyUpdate, expected: Any) -> None:
    item = {} if present is None else {"a": present}
    assert apply(item, update) == ({} if expected is None else {"a": expected})


@pytest.mark.parametrize(
    "update",
    [SetUpdate(A, B), SetUpdate(A, Path("m", "x")), IncrementUpdate(B, 1)],
    ids=lambda update: repr(update)[:30],
)
def test_reading_a_missing_attribute_is_refused(update: AnyUpdate) -> None:
    with pytest.raises(InvalidRequestError, match=NOT_THERE):
        apply({"m": {}}, update)


@pytest.mark.parametrize(
    ("present", "update"),
    [
        ("x", AddUpdate(A, 1)),
        (True, AddUpdate(A, 1)),
        (1, AddUpdate(A, frozenset({1}))),
        (frozenset({"1"}), AddUpdate(A, frozenset({1}))),
        (frozenset({1}), AddUpdate(A, 1)),
        (["x"], DeleteUpdate(A, frozenset({"x"}))),
        (frozenset({b"x"}), DeleteUpdate(A, frozenset({"x"}))),
        (None, IncrementUpdate(A, 1)),
        ("x", AppendUpdate(A, (1,))),
        ({}, AppendUpdate(A, (1,))),
    ],
)
def test_operand_of_the_wrong_type_is_refused(present: Any, update: AnyUpdate) -> None:
    with pytest.raises(InvalidRequestError, match=WRONG_TYPE):
        apply({"a": present}, update)


@pytest.mark.parametrize(
    "path",
    [Path("no", "x"), Path("no", 0), M / "no" / "x", M / 0, L / "x", L / 5 / "x", S / "x", S / 0, Path("t", "x")],
    ids=str,
)
@pytest.mark.parametrize(
    "build",
    [
        lambda path: SetUpdate(path, 1),
        RemoveUpdate,
        lambda path: AddUpdate(path, 1),
        lambda path: DeleteUpdate(path, frozenset({"x"})),
        lambda path: AppendUpdate(path, (1,)),
    ],
    ids=["set", "remove", "add", "delete", "append"],
)
def test_path_without_its_parent_is_refused(path: Path, build: Any) -> None:
    item = {"m": {"x": 1}, "l": [{"x": 1}], "s": frozenset({"x"}), "t": "text"}
    with pytest.raises(InvalidRequestError, match=INVALID_PATH):
        apply(item, build(path))


def test_removing_a_missing_leaf_does_nothing() -> None:
    item = {"m": {"x": 1}}
    assert apply(item, RemoveUpdate(M / "no"), RemoveUpdate(A), DeleteUpdate(M / "s", frozenset({"x"}))) == item


@pytest.mark.parametrize(
    ("present", "amount", "reason"),
    [(Decimal("9E125"), Decimal("1E125"), "overflow"), (1, Decimal("1E-38"), "38 significant digits")],
)
def test_sum_out_of_range_is_refused(present: Any, amount: Any, reason: str) -> None:
    for update in (AddUpdate(A, amount), IncrementUpdate(A, amount)):
        with pytest.raises(ValidationError, match=reason):
            apply({"a": present}, update)


def test_changes_in_one_container_share_a_single_copy() -> None:
    item = {"m": {"x": {"y": 1}, "l": [1, {"z": 2}]}, "a": 0}
    changed = apply(
        item,
        SetUpdate(M / "x" / "y", 9),
        SetUpdate(M / "x" / "new", 8),
        RemoveUpdate(M / "l" / 0),
        IncrementUpdate(M / "l" / 1 / "z", 1),
    )
    assert changed == {"m": {"x": {"y": 9, "new": 8}, "l": [{"z": 3}]}, "a": 0}
