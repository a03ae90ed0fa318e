"""Key conditions and cursors, as intervals of a view."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dynamongo.backends.memory.key_ranges import resolve_range, sort_key_condition
from dynamongo.backends.memory.views import View
from dynamongo.exceptions import InvalidRequestError
from dynamongo.expressions.conditions import EQ, GE, GT, LE, LT, NE, BeginsWith, Between, Comparison, Path, Size
from dynamongo.operations import KeyCondition
from dynamongo.schema import KeyAttribute, KeySchema
from dynamongo.testing.contract.base import proves

PK, SK = Path("pk"), Path("sk")
IS_A = Comparison(PK, EQ, "a")


def select(kind: Any, condition: Any, values: list[Any]) -> list[Any]:
    """Return the values that lie in the interval of the condition."""
    keys = KeySchema(KeyAttribute("pk", "S"), KeyAttribute("sk", kind))
    parts = sort_key_condition(KeyCondition(IS_A, *([] if condition is None else [condition])))
    _, interval = resolve_range(View(keys, keys), parts)
    index = View(keys, KeySchema(KeyAttribute("id", "S")))
    _, in_index = resolve_range(index, parts)
    selected = [value for value in values if value in interval]
    sorts: list[Any] = [(value, "any") for value in values]
    assert [value for value, _ in filter(in_index.__contains__, sorts)] == selected
    return selected


@pytest.mark.parametrize(
    ("condition", "expected"),
    [
        (None, [0, 1, 2, 3, 4]),
        (Comparison(SK, EQ, 2), [2]),
        (Comparison(SK, LT, 2), [0, 1]),
        (Comparison(SK, LE, 2), [0, 1, 2]),
        (Comparison(SK, GT, 2), [3, 4]),
        (Comparison(SK, GE, 2), [2, 3, 4]),
        (Between(SK, 1, 3), [1, 2, 3]),
    ],
)
def test_interval_matches_the_condition(condition: Any, expected: list[int]) -> None:
    assert select("N", condition, [0, 1, 2, 3, 4]) == expected


letters = st.sampled_from(["a", "b", "\ud7ff", "\ue000", "\uffff", "\U0010fffe", "\U0010ffff"])


@given(st.text(letters, min_size=1, max_size=3), st.lists(st.text(letters, min_size=1, max_size=4)))
def test_prefix_of_text_is_an_interval(prefix: str, values: list[str]) -> None:
    assert select("S", BeginsWith(SK, prefix), values) == [value for value in values if value.startswith(prefix)]


octets = st.lists(st.sampled_from([0, 1, 254, 255]), min_size=1, max_size=4).map(bytes)


@given(octets, st.lists(octets))
def test_prefix_of_bytes_is_an_interval(prefix: bytes, values: list[bytes]) -> None:
    assert select("B", BeginsWith(SK, prefix), values) == [value for value in values if value.startswith(prefix)]


@proves("15.8")
@pytest.mark.parametrize(
    ("condition", "reason"),
    [
        (KeyCondition(IS_A, IS_A), "one condition per key"),
        (KeyCondition(IS_A, Comparison(SK, NE, "a")), "Invalid operator used in KeyConditionExpression: <>"),
        (KeyCondition(Comparison(PK / "x", EQ, "a")), "nested attributes"),
        (KeyCondition(Comparison(PK, EQ, SK)), "Multiple attribute names"),
        (KeyCondition(IS_A, Between(SK, "a", Size(PK))), "Multiple attribute names"),
        (KeyCondition(IS_A, Comparison(Size(SK), EQ, 1)), "must start with a key attribute"),
    ],
)
def test_invalid_key_condition_is_refused(condition: KeyCondition, reason: str) -> None:
    with pytest.raises(InvalidRequestError, match=reason):
        sort_key_condition(condition)
