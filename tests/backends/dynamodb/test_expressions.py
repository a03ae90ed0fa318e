from __future__ import annotations

import json
from decimal import Decimal
from typing import Any, cast

import pytest

from dynamongo.backends.dynamodb.expressions import (
    Placeholders,
    render_condition,
    render_key_condition,
    render_projection,
    render_updates,
)
from dynamongo.expressions.computed import Arithmetic, Computed, IfNotExists, ListAppend
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
from dynamongo.expressions.limits import rendered_bytes
from dynamongo.expressions.updates import (
    AddUpdate,
    AnyUpdate,
    AppendUpdate,
    DeleteUpdate,
    IncrementUpdate,
    RemoveUpdate,
    SetUpdate,
)
from dynamongo.expressions.values import AttributeValue
from dynamongo.operations import KeyCondition

A, B, C = Exists(Path("a")), Exists(Path("b")), Exists(Path("c"))
TEXT_OF = {"#a": "attribute_exists(#n0)", "#b": "attribute_exists(#n1)", "#c": "attribute_exists(#n2)"}

CONDITIONS: list[tuple[AnyCondition, str]] = [
    (Comparison(Path("a"), "=", 1), "#n0 = :v0"),
    (Comparison(Path("a"), "<>", Path("b")), "#n0 <> #n1"),
    (Comparison(1, "<", Path("a")), ":v0 < #n0"),
    (Comparison(Size(Path("a")), ">=", 1), "size(#n0) >= :v0"),
    (Comparison(Path("a", "b.c", 0, 1, "a"), "=", 1), "#n0.#n1[0][1].#n0 = :v0"),
    (Between(Path("a"), 1, 2), "#n0 BETWEEN :v0 AND :v1"),
    (In(Path("a"), (1, "1", Path("b"))), "#n0 IN (:v0, :v1, #n1)"),
    (In(Path("a", 0), ()), "(attribute_exists(#n0[0]) AND attribute_not_exists(#n0[0]))"),
    (In(Size(Path("a")), ()), "(attribute_exists(#n0) AND attribute_not_exists(#n0))"),
    (In(1, ()), ":v0 <> :v0"),
    (BeginsWith(Path("a"), "x"), "begins_with(#n0, :v0)"),
    (Contains(Path("a"), Path("b")), "contains(#n0, #n1)"),
    (Exists(Path("a")), "attribute_exists(#n0)"),
    (NotExists(Path("a")), "attribute_not_exists(#n0)"),
    (IsType(Path("a"), "SS"), "attribute_type(#n0, :v0)"),
]

# Letters stand for conditions without operators, so that the parentheses can be seen.
TREES: list[tuple[AnyCondition, str]] = [
    (A & B & C, "#a AND #b AND #c"),
    (A | B | C, "#a OR #b OR #c"),
    (A | B & C, "#a OR #b AND #c"),
    ((A | B) & C, "(#a OR #b) AND #c"),
    (A & (B | C), "#a AND (#b OR #c)"),
    (~A, "NOT #a"),
    (~A & B, "NOT #a AND #b"),
    (~(A & B), "NOT (#a AND #b)"),
    (~(A | B) | C, "NOT (#a OR #b) OR #c"),
    (~~A, "#a"),
    (~~~A, "NOT #a"),
    (~~(A | B) & C, "(#a OR #b) AND #c"),
    (~~(A & B) | C, "#a AND #b OR #c"),
    (And(A), "#a"),
    (Not(And(A)), "NOT #a"),
    (Not(And(Not(Or(A)))), "#a"),
    (And(Or(And(Or(A, B))), C), "(#a OR #b) AND #c"),
    (Or(Or(A, B), C), "#a OR #b OR #c"),
    (And(Or(And(A, B)), C), "#a AND #b AND #c"),
]


def render(condition: AnyCondition) -> str:
    return render_condition(condition, Placeholders())


@pytest.mark.parametrize(("condition", "text"), CONDITIONS)
def test_every_condition_has_its_text(condition: AnyCondition, text: str) -> None:
    assert render(condition) == text


@pytest.mark.parametrize("condition", [condition for condition, _ in CONDITIONS])
def test_length_has_the_bound_that_the_planner_reckons_with(condition: AnyCondition) -> None:
    assert len(render(condition)) <= rendered_bytes(condition)


@pytest.mark.parametrize(("condition", "text"), TREES)
def test_parentheses_stand_where_precedence_needs_them_and_nowhere_else(condition: AnyCondition, text: str) -> None:
    for letter, rendered in TEXT_OF.items():
        text = text.replace(letter, rendered)
    assert render(condition) == text


def test_contradiction_is_never_in_doubled_parentheses() -> None:
    nothing, contradiction = In(Path("a"), ()), "(attribute_exists(#n0) AND attribute_not_exists(#n0))"
    assert render(~nothing) == f"NOT {contradiction}"
    assert render(nothing & (nothing | B)) == f"{contradiction} AND ({contradiction} OR attribute_exists(#n1))"


def members_of(placeholders: Placeholders) -> dict[str, Any]:
    return cast("dict[str, Any]", json.loads(f"{{{','.join(placeholders.to_members())}}}"))


def test_key_condition_has_the_hash_key_first() -> None:
    hash_key = Comparison(Path("country"), "=", "it")
    placeholders = Placeholders()
    assert render_key_condition(KeyCondition(hash_key), Placeholders()) == "#n0 = :v0"
    assert render_key_condition(KeyCondition(hash_key, BeginsWith(Path("city"), "R")), placeholders) == (
        "#n0 = :v0 AND begins_with(#n1, :v1)"
    )
    assert members_of(placeholders) == {
        "ExpressionAttributeNames": {"#n0": "country", "#n1": "city"},
        "ExpressionAttributeValues": {":v0": {"S": "it"}, ":v1": {"S": "R"}},
    }


def test_projection_lists_its_paths() -> None:
    paths = (Path("status"), Path("address", "city"), Path("address", "lines", 2))
    assert render_projection(paths, Placeholders()) == "#n0, #n1.#n2, #n1.#n3[2]"


def test_name_with_a_dot_is_one_name() -> None:
    placeholders = Placeholders()
    assert render_projection((Path("a.b"), Path("a", "b")), placeholders) == "#n0, #n1.#n2"
    assert members_of(placeholders) == {"ExpressionAttributeNames": {"#n0": "a.b", "#n1": "a", "#n2": "b"}}


@pytest.mark.parametrize(
    "equal",
    [
        (1, Decimal(1)),
        ("a", "a"),
        ([1, {"a": None}], [1, {"a": None}]),
        (frozenset({"a", "b", "c"}), frozenset({"c", "b", "a"})),
    ],
)
def test_equal_values_share_a_placeholder(equal: tuple[AttributeValue, AttributeValue]) -> None:
    placeholders = Placeholders()
    assert [placeholders.value(value) for value in equal] == [":v0", ":v0"]


def test_values_that_only_python_holds_equal_do_not_share_a_placeholder() -> None:
    values: list[AttributeValue] = [1, True, "1", b"1", [1], [True], frozenset({1}), frozenset({"1"}), 0, False, None]
    placeholders = Placeholders()
    assert [placeholders.value(value) for value in values] == [f":v{index}" for index in range(len(values))]


def test_placeholders_that_nothing_uses_are_left_out() -> None:
    assert members_of(Placeholders()) == {}


UPDATES: list[tuple[AnyUpdate, str, dict[str, Any]]] = [
    (SetUpdate(Path("a"), 1), "SET #n0 = :v0", {":v0": {"N": "1"}}),
    (SetUpdate(Path("a", "b"), None, if_not_exists=True), "SET #n0.#n1 = if_not_exists(#n0.#n1, :v0)", {}),
    (SetUpdate(Path("a"), Path("b", 0)), "SET #n0 = #n1[0]", {}),
    (SetUpdate(Path("a"), Path("b"), if_not_exists=True), "SET #n0 = if_not_exists(#n0, #n1)", {}),
    (RemoveUpdate(Path("a", 1)), "REMOVE #n0[1]", {}),
    (AddUpdate(Path("a"), frozenset({1})), "ADD #n0 :v0", {":v0": {"NS": ["1"]}}),
    (DeleteUpdate(Path("a"), frozenset({"x"})), "DELETE #n0 :v0", {":v0": {"SS": ["x"]}}),
    (IncrementUpdate(Path("a"), -1), "SET #n0 = #n0 + :v0", {":v0": {"N": "-1"}}),
    (
        AppendUpdate(Path("a"), (1, "x")),
        "SET #n0 = list_append(if_not_exists(#n0, :v0), :v1)",
        {":v0": {"L": []}, ":v1": {"L": [{"N": "1"}, {"S": "x"}]}},
    ),
    (
        AppendUpdate(Path("a"), (1,), at_start=True),
        "SET #n0 = list_append(:v1, if_not_exists(#n0, :v0))",
        {":v0": {"L": []}, ":v1": {"L": [{"N": "1"}]}},
    ),
]


@pytest.mark.parametrize(("update", "text", "values"), UPDATES)
def test_every_update_has_its_text(update: AnyUpdate, text: str, values: dict[str, Any]) -> None:
    placeholders = Placeholders()
    assert render_updates([update], placeholders) == text
    if values:
        assert members_of(placeholders)["ExpressionAttributeValues"] == values


def test_each_clause_stands_once_whatever_the_order_of_the_updates() -> None:
    updates: list[AnyUpdate] = [
        RemoveUpdate(Path("a")),
        SetUpdate(Path("b"), 1),
        AddUpdate(Path("c"), 1),
        RemoveUpdate(Path("d")),
        IncrementUpdate(Path("e"), 1),
        DeleteUpdate(Path("f"), frozenset({"x"})),
    ]
    expected = "REMOVE #n0, #n3 SET #n1 = :v0, #n4 = #n4 + :v0 ADD #n2 :v0 DELETE #n5 :v1"
    assert render_updates(updates, Placeholders()) == expected


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (Arithmetic(Path("a"), "-", 1), "#n0 = #n1 - :v0"),
        (Arithmetic(IfNotExists(Path("a", "b"), 0), "+", Path("n")), "#n0 = if_not_exists(#n1.#n2, :v0) + #n0"),
        (
            ListAppend(IfNotExists(Path("l"), []), ListAppend([1], Path("l"))),
            "#n0 = list_append(if_not_exists(#n1, :v0), list_append(:v1, #n1))",
        ),
    ],
)
def test_computed_values(value: Computed, text: str) -> None:
    assert render_updates([SetUpdate(Path("n"), value)], Placeholders()) == f"SET {text}"
