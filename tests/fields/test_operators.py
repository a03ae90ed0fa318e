"""The conditions and updates that a field builds."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from dynamongo import Model
from dynamongo.exceptions import ExpressionError, ValidationError
from dynamongo.expressions.conditions import (
    BeginsWith,
    Between,
    Comparison,
    Contains,
    Exists,
    In,
    IsType,
    NotExists,
    Path,
    Size,
)
from dynamongo.expressions.updates import (
    AddUpdate,
    AppendUpdate,
    DeleteUpdate,
    IncrementUpdate,
    RemoveUpdate,
    SetUpdate,
)
from dynamongo.fields import BinaryField, BooleanField, DictField, Field, IntField, ListField, SetField, StringField

X = Path("x")
Y = Path("y")


def at_x(field: Field[Any]) -> Any:
    return field.bind("User", X)


NAME = at_x(StringField())
YEAR = at_x(IntField())
ANY = at_x(Field())
OTHER = StringField().bind("User", Y)


@pytest.mark.parametrize(
    ("built", "node"),
    [
        (YEAR == 1, Comparison(X, "=", 1)),
        (YEAR != 1, Comparison(X, "<>", 1)),
        (YEAR < 1, Comparison(X, "<", 1)),
        (YEAR <= 1, Comparison(X, "<=", 1)),
        (YEAR > 1, Comparison(X, ">", 1)),
        (YEAR >= 1, Comparison(X, ">=", 1)),
        (YEAR.between(1, 2), Between(X, 1, 2)),
        (YEAR.in_([1, 2]), In(X, (1, 2))),
        (YEAR.in_(iter([])), In(X, ())),
        (NAME.in_([OTHER, "a"]), In(X, (Y, "a"))),
        (NAME.contains("a"), Contains(X, "a")),
        (NAME.begins_with("a"), BeginsWith(X, "a")),
        (ANY.contains(1.5), Contains(X, Decimal("1.5"))),
        (NAME.exists(), Exists(X)),
        (NAME.not_exists(), NotExists(X)),
        (NAME.attribute_type("S"), IsType(X, "S")),
        (NAME == OTHER, Comparison(X, "=", Y)),
        (NAME < OTHER, Comparison(X, "<", Y)),
        (NAME == OTHER.size(), Comparison(X, "=", Size(Y))),  # noqa: SIM300 - neither is a constant
        (NAME.size() == 1, Comparison(Size(X), "=", 1)),
        (NAME.size() != 1, Comparison(Size(X), "<>", 1)),
        (NAME.size() < 1, Comparison(Size(X), "<", 1)),
        (NAME.size() <= 1, Comparison(Size(X), "<=", 1)),
        (NAME.size() > 1, Comparison(Size(X), ">", 1)),
        (NAME.size() >= OTHER.size(), Comparison(Size(X), ">=", Size(Y))),
        (NAME.size().between(1, 2), Between(Size(X), 1, 2)),
        (NAME.size().in_([1, OTHER]), In(Size(X), (1, Y))),
    ],
    ids=str,
)
def test_a_condition_holds_paths_and_encoded_values(built: Any, node: Any) -> None:
    assert built == node


@pytest.mark.parametrize(
    ("built", "node"),
    [
        (NAME.set("a"), SetUpdate(X, "a")),
        (NAME.set(OTHER), SetUpdate(X, Y)),
        (NAME.set_if_not_exists("a"), SetUpdate(X, "a", if_not_exists=True)),
        (NAME.set_if_not_exists(OTHER), SetUpdate(X, Y, if_not_exists=True)),
        (ANY.set(OTHER), SetUpdate(X, Y)),
        (NAME.set(StringField().bind("User", Y)), SetUpdate(X, Y)),
        (NAME.remove(), RemoveUpdate(X)),
        (YEAR.add(2), AddUpdate(X, 2)),
        (YEAR.subtract(2), AddUpdate(X, -2)),
        (YEAR.increment(), IncrementUpdate(X, 1)),
        (YEAR.increment(2), IncrementUpdate(X, 2)),
        (YEAR.decrement(), IncrementUpdate(X, -1)),
        (at_x(ListField(IntField)).append(1, 2), AppendUpdate(X, (1, 2))),
        (at_x(ListField(IntField)).prepend(1), AppendUpdate(X, (1,), at_start=True)),
        (at_x(SetField(IntField)).add({1}), AddUpdate(X, frozenset({1}))),
        (at_x(SetField(IntField)).add_to_set((1, 2)), AddUpdate(X, frozenset({1, 2}))),
        (at_x(SetField(IntField)).delete_from_set(1), DeleteUpdate(X, frozenset({1}))),
        (ANY.add(Decimal("1.50")), AddUpdate(X, Decimal("1.5"))),
        (ANY.add({"a"}), AddUpdate(X, frozenset({"a"}))),
    ],
    ids=str,
)
def test_an_update_holds_a_path_and_encoded_values(built: Any, node: Any) -> None:
    assert built == node


@pytest.mark.parametrize(
    ("build", "expected"),
    [
        (lambda: NAME.in_("abc"), "User.x.in_ takes a list of values; got 'abc'"),
        (lambda: YEAR.contains(1), "User.x is stored as N; contains works only on S, B, L, SS, NS, BS"),
        (lambda: YEAR.begins_with("1"), "User.x is stored as N; begins_with works only on S, B"),
        (lambda: at_x(BooleanField()).size(), "User.x is stored as BOOL; size works only on S, B, L, M, SS, NS, BS"),
        (lambda: NAME.size() == "1", "size(x) must be compared with an int or a field; got '1'"),
        (lambda: NAME.size() < True, "size(x) must be compared with an int or a field; got True"),
        (lambda: NAME.attribute_type("X"), "attribute_type must be one of S, N, B"),
        (lambda: at_x(StringField(required=True)).remove(), "User.x is required, so it cannot be removed"),
        (lambda: NAME.set(None), "User.x cannot be set to None: use remove()"),
        (
            lambda: YEAR.set(OTHER),
            "User.x is stored as N and cannot be set to User.y, which is stored as S",
        ),
        (lambda: NAME.set_if_not_exists(IntField().bind("User", Y)), "User.x is stored as S and cannot be set to"),
        (lambda: NAME.add("a"), "User.x is stored as S; add works only on N"),
        (lambda: at_x(BinaryField()).append(b"a"), "User.x is stored as B; append works only on L"),
        (lambda: at_x(ListField(IntField)).append(), "User.x.append takes at least one element"),
        (lambda: YEAR.add_to_set(1), "User.x is stored as N; add_to_set works only on SS, NS, BS"),
        (lambda: at_x(SetField(IntField)).delete_from_set([]), "User.x.delete_from_set takes at least one member"),
    ],
)
def test_a_meaningless_expression_is_refused_where_it_is_written(build: Any, expected: str) -> None:
    with pytest.raises(ExpressionError) as caught:
        build()
    assert str(caught.value).startswith(expected)


def test_an_element_can_be_removed_where_a_required_attribute_cannot() -> None:
    for field in (ListField(StringField(required=True)), ListField(ListField(StringField(required=True)))):
        assert at_x(field)[0].remove() == RemoveUpdate(X / 0)
    homes = at_x(ListField(DictField(city=StringField(required=True), zip=StringField(), required=True)))
    assert homes[0].remove() == RemoveUpdate(X / 0)
    assert homes[0].zip.remove() == RemoveUpdate(X / 0 / "zip")
    with pytest.raises(ExpressionError, match=r"User\.x\[0\]\.city is required, so it cannot be removed"):
        homes[0].city.remove()
    with pytest.raises(ExpressionError, match=r"User\.x is required, so it cannot be removed"):
        at_x(ListField(StringField, required=True)).remove()


def test_a_condition_is_never_taken_for_a_truth_value() -> None:
    builds: list[Any] = [lambda: NAME == "a" and YEAR == 1, lambda: not NAME.exists(), lambda: 1 < YEAR < 3]
    for build in builds:
        with pytest.raises(TypeError, match=r"combine conditions with & \| ~"):
            build()


def test_a_field_and_a_size_are_hashable() -> None:
    size = NAME.size()
    assert len({NAME: 1, YEAR: 2, size: 3}) == 3


def test_a_wrong_operand_fails_where_it_is_written() -> None:
    builds: list[Any] = [
        lambda: YEAR == "a",
        lambda: YEAR < "a",
        lambda: YEAR.in_([1, "a"]),
        lambda: YEAR.between(1, "a"),
    ]
    for build in builds:
        with pytest.raises(ValidationError, match=r"^User\.x must be an int; got 'a'$"):
            build()


def test_field_has_no_truth_value() -> None:
    class Flagged(Model):
        __table__ = "flagged"
        __hash_key__ = "key"
        key = StringField(required=True)
        flag = BooleanField()

    with pytest.raises(TypeError, match=r"Flagged\.flag has no truth value: .* & | ~"):
        _ = Flagged.flag and (Flagged.key == "a")
    with pytest.raises(TypeError, match=r"Flagged\.flag has no truth value"):
        _ = not Flagged.flag


@pytest.mark.parametrize(
    "write",
    [
        lambda year: year > 1 & year,
        lambda year: (year > 1) & year,
        lambda year: year > 1 | year,
        lambda year: (year > 1) | year,
    ],
    ids=["& without parentheses", "& of a field", "| without parentheses", "| of a field"],
)
def test_field_is_no_condition(write: Any) -> None:
    with pytest.raises(TypeError, match=r"^User\.x is not a condition: put each comparison into parentheses, as in "):
        write(YEAR)


@pytest.mark.parametrize("field", [NAME, at_x(ListField(StringField)), at_x(DictField(a=StringField()))])
def test_in_names_contains(field: Any) -> None:
    with pytest.raises(TypeError, match=r"^User\.x is not a container: write `User\.x\.contains\(\.\.\.\)` instead"):
        _ = "a" in field


def test_chained_comparison_names_between() -> None:
    with pytest.raises(TypeError, match=r"write between\(\) for `low <= field <= high`, and in_\(\) for `field in "):
        _ = 1 <= YEAR <= 2
