"""Updates: what is refused before an item is read."""

from __future__ import annotations

import pytest

from dynamongo.exceptions import ExpressionError
from dynamongo.expressions.conditions import Path
from dynamongo.expressions.updates import AddUpdate, AnyUpdate, RemoveUpdate, SetUpdate, check_paths, check_updates
from dynamongo.testing.contract.base import proves

M, L = Path("m"), Path("l")


@proves("6.12")
@pytest.mark.parametrize(
    "update",
    [SetUpdate(Path("pk"), 1), RemoveUpdate(Path("sk")), AddUpdate(Path("sk"), 1), SetUpdate(Path("pk", "x"), 1)],
    ids=str,
)
def test_update_of_a_key_attribute_is_refused(update: AnyUpdate) -> None:
    with pytest.raises(ExpressionError, match="part of the key"):
        check_updates([update], ("pk", "sk"))


@proves("10.7", "12.38")
@pytest.mark.parametrize(
    ("first", "second"),
    [(M, M), (M, M / "a"), (M, M / "a" / "b" / 0), (L / 0, L / 0), (L / 0, L / 0 / "x"), (M / "a", M / "a" / 1)],
    ids=str,
)
def test_overlapping_paths_are_refused_in_any_order_and_company(first: Path, second: Path) -> None:
    others = [M / "z", L / 7, Path("a"), Path("z"), M / "Z"]
    fault = "is named twice" if first == second else "overlap"
    for paths in ([first, second], [second, first], [second, *others, first], [*others, first, second]):
        with pytest.raises(ExpressionError, match=fault):
            check_paths(paths)


@proves("10.8", "12.39")
@pytest.mark.parametrize(
    ("first", "second"), [(M / "a", M / 0), (M / "a" / "b", M / 0 / "c"), (L / 0 / 1, L / 0 / "x")], ids=str
)
def test_paths_that_take_one_place_for_a_map_and_for_a_list_are_refused(first: Path, second: Path) -> None:
    for paths in ([first, second], [second, first], [first, M / "x", L / 3, second]):
        with pytest.raises(ExpressionError, match="conflict"):
            check_paths(paths)


@proves("12.40")
def test_sibling_paths_do_not_overlap_and_one_below_any_of_them_does() -> None:
    siblings = [M / "a", M / "b", L / 0, L / 1, Path("m.a"), Path("mm"), M / "aa", M / "c" / 0, M / "c" / 1 / "x"]
    check_paths(siblings)
    for path in siblings:
        with pytest.raises(ExpressionError, match="overlap"):
            check_paths([*siblings, path / "below"])
